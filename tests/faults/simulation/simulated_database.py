"""Where a simulated centre keeps its data: an SQLite file, or a database of a real PostgreSQL server."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from erp_desktop.database import open_engine
from postgres_clones import clone, drop


class Database(Protocol):
    """The centre's data. While it is backed up or put back, nobody is connected."""

    engine: Engine

    def back_up(self) -> None: ...

    def put_back(self) -> None:
        """As it was when it was backed up last."""

    def version(self) -> object:
        """Another one after everything that was written, by whoever it was."""

    def close(self) -> None: ...


class SqliteDatabase:
    def __init__(self, path: Path) -> None:
        self.engine = open_engine(f"sqlite:///{path}")
        self._path = path
        self._backup = path.with_name("backup.db")
        self._watch: sqlite3.Connection | None = None
        self._times_put_back = 0

    def back_up(self) -> None:
        with closing(sqlite3.connect(self._path)) as here, closing(sqlite3.connect(self._backup)) as there:
            here.backup(there)

    def put_back(self) -> None:
        self._disconnect()
        for ending in ("-wal", "-shm"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        shutil.copyfile(self._backup, self._path)
        self._times_put_back += 1

    def version(self) -> object:
        if self._watch is None:
            self._watch = sqlite3.connect(self._path)
        return self._times_put_back, self._watch.execute("PRAGMA data_version").fetchone()

    def close(self) -> None:
        self._disconnect()

    def _disconnect(self) -> None:
        self.engine.dispose()
        if self._watch is not None:
            self._watch.close()
            self._watch = None


class PostgresDatabase:
    def __init__(self, server: str, name: str, *, is_dropped: bool = False) -> None:
        """`is_dropped`: when it is closed."""
        self.engine = open_engine(f"{server}/{name}")
        self._is_dropped = is_dropped
        self._server, self._name, self._backup = server, name, f"{name}_backup"

    def back_up(self) -> None:
        self.engine.dispose()
        drop(self._server, self._backup)
        clone(self._server, self._name, self._backup)

    def put_back(self) -> None:
        self.engine.dispose()
        drop(self._server, self._name)
        clone(self._server, self._backup, self._name)

    def version(self) -> object:
        with self.engine.connect() as connection:
            return connection.exec_driver_sql("SELECT pg_current_wal_insert_lsn()").scalar()

    def close(self) -> None:
        self.engine.dispose()
        if self._is_dropped:
            drop(self._server, self._name)
            drop(self._server, self._backup)
