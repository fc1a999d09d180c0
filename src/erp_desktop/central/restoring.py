"""What a centre remembers of having been restored from a backup: the time whose timeline was lost."""

import json
import time
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from erp_desktop.models.sync import CentreSetting

_KEY = "restored"


def note_restore(connection: Connection, made_at: datetime) -> None:
    """The backup of `made_at` has been restored just now."""
    connection.execute(delete(CentreSetting).where(CentreSetting.key == _KEY))
    lost = json.dumps([made_at.timestamp(), time.time()])
    connection.execute(insert(CentreSetting).values(key=_KEY, value=lost))


def lost_between(connection: Connection) -> tuple[float, float] | None:
    """From when until when (seconds since 1970) the last restore lost what happened; None: there was none."""
    stored = connection.scalar(select(CentreSetting.value).where(CentreSetting.key == _KEY))
    if stored is None:
        return None
    made_at, restored_at = json.loads(stored)
    return made_at, restored_at
