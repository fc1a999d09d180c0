"""Half a million real order lines: every one is taken in or comes back with a reason, and the sums are the file's own."""

import csv
import gzip
import json
import os
import shutil
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest
from import_books import Books, open_books
from sqlalchemy import func, select

from erp_desktop.integrations.importing import ImportResult
from erp_desktop.integrations.mapping import ImportRefused
from erp_desktop.integrations.online_retail import OnlineRetailImport
from erp_desktop.integrations.tables import open_table
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.sales import CustomerReturn, CustomerReturnLine, SalesOrder, SalesOrderLine

DATA = (
    Path(os.environ.get("ERP_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    / "online_retail_2009_2010"
)
FILE = DATA / "online_retail_II_2009-2010.csv.gz"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the public test data is not on this machine")
HEADINGS = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country")
LINES_OF_SLICE = 12_000


@pytest.fixture
def shop(sqlite_url):
    with open_books(sqlite_url, currency="GBP", chart="ifrs-trading", time_zone="Europe/London") as books:
        yield books


def take_in(books: Books, path: Path, bad_file: Path | None = None) -> ImportResult:
    return OnlineRetailImport(open_table(path), books.ask, books.perform).run(bad_file=bad_file)


def lines(path: Path, *rows: tuple[object, ...]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADINGS, *rows])
    return path


def amounts(books: Books) -> tuple[Decimal, Decimal]:
    """What was sold and what comes back, quantity x price unrounded."""
    with books.session() as session:
        sold = sum(qty * price for qty, price in session.execute(select(SalesOrderLine.qty, SalesOrderLine.unit_price)))
        returned = sum(
            qty * price for qty, price in session.execute(select(CustomerReturnLine.qty, CustomerReturnLine.unit_price))
        )
    return Decimal(sold), Decimal(returned)


def handed_back(result: ImportResult) -> list[dict[str, str]]:
    if result.bad_file is None:
        return []
    with result.bad_file.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def amount_of(rows: list[dict[str, str]]) -> Decimal:
    return sum((Decimal(row["Quantity"]) * Decimal(row["Price"]) for row in rows), Decimal(0))


def test_invoices_become_orders_and_cancellations_become_announced_returns(shop, tmp_path):
    path = lines(
        tmp_path / "a.csv",
        ("489434", "85123a", "HEART", "6", "2009-12-01 07:45:00", "2.55", "13085", "United Kingdom"),
        ("489435", "22350", "CAT BOWL", "12", "2009-12-01 07:46:00", "2.555", "", "EIRE"),
        ("489434", "85123A", "", "4", "2009-12-01 07:45:00", "2.55", "13085", "United Kingdom"),
        ("489434", "POST", "POSTAGE", "1", "2009-12-01 07:45:00", "18", "13085", "United Kingdom"),
        ("C489449", "22350", "CAT BOWL", "-2", "2009-12-01 10:33:00", "2.55", "13085", "United Kingdom"),
    )
    result = take_in(shop, path)
    assert (result.new, result.same, result.bad, result.bad_file) == (5, 0, 0, None)
    with shop.session() as session:
        products = {row.code: (row.name, row.is_stocked) for row in session.scalars(select(Product))}
        orders = {row.external_number: row for row in session.scalars(select(SalesOrder))}
        announced = session.scalars(select(CustomerReturn)).one()
        customer = session.scalars(select(Party)).one()
    assert products == {"85123A": ("HEART", True), "22350": ("CAT BOWL", True), "POST": ("POSTAGE", False)}
    assert orders["489434"].total == Decimal("43.50")
    assert orders["489434"].customer_id == announced.customer_id == customer.id
    assert orders["489435"].customer_id is None
    assert (announced.external_number, announced.status, announced.total) == ("C489449", "announced", Decimal("5.10"))
    again = take_in(shop, path)
    assert (again.new, again.same, again.bad) == (0, 5, 0)


def test_what_is_no_order_comes_back_with_its_reason_and_its_whole_invoice(shop, tmp_path):
    path = lines(
        tmp_path / "a.csv",
        ("1", "A", "", "6", "2009-12-01", "2.55", "", ""),
        ("1", "B", "", "many", "2009-12-01", "2.55", "", ""),
        ("2", "A", "damaged", "-3", "2009-12-01", "0", "", ""),
        ("A3", "B", "Adjust bad debt", "1", "2009-12-01", "-53594.36", "", ""),
        ("C4", "M", "Manual", "1", "2009-12-01", "373.57", "", ""),
        ("5", "A", "", "0", "2009-12-01", "1", "", ""),
        ("6", "A", "", "1", "someday", "1", "", ""),
        ("7", "", "", "1", "2009-12-01", "1", "", ""),
        ("8", "A", "", "2", "2009-12-01", "1", "", ""),
    )
    result = take_in(shop, path)
    assert (result.new, result.bad) == (1, 8)
    assert [row["Reason"] for row in handed_back(result)] == [
        "Row 3 of this invoice needs mending; an invoice is taken in whole",
        "many is not a number with at most 6 decimal places",
        "A negative quantity that is no cancellation corrects stock; count the stock instead",
        "A bad-debt adjustment is no order; post it in the ledger",
        "A cancellation needs a negative quantity",
        "The quantity is zero",
        "someday is not a day; write it as 2024-03-15",
        "There is no product with the code ",
    ]
    with shop.session() as session:
        assert session.scalars(select(SalesOrder.external_number)).all() == ["8"]


def test_another_file_is_refused_with_the_column_that_is_missing(shop, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Invoice,StockCode\n1,2\n", encoding="utf-8")
    with pytest.raises(ImportRefused, match="No column for Quantity"):
        take_in(shop, path)


@needs_data
def test_a_slice_of_the_real_file_is_taken_in_to_the_last_line(shop, tmp_path):
    path = tmp_path / "slice.csv"
    with (
        gzip.open(FILE, "rt", encoding="utf-8", newline="") as packed,
        path.open("w", encoding="utf-8", newline="") as file,
    ):
        file.writelines(islice(packed, LINES_OF_SLICE + 1))
    with path.open(encoding="utf-8", newline="") as file:
        total = amount_of(list(csv.DictReader(file)))
    result = take_in(shop, path)
    bad = handed_back(result)
    assert result.new + result.bad == LINES_OF_SLICE
    assert len(bad) == result.bad
    assert all(row["Reason"] for row in bad)
    sold, returned = amounts(shop)
    assert sold - returned + amount_of(bad) == total
    again = take_in(shop, path, tmp_path / "again.bad.csv")
    assert (again.new, again.same, again.bad) == (0, result.new, result.bad)


@needs_data
@pytest.mark.skipif("ERP_SLOW_TESTS" not in os.environ, reason="takes a minute or two: set ERP_SLOW_TESTS=1")
@pytest.mark.timeout(900)
def test_every_line_of_the_whole_file_is_taken_in_or_handed_back(sqlite_template, tmp_path):
    facts = json.loads((DATA / "facts.json").read_text(encoding="utf-8"))
    shutil.copyfile(sqlite_template, tmp_path / "erp.db")
    with open_books(f"sqlite:///{tmp_path / 'erp.db'}", currency="GBP", chart="ifrs-trading") as books:
        result = take_in(books, FILE, tmp_path / "back.csv")
        bad = handed_back(result)
        sold, returned = amounts(books)
        orders, returns = books.count(SalesOrder), books.count(CustomerReturn)
        with books.session() as session:
            units = session.scalar(select(func.sum(SalesOrderLine.qty)))
            units_back = session.scalar(select(func.sum(CustomerReturnLine.qty)))
    assert result.new + result.bad == facts["rows"] == 525_461
    assert (
        result.bad == facts["lines_quantity_negative_not_cancelled"] + facts["lines_bad_debt_A"] + 1
    )  # C496350, positive
    manual = amount_of([row for row in bad if row["Invoice"].startswith("C")])
    assert sold == Decimal(facts["amount_sales_not_cancelled"])
    assert -returned + manual == Decimal(facts["amount_cancelled"])
    assert sold - returned + amount_of(bad) == Decimal(facts["amount_all_lines"])
    assert units - units_back + sum(int(row["Quantity"]) for row in bad) == facts["quantity_sum"]
    assert orders + returns + len({row["Invoice"] for row in bad}) == facts["invoices_all"]
