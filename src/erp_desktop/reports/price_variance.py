"""What receipts cost against what they should have cost: the standard in force, else the price paid the last time."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.ledger import AccountPurpose, JournalEntry, JournalLine
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.types import MoneyType
from erp_desktop.numbers import ZERO, round_money
from erp_desktop.queries.bought import (
    LatePrice,
    ReceivedLine,
    late_prices,
    late_value_of_returns,
    prices_before,
    received_lines,
    standards,
)
from erp_desktop.reports.figures import company_of, cost_book, document_numbers, named
from erp_desktop.reports.kinds import KINDS
from erp_desktop.reports.making import (
    COST_BOOK,
    FROM,
    PRODUCT,
    SUPPLIER,
    TO,
    by_text,
    dates,
    heading_of,
    names_of,
    not_compared,
    product_names,
    ratio,
    record_named,
    report_for,
    sum_of,
    unit_cost_of,
)
from erp_desktop.reports.report import (
    Bilingual,
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

COLUMNS = (
    Column("document", QT_TRANSLATE_NOOP("Report", "Document")),
    Column("date", QT_TRANSLATE_NOOP("Report", "Date"), ColumnKind.DATE),
    Column("kind", QT_TRANSLATE_NOOP("Report", "What happened")),
    Column("product", QT_TRANSLATE_NOOP("Report", "Product")),
    Column("qty", QT_TRANSLATE_NOOP("Report", "Quantity"), ColumnKind.QTY),
    Column("price", QT_TRANSLATE_NOOP("Report", "Price paid"), ColumnKind.UNIT_COST),
    Column("expected", QT_TRANSLATE_NOOP("Report", "Price expected"), ColumnKind.UNIT_COST),
    Column("against", QT_TRANSLATE_NOOP("Report", "Measured against")),
    Column("amount", QT_TRANSLATE_NOOP("Report", "Amount paid"), ColumnKind.MONEY, is_total=True),
    Column("variance", QT_TRANSLATE_NOOP("Report", "Variance"), ColumnKind.MONEY, is_total=True),
    Column("rate", QT_TRANSLATE_NOOP("Report", "Variance %"), ColumnKind.PERCENT),
)
STANDARD = QT_TRANSLATE_NOOP("Report", "Standard cost")
LAST_PRICE = QT_TRANSLATE_NOOP("Report", "Last price")
FIRST_RECEIPT = QT_TRANSLATE_NOOP("Report", "First receipt")
POSITIVE_IS_DEARER = QT_TRANSLATE_NOOP("Report", "A positive variance is dearer than expected, a negative one cheaper.")
AGREES_WITH_LEDGER = QT_TRANSLATE_NOOP(
    "Report",
    "Variances of goods at standard cost, and what came late for goods that had gone back, equal what they posted to purchase "
    "price variance",
)
FROM_RECEIPTS = ("goods_receipt", "landed_cost", "receipt_price")  # journal events


def price_variance(
    session: Session,
    company_id: UUID,
    first: date,
    last: date,
    book_id: UUID | None = None,
    product_id: UUID | None = None,
    supplier_id: UUID | None = None,
) -> Report:
    """Receipt lines and later corrections of their price, dated from `first` to `last`, by supplier.

    Goods at standard cost are measured against it, and their variances are checked against the ledger; others against the
    standard of the product in force, else against its last receipt. A first receipt has nothing to be measured against.
    """
    book = cost_book(session, company_id, book_id)
    lines = received_lines(session, company_id, book.id, first, last)
    late = late_prices(session, company_id, book.id, first, last)
    places = company_of(session, company_id).currency_places
    before = prices_before(session, company_id, book.id, first)
    measured = _measured(lines, before, standards(session, company_id), places)
    chosen: list[tuple[ReceivedLine | LatePrice, dict[str, Any]]] = [*measured, *((each, _late(each)) for each in late)]
    at_standard = sum_of(cells["variance"] for each, cells in chosen if each.is_standard)
    chosen = [
        (each, cells)
        for each, cells in chosen
        if product_id in (None, each.product_id) and supplier_id in (None, each.supplier_id)
    ]
    names = product_names(session, company_id)
    suppliers = names_of(session, company_id, Party, (each.supplier_id for each, _ in chosen))
    numbers = document_numbers(session, company_id, {(each.document_kind, each.document_id) for each, _ in chosen})
    rows = []
    for each, cells in sorted(chosen, key=lambda pair: (by_text(suppliers, pair[0].supplier_id), pair[0].dated_on)):
        common = {
            "date": each.dated_on,
            "document": numbers.get(each.document_id, ""),
            "product": names[each.product_id].coded,
        }
        group = suppliers.get(each.supplier_id) if each.supplier_id else None
        link = Link(each.document_kind, id=each.document_id)
        rows.append(Row({**common, **cells}, link=link, group=group or Bilingual("–")))
    section = Section(COLUMNS, tuple(rows), totals=("amount", "variance"), group_heading=SUPPLIER.heading)
    checks, notes = [], [POSITIVE_IS_DEARER]
    if why_not := not_compared(session, company_id, book):
        notes.append(why_not)
    else:
        gone_back = late_value_of_returns(session, company_id, book.id, first, last)
        checks.append(Check(AGREES_WITH_LEDGER, _posted(session, company_id, first, last), at_standard + gone_back))
    parameters: list[tuple[str, str | Bilingual | Term]] = [dates(first, last), (COST_BOOK.heading, named(book))]
    for parameter, table, id in ((PRODUCT, Product, product_id), (SUPPLIER, Party, supplier_id)):
        if id is not None:
            parameters.append(heading_of(parameter, record_named(session, company_id, table, id)))
    return report_for(session, company_id, DEFINITION, parameters, [section], checks, notes, book=book)


def _measured(
    lines: list[ReceivedLine],
    before: dict[UUID, tuple[Decimal, Decimal]],
    valid: Mapping[UUID, list[tuple[date, Decimal]]],
    places: int,
) -> list[tuple[ReceivedLine | LatePrice, dict[str, Any]]]:
    last_price = dict(before)
    measured: list[tuple[ReceivedLine | LatePrice, dict[str, Any]]] = []
    for line in lines:
        standard = _standard_on(valid.get(line.product_id, []), line.dated_on)
        if line.is_standard:
            against, expected = STANDARD, line.cost
        elif standard is not None:
            against, expected = STANDARD, round_money(standard * line.qty, places)
        elif line.product_id in last_price:
            qty, value = last_price[line.product_id]
            against, expected = LAST_PRICE, round_money(value * line.qty / qty, places)
        else:
            against, expected = FIRST_RECEIPT, line.value
        variance = line.value - expected
        last_price[line.product_id] = (line.qty, line.value)
        cells = {
            "kind": Term(KINDS["receipt"]),
            "qty": line.qty,
            "price": unit_cost_of(line.value, line.qty),
            "expected": None if against == FIRST_RECEIPT else unit_cost_of(expected, line.qty),
            "against": Term(against),
            "amount": line.value,
            "variance": variance,
            "rate": ratio(variance, expected),
        }
        measured.append((line, cells))
    return measured


def _standard_on(standards_of_product: list[tuple[date, Decimal]], day: date) -> Decimal | None:
    place = bisect_right(standards_of_product, day, key=lambda each: each[0])
    return standards_of_product[place - 1][1] if place else None


def _late(late: LatePrice) -> dict[str, Any]:
    return {"kind": Term(KINDS[late.kind]), "amount": late.amount, "variance": late.amount}


def _posted(session: Session, company_id: UUID, first: date, last: date) -> Decimal:
    accounts = select(AccountPurpose.account_id).where(
        AccountPurpose.company_id == company_id, AccountPurpose.purpose == "purchase_price_variance"
    )
    net = session.scalar(
        select(func.sum(JournalLine.debit - JournalLine.credit, type_=MoneyType()))
        .join(
            JournalEntry,
            (JournalEntry.company_id == JournalLine.company_id) & (JournalEntry.id == JournalLine.entry_id),
        )
        .where(
            JournalLine.company_id == company_id,
            JournalLine.account_id.in_(accounts),
            JournalLine.dated_on.between(first, last),
            JournalEntry.event.in_(FROM_RECEIPTS),
        )
    )
    return net if net is not None else ZERO


def _build(
    session: Session,
    company_id: UUID,
    from_: date,
    to: date,
    cost_book: UUID | None = None,
    product: UUID | None = None,
    supplier: UUID | None = None,
) -> Report:
    return price_variance(session, company_id, from_, to, cost_book, product, supplier)


DEFINITION = define(
    ReportDefinition(
        "purchase_price_variance",
        QT_TRANSLATE_NOOP("Report", "Purchase price variance"),
        "cost.read",
        (FROM, TO, COST_BOOK, PRODUCT, SUPPLIER),
        _build,
        area="costing",
    )
)
