"""Every screen that a role is offered opens on its desk, shows nothing that it may not see, and offers nothing that it may not do."""

import os
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from firm import Firm
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QTableView
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from erp_desktop.actions.base import Action
from erp_desktop.actions.permissions import ROLES
from erp_desktop.demo.tour import NEW_ONES, RECORDS, Tour
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.views import all_screens
from erp_desktop.views.documents import printing
from erp_desktop.views.shell.main_window import MainWindow
from erp_desktop.views.shell.screens import Screen, permitted_screens
from erp_desktop.views.translation import show_language
from erp_desktop.views.widgets.theme import load_fonts, theme_keeper

assert all_screens

FEW = ("warehouse", "hr")  # of the others, the tour visits every screen of the owner
OF_PRICES = {"Price", "Amount", "Credit", "Credit price", "Unit cost"}
ABOUT_BUYING = {
    "purchase_orders",
    "purchase_order",
    "supplier_returns",
    "supplier_return",
    "return_to_supplier",
    "goods_receipt",
    "count_stock",
    "stock_count",
}


@pytest.fixture(autouse=True)
def at_a_quiet_desk(qapp: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    load_fonts()
    show_language("en")
    if not qapp.styleSheet():
        theme_keeper().choose("light")
    monkeypatch.setattr(printing, "print_folder", lambda: tmp_path)
    monkeypatch.setattr(printing, "open_file", lambda _path: True)
    for name in ("getSaveFileName", "getOpenFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *_args, **_more: ("", ""))


class Visit:
    """Somebody of a role looks at every screen and presses every button; what they press is written down, not done."""

    def __init__(self, desk: Desk, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk, self.window, self._tour = desk, window, Tour(window, None, None)
        self._monkeypatch = monkeypatch
        self.problems: list[str] = []
        self.visited: set[str] = set()

    def everywhere(self) -> None:
        for screen in permitted_screens(self.desk.permissions):
            if screen.key in ("home", "attention", "import"):
                continue
            if screen.key in RECORDS:
                record_id = self._tour.record(screen.key, ())
                if record_id is not None:
                    self._at(screen, id=record_id)
            elif screen.key in NEW_ONES:
                self._at(screen, id=new_id())
            else:
                self._at(screen)

    def _at(self, screen: Screen, **args: Any) -> None:
        self.visited.add(screen.key)
        view = self.window.open_screen(screen.key, **args)
        assert view is not None, screen.key
        self._tour.settle(screen.key, view)
        shown = texts(view)
        if any("Your role does not allow this" in text or "could not" in text for text in shown):
            self.problems.append(f"{screen.key} says {shown}")
        if "None" in shown and "cost.read" not in self.desk.permissions:
            self.problems.append(f"{screen.key} shows None")
        if screen.key in ABOUT_BUYING and "cost.read" not in self.desk.permissions and OF_PRICES & shown:
            self.problems.append(f"{screen.key} shows {OF_PRICES & shown}")
        self._press_everything(screen.key, view)
        view.set_dirty(False)
        self.window.close_tab(view)

    def _press_everything(self, key: str, view: Any) -> None:
        with self._monkeypatch.context() as patch:
            patch.setattr(self.desk, "perform", lambda action: self._written_down(key, action))
            patch.setattr(self.window, "open_screen", lambda wanted, **_: self._follow(key, wanted))
            for action in [one for one in view.commands if one.isEnabled()]:
                action.trigger()

    def _written_down(self, key: str, action: Action) -> "Future[None]":
        if action.permission not in self.desk.permissions:
            self.problems.append(f"{key} performs {type(action).__name__}")
        return Future()

    def _follow(self, key: str, wanted: str) -> None:
        if not self.window.has_screen(wanted):
            self.problems.append(f"{key} opens {wanted}")


def texts(view: Any) -> set[str]:
    """What can be read: labels, headings and cells."""
    found = {label.text() for label in view.findChildren(QLabel) if label.isVisible()}
    for table in view.findChildren(QTableView):
        model = table.model()
        if table.isVisible() and model is not None:
            columns = range(model.columnCount())
            found |= {str(model.headerData(column, Qt.Orientation.Horizontal) or "") for column in columns}
            rows = range(min(model.rowCount(), 20))
            found |= {str(model.index(row, column).data() or "") for row in rows for column in columns}
    return found


@pytest.fixture
def visit(firm: Firm, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    opened: list[MainWindow] = []

    def of(role: str) -> Visit:
        settings = tmp_path / f"{role}.ini"
        settings.write_text("[General]\nlanguage=en\n")
        desk = firm.desk_of(role)
        window = MainWindow(desk, settings)
        window.resize(1280, 720)
        window.show()
        opened.append(window)
        return Visit(desk, window, monkeypatch)

    yield of
    for window in opened:
        window.hide()  # not closed: that would first say what still waits
        window.jobs.stop()
        delete(window)


MANY_SCREENS = pytest.mark.skipif(not os.environ.get("SCREENS_OF_EVERY_ROLE"), reason="3 s each")


@pytest.mark.parametrize("role", [role if role in FEW else pytest.param(role, marks=MANY_SCREENS) for role in ROLES])
def test_a_role_is_offered_what_it_can_see_and_do(visit: Any, role: str) -> None:
    made = visit(role)
    made.everywhere()
    assert made.problems == []
    assert "cost.read" in made.desk.permissions or not {
        key for key in made.visited if "cost_" in key or "report" in key
    }
