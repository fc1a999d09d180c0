"""The calls of administrators over HTTP (/v1/admin/...), and the one that everybody has: choosing one's own password.

Here: routes, and who may use them. Not here: what they do (administering.py,
backups.py, accounts.py), restoring (restore_calls.py).
"""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec
from fastapi import FastAPI, Request, Response

from erp_desktop.central.accounts import Accounts
from erp_desktop.central.administering import Administration, NoSuchDevice, NoSuchUser
from erp_desktop.central.audit_calls import AuditCalls
from erp_desktop.central.backups import Backups, NoSuchBackup, SeveralCompanies
from erp_desktop.central.changes import Reader
from erp_desktop.central.http import WireError, message_response, read_message, sender_of
from erp_desktop.central.restore_calls import RestoreCalls
from erp_desktop.central.restores import Restores
from erp_desktop.wire import (
    AdminRequest,
    BackupBegun,
    BackupPiece,
    BackupPieceRequest,
    DeviceOrder,
    DeviceRows,
    Done,
    PasswordRequest,
    UserOrder,
    UserOrderDone,
)
from erp_desktop.wire_audit import AuditRequest, HistoryRequest, LogCheckRequest, ReadsTold
from erp_desktop.wire_backups import RestoreLook, RestoreOrder, RestorePiece, RestoreRequest

SMALL_MESSAGE_BYTES = 16 * 1024


class FromADevice(Protocol):
    """What every request of somebody who is signed in says."""

    @property
    def device_id(self) -> UUID: ...
    @property
    def schema_revision(self) -> int: ...


Wanted = TypeVar(
    "Wanted",
    AdminRequest,
    DeviceOrder,
    UserOrder,
    BackupPieceRequest,
    AuditRequest,
    LogCheckRequest,
    HistoryRequest,
    ReadsTold,
    RestoreRequest,
    RestorePiece,
    RestoreOrder,
    RestoreLook,
)


class AdminCalls:
    """The routes. `identify` says who asks; `in_thread` runs what waits for a database, `with_a_password` what looks at one."""

    def __init__(
        self,
        administration: Administration,
        accounts: Accounts,
        backups: Backups,
        restores: Restores,
        identify: Callable[[Request, FromADevice], Reader],
        in_thread: Callable[..., Any],
        with_a_password: Callable[[Callable[[], Response]], Awaitable[Response]],
    ) -> None:
        self._administration = administration
        self._accounts = accounts
        self._backups = backups
        self._identify = identify
        self._in_thread = in_thread
        self._with_a_password = with_a_password
        self._audit = AuditCalls(administration.engine, self._answer)
        self._restoring = RestoreCalls(restores, accounts, self._answer)

    def add_to(self, app: FastAPI) -> None:
        app.add_api_route("/v1/auth/password", self.password, methods=["POST"])
        app.add_api_route("/v1/admin/devices", self.devices, methods=["POST"])
        app.add_api_route("/v1/admin/device", self.device, methods=["POST"])
        app.add_api_route("/v1/admin/user", self.user, methods=["POST"])
        self._audit.add_to(app)
        self._restoring.add_to(app)
        app.add_api_route("/v1/admin/backup/begin", self.begin_backup, methods=["POST"])
        app.add_api_route("/v1/admin/backup/piece", self.backup_piece, methods=["POST"])

    async def password(self, request: Request) -> Response:
        wanted = await read_message(request, PasswordRequest, SMALL_MESSAGE_BYTES)

        def answer() -> Response:
            self._accounts.change_password(wanted, sender_of(request))
            return message_response(request, Done())

        return await self._with_a_password(answer)

    async def devices(self, request: Request) -> Response:
        return await self._answer(
            request, AdminRequest, lambda who, _wanted: DeviceRows(devices=self._administration.devices(who.company_id))
        )

    async def device(self, request: Request) -> Response:
        def answer(who: Reader, wanted: DeviceOrder) -> msgspec.Struct:
            if wanted.order == "take_out" and wanted.target == who.device_id:
                raise WireError(409, "own_device", "This is the computer that you work at.")
            self._administration.order_device(who.company_id, wanted.target, wanted.order, who)
            return Done()

        return await self._answer(request, DeviceOrder, answer)

    async def user(self, request: Request) -> Response:
        def answer(who: Reader, wanted: UserOrder) -> msgspec.Struct:
            if wanted.order == "sign_out":
                self._administration.sign_user_out(who.company_id, wanted.user_id, who)
                return UserOrderDone()
            return UserOrderDone(password=self._administration.give_password(who.company_id, wanted.user_id, who))

        return await self._answer(request, UserOrder, answer)

    async def begin_backup(self, request: Request) -> Response:
        def answer(who: Reader, _wanted: AdminRequest) -> msgspec.Struct:
            begun = BackupBegun(id=self._backups.begin())
            self._administration.note("backup", who)
            return begun

        return await self._answer(request, AdminRequest, answer)

    async def backup_piece(self, request: Request) -> Response:
        def answer(_who: Reader, wanted: BackupPieceRequest) -> msgspec.Struct:
            if wanted.forget:
                self._backups.forget(wanted.id)
                return BackupPiece(data=b"", complete=True)
            return self._backups.piece(wanted.id, wanted.offset)

        return await self._answer(request, BackupPieceRequest, answer)

    async def _answer(
        self,
        request: Request,
        kind: type[Wanted],
        work: Callable[[Reader, Wanted], msgspec.Struct],
        permissions: frozenset[str] = frozenset({"admin"}),
        most_bytes: int = SMALL_MESSAGE_BYTES,
    ) -> Response:
        """Of `permissions` one is needed; of none, none."""
        wanted = await read_message(request, kind, most_bytes)

        def answer() -> Response:
            who = self._identify(request, wanted)
            if permissions and not permissions & who.permissions:
                self._administration.note("refused", who, request.url.path)
                raise WireError(403, "not_allowed", "Only an administrator may do this.")
            try:
                return message_response(request, work(who, wanted))
            except NoSuchDevice:
                raise WireError(404, "unknown_device", "There is no such computer.") from None
            except NoSuchBackup:
                raise WireError(404, "unknown_backup", "There is no such backup.") from None
            except SeveralCompanies:
                raise WireError(403, "several_companies", "A backup would hold other companies too.") from None
            except NoSuchUser:
                raise WireError(404, "unknown_user", "There is no such user.") from None

        response: Response = await self._in_thread(answer)
        return response
