"""Value that reaches a receipt after it was costed, in every book: to what is left of it, and to the issues that took it.

Nothing posted is rewritten (costing.md, rule 3): each change is an event of its own with its CostAdjustments.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_corrections import SOLD, Went, post_corrections, where_they_went
from erp_desktop.actions.cost_counting import count
from erp_desktop.actions.cost_events import Counted, Document, NewEvent, place_to
from erp_desktop.actions.finding import is_at_delivery
from erp_desktop.costing.landed_cost import Split
from erp_desktop.ledger.events import CostCorrection, LateCost
from erp_desktop.ledger.posting import Dimensions, Purpose
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
    """Adds each amount where its goods are now. Gives, by move, how it fell in the book that posts to the ledger.

    What falls on goods that were under way on that day and are delivered since goes on to cost of sales with their delivery:
    that is posted here.
    """
    moves = {}
    events = []
    caused_by = Document(*document)
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
                document=caused_by,
            )
        )
    counted = count(session, ctx, events)
    asked = {changed.move_id for one in counted.values() for changed in one.costs if changed.expensed}
    went = where_they_went(session, ctx.company_id, asked, at_delivery=is_at_delivery(session, ctx))
    _take_over_with_delivery(session, ctx, counted.values(), went, caused_by)
    return {moves[event_id]: _split(one, went) for event_id, one in counted.items()}


def late_cost(move: StockMove, split: Split, party_id: UUID | None) -> LateCost:
    """How the late value of a receipt's move fell, as the ledger is told: on the move's line, of the party that bills it."""
    dimensions = Dimensions(
        product_id=move.product_id, party_id=party_id, warehouse_id=move.to_warehouse_id, line_id=move.line_id
    )
    return LateCost(
        split.to_inventory,
        split.to_cost_of_sales,
        dimensions,
        split.to_variance,
        split.to_scrap_loss,
        to_goods_dispatched=split.to_goods_dispatched,
    )


def _split(counted: Counted, went: Mapping[UUID, Went]) -> Split:
    by_purpose: defaultdict[Purpose, Decimal] = defaultdict(lambda: ZERO)
    for changed in counted.costs:
        by_purpose[went.get(changed.move_id, SOLD).on(counted.event.dated_on)] += changed.expensed
    return Split(
        counted.to_inventory,
        by_purpose[Purpose.COST_OF_SALES],
        counted.variance + by_purpose[Purpose.PURCHASE_PRICE_VARIANCE],
        by_purpose[Purpose.SCRAP_LOSS],
        by_purpose[Purpose.GOODS_DISPATCHED],
    )


def _take_over_with_delivery(
    session: Session, ctx: Context, counted: Iterable[Counted], went: Mapping[UUID, Went], document: Document
) -> None:
    by_day: defaultdict[date, list[CostCorrection]] = defaultdict(list)
    for one in counted:
        dimensions = Dimensions(product_id=one.event.product_id)
        for changed in one.costs:
            _, *later = went.get(changed.move_id, SOLD).sides(one.event.dated_on, Purpose.INVENTORY)
            for sides in later:
                line = CostCorrection(changed.expensed, dimensions, sides.against, sides.taken_from)
                by_day[sides.dated_on].append(line)
    post_corrections(session, ctx, by_day, document)
