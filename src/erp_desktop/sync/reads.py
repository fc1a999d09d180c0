"""What was looked at here, printed or taken away in a file: kept in the cache, and told to the centre when it answers.

A table and a call of their own, beside the outbox (docs/decisions/0108): no work waits for them, and they wait for no work.
Here: noting and telling. Not here: what is worth noting (the views), what the centre does with it (central/reads.py).
"""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select

from erp_desktop.ids import new_id
from erp_desktop.models.sync import ReadNote
from erp_desktop.sync.cache import Cache
from erp_desktop.sync.calling import UpgradeNeeded, call
from erp_desktop.sync.signing_in import Credentials, SignedOut
from erp_desktop.sync.transport import Answered, NoAnswer, Timing, Transport
from erp_desktop.wire import SCHEMA_REVISION, Done
from erp_desktop.wire_audit import LONGEST_DETAIL, MOST_DETAILS, MOST_READS_PER_CALL, ReadsTold, ReadTold

log = logging.getLogger(__name__)

MOST_NOTES = 5_000  # that wait here: some months offline; what is more is counted, and the count is told
_LONGEST_NAME, _LONGEST_SUBJECT = 40, 80
_COUNT = "count"

_notes = ReadNote.__table__


class ReadKind(StrEnum):
    """What somebody did to see something."""

    REPORT = "report"  # ran it
    OPENED = "opened"  # a screen with what not everybody may see
    EXCEL = "excel"
    PDF = "pdf"
    PRINTED = "printed"
    FILE_OPENED = "file_opened"  # an attachment; its name is in the details
    FILE_SAVED = "file_saved"
    NOT_KEPT = "not_kept"  # so many that the queue was full


class Reads:
    """The queue of one cache. `note` returns at once; one thread tells the centre while there is something to tell."""

    def __init__(
        self, cache: Cache, credentials: Credentials, centre: Callable[[], str], timing: Timing | None = None
    ) -> None:
        self._cache = cache
        self._credentials = credentials
        self._transport = Transport(centre, timing)
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_asked = False  # to tell, since the thread last looked
        self._may_wait = True  # something from an earlier day may be in the cache
        self._is_closed = False

    def note(
        self, kind: ReadKind, subject: str, record_id: UUID | None = None, details: Mapping[str, str] | None = None
    ) -> "Future[None]":
        """Keep that something was looked at now. Done once it is safe on the disk; nobody needs to wait for that."""
        row = {
            "id": new_id(),
            "at": datetime.now(UTC),
            "kind": str(kind),
            "subject": subject[:_LONGEST_SUBJECT],
            "record_id": record_id,
            "details": _short(details or {}),
        }
        if self._is_closed:
            cancelled: Future[None] = Future()
            cancelled.cancel()
            return cancelled
        kept = self._cache.write(lambda connection: _keep(connection, row))
        kept.add_done_callback(lambda done: None if _failed(done) else self.tell())
        return kept

    def centre_is_there(self) -> None:
        """The centre answered just now: it is told what waits, if anything does."""
        if self._may_wait:
            self.tell()

    def tell(self) -> None:
        """Tell the centre what waits, beside everything else. What it does not take now waits on."""
        with self._guard:
            self._is_asked = self._may_wait = True
            if self._is_closed or self._thread is not None:
                return
            self._thread = threading.Thread(target=self._tell_all, name="reads", daemon=True)
            self._thread.start()

    def close(self) -> None:
        with self._guard:
            self._is_closed = True
            thread = self._thread
        self._transport.hold()
        if thread is not None:
            thread.join()
        self._transport.close()

    def _tell_all(self) -> None:
        try:
            while self._is_wanted():
                while not self._is_closed and self._tell_some():
                    pass
        except Exception as error:
            if isinstance(error, NoAnswer | SignedOut | UpgradeNeeded | Answered):
                log.info("what was looked at is told later: %s", error)
            else:
                log.error("what was looked at could not be told, and is told later", exc_info=error)
            with self._guard:
                self._thread = None

    def _is_wanted(self) -> bool:
        """Whether there is more to tell; otherwise the thread ends, and the next one who asks begins another."""
        with self._guard:
            if self._is_asked and not self._is_closed:
                self._is_asked = False
                return True
            self._thread = None
            self._may_wait = self._is_asked
            return False

    def _tell_some(self) -> bool:
        """Whether there was something to tell. It is forgotten here once the centre says that it has it."""
        if self._credentials.lock is not None:
            return False
        rows = self._cache.read_here(
            lambda session: session.execute(select(_notes).order_by(_notes.c.id).limit(MOST_READS_PER_CALL)).all()
        )
        if not rows:
            return False
        request = ReadsTold(
            device_id=self._credentials.device_id,
            schema_revision=SCHEMA_REVISION,
            reads=[
                ReadTold(
                    id=row.id,
                    at=row.at,
                    kind=row.kind,
                    subject=row.subject,
                    record_id=row.record_id,
                    details=row.details,
                )
                for row in rows
            ],
        )
        call(self._credentials, self._transport, "/v1/sync/reads", request, Done)
        told = [row.id for row in rows]
        self._cache.write(lambda connection: connection.execute(delete(ReadNote).where(_notes.c.id.in_(told)))).result()
        return True


def _keep(connection: Connection, row: dict[str, Any]) -> None:
    if (connection.scalar(select(func.count()).select_from(_notes)) or 0) < MOST_NOTES:
        connection.execute(insert(ReadNote), row)
        return
    last = connection.execute(select(_notes).where(_notes.c.kind == ReadKind.NOT_KEPT)).first()
    if last is None:
        connection.execute(insert(ReadNote), {**row, "kind": ReadKind.NOT_KEPT, "details": {_COUNT: "1"}})
        return
    counted = {_COUNT: str(int(last.details[_COUNT]) + 1)}
    connection.execute(delete(ReadNote).where(_notes.c.id == last.id))
    connection.execute(insert(ReadNote), {**last._asdict(), "at": row["at"], "id": row["id"], "details": counted})


def _short(details: Mapping[str, str]) -> dict[str, str]:
    """As the wire takes it."""
    some = list(details.items())[:MOST_DETAILS]
    return {name[:_LONGEST_NAME]: value[:LONGEST_DETAIL] for name, value in some}


def _failed(kept: "Future[None]") -> bool:
    error = None if kept.cancelled() else kept.exception()
    if error is not None:
        log.error("what was looked at could not be noted", exc_info=error)
    return kept.cancelled() or error is not None
