"""Pools that keep one value for all that is on hand: the moving average (IAS 2.25; costing.md, rules 1, 6, 7)."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from erp_desktop.costing.errors import NothingToRevalue, ValueBelowZero
from erp_desktop.costing.events import Event, Kind, LayerKey, Take
from erp_desktop.costing.scaled import part
from erp_desktop.costing.stock import Gone, Pool, Watched

_RECEIPT, _ISSUE = int(Kind.RECEIPT), int(Kind.ISSUE)


class MovingAverage(Pool):
    """Perpetual weighted average (移动加权平均). Where somebody asks for one receipt's units, the oldest have left first."""

    method = "moving_average"

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.watched: deque[Watched] = deque()  # receipts named by some event, as long as something is left of them
        self._left = 0  # units that went out while any was watched

    def _last_known(self) -> tuple[int, int] | None:
        return (self.value, self.qty) if self.qty > 0 else self.last

    # -- in and out

    def _place(self, key: bytes, number: int, qty: int, value: int, watched: Watched | None) -> None:
        if watched is not None:
            self.watch(watched, self.qty)

    def watch(self, receipt: Watched, up_to: int) -> None:
        """Follow `receipt`: `up_to` is what is on hand of all that came in up to and including it."""
        receipt.end = self._left + up_to
        if up_to > 0:
            self.watched.append(receipt)

    def _give(self, key: bytes, qty: int) -> list[Gone]:
        value = self._price(qty)
        if qty == self.qty:
            self.last = self._last_known()
        return [self._hand_out(key, qty, value)]

    def _price(self, qty: int) -> int:
        """What `qty` of the stock on hand costs."""
        return self.value if qty == self.qty else part(self.value, qty, self.qty)

    def _hand_out(self, key: bytes, qty: int, value: int) -> Gone:
        self.qty -= qty
        self.value -= value
        sources = []
        if self.watched:
            begin, self._left = self._left, self._left + qty
            for receipt in self.watched:
                if receipt.end - receipt.qty_in >= self._left:
                    break
                taken = min(receipt.end, self._left) - max(receipt.end - receipt.qty_in, begin)
                sources.append((receipt, taken))
            while self.watched and self.watched[0].end <= self._left:
                self.watched.popleft()
        return Gone(None, qty, value, sources)

    def leave_from(self, key: bytes, qty: int, receipts: list[Watched], value: int | None) -> list[Gone]:
        self.refuse_shortage(key, qty)
        came_in = sum(receipt.qty_in for receipt in receipts)
        if value is None and qty <= came_in:
            value = part(sum(receipt.value_in for receipt in receipts), qty, came_in)
        if value is None or qty >= self.qty or value > self.value:
            return self.leave(key, qty)  # the stock does not hold that much value any more, or is emptied
        return [self._give_back(key, qty, value)]

    def _give_back(self, key: bytes, qty: int, value: int) -> Gone:
        return self._hand_out(key, qty, value)

    # -- value without quantity

    def left_of(self, receipt: Watched) -> int:
        return max(0, min(receipt.qty_in, receipt.end - self._left))

    def add_to(self, receipt: Watched, amount: int) -> tuple[LayerKey | None, int]:
        kept = max(amount, -self.value)
        self.add(kept)
        return None, kept

    def add(self, amount: int) -> None:
        self.value += amount

    def revalue(self, key: bytes, amount: int) -> Iterator[tuple[LayerKey | None, int]]:
        if self.qty <= 0:
            raise NothingToRevalue("nothing is on hand", self.number, key)
        if self.value + amount < 0:
            raise ValueBelowZero("the pool holds less value than is to be taken off it", self.number, key)
        self.add(amount)
        yield None, amount

    # -- many at once

    def run_plain(
        self, events: Iterator[Event], named: set[bytes], costs: list[int], takes: list[Take] | None
    ) -> Event | None:
        mine, cost_is, watched = self.number, costs.append, self.watched
        on_hand, worth = self.qty, self.value
        odd = None
        for event in events:
            key, kind, pool, qty, value, of, _ = event
            if pool != mine or of is not None or qty <= 0 or key in named:
                odd = event
                break
            if kind == _ISSUE and qty < on_hand and not watched:
                cost = (2 * worth * qty + on_hand) // (2 * on_hand)
                on_hand -= qty
                worth -= cost
                cost_is(-cost)
            elif kind == _RECEIPT and value is not None and value >= 0 and on_hand >= 0:
                on_hand += qty
                worth += value
                cost_is(value)
            else:
                odd = event
                break
        self.qty, self.value = on_hand, worth
        return odd
