"""Lots counted, moved and costed, and warehouses that may owe stock."""

from decimal import Decimal
from uuid import UUID

import pytest
from lot_trade import LATER, SOON, healthy, milk, on_hand, phones, receive, received, ship, shipped_lots
from sqlalchemy import select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.lots import lot_id_of
from erp_desktop.actions.masters import SaveBin, SaveCategory, SaveProduct, SaveWarehouse
from erp_desktop.actions.receiving import ReceiveGoods
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.selling import AllocateSalesOrder
from erp_desktop.actions.shipping import ShipOrder, shipment_line_id
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.costing import MoveCost
from erp_desktop.models.stock import StockBalance, StockMove

__all__ = ["milk", "phones"]

# --- counting and moving


def test_a_count_finds_a_new_lot_and_misses_a_known_one(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("A", "5"))
    product = milk.product("MILK")
    lines = (
        CountedLine(product, milk.bin, Decimal(4), lot_code="A"),
        CountedLine(product, milk.bin, Decimal(2), Decimal("2.00"), lot_code="NEW", expires_on=SOON),
    )
    milk.perform(CountStock(new_id(), milk.warehouse, TODAY, lines))
    assert on_hand(milk, "MILK") == {"A": 4, "NEW": 2}
    with pytest.raises(ActionRefused, match="none was named"):
        milk.perform(CountStock(new_id(), milk.warehouse, TODAY, (CountedLine(product, milk.bin, Decimal(4)),)))
    assert healthy(milk)


def test_a_count_leaves_what_is_promised_of_all_lots_together(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("A", "5"), ("B", "5"))
    milk.allocate(milk.sales_order(("MILK", "6", "3.00")))
    product = milk.product("MILK")

    def count(*found: tuple[str, int]) -> None:
        lines = tuple(CountedLine(product, milk.bin, Decimal(qty), lot_code=lot) for lot, qty in found)
        milk.perform(CountStock(new_id(), milk.warehouse, TODAY, lines))

    with pytest.raises(ActionRefused, match="5 of MILK counted, but 6 there are promised"):
        count(("A", 0))
    count(("A", 1))
    assert on_hand(milk, "MILK") == {"A": 1, "B": 5}


def test_a_piece_that_lies_in_another_bin_is_put_right_by_one_count(phones: SmallCompany) -> None:
    receive(phones, "PHONE", ("SN-1", "1"))
    shelf = new_id()
    phones.perform(SaveBin(shelf, phones.warehouse, "SHELF"))
    product = phones.product("PHONE")
    here = CountedLine(product, shelf, Decimal(1), Decimal("2.00"), lot_code="SN-1")
    gone = CountedLine(product, phones.bin, Decimal(0), lot_code="SN-1")
    with pytest.raises(ActionRefused, match="Serial number SN-1 of PHONE is in stock already"):
        phones.perform(CountStock(new_id(), phones.warehouse, TODAY, (here,)))
    phones.perform(CountStock(new_id(), phones.warehouse, TODAY, (gone, here)))
    assert on_hand(phones, "PHONE") == {"SN-1": 1}
    assert healthy(phones)


def test_one_lot_goes_to_another_bin(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("A", "5"), ("B", "5"))
    shelf, product = new_id(), milk.product("MILK")
    milk.perform(SaveBin(shelf, milk.warehouse, "SHELF"))

    def move(qty: str, lot: str | None) -> None:
        lot_id = lot_id_of(product, lot) if lot is not None else None
        milk.perform(MoveStock(new_id(), product, Decimal(qty), milk.bin, shelf, TODAY, lot_id))

    move("3", "A")
    with pytest.raises(ActionRefused, match="Only 2 of MILK are in STOCK, 3 were asked for"):
        move("3", "A")
    with pytest.raises(ActionRefused, match="none was named"):
        move("1", None)
    with milk.session() as session:
        balance = session.scalars(select(StockBalance).where(StockBalance.bin_id == shelf)).one()
        assert (balance.lot_id, balance.on_hand) == (lot_id_of(product, "A"), 3)
    assert healthy(milk)


# --- masters


def test_whether_a_product_is_kept_by_lots_is_fixed_once_it_has_moved(milk: SmallCompany) -> None:
    product = SaveProduct(
        product_id=milk.product("MILK"),
        code="MILK",
        name="Milk",
        category_id=derived_id("category", milk.company_id, "GENERAL"),
        unit_id=derived_id("unit", milk.company_id, "PC"),
        tracking="serial",
    )
    milk.perform(product)
    receive(milk, "MILK", ("1", "1"))
    with pytest.raises(ActionRefused) as refused:
        milk.perform(SaveProduct(**{**vars(product), "tracking": "lot"}))
    assert refused.value.code == "fixed_once_moved"


def test_specific_cost_asks_for_lots(company: SmallCompany) -> None:
    def category(method: str | None, pool: str) -> None:
        company.perform(
            SaveCategory(
                derived_id("category", company.company_id, "GENERAL"),
                "GENERAL",
                "General",
                cost_method=method,
                cost_pool=pool,
            )
        )

    with pytest.raises(ActionRefused, match="GENERAL is costed lot by lot"):
        category("specific", "company")
    category("specific", "lot")
    with pytest.raises(ActionRefused, match="BOX is costed lot by lot"):
        company.product("BOX")
    company.products.clear()
    company.product("RING", tracking="serial")
    category(None, "company")
    company.product("BOX")
    with pytest.raises(ActionRefused, match="GENERAL is costed lot by lot"):
        category("specific", "lot")


# --- owing stock


def owe(company: SmallCompany) -> None:
    """From now on the warehouse allows negative stock."""
    company.perform(
        SaveWarehouse(company.warehouse, "MAIN", "Main warehouse", receiving_bin_id=company.bin, allows_negative=True)
    )


def test_more_than_is_there_does_not_leave(company: SmallCompany) -> None:
    company.stock("BOX", "3", "2.00")
    order = company.sales_order(("BOX", "5", "3.00"))
    with pytest.raises(ActionRefused, match="Only 3 of 5 BOX are free"):
        company.ship(order, "5")


def test_goods_leave_before_they_are_booked_in_where_the_warehouse_allows_it(company: SmallCompany) -> None:
    owe(company)
    company.stock("BOX", "3", "2.00")
    order = company.sales_order(("BOX", "5", "3.00"))
    company.ship(order, "5")
    assert on_hand(company, "BOX") == {"": -2}
    company.stock("BOX", "6", "2.00")
    assert on_hand(company, "BOX") == {"": 4}


def test_a_warehouse_that_owes_goods_is_put_right_by_a_count(company: SmallCompany) -> None:
    owe(company)
    company.stock("BOX", "3", "2.00")
    company.ship(company.sales_order(("BOX", "5", "3.00")), "5")
    line = CountedLine(company.product("BOX"), company.bin, Decimal(0))
    company.perform(CountStock(new_id(), company.warehouse, TODAY, (line,)))
    assert on_hand(company, "BOX") == {}


def test_what_is_kept_by_lots_is_never_owed(milk: SmallCompany) -> None:
    owe(milk)
    receive(milk, "MILK", ("A", "5"))
    order = milk.sales_order(("MILK", "8", "3.00"))
    with pytest.raises(ActionRefused, match="Only 5 of 8 MILK are free"):
        ship(milk, order, ("A", "8"))


# --- all at once


def test_lots_that_come_and_go_in_one_push_read_as_if_done_one_by_one(milk: SmallCompany) -> None:
    order = milk.purchase_order(("MILK", "10", "2.00"))
    sale = milk.sales_order(("MILK", "7", "3.00"))
    shipment = new_id()
    milk.perform(
        ReceiveGoods(new_id(), order, TODAY, received(order, (("A", "5", LATER), ("B", "5", SOON)))),
        AllocateSalesOrder(sale),
        ShipOrder(shipment, sale, TODAY, milk.carrier),
        TakeInReturn(new_id(), shipment, TODAY, (ReturnedLine(shipment_line_id(shipment, 1), Decimal(5)),)),
    )
    assert shipped_lots(milk, shipment) == [("B", 5), ("A", 2)]
    assert on_hand(milk, "MILK") == {"A": 3, "B": 5}
    assert healthy(milk)


def test_every_move_of_a_lot_names_it(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("A", "5"))
    order = milk.sales_order(("MILK", "2", "3.00"))
    ship(milk, order, ("A", "2"))
    with milk.session() as session:
        assert set(session.scalars(select(StockMove.lot_id))) == {lot_id_of(milk.product("MILK"), "A")}


# --- what a lot cost


def test_each_piece_leaves_at_what_it_cost_itself(company: SmallCompany) -> None:
    general = derived_id("category", company.company_id, "GENERAL")
    company.perform(SaveCategory(general, "GENERAL", "General", cost_method="specific", cost_pool="lot"))
    company.product("RING", tracking="serial")
    for serial, price in (("R-1", "900.00"), ("R-2", "1250.00")):
        order = company.purchase_order(("RING", "1", price))
        company.perform(ReceiveGoods(new_id(), order, TODAY, received(order, ((serial, "1"),))))
    order = company.sales_order(("RING", "1", "2000.00"))
    shipment = ship(company, order, ("R-2", "1"), code="RING")
    assert cost_of(company, shipment) == 1250
    back = new_id()
    company.perform(TakeInReturn(back, shipment, TODAY, (ReturnedLine(shipment_line_id(shipment, 1), Decimal(1)),)))
    assert cost_of(company, back) == -1250
    assert on_hand(company, "RING") == {"R-1": 1, "R-2": 1}
    assert healthy(company)


def cost_of(company: SmallCompany, document: UUID) -> Decimal:
    """What left stock with a document, in the book that posts."""
    with company.session() as session:
        moves = select(StockMove.id).where(StockMove.document_id == document)
        return -sum(session.scalars(select(MoveCost.cost).where(MoveCost.move_id.in_(moves))), Decimal(0))
