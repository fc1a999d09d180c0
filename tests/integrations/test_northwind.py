"""Northwind becomes a company through the real actions, and ends with the totals and the stock that it is known for."""

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from import_books import Books, open_books
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.integrations.northwind import NorthwindImport, NorthwindResult
from erp_desktop.integrations.northwind_file import NorthwindFile, read_northwind
from erp_desktop.integrations.tables import UnreadableTable
from erp_desktop.models.ledger import Account, JournalLine, Period
from erp_desktop.models.party import Employee, Party
from erp_desktop.models.product import Category, Product
from erp_desktop.models.sales import SalesOrder, SalesOrderLine, Shipment
from erp_desktop.models.stock import StockBalance
from erp_desktop.queries.doctor import examine

DATA = Path(os.environ.get("ERP_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data")) / "northwind"
FILE = DATA / "northwind.sqlite.gz"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the public test data is not on this machine")


@pytest.fixture(scope="module")
def facts() -> dict[str, object]:
    return json.loads((DATA / "facts.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def northwind(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Books, NorthwindResult]]:
    path = tmp_path_factory.mktemp("northwind") / "erp.db"
    shutil.copyfile(sqlite_template, path)
    with open_books(
        f"sqlite:///{path}",
        date(1996, 1, 1),
        code="NORTHWIND",
        currency="USD",
        time_zone="America/Los_Angeles",
        chart="ifrs-trading",
    ) as books:
        yield books, NorthwindImport(FILE, books.ask, books.perform_all).run()


def test_both_files_hold_the_same_company():
    from_sqlite, from_csv = read_northwind(FILE), read_northwind(DATA / "northwind_csv.zip")
    assert numbers_as_decimals(from_sqlite) == numbers_as_decimals(from_csv)


def numbers_as_decimals(data: NorthwindFile) -> object:
    numeric = {"UnitPrice", "Freight", "Discount"}
    return {
        table: sorted(
            sorted((column, Decimal(text or 0) if column in numeric else text) for column, text in row.items())
            for row in data[table]
        )
        for table in (
            "Categories",
            "Suppliers",
            "Customers",
            "Shippers",
            "Employees",
            "Products",
            "Orders",
            "OrderDetails",
        )
    }


def test_everything_comes_in_and_nothing_is_refused(northwind, facts):
    books, result = northwind
    assert result.refused == ()
    rows = facts["rows"]
    assert books.count(SalesOrder) == rows["Orders"]
    assert books.count(SalesOrderLine) == rows["OrderDetails"]
    assert books.count(Employee) == rows["Employees"]
    assert books.count(Product) == rows["Products"]
    assert books.count(Party) == rows["Customers"] + rows["Suppliers"] + rows["Shippers"]
    assert books.count(Category) == rows["Categories"] + 1  # GENERAL came with the company
    assert books.count(Shipment) == rows["Orders"] - facts["orders_not_shipped"]


def test_sales_units_and_freight_are_northwinds_to_the_cent(northwind, facts):
    books, _ = northwind
    by_year: defaultdict[str, Decimal] = defaultdict(Decimal)
    with books.session() as session:
        lines = session.execute(
            select(SalesOrderLine, SalesOrder.ordered_on).join(SalesOrder, SalesOrder.id == SalesOrderLine.order_id)
        ).all()
        freight = sum(session.scalars(select(SalesOrder.freight)))
        totals = sum(session.scalars(select(SalesOrder.total)))
    for line, ordered_on in lines:
        by_year[str(ordered_on.year)] += line.qty * line.unit_price * (1 - line.discount)
    net = sum(line.amount for line, _ in lines)
    assert net == Decimal(facts["net_sales_line_rounded_half_up_cents"]) == Decimal("1265793.29")
    assert sum(line.qty for line, _ in lines) == facts["quantity_sum"] == 51317
    assert freight == Decimal(facts["freight_sum"])
    assert totals == net + freight
    assert by_year == {year: Decimal(amount) for year, amount in facts["net_sales_by_year"].items()}


def test_stock_ends_at_units_in_stock_and_discontinued_products_have_ended(northwind, facts):
    books, _ = northwind
    expected = {
        f"NW{int(row['ProductID']):02}": Decimal(row["UnitsInStock"]) for row in read_northwind(FILE)["Products"]
    }
    with books.session() as session:
        on_hand = dict(
            session.execute(
                select(Product.code, StockBalance.on_hand).join(StockBalance, StockBalance.product_id == Product.id)
            ).all()
        )
        ended = session.scalar(select(func.count()).select_from(Product).where(Product.is_active.is_(False)))
    assert {code: on_hand.get(code, Decimal(0)) for code in expected} == expected
    assert ended == facts["discontinued_products"]


def test_orders_that_were_not_shipped_are_open_and_promised_where_stock_reaches(northwind, facts):
    books, result = northwind
    with books.session() as session:
        statuses = [status for status in session.scalars(select(SalesOrder.status)) if status != "shipped"]
    assert len(statuses) == facts["orders_not_shipped"]
    assert statuses.count("confirmed") == len(result.waiting)
    assert statuses.count("allocated") == len(statuses) - len(result.waiting) > 0


def test_parcels_left_on_their_days_with_their_carriers(northwind):
    books, _ = northwind
    with books.session() as session:
        shipment = session.execute(
            select(Shipment.shipped_on, Party.name)
            .join(SalesOrder, SalesOrder.id == Shipment.order_id)
            .join(Party, Party.id == Shipment.carrier_id)
            .where(SalesOrder.external_number == "10248")
        ).one()
    assert tuple(shipment) == (date(1996, 7, 16), "Federal Shipping")


def test_the_ledger_balances_and_its_revenue_is_what_was_shipped(northwind):
    books, _ = northwind
    with books.session() as session:
        debit, credit = session.execute(select(func.sum(JournalLine.debit), func.sum(JournalLine.credit))).one()
        shipped = sum(
            session.scalars(
                select(SalesOrder.total).where(SalesOrder.status == "shipped"),
            )
        )
        income = session.execute(
            select(func.sum(JournalLine.credit), func.sum(JournalLine.debit))
            .join(Account, Account.id == JournalLine.account_id)
            .where(Account.type == "income")
        ).one()
        years = {day.year for day in session.scalars(select(Period.starts_on))}
    assert debit == credit
    assert income[0] - (income[1] or 0) == shipped
    assert {1996, 1997, 1998} <= years


def test_the_doctor_finds_nothing_after_northwind(northwind):
    books, _ = northwind
    with Session(books.centre.engine) as session:
        assert examine(session, books.company_id) == ()


def test_importing_northwind_again_changes_nothing(northwind):
    books, first = northwind
    before = len(books.performed)
    again = NorthwindImport(DATA / "northwind_csv.zip", books.ask, books.perform_all).run()
    assert again.refused == ()
    assert again.waiting == first.waiting
    assert len(books.performed) == before


def test_an_import_that_was_stopped_goes_on(sqlite_url):
    with open_books(sqlite_url, date(1996, 1, 1), currency="USD", chart="ifrs-trading") as books:
        steps = 0

        def stop_soon() -> bool:
            nonlocal steps
            steps += 1
            return steps > 5

        stopped = NorthwindImport(FILE, books.ask, books.perform_all).run(cancelled=stop_soon)
        assert stopped.was_cancelled
        orders = books.count(SalesOrder)
        steps = 0
        NorthwindImport(FILE, books.ask, books.perform_all).run(cancelled=stop_soon)
        assert books.count(SalesOrder) > orders > 0


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\x00 but no more", b"PK\x03\x04 cut", b"\x1f\x8b cut", b"hello"]
)
def test_what_is_not_northwind_is_one_sentence(tmp_path, content):
    (tmp_path / "northwind.sqlite").write_bytes(content)
    with pytest.raises(UnreadableTable, match=r"damaged|not the Northwind"):
        read_northwind(tmp_path / "northwind.sqlite")
