"""Running the central service on a socket until somebody stops it."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

import uvicorn
from sqlalchemy import Engine

from erp_desktop.central.service import Service

SECONDS_TO_FINISH = 10  # what is being performed when the service stops
STARTUP_SECONDS = 60
LARGEST_BACKLOG = 512  # desks that connect at the same moment


class CannotListen(OSError):
    """The address is taken, or is not one of this machine."""


class Server(uvicorn.Server):
    """One worker. Says when it is ready; answers who waits for news before it stops, so stopping takes no long poll."""

    def __init__(self, engine: Engine, host: str = "127.0.0.1", port: int = 0) -> None:
        self.service = Service(engine)
        self._socket = _listen(host, port)
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        self.is_ready = threading.Event()
        self.when_ready: Callable[[], None] | None = None
        config = uvicorn.Config(
            self.service.app,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=SECONDS_TO_FINISH,
            timeout_keep_alive=75,
            server_header=False,
            ws="none",
        )
        super().__init__(config)

    def serve_until_stopped(self) -> None:
        """Blocks. A signal stops it in the main thread; `stop` does from any thread."""
        try:
            self.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Finish what is being answered, then end."""
        self.should_exit = True

    def stop_at_the_end_of(self, stream: BinaryIO) -> None:
        """Stop once whoever holds the other end of `stream` is gone; an embedded centre ends with its desktop."""

        def wait() -> None:
            with contextlib.suppress(OSError, ValueError):
                while stream.read(1):
                    pass
            self.stop()

        threading.Thread(target=wait, name="parent watch", daemon=True).start()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.is_ready.set()
            if self.when_ready is not None:
                self.when_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self.service.wakeups.close()
        await super().shutdown(sockets)


@contextlib.contextmanager
def served(engine: Engine) -> Iterator[Server]:
    """The service on a free loopback port, on a thread of this process, for as long as the block runs."""
    server = Server(engine)
    thread = threading.Thread(target=server.serve_until_stopped, name="central service")
    thread.start()
    try:
        if not server.is_ready.wait(STARTUP_SECONDS):
            raise CannotListen("the service did not start")
        yield server
    finally:
        server.stop()
        thread.join()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # TCP said outright: asyncio turns off Nagle's delay (40 ms an answer) only for sockets that say so
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let another program take the port over
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(LARGEST_BACKLOG)
    except OSError as error:
        listening.close()
        raise CannotListen(f"{host}:{port}: {error.strerror or error}") from error
    return listening
