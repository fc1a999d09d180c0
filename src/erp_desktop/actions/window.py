"""How far back desks hold documents: open ones, and those on which something was done within the company's window (0104).

What counts is when the centre wrote a document last, not the date on it: its tick. A month's first tick is known from the
days of the clock, so that desk, centre and replay agree. Here: where the window begins, and keeping an order within it.
Not here: which rows that leaves to a desk (central/window.py).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import company_of, find
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.base import current_tick
from erp_desktop.models.company import ClockDay, Company
from erp_desktop.models.purchasing import PurchaseOrder
from erp_desktop.models.sales import SalesOrder

EVERYTHING = 0  # months, and the tick that a window begins with, where desks hold every document
LONGEST_WINDOW = 120  # months
# Who sees costs or the ledger holds everything: they compare years, and a valuation of half the moves would be wrong.
WHOLE_COMPANY = frozenset({"cost.read", "ledger.read"})


class BadWindow(Refused):
    code = "bad_window"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Computers cannot hold documents of {months} months. Enter 1 to {most} months, or 0 for all of them; "
        "nothing was changed.",
    )


def first_day_of_window(today: date, months: int) -> date:
    """The first day of the month that lies `months` before the one of `today`."""
    years, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(years, month + 1, 1)


def last_day_of_clock(company_id: UUID) -> Select[date]:
    """The day on which the centre performed something last, as a question."""
    return select(func.max(ClockDay.day)).where(ClockDay.company_id == company_id)


def first_tick_of(connection: Connection | Session, company_id: UUID, day: date) -> int:
    """The first tick on `day` or after it. EVERYTHING where there is none before."""
    of_company: tuple[Any, ...] = (ClockDay.company_id == company_id,)
    first = select(func.min(ClockDay.first_tick)).where(*of_company)
    known, found = connection.execute(
        select(first.scalar_subquery(), first.where(ClockDay.day >= day).scalar_subquery())
    ).one()
    return EVERYTHING if found is None or found == known else int(found)


def keep_in_window(session: Session, ctx: Context, order: SalesOrder | PurchaseOrder) -> None:
    """Something is done on what belongs to an order that may be closed long since: all of it is young from now on.

    Every action that writes into an order's documents without writing the order calls it. Desks that hold nothing of the order
    any more are sent the whole of it, as `revived_tick` tells.
    """
    if not ctx.at_centre or order.tick is None:  # just made
        return
    now = current_tick(session.connection())
    if order.tick == now or order.status in order.open_while:
        return
    months = company_of(session, ctx).window_months
    last_day = session.scalar(last_day_of_clock(ctx.company_id))
    if months and last_day is not None:
        begins_with = first_tick_of(session, ctx.company_id, first_day_of_window(last_day, months))
        if order.tick < begins_with:
            order.revived_tick = now
    order.tick = now


@action("admin")
@dataclass(frozen=True)
class SetWindow(Action):
    """How many months back computers hold documents on which nothing is done any more; 0: all of them."""

    months: int

    def run(self, session: Session, ctx: Context) -> None:
        if not 0 <= self.months <= LONGEST_WINDOW:
            raise BadWindow(months=self.months, most=LONGEST_WINDOW)
        find(session, ctx, Company, ctx.company_id).window_months = self.months
