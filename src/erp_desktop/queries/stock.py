"""Lists of stock: what is on hand, every move, and counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, or_, select, type_coerce

from erp_desktop.models.product import Category
from erp_desktop.models.purchasing import GoodsReceipt, SupplierReturn
from erp_desktop.models.sales import CustomerReturn, Shipment
from erp_desktop.models.stock import Bin, GoodsTransfer, StockBalance, StockCount, StockMove, StockScrap, Warehouse
from erp_desktop.queries.line_goods import LOT, PRODUCT, UNIT, goods_joins, goods_names, place_columns, place_joins
from erp_desktop.queries.line_units import named_unit
from erp_desktop.queries.list_shape import (
    Join,
    ListColumn,
    ListShape,
    TableAlias,
    is_pending,
    named,
    plain,
    searched,
    table_of,
)
from erp_desktop.queries.listing import ListQuery
from erp_desktop.queries.masters import is_in_transit

_balance = table_of(StockBalance)
_move = table_of(StockMove)
_count = table_of(StockCount)
_category = table_of(Category)
_warehouse = table_of(Warehouse)
_from_warehouse = table_of(Warehouse, "from_warehouse")
_from_bin = table_of(Bin, "from_bin")
_to_warehouse = table_of(Warehouse, "to_warehouse")
_to_bin = table_of(Bin, "to_bin")

_free = type_coerce(
    case((_warehouse.c.is_transit, 0), else_=_balance.c.on_hand - _balance.c.allocated), _balance.c.on_hand.type
)
MOVE_STOCK = (GoodsReceipt, SupplierReturn, Shipment, CustomerReturn, StockCount, GoodsTransfer, StockScrap)


def document_number(base: TableAlias, documents: Sequence[type[Any]] = MOVE_STOCK) -> ColumnElement[Any]:
    """The number of the one of `documents` that `base.document_kind` and `base.document_id` name; none for another."""
    choices = []
    for model in documents:
        document = table_of(model)
        number = select(document.c.number).where(
            document.c.company_id == base.c.company_id, document.c.id == base.c.document_id
        )
        choices.append((base.c.document_kind == model.__tablename__, number.correlate(base).scalar_subquery()))
    return case(*choices)


@dataclass(frozen=True)
class StockOnHandRow:
    """One product (one lot of it) in one bin, in stock units; `free` is what is on hand and not allocated, none in transit.

    Of a product that is kept by lots, what is allocated of any lot in the bin is a row of its own, without a lot.
    """

    id: UUID
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    category_id: UUID
    category_name: str
    category_name_zh: str
    warehouse_id: UUID
    warehouse_code: str
    warehouse_name: str
    warehouse_name_zh: str
    bin_id: UUID
    bin_code: str
    lot_id: UUID | None
    lot_code: str | None
    expires_on: date | None
    on_hand: Decimal
    allocated: Decimal
    free: Decimal


@dataclass(frozen=True)
class StockOnHand(ListQuery[StockOnHandRow]):
    """What lies where, by product, place and lot code. Bins that are empty and promise nothing are left out unless asked for."""

    shape = ListShape(
        StockOnHandRow,
        _balance,
        [
            *plain(_balance, "id", "product_id"),
            *goods_names(),
            ListColumn("category_id", PRODUCT.c.category_id),
            ListColumn("category_name", _category.c.name),
            ListColumn("category_name_zh", _category.c.name_zh),
            *plain(_balance, "warehouse_id"),
            *named(_warehouse, "code", "name", "name_zh"),
            *place_columns(_balance),
            ListColumn("expires_on", LOT.c.expires_on),
            ListColumn("on_hand", _balance.c.on_hand, is_total=True),
            ListColumn("allocated", _balance.c.allocated, is_total=True),
            ListColumn("free", _free, is_total=True),
        ],
        [
            *goods_joins(_balance),
            Join(_category, PRODUCT.c.category_id),
            Join(_warehouse, _balance.c.warehouse_id),
            *place_joins(_balance),
        ],
        [("product_code", False), ("warehouse_code", False), ("bin_code", False), ("lot_code", False)],
    )

    with_empty_bins: bool = False
    with_transit: bool = True

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        in_buildings = () if self.with_transit else (~is_in_transit(_balance),)
        if self.with_empty_bins:
            return in_buildings
        return (or_(_balance.c.on_hand != 0, _balance.c.allocated != 0), *in_buildings)


@dataclass(frozen=True)
class StockMoveRow:
    """One quantity that moved, in stock units. No `from_` place: it came from outside; no `to_` place: it left."""

    id: UUID
    moved_on: date
    kind: str
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    lot_id: UUID | None
    lot_code: str | None
    qty: Decimal
    unit_code: str
    unit_code_zh: str
    from_warehouse_id: UUID | None
    from_warehouse_code: str | None
    from_warehouse_name: str | None
    from_bin_id: UUID | None
    from_bin_code: str | None
    to_warehouse_id: UUID | None
    to_warehouse_code: str | None
    to_warehouse_name: str | None
    to_bin_id: UUID | None
    to_bin_code: str | None
    document_kind: str
    document_id: UUID
    document_number: str | None
    line_no: int
    is_pending: bool


@dataclass(frozen=True)
class StockMoves(ListQuery[StockMoveRow]):
    """Every stock move, newest first. Searches the product."""

    shape = ListShape(
        StockMoveRow,
        _move,
        [
            *plain(_move, "id", "moved_on", "kind", "product_id"),
            *named(PRODUCT, "code", "name", "name_zh"),
            *plain(_move, "lot_id"),
            ListColumn("lot_code", LOT.c.code),
            ListColumn("qty", _move.c.qty, is_total=True),
            *named_unit(UNIT),
            *plain(_move, "from_warehouse_id"),
            ListColumn("from_warehouse_code", _from_warehouse.c.code),
            ListColumn("from_warehouse_name", _from_warehouse.c.name),
            *plain(_move, "from_bin_id"),
            ListColumn("from_bin_code", _from_bin.c.code),
            *plain(_move, "to_warehouse_id"),
            ListColumn("to_warehouse_code", _to_warehouse.c.code),
            ListColumn("to_warehouse_name", _to_warehouse.c.name),
            *plain(_move, "to_bin_id"),
            ListColumn("to_bin_code", _to_bin.c.code),
            *plain(_move, "document_kind", "document_id"),
            ListColumn("document_number", document_number(_move)),
            *plain(_move, "line_no"),
            is_pending(_move),
        ],
        [
            *goods_joins(_move),
            Join(LOT, _move.c.lot_id),
            Join(_from_warehouse, _move.c.from_warehouse_id),
            Join(_from_bin, _move.c.from_bin_id),
            Join(_to_warehouse, _move.c.to_warehouse_id),
            Join(_to_bin, _move.c.to_bin_id),
        ],
        [("moved_on", True)],
    )


@dataclass(frozen=True)
class StockCountRow:
    id: UUID
    number: str | None
    warehouse_id: UUID
    warehouse_code: str
    warehouse_name: str
    warehouse_name_zh: str
    counted_on: date
    reason: str
    is_opening: bool
    status: str
    is_pending: bool


@dataclass(frozen=True)
class StockCounts(ListQuery[StockCountRow]):
    """Counts of stock, newest first. Searches number, reason and warehouse."""

    shape = ListShape(
        StockCountRow,
        _count,
        [
            *plain(_count, "id"),
            *searched(_count, "number"),
            *plain(_count, "warehouse_id"),
            *named(_warehouse, "code", "name", "name_zh"),
            *plain(_count, "counted_on"),
            *searched(_count, "reason"),
            *plain(_count, "is_opening", "status"),
            is_pending(_count),
        ],
        [Join(_warehouse, _count.c.warehouse_id)],
        [("counted_on", True)],
    )
