"""The oracle: the log performed again on an empty database gives the same books, and says so when it does not."""

from collections.abc import Callable
from datetime import date

import pytest
from central_desk import OpenedCompany, save_unit
from sqlalchemy import Engine, text

from erp_desktop.actions.opening import OpenPeriods
from erp_desktop.central.replaying import ReplayDiffers, differing_tables, replay


def test_replaying_the_log_gives_equal_tables(acme: OpenedCompany, another_database: Callable[[], Engine]) -> None:
    acme.add_user("buyer", "purchasing")
    acme.perform(save_unit("DOZEN"), save_unit("DOZEN"), OpenPeriods(date(2026, 1, 1).year + 1), save_unit("PALLET"))
    copy = another_database()
    assert replay(acme.engine, acme.id, copy) == 5
    assert differing_tables(acme.engine, copy, acme.id) == {}


def test_one_edited_row_is_named(acme: OpenedCompany, another_database: Callable[[], Engine]) -> None:
    acme.perform(save_unit("DOZEN"))
    copy = another_database()
    replay(acme.engine, acme.id, copy)
    with acme.engine.begin() as connection:
        connection.execute(text("UPDATE unit SET name = 'eleven' WHERE code = 'DOZEN'"))
        connection.execute(text("DELETE FROM unit WHERE code = 'KG'"))
    assert set(differing_tables(acme.engine, copy, acme.id)) == {"unit"}


def test_an_action_that_would_be_refused_today_stops_the_replay(
    acme: OpenedCompany, another_database: Callable[[], Engine]
) -> None:
    acme.perform(save_unit("DOZEN"), save_unit("PALLET"))
    with acme.engine.begin() as connection:
        connection.execute(text("UPDATE action_log SET args = replace(args, 'PALLET', 'DOZEN') WHERE tick = 3"))
    with pytest.raises(ReplayDiffers, match="tick 3"):
        replay(acme.engine, acme.id, another_database())
