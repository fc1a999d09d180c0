"""After every kind of business, done by the real actions at the centre, the doctor has nothing to say."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from company_fixtures import TODAY, SmallCompany
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.price_corrections import CorrectReceiptPrice
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.selling import CancelSalesOrder, ReleaseAllocation
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.ids import new_id
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.sales import ShipmentLine
from erp_desktop.models.stock import Bin
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.doctor import examine
from erp_desktop.queries.ledger import Accounts
from erp_desktop.queries.purchasing import GoodsReceipts, PurchaseOrders
from erp_desktop.queries.selling_details import SalesOrderDetail


def do_every_kind_of_business(company: SmallCompany, method: str) -> None:
    company.product("BTL", method)
    company.product("CAP", method)
    order = company.purchase_order(("BTL", "10", "3.333333"), ("CAP", "100", "0.07"))
    receipt = company.receive(order, "7", "100")
    company.receive(order, "3")
    company.purchase_order(("BTL", "1", "9"))
    first = company.sales_order(("BTL", "6", "9.99"), ("CAP", "10", "0.5"))
    company.allocate(first)
    shipment = company.ship(first, "4", "10")
    company.ship(first, "2")
    company.stock("BTL", "5", "4.01")
    company.perform(
        EnterLandedCost(new_id(), "freight", TODAY, Decimal("10.01"), "qty", (receipt,), supplier_id=company.supplier)
    )
    with company.session() as session:
        receipt_line = session.scalars(
            select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == receipt, GoodsReceiptLine.line_no == 1)
        ).one()
        shipment_line = session.scalars(
            select(ShipmentLine.id).where(ShipmentLine.shipment_id == shipment, ShipmentLine.line_no == 1)
        ).one()
        other_bin = session.scalars(select(Bin.id).where(Bin.company_id == company.company_id)).all()
    company.perform(CorrectReceiptPrice(new_id(), receipt_line, Decimal("3.5"), TODAY))
    for _ in range(2):
        company.perform(TakeInReturn(new_id(), shipment, TODAY, (ReturnedLine(shipment_line, Decimal(1)),)))
    bottle, cap = company.product("BTL"), company.product("CAP")
    company.perform(
        CountStock(new_id(), company.warehouse, TODAY, (CountedLine(bottle, company.bin, Decimal(9)),)),
        CountStock(new_id(), company.warehouse, TODAY, (CountedLine(cap, company.bin, Decimal(95), Decimal("0.1")),)),
    )
    for target in other_bin:
        if target != company.bin:
            company.perform(MoveStock(new_id(), cap, Decimal(5), company.bin, target, TODAY))
    released = company.sales_order(("BTL", "2", "9.99"))
    company.allocate(released)
    company.perform(ReleaseAllocation(released))
    cancelled = company.sales_order(("BTL", "3", "9.99"))
    company.allocate(cancelled)
    company.perform(CancelSalesOrder(cancelled))
    company.allocate(company.sales_order(("BTL", "3", "9.99")))


@pytest.mark.parametrize("method", ["fifo", "moving_average"])
def test_every_kind_of_business_leaves_sound_books(company: SmallCompany, method: str) -> None:
    do_every_kind_of_business(company, method)
    with company.session() as session:
        found = examine(session, company.company_id)
        assert [difference.sentence for difference in found] == []


def test_lists_and_pages_show_what_the_actions_wrote(company: SmallCompany) -> None:
    company.stock("BTL", "10", "2.5", on=TODAY - timedelta(days=1))
    sale = company.sales_order(("BTL", "4", "9.99"))
    company.allocate(sale)
    with company.session() as session:
        (receipt,) = GoodsReceipts().run(session, company.company_id).rows
        assert (receipt.qty, receipt.supplier_name_zh, receipt.is_pending) == (10, "杭州塑料", False)
        (order,) = PurchaseOrders(ListRequest(search="hangzhou")).run(session, company.company_id).rows
        assert (order.status, order.qty, order.received_qty, order.total) == ("received", 10, 10, 25)
        record = SalesOrderDetail(sale).run(session, company.company_id)
        assert [(line.allocated_qty, line.free) for line in record.lines] == [(4, 6)]
        assert Accounts().run(session, company.company_id).totals["balance"] == 0
