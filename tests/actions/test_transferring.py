"""Goods that go from one warehouse to another over days, through the books."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select

from company_fixtures import TODAY, ActionRefused, SmallCompany, open_small_company
from erp_desktop.actions.base import Action
from erp_desktop.actions.cost_books import OpenCostBook
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.masters import SaveBin, SaveCategory, SaveProduct, SaveWarehouse
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.revaluing import RevaluedLine, RevalueStock
from erp_desktop.actions.selling import SalesLine, SaveSalesOrder
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.actions.transferring import (
    ArrivedLine,
    CloseTransferShort,
    DispatchedLine,
    DispatchTransfer,
    ReceiveTransfer,
    transfer_line_id,
)
from erp_desktop.actions.transit import transit_bin_id, transit_warehouse_id
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.costing import CostPool
from erp_desktop.models.ledger import AccountPurpose, JournalEntry, JournalLine, Period
from erp_desktop.models.stock import Bin, GoodsTransfer, StockBalance, Warehouse
from erp_desktop.numbers import ZERO
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.doctor import examine
from erp_desktop.queries.lookups import BinLookup, ProductLookup, WarehouseLookup
from erp_desktop.queries.masters import Products
from erp_desktop.queries.stock import StockOnHand
from erp_desktop.queries.unit_story import UnitStories


def D(text: str) -> Decimal:
    return Decimal(text)


class TwoHouses:
    """A main warehouse and one in Ningbo. BOX is costed by warehouse, BAG for the company, LOT is kept by lots."""

    def __init__(self, company: SmallCompany) -> None:
        self.company = company
        self.main, self.stock = company.warehouse, company.bin
        self.ningbo, self.dock, self.shelf = new_id(), new_id(), new_id()
        company.perform(
            SaveWarehouse(self.ningbo, "NB", "Ningbo"),
            SaveBin(self.dock, self.ningbo, "DOCK"),
            SaveBin(self.shelf, self.ningbo, "SHELF"),
            SaveWarehouse(self.ningbo, "NB", "Ningbo", receiving_bin_id=self.dock),
        )
        for code, pool, method, tracking in (
            ("BOX", "warehouse", None, "none"),
            ("BAG", "company", None, "none"),
            ("LOT", "lot", "specific", "lot"),
        ):
            category = derived_id("category", company.company_id, code)
            company.products[code] = new_id()
            unit = derived_id("unit", company.company_id, "PC")
            company.perform(
                SaveCategory(category, code, code, cost_method=method, cost_pool=pool),
                SaveProduct(company.products[code], code, code, category_id=category, unit_id=unit, tracking=tracking),
            )

    def dispatch(self, *lines: DispatchedLine, on: date = TODAY) -> UUID:
        transfer = new_id()
        self.company.perform(DispatchTransfer(transfer, self.main, self.ningbo, on, lines))
        return transfer

    def send(self, code: str, qty: str, on: date = TODAY) -> UUID:
        return self.dispatch(DispatchedLine(self.company.products[code], D(qty), self.stock), on=on)

    def arrive(self, transfer: UUID, qty: str, on: date = TODAY, bin_id: UUID | None = None) -> None:
        line = ArrivedLine(transfer_line_id(transfer, 1), D(qty), bin_id)
        self.company.perform(ReceiveTransfer(transfer, on, (line,)))

    def on_hand(self, code: str) -> dict[str, Decimal]:
        """By bin, what is not zero."""
        with self.company.session() as session:
            rows = session.execute(
                select(Bin.code, func.sum(StockBalance.on_hand, type_=StockBalance.on_hand.type))
                .join(Bin, Bin.id == StockBalance.bin_id)
                .where(StockBalance.product_id == self.company.products[code], StockBalance.on_hand != 0)
                .group_by(Bin.code)
            )
            return dict(rows.all())  # type: ignore[arg-type]

    def values(self, code: str) -> dict[str, Decimal]:
        """What the pools of the posting book hold, by warehouse; those with nothing are left out."""
        with self.company.session() as session:
            book = derived_id("cost_book", self.company.company_id, "MAIN")
            rows = session.execute(
                select(Warehouse.code, CostPool.value)
                .join(Warehouse, Warehouse.id == CostPool.warehouse_id)
                .where(CostPool.product_id == self.company.products[code], CostPool.book_id == book)
                .where(CostPool.value != 0)
                .order_by(CostPool.value)
            ).all()
        sums: dict[str, Decimal] = {}
        for warehouse, value in rows:
            sums[warehouse] = sums.get(warehouse, ZERO) + value
        return sums

    def transfer(self, transfer: UUID) -> GoodsTransfer:
        with self.company.session() as session:
            return session.get_one(GoodsTransfer, (self.company.company_id, transfer))

    def entries(self) -> dict[str, dict[str, Decimal]]:
        """By event, what was debited less credited on the account of each purpose."""
        posted: dict[str, dict[str, Decimal]] = {}
        with self.company.session() as session:
            for event, purpose, debit, credit in session.execute(
                select(JournalEntry.event, AccountPurpose.purpose, JournalLine.debit, JournalLine.credit)
                .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
                .join(AccountPurpose, AccountPurpose.account_id == JournalLine.account_id)
            ):
                sums = posted.setdefault(event, {})
                sums[purpose] = sums.get(purpose, ZERO) + debit - credit
        return posted

    def is_healthy(self) -> bool:
        with self.company.session() as session:
            assert [found.sentence for found in examine(session, self.company.company_id)] == []
        return True


@pytest.fixture
def houses(company: SmallCompany) -> TwoHouses:
    return TwoHouses(company)


def test_goods_are_in_transit_until_they_are_taken_in_part_by_part(houses: TwoHouses) -> None:
    houses.company.stock("BOX", "10", "3.00")
    transfer = houses.send("BOX", "6")
    assert houses.on_hand("BOX") == {"STOCK": D("4"), "TRANSIT": D("6")}
    assert houses.values("BOX") == {"MAIN": D("12.00"), "TRANSIT": D("18.00")}
    assert houses.transfer(transfer).status == "dispatched"
    assert (houses.transfer(transfer).number or "").startswith("TRF-2026-")

    houses.arrive(transfer, "2", on=TODAY + timedelta(days=2))
    assert houses.transfer(transfer).status == "part_received"
    houses.arrive(transfer, "4", on=TODAY + timedelta(days=3), bin_id=houses.shelf)
    with houses.company.session() as session:
        told = UnitStories(transfer, line_no=1).run(session, houses.company.company_id)
    assert {(story.origin.document.kind, story.origin.document.number) for story in told} == {
        ("goods_transfer", "TRF-2026-0001")
    }
    assert sorted(story.qty for story in told) == [D("2"), D("4"), D("6")]
    assert houses.on_hand("BOX") == {"STOCK": D("4"), "DOCK": D("2"), "SHELF": D("4")}
    assert houses.values("BOX") == {"MAIN": D("12.00"), "NB": D("18.00")}
    assert houses.transfer(transfer).status == "received"
    assert set(houses.entries()) == {"goods_receipt"}  # it was inventory all the time
    assert houses.is_healthy()


def test_costs_of_two_transfers_under_way_do_not_mix(houses: TwoHouses) -> None:
    houses.company.stock("BOX", "10", "1.00")
    first = houses.send("BOX", "10")
    houses.company.stock("BOX", "10", "9.00")
    second = houses.send("BOX", "10")
    houses.arrive(second, "10")
    assert houses.values("BOX") == {"TRANSIT": D("10.00"), "NB": D("90.00")}
    houses.arrive(first, "10")
    assert houses.values("BOX") == {"NB": D("100.00")}
    assert houses.is_healthy()


def test_what_never_arrives_is_written_off_like_a_loss_of_a_count(houses: TwoHouses) -> None:
    houses.company.stock("BOX", "10", "3.00")
    transfer = houses.send("BOX", "6")
    houses.arrive(transfer, "5", on=TODAY + timedelta(days=1))
    closed_on = TODAY + timedelta(days=2)
    houses.company.perform(CloseTransferShort(transfer, closed_on, " fell off the lorry "))
    assert houses.on_hand("BOX") == {"STOCK": D("4"), "DOCK": D("5")}
    assert houses.entries()["transfer_loss"] == {"inventory": D("-3.00"), "inventory_adjustment": D("3.00")}
    closed = houses.transfer(transfer)
    assert (closed.status, closed.closed_on, closed.close_reason) == ("closed_short", closed_on, "fell off the lorry")
    with pytest.raises(ActionRefused, match=r"closed.short"):
        houses.arrive(transfer, "1", on=closed_on)
    assert houses.is_healthy()


def test_freight_that_is_known_later_follows_the_goods_into_transit_and_out_of_it(houses: TwoHouses) -> None:
    receipt = houses.company.stock("BOX", "10", "3.00")
    first, second = houses.send("BOX", "4"), houses.send("BOX", "3")
    houses.arrive(second, "3")
    freight = EnterLandedCost(new_id(), "freight", TODAY, D("10.00"), "qty", (receipt,))
    houses.company.perform(freight)
    assert houses.values("BOX") == {"MAIN": D("12.00"), "TRANSIT": D("16.00"), "NB": D("12.00")}
    houses.arrive(first, "4")
    assert houses.values("BOX") == {"MAIN": D("12.00"), "NB": D("28.00")}
    assert houses.is_healthy()


def test_a_receipt_that_is_entered_late_costs_what_is_in_transit_anew(houses: TwoHouses) -> None:
    houses.company.stock("BOX", "10", "9.00", on=TODAY - timedelta(days=5))
    transfer = houses.send("BOX", "10")
    houses.company.stock("BOX", "10", "1.00", on=TODAY - timedelta(days=6))
    assert houses.values("BOX") == {"MAIN": D("50.00"), "TRANSIT": D("50.00")}
    houses.arrive(transfer, "10")
    assert houses.values("BOX") == {"MAIN": D("50.00"), "NB": D("50.00")}
    assert houses.is_healthy()


def test_lots_go_along(houses: TwoHouses) -> None:
    company = houses.company
    lot_lines = (CountedLine(company.products["LOT"], houses.stock, D("5"), D("2.00"), "L-1"),)
    company.perform(CountStock(new_id(), houses.main, TODAY, lot_lines))
    lot = derived_id("lot", company.products["LOT"], "L-1")
    line = DispatchedLine(company.products["LOT"], D("3"), houses.stock, lot)
    with pytest.raises(ActionRefused, match="kept by lot"):
        houses.send("LOT", "3")
    transfer = houses.dispatch(line)
    with pytest.raises(ActionRefused, match="Only 2 of LOT"):
        houses.dispatch(line)
    houses.arrive(transfer, "3")
    assert houses.on_hand("LOT") == {"STOCK": D("2"), "DOCK": D("3")}
    with company.session() as session:
        arrived = session.scalars(select(StockBalance.lot_id).where(StockBalance.bin_id == houses.dock)).all()
    assert arrived == [lot]
    assert houses.is_healthy()


def test_what_is_promised_to_an_order_is_not_dispatched(houses: TwoHouses) -> None:
    houses.company.stock("BAG", "10", "3.00")
    houses.company.allocate(houses.company.sales_order(("BAG", "7", "9.00")))
    with pytest.raises(ActionRefused, match="Only 3 of BAG"):
        houses.send("BAG", "4")
    houses.send("BAG", "3")


def test_goods_in_transit_are_not_free_to_promise(houses: TwoHouses) -> None:
    houses.company.stock("BAG", "10", "3.00")
    houses.send("BAG", "6")
    with pytest.raises(ActionRefused, match="Only 4 of BAG"):
        houses.send("BAG", "5")
    with houses.company.session() as session:
        (bag,) = ProductLookup("BAG").run(session, houses.company.company_id)
    assert (bag.on_hand, bag.free) == (D("4"), D("4"))


@pytest.mark.parametrize(
    ("qty", "days", "sentence"),
    [
        ("7", 1, "7 of BOX arrived, but only 6 of TRF-2026-0001 are in transit"),
        ("1", -1, "TRF-2026-0001 left on"),
        ("0", 1, "must be above zero"),
    ],
)
def test_an_arrival_that_cannot_be_is_refused(houses: TwoHouses, qty: str, days: int, sentence: str) -> None:
    houses.company.stock("BOX", "10", "3.00", on=TODAY - timedelta(days=3))
    transfer = houses.send("BOX", "6")
    with pytest.raises(ActionRefused, match=sentence):
        houses.arrive(transfer, qty, on=TODAY + timedelta(days=days))
    assert houses.on_hand("BOX") == {"STOCK": D("4"), "TRANSIT": D("6")}


def test_nothing_of_a_transfer_happens_in_a_closed_period(houses: TwoHouses) -> None:
    company = houses.company
    company.stock("BOX", "10", "3.00", on=date(2026, 1, 5))
    transfer = houses.send("BOX", "6", on=date(2026, 1, 6))
    with company.session() as session:
        january = session.scalars(
            select(Period.id).where(Period.company_id == company.company_id, Period.starts_on == date(2026, 1, 1))
        ).one()
    company.perform(ClosePeriod(january))
    for refused in (
        DispatchTransfer(
            new_id(),
            houses.main,
            houses.ningbo,
            date(2026, 1, 7),
            (DispatchedLine(company.products["BOX"], D("1"), houses.stock),),
        ),
        ReceiveTransfer(transfer, date(2026, 1, 8), (ArrivedLine(transfer_line_id(transfer, 1), D("1")),)),
        CloseTransferShort(transfer, date(2026, 1, 8), "lost"),
    ):
        with pytest.raises(ActionRefused, match="closed period"):
            company.perform(refused)
    houses.arrive(transfer, "6", on=date(2026, 2, 1))
    assert houses.is_healthy()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda house, line: {"to_warehouse_id": house.main}, "in this warehouse already"),
        (lambda house, line: {"expected_on": TODAY - timedelta(days=1)}, "cannot be expected before"),
        (lambda house, line: {"lines": ()}, "There is no line yet"),
        (lambda house, line: {"lines": (line, line)}, "named twice"),
        (
            lambda house, line: {"lines": (DispatchedLine(line.product_id, D("1"), house.shelf),)},
            "Bin SHELF is in another warehouse",
        ),
    ],
)
def test_a_dispatch_that_cannot_be_is_refused(
    houses: TwoHouses, change: Callable[[TwoHouses, DispatchedLine], dict[str, object]], sentence: str
) -> None:
    houses.company.stock("BOX", "10", "3.00")
    line = DispatchedLine(houses.company.products["BOX"], D("1"), houses.stock)
    wanted = {
        "transfer_id": new_id(),
        "from_warehouse_id": houses.main,
        "to_warehouse_id": houses.ningbo,
        "dispatched_on": TODAY,
        "lines": (line,),
    }
    with pytest.raises(ActionRefused, match=sentence):
        houses.company.perform(DispatchTransfer(**{**wanted, **change(houses, line)}))  # type: ignore[arg-type]
    assert houses.on_hand("BOX") == {"STOCK": D("10")}


def test_only_transfers_lead_into_and_out_of_transit(houses: TwoHouses) -> None:
    """It is offered nowhere, and what names it all the same is refused."""
    company, box = houses.company, houses.company.products["BOX"]
    company.stock("BOX", "10", "3.00")
    houses.send("BOX", "6")
    transit, transit_bin = transit_warehouse_id(company.company_id), transit_bin_id(company.company_id)
    with company.session() as session:
        assert transit not in {one.id for one in WarehouseLookup("").run(session, company.company_id)}
        assert transit_bin not in {one.id for one in BinLookup("").run(session, company.company_id)}
    forged: tuple[Action, ...] = (
        MoveStock(new_id(), box, D("1"), transit_bin, houses.stock, TODAY),
        MoveStock(new_id(), box, D("1"), houses.stock, transit_bin, TODAY),
        CountStock(new_id(), transit, TODAY, (CountedLine(box, transit_bin, D("5")),)),
        SavePurchaseOrder(
            new_id(), company.supplier, transit, TODAY, TODAY, (PurchaseLine(new_id(), box, D("1"), D("1")),)
        ),
        SaveSalesOrder(
            new_id(),
            company.channel,
            transit,
            TODAY,
            TODAY,
            (SalesLine(new_id(), box, D("1"), D("1")),),
            customer_id=company.customer,
        ),
        RevalueStock(new_id(), TODAY, "damp", (RevaluedLine(box, transit, amount=D("1.00")),)),
        SaveWarehouse(transit, "TRANSIT", "Ours"),
        SaveBin(new_id(), transit, "SECOND"),
        DispatchTransfer(new_id(), transit, houses.ningbo, TODAY, (DispatchedLine(box, D("1"), transit_bin),)),
    )
    for action in forged:
        with pytest.raises(ActionRefused, match="Goods in transit are in no warehouse"):
            company.perform(action)


def test_a_warehouse_that_is_called_transit_already_keeps_its_code(houses: TwoHouses) -> None:
    houses.company.perform(SaveWarehouse(new_id(), "TRANSIT", "At the harbour"))
    houses.company.stock("BOX", "10", "3.00")
    houses.send("BOX", "6")
    with houses.company.session() as session:
        code = session.scalars(select(Warehouse.code).where(Warehouse.is_transit)).one()
    assert code == "TRANSIT-2"


def test_a_book_that_is_opened_later_knows_the_transfers_and_replay_gives_the_same_rows(
    houses: TwoHouses, engine: Engine, another_database: Callable[[], Engine]
) -> None:
    houses.company.stock("BOX", "10", "1.00")
    first = houses.send("BOX", "5")
    houses.company.stock("BOX", "10", "9.00")
    second = houses.send("BOX", "10")
    houses.arrive(first, "4")
    houses.company.perform(CloseTransferShort(first, TODAY, "one was missing"))
    book = new_id()
    houses.company.perform(OpenCostBook(book, "LATE", "Late", "fifo"))
    houses.arrive(second, "10")
    with houses.company.session() as session:
        pools = select(CostPool.warehouse_id, CostPool.transfer_id, CostPool.on_hand, CostPool.value)
        kept = {row[:2]: row[2:] for row in session.execute(pools.where(CostPool.book_id == book))}
    assert kept[houses.main, None] == (D("5"), D("45.00"))
    assert kept[houses.ningbo, None] == (D("14"), D("54.00"))
    assert {key[1] for key in kept} == {None, first, second}
    assert houses.is_healthy()
    copy = another_database()
    replay(engine, houses.company.company_id, copy)
    assert differing_tables(engine, copy, houses.company.company_id) == {}


def test_what_is_in_transit_is_listed_by_place_and_free_nowhere(houses: TwoHouses) -> None:
    houses.company.stock("BAG", "10", "3.00")
    houses.send("BAG", "6")
    with houses.company.session() as session:
        page = StockOnHand(ListRequest()).run(session, houses.company.company_id)
        rows = {row.warehouse_name: (row.on_hand, row.free) for row in page.rows}
        (bag,) = (
            row for row in Products(ListRequest()).run(session, houses.company.company_id).rows if row.code == "BAG"
        )
    assert rows == {"Main warehouse": (D("4"), D("4")), "In transit": (D("6"), D("0"))}
    assert (bag.on_hand, bag.free, bag.in_transit) == (D("4"), D("4"), D("6"))


def test_value_that_reaches_goods_in_transit_months_after_a_closing_leaves_the_months_between_noted(
    engine: Engine,
) -> None:
    company = open_small_company(engine, cost_method="periodic_average")
    houses = TwoHouses(company)
    receipt = company.stock("BOX", "10", "3.00", on=date(2026, 1, 5))
    houses.send("BOX", "6", on=date(2026, 1, 6))
    with company.session() as session:
        january = session.scalars(
            select(Period.id).where(Period.company_id == company.company_id, Period.starts_on == date(2026, 1, 1))
        ).one()
    company.perform(
        ClosePeriod(january),
        EnterLandedCost(new_id(), "freight", date(2026, 4, 8), D("10.00"), "qty", (receipt,)),
        OpenCostBook(new_id(), "LATE", "Late", "periodic_average"),
    )
    assert houses.is_healthy()
