"""Worked examples, one for each rule of costing."""

from decimal import Decimal as D
from fractions import Fraction

import pytest
from counting import Counting
from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.costing.errors import (
    BadEvent,
    NotEnoughStock,
    NothingToRevalue,
    ReturnsTooMuch,
    UnknownMethod,
    UnknownMove,
    ValueBelowZero,
)
from erp_desktop.costing.events import METHODS, Arrival, Event, Kind, Take
from erp_desktop.costing.scaled import part, scale
from erp_desktop.costing.stream import Stream
from erp_desktop.numbers import NumberNotExact, to_scaled


@pytest.mark.parametrize("method", METHODS)
def test_three_units_for_ten_leave_as_333_334_333(method):
    book = Counting(method, standard="3.333333")
    book.receive("in", "3", "10.00")
    assert [book.issue(name, "1") for name in "abc"] == [D("3.33"), D("3.34"), D("3.33")]
    assert book.on_hand() == (0, 0)


def test_yen_have_no_cents():
    book = Counting("moving_average", 0)
    book.receive("in", "3", "100")
    assert [book.issue(name, "1") for name in "abc"] == [D("33"), D("34"), D("33")]


def test_first_in_leaves_first_and_the_issue_says_which_layers_it_took():
    book = Counting("fifo")
    book.receive("old", "10", "100.00")
    book.receive("new", "10", "200.00")
    assert book.issue("sale", "15") == D("200.00")
    assert book.last.takes == [
        Take(0, (b"old", 0), 10_000_000, 10_000, b"sale", 0),
        Take(0, (b"new", 0), 5_000_000, 10_000, b"sale", 0),
    ]
    assert book.layers() == [("new", D("5"), D("100.00"))]


def test_last_in_leaves_first_and_what_customers_return_is_the_next_to_leave():
    book = Counting("lifo")
    book.receive("old", "10", "100.00")
    book.receive("new", "10", "200.00")
    assert book.issue("sale", "5") == D("100.00")
    book.take_back("back", "2", of="sale")
    assert [name for name, _, _ in book.layers()] == ["old", "new", "back"]
    assert book.issue("next", "3") == D("60.00")


def test_an_average_is_that_of_the_moment_and_keeps_no_layers():
    book = Counting("moving_average")
    book.receive("old", "10", "100.00")
    book.receive("new", "10", "200.00")
    assert book.issue("sale", "5") == D("75.00")
    assert (book.layers(), book.last.takes) == ([], [])


def test_a_months_average_settles_its_issues_when_the_month_ends():
    book = Counting("periodic_average")
    book.receive("opening", "10", "100.00")
    book.end_period()
    assert book.issue("sale", "10") == D("100.00")  # at the last average
    book.receive("dear", "10", "300.00")
    book.end_period()
    assert book.effects() == {"sale": D("100.00")}
    assert book.on_hand() == (10, D("200.00"))


def test_a_months_average_may_be_rounded_and_the_residue_stays_in_stock():
    book = Counting("periodic_average", unit_cost_places=2)
    book.receive("in", "3", "10.00")
    book.issue("sale", "2")
    book.end_period()
    assert book.on_hand() == (1, D("3.34"))


def test_what_customers_return_within_the_month_lessens_their_issue():
    book = Counting("periodic_average")
    book.receive("cheap", "10", "100.00")
    book.issue("sale", "5")
    book.take_back("back", "2", of="sale")
    book.receive("dear", "10", "300.00")
    book.end_period()
    assert book.effects() == {"sale": D("30.00")}  # three at 20.00 instead of 10.00
    assert book.on_hand() == (17, D("340.00"))


def test_goods_come_in_at_standard_and_the_rest_is_variance():
    book = Counting("standard", standard="8.15")
    assert book.receive("in", "6000", "48000.00") == D("48900.00")
    assert book.variance() == D("-900.00")
    assert book.issue("sale", "1000") == D("8150.00")
    book.add_freight("50.00", of="in")
    assert (book.variance(), book.on_hand()) == (D("50.00"), (5000, D("40750.00")))


def test_a_new_standard_revalues_what_is_on_hand():
    book = Counting("standard")
    book.receive("first", "10", "50.00")  # its unit cost becomes the standard
    book.set_standard("7")
    assert book.on_hand() == (10, D("70.00"))
    assert [change.amount for change in book.last.layer_changes] == [2000]


def test_plan_cost_shares_variances_among_issues_and_stock_by_one_rate():
    book = Counting("standard", standard="10", shares_variance=True)
    book.receive("in", "10", "120.00")
    book.issue("sale", "4")
    book.end_period()
    assert book.effects() == {"sale": D("8.00")}
    assert (book.variance(), book.stream.pools[0].variance) == (D("-8.00"), 1200)
    book.issue("rest", "6")
    book.end_period()
    assert (book.effects(), book.stream.pools[0].variance) == ({"rest": D("12.00")}, 0)


@pytest.mark.parametrize("method", METHODS)
def test_more_than_is_on_hand_is_refused(method):
    book = Counting(method)
    book.receive("in", "3", "10.00")
    with pytest.raises(NotEnoughStock) as refused:
        book.issue("sale", "4")
    short = refused.value
    assert (short.pool, short.key, short.on_hand, short.asked) == (0, b"sale", 3_000_000, 4_000_000)


@pytest.mark.parametrize("method", ["fifo", "lifo", "moving_average", "specific"])
def test_oversold_units_leave_at_the_last_known_cost_and_the_receipt_that_covers_them_trues_them_up(method):
    book = Counting(method, may_go_negative=True)
    book.receive("first", "10", "100.00")
    assert book.issue("sale", "15") == D("150.00")
    assert book.on_hand() == (-5, D("-50.00"))
    assert book.layers() == [("sale", D("-5"), D("-50.00"))]
    assert book.receive("second", "8", "96.00") == D("96.00")
    assert book.effects() == {"sale": D("10.00")}
    assert book.on_hand() == (3, D("36.00"))
    assert book.take_back("back", "15", of="sale") == D("160.00")


def test_what_is_still_short_after_a_receipt_is_not_estimated_again():
    book = Counting("fifo", may_go_negative=True, standard="8")
    book.issue("sale", "50")
    book.receive("first", "40", "600.00")
    assert book.effects() == {"sale": D("280.00")}
    assert book.on_hand() == (-10, D("-80.00"))
    book.receive("second", "20", "500.00")
    assert book.effects() == {"sale": D("170.00")}


def test_a_true_up_moves_the_edge_from_the_shortage_to_the_receipt():
    book = Counting("fifo", may_go_negative=True, standard="8")
    book.issue("sale", "5")
    book.receive("in", "5", "50.00")
    assert book.last.takes == [
        Take(0, (b"sale", 0), -5_000_000, -4000, b"sale", 0),
        Take(0, (b"in", 0), 5_000_000, 5000, b"sale", 0),
    ]


def test_a_return_to_the_supplier_leaves_from_the_named_receipt_while_it_lasts():
    book = Counting("fifo")
    book.receive("old", "10", "100.00")
    book.receive("new", "10", "200.00")
    assert book.send_back("back", "4", of="new") == D("80.00")
    assert book.send_back("again", "7", of="new") == D("130.00")  # six of its own, then one of the oldest
    assert book.layers() == [("old", D("9"), D("90.00"))]


def test_an_average_returns_at_the_receipts_own_cost_unless_that_empties_the_stock():
    book = Counting("moving_average")
    book.receive("old", "10", "100.00")
    book.receive("new", "10", "200.00")
    assert book.send_back("back", "5", of="new") == D("100.00")
    book.issue("sale", "10")
    assert book.send_back("last", "5", of="new") == D("66.67")
    assert book.on_hand() == (0, 0)


def test_an_average_returns_at_the_average_where_the_receipts_cost_is_not_there_any_more():
    book = Counting("moving_average")
    book.receive("dear", "10", "1000.00")
    book.receive("cheap", "30", "30.00")
    book.issue("sale", "35")
    assert book.send_back("back", "4", of="dear") == D("103.00")  # 4 of the 5 left, together worth 128.75


@pytest.mark.parametrize("method", ["fifo", "moving_average"])
def test_freight_is_kept_for_what_is_left_and_expensed_to_the_sales_that_took_the_rest(method):
    book = Counting(method)
    book.receive("in", "10", "100.00")
    book.issue("small", "1")
    book.issue("large", "2")
    book.add_freight("100.00", of="in")
    assert book.effects() == {"small": D("10.00"), "large": D("20.00")}
    assert book.on_hand() == (7, D("140.00"))
    assert book.take_back("back", "2", of="large") == D("40.00")


def test_a_credit_takes_no_more_off_a_layer_than_it_holds():
    book = Counting("fifo")
    book.receive("in", "2", "60.00")
    book.issue("sale", "1")
    book.add_freight("-100.00", of="in")
    assert (book.on_hand(), book.effects()) == ((1, D("0.00")), {"sale": D("-70.00")})


def test_freight_follows_goods_that_were_transferred_and_sold_elsewhere():
    book = Counting("fifo")
    book.open_pool(1, "fifo")
    book.receive("in", "10", "100.00")
    assert book.transfer("moved", "6", to_pool=1) == D("60.00")
    assert book.last.arrivals == [Arrival(0, 1, (b"moved", 0), 6_000_000, 6000)]
    book.issue("sale", "2", pool=1)
    book.add_freight("10.00", of="in")
    assert (book.on_hand(0), book.on_hand(1)) == ((4, D("44.00")), (4, D("44.00")))
    assert book.effects() == {"sale": D("2.00")}


def test_a_true_up_follows_what_was_transferred_and_is_a_variance_where_goods_are_at_standard():
    book = Counting("fifo", may_go_negative=True, standard="8")
    book.open_pool(1, "standard", standard="9")
    assert book.transfer("moved", "5", to_pool=1) == D("40.00")
    assert book.variance() == D("-5.00")
    book.receive("in", "5", "50.00")
    assert book.variance() == D("10.00")
    assert book.last.passed_on == {0: 1000}  # none of it is of the goods received
    assert (book.on_hand(0), book.on_hand(1)) == ((0, 0), (5, D("45.00")))


def test_a_transfer_moves_every_layer_at_its_own_cost():
    book = Counting("fifo")
    book.open_pool(1, "fifo")
    book.receive("old", "1", "5.00")
    book.receive("new", "1", "7.00")
    assert book.transfer("moved", "2", to_pool=1) == D("12.00")
    assert book.layers(1) == [("moved", D("1"), D("5.00")), ("moved", D("1"), D("7.00"))]


def test_goods_found_without_a_cost_come_in_at_current_cost():
    book = Counting("fifo")
    book.receive("old", "1", "10.00")
    book.receive("new", "1", "20.00")
    assert book.receive("found", "1") == D("15.00")
    book.issue("all", "3")
    assert book.receive("found later", "1") == D("15.00")  # the last known cost


def test_a_revaluation_is_spread_by_quantity():
    book = Counting("fifo")
    with pytest.raises(NothingToRevalue):
        book.revalue("1.00")
    book.receive("cheap", "10", "20.00")
    book.receive("dear", "10", "40.00")
    book.revalue("20.00")
    assert [value for _, _, value in book.layers()] == [D("30.00"), D("50.00")]
    with pytest.raises(ValueBelowZero):
        book.revalue("-70.00")


@pytest.mark.parametrize("after", METHODS)
@pytest.mark.parametrize("before", METHODS)
def test_a_change_of_method_keeps_the_value_to_the_cent(before, after):
    book = Counting(before, standard="10", shares_variance=True)
    book.receive("old", "3", "40.00")
    book.receive("new", "4", "35.00")
    book.issue("sale", "2")
    sold = D(0) - book.money(book.last.costs[0])
    book.change_method(after)
    sold += sum(book.effects().values())
    assert book.stream.pools[0].method == after
    assert book.on_hand() == (5, D("75.00") - sold)


def test_goods_that_an_average_had_merged_are_one_layer_when_layers_begin():
    book = Counting("moving_average")
    book.receive("old", "10", "100.00")
    book.receive("new", "10", "200.00")
    book.change_method("fifo")
    assert book.layers() == [("change", D("20"), D("300.00"))]
    book.issue("sale", "5")
    book.add_freight("20.00", of="new")  # its ten units are half of the merged ones, a quarter of which is sold
    assert book.effects() == {"sale": D("5.00")}
    assert book.on_hand() == (15, D("240.00"))


def test_an_issue_returned_piece_by_piece_gives_back_exactly_its_cost():
    book = Counting("fifo")
    book.receive("in", "3", "10.00")
    book.issue("sale", "3")
    assert [book.take_back(name, "1", of="sale") for name in "abc"] == [D("3.33"), D("3.34"), D("3.33")]
    with pytest.raises(ReturnsTooMuch):
        book.take_back("d", "1", of="sale")


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        (Event(b"x", Kind.CUSTOMER_RETURN, 0, 1, None, b"nobody"), UnknownMove),
        (Event(b"x", Kind.LATE_VALUE, 0, 0, 1, b"nobody"), UnknownMove),
        (Event(b"x", Kind.LATE_VALUE, 0, 0, 1), UnknownMove),
        (Event(b"x", Kind.ISSUE, 0, 0), BadEvent),
        (Event(b"x", Kind.RECEIPT, 0, -1, 1), BadEvent),
        (Event(b"x", Kind.RECEIPT, 0, 1, -1), BadEvent),
        (Event(b"x", Kind.REVALUATION, 0), BadEvent),
        (Event(b"x", Kind.STANDARD_COST, 0, 0, 0), BadEvent),
        (Event(b"x", Kind.METHOD, 0, 0, 6), BadEvent),
        (Event(b"x", 77, 0, 0, 6), BadEvent),
    ],
    ids=str,
)
def test_an_event_that_makes_no_sense_is_told_not_guessed(event, fault):
    stream = Stream(2)
    stream.open_pool(0, "fifo")
    with pytest.raises(fault) as told:
        stream.run([Event(b"in", Kind.RECEIPT, 0, 1, 1), event])
    assert told.value.key == b"x"


def test_an_unknown_method_is_refused_by_name():
    with pytest.raises(UnknownMethod, match="'hifo'"):
        Stream(2).open_pool(0, "hifo")


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
