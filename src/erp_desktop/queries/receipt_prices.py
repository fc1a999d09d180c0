"""The prices that a goods receipt was taken in at, and what another price would change before anybody posts it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.price_corrections import corrections_of
from erp_desktop.models.company import Company
from erp_desktop.models.purchasing import PurchaseOrderLine
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import UNIT_PRICE_PLACES, ZERO, round_money
from erp_desktop.queries.purchasing_details import GoodsReceiptDetail, GoodsReceiptLineRow, GoodsReceiptRecord
from erp_desktop.queries.receipt_standing import STANDING_TABLES, InStock, in_stock


@dataclass(frozen=True)
class PriceEffect:
    """What another unit price changes, in company currency: `difference` in all; the parts, signed as they change stock
    value and cost of sales, are None where only the centre can tell."""

    difference: Decimal
    to_inventory: Decimal | None
    to_cost_of_sales: Decimal | None


@dataclass(frozen=True)
class ReceiptPriceLine(GoodsReceiptLineRow):
    """`unit_price` is the price now, of one stock unit in company currency, and `value` the line's with all price corrections
    so far (no landed cost); `goods` is None until the centre has costed the line, or for what is not kept in stock."""

    unit_price: Decimal
    value: Decimal
    goods: InStock | None
    currency_places: int

    def effect_of(self, unit_price: Decimal, dated_on: date | None) -> PriceEffect:
        """What CorrectReceiptPrices to `unit_price` would change as stock stands now."""
        difference = round_money(unit_price * self.qty, self.currency_places) - self.value
        split = self.goods.split(difference, dated_on, self.currency_places) if self.goods else None
        return PriceEffect(difference, split.to_inventory if split else None, split.to_cost_of_sales if split else None)


@dataclass(frozen=True)
class ReceiptPricesRecord(GoodsReceiptRecord):
    """A goods receipt with the prices of the lines that brought stock; `currency` is the company's."""

    currency: str
    currency_places: int
    prices: tuple[ReceiptPriceLine, ...]


@dataclass(frozen=True)
class ReceiptPrices:
    """One goods receipt with the prices of its lines. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = (
        GoodsReceiptDetail.tables | STANDING_TABLES | {"purchase_order_line", "stock_move", "price_correction_line"}
    )

    receipt_id: UUID

    def run(self, session: Session, company_id: UUID) -> ReceiptPricesRecord:
        receipt = GoodsReceiptDetail(self.receipt_id).run(session, company_id)
        company = session.get_one(Company, (company_id, company_id))
        moves = dict(
            session.execute(
                select(StockMove.line_id, StockMove.id).where(
                    StockMove.company_id == company_id, StockMove.document_id == self.receipt_id
                )
            ).all()
        )
        lines = [line for line in receipt.lines if line.id in moves]
        goods = in_stock(session, company_id, list(moves.values()))
        corrected = corrections_of(session, company_id, moves)
        return ReceiptPricesRecord(
            **vars(receipt),
            currency=company.currency,
            currency_places=company.currency_places,
            prices=tuple(
                _priced(session, company, line, goods.get(moves[line.id]), corrected.get(line.id, ZERO))
                for line in lines
            ),
        )


def _priced(
    session: Session, company: Company, line: GoodsReceiptLineRow, goods: InStock | None, corrected: Decimal
) -> ReceiptPriceLine:
    ordered = session.get_one(PurchaseOrderLine, (company.id, line.order_line_id)).unit_price
    value = round_money(ordered * line.qty, company.currency_places) + corrected
    return ReceiptPriceLine(
        **vars(line),
        unit_price=round_money(value / line.qty, UNIT_PRICE_PLACES) if corrected else ordered,
        value=value,
        goods=goods,
        currency_places=company.currency_places,
    )
