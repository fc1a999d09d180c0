"""Rows that are written once and never changed in the same action: straight to the table, a statement for all of them."""

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import Insert, Table, insert
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.models.base import Replicated, current_tick


def append_rows(session: Session, ctx: Context, table: type[Replicated], rows: Sequence[dict[str, Any]]) -> None:
    """Inserts `rows`, all with the same columns; company and tick are added here. A quarter of what the same rows cost
    as objects of the session."""
    if rows:
        connection = session.connection()
        tick = current_tick(connection)
        connection.execute(_insert(table), [{"company_id": ctx.company_id, "tick": tick, **row} for row in rows])


@cache
def _insert(table: type[Replicated]) -> Insert:
    return insert(cast(Table, table.__table__))
