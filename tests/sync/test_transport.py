"""What the transport takes for an answer, and what it does not."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
import zstandard

from erp_desktop.sync import transport as transports
from erp_desktop.sync.transport import Answered, NoAnswer, Timing, Transport
from erp_desktop.wire import PushReply, WireProblem, body_digest

BODY = b'{"results":[],"end":true}'
GONE = msgspec.json.encode(WireProblem(title="Fill the cache anew.", status=410, code="cursor_gone"))
PATIENT = Timing(connect=60, answer=120, body=120)  # a loaded machine is not a slow centre
HASTY = Timing(connect=60, answer=1, body=1)

Answering = Callable[[BaseHTTPRequestHandler], None]


class Centre:
    """Answers every request as `answering` says."""

    def __init__(self) -> None:
        self.answering: Answering = whole()
        centre = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                centre.answering(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def whole(
    body: bytes = BODY,
    status: int = 200,
    kind: str = "application/json",
    *,
    digested: bytes | None = None,
    **headers: str,
) -> Answering:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Content-Digest", body_digest(body if digested is None else digested))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def centre() -> Iterator[Centre]:
    running = Centre()
    yield running
    running.close()


@pytest.fixture
def transport(centre: Centre) -> Iterator[Transport]:
    made = Transport(lambda: centre.url, PATIENT)
    yield made
    made.close()


def ask(transport: Transport) -> PushReply:
    return transport.get("/v1/sync/push", PushReply)


def stream(body: bytes) -> bytes:
    packing = zstandard.ZstdCompressor().compressobj()  # without the size in front
    return packing.compress(body) + packing.flush()


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("identity", bytes),
        ("gzip", gzip.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("zstd", stream),
    ],
)
def test_an_answer_may_be_packed(
    coding: str, pack: Callable[[bytes], bytes], centre: Centre, transport: Transport
) -> None:
    centre.answering = whole(pack(BODY), Content_Encoding=coding)
    assert ask(transport) == PushReply(results=[])


@pytest.mark.parametrize(
    "answering",
    [
        pytest.param(whole(b'{"results":[]}'), id="without its end"),
        pytest.param(whole(b'{"results":7,"end":true}'), id="of another shape"),
        pytest.param(whole(kind="text/html"), id="of another type"),
        pytest.param(whole(status=201), id="of another status"),
        pytest.param(whole(b"oops", 500, "text/plain"), id="of a proxy that failed"),
        pytest.param(
            whole(GONE.replace(b"cursor", b"curskr"), 410, "application/problem+json", digested=GONE),
            id="a problem with a flipped bit",
        ),
        pytest.param(whole(b"{}", 502, "application/problem+json"), id="a problem without its fields"),
        pytest.param(whole(gzip.compress(BODY)[:-8], Content_Encoding="gzip"), id="gzip without its tail"),
        pytest.param(whole(BODY, Content_Encoding="br"), id="packed as nobody asked"),
        pytest.param(whole(b"no zstd", Content_Encoding="zstd"), id="not packed at all"),
    ],
)
def test_anything_but_a_whole_answer_is_no_answer(answering: Answering, centre: Centre, transport: Transport) -> None:
    centre.answering = answering
    with pytest.raises(NoAnswer):
        ask(transport)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_small_body_that_unpacks_to_a_huge_one_is_not_unpacked(
    coding: str, centre: Centre, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports, "LARGEST_BODY", 1_000_000)
    huge = b'{"results":[],"end":true' + b" " * 50_000_000 + b"}"
    pack = gzip.compress if coding == "gzip" else zstandard.ZstdCompressor().compress
    centre.answering = whole(pack(huge), Content_Encoding=coding)
    with pytest.raises(NoAnswer, match="too large"):
        ask(transport)


def test_a_problem_is_told_with_its_code_and_a_busy_centre_with_its_pause(centre: Centre, transport: Transport) -> None:
    centre.answering = whole(GONE, 410, "application/problem+json")
    with pytest.raises(Answered) as told:
        ask(transport)
    assert told.value.problem.code == "cursor_gone"

    problem = WireProblem(title="Busy.", status=503, code="busy", retry_after=7)
    centre.answering = whole(msgspec.json.encode(problem), 503, "application/problem+json")
    with pytest.raises(NoAnswer) as busy:
        ask(transport)
    assert (busy.value.retry_after, busy.value.code) == (7, "busy")


@pytest.mark.parametrize("where", ["head", "body"])
def test_an_answer_that_drips_is_given_up(where: str, centre: Centre) -> None:
    dripped = 0

    def drip(handler: BaseHTTPRequestHandler) -> None:
        nonlocal dripped
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        if where == "body":
            handler.wfile.write(b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
        with suppress(OSError):  # the other side hung up
            while dripped < 600:
                dripped += 1
                handler.wfile.write(b"X")
                handler.wfile.flush()
                time.sleep(0.1)

    centre.answering = drip
    hasty = Transport(lambda: centre.url, HASTY)
    with pytest.raises(NoAnswer):
        ask(hasty)
    hasty.close()
    assert dripped < 500, "it listened to the end"


def test_holding_breaks_off_what_is_under_way(centre: Centre, transport: Transport) -> None:
    is_asked, may_answer = threading.Event(), threading.Event()

    def answer_late(handler: BaseHTTPRequestHandler) -> None:
        is_asked.set()
        may_answer.wait(120)

    def hold() -> None:
        is_asked.wait(60)
        transport.hold()

    centre.answering = answer_late
    holding = threading.Thread(target=hold)
    holding.start()
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        ask(transport)
    assert is_asked.is_set()
    assert time.monotonic() - began < 60, "it waited for the answer"
    may_answer.set()
    holding.join()
    with pytest.raises(NoAnswer, match="held"):
        ask(transport)
    transport.let_go()
    centre.answering = whole()
    assert ask(transport) == PushReply(results=[])
