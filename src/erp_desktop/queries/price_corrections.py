"""Price corrections of goods receipts: one correction with its lines."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from erp_desktop.models.party import Party
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    PriceCorrection,
    PriceCorrectionLine,
    PurchaseOrderLine,
)
from erp_desktop.queries.company import company_currency
from erp_desktop.queries.documents import RelatedDocument, RelatedDocuments
from erp_desktop.queries.line_goods import goods_joins, goods_names
from erp_desktop.queries.line_units import InLineUnit, unit_columns, unit_join
from erp_desktop.queries.list_shape import (
    Join,
    ListColumn,
    ListShape,
    is_pending,
    named,
    plain,
    searched,
    sum_of,
    table_of,
)
from erp_desktop.queries.listing import EVERY_LINE, ListQuery, row_of

_correction = table_of(PriceCorrection)
_line = table_of(PriceCorrectionLine)
_receipt = table_of(GoodsReceipt)
_receipt_line = table_of(GoodsReceiptLine)
_order_line = table_of(PurchaseOrderLine)
_supplier = table_of(Party, "supplier")


@dataclass(frozen=True)
class PriceCorrectionRow:
    """`difference` is what the goods cost more (negative: less) for their price, `exchange_difference` what was lost (negative:
    gained) because `rate` is not the receipt's; both in company currency."""

    id: UUID
    number: str | None
    receipt_id: UUID
    receipt_number: str | None
    supplier_id: UUID
    supplier_code: str
    supplier_name: str
    supplier_name_zh: str
    dated_on: date
    invoice_number: str
    invoiced_on: date | None
    currency: str  # of the prices
    rate: Decimal
    status: str
    difference: Decimal
    exchange_difference: Decimal
    is_pending: bool


@dataclass(frozen=True)
class PriceCorrections(ListQuery[PriceCorrectionRow]):
    """Price corrections, newest first. Searches number, the receipt's number, the invoice's number and the supplier."""

    shape = ListShape(
        PriceCorrectionRow,
        _correction,
        [
            *plain(_correction, "id"),
            *searched(_correction, "number"),
            *plain(_correction, "receipt_id"),
            ListColumn("receipt_number", _receipt.c.number, is_searched=True),
            *plain(_correction, "supplier_id"),
            *named(_supplier, "code", "name", "name_zh"),
            *plain(_correction, "dated_on"),
            *searched(_correction, "invoice_number"),
            *plain(_correction, "invoiced_on", "currency", "rate", "status"),
            ListColumn("difference", sum_of(_line.c.difference, _correction, _line.c.correction_id)),
            ListColumn("exchange_difference", sum_of(_line.c.exchange_difference, _correction, _line.c.correction_id)),
            is_pending(_correction),
        ],
        [Join(_receipt, _correction.c.receipt_id), Join(_supplier, _correction.c.supplier_id)],
        [("dated_on", True)],
    )


@dataclass(frozen=True)
class PriceCorrectionLineRow(InLineUnit):
    """Prices of one of the unit that it was ordered in before and after, in the receipt's currency; `difference` of the whole line and where it fell, in
    company currency, and beside it what another rate than the receipt's has cost.

    All but the new price is None until the centre has worked it out.
    """

    id: UUID
    correction_id: UUID
    line_no: int
    receipt_line_id: UUID
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    qty: Decimal
    price_before: Decimal | None
    unit_price: Decimal
    difference: Decimal | None
    to_inventory: Decimal | None
    to_goods_dispatched: Decimal | None
    to_cost_of_sales: Decimal | None
    to_variance: Decimal | None
    to_scrap_loss: Decimal | None
    exchange_difference: Decimal | None
    unit_id: UUID | None
    line_unit_code: str | None
    line_unit_code_zh: str | None
    unit_numerator: int | None
    unit_denominator: int | None


@dataclass(frozen=True)
class PriceCorrectionLines(ListQuery[PriceCorrectionLineRow]):
    """Lines of price corrections, of one correction or of all."""

    shape = ListShape(
        PriceCorrectionLineRow,
        _line,
        [
            *plain(_line, "id", "correction_id", "line_no", "receipt_line_id", "product_id"),
            *goods_names(),
            ListColumn("qty", _receipt_line.c.qty),
            *plain(_line, "price_before", "unit_price"),
            ListColumn("difference", _line.c.difference, is_total=True),
            ListColumn("to_inventory", _line.c.to_inventory, is_total=True),
            ListColumn("to_goods_dispatched", _line.c.to_goods_dispatched, is_total=True),
            ListColumn("to_cost_of_sales", _line.c.to_cost_of_sales, is_total=True),
            ListColumn("to_variance", _line.c.to_variance, is_total=True),
            ListColumn("to_scrap_loss", _line.c.to_scrap_loss, is_total=True),
            ListColumn("exchange_difference", _line.c.exchange_difference, is_total=True),
            *unit_columns(_order_line),
        ],
        [
            Join(_receipt_line, _line.c.receipt_line_id),
            *goods_joins(_line),
            Join(_order_line, _receipt_line.c.order_line_id),
            unit_join(_order_line),
        ],
        [("correction_id", False), ("line_no", False)],
    )

    correction_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_line.c.correction_id == self.correction_id,) if self.correction_id else ()


@dataclass(frozen=True)
class PriceCorrectionRecord(PriceCorrectionRow):
    company_currency: str
    lines: tuple[PriceCorrectionLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class PriceCorrectionDetail:
    """One price correction. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = PriceCorrections.tables | PriceCorrectionLines.tables | RelatedDocuments.tables

    correction_id: UUID

    def run(self, session: Session, company_id: UUID) -> PriceCorrectionRecord:
        row = row_of(session, company_id, PriceCorrections(), "price_correction", self.correction_id)
        return PriceCorrectionRecord(
            **vars(row),
            company_currency=company_currency(session, company_id),
            lines=PriceCorrectionLines(EVERY_LINE, correction_id=self.correction_id).run(session, company_id).rows,
            related=RelatedDocuments("price_correction", self.correction_id).run(session, company_id),
        )
