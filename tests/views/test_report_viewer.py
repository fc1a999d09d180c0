"""Reports in the window: made with parameters, opened down to the document, back again, and written to files."""

import re
import threading
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from openpyxl import load_workbook
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QPushButton
from trading_house import Trade, trade

from erp_desktop.reports.report import report_definitions
from erp_desktop.views.reports import TITLES, exporting
from erp_desktop.views.reports.viewer import ReportViewer
from erp_desktop.views.widgets.fields import DateField

__all__ = ["trade"]

LAST = "2026-12-31"


def opened(trade: Trade, name: str, **parameters: object) -> ReportViewer:
    viewer = trade.open(f"report_{name}", **({"parameters": parameters} if parameters else {}))
    trade.wait(lambda: viewer.report is not None)
    return viewer


@pytest.fixture
def stocked(trade: Trade) -> Trade:
    """Ten BX-204 at 12.50 each are received."""
    trade.company.stock("BX-204", "10", "12.50")
    trade.hear_news()
    return trade


def test_every_report_is_a_screen_with_a_name_of_its_own(trade):
    assert set(TITLES) == {definition.name for definition in report_definitions()}
    assert all(trade.window.has_screen(f"report_{definition.name}") for definition in report_definitions())


def test_the_value_of_stock_leads_down_to_the_receipt_behind_it_and_back(stocked):
    trade = stocked
    viewer = opened(trade, "inventory_valuation", as_of=date.fromisoformat(LAST))
    (section,) = viewer.report.sections
    assert section.total("value") == Decimal("125.00")
    assert viewer.checks.holds
    texts = [row.texts for row in viewer.shown.screen.sections[0].rows]
    row = next(place for place, cells in enumerate(texts) if "BX-204" in cells)

    viewer.table.selectRow(row)
    viewer.table.setFocus()
    trade.qtbot.keyClick(viewer.table, Qt.Key.Key_Return)
    trade.wait(lambda: viewer.report is not None and viewer.report.name == "stock_ledger")
    moves = viewer.shown.screen.sections[0].rows
    receipt = next(place for place, one in enumerate(moves) if one.link is not None)
    viewer.table.selectRow(receipt)
    trade.qtbot.keyClick(viewer.table, Qt.Key.Key_Return)
    trade.wait(lambda: trade.page is not viewer and trade.page.kind == "goods_receipt")

    trade.window.tabs.setCurrentWidget(viewer)
    viewer.table.setFocus()
    trade.qtbot.keyClick(viewer.table, Qt.Key.Key_Backspace)
    assert viewer.report.name == "inventory_valuation"
    assert viewer.table.currentIndex().row() == row


def test_a_report_asked_for_again_is_that_report_whatever_was_opened_from_it_meanwhile(stocked):
    trade = stocked
    viewer = opened(trade, "inventory_valuation", as_of=date.fromisoformat(LAST))
    viewer.drill(next(row.link for row in viewer.report.sections[0].rows if row.link is not None))
    trade.wait(lambda: viewer.report is not None and viewer.report.name == "stock_ledger")
    again = trade.open("report_inventory_valuation", parameters={"as_of": date(2026, 1, 31)})
    assert again is viewer
    trade.wait(lambda: viewer.report is not None and viewer.report.name == "inventory_valuation")
    assert viewer.shown.parameters["as_of"] == date(2026, 1, 31)
    assert not viewer.do_back.isEnabled()


def test_a_report_is_written_to_excel_and_pdf_where_the_person_says(stocked, tmp_path, monkeypatch):
    trade = stocked
    viewer = opened(trade, "trial_balance")
    for action, path in ((viewer.do_excel, tmp_path / "balances.xlsx"), (viewer.do_pdf, tmp_path / "balances.pdf")):
        monkeypatch.setattr(exporting, "ask_for_file", lambda *_asked, path=path: path)
        trade.do(action)
        trade.wait(lambda path=path: viewer.saved.path == path)
        assert path.stat().st_size > 1000
        assert str(path) in viewer.saved.sentence
    sheet = load_workbook(tmp_path / "balances.xlsx").worksheets[0]
    assert any(cell.value == "Trial balance" for row in sheet.iter_rows() for cell in row)


def test_a_file_that_cannot_be_written_is_said_with_its_name(stocked, tmp_path, monkeypatch):
    viewer = opened(stocked, "trial_balance")
    monkeypatch.setattr(exporting, "ask_for_file", lambda *_asked: tmp_path / "not here" / "balances.xlsx")
    viewer.save_excel()
    stocked.wait(viewer.banner.isVisible)
    assert "balances.xlsx" in viewer.banner.sentence.text()


def button(viewer: ReportViewer, text: str) -> QPushButton:
    return next(one for one in viewer.header.findChildren(QPushButton) if one.text() == text)


def test_every_figure_of_the_screen_stands_in_the_workbook_that_the_button_writes(stocked, tmp_path, monkeypatch):
    trade = stocked
    path = tmp_path / "value"  # the ending is added
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_asked: (str(path), ""))
    viewer = opened(trade, "inventory_valuation", as_of=date.fromisoformat(LAST))
    trade.qtbot.mouseClick(button(viewer, "Excel"), Qt.MouseButton.LeftButton)
    trade.wait(lambda: viewer.saved.path == tmp_path / "value.xlsx")
    cells = {
        cell.value
        for sheet in load_workbook(tmp_path / "value.xlsx", data_only=True).worksheets
        for row in sheet.iter_rows()
        for cell in row
    }
    figures = [
        Decimal(text.replace(",", ""))
        for row in viewer.shown.screen.sections[0].rows
        for text in row.texts
        if re.fullmatch(r"-?[\d,]+\.?\d*", text)
    ]
    assert figures
    assert all(float(figure) in cells for figure in figures)
    assert [path.name for path in tmp_path.glob(".*.part")] == []


def test_whoever_thinks_better_of_saving_finds_everything_as_it_was(stocked, tmp_path, monkeypatch):
    viewer = opened(stocked, "trial_balance")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_asked: ("", ""))
    stocked.qtbot.mouseClick(button(viewer, "PDF"), Qt.MouseButton.LeftButton)
    assert not stocked.window.jobs.running
    assert not viewer.banner.isVisible()
    assert not viewer.saved.isVisible()


def test_a_file_that_is_being_written_can_be_cancelled_without_a_trace(stocked, tmp_path, monkeypatch, caplog):
    trade = stocked
    viewer = opened(trade, "trial_balance")
    path = tmp_path / "balances.xlsx"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_asked: (str(path), ""))
    went_on = threading.Event()

    def slowly(report, path, *, progress, **how):
        went_on.wait(60)
        exporting_write(report, path, progress=lambda *_: progress(1, 2), **how)

    exporting_write = exporting.write_excel
    monkeypatch.setattr(exporting, "write_excel", slowly)
    monkeypatch.setattr("erp_desktop.reports.excel.PROGRESS_EVERY", 1)
    trade.qtbot.mouseClick(button(viewer, "Excel"), Qt.MouseButton.LeftButton)
    trade.window.jobs.cancel_button.click()
    went_on.set()
    trade.wait(lambda: not trade.window.jobs.running)
    assert list(tmp_path.glob("*.xlsx")) == []
    assert list(tmp_path.glob(".*")) == []
    assert not viewer.banner.isVisible()
    assert "Cancelled: Writing balances.xlsx" in trade.window.status.message.text()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_long_path_keeps_its_beginning_and_its_end(stocked, tmp_path):
    viewer = opened(stocked, "trial_balance")
    path = tmp_path / ("a-long-name-" * 15 + ".xlsx")
    viewer.saved.show_file(path)
    assert viewer.saved.text.text().endswith(".xlsx")
    assert viewer.saved.text.text().startswith("Saved as /")
    assert viewer.saved.text.toolTip() == str(path)
    assert viewer.width() <= stocked.window.width()


def test_what_a_person_asks_with_is_remembered_but_today_stays_today(stocked):
    trade = stocked
    viewer = opened(trade, "inventory_valuation")
    tick = viewer.pane.fields["zero_rows"]
    tick.setChecked(True)
    viewer.run()
    trade.wait(lambda: viewer.shown.parameters.get("zero_rows") is True)
    trade.window.close_tab(viewer)
    again = opened(trade, "inventory_valuation")
    assert again.pane.fields["zero_rows"].isChecked()
    assert "as_of" not in trade.window.settings.text("report/owner/inventory_valuation")


def test_a_date_that_is_none_is_said_under_its_field_and_nothing_is_run(stocked):
    viewer = opened(stocked, "trial_balance")
    before = viewer.report
    field = viewer.pane.fields["as_of"]
    assert isinstance(field, DateField)
    field.setText("31 June")
    viewer.do_run.trigger()
    assert "31 June" in field.accessibleDescription()
    assert viewer.report is before


def test_the_general_ledger_shows_one_account_at_a_time_with_a_list_of_them(stocked):
    viewer = opened(stocked, "general_ledger")
    assert len(viewer.report.sections) == viewer.outline.count() > 1
    viewer.outline.setCurrentRow(1)
    assert viewer.table.report_model.section.title == viewer.outline.item(1).text()


def test_a_product_must_be_chosen_before_its_stock_ledger_is_made(stocked):
    viewer = stocked.open("report_stock_ledger")
    assert stocked.window.focusWidget() is viewer.pane.fields["product"]
    viewer.do_run.trigger()
    assert viewer.report is None
    assert viewer.pane.fields["product"].accessibleDescription()
    books = viewer.pane.fields["cost_book"]
    assert isinstance(books, QComboBox)
    stocked.wait(lambda: books.count() > 1)


def test_the_list_of_reports_opens_the_one_under_the_cursor(trade):
    index = trade.open("reports")
    index.list.setFocus()
    name = index.list.currentItem().text(0)
    trade.qtbot.keyClick(index.list, Qt.Key.Key_Return)
    trade.wait(lambda: isinstance(trade.page, ReportViewer))
    assert trade.page.title == name


def test_closing_the_tab_of_a_running_report_is_no_fault(stocked: Trade, tmp_path: Path):
    trade = stocked
    viewer = trade.open("report_trial_balance")
    trade.window.close_tab(viewer)
    trade.wait(lambda: not trade.window.jobs.running)
    assert not trade.window.banner.isVisible()


def test_a_report_narrowed_to_a_customer_keeps_it_in_its_field_and_leads_on_with_it(stocked):
    trade, company = stocked, stocked.company
    order = company.sales_order(("BX-204", "4", "20.00"))
    company.allocate(order)
    company.ship(order)
    trade.hear_news()
    dates = {"from": date(2026, 1, 1), "to": date.fromisoformat(LAST)}
    viewer = opened(trade, "cost_of_sales", customer=company.customer, **dates)
    trade.wait(lambda: "Zhang Min" in viewer.pane.fields["customer"].text())
    assert viewer.report.sections[0].total("total") == Decimal("50.00")

    viewer.table.selectRow(0)
    viewer.table.setFocus()
    trade.qtbot.keyClick(viewer.table, Qt.Key.Key_Return)
    trade.wait(lambda: viewer.report is not None and "document" in viewer.report.sections[0].rows[0].cells)
    assert viewer.pane.read()["customer"] == company.customer
    assert viewer.report.sections[0].rows[0].cells["document"].startswith("SH")


def test_a_report_with_many_parameters_scrolls_them_where_the_window_is_low(stocked):
    trade = stocked
    trade.window.resize(1280, 620)
    viewer = opened(trade, "method_comparison")
    fields = list(viewer.pane.fields.values())
    places = [field.mapTo(viewer.pane, field.rect().topLeft()).y() for field in fields]
    gaps = [below - above for above, below in pairwise(places)]
    assert min(gaps) > fields[0].height(), "no field covers the label of another"
    fields[-2].setFocus()
    trade.qtbot.keyClick(fields[-2], Qt.Key.Key_Tab)
    assert trade.window.focusWidget() is fields[-1]
    assert not fields[-1].visibleRegion().isEmpty(), "the key that goes on brings the field into view"
