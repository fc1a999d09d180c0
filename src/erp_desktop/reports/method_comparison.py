"""All costing methods side by side on the same moves: value on hand, cost of sales, gross profit, tax, and why they differ.

Counted in memory from the moves of one cost book; nothing is written and no book changes.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.costing.errors import CostingFault
from erp_desktop.costing.events import METHODS
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.models.ledger import Period
from erp_desktop.numbers import RATE_PLACES, NumberNotExact, from_scaled, parse_decimal, round_money
from erp_desktop.queries.book_events import book_events
from erp_desktop.queries.cost_of_sales import By, Only
from erp_desktop.queries.sold import sold
from erp_desktop.reports.figures import company_of, cost_book, named, stock_values
from erp_desktop.reports.making import (
    CATEGORY,
    COST_BOOK,
    FROM,
    PRODUCT,
    TO,
    ProductName,
    choice,
    chosen,
    dates,
    only_shown,
    product_names,
    report_for,
    sum_of,
)
from erp_desktop.reports.method_figures import MethodFigures, figures_under
from erp_desktop.reports.report import (
    BadParameter,
    Check,
    Column,
    ColumnKind,
    Link,
    Parameter,
    ParameterKind,
    Report,
    ReportDefinition,
    Row,
    Section,
    Term,
    define,
)

NAMES = {
    "fifo": QT_TRANSLATE_NOOP("Report", "First in first out"),
    "lifo": QT_TRANSLATE_NOOP("Report", "Last in first out"),
    "moving_average": QT_TRANSLATE_NOOP("Report", "Moving average"),
    "periodic_average": QT_TRANSLATE_NOOP("Report", "Month-end average"),
    "standard": QT_TRANSLATE_NOOP("Report", "Standard cost"),
    "specific": QT_TRANSLATE_NOOP("Report", "Specific cost"),
}
OF_METHODS = tuple(Column(method, NAMES[method], ColumnKind.MONEY) for method in METHODS)
OPENING = QT_TRANSLATE_NOOP("Report", "Value at the beginning")
SPENT = QT_TRANSLATE_NOOP("Report", "Purchases and late costs")
OTHER = QT_TRANSLATE_NOOP("Report", "Counts, returns, revaluations")
SALES_COST = QT_TRANSLATE_NOOP("Report", "Cost of sales")
DISPATCHED = QT_TRANSLATE_NOOP("Report", "Increase of goods under way to customers")
VARIANCE = QT_TRANSLATE_NOOP("Report", "Purchase price variance")
CLOSING = QT_TRANSLATE_NOOP("Report", "Value on hand at the end")
REVENUE = QT_TRANSLATE_NOOP("Report", "Revenue less returns")
GROSS_PROFIT = QT_TRANSLATE_NOOP("Report", "Gross profit")
AGAINST = QT_TRANSLATE_NOOP("Report", "Difference in gross profit")
TAX = QT_TRANSLATE_NOOP("Report", "Tax on that difference")
PROFIT_AFTER_TAX = QT_TRANSLATE_NOOP("Report", "Difference after tax")

BRIDGE_COLUMNS = (
    Column("product", QT_TRANSLATE_NOOP("Report", "Product")),
    Column("opening", QT_TRANSLATE_NOOP("Report", "Due to the opening value"), ColumnKind.MONEY, is_total=True),
    Column("within", QT_TRANSLATE_NOOP("Report", "Due to costs in the period"), ColumnKind.MONEY, is_total=True),
    Column("closing", QT_TRANSLATE_NOOP("Report", "Due to the closing value"), ColumnKind.MONEY, is_total=True),
    Column("profit", QT_TRANSLATE_NOOP("Report", "Difference in gross profit"), ColumnKind.MONEY, is_total=True),
)
SIDE_BY_SIDE = QT_TRANSLATE_NOOP("Report", "Side by side")
BRIDGE = QT_TRANSLATE_NOOP("Report", "Bridge from one to the other")
ON_HAND = QT_TRANSLATE_NOOP("Report", "Value on hand by product")
COSTS_OF_SALES = QT_TRANSLATE_NOOP("Report", "Cost of sales by product")
BRIDGE_ADDS_UP = QT_TRANSLATE_NOOP("Report", "The bridge adds up to the difference in gross profit")
EQUALS_BOOK = QT_TRANSLATE_NOOP(
    "Report", "Products counted anew by the method of the cost book have the value that the book has"
)
LIFO_NOT_ALLOWED = QT_TRANSLATE_NOOP(
    "Report", "Last in first out is not allowed in statutory books (IAS 2.25; Chinese accounting standards)."
)
SPECIFIC_NEEDS_LOTS = QT_TRANSLATE_NOOP(
    "Report",
    "Specific cost follows lots and serial numbers. Products kept without them come out as first in first out.",
)
STANDARDS = QT_TRANSLATE_NOOP(
    "Report", "Standard cost uses the standards of the products; one without takes what its first receipt cost."
)
AVERAGES_SETTLED = QT_TRANSLATE_NOOP(
    "Report",
    "The month-end average is settled at the end of each period, and at the last day as if a period ended there.",
)
LEFT_OUT = QT_TRANSLATE_NOOP(
    "Report", "Products whose moves cannot be counted by every method are left out of all figures, their revenue too."
)
TO_THE_LARGEST = QT_TRANSLATE_NOOP(
    "Report",
    "The bridge leads to the method whose gross profit differs most; choose another one under Bridge to.",
)
TO_ITSELF = QT_TRANSLATE_NOOP(
    "Report", "The bridge leads from a method to itself, so it is empty; choose another method under Bridge to."
)
BAD_RATE = QT_TRANSLATE_NOOP("Report", "{text} is not a tax rate. Type a percentage such as 25.")

_METHOD_CHOICES = tuple((method, NAMES[method]) for method in METHODS)
COMPARED_WITH = choice(
    "base",
    QT_TRANSLATE_NOOP("Report", "Compared with"),
    ("book", QT_TRANSLATE_NOOP("Report", "The book's own method")),
    *_METHOD_CHOICES,
)
BRIDGE_TO = choice(
    "other",
    QT_TRANSLATE_NOOP("Report", "Bridge to"),
    ("largest", QT_TRANSLATE_NOOP("Report", "The largest difference")),
    *_METHOD_CHOICES,
)
TAX_RATE = Parameter(
    "tax_rate", QT_TRANSLATE_NOOP("Report", "Tax rate %"), ParameterKind.TEXT, default=lambda _today: "25"
)


class _Figures:
    """What every method comes to, by product, in company currency."""

    def __init__(self, places: int) -> None:
        self._places = places
        self.of_product: dict[UUID, dict[str, MethodFigures]] = {}
        self.left_out: set[UUID] = set()
        self.checkable: dict[UUID, str] = {}  # products whose figures the book must have, with its method
        self.notes: list[str] = []

    def amount(self, product_id: UUID, method: str, name: str) -> Decimal:
        return from_scaled(getattr(self.of_product[product_id][method], name), self._places)

    def total(self, method: str, name: str) -> Decimal:
        return sum_of(self.amount(product_id, method, name) for product_id in self.of_product)

    def is_empty(self, product_id: UUID) -> bool:
        return not any(any(vars(figures).values()) for figures in self.of_product[product_id].values())


def method_comparison(
    session: Session,
    company_id: UUID,
    first: date,
    last: date,
    base: str = "book",
    other: str = "largest",
    tax_rate: str = "25",
    book_id: UUID | None = None,
    product_id: UUID | None = None,
    category_id: UUID | None = None,
) -> Report:
    """Each method over the moves of a book up to `last`; figures of `first` to `last`, and the bridge from `base` to `other`
    ("largest": to the method whose gross profit differs most from that of `base`, the first of equals).

    `tax_rate` in percent, on the difference in gross profit. Raises BadParameter if it is no number.
    """
    rate = _rate(tax_rate)
    book = cost_book(session, company_id, book_id)
    places = company_of(session, company_id).currency_places
    base_method = book.method if base == "book" else base
    products = product_names(session, company_id)
    figures = _counted(session, company_id, book, places, first, last, _wanted(products, product_id, category_id))
    net_sales = _net_sales(session, company_id, first, last, Only(product_id, category_id), figures)
    rows = _side_by_side(figures, net_sales, base_method, rate, places)
    profits = next(row.cells for row in rows if str(row.cells["figure"]) == GROSS_PROFIT)
    notes = [LIFO_NOT_ALLOWED]
    if other == "largest":
        others = [method for method in METHODS if method != base_method]
        other = max(others, key=lambda method: abs(profits[method] - profits[base_method]))
        notes.append(TO_THE_LARGEST)
    elif other == base_method:
        notes.append(TO_ITSELF)
    notes += figures.notes
    shown = [id for id in products if id in figures.of_product and not figures.is_empty(id)]
    asked = {"from": first, "to": last, "cost_book": book.id}
    bridge = _bridge(figures, shown, products, base_method, other, asked)
    sections = [
        Section((Column("figure", QT_TRANSLATE_NOOP("Report", "Figure")), *OF_METHODS), rows, title=SIDE_BY_SIDE),
        bridge,
        _by_product(figures, shown, products, "closing", ON_HAND, asked),
        _by_product(figures, shown, products, "cost_of_sales", COSTS_OF_SALES, asked),
    ]
    checks = [Check(BRIDGE_ADDS_UP, profits[other] - profits[base_method], bridge.total("profit"))]
    in_book = stock_values(session, company_id, book.id, last)
    if figures.checkable:
        anew = sum_of(figures.amount(id, method, "closing") for id, method in figures.checkable.items())
        checks.append(Check(EQUALS_BOOK, sum_of(in_book[id].value for id in figures.checkable if id in in_book), anew))
    parameters: list[Any] = [
        dates(first, last),
        (COMPARED_WITH.heading, Term(NAMES[base_method])),
        chosen(BRIDGE_TO, other),
        (TAX_RATE.heading, tax_rate),
        (COST_BOOK.heading, named(book)),
        *only_shown(session, company_id, Only(product_id, category_id)),
    ]
    return report_for(session, company_id, DEFINITION, parameters, sections, checks, notes)


def _rate(text: str) -> Decimal:
    try:
        rate = parse_decimal(text.removesuffix("%").strip(), RATE_PLACES) / 100
    except NumberNotExact:
        rate = Decimal(-1)
    if not 0 <= rate <= 1:
        raise BadParameter(translate("Report", BAD_RATE).format(text=text))
    return rate


def _wanted(
    products: Mapping[UUID, ProductName], product_id: UUID | None, category_id: UUID | None
) -> set[UUID] | None:
    if product_id is None and category_id is None:
        return None
    return {
        id
        for id, product in products.items()
        if product_id in (None, id) and category_id in (None, product.category_id)
    }


def _counted(
    session: Session, company_id: UUID, book: Any, places: int, first: date, last: date, wanted: set[UUID] | None
) -> _Figures:
    ends = list(session.scalars(select(Period.ends_on).where(Period.company_id == company_id).order_by(Period.ends_on)))
    figures = _Figures(places)
    has_lots = has_standards = True
    for product in book_events(session, company_id, book, places, last, wanted):
        try:
            under = {method: figures_under(product, method, places, first, last, ends) for method in METHODS}
        except CostingFault:
            figures.left_out.add(product.product_id)
            continue
        figures.of_product[product.product_id] = under
        has_lots = has_lots and all(each.lot_id is not None for each in product.events if each.qty)
        has_standards = has_standards and bool(product.standards)
        is_settled = product.method != "periodic_average" and not book.shares_variance
        if is_settled and not product.changed_method and not product.standards:
            figures.checkable[product.product_id] = product.method
    figures.notes += [] if has_lots else [SPECIFIC_NEEDS_LOTS]
    figures.notes += [] if has_standards else [STANDARDS]
    figures.notes += [] if last in ends else [AVERAGES_SETTLED]
    figures.notes += [LEFT_OUT] if figures.left_out else []
    return figures


def _net_sales(session: Session, company_id: UUID, first: date, last: date, only: Only, figures: _Figures) -> Decimal:
    """Of the products that are compared; what names no product (freight) and services is not."""
    of_products = sold(session, company_id, first, last, By.PRODUCT, only)
    return sum_of(sales.net for id, sales in of_products.items() if id in figures.of_product)


def _side_by_side(figures: _Figures, net_sales: Decimal, base: str, rate: Decimal, places: int) -> tuple[Row, ...]:
    of: defaultdict[str, dict[str, Decimal]] = defaultdict(dict)
    for method in METHODS:
        for name in ("opening", "spent", "other", "cost_of_sales", "dispatched", "variance", "closing"):
            of[name][method] = figures.total(method, name)
        of["profit"][method] = net_sales - of["cost_of_sales"][method] - of["variance"][method]
    for method in METHODS:
        difference = of["profit"][method] - of["profit"][base]
        of["against"][method] = difference
        of["tax"][method] = round_money(difference * rate, places)
        of["after"][method] = difference - of["tax"][method]

    def row(
        heading: str, amounts: Mapping[str, Decimal], sums: tuple[int, ...] = (), signs: tuple[int, ...] = ()
    ) -> Row:
        return Row({"figure": Term(heading), **amounts}, sums=sums, signs=signs)

    moved = [
        row(OPENING, of["opening"]),
        row(SPENT, of["spent"]),
        row(OTHER, of["other"]),
        row(SALES_COST, of["cost_of_sales"]),
    ]
    if any(of["dispatched"].values()):  # sold at delivery: what left and is not sold yet
        moved.append(row(DISPATCHED, of["dispatched"]))
    moved.append(row(VARIANCE, of["variance"]))
    closing = len(moved)
    signs = (1, 1, 1, *([-1] * (closing - 3)))
    return (
        *moved,
        row(CLOSING, of["closing"], tuple(range(closing)), signs),
        row(REVENUE, dict.fromkeys(METHODS, net_sales)),
        row(GROSS_PROFIT, of["profit"], (closing + 1, 3, closing - 1), (1, -1, -1)),
        row(AGAINST, of["against"]),
        row(TAX, of["tax"]),
        row(PROFIT_AFTER_TAX, of["after"], (closing + 3, closing + 4), (1, -1)),
    )


def _bridge(
    figures: _Figures,
    shown: list[UUID],
    products: Mapping[UUID, ProductName],
    base: str,
    other: str,
    asked: dict[str, Any],
) -> Section:
    rows = []
    for id in shown:

        def difference(name: str, id: UUID = id) -> Decimal:
            return figures.amount(id, other, name) - figures.amount(id, base, name)

        opening, within = -difference("opening"), -difference("other")
        closing = difference("closing") + difference("dispatched")
        if not (opening or within or closing):
            continue
        cells = {
            "product": products[id].coded,
            "opening": opening,
            "within": within,
            "closing": closing,
            "profit": opening + within + closing,
        }
        rows.append(Row(cells, link=_stock_of(id, asked)))
    totals = tuple(column.name for column in BRIDGE_COLUMNS if column.is_total)
    return Section(BRIDGE_COLUMNS, tuple(rows), title=BRIDGE, totals=totals)


def _by_product(
    figures: _Figures,
    shown: list[UUID],
    products: Mapping[UUID, ProductName],
    name: str,
    title: str,
    asked: dict[str, Any],
) -> Section:
    rows = []
    for id in shown:
        amounts = {method: figures.amount(id, method, name) for method in METHODS}
        row = Row({"product": products[id].coded, **amounts}, link=_stock_of(id, asked), group=products[id].category)
        rows.append(row)
    columns = (Column("product", PRODUCT.heading), *OF_METHODS)
    return Section(columns, tuple(rows), title=title, totals=METHODS, group_heading=CATEGORY.heading)


def _stock_of(product_id: UUID, asked: dict[str, Any]) -> Link:
    return Link("report", report="stock_ledger", parameters={"product": product_id, **asked})


def _build(
    session: Session,
    company_id: UUID,
    from_: date,
    to: date,
    base: str = "book",
    other: str = "largest",
    tax_rate: str = "25",
    cost_book: UUID | None = None,
    product: UUID | None = None,
    category: UUID | None = None,
) -> Report:
    return method_comparison(session, company_id, from_, to, base, other, tax_rate, cost_book, product, category)


DEFINITION = define(
    ReportDefinition(
        "method_comparison",
        QT_TRANSLATE_NOOP("Report", "Method comparison"),
        "cost.read",
        (FROM, TO, COMPARED_WITH, BRIDGE_TO, TAX_RATE, COST_BOOK, PRODUCT, CATEGORY),
        _build,
        area="costing",
    )
)
