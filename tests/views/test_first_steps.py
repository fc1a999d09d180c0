"""A company just opened: the start page says where to begin, until there is something to work with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_desk import FakeDesk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import delete
from sqlalchemy import Engine
from trading_house import Trade, trade

from company_fixtures import opening_of
from erp_desktop.actions.masters import SaveParty, SaveProduct
from erp_desktop.central.performing import Centre
from erp_desktop.central.serving import served
from erp_desktop.database import open_engine
from erp_desktop.desk import Desk
from erp_desktop.ids import derived_id, new_id
from erp_desktop.sync.cache import cache_path
from erp_desktop.sync.secrets import Secrets
from erp_desktop.views.shell.main_window import MainWindow

__all__ = ["trade"]

PASSWORD = "correct horse"


@pytest.fixture
def books(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def window(qtbot: QtBot, books: Engine, tmp_path: Path) -> Iterator[MainWindow]:
    """The window of somebody whose company was opened a moment ago."""
    Centre(books).open_company(opening_of("NEW", "New Trading"), PASSWORD)
    with served(books) as server:
        path = cache_path("the centre", "NEW", "owner", tmp_path)
        secrets = Secrets(path.parent, use_keyring=False)
        desk = Desk.open(path, server.url, "NEW", "owner", PASSWORD, secrets=secrets)
        opened = MainWindow(desk, tmp_path / "window.ini")
        opened.show()
        yield opened
        for tab in opened.tabs.tabs():
            if tab.is_dirty:
                tab.view.set_dirty(False)  # type: ignore[attr-defined]
        opened.hide()  # not closed: that would first say what still waits
        opened.jobs.stop()
        delete(opened)
        desk.close()


def test_a_new_company_is_told_where_to_begin_and_enter_begins(qtbot: QtBot, window: MainWindow) -> None:
    steps = window.tabs.currentWidget().first_steps  # type: ignore[attr-defined]
    qtbot.waitUntil(steps.isVisible)
    qtbot.waitUntil(lambda: window.focusWidget() is steps.buttons[0])
    assert steps.buttons[0].accessibleName() == "Products: New"
    qtbot.keyClick(steps.buttons[0], Qt.Key.Key_Return)
    assert window.tabs.current().title.startswith("Product")


def test_with_products_and_parties_the_steps_are_gone(qtbot: QtBot, window: MainWindow) -> None:
    steps = window.tabs.currentWidget().first_steps  # type: ignore[attr-defined]
    qtbot.waitUntil(steps.isVisible)
    company_id = window.desk.company.id
    window.desk.perform_and_wait(
        SaveProduct(
            product_id=new_id(),
            code="BX-1",
            name="Box",
            category_id=derived_id("category", company_id, "GENERAL"),
            unit_id=derived_id("unit", company_id, "PC"),
        )
    )
    window.desk.perform_and_wait(SaveParty(party_id=new_id(), code="S1", name="Nordic", is_supplier=True))
    qtbot.waitUntil(lambda: not steps.isVisible())


def test_a_company_at_work_sees_no_first_steps(trade: Trade) -> None:
    trade.company.product("BX-204")
    trade.hear_news()
    home = trade.open("home")
    QApplication.processEvents()
    trade.wait(lambda: not home.first_steps.isVisible())


def test_the_search_of_a_new_order_says_where_the_first_supplier_is_made(qtbot: QtBot, window: MainWindow) -> None:
    page = window.open_screen("purchase_order", id=new_id(), is_new=True)
    assert page is not None
    supplier = page.lookup("supplier")  # type: ignore[attr-defined]
    qtbot.waitUntil(supplier.hasFocus)
    qtbot.keyClicks(supplier, "Nordic")
    qtbot.waitUntil(
        lambda: supplier.results.isVisible() and "There are no suppliers yet" in supplier.results.item(0).text()
    )


def test_somebody_who_keeps_no_master_data_is_not_told_to_begin(qtbot: QtBot, desk: FakeDesk, tmp_path: Path) -> None:
    desk.permissions = frozenset({"master.read", "goods.read", "goods.count"})
    window = MainWindow(desk, tmp_path / "clerk.ini")  # type: ignore[arg-type]
    qtbot.addWidget(window)
    window.show()
    home = window.tabs.currentWidget()
    qtbot.wait(200)
    assert not home.first_steps.isVisible()  # type: ignore[attr-defined]
    window.close()
