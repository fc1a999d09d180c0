"""Where several workers serve, processes that do nothing but perform: one of them all actions of a company.

It still knows the rows that the last action left behind, and nobody who looks for news stands in its way. Whoever takes a push hands
it over, over a line between the processes of this machine. This is for speed alone: where no performer answers, the worker
performs the push itself. The company's clock keeps the order whoever performs, and an action that both were given is performed
once. Here: the lines. Not here: starting such a process (workers.py), who asks is known (service.py), performing (performing.py).
"""

import contextlib
import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge, wait
from pathlib import Path
from uuid import UUID

import msgspec

from erp_desktop.central.moment import SeenUpTo
from erp_desktop.central.performing import Busy, Centre, CommitListener
from erp_desktop.wire import PushedAction, PushResult

log = logging.getLogger(__name__)

SECONDS_FOR_AN_ANSWER = 15.0  # of a performer that is there, but says nothing: less than desks wait for theirs
SECONDS_TO_CLOSE = 10.0
_NO_LINE = (OSError, EOFError, multiprocessing.AuthenticationError, msgspec.MsgspecError)


class _Asked(msgspec.Struct, frozen=True, array_like=True):
    """Travels as JSON, as it came: anything else may not know all numbers that somebody sends."""

    company_id: UUID
    device_id: UUID | None
    actions: list[PushedAction]
    seen: SeenUpTo | None


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """`results` None: the performer could not, and why if its database was busy."""

    results: list[PushResult] | None = None
    busy: str | None = None


class Performers:
    """A worker's lines to `count` performers, numbered from 1, in `folder`, which nobody else may enter."""

    def __init__(self, centre: Centre, count: int, folder: Path, performed: CommitListener) -> None:
        """`performed(company, tick)` is called with what one of them did for this worker."""
        self._centre = centre
        self._count = count
        self._folder = folder
        self._performed = performed
        self._key = _key()
        self._guard = threading.Lock()
        self._idle: dict[int, list[Connection]] = {}  # by the performer's number
        self._is_closed = False

    def performer_of(self, company_id: UUID) -> int:
        return 1 + company_id.int % self._count

    def perform(
        self,
        company_id: UUID,
        device_id: UUID | None,
        actions: Sequence[PushedAction],
        seen: SeenUpTo | None = None,
    ) -> list[PushResult]:
        """As `Centre.perform`, by the company's performer if it answers."""
        answer = self._ask(self.performer_of(company_id), _Asked(company_id, device_id, list(actions), seen))
        if answer.busy is not None:
            raise Busy(answer.busy)
        if answer.results is None:
            return self._centre.perform(company_id, device_id, actions, seen)
        self._performed(company_id, max((result.tick or 0 for result in answer.results), default=0))
        return answer.results

    def close(self) -> None:
        with self._guard:
            self._is_closed = True
            lines = [line for lines in self._idle.values() for line in lines]
            self._idle.clear()
        for line in lines:
            line.close()

    def _ask(self, performer: int, asked: _Asked) -> _Answer:
        line = None
        try:
            line = self._line_to(performer)
            line.send_bytes(msgspec.json.encode(asked))
            if not line.poll(SECONDS_FOR_AN_ANSWER):
                raise TimeoutError
            answer = msgspec.json.decode(line.recv_bytes(), type=_Answer)
        except _NO_LINE as error:
            log.info("performer %d does not answer: %s", performer, type(error).__name__)
            if line is not None:
                line.close()
            return _Answer()
        with self._guard:
            if not self._is_closed:
                self._idle.setdefault(performer, []).append(line)
                return answer
        line.close()
        return answer

    def _line_to(self, performer: int) -> Connection:
        """One that nobody uses now; it may be broken, which asking over it shows."""
        with self._guard:
            if idle := self._idle.get(performer):
                return idle.pop()
        line = Client(_address(self._folder, performer))
        try:
            if not line.poll(SECONDS_FOR_AN_ANSWER):
                raise TimeoutError
            answer_challenge(line, self._key)
            deliver_challenge(line, self._key)
        except _NO_LINE:
            line.close()
            raise
        return line


class Performer:
    """The other end of those lines: performs for all workers."""

    def __init__(self, centre: Centre, number: int, folder: Path) -> None:
        self._centre = centre
        self._address = _address(folder, number)
        self._key = _key()
        self._guard = threading.Lock()
        self._answering: set[threading.Thread] = set()
        self._is_closing = False
        Path(self._address).unlink(missing_ok=True)  # of a performer of this number that was killed
        self._closing, self._close = multiprocessing.Pipe(duplex=False)
        self._listener = Listener(self._address, backlog=128)  # nobody's key is asked for before somebody else may come
        self._accepting = _thread(self._accept)
        self._accepting.start()

    def close(self) -> None:
        """Finish what was asked for; nobody is answered from now on."""
        self._is_closing = True
        self._close.send_bytes(b"close")
        with contextlib.suppress(*_NO_LINE):  # it waits for somebody to come
            Client(self._address).close()
        self._accepting.join(SECONDS_TO_CLOSE)
        self._listener.close()
        with self._guard:
            answering = list(self._answering)
        for thread in answering:
            thread.join(SECONDS_TO_CLOSE)
        self._close.close()
        self._closing.close()

    def _accept(self) -> None:
        while not self._is_closing:
            try:
                line = self._listener.accept()
            except _NO_LINE:  # who came has gone, or is none of us
                continue
            thread = _thread(lambda line=line: self._answer_over(line))  # type: ignore[misc]
            with self._guard:
                self._answering.add(thread)
            thread.start()

    def _answer_over(self, line: Connection) -> None:
        try:
            with line, contextlib.suppress(*_NO_LINE):
                deliver_challenge(line, self._key)
                answer_challenge(line, self._key)
                while line in wait([line, self._closing]):
                    asked = msgspec.json.decode(line.recv_bytes(), type=_Asked)
                    line.send_bytes(msgspec.json.encode(self._answer(asked)))
        finally:
            with self._guard:
                self._answering.discard(threading.current_thread())

    def _answer(self, asked: _Asked) -> _Answer:
        try:
            return _Answer(self._centre.perform(asked.company_id, asked.device_id, asked.actions, asked.seen))
        except Busy as busy:
            return _Answer(busy=str(busy))
        except Exception:  # performing has told of it; who asks finds out for itself
            return _Answer()


def _address(folder: Path, number: int) -> str:
    if os.name == "nt":
        return rf"\\.\pipe\{folder.name}-{number}"
    return str(folder / f"{number}.line")


def _key() -> bytes:
    """Of the parent, and so the same for all its processes."""
    return bytes(multiprocessing.current_process().authkey)


def _thread(work: Callable[[], None]) -> threading.Thread:
    return threading.Thread(target=work, name="line between workers", daemon=True)
