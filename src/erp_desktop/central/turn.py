"""One transaction under a company's clock: its actions in order, each with its tick, its answer and its line in the log.

Here: the clock, idempotency, outcomes, the hash chain. Not here: who waits for whom, commits and retries (performing.py).
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, insert, select, update
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, MalformedAction, UnknownAction, read_action
from erp_desktop.actions.gathering import begin_gathering, end_gathering, gather_action, write_gathered
from erp_desktop.actions.performing import check_references_now, perform_action
from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.actions.refusals import Problem, Refused, UnknownActionRefused
from erp_desktop.actions.remembering import remember, rows_by_id
from erp_desktop.central.action_log import BEFORE_THE_FIRST, canonical, chained, digest_of
from erp_desktop.central.clock_days import ClockDays, clock_days
from erp_desktop.central.moment import SeenUpTo, nonce_of
from erp_desktop.central.people import Rights, rights_of
from erp_desktop.models.base import set_tick
from erp_desktop.models.company import ClockDay
from erp_desktop.models.sync import ActionLog, CompanyClock
from erp_desktop.wire import CURSOR_GONE, DEVICE_FORKED, PushedAction, PushResult

log = logging.getLogger(__name__)

_OF_COMPANY = CompanyClock.company_id == bindparam("company")
# With the log's hash at that tick; it is missing where somebody else moved the clock while this statement waited for it.
_TAKE_CLOCK = (
    select(
        CompanyClock.tick,
        CompanyClock.epoch,
        select(ActionLog.chain_hash)
        .where(ActionLog.company_id == CompanyClock.company_id, ActionLog.tick == CompanyClock.tick)
        .scalar_subquery()
        .label("chain_hash"),
    )
    .where(_OF_COMPANY)
    .with_for_update(of=CompanyClock)
)
_MOVE_CLOCK = update(CompanyClock).where(_OF_COMPANY).values(tick=bindparam("new_tick"))
_WRITE_LOG = insert(ActionLog)
_BEGIN_DAYS = insert(ClockDay)


class UnknownCompany(LookupError):
    """No company of this id is kept here."""


class Sent(NamedTuple):
    """An action as it came. `seen`: what its desk had seen of the company when it sent it, if it told."""

    device_id: UUID | None
    action: PushedAction
    seen: SeenUpTo | None = None


@dataclass
class LastSeen:
    """A company as this process last saw it: the end of its hash chain, who may do what, the session with its rows."""

    chain_end: tuple[UUID, int, bytes] | None = None  # epoch, tick, hash
    session: Session | None = None
    rights: dict[UUID, Rights] = field(default_factory=dict)
    days: ClockDays | None = None
    held: set[UUID] = field(default_factory=set)  # because what they depend on was refused; they are not in the log
    nonces: dict[int, str] = field(default_factory=dict)  # of the log, by tick

    def forget(self) -> None:
        """Nothing that this process remembers of the company may be relied on any more."""
        self.chain_end = None
        self.days = None
        self.nonces.clear()
        self.rights.clear()
        if self.session is not None:
            self.session.rollback()
            self.session.close()
            self.session.info.clear()


MOST_HELD = MOST_NONCES = 10_000

Clock = Callable[[], datetime]  # the instant, in UTC


def take_clock(connection: Connection, company_id: UUID) -> Row[int, UUID, bytes | None]:
    """Waits for the company's clock and holds it until the transaction ends. Gives its tick and epoch, and the log's hash as
    far as it is known. Raises UnknownCompany."""
    clock = connection.execute(_TAKE_CLOCK, {"company": company_id}).one_or_none()
    if clock is None:
        raise UnknownCompany(str(company_id))
    return clock


class NotSmooth(Exception):
    """An action did not go through, so what was written together with it has to be taken back and done with care."""


class Turn:
    """One transaction under a company's clock, begun here and ended by the caller.

    A smooth one takes it that nothing is refused: what its actions change is gathered and written once, at the end; where
    that proves wrong it raises, and the caller takes all of it back. Otherwise each action has a savepoint of its own.
    """

    def __init__(
        self,
        session: Session,
        company_id: UUID,
        seen: LastSeen,
        forbidden: Mapping[UUID, Problem] | None = None,
        *,
        is_smooth: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._session = session
        self._connection = session.connection()
        taken = take_clock(self._connection, company_id)
        self.tick: int = taken.tick
        self._company_id = company_id
        self._epoch: UUID = taken.epoch
        self._seen = seen
        self._forbidden = forbidden or {}
        self._is_smooth = is_smooth
        self._what_time_it_is = clock or _now
        self._performed: dict[UUID, Action] = {}
        self._rows: list[dict[str, Any]] = []
        self._days: list[dict[str, Any]] = []
        self._answers: dict[UUID, tuple[bytes, PushResult]] = {}  # by action id: the content's digest, and the answer
        self._numbers: dict[tuple[UUID, int], UUID] = {}  # device and its number: the action that it gave it to
        self._forked: set[UUID] = set()  # devices that gave a number twice
        taken_at = (self._epoch, self.tick, taken.chain_hash and bytes(taken.chain_hash))
        if seen.chain_end is not None and seen.chain_end == taken_at:
            # Nobody else performed since: what the session remembers of the company still holds. By its tick alone the clock
            # is not known again: a database that was put back, or a replica that took over, comes to the same ticks anew.
            self._last_hash = seen.chain_end[2]
        else:
            session.expunge_all()
            session.info.clear()
            seen.rights.clear()
            seen.nonces.clear()
            seen.days = None
            self._last_hash = bytes(taken_at[2] or self._stored_hash(self.tick) or BEFORE_THE_FIRST)
        remember(session)
        if is_smooth:
            begin_gathering(session)

    @property
    def has_news(self) -> bool:
        return bool(self._rows)

    @property
    def chain_end(self) -> tuple[UUID, int, bytes]:
        return (self._epoch, self.tick, self._last_hash)

    def perform(self, actions: Sequence[Sent]) -> list[PushResult]:
        named = {name for sent in actions for name in sent.action.depends_on}
        new = {sent.action.id for sent in actions}
        # An id that was answered before cannot be logged again, so all goes well only if none was.
        self._read_answers(named - new if self._is_smooth else named | new)
        if not self._is_smooth:  # otherwise the database refuses a number that was given twice
            self._read_numbers(actions)
        if self._is_smooth and len(actions) > 1:
            self._look_ahead(actions)
        return [self._perform(sent) for sent in actions]

    def finish(self) -> None:
        """Write what was gathered and the log, and move the clock. The caller commits."""
        if self._is_smooth:
            end_gathering(self._session)
        if not self._rows:
            return
        self._connection.execute(_WRITE_LOG, self._rows)
        if self._days:
            self._connection.execute(_BEGIN_DAYS, self._days)
        self._connection.execute(_MOVE_CLOCK, {"company": self._company_id, "new_tick": self.tick})

    def _perform(self, sent: Sent) -> PushResult:
        device_id, pushed, seen = sent
        if seen is not None and not self._is_of_this_log(seen):
            return PushResult(id=pushed.id, outcome="retry", problem=Problem(CURSOR_GONE, {}).as_dict())
        digest = digest_of(pushed)
        before = self._answers.get(pushed.id)
        if before is not None and before[1].outcome != "blocked":
            if before[0] != digest:
                return PushResult(id=pushed.id, outcome="refused", problem=Problem("id_reused", {}).as_dict())
            return before[1]
        if device_id is not None and self._is_of_a_copy(device_id, pushed):
            if self._is_smooth:
                raise NotSmooth
            return PushResult(id=pushed.id, outcome="retry", problem=Problem(DEVICE_FORKED, {}).as_dict())
        if any(self._is_held_back(name) for name in pushed.depends_on):
            answer = PushResult(id=pushed.id, outcome="blocked")
            if len(self._seen.held) >= MOST_HELD:
                self._seen.held.clear()
            self._seen.held.add(pushed.id)
        else:
            problem = self._run(pushed)
            if problem is not None and pushed.again:  # it may need what another desk has not offered again yet
                self.tick -= 1
                return PushResult(id=pushed.id, outcome="retry", problem=problem.as_dict())
            self._write_log(device_id, pushed, digest, problem)
            answer = PushResult(
                id=pushed.id,
                outcome="refused" if problem else "applied",
                tick=self.tick,
                problem=problem.as_dict() if problem else None,
            )
        self._answers[pushed.id] = (digest, answer)
        return answer

    def _is_of_this_log(self, seen: SeenUpTo) -> bool:
        """False after a restore to before what the desk has seen: what it sends may build on what is not there, and what was
        refused to it before may be performed now."""
        if seen.epoch != self._epoch or seen.tick > self.tick:
            return False
        nonces = self._seen.nonces
        if seen.tick not in nonces:
            self._keep_nonce(seen.tick, self._stored_hash(seen.tick))
        return nonces[seen.tick] == seen.nonce

    def _keep_nonce(self, tick: int, chain_hash: bytes | None) -> None:
        nonces = self._seen.nonces
        if len(nonces) >= MOST_NONCES:
            nonces.clear()
        nonces[tick] = nonce_of(chain_hash)

    def _is_of_a_copy(self, device_id: UUID, pushed: PushedAction) -> bool:
        """Whether the device has given this number to another action, or an earlier one of these: there are two caches that
        call themselves this device. Nothing more is taken from it then, as what comes may build on what was not done."""
        if self._numbers.setdefault((device_id, pushed.seq), pushed.id) != pushed.id:
            self._forked.add(device_id)
        return device_id in self._forked

    def _is_held_back(self, name: UUID) -> bool:
        """Whether an action was refused, or not performed because of one that was, here or just before."""
        if name in self._answers:
            return self._answers[name][1].outcome != "applied"
        return name in self._seen.held

    def _look_ahead(self, actions: Sequence[Sent]) -> None:
        wanted: defaultdict[type[Any], list[UUID]] = defaultdict(list)
        for _, pushed, _ in actions:
            performed = read_action(pushed.name, pushed.version, pushed.args)
            self._performed.setdefault(pushed.id, performed)  # an id that comes twice stands for the first
            if (begun := performed.looks_for()) is not None:
                wanted[begun[0]].append(begun[1])
        for table, ids in wanted.items():
            rows_by_id(self._session, self._context(actions[0].action), table, ids)

    def _context(self, pushed: PushedAction) -> Context:
        rights = self._rights_of(pushed.actor_id)
        return Context(
            company_id=self._company_id,
            action_id=pushed.id,
            actor_id=pushed.actor_id,
            issued_at=pushed.issued_at.astimezone(UTC),
            at_centre=True,
            permissions=rights.permissions,
            warehouses=rights.warehouses,
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
                raise NotSmooth from error
            self._session.info.clear()
            return _problem_of(error, pushed)
        if performed.permission == "admin":  # it may have changed who may do what
            self._seen.rights.clear()
            if self._is_smooth:
                write_gathered(self._session)
        return None

    def _rights_of(self, actor_id: UUID) -> Rights:
        if self.tick == 1:
            return Rights(ALL_PERMISSIONS)  # opening the company: nobody is there yet to be asked
        known = self._seen.rights
        if actor_id not in known:
            known[actor_id] = rights_of(self._connection, self._company_id, actor_id) or Rights()
        return known[actor_id]

    def _write_log(self, device_id: UUID | None, pushed: PushedAction, digest: bytes, problem: Problem | None) -> None:
        row: dict[str, Any] = {
            "company_id": self._company_id,
            "tick": self.tick,
            "action_id": pushed.id,
            "device_id": device_id,
            "seq": pushed.seq,
            "actor_id": pushed.actor_id,
            "name": pushed.name,
            "version": pushed.version,
            "args": canonical(pushed.args).decode(),
            "args_digest": digest,
            "outcome": "refused" if problem else "applied",
            "problem": problem.as_dict() if problem else None,
            "issued_at": pushed.issued_at.astimezone(UTC),
            "at": self._what_time_it_is(),
        }
        if problem is None:
            self._keep_day(row["at"])
        self._last_hash = row["chain_hash"] = chained(self._last_hash, row)
        self._keep_nonce(self.tick, self._last_hash)
        self._rows.append(row)

    def _keep_day(self, at: datetime) -> None:
        days = self._seen.days
        if days is None:
            days = self._seen.days = clock_days(self._connection, self._company_id)
        begun = days.begun_by(at, self.tick)
        if begun is not None:
            self._days.append(begun)

    def _stored_hash(self, tick: int) -> bytes | None:
        of_this = (ActionLog.company_id == self._company_id) & (ActionLog.tick == tick)
        return self._connection.scalar(select(ActionLog.chain_hash).where(of_this)) if tick else None

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

    def _read_numbers(self, actions: Sequence[Sent]) -> None:
        numbers: defaultdict[UUID, set[int]] = defaultdict(set)
        for device_id, pushed, _ in actions:
            if device_id is not None:
                numbers[device_id].add(pushed.seq)
        for device_id, given in numbers.items():
            rows = self._connection.execute(
                select(ActionLog.seq, ActionLog.action_id).where(
                    ActionLog.company_id == self._company_id,
                    ActionLog.device_id == device_id,
                    ActionLog.seq.in_(given),
                )
            )
            self._numbers.update({(device_id, row.seq): row.action_id for row in rows})


def _now() -> datetime:
    return datetime.now(UTC)


def _problem_of(error: Exception, pushed: PushedAction) -> Problem:
    if isinstance(error, Refused):
        return error.problem
    if isinstance(error, UnknownAction):
        return UnknownActionRefused(name=f"{pushed.name}@{pushed.version}").problem
    if isinstance(error, MalformedAction):
        return Problem("malformed", {"detail": str(error)[:500]})
    # Our bug. The queue goes on; the action keeps its data on the desk and can be sent again once we are mended.
    log.error("%s@%s %s failed", pushed.name, pushed.version, pushed.id, exc_info=error)
    return Problem("fault", {"action": pushed.name})
