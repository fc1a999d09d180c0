"""The shared table: what it asks for, what it shows in each state, what it copies."""

import subprocess
import sys
from dataclasses import replace

import pytest
from fake_desk import STATUSES, FakeDesk, OrderRow, Orders, order_rows
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from erp_desktop.queries.base import ListPage
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.list_model import LOADING_ROLE, PAGE_SIZE, PAGES_KEPT, ListFilter, ListModel, ListSpec
from erp_desktop.views.widgets.record_table import RecordTable
from erp_desktop.views.widgets.table_view import LEAST_WORDS

COLUMNS = (
    TableColumn("number", "Number"),
    TableColumn("supplier_name", "Supplier", stretches=True),
    TableColumn("ordered_on", "Ordered", CellKind.DATE),
    TableColumn("status", "Status", CellKind.STATUS),
    TableColumn("amount", "Amount", CellKind.MONEY),
)
SPEC = ListSpec(
    COLUMNS,
    Orders,
    filters=(ListFilter("status", "Status", tuple((status, status.capitalize()) for status in STATUSES)),),
    empty_text="No purchase orders yet",
    sort="number",
)


@pytest.fixture
def table(qtbot: QtBot, desk: FakeDesk) -> RecordTable:
    return make_table(qtbot, desk, 1000)


def make_table(qtbot: QtBot, desk: FakeDesk, count: int, spec: ListSpec = SPEC) -> RecordTable:
    Orders.rows = order_rows(count)
    table = RecordTable(desk, spec)
    qtbot.addWidget(table)
    table.resize(900, 500)
    table.show()
    qtbot.waitUntil(lambda: table.model.is_loaded)
    return table


def shown(table: RecordTable, row: int, column: int) -> str:
    return table.model.index(row, column).data()


def test_the_first_page_shows_with_count_and_totals_over_all_rows(table):
    assert table.model.rowCount() == 1000
    assert [shown(table, 0, column) for column in range(5)] == [
        "PO-2024-0001",
        "Nordic Packaging AB",
        "2024-01-02",
        "Confirmed",
        "1.25",
    ]
    assert table.model.total_texts == {"amount": "500,750.00"}
    assert table.filters.count.text() == "Rows: 1,000"


def test_words_keep_their_room_and_a_narrow_table_is_scrolled_instead(qtbot, table):
    heads, scrolled = table.view.horizontalHeader(), table.view.horizontalScrollBar()
    assert heads.sectionSize(1) > LEAST_WORDS
    assert scrolled.maximum() == 0
    table.resize(420, 500)
    qtbot.waitUntil(lambda: scrolled.maximum() > 0)
    assert heads.sectionSize(1) == LEAST_WORDS
    table.resize(900, 500)
    qtbot.waitUntil(lambda: scrolled.maximum() == 0)
    assert heads.sectionSize(1) > LEAST_WORDS


def test_rows_out_of_sight_are_asked_for_when_they_come_into_sight(qtbot, table):
    assert {request.offset for request in Orders.asked} == {0}
    table.view.scrollToBottom()
    qtbot.waitUntil(lambda: shown(table, 999, 0) == "PO-2024-1000")
    assert {request.offset for request in Orders.asked} == {0, 800}


def test_a_row_on_its_way_is_a_bar_and_not_an_empty_row(table):
    index = table.model.index(500, 0)
    assert index.data(LOADING_ROLE) is True
    assert index.data() is None


def test_only_the_first_question_counts_the_others_ask_for_rows_alone(qtbot, table):
    shown(table, 300, 0)
    qtbot.waitUntil(lambda: shown(table, 300, 0) == "PO-2024-0301")
    assert [request.rows_only for request in Orders.asked] == [False, True]


def test_no_more_pages_are_kept_than_the_cache_holds(qtbot, desk):
    table = make_table(qtbot, desk, PAGE_SIZE * (PAGES_KEPT + 5))
    for page in range(PAGES_KEPT + 5):
        row = page * PAGE_SIZE
        qtbot.waitUntil(lambda row=row: shown(table, row, 0) is not None)
    assert len(table.model._pages) == PAGES_KEPT


def test_a_click_on_a_heading_sorts_in_the_query(qtbot, table):
    table.view.horizontalHeader().setSortIndicator(4, Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: shown(table, 0, 0) == "PO-2024-1000")
    assert (Orders.asked[-1].sort, Orders.asked[-1].descending) == ("amount", True)


def test_typing_waits_a_moment_and_then_asks_once(qtbot, table):
    before = len(Orders.asked)
    qtbot.keyClicks(table.filters.search, "nordic")
    assert len(Orders.asked) == before
    qtbot.waitUntil(lambda: table.model.request.search == "nordic" and table.model.rowCount() == 334)
    assert len(Orders.asked) == before + 1


def test_a_chip_narrows_the_list_and_clear_all_takes_it_back(qtbot, table):
    table.set_filter("status", "draft")
    qtbot.waitUntil(lambda: table.model.rowCount() == 200)
    assert table.filters.chips[0].text() == "Status: Draft"
    assert "filtered" in table.totals.accessibleName()
    table.filters.clear()
    qtbot.waitUntil(lambda: table.model.rowCount() == 1000)


def test_an_answer_to_an_older_question_is_dropped(qtbot, table):
    table.model.ask_for(replace(table.model.request, search="hangzhou"))
    table.model._ask_wanted()
    table.model.ask_for(replace(table.model.request, search="PO-2024-0007"))
    qtbot.waitUntil(lambda: table.model.rowCount() == 1)
    qtbot.wait(100)
    assert shown(table, 0, 0) == "PO-2024-0007"


def test_nothing_found_offers_to_clear_the_filters(qtbot, table):
    qtbot.keyClicks(table.filters.search, "no such order")
    qtbot.waitUntil(table.state.isVisible)
    assert table.state.title.text() == "Nothing matches"
    table.state.button().click()
    qtbot.waitUntil(lambda: table.view.isVisible() and table.model.rowCount() == 1000)


def test_an_empty_list_says_so_and_offers_what_helps(qtbot, desk):
    done = []
    Orders.rows = []
    table = RecordTable(desk, SPEC, offer=(("New purchase order", lambda: done.append(1)),))
    qtbot.addWidget(table)
    table.show()
    qtbot.waitUntil(lambda: table.state.isVisible() and table.state.title.text() == "No purchase orders yet")
    table.state.button().click()
    assert done == [1]


def test_a_list_that_cannot_be_read_says_so_with_a_reference_and_tries_again(qtbot, desk, caplog):
    Orders.fails = OSError("the disk is gone")
    Orders.rows = order_rows(3)
    table = RecordTable(desk, SPEC)
    qtbot.addWidget(table)
    table.show()
    qtbot.waitUntil(lambda: table.state.isVisible() and table.state.title.text() == "This list could not be read")
    assert "disk" not in table.state.detail.text()
    assert any("the disk is gone" in str(record.exc_info[1]) for record in caplog.records if record.exc_info)
    Orders.fails = None
    table.state.button().click()
    qtbot.waitUntil(lambda: table.model.rowCount() == 3)


def test_enter_and_double_click_open_the_row_under_the_cursor(qtbot, table):
    opened: list[OrderRow] = []
    table.opened.connect(opened.append)
    table.select_row(2)
    qtbot.keyClick(table.view, Qt.Key.Key_Return)
    table.view.doubleClicked.emit(table.model.index(4, 1))
    assert [row.number for row in opened] == ["PO-2024-0003", "PO-2024-0005"]


def test_the_selection_follows_its_record_when_rows_move(qtbot, desk, table):
    table.select_row(2)
    Orders.rows.insert(0, replace(Orders.rows[0], id=type(Orders.rows[0].id)(int=99_999), number="PO-2023-9999"))
    desk.changed.emit(frozenset({"purchase_order"}))
    qtbot.waitUntil(lambda: table.model.rowCount() == 1001)
    assert [row.number for row in table.selected()] == ["PO-2024-0003"]
    assert table.current().number == "PO-2024-0003"


def test_changes_of_other_tables_do_not_refresh(qtbot, desk, table):
    before = len(Orders.asked)
    desk.changed.emit(frozenset({"journal_line"}))
    qtbot.wait(150)
    assert len(Orders.asked) == before


def test_copy_puts_raw_numbers_and_iso_dates_on_the_clipboard(qtbot, table):
    table.select_row(999)
    qtbot.waitUntil(lambda: table.current() is not None)
    qtbot.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "PO-2024-1000\tNordic Packaging AB\t2024-04-10\tDraft\t1000.25"
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(table.view, Qt.Key.Key_C, both)
    assert QApplication.clipboard().text().splitlines()[0] == "Number\tSupplier\tOrdered\tStatus\tAmount"
    assert "<td>PO-2024-1000</td>" in QApplication.clipboard().mimeData().html()


def test_the_list_model_keeps_qts_rules(qtbot, desk, qtmodeltester):
    Orders.rows = order_rows(450)
    model = ListModel(desk, SPEC)
    model.ask_for(model.request)
    qtbot.waitUntil(lambda: model.is_loaded)
    qtmodeltester.check(model)
    Orders.rows = order_rows(120)
    model.refresh()
    qtbot.waitUntil(lambda: model.rowCount() == 120)
    qtmodeltester.check(model)


class Million(Orders):
    def answer(self) -> ListPage[OrderRow]:
        return ListPage(tuple(Orders.rows), None if self.request.rows_only else 1_000_000, {})


def test_a_million_selected_rows_cost_nothing_at_a_refresh(qtbot, desk, monkeypatch):
    desk.answers[Million] = lambda query: query.answer()
    table = make_table(qtbot, desk, PAGE_SIZE, replace(SPEC, query=Million))
    calls = []
    count_columns = ListModel.columnCount
    monkeypatch.setattr(ListModel, "columnCount", lambda *given: calls.append(1) or count_columns(*given))
    table.view.selectAll()
    table.refresh()
    qtbot.wait(150)
    assert len(calls) < 20_000
    assert len(table.selected()) == PAGE_SIZE


EMPTY_CELLS = """
import erp_desktop.views
from PySide6.QtGui import QStandardItemModel
model = QStandardItemModel(1, 1)
for _ in range(50_000):
    model.index(0, 0).data()
print("still here")
"""


def test_a_program_outlives_many_thousand_empty_cells():
    ended = subprocess.run([sys.executable, "-c", EMPTY_CELLS], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.strip()) == (0, "still here"), ended.stderr


def test_an_empty_list_opened_on_a_choice_of_its_own_tells_what_is_missing_and_not_to_clear_filters(qtbot, desk):
    Orders.rows = []
    spec = replace(SPEC, first_filters=(("status", "confirmed"),), empty_first="No goods are expected")
    table = RecordTable(desk, spec)
    qtbot.addWidget(table)
    table.show()
    qtbot.waitUntil(lambda: table.state.isVisible() and table.state.title.text() == "No goods are expected")
    qtbot.keyClicks(table.filters.search, "PO-1")
    qtbot.waitUntil(lambda: table.state.title.text() == "Nothing matches")
