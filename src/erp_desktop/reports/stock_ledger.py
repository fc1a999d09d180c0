"""The stock ledger of one product in quantity and value (数量金额明细账): every move and every change of value, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.models.costing import CostAdjustment, CostPool, MoveCost
from erp_desktop.models.product import Product
from erp_desktop.models.stock import StockMove
from erp_desktop.models.types import MoneyType
from erp_desktop.numbers import ZERO
from erp_desktop.reports.figures import (
    QtyAndValue,
    cost_book,
    dates_parameter,
    document_numbers,
    named,
    stock_values,
)
from erp_desktop.reports.kinds import KINDS
from erp_desktop.reports.making import report_for, unit_cost_of
from erp_desktop.reports.report import (
    BadParameter,
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
    Column("date", QT_TRANSLATE_NOOP("Report", "Date"), ColumnKind.DATE),
    Column("document", QT_TRANSLATE_NOOP("Report", "Document")),
    Column("kind", QT_TRANSLATE_NOOP("Report", "What happened")),
    Column("qty", QT_TRANSLATE_NOOP("Report", "Quantity"), ColumnKind.QTY),
    Column("cost", QT_TRANSLATE_NOOP("Report", "Cost"), ColumnKind.MONEY),
    Column("qty_after", QT_TRANSLATE_NOOP("Report", "On hand after"), ColumnKind.QTY),
    Column("value_after", QT_TRANSLATE_NOOP("Report", "Value after"), ColumnKind.MONEY),
    Column("unit_cost", QT_TRANSLATE_NOOP("Report", "Unit cost"), ColumnKind.UNIT_COST),
)
CORRECTS = Column("corrects", QT_TRANSLATE_NOOP("Report", "Corrects"))
OPENING_BALANCE = QT_TRANSLATE_NOOP("Report", "Opening balance")
CORRECTIONS_STAND_APART = QT_TRANSLATE_NOOP(
    "Report",
    "A correction stands on the day of what it corrects, under the document that caused it; what was posted before stays.",
)
AGREES_WITH_POOL = QT_TRANSLATE_NOOP("Report", "Value after the last line equals the valuation of that day")


@dataclass(frozen=True)
class _Change:
    """A move at cost, or a change of value without quantity; `order` is its place within the day."""

    dated_on: date
    order: tuple[int, int, int]  # tick, moves before changes of value, entry
    kind: str
    document_kind: str
    document_id: UUID
    qty: Decimal
    cost: Decimal
    line_no: int | None = None  # of the document's line that moved; None for a change of value
    corrects: tuple[str, UUID] | None = None  # the document whose cost it changes, where that is another one


def stock_ledger(
    session: Session,
    company_id: UUID,
    product: str | UUID,
    from_: date | None = None,
    to: date | None = None,
    cost_book_id: UUID | None = None,
) -> Report:
    """Every change of `product` (code or id) dated from `from_` to `to`, with quantity and value after each.

    Order: business date, then entry. Raises BadParameter if there is no such product.
    """
    wanted = product if isinstance(product, UUID) else None
    found = session.scalars(
        select(Product).where(
            Product.company_id == company_id, Product.id == wanted if wanted else Product.code == product
        )
    ).first()
    if found is None:
        raise BadParameter(translate("Report", "There is no product {code}.").format(code=product))
    book = cost_book(session, company_id, cost_book_id)
    last = to or date.max
    changes = _changes(session, company_id, found.id, book.id, last)
    documents = {(change.document_kind, change.document_id) for change in changes}
    documents |= {change.corrects for change in changes if change.corrects is not None}
    numbers = document_numbers(session, company_id, documents)

    rows: list[Row] = []
    qty = value = ZERO
    opening_shown = from_ is None
    for change in changes:
        if not opening_shown and from_ is not None and change.dated_on >= from_:
            rows.append(_opening(from_, qty, value))
            opening_shown = True
        qty, value = qty + change.qty, value + change.cost
        if opening_shown:
            rows.append(_row(change, numbers, QtyAndValue(qty, value)))
    if not opening_shown and from_ is not None:
        rows.append(_opening(from_, qty, value))
    valued = stock_values(session, company_id, book.id, last).get(found.id, QtyAndValue(ZERO, ZERO))
    return report_for(
        session,
        company_id,
        DEFINITION,
        (
            (QT_TRANSLATE_NOOP("Report", "Product"), _coded(found)),
            dates_parameter(from_, to),
            (QT_TRANSLATE_NOOP("Report", "Cost book"), named(book)),
        ),
        [Section(_columns(changes), tuple(rows), totals=("qty", "cost"))],
        [Check(AGREES_WITH_POOL, expected=valued.value, found=value)],
        [CORRECTIONS_STAND_APART] if any(change.corrects for change in changes) else (),
        book=book,
    )


def _columns(changes: Sequence[_Change]) -> tuple[Column, ...]:
    """With a column for what corrections correct, where there are any."""
    if not any(change.corrects for change in changes):
        return COLUMNS
    return (*COLUMNS[:3], CORRECTS, *COLUMNS[3:])


def _coded(product: Product) -> Bilingual:
    return Bilingual(f"{product.code} {product.name}", f"{product.code} {product.name_zh or product.name}")


def _changes(session: Session, company_id: UUID, product_id: UUID, book_id: UUID, last: date) -> list[_Change]:
    in_book = select(CostPool.id).where(CostPool.company_id == company_id, CostPool.book_id == book_id)
    moves = session.execute(
        select(
            MoveCost.dated_on,
            MoveCost.tick,
            MoveCost.seq,
            MoveCost.kind,
            StockMove.document_kind,
            StockMove.document_id,
            MoveCost.qty,
            MoveCost.cost,
            StockMove.line_no,
        )
        .join(StockMove, (StockMove.company_id == MoveCost.company_id) & (StockMove.id == MoveCost.move_id))
        .where(
            MoveCost.company_id == company_id,
            MoveCost.product_id == product_id,
            MoveCost.pool_id.in_(in_book),
            MoveCost.dated_on <= last,
        )
    )
    changes = [
        _Change(dated_on, (tick, 0, seq), kind, document_kind, document_id, qty, cost, line_no)
        for dated_on, tick, seq, kind, document_kind, document_id, qty, cost, line_no in moves
    ]
    adjustments = session.execute(
        select(
            CostAdjustment.dated_on,
            func.min(CostAdjustment.tick),
            CostAdjustment.kind,
            CostAdjustment.document_kind,
            CostAdjustment.document_id,
            StockMove.document_kind,
            StockMove.document_id,
            func.sum(CostAdjustment.to_inventory, type_=MoneyType()),
        )
        .outerjoin(
            StockMove, (StockMove.company_id == CostAdjustment.company_id) & (StockMove.id == CostAdjustment.move_id)
        )
        .where(
            CostAdjustment.company_id == company_id,
            CostAdjustment.product_id == product_id,
            CostAdjustment.pool_id.in_(in_book),
            CostAdjustment.dated_on <= last,
        )
        .group_by(
            CostAdjustment.dated_on,
            CostAdjustment.kind,
            CostAdjustment.document_kind,
            CostAdjustment.document_id,
            StockMove.document_kind,
            StockMove.document_id,
        )
    )
    for dated_on, tick, kind, document_kind, document_id, corrected_kind, corrected_id, cost in adjustments:
        if cost:
            change = _Change(dated_on, (tick, 1, 0), kind, document_kind, document_id, ZERO, cost)
            is_other = corrected_id is not None and corrected_id != document_id
            changes.append(replace(change, corrects=(corrected_kind, corrected_id)) if is_other else change)
    return sorted(changes, key=lambda change: (change.dated_on, change.order, change.document_id, str(change.corrects)))


def _opening(on: date, qty: Decimal, value: Decimal) -> Row:
    cells = {
        "date": on,
        "kind": Term(OPENING_BALANCE),
        "qty_after": qty,
        "value_after": value,
        "unit_cost": unit_cost_of(value, qty),
    }
    return Row(cells)


def _row(change: _Change, numbers: Mapping[UUID, str], after: QtyAndValue) -> Row:
    number = numbers.get(change.document_id, "")
    return Row(
        {
            "date": change.dated_on,
            "document": number,
            "kind": Term(KINDS.get(change.kind, change.kind)),
            "corrects": numbers.get(change.corrects[1], "") if change.corrects else "",
            "qty": change.qty if change.qty else None,
            "cost": change.cost,
            "qty_after": after.qty,
            "value_after": after.value,
            "unit_cost": unit_cost_of(after.value, after.qty),
        },
        link=Link(change.document_kind, id=change.document_id, parameters={"number": number, "line": change.line_no}),
    )


def _build(
    session: Session,
    company_id: UUID,
    product: str | UUID,
    from_: date | None = None,
    to: date | None = None,
    cost_book: UUID | None = None,
) -> Report:
    return stock_ledger(session, company_id, product, from_, to, cost_book)


DEFINITION = define(
    ReportDefinition(
        "stock_ledger",
        QT_TRANSLATE_NOOP("Report", "Stock ledger"),
        "cost.read",
        (
            Parameter("product", QT_TRANSLATE_NOOP("Report", "Product"), ParameterKind.PRODUCT, is_required=True),
            Parameter("from", QT_TRANSLATE_NOOP("Report", "From"), ParameterKind.DATE),
            Parameter("to", QT_TRANSLATE_NOOP("Report", "To"), ParameterKind.DATE, default=lambda today: today),
            Parameter("cost_book", QT_TRANSLATE_NOOP("Report", "Cost book"), ParameterKind.COST_BOOK),
        ),
        _build,
        area="costing",
    )
)
