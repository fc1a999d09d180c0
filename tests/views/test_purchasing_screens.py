"""Buying through the real window: raised, confirmed, printed, received in part and then the rest."""

from datetime import date
from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from trading_house import CONTROL, Trade, printed, trade

from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.purchasing import PurchaseOrders
from erp_desktop.queries.purchasing_details import PurchaseOrderDetail
from erp_desktop.views.purchasing.purchase_order_page import PurchaseOrderPage

__all__ = ["printed", "trade"]


def new_order(trade: Trade) -> PurchaseOrderPage:
    page = trade.open("purchase_order", id=new_id(), is_new=True)
    trade.wait(lambda: page.lookup("warehouse").value() is not None)
    return page


def test_an_order_is_raised_with_the_keyboard_and_gets_its_number_from_the_centre(trade):
    trade.company.product("BX-204")
    trade.hear_news()
    page = new_order(trade)
    assert "number follows" in page.title
    trade.choose(page, "supplier", "hang")
    trade.cell(page, 0, "product", "BX-204")
    trade.cell(page, 0, "qty", "10")
    trade.cell(page, 0, "unit_price", "12.5")
    assert page.is_dirty
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: not page.is_dirty and page.record is not None)
    trade.wait(lambda: (page.record.number or "").startswith("PO-"))
    trade.wait(lambda: page.title == page.record.number)
    (row,) = trade.ask(PurchaseOrders(ListRequest())).rows
    assert (row.supplier_name, row.total, row.status) == ("Hangzhou Plastics", Decimal("125.00"), "draft")
