"""The calls with which an administrator restores a backup (/v1/admin/restore/...): routes, and who may use them.

Not here: what they do (restores.py).
"""

from collections.abc import Awaitable, Callable

import msgspec
from fastapi import FastAPI, Request, Response

from erp_desktop.actions.backup_refusals import NoRoomForBackup, RestoreUnderWay
from erp_desktop.central.accounts import Accounts
from erp_desktop.central.backups import SeveralCompanies
from erp_desktop.central.changes import Reader
from erp_desktop.central.devices import SignInRefused
from erp_desktop.central.http import WireError, sender_of
from erp_desktop.central.restores import NoSuchRestore, Restores
from erp_desktop.wire import Done
from erp_desktop.wire_backups import (
    PIECE_MESSAGE_BYTES,
    RestoreBegun,
    RestoreLook,
    RestoreOrder,
    RestorePiece,
    RestoreReceived,
    RestoreRequest,
)

Answer = Callable[
    ..., Awaitable[Response]
]  # AdminCalls': reads the message, asks who sends it, refuses who is no administrator


class RestoreCalls:
    """The routes of restoring."""

    def __init__(self, restores: Restores, accounts: Accounts, answer: Answer) -> None:
        self._restores = restores
        self._accounts = accounts
        self._answer = answer

    def add_to(self, app: FastAPI) -> None:
        app.add_api_route("/v1/admin/restore/begin", self.begin, methods=["POST"])
        app.add_api_route("/v1/admin/restore/piece", self.piece, methods=["POST"])
        app.add_api_route("/v1/admin/restore/go", self.go, methods=["POST"])
        app.add_api_route("/v1/admin/restore/look", self.look, methods=["POST"])

    async def begin(self, request: Request) -> Response:
        def answer(who: Reader, wanted: RestoreRequest) -> msgspec.Struct:
            try:
                self._accounts.confirm(who, wanted.password, sender_of(request))
            except SignInRefused as refused:  # not 401: who they are is known, and stays so
                status = 429 if refused.code == "too_many_attempts" else 403
                raise WireError(status, refused.code, "Say your password.", retry_after=refused.retry_after) from None
            try:
                return RestoreBegun(id=self._restores.begin(wanted.size))
            except SeveralCompanies:
                raise WireError(403, "restore_of_several", "A backup would hold other companies too.") from None
            except RestoreUnderWay as refused:
                raise WireError(409, refused.code, "A backup is being restored already.") from None
            except NoRoomForBackup as refused:
                raise WireError(413, refused.code, "There is no room for a file of this size.") from None

        return await self._answer(request, RestoreRequest, answer)

    async def piece(self, request: Request) -> Response:
        def answer(_who: Reader, wanted: RestorePiece) -> msgspec.Struct:
            if wanted.forget:
                self._restores.forget(wanted.id)
                return RestoreReceived(received=0)
            try:
                return RestoreReceived(received=self._restores.receive(wanted.id, wanted.offset, wanted.data))
            except NoSuchRestore:
                raise _unknown() from None
            except NoRoomForBackup as refused:
                raise WireError(413, refused.code, "There is no room for a file of this size.") from None

        return await self._answer(request, RestorePiece, answer, most_bytes=PIECE_MESSAGE_BYTES)

    async def go(self, request: Request) -> Response:
        def answer(who: Reader, wanted: RestoreOrder) -> msgspec.Struct:
            try:
                self._restores.go(who, wanted.id, wanted.sha256)
            except NoSuchRestore:
                raise _unknown() from None
            return Done()

        return await self._answer(request, RestoreOrder, answer)

    async def look(self, request: Request) -> Response:
        def answer(who: Reader, wanted: RestoreLook) -> msgspec.Struct:
            return self._restores.look(who, wanted.id)

        return await self._answer(request, RestoreLook, answer)


def _unknown() -> WireError:
    return WireError(404, "unknown_restore", "There is no such restore.")
