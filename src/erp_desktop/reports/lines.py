"""The lines of a section as every renderer shows them: rows, and the group headings, subtotals and total between them.

Here: the order of the lines and their sums, once, so that screen, Excel and PDF agree. Not here: formats, files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from erp_desktop.numbers import ZERO
from erp_desktop.reports.report import Bilingual, Column, ColumnKind, Link, Row, Section, Term
from erp_desktop.reports.words import Words


class LineKind(StrEnum):
    GROUP = "group"  # the name of the group that follows; Excel has it as a column instead
    HEADING = "heading"  # a row of words only
    DETAIL = "detail"
    SUM = "sum"  # a row that adds up other rows (`Row.sums`)
    SUBTOTAL = "subtotal"  # of the detail rows of a group
    TOTAL = "total"  # of all detail rows


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a section. `row_index` is its row's place in the section; None for what stands between rows."""

    kind: LineKind
    cells: dict[str, Any]  # in the words of the document: neither Bilingual nor Term
    group: str = ""
    level: int = 0
    link: Link | None = None
    row: Row | None = None
    row_index: int | None = None


def total_columns(section: Section) -> tuple[str, ...]:
    """The columns that subtotals and totals add up: the section's, else those marked so."""
    return section.totals or tuple(column.name for column in section.columns if column.is_total)


def label_column(section: Section) -> Column:
    """Where "Total" is written: the first column of words."""
    for column in section.columns:
        if column.kind is ColumnKind.TEXT:
            return column
    return section.columns[0]


def _sums(columns: tuple[str, ...]) -> dict[str, Decimal]:
    return dict.fromkeys(columns, ZERO)


def lines_of(section: Section, words: Words) -> Iterator[Line]:
    """The lines of `section` from the top. A section without totals has neither subtotals nor a total line; a group of one
    row has no subtotal, which would say the same again."""
    columns = total_columns(section)
    label = label_column(section).name
    group_of_rows: str | Bilingual = ""
    group, in_group, in_all, details = "", _sums(columns), _sums(columns), 0
    for index, row in enumerate(section.rows):
        if row.group != group_of_rows:
            if group and columns and details > 1:
                yield _subtotal(group, label, in_group, words)
            group_of_rows, in_group, details = row.group, _sums(columns), 0
            group = words.shown(row.group)
            if group:
                yield Line(LineKind.GROUP, {label: group}, group)
        kind = LineKind.HEADING if row.is_heading else LineKind.SUM if row.sums else LineKind.DETAIL
        yield Line(kind, _shown(row.cells, words), group, row.level, row.link, row, index)
        if kind is LineKind.DETAIL:
            details += 1
            for name in columns:
                value = row.cells.get(name)
                if value is not None:
                    in_group[name] += value
                    in_all[name] += value
    if group and columns and details > 1:
        yield _subtotal(group, label, in_group, words)
    if columns:
        yield Line(LineKind.TOTAL, {label: words.translate("Report", "Total"), **in_all})


def _shown(cells: dict[str, Any], words: Words) -> dict[str, Any]:
    if any(isinstance(value, Bilingual | Term) for value in cells.values()):
        return {name: words.shown(value) for name, value in cells.items()}
    return cells


def _subtotal(group: str, label: str, sums: dict[str, Decimal], words: Words) -> Line:
    text = words.translate("Report", "Total {group}").format(group=group)
    return Line(LineKind.SUBTOTAL, {label: text, **sums}, group)
