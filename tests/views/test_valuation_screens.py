"""What gives stock another value, through the real window: write-downs, revaluations, standard costs."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from trading_house import Trade, button, column_of, editor_of, trade

from company_fixtures import TODAY
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.revaluing import NewStandard, SetStandardCost
from erp_desktop.actions.writing_down import RealisableLine, WriteDownStock
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.period_checklist import DoctorFindings
from erp_desktop.queries.purchasing import GoodsReceipts
from erp_desktop.queries.standard_costs import PoolsOnHand, StandardCosts
from erp_desktop.queries.valuation import StockRevaluations, WriteDowns
from erp_desktop.views.shell import main_window
from erp_desktop.views.shell.asking_to_close import Answer
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec

__all__ = ["trade"]

DAY = "2026-03-20"


@pytest.fixture
def stocked(trade: Trade) -> Trade:
    """Ten BX-204 at 12.50, and four of CY-10 at 3.00 with a list price of 2.80."""
    trade.company.stock("BX-204", "10", "12.50")
    trade.company.product("CY-10", list_price=Decimal("2.80"))
    trade.company.stock("CY-10", "4", "3.00")
    trade.hear_news()
    return trade


def test_stock_is_written_down_from_its_list_price_after_its_effect_was_shown(stocked: Trade) -> None:
    trade = stocked
    page = trade.open("write_stock_down", id=new_id())
    trade.type(page, "dated_on", DAY)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 2)
    trade.type(page, "costs_to_sell", "10")
    trade.do(page.do_work_out)
    assert trade.value(page, 0, "unit_value") is None  # without a list price it is for the person to say
    assert trade.value(page, 1, "unit_value") == Decimal("2.52")
    assert trade.value(page, 1, "written_down") == Decimal("1.92")
    assert trade.value(page, 1, "carrying") == Decimal("10.08")
    trade.wait(lambda: page.effect.effect is not None)
    assert [entry.account for entry in page.effect.effect.entries] == ["571102", "1471"]
    assert "Allowance against stock +1.92 CNY" in page.effect.summary.text()
    page.save()
    trade.wait(lambda: button(page.banner, "Write down") is not None)
    trade.cell(page, 1, "unit_value", "2.5")
    assert not page.banner.isVisible()  # what was asked about is not what stands there any more
    trade.cell(page, 1, "unit_value", "2.52")
    page.save()
    trade.agree(page, "Write down")
    posted = trade.wait_for_page("write_down")
    trade.hear_news()
    trade.wait(lambda: posted.record.number == "NRV-2026-0001")
    (line,) = posted.record.lines
    assert (line.allowance, line.carrying) == (Decimal("1.92"), Decimal("10.08"))
    shown = dict(posted.facts.facts)
    assert (shown["Written down"], shown["Released to cost of sales"]) == ("CNY 1.92", "CNY 0.00")
    (row,) = trade.ask(WriteDowns(ListRequest())).rows
    assert row.written_down == Decimal("1.92")


def test_what_waits_for_the_centre_shows_no_figures_and_no_differences(stocked: Trade) -> None:
    trade = stocked
    trade.desk.go_offline()
    receipt = trade.ask(GoodsReceipts(ListRequest())).rows[0].id
    trade.desk.perform_and_wait(EnterLandedCost(new_id(), "freight", TODAY, Decimal(10), "value", (receipt,)))
    written_down = new_id()
    line = RealisableLine(trade.company.products["CY-10"], Decimal("2"))
    trade.desk.perform_and_wait(WriteDownStock(written_down, TODAY, (line,)))
    page = trade.open("write_down", id=written_down)
    trade.wait(lambda: page.record is not None)
    assert [label for label, _ in page.facts.facts] == ["Date"]
    assert trade.ask(DoctorFindings(trade.desk.permissions)).examples == ()
    trade.desk.go_online()
    trade.wait(lambda: "Written down" in dict(page.facts.facts))


def test_a_net_value_below_zero_is_said_at_its_line(stocked: Trade) -> None:
    trade = stocked
    page = trade.open("write_stock_down", id=new_id())
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 2)
    trade.cell(page, 0, "unit_value", "-1")
    assert trade.value(page, 0, "written_down") is None
    page.save()
    trade.agree(page, "Write down")
    trade.wait(page.binder.bar.isVisible)
    assert page.is_dirty
    assert trade.ask(WriteDowns(ListRequest())).rows == ()


def test_costs_to_sell_of_more_than_the_price_are_said_at_their_field(stocked: Trade) -> None:
    page = stocked.open("write_stock_down", id=new_id())
    stocked.wait(lambda: page.grid.model_of_lines.rowCount() == 2)
    stocked.type(page, "costs_to_sell", "101")
    stocked.do(page.do_work_out)
    assert page.binder.problem_of("costs_to_sell") == "Between 0 and 100 percent."


def test_another_date_lists_what_was_on_hand_then_and_keeps_what_is_typed(stocked: Trade) -> None:
    trade = stocked
    page = trade.open("write_stock_down", id=new_id())
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 2)
    trade.cell(page, 1, "unit_value", "2")
    trade.company.stock("CY-10", "1", "3.00")  # somebody else receives more meanwhile
    trade.wait(lambda: trade.value(page, 1, "qty") == Decimal(5))
    assert trade.value(page, 1, "written_down") == Decimal(5)
    trade.type(page, "dated_on", "2026-03-15")
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 0)
    trade.type(page, "dated_on", DAY)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 2)
    assert trade.value(page, 1, "unit_value") == Decimal(2)


def test_what_stands_in_an_open_cell_is_not_lost_when_the_language_changes_or_the_tab_is_closed(
    stocked: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(
        main_window, "ask_about_changes", lambda _window, titles: asked.append(titles) or Answer.KEEP_EDITING
    )
    page = stocked.open("write_stock_down", id=new_id())
    stocked.wait(lambda: page.grid.model_of_lines.rowCount() == 2)
    start_typing(stocked, page, "2")
    stocked.window.choose_language("zh_CN")
    assert stocked.page is page
    assert stocked.value(page, 1, "unit_value") == Decimal(2)
    page.binder.accept()
    start_typing(stocked, page, "3")
    stocked.window.close_current()
    assert (asked, stocked.page) == ([[page.title]], page)


def start_typing(trade: Trade, page: Any, text: str) -> None:
    """The net value of the second line is being typed: its cell is open."""
    page.grid.go_to(1, column_of(page.grid, "unit_value"))
    trade.qtbot.keyClicks(page.grid, text)
    trade.wait(lambda: editor_of(page.grid) is not None)


def test_the_lists_of_what_gave_stock_another_value_open(stocked: Trade) -> None:
    for key in ("stock_revaluations", "write_downs", "standard_costs", "standard_cost_history"):
        screen = stocked.open(key)
        stocked.wait(lambda screen=screen: screen.table.model.is_loaded)


def stock_item(trade: Trade, code: str) -> LookupItem:
    row = next(one for one in trade.ask(PoolsOnHand(ListRequest())).rows if one.product_code == code)
    return LookupSpec(PoolsOnHand, code="label", name="product_name").item(row)


def fill(page: Any, row: int, **cells: Any) -> None:
    names = [column.name for column in page.grid.model_of_lines.spec.columns]
    page.grid.model_of_lines.change({(row, names.index(name)): value for name, value in cells.items()})


def test_stock_is_revalued_per_unit_and_by_an_amount(stocked: Trade) -> None:
    trade = stocked
    page = trade.open("revalue_stock", id=new_id())
    trade.type(page, "dated_on", DAY)
    trade.type(page, "reason", "Damp in the warehouse")
    fill(page, 0, stock=stock_item(trade, "BX-204"), unit_cost="12")
    fill(page, 1, stock=stock_item(trade, "CY-10"), amount="-2")
    assert trade.value(page, 0, "change") == Decimal("-5")
    assert trade.value(page, 1, "value_after") == Decimal("10")
    trade.company.stock("CY-10", "1", "3.00")  # somebody else receives more meanwhile
    trade.wait(lambda: trade.value(page, 1, "value_after") == Decimal("13"))
    trade.wait(lambda: page.effect.effect is not None)
    (book,) = [one for one in page.effect.effect.books if one.posts_to_ledger]
    assert book.inventory == Decimal("-7")
    page.save()
    trade.agree(page, "Revalue stock")
    posted = trade.wait_for_page("stock_revaluation")
    trade.hear_news()
    trade.wait(lambda: posted.record.number == "REV-2026-0001")
    assert posted.record.change == Decimal("-7")
    assert [line.value_after for line in posted.record.lines] == [Decimal("120"), Decimal("13")]


def test_a_revaluation_below_zero_is_said_at_its_line(stocked: Trade) -> None:
    trade = stocked
    page = trade.open("revalue_stock", id=new_id())
    trade.type(page, "reason", "Damp")
    fill(page, 0, stock=stock_item(trade, "BX-204"), unit_cost="-1")
    page.save()
    trade.agree(page, "Revalue stock")
    trade.wait(page.binder.bar.isVisible)
    assert page.is_dirty
    assert trade.ask(StockRevaluations(ListRequest())).rows == ()


def test_a_form_without_a_reason_says_so_at_the_field(stocked: Trade) -> None:
    page = stocked.open("revalue_stock", id=new_id())
    fill(page, 0, stock=stock_item(stocked, "BX-204"), unit_cost="12")
    page.save()
    stocked.wait(lambda: bool(page.binder.problem_of("reason")))


def test_standards_are_proposed_from_the_moving_average_and_set(trade: Trade) -> None:
    trade.company.product("BX-204", "standard")
    trade.company.stock("BX-204", "10", "12.50")
    trade.company.product("CY-10")
    trade.company.stock("CY-10", "4", "3.00")
    trade.hear_news()
    page = trade.open("set_standard_cost", id=new_id())
    trade.type(page, "effective_on", DAY)
    trade.type(page, "reason", "New plan")
    rows = trade.ask(StandardCosts(ListRequest())).rows
    spec = LookupSpec(StandardCosts)
    fill(page, 0, product=spec.item(next(row for row in rows if row.code == "CY-10")))
    trade.wait(lambda: trade.value(page, 0, "average") is not None)
    trade.do(page.do_propose)
    assert trade.value(page, 0, "unit_cost") == Decimal(3)
    fill(page, 1, product=spec.item(next(row for row in rows if row.code == "BX-204")), unit_cost="13")
    assert trade.value(page, 1, "difference") == Decimal("0.5")
    page.save()
    trade.agree(page, "Set standard costs")
    posted = trade.wait_for_page("standard_cost_change")
    trade.hear_news()
    trade.wait(lambda: posted.record.number == "STD-2026-0001")
    assert posted.record.change == Decimal(5)
    listed = {row.code: row for row in trade.ask(StandardCosts(ListRequest(), with_standard_only=True)).rows}
    assert (listed["BX-204"].standard, listed["BX-204"].effective_on) == (Decimal(13), date.fromisoformat(DAY))
    history = trade.open("standard_cost_history", filters=(("product_id", trade.company.products["BX-204"]),))
    trade.wait(lambda: history.table.model.is_loaded and history.table.model.rowCount() == 1)


def test_without_lines_every_product_whose_standard_is_not_its_moving_average_is_proposed(trade: Trade) -> None:
    trade.company.stock("BX-204", "10", "12.50")
    trade.company.stock("CY-10", "4", "3.00")
    lines = (
        NewStandard(trade.company.products["BX-204"], Decimal("12")),
        NewStandard(trade.company.products["CY-10"], Decimal("3")),
    )
    trade.company.perform(SetStandardCost(new_id(), date.fromisoformat(DAY), "Plan", lines))
    trade.hear_news()
    page = trade.open("set_standard_cost", id=new_id())
    trade.do(page.do_propose)
    trade.wait(lambda: len(page.grid.lines()) == 1)
    assert trade.value(page, 0, "unit_cost") == Decimal("12.5")
