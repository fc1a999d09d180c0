"""Buying: purchase orders, goods receipts, what went back to suppliers, and what receipts turned out to cost."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import Replicated, belongs_to, price_of_a_supplier
from erp_desktop.models.product import InUnit
from erp_desktop.models.types import Money, Qty, Rate, String, UnitPrice
from erp_desktop.numbers import ONE, ZERO


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
    warehouse_columns = ("warehouse_id",)
    open_while = (PurchaseOrderStatus.DRAFT, PurchaseOrderStatus.CONFIRMED, PurchaseOrderStatus.PART_RECEIVED)

    number: Mapped[str | None] = mapped_column(String(30))  # given by the centre; None while only a desk knows it
    supplier_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]  # where it is to be delivered
    ordered_on: Mapped[date]
    due_on: Mapped[date]
    currency: Mapped[str] = mapped_column(String(3))
    reference: Mapped[str] = mapped_column(String(100), default="")  # the supplier's own number
    note: Mapped[str] = mapped_column(String(1000), default="")
    status: Mapped[str] = mapped_column(String(20))
    total: Mapped[Money] = price_of_a_supplier()  # sum of the lines' amounts
    raised_by: Mapped[UUID | None]
    revived_tick: Mapped[int | None] = mapped_column(BigInteger)  # written again after desks may have let go of it

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("supplier_id", "party"),
            belongs_to("warehouse_id", "warehouse"),
            Index(None, "company_id", "ordered_on", "id"),
            Index(None, "company_id", "number"),
            Index(None, "company_id", "status"),
        )


class PurchaseOrderLine(InUnit, Replicated):
    __tablename__ = "purchase_order_line"
    read_permission = "purchasing.read"
    part_of = ("order_id", "purchase_order")

    order_id: Mapped[UUID]
    line_no: Mapped[int]
    product_id: Mapped[UUID]
    qty: Mapped[Qty]  # stock units
    unit_price: Mapped[UnitPrice] = price_of_a_supplier()  # of one of the line's unit
    # quantity in that unit x unit_price, rounded to the minor unit of the order's currency
    amount: Mapped[Money] = price_of_a_supplier()
    received_qty: Mapped[Qty]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("order_id", "purchase_order"),
            belongs_to("product_id", "product"),
            *cls.unit_rules(),
            CheckConstraint("qty > 0", name="qty_positive"),
            CheckConstraint("unit_price >= 0", name="price_not_negative"),
            CheckConstraint("received_qty BETWEEN 0 AND qty", name="received_within_ordered"),
            Index(None, "company_id", "order_id", "line_no"),
        )


class GoodsReceipt(Replicated):
    """Stock that arrived against a purchase order, counted at the dock. Posted as soon as it is performed."""

    __tablename__ = "goods_receipt"
    read_permission = "goods.read"
    warehouse_columns = ("warehouse_id",)
    kept_with = ("order_id", "purchase_order")

    number: Mapped[str | None] = mapped_column(String(30))
    order_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    received_on: Mapped[date]
    delivery_note: Mapped[str] = mapped_column(String(100), default="")  # the supplier's paper
    currency: Mapped[str] = mapped_column(String(3))  # the order's
    rate: Mapped[Rate] = mapped_column(default=ONE)  # company currency for one unit of it, at which stock was taken in
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
    part_of = ("receipt_id", "goods_receipt")

    receipt_id: Mapped[UUID]
    line_no: Mapped[int]
    order_line_id: Mapped[UUID]
    product_id: Mapped[UUID]
    lot_id: Mapped[UUID | None]  # of a product that is kept by lot or serial number
    bin_id: Mapped[UUID]
    qty: Mapped[Qty]
    returned_qty: Mapped[Qty] = mapped_column(default=ZERO)  # sent back to the supplier

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("receipt_id", "goods_receipt"),
            belongs_to("order_line_id", "purchase_order_line"),
            belongs_to("product_id", "product"),
            CheckConstraint("qty > 0", name="qty_positive"),
            CheckConstraint("returned_qty BETWEEN 0 AND qty", name="returned_within_received"),
            Index(None, "company_id", "receipt_id", "line_no"),
            Index(None, "company_id", "order_line_id"),
        )


class SupplierReturn(Replicated):
    """Goods of one receipt that went back to their supplier. Posted as soon as it is performed."""

    __tablename__ = "supplier_return"
    read_permission = "purchasing.read"
    warehouse_columns = ("warehouse_id",)
    kept_with = ("receipt_id", "goods_receipt")

    number: Mapped[str | None] = mapped_column(String(30))
    receipt_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    returned_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200), default="")
    reference: Mapped[str] = mapped_column(String(100), default="")  # the supplier's credit note
    is_invoiced: Mapped[bool] = mapped_column(
        default=False
    )  # the credit lowers what is payable, else what is not invoiced
    currency: Mapped[str] = mapped_column(String(3))  # the order's
    rate: Mapped[Rate] = mapped_column(default=ONE)  # company currency for one unit of it, at which it is credited
    total: Mapped[Money] = price_of_a_supplier()  # what the supplier credits: the sum of the lines' amounts
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("receipt_id", "goods_receipt"),
            belongs_to("warehouse_id", "warehouse"),
            Index(None, "company_id", "receipt_id"),
            Index(None, "company_id", "returned_on", "id"),
        )


class SupplierReturnLine(Replicated):
    __tablename__ = "supplier_return_line"
    read_permission = "purchasing.read"
    part_of = ("return_id", "supplier_return")

    return_id: Mapped[UUID]
    line_no: Mapped[int]
    receipt_line_id: Mapped[UUID]
    product_id: Mapped[UUID]
    lot_id: Mapped[UUID | None]  # the one that had come
    bin_id: Mapped[UUID]
    qty: Mapped[Qty]  # stock units
    # what the supplier credits for one of the unit that it was ordered in
    unit_price: Mapped[UnitPrice] = price_of_a_supplier()
    # quantity in that unit x unit_price, rounded to the minor unit of the return's currency
    amount: Mapped[Money] = price_of_a_supplier()
    value: Mapped[Money] = price_of_a_supplier()  # the amount in company currency at the return's rate
    # what of it comes from a rate other than the receipt's: a gain
    exchange_difference: Mapped[Money] = price_of_a_supplier()

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("return_id", "supplier_return"),
            belongs_to("receipt_line_id", "goods_receipt_line"),
            belongs_to("product_id", "product"),
            CheckConstraint("qty > 0", name="qty_positive"),
            CheckConstraint("unit_price >= 0", name="price_not_negative"),
            Index(None, "company_id", "return_id", "line_no"),
            Index(None, "company_id", "receipt_line_id"),
        )


class LandedCost(Replicated):
    """Freight, duty, insurance or handling that belongs in the value of received goods (IAS 2.11).

    A negative amount is a credit note for the landed cost that `credits_id` names.
    """

    __tablename__ = "landed_cost"
    read_permission = "cost.read"

    number: Mapped[str | None] = mapped_column(String(30))
    kind: Mapped[str] = mapped_column(String(20))  # freight, duty, insurance, handling
    supplier_id: Mapped[UUID | None]  # who bills it
    dated_on: Mapped[date]
    amount: Mapped[Money]  # in company currency: what is shared
    currency: Mapped[str] = mapped_column(String(3))  # of the bill
    rate: Mapped[Rate] = mapped_column(default=ONE)  # company currency for one unit of it
    amount_in_currency: Mapped[Money]  # as it is billed
    basis: Mapped[str] = mapped_column(String(20))  # value, qty, weight, volume, equal, manual
    credits_id: Mapped[UUID | None]
    reference: Mapped[str] = mapped_column(String(100), default="")
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            CheckConstraint("amount > 0 OR credits_id IS NOT NULL", name="only_a_credit_is_negative"),
            Index(None, "company_id", "credits_id"),
        )


class LandedCostShare(Replicated):
    """What one receipt line bears of a landed cost, and where it was posted: to what was on hand, and for what had left to where
    that had gone."""

    __tablename__ = "landed_cost_share"
    read_permission = "cost.read"

    landed_cost_id: Mapped[UUID]
    line_no: Mapped[int]
    receipt_line_id: Mapped[UUID]
    amount: Mapped[Money]
    to_inventory: Mapped[Money]
    to_goods_dispatched: Mapped[Money]
    to_cost_of_sales: Mapped[Money]
    to_variance: Mapped[Money]
    to_scrap_loss: Mapped[Money]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("landed_cost_id", "landed_cost"),
            belongs_to("receipt_line_id", "goods_receipt_line"),
            Index(None, "company_id", "landed_cost_id"),
            Index(None, "company_id", "receipt_line_id"),
        )


class PriceCorrection(Replicated):
    """Lines of a goods receipt turned out to cost another price, as the supplier's late invoice or credit note says."""

    __tablename__ = "price_correction"
    read_permission = "cost.read"

    number: Mapped[str | None] = mapped_column(String(30))
    receipt_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    dated_on: Mapped[date]
    invoice_number: Mapped[str] = mapped_column(String(100), default="")
    invoiced_on: Mapped[date | None]  # the date on the supplier's invoice
    currency: Mapped[str] = mapped_column(String(3))  # the order's
    rate: Mapped[Rate] = mapped_column(default=ONE)  # company currency for one unit of it, at which it is invoiced
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (belongs_to("receipt_id", "goods_receipt"), Index(None, "company_id", "receipt_id"))


class PriceCorrectionLine(Replicated):
    """One receipt line's price before and after, of the unit that it was ordered in and in the receipt's currency, and where
    the difference fell. All but `unit_price` is the centre's."""

    __tablename__ = "price_correction_line"
    read_permission = "cost.read"

    correction_id: Mapped[UUID]
    line_no: Mapped[int]
    receipt_line_id: Mapped[UUID]
    product_id: Mapped[UUID]
    price_before: Mapped[UnitPrice | None]
    unit_price: Mapped[UnitPrice]
    amount_difference: Mapped[Money | None]  # of the price, in the receipt's currency
    difference: Mapped[Money | None]  # the same in company currency, at the receipt's rate
    to_inventory: Mapped[Money | None]
    to_goods_dispatched: Mapped[Money | None]
    to_cost_of_sales: Mapped[Money | None]
    to_variance: Mapped[Money | None]
    to_scrap_loss: Mapped[Money | None]
    exchange_difference: Mapped[Money | None]  # what comes from another rate than the receipt's: a loss

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("correction_id", "price_correction"),
            belongs_to("receipt_line_id", "goods_receipt_line"),
            belongs_to("product_id", "product"),
            CheckConstraint("unit_price >= 0", name="price_not_negative"),
            Index(None, "company_id", "correction_id", "line_no"),
            Index(None, "company_id", "receipt_line_id"),
        )
