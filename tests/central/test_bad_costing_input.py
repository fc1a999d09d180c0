"""Bad input of costing at the centre and at its HTTP door: each is one business sentence, and no row is left of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from central_desk import RemoteDesk, pushed
from sqlalchemy import func, select

from company_fixtures import PASSWORD, TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.accounting import EntryLine, PostJournalEntry, SetAccountPurpose
from erp_desktop.actions.base import Action
from erp_desktop.actions.cost_books import ChangeCostMethod, OpenCostBook
from erp_desktop.actions.cost_to_serve import SaveStorageRate
from erp_desktop.actions.landed_costs import EnterLandedCost, ManualShare
from erp_desktop.actions.masters import SaveProduct
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.price_corrections import CorrectedPrice, CorrectReceiptPrice, CorrectReceiptPrices
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.refusals import Problem
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.revaluing import NewStandard, RevaluedLine, RevalueStock, SetStandardCost
from erp_desktop.actions.shipping import ShipOrder, ShippedLine, shipment_line_id
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.actions.writing_down import RealisableLine, WriteDownStock
from erp_desktop.central.serving import served
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.base import replicated_tables
from erp_desktop.models.costing import CostBook, CostPool
from erp_desktop.models.ledger import AccountPurpose, Period
from erp_desktop.models.purchasing import GoodsReceipt, GoodsReceiptLine, LandedCostShare
from erp_desktop.queries.doctor import examine

JANUARY = date(2026, 1, 20)  # in a closed period
BEFORE = TODAY - timedelta(days=1)  # anything of the order came
FREIGHT = Decimal("5.00")


@dataclass
class House:
    """A company that has bought, sold and taken back, and closed its January."""

    company: SmallCompany
    bottle: UUID  # first in, first out
    plan: UUID  # at standard cost
    order: UUID  # to the supplier, 10 of 20 received
    receipt: UUID
    line: UUID  # of the receipt
    gone_back: UUID  # a receipt that went back whole
    gone_back_line: UUID
    cancelled: UUID
    sale: UUID  # 4 of 6 shipped
    shipment: UUID
    book: UUID

    def shipped_line(self) -> UUID:
        return shipment_line_id(self.shipment, 1)

    def account(self, purpose: str) -> UUID:
        with self.company.session() as session:
            return session.scalars(select(AccountPurpose.account_id).where(AccountPurpose.purpose == purpose)).one()


@pytest.fixture
def house(company: SmallCompany) -> House:
    bottle, plan = company.product("BTL", "fifo"), company.product("PLAN", "standard")
    company.stock("PLAN", "10", "2.00", on=JANUARY)
    order = company.purchase_order(("BTL", "20", "3.00"))
    receipt = company.receive(order, "10")
    gone_back = company.stock("BTL", "5", "3.00")
    cancelled = company.stock("BTL", "1", "3.00")
    sale = company.sales_order(("BTL", "6", "9.00"))
    company.allocate(sale)
    shipment = company.ship(sale, "4")
    with company.session() as session:
        line_of = dict(session.execute(select(GoodsReceiptLine.receipt_id, GoodsReceiptLine.id)).all())
        january = session.scalars(select(Period.id).where(Period.starts_on == date(2026, 1, 1))).one()
        book = session.scalars(select(CostBook.id)).one()
    back = SentBackLine(line_of[gone_back], Decimal(5), Decimal(3))
    company.perform(ReturnToSupplier(new_id(), gone_back, TODAY, (back,)), ClosePeriod(january))
    with company.session() as session:
        session.get_one(GoodsReceipt, (company.company_id, cancelled)).status = "cancelled"
        session.commit()
    return House(
        company,
        bottle,
        plan,
        order,
        receipt,
        line_of[receipt],
        gone_back,
        line_of[gone_back],
        cancelled,
        sale,
        shipment,
        book,
    )


# --- numbers

MakeAction = Callable[[House, Decimal], Action]


def purchase(house: House, qty: Decimal, unit_price: Decimal) -> Action:
    line = PurchaseLine(new_id(), house.bottle, qty, unit_price)
    return SavePurchaseOrder(new_id(), house.company.supplier, house.company.warehouse, TODAY, TODAY, (line,))


def landed(
    house: House, amount: Decimal, *shares: ManualShare, receipt: UUID | None = None, on: date = TODAY
) -> Action:
    basis = "manual" if shares else "value"
    return EnterLandedCost(new_id(), "freight", on, amount, basis, (receipt or house.receipt,), shares=shares)


def count(house: House, qty: Decimal, unit_cost: Decimal | None = None, on: date = TODAY) -> Action:
    line = CountedLine(house.bottle, house.company.bin, qty, unit_cost)
    return CountStock(new_id(), house.company.warehouse, on, (line,))


def to_supplier(house: House, qty: Decimal, unit_price: Decimal, on: date = TODAY) -> Action:
    return ReturnToSupplier(new_id(), house.receipt, on, (SentBackLine(house.line, qty, unit_price),))


def revalued(house: House, line: RevaluedLine, on: date = TODAY) -> Action:
    return RevalueStock(new_id(), on, "Damp", (line,))


def standard(house: House, unit_cost: Decimal, on: date = TODAY, product: UUID | None = None) -> Action:
    return SetStandardCost(new_id(), on, "New year", (NewStandard(product or house.plan, unit_cost),))


def prices(house: House, unit_price: Decimal, on: date = TODAY) -> Action:
    return CorrectReceiptPrices(new_id(), house.receipt, on, (CorrectedPrice(house.line, unit_price),))


NUMBERS: dict[str, MakeAction] = {
    "a landed cost": landed,
    "a share of a landed cost": lambda h, n: landed(h, FREIGHT, ManualShare(h.line, n)),
    "a corrected price": prices,
    "a corrected price of one line": lambda h, n: CorrectReceiptPrice(new_id(), h.line, n, TODAY),
    "a new unit cost of stock": lambda h, n: revalued(h, RevaluedLine(h.bottle, unit_cost=n)),
    "a change of value": lambda h, n: revalued(h, RevaluedLine(h.bottle, amount=n)),
    "a standard cost": standard,
    "a net value of a unit": lambda h, n: WriteDownStock(new_id(), TODAY, (RealisableLine(h.bottle, n),)),
    "a net value of all": lambda h, n: WriteDownStock(new_id(), TODAY, (RealisableLine(h.bottle, total_value=n),)),
    "a counted quantity": count,
    "a unit cost of what was found": lambda h, n: count(h, Decimal(50), n),
    "a quantity sent back": lambda h, n: to_supplier(h, n, Decimal(3)),
    "a credit for what is sent back": lambda h, n: to_supplier(h, Decimal(1), n),
    "a quantity taken back": lambda h, n: TakeInReturn(
        new_id(), h.shipment, TODAY, (ReturnedLine(h.shipped_line(), n),)
    ),
    "a quantity shipped": lambda h, n: ShipOrder(
        new_id(), h.sale, TODAY, lines=(ShippedLine(derived_id("line", h.sale, "0"), n),)
    ),
    "a quantity received": lambda h, n: ReceiveGoods(
        new_id(), h.order, TODAY, (ReceivedLine(derived_id("line", h.order, "0"), n),)
    ),
    "a quantity ordered": lambda h, n: purchase(h, n, Decimal(1)),
    "a price ordered at": lambda h, n: purchase(h, Decimal(1), n),
    "a quantity moved": lambda h, n: MoveStock(new_id(), h.bottle, n, h.company.bin, h.company.bin, TODAY),
    "a storage rate": lambda h, n: SaveStorageRate(new_id(), h.company.warehouse, TODAY, n),
}
NO_NUMBERS = ("NaN", "-NaN", "sNaN", "Infinity", "-Infinity", "9" * 38, "-" + "9" * 38, "1e30", "1e400", "0.0000001")


def test_what_is_no_number_is_said_in_a_sentence_wherever_it_stands(house: House) -> None:
    before = everything(house.company)
    for what, make in NUMBERS.items():
        for number in NO_NUMBERS:
            with pytest.raises(ActionRefused) as refused:
                house.company.perform(make(house, Decimal(number)))
            assert refused.value.code != "fault", f"{what} of {number} is our bug"
            sentence = str(refused.value)
            assert sentence.endswith(".")
            assert "{" not in sentence
            assert len(sentence) < 250, "a number of four hundred digits is not read out"
    assert everything(house.company) == before


# --- business

BAD: dict[str, tuple[Callable[[House], Action], str]] = {
    "a product without a unit": (
        lambda h: SaveProduct(new_id(), "P", "p", derived_id("category", h.company.company_id, "GENERAL"), new_id()),
        "The unit that this names is not here",
    ),
    "a standard cost of a product that is not there": (
        lambda h: standard(h, Decimal(3), product=new_id()),
        "The product that this names is not here",
    ),
    "no standard cost": (lambda h: standard(h, Decimal(0)), "The standard cost 0 of PLAN must be above zero"),
    "a standard cost below zero": (lambda h: standard(h, Decimal(-2)), "The standard cost -2 of PLAN must be above"),
    "a landed cost below zero": (lambda h: landed(h, Decimal(-5)), "-5 is below zero: a credit note names the landed"),
    "no landed cost": (lambda h: landed(h, Decimal(0)), "The amount 0 must be above zero"),
    "a landed cost on a cancelled receipt": (
        lambda h: landed(h, FREIGHT, receipt=h.cancelled),
        "GR-2026-0004 is cancelled",
    ),
    "a price of a cancelled receipt": (
        lambda h: CorrectReceiptPrices(new_id(), h.cancelled, TODAY, (CorrectedPrice(new_id(), FREIGHT),)),
        "GR-2026-0004 is cancelled",
    ),
    "a corrected price below zero": (lambda h: prices(h, Decimal(-1)), "-1 may not be below zero here"),
    "more sent back than was received": (
        lambda h: to_supplier(h, Decimal(11), Decimal(3)),
        "11 of BTL are to go back, but only 10 of GR-2026-0002 have not gone back yet",
    ),
    "sent back again": (
        lambda h: ReturnToSupplier(
            new_id(), h.gone_back, TODAY, (SentBackLine(h.gone_back_line, Decimal(1), Decimal(3)),)
        ),
        "1 of BTL are to go back, but only 0 of GR-2026-0003 have not gone back yet",
    ),
    "a credit below zero": (lambda h: to_supplier(h, Decimal(1), Decimal(-3)), "-3 may not be below zero here"),
    "more taken back than was shipped": (
        lambda h: TakeInReturn(new_id(), h.shipment, TODAY, (ReturnedLine(h.shipped_line(), Decimal(5)),)),
        "5 of BTL came back, but only 4 of SH-2026-0001 are still with the customer",
    ),
    "a net value below zero": (
        lambda h: WriteDownStock(new_id(), TODAY, (RealisableLine(h.bottle, Decimal(-1)),)),
        "-1 may not be below zero here",
    ),
    "stock at standard given another value": (
        lambda h: revalued(h, RevaluedLine(h.plan, unit_cost=Decimal(3))),
        "PLAN is costed at standard",
    ),
    "more taken off than stock is worth": (
        lambda h: revalued(h, RevaluedLine(h.bottle, amount=Decimal(-1000))),
        "would leave less than nothing",
    ),
    "another method in the middle of a month": (
        lambda h: ChangeCostMethod(h.book, "fifo", TODAY),
        "2026-03-16 is in the middle of one",
    ),
    "an unknown method": (
        lambda h: ChangeCostMethod(h.book, "guess", date(2026, 3, 1)),
        "Costing method cannot be guess",
    ),
    "another method in a closed month": (
        lambda h: ChangeCostMethod(h.book, "fifo", date(2026, 1, 1)),
        "2026-01-01 is in a closed period",
    ),
    "another inventory account for goods that are there": (
        lambda h: SetAccountPurpose(
            "inventory", h.account("bank"), derived_id("category", h.company.company_id, "fifo")
        ),
        "Stock is posted to Merchandise inventory already",
    ),
    "an inventory account that holds what is owed": (
        lambda h: SetAccountPurpose(
            "inventory",
            h.account("goods_received_not_invoiced"),
            derived_id("category", h.company.company_id, "GENERAL"),
        ),
        "holds other postings, so it could not equal the value of stock",
    ),
    "cost of sales in the inventory account": (
        lambda h: SetAccountPurpose("cost_of_sales", h.account("inventory")),
        "Merchandise inventory is kept by stock documents",
    ),
    "goods dispatched by hand": (
        lambda h: PostJournalEntry(
            new_id(),
            TODAY,
            "Found",
            (EntryLine(h.account("goods_dispatched"), FREIGHT), EntryLine(h.account("bank"), credit=FREIGHT)),
        ),
        "is kept by stock documents",
    ),
    "a book with decimals of a unit cost below none": (
        lambda h: OpenCostBook(new_id(), "TAX", "Tax", "periodic_average", unit_cost_places=-1),
        "-1",
    ),
}
for _name, _make in {
    "a receipt": lambda h: ReceiveGoods(
        new_id(), h.order, JANUARY, (ReceivedLine(derived_id("line", h.order, "0"), Decimal(1)),)
    ),
    "a shipment": lambda h: ShipOrder(
        new_id(), h.sale, JANUARY, lines=(ShippedLine(derived_id("line", h.sale, "0"), Decimal(1)),)
    ),
    "a count": lambda h: count(h, Decimal(3), Decimal(1), on=JANUARY),
    "a revaluation": lambda h: revalued(h, RevaluedLine(h.bottle, unit_cost=Decimal(3)), on=JANUARY),
    "a standard cost": lambda h: standard(h, Decimal(3), on=JANUARY),
    "a write-down": lambda h: WriteDownStock(new_id(), JANUARY, (RealisableLine(h.plan, Decimal(1)),)),
}.items():
    BAD[f"{_name} in a closed period"] = (_make, "2026-01-20 is in a closed period, so nothing was posted. Use 2026-02")
for _name, _before in {
    "a landed cost": lambda h: landed(h, FREIGHT, on=BEFORE),
    "a price": lambda h: prices(h, Decimal(4), on=BEFORE),
    "a return to the supplier": lambda h: to_supplier(h, Decimal(1), Decimal(3), on=BEFORE),
}.items():
    BAD[f"{_name} before its receipt"] = (_before, "GR-2026-0002 came on 2026-03-16")


def test_bad_costing_input_is_one_sentence_and_nothing_of_it_is_kept(house: House) -> None:
    before = everything(house.company)
    for what, (make, expected) in BAD.items():
        with pytest.raises(ActionRefused) as refused:
            house.company.perform(make(house))
        assert_said(what, expected, refused.value.problem)
        assert everything(house.company) == before, what


def test_the_same_is_said_at_the_http_door_and_nothing_of_it_is_kept(house: House) -> None:
    company = house.company
    before = everything(company)
    bad = [(what, make(house), expected) for what, (make, expected) in BAD.items()]
    bad += [(what, make(house, Decimal("NaN")), "NaN") for what, make in NUMBERS.items()]
    with served(company.centre.engine) as server:
        desk = RemoteDesk(server.url)
        assert desk.log_in("owner", PASSWORD).status_code == 200
        sent = [pushed(action, company.owner_id, seq=place) for place, (_, action, _) in enumerate(bad, start=1)]
        answers = desk.results(*(msgspec.structs.replace(one, issued_at=datetime.now(UTC)) for one in sent))
    for (what, _, expected), answer in zip(bad, answers, strict=True):
        assert answer.outcome == "refused", what
        assert_said(what, expected, Problem.from_dict(answer.problem or {}))
    assert everything(company) == before


def assert_said(what: str, expected: str, problem: Problem) -> None:
    sentence = problem.sentence
    assert expected in sentence, f"{what}: {sentence}"
    assert sentence.endswith(".")
    assert "{" not in sentence


def test_freight_of_goods_that_all_went_back_is_expensed_and_none_of_it_becomes_stock(house: House) -> None:
    company = house.company
    cost = landed(house, FREIGHT, receipt=house.gone_back)
    with company.session() as session:
        before = session.scalars(select(func.sum(CostPool.value))).one()
    company.perform(cost)
    with company.session() as session:
        assert session.scalars(select(func.sum(CostPool.value))).one() == before
        assert session.scalars(select(LandedCostShare.to_inventory)).all() == [0]
        assert examine(session, company.company_id) == ()


def everything(company: SmallCompany) -> dict[str, int]:
    """How many rows there are of every table that business fills."""
    with company.session() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in replicated_tables().items()
        }
