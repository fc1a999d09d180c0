"""What people type into number and date fields, and what it means."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.views.widgets.cells import shown_number
from erp_desktop.views.widgets.reading import NotReadable, read_date, read_number

FRIDAY = date(2024, 3, 15)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1,234.50", "1234.50"),
        ("１２３．５", "123.5"),
        ("12*3.5", "42"),
        ("12×3.5", "42"),
        ("(1+2)*-4", "-12"),
        ("10/4", "2.5"),
        ("-3", "-3"),
        ("0.1+0.2", "0.3"),
        ("7-2", "5"),
    ],
)
def test_numbers_are_read_exactly_sums_too(typed, number):
    assert read_number(typed, 6) == Decimal(number)


@pytest.mark.parametrize(
    "typed",
    [
        "abc",
        "1..2",
        "10/3",
        "2**99",
        "1e5",
        "__import__('os')",
        "NaN",
        "1/0",
        "12*",
        "9" * 30,
        "7//2",
        "",
        "x" * 10_000,
    ],
)
def test_what_is_no_exact_number_is_refused_with_a_sentence(typed):
    with pytest.raises(NotReadable) as refused:
        read_number(typed, 6)
    assert refused.value.sentence.endswith(".")
    assert len(refused.value.sentence) < 200


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_a_shown_number_is_read_as_the_same_number(number):
    assert read_number(shown_number(number), 6) == number


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("t", FRIDAY),
        ("今天", FRIDAY),
        ("+7", date(2024, 3, 22)),
        ("-15", date(2024, 2, 29)),
        ("31", date(2024, 3, 31)),
        ("0401", date(2024, 4, 1)),
        ("4/1", date(2024, 4, 1)),
        ("20231231", date(2023, 12, 31)),
        ("2024-02-29", date(2024, 2, 29)),
        ("２０２４－０２－２９", date(2024, 2, 29)),
    ],
)
def test_dates_are_read_as_people_type_them(typed, day):
    assert read_date(typed, FRIDAY) == day


@pytest.mark.parametrize("typed", ["32", "0230", "2023-02-29", "soon", "+99999", "1-2-3-4"])
def test_what_is_no_day_is_refused_with_a_sentence(typed):
    with pytest.raises(NotReadable) as refused:
        read_date(typed, FRIDAY)
    assert typed in refused.value.sentence
