"""Whatever moves and is valued, entered late or in order, with any method in any book: every cost can be counted again.

COSTING_HISTORIES sets how many histories per method and database: 200 in a long run, which examines after every push.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest
from costing_histories import ALL_BOOKS, Keeping, StockTrade, crowded_history, histories, wandering_history
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine

from company_fixtures import ActionRefused, open_small_company
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.costing.events import METHODS
from erp_desktop.ids import new_id
from erp_desktop.queries.doctor import examine

EXAMPLES = int(os.environ.get("COSTING_HISTORIES", "2"))
CROWDED = {"sqlite": EXAMPLES * 3, "postgresql": EXAMPLES}  # PostgreSQL stores the same rows, and takes twice as long
EXAMINED_EVERY = 1 if "COSTING_HISTORIES" in os.environ else 6  # steps


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=histories)
def test_after_any_history_every_cost_can_be_counted_again(
    engine: Engine, another_database: Callable[[], Engine], method: str, drawn: list[tuple[tuple[Any, ...], bool]]
) -> None:
    """The doctor counts every stream of every book again from zero; what was posted stays; replaying the actions one by one
    gives the same rows; and a book that is opened at the end says of every move what one kept from the start says."""
    company = open_small_company(
        engine, code=new_id().hex[-12:], cost_method=method if method != "specific" else "fifo"
    )
    trade = StockTrade(company, method)
    kept = {keeping: trade.open_book(keeping, keeping.code) for keeping in ALL_BOOKS}
    trade.open_book(Keeping("fifo"), "changing")
    for place, (step, waits) in enumerate(drawn, start=1):
        trade.perform(step, waits=waits)
        if not trade.waiting and place % EXAMINED_EVERY == 0:
            is_in_order(trade)
    trade.push()
    is_in_order(trade)

    is_settled = settle(trade)
    for keeping, book in kept.items():
        if is_settled or keeping.method not in ("periodic_average", "standard"):
            late = trade.open_book(keeping, f"{keeping.code} late")
            assert trade.costs_per_event(late) == trade.costs_per_event(book), keeping
    is_in_order(trade)
    copy = another_database()
    replay(engine, company.company_id, copy)
    assert differing_tables(engine, copy, company.company_id) == {}


@pytest.mark.parametrize("history", [crowded_history, wandering_history])
@pytest.mark.parametrize("method", METHODS)
def test_what_is_entered_late_and_what_follows_it_meet_the_same_layers(
    engine: Engine, method: str, history: Callable[[int], list[tuple[Any, ...]]]
) -> None:
    """And a book that is opened at the end says the same."""
    for seed in range(CROWDED[engine.dialect.name]):
        company = open_small_company(
            engine, code=new_id().hex[-12:], cost_method=method if method != "specific" else "fifo"
        )
        trade = StockTrade(company, method)
        try:
            for place, step in enumerate(history(seed), start=1):
                trade.perform(step, waits=False)
                if place % EXAMINED_EVERY == 0:
                    is_in_order(trade)
            is_in_order(trade)
            if method != "specific":  # which only lots have
                late = trade.open_book(Keeping(method), "late")
                assert trade.costs_per_event(late) == trade.costs_per_event(trade.posting_book)
        except AssertionError as error:
            error.add_note(f"history {seed}")
            raise


def is_in_order(trade: StockTrade) -> None:
    with trade.company.session() as session:
        found = examine(session, trade.company.company_id)
        assert [difference.sentence for difference in found] == []
    trade.balances_are_even()
    trade.nothing_posted_was_rewritten()


def settle(trade: StockTrade) -> bool:
    """Periods that were reopened are closed again, so that their ends are in every book. Gives whether that could be done."""
    while (period := trade.period(is_closed=False)) is not None:
        try:
            trade.company.perform(ClosePeriod(period))
        except ActionRefused:  # an average below zero cannot be settled
            return False
    return True
