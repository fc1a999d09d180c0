"""A report's section as a table: figures as all renderers show them, Enter drills."""

from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from erp_desktop.reports.lines import LineKind
from erp_desktop.reports.report import ColumnKind, Link
from erp_desktop.reports.screen import ScreenColumn, ScreenRow, ScreenSection
from erp_desktop.views.widgets.list_model import BOLD_ROLE, LEVEL_ROLE
from erp_desktop.views.widgets.report_table import ReportTable

RECEIPT = Link("goods_receipt", UUID(int=7))


@pytest.fixture
def table(qtbot):
    section = ScreenSection(
        "Valuation",
        (
            ScreenColumn("product", "Product", ColumnKind.TEXT, is_right=False),
            ScreenColumn("value", "Value", ColumnKind.MONEY, is_right=True),
        ),
        (
            ScreenRow(LineKind.GROUP, ("Bottles", "")),
            ScreenRow(LineKind.DETAIL, ("BTL-500-C", "8,006.70"), 1, RECEIPT),
            ScreenRow(LineKind.TOTAL, ("Total", "8,006.70")),
        ),
        0,
    )
    made = ReportTable(section)
    qtbot.addWidget(made)
    made.show()
    return made


def test_rows_show_their_texts_totals_bold_and_levels_indented(table):
    model = table.report_model
    assert [model.index(row, 1).data() for row in range(3)] == ["", "8,006.70", "8,006.70"]
    assert [model.index(row, 0).data(BOLD_ROLE) for row in range(3)] == [True, False, True]
    assert model.index(1, 0).data(LEVEL_ROLE) == 1
    assert model.index(1, 1).data(LEVEL_ROLE) == 0


def test_enter_opens_what_is_behind_a_row_and_a_row_without_it_stays(qtbot, table):
    drilled = []
    table.drilled.connect(drilled.append)
    for row in (0, 1):
        table.selectRow(row)
        qtbot.keyClick(table, Qt.Key.Key_Return)
    assert drilled == [RECEIPT]


def test_copy_takes_the_digits_without_grouping(qtbot, table):
    table.selectRow(1)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "BTL-500-C\t8006.70"


def test_the_report_model_keeps_qts_rules(table, qtmodeltester):
    qtmodeltester.check(table.report_model)
