"""What becomes of each row of a file: its verdict, and its cells as the values of the target's fields.

Here: reading and checking one row after another, and finding what its codes name. Not here: files, writing anything.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Protocol

from erp_desktop.actions.base import Action
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.integrations.fields import ImportField, ImportTarget
from erp_desktop.integrations.lookups import Ask, IdsByCode
from erp_desktop.integrations.mapping import Matching
from erp_desktop.integrations.tables import Cell
from erp_desktop.integrations.tables.cells import (
    BadCell,
    Parser,
    is_blank,
    parse_code,
    parse_day,
    parse_number,
    parse_rate,
    parse_text,
    parse_whole,
    parse_yes_no,
    storable,
)
from erp_desktop.numbers import QTY_PLACES, RATE_PLACES, UNIT_PRICE_PLACES

LONGEST_CODE = 60

IN_COLUMN = QT_TRANSLATE_NOOP("Import", "{field}: {problem}")
MISSING = QT_TRANSLATE_NOOP("Import", "{field} is missing")
UNKNOWN_CODE = QT_TRANSLATE_NOOP("Import", "{field}: there is none with the code {code}")
TWICE = QT_TRANSLATE_NOOP("Import", "The same is in row {row} already")
NEGATIVE = QT_TRANSLATE_NOOP("Import", "{field}: {value} is below zero")


class Verdict(StrEnum):
    """What an import makes of a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    BAD = "bad"


@dataclass
class PlannedRow:
    """A row of the file and what is to become of it. `reason` says why it is bad, translated."""

    number: int
    cells: tuple[Cell, ...]
    values: dict[str, Any] = field(default_factory=dict)
    verdict: Verdict = Verdict.NEW
    reason: str = ""
    step: Any = None  # the planner's own: the action that saves the row, or the document that it belongs to
    is_done: bool = False  # its action was performed

    @property
    def is_bad(self) -> bool:
        return self.verdict is Verdict.BAD

    def refuse(self, sentence: str, **fields: object) -> None:
        """The row is bad; the first reason stays."""
        if not self.is_bad:
            self.verdict, self.reason = Verdict.BAD, storable(translate("Import", sentence).format(**fields))


@dataclass(frozen=True)
class Batch:
    """One action and the rows that it takes in. `parts` are smaller ones to try if it is refused."""

    action: Action
    rows: Sequence[PlannedRow]
    parts: Callable[[], Iterator["Batch"]] | None = None


class Planner(Protocol):
    """Judges the rows of one kind of target, and turns the good ones into actions."""

    def judge(self, rows: list[PlannedRow]) -> None:
        """Fill values, verdict, reason and step of each row. Writes nothing."""
        ...

    def batches(self, rows: list[PlannedRow]) -> Iterator[Batch]:
        """The actions for `rows`, which are all new or changed."""
        ...


class RowReader:
    """Turns cells into values by the target's fields; a code of another table into its id."""

    def __init__(self, target: ImportTarget, matching: Matching, ask: Ask, model: Any = None) -> None:
        self.target = target
        self.matching = matching
        self.ask = ask
        self._parsers = {known.name: self._parser(known, model) for known in target.fields}

    def read(self, row: PlannedRow) -> None:
        """Fills `row.values` with what is given; codes stay codes for `find_codes`. The first bad cell is the row's reason."""
        for known in self.target.fields:
            place = self.matching.columns.get(known.name)
            cell = row.cells[place] if place is not None and place < len(row.cells) else None
            if is_blank(cell):
                cell = self.matching.constants.get(known.name)
                if cell is None:
                    continue
            try:
                row.values[known.name] = self._parsers[known.name](cell)
            except BadCell as problem:
                row.refuse(IN_COLUMN, field=heading_of(known), problem=problem)
            else:
                if known.kind in ("qty", "price", "whole") and row.values[known.name] < 0:
                    row.refuse(NEGATIVE, field=heading_of(known), value=f"{row.values[known.name]:f}")

    def find_codes(self, rows: Sequence[PlannedRow], table: str = "", except_table: str = "") -> None:
        """Puts ids in place of codes, of `table` only or of all but `except_table`; a code that nothing has refuses its row."""
        fields = [
            known
            for known in self.target.fields
            if known.kind == "ref" and known.table != except_table and table in ("", known.table)
        ]
        wanted: defaultdict[str, set[str]] = defaultdict(set)
        for known in fields:
            codes = {row.values[known.name] for row in rows if known.name in row.values}
            wanted[known.table] |= codes | ({known.usual_code} if known.usual_code else set())
        found = {name: self.ask(IdsByCode(name, tuple(sorted(codes)))) for name, codes in wanted.items() if codes}
        for known in fields:
            ids = found.get(known.table, {})
            for row in rows:
                code = row.values.get(known.name)
                if code is None and known.usual_code in ids and known.name in self.target.key:
                    row.values[known.name] = ids[known.usual_code]
                elif code is not None and code in ids:
                    row.values[known.name] = ids[code]
                elif code is not None:
                    row.refuse(UNKNOWN_CODE, field=heading_of(known), code=code)

    def fill_usual(self, rows: Sequence[PlannedRow]) -> None:
        """Rows that are not here yet get the usual rows of other tables where nothing is given."""
        for known in self.target.fields:
            if not known.usual_code:
                continue
            usual = self.ask(IdsByCode(known.table, (known.usual_code,))).get(known.usual_code)
            for row in rows:
                if usual is not None:
                    row.values.setdefault(known.name, usual)

    def refuse_incomplete(self, row: PlannedRow) -> None:
        for known in self.target.fields:
            if known.required and known.name not in row.values:
                row.refuse(MISSING, field=heading_of(known))

    def _parser(self, known: ImportField, model: Any) -> Parser:
        column = model.__table__.columns.get(known.name) if model is not None else None
        length = getattr(getattr(column, "type", None), "length", None) or known.length
        parsers: dict[str, Parser] = {
            "text": partial(parse_text, limit=length),
            "code": partial(parse_code, limit=length),
            "ref": partial(parse_code, limit=LONGEST_CODE),
            "unit": partial(parse_code, limit=length),
            "qty": partial(parse_number, places=QTY_PLACES),
            "price": partial(parse_number, places=UNIT_PRICE_PLACES),
            "rate": partial(parse_rate, places=RATE_PLACES),
            "exchange_rate": partial(parse_number, places=RATE_PLACES),
            "whole": parse_whole,
            "day": partial(parse_day, order=self.matching.dates),
            "yes_no": parse_yes_no,
        }
        return parsers[known.kind]


def heading_of(known: ImportField) -> str:
    """The field's name on screens."""
    return translate("Import", known.heading)
