"""A backup: everything that a centre keeps, in one file of our own form, from SQLite and PostgreSQL alike (0098).

The file is a first line, then packed frames (what it is, then table after table, then how many rows), then a last line and
the SHA-256 of all before it. It is read in one snapshot, so desks go on working meanwhile, and it can be restored onto
either kind of database. Here: writing, checking, restoring. Not here: where files are kept, HTTP, the command line.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import msgspec
import zstandard
from sqlalchemy import JSON, BigInteger, Column, Connection, Date, Engine, MetaData, Table, Text, cast, select, update
from sqlalchemy.types import NullType

from erp_desktop import __version__
from erp_desktop.actions.backup_refusals import (
    BackupCutShort,
    BackupDamaged,
    DatabaseNotEmpty,
    NewerBackup,
    NotABackup,
)
from erp_desktop.central.action_log import LogCheck, verify_log
from erp_desktop.central.restoring import note_restore
from erp_desktop.database import reader, writer
from erp_desktop.ids import new_id
from erp_desktop.migrations import newest_revision, revision_of, upgrade
from erp_desktop.models import Base
from erp_desktop.models.attachment import BlobPiece
from erp_desktop.models.company import Company
from erp_desktop.models.sync import CompanyClock
from erp_desktop.models.types import IdType, Scaled

ROWS_AT_A_TIME = 1_000
PIECES_AT_A_TIME = 8  # of attachments: what is in memory at once stays small
_KIND, _FORM = b"ERP-DESKTOP BACKUP ", b"1\n"
_LAST_LINE = b"\nEND OF BACKUP\n"
_DIGEST_BYTES = 32
_LENGTH_BYTES = 4
_READ_BYTES = 1024 * 1024

Progress = Callable[[int], None]  # rows so far; whatever it raises breaks off


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself."""

    revision: str  # of the tables
    program: str  # version that wrote it
    made_at: datetime
    companies: list[dict[str, str | int]]  # code, name and tick of each


@dataclass(frozen=True)
class Restored:
    """What came of restoring: how many rows, and what the check of each company's log found, by code."""

    contents: Contents
    rows: int
    logs: dict[str, LogCheck]


def write_backup(engine: Engine, file: BinaryIO, progress: Progress = lambda rows: None) -> Contents:
    """Write everything into `file`, as it is at this moment. Others read and write meanwhile."""
    out = _Digesting(file)
    out.write(_KIND + _FORM)
    with reader(engine).connect() as connection:
        contents = Contents(
            revision=newest_revision(),
            program=__version__,
            made_at=datetime.now(UTC),
            companies=_companies(connection),
        )
        packer: Any = zstandard.ZstdCompressor(level=3).stream_writer(out, closefd=False)  # type: ignore[arg-type]  # only `write` is called
        _write_frame(packer, contents)
        count = 0
        for table in _tables():
            _write_frame(packer, {"table": str(table.name), "columns": [str(column.name) for column in table.columns]})
            statement = select(*(_as_stored(column, engine.dialect.name) for column in table.columns))
            at_a_time = PIECES_AT_A_TIME if table.name == BlobPiece.__tablename__ else ROWS_AT_A_TIME
            with connection.execution_options(yield_per=at_a_time).execute(statement) as rows:  # its cursor closes, too
                for chunk in rows.partitions():
                    _write_frame(packer, [list(row) for row in chunk])
                    count += len(chunk)
                    progress(count)
        _write_frame(packer, {"rows": count})
        packer.close()
    file.write(_LAST_LINE + out.digest)
    return contents


def check_backup(path: Path) -> Contents:
    """Read the whole file and compare it with its digest. Raises NotABackup, NewerBackup, BackupCutShort, BackupDamaged."""
    frame_bytes = len(_LAST_LINE) + _DIGEST_BYTES
    with path.open("rb") as file:
        first = file.read(len(_KIND) + len(_FORM))
        if not first.startswith(_KIND):
            raise NotABackup()
        if not first.endswith(_FORM):
            raise NewerBackup()
        size = path.stat().st_size - frame_bytes
        file.seek(max(0, size))
        last = file.read()
        if size < len(first) or not last.startswith(_LAST_LINE):
            raise BackupCutShort()
        file.seek(0)
        counted, left = hashlib.sha256(), size
        while left:
            piece = file.read(min(left, _READ_BYTES))
            counted.update(piece)
            left -= len(piece)
        if counted.digest() != last[len(_LAST_LINE) :]:
            raise BackupDamaged()
    contents = msgspec.convert(next(_frames(path)), Contents)
    if contents.revision != newest_revision():
        raise NewerBackup()
    return contents


def restore_backup(path: Path, engine: Engine, progress: Progress = lambda rows: None) -> Restored:
    """Bring a backup onto a database without companies: wholly or not at all.

    Each company's clock gets a new epoch, so that desks notice, fetch everything anew and offer again what was lost.
    Raises as `check_backup` does, and DatabaseNotEmpty, NewerDatabase.
    """
    contents = check_backup(path)
    if _has_companies(engine):
        raise DatabaseNotEmpty()
    upgrade(engine)
    with writer(engine).begin() as connection:
        for table in reversed(list(_tables())):  # what a centre writes when it first starts: its id and its secret
            connection.execute(table.delete())
        count = _write_rows(connection, path, progress)
        for company_id in connection.scalars(select(CompanyClock.company_id)).all():
            connection.execute(update(CompanyClock).where(CompanyClock.company_id == company_id).values(epoch=new_id()))
        note_restore(connection, contents.made_at)
    with reader(engine).connect() as connection:
        companies = connection.execute(select(Company.code, Company.id).order_by(Company.code)).all()
    return Restored(contents, count, {code: verify_log(engine, company_id) for code, company_id in companies})


def _has_companies(engine: Engine) -> bool:
    with engine.connect() as connection:
        return revision_of(connection) is not None and connection.scalar(select(Company.id).limit(1)) is not None


def _companies(connection: Connection) -> list[dict[str, str | int]]:
    rows = connection.execute(
        select(Company.code, Company.name, CompanyClock.tick)
        .join(CompanyClock, CompanyClock.company_id == Company.id)
        .order_by(Company.code)
    )
    return [{"code": row.code, "name": row.name, "tick": row.tick} for row in rows]


# --- tables as they are stored


def _tables() -> Iterator[Table]:
    """Every table, what is referred to first, with columns whose values are left as they are stored."""
    plain = MetaData()
    for table in Base.metadata.sorted_tables:
        yield Table(table.name, plain, *(Column(column.name, _plain_type(column)) for column in table.columns))


def _plain_type(column: Column[Any]) -> Any:
    if isinstance(column.type, Scaled):
        return BigInteger()
    if isinstance(column.type, JSON):
        return NullType()  # its text, to the letter
    return column.type


def _as_stored(column: Column[Any], dialect: str) -> Any:
    is_json = isinstance(column.type, NullType)
    return cast(column, Text) if is_json and dialect == "postgresql" else column


def _write_rows(connection: Connection, path: Path, progress: Progress) -> int:
    frames = _frames(path)
    next(frames)
    tables = {table.name: table for table in _tables()}
    table: Table | None = None
    names: list[str] = []
    readers: list[Callable[[Any], Any] | None] = []
    count = 0
    for frame in frames:
        if isinstance(frame, list):
            assert table is not None
            rows = [
                {
                    name: value if read is None or value is None else read(value)
                    for name, value, read in zip(names, row, readers, strict=True)
                }
                for row in frame
            ]
            connection.execute(table.insert(), rows)
            count += len(rows)
            progress(count)
        elif "table" in frame:
            table, names = tables[frame["table"]], frame["columns"]
            readers = [_reader_of(table.columns[name]) for name in names]
        elif frame["rows"] != count:
            raise BackupDamaged()
    return count


def _reader_of(column: Column[Any]) -> Callable[[Any], Any] | None:
    if isinstance(column.type, IdType):
        return UUID
    if isinstance(column.type, Date):
        return date.fromisoformat
    return None


# --- frames


class _Digesting:
    """Writes on, and counts the digest of what it wrote."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._counted = hashlib.sha256()

    def write(self, piece: bytes) -> int:
        self._counted.update(piece)
        self._file.write(piece)
        return len(piece)

    @property
    def digest(self) -> bytes:
        return self._counted.digest()


def _write_frame(packer: Any, content: Any) -> None:
    body = msgspec.msgpack.encode(content)
    packer.write(len(body).to_bytes(_LENGTH_BYTES, "big") + body)


def _frames(path: Path) -> Iterator[Any]:
    """The packed frames of a file whose digest is right."""
    with path.open("rb") as file:
        file.seek(len(_KIND) + len(_FORM))
        with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=False) as unpacked:
            frame: Any = None
            while not (isinstance(frame, dict) and "rows" in frame):  # the last one
                length = int.from_bytes(_exactly(unpacked, _LENGTH_BYTES), "big")
                frame = msgspec.msgpack.decode(_exactly(unpacked, length))
                yield frame


def _exactly(unpacked: Any, count: int) -> bytes:
    body = b""
    while len(body) < count and (piece := unpacked.read(count - len(body))):
        body += piece
    return body
