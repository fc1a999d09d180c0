"""Sharing costs to serve: shares add up to the cent, and storage in m3-days is what counting day by day gives."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.costing.cost_to_serve import (
    Cost,
    Served,
    share_costs,
    share_exactly,
    stays,
    storage_at_standard,
    volume_days,
)

CENT = Decimal("0.01")
FIRST, LAST = date(2026, 2, 1), date(2026, 2, 28)
SHOP, MARKET = UUID(int=1), UUID(int=2)
TEA, CUP = UUID(int=11), UUID(int=12)
NORTH, SOUTH = UUID(int=21), UUID(int=22)

days = st.dates(FIRST - timedelta(days=5), LAST + timedelta(days=5))
quantities = st.decimals(-1000, 1000, places=6)
histories = st.dictionaries(days, quantities, max_size=12)


def on_hand_at_the_end_of(day, opening, changes):
    return opening + sum((qty for moved_on, qty in changes.items() if FIRST <= moved_on <= day), Decimal(0))


def every_day():
    return (FIRST + timedelta(days=passed) for passed in range((LAST - FIRST).days + 1))


@given(quantities, histories, st.decimals(0, 10, places=6))
def test_volume_days_are_what_counting_day_by_day_gives(opening, changes, volume):
    counted = sum((max(on_hand_at_the_end_of(day, opening, changes), 0) * volume for day in every_day()), Decimal(0))
    assert volume_days(stays(opening, changes, FIRST, LAST), volume) == counted


@given(quantities, histories, st.dictionaries(days, st.decimals(0, 100, places=6), max_size=4))
def test_storage_at_standard_takes_the_rate_of_each_day(opening, changes, rates):
    counted = Decimal(0)
    for day in every_day():
        begun = [begin for begin in rates if begin <= day]
        if begun:
            counted += max(on_hand_at_the_end_of(day, opening, changes), 0) * rates[max(begun)] * 2
    assert storage_at_standard(stays(opening, changes, FIRST, LAST), Decimal(2), rates) == counted


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**30), min_size=1, max_size=40).filter(any))
def test_shares_add_up_and_none_is_a_unit_off(amount, weights):
    shares = share_exactly(amount, weights)
    assert sum(shares) == amount
    total = sum(weights)
    assert all(abs(share * total - amount * weight) < total for share, weight in zip(shares, weights, strict=True))


names = st.sampled_from([None, TEA, CUP])
used = st.builds(
    Served,
    product_id=names,
    order_id=st.sampled_from([UUID(int=31), UUID(int=32)]),
    channel_id=st.sampled_from([SHOP, MARKET]),
    warehouse_id=st.sampled_from([NORTH, SOUTH]),
)
costs_of_a_period = st.lists(
    st.builds(
        Cost,
        amount=st.decimals(-100_000, 100_000, places=2),
        product_id=names,
        channel_id=st.sampled_from([None, SHOP, MARKET]),
        warehouse_id=st.sampled_from([None, NORTH, SOUTH]),
    ),
    max_size=8,
)


@given(costs_of_a_period, st.dictionaries(used, st.fractions(0, 1000, max_denominator=12), max_size=12))
def test_what_is_shared_and_what_is_not_allocated_is_all_of_the_costs(costs, uses):
    shares = share_costs(costs, uses, CENT)
    assert sum(share.amount for share in shares) == sum(cost.amount for cost in costs)
    for channel in (SHOP, MARKET):
        if all(cost.channel_id is not None for cost in costs):  # a channel's fees stay in that channel
            of_channel = sum(share.amount for share in shares if share.served.channel_id == channel)
            assert of_channel == sum(cost.amount for cost in costs if cost.channel_id == channel)


def test_a_third_each_gives_the_odd_cent_to_the_first():
    assert share_exactly(100_00, [1, 1, 1]) == [33_34, 33_33, 33_33]


def test_small_shares_do_not_pile_their_rest_on_one():
    """Forty cents over a hundred parcels: forty of them bear a cent, none bears forty."""
    shares = share_exactly(40, [1] * 100)
    assert max(shares) == 1


def test_nothing_to_share_by_is_said():
    with pytest.raises(ValueError, match="nothing to share by"):
        share_exactly(100, [0, 0])
    (left,) = share_costs([Cost(Decimal("12.34"))], {}, CENT)
    assert (left.amount, left.is_allocated) == (Decimal("12.34"), False)


def test_a_cost_that_names_its_product_falls_on_it_even_where_nothing_was_shipped():
    (share,) = share_costs([Cost(Decimal(5), product_id=CUP)], {Served(product_id=TEA): Fraction(1)}, CENT)
    assert (share.served.product_id, share.is_allocated) == (CUP, True)


def test_storage_of_a_channel_is_shared_over_what_lies_there_and_stays_the_channels():
    (share,) = share_costs([Cost(Decimal(5), channel_id=MARKET)], {Served(product_id=TEA): Fraction(3)}, CENT)
    assert share.served == Served(product_id=TEA, channel_id=MARKET)


def test_goods_that_come_and_leave_on_one_day_are_not_stored():
    assert volume_days(stays(Decimal(0), {FIRST: Decimal(0)}, FIRST, LAST), Decimal(1)) == 0
    assert volume_days(stays(Decimal(0), {LAST: Decimal(2)}, FIRST, LAST), Decimal("0.5")) == 1
