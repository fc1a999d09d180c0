"""Backups that an administrator brings through the service to be restored: received piece by piece, checked, put in place.

They lie in a folder of the machine that all workers of a centre see, so that any of them takes the next piece and tells how it
goes. Who restores holds a lock that ends with its process; whether it is done, the company's clock says. Here: files, threads.
Not here: HTTP and who may ask (restore_calls.py), the database (replacing.py).
"""

import errno
import hashlib
import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy import Engine, select

from erp_desktop.actions.backup_refusals import (
    BackupDamaged,
    BackupProblem,
    NoRoomForBackup,
    RestoreBrokenOff,
    RestoreUnderWay,
)
from erp_desktop.central.backups import folder_of, make_private, refuse_several
from erp_desktop.central.changes import Reader
from erp_desktop.central.replacing import replace_books
from erp_desktop.database import reader
from erp_desktop.file_lock import FileLock
from erp_desktop.ids import new_id
from erp_desktop.models.sync import CompanyClock
from erp_desktop.wire_backups import RestoreState

log = logging.getLogger(__name__)

SECONDS_KEPT = 3600  # of a file that nobody goes on sending, and of why one was not restored
ROOM_LEFT = 256 * 2**20  # bytes: what a full disk would stop is more than a restore
_FILE, _LOCK, _REFUSED = ".upload", ".lock", ".refused"
_READ_BYTES = 1024 * 1024
_LOOKING_SECONDS = 1  # somebody may just be looking whether it is free


class NoSuchRestore(LookupError):
    """It was never begun, was forgotten, or lay too long."""


class _NotWanted(Exception):
    """Breaks off: the service stops."""


class Restores:
    """The restores that are under way at one centre. Safe to use from many threads and beside other workers."""

    def __init__(self, engine: Engine, server_id: UUID, when_done: Callable[[UUID], None]) -> None:
        """`when_done(company_id)` is called on the thread that restored."""
        self._engine = engine
        self._folder = folder_of(server_id, "-restore")
        self._when_done = when_done
        self._is_closing = threading.Event()
        self._guard = threading.Lock()
        self._threads: list[threading.Thread] = []

    def begin(self, size: int) -> UUID:
        """Make room for a file. Raises SeveralCompanies, RestoreUnderWay, NoRoomForBackup."""
        refuse_several(self._engine)
        make_private(self._folder)
        self.tidy_up()
        if any(not _is_free(lock) for lock in self._folder.glob("*" + _LOCK)):
            raise RestoreUnderWay()
        if shutil.disk_usage(self._folder).free < size + ROOM_LEFT:
            raise NoRoomForBackup()
        restore_id = new_id()
        self._path(restore_id, _FILE).touch(mode=0o600)
        return restore_id

    def receive(self, restore_id: UUID, offset: int, data: bytes) -> int:
        """Answers how much there is. A piece that is not the next one changes nothing. Raises NoSuchRestore, NoRoomForBackup."""
        path = self._path(restore_id, _FILE)
        try:
            with self._guard, path.open("r+b") as file:
                size = path.stat().st_size
                if offset > size:
                    return size
                file.seek(offset)
                file.write(data)
            return max(size, offset + len(data))
        except FileNotFoundError:
            raise NoSuchRestore(str(restore_id)) from None
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self.forget(restore_id)
            raise NoRoomForBackup() from error

    def go(self, who: Reader, restore_id: UUID, sha256: str) -> None:
        """Begin to restore what was received, if nobody has. Raises NoSuchRestore."""
        lock = FileLock(self._path(restore_id, _LOCK))
        if not self._path(restore_id, _FILE).exists():
            if self.look(who, restore_id).state == "waiting":
                raise NoSuchRestore(str(restore_id))
            return
        if lock.take_within(_LOOKING_SECONDS):
            restoring = threading.Thread(target=self._restore, args=(who, restore_id, sha256, lock), name="restore")
            self._threads = [thread for thread in self._threads if thread.is_alive()] + [restoring]
            restoring.start()

    def look(self, who: Reader, restore_id: UUID) -> RestoreState:
        """How far it is. One whose worker was killed was refused, or is done."""
        lock = self._path(restore_id, _LOCK)
        was_begun = lock.exists()
        if was_begun and not _is_free(lock):
            return RestoreState(state="restoring")
        with reader(self._engine).connect() as connection:
            epoch = connection.scalar(select(CompanyClock.epoch).where(CompanyClock.company_id == who.company_id))
        if epoch == restore_id:
            return RestoreState(state="done")
        try:
            problem = msgspec.json.decode(self._path(restore_id, _REFUSED).read_bytes())
        except FileNotFoundError:
            if self._path(restore_id, _FILE).exists() and not was_begun:
                return RestoreState(state="waiting")
            problem = RestoreBrokenOff().problem.as_dict()
        return RestoreState(state="refused", problem=problem)

    def forget(self, restore_id: UUID) -> None:
        """It is not wanted any more; one that is being restored goes on."""
        if _is_free(self._path(restore_id, _LOCK)):
            self._path(restore_id, _FILE).unlink(missing_ok=True)

    def tidy_up(self) -> None:
        """Remove what nobody needs any more: of a worker that was killed, and what lay too long."""
        if not self._folder.exists():
            return
        for lock in self._folder.glob("*" + _LOCK):
            if _is_free(lock):
                lock.with_suffix(_FILE).unlink(missing_ok=True)
                lock.unlink(missing_ok=True)
        for old in [*self._folder.glob("*" + _FILE), *self._folder.glob("*" + _REFUSED)]:
            if not old.with_suffix(_LOCK).exists() and time.time() - old.stat().st_mtime > SECONDS_KEPT:
                old.unlink(missing_ok=True)

    def close(self) -> None:
        """Break off what is being restored: nothing of it is kept."""
        self._is_closing.set()
        for restoring in self._threads:
            restoring.join()

    def _restore(self, who: Reader, restore_id: UUID, sha256: str, lock: FileLock) -> None:
        file = self._path(restore_id, _FILE)
        problem: BackupProblem | None = None

        def go_on(_rows: int) -> None:
            if self._is_closing.is_set():
                raise _NotWanted

        try:
            if _digest_of(file) != sha256:
                raise BackupDamaged()
            replace_books(file, self._engine, who, go_on, epoch=restore_id)
        except BackupProblem as refused:
            problem = refused
        except Exception as error:  # whatever it was: this thread has nobody above it, and a desk waits to be told
            if not isinstance(error, _NotWanted):
                log.exception("a backup could not be restored")
            problem = RestoreBrokenOff()
        if problem is not None:
            self._path(restore_id, _REFUSED).write_bytes(msgspec.json.encode(problem.problem.as_dict()))
        file.unlink(missing_ok=True)
        lock.release()
        self._path(restore_id, _LOCK).unlink(missing_ok=True)
        if problem is None:
            self._when_done(who.company_id)

    def _path(self, restore_id: UUID, suffix: str) -> Path:
        return self._folder / (restore_id.hex + suffix)


def _is_free(path: Path) -> bool:
    """Whether no process holds this lock."""
    if not path.exists():
        return True
    lock = FileLock(path)
    is_free = lock.take()
    lock.release()
    return is_free


def _digest_of(path: Path) -> str:
    counted = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_READ_BYTES):
            counted.update(piece)
    return counted.hexdigest()
