"""What was earned on what was sold: revenue less returns, cost of sales, cost to serve; by product, order, customer ..."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.numbers import ZERO
from erp_desktop.queries.cost_of_sales import ALL_SALES, By, Only, cost_of_sales, ledger_cost_of_sales
from erp_desktop.queries.served import cost_to_serve, ledger_cost_to_serve
from erp_desktop.queries.sold import ledger_net_sales, sold
from erp_desktop.reports.cost_of_sales import AGREES_WITH_LEDGER as COST_AGREES_WITH_LEDGER
from erp_desktop.reports.figures import cost_book, holds_the_ledger, named
from erp_desktop.reports.making import (
    CATEGORY,
    CHANNEL,
    COST_BOOK,
    CUSTOMER,
    FROM,
    NO_LEDGER_HERE,
    NOT_NAMED,
    NOT_THE_POSTING_BOOK,
    PRODUCT,
    TO,
    ProductName,
    Shown,
    by_text,
    choice,
    chosen,
    dates,
    names_by,
    only_asked,
    only_shown,
    product_names,
    ratio,
    report_for,
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
    Column("revenue", QT_TRANSLATE_NOOP("Report", "Revenue"), ColumnKind.MONEY, is_total=True),
    Column("returns", QT_TRANSLATE_NOOP("Report", "Returns"), ColumnKind.MONEY, is_total=True),
    Column("cost", QT_TRANSLATE_NOOP("Report", "Cost as posted"), ColumnKind.MONEY, is_total=True),
    Column("corrections", QT_TRANSLATE_NOOP("Report", "Corrections"), ColumnKind.MONEY, is_total=True),
    Column("gross", QT_TRANSLATE_NOOP("Report", "Gross margin"), ColumnKind.MONEY, is_total=True),
    Column("gross_rate", QT_TRANSLATE_NOOP("Report", "Gross margin %"), ColumnKind.PERCENT),
    Column("to_serve", QT_TRANSLATE_NOOP("Report", "Cost to serve"), ColumnKind.MONEY, is_total=True),
    Column("full", QT_TRANSLATE_NOOP("Report", "Full margin"), ColumnKind.MONEY, is_total=True),
    Column("full_rate", QT_TRANSLATE_NOOP("Report", "Full margin %"), ColumnKind.PERCENT),
)
TOTALS = tuple(column.name for column in FIGURES if column.is_total)
SALES_AGREE = QT_TRANSLATE_NOOP("Report", "Revenue less returns equals what documents posted to these accounts")
SERVING_AGREES = QT_TRANSLATE_NOOP("Report", "Cost to serve equals the ledger's costs that were shared")
WHOLE_PERIODS = QT_TRANSLATE_NOOP(
    "Report",
    "Cost to serve is shared for whole periods: those that lie within the dates are counted. It is not posted.",
)
BY = choice(
    "by",
    QT_TRANSLATE_NOOP("Report", "Grouped by"),
    ("product", QT_TRANSLATE_NOOP("Report", "Product")),
    ("category", QT_TRANSLATE_NOOP("Report", "Category")),
    ("order", QT_TRANSLATE_NOOP("Report", "Order")),
    ("channel", QT_TRANSLATE_NOOP("Report", "Channel")),
    ("customer", QT_TRANSLATE_NOOP("Report", "Customer")),
    ("distributor", QT_TRANSLATE_NOOP("Report", "Distributor")),
)
LEADS_TO = {"category": "product", "channel": "order", "customer": "order"}  # what a figure is made of


@dataclass
class _Earned:
    revenue: Decimal = ZERO
    returns: Decimal = ZERO
    cost: Decimal = ZERO
    corrections: Decimal = ZERO
    to_serve: Decimal = ZERO

    def cells(self) -> dict[str, Any]:
        net = self.revenue - self.returns
        gross = net - self.cost - self.corrections
        full = gross - self.to_serve
        return {
            **vars(self),
            "gross": gross,
            "gross_rate": ratio(gross, net),
            "full": full,
            "full_rate": ratio(full, net),
        }

    def add(self, other: "_Earned") -> None:
        for name, amount in vars(other).items():
            setattr(self, name, getattr(self, name) + amount)


def margin(
    session: Session,
    company_id: UUID,
    first: date,
    last: date,
    by: str = "product",
    book_id: UUID | None = None,
    only: Only = ALL_SALES,
) -> Report:
    """Margins of what is dated from `first` to `last`.

    Freight charged to customers belongs to orders; by product it stands apart. Checked against the ledger where it is here
    and all sales are asked for.
    """
    book = cost_book(session, company_id, book_id)
    products = product_names(session, company_id)
    earned = _earned(session, company_id, book.id, first, last, by, only, products)
    names = names_by(session, company_id, by, products, earned)
    rows = []
    for id, sums in sorted(earned.items(), key=lambda item: (by_text(names, item[0]), str(item[0]))):
        cells = {"name": names.get(id, Term(NOT_NAMED)) if id else Term(NOT_NAMED), **sums.cells()}
        rows.append(Row(cells, link=_behind(by, id, first, last, book.id, only)))
    section = Section((Column("name", dict(BY.choices)[by]), *FIGURES), tuple(rows), totals=TOTALS)
    checks, notes = [], [WHOLE_PERIODS]
    if not holds_the_ledger(session, company_id):
        notes.append(NO_LEDGER_HERE)
    elif only.is_all:
        net = section.total("revenue") - section.total("returns")
        checks.append(Check(SALES_AGREE, ledger_net_sales(session, company_id, first, last), net))
        if book.posts_to_ledger:
            cost = section.total("cost") + section.total("corrections")
            checks.append(Check(COST_AGREES_WITH_LEDGER, ledger_cost_of_sales(session, company_id, first, last), cost))
        else:
            notes.append(NOT_THE_POSTING_BOOK)
    if only.is_all:
        shared = ledger_cost_to_serve(session, company_id, first, last)
        checks.append(Check(SERVING_AGREES, shared, section.total("to_serve")))
    parameters: list[Shown] = [dates(first, last), chosen(BY, by), (COST_BOOK.heading, named(book))]
    shown = only_shown(session, company_id, only)
    return report_for(session, company_id, DEFINITION, [*parameters, *shown], [section], checks, notes, book=book)


def _earned(
    session: Session,
    company_id: UUID,
    book_id: UUID,
    first: date,
    last: date,
    by: str,
    only: Only,
    products: Mapping[UUID, ProductName],
) -> dict[UUID | None, _Earned]:
    key = By.PRODUCT if by == "category" else By(by)
    earned: defaultdict[UUID | None, _Earned] = defaultdict(_Earned)
    for id, sums in sold(session, company_id, first, last, key, only).items():
        earned[id].add(_Earned(revenue=sums.revenue, returns=sums.returns))
    for (_, id), cost in cost_of_sales(session, company_id, book_id, first, last, key, only).items():
        earned[id].add(_Earned(cost=cost.issued + cost.returned, corrections=cost.true_ups + cost.corrections))
    for id, amount in cost_to_serve(session, company_id, first, last, key, only).items():
        earned[id].add(_Earned(to_serve=amount))
    if by != "category":
        return dict(earned)
    folded: defaultdict[UUID | None, _Earned] = defaultdict(_Earned)
    for id, each in earned.items():
        product = products.get(id) if id else None
        folded[product.category_id if product else None].add(each)
    return dict(folded)


def _behind(by: str, id: UUID | None, first: date, last: date, book_id: UUID, only: Only) -> Link | None:
    if id is None:
        return None
    if by == "order":
        return Link("sales_order", id=id)
    dated = {"from": first, "to": last, "cost_book": book_id}
    if by == "product":
        return Link("report", report="cost_of_sales", parameters={**dated, "product": id, "by": "document"})
    if by not in LEADS_TO:
        return None
    return Link("report", report="margin", parameters={**dated, **only_asked(only), by: id, "by": LEADS_TO[by]})


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
) -> Report:
    return margin(session, company_id, from_, to, by, cost_book, Only(product, category, channel, customer))


DEFINITION = define(
    ReportDefinition(
        "margin",
        QT_TRANSLATE_NOOP("Report", "Margin"),
        "cost.read",
        (FROM, TO, BY, COST_BOOK, PRODUCT, CATEGORY, CHANNEL, CUSTOMER),
        _build,
        area="costing",
    )
)
