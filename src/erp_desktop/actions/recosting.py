"""An event that is dated before others of its stream: they are counted again from the last month that ended before it.

Nothing posted is rewritten (costing.md, rules 2 and 3): what comes out differently is written as cost adjustments and edges of
its own, each dated like the event that it corrects. Here: a stream's events from a checkpoint on, and the differences.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.cost_events import (
    GOING_OUT,
    KIND_OF,
    Counted,
    Document,
    NewEvent,
    balance_row,
    month_end,
    month_ends,
)
from erp_desktop.actions.cost_line import (
    EdgeOn,
    Line,
    Part,
    as_events,
    edges_in_the_books,
    parts_in_the_books,
    parts_of,
    stored_events,
)
from erp_desktop.actions.cost_streams import CostStream, run
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import MEMORY_ASKS, rows_by_id
from erp_desktop.costing.events import Event, Kind, LayerKey, Result
from erp_desktop.costing.stream import Stream
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.models.costing import (
    AdjustmentKind,
    CostAdjustment,
    CostBalance,
    CostCheckpoint,
    CostEvent,
    CostPool,
)
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import QTY_PLACES, from_scaled


class BeforeRevaluation(Refused):
    code = "before_revaluation"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} was revalued on {day}; goods that leave before it cannot be entered any more, since the revaluation counted "
        "them. Use that day or a later one; nothing was changed.",
    )


def must_recost(stream: CostStream, new: Sequence[NewEvent]) -> bool:
    """Whether `new` cannot simply be counted at the end of the stream."""
    if any(_is_more_than_its_rows(stream, row) for row in stream.rows):
        return True
    if any(row.method != row.first_method for row in stream.rows) and any(one.of_id is not None for one in new):
        return True
    if month_end(new[0].dated_on) < new[-1].dated_on:
        return True  # what the pools hold at the month ends between them is kept by the run alone
    last_on = stream.last_on
    for one in new:  # in order among themselves, too
        if last_on is not None and (one.dated_on, one.kind != CostEvent.METHOD) < (last_on, True):
            return True
        last_on = one.dated_on
    return False


def recost(stream: CostStream, new: Sequence[NewEvent], document: Document) -> list[Counted]:
    """Count `new` at their dates and everything of the stream that follows again. Gives what the new events came to."""
    placed = [(one, stream.streams.next_seq(one.kind), stream.event(one)) for one in new]
    start = _start(stream, new)
    line = _line(stream, start, placed)
    if any(row.method != row.first_method for row in stream.rows) and line.names_earlier:
        # What was on hand of a receipt when the method changed went on under another name: it has to be followed from there.
        start = date.min
        line = _line(stream, start, placed)
    _refuse_before_revaluation(stream, line, new)
    old = parts_in_the_books(stream, start, line.stored)
    checkpoints = _Checkpoints(stream, start)
    engine = stream.stream()
    checkpoints.open_pools(engine)
    stream.make_known(engine, line.events, until=start)
    stream.end_months(new, until=start)
    stream.fresh.update(event.key for _, _, event in placed)
    result = _run_by_months(stream, engine, line, checkpoints)

    place_of = {line.events[place].key: place for place, is_new in enumerate(line.is_new) if is_new}
    counted = []
    opened: dict[tuple[int, LayerKey], dict[str, Any]] = {}
    for one, seq, event in placed:
        place = place_of[event.key]
        counted += stream.write_events([one], [event], [seq], result, offset=place)
        opened.update(stream.opened_by([one], [event], [seq], result, offset=place))
    stream.write_effects(counted, document)
    _write_differences(stream, line, old, result, document, opened)
    _write_edge_differences(stream, line, start, result)
    checkpoints.write()
    stream.write_state(engine, opened)
    return counted


# -- what there is


# -- what there is


def _is_more_than_its_rows(stream: CostStream, row: CostPool) -> bool:
    """Whether a pool has something to settle at the period's end: then only a checkpoint tells all of its state."""
    return row.method == "periodic_average" or (row.method == "standard" and stream.book.shares_variance)


def _start(stream: CostStream, new: Sequence[NewEvent]) -> date:
    """The month's end that the run begins after."""
    first = min(one.dated_on for one in new)
    for row in stream.rows:
        if row.last_moved_on is not None and _is_more_than_its_rows(stream, row):
            first = min(first, row.last_moved_on)
    return first.replace(day=1) - timedelta(days=1)


def _line(stream: CostStream, start: date, placed: Sequence[tuple[NewEvent, int, Event]]) -> Line:
    line = Line(stored=stored_events(stream, start))
    for event, known in as_events(line.stored):
        line.put(len(line.events), event, known.dated_on, known.kind, known.seq, is_new=False)
    for one, seq, event in placed:
        line.put(bisect_right(line.order, (one.dated_on, seq)), event, one.dated_on, one.kind, seq, is_new=True)
    return line


def _refuse_before_revaluation(stream: CostStream, line: Line, new: Sequence[NewEvent]) -> None:
    """Costing.md, rule 9. A revaluation that comes along with them, in the history of a new book, has counted them."""
    for one in new:
        if KIND_OF[one.kind] not in GOING_OUT:
            continue
        pool = stream.pool_of(one.place)
        for event, dated_on, is_new in zip(line.events, line.dates, line.is_new, strict=True):
            if event.kind == Kind.REVALUATION and event.pool == pool and dated_on > one.dated_on and not is_new:
                raise BeforeRevaluation(product=stream.product.code, day=dated_on)


# -- the run


class _Checkpoints:
    """The states of a stream's pools at month ends: where the run begins, and what it leaves for the next one."""

    def __init__(self, stream: CostStream, start: date) -> None:
        self._stream = stream
        self._start = start
        statement = select(CostCheckpoint).where(
            CostCheckpoint.company_id == stream.ctx.company_id,
            CostCheckpoint.pool_id.in_([row.id for row in stream.rows]),
        )
        self._rows: dict[UUID, dict[date, CostCheckpoint]] = defaultdict(dict)
        for row in stream.session.scalars(statement, execution_options=MEMORY_ASKS):
            self._rows[row.pool_id][row.ends_on] = row
        self.begun: set[int] = set()  # pools with something before the start
        self._states: dict[tuple[UUID, date], bytes] = {}
        self._balances: dict[tuple[UUID, date], tuple[int, int]] = {}

    def open_pools(self, engine: Stream) -> None:
        for number, row in enumerate(self._stream.rows):
            if row.last_moved_on is not None and row.last_moved_on <= self._start:
                self._stream.open_as_it_stands(engine, number)
                self.begun.add(number)
                continue
            before = max((day for day in self._rows[row.id] if day <= self._start), default=None)
            state = None if before is None else self._rows[row.id][before].state
            engine.open_pool(number, row.first_method, state=state, allow_negative=self._stream.allows_negative(row))
            if before is not None:
                self.begun.add(number)

    def note(self, engine: Stream, ends_on: date, pools: Iterable[int], moved: set[int]) -> None:
        """At the end of a month: what the pools that go on after it hold, and the state of those that moved in it."""
        for number in pools:
            row, pool = self._stream.rows[number], engine.pools[number]
            self._balances[row.id, ends_on] = (pool.qty, pool.value)
            if number in moved or ends_on in self._rows[row.id]:
                self._states[row.id, ends_on] = pool.state()

    def write(self) -> None:
        session, ctx = self._stream.session, self._stream.ctx
        fresh = []
        for (pool_id, ends_on), state in self._states.items():
            row = self._rows[pool_id].get(ends_on)
            if row is None:
                fresh.append({"pool_id": pool_id, "ends_on": ends_on, "state": state})
            elif row.state != state:
                row.state = state
        append_rows(session, ctx, CostCheckpoint, fresh)
        ids = {
            derived_id("cost_balance", pool_id, ends_on.isoformat()): (pool_id, ends_on)
            for pool_id, ends_on in self._balances
        }
        there = rows_by_id(session, ctx, CostBalance, ids)
        missing = []
        for balance_id, key in ids.items():
            qty, value = self._balances[key]
            balance = there.get(balance_id)
            if balance is None:
                missing.append(balance_row(*key, from_scaled(qty, QTY_PLACES), self._stream.amount(value)))
            else:
                balance.qty, balance.value = from_scaled(qty, QTY_PLACES), self._stream.amount(value)
        append_rows(session, ctx, CostBalance, missing)


def _run_by_months(stream: CostStream, engine: Stream, line: Line, checkpoints: _Checkpoints) -> Result:
    """The run, stopping where a month ends to note what the pools hold that go on after it."""
    first_on = dict.fromkeys(checkpoints.begun, date.min)
    last_on = {number: row.last_moved_on or date.min for number, row in enumerate(stream.rows)}
    for event, dated_on in zip(line.events, line.dates, strict=True):
        ends_on = dated_on + timedelta(days=1) if event.kind == Kind.PERIOD_END else dated_on
        for number in (event.pool, event.to_pool) if event.to_pool >= 0 else (event.pool,):
            first_on.setdefault(number, dated_on)
            last_on[number] = max(last_on[number], ends_on)

    parts: list[Result] = []
    offsets = []
    place = 0
    while place < len(line.events):
        ends_on = month_end(line.dates[place])
        upto = bisect_right(line.dates, ends_on, lo=place)
        segment = line.events[place:upto]
        offsets.append(place)
        dates = {event.key: dated_on for event, dated_on in zip(segment, line.dates[place:upto], strict=True)}
        parts.append(run(stream, engine, segment, dates))
        moved = {event.pool for event in segment} | {event.to_pool for event in segment}
        following = line.dates[upto] if upto < len(line.dates) else month_end(ends_on) + timedelta(days=1)
        for month in month_ends(ends_on, following):
            going_on = [
                number for number in first_on if first_on[number] <= month and last_on[number].replace(day=1) > month
            ]
            checkpoints.note(engine, month, going_on, moved if month == ends_on else set())
        place = upto
    return _joined(parts, offsets)


def _joined(parts: Sequence[Result], offsets: Sequence[int]) -> Result:
    """The results of a run's pieces as one, their events counted through."""
    whole = Result()
    for part, offset in zip(parts, offsets, strict=True):
        whole.costs += part.costs
        whole.takes += [take._replace(event=take.event + offset) for take in part.takes]
        whole.effects += [effect._replace(event=effect.event + offset) for effect in part.effects]
        whole.layer_changes += [change._replace(event=change.event + offset) for change in part.layer_changes]
        whole.arrivals += [arrival._replace(event=arrival.event + offset) for arrival in part.arrivals]
        whole.variances.update((event + offset, amount) for event, amount in part.variances.items())
    return whole


# -- what came out differently


def _write_differences(
    stream: CostStream,
    line: Line,
    old: dict[Part, list[int]],
    result: Result,
    document: Document,
    opened: dict[tuple[int, LayerKey], dict[str, Any]],
) -> None:
    new_parts = parts_of(stream, line, result)
    place_of = {event.key: place for place, event in enumerate(line.events)}
    rows = []
    for part in {**old, **new_parts}:
        before, after = old.get(part, (0, 0)), new_parts.get(part, (0, 0))
        inventory = after[0] - before[0]
        place = place_of[part.event]
        if part.event == part.target and line.events[place].qty:
            # An issue or a return that now costs another amount: its other side is where its cost had gone.
            sales = 0 if line.kinds[place] == MoveKind.TRANSFER else -inventory
            if inventory and line.events[place].kind in (Kind.RECEIPT, Kind.CUSTOMER_RETURN, Kind.TRANSFER):
                _restate_layers(stream, line, place, result, opened)
        elif line.events[place].kind == Kind.STANDARD_COST:
            sales = -inventory  # what the new standard changed in value, its other side with it
        else:
            sales = after[1] - before[1]
        if not inventory and not sales:
            continue
        correction = (
            (place, part),
            stream.adjustment(
                stream.rows[part.pool].id,
                AdjustmentKind.BACK_DATED,
                UUID(bytes=part.event),
                line.dates[place],
                document,
                None,
                UUID(bytes=part.layer) if part.layer else None,
                UUID(bytes=part.target) if part.target else None,
                stream.amount(inventory),
                stream.amount(sales),
            ),
        )
        rows.append(correction)
    rows.sort(key=lambda row: row[0])
    append_rows(stream.session, stream.ctx, CostAdjustment, [row for _, row in rows])
    stream.corrections += [(line.kinds[place], row) for (place, _), row in rows]


def _restate_layers(
    stream: CostStream, line: Line, place: int, result: Result, opened: dict[tuple[int, LayerKey], dict[str, Any]]
) -> None:
    """The layers of goods that came in at another cost than before."""
    event = line.events[place]
    begins = {"dated_on": line.dates[place], "seq": line.order[place][1], "move_id": UUID(bytes=event.key)}
    if event.kind != Kind.TRANSFER:
        qty, value = from_scaled(event.qty, QTY_PLACES), stream.amount(result.costs[place])
        opened[event.pool, (event.key, 0)] = {**begins, "qty_in": qty, "value_in": value}
        return
    for arrival in result.arrivals:
        if arrival.event == place:
            qty, value = from_scaled(arrival.qty, QTY_PLACES), stream.amount(arrival.value)
            opened[event.to_pool, arrival.layer] = {**begins, "qty_in": qty, "value_in": value}


def _write_edge_differences(stream: CostStream, line: Line, after: date, result: Result) -> None:
    """Edges of their own for what issues now take of other layers than before."""
    edges = {key: [-qty, -value] for key, (qty, value) in edges_in_the_books(stream, after).items()}
    layer_ids: dict[tuple[int, LayerKey], bytes] = {}
    for take in result.takes:
        held = (take.pool, take.layer)
        layer = layer_ids.get(held)
        if layer is None:
            layer = layer_ids[held] = stream.layer_id(*held).bytes
        edge = edges.setdefault(EdgeOn(take.pool, take.issue, layer, line.dates[take.event]), [0, 0])
        edge[0] += take.qty
        edge[1] += take.value
    stream.append_edges(
        (key.dated_on, key.pool, key.issue, UUID(bytes=key.layer), qty, value)
        for key, (qty, value) in sorted(edges.items())  # the database groups in any order
        if qty or value
    )
