"""Where the goods of receipts are now in the book that posts, as far as what an amount for them would do can be told here.

Exact for pools that keep what each receipt brought. What follows goods through transfers or back to the supplier, is dated back,
or is costed at standard or by the month's average is worked out by the centre alone: then nothing is told rather than something else.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.cost_corrections import SOLD, Went, where_they_went
from erp_desktop.actions.standing import standing_of
from erp_desktop.costing.landed_cost import Split, share_landed_cost, split_by_on_hand
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.costing import CostBook, CostPool, MoveCost
from erp_desktop.numbers import ZERO, minor_unit
from erp_desktop.queries.cost_of_sales import posts_at_delivery

STANDING_TABLES = frozenset(
    {
        "stock_move",
        "move_cost",
        "cost_pool",
        "cost_book",
        "cost_layer",
        "cost_edge",
        "cost_adjustment",
        "shipment",
    }
)
_KEEP_RECEIPTS = ("fifo", "lifo", "specific", "moving_average")


@dataclass(frozen=True)
class InStock:
    """A receipt line's goods: `qty_left` of `qty_in` is still there, in a layer or an average worth `value_left`. `gone` are the
    quantities that left, in their order, and where each went."""

    qty_in: Decimal
    qty_left: Decimal
    value_left: Decimal
    last_moved_on: date
    is_exact: bool
    gone: tuple[tuple[Decimal, Went], ...] = ()

    def split(self, amount: Decimal, dated_on: date | None, currency_places: int) -> Split | None:
        """How `amount` for these goods would fall on `dated_on`; None where only the centre can tell."""
        if not self.is_exact or dated_on is None or dated_on < self.last_moved_on:
            return None
        minor = minor_unit(currency_places)
        split = split_by_on_hand(amount, self.qty_in, self.qty_left, minor, self.value_left)
        if not self.gone:
            return split
        shares = share_landed_cost(split.to_cost_of_sales, [qty for qty, _ in self.gone], minor)
        places = zip(shares, self.gone, strict=True)
        under_way = sum((share for share, (_, went) in places if went.on(dated_on) is Purpose.GOODS_DISPATCHED), ZERO)
        return replace(split, to_cost_of_sales=split.to_cost_of_sales - under_way, to_goods_dispatched=under_way)


def in_stock(session: Session, company_id: UUID, move_ids: Collection[UUID]) -> dict[UUID, InStock]:
    """The goods that each of the moves brought, by move; those that the centre has not costed yet are left out."""
    costed = session.execute(
        select(MoveCost.move_id, CostPool)
        .join(CostPool, (CostPool.company_id == MoveCost.company_id) & (CostPool.id == MoveCost.pool_id))
        .join(CostBook, (CostBook.company_id == CostPool.company_id) & (CostBook.id == CostPool.book_id))
        .where(
            MoveCost.company_id == company_id,
            MoveCost.move_id.in_(move_ids),
            MoveCost.qty > 0,
            CostBook.posts_to_ledger,
        )
    )
    pools = dict(costed.all())
    standings = {move_id: standing_of(session, pool, move_id) for move_id, pool in pools.items()}
    takers = {issue_id for standing in standings.values() for issue_id, _ in standing.takers}
    went = where_they_went(session, company_id, takers, at_delivery=posts_at_delivery(session, company_id))
    found = {}
    for move_id, pool in pools.items():
        standing = standings[move_id]
        gone = tuple((qty, went.get(issue_id, SOLD)) for issue_id, qty in standing.takers)
        found[move_id] = InStock(
            standing.qty_in,
            standing.qty_left,
            standing.value_left,
            pool.last_moved_on or date.min,
            is_exact=pool.method in _KEEP_RECEIPTS
            and not standing.transfers
            and all(where.purpose in (Purpose.COST_OF_SALES, Purpose.GOODS_DISPATCHED) for _, where in gone),
            gone=gone,
        )
    return found


def parts_of(split: Split | None) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """To stock value, to goods dispatched and to cost of sales, each None where only the centre can tell."""
    return (split.to_inventory, split.to_goods_dispatched, split.to_cost_of_sales) if split else (None, None, None)
