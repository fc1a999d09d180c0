"""What goods that came in cost, part by part: the receipts and all that was added to them later, in one cost book.

Amounts in company currency; quantities in stock units. What goes back to suppliers counts negative.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from erp_desktop.models.costing import AdjustmentKind, CostAdjustment, CostPool, MoveCost, StandardCost
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    LandedCost,
    LandedCostShare,
    PriceCorrection,
    PriceCorrectionLine,
    SupplierReturn,
)
from erp_desktop.models.stock import MoveKind, StockMove
from erp_desktop.models.types import MoneyType, QtyType
from erp_desktop.numbers import ZERO
from erp_desktop.queries.cost_of_sales import spans
from erp_desktop.queries.list_shape import table_of

_cost = table_of(MoveCost)
_pool = table_of(CostPool)
_move = table_of(StockMove)
_receipt = table_of(GoodsReceipt)
_receipt_line = table_of(GoodsReceiptLine)
_returned = table_of(SupplierReturn)
_landed = table_of(LandedCost)
_share = table_of(LandedCostShare)
_correction = table_of(PriceCorrection)
_corrected = table_of(PriceCorrectionLine)

PRICE, VARIANCE, RETURNED, CORRECTION = "price", "variance", "returned", "correction"


@dataclass(frozen=True)
class Bought:
    """Whose figures these are: a product of a supplier, in a period (its first day; None where periods are not apart)."""

    product_id: UUID
    supplier_id: UUID | None
    period: date | None


@dataclass
class BoughtCost:
    """Quantity that came in, and amounts by part: `PRICE` as it went into stock, kinds of landed cost, and so on."""

    qty: Decimal
    parts: dict[str, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.parts.values(), ZERO)


@dataclass(frozen=True)
class ReceivedLine:
    """One receipt line as it was costed: `value` is what was paid, `cost` what went into stock (at standard: the standard)."""

    dated_on: date
    seq: int
    document_kind: str
    document_id: UUID
    line_id: UUID
    product_id: UUID
    supplier_id: UUID | None
    is_standard: bool
    qty: Decimal
    value: Decimal
    cost: Decimal


@dataclass(frozen=True)
class LatePrice:
    """A correction of what a receipt line cost that was entered later, on one day."""

    dated_on: date
    kind: str
    document_kind: str
    document_id: UUID
    line_id: UUID
    product_id: UUID
    supplier_id: UUID | None
    is_standard: bool
    amount: Decimal


def bought(
    session: Session, company_id: UUID, book_id: UUID, first: date, last: date, *, monthly: bool = False
) -> dict[Bought, BoughtCost]:
    """What came in, and what was added to the cost of goods, dated from `first` to `last`."""
    found: defaultdict[Bought, BoughtCost] = defaultdict(lambda: BoughtCost(ZERO, {}))
    for begun, starts_on, ends_on in spans(session, company_id, first, last, monthly=monthly):
        c = _parts(company_id, book_id, starts_on, ends_on).subquery().c
        keys = (c.product_id, c.supplier_id, c.part)
        sums = select(*keys, func.sum(c.qty, type_=QtyType()), func.sum(c.amount, type_=MoneyType()))
        for product_id, supplier_id, part, qty, amount in session.execute(sums.group_by(*keys)):
            cost = found[Bought(product_id, supplier_id, begun)]
            cost.qty += qty
            cost.parts[part] = cost.parts.get(part, ZERO) + amount
    return dict(found)


def _parts(company_id: UUID, book_id: UUID, first: date, last: date) -> Any:
    variance = _cost.c.stated - _cost.c.cost
    return union_all(
        _received(company_id, book_id, first, last, PRICE, _cost.c.qty, _cost.c.cost),
        _received(company_id, book_id, first, last, VARIANCE, literal(0, QtyType()), variance).where(variance != 0),
        _sent_back(company_id, book_id, first, last),
        *(_costs_only(parts) for parts in _added(company_id, first, last)),
    )


def received_lines(session: Session, company_id: UUID, book_id: UUID, first: date, last: date) -> list[ReceivedLine]:
    """Receipt lines dated from `first` to `last`, in the order of days and entry."""
    statement = select(
        _cost.c.dated_on,
        _cost.c.seq,
        _move.c.document_kind,
        _move.c.document_id,
        _move.c.line_id,
        _cost.c.product_id,
        _receipt.c.supplier_id,
        or_(_pool.c.method == "standard", _cost.c.stated != _cost.c.cost),
        _cost.c.qty,
        func.coalesce(_cost.c.stated, _cost.c.cost, type_=MoneyType()),
        _cost.c.cost,
    ).select_from(_receipts())
    statement = statement.where(*_of_book(company_id, book_id, first, last))
    return [ReceivedLine(*row) for row in session.execute(statement.order_by(_cost.c.dated_on, _cost.c.seq))]


def prices_before(session: Session, company_id: UUID, book_id: UUID, day: date) -> dict[UUID, tuple[Decimal, Decimal]]:
    """Quantity and value of each product's last receipt before `day`."""
    place = func.row_number().over(
        partition_by=_cost.c.product_id, order_by=(_cost.c.dated_on.desc(), _cost.c.seq.desc())
    )
    ranked = (
        select(
            _cost.c.product_id,
            _cost.c.qty,
            func.coalesce(_cost.c.stated, _cost.c.cost, type_=MoneyType()).label("value"),
            place.label("place"),
        )
        .select_from(_receipts())
        .where(*_of_book(company_id, book_id, date.min, day), _cost.c.dated_on < day)
        .subquery()
    )
    found = session.execute(select(ranked.c.product_id, ranked.c.qty, ranked.c.value).where(ranked.c.place == 1))
    return {product_id: (qty, value) for product_id, qty, value in found}


def standards(session: Session, company_id: UUID) -> dict[UUID, list[tuple[date, Decimal]]]:
    """Each product's standard costs with the day from which they hold, in that order."""
    found: defaultdict[UUID, list[tuple[date, Decimal]]] = defaultdict(list)
    statement = select(StandardCost.product_id, StandardCost.effective_on, StandardCost.unit_cost).where(
        StandardCost.company_id == company_id
    )
    for product_id, effective_on, unit_cost in session.execute(statement.order_by(StandardCost.effective_on)):
        found[product_id].append((effective_on, unit_cost))
    return dict(found)


def late_prices(session: Session, company_id: UUID, book_id: UUID, first: date, last: date) -> list[LatePrice]:
    """Corrections of prices dated from `first` to `last`; for goods that are costed at standard, landed costs too."""
    parts = union_all(*_added(company_id, first, last)).subquery()
    at_standard = select(_pool.c.product_id).where(
        _pool.c.company_id == company_id, _pool.c.book_id == book_id, _pool.c.method == "standard"
    )
    c = parts.c
    is_standard = c.product_id.in_(at_standard)
    is_price = c.part == CORRECTION
    statement = select(
        c.dated_on,
        case((is_price, literal("receipt_price")), else_=literal("landed_cost")),
        c.document_kind,
        c.document_id,
        c.line_id,
        c.product_id,
        c.supplier_id,
        is_standard,
        c.amount,
    ).where(is_price | is_standard)
    found = [LatePrice(*row) for row in session.execute(statement)]
    return sorted(found, key=lambda late: (late.dated_on, late.document_id, late.line_id))


def late_value_of_returns(session: Session, company_id: UUID, book_id: UUID, first: date, last: date) -> Decimal:
    """What landed costs and prices dated from `first` to `last` added to goods that had gone back to their supplier."""
    total = session.scalar(
        select(func.sum(CostAdjustment.to_cost_of_sales, type_=MoneyType()))
        .join(CostPool, and_(CostPool.company_id == CostAdjustment.company_id, CostPool.id == CostAdjustment.pool_id))
        .join(
            StockMove, and_(StockMove.company_id == CostAdjustment.company_id, StockMove.id == CostAdjustment.move_id)
        )
        .where(
            CostAdjustment.company_id == company_id,
            CostAdjustment.kind.in_((AdjustmentKind.LANDED_COST, AdjustmentKind.RECEIPT_PRICE)),
            CostAdjustment.dated_on.between(first, last),
            CostPool.book_id == book_id,
            StockMove.kind == MoveKind.SUPPLIER_RETURN,
        )
    )
    return total if total is not None else ZERO


def _receipts() -> Any:
    moves = _cost.join(_move, and_(_move.c.company_id == _cost.c.company_id, _move.c.id == _cost.c.move_id))
    return moves.join(_pool, and_(_pool.c.company_id == _cost.c.company_id, _pool.c.id == _cost.c.pool_id)).outerjoin(
        _receipt, and_(_receipt.c.company_id == _move.c.company_id, _receipt.c.id == _move.c.document_id)
    )


def _of_book(company_id: UUID, book_id: UUID, first: date, last: date) -> tuple[Any, ...]:
    return (
        _cost.c.company_id == company_id,
        _pool.c.book_id == book_id,
        _cost.c.kind == MoveKind.RECEIPT,
        _cost.c.dated_on.between(first, last),
    )


def _received(
    company_id: UUID, book_id: UUID, first: date, last: date, part: str, qty: Any, amount: Any
) -> Select[Any]:
    return (
        select(
            _cost.c.dated_on,
            _cost.c.product_id,
            _receipt.c.supplier_id,
            literal(part).label("part"),
            qty.label("qty"),
            amount.label("amount"),
        )
        .select_from(_receipts())
        .where(*_of_book(company_id, book_id, first, last))
    )


def _sent_back(company_id: UUID, book_id: UUID, first: date, last: date) -> Select[Any]:
    moves = _cost.join(_move, and_(_move.c.company_id == _cost.c.company_id, _move.c.id == _cost.c.move_id))
    joined = moves.join(_pool, and_(_pool.c.company_id == _cost.c.company_id, _pool.c.id == _cost.c.pool_id)).outerjoin(
        _returned, and_(_returned.c.company_id == _move.c.company_id, _returned.c.id == _move.c.document_id)
    )
    return (
        select(
            _cost.c.dated_on,
            _cost.c.product_id,
            _returned.c.supplier_id,
            literal(RETURNED).label("part"),
            _cost.c.qty,
            _cost.c.cost.label("amount"),
        )
        .select_from(joined)
        .where(
            _cost.c.company_id == company_id,
            _pool.c.book_id == book_id,
            _cost.c.kind == MoveKind.SUPPLIER_RETURN,
            _cost.c.dated_on.between(first, last),
        )
    )


def _added(company_id: UUID, first: date, last: date) -> tuple[Select[Any], Select[Any]]:
    """Landed costs under their own kind, and corrections of prices, line by line as their documents say."""

    def lines_of(share: Any, document: Any, document_id: Any) -> Any:
        return (
            share.join(document, and_(document.c.company_id == share.c.company_id, document.c.id == document_id))
            .join(
                _receipt_line,
                and_(_receipt_line.c.company_id == share.c.company_id, _receipt_line.c.id == share.c.receipt_line_id),
            )
            .join(
                _receipt,
                and_(_receipt.c.company_id == share.c.company_id, _receipt.c.id == _receipt_line.c.receipt_id),
            )
        )

    def columns(document: Any, kind: str, part: Any, amount: Any) -> tuple[Any, ...]:
        return (
            document.c.dated_on,
            _receipt_line.c.product_id,
            _receipt.c.supplier_id,
            part.label("part"),
            literal(0, QtyType()).label("qty"),
            amount.label("amount"),
            literal(kind).label("document_kind"),
            document.c.id.label("document_id"),
            _receipt_line.c.id.label("line_id"),
        )

    landed = select(*columns(_landed, "landed_cost", _landed.c.kind, _share.c.amount))
    landed = landed.select_from(lines_of(_share, _landed, _share.c.landed_cost_id))
    landed = landed.where(_share.c.company_id == company_id, _landed.c.dated_on.between(first, last))
    corrected = select(
        *columns(_correction, "price_correction", literal(CORRECTION), _corrected.c.difference),
    )
    corrected = corrected.select_from(lines_of(_corrected, _correction, _corrected.c.correction_id))
    corrected = corrected.where(
        _corrected.c.company_id == company_id,
        _correction.c.dated_on.between(first, last),
        _corrected.c.difference.is_not(None),
    )
    return landed, corrected


def _costs_only(parts: Select[Any]) -> Select[Any]:
    """Without what names the document."""
    c = parts.subquery().c
    return select(c.dated_on, c.product_id, c.supplier_id, c.part, c.qty, c.amount)
