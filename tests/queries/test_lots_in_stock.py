"""Which lots there are, and which are offered first."""

from datetime import date
from decimal import Decimal

from sqlalchemy import update

from company_fixtures import TODAY, SmallCompany
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.stock import StockBalance
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.doctor import examine
from erp_desktop.queries.lots import LotLookup, LotsToShip
from erp_desktop.queries.stock import StockMoves, StockOnHand

SOON, LATER = date(2026, 6, 30), date(2026, 12, 31)


def milk(company: SmallCompany) -> None:
    """Three lots of milk: one that has expired, one that expires soon, one later."""
    company.product("MILK", tracking="lot")
    order = company.purchase_order(("MILK", "15", "2.00"))
    line = derived_id("line", order, "0")
    lots = (("LATE", LATER), ("SOON", SOON), ("OLD", date(2026, 3, 1)))
    received = tuple(ReceivedLine(line, Decimal(5), lot_code=code, expires_on=day) for code, day in lots)
    company.perform(ReceiveGoods(new_id(), order, TODAY, received))


def test_lots_are_offered_in_the_order_in_which_they_are_to_leave(company: SmallCompany) -> None:
    milk(company)
    product = company.product("MILK")
    with company.session() as session:
        offered = LotLookup("", (product,), company.warehouse).run(session, company.company_id)
        assert [(lot.code, lot.on_hand, lot.product_code, lot.unit_code) for lot in offered] == [
            ("OLD", 5, "MILK", "PC"),
            ("SOON", 5, "MILK", "PC"),
            ("LATE", 5, "MILK", "PC"),
        ]
        assert [lot.code for lot in LotLookup("at", (product,)).run(session, company.company_id)] == ["LATE"]
        assert LotLookup("", (product,), bin_id=new_id()).run(session, company.company_id) == ()
        assert LotLookup("", ()).run(session, company.company_id) == ()


def test_an_order_is_offered_the_lots_that_would_leave_for_it(company: SmallCompany) -> None:
    milk(company)
    order = company.sales_order(("MILK", "4", "3.00"), ("MILK", "5", "3.00"))
    company.allocate(order)
    with company.session() as session:
        found = LotsToShip(order, TODAY).run(session, company.company_id)
        parts = {(lot.order_line_id, lot.lot_code): lot.qty for lot in found}
    assert sum(parts.values()) == 9
    assert sum(qty for (_, code), qty in parts.items() if code == "SOON") == 5
    assert sum(qty for (_, code), qty in parts.items() if code == "LATE") == 4


def test_stock_is_listed_by_lot_and_found_by_its_code(company: SmallCompany) -> None:
    milk(company)
    company.allocate(company.sales_order(("MILK", "4", "3.00")))
    with company.session() as session:
        rows = StockOnHand().run(session, company.company_id).rows
        assert {(row.lot_code, row.expires_on, row.on_hand, row.allocated) for row in rows} == {
            ("LATE", LATER, 5, 0),
            ("SOON", SOON, 5, 0),
            ("OLD", date(2026, 3, 1), 5, 0),
            (None, None, 0, 4),
        }
        found = StockOnHand(ListRequest(search="late")).run(session, company.company_id).rows
        assert [row.lot_code for row in found] == ["LATE"]
        assert {row.lot_code for row in StockMoves().run(session, company.company_id).rows} == {"LATE", "SOON", "OLD"}


def test_the_doctor_finds_a_lot_that_does_not_belong(company: SmallCompany) -> None:
    milk(company)
    company.product("PHONE", tracking="serial")
    order = company.purchase_order(("PHONE", "1", "2.00"))
    line = ReceivedLine(derived_id("line", order, "0"), Decimal(1), lot_code="SN-1")
    company.perform(ReceiveGoods(new_id(), order, TODAY, (line,)))
    with company.session() as session:
        assert examine(session, company.company_id) == ()
        phone = StockBalance.product_id == company.product("PHONE")
        session.execute(update(StockBalance).where(phone).values(on_hand=2))
        sentences = [found.sentence for found in examine(session, company.company_id)]
        assert "Quantity on hand against stock moves, PHONE SN-1 @ MAIN/STOCK: 1 expected, 2 found" in sentences
        assert "Pieces of a serial number, PHONE SN-1: 1 expected, 2 found" in sentences
        session.execute(update(StockBalance).where(phone).values(on_hand=1, lot_id=None))
        what = "Lot of what is on hand against how the product is kept, PHONE @ MAIN/STOCK: serial expected, - found"
        assert what in [found.sentence for found in examine(session, company.company_id)]
