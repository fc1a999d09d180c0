"""Landed costs, the receipt lines that bear them, and where each share is in a cost book as it stands now."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select
from sqlalchemy.orm import Session

from erp_desktop.models.costing import AdjustmentKind, CostAdjustment, CostPool, MoveCost
from erp_desktop.models.product import Product
from erp_desktop.models.purchasing import GoodsReceipt, GoodsReceiptLine, LandedCost, LandedCostShare
from erp_desktop.models.sales import Shipment
from erp_desktop.models.stock import MoveKind, StockMove
from erp_desktop.models.types import MoneyType
from erp_desktop.numbers import ZERO
from erp_desktop.queries.cost_of_sales import moves_of_shipments, posts_at_delivery


@dataclass(frozen=True)
class LandedShare:
    """One receipt line's share, in company currency; `qty` in stock units, weight and volume of one of them."""

    landed_cost_id: UUID
    number: str
    kind: str
    basis: str
    dated_on: date
    whole: Decimal  # the landed cost's amount
    receipt_id: UUID
    receipt_number: str
    line_id: UUID
    product_id: UUID
    qty: Decimal
    weight_kg: Decimal | None
    volume_m3: Decimal | None
    amount: Decimal


def landed_shares(session: Session, company_id: UUID, first: date, last: date) -> list[LandedShare]:
    """The shares of landed costs dated from `first` to `last`, landed cost by landed cost."""
    of = LandedCostShare
    statement: Any = (
        select(
            LandedCost.id,
            func.coalesce(LandedCost.number, ""),
            LandedCost.kind,
            LandedCost.basis,
            LandedCost.dated_on,
            LandedCost.amount,
            GoodsReceipt.id,
            func.coalesce(GoodsReceipt.number, ""),
            GoodsReceiptLine.id,
            GoodsReceiptLine.product_id,
            GoodsReceiptLine.qty,
            Product.weight_kg,
            Product.volume_m3,
            of.amount,
        )
        .select_from(of)
        .join(LandedCost, _is(LandedCost, of, of.landed_cost_id))
        .join(GoodsReceiptLine, _is(GoodsReceiptLine, of, of.receipt_line_id))
        .join(GoodsReceipt, _is(GoodsReceipt, of, GoodsReceiptLine.receipt_id))
        .join(Product, _is(Product, of, GoodsReceiptLine.product_id))
        .where(of.company_id == company_id, LandedCost.dated_on.between(first, last))
        .order_by(LandedCost.dated_on, LandedCost.number, LandedCost.id, of.line_no)
    )
    return [LandedShare(*row) for row in session.execute(statement)]


def amounts_of(session: Session, company_id: UUID, first: date, last: date) -> Decimal:
    """What the landed costs dated from `first` to `last` add up to."""
    total = session.scalar(
        select(func.sum(LandedCost.amount, type_=MoneyType())).where(
            LandedCost.company_id == company_id, LandedCost.dated_on.between(first, last)
        )
    )
    return total if total is not None else ZERO


class Places(NamedTuple):
    """Where a share is: in the value of stock, in cost of sales, in the price variance of goods at standard and of those that went
    back to the supplier, in the loss of what was scrapped, or, with goods that are under way to customers, in goods dispatched."""

    inventory: Decimal = ZERO
    cost_of_sales: Decimal = ZERO
    variance: Decimal = ZERO
    scrap_loss: Decimal = ZERO
    goods_dispatched: Decimal = ZERO


def where_shares_are(
    session: Session, company_id: UUID, book_id: UUID, first: date, last: date
) -> dict[tuple[UUID, UUID | None], Places]:
    """By landed cost and receipt line: where the share is in a book.

    As it stands now: what a back-dated move shifted from one to the other later is counted in.
    """
    is_of_standard = and_(CostAdjustment.move_id.is_(None), CostAdjustment.layer_id.is_(None))
    is_variance = or_(is_of_standard, func.coalesce(StockMove.kind, "") == MoveKind.SUPPLIER_RETURN)
    is_scrap = func.coalesce(StockMove.kind, "") == MoveKind.SCRAP
    expensed = CostAdjustment.to_cost_of_sales
    under_way: ColumnElement[bool] = false()
    if posts_at_delivery(session, company_id):
        undelivered = select(Shipment.id).where(Shipment.company_id == company_id, Shipment.under_way_until.is_(None))
        under_way = CostAdjustment.move_id.in_(moves_of_shipments(company_id, undelivered))
    entered = (
        select(CostAdjustment.event_id, CostAdjustment.document_id, CostAdjustment.line_id)
        .join(LandedCost, _is(LandedCost, CostAdjustment, CostAdjustment.document_id))
        .where(
            CostAdjustment.company_id == company_id,
            CostAdjustment.kind == AdjustmentKind.LANDED_COST,
            LandedCost.dated_on.between(first, last),
        )
        .distinct()
        .subquery()
    )
    statement = (
        select(
            entered.c.document_id,
            entered.c.line_id,
            func.sum(CostAdjustment.to_inventory, type_=MoneyType()),
            func.sum(case((or_(is_variance, is_scrap, under_way), 0), else_=expensed), type_=MoneyType()),
            func.sum(case((is_variance, expensed), else_=0), type_=MoneyType()),
            func.sum(case((is_scrap, expensed), else_=0), type_=MoneyType()),
            func.sum(case((under_way, expensed), else_=0), type_=MoneyType()),
        )
        .select_from(CostAdjustment)
        .join(entered, entered.c.event_id == CostAdjustment.event_id)
        .join(CostPool, _is(CostPool, CostAdjustment, CostAdjustment.pool_id))
        .outerjoin(StockMove, _is(StockMove, CostAdjustment, CostAdjustment.move_id))
        .where(CostAdjustment.company_id == company_id, CostPool.book_id == book_id)
        .group_by(entered.c.document_id, entered.c.line_id)
    )
    return {(row[0], row[1]): Places(*row[2:]) for row in session.execute(statement)}


def received_at(session: Session, company_id: UUID, book_id: UUID, line_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """What receipt lines came in at in a book, by the line."""
    found: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
    for start in range(0, len(line_ids), 500):
        statement = (
            select(StockMove.line_id, func.coalesce(MoveCost.stated, MoveCost.cost, type_=MoneyType()))
            .select_from(StockMove)
            .join(MoveCost, and_(MoveCost.company_id == StockMove.company_id, MoveCost.move_id == StockMove.id))
            .join(CostPool, _is(CostPool, MoveCost, MoveCost.pool_id))
            .join(GoodsReceiptLine, _is(GoodsReceiptLine, StockMove, StockMove.line_id))
            .where(
                StockMove.company_id == company_id,
                StockMove.document_id == GoodsReceiptLine.receipt_id,
                CostPool.book_id == book_id,
                GoodsReceiptLine.id.in_(line_ids[start : start + 500]),
            )
        )
        for line_id, value in session.execute(statement):
            found[line_id] += value
    return dict(found)


def _is(table: Any, costed: Any, id: Any) -> ColumnElement[bool]:
    """`table`'s row with this id, in the company of the row of `costed`."""
    return and_(table.company_id == costed.company_id, table.id == id)
