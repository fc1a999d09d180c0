"""What products really cost on average, whatever their book costs them at: their moves counted anew as one moving average.

A proposal for standard costs, whose own stock says nothing but the standard.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.costing.errors import CostingFault
from erp_desktop.costing.events import Event, Kind
from erp_desktop.costing.stream import Stream
from erp_desktop.models.company import Company
from erp_desktop.models.costing import CostBook, CostEvent
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import QTY_PLACES, UNIT_COST_PLACES, from_scaled, minor_unit
from erp_desktop.queries.book_events import ProductEvents, book_events

_KINDS: dict[str, Kind] = {
    MoveKind.RECEIPT: Kind.RECEIPT,
    MoveKind.OPENING: Kind.RECEIPT,
    MoveKind.COUNT_GAIN: Kind.RECEIPT,
    MoveKind.SHIPMENT: Kind.ISSUE,
    MoveKind.COUNT_LOSS: Kind.ISSUE,
    MoveKind.SCRAP: Kind.SUPPLIER_RETURN,
    MoveKind.CUSTOMER_RETURN: Kind.CUSTOMER_RETURN,
    MoveKind.SUPPLIER_RETURN: Kind.SUPPLIER_RETURN,
    CostEvent.LANDED_COST: Kind.LATE_VALUE,
    CostEvent.RECEIPT_PRICE: Kind.LATE_VALUE,
}  # what was paid; not what it was revalued to, nor what only moves within the company


@dataclass(frozen=True)
class MovingAverages:
    """The moving average of each product at the end of `day`, per stock unit in company currency. Products without stock then, and
    those whose moves cannot be counted this way, are left out."""

    tables: ClassVar[frozenset[str]] = frozenset({"move_cost", "cost_pool", "cost_book", "stock_move"})

    day: date
    product_ids: frozenset[UUID]

    def run(self, session: Session, company_id: UUID) -> dict[UUID, Decimal]:
        book = session.scalars(
            select(CostBook).where(CostBook.company_id == company_id, CostBook.posts_to_ledger)
        ).first()
        if book is None:
            return {}
        places = session.get_one(Company, (company_id, company_id)).currency_places
        events = book_events(session, company_id, book, places, self.day, self.product_ids)
        averages = ((product.product_id, _average(product, places)) for product in events)
        return {product_id: average for product_id, average in averages if average is not None}


def _average(product: ProductEvents, places: int) -> Decimal | None:
    stream = Stream(places)
    stream.open_pool(0, "moving_average", allow_negative=True)
    stream.expect({event.of for event in product.events if event.of is not None})
    try:
        stream.run(_counted(product), with_takes=False)
    except CostingFault:
        return None
    pool = stream.pools[0]
    if pool.qty <= 0 or pool.value <= 0:
        return None
    average = from_scaled(pool.value, places) / from_scaled(pool.qty, QTY_PLACES)
    return average.quantize(minor_unit(UNIT_COST_PLACES), ROUND_HALF_UP)


def _counted(product: ProductEvents) -> list[Event]:
    return [
        Event(each.move, kind, 0, each.qty, each.stated, None if kind is Kind.ISSUE else each.of)
        for each in product.events
        if (kind := _KINDS.get(each.kind)) is not None
    ]
