"""Goods that are kept by lot or serial number: arriving, leaving, coming back."""

from datetime import date
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from lot_trade import LATER, SOON, healthy, milk, on_hand, phones, receive, received, ship, shipped_lots
from sqlalchemy import select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.lots import lot_id_of
from erp_desktop.actions.masters import SaveBin
from erp_desktop.actions.receiving import ReceiveGoods
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.selling import AllocateSalesOrder, CancelSalesOrder, ReleaseAllocation
from erp_desktop.actions.shipping import shipment_line_id
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.ids import new_id
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.sales import Allocation, CustomerReturnLine, SalesOrderLine
from erp_desktop.models.stock import Lot, StockBalance

__all__ = ["milk", "phones"]

# --- arriving


def test_each_lot_that_arrives_is_on_hand_by_itself(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("L-1", "6", SOON), ("批次甲-02", "4", LATER))
    receive(milk, "MILK", ("L-1", "5"))
    assert on_hand(milk, "MILK") == {"L-1": 11, "批次甲-02": 4}
    with milk.session() as session:
        lots = {lot.code: lot for lot in session.scalars(select(Lot))}
        assert lots["批次甲-02"].expires_on == LATER
        assert lots["批次甲-02"].id == lot_id_of(milk.product("MILK"), "批次甲-02")
        assert lots["L-1"].arrived_on == TODAY


def test_spaces_around_a_scanned_lot_do_not_make_another_lot(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("L-1", "6"))
    receive(milk, "MILK", (" L-1 ", "1"))
    assert on_hand(milk, "MILK") == {"L-1": 7}


def test_the_expiry_of_a_lot_may_be_told_with_a_later_receipt(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("L-1", "6"))
    receive(milk, "MILK", ("L-1", "6", SOON))
    with milk.session() as session:
        assert session.scalars(select(Lot.expires_on)).one() == SOON
    with pytest.raises(ActionRefused, match="Lot L-1 of MILK expires on 2026-06-30 in the books"):
        receive(milk, "MILK", ("L-1", "6", LATER))


def test_one_document_does_not_name_two_expiry_dates_of_a_lot(milk: SmallCompany) -> None:
    second = new_id()
    milk.perform(SaveBin(second, milk.warehouse, "B-2"))
    lines = tuple(
        CountedLine(milk.product("MILK"), place, Decimal(2), Decimal(1), "L-1", day)
        for place, day in ((milk.bin, SOON), (second, LATER))
    )
    with pytest.raises(
        ActionRefused, match="Lot L-1 of MILK is named with two expiry dates, 2026-06-30 and 2026-12-31"
    ):
        milk.perform(CountStock(new_id(), milk.warehouse, TODAY, lines))
    assert on_hand(milk, "MILK") == {}


def test_what_is_kept_by_lot_does_not_arrive_without_one(milk: SmallCompany) -> None:
    with pytest.raises(ActionRefused, match="MILK is kept by lot or serial number, and none was named"):
        receive(milk, "MILK", ("  ", "6"))
    assert on_hand(milk, "MILK") == {}


def test_a_lot_of_what_is_not_kept_by_lot_is_refused(company: SmallCompany) -> None:
    company.product("BOX")
    with pytest.raises(ActionRefused, match="BOX is not kept by lot or serial number"):
        receive(company, "BOX", ("L-1", "6"))


def test_a_lot_code_of_ten_thousand_characters_is_refused(milk: SmallCompany) -> None:
    with pytest.raises(ActionRefused, match="longer than 80 characters"):
        receive(milk, "MILK", ("批" * 10_000, "6"))


def test_more_lots_than_were_ordered_are_refused_together(milk: SmallCompany) -> None:
    order = milk.purchase_order(("MILK", "10", "2.00"))
    with pytest.raises(ActionRefused, match="12 of MILK counted, 10 open"):
        milk.perform(ReceiveGoods(new_id(), order, TODAY, received(order, (("A", "6"), ("B", "6")))))
    with pytest.raises(ActionRefused) as refused:
        milk.perform(ReceiveGoods(new_id(), order, TODAY, received(order, (("A", "5"), ("A ", "5")))))
    assert refused.value.code == "twice_the_same_line"


# --- serial numbers


def test_each_serial_number_is_one_piece(phones: SmallCompany) -> None:
    receive(phones, "PHONE", ("SN-1", "1"), ("SN-2", "1"))
    assert on_hand(phones, "PHONE") == {"SN-1": 1, "SN-2": 1}
    with pytest.raises(ActionRefused, match="2 of PHONE under serial number SN-3, but a serial number is one piece"):
        receive(phones, "PHONE", ("SN-3", "2"))
    with pytest.raises(ActionRefused, match="Serial number SN-2 of PHONE is in stock already"):
        receive(phones, "PHONE", ("SN-2", "1"))
    assert on_hand(phones, "PHONE") == {"SN-1": 1, "SN-2": 1}


def test_half_a_piece_cannot_be_shipped(phones: SmallCompany) -> None:
    receive(phones, "PHONE", ("SN-1", "1"), ("SN-2", "1"))
    order = phones.sales_order(("PHONE", "1.5", "9.00"))
    phones.allocate(order)
    with pytest.raises(ActionRefused, match=r"0\.5 of PHONE under serial number SN-2"):
        ship(phones, order)


def test_a_piece_that_was_sold_may_be_bought_back(phones: SmallCompany) -> None:
    receive(phones, "PHONE", ("SN-1", "1"))
    order = phones.sales_order(("PHONE", "1", "9.00"))
    shipment = ship(phones, order, ("SN-1", "1"), code="PHONE")
    receive(phones, "PHONE", ("SN-1", "1"))
    assert on_hand(phones, "PHONE") == {"SN-1": 1}
    line = ReturnedLine(shipment_line_id(shipment, 1), Decimal(1))
    with pytest.raises(ActionRefused, match="Serial number SN-1 of PHONE is in stock already"):
        phones.perform(TakeInReturn(new_id(), shipment, TODAY, (line,)))


# --- leaving


def test_the_earliest_expiry_leaves_first_then_the_oldest(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("LATE", "5", LATER), ("EVER", "5"), ("SOON", "3", SOON))
    order = milk.sales_order(("MILK", "10", "3.00"))
    milk.allocate(order)
    assert shipped_lots(milk, ship(milk, order)) == [("SOON", 3), ("LATE", 5), ("EVER", 2)]
    assert on_hand(milk, "MILK") == {"EVER": 3}
    assert healthy(milk)


def test_the_lot_that_somebody_chose_leaves_although_an_order_was_promised_the_bin(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("SOON", "5", SOON), ("LATE", "5", LATER))
    first, second = milk.sales_order(("MILK", "5", "3.00")), milk.sales_order(("MILK", "5", "3.00"))
    milk.allocate(first)
    milk.allocate(second)
    assert shipped_lots(milk, ship(milk, second, ("SOON", "2"), ("LATE", "3"))) == [("SOON", 2), ("LATE", 3)]
    assert shipped_lots(milk, ship(milk, first)) == [("SOON", 3), ("LATE", 2)]
    assert healthy(milk)


def test_no_lot_is_taken_that_the_bin_owes_to_another_order(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("A", "5"), ("B", "5"))
    promised, late = milk.sales_order(("MILK", "8", "3.00")), milk.sales_order(("MILK", "5", "3.00"))
    milk.allocate(promised)
    with pytest.raises(ActionRefused, match="Only 2 of 5 MILK are free"):
        milk.allocate(late)
    with pytest.raises(ActionRefused, match="Only 2 of 5 MILK are free"):
        ship(milk, late, ("B", "5"))
    assert shipped_lots(milk, ship(milk, late, ("B", "2"))) == [("B", 2)]
    assert healthy(milk)


def test_more_of_a_lot_than_there_is_does_not_leave(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("A", "5"), ("B", "5"))
    order = milk.sales_order(("MILK", "8", "3.00"))
    milk.allocate(order)
    with pytest.raises(ActionRefused, match="Only 5 of 6 MILK are free"):
        ship(milk, order, ("A", "6"))
    assert healthy(milk)


def test_a_lot_of_another_product_does_not_leave(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("A", "5"))
    milk.product("CREAM", tracking="lot")
    receive(milk, "CREAM", ("C", "5"))
    order = milk.sales_order(("MILK", "5", "3.00"))
    with pytest.raises(ActionRefused, match="C is a lot of another product, not of MILK"):
        ship(milk, order, ("C", "5"), code="CREAM")


def test_what_has_expired_leaves_only_if_it_is_named(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("OLD", "5", date(2026, 3, 15)), ("TODAY", "1", TODAY))
    order = milk.sales_order(("MILK", "3", "3.00"))
    milk.allocate(order)
    with pytest.raises(ActionRefused, match="Only 1 of 3 MILK have not expired"):
        ship(milk, order)
    assert shipped_lots(milk, ship(milk, order, ("OLD", "3"))) == [("OLD", 3)]


def test_a_promise_of_lots_is_taken_back_with_the_order(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("A", "5"))
    order, other = milk.sales_order(("MILK", "5", "3.00")), milk.sales_order(("MILK", "5", "3.00"))
    milk.perform(AllocateSalesOrder(order), ReleaseAllocation(order), AllocateSalesOrder(other))
    milk.perform(CancelSalesOrder(other), AllocateSalesOrder(order))
    with milk.session() as session:
        assert session.scalars(select(Allocation.qty).order_by(Allocation.qty)).all() == [0, 5]
        assert session.scalars(select(SalesOrderLine.allocated_qty).order_by(SalesOrderLine.allocated_qty)).all() == [
            0,
            5,
        ]
    assert healthy(milk)


def test_the_lot_that_left_comes_back(milk: SmallCompany) -> None:
    receive(milk, "MILK", ("A", "5", SOON), ("B", "5", LATER))
    order = milk.sales_order(("MILK", "7", "3.00"))
    milk.allocate(order)
    shipment = ship(milk, order)
    back = (
        ReturnedLine(shipment_line_id(shipment, 1), Decimal(1)),
        ReturnedLine(shipment_line_id(shipment, 2), Decimal(2)),
    )
    milk.perform(TakeInReturn(new_id(), shipment, TODAY, back))
    assert on_hand(milk, "MILK") == {"A": 1, "B": 5}
    with milk.session() as session:
        lots = set(session.scalars(select(CustomerReturnLine.lot_id)))
        assert lots == {lot_id_of(milk.product("MILK"), "A"), lot_id_of(milk.product("MILK"), "B")}
    assert healthy(milk)


def test_a_lot_goes_back_to_its_supplier(milk: SmallCompany) -> None:
    receipt = receive(milk, "MILK", ("A", "5"), ("B", "5"))
    with milk.session() as session:
        lines = {line.lot_id: line.id for line in session.scalars(select(GoodsReceiptLine))}
    back = SentBackLine(lines[lot_id_of(milk.product("MILK"), "B")], Decimal(4), Decimal("2.00"))
    milk.perform(ReturnToSupplier(new_id(), receipt, TODAY, (back,)))
    assert on_hand(milk, "MILK") == {"A": 5, "B": 1}
    assert healthy(milk)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_done_with_lots_the_books_stay_sound(milk: SmallCompany, seed: int) -> None:
    """Much of it is refused; nothing of that may leave a trace."""
    milk.product("PHONE", tracking="serial")
    random = Random(seed)
    shelf = new_id()
    milk.perform(SaveBin(shelf, milk.warehouse, "SHELF"))
    shipments: list[UUID] = []
    refusals: list[str] = []
    for step in range(40):
        code = random.choice(("MILK", "PHONE"))
        lot, product = random.choice("ABCD"), milk.product(code)
        lot_id = lot_id_of(product, lot)
        qty = Decimal(1 if code == "PHONE" else random.randint(1, 6))
        try:
            match random.randrange(6):
                case 0 | 1:
                    receive(milk, code, (lot, str(qty)), ("E", "1"))
                case 2:
                    order = milk.sales_order((code, str(qty), "9.00"))
                    milk.allocate(order)
                    if random.random() < 0.6:
                        shipments.append(ship(milk, order))
                case 3:
                    order = milk.sales_order((code, str(qty), "9.00"))
                    shipments.append(ship(milk, order, (lot, str(qty)), code=code))
                case 4:
                    line = CountedLine(product, random.choice((milk.bin, shelf)), qty - 1, Decimal(2), lot)
                    milk.perform(CountStock(new_id(), milk.warehouse, TODAY, (line,)))
                case _ if step % 2 and shipments:
                    line_id = shipment_line_id(random.choice(shipments), 1)
                    parent = next(one for one in shipments if shipment_line_id(one, 1) == line_id)
                    milk.perform(TakeInReturn(new_id(), parent, TODAY, (ReturnedLine(line_id, Decimal(1)),)))
                case _:
                    milk.perform(MoveStock(new_id(), product, qty, milk.bin, shelf, TODAY, lot_id))
        except ActionRefused as refused:
            refusals.append(refused.code)
    assert len(refusals) < 40
    assert not {"refused", "against_the_rules"} & set(refusals)
    assert healthy(milk)
    with milk.session() as session:
        assert min(session.scalars(select(StockBalance.on_hand)), default=Decimal(0)) >= 0
