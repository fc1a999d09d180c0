"""What one product's moves would have come to under another costing method, in a span of days (pure, no SQL).

The moves are counted anew from the first one by `costing.stream`; nothing of what the book made of them is used.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

from erp_desktop.actions.cost_events import KIND_OF, LATE_VALUES
from erp_desktop.costing.events import Event, Kind, Result
from erp_desktop.costing.scaled import shares_of
from erp_desktop.costing.stream import Stream
from erp_desktop.models.costing import CostEvent
from erp_desktop.models.stock import MoveKind
from erp_desktop.queries.book_events import BookEvent, ProductEvents
from erp_desktop.queries.cost_of_sales import NEVER_SOLD

SALES = frozenset({MoveKind.SHIPMENT.value, MoveKind.CUSTOMER_RETURN.value})
BOUGHT = frozenset({MoveKind.RECEIPT.value, MoveKind.OPENING.value})


@dataclass
class MethodFigures:
    """Amounts in the currency's minor unit; `spent` is what was paid, in purchases and what was added to them later.

    opening + spent + other - cost_of_sales - dispatched - variance = closing
    """

    opening: int = 0
    spent: int = 0
    other: int = 0  # counts, scrap, returns to suppliers, revaluations: they go to accounts of their own
    cost_of_sales: int = 0
    dispatched: int = 0  # by how much goods under way to customers grew, where they are sold at delivery
    variance: int = 0  # of standard costs
    closing: int = 0

    def add(self, more: "MethodFigures") -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(more, each.name))


def figures_under(
    product: ProductEvents,
    method: str,
    currency_places: int,
    first: date,
    last: date,
    period_ends: Sequence[date],
) -> MethodFigures:
    """What `product`'s moves come to from `first` to `last` if they had always been costed by `method`.

    Averages of a month are settled at `period_ends`, and at `last` as if a period ended there. Raises CostingFault for moves
    that cannot be counted this way.
    """
    counting = _Counting(product, method, currency_places)
    timeline = list(_timeline(product, method, [*(end for end in period_ends if end < last), last]))
    places = counting.open_pools(timeline)
    before = [(each, place) for each, place in zip(timeline, places, strict=True) if each.dated_on < first]
    within = [(each, place) for each, place in zip(timeline, places, strict=True) if first <= each.dated_on <= last]
    counting.run(before)
    found = MethodFigures(opening=counting.value)
    counting.variance = 0
    counting.run(within)
    found.closing, found.variance = counting.value, counting.variance
    for dated_on, sold_on, cost in counting.sold:
        is_within, is_sold = first <= dated_on <= last, first <= sold_on <= last
        found.cost_of_sales += cost * is_sold
        found.dispatched += cost * (is_within - is_sold)
    found.spent = sum(each.stated or 0 for each, _ in within if each.kind in BOUGHT or each.kind in LATE_VALUES)
    found.other = found.closing - found.opening - found.spent + found.cost_of_sales + found.dispatched + found.variance
    return found


def _timeline(product: ProductEvents, method: str, ends: Sequence[date]) -> Iterator[BookEvent]:
    """The product's events, with the ends of periods or the new standards that the method counts besides."""
    extra: list[BookEvent] = []
    if method == "periodic_average":
        extra = [_marker(CostEvent.PERIOD_END, end, None) for end in ends]
    elif method == "standard":
        begun = product.events[0].dated_on if product.events else date.max
        extra = [_marker(CostEvent.STANDARD_COST, day, cost) for day, cost in product.standards if day > begun]
    waiting = iter(sorted(extra, key=lambda each: each.dated_on))
    upcoming = next(waiting, None)
    for each in product.events:
        if each.kind in (CostEvent.PERIOD_END, CostEvent.STANDARD_COST):
            continue
        while upcoming is not None and _comes_before(upcoming, each):
            yield upcoming
            upcoming = next(waiting, None)
        yield each
    while upcoming is not None:
        yield upcoming
        upcoming = next(waiting, None)


def _comes_before(marker: BookEvent, each: BookEvent) -> bool:
    """A standard holds from the morning of its day, a period ends after its last."""
    if marker.kind == CostEvent.STANDARD_COST:
        return marker.dated_on <= each.dated_on
    return marker.dated_on < each.dated_on


def _marker(kind: CostEvent, day: date, value: int | None) -> BookEvent:
    return BookEvent(f"{kind} {day}".encode(), kind.value, day, 0, None, value, None, None, None)


class _Counting:
    """A stream over the pools of one product under one method."""

    def __init__(self, product: ProductEvents, method: str, currency_places: int) -> None:
        self.product = product
        self.method = method
        self.variance = 0
        self.sold: list[tuple[date, date, int]] = []  # when it left or was known, when it counts as sold, what it cost
        self._stream = Stream(currency_places)
        self._not_sold = {each.move for each in product.events if each.kind in NEVER_SOLD}
        self._number: dict[tuple[UUID | None, UUID | None], int] = {}
        # Another scope than the book's own pools: what was revalued together may lie apart, and the other way round.
        self._spreads = (method == "specific") != (product.method == "specific")

    @property
    def value(self) -> int:
        return sum(pool.value for pool in self._stream.pools.values())

    def open_pools(self, timeline: Iterable[BookEvent]) -> list[int]:
        """Opens every pool that is needed. Gives, per event, the number of the pool that it happens in."""
        begun = self.product.events[0].dated_on if self.product.events else date.max
        standards = [cost for day, cost in self.product.standards if day <= begun]
        places: list[int] = []
        where: dict[bytes, int] = {}
        named: set[bytes] = set()
        for each in timeline:
            key = self._key(each.warehouse_id, each.lot_id)
            if each.kind in LATE_VALUES and each.of in where:
                number = where[each.of]
            else:
                number = self._number.setdefault(key, len(self._number))
            where[each.move] = number
            places.append(number)
            if each.to_warehouse_id is not None:
                self._number.setdefault(self._key(each.to_warehouse_id, each.lot_id), len(self._number))
            if each.of is not None:
                named.add(each.of)
        for number in self._number.values():
            standard = standards[-1] if standards and self.method == "standard" else None
            self._stream.open_pool(number, self.method, allow_negative=True, standard=standard)
        self._stream.expect(named)
        return places

    def _key(self, warehouse_id: UUID | None, lot_id: UUID | None) -> tuple[UUID | None, UUID | None]:
        scope = "lot" if self.method == "specific" else self.product.scope
        return (warehouse_id if scope == "warehouse" else None, lot_id if scope == "lot" else None)

    def run(self, timeline: Sequence[tuple[BookEvent, int]]) -> None:
        """Counts `timeline`, all pools at once where an event is about all of them."""
        waiting: list[tuple[BookEvent, Event]] = []
        for each, number in timeline:
            if each.kind in (CostEvent.PERIOD_END, CostEvent.STANDARD_COST):
                kind = Kind.PERIOD_END if each.kind == CostEvent.PERIOD_END else Kind.STANDARD_COST
                waiting += [(each, Event(each.move, kind, pool, 0, each.stated)) for pool in self._stream.pools]
            elif each.kind == CostEvent.REVALUATION and self._spreads:
                self._count(waiting)
                waiting = [(each, event) for event in self._spread(each)]
            else:
                waiting.append((each, self._event(each, number)))
        self._count(waiting)

    def _event(self, each: BookEvent, number: int) -> Event:
        to_pool = -1
        if each.to_warehouse_id is not None:
            to_pool = self._number[self._key(each.to_warehouse_id, each.lot_id)]
        kind = KIND_OF[each.kind]
        of = None if kind is Kind.ISSUE else each.of
        return Event(each.move, kind, number, each.qty, each.stated, of, to_pool)

    def _spread(self, each: BookEvent) -> list[Event]:
        """A revaluation over the pools that hold stock, by quantity."""
        held = [(number, pool.qty) for number, pool in self._stream.pools.items() if pool.qty > 0]
        if not held:
            return []
        shares = shares_of(each.stated or 0, [qty for _, qty in held])
        revalued = zip(held, shares, strict=True)
        return [Event(each.move, Kind.REVALUATION, number, 0, share) for (number, _), share in revalued if share]

    def _count(self, waiting: Sequence[tuple[BookEvent, Event]]) -> None:
        if not waiting:
            return
        result = self._stream.run([event for _, event in waiting], with_takes=False)
        self._add_up([each for each, _ in waiting], result)

    def _add_up(self, counted: Sequence[BookEvent], result: Result) -> None:
        sold_on = self.product.sold_on
        sums: defaultdict[tuple[date, date], int] = defaultdict(int)
        for each, cost in zip(counted, result.costs, strict=True):
            if each.kind in SALES:
                sums[each.dated_on, sold_on.get(each.move, each.dated_on)] -= cost
        for effect in result.effects:
            if effect.target not in self._not_sold:
                day = counted[effect.event].dated_on
                sums[day, max(day, sold_on.get(effect.target, day))] += effect.to_cost_of_sales
        self.sold += [(*days, cost) for days, cost in sums.items() if cost]
        self.variance += sum(result.variances.values())
