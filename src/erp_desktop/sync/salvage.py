"""A damaged cache file: telling that it is, and saving what only this computer knows - the outbox and who we are.

Everything else is at the centre and is fetched again.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from erp_desktop.database import encrypting_driver
from erp_desktop.models.base import Base
from erp_desktop.models.sync import KeptAction, OutboxAction, ReadNote
from erp_desktop.sync.cache_key import open_driver

_KEPT_FACTS = (
    "device_id", "forked_from", "copied", "session", "next_seq", "kept_device", "locked", "lease_seconds", "lease_begun", "lease_latest",
)  # fmt: skip
_GAP = 1_000  # sequence numbers left free where the last one that was given cannot be read


@dataclass
class Saved:
    """What could be read: rows of the outbox, column by name, and facts about the cache."""

    outbox: list[dict[str, Any]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)  # of a centre that might be restored
    reads: list[dict[str, Any]] = field(default_factory=list)  # what the centre was not told yet that was looked at
    facts: dict[str, str] = field(default_factory=dict)


def is_sound(path: Path, key: str | None) -> bool:
    """Whether SQLite finds the file whole (its pages, not every index entry). `key` None: the file is not encrypted."""
    try:
        with closing(open_driver(path, key)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except encrypting_driver().DatabaseError as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return False
        raise


def read_what_is_readable(path: Path, key: str | None) -> Saved:
    """Row by row, so that one bad page costs the rows on it and no others."""
    saved = Saved()
    with closing(_Damaged(path, key)) as file:
        for fact in _KEPT_FACTS:
            for (value,) in file.rows("SELECT value FROM cache_state WHERE key = ?", fact):
                saved.facts[fact] = value
        saved.outbox = _numbered_rows(file, OutboxAction, saved.facts)
        saved.kept = _numbered_rows(file, KeptAction, saved.facts)
        names = [column.name for column in ReadNote.__table__.columns]
        for row in file.rows(f"SELECT {', '.join(names)} FROM read_note"):
            saved.reads.append(dict(zip(names, row, strict=True)))
    return saved


def _numbered_rows(file: "_Damaged", model: type[Base], facts: dict[str, str]) -> list[dict[str, Any]]:
    """The rows that can be read of a table that is numbered by `seq`."""
    table = model.__tablename__
    of_this_file = {
        name for (name,) in file.rows(f"SELECT name FROM pragma_table_info('{table}')")
    }  # an older program's
    columns = [column.name for column in model.__table__.columns if column.name in of_this_file]
    if not columns:
        return []
    return [
        dict(zip(columns, row, strict=True))
        for seq in _sequence_numbers(file, table, facts)
        for row in file.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE seq = ?", seq)
    ]


class _Damaged:
    """A file of which some pages cannot be read."""

    def __init__(self, path: Path, key: str | None) -> None:
        self._path = path
        self._key = key
        self._connection: Any = None

    def rows(self, question: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:
        """The rows up to the first bad page. After one the encrypting SQLite answers nothing more on that connection, so
        the next question opens the file anew."""
        try:
            if self._connection is None:
                self._connection = open_driver(self._path, self._key)
                self._connection.execute("PRAGMA query_only=ON")
            yield from self._connection.execute(question, parameters)
        except encrypting_driver().DatabaseError:
            self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def put_aside(path: Path, now: datetime, why: str = "damaged") -> Path:
    """Rename the file, with what belongs to it, to a dated name beside it that says why."""
    stem = f"{path.stem}.{why}-{now:%Y%m%d-%H%M%S}"
    kept = path.with_name(stem + path.suffix)
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(kept.with_name(kept.name + suffix))
    return kept


def restore(connection: Connection, saved: Saved) -> None:
    """Into a new cache. The saved actions are run again once the centre's rows are here."""
    for table, rows in (("outbox", saved.outbox), ("kept_action", saved.kept), ("read_note", saved.reads)):
        for row in rows:
            columns = ", ".join(row)
            places = ", ".join("?" * len(row))
            connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) VALUES ({places})", tuple(row.values()))
    # what was held behind something that is lost asks the centre, which knows what became of that
    connection.exec_driver_sql(
        "UPDATE outbox SET status = 'pending' WHERE status = 'held' AND NOT EXISTS (SELECT 1 FROM outbox AS cause, "
        "json_each(outbox.depends_on) AS needed WHERE replace(needed.value, '-', '') = lower(hex(cause.id)))"
    )
    facts = dict(saved.facts)
    numbers = [row["seq"] for row in (*saved.outbox, *saved.kept)]
    if numbers and "next_seq" not in facts:
        facts["next_seq"] = str(max(numbers) + _GAP)
    for key, value in facts.items():
        connection.exec_driver_sql("INSERT OR REPLACE INTO cache_state (key, value) VALUES (?, ?)", (key, value))


def _sequence_numbers(file: _Damaged, table: str, facts: dict[str, str]) -> Iterator[int]:
    """From both ends of the table towards the damage; else every number that can have been given."""
    found: set[int] = set()
    for direction in ("ASC", "DESC"):
        for (seq,) in file.rows(f"SELECT seq FROM {table} ORDER BY seq {direction}"):
            found.add(seq)
    last = int(facts.get("next_seq", "1"))
    if found:
        found |= set(range(min(found), max(found)))
    elif last - _GAP > 0:
        found |= set(range(last - _GAP, last))
    else:
        found |= set(range(1, last))
    yield from sorted(found)
