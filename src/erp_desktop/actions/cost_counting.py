"""Counting events in every cost book at the centre, and posting what they change of earlier moves.

An event that comes last in its stream is counted at the end (cost_streams.py), an earlier one re-costs what follows it
(recosting.py). A further book is given the whole history. Not here: which events an action tells (valuing.py, value_changes.py,
late_value.py), and its own journal entry.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_corrections import Corrections, post_corrections, where_they_went
from erp_desktop.actions.cost_events import COMING_IN, KIND_OF, Counted, Document, NewEvent
from erp_desktop.actions.cost_history import history_of
from erp_desktop.actions.cost_pools import BookStreams
from erp_desktop.actions.cost_streams import CostStream
from erp_desktop.actions.finding import is_at_delivery
from erp_desktop.actions.period_ends import with_period_ends
from erp_desktop.actions.recosting import must_recost, recost
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ledger.events import CostCorrection
from erp_desktop.ledger.posting import Dimensions
from erp_desktop.models.costing import CostBook, CostPool
from erp_desktop.models.stock import MoveKind

# What comes in at the current cost of its pool unless something says otherwise.
_AT_CURRENT_COST = frozenset({MoveKind.COUNT_GAIN, MoveKind.OPENING, MoveKind.CUSTOMER_RETURN})


class NoCostKnown(Refused):
    code = "no_cost_known"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} has no cost yet, so stock of it cannot be found. State its unit cost; nothing was changed.",
    )


def books_of(session: Session, ctx: Context) -> list[CostBook]:
    """Every cost book that is kept; the one that posts to the ledger first."""
    books: list[CostBook] | None = session.info.get(("cost_books", ctx.company_id))
    if books is None:
        statement = select(CostBook).where(CostBook.company_id == ctx.company_id, CostBook.is_closed.is_(False))
        books = list(session.scalars(statement.order_by(CostBook.posts_to_ledger.desc(), CostBook.code)))
        session.info["cost_books", ctx.company_id] = books
    return books


def count(session: Session, ctx: Context, events: Sequence[NewEvent]) -> dict[UUID, Counted]:
    """Count `events` in every book. Gives what each came to in the book that posts, by its move's id."""
    if not events:
        return {}
    by_product: defaultdict[UUID, list[NewEvent]] = defaultdict(list)
    for event in events:
        by_product[event.product_id].append(event)
    document = events[0].document or Document("", ctx.action_id)
    counted = count_by_book(session, ctx, by_product, lambda stream: by_product[stream.product.id], document)
    return {one.event.move_id: one for one in counted}


def count_by_book(
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
        _post(session, ctx, corrections, document)
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


# -- what earlier moves cost more or less


def _post(session: Session, ctx: Context, corrections: Sequence[tuple[UUID, Corrections]], document: Document) -> None:
    """The other side of what earlier moves cost more or less, on the date of each."""
    by_day: defaultdict[date, list[CostCorrection]] = defaultdict(list)
    asked = {move_id for _, corrected in corrections for move_id in corrected.asked}
    went = where_they_went(session, ctx.company_id, asked, at_delivery=is_at_delivery(session, ctx))
    for product_id, corrected in corrections:
        for sides, amount in corrected.amounts(went).items():
            line = CostCorrection(amount, Dimensions(product_id=product_id), sides.against, sides.taken_from)
            by_day[sides.dated_on].append(line)
    post_corrections(session, ctx, by_day, document)
