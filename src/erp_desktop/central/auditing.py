"""Who did what and who saw what, for those who look after a company: the action log, what was looked at, and beside them
what is neither - signing in, ending sessions, passwords, backups.

Here: writing an event, and reading all three newest first, a page at a time. Not here: who may read it (admin_calls.py), what
was done to one record (histories.py), keeping what desks tell (reads.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, func, insert, or_, select, update

from erp_desktop.actions.subjects import Subject, subjects_in
from erp_desktop.central.subjects import catch_up, ticks_about
from erp_desktop.database import reader
from erp_desktop.ids import lowest_id, new_id
from erp_desktop.models.base import may_hold, replicated_tables
from erp_desktop.models.company import User
from erp_desktop.models.sync import ActionLog, AuditEvent, Device, ReadEvent
from erp_desktop.queries.naming import Named, names_of, records_called
from erp_desktop.wire import LARGEST_INT
from erp_desktop.wire_audit import (
    MOST_RECORDS_TOLD,
    AuditRequest,
    AuditRow,
    AuditRows,
    ComputerName,
    LastCheck,
    RecordName,
)

LONGEST_SUBJECT = 200
SIGN_IN_FAILED = "sign_in_failed"
FAILURES_TOLD_TOGETHER = timedelta(hours=1)
MOST_TOLD, LONGEST_NAME_TOLD = (
    4,
    45,
)  # names and addresses of an entry: with what is between them they fit LONGEST_SUBJECT
_OTHERS = "…"
LOG_CHECKED = "log_checked"  # its subject: entries, the first that is not sound, REWRITTEN
FIRST_MOMENT, LAST_MOMENT = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
REWRITTEN = "rewritten"
_TELLING = ("code", "number", "external_number", "login", "name")  # arguments by which people know a record


def note_event(
    connection: Connection,
    company_id: UUID,
    kind: str,
    user_id: UUID | None = None,
    device_id: UUID | None = None,
    subject: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Keep that somebody did something that is no action, in the caller's transaction."""
    connection.execute(
        insert(AuditEvent).values(
            company_id=company_id,
            id=new_id(),
            at=datetime.now(UTC),
            kind=kind,
            user_id=user_id,
            device_id=device_id,
            subject=_storable(subject),
            details=details or {},
        )
    )


def note_failed_sign_in(
    connection: Connection, company_id: UUID, user_id: UUID | None, login: str, address: str
) -> None:
    """Keep that a password was wrong, or a name nobody's (`user_id` None), in the caller's transaction.

    All of an hour are one entry for each account, and one for all names that are nobody's: guessing without end fills no disk.
    """
    event, now = AuditEvent, datetime.now(UTC)
    is_it = and_(
        event.company_id == company_id,
        event.id > lowest_id(now - FAILURES_TOLD_TOGETHER),
        event.kind == SIGN_IN_FAILED,
        event.user_id == user_id,
    )
    known = connection.execute(
        select(event.id, event.subject, event.details).where(is_it).order_by(event.id.desc()).limit(1).with_for_update()
    ).one_or_none()
    if known is None:
        details = {"times": 1, "addresses": _with([], address)}
        name = ", ".join(_with([], login))
        note_event(connection, company_id, SIGN_IN_FAILED, user_id, subject=name, details=details)
        return
    details = {"times": known.details["times"] + 1, "addresses": _with(known.details["addresses"], address)}
    names = ", ".join(_with(known.subject.split(", "), login))
    connection.execute(
        update(event)
        .where(event.company_id == company_id, event.id == known.id)
        .values(subject=_storable(names), details=details)
    )


def _with(told: list[str], one: str) -> list[str]:
    """The first few, and that there were others."""
    short = _storable(one)[:LONGEST_NAME_TOLD]
    if short in ("", *told) or told[-1:] == [_OTHERS]:
        return told
    return [*told, short if len(told) < MOST_TOLD else _OTHERS]


def _storable(text: str) -> str:
    return "".join(mark for mark in text if mark.isprintable())[:LONGEST_SUBJECT]


def audit(engine: Engine, company_id: UUID, wanted: AuditRequest, permissions: frozenset[str]) -> AuditRows:
    """A page of it, newest first. Records of tables that `permissions` do not open stay without their names."""
    is_by_record = wanted.of == "changes" and (wanted.record is not None or bool(wanted.text.strip()))
    behind = catch_up(engine, company_id) if is_by_record else 0
    with reader(engine).connect() as connection:
        page = _PAGES[wanted.of](connection, company_id, wanted, permissions)
        if wanted.before:
            return msgspec.structs.replace(page, behind=behind)
        return msgspec.structs.replace(
            page,
            behind=behind,
            computers=_computers(connection, company_id),
            checked=_last_check(connection, company_id),
        )


def record_names(
    connection: Connection, company_id: UUID, subjects: Iterable[Subject], permissions: frozenset[str]
) -> dict[UUID, Named]:
    """What these records are called, of those whose table `permissions` open."""
    tables = replicated_tables()
    kinds: defaultdict[str, set[UUID]] = defaultdict(set)
    for one in subjects:
        if one.kind in tables and may_hold(tables[one.kind], permissions):
            kinds[one.kind].add(one.id)
    return names_of(connection, company_id, kinds)


def record_name(subject: Subject, names: dict[UUID, Named]) -> RecordName:
    named = names.get(subject.id, Named(None))
    return RecordName(kind=subject.kind, id=subject.id, number=named.number, name=named.name, name_zh=named.name_zh)


def _changes(connection: Connection, company_id: UUID, wanted: AuditRequest, permissions: frozenset[str]) -> AuditRows:
    log = ActionLog
    columns = (log.tick, log.at, log.name, log.args, log.outcome, log.problem)
    statement = _of_whom(select(*columns), log, log.actor_id, company_id).order_by(log.tick.desc())
    if wanted.before.isdecimal() and (before := int(wanted.before)) <= LARGEST_INT:
        statement = statement.where(log.tick < before)
    if wanted.outcome:
        statement = statement.where(log.outcome == wanted.outcome)
    if wanted.record is not None:
        statement = statement.where(log.tick.in_(ticks_about(connection, company_id, [wanted.record])))
    called = records_called(connection, company_id, wanted.text.strip()) if wanted.text.strip() else []
    about_called = [log.tick.in_(ticks_about(connection, company_id, called))] if called else []
    statement = _narrowed(statement, log.at, log.actor_id, log.device_id, log.name, wanted)
    statement = _with_text(statement, wanted, (User.name, User.login, log.name, log.args), about_called)
    found = connection.execute(statement.limit(wanted.limit)).all()
    about = [subjects_in(row.name, msgspec.json.decode(row.args), company_id) for row in found]
    told = [subjects[:MOST_RECORDS_TOLD] for subjects in about]
    names = record_names(connection, company_id, (one for subjects in told for one in subjects), permissions)
    rows = [
        AuditRow(
            at=row.at,
            person=_person(row),
            what=row.name,
            subject=_subject(row.args),
            records=[record_name(one, names) for one in records],
            record_count=len(subjects),
            outcome=row.outcome,
            problem=row.problem,
            computer=row.computer or "",
        )
        for row, subjects, records in zip(found, about, told, strict=True)
    ]
    return AuditRows(rows=rows, before=str(found[-1].tick) if len(found) == wanted.limit else "")


def _reads(connection: Connection, company_id: UUID, wanted: AuditRequest, permissions: frozenset[str]) -> AuditRows:
    read = ReadEvent
    columns = (read.id, read.at, read.kind, read.subject, read.record_id, read.details)
    statement = _of_whom(select(*columns), read, read.user_id, company_id).order_by(read.at.desc(), read.id.desc())
    moment, _, last_id = wanted.before.partition(" ")
    if last_id:
        try:
            at, id_ = _in_utc(datetime.fromisoformat(moment)), UUID(last_id)
        except ValueError:
            return AuditRows(rows=[], before="")
        statement = statement.where(or_(read.at < at, and_(read.at == at, read.id < id_)))
    if wanted.record is not None:
        statement = statement.where(read.record_id == wanted.record)
    statement = _narrowed(statement, read.at, read.user_id, read.device_id, read.kind, wanted)
    statement = _with_text(statement, wanted, (User.name, User.login, read.kind, read.subject))
    found = connection.execute(statement.limit(wanted.limit)).all()
    about = [Subject(_table_of(row.subject), row.record_id) if row.record_id else None for row in found]
    names = record_names(connection, company_id, filter(None, about), permissions)
    rows = [
        AuditRow(
            at=row.at,
            person=_person(row),
            what=row.kind,
            subject=row.subject,
            records=[] if one is None else [record_name(one, names)],
            record_count=0 if one is None else 1,
            details=row.details,
            outcome="done",
            computer=row.computer or "",
        )
        for row, one in zip(found, about, strict=True)
    ]
    last = f"{found[-1].at.isoformat()} {found[-1].id}" if len(found) == wanted.limit else ""
    return AuditRows(rows=rows, before=last)


def _events(connection: Connection, company_id: UUID, wanted: AuditRequest, _permissions: frozenset[str]) -> AuditRows:
    event = AuditEvent
    columns = (event.id, event.at, event.kind, event.subject, event.details)
    statement = _of_whom(select(*columns), event, event.user_id, company_id).order_by(event.id.desc())
    if wanted.before:
        try:
            statement = statement.where(event.id < UUID(wanted.before))
        except ValueError:
            return AuditRows(rows=[], before="")
    statement = _narrowed(statement, event.at, event.user_id, event.device_id, event.kind, wanted)
    statement = _with_text(statement, wanted, (User.name, User.login, event.kind, event.subject))
    found = connection.execute(statement.limit(wanted.limit)).all()
    rows = [
        AuditRow(
            at=row.at,
            person=_person(row),
            what=row.kind,
            subject=row.subject,
            details=row.details,
            outcome="done",
            computer=row.computer or "",
        )
        for row in found
    ]
    return AuditRows(rows=rows, before=str(found[-1].id) if len(found) == wanted.limit else "")


_PAGES = {"changes": _changes, "reads": _reads, "events": _events}
_TABLES = {"user": "app_user"}  # where a screen is called otherwise than the table of its records


def _table_of(screen: str) -> str:
    return _TABLES.get(screen, screen)


def _of_whom(
    statement: Select[*tuple[Any, ...]], table: Any, user_id: Any, company_id: UUID
) -> Select[*tuple[Any, ...]]:
    """With the person's name and the computer's."""
    return (
        statement.add_columns(User.name.label("person"), User.login, Device.name.label("computer"))
        .outerjoin(User, (User.company_id == table.company_id) & (User.id == user_id))
        .outerjoin(Device, (Device.company_id == table.company_id) & (Device.id == table.device_id))
        .where(table.company_id == company_id)
    )


def _narrowed(
    statement: Select[Any], at: Any, user_id: Any, device_id: Any, what: Any, wanted: AuditRequest
) -> Select[Any]:
    if wanted.since is not None:
        statement = statement.where(at >= _in_utc(wanted.since))
    if wanted.until is not None:
        statement = statement.where(at < _in_utc(wanted.until))
    for column, value in ((user_id, wanted.person), (device_id, wanted.computer), (what, wanted.what or None)):
        if value is not None:
            statement = statement.where(column == value)
    return statement


def _in_utc(moment: datetime) -> datetime:
    """In one of the years 1 to 9999 there too."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return FIRST_MOMENT if moment.year == 1 else LAST_MOMENT


def _with_text(
    statement: Select[Any], wanted: AuditRequest, texts: Sequence[Any], others: Sequence[ColumnElement[bool]] = ()
) -> Select[Any]:
    looked_for = wanted.text.strip().lower()
    if not looked_for:
        return statement
    found = (func.lower(text).contains(looked_for, autoescape=True) for text in texts)
    return statement.where(or_(*found, *others))


def _computers(connection: Connection, company_id: UUID) -> list[ComputerName]:
    rows = connection.execute(
        select(Device.id, Device.name).where(Device.company_id == company_id).order_by(Device.name, Device.id)
    )
    return [ComputerName(id=row.id, name=row.name) for row in rows]


def _last_check(connection: Connection, company_id: UUID) -> LastCheck | None:
    event = AuditEvent
    statement = _of_whom(select(event.at, event.subject), event, event.user_id, company_id)
    found = connection.execute(
        statement.where(event.kind == LOG_CHECKED).order_by(event.id.desc()).limit(1)
    ).one_or_none()
    if found is None:
        return None
    entries, *broken = found.subject.split()
    return LastCheck(
        at=found.at,
        person=_person(found),
        entries=int(entries),
        broken_at=int(broken[0]) if broken else None,
        is_rewritten=REWRITTEN in broken,
    )


def _person(row: Row[Any]) -> str:
    return f"{row.person} ({row.login})" if row.person else ""


def _subject(args: str) -> str:
    given = msgspec.json.decode(args)
    told = [str(given[name]) for name in _TELLING if isinstance(given.get(name), str) and given[name]]
    return ", ".join(told)[:LONGEST_SUBJECT]
