"""Attachments on a desk: keeping the bytes of a file that is attached here, sending them after its row, fetching others'.

The action AttachFile goes the way of every action. Once a pull has brought its row back, its bytes are sent; what a person
opens is fetched, from where it broke off the last time. Here: what people do and see. Not here: sending (file_sending.py),
the file on the disk (blob_store.py), HTTP.
"""

import enum
import io
import logging
import mimetypes
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from erp_desktop import failpoints
from erp_desktop.actions.attaching import AttachFile, FileTooLarge, fitting_media_type, fitting_name
from erp_desktop.actions.base import Action
from erp_desktop.ids import new_id
from erp_desktop.models.attachment import LARGEST_ATTACHMENT, Attachment
from erp_desktop.models.company import Company
from erp_desktop.queries.attachments import AttachedFile
from erp_desktop.sync.blob_store import BlobStore, Damaged, Kept, TooLarge
from erp_desktop.sync.cache import Cache
from erp_desktop.sync.calling import UpgradeNeeded, asked_as_signed_in
from erp_desktop.sync.file_refusals import (
    FileDamaged,
    FileNotRead,
    FileNotWritten,
    FileOnItsWay,
    FileOutOfReach,
    FileRemoved,
)
from erp_desktop.sync.file_sending import Sending, address, ask_centre
from erp_desktop.sync.signing_in import Credentials, SignedOut
from erp_desktop.sync.transport import Answered, NoAnswer, Timing, Transport

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Told = Callable[[int], object]

THREADS = 3  # somebody opens a photograph while other files are read and fetched


class Where(enum.Enum):
    """Where the bytes of an attachment are, as far as this desk knows."""

    WAITING = "waiting"  # here, and sent as soon as its row is at the centre and the centre answers
    SENDING = "sending"  # here, and under way
    NO_ROOM = "no_room"  # here; the centre has no room for it now
    DAMAGED = "damaged"  # the only copy is here, and it is damaged
    HERE = "here"  # here and at the centre
    AT_CENTRE = "at_centre"
    ON_ITS_WAY = "on_its_way"  # another computer has still to send it
    UNKNOWN = "unknown"  # not here; the centre cannot be asked now


@dataclass(frozen=True)
class FileState:
    """`done` of its bytes are here, or at the centre while it is being sent."""

    where: Where
    done: int = 0


class Attachments:
    """The attachments of one open cache, until `close`."""

    def __init__(
        self,
        cache: Cache,
        credentials: Credentials,
        centre: Callable[[], str],
        timing: Timing | None,
        *,
        perform: Callable[[Action], "Future[None]"],
        is_online: Callable[[], bool],
        on_change: Callable[[], object],
    ) -> None:
        """`on_change` hears from any thread that a file is elsewhere now, or further on its way."""
        self.store = BlobStore(cache.path.parent, cache.secrets)
        self._credentials = credentials
        self._perform = perform
        self._is_online = is_online
        self._on_change = on_change
        self._sending = Sending(
            cache, self.store, credentials, Transport(centre, timing), is_online=is_online, on_change=on_change
        )
        self._new_transport: Callable[[], Transport] = lambda: Transport(centre, timing)
        self._own = threading.local()
        self._was_there = False
        self._guard = threading.Lock()  # of what follows
        self._transports: list[Transport] = []
        self._workers: ThreadPoolExecutor | None = None
        self._is_closing = False

    # --- what people do

    def add(self, kind: str, document_id: UUID, source: Path | bytes, name: str = "") -> "Future[None]":
        """Attach a file, or a picture that was pasted, under its name. Done once both are safe on the disk.

        Raises FileNotRead, FileTooLarge, CacheFull, and what AttachFile is refused for.
        """
        return self._soon(lambda: self._add(kind, document_id, source, name))

    def save(
        self,
        attached: AttachedFile,
        to: Path,
        told: Told = lambda done: None,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> "Future[Path]":
        """Write a copy of the file, fetching first what is not here; `told(bytes)` as they come. Cancelled once it is not
        wanted; what was fetched is kept for the next time.

        Raises FileOutOfReach, FileOnItsWay, FileRemoved, FileDamaged, FileNotWritten, CacheFull.
        """
        return self._soon(lambda: self._save(attached, to, told, is_wanted))

    def states(self, hashes: Sequence[str]) -> "Future[dict[str, FileState]]":
        """Where each content is; asks the centre for those that are not here."""
        return self._soon(lambda: self._states(list(dict.fromkeys(hashes))))

    # --- what the desk tells

    def noticed(self, tables: Iterable[str]) -> None:
        """Rows have changed: there may be something to send now. A fill changes all tables."""
        changed = frozenset(tables)
        if Attachment.__tablename__ in changed:
            self._sending.wake(offers_all=Company.__tablename__ in changed)

    def centre_is_there(self, is_there: bool) -> None:
        """Whether the centre answers now. What waits is sent when it does again."""
        if is_there and not self._was_there:
            self._sending.wake()
        self._was_there = is_there

    def start(self) -> None:
        """Begin to send what there is, if it has not begun yet."""
        self._sending.start()

    def close(self) -> None:
        """Break off. What was not sent or fetched goes on where it stopped, the next time."""
        with self._guard:
            self._is_closing = True
            workers = self._workers
        if workers is not None:
            workers.shutdown(wait=False, cancel_futures=True)
        for transport in list(self._transports):
            transport.hold()
        self._sending.close()
        if workers is not None:
            workers.shutdown(wait=True)
        for transport in self._transports:
            transport.close()
        self.store.close()

    # --- adding

    def _add(self, kind: str, document_id: UUID, source: Path | bytes, name: str) -> None:
        name = fitting_name(name or (source.name if isinstance(source, Path) else ""))
        with ExitStack() as until_performed:
            kept = self._take_in(source, name, until_performed)
            failpoints.reach(failpoints.FILE_KEPT)
            media_type = fitting_media_type(mimetypes.guess_type(name)[0] or "")
            self._perform(AttachFile(new_id(), kind, document_id, name, media_type, kept.size, kept.sha256)).result()
        self._sending.wake()

    def _take_in(self, source: Path | bytes, name: str, until_performed: ExitStack) -> Kept:
        try:
            with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as file:
                size = file.seek(0, io.SEEK_END)
                file.seek(0)
                if size > LARGEST_ATTACHMENT:
                    raise FileTooLarge(name, size)
                if size == 0:  # the action says so in words; there is nothing to keep
                    return Kept("0" * 64, 0, 0, is_unsent=False)
                until_performed.enter_context(self._sending.adding())
                return self.store.add(file, LARGEST_ATTACHMENT)
        except TooLarge as error:  # it grew while it was read
            raise FileTooLarge(name, int(error.args[0])) from error
        except OSError as error:
            raise FileNotRead(file=name, detail=error.strerror or error) from error

    # --- fetching

    def _save(self, attached: AttachedFile, to: Path, told: Told, is_wanted: Callable[[], bool]) -> Path:
        if (lock := self._credentials.lock) is not None:
            raise lock
        part = to.with_name(to.name + ".part")
        try:
            try:
                self._fetch(attached, told, is_wanted)
                with part.open("wb") as file:
                    self.store.check(attached.sha256, file)
            except Damaged:  # here; where the centre has it too, it is fetched anew, once
                self._fetch(attached, told, is_wanted)
                with part.open("wb") as file:
                    self.store.check(attached.sha256, file)
            part.replace(to)
        except Damaged as error:
            raise FileDamaged(file=attached.name) from error
        except OSError as error:
            raise FileNotWritten(file=to, detail=error.strerror or error) from error
        finally:
            part.unlink(missing_ok=True)
        return to

    def _fetch(self, attached: AttachedFile, told: Told, is_wanted: Callable[[], bool]) -> None:
        """Until all of it is here. Raises as `save`."""
        here = next(iter(self.store.kept([attached.sha256])), None)
        if here is not None and here.is_damaged:
            raise Damaged(attached.sha256)
        received = here.received if here is not None else 0
        if received == attached.size:
            return
        transport = self._own_transport()
        while received < attached.size:
            if not is_wanted() or self._is_closing:
                raise CancelledError
            data = self._piece(transport, attached, received)
            failpoints.reach(failpoints.PIECE_FETCHED)
            if not data:
                raise Damaged(attached.sha256)
            before, received = received, self.store.append(attached.sha256, attached.size, received, data)
            if received == before:
                raise Damaged(attached.sha256)
            told(received)
        self.store.check(attached.sha256)
        self.store.make_room()
        self._on_change()

    def _piece(self, transport: Transport, attached: AttachedFile, offset: int) -> bytes:
        if not self._is_online():
            raise FileOutOfReach(file=attached.name)
        try:
            where = address(self._credentials, attached.sha256, offset)
            return asked_as_signed_in(self._credentials, transport, lambda token: transport.get_bytes(where, token))
        except (NoAnswer, SignedOut, UpgradeNeeded) as error:
            raise FileOutOfReach(file=attached.name) from error
        except Answered as error:
            if error.problem.code == "blob_on_its_way":
                raise FileOnItsWay(file=attached.name) from error
            if error.problem.status == 404:
                raise FileRemoved(file=attached.name) from error
            raise

    # --- where they are

    def _states(self, hashes: list[str]) -> dict[str, FileState]:
        if (lock := self._credentials.lock) is not None:
            raise lock
        found = {kept.sha256: self._state_of(kept) for kept in self.store.kept(hashes)}
        asked = [one for one in hashes if one not in found or found[one].where is Where.UNKNOWN]
        if asked and self._is_online():
            try:
                for state in ask_centre(self._credentials, self._own_transport(), asked):
                    where = Where.AT_CENTRE if state.is_whole else Where.ON_ITS_WAY
                    found[state.sha256] = FileState(where, found.get(state.sha256, FileState(where)).done)
            except (NoAnswer, SignedOut, UpgradeNeeded, Answered) as error:
                log.info("where attachments are cannot be told: %s", error)
        return {one: found.get(one, FileState(Where.UNKNOWN)) for one in hashes}

    def _state_of(self, kept: Kept) -> FileState:
        if kept.is_damaged:
            return FileState(Where.DAMAGED)
        if not kept.is_whole:
            return FileState(Where.UNKNOWN, kept.received)
        if not kept.is_unsent:
            return FileState(Where.HERE, kept.size)
        if (sent := self._sending.sent_of(kept.sha256)) is not None:
            return FileState(Where.SENDING, sent)
        return FileState(Where.NO_ROOM if self._sending.has_no_room else Where.WAITING)

    # --- inside

    def _own_transport(self) -> Transport:
        """This thread's."""
        transport: Transport | None = getattr(self._own, "transport", None)
        if transport is None:
            transport = self._own.transport = self._new_transport()
            with self._guard:
                self._transports.append(transport)
                if self._is_closing:
                    transport.hold()
        return transport

    def _soon(self, work: Callable[[], Answer]) -> "Future[Answer]":
        with self._guard:
            if self._is_closing:
                cancelled: Future[Answer] = Future()
                cancelled.cancel()
                return cancelled
            if self._workers is None:
                self._workers = ThreadPoolExecutor(THREADS, thread_name_prefix="attachment")
            return self._workers.submit(work)
