"""THE shared table: every list of the program is one of these over a list query."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.views.widgets.asking import Failure, announcements, say, when_done
from erp_desktop.views.widgets.filter_bar import FilterBar
from erp_desktop.views.widgets.list_model import ListModel, ListSpec
from erp_desktop.views.widgets.selected_rows import (
    MOST_TAKEN,
    Parcel,
    ParcelOf,
    RowsAt,
    list_has_changed,
    no_longer_selected,
    reading,
    too_many_to_take,
)
from erp_desktop.views.widgets.state_page import StatePage
from erp_desktop.views.widgets.table_view import TableView, TotalsRow

if TYPE_CHECKING:
    from erp_desktop.desk import Desk

_SIGN_OF_WORK_MS = 150
MOST_FOLLOWED = 2_000  # selected rows; a larger selection (Ctrl+A) stays on its rows during a refresh
_REFRESH_PAUSE_MS = 60  # several changes in a row make one refresh


class RecordTable(QWidget):
    """A list with search, filters, order, totals and the five states.

    `opened` carries the record of Enter or a double click, `current_changed` the record under the cursor (or None),
    `selection_changed` says that `selected()` differs. `offer` are the buttons of an empty list: (text, what it does).
    """

    opened = Signal(object)
    current_changed = Signal(object)
    selection_changed = Signal()

    def __init__(
        self,
        desk: "Desk",
        spec: ListSpec,
        parent: QWidget | None = None,
        offer: tuple[tuple[str, Callable[[], object]], ...] = (),
    ) -> None:
        super().__init__(parent)
        self.spec = spec = spec.seen_with(desk.permissions)
        self._desk = desk
        self._offer = offer
        self._selected: list[tuple[int, UUID | None]] = []  # row and record; None for a row that was not here yet
        self._current_id: UUID | None = None
        self._follows = True  # the selection is small enough to follow its records
        self._has_unread = False  # rows are selected of which nobody knows here which records they are
        self._has_all = False  # and they are all that there are: they stay so
        self._places: dict[int, UUID] = {}  # of the rows that were here, before they moved
        self._count = 0  # of rows, before
        self._copies = 0  # the latest copy counts
        self._scrolled_to = 0
        self._waits_for_rows = True  # the first rows get the keyboard
        self.model = ListModel(desk, spec, self)
        self.filters = FilterBar(spec.filters, spec.search_hint, self)
        self.filters.show_without_telling(spec.first_filters)
        self.view = TableView(self)
        self.view.setModel(self.model)
        self.view.lay_out(spec.columns)
        self.view.setAccessibleName(spec.name or translate("Table", "List"))
        self.totals = TotalsRow(self.view, self)
        self.state = StatePage(self)
        self._show_order()

        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.state)
        self._stack.addWidget(QWidget(self))  # nothing at all for the first 150 ms
        self._stack.setCurrentIndex(2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.filters)
        rows = QVBoxLayout()
        rows.setSpacing(0)
        rows.addWidget(self._stack, 1)
        rows.addWidget(self.totals)
        layout.addLayout(rows, 1)

        self.filters.changed.connect(self._filter)
        self.view.horizontalHeader().sortIndicatorChanged.connect(self._sort)
        self.view.row_opened.connect(self._open)
        self.view.copied_rows.connect(self._tell_copied)
        self.view.copies_unread = self._copy_unread
        self.view.selectionModel().selectionChanged.connect(self._note_selection)
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self.current_changed.emit(self.current()))
        self.model.about_to_change.connect(self._remember)
        self.model.changed_rows.connect(self._restore)
        self.model.loaded.connect(self._show_loaded)
        self.model.failed.connect(self._show_failed)
        here = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence.StandardKey.Find, self, self._go_to_search, context=here)
        QShortcut(QKeySequence("Down"), self.filters.search, self.focus_rows, context=Qt.ShortcutContext.WidgetShortcut)
        self._refreshing = QTimer(self, singleShot=True, interval=_REFRESH_PAUSE_MS)
        self._refreshing.timeout.connect(self.refresh)
        self._loading = QTimer(self, singleShot=True, interval=_SIGN_OF_WORK_MS)
        self._loading.timeout.connect(self._show_loading)
        self._loading.start()
        self._tables = spec.tables or frozenset(getattr(spec.query, "tables", frozenset()))
        desk.changed.connect(self._notice)
        self.setFocusProxy(self.view)
        self.model.ask_for(self.model.request)

    # For screens

    def refresh(self) -> None:
        """Asks again for what is shown; rows, selection and cursor stay where they are."""
        self.model.refresh()

    def current(self) -> Any | None:
        """The record under the cursor, or None."""
        index = self.view.currentIndex()
        return self.model.row_at(index.row()) if index.isValid() else None

    def selected(self) -> list[Any]:
        """The selected records that are loaded, from top to bottom; a command takes `take_selected`, which are all."""
        ranges = self.view.selected_ranges()
        return [
            record for row, record in self.model.loaded_rows() if any(first <= row <= last for first, last in ranges)
        ]

    def take_selected(self, then: Callable[[tuple[Any, ...]], object]) -> None:
        """Calls `then` with every selected record, from top to bottom: at once, or when those are read that were not here yet.

        More than MOST_TAKEN are refused with a sentence, and a list that changed meanwhile; `then` is not called then.
        """
        count = self.view.selected_count()
        if count > MOST_TAKEN:
            announcements().refused.emit(too_many_to_take(count))
            return
        here = self.model.records_in(self.view.selected_ranges())
        if here is not None:
            then(tuple(here))
            return

        def take(rows: tuple[Any, ...] | None) -> None:
            if rows is None:
                announcements().refused.emit(list_has_changed())
            else:
                then(rows)

        say(reading(count))
        when_done(self._desk.ask(self._selected_rows()), self, take)

    def select_row(self, row: int) -> None:
        """Puts the cursor on `row`."""
        self.view.selectRow(row)
        self.view.setCurrentIndex(self.model.index(row, 0))

    def set_filter(self, name: str, value: Any) -> None:
        """Narrows the list as if the person had chosen it."""
        self.filters.set_filter(name, value)

    def set_filters(self, filters: tuple[tuple[str, Any], ...]) -> None:
        """Shows what `filters` leave and nothing narrower, the search emptied."""
        self.filters.search.clear()
        self.filters.show_without_telling(filters)
        self._ask(filters)

    def set_spec(self, spec: ListSpec) -> None:
        """Lists something else with the same columns (another warehouse): `spec.query` may differ, nothing else."""
        self.spec = self.model.spec = spec.seen_with(self._desk.permissions)
        self.model.ask_for(self.model.request)

    def focus_rows(self) -> None:
        """Leaves the search field for the first row, or the row that was left."""
        if self.model.rowCount():
            if not self.view.currentIndex().isValid():
                self.select_row(0)
            self.view.setFocus()

    # Questions

    def _filter(self) -> None:
        self._ask(self.filters.filters)

    def _ask(self, filters: tuple[tuple[str, Any], ...]) -> None:
        request = replace(self.model.request, search=self.filters.search.text().strip(), filters=filters)
        self._forget()
        self.view.scrollToTop()
        self._loading.start()
        self.model.ask_for(request)

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        if column < 0 or self.spec.columns[column].is_sortable:
            self.model.sort(column, order)
        else:
            self._show_order()

    def _show_order(self) -> None:
        heads = self.view.horizontalHeader()
        names = [column.name for column in self.spec.columns]
        now = self.model.request
        heads.blockSignals(True)
        heads.setSectionsClickable(True)
        heads.setSortIndicatorShown(True)
        heads.setSortIndicator(
            names.index(now.sort) if now.sort in names else -1,
            Qt.SortOrder.DescendingOrder if now.descending else Qt.SortOrder.AscendingOrder,
        )
        heads.blockSignals(False)

    def _notice(self, tables: frozenset[str]) -> None:
        if tables & self._tables and not self._refreshing.isActive():
            self._refreshing.start()

    def _open(self, row: int) -> None:
        record = self.model.row_at(row)
        if record is not None:
            self.opened.emit(record)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F5 that no page around this list has taken. As a shortcut of its own it would stand against the page's, and neither ran."""
        if event.key() == Qt.Key.Key_F5 and not event.modifiers():
            self.refresh()
        else:
            super().keyPressEvent(event)

    def _go_to_search(self) -> None:
        self.filters.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filters.search.selectAll()

    def _tell_copied(self, count: int) -> None:
        say(translate("Table", "Rows copied: {count}").format(count=count))

    def _copy_unread(self, with_headings: bool) -> bool:
        """Copies the selected rows itself if some of them have to be read first."""
        self._copies += 1
        if self.model.records_in(self.view.selected_ranges()) is not None:
            return False
        columns = tuple(self.spec.columns[column] for column in self.view.columns_shown())
        say(reading(self.view.selected_count()))
        packing = self._desk.ask(ParcelOf(self._selected_rows(), columns, with_headings))
        when_done(packing, self, partial(self._put_on_clipboard, self._copies))
        return True

    def _put_on_clipboard(self, number: int, rows: Parcel | None) -> None:
        if number != self._copies:
            return
        if rows is None:
            announcements().refused.emit(list_has_changed())
        else:
            self.view.put_on_clipboard(rows)

    def _selected_rows(self) -> RowsAt:
        ranges = tuple(self.view.selected_ranges())
        known = tuple(
            (row, record.id)
            for row, record in self.model.loaded_rows()
            if any(first <= row <= last for first, last in ranges)
        )
        return RowsAt(self.spec.query, self.model.request, ranges, known)

    def _note_selection(self) -> None:
        self._show_count()
        self.selection_changed.emit()

    def _show_count(self) -> None:
        """How many rows there are, and how many of them a command takes."""
        count, selected = self.model.rowCount(), self.view.selected_count()
        text = translate("Table", "Rows: {count}")
        if selected > 1:
            text = translate("Table", "Rows: {count}, selected: {selected}")
        self.filters.count.setText(text.format(count=f"{count:,}", selected=f"{selected:,}"))

    # Selection by id

    def _forget(self) -> None:
        self._selected, self._current_id = [], None
        self.view.clearSelection()

    def _remember(self) -> None:
        here = dict(self.model.loaded_rows())
        current = here.get(self.view.currentIndex().row())
        self._current_id = current.id if current is not None else None
        self._places = {row: record.id for row, record in here.items()}
        self._count = self.model.rowCount()
        rows = self.view.selected_rows(MOST_FOLLOWED + 1)
        self._follows = len(rows) <= MOST_FOLLOWED
        self._selected = [(row, here[row].id if row in here else None) for row in rows] if self._follows else []
        self._has_unread = not self._follows or any(record is None for _, record in self._selected)
        self._has_all = self._has_unread and self.model.rowCount() == self.view.selected_count()
        self._scrolled_to = self.view.verticalScrollBar().value()

    def _restore(self) -> None:
        place_of = {record.id: row for row, record in self.model.loaded_rows()}
        selected = self._selected
        if self._has_unread and not self._has_all and self._have_moved(place_of):
            selected = [(row, record) for row, record in selected if record is not None]
            if not self._follows:
                self.view.clearSelection()
            say(no_longer_selected())
        found = (place_of.get(record) if record is not None else row for row, record in selected)
        rows = sorted(row for row in found if row is not None and row < self.model.rowCount())
        if self._has_all:
            if self.view.selected_count() != self.model.rowCount():
                self.view.selectAll()
        elif self._follows and rows != self.view.selected_rows(MOST_FOLLOWED + 1):
            chosen = QItemSelection()
            last = self.model.columnCount() - 1
            for row in rows:
                chosen.select(self.model.index(row, 0), self.model.index(row, last))
            self.view.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        current = place_of.get(self._current_id) if self._current_id else None
        if current is not None and current != self.view.currentIndex().row():
            index = self.model.index(current, max(self.view.currentIndex().column(), 0))
            self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.view.verticalScrollBar().setValue(self._scrolled_to)

    def _have_moved(self, place_of: dict[UUID, int]) -> bool:
        """Other records stand where some stood, or more or fewer rows match: what was not read yet may have moved too."""
        if self.model.rowCount() != self._count:
            return True
        before = self._places
        return any(before.get(row, record) != record for record, row in place_of.items())

    # States

    def _show_loading(self) -> None:
        if not self.model.is_loaded:
            self.state.show_state("clock", translate("Table", "Loading"))
            self._stack.setCurrentWidget(self.state)

    def _show_loaded(self) -> None:
        self._loading.stop()
        count = self.model.rowCount()
        self._show_count()
        texts = self.model.total_texts if count else {}
        by_number = {n: texts[column.name] for n, column in enumerate(self.spec.columns) if column.name in texts}
        self.totals.setVisible(bool(by_number))
        title = translate("Table", "Total of filtered rows") if self.model.is_filtered else translate("Table", "Total")
        self.totals.show_totals(title, by_number)
        if count:
            self._stack.setCurrentWidget(self.view)
            focused = QApplication.focusWidget()
            if (
                self._waits_for_rows
                and (focused is None or self.isAncestorOf(focused))
                and focused is not self.filters.search
            ):
                self.view.setFocus()
            self._waits_for_rows = False
        else:
            self._show_empty()

    def _show_empty(self) -> None:
        """Nothing yet, with what to do about it; or nothing that matches. At first the keyboard goes to the first button."""
        spec, request = self.spec, self.model.request
        as_opened = not request.search and request.filters == spec.first_filters
        if self.model.is_filtered and not (spec.empty_first and as_opened):
            clear = (translate("Table", "Clear filters"), self.filters.clear)
            self.state.show_state("search", translate("Table", "Nothing matches"), buttons=(clear,))
            self._stack.setCurrentWidget(self.state)
            return
        text = spec.empty_first if self.model.is_filtered else spec.empty_text
        self.state.show_state("ring", text or translate("Table", "Nothing here yet"), spec.empty_detail, self._offer)
        self._stack.setCurrentWidget(self.state)
        focused = QApplication.focusWidget()
        has_keyboard = focused is not None and self.isAncestorOf(focused) and focused is not self.filters.search
        if self._offer and self._waits_for_rows and has_keyboard:
            self.state.button().setFocus()

    def _show_failed(self, what: Failure | Refused) -> None:
        self._loading.stop()
        again = (translate("Table", "Try again"), self.refresh)
        if isinstance(what, Refused):
            self.state.show_state("pause", what.problem.sentence, "", (again,))
        else:
            detail = translate("Table", "Your work is safe. Tell support the reference {reference} if it stays so.")
            title = translate("Table", "This list could not be read")
            self.state.show_state("triangle", title, detail.format(reference=what.reference), (again,))
        self._stack.setCurrentWidget(self.state)
