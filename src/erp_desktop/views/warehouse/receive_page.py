"""Receiving the goods of a purchase order: what was counted at the dock, line by line, in one or more receipts."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QLineEdit

from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.i18n import translate
from erp_desktop.queries.purchasing_details import PurchaseOrderDetail, PurchaseOrderRecord
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.purchasing.purchase_order_page import PATH, TO_RECEIVE
from erp_desktop.views.warehouse.counting_page import Counting, CountingPage
from erp_desktop.views.warehouse.scanning import ScanRouter
from erp_desktop.views.widgets.cells import cell_value
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import LineSpec
from erp_desktop.views.widgets.statuses import status_text

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class ReceiveGoodsPage(CountingPage):
    """Opened for one purchase order; a scanned product counts one more of it."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        super().__init__(
            desk,
            shell,
            "goods_receipt",
            id,
            PurchaseOrderDetail,
            "receive_goods_form",
            ("received_on", "delivery_note"),
            ("received_on",),
            Counting(
                makes="goods_receipt",
                rows_of=_lines_to_receive,
                action_of=_receipt_of,
                day="received_on",
                done=translate("ReceiveGoodsPage", "Goods received into stock"),
                field_of_refusal={"period_closed": "received_on", "no_period": "received_on"},
            ),
        )
        self._use_columns(None)
        self._warehouse_id: UUID | None = None
        self.binder.show({"received_on": company_today(), "delivery_note": ""})
        add = self.add_page_action
        self.do_receive = add(
            "receive_goods.receive", translate("ReceiveGoodsPage", "Receive goods"), self.save, "", "goods_receipt"
        )
        self.do_all = add(
            "receive_goods.all", translate("ReceiveGoodsPage", "All as ordered"), self.count_all, "Alt+A", "check"
        )
        self.do_open = add(
            "receive_goods.order", translate("ReceiveGoodsPage", "Open the order"), self._open, "", "purchase_order"
        )
        self.router = ScanRouter(self)
        self.router.scanned.connect(self.take_scan)
        scan = self.binder.widget("scan")
        if isinstance(scan, QLineEdit):
            scan.returnPressed.connect(lambda: self._take_typed(scan))
        self.set_title(self.verb())
        self.header.name(self.verb())
        self.lines_changed()
        self.offer_actions()
        self.refresh()
        self.setFocusProxy(self.grid)

    def verb(self) -> str:
        return translate("ReceiveGoodsPage", "Receive")

    def _use_columns(self, warehouse_id: UUID | None) -> None:
        columns = self.columns(
            translate("ReceiveGoodsPage", "Still open"),
            translate("ReceiveGoodsPage", "Counted"),
            lookups.bins(warehouse_id),
        )
        self.use_lines(LineSpec(columns, keep=("id", "product_id"), is_fixed=True))

    def show_record(self, record: PurchaseOrderRecord) -> None:
        title = translate("ReceiveGoodsPage", "Receive goods of {order}").format(order=number_text(record.number))
        self.header.name(title, str(cell_value(record, "supplier_name")))
        self.header.path.show_path(PATH, record.status)
        self.header.path.show()
        if record.warehouse_id != self._warehouse_id:
            self._warehouse_id = record.warehouse_id
            self._use_columns(record.warehouse_id)
        super().show_record(record)
        if record.status not in TO_RECEIVE and not self.is_busy:
            text = translate("ReceiveGoodsPage", "{order} is in the state {status}: no goods of it are expected.")
            self.banner.show_sentence(
                "warning", text.format(order=number_text(record.number), status=status_text(record.status))
            )

    def offer_actions(self) -> None:
        if not hasattr(self, "do_open"):
            return
        record: PurchaseOrderRecord | None = self.record
        reason = self.may("goods.receive")
        if not reason and (record is None or record.status not in TO_RECEIVE):
            reason = translate("ReceiveGoodsPage", "No goods of this order are expected now.")
        self.allow(self.do_receive, reason)
        self.allow(self.do_all, reason)
        self.allow(self.do_open)
        self.offer(self.do_receive, (self.do_all, self.do_open))

    def _take_typed(self, scan: QLineEdit) -> None:
        code = scan.text().strip()
        scan.clear()
        if code:
            self.take_scan(code)

    def _open(self) -> None:
        self.shell.open_screen("purchase_order", id=self.document_id)


def _lines_to_receive(record: PurchaseOrderRecord) -> list[dict[str, Any]]:
    return [
        {
            "id": line.id,
            "product_id": line.product_id,
            "product_code": line.product_code,
            "product_name": cell_value(line, "product_name"),
            "unit": line.unit_code,
            "open": line.open_qty,
        }
        for line in record.lines
        if line.open_qty > 0
    ]


def _receipt_of(
    made_id: UUID, document_id: UUID, values: dict[str, Any], counted: list[dict[str, Any]]
) -> ReceiveGoods:
    return ReceiveGoods(
        receipt_id=made_id,
        purchase_order_id=document_id,
        received_on=values["received_on"],
        lines=tuple(
            ReceivedLine(line["id"], line["counted"], line["bin"].id if line.get("bin") else None) for line in counted
        ),
        delivery_note=values.get("delivery_note", ""),
    )
