"""Asking the centre who did and saw what, and what was done to one record. Only online: the log is nowhere else.

Here: the questions. Not here: the thread on which they are asked and the sentences for what does not go (administering.py),
telling the centre what was looked at here (reads.py).
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec

from erp_desktop.wire import SCHEMA_REVISION
from erp_desktop.wire_audit import (
    AuditRequest,
    AuditRows,
    HistoryRequest,
    HistoryRows,
    LogChecked,
    LogCheckRequest,
)

LONGEST_SEARCH = 100

Answer = TypeVar("Answer")
Reply = TypeVar("Reply", bound=msgspec.Struct)


class _Asking(Protocol):
    """What Administration lends: its thread, and its way of asking."""

    @property
    def device_id(self) -> UUID: ...
    def soon(self, work: Callable[[], Answer]) -> "Future[Answer]": ...
    def ask(self, path: str, request: msgspec.Struct, kind: type[Reply]) -> Reply: ...


class Audits:
    """Futures raise CentreNeeded, OnlyAdministrators, NotAtTheCentre."""

    def __init__(self, asking: _Asking) -> None:
        self._asking = asking

    def page(self, **narrowed: Any) -> "Future[AuditRows]":
        """Who did or saw what, newest first, narrowed as AuditRequest says, a page at a time."""
        narrowed["text"] = narrowed.get("text", "")[:LONGEST_SEARCH]
        request = AuditRequest(device_id=self._asking.device_id, schema_revision=SCHEMA_REVISION, **narrowed)

        def ask() -> AuditRows:
            while True:
                found = self._asking.ask("/v1/admin/audit", request, AuditRows)
                if not found.behind:
                    return found

        return self._asking.soon(ask)

    def history(self, kind: str, record_id: UUID) -> "Future[HistoryRows]":
        """What was done to one record, newest first."""
        request = HistoryRequest(
            device_id=self._asking.device_id, schema_revision=SCHEMA_REVISION, kind=kind, id=record_id
        )

        def ask() -> HistoryRows:
            while True:
                found = self._asking.ask("/v1/sync/history", request, HistoryRows)
                if not found.behind:
                    return found

        return self._asking.soon(ask)

    def check_log(self, told: Callable[[LogChecked], object]) -> "Future[LogChecked]":
        """Whether the whole log is as it was written; `told` hears on another thread how far the check is."""

        def check() -> LogChecked:
            proof = ""
            while True:
                request = LogCheckRequest(
                    device_id=self._asking.device_id, schema_revision=SCHEMA_REVISION, proof=proof
                )
                found = self._asking.ask("/v1/admin/check-log", request, LogChecked)
                if found.is_complete:
                    return found
                told(found)
                proof = found.proof

        return self._asking.soon(check)
