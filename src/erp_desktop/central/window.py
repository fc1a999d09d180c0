"""Which documents a desk is sent: open ones, and those on which something was done within the company's window (0104).

A window begins with a tick that is fixed when a desk is filled and travels in its cursor. Rows that are written later come
with every pull, whatever they belong to; so what a desk holds is what `in_window` says of the centre's rows at its cursor.
An order that is written again after the window had passed over it is sent with all that belongs to it (`rest_of_revived`).
Here: conditions, and where windows begin. Not here: pulls and fills (changes.py), what keeps an order young (actions/window.py).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from erp_desktop.actions.window import EVERYTHING, WHOLE_COMPANY, first_day_of_window, first_tick_of
from erp_desktop.central.moment import Moment
from erp_desktop.central.rows import StoredTable
from erp_desktop.models import replicated_tables
from erp_desktop.models.base import Replicated
from erp_desktop.wire import TablePage

MONTHS_KEPT_LONGER = 6  # a desk's documents grow old together for so long; then it is filled anew without the oldest
_REVIVED = "revived_tick"


class Windows:
    """Where the windows of this centre's companies begin. The first tick of a past day never changes, so it is read once."""

    def __init__(self) -> None:
        self._ticks: dict[tuple[UUID, UUID, date], int] = {}

    def bounds(self, now: Moment, permissions: frozenset[str]) -> tuple[int, int]:
        """The tick that the window of a desk may begin with at the least, and the one that it begins with if it is filled now."""
        if not now.window_months or now.last_day is None or permissions & WHOLE_COMPANY:
            return EVERYTHING, EVERYTHING
        least, most = (
            self._tick(now, first_day_of_window(now.last_day, now.window_months + more))
            for more in (MONTHS_KEPT_LONGER, 0)
        )
        return least, most

    def _tick(self, now: Moment, day: date) -> int:
        key = (now.company_id, now.epoch, day)
        if key not in self._ticks:
            self._ticks[key] = first_tick_of(now.connection, now.company_id, day)
        return self._ticks[key]


def within_window(table: StoredTable, begins_with: int) -> StoredTable:
    """The table as it is sent to a desk whose window begins with that tick."""
    condition = in_window(table.model, begins_with) if begins_with else None
    return table if condition is None else replace(table, select=table.select.where(condition), begins_with=begins_with)


def in_window(model: type[Replicated], begins_with: int) -> ColumnElement[bool] | None:
    """Whether a row is sent to a desk; None where all of the table are.

    It was written since, or is a document that is open, or belongs to one that is sent: a document is sent whole. Whatever is
    written of a document gives the document itself a new tick, so that it cannot be older than its parts.
    """
    columns = model.__table__.columns
    reasons: list[ColumnElement[bool]] = []
    if model.open_while:
        reasons.append(columns["status"].in_(model.open_while))
    above = model.kept_with or model.part_of
    if above is not None and (sent := _is_sent(model, columns[above[0]], above[1], begins_with)) is not None:
        reasons.append(sent)
    for name in model.kept_with_documents:
        sent = _is_sent(model, columns["document_id"], name, begins_with)
        assert sent is not None, f"{name} is a document"
        reasons.append(and_(columns["document_kind"] == name, sent))
    if not reasons and model.open_while is None:
        return None
    return or_(model.tick >= begins_with, *reasons)


def _is_sent(
    model: type[Replicated], column: ColumnElement[Any], above: str, begins_with: int
) -> ColumnElement[bool] | None:
    document = replicated_tables()[above]
    condition = in_window(document, begins_with)
    if condition is None:
        return None
    sent = select(document.id).where(document.company_id == model.company_id, document.id == column, condition)
    return sent.correlate(model).exists()


def rest_of_revived(
    connection: Connection, company_id: UUID, tables: Sequence[StoredTable], pages: Sequence[TablePage], after: int
) -> list[TablePage]:
    """Pages with what belongs to the orders in `pages` that were revived after the tick `after`, and was not written since."""
    more: list[TablePage] = []
    for page in pages:
        if _REVIVED not in page.columns:
            continue
        ticks, ids = (page.values[page.columns.index(name)] for name in (_REVIVED, "id"))
        revived = [UUID(row_id) for row_id, tick in zip(ids, ticks, strict=True) if tick is not None and tick > after]
        if revived:
            more += documents_of(connection, company_id, tables, (page.table, revived), after)
    return more


def documents_of(
    connection: Connection,
    company_id: UUID,
    tables: Sequence[StoredTable],
    roots: tuple[str, Sequence[UUID]],
    upto: int,
) -> list[TablePage]:
    """Pages with all that belongs to `roots` (a table and ids in it) and was last written at `upto` or before."""
    ids = {roots[0]: set(roots[1])}
    for document in _documents():
        belongs = _belongs(document, ids)
        if belongs is not None:
            found = connection.scalars(select(document.id).where(document.company_id == company_id, belongs))
            ids.setdefault(document.__tablename__, set()).update(found)
    pages = []
    for table in tables:
        belongs = _belongs(table.model, ids)
        if belongs is not None:
            statement = table.select.where(table.model.company_id == company_id, table.model.tick <= upto, belongs)
            page = table.page(connection, statement.order_by(table.model.id))
            if page.values[0]:
                pages.append(page)
    return pages


@cache
def _documents() -> list[type[Replicated]]:
    """Everything that other rows go with, each after what it goes with itself."""
    models = replicated_tables()
    above = {name: model.kept_with or model.part_of for name, model in models.items()}
    named = {one[1] for one in above.values() if one is not None}

    def depth(name: str) -> int:
        up = above[name]
        return 0 if up is None else depth(up[1]) + 1

    return [models[name] for name in sorted(named, key=lambda name: (depth(name), name))]


def _belongs(model: type[Replicated], ids: Mapping[str, Collection[UUID]]) -> ColumnElement[bool] | None:
    """Whether a row goes with one of these documents; None where none can."""
    columns = model.__table__.columns
    above = model.kept_with or model.part_of
    ways = [columns[above[0]].in_(sorted(ids[above[1]]))] if above is not None and ids.get(above[1]) else []
    moved_by = {one for name in model.kept_with_documents for one in ids.get(name, ())}
    if moved_by:
        ways.append(columns["document_id"].in_(sorted(moved_by)))
    return or_(*ways) if ways else None
