"""A table from a file through the window: columns, verdicts, and only then the import; rows to mend come back."""

from pathlib import Path

import pytest
from trading_house import Trade, trade

from erp_desktop.integrations.judging import Verdict
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.masters import Products
from erp_desktop.views.importing import import_window
from erp_desktop.views.importing.import_window import ImportWindow

__all__ = ["trade"]

ROWS = """Article,Designation,List price
P-1,Bottle 500 ml,12.40
P-2,Cap 28 mm,seven
P-3,Label A6,0.35
"""


def window_with(trade: Trade, path: Path, text: str = ROWS) -> ImportWindow:
    path.write_text(text, "utf-8")
    window = trade.open("import", target="products")
    window.open_path(path)
    trade.wait(lambda: window.opened is not None or window.banner.isVisible())
    return window


def say_columns(window: ImportWindow, **columns: str) -> None:
    for field, heading in columns.items():
        box = window.mapping.boxes[field]
        box.setCurrentIndex(box.findText(heading))


def codes(trade: Trade) -> set[str]:
    return {row.code for row in trade.ask(Products(ListRequest())).rows}


def test_a_file_is_previewed_row_by_row_and_only_then_written(trade, tmp_path):
    window = window_with(trade, tmp_path / "products.csv")
    say_columns(window, code="Article", name="Designation")
    trade.do(window.do_check)
    trade.wait(lambda: window.plan is not None)
    assert [row.verdict for row in window.plan.rows] == [Verdict.NEW, Verdict.BAD, Verdict.NEW]
    assert "List price" in window.plan.rows[1].reason
    assert window.preview.model.rowCount() == 1  # what must be mended stands in front
    assert codes(trade) == set()

    trade.do(window.do_import)
    trade.wait(lambda: window.result is not None)
    assert (window.result.new, window.result.bad) == (2, 1)
    assert codes(trade) == {"P-1", "P-3"}
    trade.hear_news()


def test_the_rows_to_mend_are_opened_and_come_in_once_mended(trade, tmp_path, monkeypatch):
    opened: list[Path] = []
    monkeypatch.setattr(import_window, "open_file", opened.append)
    path = tmp_path / "products.csv"
    window = window_with(trade, path, ROWS.replace("Article,Designation", "Code,Name"))
    trade.do(window.do_check)
    trade.wait(lambda: window.plan is not None)
    trade.do(window.do_import)
    trade.wait(lambda: window.result is not None)
    window.state.button(0).click()
    (bad,) = opened
    assert bad == tmp_path / "products.bad.csv"
    text = bad.read_text("utf-8-sig")
    assert "P-2" in text
    assert "P-1" not in text
    again = window_with(trade, bad, text.replace("seven", "7.00"))
    trade.wait(lambda: again.opened is not None)
    trade.do(again.do_check)
    trade.wait(lambda: again.plan is not None)
    trade.do(again.do_import)
    trade.wait(lambda: again.result is not None)
    assert codes(trade) == {"P-1", "P-2", "P-3"}


def test_the_same_file_again_has_nothing_to_import(trade, tmp_path):
    text = "Code,Name\nP-1,Bottle\n"
    window = window_with(trade, tmp_path / "products.csv", text)
    trade.do(window.do_check)
    trade.wait(lambda: window.plan is not None)
    trade.do(window.do_import)
    trade.wait(lambda: window.result is not None)
    window.start_again()
    window = window_with(trade, tmp_path / "products.csv", text)
    trade.wait(lambda: window.opened is not None)
    trade.do(window.do_check)
    trade.wait(lambda: window.plan is not None)
    assert window.plan.count(Verdict.SAME) == 1
    assert not window.do_import.isEnabled()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no rows"),
        (b"PK\x03\x04 this is no workbook", "products.csv"),
        (b"\x00\x01\x02\x03" * 40, "products.csv"),
    ],
)
def test_a_file_that_is_no_table_gives_one_sentence(trade, tmp_path, content, said):
    path = tmp_path / "products.csv"
    path.write_bytes(content)
    window = trade.open("import", target="products")
    window.open_path(path)
    trade.wait(window.banner.isVisible)
    assert said in window.banner.sentence.text()
    assert not window.do_check.isEnabled()


def test_a_needed_column_that_is_missing_is_said_by_its_name(trade, tmp_path):
    window = window_with(trade, tmp_path / "products.csv", "Colour,Size\nred,3\nblue,4\n")
    trade.wait(lambda: window.opened is not None)
    trade.do(window.do_check)
    trade.wait(window.banner.isVisible)
    assert "Code" in window.banner.sentence.text()
    assert window.plan is None


def test_another_column_makes_the_verdicts_stale(trade, tmp_path):
    window = window_with(trade, tmp_path / "products.csv", "Code,Name\nP-1,Bottle\n")
    trade.do(window.do_check)
    trade.wait(lambda: window.plan is not None)
    assert window.do_import.isEnabled()
    window.mapping.boxes["name"].setCurrentIndex(0)
    assert window.plan is None
    assert not window.do_import.isEnabled()
