"""The desktop program: the one place that wires embedded centre, desk, screens and main window together.

The window opens from the cache at once; the embedded centre starts beside it. Blocking work (signing in, the first fill)
runs on a thread of its own behind the start window.
"""

import gc
import hashlib
import json
import logging
import sys
import threading
from argparse import Namespace
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, Qt, QThread, QTimer, QtMsgType, Signal, qInstallMessageHandler
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication, QMessageBox

from erp_desktop import __version__, embedded
from erp_desktop.desk import Desk
from erp_desktop.embedded import EmbeddedCentre
from erp_desktop.i18n import translate
from erp_desktop.migrations import NewerDatabase
from erp_desktop.sync.cache import CacheInUse, cache_path, data_dir, facts_in
from erp_desktop.sync.cache_key import KeyOutOfReach
from erp_desktop.sync.signing_in import LeaseEnded, UserDisabled
from erp_desktop.sync.state import SyncKind, SyncState
from erp_desktop.views.shell.main_window import MainWindow
from erp_desktop.views.shell.screens import load_screens_ahead
from erp_desktop.views.shell.settings import WindowSettings
from erp_desktop.views.start.start_window import KnownCompany, NewCompany, SignIn, StartWindow, Wish
from erp_desktop.views.translation import show_language, system_language
from erp_desktop.views.widgets.asking import announcements, report_failure, when_done
from erp_desktop.views.widgets.garbage import GarbageCollector
from erp_desktop.views.widgets.theme import load_fonts, theme_keeper

log = logging.getLogger(__name__)

LOG_BYTES, LOGS_KEPT = 2_000_000, 5
MILLISECONDS_TO_KNOCK = 500
MILLISECONDS_BEFORE_SYNCING = 100  # the window is drawn and has its first figures
MILLISECONDS_BEFORE_LOADING_AHEAD = 300  # the first lists come first
SAMPLE_SEED = 7


@dataclass(frozen=True)
class Place:
    """Where somebody works: which company as whom, and the office's address (empty: alone on this computer)."""

    company: str
    login: str
    centre: str = ""

    def cache(self, directory: Path) -> Path:
        return cache_path(self.centre or embedded.THIS_COMPUTER, self.company, self.login, directory)


def run(options: Namespace) -> int:
    """Open the window and stay until it is closed; the program's exit code."""
    directory = data_dir(getattr(options, "data_dir", None))
    keep_log(directory)
    app = make_application(getattr(options, "language", None))
    place = wanted_place(options, directory)
    if place is not None and bring_forward(place.cache(directory)):
        return 0
    program = Program(app, directory, place)
    try:
        return program.run()
    finally:
        program.close()


_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.INFO,  # Qt warns about platforms and drivers that nobody here can change
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def _qt_says(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    logging.getLogger("qt").log(_LEVELS[kind], "%s", message)


def make_application(language: str | None = None) -> QApplication:
    """The one QApplication, with the program's fonts, theme and language. What Qt has to say goes to the log."""
    qInstallMessageHandler(_qt_says)
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("erp-desktop")
    app.setApplicationDisplayName("ERP Desktop")
    app.setApplicationVersion(__version__)
    if app.findChild(GarbageCollector) is None:
        GarbageCollector(app)
    load_fonts()
    theme_keeper().choose("light")
    show_language(language or system_language())
    return app


def know_screens() -> None:
    """Every area registers its screens when it is imported."""
    from erp_desktop.views import all_screens

    assert all_screens


# --- where somebody works


def wanted_place(options: Namespace, directory: Path) -> Place | None:
    """What the options say, else where this computer was used last, else the only company here; None: ask."""
    centre = _one_address(getattr(options, "centre", None) or "")
    company = getattr(options, "company", None)
    user = getattr(options, "user", None)
    last = _last_place(directory)
    if centre:
        known = last if last is not None and last.centre == centre else Place("", "", centre)
        return Place(company or known.company, user or known.login, centre)
    if company is None and last is not None:
        return last
    for here in embedded.companies_here(directory):
        if company is None or here.code.casefold() == company.casefold():
            return Place(here.code, user or here.login)
    return None


def _one_address(typed: str) -> str:
    """`typed` as the office is known here; what is no address stays as it is, the sign-in window says so."""
    if not typed:
        return ""
    from erp_desktop.sync.knocking import NotAnAddress, tidy_address

    try:
        return tidy_address(typed)
    except NotAnAddress:
        return typed


def _last_place(directory: Path) -> Place | None:
    try:
        place = Place(**json.loads((directory / "place.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return place if place.centre or embedded.database_path(directory).is_file() else None


def _remember(place: Place, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "place.json").write_text(json.dumps(asdict(place)), "utf-8")


# --- one program on one cache


def _door(cache: Path) -> str:
    return "erp-desktop-" + hashlib.sha256(str(cache.resolve()).encode()).hexdigest()[:16]


def bring_forward(cache: Path) -> bool:
    """If a window of the program works on `cache`, it comes to the front. False where there is none."""
    socket = QLocalSocket()
    socket.connectToServer(_door(cache))
    if not socket.waitForConnected(MILLISECONDS_TO_KNOCK):
        return False
    socket.write(b"show\n")
    socket.waitForBytesWritten(MILLISECONDS_TO_KNOCK)
    socket.disconnectFromServer()
    return True


# --- the log, and what nobody caught


def keep_log(directory: Path) -> Path:
    """From now on the program's log goes to a file of its own, a few megabytes at most. Gives the file."""
    path = directory / "logs" / "desk.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    log.info("erp-desktop %s, Python %s, %s", __version__, sys.version.split()[0], sys.platform)
    return path


def catch_what_nobody_caught() -> None:
    """An error in a slot or a thread is logged under a reference and told in the window; the program goes on."""

    def caught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            QApplication.quit()
            return
        announcements().failed.emit(report_failure(error))

    sys.excepthook = caught
    threading.excepthook = lambda args: caught(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)


# --- the program


class Program(QObject):
    """From the first window to the last: opens the desk, shows the main window, and again after somebody signed out."""

    _fetching = Signal(object)  # SyncState: how far a fill behind the start window is

    def __init__(self, app: QApplication, directory: Path, place: Place | None) -> None:
        super().__init__()
        self._fetching.connect(self._show_progress)
        self._app = app
        self._directory = directory
        self._place = place
        self._centre: EmbeddedCentre | None = None
        self._desk: Desk | None = None
        self._start: StartWindow | None = None
        self._window: MainWindow | None = None
        self._seen: SyncKind | None = None  # how it stood with the centre when the person was last told
        self._server: QLocalServer | None = None
        self._worker = ThreadPoolExecutor(1, "opening")

    def run(self) -> int:
        """Blocks until the last window is closed."""
        catch_what_nobody_caught()
        know_screens()
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
        if self._centre is not None:
            self._centre.close()

    def _begin(self) -> None:
        place = self._place
        if place is None:
            self._ask_where()
        elif self._has_been_here(place):
            try:
                desk = self._open_desk(place, None)
            except (LeaseEnded, UserDisabled) as locked:
                self._ask_where(SignIn(place.centre, place.company, place.login, ""), locked.problem.sentence)
            else:
                self._show(desk, place)
        elif not place.centre:
            self._open_behind(lambda: (self._open_desk(place, self._kept_password(place)), place))
        else:
            self._ask_where(SignIn(place.centre, place.company, place.login, ""))

    def _has_been_here(self, place: Place) -> bool:
        """Whether the company is in the cache, so that work can begin before the centre answers."""
        path = place.cache(self._directory)
        if not path.is_file():
            return False
        facts = facts_in(path)
        return {"filled", "session"} <= facts and "signed_out" not in facts

    def _kept_password(self, place: Place) -> str | None:
        return embedded.kept_password(place.company, place.login, self._directory)

    def _address(self, place: Place) -> str | Callable[[], str]:
        if place.centre:
            return place.centre
        if self._centre is None:
            self._centre = EmbeddedCentre(self._directory)
        return self._centre.address  # starts it when the desk first asks

    def _open_desk(self, place: Place, password: str | None, new_password: str | None = None) -> Desk:
        """Blocks where the company has to be fetched first. May run on a worker: the desk then moves to this thread."""
        cache, centre = place.cache(self._directory), self._address(place)
        desk = Desk.open(
            cache,
            centre,
            place.company,
            place.login,
            password,
            new_password=new_password,
            sync_later=True,
            on_progress=self._fetching.emit,
        )
        if QThread.currentThread() != self.thread():
            desk.moveToThread(self.thread())
        return desk

    # --- before there is a desk

    def _ask_where(self, known: SignIn | None = None, note: str = "") -> None:
        today = date.today()  # noqa: DTZ011  the person's calendar
        self._show_start(StartWindow(self._fulfil, charts_by_name, today, known, note))

    def _companies_here(self) -> list[KnownCompany]:
        try:
            found = embedded.companies_here(self._directory)
        except Exception:  # books that cannot be read must not keep anybody from signing in to an office
            log.exception("the companies of this computer could not be listed")
            return []
        return [KnownCompany(here.code, here.name, here.login) for here in found]

    def _open_behind(self, job: Callable[[], tuple[Desk, Place]]) -> None:
        today = date.today()  # noqa: DTZ011
        window = StartWindow(self._fulfil, charts_by_name, today)
        self._show_start(window)
        window.wait_for(self._worker.submit(job))

    def _show_start(self, window: StartWindow) -> None:
        window.opened.connect(lambda opened: self._show(*opened))
        self._start = window
        window.show()
        when_done(self._worker.submit(self._companies_here), window, window.show_companies)

    def _show_progress(self, state: SyncState) -> None:
        if self._start is not None:
            self._start.show_progress(state.fetched, state.to_fetch)

    def _fulfil(self, wish: Wish) -> "Future[tuple[Desk, Place]]":
        return self._worker.submit(self._open_as_wished, wish)

    def _open_as_wished(self, wish: Wish) -> tuple[Desk, Place]:
        if isinstance(wish, SignIn):
            from erp_desktop.sync.knocking import knock

            door = knock(wish.centre, wish.company)
            place = Place(door.company, wish.login, door.address)
            return self._open_desk(place, wish.password, wish.new_password or None), place
        if isinstance(wish, KnownCompany):
            place = Place(wish.code, wish.login)
            password = None if self._has_been_here(place) else self._kept_password(place)
            return self._open_desk(place, password), place
        here = self._new_company(wish) if isinstance(wish, NewCompany) else self._sample_company()
        place = Place(here.code, here.login)
        return self._open_desk(place, self._kept_password(place)), place

    def _new_company(self, wish: NewCompany) -> embedded.CompanyHere:
        from erp_desktop.actions.opening import OpenCompany
        from erp_desktop.ids import new_id

        opening = OpenCompany(
            code=wish.code,
            name=wish.name,
            currency=wish.currency,
            time_zone=local_time_zone(),
            chart=wish.chart,
            first_period_on=wish.first_period_on,
            owner_id=new_id(),
            owner_login="owner",
            owner_name=wish.owner_name,
        )
        return embedded.open_company(opening, self._directory)

    def _sample_company(self) -> embedded.CompanyHere:
        from erp_desktop.demo.here import sample_here

        return sample_here(self._directory, SAMPLE_SEED, date.today())  # noqa: DTZ011  the person's own calendar

    # --- with a desk

    def _show(self, desk: Desk, place: Place) -> None:
        self._desk, self._place = desk, place
        _remember(place, self._directory)
        settings = place.cache(self._directory).with_name("window.ini")
        if self._start is not None and self._start.chosen_language:
            WindowSettings(settings).put("language", self._start.chosen_language)
        window = MainWindow(desk, settings)
        self._window = window
        if self._start is not None:
            self._start.deleteLater()
            self._start = None
        if not place.centre:
            desk.administration.bring_back = self._bring_back
        window.signed_out.connect(self._sign_out, Qt.ConnectionType.QueuedConnection)
        window.sign_in_wanted.connect(lambda: self._ask_password(desk))
        desk.sync_state_changed.connect(self._watch_sign_in)
        self._open_door(place.cache(self._directory))
        if desk.damage:
            window.banner.show_sentence("warning", desk.damage)
        window.show()
        QTimer.singleShot(MILLISECONDS_BEFORE_SYNCING, desk.start)
        QTimer.singleShot(MILLISECONDS_BEFORE_LOADING_AHEAD, load_screens_ahead)

    def _bring_back(self, backup: Path) -> Path:
        assert self._centre is not None, "a desk of this computer has asked for its address"
        return embedded.restore_here(backup, self._centre, self._directory)

    def _open_door(self, cache: Path) -> None:
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        QLocalServer.removeServer(_door(cache))  # of a program that was killed: the cache is ours, so it is gone
        server.newConnection.connect(self._come_forward)
        if not server.listen(_door(cache)):
            log.warning("a second start cannot bring this window forward: %s", server.errorString())
        self._server = server

    def _come_forward(self) -> None:
        if self._server is not None and (visitor := self._server.nextPendingConnection()) is not None:
            visitor.disconnected.connect(visitor.deleteLater)
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
        password = None if place.centre else self._kept_password(place)
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
        if self._server is not None:
            self._server.close()
            self._server = None
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


def local_time_zone() -> str:
    """This computer's time zone by its IANA name; UTC where it has none that is known."""
    from PySide6.QtCore import QTimeZone

    name = bytes(QTimeZone.systemTimeZoneId().data()).decode("ascii", "replace")
    return name if "/" in name else "UTC"
