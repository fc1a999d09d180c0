"""Running the central service on a socket until somebody stops it."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import uvicorn
from sqlalchemy import Engine

from erp_desktop.central.patience import PatientProtocol
from erp_desktop.central.service import Service

SECONDS_TO_FINISH = 10  # what is being performed when the service stops
STARTUP_SECONDS = 60
LARGEST_BACKLOG = 512  # desks that connect at the same moment
CONNECTIONS_TAKEN_AT_ONCE = 4  # by a worker before it looks what else there is, so that others get their share


class CannotListen(OSError):
    """The address is taken, or is not one of this machine."""


class Server(uvicorn.Server):
    """One worker. Says when it is ready; answers who waits for news before it stops, so stopping takes no long poll.

    Listens at `host` and `port`, or on a socket `shared` with other workers, which is then at `url`. Only what
    `trusted_proxies` (addresses or networks) say of a request's real sender is believed.
    """

    def __init__(
        self,
        engine: Engine,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        shared: socket.socket | None = None,
        url: str = "",
        worker: int = 1,
        performers: int = 0,
        trusted_proxies: Sequence[str] = (),
        folder: Path | None = None,
    ) -> None:
        self.service = Service(engine, worker, performers, folder)
        self.service.connections = lambda: len(self.server_state.connections)
        self._socket = shared or listen(host, port)
        self._is_shared = shared is not None
        self.url = url or url_of(self._socket, host)
        self.is_ready = threading.Event()
        self.when_ready: Callable[[], None] | None = None
        config = uvicorn.Config(
            self.service.app,
            http=PatientProtocol,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=SECONDS_TO_FINISH,
            timeout_keep_alive=75,
            server_header=False,
            ws="none",
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            backlog=CONNECTIONS_TAKEN_AT_ONCE if self._is_shared else LARGEST_BACKLOG,
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
            # asyncio means both by a backlog: how many it takes at once (above), and how many may wait
            self._socket.listen(LARGEST_BACKLOG)
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


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; a port of 0 is any free one. Raises CannotListen."""
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


def url_of(listening: socket.socket, host: str) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}"
