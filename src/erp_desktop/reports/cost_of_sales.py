"""What the goods that were sold cost in a period: as posted with the issues, and what came of it later, apart."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.queries.cost_of_sales import (
    ALL_SALES,
    By,
    Only,
    SoldCost,
    cost_of_sales,
    cost_of_sales_lines,
    ledger_cost_of_sales,
)
from erp_desktop.reports.figures import cost_book, document_numbers, named
from erp_desktop.reports.kinds import KINDS
from erp_desktop.reports.making import (
    CATEGORY,
    CHANNEL,
    COST_BOOK,
    CUSTOMER,
    FROM,
    NOT_NAMED,
    PRODUCT,
    TO,
    ProductName,
    Shown,
    by_text,
    choice,
    chosen,
    dates,
    names_by,
    not_compared,
    only_asked,
    only_shown,
    product_names,
    report_for,
    unit_cost_of,
    yes_no,
)
from erp_desktop.reports.report import (
    Check,
    Column,
    ColumnKind,
    Link,
    Report,
    ReportDefinition,
    Row,
    Section,
    Term,
    define,
)

FIGURES = (
    Column("qty", QT_TRANSLATE_NOOP("Report", "Quantity sold"), ColumnKind.QTY),
    Column("issued", QT_TRANSLATE_NOOP("Report", "Cost of issues"), ColumnKind.MONEY, is_total=True),
    Column("returned", QT_TRANSLATE_NOOP("Report", "Cost of returns"), ColumnKind.MONEY, is_total=True),
    Column("true_ups", QT_TRANSLATE_NOOP("Report", "True-ups"), ColumnKind.MONEY, is_total=True),
    Column("corrections", QT_TRANSLATE_NOOP("Report", "Corrections"), ColumnKind.MONEY, is_total=True),
    Column("total", QT_TRANSLATE_NOOP("Report", "Cost of sales"), ColumnKind.MONEY, is_total=True),
    Column("unit_cost", QT_TRANSLATE_NOOP("Report", "Unit cost"), ColumnKind.UNIT_COST),
)
LINE_COLUMNS = (
    Column("date", QT_TRANSLATE_NOOP("Report", "Date"), ColumnKind.DATE),
    Column("document", QT_TRANSLATE_NOOP("Report", "Document")),
    Column("kind", QT_TRANSLATE_NOOP("Report", "What happened")),
    Column("code", QT_TRANSLATE_NOOP("Report", "Code")),
    Column("product", QT_TRANSLATE_NOOP("Report", "Product")),
    *FIGURES,
)
TOTALS = tuple(column.name for column in FIGURES if column.is_total)
AGREES_WITH_LEDGER = QT_TRANSLATE_NOOP("Report", "Cost of sales equals what documents posted to its accounts")
WHAT_IS_APART = QT_TRANSLATE_NOOP(
    "Report",
    "True-ups settle oversold stock and the averages of a month. Corrections are landed costs, prices and back-dated moves "
    "that came after the goods were issued.",
)
BY = choice(
    "by",
    QT_TRANSLATE_NOOP("Report", "Grouped by"),
    ("product", QT_TRANSLATE_NOOP("Report", "Product")),
    ("category", QT_TRANSLATE_NOOP("Report", "Category")),
    ("channel", QT_TRANSLATE_NOOP("Report", "Channel")),
    ("customer", QT_TRANSLATE_NOOP("Report", "Customer")),
    ("document", QT_TRANSLATE_NOOP("Report", "Document")),
)
MONTHLY = yes_no("monthly", QT_TRANSLATE_NOOP("Report", "Each period apart"))


@dataclass(frozen=True)
class _Asked:
    """What the report was asked with, as its links hand it on."""

    first: date
    last: date
    by: str
    book_id: UUID
    only: Only

    def leads_to(self, **changed: Any) -> Link:
        dated = {"from": self.first, "to": self.last, "cost_book": self.book_id}
        return Link("report", report="cost_of_sales", parameters={**dated, **only_asked(self.only), **changed})


def cost_of_sales_report(
    session: Session,
    company_id: UUID,
    first: date,
    last: date,
    by: str = "product",
    book_id: UUID | None = None,
    only: Only = ALL_SALES,
    monthly: bool = False,
) -> Report:
    """Cost of sales dated from `first` to `last` in a book, by product, category, channel, customer or document.

    Checked against the ledger's accounts where the book posts, the ledger is here, and all sales are asked for.
    """
    book = cost_book(session, company_id, book_id)
    asked = _Asked(first, last, by, book.id, only)
    products = product_names(session, company_id)
    if by == "document":
        section = _lines(session, company_id, asked, products)
    else:
        section = _sums(session, company_id, asked, products, monthly)
    notes, checks = [WHAT_IS_APART], []
    if why_not := not_compared(session, company_id, book):
        notes.append(why_not)
    elif only.is_all:
        posted = ledger_cost_of_sales(session, company_id, first, last)
        checks.append(Check(AGREES_WITH_LEDGER, expected=posted, found=section.total("total")))
    parameters: list[Shown] = [dates(first, last), chosen(BY, by), (COST_BOOK.heading, named(book))]
    return report_for(
        session,
        company_id,
        DEFINITION,
        [*parameters, *only_shown(session, company_id, only)],
        [section],
        checks,
        notes,
        book=book,
    )


def _sums(
    session: Session, company_id: UUID, asked: _Asked, products: Mapping[UUID, ProductName], monthly: bool
) -> Section:
    by = By.PRODUCT if asked.by == "category" else By(asked.by)
    found = cost_of_sales(session, company_id, asked.book_id, asked.first, asked.last, by, asked.only, monthly=monthly)
    if asked.by == "category":
        found = _by_category(found, products)
    names = names_by(session, company_id, asked.by, products, {id for _, id in found})
    rows = []
    for period, id in sorted(found, key=lambda key: (key[0] or date.min, by_text(names, key[1]), str(key[1]))):
        sums = found[period, id]
        rows.append(
            Row(
                {"name": names.get(id, Term(NOT_NAMED)) if id else Term(NOT_NAMED), **_cells(sums)},
                link=_behind(asked, id) if id else None,
                group=f"{period:%Y-%m}" if period else "",
            )
        )
    heading = dict(BY.choices)[asked.by]
    section_columns = (Column("name", heading), *FIGURES)
    return Section(section_columns, tuple(rows), totals=TOTALS, group_heading=QT_TRANSLATE_NOOP("Report", "Period"))


def _behind(asked: _Asked, id: UUID) -> Link:
    if asked.by == "category":
        return asked.leads_to(category=id, by="product")
    return asked.leads_to(**{asked.by: id, "by": "document"})


def _by_category(
    found: Mapping[tuple[date | None, UUID | None], SoldCost], products: Mapping[UUID, ProductName]
) -> dict[tuple[date | None, UUID | None], SoldCost]:
    folded: defaultdict[tuple[date | None, UUID | None], SoldCost] = defaultdict(SoldCost)
    for (period, product_id), sums in found.items():
        product = products.get(product_id) if product_id else None
        into = folded[period, product.category_id if product else None]
        for name, amount in vars(sums).items():
            setattr(into, name, getattr(into, name) + amount)
    return dict(folded)


def _cells(sums: SoldCost) -> dict[str, Any]:
    return {**vars(sums), "total": sums.total, "unit_cost": unit_cost_of(sums.total, sums.qty)}


def _lines(session: Session, company_id: UUID, asked: _Asked, products: Mapping[UUID, ProductName]) -> Section:
    found = cost_of_sales_lines(session, company_id, asked.book_id, asked.first, asked.last, asked.only)
    numbers = document_numbers(session, company_id, {(line.document_kind, line.document_id) for line in found})
    rows = []
    for line in found:
        sums = SoldCost()
        sums.add(line.kind, line.qty, line.amount)
        product = products[line.product_id]
        rows.append(
            Row(
                {
                    "date": line.dated_on,
                    "document": numbers.get(line.document_id, ""),
                    "kind": Term(KINDS.get(line.kind, line.kind)),
                    "code": product.code,
                    "product": product.name,
                    **_cells(sums),
                    "qty": line.qty or None,
                },
                link=Link(line.document_kind, id=line.document_id),
            )
        )
    return Section(LINE_COLUMNS, tuple(rows), totals=TOTALS)


def _build(
    session: Session,
    company_id: UUID,
    from_: date,
    to: date,
    by: str = "product",
    cost_book: UUID | None = None,
    product: UUID | None = None,
    category: UUID | None = None,
    channel: UUID | None = None,
    customer: UUID | None = None,
    monthly: bool = False,
) -> Report:
    only = Only(product, category, channel, customer)
    return cost_of_sales_report(session, company_id, from_, to, by, cost_book, only, monthly)


DEFINITION = define(
    ReportDefinition(
        "cost_of_sales",
        QT_TRANSLATE_NOOP("Report", "Cost of sales"),
        "cost.read",
        (FROM, TO, BY, COST_BOOK, PRODUCT, CATEGORY, CHANNEL, CUSTOMER, MONTHLY),
        _build,
        area="costing",
    )
)
