from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from histories import amounts, quantities
from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.costing.pool import (
    CostPool,
    Layer,
    NotEnoughStock,
    NothingToRevalue,
    Take,
    UnknownMethod,
    ValueBelowZero,
    cost_of_return,
    open_pool,
)
from erp_desktop.costing.replay import Move, MoveKind, replay
from erp_desktop.numbers import NumberNotExact

RECEIPT_1, RECEIPT_2, RECEIPT_3, ISSUE_1, ISSUE_2 = (UUID(int=number) for number in range(1, 6))
METHODS = ["fifo", "moving_average"]
FIRST_OF_MAY = date(2026, 5, 1)


def D(text: str) -> Decimal:
    return Decimal(text)


def pool_of(method: str, *receipts: tuple[str, str], places: int = 2) -> CostPool:
    """A pool with receipts of (quantity, value), keyed RECEIPT_1, RECEIPT_2 and so on."""
    pool = open_pool(method, places)
    for number, (qty, value) in enumerate(receipts, start=1):
        pool.receive(UUID(int=number), number, D(qty), D(value))
    return pool


@pytest.mark.parametrize("method", METHODS)
def test_three_units_for_ten_leave_as_333_334_333(method):
    pool = pool_of(method, ("3", "10.00"))
    assert [pool.issue(D("1")).value for _ in range(3)] == [D("3.33"), D("3.34"), D("3.33")]
    assert (pool.on_hand, pool.value) == (0, 0)


def test_first_in_leaves_first_and_the_issue_says_which_layers_it_took():
    pool = pool_of("fifo", ("10", "100.00"), ("10", "200.00"))
    issued = pool.issue(D("15"))
    assert issued.value == D("200.00")
    assert issued.takes == (Take(RECEIPT_1, D("10"), D("100.00")), Take(RECEIPT_2, D("5"), D("100.00")))
    assert pool.layers == (Layer(RECEIPT_2, 2, D("5"), D("100.00")),)


def test_receipts_join_the_one_layer_of_an_average_pool():
    pool = open_pool("moving_average", 2)
    first = pool.receive(RECEIPT_1, 1, D("10"), D("100.00"))
    second = pool.receive(RECEIPT_2, 2, D("10"), D("200.00"))
    assert first.opened
    assert not second.opened
    assert second.layer == Layer(RECEIPT_1, 1, D("20"), D("300.00"))
    assert pool.issue(D("5")).value == D("75.00")


def test_an_average_pool_that_was_emptied_opens_a_new_layer():
    pool = pool_of("moving_average", ("2", "10.00"))
    pool.issue(D("2"))
    assert pool.receive(RECEIPT_2, 2, D("1"), D("7.00")).opened
    assert [layer.key for layer in pool.layers] == [RECEIPT_2]


def test_layers_are_taken_in_the_order_they_were_given_in():
    back_dated = Layer(RECEIPT_3, 3, D("1"), D("5.00"))
    pool = open_pool("fifo", 2, [back_dated, Layer(RECEIPT_1, 1, D("1"), D("9.00"))])
    assert pool.issue(D("1")).value == D("5.00")


@pytest.mark.parametrize("method", METHODS)
def test_more_than_is_on_hand_is_refused_and_nothing_has_changed(method):
    pool = pool_of(method, ("3", "10.00"))
    with pytest.raises(NotEnoughStock) as refused:
        pool.issue(D("4"))
    assert (refused.value.on_hand, refused.value.asked) == (3, 4)
    assert (pool.on_hand, pool.value) == (D("3"), D("10.00"))


@pytest.mark.parametrize("method", METHODS)
def test_oversold_units_leave_at_the_last_known_cost_and_are_trued_up_by_the_receipt_that_covers_them(method):
    pool = pool_of(method, ("10", "100.00"))
    issued = pool.issue(D("15"), key=ISSUE_1, seq=4, allow_negative=True)
    assert issued.value == D("150.00")
    assert issued.takes[-1] == Take(ISSUE_1, D("5"), D("50.00"))
    assert (pool.on_hand, pool.value) == (D("-5"), D("-50.00"))

    received = pool.receive(RECEIPT_2, 5, D("8"), D("96.00"))
    (true_up,) = received.true_ups
    assert (true_up.issue_key, true_up.qty, true_up.amount) == (ISSUE_1, D("5"), D("10.00"))
    assert received.layer == Layer(RECEIPT_2, 5, D("3"), D("36.00"))
    assert (pool.on_hand, pool.value) == (D("3"), D("36.00"))


def test_what_is_still_short_after_a_receipt_is_not_estimated_again():
    pool = open_pool("fifo", 2, last_unit_cost=D("8"))
    pool.issue(D("50"), key=ISSUE_1, seq=1, allow_negative=True)
    first = pool.receive(RECEIPT_1, 2, D("40"), D("600.00"))
    assert first.layer.qty == 0
    assert (pool.on_hand, pool.value) == (D("-10"), D("-80.00"))
    second = pool.receive(RECEIPT_2, 3, D("20"), D("500.00"))
    assert [up.amount for up in (*first.true_ups, *second.true_ups)] == [D("280.00"), D("170.00")]


def test_an_issue_that_may_go_negative_has_to_name_itself():
    with pytest.raises(ValueError, match="needs its key"):
        open_pool("fifo", 2).issue(D("1"), allow_negative=True)


def test_a_return_to_the_supplier_leaves_from_the_named_receipt():
    pool = pool_of("fifo", ("10", "100.00"), ("10", "200.00"))
    assert pool.return_to_supplier(RECEIPT_2, D("4")).value == D("80.00")
    assert pool.return_to_supplier(RECEIPT_2, D("7")).value == D("130.00")  # six of its own, then one of the oldest
    assert pool.layers == (Layer(RECEIPT_1, 1, D("9"), D("90.00")),)


def test_an_average_returns_at_the_receipts_own_cost_unless_that_empties_the_stock():
    pool = pool_of("moving_average", ("10", "100.00"), ("10", "200.00"))
    returned = pool.return_to_supplier(RECEIPT_2, D("5"), receipt_qty=D("10"), receipt_value=D("200.00"))
    assert returned.value == D("100.00")
    assert pool.value == D("200.00")
    pool.issue(D("10"))
    last = pool.return_to_supplier(RECEIPT_2, D("5"), receipt_qty=D("10"), receipt_value=D("200.00"))
    assert last.value == D("66.67")
    assert (pool.on_hand, pool.value) == (0, 0)


def test_an_average_returns_at_the_average_where_the_receipts_cost_is_not_there_any_more():
    pool = pool_of("moving_average", ("10", "1000.00"), ("30", "30.00"))
    pool.issue(D("35"))
    returned = pool.return_to_supplier(RECEIPT_1, D("4"), receipt_qty=D("10"), receipt_value=D("1000.00"))
    assert returned.value == D("103.00")  # 4 of the 5 left, together worth 128.75
    assert pool.value == D("25.75")


def test_changed_layers_name_what_is_new_changed_and_emptied():
    pool = open_pool("fifo", 2, [Layer(UUID(int=number), number, D("1"), D("5.00")) for number in (1, 2, 3)])
    assert pool.changed_layers() == ()
    pool.issue(D("1.5"))
    pool.receive(ISSUE_1, 4, D("1"), D("6.00"))
    assert {(layer.key, layer.qty, layer.value) for layer in pool.changed_layers()} == {
        (RECEIPT_1, D("0"), D("0.00")),
        (RECEIPT_2, D("0.5"), D("2.50")),
        (ISSUE_1, D("1"), D("6.00")),
    }


def test_value_may_be_added_to_a_layer_but_not_to_one_that_is_gone():
    pool = pool_of("fifo", ("1", "5.00"), ("2", "10.00"))
    pool.issue(D("1"))
    assert pool.revalue(RECEIPT_2, D("1.00")).value == D("11.00")
    with pytest.raises(NothingToRevalue):
        pool.revalue(RECEIPT_1, D("1.00"))
    with pytest.raises(ValueBelowZero):
        pool.revalue(RECEIPT_2, D("-11.01"))


def test_a_revaluation_is_spread_by_quantity():
    pool = pool_of("fifo", ("10", "20.00"), ("10", "40.00"))
    assert [layer.value for layer in pool.revalue_all(D("20.00"))] == [D("30.00"), D("50.00")]
    with pytest.raises(NothingToRevalue):
        open_pool("fifo", 2).revalue_all(D("1.00"))
    with pytest.raises(ValueBelowZero):
        pool.revalue_all(D("-70.00"))
    assert pool.value == D("80.00")


def test_found_goods_are_worth_the_average_on_hand_or_the_last_known_cost():
    pool = pool_of("fifo", ("1", "10.00"), ("1", "20.00"))
    assert pool.current_cost(D("2")) == D("30.00")
    assert pool.unit_cost == D("15")
    pool.issue(D("2"))
    assert pool.current_cost(D("1")) == D("20.00")
    assert pool.unit_cost == pool.last_unit_cost == D("20")
    assert open_pool("fifo", 2).unit_cost is None


@pytest.mark.parametrize(
    ("qty", "value", "error"),
    [("0", "1.00", ValueError), ("-1", "1.00", ValueError), ("1", "-1.00", ValueError), ("1", "0.001", NumberNotExact)],
)
def test_a_receipt_moves_something_and_is_worth_whole_cents(qty, value, error):
    with pytest.raises(error):
        open_pool("fifo", 2).receive(RECEIPT_1, 1, D(qty), D(value))


def test_quantities_finer_than_six_places_and_not_numbers_are_refused():
    for odd in ("0.0000001", "NaN", "Infinity", "1E+40"):
        with pytest.raises(NumberNotExact):
            open_pool("fifo", 2).issue(D(odd))


def test_an_unknown_method_is_refused_by_name():
    with pytest.raises(UnknownMethod, match="'lifo'"):
        open_pool("lifo", 2)


def test_yen_have_no_cents():
    pool = pool_of("moving_average", ("3", "100"), places=0)
    assert [pool.issue(D("1")).value for _ in range(3)] == [D("33"), D("34"), D("33")]


@given(cost=amounts(2), pieces=st.lists(quantities, min_size=1, max_size=8))
def test_an_issue_returned_piece_by_piece_gives_back_exactly_its_cost(cost, pieces):
    issue_qty = sum(pieces)
    back_qty, back_value = Decimal(0), Decimal(0)
    for piece in pieces:
        back_value += cost_of_return(cost, issue_qty, back_qty, back_value, piece, 2)
        back_qty += piece
    assert back_value == cost


def test_no_more_comes_back_than_went_out():
    with pytest.raises(ValueError, match="that are still out"):
        cost_of_return(D("10.00"), D("3"), D("2"), D("6.67"), D("2"), 2)


@pytest.mark.parametrize("method", METHODS)
@given(steps=st.lists(st.tuples(st.booleans(), quantities, amounts(2)), max_size=25))
def test_one_move_after_the_other_costs_what_a_replay_of_them_all_costs(method, steps):
    """Each move opens the pool from what the one before had left, as the central action does from its rows."""
    layers, last, on_hand = (), None, Decimal(0)
    moves, costs = [], []
    for number, (is_receipt, qty, value) in enumerate(steps, start=1):
        key = UUID(int=number)
        pool = open_pool(method, 2, layers, last)
        if is_receipt:
            received = pool.receive(key, number, qty, value)
            moves.append(Move(key, MoveKind.RECEIPT, FIRST_OF_MAY, number, qty, value))
            costs.append(value - sum(up.amount for up in received.true_ups))
            on_hand += qty
        else:
            issued = pool.issue(qty, key=key, seq=number, allow_negative=True)
            moves.append(Move(key, MoveKind.ISSUE, FIRST_OF_MAY, number, qty))
            costs.append(-issued.value)
            on_hand -= qty
        layers, last = pool.layers, pool.last_unit_cost
        assert pool.on_hand == on_hand
        assert pool.value == sum(costs)
    whole = replay(moves, method, 2, allow_negative=True)
    assert whole.layers == tuple(layers)
    assert whole.value == sum(costs)
