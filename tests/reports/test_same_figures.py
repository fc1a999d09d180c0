"""Screen, Excel and PDF of one report show the same lines and the same figures, to the cent."""

import re
import shutil
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from samples import COLUMNS, PRINTED_AT, figures_in, grouped, pdf_text, product_row, report_of, statement

from erp_desktop.reports.excel import HEADING_ROW, write_excel
from erp_desktop.reports.json_output import report_as_json
from erp_desktop.reports.lines import LineKind
from erp_desktop.reports.numbers_format import format_money, format_percent, format_qty, plain_text, without_blanks
from erp_desktop.reports.pdf import write_pdf
from erp_desktop.reports.report import Check, Column, ColumnKind, Link, Row, Section, report_definition
from erp_desktop.reports.screen import ScreenModel

JANUARY, MARCH_ENDS = date(2026, 1, 1), date(2026, 3, 31)


def screen_figures(report):
    """Every figure with decimals on the screen, line by line."""
    rows = [row for section in ScreenModel(report, "en").sections for row in section.rows]
    return [figure for row in rows for text in row.texts for figure in figures_in(without_blanks(text))]


def excel_figures(path: Path, report):
    """The same from the workbook, cell values with the decimals that the screen shows are compared as numbers."""
    figures = []
    for sheet in openpyxl.load_workbook(path, data_only=True).worksheets[: len(report.sections)]:
        for row in sheet.iter_rows(min_row=HEADING_ROW + 2):
            figures += [Decimal(str(cell.value)) for cell in row if isinstance(cell.value, int | float)]
    return figures


def screen_numbers(report):
    numbers = []
    for section in ScreenModel(report, "en").sections:
        for row in section.rows:
            for text, column in zip(row.texts, section.columns, strict=True):
                if column.kind not in (ColumnKind.TEXT, ColumnKind.DATE) and text:
                    plain = without_blanks(text).replace(",", "").replace("–", "0")
                    numbers.append(Decimal(plain[:-1]) / 100 if plain.endswith("%") else Decimal(plain))
    return numbers


def all_three(report, tmp_path):
    write_excel(report, tmp_path / "report.xlsx", language="en")
    write_pdf(report, tmp_path / "report.pdf", language="en", printed_by="Li Wei", printed_at=PRINTED_AT)
    return tmp_path / "report.xlsx", tmp_path / "report.pdf"


REPORTS = {
    "grouped": lambda: grouped(90),
    "statement": statement,
    "negative": lambda: report_of(
        Section(
            COLUMNS,
            tuple(product_row(n, value=Decimal(-n) / 7 // Decimal("0.01") / 100) for n in range(40)),
            totals=("value",),
        )
    ),
    "empty": lambda: report_of(Section(COLUMNS, (), totals=("value", "qty"))),
}


@pytest.mark.parametrize("name", REPORTS)
def test_screen_excel_and_pdf_agree(tmp_path, name):
    report = REPORTS[name]()
    xlsx, pdf = all_three(report, tmp_path)
    assert excel_figures(xlsx, report) == screen_numbers(report)
    text = re.sub(r"^ *(Carried|Brought) forward.*$|^.*Figures include.*$", "", pdf_text(pdf), flags=re.MULTILINE)
    assert figures_in(text) == screen_figures(report)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("cost_composition", {"by": "month", "from": JANUARY}),
        ("cost_composition", {"by": "category", "from": JANUARY}),
        ("cost_layers", {}),
        ("cost_of_sales", {"by": "document", "from": JANUARY}),
        ("cost_of_sales", {"by": "customer", "monthly": True, "from": JANUARY}),
        ("inventory_reconciliation", {"from": JANUARY}),
        ("inventory_valuation", {}),
        ("landed_cost_allocation", {"from": JANUARY}),
        ("margin", {"by": "order", "from": JANUARY}),
        ("margin", {"by": "category", "from": JANUARY}),
        ("method_comparison", {"other": "lifo"}),
        ("purchase_price_variance", {"from": JANUARY}),
        ("stock_ledger", {"product": "BTL-500-C"}),
        ("trial_balance", {}),
        ("general_ledger", {}),
        ("income_statement", {"compare": True}),
        ("balance_sheet", {}),
    ],
)
def test_a_real_companys_reports_agree_everywhere(tmp_path, trade, name, parameters):
    report = report_definition(name).run(trade.session, trade.company_id, today=MARCH_ENDS, **parameters)
    xlsx, pdf = all_three(report, tmp_path)
    assert excel_figures(xlsx, report) == screen_numbers(report)
    text = re.sub(
        r"^ *(Carried|Brought) forward.*$|^.*Figures include.*$|IAS 2\.\d+", "", pdf_text(pdf), flags=re.MULTILINE
    )
    assert figures_in(text) == screen_figures(report)


def recalculated(path: Path, tmp_path: Path) -> Path:
    """The workbook as LibreOffice computes it, without the values that we wrote."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed (Debian: libreoffice-calc-nogui)")
    out = tmp_path / "recalculated"
    home = f"-env:UserInstallation={(tmp_path / 'office').as_uri()}"
    command = [
        "soffice",
        "--headless",
        home,
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        str(out),
        str(path),
    ]
    subprocess.run(command, capture_output=True, check=True, timeout=240)
    return out / path.name


def without_cached_values(path: Path) -> None:
    """Takes the values of all formulas away, so that only a real calculation can show them."""
    import zipfile

    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in parts.items():
            target.writestr(name, re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", data) if "worksheets" in name else data)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("method_comparison", {"other": "lifo"}), ("margin", {"by": "category", "from": JANUARY}), ("cost_layers", {})],
)
def test_libreoffice_computes_the_same_figures_of_costing(tmp_path, trade, name, parameters):
    report = report_definition(name).run(trade.session, trade.company_id, today=MARCH_ENDS, **parameters)
    write_excel(report, tmp_path / "report.xlsx", language="en")
    without_cached_values(tmp_path / "report.xlsx")
    shown = excel_figures(recalculated(tmp_path / "report.xlsx", tmp_path), report)
    assert [round(figure, 6) for figure in shown] == screen_numbers(report)


@pytest.mark.parametrize("name", ["grouped", "statement"])
def test_libreoffice_computes_the_same_totals(tmp_path, name):
    report = REPORTS[name]()
    checks = [Check("Agrees", Decimal("0.30"), Decimal("0.30")), Check("Fails", Decimal("0.30"), Decimal("0.31"))]
    report = report_of(*report.sections, checks=checks)
    xlsx, _ = all_three(report, tmp_path)
    without_cached_values(xlsx)
    computed = recalculated(xlsx, tmp_path)
    shown = [Decimal(str(figure)) for figure in excel_figures(computed, report)]
    assert [round(figure, 6) for figure in shown] == screen_numbers(report)
    about = openpyxl.load_workbook(computed, data_only=True).worksheets[-1]
    results = {row[0].value: row[4].value for row in about.iter_rows() if row[0].value in ("Agrees", "Fails")}
    assert results == {"Agrees": "Agrees", "Fails": "Does not agree"}


def test_libreoffice_adds_ten_thousand_awkward_cents_exactly(tmp_path):
    rows = tuple(product_row(n, value=Decimal(n * 7919 % 100_003) / 100) for n in range(10_000))
    report = report_of(Section(COLUMNS, rows, totals=("value",)))
    write_excel(report, tmp_path / "report.xlsx", language="en")
    without_cached_values(tmp_path / "report.xlsx")
    sheet = openpyxl.load_workbook(recalculated(tmp_path / "report.xlsx", tmp_path), data_only=True).worksheets[0]
    assert Decimal(str(sheet.cell(sheet.max_row, 6).value)) == report.sections[0].total("value")


@pytest.mark.parametrize("found", ["10.00", "10.01"])
def test_a_check_says_the_same_in_all_three(tmp_path, found):
    check = Check("Agrees with the ledger", Decimal("10.00"), Decimal(found))
    report = report_of(Section(COLUMNS, (product_row(1),)), checks=[check])
    xlsx, pdf = all_three(report, tmp_path)
    says = "Agrees" if check.holds else "Does not agree"
    screen = ScreenModel(report, "en").checks[0]
    assert (screen.holds, screen.text.startswith(says)) == (check.holds, True)
    assert screen.text in pdf_text(pdf)
    about = openpyxl.load_workbook(xlsx, data_only=True).worksheets[-1]
    assert [row[4].value for row in about.iter_rows() if row[0].value == check.text] == [says]


def test_the_screen_has_the_lines_links_and_alignment(tmp_path):
    link = Link("report", report="stock_ledger", parameters={"product": "P"})
    rows = (product_row(1, "A"), Row({"code": "P", "value": Decimal("1234.5")}, link=link, level=1, group="A"))
    section = ScreenModel(report_of(Section(COLUMNS, rows, totals=("value",))), "en").sections[0]
    assert [row.kind for row in section.rows] == [
        LineKind.GROUP,
        LineKind.DETAIL,
        LineKind.DETAIL,
        LineKind.SUBTOTAL,
        LineKind.TOTAL,
    ]
    assert [column.is_right for column in section.columns] == [False, False, True, True, True, True, True]
    assert section.rows[2].link is link
    assert section.rows[2].texts[5] == "1,234.50"
    assert section.rows[3].texts[0] == "Total A"


def test_quantities_leave_trailing_zeros_off_and_keep_the_point_in_line():
    column = (Column("qty", "Quantity", ColumnKind.QTY),)
    rows = tuple(Row({"qty": Decimal(value)}) for value in ("1200.000000", "0.250000", "-3.5"))
    texts = [row.texts[0] for row in ScreenModel(report_of(Section(column, rows)), "en").sections[0].rows]
    assert [without_blanks(text) for text in texts] == ["1,200", "0.25", "-3.5"]
    assert [len(text) - len(without_blanks(text)) for text in texts] == [3, 0, 1]


def test_numbers_and_texts_are_shown_as_agreed():
    assert format_money(Decimal("-1234.5"), 2, "en") == "-1,234.50"
    assert format_money(Decimal("1234.5600"), 0, "zh_CN") == "1,234.56"  # never rounded away
    assert format_money(Decimal("-0.00"), 2, "en") == "0.00"
    assert format_qty(Decimal("1200.000000"), "en") == "1,200"
    assert format_percent(Decimal("0.05"), "en") == "5.0%"
    assert format_money(Decimal("9" * 38), 2, "en").replace(",", "") == "9" * 38 + ".00"
    assert plain_text("a\nb\tc\x00") == "a b c□"


def test_json_has_every_digit_and_the_totals():
    import json

    report = grouped(9)
    data = json.loads(report_as_json(report))
    section = data["sections"][0]
    assert section["rows"][1]["unit_cost"] == "1.234567"
    assert section["rows"][0]["date"] == "2026-01-01"
    assert section["rows"][0]["group"] == "Packaging"
    assert Decimal(section["totals"]["value"]) == report.sections[0].total("value")
