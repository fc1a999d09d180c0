"""Opening a database: the same settings for desk caches, embedded centres and PostgreSQL.

Here: engines, and which kind of transaction they begin. Not here: tables, migrations, sessions.

    engine = open_engine("sqlite:////home/me/cache.db")
    with Session(writer(engine)) as session: ...   # takes the write lock at once, so it never fails halfway
    with Session(reader(engine)) as session: ...   # one unchanging picture of the data until it ends
"""

import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError

log = logging.getLogger(__name__)

Value = TypeVar("Value")

BUSY_TIMEOUT_SECONDS = 20
IDLE_SECONDS_TRUSTED = 5.0
_BEGIN, _TO_WRITE = "erp_begin", "BEGIN IMMEDIATE"
_PIPELINE = "pipeline"
_LAST_USED = "last_used"
_WAL_RESET_FIXED_IN = (3, 51, 3)  # before it several connections could, very rarely, lose a checkpoint to a race


class UnknownDatabase(ValueError):
    """The address of a database is not one that this program can open."""


def database_url(text: str) -> URL:
    """`text` as an address: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME. Raises UnknownDatabase."""
    try:
        url = make_url(text)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise UnknownDatabase(f"not the address of a database: {text!r}") from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise UnknownDatabase(f"only sqlite and postgresql are supported, not {url.get_backend_name()}")
    return url


def open_engine(url: str | URL, *, foreign_keys: bool = True, pool_size: int = 10, key: str | None = None) -> Engine:
    """An engine for `url`. It connects when first used.

    `key` (hexadecimal, see sync/cache_key.py) opens an SQLite file whose every page is encrypted.

    SQLite: WAL, synchronous=FULL (a commit survives a power cut), and transactions that begin when SQLAlchemy says so, so
    that savepoints work. A desk's cache turns `foreign_keys` off: it holds only the rows that its user may see.
    """
    address = database_url(url) if isinstance(url, str) else url
    if address.get_backend_name() == "postgresql":
        return _open_postgres(address, pool_size)

    driver: Any = sqlite3 if key is None else encrypting_driver()
    settings = {"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
    engine = create_engine(address, module=driver, connect_args=settings)
    _log_sqlite_version(driver)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        if key is not None:
            unlock(connection, key)
        connection.isolation_level = None  # the driver begins nothing by itself; the "begin" event does
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        connection.execute("PRAGMA cache_size=-32000")  # 32 MB
        connection.execute("PRAGMA temp_store=MEMORY")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))

    return engine


def _open_postgres(address: URL, pool_size: int) -> Engine:
    """`address` may name several servers (host=A&host=B): the one that takes writes is used. A replica is never read from, it
    may be behind."""
    primary = {"target_session_attrs": "read-write"} if "target_session_attrs" not in address.query else {}
    engine = create_engine(address, pool_size=pool_size, max_overflow=2 * pool_size, connect_args=primary)
    # How many rows an UPDATE met is not known before the pipeline is read; the company's clock guards them anyway.
    engine.dialect.supports_sane_rowcount = engine.dialect.supports_sane_multi_rowcount = False

    @event.listens_for(engine, "after_cursor_execute")
    def wait_for_answer(
        connection: Connection, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
    ) -> None:
        pipeline = connection.info.get(_PIPELINE)
        if pipeline is not None and not context.is_crud:
            pipeline.sync()

    @event.listens_for(engine, "checkin")
    def note_time(_connection: Any, record: Any) -> None:
        record.info[_LAST_USED] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def is_still_there(connection: Any, record: Any, _proxy: Any) -> None:
        """A connection that lay idle is tried first: the server may have been restarted since."""
        idle = time.monotonic() - record.info.get(_LAST_USED, 0.0)
        if idle > IDLE_SECONDS_TRUSTED and _LAST_USED in record.info:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError("the connection was lost while it was idle") from error

    return engine


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """In this block what is written is sent without waiting for each answer, where the driver can (PostgreSQL); a
    question waits for its own. An error may show at a later statement than its own; at the end it is the driver's."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    with driver.pipeline() as pipeline:
        # A plan made while a table is small must not read all of it once it has grown; what is written is found by keys.
        driver.execute("SET LOCAL enable_seqscan = off")
        connection.info[_PIPELINE] = pipeline
        try:
            yield
        finally:
            del connection.info[_PIPELINE]


def writer(engine: Engine) -> Engine:
    """The same engine for transactions that write: on SQLite they wait for the write lock when they begin."""
    return engine.execution_options(**{_BEGIN: _TO_WRITE})


def begin_to_write(connection: Connection) -> None:
    """Between two transactions of `connection`: from the next one on they are as those of `writer`."""
    connection.execution_options(**{_BEGIN: _TO_WRITE})


def reader(engine: Engine) -> Engine:
    """The same engine for transactions that only read, each in one snapshot of the data."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine  # a SQLite transaction sees one snapshot from its first read on


def filled_up(values: Sequence[Value]) -> list[Value]:
    """`values` for an IN, the last one again and again until they are 1, 2, 4, 8, ...: so a question has few forms to prepare."""
    size = 1 << max(0, len(values) - 1).bit_length()
    return [*values, *([values[-1]] * (size - len(values)))] if values else []


def encrypting_driver() -> Any:
    """The DB-API module of an SQLite of its own that encrypts pages (SQLCipher; docs/decisions/0097).

    Loaded when a key is used: the central service and plain files need none of it. One file must never be open in both
    SQLites of a process at once: closing it in one lets go of the locks that the other holds.
    """
    from sqlcipher3 import dbapi2

    return dbapi2


def unlock(connection: Any, key: str) -> None:
    """Give a new connection of `encrypting_driver` its key, before anything is read."""
    connection.execute("PRAGMA cipher_log_level=NONE")  # it writes to the terminal; what fails is raised anyway
    connection.execute(f"PRAGMA key=\"x'{key}'\"")


def _log_sqlite_version(driver: Any) -> None:
    log.info("SQLite %s%s", driver.sqlite_version, "" if driver is sqlite3 else ", encrypting")
    if driver.sqlite_version_info < _WAL_RESET_FIXED_IN:
        log.info("this SQLite is older than %s: one connection at a time should write", "3.51.3")
