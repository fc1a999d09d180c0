"""Lists of selling: sales orders, shipments, sales invoices, customer returns."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import case

from erp_desktop.models.party import Party
from erp_desktop.models.sales import (
    Channel,
    CustomerReturn,
    CustomerReturnLine,
    ReturnStatus,
    SalesInvoice,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
)
from erp_desktop.models.stock import Warehouse
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
from erp_desktop.queries.listing import ListQuery

_order = table_of(SalesOrder)
_order_line = table_of(SalesOrderLine)
_shipment = table_of(Shipment)
_shipment_line = table_of(ShipmentLine)
_invoice = table_of(SalesInvoice)
_return = table_of(CustomerReturn)
_return_line = table_of(CustomerReturnLine)
_channel = table_of(Channel)
_customer = table_of(Party, "customer")
_distributor = table_of(Party, "distributor")
_carrier = table_of(Party, "carrier")
_warehouse = table_of(Warehouse)


@dataclass(frozen=True)
class SalesOrderRow:
    """`qty`, `allocated_qty` and `shipped_qty` are sums over the lines, in stock units; `total` is in `currency`."""

    id: UUID
    number: str | None
    external_number: str | None
    channel_id: UUID
    channel_code: str
    channel_name: str
    channel_name_zh: str
    customer_id: UUID | None
    customer_code: str | None
    customer_name: str | None
    customer_name_zh: str | None
    distributor_id: UUID | None
    distributor_code: str | None
    distributor_name: str | None
    distributor_name_zh: str | None
    warehouse_id: UUID
    warehouse_code: str
    warehouse_name: str
    warehouse_name_zh: str
    ordered_on: date
    due_on: date
    priority: int
    currency: str
    status: str
    total: Decimal
    qty: Decimal
    allocated_qty: Decimal
    shipped_qty: Decimal
    is_pending: bool


@dataclass(frozen=True)
class SalesOrders(ListQuery[SalesOrderRow]):
    """Sales orders of every channel, newest first. Searches number, the channel's own number, customer and distributor."""

    shape = ListShape(
        SalesOrderRow,
        _order,
        [
            *plain(_order, "id"),
            *searched(_order, "number", "external_number"),
            *plain(_order, "channel_id"),
            ListColumn("channel_code", _channel.c.code),
            ListColumn("channel_name", _channel.c.name),
            ListColumn("channel_name_zh", _channel.c.name_zh),
            *plain(_order, "customer_id"),
            *named(_customer, "code", "name", "name_zh"),
            *plain(_order, "distributor_id"),
            *named(_distributor, "code", "name", "name_zh"),
            *plain(_order, "warehouse_id"),
            ListColumn("warehouse_code", _warehouse.c.code),
            ListColumn("warehouse_name", _warehouse.c.name),
            ListColumn("warehouse_name_zh", _warehouse.c.name_zh),
            *plain(_order, "ordered_on", "due_on", "priority", "currency", "status"),
            ListColumn("total", _order.c.total, is_total=True, is_amount=True),
            ListColumn("qty", sum_of(_order_line.c.qty, _order, _order_line.c.order_id)),
            ListColumn("allocated_qty", sum_of(_order_line.c.allocated_qty, _order, _order_line.c.order_id)),
            ListColumn("shipped_qty", sum_of(_order_line.c.shipped_qty, _order, _order_line.c.order_id)),
            is_pending(_order),
        ],
        [
            Join(_channel, _order.c.channel_id),
            Join(_customer, _order.c.customer_id),
            Join(_distributor, _order.c.distributor_id),
            Join(_warehouse, _order.c.warehouse_id),
        ],
        [("ordered_on", True)],
    )


@dataclass(frozen=True)
class ShipmentRow:
    """`qty` is the sum over the lines, in stock units."""

    id: UUID
    number: str | None
    order_id: UUID
    order_number: str | None
    customer_id: UUID | None
    customer_code: str | None
    customer_name: str | None
    customer_name_zh: str | None
    warehouse_id: UUID
    warehouse_code: str
    warehouse_name: str
    warehouse_name_zh: str
    carrier_id: UUID | None
    carrier_name: str | None
    carrier_name_zh: str | None
    tracking_number: str
    shipped_on: date
    delivered_on: date | None
    is_under_way: bool  # nobody said yet that the customer has it
    status: str
    qty: Decimal
    is_pending: bool


@dataclass(frozen=True)
class Shipments(ListQuery[ShipmentRow]):
    """Shipments, newest first. Searches number, tracking number, order number, customer and carrier."""

    shape = ListShape(
        ShipmentRow,
        _shipment,
        [
            *plain(_shipment, "id"),
            *searched(_shipment, "number"),
            *plain(_shipment, "order_id"),
            ListColumn("order_number", _order.c.number, is_searched=True),
            *plain(_shipment, "customer_id"),
            *named(_customer, "code", "name", "name_zh"),
            *plain(_shipment, "warehouse_id"),
            ListColumn("warehouse_code", _warehouse.c.code),
            ListColumn("warehouse_name", _warehouse.c.name),
            ListColumn("warehouse_name_zh", _warehouse.c.name_zh),
            *plain(_shipment, "carrier_id"),
            *named(_carrier, "name", "name_zh"),
            *searched(_shipment, "tracking_number"),
            *plain(_shipment, "shipped_on", "delivered_on"),
            ListColumn("is_under_way", case((_shipment.c.under_way_until.is_(None), True), else_=False)),
            *plain(_shipment, "status"),
            ListColumn("qty", sum_of(_shipment_line.c.qty, _shipment, _shipment_line.c.shipment_id)),
            is_pending(_shipment),
        ],
        [
            Join(_order, _shipment.c.order_id),
            Join(_customer, _shipment.c.customer_id),
            Join(_warehouse, _shipment.c.warehouse_id),
            Join(_carrier, _shipment.c.carrier_id),
        ],
        [("shipped_on", True)],
    )


@dataclass(frozen=True)
class SalesInvoiceRow:
    """`total` is in the currency of the order, `currency`."""

    id: UUID
    number: str | None
    order_id: UUID
    order_number: str | None
    customer_id: UUID | None
    customer_code: str | None
    customer_name: str | None
    customer_name_zh: str | None
    invoiced_on: date
    due_on: date
    currency: str
    status: str
    total: Decimal
    is_pending: bool


@dataclass(frozen=True)
class SalesInvoices(ListQuery[SalesInvoiceRow]):
    """Sales invoices, newest first. Searches number, order number and customer."""

    shape = ListShape(
        SalesInvoiceRow,
        _invoice,
        [
            *plain(_invoice, "id"),
            *searched(_invoice, "number"),
            *plain(_invoice, "order_id"),
            ListColumn("order_number", _order.c.number, is_searched=True),
            *plain(_invoice, "customer_id"),
            *named(_customer, "code", "name", "name_zh"),
            *plain(_invoice, "invoiced_on", "due_on"),
            ListColumn("currency", _order.c.currency),
            *plain(_invoice, "status"),
            ListColumn("total", _invoice.c.total, is_total=True, is_amount=True),
            is_pending(_invoice),
        ],
        [Join(_order, _invoice.c.order_id), Join(_customer, _invoice.c.customer_id)],
        [("invoiced_on", True)],
    )


@dataclass(frozen=True)
class CustomerReturnRow:
    """`qty` is the sum over the lines, in stock units; `total` is what the goods are said to be worth, `credited` what the customer
    is credited for them: nothing while they are only announced, nor for the announcement once they came as a return of their own."""

    id: UUID
    number: str | None
    external_number: str | None
    channel_id: UUID | None
    channel_name: str | None
    channel_name_zh: str | None
    shipment_id: UUID | None
    shipment_number: str | None
    customer_id: UUID | None
    customer_code: str | None
    customer_name: str | None
    customer_name_zh: str | None
    warehouse_id: UUID
    warehouse_code: str
    warehouse_name: str
    warehouse_name_zh: str
    returned_on: date
    reason: str
    was_under_way: bool  # it had not been delivered: nothing is credited
    announced_id: UUID | None
    closed_on: date | None
    status: str
    qty: Decimal
    total: Decimal
    credited: Decimal | None
    is_pending: bool


@dataclass(frozen=True)
class CustomerReturns(ListQuery[CustomerReturnRow]):
    """Customer returns, newest first. Searches both numbers, the shipment's number, reason and customer."""

    shape = ListShape(
        CustomerReturnRow,
        _return,
        [
            *plain(_return, "id"),
            *searched(_return, "number", "external_number"),
            *plain(_return, "channel_id"),
            ListColumn("channel_name", _channel.c.name),
            ListColumn("channel_name_zh", _channel.c.name_zh),
            *plain(_return, "shipment_id"),
            ListColumn("shipment_number", _shipment.c.number, is_searched=True),
            *plain(_return, "customer_id"),
            *named(_customer, "code", "name", "name_zh"),
            *plain(_return, "warehouse_id"),
            ListColumn("warehouse_code", _warehouse.c.code),
            ListColumn("warehouse_name", _warehouse.c.name),
            ListColumn("warehouse_name_zh", _warehouse.c.name_zh),
            *plain(_return, "returned_on"),
            *searched(_return, "reason"),
            *plain(_return, "was_under_way", "announced_id", "closed_on", "status"),
            ListColumn("qty", sum_of(_return_line.c.qty, _return, _return_line.c.return_id)),
            ListColumn("total", _return.c.total),
            ListColumn("credited", case((_return.c.status == ReturnStatus.POSTED, _return.c.total)), is_total=True),
            is_pending(_return),
        ],
        [
            Join(_channel, _return.c.channel_id),
            Join(_shipment, _return.c.shipment_id),
            Join(_customer, _return.c.customer_id),
            Join(_warehouse, _return.c.warehouse_id),
        ],
        [("returned_on", True)],
    )
