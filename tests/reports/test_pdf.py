"""PDF: real text in embedded fonts, headings and carried amounts on every page, and the figures of the report."""

import json
import re
import shutil
import subprocess
from decimal import Decimal

import pytest
from samples import (
    COLUMNS,
    PRINTED_AT,
    SHARED_DATA,
    grouped,
    outline_titles,
    pdf_text,
    product_row,
    report_of,
    statement,
)

from erp_desktop.reports.output import Cancelled, CannotWrite
from erp_desktop.reports.paper import load_fonts, text_width, wrapped
from erp_desktop.reports.pdf import write_pdf
from erp_desktop.reports.report import Check, Column, ColumnKind, Row, Section


def printed(report, tmp_path, *, language="en", **more):
    path = tmp_path / "report.pdf"
    write_pdf(report, path, language=language, printed_by="Li Wei 李伟", printed_at=PRINTED_AT, **more)
    return path


def pages_of(path):
    return pdf_text(path).split("\f")[:-1]


def tool(*command):
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed (Debian: poppler-utils)")
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_every_page_has_headings_its_number_and_who_printed_it(tmp_path):
    pages = pages_of(printed(grouped(200), tmp_path))
    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        assert re.search(r"Code +Product +Date +Quantity", page)
        assert f"Page {number} of {len(pages)}" in page
        assert "Printed by Li Wei 李伟 on 2026-03-31 18:00." in page
        assert "Figures include everything up to change 42." in page
        assert "Acme Trading & Co" in page


def test_amounts_are_carried_from_page_to_page(tmp_path):
    report = grouped(200)
    pages = pages_of(printed(report, tmp_path))
    carried = [re.search(r"Carried forward +([\d,.]+) +([\d,.-]+)", page) for page in pages[:-1]]
    brought = [re.search(r"Brought forward +([\d,.]+) +([\d,.-]+)", page) for page in pages[1:]]
    assert [found.groups() for found in carried] == [found.groups() for found in brought]
    rows = report.sections[0].rows
    on_first_page = len(re.findall(r"P-\d{5}", pages[0]))
    value = sum(row.cells["value"] for row in rows[:on_first_page])
    assert Decimal(carried[0].group(2).replace(",", "")) == value
    assert "Carried forward" not in pages[-1]


@pytest.mark.parametrize("count", range(36, 60))
def test_a_total_never_stands_alone_on_a_page(tmp_path, count):
    rows = tuple(product_row(number) for number in range(count))
    pages = pages_of(printed(report_of(Section(COLUMNS, rows, totals=("qty", "value"))), tmp_path))
    total = next(page for page in pages if re.search(r"^ *Total ", page, re.MULTILINE))
    assert re.search(r"P-\d{5}", total)


def test_chinese_text_can_be_copied_and_fonts_are_embedded_subsets(tmp_path):
    path = printed(grouped(), tmp_path, language="zh_CN")
    text = pdf_text(path)
    assert "阿克梅贸易有限公司" in text
    assert "瓶子 89 毫升" in text
    fonts = tool("pdffonts", str(path)).splitlines()[2:]
    assert len(fonts) == 2
    assert all(re.search(r"NotoSansSC-\w+ +TrueType +\S+ +yes yes yes", line) for line in fonts)


def test_bookmarks_lead_to_sections_and_groups(tmp_path):
    titles = outline_titles(printed(grouped(), tmp_path))
    assert titles == ["Sample report", "Packaging", "Drinks", "茶叶"]


def test_a_wide_report_lies_across(tmp_path):
    narrow = tool("pdfinfo", str(printed(statement(), tmp_path)))
    assert re.search(r"Page size: +595.* x 841", narrow)
    columns = tuple(Column(f"c{n}", f"Column {n}", ColumnKind.MONEY) for n in range(12))
    wide = Section(columns, (Row({column.name: Decimal(1234567) for column in columns}),))
    assert re.search(r"Page size: +841.* x 595", tool("pdfinfo", str(printed(report_of(wide), tmp_path))))


def test_very_many_columns_still_fit_between_the_margins(tmp_path):
    columns = tuple(Column(f"c{n}", f"A rather long heading {n}", ColumnKind.MONEY) for n in range(30))
    row = Row({column.name: Decimal("-1234567.89") for column in columns})
    text = pdf_text(printed(report_of(Section(columns, (row,))), tmp_path))
    assert "-1,234,567.89" in text or text.count("1,234,") >= 29


def test_statements_show_a_dash_for_zero_and_lists_zeros(tmp_path):
    text = pdf_text(printed(statement(), tmp_path))
    assert re.search(r"Sales returns +–", text)
    assert re.search(r"Gross profit +40\.10", text)
    zero = Section(COLUMNS, (product_row(0, value=Decimal(0)),))
    assert re.search(r"1\.234567 +0\.00", pdf_text(printed(report_of(zero), tmp_path)))


def test_an_empty_report_says_so(tmp_path):
    text = pdf_text(printed(report_of(Section(COLUMNS, (), totals=("value",)), notes=("A note.",)), tmp_path))
    assert re.search(r"Total +0\.00", text)
    assert "A note." in text
    assert "Nothing to show." in pdf_text(printed(report_of(Section(COLUMNS[:3], ())), tmp_path))


def test_a_failing_check_stands_at_the_top_with_both_figures(tmp_path):
    checks = [
        Check("Agrees with the ledger", Decimal("10.00"), Decimal("9.99")),
        Check("Adds up", Decimal(1), Decimal(1)),
    ]
    text = pdf_text(printed(report_of(Section(COLUMNS, ()), checks=checks), tmp_path))
    assert "Does not agree: Agrees with the ledger. Expected 10.00, found 9.99." in text
    assert "Agrees: Adds up" in text


def test_long_text_wraps_and_none_of_it_is_lost(tmp_path):
    name = "聚对苯二甲酸乙二醇酯透明瓶，500 毫升，" * 8 + "the end"
    section = Section(COLUMNS, (product_row(1, name=name), product_row(2, name="Q" * 300)))
    text = pdf_text(printed(report_of(section), tmp_path))
    assert "the end" in text
    assert text.count("Q") == 301  # one in the heading Quantity
    assert text.count("聚") == 8


def test_a_text_of_many_pages_is_cut_with_an_ellipsis(tmp_path):
    section = Section(COLUMNS, (product_row(1, name="word " * 5000), product_row(2)))
    text = pdf_text(printed(report_of(section), tmp_path))
    assert "P-00002" in text


def test_awkward_characters_are_printed_or_replaced(tmp_path):
    names = [
        "<b>bold</b> & 'quotes'",
        "مرحبا بالعالم",
        "👩‍👩‍👧‍👦 family",
        "a\x00b\x1bc",
        "\ud800",
        "line\nbreak",
        "(par\\en)",
    ]
    section = Section(COLUMNS, tuple(product_row(number, name=name) for number, name in enumerate(names)))
    text = pdf_text(printed(report_of(section, title="T <1> & 2"), tmp_path))
    assert "<b>bold</b> & 'quotes'" in text
    assert "a□b□c" in text
    assert "line break" in text
    assert "(par\\en)" in text
    assert "T <1> & 2" in text


def test_no_naughty_string_stops_the_printer(tmp_path):
    strings = SHARED_DATA / "naughty_strings" / "blns.json"
    if not strings.is_file():
        pytest.skip("the collection of naughty strings is not on this machine")
    rows = tuple(product_row(number, name=text) for number, text in enumerate(json.loads(strings.read_text("utf-8"))))
    pages = pages_of(printed(report_of(Section(COLUMNS, rows, totals=("value",))), tmp_path))
    assert len(set(re.findall(r"P-\d{5}", "".join(pages)))) == len(rows)


def test_stopping_leaves_no_file(tmp_path):
    for stop_after in (1000, 2500):  # while laying out, while drawing
        with pytest.raises(Cancelled):
            printed(grouped(2000), tmp_path, progress=lambda done, _all, stop=stop_after: done < stop)
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_a_sentence_says_so(tmp_path):
    with pytest.raises(CannotWrite, match="does not exist"):
        write_pdf(statement(), tmp_path / "missing" / "a.pdf", language="en")


def test_lines_break_at_spaces_and_between_chinese_characters_never_before_punctuation():
    load_fonts()
    text = "透明瓶，五百毫升。Bottle 500 ml clear"
    for width in range(20, 200, 7):
        lines = wrapped(text, width, 9)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all(text_width(line, 9) <= width + 0.01 or len(line) <= 3 for line in lines)
        assert not any(line[0] in "，。" for line in lines)
