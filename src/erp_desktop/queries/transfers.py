"""Goods transfers: the list, their lines and one of them whole."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from erp_desktop.models.party import Party
from erp_desktop.models.stock import Bin, GoodsTransfer, GoodsTransferLine, Warehouse
from erp_desktop.queries.documents import RelatedDocument, RelatedDocuments
from erp_desktop.queries.line_goods import LOT, goods_joins, goods_names
from erp_desktop.queries.list_shape import (
    Join,
    ListColumn,
    ListShape,
    difference,
    is_pending,
    named,
    plain,
    searched,
    sum_of,
    table_of,
)
from erp_desktop.queries.listing import EVERY_LINE, ListQuery, row_of

_transfer = table_of(GoodsTransfer)
_line = table_of(GoodsTransferLine)
_from = table_of(Warehouse, "from_warehouse")
_to = table_of(Warehouse, "to_warehouse")
_carrier = table_of(Party, "carrier")
_bin = table_of(Bin, "from_bin")

_left = difference(difference(_line.c.qty, _line.c.received_qty), _line.c.lost_qty)


@dataclass(frozen=True)
class GoodsTransferRow:
    """`qty` is what was dispatched, `open_qty` what is in transit still, in stock units of all its products together."""

    id: UUID
    number: str | None
    from_warehouse_id: UUID
    from_warehouse_code: str
    from_warehouse_name: str
    from_warehouse_name_zh: str
    to_warehouse_id: UUID
    to_warehouse_code: str
    to_warehouse_name: str
    to_warehouse_name_zh: str
    carrier_id: UUID | None
    carrier_code: str | None
    carrier_name: str | None
    carrier_name_zh: str | None
    tracking_number: str
    dispatched_on: date
    expected_on: date | None
    closed_on: date | None
    close_reason: str
    status: str
    qty: Decimal
    open_qty: Decimal
    is_pending: bool


@dataclass(frozen=True)
class GoodsTransfers(ListQuery[GoodsTransferRow]):
    """Goods transfers, newest first. Searches number, tracking number, reason, both warehouses and the carrier."""

    shape = ListShape(
        GoodsTransferRow,
        _transfer,
        [
            *plain(_transfer, "id"),
            *searched(_transfer, "number"),
            *plain(_transfer, "from_warehouse_id"),
            *named(_from, "code", "name", "name_zh"),
            *plain(_transfer, "to_warehouse_id"),
            *named(_to, "code", "name", "name_zh"),
            *plain(_transfer, "carrier_id"),
            *named(_carrier, "code", "name", "name_zh"),
            *searched(_transfer, "tracking_number"),
            *plain(_transfer, "dispatched_on", "expected_on", "closed_on"),
            *searched(_transfer, "close_reason"),
            *plain(_transfer, "status"),
            ListColumn("qty", sum_of(_line.c.qty, _transfer, _line.c.transfer_id)),
            ListColumn("open_qty", sum_of(_left, _transfer, _line.c.transfer_id)),
            is_pending(_transfer),
        ],
        [
            Join(_from, _transfer.c.from_warehouse_id),
            Join(_to, _transfer.c.to_warehouse_id),
            Join(_carrier, _transfer.c.carrier_id),
        ],
        [("dispatched_on", True)],
    )


@dataclass(frozen=True)
class GoodsTransferLineRow:
    """What left a bin, in stock units; `open_qty` neither arrived nor was written off."""

    id: UUID
    transfer_id: UUID
    line_no: int
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    from_bin_id: UUID
    from_bin_code: str
    lot_id: UUID | None
    lot_code: str | None
    qty: Decimal
    received_qty: Decimal
    lost_qty: Decimal
    open_qty: Decimal


@dataclass(frozen=True)
class GoodsTransferLines(ListQuery[GoodsTransferLineRow]):
    """Lines of goods transfers, of one transfer or of all."""

    shape = ListShape(
        GoodsTransferLineRow,
        _line,
        [
            *plain(_line, "id", "transfer_id", "line_no", "product_id"),
            *goods_names(),
            *plain(_line, "from_bin_id"),
            *named(_bin, "code"),
            *plain(_line, "lot_id"),
            *named(LOT, "code"),
            ListColumn("qty", _line.c.qty, is_total=True),
            ListColumn("received_qty", _line.c.received_qty, is_total=True),
            ListColumn("lost_qty", _line.c.lost_qty, is_total=True),
            ListColumn("open_qty", _left, is_total=True),
        ],
        [
            *goods_joins(_line),
            Join(_bin, _line.c.from_bin_id),
            Join(LOT, _line.c.lot_id),
        ],
        [("transfer_id", False), ("line_no", False)],
    )

    transfer_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_line.c.transfer_id == self.transfer_id,) if self.transfer_id else ()


@dataclass(frozen=True)
class GoodsTransferRecord(GoodsTransferRow):
    lines: tuple[GoodsTransferLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class GoodsTransferDetail:
    """One goods transfer. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = GoodsTransfers.tables | GoodsTransferLines.tables | RelatedDocuments.tables

    transfer_id: UUID

    def run(self, session: Session, company_id: UUID) -> GoodsTransferRecord:
        row = row_of(session, company_id, GoodsTransfers(), "goods_transfer", self.transfer_id)
        return GoodsTransferRecord(
            **vars(row),
            lines=GoodsTransferLines(EVERY_LINE, transfer_id=self.transfer_id).run(session, company_id).rows,
            related=RelatedDocuments("goods_transfer", self.transfer_id).run(session, company_id),
        )
