"""The lease: how long a desk works without having spoken to its centre. Past it the data stay closed, and are kept.

The time that has passed is the most that anything says: the computer's clock, the latest time that it ever showed, and how
long the program ran since. So a clock that is turned back, once or every morning, hides no time in which the program ran.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from erp_desktop.sync.cache import Cache, get_state, set_state
from erp_desktop.wire import LEASE_SECONDS

_BETWEEN_NOTES = timedelta(minutes=5)  # how much working time a program that is killed may take back
_ENDLESS = "none"


def _now() -> datetime:
    return datetime.now(UTC)


class Lease:
    """The lease of one cache, asked from whichever thread."""

    def __init__(
        self,
        cache: Cache,
        now: Callable[[], datetime] | None = None,
        seconds_running: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cache = cache
        self._now = now = now or _now
        self._seconds_running = seconds_running
        self._guard = threading.Lock()
        self._looked_at = seconds_running()
        stored = cache.read_here(lambda session: _stored(session.connection()))
        self._length = _length(stored.get("lease_seconds", str(LEASE_SECONDS)))
        self._begun = _time(stored.get("lease_begun")) or now()
        self._latest = max(_time(stored.get("lease_latest")) or now(), self._begun)
        self._noted = self._latest
        if "lease_begun" not in stored:  # a cache from before there were leases: it begins today
            self._note()

    @property
    def days(self) -> int:
        """How many days it lasts; 0 for one without end."""
        return 0 if self._length is None else round(self._length / timedelta(days=1))

    def is_over(self) -> bool:
        """Whether the desk has to speak to its centre before anything is shown."""
        with self._guard:
            running = self._seconds_running()
            self._latest = max(self._now(), self._latest + timedelta(seconds=running - self._looked_at))
            self._looked_at = running
            if self._latest - self._noted >= _BETWEEN_NOTES:
                self._note()
            return self._length is not None and self._latest - self._begun > self._length

    def begin(self, seconds: int | None) -> None:
        """The centre has just said who this is: from now on so many seconds, None for ever. Its word also puts right what
        a clock that was years ahead has left behind."""
        with self._guard:
            self._length = None if seconds is None else timedelta(seconds=seconds)
            self._begun = self._latest = self._now()
            self._looked_at = self._seconds_running()
            self._note()

    def _note(self) -> None:
        self._noted = self._latest
        facts = {
            "lease_seconds": _ENDLESS if self._length is None else str(round(self._length.total_seconds())),
            "lease_begun": self._begun.isoformat(),
            "lease_latest": self._latest.isoformat(),
        }
        self._cache.write(lambda connection: set_state(connection, **facts))


def _stored(connection: Connection) -> dict[str, str]:
    facts = {name: get_state(connection, name) for name in ("lease_seconds", "lease_begun", "lease_latest")}
    return {name: value for name, value in facts.items() if value is not None}


def _length(stored: str) -> timedelta | None:
    return None if stored == _ENDLESS else timedelta(seconds=int(stored))


def _time(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored)
