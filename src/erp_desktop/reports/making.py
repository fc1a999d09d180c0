"""What reports have in common: the parameters that many ask for, the names of what they group by, and their heading.

Not here: any report's figures.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.models.company import Company
from erp_desktop.models.costing import CostBook
from erp_desktop.models.party import Party
from erp_desktop.models.product import Category, Product, Unit
from erp_desktop.models.sales import Channel
from erp_desktop.numbers import UNIT_COST_PLACES, ZERO
from erp_desktop.queries.cost_of_sales import Only
from erp_desktop.reports.figures import MOST_IDS, as_of_tick, company_of, document_numbers, holds_the_ledger
from erp_desktop.reports.report import (
    BadParameter,
    Bilingual,
    Check,
    Parameter,
    ParameterKind,
    Report,
    ReportDefinition,
    Section,
    Term,
)

FROM = Parameter(
    "from",
    QT_TRANSLATE_NOOP("Report", "From"),
    ParameterKind.DATE,
    default=lambda today: today.replace(day=1),
    is_required=True,
)
TO = Parameter(
    "to", QT_TRANSLATE_NOOP("Report", "To"), ParameterKind.DATE, default=lambda today: today, is_required=True
)
COST_BOOK = Parameter("cost_book", QT_TRANSLATE_NOOP("Report", "Cost book"), ParameterKind.COST_BOOK)
PRODUCT = Parameter("product", QT_TRANSLATE_NOOP("Report", "Product"), ParameterKind.PRODUCT)
CATEGORY = Parameter("category", QT_TRANSLATE_NOOP("Report", "Category"), ParameterKind.CATEGORY)
WAREHOUSE = Parameter("warehouse", QT_TRANSLATE_NOOP("Report", "Warehouse"), ParameterKind.WAREHOUSE)
CHANNEL = Parameter("channel", QT_TRANSLATE_NOOP("Report", "Channel"), ParameterKind.CHANNEL)
CUSTOMER = Parameter("customer", QT_TRANSLATE_NOOP("Report", "Customer"), ParameterKind.PARTY)
SUPPLIER = Parameter("supplier", QT_TRANSLATE_NOOP("Report", "Supplier"), ParameterKind.PARTY)

Shown = tuple[str, str | Bilingual | Term]  # a parameter's heading, and its value as it stands above the report
NOT_NAMED = QT_TRANSLATE_NOOP("Report", "Not named")
NO_LEDGER_HERE = QT_TRANSLATE_NOOP("Report", "The ledger is not held here, so the figures were not compared with it.")
NOT_THE_POSTING_BOOK = QT_TRANSLATE_NOOP(
    "Report", "This cost book does not post, so the ledger holds no figure to compare."
)
BOOK_IS_CLOSED = QT_TRANSLATE_NOOP(
    "Report", "This cost book is closed: what moved, and what was valued, since it was closed is not in its figures."
)

_UNIT_COST = Decimal(1).scaleb(-UNIT_COST_PLACES)
_RATIO = Decimal("0.001")


def yes_no(name: str, heading: str) -> Parameter:
    """A parameter that is off unless it is asked for. `heading` is source text."""
    return Parameter(name, heading, ParameterKind.YES_NO, default=lambda _today: False)


def choice(name: str, heading: str, *choices: tuple[str, str]) -> Parameter:
    """A parameter that is one of `choices` (value and source text); the first unless another is asked for."""
    return Parameter(name, heading, ParameterKind.CHOICE, default=lambda _today: choices[0][0], choices=choices)


def chosen(parameter: Parameter, value: str) -> tuple[str, Term]:
    """A choice as it stands above a report."""
    return parameter.heading, Term(dict(parameter.choices).get(value, value))


def heading_of(parameter: Parameter, record: Any) -> tuple[str, Bilingual]:
    """A chosen product, category ... as it stands above a report."""
    return parameter.heading, coded(record)


def only_shown(session: Session, company_id: UUID, only: Only) -> list[Shown]:
    """What the sales of a report were narrowed down to, as it stands above it."""
    asked: tuple[tuple[Parameter, Any, UUID | None], ...] = (
        (PRODUCT, Product, only.product_id),
        (CATEGORY, Category, only.category_id),
        (CHANNEL, Channel, only.channel_id),
        (CUSTOMER, Party, only.customer_id),
    )
    return [
        heading_of(parameter, record_named(session, company_id, table, id))
        for parameter, table, id in asked
        if id is not None
    ]


def only_asked(only: Only) -> dict[str, UUID]:
    """What the sales were narrowed down to, as parameters of another report."""
    asked = {
        "product": only.product_id,
        "category": only.category_id,
        "channel": only.channel_id,
        "customer": only.customer_id,
    }
    return {name: id for name, id in asked.items() if id is not None}


def not_compared(session: Session, company_id: UUID, book: CostBook) -> str:
    """Why the ledger has nothing to compare a book's figures with, as a note of the report; empty where it has."""
    if not book.posts_to_ledger:
        return NOT_THE_POSTING_BOOK
    return "" if holds_the_ledger(session, company_id) else NO_LEDGER_HERE


def coded(record: Any) -> Bilingual:
    """Code and name of a product, category, party ..."""
    return Bilingual(f"{record.code} {record.name}", f"{record.code} {record.name_zh or record.name}")


def unit_cost_of(value: Decimal, qty: Decimal) -> Decimal | None:
    """Value of one stock unit, rounded half up to six places for display; None without stock."""
    return (value / qty).quantize(_UNIT_COST, ROUND_HALF_UP) if qty else None


def ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """`part` as a fraction of `whole`, to a tenth of a percent as it is shown; None where there is nothing to divide by."""
    return (part / whole).quantize(_RATIO, ROUND_HALF_UP) if whole else None


@dataclass(frozen=True)
class ProductName:
    """A product as reports name it, with the category that it stands in."""

    code: str
    name: Bilingual
    unit: Bilingual
    category_id: UUID
    category_code: str
    category: Bilingual

    @property
    def coded(self) -> Bilingual:
        return Bilingual(f"{self.code} {self.name}", f"{self.code} {self.name.name_zh or self.name.name}")


def product_names(session: Session, company_id: UUID) -> dict[UUID, ProductName]:
    """Every product by id, in the order of categories and codes."""
    found = session.execute(
        select(
            Product.id,
            Product.code,
            Product.name,
            Product.name_zh,
            Unit.code,
            Unit.name_zh,
            Category.id,
            Category.code,
            Category.name,
            Category.name_zh,
        )
        .join(Category, (Category.company_id == Product.company_id) & (Category.id == Product.category_id))
        .join(Unit, (Unit.company_id == Product.company_id) & (Unit.id == Product.unit_id))
        .where(Product.company_id == company_id)
        .order_by(Category.code, Product.code)
    )
    return {
        row[0]: ProductName(
            row[1], Bilingual(row[2], row[3]), Bilingual(row[4], row[5]), row[6], row[7], Bilingual(row[8], row[9])
        )
        for row in found
    }


def record_named(session: Session, company_id: UUID, table: Any, id: UUID) -> Any:
    """A product, warehouse ... that a report was asked with. Raises BadParameter if it is not here."""
    found = session.get(table, (company_id, id))
    if found is None:
        raise BadParameter(translate("Report", "A record that this report was asked with is not here."))
    return found


def names_of(session: Session, company_id: UUID, table: Any, ids: Iterable[UUID | None]) -> dict[UUID, Bilingual]:
    """Code and name of the records of `table` with these ids, as they are shown."""
    wanted = sorted({id for id in ids if id is not None})
    names: dict[UUID, Bilingual] = {}
    for start in range(0, len(wanted), MOST_IDS):
        part = wanted[start : start + MOST_IDS]
        found = select(table.id, table.code, table.name, table.name_zh)
        for row in session.execute(found.where(table.company_id == company_id, table.id.in_(part))):
            names[row.id] = coded(row)
    return names


def names_by(
    session: Session, company_id: UUID, by: str, products: Mapping[UUID, ProductName], ids: Iterable[UUID | None]
) -> Mapping[UUID, Bilingual]:
    """The names of what figures are grouped by: products, categories, sales orders, channels, or else parties."""
    match by:
        case "product":
            return {id: product.coded for id, product in products.items()}
        case "category":
            return {product.category_id: product.category for product in products.values()}
        case "order":
            orders = {("sales_order", id) for id in ids if id is not None}
            return {id: Bilingual(number) for id, number in document_numbers(session, company_id, orders).items()}
    return names_of(session, company_id, Channel if by == "channel" else Party, ids)


def sum_of(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def by_text(names: Mapping[UUID, Bilingual], id: UUID | None) -> str:
    """The place of a record in the order of its names; those that are not named come last."""
    return names[id].name if id is not None and id in names else "\uffff"


def report_for(
    session: Session,
    company_id: UUID,
    definition: ReportDefinition,
    parameters: Sequence[Shown],
    sections: Sequence[Section],
    checks: Sequence[Check] = (),
    notes: Sequence[str] = (),
    *,
    book: CostBook | None = None,
) -> Report:
    """The report with its company's heading and the last change that its figures include; it says if `book` is closed."""
    company: Company = company_of(session, company_id)
    return Report(
        name=definition.name,
        title=definition.title,
        company_name=company.name,
        company_name_zh=company.name_zh,
        company_address=company.address,
        currency=company.currency,
        currency_places=company.currency_places,
        as_of_tick=as_of_tick(session, company_id),
        parameters=tuple(parameters),
        sections=tuple(sections),
        checks=tuple(checks),
        notes=(*notes, BOOK_IS_CLOSED) if book is not None and book.is_closed else tuple(notes),
    )


def with_default(parameter: Parameter, **changed: Any) -> Parameter:
    """`parameter` as another report asks for it."""
    return replace(parameter, **changed)


def dates(first: date, last: date) -> tuple[str, str]:
    """The days from `first` to `last` above a report."""
    return QT_TRANSLATE_NOOP("Report", "Dates"), f"{first.isoformat()} – {last.isoformat()}"
