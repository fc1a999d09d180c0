"""Which entries of the action log are about a record: an index of the log, brought up to date when somebody asks.

Performing actions writes nothing of it and waits for nothing of it (docs/decisions/0108). Here: keeping the index and asking
it. Not here: what an action is about (actions/subjects.py), what is told of an entry (auditing.py, histories.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite

from erp_desktop.actions.subjects import Subject, subjects_in
from erp_desktop.database import reader, writer
from erp_desktop.models.base import replicated_tables
from erp_desktop.models.sync import ActionLog, ActionSubject

ENTRIES_AT_A_TIME = 1_000
MOST_AT_ONCE = 20_000  # of one question; whoever asks again goes on from there
IDS_PER_STATEMENT = 500
_PART_OF: Mapping[str, str] = {
    "goods_receipt_line": "receipt_id",
    "attachment": "document_id",
}  # column with the document


def catch_up(engine: Engine, company_id: UUID) -> int:
    """Index what was logged since the last time, MOST_AT_ONCE entries at most. Answers how many are left."""
    for _ in range(MOST_AT_ONCE // ENTRIES_AT_A_TIME):
        with reader(engine).connect() as connection:
            done = _indexed_to(connection, company_id)
            rows = connection.execute(
                select(ActionLog.tick, ActionLog.name, ActionLog.args)
                .where(ActionLog.company_id == company_id, ActionLog.tick > done)
                .order_by(ActionLog.tick)
                .limit(ENTRIES_AT_A_TIME)
            ).all()
            found = [(row.tick, subjects_in(row.name, msgspec.json.decode(row.args), company_id)) for row in rows]
            documents = _documents_of(connection, company_id, {one for _, subjects in found for one in subjects})
        index = [
            {"company_id": company_id, "record_id": record_id, "tick": tick}
            for tick, subjects in found
            for record_id in _records(subjects, documents) or {company_id: None}
        ]
        if index:
            with writer(engine).begin() as connection:
                _insert_new(connection, index)
        if len(rows) < ENTRIES_AT_A_TIME:
            return 0
    with reader(engine).connect() as connection:
        newest = connection.scalar(select(func.max(ActionLog.tick)).where(ActionLog.company_id == company_id)) or 0
        return int(newest - _indexed_to(connection, company_id))


def ticks_about(connection: Connection, company_id: UUID, records: Iterable[UUID]) -> Any:
    """The ticks of the entries that are about one of these records, as a question to be part of another."""
    return select(ActionSubject.tick).where(
        ActionSubject.company_id == company_id, ActionSubject.record_id.in_(list(records))
    )


def _indexed_to(connection: Connection, company_id: UUID) -> int:
    indexed = select(func.max(ActionSubject.tick)).where(ActionSubject.company_id == company_id)
    return connection.scalar(indexed) or 0


def _records(subjects: Iterable[Subject], documents: Mapping[UUID, UUID]) -> dict[UUID, None]:
    """Each once, in order. Of an entry about nothing the company is put down, so that the index tells how far it goes."""
    return dict.fromkeys(id for one in subjects for id in (one.id, documents.get(one.id)) if id is not None)


def _insert_new(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Another worker may index the same entries at the same time."""
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(ActionSubject).on_conflict_do_nothing(), rows)


def _documents_of(connection: Connection, company_id: UUID, subjects: Iterable[Subject]) -> dict[UUID, UUID]:
    """The documents of those subjects that are part of one."""
    parts: defaultdict[str, list[UUID]] = defaultdict(list)
    for one in subjects:
        if one.kind in _PART_OF:
            parts[one.kind].append(one.id)
    found: dict[UUID, UUID] = {}
    for kind, ids in parts.items():
        table: Any = replicated_tables()[kind].__table__
        for start in range(0, len(ids), IDS_PER_STATEMENT):
            chunk = ids[start : start + IDS_PER_STATEMENT]
            wanted = select(table.c.id, table.c[_PART_OF[kind]])
            rows = connection.execute(wanted.where(table.c.company_id == company_id, table.c.id.in_(chunk)))
            found.update((row[0], row[1]) for row in rows)
    return found
