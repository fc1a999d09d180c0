"""What stock is worth, per cost book. Written at the centre only; desks that may see costs receive it with a pull.

value in = value out + value on hand + value expensed, to the cent, in every pool at every moment (costing.md, rule 1).
"""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import Replicated, belongs_to
from erp_desktop.models.types import Money, Qty, String, UnitCost


class CostBook(Replicated):
    """One costing method over the company's moves; exactly one book posts to the ledger."""

    __tablename__ = "cost_book"
    read_permission = "cost.read"

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(100))
    name_zh: Mapped[str] = mapped_column(String(100), default="")
    method: Mapped[str] = mapped_column(String(20))  # fifo, moving_average, ...; a category may name its own
    posts_to_ledger: Mapped[bool]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"),)


class CostPool(Replicated):
    """What is costed together: a product in a book, in one warehouse or in the whole company. id derives from those."""

    __tablename__ = "cost_pool"
    read_permission = "cost.read"

    book_id: Mapped[UUID]
    product_id: Mapped[UUID]
    warehouse_id: Mapped[UUID | None]  # None: the whole company
    method: Mapped[str] = mapped_column(String(20))
    on_hand: Mapped[Qty]
    value: Mapped[Money]
    last_unit_cost: Mapped[UnitCost | None]  # for display and for gains without a stated cost
    last_moved_on: Mapped[date | None]  # a move dated before it re-costs from there

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("book_id", "cost_book"),
            belongs_to("product_id", "product"),
            CheckConstraint("on_hand <> 0 OR value = 0", name="no_value_without_stock"),
            Index(None, "company_id", "book_id", "product_id"),
        )


class CostLayer(Replicated):
    """What is left of a receipt: quantity and value. An average pool has one layer that receipts join."""

    __tablename__ = "cost_layer"
    read_permission = "cost.read"

    pool_id: Mapped[UUID]
    dated_on: Mapped[date]
    seq: Mapped[int] = mapped_column(BigInteger)  # place in the queue within the pool
    move_id: Mapped[UUID]  # the move that opened it
    qty_in: Mapped[Qty]
    value_in: Mapped[Money]  # at receipt
    qty_left: Mapped[Qty]
    value_left: Mapped[Money]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("pool_id", "cost_pool"),
            CheckConstraint("qty_left <> 0 OR value_left = 0", name="no_value_without_stock"),
            Index(None, "company_id", "pool_id", "seq"),
            Index(None, "company_id", "move_id"),
        )


class MoveCost(Replicated):
    """The cost of a move in a book as it was posted, signed as it changed the pool. Never rewritten: see CostAdjustment.

    `dated_on` and `seq` give the order in which the pool's moves count (business date, tick, line).
    """

    __tablename__ = "move_cost"
    read_permission = "cost.read"

    pool_id: Mapped[UUID]
    product_id: Mapped[UUID]
    move_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    dated_on: Mapped[date]
    seq: Mapped[int] = mapped_column(BigInteger)  # order of entry within the pool
    qty: Mapped[Qty]  # positive into the pool
    cost: Mapped[Money]  # positive into the pool

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("pool_id", "cost_pool"),
            Index(None, "company_id", "pool_id", "dated_on", "seq"),
            Index(None, "company_id", "pool_id", "seq"),
            Index(None, "company_id", "move_id"),
            Index(None, "company_id", "product_id", "dated_on"),
        )


class CostEdge(Replicated):
    """A consumption edge: how much of which layer an issue took, and at what value. Returns and corrections follow it."""

    __tablename__ = "cost_edge"
    read_permission = "cost.read"

    pool_id: Mapped[UUID]
    issue_move_id: Mapped[UUID]
    layer_id: Mapped[UUID]
    qty: Mapped[Qty]
    value: Mapped[Money]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("pool_id", "cost_pool"),
            Index(None, "company_id", "pool_id"),
            Index(None, "company_id", "issue_move_id"),
            Index(None, "company_id", "layer_id"),
        )


class AdjustmentKind(StrEnum):
    LANDED_COST = "landed_cost"
    RECEIPT_PRICE = "receipt_price"  # an invoice differs from the receipt, or its price was corrected
    BACK_DATED = "back_dated"  # a move entered late re-costed what follows it


class CostAdjustment(Replicated):
    """A later change of value without quantity: to stock on hand (`layer_id`), or to a move already costed (`move_id`).

    `amount` is signed as it changed the pool for `to_inventory`, and as it changed cost of sales otherwise.
    """

    __tablename__ = "cost_adjustment"
    read_permission = "cost.read"

    pool_id: Mapped[UUID]
    product_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    dated_on: Mapped[date]  # where it is posted: the first open period
    document_kind: Mapped[str] = mapped_column(String(40))
    document_id: Mapped[UUID]
    line_id: Mapped[UUID]  # the receipt line that the value belongs to
    layer_id: Mapped[UUID | None]
    move_id: Mapped[UUID | None]  # the issue that it corrects
    to_inventory: Mapped[Money]  # change of value on hand
    to_cost_of_sales: Mapped[Money]  # expensed

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("pool_id", "cost_pool"),
            Index(None, "company_id", "pool_id", "dated_on"),
            Index(None, "company_id", "line_id"),
            Index(None, "company_id", "move_id"),
            Index(None, "company_id", "product_id", "dated_on"),
        )
