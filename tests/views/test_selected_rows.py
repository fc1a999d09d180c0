"""Ctrl+A takes every row of a list, those too that were never on the screen: a command and the clipboard get all or nothing."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from fake_desk import FakeDesk, OrderRow, Orders
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from test_record_table import SPEC, make_table

from erp_desktop.queries.base import ListPage
from erp_desktop.views.widgets.asking import announcements
from erp_desktop.views.widgets.list_model import PAGE_SIZE
from erp_desktop.views.widgets.record_table import MOST_FOLLOWED, RecordTable
from erp_desktop.views.widgets.selected_rows import MOST_COPIED, MOST_TAKEN, merged

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PATIENCE = 60_000


@pytest.fixture
def refused() -> Iterator[list[str]]:
    sentences: list[str] = []
    heard = announcements().refused
    heard.connect(sentences.append)
    yield sentences
    heard.disconnect(sentences.append)


@pytest.fixture
def table(qtbot: QtBot, desk: FakeDesk) -> RecordTable:
    """Nine hundred orders, of which the first page has been read."""
    return make_table(qtbot, desk, 900)


def copy(qtbot: QtBot, table: RecordTable, *, headings: bool = False) -> list[str]:
    QApplication.clipboard().setText("what was there before")
    copied: list[int] = []
    table.view.copied_rows.connect(copied.append)
    qtbot.keyClick(table.view, Qt.Key.Key_C, CONTROL | SHIFT if headings else CONTROL)
    qtbot.waitUntil(lambda: bool(copied), timeout=PATIENCE)
    lines = QApplication.clipboard().text().split("\n")
    assert copied == [len(lines) - headings]
    return lines


def numbers(rows: tuple[OrderRow, ...]) -> list[str]:
    return [row.number for row in rows]


def select(table: RecordTable, first: int, last: int) -> None:
    rows = QItemSelection(table.model.index(first, 0), table.model.index(last, 4))
    table.view.selectionModel().select(rows, QItemSelectionModel.SelectionFlag.ClearAndSelect)


def test_a_command_takes_every_selected_row_though_only_the_first_page_was_read(qtbot, table):
    taken: list[tuple[OrderRow, ...]] = []
    qtbot.keyClick(table.view, Qt.Key.Key_A, CONTROL)
    assert len(table.selected()) == PAGE_SIZE
    assert table.filters.count.text() == "Rows: 900, selected: 900"
    table.take_selected(taken.append)
    qtbot.waitUntil(lambda: bool(taken), timeout=PATIENCE)
    assert numbers(taken[0]) == [row.number for row in Orders.rows]


def test_what_has_been_read_is_taken_at_once(table):
    taken: list[tuple[OrderRow, ...]] = []
    select(table, 3, 5)
    table.take_selected(taken.append)
    assert numbers(taken[0]) == ["PO-2024-0004", "PO-2024-0005", "PO-2024-0006"]


def test_more_rows_than_a_command_takes_are_refused_with_what_to_do_and_none_is_taken(qtbot, desk, refused):
    table = make_table(qtbot, desk, MOST_TAKEN + 1)
    taken: list[tuple[OrderRow, ...]] = []
    qtbot.keyClick(table.view, Qt.Key.Key_A, CONTROL)
    table.take_selected(taken.append)
    assert refused == [
        "1,001 rows are selected, and one command takes at most 1,000. Nothing was done: narrow the list, or select fewer."
    ]
    assert not taken


def test_a_list_that_changed_behind_the_selection_does_nothing_and_says_so(qtbot, table, refused):
    taken: list[tuple[OrderRow, ...]] = []
    qtbot.keyClick(table.view, Qt.Key.Key_A, CONTROL)
    del Orders.rows[0]
    table.take_selected(taken.append)
    qtbot.waitUntil(lambda: bool(refused), timeout=PATIENCE)
    assert refused[0].startswith("The list changed while the selected rows were read. Nothing was done")
    assert not taken


def test_rows_that_were_never_on_the_screen_are_copied_whole(qtbot, table):
    qtbot.keyClick(table.view, Qt.Key.Key_A, CONTROL)
    lines = copy(qtbot, table, headings=True)
    assert lines[0] == "Number\tSupplier\tOrdered\tStatus\tAmount"
    assert [line.split("\t")[0] for line in lines[1:]] == [row.number for row in Orders.rows]
    assert all(all(line.split("\t")) for line in lines)
    assert "<td>PO-2024-0900</td>" in QApplication.clipboard().mimeData().html()


def test_copied_columns_stand_as_on_the_screen_whether_read_or_not(qtbot, table):
    table.view.horizontalHeader().moveSection(4, 0)
    table.view.setColumnHidden(1, True)
    select(table, 0, 1)
    here = copy(qtbot, table)
    assert here == ["1.25\tPO-2024-0001\t2024-01-02\tConfirmed", "2.25\tPO-2024-0002\t2024-01-03\tPartly received"]
    qtbot.keyClick(table.view, Qt.Key.Key_A, CONTROL)
    assert copy(qtbot, table)[:2] == here


class Million(Orders):
    def answer(self) -> ListPage[OrderRow]:
        return ListPage(tuple(Orders.rows), None if self.request.rows_only else 1_000_000, {})


def test_more_rows_than_are_copied_at_once_are_refused_and_the_clipboard_keeps_what_it_had(qtbot, desk, refused):
    desk.answers[Million] = lambda query: query.answer()
    table = make_table(qtbot, desk, PAGE_SIZE, replace(SPEC, query=Million))
    QApplication.clipboard().setText("what was there before")
    qtbot.keyClick(table.view, Qt.Key.Key_A, CONTROL)
    qtbot.keyClick(table.view, Qt.Key.Key_C, CONTROL)
    assert MOST_COPIED == 100_000
    assert refused == [
        "1,000,000 rows are selected, and at most 100,000 are copied at once. Nothing was copied: narrow the list, or select"
        " fewer."
    ]
    assert QApplication.clipboard().text() == "what was there before"


def arrive(qtbot: QtBot, desk: FakeDesk, table: RecordTable, count: int) -> None:
    """An order that nobody had seen comes from the centre and stands first."""
    Orders.rows.insert(0, replace(Orders.rows[0], id=UUID(int=99_999), number="PO-2023-9999"))
    desk.changed.emit(frozenset({"purchase_order"}))
    qtbot.waitUntil(lambda: table.model.rowCount() == count, timeout=PATIENCE)


def test_all_rows_stay_all_rows_when_another_one_arrives(qtbot, desk, table):
    qtbot.keyClick(table.view, Qt.Key.Key_A, CONTROL)
    arrive(qtbot, desk, table, 901)
    assert table.filters.count.text() == "Rows: 901, selected: 901"


@pytest.mark.parametrize(("last", "kept"), [(450, 149), (50 + MOST_FOLLOWED, 0)])
def test_rows_that_nobody_has_read_are_not_exchanged_for_others_when_the_list_moves(qtbot, desk, last, kept):
    table = make_table(qtbot, desk, 3_000)
    said: list[str] = []
    announcements().said.connect(said.append)
    select(table, 50, last)
    arrive(qtbot, desk, table, 3_001)
    announcements().said.disconnect(said.append)
    assert said == ["The list changed: rows that were not read yet are no longer selected. Nothing was done."]
    assert table.view.selected_count() == kept


def test_a_selection_is_not_taken_from_another_order_than_the_one_it_was_made_in(qtbot, table, refused):
    taken: list[tuple[OrderRow, ...]] = []
    qtbot.keyClick(table.view, Qt.Key.Key_A, CONTROL)
    table.model.sort(4, Qt.SortOrder.DescendingOrder)  # not answered yet
    table.take_selected(taken.append)
    qtbot.waitUntil(lambda: bool(refused), timeout=PATIENCE)
    assert not taken


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)).map(lambda one: (one[0], one[0] + one[1]))),
    st.integers(0, 5),
)
def test_merged_ranges_hold_every_row_once_and_stand_apart(ranges, near):
    found = list(merged(ranges, near))
    rows = {row for first, last in ranges for row in range(first, last + 1)}
    held = [row for first, last in found for row in range(first, last + 1)]
    assert rows <= set(held)
    assert near or sorted(rows) == held
    assert all(above[1] + near + 1 < below[0] for above, below in itertools.pairwise(found))
