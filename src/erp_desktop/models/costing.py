"""What stock is worth, per cost book. Written at the centre only; desks that may see costs receive it with a pull.

value in = value out + value on hand + value expensed, to the cent, in every pool at every moment (costing.md, rule 1).
"""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Index,
    LargeBinary,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import Base, Replicated, belongs_to
from erp_desktop.models.types import Money, Qty, String, UnitCost


def _index_of_some(name: str, column: str, *, where: str) -> Index:
    """An index of those rows alone for which `where` holds, in either database."""
    return Index(name, "company_id", column, sqlite_where=text(where), postgresql_where=text(where))


class CostBook(Replicated):
    """One costing method over the company's moves; exactly one book posts to the ledger."""

    __tablename__ = "cost_book"
    read_permission = "cost.read"

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(100))
    name_zh: Mapped[str] = mapped_column(String(100), default="")
    method: Mapped[str] = mapped_column(String(20))  # in the book that posts, a category may name its own
    posts_to_ledger: Mapped[bool]
    unit_cost_places: Mapped[int | None]  # month-end average: the unit cost is rounded; None: it is not
    shares_variance: Mapped[bool] = mapped_column(default=False)  # standard: variances go by a rate to stock and issues
    # moves are not costed in it any more; never the one that posts
    is_closed: Mapped[bool] = mapped_column(default=False)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"),)


class CostPool(Replicated):
    """What is costed together: a product in a book, in the whole company, one warehouse or one lot. id derives from those.

    Where warehouses are costed apart, what one goods transfer has under way is a pool of its own.
    """

    __tablename__ = "cost_pool"
    read_permission = "cost.read"

    book_id: Mapped[UUID]
    product_id: Mapped[UUID]
    warehouse_id: Mapped[UUID | None]  # None: every warehouse
    lot_id: Mapped[UUID | None]  # None: every lot
    transfer_id: Mapped[UUID | None]  # in transit: the goods transfer that is under way
    method: Mapped[str] = mapped_column(String(20))
    first_method: Mapped[str] = mapped_column(String(20))  # before any change of method
    on_hand: Mapped[Qty]
    value: Mapped[Money]
    last_unit_cost: Mapped[UnitCost | None]  # for display and for gains without a stated cost
    standard_cost: Mapped[UnitCost | None]  # in force at the end of the pool's history
    last_moved_on: Mapped[date | None]  # the last event's date: one that is dated before it re-costs from there

    @hybrid_property
    def is_in_use(self) -> bool:
        """Whether goods may still come in or leave. Those of a goods transfer that have arrived never come back to its pool, and
        there are more of such every day: they are looked at only where something leads to them."""
        return self.transfer_id is None or bool(self.on_hand)

    @is_in_use.inplace.expression
    @classmethod
    def _is_in_use(cls) -> ColumnElement[bool]:
        # the zero is part of the text, as in the index
        return cls.transfer_id.is_(None) | (cls.on_hand != literal_column("0"))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("book_id", "cost_book"),
            belongs_to("product_id", "product"),
            CheckConstraint("on_hand <> 0 OR value = 0", name="no_value_without_stock"),
            Index(None, "company_id", "book_id", "product_id", "last_moved_on"),
            _index_of_some("ix_cost_pool_in_use", "product_id", where="transfer_id IS NULL OR on_hand <> 0"),
        )


class CostLayer(Replicated):
    """What is left of a receipt: quantity and value. Pools of an average or a standard keep none: they are one layer.

    In any pool, stock that was sold before it came is a layer with negative quantity and value, named by its issue.
    `part` tells apart the layers that one transfer brought. id derives from pool, move and part.
    """

    __tablename__ = "cost_layer"
    read_permission = "cost.read"

    pool_id: Mapped[UUID]
    dated_on: Mapped[date]
    seq: Mapped[int] = mapped_column(BigInteger)  # place in the queue within the pool
    move_id: Mapped[UUID]  # the move that opened it
    part: Mapped[int] = mapped_column(default=0)
    qty_in: Mapped[Qty]
    value_in: Mapped[Money]  # at receipt
    qty_left: Mapped[Qty]
    value_left: Mapped[Money]

    @hybrid_property
    def is_in_use(self) -> bool:
        """Whether something of it is left."""
        return bool(self.qty_left)

    @is_in_use.inplace.expression
    @classmethod
    def _is_in_use(cls) -> ColumnElement[bool]:
        return cls.qty_left != 0

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("pool_id", "cost_pool"),
            CheckConstraint("qty_left <> 0 OR value_left = 0", name="no_value_without_stock"),
            Index(None, "company_id", "pool_id", "seq"),
            Index(None, "company_id", "move_id"),
        )


class CostEvent(StrEnum):
    """What counts in a cost pool besides stock moves: value without quantity. The kind of a MoveCost is one or the other."""

    LANDED_COST = "landed_cost"
    RECEIPT_PRICE = "receipt_price"
    REVALUATION = "revaluation"
    STANDARD_COST = "standard_cost"
    METHOD = "method"
    PERIOD_END = "period_end"


class MoveCost(Replicated):
    """An event of a cost pool, and its cost as it was posted. Never rewritten: what changes later is a CostAdjustment.

    A stock move (`move_id` is its id), or a change of value without quantity (an id of its own; its whole outcome is written
    as CostAdjustments). `dated_on` and `seq` give the order in which the pool's events count (business date, tick, line).
    The columns up to `method` are what the event says; replaying them in order gives every cost again.
    """

    __tablename__ = "move_cost"
    read_permission = "cost.read"

    pool_id: Mapped[UUID]
    product_id: Mapped[UUID]
    move_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    dated_on: Mapped[date]
    seq: Mapped[int] = mapped_column(BigInteger)  # order of entry within the pool; a period's end after all of its day
    qty: Mapped[Qty]  # positive into the pool
    of_id: Mapped[UUID | None]  # the receipt that value or goods go to, the issue that a return takes back
    stated: Mapped[Money | None]  # what a receipt or a change of value states; None: at current or settled cost
    unit_cost: Mapped[UnitCost | None]  # the standard that begins here
    method: Mapped[str | None] = mapped_column(String(20))  # the method that begins here
    cost: Mapped[Money]  # positive into the pool; 0 for value without quantity

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("pool_id", "cost_pool"),
            Index(None, "company_id", "pool_id", "dated_on", "seq"),
            Index(None, "company_id", "pool_id", "seq"),
            Index(None, "company_id", "move_id", "pool_id"),
            Index(None, "company_id", "dated_on", "pool_id", "qty", "cost"),  # what moved within a month is read here
            _index_of_some("ix_move_cost_company_id_of_id", "of_id", where="of_id IS NOT NULL"),
        )


class CostEdge(Replicated):
    """A consumption edge: how much of which layer an issue took, and at what value. Returns and corrections follow it.

    Never rewritten: where a late move changes what an issue took, the differences are edges of their own, so that the
    edges of an issue to a layer are added up.
    """

    __tablename__ = "cost_edge"
    read_permission = "cost.read"

    pool_id: Mapped[UUID]
    issue_move_id: Mapped[UUID]
    layer_id: Mapped[UUID]
    dated_on: Mapped[date]  # of the event that took it: the issue, or the receipt that covered a shortage
    qty: Mapped[Qty]
    value: Mapped[Money]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("pool_id", "cost_pool"),
            Index(None, "company_id", "pool_id", "dated_on"),
            Index(None, "company_id", "issue_move_id", "pool_id"),
            Index(None, "company_id", "layer_id"),
        )


class AdjustmentKind(StrEnum):
    """Why value changed without quantity."""

    LANDED_COST = "landed_cost"
    RECEIPT_PRICE = "receipt_price"  # an invoice differs from the receipt, or its price was corrected
    REVALUATION = "revaluation"
    STANDARD_COST = "standard_cost"
    TRUE_UP = "true_up"  # a receipt covered stock that was sold before it came (costing.md, rule 4)
    PERIOD_AVERAGE = "period_average"  # the period's end settled provisional averages, or shared its variances
    BACK_DATED = "back_dated"  # something entered late re-costed what follows it


class CostAdjustment(Replicated):
    """A change of value after a move was posted: to stock on hand (`layer_id`), or to a move already costed (`move_id`).

    `to_inventory` is signed as it changed the pool, `to_cost_of_sales` as it changed cost of sales (or the account where
    the move's cost had gone). `event_id` names the pool's event that it is part of the outcome of (a landed cost, the receipt
    that trued an issue up, or the re-costed move itself); the document is what caused it to be written.
    """

    __tablename__ = "cost_adjustment"
    read_permission = "cost.read"

    pool_id: Mapped[UUID]
    product_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[UUID]
    dated_on: Mapped[date]  # where it is posted: the date of what it corrects, or of its cause
    document_kind: Mapped[str] = mapped_column(String(40))
    document_id: Mapped[UUID]
    line_id: Mapped[UUID | None]  # the line that the value belongs to
    layer_id: Mapped[UUID | None]
    move_id: Mapped[UUID | None]  # the move that it corrects
    to_inventory: Mapped[Money]  # change of value on hand
    to_cost_of_sales: Mapped[Money]  # expensed

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("pool_id", "cost_pool"),
            Index(None, "company_id", "pool_id", "dated_on"),
            _index_of_some("ix_cost_adjustment_company_id_line_id", "line_id", where="line_id IS NOT NULL"),
            Index(None, "company_id", "move_id"),
            Index(None, "company_id", "document_id"),
            Index(None, "company_id", "dated_on"),
        )


class CostBalance(Replicated):
    """What a pool held at the end of a month, for every month from its first event to the one before its last.

    Kept by every action: a value on a past day starts from here (or from the pool, if nothing happened since).
    id derives from pool and month.
    """

    __tablename__ = "cost_balance"
    read_permission = "cost.read"

    pool_id: Mapped[UUID]
    ends_on: Mapped[date]  # the last day of the month
    qty: Mapped[Qty]
    value: Mapped[Money]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("pool_id", "cost_pool"),
            UniqueConstraint("company_id", "pool_id", "ends_on"),
            Index(None, "company_id", "ends_on", "pool_id", "qty", "value"),  # a past day's values are read here
        )


class CostCheckpoint(Base):
    """Centre: the state of a pool at the end of a month, from which a back-dated move re-costs. Can be made again any time."""

    __tablename__ = "cost_checkpoint"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    pool_id: Mapped[UUID] = mapped_column(primary_key=True)
    ends_on: Mapped[date] = mapped_column(primary_key=True)
    state: Mapped[bytes] = mapped_column(LargeBinary)  # as costing.stream writes it


class StandardCost(Replicated):
    """The standard cost of a product from a day on, in every book that costs at standard."""

    __tablename__ = "standard_cost"
    read_permission = "cost.read"

    product_id: Mapped[UUID]
    effective_on: Mapped[date]
    unit_cost: Mapped[UnitCost]
    reason: Mapped[str] = mapped_column(String(200), default="")

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("product_id", "product"),
            CheckConstraint("unit_cost > 0", name="cost_positive"),
            UniqueConstraint("company_id", "product_id", "effective_on"),
        )
