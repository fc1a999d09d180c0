"""How a cost pool came to what it held before a move: for averages, whose units cannot be told apart.

Here: the last events that changed the pool's unit cost, with quantity and value after each, as known today.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from erp_desktop.models.costing import CostAdjustment, MoveCost
from erp_desktop.models.stock import StockMove
from erp_desktop.models.types import MoneyType, QtyType
from erp_desktop.numbers import ZERO
from erp_desktop.queries.story_words import Cause, Storyteller

MOST_STEPS = 8
_EVENTS_LOOKED_AT = 400
_ISSUES = ("shipment", "supplier_return", "count_loss", "scrap")


@dataclass(frozen=True)
class PoolStep:
    """An event that changed what a unit of the pool costs. `value` is its whole outcome in stock, as known today."""

    kind: str
    dated_on: date
    document: Cause | None
    qty: Decimal
    value: Decimal
    qty_before: Decimal
    value_before: Decimal

    @property
    def qty_after(self) -> Decimal:
        return self.qty_before + self.qty

    @property
    def value_after(self) -> Decimal:
        return self.value_before + self.value


@dataclass(frozen=True)
class PoolHistory:
    """The last steps before a move, oldest first, and what the pool held just before the move."""

    steps: tuple[PoolStep, ...]
    qty: Decimal
    value: Decimal


def pool_history(session: Session, names: Storyteller, cost: MoveCost) -> PoolHistory:
    """What the pool held just before the event `cost`, and the last events that made its average."""
    before = and_(
        MoveCost.company_id == cost.company_id,
        MoveCost.pool_id == cost.pool_id,
        or_(MoveCost.dated_on < cost.dated_on, and_(MoveCost.dated_on == cost.dated_on, MoveCost.seq < cost.seq)),
    )
    qty, value = _held(session, before)
    here = PoolHistory((), qty, value)
    recent = session.execute(
        select(MoveCost, StockMove)
        .outerjoin(StockMove, (StockMove.company_id == MoveCost.company_id) & (StockMove.id == MoveCost.move_id))
        .where(before)
        .order_by(MoveCost.dated_on.desc(), MoveCost.seq.desc())
        .limit(_EVENTS_LOOKED_AT)
    ).all()
    changes = _changes(session, cost, [event.move_id for event, _ in recent])
    steps: list[PoolStep] = []
    for event, found in recent:
        move: StockMove | None = found  # none for value without quantity
        later, document = changes.get(event.move_id, (ZERO, None))
        outcome = event.cost + later
        qty, value = qty - event.qty, value - outcome
        if event.kind not in _ISSUES and (event.qty or outcome):
            if move is not None:
                cause: Cause | None = names.cause(move.document_kind, move.document_id, move.tick)
            else:
                cause = names.cause(*document) if document is not None else None
            steps.append(PoolStep(event.kind, event.dated_on, cause, event.qty, outcome, qty, value))
        if len(steps) == MOST_STEPS:
            break
    return PoolHistory(tuple(reversed(steps)), here.qty, here.value)


def _held(session: Session, before: ColumnElement[bool]) -> tuple[Decimal, Decimal]:
    """Quantity and value after all events that are `before`, with what was corrected of each of them."""
    qty, cost = session.execute(
        select(func.sum(MoveCost.qty, type_=QtyType()), func.sum(MoveCost.cost, type_=MoneyType())).where(before)
    ).one()
    corrected = session.scalar(
        select(func.sum(CostAdjustment.to_inventory, type_=MoneyType()))
        .join(
            MoveCost,
            (MoveCost.company_id == CostAdjustment.company_id)
            & (MoveCost.pool_id == CostAdjustment.pool_id)
            & (MoveCost.move_id == CostAdjustment.event_id),
        )
        .where(before)
    )
    return qty or ZERO, (cost or ZERO) + (corrected or ZERO)


def _changes(
    session: Session, cost: MoveCost, event_ids: list[UUID]
) -> dict[UUID, tuple[Decimal, tuple[str, UUID, int] | None]]:
    """By event: what was corrected of its value in stock, and the document that wrote it."""
    rows = session.execute(
        select(
            CostAdjustment.event_id,
            CostAdjustment.to_inventory,
            CostAdjustment.document_kind,
            CostAdjustment.document_id,
            CostAdjustment.tick,
        )
        .where(
            CostAdjustment.company_id == cost.company_id,
            CostAdjustment.pool_id == cost.pool_id,
            CostAdjustment.event_id.in_(event_ids),
        )
        .order_by(CostAdjustment.tick, CostAdjustment.id)
    )
    changes: dict[UUID, tuple[Decimal, tuple[str, UUID, int] | None]] = {}
    for event_id, to_inventory, kind, document_id, tick in rows:
        sofar, document = changes.get(event_id, (ZERO, None))
        changes[event_id] = (sofar + to_inventory, document or (kind, document_id, tick))
    return changes
