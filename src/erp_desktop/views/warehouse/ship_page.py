"""Packing and shipping an order: what goes into the parcel, with whom, and under which number it can be followed."""

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.selling import AllocateSalesOrder
from erp_desktop.actions.shipping import ShipOrder, ShippedLine
from erp_desktop.i18n import translate
from erp_desktop.models.sales import SalesOrderStatus
from erp_desktop.queries.lots import LotsToShip, LotToShip
from erp_desktop.queries.selling_details import SalesOrderDetail, SalesOrderRecord
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.selling.words import PATH
from erp_desktop.views.warehouse.counting_page import Counting, CountingPage, part_of
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, cell_value
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupItem

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

TO_SHIP = (SalesOrderStatus.CONFIRMED, SalesOrderStatus.ALLOCATED, SalesOrderStatus.PART_SHIPPED)


class ShipOrderPage(CountingPage):
    """Opened for one sales order; each line starts with what is allocated to it, and with the lots that are to leave first."""

    typed_columns = ("lot", "counted")

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        self._has_lots = False
        self._lots: tuple[LotToShip, ...] = ()
        super().__init__(
            desk,
            shell,
            "shipment",
            id,
            SalesOrderDetail,
            "ship_order_form",
            ("shipped_on", "carrier", "tracking_number"),
            ("shipped_on",),
            Counting(
                makes="shipment",
                rows_of=self._lines_to_ship,
                action_of=_shipment_of,
                day="shipped_on",
                done=translate("ShipOrderPage", "Parcel shipped"),
                field_of_refusal={"not_a_carrier": "carrier", "period_closed": "shipped_on", "no_period": "shipped_on"},
            ),
        )
        self.lookup("carrier").use(desk, lookups.carriers())
        self._use_columns()
        self.binder.show({"shipped_on": company_today(), "tracking_number": ""})
        add = self.add_page_action
        self.do_ship = add("ship_order.ship", translate("ShipOrderPage", "Ship"), self.save, "", "shipment")
        self.do_allocate = add(
            "ship_order.allocate", translate("ShipOrderPage", "Allocate"), self._allocate, "Alt+A", "stock"
        )
        self.do_split = add(
            "ship_order.lot", translate("ShipOrderPage", "Another lot"), self._another_lot, "Alt+L", "plus"
        )
        self.do_open = add(
            "ship_order.order", translate("ShipOrderPage", "Open the order"), self._open, "", "sales_order"
        )
        self.set_title(self.verb())
        self.header.name(self.verb())
        self.lines_changed()
        self.offer_actions()
        self.refresh()
        self.start_at("carrier")

    def verb(self) -> str:
        return translate("ShipOrderPage", "Ship")

    def show_record(self, record: SalesOrderRecord) -> None:
        title = translate("ShipOrderPage", "Ship {order}").format(order=number_text(record.number))
        where = " ".join(record.ship_to.split())
        party = str(cell_value(record, "customer_name") or cell_value(record, "distributor_name") or "")
        self.header.name(title, " · ".join(part for part in (party, where) if part))
        self.header.path.show_path(PATH, record.status)
        self.header.path.show()
        has_lots = any(line.tracking != "none" and line.open_qty > 0 for line in record.lines)
        if has_lots != self._has_lots:
            self._has_lots = has_lots
            self._use_columns()
        if has_lots:
            question = LotsToShip(record.id, company_today())
            when_done(self.desk.ask(question), self, partial(self._show_with_lots, record))
        else:
            super().show_record(record)

    def _show_with_lots(self, record: SalesOrderRecord, lots: tuple[LotToShip, ...]) -> None:
        self._lots = lots
        super().show_record(record)

    def _use_columns(self) -> None:
        lot = LineColumn("lot", translate("ShipOrderPage", "Lot"), width=150, lookup=lookups.lots(self._where_lots_are))
        columns = list(
            self.columns(
                translate("ShipOrderPage", "Still open"),
                translate("ShipOrderPage", "To ship"),
                None,
                (lot,) if self._has_lots else (),
            )
        )
        allocated = translate("ShipOrderPage", "Allocated")
        columns.insert(3, LineColumn("allocated", allocated, CellKind.QTY, 100, is_computed=True))
        self.use_lines(LineSpec(tuple(columns), keep=("id", "product_id", "tracking"), is_fixed=True))

    def _where_lots_are(self) -> dict[str, Any]:
        """Of the product under the cursor, in the warehouse that the order leaves from."""
        product_id = self.grid.line_here().get("product_id")
        record: SalesOrderRecord | None = self.record
        return {
            "product_ids": (product_id,) if product_id is not None else (),
            "warehouse_id": record.warehouse_id if record is not None else None,
        }

    def _another_lot(self) -> None:
        """A further line for another lot of the product under the cursor."""
        row, line = self.grid.currentIndex().row(), self.grid.line_here()
        if line.get("tracking", "none") == "none":
            self.show_problem(translate("ShipOrderPage", "Go to a product that is kept by lot first."))
            return
        self.grid.model_of_lines.split_line(row, part_of(line))
        names = [column.name for column in self.grid.model_of_lines.spec.columns]
        self.grid.go_to(row + 1, names.index("lot"))

    def offer_actions(self) -> None:
        if not hasattr(self, "do_open"):
            return
        record: SalesOrderRecord | None = self.record
        reason = self.may("goods.ship")
        if not reason and (record is None or record.status not in TO_SHIP):
            reason = translate("ShipOrderPage", "Nothing of this order is to be shipped now.")
        self.allow(self.do_ship, reason)
        missing = record is not None and any(line.unallocated_qty > 0 for line in record.lines)
        nothing = "" if missing else translate("ShipOrderPage", "All that is open is allocated.")
        self.allow(self.do_allocate, reason or self.may("sales.write") or nothing)
        self.allow(self.do_open)
        none = translate("ShipOrderPage", "Nothing on this order is kept by lot.")
        self.allow(self.do_split, reason or ("" if self._has_lots else none))
        more = (self.do_allocate, self.do_split) if self._has_lots else (self.do_allocate,)
        self.offer(self.do_ship, (*more, self.do_open))

    def _allocate(self) -> None:
        self.perform(AllocateSalesOrder(self.document_id), None, self.say_refusal)

    def _open(self) -> None:
        self.shell.open_screen("sales_order", id=self.document_id)

    def _lines_to_ship(self, record: SalesOrderRecord) -> list[dict[str, Any]]:
        found = []
        for line in record.lines:
            if line.open_qty <= 0:
                continue
            row = {
                "id": line.id,
                "product_id": line.product_id,
                "product_code": line.product_code,
                "product_name": cell_value(line, "product_name"),
                "unit": cell_value(line, "unit_code"),
                "pack": lookups.pack_text(line),
                "tracking": line.tracking,
                "open": line.open_qty,
                "allocated": line.allocated_qty,
                "counted": line.allocated_qty or None,
            }
            lots = [lot for lot in self._lots if lot.order_line_id == line.id]
            for number, lot in enumerate(lots):
                item = LookupItem(lot.lot_id, lot.lot_code, "")
                found.append((part_of(row) if number else row) | {"lot": item, "counted": lot.qty})
            if not lots:
                found.append(row)
        return found


def _shipment_of(made_id: UUID, document_id: UUID, values: dict[str, Any], counted: list[dict[str, Any]]) -> ShipOrder:
    carrier = values.get("carrier")
    return ShipOrder(
        shipment_id=made_id,
        order_id=document_id,
        shipped_on=values["shipped_on"],
        carrier_id=carrier.id if carrier else None,
        tracking_number=values.get("tracking_number", ""),
        lines=tuple(
            ShippedLine(line["id"], line["counted"], lot_id=line["lot"].id if line.get("lot") else None)
            for line in counted
        ),
    )
