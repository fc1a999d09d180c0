"""A report as an Excel workbook: numbers are numbers, dates dates, and every subtotal and total a live formula.

Rows are written one after another in constant memory. A number goes into the file digit by digit as it is; one with
more than the 15 digits that Excel can hold is written as text with a note, never rounded. Each formula carries its
computed value, so that viewers that do not calculate show the same figure.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape

from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_range, xl_rowcol_to_cell
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from erp_desktop.reports.lines import Line, LineKind, label_column, lines_of, total_columns
from erp_desktop.reports.numbers_format import (
    SectionFormat,
    digits_wide,
    format_number,
    has_more_digits,
    places_of,
    plain_text,
    section_format,
)
from erp_desktop.reports.output import Cancelled, Progress, complete_file, go_on
from erp_desktop.reports.report import Check, Column, ColumnKind, Report, Section
from erp_desktop.reports.words import Words, words

LARGEST_TEXT = 32_767  # characters in a cell
LARGEST_SHEET = 1_048_576  # rows
MOST_DIGITS = 15
HEADING_ROW = 4  # of every sheet of rows; what stands above it is title, company, as-of and checks
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PROGRESS_EVERY = 500
WIDTHS = {ColumnKind.DATE: 12.0, ColumnKind.PERCENT: 10.0, ColumnKind.INTEGER: 10.0}
LONGEST_HEADING = 11  # of a figure, in digits; a longer one stands in two lines
LINE_HEIGHT = 15.0

_BOLD = {LineKind.SUBTOTAL, LineKind.TOTAL, LineKind.SUM, LineKind.HEADING}


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


@dataclass
class _Sheet:
    """A sheet being written: where its columns and the rows of its section are."""

    worksheet: Worksheet
    section: Section
    shown: SectionFormat
    first_row: int
    has_group_column: bool
    excel_row: dict[int, int] = field(default_factory=dict)  # section row -> sheet row, where rows add up rows
    group_starts: int = 0
    detail_runs: list[tuple[int, int]] = field(default_factory=list)

    @property
    def columns(self) -> list[tuple[int, Column]]:
        return list(enumerate(self.section.columns, start=1 if self.has_group_column else 0))

    def follows_figures(self, column: Column) -> bool:
        """A text right of a column of figures would touch them: it stands in by one."""
        place = self.section.columns.index(column)
        before = self.section.columns[place - 1].kind if place else ColumnKind.TEXT
        return column.kind is ColumnKind.TEXT and before is not ColumnKind.TEXT


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
        self.formats: dict[tuple[Any, ...], Format] = {}
        self.notes: list[tuple[str, str, str]] = []  # sheet, cell and exact figure of numbers that Excel cannot hold

    def write(self) -> None:
        self._properties()
        names = self._sheet_names()
        for section, name in zip(self.report.sections, names, strict=True):
            self._section(section, self.workbook.add_worksheet(name))
        self._about(self.workbook.add_worksheet(self._free_name(self.words.translate("Report", "About"), names)))

    def _properties(self) -> None:
        self.workbook.set_properties(
            {
                "title": plain_text(self._title(self.report.title)),
                "company": plain_text(self._company()),
                "author": plain_text(self.author),
                "subject": ", ".join(self.words.fact(heading, value) for heading, value in self.report.parameters),
                "keywords": f"{self.report.name}, {self.report.currency}, {self.report.as_of_tick}",
                "comments": self._as_of(),
            }
        )
        self.workbook.set_calc_mode("auto")

    def _title(self, source: str) -> str:
        return self.words.translate("Report", source)

    def _company(self) -> str:
        return self.words.name(self.report.company_name, self.report.company_name_zh)

    def _as_of(self) -> str:
        text = self.words.translate("Report", "Figures include everything up to change {tick}.")
        return text.format(tick=self.report.as_of_tick)

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

    # formats

    def _format(self, **properties: Any) -> Format:
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.workbook.add_format({"font_name": "Calibri", "valign": "top", **properties})
        return self.formats[key]

    @staticmethod
    def _look(line: Line) -> dict[str, Any]:
        """What sets totals apart, whatever the column."""
        properties: dict[str, Any] = {}
        if line.kind in _BOLD:
            properties["bold"] = True
        if line.kind in (LineKind.SUBTOTAL, LineKind.TOTAL) or (line.kind is LineKind.SUM and line.level == 0):
            properties["top"] = 1
        if line.kind is LineKind.TOTAL:
            properties["bottom"] = 6
        return properties

    def _cell_format(self, sheet: _Sheet, column: Column, line: Line) -> dict[str, Any]:
        properties = self._look(line)
        if column is label_column(sheet.section) and line.level:
            properties |= {"indent": min(line.level, 15), "align": "left"}  # only what is aligned stands in
        elif sheet.follows_figures(column):
            properties |= {"indent": 1, "align": "left"}
        number_format = self._number_format(sheet, column, line.cells.get(column.name))
        if number_format:
            properties["num_format"] = number_format
        return properties

    @staticmethod
    def _number_format(sheet: _Sheet, column: Column, value: Any) -> str:
        if column.kind is ColumnKind.TEXT or isinstance(value, str):
            return ""
        if column.kind is ColumnKind.DATE:
            return "yyyy-mm-dd"
        if column.kind is ColumnKind.INTEGER:
            return "0"
        if column.kind is ColumnKind.PERCENT:
            return "0.0%"
        places = 0 if value is None else sheet.shown.places(column.name, value)
        missing = sheet.shown.most[column.name] - places
        blanks = ("" if places or not missing else "_.") + "_0" * missing  # keep the points of a column in line
        digits = "#,##0" + ("." + "0" * places if places else "") + blanks
        dash = ';"–"' if sheet.shown.zero_as_dash else f";{digits}"
        return f"{digits};-{digits}{dash}"

    # cells

    def _text(self, sheet: Worksheet, row: int, column: int, text: str, **properties: Any) -> None:
        """Text is only ever text: no formula, no link, and it stays text when a person edits the cell."""
        shown = plain_text(text)
        if len(shown) > LARGEST_TEXT:
            shown = shown[: LARGEST_TEXT - 1] + "…"
        if shown.startswith(FORMULA_STARTS):
            properties["quote_prefix"] = True
        if shown.startswith("<r>") and shown.endswith("</r>"):  # the library would take it for its own rich text
            shown = f'<r><t xml:space="preserve">{escape(shown)}</t></r>'
        sheet.write_string(row, column, shown, self._format(**properties))

    def _number(
        self, sheet: Worksheet, row: int, column: int, value: Decimal | int, properties: dict[str, Any]
    ) -> None:
        if has_more_digits(value, MOST_DIGITS):
            exact = format_number(value, 0, self.words.language)
            self.notes.append((sheet.get_name(), xl_rowcol_to_cell(row, column), exact))
            self._text(sheet, row, column, exact, **{**properties, "align": "right", "num_format": "@"})
            return
        sheet.write_number(row, column, Decimal(value), self._format(**properties))

    # sheets

    def _section(self, section: Section, worksheet: Worksheet) -> None:
        shown = section_format(section, self.report.currency_places, self.words.language)
        has_group = any(row.group for row in section.rows)
        sheet = _Sheet(worksheet, section, shown, HEADING_ROW + 1, has_group)
        sheet.group_starts = sheet.first_row
        self._print_set_up(sheet)
        self._widths(sheet)
        self._top(sheet)
        if any(row.sums for row in section.rows):
            self._place_rows(sheet)
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
        worksheet.autofilter(HEADING_ROW, 0, max(data_end, HEADING_ROW), self._last_column(sheet))

    @staticmethod
    def _last_column(sheet: _Sheet) -> int:
        return sheet.columns[-1][0]

    def _place_rows(self, sheet: _Sheet) -> None:
        row = sheet.first_row
        for line in lines_of(sheet.section, self.words):
            if line.row_index is not None:
                sheet.excel_row[line.row_index] = row
            if line.kind is not LineKind.GROUP:
                row += 1

    def _print_set_up(self, sheet: _Sheet) -> None:
        worksheet = sheet.worksheet
        worksheet.set_landscape()
        worksheet.set_paper(9)  # A4
        worksheet.fit_to_pages(1, 0)
        worksheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        worksheet.repeat_rows(HEADING_ROW)
        worksheet.freeze_panes(HEADING_ROW + 1, 1)
        worksheet.outline_settings(True, True, True, False)
        page = self.words.translate("Report", "Page {page} of {pages}").format(page="&P", pages="&N")
        title = plain_text(self._title(self.report.title)).replace("&", "&&")[:100]
        company = plain_text(self._company()).replace("&", "&&")[:100]
        worksheet.set_footer(f"&L{company} · {title}&R{page}")

    def _widths(self, sheet: _Sheet) -> None:
        if sheet.has_group_column:
            groups = {self.words.shown(row.group) for row in sheet.section.rows}
            sheet.worksheet.set_column(0, 0, _width([self._title(sheet.section.group_heading), *groups]))
        for index, column in sheet.columns:
            heading = self._title(column.heading)
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

    def _top(self, sheet: _Sheet) -> None:
        worksheet = sheet.worksheet
        title = self._title(self.report.title)
        if sheet.section.title:
            title = f"{title} – {self.words.heading(sheet.section.title)}"
        worksheet.set_row(0, 21)
        self._text(worksheet, 0, 0, title, bold=True, font_size=14)
        parameters = "  ".join(self.words.fact(heading, value) for heading, value in self.report.parameters)
        self._text(worksheet, 1, 0, f"{self._company()}  {self.report.currency}  {parameters}")
        failing = [check for check in self.report.checks if not check.holds]
        self._text(worksheet, 2, 0, self._as_of())
        if failing:
            text = self.words.translate("Report", "Does not agree: {checks}")
            names = "; ".join(self._title(check.text) for check in failing)
            self._text(worksheet, 3, 0, text.format(checks=names), bold=True, font_color="#B3161B")

    def _headings(self, sheet: _Sheet) -> None:
        look: dict[str, Any] = {"bold": True, "bottom": 1, "text_wrap": True}
        headings = (self._title(column.heading) for _, column in sheet.columns if column.kind is not ColumnKind.TEXT)
        if any(_longer_line(heading) != heading for heading in headings):
            sheet.worksheet.set_row(HEADING_ROW, 2 * LINE_HEIGHT)
        if sheet.has_group_column:
            self._text(sheet.worksheet, HEADING_ROW, 0, self._title(sheet.section.group_heading), **look)
        for index, column in sheet.columns:
            align = "left" if column.kind is ColumnKind.TEXT else "right"
            stands_in = {"indent": 1} if sheet.follows_figures(column) else {}
            self._text(
                sheet.worksheet, HEADING_ROW, index, self._title(column.heading), align=align, **look, **stands_in
            )

    def _line(self, sheet: _Sheet, row: int, line: Line) -> None:
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
            self._text(sheet.worksheet, row, 0, line.group)
        elif sheet.has_group_column:
            sheet.worksheet.write_blank(row, 0, None, self._format(**self._look(line)))
        for index, column in sheet.columns:
            self._cell(sheet, row, index, column, line)

    def _cell(self, sheet: _Sheet, row: int, index: int, column: Column, line: Line) -> None:
        value = line.cells.get(column.name)
        properties = self._cell_format(sheet, column, line)
        if value is None:
            if line.kind in (LineKind.SUBTOTAL, LineKind.TOTAL):
                sheet.worksheet.write_blank(row, index, None, self._format(**properties))
            return
        if isinstance(value, str):
            self._text(sheet.worksheet, row, index, value, **properties)
        elif isinstance(value, date):
            sheet.worksheet.write_datetime(row, index, value, self._format(**properties))
        else:
            formula = self._formula(sheet, row, index, column, line, value)
            if formula and not has_more_digits(value, MOST_DIGITS):
                sheet.worksheet.write_formula(row, index, formula, self._format(**properties), value)
            else:
                self._number(sheet.worksheet, row, index, value, properties)

    def _formula(self, sheet: _Sheet, row: int, index: int, column: Column, line: Line, value: Decimal) -> str:
        """SUBTOTAL(9) follows the filter and leaves other subtotals out; ROUND drops the binary dust of a long sum."""
        places = max(sheet.shown.most.get(column.name, 0), places_of(value))
        if line.kind is LineKind.SUM and line.row is not None:
            return self._sum_of_rows(sheet, index, line, places)
        if line.kind is LineKind.SUBTOTAL:
            return f"=ROUND(SUBTOTAL(9,{xl_range(sheet.group_starts, index, row - 1, index)}),{places})"
        if line.kind is LineKind.TOTAL and sheet.detail_runs:
            if not sheet.excel_row:
                return f"=ROUND(SUBTOTAL(9,{xl_range(sheet.first_row, index, row - 1, index)}),{places})"
            runs = ",".join(xl_range(first, index, last, index) for first, last in sheet.detail_runs)
            return f"=ROUND(SUBTOTAL(9,{runs}),{places})"
        return ""

    @staticmethod
    def _sum_of_rows(sheet: _Sheet, index: int, line: Line, places: int) -> str:
        assert line.row is not None
        name = xl_col_to_name(index)
        signs = line.row.signs or (1,) * len(line.row.sums)
        terms: list[str] = []
        start = end = sign_of_run = 0
        for summed, sign in [*zip(line.row.sums, signs, strict=True), (-1, 0)]:
            row = sheet.excel_row.get(summed, -1) + 1
            if sign == sign_of_run and row == end + 1:
                end = row
                continue
            if sign_of_run:
                cells = f"{name}{start}" if start == end else f"SUM({name}{start}:{name}{end})"
                terms.append(("+" if sign_of_run > 0 else "-") + cells)
            start, end, sign_of_run = row, row, sign
        return f"=ROUND({''.join(terms).removeprefix('+')},{places})"

    def _about(self, sheet: Worksheet) -> None:
        """Parameters, checks with live differences, notes, and figures that Excel cannot hold as numbers."""
        sheet.set_column(0, 0, 46)
        sheet.set_column(1, 4, 22)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_row(0, 21)
        self._text(sheet, 0, 0, self._title(self.report.title), bold=True, font_size=14)
        row = 2
        facts = [
            (self.words.translate("Report", "Company"), self._company()),
            (self.words.translate("Report", "Currency"), self.report.currency),
            (self.words.translate("Report", "As of"), self._as_of()),
            *((self._title(heading), self.words.shown(value)) for heading, value in self.report.parameters),
        ]
        for heading, value in facts:
            self._text(sheet, row, 0, heading, bold=True)
            self._text(sheet, row, 1, value)
            row += 1
        row = self._checks(sheet, row + 1)
        for note in self.report.notes:
            self._text(sheet, row, 0, self._title(note))
            row += 1
        for name, cell, exact in self.notes:
            text = self.words.translate(
                "Report", "{sheet} {cell}: {figure} has more digits than Excel keeps, so it is text."
            )
            self._text(sheet, row, 0, text.format(sheet=name, cell=cell, figure=exact))
            row += 1

    def _checks(self, sheet: Worksheet, row: int) -> int:
        if not self.report.checks:
            return row
        headings = (
            self.words.translate("Report", "Check"),
            self.words.translate("Report", "Expected"),
            self.words.translate("Report", "Found"),
            self.words.translate("Report", "Difference"),
            self.words.translate("Report", "Result"),
        )
        for column, heading in enumerate(headings):
            self._text(sheet, row, column, heading, bold=True, bottom=1, align="right" if 1 <= column <= 3 else "left")
        for check in self.report.checks:
            row += 1
            self._check(sheet, row, check)
        return row + 2

    def _check(self, sheet: Worksheet, row: int, check: Check) -> None:
        difference = check.found - check.expected
        places = max(self.report.currency_places, *(places_of(v) for v in (check.expected, check.found)))
        digits = "#,##0" + ("." + "0" * places if places else "")
        look = {"num_format": f"{digits};-{digits};{digits}"}
        self._text(sheet, row, 0, self._title(check.text))
        self._number(sheet, row, 1, check.expected, look)
        self._number(sheet, row, 2, check.found, look)
        agrees = self.words.translate("Report", "Agrees")
        differs = self.words.translate("Report", "Does not agree")
        shown = agrees if check.holds else differs
        expected, found, cell = (xl_rowcol_to_cell(row, column) for column in (1, 2, 3))
        if any(has_more_digits(figure, MOST_DIGITS) for figure in (check.expected, check.found)):
            self._number(sheet, row, 3, difference, look)
            self._text(sheet, row, 4, shown, bold=True)
            return
        sheet.write_formula(row, 3, f"=ROUND({found}-{expected},{places})", self._format(**look), difference)
        result = f'=IF({cell}=0,"{agrees}","{differs}")'
        sheet.write_formula(row, 4, result, self._format(bold=True), shown)


def _longer_line(heading: str) -> str:
    """The longer line of a figure's heading, once it is broken into two where it is longer than figures are."""
    words = heading.split()
    if digits_wide(heading) <= LONGEST_HEADING or len(words) < 2:
        return heading
    breaks = ((" ".join(words[:place]), " ".join(words[place:])) for place in range(1, len(words)))
    return min((max(lines, key=digits_wide) for lines in breaks), key=digits_wide)


def _width(texts: list[str]) -> float:
    return min(60.0, max(8.0, max(map(digits_wide, texts)) * 1.05 + 2))
