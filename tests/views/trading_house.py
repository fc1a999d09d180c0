"""A small company at a real centre on loopback, one desk that works with it, and its real window."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from company_fixtures import PASSWORD, SmallCompany, open_small_company
from erp_desktop.central.serving import served
from erp_desktop.database import open_engine
from erp_desktop.desk import Desk
from erp_desktop.queries.base import Query
from erp_desktop.sync.cache import cache_path
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.transport import Timing
from erp_desktop.views import all_screens
from erp_desktop.views.documents import printing
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.shell import main_window
from erp_desktop.views.shell.asking_to_close import Answer
from erp_desktop.views.shell.main_window import MainWindow
from erp_desktop.views.widgets import fields
from erp_desktop.views.widgets.line_grid import LineGrid
from erp_desktop.views.widgets.lookup import LookupField

assert all_screens

CONTROL = Qt.KeyboardModifier.ControlModifier
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # the company keeps the books of 2026: its people work in that year


class StandingClock(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return NOW.astimezone(tz)


class Trade:
    """A person at the window of a company's desk, working with the keyboard."""

    def __init__(self, qtbot: QtBot, company: SmallCompany, desk: Desk, window: MainWindow) -> None:
        self.qtbot, self.company, self.desk, self.window = qtbot, company, desk, window

    # --- what the desk knows

    def ask(self, query: Query[Any]) -> Any:
        return self.desk.ask(query).result()

    def hear_news(self) -> None:
        """Waits until the desk has all that the centre has."""
        self.qtbot.waitUntil(lambda: self.desk.sync_state.waiting == 0)
        assert self.desk.wait_until_synced()

    # --- what the person does

    def open(self, key: str, **args: Any) -> Any:
        view = self.window.open_screen(key, **args)
        assert view is not None
        return view

    @property
    def page(self) -> Any:
        """The screen in front."""
        return self.window.tabs.currentWidget()

    def wait(self, is_so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(is_so)

    def wait_for_page(self, kind: str) -> Any:
        """The page of a document of that kind, once it is in front and read."""
        self.wait(lambda: getattr(self.page, "makes", "") == "" and getattr(self.page, "kind", "") == kind)
        self.wait(lambda: self.page.record is not None)
        return self.page

    def choose(self, page: FormPage, field: str, text: str) -> None:
        """Types into a lookup and takes the first record offered."""
        lookup = page.lookup(field)
        lookup.setFocus()
        lookup.selectAll()
        self.qtbot.keyClicks(lookup, text)
        self.wait(lambda: lookup.results.isVisible() or not lookup.is_waiting)
        self.wait(lookup.results.isVisible)
        self.qtbot.keyClick(lookup, Qt.Key.Key_Return)
        assert lookup.value() is not None

    def type(self, page: FormPage, field: str, text: str) -> None:
        """Types `text` in the place of what a field holds."""
        widget = page.binder.widget(field)
        assert isinstance(widget, QLineEdit)
        widget.setFocus()
        widget.selectAll()
        self.qtbot.keyClicks(widget, text)
        self.qtbot.keyClick(widget, Qt.Key.Key_Tab)

    def cell(self, page: FormPage, row: int, column: str, text: str) -> None:
        """Types into a cell of the lines and goes on with Enter."""
        grid = page.grid
        grid.go_to(row, column_of(grid, column))
        self.qtbot.keyClicks(grid, text[:1])
        self.wait(lambda: editor_of(grid) is not None)
        editor = editor_of(grid)
        assert editor is not None
        self.qtbot.keyClicks(editor, text[1:])
        if isinstance(editor, LookupField):
            self.wait(editor.results.isVisible)
        self.qtbot.keyClick(editor, Qt.Key.Key_Return)
        self.wait(lambda: editor_of(grid) is None)

    def value(self, page: FormPage, row: int, column: str) -> Any:
        return page.grid.model_of_lines.line(row).get(column)

    def keys(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key for whatever has the keyboard."""
        self.qtbot.keyClick(QApplication.focusWidget() or self.page, key, modifier)

    def do(self, action: QAction) -> None:
        """Uses an action once it can be used."""
        self.wait(action.isEnabled)
        action.trigger()

    def agree(self, page: Any, verb: str) -> None:
        """Presses the button of the question in the page's banner."""
        self.wait(lambda: button(page.banner, verb) is not None)
        found = button(page.banner, verb)
        assert found is not None
        found.click()

    def status(self, page: Any, status: str) -> None:
        """Waits until the page shows that state and takes the next key: until then it ignores one."""
        self.wait(lambda: page.record is not None and page.record.status == status and not page.is_busy)


def column_of(grid: LineGrid, name: str) -> int:
    return [column.name for column in grid.model_of_lines.spec.columns].index(name)


def editor_of(grid: LineGrid) -> QLineEdit | None:
    """The open editor of a cell."""
    found = [one for one in grid.viewport().findChildren(QLineEdit) if one.isVisible()]
    return found[0] if found else None


def button(parent: QWidget, text: str) -> QPushButton | None:
    """The visible button that says `text`."""
    return next((one for one in parent.findChildren(QPushButton) if one.text() == text and one.isVisible()), None)


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Printed documents, in place of a PDF program opening them."""
    opened: list[Path] = []
    folder = tmp_path / "printed"
    folder.mkdir()
    monkeypatch.setattr(printing, "print_folder", lambda: folder)
    monkeypatch.setattr(printing, "open_file", opened.append)
    return opened


@pytest.fixture
def trade(
    qtbot: QtBot, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Trade]:
    """The owner of a small company at its window, signed in, everything synced, on one day of its books.

    A module of tests may say otherwise how the company is set up, in COMPANY_SETTINGS.
    """
    monkeypatch.setattr(fields, "datetime", StandingClock)
    engine = open_engine(sqlite_url)
    company = open_small_company(engine, **getattr(request.module, "COMPANY_SETTINGS", {}))
    with served(engine) as server:
        yield from _at_the_window(qtbot, tmp_path, company, server.url, monkeypatch)
    engine.dispose()


def _at_the_window(
    qtbot: QtBot, tmp_path: Path, company: SmallCompany, url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trade]:
    path = cache_path("the centre", "ACME", "owner", tmp_path / "office")
    secrets = Secrets(path.parent, use_keyring=False)
    timing = Timing(connect=60, answer=60)
    desk = Desk.open(path, url, "ACME", "owner", PASSWORD, secrets=secrets, timing=timing)
    settings = tmp_path / "window.ini"
    settings.write_text("[General]\nlanguage=en\n")
    window = MainWindow(desk, settings)
    window.resize(1280, 720)
    window.show()
    yield Trade(qtbot, company, desk, window)
    monkeypatch.setattr(main_window, "ask_about_changes", lambda *_: Answer.DISCARD)
    monkeypatch.setattr(main_window.Closing, "holds", lambda _closing: False)
    window.close()
    delete(window)
    desk.close()


def order_id_of(page: Any) -> UUID:
    return page.document_id  # type: ignore[no-any-return]
