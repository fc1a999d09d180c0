"""What stands in the files that people make with the program, read by other programs than ours."""

import os
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook


def recalculated(workbook: Path, out: Path) -> set[Decimal]:
    """Every number of `workbook` after LibreOffice has computed it anew."""
    if shutil.which("soffice") is None:
        missing("LibreOffice is not installed here (Debian: apt-get install libreoffice-calc-nogui)")
    target = out / "recalculated"
    target.mkdir(exist_ok=True)
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{out}/office", "--convert-to",
         "xlsx:Calc MS Excel 2007 XML", "--outdir", str(target), str(workbook)],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    found = load_workbook(target / workbook.name, data_only=True, read_only=True)
    numbers = (cell for sheet in found for row in sheet.iter_rows(values_only=True) for cell in row)
    numbers_only = {Decimal(str(round(cell, 2))) for cell in numbers if isinstance(cell, int | float)}
    found.close()
    return numbers_only


def pdf_text(path: Path) -> str:
    """The text of a PDF, as it is laid out."""
    if shutil.which("pdftotext") is None:
        missing("pdftotext is not installed here (Debian: apt-get install poppler-utils)")
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True)
    return done.stdout


def missing(what: str) -> None:
    """Skips the test on somebody's own machine; in CI it is a failure, because there the check must be made."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
