"""Closing periods, cost books, and where a cost comes from, through the real window with a real centre."""

from datetime import date
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from trading_house import CONTROL, Trade, trade

from erp_desktop.actions.masters import SaveCategory
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.ids import derived_id, new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.cost_books import CostBookList
from erp_desktop.queries.ledger import Periods
from erp_desktop.queries.stock import StockMoves
from erp_desktop.views.ledger import close_page
from erp_desktop.views.translation import show_language
from erp_desktop.views.widgets.theme import theme_keeper

__all__ = ["trade"]

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


@pytest.fixture
def traded(trade: Trade) -> Trade:
    """Tea at a month-end average and boxes first in, first out, bought and sold in January."""
    company = trade.company
    company.product("TEA", method="periodic_average")
    company.stock("TEA", "10", "10.00", on=date(2026, 1, 5))
    company.stock("BOX", "10", "10.00", on=date(2026, 1, 5))
    trade.shipment = _sell(trade, "TEA", "5", date(2026, 1, 10))
    trade.box_shipment = _sell(trade, "BOX", "2", date(2026, 1, 10))
    company.stock("TEA", "10", "20.00", on=date(2026, 1, 20))
    order_id = new_id()
    company.perform(
        SavePurchaseOrder(
            order_id,
            company.supplier,
            company.warehouse,
            date(2026, 1, 15),
            date(2026, 1, 15),
            (PurchaseLine(new_id(), company.products["TEA"], Decimal(1), Decimal(5)),),
        )
    )
    trade.hear_news()
    return trade


def _sell(trade, code, qty, on):
    order = trade.company.sales_order((code, qty, "30"), on=on)
    trade.company.allocate(order)
    return trade.company.ship(order, on=on)


def period_id(trade, first):
    return derived_id("period", trade.company.company_id, first.isoformat())


def rows(page):
    return {row.key: row for _, row in page.table.model.loaded_rows()}


def opened_period(trade, first):
    page = trade.open("period", id=period_id(trade, first))
    trade.wait(lambda: page.record is not None and rows(page).get("doctor") is not None)
    trade.wait(lambda: rows(page)["doctor"].state == "fine")
    return page


def is_closed(trade, first):
    return next(row for row in trade.ask(Periods(ListRequest())).rows if row.starts_on == first).is_closed


def test_the_checklist_counts_what_to_look_at_and_opens_the_list_behind_each_item(traded):
    page = opened_period(traded, JANUARY)
    found = rows(page)
    assert found["draft_purchase_orders"].count == 1
    assert found["draft_purchase_orders"].state == "warns"
    assert found["not_invoiced"].count == 3
    assert found["provisional_averages"].count == 1
    assert found["earlier_open"].state == "fine"
    states = [row.state for _, row in page.table.model.loaded_rows()]
    assert states == sorted(states, key=["blocks", "warns", "counting", "fine"].index)
    place = [row.key for _, row in page.table.model.loaded_rows()].index("draft_purchase_orders")
    page.table.select_row(place)
    page.table.setFocus()
    traded.keys(Qt.Key.Key_Return)
    traded.wait(lambda: traded.page is not page)
    traded.wait(lambda: traded.page.table.model.rowCount() == 1)


def test_an_earlier_open_period_keeps_a_period_open(traded):
    page = opened_period(traded, FEBRUARY)
    traded.wait(lambda: rows(page)["earlier_open"].state == "blocks")
    traded.wait(lambda: not page.do_close.isEnabled())
    assert "Earlier periods that are still open" in page.do_close.toolTip()


def test_closing_shows_the_true_up_first_and_closes_by_keyboard(traded):
    page = opened_period(traded, JANUARY)
    traded.wait(lambda: page.effect.effect is not None)
    posted = {(entry.event, entry.debit or entry.credit) for entry in page.effect.effect.entries}
    assert ("cost_adjustment", Decimal("25.00")) in posted
    traded.wait(page.do_close.isEnabled)
    page.table.setFocus()
    traded.keys(Qt.Key.Key_Return, CONTROL)
    traded.agree(page, "Close the period")
    traded.wait(lambda: is_closed(traded, JANUARY))
    traded.wait(lambda: page.record.is_closed)
    traded.hear_news()
    assert page.facts.facts[0][0] == "Closed"
    assert "Li Wei" in page.facts.facts[0][1]
    assert not page.table.isVisible()
    traded.wait(lambda: page.posted.isVisible() and page.posted.model.rowCount() > 0)
    lines = [line for _, line in page.posted.model.loaded_rows()]
    assert {(line.event, line.debit or line.credit) for line in lines} == {("cost_adjustment", Decimal("25.00"))}
    page.posted.view.row_opened.emit(0)
    assert traded.page.kind == "journal_entry"


def test_a_period_that_is_not_over_says_so_before_it_is_closed(traded, monkeypatch):
    page = opened_period(traded, JANUARY)
    monkeypatch.setattr(close_page, "company_today", lambda: page.record.ends_on)
    traded.wait(page.do_close.isEnabled)
    page.close_period()
    assert f"The period is not over before {page.record.ends_on} ends." in page.banner.sentence.text()


def test_reopening_asks_why(traded):
    page = opened_period(traded, JANUARY)
    traded.do(page.do_close)
    traded.agree(page, "Close the period")
    traded.wait(lambda: page.record.is_closed)
    traded.do(page.do_reopen)
    dialog = page._dialog
    assert not dialog.do_it.isEnabled()
    traded.qtbot.keyClicks(dialog.field, "a late invoice")
    dialog.do_it.click()
    traded.wait(lambda: not is_closed(traded, JANUARY))
    traded.wait(lambda: any("a late invoice" in value for _, value in page.facts.facts))


def test_a_further_book_is_opened_and_its_value_arrives(traded):
    screen = traded.open("cost_books")
    traded.wait(lambda: screen.table.model.rowCount() == 1)
    traded.keys(Qt.Key.Key_N, CONTROL)
    page = traded.page
    traded.qtbot.keyClicks(page.binder.widget("code"), "LIFO")
    traded.qtbot.keyClicks(page.binder.widget("name"), "For comparison")
    page.binder.set_value("method", "lifo")
    traded.do(page.do_save)
    traded.hear_news()
    traded.wait(lambda: page.record is not None and not page.record.is_pending)
    (book,) = [row for row in traded.ask(CostBookList()).rows if row.code == "LIFO"]
    assert not book.posts_to_ledger
    assert book.value == Decimal("330.00")  # tea 10 + 5 at 20 and 10, boxes 8 at 10
    traded.wait(lambda: screen.table.model.rowCount() == 2)


def test_a_book_is_renamed_and_closed_on_its_page(traded):
    from erp_desktop.actions.cost_books import OpenCostBook

    book = new_id()
    traded.company.perform(OpenCostBook(book, "TAX", "Tax", "fifo"))
    traded.hear_news()
    page = traded.open("cost_book", id=book)
    traded.wait(lambda: page.record is not None)
    page.binder.set_value("name", "Tax book")
    traded.do(page.do_save)
    traded.wait(lambda: page.record.name == "Tax book")
    traded.do(page.do_close)
    traded.agree(page, "Close the book")
    traded.wait(lambda: page.record.is_closed)


def test_another_method_shows_every_pool_before_and_after_and_warns_of_lifo(traded):
    book = derived_id("cost_book", traded.company.company_id, "MAIN")
    page = traded.open("change_cost_method", id=book)
    traded.wait(lambda: page.record is not None and page.binder.value("from_on") == JANUARY)
    page.binder.set_value("from_on", FEBRUARY)
    page.binder.set_value("method", "lifo")
    traded.wait(page.warning.isVisible)
    traded.wait(lambda: page.table.model.rowCount() == 1)  # the tea has a method of its own
    row = page.table.model.row_at(0)
    assert (row.product_code, row.value, row.value_after) == ("BOX", Decimal("80.00"), Decimal("80.00"))
    page.save()
    traded.agree(page, "Change the method")
    traded.wait(lambda: "IAS 2.25" in page.binder.widget("is_lifo_confirmed").accessibleDescription())
    page.binder.set_value("method", "fifo")
    traded.wait(lambda: not page.warning.isVisible())
    page.binder.set_value("from_on", date(2026, 2, 10))
    page.save()
    traded.agree(page, "Change the method")
    traded.wait(lambda: "2026-03-01" in page.binder.widget("from_on").accessibleDescription())
    page.binder.set_value("from_on", FEBRUARY)
    page.save()
    traded.agree(page, "Change the method")
    traded.wait(lambda: traded.page is not page)
    traded.hear_news()
    assert [row.method for row in traded.ask(CostBookList()).rows] == ["fifo"]


def test_where_a_cost_comes_from_is_asked_at_the_line_and_in_the_list_of_moves(traded):
    page = traded.open("shipment", id=traded.box_shipment)
    traded.wait(lambda: page.table.model.rowCount() == 1)
    page.table.select_row(0)
    page.table.view.setFocus()
    traded.keys(Qt.Key.Key_J, CONTROL)
    traded.wait(lambda: traded.page is not page)
    viewer = traded.page
    traded.wait(lambda: viewer.report is not None)
    assert viewer.report.name == "unit_story"
    assert all(check.holds for check in viewer.report.checks)
    moves = traded.open("stock_moves")
    traded.wait(lambda: moves.table.model.rowCount() == traded.ask(StockMoves()).count)
    moves.table.select_row(0)
    moves.table.view.setFocus()
    traded.keys(Qt.Key.Key_J, CONTROL)
    traded.wait(lambda: traded.page is viewer)
    traded.wait(lambda: viewer.report is not None)


def test_a_figure_of_the_stock_ledger_tells_its_story(traded):
    viewer = traded.open("report_stock_ledger", parameters={"product": "BOX"})
    traded.wait(lambda: viewer.report is not None and viewer.table is not None)
    viewer.table.setCurrentIndex(viewer.table.report_model.index(1, 0))
    viewer.table.setFocus()
    traded.keys(Qt.Key.Key_J, CONTROL)
    traded.wait(lambda: traded.page is not viewer)
    story = traded.page
    traded.wait(lambda: story.report is not None)
    assert story.report.name == "unit_story"


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_pages_fit_at_1280_in_both_languages_and_in_the_dark(traded, language, tmp_path):
    show_language(language)
    theme_keeper().choose("dark" if language == "zh_CN" else "light")
    traded.company.perform(SaveCategory(new_id(), "X", "X"))
    pages = [
        opened_period(traded, JANUARY),
        traded.open("cost_books"),
        traded.open("cost_book", id=new_id(), is_new=True),
        traded.open("change_cost_method", id=derived_id("cost_book", traded.company.company_id, "MAIN")),
    ]
    for page in pages:
        traded.window.tabs.setCurrentWidget(page)
        traded.wait(page.isVisible)
        assert page.minimumSizeHint().width() <= 1280
        assert traded.window.grab().save(str(tmp_path / f"{type(page).__name__}.png"))
