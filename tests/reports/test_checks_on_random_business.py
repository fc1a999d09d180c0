"""Whatever was bought, sold, sent back, landed and entered late: the checks of every report of costing hold."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from company_fixtures import ActionRefused, SmallCompany, open_small_company
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.returning import ReturnedLine, ReturnedProduct, TakeInReturn, TakeInReturnWithoutShipment
from erp_desktop.actions.scrapping import ScrappedLine, ScrapStock
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.costing.events import METHODS
from erp_desktop.ids import new_id
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.sales import ShipmentLine
from erp_desktop.reports.report import report_definition

FIRST, LAST = date(2026, 1, 1), date(2026, 4, 30)
STEPS = 30
REPORTS = (
    "cost_composition",
    "cost_layers",
    "cost_of_sales",
    "inventory_reconciliation",
    "inventory_valuation",
    "landed_cost_allocation",
    "margin",
    "method_comparison",
    "purchase_price_variance",
)


class RandomBusiness:
    """Days of trade in one product, in no order of their dates. What is refused changes nothing."""

    def __init__(self, company: SmallCompany, seed: int) -> None:
        self.company, self.random = company, Random(seed)
        self.receipts: list[tuple[UUID, date]] = []
        self.shipments: list[tuple[UUID, date]] = []

    def day(self, since: date = FIRST) -> date:
        return since + timedelta(days=self.random.randint(0, (date(2026, 3, 31) - since).days))

    def amount(self) -> Decimal:
        return Decimal(self.random.randint(1, 5000)) / 100

    def buy(self) -> None:
        on = self.day()
        price = Decimal(self.random.randint(100, 999_999)) / 10_000
        self.receipts.append((self.company.stock("BTL", str(self.random.randint(1, 20)), str(price), on=on), on))

    def sell(self) -> None:
        on = self.day()
        order = self.company.sales_order(("BTL", str(self.random.randint(1, 9)), "99.90"), on=on)
        self.company.allocate(order)
        self.shipments.append((self.company.ship(order, on=on), on))

    def land(self) -> None:
        receipt, on = self.random.choice(self.receipts)
        freight = EnterLandedCost(new_id(), "freight", self.day(on), self.amount(), "value", (receipt,))
        self.company.perform(freight)

    def take_back(self) -> None:
        shipment, on = self.random.choice(self.shipments)
        line = self.one(select(ShipmentLine.id).where(ShipmentLine.shipment_id == shipment))
        back = ReturnedLine(line, Decimal(1), is_scrapped=self.random.random() < 0.4)
        self.company.perform(TakeInReturn(new_id(), shipment, self.day(on), (back,)))

    def take_in(self) -> None:
        """Of nobody knows which shipment."""
        product, is_scrapped = self.company.product("BTL"), self.random.random() < 0.4
        back = ReturnedProduct(product, Decimal(1), self.amount(), is_scrapped=is_scrapped)
        warehouse, customer = self.company.warehouse, self.company.customer
        self.company.perform(TakeInReturnWithoutShipment(new_id(), warehouse, self.day(), (back,), customer))

    def scrap(self) -> None:
        thrown = ScrappedLine(self.company.product("BTL"), self.company.bin, Decimal(self.random.randint(1, 3)))
        self.company.perform(ScrapStock(new_id(), self.company.warehouse, self.day(), (thrown,)))

    def send_back(self) -> None:
        receipt, on = self.random.choice(self.receipts)
        line = self.one(select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == receipt))
        lines = (SentBackLine(line, Decimal(1), self.amount()),)
        self.company.perform(ReturnToSupplier(new_id(), receipt, self.day(on), lines))

    def count(self) -> None:
        found = CountedLine(self.company.product("BTL"), self.company.bin, Decimal(self.random.randint(5, 25)))
        self.company.perform(CountStock(new_id(), self.company.warehouse, self.day(), (found,)))

    def one(self, query: object) -> UUID:
        with self.company.session() as session:
            found: UUID = session.scalars(query).first()  # type: ignore[call-overload]
        return found

    def run(self) -> int:
        """Gives how many of the steps were accepted."""
        self.buy()
        steps = [
            self.buy,
            self.buy,
            self.sell,
            self.sell,
            self.sell,
            self.land,
            self.take_back,
            self.take_in,
            self.scrap,
            self.send_back,
            self.count,
        ]
        accepted = 0
        for _ in range(STEPS):
            try:
                self.random.choice(steps)()
                accepted += 1
            except (ActionRefused, IndexError):  # nothing there yet to take back
                continue
        return accepted


@pytest.mark.parametrize("method", [method for method in METHODS if method != "specific"])  # which needs lots
@pytest.mark.parametrize("seed", [1, 2])
def test_the_checks_of_every_report_hold(engine: Engine, method: str, seed: int) -> None:
    company = open_small_company(engine)
    company.product("BTL", method)
    business = RandomBusiness(company, seed)
    assert business.run() > STEPS // 3
    dates = {"from": FIRST, "to": LAST}
    with company.session() as session:
        for name in REPORTS:
            definition = report_definition(name)
            known = {parameter.name for parameter in definition.parameters}
            parameters = {key: value for key, value in dates.items() if key in known}
            report = definition.run(session, company.company_id, today=LAST, **parameters)
            failing = {check.text: (check.expected, check.found) for check in report.checks if not check.holds}
            assert not failing, name
        ledger = report_definition("stock_ledger").run(
            session, company.company_id, product=company.product("BTL"), today=LAST
        )
        assert all(check.holds for check in ledger.checks)
