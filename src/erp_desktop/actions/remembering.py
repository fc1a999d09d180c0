"""What a session that performs one action after another remembers of its company, so that no row is read twice.

Only the centre's sessions remember, for as long as nobody else performs (central/turn.py sees to both): a desk's and
a replay's ask the database each time. Rows come back by id, or all those that belong to one owner (an order's lines); those
that are new and not written yet come along.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import event, select
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.orm.util import identity_key

from erp_desktop.actions.base import Context
from erp_desktop.models.base import Replicated
from erp_desktop.models.costing import CostLayer, CostPool, StandardCost
from erp_desktop.models.product import Product, ProductUnit
from erp_desktop.models.purchasing import PurchaseOrder, PurchaseOrderLine
from erp_desktop.models.sales import Allocation, SalesOrder, SalesOrderLine
from erp_desktop.models.stock import StockBalance

MOST_ROWS_HELD = 50_000
MEMORY_ASKS: dict[str, Any] = {"memory_asks": True}  # a question whose answer is put together with what is unwritten
_MEMORY = "memory"

Row = TypeVar("Row", bound=Replicated)


@dataclass(frozen=True)
class _Belonging:
    """Rows that are asked for by their owner; where they say whether they are `is_in_use`, only those that are."""

    owner: type[Replicated]
    column: str
    in_use_only: bool = False


_BELONGING: dict[type[Any], _Belonging] = {
    PurchaseOrderLine: _Belonging(PurchaseOrder, "order_id"),
    SalesOrderLine: _Belonging(SalesOrder, "order_id"),
    Allocation: _Belonging(SalesOrder, "order_id"),
    ProductUnit: _Belonging(Product, "product_id"),
    StockBalance: _Belonging(Product, "product_id"),
    CostPool: _Belonging(Product, "product_id", in_use_only=True),
    StandardCost: _Belonging(Product, "product_id"),
    CostLayer: _Belonging(CostPool, "pool_id", in_use_only=True),
}


@dataclass
class _Memory:
    """Rows by themselves (the session alone would drop what nobody names any more), and complete sets by owner and id.

    `unwritten` are new rows by table and id, until they are flushed; `absent` ids that were asked for and are not there.
    """

    rows: set[object] = field(default_factory=set)
    sets: dict[tuple[type[Any], UUID], dict[UUID, Any]] = field(default_factory=dict)
    unwritten: dict[type[Any], dict[UUID, Any]] = field(default_factory=dict)
    absent: set[tuple[type[Any], UUID]] = field(default_factory=set)


def let_remember(session: Session) -> None:
    """Call once for a session that outlives its transactions, and `remember` before each of them."""
    event.listen(session, "transient_to_pending", _take_in_new_row)
    event.listen(session, "after_flush", lambda flushed, _flushing: _none_unwritten(flushed))
    event.listen(session, "do_orm_execute", _forget_what_is_written_past_the_session)


def remember(session: Session) -> None:
    """From now on (until `session.info` is cleared) nothing is read twice. Whoever calls holds the company's clock."""
    memory = session.info.setdefault(_MEMORY, _Memory())
    memory.absent.clear()
    if len(memory.rows) > MOST_ROWS_HELD:
        session.info[_MEMORY] = _Memory()


def rows_by_id(session: Session, ctx: Context, table: type[Row], ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Those of the rows with `ids` that there are."""
    memory: _Memory | None = session.info.get(_MEMORY)
    unwritten = _unwritten(session, table)
    rows: dict[UUID, Row] = {}
    missing = []
    for row_id in set(ids):  # what this transaction has read already is still so: it holds the company's clock
        known = session.identity_map.get(identity_key(table, (ctx.company_id, row_id))) or unwritten.get(row_id)
        if known is not None:
            rows[row_id] = known
        elif memory is None or (table, row_id) not in memory.absent:
            missing.append(row_id)
    if missing:
        statement = select(table).where(table.company_id == ctx.company_id, table.id.in_(missing))
        found = session.scalars(statement, execution_options=MEMORY_ASKS).all()
        rows.update((row.id, row) for row in found)
        if memory is not None:
            memory.rows.update(found)
            memory.absent.update((table, row_id) for row_id in missing if row_id not in rows)
    if memory is not None and (belonging := _BELONGING.get(table)) is not None and belonging.in_use_only:
        for row in rows.values():  # what is not in use may be put to use again by whoever asks for it by name
            if (of_owner := memory.sets.get((table, getattr(row, belonging.column)))) is not None:
                of_owner[row.id] = row
    return rows


def no_longer_absent(session: Session, table: type[Any], ids: Iterable[UUID]) -> None:
    """Rows came past the session: whoever asked for them before and found nothing asks again."""
    memory: _Memory | None = session.info.get(_MEMORY)
    if memory is not None and memory.absent:
        memory.absent.difference_update((table, row_id) for row_id in ids)


def rows_of(session: Session, ctx: Context, table: type[Row], owner_ids: Iterable[UUID]) -> dict[UUID, list[Row]]:
    """All rows of `table` (in use, where they say so) that belong to each of `owner_ids`, in no order; see `_BELONGING` for
    what belongs to what."""
    belonging = _BELONGING[table]
    memory = session.info.get(_MEMORY) or _Memory()
    wanted = set(owner_ids)
    missing = {owner_id for owner_id in wanted if (table, owner_id) not in memory.sets}
    if missing:
        column = getattr(table, belonging.column)
        statement = select(table).where(table.company_id == ctx.company_id, column.in_(missing))
        if belonging.in_use_only:
            asked: Any = table
            statement = statement.where(asked.is_in_use)
        memory.sets.update(((table, owner_id), {}) for owner_id in missing)
        for row in (*session.scalars(statement, execution_options=MEMORY_ASKS), *_unwritten(session, table).values()):
            owner_id = getattr(row, belonging.column)
            if owner_id in missing:
                memory.sets[table, owner_id][row.id] = row
                memory.rows.add(row)
    if belonging.in_use_only:
        for owner_id in wanted:
            of_owner = memory.sets[table, owner_id]
            for row in [row for row in of_owner.values() if not row.is_in_use]:
                del of_owner[row.id]
    return {owner_id: list(memory.sets[table, owner_id].values()) for owner_id in wanted}


def changed_rows(session: Session, table: type[Row]) -> dict[UUID, Row]:
    """Rows of `table` that the session has and the database not, or not as they are by now, by id."""
    changed = {row.id: row for row in session.dirty if isinstance(row, table)}
    return {**changed, **_unwritten(session, table)}


def _unwritten(session: Session, table: type[Row]) -> Mapping[UUID, Row]:
    """Rows of `table` that are new in the session, by id."""
    memory: _Memory | None = session.info.get(_MEMORY)
    if memory is not None:
        return memory.unwritten.get(table, {})
    return {row.id: row for row in session.new if isinstance(row, table)}


def _take_in_new_row(session: Session, row: Any) -> None:
    memory: _Memory | None = session.info.get(_MEMORY)
    if memory is None or not isinstance(row, Replicated):
        return
    assert row.id is not None, "a row has its id and its owner when it is added to the session"
    table = type(row)
    memory.rows.add(row)
    memory.unwritten.setdefault(table, {})[row.id] = row
    for owned in _OWNED.get(table, ()):  # who is new owned nothing before
        owner = attrgetter(_BELONGING[owned].column)
        of_row = {key: other for key, other in memory.unwritten.get(owned, {}).items() if owner(other) == row.id}
        memory.sets.setdefault((owned, row.id), of_row)
    belonging = _BELONGING.get(table)
    if belonging is not None:
        of_owner = memory.sets.get((table, getattr(row, belonging.column)))
        if of_owner is not None:
            of_owner[row.id] = row


def _none_unwritten(session: Session) -> None:
    memory: _Memory | None = session.info.get(_MEMORY)
    if memory is not None:
        memory.unwritten.clear()


def _forget_what_is_written_past_the_session(executed: ORMExecuteState) -> None:
    if executed.is_update or executed.is_delete:
        executed.session.info.pop(_MEMORY, None)
    elif executed.is_insert and _MEMORY in executed.session.info:
        executed.session.info[_MEMORY].absent.clear()


_OWNED: dict[type[Any], list[type[Any]]] = {}
for _table, _belonging in _BELONGING.items():
    _OWNED.setdefault(_belonging.owner, []).append(_table)
