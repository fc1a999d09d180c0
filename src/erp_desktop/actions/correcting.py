"""Value that reaches a receipt after it was costed, in every book: to what is left of it, and to the issues that took it.

Nothing posted is rewritten (costing.md, rule 3): each change is a CostAdjustment with what caused it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.finding import company_of
from erp_desktop.actions.valuing import Pools, books_of
from erp_desktop.costing.landed_cost import Split, left_of_receipt, split_by_on_hand, spread_over_issues
from erp_desktop.models.costing import AdjustmentKind, CostAdjustment, CostEdge, CostLayer, CostPool, MoveCost
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import ZERO, minor_unit


@dataclass(frozen=True)
class LateValue:
    """An amount that belongs to what `move` brought in; may be negative."""

    move: StockMove
    amount: Decimal


@dataclass(frozen=True)
class _Standing:
    """Where the goods of one receipt are now: the layer that holds what is left, and who took the rest."""

    layer_id: UUID | None
    qty_left: Decimal
    value_left: Decimal  # of the layer; a credit takes no more off it
    takers: list[tuple[UUID, Decimal]]  # issue move and quantity, in the order of the issues


def add_late_value(
    session: Session,
    ctx: Context,
    late: Sequence[LateValue],
    kind: AdjustmentKind,
    dated_on: date,
    document: tuple[str, UUID],
) -> dict[UUID, Split]:
    """Adds each amount where its goods are now. Gives, by move, how it fell in the book that posts to the ledger."""
    posted: dict[UUID, Split] = {}
    minor = minor_unit(company_of(session, ctx).currency_places)
    for book in books_of(session, ctx):
        pools = Pools(session, ctx, book, {(value.move.product_id, value.move.to_warehouse_id) for value in late})
        for value in late:
            row, pool = pools.of(value.move.product_id, value.move.to_warehouse_id)
            standing = _standing(session, ctx, row, value.move)
            split = split_by_on_hand(value.amount, value.move.qty, standing.qty_left, minor, standing.value_left)
            if standing.layer_id is not None and split.to_inventory:
                pool.revalue(standing.layer_id, split.to_inventory)
            issues = spread_over_issues(split.to_cost_of_sales, standing.takers, minor) if standing.takers else {}
            _write(session, ctx, row, kind, dated_on, document, value.move.line_id, standing.layer_id, split, issues)
            if book.posts_to_ledger:
                posted[value.move.id] = split
        pools.write()
    return posted


def price_corrections_of(session: Session, ctx: Context, receipt_line_id: UUID) -> Decimal:
    """The sum of all earlier corrections of the price of a receipt line, in the book that posts."""
    posting_book = books_of(session, ctx)[0]
    to_inventory, to_cost_of_sales = session.execute(
        select(func.sum(CostAdjustment.to_inventory), func.sum(CostAdjustment.to_cost_of_sales))
        .join(CostPool, (CostPool.company_id == CostAdjustment.company_id) & (CostPool.id == CostAdjustment.pool_id))
        .where(
            CostAdjustment.company_id == ctx.company_id,
            CostAdjustment.kind == AdjustmentKind.RECEIPT_PRICE,
            CostAdjustment.line_id == receipt_line_id,
            CostPool.book_id == posting_book.id,
        )
    ).one()
    return (to_inventory or ZERO) + (to_cost_of_sales or ZERO)


def _standing(session: Session, ctx: Context, row: CostPool, move: StockMove) -> _Standing:
    if row.method == "moving_average":
        return _standing_in_average(session, ctx, row, move)
    layer = session.scalars(
        select(CostLayer).where(
            CostLayer.company_id == ctx.company_id, CostLayer.pool_id == row.id, CostLayer.move_id == move.id
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
        .where(CostEdge.company_id == ctx.company_id, CostEdge.layer_id == layer.id)
        .order_by(MoveCost.seq, CostEdge.id)
    )
    return _Standing(
        layer.id if layer.qty_left else None, layer.qty_left, layer.value_left, [(issue, qty) for issue, qty in takers]
    )


def _standing_in_average(session: Session, ctx: Context, row: CostPool, move: StockMove) -> _Standing:
    """In an average pool units are alike; the oldest are taken to leave first, as stock that is handled well does."""
    in_pool = (MoveCost.company_id == ctx.company_id, MoveCost.pool_id == row.id)
    receipt_seq = session.scalars(select(MoveCost.seq).where(*in_pool, MoveCost.move_id == move.id)).one()
    came_in_later = session.scalar(
        select(func.sum(MoveCost.qty)).where(*in_pool, MoveCost.seq > receipt_seq, MoveCost.qty > 0)
    )
    left = left_of_receipt(move.qty, came_in_later or ZERO, row.on_hand)
    layer_id = session.scalars(
        select(CostLayer.id).where(
            CostLayer.company_id == ctx.company_id, CostLayer.pool_id == row.id, CostLayer.qty_left != 0
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
    return _Standing(layer_id if left else None, left, row.value if left else ZERO, takers)


def _piece_by_piece(session: Session, statement: Select[UUID, Decimal]) -> Iterator[Row[UUID, Decimal]]:
    """The rows of an ordered `statement`: the first hundred, and more only if they are asked for."""
    read, limit = 0, 100
    while rows := session.execute(statement.offset(read).limit(limit)).all():
        yield from rows
        if len(rows) < limit:
            return
        read, limit = read + limit, limit * 4


def _write(
    session: Session,
    ctx: Context,
    row: CostPool,
    kind: AdjustmentKind,
    dated_on: date,
    document: tuple[str, UUID],
    line_id: UUID,
    layer_id: UUID | None,
    split: Split,
    issues: dict[UUID, Decimal],
) -> None:
    parts: list[tuple[UUID | None, UUID | None, Decimal, Decimal]] = []
    if split.to_inventory:
        parts.append((layer_id, None, split.to_inventory, ZERO))
    parts.extend((None, issue_id, ZERO, amount) for issue_id, amount in issues.items() if amount)
    session.add_all(
        CostAdjustment(
            company_id=ctx.company_id,
            id=ctx.new_centre_id(),
            pool_id=row.id,
            product_id=row.product_id,
            kind=kind,
            dated_on=dated_on,
            document_kind=document[0],
            document_id=document[1],
            line_id=line_id,
            layer_id=layer,
            move_id=issue_id,
            to_inventory=to_inventory,
            to_cost_of_sales=to_cost_of_sales,
        )
        for layer, issue_id, to_inventory, to_cost_of_sales in parts
    )
