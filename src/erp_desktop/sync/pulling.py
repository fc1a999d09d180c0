"""Fetching what is new at the centre, or everything anew, and applying it.

Two may ask at once: the round that sends, and the listener that waits for news. What is fetched is staged page by page and
applied whole (applying.py); how a fill goes table by table is in filling.py.
"""

import logging
from dataclasses import replace

from erp_desktop import wire
from erp_desktop.models import replicated_tables
from erp_desktop.models.base import may_hold
from erp_desktop.sync import applying, filling
from erp_desktop.sync.calling import call
from erp_desktop.sync.state import SyncState
from erp_desktop.sync.traffic import Traffic
from erp_desktop.sync.transport import Answered, NoAnswer, Transport

log = logging.getLogger(__name__)

_WHO_MAY_WHAT = frozenset({"app_user", "role", "user_role"})


class Pulling(Traffic):
    """One desk's pulls."""

    def is_filled(self) -> bool:
        """Whether the cache holds the company."""
        return self._cache.read_here(lambda session: applying.is_filled(session.connection()))

    def pull_to_the_end(self, transport: Transport) -> None:
        while not self.pull(transport, wait=0):
            pass  # the listener's news came first, and may be older than this round

    def pull(self, transport: Transport, wait: int) -> bool:
        """Fetch what is new and apply it. Two may wait for news at once; the second one's copy is thrown away: False."""
        before = self._position()
        if before.is_under_way:
            with self._applying_turn:
                return self._fetch_all(transport)
        try:
            reply = self._pull_page(transport, before.cursor, wait)
        except Answered as error:
            if error.problem.status != 410:
                raise
            with self._applying_turn:
                if self._position() == before:
                    log.warning("the centre does not know this cursor any more: everything is fetched again")
                    self._cache.write(applying.start_refill).result()
                    self._answers.forget()
                return self._fetch_all(transport)
        with self._applying_turn:
            if self._position() != before:
                return False
            if reply.complete:
                self._apply(transport, reply)
            else:
                self._stage(reply, staged_cursor=reply.cursor)
                return self._fetch_all(transport)
        return True

    def _fetch_all(self, transport: Transport) -> bool:
        """Go on from whatever is staged already, to the end. The caller holds the turn. False: nothing was left to do."""
        if not self._position().is_under_way:
            return False
        self._standing.change(SyncState.syncing)
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
        permissions = self._credentials.signed_in().permissions
        tables = [
            name for name, cls in replicated_tables().items() if may_hold(cls, permissions) and self._versions.has(cls)
        ]
        filling.fetch(
            self._cache,
            tables,
            self._credentials.device_id,
            lambda path, request, kind: call(self._credentials, transport, path, request, kind),
            lambda fetched, of: self._standing.change(lambda now: replace(now.syncing(), fetched=fetched, to_fetch=of)),
        )

    def _stage(self, reply: wire.PullReply | wire.SnapshotReply, **facts: str | None) -> None:
        self._cache.write(lambda connection: applying.stage(connection, reply, **facts)).result()

    def _position(self) -> applying.Position:
        return self._cache.read_here(lambda session: applying.position(session.connection()))

    def _apply(self, transport: Transport, reply: wire.PullReply) -> None:
        who = self._credentials.signed_in()
        applied = self._cache.write(lambda connection: applying.apply_staged(connection, who, reply)).result()
        self._answers.pulled((ack.id for ack in reply.acks), applied.tick)
        self._standing.synced(self._versions.held)
        self._standing.tell(applied.tables)
        if applied.tables & _WHO_MAY_WHAT and applied.rows:
            self._credentials.renew(transport)

    def _pull_page(self, transport: Transport, cursor: str | None, wait: int) -> wire.PullReply:
        request = wire.PullRequest(
            device_id=self._credentials.device_id, schema_revision=wire.SCHEMA_REVISION, cursor=cursor, wait=wait
        )
        return call(self._credentials, transport, "/v1/sync/pull", request, wire.PullReply, wait)
