"""The line grid: typing, pasting a block, filling down, undo."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import pytest
from fake_desk import Orders, order_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from erp_desktop.numbers import ZERO
from erp_desktop.views.widgets.asking import announcements
from erp_desktop.views.widgets.cells import CellKind
from erp_desktop.views.widgets.line_grid import MOST_PASTED, LineGrid
from erp_desktop.views.widgets.line_model import BadCell, LineColumn, LineModel, LineSpec
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec


def amount(line):
    qty, price = line["qty"], line["unit_price"]
    return {"amount": qty * price if qty is not None and price is not None else None}


@dataclass(frozen=True)
class OrdersMeant:
    """Rows by their number, many at once."""

    tables: ClassVar[frozenset[str]] = frozenset({"purchase_order"})
    asked: ClassVar[list[tuple[str, ...]]] = []

    texts: tuple[str, ...]

    def answer(self) -> Mapping[str, Any]:
        OrdersMeant.asked.append(self.texts)
        by_number = {row.number.casefold(): row for row in Orders.rows}
        return {text: by_number[text.casefold()] for text in self.texts if text.casefold() in by_number}


@pytest.fixture
def grid(qtbot, desk):
    return made_grid(qtbot, desk, LookupSpec(Orders, code="number", name="supplier_name"))


@pytest.fixture
def knowing_grid(qtbot, desk):
    """Its codes are looked up in one question, and its lines are computed once."""
    desk.answers[OrdersMeant] = lambda query: query.answer()
    OrdersMeant.asked = []
    return made_grid(
        qtbot, desk, LookupSpec(Orders, code="number", name="supplier_name", meant=OrdersMeant), beside=lambda: None
    )


def made_grid(qtbot, desk, lookup, **further):
    Orders.rows = order_rows(40)
    spec = LineSpec(
        columns=(
            LineColumn("product", "SKU", lookup=lookup, is_required=True),
            LineColumn("qty", "Qty", CellKind.QTY, is_required=True),
            LineColumn("unit_price", "Price", CellKind.UNIT_COST),
            LineColumn("amount", "Amount", CellKind.MONEY, is_computed=True),
        ),
        compute=amount,
        fill=lambda item: {"unit_price": item.row.amount},
        **further,
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


def test_ten_thousand_pasted_rows_are_taken_whole_and_one_undo_takes_them_back(qtbot, knowing_grid):
    grid, said = knowing_grid, []
    announcements().said.connect(said.append)
    paste(grid, "\n".join(f"PO-2024-{row % 40 + 1:04d}\t{row + 1}" for row in range(10_000)))
    qtbot.waitUntil(lambda: bool(said))
    assert said == ["Rows added: 10000, to fix: 0"]
    lines = grid.lines()
    assert [line["qty"] for line in lines] == list(range(1, 10_001))
    assert {line["product"].code for line in lines} == {f"PO-2024-{row:04d}" for row in range(1, 41)}
    assert lines[-1]["amount"] == Decimal("40.25") * 10_000
    qtbot.keyClick(grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert grid.lines() == []
    qtbot.keyClick(grid, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert grid.lines() == lines


@pytest.mark.parametrize("heading", ["", "SKU\tQty\n"])
def test_more_than_can_be_pasted_is_refused_whole_and_nothing_is_pasted(qtbot, knowing_grid, heading):
    grid, refused = knowing_grid, []
    announcements().refused.connect(refused.append)
    paste(grid, heading + "\n".join("PO-2024-0001\t1" for _ in range(MOST_PASTED + 1)))
    assert refused == [
        "More than 10,000 rows were copied, so nothing was pasted. Paste them in parts of at most 10,000 rows."
    ]
    assert grid.lines() == []
    assert not grid.is_waiting
    assert not grid.model_of_lines.undo_stack.canUndo()


def test_a_heading_is_none_of_the_rows_that_can_be_pasted(qtbot, knowing_grid):
    grid, said = knowing_grid, []
    announcements().said.connect(said.append)
    paste(grid, "Qty\n" + "\n".join(str(row) for row in range(MOST_PASTED)))
    qtbot.waitUntil(lambda: bool(said))
    assert len(grid.lines()) == MOST_PASTED


def test_pasted_codes_are_looked_up_in_one_question_and_only_the_rest_one_by_one(qtbot, knowing_grid):
    grid, said, changes = knowing_grid, [], []
    announcements().said.connect(said.append)
    grid.changed.connect(lambda: changes.append(None))
    rows = [f"po-2024-{row % 30 + 1:04d}\t1" for row in range(1_000)]
    rows[200], rows[300], rows[999], rows[998] = "NO-SUCH\t2", "无此商品\t3", "NO-SUCH\tmany", "2024-0035\t4"
    paste(grid, "\n".join(rows))
    qtbot.waitUntil(lambda: bool(said))
    assert said == ["Rows added: 1000, to fix: 3"]
    assert len(OrdersMeant.asked) == 1
    assert sorted(request.search for request in Orders.asked) == ["2024-0035", "NO-SUCH", "无此商品"]
    assert len(changes) == 3, "the rows, the codes that are known, the rest"
    assert grid.lines()[998]["product"].id == UUID(int=35)
    assert [grid.model_of_lines.index(row, 0).data() for row in (200, 300, 999)] == ["NO-SUCH", "无此商品", "NO-SUCH"]
    assert [problem[:2] for problem in grid.problems()] == [(200, 0), (300, 0), (999, 0), (999, 1)]
    assert "无此商品 is not known here. Choose from the list." in grid.problems()[1][2]
    grid.model_of_lines.undo_stack.undo()
    assert grid.lines() == []


def test_what_is_typed_while_much_is_being_pasted_is_kept_and_so_is_the_paste(qtbot, knowing_grid):
    grid, said = knowing_grid, []
    announcements().said.connect(said.append)
    paste(grid, "\n".join(f"PO-2024-0001\t{row}" for row in range(1, 1_001)))
    assert grid.is_waiting
    assert grid.lines() == [], "it shows once it is read"
    grid.model_of_lines.change({(0, 2): "7.5"})
    assert [line.get("unit_price") for line in grid.lines()] == [Decimal("7.5")]
    qtbot.waitUntil(lambda: bool(said))
    lines = grid.lines()
    assert [line["qty"] for line in lines] == list(range(1, 1_001))
    assert [line["unit_price"] for line in lines[:2]] == [Decimal("7.5"), Decimal("1.25")]
    grid.model_of_lines.undo_stack.undo()
    assert [line.get("unit_price") for line in grid.lines()] == [Decimal("7.5")]


def test_undo_straight_after_a_large_paste_takes_that_paste_back(qtbot, knowing_grid):
    grid = knowing_grid
    paste(grid, "PO-2024-0002\t1")
    qtbot.waitUntil(lambda: grid.lines()[0]["product"] is not None)
    before = grid.lines()
    grid.go_to(1, 0)
    paste(grid, "\n".join("PO-2024-0001\t1" for _ in range(500)))
    qtbot.keyClick(grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not grid.is_waiting)
    assert grid.lines() == before


CELLS = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 2)), st.sampled_from(["A", "B", "C", "7", "3.5", "", "x"]), max_size=9
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), CELLS),
        st.tuples(st.just("paste"), CELLS),
        st.tuples(st.just("answer"), st.integers(0, 3)),
        st.tuples(st.sampled_from(["undo", "redo", "finish", "places"]), st.none()),
    ),
    max_size=14,
)


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_lines_that_are_computed_once_are_always_what_they_would_be_computed_anew(qapp, steps):
    """Whatever is typed, pasted, answered, taken back or changed beside the lines."""
    places = [2]

    def computed(line):
        made = amount(line)["amount"]
        return {"amount": made.quantize(Decimal(1).scaleb(-places[0])) if made is not None else None}

    columns = (
        LineColumn("product", "SKU", lookup=LookupSpec(Orders), is_required=True),
        LineColumn("qty", "Qty", CellKind.QTY, is_required=True),
        LineColumn("unit_price", "Price", CellKind.UNIT_COST),
        LineColumn("amount", "Amount", CellKind.MONEY, is_computed=True),
    )
    fill = {"compute": computed, "fill": lambda item: {"unit_price": Decimal(len(item.code))}}
    once, anew = (LineModel(LineSpec(columns, **fill, **beside)) for beside in ({"beside": lambda: places[0]}, {}))
    asked = ([], [])
    for model, pendings in zip((once, anew), asked, strict=True):
        model.looked_up.connect(pendings.extend)
    for step, given_to_it in steps:
        for model, pendings in zip((once, anew), asked, strict=True):
            match step:
                case "change":
                    model.change(given_to_it)
                case "paste":
                    model.change_in_slices(given_to_it, "Paste")
                case "answer":
                    taken, pendings[:] = pendings[:given_to_it], pendings[given_to_it:]
                    model.settle([(one, answer_for(one.text)) for one in taken])
                case "undo":
                    model.undo_stack.undo()
                case "redo":
                    model.undo_stack.redo()
                case "finish":
                    model.slices.finish()
        if step == "places":
            places[0] = 5 - places[0]
        assert once.lines() == anew.lines()
        assert once.total("amount") == anew.total("amount")
        assert once.problems() == anew.problems()
        assert [once.line(row) for row in range(7)] == [anew.line(row) for row in range(7)]


def answer_for(text):
    if text in ("A", "B"):
        return LookupItem(UUID(int=ord(text)), text, text)
    return BadCell(text, f"{text} is not known here.")
