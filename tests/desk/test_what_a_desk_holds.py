"""What a role may not see is not on its desk: no cost, no supplier's price, no salary; and its work goes on without them."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from firm import BOUGHT, PRICE, RATE, SENT_BACK, Firm
from sqlalchemy import Connection, select

from company_fixtures import TODAY
from erp_desktop.actions.permissions import ROLES
from erp_desktop.actions.price_corrections import CorrectedPrice, CorrectReceiptPrices
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.scrapping import ScrappedLine, ScrapStock
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.actions.transferring import ArrivedLine, DispatchedLine, DispatchTransfer, ReceiveTransfer
from erp_desktop.desk import Desk
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models import replicated_tables
from erp_desktop.models.base import hidden_columns, may_hold
from erp_desktop.models.purchasing import GoodsReceiptLine, PurchaseOrder, SupplierReturn, SupplierReturnLine
from erp_desktop.models.sales import ShipmentLine
from erp_desktop.models.stock import GoodsTransferLine
from erp_desktop.numbers import MONEY_PLACES, RATE_PLACES, UNIT_PRICE_PLACES, to_scaled
from erp_desktop.queries.doctor import examine


def held(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of the cache, also those that nobody ever looks at."""

    def rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'").scalars().all()
        return {
            name: [dict(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"').mappings()]
            for name in names
        }

    return desk._cache.write(rows).result()


def mentions(desk: Desk, number: Decimal, places: int) -> list[tuple[str, str]]:
    """Tables and columns in which `number` stands, as a number or inside a text."""
    written = str(to_scaled(number, places))
    return [
        (table, column)
        for table, rows in held(desk).items()
        for row in rows
        for column, value in row.items()
        if written in str(value) or str(number) in str(value)
    ]


def test_a_desk_holds_what_its_role_may_see_and_nothing_else(firm: Firm) -> None:
    for role in ROLES:
        desk = firm.desk_of(role)
        rows = held(desk)
        for name, model in replicated_tables().items():
            if not may_hold(model, desk.permissions):
                assert rows[name] == [], (role, name)
            for column in hidden_columns(model, desk.permissions):
                assert all(row[column] is None for row in rows[name]), (role, name, column)
        for amount, places in ((PRICE, UNIT_PRICE_PLACES), (BOUGHT, MONEY_PLACES), (SENT_BACK, MONEY_PLACES)):
            seen = mentions(desk, amount, places)
            assert bool(seen) == ("cost.read" in desk.permissions), (role, amount, seen)
        assert bool(mentions(desk, RATE, RATE_PLACES)) == bool(desk.permissions & {"master.write", "cost.read"}), role
        assert bool(rows["employee"]) == ("people.read" in desk.permissions), role


def test_people_see_people_and_neither_trade_nor_books(firm: Firm) -> None:
    filled = {name for name, rows in held(firm.desk_of("hr")).items() if rows} & replicated_tables().keys()
    assert filled == {"company", "clock_day", "app_user", "role", "user_role", "period", "employee"}


def test_a_role_that_is_given_or_taken_away_brings_and_removes_what_it_sees(firm: Firm) -> None:
    desk = firm.desk_of("warehouse")
    firm.play("warehouse", "warehouse", "purchasing")
    assert desk.wait_until_synced()
    assert mentions(desk, PRICE, UNIT_PRICE_PLACES)
    firm.play("warehouse", "warehouse")
    assert desk.wait_until_synced()
    assert not mentions(desk, PRICE, UNIT_PRICE_PLACES)


def _a_day_at_the_dock(firm: Firm) -> list[Callable[[Desk], None]]:
    """Everything that the warehouse does, in an order in which each has its goods."""
    company, product = firm.company, firm.company.products["BX-204"]
    to_receive = company.purchase_order(("BX-204", "50", str(PRICE)))
    to_ship = company.sales_order(("BX-204", "4", "20"))
    company.allocate(to_ship)
    receipt = new_id()
    far, far_bin = derived_id("far", company.company_id), derived_id("far bin", company.company_id)
    shipped, transfer = new_id(), new_id()

    def line_of(desk: Desk, column: Any, **which: Any) -> Any:
        return desk._cache.read(lambda session: session.scalars(select(column).filter_by(**which)).one()).result()

    return [
        lambda desk: desk.perform_and_wait(
            ReceiveGoods(receipt, to_receive, TODAY, (ReceivedLine(derived_id("line", to_receive, "0"), Decimal(50)),))
        ),
        lambda desk: desk.perform_and_wait(ShipOrder(shipped, to_ship, TODAY, carrier_id=company.carrier)),
        lambda desk: desk.perform_and_wait(
            CountStock(new_id(), company.warehouse, TODAY, (CountedLine(product, company.bin, Decimal(150)),))
        ),
        lambda desk: desk.perform_and_wait(
            ScrapStock(new_id(), company.warehouse, TODAY, (ScrappedLine(product, company.bin, Decimal(1)),), "wet")
        ),
        lambda desk: desk.perform_and_wait(
            DispatchTransfer(
                transfer, company.warehouse, far, TODAY, (DispatchedLine(product, Decimal(5), company.bin),)
            )
        ),
        lambda desk: desk.perform_and_wait(
            ReceiveTransfer(
                transfer,
                TODAY,
                (ArrivedLine(line_of(desk, GoodsTransferLine.id, transfer_id=transfer), Decimal(5), far_bin),),
            )
        ),
        lambda desk: desk.perform_and_wait(
            TakeInReturn(
                new_id(),
                shipped,
                TODAY + timedelta(days=1),
                (ReturnedLine(line_of(desk, ShipmentLine.id, shipment_id=shipped), Decimal(1)),),
            )
        ),
        lambda desk: desk.perform_and_wait(
            ReturnToSupplier(
                new_id(),
                receipt,
                TODAY + timedelta(days=1),
                (SentBackLine(line_of(desk, GoodsReceiptLine.id, receipt_id=receipt), Decimal(7), None),),
                reason="at the dock",
            )
        ),
    ]


def test_the_dock_works_all_day_offline_without_knowing_a_price(firm: Firm) -> None:
    steps = _a_day_at_the_dock(firm)
    desk = firm.desk_of("warehouse")
    desk.go_offline()
    for step in steps:
        step(desk)
    assert desk.sync_state.waiting == len(steps)
    assert not mentions(desk, PRICE, UNIT_PRICE_PLACES)
    firm.company.stock("BX-204", "1", "9")  # so that what waits is taken back and done again on other rows
    desk.go_online()
    assert desk.wait_until_synced()
    assert desk.sync_state.waiting == 0
    assert desk.attention().result() == ()
    sent_back = firm.first(SupplierReturn.id, reason="at the dock")
    assert firm.first(SupplierReturn.total, id=sent_back) == Decimal("53580.25")
    assert firm.first(SupplierReturnLine.unit_price, return_id=sent_back) == PRICE, "the centre knew the price"
    with firm.company.session() as session:
        assert examine(session, firm.company.company_id) == ()
    assert not mentions(desk, PRICE, UNIT_PRICE_PLACES)
    assert all(row["total"] is None for row in held(desk)["supplier_return"])


def test_what_goes_back_without_a_price_is_credited_at_the_corrected_one(firm: Firm) -> None:
    company = firm.company
    receipt = company.stock("BX-300", "10", "5")
    line = firm.first(GoodsReceiptLine.id, receipt_id=receipt)
    company.perform(
        CorrectReceiptPrices(new_id(), receipt, TODAY, (CorrectedPrice(line, Decimal(6)),), "INV-1"),
        ReturnToSupplier(new_id(), receipt, TODAY, (SentBackLine(line, Decimal(2), None),), reason="back"),
    )
    assert firm.first(SupplierReturn.total, reason="back") == 12


def test_a_refusal_tells_the_dock_no_price(firm: Firm) -> None:
    steps = _a_day_at_the_dock(firm)
    desk = firm.desk_of("warehouse")
    desk.go_offline()
    for step in steps:
        step(desk)
    company = firm.company
    company.receive(firm.first(PurchaseOrder.id, status="confirmed"), "50")  # somebody else has counted them
    desk.go_online()
    assert desk.wait_until_synced()
    assert [item.status for item in desk.attention().result() if item.sentence] == ["refused"]
    assert not mentions(desk, PRICE, UNIT_PRICE_PLACES)
