"""What is pushed together is written once, and reads as if each action had been written by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from company_fixtures import TODAY, SmallCompany
from erp_desktop.actions import gathering
from erp_desktop.actions.base import Action
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder, shipment_line_id
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.ids import new_id
from erp_desktop.models.sales import SalesOrder, SalesOrderLine
from erp_desktop.models.stock import StockBalance
from erp_desktop.models.sync import CompanyClock
from erp_desktop.queries.doctor import examine


@pytest.fixture(autouse=True)
def nothing_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process remembers which actions ask after writing, and writes before them; what other tests taught it is left out."""
    monkeypatch.setattr(gathering, "_asks_after_writing", set())


@contextmanager
def statements_on(engine: Engine) -> Iterator[list[str]]:
    """What is sent to the database meanwhile: the first three words of each statement."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(" ".join(statement.split()[:3]))

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_an_order_that_is_shipped_in_the_same_push_is_inserted_once_and_carries_the_shipments_tick(
    company: SmallCompany,
) -> None:
    company.stock("BTL", "50", "2.00")
    order, shipment = new_id(), new_id()
    line = SalesLine(new_id(), company.product("BTL"), Decimal(10), Decimal("3.00"))
    with statements_on(company.centre.engine) as sent:
        company.perform(
            SaveSalesOrder(order, company.channel, company.warehouse, TODAY, TODAY, (line,), company.customer),
            ConfirmSalesOrder(order),
            AllocateSalesOrder(order),
            ShipOrder(shipment, order, TODAY),
        )
    assert sent.count("INSERT INTO sales_order") == 1
    assert "UPDATE sales_order SET" not in sent
    assert "UPDATE sales_order_line SET" not in sent
    assert sent.count("UPDATE stock_balance SET") == 1
    with company.session() as session:
        clock = session.scalars(select(CompanyClock.tick)).one()
        written = session.scalars(select(SalesOrder).where(SalesOrder.id == order)).one()
        assert (written.status, written.tick) == ("shipped", clock)
        assert session.scalars(select(SalesOrderLine.shipped_qty)).one() == 10
        assert session.scalars(select(StockBalance.on_hand)).one() == 40


def test_goods_kept_by_lot_are_shipped_in_one_push_with_others_and_nothing_is_done_twice(company: SmallCompany) -> None:
    milk, bottle = company.product("MILK", "fifo", tracking="lot"), company.product("BTL")
    company.stock("BTL", "50", "2.00")
    lots = [CountedLine(milk, company.bin, Decimal(5), Decimal(2), code) for code in ("A", "B")]
    company.perform(CountStock(new_id(), company.warehouse, TODAY, tuple(lots)))
    actions: list[Action] = []
    for product in (bottle, milk, bottle, milk):
        order = new_id()
        line = SalesLine(new_id(), product, Decimal(4), Decimal("3.00"))
        actions += [
            SaveSalesOrder(order, company.channel, company.warehouse, TODAY, TODAY, (line,), company.customer),
            ConfirmSalesOrder(order),
            AllocateSalesOrder(order),
            ShipOrder(new_id(), order, TODAY),
        ]
    company.perform(*actions)
    assert gathering._asks_after_writing == set()  # else every later shipment would have all before it written first
    with company.session() as session:
        assert examine(session, company.company_id) == ()
        held = session.scalars(select(StockBalance.on_hand).where(StockBalance.product_id == milk)).all()
        assert sum(held) == 2


def test_what_one_action_of_a_push_wrote_the_next_one_finds(company: SmallCompany) -> None:
    """Bought, received, sold, shipped and brought back twice in one push: each return asks for what was returned before."""
    product = company.product("BTL", "fifo")
    order, order_line = new_id(), new_id()
    sale, shipment = new_id(), new_id()
    returned = ReturnedLine(shipment_line_id(shipment, 1), Decimal(1))
    company.perform(
        SavePurchaseOrder(
            order,
            company.supplier,
            company.warehouse,
            TODAY,
            TODAY,
            (PurchaseLine(order_line, product, Decimal(3), Decimal("3.3333")),),
        ),
        ConfirmPurchaseOrder(order),
        ReceiveGoods(new_id(), order, TODAY, (ReceivedLine(order_line, Decimal(3)),)),
        SaveSalesOrder(
            sale,
            company.channel,
            company.warehouse,
            TODAY,
            date.max,
            (SalesLine(new_id(), product, Decimal(3), Decimal(9)),),
        ),
        ConfirmSalesOrder(sale),
        AllocateSalesOrder(sale),
        ShipOrder(shipment, sale, TODAY),
        TakeInReturn(new_id(), shipment, TODAY, (returned,)),
        TakeInReturn(new_id(), shipment, TODAY, (returned,)),
    )
    with company.session() as session:
        assert examine(session, company.company_id) == ()
        assert session.scalars(select(StockBalance.on_hand)).one() == 2
