"""Workbooks: .xlsx and .xlsm row by row through openpyxl, old .xls through calamine, after looking inside for traps.

A formula counts as the value that the spreadsheet program stored with it; one without is an unusable cell.
"""

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any

import openpyxl
import python_calamine
from openpyxl.utils.escape import unescape

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.integrations.tables import unreadable
from erp_desktop.integrations.tables.cells import Cell, UnusableCell, exact
from erp_desktop.integrations.tables.unreadable import UnreadableTable

NOT_COMPUTED = QT_TRANSLATE_NOOP(
    "Import", "The formula has no stored value; open the file in the spreadsheet program, save it, and import it again"
)
CAME_OUT_WRONG = QT_TRANSLATE_NOOP("Import", "The formula comes out as {error}")
ERROR_VALUES = {
    "#N/A",
    "#DIV/0!",
    "#VALUE!",
    "#REF!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#GETTING_DATA",
    "#SPILL!",
    "#CALC!",
}

_PIECE = 1 << 20
_OVERLAP = 16
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_DEFINITION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_HELD_IN_MEMORY = re.compile(r"(sharedStrings|styles|workbook)\.xml$|\.rels$|\[Content_Types\]\.xml$", re.IGNORECASE)


def workbook_kind(path: Path, head: bytes) -> str:
    """ "xlsx", "xls", "protected", or "" for what is no workbook, by what the file is and not by its name."""
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        encrypted = "EncryptedPackage".encode("utf-16-le") in path.read_bytes()
        return "protected" if encrypted else "xls"
    if head[:4] in (
        b"\x09\x08\x10\x00",
        b"\x09\x08\x08\x00",
        b"\x09\x04\x06\x00",
        b"\x09\x02\x06\x00",
        b"\x09\x00\x04\x00",
    ):
        return "xls"  # before OLE containers
    return ""


def look_inside(path: Path) -> bool:
    """Refuse traps before anything is unpacked into memory. True if any sheet holds formulas."""
    has_formulas = False
    with _damage_is_said(path), zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        names = {part.filename.lower().lstrip("/").replace("\\", "/") for part in parts}
        if not any(name.endswith("workbook.xml") for name in names):
            raise UnreadableTable(path, unreadable.NOT_A_TABLE)
        if len(parts) > unreadable.MOST_PARTS or sum(part.file_size for part in parts) > unreadable.MOST_UNPACKED_BYTES:
            raise UnreadableTable(path, unreadable.TOO_LARGE)
        for part in parts:
            if part.flag_bits & 1:
                raise UnreadableTable(path, unreadable.PROTECTED)
            held = _HELD_IN_MEMORY.search(part.filename)
            expands = part.file_size > unreadable.MOST_EXPANSION * max(1, part.compress_size)
            if (held and part.file_size > unreadable.MOST_UNPACKED_PART_BYTES) or (
                part.file_size > unreadable.BIG_PART_BYTES and expands
            ):
                raise UnreadableTable(path, unreadable.TOO_LARGE)
            if part.filename.lower().endswith((".xml", ".rels")):
                has_formulas |= _look_at_part(archive, part, path)
    return has_formulas


def _look_at_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, path: Path) -> bool:
    is_sheet = "worksheets/" in part.filename.lower()
    with archive.open(part) as file:
        piece = file.read(_PIECE)
        if _DEFINITION.search(piece.replace(b"\x00", b"")):  # UTF-16 as well
            raise UnreadableTable(path, unreadable.DEFINITIONS)
        while is_sheet and piece:
            if _FORMULA.search(piece):
                return True
            piece, before = file.read(_PIECE), piece
            piece = before[-_OVERLAP:] + piece if piece else b""
    return False


def xlsx_sheets(path: Path) -> list[str]:
    """The names of the sheets that hold cells and are not hidden."""
    with _damage_is_said(path), path.open("rb") as file:  # an open file: by name it would insist on the ending
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        return [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]


def xlsx_rows(path: Path, sheet: str, has_formulas: bool) -> Iterator[tuple[int, list[Cell]]]:
    """Each row that is not empty with its number in the sheet."""
    with _damage_is_said(path), path.open("rb") as file, path.open("rb") as again:
        values = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        rows = _plain_rows(values[sheet], path)
        if not has_formulas:
            for number, row in rows:
                yield number, [_cell(value) for value in row]
            return
        written = openpyxl.load_workbook(again, read_only=True, data_only=False, keep_links=False)[sheet]
        written.reset_dimensions()
        for (number, row), original in zip(rows, written.iter_rows(), strict=True):
            yield (
                number,
                [
                    UnusableCell(translate("Import", NOT_COMPUTED))
                    if value is None and getattr(cell, "data_type", "") == "f"
                    else _cell(value)
                    for value, cell in zip_longest(row, original)
                ],
            )


def _plain_rows(sheet: Any, path: Path) -> Iterator[tuple[int, tuple[Any, ...]]]:
    sheet.reset_dimensions()  # what a file says about its own size may be anything
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > unreadable.MOST_ROWS:
            raise UnreadableTable(path, unreadable.TOO_LONG, most=unreadable.MOST_ROWS)
        width = len(row)
        while width and row[width - 1] is None:
            width -= 1
        if width > unreadable.MOST_COLUMNS:
            raise UnreadableTable(path, unreadable.TOO_WIDE, row=number, most=unreadable.MOST_COLUMNS)
        yield number, row[: max(width, min(len(row), unreadable.MOST_COLUMNS))]


def xls_rows(path: Path, sheet: str) -> Iterator[tuple[int, list[Cell]]]:
    """Each row of an old workbook's sheet. The format holds at most 65,536 rows of 256 cells."""
    with _damage_is_said(path):
        found = python_calamine.load_workbook(path).get_sheet_by_name(sheet)
        first = (found.start or (0, 0))[0] + 1
        for number, row in enumerate(found.iter_rows(), start=first):
            yield number, [_cell(value if value != "" else None) for value in row]


def xls_sheets(path: Path) -> list[str]:
    """The names of the sheets that hold cells and are not hidden."""
    with _damage_is_said(path):
        book = python_calamine.load_workbook(path)
        return [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
            and sheet.visible == python_calamine.SheetVisibleEnum.Visible
        ]


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, bool | Decimal):
        return value
    if isinstance(value, str):
        if value in ERROR_VALUES:
            return UnusableCell(translate("Import", CAME_OUT_WRONG).format(error=value))
        return unescape(value) if "_x" in value else value  # _x0007_ is how a workbook writes a control character
    if isinstance(value, int | float):
        return exact(value) if value == value and abs(value) != float("inf") else UnusableCell(str(value))
    if isinstance(value, date | time):
        return value
    return str(value)


@contextmanager
def _damage_is_said(path: Path) -> Iterator[None]:
    """Whatever a library makes of a damaged file (dozens of kinds of error, a Rust panic) is one sentence to a person."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of drawings and validations that do not matter here
            yield
    except (UnreadableTable, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except python_calamine.PasswordError as error:
        raise UnreadableTable(path, unreadable.PROTECTED) from error
    except BaseException as error:
        raise UnreadableTable(path, unreadable.DAMAGED) from error
