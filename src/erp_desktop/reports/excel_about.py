"""The last sheet of a report's workbook: what the report is about, its checks with live differences, and its notes."""

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from erp_desktop.reports.excel_cells import MOST_DIGITS, ReportCells
from erp_desktop.reports.numbers_format import has_more_digits, places_of
from erp_desktop.reports.report import Check


def write_about(cells: ReportCells, sheet: Worksheet) -> None:
    """Parameters, checks with live differences, notes, and figures that Excel cannot hold as numbers."""
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, 4, 22)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_row(0, 21)
    cells.text(sheet, 0, 0, cells.title(cells.report.title), bold=True, font_size=14)
    row = 2
    of_books = [
        (cells.words.translate("Report", "Currency"), cells.report.currency),
        (cells.words.translate("Report", "Up to change"), str(cells.report.as_of_tick)),
    ]
    if not cells.report.currency:  # it has no figures of the books
        of_books = []
    facts = [
        (cells.words.translate("Report", "Company"), cells.company()),
        *of_books,
        *((cells.title(heading), cells.words.shown(value)) for heading, value in cells.report.parameters),
    ]
    for heading, value in facts:
        cells.text(sheet, row, 0, heading, bold=True)
        cells.text(sheet, row, 1, value)
        row += 1
    row = _checks(cells, sheet, row + 1)
    for note in cells.report.notes:
        cells.text(sheet, row, 0, cells.title(note))
        row += 1
    for name, cell, exact in cells.notes:
        text = cells.words.translate(
            "Report", "{sheet} {cell}: {figure} has more digits than Excel keeps, so it is text."
        )
        cells.text(sheet, row, 0, text.format(sheet=name, cell=cell, figure=exact))
        row += 1


def _checks(cells: ReportCells, sheet: Worksheet, row: int) -> int:
    if not cells.report.checks:
        return row
    headings = (
        cells.words.translate("Report", "Check"),
        cells.words.translate("Report", "Expected"),
        cells.words.translate("Report", "Found"),
        cells.words.translate("Report", "Difference"),
        cells.words.translate("Report", "Result"),
    )
    for column, heading in enumerate(headings):
        cells.text(sheet, row, column, heading, bold=True, bottom=1, align="right" if 1 <= column <= 3 else "left")
    for check in cells.report.checks:
        row += 1
        _check(cells, sheet, row, check)
    return row + 2


def _check(cells: ReportCells, sheet: Worksheet, row: int, check: Check) -> None:
    difference = check.found - check.expected
    places = max(cells.report.currency_places, *(places_of(v) for v in (check.expected, check.found)))
    digits = "#,##0" + ("." + "0" * places if places else "")
    look = {"num_format": f"{digits};-{digits};{digits}"}
    cells.text(sheet, row, 0, cells.title(check.text))
    cells.number(sheet, row, 1, check.expected, look)
    cells.number(sheet, row, 2, check.found, look)
    agrees = cells.words.translate("Report", "Agrees")
    differs = cells.words.translate("Report", "Does not agree")
    shown = agrees if check.holds else differs
    expected, found, cell = (xl_rowcol_to_cell(row, column) for column in (1, 2, 3))
    if any(has_more_digits(figure, MOST_DIGITS) for figure in (check.expected, check.found)):
        cells.number(sheet, row, 3, difference, look)
        cells.text(sheet, row, 4, shown, bold=True)
        return
    sheet.write_formula(row, 3, f"=ROUND({found}-{expected},{places})", cells.format(**look), difference)
    result = f'=IF({cell}=0,"{agrees}","{differs}")'
    sheet.write_formula(row, 4, result, cells.format(bold=True), shown)
