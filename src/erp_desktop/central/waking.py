"""Waiting for news of a company: woken at once by a commit in this process, and at the latest a second after any other."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

SECONDS_BETWEEN_LOOKS = 1.0

ReadTick = Callable[[UUID], Awaitable[int]]


class Wakeups:
    """Who waits for which company. Lives in one event loop; only `committed` may be called from other threads.

    However many desks wait, the clock of a company is read once a second, and only while somebody waits for it.
    """

    def __init__(self, read_tick: ReadTick) -> None:
        self._read_tick = read_tick
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticks: dict[UUID, int] = {}
        self._waiting: dict[UUID, set[asyncio.Future[None]]] = {}
        self._lookers: dict[UUID, asyncio.Task[None]] = {}
        self.is_closed = False

    def start(self) -> None:
        """Called in the loop that desks will wait in."""
        self._loop = asyncio.get_running_loop()

    def committed(self, company_id: UUID, tick: int) -> None:
        """A transaction of this process moved the clock; safe from any thread, also before start and after close."""
        loop = self._loop
        if loop is not None and not self.is_closed:
            try:
                loop.call_soon_threadsafe(self._moved, company_id, tick)
            except RuntimeError:  # the loop closed in between: nobody waits any more
                self._loop = None

    async def news(self, company_id: UUID, after: int, seconds: float) -> None:
        """Returns once the company's clock is past `after`, or `seconds` have gone, or the service stops."""
        if self.is_closed or self._ticks.get(company_id, 0) > after:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(company_id, set()).add(future)
        if company_id not in self._lookers:
            self._lookers[company_id] = asyncio.create_task(self._look(company_id))
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            pass
        finally:
            self._waiting[company_id].discard(future)

    async def close(self) -> None:
        """Everybody who waits is answered now, and nobody waits from now on."""
        self.is_closed = True
        for company_id in list(self._waiting):
            self._wake(company_id)
        for looker in self._lookers.values():
            looker.cancel()
        await asyncio.gather(*self._lookers.values(), return_exceptions=True)

    async def _look(self, company_id: UUID) -> None:
        try:
            while self._waiting[company_id]:
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
                try:
                    tick = await self._read_tick(company_id)
                except Exception:
                    continue  # the database is away for a moment; who waits finds out when asking again
                self._moved(company_id, tick)
        finally:
            del self._lookers[company_id]

    def _moved(self, company_id: UUID, tick: int) -> None:
        if tick > self._ticks.get(company_id, 0):
            self._ticks[company_id] = tick
            self._wake(company_id)

    def _wake(self, company_id: UUID) -> None:
        for future in self._waiting.get(company_id, ()):
            if not future.done():
                future.set_result(None)
