"""The warehouse clerk's day, through the real windows: what came from another warehouse, what never will, what leaves for one,
what broke, what a platform said would come back, and what comes back from nobody knows which parcel."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt

from erp_desktop.demo.person import Person
from erp_desktop.demo.working_day import WorkingDay, say_effect
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest, OneOf
from erp_desktop.queries.selling import CustomerReturns
from erp_desktop.queries.stock import StockOnHand, StockOnHandRow
from erp_desktop.queries.transfers import GoodsTransferDetail
from erp_desktop.reports.documents.printed import PrintedTransferNote


@dataclass
class WarehouseDay:
    """Goods of three warehouses."""

    day: WorkingDay

    @property
    def person(self) -> Person:
        return self.day.person

    def run(self) -> None:
        """Everything, in order."""
        transfer = self.dispatch()
        self.some_arrive(transfer)
        self.the_rest_never_comes(transfer)
        self.some_broke()
        self.what_was_announced_comes_back()
        self.nobody_knows_which_parcel()

    def dispatch(self) -> UUID:
        """Half of what is free of something in Shanghai goes to Chengdu. Gives the transfer."""
        person = self.person
        stock = self._most_in("SH", "KIT")
        form: Any = person.open("dispatch_transfer", id=new_id())
        person.choose(form, "from_warehouse", "SH")
        person.choose(form, "to_warehouse", "CD")
        person.choose(form, "carrier", "DEPPON")
        person.fill(form, tracking_number="DPK20418")
        person.cell(form, 0, "product", stock.product_code)
        person.cell(form, 0, "bin", stock.bin_code)
        person.cell(form, 0, "qty", "24")
        person.picture("dispatch-transfer")
        person.enter()
        page = person.posted("goods_transfer")
        person.picture("goods-transfer-under-way")
        self.day.print(PrintedTransferNote, page.document_id)
        self.day.say(f"{page.record.number}: 24 {stock.product_code} left Shanghai for Chengdu and are in transit.")
        transfer: UUID = page.document_id
        return transfer

    def some_arrive(self, transfer: UUID) -> None:
        """One carton is missing."""
        person = self.person
        form: Any = person.open("receive_transfer", id=transfer)
        person.wait(lambda: form.grid.model_of_lines.rowCount() > 0, "what is in transit")
        person.cell(form, 0, "counted", "21")
        person.picture("receive-transfer")
        person.enter()
        self._transfer_is(transfer, "part_received")
        person.picture("goods-transfer-part-received")

    def the_rest_never_comes(self, transfer: UUID) -> None:
        """What is lost leaves the stock at its cost."""
        person = self.person
        form: Any = person.open("close_transfer", id=transfer)
        person.wait(lambda: form.grid.model_of_lines.rowCount() > 0, "what is in transit")
        person.fill(form, reason="Carton crushed on the lorry")
        say_effect(self.day, person.effect(form), "Goods lost on the way")
        person.picture("close-transfer")
        person.enter()
        self._transfer_is(transfer, "closed_short")
        person.picture("goods-transfer-closed-short")

    def _transfer_is(self, transfer: UUID, status: str) -> None:
        person = self.person
        person.wait(lambda: getattr(person.page, "kind", "") == "goods_transfer", "the page of the transfer")
        person.wait(lambda: person.ask(GoodsTransferDetail(transfer)).status == status, f"the state {status}")
        person.hear_news()
        person.wait_for_status(person.page, status)

    def some_broke(self) -> None:
        """Thrown away at cost."""
        person = self.person
        stock = self._most_in("SH", "TEA")
        form: Any = person.open("scrap_stock", id=new_id())
        person.choose(form, "warehouse", "SH")
        person.fill(form, reason="Fell off the forklift")
        person.cell(form, 0, "product", stock.product_code)
        person.cell(form, 0, "bin", stock.bin_code)
        person.cell(form, 0, "qty", "3")
        say_effect(self.day, person.effect(form), "Scrapped")
        person.picture("scrap-stock")
        person.enter()
        person.agree(form)
        person.posted("stock_scrap")
        person.picture("stock-scrap")

    def what_was_announced_comes_back(self) -> None:
        """All of it, of the newest of the customer's shipments."""
        person = self.person
        waiting = ListRequest(filters=(("status", "announced"),), sort="returned_on", limit=1, rows_only=True)
        (announced,) = person.ask(CustomerReturns(waiting)).rows
        page: Any = person.open("customer_return", id=announced.id)
        person.wait(lambda: page.record is not None and page.take_in.isEnabled(), "the announced return")
        person.picture("announced-return")
        shipments: Any = person.open("shipments_of_return", id=announced.id)
        person.wait(lambda: shipments.table.model.rowCount() > 0, "the shipments")
        person.picture("shipments-of-return")
        shipments.table.select_row(0)
        shipments.table.view.setFocus()
        person.press(Qt.Key.Key_Return)
        person.wait(
            lambda: person.page is not shipments and getattr(person.page, "record", None) is not None, "the lines"
        )
        form: Any = person.page
        person.do(form.do_all)
        person.picture("take-in-announced-return")
        person.enter()
        page = person.posted("customer_return")
        person.picture("announced-return-taken-in")
        self.day.say(f"{announced.number} was announced by the platform and came in as {page.record.number}.")

    def nobody_knows_which_parcel(self) -> None:
        """Four come back, one of them broken."""
        person = self.person
        stock = self._most_in("SH", "STA")
        form: Any = person.open("return_without_shipment", id=new_id())
        person.choose(form, "customer", "Beijing")
        person.choose(form, "warehouse", "SH")
        person.fill(form, reason="Cleared their shelf")
        person.cell(form, 0, "product", stock.product_code)
        person.cell(form, 0, "qty", "4")
        person.cell(form, 0, "scrap", "1")
        person.cell(form, 0, "bin", stock.bin_code)
        person.cell(form, 0, "unit_price", "5.40")
        say_effect(self.day, person.effect(form), "Return without a shipment")
        person.picture("return-without-shipment")
        person.enter()
        person.posted("customer_return")
        person.picture("return-without-shipment-taken-in")

    def _most_in(self, warehouse: str, family: str) -> StockOnHandRow:
        """Where most of a family's products is free."""
        filters = (("warehouse_code", OneOf((warehouse,))),)
        rows = self.person.ask(StockOnHand(ListRequest(filters=filters, limit=2000, rows_only=True))).rows
        mine = [row for row in rows if row.product_code.startswith(family)]
        return max(mine, key=lambda row: (row.free, row.product_code))
