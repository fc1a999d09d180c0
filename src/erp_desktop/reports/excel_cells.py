"""The cells of a report's workbook: text is only ever text, a number stands in the file digit by digit as it is.

One with more than the 15 digits that Excel can hold is written as text, never rounded, and kept for a note.
"""

from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from erp_desktop.reports.numbers_format import format_number, has_more_digits, plain_text
from erp_desktop.reports.report import Report
from erp_desktop.reports.words import Words

LARGEST_TEXT = 32_767  # characters in a cell
MOST_DIGITS = 15
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ReportCells:
    """Writes cells, and what is said of the report in more than one place."""

    def __init__(self, report: Report, workbook: Workbook, words: Words) -> None:
        self.report = report
        self.words = words
        self.notes: list[tuple[str, str, str]] = []  # sheet, cell and exact figure of numbers that Excel cannot hold
        self._workbook = workbook
        self._formats: dict[tuple[Any, ...], Format] = {}

    def title(self, source: str) -> str:
        """A title, heading or note of the report in the language of the workbook."""
        return self.words.translate("Report", source)

    def company(self) -> str:
        return self.words.name(self.report.company_name, self.report.company_name_zh)

    def as_of(self) -> str:
        text = self.words.translate("Report", "Figures include everything up to change {tick}.")
        return text.format(tick=self.report.as_of_tick)

    def format(self, **properties: Any) -> Format:
        """The same look is the same format: Excel opens no file with too many of them."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._workbook.add_format({"font_name": "Calibri", "valign": "top", **properties})
        return self._formats[key]

    def text(self, sheet: Worksheet, row: int, column: int, text: str, **properties: Any) -> None:
        """Text is only ever text: no formula, no link, and it stays text when a person edits the cell."""
        shown = plain_text(text)
        if len(shown) > LARGEST_TEXT:
            shown = shown[: LARGEST_TEXT - 1] + "…"
        if shown.startswith(FORMULA_STARTS):
            properties["quote_prefix"] = True
        if shown.startswith("<r>") and shown.endswith("</r>"):  # the library would take it for its own rich text
            shown = f'<r><t xml:space="preserve">{escape(shown)}</t></r>'
        sheet.write_string(row, column, shown, self.format(**properties))

    def number(self, sheet: Worksheet, row: int, column: int, value: Decimal | int, properties: dict[str, Any]) -> None:
        """A number as it is, or as text, with a note, where it has more digits than Excel keeps."""
        if has_more_digits(value, MOST_DIGITS):
            exact = format_number(value, 0, self.words.language)
            self.notes.append((sheet.get_name(), xl_rowcol_to_cell(row, column), exact))
            self.text(sheet, row, column, exact, **{**properties, "align": "right", "num_format": "@"})
            return
        sheet.write_number(row, column, Decimal(value), self.format(**properties))
