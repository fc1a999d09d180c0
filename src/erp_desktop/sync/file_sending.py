"""Sending the bytes of attachments after their rows, on a thread of its own: a piece at a time, and on from there after a cut.

Here: when, and what the centre answers. Not here: what people do with attachments (attachments.py), the file on the disk.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop import failpoints, wire, wire_blobs
from erp_desktop.actions.attaching import AttachFile
from erp_desktop.models.attachment import Attachment
from erp_desktop.models.base import PENDING_TICK
from erp_desktop.models.sync import OutboxAction
from erp_desktop.sync import outbox
from erp_desktop.sync.blob_store import BlobStore, Damaged, Kept
from erp_desktop.sync.cache import Cache, CacheFull
from erp_desktop.sync.calling import UpgradeNeeded, asked_as_signed_in, call
from erp_desktop.sync.signing_in import Credentials, SignedOut
from erp_desktop.sync.transport import Answered, NoAnswer, Transport

log = logging.getLogger(__name__)

SHORTEST_PAUSE, LONGEST_PAUSE = 2.0, 600.0  # seconds until what did not go is tried again
_NO_ROOM = "no_room"
_HASHES_PER_STATEMENT = 500


class Sending:
    """Of one open cache, until `close`."""

    def __init__(
        self,
        cache: Cache,
        store: BlobStore,
        credentials: Credentials,
        transport: Transport,
        *,
        is_online: Callable[[], bool],
        on_change: Callable[[], object],
    ) -> None:
        self._cache = cache
        self._store = store
        self._credentials = credentials
        self._transport = transport
        self._is_online = is_online
        self._on_change = on_change
        self._turn = threading.Condition()  # guards what follows
        self._is_wanted = False
        self._offers_all = True  # when the program starts, and after a fill: the centre may be another one than it was
        self._is_closing = False
        self._being_added = 0  # files whose bytes are here, and whose action is not performed yet
        self._sending: dict[str, int] = {}
        self._trouble = ""
        self._thread: threading.Thread | None = None

    @property
    def has_no_room(self) -> bool:
        """Whether the centre has said that it has no room."""
        return self._trouble == _NO_ROOM

    def sent_of(self, sha256: str) -> int | None:
        """How much of it is at the centre, while it is being sent."""
        with self._turn:
            return self._sending.get(sha256)

    def start(self) -> None:
        """Begin, if it has not begun yet."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_sending, name="attachments", daemon=True)
            self._thread.start()
            self.wake()

    def wake(self, *, offers_all: bool = False) -> None:
        """There may be something to send. `offers_all`: also what the centre had already."""
        with self._turn:
            self._is_wanted = True
            self._offers_all = self._offers_all or offers_all
            self._turn.notify_all()

    def close(self) -> None:
        """Break off. What was not sent is sent the next time."""
        with self._turn:
            self._is_closing = True
            self._turn.notify_all()
        self._transport.hold()
        if self._thread is not None:
            self._thread.join()
        self._transport.close()

    @contextmanager
    def adding(self) -> Iterator[None]:
        """Nobody takes what is kept meanwhile for something that nobody wants."""
        with self._turn:
            self._being_added += 1
        try:
            yield
        finally:
            with self._turn:
                self._being_added -= 1

    # --- its thread

    def _keep_sending(self) -> None:
        pause = SHORTEST_PAUSE
        while self._wait_until_wanted():
            wanted = SHORTEST_PAUSE
            try:
                is_done = self._send_what_there_is()
                pause = SHORTEST_PAUSE if is_done else min(pause * 2, LONGEST_PAUSE)
                if is_done:
                    continue
                wanted = pause
            except NoAnswer as error:
                log.info("attachments are sent later: %s", error)
                if error.code == _NO_ROOM:
                    self._told_trouble(_NO_ROOM)
                wanted, pause = error.retry_after or pause, min(pause * 2, LONGEST_PAUSE)
            except (SignedOut, UpgradeNeeded, Answered, CacheFull) as error:
                log.warning("attachments are sent later: %s", error)
                wanted, pause = pause, min(pause * 2, LONGEST_PAUSE)
            except Exception as error:
                if self._is_closing:
                    return
                log.error("attachments could not be sent, tried again", exc_info=error)
                wanted, pause = pause, min(pause * 2, LONGEST_PAUSE)
            self._pause(wanted)

    def _wait_until_wanted(self) -> bool:
        with self._turn:
            self._turn.wait_for(lambda: self._is_closing or self._is_wanted)
            self._is_wanted = False
            return not self._is_closing

    def _pause(self, seconds: float) -> None:
        """Before the next try, unless something happens meanwhile."""
        with self._turn:
            self._turn.wait_for(lambda: self._is_closing or self._is_wanted, min(seconds, LONGEST_PAUSE))
            self._is_wanted = True

    def _send_what_there_is(self) -> bool:
        """Whether nothing is left that only time will settle. Raises NoAnswer, SignedOut, UpgradeNeeded."""
        if self._store.is_empty or not self._is_online():
            return True  # whoever is online again says so
        with self._turn:
            offers_all, self._offers_all = self._offers_all, False
        if offers_all:
            self._store.offer_all()
        unsent = [kept for kept in self._store.kept() if (kept.is_unsent or kept.is_unnamed) and kept.is_whole]
        if not unsent:
            return True
        with self._turn:
            named = self._cache.read_here(lambda session: _named(session, [kept.sha256 for kept in unsent]))
            is_adding = self._being_added > 0
        at_centre = [kept for kept in unsent if kept.sha256 in named.at_centre]
        self._store.note_unsent([one.sha256 for one in unsent if one.is_unnamed and one.sha256 in named.anywhere])
        if not is_adding:
            self._store.note_unnamed(
                [one.sha256 for one in unsent if one.is_unsent and one.sha256 not in named.anywhere]
            )
        if not at_centre:
            return True
        states = {
            state.sha256: state
            for state in ask_centre(self._credentials, self._transport, [kept.sha256 for kept in at_centre])
        }
        self._has_sent([one for one, state in states.items() if state.is_whole])
        results = [
            self._send(kept, states[kept.sha256].received)
            for kept in at_centre
            if states[kept.sha256].is_wanted and not states[kept.sha256].is_whole
        ]
        self._store.make_room()
        return all(results)

    def _send(self, kept: Kept, received: int) -> bool:
        """Whether the centre has all of it now, or does not want it any more."""
        try:
            while not self._is_closing and self._is_online():
                self._note_sending(kept.sha256, received)
                answer = self._put(kept.sha256, received)
                failpoints.reach(failpoints.PIECE_SENT)
                if answer.is_whole:
                    self._told_trouble("")
                    self._has_sent([kept.sha256])
                    return True
                received = answer.received
        except Damaged:
            self._check(kept.sha256)
            return True
        except Answered as error:
            log.warning("the centre does not take attachment %s: %s", kept.sha256, error)
            if error.problem.code == "wrong_bytes":
                self._check(kept.sha256)
            return error.problem.status == 404  # removed meanwhile, which the next pull tells
        finally:
            self._note_sending(kept.sha256, None)
        return False

    def _put(self, sha256: str, offset: int) -> wire_blobs.BlobReceived:
        data = self._store.piece(sha256, offset)
        where = address(self._credentials, sha256, offset)
        return asked_as_signed_in(
            self._credentials,
            self._transport,
            lambda token: self._transport.put_bytes(where, data, wire_blobs.BlobReceived, token),
        )

    def _check(self, sha256: str) -> None:
        try:
            self._store.check(sha256)
        except Damaged:
            self._on_change()

    def _has_sent(self, hashes: list[str]) -> None:
        if hashes:
            self._store.note_sent(hashes)
            self._on_change()

    def _note_sending(self, sha256: str, received: int | None) -> None:
        with self._turn:
            if received is None:
                self._sending.pop(sha256, None)
            else:
                self._sending[sha256] = received
        self._on_change()

    def _told_trouble(self, trouble: str) -> None:
        with self._turn:
            is_new, self._trouble = trouble != self._trouble, trouble
        if is_new:
            self._on_change()


def ask_centre(credentials: Credentials, transport: Transport, hashes: Sequence[str]) -> list[wire_blobs.BlobState]:
    states: list[wire_blobs.BlobState] = []
    for start in range(0, len(hashes), wire_blobs.MOST_HASHES):
        request = wire_blobs.BlobStatesRequest(
            device_id=credentials.device_id,
            schema_revision=wire.SCHEMA_REVISION,
            hashes=list(hashes[start : start + wire_blobs.MOST_HASHES]),
        )
        states += call(credentials, transport, "/v1/blobs/states", request, wire_blobs.BlobStates).states
    return states


def address(credentials: Credentials, sha256: str, offset: int) -> str:
    """Of a content, from `offset` on."""
    asked = f"device_id={credentials.device_id}&schema_revision={wire.SCHEMA_REVISION}&offset={offset}"
    return f"/v1/blobs/{sha256}?{asked}"


@dataclass(frozen=True)
class _Named:
    """Contents that attachments name here: those whose row the centre has, and all, what waits in the outbox included."""

    at_centre: frozenset[str]
    anywhere: frozenset[str]


def _named(session: Session, hashes: Sequence[str]) -> _Named:
    ticks: dict[str, int] = {}
    for start in range(0, len(hashes), _HASHES_PER_STATEMENT):
        some = hashes[start : start + _HASHES_PER_STATEMENT]
        live = select(Attachment.sha256, func.max(Attachment.tick)).where(
            Attachment.sha256.in_(some), Attachment.removed_at.is_(None)
        )
        ticks |= {row[0]: row[1] for row in session.execute(live.group_by(Attachment.sha256))}
    waiting = session.scalars(
        select(OutboxAction.args).where(OutboxAction.name == AttachFile.__name__, OutboxAction.status != outbox.DROPPED)
    )
    in_outbox = {str(msgspec.json.decode(args).get("sha256")) for args in waiting}
    at_centre = frozenset(sha256 for sha256, tick in ticks.items() if tick != PENDING_TICK)
    return _Named(at_centre, frozenset(ticks) | in_outbox)
