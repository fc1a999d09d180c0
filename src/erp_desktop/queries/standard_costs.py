"""What can be given another value: stock by cost pool, and products with their standard cost."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, type_coerce

from erp_desktop.models.costing import CostBook, CostPool, StandardCost
from erp_desktop.models.product import Product, Unit
from erp_desktop.models.stock import Lot, Warehouse
from erp_desktop.models.types import MoneyType, QtyType, UnitCostType
from erp_desktop.numbers import UNIT_COST_PLACES, minor_unit
from erp_desktop.queries.line_units import named_unit
from erp_desktop.queries.list_shape import Join, ListColumn, ListShape, named, plain, searched, table_of
from erp_desktop.queries.listing import ListQuery

_product = table_of(Product)
_unit = table_of(Unit)
_pool = table_of(CostPool)
_book = table_of(CostBook)
_warehouse = table_of(Warehouse)
_lot = table_of(Lot)
_standard = table_of(StandardCost)


def _unit_cost(value: Decimal, qty: Decimal) -> Decimal | None:
    return (value / qty).quantize(minor_unit(UNIT_COST_PLACES), ROUND_HALF_UP) if qty > 0 else None


@dataclass(frozen=True)
class PoolRow:
    """Stock that is costed together in the book that posts: of a product, or of one warehouse or lot of it."""

    id: UUID
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    warehouse_id: UUID | None
    warehouse_code: str | None
    lot_id: UUID | None
    lot_code: str | None
    method: str
    on_hand: Decimal
    value: Decimal

    @property
    def label(self) -> str:
        """The product's code, and the warehouse or lot where it is costed apart."""
        return " / ".join(part for part in (self.product_code, self.warehouse_code, self.lot_code) if part)

    @property
    def unit_cost(self) -> Decimal | None:
        """For display; None without stock."""
        return _unit_cost(self.value, self.on_hand)


@dataclass(frozen=True)
class PoolsOnHand(ListQuery[PoolRow]):
    """Stock on hand as it is costed in the book that posts, by product; not what is costed at standard. Searches product,
    warehouse and lot."""

    shape = ListShape(
        PoolRow,
        _pool,
        [
            *plain(_pool, "id", "product_id"),
            *named(_product, "code", "name", "name_zh"),
            *named_unit(_unit),
            *plain(_pool, "warehouse_id"),
            *named(_warehouse, "code"),
            *plain(_pool, "lot_id"),
            *named(_lot, "code"),
            *plain(_pool, "method", "on_hand"),
            ListColumn("value", _pool.c.value, is_total=True),
        ],
        [
            Join(_product, _pool.c.product_id),
            Join(_unit, _product.c.unit_id),
            Join(_warehouse, _pool.c.warehouse_id),
            Join(_lot, _pool.c.lot_id),
        ],
        [("product_code", False), ("warehouse_code", False), ("lot_code", False)],
    )

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        posting = select(_book.c.id).where(_book.c.company_id == _pool.c.company_id, _book.c.posts_to_ledger)
        return (_pool.c.on_hand > 0, _pool.c.method != "standard", _pool.c.book_id.in_(posting))


@dataclass(frozen=True)
class StandardCostRow:
    """A product, its standard cost and the day that holds from, and what it has on hand in the book that posts.

    Without a day the standard is what its first receipt cost.
    """

    id: UUID
    code: str
    name: str
    name_zh: str
    category_id: UUID
    unit_code: str
    unit_code_zh: str
    standard: Decimal | None
    effective_on: date | None
    on_hand: Decimal
    value: Decimal


def _of_pools(column: ColumnElement[Any]) -> ColumnElement[Any]:
    in_book = (_book.c.company_id == _pool.c.company_id) & (_book.c.id == _pool.c.book_id)
    figure = select(column).select_from(_pool.join(_book, in_book))
    figure = figure.where(
        _pool.c.company_id == _product.c.company_id, _pool.c.product_id == _product.c.id, _book.c.posts_to_ledger
    )
    return figure.correlate(_product).scalar_subquery()


def _latest(column: ColumnElement[Any]) -> ColumnElement[Any]:
    stated = select(column).where(
        _standard.c.company_id == _product.c.company_id, _standard.c.product_id == _product.c.id
    )
    return stated.order_by(_standard.c.effective_on.desc()).limit(1).correlate(_product).scalar_subquery()


@dataclass(frozen=True)
class StandardCosts(ListQuery[StandardCostRow]):
    """Products with their standard cost, by code. Searches code and names; services are left out."""

    shape = ListShape(
        StandardCostRow,
        _product,
        [
            *plain(_product, "id"),
            *searched(_product, "code", "name", "name_zh"),
            *plain(_product, "category_id"),
            *named_unit(_unit),
            ListColumn(
                "standard",
                type_coerce(
                    func.coalesce(_latest(_standard.c.unit_cost), _of_pools(func.max(_pool.c.standard_cost))),
                    UnitCostType(),
                ),
            ),
            ListColumn("effective_on", _latest(_standard.c.effective_on)),
            ListColumn("on_hand", type_coerce(func.coalesce(_of_pools(func.sum(_pool.c.on_hand)), 0), QtyType())),
            ListColumn(
                "value", type_coerce(func.coalesce(_of_pools(func.sum(_pool.c.value)), 0), MoneyType()), is_total=True
            ),
        ],
        [Join(_unit, _product.c.unit_id)],
    )

    with_standard_only: bool = False

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        if not self.with_standard_only:
            return (_product.c.is_stocked,)
        return (_product.c.is_stocked, self.shape.columns["standard"].expression.is_not(None))
