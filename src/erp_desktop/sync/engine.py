"""The sync engine: two threads, one that sends and one that listens, and what happens when either fails.

Rule 1 of sync.md: a push's results are hints. An action leaves the outbox only when a pull brings its acknowledgement.
"""

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from erp_desktop import failpoints, wire
from erp_desktop.actions.refusals import Problem, Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models import replicated_tables
from erp_desktop.models.base import may_hold
from erp_desktop.sync import applying, filling, outbox, state
from erp_desktop.sync.cache import Cache, CacheFull
from erp_desktop.sync.calling import UpgradeNeeded, call
from erp_desktop.sync.signing_in import LOCKED_OUT, Credentials, SignedIn, SignedOut
from erp_desktop.sync.state import SyncKind, SyncState
from erp_desktop.sync.transport import Answered, NoAnswer, Timing, Transport
from erp_desktop.sync.versions import CentreOlder, Versions

log = logging.getLogger(__name__)

Reply = TypeVar("Reply", bound=msgspec.Struct)

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between tries
SECONDS_BETWEEN_LOOKS_AT_THE_LEASE = 60.0
_WHO_MAY_WHAT = frozenset({"app_user", "role", "user_role"})
_PUSH_BYTES = wire.MAX_PUSH_BYTES - 4096  # what stands around the actions


class NotTaken(Refused):
    code = "not_taken"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The central service cannot take this as it is ({reason}). Change it and send it again, or drop it."
    )


class Engine:
    """Keeps one cache in step with its centre until `close`. Callbacks come from its threads."""

    def __init__(
        self,
        cache: Cache,
        credentials: Credentials,
        centre: Callable[[], str],
        on_change: Callable[[frozenset[str]], None],
        on_state: Callable[[SyncState], None],
        timing: Timing | None = None,
    ) -> None:
        self._cache = cache
        self._credentials = credentials
        self._centre = centre
        self._timing = timing
        self._on_change = on_change
        self._on_state = on_state
        self._versions = Versions()
        self._sender = Transport(centre, timing)
        self._listener = Transport(centre, timing)
        self._pull_guard = threading.Lock()  # whoever holds it may stage and apply
        self._counting = threading.Lock()  # whoever holds it counts and shows: no older count comes after a newer one
        self._turn = threading.Condition()  # guards everything below
        self._asked = 1  # rounds that somebody wants
        self._done = 0  # rounds that went through, all of push and pull
        self._applied = 0  # pulls that were applied: the centre was there
        self._is_closing = False
        self._is_offline_by_choice = False
        self._answered: dict[UUID, int] = {}  # action: tick of the centre's answer, until a pull brings it
        self._not_yet: set[UUID] = set()  # offered again after a restore, and waiting for what another desk offers
        self.state = SyncState()
        self._threads = [
            threading.Thread(target=self._again_and_again, args=(work,), name=name, daemon=True)
            for work, name in ((self._keep_sending, "sync-send"), (self._keep_listening, "sync-listen"))
        ]

    def start(self) -> None:
        """Begin, if it has not begun yet. The state tells what comes of it."""
        if self._threads[0].ident is not None:
            return
        self.count()
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Break off and wait for both threads. What was not answered is asked again the next time."""
        with self._turn:
            self._is_closing = True
            self._turn.notify_all()
        self._sender.hold()
        self._listener.hold()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self._sender.close()
        self._listener.close()

    def wake(self) -> int:
        """There is something to send, or somebody wants news now. Answers the number of the round that will do it."""
        with self._turn:
            self._asked += 1
            self._turn.notify_all()
            return self._asked

    def wait_for(self, round_number: int, timeout: float) -> bool:
        """Whether that round has gone through within `timeout` seconds."""
        with self._turn:
            return self._turn.wait_for(lambda: self._done >= round_number or self._is_closing, timeout) and (
                self._done >= round_number
            )

    def go_offline(self) -> None:
        """Stop talking to the centre until go_online."""
        with self._turn:
            self._is_offline_by_choice = True
            self._turn.notify_all()
        self._sender.hold()
        self._listener.hold()
        self._show(SyncKind.OFFLINE, state.offline_by_choice())

    def go_online(self) -> None:
        self._sender.let_go()
        self._listener.let_go()
        with self._turn:
            self._is_offline_by_choice = False
        self.wake()

    def count(self) -> None:
        """Show how many wait now."""
        with self._counting:
            waiting = self._cache.read_here(outbox.waiting)
            self._set_state(lambda before: before.with_counts(waiting.pending, waiting.attention))

    def noticed(self, waiting: outbox.Waiting) -> None:
        """The outbox changed: show it, and send what there is. Waits for nothing but a count that is under way."""
        with self._counting:
            self._set_state(lambda before: before.with_counts(waiting.pending, waiting.attention))
        self.wake()

    def is_locked(self) -> bool:
        """Whether nothing may be shown or changed now; the state then says why."""
        lock = self._credentials.lock
        if lock is not None:
            self._show(SyncKind.LOCKED, lock.problem.sentence)
        return lock is not None

    def is_filled(self) -> bool:
        """Whether the cache holds the company."""
        return self._cache.read_here(lambda session: applying.is_filled(session.connection()))

    def sign_in(self, password: str) -> None:
        """Raises WrongPassword, CentreOutOfReach, SignInRefused. Blocks."""
        transport = Transport(self._centre, self._timing)
        try:
            self._credentials.sign_in_again(transport, password)
        finally:
            transport.close()
        self.wake()

    # --- the two threads

    def _again_and_again(self, work: Callable[[], None]) -> None:
        """`work` explains its own failures. Should that fail too, it begins anew: nothing waits for the next start."""
        while not self._is_closing:
            try:
                work()
            except Exception as error:
                log.error("a thread of syncing broke off and begins again", exc_info=error)
                self._pause(self._asked, SHORTEST_PAUSE, None)

    def _keep_sending(self) -> None:
        pause = SHORTEST_PAUSE
        while self._wait_for_work():
            asked = self._asked
            try:
                self._round(self._sender)
                pause = SHORTEST_PAUSE if not self.state.waiting else pause
                with self._turn:
                    self._done = max(self._done, asked)
                    self._turn.notify_all()
                if self.state.waiting:  # the centre left some without its last word: once more, a little later
                    pause = self._pause(self._asked, pause, None)
                    self.wake()
            except Exception as error:
                self._versions.forget()
                if self._explain(error):
                    pause = self._pause(asked, pause, error)

    def _keep_listening(self) -> None:
        pause = SHORTEST_PAUSE
        while self._wait_until_round(1):
            asked, applied = self._asked, self._applied
            try:
                # after a failure not for news, only whether the centre is back: it would be told when the news come
                self._pull(self._listener, wait=wire.LONGEST_WAIT_SECONDS if pause == SHORTEST_PAUSE else 0)
            except Exception as error:
                if self._explain(error, applied):
                    pause = self._pause(asked, pause, error)
            else:
                if pause > SHORTEST_PAUSE:
                    self.wake()  # the centre is back: the sender need not sit out its pause
                pause = SHORTEST_PAUSE

    def _wait_for_work(self) -> bool:
        def is_wanted() -> bool:
            return self._is_closing or (self._asked > self._done and not self._is_offline_by_choice)

        while True:
            with self._turn:
                if self._turn.wait_for(is_wanted, SECONDS_BETWEEN_LOOKS_AT_THE_LEASE):
                    return not self._is_closing
            self.is_locked()

    def _wait_until_round(self, number: int) -> bool:
        """The listener starts after the first round: until then the sender fills the cache."""
        with self._turn:
            self._turn.wait_for(lambda: self._is_closing or (self._done >= number and not self._is_offline_by_choice))
            return not self._is_closing

    def _pause(self, asked: int, pause: float, error: Exception | None) -> float:
        """Wait before the next try, unless somebody asks for one. Answers the pause after that."""
        wanted = getattr(error, "retry_after", None) or pause * random.uniform(0.5, 1.0)
        with self._turn:
            self._turn.wait_for(lambda: self._is_closing or self._asked > asked, min(wanted, LONGEST_PAUSE))
        return min(pause * 2, LONGEST_PAUSE)

    def _explain(self, error: Exception, applied: int | None = None) -> bool:
        """Show why syncing stopped. False where it was us who broke off.

        A request for news may break long after it began. If more than `applied` pulls were applied by then, the centre
        was there meanwhile, and one answer that did not come is no reason to say that it is not.
        """
        if self._is_closing:
            return False
        if isinstance(error, SignedOut) and error.code in LOCKED_OUT:
            self._credentials.lock_out(error.code)
        if self.is_locked():
            return True
        if self._is_offline_by_choice:
            self._show(SyncKind.OFFLINE, state.offline_by_choice())
            return False
        if isinstance(error, NoAnswer):
            log.info("no answer: %s", error)
            away = state.centre_out_of_reach()
            self._set_state(
                lambda before: (
                    before
                    if applied is not None and self._applied > applied
                    else replace(before, kind=SyncKind.OFFLINE, detail=away)
                )
            )
        elif isinstance(error, SignedOut):
            self._show(SyncKind.SIGNED_OUT, state.password_wanted())
        elif isinstance(error, UpgradeNeeded):
            self._show(SyncKind.UPGRADE_NEEDED, state.upgrade_wanted())
        elif isinstance(error, CentreOlder):
            self._show(SyncKind.CENTRE_OLDER, state.centre_too_old())
        elif isinstance(error, CacheFull):
            self._show(SyncKind.OFFLINE, state.disk_full())
        else:
            log.error("syncing failed, tried again", exc_info=error)
            self._show(SyncKind.OFFLINE, state.our_fault(type(error).__name__))
        return True

    # --- what a round does

    def _round(self, transport: Transport) -> None:
        self._credentials.token(transport)  # whoever has to sign in is told so before the centre is there
        self._versions.ask(transport)
        if self._cache.read_here(lambda session: applying.is_filled(session.connection())):
            with self._turn:
                self._not_yet.clear()
            while not self._push(transport):
                waiting = self.state.waiting
                self._pull_to_the_end(transport)  # holds what depends on the refused
                if self.state.waiting >= waiting:
                    break  # somebody works on meanwhile: the next round goes on
        self._pull_to_the_end(transport)

    def _pull_to_the_end(self, transport: Transport) -> None:
        while not self._pull(transport, wait=0):
            pass  # the listener's news came first, and may be older than this round

    def _push(self, transport: Transport) -> bool:
        """Whether all that waits was sent. False: some was refused. The centre keeps no list of what it held because of that,
        so a later push must not bring more that depends on it."""
        while batch := self._batch(wire.MAX_ACTIONS_PER_PUSH):
            self._set_state(SyncState.syncing)
            try:
                if not self._send(transport, batch):
                    return False
            except Answered as error:
                if not _is_the_actions_own(error):
                    raise
                self._set_aside(transport, batch, error)
        return True

    def _batch(self, count: int) -> list[wire.PushedAction]:
        with self._turn:
            answered = self._answered.keys() | self._not_yet
        if self.state.waiting == 0 and self._cache.read_here(outbox.waiting).pending == 0:
            return []
        return self._cache.write(
            lambda connection: outbox.batch_to_push(
                connection, answered | self._versions.hold_back(connection), count, _PUSH_BYTES
            )
        ).result()

    def _send(self, transport: Transport, batch: list[wire.PushedAction]) -> bool:
        """Whether none of them was refused."""
        request = wire.PushRequest(
            device_id=self._credentials.device_id, schema_revision=wire.SCHEMA_REVISION, actions=batch
        )
        failpoints.reach(failpoints.SEND)
        reply = self._call(transport, "/v1/sync/push", request, wire.PushReply)
        failpoints.reach(failpoints.REPLY)
        is_busy = False
        without_tick = []
        lost = self._builds_on_what_is_lost(batch, reply)
        with self._turn:
            for result in reply.results:
                if result.outcome == "retry" and result.problem is not None:
                    self._not_yet.add(result.id)
                elif result.outcome == "retry":
                    is_busy = True
                elif result.outcome == "refused" and result.tick is None:
                    without_tick.append(result)
                elif result.id not in lost:
                    self._answered[result.id] = result.tick or 0  # blocked: until the next pull says why
        for action_id in lost:
            self._reject(action_id, outbox.CauseLost().problem)
        for result in without_tick:  # not in the centre's log, so no pull will ever bring it (an id used twice)
            self._reject(result.id, Problem.from_dict(result.problem or {}))
        if is_busy or {action.id for action in batch} - {result.id for result in reply.results}:
            raise NoAnswer("the centre asks for some actions again")
        return all(result.outcome != "refused" for result in reply.results)

    def _builds_on_what_is_lost(self, batch: list[wire.PushedAction], reply: wire.PushReply) -> list[UUID]:
        """What the centre holds back because of actions that a damaged cache has lost: no pull will ever say why."""
        blocked = {result.id for result in reply.results if result.outcome == "blocked"}
        if not blocked:
            return []
        held = [action for action in batch if action.id in blocked]
        return self._cache.read_here(
            lambda session: [action.id for action in held if not outbox.knows_any(session, action.depends_on)]
        )

    def _set_aside(self, transport: Transport, batch: list[wire.PushedAction], error: Answered) -> None:
        """One action of the batch cannot be taken: it waits for a person, the queue goes on."""
        culprit = error.problem.action_id
        if culprit is None and len(batch) > 1:
            for action in batch:
                try:
                    self._send(transport, [action])
                except Answered as single:
                    if not _is_the_actions_own(single):
                        raise
                    self._set_aside(transport, [action], single)
            return
        if culprit is None or culprit not in {action.id for action in batch}:
            culprit = batch[0].id
        self._reject(culprit, NotTaken(reason=error.problem.detail or error.problem.title).problem)

    def _reject(self, action_id: UUID, problem: Problem) -> None:
        who = self._who()
        with self._pull_guard:
            tables = self._cache.write(lambda connection: outbox.reject(connection, who, action_id, problem)).result()
        self._tell(tables)

    def _pull(self, transport: Transport, wait: int) -> bool:
        """Fetch what is new and apply it. Two may wait for news at once; the second one's copy is thrown away: False."""
        before = self._position()
        if before.is_under_way:
            with self._pull_guard:
                return self._fetch_all(transport)
        try:
            reply = self._pull_page(transport, before.cursor, wait)
        except Answered as error:
            if error.problem.status != 410:
                raise
            with self._pull_guard:
                if self._position() == before:
                    log.warning("the centre does not know this cursor any more: everything is fetched again")
                    self._cache.write(applying.start_refill).result()
                    with self._turn:
                        self._answered.clear()  # the ticks of a timeline that may be gone
                return self._fetch_all(transport)
        with self._pull_guard:
            if self._position() != before:
                return False
            if reply.complete:
                self._apply(transport, reply)
            else:
                self._stage(reply, staged_cursor=reply.cursor)
                return self._fetch_all(transport)
        return True

    def _fetch_all(self, transport: Transport) -> bool:
        """Go on from whatever is staged already, to the end. The caller holds the guard. False: nothing was left to do."""
        if not self._position().is_under_way:
            return False
        self._set_state(SyncState.syncing)
        try:
            if self._position().is_refilling and self._position().staged_cursor is None:
                self._fetch_snapshot(transport)
            while True:
                reply = self._pull_page(transport, self._position().next_cursor, 0)
                if reply.complete:
                    self._apply(transport, reply)
                    return True
                self._stage(reply, staged_cursor=reply.cursor)
        except Answered as error:
            if error.problem.status != 410 and error.problem.code != "not_readable":
                raise
            self._cache.write(applying.start_refill).result()
            raise NoAnswer("the centre starts anew") from error

    def _fetch_snapshot(self, transport: Transport) -> None:
        """Every table that this person may see, by key."""
        self._credentials.renew(transport)  # other permissions are one reason to be filled anew,
        self._versions.ask_anew(transport)  # another release of the centre is one more
        permissions = self._who().permissions
        tables = [
            name for name, cls in replicated_tables().items() if may_hold(cls, permissions) and self._versions.has(cls)
        ]
        filling.fetch(
            self._cache,
            tables,
            self._credentials.device_id,
            lambda path, request, kind: self._call(transport, path, request, kind),
            lambda fetched, of: self._set_state(lambda now: replace(now.syncing(), fetched=fetched, to_fetch=of)),
        )

    def _stage(self, reply: wire.PullReply | wire.SnapshotReply, **facts: str | None) -> None:
        self._cache.write(lambda connection: applying.stage(connection, reply, **facts)).result()

    def _position(self) -> applying.Position:
        return self._cache.read_here(lambda session: applying.position(session.connection()))

    def _apply(self, transport: Transport, reply: wire.PullReply) -> None:
        who = self._who()
        applied = self._cache.write(lambda connection: applying.apply_staged(connection, who, reply)).result()
        acknowledged = {ack.id for ack in reply.acks}
        with self._turn:
            # What was answered and is not acknowledged by a pull that reaches so far is sent again.
            self._answered = {
                action: tick
                for action, tick in self._answered.items()
                if action not in acknowledged and tick > applied.tick
            }
        self._set_state(self._synced)
        self._tell(applied.tables)
        if applied.tables & _WHO_MAY_WHAT and applied.rows:
            self._credentials.renew(transport)

    def _pull_page(self, transport: Transport, cursor: str | None, wait: int) -> wire.PullReply:
        request = wire.PullRequest(
            device_id=self._credentials.device_id, schema_revision=wire.SCHEMA_REVISION, cursor=cursor, wait=wait
        )
        return self._call(transport, "/v1/sync/pull", request, wire.PullReply, wait)

    def _call(
        self, transport: Transport, path: str, request: msgspec.Struct, kind: type[Reply], wait: float = 0
    ) -> Reply:
        return call(self._credentials, transport, path, request, kind, wait)

    def _who(self) -> SignedIn:
        who = self._credentials.who
        if who is None:
            raise SignedOut("nobody has signed in")
        return who

    # --- telling

    def _tell(self, tables: frozenset[str]) -> None:
        self.count()
        if tables:
            self._on_change(tables)

    def _show(self, kind: SyncKind, detail: str) -> None:
        self._set_state(lambda before: replace(before, kind=kind, detail=detail))

    def _synced(self, before: SyncState) -> SyncState:
        self._applied += 1
        now = replace(before, kind=SyncKind.SYNCED, detail="", last_synced_at=datetime.now(UTC), fetched=0, to_fetch=0)
        if self._versions.held:
            now = replace(now, kind=SyncKind.CENTRE_OLDER, detail=state.centre_older(self._versions.held))
        return now

    def _set_state(self, change: Callable[[SyncState], SyncState]) -> None:
        """`change` is called while nobody else changes the state."""
        with self._turn:
            before = self.state
            now = change(before)
            # What was under way when it was chosen ends, and does not end the choice.
            if self._is_offline_by_choice and now.kind is not SyncKind.LOCKED:
                now = replace(now, kind=SyncKind.OFFLINE, detail=state.offline_by_choice())
            if (
                before.kind is SyncKind.LOCKED
                and now.kind is not SyncKind.LOCKED
                and self._credentials.lock is not None
            ):
                now = replace(now, kind=SyncKind.LOCKED, detail=before.detail)  # trying goes on, behind closed data
            self.state = now
            is_new = now != before
        if is_new:
            self._on_state(now)


def _is_the_actions_own(error: Answered) -> bool:
    """Whether the centre cannot take an action as it is, and the others of the push can go on."""
    return error.problem.status in (413, 422) or error.problem.code == "other_actor"
