"""What stock was worth as it was known on an earlier day: only what had been performed by then (costing.md, rule 3).

Costs and their adjustments are appended and never rewritten, so their ticks tell what was known when.
"""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from erp_desktop.models.costing import CostAdjustment, CostPool, MoveCost
from erp_desktop.models.ledger import AccountPurpose, JournalLine
from erp_desktop.models.types import MoneyType, QtyType
from erp_desktop.numbers import ZERO


class KnownStock(NamedTuple):
    """Quantity in stock units, value in company currency."""

    qty: Decimal
    value: Decimal


def stock_known(
    session: Session,
    company_id: UUID,
    book_id: UUID,
    as_of: date,
    known_tick: int | None = None,
    warehouse_id: UUID | None = None,
) -> dict[UUID, KnownStock]:
    """Each product's stock at the end of `as_of`, from what was performed up to `known_tick` (None: all that is here).

    With a warehouse: only pools of that warehouse; products that are costed over all warehouses have none. Products that
    never moved are left out.
    """
    moved: Any = select(
        MoveCost.pool_id,
        func.sum(MoveCost.qty, type_=QtyType()).label("qty"),
        func.sum(MoveCost.cost, type_=MoneyType()).label("value"),
    ).where(MoveCost.company_id == company_id, MoveCost.dated_on <= as_of)
    adjusted: Any = select(
        CostAdjustment.pool_id,
        literal(0, QtyType()).label("qty"),
        func.sum(CostAdjustment.to_inventory, type_=MoneyType()).label("value"),
    ).where(CostAdjustment.company_id == company_id, CostAdjustment.dated_on <= as_of)
    if known_tick is not None:
        moved = moved.where(MoveCost.tick <= known_tick)
        adjusted = adjusted.where(CostAdjustment.tick <= known_tick)
    parts = union_all(moved.group_by(MoveCost.pool_id), adjusted.group_by(CostAdjustment.pool_id)).subquery()
    sums = (
        select(
            CostPool.product_id,
            func.sum(parts.c.qty, type_=QtyType()),
            func.sum(parts.c.value, type_=MoneyType()),
        )
        .join(parts, parts.c.pool_id == CostPool.id)
        .where(CostPool.company_id == company_id, CostPool.book_id == book_id)
        .group_by(CostPool.product_id)
    )
    if warehouse_id is not None:
        sums = sums.where(CostPool.warehouse_id == warehouse_id)
    return {product_id: KnownStock(qty, value) for product_id, qty, value in session.execute(sums)}


def accounts_known(
    session: Session, company_id: UUID, purpose: str, as_of: date, known_tick: int | None = None
) -> Decimal:
    """Debits less credits of a purpose's accounts up to the end of `as_of`, from what was posted up to `known_tick`."""
    accounts = select(AccountPurpose.account_id).where(
        AccountPurpose.company_id == company_id, AccountPurpose.purpose == purpose
    )
    posted = select(func.sum(JournalLine.debit - JournalLine.credit, type_=MoneyType())).where(
        JournalLine.company_id == company_id,
        JournalLine.account_id.in_(accounts),
        JournalLine.dated_on <= as_of,
    )
    if known_tick is not None:
        posted = posted.where(JournalLine.tick <= known_tick)
    net = session.scalar(posted)
    return net if net is not None else ZERO
