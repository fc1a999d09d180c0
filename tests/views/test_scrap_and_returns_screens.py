"""Goods that are of no use any more, and goods of which nobody knows the shipment, through the real window."""

from datetime import date
from decimal import Decimal

import pytest
from PySide6.QtWidgets import QLabel
from trading_house import Trade, trade

from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.masters import Bins, Parties, Products, Warehouses
from erp_desktop.queries.scrapping import StockScraps
from erp_desktop.queries.selling import CustomerReturns
from erp_desktop.queries.stock import StockOnHand
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
    type_line(trade, page, counted=Decimal(2), scrap=Decimal(3))
    page.save()
    assert trade.page is page
    type_line(trade, page, scrap=Decimal(2))
    page.save()
    trade.wait(lambda: trade.page is not page)
    posted = trade.page
    trade.wait(lambda: posted.record is not None)
    assert [(line.qty, line.is_scrapped) for line in posted.record.lines] == [(Decimal(2), True)]
    assert on_hand(trade) == 6
