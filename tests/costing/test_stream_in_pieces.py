"""A stream may stop anywhere, keep its pools as bytes, and go on later: what has to be made known then, and nothing more."""

from fractions import Fraction

import pytest
from histories import ONE, History, histories
from hypothesis import given
from hypothesis import strategies as st
from slow_judge import Judge
from test_stream_against_the_judge import held, in_units, seldom

from erp_desktop.costing.events import METHODS, Event, Kind
from erp_desktop.costing.stream import Stream


def scaled(qty: Fraction) -> int:
    return int(qty * ONE)


def known_before(history: History, count: int) -> Judge:
    """What the books say after the first `count` events: the judge stands for what is stored."""
    judge = Judge(history.currency_places, history.unit_cost_places, history.shares_variance)
    for number, setting in enumerate(history.pools):
        judge.open_pool(number, setting.method, setting.allow_negative, setting.standard)
    for event in history.events[:count]:
        judge.count(event)
    return judge


def make_known(stream: Stream, judge: Judge, events: tuple[Event, ...]) -> None:
    """What `know_receipt` and `know_issue` ask for, and nothing more."""
    for key in {event.of for event in events if event.kind == Kind.CUSTOMER_RETURN} & judge.issues.keys():
        issue = judge.issues[key]
        stream.know_issue(key, issue.settled, scaled(issue.qty), scaled(issue.back_qty), issue.back_value)
    waiting = {event.of for event in events if event.kind in (Kind.LATE_VALUE, Kind.SUPPLIER_RETURN)}
    for pool in judge.pools.values():  # transfers whose cost may still change
        waiting |= {short.key for short in pool.shorts} & judge.transfers
        waiting |= {issue.key for issue in pool.period} & judge.transfers
    known: set[bytes] = set()
    while waiting := (waiting & judge.receipts.keys()) - known:
        key = min(waiting)
        known.add(key)
        receipt = judge.receipts[key]
        pool = judge.pools[receipt.pool]
        places = [place for place, lot in enumerate(pool.stock) if lot.key == key]
        up_to_it = sum((lot.qty for lot in pool.stock[: places[-1] + 1]), Fraction(0)) if places else Fraction(0)
        stream.know_receipt(
            key,
            receipt.pool,
            qty_in=scaled(receipt.qty),
            value_in=receipt.value,
            takers=[(issue, scaled(qty)) for issue, qty in receipt.takers],
            came_in_later=scaled(pool.qty() - up_to_it),
        )
        waiting |= {issue for issue, _ in receipt.takers} & judge.transfers


@pytest.mark.parametrize("method", METHODS)
@seldom
@given(data=st.data())
def test_a_run_in_pieces_ends_where_one_run_ends(method, data):
    history = data.draw(histories(method))
    events = history.countable()
    whole = history.stream()
    expected = in_units(whole.run(events))
    ends = sorted({data.draw(st.integers(0, len(events))), data.draw(st.integers(0, len(events))), len(events)})
    states: dict[str, bytes] = {}
    begin = 0
    for end in ends:
        stream = history.stream(**states)
        make_known(stream, known_before(history, begin), events[begin:end])
        found = in_units(stream.run(events[begin:end]))
        assert found["costs"] == expected["costs"][begin:end]
        for what in ("takes", "effects", "layer changes"):
            rows = [row[1:] for row in expected[what] if begin <= row[0] < end]
            assert [row[1:] for row in found[what]] == rows
        assert found["variances"] == {
            event - begin: amount for event, amount in expected["variances"].items() if begin <= event < end
        }
        states = {f"pool{number}": pool.state() for number, pool in stream.pools.items()}
        again = history.stream(**states)
        assert held(again) == held(stream)
        assert {f"pool{number}": pool.state() for number, pool in again.pools.items()} == states
        begin = end
    assert held(stream) == held(whole)


@pytest.mark.parametrize("method", ["fifo", "lifo", "specific", "moving_average", "standard"])
@seldom
@given(data=st.data())
def test_a_pool_may_begin_from_its_figures_and_layers_alone(method, data):
    history = data.draw(histories(method))
    if history.shares_variance or any(setting.method == "periodic_average" for setting in history.pools):
        return  # an open period holds more than that
    events = history.countable()
    if any(event.kind == Kind.METHOD for event in events):
        return
    at = data.draw(st.integers(0, len(events)))
    begun = history.stream()
    begun.run(events[:at])
    resumed = Stream(history.currency_places)
    for number, pool in begun.pools.items():
        resumed.open_pool(
            number,
            pool.method,
            allow_negative=pool.allow_negative,
            standard=pool.standard,
            qty=pool.qty,
            value=pool.value,
            last_unit_cost=pool.last_unit_cost,
            layers=pool.layers(),
        )
    make_known(resumed, known_before(history, at), events[at:])
    whole = history.stream()
    assert resumed.run(events[at:]).costs == whole.run(events).costs[at:]
    assert held(resumed) == held(whole)
