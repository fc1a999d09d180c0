"""Documents that a desk does not hold because nothing was done on them for long: looked for, and handed out whole (0104).

Nobody has written anything of them since the desk's window begins, so that they are the same at the desk's cursor as they are
now, and may be put beside its rows as they come.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, not_, or_, select

from erp_desktop.central.changes import Changes, NotReadable, Reader
from erp_desktop.central.rows import StoredTable
from erp_desktop.central.window import documents_of, in_window
from erp_desktop.models import replicated_tables
from erp_desktop.models.base import Replicated
from erp_desktop.models.party import Party
from erp_desktop.wire import OlderReply, OlderRequest

_TEXTS = ("number", "external_number", "reference", "delivery_note", "tracking_number")
_PARTIES = ("customer_id", "supplier_id")


def older(changes: Changes, who: Reader, wanted: OlderRequest) -> OlderReply:
    """The latest documents of a table that `who` may see, does not hold and is looking for, each with all that belongs to it and
    to what it belongs to. Raises CursorGone, NotReadable."""
    with changes.at(who, wanted.cursor) as (connection, _, cursor):
        tables = {one.name: one for one in changes.tables_for(who.permissions, who.schema_revision, who.warehouses)}
        table = tables.get(wanted.table)
        if table is None or "number" not in table.model.__table__.columns:
            raise NotReadable(wanted.table)
        held = in_window(table.model, cursor.begins_with) if cursor.begins_with else None
        if held is None:
            return OlderReply(pages=[], found=[], more=False)
        found = _find(connection, who.company_id, table, wanted, not_(held))
        more = len(found) > wanted.limit
        found = found[: wanted.limit]
        pages = []
        for root, ids in _roots(connection, who.company_id, table.model, found).items():
            if root in tables:
                of_root = tables[root].select.where(
                    tables[root].model.company_id == who.company_id, tables[root].model.id.in_(sorted(ids))
                )
                pages.append(tables[root].page(connection, of_root))
            pages += documents_of(connection, who.company_id, list(tables.values()), (root, sorted(ids)), cursor.tick)
    return OlderReply(pages=pages, found=found, more=more)


def _find(
    connection: Connection, company_id: UUID, table: StoredTable, wanted: OlderRequest, is_older: ColumnElement[bool]
) -> list[UUID]:
    model = table.model
    statement = table.select.with_only_columns(model.id).where(model.company_id == company_id, is_older)
    if wanted.text.strip():
        statement = statement.where(_matches(model, wanted.text.strip().lower()))
    if wanted.held:
        statement = statement.where(model.id.not_in(wanted.held))
    latest = statement.order_by(model.tick.desc(), model.id.desc()).limit(wanted.limit + 1)
    return list(connection.scalars(latest))


def _matches(model: type[Replicated], text: str) -> ColumnElement[bool]:
    columns = model.__table__.columns
    ways = [func.lower(columns[name]).contains(text, autoescape=True) for name in _TEXTS if name in columns]
    named = or_(*(func.lower(one).contains(text, autoescape=True) for one in (Party.code, Party.name, Party.name_zh)))
    for name in _PARTIES:
        if name in columns:
            of_company = Party.company_id == model.company_id
            ways.append(columns[name].in_(select(Party.id).where(of_company, named).correlate(model)))
    return or_(*ways)


def _roots(
    connection: Connection, company_id: UUID, model: type[Replicated], ids: Iterable[UUID]
) -> dict[str, set[UUID]]:
    """The documents that these belong to in the end, by table."""
    above = model.kept_with or model.part_of
    found = set(ids)
    if above is None or not found:
        return {str(model.__tablename__): found} if found else {}
    column = model.__table__.columns[above[0]]
    rows = connection.execute(
        select(model.id, column).where(model.company_id == company_id, model.id.in_(sorted(found)))
    )
    upper: set[UUID] = set()
    alone: set[UUID] = set()
    for row_id, above_id in rows:
        if above_id is None:
            alone.add(row_id)
        else:
            upper.add(above_id)
    roots = _roots(connection, company_id, replicated_tables()[above[1]], upper)
    if alone:
        roots.setdefault(str(model.__tablename__), set()).update(alone)
    return roots
