"""Buying: purchase orders and what their goods cost to get here."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import later, register_screen


def register_own_screens() -> None:
    """The lists stand in the rail, the pages are opened from them."""
    noop = QT_TRANSLATE_NOOP
    register_screen(
        "purchase_orders",
        noop("Screen", "Purchase orders"),
        "purchase_order",
        "buy",
        later("erp_desktop.views.purchasing.lists", "purchase_orders_screen"),
        "purchasing.read",
    )
    register_screen(
        "purchase_order",
        noop("Screen", "Purchase order"),
        "purchase_order",
        "buy",
        later("erp_desktop.views.purchasing.purchase_order_page", "PurchaseOrderPage"),
        "purchasing.read",
        is_listed=False,
    )
    register_screen(
        "supplier_returns",
        noop("Screen", "Purchase returns"),
        "return",
        "buy",
        later("erp_desktop.views.purchasing.supplier_returns", "supplier_returns_screen"),
        "purchasing.read",
    )
    register_screen(
        "supplier_return",
        noop("Screen", "Purchase return"),
        "return",
        "buy",
        later("erp_desktop.views.purchasing.supplier_returns", "supplier_return_page"),
        "purchasing.read",
        is_listed=False,
    )
    register_screen(
        "return_to_supplier",
        noop("Screen", "Return to supplier"),
        "return",
        "buy",
        later("erp_desktop.views.purchasing.supplier_return_form", "SupplierReturnForm"),
        "purchasing.return",
        is_listed=False,
    )
    register_screen(
        "price_corrections",
        noop("Screen", "Price corrections"),
        "costing",
        "buy",
        later("erp_desktop.views.purchasing.price_corrections", "price_corrections_screen"),
        "cost.read",
    )
    register_screen(
        "price_correction",
        noop("Screen", "Price correction"),
        "costing",
        "buy",
        later("erp_desktop.views.purchasing.price_corrections", "price_correction_page"),
        "cost.read",
        is_listed=False,
    )
    register_screen(
        "landed_costs",
        noop("Screen", "Landed costs"),
        "landed_cost",
        "buy",
        later("erp_desktop.views.purchasing.lists", "landed_costs_screen"),
        "cost.read",
    )
    register_screen(
        "landed_cost",
        noop("Screen", "Landed cost"),
        "landed_cost",
        "buy",
        later("erp_desktop.views.purchasing.landed_cost_page", "landed_cost_page"),
        "cost.read",
        is_listed=False,
    )
    register_screen(
        "enter_landed_cost",
        noop("Screen", "Enter landed cost"),
        "landed_cost",
        "buy",
        later("erp_desktop.views.purchasing.landed_cost_form", "LandedCostForm"),
        "cost.write",
        is_listed=False,
    )
    register_screen(
        "correct_price",
        noop("Screen", "Correct price"),
        "costing",
        "buy",
        later("erp_desktop.views.purchasing.correct_price_page", "CorrectPricePage"),
        "cost.write",
        is_listed=False,
    )


register_own_screens()
