"""Value that reaches a receipt after it was costed, in every book: to what is left of it, and to the issues that took it.

Nothing posted is rewritten (costing.md, rule 3): each change is an event of its own with its CostAdjustments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_events import Document, NewEvent, Place
from erp_desktop.actions.valuing import count
from erp_desktop.costing.landed_cost import Split
from erp_desktop.models.costing import AdjustmentKind
from erp_desktop.models.stock import StockMove


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
    moves = {}
    events = []
    for value in late:
        move = value.move
        event_id = ctx.new_centre_id()
        moves[event_id] = move.id
        events.append(
            NewEvent(
                event_id,
                kind.value,
                move.product_id,
                Place(move.to_warehouse_id, move.lot_id),
                dated_on,
                stated=value.amount,
                of_id=move.id,
                line_id=move.line_id,
                document=Document(*document),
            )
        )
    return {
        moves[event_id]: Split(counted.to_inventory, counted.to_cost_of_sales, counted.variance)
        for event_id, counted in count(session, ctx, events).items()
    }
