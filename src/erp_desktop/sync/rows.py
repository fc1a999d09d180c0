"""Pages of rows from the centre into the cache: from the wire's text to what SQLite stores, column by column."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, Connection, Table

from erp_desktop.models import replicated_tables
from erp_desktop.models.types import IdType, InstantType
from erp_desktop.wire import TablePage

_Decode = Callable[[list[Any]], Sequence[Any]]


class StrangePage(ValueError):
    """A page names a table or columns that this program does not have, or its columns differ in length."""


def forget(connection: Connection, page: TablePage, company_id: UUID) -> None:
    """Take out the rows that `page` brings anew and those that are gone, so that codes may change hands inside a pull."""
    table = _table(page.table)
    ids: list[bytes | None] = [row_id.bytes for row_id in page.gone]
    if "id" in page.columns:
        ids += _ids(page.values[page.columns.index("id")])
    if ids:
        connection.exec_driver_sql(
            f'DELETE FROM "{table.name}" WHERE company_id = ? AND id = ?',
            [(company_id.bytes, row_id) for row_id in ids],
        )


def write(connection: Connection, page: TablePage) -> int:
    """Insert the rows of `page`. Answers how many.

    Pages of one pull come from moments apart: a row that another one has taken the code from since gives way, and comes
    again with a later page.
    """
    table = _table(page.table)
    if len(page.columns) != len(page.values):
        raise StrangePage(f"{page.table}: {len(page.columns)} columns, {len(page.values)} lists of values")
    if not page.values or not page.values[0]:
        return 0
    try:
        columns = [_decoder(table, name)(values) for name, values in zip(page.columns, page.values, strict=True)]
        rows = list(zip(*columns, strict=True))
    except (ValueError, TypeError, AttributeError) as error:
        raise StrangePage(f"{page.table}: {error}") from error
    names = ", ".join(f'"{name}"' for name in page.columns)
    places = ", ".join("?" * len(page.columns))
    connection.exec_driver_sql(f'INSERT OR REPLACE INTO "{table.name}" ({names}) VALUES ({places})', rows)
    return len(rows)


def last_id(page: TablePage) -> UUID:
    """Of a page by key: where the next one begins."""
    return UUID(page.values[page.columns.index("id")][-1])


def forget_tables(connection: Connection, names: Iterable[str]) -> None:
    """Empty them, for a refill in the same transaction."""
    for name in names:
        connection.exec_driver_sql(f'DELETE FROM "{name}"')


def drop_indexes(connection: Connection, tables: Collection[str]) -> list[str]:
    """Take the indexes of `tables` away, but for keys and what must be unique. Answers the statements that make them again,
    in the same transaction.
    """
    found = connection.exec_driver_sql(
        "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql > ''"
    )
    indexes = [row for row in found if row.tbl_name in tables]
    for index in indexes:
        connection.exec_driver_sql(f'DROP INDEX "{index.name}"')
    return [index.sql for index in indexes]


def _table(name: str) -> Table:
    cls = replicated_tables_by_name().get(name)
    if cls is None:
        raise StrangePage(f"no table {name}")
    return cls


@cache
def replicated_tables_by_name() -> dict[str, Table]:
    return {name: cls.__table__ for name, cls in replicated_tables().items()}  # type: ignore[misc]


@cache
def _decoder(table: Table, column: str) -> _Decode:
    if column not in table.columns:
        raise StrangePage(f"{table.name}: no column {column}")
    kind = table.columns[column].type
    if isinstance(kind, IdType):
        return _ids
    if isinstance(kind, InstantType):
        return _instants
    if isinstance(kind, JSON):
        return _json
    if isinstance(kind, Boolean):
        return _booleans
    return lambda values: values  # integers, dates and text are stored as they travel


def _ids(values: list[Any]) -> list[bytes | None]:
    fromhex = bytes.fromhex
    return [None if value is None else fromhex(value) for value in values]


def _instants(values: list[Any]) -> list[str | None]:
    return [None if value is None else _instant(value) for value in values]


def _instant(value: str) -> str:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(" ", "microseconds")  # as SQLAlchemy stores it


def _json(values: list[Any]) -> list[str | None]:
    return [None if value is None else json.dumps(value) for value in values]


def _booleans(values: list[Any]) -> list[int | None]:
    return [None if value is None else int(value) for value in values]
