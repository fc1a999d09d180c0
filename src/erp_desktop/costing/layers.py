"""How the layers of one pool take in and give out, per method, in scaled integers.

Here: the rules 1, 4 and 6 of costing.md as plain integer work. A method is a subclass that says where a receipt goes and
which layer is taken next. Not here: Decimals (pool.py), whole histories (replay.py).
"""

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from erp_desktop.costing.scaled import part, qty_of, shares_of, unit_cost_factor


class NotEnoughStock(Exception):
    """More was asked for than the pool holds, and it may not go negative. Quantities in stock units."""

    def __init__(self, on_hand: Decimal, asked: Decimal) -> None:
        super().__init__(f"{asked} asked, {on_hand} on hand")
        self.on_hand = on_hand
        self.asked = asked


class NothingToRevalue(Exception):
    """Value was to be added to a layer that has no stock left: it has to be expensed instead."""


class ValueBelowZero(Exception):
    """A revaluation would leave stock with a negative value."""


class UnknownMethod(ValueError):
    """No such costing method, or not one that this version offers."""


class ScaledLayer:
    """Quantity and value left of a receipt; both negative where more was issued than was there."""

    __slots__ = ("is_changed", "key", "qty", "seq", "value")

    def __init__(self, key: UUID, seq: int, qty: int, value: int, is_changed: bool = True) -> None:
        self.key = key
        self.seq = seq
        self.qty = qty
        self.value = value
        self.is_changed = is_changed


class ScaledTake(NamedTuple):
    layer_key: UUID
    qty: int
    value: int


class ScaledTrueUp(NamedTuple):
    """Part of an oversold issue that a receipt covered: what it had been estimated at, what it costs after all."""

    issue_key: UUID
    qty: int
    estimated: int
    cost: int


class LayeredPool:
    """The layers of a pool, the next to be taken first; either all positive or, when oversold, all negative.

    The last known cost is kept as a fraction (value over quantity) and rounded to a unit cost of six places on use.
    """

    def __init__(self, currency_places: int, last_unit_cost: int | None = None) -> None:
        self._factor = unit_cost_factor(currency_places)
        self.queue: deque[ScaledLayer] = deque()
        self.emptied: list[ScaledLayer] = []
        self.by_key: dict[UUID, ScaledLayer] = {}
        self.qty = 0
        self.value = 0
        self._last_value, self._last_qty = (0, 0) if last_unit_cost is None else (last_unit_cost, self._factor)

    def load(self, layers: Iterable[ScaledLayer]) -> None:
        """Stock that was there before, in the order of the queue; layers without quantity are left out."""
        for layer in layers:
            if layer.qty:
                self.queue.append(layer)
                self.by_key[layer.key] = layer
                self.qty += layer.qty
                self.value += layer.value

    @property
    def last_unit_cost(self) -> int | None:
        """Scaled by 10**UNIT_COST_PLACES; None as long as nothing was ever costed."""
        return part(self._last_value, self._factor, self._last_qty) if self._last_qty else None

    @property
    def unit_cost(self) -> int | None:
        """What a unit on hand costs on average; without stock the last known cost."""
        return part(self.value, self._factor, self.qty) if self.qty > 0 else self.last_unit_cost

    def estimate(self, qty: int) -> int:
        """`qty` at the last known cost; nothing known is zero (rule 4)."""
        return part(self.last_unit_cost or 0, qty, self._factor)

    def current_cost(self, qty: int) -> int:
        """What `qty` found without a stated cost is worth (rule 9)."""
        return part(self.value, qty, self.qty) if self.qty > 0 else self.estimate(qty)

    # -- in

    def receive(self, key: UUID, seq: int, qty: int, value: int) -> tuple[ScaledLayer, bool, list[ScaledTrueUp]]:
        """Stock comes in: the layer it went to, whether that is a new one, and what it trued up on the way."""
        self._last_value, self._last_qty = value, qty
        true_ups = self._cover(qty, value) if self.qty < 0 else []
        for true_up in true_ups:
            qty -= true_up.qty
            value -= true_up.cost
        if qty == 0:
            layer = ScaledLayer(key, seq, 0, 0)
            self.emptied.append(layer)
            return layer, True, true_ups
        layer, opened = self._place(key, seq, qty, value)
        self.qty += qty
        self.value += value
        return layer, opened, true_ups

    def _cover(self, qty: int, value: int) -> list[ScaledTrueUp]:
        true_ups: list[ScaledTrueUp] = []
        while qty and self.queue:
            short = self.queue[0]
            missing = -short.qty
            covered = min(qty, missing)
            cost = value if covered == qty else part(value, covered, qty)
            estimated = -short.value if covered == missing else part(-short.value, covered, missing)
            qty -= covered
            value -= cost
            self._change(short, covered, estimated)
            true_ups.append(ScaledTrueUp(short.key, covered, estimated, cost))
        return true_ups

    def _place(self, key: UUID, seq: int, qty: int, value: int) -> tuple[ScaledLayer, bool]:
        """Where a receipt goes: here to a layer of its own at the end of the queue."""
        layer = ScaledLayer(key, seq, qty, value)
        self.queue.append(layer)
        self.by_key[key] = layer
        return layer, True

    # -- out

    def issue(self, qty: int, key: UUID | None, seq: int, allow_negative: bool) -> list[ScaledTake]:
        """Stock goes out from the next layers on (rule 1); what is missing becomes a negative layer (rule 4)."""
        self._refuse_shortage(qty, key, allow_negative)
        takes: list[ScaledTake] = []
        queue = self.queue
        while qty and self.qty > 0:
            layer = queue[0]
            taken = layer.qty if layer.qty < qty else qty
            takes.append(self._take(layer, taken))
            qty -= taken
        if qty:
            takes.append(self._oversell(qty, key, seq))
        return takes

    def return_to_supplier(
        self,
        receipt_key: UUID,
        qty: int,
        receipt: tuple[int, int] | None,
        key: UUID | None,
        seq: int,
        allow_negative: bool,
    ) -> list[ScaledTake]:
        """From the receipt's own layer while it lasts, else as the method says (rule 6).

        `receipt` is the receipt's quantity and cost, for methods that keep no layer of it.
        """
        self._refuse_shortage(qty, key, allow_negative)
        layer = self.by_key.get(receipt_key)
        if layer is None or layer.qty <= 0:
            return self.issue(qty, key, seq, allow_negative)
        taken = min(qty, layer.qty)
        takes = [self._take(layer, taken)]
        return takes if taken == qty else takes + self.issue(qty - taken, key, seq, allow_negative)

    def _take(self, layer: ScaledLayer, qty: int) -> ScaledTake:
        held, worth = layer.qty, layer.value
        self._last_value, self._last_qty = worth, held
        if qty == held:
            value = worth
        elif worth >= 0:
            value = (2 * worth * qty + held) // (2 * held)
        else:
            value = part(worth, qty, held)
        self._change(layer, -qty, -value)
        return ScaledTake(layer.key, qty, value)

    def _change(self, layer: ScaledLayer, qty: int, value: int) -> None:
        layer.qty += qty
        layer.value += value
        layer.is_changed = True
        self.qty += qty
        self.value += value
        if layer.qty == 0:
            if self.queue[0] is layer:
                self.queue.popleft()
            else:
                self.queue.remove(layer)
            self.emptied.append(layer)

    def _oversell(self, qty: int, key: UUID | None, seq: int) -> ScaledTake:
        assert key is not None
        value = self.estimate(qty)
        self.queue.append(ScaledLayer(key, seq, -qty, -value))
        self.qty -= qty
        self.value -= value
        return ScaledTake(key, qty, value)

    def _refuse_shortage(self, qty: int, key: UUID | None, allow_negative: bool) -> None:
        if qty > self.qty:
            if not allow_negative:
                raise NotEnoughStock(qty_of(self.qty), qty_of(qty))
            if key is None:
                raise ValueError(
                    "an issue that may go negative needs its key: the missing part is a layer of that name"
                )

    # -- value without quantity

    def layer_of(self, key: UUID) -> ScaledLayer | None:
        """The layer with stock in which the receipt `key` lies."""
        layer = self.by_key.get(key)
        return layer if layer is not None and layer.qty > 0 else None

    def left_of(self, key: UUID, qty_in: int, came_in_later: int) -> int:
        """How much of the receipt `key` is still on hand."""
        layer = self.layer_of(key)
        return layer.qty if layer else 0

    def revalue(self, key: UUID, amount: int) -> ScaledLayer:
        layer = self.layer_of(key)
        if layer is None:
            raise NothingToRevalue(f"nothing is left of {key}")
        if layer.value + amount < 0:
            raise ValueBelowZero(f"the layer {key} holds less value than is to be taken off it")
        self._change(layer, 0, amount)
        return layer

    def revalue_all(self, amount: int) -> list[ScaledLayer]:
        """Spread `amount` over all that is on hand, by quantity."""
        if self.qty <= 0:
            raise NothingToRevalue("nothing is on hand")
        layers = list(self.queue)
        shares = shares_of(amount, [layer.qty for layer in layers])
        if any(layer.value + share < 0 for layer, share in zip(layers, shares, strict=True)):
            raise ValueBelowZero("a layer holds less value than is to be taken off it")
        for layer, share in zip(layers, shares, strict=True):
            self._change(layer, 0, share)
        return layers


class Fifo(LayeredPool):
    """First in, first out: every receipt a layer, the oldest taken first (IAS 2.25)."""


class MovingAverage(LayeredPool):
    """Perpetual weighted average (移动加权平均): one layer that every receipt joins (IAS 2.25)."""

    def _place(self, key: UUID, seq: int, qty: int, value: int) -> tuple[ScaledLayer, bool]:
        if not self.queue:
            return super()._place(key, seq, qty, value)
        layer = self.queue[0]
        layer.qty += qty
        layer.value += value
        layer.is_changed = True
        self._last_value, self._last_qty = layer.value, layer.qty
        return layer, False

    def return_to_supplier(
        self,
        receipt_key: UUID,
        qty: int,
        receipt: tuple[int, int] | None,
        key: UUID | None,
        seq: int,
        allow_negative: bool,
    ) -> list[ScaledTake]:
        if receipt is not None and 0 < qty < self.qty and qty <= receipt[0]:
            layer = self.queue[0]
            value = part(receipt[1], qty, receipt[0])
            if value <= layer.value:  # the stock still holds what the receipt brought in; else it goes at the average
                self._change(layer, -qty, -value)
                self._last_value, self._last_qty = layer.value, layer.qty
                return [ScaledTake(layer.key, qty, value)]
        return self.issue(qty, key, seq, allow_negative)

    def layer_of(self, key: UUID) -> ScaledLayer | None:
        return self.queue[0] if self.qty > 0 else None

    def left_of(self, key: UUID, qty_in: int, came_in_later: int) -> int:
        """The average knows no receipts; units are taken to leave in the order they came, as the cost cases do."""
        return max(0, min(qty_in, self.qty - came_in_later))


METHODS: dict[str, type[LayeredPool]] = {"fifo": Fifo, "moving_average": MovingAverage}


def layered_pool(method: str, currency_places: int, last_unit_cost: int | None = None) -> LayeredPool:
    """An empty pool of that method. Raises UnknownMethod."""
    if method not in METHODS:
        raise UnknownMethod(f"no costing method {method!r}; there are {', '.join(METHODS)}")
    return METHODS[method](currency_places, last_unit_cost)
