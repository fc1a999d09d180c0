"""What stands between a desk and its centre: passes everything on, until it is told to fail."""

import base64
import gzip
import hashlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import zstandard

PORTAL = b"<html><body>Welcome to Free Airport WiFi. Please accept the terms.</body></html>"

Fault = Callable[["Passing", "Answer | None"], None]


class Answer:
    """What the centre said."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body


class Network:
    """A proxy on loopback. `fault` None passes on; `only` restricts it to paths that end so; `requests` are their paths.

    `waiting` counts the desks that have asked for news of which the centre has none yet. `proves` holds the certificate that
    it shows, at https://; None: it speaks plain HTTP.
    """

    def __init__(self, centre: str, proves: ssl.SSLContext | None = None) -> None:
        self.centre = centre
        self.fault: Fault | None = None
        self.only = ""
        self.is_before = False  # whether the fault happens before the centre hears of the request
        self.requests: list[str] = []
        self.waiting = 0
        self.connections: set[socket.socket] = set()
        self.guard = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.network = self  # type: ignore[attr-defined]
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        if proves is not None:  # each connection shakes hands on its own thread, with its first request
            listening = self._server.socket
            self._server.socket = proves.wrap_socket(listening, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="network")
        self._thread.start()

    def break_with(self, fault: Fault, only: str = "", *, before: bool = False) -> None:
        self.only, self.is_before, self.fault = only, before, fault

    def mend(self) -> None:
        self.fault = None

    @contextmanager
    def noted(self, waits: bool) -> Iterator[None]:
        """For as long as the centre is asked, and not until its answer is passed on: that may be answered already."""
        with self.guard:
            self.waiting += waits
        try:
            yield
        finally:
            with self.guard:
                self.waiting -= waits

    def cut(self) -> None:
        """Breaks off what is under way now; the next request finds a sound network."""
        with self.guard:
            for connection in self.connections:
                with suppress(OSError):  # the desk was faster
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 40
    waits = False  # whether the request that is under way asks for news

    def setup(self) -> None:
        super().setup()
        with self.server.network.guard:  # type: ignore[attr-defined]
            self.server.network.connections.add(self.connection)  # type: ignore[attr-defined]

    def finish(self) -> None:
        with self.server.network.guard:  # type: ignore[attr-defined]
            self.server.network.connections.discard(self.connection)  # type: ignore[attr-defined]
        super().finish()

    def handle(self) -> None:
        with suppress(OSError):  # who does not like our certificate hangs up
            super().handle()

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def do_PUT(self) -> None:
        self._pass_on()

    def log_message(self, *_: object) -> None:
        pass

    def _pass_on(self) -> None:
        network: Network = self.server.network  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:  # the desk broke it off: the centre would wait for the rest
            self.close_connection = True
            return
        network.requests.append(self.path)
        self.waits = self.path.endswith("/pull") and b'"wait":0,' not in body
        fault = network.fault if self.path.endswith(network.only) else None
        try:
            if fault is not None and network.is_before:
                fault(self, None)
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            there = http.client.HTTPConnection(urlsplit(network.centre).netloc, timeout=120)
            with closing(there), network.noted(self.waits):
                there.request(self.command, self.path, body, headers)
                response = there.getresponse()
                answer = Answer(response.status, response.getheaders(), response.read())
            # a long poll may have begun before the network broke
            fault = fault or (network.fault if self.path.endswith(network.only) else None)
            if fault is not None:
                fault(self, answer)
            else:
                self.give(answer)
        except OSError:
            self.close_connection = True

    def give(self, answer: Answer, *, length: int | None = None) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            if name.lower() not in ("content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) if length is None else length))
        self.end_headers()
        self.wfile.write(answer.body)
        if length is not None:
            self.close_connection = True


def reply_lost(passing: Passing, _answer: Answer | None) -> None:
    passing.close_connection = True


def unavailable(passing: Passing, _answer: Answer | None) -> None:
    passing.give(Answer(503, [("Content-Type", "text/plain"), ("Retry-After", "1")], b"Service Unavailable"))


def portal(passing: Passing, _answer: Answer | None) -> None:
    passing.give(Answer(200, [("Content-Type", "text/html")], PORTAL))


def redirect(passing: Passing, _answer: Answer | None) -> None:
    passing.give(Answer(302, [("Location", "http://127.0.0.1:9/login")], b""))


def cut_short(passing: Passing, answer: Answer | None) -> None:
    assert answer is not None
    whole = len(answer.body)
    answer.body = answer.body[: whole // 2]
    passing.give(answer, length=whole)


def shortened(passing: Passing, answer: Answer | None) -> None:
    assert answer is not None
    answer.body = answer.body[: len(answer.body) // 2]
    passing.give(answer)


def last_chunk_missing(passing: Passing, answer: Answer | None) -> None:
    """Half of it, in a whole chunk, and then nothing where the next one should begin."""
    assert answer is not None
    half = answer.body[: len(answer.body) // 2]
    _begin(passing, answer, ("Transfer-Encoding", "chunked"))
    passing.wfile.write(b"%x\r\n%s\r\n" % (len(half), half))


def cut_inside_a_chunk(passing: Passing, answer: Answer | None) -> None:
    assert answer is not None
    _begin(passing, answer, ("Transfer-Encoding", "chunked"))
    passing.wfile.write(b"%x\r\n%s" % (len(answer.body), answer.body[: len(answer.body) // 2]))


def closed_early(passing: Passing, answer: Answer | None) -> None:
    """Without a length: the end of the connection is the end of the body."""
    assert answer is not None
    _begin(passing, answer, ("Connection", "close"))
    passing.wfile.write(answer.body[: len(answer.body) // 2])


def gzip_tail_cut(passing: Passing, answer: Answer | None) -> None:
    """By something that packs answers and vouches for what it made of them: all of the text, without the check behind it."""
    assert answer is not None
    passing.give(repacked(answer, "gzip", gzip.compress(unpacked(answer))[:-8]))


def zstd_tail_cut(passing: Passing, answer: Answer | None) -> None:
    assert answer is not None
    whole = zstandard.ZstdCompressor(write_checksum=True).compress(unpacked(answer))
    passing.give(repacked(answer, "zstd", whole[: len(whole) * 3 // 4]))


def _begin(passing: Passing, answer: Answer, framing: tuple[str, str]) -> None:
    passing.send_response(answer.status)
    for name, value in answer.headers:
        if name.lower() not in ("content-length", "connection", "date", "server", "transfer-encoding"):
            passing.send_header(name, value)
    passing.send_header(*framing)
    passing.end_headers()
    passing.close_connection = True


def unpacked(answer: Answer) -> bytes:
    coding = {name.lower(): value for name, value in answer.headers}.get("content-encoding", "")
    if coding == "zstd":
        return zstandard.ZstdDecompressor().stream_reader(answer.body).read()
    return gzip.decompress(answer.body) if coding == "gzip" else answer.body


def repacked(answer: Answer, coding: str, body: bytes) -> Answer:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    kept = [(n, v) for n, v in answer.headers if n.lower() not in ("content-encoding", "content-digest")]
    more = [("Content-Encoding", coding), ("Content-Digest", f"sha-256=:{digest}:")]
    return Answer(answer.status, kept + more, body)


def packed_on_the_way(passing: Passing, answer: Answer | None) -> None:
    """No fault: a proxy that packs what came plain, and knows nothing of digests."""
    assert answer is not None
    if "content-encoding" not in {name.lower() for name, _ in answer.headers}:
        answer.headers.append(("Content-Encoding", "gzip"))
        answer.body = gzip.compress(answer.body)
    passing.give(answer)


def answers(status: int, kind: str, body: bytes, **headers: str) -> Fault:
    """Something that says the same to everybody, whatever was asked."""

    def answer(passing: Passing, _answer: Answer | None) -> None:
        more = [(name.replace("_", "-"), value) for name, value in headers.items()]
        passing.give(Answer(status, [("Content-Type", kind), *more], body))

    return answer


PROBLEM = "application/problem+json"
SAYS_NO: dict[str, Fault] = {
    "429": answers(429, "text/plain", b"Too Many Requests"),
    "429 for a second": answers(429, "text/html", b"<html>slowly</html>", Retry_After="1"),
    "429 of the centre": answers(429, PROBLEM, b'{"title":"Slowly.","status":429,"code":"busy","retry_after":1}'),
    "429 until a date": answers(429, "text/plain", b"", Retry_After="Mon, 16 Mar 2026 08:00:00 GMT"),
    "500": answers(500, "text/html", b"<html>Internal Server Error</html>"),
    "500 of the centre": answers(500, PROBLEM, b'{"title":"It failed.","status":500,"code":"fault"}'),
    "502": answers(502, "text/html", b"<html>Bad Gateway</html>"),
    "503 of the centre": answers(503, PROBLEM, b'{"title":"Busy.","status":503,"code":"busy"}', Retry_After="1"),
    "504 for no time at all": answers(504, "text/plain", b"", Retry_After="0"),
}


def bit_flipped(passing: Passing, answer: Answer | None) -> None:
    assert answer is not None
    answer.body = answer.body[:-20] + bytes([answer.body[-20] ^ 1]) + answer.body[-19:]
    passing.give(answer)


def without_digest(passing: Passing, answer: Answer | None) -> None:
    assert answer is not None
    answer.headers = [(name, value) for name, value in answer.headers if name.lower() != "content-digest"]
    passing.give(answer)


def dripping(passing: Passing, answer: Answer | None) -> None:
    assert answer is not None
    passing.send_response(200)
    passing.send_header("Content-Type", "application/json")
    passing.send_header("Content-Length", "100000")
    passing.end_headers()
    stop = threading.Event()
    for _ in range(100):
        passing.wfile.write(b" ")
        passing.wfile.flush()
        stop.wait(0.2)


ALL_FAULTS = [reply_lost, unavailable, portal, redirect, cut_short, shortened, bit_flipped, without_digest, dripping]
CUTS = [last_chunk_missing, cut_inside_a_chunk, closed_early, gzip_tail_cut, zstd_tail_cut]
