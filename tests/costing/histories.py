"""Random histories of a product's cost pools, for property tests: events that warehouses and accountants could enter."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st
from slow_judge import Judge, Refusal

from erp_desktop.costing.events import METHODS, Event, Kind
from erp_desktop.costing.stream import Stream

EXAMPLES = int(os.environ.get("COSTING_EXAMPLES", "60"))  # per method; 20000 in a long run
ONE = 10**6

OFTEN = {
    Kind.RECEIPT: 6,
    Kind.ISSUE: 6,
    Kind.CUSTOMER_RETURN: 3,
    Kind.SUPPLIER_RETURN: 2,
    Kind.TRANSFER: 3,
    Kind.LATE_VALUE: 3,
}
SELDOM = {Kind.REVALUATION: 1, Kind.STANDARD_COST: 1, Kind.METHOD: 1, Kind.PERIOD_END: 2}
KINDS = [kind for kind, times in {**OFTEN, **SELDOM}.items() for _ in range(times)]


@dataclass(frozen=True)
class PoolSetting:
    method: str
    allow_negative: bool
    standard: int | None = None  # unit cost in 10**-6


@dataclass(frozen=True)
class History:
    currency_places: int
    unit_cost_places: int | None
    shares_variance: bool
    pools: tuple[PoolSetting, ...]
    events: tuple[Event, ...] = field(repr=False)

    def __repr__(self) -> str:
        told = "\n  ".join(map(repr, self.events))
        setting = f"{self.currency_places=} {self.unit_cost_places=} {self.shares_variance=}"
        return f"History({setting}\n  {self.pools}\n  {told})"

    def stream(self, **pool_states: bytes) -> Stream:
        """A stream with the pools, empty or in these states (pool0=..., pool1=...)."""
        stream = Stream(
            self.currency_places, unit_cost_places=self.unit_cost_places, shares_variance=self.shares_variance
        )
        for number, setting in enumerate(self.pools):
            stream.open_pool(
                number,
                setting.method,
                state=pool_states.get(f"pool{number}"),
                allow_negative=setting.allow_negative,
                standard=setting.standard,
            )
        return stream

    def judged(self) -> tuple[Judge, int, str | None]:
        """The judge after the history, how many events it could count, and why not the next one."""
        judge = Judge(self.currency_places, self.unit_cost_places, self.shares_variance)
        for number, setting in enumerate(self.pools):
            judge.open_pool(number, setting.method, setting.allow_negative, setting.standard)
        for counted, event in enumerate(self.events):
            try:
                judge.count(event)
            except Refusal as refusal:
                judge.forget_last()
                return judge, counted, refusal.why
        return judge, len(self.events), None

    def countable(self) -> tuple[Event, ...]:
        """The events up to the first that is refused."""
        return self.events[: self.judged()[1]]


quantities = st.one_of(
    st.integers(1, 12).map(lambda units: units * ONE), st.integers(1, 12 * ONE), st.sampled_from([1, 333_333, ONE // 2])
)
unit_costs = st.one_of(st.integers(1, 30 * ONE), st.integers(1, 30).map(lambda units: units * ONE))


@st.composite
def histories(draw, method: str) -> History:
    """Events of up to three pools, the first of them costed by `method`; most of what they ask for is there."""
    places = draw(st.sampled_from([2, 2, 0, 3]))
    other = st.sampled_from([method, *METHODS])
    pools = [
        PoolSetting(which, draw(st.booleans()), draw(st.none() | unit_costs))
        for which in [method, *(draw(other) for _ in range(draw(st.integers(0, 2))))]
    ]
    history = _Writer(draw, pools)
    for _ in range(draw(st.one_of(st.integers(1, 22), st.integers(1, 22), st.integers(23, 60)))):
        history.write(draw(st.sampled_from(KINDS)))
    events = list(history.events)
    for late in history.late:  # entered last, dated before
        events.insert(draw(st.integers(0, len(events))), late)
    return History(places, draw(st.sampled_from([None, None, 2, 4])), draw(st.booleans()), tuple(pools), tuple(events))


class _Writer:
    """Writes events one by one and keeps an eye on quantities, so that most of them can be counted."""

    def __init__(self, draw, pools: Sequence[PoolSetting]) -> None:
        self.draw = draw
        self.pools = pools
        self.events: list[Event] = []
        self.late: list[Event] = []
        self.on_hand = [0] * len(pools)
        self.issues: dict[bytes, tuple[int, int]] = {}  # pool, still out
        self.receipts: dict[bytes, int] = {}  # pool

    def write(self, kind: Kind) -> None:
        draw, pool = self.draw, self.draw(st.integers(0, len(self.pools) - 1))
        key = b"%d" % (len(self.events) + len(self.late) + 1)
        qty = draw(quantities)
        if kind in (Kind.ISSUE, Kind.SUPPLIER_RETURN, Kind.TRANSFER):
            if draw(st.integers(0, 3)) == 0 and self.on_hand[pool] > 0:
                qty = self.on_hand[pool]  # all of it
            if not self.pools[pool].allow_negative:
                qty = min(qty, self.on_hand[pool])
            if qty <= 0:
                kind, qty = Kind.RECEIPT, draw(quantities)
        if kind in (Kind.RECEIPT, Kind.ISSUE) and draw(st.integers(0, 11)) == 0:
            self.late.append(Event(key, kind, pool, qty, draw(st.integers(0, 5000)) if kind == Kind.RECEIPT else None))
            return
        if kind == Kind.RECEIPT:
            has_cost = draw(st.integers(0, 6)) > 0
            self._add(Event(key, kind, pool, qty, draw(st.integers(0, 5000)) if has_cost else None), qty)
            self.receipts[key] = pool
        elif kind == Kind.ISSUE:
            self._add(Event(key, kind, pool, qty), -qty)
            self.issues[key] = pool, qty
        elif kind == Kind.CUSTOMER_RETURN:
            self._customer_return(key, pool, qty)
        elif kind == Kind.SUPPLIER_RETURN:
            own = [receipt for receipt, at in self.receipts.items() if at == pool]
            stated = draw(st.integers(0, 3000)) if draw(st.integers(0, 5)) == 0 else None
            self._add(Event(key, kind, pool, qty, stated, draw(st.sampled_from([None, *own]))), -qty)
        elif kind == Kind.TRANSFER:
            to_pool = draw(st.integers(0, len(self.pools) - 1))
            self._add(Event(key, kind, pool, qty, to_pool=to_pool), -qty)
            self.on_hand[to_pool] += qty
            if to_pool != pool:
                self.receipts[key] = to_pool
        elif kind == Kind.LATE_VALUE and self.receipts:
            receipt = draw(st.sampled_from(sorted(self.receipts)))
            self._add(Event(key, kind, self.receipts[receipt], 0, draw(st.integers(-800, 2000)), receipt))
        elif kind == Kind.REVALUATION and self.on_hand[pool] > 0:
            self._add(Event(key, kind, pool, 0, draw(st.integers(-50, 300))))
        elif kind == Kind.STANDARD_COST:
            self._add(Event(key, kind, pool, 0, draw(unit_costs)))
        elif kind == Kind.METHOD:
            self._add(Event(key, kind, pool, 0, draw(st.integers(0, len(METHODS) - 1))))
        elif kind == Kind.PERIOD_END:
            self._add(Event(key, kind, pool))

    def _customer_return(self, key: bytes, pool: int, qty: int) -> None:
        out = sorted(issue for issue, (_, left) in self.issues.items() if left)
        if not out or self.draw(st.integers(0, 7)) == 0:
            value = self.draw(st.none() | st.integers(0, 3000))
            self._add(Event(key, Kind.CUSTOMER_RETURN, pool, qty, value), qty)
            return
        issue = self.draw(st.sampled_from(out))
        home, left = self.issues[issue]
        qty = self.draw(st.sampled_from([left, min(qty, left)]))
        pool = self.draw(st.sampled_from([home, home, pool]))
        self._add(Event(key, Kind.CUSTOMER_RETURN, pool, qty, None, issue), qty)
        self.issues[issue] = home, left - qty
        self.receipts[key] = pool

    def _add(self, event: Event, change: int = 0) -> None:
        self.events.append(event)
        self.on_hand[event.pool] += change
