"""Rows as they travel (wire.py): read as they are stored, by column, without making Decimals and ids of them on the way.

Here: which SQL reads a column, and what little is done to its values in Python. Not here: which rows a user may see.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from erp_desktop.models import replicated_tables
from erp_desktop.models.base import Replicated, columns_after, hidden_columns, may_hold
from erp_desktop.models.types import IdType, InstantType, Scaled
from erp_desktop.wire import TablePage

Finish = Callable[[Sequence[Any]], list[Any]]


@dataclass(frozen=True)
class StoredTable:
    """How a table is read for the wire on one kind of database."""

    name: str
    model: type[Replicated]
    columns: list[str]  # those that whoever asks may see
    select: Select[Any]  # these columns in stored form; conditions are added to it
    finishes: tuple[Finish | None, ...]  # by column: what is left to do to its values
    hidden: frozenset[str]  # columns that whoever asks may not see
    warehouses: frozenset[UUID] = frozenset()  # whose rows alone are read; none: those of every warehouse
    kinds: tuple[str, ...] = ()  # of documents whose rows alone are read, where rows belong to documents of many tables
    begins_with: int = 0  # the tick that the window begins with whose documents are read; 0: all of them

    def page(self, connection: Connection, statement: Select[Any], gone: Sequence[Any] = ()) -> TablePage:
        """The rows of `statement` (this table's `select` with conditions), by column."""
        rows = connection.execute(statement).all()
        by_column: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [() for _ in self.columns]
        values = [
            finish(column) if finish else list(column) for column, finish in zip(by_column, self.finishes, strict=True)
        ]
        return TablePage(table=self.name, columns=self.columns, values=values, gone=list(gone))

    def counted(self, company_id: UUID) -> Select[str, int]:
        """Its name and how many rows of it are read."""
        condition = self.select.whereclause
        of_company = self.model.company_id == company_id
        counting = select(literal(self.name).label("name"), func.count().label("rows")).where(of_company)
        return counting if condition is None else counting.where(condition)

    @property
    def scope(self) -> str:
        """A hash of what a desk holds of it: another one, and what it holds is fetched again."""
        held = [
            self.name,
            *self.columns,
            str(self.begins_with),
            *(one.hex for one in sorted(self.warehouses)),
            *self.kinds,
        ]
        return hashlib.sha256("\n".join(held).encode()).hexdigest()[:16]


@cache
def stored_tables(dialect: str) -> dict[str, StoredTable]:
    """Every replicated table by name, as a database of this dialect ("sqlite" or "postgresql") is read."""
    return {name: _stored_table(name, model, dialect) for name, model in replicated_tables().items()}


@lru_cache(maxsize=64)  # as many sets of permissions as a company has kinds of work
def readable_tables(
    dialect: str, permissions: frozenset[str], revision: int, warehouses: frozenset[UUID] = frozenset()
) -> dict[str, StoredTable]:
    """The tables that these permissions open, by name, without the columns that they do not, without the tables and
    columns that a desk of schema revision `revision` does not know, and with the rows of `warehouses` alone (none: all)."""
    return {
        name: _of_documents(
            _of_warehouses(
                _stored_table(
                    name, model, dialect, hidden_columns(model, permissions), unknown=columns_after(model, revision)
                ),
                warehouses,
            ),
            permissions,
            warehouses,
        )
        for name, model in replicated_tables().items()
        if may_hold(model, permissions) and model.since <= revision
    }


def _stored_table(
    name: str,
    model: type[Replicated],
    dialect: str,
    hidden: frozenset[str] = frozenset(),
    unknown: frozenset[str] = frozenset(),
) -> StoredTable:
    left_out = hidden | unknown
    columns: list[Column[Any]] = [column for column in model.__table__.columns if column.name not in left_out]  # type: ignore[misc]
    read = [_stored(column, dialect) for column in columns]
    return StoredTable(
        name=name,
        model=model,
        columns=[column.name for column in columns],
        select=select(*(expression.label(column.name) for column, (expression, _) in zip(columns, read, strict=True))),
        finishes=tuple(finish for _, finish in read),
        hidden=hidden - unknown,
    )


def _of_warehouses(table: StoredTable, warehouses: frozenset[UUID]) -> StoredTable:
    """The table as somebody reads it who is tied to these warehouses."""
    if not warehouses or (is_theirs := _is_of(table.model, warehouses)) is None:
        return table
    return replace(table, select=table.select.where(is_theirs), warehouses=warehouses)


def _of_documents(table: StoredTable, permissions: frozenset[str], warehouses: frozenset[UUID]) -> StoredTable:
    """A table whose rows belong to documents of many tables, as somebody reads it who has these permissions and is tied to
    these warehouses: the rows of documents that they may read."""
    if table.model.of_document is None:
        return table
    kind, document_id = (table.model.__table__.columns[name] for name in table.model.of_document)
    whole, parts = [], []
    for name in table.model.documents:
        document = replicated_tables()[name]
        if not may_hold(document, permissions):
            continue
        is_theirs = _is_of(document, warehouses) if warehouses else None
        if is_theirs is None:
            whole.append(name)
            continue
        theirs = select(document.id).where(
            document.company_id == table.model.company_id, document.id == document_id, is_theirs
        )
        parts.append(and_(kind == name, theirs.correlate(table.model).exists()))
    return replace(
        table,
        select=table.select.where(or_(kind.in_(whole), *parts)),
        warehouses=warehouses,
        kinds=tuple(name for name in table.model.documents if may_hold(replicated_tables()[name], permissions)),
    )


def _is_of(model: type[Replicated], warehouses: frozenset[UUID]) -> ColumnElement[bool] | None:
    """Whether a row names one of the warehouses, itself or by the document that it is part of; None where rows have none."""
    if model.part_of is not None:
        column, table = model.part_of
        document = replicated_tables()[table]
        is_theirs = _is_of(document, warehouses)
        if is_theirs is None:
            return None
        names_it = document.id == model.__table__.columns[column]
        # row by row by the primary key: a list of all documents would be made anew for each
        theirs = select(document.id).where(document.company_id == model.company_id, names_it, is_theirs)
        return theirs.correlate(model).exists()
    if not model.warehouse_columns:
        return None
    named = (model.__table__.columns[column].in_(sorted(warehouses)) for column in model.warehouse_columns)
    return or_(*named)


def _stored(column: Column[Any], dialect: str) -> tuple[ColumnElement[Any], Finish | None]:
    """What to select for a column, and what is left to do to its values (None: nothing)."""
    kind = column.type
    if dialect == "postgresql":
        return _stored_on_postgresql(column, kind)
    if isinstance(kind, Scaled):
        return type_coerce(column, BigInteger), None
    if isinstance(kind, IdType):
        return _as_it_is(column), _hex_of_bytes
    if isinstance(kind, InstantType):
        return _as_it_is(column), _instant_of_text
    if isinstance(kind, Date):
        return type_coerce(column, Text), None
    if isinstance(kind, Boolean):
        return type_coerce(column, BigInteger), _yes_or_no
    if isinstance(kind, JSON):
        return type_coerce(column, Text), _json_of_text
    return _as_it_is(column), None


def _stored_on_postgresql(column: Column[Any], kind: Any) -> tuple[ColumnElement[Any], Finish | None]:
    if isinstance(kind, Scaled):
        return type_coerce(column, BigInteger), None
    if isinstance(kind, IdType):
        return func.encode(func.uuid_send(column), "hex", type_=Text), None
    if isinstance(kind, InstantType):
        return func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"', type_=Text), None
    if isinstance(kind, Date):
        return func.to_char(column, "YYYY-MM-DD", type_=Text), None
    if isinstance(kind, JSON):
        return cast(column, Text), _json_of_text
    return _as_it_is(column), None


def _as_it_is(column: Column[Any]) -> ColumnElement[Any]:
    return type_coerce(column, NullType())  # no type: no conversion


def _hex_of_bytes(values: Sequence[bytes | None]) -> list[str | None]:
    return [None if value is None else value.hex() for value in values]


def _instant_of_text(values: Sequence[str | None]) -> list[str | None]:
    return [None if value is None else f"{value[:10]}T{value[11:]}Z" for value in values]


def _yes_or_no(values: Sequence[int | None]) -> list[bool | None]:
    return [None if value is None else bool(value) for value in values]


def _json_of_text(values: Sequence[str | None]) -> list[msgspec.Raw | None]:
    return [None if value is None else msgspec.Raw(value.encode()) for value in values]
