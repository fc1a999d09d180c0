"""A desk's cache: one SQLite file per centre, company and user. One connection writes, on its own thread; others read.

Here: where the file is, opening it safely, its worker threads, its facts (cache_state). Not here: what is in the tables,
the network.
"""

import hashlib
import logging
import os
import re
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import platformdirs
from sqlalchemy import URL, Connection, Engine, bindparam, event, text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from sqlalchemy.orm import Session, configure_mappers

from erp_desktop import failpoints, migrations
from erp_desktop.actions.refusals import Refused
from erp_desktop.database import encrypting_driver, open_engine, writer
from erp_desktop.file_lock import FileLock
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.ids import new_id
from erp_desktop.models.base import PENDING_TICK, set_tick
from erp_desktop.sync import cache_key, clean_end, salvage, undo
from erp_desktop.sync.secrets import Secrets

log = logging.getLogger(__name__)

Found = TypeVar("Found")

READERS = 2
ROWS_LOOKED_AT = 400  # of each index, by `look_over`: enough to choose between indexes, and done in an instant
_STATEMENTS_KEPT = 512  # prepared statements per connection: an action uses a few dozen, each with its triggers


class CacheFull(Refused):
    code = "cache_full"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "This computer's disk is full, so nothing was saved. Free some space and try again."
    )


class CacheInUse(RuntimeError):
    """Another window of the program works on this cache. `str()` is for people."""


def data_dir(chosen: Path | None = None) -> Path:
    """Where this person's data is kept: `chosen`, or ERP_DATA_DIR, or the system's place for it."""
    if chosen is not None:
        return chosen
    given = os.environ.get("ERP_DATA_DIR")
    return Path(given) if given else platformdirs.user_data_path("erp-desktop", appauthor=False)


def cache_path(centre: str, company: str, login: str, directory: Path | None = None) -> Path:
    """The cache file of one user of one company at one centre (its address, or any other lasting name of it)."""
    key = "\n".join((centre.rstrip("/"), company, login))
    readable = re.sub(r"[^A-Za-z0-9]+", "-", f"{company}-{login}").strip("-").lower()[:40]
    return data_dir(directory) / "caches" / f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:12]}" / "cache.db"


class Cache:
    """An open cache file. Everything that writes goes through `write`, one job after another."""

    def __init__(self, path: Path, secrets: Secrets | None = None) -> None:
        """Open `path`, making it where there is none. Raises CacheInUse, CacheFull, KeyOutOfReach,
        migrations.NewerDatabase.

        Its key is among the `secrets`; a file from before there were keys is encrypted first. A file that is damaged is
        put aside, its outbox saved into a new one; `damage` then holds a sentence about it.
        """
        self.path = path
        self.damage = ""
        self._checked_at = datetime.now(UTC)  # when every page of the file was last read; a new one needs no reading
        self._is_doubtful = False
        self._secrets = secrets if secrets is not None else Secrets(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        if not self._lock.take():
            raise CacheInUse(
                translate("Sync", "The program is already open with these data. Go to its window; nothing was lost.")
            )
        try:
            self._key, saved = self._key_and_what_was_saved()
            self._engine = self._open()
            self._connection = writer(self._engine).connect()
            set_tick(self._connection, PENDING_TICK)
            self._restore(saved)
        except OperationalError as error:
            self._lock.release()
            raise _full_or(error) from error
        except BaseException:
            self._lock.release()
            raise
        self._keeps_journal = False
        self._writer = ThreadPoolExecutor(1, "cache-writer")
        self._readers = ThreadPoolExecutor(READERS, "cache-reader")
        self._read_engine = self._open_for_reading()
        self._closed = threading.Event()

    # --- work on the cache

    def write(self, job: Callable[[Connection], Found]) -> "Future[Found]":
        """Run `job` in one transaction on the writer's thread; an error takes all of it back. Raises CacheFull in the
        future where the disk has no room for it.
        """
        return self._writer.submit(self._written, job)

    def read(self, job: Callable[[Session], Found]) -> "Future[Found]":
        """Run `job` in one snapshot of the data, on a reader's thread. It cannot write."""
        return self._readers.submit(self._read, job)

    def read_here(self, job: Callable[[Session], Found]) -> Found:
        """`read` on the caller's own thread, for a few rows: it waits behind no report."""
        return self._read(job)

    def erase_key(self) -> None:
        """Nobody opens this file, or one put aside from it, ever again. What is open stays open until `close`."""
        cache_key.forget_keys(self.path.parent, self._secrets)

    @property
    def secrets(self) -> Secrets:
        """Where its key is kept, and those of files beside it."""
        return self._secrets

    @property
    def key_store(self) -> str:
        """Where the key is kept: "keyring", or "file" (secrets.json beside the cache)."""
        return cache_key.store_of(self.path) or "file"

    def close(self) -> None:
        """Finish the work that was handed in, and let go of the file."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._readers.shutdown(wait=True, cancel_futures=True)
        self.write(look_over)  # the next time begins with what was pulled and written in this one
        self._writer.shutdown(wait=True)
        self._read_engine.dispose()
        self._connection.close()
        self._engine.dispose()
        if not self._is_doubtful:
            clean_end.leave(self.path, self._checked_at)
        self._lock.release()

    def remove(self) -> None:
        """After `close`: take a cache that nobody has used off the disk."""
        cache_key.forget_keys(self.path.parent, self._secrets)
        for suffix in ("", "-wal", "-shm", ".lock"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def _written(self, job: Callable[[Connection], Found]) -> Found:
        try:
            if not self._keeps_journal:  # before the first change, not before the first look
                with self._connection.begin():
                    undo.install_triggers(self._connection)
                self._keeps_journal = True
            with self._connection.begin():
                done = job(self._connection)
                failpoints.reach(failpoints.COMMIT)
            failpoints.reach(failpoints.COMMITTED)
            return done
        except DatabaseError as error:
            raise self._noted(error) from error

    def _read(self, job: Callable[[Session], Found]) -> Found:
        try:
            with Session(self._read_engine, autoflush=False) as session:
                return job(session)
        except DatabaseError as error:
            self._noted(error)
            raise

    def _noted(self, error: DatabaseError) -> Exception:
        """What is raised for it. After a file could not be read or written, its pages are looked at by the next start."""
        self._is_doubtful = self._is_doubtful or not isinstance(error, IntegrityError)
        return _full_or(error)

    # --- opening

    def _open(self) -> Engine:
        engine = open_engine(self._url, foreign_keys=False, key=self._key)
        migrations.upgrade(engine)
        return engine

    @property
    def _url(self) -> URL:
        return URL.create("sqlite", database=str(self.path), query={"cached_statements": str(_STATEMENTS_KEPT)})

    def _open_for_reading(self) -> Engine:
        engine = open_engine(self._url, foreign_keys=False, key=self._key)

        @event.listens_for(engine, "connect")
        def only_read(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA query_only=ON")

        return engine

    def _key_and_what_was_saved(self) -> "tuple[str, salvage.Saved | None]":
        """The key to open the file with, after making sure that it can be opened; else a key for a new file."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            return cache_key.make_key(self.path, self._secrets), None
        try:
            key = None if cache_key.is_plain(self.path) else cache_key.key_of(self.path, self._secrets)
        except cache_key.KeyLost:
            return self._begin_without_the_lost(), None
        if key is not None and (checked_at := clean_end.take(self.path)) is not None:
            self._checked_at = checked_at
            return key, None
        with ThreadPoolExecutor(1, "cache-check") as checking:
            is_sound = checking.submit(salvage.is_sound, self.path, key)
            configure_mappers()  # the first question needs it anyway; it costs nothing while the file is read
            if is_sound.result():
                return key or cache_key.encrypt(self.path, self._secrets), None
        saved = salvage.read_what_is_readable(self.path, key)
        kept = salvage.put_aside(self.path, datetime.now(UTC))
        log.error("cache %s was damaged; kept as %s, %d waiting actions saved", self.path, kept, len(saved.outbox))
        self.damage = translate(
            "Sync",
            "The local copy of the data was damaged and is fetched again. {count} changes that were waiting were saved; "
            "the damaged file was kept as {file}.",
        ).format(count=len(saved.outbox), file=kept.name)
        return cache_key.make_key(self.path, self._secrets), saved

    def _begin_without_the_lost(self) -> str:
        kept = salvage.put_aside(self.path, datetime.now(UTC), "unreadable")
        log.error("nothing here opens cache %s; kept as %s", self.path, kept)
        self.damage = translate(
            "Sync",
            "The local copy of the data cannot be opened: it is damaged, or its key is not on this computer any more. "
            "It is fetched again. Changes that had not reached the central service cannot be sent from this computer; the "
            "file was kept as {file}, for the case that the key is found in a backup of this computer.",
        ).format(file=kept.name)
        return cache_key.make_key(self.path, self._secrets)

    def _restore(self, saved: "salvage.Saved | None") -> None:
        with self._connection.begin():
            if saved is not None:
                salvage.restore(self._connection, saved)
            if get_state(self._connection, "device_id") is None:
                set_state(self._connection, device_id=str(new_id()))


def facts_in(path: Path, secrets: Secrets | None = None) -> frozenset[str]:
    """Which facts the cache at `path` holds; none where it cannot be read: opening it says what is the matter.

    Raises KeyOutOfReach.
    """
    try:
        key = None if cache_key.is_plain(path) else cache_key.key_of(path, secrets or Secrets(path.parent))
        with closing(cache_key.open_driver(path, key)) as connection:
            return frozenset(key for (key,) in connection.execute("SELECT key FROM cache_state"))
    except (OSError, cache_key.KeyLost, encrypting_driver().Error):
        return frozenset()


def look_over(connection: Connection) -> None:
    """Let the database count what it holds now: it chooses its indexes blindly in tables that it never counted."""
    connection.exec_driver_sql(f"PRAGMA analysis_limit={ROWS_LOOKED_AT}")
    connection.exec_driver_sql("ANALYZE")
    # Samples of single values would make a statement be planned anew with every other value that it is given.
    connection.exec_driver_sql("DROP TABLE IF EXISTS sqlite_stat4")
    # Rows in the index, rows of one company, ...: few rows do not show that the company of all of them is the same.
    counted = connection.exec_driver_sql(
        "SELECT idx, stat FROM sqlite_stat1 WHERE "
        "EXISTS (SELECT 1 FROM pragma_index_info(idx) WHERE seqno = 0 AND name = 'company_id')"
    )
    told = [(index, stat.split()) for index, stat in counted.all()]
    if told:
        connection.exec_driver_sql(
            "UPDATE sqlite_stat1 SET stat = ? WHERE idx = ?",
            [(" ".join([rows, rows, *finer]), index) for index, (rows, _, *finer) in told],
        )
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # reads them


# --- facts about a cache


def get_state(connection: Connection, key: str) -> str | None:
    """One fact: device_id, cursor, tick, filled, session, next_seq, ..."""
    found = connection.execute(text("SELECT value FROM cache_state WHERE key = :key"), {"key": key}).scalar()
    return None if found is None else str(found)


def get_states(connection: Connection, *keys: str) -> dict[str, str]:
    """Those of several facts that there are, with one question."""
    statement = text("SELECT key, value FROM cache_state WHERE key IN :keys").bindparams(
        bindparam("keys", expanding=True)
    )
    return {row.key: str(row.value) for row in connection.execute(statement, {"keys": keys})}


def set_state(connection: Connection, **facts: str | int | None) -> None:
    """Store facts; None forgets one."""
    forgotten = [{"key": key} for key, value in facts.items() if value is None]
    if forgotten:
        connection.execute(text("DELETE FROM cache_state WHERE key = :key"), forgotten)
    stored = [{"key": key, "value": str(value)} for key, value in facts.items() if value is not None]
    if stored:
        connection.execute(text("INSERT OR REPLACE INTO cache_state (key, value) VALUES (:key, :value)"), stored)


def device_id(connection: Connection) -> UUID:
    """What the centre knows this cache by."""
    found = get_state(connection, "device_id")
    assert found is not None, "given when the cache was opened"
    return UUID(found)


def _full_or(error: DatabaseError) -> Exception:
    return CacheFull() if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL else error
