"""Fetching everything: each table by key, page after page, staged in the cache until the last one is here.

A program that is killed goes on after the last page that was staged. The next page is asked for while the last one is being
written, and no more than these two are in memory. Here: fetching. Not here: making rows of the pages (applying.py).
"""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from erp_desktop import wire
from erp_desktop.sync import applying, rows
from erp_desktop.sync.cache import Cache, get_state
from erp_desktop.sync.transport import Answered

Reply = TypeVar("Reply", bound=msgspec.Struct)


class Ask(Protocol):
    """Asks the centre, as the person who is signed in."""

    def __call__(self, path: str, request: msgspec.Struct, kind: type[Reply], /) -> Reply: ...


class Progress(Protocol):
    """Hears how many rows are here, of about how many (0: the centre cannot tell)."""

    def __call__(self, fetched: int, of: int, /) -> None: ...


def fetch(cache: Cache, tables: Sequence[str], device_id: UUID, ask: Ask, progress: Progress) -> None:
    """Fetch `tables`, in the order of their names, from wherever an earlier try came to; without those that are here in the
    scope that they should have. Raises what `ask` raises."""
    sizes = cache.read_here(lambda session: applying.fill_sizes(session.connection()))
    begun = cache.read_here(lambda session: applying.position(session.connection()))
    if sizes is None and begun.fill_table is None:
        sizes = _ask_for_sizes(cache, device_id, ask)
    plan = cache.read_here(lambda session: applying.fill_plan(session.connection()))
    total = sum(count for name, count in sizes.items() if name not in plan.kept) if sizes is not None else 0
    fetched = int(cache.read_here(lambda session: get_state(session.connection(), "fill_count")) or 0)
    progress(fetched, total)
    staging: Future[None] | None = None
    for name in tables:
        is_here = name == begun.fill_table
        is_done = begun.fill_table is not None and (name < begun.fill_table or (is_here and begun.fill_after is None))
        if is_done or name in plan.kept or (sizes is not None and not sizes.get(name)):
            continue
        after = UUID(begun.fill_after) if is_here and begun.fill_after else None
        while True:
            request = wire.SnapshotRequest(
                device_id=device_id,
                schema_revision=wire.SCHEMA_REVISION,
                table=name,
                after_id=after,
                cursor=plan.cursor if plan.scopes else None,
            )
            reply = ask("/v1/sync/snapshot", request, wire.SnapshotReply)
            after = None if reply.complete else rows.last_id(reply.page)
            fetched += len(reply.page.values[0]) if reply.page.values else 0
            if staging is not None:
                staging.result()
            staging = cache.write(_staging(reply, name, after, fetched))
            progress(fetched, max(total, fetched) if total else 0)
            if after is None:
                break
    if staging is not None:
        staging.result()


def _ask_for_sizes(cache: Cache, device_id: UUID, ask: Ask) -> dict[str, int] | None:
    """And remember them, with the point to pull from and what may stay. None: a centre of an older release, which is asked for
    every table.

    A cache that is filled says what it has read to. Where that is still good, only what this person may see has changed: tables
    that are here in the same scope stay, and pulling goes on from there.
    """
    here = cache.read_here(lambda session: applying.position(session.connection()))
    request = wire.SizesRequest(device_id=device_id, schema_revision=wire.SCHEMA_REVISION, cursor=here.cursor)
    try:
        reply = ask("/v1/sync/sizes", request, wire.SizesReply)
    except Answered as error:
        if error.problem.status != 404:
            raise
        return None
    cache.write(lambda connection: applying.plan_fill(connection, reply)).result()
    return reply.rows


def _staging(reply: wire.SnapshotReply, table: str, after: UUID | None, fetched: int) -> Any:
    def stage(connection: Connection) -> None:
        applying.stage(
            connection,
            reply,
            fill_table=table,
            fill_after=None if after is None else str(after),
            fill_cursor=applying.position(connection).fill_cursor or reply.cursor,
            fill_count=fetched,
        )

    return stage
