"""Alone on this computer: the central service as a child process on an SQLite file, and whose books it keeps.

The very same service and the very same path as in an office; only that it starts and ends with the program, listens on
the loopback address alone, and that nobody types the password of its owner: it is kept among this computer's secrets.
"""

import json
import logging
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, select

from erp_desktop.actions.refusals import Refused
from erp_desktop.database import open_engine, reader
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.migrations import upgrade
from erp_desktop.models.company import Company, User, UserRole
from erp_desktop.sync.cache import data_dir
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.transport import NoAnswer

if TYPE_CHECKING:
    from erp_desktop.actions.opening import OpenCompany
    from erp_desktop.central.performing import Centre

log = logging.getLogger(__name__)

THIS_COMPUTER = "this computer"  # the lasting name of the embedded centre; its port is another each time
_ALONE = ("--lease-days", "0", "--stop-with-parent")  # it is always there; its desk need not count the days
SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 15.0
SECONDS_BETWEEN_STARTS = 2.0


class AlreadyHere(Refused):
    code = "already_here"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "A company with the code {code} is in {folder} already. If it is not offered to you, its password is not kept on this "
        "computer. Name another code or another folder for a new one; nothing was changed.",
    )


@dataclass(frozen=True)
class CompanyHere:
    """A company of this computer, and the person who opened it."""

    code: str
    name: str
    login: str


def database_path(directory: Path | None = None) -> Path:
    """The file of the embedded centre."""
    return data_dir(directory) / "centre" / "centre.db"


def database_address(directory: Path | None = None) -> str:
    return f"sqlite:///{database_path(directory)}"


def open_books(directory: Path | None = None) -> Engine:
    """The embedded centre's database, made or brought up to date. Raises NewerDatabase."""
    database_path(directory).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = open_engine(database_address(directory))
    upgrade(engine)
    return engine


def open_here(make: "Callable[[Centre, str], CompanyHere]", directory: Path | None = None) -> CompanyHere:
    """Open a company here as `make(centre, password)` does; its owner's password is made up and kept.

    Raises AlreadyHere, NotOpened, NewerDatabase.
    """
    from erp_desktop.central.performing import Centre, CodeInUse  # with all that a centre needs: a window opens without

    engine = open_books(directory)
    try:
        password = secrets.token_urlsafe(24)
        here = make(Centre(engine), password)
    except CodeInUse as taken:
        raise AlreadyHere(code=taken, folder=data_dir(directory)) from None
    finally:
        engine.dispose()
    keep_password(here.code, here.login, password, directory)
    return here


def open_company(opening: "OpenCompany", directory: Path | None = None) -> CompanyHere:
    """Open an empty company here. Raises AlreadyHere, NotOpened, NewerDatabase."""

    def make(centre: "Centre", password: str) -> CompanyHere:
        centre.open_company(opening, password)
        return CompanyHere(opening.code, opening.name, opening.owner_login)

    return open_here(make, directory)


def companies_here(directory: Path | None = None) -> list[CompanyHere]:
    """The companies of this computer by code, each with the first person of it whose password is kept here."""
    if not database_path(directory).is_file():
        return []
    engine = open_books(directory)
    try:
        with reader(engine).connect() as connection:
            rows = connection.execute(
                select(Company.code, Company.name, User.login)
                .join(User, User.company_id == Company.id)
                .join(UserRole, (UserRole.company_id == User.company_id) & (UserRole.user_id == User.id))
                .where(User.is_active)
                .order_by(Company.code, User.id)
                .distinct()
            ).all()
    finally:
        engine.dispose()
    found: dict[str, CompanyHere] = {}
    for code, name, login in rows:
        if code not in found and kept_password(code, login, directory) is not None:
            found[code] = CompanyHere(code, name, login)
    return list(found.values())


def restore_here(backup: Path, centre: "EmbeddedCentre", directory: Path | None = None) -> Path:
    """Bring the centre of this computer back to what it was when `backup` was made. Gives the file that the books of
    before are kept in.

    The centre ends for a moment. A company whose owner's password is not kept here gets another one. Raises BackupProblem,
    OSError; nothing has changed then.
    """
    from erp_desktop.central.backing_up import restore_backup

    now = database_path(directory)
    new = now.with_name("restoring.db")
    before = now.with_name(f"centre-before-{datetime.now(UTC):%Y%m%d-%H%M%S}.db")
    _remove(new)
    engine = open_engine(f"sqlite:///{new}")
    try:
        restore_backup(backup, engine)
        _keep_passwords(engine, directory)
    except BaseException:
        engine.dispose()
        _remove(new)
        raise
    engine.dispose()

    def put_in_place() -> None:
        _rename(now, before)
        _rename(new, now)

    centre.while_stopped(put_in_place)
    return before


def _keep_passwords(engine: Engine, directory: Path | None) -> None:
    """For each company the first person of it has a password that is kept here."""
    from erp_desktop.central.accounts import set_password

    with reader(engine).connect() as connection:
        people = connection.execute(
            select(Company.id, Company.code, User.id, User.login)
            .join(User, User.company_id == Company.id)
            .where(User.is_active)
            .order_by(Company.code, User.id)
        ).all()
    known = {code for _, code, _, login in people if kept_password(code, login, directory) is not None}
    for company_id, code, user_id, login in people:
        if code not in known:
            known.add(code)
            password = secrets.token_urlsafe(24)
            set_password(engine, company_id, user_id, password)
            keep_password(code, login, password, directory)


def _rename(file: Path, to: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        part = file.with_name(file.name + suffix)
        if part.exists():
            part.rename(to.with_name(to.name + suffix))


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def keep_password(company: str, login: str, password: str, directory: Path | None = None) -> None:
    _secrets(directory).put(_secret_name(company, login, directory), password)


def kept_password(company: str, login: str, directory: Path | None = None) -> str | None:
    """The password that `keep_password` kept, also where the folder has been moved or renamed since."""
    kept = _secrets(directory)
    by_path = f"{database_path(directory).resolve()} {company} {login}"  # as folders went by before they had a mark
    return kept.get(_secret_name(company, login, directory)) or kept.get(by_path)


def _secrets(directory: Path | None) -> Secrets:
    return Secrets(database_path(directory).parent)


def _secret_name(company: str, login: str, directory: Path | None) -> str:
    return f"{_mark_of(directory)} {company} {login}"


def _mark_of(directory: Path | None) -> str:
    """What this folder's secrets go by: kept in it and so moved with it, where its path would be another then."""
    file = database_path(directory).with_name("folder-mark")
    with suppress(FileExistsError), file.open("x", encoding="utf-8") as new:
        new.write(secrets.token_hex(16))
    return file.read_text("utf-8")


class EmbeddedCentre:
    """The central service as a child of this program. It is started again if it ends by itself."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = data_dir(directory)
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = threading.Event()
        self._address = ""
        self._started_at = 0.0
        self._is_closed = False

    def start(self) -> None:
        """Begin to start; `address` waits until it listens."""
        with self._guard:
            self._keep_running()

    def address(self) -> str:
        """Where it listens now. Blocks while it starts. Raises NoAnswer where it cannot."""
        with self._guard:
            self._keep_running()
            ready = self._ready
        if not ready.wait(SECONDS_TO_START) or not self._address:
            raise NoAnswer("the embedded centre did not start; its log says why")
        return self._address

    def while_stopped(self, work: Callable[[], None]) -> None:
        """Let it finish what it performs and end, and do `work`; it starts again when it is next asked for."""
        with self._guard:
            process, self._process = self._process, None
            self._end(process)
            work()

    def close(self) -> None:
        """Let it finish what it performs, and end."""
        with self._guard:
            self._is_closed = True
            process = self._process
        self._end(process)

    def _end(self, process: "subprocess.Popen[bytes] | None") -> None:
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()  # --stop-with-parent
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            log.warning("the embedded centre did not end and was stopped")
            process.kill()
            process.wait()

    def _keep_running(self) -> None:
        if self._is_closed:
            raise NoAnswer("the program is closing")
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None:
            log.error("the embedded centre ended with %s", self._process.returncode)
            if self._process.stdin is not None:
                self._process.stdin.close()
            if time.monotonic() - self._started_at < SECONDS_BETWEEN_STARTS:
                raise NoAnswer("the embedded centre ended at once; its log says why")
        database_path(self._directory).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        logs = self._directory / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / "centre.log").open("ab") as told:
            self._process = subprocess.Popen(
                [*_service(), "serve", "--database", database_address(self._directory), *_ALONE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        self._started_at = time.monotonic()
        self._ready, self._address = threading.Event(), ""
        threading.Thread(
            target=self._listen, args=(self._process, self._ready), name="embedded centre", daemon=True
        ).start()

    def _listen(self, process: "subprocess.Popen[bytes]", ready: threading.Event) -> None:
        """The service's first line says where it listens; the end of its output, that it has ended."""
        assert process.stdout is not None
        with process.stdout as told:
            for line in told:
                try:
                    self._address = str(json.loads(line)["listening"])
                except (ValueError, KeyError, TypeError):
                    continue
                ready.set()
        ready.set()


def _service() -> list[str]:
    if getattr(sys, "frozen", False):
        return [str(Path(sys.executable).with_name("erp-central" + Path(sys.executable).suffix))]
    return [sys.executable, "-m", "erp_desktop.central.cli"]
