"""The dock: goods come in, orders leave, returns come back."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import ScreenFactory, later, register_screen

_Offered = tuple[str, str, str, ScreenFactory, str]  # key, title, icon, what makes it, permission


def register_own_screens() -> None:
    """The lists stand in the rail, the pages are opened from them."""
    noop = QT_TRANSLATE_NOOP
    lists: tuple[_Offered, ...] = (
        (
            "expected_orders",
            noop("Screen", "To receive"),
            "goods_receipt",
            later("erp_desktop.views.purchasing.lists", "expected_orders_screen"),
            "purchasing.read",
        ),
        (
            "goods_receipts",
            noop("Screen", "Goods receipts"),
            "goods_receipt",
            later("erp_desktop.views.warehouse.lists", "goods_receipts_screen"),
            "goods.read",
        ),
        (
            "orders_to_ship",
            noop("Screen", "To ship"),
            "shipment",
            later("erp_desktop.views.selling.lists", "orders_to_ship_screen"),
            "sales.read",
        ),
        (
            "shipments",
            noop("Screen", "Shipments"),
            "shipment",
            later("erp_desktop.views.warehouse.lists", "shipments_screen"),
            "goods.read",
        ),
        (
            "customer_returns",
            noop("Screen", "Customer returns"),
            "return",
            later("erp_desktop.views.warehouse.lists", "customer_returns_screen"),
            "sales.read",
        ),
    )
    pages: tuple[_Offered, ...] = (
        (
            "receive_goods",
            noop("Screen", "Receive goods"),
            "goods_receipt",
            later("erp_desktop.views.warehouse.receive_page", "ReceiveGoodsPage"),
            "goods.receive",
        ),
        (
            "goods_receipt",
            noop("Screen", "Goods receipt"),
            "goods_receipt",
            later("erp_desktop.views.warehouse.posted", "goods_receipt_page"),
            "goods.read",
        ),
        (
            "ship_order",
            noop("Screen", "Ship an order"),
            "shipment",
            later("erp_desktop.views.warehouse.ship_page", "ShipOrderPage"),
            "goods.ship",
        ),
        (
            "shipment",
            noop("Screen", "Shipment"),
            "shipment",
            later("erp_desktop.views.warehouse.posted", "shipment_page"),
            "goods.read",
        ),
        (
            "confirm_delivery",
            noop("Screen", "Confirm delivery"),
            "check",
            later("erp_desktop.views.warehouse.delivery_page", "ConfirmDeliveryPage"),
            "goods.ship",
        ),
        (
            "take_in_return",
            noop("Screen", "Take in a return"),
            "return",
            later("erp_desktop.views.warehouse.return_page", "TakeInReturnPage"),
            "sales.return",
        ),
        (
            "return_without_shipment",
            noop("Screen", "Return without a shipment"),
            "return",
            later("erp_desktop.views.warehouse.return_without_shipment_page", "ReturnWithoutShipmentPage"),
            "sales.return",
        ),
        (
            "customer_return",
            noop("Screen", "Customer return"),
            "return",
            later("erp_desktop.views.warehouse.customer_return_page", "CustomerReturnPage"),
            "sales.read",
        ),
        (
            "shipments_of_return",
            noop("Screen", "Shipment of a return"),
            "return",
            later("erp_desktop.views.warehouse.customer_return_page", "shipments_of_return_screen"),
            "sales.return",
        ),
    )
    for key, title, icon, factory, permission in lists:
        register_screen(key, title, icon, "warehouse", factory, permission)
    for key, title, icon, factory, permission in pages:
        register_screen(key, title, icon, "warehouse", factory, permission, is_listed=False)


register_own_screens()
