"""The oracle: the accepted actions, performed one by one in tick order on an empty database, give the same books.

Here: replaying a company's log and comparing two databases row for row. Not here: performing with authority.
"""

from collections.abc import Iterator
from datetime import UTC
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Table, insert, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context, read_action
from erp_desktop.actions.performing import perform_action
from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.actions.refusals import Refused
from erp_desktop.central.clock_days import ClockDays, clock_days
from erp_desktop.central.people import permissions_of
from erp_desktop.database import reader, writer
from erp_desktop.models import replicated_tables
from erp_desktop.models.base import set_tick
from erp_desktop.models.company import ClockDay
from erp_desktop.models.sync import ActionLog, NumberSeries, Tombstone

ACTIONS_PER_TRANSACTION = 200
ROWS_AT_A_TIME = 2_000


class ReplayDiffers(RuntimeError):
    """An action that was accepted is refused when it is performed again: the rules or the log were changed since."""

    def __init__(self, tick: int, refusal: Refused) -> None:
        super().__init__(f"tick {tick} was accepted and is refused now: {refusal}")
        self.tick = tick


def replay(source: Engine, company_id: UUID, into: Engine) -> int:
    """Perform the accepted actions of `source` on the empty tables of `into`, each with its own tick. Gives their count.

    Raises ReplayDiffers.
    """
    count, after = 0, 0
    days: ClockDays | None = None
    while chunk := _accepted_after(source, company_id, after):
        with writer(into).begin() as connection:
            for logged in chunk:
                set_tick(connection, logged["tick"])
                permissions = permissions_of(connection, company_id, logged["actor_id"])
                context = Context(
                    company_id=company_id,
                    action_id=logged["action_id"],
                    actor_id=logged["actor_id"],
                    issued_at=logged["issued_at"].astimezone(UTC),
                    at_centre=True,
                    permissions=ALL_PERMISSIONS if logged["tick"] == 1 else permissions or frozenset(),
                )
                performed = read_action(logged["name"], logged["version"], logged["args"])
                with Session(connection, join_transaction_mode="create_savepoint") as session:
                    try:
                        perform_action(session, context, performed)
                    except Refused as refusal:
                        raise ReplayDiffers(logged["tick"], refusal) from refusal
                    session.commit()
                days = days or clock_days(connection, company_id)
                begun = days.begun_by(logged["at"], logged["tick"])
                if begun is not None:
                    connection.execute(insert(ClockDay), begun)
        count, after = count + len(chunk), chunk[-1]["tick"]
    return count


def differing_tables(one: Engine, other: Engine, company_id: UUID) -> dict[str, str]:
    """What the centre keeps of a company, compared row for row: by table, what the first difference is. Empty: equal."""
    tables: list[Any] = [model.__table__ for model in replicated_tables().values()]
    tables += [NumberSeries.__table__, Tombstone.__table__]
    found = ((table.name, _first_difference(one, other, table, company_id)) for table in tables)
    return {name: difference for name, difference in found if difference}


def _accepted_after(source: Engine, company_id: UUID, tick: int) -> list[dict[str, Any]]:
    statement = (
        select(ActionLog.__table__)
        .where(ActionLog.company_id == company_id, ActionLog.tick > tick, ActionLog.outcome == "applied")
        .order_by(ActionLog.tick)
        .limit(ACTIONS_PER_TRANSACTION)
    )
    with reader(source).connect() as connection:
        return [dict(row._mapping) for row in connection.execute(statement)]


def _first_difference(one: Engine, other: Engine, table: Table, company_id: UUID) -> str:
    mine, theirs = _rows(one, table, company_id), _rows(other, table, company_id)
    while True:
        row, counterpart = next(mine, None), next(theirs, None)
        if row != counterpart:
            if row is None or counterpart is None:
                return f"only in {'the second' if row is None else 'the first'}: {row or counterpart}"
            columns = [name for name in row if row[name] != counterpart[name]]
            return f"{ {name: (row[name], counterpart[name]) for name in columns} } in {row}"
        if row is None:
            return ""


def _rows(engine: Engine, table: Table, company_id: UUID) -> Iterator[dict[str, Any]]:
    """All rows by primary key, some at a time."""
    offset, key = 0, list(table.primary_key.columns)
    while True:
        statement = select(table).where(table.c.company_id == company_id).order_by(*key)
        with reader(engine).connect() as connection:
            found = connection.execute(statement.offset(offset).limit(ROWS_AT_A_TIME)).all()
        yield from (dict(row._mapping) for row in found)
        if len(found) < ROWS_AT_A_TIME:
            return
        offset += ROWS_AT_A_TIME
