"""Whoever is tied to warehouses works in those alone: what they move, promise, order or count elsewhere is refused."""

import copy
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.base import Action
from erp_desktop.actions.masters import SaveBin, SaveWarehouse
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.remedies import Question, Refusal, ways_out
from erp_desktop.actions.scrapping import ScrappedLine, ScrapStock
from erp_desktop.actions.selling import AllocateSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder, ShippedLine
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.actions.tied import WHOLE_COMPANY, works_in
from erp_desktop.actions.transferring import (
    ArrivedLine,
    CloseTransferShort,
    DispatchedLine,
    DispatchTransfer,
    ReceiveTransfer,
    transfer_line_id,
)
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.company import Role
from erp_desktop.models.purchasing import PurchaseOrder
from erp_desktop.models.stock import StockBalance

ONE = Decimal(1)


class Yard:
    """A company with two warehouses, and somebody who may do anything but see costs, tied to the second one (`far`)."""

    def __init__(self, company: SmallCompany) -> None:
        self.company = company
        self.product = company.product("BX-204")
        self.far, self.far_bin = new_id(), new_id()
        company.stock("BX-204", "20", "2")
        company.perform(
            SaveWarehouse(warehouse_id=self.far, code="FAR", name="Far away"),
            SaveBin(self.far_bin, self.far, "F-1"),
            CountStock(
                new_id(), self.far, TODAY, (CountedLine(self.product, self.far_bin, Decimal(10), unit_cost=ONE),)
            ),
        )
        with company.session() as session, session.begin():
            role = session.scalars(select(Role).where(Role.code == "warehouse")).one()
            role.permissions = sorted(ALL_PERMISSIONS - WHOLE_COMPANY)
        self.tied = copy.copy(company)
        self.tied.owner_id = new_id()
        self.tie(self.far)

    def tie(self, *warehouses: UUID, role: str = "warehouse") -> None:
        self.company.perform(
            SaveUser(self.tied.owner_id, "dock", "Chen Dock", (role,), warehouse_ids=warehouses),
        )

    def purchase(self, warehouse_id: UUID, order_id: UUID | None = None) -> SavePurchaseOrder:
        line = PurchaseLine(new_id(), self.product, ONE, ONE)
        return SavePurchaseOrder(order_id or new_id(), self.company.supplier, warehouse_id, TODAY, TODAY, (line,))

    def sale(self, warehouse_id: UUID) -> SaveSalesOrder:
        return SaveSalesOrder(
            new_id(), self.company.channel, warehouse_id, TODAY, TODAY, (SalesLine(new_id(), self.product, ONE, ONE),),
            self.company.customer,
        )  # fmt: skip

    def transfer(self, source: UUID, source_bin: UUID, target: UUID) -> DispatchTransfer:
        return DispatchTransfer(new_id(), source, target, TODAY, (DispatchedLine(self.product, ONE, source_bin),))

    def receipt(self) -> ReceiveGoods:
        order_id = self.company.purchase_order(("BX-204", "5", "2"))
        return ReceiveGoods(new_id(), order_id, TODAY, (ReceivedLine(derived_id("line", order_id, "0"), ONE),))

    def shipment(self) -> ShipOrder:
        order_id = self.company.sales_order(("BX-204", "1", "20"))
        lines = (ShippedLine(derived_id("line", order_id, "0"), ONE),)
        return ShipOrder(new_id(), order_id, TODAY, self.company.carrier, "SF1", lines)


@pytest.fixture
def yard(company: SmallCompany) -> Yard:
    return Yard(company)


ELSEWHERE: dict[str, Callable[[Yard], Action]] = {
    "purchase order": lambda yard: yard.purchase(yard.company.warehouse),
    "sales order": lambda yard: yard.sale(yard.company.warehouse),
    "receipt": lambda yard: yard.receipt(),
    "allocation": lambda yard: AllocateSalesOrder(yard.company.sales_order(("BX-204", "1", "20"))),
    "shipment": lambda yard: yard.shipment(),
    "count": lambda yard: CountStock(
        new_id(), yard.company.warehouse, TODAY, (CountedLine(yard.product, yard.company.bin, ONE),)
    ),
    "scrap": lambda yard: ScrapStock(
        new_id(), yard.company.warehouse, TODAY, (ScrappedLine(yard.product, yard.company.bin, ONE),), "Broken"
    ),
    "move": lambda yard: MoveStock(new_id(), yard.product, ONE, yard.far_bin, yard.company.bin, TODAY),
    "transfer of others' goods": lambda yard: yard.transfer(yard.company.warehouse, yard.company.bin, yard.far),
}


def refused(yard: Yard, action: Action) -> ActionRefused:
    with pytest.raises(ActionRefused) as raised:
        yard.tied.perform(action)
    return raised.value


def stock(yard: Yard) -> dict[UUID, Decimal]:
    with yard.company.session() as session:
        return {row.warehouse_id: row.on_hand for row in session.scalars(select(StockBalance)) if row.on_hand}


def test_what_is_of_another_warehouse_is_refused_whatever_it_is_and_changes_nothing(yard: Yard) -> None:
    for what, made in ELSEWHERE.items():
        action = made(yard)
        before = stock(yard)
        refusal = refused(yard, action)
        assert refusal.code == "other_warehouse", what
        assert stock(yard) == before, what
    assert "Far away" in str(refusal)
    assert "nothing was changed" in str(refusal)


def test_in_their_own_warehouse_they_do_everything(yard: Yard) -> None:
    order = yard.purchase(yard.far)
    yard.tied.perform(
        order,
        yard.sale(yard.far),
        CountStock(new_id(), yard.far, TODAY, (CountedLine(yard.product, yard.far_bin, Decimal(9)),)),
        ScrapStock(new_id(), yard.far, TODAY, (ScrappedLine(yard.product, yard.far_bin, ONE),), "Broken"),
    )
    assert stock(yard)[yard.far] == 8


def test_a_transfer_is_sent_by_who_works_where_it_leaves_and_taken_in_by_who_works_where_it_arrives(yard: Yard) -> None:
    there = yard.transfer(yard.far, yard.far_bin, yard.company.warehouse)
    yard.tied.perform(there)
    arrival = ReceiveTransfer(
        there.transfer_id, TODAY, (ArrivedLine(transfer_line_id(there.transfer_id, 1), ONE, yard.company.bin),)
    )
    assert refused(yard, arrival).code == "other_warehouse"
    yard.tied.perform(CloseTransferShort(there.transfer_id, TODAY, "Lost on the way"))  # either side may say so
    back = yard.transfer(yard.company.warehouse, yard.company.bin, yard.far)
    yard.company.perform(back)
    lines = (ArrivedLine(transfer_line_id(back.transfer_id, 1), ONE, yard.far_bin),)
    yard.tied.perform(ReceiveTransfer(back.transfer_id, TODAY, lines))


def test_a_draft_of_another_warehouse_is_not_made_ones_own_and_ones_own_is_not_given_away(yard: Yard) -> None:
    theirs, own = yard.purchase(yard.company.warehouse), yard.purchase(yard.far)
    yard.company.perform(theirs)
    yard.tied.perform(own)
    assert refused(yard, yard.purchase(yard.far, theirs.order_id)).code == "other_warehouse"
    assert refused(yard, yard.purchase(yard.company.warehouse, own.order_id)).code == "other_warehouse"
    with yard.company.session() as session:
        of = {order.id: order.warehouse_id for order in session.scalars(select(PurchaseOrder))}
    assert (of[theirs.order_id], of[own.order_id]) == (yard.company.warehouse, yard.far)


def test_one_refused_among_many_leaves_the_others(yard: Yard) -> None:
    mine = [yard.purchase(yard.far) for _ in range(3)]
    together = [mine[0], yard.purchase(yard.company.warehouse), *mine[1:]]
    results = yard.company.centre.perform_local(yard.company.company_id, yard.tied.owner_id, together)
    assert [result.outcome for result in results] == ["applied", "refused", "applied", "applied"]


def test_another_tie_counts_at_once_and_who_sees_costs_works_everywhere(yard: Yard) -> None:
    yard.tie(yard.far, yard.company.warehouse)
    yard.tied.perform(yard.purchase(yard.company.warehouse), yard.receipt())
    yard.tie(yard.far, role="manager")
    yard.tied.perform(yard.purchase(yard.company.warehouse))
    yard.tie()
    yard.tied.perform(yard.purchase(yard.company.warehouse))
    assert works_in(yard.company.company_id, frozenset({"cost.read"}), [yard.far]) == frozenset()


def test_another_warehouse_is_offered_where_one_was_named(yard: Yard) -> None:
    (offered,) = ways_out(Refusal(yard.sale(yard.company.warehouse), "other_warehouse", {}, TODAY))
    assert isinstance(offered, Question)
    answered = offered.answered(yard.sale(yard.company.warehouse), yard.far)
    assert isinstance(answered, SaveSalesOrder)
    assert answered.warehouse_id == yard.far
    assert ways_out(Refusal(yard.shipment(), "other_warehouse", {}, TODAY)) == ()
