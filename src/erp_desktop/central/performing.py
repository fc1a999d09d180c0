"""Performing actions with authority: one company, one strict order (architecture.md, fourth idea).

Whoever holds a company's clock row performs. Callers that arrive meanwhile queue in this process, and the next one to
get through takes the whole queue along in one transaction: one commit, one fsync.
Here: queues, transactions, retries, opening a company. Not here: what happens within a transaction (turn.py), HTTP, who is
signed in.
"""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from erp_desktop import failpoints
from erp_desktop.actions.base import Action, action_args
from erp_desktop.actions.gathering import let_gather
from erp_desktop.actions.opening import OpenCompany
from erp_desktop.actions.performing import AgainstTheRules, rule_of
from erp_desktop.actions.refusals import Problem
from erp_desktop.actions.remembering import let_remember
from erp_desktop.central.accounts import hash_password, keep_password
from erp_desktop.central.moment import SeenUpTo
from erp_desktop.central.statistics import GrowingStatistics
from erp_desktop.central.turn import Clock, LastSeen, NotSmooth, Sent, Turn, UnknownCompany
from erp_desktop.database import pipelined, writer
from erp_desktop.ids import new_id
from erp_desktop.models.company import Company
from erp_desktop.models.sync import CompanyClock
from erp_desktop.wire import PushedAction, PushResult

log = logging.getLogger(__name__)

ACTIONS_PER_TRANSACTION = 100
TRIES = 6
WORTH_RETRYING = ("40001", "40P01", "55P03")  # serialisation failure, deadlock, lock not available

CommitListener = Callable[[UUID, int], None]


class CodeInUse(ValueError):
    """Another company of this centre has this code; people sign in by it."""


class NotOpened(ValueError):
    """The company could not be opened; the text is the business sentence."""


class Busy(RuntimeError):
    """The database cannot take it now (down, full, overloaded). Nothing was done; the same push may come again."""


@dataclass
class _Push:
    """Actions of one caller, waiting for their turn, and later their answers."""

    actions: Sequence[Sent]
    results: list[PushResult] | None = None
    error: Exception | None = None

    @property
    def is_answered(self) -> bool:
        return self.results is not None or self.error is not None


@dataclass
class _Lane(LastSeen):
    """One company's queue in this process."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    queue: deque[_Push] = field(default_factory=deque)


class Centre:
    """Performs the actions of all companies in one database. Safe to use from many threads and beside other processes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.clock: Clock | None = None  # None: this machine's; a sample's history is performed as of its own days
        self._writer = writer(engine)
        self._lanes: dict[UUID, _Lane] = {}
        self._lanes_lock = threading.Lock()
        self.transactions = self.retries = 0  # committed, and begun again; one too few would do no harm
        self._listeners: list[CommitListener] = []
        if engine.dialect.name == "postgresql":
            self.on_commit(GrowingStatistics(engine).after_commit)

    def on_commit(self, listener: CommitListener) -> None:
        """Call `listener(company_id, tick)` after every commit, on the thread that committed; it must be quick."""
        self._listeners.append(listener)

    def perform(
        self,
        company_id: UUID,
        device_id: UUID | None,
        actions: Sequence[PushedAction],
        seen: SeenUpTo | None = None,
    ) -> list[PushResult]:
        """Perform `actions` in order and give each its answer; an id answered before gets that answer again.

        Where the company was restored to before what the device has `seen`, nothing is performed: each is answered `retry` with
        the problem CURSOR_GONE. The caller has made sure that each action's `actor_id` is who is signed in. Raises UnknownCompany and Busy; with
        Busy some of more than ACTIONS_PER_TRANSACTION actions may be done: pushing the same again tells which.
        """
        results: list[PushResult] = []
        for start in range(0, len(actions), ACTIONS_PER_TRANSACTION):
            some = actions[start : start + ACTIONS_PER_TRANSACTION]
            push = _Push([Sent(device_id, action, seen) for action in some])
            results += self._answer(company_id, push)
        return results

    def perform_local(
        self, company_id: UUID, actor_id: UUID, actions: Sequence[Action], issued_at: datetime | None = None
    ) -> list[PushResult]:
        """`perform` for who has action objects at hand: the demo, benchmarks, tests, the command line."""
        moment = issued_at or datetime.now(UTC)
        return self.perform(company_id, None, [_as_pushed(action, actor_id, moment) for action in actions])

    def queue_length(self) -> int:
        """How many pushes wait for their turn now, of all companies."""
        with self._lanes_lock:
            return sum(len(lane.queue) for lane in self._lanes.values())

    @contextmanager
    def nobody_else_performs(self, company_id: UUID, seconds: float) -> Iterator[bool]:
        """In this block nobody performs for the company in this process: pushes that come meanwhile wait, and are taken along
        afterwards. False where others would not make room within `seconds`."""
        lock = self._lane(company_id).lock
        is_ours = lock.acquire(timeout=seconds)
        try:
            yield is_ours
        finally:
            if is_ours:
                lock.release()

    def open_company(self, opening: OpenCompany, password: str) -> UUID:
        """Open a company: its clock starts, and `opening` is its first action. `password` is its owner's.

        Gives the company's id. Raises CodeInUse, WeakPassword, and NotOpened with the reason if the action is refused.
        """
        password_hash = hash_password(password)
        company_id, epoch = new_id(), new_id()
        founding = _as_pushed(opening, opening.owner_id, datetime.now(UTC))
        with Session(self._writer) as session, session.begin():
            connection = session.connection()
            if connection.scalar(select(Company.id).where(Company.code == opening.code)) is not None:
                raise CodeInUse(opening.code)
            connection.execute(insert(CompanyClock).values(company_id=company_id, tick=0, epoch=epoch))
            turn = Turn(session, company_id, LastSeen(), clock=self.clock)
            (result,) = turn.perform([Sent(None, founding)])
            if result.outcome != "applied":
                raise NotOpened(Problem.from_dict(result.problem or {}).sentence)
            turn.finish()
            keep_password(connection, company_id, opening.owner_id, password_hash)
        self._tell(company_id, turn.tick)
        return company_id

    def _answer(self, company_id: UUID, push: _Push) -> list[PushResult]:
        lane = self._lane(company_id)
        lane.queue.append(push)
        with lane.lock:
            while not push.is_answered:  # whoever held the lock before may have answered it already
                self._perform_waiting(company_id, lane)
        if push.error is not None:
            raise push.error
        assert push.results is not None
        return push.results

    def _lane(self, company_id: UUID) -> _Lane:
        with self._lanes_lock:
            return self._lanes.setdefault(company_id, _Lane())

    def _perform_waiting(self, company_id: UUID, lane: _Lane) -> None:
        together: list[_Push] = []
        count = 0
        while lane.queue and (not together or count + len(lane.queue[0].actions) <= ACTIONS_PER_TRANSACTION):
            together.append(lane.queue.popleft())
            count += len(together[-1].actions)
        try:
            results = self._perform_together(company_id, lane, [sent for push in together for sent in push.actions])
        except Exception as error:
            for push in together:
                push.error = error
            if not isinstance(error, Busy | UnknownCompany):
                log.exception("performing failed")
            return
        for push in together:
            push.results, results = results[: len(push.actions)], results[len(push.actions) :]

    def _perform_together(self, company_id: UUID, lane: _Lane, actions: Sequence[Sent]) -> list[PushResult]:
        """All in one go where nothing is refused, which is the rule; else once more, each in its own savepoint."""
        try:
            return self._transaction(company_id, lane, actions, is_smooth=True)
        except NotSmooth:
            pass
        try:
            return self._transaction(company_id, lane, actions)
        except IntegrityError:
            # A reference that is only checked at commit (SQLite) does not say whose it was: commit one by one.
            return [result for one in actions for result in self._alone(company_id, lane, one)]

    def _alone(self, company_id: UUID, lane: _Lane, one: Sent) -> list[PushResult]:
        try:
            return self._transaction(company_id, lane, [one])
        except IntegrityError as error:
            forbidden = {one.action.id: AgainstTheRules(rule=rule_of(error)).problem}
            return self._transaction(company_id, lane, [one], forbidden)

    def _transaction(
        self,
        company_id: UUID,
        lane: _Lane,
        actions: Sequence[Sent],
        forbidden: Mapping[UUID, Problem] | None = None,
        *,
        is_smooth: bool = False,
    ) -> list[PushResult]:
        if lane.session is None:
            lane.session = Session(self._writer, expire_on_commit=False)
            let_remember(lane.session)
            let_gather(lane.session)
        session = lane.session
        for tries_left in reversed(range(TRIES)):
            try:
                with pipelined(session.connection()) if is_smooth else nullcontext():
                    turn = Turn(session, company_id, lane, forbidden or {}, is_smooth=is_smooth, clock=self.clock)
                    results = turn.perform(actions)
                    turn.finish()
                failpoints.reach(failpoints.CENTRE_COMMIT)
                session.commit()
                self.transactions += 1
            except Exception as error:
                lane.forget()
                if is_smooth:  # written together and sent without waiting, so that nobody can tell whose error it was
                    raise NotSmooth from error
                if not isinstance(error, (DBAPIError, self.engine.dialect.loaded_dbapi.Error)):
                    raise
                if isinstance(error, IntegrityError):
                    raise
                if tries_left and getattr(error.orig, "sqlstate", None) in WORTH_RETRYING:
                    self.retries += 1
                    time.sleep(random.uniform(0.0, 0.02) * (TRIES - tries_left))
                    continue
                log.warning("the database could not perform: %s", error.orig)
                raise Busy(str(error.orig)) from error
            except BaseException:
                lane.forget()
                raise
            failpoints.reach(failpoints.CENTRE_COMMITTED)
            lane.chain_end = turn.chain_end
            if turn.has_news:
                self._tell(company_id, turn.tick)
            return results
        raise AssertionError("the last try returns or raises")

    def _tell(self, company_id: UUID, tick: int) -> None:
        for listener in self._listeners:
            listener(company_id, tick)


def _as_pushed(performed: Action, actor_id: UUID, issued_at: datetime) -> PushedAction:
    return PushedAction(
        id=new_id(),
        seq=0,
        name=type(performed).__name__,
        version=performed.version,
        args=msgspec.json.decode(action_args(performed)),
        depends_on=[],
        actor_id=actor_id,
        issued_at=issued_at,
        base_tick=0,
    )
