"""A small trading company whose books were made by the actions that people perform."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.masters import SaveCategory, SaveMasters, SaveParty, SaveProduct
from erp_desktop.actions.opening import OpenCompany
from erp_desktop.actions.performing import perform_action
from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.ids import new_id
from erp_desktop.models.base import set_tick
from erp_desktop.models.product import Unit
from erp_desktop.models.sales import Channel
from erp_desktop.models.stock import Warehouse
from erp_desktop.models.sync import CompanyClock

JANUARY, FEBRUARY, MARCH = date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10)


@dataclass
class Trade:
    """Performs actions for one company and keeps the ids of what they made."""

    session: Session
    chart: str = "ifrs-trading"
    company_id: UUID = field(default_factory=new_id)
    tick: int = 0

    def perform(self, action: Any) -> None:
        self.tick += 1
        set_tick(self.session.connection(), self.tick)
        ctx = Context(
            self.company_id, new_id(), self.owner_id, datetime.now(UTC), at_centre=True, permissions=ALL_PERMISSIONS
        )
        perform_action(self.session, ctx, action)
        clock = self.session.get(CompanyClock, self.company_id)
        if clock is None:
            clock = CompanyClock(company_id=self.company_id, tick=self.tick, epoch=new_id())
            self.session.add(clock)
        clock.tick = self.tick
        self.session.flush()

    def open(self) -> None:
        self.owner_id = new_id()
        self.perform(
            OpenCompany(
                code="ACME",
                name="Acme Trading & Co",
                name_zh="阿克梅贸易有限公司",
                currency="CNY",
                time_zone="Asia/Shanghai",
                chart=self.chart,
                first_period_on=date(2026, 1, 1),
                owner_id=self.owner_id,
                owner_login="li.wei",
                owner_name="Li Wei",
                address="18 Nanjing East Road, 上海 200001",
                tax_number="91310000MA1FL0000X",
            )
        )
        self.unit_id = self.one(select(Unit.id).where(Unit.code == "PC"))
        self.warehouse_id = self.one(select(Warehouse.id))
        self.channel_id = self.one(select(Channel.id))
        self.supplier_id, self.customer_id, self.carrier_id = new_id(), new_id(), new_id()
        self.packaging_id, self.drinks_id = new_id(), new_id()
        self.perform(
            SaveMasters(
                categories=(
                    SaveCategory(self.packaging_id, "PACK", "Packaging", "包装"),
                    SaveCategory(self.drinks_id, "DRINK", "Drinks", "饮料"),
                ),
                parties=(
                    SaveParty(
                        self.supplier_id,
                        "S0031",
                        "Hangzhou Plastics Co., Ltd.",
                        "杭州塑料制品有限公司",
                        is_supplier=True,
                        contact="Ms Chen 陈女士",
                        phone="+86 571 8888 0000",
                        address="No. 7 Wensan Road, Xihu District",
                        city="Hangzhou 杭州",
                        postal_code="310012",
                        country="China",
                    ),
                    SaveParty(
                        self.customer_id,
                        "C1",
                        "Zhang Min",
                        "张敏",
                        is_consumer=True,
                        address="静安区南京西路 1266 号",
                        city="上海",
                    ),
                    SaveParty(self.carrier_id, "SF", "SF Express", "顺丰速运", is_carrier=True),
                ),
            )
        )
        self.bottle_id = self.product(
            "BTL-500-C", "Bottle 500 ml clear <PET> & cap", "透明瓶 500 毫升", self.packaging_id
        )
        self.cap_id = self.product("CAP-28-W", "Cap 28 mm white", "白色瓶盖 28 毫米", self.packaging_id)
        self.tea_id = self.product("TEA-1", "=Green tea", "绿茶㛃", self.drinks_id)

    def one(self, query: Any) -> Any:
        return self.session.scalars(query).one()

    def product(self, code: str, name: str, name_zh: str, category_id: UUID) -> UUID:
        product_id = new_id()
        self.perform(SaveProduct(product_id, code, name, category_id, self.unit_id, name_zh))
        return product_id

    def buy(self, *lines: tuple[UUID, str, str], on: date, receive: bool = True, **more: Any) -> UUID:
        """A confirmed order of (product, quantity, price); received at once unless told otherwise."""
        order_id = new_id()
        ordered = tuple(PurchaseLine(new_id(), product, Decimal(qty), Decimal(price)) for product, qty, price in lines)
        self.perform(SavePurchaseOrder(order_id, self.supplier_id, self.warehouse_id, on, on, ordered, **more))
        self.perform(ConfirmPurchaseOrder(order_id))
        if receive:
            counted = tuple(ReceivedLine(line.line_id, line.qty) for line in ordered)
            self.last_receipt_id = new_id()
            self.perform(ReceiveGoods(self.last_receipt_id, order_id, on, counted))
        return order_id

    def sell(self, *lines: tuple[UUID, str, str], on: date, **more: Any) -> UUID:
        """An order of (product, quantity, price), shipped at once."""
        order_id, self.last_shipment_id = new_id(), new_id()
        ordered = tuple(SalesLine(new_id(), product, Decimal(qty), Decimal(price)) for product, qty, price in lines)
        details = {"customer_id": self.customer_id, **more}
        self.perform(SaveSalesOrder(order_id, self.channel_id, self.warehouse_id, on, on, ordered, **details))
        self.perform(ConfirmSalesOrder(order_id))
        self.perform(AllocateSalesOrder(order_id))
        self.perform(ShipOrder(self.last_shipment_id, order_id, on, self.carrier_id, "SF1390000000001"))
        return order_id

    def a_quarter(self) -> None:
        """Purchases, sales and a freight bill from January to March."""
        self.buy((self.bottle_id, "600", "12.40"), (self.cap_id, "1200", "7.251"), on=JANUARY)
        january = self.last_receipt_id
        self.buy((self.tea_id, "33.333333", "3.33"), on=JANUARY)
        self.sell((self.bottle_id, "100", "19.90"), (self.tea_id, "10.5", "9.99"), on=FEBRUARY)
        self.buy((self.bottle_id, "300", "12.90"), on=FEBRUARY)
        self.perform(EnterLandedCost(new_id(), "freight", MARCH, Decimal("100.01"), "value", (january,)))
        self.sell((self.bottle_id, "250", "21.00"), (self.cap_id, "7", "15.15"), on=MARCH)


@pytest.fixture
def open_trade(engine: Engine) -> Iterator[Callable[..., Trade]]:
    """Opens a company in the test's database, once per kind of database."""
    with Session(engine) as session:

        def make(chart: str = "ifrs-trading") -> Trade:
            trade = Trade(session, chart)
            trade.open()
            return trade

        yield make


@pytest.fixture
def trade(open_trade: Callable[..., Trade]) -> Trade:
    """A company with the trade of a quarter in its books."""
    company = open_trade()
    company.a_quarter()
    return company
