from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.costing.landed_cost import (
    NoBasisToShareBy,
    left_of_receipt,
    share_landed_cost,
    share_or_equal,
    split_by_on_hand,
)
from erp_desktop.numbers import round_money

CENT = Decimal("0.01")
signed_cents = st.integers(-10_000_000, 10_000_000).map(lambda cents: Decimal(cents).scaleb(-2))
bases = st.lists(st.decimals(0, 10**6, places=3), min_size=1, max_size=12)


def test_landed_cost_gives_the_odd_cent_to_the_largest_line():
    shares = share_landed_cost(Decimal("100.00"), bases=[Decimal(1), Decimal(2), Decimal(3)], minor_unit=CENT)
    assert shares == [Decimal("16.67"), Decimal("33.33"), Decimal("50.00")]


def test_among_equal_lines_the_last_takes_the_odd_cent():
    shares = share_landed_cost(Decimal("123.22"), [Decimal("250.00")] * 3, CENT)
    assert shares == [Decimal("41.07"), Decimal("41.07"), Decimal("41.08")]


def test_yen_are_shared_in_whole_yen():
    assert share_landed_cost(Decimal(100), [Decimal(1)] * 3, Decimal(1)) == [Decimal(33), Decimal(33), Decimal(34)]


def test_worthless_lines_have_no_basis_and_share_equally_with_a_warning():
    with pytest.raises(NoBasisToShareBy) as refused:
        share_landed_cost(Decimal("3.00"), [Decimal(0), Decimal(0)], CENT)
    assert refused.value.lines == 2
    shares = share_or_equal(Decimal("3.00"), [Decimal(0), Decimal(0)], CENT)
    assert shares.amounts == (Decimal("1.50"), Decimal("1.50"))
    assert shares.fell_back_to_equal
    assert not share_or_equal(Decimal("3.00"), [Decimal(1), Decimal(0)], CENT).fell_back_to_equal
    with pytest.raises(NoBasisToShareBy):
        share_or_equal(Decimal("3.00"), [], CENT)


def test_a_negative_basis_and_half_a_cent_are_refused():
    with pytest.raises(ValueError, match="negative"):
        share_landed_cost(Decimal("1.00"), [Decimal(2), Decimal(-1)], CENT)
    with pytest.raises(ValueError, match="whole number"):
        share_landed_cost(Decimal("1.005"), [Decimal(1)], CENT)


@given(amount=signed_cents, bases=bases)
def test_shares_add_up_and_none_but_the_largest_is_off_by_more_than_rounding(amount, bases):
    shares = share_or_equal(amount, bases, CENT)
    assert sum(shares.amounts) == amount
    if not shares.fell_back_to_equal:
        largest = max(range(len(bases)), key=lambda index: (bases[index], index))
        for index, (base, share) in enumerate(zip(bases, shares.amounts, strict=True)):
            if index != largest:
                assert share == round_money(amount * base / sum(bases), 2)


def test_the_share_of_what_was_already_issued_is_expensed():
    split = split_by_on_hand(Decimal("100.00"), qty_in=Decimal(3), qty_left=Decimal(1), minor_unit=CENT)
    assert (split.to_inventory, split.to_cost_of_sales) == (Decimal("33.33"), Decimal("66.67"))


def test_a_credit_takes_no_more_off_a_layer_than_it_holds():
    split = split_by_on_hand(Decimal("-100.00"), Decimal(2), Decimal(1), CENT, value_left=Decimal("30.00"))
    assert (split.to_inventory, split.to_cost_of_sales) == (Decimal("-30.00"), Decimal("-70.00"))


def test_no_more_can_be_left_of_a_receipt_than_came_in():
    with pytest.raises(ValueError, match="cannot be left"):
        split_by_on_hand(Decimal("1.00"), Decimal(1), Decimal(2), CENT)


def test_in_an_average_pool_the_oldest_units_count_as_gone():
    assert left_of_receipt(Decimal(10), came_in_later=Decimal(10), on_hand=Decimal(19)) == 9
    assert left_of_receipt(Decimal(10), came_in_later=Decimal(10), on_hand=Decimal(5)) == 0
    assert left_of_receipt(Decimal(10), came_in_later=Decimal(0), on_hand=Decimal(15)) == 10


@given(amount=signed_cents, qty_in=st.integers(1, 1000), gone=st.integers(0, 1000))
def test_both_parts_of_a_split_add_up(amount, qty_in, gone):
    split = split_by_on_hand(amount, Decimal(qty_in), Decimal(max(0, qty_in - gone)), CENT)
    assert split.to_inventory + split.to_cost_of_sales == amount
