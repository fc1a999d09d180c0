"""Of several workers one performs all actions of a company: it still knows the rows that the last action left behind.

Whoever takes a push hands it to the worker that leads its company, over a line between the processes of this machine.
This is for speed alone. Where no leader answers, the worker performs the push itself: the company's clock keeps the order
whoever performs, and an action that both were given is performed once. Here: lines and who leads. Not here: who asks is known
(service.py), performing (performing.py).
"""

import contextlib
import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Client, Connection, Listener, wait
from pathlib import Path
from uuid import UUID

import msgspec

from erp_desktop.central.performing import Busy, Centre
from erp_desktop.wire import PushedAction, PushResult

log = logging.getLogger(__name__)

SECONDS_FOR_AN_ANSWER = 15.0  # of a leader that is there, but says nothing: less than desks wait for theirs
SECONDS_TO_CLOSE = 10.0
_NO_LINE = (OSError, EOFError, multiprocessing.AuthenticationError, msgspec.MsgspecError)


class _Asked(msgspec.Struct, frozen=True, array_like=True):
    """Travels as JSON, as it came: anything else may not know all numbers that somebody sends."""

    company_id: UUID
    device_id: UUID | None
    actions: list[PushedAction]


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """`results` None: the leader could not, and why if its database was busy."""

    results: list[PushResult] | None = None
    busy: str | None = None


class Leading:
    """One worker among `workers`, numbered from 1, that meet in `folder`, which nobody else may enter."""

    def __init__(self, centre: Centre, worker: int, workers: int, folder: Path) -> None:
        self._centre = centre
        self._worker, self._workers = worker, workers
        self._folder = folder
        self._key = bytes(multiprocessing.current_process().authkey)  # of the parent, and so the same for all workers
        self._guard = threading.Lock()
        self._idle: dict[int, list[Connection]] = {}  # lines to other workers, by their number
        self._answering: set[threading.Thread] = set()
        self._listener: Listener | None = None
        self._accepting: threading.Thread | None = None
        self._is_closing = False

    def start(self) -> None:
        address = self._address(self._worker)
        Path(address).unlink(missing_ok=True)  # of a worker of this number that was killed
        self._closing, self._close = multiprocessing.Pipe(duplex=False)
        self._listener = Listener(address, backlog=128, authkey=self._key)
        self._accepting = self._thread(self._accept)
        self._accepting.start()

    def leader_of(self, company_id: UUID) -> int:
        return 1 + company_id.int % self._workers

    def perform(self, company_id: UUID, device_id: UUID | None, actions: Sequence[PushedAction]) -> list[PushResult]:
        """As `Centre.perform`, at the company's leader if it answers."""
        leader = self.leader_of(company_id)
        if leader != self._worker:
            answer = self._ask(leader, _Asked(company_id, device_id, list(actions)))
            if answer.busy is not None:
                raise Busy(answer.busy)
            if answer.results is not None:
                return answer.results
        return self._centre.perform(company_id, device_id, actions)

    def close(self) -> None:
        """Finish what others have asked for. Nobody is asked or answered from now on."""
        if self._listener is None or self._accepting is None:
            return
        self._is_closing = True
        self._close.send_bytes(b"close")
        with contextlib.suppress(*_NO_LINE):  # it waits for somebody to come
            Client(self._address(self._worker), authkey=self._key).close()
        self._accepting.join(SECONDS_TO_CLOSE)
        self._listener.close()
        self._listener = None
        with self._guard:
            answering = list(self._answering)
            lines = [line for lines in self._idle.values() for line in lines]
            self._idle.clear()
        for thread in answering:
            thread.join(SECONDS_TO_CLOSE)
        for line in (*lines, self._close, self._closing):
            line.close()

    # --- asking

    def _ask(self, leader: int, asked: _Asked) -> _Answer:
        line = None
        try:
            line = self._line_to(leader)
            line.send_bytes(msgspec.json.encode(asked))
            if not line.poll(SECONDS_FOR_AN_ANSWER):
                raise TimeoutError
            answer = msgspec.json.decode(line.recv_bytes(), type=_Answer)
        except _NO_LINE as error:
            log.info("worker %d does not answer: %s", leader, type(error).__name__)
            if line is not None:
                line.close()
            return _Answer()
        with self._guard:
            if not self._is_closing:
                self._idle.setdefault(leader, []).append(line)
                return answer
        line.close()
        return answer

    def _line_to(self, leader: int) -> Connection:
        """One that nobody uses now; it may be broken, which asking over it shows."""
        with self._guard:
            if idle := self._idle.get(leader):
                return idle.pop()
        return Client(self._address(leader), authkey=self._key)

    # --- answering

    def _accept(self) -> None:
        listener = self._listener
        assert listener is not None
        while not self._is_closing:
            try:
                line = listener.accept()
            except _NO_LINE:  # who came has gone, or is none of us
                continue
            thread = self._thread(lambda line=line: self._answer_over(line))  # type: ignore[misc]
            with self._guard:
                self._answering.add(thread)
            thread.start()

    def _answer_over(self, line: Connection) -> None:
        try:
            with line, contextlib.suppress(*_NO_LINE):
                while line in wait([line, self._closing]):
                    asked = msgspec.json.decode(line.recv_bytes(), type=_Asked)
                    line.send_bytes(msgspec.json.encode(self._answer(asked)))
        finally:
            with self._guard:
                self._answering.discard(threading.current_thread())

    def _answer(self, asked: _Asked) -> _Answer:
        try:
            return _Answer(self._centre.perform(asked.company_id, asked.device_id, asked.actions))
        except Busy as busy:
            return _Answer(busy=str(busy))
        except Exception:  # performing has told of it; who asks finds out for itself
            return _Answer()

    def _address(self, worker: int) -> str:
        if os.name == "nt":
            return rf"\\.\pipe\{self._folder.name}-{worker}"
        return str(self._folder / f"{worker}.line")

    def _thread(self, work: Callable[[], None]) -> threading.Thread:
        return threading.Thread(target=work, name="line between workers", daemon=True)
