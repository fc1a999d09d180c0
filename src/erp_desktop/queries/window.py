"""From which day on this desk holds every document, and what older ones are looked for at the centre (0104)."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.window import WHOLE_COMPANY, first_day_of_window
from erp_desktop.models import replicated_tables
from erp_desktop.models.company import ClockDay, Company


@dataclass(frozen=True)
class HeldSince:
    """The day; documents on which nothing was done since, and which are not open, are at the centre alone. None: somebody with
    these permissions holds them all, or the company has none that are older."""

    permissions: frozenset[str]

    tables: ClassVar[frozenset[str]] = frozenset({"company", "clock_day"})

    def run(self, session: Session, company_id: UUID) -> date | None:
        months = session.scalar(select(Company.window_months).where(Company.company_id == company_id))
        days = select(func.min(ClockDay.day), func.max(ClockDay.day)).where(ClockDay.company_id == company_id)
        first, last = session.execute(days).one()
        if not months or last is None or self.permissions & WHOLE_COMPANY:
            return None
        since = first_day_of_window(last, months)
        return since if first < since else None


def is_windowed(table: str) -> bool:
    """Whether desks hold only the young and the open rows of it."""
    model = replicated_tables().get(table)
    if model is None:
        return False
    return model.open_while is not None or bool(model.kept_with or model.part_of or model.kept_with_documents)


def is_fetched_by_number(table: str) -> bool:
    """Whether older ones of it can be looked for: documents that have a number."""
    return is_windowed(table) and "number" in replicated_tables()[table].__table__.columns
