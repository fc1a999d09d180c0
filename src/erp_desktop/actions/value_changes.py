"""What changes the value of stock without a move, at the centre, in every cost book: a revaluation, a new standard, another method,
the end of a period.

Each function gives what it came to in the book that posts to the ledger; the document's own entry is posted by its action. Not
here: what moves cost (valuing.py), late value of receipts (late_value.py).
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_counting import count_by_book
from erp_desktop.actions.cost_events import Document, NewEvent, Place, place_of
from erp_desktop.actions.cost_streams import CostStream
from erp_desktop.costing.scaled import shares_of
from erp_desktop.models.costing import CostBook, CostEvent, CostPool, MoveCost
from erp_desktop.models.ledger import Period
from erp_desktop.numbers import ZERO, round_money


def revalue(
    session: Session,
    ctx: Context,
    product_id: UUID,
    warehouse_id: UUID | None,
    lot_id: UUID | None,
    dated_on: date,
    document: tuple[str, UUID],
    line_id: UUID,
    *,
    amount: Decimal | None = None,
    unit_cost: Decimal | None = None,
) -> Decimal:
    """What is on hand of a product at the end of a day is worth `unit_cost` a unit, or `amount` more (less), in every book.

    Gives the change of value in the book that posts. Raises NothingThereThen, WorthTooLittleThen.
    """
    place = Place(warehouse_id, lot_id)
    posted = amount or ZERO

    def events(stream: CostStream) -> list[NewEvent]:
        nonlocal posted
        changes = _revalued(stream, place, dated_on, amount, unit_cost, posted)
        if stream.book.posts_to_ledger:
            posted = sum((change for _, change in changes), ZERO)
        kind = CostEvent.REVALUATION
        return [
            NewEvent(ctx.new_centre_id(), kind, product_id, pool, dated_on, stated=change, line_id=line_id)
            for pool, change in changes
            if change
        ]

    counted = count_by_book(session, ctx, [product_id], events, Document(*document))
    return sum((one.to_inventory for one in counted), ZERO)


def _revalued(
    stream: CostStream, place: Place, day: date, amount: Decimal | None, unit_cost: Decimal | None, posted: Decimal
) -> list[tuple[Place, Decimal]]:
    """By how much each pool of a book changes. A further book may keep the stock in other pools than the book that posts: narrower
    ones are each brought to the unit cost, or share the amount by quantity; a wider one takes what the posting book `posted`."""
    pools = [place_of(row) for row in stream.rows]
    if place in pools or not pools or stream.book.posts_to_ledger:
        pools = [place]
    elif place != Place():
        amount, unit_cost = posted, None
    if unit_cost is None and len(pools) == 1:
        return [(pools[0], amount or ZERO)]
    held = [(pool, *stream.held_on(pool, day)) for pool in pools]
    if unit_cost is not None:
        return [(pool, round_money(unit_cost * qty, stream.places) - value) for pool, qty, value in held]
    there = [(pool, stream.qty(qty)) for pool, qty, _ in held if qty > 0]
    if not there:
        return [(pools[0], amount or ZERO)]  # where it is refused
    shares = shares_of(stream.money(amount or ZERO), [qty for _, qty in there])
    return [(pool, stream.amount(share)) for (pool, _), share in zip(there, shares, strict=True)]


def set_standard_cost(
    session: Session,
    ctx: Context,
    product_id: UUID,
    unit_cost: Decimal,
    effective_on: date,
    document: tuple[str, UUID],
    line_id: UUID,
) -> Decimal:
    """A standard begins in every pool that is costed at standard; what is on hand is revalued to it.

    Gives the change of value in the book that posts. Pools that begin later find the standard by themselves.
    """

    def events(stream: CostStream) -> list[NewEvent]:
        return [
            NewEvent(
                ctx.new_centre_id(),
                CostEvent.STANDARD_COST,
                product_id,
                place_of(row),
                effective_on,
                unit_cost=unit_cost,
                line_id=line_id,
            )
            for row in stream.in_use_from(effective_on)
            if "standard" in (row.method, row.first_method)
        ]

    counted = count_by_book(session, ctx, [product_id], events, Document(*document))
    return sum((one.to_inventory for one in counted), ZERO)


def change_method(
    session: Session,
    ctx: Context,
    book: CostBook,
    product_ids: Iterable[UUID],
    method: str,
    from_on: date,
    document: tuple[str, UUID],
) -> None:
    """From the start of a day on the products' pools in `book` are costed by `method`; their value stays (rule 12)."""
    ids = sorted(product_ids)

    def events(stream: CostStream) -> list[NewEvent]:
        if stream.book.id != book.id:
            return []
        return [
            NewEvent(
                ctx.new_centre_id(),
                CostEvent.METHOD,
                stream.product.id,
                place_of(row),
                from_on,
                method=method,
            )
            for row in stream.in_use_from(from_on)
            if row.method != method
        ]

    count_by_book(session, ctx, ids, events, Document(*document))


def end_period(session: Session, ctx: Context, period: Period, document: tuple[str, UUID]) -> None:
    """What is settled when a period ends: month-end averages, and variances that are shared (rule 11)."""
    of_book = (CostBook.company_id == CostPool.company_id) & (CostBook.id == CostPool.book_id)
    moved_since = select(MoveCost.id).where(  # the end of the period before counts on the first day of this one
        MoveCost.company_id == ctx.company_id,
        MoveCost.pool_id == CostPool.id,
        MoveCost.dated_on >= period.starts_on,
    )
    accumulating = (
        select(CostPool)
        .join(CostBook, of_book)
        .where(
            CostPool.company_id == ctx.company_id,
            CostBook.is_closed.is_(False),
            (CostPool.method == "periodic_average") | (CostBook.shares_variance & (CostPool.method == "standard")),
            # of a transfer that had arrived before there is nothing to settle, and there are more of those every month
            CostPool.is_in_use | ((CostPool.last_moved_on >= period.starts_on) & moved_since.exists()),
        )
    )
    ended = select(MoveCost.pool_id).where(
        MoveCost.company_id == ctx.company_id,
        MoveCost.kind == CostEvent.PERIOD_END,
        MoveCost.dated_on == period.ends_on,
    )
    pools: defaultdict[UUID, list[CostPool]] = defaultdict(list)
    for row in session.scalars(accumulating.where(CostPool.id.not_in(ended)).order_by(CostPool.product_id)):
        pools[row.product_id].append(row)

    def events(stream: CostStream) -> list[NewEvent]:
        open_pools = [row for row in pools[stream.product.id] if row.book_id == stream.book.id]
        stream.take_in(open_pools)
        return [
            NewEvent(
                ctx.new_centre_id(),
                CostEvent.PERIOD_END,
                stream.product.id,
                place_of(row),
                period.ends_on,
            )
            for row in sorted(open_pools, key=lambda row: str(row.transfer_id or row.warehouse_id or row.lot_id))
        ]

    count_by_book(session, ctx, pools, events, Document(*document))
