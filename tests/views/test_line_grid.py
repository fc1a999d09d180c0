"""The line grid: typing, pasting a block, filling down, undo."""

from decimal import Decimal
from uuid import UUID

import pytest
from fake_desk import Orders, order_rows
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from erp_desktop.numbers import ZERO
from erp_desktop.views.widgets.asking import announcements
from erp_desktop.views.widgets.cells import CellKind
from erp_desktop.views.widgets.line_grid import LineGrid
from erp_desktop.views.widgets.line_model import LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupSpec


def amount(line):
    qty, price = line["qty"], line["unit_price"]
    return {"amount": qty * price if qty is not None and price is not None else None}


@pytest.fixture
def grid(qtbot, desk):
    Orders.rows = order_rows(40)
    spec = LineSpec(
        columns=(
            LineColumn(
                "product", "SKU", lookup=LookupSpec(Orders, code="number", name="supplier_name"), is_required=True
            ),
            LineColumn("qty", "Qty", CellKind.QTY, is_required=True),
            LineColumn("unit_price", "Price", CellKind.UNIT_COST),
            LineColumn("amount", "Amount", CellKind.MONEY, is_computed=True),
        ),
        compute=amount,
        fill=lambda item: {"unit_price": item.row.amount},
    )
    made = LineGrid()
    qtbot.addWidget(made)
    made.use(desk, spec)
    made.resize(700, 300)
    made.show()
    made.setFocus()
    return made


def type_into(qtbot, grid, row, column, text, key=Qt.Key.Key_Tab):
    grid.go_to(row, column)
    grid.edit(grid.currentIndex())
    editor = grid.findChildren(QLineEdit)[-1]
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, key)


def paste(grid, text):
    QApplication.clipboard().setText(text)
    grid.paste()


def test_an_empty_grid_has_one_empty_line(grid):
    assert grid.model_of_lines.rowCount() == 1
    assert grid.lines() == []
    assert grid.problems() == []


def test_a_typed_code_becomes_its_record_and_proposes_its_price(qtbot, grid):
    type_into(qtbot, grid, 0, 0, "PO-2024-0004")
    qtbot.waitUntil(lambda: grid.lines() and grid.lines()[0]["product"] is not None)
    type_into(qtbot, grid, 0, 1, "3*2")
    line = grid.lines()[0]
    assert line["product"].id == UUID(int=4)
    assert (line["qty"], line["unit_price"], line["amount"]) == (Decimal(6), Decimal("4.25"), Decimal("25.50"))
    assert grid.model_of_lines.rowCount() == 2
    assert grid.model_of_lines.total("amount") == Decimal("25.50")


def test_tab_skips_computed_cells_and_enter_goes_down(qtbot, grid):
    paste(grid, "PO-2024-0001\t1\nPO-2024-0002\t2")
    type_into(qtbot, grid, 0, 2, "5")
    assert (grid.currentIndex().row(), grid.currentIndex().column()) == (1, 0)
    type_into(qtbot, grid, 0, 1, "5", Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: (grid.currentIndex().row(), grid.currentIndex().column()) == (1, 1))


def test_a_line_is_typed_from_cell_to_cell_with_nothing_but_tab(qtbot, grid):
    for text in ("PO-2024-0004", "6", "4.25", "PO-2024-0001", "2", "1.5"):
        grid.edit(grid.currentIndex() if grid.currentIndex().isValid() else grid.model_of_lines.index(0, 0))
        editor = grid.findChildren(QLineEdit)[-1]
        editor.selectAll()
        qtbot.keyClicks(editor, text)
        qtbot.keyClick(editor, Qt.Key.Key_Tab)
        qtbot.waitUntil(lambda: not grid.viewport().findChildren(QLineEdit))
    qtbot.waitUntil(lambda: not grid.problems())
    assert [(line["product"].id, line["qty"], line["unit_price"]) for line in grid.lines()] == [
        (UUID(int=4), Decimal(6), Decimal("4.25")),
        (UUID(int=1), Decimal(2), Decimal("1.5")),
    ]


def test_an_answer_that_arrives_takes_nothing_away_from_the_cell_being_typed_into(qtbot, grid):
    type_into(qtbot, grid, 0, 0, "PO-2024-0004")
    grid.setCurrentIndex(grid.model_of_lines.index(0, 1))
    qtbot.keyClicks(grid, "6")
    qtbot.waitUntil(lambda: grid.lines()[0]["product"] is not None)
    (editor,) = grid.viewport().findChildren(QLineEdit)
    assert editor.text() == "6"
    qtbot.keyClicks(editor, "00")
    qtbot.keyClick(editor, Qt.Key.Key_Tab)
    assert grid.lines()[0]["qty"] == Decimal(600)


def test_a_pasted_block_adds_lines_keeps_bad_cells_and_one_undo_takes_it_back(qtbot, grid):
    said = []
    announcements().said.connect(said.append)
    paste(grid, "PO-2024-0001\t10\t1.5\nNO-SUCH\tmany\t2\nPO-2024-0003\t１２\t")
    qtbot.waitUntil(lambda: bool(said))
    assert said == ["Rows added: 3, to fix: 1"]
    lines = grid.lines()
    assert [line["qty"] for line in lines] == [Decimal(10), None, Decimal(12)]
    assert lines[2]["unit_price"] == Decimal("3.25")
    assert grid.model_of_lines.index(1, 0).data() == "NO-SUCH"
    assert [(row, column) for row, column, _ in grid.problems()] == [(1, 0), (1, 1)]
    assert grid.problems()[1][2].startswith("Line 2, Qty: many is not a number")
    qtbot.keyClick(grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert grid.lines() == []
    qtbot.keyClick(grid, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert grid.lines()[2]["unit_price"] == Decimal("3.25")


def test_a_block_with_our_headings_is_pasted_by_heading(qtbot, grid):
    paste(grid, "Price\tQty\tSKU\n9.5\t4\tPO-2024-0005")
    qtbot.waitUntil(lambda: grid.lines()[0]["product"] is not None)
    assert (grid.lines()[0]["qty"], grid.lines()[0]["unit_price"]) == (Decimal(4), Decimal("9.5"))


def test_a_block_of_a_mac_and_a_cell_of_any_length_are_pasted(qtbot, grid):
    paste(grid, f"PO-2024-0001\t1\rPO-2024-0002\t2\r{'x' * 200_000}\t3")
    assert [line["qty"] for line in grid.lines()] == [Decimal(1), Decimal(2), Decimal(3)]
    qtbot.waitUntil(lambda: [row for row, _, _ in grid.problems()] == [2])
    assert len(grid.problems()[0][2]) < 200


def test_computed_cells_cannot_be_pasted_over(qtbot, grid):
    paste(grid, "PO-2024-0001\t2\t3\t999")
    assert grid.lines()[0]["amount"] == Decimal(6)


def test_copy_and_paste_of_our_own_block_gives_the_same_lines(qtbot, grid):
    paste(grid, "PO-2024-0001\t2\t3\nPO-2024-0002\t0.5\t7")
    qtbot.waitUntil(lambda: all(line["product"] is not None for line in grid.lines()))
    before = grid.lines()
    grid.selectAll()
    qtbot.keyClick(grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().splitlines()[0] == "PO-2024-0001\t2\t3\t6"
    grid.go_to(0, 0)
    grid.paste()
    qtbot.waitUntil(lambda: all(line["product"] is not None for line in grid.lines()))
    assert grid.lines() == before


def test_fill_down_delete_and_remove(qtbot, grid):
    paste(grid, "PO-2024-0001\t2\t3\nPO-2024-0002\t5\t7\nPO-2024-0003\t6\t8")
    grid.go_to(1, 1)
    qtbot.keyClick(grid, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert [line["qty"] for line in grid.lines()] == [2, 2, 6]
    qtbot.keyClick(grid, Qt.Key.Key_Delete)
    assert [line["qty"] for line in grid.lines()] == [2, None, 6]
    qtbot.keyClick(grid, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert [line["unit_price"] for line in grid.lines()] == [3, 8]
    assert grid.model_of_lines.total("qty") == Decimal(8)


def test_a_read_only_grid_has_no_empty_line_and_takes_nothing(qtbot, grid):
    grid.show_lines([{"product": None, "qty": Decimal(1), "unit_price": ZERO}])
    grid.set_read_only(True)
    assert grid.model_of_lines.rowCount() == 1
    grid.go_to(0, 1)
    qtbot.keyClick(grid, Qt.Key.Key_Delete)
    assert grid.lines()[0]["qty"] == Decimal(1)


def test_the_line_model_keeps_qts_rules(qtbot, grid, qtmodeltester):
    paste(grid, "PO-2024-0001\t2\t3\nPO-2024-0002\tx\t7")
    qtmodeltester.check(grid.model_of_lines)
