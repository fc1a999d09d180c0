"""When this computer's data are checked against the centre (verifying.py), and what is said about it.

By itself: after a fill, after the program ended without closing, and once a day; piece by piece while nobody works, and where
it stopped it goes on, even after a restart. By hand at once. Whatever differs is put right as it is found.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection

from erp_desktop import wire
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.sync import verifying
from erp_desktop.sync.cache import Cache, CacheFull, get_state, set_state
from erp_desktop.sync.calling import UpgradeNeeded, call
from erp_desktop.sync.engine import Engine
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.signing_in import Credentials, SignedIn, SignedOut
from erp_desktop.sync.transport import Answered, NoAnswer, Timing, Transport
from erp_desktop.sync.verifying import Mended, MovedOn, Place

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
IDLE_SECONDS = 30.0  # nobody has worked here, and no news came
MARKED_AFTER_SECONDS = 5.0  # a window that opens writes nothing before its first figures are there
PAUSE_SECONDS = 0.5  # between two pieces of a check that nobody waits for
LOOK_EVERY_SECONDS = 60.0
SECONDS_FOR_A_PULL = 60.0
NOT_DONE = (NoAnswer, Answered, SignedOut, UpgradeNeeded)
_TRIES = 20  # of a piece that news keep coming into


class CheckNotDone(Refused):
    code = "check_not_done"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The data could not be checked, because the central service did not answer. Nothing was changed; "
        "try again when it is back.",
    )


@dataclass(frozen=True)
class Checked:
    """What a check found and put right: rows in `mended` tables."""

    mended: tuple[Mended, ...]

    @property
    def count(self) -> int:
        return sum(one.count for one in self.mended)

    @property
    def sentence(self) -> str:
        if not self.count:
            return translate("Sync", "This computer's data agree with the central service.")
        return translate(
            "Sync",
            "{count} rows on this computer differed from the central service and were put right. Changes that wait were kept.",
        ).format(count=self.count)


def check_wanted(connection: Connection) -> None:
    """The next quiet moment is for a check from the beginning."""
    set_state(connection, check_wanted="yes", check_table=None, check_after=None)


class Checker:
    """One check after another, of one cache."""

    def __init__(
        self,
        cache: Cache,
        credentials: Credentials,
        transport: Transport,
        pull: Callable[[], object],
        on_rows: Callable[[frozenset[str]], None] = lambda tables: None,
    ) -> None:
        """`pull` brings the cache up to date, as far as that is possible now."""
        self._cache = cache
        self._credentials = credentials
        self._transport = transport
        self._pull = pull
        self._on_rows = on_rows

    def check_all(self) -> Checked:
        """From the beginning to the end. Raises NoAnswer, Answered, SignedOut, UpgradeNeeded, CacheFull."""
        mended: list[Mended] = []
        place: Place | None = Place()
        while place is not None:
            place, found = self.piece(place)
            mended += found
        return Checked(tuple(mended))

    def piece(self, place: Place) -> tuple[Place | None, list[Mended]]:
        """Check some thousand rows from `place` on. Answers where the next piece begins. Raises as `check_all`."""
        for _ in range(_TRIES):
            try:
                return self._piece(place)
            except MovedOn:
                self._pull()
        raise NoAnswer("the data keep changing")

    def _piece(self, place: Place) -> tuple[Place | None, list[Mended]]:
        who = self._credentials.signed_in()
        piece = self._cache.read_here(lambda session: verifying.next_piece(session.connection(), who, place))
        if piece is None:
            raise MovedOn()
        contents = self._ask(piece, piece.buckets)
        piece = verifying.without_rest(piece, contents)
        differing = self._cache.read_here(
            lambda session: verifying.compare_as_it_is(session.connection(), who, piece, contents)
        )
        if differing is None:
            differing = self._cache.write(lambda c: verifying.compare(c, who, piece, contents)).result()
        return piece.following, [self._repair(who, piece, number) for number in differing]

    def _repair(self, who: SignedIn, piece: verifying.Piece, number: int) -> Mended:
        (content,) = self._ask(piece, [piece.buckets[number]], with_rows=True)
        mended, tables = self._cache.write(lambda c: verifying.repair(c, who, piece, number, content)).result()
        self._on_rows(tables)
        return mended

    def _ask(
        self, piece: verifying.Piece, buckets: list[wire.Bucket], *, with_rows: bool = False
    ) -> list[wire.BucketContent]:
        request = wire.VerifyRequest(
            device_id=self._credentials.device_id,
            schema_revision=wire.SCHEMA_REVISION,
            cursor=piece.cursor,
            buckets=buckets,
            with_rows=with_rows,
        )
        reply = call(self._credentials, self._transport, "/v1/sync/verify", request, wire.VerifyReply)
        if reply.moved_on or len(reply.buckets) != len(buckets):
            raise MovedOn()
        return reply.buckets


def check_copy(path: Path, centre: str) -> Checked:
    """Check a cache that no window has open, as the person who is signed in to it; what waits is sent on the way.

    Raises CheckNotDone, CacheInUse, CacheFull.
    """
    secrets = Secrets(path.parent)
    cache = Cache(path, secrets)
    credentials = Credentials(cache, secrets)
    transport = Transport(lambda: centre)
    engine = Engine(cache, credentials, lambda: centre, lambda _tables: None, lambda _state: None)

    def pull() -> None:
        engine.start()
        engine.wait_for(engine.wake(), SECONDS_FOR_A_PULL)

    try:
        checked = Checker(cache, credentials, transport, pull).check_all()
        cache.write(_checked).result()
        return checked
    except NOT_DONE as error:
        log.info("check not done: %s", error)
        raise CheckNotDone() from error
    finally:
        engine.close()
        transport.close()
        cache.close()


class Checks:
    """Checks one open cache until `close`, on a thread of its own."""

    def __init__(
        self,
        cache: Cache,
        credentials: Credentials,
        centre: Callable[[], str],
        timing: Timing | None,
        *,
        is_synced: Callable[[], bool],
        pull: Callable[[], object],
        on_rows: Callable[[frozenset[str]], None],
        on_mended: Callable[[Checked], None],
    ) -> None:
        self._cache = cache
        self._transport = Transport(centre, timing)
        self._checker = Checker(cache, credentials, self._transport, pull, on_rows)
        self._is_synced = is_synced
        self._on_mended = on_mended
        self._turn = threading.Condition()  # guards what follows
        self._asked: list[Future[Checked]] = []
        self._is_closing = False
        self._is_marked = False  # as a program that runs
        self._worked_at = time.monotonic()
        self._thread = threading.Thread(target=self._keep_checking, name="sync-check", daemon=True)

    def start(self) -> None:
        """Begin, if it has not begun yet."""
        if self._thread.ident is None:
            self._thread.start()

    def close(self) -> None:
        """Break off; what is checked so far need not be checked again."""
        with self._turn:
            self._is_closing = True
            self._turn.notify_all()
        self._transport.hold()
        if self._thread.ident is not None:
            self._thread.join()
        if self._is_marked:
            self._cache.write(lambda connection: set_state(connection, running=None)).result()
        self._transport.close()

    def somebody_works(self) -> None:
        """Rows changed here: a check that nobody waits for stands back."""
        self._worked_at = time.monotonic()

    def check_now(self) -> "Future[Checked]":
        """Check everything. Raises CheckNotDone."""
        done: Future[Checked] = Future()
        with self._turn:
            if self._is_closing:
                done.cancel()
                return done
            self._asked.append(done)
            self._turn.notify_all()
        return done

    def _keep_checking(self) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._is_closing or bool(self._asked), MARKED_AFTER_SECONDS)
            self._is_marked = not self._is_closing
        if self._is_marked:
            self._cache.write(_opened).result()
        pause = 0.0
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._is_closing or bool(self._asked), pause)
                if self._is_closing:
                    break
                asked, self._asked = self._asked, []
            if asked:
                self._by_hand(asked)
            pause = self._by_itself()
        for done in self._asked:
            done.cancel()

    def _by_hand(self, asked: "list[Future[Checked]]") -> None:
        try:
            checked = self._checker.check_all()
        except NOT_DONE as error:
            log.info("check not done: %s", error)
            for done in asked:
                done.set_exception(CheckNotDone())
        except Exception as error:
            for done in asked:
                done.set_exception(error)
        else:
            self._cache.write(_checked).result()
            for done in asked:
                done.set_result(checked)

    def _by_itself(self) -> float:
        """A piece, where it is time for one. Answers after how many seconds to look again."""
        idle_in = self._worked_at + IDLE_SECONDS - time.monotonic()
        if idle_in > 0 or not self._is_synced():
            return max(idle_in, PAUSE_SECONDS) if self._is_synced() else LOOK_EVERY_SECONDS
        place = self._cache.read_here(lambda session: _due(session.connection()))
        if place is None:
            return LOOK_EVERY_SECONDS
        try:
            following, mended = self._checker.piece(place)
        except (*NOT_DONE, CacheFull) as error:
            log.info("check broken off: %s", error)
            return LOOK_EVERY_SECONDS
        except (
            Exception
        ):  # whatever it was: a check that nobody asked for must not end the checks that somebody asks for
            log.exception("check failed, tried again later")
            return LOOK_EVERY_SECONDS
        self._cache.write(lambda connection: _go_on(connection, following)).result()
        if mended:
            self._on_mended(Checked(tuple(mended)))
        return PAUSE_SECONDS


def _opened(connection: Connection) -> None:
    if get_state(connection, "running") is not None:
        log.warning("the program was not closed the last time: its data will be checked")
        check_wanted(connection)
    set_state(connection, running="yes")


def _due(connection: Connection) -> Place | None:
    """Where a check begins or goes on; None while none is due."""
    table = get_state(connection, "check_table")
    if table is not None:
        after = get_state(connection, "check_after")
        return Place(table, UUID(after) if after else None)
    last = get_state(connection, "checked_at")
    is_old = last is None or datetime.now(UTC) - datetime.fromisoformat(last) > EVERY
    return Place() if is_old or get_state(connection, "check_wanted") is not None else None


def _go_on(connection: Connection, following: Place | None) -> None:
    if following is None:
        _checked(connection)
    else:
        after = None if following.after is None else str(following.after)
        set_state(connection, check_table=following.table, check_after=after)


def _checked(connection: Connection) -> None:
    now = datetime.now(UTC).isoformat()
    set_state(connection, checked_at=now, check_wanted=None, check_table=None, check_after=None)
