"""A damaged cache file: telling that it is, and saving what only this computer knows - the outbox and who we are.

Everything else is at the centre and is fetched again.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from erp_desktop.models.sync import OutboxAction

_KEPT_FACTS = ("device_id", "session", "next_seq")
_GAP = 1_000  # sequence numbers left free where the last one that was given cannot be read


@dataclass
class Saved:
    """What could be read: rows of the outbox, column by name, and facts about the cache."""

    outbox: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)


def is_sound(path: Path) -> bool:
    """Whether SQLite finds the file whole (its pages, not every index entry)."""
    try:
        with closing(_open(path)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return False
        raise


def read_what_is_readable(path: Path) -> Saved:
    """Row by row, so that one bad page costs the rows on it and no others."""
    saved = Saved()
    columns = [column.name for column in OutboxAction.__table__.columns]
    with suppress(sqlite3.DatabaseError), closing(_open(path)) as connection:
        connection.execute("PRAGMA query_only=ON")
        for key in _KEPT_FACTS:
            with suppress(sqlite3.DatabaseError):
                found = connection.execute("SELECT value FROM cache_state WHERE key = ?", (key,)).fetchone()
                if found:
                    saved.facts[key] = found[0]
        for seq in _sequence_numbers(connection, saved.facts):
            with suppress(sqlite3.DatabaseError):
                row = connection.execute(f"SELECT {', '.join(columns)} FROM outbox WHERE seq = ?", (seq,)).fetchone()
                if row:
                    saved.outbox.append(dict(zip(columns, row, strict=True)))
    return saved


def put_aside(path: Path, now: datetime) -> Path:
    """Rename the damaged file, with what belongs to it, to a dated name beside it."""
    stem = f"{path.stem}.damaged-{now:%Y%m%d-%H%M%S}"
    kept = path.with_name(stem + path.suffix)
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(kept.with_name(kept.name + suffix))
    return kept


def restore(connection: Connection, saved: Saved) -> None:
    """Into a new cache. The saved actions are run again once the centre's rows are here."""
    for row in saved.outbox:
        columns = ", ".join(row)
        places = ", ".join("?" * len(row))
        connection.exec_driver_sql(f"INSERT INTO outbox ({columns}) VALUES ({places})", tuple(row.values()))
    facts = dict(saved.facts)
    if saved.outbox and "next_seq" not in facts:
        facts["next_seq"] = str(max(row["seq"] for row in saved.outbox) + _GAP)
    for key, value in facts.items():
        connection.exec_driver_sql("INSERT OR REPLACE INTO cache_state (key, value) VALUES (?, ?)", (key, value))


def _sequence_numbers(connection: sqlite3.Connection, facts: dict[str, str]) -> Iterator[int]:
    """From both ends of the table towards the damage; else every number that can have been given."""
    found: set[int] = set()
    for direction in ("ASC", "DESC"):
        with suppress(sqlite3.DatabaseError):
            for (seq,) in connection.execute(f"SELECT seq FROM outbox ORDER BY seq {direction}"):
                found.add(seq)
    last = int(facts.get("next_seq", "1"))
    if found:
        found |= set(range(min(found), max(found)))
    elif last - _GAP > 0:
        found |= set(range(last - _GAP, last))
    else:
        found |= set(range(1, last))
    yield from sorted(found)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=20)
