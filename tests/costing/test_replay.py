from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.costing.pool import Layer, NotEnoughStock
from erp_desktop.costing.replay import Move, MoveKind, MoveNotReplayable, differences, replay
from erp_desktop.costing.scaled import part, scale
from erp_desktop.numbers import NumberNotExact, to_scaled

RECEIPT_1, SALE_1, RECEIPT_2, SALE_2, LATE, LATER = (UUID(int=number) for number in range(1, 7))


def D(text: str) -> Decimal:
    return Decimal(text)


def january(day: int) -> date:
    return date(2026, 1, day)


def receipt(key: UUID, day: int, qty: str, value: str | None, seq: int = 0) -> Move:
    return Move(key, MoveKind.RECEIPT, january(day), seq, D(qty), None if value is None else D(value))


def issue(key: UUID, day: int, qty: str, seq: int = 0) -> Move:
    return Move(key, MoveKind.ISSUE, january(day), seq, D(qty))


BOOKED = [receipt(RECEIPT_1, 1, "10", "100.00"), receipt(RECEIPT_2, 16, "10", "300.00"), issue(SALE_2, 21, "10")]


def test_a_sale_dated_back_takes_the_older_layer_and_the_booked_sale_gets_the_dearer_one():
    before = replay(BOOKED, "fifo", 2)
    after = replay([*BOOKED, issue(SALE_1, 11, "10", seq=4)], "fifo", 2)
    assert after.cost(SALE_1) == D("-100.00")
    (changed,) = differences(before, after)
    assert (changed.key, changed.before, changed.after, changed.amount) == (
        SALE_2,
        D("-100.00"),
        D("-300.00"),
        D("-200.00"),
    )


def test_moves_of_one_day_count_in_the_order_of_entry():
    morning, evening = receipt(RECEIPT_1, 2, "1", "5.00", seq=1), receipt(RECEIPT_2, 2, "1", "7.00", seq=2)
    found = replay([issue(SALE_1, 2, "1", seq=3), evening, morning], "fifo", 2)
    assert found.cost(SALE_1) == D("-5.00")


def test_a_sale_dated_before_there_was_stock_is_refused():
    with pytest.raises(NotEnoughStock):
        replay([*BOOKED, issue(SALE_1, 11, "11")], "fifo", 2)


def test_landed_cost_is_kept_for_what_is_left_and_expensed_for_what_was_sold():
    freight = Move(LATE, MoveKind.LANDED_COST, january(5), 0, value=D("100.00"), of=RECEIPT_1)
    for method in ("fifo", "moving_average"):
        found = replay([receipt(RECEIPT_1, 1, "10", "100.00"), issue(SALE_1, 2, "3"), freight], method, 2)
        assert found.expensed == {LATE: D("30.00")}
        assert found.cost(LATE) == D("70.00")
        assert found.value == D("140.00")


def test_a_return_comes_back_at_what_an_oversold_sale_cost_after_all():
    sold_short = issue(SALE_1, 1, "10")
    covered = receipt(RECEIPT_1, 2, "10", "20.00")
    back = Move(LATE, MoveKind.CUSTOMER_RETURN, january(3), 0, D("10"), of=SALE_1)
    found = replay([sold_short, covered, back], "moving_average", 2, last_unit_cost=D("1"), allow_negative=True)
    assert found.cost(SALE_1) == D("-10.00")
    assert found.settled(SALE_1) == D("-20.00")
    assert found.value == found.cost(LATE) == D("20.00")


def test_goods_found_without_a_cost_come_in_at_the_average_on_hand():
    found = replay([*BOOKED[:2], receipt(LATE, 17, "1", None)], "fifo", 2)
    assert found.cost(LATE) == D("20.00")


def test_a_revaluation_may_name_a_receipt():
    revalued = Move(LATE, MoveKind.REVALUATION, january(17), 0, value=D("-50.00"), of=RECEIPT_2)
    assert [layer.value for layer in replay([*BOOKED[:2], revalued], "fifo", 2).layers] == [D("100.00"), D("250.00")]


def test_a_return_of_an_issue_before_the_checkpoint_brings_its_own_value():
    back = Move(LATE, MoveKind.CUSTOMER_RETURN, january(3), 5, D("1"), D("7.77"), of=SALE_1)
    found = replay([back], "fifo", 2, start=[Layer(RECEIPT_1, 1, D("2"), D("9.00"))])
    assert [(layer.key, layer.value) for layer in found.layers] == [(RECEIPT_1, D("9.00")), (LATE, D("7.77"))]


@pytest.mark.parametrize(
    "move",
    [
        Move(LATE, MoveKind.CUSTOMER_RETURN, january(30), 0, D("1"), of=LATER),
        Move(LATE, MoveKind.CUSTOMER_RETURN, january(30), 0, D("11"), of=SALE_2),
        Move(LATE, MoveKind.LANDED_COST, january(30), 0, value=D("1.00"), of=LATER),
        Move(LATE, MoveKind.REVALUATION, january(30), 0),
        Move(LATE, MoveKind.ISSUE, january(30), 0),
    ],
    ids=[
        "return of an unknown issue",
        "more back than out",
        "freight of an unknown receipt",
        "no value",
        "no quantity",
    ],
)
def test_a_move_that_refers_to_nothing_is_told_not_guessed(move):
    with pytest.raises(MoveNotReplayable):
        replay([*BOOKED, move], "fifo", 2)


@given(
    value=st.integers(-(10**12), 10**12),
    qty=st.integers(0, 10**9),
    total=st.integers(1, 10**9),
    sign=st.sampled_from([1, -1]),
)
def test_a_part_is_rounded_half_up_away_from_zero(value, qty, total, sign):
    exact = Fraction(value * qty, total * sign)
    rounded = part(value, qty, total * sign)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


@given(value=st.one_of(st.decimals(allow_nan=True), st.decimals(-(10**15), 10**15, places=6)), places=st.integers(0, 6))
def test_scaling_is_exact_or_refused_just_as_everywhere(value, places):
    try:
        expected = to_scaled(value, places)
    except NumberNotExact:
        with pytest.raises(NumberNotExact):
            scale(value, places)
    else:
        assert scale(value, places) == expected
