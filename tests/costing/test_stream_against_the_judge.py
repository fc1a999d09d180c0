"""Every method gives what the slow judge gives, and loses no cent, over random histories.

COSTING_EXAMPLES sets how many histories per method: 20000 in a long run.
"""

from fractions import Fraction

import pytest
from histories import EXAMPLES, ONE, histories
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slow_judge import Judge

from erp_desktop.costing import errors
from erp_desktop.costing.events import METHODS, Kind, Result
from erp_desktop.costing.scaled import part
from erp_desktop.costing.stream import Stream

often = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
seldom = settings(max_examples=max(20, EXAMPLES // 4), suppress_health_check=list(HealthCheck))


def in_units(result: Result) -> dict:
    return {
        "costs": result.costs,
        "takes": [(t.event, t.layer, Fraction(t.qty, ONE), t.value, t.issue, t.pool) for t in result.takes],
        "effects": [tuple(effect) for effect in result.effects],
        "layer changes": [tuple(change) for change in result.layer_changes],
        "variances": {event: amount for event, amount in result.variances.items() if amount},
    }


def as_judged(judge: Judge) -> dict:
    return {
        "costs": judge.costs,
        "takes": judge.takes,
        "effects": judge.effects,
        "layer changes": judge.layer_changes,
        "variances": {event: amount for event, amount in judge.variances.items() if amount},
    }


def held(stream: Stream) -> list:
    return [
        (
            pool.method,
            Fraction(pool.qty, ONE),
            pool.value,
            [(key, Fraction(qty, ONE), value) for key, qty, value in pool.layers()],
            None if pool.last_unit_cost is None else Fraction(pool.last_unit_cost, ONE),
        )
        for _, pool in sorted(stream.pools.items())
    ]


def held_as_judged(judge: Judge) -> list:
    return [
        (pool.method, pool.qty(), pool.value(), pool.layers(), judge.last_unit_cost(pool))
        for _, pool in sorted(judge.pools.items())
    ]


@pytest.mark.parametrize("method", METHODS)
@often
@given(data=st.data())
def test_a_stream_counts_every_event_as_the_judge_does(method, data):
    history = data.draw(histories(method))
    judge, counted, refused = history.judged()
    stream = history.stream()
    result = stream.run(history.events[:counted])
    assert in_units(result) == as_judged(judge)
    assert held(stream) == held_as_judged(judge)
    if refused is not None:
        with pytest.raises(getattr(errors, refused)):
            history.stream().run(history.events)


@pytest.mark.parametrize("method", METHODS)
@often
@given(data=st.data())
def test_value_in_is_value_out_on_hand_and_expensed_after_every_single_move(method, data):
    history = data.draw(histories(method))
    events = history.countable()
    stream = history.stream()
    stream.expect(event.of for event in events if event.of is not None)
    issues: dict[bytes, list[int]] = {}  # settled, quantity, returned quantity, returned value
    came_in = went_out = variances = 0
    for event in events:
        result = stream.run([event])
        cost = result.costs[0]
        variances += sum(result.variances.values())
        expensed = sum(effect.to_cost_of_sales for effect in result.effects)
        went_out += expensed
        if event.kind in (Kind.ISSUE, Kind.SUPPLIER_RETURN):
            went_out -= cost
            issues[event.key] = [-cost, event.qty, 0, 0]
        elif event.kind == Kind.CUSTOMER_RETURN and event.of is not None:
            settled, qty, back_qty, back_value = issues[event.of]
            value = max(0, part(settled - back_value, event.qty, qty - back_qty))
            issues[event.of][2:] = back_qty + event.qty, back_value + value
            went_out -= value
        elif event.kind in (Kind.RECEIPT, Kind.CUSTOMER_RETURN):
            came_in += cost if event.value is None else event.value
        elif event.kind in (Kind.LATE_VALUE, Kind.REVALUATION):
            came_in += event.value
        elif event.kind == Kind.STANDARD_COST:
            came_in += sum(change.amount for change in result.layer_changes)
        for effect in result.effects:
            if effect.target in issues:
                issues[effect.target][0] += effect.to_cost_of_sales
        assert came_in == sum(pool.value for pool in stream.pools.values()) + went_out + variances
        for pool in stream.pools.values():
            assert pool.qty or not pool.value
            assert pool.allow_negative or pool.qty >= 0
            assert pool.qty <= 0 or pool.value >= 0
            layers = pool.layers()
            assert all(qty and (value >= 0 if qty > 0 else value <= 0) for _, qty, value in layers)
            if pool.has_layers or pool.qty < 0:
                assert (sum(row[1] for row in layers), sum(row[2] for row in layers)) == (pool.qty, pool.value)


@pytest.mark.parametrize("method", METHODS)
@seldom
@given(data=st.data())
def test_the_edges_of_an_issue_add_up_to_what_it_moved_and_cost(method, data):
    history = data.draw(histories(method))
    events = history.countable()
    result = history.stream().run(events)
    true_ups = {}
    for effect in result.effects:
        if events[effect.event].kind not in (Kind.LATE_VALUE, Kind.PERIOD_END, Kind.METHOD) and effect.to_inventory:
            true_ups[effect.target] = true_ups.get(effect.target, 0) - effect.to_inventory
    for place, event in enumerate(events):
        edges = [take for take in result.takes if take.issue == event.key]
        if edges and not any(other.kind == Kind.METHOD and other.pool == event.pool for other in events):
            assert sum(edge.qty for edge in edges) == event.qty
            assert sum(edge.value for edge in edges) == -result.costs[place] + true_ups.get(event.key, 0)


@pytest.mark.parametrize("method", METHODS)
@seldom
@given(data=st.data())
def test_counting_without_edges_or_one_event_at_a_time_changes_no_figure(method, data):
    history = data.draw(histories(method))
    events = history.countable()
    whole, without = history.stream(), history.stream()
    result = whole.run(events)
    assert in_units(without.run(events, with_takes=False)) == {**in_units(result), "takes": []}
    stepwise = history.stream()
    stepwise.expect(event.of for event in events if event.of is not None)
    pieces = [stepwise.run([event]) for event in events]
    assert [piece.costs[0] for piece in pieces] == result.costs
    assert [effect[1:] for piece in pieces for effect in piece.effects] == [effect[1:] for effect in result.effects]
    assert held(stepwise) == held(without) == held(whole)
