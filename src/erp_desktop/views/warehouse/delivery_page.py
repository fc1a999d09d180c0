"""Confirming deliveries: which shipments the customers have by now, since when, and what that posts."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.delivering import ConfirmDelivery
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.queries.deliveries import Deliveries, DeliveriesRecord, UnderWay
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.widgets.cells import CellKind, cell_value
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import LineColumn, LineSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

_FIELD_OF_REFUSAL = dict.fromkeys(
    ("delivered_before_shipped", "period_closed", "no_period", "dated_ahead"), "delivered_on"
)


class ConfirmDeliveryPage(FormPage):
    """Opened for one shipment, `id`, or for several, `shipments`; those that were delivered before are left out."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, shipments: tuple[UUID, ...] = ()) -> None:
        self._shipment_ids = shipments or (id,)
        fields = ("delivered_on",)
        super().__init__(
            desk, shell, "shipment", id, self._asked_for, "confirm_delivery_form", fields, fields, has_related=False
        )
        self._tables = Deliveries.tables
        self.use_lines(
            LineSpec(
                (
                    LineColumn("number", translate("ConfirmDeliveryPage", "Shipment"), width=140, is_computed=True),
                    LineColumn("order", translate("ConfirmDeliveryPage", "Order"), width=130, is_computed=True),
                    LineColumn(
                        "customer", translate("ConfirmDeliveryPage", "Customer"), is_computed=True, stretches=True
                    ),
                    LineColumn(
                        "tracking", translate("ConfirmDeliveryPage", "Tracking number"), width=160, is_computed=True
                    ),
                    LineColumn(
                        "shipped_on", translate("ConfirmDeliveryPage", "Shipped"), CellKind.DATE, 104, is_computed=True
                    ),
                    LineColumn(
                        "left", translate("ConfirmDeliveryPage", "Quantity"), CellKind.QTY, 100, is_computed=True
                    ),
                ),
                keep=("id",),
                is_fixed=True,
            )
        )
        self.effect = self.add_effect(self._action_now, "delivered_on", self._products)
        self.binder.show({"delivered_on": company_today()})
        text = translate("ConfirmDeliveryPage", "Confirm delivery")
        self.do_confirm = self.add_page_action("confirm_delivery.confirm", text, self.save, "", "check")
        self.set_title(text)
        self.header.name(text)
        self.offer_actions()
        self.refresh()
        self.start_at("delivered_on")

    def _asked_for(self, _id: UUID) -> Deliveries:
        return Deliveries(self._shipment_ids)

    def show_args(self, **args: object) -> None:
        """Opened again, perhaps for other shipments."""
        shipments = args.get("shipments")
        self._shipment_ids = shipments if isinstance(shipments, tuple) and shipments else (self.document_id,)
        self.refresh()

    @property
    def is_for_entry(self) -> bool:
        return True

    def title_of(self, record: DeliveriesRecord) -> str:
        return translate("ConfirmDeliveryPage", "Confirm delivery")

    def show_record(self, record: DeliveriesRecord) -> None:
        waiting = _waiting(record)
        if len(waiting) == 1:
            text = translate("ConfirmDeliveryPage", "Delivery of {shipment}")
            self.header.name(text.format(shipment=number_text(waiting[0].number)), _customer(waiting[0]))
        else:
            self.header.name(translate("ConfirmDeliveryPage", "Confirm deliveries"))
        self.header.hint.setText(
            translate("ConfirmDeliveryPage", "The goods become cost of sales, and what the customers keep is invoiced.")
            if record.posts
            else translate("ConfirmDeliveryPage", "Nothing is posted: revenue of this company does not wait for it.")
        )
        self.show_lines([_line_of(shipment) for shipment in waiting])
        text = translate("ConfirmDeliveryPage", "Shipments: {count}").format(count=len(waiting))
        if len(waiting) < len(record.shipments):
            left_out = translate("ConfirmDeliveryPage", "delivered before or come back: {count}")
            text += "   " + left_out.format(count=len(record.shipments) - len(waiting))
        self.show_text("line_count", text)
        self.effect.note_change()

    def offer_actions(self) -> None:
        if not hasattr(self, "do_confirm"):
            return
        reason = self.may("goods.ship")
        if not reason and (self.record is None or not _waiting(self.record)):
            reason = translate("ConfirmDeliveryPage", "None of these shipments is under way any more.")
        self.allow(self.do_confirm, reason)
        self.offer(self.do_confirm)

    # --- confirming

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Confirms; afterwards the shipment's page opens in the place of this form, of several the list."""
        self.when_settled(partial(self._save, then))

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_form()
        if values is None or self.record is None:
            return
        action = self._action_of(self.record, values)

        def done() -> None:
            self.set_dirty(False)
            self.tell(translate("ConfirmDeliveryPage", "Delivery confirmed"))
            if then is not None:
                then()
                return
            if len(action.shipment_ids) == 1:
                self.shell.open_screen("shipment", id=action.shipment_ids[0])
            else:
                self.shell.open_screen("shipments")
            self.close_asked.emit()

        self.perform(action, done, self.say_refusal)

    def _action_now(self) -> ConfirmDelivery | None:
        values = self.peek_form()
        if values is None or self.record is None or not _waiting(self.record):
            return None
        return self._action_of(self.record, values)

    def _action_of(self, record: DeliveriesRecord, values: dict[str, Any]) -> ConfirmDelivery:
        return ConfirmDelivery(tuple(shipment.id for shipment in _waiting(record)), values["delivered_on"])

    def _products(self) -> frozenset[UUID]:
        return self.record.product_ids if self.record else frozenset()

    def say_refusal(self, refused: Refused) -> None:
        self.show_line_refusal(refused, "left", _FIELD_OF_REFUSAL)


def _waiting(record: DeliveriesRecord) -> list[UnderWay]:
    """Those that can be confirmed: where it is posted, something of them has to be left."""
    return [
        shipment
        for shipment in record.shipments
        if shipment.delivered_on is None and (shipment.left or not shipment.has_lines or not record.posts)
    ]


def _customer(shipment: UnderWay) -> str:
    return str(cell_value(shipment, "customer_name"))


def _line_of(shipment: UnderWay) -> dict[str, Any]:
    return {
        "id": shipment.id,
        "number": number_text(shipment.number),
        "order": number_text(shipment.order_number),
        "customer": _customer(shipment),
        "tracking": shipment.tracking_number,
        "shipped_on": shipment.shipped_on,
        "left": shipment.left,
    }
