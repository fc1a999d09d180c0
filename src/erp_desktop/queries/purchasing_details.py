"""One document of buying with its lines and what hangs together with it. A desk asks these for its document pages."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from erp_desktop.actions.landed_shares import still_owed
from erp_desktop.models.company import User
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    LandedCost,
    LandedCostShare,
    PurchaseOrder,
    PurchaseOrderLine,
)
from erp_desktop.numbers import ZERO
from erp_desktop.queries.company import company_currency
from erp_desktop.queries.documents import RelatedDocument, RelatedDocuments
from erp_desktop.queries.line_goods import BIN, LOT, PRODUCT, goods_joins, goods_names, place_joins
from erp_desktop.queries.line_units import InLineUnit, unit_columns, unit_join
from erp_desktop.queries.list_shape import Join, ListColumn, ListShape, difference, named, plain, table_of
from erp_desktop.queries.listing import EVERY_LINE, ListQuery, row_of
from erp_desktop.queries.purchasing import (
    GoodsReceiptRow,
    GoodsReceipts,
    LandedCostRow,
    LandedCosts,
    PurchaseOrderRow,
    PurchaseOrders,
)

_order = table_of(PurchaseOrder)
_order_line = table_of(PurchaseOrderLine)
_receipt = table_of(GoodsReceipt)
_receipt_line = table_of(GoodsReceiptLine)
_share = table_of(LandedCostShare)
_raiser = table_of(User, "raiser")


@dataclass(frozen=True)
class PurchaseOrderLineRow(InLineUnit):
    """Quantities in stock units, `unit_price` for one of the line's unit, `amount` in the order's currency; `open_qty` is still
    to come. No price and amount for who may not see what goods cost."""

    id: UUID
    order_id: UUID
    line_no: int
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    tracking: str  # none, lot, serial
    qty: Decimal
    unit_price: Decimal | None
    amount: Decimal | None
    received_qty: Decimal
    open_qty: Decimal
    unit_id: UUID | None
    line_unit_code: str | None
    line_unit_code_zh: str | None
    unit_numerator: int
    unit_denominator: int
    stock_unit_id: UUID


@dataclass(frozen=True)
class PurchaseOrderLines(ListQuery[PurchaseOrderLineRow]):
    """Lines of purchase orders, of one order or of all."""

    shape = ListShape(
        PurchaseOrderLineRow,
        _order_line,
        [
            *plain(_order_line, "id", "order_id", "line_no", "product_id"),
            *goods_names(),
            ListColumn("tracking", PRODUCT.c.tracking),
            ListColumn("qty", _order_line.c.qty, is_total=True),
            *plain(_order_line, "unit_price"),
            ListColumn("amount", _order_line.c.amount, is_total=True),
            ListColumn("received_qty", _order_line.c.received_qty, is_total=True),
            ListColumn("open_qty", difference(_order_line.c.qty, _order_line.c.received_qty), is_total=True),
            *unit_columns(_order_line),
            ListColumn("stock_unit_id", PRODUCT.c.unit_id),
        ],
        [*goods_joins(_order_line), unit_join(_order_line)],
        [("order_id", False), ("line_no", False)],
    )

    order_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_order_line.c.order_id == self.order_id,) if self.order_id else ()


@dataclass(frozen=True)
class PurchaseOrderRecord(PurchaseOrderRow):
    """A purchase order as its page shows it: what the list shows, its lines, and its related documents."""

    company_currency: str
    note: str
    raised_by: UUID | None
    raised_by_name: str | None
    lines: tuple[PurchaseOrderLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class PurchaseOrderDetail:
    """One purchase order. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = (
        PurchaseOrders.tables | PurchaseOrderLines.tables | RelatedDocuments.tables | {"app_user", "company"}
    )

    order_id: UUID

    def run(self, session: Session, company_id: UUID) -> PurchaseOrderRecord:
        row = row_of(session, company_id, PurchaseOrders(), "purchase_order", self.order_id)
        raiser = (_raiser.c.company_id == _order.c.company_id) & (_raiser.c.id == _order.c.raised_by)
        more = select(_order.c.note, _order.c.raised_by, _raiser.c.name).select_from(_order.outerjoin(_raiser, raiser))
        more = more.where(_order.c.company_id == company_id, _order.c.id == self.order_id)
        note, raised_by, raised_by_name = session.execute(more).one()
        return PurchaseOrderRecord(
            **vars(row),
            company_currency=company_currency(session, company_id),
            note=note,
            raised_by=raised_by,
            raised_by_name=raised_by_name,
            lines=PurchaseOrderLines(EVERY_LINE, order_id=self.order_id).run(session, company_id).rows,
            related=RelatedDocuments("purchase_order", self.order_id).run(session, company_id),
        )


@dataclass(frozen=True)
class GoodsReceiptLineRow(InLineUnit):
    """What came in, in stock units, where it was put, and how much of it went back to the supplier; the unit is the order's."""

    id: UUID
    receipt_id: UUID
    line_no: int
    order_line_id: UUID
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    lot_id: UUID | None
    lot_code: str | None
    bin_id: UUID
    bin_code: str
    qty: Decimal
    returned_qty: Decimal
    unit_id: UUID | None
    line_unit_code: str | None
    line_unit_code_zh: str | None
    unit_numerator: int | None
    unit_denominator: int | None


@dataclass(frozen=True)
class GoodsReceiptLines(ListQuery[GoodsReceiptLineRow]):
    """Lines of goods receipts, of one receipt or of all."""

    shape = ListShape(
        GoodsReceiptLineRow,
        _receipt_line,
        [
            *plain(_receipt_line, "id", "receipt_id", "line_no", "order_line_id", "product_id"),
            *goods_names(),
            *plain(_receipt_line, "lot_id"),
            *named(LOT, "code"),
            *plain(_receipt_line, "bin_id"),
            *named(BIN, "code"),
            ListColumn("qty", _receipt_line.c.qty, is_total=True),
            ListColumn("returned_qty", _receipt_line.c.returned_qty, is_total=True),
            *unit_columns(_order_line),
        ],
        [
            *goods_joins(_receipt_line),
            *place_joins(_receipt_line),
            Join(_order_line, _receipt_line.c.order_line_id),
            unit_join(_order_line),
        ],
        [("receipt_id", False), ("line_no", False)],
    )

    receipt_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_receipt_line.c.receipt_id == self.receipt_id,) if self.receipt_id else ()


@dataclass(frozen=True)
class GoodsReceiptRecord(GoodsReceiptRow):
    company_currency: str
    lines: tuple[GoodsReceiptLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class GoodsReceiptDetail:
    """One goods receipt. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = GoodsReceipts.tables | GoodsReceiptLines.tables | RelatedDocuments.tables

    receipt_id: UUID

    def run(self, session: Session, company_id: UUID) -> GoodsReceiptRecord:
        row = row_of(session, company_id, GoodsReceipts(), "goods_receipt", self.receipt_id)
        return GoodsReceiptRecord(
            **vars(row),
            company_currency=company_currency(session, company_id),
            lines=GoodsReceiptLines(EVERY_LINE, receipt_id=self.receipt_id).run(session, company_id).rows,
            related=RelatedDocuments("goods_receipt", self.receipt_id).run(session, company_id),
        )


@dataclass(frozen=True)
class LandedCostShareRow:
    """What a receipt line bears, in company currency, and where it was posted: to what was on hand, and for what had left to where
    that had gone."""

    id: UUID
    landed_cost_id: UUID
    line_no: int
    receipt_line_id: UUID
    receipt_id: UUID
    receipt_number: str | None
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    qty: Decimal
    amount: Decimal
    to_inventory: Decimal
    to_goods_dispatched: Decimal
    to_cost_of_sales: Decimal
    to_variance: Decimal
    to_scrap_loss: Decimal


@dataclass(frozen=True)
class LandedCostShares(ListQuery[LandedCostShareRow]):
    """How landed costs were shared over receipt lines, of one landed cost or of all."""

    shape = ListShape(
        LandedCostShareRow,
        _share,
        [
            *plain(_share, "id", "landed_cost_id", "line_no", "receipt_line_id"),
            ListColumn("receipt_id", _receipt_line.c.receipt_id),
            ListColumn("receipt_number", _receipt.c.number),
            ListColumn("product_id", _receipt_line.c.product_id),
            *named(PRODUCT, "code", "name", "name_zh"),
            ListColumn("qty", _receipt_line.c.qty),
            ListColumn("amount", _share.c.amount, is_total=True),
            ListColumn("to_inventory", _share.c.to_inventory, is_total=True),
            ListColumn("to_goods_dispatched", _share.c.to_goods_dispatched, is_total=True),
            ListColumn("to_cost_of_sales", _share.c.to_cost_of_sales, is_total=True),
            ListColumn("to_variance", _share.c.to_variance, is_total=True),
            ListColumn("to_scrap_loss", _share.c.to_scrap_loss, is_total=True),
        ],
        [
            Join(_receipt_line, _share.c.receipt_line_id),
            Join(_receipt, _receipt_line.c.receipt_id),
            Join(PRODUCT, _receipt_line.c.product_id),
        ],
        [("landed_cost_id", False), ("line_no", False)],
    )

    landed_cost_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_share.c.landed_cost_id == self.landed_cost_id,) if self.landed_cost_id else ()


@dataclass(frozen=True)
class LandedCostRecord(LandedCostRow):
    """`credits_number` is the number of what a credit note takes back; `to_credit` what of this cost is not credited yet,
    in the currency of the bill."""

    company_currency: str
    credits_number: str | None
    to_credit: Decimal
    shares: tuple[LandedCostShareRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class LandedCostDetail:
    """One landed cost. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = LandedCosts.tables | LandedCostShares.tables | RelatedDocuments.tables

    landed_cost_id: UUID

    def run(self, session: Session, company_id: UUID) -> LandedCostRecord:
        row = row_of(session, company_id, LandedCosts(), "landed_cost", self.landed_cost_id)
        return LandedCostRecord(
            **vars(row),
            company_currency=company_currency(session, company_id),
            credits_number=self._number(session, company_id, row.credits_id),
            to_credit=still_owed(session, company_id, row.id) if row.credits_id is None else ZERO,
            shares=LandedCostShares(EVERY_LINE, landed_cost_id=self.landed_cost_id).run(session, company_id).rows,
            related=RelatedDocuments("landed_cost", self.landed_cost_id).run(session, company_id),
        )

    @staticmethod
    def _number(session: Session, company_id: UUID, landed_cost_id: UUID | None) -> str | None:
        found = session.get(LandedCost, (company_id, landed_cost_id)) if landed_cost_id else None
        return found.number if found else None
