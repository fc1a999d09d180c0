"""Lists of documents: rows as people read them (a number that follows, late ones marked), opened by their kind."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.queries.base import Between, ListPage, ListRequest, Query
from erp_desktop.views.documents.kinds import listed_number
from erp_desktop.views.widgets.cells import TableColumn
from erp_desktop.views.widgets.list_model import ListFilter, ListSpec
from erp_desktop.views.widgets.statuses import status_text

if TYPE_CHECKING:
    from erp_desktop.views.shell.main_window import MainWindow

Dress = Callable[[Any], Any]


@dataclass(frozen=True)
class Dressed:
    """A list query whose rows are made ready for people: same rows, same order, figures untouched."""

    tables: ClassVar[frozenset[str]] = frozenset()

    query: Query[ListPage[Any]]
    dress: Dress

    def run(self, session: Any, company_id: UUID) -> ListPage[Any]:
        page = self.query.run(session, company_id)
        return replace(page, rows=tuple(self.dress(row) for row in page.rows))


def numbered(row: Any) -> Any:
    """The row with words in the place of a number that the centre has not given yet."""
    return row if row.number else replace(row, number=listed_number(None))


def document_list(
    query: Callable[[ListRequest], Query[ListPage[Any]]],
    columns: tuple[TableColumn, ...],
    *,
    name: str,
    empty_text: str,
    search_hint: str,
    filters: tuple[ListFilter, ...] = (),
    first_filters: tuple[tuple[str, Any], ...] = (),
    empty_detail: str = "",
    dress: Dress = numbered,
) -> ListSpec:
    """A list of documents for the shared table."""
    return ListSpec(
        columns,
        lambda request: Dressed(query(request), dress),
        tables=frozenset(getattr(query, "tables", frozenset())),
        filters=filters,
        name=name,
        empty_text=empty_text,
        search_hint=search_hint,
        first_filters=first_filters,
        empty_detail=empty_detail,
        shape=getattr(getattr(query, "func", query), "shape", None),
    )


def status_filter(statuses: Iterable[str], groups: tuple[tuple[Any, str], ...] = ()) -> ListFilter:
    """The choice of one state; `groups` (value, text) stand first."""
    choices = tuple((str(status), status_text(str(status))) for status in statuses)
    return ListFilter("status", translate("DocumentList", "Status"), (*groups, *choices))


def date_filter(name: str, label: str, today: date) -> ListFilter:
    """The choice of a stretch of days around `today`."""
    month = today.replace(day=1)
    choices = (
        (Between(today, today), translate("DocumentList", "Today")),
        (Between(today - timedelta(days=6), today), translate("DocumentList", "Last 7 days")),
        (Between(month, today), translate("DocumentList", "This month")),
        (Between(today.replace(month=1, day=1), today), translate("DocumentList", "This year")),
    )
    return ListFilter(name, label, choices)


def due_filter(today: date) -> ListFilter:
    """The choice of what is overdue or due soon."""
    choices = (
        (Between(None, today - timedelta(days=1)), translate("DocumentList", "Before today")),
        (Between(today, today), translate("DocumentList", "Today")),
        (Between(today, today + timedelta(days=7)), translate("DocumentList", "Next 7 days")),
        (Between(today, today + timedelta(days=30)), translate("DocumentList", "Next 30 days")),
    )
    return ListFilter("due_on", translate("DocumentList", "Due"), choices)


def opens(shell: "MainWindow", kind: str) -> Callable[[Any], object]:
    """What Enter on a row does: opens the document's page."""
    return partial(_open, shell, kind)


def _open(shell: "MainWindow", kind: str, row: Any) -> object:
    return shell.open_screen(kind, id=row.id)
