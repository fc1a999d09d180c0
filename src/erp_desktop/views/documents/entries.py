"""An entry that was refused, as its own form shows it again: what the action says for each field and for each column.

Here: from an action's arguments to a form's values, by their names. Not here: widgets, and which form an action has.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from erp_desktop.actions.base import Action
from erp_desktop.actions.drafts import LINE
from erp_desktop.actions.refusals import Problem
from erp_desktop.actions.saving import Save
from erp_desktop.i18n import translate
from erp_desktop.numbers import ZERO
from erp_desktop.queries.entry_names import Called
from erp_desktop.queries.line_units import UnitChoice
from erp_desktop.views.documents import lookups
from erp_desktop.views.widgets.line_model import LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupItem

_PERCENT = Decimal(100)

_ARGUMENTS = {  # of a column that is not called as the line's argument
    "bin": ("bin_id", "from_bin_id"),
    "counted": ("counted_qty", "qty"),
    "expires": ("expires_on",),
    "level": ("price_level_id",),
    "lot": ("lot_id", "lot_code"),
}
_EMPTY_AT_ZERO = frozenset({"credit", "debit", "discount"})


@dataclass(frozen=True)
class RefusedEntry:
    """An action that waits in Needs attention as `item_id`, and why. `called` says what the records are that it names."""

    item_id: UUID
    action: Action
    problem: Problem
    called: Mapping[UUID, Called]

    @property
    def changed(self) -> frozenset[str] | None:
        """What the person changed of a record that was there, by argument and line; None where all of it is theirs."""
        before = getattr(self.action, "before", None)
        return None if before is None else frozenset(before)

    @property
    def made_id(self) -> UUID | None:
        """The document that comes of it: its first argument."""
        first = getattr(self.action, fields(self.action)[0].name)  # type: ignore[arg-type]  # actions are dataclasses
        return first if isinstance(first, UUID) else None

    @property
    def lines(self) -> tuple[Any, ...]:
        lines: tuple[Any, ...] = getattr(self.action, "lines", ())
        return lines

    def takes_its_place(self, action: Action) -> bool:
        """Whether performing `action` corrects this entry, and is not something else that its form can do."""
        return type(action) is type(self.action) or bool(_saved_by(action) & _saved_by(self.action))

    def field_values(self, names: Iterable[str]) -> dict[str, Any]:
        """The form's values for those of its fields `names` that the person had given or changed."""
        values = {}
        for name in names:
            argument = next((one for one in (f"{name}_id", name) if hasattr(self.action, one)), None)
            if argument is not None and (self.changed is None or argument in self.changed):
                values[name] = self.shown(getattr(self.action, argument))
        return values

    def cells(self, line: Any, spec: LineSpec) -> dict[str, Any]:
        """A line of the action as the grid shows it, without what is looked up within another cell (a unit). Of a row that was
        there already, what the person had changed."""
        before = getattr(line, "before", None)
        shown = {
            column.name: self._cell(line, column)
            for column in spec.columns
            if _is_typed(column) and (before is None or not before.keys().isdisjoint(_arguments_of(column)))
        }
        if getattr(line, "is_scrapped", False):
            shown["scrap"] = line.qty
        if isinstance(line, Save):
            return {"id": line.row_id} | shown
        first = fields(line)[0].name
        return {"id": getattr(line, first)} | shown if first.endswith("line_id") else shown

    def unit_code(self, line: Any) -> str:
        """The unit that a line was entered in; empty for the stock unit."""
        unit = self.called.get(getattr(line, "unit_id", None) or UUID(int=0))
        return unit.code if unit is not None else ""

    def shown(self, value: Any) -> Any:
        """A value as a field holds it: a record as it is called, nothing for one that is not here."""
        if not isinstance(value, UUID):
            return value
        called = self.called.get(value)
        return lookups.item(value, called.code, called.name, called.name_zh) if called is not None else None

    def _cell(self, line: Any, column: LineColumn) -> Any:
        value = next((getattr(line, one) for one in _arguments_of(column) if hasattr(line, one)), None)
        if column.name in _EMPTY_AT_ZERO and value == ZERO:
            return None
        if column.name == "discount" and isinstance(value, Decimal):
            return (value * _PERCENT).normalize() + ZERO
        return self.shown(value)

    def in_place_of(self, stored: Sequence[Mapping[str, Any]], spec: LineSpec) -> list[dict[str, Any]]:
        """The lines of a draft: of the `stored` ones those that the person did not touch, theirs in the place of the others."""
        changed = self.changed
        if changed is None:
            return [self.cells(line, spec) for line in self.lines]
        mine = {line.line_id: line for line in self.lines}
        lines: list[dict[str, Any]] = []
        for known in stored:
            line_id = known.get("id")
            if f"{LINE}{line_id}" not in changed:
                lines.append(dict(known))
            elif line_id in mine:
                kept = {name: value for name, value in known.items() if name != "unit" or _is_in(value, mine[line_id])}
                lines.append(kept | self.cells(mine[line_id], spec))
        there = {known.get("id") for known in stored}
        added = (line for line in self.lines if line.line_id not in there and f"{LINE}{line.line_id}" in changed)
        return lines + [self.cells(line, spec) for line in added]


def put_together(
    parts: Sequence[Mapping[str, Any]], qty: str, in_one: Callable[[Mapping[str, Any]], bool] = lambda _part: False
) -> list[dict[str, Any]]:
    """Lines of an action that were one line of its form: those that differ only by the quantity, in the column `qty`, and what
    of it is scrapped. Those of `in_one` also by their lots, which stood in one cell."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for part in parts:
        apart = {qty, "scrap", *(("lot", "expires") if in_one(part) else ())}
        found.setdefault(repr({name: value for name, value in part.items() if name not in apart}), []).append(part)
    together = []
    for alike in found.values():
        one = dict(alike[0]) | {qty: sum((part[qty] for part in alike), ZERO)}
        if "scrap" in one:
            one["scrap"] = sum((part.get("scrap") or ZERO for part in alike), ZERO) or None
        if in_one(one):
            one["lot"] = ", ".join(part["lot"] for part in alike)
        together.append(one)
    return together


def introduction(left_out: int = 0) -> str:
    """What is said above a form that holds a refused entry; `left_out`: lines that have no place in it any more."""
    said = translate(
        "RefusedEntry",
        "This could not be carried out and waits in Needs attention. What you send here takes its place.",
    )
    if not left_out:
        return said
    gone = translate("RefusedEntry", "Lines left out because they have no place here any more: {count}.")
    return f"{said} {gone.format(count=left_out)}"


def named_in(action: Action) -> frozenset[tuple[str, UUID]]:
    """What an action and its lines name by id, as pairs of argument and id."""
    return frozenset(
        (one.name, named)
        for part in (action, *_rows_in(action))
        for one in fields(part)
        for named in _as_tuple(getattr(part, one.name))
        if isinstance(named, UUID)
    )


def _rows_in(action: Any) -> list[Any]:
    """The lines of an action, and the rows of a batch."""
    return [row for one in fields(action) for row in _as_tuple(getattr(action, one.name)) if is_dataclass(row)]


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _saved_by(action: Action) -> set[UUID]:
    """The records that it saves, alone or in a batch."""
    return {row.row_id for row in (action, *_rows_in(action)) if isinstance(row, Save)}


def _arguments_of(column: LineColumn) -> tuple[str, ...]:
    return _ARGUMENTS.get(column.name, (f"{column.name}_id", column.name))


def _is_in(unit: Any, line: Any) -> bool:
    """Whether a saved line's unit is still the one that `line` was typed in."""
    if not isinstance(unit, LookupItem) or not isinstance(unit.row, UnitChoice):
        return False
    return unit.id == line.unit_id or (line.unit_id is None and unit.row.factor.is_one)


def _is_typed(column: LineColumn) -> bool:
    return not column.is_computed and not column.within
