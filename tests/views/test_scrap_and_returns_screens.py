"""Goods that are of no use any more, and goods of which nobody knows the shipment, through the real window."""

from datetime import date
from decimal import Decimal

import pytest
from PySide6.QtWidgets import QLabel
from trading_house import Trade, column_of, trade

from erp_desktop.actions.channel_orders import ChannelLine, ChannelReturn, TakeInChannelOrders, channel_return_id
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.masters import Bins, Parties, Products, Warehouses
from erp_desktop.queries.scrapping import StockScraps
from erp_desktop.queries.selling import CustomerReturns, Shipments
from erp_desktop.queries.stock import StockOnHand
from erp_desktop.views.widgets.list_screen import ListScreen
from erp_desktop.views.widgets.lookup import LookupItem

__all__ = ["trade"]

DAY = date(2026, 3, 20)


@pytest.fixture
def stocked(trade: Trade) -> Trade:
    trade.company.stock("BX-204", "10", "12.50")
    trade.hear_news()
    return trade


def item(trade, query, id):
    row = next(one for one in trade.ask(query(ListRequest())).rows if one.id == id)
    return LookupItem(row.id, row.code, getattr(row, "name", ""), row)


def type_line(trade, page, **cells):
    model = page.grid.model_of_lines
    names = [column.name for column in model.spec.columns]
    model.change({(0, names.index(name)): value for name, value in cells.items()})


def on_hand(trade):
    return sum(row.on_hand for row in trade.ask(StockOnHand(ListRequest())).rows)


def test_goods_are_scrapped_once_it_is_confirmed_and_their_page_opens(stocked):
    trade = stocked
    page = trade.open("scrap_stock", id=new_id())
    page.binder.set_value("warehouse", item(trade, Warehouses, trade.company.warehouse))
    page.binder.set_value("scrapped_on", DAY)
    page.binder.set_value("reason", "wet")
    product = item(trade, Products, trade.company.products["BX-204"])
    place = item(trade, Bins, trade.company.bin)
    type_line(trade, page, product=product, bin=place, qty=Decimal(3), reason="crushed")
    page.save()
    trade.agree(page, "Scrap the goods")
    trade.wait(lambda: trade.page is not page)
    posted = trade.page
    trade.wait(lambda: posted.record is not None)
    (line,) = posted.record.lines
    assert (line.qty, line.reason, line.bin_code) == (Decimal(3), "crushed", "STOCK")
    assert on_hand(trade) == 7
    (row,) = trade.ask(StockScraps(ListRequest())).rows
    assert (row.qty, row.reason) == (Decimal(3), "wet")
    screen = trade.open("stock_scraps")
    trade.wait(lambda: screen.table.model.is_loaded)
    assert screen.table.model.rowCount() == 1


def test_more_than_is_free_is_refused_at_its_line(stocked):
    trade = stocked
    page = trade.open("scrap_stock", id=new_id())
    page.binder.set_value("warehouse", item(trade, Warehouses, trade.company.warehouse))
    page.binder.set_value("scrapped_on", DAY)
    product = item(trade, Products, trade.company.products["BX-204"])
    type_line(trade, page, product=product, bin=item(trade, Bins, trade.company.bin), qty=Decimal(30))
    page.save()
    trade.agree(page, "Scrap the goods")
    trade.wait(lambda: bool(page.grid.problems()))
    assert "Only 10 of BX-204 are free" in page.grid.problems()[0][2]
    assert on_hand(trade) == 10


def test_a_return_without_a_shipment_is_taken_in_and_partly_scrapped(stocked):
    trade = stocked
    page = trade.open("return_without_shipment", id=new_id())
    trade.wait(lambda: page.lookup("warehouse").value() is not None)
    page.binder.set_value("customer", item(trade, Parties, trade.company.customer))
    page.binder.set_value("returned_on", DAY)
    product = item(trade, Products, trade.company.products["BX-204"])
    type_line(trade, page, product=product, qty=Decimal(3), scrap=Decimal(4), unit_price=Decimal("20"))
    page.save()
    assert trade.page is page
    type_line(trade, page, scrap=Decimal(1))
    page.save()
    trade.wait(lambda: trade.page is not page)
    posted = trade.page
    trade.wait(lambda: posted.record is not None)
    assert [(line.qty, line.is_scrapped) for line in posted.record.lines] == [(Decimal(2), False), (Decimal(1), True)]
    assert posted.record.total == 60
    assert on_hand(trade) == 12
    assert "Without a shipment: at current cost" in [label.text() for label in posted.findChildren(QLabel)]
    (row,) = trade.ask(CustomerReturns(ListRequest())).rows
    assert row.shipment_id is None
    screen = trade.open("customer_returns")
    trade.wait(lambda: screen.table.model.is_loaded)
    assert "none: current cost" in [
        screen.table.model.index(0, column).data() for column in range(screen.table.model.columnCount())
    ]


def test_part_of_what_came_back_of_a_shipment_is_scrapped(stocked):
    trade = stocked
    shipment = trade.company.ship(trade.company.sales_order(("BX-204", "4", "20")), "4")
    trade.hear_news()
    page = trade.open("take_in_return", id=shipment)
    trade.wait(lambda: page.record is not None and page.grid.model_of_lines.rowCount() == 1)
    page.binder.set_value("returned_on", DAY)
    type_line(trade, page, counted=Decimal(2))
    page.grid.go_to(0, column_of(page.grid, "scrap"))
    trade.qtbot.keyClicks(page.grid, "3")
    page.save()  # with the cell still open
    trade.wait(page.binder.bar.isVisible)
    assert page.binder.bar.accessibleName() == "More is scrapped than came back. Correct one of the two."
    assert trade.page is page
    type_line(trade, page, scrap=Decimal(2))
    page.save()
    trade.wait(lambda: trade.page is not page)
    posted = trade.page
    trade.wait(lambda: posted.record is not None)
    assert [(line.qty, line.is_scrapped) for line in posted.record.lines] == [(Decimal(2), True)]
    assert on_hand(trade) == 6


def announce(trade, qty, number="C1"):
    """The channel announces bottles coming back from its customer. Gives the announced return."""
    company = trade.company
    line = ChannelLine(company.products["BX-204"], Decimal(qty), Decimal(20))
    coming = ChannelReturn(number, DAY, (line,), company.customer, "too small")
    company.perform(TakeInChannelOrders(company.channel, company.warehouse, returns=(coming,)))
    trade.hear_news()
    return channel_return_id(company.channel, number)


def sell(trade, qty):
    shipment = trade.company.ship(trade.company.sales_order(("BX-204", qty, "20")), qty)
    trade.hear_news()
    return shipment


def announced_page(trade, announced):
    page = trade.open("customer_return", id=announced)
    trade.wait(lambda: page.record is not None)
    return page


def facts_of(page):
    return dict(page.facts.facts)


def test_an_announced_return_is_taken_in_as_it_came_and_shows_its_fate(stocked):
    trade = stocked
    sell(trade, "4")
    announced = announce(trade, "3")
    screen = trade.open("customer_returns", filters=(("status", "announced"),))
    trade.wait(lambda: screen.table.model.is_loaded)
    assert screen.table.model.rowCount() == 1

    before = announced_page(trade, announced)
    trade.do(before.take_in)
    trade.wait(lambda: trade.page is not before)
    page = trade.page
    trade.wait(lambda: page.record is not None and page.grid.model_of_lines.rowCount() == 1)
    line = page.grid.model_of_lines.line(0)
    assert (line["open"], line["announced"], line.get("counted")) == (Decimal(4), Decimal(3), None)
    assert page.binder.value("reason") == "too small"
    trade.do(page.do_all)
    assert trade.value(page, 0, "counted") == 3
    type_line(trade, page, counted=Decimal(2), scrap=Decimal(1))
    page.binder.set_value("returned_on", DAY)
    page.effect.set_open(True)
    trade.wait(lambda: page.effect.effect is not None)
    assert page.effect.effect.problem is None
    page.save()
    trade.wait(lambda: trade.page is not page)
    posted = trade.page
    trade.wait(lambda: posted.record is not None)
    trade.hear_news()
    trade.wait(lambda: facts_of(posted).get("Announced as") == "RET-2026-0001")
    assert [(one.qty, one.is_scrapped) for one in posted.record.lines] == [(Decimal(1), False), (Decimal(1), True)]
    assert on_hand(trade) == 7

    trade.wait(lambda: facts_of(before).get("Taken in as") == "RET-2026-0002")
    assert before.record.status == "received"
    assert not before.take_in.isEnabled()
    assert posted.record.id in [document.id for document in before.record.related]
    assert announced in [document.id for document in posted.record.related]


def test_where_several_shipments_are_possible_the_person_chooses_one(stocked):
    trade = stocked
    sell(trade, "2")
    second = sell(trade, "3")
    before = announced_page(trade, announce(trade, "1"))
    trade.do(before.take_in)
    trade.wait(lambda: isinstance(trade.page, ListScreen))
    choice = trade.page
    trade.wait(lambda: choice.table.model.is_loaded)
    assert choice.table.model.rowCount() == 2
    row = next(row for row in trade.ask(Shipments(ListRequest())).rows if row.id == second)
    choice.table.opened.emit(row)
    trade.wait(lambda: trade.page is not choice)
    trade.wait(lambda: trade.page.record is not None)
    assert (trade.page.document_id, trade.page.record.announced.id) == (second, before.document_id)


def test_announced_goods_of_no_known_shipment_begin_as_announced(stocked):
    trade = stocked
    before = announced_page(trade, announce(trade, "2"))
    trade.do(before.take_in)
    trade.wait(lambda: trade.page is not before)
    page = trade.page
    trade.wait(lambda: bool(page.grid.lines()))
    assert page.lookup("customer").value().id == trade.company.customer
    assert trade.value(page, 0, "qty") == 2
    page.binder.set_value("returned_on", DAY)
    page.save()
    trade.wait(lambda: trade.page is not page)
    trade.wait(lambda: trade.page.record is not None)
    assert trade.page.record.announced_id == before.document_id
    assert on_hand(trade) == 12


def test_an_announced_return_is_closed_without_goods_once_it_is_confirmed(stocked):
    trade = stocked
    page = announced_page(trade, announce(trade, "2"))
    trade.do(page.close_it)
    trade.agree(page, "Close without goods")
    trade.status(page, "closed")
    assert "Closed without goods on" in facts_of(page)
    assert not page.take_in.isEnabled()
    assert on_hand(trade) == 10
