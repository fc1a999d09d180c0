"""Value that reaches a receipt after it was costed, in every book: to what is left of it, and to the issues that took it.

Nothing posted is rewritten (costing.md, rule 3): each change is a CostAdjustment with what caused it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.finding import company_of
from erp_desktop.actions.standing import standing_of
from erp_desktop.actions.valuing import Pools, books_of
from erp_desktop.costing.landed_cost import Split, split_by_on_hand, spread_over_issues
from erp_desktop.models.costing import AdjustmentKind, CostAdjustment, CostPool
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import ZERO, minor_unit


@dataclass(frozen=True)
class LateValue:
    """An amount that belongs to what `move` brought in; may be negative."""

    move: StockMove
    amount: Decimal


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
            standing = standing_of(session, row, value.move)
            split = split_by_on_hand(value.amount, value.move.qty, standing.qty_left, minor, standing.value_left)
            if standing.layer_id is not None and split.to_inventory:
                pool.revalue(standing.layer_id, split.to_inventory)
            issues = spread_over_issues(split.to_cost_of_sales, standing.takers, minor) if standing.takers else {}
            _write(session, ctx, row, kind, dated_on, document, value.move.line_id, standing.layer_id, split, issues)
            if book.posts_to_ledger:
                posted[value.move.id] = split
        pools.write()
    return posted


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
