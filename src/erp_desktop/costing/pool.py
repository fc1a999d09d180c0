"""One cost pool, one move after the other: what a receipt opens or joins, what an issue costs and which layers it took.

Here: the Decimal door of `layers.py`, and what a return is worth. Not here: SQL, the clock, postings, back-dating (replay.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from erp_desktop.costing.layers import (
    LayeredPool,
    NotEnoughStock,
    NothingToRevalue,
    ScaledLayer,
    ScaledTake,
    UnknownMethod,
    ValueBelowZero,
    layered_pool,
)
from erp_desktop.costing.scaled import part, qty_of, scale, scale_qty
from erp_desktop.numbers import UNIT_COST_PLACES, from_scaled

__all__ = [
    "CostPool",
    "Issued",
    "Layer",
    "NotEnoughStock",
    "NothingToRevalue",
    "Received",
    "Take",
    "TrueUp",
    "UnknownMethod",
    "ValueBelowZero",
    "cost_of_return",
    "open_pool",
]


@dataclass(frozen=True, slots=True)
class Layer:
    """What is left of a receipt; negative quantity and value where stock was oversold. `seq` is carried along for the caller."""

    key: UUID
    seq: int
    qty: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class Take:
    """A consumption edge: how much of which layer an issue took, and at what value."""

    layer_key: UUID
    qty: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class TrueUp:
    """An oversold issue's missing units, covered by a receipt: what they were estimated at and what they cost (rule 4)."""

    issue_key: UUID
    qty: Decimal
    estimated: Decimal
    cost: Decimal

    @property
    def amount(self) -> Decimal:
        """What cost of sales still has to bear; negative where the estimate was too high."""
        return self.cost - self.estimated


@dataclass(frozen=True, slots=True)
class Received:
    """`layer` as it stands after the receipt; `opened` is false where the receipt joined a layer that was there."""

    layer: Layer
    opened: bool
    true_ups: tuple[TrueUp, ...] = ()


@dataclass(frozen=True, slots=True)
class Issued:
    """`value` is the cost of the issue, the sum of its takes."""

    value: Decimal
    takes: tuple[Take, ...]


class CostPool:
    """The stock of one product that is costed together. Made by `open_pool`."""

    def __init__(self, scaled: LayeredPool, currency_places: int) -> None:
        self._scaled = scaled
        self._places = currency_places

    def receive(self, key: UUID, seq: int, qty: Decimal, value: Decimal) -> Received:
        """Take in `qty` (positive) worth `value` (not negative), at the end of the queue."""
        scaled_value = scale(value, self._places)
        if scaled_value < 0:
            raise ValueError(f"a receipt cannot be worth {value}")
        layer, opened, true_ups = self._scaled.receive(key, seq, _positive(qty), scaled_value)
        return Received(
            self._layer(layer),
            opened,
            tuple(
                TrueUp(up.issue_key, qty_of(up.qty), self._money(up.estimated), self._money(up.cost)) for up in true_ups
            ),
        )

    def issue(self, qty: Decimal, *, key: UUID | None = None, seq: int = 0, allow_negative: bool = False) -> Issued:
        """Give out `qty` as the method says. Raises NotEnoughStock, unless `allow_negative` (then `key` is needed)."""
        return self._issued(self._scaled.issue(_positive(qty), key, seq, allow_negative))

    def return_to_supplier(
        self,
        receipt_key: UUID,
        qty: Decimal,
        *,
        receipt_qty: Decimal | None = None,
        receipt_value: Decimal | None = None,
        key: UUID | None = None,
        seq: int = 0,
        allow_negative: bool = False,
    ) -> Issued:
        """Give `qty` back from the layer of `receipt_key` while it lasts, else as the method says (rule 6).

        An average pool keeps no layer of the receipt: with the receipt's quantity and cost given it leaves at those, as
        long as the stock holds that much value and is not emptied; else at the average.
        """
        receipt = None
        if receipt_qty is not None and receipt_value is not None:
            receipt = (_positive(receipt_qty), scale(receipt_value, self._places))
        return self._issued(
            self._scaled.return_to_supplier(receipt_key, _positive(qty), receipt, key, seq, allow_negative)
        )

    def revalue(self, layer_key: UUID, amount: Decimal) -> Layer:
        """Add `amount` to a layer's value; in an average pool every receipt lies in the one layer.

        Raises NothingToRevalue if it has no stock, ValueBelowZero if it would be worth less than nothing.
        """
        return self._layer(self._scaled.revalue(layer_key, scale(amount, self._places)))

    def revalue_all(self, amount: Decimal) -> tuple[Layer, ...]:
        """Spread `amount` over all that is on hand by quantity, the odd cents to the largest layer."""
        return tuple(map(self._layer, self._scaled.revalue_all(scale(amount, self._places))))

    def current_cost(self, qty: Decimal) -> Decimal:
        """What `qty` found without a stated cost is worth: at the average on hand, else at the last known cost."""
        return self._money(self._scaled.current_cost(_positive(qty)))

    @property
    def on_hand(self) -> Decimal:
        return qty_of(self._scaled.qty)

    @property
    def value(self) -> Decimal:
        return self._money(self._scaled.value)

    @property
    def unit_cost(self) -> Decimal | None:
        """For display: value over quantity, without stock the last known cost; six places."""
        return _unit_cost(self._scaled.unit_cost)

    @property
    def last_unit_cost(self) -> Decimal | None:
        """The cost at which a unit last moved, to be kept with the pool; six places, None if none ever did."""
        return _unit_cost(self._scaled.last_unit_cost)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What is on hand, the next to be taken first."""
        return tuple(map(self._layer, self._scaled.queue))

    def changed_layers(self) -> tuple[Layer, ...]:
        """New and changed layers since the pool was opened; those emptied have quantity and value zero."""
        changed = [*self._scaled.emptied, *(layer for layer in self._scaled.queue if layer.is_changed)]
        return tuple(map(self._layer, changed))

    def _issued(self, takes: list[ScaledTake]) -> Issued:
        return Issued(
            self._money(sum(take.value for take in takes)),
            tuple(Take(take.layer_key, qty_of(take.qty), self._money(take.value)) for take in takes),
        )

    def _layer(self, layer: ScaledLayer) -> Layer:
        return Layer(layer.key, layer.seq, qty_of(layer.qty), self._money(layer.value))

    def _money(self, scaled: int) -> Decimal:
        return from_scaled(scaled, self._places)


def open_pool(
    method: str, currency_places: int, layers: Iterable[Layer] = (), last_unit_cost: Decimal | None = None
) -> CostPool:
    """A pool with the layers it had, the next to be taken first: by business date, then `seq`.

    Raises UnknownMethod, and NumberNotExact for a value finer than the currency's minor unit.
    """
    last = None if last_unit_cost is None else scale(last_unit_cost, UNIT_COST_PLACES)
    scaled = layered_pool(method, currency_places, last)
    scaled.load(
        ScaledLayer(layer.key, layer.seq, scale_qty(layer.qty), scale(layer.value, currency_places), is_changed=False)
        for layer in layers
    )
    return CostPool(scaled, currency_places)


def cost_of_return(
    issue_cost: Decimal,
    issue_qty: Decimal,
    returned_qty: Decimal,
    returned_value: Decimal,
    qty: Decimal,
    currency_places: int,
) -> Decimal:
    """What `qty` coming back from a customer is worth: its part of the issue's settled cost (rule 5).

    `returned_qty` and `returned_value` came back before; whoever brings the last unit brings all the value that is left,
    so that the parts add up to `issue_cost`. Raises ValueError if more comes back than went out.
    """
    left = scale_qty(issue_qty) - scale_qty(returned_qty)
    coming = _positive(qty)
    if coming > left:
        raise ValueError(f"{qty} come back of {qty_of(left)} that are still out")
    worth = scale(issue_cost, currency_places) - scale(returned_value, currency_places)
    return from_scaled(part(worth, coming, left), currency_places)


def _positive(qty: Decimal) -> int:
    scaled = scale_qty(qty)
    if scaled <= 0:
        raise ValueError(f"a quantity moved must be positive, not {qty}")
    return scaled


def _unit_cost(scaled: int | None) -> Decimal | None:
    return None if scaled is None else from_scaled(scaled, UNIT_COST_PLACES)
