"""The company itself as screens show it: its facts, and its cost books."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.models.company import Company
from erp_desktop.models.costing import CostBook
from erp_desktop.queries.base import NotHere
from erp_desktop.queries.list_shape import ListShape, plain, searched, table_of
from erp_desktop.queries.listing import ListQuery

_book = table_of(CostBook)


@dataclass(frozen=True)
class CompanyFacts:
    """`revenue_at` is "shipment", "delivery" or "invoice"; `time_zone` an IANA name; `chart` the template of its accounts."""

    id: UUID
    code: str
    name: str
    name_zh: str
    currency: str
    currency_places: int
    time_zone: str
    chart: str
    address: str
    tax_number: str
    revenue_at: str
    window_months: int = 18  # how far back desks hold documents; 0: all


@dataclass(frozen=True)
class CompanyDetail:
    """What the company was opened with, and what was set since. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = frozenset({"company"})

    def run(self, session: Session, company_id: UUID) -> CompanyFacts:
        names = list(CompanyFacts.__dataclass_fields__)
        columns = [getattr(Company, name) for name in names]
        row = session.execute(
            select(*columns).where(Company.company_id == company_id, Company.id == company_id)
        ).first()
        if row is None:
            raise NotHere("company", company_id)
        return CompanyFacts(*row)


def company_currency(session: Session, company_id: UUID) -> str:
    """The currency of the books, which every amount without one of its own is in."""
    return CompanyDetail().run(session, company_id).currency


@dataclass(frozen=True)
class CostBookRow:
    id: UUID
    code: str
    name: str
    name_zh: str
    method: str
    posts_to_ledger: bool


@dataclass(frozen=True)
class CostBooks(ListQuery[CostBookRow]):
    """Cost books by code."""

    shape = ListShape(
        CostBookRow,
        _book,
        [
            *plain(_book, "id"),
            *searched(_book, "code", "name", "name_zh"),
            *plain(_book, "method", "posts_to_ledger"),
        ],
    )
