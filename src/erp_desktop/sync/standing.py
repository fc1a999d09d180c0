"""How it stands with the centre: kept as one value, and told to whoever shows it.

Here: what a failure means to a person, and that no older count is told after a newer one. Not here: what the value holds and
its words (state.py), and when anything is tried again (engine.py).
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from erp_desktop.sync import outbox, state
from erp_desktop.sync.cache import Cache, CacheFull
from erp_desktop.sync.calling import UpgradeNeeded
from erp_desktop.sync.signing_in import LOCKED_OUT, Credentials, SignedOut
from erp_desktop.sync.state import SyncKind, SyncState
from erp_desktop.sync.transport import NoAnswer
from erp_desktop.sync.versions import CentreOlder

log = logging.getLogger(__name__)


class Standing:
    """One desk's, from whichever thread. Callbacks come on the thread that brought the change."""

    def __init__(
        self,
        cache: Cache,
        credentials: Credentials,
        on_change: Callable[[frozenset[str]], None],
        on_state: Callable[[SyncState], None],
    ) -> None:
        self._cache = cache
        self._credentials = credentials
        self._on_change = on_change
        self._on_state = on_state
        self._counting = threading.Lock()  # whoever holds it counts and shows: no older count comes after a newer one
        self._guard = threading.Lock()  # guards the state and `pulls`
        self.is_offline_by_choice = False
        self.pulls = 0  # that were applied: the centre was there
        self.state = SyncState()

    def count(self) -> None:
        """Show how many wait now."""
        with self._counting:
            waiting = self._cache.read_here(outbox.waiting)
            self.change(lambda before: before.with_counts(waiting.pending, waiting.attention))

    def counted(self, waiting: outbox.Waiting) -> None:
        """Show that so many wait. Waits for nothing but a count that is under way."""
        with self._counting:
            self.change(lambda before: before.with_counts(waiting.pending, waiting.attention))

    def tell(self, tables: frozenset[str]) -> None:
        """Rows of `tables` have changed, and with them perhaps what waits."""
        self.count()
        if tables:
            self._on_change(tables)

    def is_locked(self) -> bool:
        """Whether nothing may be shown or changed now; the state then says why."""
        lock = self._credentials.lock
        if lock is not None:
            self._show(SyncKind.LOCKED, lock.problem.sentence)
        return lock is not None

    def show_choice(self) -> None:
        """Somebody chose to work offline."""
        self._show(SyncKind.OFFLINE, state.offline_by_choice())

    def synced(self, held: int) -> None:
        """A pull was applied; `held` actions wait for a centre that understands them."""

        def in_step(before: SyncState) -> SyncState:
            self.pulls += 1
            now = replace(
                before, kind=SyncKind.SYNCED, detail="", last_synced_at=datetime.now(UTC), fetched=0, to_fetch=0
            )
            return replace(now, kind=SyncKind.CENTRE_OLDER, detail=state.centre_older(held)) if held else now

        self.change(in_step)

    def explain(self, error: Exception, pulls: int | None = None) -> bool:
        """Show why syncing stopped. False where a person chose that.

        A request for news may break long after it began. If more than `pulls` were applied by then, the centre was there
        meanwhile, and one answer that did not come is no reason to say that it is not.
        """
        if isinstance(error, SignedOut) and error.code in LOCKED_OUT:
            self._credentials.lock_out(error.code)
        if self.is_locked():
            return True
        if self.is_offline_by_choice:
            self.show_choice()
            return False
        if isinstance(error, NoAnswer):
            log.info("no answer: %s", error)
            away = state.certificate_not_trusted() if error.is_forged else state.centre_out_of_reach()
            self.change(
                lambda before: (
                    before
                    if pulls is not None and self.pulls > pulls
                    else replace(before, kind=SyncKind.OFFLINE, detail=away)
                )
            )
        elif isinstance(error, SignedOut):
            is_copy = self._credentials.is_copy
            detail = state.password_wanted_of_a_copy() if is_copy else state.password_wanted()
            self._show(SyncKind.SIGNED_OUT, detail)
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

    def change(self, change: Callable[[SyncState], SyncState]) -> None:
        """`change` is called while nobody else changes the state."""
        with self._guard:
            before = self.state
            now = change(before)
            # What was under way when it was chosen ends, and does not end the choice.
            if self.is_offline_by_choice and now.kind is not SyncKind.LOCKED:
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

    def _show(self, kind: SyncKind, detail: str) -> None:
        self.change(lambda before: replace(before, kind=kind, detail=detail))
