"""Restoring a backup at an office's centre: look into the file, keep the books of now, send the file, wait until it is done.

Until the centre is told to go, it can be cancelled and nothing has changed. From then on the centre restores wholly or not at
all; this side only asks how it does. Here: one restore from a file. Not here: what the centre does (central/restores.py), the
window, alone on this computer (Administration.restore).
"""

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar
from uuid import UUID

from erp_desktop import wire, wire_backups
from erp_desktop.actions.backup_refusals import BackupOfOthers
from erp_desktop.actions.refusals import Problem, Refused
from erp_desktop.backup_file import Contents, contents_of
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.sync.administering import Administration, BackupNotRestored, CentreNeeded
from erp_desktop.sync.transport import Answered

Found = TypeVar("Found")

SECONDS_BETWEEN_TRIES = 0.5
SECONDS_OF_SILENCE = 600.0  # of the centre, while it restores; its service may be started anew meanwhile
SECONDS_FOR_A_PIECE = 60.0


class CentreSilent(Refused):
    code = "centre_silent"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The central service was told to restore the backup and has not answered since. It restores wholly or not at all; the "
        "books of before are kept in {file}. Look here again once it answers.",
    )


@dataclass(frozen=True)
class Stage:
    """Where a restore is: `done` bytes, of `of` where that is known."""

    kind: Literal["keeping", "sending", "restoring"]
    done: int = 0
    of: int = 0


class Restoring:
    """Restores at the centre of one desk; each step on the thread of its administration."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    def look_into(self, backup: Path, company_id: UUID) -> "Future[Contents]":
        """What the file says of itself, once all of it was read. Raises BackupProblem, BackupNotRestored (not readable)."""

        def look() -> Contents:
            try:
                contents = contents_of(backup)
            except OSError as error:
                raise BackupNotRestored(file=backup, detail=error.strerror or error) from error
            if [one.get("id") for one in contents.companies] != [str(company_id)]:
                raise BackupOfOthers()
            return contents

        return self._administration.soon(look)

    def begin(self, backup: Path, password: str) -> "Future[UUID]":
        """Ask the centre to take the file in. Raises NotYourPassword, TooManyTries, NoRoomForBackup, RestoreUnderWay,
        BackupNotRestored, and as `Administration.devices` does."""

        def ask() -> UUID:
            try:
                size = backup.stat().st_size
            except OSError as error:
                raise BackupNotRestored(file=backup, detail=error.strerror or error) from error
            wanted = wire_backups.RestoreRequest(password=password, size=size, **self._from_here())
            return self._administration.ask("/v1/admin/restore/begin", wanted, wire_backups.RestoreBegun).id

        return self._administration.soon(ask)

    def restore(
        self,
        restore_id: UUID,
        backup: Path,
        keep_in: Path,
        told: Callable[[Stage], object],
        is_wanted: Callable[[], bool],
    ) -> "Future[None]":
        """The centre's books become those of `backup`; those of now are written to the file `keep_in` before.

        Raises CancelledError where it is not wanted any more (it is asked until the centre is told to go), BackupNotWritten,
        BackupNotRestored, CentreSilent, BackupProblem, and as `Administration.devices` does. But for CentreSilent nothing was
        changed then.
        """

        def restore() -> None:
            try:
                self._administration.fetch_backup(keep_in, lambda count: told(Stage("keeping", count)), is_wanted)
                digest = self._send(backup, restore_id, told, is_wanted)
            except BaseException as error:
                forget = wire_backups.RestorePiece(id=restore_id, forget=True, **self._from_here())
                with suppress(Refused, Answered):  # it is gone within the hour anyway
                    self._administration.ask("/v1/admin/restore/piece", forget, wire_backups.RestoreReceived)
                if isinstance(error, OSError):
                    raise BackupNotRestored(file=backup, detail=error.strerror or error) from error
                raise
            told(Stage("restoring"))
            self._wait(restore_id, digest, keep_in)
            self._administration.wake()

        return self._administration.soon(restore)

    def _send(
        self, backup: Path, restore_id: UUID, told: Callable[[Stage], object], is_wanted: Callable[[], bool]
    ) -> str:
        """Answers the file's digest, as it was sent."""
        counted, offset, size = hashlib.sha256(), 0, backup.stat().st_size
        with backup.open("rb") as file:
            while self._administration.goes_on(is_wanted):
                piece = file.read(wire_backups.PIECE_BYTES)
                if not piece:
                    return counted.hexdigest()
                counted.update(piece)
                message = wire_backups.RestorePiece(id=restore_id, offset=offset, data=piece, **self._from_here())
                self._patiently(lambda message=message: self._piece(message), SECONDS_FOR_A_PIECE, is_wanted)  # type: ignore[misc]
                offset += len(piece)
                told(Stage("sending", offset, size))
        raise CancelledError

    def _piece(self, message: wire_backups.RestorePiece) -> None:
        self._administration.ask("/v1/admin/restore/piece", message, wire_backups.RestoreReceived)

    def _wait(self, restore_id: UUID, digest: str, kept_in: Path) -> None:
        """Tell the centre to go, and ask until it is done."""
        order = wire_backups.RestoreOrder(id=restore_id, sha256=digest, **self._from_here())
        look = wire_backups.RestoreLook(id=restore_id, **self._from_here())
        ask = self._administration.ask
        try:
            self._patiently(lambda: ask("/v1/admin/restore/go", order, wire.Done))
            while True:
                found = self._patiently(lambda: ask("/v1/admin/restore/look", look, wire_backups.RestoreState))
                if found.state == "done":
                    return
                if found.state == "refused":
                    raise Problem.from_dict(found.problem or {}).as_refusal()
                if not self._administration.goes_on():
                    raise CancelledError
                time.sleep(SECONDS_BETWEEN_TRIES)
        except CentreNeeded:
            raise CentreSilent(file=kept_in) from None

    def _patiently(
        self,
        ask: Callable[[], Found],
        seconds: float = SECONDS_OF_SILENCE,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Found:
        """What is asked here may be asked again. Raises CentreNeeded after `seconds` without an answer."""
        until = time.monotonic() + seconds
        while True:
            try:
                return ask()
            except CentreNeeded:
                if time.monotonic() > until or not self._administration.goes_on(is_wanted):
                    raise
            time.sleep(SECONDS_BETWEEN_TRIES)

    def _from_here(self) -> dict[str, Any]:
        return {"device_id": self._administration.device_id, "schema_revision": wire.SCHEMA_REVISION}
