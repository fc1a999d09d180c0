"""What people looked at, printed or took away in a file, as their desks tell it, also days later: kept, and after a time let go.

A table of its own and no part of a company's order (docs/decisions/0108): telling takes no clock, and no action changes it.
Here: keeping and letting go. Not here: showing (auditing.py), which reads are worth it (the desk's sync/reads.py and views).
"""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from erp_desktop.central.changes import Reader
from erp_desktop.database import writer
from erp_desktop.ids import new_id
from erp_desktop.models.sync import CentreSetting, ReadEvent
from erp_desktop.wire_audit import ReadTold

KEPT_DAYS = 730  # where this centre says nothing else
AUDIT_SCREEN = "audit"
OPENED = "opened"
BETWEEN_LOOKS = timedelta(minutes=15)  # asking for the next filter of one list is not looking at it again
_SETTING = "keep_reads_days"


def set_kept_days(engine: Engine, days: int) -> None:
    """Until it is set again. 0: for ever."""
    with writer(engine).begin() as connection:
        connection.execute(delete(CentreSetting).where(CentreSetting.key == _SETTING))
        connection.execute(insert(CentreSetting).values(key=_SETTING, value=str(days)))


def kept_days(connection: Connection) -> int:
    stored = connection.scalar(select(CentreSetting.value).where(CentreSetting.key == _SETTING))
    return KEPT_DAYS if stored is None else int(stored)


class Reads:
    """Keeps them for one centre. Safe to use from many threads and beside other workers."""

    def __init__(self, engine: Engine) -> None:
        self._writer = writer(engine)
        self._guard = threading.Lock()
        self._let_go_on: dict[UUID, date] = {}
        self._looked_at: dict[tuple[UUID, str], datetime] = {}

    def keep(self, who: Reader, told: list[ReadTold]) -> None:
        """What was told before is as it was."""
        now = datetime.now(UTC)
        rows = [
            {
                "company_id": who.company_id,
                "id": one.id,
                "at": _moment(one.at, now),
                "kind": _storable(one.kind),
                "subject": _storable(one.subject),
                "record_id": one.record_id,
                "details": {_storable(name): _storable(value) for name, value in one.details.items()},
                "user_id": who.user_id,
                "device_id": who.device_id,
            }
            for one in told
        ]
        with self._writer.begin() as connection:
            if rows:
                _insert_new(connection, rows)
            self._let_go(connection, who.company_id, now)

    def note_look_at_audit(self, who: Reader, of: str) -> None:
        """Who reads about others is read about: whatever program they ask with."""
        now = datetime.now(UTC)
        with self._guard:
            last = self._looked_at.get((who.user_id, of))
            if last is not None and now - last < BETWEEN_LOOKS:
                return
            self._looked_at[who.user_id, of] = now
        self.keep(who, [ReadTold(id=new_id(), at=now, kind=OPENED, subject=AUDIT_SCREEN, details={"of": of})])

    def _let_go(self, connection: Connection, company_id: UUID, now: datetime) -> None:
        """Once a day, what is older than the setting says."""
        with self._guard:
            if self._let_go_on.get(company_id) == now.date():
                return
            self._let_go_on[company_id] = now.date()
        days = kept_days(connection)
        if days:
            last = now - timedelta(days=days)
            connection.execute(delete(ReadEvent).where(ReadEvent.company_id == company_id, ReadEvent.at < last))


def _insert_new(connection: Connection, rows: list[dict[str, Any]]) -> None:
    insert_into: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert_into(ReadEvent).on_conflict_do_nothing(), rows)


def _moment(at: datetime, now: datetime) -> datetime:
    """Nothing was looked at after it was told, whatever the desk's clock says."""
    try:
        return min(at.astimezone(UTC), now)
    except OverflowError:
        return now


def _storable(text: str) -> str:
    return "".join(mark for mark in text if mark.isprintable())
