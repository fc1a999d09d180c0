"""An accountant's month through real windows: what comes in late, at another price or back-dated, and the close that keeps it.

The month is the one before today's. Others prepared it: products, orders, and ten lamps that were there on its first day.
Boxes and lamps are costed first in first out, tea at the month-end average.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from opened_files import pdf_text, recalculated
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog
from sqlalchemy import select
from sqlalchemy.orm import Session

from company_fixtures import PASSWORD, SmallCompany, open_small_company
from erp_desktop import embedded
from erp_desktop.actions.opening import OpenPeriods
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.central import turn
from erp_desktop.costing.events import METHODS
from erp_desktop.database import open_engine, reader
from erp_desktop.demo import person as keyboard
from erp_desktop.demo.here import office_open
from erp_desktop.demo.person import Person, visible_buttons
from erp_desktop.embedded import CompanyHere
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.ledger import JournalEntry
from erp_desktop.queries.cost_books import CostBookList
from erp_desktop.queries.doctor import examine
from erp_desktop.reports.method_comparison import CLOSING
from erp_desktop.reports.report import Report
from erp_desktop.views.translation import show_language
from erp_desktop.views.widgets.theme import load_fonts

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
OFFICE_KEYS = 5  # milliseconds a key, where no scanner is expected
DOCK_KEYS = 45  # and where one is


@dataclass
class Prepared:
    """What is there when the accountant sits down; all of it is dated the month's first day."""

    company: SmallCompany
    starts_on: date
    first_order: UUID
    second_order: UUID
    forgotten_order: UUID
    sales_order: UUID

    @property
    def ends_on(self) -> date:
        return self.next_starts_on - timedelta(days=1)

    @property
    def next_starts_on(self) -> date:
        return (self.starts_on + timedelta(days=31)).replace(day=1)

    def day(self, number: int) -> str:
        return self.starts_on.replace(day=number).isoformat()


class Accountant(Person):
    """Fills in forms, looks at their effect, posts them."""

    def use(self, page: Any, text: str) -> Any:
        """Presses the button of the page that says `text`; gives what is in front then."""
        self.do(next(action for action in page.header.buttons if action.text() == text))
        return self.page

    def agree_to(self, page: Any, verb: str) -> None:
        """Presses the button `verb` of the question in the banner."""
        self.wait(lambda: verb in [one.text() for one in visible_buttons(page.banner)], f"the question: {verb}")
        next(one for one in visible_buttons(page.banner) if one.text() == verb).click()

    def effect(self, page: Any) -> Any:
        """What the effect panel shows of what is typed. It opened by itself: every date here lies back."""
        panel = page.effect
        self.wait(lambda: panel.is_open and panel.effect is not None and not panel.state.text(), "the effect")
        assert panel.effect.problem is None
        return panel.effect

    def report(self, viewer: Any, **parameters: str) -> Report:
        """The viewer's report, made anew with F5 where parameters are typed. All its checks hold."""
        before = super().report(viewer)
        if parameters:
            for name, text in parameters.items():
                field = viewer.pane.fields[name]
                field.setFocus()
                if isinstance(field, QComboBox):
                    field.setCurrentText(text)
                    continue
                field.selectAll()
                QTest.keyClicks(field, text)
            self.press(Qt.Key.Key_F5)
            self.wait(lambda: viewer.report is not before, "the report with these parameters")
        made: Report = viewer.report
        assert [check for check in made.checks if not check.holds] == []
        return made


def line_of(page: Any, code: str) -> int:
    """The row of a product in the lines of a form."""
    model = page.grid.model_of_lines
    for row in range(model.rowCount()):
        line = model.line(row)
        if (line.get("product_code") or getattr(line.get("product"), "code", "")) == code:
            return row
    raise AssertionError(f"{code} is not in the lines")


def shown(grid: Any, *names: str) -> list[tuple[Any, ...]]:
    model = grid.model_of_lines
    return [tuple(model.line(row).get(name) for name in names) for row in range(model.rowCount())]


def checklist(page: Any) -> dict[str, Any]:
    """The rows of the close page by what they are about."""
    return {row.key: row for _, row in page.table.model.loaded_rows()}


def prepare(folder: Path, today: date, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    """Opens the company on this computer, as of the month's first day."""
    starts_on = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    engine = embedded.open_books(folder)
    with monkeypatch.context() as then:
        then.setattr(turn, "_now", lambda: datetime(starts_on.year, starts_on.month, 1, 4, tzinfo=UTC))
        company = open_small_company(engine, cost_method="fifo", first_period_on=starts_on)
        if today.year != starts_on.year:
            company.perform(OpenPeriods(today.year))
        before = [date(starts_on.year, month, 1) for month in range(1, starts_on.month)]
        company.perform(*(ClosePeriod(derived_id("period", company.company_id, day.isoformat())) for day in before))
        company.product("TEA", "periodic_average")
        company.stock("LAMP", "10", "5.00", on=starts_on)
        prepared = Prepared(
            company,
            starts_on,
            company.purchase_order(("BOX", "100", "10.00"), ("TEA", "40", "20.00"), on=starts_on),
            company.purchase_order(("BOX", "100", "12.00"), ("TEA", "60", "25.00"), on=starts_on),
            company.purchase_order(("BOX", "50", "11.00"), on=starts_on),
            company.sales_order(("BOX", "120", "30.00"), ("TEA", "50", "60.00"), on=starts_on),
        )
    engine.dispose()
    embedded.keep_password("ACME", "owner", PASSWORD, folder)
    return prepared


class Month:
    """The month as it goes, one thing after the other; each leaves behind what is entered in its name."""

    def __init__(self, person: Accountant, prepared: Prepared, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.person, self.prepared, self._monkeypatch = person, prepared, monkeypatch
        self.day = prepared.day
        self.first: Any = None  # the pages of the two deliveries and of the shipment
        self.second: Any = None
        self.shipment: Any = None
        self.excel, self.pdf = (out / f"methods.{ending}" for ending in ("xlsx", "pdf"))
        self.compared: list[Decimal] = []  # every figure of the methods side by side

    # --- goods come and go

    def goods_come_and_leave(self) -> None:
        self._count(self.prepared.first_order, self.day(3))
        self.first = self._received()
        self._count(self.prepared.second_order, self.day(8))
        self.second = self._received()
        person = self.person
        page = person.open("ship_order", id=self.prepared.sales_order)
        person.wait(lambda: page.record is not None and page.do_allocate.isEnabled(), "the lines to ship")
        person.press(Qt.Key.Key_A, ALT)
        person.wait(lambda: shown(page.grid, "counted") == [(120,), (50,)], "what is allocated")
        person.fill(page, shipped_on=self.day(10))
        person.enter()
        self.shipment = person.posted("shipment")

    def _count(self, order: UUID, day: str) -> Any:
        """Everything of the order is there."""
        page = self.person.open("receive_goods", id=order)
        self._date_at_the_dock(page, received_on=day)
        self.person.press(Qt.Key.Key_A, ALT)
        return page

    def _received(self) -> Any:
        self.person.enter()
        return self.person.posted("goods_receipt")

    def _date_at_the_dock(self, page: Any, **day: str) -> None:
        """Typed as slowly as people type: a scanner is listened to."""
        self.person.wait(lambda: page.grid.model_of_lines.rowCount() > 0, "the lines")
        with self._monkeypatch.context() as slowly:
            slowly.setattr(keyboard, "MILLISECONDS_A_KEY", DOCK_KEYS)
            self.person.fill(page, **day)

    # --- what comes in late

    def freight_is_shared_over_both_deliveries(self) -> None:
        person = self.person
        form = person.use(self.first, "Enter landed cost")
        person.wait(lambda: len(form.grid.lines()) == 1, "the receipt that the form was opened from")
        person.cell(form, 1, "receipt", self.second.record.number)
        person.wait(lambda: form.shares.grid.model_of_lines.rowCount() == 4, "the lines that bear the freight")
        person.fill(form, amount="450", dated_on=self.day(12))
        shares = [("BOX", 100), ("TEA", 80), ("BOX", 120), ("TEA", 150)]  # a tenth of their value
        person.wait(lambda: shown(form.shares.grid, "product_code", "share") == shares, "the shares")
        assert person.effect(form).books[0].cost_of_sales >= 124
        person.enter()
        page = person.posted("landed_cost")
        person.wait(lambda: len(page.record.shares) == 4, "the shares")
        assert [one.to_cost_of_sales for one in page.record.shares if one.product_code == "BOX"] == [100, 24]

    def the_invoice_names_another_price(self) -> None:
        person = self.person
        person.open("goods_receipt", id=self.second.document_id)
        form = person.use(self.second, "Correct the price")
        person.wait(lambda: form.grid.model_of_lines.rowCount() == 2, "the lines of the receipt")
        person.fill(form, invoice_number="INV-77", dated_on=self.day(14))
        person.cell(form, line_of(form, "BOX"), "unit_price", "12.50")
        effect = person.effect(form)
        assert (effect.books[0].inventory, effect.books[0].cost_of_sales) == (40, 10)
        person.enter()
        person.agree_to(form, "Correct the price")
        person.posted("price_correction")

    def a_forgotten_delivery_corrects_the_shipment(self) -> None:
        """It came before the second delivery, so the shipment took its boxes: 1,374 becomes 1,000 + 100 + 20 x 11."""
        page = self._count(self.prepared.forgotten_order, self.day(5))
        effect = self.person.effect(page)
        (stock,) = effect.stock
        assert (stock.code, stock.qty_before, stock.qty_after) == ("BOX", 80, 130)
        corrected = [one for one in effect.corrections if one.to_cost_of_sales]
        assert {one.number for one in corrected} == {self.shipment.record.number}
        assert sum(one.to_cost_of_sales for one in corrected) == -54
        assert sum(entry.debit for entry in effect.entries) == sum(entry.credit for entry in effect.entries) > 0
        self._received()

    def boxes_go_back_to_the_supplier(self) -> None:
        """At what their own receipt cost: 12.50 and 1.20 of freight."""
        person = self.person
        person.open("goods_receipt", id=self.second.document_id)
        form = person.use(self.second, "Return to supplier")
        self._date_at_the_dock(form, returned_on=self.day(16))
        person.cell(form, line_of(form, "BOX"), "counted", "10")
        assert person.effect(form).books[0].inventory == -137
        person.enter()
        person.posted("supplier_return")

    # --- counting and valuing

    def two_boxes_are_missing(self) -> None:
        person = self.person
        form = person.open("count_stock", id=new_id())
        person.choose(form, "warehouse", "MAIN")
        person.fill(form, counted_on=self.day(20))
        person.do(form.do_fill)
        person.wait(lambda: form.grid.model_of_lines.rowCount() >= 3, "what the books say")
        person.cell(form, line_of(form, "BOX"), "counted", "118")
        assert person.effect(form).books[0].inventory == -22
        person.enter()
        person.agree_to(form, "Post the count")
        person.posted("stock_count")

    def the_boxes_are_worth_more(self) -> None:
        person = self.person
        form = person.open("revalue_stock", id=new_id())
        person.fill(form, dated_on=self.day(24), reason="Printed anew")
        person.cell(form, 0, "stock", "BOX")
        person.cell(form, 0, "amount", "59")
        assert [(one.value_before, one.value_after) for one in person.effect(form).stock] == [(1541, 1600)]
        person.enter()
        person.agree_to(form, "Revalue stock")
        person.posted("stock_revaluation")

    def the_lamps_bring_less_than_they_cost(self) -> None:
        person = self.person
        form = person.open("write_stock_down", id=new_id())
        person.fill(form, dated_on=self.day(26))
        person.wait(lambda: form.grid.model_of_lines.rowCount() == 3, "what is on hand")
        person.cell(form, line_of(form, "LAMP"), "unit_value", "4")
        assert [entry.debit + entry.credit for entry in person.effect(form).entries] == [10, 10]
        person.enter()
        person.agree_to(form, "Write down")
        person.posted("write_down")

    # --- other methods

    def a_second_book_has_its_history(self) -> None:
        person = self.person
        person.open("cost_books")
        person.press(Qt.Key.Key_N, CONTROL)
        book = person.page
        person.fill(book, code="TAX", name="Tax book")
        book.binder.set_value("method", "periodic_average")
        person.do(book.do_save)
        person.hear_news()
        person.wait(lambda: book.record is not None and not book.record.is_pending, "the history of the book")
        viewer = person.use(book, "Stock value in it")
        (section,) = person.report(viewer, as_of=self.prepared.ends_on.isoformat()).sections
        assert {row.cells["code"]: row.cells["qty"] for row in section.rows} == {"BOX": 118, "LAMP": 10, "TEA": 50}
        viewer.drill(next(row.link for row in section.rows if row.cells["code"] == "BOX"))
        person.wait(lambda: viewer.report is not None and viewer.report.name == "stock_ledger", "the moves behind it")
        assert len(person.report(viewer).sections[0].rows) >= 6
        person.press(Qt.Key.Key_Backspace)

    def methods_are_compared(self) -> Decimal:
        """And written to Excel and PDF. Gives the stock's value at the month-end average."""
        person = self.person
        viewer = person.open("report_method_comparison")
        days = {"from": self.day(1), "to": self.prepared.ends_on.isoformat()}
        rows = [row.cells for row in person.report(viewer, **days).sections[0].rows]
        for keys, path in ((CONTROL, self.excel), (CONTROL | SHIFT, self.pdf)):
            self._monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_asked, path=path: (str(path), ""))
            person.press(Qt.Key.Key_E, keys)
            person.wait(lambda path=path: viewer.saved.path == path, path.name)
        self.compared = [Decimal(str(cells[method])) for cells in rows for method in METHODS]
        (closing,) = [cells for cells in rows if str(cells["figure"]) == CLOSING]
        assert closing["fifo"] != closing["lifo"] != closing["moving_average"]
        return Decimal(str(closing["periodic_average"]))

    # --- the close

    def the_month_is_closed(self) -> None:
        """After the checklist and the true-up of the tea."""
        person = self.person
        screen = person.open("periods")
        person.wait(lambda: screen.table.model.rowCount() >= 12, "the periods")
        starts = [row.starts_on for _, row in screen.table.model.loaded_rows()]
        screen.table.select_row(starts.index(self.prepared.starts_on))
        screen.table.setFocus()
        person.enter()
        page = person.page
        person.wait(lambda: checklist(page).get("doctor") and checklist(page)["doctor"].state == "fine", "the doctor")
        assert checklist(page)["provisional_averages"].count == 4  # the tea, and every product in the second book
        assert checklist(page)["not_invoiced"].state == "warns"
        effect = person.effect(page)
        assert {entry.event for entry in effect.entries} == {"cost_adjustment"}
        assert self.shipment.record.number in {one.number for one in effect.corrections if one.code == "TEA"}
        person.wait(page.do_close.isEnabled, "closing")
        page.table.setFocus()
        person.enter()
        person.agree_to(page, "Close the period")
        person.wait(lambda: page.record.is_closed, "the closed period")
        person.hear_news()

    def late_freight_goes_into_the_open_month(self) -> Any:
        """The closed month refuses it and names the day from which it is taken. Gives the page of the freight."""
        person = self.person
        person.open("goods_receipt", id=self.first.document_id)
        form = person.use(self.first, "Enter landed cost")
        person.wait(lambda: form.shares.grid.model_of_lines.rowCount() == 2, "the lines that bear the freight")
        closed, open_from = self.prepared.ends_on.isoformat(), self.prepared.next_starts_on.isoformat()
        person.fill(form, amount="90", reference="Freight note 4711", dated_on=closed)
        person.enter()
        person.wait(lambda: form.binder.problem_of("dated_on"), "the refusal")
        refusal = f"{closed} is in a closed period, so nothing was posted. Use {open_from} or a later day"
        assert form.binder.problem_of("dated_on").startswith(refusal)
        person.fill(form, dated_on=open_from)
        person.enter()
        page = person.posted("landed_cost")
        assert dict(page.facts.facts)["Reference"] == "Freight note 4711"
        assert [one.to_cost_of_sales for one in page.record.shares if one.product_code == "BOX"] == [50]
        return page

    def valuation(self, **parameters: str) -> dict[str, Decimal]:
        """Value by product in the book that posts, at the month's end."""
        viewer = self.person.open("report_inventory_valuation")
        as_of = self.prepared.ends_on.isoformat()
        report = self.person.report(viewer, as_of=as_of, cost_book="Main book", **parameters)
        return {str(row.cells["code"]): Decimal(str(row.cells["value"])) for row in report.sections[0].rows}

    def the_story_of_the_boxes_shipped(self) -> list[tuple[str, str, Any]]:
        """Where their cost comes from: what happened, the document, the amount. Asked at the shipment's line."""
        person, page = self.person, self.shipment
        person.open("shipment", id=page.document_id)
        person.wait(lambda: page.table.model.rowCount() == 2, "the lines of the shipment")
        page.table.select_row(0)
        page.table.view.setFocus()
        person.press(Qt.Key.Key_J, CONTROL)
        person.wait(lambda: person.page is not page, "the story")
        rows = [row.cells for row in person.report(person.page).sections[0].rows]
        return [(str(cells["what"]), str(cells.get("document", "")), cells.get("amount")) for cells in rows]


@pytest.fixture
def month(qapp: object, today: date, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Month]:
    """The accountant at the main window, the central service in a process of its own."""
    prepared = prepare(tmp_path, today, monkeypatch)
    load_fonts()
    show_language("en")
    monkeypatch.setattr(keyboard, "MILLISECONDS_A_KEY", OFFICE_KEYS)
    with office_open(tmp_path, CompanyHere("ACME", "Acme Trading", "owner")) as office:
        person = Accountant(office.window(office.desk(), (1280, 720)))
        yield Month(person, prepared, tmp_path, monkeypatch)


def test_a_month_of_late_costs_ends_in_a_close_that_nothing_changes(month: Month, tmp_path: Path) -> None:
    month.goods_come_and_leave()
    month.freight_is_shared_over_both_deliveries()
    month.the_invoice_names_another_price()
    month.a_forgotten_delivery_corrects_the_shipment()
    month.boxes_go_back_to_the_supplier()
    month.two_boxes_are_missing()
    month.the_boxes_are_worth_more()
    month.the_lamps_bring_less_than_they_cost()
    month.a_second_book_has_its_history()
    at_the_average = month.methods_are_compared()
    month.the_month_is_closed()

    at_the_close = month.valuation()
    assert at_the_close == {"BOX": 1600, "LAMP": 50, "TEA": 1265}  # tea: half of 800 + 1,500 + 230
    (second_book,) = [one for one in month.person.ask(CostBookList()).rows if one.code == "TAX"]
    assert second_book.value == at_the_average

    late = month.late_freight_goes_into_the_open_month()
    assert month.valuation() == at_the_close
    story = month.the_story_of_the_boxes_shipped()
    freight = late.record.number
    settled = [what for what, _, _ in story].index("Settled cost")
    assert story[1][::2] == ("Shipment", 1240)
    assert ("Landed cost", freight, 50) in story[:settled]
    assert {"Back-dated correction", "Landed cost", "Price correction"} <= {what for what, _, _ in story[:settled]}
    assert sum(amount for _, _, amount in story[1:settled]) == story[settled][2] == 1370
    assert [amount for what, _, amount in story[settled:] if what == "Goods receipt"] == [1000, 220]
    assert month.valuation(known_on=month.day(1)) == {"LAMP": 50}

    books = reader(open_engine(embedded.database_address(tmp_path)))
    with Session(books) as session:
        assert not examine(session, month.prepared.company.company_id)
        entries = select(JournalEntry.dated_on).where(JournalEntry.document_id == late.document_id)
        assert set(session.scalars(entries)) == {month.prepared.next_starts_on}
    books.dispose()

    printed = pdf_text(month.pdf)
    assert [amount for amount in month.compared if f"{abs(amount):,.2f}" not in printed] == []
    assert {round(amount, 2) for amount in month.compared} <= recalculated(month.excel, tmp_path)
