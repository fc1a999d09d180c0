"""Several worker processes on one listening socket, and the parent that watches over them.

The parent answers nobody. It starts the workers, starts one again that ended by itself (after a pause that grows while it
keeps ending), passes on that the service is to stop, and ends when all have ended. A worker whose parent is gone stops.
What a worker was doing when it was killed was committed or was not; the desk that had no answer asks another worker.
"""

import contextlib
import json
import logging
import multiprocessing
import signal
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Engine

from erp_desktop.central.measuring import SECONDS_BETWEEN_SHARES, Measures
from erp_desktop.central.performers import Performer
from erp_desktop.central.performing import Centre
from erp_desktop.central.serving import SECONDS_TO_FINISH, Server, listen, url_of
from erp_desktop.central.signing import identity_of
from erp_desktop.database import open_engine
from erp_desktop.memory import settle_memory

log = logging.getLogger(__name__)

MOST_WORKERS = 18  # of more, each would have too few connections to the database
MOST_PERFORMERS = 4
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a worker that ended is started again
SECONDS_THAT_PROVE_HEALTH = 60.0  # a worker that lived so long starts with the shortest pause again
SECONDS_TO_STOP = SECONDS_TO_FINISH + 10
MOST_DATABASE_CONNECTIONS = 90  # of all workers together; PostgreSQL lets 100 in unless told otherwise

_processes = multiprocessing.get_context("spawn")  # threads and connections are not taken along


class WorkersDidNotStart(RuntimeError):
    """A worker ended before it was ready the first time; its log says why."""


def performers_for(workers: int) -> int:
    """How many processes perform for so many workers; one that serves alone performs itself."""
    return min(workers // 2, MOST_PERFORMERS)


def pool_size_of(workers: int) -> int:
    """How many connections each keeps: it takes twice as many more for a moment, and has one to hear of the others."""
    return (MOST_DATABASE_CONNECTIONS // (workers + performers_for(workers)) - 1) // 3


@dataclass(frozen=True)
class Serving:
    """What every worker is started with."""

    database: str
    url: str
    pool_size: int
    workers: int
    folder: str  # where processes meet and leave their figures for each other
    trusted_proxies: tuple[str, ...] = ()


@dataclass
class _Worker:
    number: int
    process: BaseProcess | None = None
    line: Connection | None = None  # closed when either side is gone; the worker says on it that it is ready
    started_at: float = 0.0
    pause: float = SHORTEST_PAUSE
    start_at: float | None = None  # while it waits to be started again


@dataclass
class Workers:
    """Runs `count` workers until stopped; from the main thread, because it takes the signals."""

    engine: Engine
    host: str
    port: int
    count: int
    trusted_proxies: tuple[str, ...] = ()
    _stop: tuple[Connection, Connection] = field(default_factory=lambda: multiprocessing.Pipe(duplex=False))
    _is_stopping: bool = False

    def serve_until_stopped(self) -> None:
        """Prints the address once every worker answers, then each worker's process id whenever one was started.

        Raises CannotListen, WorkersDidNotStart.
        """
        identity_of(self.engine)  # made before anybody could be answered with another one
        address = self.engine.url.render_as_string(hide_password=False)
        self.engine.dispose()
        self._listening = listen(self.host, self.port)
        url = url_of(self._listening, self.host)
        folder = tempfile.TemporaryDirectory(prefix="erp-central.")
        self._serving = Serving(address, url, pool_size_of(self.count), self.count, folder.name, self.trusted_proxies)
        self._workers = [_Worker(number) for number in range(1, self.count + performers_for(self.count) + 1)]
        before = {kind: signal.signal(kind, lambda *_: self.stop()) for kind in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._start_all()
            self._watch()
        finally:
            self._end_all()
            for kind, handler in before.items():
                signal.signal(kind, handler)
            self._listening.close()
            folder.cleanup()

    def stop(self) -> None:
        """From a signal or any thread: let every worker finish what it does, then end."""
        with contextlib.suppress(OSError):
            self._stop[1].send_bytes(b"stop")

    def stop_at_the_end_of(self, stream: BinaryIO) -> None:
        """Stop once whoever holds the other end of `stream` is gone."""

        def watch() -> None:
            with contextlib.suppress(OSError, ValueError):
                while stream.read(1):
                    pass
            self.stop()

        threading.Thread(target=watch, name="parent watch", daemon=True).start()

    def _start_all(self) -> None:
        for worker in self._workers:
            self._start(worker)
        waited_for = {worker.line: worker for worker in self._workers}
        while waited_for and not self._is_stopping:
            for ready in wait([*(line for line in waited_for if line is not None), self._stop[0]]):
                if ready is self._stop[0]:
                    self._is_stopping = True
                    return
                assert isinstance(ready, Connection)
                if not _says_ready(ready):
                    raise WorkersDidNotStart()
                del waited_for[ready]
        print(json.dumps({"listening": self._serving.url}), flush=True)
        for worker in self._workers:
            self._tell(worker)

    def _start(self, worker: _Worker) -> None:
        ours, theirs = multiprocessing.Pipe()
        listening = self._listening if worker.number <= self.count else None
        worker.process = _processes.Process(
            target=perform if listening is None else work,
            args=(self._serving, listening, worker.number, theirs),
            name=f"worker {worker.number}",
        )
        worker.process.start()
        theirs.close()
        worker.line, worker.started_at, worker.start_at = ours, time.monotonic(), None

    def _watch(self) -> None:
        while not self._is_stopping:
            now = time.monotonic()
            for worker in self._workers:
                if worker.start_at is not None and worker.start_at <= now:
                    self._start(worker)
            due = [worker.start_at - now for worker in self._workers if worker.start_at is not None]
            lines = {worker.line: worker for worker in self._workers if worker.line is not None}
            for ready in wait([*lines, self._stop[0]], min(due, default=None)):
                if ready is self._stop[0]:
                    self._is_stopping = True
                    return
                assert isinstance(ready, Connection)
                if _says_ready(ready):
                    self._tell(lines[ready])
                else:
                    self._has_ended(lines[ready])

    def _tell(self, worker: _Worker) -> None:
        assert worker.process is not None
        kind = "worker" if worker.number <= self.count else "performer"
        told: dict[str, Any] = {kind: worker.number, "process": worker.process.pid}
        print(json.dumps(told), flush=True)

    def _has_ended(self, worker: _Worker) -> None:
        code = _ended(worker)
        Path(self._serving.folder, f"{worker.number}.figures").unlink(missing_ok=True)
        if time.monotonic() - worker.started_at > SECONDS_THAT_PROVE_HEALTH:
            worker.pause = SHORTEST_PAUSE
        log.error("worker %d ended with %s; started again in %.0f s", worker.number, code, worker.pause)
        worker.start_at = time.monotonic() + worker.pause
        worker.pause = min(2 * worker.pause, LONGEST_PAUSE)

    def _end_all(self) -> None:
        running = [worker.process for worker in self._workers if worker.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + SECONDS_TO_STOP
        for worker, process in zip([each for each in self._workers if each.process], running, strict=True):
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                log.warning("worker %d did not end and was killed", worker.number)
                process.kill()
            _ended(worker)


def work(serving: Serving, listening: socket.socket, number: int, parent: Connection) -> None:
    """A worker process: serves until it is told to stop or its parent is gone."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    engine = open_engine(serving.database, pool_size=serving.pool_size)
    server = Server(
        engine,
        shared=listening,
        url=serving.url,
        worker=number,
        performers=performers_for(serving.workers),
        trusted_proxies=serving.trusted_proxies,
        folder=Path(serving.folder),
    )
    server.when_ready = lambda: parent.send_bytes(b"ready")

    def stop_without_parent() -> None:
        with contextlib.suppress(EOFError, OSError):
            parent.recv_bytes()
        server.stop()

    threading.Thread(target=stop_without_parent, name="parent watch", daemon=True).start()
    settle_memory()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_until_stopped()
    engine.dispose()
    sys.stdout.flush()


def perform(serving: Serving, _listening: None, number: int, parent: Connection) -> None:
    """A performing process: performs for the workers until it is told to stop or its parent is gone."""
    from erp_desktop.central.notifying import OtherWorkers  # loads PostgreSQL's driver, and who has that needs several

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: stop.set())

    def stop_without_parent() -> None:
        with contextlib.suppress(EOFError, OSError):
            parent.recv_bytes()
        stop.set()

    threading.Thread(target=stop_without_parent, name="parent watch", daemon=True).start()
    engine, folder = open_engine(serving.database, pool_size=serving.pool_size), Path(serving.folder)
    centre, measures = Centre(engine), Measures(number, folder)
    workers = OtherWorkers(engine, lambda _company: None)
    centre.on_commit(workers.committed)
    workers.start()
    performer = Performer(centre, number - serving.workers, folder)
    settle_memory()
    with contextlib.suppress(OSError):
        parent.send_bytes(b"ready")
    while not stop.wait(SECONDS_BETWEEN_SHARES):
        measures.share(
            measures.figures(
                transactions=centre.transactions,
                retries=centre.retries,
                messages_sent=workers.told,
                messages_received=workers.was_told,
                queued=centre.queue_length(),
            )
        )
    performer.close()
    workers.close()
    engine.dispose()


def _says_ready(line: Connection) -> bool:
    try:
        line.recv_bytes()
    except (EOFError, OSError):
        return False
    return True


def _ended(worker: _Worker) -> int | None:
    """Lets go of a process that has ended, or is just about to."""
    assert worker.process is not None
    worker.process.join()
    code = worker.process.exitcode
    worker.process.close()
    if worker.line is not None:
        worker.line.close()
    worker.process = worker.line = None
    return code
