"""What was thrown away: documents, their lines, and one with all that belongs to it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from erp_desktop.models.stock import StockScrap, StockScrapLine, Warehouse
from erp_desktop.queries.documents import RelatedDocument, RelatedDocuments
from erp_desktop.queries.line_goods import goods_joins, goods_names, place_columns, place_joins
from erp_desktop.queries.list_shape import (
    Join,
    ListColumn,
    ListShape,
    is_pending,
    named,
    plain,
    searched,
    sum_of,
    table_of,
)
from erp_desktop.queries.listing import EVERY_LINE, ListQuery, row_of

_scrap = table_of(StockScrap)
_line = table_of(StockScrapLine)
_warehouse = table_of(Warehouse)


@dataclass(frozen=True)
class StockScrapRow:
    """`qty` is the sum over the lines, in stock units."""

    id: UUID
    number: str | None
    warehouse_id: UUID
    warehouse_code: str
    warehouse_name: str
    warehouse_name_zh: str
    scrapped_on: date
    reason: str
    qty: Decimal
    status: str
    is_pending: bool


@dataclass(frozen=True)
class StockScraps(ListQuery[StockScrapRow]):
    """Scrapped goods, newest first. Searches number, reason and warehouse."""

    shape = ListShape(
        StockScrapRow,
        _scrap,
        [
            *plain(_scrap, "id"),
            *searched(_scrap, "number"),
            *plain(_scrap, "warehouse_id"),
            *named(_warehouse, "code", "name", "name_zh"),
            *plain(_scrap, "scrapped_on"),
            *searched(_scrap, "reason"),
            ListColumn("qty", sum_of(_line.c.qty, _scrap, _line.c.scrap_id)),
            *plain(_scrap, "status"),
            is_pending(_scrap),
        ],
        [Join(_warehouse, _scrap.c.warehouse_id)],
        [("scrapped_on", True)],
    )


@dataclass(frozen=True)
class StockScrapLineRow:
    """What was thrown away of a product from a bin, in stock units."""

    id: UUID
    scrap_id: UUID
    line_no: int
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    bin_id: UUID
    bin_code: str
    lot_id: UUID | None
    lot_code: str | None
    qty: Decimal
    reason: str


@dataclass(frozen=True)
class StockScrapLines(ListQuery[StockScrapLineRow]):
    """Lines of scrapped goods, of one document or of all."""

    shape = ListShape(
        StockScrapLineRow,
        _line,
        [
            *plain(_line, "id", "scrap_id", "line_no", "product_id"),
            *goods_names(),
            *place_columns(_line),
            ListColumn("qty", _line.c.qty, is_total=True),
            *searched(_line, "reason"),
        ],
        [
            *goods_joins(_line),
            *place_joins(_line),
        ],
        [("scrap_id", False), ("line_no", False)],
    )

    scrap_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_line.c.scrap_id == self.scrap_id,) if self.scrap_id else ()


@dataclass(frozen=True)
class StockScrapRecord(StockScrapRow):
    lines: tuple[StockScrapLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class StockScrapDetail:
    """One document of scrapped goods. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = StockScraps.tables | StockScrapLines.tables | RelatedDocuments.tables

    scrap_id: UUID

    def run(self, session: Session, company_id: UUID) -> StockScrapRecord:
        row = row_of(session, company_id, StockScraps(), "stock_scrap", self.scrap_id)
        return StockScrapRecord(
            **vars(row),
            lines=StockScrapLines(EVERY_LINE, scrap_id=self.scrap_id).run(session, company_id).rows,
            related=RelatedDocuments("stock_scrap", self.scrap_id).run(session, company_id),
        )
