"""The events of a stream from a day on, and what stands in the books of their outcome, as they are stored.

Ids and numbers are read as the database keeps them: of thousands of events, making objects would take longer than counting.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, Select, Uuid, func, select, type_coerce
from sqlalchemy.orm import aliased

from erp_desktop.actions.cost_events import GOING_OUT, KIND_OF, pool_of_effect
from erp_desktop.actions.cost_pools import StreamPools
from erp_desktop.actions.remembering import MEMORY_ASKS
from erp_desktop.costing.events import METHODS, Event, Kind, LayerKey, Result
from erp_desktop.models.costing import (
    CostAdjustment,
    CostEdge,
    MoveCost,
)
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import MONEY_PLACES

NOTHING = b""


class Placed(NamedTuple):
    """An event where it counts. Its cost is what was first posted; None: it is new."""

    dated_on: date
    seq: int
    event: Event
    kind: str
    cost: int | None
    arrived: int = 0  # what the goods of a transfer came in at


class Part(NamedTuple):
    """What a part of an event's outcome is about: the pool, the event, the move that it changes, the layer."""

    pool: int
    event: bytes
    target: bytes
    layer: bytes


class Named(NamedTuple):
    """That an event, dated `by_on`, names an earlier one of the stream, dated `on`."""

    of: bytes
    on: date
    by_on: date
    pool: int
    is_issue: bool  # that a customer return takes back; else goods that came in


def in_order(line: Sequence[Placed]) -> list[Placed]:
    return sorted(line, key=itemgetter(0, 1))


# -- as it is stored


def _raw(stream: StreamPools) -> tuple[Any, Any]:
    """How ids and numbers are read as they are stored."""
    is_postgres = stream.session.get_bind().dialect.name == "postgresql"
    return (Uuid(as_uuid=True) if is_postgres else LargeBinary(16)), BigInteger()


def _key(value: Any) -> bytes:
    return value.bytes if isinstance(value, UUID) else value


def _rows(
    stream: StreamPools,
    statement: Select[Any],
    table: type[MoveCost | CostAdjustment | CostEdge],
    after: date,
    until: date,
) -> list[Any]:
    """What `statement` finds of these days in `table`, of the pools of the stream."""
    days = (table.company_id == stream.ctx.company_id) & (table.dated_on > after) & (table.dated_on <= until)
    found: list[Any] = []
    for pool_ids in stream.pool_ids_in_parts():
        of_pools = statement.where(days, table.pool_id.in_(pool_ids))
        found += stream.session.execute(of_pools, execution_options=MEMORY_ASKS).all()
    return found


def _numbers_of_pools(stream: StreamPools) -> dict[Any, int]:
    """The number of each pool, by its id as either database gives it."""
    numbers: dict[Any, int] = {row.id: place for place, row in enumerate(stream.rows)}
    return numbers | {row.id.bytes: place for place, row in enumerate(stream.rows)}


def stored_events(stream: StreamPools, after: date, until: date = date.max) -> list[Placed]:
    """The events of a stream that are dated after one day, up to another, in order."""
    ids, numbers = _raw(stream)
    of = MoveCost
    statement = select(
        of.dated_on,
        of.seq,
        type_coerce(of.qty, numbers),
        type_coerce(of.pool_id, ids),
        type_coerce(of.move_id, ids),
        of.kind,
        type_coerce(of.of_id, ids),
        type_coerce(of.stated, numbers),
        type_coerce(of.unit_cost, numbers),
        of.method,
        type_coerce(of.cost, numbers),
    )
    rows = _rows(stream, statement, of, after, until)
    rows.sort(key=itemgetter(0, 1, 2))  # of a transfer the sender's row first
    number = _numbers_of_pools(stream)
    finer = 10 ** (MONEY_PLACES - stream.places)
    found: list[Placed] = []
    for dated_on, seq, qty, pool, move, kind, named, stated, unit_cost, method, cost in rows:
        counts_as = KIND_OF[kind]
        if counts_as is Kind.TRANSFER and qty > 0:  # its second row: where the goods arrived
            sent = found[-1]
            found[-1] = sent._replace(event=sent.event._replace(to_pool=number[pool]), arrived=cost // finer)
            continue
        value = None if stated is None else stated // finer
        if counts_as is Kind.STANDARD_COST:
            value = unit_cost
        elif counts_as is Kind.METHOD:
            value = METHODS.index(method)
        event = Event(_key(move), counts_as, number[pool], abs(qty), value, None if named is None else _key(named))
        found.append(Placed(dated_on, seq, event, kind, cost // finer))
    return found


def names_after(stream: StreamPools, after: date) -> list[Named]:
    """Every naming of an earlier event by one that is dated after a day."""
    ids, _ = _raw(stream)
    by, of = MoveCost, aliased(MoveCost)
    columns = (type_coerce(by.of_id, ids), of.dated_on, by.dated_on, type_coerce(by.pool_id, ids), by.kind)
    statement = (
        select(*columns, type_coerce(of.pool_id, ids).label("in_pool"))
        .join(of, (of.company_id == by.company_id) & (of.move_id == by.of_id))
        .where(by.of_id.is_not(None))
    )
    number = _numbers_of_pools(stream)
    return [
        Named(_key(named), on, by_on, number[pool], kind == MoveKind.CUSTOMER_RETURN)
        for named, on, by_on, pool, kind, in_pool in _rows(stream, statement, by, after, date.max)
        if in_pool in number
    ]


def parts_in_the_books(stream: StreamPools, after: date, until: date) -> dict[Part, list[int]]:
    """What was added later to the outcome of the events of these days: to inventory and to cost of sales."""
    ids, numbers = _raw(stream)
    of = CostAdjustment
    statement = select(
        type_coerce(of.pool_id, ids),
        type_coerce(of.event_id, ids),
        type_coerce(of.move_id, ids),
        type_coerce(of.layer_id, ids),
        func.sum(type_coerce(of.to_inventory, numbers)),
        func.sum(type_coerce(of.to_cost_of_sales, numbers)),
    ).group_by(of.pool_id, of.event_id, of.move_id, of.layer_id)
    number = _numbers_of_pools(stream)
    finer = 10 ** (MONEY_PLACES - stream.places)
    return {
        Part(
            number[pool],
            _key(event),
            NOTHING if target is None else _key(target),
            NOTHING if layer is None else _key(layer),
        ): [int(inventory) // finer, int(sales) // finer]
        for pool, event, target, layer, inventory, sales in _rows(stream, statement, of, after, until)
    }


class EdgeOn(NamedTuple):
    """What an issue took of a layer on a day: its own, or that of a receipt that covered what it was short of."""

    pool: int
    issue: bytes
    layer: bytes
    dated_on: date


Edges = dict[EdgeOn, list[int]]  # quantity, value


def edges_in_the_books(stream: StreamPools, after: date, until: date) -> Edges:
    """What issues took of layers as it stands in the books.

    Each day by itself: a later run, from a day in between, sees only what was taken after it.
    """
    ids, numbers = _raw(stream)
    statement = select(
        type_coerce(CostEdge.pool_id, ids),
        type_coerce(CostEdge.issue_move_id, ids),
        type_coerce(CostEdge.layer_id, ids),
        CostEdge.dated_on,
        type_coerce(CostEdge.qty, numbers),
        type_coerce(CostEdge.value, numbers),
    )
    number = _numbers_of_pools(stream)
    finer = 10 ** (MONEY_PLACES - stream.places)
    edges: Edges = {}
    for pool, issue, layer, dated_on, qty, value in _rows(stream, statement, CostEdge, after, until):
        both = edges.setdefault(EdgeOn(number[pool], _key(issue), _key(layer), dated_on), [0, 0])
        both[0] += qty
        both[1] += value // finer
    return edges


# -- as a run has it


def edges_of(stream: StreamPools, line: Sequence[Placed], result: Result) -> Edges:
    """What issues took of layers by a run of `line`."""
    layer_ids: dict[tuple[int, LayerKey], bytes] = {}
    edges: Edges = {}
    for event, layer, qty, value, issue, pool in result.takes:
        layer_id = layer_ids.get((pool, layer))
        if layer_id is None:
            layer_id = layer_ids[pool, layer] = stream.layer_id(pool, layer).bytes
        both = edges.setdefault(EdgeOn(pool, issue, layer_id, line[event].dated_on), [0, 0])
        both[0] += qty
        both[1] += value
    return edges


def changes_of_pools(line: Sequence[Placed], result: Result) -> Iterator[tuple[int, int, int, int]]:
    """What each event of a run changed in each pool: number of the pool, place of the event, quantity and value, signed."""
    for place, (row, cost) in enumerate(zip(line, result.costs, strict=True)):
        event = row.event
        yield event.pool, place, -event.qty if event.kind in GOING_OUT else event.qty, cost
        if event.kind == Kind.TRANSFER:
            yield event.to_pool, place, event.qty, _arrived(result, place)
    for effect in result.effects:
        yield pool_of_effect(line[effect.event].event, effect), effect.event, 0, effect.to_inventory
    for change in result.layer_changes:
        yield change.pool, change.event, 0, change.amount


def _arrived(result: Result, place: int) -> int:
    """The value that a transfer's goods arrive with: less what is a variance, where they are at standard."""
    return -result.costs[place] - result.variances.get(place, 0) + result.passed_on.get(place, 0)


class Differing(NamedTuple):
    """A part of an old event's outcome that a run has otherwise than the books, and by how much. `place`: the event's."""

    place: int
    part: Part
    inventory: int
    sales: int


def differences(
    stream: StreamPools, line: Sequence[Placed], result: Result, adjusted: dict[Part, list[int]]
) -> list[Differing]:
    """What a run of `line` has otherwise than the books, where later changes are `adjusted`; in the order of the events.

    An issue or a return that costs another amount has its other side where its cost had gone; so has a new standard, and a
    transfer, where what leaves one pool is not what another at standard takes in.
    """
    adjusted = dict(adjusted)
    again = _besides_costs(stream, line, result)
    known = {part.event for part in adjusted} | {part.event for part in again}
    places: dict[bytes, int] = {}
    found = []
    for place, (row, cost) in enumerate(zip(line, result.costs, strict=True)):
        event, posted = row.event, row.cost
        is_known = event.key in known
        if is_known:
            places[event.key] = place
        if posted is None or not event.qty:
            continue
        own = [(event.pool, posted, cost)]
        if event.kind == Kind.TRANSFER:
            own.append((event.to_pool, row.arrived, _arrived(result, place)))
        sent = 0
        for pool, before, after in own:
            if is_known and (corrected := adjusted.pop(Part(pool, event.key, event.key, NOTHING), None)) is not None:
                before += corrected[0]
            more, sales = after - before, before - after
            if event.kind == Kind.TRANSFER:
                sent, sales = sent + more, -sent - more if pool == event.to_pool else 0
            if more or sales:
                found.append(Differing(place, Part(pool, event.key, event.key, NOTHING), more, sales))
    for part in {**adjusted, **again}:
        then, now = adjusted.get(part, (0, 0)), again.get(part, (0, 0))
        place = places[part.event]
        inventory = now[0] - then[0]
        sales = -inventory if line[place].event.kind == Kind.STANDARD_COST else now[1] - then[1]
        if inventory or sales:
            found.append(Differing(place, part, inventory, sales))
    return sorted(found)


def _besides_costs(stream: StreamPools, line: Sequence[Placed], result: Result) -> dict[Part, list[int]]:
    """What old events change besides their own cost: earlier moves, and layers whose value changed without quantity."""
    parts: defaultdict[Part, list[int]] = defaultdict(lambda: [0, 0])
    for effect in result.effects:
        row = line[effect.event]
        if row.cost is not None:
            both = parts[Part(pool_of_effect(row.event, effect), row.event.key, effect.target, NOTHING)]
            both[0] += effect.to_inventory
            both[1] += effect.to_cost_of_sales
    late = [(place, amount) for place, amount in result.variances.items() if line[place].event.kind == Kind.LATE_VALUE]
    passed_on = [
        (place, amount) for place, amount in result.passed_on.items() if line[place].event.kind != Kind.LATE_VALUE
    ]
    for place, variance in (*late, *passed_on):
        row = line[place]
        if row.cost is not None:
            parts[Part(row.event.pool, row.event.key, NOTHING, NOTHING)][1] += variance
    for change in result.layer_changes:
        row = line[change.event]
        if row.cost is not None:
            layer = NOTHING if change.layer is None else stream.layer_id(change.pool, change.layer).bytes
            parts[Part(change.pool, row.event.key, NOTHING, layer)][0] += change.amount
    return parts
