"""The bytes of attachments at the centre: taken in pieces, kept once for each content and company, handed out in pieces.

Here: the database, and who may have what: whoever may read an attachment that names the content and was not removed. Bytes
are never read as anything but bytes. Not here: HTTP (blob_calls.py), the rows (changes.py).
"""

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine, Select, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from erp_desktop.central.changes import Reader
from erp_desktop.central.rows import readable_tables
from erp_desktop.database import reader, writer
from erp_desktop.ids import new_id
from erp_desktop.models.attachment import Attachment, Blob, BlobPiece
from erp_desktop.wire_blobs import BlobReceived, BlobState

MOST_GIB = 20  # of one company, unless ERP_ATTACHMENT_GIB says otherwise: a full disk would stop everything else
DAYS_KEPT = 7  # what nobody went on sending, and what no attachment names any more

_blob, _piece, _attachment = Blob.__table__, BlobPiece.__table__, Attachment.__table__


class NotWanted(LookupError):
    """No attachment that this user may read names the content."""


class NotThereYet(LookupError):
    """It is known, and nobody has sent all of it yet."""


class WrongBytes(ValueError):
    """They are not those of the hash. What was sent of it is forgotten."""


class NoRoom(RuntimeError):
    """The company's attachments take all the room that the centre has for them."""


class Blobs:
    """Safe to use from many threads and beside other workers."""

    def __init__(self, engine: Engine) -> None:
        self.most_bytes = int(float(os.environ.get("ERP_ATTACHMENT_GIB") or MOST_GIB) * 2**30)
        self._reader = reader(engine)
        self._writer = writer(engine)

    def states(self, who: Reader, hashes: Sequence[str]) -> list[BlobState]:
        """How much there is of each content, in the order asked."""
        with self._reader.begin() as connection:
            wanted = _wanted(connection, who, hashes)
            found = connection.execute(
                select(_blob.c.sha256, _blob.c.received, _blob.c.whole_sha256).where(
                    _blob.c.company_id == who.company_id,
                    _blob.c.sha256.in_(list(wanted)),
                    or_(_blob.c.device_id == who.device_id, _blob.c.whole_sha256.is_not(None)),
                )
            ).all()
        whole = {row.sha256 for row in found if row.whole_sha256 is not None}
        received = {row.sha256: row.received for row in found}
        return [
            BlobState(sha256=one, is_wanted=one in wanted, is_whole=one in whole, received=received.get(one, 0))
            for one in hashes
        ]

    def piece(self, who: Reader, sha256: str, offset: int) -> bytes:
        """Bytes from `offset` on, to the end of the piece as it came; none at the end. Raises NotWanted, NotThereYet."""
        with self._reader.begin() as connection:
            if sha256 not in _wanted(connection, who, [sha256]):
                raise NotWanted
            blob_id = connection.scalar(_whole(who.company_id, sha256))
            if blob_id is None:
                raise NotThereYet
            found = connection.execute(
                select(_piece.c.offset, _piece.c.data)
                .where(_piece.c.company_id == who.company_id, _piece.c.blob_id == blob_id, _piece.c.offset <= offset)
                .order_by(_piece.c.offset.desc())
                .limit(1)
            ).one()
        return bytes(found.data[offset - found.offset :])

    def put(self, who: Reader, sha256: str, offset: int, data: bytes) -> BlobReceived:
        """Take in a piece, if it is the next one. They are compared with their hash at the largest size that an attachment
        says, or once a desk that has no more sends none. Raises NotWanted, WrongBytes, NoRoom."""
        try:
            return self._put(who, sha256, offset, data)
        except IntegrityError:  # the first piece came twice at once: the other one began it
            return self._put(who, sha256, offset, data)

    def _put(self, who: Reader, sha256: str, offset: int, data: bytes) -> BlobReceived:
        with self._writer.begin() as connection:
            sizes = _wanted(connection, who, [sha256]).get(sha256)
            if sizes is None:
                raise NotWanted
            whole = connection.execute(_whole(who.company_id, sha256)).one_or_none()
            if whole is not None:
                return BlobReceived(received=whole.size, is_whole=True)
            mine = connection.execute(
                select(_blob.c.id, _blob.c.received, _blob.c.size)
                .where(
                    _blob.c.company_id == who.company_id,
                    _blob.c.sha256 == sha256,
                    _blob.c.device_id == who.device_id,
                )
                .with_for_update()
            ).one_or_none()
            blob_id, received, given = mine if mine is not None else (None, 0, 0)
            if offset != received or not (data or received):
                return BlobReceived(received=received, is_whole=False)
            room = next((size for size in sizes if size >= received + len(data)), None)
            if room is not None:
                if blob_id is None:
                    blob_id = self._begun(connection, who, sha256, room)
                elif room > given:
                    self._enlarged(connection, who.company_id, blob_id, room)
                received = _kept(connection, who.company_id, blob_id, received, data)
        if room is not None and received < sizes[-1] and data:
            return BlobReceived(received=received, is_whole=False)
        if blob_id is None or room is None or not self._is_what_it_says(who.company_id, blob_id, sha256):
            with self._writer.begin() as connection:
                _forget(connection, who.company_id, [blob_id] if blob_id is not None else [])
            raise WrongBytes
        self._make_whole(who.company_id, blob_id, sha256, received)
        return BlobReceived(received=received, is_whole=True)

    def _begun(self, connection: Connection, who: Reader, sha256: str, size: int) -> UUID:
        blob_id = new_id()
        connection.execute(
            insert(Blob).values(
                company_id=who.company_id,
                id=blob_id,
                sha256=sha256,
                size=size,
                received=0,
                device_id=who.device_id,
                touched_at=datetime.now(UTC),
            )
        )
        self._refuse_above_the_most(connection, who.company_id)
        return blob_id

    def _enlarged(self, connection: Connection, company_id: UUID, blob_id: UUID, size: int) -> None:
        connection.execute(
            update(Blob)
            .where(_blob.c.company_id == company_id, _blob.c.id == blob_id)
            .values(size=size, touched_at=datetime.now(UTC))
        )
        self._refuse_above_the_most(connection, company_id)

    def _refuse_above_the_most(self, connection: Connection, company_id: UUID) -> None:
        _tidy_up(connection, company_id)
        taken = connection.scalar(
            select(func.coalesce(func.sum(_blob.c.size), 0)).where(_blob.c.company_id == company_id)
        )
        if int(taken or 0) > self.most_bytes:
            raise NoRoom

    def _is_what_it_says(self, company_id: UUID, blob_id: UUID, sha256: str) -> bool:
        counted = hashlib.sha256()
        with self._reader.begin() as connection:
            pieces = connection.execution_options(yield_per=1).scalars(
                select(_piece.c.data)
                .where(_piece.c.company_id == company_id, _piece.c.blob_id == blob_id)
                .order_by(_piece.c.offset)
            )
            for data in pieces:
                counted.update(data)
        return counted.hexdigest() == sha256

    def _make_whole(self, company_id: UUID, blob_id: UUID, sha256: str, size: int) -> None:
        """What was compared with its hash is the content from now on. Where another desk was quicker, theirs is."""
        is_it = and_(_blob.c.company_id == company_id, _blob.c.sha256 == sha256)
        whole = {"whole_sha256": sha256, "size": size, "device_id": None, "touched_at": datetime.now(UTC)}
        try:
            with self._writer.begin() as connection:
                connection.execute(update(Blob).where(is_it, _blob.c.id == blob_id).values(whole))
        except IntegrityError:
            pass
        with self._writer.begin() as connection:
            others = connection.scalars(select(_blob.c.id).where(is_it, _blob.c.whole_sha256.is_(None))).all()
            _forget(connection, company_id, others)


def _wanted(connection: Connection, who: Reader, hashes: Sequence[str]) -> dict[str, list[int]]:
    """Of these contents those that an attachment names that `who` may read and nobody removed, with the sizes that attachments
    say it has, the smallest first. One that is wrong only gives the bytes more room than they need: their hash tells them."""
    tables = readable_tables(connection.dialect.name, who.permissions, who.schema_revision, who.warehouses)
    table = tables.get(Attachment.__tablename__)
    if table is None:
        return {}
    named = table.select.with_only_columns(_attachment.c.sha256, _attachment.c.size).where(
        _attachment.c.company_id == who.company_id,
        _attachment.c.sha256.in_(list(hashes)),
        _attachment.c.removed_at.is_(None),
    )
    found: dict[str, list[int]] = {}
    for sha256, size in connection.execute(named.distinct().order_by(_attachment.c.size)):
        found.setdefault(sha256, []).append(size)
    return found


def _whole(company_id: UUID, sha256: str) -> Select[tuple[UUID, int]]:
    return select(_blob.c.id, _blob.c.size).where(_blob.c.company_id == company_id, _blob.c.whole_sha256 == sha256)


def _kept(connection: Connection, company_id: UUID, blob_id: UUID, offset: int, data: bytes) -> int:
    """Where the next piece begins."""
    if data:
        connection.execute(insert(BlobPiece).values(company_id=company_id, blob_id=blob_id, offset=offset, data=data))
        connection.execute(
            update(Blob)
            .where(_blob.c.company_id == company_id, _blob.c.id == blob_id)
            .values(received=offset + len(data), touched_at=datetime.now(UTC))
        )
    return offset + len(data)


def _tidy_up(connection: Connection, company_id: UUID) -> None:
    """Make room: what nobody went on sending for days, and what no attachment has named for days."""
    long_ago = datetime.now(UTC) - timedelta(days=DAYS_KEPT)
    is_named = exists().where(
        _attachment.c.company_id == _blob.c.company_id,
        _attachment.c.sha256 == _blob.c.sha256,
        or_(_attachment.c.removed_at.is_(None), _attachment.c.removed_at > long_ago),
    )
    idle = select(_blob.c.id).where(
        _blob.c.company_id == company_id,
        _blob.c.touched_at < long_ago,
        or_(_blob.c.whole_sha256.is_(None), ~is_named),
    )
    _forget(connection, company_id, connection.scalars(idle).all())


def _forget(connection: Connection, company_id: UUID, blob_ids: Sequence[UUID]) -> None:
    for blob_id in blob_ids:
        connection.execute(delete(BlobPiece).where(_piece.c.company_id == company_id, _piece.c.blob_id == blob_id))
        connection.execute(delete(Blob).where(_blob.c.company_id == company_id, _blob.c.id == blob_id))
