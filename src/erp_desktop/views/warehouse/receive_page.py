"""Receiving the goods of a purchase order: what was counted at the dock, line by line, in one or more receipts."""

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QLineEdit

from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.i18n import translate
from erp_desktop.queries.purchasing_details import PurchaseOrderDetail, PurchaseOrderRecord
from erp_desktop.views.documents import exchange_rate, lookups
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.purchasing.purchase_order_page import PATH, TO_RECEIVE
from erp_desktop.views.warehouse.counting_page import Counting, CountingPage, part_of
from erp_desktop.views.warehouse.scanning import ScanRouter
from erp_desktop.views.widgets.cells import CellKind, cell_value
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import Line, LineColumn, LineSpec
from erp_desktop.views.widgets.reading import read_date
from erp_desktop.views.widgets.statuses import status_text

_BETWEEN_SERIALS = re.compile(r"[\s,;，；、]+")

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class ReceiveGoodsPage(CountingPage):
    """Opened for one purchase order; a scanned product counts one more of it, what is scanned then is its lot."""

    typed_columns = ("lot", "expires", "counted", "bin")

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        super().__init__(
            desk,
            shell,
            "goods_receipt",
            id,
            PurchaseOrderDetail,
            "receive_goods_form",
            ("received_on", "delivery_note", "rate"),
            ("received_on",),
            Counting(
                makes="goods_receipt",
                rows_of=_lines_to_receive,
                action_of=_receipt_of,
                day="received_on",
                done=translate("ReceiveGoodsPage", "Goods received into stock"),
                field_of_refusal={"period_closed": "received_on", "no_period": "received_on", **exchange_rate.REFUSALS},
            ),
        )
        self.rate = exchange_rate.RateField(self, "received_on")
        self._warehouse_id: UUID | None = None
        self._has_lots = False
        self._use_columns()
        self.binder.show({"received_on": company_today(), "delivery_note": ""})
        add = self.add_page_action
        self.do_receive = add(
            "receive_goods.receive", translate("ReceiveGoodsPage", "Receive goods"), self.save, "", "goods_receipt"
        )
        self.do_all = add(
            "receive_goods.all", translate("ReceiveGoodsPage", "All as ordered"), self.count_all, "Alt+A", "check"
        )
        self.do_split = add(
            "receive_goods.lot", translate("ReceiveGoodsPage", "Another lot"), self._another_lot, "Alt+L", "plus"
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

    def _use_columns(self) -> None:
        lots = (
            LineColumn("lot", translate("ReceiveGoodsPage", "Lot or serial numbers"), width=170),
            LineColumn(
                "expires",
                translate("ReceiveGoodsPage", "Expires"),
                CellKind.DATE,
                104,
                read=lambda typed: read_date(typed, company_today()),
            ),
        )
        columns = self.columns(
            translate("ReceiveGoodsPage", "Still open"),
            translate("ReceiveGoodsPage", "Counted"),
            lookups.bins(self._warehouse_id),
            lots if self._has_lots else (),
        )
        self.use_lines(LineSpec(columns, compute=_pieces, keep=("id", "product_id", "tracking"), is_fixed=True))

    def show_record(self, record: PurchaseOrderRecord) -> None:
        title = translate("ReceiveGoodsPage", "Receive goods of {order}").format(order=number_text(record.number))
        self.header.name(title, str(cell_value(record, "supplier_name")))
        self.rate.use(record.currency, record.company_currency)
        self.header.path.show_path(PATH, record.status)
        self.header.path.show()
        has_lots = any(line.tracking != "none" for line in record.lines)
        if (record.warehouse_id, has_lots) != (self._warehouse_id, self._has_lots):
            self._warehouse_id, self._has_lots = record.warehouse_id, has_lots
            self._use_columns()
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
        none = translate("ReceiveGoodsPage", "Nothing on this order is kept by lot.")
        self.allow(self.do_split, reason or ("" if self._has_lots else none))
        more = (self.do_all, self.do_split) if self._has_lots else (self.do_all,)
        self.offer(self.do_receive, (*more, self.do_open))

    def _take_typed(self, scan: QLineEdit) -> None:
        code = scan.text().strip()
        scan.clear()
        if code:
            self.take_scan(code)

    # --- lots

    def _current_line(self) -> tuple[int, dict[str, Any]]:
        return self.grid.currentIndex().row(), self.grid.line_here()

    def _another_lot(self) -> None:
        """A further line for another lot of the product under the cursor."""
        row, line = self._current_line()
        if line.get("tracking", "none") == "none":
            self.show_problem(translate("ReceiveGoodsPage", "Go to a product that is kept by lot first."))
            return
        self.grid.model_of_lines.split_line(row, part_of(line))
        self.grid.go_to(row + 1, self._column("lot"))

    def take_lot(self, code: str) -> bool:
        row, line = self._current_line()
        tracking, typed = line.get("tracking", "none"), str(line.get("lot") or "")
        if tracking == "none":
            return False
        self.banner.hide()
        model = self.grid.model_of_lines
        if tracking == "serial":
            counted = {one for other in self._all_lines() for one in _serials(other) if other["id"] == line["id"]}
            if code in counted:
                text = translate("ReceiveGoodsPage", "Serial number {code} is counted already. Scan the next piece.")
                self.show_problem(text.format(code=code))
                return True
            model.change({(row, self._column("lot")): ", ".join((*_serials(line), code))})
        elif typed in ("", code):
            model.change({(row, self._column("lot")): code})
        else:
            model.split_line(row, part_of(line) | {"lot": code})
            row += 1
        self.grid.setCurrentIndex(model.index(row, self._column("counted")))
        self.tell(translate("ReceiveGoodsPage", "{product}: {code}").format(product=line["product_code"], code=code))
        return True

    def _column(self, name: str) -> int:
        return [column.name for column in self.grid.model_of_lines.spec.columns].index(name)

    def _open(self) -> None:
        self.shell.open_screen("purchase_order", id=self.document_id)


def _lines_to_receive(record: PurchaseOrderRecord) -> list[dict[str, Any]]:
    return [
        {
            "id": line.id,
            "product_id": line.product_id,
            "product_code": line.product_code,
            "product_name": cell_value(line, "product_name"),
            "unit": cell_value(line, "unit_code"),
            "pack": lookups.pack_text(line),
            "tracking": line.tracking,
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
        lines=tuple(received for line in counted for received in _received(line)),
        delivery_note=values.get("delivery_note", ""),
        rate=values.get("rate"),
    )


def _received(line: dict[str, Any]) -> list[ReceivedLine]:
    """What a line says came in: of serial numbers a piece for each."""
    bin_id = line["bin"].id if line.get("bin") else None
    serials = _serials(line)
    if serials:
        return [ReceivedLine(line["id"], Decimal(1), bin_id, one, line.get("expires")) for one in serials]
    return [ReceivedLine(line["id"], line["counted"], bin_id, line.get("lot") or "", line.get("expires"))]


def _serials(line: Line) -> list[str]:
    """The serial numbers that were typed or scanned for a line, in a row with spaces or commas between them."""
    if line.get("tracking") != "serial":
        return []
    return [one for one in _BETWEEN_SERIALS.split(str(line.get("lot") or "")) if one]


def _pieces(line: Line) -> dict[str, Any]:
    """As many pieces were counted as there are serial numbers."""
    serials = _serials(line)
    return {"counted": Decimal(len(serials))} if serials else {}
