"""Foreign currencies: what they are worth from day to day, and what an amount of one is in company currency."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context, action
from erp_desktop.actions.finding import company_of
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.saving import Save
from erp_desktop.currencies import CURRENCY_PLACES
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ledger.posting import InCurrency
from erp_desktop.models.company import Company
from erp_desktop.models.ledger import ExchangeRate
from erp_desktop.numbers import ONE, round_money


class NoSuchCurrency(Refused):
    code = "no_such_currency"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{currency} is no currency code. Use three letters of ISO 4217, such as USD or EUR; nothing was changed.",
    )


class OwnCurrency(Refused):
    code = "own_currency"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{currency} is the company's own currency and is always worth 1. Choose another currency; nothing was changed.",
    )


class RateNotPositive(Refused):
    code = "rate_not_positive"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "An exchange rate cannot be {rate}. Type a number above zero; nothing was changed."
    )


class NoExchangeRate(Refused):
    code = "no_exchange_rate"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "There is no exchange rate of {currency} for {day}. Type the rate here, or enter it under Ledger, Exchange rates; "
        "nothing was posted.",
    )


@action("master.write")
@dataclass(frozen=True)
class SaveExchangeRate(Save):
    """What one unit of a currency is worth in company currency from a day on, until the next rate."""

    model = ExchangeRate
    key = ("currency", "valid_on")

    exchange_rate_id: UUID
    currency: str
    valid_on: date
    rate: Decimal

    def refuse_nonsense(self, session: Session, ctx: Context, row: Any) -> None:
        refuse_unknown_currency(session, ctx, self.currency)
        if self.currency == company_of(session, ctx).currency:
            raise OwnCurrency(currency=self.currency)
        refuse_rate(self.rate)


@dataclass(frozen=True)
class Exchange:
    """A document's currency and what it was worth: `rate` company currency for one unit, `places` its decimals."""

    currency: str
    places: int
    rate: Decimal
    company_places: int
    is_foreign: bool

    def amount(self, exact: Decimal | Fraction) -> Decimal:
        """`exact`, in the document's currency, rounded half up to its minor unit."""
        return round_money(exact, self.places)

    def in_company(self, amount: Decimal) -> Decimal:
        """What an amount of the document's currency is in company currency, rounded half up to the minor unit once."""
        return round_money(amount * self.rate, self.company_places)

    def beside(self, amount: Decimal) -> InCurrency | None:
        """What is kept beside the company's amount; None in the company's own currency."""
        return InCurrency(self.currency, amount) if self.is_foreign else None


def refuse_unknown_currency(session: Session, ctx: Context, currency: str) -> None:
    """Raises NoSuchCurrency for a code that is neither the company's nor one of ISO 4217."""
    if currency not in CURRENCY_PLACES and currency != company_of(session, ctx).currency:
        raise NoSuchCurrency(currency=currency)


def refuse_rate(rate: Decimal) -> None:
    """Raises RateNotPositive."""
    if not (rate.is_finite() and rate > 0):
        raise RateNotPositive(rate=rate)


def places_of_currency(company: Company, currency: str) -> int:
    """Decimals of a currency's minor unit; of its own the company says how many."""
    return company.currency_places if currency == company.currency else CURRENCY_PLACES[currency]


def exchange_at(session: Session, ctx: Context, currency: str, day: date, stated: Decimal | None) -> Exchange:
    """The `stated` rate, else that of the day: the newest on or before it. Raises NoExchangeRate, RateNotPositive,
    OwnCurrency for a rate other than 1 of the company's own currency."""
    company = company_of(session, ctx)
    if currency == company.currency:
        if stated not in (None, ONE):
            raise OwnCurrency(currency=currency)
        return Exchange(currency, company.currency_places, ONE, company.currency_places, is_foreign=False)
    if stated is not None:
        refuse_rate(stated)
    rate = stated if stated is not None else rate_on(session, ctx.company_id, currency, day)
    if rate is None:
        raise NoExchangeRate(currency=currency, day=day)
    return exchange_of(company, currency, rate)


def exchange_of(company: Company, currency: str, rate: Decimal) -> Exchange:
    """At a rate that a document keeps."""
    is_foreign = currency != company.currency
    return Exchange(currency, places_of_currency(company, currency), rate, company.currency_places, is_foreign)


def rate_on(session: Session, company_id: UUID, currency: str, day: date) -> Decimal | None:
    """What one unit of `currency` is worth on `day` in company currency; None before its first rate."""
    newest = (
        select(ExchangeRate.rate)
        .where(ExchangeRate.company_id == company_id, ExchangeRate.currency == currency, ExchangeRate.valid_on <= day)
        .order_by(ExchangeRate.valid_on.desc())
        .limit(1)
    )
    return session.scalars(newest).first()
