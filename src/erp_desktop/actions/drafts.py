"""A draft order, or a user, that two people write on: what only one of them changed is kept of both, line by line.

Here: how a draft says what was changed of it, and how it is laid onto what is stored by then. Not here: records (saving.py).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context, MalformedAction
from erp_desktop.actions.remembering import rows_by_id
from erp_desktop.actions.saving import ChangedMeanwhile
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.sales import Channel
from erp_desktop.models.stock import Warehouse

LINE = "line "  # before a line's id, in `before`
_NOT_COMPARED = frozenset({"order_id", "user_id", "lines", "before"})
_NAMES: Mapping[str, type[Any]] = {
    "channel_id": Channel,
    "customer_id": Party,
    "distributor_id": Party,
    "supplier_id": Party,
    "warehouse_id": Warehouse,
    "warehouse_ids": Warehouse,
}


class Draft(Protocol):
    """An order, with its `lines`, or a user, as its Save... action writes it; its id is its first field.

    `before`: what the person changed, each as it was when they saw it.
    """

    @property
    def before(self) -> dict[str, Any] | None: ...


DraftClass = TypeVar("DraftClass", bound=Draft)


def parts_of(draft: Draft) -> dict[str, Any]:
    """The draft's fields by name and its lines by id, in JSON's terms, so that what is the same looks the same."""
    names = [one.name for one in fields(draft)]  # type: ignore[arg-type]  # every action is a dataclass
    parts = {name: plain(getattr(draft, name)) for name in names if name not in _NOT_COMPARED}
    for line in _lines_of(draft):
        parts[f"{LINE}{line.line_id}"] = {
            one.name: plain(getattr(line, one.name))
            for one in fields(line)
            if one.name not in ("line_id", "is_unit_anew")
        }
    return parts


def changing(draft: DraftClass, seen: DraftClass) -> DraftClass:
    """The same, saying what it changes of the order as the person saw it."""
    mine, was = parts_of(draft), parts_of(seen)
    anew = {
        f"{LINE}{line.line_id}" for line in _lines_of(draft) if line.is_unit_anew
    }  # looks the same, and may be more or less
    changed = {name: was.get(name) for name in {**was, **mine} if name in anew or mine.get(name) != was.get(name)}
    return replace(draft, before=changed)  # type: ignore[type-var]


def laid_onto(session: Session, ctx: Context, draft: DraftClass, stored: DraftClass | None, number: str) -> DraftClass:
    """`draft` as it is to be written now: whatever the person did not change stays as others have left it in `stored`.

    Raises ChangedMeanwhile where others have changed the same field or line to something else.
    """
    if draft.before is None or stored is None:
        return replace(draft, before=None)  # type: ignore[type-var]
    mine, theirs, before = parts_of(draft), parts_of(stored), draft.before
    clashes = {
        name: theirs.get(name)
        for name, was in before.items()
        if theirs.get(name) != was and theirs.get(name) != mine.get(name)
    }
    if clashes:
        raise ChangedMeanwhile(
            record=number,
            row=getattr(draft, fields(draft)[0].name),  # type: ignore[arg-type]
            theirs=json.dumps(clashes, sort_keys=True),
            names=json.dumps(_names(session, ctx, clashes, mine, before), sort_keys=True),
        )
    kept = {name: getattr(stored, name) for name in theirs if not name.startswith(LINE) and name not in before}
    if hasattr(draft, "lines"):
        kept["lines"] = _lines(draft.lines, _lines_of(stored), before)
    return replace(draft, before=None, **kept)  # type: ignore[type-var]


def _lines_of(draft: Draft) -> tuple[Any, ...]:
    lines: tuple[Any, ...] = getattr(draft, "lines", ())
    return lines


def _lines(mine: Sequence[Any], theirs: Sequence[Any], before: Mapping[str, Any]) -> tuple[Any, ...]:
    """My lines in my order, those that I left alone as they are stored; then the lines that others have added."""
    stored = {line.line_id: line for line in theirs}
    known = {line.line_id for line in mine}
    kept = [line if f"{LINE}{line.line_id}" in before else stored.get(line.line_id) for line in mine]
    added = [line for line in theirs if line.line_id not in known and f"{LINE}{line.line_id}" not in before]
    return tuple(line for line in (*kept, *added) if line is not None)


def _names(
    session: Session, ctx: Context, clashes: Mapping[str, Any], mine: Mapping[str, Any], before: Mapping[str, Any]
) -> dict[str, str]:
    """What the records are called that the clashing parts name, in all three versions."""
    wanted: dict[type[Any], set[UUID]] = {}
    for name in clashes:
        for version in (clashes[name], mine.get(name), before[name]):
            table = Product if name.startswith(LINE) else _NAMES.get(name)
            if table is not None and version:
                named = version if isinstance(version, list) else [version]
                wanted.setdefault(table, set()).update(map(_id, named))
    return {
        str(row.id): row.code for table, ids in wanted.items() for row in rows_by_id(session, ctx, table, ids).values()
    }


def _id(version: Any) -> UUID:
    """The record that a field or a line names. Raises MalformedAction."""
    try:
        return UUID(version["product_id"] if isinstance(version, dict) else version)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise MalformedAction("before names no record") from None


def plain(value: Any) -> Any:
    """A value in JSON's terms, the same for what is the same: 12.50 and 12.5, nothing and no text."""
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value.normalize():f}" if value else "0"
        case UUID():
            return str(value)
        case date():
            return value.isoformat()
        case tuple():  # of roles, of warehouses: in whatever order they were ticked
            return sorted(map(plain, value))
    return value
