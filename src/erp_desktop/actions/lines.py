"""Writing a draft's lines anew."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import delete, insert, inspect, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from erp_desktop.actions.base import Context
from erp_desktop.actions.finding import TwiceTheSameLine
from erp_desktop.actions.remembering import rows_by_id
from erp_desktop.models.base import Replicated
from erp_desktop.models.sync import Tombstone

Line = TypeVar("Line", bound=Replicated)

_TOMBSTONES_PER_STATEMENT = 500


def replace_lines(
    session: Session, ctx: Context, table: type[Line], order_id: UUID, lines: Sequence[Line], *, is_new: bool
) -> None:
    """`lines` become all the lines of the draft `order_id`. Lines that are gone leave a tombstone at the centre, so that
    desks forget them too."""
    if is_new:
        session.add_all(lines)
        return
    order_column: Any = table.__table__.c.order_id
    kept = {line.id for line in lines}
    known = session.execute(
        select(table.id, order_column).where(
            table.company_id == ctx.company_id, or_(order_column == order_id, table.id.in_(kept))
        )
    ).all()
    if any(of_order != order_id for _, of_order in known):  # a line of another order is not ours to take
        raise TwiceTheSameLine()
    gone = [line_id for line_id, _ in known if line_id not in kept]
    if gone:
        session.execute(delete(table).where(table.company_id == ctx.company_id, table.id.in_(gone)))
        if ctx.at_centre:
            bury(session, ctx, table, gone)
    stored = rows_by_id(session, ctx, table, kept)
    for line in lines:
        if line.id in stored:
            for name, value in inspect(line).dict.items():
                if name in line.__table__.columns:
                    setattr(stored[line.id], name, value)
            # with the order's tick, also unchanged: where its warehouse changed, other desks see it from now on
            flag_modified(stored[line.id], "order_id")
        else:
            session.add(line)


def bury(session: Session, ctx: Context, table: type[Replicated], ids: Sequence[UUID]) -> None:
    """Tombstones for deleted draft rows, with the tick of the action that deleted them."""
    tick = session.connection().info["tick"]
    name = table.__tablename__
    for start in range(0, len(ids), _TOMBSTONES_PER_STATEMENT):
        gone = ids[start : start + _TOMBSTONES_PER_STATEMENT]
        session.execute(  # a row may have been there, gone, and there again
            delete(Tombstone).where(
                Tombstone.company_id == ctx.company_id, Tombstone.table_name == name, Tombstone.row_id.in_(gone)
            )
        )
        session.execute(
            insert(Tombstone),
            [{"company_id": ctx.company_id, "table_name": name, "row_id": row_id, "tick": tick} for row_id in gone],
        )
