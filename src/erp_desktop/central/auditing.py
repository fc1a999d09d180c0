"""Who did what: the action log, and beside it what is no action - signing in, ending sessions, passwords, backups.

Here: writing an event, and reading both newest first, a page at a time. Not here: who may read it (admin_calls.py).
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, Select, func, insert, or_, select

from erp_desktop.database import reader
from erp_desktop.ids import new_id
from erp_desktop.models.company import User
from erp_desktop.models.sync import ActionLog, AuditEvent, Device
from erp_desktop.wire import AuditRequest, AuditRow, AuditRows

LONGEST_SUBJECT = 200
_TELLING = ("code", "number", "external_number", "login", "name")  # arguments by which people know a record


def note_event(
    connection: Connection,
    company_id: UUID,
    kind: str,
    user_id: UUID | None = None,
    device_id: UUID | None = None,
    subject: str = "",
) -> None:
    """Keep that somebody did something that is no action, in the caller's transaction."""
    storable = "".join(mark for mark in subject if mark.isprintable())[:LONGEST_SUBJECT]
    connection.execute(
        insert(AuditEvent).values(
            company_id=company_id,
            id=new_id(),
            at=datetime.now(UTC),
            kind=kind,
            user_id=user_id,
            device_id=device_id,
            subject=storable,
        )
    )


def audit(engine: Engine, company_id: UUID, wanted: AuditRequest) -> AuditRows:
    """A page of who did what, newest first."""
    with reader(engine).connect() as connection:
        if wanted.of == "changes":
            return _changes(connection, company_id, wanted)
        return _events(connection, company_id, wanted)


def _changes(connection: Connection, company_id: UUID, wanted: AuditRequest) -> AuditRows:
    log = ActionLog
    statement = (
        select(log.tick, log.at, log.name, log.args, log.outcome, log.problem, User.name.label("person"), User.login)
        .add_columns(Device.name.label("computer"))
        .outerjoin(User, (User.company_id == log.company_id) & (User.id == log.actor_id))
        .outerjoin(Device, (Device.company_id == log.company_id) & (Device.id == log.device_id))
        .where(log.company_id == company_id)
        .order_by(log.tick.desc())
    )
    if wanted.before.isdigit():
        statement = statement.where(log.tick < int(wanted.before))
    statement = _narrowed(statement, log.at, wanted, (User.name, User.login, log.name, log.args))
    found = connection.execute(statement.limit(wanted.limit)).all()
    rows = [
        AuditRow(
            at=row.at,
            person=_person(row.person, row.login),
            what=row.name,
            subject=_subject(row.args),
            outcome=row.outcome,
            problem=row.problem,
            computer=row.computer or "",
        )
        for row in found
    ]
    return AuditRows(rows=rows, before=str(found[-1].tick) if len(found) == wanted.limit else "")


def _events(connection: Connection, company_id: UUID, wanted: AuditRequest) -> AuditRows:
    event = AuditEvent
    statement = (
        select(event.id, event.at, event.kind, event.subject, User.name.label("person"), User.login)
        .add_columns(Device.name.label("computer"))
        .outerjoin(User, (User.company_id == event.company_id) & (User.id == event.user_id))
        .outerjoin(Device, (Device.company_id == event.company_id) & (Device.id == event.device_id))
        .where(event.company_id == company_id)
        .order_by(event.id.desc())
    )
    if wanted.before:
        try:
            statement = statement.where(event.id < UUID(wanted.before))
        except ValueError:
            return AuditRows(rows=[], before="")
    statement = _narrowed(statement, event.at, wanted, (User.name, User.login, event.kind, event.subject))
    found = connection.execute(statement.limit(wanted.limit)).all()
    rows = [
        AuditRow(
            at=row.at,
            person=_person(row.person, row.login),
            what=row.kind,
            subject=row.subject,
            outcome="done",
            computer=row.computer or "",
        )
        for row in found
    ]
    return AuditRows(rows=rows, before=str(found[-1].id) if len(found) == wanted.limit else "")


def _narrowed(statement: Select[Any], at: Any, wanted: AuditRequest, texts: tuple[Any, ...]) -> Select[Any]:
    if wanted.since is not None:
        statement = statement.where(at >= wanted.since.astimezone(UTC))
    if wanted.until is not None:
        statement = statement.where(at < wanted.until.astimezone(UTC))
    if wanted.text.strip():
        looked_for = wanted.text.strip().lower()
        statement = statement.where(or_(*(func.lower(text).contains(looked_for, autoescape=True) for text in texts)))
    return statement


def _person(name: str | None, login: str | None) -> str:
    return f"{name} ({login})" if name else ""


def _subject(args: str) -> str:
    given = msgspec.json.decode(args)
    told = [str(given[name]) for name in _TELLING if isinstance(given.get(name), str) and given[name]]
    return ", ".join(told)[:LONGEST_SUBJECT]
