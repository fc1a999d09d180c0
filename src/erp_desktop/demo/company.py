"""Opening the sample company on a centre and performing its year. Its master data are in master_data.py."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from random import Random
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.accounting import EntryLine, PlannedAmount, PostJournalEntry, SaveBudget
from erp_desktop.actions.base import Action
from erp_desktop.actions.cost_to_serve import SaveCostToServeRule, SaveStorageRate, SetUpCostToServe
from erp_desktop.actions.opening import OpenCompany, OpenPeriods
from erp_desktop.actions.refusals import Problem
from erp_desktop.central.performing import Centre
from erp_desktop.demo import catalogue
from erp_desktop.demo.accountant import Accountant
from erp_desktop.demo.importing import Importer
from erp_desktop.demo.master_data import BINS_PER_WAREHOUSE, CONSUMERS, MasterData
from erp_desktop.demo.stockroom import StockKeeper
from erp_desktop.demo.trading import Traded, Trader
from erp_desktop.ids import derived_id
from erp_desktop.ledger.charts import load_chart
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.purchasing import GoodsReceiptLine

CHART = "cn-small-enterprise"
CODE = "SAMPLE"
NAME = "Yangtze Packaging & Home"
NAME_ZH = "长江包装家居有限公司"
DAYS = 365
OPEN_AHEAD = timedelta(days=31)  # periods are there for that long after the last day of the history

Progress = Callable[[int, int], None]  # days done, days in all


@dataclass(frozen=True)
class SampleCompany:
    """What was made: the company, its owner, and what happened in it."""

    company_id: UUID
    owner_id: UUID
    actions: int
    purchase_orders: int
    sales_orders: int


class SampleRefused(RuntimeError):
    """The sample's own action was refused: a bug of the generator, never the user's doing."""


def make_sample_company(
    centre: Centre,
    today: date,
    password: str,
    seed: int = 1,
    owner_id: UUID | None = None,
    owner_login: str = "owner",
    code: str = CODE,
    days: int = DAYS,
    progress: Progress | None = None,
) -> SampleCompany:
    """A distributor with `days` of history that end yesterday. The same seed and day make the same business."""
    random = Random(seed)
    owner = owner_id or derived_id("sample user", str(seed), owner_login)
    first_day = today - timedelta(days=days)
    opening = OpenCompany(
        code=code,
        name=NAME,
        name_zh=NAME_ZH,
        currency="CNY",
        time_zone="Asia/Shanghai",
        chart=CHART,
        first_period_on=first_day.replace(month=1, day=1),
        owner_id=owner,
        owner_login=owner_login,
        owner_name="Li Wei 李伟",
        address="18F, 1 Century Avenue, Pudong, Shanghai",
        tax_number="91310115MA1K4SAMPL",
    )
    with _as_of(centre, datetime.combine(first_day, time(0), UTC)):
        company_id = centre.open_company(opening, password)
    maker = _Maker(centre, company_id, owner, random)
    maker.perform(datetime.combine(first_day, time(1), UTC), maker.masters(first_day))
    last_year = (today + OPEN_AHEAD).year  # at the turn of the year work goes on the day after
    for year in range(first_day.year + 1, last_year + 1):
        maker.perform(datetime.combine(first_day, time(1), UTC), [OpenPeriods(year)])
    trader = Trader(maker.traded, random, first_day, today)
    accountant = Accountant(trader, maker.lines_of_receipt, company_id, today)
    importer = Importer(trader, maker.lines_of_receipt, company_id, maker.forwarder_id)
    keeper = StockKeeper(trader, today)
    begun = [*accountant.first_day(first_day), *maker.capital(first_day), *trader.opening()]
    begun += importer.first_day(first_day)
    maker.perform(datetime.combine(first_day, time(1), UTC), [*begun, *maker.cost_to_serve(first_day)])
    for day_no in range(days):
        day = first_day + timedelta(days=day_no)
        actions = list(trader.day(day))
        if day.day == 1 and day_no > 0:
            actions += maker.month_end(trader, day)
        maker.perform(datetime.combine(day, time(6), UTC), actions)
        # One by one: each may ask what was received
        for action in chain(keeper.day(day), importer.day(day), accountant.day(day)):
            maker.perform(datetime.combine(day, time(9), UTC), [action])
        if progress is not None:
            progress(day_no + 1, days)
    waiting = [*trader.still_open(today), *importer.still_open(today)]
    maker.perform(datetime.combine(today, time(0), UTC), [*waiting, maker.budget(trader, today)])
    maker.perform(datetime.combine(today, time(1), UTC), list(accountant.last_day(today)))
    return SampleCompany(company_id, owner, maker.performed, trader.purchase_orders, trader.sales_orders)


@contextmanager
def _as_of(centre: Centre, at: datetime) -> Iterator[None]:
    """What is performed in this block is known from `at` on, as it would be if the sample had grown day by day."""
    now = datetime.now(UTC)
    centre.clock = lambda: min(at, now)
    try:
        yield
    finally:
        centre.clock = None


class _Maker:
    """Performs the sample's actions, and knows the ids of its master data."""

    def __init__(self, centre: Centre, company_id: UUID, owner_id: UUID, random: Random) -> None:
        self._centre = centre
        self._company_id = company_id
        self._owner_id = owner_id
        self._random = random
        self._accounts = {
            purpose: self._id("account", account) for purpose, account in load_chart(CHART).purposes.items()
        }
        self.performed = 0
        self.forwarder_id = self._id("party", catalogue.FORWARDER[0])
        products = catalogue.sample_products()
        self.traded = Traded(
            products=products,
            product_ids=[self._id("product", product.code) for product in products],
            supplier_ids=[self._id("party", f"S{n:03d}") for n in range(1, len(catalogue.SUPPLIERS) + 1)],
            distributor_ids=[
                self._id("party", f"D{n:03d}")
                for n in range(1, len(catalogue.DISTRIBUTOR_CITIES) * len(catalogue.DISTRIBUTOR_TRADES) + 1)
            ],
            consumer_ids=[self._id("party", f"C{n:04d}") for n in range(1, CONSUMERS + 1)],
            carrier_ids=[self._id("party", code) for code, _, _ in catalogue.CARRIERS],
            channel_ids={code: self._id("channel", code) for code, _, _ in catalogue.CHANNELS},
            warehouse_ids=[self._id("warehouse", code) for code, _, _, _ in catalogue.WAREHOUSES],
            bin_ids=[
                [self._id("bin", f"{code}-{n:02d}") for n in range(1, BINS_PER_WAREHOUSE + 1)]
                for code, _, _, _ in catalogue.WAREHOUSES
            ],
        )

    def _id(self, kind: str, code: str) -> UUID:
        return derived_id(kind, self._company_id, code)

    def perform(self, at: datetime, actions: Sequence[Action]) -> None:
        """Perform `actions` as of the moment `at`. Raises SampleRefused."""
        self.performed += len(actions)
        with _as_of(self._centre, at):
            results = self._centre.perform_local(self._company_id, self._owner_id, actions, issued_at=at)
        for result in results:
            if result.outcome != "applied":
                raise SampleRefused(Problem.from_dict(result.problem or {}).sentence)

    def lines_of_receipt(self, receipt_id: UUID) -> list[UUID]:
        """The ids of a goods receipt's lines, in their order."""
        of_receipt = select(GoodsReceiptLine.id).where(
            GoodsReceiptLine.company_id == self._company_id, GoodsReceiptLine.receipt_id == receipt_id
        )
        with Session(self._centre.engine) as session:
            return list(session.scalars(of_receipt.order_by(GoodsReceiptLine.line_no)))

    def masters(self, first_day: date) -> list[Action]:
        """Everything that has a name."""
        return MasterData(self._id, self.traded, self._random).actions(first_day)

    def capital(self, first_day: date) -> list[Action]:
        """The owners' money comes in."""
        return [
            self._entry(
                "capital", first_day, "Capital paid in", Purpose.BANK, Purpose.SHARE_CAPITAL, Decimal("5000000.00")
            )
        ]

    def month_end(self, trader: Trader, day: date) -> list[Action]:
        """Last month's wages, storage, packaging and fees; money from customers, money to suppliers."""
        sold, bought = trader.take_month()
        wages = Decimal("9200.00") + Decimal(self._random.randrange(0, 90000)) / 100
        amounts = (
            ("wages", "Wages", Purpose.WAGES, Purpose.BANK, wages),
            ("storage", "Warehouse rent", Purpose.STORAGE_EXPENSE, Purpose.BANK, Decimal("5400.00")),
            ("packaging", "Packaging material", Purpose.PACKAGING_EXPENSE, Purpose.BANK, sold / 120),
            ("channel", "Channel fees", Purpose.CHANNEL_FEES, Purpose.BANK, sold / 40),
            ("carriers", "Carriers' bills", Purpose.DELIVERY_EXPENSE, Purpose.BANK, sold / 60),
            ("customers", "Customers paid", Purpose.BANK, Purpose.RECEIVABLE, sold * 9 / 10),
            ("suppliers", "Suppliers paid", Purpose.GOODS_RECEIVED_NOT_INVOICED, Purpose.BANK, bought * 8 / 10),
        )
        cent = Decimal("0.01")
        pickers = (f"pickers {day}", day, "Wages of the warehouses", Purpose.WAGES, Purpose.BANK, Decimal("6100.00"))
        return [
            *(
                self._entry(f"{name} {day}", day, text, debit, credit, amount.quantize(cent))
                for name, text, debit, credit, amount in amounts
                if amount.quantize(cent)
            ),
            self._entry(*pickers, "WH"),
        ]

    def cost_to_serve(self, first_day: date) -> list[Action]:
        """What is shared by what, and what storage costs at standard."""
        rules = (
            ("storage", Purpose.STORAGE_EXPENSE, "volume_days", None),
            ("handling", Purpose.WAGES, "picks", self._id("cost_centre", "WH")),
            ("packaging", Purpose.PACKAGING_EXPENSE, "parcels", None),
            ("channel_fees", Purpose.CHANNEL_FEES, "revenue", None),
            ("delivery", Purpose.DELIVERY_EXPENSE, "weight", None),
        )
        rates = zip(self.traded.warehouse_ids, ("1.20", "0.95", "1.05", "0.90"), strict=False)
        return [
            SetUpCostToServe(
                tuple(
                    SaveCostToServeRule(self._id("cost_to_serve_rule", kind), kind, purpose, driver, centre)
                    for kind, purpose, driver, centre in rules
                )
            ),
            *(
                SaveStorageRate(
                    self._id("storage_rate", warehouse_id.hex), warehouse_id, first_day.replace(day=1), Decimal(rate)
                )
                for warehouse_id, rate in rates
            ),
        ]

    def _entry(
        self,
        name: str,
        day: date,
        text: str,
        debit: Purpose,
        credit: Purpose,
        amount: Decimal,
        cost_centre: str | None = None,
    ) -> PostJournalEntry:
        centre = self._id("cost_centre", cost_centre) if cost_centre else None
        lines = (
            EntryLine(self._accounts[debit], debit=amount, cost_centre_id=centre),
            EntryLine(self._accounts[credit], credit=amount),
        )
        return PostJournalEntry(self._id("sample entry", name), day, text, lines)

    def budget(self, trader: Trader, today: date) -> SaveBudget:
        """This year's budget by month: revenue, cost of sales and the large expenses."""
        monthly = (trader.sold_in_all / 12).quantize(Decimal("0.01"))
        shares = (
            (Purpose.REVENUE, Decimal("1.05")),
            (Purpose.COST_OF_SALES, Decimal("0.60")),
            (Purpose.WAGES, Decimal("0.10")),
            (Purpose.STORAGE_EXPENSE, Decimal("0.05")),
            (Purpose.PACKAGING_EXPENSE, Decimal("0.01")),
        )
        lines = tuple(
            PlannedAmount(
                self._accounts[purpose],
                self._id("period", date(today.year, month, 1).isoformat()),
                (monthly * share).quantize(Decimal("0.01")),
            )
            for purpose, share in shares
            for month in range(1, 13)
        )
        code = f"B{today.year}"
        return SaveBudget(self._id("budget", code), code, f"Budget {today.year}", today.year, lines, is_approved=True)
