"""A PostgreSQL server and a replica of it, as real as they come: pg_basebackup, and one taking over from the other."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS_TO_START = "120"
OPTIONS = "-c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_wal_senders=3 -c hot_standby=on"


class Servers:
    """`url` names both, so that whoever connects finds the one that takes writes."""

    def __init__(self, programs: Path, home: Path) -> None:
        self._programs, self._home = programs, home
        self._as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.ports = {"first": free_port(), "second": free_port()}
        asked = "&".join(f"host=127.0.0.1:{port}" for port in self.ports.values())
        self.url = f"postgresql+psycopg://postgres@/postgres?{asked}"

    def url_of(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.ports[name]}/postgres"

    def make(self, name: str) -> None:
        given = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._run("initdb", "-D", str(self._home / name), *given)

    def copy(self, name: str, copy: str) -> None:
        """A replica of a server that runs."""
        there = ["-h", "127.0.0.1", "-p", str(self.ports[name]), "-U", "postgres"]
        self._run(
            "pg_basebackup", *there, "-D", str(self._home / copy), "-R", "-X", "stream", "-c", "fast", "--no-sync"
        )

    def start(self, name: str) -> None:
        options = f"-p {self.ports[name]} -c unix_socket_directories={self._home} {OPTIONS}"
        log = str(self._home / f"{name}.log")
        self._run(
            "pg_ctl", "-D", str(self._home / name), "-w", "-t", SECONDS_TO_START, "-l", log, "-o", options, "start"
        )

    def stop(self, name: str, *, how: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self._home / name), "-w", "-m", how, "stop")

    def promote(self, name: str) -> None:
        """From now on it takes writes."""
        self._run("pg_ctl", "-D", str(self._home / name), "-w", "-t", SECONDS_TO_START, "promote")

    def stop_all(self) -> None:
        for name in self.ports:
            if (self._home / name / "postmaster.pid").exists():
                self.stop(name, how="immediate")

    def _run(self, program: str, *arguments: str) -> None:
        # pg_ctl's children keep its output open, so nothing of it is read
        done = subprocess.run(
            [*self._as_postgres, str(self._programs / program), *arguments],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            logs = "\n".join(log.read_text(errors="replace")[-2000:] for log in self._home.glob("*.log"))
            raise RuntimeError(f"{program} {arguments}: {done.returncode}\n{logs}")


@contextmanager
def two_servers(programs: Path) -> Iterator[Servers]:
    """Nothing runs yet."""
    home = Path(tempfile.mkdtemp(prefix="erp-pg.", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
    if os.geteuid() == 0:
        shutil.chown(home, "postgres", "postgres")
    servers = Servers(programs, home)
    try:
        yield servers
    finally:
        servers.stop_all()
        shutil.rmtree(home, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
