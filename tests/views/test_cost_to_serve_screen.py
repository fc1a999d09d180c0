"""Cost to serve through the real window: set up, shared, compared with the ledger, storage rates."""

import os
from datetime import date
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit
from sqlalchemy import select
from trading_house import CONTROL, Trade, button, trade

from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.cost_to_serve import SaveCostToServeRule, SaveStorageRate
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.ids import new_id
from erp_desktop.models.ledger import AccountPurpose, Period
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.serving_rules import CostToServeRules, StorageRates
from erp_desktop.views.widgets.lookup import LookupField, LookupItem

__all__ = ["trade"]

NOVEMBER = date(2026, 11, 10)


def bill(trade: Trade, purpose: str, amount: str, on: date = NOVEMBER) -> None:
    with trade.company.session() as session:
        accounts = dict(session.execute(select(AccountPurpose.purpose, AccountPurpose.account_id)).all())
    cost, bank = (
        EntryLine(accounts[purpose], debit=Decimal(amount)),
        EntryLine(accounts["bank"], credit=Decimal(amount)),
    )
    trade.company.perform(PostJournalEntry(new_id(), on, "Bill", (cost, bank)))
    trade.hear_news()


@pytest.fixture
def november(trade: Trade) -> Trade:
    """A product that takes room, some of it sold in November, and the bills of November."""
    trade.company.product("BX-204", volume_m3=Decimal("0.25"), weight_kg=Decimal(2))
    trade.company.stock("BX-204", "10", "12.50", on=date(2026, 10, 2))
    order = trade.company.sales_order(("BX-204", "4", "20.00"), on=NOVEMBER)
    trade.company.allocate(order)
    trade.company.ship(order, on=NOVEMBER)
    bill(trade, "storage_expense", "100.00")
    bill(trade, "packaging_expense", "3.00")
    return trade


def rows(screen):
    return {row.kind: row for _, row in screen.table.model.loaded_rows()}


def test_a_period_is_set_up_shared_and_agrees_with_the_ledger(november):
    trade = november
    trade.company.perform(SaveStorageRate(new_id(), trade.company.warehouse, NOVEMBER, Decimal("1.5")))
    screen = trade.open("cost_to_serve")
    trade.wait(lambda: button(screen, "Set up the usual rules") is not None)
    assert not screen.do_share.isEnabled()
    button(screen, "Set up the usual rules").click()
    trade.wait(lambda: len(rows(screen)) == 5)
    trade.wait(lambda: rows(screen)["Storage"].difference == 100)
    assert screen.state.text() == "This period was not shared yet."
    trade.wait(screen.do_share.isEnabled)
    trade.qtbot.keyClick(screen.table.view, Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: rows(screen)["Storage"].difference == 0)
    trade.wait(lambda: screen.state.text().endswith("all that the ledger holds is shared."))
    storage, packaging = rows(screen)["Storage"], rows(screen)["Packaging"]
    assert (storage.ledger, storage.allocated, packaging.allocated) == (100, 100, 3)
    assert storage.standard == Decimal("47.25")  # 6 x 0.25 m3 for 21 days at 1.50
    if "GRAB" in os.environ:
        trade.window.grab().save(os.environ["GRAB"])
    bill(trade, "storage_expense", "8.00")
    trade.wait(lambda: "The ledger has changed by 8.00" in screen.state.text())
    screen.open_report()
    trade.wait(lambda: trade.page is not screen)


def test_choosing_the_kind_of_a_new_rule_proposes_its_accounts_and_driver(trade):
    page = trade.open("cost_to_serve_rule", id=new_id(), is_new=True)
    kind, purpose, driver = (page.binder.widget(name) for name in ("kind", "purpose", "driver"))
    assert isinstance(kind, QComboBox)
    kind.setCurrentIndex(kind.findData("handling"))
    kind.activated.emit(kind.currentIndex())
    assert (purpose.currentData(), driver.currentData()) == ("wages", "picks")
    trade.qtbot.keyClick(kind, Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: not page.is_dirty and page.record is not None)
    (rule,) = trade.ask(CostToServeRules(ListRequest())).rows
    assert (rule.kind, rule.purpose, rule.driver, rule.is_active) == ("handling", "wages", "picks", True)
    assert page.title == "Handling labour"


def test_a_second_rate_from_the_same_day_is_refused_on_the_page(trade):
    trade.company.perform(SaveStorageRate(new_id(), trade.company.warehouse, NOVEMBER, Decimal(1)))
    trade.hear_news()
    (rate,) = trade.ask(StorageRates(ListRequest())).rows
    page = trade.open("storage_rate", id=new_id(), is_new=True)
    warehouse, typed = page.binder.widget("warehouse"), page.binder.widget("rate")
    assert isinstance(warehouse, LookupField)
    assert isinstance(typed, QLineEdit)
    warehouse._hold(LookupItem(rate.warehouse_id, rate.warehouse_code, rate.warehouse_name))
    page.binder.set_value("valid_from", NOVEMBER)
    typed.setFocus()
    trade.qtbot.keyClicks(typed, "2.25")
    trade.qtbot.keyClick(typed, Qt.Key.Key_S, CONTROL)
    trade.wait(page.binder.bar.isVisible)
    assert page.is_dirty
    page.binder.set_value("valid_from", date(2026, 12, 1))
    page.save()
    trade.wait(lambda: not page.is_dirty)
    assert [row.rate for row in trade.ask(StorageRates(ListRequest())).rows] == [Decimal("2.25"), Decimal(1)]


def test_a_closed_period_cannot_be_shared_and_says_why(trade):
    trade.company.perform(SaveCostToServeRule(new_id(), "storage", "storage_expense", "volume_days"))
    with trade.company.session() as session:
        january = session.scalars(select(Period.id).where(Period.starts_on == date(2026, 1, 1))).one()
    trade.company.perform(ClosePeriod(january))
    trade.hear_news()
    closed = trade.open("cost_to_serve", period_id=january)
    trade.wait(lambda: closed.periods.currentText() == "2026-01 (closed)")
    screen = trade.open("cost_to_serve")
    assert screen is not closed
    trade.wait(screen.do_share.isEnabled)
    place = screen.periods.findText("2026-01 (closed)")
    screen.periods.setCurrentIndex(place)
    screen.periods.activated.emit(place)
    trade.wait(lambda: not screen.do_share.isEnabled())
    assert "its shares stay as they are" in screen.do_share.toolTip()
