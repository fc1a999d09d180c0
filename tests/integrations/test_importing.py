"""The general import: judged before anything is written, good rows taken in, bad rows back in a file to mend."""

import csv
import json
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from import_books import Books
from sqlalchemy import select

from erp_desktop.actions.masters import SaveProduct
from erp_desktop.integrations.importing import take_in
from erp_desktop.integrations.judging import Verdict
from erp_desktop.integrations.mapping import ImportRefused, match_columns, read_map
from erp_desktop.integrations.tables import open_table
from erp_desktop.integrations.targets import TARGETS
from erp_desktop.models.party import Employee, Party
from erp_desktop.models.product import Barcode, Category, Price, Product
from erp_desktop.models.sales import SalesOrder, SalesOrderLine
from erp_desktop.models.stock import Bin, Lot, StockBalance, StockCount

DATA = Path(os.environ.get("ERP_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


def write(path: Path, *rows: tuple[object, ...]) -> Path:
    """A file with these rows, as the ending of its name says."""
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    return path


def product(books: Books, code: str) -> Product:
    with books.session() as session:
        return session.scalars(select(Product).where(Product.code == code)).one()


PRODUCTS = (
    ("Code", "Name", "中文名称", "List price", "Unit"),
    ("CUP", "Cup", "杯子", "4.50", "PC"),
    ("BOWL", "Bowl", "碗", "1,200.00", "BOX"),
)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_products_come_in_once_and_the_same_file_again_changes_nothing(books, tmp_path, ending):
    path = write(tmp_path / f"products.{ending}", *PRODUCTS)
    first = books.take_in("products", path)
    assert (first.new, first.changed, first.same, first.bad, first.bad_file) == (2, 0, 0, 0, None)
    assert product(books, "CUP").name_zh == "杯子"
    assert product(books, "BOWL").list_price == Decimal("1200.00")
    performed = len(books.performed)
    again = books.take_in("products", path)
    assert (again.new, again.changed, again.same, again.bad) == (0, 0, 2, 0)
    assert len(books.performed) == performed


def test_a_change_keeps_what_the_file_does_not_say(books, tmp_path):
    books.take_in("products", write(tmp_path / "a.csv", *PRODUCTS))
    result = books.take_in(
        "products", write(tmp_path / "b.csv", ("Code", "List price"), ("CUP", "5.00"), ("BOWL", "1200"))
    )
    assert (result.changed, result.same) == (1, 1)
    cup = product(books, "CUP")
    assert (cup.list_price, cup.name, cup.name_zh) == (Decimal("5.00"), "Cup", "杯子")


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_bad_rows_come_back_with_the_reason_and_go_in_once_they_are_mended(books, tmp_path, ending):
    path = write(
        tmp_path / f"products.{ending}",
        ("Code", "Name", "List price", "Unit", "Remark"),
        ("CUP", "Cup", "4.50", "PC", "keep me"),
        ("JUG", "Jug", "about four", "PC", "and me"),
        ("POT", "Pot", "-1", "PC", ""),
        ("PAN", "Pan", "2", "DOZEN", ""),
        ("CUP", "Cup again", "2", "PC", ""),
        ("", "Nameless", "2", "PC", ""),
    )
    result = books.take_in("products", path)
    assert (result.new, result.bad) == (1, 5)
    assert result.bad_file == tmp_path / f"products.bad.{ending}"
    rows = [row.cells for row in open_table(result.bad_file).rows()]
    assert rows[0] == ("Code", "Name", "List price", "Unit", "Remark", "Reason")
    assert [str(row[-1]) for row in rows[1:]] == [
        "List price: about four is not a number with at most 6 decimal places",
        "List price: -1 is below zero",
        "Unit: there is none with the code DOZEN",
        "The same is in row 2 already",
        "Code is missing",
    ]
    assert rows[1][4] == "and me"

    mended = [list(row) for row in rows]
    mended[1][2], mended[2][2], mended[3][3], mended[4][0], mended[5][0] = "4", "1", "BOX", "CUP2", "NAMELESS"
    write(result.bad_file, *(tuple(row) for row in mended))
    again = books.take_in("products", result.bad_file)
    assert (again.new, again.bad, again.bad_file) == (5, 0, None)
    assert books.take_in("products", result.bad_file).same == 5


def test_nothing_is_written_by_a_plan(books, tmp_path):
    plan = books.plan("products", write(tmp_path / "a.csv", *PRODUCTS))
    assert [row.verdict for row in plan.rows] == [Verdict.NEW, Verdict.NEW]
    assert books.performed == []
    assert books.count(Product) == 0
    assert list(tmp_path.glob("*.bad*")) == []


def test_an_import_can_be_stopped_and_goes_on_later(books, tmp_path):
    rows = [(f"P{number:04}", f"Product {number}") for number in range(450)]
    path = write(tmp_path / "a.csv", ("Code", "Name"), *rows)
    seen = []
    stopped = take_in(
        books.plan("products", path), books.perform, lambda done, of: seen.append((done, of)), lambda: len(seen) == 1
    )
    assert (stopped.new, stopped.not_reached, stopped.bad_file) == (200, 250, None)
    rest = books.take_in("products", path)
    assert (rest.new, rest.same) == (250, 200)
    assert seen == [(200, 450)]


def test_headings_are_found_in_chinese_and_below_a_title(books, tmp_path):
    path = write(
        tmp_path / "供应商.csv",
        ("供应商清单", "", "", ""),
        ("供应商编码", "供应商名称", "联系人", "账期"),
        ("S1", "杭州塑料", "陈女士", "45"),
    )
    assert books.take_in("suppliers", path).new == 1
    with books.session() as session:
        party = session.scalars(select(Party)).one()
    assert (party.code, party.name, party.contact, party.payment_days, party.is_supplier) == (
        "S1",
        "杭州塑料",
        "陈女士",
        45,
        True,
    )


def test_a_party_that_is_a_supplier_becomes_a_carrier_too(books, tmp_path):
    path = write(tmp_path / "a.csv", ("code", "name"), ("X", "Both"))
    books.take_in("suppliers", path)
    assert books.take_in("carriers", path).changed == 1
    with books.session() as session:
        party = session.scalars(select(Party)).one()
    assert party.is_supplier
    assert party.is_carrier


def test_a_map_names_the_columns_and_gives_constants(books, tmp_path):
    path = write(tmp_path / "a.csv", ("Article", "What", "RRP"), ("A1", "Thing", "3"))
    with pytest.raises(ImportRefused, match="No column for Code"):
        books.plan("products", path)
    (tmp_path / "map.toml").write_text(
        '[columns]\ncode = "Article"\nname = "What"\nlist_price = "RRP"\n[constants]\nunit_id = "KG"\n',
        encoding="utf-8",
    )
    given = read_map(tmp_path / "map.toml", TARGETS["products"])
    assert books.take_in("products", path, given).new == 1
    assert product(books, "A1").list_price == 3


@pytest.mark.parametrize(
    "text",
    ["[columns", '[columns]\nnothing = "x"', '[colums]\ncode = "x"', 'dates = "ymd"', '[columns]\ncode = "not there"'],
)
def test_a_map_that_cannot_be_used_is_one_sentence(tmp_path, text):
    path = write(tmp_path / "a.csv", ("Code", "Name"), ("A", "B"))
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ImportRefused, match="is not a mapping that can be used"):
        match_columns(TARGETS["products"], open_table(path), read_map(tmp_path / "map.toml", TARGETS["products"]))


def test_parents_may_stand_below_their_children(books, tmp_path):
    path = write(
        tmp_path / "a.csv",
        ("Code", "Name", "Parent category"),
        ("CUPS", "Cups", "KITCHEN"),
        ("KITCHEN", "Kitchen", "HOME"),
        ("HOME", "Home", ""),
        ("LOST", "Lost", "NOWHERE"),
    )
    result = books.take_in("categories", path)
    assert (result.new, result.bad) == (3, 1)
    with books.session() as session:
        by_code = {row.code: row for row in session.scalars(select(Category))}
    assert by_code["CUPS"].parent_id == by_code["KITCHEN"].id


def test_employees_with_managers_bins_prices_and_barcodes(books, tmp_path):
    books.take_in("products", write(tmp_path / "p.csv", *PRODUCTS))
    staff = write(
        tmp_path / "e.csv",
        ("工号", "姓名", "主管", "入职日期"),
        ("2", "王芳", "1", "2020年5月1日"),
        ("1", "李伟", "", ""),
    )
    assert books.take_in("employees", staff).new == 2
    bins = write(tmp_path / "b.csv", ("Warehouse", "Bin", "Zone"), ("MAIN", "A-01", "A"), ("MAIN", "A-02", "A"))
    assert books.take_in("bins", bins).new == 2
    assert books.take_in("bins", bins).same == 2
    levels = write(tmp_path / "l.csv", ("Code", "Name"), ("GOLD", "Gold"))
    assert books.take_in("price-levels", levels).taken + books.take_in("price-levels", levels).same >= 1
    prices = write(
        tmp_path / "pr.csv",
        ("Product", "Price level", "From quantity", "From date", "Unit price"),
        ("CUP", "GOLD", "1", "2026-01-01", "￥4.00"),
        ("CUP", "GOLD", "10", "2026-01-01", "3.50"),
    )
    assert books.take_in("prices", prices).new == 2
    assert books.take_in("prices", prices).same == 2
    codes = write(tmp_path / "bc.xlsx", ("Barcode", "Product"), (6901234567892, "CUP"))
    assert books.take_in("barcodes", codes).new == 1
    with books.session() as session:
        assert session.scalars(select(Barcode.code)).one() == "6901234567892"
        assert {price.unit_price for price in session.scalars(select(Price))} == {Decimal("4.00"), Decimal("3.50")}
        assert session.scalars(select(Employee.hired_on).where(Employee.name == "王芳")).one() == date(2020, 5, 1)
        assert session.scalars(select(Bin.zone).where(Bin.code == "A-02")).one() == "A"


def test_opening_stock_is_counted_once_and_never_after_goods_moved(books, tmp_path):
    books.take_in("products", write(tmp_path / "p.csv", *PRODUCTS))
    path = write(
        tmp_path / "stock.csv",
        ("Product", "Quantity", "Unit cost", "Date"),
        ("CUP", "12", "2.10", "2026-01-01"),
        ("BOWL", "3", "700", "2026-01-01"),
        ("NONE", "3", "700", "2026-01-01"),
    )
    first = books.take_in("opening-stock", path)
    assert (first.new, first.bad) == (2, 1)
    again = books.take_in("opening-stock", path)
    assert (again.new, again.same, again.bad) == (0, 2, 1)
    other = write(tmp_path / "other.csv", ("Product", "Quantity", "Unit cost"), ("CUP", "13", "2.10"))
    assert books.take_in("opening-stock", other).bad == 1
    with books.session() as session:
        assert sum(session.scalars(select(StockBalance.on_hand))) == 15
        assert session.scalars(select(StockCount.is_opening)).all() == [True]


TRACKED = {"MILK": "lot", "PHONE": "serial", "CUP": "none"}
STOCK_WITH_LOTS = ("Product", "Quantity", "Unit cost", "Date", "Lot", "Expiry date")


@pytest.fixture
def kept_by_lot(books: Books, tmp_path: Path) -> Books:
    """Books with milk kept by lot, telephones kept by serial number, and cups kept by neither."""
    books.take_in("products", write(tmp_path / "p.csv", ("Code", "Name"), *((code, code) for code in TRACKED)))
    for code, kept in TRACKED.items():
        known = product(books, code)
        books.perform(SaveProduct(known.id, code, code, known.category_id, known.unit_id, tracking=kept))
    return books


def reasons_of(books: Books, path: Path, target: str = "opening-stock") -> list[str]:
    """Why each row of a plan is bad; empty for a good one."""
    return [row.reason for row in books.plan(target, path).rows]


def test_opening_stock_comes_in_by_lot_and_serial_number(kept_by_lot: Books, tmp_path: Path) -> None:
    path = write(
        tmp_path / "stock.csv",
        ("商品编码", "数量", "单位成本", "日期", "批次", "有效期至"),
        ("MILK", "12", "2.00", "2026-01-01", "0042", "2026-06-30"),
        ("MILK", "8", "2.20", "2026-01-01", "0043", ""),
        ("PHONE", "1", "900", "2026-01-01", "SN-1", ""),
        ("CUP", "5", "1.00", "2026-01-01", "", ""),
    )
    first = kept_by_lot.take_in("opening-stock", path)
    assert (first.new, first.bad) == (4, 0)
    with kept_by_lot.session() as session:
        of_lot = {lot.id: lot for lot in session.scalars(select(Lot))}
        held = {
            (of_lot[row.lot_id].code if row.lot_id else ""): row.on_hand
            for row in session.scalars(select(StockBalance).where(StockBalance.on_hand != 0))
        }
        assert held == {"0042": 12, "0043": 8, "SN-1": 1, "": 5}
        assert {lot.code: lot.expires_on for lot in of_lot.values()} == {
            "0042": date(2026, 6, 30),
            "0043": None,
            "SN-1": None,
        }
    again = kept_by_lot.take_in("opening-stock", path)
    assert (again.new, again.same, again.bad) == (0, 4, 0)
    further = write(tmp_path / "more.csv", STOCK_WITH_LOTS, ("MILK", "3", "2.00", "2026-01-01", "0044", ""))
    assert kept_by_lot.take_in("opening-stock", further).new == 1, "a lot that was not opened yet"
    changed = write(tmp_path / "changed.csv", STOCK_WITH_LOTS, ("MILK", "4", "2.00", "2026-01-01", "0044", ""))
    assert kept_by_lot.take_in("opening-stock", changed).bad == 1


def test_a_row_of_opening_stock_without_its_lot_says_so_before_anything_is_written(
    kept_by_lot: Books, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "stock.csv",
        STOCK_WITH_LOTS,
        ("MILK", "12", "2.00", "2026-01-01", "", ""),
        ("CUP", "5", "1.00", "2026-01-01", "0042", ""),
        ("CUP", "5", "1.00", "2026-01-01", "", "2026-06-30"),
        ("PHONE", "2", "900", "2026-01-01", "SN-1", ""),
        ("PHONE", "1", "900", "2026-01-01", "SN-2", ""),
        ("PHONE", "1", "900", "2026-01-01", "SN-2", ""),
        ("MILK", "1", "2.00", "2026-01-01", "x" * 81, ""),
        ("MILK", "1", "2.00", "2026-01-01", "0042", "30 June"),
    )
    assert reasons_of(kept_by_lot, path) == [
        "Lot or serial number is missing: MILK is kept by it",
        "Lot or serial number: CUP is not kept by it; leave it empty",
        "Expiry date: CUP is not kept by lot or serial number; leave it empty",
        "Quantity: 2 under one serial number; each piece has its own",
        "",
        "The same is in row 6 already",
        "Lot or serial number: The text is longer than 80 characters",
        "Expiry date: 30 June is not a day; write it as 2024-03-15",
    ]
    result = kept_by_lot.take_in("opening-stock", path)
    assert (result.new, result.bad) == (1, 7)
    without = write(tmp_path / "old.csv", ("Product", "Quantity", "Unit cost"), ("MILK", "1", "2.00"))
    assert reasons_of(kept_by_lot, without) == ["Lot or serial number is missing: MILK is kept by it"]


def test_one_lot_of_opening_stock_has_one_expiry_date(kept_by_lot: Books, tmp_path: Path) -> None:
    rows = [("MILK", "1", "2.00", "2026-01-01", "0042", day) for day in ("2026-06-30", "", "2026-07-31")]
    bins = [("A-01",), ("A-02",), ("A-03",)]
    kept_by_lot.take_in("bins", write(tmp_path / "b.csv", ("Warehouse", "Code"), *(("MAIN", *one) for one in bins)))
    path = write(
        tmp_path / "stock.csv",
        (*STOCK_WITH_LOTS, "Bin"),
        *((*row, *place) for row, place in zip(rows, bins, strict=True)),
    )
    assert reasons_of(kept_by_lot, path) == ["", "", "Expiry date differs from row 2 of the same lot"]
    assert kept_by_lot.take_in("opening-stock", path).new == 2
    later = write(tmp_path / "later.csv", (*STOCK_WITH_LOTS, "Bin"), (*rows[2], *bins[2]))
    assert reasons_of(kept_by_lot, later) == ["Expiry date: lot 0042 expires on 2026-06-30 in the books"]


def test_a_serial_number_that_is_in_stock_elsewhere_is_no_opening_stock(kept_by_lot: Books, tmp_path: Path) -> None:
    kept_by_lot.take_in("bins", write(tmp_path / "b.csv", ("Warehouse", "Code"), ("MAIN", "A-01"), ("MAIN", "A-02")))
    rows = [("PHONE", "1", "900", "2026-01-01", "SN-1", "", place) for place in ("A-01", "A-02")]
    assert kept_by_lot.take_in("opening-stock", write(tmp_path / "1.csv", (*STOCK_WITH_LOTS, "Bin"), rows[0])).new == 1
    refused = kept_by_lot.take_in("opening-stock", write(tmp_path / "2.csv", (*STOCK_WITH_LOTS, "Bin"), rows[1]))
    assert (refused.new, refused.bad) == (0, 1)
    assert "in stock already" in [row.cells for row in open_table(refused.bad_file).rows()][1][-1]
    assert kept_by_lot.count(StockBalance) == 1


def test_order_lines_become_orders_taken_in_whole_or_not_at_all(books, tmp_path):
    books.take_in("products", write(tmp_path / "p.csv", *PRODUCTS))
    books.take_in("consumers", write(tmp_path / "c.csv", ("Code", "Name"), ("LI", "Li Wei")))
    path = write(
        tmp_path / "orders.xlsx",
        ("Order number", "Date", "Product", "Quantity", "Price", "Discount", "Customer"),
        ("A1", date(2026, 3, 1), "CUP", 2, 4.5, "5%", "LI"),
        ("A1", date(2026, 3, 1), "BOWL", 1, 1200, None, "LI"),
        ("A2", date(2026, 3, 2), "CUP", 1, 4.5, None, None),
        ("A2", date(2026, 3, 2), "NONE", 1, 4.5, None, None),
    )
    first = books.take_in("channel-orders", path)
    assert (first.new, first.bad) == (2, 2)
    reasons = [row.cells[-1] for row in open_table(first.bad_file).rows()][1:]
    assert "Row 5 of this order" in reasons[0]
    assert "NONE" in reasons[1]
    with books.session() as session:
        order = session.scalars(select(SalesOrder)).one()
        assert (order.external_number, order.total, order.status) == ("A1", Decimal("1208.55"), "confirmed")
        assert len(session.scalars(select(SalesOrderLine)).all()) == 2
    assert books.take_in("channel-orders", path).same == 2
    changed = write(
        tmp_path / "changed.csv",
        ("Order number", "Date", "Product", "Quantity", "Price"),
        ("A1", "2026-03-01", "CUP", 2, 4),
    )
    refused = books.take_in("channel-orders", changed)
    assert refused.bad == 1
    assert (
        "is here already with a total of 1208.55" in [row.cells for row in open_table(refused.bad_file).rows()][1][-1]
    )


def test_orders_and_price_lists_may_be_by_the_box(books, tmp_path):
    books.take_in("products", write(tmp_path / "p.csv", *PRODUCTS))
    packs = write(
        tmp_path / "u.csv",
        ("Product", "Unit", "Stock units", "For so many"),
        ("CUP", "BOX", "24", ""),
        ("CUP", "M", 1, 3),
    )
    assert books.take_in("product-units", packs).new == 2
    orders = write(
        tmp_path / "orders.csv",
        ("Order number", "Date", "Product", "Quantity", "Unit", "Price"),
        ("A1", "2026-03-01", "CUP", "2.5", "箱", "10"),
        ("A1", "2026-03-01", "CUP", "3", "", "0.5"),
        ("A2", "2026-03-01", "CUP", "2", "L", "10"),
        ("A3", "2026-03-01", "CUP", "7", "m", "10"),
        ("A4", "2026-03-01", "BOWL", "1", "box", "10"),
    )
    assert reasons_of(books, orders, "channel-orders") == [
        "",
        "",
        "Unit: CUP is not counted by L; its units are PC, BOX, M",
        "Quantity: 7 M are no exact quantity in PC; what fits nearest is 6 / 9",
        "",
    ]
    assert books.take_in("channel-orders", orders).new == 3
    with books.session() as session:
        lines = session.scalars(select(SalesOrderLine).order_by(SalesOrderLine.amount)).all()
        assert [(line.qty, line.amount, line.factor.numerator) for line in lines] == [
            (3, Decimal("1.50"), 1),
            (1, 10, 1),
            (60, 25, 24),
        ]
    assert books.take_in("channel-orders", orders).same == 3
    prices = write(
        tmp_path / "prices.csv",
        ("Product", "Price level", "From quantity", "From date", "Unit price", "Unit"),
        ("CUP", "RETAIL", "2", "2026-01-01", "12", "BOX"),
        ("CUP", "RETAIL", "1", "2026-02-01", "10", "BOX"),
    )
    assert reasons_of(books, prices, "prices") == [
        "",
        "Unit price: 10 for one BOX is no exact price of one PC; state that price instead",
    ]
    assert books.take_in("prices", prices).new == 1
    with books.session() as session:
        price = session.scalars(select(Price)).one()
        assert (price.from_qty, price.unit_price) == (48, Decimal("0.50"))
    assert books.take_in("prices", prices).same == 1


@pytest.mark.skipif(not DATA.is_dir(), reason="the public test data is not on this machine")
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_naughty_strings_survive_as_names_or_are_refused_with_a_sentence(books, tmp_path, ending):
    strings = json.loads((DATA / "naughty_strings" / "blns.json").read_text(encoding="utf-8"))
    payloads = (DATA / "naughty_strings" / "csv_formula_payloads.txt").read_text(encoding="utf-8").splitlines()
    names = dict(enumerate([*strings, *payloads]))
    path = tmp_path / f"names.{ending}"
    if ending == "csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows(
                [("Code", "Name"), *((f"N{n}", name) for n, name in names.items())]
            )
    else:
        import xlsxwriter

        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for row, (code, name) in enumerate([("Code", "Name"), *((f"N{n}", name) for n, name in names.items())]):
                sheet.write_string(row, 0, code)
                sheet.write_string(row, 1, name)
    result = books.take_in("suppliers", path)
    with books.session() as session:
        stored = dict(session.execute(select(Party.code, Party.name)).all())
    assert result.new == len(stored)
    for number, name in names.items():
        if f"N{number}" in stored:
            assert stored[f"N{number}"] == (name.replace("\r", "\n") if ending == "xlsx" else name)
    refused = [row.cells for row in open_table(result.bad_file).rows()][1:] if result.bad_file else []
    assert len(refused) == len(names) - len(stored)
    assert all(row[-1] for row in refused)
    assert len(refused) < 25
