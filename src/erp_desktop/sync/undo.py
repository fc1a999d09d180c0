"""The undo journal: what takes back every change that a pending action made, whatever wrote it.

Here: SQLite triggers, made from the tables themselves, and running the journal backwards. Triggers see each row, so ORM,
Core and bulk statements are caught alike. They live in the writer's own session (TEMP) and so never outlast the tables
that they were made for, and a reader or a maintenance tool is never troubled by them.
"""

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from erp_desktop.models import replicated_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Table

_JOURNAL = (
    "temp.journal_on"  # its one row is the outbox_seq of the action being performed; empty: nothing is journalled
)


def install_triggers(connection: Connection) -> None:
    """Make the journal's triggers in this connection. REPLACE fires them too, hence recursive_triggers."""
    connection.exec_driver_sql("PRAGMA recursive_triggers=ON")
    connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {_JOURNAL} (outbox_seq INTEGER NOT NULL)")
    cursor = connection.connection.cursor()  # hundreds of statements as they stand: nothing for SQLAlchemy to do
    try:
        for statement in _all_triggers():
            cursor.execute(statement)
    finally:
        cursor.close()


@contextmanager
def journalled(connection: Connection, outbox_seq: int) -> "Iterator[None]":
    """While this is open, every change of a replicated row writes what takes it back under `outbox_seq`."""
    connection.exec_driver_sql(f"INSERT INTO {_JOURNAL} VALUES (?)", (outbox_seq,))
    yield
    connection.exec_driver_sql(f"DELETE FROM {_JOURNAL}")  # after an error, rolling back does this


def undo_all(connection: Connection) -> frozenset[str]:
    """Take back every pending action's changes, newest first, and empty the journal. Answers the tables that changed."""
    tables = touched_tables(connection)
    steps = connection.exec_driver_sql("SELECT statement FROM undo_step ORDER BY id DESC").scalars().all()
    cursor = connection.connection.cursor()  # the statements are complete: no parameters, nothing for SQLAlchemy to do
    try:
        for statement in steps:
            cursor.execute(statement)
    finally:
        cursor.close()
    connection.exec_driver_sql("DELETE FROM undo_step")
    return tables


def touched_tables(connection: Connection, outbox_seq: int | None = None) -> frozenset[str]:
    """The tables that one pending action changed, or all of them together."""
    if outbox_seq is None:
        found = connection.exec_driver_sql("SELECT DISTINCT table_name FROM undo_step")
    else:
        found = connection.execute(
            text("SELECT DISTINCT table_name FROM undo_step WHERE outbox_seq = :seq"), {"seq": outbox_seq}
        )
    return frozenset(found.scalars())


@cache
def _all_triggers() -> "Sequence[str]":
    return [statement for cls in replicated_tables().values() for statement in _triggers(cls.__table__)]  # type: ignore[arg-type]


def _triggers(table: "Table") -> "Sequence[str]":
    columns = [column.name for column in table.columns]
    name = table.name

    insert_back = _joined(
        _literal(f'INSERT INTO "{name}" ({", ".join(_quoted(column) for column in columns)}) VALUES ('),
        *_separated([f"quote(OLD.{_quoted(column)})" for column in columns]),
        _literal(")"),
    )
    set_back = _joined(
        _literal(f'UPDATE "{name}" SET '),
        *_separated([f"{_literal(f'{_quoted(column)} = ')} || quote(OLD.{_quoted(column)})" for column in columns]),
        *_where("NEW"),
    )
    take_out = _joined(_literal(f'DELETE FROM "{name}"'), *_where("NEW"))
    return [
        _trigger(name, "INSERT", take_out, "NEW"),
        _trigger(name, "UPDATE", set_back, "NEW"),
        _trigger(name, "DELETE", insert_back, "OLD"),
    ]


def _trigger(table: str, event: str, statement: str, row: str) -> str:
    return (
        f'CREATE TEMP TRIGGER "journal_{table}_{event.lower()}" AFTER {event} ON main."{table}" '
        "WHEN EXISTS (SELECT 1 FROM journal_on) BEGIN "
        "INSERT INTO undo_step (outbox_seq, table_name, row_id, statement) "
        f"SELECT outbox_seq, '{table}', {row}.id, {statement} FROM journal_on; END"
    )


def _where(row: str) -> list[str]:
    return [_literal(" WHERE company_id = "), f"quote({row}.company_id)", _literal(" AND id = "), f"quote({row}.id)"]


def _quoted(column: str) -> str:
    return f'"{column}"'


def _literal(sql: str) -> str:
    return "'" + sql.replace("'", "''") + "'"


def _separated(expressions: list[str]) -> list[str]:
    parts = [expressions[0]]
    for expression in expressions[1:]:
        parts += ["', '", expression]
    return parts


def _joined(*expressions: str) -> str:
    return " || ".join(expressions)
