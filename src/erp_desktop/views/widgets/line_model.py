"""The lines of a document while they are typed: values, cells that cannot be read yet, sums, undo. No widgets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from erp_desktop.i18n import translate
from erp_desktop.numbers import QTY_PLACES, UNIT_PRICE_PLACES, ZERO
from erp_desktop.views.language import current_language
from erp_desktop.views.widgets.cells import CellKind, copied, shown
from erp_desktop.views.widgets.line_spec import BadCell, Line, LineColumn, LineSpec, Pending, settled
from erp_desktop.views.widgets.list_model import KIND_ROLE, VALUE_ROLE, alignment
from erp_desktop.views.widgets.lookup import LookupItem
from erp_desktop.views.widgets.reading import NotReadable, quoted, read_number
from erp_desktop.views.widgets.slices import Slices
from erp_desktop.views.widgets.theme import current_theme

Index = QModelIndex | QPersistentModelIndex

_PLACES = {CellKind.QTY: QTY_PLACES, CellKind.UNIT_COST: UNIT_PRICE_PLACES, CellKind.MONEY: 4, CellKind.INTEGER: 0}

_AT_ONCE = 100  # lines that are worked on before the window's events come in between


class _Line(dict[str, Any]):
    """A line of the model. It is never changed, another one takes its place; so what was computed of it stays with it."""

    __slots__ = ("computed",)

    def __init__(self, values: Line) -> None:
        super().__init__(values)
        self.computed: _Computed | None = None


@dataclass(frozen=True)
class _Computed:
    whole: dict[str, Any]
    readable: dict[str, Any]  # the same; what cannot be read is None
    is_empty: bool
    state: int  # of what is beside the line
    waiting: tuple["Pending", ...]  # it holds until one of these is known


class _Change(QUndoCommand):
    """One step of undo: all lines before and after."""

    def __init__(self, model: "LineModel", before: tuple[_Line, ...], after: tuple[_Line, ...], text: str) -> None:
        super().__init__(text)
        self._model, self._before, self.after = model, before, after

    def redo(self) -> None:
        self._model._set_lines(self.after)

    def undo(self) -> None:
        self._model._set_lines(self._before)


class LineModel(QAbstractTableModel):
    """Lines as a table; unless read-only, an empty one stands at the end."""

    changed = Signal()
    looked_up = Signal(object)  # tuple of Pending: please find out

    def __init__(self, spec: LineSpec, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self._lines: tuple[_Line, ...] = ()
        self._is_read_only = False
        self._beside: tuple[Any, int] = (None, 0)  # what lines are computed from, and how often that has changed
        self.undo_stack = QUndoStack(self)
        self.slices = Slices(self)

    # Lines

    def show(self, lines: Sequence[Line]) -> None:
        """Shows saved lines; what was typed and undone before is forgotten."""
        self.undo_stack.clear()
        self.beginResetModel()
        self._lines = tuple(_Line(line) for line in lines)
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
        return [dict(line.readable) for line in self._computed_lines() if not line.is_empty]

    def line(self, row: int) -> dict[str, Any]:
        """The line in `row`; an empty one past the end."""
        return dict(self._whole(self._lines[row])) if row < len(self._lines) else {}

    def values(self) -> list[Line]:
        """As `line`, of each row but the one past the end. A line that is the same object as before has not changed."""
        return [line.whole for line in self._computed_lines()]

    def count(self) -> int:
        """How many lines hold something."""
        return sum(not line.is_empty for line in self._computed_lines())

    def total(self, name: str) -> Decimal:
        """The sum of a column, leaving out what cannot be read."""
        values = (line.readable.get(name) for line in self._computed_lines() if not line.is_empty)
        return sum((value for value in values if isinstance(value, Decimal)), ZERO)

    def problems(self) -> list[tuple[int, int, str]]:
        """What must be put right, as row, column and sentence: cells that cannot be read, required ones that are empty."""
        found = []
        for row, line in enumerate(self._computed_lines()):
            if line.is_empty:
                continue
            for number, column in enumerate(self.spec.columns):
                sentence = self._problem(line.whole.get(column.name), column)
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

    def _whole(self, line: _Line) -> dict[str, Any]:
        """The line with its computed cells. It is shared: to be read only."""
        return self._computed(line, self._state()).whole

    def _computed_lines(self) -> list[_Computed]:
        state = self._state()
        return [self._computed(line, state) for line in self._lines]

    def _state(self) -> int:
        """Another number whenever lines are to be computed anew."""
        if self.spec.beside is None:
            return 0
        beside, (known, state) = (current_language(), self.spec.beside()), self._beside
        if beside != known:
            state += 1
            self._beside = beside, state
        return state

    def _computed(self, line: _Line, state: int) -> _Computed:
        kept = line.computed
        if kept is not None and kept.state == state and all(one.outcome is None for one in kept.waiting):
            return kept
        values = {name: settled(value) for name, value in line.items()}
        readable = _readable(values)
        whole = values | self.spec.compute(_Blank(readable))
        for name, sentence in self.spec.check(_Blank(readable)).items():
            whole[name] = BadCell(copied(values[name], CellKind.TEXT), sentence, values[name])
        waiting = tuple(value for value in line.values() if isinstance(value, Pending) and value.outcome is None)
        made = _Computed(whole, _readable(whole), self._is_empty(line), state, waiting)
        if self.spec.beside is not None:
            line.computed = made
        return made

    def _compute_ahead(self, line: _Line) -> None:
        if self.spec.beside is not None:
            self._whole(line)

    # Changes, each one step of undo

    def change(self, cells: Mapping[tuple[int, int], Any], text: str = "") -> None:
        """Puts typed texts or values into cells (row, column); rows past the end are added."""
        for _ in self._changing(cells, text):
            pass

    def change_in_slices(self, cells: Mapping[tuple[int, int], Any], text: str) -> None:
        """As `change`, for many cells: it shows once all of them are read."""

        def work() -> Iterator[None]:
            yield from self._changing(cells, text)
            if len(cells) > _AT_ONCE:
                yield  # whoever waits for the end has work of its own

        self.slices.begin(work())

    def _changing(self, cells: Mapping[tuple[int, int], Any], text: str) -> Iterator[None]:
        base: tuple[_Line, ...] | None = None
        while base is not self._lines:  # what was typed between two slices counts: this comes after it
            base = self._lines
            lines: list[_Line] = list(base)
            asked: list[Pending] = []
            rows: dict[int, None] = {}
            for (row, number), given in cells.items():
                column = self.spec.columns[number]
                if column.is_computed or (self.spec.is_fixed and row >= len(lines)):
                    continue
                if row not in rows and len(rows) % _AT_ONCE == _AT_ONCE - 1:
                    yield
                rows[row] = None
                lines += [_Line({}) for _ in range(row + 1 - len(lines))]
                lines[row] = line = self._with(lines[row], column, given)
                value = line[column.name]
                if isinstance(value, Pending):
                    asked.append(value)
            for done, row in enumerate(rows, 1):
                if done % _AT_ONCE == 0:
                    yield
                self._compute_ahead(lines[row])
        self._push(lines, text)
        for (row, number), given in cells.items():
            if isinstance(given, LookupItem) and row < len(self._lines):
                asked += self._waiting_for(self.spec.columns[number].name, self._lines[row])
        self._ask_for(asked)

    def _with(self, line: _Line, column: LineColumn, given: Any) -> _Line:
        """The line with what was given for a cell of it."""
        changed = _Line(line)
        value = self._read(given, column, changed)
        if _is_another(changed.get(column.name), value):
            for dependent in self._dependents(column.name):
                changed.pop(dependent, None)  # what is given for it comes after it
        changed[column.name] = value
        return self._filled(changed, value) if isinstance(value, LookupItem) else changed

    def remove_lines(self, rows: Sequence[int]) -> None:
        if self.spec.is_fixed:
            return
        gone = set(rows)
        self._push([line for row, line in enumerate(self._lines) if row not in gone], "")

    def insert_line(self, row: int) -> None:
        if self.spec.is_fixed:
            return
        lines = list(self._lines)
        lines.insert(min(row, len(lines)), _Line({}))
        self._push(lines, "", trim=False)

    def split_line(self, row: int, line: Line) -> None:
        """Puts `line` below `row`, also where the lines are fixed: a part of that one."""
        lines = list(self._lines)
        lines.insert(row + 1, _Line(line))
        self._push(lines, "")

    def settle(self, outcomes: Sequence[tuple[Pending, LookupItem | BadCell]]) -> None:
        """The answers to `looked_up`: they belong to the step of undo that asked."""
        for pending, outcome in outcomes:
            pending.outcome = outcome
        known = {id(pending) for pending, outcome in outcomes if isinstance(outcome, LookupItem)}

        def work() -> Iterator[None]:
            base: tuple[_Line, ...] | None = None
            while base is not self._lines:
                base, asked = self._lines, []
                after = list(base)
                for row, line in enumerate(base):
                    if row % _AT_ONCE == _AT_ONCE - 1:
                        yield
                    for name in [name for name, value in line.items() if id(value) in known]:
                        after[row] = self._filled(after[row], settled(line[name]))
                        asked += self._waiting_for(name, after[row])
                    if after[row] is not line:
                        self._compute_ahead(after[row])
            self._amend(after)
            self._ask_for(asked)
            if len(after) > _AT_ONCE:
                yield

        self.slices.begin(work())

    def propose(self, find: Callable[[], Mapping[tuple[int, int], Any]]) -> None:
        """Values that the program gives for cells (row, column): they belong to the step of undo that they follow from. `find`
        says which; it is asked again where lines were changed meanwhile."""

        def work() -> Iterator[None]:
            base: tuple[_Line, ...] | None = None
            while base is not self._lines:
                for done, line in enumerate(self._lines, 1):
                    if done % _AT_ONCE == 0:
                        yield
                    self._compute_ahead(line)
                base, cells = self._lines, find()
                after = list(base)
                for done, ((row, number), value) in enumerate(cells.items(), 1):
                    if done % _AT_ONCE == 0:
                        yield
                    after[row] = _Line({**after[row], self.spec.columns[number].name: value})
                    self._compute_ahead(after[row])
            if cells:
                self._amend(after)

        self.slices.begin(work())

    def _amend(self, lines: Sequence[_Line]) -> None:
        """Other lines in the same step of undo."""
        command, after = self.undo_stack.command(self.undo_stack.index() - 1), tuple(lines)
        if isinstance(command, _Change) and command.after is self._lines:
            command.after = after
        self._set_lines(after)

    def _dependents(self, name: str) -> list[str]:
        return [column.name for column in self.spec.columns if column.within == name]

    def _waiting_for(self, name: str, line: Line) -> list[Pending]:
        """The cells of the line that depend on its record in the column `name`, which is known now."""
        waiting = []
        for column in self.spec.columns:
            pending = line.get(column.name)
            if column.within == name and isinstance(pending, Pending) and pending.lookup is None:
                pending.lookup = column.lookup_for(line)
                waiting.append(pending)
        return waiting

    def _ask_for(self, pendings: Sequence[Pending]) -> None:
        """Has them looked up whose record, if they depend on one, is known."""
        asked = tuple(pending for pending in pendings if pending.lookup is not None)
        if asked:
            self.looked_up.emit(asked)

    def _filled(self, line: _Line, item: LookupItem) -> _Line:
        proposed = {name: value for name, value in self.spec.fill(item).items() if line.get(name) in (None, "")}
        return _Line({**line, **proposed})

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

    def _push(self, lines: Sequence[_Line], text: str, *, trim: bool = True) -> None:
        after = list(lines)
        while trim and not self.spec.is_fixed and after and self._is_empty(after[-1]):
            after.pop()
        if tuple(after) != self._lines:
            self.undo_stack.push(_Change(self, self._lines, tuple(after), text))

    def _set_lines(self, lines: tuple[_Line, ...]) -> None:
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
        value = self._whole(self._lines[index.row()]).get(column.name) if index.row() < len(self._lines) else None
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


def _readable(values: Line) -> dict[str, Any]:
    return {name: None if isinstance(value, BadCell | Pending) else value for name, value in values.items()}


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
