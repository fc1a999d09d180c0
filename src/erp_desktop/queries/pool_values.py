"""What cost pools held at the end of any day, however long their history is.

A pool that has not moved since says it itself. Of the others, what they held at the end of the last whole month is kept
(CostBalance), and only the moves and adjustments of the days after it are added up.
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Subquery, func, literal, select, union_all

from erp_desktop.models.costing import CostAdjustment, CostBalance, CostBook, CostPool, MoveCost
from erp_desktop.models.types import MoneyType, QtyType
from erp_desktop.queries.list_shape import table_of

_pool = table_of(CostPool)
_book = table_of(CostBook)
_balance = table_of(CostBalance)
_move_cost = table_of(MoveCost)
_adjustment = table_of(CostAdjustment)


def pool_values_on(company_id: UUID, day: date, book_id: UUID | None = None) -> Subquery:
    """Rows of pool_id, product_id, qty, value of a book (None: the one that posts) at the end of `day`, several of a pool
    that add up to what it held; as it is known now. Pools that had nothing by then may be left out."""
    whole_until = _month_end_by(day)
    book: Any = book_id
    if book_id is None:
        posting = select(_book.c.id).where(_book.c.company_id == company_id, _book.c.posts_to_ledger)
        book = posting.limit(1).scalar_subquery()
    of_book = ((_pool.c.company_id == company_id), (_pool.c.book_id == book))

    def added(rows: Any, qty: Any, value: Any, *where: Any) -> Select[Any]:
        """Of pools that have moved since: what they held at the end of the last whole month, or what came to it."""
        of_pool: Select[Any] = select(
            _pool.c.id.label("pool_id"), _pool.c.product_id, qty.label("qty"), value.label("value")
        )
        same = (_pool.c.company_id == company_id) & (_pool.c.id == rows.c.pool_id)
        return of_pool.select_from(rows.join(_pool, same)).where(*where, *of_book, _pool.c.last_moved_on > day)

    def within(table: Any, *sums: Any) -> Any:
        """What came to each pool in the days after the last whole month."""
        days = (table.c.dated_on > whole_until) & (table.c.dated_on <= day)
        rows = select(table.c.pool_id, *sums).where(table.c.company_id == company_id, days)
        return rows.group_by(table.c.pool_id).subquery()

    standing: Select[Any] = select(
        _pool.c.id.label("pool_id"), _pool.c.product_id, _pool.c.on_hand.label("qty"), _pool.c.value.label("value")
    ).where(*of_book, _pool.c.last_moved_on <= day, _pool.c.on_hand != 0)
    of_month = (_balance.c.company_id == company_id, _balance.c.ends_on == whole_until)
    parts = [standing, added(_balance, _balance.c.qty, _balance.c.value, *of_month)]
    if whole_until < day:
        moved = within(
            _move_cost,
            func.sum(_move_cost.c.qty, type_=QtyType()).label("qty"),
            func.sum(_move_cost.c.cost, type_=MoneyType()).label("value"),
        )
        adjusted = within(_adjustment, func.sum(_adjustment.c.to_inventory, type_=MoneyType()).label("value"))
        parts += [added(moved, moved.c.qty, moved.c.value), added(adjusted, literal(0, QtyType()), adjusted.c.value)]
    return union_all(*parts).subquery("pool_values")


def _month_end_by(day: date) -> date:
    """The last month's end that is not after `day`."""
    if day == date.max:
        return day
    following = day + timedelta(days=1)
    return day if following.day == 1 else day.replace(day=1) - timedelta(days=1)
