"""One whole business day through the real windows: bought, received, sold, shipped, bought abroad (import_day.py), moved
between warehouses (warehouse_day.py), accounted for, the month's costs put right and closed (month_end.py), and once without a
network.

Runs offscreen where there is no screen, and leaves what a day leaves: pictures of the screens, Excel and PDF files.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt

from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.demo.here import Office
from erp_desktop.demo.import_day import ImportDay
from erp_desktop.demo.month_end import MonthEnd
from erp_desktop.demo.person import Person
from erp_desktop.demo.warehouse_day import WarehouseDay
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.masters import Channels
from erp_desktop.queries.purchasing_details import PurchaseOrderDetail
from erp_desktop.queries.selling_details import SalesOrderDetail
from erp_desktop.queries.stock import StockOnHand
from erp_desktop.reports.documents.printed import PrintedPackingSlip, PrintedPurchaseOrder
from erp_desktop.reports.excel import write_excel
from erp_desktop.reports.pdf import write_pdf
from erp_desktop.reports.report import Link, Report
from erp_desktop.views.language import current_language

Say = Callable[[str], None]
CONTROL = Qt.KeyboardModifier.ControlModifier


@dataclass
class BusinessDay:
    """The day's people, and where what they make is left."""

    office: Office
    person: Person
    out: Path
    today: date
    say: Say
    files: list[Path] = field(default_factory=list)

    @property
    def desk(self) -> Desk:
        return self.person.desk

    def run(self) -> None:
        """The whole day, in order."""
        self.person.open("home")
        self.person.picture("home")
        order = self.buy()
        receipts = self.receive(order)
        sold = self.sell()
        shipment = self.ship(sold)
        self.deliver(shipment)
        ImportDay(self).run()
        WarehouseDay(self).run()
        self.account()
        MonthEnd(self, receipts, shipment).run()
        self.without_a_network()

    # --- purchasing

    def buy(self) -> UUID:
        """A purchase order: written, confirmed, printed."""
        person = self.person
        person.open("purchase_orders")
        person.picture("purchase-orders")
        page: Any = person.open("purchase_order", id=new_id(), is_new=True)
        person.wait(lambda: page.binder.widget("ordered_on").text(), "today's date")
        person.choose(page, "supplier", "Hangzhou")
        person.choose(page, "warehouse", "SH")
        for row, (code, qty, price) in enumerate((("BTL-003", "600", "1.24"), ("CAP-002", "1200", "0.09"))):
            person.cell(page, row, "product", code)
            person.cell(page, row, "qty", qty)
            person.cell(page, row, "unit_price", price)
        person.picture("purchase-order-draft")
        person.press(Qt.Key.Key_S, CONTROL)
        person.wait(lambda: not page.is_dirty and page.record is not None, "the saved order")
        person.do(page.do_confirm)
        person.agree(page)
        person.wait_for_status(page, "confirmed")
        person.wait(lambda: page.record.number, "the number from the centre")
        person.picture("purchase-order-confirmed")
        self.print(PrintedPurchaseOrder, page.document_id)
        self.say(f"{page.record.number} was raised, confirmed and printed.")
        document_id: UUID = page.document_id
        return document_id

    def receive(self, order_id: UUID) -> list[UUID]:
        """Half of the order comes, then the rest; one try to count too much is refused. Gives the goods receipts."""
        person = self.person
        page: Any = person.open("receive_goods", id=order_id)
        person.wait(lambda: page.record is not None, "the lines to count")
        person.type(page, "delivery_note", "DN-20417")
        person.cell(page, 0, "counted", "9999")
        person.press(Qt.Key.Key_Return, CONTROL)
        person.wait(lambda: page.grid.model_of_lines.problems() or page.banner.isVisible(), "the refusal")
        person.picture("receive-too-much-refused")
        person.cell(page, 0, "counted", "200")
        person.press(Qt.Key.Key_Return, CONTROL)
        receipts = [person.posted("goods_receipt").document_id]
        person.picture("goods-receipt")
        rest: Any = person.open("receive_goods", id=order_id)
        person.wait(lambda: rest.record is not None, "the lines still open")
        rest.count_all()
        person.press(Qt.Key.Key_Return, CONTROL)
        person.wait(lambda: person.page is not rest, "the second goods receipt")
        receipts.append(person.posted("goods_receipt").document_id)
        order = person.ask(PurchaseOrderDetail(order_id))
        self.say(f"{order.number} came in two parts and is {order.status}.")
        return receipts

    # --- selling

    def sell(self) -> UUID:
        """A customer's order: entered, confirmed, stock promised to it."""
        person = self.person
        person.open("sales_orders")
        person.picture("sales-orders")
        page: Any = person.open("sales_order", id=new_id(), is_new=True)
        person.wait(lambda: page.binder.widget("ordered_on").text(), "today's date")
        person.choose(page, "channel", "DIST")
        person.choose(page, "customer", "Beijing")
        person.choose(page, "warehouse", "SH")
        person.cell(page, 0, "product", "BTL-003")
        person.cell(page, 0, "qty", "24")
        person.press(Qt.Key.Key_S, CONTROL)
        person.wait(lambda: not page.is_dirty and page.record is not None, "the saved order")
        person.picture("sales-order-draft")
        person.do(page.actions_of_order.confirm)
        person.agree(page)
        person.wait_for_status(page, "confirmed")
        person.do(page.actions_of_order.allocate)
        person.wait_for_status(page, "allocated")
        person.wait(lambda: page.record.number, "the number from the centre")
        person.picture("sales-order-allocated")
        self.say(f"{page.record.number} was entered, confirmed and allocated.")
        document_id: UUID = page.document_id
        return document_id

    def ship(self, order_id: UUID) -> UUID:
        """The parcel leaves with a carrier and its tracking number. Gives the shipment."""
        person = self.person
        page: Any = person.open("ship_order", id=order_id)
        person.wait(lambda: page.record is not None, "the lines to ship")
        person.choose(page, "carrier", "SF")
        person.type(page, "tracking_number", "SF1009998887771")
        person.picture("ship")
        person.press(Qt.Key.Key_Return, CONTROL)
        shipment: UUID = person.posted("shipment").document_id
        person.picture("shipment")
        self.print(PrintedPackingSlip, shipment)
        order = person.ask(SalesOrderDetail(order_id))
        self.say(f"{order.number} was shipped with SF Express; its cost of sales is posted.")
        return shipment

    def deliver(self, shipment_id: UUID) -> None:
        """The carrier says that the customer has it."""
        person = self.person
        page: Any = person.open("shipment", id=shipment_id)
        person.wait(lambda: page.record is not None, "the shipment")
        person.do(page.deliver)
        form: Any = person.page
        person.wait(lambda: form.record is not None and form.do_confirm.isEnabled(), "what is under way")
        person.picture("confirm-delivery")
        person.press(Qt.Key.Key_Return, CONTROL)
        person.wait(lambda: person.page is page and page.record.delivered_on is not None, "the delivered shipment")
        self.say(f"{page.record.number} reached the customer on {page.record.delivered_on}.")

    # --- accounting

    def account(self) -> None:
        """Inventory valuation, income statement and trial balance: looked at, opened down to a document, exported."""
        for name in ("inventory_valuation", "income_statement", "trial_balance"):
            viewer: Any = self.person.open(f"report_{name}")
            report = self.person.report(viewer)
            self.person.picture(name.replace("_", "-"))
            self.write(report)
            verdict = "all its checks hold" if all(check.holds for check in report.checks) else "A CHECK DOES NOT HOLD"
            self.say(f"{report.title}: written to Excel and PDF, {verdict}.")
        document = self.open_what_is_behind("inventory_valuation")
        self.say(f"From the inventory valuation down to {document}: every figure opens what it is made of.")

    def open_what_is_behind(self, name: str) -> str:
        """From a figure of the report to the moves behind it, and from a move to its document. Gives the document's title."""
        person = self.person
        viewer: Any = person.open(f"report_{name}")
        viewer.drill(first_link(self.person.report(viewer)))
        person.wait(lambda: viewer.report is not None and viewer.report.name != name, "what is behind the figure")
        person.picture("behind-the-figure")
        viewer.drill(first_link(viewer.report))
        person.wait(
            lambda: person.page is not viewer and getattr(person.page, "record", None) is not None, "the document"
        )
        person.picture("the-document-behind")
        title: str = person.page.title
        return title

    # --- without a network

    def without_a_network(self) -> None:
        """The desk goes on without the centre; afterwards the centre settles who gets the last units."""
        person = self.person
        product, place = self._scarce()
        colleague = self.office.desk("packing table")
        self.desk.go_offline()
        mine = self._order_of(self.desk, product, place)
        person.open("sales_orders")
        person.picture("offline")
        theirs = self._order_of(colleague, product, place)
        colleague.wait_until_synced()
        self.desk.go_online()
        person.wait(lambda: self.desk.sync_state.attention > 0, "the centre's answer")
        view: Any = person.open("attention")
        person.wait(lambda: view.model.rowCount() > 0, "what needs attention")
        person.picture("needs-attention")
        items = self.desk.attention().result()
        self.say(f"Without the network an order was entered; the centre then said: {items[0].sentence}")
        assert person.ask(SalesOrderDetail(mine)).status != "shipped"
        assert person.ask(SalesOrderDetail(theirs)).status == "shipped"

    def _scarce(self) -> tuple[UUID, tuple[UUID, Decimal]]:
        """The product and warehouse with the least free stock: the product's id, and the warehouse with how much there is."""
        rows = self.desk.ask(StockOnHand(ListRequest(limit=2000, rows_only=True))).result().rows
        free: defaultdict[tuple[str, UUID, UUID], Decimal] = defaultdict(Decimal)
        for row in rows:
            if row.lot_id is None:
                free[row.product_code, row.product_id, row.warehouse_id] += row.free
        qty, (_, product_id, warehouse_id) = min((qty, where) for where, qty in free.items() if qty > 0)
        return product_id, (warehouse_id, qty)

    def _order_of(self, desk: Desk, product: UUID, place: tuple[UUID, Decimal]) -> UUID:
        """Orders all that is free of `product` there, promises it and ships it, at `desk`."""
        order = new_id()
        channel = desk.ask(Channels(ListRequest(limit=1))).result().rows[0].id
        line = SalesLine(new_id(), product, place[1], Decimal("9.90"))
        for action in (
            SaveSalesOrder(order, channel, place[0], self.today, self.today, (line,)),
            ConfirmSalesOrder(order),
            AllocateSalesOrder(order),
            ShipOrder(new_id(), order, self.today),
        ):
            desk.perform_and_wait(action)
        return order

    # --- what is left behind

    def print(self, document: type[Any], document_id: UUID) -> None:
        """Leaves a document as PDF."""
        asked = document(document_id, self._folder("documents"), current_language(), self.desk.user.name)
        self.files.append(self.desk.ask(asked).result())

    def write(self, report: Report) -> None:
        """Leaves a report as Excel and PDF."""
        name = report.name.replace("_", "-")
        language, person = current_language(), self.desk.user.name
        excel, pdf = (self._folder("reports") / f"{name}.{ending}" for ending in ("xlsx", "pdf"))
        write_excel(report, excel, language=language, author=person)
        write_pdf(report, pdf, language=language, printed_by=person)
        self.files += [excel, pdf]

    def _folder(self, name: str) -> Path:
        folder = self.out / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def first_link(report: Report) -> Link:
    """Where the first figure that opens something leads to."""
    return next(row.link for section in report.sections for row in section.rows if row.link is not None)
