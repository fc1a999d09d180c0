"""How far back computers hold documents: set by the administrator, told under a list, and older ones fetched from there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from shiboken6 import delete
from trading_house import Trade, trade

from company_fixtures import PASSWORD
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.window import WHOLE_COMPANY, SetWindow
from erp_desktop.central.accounts import set_password
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.queries.company import CompanyDetail
from erp_desktop.queries.window import HeldSince
from erp_desktop.reports.report import report_definitions
from erp_desktop.sync.cache import cache_path
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.transport import Timing
from erp_desktop.views.shell.main_window import MainWindow

__all__ = ["trade"]


@pytest.fixture
def years(trade: Trade) -> Trade:
    """The company has sold an order long ago; computers hold a month."""
    company = trade.company
    company.stock("BX-204", "100", "7")
    company.ship(company.sales_order(("BX-204", "3", "20")), "3")
    later = datetime.now(UTC) + timedelta(days=70)
    company.centre.clock = lambda: later
    company.perform(SetWindow(1))
    company.sales_order(("BX-204", "1", "20"))
    return trade


@pytest.fixture
def seller(years: Trade, tmp_path: Path) -> Iterator[MainWindow]:
    """The window of somebody who sells."""
    ada = new_id()
    years.company.perform(SaveUser(user_id=ada, login="ada", name="Ada Lovelace", role_codes=("sales",)))
    set_password(years.company.centre.engine, years.company.company_id, ada, PASSWORD)
    path = cache_path("the centre", "ACME", "ada", tmp_path / "dock")
    secrets = Secrets(path.parent, use_keyring=False)
    url = years.desk._engine._centre()
    desk = Desk.open(path, url, "ACME", "ada", PASSWORD, secrets=secrets, timing=Timing(connect=60, answer=60))
    settings = tmp_path / "ada.ini"
    settings.write_text("[General]\nlanguage=en\n")
    window = MainWindow(desk, settings)
    window.resize(1280, 720)
    window.show()
    yield window
    window.close()
    delete(window)
    desk.close()


def test_an_administrator_sets_how_far_back_computers_hold_documents(trade: Trade) -> None:
    page = trade.open("company")
    trade.wait(lambda: page._months == 18)
    trade.do(page.do_set_window)
    page.dialog.months.setValue(24)
    page.dialog.set_button.click()
    trade.wait(lambda: trade.ask(CompanyDetail()).window_months == 24)
    trade.wait(lambda: page._months == 24)
    trade.do(page.do_set_window)
    page.dialog.months.setValue(0)
    assert page.dialog.months.text() == "All documents"
    page.dialog.reject()


def test_older_documents_are_told_under_the_list_and_fetched_by_what_is_searched_for(
    years: Trade, seller: MainWindow
) -> None:
    screen: Any = seller.open_screen("sales_orders")
    years.wait(lambda: screen.table.model.rowCount() == 1)
    years.wait(lambda: bool(screen.older.sentence.text()) and screen.older.isVisible())
    assert "are at the central service" in screen.older.sentence.text()
    screen.older.button.click()
    years.wait(lambda: screen.table.model.rowCount() == 2)
    years.wait(screen.older.button.isEnabled)
    seller.desk.go_offline()
    screen.older.button.click()
    years.wait(lambda: "which does not answer now" in screen.older.sentence.text())
    assert screen.older.button.isEnabled()


def test_who_holds_everything_is_told_nothing_of_older_documents(years: Trade) -> None:
    years.hear_news()
    assert years.open("sales_orders").older is None
    assert years.ask(HeldSince(years.desk.permissions)) is None
    assert years.ask(HeldSince(frozenset({"sales.read"}))) is not None


def test_every_report_is_made_by_somebody_who_holds_every_document() -> None:
    """A report over an older period never shows less because this computer lacks something."""
    assert {one.name for one in report_definitions() if one.permission not in WHOLE_COMPANY} == set()
