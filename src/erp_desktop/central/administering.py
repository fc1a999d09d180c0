"""The centre's own facts, for an administrator: which computers sign in, one-time passwords, ending sessions.

None of this is a row of the books: it is not replicated, nobody does it offline, and it never goes through an outbox.
Here: what may be asked and what it does. Not here: HTTP (admin_calls.py), tokens (accounts.py), who plays which role (SaveUser).
"""

import secrets
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, Engine, bindparam, exists, or_, select, update
from sqlalchemy.orm import aliased

from erp_desktop.central.accounts import hash_password, keep_password
from erp_desktop.central.auditing import note_event
from erp_desktop.central.changes import Reader
from erp_desktop.central.devices import sign_out
from erp_desktop.database import reader, writer
from erp_desktop.models.company import User
from erp_desktop.models.sync import CompanyClock, Device, RefreshToken
from erp_desktop.wire import DeviceRow

SECONDS_BETWEEN_NOTES = 30.0  # of when desks were last seen: a long poll is no reason to write
_EASY_TO_READ = "abcdefghjkmnpqrstuvwxyz23456789"  # no l and 1, no o and 0
_GROUPS, _GROUP = 3, 4


class NoSuchDevice(LookupError):
    """The centre knows no computer of this id in this company."""


class NoSuchUser(LookupError):
    """The centre knows no user of this id in this company; one that was just made may still be on its way."""


def one_time_password() -> str:
    """Easy to read to somebody over the telephone; 59 bits."""
    groups = ("".join(secrets.choice(_EASY_TO_READ) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


@dataclass(frozen=True)
class _Sighting:
    tick: int
    at: datetime


class Administration:
    """What administrators ask of one centre. Safe to use from many threads and beside other workers."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reader = reader(engine)
        self._writer = writer(engine)
        self._guard = threading.Lock()
        self._sightings: dict[tuple[UUID, UUID], _Sighting] = {}
        self._noted_at = datetime.min.replace(tzinfo=UTC)
        self._noting: Future[None] | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="devices seen")

    def close(self) -> None:
        """Note what was seen, and end."""
        self._worker.shutdown(wait=True)
        self.note_sightings()

    # --- computers

    def saw(self, who: Reader, tick: int) -> None:
        """A desk asked, and has everything up to `tick`. Returns at once; it is written now and then."""
        now = datetime.now(UTC)
        with self._guard:
            self._sightings[(who.company_id, who.device_id)] = _Sighting(tick, now)
            is_due = (now - self._noted_at).total_seconds() > SECONDS_BETWEEN_NOTES
            if is_due and (self._noting is None or self._noting.done()):
                self._noted_at = now
                self._noting = self._worker.submit(self.note_sightings)

    def note_sightings(self) -> None:
        """Write when desks were last seen, and how far they had come."""
        with self._guard:
            seen, self._sightings = self._sightings, {}
        if not seen:
            return
        statement = (
            update(Device)
            .where(
                Device.company_id == bindparam("company"),
                Device.id == bindparam("device"),
                # another worker may have seen it since; what this machine's clock said while it was wrong counts for nothing
                or_(Device.seen_at <= bindparam("at"), Device.seen_at > bindparam("now")),
            )
            .values(seen_at=bindparam("at"), seen_tick=bindparam("tick"))
            .execution_options(synchronize_session=None)
        )
        now = datetime.now(UTC)
        rows = [
            {"company": company_id, "device": device_id, "at": one.at, "tick": one.tick, "now": now}
            for (company_id, device_id), one in sorted(seen.items(), key=lambda item: item[0])
        ]
        with self._writer.begin() as connection:
            connection.execute(statement, rows)

    def not_noted(self) -> dict[str, int]:
        """How far desks are that were seen since this worker noted it last, by device."""
        with self._guard:
            return {device_id.hex: one.tick for (_, device_id), one in self._sightings.items()}

    def devices(self, company_id: UUID) -> list[DeviceRow]:
        """Every computer that ever signed in, the one seen last first."""
        self.note_sightings()
        now = datetime.now(UTC)
        first = aliased(Device)
        has_token = exists().where(
            RefreshToken.company_id == Device.company_id,
            RefreshToken.device_id == Device.id,
            RefreshToken.expires_at > now,
        )
        with self._reader.connect() as connection:
            tick = connection.scalar(select(CompanyClock.tick).where(CompanyClock.company_id == company_id)) or 0
            rows = connection.execute(
                select(
                    Device.id,
                    Device.name,
                    Device.user_id,
                    Device.program,
                    Device.seen_at,
                    Device.seen_tick,
                    Device.is_revoked,
                    User.login,
                    User.name.label("user_name"),
                    User.is_active,
                    first.name.label("first_name"),
                    has_token.label("has_token"),
                )
                .join(User, (User.company_id == Device.company_id) & (User.id == Device.user_id))
                .outerjoin(first, (first.company_id == Device.company_id) & (first.id == Device.forked_from))
                .where(Device.company_id == company_id)
                .order_by(Device.seen_at.desc(), Device.id)
            ).all()
        return [
            DeviceRow(
                id=row.id,
                name=row.name,
                user_id=row.user_id,
                login=row.login,
                user_name=row.user_name,
                program=row.program,
                seen_at=row.seen_at,
                ticks_behind=max(0, tick - row.seen_tick),
                state="taken_out"
                if row.is_revoked
                else "signed_in"
                if row.has_token and row.is_active
                else "signed_out",
                copy_of=row.first_name or "",
            )
            for row in rows
        ]

    def order_device(self, company_id: UUID, device_id: UUID, order: str, by: Reader | None = None) -> None:
        """sign_out: its next request wants a password. take_out: nobody signs in on it. let_in: somebody may again.

        Raises NoSuchDevice.
        """
        this = (Device.company_id == company_id) & (Device.id == device_id)
        with self._writer.begin() as connection:
            name = connection.scalar(select(Device.name).where(this))
            if name is None:
                raise NoSuchDevice(str(device_id))
            _note(connection, company_id, f"device_{order}", by, name)
            if order in ("sign_out", "take_out"):
                sign_out(connection, this)
            if order in ("take_out", "let_in"):
                connection.execute(update(Device).where(this).values(is_revoked=order == "take_out"))

    # --- people

    def sign_user_out(self, company_id: UUID, user_id: UUID, by: Reader | None = None) -> None:
        """Every computer of this person wants their password at its next request. Raises NoSuchUser."""
        login = self._login_of(company_id, user_id)
        with self._writer.begin() as connection:
            _note(connection, company_id, "user_sign_out", by, login)
            sign_out(connection, (Device.company_id == company_id) & (Device.user_id == user_id))

    def give_password(self, company_id: UUID, user_id: UUID, by: Reader | None = None) -> str:
        """A new one-time password, good for choosing one's own; who has it is signed out everywhere. Raises NoSuchUser."""
        login = self._login_of(company_id, user_id)
        password = one_time_password()
        password_hash = hash_password(password)
        with self._writer.begin() as connection:
            _note(connection, company_id, "one_time_password", by, login)
            keep_password(connection, company_id, user_id, password_hash, must_change=True)
            sign_out(connection, (Device.company_id == company_id) & (Device.user_id == user_id))
        return password

    def note(self, kind: str, by: Reader, subject: str = "") -> None:
        """Keep for the audit that somebody did something that is no action."""
        with self._writer.begin() as connection:
            _note(connection, by.company_id, kind, by, subject)

    def _login_of(self, company_id: UUID, user_id: UUID) -> str:
        with self._reader.connect() as connection:
            login = connection.scalar(select(User.login).where(User.company_id == company_id, User.id == user_id))
        if login is None:
            raise NoSuchUser(str(user_id))
        return login


def _note(connection: Connection, company_id: UUID, kind: str, by: Reader | None, subject: str) -> None:
    """`by` None: from the centre's command line."""
    note_event(connection, company_id, kind, by.user_id if by else None, by.device_id if by else None, subject)
