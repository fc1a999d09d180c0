"""Which days a company's clock went through, and the first tick of each: what was known when can be asked later.

Here: the row of a new day, from the instants of the log, so that a replay makes the same rows. Not here: the clock itself.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from erp_desktop.ids import derived_id
from erp_desktop.models.company import ClockDay, Company

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass
class ClockDays:
    """The last day of a company's clock that has a row. A clock of the machine that is put back begins no day again."""

    company_id: UUID
    zone: ZoneInfo
    ends_at: datetime  # the first instant after that day

    def begun_by(self, at: datetime, tick: int) -> dict[str, Any] | None:
        """The row of the day that the action of `tick`, performed `at`, is the first of; None within a known day."""
        if at < self.ends_at:
            return None
        day = at.astimezone(self.zone).date()
        self.ends_at = datetime.combine(day + timedelta(days=1), time.min, self.zone).astimezone(UTC)
        return {
            "company_id": self.company_id,
            "id": derived_id("clock_day", self.company_id, day.isoformat()),
            "tick": tick,
            "day": day,
            "first_tick": tick,
        }


def clock_days(connection: Connection, company_id: UUID) -> ClockDays:
    """The days of an opened company, as they are stored."""
    last_day = select(func.max(ClockDay.day)).where(ClockDay.company_id == company_id).scalar_subquery()
    of_company = (Company.company_id == company_id, Company.id == company_id)
    stored = connection.execute(select(Company.time_zone, last_day).where(*of_company)).one()
    zone, last = ZoneInfo(stored[0]), stored[1]
    ends_at = datetime.combine(last + timedelta(days=1), time.min, zone).astimezone(UTC) if last else _BEFORE_ALL
    return ClockDays(company_id, zone, ends_at)
