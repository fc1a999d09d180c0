"""What keeps desks and centre in step. Not replicated: each side has its own rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import Base
from erp_desktop.models.types import Instant, String


class CompanyClock(Base):
    """Centre: the last tick of a company. Its row lock is the order in which the company's actions happen."""

    __tablename__ = "company_clock"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    tick: Mapped[int] = mapped_column(BigInteger)
    epoch: Mapped[UUID]  # changes when the clock is restored from a backup


class ActionLog(Base):
    """Centre: every action that was answered, in tick order: audit trail, acknowledgement, source for replay."""

    __tablename__ = "action_log"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    tick: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    action_id: Mapped[UUID]
    device_id: Mapped[UUID | None]
    seq: Mapped[int | None] = mapped_column(BigInteger)  # the device's own number of it
    actor_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    args: Mapped[str] = mapped_column(Text)  # canonical JSON, as it was pushed
    args_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    outcome: Mapped[str] = mapped_column(String(10))  # applied, refused
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    issued_at: Mapped[Instant]
    at: Mapped[Instant]
    chain_hash: Mapped[bytes] = mapped_column(LargeBinary(32))  # SHA-256 over the previous one and this row

    __table_args__ = (
        UniqueConstraint("company_id", "action_id"),
        UniqueConstraint("company_id", "device_id", "seq"),  # given twice, the device is two: its cache was copied
        Index(None, "company_id", "device_id", "tick"),
    )


class Tombstone(Base):
    """Centre: a deleted draft row, so that a pull can take it away from desks."""

    __tablename__ = "tombstone"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    table_name: Mapped[str] = mapped_column(String(60), primary_key=True)
    row_id: Mapped[UUID] = mapped_column(primary_key=True)
    tick: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "company_id", "tick"),)


class NumberSeries(Base):
    """Centre: the last number given for a kind of document in a year (or a voucher in a period)."""

    __tablename__ = "number_series"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    scope: Mapped[str] = mapped_column(String(40), primary_key=True)  # the year, or a period's id
    last: Mapped[int] = mapped_column(BigInteger)


class Device(Base):
    """Centre: a desk that has signed in."""

    __tablename__ = "device"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(200))
    seen_at: Mapped[Instant]
    seen_tick: Mapped[int] = mapped_column(BigInteger, default=0)  # up to where it had everything when it last asked
    program: Mapped[str] = mapped_column(String(40), default="")  # its version, as it said when it signed in
    sign_outs: Mapped[int] = mapped_column(default=0)  # a token that was made before the last one is good no more
    is_revoked: Mapped[bool] = mapped_column(default=False)
    forked_from: Mapped[UUID | None]  # the device that this one's cache was first copied from
    has_copies: Mapped[bool] = mapped_column(default=False)  # other devices were forked from this one


class RefreshToken(Base):
    """Centre: the hash of a refresh token; used once, then replaced by its successor."""

    __tablename__ = "refresh_token"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[UUID]
    device_id: Mapped[UUID]
    expires_at: Mapped[Instant]
    replaced_at: Mapped[datetime | None]
    replaces: Mapped[bytes | None] = mapped_column(LargeBinary(32))  # hash of the token that was shown for it


class SignInTries(Base):
    """Centre: wrong passwords in a row by login, device or address, as a hash of it; forgotten after some time."""

    __tablename__ = "sign_in_tries"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int]
    not_before: Mapped[Instant]  # of the next try
    last_at: Mapped[Instant] = mapped_column(index=True)


class AuditEvent(Base):
    """Centre: what people did that is no action: signing in, wrong passwords, ending sessions, backups."""

    __tablename__ = "audit_event"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)  # made of the time: a later one is larger
    at: Mapped[Instant]
    kind: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[UUID | None]  # who did it; None where nobody of that name signs in
    device_id: Mapped[UUID | None]  # where
    subject: Mapped[str] = mapped_column(String(200), default="")  # to whom or what
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # of wrong passwords: how often, and from where


class ActionSubject(Base):
    """Centre: which record an entry of the action log is about, made of the log when somebody asks (central/subjects.py)."""

    __tablename__ = "action_subject"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    tick: Mapped[int] = mapped_column(BigInteger, primary_key=True)

    __table_args__ = (Index(None, "company_id", "tick"),)


class ReadEvent(Base):
    """Centre: what people looked at, printed or took away in a file, as their desk told it, also later than it happened."""

    __tablename__ = "read_event"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)  # made at the desk, so that what is told twice is kept once
    at: Mapped[Instant]  # by the desk's clock, and never after it was told
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80))  # the screen, report or list; or the kind of the record
    record_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)  # what was asked for, and into what it went
    user_id: Mapped[UUID]
    device_id: Mapped[UUID]

    __table_args__ = (Index(None, "company_id", "at", "id"),)


class CentreSetting(Base):
    """Centre: one row of facts about this centre (its id, the secret that signs tokens and cursors)."""

    __tablename__ = "centre_setting"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class CacheState(Base):
    """Desk: one row of facts about this cache file (key and value)."""

    __tablename__ = "cache_state"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class OutboxAction(Base):
    """Desk: an action performed here, waiting for the centre's answer or for a person (Needs attention).

    status: pending (also while being sent), refused, held (what it depends on was refused), failed (does not run here now).
    """

    __tablename__ = "outbox"

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    company_id: Mapped[UUID]
    actor_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    args: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[Instant]
    base_tick: Mapped[int] = mapped_column(BigInteger)
    depends_on: Mapped[list[str]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(10))
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    tries: Mapped[int] = mapped_column(default=0)
    again_since: Mapped[datetime | None]  # it had been applied, and the centre was restored to before that


class ReadNote(Base):
    """Desk: something that was looked at, printed or taken away in a file, until the centre has been told."""

    __tablename__ = "read_note"

    id: Mapped[UUID] = mapped_column(primary_key=True)  # made of the time: a later one is larger
    at: Mapped[Instant]
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)


class KeptAction(Base):
    """Desk: an action that the centre applied, kept for some weeks: a restored centre may not know it, and is told again."""

    __tablename__ = "kept_action"

    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    company_id: Mapped[UUID]
    actor_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    args: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[Instant]
    base_tick: Mapped[int] = mapped_column(BigInteger)
    depends_on: Mapped[list[str]] = mapped_column(JSON)
    kept_at: Mapped[Instant]


class UndoStep(Base):
    """Desk: a statement that takes back one row's change by a pending action; written by triggers, run newest first."""

    __tablename__ = "undo_step"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    outbox_seq: Mapped[int] = mapped_column(index=True)
    table_name: Mapped[str] = mapped_column(String(60))
    row_id: Mapped[UUID]  # of the row that changed: tells which pending actions depend on each other
    statement: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index(None, "row_id"),)


class StagedPage(Base):
    """Desk: a page of a pull that is not complete yet; a kill resumes from here."""

    __tablename__ = "staged_page"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    page: Mapped[bytes] = mapped_column(LargeBinary)


class FetchedRow(Base):
    """Desk: a row of a document older than this desk's window, fetched because somebody looked for it."""

    __tablename__ = "fetched_row"

    table_name: Mapped[str] = mapped_column(String(60), primary_key=True)
    row_id: Mapped[UUID] = mapped_column(primary_key=True)
