"""Asking the centre beside the engine: one question after another, on a thread of its own.

Here: the thread, its transport, and how both end. Not here: any question (administering.py, previewing.py, older.py).
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import msgspec

from erp_desktop.sync.calling import call
from erp_desktop.sync.signing_in import Credentials
from erp_desktop.sync.transport import Timing, Transport

Answer = TypeVar("Answer")
Reply = TypeVar("Reply", bound=msgspec.Struct)


class Questions:
    """The questions of one kind. `close` breaks off."""

    def __init__(self, credentials: Credentials, centre: Callable[[], str], timing: Timing | None, name: str) -> None:
        self._credentials = credentials
        self.transport = Transport(centre, timing)
        self.is_closed = False
        self._guard = threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=name)  # its thread begins with the first question

    def soon(self, work: Callable[[], Answer]) -> "Future[Answer]":
        """`work` on the thread of these questions, after those before it. One that is cancelled before its turn never runs."""
        with self._guard:
            if self.is_closed:
                cancelled: Future[Answer] = Future()
                cancelled.cancel()
                return cancelled
            return self._worker.submit(work)

    def ask(self, path: str, request: msgspec.Struct, kind: type[Reply]) -> Reply:
        """The centre's answer, on the thread of `soon`. Raises as `call` does."""
        return call(self._credentials, self.transport, path, request, kind)

    def close(self) -> None:
        with self._guard:
            self.is_closed = True
        self._worker.shutdown(wait=False, cancel_futures=True)  # first: no other question begins when this one ends
        self.transport.hold()
        self._worker.shutdown(wait=True)
        self.transport.close()
