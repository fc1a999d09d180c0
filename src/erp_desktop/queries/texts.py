"""Texts that people look for: whatever is typed or pasted, it is found or it is not. None is too long to be looked for."""

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, String, false, type_coerce

LONGEST = 1_000  # characters; nothing that is looked for is longer
_AT_ONCE = 5_000  # values in one statement: every database takes as many

Value = TypeVar("Value")


def in_parts(values: Collection[Value]) -> Iterator[tuple[Value, ...]]:
    """The values for `IN`, as many at once as one statement takes; nothing where there are none."""
    left = iter(values)
    while part := tuple(islice(left, _AT_ONCE)):
        yield part


def plain(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The column to compare with a text that it could not keep: a longer one."""
    return type_coerce(column, String())


def can_be_found(typed: str) -> bool:
    """Whether any database could keep it: no NUL, no half of a surrogate pair."""
    surrogate = not typed.isascii() and any("\ud800" <= character <= "\udfff" for character in typed)
    return len(typed) <= LONGEST and "\x00" not in typed and not surrogate


def has_text(column: ColumnElement[Any], typed: str) -> ColumnElement[bool]:
    """Whether `typed` stands in it, in whatever case."""
    return plain(column).icontains(typed, autoescape=True) if can_be_found(typed) else false()
