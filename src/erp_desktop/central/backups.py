"""Backups that an administrator fetches through the service: written beside, read piece by piece, gone soon afterwards.

They lie in a folder of the machine that all workers of a centre see, so any of them can hand out the next piece.
"""

import logging
import os
import tempfile
import threading
import time
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine, func, select

from erp_desktop.central.backing_up import write_backup
from erp_desktop.database import reader
from erp_desktop.ids import new_id
from erp_desktop.models.company import Company
from erp_desktop.wire import BackupPiece

log = logging.getLogger(__name__)

PIECE_BYTES = 1024 * 1024
SECONDS_KEPT = 3600
_WHOLE, _PART, _FAILED = ".erpbackup", ".part", ".failed"


class NoSuchBackup(LookupError):
    """It was never begun, was forgotten, or lay too long."""


class _NotWanted(Exception):
    """Breaks off writing."""


class SeveralCompanies(PermissionError):
    """A backup holds every company that is kept; an administrator of one of them may not have the others."""


def refuse_several(engine: Engine) -> None:
    """Raises SeveralCompanies where not exactly one is kept."""
    with reader(engine).connect() as connection:
        if connection.scalar(select(func.count()).select_from(Company)) != 1:
            raise SeveralCompanies


def folder_of(server_id: UUID, part: str = "") -> Path:
    """Where the workers of this centre keep files for each other for a while."""
    return Path(tempfile.gettempdir()) / f"erp-central-{server_id.hex}{part}"


def make_private(folder: Path) -> None:
    """Raises PermissionError where somebody else made it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.name == "posix" and (folder.stat().st_uid, folder.stat().st_mode & 0o077) != (os.getuid(), 0):
        raise PermissionError(f"{folder} is not ours alone")


class Backups:
    """The backups that are under way at one centre. Safe to use from many threads and beside other workers."""

    def __init__(self, engine: Engine, server_id: UUID) -> None:
        self._engine = engine
        self.is_of_one_person = False  # who works at this computer has all its companies anyway
        self._folder = folder_of(server_id)
        self._is_closing = threading.Event()
        self._writers: list[threading.Thread] = []

    def begin(self) -> UUID:
        """Start to write one. What nobody fetched for an hour is removed first. Raises SeveralCompanies."""
        if not self.is_of_one_person:
            refuse_several(self._engine)
        make_private(self._folder)
        for old in self._folder.iterdir():
            if time.time() - old.stat().st_mtime > SECONDS_KEPT:
                old.unlink(missing_ok=True)
        backup_id = new_id()
        self._path(backup_id, _PART).touch(mode=0o600)
        writing = threading.Thread(target=self._write, args=(backup_id,), name="backup")
        self._writers = [thread for thread in self._writers if thread.is_alive()] + [writing]
        writing.start()
        return backup_id

    def piece(self, backup_id: UUID, offset: int) -> BackupPiece:
        """What there is from `offset` on, up to PIECE_BYTES. Raises NoSuchBackup."""
        for suffix in (_WHOLE, _PART, _WHOLE, _FAILED):  # between two looks it may have been finished
            path = self._path(backup_id, suffix)
            try:
                with path.open("rb") as file:
                    size = path.stat().st_size
                    file.seek(min(offset, size))
                    data = file.read(PIECE_BYTES)
            except FileNotFoundError:
                continue
            is_end = suffix == _WHOLE and offset + len(data) >= size
            return BackupPiece(data=data, complete=is_end, failed=suffix == _FAILED)
        raise NoSuchBackup(str(backup_id))

    def forget(self, backup_id: UUID) -> None:
        """It was fetched, or is not wanted any more: writing it ends too."""
        for suffix in (_PART, _WHOLE, _FAILED):
            self._path(backup_id, suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Break off what is being written."""
        self._is_closing.set()
        for writing in self._writers:
            writing.join()

    def _write(self, backup_id: UUID) -> None:
        part = self._path(backup_id, _PART)

        def go_on(_rows: int) -> None:
            if self._is_closing.is_set() or not part.exists():
                raise _NotWanted

        try:
            with part.open("wb", buffering=0) as file:
                write_backup(self._engine, file, go_on)
            part.replace(self._path(backup_id, _WHOLE))
        except (_NotWanted, FileNotFoundError):
            part.unlink(missing_ok=True)
        except Exception:  # whatever it was: this thread has nobody above it, and a desk waits to be told
            log.exception("a backup could not be written")
            self._path(backup_id, _FAILED).touch(mode=0o600)
            part.unlink(missing_ok=True)

    def _path(self, backup_id: UUID, suffix: str) -> Path:
        return self._folder / (backup_id.hex + suffix)
