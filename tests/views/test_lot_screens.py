"""Lots and serial numbers through the real window: scanned at the dock, proposed for a parcel, moved and counted."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt
from trading_house import CONTROL, Trade, column_of, trade

from erp_desktop.actions.masters import SaveBin, SaveCategory
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.ids import derived_id, new_id
from erp_desktop.queries.selling_details import ShipmentDetail
from erp_desktop.queries.stock import StockOnHand

__all__ = ["trade"]

TODAY = date(2026, 3, 16)
SOON, LATER = date(2026, 12, 31), date(2027, 6, 30)


def receive(trade: Trade, code: str, *lots: tuple[str, str, date | None]) -> None:
    total = sum((Decimal(qty) for _, qty, _ in lots), Decimal(0))
    order = trade.company.purchase_order((code, str(total), "2"))
    line = derived_id("line", order, "0")
    received = tuple(ReceivedLine(line, Decimal(qty), lot_code=lot, expires_on=day) for lot, qty, day in lots)
    trade.company.perform(ReceiveGoods(new_id(), order, TODAY, received))


def stock(trade: Trade) -> dict[tuple[str, str], Decimal]:
    """What is on hand by product and lot."""
    trade.hear_news()
    return {(row.product_code, row.lot_code or ""): row.on_hand for row in trade.ask(StockOnHand()).rows if row.on_hand}


def receiving(trade: Trade, *lines: tuple[str, str, str]) -> Any:
    order = trade.company.purchase_order(*lines)
    trade.hear_news()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == len(lines))
    return page


def put(page: Any, row: int, column: str, text: str) -> None:
    """Types what no key of a test's keyboard has, or so much that it would be taken for a scan."""
    model = page.grid.model_of_lines
    model.setData(model.index(row, column_of(page.grid, column)), text)


@pytest.fixture
def milk(trade: Trade) -> Trade:
    trade.company.product("MILK", tracking="lot")
    return trade


def test_a_lot_and_its_expiry_are_typed_at_the_dock_and_another_lot_below(milk):
    page = receiving(milk, ("MILK", "10", "2"), ("BX-204", "3", "2"))
    milk.cell(page, 0, "lot", "L-1")
    put(page, 0, "expires", "1231")
    milk.cell(page, 0, "counted", "6")
    page.grid.go_to(0, column_of(page.grid, "lot"))
    milk.keys(Qt.Key.Key_L, Qt.KeyboardModifier.AltModifier)
    milk.wait(lambda: page.grid.model_of_lines.rowCount() == 3)
    put(page, 1, "lot", "批次-2")
    milk.keys(Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)
    milk.wait(lambda: milk.value(page, 2, "counted") == 3)
    milk.cell(page, 1, "counted", "4")
    assert milk.value(page, 0, "expires") == SOON
    milk.keys(Qt.Key.Key_Return, CONTROL)
    milk.wait_for_page("goods_receipt")
    assert stock(milk) == {("MILK", "L-1"): 6, ("MILK", "批次-2"): 4, ("BX-204", ""): 3}


def test_a_missing_lot_is_said_at_its_line(milk):
    page = receiving(milk, ("MILK", "10", "2"))
    milk.cell(page, 0, "counted", "6")
    milk.keys(Qt.Key.Key_Return, CONTROL)
    milk.wait(lambda: not page.binder.bar.isHidden())
    assert "MILK is kept by lot or serial number, and none was named" in page.binder.bar.accessibleName()
    assert page.grid.currentIndex().column() == column_of(page.grid, "lot")


def test_a_date_that_nobody_can_read_is_said_at_its_cell(milk):
    page = receiving(milk, ("MILK", "10", "2"))
    put(page, 0, "expires", "soon")
    assert page.grid.problems()


def test_what_is_scanned_after_the_product_is_its_lot(milk):
    page = receiving(milk, ("MILK", "10", "2"))
    page.take_scan("MILK")
    milk.wait(lambda: milk.value(page, 0, "counted") == 1)
    page.take_scan("L-1")
    milk.wait(lambda: milk.value(page, 0, "lot") == "L-1")
    page.take_scan("MILK")
    milk.wait(lambda: milk.value(page, 0, "counted") == 2)
    page.take_scan("L-2")
    milk.wait(lambda: page.grid.model_of_lines.rowCount() == 2)
    page.take_scan("MILK")
    milk.wait(lambda: milk.value(page, 1, "counted") == 1)
    assert [milk.value(page, row, "lot") for row in (0, 1)] == ["L-1", "L-2"]
    milk.keys(Qt.Key.Key_Return, CONTROL)
    milk.wait_for_page("goods_receipt")
    assert stock(milk) == {("MILK", "L-1"): 2, ("MILK", "L-2"): 1}


def test_each_scanned_serial_number_is_one_piece_and_a_repeat_says_so(trade):
    trade.company.product("PHONE", tracking="serial")
    page = receiving(trade, ("PHONE", "3", "2"))
    for count, code in enumerate(("SN-1", "SN-2"), start=1):
        page.take_scan(code)
        trade.wait(lambda count=count: trade.value(page, 0, "counted") == count)
    page.take_scan("SN-2")
    trade.wait(lambda: not page.banner.isHidden())
    assert page.banner.sentence.text() == "Serial number SN-2 is counted already. Scan the next piece."
    put(page, 0, "lot", "SN-1, SN-2，SN-3")
    assert trade.value(page, 0, "counted") == 3
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait_for_page("goods_receipt")
    assert stock(trade) == {("PHONE", "SN-1"): 1, ("PHONE", "SN-2"): 1, ("PHONE", "SN-3"): 1}


def test_a_parcel_proposes_the_earliest_expiry_and_takes_the_lot_that_is_chosen(milk):
    receive(milk, "MILK", ("LATE", "5", LATER), ("SOON", "3", SOON))
    order = milk.company.sales_order(("MILK", "4", "9"))
    milk.company.allocate(order)
    milk.hear_news()
    page = milk.open("ship_order", id=order)
    milk.wait(lambda: page.grid.model_of_lines.rowCount() == 2)
    proposed = [(milk.value(page, row, "lot").code, milk.value(page, row, "counted")) for row in (0, 1)]
    assert proposed == [("SOON", 3), ("LATE", 1)]
    milk.cell(page, 0, "counted", "1")
    milk.cell(page, 1, "counted", "3")
    milk.keys(Qt.Key.Key_Return, CONTROL)
    done = milk.wait_for_page("shipment")
    milk.hear_news()
    lines = milk.ask(ShipmentDetail(done.document_id)).lines
    assert [(line.lot_code, line.qty) for line in lines] == [("SOON", 1), ("LATE", 3)]
    back = milk.open("take_in_return", id=done.document_id)
    milk.wait(lambda: back.grid.model_of_lines.rowCount() == 2)
    assert [milk.value(back, row, "lot") for row in (0, 1)] == ["SOON", "LATE"]


def test_another_lot_is_chosen_from_what_is_in_stock(milk):
    receive(milk, "MILK", ("LATE", "5", LATER), ("SOON", "5", SOON))
    order = milk.company.sales_order(("MILK", "4", "9"))
    milk.company.allocate(order)
    milk.hear_news()
    page = milk.open("ship_order", id=order)
    milk.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    milk.cell(page, 0, "lot", "LA")
    milk.wait(lambda: milk.value(page, 0, "lot").code == "LATE")
    milk.keys(Qt.Key.Key_Return, CONTROL)
    milk.wait_for_page("shipment")
    assert stock(milk) == {("MILK", "LATE"): 1, ("MILK", "SOON"): 5}


def test_one_lot_moves_to_another_bin(milk):
    receive(milk, "MILK", ("LATE", "5", LATER), ("SOON", "3", SOON))
    milk.company.perform(SaveBin(new_id(), milk.company.warehouse, "SHELF"))
    milk.hear_news()
    page = milk.open("move_stock", id=new_id())
    choose = milk.choose
    for field, text in (("product", "MILK"), ("from_bin", "STOCK"), ("to_bin", "SHELF"), ("lot", "LATE")):
        choose(as_form(page), field, text)
    milk.type(page, "qty", "2")
    milk.keys(Qt.Key.Key_S, CONTROL)
    milk.wait(lambda: milk.page is not page)
    milk.hear_news()
    rows = milk.ask(StockOnHand()).rows
    assert {(row.bin_code, row.lot_code, row.on_hand) for row in rows} == {
        ("SHELF", "LATE", 2),
        ("STOCK", "LATE", 3),
        ("STOCK", "SOON", 3),
    }


def as_form(page: Any) -> Any:
    page.lookup = page.binder.widget  # a record's page has no method for it
    return page


def test_a_count_is_filled_in_by_lot_and_finds_a_new_one(milk):
    receive(milk, "MILK", ("LATE", "5", LATER), ("SOON", "3", SOON))
    milk.hear_news()
    page = milk.open("count_stock", id=new_id())
    milk.choose(page, "warehouse", "MAIN")
    milk.do(page.do_fill)
    milk.wait(lambda: len(page.grid.lines()) == 2)
    assert [milk.value(page, row, "lot") for row in (0, 1)] == ["LATE", "SOON"]
    assert [milk.value(page, row, "expected") for row in (0, 1)] == [5, 3]
    milk.cell(page, 0, "counted", "4")
    milk.cell(page, 2, "product", "MILK")
    milk.cell(page, 2, "bin", "STOCK")
    milk.cell(page, 2, "lot", "NEW")
    milk.cell(page, 2, "expires", "20270101")
    milk.cell(page, 2, "counted", "2")
    milk.cell(page, 2, "unit_cost", "2")
    milk.keys(Qt.Key.Key_Return, CONTROL)
    milk.agree(page, "Post the count")
    milk.wait_for_page("stock_count")
    assert stock(milk) == {("MILK", "LATE"): 4, ("MILK", "SOON"): 3, ("MILK", "NEW"): 2}


def test_the_costing_method_of_a_category_says_what_comes_of_it(trade):
    category = new_id()
    trade.company.perform(SaveCategory(category, "RINGS", "Rings"))
    trade.hear_news()
    page = trade.open("category", id=category)
    trade.wait(lambda: page.record is not None)
    box, pool = page.binder.widget("cost_method"), page.binder.widget("cost_pool")
    box.setCurrentIndex(box.findData("lifo"))
    assert page.banner.sentence.text().startswith("Last in, first out is not allowed in statutory books")
    box.setCurrentIndex(box.findData("specific"))
    assert page.banner.isHidden()
    assert pool.currentData() == "lot"


def test_whether_a_product_is_kept_by_lot_stands_on_its_page(milk):
    milk.hear_news()
    page = milk.open("product", id=milk.company.product("MILK"))
    milk.wait(lambda: page.record is not None)
    assert page.binder.widget("tracking").currentData() == "lot"


def test_a_warehouse_that_may_owe_goods_is_saved_so(trade):
    page = trade.open("warehouse", id=trade.company.warehouse)
    trade.wait(lambda: page.record is not None)
    page.binder.widget("allows_negative").setChecked(True)
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: page.record.allows_negative)
