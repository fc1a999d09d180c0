"""The lines of a document while they are typed: values, cells that cannot be read yet, sums, undo. No widgets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from erp_desktop.i18n import translate
from erp_desktop.numbers import QTY_PLACES, UNIT_PRICE_PLACES, ZERO
from erp_desktop.views.widgets.cells import CellKind, copied, shown
from erp_desktop.views.widgets.list_model import KIND_ROLE, VALUE_ROLE, alignment
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec
from erp_desktop.views.widgets.reading import NotReadable, quoted, read_number
from erp_desktop.views.widgets.theme import current_theme

Index = QModelIndex | QPersistentModelIndex
Line = Mapping[str, Any]

_PLACES = {CellKind.QTY: QTY_PLACES, CellKind.UNIT_COST: UNIT_PRICE_PLACES, CellKind.MONEY: 4, CellKind.INTEGER: 0}


@dataclass(frozen=True)
class LineColumn:
    """A column of the grid. With `lookup` its cells hold LookupItems; `is_computed` ones are made from the others.

    `read` gives the value of a typed text where the kind alone does not say it (a date); it raises NotReadable.
    With `within` what can be chosen depends on the record in that column (a product's units): `lookup_in` gives the lookup
    for it, a text waits until the record is known, and another record there empties the cell.
    """

    name: str
    heading: str
    kind: CellKind = CellKind.TEXT
    width: int = 0
    is_computed: bool = False
    is_required: bool = False
    lookup: LookupSpec | None = None
    shows_name: bool = False  # of a record that was looked up its name alone, the code where it has none
    places: int = 2  # as shown, of MONEY
    stretches: bool = False
    read: Callable[[str], Any] | None = None
    within: str = ""
    lookup_in: Callable[[LookupItem], LookupSpec] | None = None

    @property
    def is_looked_up(self) -> bool:
        return self.lookup is not None or self.lookup_in is not None

    def lookup_for(self, line: Line) -> LookupSpec | None:
        """What a cell of this column is looked up in; None while the record that it depends on is not known."""
        if self.lookup_in is None:
            return self.lookup
        record = settled(line.get(self.within))
        return self.lookup_in(record) if isinstance(record, LookupItem) else None


@dataclass(frozen=True)
class LineSpec:
    """What a line is made of.

    `compute` gives the computed cells of a line; `fill` what a chosen record proposes for cells still empty (its price);
    `check` the sentences, by column, about values that can be read and do not fit together.
    `keep` names values of a line that no column shows (its id); they stay with the line. With `is_fixed` the lines are
    those shown and no others (an order's lines being counted): none are added, removed or left out for being empty.
    """

    columns: tuple[LineColumn, ...]
    compute: Callable[[Line], dict[str, Any]] = lambda _line: {}
    fill: Callable[[LookupItem], dict[str, Any]] = lambda _item: {}
    check: Callable[[Line], dict[str, str]] = lambda _line: {}
    keep: tuple[str, ...] = ("id",)
    is_fixed: bool = False


@dataclass(frozen=True)
class BadCell:
    """What was typed or pasted and cannot be read: it is kept as it is, with the sentence that says what to do.

    `value` is what it means where it can be read well enough, and was refused.
    """

    text: str
    sentence: str
    value: Any = None


@dataclass
class Pending:
    """A text that is being looked up. Shared by all states of the grid, so that the answer reaches them all."""

    text: str
    outcome: LookupItem | BadCell | None = field(default=None)
    lookup: LookupSpec | None = None  # of its column: what it is looked up in


def settled(value: Any) -> Any:
    """The value of a cell, or what became of its text."""
    return value.outcome if isinstance(value, Pending) and value.outcome is not None else value


class _Change(QUndoCommand):
    """One step of undo: all lines before and after."""

    def __init__(self, model: "LineModel", before: tuple[Line, ...], after: tuple[Line, ...], text: str) -> None:
        super().__init__(text)
        self._model, self._before, self.after = model, before, after

    def redo(self) -> None:
        self._model._set_lines(self.after)

    def undo(self) -> None:
        self._model._set_lines(self._before)


class LineModel(QAbstractTableModel):
    """Lines as a table; unless read-only, an empty one stands at the end."""

    changed = Signal()
    looked_up = Signal(object)  # Pending: please find out

    def __init__(self, spec: LineSpec, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self._lines: tuple[Line, ...] = ()
        self._is_read_only = False
        self.undo_stack = QUndoStack(self)

    # Lines

    def show(self, lines: Sequence[Line]) -> None:
        """Shows saved lines; what was typed and undone before is forgotten."""
        self.undo_stack.clear()
        self.beginResetModel()
        self._lines = tuple(dict(line) for line in lines)
        self.endResetModel()

    def set_read_only(self, read_only: bool) -> None:
        self.beginResetModel()
        self._is_read_only = read_only
        self.endResetModel()

    @property
    def is_read_only(self) -> bool:
        return self._is_read_only

    def lines(self) -> list[dict[str, Any]]:
        """The lines that hold something, computed cells included; what cannot be read is None here, see `problems`."""
        whole = (self._whole(line) for line in self._lines if not self._is_empty(line))
        return [{name: None if isinstance(v, BadCell | Pending) else v for name, v in line.items()} for line in whole]

    def line(self, row: int) -> dict[str, Any]:
        """The line in `row`; an empty one past the end."""
        return self._whole(self._lines[row]) if row < len(self._lines) else {}

    def total(self, name: str) -> Decimal:
        """The sum of a column, leaving out what cannot be read."""
        values = (line.get(name) for line in self.lines())
        return sum((value for value in values if isinstance(value, Decimal)), ZERO)

    def problems(self) -> list[tuple[int, int, str]]:
        """What must be put right, as row, column and sentence: cells that cannot be read, required ones that are empty."""
        found = []
        for row, line in enumerate(self._lines):
            if self._is_empty(line):
                continue
            whole = self._whole(line)
            for number, column in enumerate(self.spec.columns):
                sentence = self._problem(whole.get(column.name), column)
                if sentence:
                    where = translate("LineGrid", "Line {line}, {column}: {problem}")
                    found.append((row, number, where.format(line=row + 1, column=column.heading, problem=sentence)))
        return found

    def _problem(self, value: Any, column: LineColumn) -> str:
        if isinstance(value, BadCell):
            return value.sentence
        if isinstance(value, Pending):
            return translate("LineGrid", "{text} is still being looked up.").format(text=quoted(value.text))
        if column.is_required and value in (None, ""):
            return translate("LineGrid", "fill it in.")
        return ""

    def _is_empty(self, line: Line) -> bool:
        return all(line.get(column.name) in (None, "") for column in self.spec.columns if not column.is_computed)

    def _whole(self, line: Line) -> dict[str, Any]:
        values = {name: settled(value) for name, value in line.items()}
        readable = {name: None if isinstance(value, BadCell | Pending) else value for name, value in values.items()}
        whole = values | self.spec.compute(_Blank(readable))
        for name, sentence in self.spec.check(_Blank(readable)).items():
            whole[name] = BadCell(copied(values[name], CellKind.TEXT), sentence, values[name])
        return whole

    # Changes, each one step of undo

    def change(self, cells: Mapping[tuple[int, int], Any], text: str = "") -> None:
        """Puts typed texts or values into cells (row, column); rows past the end are added."""
        lines = [dict(line) for line in self._lines]
        asked: list[Pending] = []
        for (row, number), given in cells.items():
            column = self.spec.columns[number]
            if column.is_computed or (self.spec.is_fixed and row >= len(lines)):
                continue
            while len(lines) <= row:
                lines.append({})
            value = self._read(given, column, lines[row])
            if _is_another(lines[row].get(column.name), value):
                for dependent in self._dependents(column.name):
                    lines[row].pop(dependent, None)  # what is given for it comes after it
            lines[row][column.name] = value
            if isinstance(value, Pending):
                asked.append(value)
            elif isinstance(value, LookupItem):
                lines[row] = self._filled(lines[row], value)
        self._push(lines, text)
        for pending in asked:
            if pending.lookup is not None:
                self.looked_up.emit(pending)
        for (row, number), given in cells.items():
            if isinstance(given, LookupItem) and row < len(self._lines):
                self._ask_for_what_waited(self.spec.columns[number].name, self._lines[row])

    def remove_lines(self, rows: Sequence[int]) -> None:
        if self.spec.is_fixed:
            return
        gone = set(rows)
        self._push([line for row, line in enumerate(self._lines) if row not in gone], "")

    def insert_line(self, row: int) -> None:
        if self.spec.is_fixed:
            return
        lines = list(self._lines)
        lines.insert(min(row, len(lines)), {})
        self._push(lines, "", trim=False)

    def split_line(self, row: int, line: Line) -> None:
        """Puts `line` below `row`, also where the lines are fixed: a part of that one."""
        lines = list(self._lines)
        lines.insert(row + 1, dict(line))
        self._push(lines, "")

    def settle(self, pending: Pending, outcome: LookupItem | BadCell) -> None:
        """The answer to `looked_up`. It belongs to the step of undo that asked."""
        pending.outcome = outcome
        if isinstance(outcome, LookupItem):
            held = [_column_of(pending, line) for line in self._lines]
            filled = (
                self._filled(line, outcome) if name else line for name, line in zip(held, self._lines, strict=True)
            )
            after = tuple(filled)
            command = self.undo_stack.command(self.undo_stack.index() - 1) if self.undo_stack.index() else None
            if isinstance(command, _Change) and command.after is self._lines:
                command.after = after
            self._set_lines(after)
            for name, line in zip(held, after, strict=True):
                if name:
                    self._ask_for_what_waited(name, line)
            return
        self._set_lines(self._lines)

    def _dependents(self, name: str) -> list[str]:
        return [column.name for column in self.spec.columns if column.within == name]

    def _ask_for_what_waited(self, name: str, line: Line) -> None:
        """The record that other cells of the line depend on is known now."""
        for column in self.spec.columns:
            waiting = line.get(column.name)
            if column.within == name and isinstance(waiting, Pending) and waiting.lookup is None:
                waiting.lookup = column.lookup_for(line)
                self.looked_up.emit(waiting)

    def _filled(self, line: Line, item: LookupItem) -> dict[str, Any]:
        proposed = {name: value for name, value in self.spec.fill(item).items() if line.get(name) in (None, "")}
        return dict(line) | proposed

    def _read(self, given: Any, column: LineColumn, line: Line) -> Any:
        if not isinstance(given, str):
            return given
        typed = given.strip()
        if not typed:
            return None
        if column.is_looked_up:
            return Pending(typed, lookup=column.lookup_for(line))
        if column.read is None and column.kind not in _PLACES:
            return typed
        try:
            return column.read(typed) if column.read is not None else read_number(typed, _PLACES[column.kind])
        except NotReadable as error:
            return BadCell(typed, error.sentence)

    def _push(self, lines: Sequence[Line], text: str, *, trim: bool = True) -> None:
        after = list(lines)
        while trim and not self.spec.is_fixed and after and self._is_empty(after[-1]):
            after.pop()
        if tuple(after) != self._lines:
            self.undo_stack.push(_Change(self, self._lines, tuple(after), text))

    def _set_lines(self, lines: tuple[Line, ...]) -> None:
        before, now = len(self._lines), len(lines)
        empty = self.rowCount() - before  # the empty line that is typed into becomes a line; another comes after it
        if now > before:
            self.beginInsertRows(QModelIndex(), before + empty, now - 1 + empty)
            self._lines = lines
            self.endInsertRows()
        elif now < before:
            self.beginRemoveRows(QModelIndex(), now + empty, before - 1 + empty)
            self._lines = lines
            self.endRemoveRows()
        else:
            self._lines = lines
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))
        self.changed.emit()

    # What Qt asks

    def rowCount(self, parent: Index | None = None) -> int:
        if parent is not None and parent.isValid():
            return 0
        return len(self._lines) + (0 if self._is_read_only or self.spec.is_fixed else 1)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.spec.columns)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self._is_read_only or self.spec.columns[index.column()].is_computed:
            return usual
        return usual | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column = self.spec.columns[index.column()]
        if role == KIND_ROLE:
            return column.kind
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(column.kind)
        value = self.line(index.row()).get(column.name)
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return _text(value, column)
            case Qt.ItemDataRole.EditRole:
                return value.code if isinstance(value, LookupItem) else _text(value, column, raw=True)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleDescriptionRole:
                return value.sentence if isinstance(value, BadCell) else None
            case Qt.ItemDataRole.BackgroundRole:
                return current_theme().color("late_tint") if isinstance(value, BadCell) else None
            case Qt.ItemDataRole.ForegroundRole:
                return current_theme().color("late") if isinstance(value, BadCell) else None
        return value if role == VALUE_ROLE else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not self.flags(index) & Qt.ItemFlag.ItemIsEditable:
            return False
        self.change({(index.row(), index.column()): value})
        return True

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way == Qt.Orientation.Vertical:
            if role == Qt.ItemDataRole.DisplayRole:
                return "*" if section >= len(self._lines) else str(section + 1)
            return None
        if not 0 <= section < len(self.spec.columns):
            return None
        column = self.spec.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{column.heading} *" if column.is_required else column.heading
        return alignment(column.kind) if role == Qt.ItemDataRole.TextAlignmentRole else None


def _is_another(before: Any, now: Any) -> bool:
    """Whether a cell that meant one record does not any more."""
    before = settled(before)
    return isinstance(before, LookupItem) and not (isinstance(now, LookupItem) and now.id == before.id)


def _column_of(pending: Pending, line: Line) -> str:
    """The column whose text is being looked up; empty for a line that has none of it."""
    return next((name for name, value in line.items() if value is pending), "")


class _Blank(dict[str, Any]):
    """A line for computing: what is not there is None."""

    def __missing__(self, _name: str) -> None:
        return None


def _text(value: Any, column: LineColumn, *, raw: bool = False) -> str:
    if isinstance(value, BadCell | Pending):
        return value.text
    if isinstance(value, LookupItem):
        return (value.name or value.code) if column.shows_name else value.text
    return copied(value, column.kind) if raw else shown(value, column.kind, column.places)


__all__ = ["BadCell", "Line", "LineColumn", "LineModel", "LineSpec", "Pending", "settled"]
