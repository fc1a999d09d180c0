"""What was done to one record, for whoever may hold it on their desk: who, when, from which computer, and what changed.

Only what was done: refused attempts are told to those who may read the log. An entry is told to those who may hold the
document that it made, and of its changes the columns that they may see. Here: reading. Not here: HTTP (audit_calls.py).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, Row, select

from erp_desktop.actions.base import Action, MalformedAction, action_classes, read_action
from erp_desktop.actions.changed_fields import FieldChange, changes, parts_after
from erp_desktop.actions.subjects import Subject, row_saved, subjects_in
from erp_desktop.central.auditing import record_name, record_names
from erp_desktop.central.changes import NotReadable, Reader
from erp_desktop.central.rows import readable_tables
from erp_desktop.central.subjects import catch_up, ticks_about
from erp_desktop.database import reader
from erp_desktop.models.base import hidden_columns, may_hold, replicated_tables
from erp_desktop.models.company import User
from erp_desktop.models.sync import ActionLog, Device
from erp_desktop.queries.naming import Named, named_by
from erp_desktop.wire_audit import ChangedField, HistoryRequest, HistoryRow, HistoryRows, RecordName

MOST_ENTRIES = 200
MOST_NAMES = 500
_OF_ADMINISTRATORS = frozenset({"admin", "audit.read"})


@dataclass(frozen=True)
class _Entry:
    """A line of the log, with the action in it, the part of it that writes this record's fields, and what that changed."""

    row: Row[Any]
    subjects: tuple[Subject, ...]
    changes: list[FieldChange]


def history(engine: Engine, who: Reader, wanted: HistoryRequest) -> HistoryRows:
    """The last MOST_ENTRIES that were done to a record, newest first. Raises NotReadable where this person may not hold it."""
    model = replicated_tables().get(wanted.kind)
    if model is None or not may_hold(model, who.permissions):
        raise NotReadable(wanted.kind)
    behind = catch_up(engine, who.company_id)
    with reader(engine).connect() as connection:
        last_tick = _last_tick(connection, who, wanted)
        log = ActionLog
        statement = (
            select(
                log.tick, log.at, log.issued_at, log.name, log.version, log.args, User.name.label("person"), User.login
            )
            .add_columns(Device.name.label("computer"))
            .outerjoin(User, (User.company_id == log.company_id) & (User.id == log.actor_id))
            .outerjoin(Device, (Device.company_id == log.company_id) & (Device.id == log.device_id))
            .where(log.company_id == who.company_id, log.outcome == "applied")
            .where(log.tick.in_(ticks_about(connection, who.company_id, [wanted.id])) | (log.tick == last_tick))
            .order_by(log.tick.desc())
            .limit(MOST_ENTRIES + 1)
        )
        found = connection.execute(statement).all()
        entries = _with_changes(found[:MOST_ENTRIES], who, wanted)
        hidden = _hidden(wanted.kind, who)
        told = [
            (entry, [one for one in entry.changes if (bool(one.product), one.field) not in hidden]) for entry in entries
        ]
        about = [entry.subjects[0] for entry in entries if entry.subjects and entry.subjects[0].id != wanted.id]
        names = record_names(connection, who.company_id, about, who.permissions)
        return HistoryRows(
            rows=[
                HistoryRow(
                    at=entry.row.at,
                    issued_at=entry.row.issued_at,
                    person=f"{entry.row.person} ({entry.row.login})" if entry.row.person else "",
                    what=entry.row.name,
                    computer=entry.row.computer or "",
                    record=_other_record(entry, names),
                    changes=[ChangedField(**asdict(one)) for one in changed],
                )
                for entry, changed in told
            ],
            names=_names(connection, who, wanted.kind, [one for _, changed in told for one in changed]),
            has_older=len(found) > MOST_ENTRIES,
            behind=behind,
        )


def _last_tick(connection: Connection, who: Reader, wanted: HistoryRequest) -> int:
    """Of the action that wrote the record last. Raises NotReadable where it is not among the rows that this person may hold."""
    tables = readable_tables(connection.dialect.name, who.permissions, who.schema_revision, who.warehouses)
    table = tables.get(wanted.kind)
    if table is None:
        raise NotReadable(wanted.kind)
    model = table.model
    is_it = (model.company_id == who.company_id) & (model.id == wanted.id)
    tick = connection.scalar(table.select.with_only_columns(model.tick).where(is_it))
    if tick is None:
        raise NotReadable(wanted.kind)
    return int(tick)


def _with_changes(rows: Sequence[Row[Any]], who: Reader, wanted: HistoryRequest) -> list[_Entry]:
    """Newest first, as `rows` are; each compared with what the record was before it."""
    parts: dict[str, Any] | None = None
    entries: list[_Entry] = []
    for row in reversed(rows):
        saved = _saved(row, wanted.id)
        changed = [] if saved is None else changes(saved, parts)
        if saved is not None:
            parts = parts_after(saved, parts)
        subjects = subjects_in(row.name, msgspec.json.decode(row.args), who.company_id)
        if _is_for(row.name, subjects, who.permissions):
            entries.append(_Entry(row, subjects, changed))
    return entries[::-1]


def _saved(row: Row[Any], record_id: UUID) -> Any:
    """The part of the logged action that writes the record's fields; None where it writes none, or is not known any more."""
    try:
        performed: Action = read_action(row.name, row.version, row.args)
    except MalformedAction:
        return None
    return row_saved(performed, record_id)


def _is_for(name: str, subjects: tuple[Subject, ...], permissions: frozenset[str]) -> bool:
    """Whether they may know that this was done: they may hold the document that it made or changed."""
    cls = action_classes().get(name)
    if cls is not None and cls.permission == "admin" and not permissions & _OF_ADMINISTRATORS:
        return False
    model = replicated_tables().get(subjects[0].kind) if subjects else None
    return model is None or may_hold(model, permissions)


def _other_record(entry: _Entry, names: dict[UUID, Named]) -> RecordName | None:
    if not entry.subjects or entry.subjects[0].id not in names:
        return None
    return record_name(entry.subjects[0], names)


def _hidden(kind: str, who: Reader) -> frozenset[tuple[bool, str]]:
    """The columns that this person may not see: of the record (False) and of its lines (True)."""
    tables = replicated_tables()
    lines = [model for model in tables.values() if model.part_of is not None and model.part_of[1] == kind]
    own = {(False, column) for column in hidden_columns(tables[kind], who.permissions)}
    return frozenset(own | {(True, column) for model in lines for column in hidden_columns(model, who.permissions)})


def _names(connection: Connection, who: Reader, kind: str, changed: list[FieldChange]) -> dict[str, RecordName]:
    """What the records are called that the changes name: in a field, before and after, and the products of lines."""
    tables = named_by(kind)
    wanted: defaultdict[str, set[UUID]] = defaultdict(set)
    for one in changed:
        if one.product:
            _want(wanted, "product", one.product)
        table = tables.get(one.field) or _IN_LINES.get(one.field)
        if table is not None:
            _want(wanted, table, one.was)
            _want(wanted, table, one.now)
    subjects = [Subject(table, id) for table, ids in wanted.items() for id in sorted(ids)][:MOST_NAMES]
    names = record_names(connection, who.company_id, subjects, who.permissions)
    return {str(one.id): record_name(one, names) for one in subjects if one.id in names}


_IN_LINES = {"product_id": "product", "unit_id": "unit"}


def _want(wanted: defaultdict[str, set[UUID]], table: str, named: Any) -> None:
    try:
        wanted[table].add(UUID(named))
    except (AttributeError, TypeError, ValueError):
        return
