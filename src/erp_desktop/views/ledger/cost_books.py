"""The cost books of the company: the one that posts to the ledger, and those that are kept for comparison."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.cost_books import CostBookFacts, CostBookList
from erp_desktop.views.ledger.words_of_costing import method_text
from erp_desktop.views.masters.lists import record_list
from erp_desktop.views.widgets.cells import CellKind, TableColumn, cell_value
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


@dataclass(frozen=True)
class CostBookRow:
    """A book as people read it. No value while its history is on its way from the centre."""

    id: UUID
    code: str
    name: str
    method: str
    status: str
    value: Decimal | None


@dataclass(frozen=True)
class CostBooksInWords:
    """The books in words, in the order of CostBookList."""

    tables: ClassVar[frozenset[str]] = CostBookList.tables

    request: ListRequest

    def run(self, session: Any, company_id: UUID) -> ListPage[CostBookRow]:
        page = CostBookList(self.request).run(session, company_id)
        return ListPage(tuple(_row(book) for book in page.rows), page.count, {}, page.is_count_exact)


def status_of(book: CostBookFacts) -> str:
    """The book's state as a status of the program."""
    if book.is_closed:
        return "closed"
    if book.posts_to_ledger:
        return "posts"
    return "computing" if book.is_pending else "compares"


def _row(book: CostBookFacts) -> CostBookRow:
    status = status_of(book)
    value = None if status == "computing" else book.value
    return CostBookRow(book.id, book.code, str(cell_value(book, "name")), method_text(book.method), status, value)


def cost_books_screen(desk: "Desk", shell: "MainWindow") -> ListScreen:
    """All cost books; Enter opens one, Ctrl+N opens a further book over the same moves."""
    spec = ListSpec(
        (
            TableColumn("code", translate("CostBooks", "Code"), width=120),
            TableColumn("name", translate("CostBooks", "Name"), stretches=True),
            TableColumn("method", translate("CostBooks", "Costing method"), width=260),
            TableColumn("status", translate("CostBooks", "State"), CellKind.STATUS, 190, is_sortable=False),
            TableColumn("value", translate("CostBooks", "Stock value now"), CellKind.MONEY, 150),
        ),
        CostBooksInWords,
        tables=CostBooksInWords.tables,
        name=translate("CostBooks", "Cost books"),
        search_hint=translate("CostBooks", "Code, name"),
    )
    return record_list(desk, shell, "cost_book", spec, translate("CostBooks", "Open a further book"), "cost.write")
