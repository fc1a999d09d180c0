"""Taking in a return: what came back of a shipment, into which bin, and what of it is scrapped."""

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.i18n import translate
from erp_desktop.models.sales import ReturnStatus
from erp_desktop.numbers import ZERO
from erp_desktop.queries.announced_returns import AnnouncedShipmentDetail, AnnouncedShipmentRecord
from erp_desktop.queries.selling_details import CustomerReturnRecord, ShipmentDetail, ShipmentRecord
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.warehouse.counting_page import Counting, CountingPage, to_count
from erp_desktop.views.warehouse.return_without_shipment_page import parts_of
from erp_desktop.views.warehouse.scanning import ScanRouter
from erp_desktop.views.widgets.cells import CellKind, cell_value
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import LineColumn, LineSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class TakeInReturnPage(CountingPage):
    """Opened for one shipment; shows what is still with the customer. Of what came back some or all may be scrapped.

    With the id of an announced return, `announced`, what it says stands beside what came, and it is fulfilled by it.
    """

    typed_columns = ("counted", "scrap", "bin")

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, announced: UUID | None = None) -> None:
        self._announced_id = announced
        super().__init__(
            desk,
            shell,
            "customer_return",
            id,
            self._detail,
            "return_form",
            ("returned_on", "reason"),
            ("returned_on",),
            Counting(
                makes="customer_return",
                rows_of=_lines_with_customer,
                action_of=self._return_of,
                day="returned_on",
                done=translate("TakeInReturnPage", "Return taken into stock"),
                field_of_refusal={
                    "return_before_shipment": "returned_on",
                    "return_before_delivery": "returned_on",
                    "period_closed": "returned_on",
                    "no_period": "returned_on",
                },
            ),
            has_related=False,
        )
        self._shown_for: tuple[object, ...] = (None, False, False)  # the warehouse; has lots; is announced
        self._use_columns()
        self.binder.show({"returned_on": company_today(), "reason": ""})
        add = self.add_page_action
        self.do_take = add(
            "take_in_return.take", translate("TakeInReturnPage", "Take in return"), self.save, "", "return"
        )
        self.do_all = add(
            "take_in_return.all", translate("TakeInReturnPage", "All came back"), self.count_all, "Alt+A", "check"
        )
        self.router = ScanRouter(self)
        self.router.scanned.connect(self.take_scan)
        self.set_title(self.verb())
        self.header.name(self.verb())
        self.lines_changed()
        self.offer_actions()
        self.refresh()
        self.setFocusProxy(self.grid)

    def _detail(self, shipment_id: UUID) -> "ShipmentDetail | AnnouncedShipmentDetail":
        if self._announced_id is None:
            return ShipmentDetail(shipment_id)
        return AnnouncedShipmentDetail(shipment_id, self._announced_id)

    def show_args(self, **args: object) -> None:
        """The shipment was opened again for an announced return, or for none."""
        announced = args.get("announced")
        self._announced_id = announced if isinstance(announced, UUID) else None
        self.refresh()

    def _perform_counted(self, then: Callable[[], object] | None) -> None:
        """Takes the return in, unless more is to be scrapped than came back."""
        for row, line in enumerate(self._all_lines()):
            scrap, came_back = line.get("scrap"), line.get("counted")
            if isinstance(scrap, Decimal) and scrap > (came_back if isinstance(came_back, Decimal) else ZERO):
                text = translate("TakeInReturnPage", "More is scrapped than came back. Correct one of the two.")
                names = [column.name for column in self.grid.model_of_lines.spec.columns]
                show = partial(self.grid.go_to, row, names.index("scrap"))
                self.binder.bar.show_problems([(text, show)])
                show()
                return
        super()._perform_counted(then)

    def verb(self) -> str:
        return translate("TakeInReturnPage", "Return of")

    def _return_of(
        self, made_id: UUID, document_id: UUID, values: dict[str, Any], counted: list[dict[str, Any]]
    ) -> TakeInReturn:
        return TakeInReturn(
            return_id=made_id,
            shipment_id=document_id,
            returned_on=values["returned_on"],
            lines=tuple(
                ReturnedLine(line["id"], qty, line["bin"].id if line.get("bin") else None, is_scrapped)
                for line in counted
                for qty, is_scrapped in parts_of(line["counted"], line.get("scrap"))
            ),
            reason=values.get("reason", ""),
            announced_id=self._announced_id,
        )

    def _use_columns(self) -> None:
        warehouse_id, has_lots, is_announced = self._shown_for
        more = []
        if has_lots:
            more.append(LineColumn("lot", translate("TakeInReturnPage", "Lot"), width=120, is_computed=True))
        if is_announced:
            heading = translate("TakeInReturnPage", "Announced")
            more.append(LineColumn("announced", heading, CellKind.QTY, 100, is_computed=True))
        columns = self.columns(
            translate("TakeInReturnPage", "With customer"),
            translate("TakeInReturnPage", "Came back"),
            lookups.bins(warehouse_id if isinstance(warehouse_id, UUID) else None),
            tuple(more),
        )
        scrap = LineColumn("scrap", translate("TakeInReturnPage", "Of it scrap"), CellKind.QTY, 100)
        place = 1 + next(number for number, column in enumerate(columns) if column.name == "counted")
        columns = (*columns[:place], scrap, *columns[place:])
        self.use_lines(LineSpec(columns, keep=("id", "product_id"), is_fixed=True))

    def show_record(self, record: ShipmentRecord) -> None:
        title = translate("TakeInReturnPage", "Return of {shipment}").format(shipment=number_text(record.number))
        self.header.name(title, str(cell_value(record, "customer_name") or ""))
        announced = record.announced if isinstance(record, AnnouncedShipmentRecord) else None
        shown_for = (record.warehouse_id, any(line.lot_code for line in record.lines), announced is not None)
        if shown_for != self._shown_for:
            self._shown_for = shown_for
            self._use_columns()
        self.do_all.setText(
            translate("TakeInReturnPage", "All came back")
            if announced is None
            else translate("TakeInReturnPage", "All came as announced")
        )
        self._show_announced(announced)
        super().show_record(record)

    def _show_announced(self, announced: CustomerReturnRecord | None) -> None:
        if announced is None:
            self.header.hint.setText("")
            return
        text = translate("TakeInReturnPage", "Announced as {number}: what does not come now is not waited for.")
        self.header.hint.setText(text.format(number=number_text(announced.number)))
        if not self.is_dirty and not self.binder.value("reason"):
            self.binder.fill_in({"reason": announced.reason})

    def expected_of(self, line: dict[str, Any]) -> Decimal | None:
        return line.get("announced", line.get("open"))

    def offer_actions(self) -> None:
        if not hasattr(self, "do_all"):
            return
        record: ShipmentRecord | None = self.record
        reason = self.may("sales.return")
        if not reason and (record is None or not any(line.returnable_qty > 0 for line in record.lines)):
            reason = translate("TakeInReturnPage", "Nothing of this shipment is still with the customer.")
        if isinstance(record, AnnouncedShipmentRecord) and record.announced.status != ReturnStatus.ANNOUNCED:
            reason = translate("TakeInReturnPage", "The announced return was taken in or closed already.")
        self.allow(self.do_take, reason)
        self.allow(self.do_all, reason)
        self.offer(self.do_take, (self.do_all,))


def _lines_with_customer(record: ShipmentRecord) -> list[dict[str, Any]]:
    """What is still with the customer; of an announced return with what was announced, shared over the lines of a product."""
    lines = [to_count(line, line.returnable_qty, lot=line.lot_code) for line in record.lines if line.returnable_qty > 0]
    if isinstance(record, AnnouncedShipmentRecord):
        announced: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
        for coming in record.announced.lines:
            announced[coming.product_id] += coming.qty
        for line in lines:
            line["announced"] = min(line["open"], announced[line["product_id"]])
            announced[line["product_id"]] -= line["announced"]
    return lines
