"""Databases to measure on: a SQLite file as a centre opens it, and a throw-away PostgreSQL with fsync on."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from erp_desktop.database import open_engine
from erp_desktop.migrations import upgrade
from erp_desktop.sync.cache import look_over


@dataclass
class Database:
    """An empty, migrated database. `server_cpu` gives the CPU seconds of its server's processes (SQLite: none)."""

    kind: str
    engine: Engine
    url: str
    server_cpu: Callable[[], float]

    def analyse(self) -> None:
        """Refresh what the planner reads: as a desk does when it closes its cache, as PostgreSQL's autovacuum does."""
        if self.kind == "sqlite":
            with self.engine.begin() as connection:
                look_over(connection)
            self.engine.dispose()  # a connection reads the figures when it is opened
        else:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))

    def size_mb(self) -> float:
        if self.kind == "postgres":
            with self.engine.connect() as connection:
                return float(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0) / 2**20
        return Path(self.engine.url.database or "").stat().st_size / 2**20


@contextmanager
def sqlite() -> Iterator[Database]:
    folder = Path(tempfile.mkdtemp(prefix="erp-bench."))
    try:
        url = f"sqlite:///{folder / 'centre.db'}"
        engine = open_engine(url)
        upgrade(engine)
        yield Database("sqlite", engine, url, lambda: 0.0)
        engine.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[Database]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        raise SystemExit("PostgreSQL is not installed (Debian: apt-get install postgresql-15).")
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="erp-bench."))
    if as_postgres:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]

    def run(program: str, *words: str) -> None:
        command = [*as_postgres, str(programs[-1] / program), *words]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)

    data = folder / "data"
    run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c shared_buffers=256MB"
    run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        engine = open_engine(url)
        upgrade(engine)
        head = int((data / "postmaster.pid").read_text().splitlines()[0])
        yield Database("postgres", engine, url, lambda: _cpu_of_family(head))
        engine.dispose()
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _cpu_of_family(head: int) -> float:
    """CPU seconds of a process and its children: to the nanosecond of those that run, in hundredths of those that ended."""
    seconds = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            is_head = int(stat.parent.name) == head
            if is_head or int(fields[1]) == head:
                seconds += int((stat.parent / "schedstat").read_text().split()[0]) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            continue
        if is_head:
            seconds += sum(int(ticks) for ticks in fields[13:15]) / 100
    return seconds


DATABASES = {"sqlite": sqlite, "postgres": postgres}
