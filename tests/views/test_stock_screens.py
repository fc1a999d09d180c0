"""Stock and the ledger through the real window: counted, moved, posted by hand."""

from datetime import date
from decimal import Decimal

import pytest
from trading_house import Trade, trade

from erp_desktop.actions.masters import SaveBin
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.ledger import Accounts, JournalEntries
from erp_desktop.queries.masters import Warehouses
from erp_desktop.queries.stock import StockOnHand
from erp_desktop.views.ledger.entry_page import JournalEntryPage
from erp_desktop.views.widgets.lookup import LookupItem

__all__ = ["trade"]

DAY = "2026-03-20"


@pytest.fixture
def stocked(trade: Trade) -> Trade:
    """Ten BX-204 in the bin STOCK, and an empty bin A-01 beside it."""
    trade.company.stock("BX-204", "10", "12.50")
    trade.a_01 = new_id()
    trade.company.perform(SaveBin(trade.a_01, trade.company.warehouse, "A-01"))
    trade.hear_news()
    return trade


def warehouse_item(trade: Trade) -> LookupItem:
    row = next(one for one in trade.ask(Warehouses(ListRequest())).rows if one.id == trade.company.warehouse)
    return LookupItem(row.id, row.code, row.name, row)


def on_hand(trade: Trade) -> dict[str, Decimal]:
    return {row.bin_code: row.on_hand for row in trade.ask(StockOnHand(ListRequest())).rows}


def test_a_count_says_what_will_change_and_its_page_shows_differences_first(stocked):
    trade = stocked
    page = trade.open("count_stock", id=new_id())
    page.binder.set_value("warehouse", warehouse_item(trade))
    page.binder.set_value("counted_on", date.fromisoformat(DAY))
    page.fill_in()
    trade.wait(lambda: len(page.grid.lines()) == 1)
    assert trade.value(page, 0, "expected") == Decimal(10)
    trade.cell(page, 0, "counted", "8")
    assert trade.value(page, 0, "difference") == Decimal(-2)
    page.save()
    trade.agree(page, "Post the count")
    trade.wait(lambda: trade.page is not page)
    posted = trade.page
    trade.wait(lambda: posted.record is not None)
    (line,) = posted.record.lines
    assert line.difference == Decimal(-2)
    assert on_hand(trade) == {"STOCK": Decimal(8)}


def test_a_count_without_a_counted_line_is_not_posted(stocked):
    page = stocked.open("count_stock", id=new_id())
    page.binder.set_value("warehouse", warehouse_item(stocked))
    page.fill_in()
    stocked.wait(lambda: len(page.grid.lines()) == 1)
    page.save()
    stocked.wait(page.binder.bar.isVisible)
    assert on_hand(stocked) == {"STOCK": Decimal(10)}


def test_stock_moves_to_another_bin_and_the_move_is_listed(stocked):
    trade = stocked
    page = trade.open("move_stock", id=new_id())
    page.binder.set_value("product", LookupItem(trade.company.products["BX-204"], "BX-204", "Box"))
    page.binder.set_value("from_bin", LookupItem(trade.company.bin, "STOCK", ""))
    page.binder.set_value("to_bin", LookupItem(trade.a_01, "A-01", ""))
    trade.type(page, "qty", "4")
    trade.type(page, "moved_on", DAY)
    trade.do(page.do_save)
    trade.wait(lambda: on_hand(trade) == {"STOCK": Decimal(6), "A-01": Decimal(4)})
    listed = trade.open("stock_moves")
    trade.wait(lambda: listed.table.model.is_loaded)
    rows = {row.kind: row for _, row in listed.table.model.loaded_rows()}
    assert rows["Transfer"].to_bin_code == "MAIN / A-01"


def test_moving_more_than_lies_there_is_said_at_the_quantity(stocked):
    trade = stocked
    page = trade.open("move_stock", id=new_id())
    page.binder.set_value("product", LookupItem(trade.company.products["BX-204"], "BX-204", "Box"))
    page.binder.set_value("from_bin", LookupItem(trade.company.bin, "STOCK", ""))
    page.binder.set_value("to_bin", LookupItem(trade.a_01, "A-01", ""))
    trade.type(page, "qty", "40")
    trade.type(page, "moved_on", DAY)
    trade.do(page.do_save)
    trade.wait(lambda: bool(page.binder.problem_of("qty")))
    assert "BX-204" in page.binder.problem_of("qty")
    assert on_hand(trade) == {"STOCK": Decimal(10)}


def test_a_move_in_the_list_opens_the_receipt_that_caused_it(stocked):
    listed = stocked.open("stock_moves")
    stocked.wait(lambda: listed.table.model.is_loaded)
    listed.table.select_row(0)
    listed.table.opened.emit(listed.table.current())
    stocked.wait(lambda: getattr(stocked.page, "kind", "") == "goods_receipt")


def account(trade: Trade, kind: str) -> LookupItem:
    rows = trade.ask(Accounts(ListRequest(filters=(("type", kind),)))).rows
    row = rows[0]
    return LookupItem(row.id, row.code, row.name, row)


def new_entry(trade: Trade, debit: str, credit: str) -> object:
    page = trade.open("post_journal_entry", id=new_id())
    trade.type(page, "dated_on", DAY)
    trade.type(page, "text", "Rent of March")
    model = page.grid.model_of_lines
    model.change({(0, 0): account(trade, "expense"), (0, 2): debit})
    model.change({(1, 0): account(trade, "asset"), (1, 3): credit})
    return page


def test_an_entry_by_hand_is_posted_at_the_centre_and_opens_from_the_list(trade):
    page = new_entry(trade, "900", "900")
    assert page.binder.widget("total").text() == "Balanced"
    trade.do(page.do_post)
    trade.wait(lambda: trade.page is not page)
    trade.hear_news()
    (row,) = trade.ask(JournalEntries(ListRequest(filters=(("document_kind", "journal_entry"),)))).rows
    assert (row.text, row.amount) == ("Rent of March", Decimal("900.00"))
    for id in (row.id, row.document_id):  # the list names the entry, the general ledger what it was posted under
        entry = trade.open("journal_entry", id=id)
        assert isinstance(entry, JournalEntryPage)
        trade.wait(lambda entry=entry: entry.record is not None)
        assert not entry.do_open.isEnabled()
        trade.wait(lambda entry=entry: entry.table.model.rowCount() == 2)


def test_an_entry_that_does_not_balance_shows_the_difference_and_is_refused(trade):
    page = new_entry(trade, "900", "890")
    assert "10.00" in page.binder.widget("total").text()
    trade.do(page.do_post)
    trade.wait(page.binder.bar.isVisible)
    assert page.is_dirty


def test_the_entry_of_a_receipt_opens_the_receipt(stocked):
    row = stocked.ask(JournalEntries(ListRequest(limit=1))).rows[0]
    page = stocked.open("journal_entry", id=row.id)
    stocked.do(page.do_open)
    stocked.wait(lambda: getattr(stocked.page, "kind", "") == "goods_receipt")
