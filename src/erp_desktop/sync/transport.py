"""The conversation with the centre over HTTP. Whatever is not plainly the centre's whole answer counts as no answer.

What `requests` would let pass is checked here (sync.md, point 6): redirects, bodies cut short, a captive portal's page, a
reply that drips in for ever, a small body that unpacks to a huge one.
"""

import logging
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import zstandard

from erp_desktop import wire

if TYPE_CHECKING:
    import requests

log = logging.getLogger(__name__)

Reply = TypeVar("Reply", bound=msgspec.Struct)
Found = TypeVar("Found")

_JSON, _BYTES = "application/json", "application/octet-stream"
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0  # until an answer begins, besides what the centre was asked to wait: a dead line is found in 60 s
BODY_SECONDS = 300.0  # for the whole of an answer, which may be a large page on a slow line
SLOWEST_BYTES_A_SECOND = 512
_RATE_COUNTS_AFTER = 10.0  # seconds
LARGEST_BODY = 64 * 1024 * 1024  # unpacked
_CHUNK = 64 * 1024


class NoAnswer(Exception):
    """The centre cannot be reached, is busy, or something else answered in its place. Nothing is known about the request.

    `retry_after` is in seconds, where the centre said so; `code` is the wire's, where it was the centre that is busy.
    """

    def __init__(self, detail: str, retry_after: float | None = None, code: str = "") -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        self.code = code

    @property
    def is_forged(self) -> bool:
        """Whether who answered could not prove to be the centre; then nothing was sent."""
        return any(isinstance(one, ssl.SSLCertVerificationError) for one in causes(self))


def causes(error: BaseException) -> list[BaseException]:
    """The errors that led to `error`: requests and urllib3 hand them on as causes, contexts, reasons and arguments."""
    found: list[BaseException] = []
    ahead: list[BaseException | None] = [error]
    while ahead:
        one = ahead.pop()
        if one is None or one in found:
            continue
        found.append(one)
        ahead += [
            one.__cause__,
            one.__context__,
            getattr(one, "reason", None) if not isinstance(one, OSError) else None,
        ]
        ahead += [part for part in one.args if isinstance(part, BaseException)]
    return found


class Answered(Exception):
    """The centre answered with a problem of the conversation (RFC 9457)."""

    def __init__(self, problem: wire.WireProblem) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail or problem.title}")
        self.problem = problem


@dataclass(frozen=True)
class _Sent:
    """The body of a request."""

    data: bytes
    content_type: str
    digest: str = ""


@dataclass(frozen=True)
class Timing:
    """How patient the transport is, in seconds."""

    connect: float = CONNECT_SECONDS
    answer: float = ANSWER_SECONDS
    body: float = BODY_SECONDS


class Transport:
    """Requests to one centre, one after another: each thread has its own. `centre` is asked anew for every request,
    because an embedded centre may come back under another address.
    """

    def __init__(self, centre: Callable[[], str], timing: Timing | None = None) -> None:
        self._centre = centre
        self._timing = timing or Timing()
        self._sockets = _Sockets()
        self._session: requests.Session | None = None  # from the first request on

    @property
    def address(self) -> str:
        """Where the centre is now. Raises NoAnswer where an embedded one cannot start."""
        return self._centre().rstrip("/")

    def get(self, path: str, kind: type[Reply], token: str | None = None) -> Reply:
        """Raises NoAnswer, Answered."""
        return self._ask("GET", path, None, token, lambda response, raw: _checked(response, raw, kind))

    def post(
        self, path: str, message: msgspec.Struct, kind: type[Reply], token: str | None = None, wait: float = 0
    ) -> Reply:
        """Send `message`; the centre may take `wait` seconds longer than usual. Raises NoAnswer, Answered."""
        body = _Sent(wire.encode(message), _JSON)
        return self._ask("POST", path, body, token, lambda response, raw: _checked(response, raw, kind), wait)

    def put_bytes(self, path: str, data: bytes, kind: type[Reply], token: str) -> Reply:
        """Send `data` as they are. Raises NoAnswer, Answered."""
        body = _Sent(data, _BYTES, wire.body_digest(data))
        return self._ask("PUT", path, body, token, lambda response, raw: _checked(response, raw, kind))

    def get_bytes(self, path: str, token: str) -> bytes:
        """The bytes that are there. Raises NoAnswer, Answered."""
        return self._ask("GET", path, None, token, _checked_bytes)

    def hold(self) -> None:
        """From any thread: break off what is under way, and ask nothing until `let_go`."""
        self._sockets.shut(hold=True)

    def let_go(self) -> None:
        """Requests may be made again."""
        self._sockets.let_go()

    def close(self) -> None:
        """For whoever has it, after `hold`."""
        self.hold()
        if self._session is not None:
            self._session.close()

    def _ask(
        self,
        method: str,
        path: str,
        body: "_Sent | None",
        token: str | None,
        read: "Callable[[requests.Response, bytes], Found]",
        wait: float = 0,
    ) -> Found:
        from erp_desktop.sync.connections import CONNECTION_ERRORS, watched_session

        self._sockets.refuse_while_held()
        centre = self._centre().rstrip("/")
        if self._session is None:
            self._session = watched_session(self._sockets.add)
        headers = {"Accept": f"{_JSON}, {_BYTES}", "Accept-Encoding": "zstd, gzip"}
        if body is not None:
            headers["Content-Type"] = body.content_type
            if body.digest:
                headers["Content-Digest"] = body.digest
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._session.trust_env = not _is_this_computer(centre)  # no proxy stands between a desk and its own centre
        answer_seconds = self._timing.answer + wait
        # requests bounds each read, not their sum, so a watch of our own pulls the plug: first on the head, then on the body
        watch = self._watch(answer_seconds)
        try:
            self._sockets.refuse_while_held()
            with self._session.request(
                method,
                centre + path,
                data=None if body is None else body.data,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(self._timing.connect, answer_seconds),
            ) as response:
                watch.cancel()
                watch = self._watch(self._timing.body)
                return read(response, _body(response))
        except CONNECTION_ERRORS as error:
            raise NoAnswer(f"{type(error).__name__}: {error}") from error
        finally:
            watch.cancel()

    def _watch(self, seconds: float) -> threading.Timer:
        watch = threading.Timer(seconds, self._sockets.shut)
        watch.daemon = True
        watch.start()
        return watch


def _body(response: "requests.Response") -> bytes:
    """The bytes as they came, still packed."""
    chunks, count, started = [], 0, time.monotonic()
    while True:
        chunk = response.raw.read1(_CHUNK, decode_content=False)
        if not chunk:
            break
        chunks.append(chunk)
        count += len(chunk)
        seconds = time.monotonic() - started
        if seconds > _RATE_COUNTS_AFTER and count < seconds * SLOWEST_BYTES_A_SECOND:
            raise NoAnswer("the answer came too slowly")
        if count > LARGEST_BODY:
            raise NoAnswer("the answer is too large")
    return b"".join(chunks)


def _checked(response: "requests.Response", raw: bytes, kind: type[Reply]) -> Reply:
    body = _checked_bytes(response, raw, _JSON)
    if not body.rstrip().endswith(b'"end":true}'):
        raise NoAnswer("the answer was cut short")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise NoAnswer(f"an answer of another shape: {error}") from error


def _checked_bytes(response: "requests.Response", raw: bytes, wanted: str = _BYTES) -> bytes:
    """The body, whole by its digest. Raises Answered for a problem of the conversation, NoAnswer for whatever is not the
    centre's answer as it was sent."""
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    retry_after = _seconds(response.headers.get("Retry-After"))
    if content_type == "application/problem+json" and response.status_code >= 400:
        body = _unpacked(response, raw)
        if "Content-Digest" in response.headers:  # a proxy's own problem has none, nor has that of an older centre
            _check_digest(response, raw, body)
        try:
            problem = msgspec.json.decode(body, type=wire.WireProblem)
        except msgspec.MsgspecError as error:
            raise NoAnswer("a problem that cannot be read", retry_after) from error
        if problem.status in (408, 429) or problem.status >= 500:
            raise NoAnswer(str(Answered(problem)), problem.retry_after or retry_after, problem.code)
        raise Answered(problem)
    if response.status_code != 200 or content_type != wanted:
        raise NoAnswer(f"not the centre's answer: {response.status_code} {content_type}", retry_after)
    body = _unpacked(response, raw)
    _check_digest(response, raw, body)
    return body


def _check_digest(response: "requests.Response", raw: bytes, body: bytes) -> None:
    digests = wire.digests_in(response.headers.get("Content-Digest", ""))
    if (
        wire.body_digest(raw) not in digests and wire.body_digest(body) not in digests
    ):  # a proxy may pack what came plain
        raise NoAnswer("the answer's digest is wrong")


def _unpacked(response: "requests.Response", raw: bytes) -> bytes:
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding in ("", "identity"):
        return raw
    try:
        if coding == "zstd":
            body = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(raw).read(LARGEST_BODY + 1)
        elif coding == "gzip":
            unpacking = zlib.decompressobj(wbits=31)
            body = unpacking.decompress(raw, LARGEST_BODY + 1)
            if not unpacking.eof and len(body) <= LARGEST_BODY:
                raise NoAnswer("the answer was cut short")
        else:
            raise NoAnswer(f"packed in a way that was not asked for: {coding}")
    except (zstandard.ZstdError, zlib.error) as error:
        raise NoAnswer(f"the answer cannot be unpacked: {error}") from error
    if len(body) > LARGEST_BODY:
        raise NoAnswer("the answer is too large")
    return body


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds; its date form is rare, and our own pause does as well."""
    return float(header) if header is not None and header.strip().isdigit() else None


def _is_this_computer(centre: str) -> bool:
    return urlsplit(centre).hostname in ("127.0.0.1", "localhost", "::1")


class _Sockets:
    """The open connections of a transport, so that another thread can cut them."""

    def __init__(self) -> None:
        self._open: list[socket.socket] = []
        self._guard = threading.Lock()
        self._is_held = False

    def refuse_while_held(self) -> None:
        if self._is_held:
            raise NoAnswer("held")

    def let_go(self) -> None:
        self._is_held = False

    def add(self, opened: Any) -> None:
        with self._guard:
            self._open = [known for known in self._open if known.fileno() != -1]
            self._open.append(opened)
        if self._is_held:  # it was being opened while the others were shut
            self.shut()

    def shut(self, *, hold: bool = False) -> None:
        self._is_held = self._is_held or hold
        with self._guard:
            for known in self._open:
                with suppress(OSError):  # closed already
                    known.shutdown(socket.SHUT_RDWR)
