"""Pools that keep one value for all that is on hand: moving and month-end average (IAS 2.25; costing.md, rules 1, 6, 7, 11)."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from erp_desktop.costing.errors import NothingToRevalue, ValueBelowZero
from erp_desktop.costing.events import Event, Kind, LayerKey, Result
from erp_desktop.costing.scaled import part
from erp_desktop.costing.stock import KEY, QTY, VALUE, Covered, Gone, Pool, ScaledLayer, Settled, Watched
from erp_desktop.numbers import UNIT_COST_PLACES

_RECEIPT, _ISSUE = int(Kind.RECEIPT), int(Kind.ISSUE)


class Unlayered(Pool):
    """One value for all that is on hand. Where somebody asks for one receipt's units, the oldest have left first."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.watched: deque[Watched] = deque()  # receipts named by some event, as long as something is left of them
        self._left = 0  # units that went out while any was watched

    def _last_known(self) -> tuple[int, int] | None:
        return (self.value, self.qty) if self.qty > 0 else self.last

    # -- in and out

    def put_away(self, key: bytes, number: int, qty: int, value: int, watched: Watched | None) -> None:
        if watched is not None:
            self.watch(watched, self.qty)

    def watch(self, receipt: Watched, up_to: int) -> None:
        """Follow `receipt`: `up_to` is what is on hand of all that came in up to and including it."""
        receipt.end = self._left + up_to
        if up_to > 0:
            self.watched.append(receipt)
            if len(self.watched) > 1 and self.watched[-2].end > receipt.end:  # made known in another order
                self.watched = deque(sorted(self.watched, key=lambda watched: watched.end))

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

    def leave_from(self, key: bytes, qty: int, receipt: Watched | None, value: int | None) -> list[Gone]:
        self.refuse_shortage(key, qty)
        if value is None and receipt is not None and qty <= receipt.qty_in:
            value = part(receipt.value_in, qty, receipt.qty_in)
        if value is None or qty >= self.qty or value > self.value:
            return self.leave(key, qty)  # the stock does not hold that much value any more, or is emptied
        return [self._give_back(key, qty, value)]

    def _give_back(self, key: bytes, qty: int, value: int) -> Gone:
        return self._hand_out(key, qty, value)

    # -- value without quantity

    def left_of(self, receipt: Watched) -> int:
        return max(0, min(receipt.qty_in, receipt.end - self._left))

    def add_to(self, receipt: Watched, amount: int) -> list[tuple[LayerKey | None, int]]:
        kept = max(amount, -self.value)
        self.add(kept)
        return [(None, kept)]

    def add(self, amount: int) -> None:
        self.value += amount

    def revalue(self, key: bytes, amount: int) -> Iterator[tuple[LayerKey | None, int]]:
        if self.qty <= 0:
            raise NothingToRevalue("nothing is on hand", self.number, key)
        if self.value + amount < 0:
            raise ValueBelowZero("the pool holds less value than is to be taken off it", self.number, key)
        self.add(amount)
        yield None, amount

    # -- keeping

    def continue_from(self, former: Pool) -> None:
        super().continue_from(former)
        if isinstance(former, Unlayered):
            self.watched, self._left = former.watched, former._left


class MovingAverage(Unlayered):
    """Perpetual weighted average (移动加权平均)."""

    method = "moving_average"

    def run_plain(self, events: Iterator[Event], named: set[bytes], found: Result, with_takes: bool) -> Event | None:
        mine, cost_is, watched = self.number, found.costs.append, self.watched
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


class IssuesOfPeriod:
    """The issues of the open period in order, with quantity and cost so far: they may still change."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.qtys: list[int] = []
        self.costs: list[int] = []
        self._places: dict[bytes, int] = {}

    def add(self, key: bytes, qty: int, cost: int) -> None:
        self.keys.append(key)
        self.qtys.append(qty)
        self.costs.append(cost)

    def place_of(self, key: bytes) -> int | None:
        """Where `key` stands in the lists. Looked up by name only from the first time on that somebody asks."""
        for place in range(len(self._places), len(self.keys)):
            self._places[self.keys[place]] = place
        return self._places.get(key)

    def rows(self) -> Iterator[ScaledLayer]:
        for key, qty, cost in zip(self.keys, self.qtys, self.costs, strict=True):
            yield [qty, cost, key, 0, None]


class PeriodicAverage(Unlayered):
    """Month-end average (月末一次加权平均): one average for all that the period had to give (rule 11).

    Issues carry the last average until the period ends (before there is one, that of the moment), but never more value
    than is there. Goods returned to the supplier lessen what came in; goods returned by a customer lessen their issue, if
    that is of the same period. `_total`: what the period had to give, its issues not taken off. Shortages of earlier
    periods are covered at the cost of the receipt that covers them (rule 4).
    """

    method = "periodic_average"
    is_provisional = True

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.average: tuple[int, int] | None = None  # value, quantity
        self.issues = IssuesOfPeriod()
        self._total_qty = 0
        self._total_value = 0

    def _last_known(self) -> tuple[int, int] | None:
        return self.average or super()._last_known()

    def current_cost(self, qty: int) -> int:
        return super().current_cost(qty) if self.average is None else part(self.average[0], qty, self.average[1])

    def enter(
        self, key: bytes, number: int, qty: int, value: int, watched: Watched | None, returned: bytes | None = None
    ) -> list[Covered]:
        place = None if returned is None or self.qty < 0 else self.issues.place_of(returned)
        if place is not None and self.issues.qtys[place] >= qty:
            taken_back = min(value, self.issues.costs[place])
            self.issues.qtys[place] -= qty
            self.issues.costs[place] -= taken_back
            self._total_value += value - taken_back
        else:
            self._total_qty += qty
            self._total_value += value
        covered = super().enter(key, number, qty, value, watched)
        for short in covered:
            place = self.issues.place_of(short.issue)
            if place is None:
                self._total_qty -= short.qty
                self._total_value -= short.cost
            else:
                self.issues.qtys[place] += short.qty
                self.issues.costs[place] += short.cost
        return covered

    def leave(self, key: bytes, qty: int) -> list[Gone]:
        gone = super().leave(key, qty)
        there = [taken for taken in gone if not taken.is_short]
        self.issues.add(key, sum(taken.qty for taken in there), sum(taken.value for taken in there))
        return gone

    def _price(self, qty: int) -> int:
        if qty == self.qty or self.average is None:
            return super()._price(qty)
        return min(self.value, part(self.average[0], qty, self.average[1]))

    def _give_back(self, key: bytes, qty: int, value: int) -> Gone:
        self._total_qty -= qty
        self._total_value -= value
        return super()._give_back(key, qty, value)

    def add(self, amount: int) -> None:
        super().add(amount)
        self._total_value += amount

    def charge(self, issue: bytes, share: int) -> None:
        place = self.issues.place_of(issue)
        if place is not None and self.issues.qtys[place]:
            taken_on = max(share, -self.issues.costs[place])
            self.issues.costs[place] += taken_on
            self._total_value += taken_on

    def end_period(self, key: bytes) -> list[Settled]:
        changes: list[Settled] = []
        issues, self.issues = self.issues, IssuesOfPeriod()
        left, worth = self._total_qty, self._total_value
        self.average = self._average_of(worth, left)
        is_rounded = self.settings.unit_cost_places is not None
        for issue, qty, cost in zip(issues.keys, issues.qtys, issues.costs, strict=True):
            if qty >= left:
                settled = worth
            elif is_rounded and self.average is not None:
                settled = min(worth, part(self.average[0], qty, self.average[1]))
            else:
                settled = part(worth, qty, left)
            left -= qty
            worth -= settled
            self.value += cost - settled
            if settled != cost:
                changes.append(Settled(issue, cost - settled, settled - cost))
        self._total_qty, self._total_value = left, worth
        return changes

    def _average_of(self, value: int, qty: int) -> tuple[int, int] | None:
        """The average as value and quantity, rounded to the book's places if it has any; without goods the last one."""
        if qty <= 0:
            return self.average
        places = self.settings.unit_cost_places
        if places is None:
            return value, qty
        units = self.factor * 10**places // 10**UNIT_COST_PLACES
        return part(value, units, qty), units

    def continue_from(self, former: Pool) -> None:
        super().continue_from(former)
        self._total_qty, self._total_value = max(self.qty, 0), self.value if self.qty > 0 else 0
        self.average = self._average_of(self._total_value, self._total_qty)

    def stand(self, qty: int, value: int, last_unit_cost: int | None, layers: Iterable[ScaledLayer]) -> None:
        super().stand(qty, value, last_unit_cost, layers)
        self._total_qty, self._total_value = max(self.qty, 0), self.value if self.qty > 0 else 0
        self.average = self.last

    def run_plain(self, events: Iterator[Event], named: set[bytes], found: Result, with_takes: bool) -> Event | None:
        mine, cost_is, watched = self.number, found.costs.append, self.watched
        issue_is, qty_is, provisional_is = self.issues.keys.append, self.issues.qtys.append, self.issues.costs.append
        average_value, average_qty = self.average or (0, 0)
        on_hand, worth = self.qty, self.value
        total_qty, total_value = self._total_qty, self._total_value
        odd = None
        for event in events:
            key, kind, pool, qty, value, of, _ = event
            if pool != mine or of is not None or qty <= 0 or key in named:
                odd = event
                break
            if kind == _ISSUE and qty < on_hand and not watched:
                if average_qty:
                    cost = (2 * average_value * qty + average_qty) // (2 * average_qty)
                    if cost > worth:
                        cost = worth
                else:
                    cost = (2 * worth * qty + on_hand) // (2 * on_hand)
                on_hand -= qty
                worth -= cost
                issue_is(key)
                qty_is(qty)
                provisional_is(cost)
                cost_is(-cost)
            elif kind == _RECEIPT and value is not None and value >= 0 and on_hand >= 0:
                on_hand += qty
                worth += value
                total_qty += qty
                total_value += value
                cost_is(value)
            else:
                odd = event
                break
        self.qty, self.value = on_hand, worth
        self._total_qty, self._total_value = total_qty, total_value
        return odd

    # -- keeping

    def _kept(self) -> tuple[dict[str, Any], list[Iterable[ScaledLayer]]]:
        header, tables = super()._kept()
        figures = {"average": self.average, "total": (self._total_qty, self._total_value)}
        return {**header, **figures}, [*tables, self.issues.rows()]

    def load(self, header: dict[str, Any], tables: list[list[ScaledLayer]]) -> None:
        super().load(header, tables)
        self.average = None if header["average"] is None else tuple(header["average"])
        self._total_qty, self._total_value = header["total"]
        for row in tables[1]:
            self.issues.add(row[KEY], row[QTY], row[VALUE])
