"""What went back to suppliers: the list, one purchase return with its lines, and what of a receipt can still go back."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.exchanging import places_of_currency
from erp_desktop.actions.price_corrections import corrections_of, price_now
from erp_desktop.actions.supplier_returns import FreeStock
from erp_desktop.models.company import Company
from erp_desktop.models.costing import CostAdjustment, CostBook, CostPool, MoveCost
from erp_desktop.models.party import Party
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    PurchaseOrderLine,
    SupplierReturn,
    SupplierReturnLine,
)
from erp_desktop.models.stock import StockBalance, StockMove, Warehouse
from erp_desktop.models.types import MoneyType
from erp_desktop.numbers import ZERO
from erp_desktop.queries.company import company_currency
from erp_desktop.queries.documents import RelatedDocument, RelatedDocuments
from erp_desktop.queries.line_goods import BIN, goods_joins, goods_names
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
from erp_desktop.queries.purchasing_details import GoodsReceiptDetail, GoodsReceiptLineRow, GoodsReceiptRecord

_return = table_of(SupplierReturn)
_line = table_of(SupplierReturnLine)
_receipt = table_of(GoodsReceipt)
_receipt_line = table_of(GoodsReceiptLine)
_order_line = table_of(PurchaseOrderLine)
_supplier = table_of(Party, "supplier")
_warehouse = table_of(Warehouse)


@dataclass(frozen=True)
class SupplierReturnRow:
    """`qty` is the sum over the lines, in stock units; `total` is what the supplier credits, in `currency`, of which one
    unit was worth `rate`; None for who may not see what goods cost."""

    id: UUID
    number: str | None
    receipt_id: UUID
    receipt_number: str | None
    supplier_id: UUID
    supplier_code: str
    supplier_name: str
    supplier_name_zh: str
    warehouse_id: UUID
    warehouse_code: str
    warehouse_name: str
    warehouse_name_zh: str
    returned_on: date
    reason: str
    reference: str
    currency: str
    rate: Decimal
    status: str
    qty: Decimal
    total: Decimal | None
    is_pending: bool


@dataclass(frozen=True)
class SupplierReturns(ListQuery[SupplierReturnRow]):
    """Purchase returns, newest first. Searches number, the receipt's number, reason, the credit note and the supplier."""

    shape = ListShape(
        SupplierReturnRow,
        _return,
        [
            *plain(_return, "id"),
            *searched(_return, "number"),
            *plain(_return, "receipt_id"),
            ListColumn("receipt_number", _receipt.c.number, is_searched=True),
            *plain(_return, "supplier_id"),
            *named(_supplier, "code", "name", "name_zh"),
            *plain(_return, "warehouse_id"),
            ListColumn("warehouse_code", _warehouse.c.code),
            ListColumn("warehouse_name", _warehouse.c.name),
            ListColumn("warehouse_name_zh", _warehouse.c.name_zh),
            *plain(_return, "returned_on"),
            *searched(_return, "reason", "reference"),
            *plain(_return, "currency", "rate", "status"),
            ListColumn("qty", sum_of(_line.c.qty, _return, _line.c.return_id)),
            ListColumn("total", _return.c.total, is_total=True, is_amount=True),
            is_pending(_return),
        ],
        [
            Join(_receipt, _return.c.receipt_id),
            Join(_supplier, _return.c.supplier_id),
            Join(_warehouse, _return.c.warehouse_id),
        ],
        [("returned_on", True)],
    )


@dataclass(frozen=True)
class SupplierReturnLineRow(InLineUnit):
    """What went back, in stock units, from which bin, and what the supplier credits for it: `unit_price` (of one of the unit that
    it was ordered in) and `amount` in the return's currency, `value` the same in company currency, of which
    `exchange_difference` comes from another rate than the receipt's; None for who may not see what goods cost."""

    id: UUID
    return_id: UUID
    line_no: int
    receipt_line_id: UUID
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    bin_id: UUID
    bin_code: str
    qty: Decimal
    unit_price: Decimal | None
    amount: Decimal | None
    value: Decimal | None
    exchange_difference: Decimal | None
    unit_id: UUID | None
    line_unit_code: str | None
    line_unit_code_zh: str | None
    unit_numerator: int | None
    unit_denominator: int | None


@dataclass(frozen=True)
class SupplierReturnLines(ListQuery[SupplierReturnLineRow]):
    """Lines of purchase returns, of one return or of all."""

    shape = ListShape(
        SupplierReturnLineRow,
        _line,
        [
            *plain(_line, "id", "return_id", "line_no", "receipt_line_id", "product_id"),
            *goods_names(),
            *plain(_line, "bin_id"),
            *named(BIN, "code"),
            ListColumn("qty", _line.c.qty, is_total=True),
            *plain(_line, "unit_price"),
            ListColumn("amount", _line.c.amount, is_total=True),
            ListColumn("value", _line.c.value, is_total=True),
            ListColumn("exchange_difference", _line.c.exchange_difference, is_total=True),
            *unit_columns(_order_line),
        ],
        [
            *goods_joins(_line),
            Join(BIN, _line.c.bin_id),
            Join(_receipt_line, _line.c.receipt_line_id),
            Join(_order_line, _receipt_line.c.order_line_id),
            unit_join(_order_line),
        ],
        [("return_id", False), ("line_no", False)],
    )

    return_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_line.c.return_id == self.return_id,) if self.return_id else ()


@dataclass(frozen=True)
class SupplierReturnRecord(SupplierReturnRow):
    """`cost` is what the goods had cost in the book that posts, with what was corrected since; None until they are costed, and
    for who may not see costs."""

    company_currency: str
    is_invoiced: bool
    cost: Decimal | None
    lines: tuple[SupplierReturnLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class SupplierReturnDetail:
    """One purchase return. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = (
        SupplierReturns.tables
        | SupplierReturnLines.tables
        | RelatedDocuments.tables
        | {"stock_move", "move_cost", "cost_adjustment"}
    )

    return_id: UUID

    def run(self, session: Session, company_id: UUID) -> SupplierReturnRecord:
        row = row_of(session, company_id, SupplierReturns(), "supplier_return", self.return_id)
        return SupplierReturnRecord(
            **vars(row),
            company_currency=company_currency(session, company_id),
            is_invoiced=session.get_one(SupplierReturn, (company_id, self.return_id)).is_invoiced,
            cost=_cost_of(session, company_id, self.return_id),
            lines=SupplierReturnLines(EVERY_LINE, return_id=self.return_id).run(session, company_id).rows,
            related=RelatedDocuments("supplier_return", self.return_id).run(session, company_id),
        )


def _cost_of(session: Session, company_id: UUID, return_id: UUID) -> Decimal | None:
    moves = session.scalars(
        select(StockMove.id).where(StockMove.company_id == company_id, StockMove.document_id == return_id)
    ).all()
    posting = (
        select(CostPool.id)
        .join(CostBook, (CostBook.company_id == CostPool.company_id) & (CostBook.id == CostPool.book_id))
        .where(CostPool.company_id == company_id, CostBook.posts_to_ledger)
    )
    posted: Decimal | None = session.scalar(
        select(func.sum(-MoveCost.cost, type_=MoneyType())).where(
            MoveCost.company_id == company_id, MoveCost.move_id.in_(moves), MoveCost.pool_id.in_(posting)
        )
    )
    if posted is None:
        return None
    corrected = session.scalar(
        select(func.sum(CostAdjustment.to_cost_of_sales, type_=MoneyType())).where(
            CostAdjustment.company_id == company_id,
            CostAdjustment.move_id.in_(moves),
            CostAdjustment.pool_id.in_(posting),
        )
    )
    return posted + (corrected or ZERO)


@dataclass(frozen=True)
class ReturnableLine(GoodsReceiptLineRow):
    """`open_qty` has come and not gone back, `free` of it may leave the warehouse now; `unit_price` is what one of
    the unit that it was ordered in was bought for, in the receipt's currency, corrections included where the user may see them;
    None where the user may not see what goods cost."""

    open_qty: Decimal
    free: Decimal
    unit_price: Decimal | None


@dataclass(frozen=True)
class ReturnableRecord(GoodsReceiptRecord):
    currency_places: int  # of the receipt's currency
    returnable: tuple[ReturnableLine, ...]


@dataclass(frozen=True)
class ReturnableReceipt:
    """What of one goods receipt can still go back to its supplier: its lines that brought stock. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = GoodsReceiptDetail.tables | {
        "stock_balance",
        "stock_move",
        "purchase_order_line",
        "price_correction_line",
    }

    receipt_id: UUID

    def run(self, session: Session, company_id: UUID) -> ReturnableRecord:
        receipt = GoodsReceiptDetail(self.receipt_id).run(session, company_id)
        company = session.get_one(Company, (company_id, company_id))
        brought = set(
            session.scalars(
                select(StockMove.line_id).where(
                    StockMove.company_id == company_id, StockMove.document_id == self.receipt_id
                )
            )
        )
        lines = [line for line in receipt.lines if line.id in brought]
        balances = session.scalars(
            select(StockBalance).where(
                StockBalance.company_id == company_id,
                StockBalance.warehouse_id == receipt.warehouse_id,
                StockBalance.product_id.in_({line.product_id for line in lines}),
            )
        )
        stock = FreeStock(balances)
        ordered = select(PurchaseOrderLine.id, PurchaseOrderLine.unit_price).where(
            PurchaseOrderLine.company_id == company_id,
            PurchaseOrderLine.id.in_({line.order_line_id for line in lines}),
        )
        prices = dict(session.execute(ordered).all())
        corrected = corrections_of(session, company_id, [line.id for line in lines])
        return ReturnableRecord(
            **vars(receipt),
            currency_places=places_of_currency(company, receipt.currency),
            returnable=tuple(
                ReturnableLine(
                    **vars(line),
                    open_qty=line.qty - line.returned_qty,
                    free=sum((qty for _, qty in stock.by_bin(line.product_id, line.lot_id, line.bin_id)), ZERO),
                    unit_price=None
                    if (ordered_at := prices.get(line.order_line_id)) is None
                    else price_now(ordered_at, line.factor, line.qty, corrected.get(line.id)),
                )
                for line in lines
            ),
        )
