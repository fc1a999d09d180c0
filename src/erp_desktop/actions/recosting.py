"""An event that is dated before others of its stream: they are counted again from the last month that ended before it.

Nothing posted is rewritten (costing.md, rules 2 and 3): what comes out differently is written as cost adjustments and edges of
its own, each dated like the event that it corrects. Counting is over as soon as a month ends as it did before. Here: the run from
a checkpoint on, and the differences. Not here: the events and the books as they are stored (cost_line.py).
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from erp_desktop.actions.appending import append_rows, append_stored
from erp_desktop.actions.cost_events import (
    COMING_IN,
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
    Differing,
    EdgeOn,
    Edges,
    Named,
    Placed,
    differences,
    edges_in_the_books,
    edges_of,
    in_order,
    names_after,
    parts_in_the_books,
    stored_events,
)
from erp_desktop.actions.cost_streams import CostStream, run
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import MEMORY_ASKS, rows_by_id
from erp_desktop.costing.collecting import collector_paused
from erp_desktop.costing.events import Kind, LayerKey, Result
from erp_desktop.costing.stock import Pool
from erp_desktop.costing.stream import Stream
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.models.costing import (
    AdjustmentKind,
    CostAdjustment,
    CostBalance,
    CostCheckpoint,
    CostEdge,
    CostEvent,
    CostLayer,
    CostPool,
    MoveCost,
)
from erp_desktop.numbers import MONEY_PLACES, QTY_PLACES, ZERO, from_scaled

_READ_AT_ONCE = 2  # months of a stream's events; twice as many each time, so that a long line takes few questions


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


@collector_paused()
def recost(stream: CostStream, new: Sequence[NewEvent], document: Document) -> list[Counted]:
    """Count `new` at their dates, and what follows of the stream again. Gives what the new events came to."""
    placed = [Placed(one.dated_on, stream.streams.next_seq(one.kind), stream.event(one), one.kind, None) for one in new]
    start = _start(stream, new)
    names = _names(stream, start, placed)
    if any(row.method != row.first_method for row in stream.rows) and any(name.on <= start for name in names):
        # What was on hand of a receipt when the method changed went on under another name: it has to be followed from there.
        start = date.min
        names = _names(stream, start, placed)
    _refuse_before_revaluation(stream, new)
    checkpoints = _Checkpoints(stream, start)
    engine = stream.stream()
    checkpoints.open_pools(engine)
    engine.expect(name.of for name in names)
    issues = {name.of for name in names if name.is_issue and name.on <= start}
    receipts = {(name.of, name.pool) for name in names if not name.is_issue and name.on <= start}
    stream.make_known(engine, issues, receipts, until=start)
    stream.end_months(new, until=start)
    stream.fresh.update(row.event.key for row in placed)
    again = _Run(stream, engine, checkpoints, names, placed)
    again.count(start)

    of_event = {row.event.key: one for row, one in zip(placed, new, strict=True)}
    written = {
        place: (of_event[row.event.key], row.event, row.seq) for place, row in enumerate(again.line) if row.cost is None
    }
    counted = stream.write_events(written, again.result)
    opened = stream.opened_by(written, again.result)
    stream.write_effects(counted, document)
    taken_before = edges_in_the_books(stream, start, again.until)
    edges = _edge_differences(stream, again, taken_before)
    opened.update(_restated_layers(stream, again, {edge.issue for edge, _, _ in edges}, taken_before))
    _write_differences(stream, again, document)
    _write_edge_differences(stream, edges)
    checkpoints.write()
    if again.is_over_early:
        stream.write_opened(opened)
    else:
        stream.write_state(engine, opened)
    return counted


# -- where it begins


def _is_more_than_its_rows(stream: CostStream, row: CostPool | Pool) -> bool:
    """Whether a pool has something to settle at the period's end: then only a checkpoint tells all of its state."""
    return row.method == "periodic_average" or (row.method == "standard" and stream.book.shares_variance)


def _start(stream: CostStream, new: Sequence[NewEvent]) -> date:
    """The month's end that the run begins after."""
    first = min(one.dated_on for one in new)
    for row in stream.rows:
        if row.last_moved_on is not None and _is_more_than_its_rows(stream, row):
            first = min(first, row.last_moved_on)
    return first.replace(day=1) - timedelta(days=1)


def _names(stream: CostStream, start: date, placed: Sequence[Placed]) -> list[Named]:
    """Which events are named from here on, by those that are there and by those that come."""
    dates = {row.event.key: row.dated_on for row in placed}
    naming = [row for row in placed if row.event.of is not None]
    earlier = {row.event.of for row in naming if row.event.of not in dates and row.event.of is not None}
    if earlier:
        known = select(MoveCost.move_id, MoveCost.dated_on).where(
            MoveCost.company_id == stream.ctx.company_id,
            MoveCost.pool_id.in_([row.id for row in stream.rows]),
            MoveCost.move_id.in_(sorted(UUID(bytes=key) for key in earlier)),
        )
        found = stream.session.execute(known, execution_options=MEMORY_ASKS)
        dates.update((row.move_id.bytes, row.dated_on) for row in found)
    return names_after(stream, start) + [
        Named(of, dates.get(of, date.min), row.dated_on, row.event.pool, row.event.kind == Kind.CUSTOMER_RETURN)
        for row in naming
        if (of := row.event.of) is not None
    ]


def _refuse_before_revaluation(stream: CostStream, new: Sequence[NewEvent]) -> None:
    """Costing.md, rule 9. A revaluation that comes along with them, in the history of a new book, has counted them."""
    leaving = {(stream.pool_of(one.place), one.dated_on) for one in new if KIND_OF[one.kind] in GOING_OUT}
    if not leaving:
        return
    revalued = (
        select(MoveCost.pool_id, MoveCost.dated_on)
        .where(
            MoveCost.company_id == stream.ctx.company_id,
            MoveCost.pool_id.in_([stream.rows[pool].id for pool, _ in leaving]),
            MoveCost.kind == CostEvent.REVALUATION,
            MoveCost.dated_on > min(left_on for _, left_on in leaving),
        )
        .order_by(MoveCost.dated_on, MoveCost.seq)
    )
    for pool_id, revalued_on in stream.session.execute(revalued, execution_options=MEMORY_ASKS):
        if any(stream.rows[pool].id == pool_id and left_on < revalued_on for pool, left_on in leaving):
            raise BeforeRevaluation(product=stream.product.code, day=revalued_on)


# -- the run


class _Checkpoints:
    """The states of a stream's pools at month ends: where the run begins, and what it leaves for the next one."""

    def __init__(self, stream: CostStream, start: date) -> None:
        self._stream = stream
        self._start = start
        earlier = aliased(CostCheckpoint)
        last_before = select(func.max(earlier.ends_on)).where(
            earlier.company_id == CostCheckpoint.company_id,
            earlier.pool_id == CostCheckpoint.pool_id,
            earlier.ends_on <= start,
        )
        statement = select(CostCheckpoint).where(
            CostCheckpoint.company_id == stream.ctx.company_id,
            CostCheckpoint.pool_id.in_([row.id for row in stream.rows]),
            CostCheckpoint.ends_on >= func.coalesce(last_before.scalar_subquery(), start),
        )
        self._rows: dict[UUID, dict[date, CostCheckpoint]] = defaultdict(dict)
        for row in stream.session.scalars(statement, execution_options=MEMORY_ASKS):
            self._rows[row.pool_id][row.ends_on] = row
        self.begun: set[int] = set()  # pools with something before the start
        self._states: dict[tuple[UUID, date], bytes] = {}
        self._balances: dict[tuple[UUID, date], tuple[int, int]] = {}

    def open_pools(self, engine: Stream) -> None:
        for number in range(len(self._stream.rows)):
            if self._open(engine, number, self._start):
                self.begun.add(number)

    def _open(self, engine: Stream, number: int, day: date) -> bool:
        """A pool as the books have it at the end of a day, that of a month; tells whether it had begun."""
        row = self._stream.rows[number]
        if row.last_moved_on is not None and row.last_moved_on <= day:
            self._stream.open_as_it_stands(engine, number)
            return True
        before = max((ends_on for ends_on in self._rows[row.id] if ends_on <= day), default=None)
        state = None if before is None else self._rows[row.id][before].state
        engine.open_pool(number, row.first_method, state=state, allow_negative=self._stream.allows_negative(row))
        return before is not None

    def are_met(self, engine: Stream, ends_on: date) -> bool:
        """Whether all pools hold at the end of a month what they held by the books."""
        former = self._stream.stream()
        for number, pool in engine.pools.items():
            self._open(former, number, ends_on)
            before = former.pools[number]
            if _is_more_than_its_rows(self._stream, pool):
                if before.state() != pool.state():
                    return False
            elif _held(before) != _held(pool):
                return False
        return True

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


def _held(pool: Pool) -> tuple[Any, ...]:
    return (pool.method, pool.qty, pool.value, pool.standard, pool.last_unit_cost, pool.layers())


class _Run:
    """A stream counted again month by month; it stops where each month ends to note what the pools hold that go on after it.

    It is over as soon as a month ends as it did before, and nothing that follows can tell the difference.
    """

    def __init__(
        self,
        stream: CostStream,
        engine: Stream,
        checkpoints: _Checkpoints,
        names: Sequence[Named],
        placed: Sequence[Placed],
    ) -> None:
        self.stream = stream
        self.line: list[Placed] = []
        self.result = Result()  # places as in `line`
        self.found: list[Differing] = []
        self.until = date.max
        self.is_over_early = False
        self._engine = engine
        self._checkpoints = checkpoints
        self._names = names
        self._placed = in_order(placed)
        moves_goods = any(row.event.qty or row.event.kind == Kind.METHOD for row in placed)
        self._cannot_end_before = date.max if moves_goods else self._placed[-1].dated_on

    def count(self, start: date) -> None:
        stream, engine = self.stream, self._engine
        first_on = dict.fromkeys(self._checkpoints.begun, date.min)
        last_on = {number: row.last_moved_on or date.min for number, row in enumerate(stream.rows)}
        for row in self._placed:
            ends_on = row.dated_on + timedelta(days=1) if row.event.kind == Kind.PERIOD_END else row.dated_on
            for number in _pools_of(row):
                last_on[number] = max(last_on[number], ends_on)
        ended: date | None = None  # the month that was counted last
        moved: set[int] = set()

        def note_months(before: date) -> None:
            for month in month_ends(ended, before) if ended is not None else ():
                going_on = [
                    number
                    for number in first_on
                    if first_on[number] <= month and last_on[number].replace(day=1) > month
                ]
                self._checkpoints.note(engine, month, going_on, moved if month == ended else set())

        for ends_on, months_rows in self._months(start, max(last_on.values())):
            if ended is not None and self._can_end(start, ended):
                self.until, self.is_over_early = ended, True
                return
            note_months(ends_on)
            for row in months_rows:
                for number in _pools_of(row):
                    first_on.setdefault(number, row.dated_on)
            ended, moved = ends_on, {number for row in months_rows for number in _pools_of(row)}
            self._count_month(months_rows)
        if ended is not None:
            note_months(ended + timedelta(days=1))
        self.found = differences(stream, self.line, self.result, parts_in_the_books(stream, start, date.max))

    def _months(self, start: date, last_on: date) -> Iterator[tuple[date, list[Placed]]]:
        """The events from `start` on with the new ones among them, month by month; read as far as they are asked for."""
        placed, read_until, at_once = self._placed, start, _READ_AT_ONCE
        while read_until < last_on:
            until = read_until
            for _ in range(at_once if read_until > date.min else 1):
                until = month_end(until + timedelta(days=1)) if read_until > date.min else last_on
            fresh = bisect_right(placed, until, key=lambda row: row.dated_on)
            rows = stored_events(self.stream, read_until, until)
            if fresh:
                rows = in_order([*rows, *placed[:fresh]])
                placed = placed[fresh:]
            for ends_on, rows_of_month in groupby(rows, key=lambda row: month_end(row.dated_on)):
                yield ends_on, list(rows_of_month)
            read_until, at_once = until, at_once * 2

    def _count_month(self, rows: Sequence[Placed]) -> None:
        offset = len(self.line)
        dates = {row.event.key: row.dated_on for row in rows}
        part = run(self.stream, self._engine, [row.event for row in rows], dates)
        whole = self.result
        self.line += rows
        whole.costs += part.costs
        whole.takes += [take._replace(event=take.event + offset) for take in part.takes] if offset else part.takes
        whole.effects += [effect._replace(event=effect.event + offset) for effect in part.effects]
        whole.layer_changes += [change._replace(event=change.event + offset) for change in part.layer_changes]
        whole.arrivals += [arrival._replace(event=arrival.event + offset) for arrival in part.arrivals]
        whole.variances.update((event + offset, amount) for event, amount in part.variances.items())

    def _can_end(self, start: date, ended: date) -> bool:
        """Whether all that follows the end of a month comes out as it did, where only values changed.

        The pools have to hold the same, and what is named later has to cost the same; who took from a named receipt changes
        only where goods move.
        """
        if ended < self._cannot_end_before or not self._checkpoints.are_met(self._engine, ended):
            return False
        self.found = differences(self.stream, self.line, self.result, parts_in_the_books(self.stream, start, ended))
        changed = {key for one in self.found for key in (one.part.event, one.part.target)}
        changed |= {effect.target for effect in self.result.effects if self.line[effect.event].cost is None}
        telling = [name.by_on for name in self._names if name.on <= ended < name.by_on and name.of in changed]
        self._cannot_end_before = max(telling, default=ended)
        return not telling


def _pools_of(row: Placed) -> tuple[int, ...]:
    return (row.event.pool,) if row.event.to_pool < 0 else (row.event.pool, row.event.to_pool)


# -- what came out differently


_ADJUSTMENT = (
    "pool_id",
    "product_id",
    "kind",
    "event_id",
    "dated_on",
    "document_kind",
    "document_id",
    "line_id",
    "layer_id",
    "move_id",
    "to_inventory",
    "to_cost_of_sales",
)
_EDGE = ("pool_id", "issue_move_id", "layer_id", "dated_on", "qty", "value")


def _write_differences(stream: CostStream, again: _Run, document: Document) -> None:
    rows = []
    pool_ids = [row.id.bytes for row in stream.rows]
    product_id, document_id = stream.product.id.bytes, document.id.bytes
    finer = 10 ** (MONEY_PLACES - stream.places)
    for place, part, inventory, sales in again.found:
        line = again.line[place]
        rows.append(
            (
                pool_ids[part.pool],
                product_id,
                AdjustmentKind.BACK_DATED.value,
                part.event,
                line.dated_on,
                document.kind,
                document_id,
                None,
                part.layer or None,
                part.target or None,
                inventory * finer,
                sales * finer,
            )
        )
        about = (part.event, part.target or None, part.layer or None)
        stream.corrections.add(line.kind, line.dated_on, *about, inventory, stream.amount(sales))
    append_stored(stream.session, stream.ctx, CostAdjustment, _ADJUSTMENT, rows)


def _restated_layers(
    stream: CostStream, again: _Run, taking_otherwise: Set[bytes], taken_before: Edges
) -> dict[tuple[int, LayerKey], dict[str, Any]]:
    """The layers of goods that came in at another cost than before, or, with a transfer, in other parts."""
    restated: dict[tuple[int, LayerKey], dict[str, Any]] = {}
    changed = {one.part.event for one in again.found if one.part.event == one.part.target} | taking_otherwise
    parts: dict[bytes, int] = {}  # that a transfer has now
    to_pool: dict[bytes, int] = {}
    for place, row in enumerate(again.line):
        if row.cost is not None and row.event.key in changed:
            if row.event.kind in COMING_IN:
                qty, value = row.event.qty, again.result.costs[place]
                restated[row.event.pool, (row.event.key, 0)] = _came_in(stream, row, qty, value)
            elif row.event.kind == Kind.TRANSFER:
                parts[row.event.key], to_pool[row.event.key] = 0, row.event.to_pool
    for arrival in again.result.arrivals:
        row = again.line[arrival.event]
        if row.event.key in parts or (row.event.kind == Kind.METHOD and row.cost is not None):
            restated[arrival.pool, arrival.layer] = _came_in(stream, row, arrival.qty, arrival.value)
            parts[row.event.key] = arrival.layer[1] + 1
    gone: set[UUID] = set()  # the last parts of transfers that took of more layers than now
    for transfer, count in Counter(edge.issue for edge in taken_before if edge.issue in parts).items():
        pool = to_pool[transfer]
        gone.update(stream.layer_id(pool, (transfer, part)) for part in range(parts[transfer], count))
    for layer in rows_by_id(stream.session, stream.ctx, CostLayer, gone).values():
        layer.qty_in = layer.value_in = ZERO
    return restated


def _came_in(stream: CostStream, row: Placed, qty: int, value: int) -> dict[str, Any]:
    return {
        "dated_on": row.dated_on,
        "seq": row.seq,
        "move_id": UUID(bytes=row.event.key),
        "qty_in": from_scaled(qty, QTY_PLACES),
        "value_in": stream.amount(value),
    }


def _edge_differences(stream: CostStream, again: _Run, taken_before: Edges) -> list[tuple[EdgeOn, int, int]]:
    """What issues now take of other layers than before: quantity and value, in order."""
    now, then = edges_of(stream, again.line, again.result), dict(taken_before)
    different = []
    for key, (qty, value) in now.items():
        before = then.pop(key, None)
        if before is None:
            different.append((key, qty, value))
        elif before != [qty, value]:
            different.append((key, qty - before[0], value - before[1]))
    different += [(key, -qty, -value) for key, (qty, value) in then.items() if qty or value]
    return sorted(different)  # the database gives them in any order


def _write_edge_differences(stream: CostStream, edges: Sequence[tuple[EdgeOn, int, int]]) -> None:
    """Edges of their own."""
    pool_ids = [row.id.bytes for row in stream.rows]
    finer = 10 ** (MONEY_PLACES - stream.places)
    rows = [(pool_ids[key.pool], key.issue, key.layer, key.dated_on, qty, value * finer) for key, qty, value in edges]
    append_stored(stream.session, stream.ctx, CostEdge, _EDGE, rows)
