"""The desk: where windows perform actions and ask questions. It owns the cache and the sync engine, and never blocks.

desk = Desk.open(cache_path("https://erp.example", "ACME", "ada"), "https://erp.example", "ACME", "ada", password)
desk.changed.connect(table.refresh)
desk.perform(ConfirmPurchaseOrder(order_id)).add_done_callback(...)
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from PySide6.QtCore import QObject, Qt, Signal
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from erp_desktop import qt_booleans  # noqa: F401  before the first signal
from erp_desktop.actions.base import Action
from erp_desktop.actions.refusals import Refused
from erp_desktop.models.company import Company
from erp_desktop.queries.base import Query
from erp_desktop.reports.report import Report, report_definition
from erp_desktop.sync import outbox, settling
from erp_desktop.sync.administering import Administration
from erp_desktop.sync.attachments import Attachments
from erp_desktop.sync.cache import Cache
from erp_desktop.sync.checking import Checked, CheckNotDone, Checks
from erp_desktop.sync.engine import Engine
from erp_desktop.sync.older import OlderDocuments
from erp_desktop.sync.previewing import Previews
from erp_desktop.sync.reads import Reads
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.settling import Decision, Unsettled
from erp_desktop.sync.signing_in import CentreOutOfReach, Credentials, ProgramTooOld, SignedIn, SignInNeeded
from erp_desktop.sync.state import SyncKind, SyncState
from erp_desktop.sync.transport import Timing, Transport
from erp_desktop.sync.what_waits import AttentionItem, WaitingChange, attention_items, waiting_changes
from erp_desktop.wire import Effect

Answer = TypeVar("Answer")

__all__ = ["AttentionItem", "CompanyHere", "Desk", "UserHere", "WaitingChange"]

FIRST_FILL_SECONDS = 600.0
_CENTRE_ANSWERS = frozenset({SyncKind.SYNCED, SyncKind.SYNCING, SyncKind.CENTRE_OLDER})


@dataclass(frozen=True)
class CompanyHere:
    """The company whose books these are."""

    id: UUID
    code: str
    name: str
    name_zh: str = ""
    time_zone: str = "UTC"  # IANA name; business dates are dates there


@dataclass(frozen=True)
class UserHere:
    """Who works at this desk."""

    id: UUID
    login: str
    name: str


class Desk(QObject):
    """One person's place of work. Signals come in the desk's own thread; futures are done on others."""

    changed = Signal(object)  # frozenset[str]: tables whose rows are others now
    sync_state_changed = Signal(object)  # SyncState
    signed_in_changed = Signal()  # the person's name or permissions are others now
    files_changed = Signal()  # where the bytes of attachments are, or how far on their way
    data_mended = Signal(object)  # Checked: rows that differed from the centre's were put right
    _told = Signal(object)  # carries a call from a worker thread to the desk's own

    def __init__(
        self,
        cache: Cache,
        credentials: Credentials,
        centre: Callable[[], str],
        timing: Timing | None = None,
        parent: QObject | None = None,
    ) -> None:
        """For a cache that somebody has signed in to and that is filled: see `Desk.open`."""
        super().__init__(parent)
        self._told.connect(self._run_here, Qt.ConnectionType.QueuedConnection)
        self._cache = cache
        self._credentials = credentials
        self._company: CompanyHere | None = None
        self._is_closed = False
        credentials.on_change = lambda _who: self._told.emit(self.signed_in_changed.emit)
        self._engine = Engine(cache, credentials, centre, self._rows_changed, self._state_changed, timing)
        self._previews = Previews(self._engine, credentials, centre, timing)
        self._checks = Checks(
            cache,
            credentials,
            centre,
            timing,
            is_synced=lambda: self.sync_state.kind is SyncKind.SYNCED,
            pull=self.wait_until_synced,
            on_rows=self._rows_mended,
            on_mended=lambda checked: self._told.emit(lambda: self.data_mended.emit(checked)),
        )
        self.administration = Administration(self._engine, credentials, centre, timing)
        self.older = OlderDocuments(self._engine, cache, credentials, centre, self._rows_changed, timing)
        self.reads = Reads(cache, credentials, centre, timing)
        self.attachments = Attachments(
            cache,
            credentials,
            centre,
            timing,
            perform=self.perform,
            is_online=lambda: self.sync_state.kind in _CENTRE_ANSWERS,
            on_change=lambda: self._told.emit(self.files_changed.emit),
        )

    @classmethod
    def open(
        cls,
        path: Path,
        centre: str | Callable[[], str],
        company: str,
        login: str,
        password: str | None = None,
        *,
        new_password: str | None = None,
        secrets: Secrets | None = None,
        timing: Timing | None = None,
        fill_timeout: float = FIRST_FILL_SECONDS,
        sync_later: bool = False,
        on_progress: Callable[[SyncState], None] = lambda _state: None,
        parent: QObject | None = None,
    ) -> "Desk":
        """Open the cache at `path`, sign in where that is needed, and start syncing. Blocks; the first time until the
        company is here.

        `password` None goes on with the sign-in that is kept. With `sync_later` a company that is here already waits for
        `start`, so that a window can be drawn first. `on_progress` hears on this thread how far a fill is. `new_password`
        replaces `password` first. Raises SignInNeeded where there is none, WrongPassword, PasswordToChange, WeakPassword,
        SamePassword, TooManyTries, CentreOutOfReach, SignInRefused, CacheInUse, CacheFull, KeyOutOfReach, LeaseEnded,
        UserDisabled, ComputerErased.
        """
        address = centre if callable(centre) else lambda: str(centre)
        is_new = not path.exists()
        secrets = secrets or Secrets(path.parent)
        cache = Cache(path, secrets)
        try:
            credentials = Credentials(cache, secrets)
            if password is not None:
                transport = Transport(address, timing)
                try:
                    if new_password is not None:
                        credentials.choose_password(transport, company, login, password, new_password)
                    credentials.sign_in(transport, company, login, new_password or password)
                finally:
                    transport.close()
            elif credentials.who is None or credentials.has_signed_out:
                raise SignInNeeded()
            elif (lock := credentials.lock) is not None:
                raise lock
            desk = cls(cache, credentials, address, timing, parent)
        except BaseException:
            cache.close()
            if is_new:
                cache.remove()  # whoever finds a cache may take it that somebody has signed in to it
            raise
        if sync_later and desk.is_filled:
            return desk
        desk.start()
        try:
            desk.wait_until_filled(fill_timeout, on_progress)
        except BaseException:
            desk.close()
            raise
        return desk

    def wait_until_filled(
        self, timeout: float = FIRST_FILL_SECONDS, on_progress: Callable[[SyncState], None] = lambda _state: None
    ) -> None:
        """Block until the company is here, for `timeout` seconds without progress at most.

        Raises SignInNeeded, ProgramTooOld, CentreOutOfReach.
        """
        deadline, fetched = time.monotonic() + timeout, 0
        while not self.is_filled:
            state = self.sync_state
            if state.fetched != fetched:
                deadline, fetched = time.monotonic() + timeout, state.fetched
                on_progress(state)
            if self._engine.wait_for(1, 0.05):
                continue
            if (lock := self._credentials.lock) is not None:
                raise lock
            if self.sync_state.kind is SyncKind.SIGNED_OUT:
                raise SignInNeeded()
            if self.sync_state.kind is SyncKind.UPGRADE_NEEDED:
                raise ProgramTooOld()
            if time.monotonic() > deadline:
                raise CentreOutOfReach()

    def start(self) -> None:
        """Begin to sync; once is enough. Nothing happens after `close`."""
        if not self._is_closed:
            self._engine.start()
            self._checks.start()
            self.attachments.start()

    # --- what people do and look at

    def perform(self, action: Action) -> "Future[None]":
        """Do `action` here and put it in the outbox. Done once it is safe on the disk; raises Refused."""
        return self._changing(lambda connection, who: outbox.perform(connection, who, action))

    def perform_and_wait(self, action: Action) -> None:
        """`perform`, blocking. For tests and the command line."""
        self.perform(action).result()

    def preview(self, action: Action) -> "Future[Effect]":
        """What `action` would change in stock, cost of sales and ledger, as the centre works it out; nothing is written.

        Raises the Refused that performing it would, and EffectOutOfReach. Cancelled before its turn, it is not asked for.
        """
        return self._previews.ask(action)

    def ask(self, query: Query[Answer]) -> "Future[Answer]":
        """The answer to `query`, from one snapshot of the data."""
        company_id = self._who().company_id
        return self._reading(lambda session: query.run(session, company_id))

    def report(self, name: str, **parameters: Any) -> "Future[Report]":
        """The report called `name`. Raises KeyError, and BadParameter in the future."""
        definition = report_definition(name)
        company_id = self._who().company_id
        return self._reading(lambda session: definition.run(session, company_id, **parameters))

    # --- who and where

    @property
    def user(self) -> UserHere:
        who = self._who()
        return UserHere(who.user_id, who.login, who.user_name)

    @property
    def permissions(self) -> frozenset[str]:
        """What this person may do, as the centre last said."""
        return self._who().permissions

    @property
    def company(self) -> CompanyHere:
        """Blocks once, for as long as a read of one row takes."""
        if self._company is None:
            company_id = self._who().company_id
            self._company = self._cache.read_here(lambda session: _company(session, company_id))
        return self._company

    @property
    def damage(self) -> str:
        """A sentence for the person where the cache was found damaged when it was opened; else empty."""
        return self._cache.damage

    @property
    def key_store(self) -> str:
        """Where the key of the data on this computer is kept: "keyring", or "file" beside them."""
        return self._cache.key_store

    # --- sync

    @property
    def sync_state(self) -> SyncState:
        return self._engine.state

    @property
    def is_filled(self) -> bool:
        """Whether the company is here. Blocks for as long as a read of one row takes."""
        return self._engine.is_filled()

    def sync_now(self) -> None:
        """Send and fetch at once, whatever pause is under way."""
        self._engine.wake()

    def wait_until_synced(self, timeout: float = 30.0) -> bool:
        """Block until a whole round of sending and fetching that begins now is done; False after `timeout` seconds."""
        return self._engine.wait_for(self._engine.wake(), timeout)

    def go_offline(self) -> None:
        """Stop talking to the centre; work goes on."""
        self._engine.go_offline()

    def go_online(self) -> None:
        self._engine.go_online()

    def check_data(self) -> "Future[Checked]":
        """Compare everything here with the centre, and put right what differs. Raises CheckNotDone."""
        if self.sync_state.kind not in (SyncKind.SYNCED, SyncKind.SYNCING, SyncKind.CENTRE_OLDER):
            refused: Future[Checked] = Future()
            refused.set_exception(CheckNotDone())
            return refused
        return self._checks.check_now()

    def sign_in(self, password: str) -> "Future[None]":
        """The same person signs in again, after the centre asked for it. Raises WrongPassword, PasswordToChange,
        CentreOutOfReach."""
        done: Future[None] = Future()
        threading.Thread(target=self._sign_in, args=(password, done), name="sign-in", daemon=True).start()
        return done

    def sign_out(self) -> None:
        """The next one who opens these data is asked for the password. What waits is kept. Blocks for a moment."""
        self._credentials.sign_out()

    # --- Needs attention

    def attention(self) -> "Future[tuple[AttentionItem, ...]]":
        """Everything that waits for a person, oldest first."""
        return self._reading(attention_items)

    def send_again(self, item_id: UUID) -> "Future[None]":
        """Do an item anew as it is, and then what it held. Raises Refused, and then it stays where it is."""
        return self._changing(lambda connection, who: outbox.send_again(connection, who, item_id))

    def amend(self, item_id: UUID, action: Action) -> "Future[None]":
        """Do `action` in the place of an item. Raises Refused, and then the item stays as it was."""
        return self._changing(lambda connection, who: outbox.send_again(connection, who, item_id, action))

    def drop(self, item_id: UUID, reason: str = "") -> "Future[None]":
        """Give an item up. It is kept with the reason, out of sight."""
        return self._changing(lambda connection, who: outbox.drop(connection, who, item_id, reason))

    def settle(self, decisions: Sequence[Decision]) -> "Future[tuple[Unsettled, ...]]":
        """Carry out what a person decided about several items, in one transaction. Answers those that stay, and why."""
        left: list[Unsettled] = []

        def job(connection: Connection, who: SignedIn) -> frozenset[str]:
            settled = settling.settle(connection, who, decisions)
            left[:] = settled.left
            return settled.tables

        answered: Future[tuple[Unsettled, ...]] = Future()

        def tell(written: "Future[None]") -> None:
            error = written.exception()
            if error is not None:
                answered.set_exception(error)
            else:
                answered.set_result(tuple(left))

        self._changing(job).add_done_callback(tell)
        return answered

    def waiting_changes(self) -> "Future[tuple[WaitingChange, ...]]":
        """Everything that goes to the centre by itself, oldest first."""
        return self._reading(waiting_changes)

    def close(self) -> None:
        """Stop syncing, finish what was handed in, and let go of the cache. What waits is kept."""
        if self._is_closed:
            return
        self._is_closed = True
        self._engine.close()
        self._previews.close()  # it may have waited for the engine
        self._checks.close()  # and so may this
        self.administration.close()
        self.older.close()
        self.reads.close()
        self.attachments.close()
        self._cache.close()

    # --- inside

    def _reading(self, job: Callable[[Session], Answer]) -> "Future[Answer]":
        """A question that a window still asks while the desk closes (a timer of its own) is cancelled, not an error."""
        if self._is_closed:
            cancelled: Future[Answer] = Future()
            cancelled.cancel()
            return cancelled
        if (lock := self._lock()) is not None:
            closed: Future[Answer] = Future()
            closed.set_exception(lock)
            return closed
        return self._cache.read(job)

    def _lock(self) -> Refused | None:
        """Why nothing may be shown or changed, after the state has told it."""
        return self._credentials.lock if self._engine.is_locked() else None

    def _changing(self, job: Callable[[Connection, SignedIn], frozenset[str]]) -> "Future[None]":
        who = self._who()
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()  # handed in is handed in: it cannot be cancelled any more
        if (lock := self._lock()) is not None:
            done.set_exception(lock)
            return done

        def write(connection: Connection) -> tuple[frozenset[str], outbox.Waiting]:
            return job(connection, who), outbox.waiting(connection)

        def tell(written: "Future[tuple[frozenset[str], outbox.Waiting]]") -> None:
            error = written.exception()
            if error is not None:
                done.set_exception(error)
                return
            tables, waiting = written.result()
            self._engine.noticed(waiting)  # first: whoever hears of the rows sees that they wait
            self._rows_changed(tables)
            done.set_result(None)

        self._cache.write(write).add_done_callback(tell)
        return done

    def _who(self) -> SignedIn:
        who = self._credentials.who
        if who is None:
            raise RuntimeError("nobody has signed in at this desk")
        return who

    def _sign_in(self, password: str, done: "Future[None]") -> None:
        try:
            self._engine.sign_in(password)
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    def _run_here(self, call: Callable[[], object]) -> None:
        call()

    def _rows_mended(self, tables: frozenset[str]) -> None:
        self._engine.count()  # what waits has run again
        self._rows_changed(tables)

    def _rows_changed(self, tables: frozenset[str]) -> None:
        self._checks.somebody_works()
        if "company" in tables:
            self._company = None
        self.attachments.noticed(tables)
        if tables:
            self._told.emit(lambda: self.changed.emit(tables))

    def _state_changed(self, state: SyncState) -> None:
        if state.kind is SyncKind.SYNCED:
            self.reads.centre_is_there()
        self.attachments.centre_is_there(state.kind in _CENTRE_ANSWERS)
        self._told.emit(lambda: self.sync_state_changed.emit(state))


def _company(session: Session, company_id: UUID) -> CompanyHere:
    company = session.get_one(Company, (company_id, company_id))
    return CompanyHere(company.id, company.code, company.name, company.name_zh, company.time_zone)
