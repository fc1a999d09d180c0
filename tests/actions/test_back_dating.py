"""What is entered late, in an open period: what follows is costed again, and only the differences are posted, each on its day."""

from datetime import date
from decimal import Decimal as D
from uuid import UUID

import pytest
from sqlalchemy import select, update

from company_fixtures import ActionRefused, SmallCompany
from erp_desktop.actions.cost_books import ChangeCostMethod, OpenCostBook
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.masters import SaveBin, SaveCategory, SaveProduct, SaveWarehouse
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.revaluing import NewStandard, RevaluedLine, RevalueStock, SetStandardCost
from erp_desktop.actions.shipping import ShipOrder, ShippedLine, shipment_line_id
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.ids import derived_id, new_id
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.costing import CostAdjustment, CostBalance, CostLayer, CostPool, MoveCost
from erp_desktop.models.ledger import AccountPurpose, JournalEntry, JournalLine, Period
from erp_desktop.models.stock import MoveKind, StockMove, Warehouse
from erp_desktop.numbers import ZERO
from erp_desktop.queries.doctor import examine
from erp_desktop.queries.stock_figures import stock_value_on

EARLY, MIDDLE, LATE = date(2026, 1, 5), date(2026, 1, 20), date(2026, 3, 10)
FEBRUARY = date(2026, 2, 10)


def sell(company: SmallCompany, code: str, qty: str, on: date) -> UUID:
    """Ships `qty`. Gives the shipment."""
    return company.ship(company.sales_order((code, qty, "30"), on=on), qty, on=on)


def cost_of(company: SmallCompany, document: UUID) -> D:
    """What a document's only move costs with all corrections, positive."""
    with company.session() as session:
        move = session.scalars(select(StockMove.id).where(StockMove.document_id == document)).one()
        posted = session.scalars(select(MoveCost.cost).where(MoveCost.move_id == move)).one()
        corrected = session.scalars(select(CostAdjustment.to_inventory).where(CostAdjustment.move_id == move)).all()
        expensed = session.scalars(
            select(CostAdjustment.to_cost_of_sales).where(
                CostAdjustment.move_id == move, CostAdjustment.to_inventory == 0
            )
        ).all()
    return abs(posted + sum(corrected, ZERO) - sum(expensed, ZERO))


def cost_adjustments(company: SmallCompany) -> dict[date, dict[str, D]]:
    """What corrections put on each purpose's account, by the day on which they are posted: debit less credit."""
    with company.session() as session:
        rows = session.execute(
            select(JournalEntry.dated_on, AccountPurpose.purpose, JournalLine.debit, JournalLine.credit)
            .join(JournalLine, JournalEntry.id == JournalLine.entry_id)
            .join(AccountPurpose, AccountPurpose.account_id == JournalLine.account_id)
            .where(
                JournalEntry.event == "cost_adjustment",
                AccountPurpose.purpose.in_((Purpose.INVENTORY, Purpose.COST_OF_SALES)),
            )
            .order_by(JournalEntry.dated_on)
        ).all()
    posted: dict[date, dict[str, D]] = {}
    for day, purpose, debit, credit in rows:
        on_day = posted.setdefault(day, {})
        on_day[purpose] = on_day.get(purpose, ZERO) + debit - credit
    return posted


def variances(company: SmallCompany) -> dict[date, D]:
    """Purchase price variance of each day: debit less credit."""
    with company.session() as session:
        lines = session.execute(
            select(JournalEntry.dated_on, JournalLine.debit, JournalLine.credit)
            .join(JournalLine, JournalEntry.id == JournalLine.entry_id)
            .join(AccountPurpose, AccountPurpose.account_id == JournalLine.account_id)
            .where(AccountPurpose.purpose == Purpose.PURCHASE_PRICE_VARIANCE)
        ).all()
    found: dict[date, D] = {}
    for day, debit, credit in lines:
        found[day] = found.get(day, ZERO) + debit - credit
    return found


def purchase_price_variance(company: SmallCompany) -> D:
    return sum(variances(company).values(), ZERO)


def value_on_hand(company: SmallCompany, code: str) -> list[tuple[D, D]]:
    """Quantity and value of every pool of a product, the fullest first."""
    with company.session() as session:
        pools = session.execute(
            select(CostPool.on_hand, CostPool.value).where(CostPool.product_id == company.products[code])
        )
        return sorted(((pool.on_hand, pool.value) for pool in pools), reverse=True)


def value_at_the_end_of(company: SmallCompany, day: date) -> D:
    """Of all stock, by Inventory valuation as of that day."""
    with company.session() as session:
        return sum((row.value for row in stock_value_on(session, company.company_id, day)), ZERO)


def close_january(company: SmallCompany) -> None:
    with company.session() as session:
        january = session.scalars(select(Period.id).where(Period.starts_on <= EARLY, Period.ends_on >= EARLY)).one()
    company.perform(ClosePeriod(january))


def warehouse_of(company: SmallCompany, code: str) -> UUID:
    with company.session() as session:
        return session.scalars(select(Warehouse.id).where(Warehouse.code == code)).one()


def allows_negative(company: SmallCompany, code: str) -> None:
    bin_id = company.bin if code == "MAIN" else None
    warehouse = SaveWarehouse(warehouse_of(company, code), code, code, receiving_bin_id=bin_id, allows_negative=True)
    company.perform(warehouse)


def nothing_is_wrong(company: SmallCompany) -> None:
    with company.session() as session:
        assert [found.sentence for found in examine(session, company.company_id)] == []


def kept_apart(company: SmallCompany, code: str, method: str) -> tuple[UUID, UUID]:
    """A product that is costed by warehouse, and two further warehouses' bins."""
    category = derived_id("category", company.company_id, "apart")
    company.products[code] = new_id()
    bins = (new_id(), new_id())
    company.perform(
        SaveCategory(category, "APART", "Apart", cost_method=method, cost_pool="warehouse"),
        SaveProduct(
            product_id=company.products[code],
            code=code,
            name=code,
            category_id=category,
            unit_id=derived_id("unit", company.company_id, "PC"),
        ),
    )
    for place, stock_bin in enumerate(bins, start=2):
        warehouse = new_id()
        company.perform(
            SaveWarehouse(warehouse, f"W{place}", f"Warehouse {place}"), SaveBin(stock_bin, warehouse, f"B{place}")
        )
    return bins


def test_a_receipt_entered_late_costs_later_issues_again_and_posts_the_difference_on_the_day_of_each(company):
    company.product("BX", "fifo")
    company.stock("BX", "10", "5.00", on=MIDDLE)
    first = sell(company, "BX", "4", on=MIDDLE)
    second = sell(company, "BX", "4", on=LATE)
    assert (cost_of(company, first), cost_of(company, second)) == (20, 20)

    company.stock("BX", "6", "3.00", on=EARLY)  # was there all the time: the first issues took of it
    assert (cost_of(company, first), cost_of(company, second)) == (12, 16)  # 4 at 3; 2 at 3 and 2 at 5
    assert cost_adjustments(company) == {
        MIDDLE: {Purpose.INVENTORY: 8, Purpose.COST_OF_SALES: -8},
        LATE: {Purpose.INVENTORY: 4, Purpose.COST_OF_SALES: -4},
    }
    assert value_on_hand(company, "BX") == [(8, 40)]
    nothing_is_wrong(company)


def test_an_average_is_counted_again_from_the_day_of_the_late_receipt_on(company):
    company.product("AV", "moving_average")
    company.stock("AV", "10", "5.00", on=EARLY)
    before = sell(company, "AV", "2", on=EARLY)
    after = sell(company, "AV", "4", on=LATE)
    company.stock("AV", "8", "7.00", on=FEBRUARY)
    assert (cost_of(company, before), cost_of(company, after)) == (10, 24)
    assert cost_adjustments(company) == {LATE: {Purpose.INVENTORY: -4, Purpose.COST_OF_SALES: 4}}
    nothing_is_wrong(company)


def test_an_issue_entered_late_is_refused_when_there_was_not_enough_then(company):
    company.product("BX", "fifo")
    company.stock("BX", "2", "5.00", on=EARLY)
    company.stock("BX", "8", "5.00", on=LATE)
    with pytest.raises(ActionRefused, match="Only 2 of BX were there on 2026-01-20, and 3 leave") as refused:
        sell(company, "BX", "3", on=MIDDLE)
    assert refused.value.code == "not_there_then"
    sell(company, "BX", "3", on=LATE)
    nothing_is_wrong(company)


def test_an_issue_entered_late_is_refused_when_a_later_one_would_find_too_little(company):
    company.product("BX", "fifo")
    company.stock("BX", "5", "5.00", on=EARLY)
    sell(company, "BX", "5", on=FEBRUARY)
    company.stock("BX", "5", "5.00", on=LATE)
    with pytest.raises(ActionRefused, match="BX were there on 2026-02-10"):
        sell(company, "BX", "1", on=MIDDLE)
    nothing_is_wrong(company)


def test_an_issue_before_a_revaluation_is_refused_once_the_revaluation_is_posted(company):
    company.product("BX", "fifo")
    company.stock("BX", "10", "5.00", on=EARLY)
    line = RevaluedLine(company.products["BX"], amount=D("-10"))
    company.perform(RevalueStock(new_id(), FEBRUARY, "prices fell", (line,)))
    with pytest.raises(ActionRefused, match="BX was revalued on 2026-02-10") as refused:
        sell(company, "BX", "1", on=MIDDLE)
    assert refused.value.code == "before_revaluation"
    assert cost_of(company, sell(company, "BX", "1", on=FEBRUARY)) == 4
    nothing_is_wrong(company)


def test_a_return_after_a_late_landed_cost_comes_in_at_what_the_issue_costs_by_now(company):
    company.product("BX", "fifo")
    receipt = company.stock("BX", "10", "5.00", on=EARLY)
    shipment = sell(company, "BX", "4", on=MIDDLE)
    company.perform(EnterLandedCost(new_id(), "freight", FEBRUARY, D("10"), "qty", (receipt,)))
    assert cost_of(company, shipment) == 24
    back = new_id()
    line = ReturnedLine(shipment_line_id(shipment, 1), D(1))
    company.perform(TakeInReturn(back, shipment, LATE, (line,)))
    assert cost_of(company, back) == 6
    assert value_on_hand(company, "BX") == [(7, 42)]
    nothing_is_wrong(company)


def test_a_return_costs_what_the_issue_does_once_the_issue_is_costed_again(company):
    company.product("BX", "fifo")
    company.stock("BX", "10", "5.00", on=MIDDLE)
    shipment = sell(company, "BX", "4", on=FEBRUARY)
    back = new_id()
    company.perform(TakeInReturn(back, shipment, LATE, (ReturnedLine(shipment_line_id(shipment, 1), D(2)),)))
    company.stock("BX", "4", "3.00", on=EARLY)
    assert (cost_of(company, shipment), cost_of(company, back)) == (12, 6)
    assert cost_adjustments(company) == {
        FEBRUARY: {Purpose.INVENTORY: 8, Purpose.COST_OF_SALES: -8},
        LATE: {Purpose.INVENTORY: -4, Purpose.COST_OF_SALES: 4},
    }
    nothing_is_wrong(company)


@pytest.mark.parametrize("method", ["fifo", "moving_average"])
def test_goods_that_went_through_two_warehouses_cost_there_what_they_cost_by_now(company, method):
    second, third = kept_apart(company, "TR", method)
    company.stock("TR", "10", "5.00", on=MIDDLE)
    product = company.products["TR"]
    company.perform(MoveStock(new_id(), product, D(6), company.bin, second, FEBRUARY))
    company.perform(MoveStock(new_id(), product, D(3), second, third, LATE))
    assert value_on_hand(company, "TR") == [(4, 20), (3, 15), (3, 15)]

    company.stock("TR", "10", "3.00", on=EARLY)
    expected = {"fifo": [(14, 62), (3, 9), (3, 9)], "moving_average": [(14, 56), (3, 12), (3, 12)]}
    assert value_on_hand(company, "TR") == expected[method]
    assert cost_adjustments(company) == {}  # from warehouse to warehouse: nothing was sold
    nothing_is_wrong(company)


def test_a_layer_that_is_there_again_counts_with_what_comes_next(company):
    company.product("BX", "lifo")
    company.stock("BX", "10", "5.00", on=EARLY)
    company.stock("BX", "4", "6.00", on=MIDDLE)
    sold = sell(company, "BX", "4", on=LATE)  # the layer at 6.00 is used up
    other = sell(company, "BX", "1", on=LATE)
    company.stock("BX", "5", "3.00", on=FEBRUARY)  # it was these that were sold
    assert (cost_of(company, sold), cost_of(company, other)) == (12, 3)
    company.perform(
        RevalueStock(new_id(), LATE, "prices fell", (RevaluedLine(company.products["BX"], amount=D("-2.80")),))
    )
    assert value_on_hand(company, "BX") == [(14, D("71.20"))]
    nothing_is_wrong(company)
    assert cost_of(company, sell(company, "BX", "4", on=LATE)) == D("23.20")  # 4 x 6.00 less their part
    nothing_is_wrong(company)


def test_a_month_end_average_counts_what_came_late_when_the_month_is_closed(company):
    company.product("PA", "periodic_average")
    company.stock("PA", "10", "5.00", on=EARLY)
    shipment = sell(company, "PA", "5", on=MIDDLE)
    assert cost_of(company, shipment) == 25
    company.stock("PA", "10", "8.00", on=EARLY)
    company.perform(ClosePeriod(derived_id("period", company.company_id, "2026-01-01")))
    assert cost_of(company, shipment) == D("32.50")  # 130 for 20
    assert value_on_hand(company, "PA") == [(15, D("97.50"))]
    assert sum(posted[Purpose.COST_OF_SALES] for posted in cost_adjustments(company).values()) == D("7.50")
    nothing_is_wrong(company)


def test_nothing_is_entered_late_into_a_closed_period(company):
    company.product("BX", "fifo")
    company.stock("BX", "10", "5.00", on=EARLY)
    company.perform(ClosePeriod(derived_id("period", company.company_id, "2026-01-01")))
    with pytest.raises(ActionRefused, match="2026-01-20") as refused:
        sell(company, "BX", "3", on=MIDDLE)
    assert refused.value.code == "period_closed"
    with company.session() as session:
        kinds = session.scalars(select(MoveCost.kind)).all()
    assert kinds == [MoveKind.RECEIPT]
    nothing_is_wrong(company)


def test_goods_found_before_anything_came_need_a_cost_even_if_something_came_later(company):
    company.product("BX", "fifo")
    company.stock("BX", "10", "5.00", on=FEBRUARY)

    def found(on: date, unit_cost: D | None) -> CountStock:
        line = CountedLine(company.products["BX"], company.bin, D(11), unit_cost)
        return CountStock(new_id(), company.warehouse, on, (line,))

    with pytest.raises(ActionRefused, match="BX has no cost yet") as refused:
        company.perform(found(EARLY, None))
    assert refused.value.code == "no_cost_known"
    company.perform(found(EARLY, D(3)))
    company.perform(OpenCostBook(new_id(), "AVG", "Average", "moving_average"))
    nothing_is_wrong(company)


def test_a_shortage_that_grew_before_it_was_covered_is_kept_by_the_day_of_each_part(company):
    """Sold in January, covered in February; then more is sold in January, and a receipt comes late into February."""
    company.perform(
        SaveWarehouse(company.warehouse, "MAIN", "Main", receiving_bin_id=company.bin, allows_negative=True)
    )
    company.product("BX", "fifo")
    sell(company, "BX", "2", on=MIDDLE)
    company.stock("BX", "20", "5.00", on=FEBRUARY)
    first = sell(company, "BX", "9", on=MIDDLE)
    company.stock("BX", "3", "4.00", on=FEBRUARY.replace(day=5))
    assert cost_of(company, first) == D("44")  # one of the three at 4 that were left, the rest at 5
    nothing_is_wrong(company)


def test_a_method_that_began_before_its_book_had_stock_may_change_again(company):
    company.stock("BX", "10", "5.00", on=FEBRUARY)
    book = new_id()
    company.perform(
        OpenCostBook(book, "TAX", "Tax", "fifo"),
        ChangeCostMethod(book, "moving_average", date(2026, 1, 1)),
        ChangeCostMethod(book, "lifo", date(2026, 4, 1)),
    )
    assert value_on_hand(company, "BX") == [(10, 50), (10, 50)]
    nothing_is_wrong(company)


@pytest.mark.parametrize("method", ["periodic_average", "standard"])
def test_a_further_book_is_opened_over_issues_and_a_revaluation_after_them(company, method):
    company.product("BX", "fifo")
    company.stock("BX", "10", "5.00", on=EARLY)
    sell(company, "BX", "4", on=MIDDLE)
    line = RevaluedLine(company.products["BX"], amount=D("-6"))
    company.perform(RevalueStock(new_id(), FEBRUARY, "prices fell", (line,)))
    company.perform(OpenCostBook(new_id(), "OTHER", "Other", method))
    assert [qty for qty, _ in value_on_hand(company, "BX")] == [6, 6]
    nothing_is_wrong(company)


def test_goods_that_came_before_the_first_standard_are_revalued_to_it_and_the_change_is_posted(company):
    company.product("BX", "standard")
    standard = (NewStandard(company.products["BX"], D("3.10")),)
    company.perform(SetStandardCost(new_id(), FEBRUARY, "plan", standard))
    company.stock("BX", "10", "3.25", on=MIDDLE)
    assert value_on_hand(company, "BX") == [(10, 31)]
    assert cost_adjustments(company) == {FEBRUARY: {Purpose.INVENTORY: D("-1.50")}}
    nothing_is_wrong(company)


def test_documents_that_are_pushed_together_may_all_be_late(company):
    company.product("BX", "fifo")
    company.stock("BX", "10", "5.00", on=LATE)
    bought = company.purchase_order(("BX", "4", "3.00"), on=EARLY)
    sold = company.sales_order(("BX", "3", "30"), on=FEBRUARY)
    receipt = ReceiveGoods(new_id(), bought, EARLY, (ReceivedLine(derived_id("line", bought, "0"), D(4)),))
    shipment = ShipOrder(new_id(), sold, FEBRUARY, lines=(ShippedLine(derived_id("line", sold, "0"), D(3)),))
    company.perform(receipt, shipment)
    assert cost_of(company, shipment.shipment_id) == 9
    assert value_on_hand(company, "BX") == [(11, 53)]
    nothing_is_wrong(company)


@pytest.mark.parametrize("method", ["fifo", "lifo", "moving_average"])
def test_what_comes_back_later_costs_what_was_counted_again_in_a_month_that_ended_as_it_did(company, method):
    company.product("BX", method)
    receipt = company.stock("BX", "10", "5.00", on=EARLY)
    shipment = sell(company, "BX", "10", on=MIDDLE)  # nothing is left in January
    company.stock("BX", "10", "6.00", on=FEBRUARY)
    back = new_id()
    company.perform(TakeInReturn(back, shipment, LATE, (ReturnedLine(shipment_line_id(shipment, 1), D(5)),)))
    assert (cost_of(company, shipment), cost_of(company, back)) == (50, 25)
    company.perform(EnterLandedCost(new_id(), "freight", MIDDLE, D("20"), "qty", (receipt,)))
    assert (cost_of(company, shipment), cost_of(company, back)) == (70, 35)
    assert value_on_hand(company, "BX") == [(15, 95)]
    nothing_is_wrong(company)


@pytest.mark.parametrize("method", ["fifo", "lifo", "moving_average"])
def test_late_value_that_was_entered_first_stays_when_more_of_it_comes_for_a_month_that_ends_as_it_did(company, method):
    company.product("BX", method)
    receipt = company.stock("BX", "10", "5.00", on=EARLY)
    shipment = sell(company, "BX", "10", on=MIDDLE)
    company.stock("BX", "10", "6.00", on=FEBRUARY)
    company.perform(EnterLandedCost(new_id(), "duty", LATE, D("20"), "qty", (receipt,)))
    company.perform(EnterLandedCost(new_id(), "freight", EARLY, D("5"), "qty", (receipt,)))
    assert cost_of(company, shipment) == 75
    assert value_on_hand(company, "BX") == [(10, 60)]
    nothing_is_wrong(company)


def test_goods_that_arrive_in_a_warehouse_with_another_standard_leave_a_price_variance(company):
    second, third = kept_apart(company, "ST", "standard")
    product = company.products["ST"]
    company.stock("ST", "10", "5.00", on=EARLY)
    company.perform(MoveStock(new_id(), product, D(4), company.bin, second, MIDDLE))
    assert value_on_hand(company, "ST") == [(6, 30), (4, 20)]
    found = CountedLine(product, third, D(3), unit_cost=D("6.00"))
    company.perform(CountStock(new_id(), warehouse_of(company, "W3"), EARLY, (found,)))
    # The second warehouse's standard is what its first goods cost: now those that come late.
    company.perform(MoveStock(new_id(), product, D(2), third, second, EARLY))
    assert value_on_hand(company, "ST") == [(6, 36), (6, 30), (1, 6)]
    assert purchase_price_variance(company) == -4
    nothing_is_wrong(company)
    company.perform(MoveStock(new_id(), product, D(1), company.bin, second, LATE))
    assert value_on_hand(company, "ST") == [(7, 42), (5, 25), (1, 6)]
    assert purchase_price_variance(company) == -5
    nothing_is_wrong(company)


def test_what_was_moved_before_it_was_there_is_trued_up_where_it_is_costed_at_standard(company):
    second, _ = kept_apart(company, "ST", "standard")
    product = company.products["ST"]
    allows_negative(company, "W2")
    company.stock("ST", "10", "5.00", on=EARLY)
    company.perform(MoveStock(new_id(), product, D(6), company.bin, second, LATE))
    company.perform(MoveStock(new_id(), product, D(2), second, company.bin, MIDDLE))
    # On that day nobody knew what the two cost, so that all of 10 was a variance; it is not, since they came from the first.
    assert variances(company) == {MIDDLE: -10, LATE: 10}
    assert value_on_hand(company, "ST") == [(6, 30), (4, 20)]
    nothing_is_wrong(company)
    found = CountedLine(product, second, D(7), unit_cost=D("6.00"))
    company.perform(
        CountStock(new_id(), warehouse_of(company, "W2"), FEBRUARY, (found,))
    )  # it was of these that the two were
    assert variances(company) == {MIDDLE: -10, FEBRUARY: 12, LATE: -6}  # goods at 5.00 come to a standard of 6.00
    assert value_on_hand(company, "ST") == [(7, 42), (6, 30)]
    nothing_is_wrong(company)


@pytest.mark.parametrize("method", ["fifo", "lifo", "moving_average", "periodic_average"])
def test_what_covers_goods_that_were_moved_before_they_were_there_goes_where_they_went(company, method):
    second, third = kept_apart(company, "TR", method)
    product = company.products["TR"]
    allows_negative(company, "W2")
    company.stock("TR", "10", "5.00", on=EARLY)
    company.perform(MoveStock(new_id(), product, D(3), company.bin, second, LATE))
    company.perform(MoveStock(new_id(), product, D(2), second, third, MIDDLE))
    assert value_on_hand(company, "TR") == [(7, 35), (2, 10), (1, 5)]
    nothing_is_wrong(company)
    found = CountedLine(product, second, D(3), unit_cost=D("6.00"))  # so the two were of these: 2 more were there
    company.perform(CountStock(new_id(), warehouse_of(company, "W2"), FEBRUARY, (found,)))
    assert value_on_hand(company, "TR") == [(7, 35), (3, 15), (2, 12)]
    nothing_is_wrong(company)


def test_what_goods_cost_later_goes_after_them_into_another_warehouse_on_its_day(company):
    """Where they lie no goods move any more: what they were worth before that day can still be asked, and counted from."""
    second, third = kept_apart(company, "TR", "fifo")
    product = company.products["TR"]
    receipt = company.stock("TR", "10", "5.00", on=EARLY)
    company.perform(MoveStock(new_id(), product, D(4), company.bin, second, EARLY))
    company.perform(EnterLandedCost(new_id(), "freight", LATE, D("10.00"), "qty", (receipt,)))
    assert value_on_hand(company, "TR") == [(6, 36), (4, 24)]
    assert [value_at_the_end_of(company, day) for day in (EARLY, MIDDLE, FEBRUARY, LATE)] == [50, 50, 50, 60]
    nothing_is_wrong(company)
    company.perform(MoveStock(new_id(), product, D(1), company.bin, third, FEBRUARY))  # counts from January on again
    assert value_on_hand(company, "TR") == [(5, 30), (4, 24), (1, 6)]
    company.perform(
        MoveStock(new_id(), product, D(2), second, third, MIDDLE)
    )  # these rest from now on: freight follows
    assert value_on_hand(company, "TR") == [(5, 30), (3, 18), (2, 12)]
    assert [value_at_the_end_of(company, day) for day in (EARLY, MIDDLE, FEBRUARY, LATE)] == [50, 50, 50, 60]
    nothing_is_wrong(company)


def test_freight_goes_after_goods_that_begin_a_pool_in_the_same_batch(company):
    second, _ = kept_apart(company, "TR", "fifo")
    receipt = company.stock("TR", "10", "5.00", on=EARLY)
    company.perform(
        MoveStock(new_id(), company.products["TR"], D(4), company.bin, second, MIDDLE),
        EnterLandedCost(new_id(), "freight", LATE, D("10.00"), "qty", (receipt,)),
    )
    assert value_on_hand(company, "TR") == [(6, 36), (4, 24)]
    nothing_is_wrong(company)


def test_what_a_pool_held_at_the_end_of_a_month_is_proved(company):
    company.product("BX", "fifo")
    company.stock("BX", "4", "5.00", on=EARLY)
    sell(company, "BX", "1", on=LATE)
    nothing_is_wrong(company)
    with company.session() as session:
        session.execute(update(CostBalance).values(value=D("21.00")))
        session.flush()
        found = examine(session, company.company_id)
        session.rollback()
    assert [(one.where, one.expected, one.found) for one in found] == [
        ("BX [MAIN] 2026-01-31", "4 / 20", "4 / 21"),
        ("BX [MAIN] 2026-02-28", "4 / 20", "4 / 21"),
    ]


def test_a_month_in_which_nothing_moved_after_a_closing_ends_with_what_there_was(company):
    company.product("BX", "periodic_average")
    company.stock("BX", "4", "5.00", on=EARLY)
    close_january(company)
    sell(company, "BX", "1", on=LATE)
    assert [value_at_the_end_of(company, day) for day in (MIDDLE, FEBRUARY, date(2026, 2, 28), LATE)] == [
        20,
        20,
        20,
        15,
    ]
    nothing_is_wrong(company)


def test_goods_in_another_warehouse_keep_their_value_from_a_closing_to_the_day_of_the_freight(company):
    second, _ = kept_apart(company, "TR", "periodic_average")
    receipt = company.stock("TR", "4", "5.00", on=EARLY)
    company.perform(MoveStock(new_id(), company.products["TR"], D(4), company.bin, second, MIDDLE))
    close_january(company)
    company.perform(EnterLandedCost(new_id(), "freight", LATE, D("10.00"), "qty", (receipt,)))
    assert [value_at_the_end_of(company, day) for day in (MIDDLE, FEBRUARY, date(2026, 2, 28), LATE)] == [
        20,
        20,
        20,
        30,
    ]
    nothing_is_wrong(company)


def test_what_was_sold_before_it_was_there_is_known_by_its_own_event_in_every_book(company):
    allows_negative(company, "MAIN")
    company.perform(*(OpenCostBook(new_id(), code, code, code) for code in ("lifo", "fifo")))
    company.product("BX", "fifo")
    company.perform(SetStandardCost(new_id(), EARLY, "plan", (NewStandard(company.products["BX"], D(5)),)))
    order = company.sales_order(("BX", "2", "30"), ("BX", "1", "30"), on=EARLY)
    company.ship(order, "2", "1", on=EARLY)
    with company.session() as session:
        named = select(MoveCost.pool_id, MoveCost.move_id, MoveCost.seq).where(MoveCost.kind == MoveKind.SHIPMENT)
        events = set(map(tuple, session.execute(named)))
        layers = set(map(tuple, session.execute(select(CostLayer.pool_id, CostLayer.move_id, CostLayer.seq))))
    assert len(layers) == 6
    assert layers == events


def test_a_transfer_that_took_of_two_layers_and_now_takes_of_one_brought_one(company):
    second, _ = kept_apart(company, "TR", "fifo")
    company.stock("TR", "4", "5.00", on=MIDDLE)
    company.stock("TR", "4", "6.00", on=MIDDLE)
    sell(company, "TR", "2", on=MIDDLE)
    company.perform(
        MoveStock(new_id(), company.products["TR"], D(4), company.bin, second, LATE)
    )  # 2 at 5.00, 2 at 6.00
    company.stock("TR", "2", "3.00", on=EARLY)
    assert value_on_hand(company, "TR") == [(4, 24), (4, 20)]
    nothing_is_wrong(company)


def test_freight_of_the_first_of_a_month_reaches_goods_that_have_rested_since_while_others_moved(company):
    second, third = kept_apart(company, "TR", "fifo")
    receipt = company.stock("TR", "4", "5.00", on=EARLY)
    company.perform(MoveStock(new_id(), company.products["TR"], D(2), company.bin, second, EARLY))
    company.perform(MoveStock(new_id(), company.products["TR"], D(2), second, third, LATE))
    first = FEBRUARY.replace(day=1)
    company.perform(EnterLandedCost(new_id(), "freight", first, D("10.00"), "qty", (receipt,)))
    assert [value_at_the_end_of(company, day) for day in (MIDDLE, first, LATE)] == [20, 30, 30]
    nothing_is_wrong(company)
