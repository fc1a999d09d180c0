"""An event that is dated before others of its stream: they are counted again from the last month that ended before it.

Nothing posted is rewritten (costing.md, rules 2 and 3): what comes out differently is written as cost adjustments and edges of
its own, each dated like the event that it corrects. Counting is over as soon as a month ends as it did before. Here: the run from
a checkpoint on. Not here: the events and the books as they are stored (cost_line.py), what is written (cost_differences.py).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy import select

from erp_desktop.actions.cost_checkpoints import Checkpoints, is_more_than_its_rows
from erp_desktop.actions.cost_differences import CountedAgain, write_differences
from erp_desktop.actions.cost_events import (
    GOING_OUT,
    KIND_OF,
    Counted,
    Document,
    NewEvent,
    counts_until,
    month_end,
    month_ends,
)
from erp_desktop.actions.cost_line import (
    Named,
    Placed,
    differences,
    in_order,
    names_after,
    parts_in_the_books,
    stored_events,
)
from erp_desktop.actions.cost_streams import CostStream, run
from erp_desktop.actions.cost_writing import opened_by, write_effects, write_events, write_state, write_used_up
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import MEMORY_ASKS
from erp_desktop.costing.collecting import collector_paused
from erp_desktop.costing.events import Kind
from erp_desktop.costing.stream import Stream
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.costing import CostEvent, MoveCost

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
    if any(is_more_than_its_rows(stream, row) for row in stream.rows):
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
    _refuse_before_revaluation(stream, new)
    start, begins = date.max, _start(stream, new)
    while begins < start:  # what is named may lead to a pool that has to be counted from earlier on
        start = begins
        names = _names(stream, start, placed)
        if any(row.method != row.first_method for row in stream.rows) and any(name.on <= start for name in names):
            # What was on hand of a receipt when the method changed went on under another name: it has to be followed from there.
            start = date.min
            stream.take_in_moved(start)
            names = _names(stream, start, placed)
        checkpoints = Checkpoints(stream, start)
        engine = stream.stream()
        checkpoints.open_pools(engine)
        engine.expect(name.of for name in names)
        issues = {name.of for name in names if name.is_issue and name.on <= start}
        receipts = {(name.of, name.pool) for name in names if not name.is_issue and name.on <= start}
        stream.make_known(engine, issues, receipts, checkpoints.open_pool, until=start)
        begins = _start(stream, new)
    stream.fresh.update(row.event.key for row in placed)
    again = _Run(stream, engine, checkpoints, names, placed).count(start)

    revalued = [(change.pool, again.line[change.event]) for change in again.result.layer_changes]
    stream.move_on(new, revalued, until=start)
    of_event = {row.event.key: one for row, one in zip(placed, new, strict=True)}
    written = {
        place: (of_event[row.event.key], row.event, row.seq) for place, row in enumerate(again.line) if row.cost is None
    }
    counted = write_events(stream, written, again.result)
    opened = opened_by(stream, written, again.result)
    write_effects(stream, counted, document)
    write_differences(stream, again, document, opened)
    checkpoints.write()
    if again.is_over_early:
        write_used_up(stream, opened)
    else:
        write_state(stream, engine, opened)
    return counted


# -- where it begins


def _start(stream: CostStream, new: Sequence[NewEvent]) -> date:
    """The month's end that the run begins after. All pools that moved after it are there."""
    first, start = min(one.dated_on for one in new), date.max
    while (earlier := first.replace(day=1) - timedelta(days=1)) < start:
        start = earlier
        stream.take_in_moved(start)
        for row in stream.rows:
            if row.last_moved_on is not None and is_more_than_its_rows(stream, row):
                first = min(first, row.last_moved_on)
    return start


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


class _Run:
    """A stream counted again month by month; it stops where each month ends to note what the pools hold that go on after it.

    It is over as soon as a month ends as it did before, and nothing that follows can tell the difference.
    """

    def __init__(
        self,
        stream: CostStream,
        engine: Stream,
        checkpoints: Checkpoints,
        names: Sequence[Named],
        placed: Sequence[Placed],
    ) -> None:
        self._stream = stream
        self._engine = engine
        self._checkpoints = checkpoints
        self._names = names
        self._placed = in_order(placed)
        moves_goods = any(row.event.qty or row.event.kind == Kind.METHOD for row in placed)
        self._cannot_end_before = date.max if moves_goods else self._placed[-1].dated_on

    def count(self, start: date) -> CountedAgain:
        stream, engine, again = self._stream, self._engine, CountedAgain(start)
        first_on = dict.fromkeys(self._checkpoints.begun, date.min)
        last_on = {number: row.last_moved_on or date.min for number, row in enumerate(stream.rows)}
        for row in self._placed:
            for number in _pools_of(row):
                last_on[number] = max(last_on[number], counts_until(row.kind, row.dated_on))
        ended = start if start > date.min else None  # the month that was counted last
        if ended is not None:  # a pool whose period ended then stands for the day after
            following = ended + timedelta(days=1)
            # What has not moved since is noted by `move_on`, even if what comes now is dated on that day.
            settled = [n for n in first_on if last_on[n] == following == stream.rows[n].last_moved_on]
            self._checkpoints.rest(engine, ended, settled)
        moved: set[int] = set()

        def note_months(before: date) -> None:
            for month in month_ends(ended, before) if ended is not None else ():
                going_on = [
                    number
                    for number in first_on
                    if first_on[number] <= month and last_on[number].replace(day=1) > month
                ]
                self._checkpoints.note(engine, month, going_on, moved if month == ended else set())
                if month == ended:
                    # and those whose period's end was their last event, which stands for the day after
                    settled = {number for number in moved if last_on[number] == month + timedelta(days=1)}
                    self._checkpoints.rest(engine, month, moved.difference(going_on) | settled)

        for ends_on, months_rows in self._months(start, max(last_on.values())):
            if ended is not None and self._can_end(again, ended):
                again.until = ended
                return again
            note_months(ends_on)
            for row in months_rows:
                for number in _pools_of(row):
                    first_on.setdefault(number, row.dated_on)
            ended, moved = ends_on, {number for row in months_rows for number in _pools_of(row)}
            changes = len(again.result.layer_changes)
            self._count_month(again, months_rows)
            for change in again.result.layer_changes[changes:]:  # perhaps of pools that no goods move in any more
                row, number = again.line[change.event], change.pool
                self._checkpoints.wake(number, ends_on)
                last_on[number] = max(last_on[number], counts_until(row.kind, row.dated_on))
                moved.add(number)
        if ended is not None:
            note_months(ended + timedelta(days=1))
        again.found = differences(stream, again.line, again.result, parts_in_the_books(stream, start, date.max))
        return again

    def _months(self, start: date, last_on: date) -> Iterator[tuple[date, list[Placed]]]:
        """The events from `start` on with the new ones among them, month by month; read as far as they are asked for."""
        placed, read_until, at_once = self._placed, start, _READ_AT_ONCE
        while read_until < last_on:
            until = read_until
            for _ in range(at_once if read_until > date.min else 1):
                until = month_end(until + timedelta(days=1)) if read_until > date.min else last_on
            fresh = bisect_right(placed, until, key=lambda row: row.dated_on)
            rows = stored_events(self._stream, read_until, until)
            if fresh:
                rows = in_order([*rows, *placed[:fresh]])
                placed = placed[fresh:]
            for ends_on, rows_of_month in groupby(rows, key=lambda row: month_end(row.dated_on)):
                yield ends_on, list(rows_of_month)
            read_until, at_once = until, at_once * 2

    def _count_month(self, again: CountedAgain, rows: Sequence[Placed]) -> None:
        offset = len(again.line)
        dates = {row.event.key: row.dated_on for row in rows}
        part = run(self._stream, self._engine, [row.event for row in rows], dates)
        whole = again.result
        again.line += rows
        whole.costs += part.costs
        whole.takes += [take._replace(event=take.event + offset) for take in part.takes]
        whole.effects += [effect._replace(event=effect.event + offset) for effect in part.effects]
        whole.layer_changes += [change._replace(event=change.event + offset) for change in part.layer_changes]
        whole.arrivals += [arrival._replace(event=arrival.event + offset) for arrival in part.arrivals]
        whole.variances.update((event + offset, amount) for event, amount in part.variances.items())
        whole.passed_on.update((event + offset, amount) for event, amount in part.passed_on.items())

    def _can_end(self, again: CountedAgain, ended: date) -> bool:
        """Whether all that follows the end of a month comes out as it did, where only values changed.

        The pools have to hold the same, and what is named later has to cost the same; who took from a named receipt changes
        only where goods move.
        """
        if ended < self._cannot_end_before or not self._checkpoints.are_met(self._engine, ended):
            return False
        adjusted = parts_in_the_books(self._stream, again.start, ended)
        again.found = differences(self._stream, again.line, again.result, adjusted)
        changed = {key for one in again.found for key in (one.part.event, one.part.target)}
        changed |= {effect.target for effect in again.result.effects if again.line[effect.event].cost is None}
        telling = [name.by_on for name in self._names if name.on <= ended < name.by_on and name.of in changed]
        self._cannot_end_before = max(telling, default=ended)
        return not telling


def _pools_of(row: Placed) -> tuple[int, ...]:
    return (row.event.pool,) if row.event.to_pool < 0 else (row.event.pool, row.event.to_pool)
