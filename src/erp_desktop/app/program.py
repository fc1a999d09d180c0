"""The program from its first window to its last: the start window, the main window, and again after somebody signed out.

The window opens from the cache at once; the embedded centre starts beside it. Blocking work (signing in, the first fill)
runs on a thread of its own behind the start window.
"""

import gc
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from erp_desktop.app.door import Door
from erp_desktop.app.logbook import catch_what_nobody_caught
from erp_desktop.app.opening import Opening
from erp_desktop.app.places import Place, remember
from erp_desktop.desk import Desk
from erp_desktop.i18n import translate
from erp_desktop.migrations import NewerDatabase
from erp_desktop.sync.cache import CacheInUse
from erp_desktop.sync.cache_key import KeyOutOfReach
from erp_desktop.sync.signing_in import LeaseEnded, UserDisabled
from erp_desktop.sync.state import SyncKind, SyncState
from erp_desktop.views.shell.main_window import MainWindow
from erp_desktop.views.shell.screens import load_screens_ahead
from erp_desktop.views.shell.settings import WindowSettings
from erp_desktop.views.start.start_window import StartWindow
from erp_desktop.views.start.wishes import SignIn, Wish
from erp_desktop.views.widgets.asking import when_done

MILLISECONDS_BEFORE_SYNCING = 100  # the window is drawn and has its first figures
MILLISECONDS_BEFORE_LOADING_AHEAD = 300  # the first lists come first


class Program(QObject):
    """From the first window to the last: opens the desk, shows the main window, and again after somebody signed out."""

    def __init__(self, app: QApplication, directory: Path, place: Place | None) -> None:
        super().__init__()
        self._app = app
        self._directory = directory
        self._opening = Opening(directory)
        self._opening.fetching.connect(self._show_progress)
        self._place = place
        self._desk: Desk | None = None
        self._start: StartWindow | None = None
        self._window: MainWindow | None = None
        self._seen: SyncKind | None = None  # how it stood with the centre when the person was last told
        self._door: Door | None = None
        self._worker = ThreadPoolExecutor(1, "opening")

    def run(self) -> int:
        """Blocks until the last window is closed."""
        catch_what_nobody_caught()
        try:
            self._begin()
        except (CacheInUse, KeyOutOfReach, NewerDatabase) as error:
            sentence = str(error) if isinstance(error, CacheInUse) else error.problem.sentence
            QMessageBox.warning(None, "ERP Desktop", sentence)
            return 1
        gc.freeze()
        return self._app.exec()

    def close(self) -> None:
        """What waits is kept; the embedded centre finishes what it performs."""
        self._worker.shutdown(wait=True)
        self._let_go()
        self._opening.close()

    def _begin(self) -> None:
        place = self._place
        if place is None:
            self._ask_where()
        elif self._opening.has_been_here(place):
            try:
                desk = self._opening.open_desk(place, None)
            except (LeaseEnded, UserDisabled) as locked:
                self._ask_where(SignIn(place.centre, place.company, place.login, ""), locked.problem.sentence)
            else:
                self._show(desk, place)
        elif not place.centre:
            self._open_behind(lambda: (self._opening.open_desk(place, self._opening.kept_password(place)), place))
        else:
            self._ask_where(SignIn(place.centre, place.company, place.login, ""))

    # --- before there is a desk

    def _ask_where(self, known: SignIn | None = None, note: str = "") -> None:
        today = date.today()  # noqa: DTZ011  the person's calendar
        self._show_start(StartWindow(self._fulfil, charts_by_name, today, known, note))

    def _open_behind(self, job: Callable[[], tuple[Desk, Place]]) -> None:
        today = date.today()  # noqa: DTZ011
        window = StartWindow(self._fulfil, charts_by_name, today)
        self._show_start(window)
        window.wait_for(self._worker.submit(job))

    def _show_start(self, window: StartWindow) -> None:
        window.opened.connect(lambda opened: self._show(*opened))
        self._start = window
        window.show()
        when_done(self._worker.submit(self._opening.companies_here), window, window.show_companies)

    def _show_progress(self, state: SyncState) -> None:
        if self._start is not None:
            self._start.show_progress(state.fetched, state.to_fetch)

    def _fulfil(self, wish: Wish) -> "Future[tuple[Desk, Place]]":
        return self._worker.submit(self._opening.open_as_wished, wish)

    # --- with a desk

    def _show(self, desk: Desk, place: Place) -> None:
        self._desk, self._place = desk, place
        remember(place, self._directory)
        settings = place.cache(self._directory).with_name("window.ini")
        if self._start is not None and self._start.chosen_language:
            WindowSettings(settings).put("language", self._start.chosen_language)
        window = MainWindow(desk, settings)
        self._window = window
        if self._start is not None:
            self._start.deleteLater()
            self._start = None
        if not place.centre:
            desk.administration.bring_back = self._opening.bring_back
        window.signed_out.connect(self._sign_out, Qt.ConnectionType.QueuedConnection)
        window.sign_in_wanted.connect(lambda: self._ask_password(desk))
        desk.sync_state_changed.connect(self._watch_sign_in)
        self._door = Door(place.cache(self._directory), self._come_forward, self)
        if desk.damage:
            window.banner.show_sentence("warning", desk.damage)
        window.show()
        QTimer.singleShot(MILLISECONDS_BEFORE_SYNCING, desk.start)
        QTimer.singleShot(MILLISECONDS_BEFORE_LOADING_AHEAD, load_screens_ahead)

    def _come_forward(self) -> None:
        if self._window is not None:
            self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowMinimized)
            self._window.raise_()
            self._window.activateWindow()

    def _watch_sign_in(self, state: SyncState) -> None:
        """The centre wants to know again who this is: alone, the kept password answers; in an office, the person."""
        desk, place, window, before = self._desk, self._place, self._window, self._seen
        self._seen = state.kind
        if desk is None or place is None or window is None:
            return
        if state.kind in (SyncKind.UPGRADE_NEEDED, SyncKind.CENTRE_OLDER) and state.kind is not before:
            window.banner.show_sentence("late", state.detail)
        if state.kind is SyncKind.LOCKED and state.kind is not before:
            QTimer.singleShot(0, lambda: self._lock(place, state.detail))
        if state.kind is not SyncKind.SIGNED_OUT:
            return
        password = None if place.centre else self._opening.kept_password(place)
        if password is not None:
            when_done(desk.sign_in(password), window, lambda _nothing: None)
            return
        if state.kind is before:  # told already, and perhaps put away
            return
        button = (translate("Program", "Sign in"), lambda: self._ask_password(desk))
        window.banner.show_sentence("warning", state.detail, (button,))

    def _ask_password(self, desk: Desk) -> None:
        from erp_desktop.views.start.sign_in_again import SignInAgain
        from erp_desktop.views.widgets.cells import cell_value

        window = self._window
        if window is None:
            return
        choose = desk.administration.change_password
        dialog = SignInAgain(desk.user.name, str(cell_value(desk.company, "name")), desk.sign_in, choose, window)
        dialog.accepted.connect(window.banner.hide)
        dialog.open()

    def _sign_out(self) -> None:
        """The next person at this computer is asked who they are; what still waits to be sent is told."""
        place, desk, note = self._place, self._desk, ""
        if place is None or not place.centre or desk is None:
            self._let_go()
            self._ask_where()
            return
        if desk.sync_state.waiting:
            text = translate(
                "Program", "Changes of {name} wait on this computer: {count}. They are sent when {name} signs in again."
            )
            note = text.format(count=desk.sync_state.waiting, name=desk.user.name)
        desk.sign_out()
        self._let_go()
        self._ask_where(SignIn(place.centre, place.company, place.login, ""), note)

    def _lock(self, place: Place, sentence: str) -> None:
        """Nothing of the data stays on the screen. What waits is kept, but on a computer whose key was erased."""
        self._let_go()
        self._ask_where(SignIn(place.centre, place.company, place.login, "") if place.centre else None, sentence)

    def _let_go(self) -> None:
        if self._door is not None:
            self._door.close()
            self._door = None
        if self._start is not None:
            self._start.deleteLater()
            self._start = None
        if self._window is not None:
            self._window.deleteLater()
            self._window = None
            self._seen = None
        if self._desk is not None:
            self._desk.close()
            self._desk = None


def charts_by_name() -> dict[str, str]:
    """The charts of accounts that ship, by key, in the language that is shown."""
    from erp_desktop.ledger.charts import chart_names, load_chart
    from erp_desktop.views.language import current_language

    chinese = current_language() == "zh_CN"
    return {key: load_chart(key).name_zh if chinese else load_chart(key).name for key in chart_names()}
