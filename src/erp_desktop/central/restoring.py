"""What a centre remembers of having been restored from backups: the times whose timeline was lost."""

import json
import time
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from erp_desktop.models.sync import CentreSetting

_KEY = "restored"


def note_restore(connection: Connection, made_at: datetime) -> None:
    """The backup of `made_at` has been restored just now. It may remember itself that others were restored before."""
    times = [*lost_times(connection), (made_at.timestamp(), time.time())]
    connection.execute(delete(CentreSetting).where(CentreSetting.key == _KEY))
    connection.execute(insert(CentreSetting).values(key=_KEY, value=json.dumps(times)))


def lost_times(connection: Connection) -> list[tuple[float, float]]:
    """From when until when (seconds since 1970) what happened was lost by restores, the last one at the end."""
    stored = connection.scalar(select(CentreSetting.value).where(CentreSetting.key == _KEY))
    return [(begin, end) for begin, end in json.loads(stored)] if stored is not None else []
