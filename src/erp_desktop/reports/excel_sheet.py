"""A sheet of a report's workbook: where its columns and rows are, how cells look there, and the formulas of totals."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_range
from xlsxwriter.worksheet import Worksheet

from erp_desktop.reports.lines import Line, LineKind, label_column, lines_of
from erp_desktop.reports.numbers_format import SectionFormat, places_of
from erp_desktop.reports.report import Column, ColumnKind, Section
from erp_desktop.reports.words import Words

_BOLD = {LineKind.SUBTOTAL, LineKind.TOTAL, LineKind.SUM, LineKind.HEADING}


@dataclass
class Sheet:
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

    @property
    def last_column(self) -> int:
        return self.columns[-1][0]

    def follows_figures(self, column: Column) -> bool:
        """A text right of a column of figures would touch them: it stands in by one."""
        place = self.section.columns.index(column)
        before = self.section.columns[place - 1].kind if place else ColumnKind.TEXT
        return column.kind is ColumnKind.TEXT and before is not ColumnKind.TEXT

    def place_rows(self, words: Words) -> None:
        """Look up in advance where each row will stand, for sums of rows below them."""
        row = self.first_row
        for line in lines_of(self.section, words):
            if line.row_index is not None:
                self.excel_row[line.row_index] = row
            if line.kind is not LineKind.GROUP:
                row += 1

    # -- looks

    @staticmethod
    def look(line: Line) -> dict[str, Any]:
        """What sets totals apart, whatever the column."""
        properties: dict[str, Any] = {}
        if line.kind in _BOLD:
            properties["bold"] = True
        if line.kind in (LineKind.SUBTOTAL, LineKind.TOTAL) or (line.kind is LineKind.SUM and line.level == 0):
            properties["top"] = 1
        if line.kind is LineKind.TOTAL:
            properties["bottom"] = 6
        return properties

    def cell_format(self, column: Column, line: Line) -> dict[str, Any]:
        properties = self.look(line)
        if column is label_column(self.section) and line.level:
            properties |= {"indent": min(line.level, 15), "align": "left"}  # only what is aligned stands in
        elif self.follows_figures(column):
            properties |= {"indent": 1, "align": "left"}
        number_format = self._number_format(column, line.cells.get(column.name))
        if number_format:
            properties["num_format"] = number_format
        return properties

    def _number_format(self, column: Column, value: Any) -> str:
        if column.kind is ColumnKind.TEXT or isinstance(value, str):
            return ""
        if column.kind is ColumnKind.DATE:
            return "yyyy-mm-dd"
        if column.kind is ColumnKind.INTEGER:
            return "0"
        if column.kind is ColumnKind.PERCENT:
            return "0.0%"
        places = 0 if value is None else self.shown.places(column.name, value)
        missing = self.shown.most[column.name] - places
        blanks = ("" if places or not missing else "_.") + "_0" * missing  # keep the points of a column in line
        digits = "#,##0" + ("." + "0" * places if places else "") + blanks
        dash = ';"–"' if self.shown.zero_as_dash else f";{digits}"
        return f"{digits};-{digits}{dash}"

    # -- formulas

    def formula(self, row: int, index: int, column: Column, line: Line, value: Decimal) -> str:
        """SUBTOTAL(9) follows the filter and leaves other subtotals out; ROUND drops the binary dust of a long sum."""
        places = max(self.shown.most.get(column.name, 0), places_of(value))
        if line.kind is LineKind.SUM and line.row is not None:
            return self._sum_of_rows(index, line, places)
        if line.kind is LineKind.SUBTOTAL:
            return f"=ROUND(SUBTOTAL(9,{xl_range(self.group_starts, index, row - 1, index)}),{places})"
        if line.kind is LineKind.TOTAL and self.detail_runs:
            if not self.excel_row:
                return f"=ROUND(SUBTOTAL(9,{xl_range(self.first_row, index, row - 1, index)}),{places})"
            runs = ",".join(xl_range(first, index, last, index) for first, last in self.detail_runs)
            return f"=ROUND(SUBTOTAL(9,{runs}),{places})"
        return ""

    def _sum_of_rows(self, index: int, line: Line, places: int) -> str:
        assert line.row is not None
        name = xl_col_to_name(index)
        signs = line.row.signs or (1,) * len(line.row.sums)
        terms: list[str] = []
        start = end = sign_of_run = 0
        for summed, sign in [*zip(line.row.sums, signs, strict=True), (-1, 0)]:
            row = self.excel_row.get(summed, -1) + 1
            if sign == sign_of_run and row == end + 1:
                end = row
                continue
            if sign_of_run:
                cells = f"{name}{start}" if start == end else f"SUM({name}{start}:{name}{end})"
                terms.append(("+" if sign_of_run > 0 else "-") + cells)
            start, end, sign_of_run = row, row, sign
        return f"=ROUND({''.join(terms).removeprefix('+')},{places})"
