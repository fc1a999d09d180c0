"""The page of a customer return: posted, or only announced, and then what can become of it; and which shipment it may be of."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.returning import CloseAnnouncedReturn
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.models.sales import ReturnStatus
from erp_desktop.queries.announced_returns import ShipmentsAnnouncedBack
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.selling_details import CustomerReturnDetail, CustomerReturnLines, CustomerReturnRecord
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.documents.listed import document_list
from erp_desktop.views.documents.lookups import named
from erp_desktop.views.documents.posted_page import Facts, PostedPage
from erp_desktop.views.reports.story import offer_story_of_lines
from erp_desktop.views.warehouse.dock_lines import bin_column, dock_lines, lot_column, qty_column, unit_column
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, TableColumn, cell_value, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class CustomerReturnPage(PostedPage):
    """What came back and what is credited for it. An announced one is taken in from here, or closed without goods."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        spec = dock_lines(
            partial(CustomerReturnLines, return_id=id),
            CustomerReturnLines.tables,
            bin_column(),
            lot_column(),
            qty_column(),
            unit_column(),
            TableColumn("is_scrapped", translate("DockLines", "Scrapped"), CellKind.YES_NO, 84),
            TableColumn("unit_price", translate("DockLines", "Price"), CellKind.UNIT_COST, 84),
            TableColumn("amount", translate("DockLines", "Amount"), CellKind.MONEY, 92),
        )
        super().__init__(
            desk,
            shell,
            "customer_return",
            id,
            CustomerReturnDetail,
            spec,
            _facts,
            lambda record: str(cell_value(record, "customer_name") or ""),
            seldom=dict.fromkeys(("bin_code", "lot_code", "is_scrapped"), _is_posted),
        )
        add = self.add_page_action
        text = translate("CustomerReturnPage", "Take in")
        self.take_in = add("customer_return.take_in", text, self._find_shipment, "", "return")
        text = translate("CustomerReturnPage", "Take in without a shipment")
        self.take_in_alone = add("customer_return.take_in_alone", text, self._take_in_alone, "", "return")
        text = translate("CustomerReturnPage", "Close without goods")
        self.close_it = add("customer_return.close", text, self._ask_to_close, "", "cross")
        offer_story_of_lines(self)
        self.offer_actions()

    def show_record(self, record: CustomerReturnRecord) -> None:
        super().show_record(record)
        if record.status != ReturnStatus.POSTED:
            end = ReturnStatus.CLOSED if record.status == ReturnStatus.CLOSED else ReturnStatus.RECEIVED
            self.header.path.show_path((ReturnStatus.ANNOUNCED, end), record.status)
        is_coming = record.status == ReturnStatus.ANNOUNCED
        text = translate("CustomerReturnPage", "Only announced: nothing has moved yet.") if is_coming else ""
        self.header.hint.setText(text)
        self.header.hint.setVisible(is_coming)

    def offer_actions(self) -> None:
        if not hasattr(self, "close_it"):
            return
        record: CustomerReturnRecord | None = self.record
        is_coming = record is not None and record.status == ReturnStatus.ANNOUNCED
        reason = self.may("sales.return")
        if not reason and not is_coming:
            reason = translate("CustomerReturnPage", "This return is not waiting for goods.")
        for action in (self.take_in, self.take_in_alone, self.close_it):
            self.allow(action, reason)
        if is_coming:
            self.offer(self.take_in, (self.take_in_alone, self.close_it))
        else:
            self.offer(None)

    def _find_shipment(self) -> None:
        """Opens the one shipment that the goods may be of, or lets the person choose."""
        request = ListRequest(limit=2, rows_only=True)
        asked = self.desk.ask(ShipmentsAnnouncedBack(request, announced_id=self.document_id))
        when_done(asked, self, self._open_shipment)

    def _open_shipment(self, page: ListPage[Any]) -> None:
        if not page.rows:
            self.tell(translate("CustomerReturnPage", "No shipment is known that these goods may be of."))
            self._take_in_alone()
        elif len(page.rows) == 1:
            self.shell.open_screen("take_in_return", id=page.rows[0].id, announced=self.document_id)
        else:
            self.shell.open_screen("shipments_of_return", id=self.document_id)

    def _take_in_alone(self) -> None:
        self.shell.open_screen("return_without_shipment", id=new_id(), announced=self.document_id)

    def _ask_to_close(self) -> None:
        sentence = translate(
            "CustomerReturnPage",
            "The goods of this return are not waited for any more. Nothing moves and nothing is credited.",
        )
        self.ask(sentence, translate("CustomerReturnPage", "Close without goods"), self._close)

    def _close(self) -> None:
        def done() -> None:
            self.tell(translate("CustomerReturnPage", "Return closed without goods"))

        self.perform(CloseAnnouncedReturn(self.document_id, company_today()), done)


def _is_posted(record: CustomerReturnRecord) -> bool:
    """Only goods that came in lie in a bin."""
    return record.status == ReturnStatus.POSTED


def _facts(record: CustomerReturnRecord) -> Facts:
    is_posted = _is_posted(record)
    day = translate("CustomerReturnPage", "Returned") if is_posted else translate("CustomerReturnPage", "Announced on")
    amount = f"{record.currency} {shown(record.total, CellKind.MONEY)}"
    if record.was_under_way:
        amount = translate("CustomerReturnPage", "nothing: it had not been delivered")
    credited = (
        translate("CustomerReturnPage", "Credited") if is_posted else translate("CustomerReturnPage", "Announced value")
    )
    was_taken_in = record.status == ReturnStatus.RECEIVED
    return (
        (translate("CustomerReturnPage", "Shipment"), _shipment_of(record) if is_posted else ""),
        (
            translate("CustomerReturnPage", "Announced as"),
            number_text(record.linked_number) if record.announced_id else "",
        ),
        (translate("CustomerReturnPage", "The channel's number"), record.external_number or ""),
        (day, record.returned_on.isoformat()),
        (translate("CustomerReturnPage", "Warehouse"), named(record, "warehouse")),
        (translate("CustomerReturnPage", "Reason"), record.reason),
        (credited, amount),
        (translate("CustomerReturnPage", "Taken in as"), number_text(record.linked_number) if was_taken_in else ""),
        (
            translate("CustomerReturnPage", "Closed without goods on"),
            record.closed_on.isoformat() if record.closed_on else "",
        ),
    )


def _shipment_of(record: CustomerReturnRecord) -> str:
    """The shipment, or that nobody knows which one it was, and what that means for the cost."""
    if record.shipment_id is None:
        return translate("CustomerReturnPage", "Without a shipment: at current cost")
    return number_text(record.shipment_number)


def shipments_of_return_screen(desk: "Desk", shell: "MainWindow", id: UUID) -> ListScreen:
    """The shipments that the goods of the announced return `id` may be of; Enter takes them in as goods of one."""
    spec = document_list(
        partial(ShipmentsAnnouncedBack, announced_id=id),
        (
            TableColumn("number", translate("ShipmentsOfReturn", "Number"), width=160),
            TableColumn("order_number", translate("ShipmentsOfReturn", "Order"), width=125),
            TableColumn("customer_name", translate("ShipmentsOfReturn", "Customer"), stretches=True),
            TableColumn("shipped_on", translate("ShipmentsOfReturn", "Shipped"), CellKind.DATE),
            TableColumn("qty", translate("ShipmentsOfReturn", "Quantity"), CellKind.QTY),
        ),
        name=translate("ShipmentsOfReturn", "Which shipment are the goods of?"),
        empty_text=translate("ShipmentsOfReturn", "No shipment is known that these goods may be of."),
        search_hint=translate("ShipmentsOfReturn", "Number, order, customer, tracking number"),
    )
    spec = replace(spec, tables=ShipmentsAnnouncedBack.tables)

    def take_in(row: Any) -> None:
        shell.open_screen("take_in_return", id=row.id, announced=id)

    return ListScreen(desk, spec.name, spec, take_in, ())
