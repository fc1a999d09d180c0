"""The prices that a goods receipt was taken in at, and what another price would change before anybody posts it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.standing import price_corrections_of, standing_of
from erp_desktop.costing.landed_cost import split_by_on_hand
from erp_desktop.models.company import Company
from erp_desktop.models.costing import CostBook, CostPool, MoveCost
from erp_desktop.models.purchasing import PurchaseOrderLine
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import UNIT_PRICE_PLACES, minor_unit, round_money
from erp_desktop.queries.purchasing_details import GoodsReceiptDetail, GoodsReceiptLineRow, GoodsReceiptRecord


@dataclass(frozen=True)
class PriceEffect:
    """What another unit price changes, in company currency, signed as it changes stock value and cost of sales."""

    difference: Decimal
    to_inventory: Decimal
    to_cost_of_sales: Decimal


@dataclass(frozen=True)
class Taken:
    """A receipt line as it stands in the book that posts to the ledger: its value with all price corrections so far
    (no landed cost), how much of it is still in stock, and the value of the layer that holds that."""

    value: Decimal
    qty_left: Decimal
    value_left: Decimal


@dataclass(frozen=True)
class ReceiptPriceLine(GoodsReceiptLineRow):
    """`unit_price` is the price now, of one stock unit in company currency; `taken` is None until the centre has costed it."""

    unit_price: Decimal
    taken: Taken | None
    currency_places: int

    def effect_of(self, unit_price: Decimal) -> PriceEffect | None:
        """What CorrectReceiptPrice to `unit_price` would change as stock stands now; None while the line is not costed."""
        if self.taken is None:
            return None
        difference = round_money(unit_price * self.qty, self.currency_places) - self.taken.value
        split = split_by_on_hand(
            difference, self.qty, self.taken.qty_left, minor_unit(self.currency_places), self.taken.value_left
        )
        return PriceEffect(difference, split.to_inventory, split.to_cost_of_sales)


@dataclass(frozen=True)
class ReceiptPricesRecord(GoodsReceiptRecord):
    """A goods receipt with the prices of its lines; `currency` is the company's."""

    currency: str
    currency_places: int
    prices: tuple[ReceiptPriceLine, ...]


@dataclass(frozen=True)
class ReceiptPrices:
    """One goods receipt with the prices of its lines. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = GoodsReceiptDetail.tables | {
        "purchase_order_line",
        "stock_move",
        "cost_pool",
        "cost_layer",
        "cost_edge",
        "move_cost",
        "cost_adjustment",
    }

    receipt_id: UUID

    def run(self, session: Session, company_id: UUID) -> ReceiptPricesRecord:
        receipt = GoodsReceiptDetail(self.receipt_id).run(session, company_id)
        company = session.get_one(Company, (company_id, company_id))
        return ReceiptPricesRecord(
            **vars(receipt),
            currency=company.currency,
            currency_places=company.currency_places,
            prices=tuple(self._priced(session, company, line) for line in receipt.lines),
        )

    def _priced(self, session: Session, company: Company, line: GoodsReceiptLineRow) -> ReceiptPriceLine:
        ordered = session.get_one(PurchaseOrderLine, (company.id, line.order_line_id)).unit_price
        row = session.execute(
            select(StockMove, CostPool, CostBook)
            .join(MoveCost, (MoveCost.company_id == StockMove.company_id) & (MoveCost.move_id == StockMove.id))
            .join(CostPool, (CostPool.company_id == MoveCost.company_id) & (CostPool.id == MoveCost.pool_id))
            .join(CostBook, (CostBook.company_id == CostPool.company_id) & (CostBook.id == CostPool.book_id))
            .where(
                StockMove.company_id == company.id,
                StockMove.document_id == self.receipt_id,
                StockMove.line_id == line.id,
                CostBook.posts_to_ledger,
            )
        ).one_or_none()
        if row is None:
            return ReceiptPriceLine(
                **vars(line), unit_price=ordered, taken=None, currency_places=company.currency_places
            )
        move, pool, book = row
        corrected = price_corrections_of(session, book, line.id)
        value = round_money(ordered * line.qty, company.currency_places) + corrected
        standing = standing_of(session, pool, move)
        now = (value / line.qty).quantize(minor_unit(UNIT_PRICE_PLACES)) if corrected else ordered
        return ReceiptPriceLine(
            **vars(line),
            unit_price=now,
            taken=Taken(value, standing.qty_left, standing.value_left),
            currency_places=company.currency_places,
        )
