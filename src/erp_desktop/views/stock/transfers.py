"""Goods transfers: the list, and the page of one with what arrived of it."""

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from PySide6.QtWidgets import QLabel

from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.models.stock import TransferStatus
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.stock import StockMoves
from erp_desktop.queries.transfers import GoodsTransferDetail, GoodsTransferLines, GoodsTransferRecord, GoodsTransfers
from erp_desktop.reports.documents.printed import PrintedTransferNote
from erp_desktop.views.documents.listed import date_filter, document_list, opens, status_filter
from erp_desktop.views.documents.lookups import named
from erp_desktop.views.documents.posted_page import Facts, PostedPage
from erp_desktop.views.documents.printing import print_document
from erp_desktop.views.language import current_language
from erp_desktop.views.reports.story import offer_story_of_lines
from erp_desktop.views.stock.words import move_kind_text
from erp_desktop.views.widgets.cells import CellKind, TableColumn, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen
from erp_desktop.views.widgets.record_table import RecordTable

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

Filters = tuple[tuple[str, Any], ...]
PATH = (TransferStatus.DISPATCHED, TransferStatus.PART_RECEIVED, TransferStatus.RECEIVED)
UNDER_WAY = (TransferStatus.DISPATCHED, TransferStatus.PART_RECEIVED)


def goods_transfers_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """All goods transfers, newest first."""

    def dispatch() -> None:
        shell.open_screen("dispatch_transfer", id=new_id())

    spec = document_list(
        GoodsTransfers,
        (
            TableColumn("number", translate("GoodsTransfers", "Number"), width=150),
            TableColumn("from_warehouse_name", translate("GoodsTransfers", "From"), stretches=True),
            TableColumn("to_warehouse_name", translate("GoodsTransfers", "To"), stretches=True),
            TableColumn("dispatched_on", translate("GoodsTransfers", "Dispatched"), CellKind.DATE),
            TableColumn("expected_on", translate("GoodsTransfers", "Expected"), CellKind.DATE),
            TableColumn("status", translate("GoodsTransfers", "Status"), CellKind.STATUS, 148),
            TableColumn("qty", translate("GoodsTransfers", "Quantity"), CellKind.QTY, is_sortable=False),
            TableColumn("open_qty", translate("GoodsTransfers", "In transit"), CellKind.QTY, is_sortable=False),
        ),
        name=translate("GoodsTransfers", "Goods transfers"),
        empty_text=translate("GoodsTransfers", "No goods transfers yet"),
        empty_detail=translate(
            "GoodsTransfers", "Goods that go to another warehouse are in transit until they are taken in there."
        ),
        search_hint=translate("GoodsTransfers", "Number, warehouse, carrier, tracking number"),
        filters=(
            status_filter(
                TransferStatus,
                groups=((UNDER_WAY, translate("GoodsTransfers", "Under way")),),
            ),
            date_filter("dispatched_on", translate("GoodsTransfers", "Dispatched"), company_today()),
        ),
        first_filters=filters,
    )
    text = translate("GoodsTransfers", "Dispatch goods")
    may_dispatch = "goods.transfer" in desk.permissions
    offer = ((text, dispatch),) if may_dispatch else ()
    screen = ListScreen(desk, spec.name, spec, opens(shell, "goods_transfer"), offer)
    if may_dispatch:
        action = screen.add_command("goods_transfers.dispatch", text, dispatch, "Ctrl+N", "transfer")
        screen.header.add_button(action, "transfer", primary=True)
    return screen


class GoodsTransferPage(PostedPage):
    """What left, what of it arrived and what was lost; while it is under way it can be taken in or closed short."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        lines = ListSpec(
            (
                TableColumn("product_code", translate("GoodsTransferPage", "Code"), width=110),
                TableColumn("product_name", translate("GoodsTransferPage", "Product"), stretches=True),
                TableColumn("from_bin_code", translate("GoodsTransferPage", "From bin"), width=90),
                TableColumn("lot_code", translate("GoodsTransferPage", "Lot"), width=90),
                TableColumn("qty", translate("GoodsTransferPage", "Dispatched"), CellKind.QTY, 90),
                TableColumn("received_qty", translate("GoodsTransferPage", "Received"), CellKind.QTY, 80),
                TableColumn("lost_qty", translate("GoodsTransferPage", "Lost"), CellKind.QTY, 70),
                TableColumn("open_qty", translate("GoodsTransferPage", "In transit"), CellKind.QTY, 84),
                TableColumn("unit_code", translate("GoodsTransferPage", "Unit"), width=56),
            ),
            partial(GoodsTransferLines, transfer_id=id),
            tables=GoodsTransferLines.tables,
            name=translate("GoodsTransferPage", "Lines"),
        )
        super().__init__(desk, shell, "goods_transfer", id, GoodsTransferDetail, lines, _facts, _way)
        self.moves = RecordTable(desk, _moves_of(id), self)
        self.moves.filters.hide()
        heading = QLabel(translate("GoodsTransferPage", "What moved, newest first"))
        heading.setProperty("tone", "secondary")
        self.content.addWidget(heading)
        self.content.addWidget(self.moves, 1)
        add = self.add_page_action
        text = translate("GoodsTransferPage", "Take in")
        self.take_in = add("goods_transfer.receive", text, self._take_in, "", "goods_receipt")
        text = translate("GoodsTransferPage", "Close short")
        self.close_short = add("goods_transfer.close", text, self._close_short, "", "cross")
        text = translate("GoodsTransferPage", "Print transfer note")
        self.print_note = add("goods_transfer.print", text, self._print, "Ctrl+P", "print")
        self.table.opened.connect(lambda row: shell.open_screen("product", id=row.product_id))
        offer_story_of_lines(self)
        self.offer_actions()

    def show_record(self, record: GoodsTransferRecord) -> None:
        super().show_record(record)
        is_short = record.status == TransferStatus.CLOSED_SHORT
        self.header.path.show_path((PATH[0], record.status) if is_short else PATH, record.status)

    def offer_actions(self) -> None:
        if not hasattr(self, "print_note"):
            return
        record: GoodsTransferRecord | None = self.record
        reason = ""
        if record is None or record.status not in UNDER_WAY:
            reason = translate("GoodsTransferPage", "Nothing of this transfer is in transit any more.")
        self.allow(self.take_in, self.may("goods.transfer") or reason)
        self.allow(self.close_short, self.may("goods.count") or reason)
        self.allow(self.print_note, "" if record else translate("GoodsTransferPage", "The transfer is being read."))
        self.offer(self.take_in, (self.print_note, self.close_short))

    def _print(self) -> None:
        title = translate("GoodsTransferPage", "Printing the transfer note")
        note = partial(
            PrintedTransferNote, self.document_id, language=current_language(), printed_by=self.desk.user.name
        )
        print_document(self, title, lambda folder: note(folder=folder))

    def _take_in(self) -> None:
        self.shell.open_screen("receive_transfer", id=self.document_id)

    def _close_short(self) -> None:
        self.shell.open_screen("close_transfer", id=self.document_id)


@dataclass(frozen=True)
class _MovesOf:
    """What moved for a transfer. No total: what left and what arrived are the same goods."""

    tables: ClassVar[frozenset[str]] = StockMoves.tables

    request: ListRequest
    transfer_id: UUID

    def run(self, session: Any, company_id: UUID) -> ListPage[Any]:
        filters = (*self.request.filters, ("document_id", self.transfer_id))
        page = StockMoves(replace(self.request, filters=filters)).run(session, company_id)
        return replace(page, rows=tuple(replace(row, kind=move_kind_text(row.kind)) for row in page.rows), totals={})


def _moves_of(transfer_id: UUID) -> ListSpec:
    return ListSpec(
        (
            TableColumn("moved_on", translate("GoodsTransferPage", "Moved"), CellKind.DATE),
            TableColumn("kind", translate("GoodsTransferPage", "What"), width=150),
            TableColumn("product_code", translate("GoodsTransferPage", "Code"), width=110),
            TableColumn("from_bin_code", translate("GoodsTransferPage", "From bin"), width=110),
            TableColumn("to_bin_code", translate("GoodsTransferPage", "Into bin"), stretches=True),
            TableColumn("qty", translate("GoodsTransferPage", "Quantity"), CellKind.QTY),
            TableColumn("unit_code", translate("GoodsTransferPage", "Unit"), width=56),
        ),
        lambda request: _MovesOf(request, transfer_id),
        tables=StockMoves.tables,
        name=translate("GoodsTransferPage", "Moves"),
    )


def _way(record: GoodsTransferRecord) -> str:
    text = translate("GoodsTransferPage", "{from} to {to}")
    return text.format(**{"from": named(record, "from_warehouse"), "to": named(record, "to_warehouse")})


def _facts(record: GoodsTransferRecord) -> Facts:
    return (
        (translate("GoodsTransferPage", "Dispatched on"), shown(record.dispatched_on, CellKind.DATE)),
        (
            translate("GoodsTransferPage", "Expected on"),
            shown(record.expected_on, CellKind.DATE) if record.expected_on else "",
        ),
        (translate("GoodsTransferPage", "Carrier"), named(record, "carrier")),
        (translate("GoodsTransferPage", "Tracking number"), record.tracking_number),
        (
            translate("GoodsTransferPage", "Closed short on"),
            shown(record.closed_on, CellKind.DATE) if record.closed_on else "",
        ),
        (translate("GoodsTransferPage", "Reason"), record.close_reason),
    )
