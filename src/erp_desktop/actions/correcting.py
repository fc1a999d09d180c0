"""Value that reaches a receipt after it was costed, in every book: to what is left of it, and to the issues that took it.

Nothing posted is rewritten (costing.md, rule 3): each change is an event of its own with its CostAdjustments.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_corrections import gone_otherwise
from erp_desktop.actions.cost_events import Counted, Document, NewEvent, place_to
from erp_desktop.actions.valuing import count
from erp_desktop.costing.landed_cost import Split
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.costing import AdjustmentKind
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import ZERO


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
                place_to(move, ctx.company_id),
                dated_on,
                stated=value.amount,
                of_id=move.id,
                line_id=move.line_id,
                document=Document(*document),
            )
        )
    counted = count(session, ctx, events)
    is_expensed = any(effect for one in counted.values() for effect in one.effects)
    product_ids = {value.move.product_id for value in late}
    gone = gone_otherwise(session, ctx.company_id, product_ids) if is_expensed else {}
    return {moves[event_id]: _split(one, gone) for event_id, one in counted.items()}


def _split(counted: Counted, gone: Mapping[UUID, Purpose]) -> Split:
    """What falls on goods that went back to the supplier is a price variance, as their difference to the credit was; what falls on
    scrapped goods is scrap loss."""
    by_purpose: defaultdict[Purpose | None, Decimal] = defaultdict(lambda: ZERO)
    for _, move_id, _, expensed in counted.effects:
        by_purpose[gone.get(move_id)] += expensed
    variance = counted.variance + by_purpose[Purpose.PURCHASE_PRICE_VARIANCE]
    return Split(counted.to_inventory, by_purpose[None], variance, by_purpose[Purpose.SCRAP_LOSS])
