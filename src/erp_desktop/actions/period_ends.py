"""The ends of closed periods in the history that a further cost book is given: it settles its averages as they were closed."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_events import GOING_OUT, KIND_OF, NewEvent, Place, settles_at_period_end
from erp_desktop.actions.cost_history import pool_key
from erp_desktop.actions.cost_streams import CostStream
from erp_desktop.models.costing import CostEvent
from erp_desktop.models.ledger import Period
from erp_desktop.numbers import ZERO


def with_period_ends(session: Session, ctx: Context, stream: CostStream, events: Sequence[NewEvent]) -> list[NewEvent]:
    """`events`, in order, with the end of every closed period for the pools that have begun by then (rule 11).

    Only a book that settles something at a period's end has them: month-end averages and shared variances.
    """
    if not settles_at_period_end(stream.book.method, stream.book):
        return list(events)
    ends = list(
        session.scalars(
            select(Period.ends_on)
            .where(Period.company_id == ctx.company_id, Period.is_closed.is_(True))
            .order_by(Period.ends_on)
        )
    )
    history: list[NewEvent] = []
    pools: dict[UUID | None, Place] = {}
    on_hand: defaultdict[UUID | None, Decimal] = defaultdict(lambda: ZERO)
    for event in events:
        while ends and ends[0] < event.dated_on:
            history += _ends(ctx, stream, pools, ends.pop(0))
            for key in [key for key, place in pools.items() if place.transfer_id is not None and not on_hand[key]]:
                del pools[key]  # all of it had arrived
        leaves = KIND_OF[event.kind] in GOING_OUT
        for place, qty in ((event.place, -event.qty if leaves else event.qty), (event.to_place, event.qty)):
            if place is not None and event.kind != CostEvent.STANDARD_COST:  # which no pool begins with
                pools.setdefault(pool_key(stream, place), place)
                on_hand[pool_key(stream, place)] += qty
        history.append(event)
    for day in ends:
        history += _ends(ctx, stream, pools, day)
    return history


def _ends(ctx: Context, stream: CostStream, pools: dict[UUID | None, Place], day: date) -> list[NewEvent]:
    """In the order in which a period's end settles pools: goods that went from one to another pass its average on."""
    in_order = sorted(pools.items(), key=lambda pool: str(pool[0]))
    return [NewEvent(ctx.new_centre_id(), CostEvent.PERIOD_END, stream.product.id, place, day) for _, place in in_order]
