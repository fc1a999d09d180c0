"""The accountant at the end of a month, through the real windows: what the goods really cost, what they are worth, in which
book and by which method, the close, and where a cost comes from."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt

from erp_desktop.demo.person import Person
from erp_desktop.demo.working_day import WorkingDay, say_effect
from erp_desktop.ids import new_id
from erp_desktop.queries.base import Between, ListRequest
from erp_desktop.queries.ledger import PeriodRow, Periods
from erp_desktop.queries.purchasing import GoodsReceipts
from erp_desktop.queries.receipt_prices import ReceiptPrices, ReceiptPricesRecord

CONTROL = Qt.KeyboardModifier.ControlModifier


@dataclass
class MonthEnd:
    """`receipts` came today, of one supplier; `shipment` left today with some of what came."""

    day: WorkingDay
    receipts: list[UUID]
    shipment: UUID

    @property
    def person(self) -> Person:
        return self.day.person

    def run(self) -> None:
        """Everything, in order."""
        self.freight_of_both_deliveries()
        self.the_invoice_names_another_price()
        self.some_go_back()
        self.wet_cartons()
        self.slow_sellers()
        self.new_standards()
        self.another_book()
        self.methods_side_by_side()
        self.close_the_month()
        self.where_a_cost_comes_from()
        self.as_known_on()

    # --- what the goods really cost

    def freight_of_both_deliveries(self) -> None:
        """One carrier's bill, shared by value."""
        person = self.person
        form = person.open("enter_landed_cost", id=new_id(), receipts=tuple(self.receipts))
        person.wait(lambda: form.shares.grid.model_of_lines.rowCount() > len(self.receipts), "the lines that bear it")
        person.fill(form, amount="86.40", reference="SF freight bill 88213")
        say_effect(self.day, person.effect(form), "Freight over two goods receipts")
        person.picture("landed-cost-form")
        person.enter()
        person.posted("landed_cost")
        person.picture("landed-cost")

    def the_invoice_names_another_price(self) -> None:
        """The invoice of a delivery of weeks ago comes after some of the goods left."""
        person = self.person
        receipt, row = self._partly_sold()
        form = person.open("correct_price", id=receipt.id)
        person.wait(lambda: form.grid.model_of_lines.rowCount() > row, "the prices of the receipt")
        person.fill(form, invoice_number="INV-20931")
        price = receipt.prices[row].unit_price
        person.cell(form, row, "unit_price", str((price * Decimal("1.06")).quantize(Decimal("0.001"))))
        say_effect(self.day, person.effect(form), "Price by the late invoice")
        person.picture("correct-price-form")
        self._post(form)
        person.posted("price_correction")
        person.picture("price-correction")

    def _partly_sold(self) -> tuple[ReceiptPricesRecord, int]:
        """A goods receipt of late, and the place of a line of which some is sold and some is not; else the latest receipt."""
        asked = ListRequest(filters=(("received_on", Between(None, self.day.today - timedelta(weeks=1))),), limit=200)
        receipts = [self.person.ask(ReceiptPrices(row.id)) for row in self.person.ask(GoodsReceipts(asked)).rows]
        for receipt in receipts:
            for place, line in enumerate(receipt.prices):
                effect = line.effect_of(line.unit_price * 2, self.day.today)
                if effect.to_inventory and effect.to_cost_of_sales:
                    return receipt, place
        return receipts[0], 0

    def some_go_back(self) -> None:
        """At what their own receipt cost."""
        person = self.person
        form = person.open("return_to_supplier", id=self.receipts[1])
        person.wait(lambda: form.grid.model_of_lines.rowCount() > 0, "what can go back")
        person.type(form, "reason", "Cracked necks")
        person.cell(form, 0, "counted", "36")
        say_effect(self.day, person.effect(form), "Return to the supplier")
        person.picture("return-to-supplier-form")
        person.enter()
        person.posted("supplier_return")
        person.picture("supplier-return")

    # --- what the stock is worth

    def wet_cartons(self) -> None:
        """Stock is worth less than its books say."""
        person = self.person
        form = person.open("revalue_stock", id=new_id())
        person.fill(form, reason="Water under the gate")
        person.cell(form, 0, "stock", "CTN-007")
        person.cell(form, 0, "amount", "-25")
        say_effect(self.day, person.effect(form), "Revaluation")
        person.picture("revaluation-form")
        self._post(form)
        person.posted("stock_revaluation")
        person.picture("revaluation")

    def slow_sellers(self) -> None:
        """Down to net realisable value: the cost stays, an allowance stands against it."""
        person = self.person
        form = person.open("write_stock_down", id=new_id())
        person.wait(lambda: form.grid.model_of_lines.rowCount() > 0, "what is on hand")
        model = form.grid.model_of_lines
        row = next(row for row in range(model.rowCount()) if model.line(row)["product_code"] == "KIT-018")
        cost = model.line(row)["unit_cost"]
        person.cell(form, row, "unit_value", str((cost * Decimal("0.7")).quantize(Decimal("0.01"))))
        say_effect(self.day, person.effect(form), "Write-down")
        person.picture("write-down-form")
        self._post(form)
        person.posted("write_down")
        person.picture("write-down")

    def new_standards(self) -> None:
        """Labels are costed at standard."""
        person = self.person
        form = person.open("set_standard_cost", id=new_id())
        person.fill(form, reason="Paper went up")
        for row, (code, standard) in enumerate((("LBL-001", "10.35"), ("LBL-002", "11.05"))):
            person.cell(form, row, "product", code)
            person.cell(form, row, "unit_cost", standard)
        say_effect(self.day, person.effect(form), "New standards")
        person.picture("standard-cost-form")
        self._post(form)
        person.posted("standard_cost_change")
        person.picture("standard-cost")

    # --- books, methods, the close

    def another_book(self) -> None:
        """One more book over the same moves: its history is computed at once."""
        person = self.person
        book = person.open("cost_book", id=new_id(), is_new=True)
        person.fill(book, code="GROUP", name="Group reporting")
        book.binder.set_value("name_zh", "集团报告账簿")  # no keyboard types it without an input method
        book.binder.set_value("method", "fifo")
        person.picture("cost-book-form")
        person.do(book.do_save)
        person.hear_news()
        person.wait(lambda: book.record is not None and not book.record.is_pending, "the history of the book")
        lists = person.open("cost_books")
        person.wait(lambda: lists.table.model.rowCount() >= 2, "the books")
        person.picture("cost-books")
        self.day.say(
            "A further cost book was opened: the whole year is costed first in, first out beside the main book."
        )

    def methods_side_by_side(self) -> None:
        """Last month by every method, with the bridge between them."""
        month = self._month()
        if month is None:
            return
        person = self.person
        parameters = {"from": month.starts_on, "to": month.ends_on}
        report = person.report(person.open("report_method_comparison", parameters=parameters))
        person.picture("method-comparison")
        self.day.write(report)
        verdict = "all its checks hold" if all(check.holds for check in report.checks) else "A CHECK DOES NOT HOLD"
        self.day.say(f"{report.title}: written to Excel and PDF, {verdict}.")

    def close_the_month(self) -> None:
        """After the checklist; averages are settled with it."""
        month = self._month()
        if month is None:
            return
        person = self.person
        page = person.open("period", id=month.id)
        person.wait(lambda: self._is_examined(page), "the doctor")
        say_effect(self.day, person.effect(page), f"Closing {month.starts_on:%Y-%m}")
        person.picture("close-period")
        person.do(page.do_close)
        person.agree(page)
        person.wait(lambda: page.record.is_closed, "the closed period")
        person.hear_news()
        person.wait(lambda: page.posted.model.is_loaded, "what closing posted")
        person.picture("closed-period")

    def _is_examined(self, page: Any) -> bool:
        states = {row.key: row.state for _, row in page.table.model.loaded_rows()}
        return states.get("doctor") == "fine"

    def _month(self) -> PeriodRow | None:
        """The first period that is open and over."""
        rows = self.person.ask(Periods(ListRequest(filters=(("is_closed", False),), sort="starts_on", limit=1))).rows
        return rows[0] if rows and rows[0].ends_on < self.day.today else None

    # --- looking back

    def where_a_cost_comes_from(self) -> None:
        """From a line of the shipment to the receipts, the freight and the late price behind its cost."""
        person = self.person
        page = person.open("shipment", id=self.shipment)
        person.wait(lambda: page.table.model.is_loaded and page.table.model.rowCount() > 0, "the lines of the shipment")
        page.table.select_row(0)
        page.table.view.setFocus()
        person.press(Qt.Key.Key_J, CONTROL)
        person.wait(lambda: person.page is not page, "the story")
        report = person.report(person.page)
        person.picture("unit-story")
        self.day.write(report)
        self.day.say(f"{report.title}: from the shipped line to the receipts and the freight behind it.")

    def as_known_on(self) -> None:
        """What the stock of a past day was worth, as it was known then."""
        person = self.person
        past = self.day.today.replace(day=1) - timedelta(days=1)
        parameters = {"as_of": past, "known_on": past}
        person.report(person.open("report_inventory_valuation", parameters=parameters))
        person.picture("inventory-valuation-as-known-then")

    # --- how

    def _post(self, form: Any) -> None:
        self.person.enter()
        self.person.agree(form)
