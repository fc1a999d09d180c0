"""The dock: goods come in, orders leave, returns come back."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import ScreenFactory, register_screen

_Offered = tuple[str, str, str, ScreenFactory, str]  # key, title, icon, what makes it, permission


def register_own_screens() -> None:
    """The lists stand in the rail, the pages are opened from them."""
    from erp_desktop.views.purchasing.lists import expected_orders_screen
    from erp_desktop.views.selling.lists import orders_to_ship_screen
    from erp_desktop.views.warehouse.lists import customer_returns_screen, goods_receipts_screen, shipments_screen
    from erp_desktop.views.warehouse.posted import customer_return_page, goods_receipt_page, shipment_page
    from erp_desktop.views.warehouse.receive_page import ReceiveGoodsPage
    from erp_desktop.views.warehouse.return_page import TakeInReturnPage
    from erp_desktop.views.warehouse.ship_page import ShipOrderPage

    noop = QT_TRANSLATE_NOOP
    lists: tuple[_Offered, ...] = (
        ("expected_orders", noop("Screen", "To receive"), "goods_receipt", expected_orders_screen, "purchasing.read"),
        ("goods_receipts", noop("Screen", "Goods receipts"), "goods_receipt", goods_receipts_screen, "goods.read"),
        ("orders_to_ship", noop("Screen", "To ship"), "shipment", orders_to_ship_screen, "sales.read"),
        ("shipments", noop("Screen", "Shipments"), "shipment", shipments_screen, "goods.read"),
        ("customer_returns", noop("Screen", "Customer returns"), "return", customer_returns_screen, "sales.read"),
    )
    pages: tuple[_Offered, ...] = (
        ("receive_goods", noop("Screen", "Receive goods"), "goods_receipt", ReceiveGoodsPage, "goods.receive"),
        ("goods_receipt", noop("Screen", "Goods receipt"), "goods_receipt", goods_receipt_page, "goods.read"),
        ("ship_order", noop("Screen", "Ship an order"), "shipment", ShipOrderPage, "goods.ship"),
        ("shipment", noop("Screen", "Shipment"), "shipment", shipment_page, "goods.read"),
        ("take_in_return", noop("Screen", "Take in a return"), "return", TakeInReturnPage, "sales.return"),
        ("customer_return", noop("Screen", "Customer return"), "return", customer_return_page, "sales.read"),
    )
    for key, title, icon, factory, permission in lists:
        register_screen(key, title, icon, "warehouse", factory, permission)
    for key, title, icon, factory, permission in pages:
        register_screen(key, title, icon, "warehouse", factory, permission, is_listed=False)


register_own_screens()
