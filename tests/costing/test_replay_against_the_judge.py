"""Every method gives what the slow judge gives, and loses no cent, over random histories."""

from decimal import Decimal
from fractions import Fraction

import pytest
from histories import histories
from hypothesis import given
from hypothesis import strategies as st
from slow_judge import SlowPool

from erp_desktop.costing.replay import Move, MoveKind, Replay, differences, replay

METHODS = ["fifo", "moving_average"]


def judged(moves: list[Move], method: str, places: int) -> SlowPool:
    pool = SlowPool(is_average=method == "moving_average", minor_per_currency=10**places)
    for move in moves:
        qty = Fraction(move.qty)
        value = None if move.value is None else int(move.value.scaleb(places))
        match move.kind:
            case MoveKind.RECEIPT:
                pool.receive(move.key, qty, pool.current_cost(qty) if value is None else value)
            case MoveKind.ISSUE:
                pool.issue(move.key, qty)
            case MoveKind.CUSTOMER_RETURN:
                pool.customer_return(move.key, move.of, qty)
            case MoveKind.SUPPLIER_RETURN:
                pool.supplier_return(move.key, move.of, qty)
            case MoveKind.LANDED_COST:
                pool.landed_cost(move.key, move.of, value)
            case MoveKind.REVALUATION:
                pool.revalue(move.key, value)
    return pool


def signed_costs(found: Replay, moves: list[Move], places: int) -> dict:
    outgoing = (MoveKind.ISSUE, MoveKind.SUPPLIER_RETURN)
    return {
        move.key: int(found.settled(move.key).scaleb(places)) * (-1 if move.kind in outgoing else 1) for move in moves
    }


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
def test_replay_costs_every_move_as_the_judge_does(method, data):
    places = data.draw(st.sampled_from([0, 2, 3, 4]))
    moves = data.draw(histories(places))
    found, expected = replay(moves, method, places, allow_negative=True), judged(moves, method, places)
    assert signed_costs(found, moves, places) == expected.cost
    assert found.on_hand == Decimal(expected.on_hand().numerator) / expected.on_hand().denominator
    assert found.value == Decimal(expected.value()).scaleb(-places)
    assert [(layer.key, Fraction(layer.qty), int(layer.value.scaleb(places))) for layer in found.layers] == [
        tuple(layer) for layer in expected.layers
    ]
    assert {key: int(amount.scaleb(places)) for key, amount in found.expensed.items()} == expected.expensed


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
def test_value_in_is_value_out_and_on_hand_after_every_single_move(method, data):
    moves = data.draw(histories())
    for count in range(1, len(moves) + 1):
        found = replay(moves[:count], method, 2, allow_negative=True)
        assert sum(found.costs().values()) == found.value
        assert sum(layer.value for layer in found.layers) == found.value
        assert sum(layer.qty for layer in found.layers) == found.on_hand
        assert all(layer.qty != 0 for layer in found.layers)
        if found.on_hand == 0:
            assert found.value == 0


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
def test_stock_that_never_runs_short_is_never_worth_less_than_nothing(method, data):
    moves = data.draw(histories(may_go_negative=False))
    for count in range(1, len(moves) + 1):
        found = replay(moves[:count], method, 2)
        assert all(layer.qty > 0 and layer.value >= 0 for layer in found.layers)


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
def test_the_edges_of_an_issue_add_up_to_what_it_moved_and_cost(method, data):
    moves = data.draw(histories())
    found = replay(moves, method, 2, allow_negative=True)
    for move in moves:
        if move.kind in (MoveKind.ISSUE, MoveKind.SUPPLIER_RETURN):
            edges = [edge for edge in found.edges() if edge.issue_key == move.key]
            assert sum(edge.qty for edge in edges) == move.qty
            assert sum(edge.value for edge in edges) == -found.settled(move.key)


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
def test_moves_count_by_date_whatever_the_order_they_were_entered_in(method, data):
    moves = data.draw(histories())
    entered = data.draw(st.permutations(moves))
    assert (
        replay(entered, method, 2, allow_negative=True).costs() == replay(moves, method, 2, allow_negative=True).costs()
    )


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
def test_a_replay_may_start_from_what_was_left_at_a_checkpoint(method, data):
    moves = data.draw(histories())
    at = data.draw(st.integers(0, len(moves)))
    first, rest = moves[:at], moves[at:]
    known = {move.key for move in rest}
    if any(move.of is not None and move.of not in known for move in rest):
        return  # what refers to before the checkpoint is the caller's to settle
    whole = replay(moves, method, 2, allow_negative=True)
    begun = replay(first, method, 2, allow_negative=True)
    resumed = replay(rest, method, 2, begun.layers, begun.last_unit_cost, allow_negative=True)
    assert resumed.layers == whole.layers
    assert all(resumed.settled(move.key) == whole.settled(move.key) for move in rest)


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
def test_the_differences_a_late_move_makes_explain_the_new_value_to_the_cent(method, data):
    moves = data.draw(histories())
    referred = {move.of for move in moves}
    candidates = [
        move for move in moves if move.key not in referred and move.kind in (MoveKind.RECEIPT, MoveKind.ISSUE)
    ]
    revalued = any(move.kind is MoveKind.REVALUATION for move in moves)
    if not candidates or revalued:
        return  # a revaluation is of the stock that was there: a move entered behind it is refused
    late = data.draw(st.sampled_from(candidates))
    before = replay([move for move in moves if move is not late], method, 2, allow_negative=True)
    after = replay(moves, method, 2, allow_negative=True)
    changed = sum(difference.amount for difference in differences(before, after))
    assert after.value - before.value == changed + after.settled(late.key)
