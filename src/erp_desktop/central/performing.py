"""Performing actions with authority: one company, one strict order (architecture.md, fourth idea).

Whoever holds a company's clock row performs. Callers that arrive meanwhile queue in this process, and the next one to
get through takes the whole queue along in one transaction, each action in its own savepoint: one commit, one fsync.
Here: order, idempotency, outcomes, the log. Not here: HTTP, what an action does, who is signed in.
"""

import logging
import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Engine, bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, MalformedAction, action_args, read_action
from erp_desktop.actions.gathering import begin_gathering, end_gathering, gather_action, let_gather, write_gathered
from erp_desktop.actions.opening import OpenCompany
from erp_desktop.actions.performing import AgainstTheRules, check_references_now, perform_action
from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.actions.refusals import Problem, Refused
from erp_desktop.actions.remembering import let_remember, remember, rows_by_id
from erp_desktop.central.accounts import hash_password, keep_password
from erp_desktop.central.action_log import BEFORE_THE_FIRST, canonical, chained, digest_of
from erp_desktop.central.people import permissions_of
from erp_desktop.central.statistics import GrowingStatistics
from erp_desktop.database import pipelined, writer
from erp_desktop.ids import new_id
from erp_desktop.models.base import set_tick
from erp_desktop.models.company import Company
from erp_desktop.models.sync import ActionLog, CompanyClock
from erp_desktop.wire import PushedAction, PushResult

log = logging.getLogger(__name__)

ACTIONS_PER_TRANSACTION = 100
TRIES = 6
WORTH_RETRYING = ("40001", "40P01", "55P03")  # serialisation failure, deadlock, lock not available

_OF_COMPANY = CompanyClock.company_id == bindparam("company")
_TAKE_CLOCK = select(CompanyClock.tick, CompanyClock.epoch).where(_OF_COMPANY).with_for_update()
_MOVE_CLOCK = update(CompanyClock).where(_OF_COMPANY).values(tick=bindparam("new_tick"))
_WRITE_LOG = insert(ActionLog)

CommitListener = Callable[[UUID, int], None]


class UnknownCompany(LookupError):
    """No company of this id is kept here."""


class CodeInUse(ValueError):
    """Another company of this centre has this code; people sign in by it."""


class NotOpened(ValueError):
    """The company could not be opened; the text is the business sentence."""


class Busy(RuntimeError):
    """The database cannot take it now (down, full, overloaded). Nothing was done; the same push may come again."""


@dataclass
class _Push:
    """Actions of one caller, waiting for their turn, and later their answers."""

    device_id: UUID | None
    actions: Sequence[PushedAction]
    results: list[PushResult] | None = None
    error: Exception | None = None

    @property
    def is_answered(self) -> bool:
        return self.results is not None or self.error is not None


@dataclass
class _Lane:
    """One company's queue in this process, and the end of its hash chain as this process last saw it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    queue: deque[_Push] = field(default_factory=deque)
    chain_end: tuple[UUID, int, bytes] | None = None  # epoch, tick, hash
    session: Session | None = None
    permissions: dict[UUID, frozenset[str]] = field(default_factory=dict)

    def forget(self) -> None:
        """Nothing that this process remembers of the company may be relied on any more."""
        self.chain_end = None
        self.permissions.clear()
        if self.session is not None:
            self.session.rollback()
            self.session.close()
            self.session.info.clear()


class Centre:
    """Performs the actions of all companies in one database. Safe to use from many threads and beside other processes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writer(engine)
        self._lanes: dict[UUID, _Lane] = {}
        self._lanes_lock = threading.Lock()
        self._listeners: list[CommitListener] = []
        if engine.dialect.name == "postgresql":
            self.on_commit(GrowingStatistics(engine).after_commit)

    def on_commit(self, listener: CommitListener) -> None:
        """Call `listener(company_id, tick)` after every commit, on the thread that committed; it must be quick."""
        self._listeners.append(listener)

    def perform(self, company_id: UUID, device_id: UUID | None, actions: Sequence[PushedAction]) -> list[PushResult]:
        """Perform `actions` in order and give each its answer; an id answered before gets that answer again.

        The caller has made sure that each action's `actor_id` is who is signed in. Raises UnknownCompany and Busy; with
        Busy some of more than ACTIONS_PER_TRANSACTION actions may be done: pushing the same again tells which.
        """
        results: list[PushResult] = []
        for start in range(0, len(actions), ACTIONS_PER_TRANSACTION):
            push = _Push(device_id, actions[start : start + ACTIONS_PER_TRANSACTION])
            results += self._answer(company_id, push)
        return results

    def perform_local(
        self, company_id: UUID, actor_id: UUID, actions: Sequence[Action], issued_at: datetime | None = None
    ) -> list[PushResult]:
        """`perform` for who has action objects at hand: the demo, benchmarks, tests, the command line."""
        moment = issued_at or datetime.now(UTC)
        return self.perform(company_id, None, [_as_pushed(action, actor_id, moment) for action in actions])

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
            turn = _Turn(session, company_id, _Lane())
            (result,) = turn.perform([(None, founding)])
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
            results = self._perform_together(company_id, lane, [(p.device_id, a) for p in together for a in p.actions])
        except Exception as error:
            for push in together:
                push.error = error
            if not isinstance(error, Busy | UnknownCompany):
                log.exception("performing failed")
            return
        for push in together:
            push.results, results = results[: len(push.actions)], results[len(push.actions) :]

    def _perform_together(
        self, company_id: UUID, lane: _Lane, actions: Sequence[tuple[UUID | None, PushedAction]]
    ) -> list[PushResult]:
        """All in one go where nothing is refused, which is the rule; else once more, each in its own savepoint."""
        try:
            return self._transaction(company_id, lane, actions, is_smooth=True)
        except _NotSmooth:
            pass
        try:
            return self._transaction(company_id, lane, actions)
        except IntegrityError:
            # A reference that is only checked at commit (SQLite) does not say whose it was: commit one by one.
            return [result for one in actions for result in self._alone(company_id, lane, one)]

    def _alone(self, company_id: UUID, lane: _Lane, one: tuple[UUID | None, PushedAction]) -> list[PushResult]:
        try:
            return self._transaction(company_id, lane, [one])
        except IntegrityError as error:
            forbidden = {one[1].id: AgainstTheRules(rule=str(error.orig)).problem}
            return self._transaction(company_id, lane, [one], forbidden)

    def _transaction(
        self,
        company_id: UUID,
        lane: _Lane,
        actions: Sequence[tuple[UUID | None, PushedAction]],
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
                    turn = _Turn(session, company_id, lane, forbidden or {}, is_smooth=is_smooth)
                    results = turn.perform(actions)
                    turn.finish()
                session.commit()
            except Exception as error:
                lane.forget()
                if is_smooth:  # written together and sent without waiting, so that nobody can tell whose error it was
                    raise _NotSmooth from error
                if not isinstance(error, (DBAPIError, self.engine.dialect.loaded_dbapi.Error)):
                    raise
                if isinstance(error, IntegrityError):
                    raise
                if tries_left and getattr(error.orig, "sqlstate", None) in WORTH_RETRYING:
                    time.sleep(random.uniform(0.0, 0.02) * (TRIES - tries_left))
                    continue
                log.warning("the database could not perform: %s", error.orig)
                raise Busy(str(error.orig)) from error
            except BaseException:
                lane.forget()
                raise
            lane.chain_end = turn.chain_end
            if turn.has_news:
                self._tell(company_id, turn.tick)
            return results
        raise AssertionError("the last try returns or raises")

    def _tell(self, company_id: UUID, tick: int) -> None:
        for listener in self._listeners:
            listener(company_id, tick)


class _NotSmooth(Exception):
    """An action did not go through, so what was written together with it has to be taken back and done with care."""


class _Turn:
    """One transaction under a company's clock, begun here and ended by the caller."""

    def __init__(
        self,
        session: Session,
        company_id: UUID,
        lane: _Lane,
        forbidden: Mapping[UUID, Problem] | None = None,
        *,
        is_smooth: bool = False,
    ) -> None:
        self._session = session
        self._connection = session.connection()
        clock = self._connection.execute(_TAKE_CLOCK, {"company": company_id}).one_or_none()
        if clock is None:
            raise UnknownCompany(str(company_id))
        self.tick: int = clock.tick
        self._company_id = company_id
        self._epoch: UUID = clock.epoch
        self._lane = lane
        self._forbidden = forbidden or {}
        self._is_smooth = is_smooth
        self._performed: dict[UUID, Action] = {}
        self._rows: list[dict[str, Any]] = []
        self._answers: dict[UUID, tuple[bytes, PushResult]] = {}  # by action id: the content's digest, and the answer
        if lane.chain_end is not None and lane.chain_end[:2] == (self._epoch, self.tick):
            # Nobody else performed since: what the session remembers of the company still holds.
            self._last_hash = lane.chain_end[2]
        else:
            session.expunge_all()
            session.info.clear()
            lane.permissions.clear()
            self._last_hash = self._stored_hash()
        remember(session)
        if is_smooth:
            begin_gathering(session)

    @property
    def has_news(self) -> bool:
        return bool(self._rows)

    @property
    def chain_end(self) -> tuple[UUID, int, bytes]:
        return (self._epoch, self.tick, self._last_hash)

    def perform(self, actions: Sequence[tuple[UUID | None, PushedAction]]) -> list[PushResult]:
        named = {name for _, pushed in actions for name in pushed.depends_on}
        new = {pushed.id for _, pushed in actions}
        # An id that was answered before cannot be logged again, so all goes well only if none was.
        self._read_answers(named - new if self._is_smooth else named | new)
        if self._is_smooth and len(actions) > 1:
            self._look_ahead(actions)
        return [self._perform(device_id, pushed) for device_id, pushed in actions]

    def finish(self) -> None:
        """Write what was gathered and the log, and move the clock. The caller commits."""
        if self._is_smooth:
            end_gathering(self._session)
        if not self._rows:
            return
        self._connection.execute(_WRITE_LOG, self._rows)
        self._connection.execute(_MOVE_CLOCK, {"company": self._company_id, "new_tick": self.tick})

    def _perform(self, device_id: UUID | None, pushed: PushedAction) -> PushResult:
        digest = digest_of(pushed)
        before = self._answers.get(pushed.id)
        if before is not None and before[1].outcome != "blocked":
            if before[0] != digest:
                return PushResult(id=pushed.id, outcome="refused", problem=Problem("id_reused", {}).as_dict())
            return before[1]
        if any(self._answers[name][1].outcome != "applied" for name in pushed.depends_on if name in self._answers):
            answer = PushResult(id=pushed.id, outcome="blocked")
        else:
            problem = self._run(pushed)
            self._write_log(device_id, pushed, digest, problem)
            answer = PushResult(
                id=pushed.id,
                outcome="refused" if problem else "applied",
                tick=self.tick,
                problem=problem.as_dict() if problem else None,
            )
        self._answers[pushed.id] = (digest, answer)
        return answer

    def _look_ahead(self, actions: Sequence[tuple[UUID | None, PushedAction]]) -> None:
        wanted: defaultdict[type[Any], list[UUID]] = defaultdict(list)
        for _, pushed in actions:
            performed = read_action(pushed.name, pushed.version, pushed.args)
            self._performed[pushed.id] = performed
            if (begun := performed.looks_for()) is not None:
                wanted[begun[0]].append(begun[1])
        for table, ids in wanted.items():
            rows_by_id(self._session, self._context(actions[0][1]), table, ids)

    def _context(self, pushed: PushedAction) -> Context:
        return Context(
            company_id=self._company_id,
            action_id=pushed.id,
            actor_id=pushed.actor_id,
            issued_at=pushed.issued_at.astimezone(UTC),
            at_centre=True,
            permissions=self._permissions_of(pushed.actor_id),
        )

    def _run(self, pushed: PushedAction) -> Problem | None:
        """Perform one action at the next tick; what it wrote is taken back if it is refused."""
        self.tick += 1
        forbidden = self._forbidden.get(pushed.id)
        if forbidden is not None:
            return forbidden
        set_tick(self._connection, self.tick)
        context = self._context(pushed)
        try:
            performed = self._performed.get(pushed.id) or read_action(pushed.name, pushed.version, pushed.args)
            if self._is_smooth:
                gather_action(self._session, context, performed, self.tick)
            else:
                with self._session.begin_nested():
                    perform_action(self._session, context, performed)
                    check_references_now(self._session)
        except (OperationalError, InterfaceError, InternalError):
            raise  # the database's trouble, not the action's
        except Exception as error:
            if self._is_smooth:
                raise _NotSmooth from error
            self._session.info.clear()
            return _problem_of(error, pushed)
        if performed.permission == "admin":  # it may have changed who may do what
            self._lane.permissions.clear()
            if self._is_smooth:
                write_gathered(self._session)
        return None

    def _permissions_of(self, actor_id: UUID) -> frozenset[str]:
        if self.tick == 1:
            return ALL_PERMISSIONS  # opening the company: nobody is there yet to be asked
        known = self._lane.permissions
        if actor_id not in known:
            known[actor_id] = permissions_of(self._connection, self._company_id, actor_id) or frozenset()
        return known[actor_id]

    def _write_log(self, device_id: UUID | None, pushed: PushedAction, digest: bytes, problem: Problem | None) -> None:
        row: dict[str, Any] = {
            "company_id": self._company_id,
            "tick": self.tick,
            "action_id": pushed.id,
            "device_id": device_id,
            "actor_id": pushed.actor_id,
            "name": pushed.name,
            "version": pushed.version,
            "args": canonical(pushed.args).decode(),
            "args_digest": digest,
            "outcome": "refused" if problem else "applied",
            "problem": problem.as_dict() if problem else None,
            "issued_at": pushed.issued_at.astimezone(UTC),
            "at": datetime.now(UTC),
        }
        self._last_hash = row["chain_hash"] = chained(self._last_hash, row)
        self._rows.append(row)

    def _stored_hash(self) -> bytes:
        if self.tick == 0:
            return BEFORE_THE_FIRST
        stored = self._connection.scalar(
            select(ActionLog.chain_hash).where(ActionLog.company_id == self._company_id, ActionLog.tick == self.tick)
        )
        return bytes(stored) if stored is not None else BEFORE_THE_FIRST

    def _read_answers(self, names: set[UUID]) -> None:
        if not names:
            return
        rows = self._connection.execute(
            select(
                ActionLog.action_id, ActionLog.args_digest, ActionLog.outcome, ActionLog.tick, ActionLog.problem
            ).where(ActionLog.company_id == self._company_id, ActionLog.action_id.in_(names))
        )
        for row in rows:
            answer = PushResult(id=row.action_id, outcome=row.outcome, tick=row.tick, problem=row.problem)
            self._answers[row.action_id] = (bytes(row.args_digest), answer)


def _problem_of(error: Exception, pushed: PushedAction) -> Problem:
    if isinstance(error, Refused):
        return error.problem
    if isinstance(error, MalformedAction):
        return Problem("malformed", {"detail": str(error)[:500]})
    # Our bug. The queue goes on; the action keeps its data on the desk and can be sent again once we are mended.
    log.error("%s@%s %s failed", pushed.name, pushed.version, pushed.id, exc_info=error)
    return Problem("fault", {"action": pushed.name})


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
