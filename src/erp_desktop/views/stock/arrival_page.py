"""The other end of a goods transfer: what arrived is taken in, and what will not arrive is written off."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.transferring import ArrivedLine, CloseTransferShort, ReceiveTransfer
from erp_desktop.i18n import translate
from erp_desktop.queries.transfers import GoodsTransferDetail, GoodsTransferRecord
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.warehouse.counting_page import Counting, CountingPage, to_count
from erp_desktop.views.warehouse.scanning import ScanRouter
from erp_desktop.views.widgets.cells import CellKind, cell_value
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import LineColumn, LineSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class ReceiveTransferPage(CountingPage):
    """Opened for one goods transfer; shows what is in transit still."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        super().__init__(
            desk,
            shell,
            "goods_transfer",
            id,
            GoodsTransferDetail,
            "receive_transfer_form",
            ("received_on",),
            ("received_on",),
            Counting(
                makes="goods_transfer",
                rows_of=_lines_in_transit,
                action_of=_arrival_of,
                day="received_on",
                done=translate("ReceiveTransferPage", "Goods taken in from transit"),
                field_of_refusal={
                    "before_dispatch": "received_on",
                    "period_closed": "received_on",
                    "no_period": "received_on",
                },
            ),
            has_related=False,
        )
        self.made_id = id  # no document of its own comes of it: the transfer itself goes on
        self._warehouse_id: UUID | None = None
        self._has_lots = False
        self._use_columns()
        self.binder.show({"received_on": company_today()})
        add = self.add_page_action
        text = translate("ReceiveTransferPage", "Take in")
        self.do_receive = add("receive_transfer.receive", text, self.save, "", "goods_receipt")
        text = translate("ReceiveTransferPage", "All arrived")
        self.do_all = add("receive_transfer.all", text, self.count_all, "Alt+A", "check")
        self.router = ScanRouter(self)
        self.router.scanned.connect(self.take_scan)
        self.set_title(self.verb())
        self.header.name(self.verb())
        self.lines_changed()
        self.offer_actions()
        self.refresh()
        self.setFocusProxy(self.grid)

    def verb(self) -> str:
        return translate("ReceiveTransferPage", "Take in")

    def _use_columns(self) -> None:
        lot = LineColumn("lot", translate("ReceiveTransferPage", "Lot"), width=150, is_computed=True)
        columns = self.columns(
            translate("ReceiveTransferPage", "In transit"),
            translate("ReceiveTransferPage", "Arrived"),
            lookups.bins(self._warehouse_id),
            (lot,) if self._has_lots else (),
        )
        self.use_lines(LineSpec(columns, keep=("id", "product_id"), is_fixed=True))

    def show_record(self, record: GoodsTransferRecord) -> None:
        title = translate("ReceiveTransferPage", "Take in {transfer}").format(transfer=number_text(record.number))
        self.header.name(title, str(cell_value(record, "to_warehouse_name")))
        has_lots = any(line.lot_code for line in record.lines)
        if (record.to_warehouse_id, has_lots) != (self._warehouse_id, self._has_lots):
            self._warehouse_id, self._has_lots = record.to_warehouse_id, has_lots
            self._use_columns()
        super().show_record(record)

    def offer_actions(self) -> None:
        if not hasattr(self, "do_all"):
            return
        record: GoodsTransferRecord | None = self.record
        reason = self.may("goods.transfer")
        if not reason and (record is None or not any(line.open_qty > 0 for line in record.lines)):
            reason = translate("ReceiveTransferPage", "Nothing of this transfer is in transit any more.")
        self.allow(self.do_receive, reason)
        self.allow(self.do_all, reason)
        self.offer(self.do_receive, (self.do_all,))


def _lines_in_transit(record: GoodsTransferRecord) -> list[dict[str, Any]]:
    return [to_count(line, line.open_qty, lot=line.lot_code) for line in record.lines if line.open_qty > 0]


def _arrival_of(
    _made_id: UUID, document_id: UUID, values: dict[str, Any], counted: list[dict[str, Any]]
) -> ReceiveTransfer:
    lines = tuple(
        ArrivedLine(line["id"], line["counted"], line["bin"].id if line.get("bin") else None) for line in counted
    )
    return ReceiveTransfer(document_id, values["received_on"], lines)


class CloseTransferPage(FormPage):
    """What is in transit still is shown; a day and a reason write it off."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        fields = ("closed_on", "reason")
        super().__init__(
            desk,
            shell,
            "goods_transfer",
            id,
            GoodsTransferDetail,
            "close_transfer_form",
            fields,
            fields,
            has_related=False,
        )
        self.use_lines(
            LineSpec(
                (
                    LineColumn("product_code", translate("CloseTransferPage", "Code"), width=130, is_computed=True),
                    LineColumn(
                        "product_name", translate("CloseTransferPage", "Product"), is_computed=True, stretches=True
                    ),
                    LineColumn("lot", translate("CloseTransferPage", "Lot"), width=130, is_computed=True),
                    LineColumn(
                        "open", translate("CloseTransferPage", "Will not arrive"), CellKind.QTY, 140, is_computed=True
                    ),
                    LineColumn("unit", translate("CloseTransferPage", "Unit"), width=64, is_computed=True),
                ),
                keep=("id", "product_id"),
                is_fixed=True,
            )
        )
        self.effect = self.add_effect(self._action_now, "closed_on", self._products)
        self.effect.set_open(True)
        self.binder.show({"closed_on": company_today(), "reason": ""})
        text = translate("CloseTransferPage", "Close short")
        self.do_close = self.add_page_action("close_transfer.close", text, self.save, "", "cross")
        self.set_title(text)
        self.header.name(text)
        self.header.hint.setText(
            translate("CloseTransferPage", "What did not arrive is lost: its cost is posted like a loss of a count.")
        )
        self.offer_actions()
        self.refresh()
        self.start_at("reason")

    @property
    def is_for_entry(self) -> bool:
        return True

    def title_of(self, record: Any) -> str:
        return translate("CloseTransferPage", "Close {transfer}").format(transfer=number_text(record.number))

    def show_record(self, record: GoodsTransferRecord) -> None:
        text = translate("CloseTransferPage", "Close {transfer} short").format(transfer=number_text(record.number))
        self.header.name(text, str(cell_value(record, "to_warehouse_name")))
        rows = _lines_in_transit(record)
        self.show_lines(rows)
        text = translate("CloseTransferPage", "Lines that are missing goods: {count}")
        self.show_text("line_count", text.format(count=len(rows)))
        self.effect.note_change()

    def offer_actions(self) -> None:
        if not hasattr(self, "do_close"):
            return
        record: GoodsTransferRecord | None = self.record
        reason = self.may("goods.count")
        if not reason and (record is None or not _lines_in_transit(record)):
            reason = translate("CloseTransferPage", "Nothing of this transfer is in transit any more.")
        self.allow(self.do_close, reason)
        self.offer(self.do_close)

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Writes off what is missing; afterwards the transfer's page opens in the place of this form."""
        self.when_settled(partial(self._save, then))

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_form()
        if values is None:
            return

        done = partial(
            self.leave_for,
            "goods_transfer",
            self.document_id,
            translate("CloseTransferPage", "Transfer closed short"),
            then,
        )
        self.perform(self._action_of(values), done, self.say_refusal)

    def _action_now(self) -> CloseTransferShort | None:
        values = self.peek_form()
        return None if values is None or not self._products() else self._action_of(values)

    def _action_of(self, values: dict[str, Any]) -> CloseTransferShort:
        return CloseTransferShort(self.document_id, values["closed_on"], values["reason"])

    def _products(self) -> set[UUID]:
        return {line.product_id for line in self.record.lines if line.open_qty > 0} if self.record else set()

    def say_refusal(self, refused: Refused) -> None:
        fields = dict.fromkeys(("before_dispatch", "period_closed", "no_period"), "closed_on")
        self.show_line_refusal(refused, "open", fields | {"no_reason_for_loss": "reason"})
