"""Putting a backup in the place of what a centre keeps, while it runs: people go on reading, and nobody sees half of it (0111).

First the file is read into tables of this connection's own, beside the books, while people work on. Then, in one transaction
in which nobody else writes, what differs is changed, counted and checked; whatever is wrong takes all of it back. Here: the
database. Not here: the file's form (backup_file.py), files that come through the window (restores.py).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import zstandard
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    and_,
    cast,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.types import NullType

from erp_desktop import failpoints
from erp_desktop.actions.backup_refusals import (
    BackupDamaged,
    BackupLogBroken,
    BackupOfOthers,
    NoAdministratorThen,
    NoRoomForBackup,
    RestoreUnderWay,
)
from erp_desktop.backup_file import Contents
from erp_desktop.central.action_log import check_log
from erp_desktop.central.auditing import note_event
from erp_desktop.central.backing_up import Progress, as_stored, check_backup, plain_tables, read_rows
from erp_desktop.central.changes import Reader
from erp_desktop.central.log_checks import forget_known
from erp_desktop.central.people import permissions_of
from erp_desktop.database import begin_to_write
from erp_desktop.ids import new_id
from erp_desktop.models.attachment import Blob, BlobPiece
from erp_desktop.models.company import Company, UserSecret
from erp_desktop.models.sync import (
    AuditEvent,
    CentreSetting,
    CompanyClock,
    Device,
    ReadEvent,
    RefreshToken,
    SignInTries,
)

EVENT = "restored"
# No rows of the books: who is signed in and where, wrong passwords, how the centre is set. They stay as they are now,
STAYS = frozenset(model.__tablename__ for model in (CentreSetting, RefreshToken, SignInTries))
# and of these nothing is taken away either: the backup only adds what is not known any more.
_GROWS = frozenset(model.__tablename__ for model in (AuditEvent, ReadEvent, Device, UserSecret))
_BYTES = frozenset(
    {BlobPiece.__tablename__, Blob.__tablename__}
)  # of attachments: content goes by its hash, so that none is wrong

_ONE_AT_A_TIME = 0x65727072  # PostgreSQL advisory lock
_one_here = threading.Lock()
_SECONDS_FOR_OTHERS = 60  # to finish what they write, before they are locked out
_TRIES = 5
_DEADLOCK = "40P01"
_FULL = frozenset({"53100", "SQLITE_FULL"})  # PostgreSQL's disk_full, SQLite's


@dataclass(frozen=True)
class Replaced:
    """What came of it: how many rows the backup has, and how many differed from it."""

    contents: Contents
    rows: int
    changed: int


def replace_books(
    path: Path,
    engine: Engine,
    by: Reader | None = None,
    progress: Progress = lambda rows: None,
    epoch: UUID | None = None,
) -> Replaced:
    """Everything that is kept is as it was when the backup was made, but for who is signed in: wholly or not at all.

    `by`: the administrator who asked; None at the command line. `epoch`: what the clock's new epoch is to be, by which whoever
    asked sees that it is done. Raises BackupProblem, and what a database raises; nothing was changed then.
    """
    contents = check_backup(path)
    try:
        with _alone(engine) as connection:
            with connection.begin():
                _refuse_others(connection, contents)
                beside = _Beside(connection)
                rows = _read(path, beside, progress)
            changed = _exchange(connection, beside, contents, by, epoch)
    except IntegrityError as error:
        raise BackupDamaged() from error
    except DBAPIError as error:
        if {getattr(error.orig, "sqlstate", None), getattr(error.orig, "sqlite_errorname", None)} & _FULL:
            raise NoRoomForBackup() from error
        raise
    return Replaced(contents, rows, changed)


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A connection that nobody uses afterwards, for the only restore at this moment. Raises RestoreUnderWay."""
    if not _one_here.acquire(blocking=False):
        raise RestoreUnderWay()
    try:
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            try:
                if connection.dialect.name != "postgresql":
                    driver.execute("PRAGMA temp_store=FILE")  # what lies beside is as large as the books
                    driver.execute("PRAGMA foreign_keys=OFF")  # all rows are those of a whole set of books
                elif not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ONE_AT_A_TIME}):
                    raise RestoreUnderWay()
                connection.commit()
                yield connection
            finally:
                with suppress(DBAPIError):  # else it ends with the connection, a moment later
                    connection.rollback()
                    if connection.dialect.name == "postgresql":
                        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ONE_AT_A_TIME})
                connection.invalidate()  # with its tables and its settings
    finally:
        _one_here.release()


def _refuse_others(connection: Connection, contents: Contents) -> None:
    kept = {str(one) for one in connection.scalars(select(Company.id))}
    if {one.get("id") for one in contents.companies} != kept:
        raise BackupOfOthers()


# --- beside the books


def _read(path: Path, beside: "_Beside", progress: Progress) -> int:
    """Answers how many rows the file has."""
    try:
        rows = read_rows(path, beside.take, progress)
    except (msgspec.MsgspecError, zstandard.ZstdError, KeyError, TypeError, ValueError, StatementError) as error:
        if isinstance(error, DBAPIError):
            raise
        raise BackupDamaged() from error  # its digest is right: somebody made it up
    beside.analyse()
    return rows


class _Beside:
    """Tables of one connection with the rows of the file: those that it has any of, as far as they are needed."""

    def __init__(self, connection: Connection) -> None:
        self.all = list(plain_tables().values())
        self._connection = connection
        self._made: dict[str, Table] = {}
        self._lost: set[UUID] | None = None

    def of(self, table: Table) -> Table | None:
        """None where the file has no row of it."""
        return self._made.get(str(table.name))

    def take(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Keep rows of the file; of the bytes of attachments, which are most of it, those that are lost."""
        if name in STAYS:
            return
        if name == BlobPiece.__tablename__:
            if self._lost is None:
                blobs = self._made.get(str(Blob.__tablename__))
                self._lost = set()
                if blobs is not None:
                    self._lost |= set(self._connection.scalars(select(blobs.c.id).where(_is_lost(blobs))))
            rows = [row for row in rows if row["blob_id"] in self._lost]
        if name not in self._made:
            self._made[name] = _beside(name)
            self._made[name].create(self._connection, checkfirst=False)
        if rows:
            self._connection.execute(self._made[name].insert(), rows)

    def analyse(self) -> None:
        """So that the database knows how large they are."""
        if self._connection.dialect.name == "postgresql":
            for one in self._made.values():
                self._connection.exec_driver_sql(f"ANALYZE {one.name}")


@cache
def _beside(name: str) -> Table:
    columns = [
        Column(
            column.name,
            Text() if _is_json(column) else column.type,
            primary_key=column.primary_key,
            autoincrement=False,
        )
        for column in plain_tables()[name].columns
    ]
    return Table(f"beside_{name}", MetaData(), *columns, prefixes=["TEMPORARY"])


def _is_lost(blobs: Table) -> ColumnElement[bool]:
    """Whether it is a whole content that is not kept any more."""
    is_kept = select(literal(1)).where(
        Blob.company_id == blobs.c.company_id, (Blob.id == blobs.c.id) | (Blob.whole_sha256 == blobs.c.whole_sha256)
    )
    return and_(blobs.c.whole_sha256.is_not(None), ~is_kept.correlate(blobs).exists())


# --- in the place of the books


def _exchange(
    connection: Connection, beside: _Beside, contents: Contents, by: Reader | None, epoch: UUID | None
) -> int:
    """The transaction. Answers how many rows differed."""
    begin_to_write(connection)
    for tries_left in reversed(range(_TRIES)):
        try:
            with connection.begin():
                _lock_out(connection, beside.all)
                changed = _put_in_place(connection, beside)
                _refuse_others(connection, contents)  # by its rows too, whatever it says of itself
                for company_id in connection.scalars(select(Company.id).order_by(Company.id)).all():
                    if check_log(connection, company_id).broken_at is not None:
                        raise BackupLogBroken()
                    if by is not None and "admin" not in (permissions_of(connection, company_id, by.user_id) or ()):
                        raise NoAdministratorThen()
                    forget_known(connection, company_id)
                    this = CompanyClock.company_id == company_id
                    connection.execute(update(CompanyClock).where(this).values(epoch=epoch or new_id()))
                    user_id, device_id = (by.user_id, by.device_id) if by is not None else (None, None)
                    made_at = contents.made_at.isoformat(timespec="seconds")
                    note_event(connection, company_id, EVENT, user_id, device_id, made_at)
                failpoints.reach(failpoints.RESTORE)
            return changed
        except DBAPIError as error:  # only locks are waited for in turns, and nothing was done yet
            if not tries_left or getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                raise
    raise AssertionError("the last try returns or raises")


def _lock_out(connection: Connection, tables: list[Table]) -> None:
    """From here on nobody else writes; who reads goes on. The clocks come first: whoever holds one finishes, and whoever waits
    for one then sees the restored one. On SQLite the transaction began with the only lock that there is."""
    if connection.dialect.name == "postgresql":
        names = sorted((str(table.name) for table in tables), key=lambda name: name != CompanyClock.__tablename__)
        connection.execute(text(f"SET LOCAL lock_timeout = '{_SECONDS_FOR_OTHERS}s'"))
        connection.execute(text(f"LOCK TABLE {', '.join(names)} IN EXCLUSIVE MODE"))


def _put_in_place(connection: Connection, beside: _Beside) -> int:
    """Answers how many rows differed. Raises BackupDamaged."""
    books = [table for table in beside.all if table.name not in STAYS | _GROWS | _BYTES]
    changed = 0
    for table in reversed(books):
        if _count(connection, table):
            changed += _take_away_others(connection, table, beside.of(table))
    for table in beside.all:
        new = beside.of(table)
        if new is not None and table.name not in STAYS | _BYTES:
            changed += _add_missing(connection, table, new)
    for table in books:
        new = beside.of(table)
        if _count(connection, table) != (_count(connection, new) if new is not None else 0):
            raise BackupDamaged()
    return changed + _add_lost_bytes(connection, beside)


def _count(connection: Connection, table: Table) -> int:
    return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table.name}").scalar_one())


def _take_away_others(connection: Connection, table: Table, beside: Table | None) -> int:
    """What the backup does not have, or has otherwise."""
    goes = table.delete()
    if beside is not None:
        is_same = _same_key(table, beside) & _same_values(connection, table, beside)
        goes = goes.where(~select(literal(1)).where(is_same).correlate(table).exists())
    return connection.execute(goes).rowcount


def _add_lost_bytes(connection: Connection, beside: _Beside) -> int:
    piece_table, blob_table = (plain_tables()[str(name)] for name in (BlobPiece.__tablename__, Blob.__tablename__))
    blobs, pieces = beside.of(blob_table), beside.of(piece_table)
    if blobs is None:
        return 0
    is_lost, changed = _is_lost(blobs), 0
    if pieces is not None:
        is_of_it = and_(blobs.c.company_id == pieces.c.company_id, blobs.c.id == pieces.c.blob_id, is_lost)
        of_lost = select(literal(1)).where(is_of_it).correlate(pieces).exists()
        changed = _add_missing(connection, piece_table, pieces, of_lost)
    return changed + _add_missing(connection, blob_table, blobs, is_lost)


def _add_missing(connection: Connection, table: Table, beside: Table, which: ColumnElement[bool] | None = None) -> int:
    is_there = select(literal(1)).where(_same_key(table, beside)).correlate(beside).exists()
    rows = select(*(_to_store(connection, column, beside.c[column.name]) for column in table.columns)).where(~is_there)
    rows = rows.where(which) if which is not None else rows
    added = table.insert().from_select([column.name for column in table.columns], rows)
    return connection.execute(added, execution_options={"preserve_rowcount": True}).rowcount


def _same_key(table: Table, beside: Table) -> ColumnElement[bool]:
    return and_(*(column == beside.c[column.name] for column in table.primary_key.columns))


def _same_values(connection: Connection, table: Table, beside: Table) -> ColumnElement[bool]:
    compared = (column for column in table.columns if not column.primary_key)
    dialect = connection.dialect.name
    return and_(
        literal(1) == literal(1),
        *(as_stored(one, dialect).is_not_distinct_from(beside.c[one.name]) for one in compared),
    )


def _to_store(connection: Connection, column: Column[Any], beside: Column[Any]) -> Any:
    return cast(beside, JSON) if _is_json(column) and connection.dialect.name == "postgresql" else beside


def _is_json(column: Column[Any]) -> bool:
    return isinstance(column.type, NullType)
