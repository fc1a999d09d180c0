"""Cost to serve: a period's costs against the ledger, the rules by which they are shared, what storage costs at standard."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import ScreenFactory, later, register_screen


def register_own_screens() -> None:
    """The period and the lists stand in the rail, the pages are opened from them."""
    noop = QT_TRANSLATE_NOOP
    lists, pages = "erp_desktop.views.serving.lists", "erp_desktop.views.serving.pages"
    period = later("erp_desktop.views.serving.period_screen", "CostToServeScreen")
    factory: ScreenFactory
    for key, title, icon, factory, is_listed in (
        ("cost_to_serve", noop("Screen", "Cost to serve"), "shipment", period, True),
        (
            "cost_to_serve_rules",
            noop("Screen", "Rules of cost to serve"),
            "settings",
            later(lists, "rules_screen"),
            True,
        ),
        ("storage_rates", noop("Screen", "Storage rates"), "warehouse", later(lists, "storage_rates_screen"), True),
        ("cost_to_serve_rule", noop("Screen", "Rule of cost to serve"), "settings", later(pages, "rule_page"), False),
        ("storage_rate", noop("Screen", "Storage rate"), "warehouse", later(pages, "storage_rate_page"), False),
    ):
        register_screen(key, title, icon, "costing", factory, "cost.read", is_listed=is_listed)


register_own_screens()
