"""The history of a product as events: what a further cost book counts from the beginning.

What moved is read from the stock moves (they know warehouse and lot), what it was worth from the book that posts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import itemgetter
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_events import (
    EVENTS_PER_ACTION,
    GOING_OUT,
    KIND_OF,
    Document,
    NewEvent,
    Place,
    place_from,
    place_of,
    place_to,
)
from erp_desktop.actions.cost_streams import CostStream
from erp_desktop.models.costing import CostAdjustment, CostBook, CostEvent, CostPool, MoveCost
from erp_desktop.models.stock import MoveKind, StockMove
from erp_desktop.models.valuation import StandardCostChange, StandardCostLine
from erp_desktop.numbers import ZERO

_OF_EVERY_BOOK = frozenset({CostEvent.LANDED_COST, CostEvent.RECEIPT_PRICE, CostEvent.REVALUATION})

_Entered = tuple[date, int, NewEvent]  # with its date and its place in the order of entry


def history_of(session: Session, ctx: Context, posting: CostBook, stream: CostStream) -> list[NewEvent]:
    """All events of the stream's product in the order in which they count, for a book at standard cost with its standards.
    Changes of method are a book's own.

    A revaluation of a pool is given to the place that it named; where the new book keeps lots apart it goes to the lot with
    most of the stock, since what each lot is worth was not said.
    """
    rows = session.execute(
        select(MoveCost, CostPool)
        .join(CostPool, (CostPool.company_id == MoveCost.company_id) & (CostPool.id == MoveCost.pool_id))
        .where(
            MoveCost.company_id == ctx.company_id,
            MoveCost.product_id == stream.product.id,
            CostPool.book_id == posting.id,
        )
        .order_by(MoveCost.dated_on, MoveCost.seq)
    ).all()
    moves = {
        move.id: move
        for move in session.scalars(
            select(StockMove).where(StockMove.company_id == ctx.company_id, StockMove.product_id == stream.product.id)
        )
    }
    documents = {
        row.event_id: row
        for row in session.execute(
            select(
                CostAdjustment.event_id,
                CostAdjustment.document_kind,
                CostAdjustment.document_id,
                CostAdjustment.line_id,
            ).where(
                CostAdjustment.company_id == ctx.company_id,
                CostAdjustment.product_id == stream.product.id,
                CostAdjustment.kind.in_(_OF_EVERY_BOOK),
            )
        )
    }
    entered: list[_Entered] = []
    counted: set[UUID] = set()
    for cost, pool in rows:
        move = moves.get(cost.move_id)
        if move is not None:
            if move.id in counted:
                continue  # a transfer between two pools is one event
            counted.add(move.id)
            entered.append((cost.dated_on, cost.seq, _of_move(move, cost)))
        elif cost.kind in _OF_EVERY_BOOK:
            named = moves.get(cost.of_id) if cost.of_id is not None else None
            place = place_of(pool) if named is None else place_to(named, ctx.company_id)
            caused = documents.get(cost.move_id)
            event = NewEvent(
                ctx.new_centre_id(),
                cost.kind,
                stream.product.id,
                place,
                cost.dated_on,
                stated=cost.stated,
                of_id=cost.of_id,
                line_id=caused.line_id if caused else None,
                document=Document(caused.document_kind, caused.document_id) if caused else None,
            )
            entered.append((cost.dated_on, cost.seq, event))
    # Transfers within one pool of the posting book were no events there; a book with narrower pools counts them.
    within = [move for move in moves.values() if move.kind == MoveKind.TRANSFER and move.id not in counted]
    entered += [
        (move.moved_on, move.tick * EVENTS_PER_ACTION + move.line_no, _of_transfer(move))
        for move in sorted(within, key=lambda move: move.id)
    ]
    if stream.book.method == "standard":
        entered += _standards(session, ctx, stream, entered)
    return [event for _, _, event in sorted(entered, key=itemgetter(0, 1))]


def _standards(session: Session, ctx: Context, stream: CostStream, entered: Sequence[_Entered]) -> list[_Entered]:
    """The product's standards for each of its pools, where they came in the order of entry (costing.md, rule 2)."""
    pools: dict[UUID | None, _Life] = {}
    for dated_on, seq, event in entered:
        leaves = KIND_OF[event.kind] in GOING_OUT
        for place, qty in ((event.place, -event.qty if leaves else event.qty), (event.to_place, event.qty)):
            if place is not None:
                life = pools.setdefault(pool_key(stream, place), _Life(place, seq))
                life.begins = min(life.begins, seq)
                life.last_on = max(life.last_on, dated_on)
                life.on_hand += qty
    stated = session.execute(
        select(StandardCostLine, StandardCostChange.effective_on)
        .join(
            StandardCostChange,
            (StandardCostChange.company_id == StandardCostLine.company_id)
            & (StandardCostChange.id == StandardCostLine.change_id),
        )
        .where(StandardCostLine.company_id == ctx.company_id, StandardCostLine.product_id == stream.product.id)
        .order_by(StandardCostChange.effective_on, StandardCostLine.tick, StandardCostLine.line_no)
    ).all()
    standards: list[_Entered] = []
    for line, effective_on in stated:
        seq = line.tick * EVENTS_PER_ACTION
        for _, life in sorted(pools.items(), key=lambda pool: str(pool[0])):
            if life.place.transfer_id is not None and not life.on_hand and life.last_on < effective_on:
                continue  # all of it had arrived
            begun = life.begins < seq  # else the pool takes it up as it begins, and no document says what that changes
            event = NewEvent(
                ctx.new_centre_id(),
                CostEvent.STANDARD_COST,
                stream.product.id,
                life.place,
                effective_on,
                unit_cost=line.unit_cost,
                line_id=line.id if begun else None,
                document=Document("standard_cost_change", line.change_id) if begun else None,
            )
            standards.append((effective_on, seq, event))
    return standards


@dataclass
class _Life:
    """Of a pool: its place, the first of its events in the order of entry, the last by date, and what is left in the end."""

    place: Place
    begins: int
    last_on: date = date.min
    on_hand: Decimal = ZERO


def pool_key(stream: CostStream, place: Place) -> UUID | None:
    """What tells the pools of a product apart: as wide as its category has them."""
    scope = stream.streams.categories[stream.product.category_id].cost_pool
    if scope == "warehouse":
        return place.transfer_id or place.warehouse_id
    return place.lot_id if scope == "lot" else None


def _of_move(move: StockMove, cost: MoveCost) -> NewEvent:
    if move.kind == MoveKind.TRANSFER:
        return _of_transfer(move)
    return NewEvent(
        move.id,
        move.kind,
        move.product_id,
        (place_from if move.to_bin_id is None else place_to)(move, move.company_id),
        move.moved_on,
        move.qty,
        cost.stated,
        cost.of_id,
        line_id=move.line_id,
    )


def _of_transfer(move: StockMove) -> NewEvent:
    return NewEvent(
        move.id,
        move.kind,
        move.product_id,
        place_from(move, move.company_id),
        move.moved_on,
        move.qty,
        to_place=place_to(move, move.company_id),
        line_id=move.line_id,
    )
