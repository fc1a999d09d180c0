"""Whatever changes the cost of goods on their way to customers, before their delivery or after it, in any order and batch: goods
dispatched are the shipments under way, and cost of sales is that of the ledger on every day.

COSTING_HISTORIES sets how many histories per method and database: then the doctor looks after every push.
"""

import os
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from costing_histories import StockTrade, crowded_history, wandering_history, with_deliveries
from sqlalchemy import Engine
from test_deliveries import nothing_is_wrong

from company_fixtures import open_small_company
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.costing.events import METHODS
from erp_desktop.ids import new_id

HISTORIES = int(os.environ.get("COSTING_HISTORIES", "1"))
LOOKS_OFTEN = "COSTING_HISTORIES" in os.environ


@pytest.mark.parametrize("history", [crowded_history, wandering_history])
@pytest.mark.parametrize("method", METHODS)
def test_goods_dispatched_are_the_shipments_under_way_whatever_happens(
    engine: Engine,
    another_database: Callable[[], Engine],
    method: str,
    history: Callable[[int], list[tuple[Any, ...]]],
) -> None:
    for seed in range(700, 700 + HISTORIES):
        random = Random(seed)
        company = open_small_company(
            engine,
            code=new_id().hex[-12:],
            revenue_at="delivery",
            cost_method=method if method != "specific" else "fifo",
        )
        trade = StockTrade(company, method)
        try:
            for step in with_deliveries(history(seed), seed):
                trade.perform(step, waits=random.random() < 0.4)
                if LOOKS_OFTEN and not trade.waiting:
                    nothing_is_wrong(company)
            trade.push()
            nothing_is_wrong(company)
            trade.balances_are_even()
            copy = another_database()
            replay(engine, company.company_id, copy)
            assert differing_tables(engine, copy, company.company_id) == {}
        except AssertionError as error:
            error.add_note(f"history {seed}")
            raise
