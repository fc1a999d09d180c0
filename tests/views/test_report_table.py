"""A report's section as a table: figures as all renderers show them, Enter drills."""

from uuid import UUID

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetricsF, QImage
from PySide6.QtWidgets import QApplication

from erp_desktop.reports.lines import LineKind
from erp_desktop.reports.numbers_format import aligned
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


def test_the_name_of_a_group_uses_the_empty_cells_beside_it_and_no_figure_is_covered(table):
    assert [table.columnSpan(row, 0) for row in range(3)] == [2, 1, 1]


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


def test_unit_costs_stand_with_their_points_in_line_and_are_copied_without_blanks(qtbot):
    texts = ("1.186174", aligned("0.78", 2, 6), aligned("1,200", 0, 6))
    rows = tuple(ScreenRow(LineKind.DETAIL, (text,)) for text in texts)
    column = ScreenColumn("unit_cost", "Unit cost", ColumnKind.UNIT_COST, is_right=True)
    table = ReportTable(ScreenSection("Costs", (column,), rows, 0))
    qtbot.addWidget(table)
    table.resize(400, 200)
    table.show()
    picture = table.viewport().grab().toImage()
    ends = [last_ink(picture, table.visualRect(table.report_model.index(row, 0))) for row in range(3)]
    digit = QFontMetricsF(table.font()).horizontalAdvance("0")
    assert ends[0] - ends[1] == pytest.approx(4 * digit, abs=1.5)
    assert ends[0] - ends[2] == pytest.approx(6 * digit + QFontMetricsF(table.font()).horizontalAdvance("."), abs=1.5)
    table.selectRow(2)
    table.copy_rows(with_headings=False)
    assert QApplication.clipboard().text() == "1200"


def test_a_heading_stands_in_two_lines_only_where_the_table_has_no_room_and_is_copied_in_one(qtbot):
    column = ScreenColumn("to_cost_of_sales", "In cost of sales", ColumnKind.MONEY, is_right=True)
    table = ReportTable(ScreenSection("Shares", (column,), (ScreenRow(LineKind.DETAIL, ("22.00",)),), 0))
    qtbot.addWidget(table)
    table.show()
    shown = []
    for width in (400, 80):
        table.resize(width, 200)
        shown.append(table.report_model.headerData(0, Qt.Orientation.Horizontal))
    assert shown == ["In cost of sales", "In cost\nof sales"]
    table.selectRow(0)
    table.copy_rows(with_headings=True)
    assert QApplication.clipboard().text() == "In cost of sales\n22.00"


def last_ink(picture: QImage, room: QRect) -> int:
    """The rightmost column of pixels in `room` that holds some dark text."""
    middle = room.adjusted(4, 8, -4, -8)
    return max(
        x
        for x in range(middle.left(), middle.right())
        for y in range(middle.top(), middle.bottom())
        if picture.pixelColor(x, y).lightness() < 120
    )
