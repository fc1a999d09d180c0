"""Whoever is tied to warehouses works in those: what an action writes is of one of them, or it is refused.

The rule looks at the rows that are written, so that an action needs no word of its own for it: the same on desk and centre.
Goods are moved, promised, counted and scrapped in one's own warehouses only; the paper of a transfer names two, and one of
them is enough. See docs/decisions/0105.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, event, select
from sqlalchemy.orm import PassiveFlag, Session
from sqlalchemy.orm.attributes import get_history

from erp_desktop.actions.base import Context
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.transit import transit_warehouse_id
from erp_desktop.actions.window import WHOLE_COMPANY
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models import replicated_tables
from erp_desktop.models.base import Replicated
from erp_desktop.models.company import UserWarehouse
from erp_desktop.models.stock import GoodsTransfer, Warehouse


class OtherWarehouse(Refused):
    code = "other_warehouse"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This is work of the warehouse {other}, and you work in {own}. Choose your own warehouse, or ask somebody who works "
        "there; nothing was changed.",
    )


def works_in(company_id: UUID, permissions: frozenset[str], tied: Collection[UUID]) -> frozenset[UUID]:
    """The warehouses in which somebody with these ties works and whose documents and stock they see, goods in transit
    among them; none: every one.

    Whoever sees costs or the ledger sees every one, and works in every one: a valuation of half the moves would be wrong.
    """
    if not tied or permissions & WHOLE_COMPANY:
        return frozenset()
    return frozenset([*tied, transit_warehouse_id(company_id)])


def warehouses_of(
    connection: Connection, company_id: UUID, user_id: UUID, permissions: frozenset[str]
) -> frozenset[UUID]:
    """`works_in` as the ties stand in the database."""
    tie = (UserWarehouse.company_id == company_id) & (UserWarehouse.user_id == user_id)
    return works_in(company_id, permissions, connection.scalars(select(UserWarehouse.warehouse_id).where(tie)).all())


@contextmanager
def in_their_warehouses(session: Session, ctx: Context) -> Iterator[None]:
    """In this block nothing is written that is of other warehouses than those of `ctx`. Raises OtherWarehouse."""
    if not ctx.warehouses:
        yield
        return

    def look(session: Session, *_: object) -> None:
        changed = (row for row in session.dirty if session.is_modified(row))
        refuse_other_warehouses(session, ctx, (*session.new, *changed, *session.deleted))

    event.listen(session, "before_flush", look)
    try:
        yield
    finally:
        event.remove(session, "before_flush", look)


def refuse_other_warehouses(session: Session, ctx: Context, rows: Iterable[object]) -> None:
    """Raises OtherWarehouse if one of the rows that are written is of none of the warehouses of `ctx`."""
    if not ctx.warehouses:
        return
    for row in rows:
        if isinstance(row, Replicated):
            names = _naming(type(row))
            _refuse(session, ctx, type(row), {name: getattr(row, name) for name in names})
            before = {name: get_history(row, name, PassiveFlag.PASSIVE_NO_INITIALIZE).deleted for name in names}
            if any(before.values()):  # a draft of another warehouse is not made one's own either
                _refuse(session, ctx, type(row), {name: next(iter(was or ()), None) for name, was in before.items()})


def refuse_rows_of_other_warehouses(
    session: Session, ctx: Context, model: type[Any], rows: Iterable[dict[str, Any]]
) -> None:
    """`refuse_other_warehouses` for rows that go straight to their table."""
    if not ctx.warehouses or not issubclass(model, Replicated):
        return
    for row in rows:
        _refuse(session, ctx, model, row)


def _naming(model: type[Replicated]) -> tuple[str, ...]:
    """The columns that tell of which warehouse a row is."""
    return (*model.warehouse_columns, *(model.part_of or ())[:1], *(model.of_document or ()))


def _above(model: type[Replicated], values: dict[str, Any]) -> tuple[str, UUID] | None:
    """The table and the id of the document that a row belongs to."""
    if model.of_document is not None:
        kind, document_id = (values[name] for name in model.of_document)
        return kind, document_id
    return None if model.part_of is None else (model.part_of[1], values[model.part_of[0]])


def _refuse(session: Session, ctx: Context, model: type[Replicated], values: dict[str, Any]) -> None:
    while (above := _above(model, values)) is not None:
        table, row_id = above
        model = replicated_tables()[table]
        with session.no_autoflush:
            document: Any = session.get(model, (ctx.company_id, row_id))
        if document is None:  # made by the same action, which is looked at by itself
            return
        values = {name: getattr(document, name) for name in _naming(model)}
    named = {values.get(name) for name in model.warehouse_columns} - {None, transit_warehouse_id(ctx.company_id)}
    is_theirs = bool(named & ctx.warehouses) if model is GoodsTransfer else named <= ctx.warehouses
    if named and not is_theirs:
        raise OtherWarehouse(
            other=_names(session, ctx, named - ctx.warehouses),
            own=_names(session, ctx, ctx.warehouses - {transit_warehouse_id(ctx.company_id)}),
        )


def _names(session: Session, ctx: Context, ids: Iterable[UUID | None]) -> str:
    with session.no_autoflush:
        found = session.scalars(
            select(Warehouse.name)
            .where(Warehouse.company_id == ctx.company_id, Warehouse.id.in_(sorted(one for one in ids if one)))
            .order_by(Warehouse.code)
        ).all()
    return ", ".join(found)
