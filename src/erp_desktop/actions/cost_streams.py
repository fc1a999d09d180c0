"""Counting events in cost streams at the centre: all pools of one product in one book, in the order of their events.

Here: which pools an event belongs to, the state that a run of `costing.stream` starts from, and writing down where it ended: costs,
edges, layers, pools, what months ended with. An event that comes last is counted from the pools as they stand; an
earlier one re-costs what follows it (recosting.py). Not here: what anything costs (costing/), and postings.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Context
from erp_desktop.actions.finding import company_of, find_all
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import MEMORY_ASKS, rows_by_id, rows_of
from erp_desktop.actions.standing import LAYERED, layer_id, settled_issues, standing_of
from erp_desktop.costing.errors import NotEnoughStock, NothingToRevalue, ValueBelowZero
from erp_desktop.costing.events import METHODS, Effect, Event, Kind, LayerKey, Result
from erp_desktop.costing.stream import Stream
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.models.base import current_tick
from erp_desktop.models.costing import (
    AdjustmentKind,
    CostAdjustment,
    CostBalance,
    CostBook,
    CostCheckpoint,
    CostEdge,
    CostEvent,
    CostLayer,
    CostPool,
    MoveCost,
    StandardCost,
)
from erp_desktop.models.product import Category, Product
from erp_desktop.models.stock import MoveKind, Warehouse
from erp_desktop.numbers import QTY_PLACES, UNIT_COST_PLACES, ZERO, from_scaled, to_scaled

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
_ADJUSTS: dict[str, AdjustmentKind] = {
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
    """Where an event happens: it says the pool, as wide as the product's category has it."""

    warehouse_id: UUID | None = None
    lot_id: UUID | None = None


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


@dataclass
class Counted:
    """What a new event came to in one book, in company currency: what it changed in stock, signed, and its variance."""

    event: NewEvent
    to_inventory: Decimal
    variance: Decimal = ZERO
    effects: list[tuple[UUID, UUID, Decimal, Decimal]] = field(
        default_factory=list
    )  # pool, move, to inventory, expensed
    layers: list[tuple[UUID, UUID | None, Decimal]] = field(default_factory=list)  # value without quantity: pool, layer

    @property
    def to_cost_of_sales(self) -> Decimal:
        return sum((effect[3] for effect in self.effects), ZERO)


def month_end(day: date) -> date:
    """The last day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def month_ends(since: date, before: date) -> Iterator[date]:
    """The last day of every month from that of `since` to the one before that of `before`."""
    last = month_end(since)
    while last < before.replace(day=1):
        yield last
        last = month_end(last + timedelta(days=1))


class BookStreams:
    """The cost streams of some products in one book, and the sequence of what is counted in them by this action."""

    def __init__(self, session: Session, ctx: Context, book: CostBook, product_ids: Iterable[UUID]) -> None:
        self.session, self.ctx, self.book = session, ctx, book
        self.places = company_of(session, ctx).currency_places
        self.products = find_all(session, ctx, Product, product_ids)
        self.categories = find_all(session, ctx, Category, {one.category_id for one in self.products.values()})
        self._seq = current_tick(session.connection()) * EVENTS_PER_ACTION + self._counted_before()
        pools = rows_of(session, ctx, CostPool, self.products)
        self._pools = {
            product_id: sorted((row for row in rows if row.book_id == book.id), key=lambda row: row.id)
            for product_id, rows in pools.items()
        }
        pool_ids = [row.id for rows in self._pools.values() for row in rows]
        self._layers = rows_of(session, ctx, CostLayer, pool_ids)

    def _counted_before(self) -> int:
        """An action may value more than once: its events go on where they stopped."""
        counted: dict[Any, int] = self.session.info.setdefault("events counted", {})
        return counted.get((self.ctx.action_id, self.book.id), 0)

    def next_seq(self, kind: str) -> int:
        self._seq += 1
        counted: dict[Any, int] = self.session.info["events counted"]
        if len(counted) > 100:
            counted.clear()
        counted[self.ctx.action_id, self.book.id] = self._seq % EVENTS_PER_ACTION
        return self._seq + OF_ITS_DAY.get(kind, 0)

    def of(self, product_id: UUID) -> "CostStream":
        rows = self._pools[product_id]
        return CostStream(self, self.products[product_id], rows, {row.id: self._layers[row.id] for row in rows})

    @cached_property
    def negative_warehouses(self) -> frozenset[UUID]:
        """The warehouses that may give out more than they have."""
        known: frozenset[UUID] | None = self.session.info.get(("negative warehouses", self.ctx.company_id))
        if known is None:
            ids = select(Warehouse.id).where(Warehouse.company_id == self.ctx.company_id, Warehouse.allows_negative)
            known = frozenset(self.session.scalars(ids))
            self.session.info["negative warehouses", self.ctx.company_id] = known
        return known


class CostStream:
    """The pools of one product in one book, and what they are kept in."""

    def __init__(
        self, streams: BookStreams, product: Product, rows: list[CostPool], layers: dict[UUID, list[CostLayer]]
    ) -> None:
        self.streams, self.product = streams, product
        self.session, self.ctx, self.book = streams.session, streams.ctx, streams.book
        self.places = streams.places
        self.rows = rows
        self.layers = layers
        self.fresh: set[bytes] = set()  # moves that are counted for the first time
        self.corrections: list[tuple[str, dict[str, Any]]] = []  # to be posted: the event's kind, the adjustment
        self._number = {(row.warehouse_id, row.lot_id): number for number, row in enumerate(rows)}

    # -- pools

    @property
    def last_on(self) -> date | None:
        """The date of the last event: one that is dated before it re-costs."""
        return max((row.last_moved_on for row in self.rows if row.last_moved_on is not None), default=None)

    def pool_of(self, place: Place, method: str | None = None) -> int:
        """The number of the pool that a place is costed in; begun empty if it is the first time."""
        category = self.streams.categories[self.product.category_id]
        own = category.cost_method if self.book.posts_to_ledger else None
        begins_with = method or own or self.book.method
        method = self.rows[0].method if self.rows else begins_with
        scope = "lot" if method == "specific" else category.cost_pool
        key = (
            place.warehouse_id if scope == "warehouse" else None,
            place.lot_id if scope == "lot" else None,
        )
        if key not in self._number:
            row = CostPool(
                company_id=self.ctx.company_id,
                id=derived_id("cost_pool", self.book.id, self.product.id, *key),
                book_id=self.book.id,
                product_id=self.product.id,
                warehouse_id=key[0],
                lot_id=key[1],
                method=method,
                first_method=method,
                on_hand=ZERO,
                value=ZERO,
                last_unit_cost=None,
                standard_cost=None,
                last_moved_on=None,
            )
            self.session.add(row)
            self._number[key] = len(self.rows)
            self.rows.append(row)
            self.layers[row.id] = []
        return self._number[key]

    def standards_before(self, number: int) -> list[NewEvent]:
        """For a pool that has just begun: the standards that the product was given before, each from its day on."""
        row = self.rows[number]
        statement = select(StandardCost).where(
            StandardCost.company_id == self.ctx.company_id, StandardCost.product_id == self.product.id
        )
        return [
            NewEvent(
                self.ctx.new_centre_id(),
                CostEvent.STANDARD_COST,
                self.product.id,
                Place(row.warehouse_id, row.lot_id),
                standard.effective_on,
                unit_cost=standard.unit_cost,
            )
            for standard in self.session.scalars(
                statement.order_by(StandardCost.effective_on), execution_options=MEMORY_ASKS
            )
        ]

    def allows_negative(self, row: CostPool) -> bool:
        allowing = self.streams.negative_warehouses
        return bool(allowing) and (row.warehouse_id is None or row.warehouse_id in allowing)

    def stream(self) -> Stream:
        """An engine without pools yet."""
        return Stream(
            self.places, unit_cost_places=self.book.unit_cost_places, shares_variance=self.book.shares_variance
        )

    def open_as_it_stands(self, engine: Stream, number: int) -> None:
        """The pool as the rows have it."""
        row = self.rows[number]
        engine.open_pool(
            number,
            row.method,
            allow_negative=self.allows_negative(row),
            qty=self.qty(row.on_hand),
            value=self.money(row.value),
            last_unit_cost=None if row.last_unit_cost is None else to_scaled(row.last_unit_cost, UNIT_COST_PLACES),
            standard=None if row.standard_cost is None else to_scaled(row.standard_cost, UNIT_COST_PLACES),
            layers=[
                ((layer.move_id.bytes, layer.part), self.qty(layer.qty_left), self.money(layer.value_left))
                for layer in sorted(self.layers[row.id], key=lambda layer: (layer.dated_on, layer.seq, layer.part))
                if layer.qty_left
            ],
        )

    def layer_id(self, number: int, key: LayerKey) -> UUID:
        return layer_id(self.rows[number].id, UUID(bytes=key[0]), key[1])

    # -- numbers

    def money(self, amount: Decimal) -> int:
        return to_scaled(amount, self.places)

    def amount(self, scaled: int) -> Decimal:
        return from_scaled(scaled, self.places)

    @staticmethod
    def qty(qty: Decimal) -> int:
        return to_scaled(qty, QTY_PLACES)

    def event(self, new: NewEvent) -> Event:
        """The event as costing counts it."""
        kind = KIND_OF[new.kind]
        if kind is Kind.STANDARD_COST:
            assert new.unit_cost is not None
            value: int | None = to_scaled(new.unit_cost, UNIT_COST_PLACES)
        elif kind is Kind.METHOD:
            assert new.method is not None
            value = METHODS.index(new.method)
        else:
            value = None if new.stated is None else self.money(new.stated)
        return Event(
            new.move_id.bytes,
            kind,
            self.pool_of(new.place),
            self.qty(new.qty),
            value,
            None if new.of_id is None else new.of_id.bytes,
            -1 if new.to_place is None else self.pool_of(new.to_place),
        )

    def held_on(self, place: Place, day: date) -> tuple[Decimal, Decimal]:
        """Quantity and value of a pool at the end of a day, as it is known now."""
        row = self.rows[self.pool_of(place)]
        later = (MoveCost.company_id == self.ctx.company_id, MoveCost.pool_id == row.id, MoveCost.dated_on > day)
        qty, value = self.session.execute(
            select(func.sum(MoveCost.qty), func.sum(MoveCost.cost)).where(*later), execution_options=MEMORY_ASKS
        ).one()
        adjusted = self.session.scalar(
            select(func.sum(CostAdjustment.to_inventory)).where(
                CostAdjustment.company_id == self.ctx.company_id,
                CostAdjustment.pool_id == row.id,
                CostAdjustment.dated_on > day,
            ),
            execution_options=MEMORY_ASKS,
        )
        return row.on_hand - (qty or ZERO), row.value - (value or ZERO) - (adjusted or ZERO)

    # -- counting at the end

    def append(self, new: Sequence[NewEvent], document: Document) -> list[Counted]:
        """Count `new`, none of them dated before the stream's last event."""
        engine = self.stream()
        events = [self.event(one) for one in new]
        for number in range(len(self.rows)):
            self.open_as_it_stands(engine, number)
        self.make_known(engine, events)
        self.end_months(new)
        result = run(self, engine, events, {one.move_id.bytes: one.dated_on for one in new})
        seqs = [self.streams.next_seq(one.kind) for one in new]
        self.fresh.update(event.key for event in events)
        counted = self.write_events(new, events, seqs, result)
        self.write_edges(result, [one.dated_on for one in new])
        self.write_effects(counted, document)
        self.write_state(engine, self.opened_by(new, events, seqs, result))
        return counted

    def make_known(self, engine: Stream, events: Sequence[Event], until: date | None = None) -> None:
        """Tell the engine of the issues and receipts before the start, the end of `until`, that events name."""
        inside = {event.key for event in events}
        named = {event.of for event in events if event.of is not None} - inside
        engine.expect(event.of for event in events if event.of is not None)
        if not named:
            return
        issues = {event.of for event in events if event.kind == Kind.CUSTOMER_RETURN} & named
        if issues:
            pool_ids = [row.id for row in self.rows]
            wanted = sorted(UUID(bytes=key) for key in issues if key is not None)
            for issue in settled_issues(self.session, self.ctx.company_id, pool_ids, wanted, inside):
                engine.know_issue(
                    issue.move_id.bytes,
                    self.money(issue.settled),
                    self.qty(issue.qty),
                    self.qty(issue.returned_qty),
                    self.money(issue.returned_value),
                )
        waiting = sorted(
            {(event.of, event.pool) for event in events if event.of in named - issues and event.of is not None}
        )
        known: set[bytes] = set()
        while waiting:
            key, number = waiting.pop()
            if key in known:
                continue
            known.add(key)
            on_hand = from_scaled(engine.pools[number].qty, QTY_PLACES)
            standing = standing_of(
                self.session, self.rows[number], UUID(bytes=key), until=until, without=inside, on_hand=on_hand
            )
            engine.know_receipt(
                key,
                number,
                qty_in=self.qty(standing.qty_in),
                value_in=self.money(standing.value_in),
                came_in_later=self.qty(standing.came_in_later),
                takers=[(issue_id.bytes, self.qty(qty)) for issue_id, qty in standing.takers],
            )
            waiting += [(move_id.bytes, self._numbered(pool_id)) for move_id, pool_id in standing.transfers]

    def _numbered(self, pool_id: UUID) -> int:
        return next(number for number, row in enumerate(self.rows) if row.id == pool_id)

    # -- writing down

    def write_events(
        self, new: Sequence[NewEvent], events: Sequence[Event], seqs: Sequence[int], result: Result, offset: int = 0
    ) -> list[Counted]:
        """The new events with their costs; `offset` is the place of the first of them among the run's."""
        rows: list[dict[str, Any]] = []
        counted = []
        for place, (one, event, seq) in enumerate(zip(new, events, seqs, strict=True), start=offset):
            cost = result.costs[place]
            rows.append(self._event_row(one, event, seq, event.pool, cost))
            if event.kind is Kind.TRANSFER:
                rows.append(self._event_row(one, event, seq, event.to_pool, -cost - result.variances.get(place, 0)))
            counted.append(Counted(one, self.amount(cost), self.amount(result.variances.get(place, 0))))
        append_rows(self.session, self.ctx, MoveCost, rows)
        for effect in result.effects:
            if 0 <= effect.event - offset < len(new):
                event = events[effect.event - offset]
                counted[effect.event - offset].effects.append(
                    (
                        self.rows[pool_of_effect(event, effect)].id,
                        UUID(bytes=effect.target),
                        self.amount(effect.to_inventory),
                        self.amount(effect.to_cost_of_sales),
                    )
                )
        for change in result.layer_changes:
            if 0 <= change.event - offset < len(new):
                layer = None if change.layer is None else self.layer_id(change.pool, change.layer)
                pool_id = self.rows[change.pool].id
                counted[change.event - offset].layers.append((pool_id, layer, self.amount(change.amount)))
                counted[change.event - offset].to_inventory += self.amount(change.amount)
        return counted

    def _event_row(self, new: NewEvent, event: Event, seq: int, number: int, cost: int) -> dict[str, Any]:
        row = self.rows[number]
        out = event.kind in GOING_OUT and number == event.pool
        ends_on = new.dated_on + timedelta(days=1) if event.kind is Kind.PERIOD_END else new.dated_on
        row.last_moved_on = max(row.last_moved_on or ends_on, ends_on)
        return {
            "id": self.ctx.new_centre_id(),
            "pool_id": row.id,
            "product_id": self.product.id,
            "move_id": new.move_id,
            "kind": new.kind,
            "dated_on": new.dated_on,
            "seq": seq,
            "qty": -new.qty if out else new.qty,
            "of_id": new.of_id,
            "stated": new.stated,
            "unit_cost": new.unit_cost,
            "method": new.method,
            "cost": self.amount(cost) if new.qty else ZERO,
        }

    def write_edges(self, result: Result, dates: Sequence[date]) -> None:
        edges: defaultdict[tuple[int, int, bytes, LayerKey], list[int]] = defaultdict(lambda: [0, 0])
        for take in result.takes:
            both = edges[take.event, take.pool, take.issue, take.layer]
            both[0] += take.qty
            both[1] += take.value
        self.append_edges(
            (dates[event], pool, issue, self.layer_id(pool, layer), qty, value)
            for (event, pool, issue, layer), (qty, value) in edges.items()
        )

    def append_edges(self, edges: Iterable[tuple[date, int, bytes, UUID, int, int]]) -> None:
        append_rows(
            self.session,
            self.ctx,
            CostEdge,
            [
                {
                    "id": self.ctx.new_centre_id(),
                    "pool_id": self.rows[pool].id,
                    "issue_move_id": UUID(bytes=issue),
                    "layer_id": layer,
                    "dated_on": dated_on,
                    "qty": from_scaled(qty, QTY_PLACES),
                    "value": self.amount(value),
                }
                for dated_on, pool, issue, layer, qty, value in edges
                if qty or value
            ],
        )

    def write_effects(self, counted: Sequence[Counted], document: Document) -> None:
        """What new events changed besides their own cost: earlier moves, and layers whose value changed without quantity."""
        rows: list[dict[str, Any]] = []
        for one in counted:
            new = one.event
            kind = _ADJUSTS.get(new.kind, AdjustmentKind.TRUE_UP)
            about = (kind, new.move_id, new.dated_on, new.document or document, new.line_id)
            for pool_id, layer, amount in one.layers:
                if amount:
                    rows.append(self.adjustment(pool_id, *about, layer, None, amount, ZERO))
            if one.variance and new.kind in LATE_VALUES:
                pool_id = self.rows[self.pool_of(new.place)].id
                rows.append(self.adjustment(pool_id, *about, None, None, ZERO, one.variance))
            for pool_id, move_id, inventory, sales in one.effects:
                if inventory or sales:
                    rows.append(self.adjustment(pool_id, *about, None, move_id, inventory, sales))
                    if new.kind not in POSTED_BY_THEIR_DOCUMENT:
                        self.corrections.append((new.kind, rows[-1]))
        append_rows(self.session, self.ctx, CostAdjustment, rows)

    def adjustment(
        self,
        pool_id: UUID,
        kind: AdjustmentKind,
        event_id: UUID,
        dated_on: date,
        document: Document,
        line_id: UUID | None,
        layer: UUID | None,
        move_id: UUID | None,
        to_inventory: Decimal,
        to_cost_of_sales: Decimal,
    ) -> dict[str, Any]:
        return {
            "id": self.ctx.new_centre_id(),
            "pool_id": pool_id,
            "product_id": self.product.id,
            "kind": kind,
            "event_id": event_id,
            "dated_on": dated_on,
            "document_kind": document.kind,
            "document_id": document.id,
            "line_id": line_id,
            "layer_id": layer,
            "move_id": move_id,
            "to_inventory": to_inventory,
            "to_cost_of_sales": to_cost_of_sales,
        }

    def opened_by(
        self, new: Sequence[NewEvent], events: Sequence[Event], seqs: Sequence[int], result: Result, offset: int = 0
    ) -> dict[tuple[int, LayerKey], dict[str, Any]]:
        """The layers that new events opened, by pool and key: what a row of theirs says of where they came from."""
        opened: dict[tuple[int, LayerKey], dict[str, Any]] = {}
        begins = []
        for place, (one, event, seq) in enumerate(zip(new, events, seqs, strict=True), start=offset):
            begins.append({"dated_on": one.dated_on, "seq": seq, "move_id": one.move_id})
            if event.kind in COMING_IN:
                value = self.amount(result.costs[place])
                opened[event.pool, (event.key, 0)] = {**begins[-1], "qty_in": one.qty, "value_in": value}
        for arrival in result.arrivals:
            if 0 <= arrival.event - offset < len(new):
                qty, value = from_scaled(arrival.qty, QTY_PLACES), self.amount(arrival.value)
                opened[arrival.pool, arrival.layer] = {
                    **begins[arrival.event - offset],
                    "qty_in": qty,
                    "value_in": value,
                }
        return opened

    def write_state(self, engine: Stream, opened: dict[tuple[int, LayerKey], dict[str, Any]]) -> None:
        """Bring pools and layers to where the run left them."""
        for number, row in enumerate(self.rows):
            pool = engine.pools[number]
            row.method = pool.method
            row.on_hand = from_scaled(pool.qty, 6)
            row.value = self.amount(pool.value)
            row.last_unit_cost = _unit_cost(pool.last_unit_cost)
            row.standard_cost = _unit_cost(pool.standard)
            self._write_layers(number, pool.layers(), opened)

    def _write_layers(
        self,
        number: int,
        left: Sequence[tuple[LayerKey, int, int]],
        opened: dict[tuple[int, LayerKey], dict[str, Any]],
    ) -> None:
        row = self.rows[number]
        now = {key: (qty, value) for key, qty, value in left}
        if row.method in LAYERED:
            for pool, key in opened:
                if pool == number:
                    now.setdefault(key, (0, 0))
        stored = {(layer.move_id.bytes, layer.part): layer for layer in self.layers[row.id]}
        missing = {self.layer_id(number, key) for key in now if key not in stored and key[0] not in self.fresh}
        again = rows_by_id(self.session, self.ctx, CostLayer, missing) if missing else {}
        stored.update({(layer.move_id.bytes, layer.part): layer for layer in again.values()})
        for key, (qty, value) in now.items():
            layer = stored.pop(key, None)
            if layer is None:
                begins = opened.get((number, key)) or self._of_a_shortage(key)
                layer = CostLayer(
                    company_id=self.ctx.company_id, id=self.layer_id(number, key), pool_id=row.id, part=key[1], **begins
                )
                layer.qty_left, layer.value_left = from_scaled(qty, QTY_PLACES), self.amount(value)
                self.session.add(layer)
                continue
            layer.qty_left, layer.value_left = from_scaled(qty, QTY_PLACES), self.amount(value)
            if (begins := opened.get((number, key))) is not None:  # came in at another quantity or cost than before
                layer.qty_in, layer.value_in = begins["qty_in"], begins["value_in"]
        for layer in stored.values():
            layer.qty_left = layer.value_left = ZERO

    def _of_a_shortage(self, key: LayerKey) -> dict[str, Any]:
        """A layer that no receipt opened: what an issue took and was not there (costing.md, rule 4)."""
        issue = self.session.execute(
            select(MoveCost.dated_on, MoveCost.seq).where(
                MoveCost.company_id == self.ctx.company_id, MoveCost.move_id == UUID(bytes=key[0])
            ),
            execution_options=MEMORY_ASKS,
        ).first()
        assert issue is not None, "a layer was opened by a move of this stream"
        begins = {"dated_on": issue.dated_on, "seq": issue.seq, "move_id": UUID(bytes=key[0])}
        return {**begins, "qty_in": ZERO, "value_in": ZERO}

    def end_months(self, new: Sequence[NewEvent], until: date | None = None) -> None:
        """The months that ended since a pool last moved: what it held then, and the state to re-cost from.

        Only of pools that have not moved since `until`: of those, the rows say what they held.
        """
        first_on: dict[int, date] = {}
        for one in new:
            for place in (one.place, one.to_place):
                if place is not None:
                    number = self.pool_of(place)
                    first_on[number] = min(first_on.get(number, one.dated_on), one.dated_on)
        balances: list[dict[str, Any]] = []
        checkpoints: list[dict[str, Any]] = []
        for number, day in first_on.items():
            row = self.rows[number]
            if row.last_moved_on is None or (until is not None and row.last_moved_on > until):
                continue
            ends = list(month_ends(row.last_moved_on, day))
            if ends:
                balances += [balance_row(row.id, end, row.on_hand, row.value) for end in ends]
                engine = self.stream()
                self.open_as_it_stands(engine, number)
                checkpoints.append({"pool_id": row.id, "ends_on": ends[0], "state": engine.pools[number].state()})
        append_rows(self.session, self.ctx, CostBalance, balances)
        append_rows(self.session, self.ctx, CostCheckpoint, checkpoints)


def pool_of_effect(event: Event, effect: Effect) -> int:
    """Where an effect changes value on hand: goods that a transfer brings true up what its receiver sold before."""
    return event.to_pool if event.kind == Kind.TRANSFER and effect.to_inventory else event.pool


def balance_row(pool_id: UUID, ends_on: date, qty: Decimal, value: Decimal) -> dict[str, Any]:
    """A CostBalance: what a pool held at the end of a month."""
    balance_id = derived_id("cost_balance", pool_id, ends_on.isoformat())
    return {"id": balance_id, "pool_id": pool_id, "ends_on": ends_on, "qty": qty, "value": value}


def run(stream: CostStream, engine: Stream, events: Sequence[Event], dates: dict[bytes, date]) -> Result:
    """Run `events`. Raises NotThereThen, NothingThereThen or WorthTooLittleThen where what they say cannot have been."""
    try:
        return engine.run(events)
    except NotEnoughStock as short:
        raise NotThereThen(
            on_hand=from_scaled(short.on_hand, QTY_PLACES),
            product=stream.product.code,
            day=dates[short.key],
            asked=from_scaled(short.asked, QTY_PLACES),
        ) from None
    except NothingToRevalue as nothing:
        raise NothingThereThen(product=stream.product.code, day=dates[nothing.key]) from None
    except ValueBelowZero as below:
        raise WorthTooLittleThen(product=stream.product.code, day=dates[below.key]) from None


def _unit_cost(scaled: int | None) -> Decimal | None:
    return None if scaled is None else from_scaled(scaled, UNIT_COST_PLACES)
