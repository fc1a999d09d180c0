"""What cost pools held at the end of a day, in the book that posts: the state now less what is dated later.

So it takes as long as little has happened since. Read the same way when stock is revalued or written down and when somebody
asks beforehand what that would change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_counting import books_of
from erp_desktop.actions.emptied_pools import emptied_after
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import rows_of
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.costing import CostAdjustment, CostPool, MoveCost
from erp_desktop.models.stock import MoveKind
from erp_desktop.models.types import MoneyType, QtyType
from erp_desktop.numbers import ZERO

LEAVING = (MoveKind.SHIPMENT, MoveKind.CUSTOMER_RETURN, MoveKind.SUPPLIER_RETURN, MoveKind.COUNT_LOSS, MoveKind.SCRAP)
_POOLS_AT_ONCE = 500  # in one IN (...)


class NothingOnHand(Refused):
    code = "nothing_on_hand"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "Nothing of {product} was on hand on {day}, so there is no value to change. Nothing was posted."
    )


@dataclass(frozen=True)
class Held:
    """Stock units and their cost in company currency."""

    qty: Decimal = ZERO
    cost: Decimal = ZERO

    def __add__(self, other: "Held") -> "Held":
        return Held(self.qty + other.qty, self.cost + other.cost)


def posting_pools(
    session: Session, ctx: Context, product_ids: Iterable[UUID], after: date = date.max
) -> dict[UUID, list[CostPool]]:
    """The pools of each product in the book that posts to the ledger, in a fixed order; of what was under way and has arrived
    only those in which something happened `after` a day."""
    book_ids = {book.id for book in books_of(session, ctx) if book.posts_to_ledger}
    pools = {
        product_id: [row for row in rows if row.book_id in book_ids]
        for product_id, rows in rows_of(session, ctx, CostPool, product_ids).items()
    }
    for book_id in book_ids if after < date.max else ():
        for row in emptied_after(session, ctx, book_id, pools, after):
            pools[row.product_id].append(row)
    return {product_id: sorted(rows, key=lambda row: row.id) for product_id, rows in pools.items()}


def held_on(session: Session, company_id: UUID, pools: Iterable[CostPool], day: date) -> dict[UUID, Held]:
    """What each of `pools` held at the end of `day`, as it is known now, by the pool's id."""
    held = {pool.id: Held(pool.on_hand, pool.value) for pool in pools}
    ids = sorted(held)
    for start in range(0, len(ids), _POOLS_AT_ONCE):
        some = ids[start : start + _POOLS_AT_ONCE]
        moved = select(
            MoveCost.pool_id, func.sum(MoveCost.qty, type_=QtyType()), func.sum(MoveCost.cost, type_=MoneyType())
        )
        moved = moved.where(MoveCost.company_id == company_id, MoveCost.pool_id.in_(some), MoveCost.dated_on > day)
        for pool_id, qty, cost in session.execute(moved.group_by(MoveCost.pool_id)):
            held[pool_id] += Held(-qty, -cost)
        adjusted = select(CostAdjustment.pool_id, func.sum(CostAdjustment.to_inventory, type_=MoneyType()))
        adjusted = adjusted.where(
            CostAdjustment.company_id == company_id, CostAdjustment.pool_id.in_(some), CostAdjustment.dated_on > day
        )
        for pool_id, amount in session.execute(adjusted.group_by(CostAdjustment.pool_id)):
            held[pool_id] += Held(ZERO, -amount)
    return held


def left_between(session: Session, company_id: UUID, pool_ids: Iterable[UUID], after: date, until: date) -> Decimal:
    """How much left the company out of `pool_ids` after the day `after` and up to `until`, less what customers brought back."""
    gone = select(func.sum(MoveCost.qty, type_=QtyType())).where(
        MoveCost.company_id == company_id,
        MoveCost.pool_id.in_(sorted(pool_ids)),
        MoveCost.dated_on > after,
        MoveCost.dated_on <= until,
        MoveCost.kind.in_(LEAVING),
    )
    return max(-(session.scalar(gone) or ZERO), ZERO)
