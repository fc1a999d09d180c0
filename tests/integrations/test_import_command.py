"""`erp-desktop import` as people type it, on the books of this computer."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from company_fixtures import opening_of
from erp_desktop import embedded
from erp_desktop.cli import main
from erp_desktop.models.product import Product

Run = Callable[..., int]


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """A data directory with one company."""
    embedded.open_company(opening_of(), tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def run(books: Path) -> Run:
    return lambda *words: main(["import", *map(str, words), "--data-dir", str(books), "--language", "en"])


def products_in(directory: Path) -> int:
    engine = embedded.open_books(directory)
    try:
        with engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(Product)) or 0
    finally:
        engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "products.csv"
    path.write_text("Code,Name,List price\nCUP,Cup,4.50\nJUG,Jug,much\n", encoding="utf-8")
    return path


def test_a_dry_run_says_what_would_happen_and_changes_nothing(run, books, file, capsys):
    assert run("products", file, "--dry-run") == 1
    said = capsys.readouterr().out
    assert "1 new, 0 changed, 0 the same, 1 to mend. Nothing was written." in said
    assert "Row 3: List price: much is not a number" in said
    assert products_in(books) == 0
    assert list(file.parent.glob("*.bad*")) == []


def test_good_rows_are_taken_and_the_others_named_in_a_file(run, books, file, capsys):
    assert run("products", file) == 1
    assert f"1 taken, 1 to mend in {file.with_name('products.bad.csv')}" in capsys.readouterr().out
    assert products_in(books) == 1
    mended = file.with_name("products.bad.csv")
    mended.write_text(mended.read_text(encoding="utf-8-sig").replace("much", "9"), encoding="utf-8")
    assert run("products", mended) == 0
    assert products_in(books) == 2
    assert run("products", file, "--company", "ACME") == 1  # the row to mend is in the file still
    assert products_in(books) == 2


def test_a_map_is_obeyed(run, books, tmp_path):
    (tmp_path / "a.csv").write_text("Article;What\nA1;Thing\n", encoding="utf-8")
    (tmp_path / "map.toml").write_text('[columns]\ncode = "Article"\nname = "What"\n', encoding="utf-8")
    assert run("products", tmp_path / "a.csv", "--map", tmp_path / "map.toml") == 0
    assert products_in(books) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nothing", "a.csv"), "There is no table nothing to import"),
        (("products", "none.csv"), "none.csv cannot be opened"),
        (("products", "notes.pdf"), "notes.pdf is not a table that can be read here"),
        (("northwind", "notes.pdf"), "notes.pdf is damaged"),
        (("products", "headless.csv"), "No column for Code was found in headless.csv"),
        (("products", "headless.csv", "--company", "OTHER"), "Choose a company with --company"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence(run, tmp_path, capsys, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    Path("notes.pdf").write_bytes(b"%PDF-1.7")
    Path("headless.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert run(*words) > 0
    said = capsys.readouterr().err.strip()
    assert said.startswith(says)
    assert "\n" not in said
