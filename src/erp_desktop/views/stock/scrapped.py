"""Scrapped goods: the list of documents, and the page of one."""

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.queries.scrapping import StockScrapDetail, StockScrapLines, StockScrapRecord, StockScraps
from erp_desktop.views.documents.listed import date_filter, document_list, opens
from erp_desktop.views.documents.lookups import named
from erp_desktop.views.documents.posted_page import Facts, PostedPage
from erp_desktop.views.reports.story import offer_story_of_lines
from erp_desktop.views.widgets.cells import CellKind, TableColumn, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

Filters = tuple[tuple[str, Any], ...]


def stock_scraps_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """All documents of scrapped goods, newest first."""

    def scrap() -> None:
        shell.open_screen("scrap_stock", id=new_id())

    spec = document_list(
        StockScraps,
        (
            TableColumn("number", translate("StockScraps", "Number"), width=170),
            TableColumn("warehouse_name", translate("StockScraps", "Warehouse"), width=220),
            TableColumn("scrapped_on", translate("StockScraps", "Scrapped"), CellKind.DATE),
            TableColumn("reason", translate("StockScraps", "Reason"), stretches=True),
            TableColumn("qty", translate("StockScraps", "Quantity"), CellKind.QTY),
            TableColumn("status", translate("StockScraps", "Status"), CellKind.STATUS),
        ),
        name=translate("StockScraps", "Scrapped goods"),
        empty_text=translate("StockScraps", "Nothing has been scrapped yet"),
        empty_detail=translate("StockScraps", "What was scrapped with its return is on the customer return."),
        search_hint=translate("StockScraps", "Number, warehouse, reason"),
        filters=(date_filter("scrapped_on", translate("StockScraps", "Scrapped"), company_today()),),
        first_filters=filters,
    )
    text = translate("StockScraps", "Scrap goods")
    may_scrap = "goods.scrap" in desk.permissions
    screen = ListScreen(desk, spec.name, spec, opens(shell, "stock_scrap"), ((text, scrap),) if may_scrap else ())
    if may_scrap:
        screen.header.add_button(
            screen.add_command("stock_scraps.scrap", text, scrap, "Ctrl+N", "stock"), "stock", primary=True
        )
    return screen


def stock_scrap_page(desk: "Desk", shell: "MainWindow", id: UUID) -> PostedPage:
    lines = ListSpec(
        (
            TableColumn("product_code", translate("StockScrap", "Code"), width=130),
            TableColumn("product_name", translate("StockScrap", "Product"), stretches=True),
            TableColumn("bin_code", translate("StockScrap", "Bin"), width=110),
            TableColumn("lot_code", translate("StockScrap", "Lot"), width=110),
            TableColumn("qty", translate("StockScrap", "Quantity"), CellKind.QTY),
            TableColumn("unit_code", translate("StockScrap", "Unit"), width=60),
            TableColumn("reason", translate("StockScrap", "Reason"), width=140),
        ),
        partial(StockScrapLines, scrap_id=id),
        tables=StockScrapLines.tables,
        name=translate("StockScrap", "Lines"),
        sort="line_no",
    )
    page = PostedPage(desk, shell, "stock_scrap", id, StockScrapDetail, lines, _facts)
    page.table.opened.connect(lambda row: shell.open_screen("product", id=row.product_id))
    offer_story_of_lines(page)
    return page


def _facts(record: StockScrapRecord) -> Facts:
    return (
        (translate("StockScrap", "Warehouse"), named(record, "warehouse")),
        (translate("StockScrap", "Scrapped on"), shown(record.scrapped_on, CellKind.DATE)),
        (translate("StockScrap", "Reason"), record.reason),
        (translate("StockScrap", "Lines"), str(len(record.lines))),
    )
