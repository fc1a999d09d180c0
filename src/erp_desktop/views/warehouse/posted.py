"""Pages of what happened at the dock: goods receipt, shipment."""

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.numbers import ZERO
from erp_desktop.queries.purchasing_details import GoodsReceiptDetail, GoodsReceiptLines, GoodsReceiptRecord
from erp_desktop.queries.receipt_costs import CostedReceiptLines
from erp_desktop.queries.selling_details import (
    ShipmentDetail,
    ShipmentLines,
    ShipmentRecord,
)
from erp_desktop.reports.documents.printed import PrintedPackingSlip
from erp_desktop.views.documents.exchange_rate import rate_text
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.documents.lookups import named
from erp_desktop.views.documents.posted_page import Facts, PostedPage
from erp_desktop.views.documents.printing import print_document
from erp_desktop.views.language import current_language
from erp_desktop.views.reports.story import offer_story_of_lines
from erp_desktop.views.warehouse.dock_lines import (
    LOTS_AND_PACKS_SELDOM,
    bin_column,
    dock_lines,
    lot_column,
    pack_column,
    qty_column,
    unit_column,
)
from erp_desktop.views.widgets.cells import CellKind, TableColumn, cell_value, shown

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


def goods_receipt_page(desk: "Desk", shell: "MainWindow", id: UUID) -> PostedPage:
    """What arrived, with its cost for those who may read costs."""

    def facts(record: GoodsReceiptRecord) -> Facts:
        sent_back = sum((line.returned_qty for line in record.lines), ZERO)
        return (
            (translate("GoodsReceiptPage", "Purchase order"), number_text(record.order_number)),
            (translate("GoodsReceiptPage", "Received"), record.received_on.isoformat()),
            (translate("GoodsReceiptPage", "Warehouse"), named(record, "warehouse")),
            (translate("GoodsReceiptPage", "Delivery note"), record.delivery_note),
            (
                translate("GoodsReceiptPage", "Exchange rate"),
                rate_text(record.currency, record.rate, record.company_currency),
            ),
            (
                translate("GoodsReceiptPage", "Sent back to the supplier"),
                shown(sent_back, CellKind.QTY) if sent_back else "",
            ),
        )

    if "cost.read" in desk.permissions:
        unit_cost = translate("GoodsReceiptPage", "Unit cost")
        cost = translate("GoodsReceiptPage", "Cost")
        spec = dock_lines(
            partial(CostedReceiptLines, receipt_id=id),
            CostedReceiptLines.tables,
            bin_column(),
            lot_column(),
            qty_column(),
            unit_column(),
            pack_column(),
            TableColumn("unit_cost", unit_cost, CellKind.UNIT_COST, 96, is_sortable=False),
            TableColumn("cost", cost, CellKind.MONEY, 104, is_sortable=False),
        )
    else:
        spec = dock_lines(
            partial(GoodsReceiptLines, receipt_id=id),
            GoodsReceiptLines.tables,
            bin_column(),
            lot_column(),
            qty_column(),
            unit_column(),
            pack_column(),
        )
    page = PostedPage(
        desk,
        shell,
        "goods_receipt",
        id,
        GoodsReceiptDetail,
        spec,
        facts,
        lambda record: str(cell_value(record, "supplier_name")),
        seldom=LOTS_AND_PACKS_SELDOM,
    )
    offer_story_of_lines(page)
    _offer_what_follows(page)
    return page


def _offer_what_follows(page: PostedPage) -> None:
    """What can be done with a posted receipt: goods go back, costs are added, prices corrected."""
    shell, receipt_id, permissions = page.shell, page.document_id, page.desk.permissions
    offered = []
    if "purchasing.return" in permissions:
        text = translate("GoodsReceiptPage", "Return to supplier")
        send_back = partial(shell.open_screen, "return_to_supplier", id=receipt_id)
        offered.append(page.add_page_action("goods_receipt.return", text, send_back, "", "return"))
    if "cost.write" in permissions:

        def enter() -> None:
            shell.open_screen("enter_landed_cost", id=new_id(), receipts=(receipt_id,))

        def correct() -> None:
            line = page.table.current()
            shell.open_screen("correct_price", id=receipt_id, start_line=line.id if line is not None else None)

        text = translate("GoodsReceiptPage", "Enter landed cost")
        landed_cost = page.add_page_action("goods_receipt.landed_cost", text, enter, "", "landed_cost")
        text = translate("GoodsReceiptPage", "Correct the price")
        price = page.add_page_action("goods_receipt.price", text, correct, "", "costing")
        offered = [landed_cost, price, *offered]
    if offered:
        page.offer(offered[0], tuple(offered[1:]))


class ShipmentPage(PostedPage):
    """What left, with whom, and what came back of it."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        spec = dock_lines(
            partial(ShipmentLines, shipment_id=id),
            ShipmentLines.tables,
            bin_column(),
            lot_column(),
            qty_column(),
            TableColumn("returned_qty", translate("DockLines", "Came back"), CellKind.QTY),
            unit_column(),
            pack_column(),
        )
        super().__init__(
            desk,
            shell,
            "shipment",
            id,
            ShipmentDetail,
            spec,
            _shipment_facts,
            lambda record: str(cell_value(record, "customer_name") or ""),
            seldom=LOTS_AND_PACKS_SELDOM,
        )
        slip = translate("ShipmentPage", "Print packing slip")
        self.print_slip = self.add_page_action("shipment.print", slip, self._print, "Ctrl+P", "print")
        text = translate("ShipmentPage", "Confirm delivery")
        self.deliver = self.add_page_action("shipment.deliver", text, self._deliver, "", "check")
        text = translate("ShipmentPage", "Take in return")
        self.take_back = self.add_page_action("shipment.return", text, self._take_back, "", "return")
        offer_story_of_lines(self)
        self.offer_actions()

    def offer_actions(self) -> None:
        if not hasattr(self, "take_back"):
            return
        record: ShipmentRecord | None = self.record
        self.allow(self.print_slip, "" if record else translate("ShipmentPage", "The shipment is being read."))
        reason = self.may("sales.return")
        if not reason and record is not None and not any(line.returnable_qty > 0 for line in record.lines):
            reason = translate("ShipmentPage", "All of it has come back already.")
        self.allow(self.take_back, reason)
        self.allow(self.deliver, self.may("goods.ship"))
        is_under_way = record is not None and record.is_under_way
        self.offer(self.print_slip, (self.deliver, self.take_back) if is_under_way else (self.take_back,))

    def _print(self) -> None:
        title = translate("ShipmentPage", "Printing the packing slip")
        slip = partial(
            PrintedPackingSlip,
            self.document_id,
            language=current_language(),
            printed_by=self.desk.user.name,
        )
        print_document(self, title, lambda folder: slip(folder=folder))

    def _deliver(self) -> None:
        self.shell.open_screen("confirm_delivery", id=self.document_id)

    def _take_back(self) -> None:
        self.shell.open_screen("take_in_return", id=self.document_id)


def _delivered_text(record: ShipmentRecord) -> str:
    if record.delivered_on is not None:
        return record.delivered_on.isoformat()
    if record.is_under_way:
        return translate("ShipmentPage", "not confirmed yet")
    return translate("ShipmentPage", "all came back")


def _shipment_facts(record: ShipmentRecord) -> Facts:
    return (
        (translate("ShipmentPage", "Sales order"), number_text(record.order_number)),
        (translate("ShipmentPage", "Shipped"), record.shipped_on.isoformat()),
        (translate("ShipmentPage", "Delivered"), _delivered_text(record)),
        (translate("ShipmentPage", "Warehouse"), named(record, "warehouse")),
        (translate("ShipmentPage", "Carrier"), str(cell_value(record, "carrier_name") or "")),
        (translate("ShipmentPage", "Tracking number"), record.tracking_number),
    )


def shipment_page(desk: "Desk", shell: "MainWindow", id: UUID) -> ShipmentPage:
    return ShipmentPage(desk, shell, id)
