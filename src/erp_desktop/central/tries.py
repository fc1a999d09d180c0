"""Wrong passwords slow down: kept in the database, so that every worker of a centre counts the same ones.

A guess costs whoever guesses ever longer waits, counted by login (guessing one person's password), by device and by network
address (one password tried with many logins). Nothing is locked for ever, and nobody is told which of them it was.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from uuid import UUID

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from erp_desktop.database import reader, writer
from erp_desktop.models.sync import SignInTries

FREE_TRIES = 5  # of a login
FREE_TRIES_OF_A_DEVICE = 20  # several people may share one
FREE_TRIES_OF_AN_ADDRESS = 100  # a whole office may be behind one
LONGEST_BACK_OFF_SECONDS = 300
MOST_COUNTED = (
    100_000  # logins, devices and addresses: who makes them up fills no disk; the longest unused are forgotten
)
_FORGOTTEN_AFTER = timedelta(days=1)
_FORGOTTEN_SOON = timedelta(minutes=15)  # without a wrong one meanwhile


@dataclass(frozen=True)
class Trier:
    """What a try is counted by. `forgotten_after` the last wrong one its count begins anew."""

    key: bytes
    free: int
    forgotten_after: timedelta = _FORGOTTEN_AFTER


def triers(company: str, login: str, device_id: UUID, address: str = "") -> list[Trier]:
    """Whom a try counts against. An address of this machine (a proxy beside the service) is nobody's in particular."""
    found = [
        Trier(_key("login", company, login), FREE_TRIES),
        Trier(_key("device", device_id.hex), FREE_TRIES_OF_A_DEVICE, _FORGOTTEN_SOON),
    ]
    if address and not _is_this_machine(address):
        found.append(Trier(_key("address", address), FREE_TRIES_OF_AN_ADDRESS, _FORGOTTEN_SOON))
    return found


class Tries:
    """Counts wrong passwords: none costs anything up to the free ones, then 1, 2, 4 ... 300 s."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._reader = reader(engine)
        self._writer = writer(engine)
        self._clock = clock

    def seconds_to_wait(self, who: Sequence[Trier]) -> int:
        """Until the next try; 0: now."""
        with self._reader.begin() as connection:
            latest = max(
                connection.scalars(
                    select(SignInTries.not_before).where(SignInTries.key.in_([trier.key for trier in who]))
                ),
                default=None,
            )
        return 0 if latest is None else max(0, int((latest - self._clock()).total_seconds() + 0.999))

    def failed(self, who: Sequence[Trier]) -> None:
        """A wrong password, or a login that there is not."""
        now = self._clock()
        for trier in sorted(
            who, key=lambda trier: trier.key
        ):  # in one order, so that two workers do not wait for each other
            try:
                self._count(trier, now)
            except IntegrityError:  # another worker counted the first one at this moment
                self._count(trier, now)
        newest = select(SignInTries.last_at).order_by(SignInTries.last_at.desc()).offset(MOST_COUNTED - 1).limit(1)
        is_old = SignInTries.last_at < now - _FORGOTTEN_AFTER
        with self._writer.begin() as connection:
            connection.execute(delete(SignInTries).where(is_old | (SignInTries.last_at < newest.scalar_subquery())))

    def succeeded(self, who: Sequence[Trier]) -> None:
        """The right password: the login and the device begin anew; the address may go on guessing elsewhere."""
        keys = [trier.key for trier in who[:2]]
        with self._reader.begin() as connection:
            counted = connection.scalars(select(SignInTries.key).where(SignInTries.key.in_(keys))).all()
        if counted:
            with self._writer.begin() as connection:
                connection.execute(delete(SignInTries).where(SignInTries.key.in_(keys)))

    def _count(self, trier: Trier, now: datetime) -> None:
        with self._writer.begin() as connection:
            row = connection.execute(
                select(SignInTries.failures, SignInTries.last_at).where(SignInTries.key == trier.key).with_for_update()
            ).one_or_none()
            failures = 1 if row is None or row.last_at < now - trier.forgotten_after else row.failures + 1
            wait = min(2 ** min(failures - trier.free, 20), LONGEST_BACK_OFF_SECONDS) if failures >= trier.free else 0
            counted = {"failures": failures, "not_before": now + timedelta(seconds=wait), "last_at": now}
            if row is None:
                connection.execute(insert(SignInTries).values(key=trier.key, **counted))
            else:
                connection.execute(update(SignInTries).where(SignInTries.key == trier.key).values(**counted))


def _key(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _is_this_machine(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
