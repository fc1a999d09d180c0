"""A small ready company on a central database, and short ways to do business in it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action
from erp_desktop.actions.masters import SaveCategory, SaveParty, SaveProduct
from erp_desktop.actions.opening import OpenCompany
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.refusals import Problem
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder, ShippedLine
from erp_desktop.central.performing import Centre
from erp_desktop.ids import derived_id, new_id

TODAY = date(2026, 3, 16)
PASSWORD = "correct horse battery"


class ActionRefused(AssertionError):
    """The centre said no; `problem` is what it said."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem
        self.code = problem.code


class SmallCompany:
    """One company with a supplier, a customer, a carrier and products by code."""

    def __init__(self, centre: Centre, company_id: UUID, owner_id: UUID) -> None:
        self.centre = centre
        self.company_id = company_id
        self.owner_id = owner_id
        self.supplier = new_id()
        self.customer = new_id()
        self.carrier = new_id()
        self.warehouse = derived_id("warehouse", company_id, "MAIN")
        self.bin = derived_id("bin", company_id, "STOCK")
        self.channel = derived_id("channel", company_id, "DIRECT")
        self.products: dict[str, UUID] = {}

    def perform(self, *actions: Action) -> None:
        """Perform `actions` at the centre. Raises ActionRefused with the business sentence."""
        for result in self.centre.perform_local(self.company_id, self.owner_id, actions):
            if result.outcome != "applied":
                raise ActionRefused(Problem.from_dict(result.problem or {"code": result.outcome}))

    def session(self) -> Session:
        return Session(self.centre.engine)

    def product(self, code: str, method: str | None = None, **columns: object) -> UUID:
        """A product, made if it is new; its category is costed by `method` (None: the book's)."""
        if code not in self.products:
            category = derived_id("category", self.company_id, "GENERAL")
            if method:
                category = derived_id("category", self.company_id, method)
                self.perform(SaveCategory(category_id=category, code=method, name=method, cost_method=method))
            self.products[code] = new_id()
            self.perform(
                SaveProduct(
                    product_id=self.products[code],
                    code=code,
                    name=f"Product {code}",
                    category_id=category,
                    unit_id=derived_id("unit", self.company_id, "PC"),
                    **columns,  # type: ignore[arg-type]
                )
            )
        return self.products[code]

    def purchase_order(self, *lines: tuple[str, str, str], on: date = TODAY) -> UUID:
        """A confirmed order of (product code, qty, unit price)."""
        order_id = new_id()
        self.perform(
            SavePurchaseOrder(
                order_id=order_id,
                supplier_id=self.supplier,
                warehouse_id=self.warehouse,
                ordered_on=on,
                due_on=on,
                lines=tuple(
                    PurchaseLine(
                        derived_id("line", order_id, str(place)), self.product(code), Decimal(qty), Decimal(price)
                    )
                    for place, (code, qty, price) in enumerate(lines)
                ),
            ),
            ConfirmPurchaseOrder(order_id),
        )
        return order_id

    def receive(self, order_id: UUID, *quantities: str, on: date = TODAY) -> UUID:
        """Receives `quantities` of the order's lines, in their order."""
        receipt_id = new_id()
        self.perform(
            ReceiveGoods(
                receipt_id=receipt_id,
                purchase_order_id=order_id,
                received_on=on,
                lines=tuple(
                    ReceivedLine(derived_id("line", order_id, str(place)), Decimal(qty))
                    for place, qty in enumerate(quantities)
                    if Decimal(qty)
                ),
            )
        )
        return receipt_id

    def stock(self, code: str, qty: str, unit_price: str, on: date = TODAY) -> UUID:
        """Buys and receives `qty` of a product. Gives the receipt."""
        return self.receive(self.purchase_order((code, qty, unit_price), on=on), qty, on=on)

    def sales_order(self, *lines: tuple[str, str, str], on: date = TODAY) -> UUID:
        """A confirmed order of (product code, qty, unit price)."""
        order_id = new_id()
        self.perform(
            SaveSalesOrder(
                order_id=order_id,
                channel_id=self.channel,
                warehouse_id=self.warehouse,
                ordered_on=on,
                due_on=on,
                customer_id=self.customer,
                lines=tuple(
                    SalesLine(
                        derived_id("line", order_id, str(place)), self.product(code), Decimal(qty), Decimal(price)
                    )
                    for place, (code, qty, price) in enumerate(lines)
                ),
            ),
            ConfirmSalesOrder(order_id),
        )
        return order_id

    def allocate(self, order_id: UUID) -> None:
        self.perform(AllocateSalesOrder(order_id))

    def ship(self, order_id: UUID, *quantities: str, on: date = TODAY) -> UUID:
        """Ships `quantities` of the order's lines; none named: all that is allocated."""
        shipment_id = new_id()
        lines = tuple(
            ShippedLine(derived_id("line", order_id, str(place)), Decimal(qty)) for place, qty in enumerate(quantities)
        )
        self.perform(
            ShipOrder(
                shipment_id=shipment_id,
                order_id=order_id,
                shipped_on=on,
                carrier_id=self.carrier,
                tracking_number="SF100200300",
                lines=lines,
            )
        )
        return shipment_id


def opening_of(code: str = "ACME", name: str = "Acme Trading", **settings: object) -> OpenCompany:
    """A company without anything in it yet; its owner is called Li Wei."""
    usual = OpenCompany(
        code=code,
        name=name,
        currency="CNY",
        time_zone="Asia/Shanghai",
        chart="cn-small-enterprise",
        first_period_on=date(2026, 1, 1),
        owner_id=new_id(),
        owner_login="owner",
        owner_name="Li Wei",
    )
    return replace(usual, **settings)  # type: ignore[arg-type]


def open_small_company(engine: Engine, **settings: object) -> SmallCompany:
    """Opens a company on `engine`, with its parties."""
    centre = Centre(engine)
    owner_id = new_id()
    opening = opening_of(**{"name_zh": "顶点贸易", "owner_id": owner_id, **settings})
    company_id = centre.open_company(opening, PASSWORD)
    company = SmallCompany(centre, company_id, owner_id)
    company.perform(
        SaveParty(party_id=company.supplier, code="S1", name="Hangzhou Plastics", name_zh="杭州塑料", is_supplier=True),
        SaveParty(party_id=company.customer, code="C1", name="Zhang Min", name_zh="张敏", is_consumer=True),
        SaveParty(party_id=company.carrier, code="SF", name="SF Express", name_zh="顺丰速运", is_carrier=True),
    )
    return company


@pytest.fixture
def company(engine: Engine) -> SmallCompany:
    """A small company on each kind of database."""
    return open_small_company(engine)
