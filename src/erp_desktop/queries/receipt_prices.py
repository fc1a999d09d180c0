"""The prices that a goods receipt was taken in at, and what another price would change before anybody posts it."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.exchanging import Exchange, exchange_of
from erp_desktop.actions.price_corrections import PriceSoFar, corrections_of, price_so_far
from erp_desktop.models.company import Company
from erp_desktop.models.purchasing import PurchaseOrderLine
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import ZERO
from erp_desktop.queries.purchasing_details import GoodsReceiptDetail, GoodsReceiptLineRow, GoodsReceiptRecord
from erp_desktop.queries.receipt_standing import STANDING_TABLES, InStock, in_stock, parts_of


@dataclass(frozen=True)
class PriceEffect:
    """What another unit price changes, in company currency: `difference` in all; the parts, signed as they change stock
    value, goods dispatched and cost of sales, are None where only the centre can tell. `exchange_difference` is what the invoice's rate costs
    besides (negative: a gain), None while that rate is not known."""

    difference: Decimal
    to_inventory: Decimal | None
    to_goods_dispatched: Decimal | None
    to_cost_of_sales: Decimal | None
    exchange_difference: Decimal | None = ZERO


@dataclass(frozen=True)
class ReceiptPriceLine(GoodsReceiptLineRow):
    """`unit_price` is the price now, of one of the unit that it was ordered in, in the receipt's currency, and `so_far` what the
    line costs with all price corrections (no landed cost); `goods` is None until the centre has costed the line, or for what is not kept in stock."""

    unit_price: Decimal
    so_far: PriceSoFar
    goods: InStock | None
    taken_in: Exchange

    def effect_of(self, unit_price: Decimal, dated_on: date | None, rate: Decimal | None = None) -> PriceEffect:
        """What CorrectReceiptPrices to `unit_price` at an invoice's `rate` would change as stock stands now."""
        amount = self.taken_in.amount(self.factor.value(self.qty, unit_price))
        at_receipt = self.taken_in.in_company(amount)
        difference = at_receipt - self.so_far.value
        split = self.goods.split(difference, dated_on, self.taken_in.company_places) if self.goods else None
        exchange: Decimal | None = ZERO
        if self.taken_in.is_foreign:
            invoiced = replace(self.taken_in, rate=rate).in_company(amount) if rate is not None else None
            exchange = invoiced - at_receipt - self.so_far.exchange if invoiced is not None else None
        return PriceEffect(difference, *parts_of(split), exchange)


@dataclass(frozen=True)
class ReceiptPricesRecord(GoodsReceiptRecord):
    """A goods receipt with the prices of the lines that brought stock; `currency_places` are the company's."""

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
        taken_in = exchange_of(company, receipt.currency, receipt.rate)
        return ReceiptPricesRecord(
            **vars(receipt),
            currency_places=company.currency_places,
            prices=tuple(
                _priced(session, company_id, line, goods.get(moves[line.id]), corrected.get(line.id), taken_in)
                for line in lines
            ),
        )


def _priced(
    session: Session,
    company_id: UUID,
    line: GoodsReceiptLineRow,
    goods: InStock | None,
    corrected: PriceSoFar | None,
    taken_in: Exchange,
) -> ReceiptPriceLine:
    ordered = session.get_one(PurchaseOrderLine, (company_id, line.order_line_id))
    so_far = price_so_far(ordered, line.qty, taken_in, corrected)
    return ReceiptPriceLine(
        **vars(line),
        unit_price=line.factor.unit_price(so_far.amount, line.qty) if corrected else ordered.unit_price,
        so_far=so_far,
        goods=goods,
        taken_in=taken_in,
    )
