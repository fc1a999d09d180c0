"""Why an amount changed from one period to the next: price, volume and mix, which add up exactly (pure, no SQL)."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from erp_desktop.numbers import ZERO

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class QtyAndAmount:
    """What came in of one product: stock units and company currency."""

    qty: Decimal = ZERO
    amount: Decimal = ZERO


@dataclass(frozen=True)
class Effects:
    """`price`: the unit cost is another; `volume`: more or less of everything; `mix`: another share of it."""

    before: Decimal
    now: Decimal
    price: Decimal
    volume: Decimal
    mix: Decimal

    @property
    def change(self) -> Decimal:
        return self.now - self.before


def effects(
    before: Mapping[Key, QtyAndAmount], now: Mapping[Key, QtyAndAmount], minor_unit: Decimal
) -> dict[Key, Effects]:
    """The change of each product's amount, split; for every one of them price + volume + mix is the change, to the cent.

    Volume is what the product would have changed by if all quantities had changed alike, at the unit cost of before; mix is
    that its own quantity changed otherwise; price is the rest. A product without a unit cost of before is all mix, or all
    volume where nothing at all came in before. Volume and mix are rounded half up to `minor_unit`.
    """
    qty_before = sum((each.qty for each in before.values()), ZERO)
    qty_now = sum((each.qty for each in now.values()), ZERO)
    nothing = QtyAndAmount()
    found: dict[Key, Effects] = {}
    for key in [*before, *(key for key in now if key not in before)]:
        old, new = before.get(key, nothing), now.get(key, nothing)
        change = new.amount - old.amount
        if qty_before <= 0:
            found[key] = Effects(old.amount, new.amount, ZERO, change, ZERO)
            continue
        if old.qty <= 0:
            found[key] = Effects(old.amount, new.amount, ZERO, ZERO, change)
            continue
        volume = _rounded(old.amount * (qty_now - qty_before) / qty_before, minor_unit)
        as_before = old.amount * new.qty / old.qty  # the new quantity at the old unit cost
        mix = _rounded(as_before - old.amount * qty_now / qty_before, minor_unit)
        found[key] = Effects(old.amount, new.amount, change - volume - mix, volume, mix)
    return found


def _rounded(amount: Decimal, minor_unit: Decimal) -> Decimal:
    return amount.quantize(minor_unit, ROUND_HALF_UP)
