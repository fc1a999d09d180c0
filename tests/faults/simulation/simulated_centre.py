"""A centre without sockets and threads: the real service, asked on the caller's thread; and the time that all agree on."""

import asyncio
import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit
from uuid import UUID

import anyio.to_thread
from requests.structures import CaseInsensitiveDict
from simulated_database import Database
from sqlalchemy import update

from erp_desktop import failpoints, ids, wire
from erp_desktop.central import changes, performing
from erp_desktop.central.backing_up import write_backup
from erp_desktop.central.replacing import replace_books
from erp_desktop.central.restoring import note_restore
from erp_desktop.central.service import Service
from erp_desktop.models.sync import CompanyClock
from erp_desktop.sync import outbox

ROWS_PER_PAGE = 60  # so that a pull takes several pages
ACTIONS_PER_PUSH = 7  # and a full outbox several pushes
ACTIONS_PER_COMMIT = 4  # of which the centre may commit the first part and die before the second
BEGINNING = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)


class Killed(BaseException):
    """The program was ended at a failpoint. No handler of the product stops it."""


class Time:
    """What every clock shows, in a world that is repeated to the last id from its seed."""

    def __init__(self, seed: int) -> None:
        self.now = BEGINNING
        self.offset = timedelta()  # by how much the clock of the desk that acts is wrong
        self._random = random.Random(seed)

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @contextmanager
    def rules(self) -> Iterator[None]:
        """In this block the world is small, has one thread, and makes the same ids each time."""
        time = self

        class DeskClock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return time.now + time.offset

        class Seeded:
            @staticmethod
            def urandom(size: int) -> bytes:
                return time._random.randbytes(size)

            @staticmethod
            def time_ns() -> int:
                time.pass_by(0.001)
                return int((time.now + time.offset).timestamp() * 1e9)

        async def here(work: Callable[..., Any], *args: Any, **_limits: Any) -> Any:
            return work(*args)

        with (
            patch.object(outbox, "datetime", DeskClock),
            patch.object(ids, "os", Seeded),
            patch.object(ids, "time", Seeded),
            patch.object(anyio.to_thread, "run_sync", here),
            patch.object(changes, "MAX_ROWS_PER_PULL", ROWS_PER_PAGE),
            patch.object(wire, "MAX_ACTIONS_PER_PUSH", ACTIONS_PER_PUSH),
            patch.object(performing, "ACTIONS_PER_TRANSACTION", ACTIONS_PER_COMMIT),
        ):
            yield


@dataclass
class Reply:
    """An answer as `requests` would give it, and its bytes as they came."""

    status_code: int
    headers: CaseInsensitiveDict[str]
    raw: bytes

    def copy(self, **changed: Any) -> "Reply":
        return Reply(**{"status_code": self.status_code, "headers": self.headers.copy(), "raw": self.raw, **changed})


class SimulatedCentre:
    """One worker at a time on one database. A worker that was killed is followed by a new one."""

    def __init__(self, database: Database, time: Time) -> None:
        self.database = database
        self.engine = database.engine
        self._time = time
        self._loop = asyncio.new_event_loop()
        self.workers_killed = 0
        self._start()

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes, dies_at: tuple[str, int] | None = None
    ) -> Reply | None:
        """What the service answers. `dies_at`: the failpoint, and how often it is passed, where the worker is killed; then
        there is no answer."""
        before, failpoints.listener = failpoints.listener, None
        if dies_at is not None:
            failpoints.listener = _Executioner(*dies_at)
        try:
            return self._loop.run_until_complete(self._asked(method, path, headers, body))
        except Killed:
            self._dies()
            return None
        finally:
            failpoints.listener = before

    def back_up(self, file: Path) -> None:
        """All that is committed now: as the program does it, into `file`, and as a copy of the database. PostgreSQL copies only
        what nobody is connected to."""
        with file.open("wb") as backup:
            write_backup(self.engine, backup)
        if self.engine.dialect.name == "postgresql":
            self._stop()
            self.database.back_up()
            self._start()
        else:
            self.database.back_up()

    def put_back(self, made_at: datetime) -> None:
        """As an administrator restores a backup: nothing that was committed since is there any more, on a new timeline."""
        self._stop()
        self.database.put_back()
        with self.engine.begin() as connection:
            connection.execute(update(CompanyClock).values(epoch=ids.new_id()))
            note_restore(connection, made_at)
        self._start()

    def restore(self, file: Path, company_id: UUID, *, is_killed: bool) -> bool:
        """As an administrator does it from the window, while all goes on. `is_killed`: the worker, just before the commit.
        Answers whether the centre is as it was then."""
        before, failpoints.listener = failpoints.listener, _Executioner(failpoints.RESTORE, 1) if is_killed else None
        try:
            replace_books(file, self.engine)
        except Killed:
            self._dies()
            return False
        finally:
            failpoints.listener = before
        self.service.restores._when_done(company_id)
        return True

    def close(self) -> None:
        self._stop()
        self._loop.close()
        self.database.close()

    def _dies(self) -> None:
        self.workers_killed += 1
        self._stop()
        self._start()

    def _start(self) -> None:
        self.service = Service(self.engine)
        self.service.centre.clock = lambda: self._time.now
        self._lifespan = AsyncExitStack()
        context = self.service.app.router.lifespan_context(self.service.app)
        self._loop.run_until_complete(self._lifespan.enter_async_context(context))

    def _stop(self) -> None:
        self._loop.run_until_complete(self._lifespan.aclose())

    async def _asked(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": urlsplit(path).path,
            "raw_path": path.encode(),
            "query_string": urlsplit(path).query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("centre", 80),
        }
        incoming = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> dict[str, Any]:
            return next(incoming, {"type": "http.disconnect"})

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.service.app(scope, receive, send)
        head = sent[0]
        return Reply(
            head["status"],
            CaseInsensitiveDict({name.decode(): value.decode() for name, value in head["headers"]}),
            b"".join(message.get("body", b"") for message in sent[1:]),
        )


class _Executioner:
    """Ends the program when it comes to a failpoint for the `nth` time."""

    def __init__(self, point: str, nth: int) -> None:
        self._point, self._left = point, nth

    def __call__(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                raise Killed(point)


def seed_of(*parts: object) -> int:
    """A number that follows from what was drawn, the same in every run."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8], "big")
