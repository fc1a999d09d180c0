"""What an import needs to know of the books: the ids of codes, and what is stored already. Queries only."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.saving import NAMES_PER_STATEMENT
from erp_desktop.integrations.tables.cells import storable
from erp_desktop.models import Base
from erp_desktop.models.base import Replicated
from erp_desktop.models.company import Company
from erp_desktop.models.ledger import Period
from erp_desktop.models.sales import CustomerReturn, SalesOrder
from erp_desktop.models.stock import Bin, StockCount, StockCountLine, StockMove, Warehouse

Ask = Callable[[Any], Any]  # a query in, its answer out: `lambda query: desk.ask(query).result()`
Item = TypeVar("Item")


def model_of(table: str) -> Any:
    """The class of a replicated table, by its name."""
    return next(
        mapper.class_
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, Replicated) and mapper.class_.__tablename__ == table
    )


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """`items` in pieces that fit one statement."""
    return (items[start : start + NAMES_PER_STATEMENT] for start in range(0, len(items), NAMES_PER_STATEMENT))


@dataclass(frozen=True)
class IdsByCode:
    """The ids of the rows of `table` that have one of `codes`."""

    tables: ClassVar[frozenset[str]] = frozenset()

    table: str
    codes: tuple[str, ...]

    def run(self, session: Session, company_id: UUID) -> dict[str, UUID]:
        model = model_of(self.table)
        longest = model.__table__.columns.code.type.length
        possible = [code for code in self.codes if len(code) <= longest and code == storable(code).replace("\x00", "")]
        found: dict[str, UUID] = {}
        for chunk in chunks(possible):
            rows = session.execute(
                select(model.code, model.id).where(model.company_id == company_id, model.code.in_(chunk))
            )
            found.update((code, row_id) for code, row_id in rows)
        return found


@dataclass(frozen=True)
class StoredRows:
    """Rows of `table` with their columns' values, by the values of `key`; `values` are those of the first key column."""

    tables: ClassVar[frozenset[str]] = frozenset()

    table: str
    key: tuple[str, ...]
    values: tuple[Any, ...]

    def run(self, session: Session, company_id: UUID) -> dict[tuple[Any, ...], dict[str, Any]]:
        model = model_of(self.table)
        columns = model.__table__.columns
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for chunk in chunks(self.values):
            rows = session.execute(
                select(*columns).where(model.company_id == company_id, columns[self.key[0]].in_(chunk))
            )
            for row in rows.mappings():
                found[tuple(row[name] for name in self.key)] = dict(row)
        return found


@dataclass(frozen=True)
class RowsHere:
    """Which of `ids` are rows of `table` already."""

    tables: ClassVar[frozenset[str]] = frozenset()

    table: str
    ids: tuple[UUID, ...]

    def run(self, session: Session, company_id: UUID) -> set[UUID]:
        model = model_of(self.table)
        found: set[UUID] = set()
        for chunk in chunks(self.ids):
            found.update(session.scalars(select(model.id).where(model.company_id == company_id, model.id.in_(chunk))))
        return found


@dataclass(frozen=True)
class OpenYears:
    """The calendar years that have accounting periods."""

    tables: ClassVar[frozenset[str]] = frozenset()

    def run(self, session: Session, company_id: UUID) -> set[int]:
        return {day.year for day in session.scalars(select(Period.starts_on).where(Period.company_id == company_id))}


@dataclass(frozen=True)
class KnownChannelDocuments:
    """Which of `numbers` of a channel are here already, as orders or as returns, and their totals."""

    tables: ClassVar[frozenset[str]] = frozenset()

    channel_id: UUID
    numbers: tuple[str, ...]
    returns: bool = False

    def run(self, session: Session, company_id: UUID) -> dict[str, Decimal]:
        model: Any = CustomerReturn if self.returns else SalesOrder
        found: dict[str, Decimal] = {}
        for chunk in chunks(self.numbers):
            rows = session.execute(
                select(model.external_number, model.total).where(
                    model.company_id == company_id,
                    model.channel_id == self.channel_id,
                    model.external_number.in_(chunk),
                )
            )
            found.update((number, total) for number, total in rows)
        return found


@dataclass(frozen=True)
class WarehouseBins:
    """The bins of a warehouse by code; "" is where counted goods go unless another bin is named."""

    tables: ClassVar[frozenset[str]] = frozenset()

    warehouse_id: UUID

    def run(self, session: Session, company_id: UUID) -> dict[str, UUID]:
        warehouse = session.get(Warehouse, (company_id, self.warehouse_id))
        rows = session.execute(
            select(Bin.code, Bin.id)
            .where(Bin.company_id == company_id, Bin.warehouse_id == self.warehouse_id)
            .order_by(Bin.code)
        )
        found = {row.code: row.id for row in rows}
        usual = (warehouse.receiving_bin_id if warehouse else None) or next(iter(found.values()), None)
        return found | ({"": usual} if usual else {})


StockPlace = tuple[UUID, UUID, UUID | None]  # product, bin, and lot where it is kept by lots


@dataclass(frozen=True)
class OpeningState:
    """For products: what was opened with by place, and the places that goods moved through since."""

    tables: ClassVar[frozenset[str]] = frozenset()

    product_ids: tuple[UUID, ...]

    def run(self, session: Session, company_id: UUID) -> tuple[dict[StockPlace, Decimal], set[StockPlace]]:
        opened: dict[StockPlace, Decimal] = {}
        moved: set[StockPlace] = set()
        line, move = StockCountLine, StockMove
        for chunk in chunks(self.product_ids):
            lines = session.execute(
                select(line.product_id, line.bin_id, line.lot_id, line.counted_qty)
                .join(StockCount, (StockCount.company_id == line.company_id) & (StockCount.id == line.count_id))
                .where(line.company_id == company_id, StockCount.is_opening.is_(True), line.product_id.in_(chunk))
            )
            opened.update(((row.product_id, row.bin_id, row.lot_id), row.counted_qty) for row in lines)
            moves = session.execute(
                select(move.product_id, move.lot_id, move.from_bin_id, move.to_bin_id).where(
                    move.company_id == company_id, move.product_id.in_(chunk)
                )
            )
            for product_id, lot_id, *bins in moves:
                moved.update((product_id, bin_id, lot_id) for bin_id in bins if bin_id is not None)
        return opened, moved


@dataclass(frozen=True)
class Facts:
    code: str
    currency: str
    currency_places: int


@dataclass(frozen=True)
class CompanyFacts:
    """What an import has to know of the company itself."""

    tables: ClassVar[frozenset[str]] = frozenset()

    def run(self, session: Session, company_id: UUID) -> Facts:
        company = session.get_one(Company, (company_id, company_id))
        return Facts(company.code, company.currency, company.currency_places)
