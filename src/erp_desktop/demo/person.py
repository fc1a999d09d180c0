"""A person at the window: types, presses keys and buttons, and waits until the screen shows what came of it.

For the headless business day and for the journeys of the tests: both use the program through its real windows.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from erp_desktop.desk import Desk
from erp_desktop.queries.base import Query
from erp_desktop.reports.report import Report
from erp_desktop.sync.state import SyncKind
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.documents.posted_page import PostedPage
from erp_desktop.views.shell.main_window import MainWindow
from erp_desktop.views.widgets.line_grid import LineGrid
from erp_desktop.views.widgets.lookup import LookupField
from erp_desktop.wire import Effect

PATIENCE_SECONDS = 60.0  # a busy machine is not a slow program
MILLISECONDS_A_KEY = 5
AT_THE_DOCK = 45  # faster typing is a scanner's, where one is listened to

Answer = TypeVar("Answer")


class NothingCame(AssertionError):
    """What a person waited for did not appear."""


class Person:
    """Somebody who works with `window`. `pictures` is where `picture` saves what they see; None: nowhere."""

    def __init__(self, window: MainWindow, pictures: Path | None = None) -> None:
        self.window = window
        self.desk: Desk = window.desk
        self._pictures = pictures
        self.pictures: list[Path] = []

    # --- looking

    @property
    def page(self) -> Any:
        """The screen in front."""
        return self.window.tabs.currentWidget()

    def ask(self, query: Query[Answer]) -> Answer:
        """What the desk knows."""
        return self.desk.ask(query).result()

    def wait(self, is_so: Callable[[], object], what: str = "") -> None:
        """Goes on once `is_so()`. Raises NothingCame, naming `what`, when patience ends."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            if time.monotonic() > until:
                raise NothingCame(what or "what was waited for")
            _let_it_work(0.005)

    def wait_for_page(self, kind: type[Any], what: str = "") -> Any:
        """The page in front, once it is a `kind`."""
        self.wait(lambda: isinstance(self.page, kind), what or kind.__name__)
        return self.page

    def wait_for_status(self, page: Any, status: str) -> None:
        """Until the document on `page` is in that state."""
        self.wait(lambda: page.record is not None and page.record.status == status, f"the state {status}")

    def hear_news(self) -> None:
        """Until the desk has sent what waits and has all that the centre has."""
        self.wait(
            lambda: self.desk.sync_state.waiting == 0 and self.desk.sync_state.kind is SyncKind.SYNCED, "the centre"
        )

    def picture(self, name: str) -> None:
        """Saves what the window shows as NN-name.png."""
        if self._pictures is None:
            return
        self._pictures.mkdir(parents=True, exist_ok=True)
        _let_it_work(0.25)  # lists and icons that are still on their way
        path = self._pictures / f"{len(self.pictures) + 1:02d}-{name}.png"
        if not self.window.grab().save(str(path)):
            raise OSError(f"{path} could not be written")
        self.pictures.append(path)

    # --- doing

    def open(self, key: str, **args: Any) -> Any:
        """Opens a screen as the rail or a link does."""
        view = self.window.open_screen(key, **args)
        if view is None:
            raise NothingCame(key)
        return view

    def choose(self, page: FormPage, field: str, text: str) -> None:
        """Types into a lookup and takes the first record offered."""
        lookup = page.lookup(field)
        lookup.setFocus()
        lookup.selectAll()
        self._keys(lookup, text)
        self.wait(lambda: lookup.offers_for_text, f"{text} in {field}")
        QTest.keyClick(lookup, Qt.Key.Key_Return)
        self.wait(lambda: lookup.text() and not lookup.is_undecided, f"{text} in {field}")

    def type(self, page: FormPage, field: str, text: str) -> None:
        """Types `text` in the place of what a field holds."""
        widget = page.binder.widget(field)
        assert isinstance(widget, QLineEdit)
        widget.setFocus()
        widget.selectAll()
        self._keys(widget, text)
        QTest.keyClick(widget, Qt.Key.Key_Tab)

    def cell(self, page: FormPage, row: int, column: str, text: str) -> None:
        """Types into a cell of the lines and goes on with Enter."""
        grid = page.grid
        grid.setFocus()
        grid.go_to(row, column_of(grid, column))
        self._keys(grid, text[:1])
        self.wait(lambda: editor_of(grid) is not None, f"the cell {column}")
        editor = editor_of(grid)
        assert editor is not None
        self._keys(editor, text[1:])
        if isinstance(editor, LookupField):
            self.wait(lambda: editor.offers_for_text, f"{text} in {column}")
        QTest.keyClick(editor, Qt.Key.Key_Return)

    def _keys(self, widget: QWidget, text: str) -> None:
        pause = (AT_THE_DOCK if hasattr(self.page, "router") else MILLISECONDS_A_KEY) / 1000
        for letter in text:
            _let_it_work(pause)
            QTest.keyClicks(widget, letter)
        _let_it_work(pause)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key for whatever has the keyboard."""
        QTest.keyClick(QApplication.focusWidget() or self.page, key, modifier)

    def fill(self, page: FormPage, **fields: str) -> None:
        """Types into several fields."""
        for name, text in fields.items():
            self.type(page, name, text)

    def do(self, action: QAction) -> None:
        """Uses an action once it can be used."""
        self.wait(action.isEnabled, action.text())
        action.trigger()

    def agree(self, page: Any) -> None:
        """Presses the button that goes on, in the question of the page's banner."""
        self.wait(lambda: visible_buttons(page.banner), "the question")
        visible_buttons(page.banner)[0].click()

    # --- entering what changes the books

    def effect(self, page: Any) -> Effect | None:
        """What the form's effect panel shows of what is typed, opened if it is not. None where it says why there is none, as
        when it would take too long on a busy computer."""
        panel = page.effect
        panel.set_open(True)
        _let_it_work(0.1)  # what was typed last is on its way to the panel
        self.wait(lambda: (panel.effect is not None or panel.summary.text()) and not panel.state.text(), "the effect")
        found: Effect | None = panel.effect
        return found

    def enter(self) -> None:
        """Posts the form in front."""
        self.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    def posted(self, kind: str) -> Any:
        """The page of the document that was entered, once the centre has numbered and valued it."""
        self.wait(lambda: isinstance(self.page, PostedPage) and self.page.kind == kind, f"the page of the {kind}")
        page = self.page
        self.hear_news()
        self.wait(lambda: page.record is not None and page.record.number, f"the number of the {kind}")
        return page

    def report(self, viewer: Any) -> Report:
        """The viewer's report, once it is made."""
        self.wait(lambda: viewer.report is not None, "the report")
        made: Report = viewer.report
        return made


def _let_it_work(seconds: float) -> None:
    """The window goes on for that long. QTest.qWait keeps the interpreter to itself, and the threads that read starve."""
    until = time.monotonic() + seconds
    while True:
        QApplication.processEvents()
        if time.monotonic() >= until:
            return
        time.sleep(0.003)


def column_of(grid: LineGrid, name: str) -> int:
    """The place of a column by its name."""
    return [column.name for column in grid.model_of_lines.spec.columns].index(name)


def editor_of(grid: LineGrid) -> QLineEdit | None:
    """The open editor of a cell."""
    found = [one for one in grid.viewport().findChildren(QLineEdit) if one.isVisible()]
    return found[0] if found else None


def visible_buttons(parent: QWidget) -> list[QPushButton]:
    """The buttons that can be pressed, in their order."""
    return [one for one in parent.findChildren(QPushButton) if one.isVisible() and one.text()]
