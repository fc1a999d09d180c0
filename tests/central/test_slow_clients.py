"""Clients that send slowly, or never on: they hold no thread, their line is closed in the end, and the others are served."""

import contextlib
import select
import socket
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from central_desk import OpenedCompany, RemoteDesk, on_sqlite, pushed, save_unit

from erp_desktop.central import http, patience
from erp_desktop.central.service import THREADS_FOR_PUSHES, THREADS_FOR_THE_REST
from erp_desktop.central.serving import Server

MORE_THAN_THREADS = THREADS_FOR_PUSHES + THREADS_FOR_THE_REST + 10
PATIENCE_SECONDS = 60
HEAD = b"POST /v1/sync/push HTTP/1.1\r\nHost: centre\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"

Open = Callable[[], socket.socket]

engine = pytest.fixture(on_sqlite)


@pytest.fixture
def line(server: Server) -> Iterator[Open]:
    """Opens a connection to the service."""
    with contextlib.ExitStack() as opened:
        address = urlsplit(server.url)

        def connect() -> socket.socket:
            return opened.enter_context(
                socket.create_connection((address.hostname, address.port), timeout=PATIENCE_SECONDS)
            )

        yield connect


def rest_of(line: socket.socket) -> bytes:
    """What comes until the service closes the line."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while part := line.recv(65_536):
            found += part
    return found


@pytest.mark.parametrize("sent", [b"", b"POST /v1/sy", HEAD])
def test_a_client_that_never_ends_its_head_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, line: Open, sent: bytes
) -> None:
    monkeypatch.setattr(patience, "SECONDS_FOR_A_HEAD", 0.05)
    slow = line()
    slow.sendall(sent)
    assert rest_of(slow) == b""


def test_a_client_that_never_ends_its_body_is_told_so(monkeypatch: pytest.MonkeyPatch, line: Open) -> None:
    monkeypatch.setattr(http, "SECONDS_FOR_A_BODY", 0.05)
    slow = line()
    slow.sendall(HEAD + b"\r\n{")
    assert slow.recv(65_536).startswith(b"HTTP/1.1 408 ")


def test_a_line_that_is_kept_may_rest_longer_than_a_head_may_take(monkeypatch: pytest.MonkeyPatch, line: Open) -> None:
    kept, resting = line(), line()
    for one in (kept, resting):
        one.sendall(b"GET /somewhere HTTP/1.1\r\nHost: centre\r\n\r\n")
        assert one.recv(1 << 20).startswith(b"HTTP/1.1 404 ")
    monkeypatch.setattr(patience, "SECONDS_FOR_A_HEAD", 0.05)
    kept.sendall(b"GET /som")  # the next request, never ended
    while kept.recv(1 << 20):
        pass
    resting.sendall(b"GET /nothing HTTP/1.1\r\nHost: centre\r\nConnection: close\r\n\r\n")
    assert b"HTTP/1.1 404 " in rest_of(resting)


def test_a_client_that_takes_no_answer_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, line: Open, desk: RemoteDesk
) -> None:
    """It asks for more than the network holds on the way, and reads nothing of it."""
    monkeypatch.setattr(patience, "SECONDS_FOR_AN_ANSWER", 0.05)
    deaf = line()
    deaf.setblocking(False)
    watched = select.poll()
    watched.register(deaf, select.POLLOUT)
    asked = b"GET /v1/openapi.json HTTP/1.1\r\nHost: centre\r\n\r\n" * 100
    deadline = time.monotonic() + PATIENCE_SECONDS
    found = 0
    while not found & (select.POLLERR | select.POLLHUP):
        assert time.monotonic() < deadline
        for _, found in watched.poll(100):
            if found & select.POLLOUT:
                with contextlib.suppress(OSError):
                    deaf.send(asked)
    assert desk.pull().status_code == 200


def test_more_slow_clients_than_there_are_threads_hold_nobody_up(
    line: Open, desk: RemoteDesk, acme: OpenedCompany
) -> None:
    slow = [line() for _ in range(MORE_THAN_THREADS)]
    for one in slow:
        one.sendall(HEAD + b"\r\n{")
    assert desk.results(pushed(save_unit("DOZEN"), acme.owner_id))[0].outcome == "applied"
    assert desk.pull_all().rows["unit"]
