"""What the lines of a goods receipt cost, for those who may read costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.models.costing import CostBook, CostPool, MoveCost
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import UNIT_COST_PLACES, ZERO, minor_unit
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.list_shape import table_of
from erp_desktop.queries.purchasing_details import GoodsReceiptLineRow, GoodsReceiptLines

_move = table_of(StockMove)
_cost = table_of(MoveCost)
_pool = table_of(CostPool)
_book = table_of(CostBook)

_COST_TABLES = frozenset({"stock_move", "move_cost", "cost_pool", "cost_book"})


def costs_of_lines(session: Session, company_id: UUID, document_id: UUID) -> Mapping[UUID, Decimal]:
    """The cost of each line of a document that moved stock, as it was posted, in company currency, by the line's id.

    From the book that posts to the ledger. Lines that the centre has not costed yet are left out.
    """
    joined = (
        _move.join(_cost, (_cost.c.company_id == _move.c.company_id) & (_cost.c.move_id == _move.c.id))
        .join(_pool, (_pool.c.company_id == _cost.c.company_id) & (_pool.c.id == _cost.c.pool_id))
        .join(_book, (_book.c.company_id == _pool.c.company_id) & (_book.c.id == _pool.c.book_id))
    )
    statement = select(_move.c.line_id, _cost.c.cost).select_from(joined)
    statement = statement.where(
        _move.c.company_id == company_id, _move.c.document_id == document_id, _book.c.posts_to_ledger
    )
    return {row.line_id: row.cost for row in session.execute(statement)}


@dataclass(frozen=True)
class CostedReceiptLine(GoodsReceiptLineRow):
    """A receipt line with what it cost when it came in; None until the centre has costed it. Landed costs stand apart."""

    unit_cost: Decimal | None
    cost: Decimal | None


@dataclass(frozen=True)
class CostedReceiptLines:
    """The lines of one receipt with their cost, in the order of GoodsReceiptLines."""

    tables: ClassVar[frozenset[str]] = GoodsReceiptLines.tables | _COST_TABLES

    request: ListRequest
    receipt_id: UUID

    def run(self, session: Session, company_id: UUID) -> ListPage[CostedReceiptLine]:
        page = GoodsReceiptLines(self.request, receipt_id=self.receipt_id).run(session, company_id)
        costs = costs_of_lines(session, company_id, self.receipt_id)
        rows = tuple(_costed(row, costs.get(row.id)) for row in page.rows)
        totals = {**page.totals, "cost": sum(costs.values(), ZERO)} if costs else page.totals
        return ListPage(rows, page.count, totals, page.is_count_exact)


def _costed(row: GoodsReceiptLineRow, cost: Decimal | None) -> CostedReceiptLine:
    unit_cost = None if cost is None else (cost / row.qty).quantize(minor_unit(UNIT_COST_PLACES))
    return CostedReceiptLine(**vars(row), unit_cost=unit_cost, cost=cost)
