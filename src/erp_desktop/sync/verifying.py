"""Proving that this cache holds what the centre says it should, and putting right what differs.

Bucket by bucket the centre tells a count and a digest of the rows as they were at this cache's cursor, and names those that
have moved on since (wire.BucketContent). The cache compares its own rows with whatever is pending taken back, inside one
transaction that also reads the cursor: if a pull came in between, the same buckets are asked for again. A bucket that
differs is fetched, and only the rows that are wrong, missing or too many are written; what is pending runs again on top.

Here: buckets, comparing, repairing. Not here: when it is done (checking.py).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import JSON, Boolean, Connection

from erp_desktop import wire
from erp_desktop.models.types import IdType, InstantType
from erp_desktop.sync import outbox, rows, undo
from erp_desktop.sync.applying import is_filled, position
from erp_desktop.sync.fetched import NOT_FETCHED
from erp_desktop.sync.signing_in import SignedIn

log = logging.getLogger(__name__)

ROWS_OF_A_BUCKET = 1_000
ROWS_OF_A_PIECE = 5_000  # asked for at once; some tens of milliseconds of the writer's time
_IDS_LOGGED = 20
_FIRST_ID, _LAST_ID = UUID(int=0), UUID(int=2**128 - 1)


class MovedOn(Exception):
    """The cache is at another cursor by now, or far behind the centre: pull first, then ask again."""


@dataclass(frozen=True)
class Place:
    """Where a check goes on: in `table` after the row `after`; None: from its beginning."""

    table: str = ""
    after: UUID | None = None


@dataclass(frozen=True)
class Piece:
    """Buckets to ask for, the cursor that they are at, and where the next piece begins (None: that was the last)."""

    buckets: list[wire.Bucket]
    cursor: str
    following: Place | None


@dataclass(frozen=True)
class Mended:
    """Ids of a table's rows that were put right."""

    table: str
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    too_many: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.wrong) + len(self.missing) + len(self.too_many)


def next_piece(connection: Connection, who: SignedIn, place: Place) -> Piece | None:
    """The next buckets of this cache from `place` on. None while the cache is being filled."""
    here = position(connection)
    if not is_filled(connection) or here.is_under_way or here.cursor is None:
        return None
    buckets: list[wire.Bucket] = []
    count = 0
    for name in sorted(rows.replicated_tables_by_name()):
        if name < place.table:
            continue
        after = place.after if name == place.table else None
        while True:
            if count >= ROWS_OF_A_PIECE or len(buckets) == wire.MAX_BUCKETS:
                return Piece(buckets, here.cursor, Place(name, after))
            ids = connection.exec_driver_sql(
                f'SELECT id FROM "{name}" WHERE company_id = ? AND id > ? ORDER BY id LIMIT ?',
                (who.company_id.bytes, (after or _FIRST_ID).bytes, ROWS_OF_A_BUCKET),
            ).all()
            count += len(ids)
            is_last = len(ids) < ROWS_OF_A_BUCKET
            upto = None if is_last else UUID(bytes=ids[-1][0])
            buckets.append(wire.Bucket(table=name, after_id=after, upto_id=upto))
            if is_last:
                break
            after = upto
    return Piece(buckets, here.cursor, None)


def compare_as_it_is(
    connection: Connection, who: SignedIn, piece: Piece, contents: Sequence[wire.BucketContent]
) -> list[int] | None:
    """`compare` for a cache where nothing is pending, without writing; None where something is. Raises MovedOn."""
    if connection.exec_driver_sql("SELECT 1 FROM undo_step LIMIT 1").first() is not None:
        return None
    _same_cursor(connection, piece)
    return _differing(connection, who, piece, contents)


def compare(connection: Connection, who: SignedIn, piece: Piece, contents: Sequence[wire.BucketContent]) -> list[int]:
    """Which buckets of `piece` differ, as this cache is without what is pending. Raises MovedOn."""
    _same_cursor(connection, piece)
    taken_back = connection.begin_nested()
    try:
        undo.undo_all(connection)
        return _differing(connection, who, piece, contents)
    finally:
        taken_back.rollback()


def repair(
    connection: Connection, who: SignedIn, piece: Piece, number: int, content: wire.BucketContent
) -> tuple[Mended, frozenset[str]]:
    """Make the rows of one bucket what the centre says they are. Raises MovedOn. Answers what was put right and the tables
    that changed. The cursor stays: rows that have moved on since are left alone, the next pull brings them.
    """
    _same_cursor(connection, piece)
    bucket = piece.buckets[number]
    tables = undo.undo_all(connection)
    right = content.rows or wire.TablePage(
        table=bucket.table, columns=content.columns, values=[[]] * len(content.columns)
    )
    moved = {one.hex for one in content.moved}
    should = {row_id: row for row_id, row in _by_id(right.columns, right.values) if row_id not in moved}
    columns = content.columns or ["id"]  # of a table that is not to be seen there should be nothing
    has = dict(_by_id(columns, _values(connection, who, bucket.table, columns, bucket.after_id, content)))
    mended = Mended(
        bucket.table,
        wrong=[row_id for row_id, row in should.items() if row_id in has and has[row_id] != row],
        missing=[row_id for row_id in should if row_id not in has],
        too_many=[row_id for row_id in has if row_id not in should],
    )
    if mended.count:
        written = {*mended.wrong, *mended.missing}
        ids = [UUID(row_id) for row_id in (*mended.wrong, *mended.too_many)]
        rows.forget(connection, wire.TablePage(table=bucket.table, columns=[], values=[], gone=ids), who.company_id)
        rows.write(connection, _only(right, written))
        log.error(
            "%s: %d rows wrong, %d missing, %d too many; put right: %s",
            bucket.table,
            len(mended.wrong),
            len(mended.missing),
            len(mended.too_many),
            ", ".join([*mended.wrong, *mended.missing, *mended.too_many][:_IDS_LOGGED]),
        )
    return mended, tables | outbox.replay(connection, who) | ({bucket.table} if mended.count else frozenset())


def without_rest(piece: Piece, contents: Sequence[wire.BucketContent]) -> Piece:
    """`piece` up to where the centre has answered: it breaks off inside a bucket that holds too much there."""
    for number, (bucket, content) in enumerate(zip(piece.buckets, contents, strict=True)):
        if content.upto_id != bucket.upto_id:
            assert content.upto_id is not None, "further than was asked for"
            buckets = [*piece.buckets[:number], msgspec.structs.replace(bucket, upto_id=content.upto_id)]
            return replace(piece, buckets=buckets, following=Place(bucket.table, content.upto_id))
    return piece


def _same_cursor(connection: Connection, piece: Piece) -> None:
    here = position(connection)
    if here.cursor != piece.cursor or here.is_under_way:
        raise MovedOn()


def _differing(
    connection: Connection, who: SignedIn, piece: Piece, contents: Sequence[wire.BucketContent]
) -> list[int]:
    found = []
    for number, (bucket, content) in enumerate(zip(piece.buckets, contents)):  # noqa: B905  it may have broken off
        columns = content.columns or ["id"]
        values = _values(connection, who, bucket.table, columns, bucket.after_id, content)
        digest = wire.rows_digest(values if content.columns else [])
        if (len(values[0]), digest) != (content.count, content.digest):
            found.append(number)
    return found


def _values(
    connection: Connection,
    who: SignedIn,
    table: str,
    columns: Sequence[str],
    after: UUID | None,
    content: wire.BucketContent,
) -> list[list[Any]]:
    """This cache's rows of a bucket by column, in the order of their ids, as they travel; without those that moved on."""
    names = ", ".join(f'"{name}"' for name in columns)
    found = connection.exec_driver_sql(
        f'SELECT {names} FROM "{table}" WHERE company_id = ? AND id > ? AND id <= ? AND {NOT_FETCHED} ORDER BY id',
        (who.company_id.bytes, (after or _FIRST_ID).bytes, (content.upto_id or _LAST_ID).bytes, table),
    ).all()
    if content.moved:
        moved, place = {one.bytes for one in content.moved}, list(columns).index("id")
        found = [row for row in found if row[place] not in moved]
    by_column = zip(*found, strict=True) if found else ([] for _ in columns)
    return [_as_it_travels(table, name)(values) for name, values in zip(columns, by_column, strict=True)]


def _as_it_travels(table: str, column: str) -> Callable[[Sequence[Any]], list[Any]]:
    """The other way round than rows.py: from what SQLite stores to the wire's values."""
    kind = rows.replicated_tables_by_name()[table].columns[column].type
    if isinstance(kind, IdType):
        return lambda values: [None if value is None else value.hex() for value in values]
    if isinstance(kind, InstantType):
        return lambda values: [None if value is None else f"{value[:10]}T{value[11:]}Z" for value in values]
    if isinstance(kind, JSON):
        return lambda values: [None if value is None else _json(value) for value in values]
    if isinstance(kind, Boolean):
        return lambda values: [{0: False, 1: True}.get(value, value) for value in values]
    return list


def _json(stored: str) -> msgspec.Raw | str:
    """Text that is no JSON stays text, which is what no centre sends."""
    try:
        msgspec.json.decode(stored)
    except msgspec.DecodeError:
        return stored
    return msgspec.Raw(stored.encode())


def _by_id(columns: Sequence[str], values: Sequence[Sequence[Any]]) -> list[tuple[str, tuple[Any, ...]]]:
    """Rows by the hex of their id, comparable wherever they come from."""
    place = list(columns).index("id") if values else 0
    return [(row[place], tuple(map(_comparable, row))) for row in zip(*values, strict=True)]


def _comparable(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value


def _only(page: wire.TablePage, ids: set[str]) -> wire.TablePage:
    if not ids:
        return wire.TablePage(table=page.table, columns=[], values=[])
    keep = [row_id in ids for row_id in page.values[page.columns.index("id")]]
    values = [[value for value, kept in zip(column, keep, strict=True) if kept] for column in page.values]
    return wire.TablePage(table=page.table, columns=page.columns, values=values)
