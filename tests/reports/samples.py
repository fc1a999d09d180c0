"""Reports made by hand for the renderers' tests, and readers of what they wrote."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from erp_desktop.reports.report import Bilingual, Check, Column, ColumnKind, Report, Row, Section

COLUMNS = (
    Column("code", "Code"),
    Column("name", "Product"),
    Column("date", "Date", ColumnKind.DATE),
    Column("qty", "Quantity", ColumnKind.QTY, is_total=True),
    Column("unit_cost", "Unit cost", ColumnKind.UNIT_COST),
    Column("value", "Value", ColumnKind.MONEY, is_total=True),
    Column("share", "Share", ColumnKind.PERCENT),
)
PRINTED_AT = datetime(2026, 3, 31, 18, 0, tzinfo=UTC)
SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def product_row(number: int, group: Any = "", **cells: Any) -> Row:
    """A plausible line whose figures do not divide evenly."""
    given = {
        "code": f"P-{number:05}",
        "name": Bilingual(f"Bottle {number} ml", f"瓶子 {number} 毫升"),
        "date": date(2026, 1, 1 + number % 28),
        "qty": Decimal(number) / 8,
        "unit_cost": Decimal("1.234567"),
        "value": Decimal(number * 37) / 100 - 5,
        "share": Decimal("0.05"),
    }
    return Row({**given, **cells}, group=group)


def report_of(*sections: Section, checks: Iterable[Check] = (), **more: Any) -> Report:
    given: dict[str, Any] = {
        "name": "sample",
        "title": "Sample report",
        "company_name": "Acme Trading & Co",
        "company_name_zh": "阿克梅贸易有限公司",
        "company_address": "18 Nanjing East Road, 上海",
        "currency": "CNY",
        "currency_places": 2,
        "as_of_tick": 42,
        "parameters": (("As of", "2026-03-31"),),
    }
    return Report(**{**given, **more}, sections=sections, checks=tuple(checks))


def grouped(count: int = 90) -> Report:
    """Products in three groups, with subtotals and a total."""
    names = (Bilingual("Packaging", "包装"), Bilingual("Drinks", "饮料"), Bilingual("", "茶叶"))
    rows = tuple(product_row(number, names[number * 3 // count]) for number in range(count))
    return report_of(Section(COLUMNS, rows, totals=("qty", "value"), group_heading="Category"))


def statement(gross: str = "40.10") -> Report:
    """Rows that add up other rows, with signs, and a zero that shows as a dash."""
    columns = (Column("line", "Line"), Column("amount", "Amount", ColumnKind.MONEY))
    rows = (
        Row({"line": "Revenue"}, is_heading=True),
        Row({"line": "Sales", "amount": Decimal("100.10")}, level=1),
        Row({"line": "Sales returns", "amount": Decimal(0)}, level=1),
        Row({"line": "Net sales", "amount": Decimal("100.10")}, sums=(1, 2)),
        Row({"line": "Cost of sales", "amount": Decimal("60.00")}, level=1),
        Row({"line": "Gross profit", "amount": Decimal(gross)}, sums=(3, 4), signs=(1, -1)),
    )
    return report_of(Section(columns, rows, title="Income statement", zero_as_dash=True))


def pdf_text(path: Path) -> str:
    """The text of a PDF as a person would copy it."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (Debian: poppler-utils)")
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True)
    return done.stdout


def figures_in(text: str) -> list[Decimal]:
    """Every number with two or more decimals in `text`, in order."""
    return [Decimal(found.replace(",", "")) for found in re.findall(r"-?[\d,]+\.\d{2,}", text)]


def outline_titles(path: Path) -> list[str]:
    """The titles of a PDF's bookmarks, in order. They are written openly, as octal escapes of UTF-16 where not Latin."""

    def text(raw: bytes) -> str:
        plain = re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found.group(1), 8)]), raw)
        plain = re.sub(rb"\\([()\\])", rb"\1", plain)
        return plain.decode("utf-16" if plain.startswith((b"\xfe\xff", b"\xff\xfe")) else "latin-1")

    objects = re.findall(rb"<<[^<>]*?/Parent[^<>]*?/Title \(((?:\\.|[^\\)])*)\)", path.read_bytes(), re.DOTALL)
    return [text(title) for title in objects]
