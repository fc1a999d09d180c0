"""Goods that are kept by lot or serial number, and warehouses that may owe stock."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.lots import lot_id_of
from erp_desktop.actions.masters import SaveBin, SaveCategory, SaveProduct, SaveWarehouse
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.selling import AllocateSalesOrder, CancelSalesOrder, ReleaseAllocation
from erp_desktop.actions.shipping import ShipOrder, ShippedLine, shipment_line_id
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.costing import MoveCost
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.sales import Allocation, CustomerReturnLine, SalesOrderLine, ShipmentLine
from erp_desktop.models.stock import Lot, StockBalance, StockMove
from erp_desktop.queries.doctor import examine

SOON = date(2026, 6, 30)
LATER = date(2026, 12, 31)


def receive(company: SmallCompany, code: str, *lots: tuple[str, str] | tuple[str, str, date | None]) -> UUID:
    """Buys and receives lots of a product as (code, qty, expiry). Gives the receipt."""
    total = sum((Decimal(lot[1]) for lot in lots), Decimal(0))
    order = company.purchase_order((code, str(total), "2.00"))
    receipt = new_id()
    company.perform(ReceiveGoods(receipt, order, TODAY, _received(order, lots)))
    return receipt


def _received(order: UUID, lots: Sequence[tuple[str, str] | tuple[str, str, date | None]]) -> tuple[ReceivedLine, ...]:
    line = derived_id("line", order, "0")
    return tuple(
        ReceivedLine(line, Decimal(lot[1]), lot_code=lot[0], expires_on=lot[2] if len(lot) == 3 else None)
        for lot in lots
    )


def ship(company: SmallCompany, order: UUID, *lots: tuple[str, str], code: str = "MILK") -> UUID:
    """Ships an order's first line: these lots of it, or whatever leaves by itself."""
    shipment = new_id()
    line = derived_id("line", order, "0")
    lines = tuple(ShippedLine(line, Decimal(qty), lot_id=lot_id_of(company.product(code), lot)) for lot, qty in lots)
    company.perform(ShipOrder(shipment, order, TODAY, company.carrier, lines=lines))
    return shipment


def on_hand(company: SmallCompany, code: str) -> dict[str, Decimal]:
    """What there is of each lot that there is any of; what has no lot under an empty name."""
    with company.session() as session:
        lots = {lot.id: lot.code for lot in session.scalars(select(Lot))}
        found: dict[str, Decimal] = {}
        for balance in session.scalars(select(StockBalance).where(StockBalance.product_id == company.product(code))):
            if balance.on_hand:
                name = lots[balance.lot_id] if balance.lot_id is not None else ""
                found[name] = found.get(name, Decimal(0)) + balance.on_hand
        return found


def shipped_lots(company: SmallCompany, shipment: UUID) -> list[tuple[str, Decimal]]:
    with company.session() as session:
        lots = {lot.id: lot.code for lot in session.scalars(select(Lot))}
        lines = session.scalars(
            select(ShipmentLine).where(ShipmentLine.shipment_id == shipment).order_by(ShipmentLine.line_no)
        )
        return [(lots[line.lot_id] if line.lot_id else "", line.qty) for line in lines]


def healthy(company: SmallCompany) -> bool:
    with company.session() as session:
        return not examine(session, company.company_id)


@pytest.fixture
def milk(company: SmallCompany) -> SmallCompany:
    """A company with milk that is kept by lot."""
    company.product("MILK", tracking="lot")
    return company


@pytest.fixture
def phones(company: SmallCompany) -> SmallCompany:
    """A company with telephones that are kept by serial number."""
    company.product("PHONE", tracking="serial")
    return company


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
        milk.perform(ReceiveGoods(new_id(), order, TODAY, _received(order, (("A", "6"), ("B", "6")))))
    with pytest.raises(ActionRefused) as refused:
        milk.perform(ReceiveGoods(new_id(), order, TODAY, _received(order, (("A", "5"), ("A ", "5")))))
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
        ReceiveGoods(new_id(), order, TODAY, _received(order, (("A", "5", LATER), ("B", "5", SOON)))),
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
        company.perform(ReceiveGoods(new_id(), order, TODAY, _received(order, ((serial, "1"),))))
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
