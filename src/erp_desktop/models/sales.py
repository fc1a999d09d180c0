"""Selling: orders from every channel, what is promised to them, what was shipped, invoiced and came back."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import Replicated, belongs_to
from erp_desktop.models.product import InUnit
from erp_desktop.models.types import Money, Qty, Rate, String, UnitPrice


class Channel(Replicated):
    """Where orders come from: own shop, marketplace, distributors, telephone."""

    __tablename__ = "channel"
    read_permission = "master.read"

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(100))
    name_zh: Mapped[str] = mapped_column(String(100), default="")
    is_active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"),)


class SalesOrderStatus(StrEnum):
    DRAFT = "draft"
    CONFIRMED = "confirmed"
    ALLOCATED = "allocated"  # every open unit is promised from stock
    PART_SHIPPED = "part_shipped"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class SalesOrder(Replicated):
    """What a customer asked for."""

    __tablename__ = "sales_order"
    read_permission = "sales.read"
    warehouse_columns = ("warehouse_id",)
    open_while = (
        SalesOrderStatus.DRAFT,
        SalesOrderStatus.CONFIRMED,
        SalesOrderStatus.ALLOCATED,
        SalesOrderStatus.PART_SHIPPED,
    )

    number: Mapped[str | None] = mapped_column(String(30))
    channel_id: Mapped[UUID]
    external_number: Mapped[str | None] = mapped_column(String(60))  # the channel's own number
    customer_id: Mapped[UUID | None]  # None: a consumer whom the channel did not name
    distributor_id: Mapped[UUID | None]  # who earns commission on it
    warehouse_id: Mapped[UUID]  # ships from
    ordered_on: Mapped[date]
    due_on: Mapped[date]
    priority: Mapped[int] = mapped_column(default=3)  # 1 first ... 5 last
    currency: Mapped[str] = mapped_column(String(3))
    ship_to: Mapped[str] = mapped_column(String(600), default="")
    note: Mapped[str] = mapped_column(String(1000), default="")
    freight: Mapped[Money]  # charged to the customer
    status: Mapped[str] = mapped_column(String(20))
    total: Mapped[Money]  # sum of the lines' amounts and freight
    entered_by: Mapped[UUID | None]
    revived_tick: Mapped[int | None] = mapped_column(BigInteger)  # written again after desks may have let go of it

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("channel_id", "channel"),
            belongs_to("warehouse_id", "warehouse"),
            UniqueConstraint("company_id", "channel_id", "external_number"),
            Index(None, "company_id", "ordered_on", "id"),
            Index(None, "company_id", "number"),
            Index(None, "company_id", "status"),
            Index(None, "company_id", "customer_id"),
        )


class SalesOrderLine(InUnit, Replicated):
    __tablename__ = "sales_order_line"
    read_permission = "sales.read"
    part_of = ("order_id", "sales_order")

    order_id: Mapped[UUID]
    line_no: Mapped[int]
    product_id: Mapped[UUID]
    qty: Mapped[Qty]  # stock units
    unit_price: Mapped[UnitPrice]  # of one of the line's unit
    discount: Mapped[Rate]  # 0.05 = 5 %
    amount: Mapped[Money]  # quantity in that unit x unit_price x (1 - discount), rounded to the minor unit
    allocated_qty: Mapped[Qty]
    shipped_qty: Mapped[Qty]
    invoiced_qty: Mapped[Qty]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("order_id", "sales_order"),
            belongs_to("product_id", "product"),
            *cls.unit_rules(),
            CheckConstraint("qty > 0", name="qty_positive"),
            CheckConstraint("unit_price >= 0", name="price_not_negative"),
            CheckConstraint("allocated_qty >= 0 AND shipped_qty >= 0", name="progress_not_negative"),
            CheckConstraint("allocated_qty + shipped_qty <= qty", name="progress_within_ordered"),
            Index(None, "company_id", "order_id", "line_no"),
        )


class Allocation(Replicated):
    """Stock in a bin that is promised to an order line. It is gone once shipped or released (`qty` 0).

    Of a product that is kept by lots, any lot in the bin: which one leaves is chosen when it is shipped.
    """

    __tablename__ = "allocation"
    read_permission = "goods.read"
    warehouse_columns = ("warehouse_id",)
    kept_with = ("order_id", "sales_order")

    order_id: Mapped[UUID]
    order_line_id: Mapped[UUID]
    product_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    bin_id: Mapped[UUID]
    qty: Mapped[Qty]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("order_line_id", "sales_order_line"),
            CheckConstraint("qty >= 0", name="qty_not_negative"),
            UniqueConstraint("company_id", "order_line_id", "bin_id"),
            Index(None, "company_id", "order_id"),
        )


class Shipment(Replicated):
    """A parcel that left the house, with its carrier. Posted as soon as it is performed.

    In a company that posts revenue at delivery its goods are the company's, goods dispatched, until `under_way_until`.
    """

    __tablename__ = "shipment"
    read_permission = "goods.read"
    warehouse_columns = ("warehouse_id",)
    kept_with = ("order_id", "sales_order")

    number: Mapped[str | None] = mapped_column(String(30))
    order_id: Mapped[UUID]
    customer_id: Mapped[UUID | None]
    warehouse_id: Mapped[UUID]
    carrier_id: Mapped[UUID | None]
    tracking_number: Mapped[str] = mapped_column(String(80), default="")
    shipped_on: Mapped[date]
    delivered_on: Mapped[date | None]  # when the customer had the goods; None: still under way, or nobody said
    under_way_until: Mapped[date | None]  # when they were delivered, or the last of them came back undelivered
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("order_id", "sales_order"),
            belongs_to("warehouse_id", "warehouse"),
            CheckConstraint("delivered_on >= shipped_on", name="delivered_after_shipped"),
            Index(None, "company_id", "order_id"),
            Index(None, "company_id", "shipped_on", "id"),
            CheckConstraint(
                "delivered_on IS NULL OR coalesce(delivered_on = under_way_until, false)",
                name="under_way_until_delivered",
            ),
            Index(None, "company_id", "under_way_until"),
        )


class ShipmentLine(Replicated):
    __tablename__ = "shipment_line"
    read_permission = "goods.read"
    part_of = ("shipment_id", "shipment")

    shipment_id: Mapped[UUID]
    line_no: Mapped[int]
    order_line_id: Mapped[UUID]
    product_id: Mapped[UUID]
    lot_id: Mapped[UUID | None]  # of a product that is kept by lot or serial number
    bin_id: Mapped[UUID]
    qty: Mapped[Qty]
    returned_qty: Mapped[Qty]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("shipment_id", "shipment"),
            belongs_to("order_line_id", "sales_order_line"),
            belongs_to("product_id", "product"),
            CheckConstraint("qty > 0", name="qty_positive"),
            CheckConstraint("returned_qty BETWEEN 0 AND qty", name="returned_within_shipped"),
            Index(None, "company_id", "shipment_id", "line_no"),
            Index(None, "company_id", "order_line_id"),
        )


class SalesInvoice(Replicated):
    """What a customer owes for shipped goods. In a company that posts revenue at shipment or delivery these make it."""

    __tablename__ = "sales_invoice"
    read_permission = "sales.read"
    part_of = ("order_id", "sales_order")

    number: Mapped[str | None] = mapped_column(String(30))
    order_id: Mapped[UUID]
    customer_id: Mapped[UUID | None]
    invoiced_on: Mapped[date]
    due_on: Mapped[date]
    total: Mapped[Money]
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("order_id", "sales_order"),
            Index(None, "company_id", "order_id"),
            Index(None, "company_id", "invoiced_on", "id"),
        )


class SalesInvoiceLine(Replicated):
    __tablename__ = "sales_invoice_line"
    read_permission = "sales.read"
    part_of = ("invoice_id", "sales_invoice")

    invoice_id: Mapped[UUID]
    line_no: Mapped[int]
    order_line_id: Mapped[UUID | None]  # None: freight
    product_id: Mapped[UUID | None]
    qty: Mapped[Qty]
    amount: Mapped[Money]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (belongs_to("invoice_id", "sales_invoice"), Index(None, "company_id", "invoice_id", "line_no"))


class ReturnStatus(StrEnum):
    ANNOUNCED = "announced"  # a channel says that goods come back; nothing moved yet
    RECEIVED = "received"  # the announced goods came: a posted return of its own says what
    CLOSED = "closed"  # the announced goods will not come
    POSTED = "posted"


class CustomerReturn(Replicated):
    """Goods that a customer sent back, or that a channel announced as coming back.

    Posted without a shipment: nobody knows which one it was, and the goods came in at current cost (costing.md, rule 5).
    An announced return stays as it was announced; the posted one names it by `announced_id`.
    """

    __tablename__ = "customer_return"
    read_permission = "sales.read"
    warehouse_columns = ("warehouse_id",)
    open_while = (ReturnStatus.ANNOUNCED,)
    kept_with = ("shipment_id", "shipment")

    number: Mapped[str | None] = mapped_column(String(30))
    channel_id: Mapped[UUID | None]
    external_number: Mapped[str | None] = mapped_column(String(60))
    shipment_id: Mapped[UUID | None]  # None: nobody knows which
    customer_id: Mapped[UUID | None]
    warehouse_id: Mapped[UUID]
    returned_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200), default="")
    total: Mapped[Money]  # credited to the customer
    was_under_way: Mapped[bool] = mapped_column(default=False)  # goods that had not been delivered: nothing is credited
    announced_id: Mapped[UUID | None]  # the announced return that these goods came for
    closed_on: Mapped[date | None]  # an announced return whose goods will not come
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("warehouse_id", "warehouse"),
            belongs_to("announced_id", "customer_return"),
            UniqueConstraint("company_id", "channel_id", "external_number"),
            Index(None, "company_id", "returned_on", "id"),
            Index(None, "company_id", "announced_id"),
        )


class CustomerReturnLine(Replicated):
    __tablename__ = "customer_return_line"
    read_permission = "sales.read"
    part_of = ("return_id", "customer_return")

    return_id: Mapped[UUID]
    line_no: Mapped[int]
    shipment_line_id: Mapped[UUID | None]
    product_id: Mapped[UUID]
    lot_id: Mapped[UUID | None]  # the one that had left
    bin_id: Mapped[UUID | None]  # where it was put back; None while only announced
    qty: Mapped[Qty]
    unit_price: Mapped[UnitPrice]
    amount: Mapped[Money]
    is_scrapped: Mapped[bool] = mapped_column(default=False)  # of no use any more: it left again at once

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("return_id", "customer_return"),
            belongs_to("product_id", "product"),
            CheckConstraint("qty > 0", name="qty_positive"),
            Index(None, "company_id", "return_id", "line_no"),
            Index(None, "company_id", "product_id", "is_scrapped"),
        )
