"""What the centre had performed by the end of a day: figures "as known on" that day hold no later change."""

from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.models.company import ClockDay


def tick_known_on(session: Session, company_id: UUID, day: date) -> int | None:
    """The last tick that was performed by the end of `day`, in the company's time zone; 0 if that was before the first.

    None where nothing was performed after `day`: all that is here was known then.
    """
    later = select(func.min(ClockDay.first_tick)).where(ClockDay.company_id == company_id, ClockDay.day > day)
    first_after = session.scalar(later)
    return None if first_after is None else first_after - 1
