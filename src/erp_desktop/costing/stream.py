"""A cost stream: all pools of one product in one cost book, and its events in the order in which they count.

Here: what comes of every event, over all methods and pools (costing.md, rules 1-11). What one pool does is in
layered.py, averages.py, standard.py. Not here: dates (the caller orders events), Decimals, SQL, postings.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

from erp_desktop.costing.averages import MovingAverage, PeriodicAverage, Unlayered
from erp_desktop.costing.collecting import collector_paused
from erp_desktop.costing.errors import BadEvent, NotEnoughStock, ReturnsTooMuch, UnknownMethod, UnknownMove
from erp_desktop.costing.events import METHODS, Arrival, Effect, Event, Kind, LayerChange, LayerKey, Result, Take
from erp_desktop.costing.layered import Fifo, Lifo, Specific
from erp_desktop.costing.packing import unpack_state
from erp_desktop.costing.scaled import part, shares_of
from erp_desktop.costing.standard import Standard
from erp_desktop.costing.stock import KEY, WATCHED, Covered, Gone, Pool, Settings, Watched

__all__ = [
    "METHODS",
    "Arrival",
    "Effect",
    "Event",
    "Kind",
    "LayerChange",
    "LayerKey",
    "NotEnoughStock",
    "Result",
    "Stream",
    "Take",
]

_POOLS: dict[str, type[Pool]] = {
    cls.method: cls for cls in (Fifo, Lifo, Specific, MovingAverage, PeriodicAverage, Standard)
}


class _Issue:
    """An issue that a later event names: what it settled at so far, and what of it came back."""

    __slots__ = ("back_qty", "back_value", "qty", "settled")

    def __init__(self, settled: int, qty: int, back_qty: int, back_value: int) -> None:
        self.settled = settled
        self.qty = qty
        self.back_qty = back_qty
        self.back_value = back_value


class Stream:
    """Counts events. Made for one product, but any number of pools goes.

    An event is plain if no other one names it; millions of those cost no memory. What is named has to be known before it
    happens: `run` looks through its events for names; names in later runs are announced with `expect`.
    """

    def __init__(
        self, currency_places: int, *, unit_cost_places: int | None = None, shares_variance: bool = False
    ) -> None:
        self.pools: dict[int, Pool] = {}
        self._settings = Settings(currency_places, unit_cost_places, shares_variance)
        self._named: set[bytes] = set()
        self._issues: dict[bytes, _Issue] = {}
        self._receipts: dict[bytes, Watched] = {}
        self._unplaced: set[bytes] = set()  # receipts made known whose layers are not looked up yet
        self._result = Result()
        self._with_takes = True

    # -- where it starts

    def open_pool(
        self,
        pool: int,
        method: str,
        *,
        state: bytes | None = None,
        allow_negative: bool = False,
        standard: int | None = None,
        qty: int = 0,
        value: int = 0,
        last_unit_cost: int | None = None,
        layers: Iterable[tuple[LayerKey, int, int]] = (),
    ) -> None:
        """A pool: empty, as `Pool.state()` kept it (with its method then), or as it stands between two periods.

        As it stands: quantity, value, last known cost (10**-6), and `layers` with key, quantity and value in the order of the
        queue as `Pool.layers()` gives them, negative ones for stock sold before it came. `standard`: unit cost in 10**-6, where
        it is not in the state; other methods take it as their last known cost as long as they know none.
        Raises UnknownMethod.
        """
        header, tables = unpack_state(state) if state is not None else ({}, [])
        opened = self._empty_pool(pool, header.get("method", method), allow_negative, standard)
        if state is not None:
            opened.load(header, tables)
        else:
            opened.stand(qty, value, last_unit_cost, [[held, worth, *key, None] for key, held, worth in layers])
        self.pools[pool] = opened

    def _empty_pool(self, number: int, method: str, allow_negative: bool, standard: int | None) -> Pool:
        if method not in _POOLS:
            raise UnknownMethod(f"no costing method {method!r}; there are {', '.join(METHODS)}")
        return _POOLS[method](number, self._settings, allow_negative=allow_negative, standard=standard)

    def expect(self, keys: Iterable[bytes]) -> None:
        """Keys of moves yet to come that later runs will name."""
        self._named.update(keys)

    def know_issue(self, key: bytes, settled: int, qty: int, returned_qty: int = 0, returned_value: int = 0) -> None:
        """An issue before the start that a customer return here names.

        `settled`: its cost with all effects on it so far, positive; `returned_*`: what came back of it so far.
        """
        self._issues[key] = _Issue(settled, qty, returned_qty, returned_value)

    def know_receipt(
        self,
        key: bytes,
        pool: int,
        *,
        qty_in: int,
        value_in: int,
        takers: Iterable[tuple[bytes, int]],
        came_in_later: int = 0,
    ) -> None:
        """A receipt before the start that late value or a supplier return here names; call it after `open_pool`.

        `takers`: (issue, quantity) for all that was taken of it so far, in order, shortages that it covered included. A
        taker that is a transfer has its arrival in the other pool made known likewise, and so on; so has a transfer that was
        sold short and is still, or one out of a pool whose open period has provisional costs. What was on hand of it when
        the method changed from layers to an average or back was taken by that event, which is made known likewise.
        `came_in_later`: for pools without layers, all that the pool took in after it up to the start.
        """
        receipt = self._receipts[key] = Watched(pool, qty_in, value_in, list(takers))
        home = self.pools[pool]
        if isinstance(home, Unlayered):
            home.watch(receipt, home.qty - came_in_later)
        else:
            self._unplaced.add(key)

    # -- events

    def run(self, events: Sequence[Event], *, with_takes: bool = True) -> Result:
        """Count `events` from where the pools stand.

        After an error the stream is of no further use. Raises NotEnoughStock, NothingToRevalue, ValueBelowZero,
        UnknownMove, ReturnsTooMuch, BadEvent.
        """
        found = self._result = Result()
        self._with_takes = with_takes
        here = {event[5] for event in events if event[5] is not None}
        self._named |= here
        self._find_layers(here)
        with collector_paused():
            self._count_all(events, found)
        return found

    def _count_all(self, events: Sequence[Event], found: Result) -> None:
        """Each pool counts what is plain by itself, as long as it can."""
        rest = iter(events)
        event = next(rest, None)
        while event is not None:
            pool = self.pools[event.pool]
            event = pool.run_plain(chain((event,), rest), self._named, found, self._with_takes)
            if event is not None and event.pool == pool.number:
                found.costs.append(0)
                found.costs[-1] = self._count(event, len(found.costs) - 1)
                event = next(rest, None)

    def _find_layers(self, names: set[bytes]) -> None:
        """The layers of receipts that were made known, or that are named now and were not before."""
        wanted = {key for key in names if key not in self._receipts and key not in self._issues}
        if not wanted and not self._unplaced:
            return
        for pool in self.pools.values():
            for layer in pool.queue if isinstance(pool, Fifo) else ():
                key = layer[KEY]
                if key in wanted and layer[WATCHED] is None and key not in self._receipts:
                    self._receipts[key] = Watched(pool.number, 0, 0)
                    self._unplaced.add(key)
                if key in self._unplaced and self._receipts[key].pool == pool.number:
                    layer[WATCHED] = self._receipts[key]
                    layer[WATCHED].layers.append(layer)
        self._unplaced.clear()

    def _count(self, event: Event, index: int) -> int:
        """Any event; gives its cost."""
        pool, kind = self.pools[event.pool], event.kind
        if kind <= Kind.TRANSFER and event.qty <= 0:
            raise BadEvent("a quantity moved must be positive", event.pool, event.key)
        if kind == Kind.RECEIPT:
            if event.value is not None and event.value < 0:
                raise BadEvent("a receipt cannot be worth less than nothing", event.pool, event.key)
            return self._take_in(index, pool, event.key, [(event.qty, event.value)])
        if kind == Kind.ISSUE or kind == Kind.SUPPLIER_RETURN:
            return -self._give_out(index, pool, event)
        if kind == Kind.CUSTOMER_RETURN:
            return self._customer_return(index, pool, event)
        if kind == Kind.TRANSFER:
            return -self._transfer(index, pool, event)
        self._change_value(index, pool, event)
        return 0

    def _take_in(
        self,
        index: int,
        pool: Pool,
        key: bytes,
        parts: Sequence[tuple[int, int | None]],
        *,
        is_watched: bool = False,
        returned: bytes | None = None,
    ) -> int:
        """Goods come in as one receipt, in layers of (quantity, value). Gives what they were taken in at."""
        entered = [pool.valued_in(qty, value) for qty, value in parts]
        watched = None
        if is_watched or key in self._named:
            value_in = sum(value for value, _ in entered)
            watched = self._receipts[key] = Watched(pool.number, sum(qty for qty, _ in parts), value_in)
        for number, ((qty, _), (value, variance)) in enumerate(zip(parts, entered, strict=True)):
            if variance:
                self._add_variance(index, pool, variance)
            for covered in pool.enter(key, number, qty, value, watched, returned):
                self._true_up(index, pool, (key, number), covered)
        return sum(value for value, _ in entered)

    def _add_variance(self, index: int, pool: Pool, amount: int) -> None:
        self._note_variance(index, amount)
        if isinstance(pool, Standard):
            pool.add_variance(amount)

    def _note_variance(self, index: int, amount: int) -> None:
        variances = self._result.variances
        variances[index] = variances.get(index, 0) + amount

    def _true_up(self, index: int, pool: Pool, receipt: LayerKey, covered: Covered) -> None:
        issue, qty, estimated, cost = covered
        if self._with_takes and pool.has_layers:
            self._result.takes.append(Take(index, (issue, 0), -qty, -estimated, issue, pool.number))
            self._result.takes.append(Take(index, receipt, qty, cost, issue, pool.number))
        if more := cost - estimated:
            self._correct(index, issue, more, to_inventory=-more)

    def _correct(
        self, index: int, issue: bytes, amount: int, to_inventory: int = 0, path: tuple[bytes, ...] = ()
    ) -> None:
        """What `issue` took costs `amount` more; a transfer takes that along to where its goods are.

        Goods sent to and fro between pools that were sold short may come round: then the transfer itself bears it.
        """
        arrival = self._receipts.get(issue)
        if arrival is not None and issue not in path:
            if to_inventory:
                self._result.effects.append(Effect(index, issue, to_inventory, 0))
            self._add_late_value(index, arrival, issue, amount, path)
            return
        self._result.effects.append(Effect(index, issue, to_inventory, amount))
        if (known := self._issues.get(issue)) is not None:
            known.settled += amount

    def _give_out(self, index: int, pool: Pool, event: Event) -> int:
        key, qty = event.key, event.qty
        if event.of is None or (event.kind == Kind.ISSUE and not pool.has_layers):
            gone = pool.leave(key, qty)
        else:
            gone = pool.leave_from(key, qty, self._receipt_in(pool, event.of), event.value)
        cost = sum(part_gone.value for part_gone in gone)
        for part_gone in gone:
            self._note_take(index, pool, key, part_gone)
        if key in self._named:
            self._issues[key] = _Issue(cost, qty, 0, 0)
        return cost

    def _note_take(self, index: int, pool: Pool, key: bytes, gone: Gone) -> None:
        for receipt, qty in gone.sources:
            receipt.takers.append((key, qty))
        if self._with_takes and gone.layer is not None and pool.has_layers:
            self._result.takes.append(Take(index, gone.layer, gone.qty, gone.value, key, pool.number))

    def _receipt_in(self, pool: Pool, key: bytes) -> Watched | None:
        receipt = self._receipts.get(key)
        return receipt if receipt is not None and receipt.pool == pool.number else None

    def _customer_return(self, index: int, pool: Pool, event: Event) -> int:
        if event.of is None:
            return self._take_in(index, pool, event.key, [(event.qty, event.value)])
        issue = self._issues.get(event.of)
        if issue is None:
            raise UnknownMove("returns an issue that is not among the events", event.pool, event.key)
        still_out = issue.qty - issue.back_qty
        if event.qty > still_out:
            raise ReturnsTooMuch(event.pool, event.key, still_out, event.qty)
        value = max(0, part(issue.settled - issue.back_value, event.qty, still_out))  # rule 5
        issue.back_qty += event.qty
        issue.back_value += value
        return self._take_in(index, pool, event.key, [(event.qty, value)], returned=event.of)

    def _transfer(self, index: int, pool: Pool, event: Event) -> int:
        key = event.key
        if event.to_pool == event.pool:
            return 0
        to_pool = self.pools[event.to_pool]
        gone = pool.leave(key, event.qty)
        for part_gone in gone:
            self._note_take(index, pool, key, part_gone)
        cost = sum(part_gone.value for part_gone in gone)
        follows = pool.is_provisional or any(part_gone.sources or part_gone.is_short for part_gone in gone)
        if pool.has_layers and to_pool.has_layers:
            parts = [(part_gone.qty, part_gone.value) for part_gone in gone]
        else:
            parts = [(event.qty, cost)]
        self._take_in(index, to_pool, key, parts, is_watched=follows)
        if to_pool.has_layers:
            self._result.arrivals += [
                Arrival(index, to_pool.number, (key, number), *arrived) for number, arrived in enumerate(parts)
            ]
        return cost

    # -- value without quantity

    def _change_value(self, index: int, pool: Pool, event: Event) -> None:
        if event.kind == Kind.PERIOD_END:
            self._end_period(index, pool, event.key)
            return
        if event.value is None:
            raise BadEvent("states no value", event.pool, event.key)
        if event.kind == Kind.LATE_VALUE:
            self._late_value(index, event, event.value)
        elif event.kind == Kind.REVALUATION:
            for layer, amount in pool.revalue(event.key, event.value):
                self._change_layer(index, pool, layer, amount)
        elif event.kind == Kind.STANDARD_COST:
            if event.value <= 0:
                raise BadEvent("a standard cost must be positive", event.pool, event.key)
            self._change_layer(index, pool, None, pool.set_standard(event.value))
        elif event.kind == Kind.METHOD and 0 <= event.value < len(METHODS):
            self._change_method(index, pool, event.key, METHODS[event.value])
        else:
            raise BadEvent("is of no known kind", event.pool, event.key)

    def _change_layer(self, index: int, pool: Pool, layer: LayerKey | None, amount: int) -> None:
        if amount:
            self._result.layer_changes.append(LayerChange(index, pool.number, layer, amount))

    def _late_value(self, index: int, event: Event, amount: int) -> None:
        if isinstance(pool := self.pools[event.pool], Standard):
            self._add_variance(index, pool, amount)
            return
        receipt = None if event.of is None else self._receipt_in(pool, event.of)
        if event.of is None or receipt is None or not receipt.qty_in:
            raise UnknownMove("is for a receipt that is not among the events", event.pool, event.key)
        self._add_late_value(index, receipt, event.of, amount)

    def _add_late_value(
        self, index: int, receipt: Watched, key: bytes, amount: int, path: tuple[bytes, ...] = ()
    ) -> None:
        """Rule 7: the stock takes its part, the rest goes to those who took the goods, and with a transfer on and on."""
        pool = self.pools[receipt.pool]
        if isinstance(pool, Standard):
            self._add_variance(index, pool, amount)
            passed_on = self._result.passed_on
            passed_on[index] = passed_on.get(index, 0) + amount
            return
        rest = amount
        if left := pool.left_of(receipt):
            for layer, kept in pool.add_to(receipt, part(amount, left, receipt.qty_in)):
                self._change_layer(index, pool, layer, kept)
                rest -= kept
        if not rest:
            return
        taken: dict[bytes, int] = {}
        for issue, qty in receipt.takers:
            taken[issue] = taken.get(issue, 0) + qty
        if not taken:
            self._result.effects.append(Effect(index, key, 0, rest))
            return
        for issue, share in zip(taken, shares_of(rest, list(taken.values())), strict=True):
            if share:
                pool.charge(issue, share)
                self._correct(index, issue, share, path=(*path, key))

    def _end_period(self, index: int, pool: Pool, key: bytes) -> None:
        for issue, to_inventory, to_cost_of_sales in pool.end_period(key):
            if not to_inventory:
                self._note_variance(index, -to_cost_of_sales)
            self._correct(index, issue, to_cost_of_sales, to_inventory)

    def _change_method(self, index: int, pool: Pool, key: bytes, method: str) -> None:
        """Another method begins (rule 12): what is provisional is settled first, the value stays to the cent.

        From layers to an average or back the goods on hand are merged: they go on under the name of this event, as if it had
        brought them, and so does late value for the receipts that they are from.
        """
        self._end_period(index, pool, key)
        if isinstance(pool, Standard) and pool.variance:
            taken_on = pool.take_on_variance()
            self._change_layer(index, pool, None, taken_on)
            self._note_variance(index, -taken_on - pool.variance)
            if pool.variance:
                self._result.effects.append(Effect(index, key, 0, pool.variance))
        opened = self._empty_pool(pool.number, method, pool.allow_negative, pool.standard)
        opened.continue_from(pool)
        self.pools[pool.number] = opened
        if pool.has_layers == opened.has_layers:
            return
        for receipt in self._receipts.values():
            if receipt.pool == pool.number:
                if left := pool.left_of(receipt):
                    receipt.takers.append((key, left))
                receipt.layers, receipt.end = [], 0
        if pool.qty <= 0:
            return
        merged = self._receipts[key] = Watched(pool.number, pool.qty, pool.value)
        opened.put_away(key, 0, pool.qty, pool.value, merged)
        if opened.has_layers:
            self._result.arrivals.append(Arrival(index, pool.number, (key, 0), pool.qty, pool.value))
