"""Scaled integers behind this package's doors: exact conversion, and the one rounding rule.

Here: quantities as integers of 10**-6, values as integers of the currency's minor unit. Not here: layers and methods.
"""

from decimal import Context, Decimal, Inexact, InvalidOperation

from erp_desktop.numbers import LARGEST_STORED, QTY_PLACES, UNIT_COST_PLACES, from_scaled, to_scaled

_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])


def scale(value: Decimal, places: int) -> int:
    """`value` as an integer of 10**-places; what does not fit exactly raises `numbers.NumberNotExact`."""
    try:  # the quick way for the hot loops of a replay; `to_scaled` is the judge of everything unusual
        scaled = int(_EXACT.to_integral_exact(value.scaleb(places, _EXACT)))
    except (Inexact, InvalidOperation, ValueError, OverflowError, AttributeError):
        return to_scaled(value, places)
    return scaled if -LARGEST_STORED <= scaled <= LARGEST_STORED else to_scaled(value, places)


def scale_qty(qty: Decimal) -> int:
    return scale(qty, QTY_PLACES)


def qty_of(scaled: int) -> Decimal:
    return from_scaled(scaled, QTY_PLACES)


def part(value: int, qty: int, total: int) -> int:
    """value * qty / total, rounded half up (away from zero); `total` is not zero."""
    numerator = 2 * value * qty
    if total < 0:
        numerator, total = -numerator, -total
    if numerator >= 0:
        return (numerator + total) // (2 * total)
    return -((total - numerator) // (2 * total))


def unit_cost_factor(currency_places: int) -> int:
    """What turns value / qty (both scaled) into a unit cost of UNIT_COST_PLACES, and back."""
    return int(10 ** (UNIT_COST_PLACES + QTY_PLACES - currency_places))


def shares_of(amount: int, bases: list[int]) -> list[int]:
    """`amount` in proportion to `bases` (not all zero), each rounded half up, the rest to the largest, last of equals."""
    total = sum(bases)
    shares = [part(amount, base, total) for base in bases]
    largest = max(range(len(bases)), key=lambda index: (bases[index], index))
    shares[largest] += amount - sum(shares)
    return shares
