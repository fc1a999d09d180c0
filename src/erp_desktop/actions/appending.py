"""Rows that are written once and never changed in the same action: straight to the table, a statement for all of them."""

from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from typing import Any, cast

from sqlalchemy import Insert, Table, insert
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.remembering import no_longer_absent
from erp_desktop.actions.tied import refuse_rows_of_other_warehouses
from erp_desktop.models.base import Base, Replicated, current_tick

GATHERED_ROWS = "gathered rows"  # in session.info: rows wait for those of the next actions, see gathering.py

# By table and columns, since one statement has the same columns for all of its rows.
GatheredRows = dict[tuple[type[Base], tuple[str, ...]], list[dict[str, Any]]]


def append_rows(session: Session, ctx: Context, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Inserts `rows`, all with the same columns; company and tick are added here. A quarter of what the same rows cost
    as objects of the session."""
    if not rows:
        return
    refuse_rows_of_other_warehouses(session, ctx, table, rows)
    connection = session.connection()
    tick = current_tick(connection)
    added: dict[str, Any] = {"company_id": ctx.company_id}
    if issubclass(table, Replicated):
        added["tick"] = tick
    complete = [{**added, **row} for row in rows]
    if "id" in complete[0]:
        no_longer_absent(session, table, (row["id"] for row in complete))
    gathered: GatheredRows | None = session.info.get(GATHERED_ROWS)
    if gathered is None:
        connection.execute(_insert(table), complete)
    else:
        gathered.setdefault((table, tuple(complete[0])), []).extend(complete)


def append_stored(
    session: Session, ctx: Context, table: type[Replicated], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Inserts rows of thousands at once, their values as they are stored: ids as 16 bytes, scaled numbers, dates.

    `columns` are theirs; id, company and tick are added here.
    """
    if not rows:
        return
    connection = session.connection()
    names = ("id", "company_id", "tick", *columns)
    added = (ctx.company_id.bytes, current_tick(connection))
    complete = [(key, *added, *row) for key, row in zip(ctx.new_centre_keys(len(rows)), rows, strict=True)]
    into = f"INSERT INTO {table.__tablename__} ({', '.join(names)})"
    if connection.dialect.name == "postgresql":  # all of a column as one array: COPY would not go with what is gathered
        types = (cast(Table, table.__table__).c[name].type.compile(connection.dialect) for name in names)
        arrays = ", ".join(f"%s::{type_}[]" for type_ in types)
        values = tuple("{" + ",".join(map(_in_array, column)) + "}" for column in zip(*complete, strict=True))
        connection.exec_driver_sql(f"{into} SELECT * FROM unnest({arrays})", values)
        return
    places = ", ".join("?" * len(names))
    days = {value: value.isoformat() for row in rows for value in row if type(value) is date}
    connection.exec_driver_sql(
        f"{into} VALUES ({places})", [tuple(days.get(value, value) for value in row) for row in complete]
    )


def _in_array(value: Any) -> str:
    """Ids, numbers, days, and names of kinds, in which nothing is to be escaped."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return f'"{value}"'
    return value.hex() if isinstance(value, bytes) else str(value)


def write_gathered_rows(session: Session, tables: Collection[str] | None = None) -> None:
    """Write the rows that wait, of `tables` only if they are named."""
    gathered: GatheredRows = session.info[GATHERED_ROWS]
    for key in [key for key in gathered if tables is None or key[0].__tablename__ in tables]:
        session.connection().execute(_insert(key[0]), gathered.pop(key))


@cache
def _insert(table: type[Base]) -> Insert:
    return insert(cast(Table, table.__table__))
