"""Shipments on their way to customers, and the confirmation of their delivery, through the real window."""

from datetime import date
from decimal import Decimal

import pytest
from PySide6.QtWidgets import QLabel
from trading_house import Trade, trade

from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.shipping import shipment_line_id
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.ledger import JournalEntries
from erp_desktop.queries.selling import SalesInvoices, Shipments
from erp_desktop.views.settings.company_page import CompanyPage

__all__ = ["trade"]

COMPANY_SETTINGS = {"revenue_at": "delivery"}
SHIPPED, DELIVERED = date(2026, 11, 18), date(2026, 11, 19)


@pytest.fixture
def under_way(trade: Trade) -> Trade:
    """Three shipments of two boxes each."""
    trade.company.stock("BX-204", "10", "12.50", on=SHIPPED)
    for _ in range(3):
        order = trade.company.sales_order(("BX-204", "2", "20"), on=SHIPPED)
        trade.company.ship(order, "2", on=SHIPPED)
    trade.hear_news()
    return trade


def shipments(trade):
    return trade.ask(Shipments(ListRequest())).rows


def events(trade):
    return sorted(row.event for row in trade.ask(JournalEntries(ListRequest())).rows)


def test_the_delivery_of_a_shipment_is_confirmed_from_its_page(under_way):
    trade = under_way
    page = trade.open("shipment", id=shipments(trade)[0].id)
    trade.wait(lambda: page.record is not None)
    assert "not confirmed yet" in [label.text() for label in page.findChildren(QLabel)]
    trade.do(page.deliver)
    form = trade.page
    trade.wait(lambda: form.record is not None)
    assert "The goods become cost of sales" in form.header.hint.text()
    trade.type(form, "delivered_on", DELIVERED.isoformat())
    trade.do(form.do_confirm)
    trade.wait(lambda: trade.page is page)
    trade.wait(lambda: page.record.delivered_on == DELIVERED)
    trade.hear_news()
    trade.wait(lambda: "delivery" in events(trade))
    (invoice,) = trade.ask(SalesInvoices(ListRequest())).rows
    assert (invoice.total, invoice.invoiced_on) == (Decimal(40), DELIVERED)
    related = {document.kind for document in page.record.related}
    assert "sales_invoice" in related


def test_the_deliveries_of_selected_shipments_are_confirmed_together(under_way):
    trade = under_way
    screen = trade.open("shipments")
    trade.wait(lambda: screen.table.model.is_loaded)
    screen.table.view.selectAll()
    trade.wait(lambda: len(screen.table.selected()) == 3)
    trade.do(next(action for action in screen.commands if action.text() == "Confirm delivery"))
    form = trade.page
    trade.wait(lambda: form.record is not None and form.grid.model_of_lines.rowCount() == 3)
    trade.type(form, "delivered_on", "2026-11-17")
    trade.do(form.do_confirm)
    trade.wait(lambda: bool(form.binder.problem_of("delivered_on")))
    assert "it cannot have arrived before" in form.binder.problem_of("delivered_on")
    trade.type(form, "delivered_on", DELIVERED.isoformat())
    trade.do(form.do_confirm)
    trade.wait(lambda: trade.page is screen)
    trade.hear_news()
    assert [row.delivered_on for row in shipments(trade)] == [DELIVERED] * 3
    screen.show_args(filters=(("is_under_way", True),))
    trade.wait(lambda: screen.table.model.is_loaded and screen.table.model.rowCount() == 0)


def test_what_was_delivered_before_is_left_out(under_way):
    trade = under_way
    first, second, _ = (row.id for row in shipments(trade))
    form = trade.open("confirm_delivery", id=first)
    trade.wait(lambda: form.record is not None)
    trade.do(form.do_confirm)
    trade.wait(lambda: trade.page is not form)
    again = trade.open("confirm_delivery", id=first, shipments=(first, second))
    trade.wait(lambda: again.record is not None and again.grid.model_of_lines.rowCount() == 1)
    assert again.grid.model_of_lines.line(0)["id"] == second


def test_what_comes_back_undelivered_says_why_nothing_is_credited(under_way):
    trade = under_way
    shipment = shipments(trade)[0].id
    back = new_id()
    line = ReturnedLine(shipment_line_id(shipment, 1), Decimal(2))
    trade.company.perform(TakeInReturn(back, shipment, DELIVERED, (line,)))
    trade.hear_news()
    page = trade.open("customer_return", id=back)
    trade.wait(lambda: page.record is not None)
    assert "nothing: it had not been delivered" in [label.text() for label in page.findChildren(QLabel)]
    form = trade.open("confirm_delivery", id=shipment)
    trade.wait(lambda: form.record is not None)
    assert not form.do_confirm.isEnabled()
    assert form.grid.model_of_lines.rowCount() == 0


def test_the_page_of_a_landed_cost_has_a_column_for_goods_under_way_where_there_are_any(trade):
    full, part = (trade.company.stock(code, "10", "1.00", on=SHIPPED) for code in ("CUP", "POT"))
    trade.company.ship(trade.company.sales_order(("POT", "4", "9"), on=SHIPPED), "4", on=SHIPPED)
    shown = []
    for receipt in (full, part):
        freight = EnterLandedCost(new_id(), "freight", SHIPPED, Decimal("5.00"), "qty", (receipt,))
        trade.company.perform(freight)
        trade.hear_news()
        page = trade.open("landed_cost", id=freight.landed_cost_id)
        trade.wait(lambda page=page: page.record is not None and page.table.model.rowCount() == 1)
        columns = enumerate(page.table.spec.columns)
        shown.append([column.name for place, column in columns if not page.table.view.isColumnHidden(place)][-3:])
        assert [page.record.shares[0].to_goods_dispatched] == [Decimal(0) if receipt is full else Decimal(2)]
    assert shown == [
        ["amount", "to_inventory", "to_cost_of_sales"],
        ["to_inventory", "to_goods_dispatched", "to_cost_of_sales"],
    ]


def test_the_company_says_when_its_revenue_is_posted(under_way):
    page: CompanyPage = under_way.open("company")
    under_way.wait(lambda: "when their delivery is confirmed" in [label.text() for label in page.findChildren(QLabel)])
