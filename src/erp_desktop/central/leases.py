"""How long a desk may work without having spoken to this centre; the centre says it with every session.

A setting of the centre (`erp-central serve --lease-days`), so that all its workers say the same.
"""

from sqlalchemy import Connection, Engine, delete, insert, select

from erp_desktop.database import writer
from erp_desktop.models.sync import CentreSetting
from erp_desktop.wire import LEASE_SECONDS

SECONDS_OF_A_DAY = 24 * 60 * 60
_SETTING = "lease_days"


def lease_seconds(connection: Connection) -> int | None:
    """None: without end."""
    stored = connection.scalar(select(CentreSetting.value).where(CentreSetting.key == _SETTING))
    if stored is None:
        return LEASE_SECONDS
    return int(stored) * SECONDS_OF_A_DAY or None


def set_lease(engine: Engine, days: int) -> None:
    """From the next session on, and until it is set again. 0: without end."""
    with writer(engine).begin() as connection:
        connection.execute(delete(CentreSetting).where(CentreSetting.key == _SETTING))
        connection.execute(insert(CentreSetting).values(key=_SETTING, value=str(days)))
