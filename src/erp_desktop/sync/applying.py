"""Bringing the centre's rows into the cache: staged page by page, then written in ONE transaction with undo and replay.

Inside that transaction what is pending is taken back, the centre's rows are written, answered actions leave the outbox,
and the rest runs again on the new rows. Readers see the state before or after, never one in between.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import msgspec
import zstandard
from sqlalchemy import Connection, delete, insert, select

from erp_desktop import failpoints, wire
from erp_desktop.models.sync import StagedPage
from erp_desktop.sync import copies, fetched, kept, outbox, rows, undo
from erp_desktop.sync.cache import get_state, get_states, look_over, set_state
from erp_desktop.sync.signing_in import SignedIn

ROWS_WORTH_INDEXING_LAST = 5_000

Fact = TypeVar("Fact")

_staged = StagedPage.__table__


@dataclass(frozen=True)
class Position:
    """How far this cache has come. `cursor` is where the next pull begins, `fill_*` where a snapshot goes on."""

    cursor: str | None
    staged_cursor: str | None
    is_refilling: bool
    fill_table: str | None
    fill_after: str | None
    fill_cursor: str | None

    @property
    def is_under_way(self) -> bool:
        """Something is staged, or must be: the next pull goes on from there."""
        return self.is_refilling or self.staged_cursor is not None

    @property
    def next_cursor(self) -> str | None:
        """Where to pull from when going on."""
        return self.staged_cursor or (self.fill_cursor if self.is_refilling else self.cursor)


@dataclass(frozen=True)
class Applied:
    """What a pull changed: tables whose rows are others now, and the tick up to which the cache holds everything."""

    tables: frozenset[str]
    tick: int
    rows: int


def position(connection: Connection) -> Position:
    """Read from the facts of the cache. A new cache is one that must be filled."""
    facts = get_states(connection, "cursor", "staged_cursor", "refilling", "fill_table", "fill_after", "fill_cursor")
    return Position(
        cursor=facts.get("cursor"),
        staged_cursor=facts.get("staged_cursor"),
        is_refilling="cursor" not in facts or "refilling" in facts,
        fill_table=facts.get("fill_table"),
        fill_after=facts.get("fill_after"),
        fill_cursor=facts.get("fill_cursor"),
    )


def is_filled(connection: Connection) -> bool:
    """Whether the cache holds the company. Until its first fill it is empty, and nobody should look at it."""
    return get_state(connection, "filled") is not None


def start_refill(connection: Connection) -> None:
    """The cursor is no good any more (or there never was one): everything is to be fetched again. The rows that are here
    stay in sight until then, and the outbox is not touched.
    """
    connection.execute(delete(StagedPage))
    set_state(
        connection,
        refilling="yes",
        fill_table=None,
        fill_after=None,
        fill_cursor=None,
        fill_sizes=None,
        fill_scopes=None,
        fill_kept=None,
        fill_count=None,
        staged_cursor=None,
    )


@dataclass(frozen=True)
class FillPlan:
    """What a fill goes by. `scopes` of the tables when it is done, `kept` those that need not be fetched for it; `goes_on`:
    pulling goes on from where it was."""

    cursor: str | None
    scopes: dict[str, str]
    kept: frozenset[str]
    goes_on: bool


def plan_fill(connection: Connection, sizes: wire.SizesReply) -> None:
    """Remember what the centre said at the beginning of a fill."""
    before = _read(connection, "scopes", dict[str, str]) or {}
    kept = [name for name, scope in sizes.scopes.items() if sizes.goes_on and before.get(name) == scope]
    set_state(
        connection,
        fill_sizes=_text(sizes.rows),
        fill_scopes=_text(sizes.scopes),
        fill_kept=_text(kept) if sizes.goes_on else None,
        fill_count=0,
        fill_cursor=sizes.cursor,
    )


def fill_plan(connection: Connection) -> FillPlan:
    kept = _read(connection, "fill_kept", list[str])
    scopes = _read(connection, "fill_scopes", dict[str, str]) or {}
    return FillPlan(get_state(connection, "fill_cursor"), scopes, frozenset(kept or ()), kept is not None)


def stage(connection: Connection, reply: wire.PullReply | wire.SnapshotReply, **facts: str | int | None) -> None:
    """Keep a reply until the last one is here; a program that is killed goes on from it."""
    kind = b"p" if isinstance(reply, wire.PullReply) else b"s"
    packed = kind + zstandard.ZstdCompressor(level=1).compress(msgspec.msgpack.encode(reply))
    connection.execute(insert(StagedPage), {"page": packed})
    set_state(connection, **facts)
    failpoints.reach(failpoints.STAGE)


def apply_staged(connection: Connection, who: SignedIn, last: wire.PullReply) -> Applied:
    """Write everything that was staged, and `last`, which completes it."""
    is_refill = position(connection).is_refilling
    plan = fill_plan(connection)
    pages = list(connection.execute(select(_staged.c.id).order_by(_staged.c.id)).scalars())
    replies = _Replies(connection, pages, last)

    if not is_refill and not pages and not last.pages and not last.acks:
        set_state(connection, cursor=last.cursor, tick=last.tick)
        return Applied(frozenset(), last.tick, 0)

    tables = undo.undo_all(connection)
    failpoints.reach(failpoints.UNDO)
    written = 0
    made_last: list[str] = []
    if is_refill:
        fetched.forget(connection)
        anew = rows.replicated_tables_by_name().keys() - plan.kept
        made_last = rows.drop_indexes(connection, anew.intersection(large_tables(connection)))
        rows.forget_tables(connection, anew)
        tables |= anew
        for page in replies.snapshot_pages():
            written += rows.write(connection, page)
    has_older = fetched.are_any(connection)
    acknowledged: set[UUID] = set()
    of_copies: list[wire.Ack] = []
    for reply in replies.pulled():
        # One reply after another: a row may come in an early one and be changed, or be gone, in a later one.
        for page in reply.pages:
            rows.forget(connection, page, who.company_id)
            if has_older:
                fetched.came_with_a_pull(connection, page)
            tables |= {page.table}
        for page in reply.pages:
            written += rows.write(connection, page)
        for ack in reply.acks:
            if not outbox.settle(connection, ack):
                of_copies.append(ack)
            acknowledged.add(ack.id)
    if of_copies:
        copies.settle(connection, of_copies)
    for index in made_last:
        connection.exec_driver_sql(index)
    if is_refill and not plan.goes_on:
        kept.offer_lost(connection, acknowledged)
    elif acknowledged:
        kept.forget_old(connection)
    failpoints.reach(failpoints.APPLY)
    tables |= outbox.replay(connection, who)
    failpoints.reach(failpoints.REPLAY)
    if pages:
        connection.execute(delete(StagedPage))
    if is_refill:
        look_over(connection)
        # the pages came from moments apart: checking.py
        set_state(connection, check_wanted="yes", check_table=None, check_after=None, scopes=_text(plan.scopes))
    set_state(
        connection,
        cursor=last.cursor,
        tick=last.tick,
        filled="yes",
        refilling=None,
        fill_table=None,
        fill_after=None,
        fill_cursor=None,
        fill_sizes=None,
        fill_scopes=None,
        fill_kept=None,
        fill_count=None,
        staged_cursor=None,
    )
    failpoints.reach(failpoints.CURSOR)
    return Applied(tables, last.tick, written)


def fill_sizes(connection: Connection) -> dict[str, int] | None:
    """Rows of each table, as the centre said at the beginning of the fill that is under way; None: it did not say."""
    return _read(connection, "fill_sizes", dict[str, int])


def large_tables(connection: Connection) -> list[str]:
    """The tables whose indexes are made once their rows are there, which takes less than keeping them meanwhile."""
    return [name for name, count in (fill_sizes(connection) or {}).items() if count > ROWS_WORTH_INDEXING_LAST]


def _read(connection: Connection, fact: str, kind: type[Fact]) -> Fact | None:
    stored = get_state(connection, fact)
    return None if stored is None else msgspec.json.decode(stored, type=kind)


def _text(fact: object) -> str:
    return msgspec.json.encode(fact).decode()


class _Replies:
    """The staged replies, unpacked one at a time: a first fill may be larger than the memory."""

    def __init__(self, connection: Connection, ids: list[int], last: wire.PullReply) -> None:
        self._connection = connection
        self._ids = ids
        self._last = last

    def snapshot_pages(self) -> Iterator[wire.TablePage]:
        for reply in self._staged():
            if isinstance(reply, wire.SnapshotReply):
                yield reply.page

    def pulled(self) -> Iterator[wire.PullReply]:
        for reply in self._staged():
            if isinstance(reply, wire.PullReply):
                yield reply
        yield self._last

    def _staged(self) -> Iterator[wire.PullReply | wire.SnapshotReply]:
        for page_id in self._ids:
            packed = self._connection.execute(select(_staged.c.page).where(_staged.c.id == page_id)).scalar_one()
            body = zstandard.ZstdDecompressor().decompress(packed[1:])
            if packed[:1] == b"p":
                yield msgspec.msgpack.decode(body, type=wire.PullReply)
            else:
                yield msgspec.msgpack.decode(body, type=wire.SnapshotReply)
