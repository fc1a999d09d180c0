"""How the doctor compares: two ways to the same figure in one statement, and each difference in words.

Here: what a difference and a check are. Not here: the checks themselves (doctor_stock.py, doctor_money.py).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SelectBase, func, literal, select, union_all
from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.models.ledger import Account, JournalEntry, Period
from erp_desktop.models.product import Product
from erp_desktop.models.stock import Bin, Warehouse

MOST_PER_CHECK = 200  # enough to see what is wrong; a damaged table would otherwise name every row


@dataclass(frozen=True)
class Difference:
    """One figure that is not what it should be. `what` is source text (context "Doctor"), `where` names records."""

    what: str
    where: str
    expected: str
    found: str

    @property
    def sentence(self) -> str:
        """In the program's language: what, where, expected, found."""
        shape = translate("Doctor", QT_TRANSLATE_NOOP("Doctor", "{what}, {where}: {expected} expected, {found} found"))
        return shape.format(
            what=translate("Doctor", self.what), where=self.where, expected=self.expected, found=self.found
        )


@dataclass(frozen=True)
class Examined:
    """What a check works on: one company's rows in one database, and names for what it finds."""

    session: Session
    company_id: UUID
    currency_places: int

    def name(self, model: type[Any], id: UUID | None) -> str:
        """A record as people call it: its code or number, or its id where it is not here."""
        if id is None:
            return "-"
        row = self.session.get(model, (self.company_id, id))
        if row is None:
            return str(id)
        if isinstance(row, Period):
            return f"{row.starts_on:%Y-%m}"
        if isinstance(row, JournalEntry):
            return f"{self.name(Period, row.period_id)}/{row.number}"
        if isinstance(row, Bin):
            return f"{self.name(Warehouse, row.warehouse_id)}/{row.code}"
        called = row.code if isinstance(row, Product | Account | Warehouse) else _number_or_code(row)
        return str(called or id)


def _number_or_code(row: Any) -> Any:
    return getattr(row, "number", None) or getattr(row, "code", None)


def shown(value: Any) -> str:
    """A figure as words: no trailing zeros, dates in ISO form."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, date):
        return value.isoformat()
    return "-" if value is None else str(value)


Sides = SelectBase  # key columns, then one figure; several rows of one key add up
Describe = Callable[[Examined, Sequence[Any]], str]


def differing(examined: Examined, what: str, expected: Sides, found: Sides, describe: Describe) -> list[Difference]:
    """Where two ways to the same figures differ, by key. A key that only one side has counts as zero on the other."""
    *keys, figure = [column.type for column in expected.selected_columns]
    zero = literal(0, figure)
    sides = union_all(
        _labelled(expected, keys, lambda value: (value, zero)), _labelled(found, keys, lambda value: (zero, value))
    ).subquery("sides")
    key_columns = [sides.c[f"key{place}"] for place in range(len(keys))]
    left, right = func.sum(sides.c.expected), func.sum(sides.c.found)
    statement = select(*key_columns, left, right).group_by(*key_columns).having(left != right).limit(MOST_PER_CHECK)
    return [
        Difference(what, describe(examined, row[:-2]), shown(row[-2]), shown(row[-1]))
        for row in examined.session.execute(statement)
    ]


def _labelled(
    side: Sides, keys: Sequence[Any], place: Callable[[ColumnElement[Any]], tuple[ColumnElement[Any], ...]]
) -> Select[Any]:
    source = side.subquery()
    *key_columns, figure = list(source.c)
    expected, found = place(figure)
    labelled = [column.label(f"key{number}") for number, column in enumerate(key_columns)]
    assert len(labelled) == len(keys)
    return select(*labelled, expected.label("expected"), found.label("found"))


def listed(what: str, rows: Iterable[tuple[str, Any, Any]]) -> list[Difference]:
    """Differences from rows of where, expected, found; no more than anybody reads."""
    few = islice(rows, MOST_PER_CHECK)
    return [Difference(what, where, shown(expected), shown(found)) for where, expected, found in few]


@dataclass(frozen=True)
class Check:
    """One thing that must hold. It runs where all its tables are held: a desk holds what its user may see."""

    tables: frozenset[str]
    run: Callable[[Examined], list[Difference]]


def check(*models: type[Any]) -> Callable[[Callable[[Examined], list[Difference]]], Check]:
    """Decorator: makes a check of a function, with the tables that it reads."""

    def made(run: Callable[[Examined], list[Difference]]) -> Check:
        return Check(frozenset(str(model.__tablename__) for model in models), run)

    return made
