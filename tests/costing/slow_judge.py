"""The slow judge: every costing rule done by hand, with fractions and plain lists, nothing shared with the product.

It reads the rules of the design page "Inventory costing" one by one and takes its time: it follows every unit of every
receipt, remembers every issue, and looks for nothing beforehand. Quantities are Fractions of stock units, values whole minor
units of the currency, unit costs Fractions of the currency. Only the words that events are written in are the product's.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from erp_desktop.costing.events import METHODS, Event, Kind

LAYERED = ("fifo", "lifo", "specific")


class Refusal(Exception):
    """The event cannot be counted; `why` is the name of the product's error."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def half_up(number: Fraction) -> int:
    """The nearest whole number; halves away from zero."""
    return floor(number + Fraction(1, 2)) if number >= 0 else -floor(-number + Fraction(1, 2))


def shared(amount: int, weights: list[Fraction]) -> list[int]:
    """`amount` by weight, each share rounded; what is over goes to the largest, the last of equals."""
    total = sum(weights)
    shares = [half_up(amount * weight / total) for weight in weights]
    largest = max(range(len(weights)), key=lambda place: (weights[place], place))
    shares[largest] += amount - sum(shares)
    return shares


@dataclass
class Lot:
    """What is left of one receipt, or of one part of it; `value` counts only where layers are kept."""

    key: bytes
    part: int
    qty: Fraction
    value: int = 0


@dataclass
class Receipt:
    pool: int
    qty: Fraction
    value: int
    takers: list[tuple[bytes, Fraction]] = field(default_factory=list)


@dataclass
class Issue:
    settled: int
    qty: Fraction
    back_qty: Fraction = Fraction(0)
    back_value: int = 0


@dataclass
class PeriodIssue:
    """An issue of the open period: what of it was taken from stock and not returned, and its cost so far."""

    key: bytes
    qty: Fraction
    cost: int


class JudgedPool:
    def __init__(self, method: str, allow_negative: bool, standard: Fraction | None) -> None:
        self.method = method
        self.allow_negative = allow_negative
        self.standard = standard
        self.stock: list[Lot] = []  # in the order in which it came
        self.worth = 0  # of all the stock, where no layers are kept
        self.shorts: list[Lot] = []  # sold before it came: quantity missing, estimate
        self.last: Fraction | None = None  # minor units for one stock unit
        self.period: list[PeriodIssue] = []
        self.given_qty, self.given_value = Fraction(0), 0  # all that the open period has to give (periodic average)
        self.average: Fraction | None = None
        self.variance = 0

    @property
    def layered(self) -> bool:
        return self.method in LAYERED

    def there(self) -> Fraction:
        return sum((lot.qty for lot in self.stock), Fraction(0))

    def worth_there(self) -> int:
        return sum(lot.value for lot in self.stock) if self.layered else self.worth

    def qty(self) -> Fraction:
        return self.there() - sum(lot.qty for lot in self.shorts)

    def value(self) -> int:
        return self.worth_there() - sum(lot.value for lot in self.shorts)

    def layers(self) -> list[tuple[tuple[bytes, int], Fraction, int]]:
        held = [((lot.key, lot.part), lot.qty, lot.value) for lot in self.stock] if self.layered else []
        return held + [((lot.key, lot.part), -lot.qty, -lot.value) for lot in self.shorts]

    def of_period(self, key: bytes) -> PeriodIssue | None:
        return next((issue for issue in self.period if issue.key == key), None)


class Judge:
    """Counts one event after the other. `costs`, `takes` and the rest are what the product should give."""

    def __init__(
        self, currency_places: int, unit_cost_places: int | None = None, shares_variance: bool = False
    ) -> None:
        self.minor = 10**currency_places
        self.unit_cost_places = unit_cost_places
        self.shares_variance = shares_variance
        self.pools: dict[int, JudgedPool] = {}
        self.receipts: dict[bytes, Receipt] = {}
        self.issues: dict[bytes, Issue] = {}
        self.transfers: set[bytes] = set()  # moves that go on elsewhere under their own name; changes of method too
        self.costs: list[int] = []
        self.takes: list[tuple] = []
        self.effects: list[tuple] = []
        self.layer_changes: list[tuple] = []
        self.variances: dict[int, int] = {}
        self.entered: dict[int, int] = {}  # settled cost at which goods came back, per event

    def open_pool(self, number: int, method: str, allow_negative: bool, standard: int | None) -> None:
        unit_cost = None if standard is None else Fraction(standard, 10**6)
        self.pools[number] = JudgedPool(method, allow_negative, unit_cost)

    def forget_last(self) -> None:
        """The last event was refused before it changed anything."""
        self.costs.pop()

    def count(self, event: Event) -> None:
        self.costs.append(0)
        self.at = len(self.costs) - 1
        self.event = event
        pool, qty = self.pools[event.pool], Fraction(event.qty, 10**6)
        match Kind(event.kind):
            case Kind.RECEIPT:
                self.costs[-1] = self.bring(event.pool, event.key, [(qty, event.value)])
            case Kind.ISSUE:
                self.costs[-1] = -self.give(pool, event.key, qty)
            case Kind.CUSTOMER_RETURN:
                self.costs[-1] = self.customer_return(event, qty)
            case Kind.SUPPLIER_RETURN:
                self.costs[-1] = -self.supplier_return(pool, event, qty)
            case Kind.TRANSFER:
                self.costs[-1] = -self.transfer(pool, event, qty)
            case Kind.LATE_VALUE:
                self.late_value(event)
            case Kind.REVALUATION:
                self.revalue(event.pool, event.value)
            case Kind.STANDARD_COST:
                self.new_standard(event.pool, Fraction(event.value, 10**6))
            case Kind.METHOD:
                self.change_method(event.pool, METHODS[event.value])
            case Kind.PERIOD_END:
                self.end_period(event.pool)

    # -- rule 4: what a unit cost last

    def last_unit_cost(self, pool: JudgedPool) -> Fraction | None:
        """In currency, six places."""
        known = pool.last
        if pool.method == "standard" and pool.standard is not None:
            return pool.standard
        if not pool.layered and pool.qty() > 0:
            known = Fraction(pool.value()) / pool.qty()
        if pool.method == "periodic_average" and pool.average is not None:
            known = pool.average
        return None if known is None else Fraction(half_up(known / self.minor * 10**6), 10**6)

    def estimate(self, pool: JudgedPool, qty: Fraction) -> int:
        unit_cost = self.last_unit_cost(pool)
        unit_cost = pool.standard if unit_cost is None else unit_cost
        return 0 if unit_cost is None else half_up(unit_cost * self.minor * qty)

    # -- in

    def valued(self, pool: JudgedPool, qty: Fraction, value: int | None) -> tuple[int, int]:
        """What comes in at `value` is taken in at, and its variance."""
        if pool.method == "standard":
            if pool.standard is None and value:
                unit_cost = Fraction(half_up(Fraction(value) / qty / self.minor * 10**6), 10**6)
                pool.standard = unit_cost or None
            if pool.standard is None:
                return value or 0, 0
            at_standard = half_up(pool.standard * self.minor * qty)
            return at_standard, 0 if value is None else value - at_standard
        if value is not None:
            return value, 0
        if pool.method == "periodic_average" and pool.average is not None:
            return half_up(pool.average * qty), 0
        if pool.qty() > 0:
            return half_up(pool.value() * qty / pool.qty()), 0
        return self.estimate(pool, qty), 0

    def bring(
        self, number: int, key: bytes, parts: list[tuple[Fraction, int | None]], returned: bytes | None = None
    ) -> int:
        pool = self.pools[number]
        valued = [self.valued(pool, qty, value) for qty, value in parts]
        self.receipts[key] = Receipt(number, sum(qty for qty, _ in parts), sum(value for value, _ in valued))
        for part, ((qty, _), (value, variance)) in enumerate(zip(parts, valued, strict=True)):
            self.add_variance(number, variance)
            self.enter(number, key, part, qty, value, returned)
        return sum(value for value, _ in valued)

    def enter(self, number: int, key: bytes, part: int, qty: Fraction, value: int, returned: bytes | None) -> None:
        pool = self.pools[number]
        self.into_period(pool, qty, value, returned)
        pool.last = Fraction(value) / qty
        true_ups = []
        while qty and pool.shorts:
            short = pool.shorts[0]
            covered = min(qty, short.qty)
            cost = half_up(value * covered / qty)
            estimated = half_up(short.value * covered / short.qty)
            qty, value = qty - covered, value - cost
            short.qty, short.value = short.qty - covered, short.value - estimated
            if not short.qty:
                pool.shorts.pop(0)
            self.receipts[key].takers.append((short.key, covered))
            self.short_covered_in_period(pool, short.key, covered, cost)
            true_ups.append((short.key, covered, estimated, cost))
        if qty:
            pool.stock.append(Lot(key, part, qty, value))
            pool.worth += value
        elif not pool.layered:
            assert value == 0
        for issue, covered, estimated, cost in true_ups:
            if pool.layered:
                self.takes.append((self.at, (issue, 0), -covered, -estimated, issue, number))
                self.takes.append((self.at, (key, part), covered, cost, issue, number))
            if cost != estimated:
                self.correct(issue, cost - estimated, estimated - cost)

    def customer_return(self, event: Event, qty: Fraction) -> int:
        if event.of is None:
            return self.bring(event.pool, event.key, [(qty, event.value)])
        if event.of not in self.issues:
            raise Refusal("UnknownMove")
        issue = self.issues[event.of]
        if issue.back_qty + qty > issue.qty:
            raise Refusal("ReturnsTooMuch")
        value = max(0, half_up((issue.settled - issue.back_value) * qty / (issue.qty - issue.back_qty)))
        issue.back_qty, issue.back_value = issue.back_qty + qty, issue.back_value + value
        self.entered[self.at] = value
        return self.bring(event.pool, event.key, [(qty, value)], returned=event.of)

    # -- out

    def give(self, pool: JudgedPool, key: bytes, qty: Fraction, only: bytes | None = None) -> int:
        """An issue of `qty`; of the receipt `only` first. Gives its cost."""
        if qty > pool.qty() and not pool.allow_negative:
            raise Refusal("NotEnoughStock")
        took = self.take_layers(pool, key, qty, only) if pool.layered else self.take_average(pool, key, qty)
        cost = sum(value for _, value in took)
        self.issues[key] = Issue(cost, qty)
        return cost

    def take_layers(
        self, pool: JudgedPool, key: bytes, qty: Fraction, only: bytes | None
    ) -> list[tuple[Fraction, int]]:
        took = []
        while qty:
            own = [lot for lot in pool.stock if lot.key == only]
            if own:
                lot = own[0]
            elif pool.stock:
                lot = pool.stock[-1 if pool.method == "lifo" else 0]
            else:
                took.append((qty, self.sell_short(pool, key, qty)))
                break
            pool.last = Fraction(lot.value) / lot.qty
            taken = min(qty, lot.qty)
            value = half_up(lot.value * taken / lot.qty)
            self.takes.append((self.at, (lot.key, lot.part), taken, value, key, self.event.pool))
            self.receipts[lot.key].takers.append((key, taken))
            lot.qty, lot.value, qty = lot.qty - taken, lot.value - value, qty - taken
            took.append((taken, value))
            pool.stock = [lot for lot in pool.stock if lot.qty]
        return took

    def sell_short(self, pool: JudgedPool, key: bytes, qty: Fraction) -> int:
        value = self.estimate(pool, qty)
        pool.shorts.append(Lot(key, 0, qty, value))
        if pool.layered:
            self.takes.append((self.at, (key, 0), qty, value, key, self.event.pool))
        return value

    def take_average(self, pool: JudgedPool, key: bytes, qty: Fraction) -> list[tuple[Fraction, int]]:
        there = min(qty, pool.there())
        took = []
        value = 0
        if there:
            value = half_up(pool.worth * there / pool.there())
            if pool.method == "periodic_average" and pool.average is not None and there < pool.there():
                value = min(pool.worth, half_up(pool.average * there))
            if there == pool.there():
                value = pool.worth
                pool.last = pool.average if pool.average is not None else Fraction(pool.worth) / there
            self.pass_on_units(pool, key, there)
            pool.worth -= value
            took.append((there, value))
        if qty > there:
            took.append((qty - there, self.sell_short(pool, key, qty - there)))
        if pool.method == "periodic_average":
            pool.period.append(PeriodIssue(key, there, value))
        elif pool.method == "standard":
            pool.period.append(PeriodIssue(key, Fraction(0), sum(value for _, value in took)))
        return took

    def pass_on_units(self, pool: JudgedPool, key: bytes, qty: Fraction) -> None:
        """In an average units are alike; those that came first are taken to leave first."""
        while qty:
            taken = min(qty, pool.stock[0].qty)
            self.receipts[pool.stock[0].key].takers.append((key, taken))
            pool.stock[0].qty -= taken
            qty -= taken
            if not pool.stock[0].qty:
                pool.stock.pop(0)

    def supplier_return(self, pool: JudgedPool, event: Event, qty: Fraction) -> int:
        receipt = self.receipts.get(event.of)
        if receipt is not None and receipt.pool != event.pool:
            receipt = None
        if pool.layered or event.of is None:
            return self.give(pool, event.key, qty, only=event.of if receipt else None)
        if qty > pool.qty() and not pool.allow_negative:
            raise Refusal("NotEnoughStock")
        own = event.value
        if own is None and receipt is not None and qty <= receipt.qty:
            own = half_up(receipt.value * qty / receipt.qty)
        if pool.method == "standard" or own is None or qty >= pool.there() or own > pool.worth:
            return self.give(pool, event.key, qty)
        self.pass_on_units(pool, event.key, qty)
        pool.worth -= own
        if pool.method == "periodic_average":
            pool.given_qty, pool.given_value = pool.given_qty - qty, pool.given_value - own
        self.issues[event.key] = Issue(own, qty)
        return own

    def transfer(self, pool: JudgedPool, event: Event, qty: Fraction) -> int:
        if event.pool == event.to_pool:
            return 0
        if qty > pool.qty() and not pool.allow_negative:
            raise Refusal("NotEnoughStock")
        there = self.pools[event.to_pool]
        self.transfers.add(event.key)
        took = self.take_layers(pool, event.key, qty, None) if pool.layered else self.take_average(pool, event.key, qty)
        cost = sum(value for _, value in took)
        self.bring(event.to_pool, event.key, took if pool.layered and there.layered else [(qty, cost)])
        return cost

    # -- rule 7: value that comes later

    def late_value(self, event: Event) -> None:
        if self.pools[event.pool].method == "standard":
            self.add_variance(event.pool, event.value)
            return
        if event.of not in self.receipts or self.receipts[event.of].pool != event.pool:
            raise Refusal("UnknownMove")
        self.follow_goods(event.of, event.value)

    def follow_goods(self, key: bytes, amount: int, path: tuple[bytes, ...] = ()) -> None:
        receipt = self.receipts[key]
        pool = self.pools[receipt.pool]
        if pool.method == "standard":
            self.add_variance(receipt.pool, amount)
            return
        lots = [lot for lot in pool.stock if lot.key == key]
        rest = amount
        if lots:
            left = sum(lot.qty for lot in lots)
            kept = half_up(amount * left / receipt.qty)
            if pool.layered:
                for lot, share in zip(lots, shared(kept, [lot.qty for lot in lots]), strict=True):
                    share = max(share, -lot.value)
                    lot.value += share
                    rest -= share
                    self.change(receipt.pool, (lot.key, lot.part), share)
            else:
                kept = max(kept, -pool.worth)
                pool.worth += kept
                pool.given_value += kept
                rest -= kept
                self.change(receipt.pool, None, kept)
        if not rest:
            return
        took: dict[bytes, Fraction] = {}
        for issue, qty in receipt.takers:
            took[issue] = took.get(issue, Fraction(0)) + qty
        if not took:
            self.effects.append((self.at, key, 0, rest))
            return
        for issue, share in zip(took, shared(rest, list(took.values())), strict=True):
            if share:
                self.charge_in_period(pool, issue, share)
                self.correct(issue, share, 0, (*path, key))

    def correct(self, issue: bytes, amount: int, to_inventory: int, path: tuple[bytes, ...] = ()) -> None:
        if issue in self.transfers and issue not in path:
            if to_inventory:
                self.effects.append((self.at, issue, to_inventory, 0))
            self.follow_goods(issue, amount, path)
            return
        self.effects.append((self.at, issue, to_inventory, amount))
        if issue in self.issues:
            self.issues[issue].settled += amount

    def change(self, number: int, layer: tuple[bytes, int] | None, amount: int) -> None:
        if amount:
            self.layer_changes.append((self.at, number, layer, amount))

    def revalue(self, number: int, amount: int) -> None:
        pool = self.pools[number]
        if pool.qty() <= 0:
            raise Refusal("NothingToRevalue")
        if not pool.layered:
            if pool.worth + amount < 0:
                raise Refusal("ValueBelowZero")
            pool.worth += amount
            pool.given_value += amount
            self.change(number, None, amount)
            return
        shares = shared(amount, [lot.qty for lot in pool.stock])
        if any(lot.value + share < 0 for lot, share in zip(pool.stock, shares, strict=True)):
            raise Refusal("ValueBelowZero")
        for lot, share in zip(pool.stock, shares, strict=True):
            lot.value += share
            self.change(number, (lot.key, lot.part), share)

    # -- standard cost

    def add_variance(self, number: int, amount: int) -> None:
        if amount:
            self.variances[self.at] = self.variances.get(self.at, 0) + amount
            self.pools[number].variance += amount

    def new_standard(self, number: int, unit_cost: Fraction) -> None:
        pool = self.pools[number]
        pool.standard = unit_cost
        if pool.method == "standard" and pool.qty() > 0:
            value = half_up(unit_cost * self.minor * pool.qty())
            self.change(number, None, value - pool.worth)
            pool.worth = value

    # -- rule 11: what is settled when a period ends

    def into_period(self, pool: JudgedPool, qty: Fraction, value: int, returned: bytes | None) -> None:
        issue = None if returned is None else pool.of_period(returned)
        if pool.method == "standard":
            if issue is not None:
                issue.cost = max(0, issue.cost - value)
        elif pool.method == "periodic_average":
            if issue is not None and pool.qty() >= 0 and issue.qty >= qty:
                taken_back = min(value, issue.cost)
                issue.qty, issue.cost = issue.qty - qty, issue.cost - taken_back
                pool.given_value += value - taken_back
            else:
                pool.given_qty, pool.given_value = pool.given_qty + qty, pool.given_value + value

    def short_covered_in_period(self, pool: JudgedPool, key: bytes, qty: Fraction, cost: int) -> None:
        if pool.method != "periodic_average":
            return
        issue = pool.of_period(key)
        if issue is None:
            pool.given_qty, pool.given_value = pool.given_qty - qty, pool.given_value - cost
        else:
            issue.qty, issue.cost = issue.qty + qty, issue.cost + cost

    def charge_in_period(self, pool: JudgedPool, key: bytes, share: int) -> None:
        issue = pool.of_period(key)
        if pool.method == "periodic_average" and issue is not None and issue.qty:
            share = max(share, -issue.cost)
            issue.cost += share
            pool.given_value += share

    def end_period(self, number: int) -> None:
        pool = self.pools[number]
        issues, pool.period = pool.period, []
        if pool.method == "periodic_average":
            self.settle_average(pool, issues)
        elif pool.method == "standard" and self.shares_variance:
            self.share_variance(pool, issues)

    def settle_average(self, pool: JudgedPool, issues: list[PeriodIssue]) -> None:
        left, worth = pool.given_qty, pool.given_value
        if left > 0:
            pool.average = Fraction(worth) / left
            if self.unit_cost_places is not None:
                unit_cost = half_up(pool.average / self.minor * 10**self.unit_cost_places)
                pool.average = Fraction(unit_cost, 10**self.unit_cost_places) * self.minor
        settled = []
        for issue in issues:
            if issue.qty >= left:
                cost = worth
            elif self.unit_cost_places is not None:
                cost = min(worth, half_up(pool.average * issue.qty))
            else:
                cost = half_up(worth * issue.qty / left)
            left, worth = left - issue.qty, worth - cost
            settled.append((issue, cost))
        pool.given_qty, pool.given_value, pool.worth = left, worth, worth
        assert left == pool.there()
        for issue, cost in settled:
            if cost != issue.cost:
                self.correct(issue.key, cost - issue.cost, issue.cost - cost)

    def share_variance(self, pool: JudgedPool, issues: list[PeriodIssue]) -> None:
        plan_cost = sum(issue.cost for issue in issues) + max(pool.value(), 0)
        shares = []
        for issue in issues:
            if plan_cost:
                share = half_up(Fraction(pool.variance * issue.cost, plan_cost))
                plan_cost -= issue.cost
                pool.variance -= share
                shares.append((issue.key, share))
        if pool.qty() <= 0:
            shares.append((self.event.key, pool.variance))
            pool.variance = 0
        for key, share in shares:
            if share:
                self.variances[self.at] = self.variances.get(self.at, 0) - share
                self.correct(key, share, 0)

    # -- rule 12

    def change_method(self, number: int, method: str) -> None:
        self.end_period(number)
        old = self.pools[number]
        if old.method == "standard" and self.shares_variance and old.variance:
            taken_on = max(old.variance, -old.worth) if old.qty() > 0 else 0
            old.worth += taken_on
            self.change(number, None, taken_on)
            self.variances[self.at] = self.variances.get(self.at, 0) - old.variance
            if old.variance != taken_on:
                self.effects.append((self.at, self.event.key, 0, old.variance - taken_on))
        new = self.pools[number] = JudgedPool(method, old.allow_negative, old.standard)
        new.shorts = old.shorts
        new.last = old.last
        if not old.layered and old.qty() > 0:
            new.last = Fraction(old.value()) / old.qty()
        if old.method == "periodic_average" and old.average is not None:
            new.last = old.average
        there, worth = old.there(), old.worth_there()
        if old.layered == new.layered:
            new.stock, new.worth = old.stock, worth
        elif there:
            self.transfers.add(self.event.key)
            for lot in old.stock:
                self.receipts[lot.key].takers.append((self.event.key, lot.qty))
            new.stock, new.worth = [Lot(self.event.key, 0, there, worth)], worth
            self.receipts[self.event.key] = Receipt(number, there, worth)
        new.given_qty, new.given_value = there, worth
        if method == "periodic_average" and there:
            self.settle_average(new, [])
        if method == "standard" and new.standard is None and there:
            new.standard = Fraction(half_up(Fraction(worth) / there / self.minor * 10**6), 10**6) or None
