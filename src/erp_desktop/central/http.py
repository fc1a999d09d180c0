"""Bodies in and out: limits, shapes, digests, compression, and errors as problem+json (RFC 9457).

Here: HTTP as wire.py wants it. Not here: what is asked and answered (service.py).
"""

import asyncio
import gzip
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import zstandard
from fastapi import Request, Response

from erp_desktop.wire import WireProblem, body_digest, encode

Message = TypeVar("Message", bound=msgspec.Struct)

WORTH_COMPRESSING_BYTES = 1_024
SECONDS_FOR_A_BODY = 120.0  # 4 KiB a second for the largest push
DRAINED_BYTES = 8 * 1024 * 1024  # of a body that is too large anyway: read away, so that the refusal is received


class WireError(Exception):
    """Ends a request with a problem."""

    def __init__(self, status: int, code: str, title: str, **more: Any) -> None:
        super().__init__(f"{status} {code}")
        self.problem = WireProblem(title=title, status=status, code=code, **more)


def problem_response(problem: WireProblem) -> Response:
    body = encode(problem)
    headers = {"Content-Digest": body_digest(body)}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    return Response(body, problem.status, headers, media_type="application/problem+json")


@dataclass(frozen=True)
class Packed:
    """A whole answer as it travels; the same one may go to many."""

    body: bytes
    headers: dict[str, str]

    def response(self) -> Response:
        return Response(self.body, 200, self.headers, media_type="application/json")


def message_response(request: Request, message: msgspec.Struct) -> Response:
    return packed(message, encoding_for(request)).response()


def packed(message: msgspec.Struct, encoding: str) -> Packed:
    """JSON that ends with `end`, compressed where it is worth it, with the digest of what travels."""
    body = encode(message)
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if len(body) > WORTH_COMPRESSING_BYTES and encoding:
        headers["Content-Encoding"] = encoding
        if encoding == "zstd":
            body = zstandard.ZstdCompressor(level=3).compress(body)
        else:
            body = gzip.compress(body, compresslevel=5, mtime=0)
    headers["Content-Digest"] = body_digest(body)
    return Packed(body, headers)


def encoding_for(request: Request) -> str:
    """The best one that whoever asks can unpack: zstd, gzip, or none."""
    accepted = accepted_encodings(request.headers.get("accept-encoding", ""))
    return next((encoding for encoding in ("zstd", "gzip") if encoding in accepted), "")


def accepted_encodings(header: str) -> set[str]:
    """What a client says it can unpack; one with a weight of zero is one that it cannot."""
    accepted = set()
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        if weight.strip().removeprefix("q=").rstrip("0").rstrip(".") or not weight:
            accepted.add(name.strip())
    return accepted


def sender_of(request: Request) -> str:
    """The network address that the request comes from; what a trusted proxy says, where there is one."""
    return request.client.host if request.client is not None else ""


async def read_message(request: Request, kind: type[Message], limit: int) -> Message:
    """The request's body as a message. Raises WireError: too_large (over `limit` bytes), too_slow, malformed."""
    body = await read_body(request, limit)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(422, "malformed", "This is not a message of this kind.", detail=str(error)[:300]) from None


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body. Raises WireError: too_large (over `limit` bytes), too_slow, malformed (packed)."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise WireError(415, "malformed", "Requests are sent uncompressed.")
    announced = request.headers.get("content-length", "0")
    is_too_large = announced.isdigit() and int(announced) > limit
    body, received = bytearray(), 0
    if not (is_too_large and int(announced) > DRAINED_BYTES):
        try:
            async with asyncio.timeout(SECONDS_FOR_A_BODY):
                async for chunk in request.stream():
                    received += len(chunk)
                    is_too_large = is_too_large or received > limit
                    if received > DRAINED_BYTES:
                        break
                    if not is_too_large:
                        body += chunk
        except TimeoutError:
            raise WireError(408, "too_slow", "The request did not come whole in time.") from None
    if is_too_large:
        raise WireError(413, "too_large", f"A request holds at most {limit} bytes.")
    return bytes(body)
