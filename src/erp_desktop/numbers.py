"""Exact numbers: how many places each kind keeps, how text becomes one, and how one is rounded.

Here: Decimal and the scaled integers behind it. Not here: SQL, Qt, languages (showing numbers is the renderers' work).
A stored number is an integer scaled by 10**places in a signed 64-bit column, so both databases add exactly.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, DefaultContext, Inexact, InvalidOperation, getcontext
from fractions import Fraction
from math import gcd

ZERO = Decimal(0)
ONE = Decimal(1)

MONEY_PLACES = 4
QTY_PLACES = 6
UNIT_PRICE_PLACES = 6
UNIT_COST_PLACES = 6
RATE_PLACES = 10

LARGEST_STORED = 2**63 - 1
_MANY = Decimal(2**63)

# Quantity times price has up to 38 digits, and is rounded once, by us; Decimal's usual 28 would round it before.
DefaultContext.prec = 80  # of every thread that counts from now on
getcontext().prec = 80  # of this one


class NumberNotExact(ValueError):
    """A number has more places than its kind keeps, is too large to store, or is not a finite number at all.

    `value` is what was given, `places` what the kind keeps, `reason` is "places", "size" or "not_a_number".
    """

    def __init__(self, value: object, places: int, reason: str) -> None:
        super().__init__(f"{value!r} cannot be kept exactly with {places} decimal places: {reason}")
        self.value = value
        self.places = places
        self.reason = reason


def to_scaled(value: Decimal | int, places: int) -> int:
    """`value` as an integer of 10**-places. Raises NumberNotExact where that would lose a digit or overflow."""
    scaled: int
    if isinstance(value, int):
        scaled = value * 10**places
    elif (quick := _whole(value, places)) is not None:
        scaled = quick
    else:
        sign, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):
            raise NumberNotExact(value, places, "not_a_number")
        zeros = next((count for count, digit in enumerate(reversed(digits)) if digit), None)  # at the end
        if zeros is None:
            return 0
        digits, shift = digits[: len(digits) - zeros], exponent + zeros + places
        if shift + len(digits) > 20:  # 10**19 is beyond 64 bits; do not build an enormous integer only to refuse it
            raise NumberNotExact(value, places, "size")
        if shift < 0:
            raise NumberNotExact(value, places, "places")
        scaled = int("".join(map(str, digits))) * 10**shift
        scaled = -scaled if sign else scaled
    if not -LARGEST_STORED <= scaled <= LARGEST_STORED:
        raise NumberNotExact(value, places, "size")
    return scaled


_EXACTLY = Context(prec=40, traps=[Inexact, InvalidOperation])


def _whole(value: Decimal, places: int) -> int | None:
    """value * 10**places for the usual case, a whole number of few digits; None sends the caller the long way."""
    try:
        shifted = _EXACTLY.scaleb(value, places)
        whole = int(shifted) if -_MANY < shifted < _MANY else None
    except (ArithmeticError, ValueError):
        return None
    return whole if whole is not None and whole == shifted else None


def from_scaled(scaled: int, places: int) -> Decimal:
    """The Decimal that `scaled` * 10**-places is, without trailing context rounding."""
    return Decimal(scaled).scaleb(-places)


def minor_unit(currency_places: int) -> Decimal:
    """The smallest amount of a currency: 0.01 for 2 places (CNY), 1 for 0 (JPY)."""
    return Decimal(1).scaleb(-currency_places)


def round_money(amount: Decimal | Fraction, currency_places: int) -> Decimal:
    """`amount` rounded half up (away from zero) to the currency's minor unit."""
    if isinstance(amount, Decimal):
        return amount.quantize(minor_unit(currency_places), ROUND_HALF_UP)
    scaled = abs(amount) * 10**currency_places
    rounded = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return from_scaled(rounded if amount > 0 else -rounded, currency_places)


@dataclass(frozen=True)
class UnitFactor:
    """How many stock units one of this unit holds, as an exact fraction: a dozen is 12/1, a third of a roll 1/3.

    Whatever it gives is exact and not rounded yet: that is done once, at the document's line (costing.md, rule 10).
    """

    numerator: int = 1
    denominator: int = 1

    @property
    def is_one(self) -> bool:
        return self.numerator == self.denominator

    def to_stock_qty(self, qty: Decimal) -> Decimal:
        """`qty` of this unit in stock units. Raises NumberNotExact if six places cannot hold either of them."""
        scaled, left = divmod(to_scaled(qty, QTY_PLACES) * self.numerator, self.denominator)
        if left:
            raise NumberNotExact(qty, QTY_PLACES, "places")
        return from_scaled(scaled, QTY_PLACES)

    def of_stock_qty(self, stock_qty: Decimal) -> Fraction:
        """How many of this unit `stock_qty` stock units are."""
        return Fraction(stock_qty) * self.denominator / self.numerator

    def entered_qty(self, stock_qty: Decimal) -> Decimal | None:
        """The same as a quantity that can be entered; None where six places cannot hold it."""
        scaled = self.of_stock_qty(stock_qty) * 10**QTY_PLACES
        return from_scaled(int(scaled), QTY_PLACES).normalize() + ZERO if scaled.denominator == 1 else None

    def packs_and_rest(self, stock_qty: Decimal) -> tuple[int, Decimal]:
        """How many whole ones of this unit there are in `stock_qty` stock units, and what is left over, in stock units."""
        step = self.denominator // gcd(self.denominator, self.numerator * 10**QTY_PLACES)  # so many are exact in stock
        packs = int(self.of_stock_qty(stock_qty) // step) * step
        return packs, stock_qty - from_scaled(packs * self.numerator * 10**QTY_PLACES // self.denominator, QTY_PLACES)

    def value(self, stock_qty: Decimal, unit_price: Decimal) -> Decimal | Fraction:
        """What `stock_qty` stock units are worth where one of this unit costs `unit_price`."""
        return stock_qty * unit_price if self.is_one else self.of_stock_qty(stock_qty) * Fraction(unit_price)

    def unit_price(self, amount: Decimal, stock_qty: Decimal) -> Decimal:
        """What one of this unit costs where `stock_qty` stock units cost `amount`; to six places, so for showing only."""
        return round_money(Fraction(amount) / self.of_stock_qty(stock_qty), UNIT_PRICE_PLACES)

    def price_from(self, other: "UnitFactor", unit_price: Decimal) -> Decimal:
        """What one of this unit costs where one of the `other` costs `unit_price`; to six places, as a price is kept."""
        if self == other:
            return unit_price
        return round_money(
            Fraction(unit_price) * self.numerator * other.denominator / (self.denominator * other.numerator),
            UNIT_PRICE_PLACES,
        )

    def fitting(self, qty: Decimal) -> tuple[Decimal, ...]:
        """The quantities of this unit next to `qty`, below and above, that are exact in stock units; with no more decimals
        than `qty` has. Zero is none of them."""
        exponent = qty.normalize().as_tuple().exponent
        places = min(max(-exponent, 0), QTY_PLACES) if isinstance(exponent, int) else 0
        step = self.denominator // gcd(self.denominator, self.numerator * 10 ** (QTY_PLACES - places))
        steps = Fraction(qty) * 10**places // step
        return tuple(from_scaled(steps_of * step, places) for steps_of in (steps, steps + 1) if steps_of > 0)


STOCK_UNIT = UnitFactor()

_FULL_WIDTH = {ord(full): half for full, half in zip("０１２３４５６７８９．，－＋", "0123456789.,-+", strict=True)}


def parse_decimal(text: str, places: int) -> Decimal:
    """The exact number that a person typed or a file holds; accepts full-width digits and 1,234.5 grouping.

    Raises NumberNotExact for anything else, for NaN and infinity, too many places and numbers too large to store.
    """
    cleaned = text.translate(_FULL_WIDTH).replace("\u00a0", "").replace(" ", "").strip()
    whole, point, fraction = cleaned.partition(".")
    if "," in fraction:
        raise NumberNotExact(text, places, "not_a_number")
    if "," in whole:
        groups = whole.lstrip("+-").split(",")
        if not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
            raise NumberNotExact(text, places, "not_a_number")
        whole = whole.replace(",", "")
    try:
        value = Decimal(whole + point + fraction)
    except InvalidOperation:
        raise NumberNotExact(text, places, "not_a_number") from None
    to_scaled(value, places)
    return value
