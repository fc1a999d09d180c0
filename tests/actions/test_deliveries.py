"""Goods on their way to customers, in a company that posts revenue when they are delivered (accounting.md, posting rules)."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from msgspec import json
from sqlalchemy import Engine, select, update

from company_fixtures import ActionRefused, SmallCompany, open_small_company
from erp_desktop.actions.base import action_args
from erp_desktop.actions.cost_books import OpenCostBook
from erp_desktop.actions.delivering import ConfirmDelivery
from erp_desktop.actions.invoicing import PostSalesInvoice
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.price_corrections import CorrectReceiptPrice
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.shipping import ShipOrder, shipment_line_id
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.central.previewing import Previews, Wanted
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.ledger import AccountPurpose, JournalEntry, JournalLine
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.sales import CustomerReturn, SalesInvoice, Shipment
from erp_desktop.numbers import ZERO
from erp_desktop.queries.cost_of_sales import By, cost_of_sales, ledger_cost_of_sales
from erp_desktop.queries.doctor import examine
from erp_desktop.queries.landed_cost_preview import LandedCostBearers
from erp_desktop.queries.period_checklist import PeriodChecklist
from erp_desktop.queries.price_corrections import PriceCorrectionDetail
from erp_desktop.queries.purchasing_details import LandedCostDetail
from erp_desktop.queries.receipt_prices import ReceiptPrices
from erp_desktop.queries.unit_story import UnitStories
from erp_desktop.reports.figures import cost_book
from erp_desktop.reports.landed_allocation import landed_allocation
from erp_desktop.reports.method_comparison import DISPATCHED, SALES_COST, method_comparison
from erp_desktop.reports.unit_story import unit_story

METHODS = ("fifo", "lifo", "moving_average", "periodic_average", "standard")


def day(number: int, month: int = 1) -> date:
    return date(2026, month, number)


@pytest.fixture
def trade(engine: Engine) -> SmallCompany:
    """A company that posts revenue at delivery, with ten pieces of A at 3.00 since the second of January."""
    company = open_small_company(engine, revenue_at="delivery")
    company.stock("A", "10", "3", on=day(2))
    return company


def sell(company: SmallCompany, qty: str, on: date, code: str = "A", price: str = "10") -> UUID:
    order = company.sales_order((code, qty, price), on=on)
    company.allocate(order)
    return company.ship(order, on=on)


def deliver(company: SmallCompany, shipment: UUID, on: date) -> None:
    company.perform(ConfirmDelivery((shipment,), on))


def take_back(company: SmallCompany, shipment: UUID, qty: str, on: date, *, scrapped: bool = False) -> UUID:
    return_id = new_id()
    line = ReturnedLine(shipment_line_id(shipment, 1), Decimal(qty), is_scrapped=scrapped)
    company.perform(TakeInReturn(return_id, shipment, on, (line,)))
    return return_id


def landed(company: SmallCompany, receipt: UUID, amount: str, on: date) -> None:
    company.perform(EnterLandedCost(new_id(), "freight", on, Decimal(amount), "qty", (receipt,)))


def reprice(company: SmallCompany, receipt: UUID, price: str, on: date) -> None:
    with company.session() as session:
        line = session.scalars(select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == receipt)).one()
    company.perform(CorrectReceiptPrice(new_id(), line, Decimal(price), on))


def balance(company: SmallCompany, purpose: str, until: date = date.max) -> Decimal:
    """Debits less credits of the purpose's accounts, as decimals of the company's currency."""
    with company.session() as session:
        accounts = select(AccountPurpose.account_id).where(
            AccountPurpose.company_id == company.company_id, AccountPurpose.purpose == purpose
        )
        lines = session.scalars(
            select(JournalLine).where(
                JournalLine.company_id == company.company_id,
                JournalLine.account_id.in_(accounts),
                JournalLine.dated_on <= until,
            )
        )
        return sum((line.debit - line.credit for line in lines), ZERO)


def balances(company: SmallCompany, until: date = date.max) -> dict[str, Decimal]:
    names = ("inventory", "goods_dispatched", "cost_of_sales", "receivable", "revenue")
    found = {name: balance(company, name, until) for name in names}
    return {name: amount for name, amount in found.items() if amount}


def money(**amounts: str) -> dict[str, Decimal]:
    return {name: Decimal(amount) for name, amount in amounts.items()}


def nothing_is_wrong(company: SmallCompany) -> None:
    """The doctor finds nothing, and cost of sales is that of the ledger on every day."""
    with company.session() as session:
        assert [found.sentence for found in examine(session, company.company_id)] == []
        book = cost_book(session, company.company_id, None)
        days = set(session.scalars(select(JournalEntry.dated_on).where(JournalEntry.company_id == company.company_id)))
        for one in sorted(days):
            sold = cost_of_sales(session, company.company_id, book.id, one, one, By.PRODUCT)
            posted = ledger_cost_of_sales(session, company.company_id, one, one)
            assert (one, sum((cost.total for cost in sold.values()), ZERO)) == (one, posted)


# --- shipping and delivering


def test_shipped_goods_are_dispatched_until_their_delivery_makes_them_cost_and_revenue(trade):
    shipment = sell(trade, "4", day(5))
    assert balances(trade) == money(inventory="18", goods_dispatched="12")
    deliver(trade, shipment, day(8))
    assert balances(trade, day(7)) == money(inventory="18", goods_dispatched="12")
    assert balances(trade) == money(inventory="18", cost_of_sales="12", receivable="40", revenue="-40")
    nothing_is_wrong(trade)


def test_freight_and_services_of_an_order_are_invoiced_with_its_first_delivery(trade):
    trade.product("FITTING", is_stocked=False)
    order = trade.sales_order(("A", "3", "10"), ("FITTING", "2", "7"), on=day(5))
    first = trade.ship(order, "1", "2", on=day(5))
    second = trade.ship(order, "2", on=day(6))
    deliver(trade, second, day(7))
    with trade.session() as session:
        assert session.scalars(select(SalesInvoice.total)).all() == [Decimal(34)]  # two of A and the fitting
    deliver(trade, first, day(8))
    assert balance(trade, "revenue") == Decimal(-44)
    nothing_is_wrong(trade)


def test_many_deliveries_are_confirmed_at_once_each_with_its_own_invoice(trade):
    shipments = tuple(sell(trade, "2", day(5)) for _ in range(3))
    trade.perform(ConfirmDelivery((*shipments, shipments[0]), day(9)))
    with trade.session() as session:
        assert session.scalars(select(Shipment.delivered_on)).all() == [day(9)] * 3
        assert session.scalars(select(SalesInvoice.total)).all() == [Decimal(20)] * 3
    assert balances(trade) == money(inventory="12", cost_of_sales="18", receivable="60", revenue="-60")
    nothing_is_wrong(trade)


def test_a_delivery_is_confirmed_once_not_before_the_shipment_and_not_ahead(trade):
    shipment = sell(trade, "4", day(5))
    with pytest.raises(ActionRefused, match="left on 2026-01-05; it cannot have arrived before"):
        deliver(trade, shipment, day(4))
    with pytest.raises(ActionRefused, match="is still to come"):
        deliver(trade, shipment, date(2126, 1, 1))
    with pytest.raises(ActionRefused, match="Shipment is missing"):
        trade.perform(ConfirmDelivery((), day(5)))
    deliver(trade, shipment, day(5))
    with pytest.raises(ActionRefused, match="was delivered on 2026-01-05 already"):
        deliver(trade, shipment, day(6))


def test_one_wrong_shipment_of_many_leaves_all_as_they_were(trade):
    early, late = sell(trade, "1", day(5)), sell(trade, "1", day(9))
    with pytest.raises(ActionRefused, match="cannot have arrived before"):
        trade.perform(ConfirmDelivery((early, late), day(7)))
    assert balances(trade) == money(inventory="24", goods_dispatched="6")


def test_an_order_is_not_invoiced_before_its_goods_are_delivered(trade):
    order = trade.sales_order(("A", "2", "10"), on=day(5))
    trade.ship(order, "2", on=day(5))
    with pytest.raises(ActionRefused, match="This company invoices goods when they are delivered"):
        trade.perform(PostSalesInvoice(new_id(), order, day(6)))


@pytest.mark.parametrize("revenue_at", ["shipment", "invoice"])
def test_elsewhere_a_delivery_is_noted_and_posts_nothing(engine, revenue_at):
    company = open_small_company(engine, revenue_at=revenue_at)
    company.stock("A", "10", "3", on=day(2))
    shipment = sell(company, "4", day(5))
    before = balances(company)
    take_back(company, shipment, "1", day(6))
    deliver(company, shipment, day(8))
    with company.session() as session:
        assert session.scalars(select(Shipment.delivered_on)).one() == day(8)
        assert not session.scalars(select(JournalEntry).where(JournalEntry.event == "delivery")).all()
    assert before["cost_of_sales"] == Decimal(12)
    assert balance(company, "goods_dispatched") == ZERO
    nothing_is_wrong(company)


# --- what changes the cost


@pytest.mark.parametrize("method", METHODS)
def test_freight_known_while_goods_are_under_way_goes_along_with_them(engine, method):
    company = open_small_company(engine, revenue_at="delivery", cost_method=method)
    receipt = company.stock("A", "10", "3", on=day(2))
    shipment = sell(company, "4", day(5))
    landed(company, receipt, "10", day(6))
    added = ZERO if method == "standard" else Decimal(4)  # at standard it is a variance
    assert balance(company, "goods_dispatched") == 12 + added
    deliver(company, shipment, day(8))
    assert balance(company, "goods_dispatched") == ZERO
    assert balance(company, "cost_of_sales") == 12 + added
    nothing_is_wrong(company)


def test_freight_dated_after_the_delivery_that_is_confirmed_later_counts_on_its_own_day(trade):
    receipt = trade.stock("B", "10", "3", on=day(2))
    shipment = sell(trade, "4", day(5), "B")
    landed(trade, receipt, "10", day(9))
    deliver(trade, shipment, day(7))
    assert balance(trade, "cost_of_sales", day(8)) == Decimal(12)
    assert balance(trade, "goods_dispatched", day(8)) == ZERO
    assert balance(trade, "cost_of_sales") == Decimal(16)
    nothing_is_wrong(trade)


def test_freight_dated_before_the_delivery_and_entered_after_it_passes_through_goods_dispatched(trade):
    receipt = trade.stock("B", "10", "3", on=day(2))
    shipment = sell(trade, "4", day(5), "B")
    deliver(trade, shipment, day(8))
    landed(trade, receipt, "10", day(6))
    assert balance(trade, "goods_dispatched", day(7)) == Decimal(16)
    assert balance(trade, "cost_of_sales", day(7)) == ZERO
    assert balance(trade, "goods_dispatched") == ZERO
    assert balance(trade, "cost_of_sales") == Decimal(16)
    nothing_is_wrong(trade)


def test_a_price_corrected_after_the_delivery_is_cost_of_sales_at_once(trade):
    receipt = trade.stock("B", "10", "3", on=day(2))
    shipment = sell(trade, "4", day(5), "B")
    deliver(trade, shipment, day(8))
    reprice(trade, receipt, "3.50", day(12))
    assert balance(trade, "cost_of_sales", day(11)) == Decimal(12)
    assert balance(trade, "cost_of_sales") == Decimal(14)
    assert balance(trade, "goods_dispatched") == ZERO
    nothing_is_wrong(trade)


@pytest.mark.parametrize("delivered", [None, day(8)])
def test_a_receipt_entered_late_changes_what_is_under_way_or_was(engine, delivered):
    company = open_small_company(engine, revenue_at="delivery", cost_method="fifo")
    company.stock("A", "10", "3", on=day(3))
    shipment = sell(company, "4", day(5))
    if delivered:
        deliver(company, shipment, delivered)
    company.stock("A", "4", "1", on=day(2))  # these left first
    assert balance(company, "goods_dispatched", day(7)) == Decimal(4)
    assert balance(company, "goods_dispatched") == (ZERO if delivered else Decimal(4))
    assert balance(company, "cost_of_sales") == (Decimal(4) if delivered else ZERO)
    nothing_is_wrong(company)


def test_the_months_average_of_goods_delivered_in_the_next_month_is_cost_of_that_month(engine):
    company = open_small_company(engine, revenue_at="delivery", cost_method="periodic_average")
    company.stock("A", "10", "3", on=day(2))
    shipment = sell(company, "4", day(20))
    company.stock("A", "10", "4", on=day(25))
    deliver(company, shipment, day(3, month=2))
    period = derived_id("period", company.company_id, day(1).isoformat())
    company.perform(ClosePeriod(period))  # 14.00 at the average of 3.50
    assert balance(company, "goods_dispatched", day(31)) == Decimal(14)
    assert balance(company, "cost_of_sales", day(31)) == ZERO
    assert balances(company)["cost_of_sales"] == Decimal(14)
    assert balance(company, "goods_dispatched") == ZERO
    nothing_is_wrong(company)


def test_a_period_closes_with_goods_under_way_which_are_delivered_in_the_next(trade):
    shipment = sell(trade, "4", day(30))
    trade.perform(ClosePeriod(derived_id("period", trade.company_id, day(1).isoformat())))
    with pytest.raises(ActionRefused, match="is in a closed period"):
        deliver(trade, shipment, day(31))
    deliver(trade, shipment, day(2, month=2))
    assert balance(trade, "cost_of_sales", day(31)) == ZERO
    assert balance(trade, "cost_of_sales") == Decimal(12)
    nothing_is_wrong(trade)


# --- what comes back


def test_goods_refused_at_the_door_come_back_without_a_credit(trade):
    shipment = sell(trade, "4", day(5))
    return_id = take_back(trade, shipment, "4", day(7))
    assert balances(trade) == money(inventory="30")
    with trade.session() as session:
        back = session.get_one(CustomerReturn, (trade.company_id, return_id))
        assert (back.total, back.was_under_way) == (ZERO, True)
    with pytest.raises(ActionRefused, match="came back before it was delivered"):
        deliver(trade, shipment, day(8))
    nothing_is_wrong(trade)


@pytest.mark.parametrize("method", ["fifo", "moving_average"])
@pytest.mark.parametrize("is_freight_known", [False, True])
def test_late_cost_of_goods_that_all_came_back_undelivered_does_not_wait_for_their_delivery(
    engine, method, is_freight_known
):
    company = open_small_company(engine, revenue_at="delivery", cost_method=method)
    receipt = company.stock("A", "10", "3", on=day(2))
    shipment = sell(company, "4", day(5))
    if is_freight_known:
        landed(company, receipt, "10", day(9))
    take_back(company, shipment, "1", day(7))
    take_back(company, shipment, "3", day(6))  # entered last
    if not is_freight_known:
        landed(company, receipt, "10", day(9))
    assert not balance(company, "goods_dispatched")
    assert balance(company, "inventory") + balance(company, "cost_of_sales") == Decimal(40)
    with company.session() as session:
        assert session.scalars(select(Shipment.under_way_until)).one() == day(7)
    nothing_is_wrong(company)


@pytest.mark.parametrize("returned", [day(6), day(9)])
def test_only_what_the_customer_kept_is_delivered_and_invoiced(trade, returned):
    shipment = sell(trade, "4", day(5))
    take_back(trade, shipment, "1", returned)
    deliver(trade, shipment, day(8))
    assert balance(trade, "cost_of_sales", day(8)) == Decimal(9)
    assert balances(trade) == money(inventory="21", cost_of_sales="9", receivable="30", revenue="-30")
    nothing_is_wrong(trade)


def test_what_comes_back_after_the_delivery_is_credited(trade):
    shipment = sell(trade, "4", day(5))
    deliver(trade, shipment, day(8))
    with pytest.raises(ActionRefused, match="was delivered on 2026-01-08; what the customer had cannot be back before"):
        take_back(trade, shipment, "1", day(7))
    take_back(trade, shipment, "1", day(9))
    assert balances(trade) == money(inventory="21", cost_of_sales="9", receivable="30", revenue="-40")
    assert balance(trade, "sales_returns") == Decimal(10)
    nothing_is_wrong(trade)


@pytest.mark.parametrize("delivered", [None, day(8)])
def test_goods_that_broke_under_way_are_scrapped_with_their_return(trade, delivered):
    receipt = trade.stock("B", "10", "3", on=day(2))
    shipment = sell(trade, "4", day(5), "B")
    take_back(trade, shipment, "1", day(7), scrapped=True)
    if delivered:
        deliver(trade, shipment, delivered)
    landed(trade, receipt, "10", day(6))
    assert balance(trade, "scrap_loss") == Decimal(4)
    assert balance(trade, "goods_dispatched") == (ZERO if delivered else Decimal(12))
    assert balance(trade, "cost_of_sales") == (Decimal(12) if delivered else ZERO)
    nothing_is_wrong(trade)


def test_a_receipt_entered_late_changes_what_came_back_of_a_delivered_shipment_as_well(engine):
    company = open_small_company(engine, revenue_at="delivery", cost_method="fifo")
    company.stock("A", "10", "3", on=day(3))
    shipment = sell(company, "4", day(5))
    take_back(company, shipment, "1", day(6))
    deliver(company, shipment, day(8))
    company.stock("A", "4", "1", on=day(2))
    assert balance(company, "cost_of_sales", day(7)) == ZERO
    assert balance(company, "cost_of_sales") == Decimal(3)
    assert balance(company, "goods_dispatched") == ZERO
    nothing_is_wrong(company)


# --- the doctor


def test_the_doctor_names_goods_dispatched_that_are_not_the_shipments_under_way(trade):
    shipment = sell(trade, "4", day(5))
    with trade.session() as session:
        session.execute(update(Shipment).where(Shipment.id == shipment).values(under_way_until=day(6)))
        session.commit()
        found: list[Any] = [one.sentence for one in examine(session, trade.company_id)]
    assert found == [
        "Balance of the goods dispatched accounts against the shipments under way, 140501: 0 expected, 12 found"
    ]


# --- what is told of them


def test_a_preview_says_what_a_delivery_costs_in_every_book(trade):
    trade.stock("B", "2", "3", on=day(2))
    trade.stock("B", "2", "5", on=day(3))
    trade.perform(OpenCostBook(new_id(), "MGMT", "Management", "lifo"))
    shipment = sell(trade, "2", day(5), "B")
    take_back(trade, shipment, "1", day(6))
    action = ConfirmDelivery((shipment,), day(8))
    told = Previews(trade.centre).effect(
        Wanted(trade.company_id, trade.owner_id, "ConfirmDelivery", 1, json.decode(action_args(action)))
    )
    assert {book.code: book.cost_of_sales for book in told.books} == {"MAIN": Decimal(4), "MGMT": Decimal(5)}
    assert told.entries is not None
    assert {line.event for line in told.entries} == {"delivery", "revenue"}
    assert told.goods_dispatched == Decimal(-4)
    assert balance(trade, "cost_of_sales") == ZERO


def test_a_preview_counts_nothing_as_sold_that_only_leaves_or_comes_back_undelivered(trade):
    order = trade.sales_order(("A", "2", "10"), on=day(5))
    shipment = sell(trade, "2", day(5))
    line = (ReturnedLine(shipment_line_id(shipment, 1), Decimal(1)),)
    trade.perform(OpenCostBook(new_id(), "MGMT", "Management", "lifo"))
    trade.allocate(order)
    for action in (ShipOrder(new_id(), order, day(6)), TakeInReturn(new_id(), shipment, day(6), line)):
        told = Previews(trade.centre).effect(
            Wanted(trade.company_id, trade.owner_id, type(action).__name__, 1, json.decode(action_args(action)))
        )
        assert {book.cost_of_sales for book in told.books} == {ZERO}


def test_every_method_counts_cost_of_sales_at_the_delivery(trade):
    shipment = sell(trade, "4", day(20))
    sell(trade, "1", day(21))
    deliver(trade, shipment, day(3, month=2))
    with trade.session() as session:
        january = method_comparison(session, trade.company_id, day(1), day(31))
        february = method_comparison(session, trade.company_id, day(1, month=2), day(28, month=2))
    for report, sold, under_way in ((january, 0, 15), (february, 12, -12)):
        rows = {str(row.cells["figure"]): row.cells for row in report.sections[0].rows}
        assert [rows[SALES_COST][method] for method in METHODS] == [Decimal(sold)] * len(METHODS)
        assert [rows[DISPATCHED][method] for method in METHODS] == [Decimal(under_way)] * len(METHODS)
        assert all(check.holds for check in report.checks)


def test_landed_cost_of_goods_under_way_stands_apart_in_its_report(trade):
    receipt = trade.stock("B", "10", "3", on=day(2))
    shipment = sell(trade, "4", day(5), "B")
    landed(trade, receipt, "10", day(6))
    with trade.session() as session:
        before = landed_allocation(session, trade.company_id, day(1), day(31)).sections[0]
    deliver(trade, shipment, day(8))
    with trade.session() as session:
        after = landed_allocation(session, trade.company_id, day(1), day(31)).sections[0]
    names = ("to_inventory", "to_goods_dispatched", "to_cost_of_sales")
    assert [before.total(name) for name in names] == [Decimal(6), Decimal(4), ZERO]
    assert [after.total(name) for name in names] == [Decimal(6), ZERO, Decimal(4)]


PLACES = ("inventory", "goods_dispatched", "cost_of_sales", "purchase_price_variance", "scrap_loss")


def where_it_went(line: Any) -> tuple[Decimal, ...]:
    """Of a posted or a foreseen line, in the order of PLACES; what only the posted one has apart is zero in the other."""
    names = ("to_inventory", "to_goods_dispatched", "to_cost_of_sales", "to_variance", "to_scrap_loss")
    return tuple(getattr(line, name, ZERO) for name in names)


def entered_with(company: SmallCompany, document: UUID, on: date) -> tuple[Decimal, ...]:
    """What the entry of a document did to the accounts of PLACES."""
    with company.session() as session:
        amounts = dict.fromkeys(PLACES, ZERO)
        posted = (
            select(AccountPurpose.purpose, JournalLine.debit, JournalLine.credit)
            .join(JournalLine, JournalLine.account_id == AccountPurpose.account_id)
            .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
            .where(JournalEntry.document_id == document, JournalEntry.dated_on == on)
        )
        for purpose, debit, credit in session.execute(posted):
            if purpose in amounts:
                amounts[purpose] += debit - credit
    return tuple(amounts.values())


@pytest.mark.parametrize("method", ["fifo", "moving_average"])
def test_pages_and_forms_say_of_late_value_what_was_posted(engine, method):
    company = open_small_company(engine, revenue_at="delivery", cost_method=method)
    receipt = company.stock("A", "10", "3", on=day(2))
    for qty, delivered in (("2", day(7)), ("1", day(9)), ("3", None)):
        shipment = sell(company, qty, day(5))
        if delivered:
            deliver(company, shipment, delivered)

    def compare(*, is_foreseen: bool) -> None:
        """Freight and another price of the goods dated the eighth: of what is delivered on the ninth, before that."""
        freight, correction = new_id(), new_id()
        with company.session() as session:
            bearing = LandedCostBearers((receipt,)).run(session, company.company_id)
            (foreseen,) = bearing.foresee(Decimal("10.01"), "qty", day(8)).shares
        company.perform(EnterLandedCost(freight, "freight", day(8), Decimal("10.01"), "qty", (receipt,)))
        with company.session() as session:
            (line,) = ReceiptPrices(receipt).run(session, company.company_id).prices
            effect = line.effect_of(line.unit_price + Decimal("0.37"), day(8))
        company.perform(CorrectReceiptPrice(correction, line.id, line.unit_price + Decimal("0.37"), day(8)))
        with company.session() as session:
            (share,) = LandedCostDetail(freight).run(session, company.company_id).shares
            (corrected,) = PriceCorrectionDetail(correction).run(session, company.company_id).lines
        assert where_it_went(share) == entered_with(company, freight, day(8))
        assert where_it_went(corrected) == entered_with(company, correction, day(8))
        if is_foreseen:
            assert where_it_went(foreseen) == where_it_went(share)
            assert where_it_went(effect) == where_it_went(corrected)
            assert share.to_goods_dispatched == Decimal("4.01")
        else:
            assert (foreseen.to_cost_of_sales, effect.to_goods_dispatched) == (None, None)
            assert share.to_variance
            assert corrected.to_variance

    compare(is_foreseen=True)
    with company.session() as session:
        line_id = session.scalars(select(GoodsReceiptLine.id)).one()
    company.perform(ReturnToSupplier(new_id(), receipt, day(8), (SentBackLine(line_id, Decimal(1), Decimal(3)),)))
    compare(is_foreseen=False)
    nothing_is_wrong(company)


def test_the_checklist_of_a_period_names_the_shipments_under_way(trade):
    shipment = sell(trade, "4", day(5))
    sell(trade, "1", day(3, month=2))
    assert under_way(trade) == ("warns", ("SH-2026-0001",))
    deliver(trade, shipment, day(2, month=2))
    assert under_way(trade) == ("fine", ())


def under_way(company: SmallCompany) -> tuple[str, tuple[str, ...]]:
    period = derived_id("period", company.company_id, day(1).isoformat())
    with company.session() as session:
        items = PeriodChecklist(period_id=period).run(session, company.company_id).rows
    (item,) = (item for item in items if item.key == "under_way")
    return item.state, item.examples


def test_the_story_of_what_was_shipped_says_when_the_customer_had_it(trade):
    shipment = sell(trade, "4", day(5))
    with trade.session() as session:
        (story,) = UnitStories(shipment).run(session, trade.company_id)
        assert (story.is_under_way, story.delivered_on) == (True, None)
    deliver(trade, shipment, day(8))
    with trade.session() as session:
        (story,) = UnitStories(shipment).run(session, trade.company_id)
        assert (story.is_under_way, story.delivered_on) == (False, day(8))
        rows = unit_story(session, trade.company_id, str(shipment)).sections[0].rows
    assert day(8) in [row.cells.get("date") for row in rows if str(row.cells["what"]) == "Delivered to the customer"]
