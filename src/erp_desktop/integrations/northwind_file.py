"""Microsoft's sample company as a file: .sqlite, .sqlite.gz, or a .zip with one CSV per table. Rows as text and Decimals."""

import csv
import gzip
import io
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.integrations.tables.unreadable import DAMAGED, MEGABYTE, UnreadableTable

MOST_UNPACKED_BYTES = 64 * MEGABYTE  # the real one takes 0.4 MB
PLACES = 4  # money and fractions are kept with up to 4; more is binary noise (0.05 stored as 0.0500000007)

NOT_NORTHWIND = QT_TRANSLATE_NOOP(
    "Import",
    "{file} is not the Northwind database: it has no table {table}. Choose northwind.sqlite.gz or northwind_csv.zip.",
)

COLUMNS = {
    "Categories": ("CategoryID", "CategoryName", "Description"),
    "Suppliers": (
        "SupplierID", "CompanyName", "ContactName", "Address", "City", "PostalCode", "Country", "Phone",
    ),
    "Customers": (
        "CustomerID", "CompanyName", "ContactName", "Address", "City", "PostalCode", "Country", "Phone",
    ),
    "Shippers": ("ShipperID", "CompanyName", "Phone"),
    "Employees": ("EmployeeID", "LastName", "FirstName", "Title", "HireDate", "HomePhone", "ReportsTo"),
    "Products": (
        "ProductID", "ProductName", "SupplierID", "CategoryID", "QuantityPerUnit", "UnitPrice", "UnitsInStock",
        "ReorderLevel", "Discontinued",
    ),
    "Orders": (
        "OrderID", "CustomerID", "EmployeeID", "OrderDate", "RequiredDate", "ShippedDate", "ShipVia", "Freight", "ShipName",
        "ShipAddress", "ShipCity", "ShipRegion", "ShipPostalCode", "ShipCountry",
    ),
    "OrderDetails": ("OrderID", "ProductID", "UnitPrice", "Quantity", "Discount"),
}  # fmt: skip

DAYS = ("OrderDate", "RequiredDate", "ShippedDate", "HireDate")
WHOLE_NUMBERS = ("ProductID", "OrderID", "Quantity", "UnitsInStock", "ReorderLevel", "Discontinued")
NEEDED = (
    "OrderDate",
    "RequiredDate",
    "Quantity",
    "UnitsInStock",
    "CompanyName",
    "ProductName",
    "CategoryName",
    "CustomerID",
)

Row = Mapping[str, str]  # column: its text, "" for no value


@dataclass(frozen=True)
class NorthwindFile:
    """The tables that an import needs, in the order of the file."""

    tables: Mapping[str, tuple[Row, ...]]

    def __getitem__(self, table: str) -> tuple[Row, ...]:
        return self.tables[table]


def read_northwind(path: Path) -> NorthwindFile:
    """Raises UnreadableTable for anything but Northwind."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
        found = _from_zip(path) if head.startswith(b"PK") else _from_sqlite(path, head.startswith(b"\x1f\x8b"))
        _refuse_nonsense(found)
        return found
    except OSError as error:
        raise UnreadableTable(path, DAMAGED) from error
    except (sqlite3.Error, zipfile.BadZipFile, zlib.error, EOFError, ValueError, LookupError, csv.Error) as error:
        raise UnreadableTable(path, DAMAGED) from error


def decimal_of(text: str, path: Path) -> Decimal:
    """The number that was meant, to 4 places."""
    try:
        return Decimal(text or "0").quantize(Decimal(1).scaleb(-PLACES))
    except InvalidOperation:
        raise UnreadableTable(path, DAMAGED) from None


def _from_sqlite(path: Path, is_packed: bool) -> NorthwindFile:
    with tempfile.TemporaryDirectory() as scratch:
        plain = path
        if is_packed:
            plain = Path(scratch) / "northwind.sqlite"
            with gzip.open(path, "rb") as packed, plain.open("wb") as unpacked:
                shutil.copyfileobj(_Limited(packed, path), unpacked)
        with closing(sqlite3.connect(f"{plain.resolve().as_uri()}?mode=ro", uri=True)) as database:
            known = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            tables = {}
            for table, columns in COLUMNS.items():
                if table not in known:
                    raise UnreadableTable(path, NOT_NORTHWIND, table=table)
                names = ", ".join(f'"{column}"' for column in columns)
                rows = database.execute(f'SELECT {names} FROM "{table}" ORDER BY 1, 2')  # names are our own
                tables[table] = tuple(dict(zip(columns, map(_text, row), strict=True)) for row in rows)
    return NorthwindFile(tables)


def _from_zip(path: Path) -> NorthwindFile:
    tables = {}
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED_BYTES:
            raise UnreadableTable(path, DAMAGED)
        for table, columns in COLUMNS.items():
            if f"{table}.csv" not in archive.namelist():
                raise UnreadableTable(path, NOT_NORTHWIND, table=table)
            with archive.open(f"{table}.csv") as file:
                rows = list(csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline="")))
            if rows and not set(columns) <= rows[0].keys():
                raise UnreadableTable(path, NOT_NORTHWIND, table=table)
            tables[table] = tuple({column: row[column] or "" for column in columns} for row in rows)
    return NorthwindFile(tables)


def _refuse_nonsense(data: NorthwindFile) -> None:
    """Raises ValueError or LookupError where a day is no day, a number none, or something is missing or points nowhere."""
    for rows in data.tables.values():
        for row in rows:
            for column, text in row.items():
                if not text:
                    if column in NEEDED:
                        raise ValueError(column)
                elif column in DAYS:
                    date.fromisoformat(text[:10])
                elif column in WHOLE_NUMBERS:
                    int(text)
    orders = {row["OrderID"] for row in data["OrderDetails"]}
    if not data["Orders"] or not all(row["OrderID"] in orders for row in data["Orders"]):
        raise LookupError("OrderDetails")


def _text(value: Any) -> str:
    return "" if value is None else str(value)


class _Limited:
    """A packed file that may not unpack to more than Northwind ever does."""

    def __init__(self, packed: Any, path: Path) -> None:
        self._packed = packed
        self._path = path
        self._left = MOST_UNPACKED_BYTES

    def read(self, size: int = -1) -> bytes:
        piece: bytes = self._packed.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise UnreadableTable(self._path, DAMAGED)
        return piece
