"""What records are called, of any table and many at once: the number of a document, code and name of everything else.

Here: which columns people know a record by. Not here: links and what belongs together (documents.py), finding by a text
(finding_records.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Integer, Table, select

from erp_desktop.models.base import Replicated, replicated_tables

IDS_PER_STATEMENT = 500  # in one IN (...): well below what either database takes
LONGEST_FIGURE = 9  # digits of a number that is stored as one
_NUMBERS = ("number", "code", "login")
_BY_SEVERAL: Mapping[str, tuple[str, ...]] = {  # what tells records apart that have neither number nor code
    "attachment": ("name",),
    "account_purpose": ("purpose", "account_id"),
    "cost_to_serve_rule": ("kind", "cost_centre_id"),
    "cost_to_serve_run": ("period_id",),
    "exchange_rate": ("currency", "valid_on"),
    "goods_receipt_line": ("receipt_id",),
    "period": ("starts_on",),
    "price": ("product_id", "price_level_id", "from_date"),
    "product_unit": ("product_id", "unit_id"),
    "stock_move": ("product_id", "moved_on"),
    "storage_rate": ("warehouse_id", "valid_from"),
}


_WITHOUT_KEYS: Mapping[str, str] = {  # columns that name a record of a table without a foreign key saying so
    "carrier_id": "party",
    "customer_id": "party",
    "distributor_id": "party",
    "manager_id": "employee",
    "parent_id": "category",
    "price_level_id": "price_level",
    "receiving_bin_id": "bin",
    "supplier_id": "party",
}


@dataclass(frozen=True)
class Named:
    """What a record is called now. `number` is None for a document that the centre has not numbered yet."""

    number: str | None
    name: str = ""
    name_zh: str = ""


def has_name(kind: str) -> bool:
    """Whether people know records of this table by something."""
    model = replicated_tables().get(kind)
    return model is not None and (kind in _BY_SEVERAL or any(column in _table(model).c for column in _NUMBERS))


def names_of(connection: Connection, company_id: UUID, kinds: Mapping[str, Iterable[UUID]]) -> dict[UUID, Named]:
    """The names of records by id, for ids by table. Those that are not here (any more) are left out; so is what has no name."""
    found: dict[UUID, Named] = {}
    for kind, ids in kinds.items():
        model = replicated_tables().get(kind)
        if model is None or not has_name(kind):
            continue
        remaining = iter(sorted(set(ids)))
        while chunk := list(islice(remaining, IDS_PER_STATEMENT)):
            by_several = _BY_SEVERAL.get(kind)
            named = _by_several if by_several else _by_number
            found.update(named(connection, company_id, _table(model), chunk))
    return found


@cache
def named_by(kind: str) -> Mapping[str, str]:
    """The columns of a table that name records of other tables, with those tables."""
    model = replicated_tables()[kind]
    without_keys = {column: table for column, table in _WITHOUT_KEYS.items() if column in _table(model).c}
    return without_keys | {
        str(constraint.column_keys[-1]): str(constraint.referred_table.name)
        for constraint in _table(model).foreign_key_constraints
    }


def _by_number(connection: Connection, company_id: UUID, table: Table, ids: list[UUID]) -> dict[UUID, Named]:
    number = next(column for column in _NUMBERS if column in table.c)
    columns = [table.c[column] for column in (number, "name", "name_zh") if column in table.c]
    statement = select(table.c.id, *columns).where(table.c.company_id == company_id, table.c.id.in_(ids))
    return {
        row[0]: Named(None if row[1] is None else str(row[1]), *(text or "" for text in row[2:]))
        for row in connection.execute(statement)
    }


def _by_several(connection: Connection, company_id: UUID, table: Table, ids: list[UUID]) -> dict[UUID, Named]:
    columns = _BY_SEVERAL[table.name]
    statement = select(table.c.id, *(table.c[column] for column in columns))
    rows = connection.execute(statement.where(table.c.company_id == company_id, table.c.id.in_(ids))).all()
    tables = named_by(table.name)
    others: defaultdict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        for column, value in zip(columns, row[1:], strict=True):
            if column in tables and value is not None:
                others[tables[column]].add(value)
    names = names_of(connection, company_id, others)
    return {row[0]: Named(" ".join(_words(table.name, row[1:], names))) for row in rows}


def _words(kind: str, values: Iterable[Any], names: Mapping[UUID, Named]) -> Iterable[str]:
    for value in values:
        if isinstance(value, UUID):
            named = names.get(value)
            if named is not None and named.number:
                yield named.number
        elif isinstance(value, date):
            yield f"{value:%Y-%m}" if kind == "period" else value.isoformat()
        elif value is not None:
            yield str(value)


def _table(model: type[Replicated]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def records_called(connection: Connection, company_id: UUID, text: str) -> list[UUID]:
    """The records whose number, code or sign-in name is exactly `text`, as it is typed or in capitals."""
    ids: list[UUID] = []
    for model in replicated_tables().values():
        table = _table(model)
        number = next((table.c[column] for column in _NUMBERS if column in table.c), None)
        if number is None:
            continue
        is_figure = isinstance(number.type, Integer)
        if is_figure and not (text.isdecimal() and len(text) < LONGEST_FIGURE):
            continue
        is_called = number == int(text) if is_figure else number.in_({text, text.upper()})
        found = select(table.c.id).where(table.c.company_id == company_id, is_called).limit(IDS_PER_STATEMENT)
        ids += connection.scalars(found)
    return ids
