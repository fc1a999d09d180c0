"""What each receipt line bears of a landed cost: by what it is shared, and how a credit note takes it back.

Read the same way when a landed cost is entered (landed_costs.py) and when somebody asks beforehand what it would do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from erp_desktop.costing.landed_cost import Shares, share_landed_cost, share_or_equal
from erp_desktop.models.costing import CostBook, CostPool, MoveCost
from erp_desktop.models.product import Product
from erp_desktop.models.purchasing import GoodsReceiptLine, LandedCost, LandedCostShare
from erp_desktop.models.stock import StockMove
from erp_desktop.models.types import MoneyType
from erp_desktop.numbers import ONE, ZERO

BASES = ("value", "qty", "weight", "volume", "equal", "manual")


@dataclass(frozen=True)
class BearingLine:
    """A receipt line that brought stock, and the move that brought it."""

    line: GoodsReceiptLine
    move: StockMove


def stocked_lines(session: Session, company_id: UUID, receipt_ids: Sequence[UUID]) -> list[BearingLine]:
    """The receipts' lines that brought stock, in a fixed order."""
    return _bearing(session, company_id, GoodsReceiptLine.receipt_id.in_(receipt_ids))


def lines_with_ids(session: Session, company_id: UUID, line_ids: Sequence[UUID]) -> list[BearingLine]:
    """Those of the receipt lines that brought stock, in the same order."""
    return _bearing(session, company_id, GoodsReceiptLine.id.in_(line_ids))


def _bearing(session: Session, company_id: UUID, criterion: ColumnElement[bool]) -> list[BearingLine]:
    rows = session.execute(
        select(GoodsReceiptLine, StockMove)
        .join(
            StockMove,
            (StockMove.company_id == GoodsReceiptLine.company_id)
            & (StockMove.document_id == GoodsReceiptLine.receipt_id)
            & (StockMove.line_id == GoodsReceiptLine.id),
        )
        .where(GoodsReceiptLine.company_id == company_id, criterion)
        .order_by(GoodsReceiptLine.receipt_id, GoodsReceiptLine.line_no)
    )
    return [BearingLine(line, move) for line, move in rows]


def bases_of(session: Session, company_id: UUID, basis: str, lines: Sequence[BearingLine]) -> list[Decimal]:
    """What each line counts for in sharing by `basis`: the value it came in at in the book that posts, its quantity,
    weight (kg) or volume (m3). A line whose product has no weight or volume counts for nothing."""
    if basis == "equal":
        return [ONE] * len(lines)
    if basis == "qty":
        return [bearing.line.qty for bearing in lines]
    if basis == "value":
        values = _values(session, company_id, lines)
        return [values.get(bearing.move.id, ZERO) for bearing in lines]
    products = select(Product.id, Product.weight_kg if basis == "weight" else Product.volume_m3)
    products = products.where(
        Product.company_id == company_id, Product.id.in_({bearing.line.product_id for bearing in lines})
    )
    per_unit = {product_id: figure or ZERO for product_id, figure in session.execute(products)}
    return [per_unit[bearing.line.product_id] * bearing.line.qty for bearing in lines]


def _values(session: Session, company_id: UUID, lines: Sequence[BearingLine]) -> dict[UUID, Decimal]:
    """By move; at standard cost what was paid counts, not the standard."""
    paid = (
        select(MoveCost.move_id, func.coalesce(MoveCost.stated, MoveCost.cost))
        .join(CostPool, (CostPool.company_id == MoveCost.company_id) & (CostPool.id == MoveCost.pool_id))
        .join(CostBook, (CostBook.company_id == CostPool.company_id) & (CostBook.id == CostPool.book_id))
        .where(
            MoveCost.company_id == company_id,
            CostBook.posts_to_ledger,
            MoveCost.move_id.in_([bearing.move.id for bearing in lines]),
        )
    )
    return dict(session.execute(paid).all())


def amounts_of(
    amount: Decimal,
    line_ids: Sequence[UUID],
    minor: Decimal,
    bases: Sequence[Decimal],
    typed: Mapping[UUID, Decimal],
    borne: Mapping[UUID, Decimal],
) -> Shares:
    """What each line bears of `amount`: as `typed`; a credit note in proportion to what each still has `borne`; else by
    `bases`, or in equal parts where these add up to nothing."""
    if typed:
        return Shares(tuple(typed.get(line_id, ZERO) for line_id in line_ids), fell_back_to_equal=False)
    if borne:
        taken_back = share_landed_cost(-amount, [borne[line_id] for line_id in line_ids], minor)
        return Shares(tuple(-share for share in taken_back), fell_back_to_equal=False)
    return share_or_equal(amount, bases, minor)


def still_owed(session: Session, company_id: UUID, landed_cost_id: UUID) -> Decimal:
    """What of a landed cost is not credited yet, in the currency of its bill."""
    owed = select(func.sum(LandedCost.amount_in_currency, type_=MoneyType())).where(
        LandedCost.company_id == company_id,
        (LandedCost.id == landed_cost_id) | (LandedCost.credits_id == landed_cost_id),
    )
    return session.scalar(owed) or ZERO


def still_borne(session: Session, company_id: UUID, landed_cost_id: UUID) -> dict[UUID, Decimal]:
    """What each receipt line still bears of a landed cost, by the line's id: its share less what was credited since."""
    costs = select(LandedCost.id).where(
        LandedCost.company_id == company_id,
        (LandedCost.id == landed_cost_id) | (LandedCost.credits_id == landed_cost_id),
    )
    shares = (
        select(LandedCostShare.receipt_line_id, func.sum(LandedCostShare.amount))
        .where(LandedCostShare.company_id == company_id, LandedCostShare.landed_cost_id.in_(costs))
        .group_by(LandedCostShare.receipt_line_id)
    )
    return dict(session.execute(shares).all())
