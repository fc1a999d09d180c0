"""What gives stock another value, through the real window: write-downs, revaluations, standard costs."""

from decimal import Decimal

import pytest
from trading_house import Trade, trade

from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.valuation import WriteDowns

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
    assert [entry.account for entry in page.effect.effect.entries] == ["1471", "571102"]
    page.save()
    trade.agree(page, "Write down")
    posted = trade.wait_for_page("write_down")
    trade.hear_news()
    trade.wait(lambda: posted.record.number == "NRV-2026-0001")
    (line,) = posted.record.lines
    assert (line.allowance, line.carrying) == (Decimal("1.92"), Decimal("10.08"))
    (row,) = trade.ask(WriteDowns(ListRequest())).rows
    assert row.written_down == Decimal("1.92")


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
    trade.type(page, "dated_on", "2026-03-15")
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 0)
    trade.type(page, "dated_on", DAY)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 2)
    assert trade.value(page, 1, "unit_value") == Decimal(2)


def test_the_lists_of_what_gave_stock_another_value_open(stocked: Trade) -> None:
    for key in ("stock_revaluations", "write_downs", "standard_costs", "standard_cost_history"):
        screen = stocked.open(key)
        stocked.wait(lambda screen=screen: screen.table.model.is_loaded)
