"""Tables in files: whatever wrote them they read alike, and what is broken or a trap is one sentence."""

import csv
import gzip
import os
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from erp_desktop.integrations.tables import Table, UnreadableTable, UnusableCell, open_table

DATA = Path(os.environ.get("ERP_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the public test data is not on this machine")


def cells(table: Table) -> list[tuple[object, ...]]:
    return [row.cells for row in table.rows()]


def unpacked(archive: str, to: Path) -> list[Path]:
    with zipfile.ZipFile(DATA / archive) as packed:
        packed.extractall(to)
    return sorted(path for path in to.rglob("*") if path.is_file())


@needs_data
def test_every_odd_file_reads_or_says_why_not_in_one_sentence(tmp_path):
    read, sentences = 0, {}
    for path in unpacked("bad_inputs/bad_inputs_files.zip", tmp_path / "found"):
        try:
            read += any(True for _ in open_table(path).rows())
        except UnreadableTable as error:
            sentences[path.name] = error.sentence
    assert all(name in sentence and "\n" not in sentence for name, sentence in sentences.items())
    assert read + len(sentences) == 406
    assert read > 270


@needs_data
def test_the_same_table_reads_alike_in_every_encoding_and_separator(tmp_path):
    unpacked("bad_inputs_derived/derived_files.zip", tmp_path)
    for name, encodings in (("customers", 5), ("accounts", 4)):
        expected = cells(open_table(tmp_path / "enc" / f"{name}_utf8.csv"))
        variants = [path for path in (tmp_path / "enc").glob(f"{name}_*") if path.name != f"{name}_utf8.csv"]
        assert len(variants) >= encodings
        for variant in variants:
            assert cells(open_table(variant)) == expected, variant.name


@needs_data
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("zip/bomb_sheet_256MiB.xlsx", "unpacks to more"),
        ("zip/xxe_sharedstrings_file.xlsx", "definitions"),
        ("zip/truncated.xlsx", "damaged"),
    ],
)
def test_hostile_workbooks_are_refused_before_they_are_unpacked(tmp_path, name, says):
    unpacked("bad_inputs_derived/derived_files.zip", tmp_path)
    with pytest.raises(UnreadableTable, match=says):
        open_table(tmp_path / name)


@needs_data
def test_a_file_is_what_it_holds_and_not_what_it_is_called(tmp_path):
    unpacked("bad_inputs_derived/derived_files.zip", tmp_path)
    assert open_table(tmp_path / "zip" / "not_a_zip.xlsx").kind == "csv"
    assert open_table(tmp_path / "zip" / "xlsx_named_csv.csv").kind == "xlsx"


@needs_data
def test_cells_that_look_like_formulas_survive_as_text(tmp_path):
    unpacked("bad_inputs_derived/derived_files.zip", tmp_path)
    path = tmp_path / "csv" / "formula_injection_products.csv"
    with path.open(newline="", encoding="utf-8") as file:
        assert cells(open_table(path)) == [tuple(row) for row in csv.reader(file)]


def test_formulas_count_with_their_stored_value_and_are_unusable_without(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["code", "price", "bought", "=1+1", 0.1 + 0.2, date(2026, 1, 31)])
    book.save(tmp_path / "a.xlsx")
    (row,) = cells(open_table(tmp_path / "a.xlsx"))
    assert isinstance(row[3], UnusableCell)
    assert "no stored value" in row[3].sentence
    assert row[4] == Decimal("0.3")
    assert row[5] == date(2026, 1, 31) or row[5].date() == date(2026, 1, 31)


def test_a_sheet_that_claims_a_million_columns_is_refused(tmp_path):
    book = openpyxl.Workbook(write_only=True)
    book.create_sheet().append(["x"] * 1001)
    book.save(tmp_path / "wide.xlsx")
    with pytest.raises(UnreadableTable, match="more than 1000 columns"):
        open_table(tmp_path / "wide.xlsx")


def test_quoted_newlines_ragged_rows_and_line_numbers(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('code,name\n"A","two\nlines"\n\nB\nC,c,extra\n', encoding="utf-8")
    rows = list(open_table(path).rows())
    assert [row.cells for row in rows] == [("code", "name"), ("A", "two\nlines"), ("B",), ("C", "c", "extra")]
    assert [row.number for row in rows] == [1, 3, 5, 6]


def test_a_missing_quotation_mark_is_named_with_its_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('code,name\nA,"open' + ("x" * 80 + "\n") * 3000, encoding="utf-8")
    with pytest.raises(UnreadableTable, match="quotation mark"):
        list(open_table(path).rows())


def test_gzipped_text_reads_and_a_cut_one_is_damaged(tmp_path):
    whole = gzip.compress(b"code,name\n" + b"".join(b"%d,name %d\n" % (n, n * 7919) for n in range(20_000)))
    (tmp_path / "whole.csv.gz").write_bytes(whole)
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    assert len(cells(open_table(tmp_path / "whole.csv.gz"))) == 20_001
    with pytest.raises(UnreadableTable, match="damaged"):
        list(open_table(tmp_path / "cut.csv.gz").rows())


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"PK\x03\x04rubbish", b"\x00\x01\x02\x03" * 50, b"%PDF-1.7 ..."])
def test_what_is_no_table_is_refused(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UnreadableTable):
        open_table(tmp_path / "a.csv")


def test_a_missing_file_and_a_directory_are_one_sentence(tmp_path):
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(UnreadableTable, match="cannot be opened"):
            open_table(path)
