"""Cost books as a list, and what a change of method leaves as it is: the value of every pool on that day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.cost_books import categories_of
from erp_desktop.models.costing import CostAdjustment, CostBook, CostPool, MoveCost
from erp_desktop.models.product import Category, Product
from erp_desktop.models.stock import Lot, Warehouse
from erp_desktop.models.types import MoneyType, QtyType
from erp_desktop.numbers import ZERO
from erp_desktop.queries.base import ListPage, ListRequest, NotHere
from erp_desktop.queries.list_shape import ListColumn, ListShape, is_pending, plain, searched, sum_of, table_of
from erp_desktop.queries.listing import FIRST_PAGE, ListQuery

_book = table_of(CostBook)
_pool = table_of(CostPool)


@dataclass(frozen=True)
class CostBookFacts:
    """A cost book. `value` is what all stock is worth in it now, company currency; `is_pending`: its history is not here yet."""

    id: UUID
    code: str
    name: str
    name_zh: str
    method: str
    posts_to_ledger: bool
    unit_cost_places: int | None
    shares_variance: bool
    is_closed: bool
    value: Decimal
    is_pending: bool


@dataclass(frozen=True)
class CostBookList(ListQuery[CostBookFacts]):
    """Every cost book, the one that posts first."""

    shape = ListShape(
        CostBookFacts,
        _book,
        [
            *plain(_book, "id"),
            *searched(_book, "code", "name", "name_zh"),
            *plain(_book, "method", "posts_to_ledger", "unit_cost_places", "shares_variance", "is_closed"),
            ListColumn("value", sum_of(_pool.c.value, _book, _pool.c.book_id)),
            is_pending(_book),
        ],
        order=[("posts_to_ledger", True), ("code", False)],
    )


@dataclass(frozen=True)
class PoolOnDay:
    """A cost pool as a day begins: quantity in stock units, value in company currency, and how it is costed until then."""

    id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    warehouse_code: str
    lot_code: str
    method: str
    qty: Decimal
    value: Decimal
    value_after: Decimal  # the same: a change of method keeps it to the cent
    unit_cost: Decimal | None


@dataclass(frozen=True)
class PoolsOnDay:
    """The pools that a change of method from `from_on` concerns, by product, with what they hold as that day begins.

    Of a whole book, or of one category. Empty pools are left out. Raises NotHere for a book that is not here.
    """

    tables: ClassVar[frozenset[str]] = frozenset({"cost_book", "cost_pool", "move_cost", "cost_adjustment", "category"})

    request: ListRequest = FIRST_PAGE
    book_id: UUID | None = None
    from_on: date | None = None
    category_id: UUID | None = None

    def run(self, session: Session, company_id: UUID) -> ListPage[PoolOnDay]:
        if self.book_id is None or self.from_on is None:
            return ListPage((), 0, {})
        book = session.get(CostBook, (company_id, self.book_id))
        if book is None:
            raise NotHere("cost_book", self.book_id)
        category = session.get(Category, (company_id, self.category_id)) if self.category_id is not None else None
        rows = [row for row in self._pools(session, book, category) if row.qty or row.value]
        typed = self.request.search.casefold()
        rows = [
            row for row in rows if typed in f"{row.product_code} {row.product_name} {row.product_name_zh}".casefold()
        ]
        totals = {"value": sum((row.value for row in rows), ZERO)}
        totals["value_after"] = totals["value"]
        shown = rows[self.request.offset : self.request.offset + self.request.limit]
        return ListPage(tuple(shown), len(rows), totals)

    def _pools(self, session: Session, book: CostBook, category: Category | None) -> list[PoolOnDay]:
        category_ids = [one.id for one in categories_of(session, book.company_id, book, category)]
        found = session.execute(
            select(CostPool, Product, Warehouse.code, Lot.code)
            .join(Product, (Product.company_id == CostPool.company_id) & (Product.id == CostPool.product_id))
            .outerjoin(
                Warehouse, (Warehouse.company_id == CostPool.company_id) & (Warehouse.id == CostPool.warehouse_id)
            )
            .outerjoin(Lot, (Lot.company_id == CostPool.company_id) & (Lot.id == CostPool.lot_id))
            .where(
                CostPool.company_id == book.company_id,
                CostPool.book_id == book.id,
                Product.category_id.in_(category_ids),
            )
            .order_by(Product.code, CostPool.id)
        )
        since = self._changed_since(session, book)
        rows = []
        for pool, product, warehouse_code, lot_code in found:
            qty, value = since.get(pool.id, (ZERO, ZERO))
            qty, value = pool.on_hand - qty, pool.value - value
            rows.append(
                PoolOnDay(
                    pool.id,
                    product.code,
                    product.name,
                    product.name_zh,
                    warehouse_code or "",
                    lot_code or "",
                    pool.method,
                    qty,
                    value,
                    value,
                    value / qty if qty else None,
                )
            )
        return rows

    def _changed_since(self, session: Session, book: CostBook) -> dict[UUID, tuple[Decimal, Decimal]]:
        """What moved and changed in value in each pool from `from_on` to now."""
        in_book = select(CostPool.id).where(CostPool.company_id == book.company_id, CostPool.book_id == book.id)
        moved = session.execute(
            select(
                MoveCost.pool_id,
                func.sum(MoveCost.qty, type_=QtyType()),
                func.sum(MoveCost.cost, type_=MoneyType()),
            )
            .where(
                MoveCost.company_id == book.company_id,
                MoveCost.dated_on >= self.from_on,
                MoveCost.pool_id.in_(in_book),
            )
            .group_by(MoveCost.pool_id)
        )
        since = {pool_id: (qty, cost) for pool_id, qty, cost in moved}
        adjusted = session.execute(
            select(CostAdjustment.pool_id, func.sum(CostAdjustment.to_inventory, type_=MoneyType()))
            .where(
                CostAdjustment.company_id == book.company_id,
                CostAdjustment.dated_on >= self.from_on,
                CostAdjustment.pool_id.in_(in_book),
            )
            .group_by(CostAdjustment.pool_id)
        )
        for pool_id, value in adjusted:
            qty, cost = since.get(pool_id, (ZERO, ZERO))
            since[pool_id] = (qty, cost + value)
        return since
