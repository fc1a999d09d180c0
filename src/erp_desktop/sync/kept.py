"""Actions that the centre applied, kept for some weeks, and offered again to a centre that was restored to before them.

After a fill the centre names every action of this desk that it knows, read in one snapshot with the rows. What this desk
was told was applied and is not among them was lost with the centre's last days: it waits in the outbox again, as it was.
Every function works inside the transaction of the connection that it is given.
"""

import logging
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, insert, literal, select

from erp_desktop.models.sync import KeptAction, OutboxAction
from erp_desktop.sync.cache import device_id, get_state, set_state

log = logging.getLogger(__name__)

DAYS_KEPT = 40  # longer than anybody waits between two backups
SECONDS_FOR_OTHERS = 600.0  # what depends on another desk's lost actions is tried again for so long

_kept = KeptAction.__table__
_outbox = OutboxAction.__table__
_SHARED = [column.name for column in _kept.columns if column.name != "kept_at"]
_PENDING = "pending"


def keep(connection: Connection, which: ColumnElement[bool]) -> None:
    """The centre has applied an action of the outbox: keep a copy."""
    statement = select(*(_outbox.c[name] for name in _SHARED), literal(datetime.now(UTC), _kept.c.kept_at.type))
    connection.execute(insert(KeptAction).from_select([*_SHARED, "kept_at"], statement.where(which)))


def forget_old(connection: Connection) -> None:
    """What is older than any backup that might be restored."""
    connection.execute(delete(KeptAction).where(_kept.c.kept_at < datetime.now(UTC) - timedelta(days=DAYS_KEPT)))


def offer_lost(connection: Connection, known: Collection[UUID]) -> int:
    """After a fill: what was applied and is not among the `known` goes into the outbox again. Answers how many.

    The centre knows actions by the device that sent them: after a new device id nothing can be told.
    """
    here = str(device_id(connection))
    if get_state(connection, "kept_device") not in (None, here):
        connection.execute(delete(KeptAction))
    set_state(connection, kept_device=here)
    rows = connection.execute(select(_kept).order_by(_kept.c.seq)).all()
    lost = [row for row in rows if row.id not in known]
    now = datetime.now(UTC)
    for row in lost:
        again = {name: getattr(row, name) for name in _SHARED}
        # tried before: the centre has the last word on it, whatever the newest data here say
        connection.execute(insert(OutboxAction), again | {"status": _PENDING, "tries": 1, "again_since": now})
        connection.execute(delete(KeptAction).where(_kept.c.seq == row.seq))
    if lost:
        log.warning("the centre was restored: %d actions that it had applied are offered again", len(lost))
    return len(lost)


def is_for_others_sake(again_since: datetime | None) -> bool:
    """Whether an action that is offered again, and cannot be done yet, still waits for what other desks offer."""
    return again_since is not None and (datetime.now(UTC) - again_since).total_seconds() < SECONDS_FOR_OTHERS
