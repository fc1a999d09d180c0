"""The pools of goods transfers that have arrived: left out of every cost stream but where something leads to them.

There are more of them every day, and nearly nothing concerns them any more.
"""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.remembering import MEMORY_ASKS
from erp_desktop.models.costing import CostPool


def emptied_after(
    session: Session, ctx: Context, book_id: UUID, product_ids: Collection[UUID], day: date
) -> list[CostPool]:
    """The emptied pools of goods transfers of these products in which something happened after a day, by their ids."""
    statement = select(CostPool).where(
        CostPool.company_id == ctx.company_id,
        CostPool.book_id == book_id,
        CostPool.product_id.in_(product_ids),
        CostPool.last_moved_on > day,
        CostPool.transfer_id.is_not(None),
        CostPool.on_hand == 0,
    )
    found = {row.id: row for row in session.scalars(statement, execution_options=MEMORY_ASKS)}
    # and those that became so and are not written yet
    unwritten = [row for rows in (session.new, session.dirty) for row in rows if isinstance(row, CostPool)]
    found.update((row.id, row) for row in unwritten if row.book_id == book_id and row.product_id in product_ids)
    return [
        row
        for _, row in sorted(found.items())
        if not row.is_in_use and row.last_moved_on is not None and row.last_moved_on > day
    ]
