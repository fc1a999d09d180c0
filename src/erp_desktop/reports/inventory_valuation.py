"""What stock is worth at the end of any day, per cost book: quantity, unit cost and value of each product."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.product import Category, Product, Unit
from erp_desktop.numbers import UNIT_COST_PLACES, ZERO
from erp_desktop.reports.figures import (
    QtyAndValue,
    account_totals,
    as_of_tick,
    company_of,
    cost_book,
    holds_the_ledger,
    inventory_account_ids,
    named,
    stock_values,
)
from erp_desktop.reports.report import (
    Bilingual,
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
    define,
)

COLUMNS = (
    Column("code", QT_TRANSLATE_NOOP("Report", "Code")),
    Column("product", QT_TRANSLATE_NOOP("Report", "Product")),
    Column("qty", QT_TRANSLATE_NOOP("Report", "Quantity"), ColumnKind.QTY),
    Column("unit", QT_TRANSLATE_NOOP("Report", "Unit")),
    Column("unit_cost", QT_TRANSLATE_NOOP("Report", "Unit cost"), ColumnKind.UNIT_COST),
    Column("value", QT_TRANSLATE_NOOP("Report", "Value"), ColumnKind.MONEY, is_total=True),
)
AGREES_WITH_LEDGER = QT_TRANSLATE_NOOP("Report", "Value of stock equals the inventory accounts of the ledger")
NOT_THE_POSTING_BOOK = QT_TRANSLATE_NOOP(
    "Report", "This cost book does not post, so the ledger holds no figure to compare."
)
NO_LEDGER_HERE = QT_TRANSLATE_NOOP("Report", "The ledger is not held here, so the value was not compared with it.")
UNIT_COST_IS_ROUNDED = QT_TRANSLATE_NOOP(
    "Report", "Unit cost is value by quantity, rounded for display. The value is exact."
)


def unit_cost_of(stock: QtyAndValue) -> Decimal | None:
    """Value of one stock unit, rounded half up to six places for display; None without stock."""
    if stock.qty == 0:
        return None
    return (stock.value / stock.qty).quantize(Decimal(1).scaleb(-UNIT_COST_PLACES), ROUND_HALF_UP)


def inventory_valuation(
    session: Session, company_id: UUID, as_of: date, cost_book_id: UUID | None = None, zero_rows: bool = False
) -> Report:
    """Products by category and code. Those without quantity and value are left out unless `zero_rows`.

    Agrees with the ledger's inventory accounts, which is checked where the book posts and the ledger is here.
    """
    company = company_of(session, company_id)
    book = cost_book(session, company_id, cost_book_id)
    values = stock_values(session, company_id, book.id, as_of)
    products = session.execute(
        select(
            Product.id,
            Product.code,
            Product.name,
            Product.name_zh,
            Category.name.label("category"),
            Category.name_zh.label("category_zh"),
            Unit.code.label("unit"),
            Unit.name_zh.label("unit_zh"),
        )
        .join(Category, (Category.company_id == Product.company_id) & (Category.id == Product.category_id))
        .join(Unit, (Unit.company_id == Product.company_id) & (Unit.id == Product.unit_id))
        .where(Product.company_id == company_id)
        .order_by(Category.code, Product.code)
    )
    rows = []
    for product in products:
        stock = values.get(product.id)
        if stock is None or not (zero_rows or stock.qty or stock.value):
            continue
        parameters = {"product": product.id, "to": as_of, "cost_book": book.id}
        rows.append(
            Row(
                {
                    "code": product.code,
                    "product": named(product),
                    "qty": stock.qty,
                    "unit": Bilingual(product.unit, product.unit_zh),
                    "unit_cost": unit_cost_of(stock),
                    "value": stock.value,
                },
                link=Link("report", report="stock_ledger", parameters=parameters),
                group=Bilingual(product.category, product.category_zh),
            )
        )
    section = Section(COLUMNS, tuple(rows), totals=("value",), group_heading=QT_TRANSLATE_NOOP("Report", "Category"))
    notes, checks = [UNIT_COST_IS_ROUNDED], []
    if not book.posts_to_ledger:
        notes.append(NOT_THE_POSTING_BOOK)
    elif not holds_the_ledger(session, company_id):
        if rows:  # without stock there is nothing to compare
            notes.append(NO_LEDGER_HERE)
    else:
        accounts = inventory_account_ids(session, company_id)
        totals = account_totals(session, company_id, as_of)
        ledger = sum((total.net for account_id, total in totals.items() if account_id in accounts), ZERO)
        valued = sum((stock.value for stock in values.values()), ZERO)
        checks.append(Check(AGREES_WITH_LEDGER, expected=ledger, found=valued))
    return Report(
        name="inventory_valuation",
        title=DEFINITION.title,
        company_name=company.name,
        company_name_zh=company.name_zh,
        company_address=company.address,
        currency=company.currency,
        currency_places=company.currency_places,
        as_of_tick=as_of_tick(session, company_id),
        parameters=(
            (QT_TRANSLATE_NOOP("Report", "As of"), as_of.isoformat()),
            (QT_TRANSLATE_NOOP("Report", "Cost book"), named(book)),
        ),
        sections=(section,),
        checks=tuple(checks),
        notes=tuple(notes),
    )


def _build(
    session: Session, company_id: UUID, as_of: date, cost_book: UUID | None = None, zero_rows: bool = False
) -> Report:
    return inventory_valuation(session, company_id, as_of, cost_book, zero_rows)


DEFINITION = define(
    ReportDefinition(
        "inventory_valuation",
        QT_TRANSLATE_NOOP("Report", "Inventory valuation"),
        "cost.read",
        (
            Parameter(
                "as_of",
                QT_TRANSLATE_NOOP("Report", "As of"),
                ParameterKind.DATE,
                default=lambda today: today,
                is_required=True,
            ),
            Parameter("cost_book", QT_TRANSLATE_NOOP("Report", "Cost book"), ParameterKind.COST_BOOK),
            Parameter(
                "zero_rows",
                QT_TRANSLATE_NOOP("Report", "Show products without stock"),
                ParameterKind.YES_NO,
                default=lambda _today: False,
            ),
        ),
        _build,
        area="costing",
    )
)
