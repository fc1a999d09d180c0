"""A desk without threads of its own and without a window: the real cache, outbox and sync engine, driven step by step; and
the network between it and its centre, which fails when it is told to.
"""

import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from requests.structures import CaseInsensitiveDict
from simulated_centre import Killed, Reply, SimulatedCentre, Time
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from erp_desktop import failpoints
from erp_desktop.actions.base import Action
from erp_desktop.actions.refusals import Refused
from erp_desktop.ids import new_id
from erp_desktop.models.sync import KeptAction, OutboxAction
from erp_desktop.queries.attachments import AttachedFile
from erp_desktop.sync import outbox, settling, undo
from erp_desktop.sync.attachments import Attachments
from erp_desktop.sync.cache import Cache, cache_path, get_state
from erp_desktop.sync.calling import UpgradeNeeded
from erp_desktop.sync.engine import Engine
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.settling import Decision
from erp_desktop.sync.signing_in import Credentials, SignedOut
from erp_desktop.sync.transport import Answered, NoAnswer, Transport, _Sent

Found = TypeVar("Found")
PASSWORD = "correct horse"
CENTRE = "https://centre"


class Fault(Enum):
    """What happens to one request and its answer."""

    NOT_SENT = auto()  # the centre never hears of it
    REPLY_LOST = auto()  # it does, and the answer is lost
    TWICE = auto()  # the network delivers the request twice
    OLD_ONE_AGAIN = auto()  # an earlier push arrives once more, just before
    CUT = auto()  # the answer ends in the middle
    FLIPPED = auto()  # one bit of it is another
    PORTAL = auto()
    REDIRECT = auto()
    BUSY = auto()  # 503 of a proxy, with a pause
    TOO_MANY = auto()  # 429 of the centre's kind
    TOKEN_EXPIRED = auto()
    WORKER_KILLED_BEFORE_COMMIT = auto()
    WORKER_KILLED_AFTER_COMMIT = auto()
    WORKER_KILLED_BETWEEN_COMMITS = auto()  # it has performed the first of the actions, and not the rest
    LATE = auto()  # others go on while the answer is under way


class SimulatedNetwork(Transport):
    """Takes each request to the centre, with the next fault of `faults`."""

    def __init__(self, centre: SimulatedCentre, time: Time) -> None:
        super().__init__(lambda: CENTRE)
        self.centre = centre
        self.faults: deque[Fault | None] = deque()
        self.meanwhile: Callable[[], None] = lambda: None
        self._time = time
        self._old_push: tuple[dict[str, str], bytes] | None = None

    def _ask(
        self, method: str, path: str, body: _Sent | None, token: str | None, read: Callable[..., Any], wait: float = 0
    ) -> Any:
        fault = self.faults.popleft() if self.faults else None
        headers = {"Accept-Encoding": "zstd, gzip"}
        data = b"" if body is None else body.data
        if body is not None:
            headers["Content-Type"] = body.content_type
            if body.digest:
                headers["Content-Digest"] = body.digest
        if token is not None:
            headers["Authorization"] = f"Bearer {token[:-4] + 'AAAA' if fault is Fault.TOKEN_EXPIRED else token}"
        self._time.pass_by(0.05)
        if fault is Fault.NOT_SENT:
            raise NoAnswer("no route to host")
        if fault is Fault.OLD_ONE_AGAIN and self._old_push is not None:
            self.centre.ask("POST", "/v1/sync/push", *self._old_push)
        if path.endswith("/push"):
            self._old_push = (headers, data)
        reply = self.centre.ask(method, path, headers, data, _DEATHS.get(fault) if fault else None)
        if fault is Fault.TWICE:
            reply = self.centre.ask(method, path, headers, data)
        if fault is Fault.LATE:
            listener, failpoints.listener = failpoints.listener, None
            self.meanwhile()
            failpoints.listener = listener
        if reply is None or fault is Fault.REPLY_LOST:
            raise NoAnswer("the connection was reset")
        reply = _spoiled(reply, fault)
        return read(reply, reply.raw)


_DEATHS = {
    Fault.WORKER_KILLED_BEFORE_COMMIT: (failpoints.CENTRE_COMMIT, 1),
    Fault.WORKER_KILLED_AFTER_COMMIT: (failpoints.CENTRE_COMMITTED, 1),
    Fault.WORKER_KILLED_BETWEEN_COMMITS: (failpoints.CENTRE_COMMIT, 2),
}


def _spoiled(reply: Reply, fault: Fault | None) -> Reply:
    plain = CaseInsensitiveDict({"Content-Type": "text/html"})
    match fault:
        case Fault.CUT:
            return reply.copy(raw=reply.raw[: len(reply.raw) // 2])
        case Fault.FLIPPED:
            middle = len(reply.raw) // 2
            return reply.copy(raw=reply.raw[:middle] + bytes([reply.raw[middle] ^ 4]) + reply.raw[middle + 1 :])
        case Fault.PORTAL:
            return Reply(200, plain, b"<html>Welcome to Free Airport WiFi</html>")
        case Fault.REDIRECT:
            return Reply(302, CaseInsensitiveDict({"Location": "http://portal/login"}), b"")
        case Fault.BUSY:
            return Reply(503, CaseInsensitiveDict({"Content-Type": "text/plain", "Retry-After": "3"}), b"busy")
        case Fault.TOO_MANY:
            problem = b'{"title":"Slowly.","status":429,"code":"busy","retry_after":2}'
            return Reply(429, CaseInsensitiveDict({"Content-Type": "application/problem+json"}), problem)
        case _:
            return reply


class _Here:
    """In the place of a cache's thread: does what it is given at once, on the caller's."""

    def __init__(self, instead_of: Executor) -> None:
        instead_of.shutdown()

    def submit(self, work: Callable[..., Found], *args: Any) -> "Future[Found]":
        done: Future[Found] = Future()
        try:
            done.set_result(work(*args))
        except BaseException as error:
            done.set_exception(error)
        return done

    def shutdown(self, **_how: Any) -> None:
        pass


class _TakenBack(Exception):
    """Ends a transaction whose changes nobody wants to keep; carries what was seen in it."""


@dataclass(frozen=True)
class File:
    """A file that somebody attaches."""

    party_id: UUID
    name: str
    data: bytes


@dataclass(frozen=True)
class Standing:
    """What a desk holds of its own."""

    waiting: dict[UUID, str]  # everything that is in the outbox: its status by id
    kept: frozenset[UUID]  # what the centre has applied, and would be offered again by this desk if it forgot that
    tick: int
    cursor: str | None


class SimulatedDesk:
    """One person's desk. What `sync` and `perform` do, the program does on its threads."""

    def __init__(self, name: str, directory: Path, centre: SimulatedCentre, time: Time) -> None:
        """`name`: of who works at it, "mei", or "mei at lin" where the computer is Lin's. `directory`: where the data of that
        computer are, of everybody who works at it."""
        self.name = name
        self.login = name.partition(" at ")[0]
        self.directory = directory
        self.clock_is_wrong_by = timedelta()
        self._time = time
        self.network = SimulatedNetwork(centre, time)
        self.times_opened = self.kills = 0
        self.failure: Exception | None = None  # why the last `sync` ended early
        self._open()

    def _open(self) -> None:
        path = cache_path("the centre", "ACME", self.login, self.directory)
        secrets = Secrets(path.parent, use_keyring=False)
        self.cache = Cache(path, secrets)
        self.cache._writer, self.cache._readers = _Here(self.cache._writer), _Here(self.cache._readers)  # type: ignore[assignment]
        self.credentials = Credentials(self.cache, secrets)
        self.attachments = Attachments(
            self.cache,
            self.credentials,
            lambda: CENTRE,
            None,
            perform=self._perform_for_a_file,
            is_online=lambda: True,
            on_change=lambda: None,
        )
        self.attachments._sending._transport = self.network
        self.attachments._new_transport = lambda: self.network
        self.engine = Engine(
            self.cache, self.credentials, lambda: CENTRE, self.attachments.noticed, lambda _state: None
        )
        self.engine.count()
        self.times_opened += 1

    def sign_in(self) -> None:
        self.credentials.sign_in(self.network, "ACME", self.login, PASSWORD)

    def sign_out(self) -> None:
        """Whoever sits down here next has to say their password; what waits goes on waiting."""
        self.credentials.sign_out()

    def close(self) -> None:
        self.attachments.close()
        self.engine.close()
        self.cache.close()

    def abandon(self) -> None:
        """Nobody looks at it again: nothing is put in order for the next start."""
        self.attachments.close()
        self.engine.close()
        self.cache._read_engine.dispose()
        self.cache._connection.close()
        self.cache._engine.dispose()
        self.cache._lock.release()

    # --- what the program does

    def perform(self, done: "Action | File") -> UUID | None:
        """The id under which it is in the outbox; None where a rule says no."""
        try:
            if isinstance(done, File):
                self.attachments._add("party", done.party_id, done.data, done.name)
                return self._of_the_file
            return self._perform(done)
        except Refused:
            return None

    def sync(self) -> None:
        """One round of sending and fetching, and the bytes of files after it. A fault of the network or of the centre ends
        it; anything else is ours."""
        self._step(self._round)

    def open_file(self, attached: AttachedFile) -> bytes:
        """Its bytes, fetched where they are not here yet and compared with its hash."""
        return self.attachments._save(attached, self.directory / "opened", lambda _: None, lambda: True).read_bytes()

    def push(self) -> None:
        if self.ask(lambda session: get_state(session.connection(), "filled")):
            self._step(self.engine.pushing.push)

    def pull(self) -> None:
        self._step(lambda network: self.engine.pulling.pull(network, 0))

    def settle(self, *decisions: Decision) -> None:
        """What a person decides in Needs attention, as far as the rules let it."""
        self._change(lambda connection: settling.settle(connection, self._who, decisions))

    @contextmanager
    def killed_at(self, point: str, nth: int) -> Iterator[None]:
        """In this block the program is killed when it comes to `point` for the `nth` time: what is on the disk at that
        moment is all that the next start finds."""
        left = nth
        folder = self.cache.path.parent
        kept = folder.with_name(folder.name + ".killed")

        def listen(reached: str) -> None:
            nonlocal left
            if reached == point:
                left -= 1
                if left == 0:
                    shutil.copytree(folder, kept)
                    raise Killed(point)

        failpoints.listener = listen
        try:
            yield
        except Killed:
            pass
        finally:
            failpoints.listener = None
        if kept.exists():
            self.close()
            shutil.rmtree(folder)
            kept.rename(folder)
            self.kills += 1
            self._open()

    def pull_beside(self) -> None:
        """What the second thread does while the first one waits for its answer; it would wait where that one holds a lock."""
        if self.engine.pulling._applying_turn.locked() or self.credentials._guard.locked():
            return
        with suppress(NoAnswer):
            self.engine.pulling.pull(SimulatedNetwork(self.network.centre, self._time), 0)

    def restart(self) -> None:
        self.close()
        self._open()

    # --- what can be seen

    def ask(self, question: Callable[[Session], Found]) -> Found:
        return self.cache.read_here(question)

    def waiting(self) -> dict[UUID, str]:
        """Everything that is in the outbox: its status by id."""
        return self.ask(_waiting)

    def standing(self) -> Standing:
        def look(session: Session) -> Standing:
            connection = session.connection()
            return Standing(
                _waiting(session),
                frozenset(session.scalars(select(KeptAction.id))),
                int(get_state(connection, "tick") or 0),
                get_state(connection, "cursor"),
            )

        return self.ask(look)

    def version(self) -> object:
        """Another one after everything that was written: only one connection writes into a cache."""
        driver: Any = self.cache._connection.connection.driver_connection
        return self.times_opened, driver.total_changes

    def without_what_waits(self, look: Callable[[Connection], Found]) -> Found:
        """What `look` sees once everything pending is taken back. The cache stays as it is."""

        def job(connection: Connection) -> None:
            undo.undo_all(connection)
            raise _TakenBack(look(connection))

        try:
            self.cache.write(job).result()
        except _TakenBack as seen:
            found: Found = seen.args[0]
            return found
        raise AssertionError("never committed")

    @property
    def _who(self) -> Any:
        assert self.credentials.who is not None
        return self.credentials.who

    def _perform(self, action: Action) -> UUID:
        action_id = new_id()
        self._change(lambda connection: outbox.perform(connection, self._who, action, action_id=action_id))
        return action_id

    def _perform_for_a_file(self, action: Action) -> "Future[None]":
        self._of_the_file = self._perform(action)
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def _round(self, transport: Transport) -> None:
        self.engine.round(transport)
        with suppress(Answered):  # noted in the log, and tried again
            self.attachments._sending._send_what_there_is()

    def _change(self, job: Callable[[Connection], Any]) -> None:
        self._time.offset = self.clock_is_wrong_by
        try:
            waiting = self.cache.write(lambda connection: (job(connection), outbox.waiting(connection))[1]).result()
            self.engine.noticed(waiting)
        finally:
            self._time.offset = timedelta()

    def _step(self, step: Callable[[Transport], object]) -> None:
        self.failure = None
        try:
            step(self.network)
        except (NoAnswer, SignedOut, UpgradeNeeded) as error:
            self.engine.standing.explain(error)
            self.failure = error
        except Answered as error:
            raise AssertionError(f"an answer that the engine does not know: {error}") from error
        finally:
            self.network.faults.clear()


def _waiting(session: Session) -> dict[UUID, str]:
    return {row.id: row.status for row in session.execute(select(OutboxAction.id, OutboxAction.status))}


def decoded(reply: msgspec.Struct, kind: type[Found]) -> Found:
    """A message as it is after its way over the wire."""
    return msgspec.json.decode(msgspec.json.encode(reply), type=kind)
