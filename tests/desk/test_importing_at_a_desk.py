"""An import at a desk, the network cut or not: taken in here at once, and the same at the centre and on other desks later."""

from datetime import date
from pathlib import Path

from acme_office import Office, OpenDesk
from network import Network
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.masters import SaveProduct
from erp_desktop.desk import Desk
from erp_desktop.integrations.importing import ImportResult, make_plan, take_in
from erp_desktop.integrations.lookups import StoredRows
from erp_desktop.integrations.mapping import match_columns
from erp_desktop.integrations.online_retail import OnlineRetailImport
from erp_desktop.integrations.tables import open_table
from erp_desktop.integrations.targets import TARGETS
from erp_desktop.models.costing import MoveCost
from erp_desktop.models.product import Product
from erp_desktop.models.sales import SalesOrder, SalesOrderLine
from erp_desktop.models.stock import Lot

LINES = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"


def import_at(desk: Desk, target: str, path: Path) -> ImportResult:
    table = open_table(path)
    matching = match_columns(TARGETS[target], table)
    plan = make_plan(TARGETS[target], table, matching, lambda query: desk.ask(query).result())
    return take_in(plan, desk.perform_and_wait)


def test_a_file_imported_offline_reaches_the_centre_on_reconnect(
    office: Office, open_desk: OpenDesk, network: Network, tmp_path: Path
) -> None:
    path = tmp_path / "products.csv"
    path.write_text("Code,Name\n" + "".join(f"P{n:04},Product {n}\n" for n in range(450)), encoding="utf-8")
    desk = open_desk()
    desk.go_offline()
    assert import_at(desk, "products", path).new == 450
    assert import_at(desk, "products", path).same == 450
    with Session(office.engine) as session:
        assert session.scalar(select(func.count()).select_from(Product)) == 0
    desk.go_online()
    assert desk.wait_until_synced(60)
    with Session(office.engine) as session:
        assert session.scalar(select(func.count()).select_from(Product)) == 450
    assert desk.attention().result() == ()
    assert import_at(desk, "products", path).same == 450


def test_opening_stock_by_lot_imported_offline_reaches_the_centre_on_reconnect(
    office: Office, open_desk: OpenDesk, tmp_path: Path
) -> None:
    products, stock = tmp_path / "products.csv", tmp_path / "stock.csv"
    products.write_text("Code,Name\nMILK,Milk\n", encoding="utf-8")
    stock.write_text(
        "Product,Quantity,Unit cost,Date,Lot,Expiry date\nMILK,12,2,2026-01-01,0042,2026-06-30\nMILK,8,2,2026-01-01,,\n",
        encoding="utf-8",
    )
    desk = open_desk()
    desk.go_offline()
    import_at(desk, "products", products)
    (milk,) = desk.ask(StoredRows("product", ("code",), ("MILK",))).result().values()
    kept = {name: milk[name] for name in ("code", "name", "category_id", "unit_id")}
    desk.perform_and_wait(SaveProduct(milk["id"], tracking="lot", **kept))
    first = import_at(desk, "opening-stock", stock)
    assert (first.new, first.bad) == (1, 1)
    desk.go_online()
    assert desk.wait_until_synced(60)
    assert desk.attention().result() == ()
    with Session(office.engine) as session:
        assert session.execute(select(Lot.code, Lot.expires_on)).all() == [("0042", date(2026, 6, 30))]
        assert session.scalars(select(MoveCost.cost)).all() == [24]
    assert import_at(desk, "opening-stock", stock).same == 1


def test_two_desks_that_import_the_same_orders_offline_make_them_once(
    office: Office, open_desk: OpenDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "lines.csv"
    rows = "".join(
        f"{489434 + n // 5},{22000 + n % 50},Thing,{n % 7 + 1},2026-01-05,2.55,13085,EIRE\n" for n in range(500)
    )
    path.write_text(LINES + rows, encoding="utf-8")
    desks = [open_desk(at="office"), open_desk(at="home")]
    for desk in desks:
        desk.go_offline()
        imported = OnlineRetailImport(
            open_table(path), lambda query, desk=desk: desk.ask(query).result(), desk.perform_and_wait
        )
        assert imported.run().new == 500
    for desk in desks:
        desk.go_online()
        assert desk.wait_until_synced(60)
        assert desk.attention().result() == ()
    with Session(office.engine) as session:
        assert session.scalar(select(func.count()).select_from(SalesOrder)) == 100
        assert session.scalar(select(func.count()).select_from(SalesOrderLine)) == 500
        assert session.scalar(select(func.count()).where(SalesOrder.number.is_(None))) == 0
