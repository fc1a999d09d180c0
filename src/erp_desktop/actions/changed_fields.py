"""What a saved record or draft order was before and is after: field by field, of an order also line by line.

Here: comparing what was saved with what was seen or saved before. Not here: who may see which field (central/histories.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_type_hints

import msgspec

from erp_desktop.actions.drafts import LINE, parts_of, plain
from erp_desktop.actions.saving import Save, columns_of

_PRODUCT = "product_id"
_QTY = "qty"


@dataclass(frozen=True)
class FieldChange:
    """A field, or one of the line whose `product` is named, in JSON's terms: text, yes or no, or the id of a record.

    Of a line that was added or removed `field` is its quantity.
    """

    field: str
    was: Any
    now: Any
    product: str = ""
    what: Literal["changed", "added", "removed"] = "changed"


def parts_saved(row: Any) -> dict[str, Any]:
    """The fields of a record or draft as it was saved, its lines by id."""
    if isinstance(row, Save):
        return {one.name: plain(getattr(row, one.name)) for one in columns_of(type(row))[1:]}
    return parts_of(row)


def parts_seen(row: Any) -> dict[str, Any] | None:
    """What the person says they changed, each as they saw it; None where they say nothing about it."""
    if row.before is None or not isinstance(row, Save):
        return row.before  # type: ignore[no-any-return]
    kinds = get_type_hints(type(row))
    return {name: _as_saved(was, kinds[name]) for name, was in row.before.items() if name in kinds}


def changes(row: Any, saved_before: Mapping[str, Any] | None) -> list[FieldChange]:
    """What saving `row` changed. `saved_before`: all parts as they were then; None where that is not known (a new one)."""
    now, was = parts_saved(row), parts_seen(row)
    if was is None:
        if saved_before is None:
            return []
        was = {name: saved_before.get(name) for name in {**saved_before, **now}}
    found = []
    for name, value in was.items():
        if name.startswith(LINE):
            found += _line_changes(value, now.get(name))
        elif name in now and now[name] != value:
            found.append(FieldChange(name, value, now[name]))
    return found


def parts_after(row: Any, saved_before: Mapping[str, Any] | None) -> dict[str, Any]:
    """All parts as they are once `row` is saved: what the person did not change is as it was."""
    now, was = parts_saved(row), parts_seen(row)
    if was is None or saved_before is None:
        return now
    after = {**saved_before, **{name: now[name] for name in was if name in now}}
    return {name: value for name, value in after.items() if name in now or name not in was}


def _line_changes(was: Any, now: Any) -> list[FieldChange]:
    line = now or was
    if not isinstance(line, dict) or now == was:
        return []
    product = str(line.get(_PRODUCT, ""))
    if not isinstance(was, dict):
        return [FieldChange(_QTY, "", line.get(_QTY), product, "added")]
    if now is None:
        return [FieldChange(_QTY, line.get(_QTY), "", product, "removed")]
    return [
        FieldChange(name, was.get(name), value, product)
        for name, value in now.items()
        if was.get(name) != value and not (name == _PRODUCT and name not in was)
    ]


def _as_saved(was: Any, kind: Any) -> Any:
    try:
        return plain(msgspec.convert(was, kind))
    except msgspec.ValidationError:
        return was  # refused when it was performed, or of an older shape: shown as it was said
