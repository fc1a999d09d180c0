"""The history of a product as events: what a further cost book counts from the beginning.

What moved is read from the stock moves (they know warehouse and lot), what it was worth from the book that posts.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_events import Document, NewEvent, place_from, place_of, place_to
from erp_desktop.actions.cost_streams import CostStream
from erp_desktop.models.costing import CostAdjustment, CostBook, CostEvent, CostPool, MoveCost
from erp_desktop.models.stock import MoveKind, StockMove

_OF_EVERY_BOOK = frozenset({CostEvent.LANDED_COST, CostEvent.RECEIPT_PRICE, CostEvent.REVALUATION})


def history_of(session: Session, ctx: Context, posting: CostBook, stream: CostStream) -> list[NewEvent]:
    """All events of the stream's product in the order in which they count. Changes of method are a book's own.

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
    events: list[NewEvent] = []
    counted: set[UUID] = set()
    for cost, pool in rows:
        move = moves.get(cost.move_id)
        if move is not None:
            if move.id in counted:
                continue  # a transfer between two pools is one event
            counted.add(move.id)
            events.append(_of_move(move, cost))
        elif cost.kind in _OF_EVERY_BOOK:
            named = moves.get(cost.of_id) if cost.of_id is not None else None
            place = place_of(pool) if named is None else place_to(named, ctx.company_id)
            caused = documents.get(cost.move_id)
            events.append(
                NewEvent(
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
            )
    # Transfers within one pool of the posting book were no events there; a book with narrower pools counts them.
    within = [move for move in moves.values() if move.kind == MoveKind.TRANSFER and move.id not in counted]
    for move in sorted(within, key=lambda move: (move.moved_on, move.tick, move.line_no, move.id)):
        later = next((index for index, event in enumerate(events) if event.dated_on > move.moved_on), len(events))
        events.insert(later, _of_transfer(move))
    return events


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
