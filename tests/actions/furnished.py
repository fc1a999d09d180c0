"""A company in which every action has something to be done with, and an example of every action."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from test_periods import DATED, JANUARY, Traded, period_of

from company_fixtures import SmallCompany
from erp_desktop.actions import base
from erp_desktop.actions.accounting import EntryLine, PlannedAmount, PostJournalEntry, SaveBudget, SetAccountPurpose
from erp_desktop.actions.attaching import AttachFile, RemoveAttachment
from erp_desktop.actions.base import Action, action_args
from erp_desktop.actions.channel_orders import (
    ChannelLine,
    ChannelOrder,
    ChannelReturn,
    TakeInChannelOrders,
    channel_return_id,
)
from erp_desktop.actions.cost_books import CloseCostBook, OpenCostBook, RenameCostBook
from erp_desktop.actions.cost_to_serve import (
    AllocateCostToServe,
    SaveCostToServeRule,
    SaveStorageRate,
    SetUpCostToServe,
)
from erp_desktop.actions.exchanging import SaveExchangeRate
from erp_desktop.actions.masters import (
    SaveBarcode,
    SaveCategory,
    SaveChannel,
    SaveCostCentre,
    SaveEmployee,
    SaveMasters,
    SaveParty,
    SavePrice,
    SavePriceLevel,
    SaveProduct,
    SaveProductUnit,
    SaveUnit,
    SaveWarehouse,
)
from erp_desktop.actions.opening import OpenPeriods, SaveUser
from erp_desktop.actions.periods import ClosePeriod, ReopenPeriod
from erp_desktop.actions.purchasing import CancelPurchaseOrder, ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.returning import CloseAnnouncedReturn
from erp_desktop.actions.selling import (
    AllocateSalesOrder,
    CancelSalesOrder,
    ConfirmSalesOrder,
    ReleaseAllocation,
    SalesLine,
    SaveSalesOrder,
)
from erp_desktop.actions.window import SetWindow
from erp_desktop.central.turn import LastSeen, Sent, Turn
from erp_desktop.database import writer
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.ledger import AccountPurpose
from erp_desktop.models.sync import ActionLog
from erp_desktop.wire import PushedAction, PushResult

DAY = date(2026, 2, 20)
OPENS_A_COMPANY = {"OpenCompany"}  # only ever the first action of one


class Furnished(Traded):
    """A company in which every action has something to be done with."""

    def __init__(self, company: SmallCompany) -> None:
        super().__init__(company)
        self.category = derived_id("category", company.company_id, "GENERAL")
        self.unit = derived_id("unit", company.company_id, "PC")
        self.parallel, self.level, self.cost_centre, self.crate = new_id(), new_id(), new_id(), new_id()
        self.boss, self.wages_rule = new_id(), new_id()
        self.january, self.february = period_of(company, JANUARY), period_of(company, date(2026, 2, 1))
        self.confirmed = company.sales_order(("BOX", "1", "30"), on=DAY)
        shipped = company.sales_order(("BOX", "1", "30"), on=DAY)
        company.allocate(shipped)
        company.ship(shipped, on=DAY)
        self.uninvoiced_order = shipped
        company.perform(
            SavePriceLevel(self.level, "SHOPS", "Shops"),
            SaveCostCentre(self.cost_centre, "OFFICE", "Office"),
            SaveUnit(self.crate, "CRATE", "crate"),
            SaveEmployee(self.boss, "E1", "Wang Fang"),
            SaveCostToServeRule(rule_id=self.wages_rule, kind="handling", purpose="wages", driver="picks"),
            PostJournalEntry(
                new_id(),
                DAY,
                "Wages",
                (
                    EntryLine(self.account("wages"), debit=Decimal(5)),
                    EntryLine(self.account("bank"), credit=Decimal(5)),
                ),
            ),
            OpenCostBook(self.parallel, "PAR", "Parallel", "fifo"),
            TakeInChannelOrders(
                company.channel,
                company.warehouse,
                returns=(ChannelReturn("R1", DAY, (ChannelLine(self.product, Decimal(1), Decimal(30)),)),),
            ),
        )
        self.announced = channel_return_id(company.channel, "R1")
        company.perform(ClosePeriod(self.january))

    def account(self, purpose: str) -> UUID:
        posts_to = AccountPurpose.account_id
        mine = (AccountPurpose.company_id == self.company.company_id, AccountPurpose.category_id.is_(None))
        with self.company.session() as session:
            return session.scalars(select(posts_to).where(AccountPurpose.purpose == purpose, *mine)).one()

    def draft(self) -> SaveSalesOrder:
        return SaveSalesOrder(
            order_id=new_id(),
            channel_id=self.company.channel,
            warehouse_id=self.company.warehouse,
            ordered_on=DAY,
            due_on=DAY,
            customer_id=self.company.customer,
            lines=(SalesLine(new_id(), self.product, Decimal(1), Decimal(30), unit_id=self.unit),),
        )

    def purchase_draft(self) -> SavePurchaseOrder:
        return SavePurchaseOrder(
            order_id=new_id(),
            supplier_id=self.company.supplier,
            warehouse_id=self.company.warehouse,
            ordered_on=DAY,
            due_on=DAY,
            lines=(PurchaseLine(new_id(), self.product, Decimal(1), Decimal(10), unit_id=self.unit),),
        )

    def contract(self) -> AttachFile:
        return AttachFile(new_id(), "party", self.company.supplier, "合同.pdf", "application/pdf", 1000, "ab" * 32)

    def attached(self) -> UUID:
        contract = self.contract()
        self.company.perform(contract)
        return contract.attachment_id

    def saved(self, draft: SaveSalesOrder | SavePurchaseOrder) -> UUID:
        self.company.perform(draft)
        return draft.order_id


MORE: dict[str, Callable[[Furnished], Action]] = {
    "AllocateCostToServe": lambda f: AllocateCostToServe(f.february, new_id()),
    "AllocateSalesOrder": lambda f: AllocateSalesOrder(f.confirmed),
    "AttachFile": lambda f: f.contract(),
    "RemoveAttachment": lambda f: RemoveAttachment(f.attached()),
    "CancelPurchaseOrder": lambda f: CancelPurchaseOrder(f.open_order),
    "CancelSalesOrder": lambda f: CancelSalesOrder(f.allocated_order),
    "CloseAnnouncedReturn": lambda f: CloseAnnouncedReturn(f.announced, DAY),
    "CloseCostBook": lambda f: CloseCostBook(f.parallel),
    "ClosePeriod": lambda f: ClosePeriod(f.february),
    "OpenCostBook": lambda f: OpenCostBook(new_id(), "P2", "Another", "lifo"),
    "OpenPeriods": lambda f: OpenPeriods(2027),
    "ReleaseAllocation": lambda f: ReleaseAllocation(f.allocated_order),
    "RenameCostBook": lambda f: RenameCostBook(f.parallel, "PAR2", "Renamed"),
    "ReopenPeriod": lambda f: ReopenPeriod(f.january, "late"),
    "SaveBarcode": lambda f: SaveBarcode(barcode_id=new_id(), code="6901", product_id=f.product, unit_id=f.unit),
    "SaveBudget": lambda f: SaveBudget(
        new_id(),
        "B1",
        "Budget",
        2026,
        (PlannedAmount(f.account("wages"), f.february, Decimal(5), f.cost_centre),),
    ),
    "SaveCategory": lambda f: SaveCategory(category_id=new_id(), code="SUB", name="Sub", parent_id=f.category),
    "SaveChannel": lambda f: SaveChannel(channel_id=f.company.channel, code="DIRECT", name="Direct"),
    "SaveCostToServeRule": lambda f: SaveCostToServeRule(
        rule_id=new_id(), kind="storage", purpose="storage_expense", driver="volume_days", cost_centre_id=f.cost_centre
    ),
    "SaveEmployee": lambda f: SaveEmployee(employee_id=new_id(), code="E2", name="Li Na", manager_id=f.boss),
    "SaveExchangeRate": lambda f: SaveExchangeRate(
        exchange_rate_id=new_id(), currency="USD", valid_on=DAY, rate=Decimal("7.1")
    ),
    "SaveMasters": lambda f: SaveMasters(
        parties=(SaveParty(party_id=new_id(), code="P9", name="Nine", is_consumer=True, price_level_id=f.level),),
        products=(SaveProduct(product_id=new_id(), code="X9", name="X9", category_id=f.category, unit_id=f.unit),),
    ),
    "SaveParty": lambda f: SaveParty(
        party_id=f.company.customer, code="C1", name="Zhang", is_consumer=True, price_level_id=f.level
    ),
    "SavePrice": lambda f: SavePrice(
        price_id=new_id(),
        price_level_id=f.level,
        product_id=f.product,
        from_qty=Decimal(1),
        from_date=DAY,
        unit_price=Decimal(9),
    ),
    "SavePriceLevel": lambda f: SavePriceLevel(price_level_id=f.level, code="SHOPS", name="All shops"),
    "SaveProduct": lambda f: SaveProduct(
        product_id=new_id(),
        code="NEW",
        name="New",
        category_id=f.category,
        unit_id=f.unit,
        supplier_id=f.company.supplier,
    ),
    "SaveProductUnit": lambda f: SaveProductUnit(
        product_unit_id=new_id(), product_id=f.product, unit_id=f.crate, numerator=12, denominator=1
    ),
    "SaveStorageRate": lambda f: SaveStorageRate(
        rate_id=new_id(), warehouse_id=f.company.warehouse, valid_from=DAY, rate=Decimal(1)
    ),
    "SaveUnit": lambda f: SaveUnit(unit_id=f.crate, code="CRATE", name="Crate"),
    "SaveUser": lambda f: SaveUser(
        user_id=f.company.owner_id, login="owner", name="Wei", role_codes=("administrator",)
    ),
    "SaveWarehouse": lambda f: SaveWarehouse(
        warehouse_id=f.second, code="W2", name="Second", receiving_bin_id=f.second_bin
    ),
    "SetAccountPurpose": lambda f: SetAccountPurpose("scrap_loss", f.account("wages"), f.category),
    "SetUpCostToServe": lambda f: SetUpCostToServe(
        (SaveCostToServeRule(rule_id=new_id(), kind="storage", purpose="storage_expense", driver="volume_days"),)
    ),
    "TakeInChannelOrders": lambda f: TakeInChannelOrders(
        f.company.channel,
        f.company.warehouse,
        orders=(
            ChannelOrder(
                "O1", DAY, (ChannelLine(f.product, Decimal(1), Decimal(30), unit_id=f.unit),), f.company.customer
            ),
        ),
    ),
    "SetWindow": lambda f: SetWindow(24),
    "SaveSalesOrder": lambda f: f.draft(),
    "SavePurchaseOrder": lambda f: f.purchase_draft(),
    "ConfirmSalesOrder": lambda f: ConfirmSalesOrder(f.saved(f.draft())),
    "ConfirmPurchaseOrder": lambda f: ConfirmPurchaseOrder(f.saved(f.purchase_draft())),
}


def every_action(engine: Engine, furnished: Furnished) -> dict[str, Any]:
    """The arguments of one example of every action, by its name; each would be applied."""
    actions = {name: make(furnished, DAY) for name, make in DATED.items()}
    actions |= {name: make(furnished) for name, make in MORE.items()}
    args = {name: msgspec.json.decode(action_args(action)) for name, action in actions.items()}
    args = logged(engine, furnished.company.company_id) | args
    ours = {name for (name, _), kind in base._actions.items() if kind.__module__.startswith("erp_desktop.")}
    assert set(args) == ours, "an example of every action"
    return {name: args[name] for name in sorted(set(args) - OPENS_A_COMPANY)}


def logged(engine: Engine, company_id: UUID) -> dict[str, Any]:
    """The arguments of the last action of each name."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(ActionLog.name, ActionLog.args).where(ActionLog.company_id == company_id).order_by(ActionLog.tick)
        )
        return {row.name: json.loads(row.args) for row in rows}


@contextmanager
def rehearsed(engine: Engine, company: SmallCompany, name: str, args: Any) -> Iterator[tuple[PushResult, Session]]:
    """What the centre answers, with all that was written for the length of the block. Nothing of it stays."""
    pushed = PushedAction(
        id=new_id(),
        seq=1,
        name=name,
        version=1,
        args=args,
        depends_on=[],
        actor_id=company.owner_id,
        issued_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC),
        base_tick=1,
    )
    with Session(writer(engine)) as session:
        try:
            (result,) = Turn(session, company.company_id, LastSeen()).perform([Sent(None, pushed)])
            yield result, session
        finally:
            session.rollback()
