"""Valuing at the centre, in every cost book: what moves cost, and what changes value without a move.

Each function turns what happened into events of cost streams (cost_streams.py, recosting.py), gives what they came to in the book
that posts to the ledger, and posts what they changed of earlier moves. The document's own entry is posted by its action.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from operator import itemgetter
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_corrections import Corrections, where_they_went
from erp_desktop.actions.cost_events import (
    COMING_IN,
    KIND_OF,
    Counted,
    Document,
    NewEvent,
    Place,
    place_from,
    place_of,
    place_to,
)
from erp_desktop.actions.cost_history import history_of
from erp_desktop.actions.cost_pools import BookStreams
from erp_desktop.actions.cost_streams import CostStream
from erp_desktop.actions.finding import company_of, is_at_delivery
from erp_desktop.actions.moving import Move
from erp_desktop.actions.period_ends import with_period_ends
from erp_desktop.actions.posting import post
from erp_desktop.actions.recosting import must_recost, recost
from erp_desktop.actions.refusals import Refused
from erp_desktop.costing.scaled import shares_of
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ledger.events import CostAdjusted, CostCorrection
from erp_desktop.ledger.posting import Dimensions
from erp_desktop.models.costing import CostBook, CostEvent, CostPool, MoveCost
from erp_desktop.models.ledger import Period
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import ZERO, round_money

# What comes in at the current cost of its pool unless something says otherwise.
_AT_CURRENT_COST = frozenset({MoveKind.COUNT_GAIN, MoveKind.OPENING, MoveKind.CUSTOMER_RETURN})


class NoCostKnown(Refused):
    code = "no_cost_known"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} has no cost yet, so stock of it cannot be found. State its unit cost; nothing was changed.",
    )


@dataclass(frozen=True)
class Incoming:
    """A move into stock and what it is worth, not rounded yet; None: at the pool's current cost."""

    move: Move
    value: Decimal | None


@dataclass(frozen=True)
class Valued:
    """A move and its cost in the book that posts to the ledger, positive in either direction.

    `variance`: what goods at standard cost more than that, to be posted apart.
    """

    move: Move
    cost: Decimal
    variance: Decimal = ZERO


def books_of(session: Session, ctx: Context) -> list[CostBook]:
    """Every cost book that is kept; the one that posts to the ledger first."""
    books: list[CostBook] | None = session.info.get(("cost_books", ctx.company_id))
    if books is None:
        statement = select(CostBook).where(CostBook.company_id == ctx.company_id, CostBook.is_closed.is_(False))
        books = list(session.scalars(statement.order_by(CostBook.posts_to_ledger.desc(), CostBook.code)))
        session.info["cost_books", ctx.company_id] = books
    return books


# -- moves


def value_receipts(session: Session, ctx: Context, incoming: Sequence[Incoming]) -> list[Valued]:
    """Goods come in, in every book. Gives their value in the book that posts."""
    places = company_of(session, ctx).currency_places
    events = []
    for arrived in incoming:
        stated = None if arrived.value is None else round_money(arrived.value, places)
        events.append(_moved(arrived.move, place_to(arrived.move, ctx.company_id), stated=stated))
    return _valued([arrived.move for arrived in incoming], count(session, ctx, events))


def value_issues(session: Session, ctx: Context, moves: Sequence[Move]) -> list[Valued]:
    """Goods leave, in every book. Gives their cost in the book that posts."""
    return _valued(moves, count(session, ctx, [_moved(move, place_from(move, ctx.company_id)) for move in moves]))


def value_returns(session: Session, ctx: Context, moves: Sequence[Move]) -> list[Valued]:
    """Customers bring goods back, each at the settled cost of the very issue that `returns_move_id` names, else at current cost
    (costing.md, rule 5); piece by piece the returns of an issue give back exactly its cost.

    A move of kind SCRAP is what leaves again at once, at what the return that `returns_move_id` names came in at.
    Raises NoCostKnown.
    """
    return _valued(moves, count(session, ctx, [_returned(move, ctx.company_id) for move in moves]))


def value_supplier_returns(session: Session, ctx: Context, moves: Sequence[Move]) -> list[Valued]:
    """Goods go back to the supplier, from the layer of the receipt that `returns_move_id` names while it lasts (rule 6)."""
    company_id = ctx.company_id
    events = [_moved(move, place_from(move, company_id), of_id=move.returns_move_id) for move in moves]
    return _valued(moves, count(session, ctx, events))


def transfer_cost(session: Session, ctx: Context, moves: Sequence[Move]) -> None:
    """A transfer moves cost unchanged (costing.md, rule 8): out of one pool into the other, where they are two."""
    company_id = ctx.company_id
    events = [
        replace(_moved(move, place_from(move, company_id)), to_place=place_to(move, company_id)) for move in moves
    ]
    count(session, ctx, events)


def _returned(move: Move, company_id: UUID) -> NewEvent:
    place = place_from(move, company_id) if move.kind == MoveKind.SCRAP else place_to(move, company_id)
    return _moved(move, place, of_id=move.returns_move_id)


def _moved(move: Move, place: Place, stated: Decimal | None = None, of_id: UUID | None = None) -> NewEvent:
    return NewEvent(
        move.id,
        move.kind,
        move.product_id,
        place,
        move.moved_on,
        move.qty,
        stated,
        of_id,
        line_id=move.line_id,
        document=Document(move.document_kind, move.document_id),
    )


def _valued(moves: Sequence[Move], counted: dict[UUID, Counted]) -> list[Valued]:
    return [Valued(move, abs(counted[move.id].to_inventory), counted[move.id].variance) for move in moves]


# -- value without a move


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

    counted = _count_by_book(session, ctx, [product_id], events, Document(*document))
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

    counted = _count_by_book(session, ctx, [product_id], events, Document(*document))
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

    _count_by_book(session, ctx, ids, events, Document(*document))


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

    _count_by_book(session, ctx, pools, events, Document(*document))


# -- a further book


def open_book_history(session: Session, ctx: Context, book: CostBook) -> None:
    """A new book is given the history of all moves, from the inputs of the book that posts; pool by pool, product by product."""
    posting = books_of(session, ctx)[0]
    products = select(CostPool.product_id).where(CostPool.company_id == ctx.company_id, CostPool.book_id == posting.id)
    for product_id in sorted(set(session.scalars(products))):
        stream = CostStream(BookStreams(session, ctx, book, [product_id]), product_id)
        events = with_period_ends(session, ctx, stream, history_of(session, ctx, posting, stream))
        if events:
            _count_in(stream, events, Document("cost_book", book.id), has_standards=True)


# -- counting


def count(session: Session, ctx: Context, events: Sequence[NewEvent]) -> dict[UUID, Counted]:
    """Count `events` in every book. Gives what each came to in the book that posts, by its move's id."""
    if not events:
        return {}
    by_product: defaultdict[UUID, list[NewEvent]] = defaultdict(list)
    for event in events:
        by_product[event.product_id].append(event)
    document = events[0].document or Document("", ctx.action_id)
    counted = _count_by_book(session, ctx, by_product, lambda stream: by_product[stream.product.id], document)
    return {one.event.move_id: one for one in counted}


def _count_by_book(
    session: Session,
    ctx: Context,
    product_ids: Iterable[UUID],
    events: Callable[[CostStream], list[NewEvent]],
    document: Document,
) -> list[Counted]:
    """Count what `events` says of each product's stream, in every book. Gives what it came to in the book that posts."""
    ids = list(product_ids)
    posted: list[Counted] = []
    for book in books_of(session, ctx):
        streams = BookStreams(session, ctx, book, ids)
        corrections: list[tuple[UUID, Corrections]] = []
        for product_id in ids:
            stream = CostStream(streams, product_id)
            counted = _count_in(stream, events(stream), document)
            if book.posts_to_ledger:
                posted += counted
                corrections.append((product_id, stream.corrections))
        _post_corrections(session, ctx, corrections, document)
    return posted


def _count_in(
    stream: CostStream, new: list[NewEvent], document: Document, *, has_standards: bool = False
) -> list[Counted]:
    """A pool that begins takes up the standards that were set before, unless `new` has them."""
    wanted = []
    for event in new:
        begun = len(stream.rows)
        number = stream.pool_of(event.place)
        arrives = None if event.to_place is None else stream.pool_of(event.to_place)
        for opened in range(begun, len(stream.rows)):
            row = stream.rows[opened]
            if row.method == "standard" and row.last_moved_on is None and not has_standards:
                wanted += stream.standards_before(opened)
        if arrives == number:
            continue  # goes from bin to bin within one pool
        needs_a_cost = event.kind in _AT_CURRENT_COST and event.stated is None and event.of_id is None
        if needs_a_cost and not _knows_a_cost(stream, number, event.dated_on, wanted):
            raise NoCostKnown(product=stream.product.code)
        wanted.append(event)
    if not wanted:
        return []
    counted = None if must_recost(stream, wanted) else stream.append(wanted, document)
    if counted is None:
        counted = recost(stream, wanted, document)
    asked = {event.move_id for event in new}
    return [one for one in counted if one.event.move_id in asked]


def _knows_a_cost(stream: CostStream, number: int, day: date, ahead: Sequence[NewEvent]) -> bool:
    """Whether something says by a day what goods of a pool cost: what came in so far, or a standard."""
    if any(
        one.dated_on <= day
        and (one.unit_cost is not None or KIND_OF[one.kind] in COMING_IN or one.to_place is not None)
        and number == stream.pool_of(one.place if one.to_place is None else one.to_place)
        for one in ahead
    ):
        return True
    row = stream.rows[number]
    if row.last_unit_cost is None and row.standard_cost is None:
        return False
    return (row.last_moved_on is not None and row.last_moved_on <= day) or stream.had_cost_by(number, day)


def _post_corrections(
    session: Session, ctx: Context, corrections: Sequence[tuple[UUID, Corrections]], document: Document
) -> None:
    """The other side of what earlier moves cost more or less, on the date of each."""
    by_day: defaultdict[date, list[CostCorrection]] = defaultdict(list)
    asked = {move_id for _, corrected in corrections for move_id in corrected.asked}
    went = where_they_went(session, ctx.company_id, asked, at_delivery=is_at_delivery(session, ctx)) if asked else {}
    for product_id, corrected in corrections:
        for sides, amount in corrected.amounts(went).items():
            line = CostCorrection(amount, Dimensions(product_id=product_id), sides.against, sides.taken_from)
            by_day[sides.dated_on].append(line)
    for dated_on, lines in sorted(by_day.items(), key=itemgetter(0)):
        post(session, ctx, CostAdjusted(tuple(lines)), dated_on, (document.kind, document.id), text=document.text)


__all__ = [
    "Incoming",
    "NoCostKnown",
    "Valued",
    "books_of",
    "change_method",
    "count",
    "end_period",
    "open_book_history",
    "revalue",
    "set_standard_cost",
    "transfer_cost",
    "value_issues",
    "value_receipts",
    "value_returns",
    "value_supplier_returns",
]
