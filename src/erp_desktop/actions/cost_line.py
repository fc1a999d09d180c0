"""The events of a stream from a day on, and what stands in the books of their outcome, as they are stored.

Ids and numbers are read as the database keeps them: of thousands of events, making objects would take longer than counting.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, Uuid, func, select, type_coerce

from erp_desktop.actions.cost_events import KIND_OF, pool_of_effect
from erp_desktop.actions.cost_pools import StreamPools
from erp_desktop.actions.remembering import MEMORY_ASKS
from erp_desktop.costing.events import METHODS, Event, Kind, Result
from erp_desktop.models.costing import (
    CostAdjustment,
    CostEdge,
    MoveCost,
)
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import MONEY_PLACES

NOTHING = b""


class Stored(NamedTuple):
    """An event as it is kept; numbers and ids as they are stored, which is quicker for thousands of them."""

    pool: int
    move: bytes
    kind: str
    dated_on: date
    seq: int
    qty: int
    of: bytes | None
    stated: int | None
    unit_cost: int | None
    method: str | None
    cost: int


class Part(NamedTuple):
    """What a part of an event's outcome is about: the pool, the event, the move that it changes, the layer."""

    pool: int
    event: bytes
    target: bytes
    layer: bytes


@dataclass
class Line:
    """The events of a stream from a checkpoint on, in order."""

    stored: list[Stored]
    events: list[Event] = field(default_factory=list)
    dates: list[date] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    order: list[tuple[date, int]] = field(default_factory=list)
    is_new: list[bool] = field(default_factory=list)

    def put(self, place: int, event: Event, dated_on: date, kind: str, seq: int, is_new: bool) -> None:
        self.events.insert(place, event)
        self.dates.insert(place, dated_on)
        self.kinds.insert(place, kind)
        self.order.insert(place, (dated_on, seq))
        self.is_new.insert(place, is_new)

    @property
    def names_earlier(self) -> bool:
        """Whether an event names one that is not here."""
        here = {event.key for event in self.events}
        return any(event.of is not None and event.of not in here for event in self.events)


def _raw(stream: StreamPools) -> tuple[Any, Any]:
    """How ids and numbers are read as they are stored."""
    is_postgres = stream.session.get_bind().dialect.name == "postgresql"
    return (Uuid(as_uuid=True) if is_postgres else LargeBinary(16)), BigInteger()


def _key(value: Any) -> bytes:
    return value.bytes if isinstance(value, UUID) else value


def stored_events(stream: StreamPools, after: date) -> list[Stored]:
    ids, numbers = _raw(stream)
    of = MoveCost
    statement = (
        select(
            type_coerce(of.pool_id, ids),
            type_coerce(of.move_id, ids),
            of.kind,
            of.dated_on,
            of.seq,
            type_coerce(of.qty, numbers),
            type_coerce(of.of_id, ids),
            type_coerce(of.stated, numbers),
            type_coerce(of.unit_cost, numbers),
            of.method,
            type_coerce(of.cost, numbers),
        )
        .where(
            of.company_id == stream.ctx.company_id,
            of.pool_id.in_([row.id for row in stream.rows]),
            of.dated_on > after,
        )
        .order_by(of.dated_on, of.seq, of.qty)  # of a transfer the sender's row first
    )
    number = {row.id.bytes: place for place, row in enumerate(stream.rows)}
    finer = 10 ** (MONEY_PLACES - stream.places)
    found = []
    for pool, move, kind, dated_on, seq, qty, named, stated, unit_cost, method, cost in stream.session.execute(
        statement, execution_options=MEMORY_ASKS
    ):
        found.append(
            Stored(
                number[_key(pool)],
                _key(move),
                kind,
                dated_on,
                seq,
                qty,
                None if named is None else _key(named),
                None if stated is None else stated // finer,
                unit_cost,
                method,
                cost // finer,
            )
        )
    return found


def as_events(stored: Sequence[Stored]) -> Iterator[tuple[Event, Stored]]:
    """The events of the rows; a transfer's two rows are one."""
    arrived = {row.move: row for row in stored if row.kind == MoveKind.TRANSFER and row.qty > 0}
    for row in stored:
        kind = KIND_OF[row.kind]
        value = row.stated
        to_pool = -1
        if kind is Kind.TRANSFER:
            if row.qty > 0:
                continue
            to_pool = arrived[row.move].pool
        elif kind is Kind.STANDARD_COST:
            value = row.unit_cost
        elif kind is Kind.METHOD:
            value = METHODS.index(row.method or "")
        yield Event(row.move, kind, row.pool, abs(row.qty), value, row.of, to_pool), row


def parts_in_the_books(stream: StreamPools, after: date, stored: Sequence[Stored]) -> dict[Part, list[int]]:
    """What stands in the books of every event's outcome: to inventory and to cost of sales."""
    ids, numbers = _raw(stream)
    of = CostAdjustment
    statement = (
        select(
            type_coerce(of.pool_id, ids),
            type_coerce(of.event_id, ids),
            type_coerce(of.move_id, ids),
            type_coerce(of.layer_id, ids),
            func.sum(type_coerce(of.to_inventory, numbers)),
            func.sum(type_coerce(of.to_cost_of_sales, numbers)),
        )
        .where(
            of.company_id == stream.ctx.company_id,
            of.pool_id.in_([row.id for row in stream.rows]),
            of.dated_on > after,
        )
        .group_by(of.pool_id, of.event_id, of.move_id, of.layer_id)
    )
    number = {row.id.bytes: place for place, row in enumerate(stream.rows)}
    finer = 10 ** (MONEY_PLACES - stream.places)
    parts: dict[Part, list[int]] = {}
    for row in stored:
        if row.qty:
            parts[Part(row.pool, row.move, row.move, NOTHING)] = [row.cost, 0]
    for pool, event, target, layer, inventory, sales in stream.session.execute(
        statement, execution_options=MEMORY_ASKS
    ):
        part = Part(
            number[_key(pool)],
            _key(event),
            NOTHING if target is None else _key(target),
            NOTHING if layer is None else _key(layer),
        )
        both = parts.setdefault(part, [0, 0])
        both[0] += int(inventory) // finer
        both[1] += int(sales) // finer
    return parts


class EdgeOn(NamedTuple):
    """What an issue took of a layer on a day: its own, or that of a receipt that covered what it was short of."""

    pool: int
    issue: bytes
    layer: bytes
    dated_on: date


def edges_in_the_books(stream: StreamPools, after: date) -> dict[EdgeOn, tuple[int, int]]:
    """What issues took of layers as it stands in the books: quantity and value.

    Each day by itself: a later run, from a day in between, sees only what was taken after it.
    """
    ids, numbers = _raw(stream)
    statement = (
        select(
            type_coerce(CostEdge.pool_id, ids),
            type_coerce(CostEdge.issue_move_id, ids),
            type_coerce(CostEdge.layer_id, ids),
            CostEdge.dated_on,
            func.sum(type_coerce(CostEdge.qty, numbers)),
            func.sum(type_coerce(CostEdge.value, numbers)),
        )
        .where(
            CostEdge.company_id == stream.ctx.company_id,
            CostEdge.pool_id.in_([row.id for row in stream.rows]),
            CostEdge.dated_on > after,
        )
        .group_by(CostEdge.pool_id, CostEdge.issue_move_id, CostEdge.layer_id, CostEdge.dated_on)
    )
    number = {row.id.bytes: place for place, row in enumerate(stream.rows)}
    finer = 10 ** (MONEY_PLACES - stream.places)
    edges: dict[EdgeOn, tuple[int, int]] = {}
    for pool, issue, layer, dated_on, qty, value in stream.session.execute(statement, execution_options=MEMORY_ASKS):
        edges[EdgeOn(number[_key(pool)], _key(issue), _key(layer), dated_on)] = (int(qty), int(value) // finer)
    return edges


def parts_of(stream: StreamPools, line: Line, result: Result) -> dict[Part, list[int]]:
    """The outcome of the line's old events as a run of it has it: to inventory and to cost of sales."""
    parts: dict[Part, list[int]] = {}
    for place, event in enumerate(line.events):
        if line.is_new[place]:
            continue
        if event.qty:
            cost = result.costs[place]
            parts[Part(event.pool, event.key, event.key, NOTHING)] = [cost, 0]
            if event.kind == Kind.TRANSFER:
                arrived = -cost - result.variances.get(place, 0)
                parts[Part(event.to_pool, event.key, event.key, NOTHING)] = [arrived, 0]
    for effect in result.effects:
        event = line.events[effect.event]
        if not line.is_new[effect.event]:
            pool = pool_of_effect(event, effect)
            both = parts.setdefault(Part(pool, event.key, effect.target, NOTHING), [0, 0])
            both[0] += effect.to_inventory
            both[1] += effect.to_cost_of_sales
    for index, variance in result.variances.items():
        event = line.events[index]
        if event.kind == Kind.LATE_VALUE and not line.is_new[index]:
            parts.setdefault(Part(event.pool, event.key, NOTHING, NOTHING), [0, 0])[1] += variance
    for change in result.layer_changes:
        event = line.events[change.event]
        if not line.is_new[change.event]:
            layer = NOTHING if change.layer is None else stream.layer_id(change.pool, change.layer).bytes
            parts.setdefault(Part(change.pool, event.key, NOTHING, layer), [0, 0])[0] += change.amount
    return parts
