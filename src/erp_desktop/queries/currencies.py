"""Currencies and what they are worth: the list of exchange rates, and what a document in a foreign currency starts with."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.exchanging import places_of_currency, rate_on
from erp_desktop.models.company import Company
from erp_desktop.models.ledger import ExchangeRate
from erp_desktop.models.party import Party
from erp_desktop.queries.list_shape import ListShape, plain, searched, table_of
from erp_desktop.queries.listing import ListQuery

_rate = table_of(ExchangeRate)


@dataclass(frozen=True)
class ExchangeRateRow:
    """`rate` is company currency for one unit of `currency`, from `valid_on` until the next rate of that currency."""

    id: UUID
    currency: str
    valid_on: date
    rate: Decimal


@dataclass(frozen=True)
class ExchangeRates(ListQuery[ExchangeRateRow]):
    """Exchange rates, newest first."""

    shape = ListShape(
        ExchangeRateRow,
        _rate,
        [*plain(_rate, "id"), *searched(_rate, "currency"), *plain(_rate, "valid_on", "rate")],
        order=[("valid_on", True), ("currency", False)],
    )


@dataclass(frozen=True)
class CurrencyChoices:
    """`own` is the company's currency; `foreign` are those that it has rates of or suppliers in, by code. `places` are the
    decimals of each."""

    own: str
    foreign: tuple[str, ...]
    places: dict[str, int]


@dataclass(frozen=True)
class KnownCurrencies:
    """The currencies that the company deals in."""

    tables: ClassVar[frozenset[str]] = frozenset({"company", "exchange_rate", "party"})

    def run(self, session: Session, company_id: UUID) -> CurrencyChoices:
        company = session.get_one(Company, (company_id, company_id))
        rated = select(ExchangeRate.currency).where(ExchangeRate.company_id == company_id)
        suppliers = select(Party.currency).where(Party.company_id == company_id, Party.currency != "")
        foreign = sorted(
            {*session.scalars(rated.distinct()), *session.scalars(suppliers.distinct())} - {company.currency}
        )
        places = {code: places_of_currency(company, code) for code in (company.currency, *foreign)}
        return CurrencyChoices(company.currency, tuple(foreign), places)


@dataclass(frozen=True)
class SupplierCurrency:
    """The currency in which a supplier sells: its own, else the company's."""

    tables: ClassVar[frozenset[str]] = frozenset({"company", "party"})

    supplier_id: UUID

    def run(self, session: Session, company_id: UUID) -> str:
        supplier = session.get(Party, (company_id, self.supplier_id))
        return (supplier and supplier.currency) or session.get_one(Company, (company_id, company_id)).currency


@dataclass(frozen=True)
class RateOn:
    """What one unit of a currency is worth on a day, in company currency; None before its first rate."""

    tables: ClassVar[frozenset[str]] = frozenset({"exchange_rate"})

    currency: str
    day: date

    def run(self, session: Session, company_id: UUID) -> Decimal | None:
        return rate_on(session, company_id, self.currency, self.day)
