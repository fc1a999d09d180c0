"""Value that arrives after the goods: freight, duty, insurance and price differences (IAS 2.11; costing.md, rule 7).

Here: sharing an amount over receipt lines, and telling what is still on hand from what was already issued; Decimals, and
all that it needs as arguments. Not here: SQL, Qt, the clock, postings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from erp_desktop.costing.scaled import part, scale_qty, shares_of
from erp_desktop.numbers import ONE, ZERO


class NoBasisToShareBy(Exception):
    """The lines' bases add up to nothing, so there is nothing to share in proportion to."""

    def __init__(self, lines: int) -> None:
        super().__init__(f"the bases of {lines} lines add up to zero")
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares in the order of the lines; `fell_back_to_equal` where the basis was zero, for the warning."""

    amounts: tuple[Decimal, ...]
    fell_back_to_equal: bool


@dataclass(frozen=True, slots=True)
class Split:
    """An amount parted between the stock that is still there and the goods that are gone."""

    to_inventory: Decimal
    to_cost_of_sales: Decimal
    to_variance: Decimal = ZERO  # all of it, where the goods are at standard; the part of goods that went back
    to_scrap_loss: Decimal = ZERO
    to_goods_dispatched: Decimal = ZERO  # of goods that left and are not delivered yet


def share_landed_cost(amount: Decimal, bases: Sequence[Decimal], minor_unit: Decimal) -> list[Decimal]:
    """Share `amount` in proportion to `bases`: the lines' values, quantities, weights or volumes, none negative.

    The shares keep the order of `bases` and add up to `amount`. Each is rounded half up to `minor_unit` (0.01 for
    CNY, 1 for JPY); what rounding leaves over goes to the largest base, the last of equals.
    Raises NoBasisToShareBy if the bases add up to zero.
    """
    if any(base < 0 for base in bases):
        raise ValueError("a basis to share by cannot be negative")
    if not sum(bases):
        raise NoBasisToShareBy(lines=len(bases))
    minors = _in_minor_units(amount, minor_unit)
    return [share * minor_unit for share in shares_of(minors, _whole(bases))]


def share_or_equal(amount: Decimal, bases: Sequence[Decimal], minor_unit: Decimal) -> Shares:
    """`share_landed_cost`, or equal shares where there is no basis. `bases` names at least one line."""
    if not bases:
        raise NoBasisToShareBy(lines=0)
    try:
        return Shares(tuple(share_landed_cost(amount, bases, minor_unit)), fell_back_to_equal=False)
    except NoBasisToShareBy:
        return Shares(tuple(share_landed_cost(amount, [ONE] * len(bases), minor_unit)), fell_back_to_equal=True)


def split_by_on_hand(
    amount: Decimal, qty_in: Decimal, qty_left: Decimal, minor_unit: Decimal, value_left: Decimal | None = None
) -> Split:
    """Part a receipt line's `amount` by what is left of it; the share of what was issued is expensed to cost of sales.

    `value_left` is the value of the layer: a credit takes no more off it than it holds, the rest goes to cost of sales.
    """
    if qty_in <= 0 or not 0 <= qty_left <= qty_in:
        raise ValueError(f"{qty_left} cannot be left of {qty_in}")
    minors = _in_minor_units(amount, minor_unit)
    kept = part(minors, scale_qty(qty_left), scale_qty(qty_in)) * minor_unit
    if value_left is not None:
        kept = max(kept, -value_left)
    return Split(to_inventory=kept, to_cost_of_sales=amount - kept)


def left_of_receipt(qty_in: Decimal, came_in_later: Decimal, on_hand: Decimal) -> Decimal:
    """How much of a receipt is left in an average pool, which keeps no layer of it: units leave in the order they came.

    `came_in_later` is all that the pool took in after that receipt, returns included.
    """
    return max(ZERO, min(qty_in, on_hand - came_in_later))


def _in_minor_units(amount: Decimal, minor_unit: Decimal) -> int:
    minors = (amount / minor_unit).quantize(ONE, ROUND_HALF_UP)
    if minors * minor_unit != amount:
        raise ValueError(f"{amount} is not a whole number of {minor_unit}")
    return int(minors)


def _whole(bases: Sequence[Decimal]) -> list[int]:
    """The bases as integers of one common scale, exactly: weights and volumes have whatever places they have."""
    exponents = [exponent for base in bases if isinstance(exponent := base.as_tuple().exponent, int)]
    places = max(0, -min(exponents, default=0))
    return [int(base.scaleb(places)) for base in bases]


__all__ = [
    "NoBasisToShareBy",
    "Shares",
    "Split",
    "left_of_receipt",
    "share_landed_cost",
    "share_or_equal",
    "split_by_on_hand",
]
