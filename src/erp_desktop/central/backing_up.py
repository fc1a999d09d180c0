"""A backup: everything that a centre keeps, in one file of our own form, from SQLite and PostgreSQL alike (0098).

It is read in one snapshot, so desks go on working meanwhile, and it can be restored onto either kind of database. Here:
writing, checking, restoring onto a new database. Not here: the file's form (backup_file.py), putting it in the place of what
a centre keeps already (replacing.py), where files are kept, HTTP, the command line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import zstandard
from sqlalchemy import JSON, BigInteger, Column, Connection, Date, Engine, MetaData, Table, Text, cast, select, update
from sqlalchemy.types import NullType

from erp_desktop import __version__
from erp_desktop.actions.backup_refusals import BackupDamaged, DatabaseNotEmpty, NewerBackup
from erp_desktop.backup_file import FIRST_LINE, LAST_LINE, Contents, Digesting, contents_of, frames, write_frame
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

Progress = Callable[[int], None]  # rows so far; whatever it raises breaks off


@dataclass(frozen=True)
class Restored:
    """What came of restoring: how many rows, and what the check of each company's log found, by code."""

    contents: Contents
    rows: int
    logs: dict[str, LogCheck]


def write_backup(engine: Engine, file: BinaryIO, progress: Progress = lambda rows: None) -> Contents:
    """Write everything into `file`, as it is at this moment. Others read and write meanwhile."""
    out = Digesting(file)
    out.write(FIRST_LINE)
    with reader(engine).connect() as connection:
        contents = Contents(
            revision=newest_revision(),
            program=__version__,
            made_at=datetime.now(UTC),
            companies=_companies(connection),
        )
        packer: Any = zstandard.ZstdCompressor(level=3).stream_writer(out, closefd=False)  # type: ignore[arg-type]  # only `write` is called
        write_frame(packer, contents)
        count = 0
        for table in plain_tables().values():
            write_frame(packer, {"table": str(table.name), "columns": [str(column.name) for column in table.columns]})
            statement = select(*(as_stored(column, engine.dialect.name) for column in table.columns))
            at_a_time = PIECES_AT_A_TIME if table.name == BlobPiece.__tablename__ else ROWS_AT_A_TIME
            with connection.execution_options(yield_per=at_a_time).execute(statement) as rows:  # its cursor closes, too
                for chunk in rows.partitions():
                    write_frame(packer, [list(row) for row in chunk])
                    count += len(chunk)
                    progress(count)
        write_frame(packer, {"rows": count})
        packer.close()
    file.write(LAST_LINE + out.digest)
    return contents


def check_backup(path: Path) -> Contents:
    """As `contents_of`, and raises NewerBackup for one of other tables."""
    contents = contents_of(path)
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
        for table in reversed(
            plain_tables().values()
        ):  # what a centre writes when it first starts: its id and its secret
            connection.execute(table.delete())
        tables = plain_tables()
        count = read_rows(path, lambda name, rows: connection.execute(tables[name].insert(), rows), progress)
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
        select(Company.id, Company.code, Company.name, CompanyClock.tick)
        .join(CompanyClock, CompanyClock.company_id == Company.id)
        .order_by(Company.code)
    )
    return [{"id": str(row.id), "code": row.code, "name": row.name, "tick": row.tick} for row in rows]


# --- tables as they are stored


@cache
def plain_tables() -> dict[str, Table]:
    """Every table by its name, what is referred to first, with columns whose values are left as they are stored."""
    plain = MetaData()
    return {
        str(table.name): Table(table.name, plain, *map(_plain, table.columns)) for table in Base.metadata.sorted_tables
    }


def _plain(column: Column[Any]) -> Column[Any]:
    return Column(column.name, _plain_type(column), primary_key=column.primary_key, autoincrement=False)


def _plain_type(column: Column[Any]) -> Any:
    if isinstance(column.type, Scaled):
        return BigInteger()
    if isinstance(column.type, JSON):
        return NullType()  # its text, to the letter
    return column.type


def as_stored(column: Column[Any], dialect: str) -> Any:
    is_json = isinstance(column.type, NullType)
    return cast(column, Text) if is_json and dialect == "postgresql" else column


def read_rows(path: Path, take: Callable[[str, list[dict[str, Any]]], object], progress: Progress) -> int:
    """Give the rows of a file whose digest is right to `take`, by the name of their table. Answers how many they are."""
    told = frames(path)
    next(told)
    tables = plain_tables()
    name = ""
    columns: list[str] = []
    readers: list[Callable[[Any], Any] | None] = []
    count = 0
    for frame in told:
        if isinstance(frame, list):
            take(
                name,
                [
                    {
                        column: value if read is None or value is None else read(value)
                        for column, value, read in zip(columns, row, readers, strict=True)
                    }
                    for row in frame
                ],
            )
            count += len(frame)
            progress(count)
        elif "table" in frame:
            name, columns = frame["table"], frame["columns"]
            readers = [_reader_of(tables[name].columns[column]) for column in columns]
        elif frame["rows"] != count:
            raise BackupDamaged()
    return count


def _reader_of(column: Column[Any]) -> Callable[[Any], Any] | None:
    if isinstance(column.type, IdType):
        return UUID
    if isinstance(column.type, Date):
        return date.fromisoformat
    return None
