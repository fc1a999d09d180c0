"""Rows that are written once and never looked at again in the same action: straight to the table, a statement for all."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from erp_desktop.models.base import Replicated


def append_rows(session: Session, table: type[Replicated], rows: Sequence[dict[str, Any]]) -> None:
    """Inserts `rows` (all with the same columns). A quarter of what the same rows cost as objects of the session."""
    if rows:
        session.connection().execute(insert(cast(Table, table.__table__)), list(rows))
