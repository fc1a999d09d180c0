"""The lists of stock: what is on hand where, every move, and counts."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListPage, ListRequest, Query
from erp_desktop.queries.stock import StockCounts, StockMoves, StockOnHand
from erp_desktop.views.documents.listed import Dressed, date_filter, document_list, opens
from erp_desktop.views.reports.opening import open_document
from erp_desktop.views.reports.story import offer_story
from erp_desktop.views.stock.words import MOVE_KINDS, move_kind_text
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_model import ListFilter, ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

Filters = tuple[tuple[str, Any], ...]


def place_columns() -> tuple[TableColumn, ...]:
    """Where a product lies, and how much of it."""
    return (
        TableColumn("warehouse_name", translate("StockOnHand", "Warehouse"), stretches=True),
        TableColumn("bin_code", translate("StockOnHand", "Bin"), width=110),
        TableColumn("lot_code", translate("StockOnHand", "Lot"), width=110),
        TableColumn("expires_on", translate("StockOnHand", "Expires"), CellKind.DATE),
        TableColumn("on_hand", translate("StockOnHand", "On hand"), CellKind.QTY),
        TableColumn("allocated", translate("StockOnHand", "Allocated"), CellKind.QTY),
        TableColumn("free", translate("StockOnHand", "Free"), CellKind.QTY),
        TableColumn("unit_code", translate("StockOnHand", "Unit"), width=64),
    )


def stock_on_hand_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """What lies where; Enter opens the product."""
    spec = ListSpec(
        (
            TableColumn("product_code", translate("StockOnHand", "Code"), width=96),
            replace(TableColumn("product_name", translate("StockOnHand", "Product")), stretches=True),
            replace(place_columns()[0], stretches=False, width=126),
            *place_columns()[1:],
        ),
        StockOnHand,
        first_filters=filters,
        name=translate("StockOnHand", "Stock on hand"),
        empty_text=translate("StockOnHand", "Nothing is in stock yet"),
        empty_detail=translate("StockOnHand", "Goods come in with a goods receipt, or are counted for the first time."),
        search_hint=translate("StockOnHand", "Product, warehouse, bin, lot"),
    )
    screen = ListScreen(desk, spec.name, spec, lambda row: shell.open_screen("product", id=row.product_id))
    _offer_work(desk, shell, screen)
    return screen


def _offer_work(desk: "Desk", shell: "MainWindow", screen: ListScreen) -> None:
    if "goods.transfer" in desk.permissions:
        action = screen.add_command(
            "stock.move",
            translate("StockOnHand", "Move stock"),
            lambda: shell.open_screen("move_stock", id=new_id()),
            "",
            "transfer",
        )
        screen.header.add_button(action, "transfer")
    if "goods.count" in desk.permissions:
        action = screen.add_command(
            "stock.count",
            translate("StockOnHand", "Count stock"),
            lambda: shell.open_screen("count_stock", id=new_id()),
            "Ctrl+N",
            "count",
        )
        screen.header.add_button(action, "count", primary=True)


def _worded(row: Any) -> Any:
    return replace(
        row,
        kind=move_kind_text(row.kind),
        from_bin_code=_place(row.from_warehouse_code, row.from_bin_code),
        to_bin_code=_place(row.to_warehouse_code, row.to_bin_code),
    )


def _place(warehouse: str | None, bin: str | None) -> str | None:
    return f"{warehouse} / {bin}" if warehouse and bin and bin != warehouse else warehouse or bin


def moves_of(request: ListRequest) -> Query[ListPage[Any]]:
    """Stock moves as people read them."""
    return Dressed(StockMoves(request), _worded)


def move_columns(*, with_product: bool = True) -> tuple[TableColumn, ...]:
    product = (
        TableColumn("product_code", translate("StockMoves", "Code"), width=96),
        TableColumn("product_name", translate("StockMoves", "Product"), stretches=True),
    )
    return (
        TableColumn("moved_on", translate("StockMoves", "Date"), CellKind.DATE),
        TableColumn("kind", translate("StockMoves", "Kind"), width=132, stretches=not with_product),
        *(product if with_product else ()),
        TableColumn("lot_code", translate("StockMoves", "Lot"), width=84),
        TableColumn("qty", translate("StockMoves", "Quantity"), CellKind.QTY),
        TableColumn("unit_code", translate("StockMoves", "Unit"), width=52),
        TableColumn("from_bin_code", translate("StockMoves", "From"), width=112),
        TableColumn("to_bin_code", translate("StockMoves", "To"), width=112),
        TableColumn("document_number", translate("StockMoves", "Document"), width=126),
    )


def stock_moves_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """Every move, newest first; Enter opens the document that caused it."""
    spec = ListSpec(
        move_columns(),
        moves_of,
        tables=StockMoves.tables,
        filters=(
            ListFilter(
                "kind", translate("StockMoves", "Kind"), tuple((kind, move_kind_text(kind)) for kind in MOVE_KINDS)
            ),
            date_filter("moved_on", translate("StockMoves", "Date"), company_today()),
        ),
        first_filters=filters,
        name=translate("StockMoves", "Stock moves"),
        empty_text=translate("StockMoves", "Nothing has moved yet"),
        empty_detail=translate("StockMoves", "Every receipt, shipment, transfer and count is listed here."),
        search_hint=translate("StockMoves", "Product code or name"),
    )
    screen = ListScreen(desk, spec.name, spec, partial(open_move, shell))
    offer_story(screen, screen.table, shell, desk, lambda row: (row.document_number or row.id, row.line_no))
    return screen


def open_move(shell: "MainWindow", row: Any) -> object:
    """The document that caused a move."""
    return open_document(shell, row.document_kind, row.document_id)


def stock_counts_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """All counts, newest first."""

    def count() -> None:
        shell.open_screen("count_stock", id=new_id())

    spec = document_list(
        StockCounts,
        (
            TableColumn("number", translate("StockCounts", "Number"), width=170),
            TableColumn("warehouse_name", translate("StockCounts", "Warehouse"), width=220),
            TableColumn("counted_on", translate("StockCounts", "Counted"), CellKind.DATE),
            TableColumn("reason", translate("StockCounts", "Reason"), stretches=True),
            TableColumn("is_opening", translate("StockCounts", "Opening"), CellKind.YES_NO, 90),
            TableColumn("status", translate("StockCounts", "Status"), CellKind.STATUS),
        ),
        name=translate("StockCounts", "Stock counts"),
        empty_text=translate("StockCounts", "No stock counts yet"),
        search_hint=translate("StockCounts", "Number, warehouse, reason"),
        filters=(date_filter("counted_on", translate("StockCounts", "Counted"), company_today()),),
        first_filters=filters,
    )
    text = translate("StockCounts", "Count stock")
    may_count = "goods.count" in desk.permissions
    offer = ((text, count),) if may_count else ()
    screen = ListScreen(desk, spec.name, spec, opens(shell, "stock_count"), offer)
    if may_count:
        screen.header.add_button(
            screen.add_command("stock_counts.count", text, count, "Ctrl+N", "count"), "count", primary=True
        )
    return screen
