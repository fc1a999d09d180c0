"""The dock through the real window: scanning, counting, refusals at the line, landed cost."""

from decimal import Decimal
from time import monotonic

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from trading_house import CONTROL, Trade, printed, trade

from erp_desktop.actions.masters import SaveBarcode
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.purchasing import LandedCosts
from erp_desktop.views.purchasing.landed_cost_form import LandedCostForm
from erp_desktop.views.warehouse.receive_page import ReceiveGoodsPage
from erp_desktop.views.widgets import list_model

__all__ = ["printed", "trade"]

EAN = "6901234567892"


def receiving(trade: Trade, *lines: tuple[str, str, str]):
    order = trade.company.purchase_order(*lines)
    trade.hear_news()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == len(lines))
    return page


class Scanner:
    """Keys as a scanner sends them, Enter at the end: five milliseconds apart by the time that each carries."""

    def __init__(self) -> None:
        self._now = 0  # milliseconds

    def scan(self, code: str) -> None:
        """Into whatever has the keyboard; that may change with the first key."""
        self._now = max(self._now, int(monotonic() * 1000)) + 1000
        for letter in (*code, "\r"):
            self._now += 5
            key = Qt.Key.Key_Return if letter == "\r" else Qt.Key(ord(letter))
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, letter)
                event.setTimestamp(self._now)
                QApplication.sendEvent(QApplication.focusWidget(), event)


@pytest.fixture
def scanner() -> Scanner:
    return Scanner()


def test_a_scanned_barcode_counts_one_more_of_its_product(trade, scanner):
    product = trade.company.product("BX-205")
    trade.company.perform(SaveBarcode(barcode_id=new_id(), product_id=product, code=EAN))
    page = receiving(trade, ("BX-204", "10", "2"), ("BX-205", "6", "3"))
    field = page.binder.widget("scan")
    field.setFocus()
    scanner.scan(EAN)
    trade.wait(lambda: trade.value(page, 1, "counted") == 1)
    field.setFocus()
    scanner.scan(EAN)
    trade.wait(lambda: trade.value(page, 1, "counted") == 2)
    assert trade.value(page, 0, "counted") is None
    assert field.text() == ""


def test_a_scan_while_the_lines_have_the_keyboard_counts_and_leaves_no_letter(trade, scanner):
    product = trade.company.product("BX-205")
    trade.company.perform(SaveBarcode(barcode_id=new_id(), product_id=product, code=EAN))
    page = receiving(trade, ("BX-204", "10", "2"), ("BX-205", "6", "3"))
    page.grid.setFocus()
    for count in (1, 2):
        scanner.scan(EAN)
        trade.wait(lambda count=count: trade.value(page, 1, "counted") == count)
    assert trade.value(page, 0, "counted") is None
    assert page.grid.hasFocus()


def test_a_scan_that_runs_into_another_field_leaves_it_as_it_was(trade, scanner):
    product = trade.company.product("BX-204")
    trade.company.perform(SaveBarcode(barcode_id=new_id(), product_id=product, code=EAN))
    page = receiving(trade, ("BX-204", "10", "2"))
    trade.type(page, "delivery_note", "LS-77")
    note = page.binder.widget("delivery_note")
    note.setFocus()
    scanner.scan(EAN)
    trade.wait(lambda: trade.value(page, 0, "counted") == 1)
    assert note.text() == "LS-77"


def test_a_product_that_is_not_on_the_order_is_said_in_words(trade):
    trade.company.product("BX-999")
    page = receiving(trade, ("BX-204", "10", "2"))
    page.take_scan("BX-999")
    trade.wait(lambda: not page.banner.isHidden())
    assert page.banner.sentence.text() == "BX-999 is not on this document. Put it aside and scan the next one."


def test_an_over_receipt_is_marked_at_its_line_with_the_rules_sentence(trade):
    page = receiving(trade, ("BX-204", "10", "2"), ("BX-205", "6", "3"))
    trade.cell(page, 1, "counted", "9")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: not page.binder.bar.isHidden())
    cell = page.grid.model_of_lines.index(1, 3)
    assert cell.data(Qt.ItemDataRole.ToolTipRole).startswith("9 of BX-205 counted, 6 open")
    assert cell.data() == "9"


def test_one_scan_too_many_is_said_at_once_and_after_a_refusal_counting_goes_on_from_there(trade):
    page = receiving(trade, ("BX-204", "2", "2"))
    for count in (1, 2, 3):
        page.take_scan("BX-204")
        trade.wait(lambda count=count: trade.value(page, 0, "counted") == count)
    said = "BX-204: 3 counted, only 2 expected. Put aside what is too many."
    assert page.banner.sentence.text() == said
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: not page.binder.bar.isHidden())
    assert page.binder.widget("line_count").text() == "Lines counted: 1, units: 3"
    page.take_scan("BX-204")
    trade.wait(lambda: trade.value(page, 0, "counted") == 4)


def test_the_figure_of_goods_to_receive_leads_to_where_they_are_received(trade):
    trade.company.purchase_order(("BX-204", "10", "2"))
    trade.hear_news()
    card = trade.page._cards[0][1]
    trade.wait(lambda: card.figure.text() == "1")
    trade.qtbot.keyClick(card, Qt.Key.Key_Return)
    trade.wait(lambda: trade.page.table.model.rowCount() == 1)
    trade.keys(Qt.Key.Key_Return)
    trade.wait(lambda: isinstance(trade.page, ReceiveGoodsPage))


def test_counting_goes_down_with_enter_and_all_as_ordered_fills_the_rest(trade):
    page = receiving(trade, ("BX-204", "10", "2"), ("BX-205", "6", "3"))
    trade.cell(page, 0, "counted", "4")
    assert (page.grid.currentIndex().row(), page.grid.currentIndex().column()) == (1, 3)
    trade.keys(Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)
    trade.wait(lambda: trade.value(page, 1, "counted") == 6)
    assert trade.value(page, 0, "counted") == 4


def test_nothing_counted_is_said_and_not_performed(trade):
    page = receiving(trade, ("BX-204", "10", "2"))
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: not page.binder.bar.isHidden())
    assert "Nothing is counted yet" in page.binder.bar.accessibleName()


def test_freight_is_shared_over_the_receipt_that_it_was_opened_from(trade):
    trade.company.purchase_order(("BX-204", "10", "2"))
    receipt = trade.company.stock("BX-205", "6", "3")
    trade.hear_news()
    page = trade.open("goods_receipt", id=receipt)
    trade.wait(lambda: page.record is not None)
    trade.keys(Qt.Key.Key_Return, CONTROL)
    form = trade.page
    trade.wait(lambda: len(form.grid.lines()) == 1)
    trade.type(form, "amount", "60")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    done = trade.wait_for_page("landed_cost")
    trade.wait(lambda: done.table.model.rowCount() == 1)
    assert done.table.model.row_at(0).amount == Decimal(60)
    (row,) = trade.ask(LandedCosts(ListRequest())).rows
    assert (row.kind, row.basis, row.amount) == ("freight", "value", Decimal(60))


def test_a_parcel_with_more_than_was_ordered_is_refused_at_its_line(trade):
    trade.company.stock("BX-204", "10", "4")
    order = trade.company.sales_order(("BX-204", "3", "9"))
    trade.company.allocate(order)
    trade.hear_news()
    page = trade.open("ship_order", id=order)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    trade.cell(page, 0, "counted", "5")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: not page.binder.bar.isHidden())
    assert "5 of BX-204 to ship, 3 open" in page.binder.bar.accessibleName()


def test_the_expected_orders_open_for_counting(trade):
    order = trade.company.purchase_order(("BX-204", "10", "2"))
    trade.company.receive(trade.company.purchase_order(("BX-205", "1", "2")), "1")
    trade.hear_news()
    screen = trade.open("expected_orders")
    trade.wait(lambda: screen.table.model.rowCount() == 1)
    screen.table.select_row(0)
    screen.table.view.setFocus()
    trade.keys(Qt.Key.Key_Return)
    trade.wait(lambda: getattr(trade.page, "document_id", None) == order and trade.page.makes == "goods_receipt")


def test_a_goods_receipt_shows_what_its_lines_cost(trade):
    receipt = trade.company.receive(trade.company.purchase_order(("BX-204", "10", "2"), ("BX-205", "6", "3")), "4", "6")
    trade.hear_news()
    page = trade.open("goods_receipt", id=receipt)
    trade.wait(lambda: page.table.model.rowCount() == 2)
    assert [(row.unit_cost, row.cost) for row in map(page.table.model.row_at, (0, 1))] == [(2, 8), (3, 18)]
    assert page.table.model.total_texts["cost"] == "26.00"


def test_whoever_may_not_read_costs_sees_quantities_alone(trade, monkeypatch):
    receipt = trade.company.stock("BX-204", "4", "2")
    trade.hear_news()
    monkeypatch.setattr(type(trade.desk), "permissions", frozenset({"goods.read", "purchasing.read"}))
    page = trade.open("goods_receipt", id=receipt)
    trade.wait(lambda: page.table.model.rowCount() == 1)
    assert [column.name for column in page.table.spec.columns][-3:] == ["qty", "unit_code", "pack"]


def test_f5_reads_a_document_and_its_lines_again_with_the_keyboard_in_the_lines(trade):
    receipt = trade.company.stock("BX-204", "4", "2")
    trade.hear_news()
    page = trade.open("goods_receipt", id=receipt)
    trade.wait(lambda: page.record is not None and page.table.model.rowCount() == 1)
    lines: list[None] = []
    page.table.model.loaded.connect(lambda: lines.append(None))
    before = page.record
    page.table.view.setFocus()
    trade.keys(Qt.Key.Key_F5)
    trade.wait(lambda: page.record is not before and bool(lines))


def test_f5_reads_a_list_again_from_its_rows_and_from_its_search_field(trade):
    trade.company.stock("BX-204", "4", "2")
    trade.hear_news()
    table = trade.open("goods_receipts").table
    trade.wait(lambda: table.model.rowCount() == 1)
    for place in (table.view, table.filters.search):
        loaded: list[None] = []
        table.model.loaded.connect(lambda loaded=loaded: loaded.append(None))
        place.setFocus()
        trade.keys(Qt.Key.Key_F5)
        trade.wait(lambda loaded=loaded: bool(loaded))


def test_all_receipts_of_a_list_bear_a_cost_though_only_the_first_page_was_read(trade, monkeypatch):
    monkeypatch.setattr(list_model, "PAGE_SIZE", 1)
    for _ in range(3):
        trade.company.stock("BX-204", "10", "3.00")
    trade.hear_news()
    table = trade.open("goods_receipts").table
    trade.wait(lambda: table.model.rowCount() == 3 and table.view.isVisible())
    table.model._pages.clear()
    table.view.setFocus()
    trade.keys(Qt.Key.Key_A, CONTROL)
    assert len(table.selected()) < 3
    next(action for action in trade.page.commands if action.text() == "Enter landed cost").trigger()
    trade.wait(lambda: isinstance(trade.page, LandedCostForm))
    trade.wait(lambda: len(trade.page.grid.lines()) == 3)
    trade.page.set_dirty(False)
