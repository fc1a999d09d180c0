"""The oracle: the log performed again on an empty database gives the same books, and says so when it does not."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from central_desk import OpenedCompany, save_unit
from sqlalchemy import Engine, text

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.opening import OpenPeriods
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.central.action_log import verify_log
from erp_desktop.central.performing import Centre
from erp_desktop.central.replaying import ReplayDiffers, differing_tables, replay
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id


def test_replaying_the_log_gives_equal_tables(acme: OpenedCompany, another_database: Callable[[], Engine]) -> None:
    acme.add_user("buyer", "purchasing")
    acme.perform(save_unit("DOZEN"), save_unit("DOZEN"), OpenPeriods(date(2026, 1, 1).year + 1), save_unit("PALLET"))
    copy = another_database()
    assert replay(acme.engine, acme.id, copy) == 5
    assert differing_tables(acme.engine, copy, acme.id) == {}


@pytest.mark.parametrize("seed", [1, 2])
def test_trade_through_two_workers_with_refusals_in_between_replays_to_equal_tables(
    company: SmallCompany, database_url: str, another_database: Callable[[], Engine], seed: int
) -> None:
    """A worker remembers a company between its transactions; another worker and each refusal must not mislead it."""
    random = Random(seed)
    second = open_engine(database_url)
    workers = [company.centre, Centre(second)]
    receipts: list[UUID] = []
    refused = 0
    for code, method in (("BTL", "fifo"), ("BOX", "moving_average")):
        company.product(code, method)

    def buy() -> None:
        receipts.append(company.stock(random.choice(["BTL", "BOX"]), str(random.randint(1, 9)), "3.333333"))

    def sell() -> None:
        order = company.sales_order((random.choice(["BTL", "BOX"]), str(random.randint(1, 12)), "20"))
        company.allocate(order)
        company.ship(order)

    def count() -> None:
        line = CountedLine(company.product("BOX"), company.bin, Decimal(random.randint(0, 6)), Decimal("2.50"))
        company.perform(CountStock(new_id(), company.warehouse, TODAY, (line,)))

    def land() -> None:
        named = (random.choice(receipts),)
        company.perform(
            EnterLandedCost(new_id(), "freight", TODAY, Decimal("10.01"), "value", named, supplier_id=company.supplier)
        )

    buy()
    for _ in range(30):
        company.centre = random.choice(workers)
        try:
            random.choice([buy, sell, sell, count, land])()
        except ActionRefused:
            refused += 1
    assert refused, "some must have been refused, or the test shows less than it says"
    second.dispose()

    engine = workers[0].engine
    assert verify_log(engine, company.company_id).broken_at is None
    copy = another_database()
    replay(engine, company.company_id, copy)
    assert differing_tables(engine, copy, company.company_id) == {}


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
