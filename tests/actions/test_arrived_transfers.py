"""However many goods transfers of a product have arrived: what comes after them takes no longer, and is right where it concerns them."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select
from test_transferring import D, TwoHouses

from company_fixtures import SmallCompany, open_small_company
from erp_desktop.actions.cost_books import OpenCostBook
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.revaluing import NewStandard, SetStandardCost
from erp_desktop.actions.transferring import CloseTransferShort
from erp_desktop.central.performing import Centre
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.ids import new_id
from erp_desktop.models.costing import CostEvent, CostPool, MoveCost
from erp_desktop.models.ledger import Period
from erp_desktop.models.valuation import StandardCostLine
from erp_desktop.numbers import ZERO

JANUARY, MARCH = date(2026, 1, 5), date(2026, 3, 10)
METHODS = ("fifo", "lifo", "moving_average", "periodic_average", "standard")


@contextmanager
def what_is_read(engine: Engine) -> Iterator[Counter[str]]:
    """How many statements are sent, how many values with them, and how many cost pools are read."""
    counted: Counter[str] = Counter()

    def note(_connection: Any, _cursor: Any, _statement: str, parameters: Any, *_: Any) -> None:
        counted["statements"] += 1
        counted["values"] += len(parameters) if not isinstance(parameters, list) else 0

    def note_row(*_: Any) -> None:
        counted["pools"] += 1

    event.listen(engine, "before_cursor_execute", note)
    event.listen(CostPool, "load", note_row)
    yield counted
    event.remove(engine, "before_cursor_execute", note)
    event.remove(CostPool, "load", note_row)


def send_and_take_in(houses: TwoHouses, times: int) -> None:
    """So many transfers of two boxes, in January."""
    for place in range(times):
        on = JANUARY + timedelta(days=place % 20)
        houses.arrive(houses.send("BOX", "2", on=on), "2", on=on + timedelta(days=1))


def business(company: SmallCompany) -> dict[str, Callable[[], object]]:
    """What is done to the boxes in March, by what it is called."""
    today, before = MARCH, MARCH - timedelta(days=4)
    receipt = company.stock("BOX", "5", "4.00", on=today)
    orders = [company.purchase_order(("BOX", "5", "4.00"), on=day) for day in (today, before)]
    sold = company.sales_order(("BOX", "3", "9.00"), on=today)
    company.allocate(sold)
    return {
        "receipt": lambda: company.receive(orders[0], "5", on=today),
        "shipment": lambda: company.ship(sold, on=today),
        "receipt entered late": lambda: company.receive(orders[1], "5", on=before),
        "freight": lambda: company.perform(EnterLandedCost(new_id(), "freight", today, D("5"), "qty", (receipt,))),
        "standard": lambda: company.perform(
            SetStandardCost(new_id(), today, "plan", (NewStandard(company.products["BOX"], D("4.00")),))
        ),
    }


def opened(engine: Engine, method: str, transfers: int) -> TwoHouses:
    """A company that has done so many transfers in January, which is closed like February."""
    houses = TwoHouses(open_small_company(engine, code=f"T{transfers}", cost_method=method))
    houses.company.stock("BOX", "500", "3.00", on=JANUARY)
    send_and_take_in(houses, transfers)
    for month in (1, 2):
        close(houses.company, month)
    return houses


def close(company: SmallCompany, month: int) -> None:
    with company.session() as session:
        of_month = (Period.company_id == company.company_id, Period.starts_on == date(2026, month, 1))
        period = session.scalars(select(Period.id).where(*of_month)).one()
    company.perform(ClosePeriod(period))


@pytest.mark.parametrize("method", METHODS)
def test_documents_read_no_more_the_more_transfers_have_arrived(engine: Engine, method: str) -> None:
    read = []
    for transfers in (2, 30):
        houses = opened(engine, method, transfers)
        done = {}
        for name, do in business(houses.company).items():
            houses.company.centre = Centre(engine)  # which remembers nothing yet
            with what_is_read(engine) as counted:
                do()
            done[name] = dict(counted)
        read.append(done)
        assert houses.is_healthy()
    assert read[1] == read[0]


@pytest.mark.parametrize("method", METHODS)
def test_freight_follows_goods_that_arrived_months_ago(
    engine: Engine, another_database: Callable[[], Engine], method: str
) -> None:
    """The pool that they passed through is found again: what comes late reaches where they are, and who bought them."""
    company = open_small_company(engine, cost_method=method)
    houses = TwoHouses(company)
    receipt = company.stock("BOX", "10", "3.00", on=JANUARY)
    transfer = houses.send("BOX", "10", on=JANUARY)
    houses.arrive(transfer, "8", on=JANUARY + timedelta(days=2))
    company.perform(CloseTransferShort(transfer, JANUARY + timedelta(days=3), "lost"))
    for month in (1, 2):
        close(company, month)
    company.centre = Centre(engine)
    company.perform(EnterLandedCost(new_id(), "freight", MARCH, D("10.00"), "qty", (receipt,)))
    at_standard = method == "standard"
    assert houses.values("BOX") == {"NB": D("24.00") if at_standard else D("32.00")}
    posted = houses.entries()["landed_cost"]
    variance, lost = posted.get("purchase_price_variance", ZERO), posted.get("inventory_adjustment", ZERO)
    lost += posted.get("cost_of_sales", ZERO)
    assert (variance, lost) == ((D("10.00"), ZERO) if at_standard else (ZERO, D("2.00")))
    late = new_id()
    company.perform(OpenCostBook(late, "LATE", "Late", method))
    with company.session() as session:
        of_book = select(func.sum(CostPool.value, type_=CostPool.value.type)).where(CostPool.book_id == late)
        assert session.scalar(of_book) == sum(houses.values("BOX").values())
    assert houses.is_healthy()
    copy = another_database()
    replay(engine, company.company_id, copy)
    assert differing_tables(engine, copy, company.company_id) == {}


def test_a_new_standard_concerns_what_was_under_way_on_its_day_and_nothing_that_had_arrived(engine: Engine) -> None:
    company = open_small_company(engine, cost_method="standard")
    houses = TwoHouses(company)
    company.stock("BOX", "20", "3.00", on=JANUARY)
    before = houses.send("BOX", "4", on=JANUARY)
    houses.arrive(before, "4", on=JANUARY + timedelta(days=1))
    meanwhile = houses.send("BOX", "6", on=JANUARY + timedelta(days=2))
    houses.arrive(meanwhile, "6", on=MARCH)
    on_its_day = JANUARY + timedelta(days=10)
    company.perform(SetStandardCost(new_id(), on_its_day, "plan", (NewStandard(company.products["BOX"], D("5.00")),)))
    with company.session() as session:
        told = select(CostPool.transfer_id).join(MoveCost, MoveCost.pool_id == CostPool.id)
        told = told.where(MoveCost.kind == CostEvent.STANDARD_COST)
        assert set(session.scalars(told)) == {None, meanwhile}
        change = session.scalars(select(StandardCostLine)).one()
        assert (change.qty, change.change) == (D("20"), D("40.00"))
    assert sum(houses.values("BOX").values()) == D("100.00")
    assert houses.is_healthy()
