"""Excel: what is written is what the report says, digit by digit, and totals are formulas that recalculate to it."""

import errno
import json
import os
import re
import subprocess
import sys
import zipfile
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest
from samples import COLUMNS, SHARED_DATA, grouped, product_row, report_of, statement

from erp_desktop.reports.excel import HEADING_ROW, write_excel
from erp_desktop.reports.output import Cancelled, CannotWrite, complete_file
from erp_desktop.reports.report import Check, Column, ColumnKind, Row, Section

FIRST = HEADING_ROW + 2  # sheet row of the first line, counted from 1


def written(report, tmp_path, *, values=True, language="en"):
    path = tmp_path / "report.xlsx"
    write_excel(report, path, language=language, author="Li Wei")
    return openpyxl.load_workbook(path, data_only=values)


def column(sheet, letter):
    return [cell.value for cell in sheet[letter][FIRST - 1 :]]


def test_numbers_are_numbers_dates_are_dates_and_codes_stay_text(tmp_path):
    section = Section(COLUMNS, (product_row(7, code="00123"),))
    sheet = written(report_of(section), tmp_path).worksheets[0]
    code, name, day, qty, unit_cost, value, share = (cell.value for cell in sheet[FIRST])
    assert (code, name) == ("00123", "Bottle 7 ml")
    assert day == datetime(2026, 1, 8)  # noqa: DTZ001  a spreadsheet's date has no zone
    assert (qty, unit_cost, value, share) == (0.875, 1.234567, -2.41, 0.05)
    assert sheet[FIRST][2].number_format == "yyyy-mm-dd"
    assert sheet[FIRST][6].number_format == "0.0%"


def test_a_text_beside_figures_does_not_touch_them(tmp_path):
    columns = (Column("code", "Code", ColumnKind.TEXT), Column("qty", "Quantity", ColumnKind.QTY))
    columns += (Column("unit", "Unit", ColumnKind.TEXT),)
    section = Section(columns, (Row({"code": "BTL", "qty": Decimal(99), "unit": "PC"}),))
    sheet = written(report_of(section), tmp_path).worksheets[0]
    for line in (HEADING_ROW + 1, FIRST):
        assert (sheet[f"C{line}"].alignment.horizontal, sheet[f"C{line}"].alignment.indent) == ("left", 1)
        assert not sheet[f"A{line}"].alignment.indent


def test_subtotals_and_the_total_are_formulas_that_carry_their_value(tmp_path):
    report = grouped()
    section = report.sections[0]
    formulas = written(report, tmp_path, values=False).worksheets[0]
    values = openpyxl.load_workbook(tmp_path / "report.xlsx", data_only=True).worksheets[0]
    totals = [row for row in formulas.iter_rows(min_row=FIRST) if str(row[1].value).startswith("Total")]
    assert [row[1].value for row in totals] == ["Total Packaging", "Total Drinks", "Total 茶叶", "Total"]
    assert totals[0][6].value == f"=ROUND(SUBTOTAL(9,G{FIRST}:G{FIRST + 29}),2)"
    expected = [section.subtotal("value", section.rows[place].group) for place in (0, 30, 60)]
    shown = [values.cell(row[6].row, 7).value for row in totals]
    assert [Decimal(str(value)) for value in shown] == [*expected, section.total("value")]


def test_rows_that_add_up_others_are_formulas_with_signs(tmp_path):
    formulas = written(statement(), tmp_path, values=False).worksheets[0]
    net, gross = FIRST + 3, FIRST + 5
    assert formulas[f"B{net}"].value == f"=ROUND(SUM(B{FIRST + 1}:B{FIRST + 2}),2)"
    assert formulas[f"B{gross}"].value == f"=ROUND(B{net}-B{net + 1},2)"


def test_the_sheet_is_ready_to_use_and_to_print(tmp_path):
    book = written(grouped(), tmp_path)
    sheet = book.worksheets[0]
    assert sheet.freeze_panes == f"B{FIRST}"
    assert sheet.auto_filter.ref == f"A{HEADING_ROW + 1}:H{FIRST + 90 + 2}"
    assert sheet.print_title_rows == f"${HEADING_ROW + 1}:${HEADING_ROW + 1}"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0  # as many pages as it takes, one page wide
    assert sheet.oddFooter.right.text == "Page &P of &N"
    assert sheet.row_dimensions[FIRST].outlineLevel == 1
    assert sheet.column_dimensions["C"].width > 10
    assert not sheet.merged_cells.ranges
    assert (book.properties.title, book.properties.creator) == ("Sample report", "Li Wei")


def test_the_currencys_places_decide_the_format(tmp_path):
    section = Section((Column("value", "Value", ColumnKind.MONEY),), (Row({"value": Decimal(1200)}),))
    yen = written(report_of(section, currency="JPY", currency_places=0), tmp_path).worksheets[0]
    assert yen[f"A{FIRST}"].number_format.startswith("#,##0;")
    dinar = written(report_of(section, currency="KWD", currency_places=3), tmp_path).worksheets[0]
    assert dinar[f"A{FIRST}"].number_format.startswith("#,##0.000;")


def test_the_last_sheet_tells_parameters_checks_and_notes(tmp_path):
    checks = [
        Check("Agrees with the ledger", Decimal("10.00"), Decimal("10.00")),
        Check("Fails", Decimal(1), Decimal(3)),
    ]
    report = report_of(Section(COLUMNS, (product_row(1),)), checks=checks, notes=("Unit cost is rounded.",))
    about = written(report, tmp_path).worksheets[-1]
    text = [[cell.value for cell in row] for row in about.iter_rows()]
    assert [row[:2] for row in text if row[0] == "As of"] == [["As of", "2026-03-31"]]
    assert ["Agrees with the ledger", 10, 10, 0, "Agrees"] in text
    assert ["Fails", 1, 3, 2, "Does not agree"] in text
    assert ["Unit cost is rounded."] in [row[:1] for row in text]
    failing = openpyxl.load_workbook(tmp_path / "report.xlsx").worksheets[0]
    assert failing["A4"].value == "Does not agree: Fails"


def test_a_chinese_workbook_shows_chinese_names(tmp_path):
    sheet = written(grouped(), tmp_path, language="zh_CN").worksheets[0]
    assert sheet[f"A{FIRST}"].value == "包装"
    assert sheet[f"C{FIRST}"].value == "瓶子 0 毫升"
    assert sheet["A2"].value.startswith("阿克梅贸易有限公司")


FORMULAS = [
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(A1)",
    '=HYPERLINK("http://example.com","x")',
    "=cmd|' /C calc'!A0",
    "\t=1",
    "\r=1",
]
AWKWARD = [
    "<r>bold</r>",
    "<b>&amp;</b>",
    "_x0041_",
    "a\x00b\x0bc",
    "\ud800 half a pair",
    "http://example.com",
    "\ufffe\uffff",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦 family",
    "  spaces  ",
    "x" * 40_000,
]


def texts_of(tmp_path, texts, **more):
    section = Section((Column("text", "Text"),), tuple(Row({"text": text}) for text in texts))
    book = written(report_of(section, **more), tmp_path, values=False)
    return book.worksheets[0]["A"][FIRST - 1 :]


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    for cell, text in zip(texts_of(tmp_path, FORMULAS), FORMULAS, strict=True):
        assert cell.data_type == "s", text
        assert cell.value.strip() == text.strip()
        assert cell.quotePrefix or not text.startswith(("=", "+", "-", "@"))
    assert "<f>" not in zipfile.ZipFile(tmp_path / "report.xlsx").read("xl/worksheets/sheet1.xml").decode()


def test_awkward_text_neither_breaks_the_file_nor_becomes_something_else(tmp_path):
    cells = texts_of(tmp_path, AWKWARD)
    assert [cell.data_type for cell in cells] == ["s"] * len(AWKWARD)
    shown = [str(cell.value) for cell in cells]
    assert shown[:2] == AWKWARD[:2]
    assert shown[2] == "_x005F_x0041_"  # how the file format writes it, so that it is not read as the letter A
    assert shown[3] == "a□b c"
    assert shown[5] == "http://example.com"
    assert cells[5].hyperlink is None
    assert shown[7:9] == AWKWARD[7:9]
    assert len(shown[10]) == 32_767


def test_no_naughty_string_becomes_a_formula(tmp_path):
    folder = SHARED_DATA / "naughty_strings"
    if not folder.is_dir():
        pytest.skip("the collection of naughty strings is not on this machine")
    payloads = (folder / "csv_formula_payloads.txt").read_text("utf-8").splitlines()
    texts = [text for text in [*json.loads((folder / "blns.json").read_text("utf-8")), *payloads] if text]
    cells = texts_of(tmp_path, texts, title=texts[0][:50] or "x", company_name=texts[-1])
    assert len(cells) == len(texts)
    assert {cell.data_type for cell in cells} <= {"s", "n"}  # n: nothing but blanks
    with zipfile.ZipFile(tmp_path / "report.xlsx") as parts:
        for name in parts.namelist():
            if "sheet" in name:
                assert "<f>" not in parts.read(name).decode(), name


def test_every_digit_arrives_as_it_is(tmp_path):
    values = [
        Decimal("0.1"),
        Decimal("-0.01"),
        Decimal("1234567890123.45"),
        Decimal("0.0001"),
        Decimal("99999999999.9999"),
    ]
    section = Section((Column("value", "Value", ColumnKind.MONEY),), tuple(Row({"value": value}) for value in values))
    written(report_of(section), tmp_path)
    xml = zipfile.ZipFile(tmp_path / "report.xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert [Decimal(found) for found in re.findall(r"<v>([^<]*)</v>", xml)] == values


def test_a_number_that_excel_cannot_hold_is_text_with_a_note(tmp_path):
    large, huge = Decimal("92233720368547.7580"), Decimal("9" * 38)
    rows = (Row({"value": large}), Row({"value": huge}), Row({"value": Decimal("1.00")}))
    section = Section((Column("value", "Value", ColumnKind.MONEY),), rows, totals=("value",))
    book = written(report_of(section), tmp_path)
    sheet, about = book.worksheets[0], book.worksheets[-1]
    assert sheet[f"A{FIRST}"].value == "92,233,720,368,547.758"
    assert sheet[f"A{FIRST + 1}"].value == f"{huge:,}"
    assert sheet[f"A{FIRST + 2}"].value == 1
    notes = [row[0].value for row in about.iter_rows() if row[0].value and "more digits than Excel" in row[0].value]
    assert len(notes) == 3  # both figures and their total


@pytest.mark.parametrize("rows", [(), (product_row(0, qty=Decimal(0), value=Decimal(0)),)], ids=["empty", "zero"])
def test_an_empty_report_and_a_report_of_zeros_are_whole_workbooks(tmp_path, rows):
    sheet = written(report_of(Section(COLUMNS, rows, totals=("qty", "value"))), tmp_path).worksheets[0]
    total = sheet[sheet.max_row]
    assert total[0].value == "Total"
    assert (total[3].value, total[5].value) == (0, 0)


def test_several_sections_are_several_sheets_with_names_that_excel_takes(tmp_path):
    titles = ["Stock [all]: A/B?", "stock  all   A B ", "x" * 40, "x" * 40]
    sections = [Section(COLUMNS, (product_row(1),), title=title) for title in titles]
    names = written(report_of(*sections), tmp_path).sheetnames
    assert len(names) == 5
    assert len({name.lower() for name in names}) == 5
    assert all(len(name) <= 31 and not set("[]:*?/\\") & set(name) for name in names)


def test_stopping_leaves_no_file(tmp_path):
    path = tmp_path / "report.xlsx"
    path.write_text("yesterday's")
    with pytest.raises(Cancelled):
        write_excel(grouped(2000), path, language="en", progress=lambda done, _all: done < 1000)
    assert [file.name for file in tmp_path.iterdir()] == ["report.xlsx"]
    assert path.read_text() == "yesterday's"


def test_where_nothing_can_be_written_a_sentence_says_so(tmp_path):
    with pytest.raises(CannotWrite, match=r"report\.xlsx was not written: the folder .* does not exist"):
        write_excel(grouped(), tmp_path / "missing" / "report.xlsx", language="en")
    folder = tmp_path / "report.xlsx"
    folder.mkdir()
    with pytest.raises(CannotWrite, match="open in another program"):
        write_excel(grouped(), folder, language="en")
    assert [file.name for file in tmp_path.iterdir()] == ["report.xlsx"]


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    script = f"""
import resource, sys
sys.path.insert(0, {str(__file__.rpartition("/")[0])!r})
from pathlib import Path
from samples import grouped
from erp_desktop.reports.excel import write_excel
from erp_desktop.reports.output import CannotWrite
report = grouped(20000)
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_excel(report, Path({str(tmp_path / "report.xlsx")!r}), language="en")
except CannotWrite as problem:
    print(problem.sentence)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "report.xlsx was not written" in done.stdout, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_hundred_thousand_rows_take_no_memory_of_their_own(tmp_path):
    script = f"""
import resource, sys
sys.path.insert(0, {str(__file__.rpartition("/")[0])!r})
from pathlib import Path
from samples import COLUMNS, product_row, report_of
from erp_desktop.reports.excel import write_excel
from erp_desktop.reports.report import Section
few = report_of(Section(COLUMNS[3:6], tuple(product_row(n) for n in range(5_000)), totals=("value",)))
many = report_of(Section(COLUMNS[3:6], few.sections[0].rows * 20, totals=("value",)))
for report in (few, many):
    write_excel(report, Path({str(tmp_path / "report.xlsx")!r}), language="en")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    few, many = map(int, done.stdout.split())
    assert many < few + 20_000, (few, many)  # kilobytes


def test_a_table_without_words_says_total_in_its_first_column(tmp_path):
    columns = COLUMNS[3:6]
    report = report_of(Section(columns, (product_row(8), product_row(16)), totals=("value",)))
    sheet = written(report, tmp_path).worksheets[0]
    assert [cell.value for cell in sheet[sheet.max_row]][::2] == ["Total", -1.12]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (errno.EROFS, "you may not write there"),
        (errno.EACCES, "you may not write there"),
        (errno.EDQUOT, "the disk is full"),
        (errno.ENAMETOOLONG, "the name is too long"),
    ],
)
def test_why_a_file_was_not_written_is_told_in_the_programs_own_words(tmp_path, reason, told):
    with pytest.raises(CannotWrite) as caught, complete_file(tmp_path / "value.xlsx"):
        raise OSError(reason, os.strerror(reason))
    assert told in caught.value.sentence
    assert os.strerror(reason) not in caught.value.sentence


def test_a_long_heading_of_figures_stands_in_two_lines_and_the_column_is_as_wide_as_its_figures(tmp_path):
    columns = (Column("name", "Product"), Column("back", "Returned to suppliers", ColumnKind.MONEY))
    section = Section(columns, (Row({"name": "BOX", "back": Decimal("56.30")}),), totals=("back",))
    sheet = written(report_of(section), tmp_path).worksheets[0]
    assert sheet.column_dimensions["B"].width < 18
    assert sheet.row_dimensions[HEADING_ROW + 1].height == 30


def test_a_group_of_one_row_has_no_subtotal_that_says_the_same_again(tmp_path):
    rows = (product_row(1, group="Tea"), product_row(2, group="Boxes"), product_row(3, group="Boxes"))
    sheet = written(report_of(Section(COLUMNS, rows, totals=("value",))), tmp_path).worksheets[0]
    labels = [value for value in column(sheet, "B") if str(value).startswith("Total")]
    assert labels == ["Total Boxes", "Total"]
