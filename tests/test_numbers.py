"""Exact numbers: what is kept, what is refused, and that nothing is rounded on the way."""

from decimal import Decimal
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.numbers import NumberNotExact, UnitFactor, from_scaled, parse_decimal, round_money, to_scaled

STORABLE = st.integers(-(2**63) + 1, 2**63 - 1)


@given(STORABLE, st.integers(0, 10))
def test_what_is_stored_comes_back(scaled: int, places: int) -> None:
    assert to_scaled(from_scaled(scaled, places), places) == scaled


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-sNaN", "1E+400", "9" * 38, "0.0000001", "0." + "0" * 50 + "1"])
def test_what_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(NumberNotExact):
        to_scaled(Decimal(text), 6)


def test_the_last_digit_of_a_long_number_is_not_lost() -> None:
    with pytest.raises(NumberNotExact):
        to_scaled(Decimal("1.0000000000000000000000000000000000001"), 4)


@given(STORABLE, STORABLE)
def test_quantity_times_price_is_rounded_once(qty: int, price: int) -> None:
    exact = qty * price  # at 12 places
    half_up, rest = divmod(abs(exact), 10**10)
    cents = half_up + (rest * 2 >= 10**10)
    found: list[Decimal] = []
    worker = Thread(target=lambda: found.append(round_money(from_scaled(qty, 6) * from_scaled(price, 6), 2)))
    worker.start()
    worker.join()
    assert abs(found[0]) == from_scaled(cents, 2)


@pytest.mark.parametrize(
    ("typed", "value"), [("1,234.5", "1234.5"), ("１２３．５", "123.5"), (" -7 ", "-7"), ("1 000", "1000"), ("+3", "3")]
)
def test_numbers_as_people_type_them(typed: str, value: str) -> None:
    assert parse_decimal(typed, 6) == Decimal(value)


@pytest.mark.parametrize("digits", ["9" * 5_000, "0." + "9" * 5_000, "1" + "0" * 5_000 + "1"])
def test_thousands_of_digits_are_refused_as_any_number_that_is_too_long(digits: str) -> None:
    with pytest.raises(NumberNotExact):
        to_scaled(Decimal(digits), 4)


def test_zeros_at_the_end_say_nothing() -> None:
    assert to_scaled(Decimal("1.5" + "0" * 5_000), 4) == 15_000
    assert to_scaled(Decimal("0." + "0" * 5_000), 4) == 0
    assert to_scaled(Decimal("-1500000E-4"), 0) == -150


@pytest.mark.parametrize("typed", ["", "abc", "1,23", "12,345,6", "1.2.3", "1,000.5,0", "--1", "０x１"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(NumberNotExact):
        parse_decimal(typed, 6)


def test_a_third_of_a_roll_is_taken_only_where_it_comes_out() -> None:
    third = UnitFactor(1, 3)
    assert third.to_stock_qty(Decimal(6)) == 2
    with pytest.raises(NumberNotExact):
        third.to_stock_qty(Decimal(1))


@pytest.mark.parametrize(
    ("unit", "stock_qty", "packs", "left"),
    [
        (UnitFactor(24), "48", 2, "0"),
        (UnitFactor(24), "31", 1, "7"),
        (UnitFactor(24), "7.5", 0, "7.5"),
        (UnitFactor(1, 2), "1.3", 2, "0.3"),
        (UnitFactor(7, 3), "8", 3, "1"),  # one or two of it are no exact quantity in stock
    ],
)
def test_a_part_of_an_order_is_whole_packs_and_what_is_left_over(
    unit: UnitFactor, stock_qty: str, packs: int, left: str
) -> None:
    assert unit.packs_and_rest(Decimal(stock_qty)) == (packs, Decimal(left))
