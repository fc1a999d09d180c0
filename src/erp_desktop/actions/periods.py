"""Closing accounting periods and reopening the latest: what ends with a period is computed and posted first.

A closed period refuses every posting (finding.open_period), so its ledger and the value of its stock stay as they were.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions import value_changes
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import WrongState, find
from erp_desktop.actions.refusals import Refused, Required
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.costing import CostBook, CostPool, MoveCost
from erp_desktop.models.ledger import Period, PeriodChange
from erp_desktop.models.product import Product
from erp_desktop.models.types import QtyType
from erp_desktop.numbers import ZERO


class EarlierPeriodOpen(Refused):
    code = "earlier_period_open"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The period from {starts_on} is still open. Close periods in their order; nothing was changed."
    )


class LaterPeriodClosed(Refused):
    code = "later_period_closed"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The period from {starts_on} is closed already. Reopen the latest one first; nothing was changed."
    )


class NegativeAtPeriodEnd(Refused):
    code = "negative_at_period_end"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} stands at {qty} at the end of the period, so its month-end average in the cost book {book} cannot be "
        "computed. Enter the missing receipt or count first; the period is still open.",
    )


@dataclass(frozen=True)
class ShortPool:
    """A pool that holds less than nothing at the end of a day: product code, quantity in stock units, name of its book."""

    pool_id: UUID
    product_id: UUID
    product_code: str
    qty: Decimal
    book: str


def pools_below_zero(session: Session, company_id: UUID, day: date, method: str | None = None) -> list[ShortPool]:
    """The pools of the books in use that were below zero at the end of `day`, of one `method` only if it is named.

    By product code and pool.
    """
    pools = (
        select(CostPool.id, CostPool.product_id, Product.code, CostPool.on_hand, CostBook.name)
        .join(Product, (Product.company_id == CostPool.company_id) & (Product.id == CostPool.product_id))
        .join(CostBook, (CostBook.company_id == CostPool.company_id) & (CostBook.id == CostPool.book_id))
        .where(
            CostPool.company_id == company_id,
            CostBook.is_closed.is_(False),
            CostPool.transfer_id.is_(None),  # no more arrives of a transfer than was dispatched
        )
    )
    if method is not None:
        pools = pools.where(CostPool.method == method)
    found = session.execute(pools.order_by(Product.code, CostPool.id)).all()
    if not found:
        return []
    since = session.execute(
        select(MoveCost.pool_id, func.sum(MoveCost.qty, type_=QtyType()))
        .where(MoveCost.company_id == company_id, MoveCost.dated_on > day, MoveCost.qty != 0)
        .group_by(MoveCost.pool_id)
    )
    moved = {pool_id: qty for pool_id, qty in since if qty}
    held = [
        ShortPool(pool_id, product_id, code, on_hand - moved.get(pool_id, ZERO), book)
        for pool_id, product_id, code, on_hand, book in found
    ]
    return [pool for pool in held if pool.qty < 0]


def earlier_open_period(session: Session, company_id: UUID, period: Period) -> date | None:
    """The first day of the first open period before `period`, None if they are all closed."""
    return session.scalars(
        select(Period.starts_on)
        .where(Period.company_id == company_id, Period.starts_on < period.starts_on, Period.is_closed.is_(False))
        .order_by(Period.starts_on)
    ).first()


@action("period.close")
@dataclass(frozen=True)
class ClosePeriod(Action):
    """Averages of the period are settled and posted, then nothing is posted into it any more. Periods close in order."""

    period_id: UUID

    def run(self, session: Session, ctx: Context) -> None:
        period = find(session, ctx, Period, self.period_id)
        if period.is_closed:
            raise WrongState(document=f"{period.starts_on:%Y-%m}", status="closed")
        earlier = earlier_open_period(session, ctx.company_id, period)
        if earlier is not None:
            raise EarlierPeriodOpen(starts_on=earlier)
        if ctx.at_centre:
            for pool in pools_below_zero(session, ctx.company_id, period.ends_on, "periodic_average"):
                raise NegativeAtPeriodEnd(product=pool.product_code, qty=pool.qty, book=pool.book)
            value_changes.end_period(session, ctx, period, ("period", period.id))
        period.is_closed = True
        _record(session, ctx, period)


@action("period.close")
@dataclass(frozen=True)
class ReopenPeriod(Action):
    """The latest closed period takes postings again; why is kept."""

    period_id: UUID
    reason: str = ""  # needed; actions of before had none

    def run(self, session: Session, ctx: Context) -> None:
        period = find(session, ctx, Period, self.period_id)
        if not self.reason.strip():
            raise Required(field="reason")
        if not period.is_closed:
            raise WrongState(document=f"{period.starts_on:%Y-%m}", status="open")
        later = session.scalars(
            select(Period.starts_on)
            .where(Period.company_id == ctx.company_id, Period.starts_on > period.starts_on, Period.is_closed.is_(True))
            .order_by(Period.starts_on.desc())
        ).first()
        if later is not None:
            raise LaterPeriodClosed(starts_on=later)
        period.is_closed = False
        _record(session, ctx, period, self.reason.strip())


def _record(session: Session, ctx: Context, period: Period, reason: str = "") -> None:
    session.add(
        PeriodChange(
            company_id=ctx.company_id,
            id=ctx.new_id(),
            period_id=period.id,
            is_closed=period.is_closed,
            changed_at=ctx.issued_at,
            changed_by=ctx.actor_id,
            reason=reason,
        )
    )
