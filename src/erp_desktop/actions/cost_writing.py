"""What a run of a cost stream came to, as rows: events with their costs, edges, adjustments, layers, and how pools stand.

Here: new events, and where the run ended. Not here: the run (cost_streams.py, recosting.py), what came out differently of old events
(cost_differences.py), and postings: what changed of earlier moves is noted in the stream's `corrections`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.cost_events import (
    ADJUSTS,
    COMING_IN,
    GOING_OUT,
    LATE_VALUES,
    POSTED_BY_THEIR_DOCUMENT,
    ChangedCost,
    ChangedValue,
    Counted,
    Document,
    NewEvent,
    pool_of_effect,
)
from erp_desktop.actions.cost_pools import StreamPools
from erp_desktop.actions.remembering import MEMORY_ASKS, rows_by_id
from erp_desktop.costing.events import LAYERED, Event, Kind, LayerKey, Result
from erp_desktop.costing.stream import Stream
from erp_desktop.models.costing import (
    AdjustmentKind,
    CostAdjustment,
    CostEdge,
    CostEvent,
    CostLayer,
    MoveCost,
)
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import QTY_PLACES, UNIT_COST_PLACES, ZERO, from_scaled

Written = Mapping[int, tuple[NewEvent, Event, int]]  # by place in a run: a new event, as it was counted, its `seq`
Opened = dict[tuple[int, LayerKey], dict[str, Any]]  # by pool and key of a layer: what its row says of how it came in


def write_events(stream: StreamPools, written: Written, result: Result) -> list[Counted]:
    """The new events with their costs."""
    rows: list[dict[str, Any]] = []
    counted = {}
    for place, (one, event, seq) in written.items():
        cost, passed_on = result.costs[place], result.passed_on.get(place, 0)
        if one.kind in LATE_VALUES:
            passed_on = 0  # all of it is the document's
        variance = result.variances.get(place, 0) - passed_on
        rows.append(_event_row(stream, one, event, seq, event.pool, cost))
        if event.kind is Kind.TRANSFER:
            rows.append(_event_row(stream, one, event, seq, event.to_pool, -cost - variance))
        counted[place] = Counted(one, stream.amount(cost), stream.amount(variance), stream.amount(passed_on))
    append_rows(stream.session, stream.ctx, MoveCost, rows)
    for effect in result.effects:
        if effect.event in written:
            event = written[effect.event][1]
            counted[effect.event].costs.append(
                ChangedCost(
                    stream.rows[pool_of_effect(event, effect)].id,
                    UUID(bytes=effect.target),
                    stream.amount(effect.to_inventory),
                    stream.amount(effect.to_cost_of_sales),
                )
            )
    for change in result.layer_changes:
        if change.event in written:
            layer = None if change.layer is None else stream.layer_id(change.pool, change.layer)
            valued = counted[change.event]
            valued.values.append(ChangedValue(stream.rows[change.pool].id, layer, stream.amount(change.amount)))
            # Goods are worth their own cost: what they true up elsewhere nets to zero by itself.
            if not valued.event.qty:
                valued.to_inventory += stream.amount(change.amount)
    return list(counted.values())


def _event_row(stream: StreamPools, new: NewEvent, event: Event, seq: int, number: int, cost: int) -> dict[str, Any]:
    row = stream.rows[number]
    out = event.kind in GOING_OUT and number == event.pool
    return {
        "id": stream.ctx.new_centre_id(),
        "pool_id": row.id,
        "product_id": stream.product.id,
        "move_id": new.move_id,
        "kind": new.kind,
        "dated_on": new.dated_on,
        "seq": seq,
        "qty": -new.qty if out else new.qty,
        "of_id": new.of_id,
        "stated": new.stated,
        "unit_cost": new.unit_cost,
        "method": new.method,
        "cost": stream.amount(cost) if new.qty else ZERO,
    }


def write_edges(stream: StreamPools, result: Result, dates: Sequence[date]) -> None:
    """What issues took of layers. `dates`: of the events of the run."""
    edges: defaultdict[tuple[int, int, bytes, LayerKey], list[int]] = defaultdict(lambda: [0, 0])
    for take in result.takes:
        both = edges[take.event, take.pool, take.issue, take.layer]
        both[0] += take.qty
        both[1] += take.value
    append_rows(
        stream.session,
        stream.ctx,
        CostEdge,
        [
            {
                "id": stream.ctx.new_centre_id(),
                "pool_id": stream.rows[pool].id,
                "issue_move_id": UUID(bytes=issue),
                "layer_id": stream.layer_id(pool, layer),
                "dated_on": dates[event],
                "qty": from_scaled(qty, QTY_PLACES),
                "value": stream.amount(value),
            }
            for (event, pool, issue, layer), (qty, value) in edges.items()
            if qty or value
        ],
    )


def write_effects(stream: StreamPools, counted: Sequence[Counted], document: Document) -> None:
    """What new events changed besides their own cost: earlier moves, and layers whose value changed without quantity."""
    rows: list[dict[str, Any]] = []
    for one in counted:
        new = one.event
        kind = ADJUSTS.get(new.kind, AdjustmentKind.TRUE_UP)
        about = (kind, new.move_id, new.dated_on, new.document or document, new.line_id)
        for pool_id, layer, amount in one.values:
            if amount and new.kind == CostEvent.STANDARD_COST and new.line_id is None:
                # A pool that begins late takes up a standard that was set before: no document posts what that changes.
                rows.append(_adjustment(stream, pool_id, *about, layer, None, amount, -amount))
                stream.corrections.add(new.kind, new.dated_on, new.move_id, None, layer, amount, -amount)
            elif amount:
                rows.append(_adjustment(stream, pool_id, *about, layer, None, amount, ZERO))
        if one.variance and new.kind == MoveKind.TRANSFER:
            stream.corrections.add(new.kind, new.dated_on, new.move_id, new.move_id, None, -one.variance, one.variance)
        if one.passed_on:
            pool_id = stream.rows[stream.pool_of(new.place)].id
            rows.append(_adjustment(stream, pool_id, *about, None, None, ZERO, one.passed_on))
            stream.corrections.add(new.kind, new.dated_on, new.move_id, None, None, ZERO, one.passed_on)
        if one.variance and new.kind in LATE_VALUES:
            pool_id = stream.rows[stream.pool_of(new.place)].id
            rows.append(_adjustment(stream, pool_id, *about, None, None, ZERO, one.variance))
        for pool_id, move_id, inventory, sales in one.costs:
            if inventory or sales:
                rows.append(_adjustment(stream, pool_id, *about, None, move_id, inventory, sales))
                if new.kind not in POSTED_BY_THEIR_DOCUMENT:
                    stream.corrections.add(new.kind, new.dated_on, new.move_id, move_id, None, inventory, sales)
    append_rows(stream.session, stream.ctx, CostAdjustment, rows)


def _adjustment(
    stream: StreamPools,
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
        "id": stream.ctx.new_centre_id(),
        "pool_id": pool_id,
        "product_id": stream.product.id,
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


def opened_by(stream: StreamPools, written: Written, result: Result) -> Opened:
    """The layers that new events opened."""
    opened: Opened = {}
    for place, (one, event, seq) in written.items():
        if event.kind in COMING_IN:
            opened[event.pool, (event.key, 0)] = came_in(
                stream, one.dated_on, seq, event.key, event.qty, result.costs[place]
            )
    for arrival in result.arrivals:
        if arrival.event in written:
            one, event, seq = written[arrival.event]
            opened[arrival.pool, arrival.layer] = came_in(
                stream, one.dated_on, seq, event.key, arrival.qty, arrival.value
            )
    return opened


def came_in(stream: StreamPools, dated_on: date, seq: int, move: bytes, qty: int, value: int) -> dict[str, Any]:
    """What the row of a layer says of the move that opened it; scaled as the engine counts."""
    return {
        "dated_on": dated_on,
        "seq": seq,
        "move_id": UUID(bytes=move),
        "qty_in": from_scaled(qty, QTY_PLACES),
        "value_in": stream.amount(value),
    }


def write_used_up(stream: StreamPools, opened: Opened) -> None:
    """After a run that came back to where the stream was: the layers that it opened and used up, or restated."""
    ids = {stream.layer_id(*held): held for held in opened}
    there = rows_by_id(stream.session, stream.ctx, CostLayer, ids)
    used_up = []
    for layer_id, (number, key) in ids.items():
        begins = opened[number, key]
        layer = there.get(layer_id)
        if layer is not None:
            layer.qty_in, layer.value_in = begins["qty_in"], begins["value_in"]
        elif stream.rows[number].method in LAYERED:
            used_up.append(_layer(stream, number, key, begins, 0, 0))
    append_rows(stream.session, stream.ctx, CostLayer, used_up)


def _layer(
    stream: StreamPools, number: int, key: LayerKey, begins: dict[str, Any], qty: int, value: int
) -> dict[str, Any]:
    return {
        **begins,
        "id": stream.layer_id(number, key),
        "pool_id": stream.rows[number].id,
        "part": key[1],
        "qty_left": from_scaled(qty, QTY_PLACES),
        "value_left": stream.amount(value),
    }


def write_state(stream: StreamPools, engine: Stream, opened: Opened) -> None:
    """Bring pools and layers to where the run left them."""
    for number, row in enumerate(stream.rows):
        pool = engine.pools[number]
        row.method = pool.method
        row.on_hand = from_scaled(pool.qty, QTY_PLACES)
        row.value = stream.amount(pool.value)
        row.last_unit_cost = _unit_cost(pool.last_unit_cost)
        row.standard_cost = _unit_cost(pool.standard)
        _write_layers(stream, number, pool.layers(), opened)


def _write_layers(
    stream: StreamPools,
    number: int,
    left: Sequence[tuple[LayerKey, int, int]],
    opened: Opened,
) -> None:
    row = stream.rows[number]
    now = {key: (qty, value) for key, qty, value in left}
    if row.method in LAYERED:
        for pool, key in opened:
            if pool == number:
                now.setdefault(key, (0, 0))
    stored = {(layer.move_id.bytes, layer.part): layer for layer in stream.layers[row.id]}
    missing = {stream.layer_id(number, key) for key in now if key not in stored and key[0] not in stream.fresh}
    again = rows_by_id(stream.session, stream.ctx, CostLayer, missing) if missing else {}
    stored.update({(layer.move_id.bytes, layer.part): layer for layer in again.values()})
    used_up = []
    for key, (qty, value) in now.items():
        layer = stored.pop(key, None)
        if layer is None:
            added = _layer(
                stream, number, key, opened.get((number, key)) or _of_a_shortage(stream, number, key), qty, value
            )
            if qty:
                stream.session.add(CostLayer(company_id=stream.ctx.company_id, **added))
            else:
                used_up.append(added)
            continue
        layer.qty_left, layer.value_left = from_scaled(qty, QTY_PLACES), stream.amount(value)
        if (restated := opened.get((number, key))) is not None:  # came in at another quantity or cost than before
            layer.qty_in, layer.value_in = restated["qty_in"], restated["value_in"]
    for layer in stored.values():
        layer.qty_left = layer.value_left = ZERO
    append_rows(stream.session, stream.ctx, CostLayer, used_up)


def _of_a_shortage(stream: StreamPools, number: int, key: LayerKey) -> dict[str, Any]:
    """A layer that no receipt opened: what an issue took and was not there (costing.md, rule 4)."""
    issue = stream.session.execute(
        select(MoveCost.dated_on, MoveCost.seq).where(
            MoveCost.company_id == stream.ctx.company_id,
            MoveCost.move_id == UUID(bytes=key[0]),
            MoveCost.pool_id == stream.rows[number].id,
        ),
        execution_options=MEMORY_ASKS,
    ).one()
    return came_in(stream, issue.dated_on, issue.seq, key[0], 0, 0)


def _unit_cost(scaled: int | None) -> Decimal | None:
    return None if scaled is None else from_scaled(scaled, UNIT_COST_PLACES)
