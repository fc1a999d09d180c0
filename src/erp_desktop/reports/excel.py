"""A report as an Excel workbook: numbers are numbers, dates dates, and every subtotal and total a live formula.

Rows are written one after another in constant memory. Each formula carries its computed value, so that viewers that do not
calculate show the same figure. Here: the workbook and its sheets of rows. Not here: single cells (excel_cells.py), formulas and
number formats (excel_sheet.py), the sheet that says what the report is about (excel_about.py).
"""

from contextlib import suppress
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from erp_desktop.reports.excel_about import write_about
from erp_desktop.reports.excel_cells import MOST_DIGITS, ReportCells
from erp_desktop.reports.excel_sheet import Sheet
from erp_desktop.reports.lines import Line, LineKind, lines_of, total_columns
from erp_desktop.reports.numbers_format import digits_wide, has_more_digits, plain_text, section_format
from erp_desktop.reports.output import Cancelled, Progress, complete_file, go_on
from erp_desktop.reports.report import Column, ColumnKind, Report, Section
from erp_desktop.reports.words import Words, words

LARGEST_SHEET = 1_048_576  # rows
HEADING_ROW = 4  # of every sheet of rows; what stands above it is title, company, as-of and checks
PROGRESS_EVERY = 500
WIDTHS = {ColumnKind.DATE: 12.0, ColumnKind.PERCENT: 10.0, ColumnKind.INTEGER: 10.0}
LONGEST_HEADING = 11  # of a figure, in digits; a longer one stands in two lines
LINE_HEIGHT = 15.0


def write_excel(report: Report, path: Path, *, language: str, author: str = "", progress: Progress = go_on) -> None:
    """Writes `report` to `path` (.xlsx). Raises CannotWrite, or Cancelled when `progress` says so."""
    with complete_file(path) as part, TemporaryDirectory(prefix="erp-excel-") as rows_folder:
        workbook = Workbook(str(part), {"constant_memory": True, "tmpdir": rows_folder})
        try:
            _Writer(report, workbook, words(language), author, progress).write()
            workbook.close()
        except FileCreateError as problem:
            cause = problem.args[0] if problem.args else None
            raise (cause if isinstance(cause, OSError) else OSError(0, str(problem))) from problem
        finally:
            _let_go(workbook)


def _let_go(workbook: Workbook) -> None:
    """Closes the files that hold the rows so far, where the workbook was not completed."""
    workbook.fileclosed = True
    for worksheet in workbook.worksheets():
        if worksheet.row_data_fh and not worksheet.row_data_fh.closed:
            with suppress(OSError):
                worksheet.row_data_fh.close()


class _Writer:
    def __init__(
        self, report: Report, workbook: Workbook, language_words: Words, author: str, progress: Progress
    ) -> None:
        self.report = report
        self.workbook = workbook
        self.words = language_words
        self.author = author
        self.progress = progress
        self.done = 0
        self.all = sum(len(section.rows) for section in report.sections)
        self.cells = ReportCells(report, workbook, language_words)

    def write(self) -> None:
        self._properties()
        names = self._sheet_names()
        for section, name in zip(self.report.sections, names, strict=True):
            self._section(section, self.workbook.add_worksheet(name))
        about = self._free_name(self.words.translate("Report", "About"), names)
        write_about(self.cells, self.workbook.add_worksheet(about))

    def _properties(self) -> None:
        self.workbook.set_properties(
            {
                "title": plain_text(self.cells.title(self.report.title)),
                "company": plain_text(self.cells.company()),
                "author": plain_text(self.author),
                "subject": ", ".join(self.words.fact(heading, value) for heading, value in self.report.parameters),
                "keywords": f"{self.report.name}, {self.report.currency}, {self.report.as_of_tick}",
                "comments": self.cells.as_of(),
            }
        )
        self.workbook.set_calc_mode("auto")

    def _sheet_names(self) -> list[str]:
        names: list[str] = []
        for section in self.report.sections:
            names.append(self._free_name(self.words.heading(section.title or self.report.title), names))
        return names

    @staticmethod
    def _free_name(wanted: str, taken: list[str]) -> str:
        """A sheet name that Excel accepts: 31 characters, none of []:*?/\\, not twice."""
        clean = "".join(" " if mark in "[]:*?/\\'" else mark for mark in plain_text(wanted)).strip()[:31] or "1"
        name, number = clean, 2
        while name.lower() in {other.lower() for other in taken}:
            name, number = f"{clean[:27]} {number}", number + 1
        return name

    # -- sheets

    def _section(self, section: Section, worksheet: Worksheet) -> None:
        shown = section_format(section, self.report.currency_places, self.words.language)
        has_group = any(row.group for row in section.rows)
        sheet = Sheet(worksheet, section, shown, HEADING_ROW + 1, has_group)
        sheet.group_starts = sheet.first_row
        self._print_set_up(sheet)
        self._widths(sheet)
        self._top(sheet)
        if any(row.sums for row in section.rows):
            sheet.place_rows(self.words)
        self._headings(sheet)
        row = sheet.first_row
        for line in lines_of(section, self.words):
            if line.kind is LineKind.GROUP:
                sheet.group_starts = row
                continue
            if row >= LARGEST_SHEET:
                raise OSError(0, self.words.translate("Report", "an Excel sheet ends at row 1,048,576"))
            self._line(sheet, row, line)
            row += 1
        last = max(row - 1, HEADING_ROW)
        data_end = last - 1 if total_columns(section) and last > HEADING_ROW else last
        worksheet.autofilter(HEADING_ROW, 0, max(data_end, HEADING_ROW), sheet.last_column)

    def _print_set_up(self, sheet: Sheet) -> None:
        worksheet = sheet.worksheet
        worksheet.set_landscape()
        worksheet.set_paper(9)  # A4
        worksheet.fit_to_pages(1, 0)
        worksheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        worksheet.repeat_rows(HEADING_ROW)
        worksheet.freeze_panes(HEADING_ROW + 1, 1)
        worksheet.outline_settings(True, True, True, False)
        page = self.words.translate("Report", "Page {page} of {pages}").format(page="&P", pages="&N")
        title = plain_text(self.cells.title(self.report.title)).replace("&", "&&")[:100]
        company = plain_text(self.cells.company()).replace("&", "&&")[:100]
        worksheet.set_footer(f"&L{company} · {title}&R{page}")

    def _widths(self, sheet: Sheet) -> None:
        if sheet.has_group_column:
            groups = {self.words.shown(row.group) for row in sheet.section.rows}
            sheet.worksheet.set_column(0, 0, _width([self.cells.title(sheet.section.group_heading), *groups]))
        for index, column in sheet.columns:
            heading = self.cells.title(column.heading)
            if column.kind is not ColumnKind.TEXT:
                heading = _longer_line(heading)
            if column.kind in WIDTHS:
                sheet.worksheet.set_column(index, index, max(WIDTHS[column.kind], _width([heading])))
                continue
            texts = (
                sheet.shown.text(column.kind, column.name, self.words.shown(row.cells.get(column.name)))
                for row in sheet.section.rows
            )
            longest = max(texts, key=digits_wide, default="")
            room = 3 if column.name in total_columns(sheet.section) else 0  # totals are longer than what they add up
            room += 2 if sheet.follows_figures(column) else 0
            sheet.worksheet.set_column(index, index, _width([heading, longest]) + room)

    def _top(self, sheet: Sheet) -> None:
        worksheet = sheet.worksheet
        title = self.cells.title(self.report.title)
        if sheet.section.title:
            title = f"{title} – {self.words.heading(sheet.section.title)}"
        worksheet.set_row(0, 21)
        self.cells.text(worksheet, 0, 0, title, bold=True, font_size=14)
        parameters = "  ".join(self.words.fact(heading, value) for heading, value in self.report.parameters)
        self.cells.text(worksheet, 1, 0, f"{self.cells.company()}  {self.report.currency}  {parameters}")
        failing = [check for check in self.report.checks if not check.holds]
        self.cells.text(worksheet, 2, 0, self.cells.as_of())
        if failing:
            text = self.words.translate("Report", "Does not agree: {checks}")
            names = "; ".join(self.cells.title(check.text) for check in failing)
            self.cells.text(worksheet, 3, 0, text.format(checks=names), bold=True, font_color="#B3161B")

    def _headings(self, sheet: Sheet) -> None:
        look: dict[str, Any] = {"bold": True, "bottom": 1, "text_wrap": True}
        headings = (
            self.cells.title(column.heading) for _, column in sheet.columns if column.kind is not ColumnKind.TEXT
        )
        if any(_longer_line(heading) != heading for heading in headings):
            sheet.worksheet.set_row(HEADING_ROW, 2 * LINE_HEIGHT)
        if sheet.has_group_column:
            self.cells.text(sheet.worksheet, HEADING_ROW, 0, self.cells.title(sheet.section.group_heading), **look)
        for index, column in sheet.columns:
            align = "left" if column.kind is ColumnKind.TEXT else "right"
            stands_in = {"indent": 1} if sheet.follows_figures(column) else {}
            self.cells.text(
                sheet.worksheet, HEADING_ROW, index, self.cells.title(column.heading), align=align, **look, **stands_in
            )

    def _line(self, sheet: Sheet, row: int, line: Line) -> None:
        if line.row is not None:
            self.done += 1
            if self.done % PROGRESS_EVERY == 0 and not self.progress(self.done, self.all):
                raise Cancelled
        if sheet.has_group_column and line.kind not in (LineKind.SUBTOTAL, LineKind.TOTAL):
            sheet.worksheet.set_row(row, None, None, {"level": 1})
        if line.kind is LineKind.DETAIL:
            if sheet.detail_runs and sheet.detail_runs[-1][1] == row - 1:
                sheet.detail_runs[-1] = (sheet.detail_runs[-1][0], row)
            else:
                sheet.detail_runs.append((row, row))
        if sheet.has_group_column and line.group and line.kind is not LineKind.SUBTOTAL:
            self.cells.text(sheet.worksheet, row, 0, line.group)
        elif sheet.has_group_column:
            sheet.worksheet.write_blank(row, 0, None, self.cells.format(**sheet.look(line)))
        for index, column in sheet.columns:
            self._cell(sheet, row, index, column, line)

    def _cell(self, sheet: Sheet, row: int, index: int, column: Column, line: Line) -> None:
        value = line.cells.get(column.name)
        properties = sheet.cell_format(column, line)
        if value is None:
            if line.kind in (LineKind.SUBTOTAL, LineKind.TOTAL):
                sheet.worksheet.write_blank(row, index, None, self.cells.format(**properties))
            return
        if isinstance(value, str):
            self.cells.text(sheet.worksheet, row, index, value, **properties)
        elif isinstance(value, date):
            sheet.worksheet.write_datetime(row, index, value, self.cells.format(**properties))
        else:
            formula = sheet.formula(row, index, column, line, value)
            if formula and not has_more_digits(value, MOST_DIGITS):
                sheet.worksheet.write_formula(row, index, formula, self.cells.format(**properties), value)
            else:
                self.cells.number(sheet.worksheet, row, index, value, properties)


def _longer_line(heading: str) -> str:
    """The longer line of a figure's heading, once it is broken into two where it is longer than figures are."""
    words = heading.split()
    if digits_wide(heading) <= LONGEST_HEADING or len(words) < 2:
        return heading
    breaks = ((" ".join(words[:place]), " ".join(words[place:])) for place in range(1, len(words)))
    return min((max(lines, key=digits_wide) for lines in breaks), key=digits_wide)


def _width(texts: list[str]) -> float:
    return min(60.0, max(8.0, max(map(digits_wide, texts)) * 1.05 + 2))
