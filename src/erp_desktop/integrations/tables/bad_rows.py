"""Rows that need mending, written back as the file they came from: same columns, and the reason in one more."""

import csv
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from types import TracebackType

import xlsxwriter

from erp_desktop.integrations.tables.cells import Cell, UnusableCell, as_text, storable
from erp_desktop.integrations.tables.reading import Table
from erp_desktop.integrations.tables.unreadable import CANNOT_OPEN, UnreadableTable

WIDTH_OF_REASON = 60


def bad_rows_path(source: Path) -> Path:
    """Where the rows of `source` that need mending go: orders.xlsx -> orders.bad.xlsx. Never a file that is there already."""
    name = source.name.removesuffix(".gz")
    stem, _, ending = name.rpartition(".") if "." in name else (name, "", "csv")
    stem = stem.partition(".bad")[0] or stem
    number = 1
    while True:
        found = source.with_name(f"{stem}.bad{'' if number == 1 else f'-{number}'}.{ending}")
        if not found.exists():
            return found
        number += 1


class BadRowsFile:
    """Opened when the first row needs mending; without one there is no file. Use as a context manager."""

    def __init__(self, table: Table, headings: Sequence[Cell], reason_heading: str, path: Path | None = None) -> None:
        source = table.path if table.kind == "csv" else table.path.with_suffix(".xlsx")
        self.path = path or bad_rows_path(source)
        self.count = 0
        self._is_text = table.kind == "csv"
        self._separator = table.separator or ","
        self._headings = [*headings, reason_heading]
        self._csv_file: object | None = None

    def write(self, cells: Sequence[Cell], reason: str) -> None:
        """One row as it stood in the file, and why it was not taken. Raises UnreadableTable if it cannot be written."""
        try:
            if not self.count:
                self._open()
            self.count += 1
            padded = [*cells, *[None] * (len(self._headings) - 1 - len(cells))][
                : max(len(self._headings) - 1, len(cells))
            ]
            self._write_row([*padded[: len(self._headings) - 1], reason])
        except OSError as error:
            raise UnreadableTable(self.path, CANNOT_OPEN, why=error.strerror or error) from error

    def __enter__(self) -> "BadRowsFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.count:
            self._close()

    def _open(self) -> None:
        if self._is_text:
            self._file = self.path.open("x", newline="", encoding="utf-8-sig")
            self._writer = csv.writer(self._file, delimiter=self._separator)
        else:
            self._book = xlsxwriter.Workbook(
                str(self.path),
                {
                    "constant_memory": True,
                    "strings_to_formulas": False,
                    "strings_to_urls": False,
                    "strings_to_numbers": False,
                },
            )
            self._sheet = self._book.add_worksheet()
            self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
            self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
            self._sheet.set_column(len(self._headings) - 1, len(self._headings) - 1, WIDTH_OF_REASON)
        self._write_row(self._headings)

    def _write_row(self, cells: Sequence[Cell]) -> None:
        if self._is_text:
            self._writer.writerow([storable(as_text(cell)) for cell in cells])
            return
        row = self.count
        for place, cell in enumerate(cells):
            if cell is None or isinstance(cell, UnusableCell):
                continue
            if isinstance(cell, bool):
                self._sheet.write_boolean(row, place, cell)
            elif isinstance(cell, int | Decimal):
                self._sheet.write_number(row, place, float(cell))
            elif isinstance(cell, date):
                is_day = not isinstance(cell, datetime) or cell.time() == time()
                self._sheet.write_datetime(row, place, cell, self._day if is_day else self._moment)
            else:
                self._sheet.write_string(row, place, storable(as_text(cell)))

    def _close(self) -> None:
        if self._is_text:
            self._file.close()
        else:
            self._book.close()
