"""What an administrator asks of the centre itself: computers, passwords, sessions. Only online, and never through the outbox.

Here: the sentences for what does not go. Not here: what the centre does (central).
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Literal
from uuid import UUID

import msgspec

from erp_desktop import wire
from erp_desktop.actions.backup_refusals import NoRoomForBackup, RestoreBrokenOff, RestoreUnderWay
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.sync.auditing import Audits
from erp_desktop.sync.calling import UpgradeNeeded
from erp_desktop.sync.engine import Engine
from erp_desktop.sync.questions import Answer, Questions, Reply
from erp_desktop.sync.signing_in import Credentials, SignedOut, TooManyTries
from erp_desktop.sync.transport import Answered, NoAnswer, Timing

SECONDS_BETWEEN_LOOKS = 0.1  # at a backup that is being written
SECONDS_FOR_WHAT_WAITS = 10.0  # for a user who was just made to reach the centre


class CentreNeeded(Refused):
    code = "centre_needed"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This is asked of the central service, which does not answer now. Nothing was changed; try again when it is back.",
    )


class OnlyAdministrators(Refused):
    code = "only_administrators"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "Only an administrator may do this. Nothing was changed; ask one of them to do it."
    )


class OwnComputer(Refused):
    code = "own_computer"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This is the computer that you work at. Take it out from another one, or sign it out. Nothing was changed.",
    )


class NotAtTheCentre(Refused):
    code = "not_at_the_centre"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The central service does not know this yet or any more. Nothing was changed; once everything is sent, try again.",
    )


class BackupNotWritten(Refused):
    code = "backup_not_written"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The backup cannot be written to {file} ({detail}). Choose another folder; nothing of it is left."
    )


class BackupNotRestored(Refused):
    code = "backup_not_restored"
    sentence = QT_TRANSLATE_NOOP("Refusal", "{file} cannot be restored ({detail}). Nothing was changed.")


class BackupOfSeveral(Refused):
    code = "backup_of_several"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This central service keeps several companies, and a backup holds all of them. Whoever runs the service makes it with "
        "erp-central backup. Nothing was changed.",
    )


class RestoreOfSeveral(Refused):
    code = "restore_of_several"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This central service keeps several companies, and a backup holds all of them. Whoever runs the service restores it with "
        "erp-central restore. Nothing was changed.",
    )


class BackupFailed(Refused):
    code = "backup_failed"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The central service could not write the backup; its log says why. Nothing was changed."
    )


class NotYourPassword(Refused):
    code = "not_your_password"
    sentence = QT_TRANSLATE_NOOP("Refusal", "This is not your password. Nothing was changed; type it again.")


class Administration:
    """Asks one thing after another on a thread of its own. `close` breaks off."""

    def __init__(
        self, engine: Engine, credentials: Credentials, centre: Callable[[], str], timing: Timing | None = None
    ) -> None:
        self._engine = engine
        self._credentials = credentials
        self._questions = Questions(credentials, centre, timing, "administering")
        self.bring_back: Callable[[Path], Path] | None = None  # alone on this computer: restores a backup; blocks
        self.audits = Audits(self)

    @property
    def device_id(self) -> UUID:
        """What the centre knows this computer by."""
        return self._credentials.device_id

    def devices(self) -> "Future[list[wire.DeviceRow]]":
        """Every computer that ever signed in. Raises CentreNeeded, OnlyAdministrators."""
        return self.soon(lambda: self.ask("/v1/admin/devices", self._plain(), wire.DeviceRows).devices)

    def sign_device_out(self, device_id: UUID) -> "Future[None]":
        """Its next request wants a password. Raises as `devices` does, and NotAtTheCentre."""
        return self.soon(lambda: self._order_device(device_id, "sign_out"))

    def take_device_out(self, device_id: UUID) -> "Future[None]":
        """Nobody signs in on it any more. Raises as `devices` does, and NotAtTheCentre, OwnComputer."""
        return self.soon(lambda: self._order_device(device_id, "take_out"))

    def let_device_in(self, device_id: UUID) -> "Future[None]":
        """Somebody may sign in on it again, as on a new one. Raises as `sign_device_out` does."""
        return self.soon(lambda: self._order_device(device_id, "let_in"))

    def sign_user_out(self, user_id: UUID) -> "Future[None]":
        """Every computer of this person wants their password. Raises as `sign_device_out` does."""

        def order() -> None:
            self._order_user(user_id, "sign_out")

        return self.soon(order)

    def one_time_password(self, user_id: UUID) -> "Future[str]":
        """A password with which this person chooses their own; told once. Raises as `sign_device_out` does."""
        return self.soon(lambda: self._order_user(user_id, "one_time_password").password)

    def change_password(self, password: str, new_password: str) -> "Future[None]":
        """One's own. Raises CentreNeeded, WrongPassword, TooManyTries, WeakPassword, SamePassword."""

        def change() -> None:
            who = self._credentials.who
            assert who is not None, "a desk has been signed in to"
            self._credentials.choose_password(self._questions.transport, who.company, who.login, password, new_password)

        return self.soon(change)

    def back_up(self, path: Path, told: Callable[[int], object], is_wanted: Callable[[], bool]) -> "Future[None]":
        """Fetch a backup of the centre into `path`; `told(bytes)` as it comes. Once it is not wanted, it is cancelled.

        Raises as `devices` does, and BackupNotWritten; of what was begun nothing is left then.
        """
        return self.soon(lambda: self.fetch_backup(path, told, is_wanted))

    def restore(self, backup: Path) -> "Future[Path]":
        """Alone on this computer: everything is as it was when `backup` was made, and then what this desk did since.

        Gives the file in which the books of before are kept. Raises the Refused of a backup that cannot be restored, and
        BackupNotRestored.
        """
        bring_back = self.bring_back
        assert bring_back is not None, "offered only where it is there"

        def restore() -> Path:
            try:
                before = bring_back(backup)
            except OSError as error:
                raise BackupNotRestored(file=backup, detail=error.strerror or error) from error
            self.wake()
            return before

        return self.soon(restore)

    def close(self) -> None:
        self._questions.close()

    def soon(self, work: Callable[[], Answer]) -> "Future[Answer]":
        """`work` on the thread of these questions, after those before it."""
        return self._questions.soon(work)

    def fetch_backup(self, path: Path, told: Callable[[int], object], is_wanted: Callable[[], bool]) -> None:
        """`back_up` on the thread of these questions."""
        backup_id = self.ask("/v1/admin/backup/begin", self._plain(), wire.BackupBegun).id
        part = path.with_name(path.name + ".part")
        try:
            with part.open("wb") as file:
                self._fetch(backup_id, file, told, is_wanted)
                file.flush()
                os.fsync(file.fileno())
            if not is_wanted():  # since the last piece was asked for
                raise CancelledError
            part.replace(path)
        except OSError as error:
            raise BackupNotWritten(file=path, detail=error.strerror or error) from error
        finally:
            part.unlink(missing_ok=True)
            with suppress(Refused, Answered):  # it is gone within the hour anyway
                self.ask("/v1/admin/backup/piece", self._piece(backup_id, 0, forget=True), wire.BackupPiece)

    def _fetch(
        self, backup_id: UUID, file: BinaryIO, told: Callable[[int], object], is_wanted: Callable[[], bool]
    ) -> None:
        while self.goes_on(is_wanted):
            piece = self.ask(
                "/v1/admin/backup/piece", self._piece(backup_id, file.tell(), forget=False), wire.BackupPiece
            )
            if piece.failed:
                raise BackupFailed()
            file.write(piece.data)
            told(file.tell())
            if piece.complete:
                return
            if not piece.data:
                time.sleep(SECONDS_BETWEEN_LOOKS)
        raise CancelledError

    def _piece(self, backup_id: UUID, offset: int, *, forget: bool) -> wire.BackupPieceRequest:
        return wire.BackupPieceRequest(
            device_id=self.device_id,
            schema_revision=wire.SCHEMA_REVISION,
            id=backup_id,
            offset=offset,
            forget=forget,
        )

    def goes_on(self, is_wanted: Callable[[], bool] = lambda: True) -> bool:
        """Whether something long is still wanted, and this desk is not being closed."""
        return is_wanted() and not self._questions.is_closed

    def wake(self) -> None:
        """The centre is another than before: fetch and send now."""
        self._engine.wake()

    def _plain(self) -> wire.AdminRequest:
        return wire.AdminRequest(device_id=self.device_id, schema_revision=wire.SCHEMA_REVISION)

    def _order_device(self, target: UUID, order: Literal["sign_out", "take_out", "let_in"]) -> None:
        request = wire.DeviceOrder(
            device_id=self.device_id,
            schema_revision=wire.SCHEMA_REVISION,
            target=target,
            order=order,
        )
        self.ask("/v1/admin/device", request, wire.Done)

    def _order_user(self, user_id: UUID, order: Literal["sign_out", "one_time_password"]) -> wire.UserOrderDone:
        self._engine.send_first(SECONDS_FOR_WHAT_WAITS)  # the user may be among what waits
        request = wire.UserOrder(
            device_id=self.device_id,
            schema_revision=wire.SCHEMA_REVISION,
            user_id=user_id,
            order=order,
        )
        return self.ask("/v1/admin/user", request, wire.UserOrderDone)

    def ask(self, path: str, request: msgspec.Struct, kind: type[Reply]) -> Reply:
        """The centre's answer, or the Refused that says why there is none."""
        try:
            return self._questions.ask(path, request, kind)
        except (NoAnswer, SignedOut, UpgradeNeeded) as error:
            if isinstance(error, NoAnswer) and error.code == "too_many_attempts":
                raise TooManyTries(seconds=max(2, int(error.retry_after or 0))) from error
            raise CentreNeeded() from error
        except Answered as error:
            match error.problem.code:
                case "not_allowed":
                    raise OnlyAdministrators() from error
                case "several_companies":
                    raise BackupOfSeveral() from error
                case "wrong_password":
                    raise NotYourPassword() from error
                case "restore_of_several":
                    raise RestoreOfSeveral() from error
                case "restore_under_way":
                    raise RestoreUnderWay() from error
                case "no_room_for_backup":
                    raise NoRoomForBackup() from error
                case "unknown_restore":
                    raise RestoreBrokenOff() from error
                case "own_device":
                    raise OwnComputer() from error
                case "unknown_backup":
                    raise BackupFailed() from error
                case "unknown_device" | "unknown_user" | "not_readable":
                    raise NotAtTheCentre() from error
            raise
