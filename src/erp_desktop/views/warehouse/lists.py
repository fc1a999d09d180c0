"""The lists of the dock: goods receipts, shipments, customer returns."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.models.sales import ReturnStatus
from erp_desktop.queries.purchasing import GoodsReceiptRow, GoodsReceipts
from erp_desktop.queries.selling import CustomerReturnRow, CustomerReturns, ShipmentRow, Shipments
from erp_desktop.views.documents.listed import date_filter, document_list, numbered, opens, status_filter
from erp_desktop.views.widgets.asking import say
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_model import ListFilter
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

Filters = tuple[tuple[str, Any], ...]


def goods_receipts_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """All goods receipts, newest first."""

    def receive() -> None:
        shell.open_screen("expected_orders")

    spec = document_list(
        GoodsReceipts,
        (
            TableColumn("number", translate("GoodsReceipts", "Number"), width=160),
            TableColumn("order_number", translate("GoodsReceipts", "Order"), width=125),
            TableColumn("supplier_name", translate("GoodsReceipts", "Supplier"), stretches=True),
            TableColumn("warehouse_name", translate("GoodsReceipts", "Warehouse"), width=120),
            TableColumn("received_on", translate("GoodsReceipts", "Received"), CellKind.DATE),
            TableColumn("delivery_note", translate("GoodsReceipts", "Delivery note"), width=120),
            TableColumn("status", translate("GoodsReceipts", "Status"), CellKind.STATUS, 110),
            TableColumn("qty", translate("GoodsReceipts", "Quantity"), CellKind.QTY),
        ),
        name=translate("GoodsReceipts", "Goods receipts"),
        empty_text=translate("GoodsReceipts", "No goods receipts yet"),
        search_hint=translate("GoodsReceipts", "Number, order, supplier, delivery note"),
        filters=(date_filter("received_on", translate("GoodsReceipts", "Received"), company_today()),),
        first_filters=filters,
    )
    may_receive = "goods.receive" in desk.permissions and shell.has_screen("expected_orders")
    text = translate("GoodsReceipts", "Receive goods")
    screen = ListScreen(desk, spec.name, spec, opens(shell, "goods_receipt"), ((text, receive),) if may_receive else ())
    if may_receive:
        action = screen.add_command("goods_receipts.receive", text, receive, "Ctrl+N", "goods_receipt")
        screen.header.add_button(action, "goods_receipt", primary=True)
    if "cost.write" in desk.permissions:

        def enter() -> None:
            screen.table.take_selected(bear)

        def bear(receipts: tuple[GoodsReceiptRow, ...]) -> None:
            shell.open_screen("enter_landed_cost", id=new_id(), receipts=tuple(row.id for row in receipts))

        text = translate("GoodsReceipts", "Enter landed cost")
        action = screen.add_command("goods_receipts.landed_cost", text, enter, "", "landed_cost")
        action.setToolTip(translate("GoodsReceipts", "Freight, duty or insurance of the receipts that are selected"))
        screen.header.add_button(action, "landed_cost")
    return screen


def shipments_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """All shipments, newest first."""

    def ship() -> None:
        shell.open_screen("orders_to_ship")

    spec = document_list(
        Shipments,
        (
            TableColumn("number", translate("Shipments", "Number"), width=160),
            TableColumn("order_number", translate("Shipments", "Order"), width=125),
            TableColumn("customer_name", translate("Shipments", "Customer"), stretches=True),
            TableColumn("carrier_name", translate("Shipments", "Carrier"), width=125),
            TableColumn("tracking_number", translate("Shipments", "Tracking number"), width=150),
            TableColumn("shipped_on", translate("Shipments", "Shipped"), CellKind.DATE),
            TableColumn("delivered_on", translate("Shipments", "Delivered"), CellKind.DATE),
            TableColumn("qty", translate("Shipments", "Quantity"), CellKind.QTY),
        ),
        name=translate("Shipments", "Shipments"),
        empty_text=translate("Shipments", "No shipments yet"),
        search_hint=translate("Shipments", "Number, order, customer, tracking number"),
        filters=(
            ListFilter(
                "is_under_way",
                translate("Shipments", "Delivery"),
                ((True, translate("Shipments", "Under way")), (False, translate("Shipments", "Delivered"))),
            ),
            date_filter("shipped_on", translate("Shipments", "Shipped"), company_today()),
        ),
        first_filters=filters,
    )
    may_ship = "goods.ship" in desk.permissions and shell.has_screen("orders_to_ship")
    text = translate("Shipments", "Ship an order")
    screen = ListScreen(desk, spec.name, spec, opens(shell, "shipment"), ((text, ship),) if may_ship else ())
    if may_ship:
        action = screen.add_command("shipments.ship", text, ship, "Ctrl+N", "shipment")
        screen.header.add_button(action, "shipment", primary=True)
    if "goods.ship" in desk.permissions:

        def deliver() -> None:
            screen.table.take_selected(confirm)

        def confirm(arrived: tuple[ShipmentRow, ...]) -> None:
            if arrived:
                shell.open_screen("confirm_delivery", id=arrived[0].id, shipments=tuple(row.id for row in arrived))
            else:
                say(translate("Shipments", "Select the shipments that arrived first."))

        text = translate("Shipments", "Confirm delivery")
        action = screen.add_command("shipments.deliver", text, deliver, "", "check")
        action.setToolTip(translate("Shipments", "The customers have the shipments that are selected"))
        screen.header.add_button(action, "check")
    return screen


def customer_returns_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """All customer returns, newest first."""
    spec = document_list(
        CustomerReturns,
        (
            TableColumn("number", translate("CustomerReturns", "Number"), width=140),
            TableColumn("shipment_number", translate("CustomerReturns", "Shipment"), width=145),
            TableColumn("customer_name", translate("CustomerReturns", "Customer"), stretches=True),
            TableColumn("reason", translate("CustomerReturns", "Reason"), width=150),
            TableColumn("returned_on", translate("CustomerReturns", "Returned"), CellKind.DATE),
            TableColumn("status", translate("CustomerReturns", "Status"), CellKind.STATUS, 130),
            TableColumn("qty", translate("CustomerReturns", "Quantity"), CellKind.QTY, 84),
            TableColumn("credited", translate("CustomerReturns", "Credited"), CellKind.MONEY),
        ),
        name=translate("CustomerReturns", "Customer returns"),
        empty_text=translate("CustomerReturns", "No customer returns yet"),
        empty_detail=translate(
            "CustomerReturns",
            "A return is taken in from the page of its shipment, or here where nobody knows the shipment.",
        ),
        search_hint=translate("CustomerReturns", "Number, shipment, customer, reason"),
        filters=(
            status_filter(ReturnStatus),
            date_filter("returned_on", translate("CustomerReturns", "Returned"), company_today()),
        ),
        first_filters=filters,
        dress=_with_or_without_shipment,
    )
    text = translate("CustomerReturns", "Return without a shipment")
    may_take_in = "sales.return" in desk.permissions

    def take_in() -> None:
        shell.open_screen("return_without_shipment", id=new_id())

    offer = ((text, take_in),) if may_take_in else ()
    screen = ListScreen(desk, spec.name, spec, opens(shell, "customer_return"), offer)
    if may_take_in:
        action = screen.add_command("customer_returns.take_in", text, take_in, "Ctrl+N", "return")
        screen.header.add_button(action, "return", primary=True)
    return screen


def _with_or_without_shipment(row: CustomerReturnRow) -> CustomerReturnRow:
    """The row as the list shows it: a return at current cost says so where the others have their shipment."""
    row = numbered(row)
    if row.shipment_id is None and row.status == ReturnStatus.POSTED:
        return replace(row, shipment_number=translate("CustomerReturns", "none: current cost"))
    return row
