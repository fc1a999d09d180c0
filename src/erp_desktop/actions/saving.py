"""How a row of master data is saved, whichever table it belongs to: its key is free, what it names exists, then written.

Here: what all Save... actions share. Not here: the fields and rules of one table (masters.py).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields, replace
from dataclasses import field as dataclass_field
from decimal import Decimal
from itertools import islice
from typing import Any, ClassVar, TypeVar, get_type_hints
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, MalformedAction
from erp_desktop.actions.refusals import CodeTaken, NotFound, Refused, Required
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.base import Replicated
from erp_desktop.models.product import Product
from erp_desktop.models.stock import StockMove

NAMES_PER_STATEMENT = 500  # in one IN (...): well below what either database takes


class OutOfRange(Refused):
    code = "out_of_range"
    sentence = QT_TRANSLATE_NOOP("Refusal", "{field} cannot be {value}. Correct it; nothing was changed.")

    def __init__(self, field: str, value: object) -> None:
        super().__init__(field=_in_words(field), value=value)


class FixedOnceMoved(Refused):
    code = "fixed_once_moved"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The {field} of {name} cannot be changed any more, because stock has moved under it. "
        "Make a new one instead; nothing was changed.",
    )

    def __init__(self, field: str, name: str) -> None:
        super().__init__(field=_in_words(field), name=name)


class AlreadyThere(Refused):
    code = "already_there"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The same {kind} is entered already. Change that one instead; nothing was changed."
    )


class ChangedMeanwhile(Refused):
    """`row` is the record's id, `theirs` what the fields are now that both changed and `names` what the records named there
    are called: JSON objects, by column and by id."""

    code = "changed_meanwhile"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Somebody else changed {record} meanwhile, in the same place as you. Compare both versions and choose; nothing was changed.",
    )


def _in_words(column: str) -> str:
    return column.removesuffix("_id").replace("_", " ")


SaveClass = TypeVar("SaveClass", bound="Save")


@dataclass(frozen=True)
class Save(Action):
    """Makes or changes the one row that its id, the first field, names. The other fields are the table's columns.

    `before`: the columns that the person changed, each as it was when they saw it, in JSON's terms. The others stay as they
    are stored by then. None: the whole row is meant, whatever is stored (an import).
    """

    permission: ClassVar[str]
    version: ClassVar[int]
    model: ClassVar[type[Replicated]]
    key: ClassVar[tuple[str, ...]] = ("code",)  # columns that hold the same values only once, the most telling first
    references: ClassVar[Mapping[str, type[Replicated]]] = {}

    before: dict[str, Any] | None = dataclass_field(default=None, kw_only=True, hash=False)

    @property
    def row_id(self) -> UUID:
        """Of the row that it makes or changes."""
        found: UUID = getattr(self, columns_of(type(self))[0].name)
        return found

    def changing(self: SaveClass, seen: SaveClass) -> SaveClass:
        """The same, saying what it changes of the row as the person saw it."""
        names = [one.name for one in columns_of(type(self))[1:] if getattr(self, one.name) != getattr(seen, one.name)]
        return replace(self, before={name: msgspec.to_builtins(getattr(seen, name)) for name in names})

    def run(self, session: Session, ctx: Context) -> None:
        save(session, ctx, [self])

    def refuse_nonsense(self, session: Session, ctx: Context, row: Any) -> None:
        """Raise Refused where the values do not make sense, alone or against the stored `row` (None: a new one)."""

    @classmethod
    def refuse_together(cls, session: Session, ctx: Context, rows: Sequence[Any]) -> None:
        """Raise Refused for what one question tells of all `rows`."""


def save(session: Session, ctx: Context, rows: Sequence[Save]) -> None:
    """Make or change `rows`, all of one kind. Refuses the first that may not be; all are checked before any is written."""
    if not rows:
        return
    kind = type(rows[0])
    stored = _stored(session, ctx, kind.model, {row.row_id for row in rows})
    rows = [_onto(session, ctx, row, stored.get(row.row_id)) for row in rows]
    wanted = [_values(row) for row in rows]
    ids = {values["id"] for values in wanted}
    _refuse_taken_keys(session, ctx, kind, wanted)
    for column, model in kind.references.items():
        named = {values[column] for values in wanted} - {None}
        _refuse_missing(session, ctx, model, named - ids if model is kind.model else named)

    for row, values in zip(rows, wanted, strict=True):
        row.refuse_nonsense(session, ctx, stored.get(values["id"]))
    kind.refuse_together(session, ctx, rows)
    for values in wanted:
        found = stored.get(values["id"])
        if found is None:
            session.add(kind.model(company_id=ctx.company_id, **values))
        else:
            for column, value in values.items():
                if getattr(found, column) != value:
                    setattr(found, column, value)
    session.flush()


_columns: dict[type[Any], tuple[Field[Any], ...]] = {}
_types: dict[type[Any], dict[str, Any]] = {}


def columns_of(kind: type[Save]) -> tuple[Field[Any], ...]:
    """The fields that are columns, the id first."""
    if kind not in _columns:
        _columns[kind] = tuple(one for one in fields(kind) if one.name != "before")
    return _columns[kind]


def _types_of(kind: type[Save]) -> dict[str, Any]:
    if kind not in _types:
        _types[kind] = get_type_hints(kind)
    return _types[kind]


def _onto(session: Session, ctx: Context, row: Save, stored: Any) -> Save:
    """`row` as it is to be stored now: what the person did not change stays as others have left it.

    Raises ChangedMeanwhile where others have changed the same column to something else.
    """
    if row.before is None or stored is None:
        return row
    types = _types_of(type(row))
    kept, clashes = {}, {}
    for one in columns_of(type(row))[1:]:
        now = getattr(stored, one.name)
        if one.name not in row.before:
            kept[one.name] = now
        elif now not in (_read(row.before[one.name], types[one.name]), getattr(row, one.name)):
            clashes[one.name] = now
    if clashes:
        raise ChangedMeanwhile(
            record=getattr(stored, "code", "") or getattr(stored, "name", ""),
            row=stored.id,
            theirs=json.dumps(msgspec.to_builtins(clashes), sort_keys=True),
            names=json.dumps(_names(session, ctx, row, clashes), sort_keys=True),
        )
    return replace(row, **kept)


def _read(was: Any, kind: Any) -> Any:
    """What a column was, out of JSON's terms. Raises MalformedAction."""
    try:
        return msgspec.convert(was, kind)
    except msgspec.ValidationError as error:
        raise MalformedAction(f"before: {error}") from None


def _names(session: Session, ctx: Context, row: Save, clashes: Mapping[str, Any]) -> dict[str, str]:
    """What the records are called that the clashing columns name, in all three versions."""
    names = {}
    for column, model in row.references.items():
        if column in clashes:
            was = (row.before or {}).get(column)
            for named in filter(None, (clashes[column], getattr(row, column), UUID(was) if was else None)):
                found: Any = session.get(model, (ctx.company_id, named))
                names[str(named)] = getattr(found, "code", "") if found is not None else ""
    return names


def refuse_negative(**numbers: Decimal | None) -> None:
    """Refuse the first of `numbers` that is below zero or no number at all."""
    for field, number in numbers.items():
        if number is not None and not (number.is_finite() and number >= 0):
            raise OutOfRange(field=field, value=number)


def refuse_change_once_moved(session: Session, ctx: Context, row: Any, products: Any, **wanted: Any) -> None:
    """Refuse a change of the `wanted` columns of `row` if any of `products` (an SQL condition) ever moved."""
    for column, value in wanted.items():
        if row is not None and getattr(row, column) != value and _has_moved(session, ctx, products):
            raise FixedOnceMoved(field=column, name=row.code)


def _values(row: Save) -> dict[str, Any]:
    id_field, *others = columns_of(type(row))
    values = {"id": getattr(row, id_field.name)} | {other.name: getattr(row, other.name) for other in others}
    if "code" in values:
        values["code"] = values["code"].strip()
    for column in ("code", "name"):
        if column in values and not values[column].strip():
            raise Required(field=column)
    return values


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, NAMES_PER_STATEMENT)):
        yield chunk


def _stored(session: Session, ctx: Context, model: type[Any], ids: Iterable[UUID]) -> dict[UUID, Any]:
    found: dict[UUID, Any] = {}
    for chunk in _chunks(ids):
        rows = session.scalars(select(model).where(model.company_id == ctx.company_id, model.id.in_(chunk)))
        found.update((row.id, row) for row in rows)
    return found


def _refuse_taken_keys(session: Session, ctx: Context, kind: type[Save], wanted: list[dict[str, Any]]) -> None:
    model: Any = kind.model
    columns = [getattr(model, name) for name in kind.key]
    owner: dict[tuple[Any, ...], UUID] = {}
    for chunk in _chunks({values[kind.key[0]] for values in wanted}):
        found = session.execute(
            select(model.id, *columns).where(model.company_id == ctx.company_id, columns[0].in_(chunk))
        )
        owner.update((tuple(row[1:]), row[0]) for row in found)

    saved: set[UUID] = set()
    for values in wanted:
        key = tuple(values[name] for name in kind.key)
        if owner.setdefault(key, values["id"]) != values["id"] or values["id"] in saved:
            raise (
                CodeTaken(code=values["code"])
                if "code" in kind.key
                else AlreadyThere(kind=_in_words(model.__tablename__))
            )
        saved.add(values["id"])


def _refuse_missing(session: Session, ctx: Context, model: type[Any], named: set[UUID]) -> None:
    for chunk in _chunks(named):
        found = set(session.scalars(select(model.id).where(model.company_id == ctx.company_id, model.id.in_(chunk))))
        if len(found) < len(chunk):
            raise NotFound(kind=_in_words(model.__tablename__))


def _has_moved(session: Session, ctx: Context, products: Any) -> bool:
    moved = (
        select(StockMove.id)
        .join(Product, (Product.company_id == StockMove.company_id) & (Product.id == StockMove.product_id))
        .where(StockMove.company_id == ctx.company_id, products)
        .limit(1)
    )
    return session.scalar(moved) is not None
