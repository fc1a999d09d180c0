"""What a query is: a frozen dataclass that reads and answers with frozen values. It writes nothing."""

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

Answer_co = TypeVar("Answer_co", covariant=True)
Record = TypeVar("Record")


class Query(Protocol[Answer_co]):
    """Everything that is looked at. `tables` says which tables' changes make the answer stale."""

    tables: ClassVar[frozenset[str]]

    def run(self, session: Session, company_id: UUID) -> Answer_co: ...


@dataclass(frozen=True)
class ListRequest:
    """Which part of a list is asked for. Sorting and filtering happen in SQL."""

    search: str = ""  # free text over the list's important columns
    filters: tuple[tuple[str, Any], ...] = ()  # column name and value that it must equal
    sort: str = ""  # column name; empty: the list's own order
    descending: bool = False
    offset: int = 0
    limit: int = 200


@dataclass(frozen=True)
class ListPage(Generic[Record]):
    """Some rows of a list, how many match in all, and the totals of its numeric columns over ALL that match."""

    rows: tuple[Record, ...]
    count: int
    totals: dict[str, Any]
