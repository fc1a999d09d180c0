"""Where the goods of a receipt are now, and how its price was corrected so far: what late value starts from.

Read the same way when value is added (correcting.py) and when somebody asks beforehand what it would change.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from erp_desktop.costing.landed_cost import left_of_receipt
from erp_desktop.models.costing import AdjustmentKind, CostAdjustment, CostBook, CostEdge, CostLayer, CostPool, MoveCost
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import ZERO


@dataclass(frozen=True)
class Standing:
    """Where the goods of one receipt are now: the layer that holds what is left, and who took the rest."""

    layer_id: UUID | None
    qty_left: Decimal
    value_left: Decimal  # of the layer; a credit takes no more off it
    takers: list[tuple[UUID, Decimal]]  # issue move and quantity, in the order of the issues


def price_corrections_of(session: Session, book: CostBook, receipt_line_id: UUID) -> Decimal:
    """The sum of all earlier corrections of the price of a receipt line, in `book`."""
    to_inventory, to_cost_of_sales = session.execute(
        select(func.sum(CostAdjustment.to_inventory), func.sum(CostAdjustment.to_cost_of_sales))
        .join(CostPool, (CostPool.company_id == CostAdjustment.company_id) & (CostPool.id == CostAdjustment.pool_id))
        .where(
            CostAdjustment.company_id == book.company_id,
            CostAdjustment.kind == AdjustmentKind.RECEIPT_PRICE,
            CostAdjustment.line_id == receipt_line_id,
            CostPool.book_id == book.id,
        )
    ).one()
    return (to_inventory or ZERO) + (to_cost_of_sales or ZERO)


def standing_of(session: Session, row: CostPool, move: StockMove) -> Standing:
    """Where the goods that `move` brought into the pool are now."""
    if row.method == "moving_average":
        return _standing_in_average(session, row, move)
    layer = session.scalars(
        select(CostLayer).where(
            CostLayer.company_id == row.company_id, CostLayer.pool_id == row.id, CostLayer.move_id == move.id
        )
    ).one()
    takers = session.execute(
        select(CostEdge.issue_move_id, CostEdge.qty)
        .join(
            MoveCost,
            (MoveCost.company_id == CostEdge.company_id)
            & (MoveCost.move_id == CostEdge.issue_move_id)
            & (MoveCost.pool_id == CostEdge.pool_id),
        )
        .where(CostEdge.company_id == row.company_id, CostEdge.layer_id == layer.id)
        .order_by(MoveCost.seq, CostEdge.id)
    )
    return Standing(
        layer.id if layer.qty_left else None, layer.qty_left, layer.value_left, [(issue, qty) for issue, qty in takers]
    )


def _standing_in_average(session: Session, row: CostPool, move: StockMove) -> Standing:
    """In an average pool units are alike; the oldest are taken to leave first, as stock that is handled well does."""
    in_pool = (MoveCost.company_id == row.company_id, MoveCost.pool_id == row.id)
    receipt_seq = session.scalars(select(MoveCost.seq).where(*in_pool, MoveCost.move_id == move.id)).one()
    came_in_later = session.scalar(
        select(func.sum(MoveCost.qty)).where(*in_pool, MoveCost.seq > receipt_seq, MoveCost.qty > 0)
    )
    left = left_of_receipt(move.qty, came_in_later or ZERO, row.on_hand)
    layer_id = session.scalars(
        select(CostLayer.id).where(
            CostLayer.company_id == row.company_id, CostLayer.pool_id == row.id, CostLayer.qty_left != 0
        )
    ).first()
    ahead = session.scalar(select(func.sum(MoveCost.qty)).where(*in_pool, MoveCost.seq < receipt_seq)) or ZERO
    gone = move.qty - left
    takers: list[tuple[UUID, Decimal]] = []
    issues = (
        select(MoveCost.move_id, MoveCost.qty)
        .where(*in_pool, MoveCost.seq > receipt_seq, MoveCost.qty < 0)
        .order_by(MoveCost.seq, MoveCost.id)
    )
    for issue_id, qty in _piece_by_piece(session, issues):  # the last issues are seldom reached
        if not gone:
            break
        from_ahead = min(ahead, -qty)
        ahead -= from_ahead
        taken = min(-qty - from_ahead, gone)
        if taken:
            takers.append((issue_id, taken))
            gone -= taken
    return Standing(layer_id if left else None, left, row.value if left else ZERO, takers)


def _piece_by_piece(session: Session, statement: Select[UUID, Decimal]) -> Iterator[Row[UUID, Decimal]]:
    """The rows of an ordered `statement`: the first hundred, and more only if they are asked for."""
    read, limit = 0, 100
    while rows := session.execute(statement.offset(read).limit(limit)).all():
        yield from rows
        if len(rows) < limit:
            return
        read, limit = read + limit, limit * 4
