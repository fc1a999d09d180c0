"""The open screens as tabs: movable, closable, `*` for what is not saved, each record only once."""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QTabBar, QTabWidget, QToolButton, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.shell.screens import Screen, record_key
from erp_desktop.views.widgets.icons import icon, set_icon
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.theme import theme_keeper

_TITLE_LETTERS = 28


@dataclass
class OpenTab:
    """A tab: which screen it shows, and with what."""

    screen: Screen
    args: dict[str, Any]
    view: QWidget

    @property
    def key(self) -> tuple[str, tuple[tuple[str, Any], ...]]:
        return record_key(self.screen.key, self.args)

    @property
    def title(self) -> str:
        own = self.view.title if isinstance(self.view, ScreenView) else ""
        return own or self.screen.shown_title

    @property
    def is_dirty(self) -> bool:
        return isinstance(self.view, ScreenView) and self.view.is_dirty

    def note_saved(self) -> None:
        """A record that was new when its tab was opened, and is saved now, is opened again as it is: not as a new one."""
        if not getattr(self.view, "is_new", True):
            for name in ("is_new", "first"):
                self.args.pop(name, None)


class DocumentTabs(QTabWidget):
    """Keeps the tabs; opening and asking before closing is the main window's work."""

    close_wanted = Signal(QWidget)
    renamed = Signal()  # the tab in front has another title

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.setMovable(True)
        self.setElideMode(Qt.TextElideMode.ElideNone)  # a number that is cut names nothing; the bar scrolls
        self.setUsesScrollButtons(True)
        bar: QTabBar = self.tabBar()
        bar.setExpanding(False)
        bar.setDrawBase(False)
        bar.installEventFilter(self)
        self._tabs: dict[QWidget, OpenTab] = {}
        self.closed: list[tuple[str, dict[str, Any]]] = []
        theme_keeper().changed.connect(self._draw_icons)

    def tabs(self) -> list[OpenTab]:
        """The open tabs from left to right."""
        views = (self.widget(number) for number in range(self.count()))
        return [self._tabs[view] for view in views if view is not None]

    def current(self) -> OpenTab | None:
        return self._tabs.get(self.currentWidget())

    def tab_for(self, key: str, args: dict[str, Any]) -> OpenTab | None:
        """The tab that shows this very record, if one is open."""
        wanted = record_key(key, args)
        return next((tab for tab in self._tabs.values() if tab.key == wanted), None)

    def add(self, tab: OpenTab, at: int = -1) -> None:
        """Adds a tab; the first one stays, the others can be closed."""
        self._tabs[tab.view] = tab
        number = self.insertTab(at if at >= 0 else self.count(), tab.view, icon(tab.screen.icon), "")
        if tab.screen.key != "home":
            self.tabBar().setTabButton(number, QTabBar.ButtonPosition.RightSide, self._close_button(tab.view))
        if isinstance(tab.view, ScreenView):
            tab.view.title_changed.connect(lambda _: self._follow(tab))
            tab.view.dirty_changed.connect(lambda _: self._follow(tab))
            tab.view.close_asked.connect(lambda: self.close_wanted.emit(tab.view))
        self.name(tab)

    def remove(self, view: QWidget) -> OpenTab:
        """Takes a tab away for good and remembers it for Ctrl+Shift+T."""
        tab = self._tabs.pop(view)
        self.removeTab(self.indexOf(view))
        view.deleteLater()
        if self.currentWidget() is not None:
            self.currentWidget().setFocus()  # not the cross of its tab
        self.closed = [*self.closed[-19:], (tab.screen.key, tab.args)]
        return tab

    def replace(self, tab: OpenTab, view: QWidget) -> None:
        """Puts `view` in the place of the tab's present one: the same screen in another language."""
        number, was_current = self.indexOf(tab.view), self.currentWidget() is tab.view
        old = tab.view
        del self._tabs[old]
        self.blockSignals(True)
        self.removeTab(number)
        tab.view = view
        self.add(tab, number)
        if was_current:
            self.setCurrentWidget(view)
            view.setFocus()  # it had the keyboard
        self.blockSignals(False)
        old.deleteLater()

    def _follow(self, tab: OpenTab) -> None:
        tab.note_saved()
        self.name(tab)
        if tab is self.current():
            self.renamed.emit()

    def name(self, tab: OpenTab) -> None:
        """Shows the tab's title, with `*` for what is not saved."""
        number = self.indexOf(tab.view)
        if number < 0:
            return
        title = tab.title if len(tab.title) <= _TITLE_LETTERS else tab.title[: _TITLE_LETTERS - 1] + "…"
        self.setTabText(number, (title + " *" if tab.is_dirty else title).replace("&", "&&"))
        self.setTabToolTip(number, tab.title)

    def step(self, by: int) -> None:
        """The next or the previous tab, round and round."""
        if self.count():
            self.setCurrentIndex((self.currentIndex() + by) % self.count())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        middle = isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.MiddleButton
        if middle and event.type() == QEvent.Type.MouseButtonRelease:
            number = self.tabBar().tabAt(event.position().toPoint())  # type: ignore[attr-defined]
            if number >= 0:
                self.close_wanted.emit(self.widget(number))
            return True
        return super().eventFilter(watched, event)

    def retranslate(self) -> None:
        for tab in self.tabs():
            self.name(tab)
            button = self.tabBar().tabButton(self.indexOf(tab.view), QTabBar.ButtonPosition.RightSide)
            if button is not None:
                _name_close(button)

    def _close_button(self, view: QWidget) -> QToolButton:
        button = QToolButton()
        button.setFixedSize(24, 24)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setStyleSheet("QToolButton { padding: 0; min-height: 0; }")
        set_icon(button, "close")
        _name_close(button)
        button.clicked.connect(lambda _checked=False: self.close_wanted.emit(view))
        return button

    def _draw_icons(self) -> None:
        for number, tab in enumerate(self.tabs()):
            self.setTabIcon(number, icon(tab.screen.icon))


def _name_close(button: QWidget) -> None:
    button.setAccessibleName(translate("Tabs", "Close this tab"))
    button.setToolTip(translate("Tabs", "Close this tab (Ctrl+W)"))
