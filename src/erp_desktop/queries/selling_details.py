"""One document of selling with its lines and what hangs together with it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from erp_desktop.models.company import User
from erp_desktop.models.sales import (
    CustomerReturn,
    CustomerReturnLine,
    SalesInvoiceLine,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
)
from erp_desktop.models.stock import StockBalance
from erp_desktop.queries.company import company_currency
from erp_desktop.queries.documents import RelatedDocument, RelatedDocuments
from erp_desktop.queries.line_goods import PRODUCT, goods_joins, goods_names, place_columns, place_joins
from erp_desktop.queries.line_units import InLineUnit, unit_columns, unit_join
from erp_desktop.queries.list_shape import Join, ListColumn, ListShape, difference, plain, table_of
from erp_desktop.queries.listing import EVERY_LINE, ListQuery, row_of
from erp_desktop.queries.selling import (
    CustomerReturnRow,
    CustomerReturns,
    SalesInvoiceRow,
    SalesInvoices,
    SalesOrderRow,
    SalesOrders,
    ShipmentRow,
    Shipments,
)

_order = table_of(SalesOrder)
_shipment = table_of(Shipment)
_order_line = table_of(SalesOrderLine)
_shipment_line = table_of(ShipmentLine)
_invoice_line = table_of(SalesInvoiceLine)
_return = table_of(CustomerReturn)
_return_line = table_of(CustomerReturnLine)
_balance = table_of(StockBalance)
_person = table_of(User, "person")


def _in_the_orders_warehouse(column: ColumnElement[Decimal]) -> ColumnElement[Decimal]:
    """The sum of a stock balance's `column` for the line's product in its order's warehouse."""
    summed = select(func.sum(column)).where(
        _balance.c.company_id == _order_line.c.company_id,
        _balance.c.product_id == _order_line.c.product_id,
        _balance.c.warehouse_id == _order.c.warehouse_id,
    )
    return func.coalesce(summed.correlate(_order_line, _order).scalar_subquery(), 0)


_free = difference(_in_the_orders_warehouse(_balance.c.on_hand), _in_the_orders_warehouse(_balance.c.allocated))
_open = difference(_order_line.c.qty, _order_line.c.shipped_qty)


@dataclass(frozen=True)
class SalesOrderLineRow(InLineUnit):
    """Quantities in stock units, `unit_price` for one of the line's unit. `open_qty` is still to be shipped, `unallocated_qty`
    of it is promised from no stock yet.

    `free` is what the order's warehouse could still promise: on hand less all allocations.
    """

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
    unit_price: Decimal
    discount: Decimal
    amount: Decimal
    allocated_qty: Decimal
    shipped_qty: Decimal
    invoiced_qty: Decimal
    open_qty: Decimal
    unallocated_qty: Decimal
    free: Decimal
    unit_id: UUID | None
    line_unit_code: str | None
    line_unit_code_zh: str | None
    unit_numerator: int
    unit_denominator: int
    stock_unit_id: UUID


@dataclass(frozen=True)
class SalesOrderLines(ListQuery[SalesOrderLineRow]):
    """Lines of sales orders, of one order or of all."""

    shape = ListShape(
        SalesOrderLineRow,
        _order_line,
        [
            *plain(_order_line, "id", "order_id", "line_no", "product_id"),
            *goods_names(),
            ListColumn("tracking", PRODUCT.c.tracking),
            ListColumn("qty", _order_line.c.qty, is_total=True),
            *plain(_order_line, "unit_price", "discount"),
            ListColumn("amount", _order_line.c.amount, is_total=True),
            *plain(_order_line, "allocated_qty", "shipped_qty", "invoiced_qty"),
            ListColumn("open_qty", _open, is_total=True),
            ListColumn("unallocated_qty", difference(_open, _order_line.c.allocated_qty), is_total=True),
            ListColumn("free", _free),
            *unit_columns(_order_line),
            ListColumn("stock_unit_id", PRODUCT.c.unit_id),
        ],
        [
            Join(_order, _order_line.c.order_id),
            *goods_joins(_order_line),
            unit_join(_order_line),
        ],
        [("order_id", False), ("line_no", False)],
    )

    order_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_order_line.c.order_id == self.order_id,) if self.order_id else ()


@dataclass(frozen=True)
class SalesOrderRecord(SalesOrderRow):
    """A sales order as its page shows it. `freight` is charged to the customer and part of `total`."""

    ship_to: str
    note: str
    freight: Decimal
    entered_by: UUID | None
    entered_by_name: str | None
    lines: tuple[SalesOrderLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class SalesOrderDetail:
    """One sales order. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = (
        SalesOrders.tables | SalesOrderLines.tables | RelatedDocuments.tables | {"app_user"}
    )

    order_id: UUID

    def run(self, session: Session, company_id: UUID) -> SalesOrderRecord:
        row = row_of(session, company_id, SalesOrders(), "sales_order", self.order_id)
        who = (_person.c.company_id == _order.c.company_id) & (_person.c.id == _order.c.entered_by)
        more = select(_order.c.ship_to, _order.c.note, _order.c.freight, _order.c.entered_by, _person.c.name)
        more = more.select_from(_order.outerjoin(_person, who))
        more = more.where(_order.c.company_id == company_id, _order.c.id == self.order_id)
        ship_to, note, freight, entered_by, entered_by_name = session.execute(more).one()
        return SalesOrderRecord(
            **vars(row),
            ship_to=ship_to,
            note=note,
            freight=freight,
            entered_by=entered_by,
            entered_by_name=entered_by_name,
            lines=SalesOrderLines(EVERY_LINE, order_id=self.order_id).run(session, company_id).rows,
            related=RelatedDocuments("sales_order", self.order_id).run(session, company_id),
        )


@dataclass(frozen=True)
class ShipmentLineRow(InLineUnit):
    """What left, in stock units, from where, and how much of it came back; the unit is the order's."""

    id: UUID
    shipment_id: UUID
    line_no: int
    order_line_id: UUID
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    bin_id: UUID
    bin_code: str
    lot_id: UUID | None
    lot_code: str | None
    qty: Decimal
    returned_qty: Decimal
    returnable_qty: Decimal
    unit_id: UUID | None
    line_unit_code: str | None
    line_unit_code_zh: str | None
    unit_numerator: int | None
    unit_denominator: int | None


@dataclass(frozen=True)
class ShipmentLines(ListQuery[ShipmentLineRow]):
    """Lines of shipments, of one shipment or of all."""

    shape = ListShape(
        ShipmentLineRow,
        _shipment_line,
        [
            *plain(_shipment_line, "id", "shipment_id", "line_no", "order_line_id", "product_id"),
            *goods_names(),
            *place_columns(_shipment_line),
            ListColumn("qty", _shipment_line.c.qty, is_total=True),
            ListColumn("returned_qty", _shipment_line.c.returned_qty, is_total=True),
            ListColumn("returnable_qty", difference(_shipment_line.c.qty, _shipment_line.c.returned_qty)),
            *unit_columns(_order_line),
        ],
        [
            *goods_joins(_shipment_line),
            *place_joins(_shipment_line),
            Join(_order_line, _shipment_line.c.order_line_id),
            unit_join(_order_line),
        ],
        [("shipment_id", False), ("line_no", False)],
    )

    shipment_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_shipment_line.c.shipment_id == self.shipment_id,) if self.shipment_id else ()


@dataclass(frozen=True)
class ShipmentRecord(ShipmentRow):
    lines: tuple[ShipmentLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class ShipmentDetail:
    """One shipment. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = Shipments.tables | ShipmentLines.tables | RelatedDocuments.tables

    shipment_id: UUID

    def run(self, session: Session, company_id: UUID) -> ShipmentRecord:
        row = row_of(session, company_id, Shipments(), "shipment", self.shipment_id)
        return ShipmentRecord(
            **vars(row),
            lines=ShipmentLines(EVERY_LINE, shipment_id=self.shipment_id).run(session, company_id).rows,
            related=RelatedDocuments("shipment", self.shipment_id).run(session, company_id),
        )


@dataclass(frozen=True)
class SalesInvoiceLineRow(InLineUnit):
    """A charge in the invoice's currency; without a product it is freight. The unit is the order's."""

    id: UUID
    invoice_id: UUID
    line_no: int
    order_line_id: UUID | None
    product_id: UUID | None
    product_code: str | None
    product_name: str | None
    product_name_zh: str | None
    unit_code: str | None
    unit_code_zh: str | None
    qty: Decimal
    amount: Decimal
    unit_id: UUID | None
    line_unit_code: str | None
    line_unit_code_zh: str | None
    unit_numerator: int | None
    unit_denominator: int | None


@dataclass(frozen=True)
class SalesInvoiceLines(ListQuery[SalesInvoiceLineRow]):
    """Lines of sales invoices, of one invoice or of all."""

    shape = ListShape(
        SalesInvoiceLineRow,
        _invoice_line,
        [
            *plain(_invoice_line, "id", "invoice_id", "line_no", "order_line_id", "product_id"),
            *goods_names(),
            *plain(_invoice_line, "qty"),
            ListColumn("amount", _invoice_line.c.amount, is_total=True),
            *unit_columns(_order_line),
        ],
        [
            *goods_joins(_invoice_line),
            Join(_order_line, _invoice_line.c.order_line_id),
            unit_join(_order_line),
        ],
        [("invoice_id", False), ("line_no", False)],
    )

    invoice_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_invoice_line.c.invoice_id == self.invoice_id,) if self.invoice_id else ()


@dataclass(frozen=True)
class SalesInvoiceRecord(SalesInvoiceRow):
    lines: tuple[SalesInvoiceLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class SalesInvoiceDetail:
    """One sales invoice. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = SalesInvoices.tables | SalesInvoiceLines.tables | RelatedDocuments.tables

    invoice_id: UUID

    def run(self, session: Session, company_id: UUID) -> SalesInvoiceRecord:
        row = row_of(session, company_id, SalesInvoices(), "sales_invoice", self.invoice_id)
        return SalesInvoiceRecord(
            **vars(row),
            lines=SalesInvoiceLines(EVERY_LINE, invoice_id=self.invoice_id).run(session, company_id).rows,
            related=RelatedDocuments("sales_invoice", self.invoice_id).run(session, company_id),
        )


@dataclass(frozen=True)
class CustomerReturnLineRow:
    """What came back, in stock units, and what is credited; no bin while it is only announced."""

    id: UUID
    return_id: UUID
    line_no: int
    shipment_line_id: UUID | None
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    bin_id: UUID | None
    bin_code: str | None
    lot_id: UUID | None
    lot_code: str | None
    qty: Decimal
    unit_price: Decimal
    amount: Decimal
    is_scrapped: bool


@dataclass(frozen=True)
class CustomerReturnLines(ListQuery[CustomerReturnLineRow]):
    """Lines of customer returns, of one return or of all."""

    shape = ListShape(
        CustomerReturnLineRow,
        _return_line,
        [
            *plain(_return_line, "id", "return_id", "line_no", "shipment_line_id", "product_id"),
            *goods_names(),
            *place_columns(_return_line),
            ListColumn("qty", _return_line.c.qty, is_total=True),
            *plain(_return_line, "unit_price"),
            ListColumn("amount", _return_line.c.amount, is_total=True),
            *plain(_return_line, "is_scrapped"),
        ],
        [
            *goods_joins(_return_line),
            *place_joins(_return_line),
        ],
        [("return_id", False), ("line_no", False)],
    )

    return_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_return_line.c.return_id == self.return_id,) if self.return_id else ()


@dataclass(frozen=True)
class CustomerReturnRecord(CustomerReturnRow):
    currency: str  # of the order that the goods were sold with
    linked_number: str | None  # of the announced return that these goods came for, or of the posted one that came of it
    lines: tuple[CustomerReturnLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class CustomerReturnDetail:
    """One customer return. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = CustomerReturns.tables | CustomerReturnLines.tables | RelatedDocuments.tables

    return_id: UUID

    def run(self, session: Session, company_id: UUID) -> CustomerReturnRecord:
        row = row_of(session, company_id, CustomerReturns(), "customer_return", self.return_id)
        of_shipment = (_shipment.c.company_id == _order.c.company_id) & (_shipment.c.order_id == _order.c.id)
        currency = select(_order.c.currency).select_from(_order.join(_shipment, of_shipment))
        currency = currency.where(_shipment.c.company_id == company_id, _shipment.c.id == row.shipment_id)
        is_linked = or_(_return.c.id == row.announced_id, _return.c.announced_id == row.id)
        linked = select(_return.c.number).where(_return.c.company_id == company_id, is_linked)
        return CustomerReturnRecord(
            **vars(row),
            currency=session.execute(currency).scalar() or company_currency(session, company_id),
            linked_number=session.execute(linked).scalar(),
            lines=CustomerReturnLines(EVERY_LINE, return_id=self.return_id).run(session, company_id).rows,
            related=RelatedDocuments("customer_return", self.return_id).run(session, company_id),
        )
