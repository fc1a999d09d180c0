"""Selling: sales orders and their invoices."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import later, register_screen


def register_own_screens() -> None:
    """The lists stand in the rail, the pages are opened from them."""
    noop = QT_TRANSLATE_NOOP
    register_screen(
        "sales_orders",
        noop("Screen", "Sales orders"),
        "sales_order",
        "sell",
        later("erp_desktop.views.selling.lists", "sales_orders_screen"),
        "sales.read",
    )
    register_screen(
        "sales_order",
        noop("Screen", "Sales order"),
        "sales_order",
        "sell",
        later("erp_desktop.views.selling.sales_order_page", "SalesOrderPage"),
        "sales.read",
        is_listed=False,
    )
    register_screen(
        "sales_invoices",
        noop("Screen", "Sales invoices"),
        "invoice",
        "sell",
        later("erp_desktop.views.selling.lists", "sales_invoices_screen"),
        "sales.read",
    )
    register_screen(
        "sales_invoice",
        noop("Screen", "Sales invoice"),
        "invoice",
        "sell",
        later("erp_desktop.views.selling.invoice_page", "sales_invoice_page"),
        "sales.read",
        is_listed=False,
    )


register_own_screens()
