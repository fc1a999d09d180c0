"""Cost to serve: what the ledger holds of a period is shared over products and orders, to the cent, and never posted."""

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.accounting import EntryLine, PostJournalEntry, SetAccountPurpose
from erp_desktop.actions.base import Action
from erp_desktop.actions.cost_to_serve import (
    AllocateCostToServe,
    SaveCostToServeRule,
    SaveStorageRate,
    SetUpCostToServe,
)
from erp_desktop.actions.masters import SaveBin, SaveChannel, SaveCostCentre, SaveWarehouse
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.actions.stock import MoveStock
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.cost_to_serve import CostToServeShare, CostToServeTotal
from erp_desktop.models.ledger import AccountPurpose, CostCentre, JournalEntry, JournalLine, Period
from erp_desktop.models.sync import Tombstone
from erp_desktop.queries.doctor import examine
from erp_desktop.queries.served_costs import cost_to_serve_by, served_periods

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
ZERO = Decimal(0)


class Served:
    """A company whose costs to serve are set up, and short ways to bill and to share them."""

    def __init__(self, company: SmallCompany) -> None:
        self.company = company

    def account(self, purpose: str):
        with self.company.session() as session:
            return session.scalars(
                select(AccountPurpose.account_id).where(
                    AccountPurpose.purpose == purpose, AccountPurpose.category_id.is_(None)
                )
            ).one()

    def bill(self, purpose: str, amount: str, on: date = TODAY, cost_centre=None) -> None:
        cost, bank, value = self.account(purpose), self.account("bank"), Decimal(amount)
        lines = (EntryLine(cost, debit=value, cost_centre_id=cost_centre), EntryLine(bank, credit=value))
        if value < 0:
            lines = (EntryLine(cost, credit=-value, cost_centre_id=cost_centre), EntryLine(bank, debit=-value))
        self.company.perform(PostJournalEntry(new_id(), on, "Bill", lines))

    def rule(self, kind: str, purpose: str, driver: str, **more) -> Action:
        return SaveCostToServeRule(new_id(), kind, purpose, driver, **more)

    def period(self, starts_on: date = MARCH):
        with self.company.session() as session:
            return session.scalars(select(Period.id).where(Period.starts_on == starts_on)).one()

    def share(self, starts_on: date = MARCH) -> None:
        self.company.perform(AllocateCostToServe(self.period(starts_on), new_id()))

    def shares(self, kind: str | None = None):
        with self.company.session() as session:
            shares = select(CostToServeShare).order_by(CostToServeShare.amount)
            return session.scalars(shares if kind is None else shares.where(CostToServeShare.kind == kind)).all()

    def by(self, dimension: str):
        with self.company.session() as session:
            return cost_to_serve_by(session, self.company.company_id, MARCH, APRIL, dimension)

    def of_march(self):
        with self.company.session() as session:
            (period,) = served_periods(session, self.company.company_id, MARCH, APRIL)
        return period

    def sell(self, *lines: tuple[str, str, str], on: date = TODAY, channel=None):
        company = self.company
        order_id = new_id()
        made = tuple(
            SalesLine(new_id(), company.product(code), Decimal(qty), Decimal(price)) for code, qty, price in lines
        )
        company.perform(
            SaveSalesOrder(
                order_id, channel or company.channel, company.warehouse, on, on, made, customer_id=company.customer
            ),
            ConfirmSalesOrder(order_id),
            AllocateSalesOrder(order_id),
            ShipOrder(new_id(), order_id, on),
        )
        return order_id

    def doctor(self):
        with self.company.session() as session:
            return [one.sentence for one in examine(session, self.company.company_id)]


@pytest.fixture
def served(company: SmallCompany) -> Served:
    return Served(company)


def test_storage_falls_on_products_by_the_room_they_took_and_for_how_long(served: Served) -> None:
    company = served.company
    company.product("BIG", volume_m3=Decimal("0.2"))
    company.product("SMALL", volume_m3=Decimal("0.01"))
    company.stock("BIG", "10", "5.00", on=date(2026, 2, 10))  # 2 m3 for 31 days of March: 62
    company.stock("SMALL", "100", "1.00", on=date(2026, 3, 17))  # 1 m3 for 15 days: 15
    served.sell(("BIG", "5", "9.00"), on=date(2026, 3, 31))  # 1 m3 less on the last day
    company.perform(
        served.rule("storage", "storage_expense", "volume_days"),
        SaveStorageRate(new_id(), company.warehouse, MARCH, Decimal("1.10")),
        SaveStorageRate(new_id(), company.warehouse, date(2026, 3, 31), Decimal(2)),
    )
    served.bill("storage_expense", "76.00")
    served.share()
    small, big = served.shares()
    assert (big.product_id, big.driver_qty, big.amount) == (company.products["BIG"], 61, 61)
    assert (small.product_id, small.driver_qty, small.amount) == (company.products["SMALL"], 15, 15)
    assert (big.order_id, big.warehouse_id) == (None, company.warehouse)
    assert (big.standard, small.standard) == (Decimal("68.00"), Decimal("17.40"))  # 60 x 1.10 + 1 x 2, 14 x 1.10 + 2
    (cost,) = served.of_march().costs
    assert (cost.ledger, cost.allocated, cost.not_allocated, cost.difference) == (76, 76, 0, 0)
    assert (cost.standard, cost.above_standard) == (Decimal("85.40"), Decimal("-9.40"))


def test_the_work_of_shipping_falls_on_the_orders_lines(served: Served) -> None:
    company = served.company
    company.product("CUP", weight_kg=Decimal("0.5"))
    company.product("POT", weight_kg=Decimal(2))
    company.stock("CUP", "100", "1.00")
    company.stock("POT", "100", "4.00")
    both = served.sell(("CUP", "4", "3.00"), ("POT", "1", "8.00"))
    one = served.sell(("CUP", "10", "3.00"))
    company.perform(
        SetUpCostToServe(
            (
                served.rule("handling", "wages", "picks"),
                served.rule("packaging", "packaging_expense", "parcels"),
                served.rule("payment_fees", "gateway_fees", "revenue"),
                served.rule("delivery", "delivery_expense", "weight"),
                served.rule("channel_fees", "channel_fees", "qty"),
            )
        )
    )
    for purpose, amount in (
        ("wages", "100.00"),
        ("packaging_expense", "2.00"),
        ("gateway_fees", "5.00"),
        ("delivery_expense", "90.00"),
        ("channel_fees", "15.00"),
    ):
        served.bill(purpose, amount)
    served.share()

    def fell(kind: str) -> dict:
        codes = {product_id: code for code, product_id in company.products.items()}
        return {(codes[row.product_id], row.order_id): row.amount for row in served.shares(kind)}

    cup, pot, other = ("CUP", both), ("POT", both), ("CUP", one)
    assert sorted(fell("handling").values()) == [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
    assert fell("packaging") == {cup: Decimal("0.50"), pot: Decimal("0.50"), other: Decimal(1)}
    assert fell("payment_fees") == {cup: Decimal("1.20"), pot: Decimal("0.80"), other: Decimal(3)}
    assert fell("delivery") == {cup: 20, pot: 20, other: 50}
    assert fell("channel_fees") == {cup: 4, pot: 1, other: 10}
    assert served.by("order") == {
        both: sum(amount for kind in served.by("kind") for key, amount in fell(kind).items() if key[1] == both),
        one: sum(amount for kind in served.by("kind") for key, amount in fell(kind).items() if key[1] == one),
    }
    assert served.by("customer") == {company.customer: Decimal(212)}
    assert served.by("channel") == {company.channel: Decimal(212)}
    assert served.doctor() == []
    with company.session() as session:  # for analysis: nothing of it is posted
        assert session.scalar(select(func.count()).select_from(JournalEntry).where(JournalEntry.event == "manual")) == 5


def test_what_there_is_no_driver_for_stays_as_not_allocated(served: Served) -> None:
    served.company.perform(served.rule("delivery", "delivery_expense", "parcels"))
    served.bill("delivery_expense", "12.34")
    served.share()
    (share,) = served.shares()
    assert (share.is_allocated, share.amount, share.product_id, share.order_id) == (False, Decimal("12.34"), None, None)
    assert served.by("product") == {None: Decimal("12.34")}
    (cost,) = served.of_march().costs
    assert (cost.allocated, cost.not_allocated, cost.difference) == (0, Decimal("12.34"), 0)


def test_another_run_replaces_the_first_and_desks_forget_what_is_gone(served: Served) -> None:
    company = served.company
    company.stock("CUP", "100", "1.00")
    first = served.sell(("CUP", "1", "3.00"))
    company.perform(served.rule("handling", "wages", "picks"))
    served.bill("wages", "10.00")
    served.share()
    (before,) = served.shares()
    served.share()
    (again,) = served.shares()
    assert (again.id, again.amount, again.tick) == (
        before.id,
        before.amount,
        before.tick,
    )  # desks need not get it again
    assert served.of_march().costs[0].difference == 0
    served.bill("wages", "5.00")
    assert served.of_march().costs[0].difference == 5
    second = served.sell(("CUP", "1", "3.00"))
    served.share()
    assert served.by("order") == {first: Decimal("7.50"), second: Decimal("7.50")}
    with company.session() as session:
        rule_id = session.scalars(select(CostToServeTotal.rule_id)).one()
    company.perform(SaveCostToServeRule(rule_id, "handling", "wages", "volume_days"))  # nothing has a volume
    served.share()
    (left,) = served.shares()
    assert (left.is_allocated, left.amount) == (False, 15)
    with company.session() as session:
        buried = session.scalar(
            select(func.count()).select_from(Tombstone).where(Tombstone.table_name == "cost_to_serve_share")
        )
    assert buried == 2
    assert served.doctor() == []


def test_sharing_in_one_push_with_trade_and_again_replays_to_equal_tables(
    served: Served, another_database: Callable[[], Engine]
) -> None:
    company, order = served.company, new_id()
    company.product("CUP", volume_m3=Decimal("0.003"))
    company.stock("CUP", "100", "1.00")
    served.sell(("CUP", "3", "3.00"))
    line = SalesLine(new_id(), company.product("CUP"), Decimal(2), Decimal(3))
    wages, bank, march = served.account("wages"), served.account("bank"), served.period()
    company.perform(
        served.rule("handling", "wages", "picks"),
        served.rule("storage", "storage_expense", "volume_days"),
        PostJournalEntry(new_id(), TODAY, "Wages", (EntryLine(wages, Decimal(10)), EntryLine(bank, ZERO, Decimal(10)))),
        AllocateCostToServe(march, new_id()),
        SaveSalesOrder(order, company.channel, company.warehouse, TODAY, TODAY, (line,)),
        ConfirmSalesOrder(order),
        AllocateSalesOrder(order),
        ShipOrder(new_id(), order, TODAY),
        AllocateCostToServe(march, new_id()),
    )
    assert sorted(share.amount for share in served.shares("handling")) == [5, 5]
    served.bill("storage_expense", "4.00")
    served.share()
    assert served.by("kind") == {"handling": 10, "storage": 4}
    copy = another_database()
    replay(company.centre.engine, company.company_id, copy)
    assert differing_tables(company.centre.engine, copy, company.company_id) == {}


def test_wages_are_shared_by_cost_centre(served: Served) -> None:
    company = served.company
    depot, office = new_id(), new_id()
    company.perform(SaveCostCentre(depot, "DEPOT", "Depot"), SaveCostCentre(office, "OFFICE", "Office"))
    company.stock("CUP", "100", "1.00")
    served.sell(("CUP", "1", "3.00"))
    company.perform(served.rule("handling", "wages", "picks", cost_centre_id=depot))
    served.bill("wages", "700.00", cost_centre=depot)
    served.bill("wages", "900.00", cost_centre=office)
    served.bill("wages", "11.00")
    served.share()
    assert served.by("kind") == {"handling": Decimal(700)}
    with company.session() as session:
        assert session.get(CostCentre, (company.company_id, depot)) is not None
    with pytest.raises(ActionRefused, match="would be shared twice"):
        company.perform(served.rule("packaging", "wages", "parcels"))


def test_a_channels_fees_stay_in_that_channel(served: Served) -> None:
    company = served.company
    market = new_id()
    company.perform(SaveChannel(market, "MARKET", "Market place"))
    company.stock("CUP", "100", "1.00")
    served.sell(("CUP", "9", "10.00"))
    there = served.sell(("CUP", "1", "10.00"), channel=market)
    company.perform(served.rule("channel_fees", "channel_fees", "revenue"))
    served.bill("channel_fees", "30.00")
    with company.session() as session:  # as a settlement of the channel posts it
        line = session.scalars(
            select(JournalLine).where(JournalLine.account_id == served.account("channel_fees"))
        ).one()
        line.channel_id = market
        session.commit()
    served.share()
    assert served.by("order") == {there: Decimal(30)}


def test_a_credit_of_the_period_is_shared_as_a_credit(served: Served) -> None:
    served.company.stock("CUP", "100", "1.00")
    order = served.sell(("CUP", "1", "3.00"))
    served.company.perform(served.rule("delivery", "delivery_expense", "parcels"))
    served.bill("delivery_expense", "-7.01")
    served.share()
    assert served.by("order") == {order: Decimal("-7.01")}


def test_a_closed_period_stays_as_it_was_shared(served: Served) -> None:
    company = served.company
    company.perform(served.rule("delivery", "delivery_expense", "parcels"))
    served.bill("delivery_expense", "8.00", on=date(2026, 1, 15))
    january = date(2026, 1, 1)
    served.share(january)
    company.perform(ClosePeriod(served.period(january)))
    with pytest.raises(ActionRefused, match="from 2026-01-01 is closed, so its costs to serve stay as they are"):
        served.share(january)
    company.perform(served.rule("storage", "storage_expense", "volume_days"))  # a rule that is new since
    with company.session() as session:
        (period,) = served_periods(session, company.company_id, january, date(2026, 1, 31))
    assert [(cost.kind, cost.ledger, cost.difference) for cost in period.costs] == [("delivery", 8, 0)]
    assert served.doctor() == []
    with pytest.raises(ActionRefused, match="2026-01-05 is in a closed period, whose storage is settled"):
        company.perform(SaveStorageRate(new_id(), company.warehouse, date(2026, 1, 5), Decimal(1)))


BAD = {
    "a negative rate": (lambda c: SaveStorageRate(new_id(), c.warehouse, TODAY, Decimal(-1)), "Rate cannot be -1"),
    "a rate that is no number": (
        lambda c: SaveStorageRate(new_id(), c.warehouse, TODAY, Decimal("NaN")),
        "Rate cannot",
    ),
    "an endless rate": (lambda c: SaveStorageRate(new_id(), c.warehouse, TODAY, Decimal("Infinity")), "Rate cannot be"),
    "thirty-eight digits": (
        lambda c: SaveStorageRate(new_id(), c.warehouse, TODAY, Decimal("9" * 38)),
        "is not a number that can be kept",
    ),
    "seven places": (
        lambda c: SaveStorageRate(new_id(), c.warehouse, TODAY, Decimal("0.0000001")),
        "6 decimal places",
    ),
    "no such warehouse": (
        lambda c: SaveStorageRate(new_id(), new_id(), TODAY, Decimal(1)),
        "warehouse that this names",
    ),
    "no such driver": (
        lambda c: SaveCostToServeRule(new_id(), "storage", "storage_expense", "magic"),
        "magic is not one of: volume_days",
    ),
    "no such kind": (lambda c: SaveCostToServeRule(new_id(), "love", "wages", "picks"), "love is not one of"),
    "inventory is no cost to serve": (
        lambda c: SaveCostToServeRule(new_id(), "storage", "inventory", "picks"),
        "inventory is not one of",
    ),
    "no such cost centre": (
        lambda c: SaveCostToServeRule(new_id(), "handling", "wages", "picks", new_id()),
        "cost centre that this names",
    ),
    "no rule": (lambda c: SetUpCostToServe(()), "No rule says yet"),
    "nothing set up": (
        lambda c: AllocateCostToServe(derived_id("period", c.company_id, "2026-03"), new_id()),
        "is not here any more|No rule says yet",
    ),
    "no such period": (lambda c: AllocateCostToServe(new_id(), new_id()), "period that this names is not here"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused_in_one_sentence(company: SmallCompany, what: str) -> None:
    make, expected = BAD[what]
    with pytest.raises(ActionRefused, match=expected) as refused:
        company.perform(make(company))
    assert "{" not in str(refused.value)
    assert str(refused.value).endswith(".")


def test_two_rates_from_the_same_day_are_refused(served: Served) -> None:
    company = served.company
    company.perform(SaveStorageRate(new_id(), company.warehouse, TODAY, Decimal(1)))
    with pytest.raises(ActionRefused, match="The same storage rate is entered already"):
        company.perform(SaveStorageRate(new_id(), company.warehouse, TODAY, Decimal(2)))


def test_the_same_costs_are_not_shared_by_two_rules(served: Served) -> None:
    company = served.company
    company.perform(served.rule("storage", "storage_expense", "volume_days"))
    with pytest.raises(ActionRefused, match="The same rule of costs to serve is entered already"):
        company.perform(served.rule("handling", "storage_expense", "picks"))
    company.perform(SetAccountPurpose("delivery_expense", served.account("storage_expense")))
    with pytest.raises(ActionRefused, match="would be shared twice, by two rules"):
        company.perform(served.rule("delivery", "delivery_expense", "parcels"))
    company.perform(served.rule("delivery", "delivery_expense", "parcels", is_active=False))


def test_sharing_without_rules_is_refused(served: Served) -> None:
    with pytest.raises(ActionRefused, match="No rule says yet"):
        served.share()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_month_is_shared_to_the_cent_and_storage_is_counted_day_by_day(served: Served, seed: int) -> None:
    company, chance = served.company, random.Random(seed)
    depot, dock = new_id(), new_id()
    company.perform(SaveWarehouse(depot, "DEPOT", "Depot"), SaveBin(dock, depot, "DOCK"))
    codes = [f"P{place}" for place in range(4)]
    volumes = {code: Decimal(chance.randint(1, 400)) / 1000 for code in codes[:3]}
    moves: dict[tuple[str, UUID], dict[date, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    day = date(2026, 2, 20)
    for code in codes:
        company.product(code, volume_m3=volumes.get(code))
        company.stock(code, "500", "2.00", on=day)
        moves[code, company.warehouse][day] += 500
    while day < APRIL + timedelta(days=5):
        day += timedelta(days=chance.randint(1, 3))
        code, qty = chance.choice(codes), Decimal(chance.randint(1, 2000)) / 100
        match chance.choice(["buy", "sell", "sell", "move"]):
            case "buy":
                company.stock(code, str(qty), "2.00", on=day)
                moves[code, company.warehouse][day] += qty
            case "move":
                company.perform(MoveStock(new_id(), company.product(code), qty, company.bin, dock, day))
                moves[code, company.warehouse][day] -= qty
                moves[code, depot][day] += qty
            case "sell":
                other = chance.choice([one for one in codes if one != code])
                served.sell((code, str(qty), "3.00"), (other, "1", "7.77"), on=day)
                moves[code, company.warehouse][day] -= qty
                moves[other, company.warehouse][day] -= 1
    rules = (
        served.rule("storage", "storage_expense", "volume_days"),
        served.rule("handling", "wages", "picks"),
        served.rule("packaging", "packaging_expense", "parcels"),
        served.rule("channel_fees", "channel_fees", "revenue"),
        served.rule("payment_fees", "gateway_fees", "qty"),
        served.rule("delivery", "delivery_expense", "weight"),  # nothing has a weight
    )
    company.perform(SetUpCostToServe(rules))
    billed = ZERO
    for rule in rules:
        for _ in range(3):
            amount = Decimal(chance.randint(1, 10**7)) / 100
            served.bill(rule.purpose, str(amount), on=MARCH + timedelta(days=chance.randint(0, 30)))
            billed += amount
    served.bill("wages", "5000.00", on=APRIL)
    served.share()
    for dimension in ("kind", "product", "order", "channel", "customer", "warehouse"):
        assert sum(served.by(dimension).values()) == billed
    assert all(cost.difference == 0 for cost in served.of_march().costs)
    counted: dict[tuple[UUID, UUID], Decimal] = {}
    for (code, warehouse), of_place in moves.items():
        for passed in range(31 if code in volumes else 0):
            end_of = MARCH + timedelta(days=passed)
            on_hand = sum((qty for moved_on, qty in of_place.items() if moved_on <= end_of), ZERO)
            place = (company.products[code], warehouse)
            counted[place] = counted.get(place, ZERO) + on_hand * volumes[code]
    assert {(share.product_id, share.warehouse_id): share.driver_qty for share in served.shares("storage")} == {
        place: stored for place, stored in counted.items() if stored
    }
    assert served.doctor() == []
