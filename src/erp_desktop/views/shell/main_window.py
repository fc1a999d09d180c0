"""The main window: module rail, top bar, tabs, status bar; it opens screens and remembers how it was left."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QMenu, QVBoxLayout, QWidget

from erp_desktop.i18n import translate
from erp_desktop.sync.state import SyncKind
from erp_desktop.views.shell import standard_commands
from erp_desktop.views.shell.asking_to_close import Answer, Closing, ask_about_changes, take_open_cell
from erp_desktop.views.shell.checking_data import show_checked
from erp_desktop.views.shell.commands import CommandRegistry
from erp_desktop.views.shell.document_tabs import DocumentTabs, OpenTab
from erp_desktop.views.shell.jobs import JobTray
from erp_desktop.views.shell.module_rail import ModuleRail
from erp_desktop.views.shell.opened_screens import note_opening
from erp_desktop.views.shell.palette import CommandPalette
from erp_desktop.views.shell.palette_choices import PaletteChoices
from erp_desktop.views.shell.remembering import choose_look, remember, restore
from erp_desktop.views.shell.screens import Screen, find_screen, make_screen, permitted_screens
from erp_desktop.views.shell.settings import WindowSettings
from erp_desktop.views.shell.status_bar import StatusBar
from erp_desktop.views.shell.top_bar import TopBar
from erp_desktop.views.shell.walking import Shown, Walk
from erp_desktop.views.translation import LANGUAGES, current_language, show_language
from erp_desktop.views.widgets.asking import Failure, announcements
from erp_desktop.views.widgets.banner import Banner
from erp_desktop.views.widgets.cells import cell_value
from erp_desktop.views.widgets.fields import use_company_time_zone
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.theme import THEME_CHOICES, theme_keeper

if TYPE_CHECKING:
    from erp_desktop.desk import Desk

LEAST_WIDTH, LEAST_HEIGHT = 1024, 640


class MainWindow(QMainWindow):
    """The shell that screens live in. For them: `open_screen`, `jobs.run`, `commands`, `say`, `desk`.

    `signed_out` is sent after the window has closed because the person signed out, `sign_in_wanted` when they ask to type
    their password again.
    """

    signed_out = Signal()
    sign_in_wanted = Signal()

    def __init__(self, desk: "Desk", settings_file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        use_company_time_zone(desk.company.time_zone)
        self.settings = WindowSettings(settings_file)
        self._screens = {screen.key: screen for screen in permitted_screens(desk.permissions)}
        self._walk = Walk(self.open_screen)
        self._leaving = False
        choose_look(self.settings)
        self.commands = CommandRegistry(self)
        self.jobs = JobTray(self)
        self._closing = Closing(self, desk)
        standard_commands.register(self)
        self._build()
        self._listen()
        restore(self)

    # --- what screens use ---------------------------------------------------------------------------------------

    def open_screen(self, key: str, **args: Any) -> QWidget | None:
        """Opens the screen, or brings forward the tab that shows the same record. None if the role may not use it.

        Raises KeyError for a screen that nobody registered.
        """
        screen = self._screens.get(key)
        if screen is None:
            find_screen(key)
            self.say(translate("MainWindow", "Your role may not open this. Ask an administrator."))
            return None
        tab = self.tabs.tab_for(key, args)
        if tab is None:
            tab = OpenTab(screen, args, make_screen(screen, self.desk, self, args))
            self.tabs.add(tab)
            note_opening(self.desk, screen, args)
        elif isinstance(tab.view, ScreenView) and args != tab.args:
            tab.args = args
            tab.view.show_args(**args)
        self.tabs.setCurrentWidget(tab.view)
        tab.view.setFocus()
        return tab.view

    def say(self, sentence: str) -> None:
        """A short message in the status bar."""
        self.status.say(sentence)

    @property
    def screens(self) -> list[Screen]:
        """What the role may open, in the order of registration."""
        return list(self._screens.values())

    def has_screen(self, key: str) -> bool:
        """The role may open the screen `key`."""
        return key in self._screens

    def close_tab(self, view: QWidget) -> None:
        """Closes a tab; asks first if something in it is not saved."""
        tab = next((tab for tab in self.tabs.tabs() if tab.view is view), None)
        if tab is None or tab.screen.key == "home":
            return
        take_open_cell()
        if not tab.is_dirty:
            self.tabs.remove(view)
            return
        answer = ask_about_changes(self, [tab.title])
        if answer is Answer.SAVE and isinstance(view, ScreenView):
            view.save(lambda: self.tabs.remove(view))
        elif answer is Answer.DISCARD:
            self.tabs.remove(view)

    # --- commands ------------------------------------------------------------------------------------------------

    def close_current(self) -> None:
        self.close_tab(self.tabs.currentWidget())

    def reopen_closed(self) -> None:
        """The tab closed last comes back."""
        if self.tabs.closed:
            key, args = self.tabs.closed.pop()
            self.open_screen(key, **args)

    def tabs_go_to(self, number: int) -> None:
        """Ctrl+1 to Ctrl+9: the tab at that place, if there is one."""
        if number < self.tabs.count():
            self.tabs.setCurrentIndex(number)

    def go_back(self) -> None:
        self._walk.back(self._shown())

    def go_forward(self) -> None:
        self._walk.forward(self._shown())

    def save_current(self) -> None:
        """Ctrl+S: what the tab in front has unsaved, or a word that there is nothing."""
        view = self.tabs.currentWidget()
        if isinstance(view, ScreenView):
            if view.is_dirty:
                view.save()
            else:
                view.save_untouched()

    def toggle_rail(self) -> None:
        self.rail.set_wide(not self.rail.is_wide)

    def open_palette(self) -> None:
        self._choices.open()

    def choose_theme(self, choice: str) -> None:
        theme_keeper().choose(choice)
        self.settings.put("theme", choice)

    def choose_language(self, code: str) -> None:
        """Another language, at once: open screens are made anew in it; those with unsaved changes keep theirs."""
        if code != current_language():
            take_open_cell()
            self.settings.put("language", code)
            show_language(code)
            self._retranslate()

    def toggle_offline(self) -> None:
        """Works without the network by choice, or goes back to it."""
        if self.desk.sync_state.kind is SyncKind.OFFLINE:
            self.desk.go_online()
        else:
            self.desk.go_offline()

    def sign_out(self) -> None:
        self._leaving = True
        if self.close():
            self.signed_out.emit()
        self._leaving = False

    # --- building ------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.rail = ModuleRail(self.screens, self)
        self.top = TopBar(self.desk.company, self.desk.user.name, self.commands.action("rail"), self)
        self.banner = Banner(self)
        self.tabs = DocumentTabs(self)
        self.status = StatusBar(self.jobs, self)
        self.palette_window = CommandPalette(self)
        self._choices = PaletteChoices(self, self.palette_window)
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.banner)
        right.addWidget(self.tabs, 1)
        middle.addLayout(right, 1)
        column.addLayout(middle, 1)
        column.addWidget(self.status)
        self.setCentralWidget(page)
        self.setMinimumSize(LEAST_WIDTH, LEAST_HEIGHT)
        self._fill_menus()
        self._name_window()

    def _fill_menus(self) -> None:
        menu = self.top.user_menu
        menu.clear()
        menu.addMenu(self._language_menu(menu))
        menu.addMenu(self._theme_menu(menu))
        menu.addSeparator()
        for key in ("offline", "check_data", "about"):
            menu.addAction(self.commands.action(key))
        menu.addSeparator()
        menu.addAction(self.commands.action("sign_out"))
        old = self.status.language_button.menu()
        self.status.language_button.setMenu(self._language_menu(self.status.language_button))
        if old is not None:
            old.deleteLater()

    def _language_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(translate("MainWindow", "Language"), parent)
        group = QActionGroup(menu)
        for code, name in LANGUAGES.items():
            action = QAction(name, menu, checkable=True, checked=code == current_language())
            action.triggered.connect(lambda _checked=False, code=code: self.choose_language(code))
            group.addAction(action)
            menu.addAction(action)
        return menu

    def _theme_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(translate("MainWindow", "Theme"), parent)
        names = {
            "light": translate("MainWindow", "Light"),
            "dark": translate("MainWindow", "Dark"),
            "system": translate("MainWindow", "Like the computer"),
        }
        group = QActionGroup(menu)
        for choice in THEME_CHOICES:
            action = QAction(names[choice], menu, checkable=True, checked=choice == theme_keeper().choice)
            action.triggered.connect(lambda _checked=False, choice=choice: self.choose_theme(choice))
            group.addAction(action)
            menu.addAction(action)
        return menu

    def _listen(self) -> None:
        self.top.pill.show_state(self.desk.sync_state)
        self.desk.sync_state_changed.connect(self.top.pill.show_state)
        self.top.pill.clicked.connect(self._follow_pill)
        self.desk.data_mended.connect(lambda checked: show_checked(self, checked))
        self.top.palette_button.clicked.connect(self.open_palette)
        self.rail.screen_chosen.connect(self.open_screen)
        self.tabs.close_wanted.connect(self.close_tab)
        self.desk.signed_in_changed.connect(self._follow_role)
        self.tabs.currentChanged.connect(self._note_current)
        self.tabs.renamed.connect(self._name_window)
        heard = announcements()
        heard.said.connect(self.say)
        heard.refused.connect(self._show_refusal)
        heard.failed.connect(self._show_failure)

    def _follow_role(self) -> None:
        """What the person may do can have changed: screens that they may not use any more go, at once."""
        self._screens = {screen.key: screen for screen in permitted_screens(self.desk.permissions)}
        self.rail.offer(self.screens)
        for tab in self.tabs.tabs():
            if tab.screen.key not in self._screens:
                self.tabs.remove(tab.view)

    def _follow_pill(self) -> None:
        """The pill leads to what it says."""
        if self.desk.sync_state.kind is SyncKind.SIGNED_OUT:
            self.sign_in_wanted.emit()
        else:
            self.commands.action("attention" if self.desk.sync_state.attention else "waiting").trigger()

    def _show_refusal(self, sentence: str) -> None:
        self.banner.show_sentence("warning", sentence)

    def _show_failure(self, failure: Failure) -> None:
        sentence = translate(
            "MainWindow",
            "Something went wrong inside the program; your work is safe. If it happens again, tell support the "
            "reference {reference}.",
        ).format(reference=failure.reference)
        copy = (translate("MainWindow", "Copy details"), lambda: _copy(f"{failure.reference}  {failure.detail}"))
        self.banner.show_sentence("late", sentence, (copy,))

    def _note_current(self, _number: int) -> None:
        tab = self.tabs.current()
        if tab is None:
            return
        self.rail.show_current(tab.screen.module)
        self._name_window()
        self._walk.note((tab.screen.key, tab.args))

    def _shown(self) -> Shown | None:
        tab = self.tabs.current()
        return (tab.screen.key, tab.args) if tab is not None else None

    def _name_window(self) -> None:
        tab = self.tabs.current()
        parts = [tab.title] if tab is not None else []
        self.setWindowTitle(" - ".join([*parts, str(cell_value(self.desk.company, "name")), "ERP Desktop"]))

    def _retranslate(self) -> None:
        self.commands.retranslate()
        for part in (self.rail, self.top, self.tabs, self.status, self.jobs):
            part.retranslate()
        self._fill_menus()
        kept = 0
        for tab in self.tabs.tabs():
            if tab.is_dirty:
                kept += 1
            else:
                self.tabs.replace(tab, make_screen(tab.screen, self.desk, self, tab.args))
        self._name_window()
        if kept:
            self.say(
                translate("MainWindow", "Screens with unsaved changes keep their language until saved: {count}").format(
                    count=kept
                )
            )

    # --- closing -------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.rail.fit(self.width())

    def closeEvent(self, event: QCloseEvent) -> None:
        take_open_cell()
        dirty = [tab for tab in self.tabs.tabs() if tab.is_dirty]
        if dirty:
            answer = ask_about_changes(self, [tab.title for tab in dirty])
            if answer is Answer.SAVE:
                self._save_then_close(dirty)
            if answer is not Answer.DISCARD:
                event.ignore()
                return
        remember(self)
        if not self._leaving and self._closing.holds():  # somebody who signs out is told where the next one signs in
            event.ignore()
            return
        self.jobs.stop()
        super().closeEvent(event)

    def _save_then_close(self, dirty: list[OpenTab]) -> None:
        left = {id(tab) for tab in dirty}
        leaving = self._leaving

        def saved(tab: OpenTab) -> None:
            left.discard(id(tab))
            if not left and self.close() and leaving:
                self.signed_out.emit()

        for tab in dirty:
            if isinstance(tab.view, ScreenView):
                tab.view.save(partial(saved, tab))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.setProperty("fullScreen", bool(self.windowState() & Qt.WindowState.WindowFullScreen))


def _copy(text: str) -> None:
    QApplication.clipboard().setText(text)
