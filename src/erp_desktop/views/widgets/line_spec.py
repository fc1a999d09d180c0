"""What the lines of a document are made of, and what stands in a cell that is not read yet or cannot be read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from erp_desktop.views.widgets.cells import CellKind
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec

Line = Mapping[str, Any]


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
    `beside` is what `compute` looks at beside the line (the places of the currency): while that stays the same, a line is
    computed once. Without it, every time.
    """

    columns: tuple[LineColumn, ...]
    compute: Callable[[Line], dict[str, Any]] = lambda _line: {}
    fill: Callable[[LookupItem], dict[str, Any]] = lambda _item: {}
    check: Callable[[Line], dict[str, str]] = lambda _line: {}
    keep: tuple[str, ...] = ("id",)
    is_fixed: bool = False
    beside: Callable[[], Any] | None = None


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


__all__ = ["BadCell", "Line", "LineColumn", "LineSpec", "Pending", "settled"]
