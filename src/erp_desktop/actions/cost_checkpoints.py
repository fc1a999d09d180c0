"""The states of a stream's pools at month ends: where counting again begins, what it leaves for the next time, and where it ends."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.cost_events import balance_row, month_ends, settles_at_period_end
from erp_desktop.actions.cost_streams import CostStream
from erp_desktop.actions.remembering import MEMORY_ASKS, rows_by_id
from erp_desktop.costing.stock import Pool
from erp_desktop.costing.stream import Stream
from erp_desktop.ids import derived_id
from erp_desktop.models.costing import CostBalance, CostCheckpoint, CostPool
from erp_desktop.numbers import QTY_PLACES, from_scaled


def is_more_than_its_rows(stream: CostStream, row: CostPool | Pool) -> bool:
    """Whether a pool has something to settle at the period's end: then only a checkpoint tells all of its state."""
    return settles_at_period_end(row.method, stream.book)


class Checkpoints:
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
            CostCheckpoint.ends_on >= func.coalesce(last_before.scalar_subquery(), start),
        )
        self._rows: dict[UUID, dict[date, CostCheckpoint]] = defaultdict(dict)
        for pool_ids in stream.pool_ids_in_parts():
            of_pools = statement.where(CostCheckpoint.pool_id.in_(pool_ids))
            for row in stream.session.scalars(of_pools, execution_options=MEMORY_ASKS):
                self._rows[row.pool_id][row.ends_on] = row
        self.begun: set[int] = set()  # pools with something before the start
        self._states: dict[tuple[UUID, date], bytes] = {}
        self._balances: dict[tuple[UUID, date], tuple[int, int]] = {}
        self._resting: dict[int, tuple[date, tuple[int, int], bytes]] = {}  # since when, quantity and value, state

    def open_pools(self, engine: Stream) -> None:
        """All pools of the stream as they were where the run begins."""
        for number in range(len(self._stream.rows)):
            self.open_pool(engine, number)

    def open_pool(self, engine: Stream, number: int) -> None:
        """One pool as it was where the run begins."""
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
            if is_more_than_its_rows(self._stream, pool):
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

    def rest(self, engine: Stream, ends_on: date, pools: Iterable[int]) -> None:
        """Pools that no goods move in after the end of a month."""
        if len(engine.pools) > 1:  # else nothing else is there that could pass value on to it
            for number in pools:
                pool = engine.pools[number]
                self._resting[number] = (ends_on, (pool.qty, pool.value), pool.state())

    def wake(self, number: int, ends_on: date) -> None:
        """What it holds is worth something else from this month on: that it was at rest until then has to be noted."""
        if number in self._resting:
            rests_since, held, state = self._resting.pop(number)
            pool_id = self._stream.rows[number].id
            self._states[pool_id, rests_since] = state
            self._balances.update(((pool_id, month), held) for month in month_ends(rests_since, ends_on))

    def write(self) -> None:
        """What was noted: states to count again from, and what pools held at month ends."""
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
