"""Selling: sales orders and their invoices."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import register_screen


def register_own_screens() -> None:
    """The lists stand in the rail, the pages are opened from them."""
    from erp_desktop.views.selling.invoice_page import sales_invoice_page
    from erp_desktop.views.selling.lists import sales_invoices_screen, sales_orders_screen
    from erp_desktop.views.selling.sales_order_page import SalesOrderPage

    noop = QT_TRANSLATE_NOOP
    register_screen(
        "sales_orders", noop("Screen", "Sales orders"), "sales_order", "sell", sales_orders_screen, "sales.read"
    )
    register_screen(
        "sales_order",
        noop("Screen", "Sales order"),
        "sales_order",
        "sell",
        SalesOrderPage,
        "sales.read",
        is_listed=False,
    )
    register_screen(
        "sales_invoices", noop("Screen", "Sales invoices"), "invoice", "sell", sales_invoices_screen, "sales.read"
    )
    register_screen(
        "sales_invoice",
        noop("Screen", "Sales invoice"),
        "invoice",
        "sell",
        sales_invoice_page,
        "sales.read",
        is_listed=False,
    )


register_own_screens()
