"""Finding the rows that an action names, or refusing in words when they are not there."""

from collections.abc import Hashable, Iterable, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.refusals import NotFound, Refused
from erp_desktop.actions.remembering import rows_by_id
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.base import Replicated
from erp_desktop.models.company import Company
from erp_desktop.models.ledger import Period
from erp_desktop.models.product import Product

Row = TypeVar("Row", bound=Replicated)


class NoLines(Refused):
    code = "no_lines"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "There is no line yet. Add at least one product, then try again; nothing was changed."
    )


class TwiceTheSameLine(Refused):
    code = "twice_the_same_line"
    sentence = QT_TRANSLATE_NOOP("Refusal", "One line is named twice. Keep it once; nothing was changed.")


class QtyNotPositive(Refused):
    code = "qty_not_positive"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The quantity {qty} of {product} must be above zero. Correct it; nothing was changed."
    )


class AmountNegative(Refused):
    code = "amount_negative"
    sentence = QT_TRANSLATE_NOOP("Refusal", "{amount} may not be below zero here. Correct it; nothing was changed.")


class PeriodClosed(Refused):
    code = "period_closed"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{day} is in a closed period, so nothing was posted. Use {open_from} or a later day, or ask an accountant.",
    )


class NoPeriod(Refused):
    code = "no_period"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "No accounting period holds {day}. Check the date, or open the year first; nothing was changed."
    )


class DatedAhead(Refused):
    code = "dated_ahead"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{day} is still to come. Enter this on that day, or use an earlier date; nothing was posted."
    )


class WrongState(Refused):
    code = "wrong_state"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{document} is {status}, so this cannot be done to it any more. Refresh to see it as it is now; nothing was changed.",
    )


def find(session: Session, ctx: Context, table: type[Row], row_id: UUID) -> Row:
    """The row of `table` with `row_id`. Raises NotFound, naming the kind of thing."""
    return find_all(session, ctx, table, [row_id])[row_id]


def find_all(session: Session, ctx: Context, table: type[Row], ids: Iterable[UUID]) -> dict[UUID, Row]:
    """The rows with `ids`, by id, in one question. Raises NotFound if one is missing."""
    wanted = set(ids)
    rows = rows_by_id(session, ctx, table, wanted)
    if len(rows) < len(wanted):
        raise NotFound(kind=str(table.__tablename__).replace("_", " "))
    return rows


def company_of(session: Session, ctx: Context) -> Company:
    return find(session, ctx, Company, ctx.company_id)


def is_at_delivery(session: Session, ctx: Context) -> bool:
    """Whether the company posts revenue when the customer has the goods: until then they are goods dispatched."""
    return company_of(session, ctx).revenue_at == "delivery"


def open_period(session: Session, ctx: Context, day: date) -> Period:
    """The period that holds `day`. Raises PeriodClosed (naming the first open day) or NoPeriod."""
    known: dict[tuple[UUID, int, int], Period] = session.info.setdefault("periods", {})
    period = known.get((ctx.company_id, day.year, day.month))
    if period is None or period not in session or not period.starts_on <= day <= period.ends_on:
        period = session.scalars(
            select(Period).where(Period.company_id == ctx.company_id, Period.starts_on <= day, Period.ends_on >= day)
        ).first()
        if period is None:
            raise NoPeriod(day=day)
        known[ctx.company_id, day.year, day.month] = period
    if period.is_closed:
        following = session.scalars(
            select(Period.starts_on)
            .where(Period.company_id == ctx.company_id, Period.starts_on > day, Period.is_closed.is_(False))
            .order_by(Period.starts_on)
        ).first()
        raise PeriodClosed(day=day, open_from=following or "")
    return period


def refuse_ahead(session: Session, ctx: Context, day: date) -> None:
    """Raises DatedAhead for a day after the one on which the person enters it, in the company's time zone: a value dated ahead
    would stand in the way of every move until then."""
    if day > ctx.issued_at.astimezone(ZoneInfo(company_of(session, ctx).time_zone)).date():
        raise DatedAhead(day=day)


def refuse_empty_or_twice(lines: Sequence[object], ids: Sequence[Hashable]) -> None:
    """Raises NoLines or TwiceTheSameLine."""
    if not lines:
        raise NoLines()
    if len(set(ids)) < len(ids):
        raise TwiceTheSameLine()


def active_products(session: Session, ctx: Context, ids: Iterable[UUID]) -> dict[UUID, Product]:
    """The products with `ids`. Raises NotFound, or ProductInactive for one that is not sold and bought any more."""
    products = find_all(session, ctx, Product, ids)
    for product in products.values():
        if not product.is_active:
            raise ProductInactive(product=product.code, product_id=product.id)
    return products


class ProductInactive(Refused):
    code = "product_inactive"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} is not active any more. Choose another product or make it active again first; nothing was changed.",
    )
