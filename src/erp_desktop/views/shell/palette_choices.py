"""What the palette offers: the commands of the screen in front, what can be begun, the screens, the window's commands, and
records found by what is typed."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction

from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.queries.finding_records import LEAST_CHARACTERS, FoundRecord, RecordsNamed
from erp_desktop.views.shell.beginnings import BEGINNINGS, Beginning
from erp_desktop.views.shell.palette import Choice, CommandPalette
from erp_desktop.views.shell.screens import MODULES, find_screen
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import cell_value
from erp_desktop.views.widgets.icons import icon
from erp_desktop.views.widgets.screen_view import ScreenView

if TYPE_CHECKING:
    from erp_desktop.views.shell.main_window import MainWindow

TYPING_MS = 150  # a pause in typing after which records are looked for


class PaletteChoices(QObject):
    """Fills the palette when it opens, and adds the records that are found while somebody types."""

    def __init__(self, window: "MainWindow", palette: CommandPalette) -> None:
        super().__init__(window)
        self._window, self._palette = window, palette
        self._typed = ""
        self._titles: dict[str, str] = {}
        self._pause = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._pause.timeout.connect(self._find)
        palette.field.textChanged.connect(self._note)

    def open(self) -> None:
        """Everything that can be done from here, in one field."""
        window = self._window
        self._titles = {module.key: translate("Module", module.title) for module in MODULES}
        choices = []
        tab = window.tabs.current()
        if tab is not None and isinstance(tab.view, ScreenView):
            choices += [Choice(action.text(), tab.title, action) for action in tab.view.commands if action.isEnabled()]
        here = {choice.text for choice in choices}
        choices += [
            self._begin(one)
            for one in BEGINNINGS
            if one.permission in window.desk.permissions
            and window.has_screen(one.screen)
            and one.shown_title not in here
        ]
        choices += [
            Choice(screen.shown_title, self._titles[screen.module], self._opens(screen.key, screen.shown_title))
            for screen in window.screens
            if screen.is_listed
        ]
        choices += [Choice(action.text(), "", action) for action in window.commands.actions()]
        self._palette.ask(choices)

    def _begin(self, beginning: Beginning) -> Choice:
        def begin() -> None:
            told = {"is_new": True} if beginning.is_new else {}
            self._window.open_screen(beginning.screen, id=new_id(), **told)

        module = self._titles[find_screen(beginning.screen).module]
        return Choice(beginning.shown_title, module, self._action(beginning.shown_title, "plus", begin))

    def _opens(self, key: str, title: str) -> QAction:
        return self._action(title, find_screen(key).icon, lambda: self._window.open_screen(key))

    def _action(self, text: str, icon_name: str, run: Callable[[], object]) -> QAction:
        action = QAction(self._palette)
        action.setText(text)
        action.setIcon(icon(icon_name))
        action.triggered.connect(lambda _checked=False: run())
        return action

    # --- records

    def _note(self, typed: str) -> None:
        self._typed = typed.strip()
        self._pause.start()

    def _find(self) -> None:
        typed = self._typed
        if not typed or not self._palette.isVisible():
            return
        if len(typed) < LEAST_CHARACTERS or typed.startswith(">"):
            self._palette.show_records([])
            return

        def show(found: tuple[FoundRecord, ...]) -> None:
            if typed == self._typed:
                self._palette.show_records([self._record(one) for one in found if self._window.has_screen(one.kind)])

        when_done(self._window.desk.ask(RecordsNamed(typed)), self, show)

    def _record(self, found: FoundRecord) -> Choice:
        screen = find_screen(found.kind)
        text = "  ".join(filter(None, (found.code, str(cell_value(found, "name")))))
        return Choice(
            text,
            screen.shown_title,
            self._action(text, screen.icon, lambda: self._window.open_screen(found.kind, id=found.id)),
        )
