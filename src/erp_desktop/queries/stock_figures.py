"""How much is where and what it is worth, over all products at once: plain reads for reports and the workload.

Quantities are read from balances and values from cost pools and what they held at month ends, so that they take as long however
many moves there are.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from erp_desktop.costing.collecting import collector_paused
from erp_desktop.models.costing import CostBook, CostPool
from erp_desktop.models.product import Product
from erp_desktop.models.stock import Bin, StockBalance, Warehouse
from erp_desktop.models.types import QtyType
from erp_desktop.numbers import UNIT_COST_PLACES
from erp_desktop.queries.list_shape import table_of
from erp_desktop.queries.pool_values import pool_values_on

_product = table_of(Product)
_balance = table_of(StockBalance)
_warehouse = table_of(Warehouse)
_bin = table_of(Bin)
_pool = table_of(CostPool)
_book = table_of(CostBook)

_UNIT_COST = Decimal(1).scaleb(-UNIT_COST_PLACES)


@dataclass(frozen=True)
class LocationQty:
    """What lies in one bin of one product (of one of its lots), in stock units."""

    warehouse_code: str
    bin_code: str
    product_id: UUID
    product_code: str
    on_hand: Decimal
    allocated: Decimal


@dataclass(frozen=True)
class ProductQty:
    """What there is of a product over all warehouses, in stock units."""

    product_id: UUID
    product_code: str
    product_name: str
    on_hand: Decimal


class ProductValue(NamedTuple):
    """Quantity in stock units and its value in company currency; `unit_cost` is value / quantity, None without stock."""

    product_id: UUID
    product_code: str
    product_name: str
    on_hand: Decimal
    value: Decimal
    unit_cost: Decimal | None


def quantity_by_location(session: Session, company_id: UUID) -> tuple[LocationQty, ...]:
    """What lies in every bin that is not empty, by warehouse, bin and product."""
    statement: Select[Any] = select(
        _warehouse.c.code, _bin.c.code, _balance.c.product_id, _product.c.code, _balance.c.on_hand, _balance.c.allocated
    )
    statement = statement.select_from(
        _balance.join(_product, (_product.c.company_id == company_id) & (_product.c.id == _balance.c.product_id))
        .join(_bin, (_bin.c.company_id == company_id) & (_bin.c.id == _balance.c.bin_id))
        .join(_warehouse, (_warehouse.c.company_id == company_id) & (_warehouse.c.id == _balance.c.warehouse_id))
    )
    statement = statement.where(_balance.c.company_id == company_id, _balance.c.on_hand != 0)
    statement = statement.order_by(_warehouse.c.code, _bin.c.code, _product.c.code)
    return tuple(LocationQty(*row) for row in session.execute(statement))


def quantity_by_product(session: Session, company_id: UUID) -> tuple[ProductQty, ...]:
    """What there is of every stocked product, zero included, by product code."""
    on_hand = select(_balance.c.product_id, func.sum(_balance.c.on_hand).label("on_hand"))
    sums = on_hand.where(_balance.c.company_id == company_id).group_by(_balance.c.product_id).subquery("sums")
    statement: Select[Any] = select(
        _product.c.id, _product.c.code, _product.c.name, func.coalesce(sums.c.on_hand, 0, type_=QtyType())
    )
    statement = statement.select_from(_product.outerjoin(sums, sums.c.product_id == _product.c.id))
    statement = statement.where(_product.c.company_id == company_id, _product.c.is_stocked).order_by(_product.c.code)
    return tuple(ProductQty(*row) for row in session.execute(statement))


def stock_value(session: Session, company_id: UUID, book_id: UUID | None = None) -> tuple[ProductValue, ...]:
    """What every product in stock is worth now, in a cost book (None: the one that posts), by product code."""
    sums: Select[Any] = select(_pool.c.product_id, func.sum(_pool.c.on_hand), func.sum(_pool.c.value))
    sums = sums.where(_pool.c.company_id == company_id, _pool.c.book_id == _book_or_posting(company_id, book_id))
    return _valued(session, company_id, sums.group_by(_pool.c.product_id))


def stock_value_on(
    session: Session, company_id: UUID, day: date, book_id: UUID | None = None
) -> tuple[ProductValue, ...]:
    """What every product in stock was worth at the end of `day`, in a cost book (None: the one that posts).

    Moves count by business date, adjustments by the date that they are posted on.
    """
    parts = pool_values_on(company_id, day, book_id)
    sums: Select[Any] = select(parts.c.product_id, func.sum(parts.c.qty), func.sum(parts.c.value))
    return _valued(session, company_id, sums.group_by(parts.c.product_id))


def _book_or_posting(company_id: UUID, book_id: UUID | None) -> Any:
    if book_id is not None:
        return book_id
    return (
        select(_book.c.id).where(_book.c.company_id == company_id, _book.c.posts_to_ledger).limit(1).scalar_subquery()
    )


def _valued(session: Session, company_id: UUID, sums: Select[Any]) -> tuple[ProductValue, ...]:
    figures = sums.subquery("figures")
    product_id, on_hand, value = figures.c
    statement: Select[Any] = select(product_id, _product.c.code, _product.c.name, on_hand, value)
    named = (_product.c.company_id == company_id) & (_product.c.id == product_id)
    statement = statement.select_from(figures.join(_product, named)).where((on_hand != 0) | (value != 0))
    with collector_paused():  # it would look through ten thousand rows several times
        return tuple(
            ProductValue(id, code, name, qty, worth, (worth / qty).quantize(_UNIT_COST, ROUND_HALF_UP) if qty else None)
            for id, code, name, qty, worth in session.execute(statement.order_by(_product.c.code))
        )
