"""Waiting for news of a company: woken at once by a commit in this process or by what another worker tells of its own
(notifying.py), and at the latest a second after any other.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_BETWEEN_LOOKS_WHEN_TOLD = 0.02  # however often others tell
# several times what its question keeps this worker busy: who is woken again and again leaves room for who pushes
SECONDS_A_WOKEN_DESK = 0.004
SECONDS_A_WOKEN_DESK_AGAIN = 0.008  # where news come faster than that, one look takes in more of them
LONGEST_SECONDS_BETWEEN_WAKES = 1.0

ReadTick = Callable[[UUID], Awaitable[int]]


class Wakeups:
    """Who waits for which company. Lives in one event loop; `committed` and `heard` may be called from other threads.

    Who is alone is woken at once; of many, each wake gives the worker the time to answer them all before the next one, so that
    those who act are not kept waiting by those who look on. However many desks wait, the clock of a company is read once a
    second, and only while somebody waits for it or another worker says that it has moved.
    """

    def __init__(self, read_tick: ReadTick) -> None:
        self._read_tick = read_tick
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticks: dict[UUID, int] = {}
        self._waiting: dict[UUID, dict[asyncio.Future[None], int]] = {}  # each with the tick that it has
        self._told: dict[UUID, asyncio.Event] = {}  # of the companies that somebody has waited for
        self._lookers: dict[UUID, asyncio.Task[None]] = {}
        # by the loop's clock; until then nobody of the company is woken again
        self._quiet_until: dict[UUID, float] = {}
        self._to_wake: dict[UUID, asyncio.TimerHandle] = {}
        self._woken_for: dict[UUID, int] = {}  # the tick of the last wake
        self.is_closed = False
        self.woken = 0  # desks, since the start

    @property
    def waiting(self) -> int:
        """How many desks wait for news now."""
        return sum(len(waiting) for waiting in list(self._waiting.values()))

    def known_tick(self, company_id: UUID) -> int:
        """How far this worker knows the company's clock to be; somewhat behind what other workers do."""
        return self._ticks.get(company_id, 0)

    def has_news_soon_enough(self, company_id: UUID, tick: int) -> bool:
        """Whether a desk that has got as far as `tick` loses nothing by waiting: nothing newer is known here, or it has just
        been woken, and what is newer comes with the next wake, which is due in a moment."""
        known = self.known_tick(company_id)
        return tick == known or (self._is_quiet(company_id) and self._woken_for.get(company_id, known) <= tick < known)

    def read(self, company_id: UUID, tick: int, known_before: int) -> None:
        """The clock was read after `known_before` was known of it. If it has gone back, the database is another by now (a
        backup, a replica that took over), and who waits would be woken again and again for ticks that never were."""
        if tick < known_before:
            self._ticks[company_id] = min(tick, self.known_tick(company_id))

    def start(self) -> None:
        """Called in the loop that desks will wait in."""
        self._loop = asyncio.get_running_loop()

    def committed(self, company_id: UUID, tick: int) -> None:
        """A transaction of this process moved the clock; safe from any thread, also before start and after close."""
        self._in_loop(lambda: self._moved(company_id, tick))

    def heard(self, company_id: UUID) -> None:
        """Another worker says that it moved the clock; taken as a hint to look. Safe from any thread, as `committed`."""
        self._in_loop(lambda: self._look_soon(company_id))

    def begins_anew(self, company_id: UUID) -> None:
        """The company's clock goes another way now (a backup was restored): nobody who waits will see what they wait for. In
        the loop."""
        self._wake(company_id)

    async def news(self, company_id: UUID, after: int, seconds: float) -> None:
        """Returns once the company's clock is past `after`, or `seconds` have gone, or the service stops."""
        loop = asyncio.get_running_loop()
        if self.is_closed or (self.known_tick(company_id) > after and not self._is_quiet(company_id)):
            return
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(company_id, {})[future] = after
        self._told.setdefault(company_id, asyncio.Event())
        self._keep_looking(company_id)
        if self.known_tick(company_id) > after:
            self._wake_when_due(company_id)
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            pass
        finally:
            self._waiting[company_id].pop(future, None)

    async def close(self) -> None:
        """Everybody who waits is answered now, and nobody waits from now on."""
        self.is_closed = True
        for company_id in list(self._waiting):
            self._wake(company_id)
        for timer in self._to_wake.values():
            timer.cancel()
        for looker in self._lookers.values():
            looker.cancel()
        await asyncio.gather(*self._lookers.values(), return_exceptions=True)

    def _in_loop(self, what: Callable[[], None]) -> None:
        loop = self._loop
        if loop is not None and not self.is_closed:
            try:
                loop.call_soon_threadsafe(what)
            except RuntimeError:  # the loop closed in between: nobody waits any more
                self._loop = None

    def _look_soon(self, company_id: UUID) -> None:
        if company_id in self._told and not self.is_closed:
            self._told[company_id].set()
            self._keep_looking(company_id)  # who has just read the clock and begins to wait must find it moved

    def _keep_looking(self, company_id: UUID) -> None:
        if company_id not in self._lookers:
            self._lookers[company_id] = asyncio.create_task(self._look(company_id))

    async def _look(self, company_id: UUID) -> None:
        told = self._told[company_id]
        try:
            while self._waiting[company_id] or told.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(told.wait(), SECONDS_BETWEEN_LOOKS)
                told.clear()
                with suppress(Exception):  # the database is away for a moment; who waits finds out when asking again
                    known = self.known_tick(company_id)
                    tick = await self._read_tick(company_id)
                    self.read(company_id, tick, known)
                    self._moved(company_id, tick)
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS_WHEN_TOLD)
        finally:
            del self._lookers[company_id]

    def _moved(self, company_id: UUID, tick: int) -> None:
        if tick > self.known_tick(company_id):
            self._ticks[company_id] = tick
            self._wake_when_due(company_id)

    def _is_quiet(self, company_id: UUID) -> bool:
        return asyncio.get_running_loop().time() < self._quiet_until.get(company_id, 0.0)

    def _wake_when_due(self, company_id: UUID) -> None:
        if not self._is_quiet(company_id):
            self._wake(company_id, self._ticks[company_id])
        elif company_id not in self._to_wake and not self.is_closed:
            loop = asyncio.get_running_loop()
            self._to_wake[company_id] = loop.call_at(self._quiet_until[company_id], self._wake_now, company_id)

    def _wake_now(self, company_id: UUID) -> None:
        del self._to_wake[company_id]
        self._wake(company_id, self._ticks[company_id], SECONDS_A_WOKEN_DESK_AGAIN)

    def _wake(self, company_id: UUID, tick: int | None = None, seconds_a_desk: float = SECONDS_A_WOKEN_DESK) -> None:
        """Those who have not got as far as `tick`; everybody without it."""
        self._woken_for[company_id] = self.known_tick(company_id)
        woken = 0
        for future, after in self._waiting.get(company_id, {}).items():
            if not future.done() and (tick is None or tick > after):
                future.set_result(None)
                woken += 1
        self.woken += woken
        pause = min(woken * seconds_a_desk, LONGEST_SECONDS_BETWEEN_WAKES)
        self._quiet_until[company_id] = asyncio.get_running_loop().time() + pause
