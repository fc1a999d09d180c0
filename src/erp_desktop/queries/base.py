"""What a query is: a frozen dataclass that reads and answers with frozen values. It writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

Answer_co = TypeVar("Answer_co", covariant=True)
Record = TypeVar("Record")


class Query(Protocol[Answer_co]):
    """Everything that is looked at, in one snapshot of the data (`database.reader`).

    `tables` says which tables' changes make the answer stale.
    """

    tables: ClassVar[frozenset[str]]

    def run(self, session: Session, company_id: UUID) -> Answer_co: ...


class NotHere(LookupError):
    """A record that a query names is not in this database: never made, not pulled yet, or not for this user's eyes."""

    def __init__(self, kind: str, id: UUID) -> None:
        super().__init__(f"{kind} {id} is not here")
        self.kind = kind
        self.id = id


@dataclass(frozen=True)
class OneOf:
    """Filter: the column holds one of these values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Between:
    """Filter: from `low` to `high`, both included; None leaves that side open. For dates and numbers."""

    low: Any = None
    high: Any = None


@dataclass(frozen=True)
class Contains:
    """Filter: the column's text contains this, upper and lower case alike."""

    text: str


@dataclass(frozen=True)
class IsEmpty:
    """Filter: the column holds nothing (no value, or a text of no characters); with False, that it holds something."""

    empty: bool = True


@dataclass(frozen=True)
class Position:
    """Where a row stands in a list's order: its values in the sorted columns, and its id to break ties."""

    values: tuple[Any, ...]
    id: UUID


@dataclass(frozen=True)
class ListRequest:
    """Which part of a list is asked for. Sorting and filtering happen in SQL; the order is always total.

    A neighbouring page is cheapest with `after` or `before`: the Position of the last or first row that is at hand
    (`query.position(row)`), with `offset` 0. A jump uses `offset`; a `known_count` from an earlier answer lets a jump into the
    second half be read from the end. With `from_end`, `offset` counts back from the last row (0: the last page).
    """

    search: str = ""  # free text over the list's important columns; every word must be found in one of them
    filters: tuple[
        tuple[str, Any], ...
    ] = ()  # column name and a value it must equal, or OneOf, Between, Contains, IsEmpty
    sort: str = ""  # column name; empty: the list's own order
    descending: bool = False
    offset: int = 0
    limit: int = 200
    then: tuple[tuple[str, bool], ...] = ()  # further columns to sort by, each with its `descending`
    after: Position | None = None
    before: Position | None = None
    from_end: bool = False
    known_count: int | None = None
    rows_only: bool = False  # neither count nor totals
    count_only: bool = False  # count and totals, no rows
    count_at_most: int | None = None  # stop counting there ("10,000+"); no totals then


@dataclass(frozen=True)
class ListPage(Generic[Record]):
    """Some rows of a list, how many match in all, and the totals of its numeric columns over ALL that match.

    `count` is None when only rows were asked for; `is_count_exact` is False when counting stopped at `count_at_most`.
    Amounts in different currencies are never added: where the matching rows have more than one, the amount is left out of
    `totals` and stands in `totals_by_currency` (currency, then column) instead.
    """

    rows: tuple[Record, ...]
    count: int | None
    totals: Mapping[str, Decimal]
    is_count_exact: bool = True
    totals_by_currency: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)


@dataclass(frozen=True)
class EachOf:
    """Several questions of one kind as one: their answers, in their order, from one snapshot of the data."""

    tables: ClassVar[frozenset[str]] = (
        frozenset()
    )  # what looks through records that a person chooses from is asked once

    queries: tuple[Query[Any], ...]

    def run(self, session: Session, company_id: UUID) -> tuple[Any, ...]:
        return tuple(query.run(session, company_id) for query in self.queries)
