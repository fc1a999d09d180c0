"""Where goods are, and every quantity that ever moved."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import Replicated, belongs_to, read_by
from erp_desktop.models.types import Qty, String, UnitCost


class Warehouse(Replicated):
    """A building that holds stock, or the one place per company where goods are that go from one to another."""

    __tablename__ = "warehouse"
    read_permission = "master.read"

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(400), default="")
    receiving_bin_id: Mapped[UUID | None]  # where counted goods go unless another bin is named
    allows_negative: Mapped[bool] = mapped_column(default=False)  # goods may leave before they are booked in
    is_transit: Mapped[bool] = mapped_column(default=False)  # goods on the way: only transfers go through it
    is_active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"),)


class Bin(Replicated):
    """One place in a warehouse."""

    __tablename__ = "bin"
    read_permission = "master.read"

    warehouse_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(String(40))
    zone: Mapped[str] = mapped_column(String(40), default="")
    is_active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (belongs_to("warehouse_id", "warehouse"), UniqueConstraint("company_id", "warehouse_id", "code"))


class Lot(Replicated):
    """A batch of a product that is told apart from others, or one piece by its serial number.

    Its id derives from product and code (`lot_id_of`), so desk and centre make the same row.
    """

    __tablename__ = "lot"
    read_permission = "goods.read"

    product_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(String(80))  # lot or serial number
    arrived_on: Mapped[date]  # the day it first came in
    expires_on: Mapped[date | None]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (belongs_to("product_id", "product"), UniqueConstraint("company_id", "product_id", "code"))


class MoveKind(StrEnum):
    """Why a quantity moved."""

    RECEIPT = "receipt"
    SHIPMENT = "shipment"
    CUSTOMER_RETURN = "customer_return"
    SUPPLIER_RETURN = "supplier_return"
    COUNT_GAIN = "count_gain"
    COUNT_LOSS = "count_loss"
    SCRAP = "scrap"
    TRANSFER = "transfer"
    OPENING = "opening"


class StockMove(Replicated):
    """One quantity of one product going from place to place. Never edited once posted: put right by a reverse move.

    A missing `from_bin_id` means from outside the company (supplier, customer, count), a missing `to_bin_id` out of it.
    """

    __tablename__ = "stock_move"
    read_permission = "goods.read"
    warehouse_columns = ("from_warehouse_id", "to_warehouse_id")
    kept_with_documents = (
        "customer_return",
        "goods_receipt",
        "goods_transfer",
        "shipment",
        "stock_count",
        "stock_scrap",
        "supplier_return",
    )

    product_id: Mapped[UUID]
    lot_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(20))
    moved_on: Mapped[date]  # business date, in the company's time zone
    qty: Mapped[Qty]  # stock units
    from_warehouse_id: Mapped[UUID | None]
    from_bin_id: Mapped[UUID | None]
    to_warehouse_id: Mapped[UUID | None]
    to_bin_id: Mapped[UUID | None]
    document_kind: Mapped[str] = mapped_column(String(40))  # table name of the document that moved it
    document_id: Mapped[UUID]
    line_id: Mapped[UUID]  # its line
    line_no: Mapped[int]  # order of the moves of one document
    returns_move_id: Mapped[UUID | None]  # the move that this one takes back

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("product_id", "product"),
            CheckConstraint("qty > 0", name="qty_positive"),
            Index(None, "company_id", "moved_on", "id"),
            Index(None, "company_id", "product_id", "moved_on", "qty"),  # a list's total is read here, not in the table
            Index(None, "company_id", "document_id"),
            Index(None, "company_id", "returns_move_id"),
        )


class StockBalance(Replicated):
    """Quantity of a product (of one lot, where it is kept by lots) in a bin, kept by every action that moves or allocates it.

    Of a product that is kept by lots, the row without a lot has nothing on hand: it carries what is allocated in the bin.
    Its id derives from product, bin and lot (`stock_balance_id`), so desk and centre make the same row.
    """

    __tablename__ = "stock_balance"
    read_permission = "goods.read"
    warehouse_columns = ("warehouse_id",)

    product_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    bin_id: Mapped[UUID]
    lot_id: Mapped[UUID | None]
    on_hand: Mapped[Qty]
    allocated: Mapped[Qty]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("product_id", "product"),
            belongs_to("bin_id", "bin"),
            CheckConstraint("allocated >= 0", name="allocated_not_negative"),
            UniqueConstraint("company_id", "product_id", "bin_id", "lot_id"),
            Index(None, "company_id", "warehouse_id", "product_id"),
        )


class StockCount(Replicated):
    """A count of what is really there, posted: the differences moved stock. Opening stock is a count of a new company."""

    __tablename__ = "stock_count"
    read_permission = "goods.read"
    warehouse_columns = ("warehouse_id",)
    open_while = ()

    number: Mapped[str | None] = mapped_column(String(30))
    warehouse_id: Mapped[UUID]
    counted_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200), default="")
    is_opening: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (belongs_to("warehouse_id", "warehouse"),)


class StockCountLine(Replicated):
    """What was expected in a bin and what was found."""

    __tablename__ = "stock_count_line"
    read_permission = "goods.read"
    part_of = ("count_id", "stock_count")

    count_id: Mapped[UUID]
    line_no: Mapped[int]
    product_id: Mapped[UUID]
    bin_id: Mapped[UUID]
    lot_id: Mapped[UUID | None]
    expected_qty: Mapped[Qty]
    counted_qty: Mapped[Qty]
    # stated for a gain; None: current cost
    unit_cost: Mapped[UnitCost | None] = read_by("cost.read")

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("count_id", "stock_count"),
            belongs_to("product_id", "product"),
            Index(None, "company_id", "count_id"),
        )


class TransferStatus(StrEnum):
    """How far a transfer has come."""

    DISPATCHED = "dispatched"
    PART_RECEIVED = "part_received"
    RECEIVED = "received"
    CLOSED_SHORT = "closed_short"  # what had not arrived was written off


class GoodsTransfer(Replicated):
    """Goods on their way from one warehouse to another: dispatched, in transit, and taken in in one or several parts.

    Every move of it names it as its document: out of the bins, into the bins, and what was lost on the way.
    """

    __tablename__ = "goods_transfer"
    read_permission = "goods.read"
    warehouse_columns = ("from_warehouse_id", "to_warehouse_id")
    open_while = (TransferStatus.DISPATCHED, TransferStatus.PART_RECEIVED)

    number: Mapped[str | None] = mapped_column(String(30))
    from_warehouse_id: Mapped[UUID]
    to_warehouse_id: Mapped[UUID]
    dispatched_on: Mapped[date]
    expected_on: Mapped[date | None]
    carrier_id: Mapped[UUID | None]
    tracking_number: Mapped[str] = mapped_column(String(80), default="")
    closed_on: Mapped[date | None]  # the day on which what had not arrived was written off
    close_reason: Mapped[str] = mapped_column(String(200), default="")
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("from_warehouse_id", "warehouse"),
            belongs_to("to_warehouse_id", "warehouse"),
            Index(None, "company_id", "dispatched_on", "id"),
        )


class GoodsTransferLine(Replicated):
    """A product (one lot of it) taken from a bin; what is in transit is `qty - received_qty - lost_qty`, in stock units."""

    __tablename__ = "goods_transfer_line"
    read_permission = "goods.read"
    part_of = ("transfer_id", "goods_transfer")

    transfer_id: Mapped[UUID]
    line_no: Mapped[int]
    product_id: Mapped[UUID]
    lot_id: Mapped[UUID | None]
    from_bin_id: Mapped[UUID]
    qty: Mapped[Qty]
    received_qty: Mapped[Qty]
    lost_qty: Mapped[Qty]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("transfer_id", "goods_transfer"),
            belongs_to("product_id", "product"),
            CheckConstraint("qty > 0", name="qty_positive"),
            CheckConstraint("received_qty + lost_qty <= qty", name="no_more_than_left"),
            Index(None, "company_id", "transfer_id"),
        )


class StockScrap(Replicated):
    """Goods in stock that are of no use any more and were thrown away. Posted at once, never changed."""

    __tablename__ = "stock_scrap"
    read_permission = "goods.read"
    warehouse_columns = ("warehouse_id",)
    open_while = ()

    number: Mapped[str | None] = mapped_column(String(30))
    warehouse_id: Mapped[UUID]
    scrapped_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200), default="")
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (belongs_to("warehouse_id", "warehouse"), Index(None, "company_id", "scrapped_on"))


class StockScrapLine(Replicated):
    """What was thrown away of one product (one lot of it) in a bin, and why if the lines differ in that."""

    __tablename__ = "stock_scrap_line"
    read_permission = "goods.read"
    part_of = ("scrap_id", "stock_scrap")

    scrap_id: Mapped[UUID]
    line_no: Mapped[int]
    product_id: Mapped[UUID]
    bin_id: Mapped[UUID]
    lot_id: Mapped[UUID | None]
    qty: Mapped[Qty]
    reason: Mapped[str] = mapped_column(String(200), default="")

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("scrap_id", "stock_scrap"),
            belongs_to("product_id", "product"),
            CheckConstraint("qty > 0", name="qty_positive"),
            Index(None, "company_id", "scrap_id"),
            Index(None, "company_id", "product_id"),
        )
