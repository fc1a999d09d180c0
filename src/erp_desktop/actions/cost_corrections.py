"""What changes of earlier moves' costs come to in the ledger: by day and by the two accounts that each goes between."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_events import Document
from erp_desktop.actions.posting import post
from erp_desktop.actions.remembering import MEMORY_ASKS, changed_rows
from erp_desktop.ledger.events import CostAdjusted, CostCorrection
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.costing import CostEvent
from erp_desktop.models.sales import Shipment
from erp_desktop.models.stock import MoveKind, StockMove
from erp_desktop.numbers import ZERO

# Where the cost of an event had gone, and so what a correction of it changes.
_AGAINST: dict[str, Purpose] = {
    MoveKind.COUNT_GAIN: Purpose.INVENTORY_ADJUSTMENT,
    MoveKind.COUNT_LOSS: Purpose.INVENTORY_ADJUSTMENT,
    MoveKind.SCRAP: Purpose.SCRAP_LOSS,
    MoveKind.OPENING: Purpose.OPENING_EQUITY,
    MoveKind.RECEIPT: Purpose.PURCHASE_PRICE_VARIANCE,  # its value can only change where it is a standard
    MoveKind.SUPPLIER_RETURN: Purpose.PURCHASE_PRICE_VARIANCE,
    MoveKind.TRANSFER: Purpose.PURCHASE_PRICE_VARIANCE,  # where the goods arrived at another standard
    CostEvent.STANDARD_COST: Purpose.STANDARD_COST_CHANGE,
}

# Goods that left without being sold, and where their cost goes: back at the supplier's it is a price variance, as the difference
# to the supplier's credit was (costing.md, rule 6).
_NOT_SOLD: dict[str, Purpose] = {
    MoveKind.SUPPLIER_RETURN: Purpose.PURCHASE_PRICE_VARIANCE,
    MoveKind.SCRAP: Purpose.SCRAP_LOSS,
}
_SOLD = (MoveKind.SHIPMENT, MoveKind.CUSTOMER_RETURN)
_MOVES_AT_ONCE = 1000  # in one IN (...)


class Went(NamedTuple):
    """Where what a move costs more or less afterwards goes. Goods dispatched are under way until a day, or still (None)."""

    purpose: Purpose
    under_way_until: date | None = None

    def on(self, dated_on: date) -> Purpose:
        """Where a correction of that day goes first."""
        return next(self.sides(dated_on, Purpose.INVENTORY)).against

    def sides(self, dated_on: date, taken_from: Purpose) -> "Iterator[Sides]":
        """The accounts of a correction on its day. Of goods that were under way on that day and are delivered since, with what
        their delivery takes over of it."""
        if self.purpose is not Purpose.GOODS_DISPATCHED or self.under_way_until is None:
            yield Sides(dated_on, self.purpose, taken_from)
        elif self.under_way_until <= dated_on:
            yield Sides(dated_on, Purpose.COST_OF_SALES, taken_from)
        else:
            yield Sides(dated_on, Purpose.GOODS_DISPATCHED, taken_from)
            yield Sides(self.under_way_until, Purpose.COST_OF_SALES, Purpose.GOODS_DISPATCHED)


class Sides(NamedTuple):
    """A day, and the accounts of which one takes what the other gives."""

    dated_on: date
    against: Purpose
    taken_from: Purpose


SOLD = Went(Purpose.COST_OF_SALES)


def where_they_went(
    session: Session, company_id: UUID, move_ids: Collection[UUID], *, at_delivery: bool
) -> dict[UUID, Went]:
    """Where the cost of moves went that is not simply cost of sales: of goods that were not sold, and `at_delivery` (in a company
    that posts revenue then) of those that were shipped, with what came back of them."""
    ids, found = sorted(move_ids), dict[UUID, Went]()
    if not ids:
        return found
    moves: Any = select(StockMove.id, StockMove.kind)
    if at_delivery:
        left = aliased(StockMove)  # by which goods had left that came back
        shipment_id = func.coalesce(left.document_id, StockMove.document_id)
        moves = (
            select(StockMove.id, StockMove.kind, shipment_id.label("shipment_id"), Shipment.under_way_until)
            .outerjoin(left, (left.company_id == StockMove.company_id) & (left.id == StockMove.returns_move_id))
            .outerjoin(Shipment, (Shipment.company_id == StockMove.company_id) & (Shipment.id == shipment_id))
            # of what nobody knows how it left it is not known either that it was under way
            .where((StockMove.kind != MoveKind.CUSTOMER_RETURN) | StockMove.returns_move_id.is_not(None))
        )
    kinds = (*_NOT_SOLD, *_SOLD) if at_delivery else tuple(_NOT_SOLD)
    unwritten = changed_rows(session, Shipment) if at_delivery else {}
    for start in range(0, len(ids), _MOVES_AT_ONCE):
        part = ids[start : start + _MOVES_AT_ONCE]
        wanted = moves.where(StockMove.company_id == company_id, StockMove.id.in_(part), StockMove.kind.in_(kinds))
        for row in session.execute(wanted, execution_options=MEMORY_ASKS):
            if row.kind in _NOT_SOLD:
                found[row.id] = Went(_NOT_SOLD[row.kind])
            else:
                shipment = unwritten.get(row.shipment_id)
                under_way_until = row.under_way_until if shipment is None else shipment.under_way_until
                found[row.id] = Went(Purpose.GOODS_DISPATCHED, under_way_until)
    return found


class Corrections:
    """The corrections of one product's stream, to be posted. `at_delivery`: the company posts revenue then, so that what its
    shipments cost has to be asked for as well."""

    def __init__(self, *, at_delivery: bool) -> None:
        self._asks_always = frozenset(_SOLD) if at_delivery else frozenset()
        # By day, what bears it, and where it goes: a purpose, or a move of which it has to be asked.
        self._amounts: defaultdict[tuple[date, Purpose, Purpose | UUID], Decimal] = defaultdict(lambda: ZERO)

    def add(
        self,
        kind: str,
        dated_on: date,
        event: UUID | bytes,
        target: UUID | bytes | None,
        layer: UUID | bytes | None,
        to_inventory: Decimal | int,
        to_cost_of_sales: Decimal,
    ) -> None:
        """A CostAdjustment of an event of that kind: `target` is the move that it changes, its own or an earlier one."""
        if not to_cost_of_sales:
            return
        against: Purpose | UUID = _AGAINST.get(kind, Purpose.COST_OF_SALES)
        if target is not None and (target != event or kind in self._asks_always):
            # a share of late value, a true-up, or the cost of a shipment itself
            against = target if isinstance(target, UUID) else UUID(bytes=target)
        elif target is None and layer is None:  # of goods at standard: late value, or what a true-up passed on to them
            against = Purpose.PURCHASE_PRICE_VARIANCE
        shares_variance = kind in (CostEvent.PERIOD_END, CostEvent.METHOD) and not to_inventory
        taken_from = Purpose.PURCHASE_PRICE_VARIANCE if shares_variance else Purpose.INVENTORY
        self._amounts[dated_on, taken_from, against] += to_cost_of_sales

    @property
    def asked(self) -> set[UUID]:
        """The moves of which it has to be known where they went."""
        return {against for _, _, against in self._amounts if isinstance(against, UUID)}

    def amounts(self, went: Mapping[UUID, Went]) -> dict[Sides, Decimal]:
        """What is posted, by day and accounts."""
        amounts: defaultdict[Sides, Decimal] = defaultdict(lambda: ZERO)
        for (dated_on, taken_from, against), amount in self._amounts.items():
            where = went.get(against, SOLD) if isinstance(against, UUID) else Went(against)
            for sides in where.sides(dated_on, taken_from):
                amounts[sides] += amount
        return amounts


def post_corrections(
    session: Session, ctx: Context, by_day: Mapping[date, Sequence[CostCorrection]], document: Document
) -> None:
    """Entries of their own, each on its day; `document` has caused them."""
    for day, lines in sorted(by_day.items(), key=itemgetter(0)):
        post(session, ctx, CostAdjusted(tuple(lines)), day, (document.kind, document.id), text=document.text)
