"""Buying abroad, through the real windows: ordered in dollars, received at the rate of the day, with a freight bill in dollars, an
invoice at another price and rate, and some that go back."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt

from erp_desktop.demo.catalogue import ABROAD
from erp_desktop.demo.person import Person
from erp_desktop.demo.working_day import WorkingDay, say_effect
from erp_desktop.ids import new_id
from erp_desktop.reports.documents.printed import PrintedPurchaseOrder

CONTROL = Qt.KeyboardModifier.ControlModifier
SUPPLIER = ABROAD[0]


@dataclass
class ImportDay:
    """One order abroad, from its draft to what it cost in the end."""

    day: WorkingDay

    @property
    def person(self) -> Person:
        return self.day.person

    def run(self) -> None:
        """Everything, in order."""
        receipt = self.receive(self.order())
        self.freight_in_dollars(receipt)
        self.invoice_at_another_price_and_rate(receipt)
        self.some_go_back(receipt)

    def order(self) -> UUID:
        """In the supplier's currency, one of the lines by the box. Gives the purchase order."""
        person = self.person
        page: Any = person.open("purchase_order", id=new_id(), is_new=True)
        person.wait(lambda: page.binder.widget("ordered_on").text(), "today's date")
        person.choose(page, "supplier", SUPPLIER.name.split()[0])
        person.wait(lambda: page.binder.value("currency") == SUPPLIER.currency, "the supplier's currency")
        person.choose(page, "warehouse", "SH")
        lines = (("PMP-004", "500", "", "0.142"), ("PMP-009", "12", "BOX", "4.92"))  # 24 pumps in a box
        for row, (code, qty, unit, price) in enumerate(lines):
            person.cell(page, row, "product", code)
            person.cell(page, row, "qty", qty)
            if unit:
                person.cell(page, row, "unit", unit)
            person.cell(page, row, "unit_price", price)
        person.press(Qt.Key.Key_S, CONTROL)
        person.wait(lambda: not page.is_dirty and page.record is not None, "the saved order")
        person.do(page.do_confirm)
        person.agree(page)
        person.wait_for_status(page, "confirmed")
        person.wait(lambda: page.record.number, "the number from the centre")
        person.picture("purchase-order-in-dollars")
        self.day.print(PrintedPurchaseOrder, page.document_id)
        self.day.say(f"{page.record.number} was ordered abroad for {SUPPLIER.currency} {page.record.total:,.2f}.")
        order_id: UUID = page.document_id
        return order_id

    def receive(self, order_id: UUID) -> UUID:
        """At the bank's rate of the day. Gives the goods receipt."""
        person = self.person
        form: Any = person.open("receive_goods", id=order_id)
        person.wait(lambda: form.record is not None and form.binder.value("rate"), "the rate of the day")
        person.type(form, "rate", "7.125")
        form.count_all()
        effect = person.effect(form)
        person.picture("receive-in-dollars")
        person.enter()
        page = person.posted("goods_receipt")
        person.picture("goods-receipt-in-dollars")
        value = f", stock {effect.books[0].inventory:+,.2f}" if effect is not None and effect.books else ""
        self.day.say(f"{page.record.number} came in at 7.125 CNY for 1 {SUPPLIER.currency}{value}.")
        receipt_id: UUID = page.document_id
        return receipt_id

    def freight_in_dollars(self, receipt: UUID) -> None:
        """The forwarder's bill is shared in company currency."""
        person = self.person
        form = person.open("enter_landed_cost", id=new_id(), receipts=(receipt,))
        person.wait(lambda: form.shares.grid.model_of_lines.rowCount() > 0, "the lines that bear it")
        form.binder.set_value("currency", SUPPLIER.currency)
        person.wait(lambda: form.binder.value("rate"), "the rate of the day")
        person.fill(form, amount="9.60", reference="PAC-40117")
        say_effect(self.day, person.effect(form), "Air freight in dollars")
        person.enter()
        person.posted("landed_cost")
        person.picture("landed-cost-in-dollars")

    def invoice_at_another_price_and_rate(self, receipt: UUID) -> None:
        """The price goes to stock and to cost of sales, the rate to exchange differences."""
        person = self.person
        form = person.open("correct_price", id=receipt)
        person.wait(lambda: form.grid.model_of_lines.rowCount() > 0, "the prices of the receipt")
        person.wait(lambda: form.binder.value("rate"), "the rate of the day")
        person.fill(form, invoice_number="LK-3308", rate="7.16")
        person.cell(form, 0, "unit_price", "0.148")
        say_effect(self.day, person.effect(form), "Invoice at another price and rate")
        person.picture("correct-price-in-dollars")
        person.enter()
        person.agree(form)
        page = person.posted("price_correction")
        person.picture("price-correction-in-dollars")
        lost: Decimal = page.record.exchange_difference or Decimal(0)
        self.day.say(f"{page.record.number}: the rate alone made a difference of {lost:+,.2f}.")

    def some_go_back(self, receipt: UUID) -> None:
        """Credited in dollars."""
        person = self.person
        form = person.open("return_to_supplier", id=receipt)
        person.wait(lambda: form.grid.model_of_lines.rowCount() > 0, "what can go back")
        person.type(form, "reason", "Springs rusted")
        person.cell(form, 0, "counted", "20")
        person.enter()
        person.posted("supplier_return")
        person.picture("supplier-return-in-dollars")
