"""The days of a company's clock: the first tick of each, in the company's time zone, the same after a replay."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from central_desk import save_unit
from sqlalchemy import Engine, select

from company_fixtures import ActionRefused, SmallCompany, open_small_company
from erp_desktop.central import turn
from erp_desktop.central.performing import Centre
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.database import open_engine
from erp_desktop.models.company import ClockDay
from erp_desktop.models.sync import CompanyClock
from erp_desktop.queries.clock_days import tick_known_on

FRIDAY, SATURDAY, MONDAY = date(2026, 3, 13), date(2026, 3, 14), date(2026, 3, 16)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets what the centre's clock says, in UTC."""

    def set_clock(moment: str) -> None:
        monkeypatch.setattr(turn, "_now", lambda: datetime.fromisoformat(moment).replace(tzinfo=UTC))

    return set_clock


def days_of(company: SmallCompany) -> list[tuple[date, int]]:
    with company.session() as session:
        stored = select(ClockDay.day, ClockDay.first_tick).where(ClockDay.company_id == company.company_id)
        return [(day, tick) for day, tick in session.execute(stored.order_by(ClockDay.day))]


def tick_of(company: SmallCompany) -> int:
    with company.session() as session:
        return session.scalars(select(CompanyClock.tick).where(CompanyClock.company_id == company.company_id)).one()


def test_a_day_begins_at_midnight_in_the_companys_time_zone(engine: Engine, at: Any) -> None:
    at("2026-03-13T08:00")
    company = open_small_company(engine)  # in Shanghai, eight hours ahead
    opened = tick_of(company)
    at("2026-03-13T15:59:59.999999")
    company.perform(save_unit("DOZEN"))
    at("2026-03-13T16:00")
    company.perform(save_unit("PALLET"))
    assert days_of(company) == [(FRIDAY, 1), (SATURDAY, opened + 2)]


def test_what_was_known_on_a_day_is_all_that_was_performed_up_to_its_end(engine: Engine, at: Any) -> None:
    at("2026-03-13T08:00")
    company = open_small_company(engine)
    on_friday = tick_of(company)
    at("2026-03-16T08:00")
    company.perform(save_unit("DOZEN"), save_unit("PALLET"))
    with company.session() as session:
        known = {
            day: tick_known_on(session, company.company_id, day)
            for day in (date(2026, 3, 12), FRIDAY, SATURDAY, MONDAY)
        }
    assert known == {date(2026, 3, 12): 0, FRIDAY: on_friday, SATURDAY: on_friday, MONDAY: None}


def test_a_clock_that_is_put_back_begins_no_day_again(engine: Engine, at: Any) -> None:
    at("2026-03-16T08:00")
    company = open_small_company(engine)
    at("2026-03-13T08:00")
    company.perform(save_unit("DOZEN"))
    assert days_of(company) == [(MONDAY, 1)]


def test_a_refused_action_begins_no_day_and_a_replay_makes_the_same_days(
    engine: Engine, database_url: str, at: Any, another_database: Callable[[], Engine]
) -> None:
    at("2026-03-13T08:00")
    company = open_small_company(engine)
    first = company.centre
    company.stock("BTL", "10", "3")
    at("2026-03-14T08:00")
    second = open_engine(database_url)
    company.centre = Centre(second)  # another worker, which has to look the days up
    company.perform(save_unit("DOZEN"))
    at("2026-03-16T08:00")
    company.centre = first
    with pytest.raises(ActionRefused):
        company.perform(save_unit("DOZEN"))
    refused = tick_of(company)
    company.stock("BTL", "1", "3")
    second.dispose()

    assert days_of(company)[1:] == [(SATURDAY, refused - 1), (MONDAY, refused + 1)]
    copy = another_database()
    replay(engine, company.company_id, copy)
    assert differing_tables(engine, copy, company.company_id) == {}
