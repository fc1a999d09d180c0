"""The writes of several actions, gathered and written together: each row once, as the last of them left it.

An order that is saved, confirmed, allocated and shipped in one batch is one row to insert, not one insert and three updates.
Here: which action touched which row (it carries that action's tick), and what must be written before a question can be
asked. Not here: what comes of an action that is refused; then nothing of the batch is written and each is done by itself.
"""

import threading
from typing import Any

from sqlalchemy import Table, event, inspect
from sqlalchemy.orm import InstanceState, ORMExecuteState, Session
from sqlalchemy.orm.attributes import AttributeEventToken
from sqlalchemy.sql import visitors

from erp_desktop.actions.appending import GATHERED_ROWS, write_gathered_rows
from erp_desktop.actions.base import Action, Context
from erp_desktop.actions.refusals import NotPermitted
from erp_desktop.actions.tied import refuse_other_warehouses
from erp_desktop.models import replicated_tables

_GATHERED = "gathered"
# .changes: what the action that runs on this thread has changed so far, by row: column and value before.
_touching = threading.local()
_asks_after_writing: set[type[Action]] = set()


class AsksAfterWriting(Exception):
    """An action asked for rows that others of its batch have changed, after it had begun to change rows itself: it cannot
    be answered in the middle of a batch. From now on such an action finds everything before it written."""


class _Gathered:
    """Tables with changes of finished actions that are not written yet."""

    def __init__(self) -> None:
        self.tables: set[str] = set()


def let_gather(session: Session) -> None:
    """Call once for a session in which actions are gathered."""
    _watch_changes()
    event.listen(session, "do_orm_execute", _write_what_is_asked_for)


def begin_gathering(session: Session) -> None:
    """From now on, until `end_gathering`, actions are performed with `gather_action`."""
    session.info[_GATHERED] = _Gathered()
    session.info[GATHERED_ROWS] = {}


def gather_action(session: Session, ctx: Context, performed: Action, tick: int) -> None:
    """Run `performed`; what it changes is written later, with `tick`. Raises whatever is wrong with it: the session's
    changes must then be taken back, the other actions' with it."""
    if performed.permission not in ctx.permissions:
        raise NotPermitted(permission=performed.permission)
    if type(performed) in _asks_after_writing:
        write_gathered(session)
    _touching.changes = {}
    try:
        with session.no_autoflush:
            performed.run(session, ctx)
        changes = _touching.changes
    except AsksAfterWriting:
        _asks_after_writing.add(type(performed))
        raise
    finally:
        _touching.changes = None
    written = [
        state.object
        for state, before in changes.items()
        if any(state.dict.get(column) != value for column, value in before.items())
    ]
    refuse_other_warehouses(session, ctx, written)
    gathered: _Gathered = session.info[_GATHERED]
    for row in written:
        row.tick = tick
        gathered.tables.add(row.__tablename__)


def write_gathered(session: Session) -> None:
    """Write what finished actions changed."""
    session.flush()  # first: the rows below belong to these, and SQLite looks for them again if they come before
    write_gathered_rows(session)
    session.info[_GATHERED].tables.clear()


def end_gathering(session: Session) -> None:
    """Write what is left; from now on rows are written when each action is done."""
    write_gathered(session)
    del session.info[_GATHERED], session.info[GATHERED_ROWS]


def _write_what_is_asked_for(executed: ORMExecuteState) -> None:
    session = executed.session
    gathered: _Gathered | None = session.info.get(_GATHERED)
    if gathered is None or executed.is_insert or getattr(_touching, "changes", None) is None:
        return
    statement: Any = executed.statement
    asked = {element.name for element in visitors.iterate(statement) if isinstance(element, Table)}
    write_gathered_rows(session, asked)
    if executed.execution_options.get("memory_asks") or (executed.is_select and not asked & gathered.tables):
        return
    if _touching.changes:
        raise AsksAfterWriting(str(asked))
    write_gathered(session)


def _watch_changes() -> None:
    for model in replicated_tables().values():
        for column in inspect(model).column_attrs:
            attribute = getattr(model, column.key)
            if not event.contains(attribute, "set", _note_change):
                event.listen(attribute, "set", _note_change, raw=True, retval=True, include_key=True)


def _note_change(state: InstanceState[Any], value: Any, before: Any, initiator: AttributeEventToken, **_: Any) -> Any:
    changes: dict[InstanceState[Any], dict[str, Any]] | None = getattr(_touching, "changes", None)
    if changes is not None:
        changes.setdefault(state, {}).setdefault(initiator.key, before)
    return value
