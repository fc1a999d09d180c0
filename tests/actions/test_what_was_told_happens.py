"""Whatever is done, in any order: the effect that was told before is what happens, and telling it changes nothing."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from test_random_business import Trade, steps

from company_fixtures import open_small_company
from erp_desktop.actions.base import Action, action_args
from erp_desktop.central.effects import Written
from erp_desktop.central.previewing import Previews, Wanted
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.wire import Effect


class ToldTrade(Trade):
    """Asks before each action what it would change, and compares."""

    told = 0
    days_back = 0  # of what is done now: entered late

    def _do(self, *actions: Action) -> None:
        super()._do(*(_earlier(action, self.days_back) for action in actions))

    def push(self) -> None:
        waiting, self.waiting = self.waiting, []
        for action in waiting:
            effect = self._effect_of(action)
            (result,) = self.company.centre.perform_local(self.company.company_id, self.company.owner_id, [action])
            assert effect.problem == result.problem, action
            if result.outcome == "applied":
                assert result.tick is not None
                self._compare(effect, result.tick)
                self.told += 1

    def _effect_of(self, action: Action) -> Effect:
        args = msgspec.json.decode(action_args(action))
        wanted = Wanted(self.company.company_id, self.company.owner_id, type(action).__name__, action.version, args)
        return Previews(self.company.centre, seconds_to_begin=60, seconds_to_work_out=60).effect(wanted)

    def _compare(self, told: Effect, tick: int) -> None:
        with self.company.session() as session:
            happened = Written(session, self.company.company_id, tick)
            assert happened.entries() == (told.entries, told.entry_count)
            assert happened.corrections() == (told.corrections, told.correction_count)
            sales = happened.cost_of_sales()
            assert [book.cost_of_sales for book in told.books] == [sales.get(book.id, 0) for book in happened.books]
            now = happened.holdings(happened.product_ids())
        after = {line.product_id: (line.qty_after, line.value_after) for line in told.stock}
        assert after.items() <= {product_id: held for (_, product_id), held in now.items()}.items()
        entries = told.entries or []
        assert sum(line.debit for line in entries) == sum(line.credit for line in entries)
        gained = sum(line.value_after - line.value_before for line in told.stock)
        assert gained == sum(line.debit - line.credit for line in entries if line.account == "1405")
        assert gained == told.books[0].inventory


def _earlier(action: Action, days: int) -> Action:
    """The same with everything about it that has a day so many days before."""
    changes = {
        name: value - timedelta(days=days)
        for name in ("ordered_on", "received_on", "shipped_on", "returned_on", "counted_on", "dated_on")
        if isinstance(value := getattr(action, name, None), date)
    }
    return replace(action, **changes) if changes else action  # type: ignore[type-var]


def play(engine: Engine, copy: Engine, drawn: list[tuple[int, tuple[Any, ...]]]) -> int:
    """Gives how many actions were applied."""
    company = open_small_company(engine)
    trade = ToldTrade(company)
    for days_back, step in drawn:
        trade.days_back = days_back
        trade.perform(step, waits=False)
    replay(engine, company.company_id, copy)
    assert differing_tables(engine, copy, company.company_id) == {}
    return trade.told


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=st.lists(st.tuples(st.integers(0, 40), steps), min_size=5, max_size=25))
def test_of_any_business_what_was_told_is_what_happens(
    tmp_path: Path, sqlite_template: Path, drawn: list[tuple[int, tuple[Any, ...]]]
) -> None:
    paths = [tmp_path / f"{new_id()}.db" for _ in range(2)]
    for path in paths:
        shutil.copyfile(sqlite_template, path)
    engine, copy = (open_engine(f"sqlite:///{path}") for path in paths)
    try:
        play(engine, copy, drawn)
    finally:
        for opened in (engine, copy):
            opened.dispose()
        for path in paths:
            path.unlink()


def test_so_it_is_on_either_database(engine: Engine, another_database: Callable[[], Engine]) -> None:
    drawn: list[tuple[int, tuple[Any, ...]]] = [
        (30, ("buy", [("FIFO", "5", "2.50"), ("AVG", "7.5", "0.33")])),
        (0, ("sell", [("FIFO", "6", "9"), ("AVG", "4", "9")])),
        (0, ("allocate", 0)),
        (9, ("ship all", 0)),
        (20, ("receive", 0, "3")),
        (5, ("landed cost", 0, "10.01")),
        (4, ("correct price", 0, "3.10")),
        (3, ("take back", 0, "1")),
        (12, ("count", "AVG", "3", None)),
        (15, ("count", "FIFO", "30", "1.11")),
    ]
    assert play(engine, another_database(), drawn) >= 8  # the rest is refused, as was told
