"""Reports: the list of them, and a viewer for each."""

from functools import partial

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.reports.report import report_definitions
from erp_desktop.views.shell.screens import later, register_screen

TITLES = {  # of the reports as screens; the words are those of their definitions
    "balance_sheet": QT_TRANSLATE_NOOP("Screen", "Balance sheet"),
    "cost_composition": QT_TRANSLATE_NOOP("Screen", "Cost composition"),
    "cost_layers": QT_TRANSLATE_NOOP("Screen", "Cost layers"),
    "cost_of_sales": QT_TRANSLATE_NOOP("Screen", "Cost of sales"),
    "cost_to_serve": QT_TRANSLATE_NOOP("Screen", "Cost to serve"),
    "general_ledger": QT_TRANSLATE_NOOP("Screen", "General ledger"),
    "income_statement": QT_TRANSLATE_NOOP("Screen", "Income statement"),
    "inventory_reconciliation": QT_TRANSLATE_NOOP("Screen", "Inventory reconciliation"),
    "inventory_valuation": QT_TRANSLATE_NOOP("Screen", "Inventory valuation"),
    "landed_cost_allocation": QT_TRANSLATE_NOOP("Screen", "Landed cost allocation"),
    "margin": QT_TRANSLATE_NOOP("Screen", "Margin"),
    "method_comparison": QT_TRANSLATE_NOOP("Screen", "Method comparison"),
    "purchase_price_variance": QT_TRANSLATE_NOOP("Screen", "Purchase price variance"),
    "stock_ledger": QT_TRANSLATE_NOOP("Screen", "Stock ledger"),
    "trial_balance": QT_TRANSLATE_NOOP("Screen", "Trial balance"),
    "unit_story": QT_TRANSLATE_NOOP("Screen", "Where a cost comes from"),
}


def register_own_screens() -> None:
    """The list first, then each report as `report_NAME`: so that it stands in the rail's menu and in the palette."""
    index = later("erp_desktop.views.reports.index", "ReportIndex")
    viewer = later("erp_desktop.views.reports.viewer", "ReportViewer")
    any_report = frozenset(definition.permission for definition in report_definitions())
    register_screen("reports", QT_TRANSLATE_NOOP("Screen", "All reports"), "reports", "reports", index, any_report)
    for definition in report_definitions():
        register_screen(
            f"report_{definition.name}",
            TITLES.get(definition.name, definition.title),
            "reports",
            "reports",
            partial(viewer, name=definition.name),
            definition.permission,
        )


register_own_screens()
