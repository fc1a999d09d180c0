"""What all tests share: a real PostgreSQL that lives for the run, databases to write in, and no thread left behind."""

import gc
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import Engine

from erp_desktop.database import open_engine
from erp_desktop.migrations import upgrade
from postgres_clones import clone, drop, execute_on

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# a busy neighbour is not a failing property
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")

pytest_plugins = ["company_fixtures", "quick_set_up"]

# How long is waited on a loaded machine for what comes at once on a free one. Nobody waits for longer than it takes.
PATIENCE_MS = 60_000
SECONDS_FOR_THREADS_TO_END = 60.0
SECONDS_FOR_POSTGRESQL_TO_START = 120
MEMORY_DISK, ROOM_NEEDED = Path("/dev/shm"), 4 * 2**30  # bytes; a worker's databases of the moment take a tenth of it


def pytest_configure() -> None:
    """What tests write is in memory where there is room for it: none waits until a commit is safe from a power cut."""
    if MEMORY_DISK.is_dir() and shutil.disk_usage(MEMORY_DISK).free > ROOM_NEEDED:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY_DISK))


def _has_window(item: pytest.Item | None) -> bool:
    return "qapp" in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """As in the program (views/widgets/garbage.py), what a test leaves of its windows is destroyed on Qt's thread."""
    if not _has_window(item):
        return (yield)
    gc.disable()
    try:
        return (yield)
    finally:
        if _has_window(nextitem):
            gc.collect(1)
        else:
            gc.collect()
            gc.enable()


def postgres_programs() -> Path | None:
    """Where initdb and pg_ctl are: on the PATH, or where Debian keeps the newest server."""
    on_path = shutil.which("pg_ctl")
    if on_path:
        return Path(on_path).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda found: int(found.parts[-3]))
    return installed[-1].parent if installed else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres_folder() -> Path:
    """Where PostgreSQL's programs are. Never skipped in CI."""
    programs = postgres_programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("CI tests on PostgreSQL, but no PostgreSQL server is installed")
        pytest.skip("no PostgreSQL server is installed here (Debian: apt-get install postgresql)")
    return programs


@pytest.fixture(scope="session")
def postgres_server(postgres_folder: Path) -> Iterator[str]:
    """The address of a throw-away server, without a database's name."""
    programs = postgres_folder
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []  # it refuses to run as root
    home = Path(tempfile.mkdtemp(prefix="erp-pg.", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
    if as_postgres:
        shutil.chown(home, "postgres", "postgres")
    data = home / "data"

    def run(*command: str) -> None:
        done = subprocess.run([*as_postgres, *command], cwd="/", capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr or done.stdout}")

    initdb, pg_ctl = str(programs / "initdb"), str(programs / "pg_ctl")
    run(initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    def start(port: int) -> bool:
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} "
        options += "-c fsync=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0"
        # pg_ctl's children keep its output open, so nothing is captured here
        until_ready = ["-w", "-t", str(SECONDS_FOR_POSTGRESQL_TO_START)]
        started = subprocess.run(
            [*as_postgres, pg_ctl, "-D", str(data), *until_ready, "-l", str(home / "log"), "-o", options, "start"],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return started.returncode == 0

    try:
        # a port that is free when it is asked for may be somebody else's when the server takes it
        port = next((port for port in (free_port() for _ in range(5)) if start(port)), None)
        if port is None:
            raise RuntimeError(f"PostgreSQL did not start: {(home / 'log').read_text(errors='replace')}")
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}"
    finally:
        subprocess.run(
            [*as_postgres, pg_ctl, "-D", str(data), "-m", "immediate", "-w", "stop"],
            cwd="/",
            capture_output=True,
            check=False,
        )
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of a database that has all tables and no rows; tests clone it."""
    execute_on(postgres_server, 'CREATE DATABASE "template_erp"')
    engine = open_engine(f"{postgres_server}/template_erp")
    upgrade(engine)
    engine.dispose()
    return "template_erp"


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database without any table."""
    name = f"test_{uuid4().hex}"
    execute_on(postgres_server, f'CREATE DATABASE "{name}"')
    yield f"{postgres_server}/{name}"
    drop(postgres_server, name)


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """A PostgreSQL database of this test's own, with all tables and no rows."""
    name = f"test_{uuid4().hex}"
    clone(postgres_server, postgres_template, name)
    yield f"{postgres_server}/{name}"
    drop(postgres_server, name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "erp.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A SQLite file of this test's own, with all tables and no rows."""
    path = tmp_path / f"{uuid4().hex}.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database with all tables and no rows, once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on `database_url`, as the program opens it."""
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def another_database(
    database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[], Engine]]:
    """Makes further empty databases of the same kind as `database_url`."""
    opened: list[tuple[Engine, str]] = []

    def make() -> Engine:
        name = f"test_{uuid4().hex}"
        if database_url.startswith("sqlite"):
            shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / f"{name}.db")
            engine = open_engine(f"sqlite:///{tmp_path / name}.db")
        else:
            server = database_url.rpartition("/")[0]
            clone(server, request.getfixturevalue("postgres_template"), name)
            engine = open_engine(f"{server}/{name}")
        opened.append((engine, name))
        return engine

    yield make
    for engine, name in opened:
        engine.dispose()
        if engine.dialect.name == "postgresql":
            drop(database_url.rpartition("/")[0], name)


class PatientQtBot(QtBot):
    """pytest-qt's, which waits for five seconds where a test names no time. A loaded machine may need more."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **more: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **more)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientQtBot(request)


@pytest.fixture(autouse=True)
def no_thread_is_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that starts threads ends them; one that leaks a thread fails, and the thread is named.

    anyio's idle workers belong to an event loop and end with it; pytest-timeout's own thread does not count.
    """
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + SECONDS_FOR_THREADS_TO_END
    while left := [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.is_alive() and not thread.name.startswith("pytest_timeout")
    ]:
        if time.monotonic() > deadline:
            pytest.fail(f"threads left behind: {', '.join(thread.name for thread in left)}")
        time.sleep(0.01)
