"""Documents that change what stock is worth without moving any: revaluations, write-downs, new standard costs.

The desk writes what people state; the figures below "centre" are worked out and filled in there, in the book that posts.
"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import Replicated, belongs_to
from erp_desktop.models.types import Money, Qty, String, UnitCost


class StockRevaluation(Replicated):
    """Stock on hand gets another value, in every cost book (costing.md, rule 9). Posted at once, never changed."""

    __tablename__ = "stock_revaluation"
    read_permission = "cost.read"

    number: Mapped[str | None] = mapped_column(String(30))
    dated_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (Index(None, "company_id", "dated_on"),)


class StockRevaluationLine(Replicated):
    """The stock of one cost pool: what one unit is worth from now on, or by how much the whole changes."""

    __tablename__ = "stock_revaluation_line"
    read_permission = "cost.read"

    revaluation_id: Mapped[UUID]
    line_no: Mapped[int]
    product_id: Mapped[UUID]
    warehouse_id: Mapped[UUID | None]  # None: every warehouse
    lot_id: Mapped[UUID | None]  # None: every lot
    unit_cost: Mapped[UnitCost | None]  # stated, or else the amount is
    amount: Mapped[Money | None]  # up, or down where negative
    # centre:
    qty: Mapped[Qty | None]  # on hand at the end of the revaluation's day
    value_before: Mapped[Money | None]
    change: Mapped[Money | None]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("revaluation_id", "stock_revaluation"),
            belongs_to("product_id", "product"),
            CheckConstraint("(unit_cost IS NULL) <> (amount IS NULL)", name="unit_cost_or_amount"),
            Index(None, "company_id", "revaluation_id"),
            Index(None, "company_id", "product_id"),
        )


class WriteDown(Replicated):
    """Products are held at the lower of cost and net realisable value on a day (IAS 2.28-33)."""

    __tablename__ = "write_down"
    read_permission = "cost.read"

    number: Mapped[str | None] = mapped_column(String(30))
    dated_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200), default="")
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (Index(None, "company_id", "dated_on"),)


class WriteDownLine(Replicated):
    """One product's net realisable value as stated, and what it makes of the allowance.

    `allowance` = `allowance_before` - `released` + `written_down`; `written_down` is negative where a write-down is reversed.
    """

    __tablename__ = "write_down_line"
    read_permission = "cost.read"

    write_down_id: Mapped[UUID]
    line_no: Mapped[int]
    product_id: Mapped[UUID]
    unit_value: Mapped[UnitCost | None]  # net realisable value of one unit, stated, or else of all units:
    total_value: Mapped[Money | None]
    # centre:
    qty: Mapped[Qty | None]  # on hand at the end of the day
    cost: Mapped[Money | None]  # of those, in the book that posts
    allowance_before: Mapped[Money | None]
    released: Mapped[Money | None]  # taken along by goods that have left since the run before, to cost of sales
    written_down: Mapped[Money | None]
    allowance: Mapped[Money | None]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("write_down_id", "write_down"),
            belongs_to("product_id", "product"),
            CheckConstraint("(unit_value IS NULL) <> (total_value IS NULL)", name="unit_or_total"),
            Index(None, "company_id", "write_down_id"),
            Index(None, "company_id", "product_id"),
        )


class StockAllowance(Replicated):
    """What a product is carried below its cost, as its last write-down left it. id derives from the product. Centre only."""

    __tablename__ = "stock_allowance"
    read_permission = "cost.read"

    product_id: Mapped[UUID]
    amount: Mapped[Money]
    qty: Mapped[Qty]  # stock units that it was set for
    set_on: Mapped[date]  # the day of that write-down

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("product_id", "product"),
            CheckConstraint("amount >= 0", name="amount_not_negative"),
            UniqueConstraint("company_id", "product_id"),
        )


class StandardCostChange(Replicated):
    """Products have another standard cost from a day on; stock in books at standard is revalued to it on that day."""

    __tablename__ = "standard_cost_change"
    read_permission = "cost.read"

    number: Mapped[str | None] = mapped_column(String(30))
    effective_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (Index(None, "company_id", "effective_on"),)


class StandardCostLine(Replicated):
    """The new standard of one product, and by how much it changes the stock's value in the book that posts."""

    __tablename__ = "standard_cost_line"
    read_permission = "cost.read"

    change_id: Mapped[UUID]
    line_no: Mapped[int]
    product_id: Mapped[UUID]
    unit_cost: Mapped[UnitCost]
    # centre:
    unit_cost_before: Mapped[UnitCost | None]  # None: it had no standard yet
    qty: Mapped[Qty | None]  # on hand at the end of the day
    change: Mapped[Money | None]  # zero where the book that posts costs the product otherwise

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("change_id", "standard_cost_change"),
            belongs_to("product_id", "product"),
            CheckConstraint("unit_cost > 0", name="cost_positive"),
            Index(None, "company_id", "change_id"),
            Index(None, "company_id", "product_id"),
        )
