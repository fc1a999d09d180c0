"""Many desks in one process: the wire of a real desk and its rules (outbox, cursor, acknowledgement), without its cache.

Answers are checked as `erp_desktop.sync.transport` checks them: type, digest, end mark. What a real desk does besides is to
write the rows, which `benchmarks.sync` measures with real ones.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from erp_desktop import wire
from erp_desktop.ids import new_id
from erp_desktop.sync import transport

Reply = TypeVar("Reply", bound=msgspec.Struct)

SECONDS_BETWEEN_TRIES = 0.5


@dataclass
class CrowdDesk:
    """One desk. `sent` and `seen` are called with what it did, for whoever measures."""

    url: str
    company: str
    login: str
    password: str
    on_pull: Callable[["CrowdDesk", wire.PullReply, float], None] = lambda *_: None
    on_push: Callable[["CrowdDesk", float], None] = lambda *_: None
    device_id: UUID = field(default_factory=new_id)
    token: str = ""
    cursor: str | None = None
    tick: int = 0
    rows: int = 0
    bytes: int = 0
    tries_again: int = 0
    seqs: Iterator[int] = field(
        default_factory=lambda: itertools.count(1)
    )  # of its actions, as its outbox would number them
    outbox: dict[UUID, wire.PushedAction] = field(default_factory=dict)
    refused: list[dict[str, Any] | None] = field(default_factory=list)
    _lines: list["_Line"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines = [_Line(self.url), _Line(self.url)]  # one to send, one to listen, as the real engine has

    async def sign_in(self) -> None:
        request = wire.LoginRequest(
            company=self.company,
            login=self.login,
            password=self.password,
            device_id=self.device_id,
            device_name="benchmark",
        )
        self.token = (await self._lines[0].ask("/v1/auth/login", request, wire.Session)).access_token

    async def begin_at(self, other: "CrowdDesk") -> None:
        """Go on from where `other` is, instead of filling a cache."""
        self.cursor, self.tick = other.cursor, other.tick

    async def fill(self) -> None:
        """Read everything once, as a pull from the beginning; keeps nothing but the cursor."""
        while not (await self.pull(0)).complete:
            pass

    async def pull(self, wait: int) -> wire.PullReply:
        request = wire.PullRequest(
            device_id=self.device_id, schema_revision=wire.SCHEMA_REVISION, cursor=self.cursor, wait=wait
        )
        asked = time.perf_counter()
        reply = await self._lines[1].ask("/v1/sync/pull", request, wire.PullReply, self.token)
        took = time.perf_counter() - asked
        self.bytes += self._lines[1].last_size
        self.cursor, self.tick = reply.cursor, reply.tick
        self.rows += sum(len(page.values[0]) if page.values else len(page.gone) for page in reply.pages)
        for ack in reply.acks:
            self.outbox.pop(ack.id, None)
            if ack.outcome != "applied":
                self.refused.append(ack.problem)
        self.on_pull(self, reply, took)
        return reply

    async def push(self, actions: Sequence[wire.PushedAction]) -> None:
        """Until the centre has answered each; they leave the outbox when a pull acknowledges them."""
        request = wire.PushRequest(
            device_id=self.device_id,
            schema_revision=wire.SCHEMA_REVISION,
            actions=list(actions),
            cursor=self.cursor,
        )
        while True:
            asked = time.perf_counter()
            try:
                reply = await self._lines[0].ask("/v1/sync/push", request, wire.PushReply, self.token)
            except transport.NoAnswer as error:
                self.tries_again += 1
                await asyncio.sleep(error.retry_after or SECONDS_BETWEEN_TRIES)
                continue
            self.on_push(self, time.perf_counter() - asked)
            assert len(reply.results) == len(actions)
            return

    async def listen(self) -> None:
        """Wait for news for ever, as a desk does."""
        while True:
            try:
                await self.pull(wire.LONGEST_WAIT_SECONDS)
            except transport.NoAnswer as error:
                self.tries_again += 1
                await asyncio.sleep(error.retry_after or SECONDS_BETWEEN_TRIES)

    async def drain(self) -> None:
        """Send what waits, and pull until all of it is acknowledged."""
        waiting = list(self.outbox.values())
        for start in range(0, len(waiting), wire.MAX_ACTIONS_PER_PUSH):
            await self.push(waiting[start : start + wire.MAX_ACTIONS_PER_PUSH])
        while self.outbox:
            try:
                await self.pull(0)
            except transport.NoAnswer as error:
                self.tries_again += 1
                await asyncio.sleep(error.retry_after or SECONDS_BETWEEN_TRIES)

    def close(self) -> None:
        for line in self._lines:
            line.close()


class _Line:
    """One connection of HTTP/1.1 that is kept."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.last_size = 0

    async def ask(self, path: str, message: msgspec.Struct, kind: type[Reply], token: str = "") -> Reply:
        """Raises NoAnswer, Answered, as the real transport does."""
        body = wire.encode(message)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nAccept: application/json\r\nAccept-Encoding: zstd, gzip\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        )
        if token:
            head += f"Authorization: Bearer {token}\r\n"
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection(self._host, self._port, limit=2**20)
            reader, writer = self._streams
            writer.write(head.encode() + b"\r\n" + body)
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            named = (line.partition(":") for line in lines if line)
            headers = {name.title(): value.strip() for name, _, value in named}
            raw = await reader.readexactly(int(headers.get("Content-Length", "0")))
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            raise transport.NoAnswer(f"{type(error).__name__}: {error}") from error
        self.last_size = len(raw)
        response: Any = SimpleNamespace(status_code=int(first.split(" ")[1]), headers=headers)
        return transport._checked(response, raw, kind)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def signed_in(desks: Sequence[CrowdDesk], at_once: int = 4) -> None:
    """Sign `desks` in, and let them begin where the first of them is when it has read everything."""
    gate = asyncio.Semaphore(at_once)

    async def one(desk: CrowdDesk) -> None:
        async with gate:
            await desk.sign_in()

    await asyncio.gather(*(one(desk) for desk in desks))
    await desks[0].fill()
    for desk in desks[1:]:
        await desk.begin_at(desks[0])
