"""The page of a posted stock count: what was found, the differences first."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.details import StockCountDetail, StockCountLines, StockCountRecord
from erp_desktop.views.documents.lookups import named
from erp_desktop.views.documents.posted_page import Facts, PostedPage
from erp_desktop.views.reports.story import offer_story_of_lines
from erp_desktop.views.widgets.cells import CellKind, TableColumn, shown
from erp_desktop.views.widgets.list_model import ListSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

_ALL = 100_000


@dataclass(frozen=True)
class _DifferencesFirst:
    """A count's lines in the order of how much they differ; sorted by a column they come as that says."""

    tables: ClassVar[frozenset[str]] = StockCountLines.tables

    request: ListRequest
    count_id: UUID

    def run(self, session: Any, company_id: UUID) -> ListPage[Any]:
        if self.request.sort:
            return StockCountLines(self.request, count_id=self.count_id).run(session, company_id)
        every = replace(self.request, offset=0, limit=_ALL, after=None, before=None, from_end=False)
        page = StockCountLines(every, count_id=self.count_id).run(session, company_id)
        rows = sorted(page.rows, key=lambda row: (-abs(row.difference), row.line_no))
        first = self.request.offset
        return replace(page, rows=tuple(rows[first : first + self.request.limit]))


def stock_count_page(desk: "Desk", shell: "MainWindow", id: UUID) -> PostedPage:
    lines = ListSpec(
        (
            TableColumn("product_code", translate("StockCount", "Code"), width=100),
            TableColumn("product_name", translate("StockCount", "Product"), stretches=True),
            TableColumn("bin_code", translate("StockCount", "Bin"), width=110),
            TableColumn("lot_code", translate("StockCount", "Lot"), width=110),
            TableColumn("expected_qty", translate("StockCount", "In the books"), CellKind.QTY, 110),
            TableColumn("counted_qty", translate("StockCount", "Counted"), CellKind.QTY),
            TableColumn("difference", translate("StockCount", "Difference"), CellKind.QTY, 100),
            TableColumn("unit_code", translate("StockCount", "Unit"), width=60),
        ),
        lambda request: _DifferencesFirst(request, id),
        tables=StockCountLines.tables,
        name=translate("StockCount", "Lines"),
    )
    seldom = {"lot_code": lambda record: any(line.lot_code for line in record.lines)}
    page = PostedPage(desk, shell, "stock_count", id, StockCountDetail, lines, _facts, seldom=seldom)
    page.table.opened.connect(lambda row: shell.open_screen("product", id=row.product_id))
    offer_story_of_lines(page)
    return page


def _facts(record: StockCountRecord) -> Facts:
    differing = sum(bool(line.difference) for line in record.lines)
    return (
        (translate("StockCount", "Warehouse"), named(record, "warehouse")),
        (translate("StockCount", "Counted on"), shown(record.counted_on, CellKind.DATE)),
        (translate("StockCount", "Reason"), record.reason),
        (translate("StockCount", "Opening stock"), shown(True, CellKind.YES_NO) if record.is_opening else ""),
        (translate("StockCount", "Lines"), str(len(record.lines))),
        (translate("StockCount", "Lines that differ"), str(differing)),
    )
