"""What a desk should hold, bucket by bucket: a count and a digest, so that only what differs is fetched again.

The desk has read to its cursor's tick T; the centre has gone on meanwhile. Of a bucket, the rows with tick <= T are told as
they are: nobody has touched them since. Rows with a later tick, or a tombstone with one, are named as moved: what they were
at T is not known any more, and the desk gets them with its next pull, whole or gone. So a row that differs is either in the
digest or about to be replaced, and a row that is right never shows.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select

from erp_desktop.central.changes import Changes, Reader
from erp_desktop.central.rows import StoredTable
from erp_desktop.models.base import Replicated
from erp_desktop.models.sync import Tombstone
from erp_desktop.wire import Bucket, BucketContent, VerifyReply, VerifyRequest, rows_digest

MOST_ROWS = 5_000  # of one bucket; the answer says how far they reach
MOST_ROWS_IN_ALL = 20_000  # of one request; what is left is asked for again
MOST_MOVED = 5_000  # of one request; a desk so far behind pulls first
_FIRST_ID, _LAST_ID = UUID(int=0), UUID(int=2**128 - 1)


def verify(changes: Changes, who: Reader, wanted: VerifyRequest) -> VerifyReply:
    """The content of each bucket that was asked for, in one snapshot. Raises CursorGone."""
    with changes.at(who, wanted.cursor) as (connection, tables, cursor):
        by_name = {table.name: table for table in tables}
        contents: list[BucketContent] = []
        moved, left = 0, MOST_ROWS_IN_ALL
        for bucket in wanted.buckets:
            table = by_name.get(bucket.table)
            if not left:
                content = _nothing_said(bucket.after_id or _FIRST_ID)
            elif table is None:
                content = _nothing_said(bucket.upto_id)
            else:
                most = min(MOST_ROWS, left)
                content = _content(connection, who, table, bucket, cursor.tick, most, with_rows=wanted.with_rows)
            left -= content.count
            moved += len(content.moved)
            if moved > MOST_MOVED:
                return VerifyReply(buckets=[], moved_on=True)
            contents.append(content)
    return VerifyReply(buckets=contents)


def _nothing_said(upto: UUID | None) -> BucketContent:
    """Of what is not to be seen, or in a bucket that has to be asked for again: up to where it begins there is nothing."""
    return BucketContent(columns=[], count=0, digest=rows_digest([]), moved=[], upto_id=upto)


def _content(
    connection: Connection, who: Reader, table: StoredTable, bucket: Bucket, tick: int, most: int, *, with_rows: bool
) -> BucketContent:
    model = table.model
    inside = _inside(model.id, bucket.after_id, bucket.upto_id)
    statement = table.select.where(model.company_id == who.company_id, model.tick <= tick, *inside)
    page = table.page(connection, statement.order_by(model.id).limit(most))
    count = len(page.values[0])
    upto = bucket.upto_id
    if count == most:
        upto = UUID(page.values[page.columns.index("id")][-1])
    return BucketContent(
        columns=page.columns,
        count=count,
        digest=rows_digest(page.values),
        moved=_moved(connection, who.company_id, model, (bucket.after_id, upto), tick),
        upto_id=upto,
        rows=page if with_rows else None,
    )


def _moved(
    connection: Connection,
    company_id: UUID,
    model: type[Replicated],
    between: tuple[UUID | None, UUID | None],
    tick: int,
) -> list[UUID]:
    later = connection.scalars(
        select(model.id)
        .where(model.company_id == company_id, model.tick > tick, *_inside(model.id, *between))
        .limit(MOST_MOVED + 1)
    ).all()
    gone = connection.scalars(
        select(Tombstone.row_id)
        .where(
            Tombstone.company_id == company_id,
            Tombstone.tick > tick,
            Tombstone.table_name == model.__tablename__,
            *_inside(Tombstone.row_id, *between),
        )
        .limit(MOST_MOVED + 1)
    ).all()
    return sorted({*later, *gone})


def _inside(column: Any, after: UUID | None, upto: UUID | None) -> Sequence[ColumnElement[bool]]:
    return column > (after or _FIRST_ID), column <= (upto or _LAST_ID)
