"""The grid for the lines of a document: it behaves like a spreadsheet, and what is pasted into it is never lost."""

import csv
import io
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.asking import announcements, say
from erp_desktop.views.widgets.cells import copied
from erp_desktop.views.widgets.line_model import BadCell, Line, LineModel, LineSpec, Pending
from erp_desktop.views.widgets.list_model import KIND_ROLE, VALUE_ROLE
from erp_desktop.views.widgets.looking_up import LookingUp
from erp_desktop.views.widgets.lookup import LookupField, LookupItem
from erp_desktop.views.widgets.reading import NotReadable
from erp_desktop.views.widgets.table_view import stretch_or_scroll
from erp_desktop.views.widgets.theme import ROW_HEIGHT

if TYPE_CHECKING:
    from erp_desktop.desk import Desk

Index = QModelIndex | QPersistentModelIndex

MOST_PASTED = 10_000  # rows


class _LineDelegate(QStyledItemDelegate):
    """Editors of cells: a lookup where the column has one, a plain field elsewhere."""

    def __init__(self, grid: "LineGrid") -> None:
        super().__init__(grid)
        self._grid = grid

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        column = self._grid.model_of_lines.spec.columns[index.column()]
        lookup = column.lookup_for(self._grid.model_of_lines.line(index.row()))
        editor: QLineEdit
        if lookup is not None and self._grid.desk is not None:
            editor = LookupField(parent)
            editor.use(self._grid.desk, lookup)
            editor.chosen.connect(partial(self._chosen, editor))
        else:
            editor = QLineEdit(parent)
        if column.kind.stands_right:
            editor.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        editor.setFrame(False)
        editor.setAccessibleName(column.heading)
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QLineEdit) and not editor.isModified():  # an answer that arrives takes no typing away
            editor.setText(str(index.data(Qt.ItemDataRole.EditRole) or ""))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, LookupField):
            editor.blockSignals(True)
            editor.take_highlighted()
            editor.blockSignals(False)
            try:
                item = editor.value()
            except NotReadable:
                item = None
            editor.stop()
            held = index.data(VALUE_ROLE)
            unchanged = item is None and isinstance(held, LookupItem) and editor.text() == held.code
            if not unchanged:
                model.setData(index, item if item is not None else editor.text())
        elif isinstance(editor, QLineEdit) and editor.text() != str(index.data(Qt.ItemDataRole.EditRole) or ""):
            model.setData(index, editor.text())

    def _chosen(self, editor: LookupField, item: LookupItem | None) -> None:
        if item is not None and editor.hasFocus():
            self.commitData.emit(editor)
            self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.EditNextItem)


class LineGrid(QTableView):
    """`use(desk, spec)` once, then `show_lines`. `changed` at every change by the person."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk: Desk | None = None
        self.model_of_lines = LineModel(LineSpec(()), self)
        self._pasted_rows = 0
        self._waited_for: list[Callable[[], bool]] = []
        self.setItemDelegate(_LineDelegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.AnyKeyPressed | triggers.EditKeyPressed | triggers.DoubleClicked)
        self.setTabKeyNavigation(True)
        self.setWordWrap(False)
        self.setShowGrid(True)
        self.setCornerButtonEnabled(False)
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        rows.setFixedWidth(44)
        rows.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        heads = self.horizontalHeader()
        heads.setHighlightSections(False)
        heads.setFixedHeight(ROW_HEIGHT)

    def use(self, desk: "Desk", spec: LineSpec) -> None:
        """Says what the lines are made of."""
        self.desk = desk
        old = self.model_of_lines
        self.model_of_lines = LineModel(spec, self)
        self.setModel(self.model_of_lines)
        old.deleteLater()
        looking_up = LookingUp(desk, self.model_of_lines.settle, self.model_of_lines)
        self._waited_for = [looking_up.is_waiting]
        self.model_of_lines.changed.connect(self.changed)
        self.model_of_lines.looked_up.connect(looking_up.look_up)
        self.model_of_lines.slices.done.connect(self._sum_up)
        for number, column in enumerate(spec.columns):
            if not column.stretches:
                self.setColumnWidth(number, column.width or column.kind.default_width)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._arrange()

    def _arrange(self) -> None:
        stretch_or_scroll(self, [column.stretches for column in self.model_of_lines.spec.columns])

    # For screens

    def show_column(self, name: str, is_shown: bool) -> None:
        """Shows or hides a column; the others share the room anew."""
        place = next(place for place, one in enumerate(self.model_of_lines.spec.columns) if one.name == name)
        if self.isColumnHidden(place) == is_shown:
            self.setColumnHidden(place, not is_shown)
            self._arrange()

    def show_lines(self, lines: list[Line]) -> None:
        """Shows saved lines: dicts by column name, and what `spec.keep` names."""
        self.model_of_lines.show(lines)

    def lines(self) -> list[dict[str, Any]]:
        """The lines that hold something; see LineModel.lines."""
        return self.model_of_lines.lines()

    def line_here(self) -> dict[str, Any]:
        """The line under the cursor; nothing where there is none."""
        row = self.currentIndex().row()
        return self.model_of_lines.line(row) if row >= 0 else {}

    def problems(self) -> list[tuple[int, int, str]]:
        """What must be put right: row, column, sentence."""
        return self.model_of_lines.problems()

    def go_to(self, row: int, column: int) -> None:
        """Puts the cursor into a cell."""
        self.setCurrentIndex(self.model_of_lines.index(row, column))
        self.setFocus()

    def set_read_only(self, read_only: bool) -> None:
        self.model_of_lines.set_read_only(read_only)

    @property
    def is_waiting(self) -> bool:
        """What was typed or pasted is still being read or looked up, or something asked for it is."""
        return self.model_of_lines.slices.is_busy or any(is_waiting() for is_waiting in self._waited_for)

    def wait_for(self, is_waiting: Callable[[], bool]) -> None:
        """Something else is asked for what is in the lines (their prices)."""
        self._waited_for.append(is_waiting)

    def _sum_up(self) -> None:
        if self._pasted_rows and not self._waited_for[0]():
            bad = len({row for row, _, _ in self.problems()})
            text = translate("LineGrid", "Rows added: {rows}, to fix: {bad}")
            say(text.format(rows=self._pasted_rows, bad=bad))
            self._pasted_rows = 0

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._do(event):
            super().keyPressEvent(event)

    def _do(self, event: QKeyEvent) -> bool:
        keys, control = Qt.Key, Qt.KeyboardModifier.ControlModifier
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return True
        if event.key() in (keys.Key_Return, keys.Key_Enter) and not held:
            if self.state() != QAbstractItemView.State.EditingState:  # else closing the editor goes down
                self._go_down()
            return True
        if self.model_of_lines.is_read_only:
            return False
        stack = self.model_of_lines.undo_stack
        actions = {
            (keys.Key_V, control): self.paste,
            (keys.Key_D, control): self.fill_down,
            (keys.Key_Minus, control): self.remove_selected_lines,
            (keys.Key_Equal, control | Qt.KeyboardModifier.ShiftModifier): self.insert_line,
            (keys.Key_Plus, control | Qt.KeyboardModifier.ShiftModifier): self.insert_line,
            (keys.Key_Z, control): stack.undo,
            (keys.Key_Y, control): stack.redo,
            (keys.Key_Delete, Qt.KeyboardModifier.NoModifier): self.clear_cells,
        }
        action = actions.get((Qt.Key(event.key()), held))
        if action is None:
            return False
        self.model_of_lines.slices.finish()  # what is still being pasted comes before this
        action()
        return True

    def _go_down(self) -> None:
        index = self.currentIndex()
        if index.isValid() and index.row() + 1 < self.model_of_lines.rowCount():
            self.setCurrentIndex(self.model_of_lines.index(index.row() + 1, index.column()))

    def commitData(self, editor: QWidget) -> None:
        if not editor.property("isClosed"):
            super().commitData(editor)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """Enter goes down, as in a spreadsheet; Tab to the next cell, without opening it."""
        if editor.property("isClosed"):
            return  # Enter took a record from the list and closed the cell already
        editor.setProperty("isClosed", True)
        super().closeEditor(editor, QAbstractItemDelegate.EndEditHint.NoHint)
        hints = QAbstractItemDelegate.EndEditHint
        action = QAbstractItemView.CursorAction
        if hint == hints.SubmitModelCache:
            self._go_down()
        elif hint in (hints.EditNextItem, hints.EditPreviousItem):
            step = action.MoveNext if hint == hints.EditNextItem else action.MovePrevious
            self.setCurrentIndex(self.moveCursor(step, Qt.KeyboardModifier.NoModifier))

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Tab skips what cannot be typed into; after the last cell it leaves the grid."""
        actions = QAbstractItemView.CursorAction
        if action not in (actions.MoveNext, actions.MovePrevious):
            return super().moveCursor(action, modifiers)
        here, model = self.currentIndex(), self.model_of_lines
        step = 1 if action == actions.MoveNext else -1
        columns = model.columnCount()
        place = here.row() * columns + here.column() + step if here.isValid() else 0
        while columns and 0 <= place < model.rowCount() * columns:
            index = model.index(*divmod(place, columns))
            if model.flags(index) & Qt.ItemFlag.ItemIsEditable:
                return index
            place += step
        return here

    # Blocks of cells

    def _block(self) -> list[QModelIndex]:
        return sorted(self.selectedIndexes(), key=lambda index: (index.row(), index.column()))

    def copy(self) -> None:
        """The selected block as tab-separated text with raw values; of a looked-up record its code."""
        rows: dict[int, list[str]] = {}
        for index in self._block():
            value = index.data(VALUE_ROLE)
            if isinstance(value, LookupItem):
                text = value.code
            elif isinstance(value, BadCell | Pending):
                text = value.text
            else:
                text = copied(value, index.data(KIND_ROLE))
            rows.setdefault(index.row(), []).append(text)
        QApplication.clipboard().setText("\n".join("\t".join(cells) for cells in rows.values()))

    def paste(self) -> None:
        """A block from a spreadsheet: by its headings if its first row holds ours, else from the cursor on."""
        text = QApplication.clipboard().text().replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # one cell may be all of it
        block = list(islice(csv.reader(io.StringIO(text), delimiter="\t"), MOST_PASTED + 2))
        if not block:
            return
        here = self.currentIndex()
        first_row, first_column = (here.row(), here.column()) if here.isValid() else (0, 0)
        targets = self._columns_by_heading(block[0])
        if targets is not None:
            block, first_row = block[1:], len(self.model_of_lines.lines())
        else:
            targets = [first_column + place for place in range(max(len(row) for row in block))]
        if len(block) > MOST_PASTED:
            most = f"{MOST_PASTED:,}"
            text = translate(
                "LineGrid",
                "More than {most} rows were copied, so nothing was pasted. Paste them in parts of at most {most} rows.",
            )
            announcements().refused.emit(text.format(most=most))
            return
        columns = self.model_of_lines.spec.columns
        cells: dict[tuple[int, int], str] = {}
        for down, row in enumerate(block):
            for text_of_cell, target in zip(row, targets, strict=False):
                if target is not None and target < len(columns) and not columns[target].is_computed:
                    cells[first_row + down, target] = text_of_cell
        self._pasted_rows = len(block)
        self.model_of_lines.change_in_slices(cells, translate("LineGrid", "Paste"))

    def _columns_by_heading(self, first: list[str]) -> list[int | None] | None:
        headings = {}
        for number, column in enumerate(self.model_of_lines.spec.columns):
            headings[column.heading.casefold()] = number
            headings[column.name.casefold()] = number
        found = [headings.get(cell.strip().rstrip("* ").casefold()) for cell in first]
        named = [number for number in found if number is not None]
        return found if len(named) >= max(1, (len([cell for cell in first if cell.strip()]) + 1) // 2) else None

    def fill_down(self) -> None:
        """The first row of the selected block goes into all rows of it; a single cell takes what is above it."""
        block = self._block()
        if not block:
            return
        top = block[0].row()
        if top == block[-1].row():
            top -= 1
        if top < 0:
            return
        cells = {}
        for index in block:
            value = self.model_of_lines.index(top, index.column()).data(VALUE_ROLE)
            if isinstance(value, LookupItem) and self.model_of_lines.spec.columns[index.column()].within:
                value = value.code  # of another record it is to be looked up again
            cells[index.row(), index.column()] = value.text if isinstance(value, BadCell | Pending) else value
        self.model_of_lines.change(cells, translate("LineGrid", "Fill down"))

    def clear_cells(self) -> None:
        """Empties the selected cells."""
        lines = len(self.model_of_lines.lines())
        self.model_of_lines.change({(i.row(), i.column()): None for i in self._block() if i.row() < lines})

    def remove_selected_lines(self) -> None:
        self.model_of_lines.remove_lines(sorted({index.row() for index in self._block()}))

    def insert_line(self) -> None:
        """An empty line above the cursor."""
        if self.currentIndex().isValid():
            self.model_of_lines.insert_line(self.currentIndex().row())

    def event(self, event: QEvent) -> bool:
        """The grid's own keys come before the window's shortcuts while it has the keyboard."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            own = (
                Qt.Key.Key_D,
                Qt.Key.Key_Minus,
                Qt.Key.Key_Z,
                Qt.Key.Key_Y,
                Qt.Key.Key_V,
                Qt.Key.Key_C,
                Qt.Key.Key_Equal,
            )
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier and event.key() in own:
                event.accept()
                return True
        return super().event(event)
