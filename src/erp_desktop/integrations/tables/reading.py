"""Opening a file as a table: what it is (by its content, not by its name) and its rows, whatever wrote it.

`open_table` refuses with UnreadableTable, one sentence; after that rows come one after another.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from erp_desktop.integrations.tables import unreadable, workbook
from erp_desktop.integrations.tables.cells import Cell, is_blank
from erp_desktop.integrations.tables.text_table import detect_encoding, detect_separator, open_bytes, text_rows
from erp_desktop.integrations.tables.unreadable import UnreadableTable


@dataclass(frozen=True)
class TableRow:
    """A row as it stands in the file. `number` is what a person sees beside it: the sheet's row, or the text's line."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A file whose kind is known. `rows()` reads it from the start each time."""

    path: Path
    kind: str  # csv, xlsx, xls
    encoding: str = ""  # of csv
    separator: str = ""  # of csv
    sheets: tuple[str, ...] = ()  # of a workbook: those that can be chosen
    sheet: str = ""
    has_formulas: bool = False

    def rows(self) -> Iterator[TableRow]:
        """Every row with anything in it, the heading included. Raises UnreadableTable where the file turns out damaged."""
        count = 0
        for number, cells in self._raw_rows():
            if len(cells) > unreadable.MOST_COLUMNS:
                raise UnreadableTable(self.path, unreadable.TOO_WIDE, row=number, most=unreadable.MOST_COLUMNS)
            if not cells or (is_blank(cells[0]) and all(is_blank(cell) for cell in cells)):
                continue
            count += 1
            if count > unreadable.MOST_ROWS:
                raise UnreadableTable(self.path, unreadable.TOO_LONG, most=unreadable.MOST_ROWS)
            yield TableRow(number, tuple(cells))

    def _raw_rows(self) -> Iterator[tuple[int, list[Cell]]]:
        if self.kind == "csv":
            for number, cells in text_rows(self.path, self.encoding, self.separator):
                yield number, list(cells)
        elif self.kind == "xlsx":
            yield from workbook.xlsx_rows(self.path, self.sheet, self.has_formulas)
        else:
            yield from workbook.xls_rows(self.path, self.sheet)


def open_table(path: Path, sheet: str = "") -> Table:
    """The table in `path`; of a workbook the named sheet, or the first that has rows.

    Raises UnreadableTable for what is missing, damaged, protected, a trap, or no table at all.
    """
    try:
        with path.open("rb") as file:
            head = file.read(8)
        if not head:
            raise UnreadableTable(path, unreadable.EMPTY)
        kind = workbook.workbook_kind(path, head)
        if kind == "protected":
            raise UnreadableTable(path, unreadable.PROTECTED)
        table = _open_workbook(path, kind, sheet) if kind else _open_text(path)
    except OSError as error:
        raise UnreadableTable(path, unreadable.CANNOT_OPEN, why=error.strerror or error) from error
    return table


def _open_text(path: Path) -> Table:
    try:
        encoding = detect_encoding(path)
        separator = detect_separator(path, encoding)
    except UnicodeError:
        raise UnreadableTable(path, unreadable.NOT_TEXT) from None
    except (EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise UnreadableTable(path, unreadable.DAMAGED) from None
    table = Table(path, "csv", encoding=encoding, separator=separator)
    if next(table.rows(), None) is None:
        raise UnreadableTable(path, unreadable.EMPTY)
    return table


def _open_workbook(path: Path, kind: str, sheet: str) -> Table:
    has_formulas = workbook.look_inside(path) if kind == "xlsx" else False
    sheets = tuple(workbook.xlsx_sheets(path) if kind == "xlsx" else workbook.xls_sheets(path))
    if not sheets:  # strict OOXML, and workbooks of nothing but charts or hidden sheets
        raise UnreadableTable(path, unreadable.NOT_A_TABLE)
    if sheet and sheet not in sheets:
        raise UnreadableTable(path, unreadable.NO_SHEET, sheet=sheet)
    for name in (sheet,) if sheet else sheets:
        table = Table(path, kind, sheets=sheets, sheet=name, has_formulas=has_formulas)
        if next(table.rows(), None) is not None:
            return table
    raise UnreadableTable(path, unreadable.EMPTY)


__all__ = ["Table", "TableRow", "UnreadableTable", "open_bytes", "open_table"]
