"""Buying: purchase orders, goods receipts and the landed cost of receipts."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import Replicated, belongs_to
from erp_desktop.models.types import Money, Qty, String, UnitPrice


class PurchaseOrderStatus(StrEnum):
    DRAFT = "draft"
    CONFIRMED = "confirmed"
    PART_RECEIVED = "part_received"
    RECEIVED = "received"
    CANCELLED = "cancelled"


class PurchaseOrder(Replicated):
    """What the company asked a supplier to deliver."""

    __tablename__ = "purchase_order"
    read_permission = "purchasing.read"

    number: Mapped[str | None] = mapped_column(String(30))  # given by the centre; None while only a desk knows it
    supplier_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]  # where it is to be delivered
    ordered_on: Mapped[date]
    due_on: Mapped[date]
    currency: Mapped[str] = mapped_column(String(3))
    reference: Mapped[str] = mapped_column(String(100), default="")  # the supplier's own number
    note: Mapped[str] = mapped_column(String(1000), default="")
    status: Mapped[str] = mapped_column(String(20))
    total: Mapped[Money]  # sum of the lines' amounts
    raised_by: Mapped[UUID | None]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("supplier_id", "party"),
            belongs_to("warehouse_id", "warehouse"),
            Index(None, "company_id", "ordered_on", "id"),
            Index(None, "company_id", "number"),
            Index(None, "company_id", "status"),
        )


class PurchaseOrderLine(Replicated):
    __tablename__ = "purchase_order_line"
    read_permission = "purchasing.read"

    order_id: Mapped[UUID]
    line_no: Mapped[int]
    product_id: Mapped[UUID]
    qty: Mapped[Qty]  # stock units
    unit_price: Mapped[UnitPrice]  # of one stock unit
    amount: Mapped[Money]  # qty x unit_price, rounded to the minor unit
    received_qty: Mapped[Qty]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("order_id", "purchase_order"),
            belongs_to("product_id", "product"),
            CheckConstraint("qty > 0", name="qty_positive"),
            CheckConstraint("unit_price >= 0", name="price_not_negative"),
            CheckConstraint("received_qty BETWEEN 0 AND qty", name="received_within_ordered"),
            Index(None, "company_id", "order_id", "line_no"),
        )


class GoodsReceipt(Replicated):
    """Stock that arrived against a purchase order, counted at the dock. Posted as soon as it is performed."""

    __tablename__ = "goods_receipt"
    read_permission = "goods.read"

    number: Mapped[str | None] = mapped_column(String(30))
    order_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    received_on: Mapped[date]
    delivery_note: Mapped[str] = mapped_column(String(100), default="")  # the supplier's paper
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("order_id", "purchase_order"),
            belongs_to("warehouse_id", "warehouse"),
            Index(None, "company_id", "order_id"),
            Index(None, "company_id", "received_on", "id"),
        )


class GoodsReceiptLine(Replicated):
    __tablename__ = "goods_receipt_line"
    read_permission = "goods.read"

    receipt_id: Mapped[UUID]
    line_no: Mapped[int]
    order_line_id: Mapped[UUID]
    product_id: Mapped[UUID]
    bin_id: Mapped[UUID]
    qty: Mapped[Qty]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("receipt_id", "goods_receipt"),
            belongs_to("order_line_id", "purchase_order_line"),
            belongs_to("product_id", "product"),
            CheckConstraint("qty > 0", name="qty_positive"),
            Index(None, "company_id", "receipt_id", "line_no"),
            Index(None, "company_id", "order_line_id"),
        )


class LandedCost(Replicated):
    """Freight, duty, insurance or handling that belongs in the value of received goods (IAS 2.11)."""

    __tablename__ = "landed_cost"
    read_permission = "cost.read"

    number: Mapped[str | None] = mapped_column(String(30))
    kind: Mapped[str] = mapped_column(String(20))  # freight, duty, insurance, handling
    supplier_id: Mapped[UUID | None]  # who bills it
    dated_on: Mapped[date]
    amount: Mapped[Money]
    basis: Mapped[str] = mapped_column(String(20))  # value, qty, weight, volume, equal
    reference: Mapped[str] = mapped_column(String(100), default="")
    status: Mapped[str] = mapped_column(String(20))


class LandedCostShare(Replicated):
    """What one receipt line bears of a landed cost, and how it fell: on what was on hand, on what was issued."""

    __tablename__ = "landed_cost_share"
    read_permission = "cost.read"

    landed_cost_id: Mapped[UUID]
    line_no: Mapped[int]
    receipt_line_id: Mapped[UUID]
    amount: Mapped[Money]
    to_inventory: Mapped[Money]
    to_cost_of_sales: Mapped[Money]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("landed_cost_id", "landed_cost"),
            belongs_to("receipt_line_id", "goods_receipt_line"),
            Index(None, "company_id", "landed_cost_id"),
            Index(None, "company_id", "receipt_line_id"),
        )
