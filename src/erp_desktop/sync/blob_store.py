"""The bytes of attachments on this computer: one encrypted SQLite file beside the cache, in pieces.

A file of its own and no table of the cache: a cache that is damaged or filled anew is replaced, and these bytes may be the
only copy there is; and the cache is read whole when it is checked, whose time must not grow with photographs. Its key is made
and kept as the cache's is, and erased with it (docs/decisions/0097, 0106). Here: keeping. Not here: the network, the rows.
"""

import hashlib
import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from erp_desktop.database import BUSY_TIMEOUT_SECONDS, encrypting_driver, unlock
from erp_desktop.sync import cache_key, salvage
from erp_desktop.sync.cache import CacheFull
from erp_desktop.sync.secrets import Secrets
from erp_desktop.wire_blobs import PIECE_BYTES

log = logging.getLogger(__name__)

FILE_NAME = "cache.files.db"  # as cache_key.forget_keys looks for it
MOST_BYTES_FETCHED = 500 * 1024 * 1024  # of what the centre has too: the longest unused of it makes room

_TABLES = (
    "CREATE TABLE IF NOT EXISTS file (id INTEGER PRIMARY KEY, sha256 TEXT UNIQUE, size INTEGER NOT NULL, "
    "received INTEGER NOT NULL, is_unsent INTEGER NOT NULL, is_damaged INTEGER NOT NULL DEFAULT 0, used_at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS piece (file_id INTEGER NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL)",
    "CREATE UNIQUE INDEX IF NOT EXISTS ix_piece ON piece (file_id, start)",
)


_SENT, _UNSENT, _UNNAMED = 0, 1, 2  # what `is_unsent` says of a file


class Damaged(Exception):
    """The bytes here are not those of their hash, or cannot be read."""


class TooLarge(ValueError):
    """More bytes came than were allowed."""


@dataclass(frozen=True)
class Kept:
    """What is here of a content. `is_unsent`: the centre has not said yet that it has all of it."""

    sha256: str
    size: int
    received: int
    is_unsent: bool
    is_damaged: bool = False
    is_unnamed: bool = False  # unsent, and no attachment that is known here names it: it may make room

    @property
    def is_whole(self) -> bool:
        return self.received == self.size and not self.is_damaged


class BlobStore:
    """Safe to use from many threads, one after another. Opened when it is first used; `close` at the end."""

    def __init__(self, folder: Path, secrets: Secrets) -> None:
        self.path = folder / FILE_NAME
        self._secrets = secrets
        self._guard = threading.RLock()
        self._connection: Any = None

    @property
    def is_empty(self) -> bool:
        """Nothing was ever kept here. Opens nothing."""
        return self._connection is None and not self.path.exists()

    # --- what comes from a person

    def add(self, source: BinaryIO, most: int) -> Kept:
        """Keep all of `source`, to be sent. All of it or nothing. Raises TooLarge above `most` bytes, CacheFull."""
        with self._changing() as connection:
            now = _now()
            inserted = "INSERT INTO file (size, received, is_unsent, used_at) VALUES (0, 0, 1, ?)"
            file_id = connection.execute(inserted, (now,)).lastrowid
            counted, size = hashlib.sha256(), 0
            while data := source.read(PIECE_BYTES):
                if size + len(data) > most:
                    raise TooLarge(size + len(data))
                connection.execute("INSERT INTO piece VALUES (?, ?, ?)", (file_id, size, data))
                counted.update(data)
                size += len(data)
            sha256 = counted.hexdigest()
            _delete(connection, "sha256 = ?", sha256)  # the same again, or a part of it that was fetched
            connection.execute(
                "UPDATE file SET sha256 = ?, size = ?, received = ? WHERE id = ?", (sha256, size, size, file_id)
            )
        return Kept(sha256, size, size, is_unsent=True)

    # --- what comes from the centre

    def append(self, sha256: str, size: int, offset: int, data: bytes) -> int:
        """Keep the next piece of what is fetched. Answers how much is here. Raises CacheFull."""
        with self._changing() as connection:
            found = connection.execute("SELECT id, received FROM file WHERE sha256 = ?", (sha256,)).fetchone()
            if found is None:
                inserted = "INSERT INTO file (sha256, size, received, is_unsent, used_at) VALUES (?, ?, 0, 0, ?)"
                found = (connection.execute(inserted, (sha256, size, _now())).lastrowid, 0)
            file_id, received = found
            if offset != received or received + len(data) > size:
                return int(received)
            connection.execute("INSERT INTO piece VALUES (?, ?, ?)", (file_id, received, data))
            received += len(data)
            connection.execute("UPDATE file SET received = ?, used_at = ? WHERE id = ?", (received, _now(), file_id))
        return int(received)

    # --- what is here

    def kept(self, hashes: Sequence[str] | None = None) -> list[Kept]:
        """What is here of these contents; None: all that is here, the oldest first."""
        if self.is_empty:
            return []
        try:
            with self._reading() as connection:
                found = connection.execute(
                    "SELECT sha256, size, received, is_unsent, is_damaged FROM file WHERE sha256 IS NOT NULL "
                    "ORDER BY used_at, id"
                ).fetchall()
        except Damaged:  # what says what is here: nothing of the file can be relied on
            self._put_aside("damaged")
            return []
        wanted = None if hashes is None else set(hashes)
        return [
            Kept(sha256, size, received, is_unsent == _UNSENT, bool(is_damaged), is_unsent == _UNNAMED)
            for sha256, size, received, is_unsent, is_damaged in found
            if wanted is None or sha256 in wanted
        ]

    def piece(self, sha256: str, offset: int) -> bytes:
        """Up to PIECE_BYTES from `offset` on; none at the end. Raises Damaged."""
        with self._reading() as connection:
            found = connection.execute(
                "SELECT piece.start, piece.data FROM piece JOIN file ON file.id = piece.file_id "
                "WHERE file.sha256 = ? AND piece.start <= ? ORDER BY piece.start DESC LIMIT 1",
                (sha256, offset),
            ).fetchone()
        if found is None:
            raise Damaged(sha256)
        return bytes(found[1][offset - found[0] :])

    def check(self, sha256: str, out: BinaryIO | None = None) -> None:
        """Read all of a content, into `out`, and compare it with its hash. Raises Damaged; what is not unsent is forgotten
        then, so that it is fetched again."""
        counted, offset = hashlib.sha256(), 0
        try:
            while data := self.piece(sha256, offset):
                counted.update(data)
                offset += len(data)
                if out is not None:
                    out.write(data)
        except Damaged:
            offset = -1
        if counted.hexdigest() != sha256 or offset < 0:
            log.error("what is kept of attachment %s is not what it was", sha256)
            with self._changing() as connection:
                connection.execute("UPDATE file SET is_damaged = 1 WHERE sha256 = ?", (sha256,))
                _delete(connection, "sha256 = ? AND is_unsent = 0", sha256)
            raise Damaged(sha256)
        with self._changing() as connection:  # the size until now is what an attachment said
            changed = "UPDATE file SET size = ?, received = ?, used_at = ? WHERE sha256 = ?"
            connection.execute(changed, (offset, offset, _now(), sha256))

    # --- what the centre has

    def note_sent(self, hashes: Sequence[str]) -> None:
        """The centre has all of it: it may make room."""
        self._note(hashes, _SENT)

    def note_unnamed(self, hashes: Sequence[str]) -> None:
        """Nobody waits for it now: it may make room. Its attachment can come back, as with a role that is given back."""
        self._note(hashes, _UNNAMED)

    def note_unsent(self, hashes: Sequence[str]) -> None:
        """Its attachment has come back."""
        self._note(hashes, _UNSENT)

    def _note(self, hashes: Sequence[str], state: int) -> None:
        if hashes:
            with self._changing() as connection:
                connection.executemany(
                    "UPDATE file SET is_unsent = ? WHERE sha256 = ?", [(state, one) for one in hashes]
                )

    def offer_all(self) -> None:
        """The centre may be another one than it was: nothing counts as sent until it says so again."""
        if not self.is_empty:
            with self._changing() as connection:
                connection.execute("UPDATE file SET is_unsent = 1 WHERE received = size AND is_damaged = 0")

    def make_room(self, most: int = MOST_BYTES_FETCHED) -> None:
        """Of what the centre has or nobody names, the longest unused goes until `most` bytes are left. What is unsent never does."""
        with self._changing() as connection:
            sent = connection.execute(
                f"SELECT id, received FROM file WHERE is_unsent <> {_UNSENT} ORDER BY used_at DESC, id DESC"
            ).fetchall()
            total, gone = 0, []
            for file_id, received in sent:
                total += received
                if total > most:
                    gone.append(file_id)
            for file_id in gone:
                _delete(connection, "id = ?", file_id)
        if gone:
            with self._reading() as connection:
                connection.execute("PRAGMA incremental_vacuum").fetchall()

    def close(self) -> None:
        with self._guard:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # --- inside

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with self._guard:
            try:
                yield self._opened()
            except encrypting_driver().DatabaseError as error:
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                    raise CacheFull() from error
                if _is_damage(error):
                    self.close()  # after a bad page the encrypting SQLite answers nothing more on that connection
                    raise Damaged(str(error)) from error
                raise

    @contextmanager
    def _changing(self) -> Iterator[Any]:
        with self._reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _opened(self) -> Any:
        if self._connection is None:
            try:
                self._connection = self._open()
            except encrypting_driver().DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._put_aside("damaged")
                self._connection = self._open()
            except cache_key.KeyLost:
                self._put_aside("unreadable")
                self._connection = self._open()
        return self._connection

    def _open(self) -> Any:
        is_new = not self.path.exists() or self.path.stat().st_size == 0
        key = cache_key.make_key(self.path, self._secrets) if is_new else cache_key.key_of(self.path, self._secrets)
        connection = encrypting_driver().connect(
            self.path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            unlock(connection, key)
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of a new file
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA temp_store=MEMORY")
            for statement in _TABLES:
                connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        return connection

    def _put_aside(self, why: str) -> None:
        kept = salvage.put_aside(self.path, datetime.now(UTC), why)
        log.error("nothing here opens the attachments in %s; kept as %s", self.path, kept)


def _delete(connection: Any, which: str, value: object) -> None:
    connection.execute(f"DELETE FROM piece WHERE file_id IN (SELECT id FROM file WHERE {which})", (value,))
    connection.execute(f"DELETE FROM file WHERE {which}", (value,))


def _is_damage(error: Any) -> bool:
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
