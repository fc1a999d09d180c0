"""Looking for news for all the desks that ask at the same moment: after a commit every desk of a company does.

Who asks while one round is read is in the next. A round has one snapshot: who everybody is, the clock and what is new are read
once in it, and desks that see the same and were as far get the same bytes. Here: rounds. Not here: what a desk that asks alone
is answered (changes.py), waiting until there is something new (waking.py).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Engine

from erp_desktop.central.accounts import AccessToken, readers
from erp_desktop.central.changes import Changes, Cursor, Reader
from erp_desktop.central.http import Packed, packed
from erp_desktop.central.moment import CursorGone, Moment
from erp_desktop.database import reader
from erp_desktop.wire import PullReply

MOST_IN_A_ROUND = 128
TICKS_READ_FOR_ALL = (
    500  # of answers to what desks pushed; for a desk that is further behind they are read by its device
)


@dataclass(frozen=True)
class Asked:
    """One desk's question for news, as it stands in its request; its token is signed by us."""

    token: AccessToken
    cursor: str | None
    max_rows: int
    schema_revision: int  # the newest that both know
    encoding: str  # in which it takes an answer
    is_last: bool  # it is answered even if nothing is new


@dataclass(frozen=True)
class Look:
    """What there is for a desk: everything up to `tick`, if it `is_complete`. `body` None: nothing, and it can wait on."""

    company_id: UUID
    tick: int
    is_complete: bool
    body: Packed | None


Outcome = Look | Exception | None  # None: this desk has to be looked for alone
RunInThread = Callable[[Callable[[], list[Outcome]]], Awaitable[list[Outcome]]]


class Looks:
    """One worker's rounds, of each company one after the other. Lives in one event loop."""

    def __init__(
        self,
        engine: Engine,
        changes: Changes,
        saw: Callable[[Reader, Look], None],
        measured: Callable[[float], None],
        run_in_thread: RunInThread,
    ) -> None:
        """`saw` is called in threads with what each desk gets, and `measured` with the seconds that it took to find out."""
        self._reader = reader(engine)
        self._changes = changes
        self._saw = saw
        self._measured = measured
        self._run_in_thread = run_in_thread
        self._waiting: dict[UUID, list[tuple[Asked, asyncio.Future[Outcome]]]] = {}
        self._rounds: dict[UUID, asyncio.Task[None]] = {}

    async def look(self, asked: Asked) -> Look | None:
        """In the next round. None where it has to be looked alone. Raises SignInRefused, CursorGone, and what a database
        raises."""
        company_id = asked.token.company_id
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(company_id, []).append((asked, future))
        if company_id not in self._rounds:
            self._rounds[company_id] = asyncio.create_task(self._go_round(company_id))
        outcome = await future
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _go_round(self, company_id: UUID) -> None:
        waiting = self._waiting[company_id]
        together: list[tuple[Asked, asyncio.Future[Outcome]]] = []
        try:
            while waiting:
                together, waiting[:] = waiting[:MOST_IN_A_ROUND], waiting[MOST_IN_A_ROUND:]
                everybody = [asked for asked, _ in together]
                try:
                    outcomes = await self._run_in_thread(lambda everybody=everybody: self._round(company_id, everybody))  # type: ignore[misc]
                except Exception as error:  # no thread is to be had: they are told, and who asks next gets a round
                    outcomes = [error] * len(together)
                for (_, future), outcome in zip(together, outcomes, strict=True):
                    if not future.done():  # else who asked has gone
                        future.set_result(outcome)
        finally:
            for _, future in together + waiting:  # those that are left are left because the service ends
                future.cancel()
            del self._rounds[company_id], self._waiting[company_id]

    def _round(self, company_id: UUID, together: Sequence[Asked]) -> list[Outcome]:
        """In a thread: of each its outcome, in their order."""
        began = time.perf_counter()
        try:
            with self._reader.begin() as connection:
                people = readers(connection, company_id, [asked.token for asked in together])
                answers = _Answers(self._changes, Moment(connection, company_id), together)
                outcomes = [
                    answers.to(who, asked) if isinstance(who, Reader) else who
                    for who, asked in zip(people, together, strict=True)
                ]
        except Exception as error:
            return [error] * len(together)
        for who, outcome in zip(people, outcomes, strict=True):
            if isinstance(who, Reader) and isinstance(outcome, Look):
                self._saw(who, outcome)
                self._measured(time.perf_counter() - began)
        return outcomes


class _Answers:
    """Of one round: what several desks get is put together and packed once."""

    def __init__(self, changes: Changes, now: Moment, together: Sequence[Asked]) -> None:
        self._changes = changes
        self._now = now
        self._cursors = {
            text: _cursor(changes, text) for text in {asked.cursor for asked in together} if text is not None
        }
        self._replies: dict[Hashable, PullReply | None] = {}
        self._bodies: dict[Hashable, Packed] = {}
        cursors = [cursor for cursor in self._cursors.values() if isinstance(cursor, Cursor)]
        now.read_nonces([now.tick, *(cursor.tick for cursor in cursors)])
        near = [cursor.acks_after for cursor in cursors if now.tick - cursor.acks_after <= TICKS_READ_FOR_ALL]
        now.read_acks(min(near, default=now.tick))

    def to(self, who: Reader, asked: Asked) -> Outcome:
        if asked.cursor is None:
            return None
        cursor = self._cursors[asked.cursor]
        if isinstance(cursor, CursorGone):
            return cursor
        who = replace(who, schema_revision=asked.schema_revision)
        same = (who.permissions, who.schema_revision, who.warehouses, asked.cursor, asked.max_rows)
        has_acks = any(
            self._now.acks((device_id, who.user_id), cursor.acks_after, self._now.tick)
            for device_id in (who.device_id, *who.copies)
        )
        kept_as: Hashable = (*same, (who.device_id, who.user_id) if has_acks else None)
        try:
            if kept_as not in self._replies:
                self._replies[kept_as] = self._changes.answer(self._now, who, cursor, asked.max_rows, at_once=True)
        except CursorGone as gone:
            return gone
        reply = self._replies[kept_as]
        if reply is None:
            return None
        has_news = reply.pages or reply.acks or not reply.complete
        body = self._body(kept_as, reply, asked.encoding) if has_news or asked.is_last else None
        return Look(who.company_id, reply.tick, reply.complete, body)

    def _body(self, kept_as: Hashable, reply: PullReply, encoding: str) -> Packed:
        if (kept_as, encoding) not in self._bodies:
            self._bodies[(kept_as, encoding)] = packed(reply, encoding)
        return self._bodies[(kept_as, encoding)]


def _cursor(changes: Changes, text: str) -> Cursor | CursorGone:
    try:
        cursor = changes.cursor(text)
        assert cursor is not None
        return cursor
    except CursorGone as gone:
        return gone
