"""Selling through the real window: entered, confirmed, allocated, shipped, taken back."""

from decimal import Decimal

from PySide6.QtCore import Qt
from trading_house import CONTROL, Trade, printed, trade

from erp_desktop.ids import new_id
from erp_desktop.queries.selling_details import SalesOrderDetail
from erp_desktop.views.documents.lookups import named
from erp_desktop.views.selling.sales_order_page import SalesOrderPage

__all__ = ["printed", "trade"]


def new_order(trade: Trade) -> SalesOrderPage:
    page = trade.open("sales_order", id=new_id(), is_new=True)
    trade.wait(lambda: page.lookup("warehouse").value() is not None)
    return page


def enter(trade: Trade, code: str, qty: str, price: str) -> SalesOrderPage:
    """An order of Zhang Min, typed and saved."""
    page = new_order(trade)
    trade.choose(page, "customer", "zhang")
    trade.cell(page, 0, "product", code)
    trade.cell(page, 0, "qty", qty)
    trade.cell(page, 0, "unit_price", price)
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.status(page, "draft")
    return page


def test_the_whole_way_of_a_sale_sell_allocate_ship_return(trade, printed):
    trade.company.stock("BX-204", "10", "4")
    trade.hear_news()
    page = enter(trade, "BX-204", "3", "9.90")
    assert page.record.total == Decimal("29.70")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.agree(page, "Confirm the order")
    trade.status(page, "confirmed")
    assert page.lookup("warehouse").text() == "MAIN  Main warehouse"
    trade.keys(Qt.Key.Key_Return, CONTROL)  # allocate
    trade.status(page, "allocated")
    order_id = page.document_id
    trade.keys(Qt.Key.Key_Return, CONTROL)  # ship: the packing page opens

    packing = trade.page
    trade.wait(lambda: packing.grid.model_of_lines.rowCount() == 1)
    assert trade.value(packing, 0, "counted") == 3
    trade.choose(packing, "carrier", "SF")
    trade.type(packing, "tracking_number", "SF100200300")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    shipment = trade.wait_for_page("shipment")
    assert named(shipment.record, "warehouse") == "MAIN  Main warehouse"
    assert (shipment.record.carrier_name, shipment.record.tracking_number) == ("SF Express", "SF100200300")
    trade.wait(lambda: (shipment.record.number or "").startswith("SH"))
    trade.keys(Qt.Key.Key_Return, CONTROL)  # print the packing slip
    trade.wait(lambda: bool(printed))

    trade.do(shipment.take_back)
    back = trade.page
    trade.wait(lambda: back.grid.model_of_lines.rowCount() == 1)
    trade.cell(back, 0, "counted", "1")
    trade.type(back, "reason", "too small")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    returned = trade.wait_for_page("customer_return")
    assert (returned.record.reason, returned.record.qty) == ("too small", 1)
    trade.hear_news()
    order = trade.ask(SalesOrderDetail(order_id))
    assert order.status == "shipped"
    assert {document.kind for document in order.related} >= {"shipment", "sales_invoice", "customer_return"}
    assert order.lines[0].free == 8


def test_more_than_is_free_is_refused_at_its_line_and_the_order_stays_confirmed(trade):
    trade.company.stock("BX-204", "2", "4")
    trade.hear_news()
    page = enter(trade, "BX-204", "3", "9.90")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.agree(page, "Confirm the order")
    trade.status(page, "confirmed")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: not page.binder.bar.isHidden())
    assert "2" in page.binder.bar.accessibleName()
    assert "BX-204" in page.binder.bar.accessibleName()
    assert page.record.status == "confirmed"


def test_the_list_price_is_proposed_and_follows_until_a_price_is_typed(trade):
    trade.company.product("BX-204", list_price=Decimal("19.90"))
    trade.hear_news()
    page = new_order(trade)
    trade.choose(page, "customer", "zhang")
    trade.cell(page, 0, "product", "BX-204")
    trade.wait(lambda: trade.value(page, 0, "unit_price") == Decimal("19.90"))
    trade.cell(page, 0, "qty", "2")
    trade.cell(page, 0, "discount", "10")
    assert trade.value(page, 0, "amount") == Decimal("35.82")
    trade.cell(page, 0, "unit_price", "15")
    trade.cell(page, 0, "qty", "3")
    trade.qtbot.wait(200)
    assert trade.value(page, 0, "unit_price") == 15


def test_freight_is_part_of_the_total_and_what_is_free_stands_at_the_line(trade):
    trade.company.stock("BX-204", "10", "4")
    trade.hear_news()
    page = new_order(trade)
    trade.cell(page, 0, "product", "BX-204")
    trade.cell(page, 0, "qty", "2")
    trade.cell(page, 0, "unit_price", "5")
    trade.wait(lambda: trade.value(page, 0, "free") == 10)
    trade.type(page, "freight", "12.50")
    assert "22.50" in page.binder.widget("total").text()


def test_an_allocation_is_released_and_the_order_cancelled(trade):
    trade.company.stock("BX-204", "10", "4")
    order = trade.company.sales_order(("BX-204", "3", "9"))
    trade.company.allocate(order)
    trade.hear_news()
    page = trade.open("sales_order", id=order)
    trade.status(page, "allocated")
    trade.do(page.actions_of_order.release)
    trade.status(page, "confirmed")
    trade.do(page.actions_of_order.cancel)
    trade.agree(page, "Cancel the order")
    trade.status(page, "cancelled")
    assert page.actions_of_order.cancel.toolTip() == "The order is cancelled already."


def test_saving_an_untouched_parcel_ships_nothing_and_says_so(trade):
    trade.company.stock("BX-204", "10", "4")
    order = trade.company.sales_order(("BX-204", "3", "9.90"))
    trade.company.allocate(order)
    trade.hear_news()
    page = trade.open("ship_order", id=order)
    trade.wait(lambda: trade.value(page, 0, "counted") == 3)
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: not page.binder.bar.isHidden())
    assert page.binder.bar.links()[0].text() == "Nothing is typed here yet, so there is nothing to save."
    assert trade.ask(SalesOrderDetail(order)).status == "allocated"
