"""Two people changed one record: both versions of what they changed, and the action that keeps what a person chooses."""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, fields, replace
from typing import Any

import msgspec

from erp_desktop.actions.base import Action
from erp_desktop.actions.drafts import parts_of
from erp_desktop.actions.saving import Save, columns_of


@dataclass(frozen=True)
class Versions:
    """One column (of an order also one line) in three versions, in JSON's terms; an id where it names another record."""

    column: str
    mine: Any
    theirs: Any
    was: Any  # what both had seen before they changed it


def versions_of(action: Action, facts: Mapping[str, str]) -> tuple[Versions, ...]:
    """What two people changed differently, by the facts of a ChangedMeanwhile, in the order of the record's columns."""
    row = _row(action, facts)
    if row is None or row.before is None:
        return ()
    theirs, mine = json.loads(facts["theirs"]), _mine(row)
    return tuple(
        Versions(name, mine.get(name), theirs[name], row.before.get(name))
        for name in {**mine, **theirs}
        if name in theirs
    )


def _mine(row: Any) -> dict[str, Any]:
    if isinstance(row, Save):
        return {one.name: msgspec.to_builtins(getattr(row, one.name)) for one in columns_of(type(row))}
    return parts_of(row)


def names_of(facts: Mapping[str, str]) -> dict[str, str]:
    """What the records are called that the versions name, by id."""
    names: dict[str, str] = json.loads(facts.get("names", "{}"))
    return names


def keeping(action: Action, facts: Mapping[str, str], mine: Set[str]) -> Action | None:
    """The action that saves the columns `mine` over theirs and leaves them the others; None where nothing is left to save."""
    row = _row(action, facts)
    if row is None or row.before is None:
        return action
    theirs = json.loads(facts["theirs"])
    before = {column: was for column, was in row.before.items() if column not in theirs}
    before |= {column: now for column, now in theirs.items() if column in mine}
    kept: Any = replace(row, before=before)
    if row is action:
        return kept if before else None
    return _with_row(action, row, kept)


def _row(action: Any, facts: Mapping[str, str]) -> Any:
    """The record or draft that was changed: the action itself, or one of a batch; None where there is none."""
    if hasattr(action, "before"):
        return action
    for one in fields(action):
        for row in getattr(action, one.name) if isinstance(getattr(action, one.name), tuple) else ():
            if isinstance(row, Save) and str(row.row_id) == facts.get("row"):
                return row
    return None


def _with_row(action: Any, row: Any, kept: Any) -> Action:
    changed = {}
    for one in fields(action):
        rows = getattr(action, one.name)
        if isinstance(rows, tuple) and any(found is row for found in rows):
            changed[one.name] = tuple(kept if found is row else found for found in rows)
    return replace(action, **changed)  # type: ignore[no-any-return]
