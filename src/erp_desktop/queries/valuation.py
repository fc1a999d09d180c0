"""Documents that change what stock is worth without moving any: revaluations, write-downs, new standard costs.

Amounts are of the book that posts, in company currency; they are None until the centre has worked them out.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, type_coerce
from sqlalchemy.orm import Session

from erp_desktop.models.stock import Warehouse
from erp_desktop.models.types import MoneyType
from erp_desktop.models.valuation import (
    StandardCostChange,
    StandardCostLine,
    StockRevaluation,
    StockRevaluationLine,
    WriteDown,
    WriteDownLine,
)
from erp_desktop.queries.company import company_currency
from erp_desktop.queries.documents import RelatedDocument, RelatedDocuments
from erp_desktop.queries.line_goods import LOT, goods_joins, goods_names
from erp_desktop.queries.list_shape import (
    Join,
    ListColumn,
    ListShape,
    TableAlias,
    is_pending,
    plain,
    searched,
    sum_of,
    table_of,
)
from erp_desktop.queries.listing import EVERY_LINE, ListQuery, row_of

_warehouse = table_of(Warehouse)
_revaluation = table_of(StockRevaluation)
_revaluation_line = table_of(StockRevaluationLine)
_write_down = table_of(WriteDown)
_write_down_line = table_of(WriteDownLine)
_change = table_of(StandardCostChange)
_standard_line = table_of(StandardCostLine)


def _total(column: ColumnElement[Any], document: TableAlias, key: ColumnElement[Any]) -> ColumnElement[Any]:
    return type_coerce(sum_of(column, document, key), MoneyType())


@dataclass(frozen=True)
class RevaluationRow:
    """`change` is what the value on hand went up by, or down where negative; 0 until the centre has posted it."""

    id: UUID
    number: str | None
    dated_on: date
    reason: str
    change: Decimal
    status: str
    is_pending: bool


@dataclass(frozen=True)
class StockRevaluations(ListQuery[RevaluationRow]):
    """Revaluations of stock, newest first. Searches number and reason."""

    shape = ListShape(
        RevaluationRow,
        _revaluation,
        [
            *plain(_revaluation, "id"),
            *searched(_revaluation, "number"),
            *plain(_revaluation, "dated_on"),
            *searched(_revaluation, "reason"),
            ListColumn("change", _total(_revaluation_line.c.change, _revaluation, _revaluation_line.c.revaluation_id)),
            *plain(_revaluation, "status"),
            is_pending(_revaluation),
        ],
        order=[("dated_on", True)],
    )


@dataclass(frozen=True)
class RevaluationLineRow:
    """One unit's value from then on, or the change of all as it was stated; and what it came to."""

    id: UUID
    revaluation_id: UUID
    line_no: int
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    warehouse_code: str | None
    lot_code: str | None
    qty: Decimal | None
    value_before: Decimal | None
    unit_cost: Decimal | None
    amount: Decimal | None
    change: Decimal | None
    value_after: Decimal | None


@dataclass(frozen=True)
class StockRevaluationLines(ListQuery[RevaluationLineRow]):
    """Lines of revaluations, of one document or of all."""

    shape = ListShape(
        RevaluationLineRow,
        _revaluation_line,
        [
            *plain(_revaluation_line, "id", "revaluation_id", "line_no", "product_id"),
            *goods_names(),
            ListColumn("warehouse_code", _warehouse.c.code),
            ListColumn("lot_code", LOT.c.code),
            *plain(_revaluation_line, "qty"),
            ListColumn("value_before", _revaluation_line.c.value_before, is_total=True),
            *plain(_revaluation_line, "unit_cost", "amount"),
            ListColumn("change", _revaluation_line.c.change, is_total=True),
            ListColumn(
                "value_after",
                type_coerce(_revaluation_line.c.value_before + _revaluation_line.c.change, MoneyType()),
                is_total=True,
            ),
        ],
        [
            *goods_joins(_revaluation_line),
            Join(_warehouse, _revaluation_line.c.warehouse_id),
            Join(LOT, _revaluation_line.c.lot_id),
        ],
        [("revaluation_id", False), ("line_no", False)],
    )

    revaluation_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_revaluation_line.c.revaluation_id == self.revaluation_id,) if self.revaluation_id else ()


@dataclass(frozen=True)
class RevaluationRecord(RevaluationRow):
    currency: str  # the company's
    lines: tuple[RevaluationLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class StockRevaluationDetail:
    """One revaluation. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = StockRevaluations.tables | StockRevaluationLines.tables | RelatedDocuments.tables

    revaluation_id: UUID

    def run(self, session: Session, company_id: UUID) -> RevaluationRecord:
        row = row_of(session, company_id, StockRevaluations(), "stock_revaluation", self.revaluation_id)
        lines = StockRevaluationLines(EVERY_LINE, revaluation_id=self.revaluation_id)
        return RevaluationRecord(
            **vars(row),
            currency=company_currency(session, company_id),
            lines=lines.run(session, company_id).rows,
            related=RelatedDocuments("stock_revaluation", self.revaluation_id).run(session, company_id),
        )


@dataclass(frozen=True)
class WriteDownRow:
    """`written_down` is a loss, or a reversal where negative; `released` went to cost of sales with goods that left."""

    id: UUID
    number: str | None
    dated_on: date
    reason: str
    written_down: Decimal
    released: Decimal
    allowance: Decimal
    status: str
    is_pending: bool


@dataclass(frozen=True)
class WriteDowns(ListQuery[WriteDownRow]):
    """Write-downs to net realisable value, newest first. Searches number and reason."""

    shape = ListShape(
        WriteDownRow,
        _write_down,
        [
            *plain(_write_down, "id"),
            *searched(_write_down, "number"),
            *plain(_write_down, "dated_on"),
            *searched(_write_down, "reason"),
            ListColumn(
                "written_down", _total(_write_down_line.c.written_down, _write_down, _write_down_line.c.write_down_id)
            ),
            ListColumn("released", _total(_write_down_line.c.released, _write_down, _write_down_line.c.write_down_id)),
            ListColumn(
                "allowance", _total(_write_down_line.c.allowance, _write_down, _write_down_line.c.write_down_id)
            ),
            *plain(_write_down, "status"),
            is_pending(_write_down),
        ],
        order=[("dated_on", True)],
    )


@dataclass(frozen=True)
class WriteDownLineRow:
    """Net realisable value as stated, per unit or of all, and what it made of the allowance. `carrying` is cost less that."""

    id: UUID
    write_down_id: UUID
    line_no: int
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    qty: Decimal | None
    cost: Decimal | None
    unit_value: Decimal | None
    total_value: Decimal | None
    allowance_before: Decimal | None
    released: Decimal | None
    written_down: Decimal | None
    allowance: Decimal | None
    carrying: Decimal | None


@dataclass(frozen=True)
class WriteDownLines(ListQuery[WriteDownLineRow]):
    """Lines of write-downs, of one document or of all."""

    shape = ListShape(
        WriteDownLineRow,
        _write_down_line,
        [
            *plain(_write_down_line, "id", "write_down_id", "line_no", "product_id"),
            *goods_names(),
            *plain(_write_down_line, "qty"),
            ListColumn("cost", _write_down_line.c.cost, is_total=True),
            *plain(_write_down_line, "unit_value", "total_value"),
            ListColumn("allowance_before", _write_down_line.c.allowance_before, is_total=True),
            ListColumn("released", _write_down_line.c.released, is_total=True),
            ListColumn("written_down", _write_down_line.c.written_down, is_total=True),
            ListColumn("allowance", _write_down_line.c.allowance, is_total=True),
            ListColumn(
                "carrying",
                type_coerce(_write_down_line.c.cost - _write_down_line.c.allowance, MoneyType()),
                is_total=True,
            ),
        ],
        [*goods_joins(_write_down_line)],
        [("write_down_id", False), ("line_no", False)],
    )

    write_down_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_write_down_line.c.write_down_id == self.write_down_id,) if self.write_down_id else ()


@dataclass(frozen=True)
class WriteDownRecord(WriteDownRow):
    currency: str  # the company's
    lines: tuple[WriteDownLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class WriteDownDetail:
    """One write-down. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = WriteDowns.tables | WriteDownLines.tables | RelatedDocuments.tables

    write_down_id: UUID

    def run(self, session: Session, company_id: UUID) -> WriteDownRecord:
        row = row_of(session, company_id, WriteDowns(), "write_down", self.write_down_id)
        return WriteDownRecord(
            **vars(row),
            currency=company_currency(session, company_id),
            lines=WriteDownLines(EVERY_LINE, write_down_id=self.write_down_id).run(session, company_id).rows,
            related=RelatedDocuments("write_down", self.write_down_id).run(session, company_id),
        )


@dataclass(frozen=True)
class StandardCostChangeRow:
    """`change` is what the value on hand went up by, or down where negative."""

    id: UUID
    number: str | None
    effective_on: date
    reason: str
    change: Decimal
    status: str
    is_pending: bool


@dataclass(frozen=True)
class StandardCostChanges(ListQuery[StandardCostChangeRow]):
    """Changes of standard costs, newest first. Searches number and reason."""

    shape = ListShape(
        StandardCostChangeRow,
        _change,
        [
            *plain(_change, "id"),
            *searched(_change, "number"),
            *plain(_change, "effective_on"),
            *searched(_change, "reason"),
            ListColumn("change", _total(_standard_line.c.change, _change, _standard_line.c.change_id)),
            *plain(_change, "status"),
            is_pending(_change),
        ],
        order=[("effective_on", True)],
    )


@dataclass(frozen=True)
class StandardCostLineRow:
    """A product's standard from a day on, and the one that held before it."""

    id: UUID
    change_id: UUID
    line_no: int
    number: str | None
    effective_on: date
    reason: str
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    unit_cost_before: Decimal | None
    unit_cost: Decimal
    qty: Decimal | None
    change: Decimal | None


@dataclass(frozen=True)
class StandardCostLines(ListQuery[StandardCostLineRow]):
    """The history of standard costs, newest first: of one change, or of all."""

    shape = ListShape(
        StandardCostLineRow,
        _standard_line,
        [
            *plain(_standard_line, "id", "change_id", "line_no"),
            ListColumn("number", _change.c.number, is_searched=True),
            ListColumn("effective_on", _change.c.effective_on),
            ListColumn("reason", _change.c.reason, is_searched=True),
            *plain(_standard_line, "product_id"),
            *goods_names(),
            *plain(_standard_line, "unit_cost_before", "unit_cost", "qty"),
            ListColumn("change", _standard_line.c.change, is_total=True),
        ],
        [
            Join(_change, _standard_line.c.change_id),
            *goods_joins(_standard_line),
        ],
        [("effective_on", True), ("number", True), ("line_no", False)],
    )

    change_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_standard_line.c.change_id == self.change_id,) if self.change_id else ()


@dataclass(frozen=True)
class StandardCostChangeRecord(StandardCostChangeRow):
    currency: str  # the company's
    lines: tuple[StandardCostLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class StandardCostChangeDetail:
    """One change of standard costs. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = StandardCostChanges.tables | StandardCostLines.tables | RelatedDocuments.tables

    change_id: UUID

    def run(self, session: Session, company_id: UUID) -> StandardCostChangeRecord:
        row = row_of(session, company_id, StandardCostChanges(), "standard_cost_change", self.change_id)
        return StandardCostChangeRecord(
            **vars(row),
            currency=company_currency(session, company_id),
            lines=StandardCostLines(EVERY_LINE, change_id=self.change_id).run(session, company_id).rows,
            related=RelatedDocuments("standard_cost_change", self.change_id).run(session, company_id),
        )
