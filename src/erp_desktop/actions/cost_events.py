"""What counts in a cost stream, as actions tell it: moves, and value without quantity.

Here: which kinds of event there are and how they are counted, new events and what they came to. Not here: pools, rows, what
anything costs.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from erp_desktop.actions.moving import Move
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.transit import transit_warehouse_id
from erp_desktop.costing.events import Effect, Event, Kind
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.models.costing import AdjustmentKind, CostBook, CostEvent, CostPool
from erp_desktop.models.stock import MoveKind, StockMove
from erp_desktop.numbers import ZERO

EVENTS_PER_ACTION = 100_000  # room for the events of one action between two ticks in `seq`
# Added to `seq`: a method begins before all other events of its day, a period ends after them.
OF_ITS_DAY = {CostEvent.METHOD.value: -(2**62), CostEvent.PERIOD_END.value: 2**62}
LATE_VALUES = frozenset({CostEvent.LANDED_COST, CostEvent.RECEIPT_PRICE})

KIND_OF: dict[str, Kind] = {
    MoveKind.RECEIPT: Kind.RECEIPT,
    MoveKind.OPENING: Kind.RECEIPT,
    MoveKind.COUNT_GAIN: Kind.RECEIPT,
    MoveKind.SHIPMENT: Kind.ISSUE,
    MoveKind.COUNT_LOSS: Kind.ISSUE,
    MoveKind.SCRAP: Kind.SUPPLIER_RETURN,  # as the method says; what a customer brought back (`of`) at what that came in at
    MoveKind.CUSTOMER_RETURN: Kind.CUSTOMER_RETURN,
    MoveKind.SUPPLIER_RETURN: Kind.SUPPLIER_RETURN,
    MoveKind.TRANSFER: Kind.TRANSFER,
    CostEvent.LANDED_COST: Kind.LATE_VALUE,
    CostEvent.RECEIPT_PRICE: Kind.LATE_VALUE,
    CostEvent.REVALUATION: Kind.REVALUATION,
    CostEvent.STANDARD_COST: Kind.STANDARD_COST,
    CostEvent.METHOD: Kind.METHOD,
    CostEvent.PERIOD_END: Kind.PERIOD_END,
}
COMING_IN = frozenset({Kind.RECEIPT, Kind.CUSTOMER_RETURN})
GOING_OUT = frozenset({Kind.ISSUE, Kind.SUPPLIER_RETURN, Kind.TRANSFER})

POSTED_BY_THEIR_DOCUMENT = LATE_VALUES | {CostEvent.REVALUATION, CostEvent.STANDARD_COST}
ADJUSTS: dict[str, AdjustmentKind] = {
    CostEvent.LANDED_COST: AdjustmentKind.LANDED_COST,
    CostEvent.RECEIPT_PRICE: AdjustmentKind.RECEIPT_PRICE,
    CostEvent.REVALUATION: AdjustmentKind.REVALUATION,
    CostEvent.STANDARD_COST: AdjustmentKind.STANDARD_COST,
    CostEvent.PERIOD_END: AdjustmentKind.PERIOD_AVERAGE,
}


class NotThereThen(Refused):
    code = "not_there_then"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Only {on_hand} of {product} were there on {day}, and {asked} leave. Use a later date, or enter what came in first; "
        "nothing was changed.",
    )


class NothingThereThen(Refused):
    code = "nothing_there_then"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "There was no {product} on {day} that could be worth more or less. Use a day when there was; nothing was changed.",
    )


class WorthTooLittleThen(Refused):
    code = "worth_too_little_then"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The {product} of {day} is not worth as much as would be taken off it. Correct the amount; nothing was changed.",
    )


@dataclass(frozen=True)
class Place:
    """Where an event happens: it says the pool, as wide as the product's category has it. Goods in transit are those of one
    transfer."""

    warehouse_id: UUID | None = None
    lot_id: UUID | None = None
    transfer_id: UUID | None = None


@dataclass(frozen=True)
class Document:
    """What caused a row of costing: the table and id of a document, and its number for the journal's text."""

    kind: str
    id: UUID
    text: str = ""


@dataclass(frozen=True)
class NewEvent:
    """Something that counts from now on. `qty` is positive, `stated` rounded to the minor unit; `line_id` the document's line."""

    move_id: UUID
    kind: str  # a MoveKind or CostEvent
    product_id: UUID
    place: Place
    dated_on: date
    qty: Decimal = ZERO
    stated: Decimal | None = None
    of_id: UUID | None = None
    to_place: Place | None = None
    unit_cost: Decimal | None = None
    method: str | None = None
    line_id: UUID | None = None
    document: Document | None = None


class ChangedCost(NamedTuple):
    """By how much an event changed what an earlier move cost: on stock, and where that move's cost had gone."""

    pool_id: UUID
    move_id: UUID
    to_inventory: Decimal
    expensed: Decimal


class ChangedValue(NamedTuple):
    """Value without quantity: of a layer, or (None) of a pool that keeps none."""

    pool_id: UUID
    layer_id: UUID | None
    amount: Decimal


@dataclass
class Counted:
    """What a new event came to in one book, in company currency: what it changed in stock, signed, and its variance."""

    event: NewEvent
    to_inventory: Decimal
    variance: Decimal = ZERO
    passed_on: Decimal = ZERO  # variance of goods that an earlier transfer brought, which this trued up
    costs: list[ChangedCost] = field(default_factory=list)
    values: list[ChangedValue] = field(default_factory=list)


def place_from(move: Move | StockMove, company_id: UUID) -> Place:
    """Where the goods of a move left."""
    return _place(move, move.from_warehouse_id, company_id)


def place_to(move: Move | StockMove, company_id: UUID) -> Place:
    """Where the goods of a move came in."""
    return _place(move, move.to_warehouse_id, company_id)


def _place(move: Move | StockMove, warehouse_id: UUID | None, company_id: UUID) -> Place:
    in_transit = warehouse_id == transit_warehouse_id(company_id)
    return Place(warehouse_id, move.lot_id, move.document_id if in_transit else None)


def place_of(pool: CostPool) -> Place:
    """The place that a pool stands for."""
    return Place(pool.warehouse_id, pool.lot_id, pool.transfer_id)


@lru_cache(maxsize=4096)  # asked for every event of a line that is counted again
def month_end(day: date) -> date:
    """The last day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def month_ends(since: date, before: date) -> Iterator[date]:
    """The last day of every month from that of `since` to the one before that of `before`."""
    last = month_end(since)
    while last < before.replace(day=1):
        yield last
        last = month_end(last + timedelta(days=1))


def counts_until(kind: str, dated_on: date) -> date:
    """The day that a pool stands for afterwards: a period's end comes after the last day of its period."""
    return dated_on + timedelta(days=1) if kind == CostEvent.PERIOD_END else dated_on


def settles_at_period_end(method: str, book: CostBook) -> bool:
    """Whether a pool of `book` with that method has something to settle when a period ends (rule 11)."""
    return method == "periodic_average" or (method == "standard" and book.shares_variance)


def pool_of_effect(event: Event, effect: Effect) -> int:
    """Where an effect changes value on hand: goods that a transfer brings true up what its receiver sold before."""
    return event.to_pool if event.kind == Kind.TRANSFER and effect.to_inventory else event.pool


def balance_row(pool_id: UUID, ends_on: date, qty: Decimal, value: Decimal) -> dict[str, Any]:
    """A CostBalance: what a pool held at the end of a month."""
    balance_id = derived_id("cost_balance", pool_id, ends_on.isoformat())
    return {"id": balance_id, "pool_id": pool_id, "ends_on": ends_on, "qty": qty, "value": value}
