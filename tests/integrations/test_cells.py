"""Numbers, days and codes out of cells: exact, or a sentence."""

from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.integrations.tables.cells import (
    BadCell,
    UnusableCell,
    exact,
    parse_code,
    parse_day,
    parse_number,
    parse_rate,
    parse_text,
    parse_whole,
    parse_yes_no,
)

any_cell = st.one_of(
    st.none(),
    st.text(),
    st.booleans(),
    st.integers(),
    st.decimals(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.builds(UnusableCell, st.text()),
)


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=6))
def test_every_number_of_six_places_comes_back_exactly(number):
    assert parse_number(f"{number:f}", 6) == number
    assert parse_number(f"{number:,f}", 6) == number
    assert parse_number(number, 6) == number


@given(st.decimals(min_value=-(10**8), max_value=10**8, places=4))
def test_a_spreadsheets_binary_number_is_the_decimal_that_it_shows(number):
    assert exact(float(number)) == number


@given(st.dates(date(1900, 1, 1), date(2999, 12, 31)))
def test_every_unambiguous_day_comes_back(day):
    for text in (
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%d.%m.%Y}",
        f"{day.isoformat()} 08:45:00",
        f"{day.isoformat()}T08:45:00Z",
    ):
        assert parse_day(text) == day
    assert parse_day(f"{day:%d/%m/%Y}", "dmy") == day
    assert parse_day(f"{day:%m/%d/%Y}", "mdy") == day
    assert parse_day(datetime.combine(day, time(23, 59))) == day


@given(any_cell)
def test_anything_at_all_is_a_value_or_a_sentence(cell):
    for parse in (
        lambda: parse_number(cell, 6),
        lambda: parse_whole(cell),
        lambda: parse_rate(cell, 10),
        lambda: parse_day(cell),
        lambda: parse_yes_no(cell),
        lambda: parse_code(cell, 40),
        lambda: parse_text(cell, 200),
    ):
        with suppress(BadCell):  # any other exception fails the test
            parse()


def test_a_day_that_may_be_two_is_refused():
    with pytest.raises(BadCell, match="two different days"):
        parse_day("03/04/2024")
    assert parse_day("13/04/2024") == date(2024, 4, 13)
    assert parse_day("04/04/2024") == date(2024, 4, 4)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234.50", "1234.50"),
        ("￥12.5", "12.5"),
        ("12.50 元", "12.50"),
        ("１２．５", "12.5"),
        ("-3", "-3"),
        ("$ 1,000", "1000"),
    ],
)
def test_numbers_as_people_write_them(text, number):
    assert parse_number(text, 6) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "1,23", "1.2.3", "NaN", "inf", "1e400", "0x10", "12 pcs", "１二", "1_000", True, None]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(BadCell):
        parse_number(text, 6)


def test_a_shortened_barcode_is_refused_and_a_whole_one_is_kept():
    with pytest.raises(BadCell, match="shortened"):
        parse_code("6.90123E+12", 60)
    assert parse_code(6901234567890, 60) == "6901234567890"
    assert parse_code(" 0012 ", 60) == "0012"


def test_rates_with_and_without_percent():
    assert parse_rate("5%", 10) == Decimal("0.05")
    assert parse_rate("0.05", 10) == Decimal("0.05")
    with pytest.raises(BadCell):
        parse_rate("5", 10)
