"""What stock is worth at the end of any day, per cost book: quantity, unit cost and value of each product.

As it is known today, or as it was known on an earlier day (costing.md, rule 3).
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.stock import Warehouse
from erp_desktop.numbers import ZERO
from erp_desktop.queries.allowances import allowances_on
from erp_desktop.queries.clock_days import tick_known_on
from erp_desktop.queries.known_stock import accounts_known, stock_known
from erp_desktop.reports.figures import (
    account_totals,
    cost_book,
    holds_the_ledger,
    inventory_account_ids,
    named,
    stock_values,
)
from erp_desktop.reports.making import (
    CATEGORY,
    COST_BOOK,
    TO,
    WAREHOUSE,
    heading_of,
    product_names,
    record_named,
    report_for,
    sum_of,
    unit_cost_of,
    with_default,
    yes_no,
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
    Term,
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
ALLOWANCE_COLUMNS = (
    Column("allowance", QT_TRANSLATE_NOOP("Report", "Allowance"), ColumnKind.MONEY, is_total=True),
    Column("carrying", QT_TRANSLATE_NOOP("Report", "Carrying value"), ColumnKind.MONEY, is_total=True),
)
AGREES_WITH_LEDGER = QT_TRANSLATE_NOOP("Report", "Value of stock equals the inventory accounts of the ledger")
NOT_THE_POSTING_BOOK = QT_TRANSLATE_NOOP(
    "Report", "This cost book does not post, so the ledger holds no figure to compare."
)
NO_LEDGER_HERE = QT_TRANSLATE_NOOP("Report", "The ledger is not held here, so the value was not compared with it.")
UNIT_COST_IS_ROUNDED = QT_TRANSLATE_NOOP(
    "Report", "Unit cost is value by quantity, rounded for display. The value is exact."
)
AS_KNOWN = QT_TRANSLATE_NOOP(
    "Report", "Only what had been entered by the end of the day named is counted; what came later is left out."
)
CARRIED_BELOW_COST = QT_TRANSLATE_NOOP(
    "Report", "Carrying value is value less the allowance that write-downs to net realisable value left (IAS 2.28-33)."
)
ALLOWANCE_AGREES = QT_TRANSLATE_NOOP("Report", "Allowances equal their account in the ledger")
ONLY_POOLS_OF_THE_WAREHOUSE = QT_TRANSLATE_NOOP(
    "Report",
    "Only products that are costed per warehouse are shown: the others have one cost over all warehouses. "
    "The ledger was not compared.",
)


def inventory_valuation(
    session: Session,
    company_id: UUID,
    as_of: date,
    cost_book_id: UUID | None = None,
    zero_rows: bool = False,
    known_on: date | None = None,
    warehouse_id: UUID | None = None,
) -> Report:
    """Products by category and code. Those without quantity and value are left out unless `zero_rows`.

    `known_on`: nothing that was performed after the end of that day counts. Agrees with the ledger's inventory accounts as
    they were known then, which is checked where the book posts and the ledger is here.
    """
    book = cost_book(session, company_id, cost_book_id)
    known_tick = tick_known_on(session, company_id, known_on) if known_on is not None else None
    values: Mapping[UUID, Any]
    if known_tick is None and warehouse_id is None:
        values = stock_values(session, company_id, book.id, as_of)
    else:
        values = stock_known(session, company_id, book.id, as_of, known_tick, warehouse_id)
    allowances: dict[UUID, Decimal] = {}
    if book.posts_to_ledger and warehouse_id is None:
        allowances = allowances_on(session, company_id, as_of, known_tick)
    rows = []
    for product_id, product in product_names(session, company_id).items():
        stock = values.get(product_id)
        allowance = allowances.get(product_id, ZERO)
        if stock is None or not (zero_rows or stock.qty or stock.value or allowance):
            continue
        parameters = {"product": product_id, "to": as_of, "cost_book": book.id}
        rows.append(
            Row(
                {
                    "code": product.code,
                    "product": product.name,
                    "qty": stock.qty,
                    "unit": product.unit,
                    "unit_cost": unit_cost_of(stock.value, stock.qty),
                    "value": stock.value,
                    **({"allowance": allowance, "carrying": stock.value - allowance} if allowances else {}),
                },
                link=Link("report", report="stock_ledger", parameters=parameters),
                group=product.category,
            )
        )
    columns = (*COLUMNS, *ALLOWANCE_COLUMNS) if allowances else COLUMNS
    totals = tuple(column.name for column in columns if column.is_total)
    section = Section(columns, tuple(rows), totals=totals, group_heading=CATEGORY.heading)
    parameters_shown: list[tuple[str, str | Bilingual | Term]] = [(AS_OF.heading, as_of.isoformat())]
    notes, checks = [UNIT_COST_IS_ROUNDED], []
    if allowances:
        notes.append(CARRIED_BELOW_COST)
    if known_on is not None:
        parameters_shown.append((KNOWN_ON.heading, known_on.isoformat()))
        notes.append(AS_KNOWN)
    parameters_shown.append((COST_BOOK.heading, named(book)))
    if warehouse_id is not None:
        parameters_shown.append(heading_of(WAREHOUSE, record_named(session, company_id, Warehouse, warehouse_id)))
        notes.append(ONLY_POOLS_OF_THE_WAREHOUSE)
    elif not book.posts_to_ledger:
        notes.append(NOT_THE_POSTING_BOOK)
    elif not holds_the_ledger(session, company_id):
        if rows:  # without stock there is nothing to compare
            notes.append(NO_LEDGER_HERE)
    else:
        ledger = _ledger(session, company_id, as_of, known_tick)
        valued = sum_of(stock.value for stock in values.values())
        checks.append(Check(AGREES_WITH_LEDGER, expected=ledger, found=valued))
        if allowances:
            kept = -accounts_known(session, company_id, "inventory_allowance", as_of, known_tick)
            checks.append(Check(ALLOWANCE_AGREES, expected=kept, found=sum_of(allowances.values())))
    return report_for(session, company_id, DEFINITION, parameters_shown, [section], checks, notes, book=book)


def _ledger(session: Session, company_id: UUID, as_of: date, known_tick: int | None) -> Decimal:
    if known_tick is not None:
        return accounts_known(session, company_id, "inventory", as_of, known_tick)
    accounts = inventory_account_ids(session, company_id)
    totals = account_totals(session, company_id, as_of)
    return sum((total.net for account_id, total in totals.items() if account_id in accounts), ZERO)


def _build(
    session: Session,
    company_id: UUID,
    as_of: date,
    known_on: date | None = None,
    cost_book: UUID | None = None,
    warehouse: UUID | None = None,
    zero_rows: bool = False,
) -> Report:
    return inventory_valuation(session, company_id, as_of, cost_book, zero_rows, known_on, warehouse)


AS_OF = with_default(TO, name="as_of", heading=QT_TRANSLATE_NOOP("Report", "As of"))
KNOWN_ON = Parameter("known_on", QT_TRANSLATE_NOOP("Report", "As known on"), ParameterKind.DATE)
DEFINITION = define(
    ReportDefinition(
        "inventory_valuation",
        QT_TRANSLATE_NOOP("Report", "Inventory valuation"),
        "cost.read",
        (
            AS_OF,
            KNOWN_ON,
            COST_BOOK,
            WAREHOUSE,
            yes_no("zero_rows", QT_TRANSLATE_NOOP("Report", "Show products without stock")),
        ),
        _build,
        area="costing",
    )
)
