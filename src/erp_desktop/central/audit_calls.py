"""The calls about who did what and who saw what over HTTP.

Here: routes, and who may use them. Not here: what they answer (auditing.py, histories.py, reads.py).
"""

from collections.abc import Awaitable, Callable

import msgspec
from fastapi import FastAPI, Request, Response
from sqlalchemy import Engine

from erp_desktop.central.auditing import audit
from erp_desktop.central.changes import Reader
from erp_desktop.central.histories import history
from erp_desktop.central.log_checks import LogChecks
from erp_desktop.central.reads import Reads
from erp_desktop.wire import Done
from erp_desktop.wire_audit import AuditRequest, HistoryRequest, LogCheckRequest, ReadsTold

READS_BYTES = 256 * 1024
ENTRIES_PER_CHECK = 10_000  # so that no call takes long, however long the log is
MAY_READ_ALL = frozenset({"admin", "audit.read"})
EVERYBODY: frozenset[str] = frozenset()

Answer = Callable[..., Awaitable[Response]]  # request, message, work(who, wanted), permissions, most bytes


class AuditCalls:
    """The routes. `answer` reads the message, says who asks and whether they may, and runs the work on a thread."""

    def __init__(self, engine: Engine, answer: Answer) -> None:
        self._engine = engine
        self._answer = answer
        self._reads = Reads(engine)
        self._log_checks = LogChecks(engine)

    def add_to(self, app: FastAPI) -> None:
        app.add_api_route("/v1/admin/audit", self.audit, methods=["POST"])
        app.add_api_route("/v1/admin/check-log", self.check_log, methods=["POST"])
        app.add_api_route("/v1/sync/history", self.history, methods=["POST"])
        app.add_api_route("/v1/sync/reads", self.reads, methods=["POST"])

    async def audit(self, request: Request) -> Response:
        def answer(who: Reader, wanted: AuditRequest) -> msgspec.Struct:
            if not wanted.before:
                self._reads.note_look_at_audit(who, wanted.of)
            return audit(self._engine, who.company_id, wanted, who.permissions)

        return await self._answer(request, AuditRequest, answer, MAY_READ_ALL)

    async def check_log(self, request: Request) -> Response:
        def answer(who: Reader, wanted: LogCheckRequest) -> msgspec.Struct:
            return self._log_checks.part(who, wanted.proof, ENTRIES_PER_CHECK)

        return await self._answer(request, LogCheckRequest, answer, MAY_READ_ALL)

    async def history(self, request: Request) -> Response:
        def answer(who: Reader, wanted: HistoryRequest) -> msgspec.Struct:
            return history(self._engine, who, wanted)

        return await self._answer(request, HistoryRequest, answer, EVERYBODY)

    async def reads(self, request: Request) -> Response:
        def answer(who: Reader, wanted: ReadsTold) -> msgspec.Struct:
            self._reads.keep(who, wanted.reads)
            return Done()

        return await self._answer(request, ReadsTold, answer, EVERYBODY, READS_BYTES)


__all__ = ["READS_BYTES", "AuditCalls"]
