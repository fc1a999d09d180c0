"""Lines in another unit of the product, at the real window: boxes of 24, thirds of a roll."""

from decimal import Decimal
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from trading_house import CONTROL, Trade, column_of, printed, trade

from company_fixtures import TODAY
from erp_desktop.actions.masters import SaveBarcode, SaveProductUnit, SaveUnit
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.ids import derived_id, new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.price_corrections import PriceCorrectionLines
from erp_desktop.queries.purchasing_details import PurchaseOrderDetail

__all__ = ["printed", "trade"]

BOX, THIRD = "BOX", "THIRD"


def unit(trade: Trade, code: str) -> UUID:
    return derived_id("unit", trade.company.company_id, code)


def pack(trade: Trade, product: str, code: str, numerator: int, denominator: int = 1) -> None:
    product_id = trade.company.product(product)
    trade.company.perform(
        SaveUnit(unit(trade, code), code, code),
        SaveProductUnit(derived_id("pack", product_id, code), product_id, unit(trade, code), numerator, denominator),
    )


def boxes_ordered(trade: Trade, qty: str, price: str, *, draft: bool = False) -> UUID:
    order, line = new_id(), new_id()
    wanted = PurchaseLine(line, trade.company.product("KETTLE"), Decimal(qty), Decimal(price), unit(trade, BOX))
    trade.company.perform(
        SavePurchaseOrder(order, trade.company.supplier, trade.company.warehouse, TODAY, TODAY, (wanted,))
    )
    if not draft:
        trade.company.perform(ConfirmPurchaseOrder(order))
    return order


def boxes_received(trade: Trade, qty: str) -> UUID:
    """Of two boxes at 10.00 `qty` pieces have come. Gives the receipt."""
    order, receipt = boxes_ordered(trade, "2", "10.00"), new_id()
    with trade.company.session() as session:
        (line,) = PurchaseOrderDetail(order).run(session, trade.company.company_id).lines
    trade.company.perform(ReceiveGoods(receipt, order, TODAY, (ReceivedLine(line.id, Decimal(qty)),)))
    trade.hear_news()
    return receipt


@pytest.fixture
def boxes(trade: Trade) -> Trade:
    """KETTLE comes in boxes of 24."""
    pack(trade, "KETTLE", BOX, 24)
    trade.hear_news()
    return trade


def new_page(trade: Trade, kind: str):
    page = trade.open(kind, id=new_id(), is_new=True)
    trade.wait(lambda: page.lookup("warehouse").value() is not None)
    return page


def unit_in(trade: Trade, page, row: int = 0) -> str:
    return getattr(trade.value(page, row, "unit"), "code", "")


def text_in(page, row: int, column: str) -> str:
    return page.grid.model_of_lines.index(row, column_of(page.grid, column)).data()


def cells_of(page) -> dict[str, str]:
    """The first line of a posted document by the headings that are shown."""
    view, model = page.table.view, page.table.model
    shown = [column for column in range(model.columnCount()) if not view.isColumnHidden(column)]
    return {page.table.spec.columns[column].heading: model.index(0, column).data() for column in shown}


def is_hidden(page, column: str) -> bool:
    return page.grid.isColumnHidden(column_of(page.grid, column))


def test_a_purchase_order_is_typed_in_boxes_and_says_what_that_is_in_pieces(boxes):
    boxes_ordered(boxes, "1", "10.00")
    boxes.hear_news()
    page = new_page(boxes, "purchase_order")
    boxes.choose(page, "supplier", "hang")
    boxes.cell(page, 0, "product", "KETTLE")
    boxes.wait(lambda: unit_in(boxes, page) == "PC")
    assert is_hidden(page, "in_stock_units")
    boxes.cell(page, 0, "qty", "2.5")
    boxes.wait(lambda: boxes.value(page, 0, "unit_price") == Decimal("0.416667"))
    boxes.cell(page, 0, "unit", "box")
    boxes.wait(lambda: boxes.value(page, 0, "unit_price") == 10)
    assert (text_in(page, 0, "in_stock_units"), text_in(page, 0, "amount")) == ("60 PC", "25.00")
    assert not is_hidden(page, "in_stock_units")
    boxes.keys(Qt.Key.Key_S, CONTROL)
    boxes.wait(lambda: not page.is_dirty and page.record is not None)

    (line,) = page.record.lines
    assert (line.qty, line.entered_qty, line.price_unit, line.amount) == (60, Decimal("2.5"), BOX, 25)
    assert (boxes.value(page, 0, "qty"), unit_in(boxes, page)) == (Decimal("2.5"), BOX)


def test_a_saved_draft_is_changed_in_the_unit_that_it_was_entered_in(boxes):
    order = boxes_ordered(boxes, "2", "10.00", draft=True)
    pack(boxes, "KETTLE", BOX, 20)
    boxes.hear_news()
    page = boxes.open("purchase_order", id=order)
    boxes.status(page, "draft")
    assert text_in(page, 0, "in_stock_units") == "48 PC", "the order keeps the box of 24"
    boxes.cell(page, 0, "qty", "3")
    boxes.keys(Qt.Key.Key_S, CONTROL)
    boxes.wait(lambda: not page.is_dirty and page.record.lines[0].qty == 72)
    boxes.cell(page, 0, "unit", "box")
    boxes.wait(lambda: text_in(page, 0, "in_stock_units") == "60 PC")
    boxes.keys(Qt.Key.Key_S, CONTROL)
    boxes.wait(lambda: not page.is_dirty and page.record.lines[0].qty == 60)
    boxes.do(page.do_duplicate)
    copy = boxes.page
    boxes.wait(lambda: text_in(copy, 0, "in_stock_units") == "60 PC")


def test_a_quantity_that_is_not_exact_is_said_in_its_cell_before_anything_is_saved(trade):
    pack(trade, "ROLL", THIRD, 1, 3)
    trade.hear_news()
    page = new_page(trade, "sales_order")
    trade.choose(page, "customer", "zhang")
    trade.cell(page, 0, "product", "ROLL")
    trade.cell(page, 0, "qty", "7")
    trade.cell(page, 0, "unit", "third")
    trade.cell(page, 0, "unit_price", "1")
    (problem,) = page.grid.problems()
    assert problem[:2] == (0, column_of(page.grid, "qty"))
    assert "7 THIRD of ROLL are no exact quantity in PC. What fits nearest: 6 / 9" in problem[2]
    assert text_in(page, 0, "qty") == "7"
    trade.cell(page, 0, "qty", "6")
    assert page.grid.problems() == []
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.status(page, "draft")
    assert page.record.lines[0].qty == 2


def test_a_block_from_excel_may_name_the_unit_of_each_product(boxes):
    pack(boxes, "ROLL", THIRD, 1, 3)
    boxes.hear_news()
    page = new_page(boxes, "purchase_order")
    QApplication.clipboard().setText("KETTLE\t2\tBOX\t\t10\nROLL\t6\tTHIRD\t\t1\nROLL\t6\tBOX\t\t1\nKETTLE\t5\t\t\t1")
    page.grid.go_to(0, 0)
    page.grid.paste()
    boxes.wait(lambda: unit_in(boxes, page, 1) == THIRD and unit_in(boxes, page, 3) == "PC")
    boxes.wait(lambda: len(page.grid.problems()) == 1)
    assert [text_in(page, row, "in_stock_units") for row in (0, 1, 3)] == ["48 PC", "2 PC", "5"]
    assert page.grid.problems()[0][:2] == (2, column_of(page.grid, "unit")), "a roll is not counted by the box"
    page.grid.model_of_lines.undo_stack.undo()
    assert page.grid.lines() == []


def test_prices_that_are_proposed_for_a_paste_are_taken_back_with_it(boxes):
    boxes_ordered(boxes, "1", "10.00")
    boxes.hear_news()
    page = new_page(boxes, "purchase_order")
    boxes.choose(page, "supplier", "hang")
    rows = ["KETTLE\t2\tBOX"] * 150 + ["NO-SUCH\t1\tBOX"] + ["kettle\t24\tPC"] * 150
    QApplication.clipboard().setText("\n".join(rows))
    page.grid.go_to(0, 0)
    page.grid.paste()
    boxes.wait(lambda: not page.grid.is_waiting)
    prices = [line.get("unit_price") for line in page.grid.lines()]
    assert prices == [Decimal(10)] * 150 + [None] + [Decimal("0.416667")] * 150
    assert page.grid.model_of_lines.total("amount") == 150 * (20 + 10)
    assert {row for row, *_ in page.grid.problems()} == {150}
    page.grid.model_of_lines.undo_stack.undo()
    assert page.grid.lines() == []


def test_another_product_takes_its_own_unit_and_the_barcode_of_a_box_brings_the_box(boxes):
    box = SaveBarcode(new_id(), "690001", boxes.company.product("KETTLE"), unit(boxes, BOX))
    boxes.company.product("MUG")
    boxes.company.perform(box)
    boxes.hear_news()
    page = new_page(boxes, "sales_order")
    boxes.cell(page, 0, "product", "690001")
    boxes.wait(lambda: unit_in(boxes, page) == BOX)
    assert boxes.value(page, 0, "product").code == "KETTLE"
    boxes.cell(page, 0, "product", "MUG")
    boxes.wait(lambda: unit_in(boxes, page) == "PC")


def test_the_dock_counts_pieces_and_sees_what_was_ordered(boxes):
    code = SaveBarcode(new_id(), "690001", boxes.company.product("KETTLE"), unit(boxes, BOX))
    boxes.company.perform(code)
    order = boxes_ordered(boxes, "2", "10.00")
    boxes.hear_news()
    page = boxes.open("receive_goods", id=order)
    boxes.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    assert (text_in(page, 0, "open"), text_in(page, 0, "unit"), text_in(page, 0, "pack")) == ("48", "PC", "2 BOX × 24")
    assert not is_hidden(page, "pack")
    page.take_scan("690001")
    boxes.wait(lambda: boxes.value(page, 0, "counted") == 24)
    boxes.keys(Qt.Key.Key_Return, CONTROL)
    receipt = boxes.wait_for_page("goods_receipt")
    boxes.wait(lambda: receipt.table.model.rowCount() == 1)
    assert cells_of(receipt)["In order unit"] == "1 BOX"
    boxes.hear_news()
    order_page = boxes.open("purchase_order", id=order)
    boxes.status(order_page, "part_received")
    assert (text_in(order_page, 0, "qty"), text_in(order_page, 0, "received")) == ("2", "24 PC")


def test_a_third_of_a_roll_that_is_scanned_is_to_be_typed(trade):
    pack(trade, "ROLL", THIRD, 1, 3)
    trade.company.perform(SaveBarcode(new_id(), "690002", trade.company.product("ROLL"), unit(trade, THIRD)))
    order = trade.company.purchase_order(("ROLL", "5", "1"))
    trade.hear_news()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    assert is_hidden(page, "pack")
    page.take_scan("690002")
    trade.wait(lambda: not page.banner.isHidden())
    assert "no exact quantity in its stock unit" in page.banner.sentence.text()
    assert trade.value(page, 0, "counted") is None


def test_what_goes_back_is_counted_in_pieces_and_credited_by_the_box(boxes):
    receipt = boxes_received(boxes, "48")
    page = boxes.open("return_to_supplier", id=receipt)
    boxes.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    assert (boxes.value(page, 0, "unit_price"), text_in(page, 0, "price_unit")) == (10, BOX)
    boxes.cell(page, 0, "counted", "7")
    assert text_in(page, 0, "amount") == "2.92"
    boxes.keys(Qt.Key.Key_Return, CONTROL)
    returned = boxes.wait_for_page("supplier_return")
    assert returned.record.total == Decimal("2.92")


def test_a_late_price_is_typed_for_the_box(boxes):
    receipt = boxes_received(boxes, "41")
    page = boxes.open("correct_price", id=receipt)
    boxes.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    assert (text_in(page, 0, "price_now"), text_in(page, 0, "price_unit")) == ("10.00", BOX)
    boxes.cell(page, 0, "unit_price", "12")
    assert text_in(page, 0, "difference") == "3.42"
    boxes.keys(Qt.Key.Key_Return, CONTROL)
    boxes.agree(page, "Correct the price")
    correction = boxes.wait_for_page("price_correction")
    (line,) = boxes.ask(PriceCorrectionLines(ListRequest(), correction.document_id)).rows
    assert (line.unit_price, line.price_unit) == (12, BOX)
