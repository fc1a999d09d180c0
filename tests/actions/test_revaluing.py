"""Revaluations and new standard costs, through the books."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.masters import SaveBin, SaveCategory, SaveProduct, SaveWarehouse
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.revaluing import NewStandard, RevaluedLine, RevalueStock, SetStandardCost
from erp_desktop.actions.stock import MoveStock
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.costing import CostPool, StandardCost
from erp_desktop.models.ledger import AccountPurpose, LedgerBalance, Period
from erp_desktop.models.valuation import StandardCostLine, StockRevaluation, StockRevaluationLine
from erp_desktop.queries.doctor import examine
from erp_desktop.queries.moving_averages import MovingAverages

LATER = TODAY + timedelta(days=10)


def D(text: str) -> Decimal:
    return Decimal(text)


def revalue(
    company: SmallCompany, *lines: RevaluedLine, on: date = TODAY, reason: str = "Damp"
) -> StockRevaluationLine:
    """Gives the first line as the centre filled it in."""
    revaluation_id = new_id()
    company.perform(RevalueStock(revaluation_id, on, reason, lines))
    with company.session() as session:
        return session.scalars(
            select(StockRevaluationLine).where(
                StockRevaluationLine.revaluation_id == revaluation_id, StockRevaluationLine.line_no == 1
            )
        ).one()


def set_standard(
    company: SmallCompany, *standards: tuple[str, str], on: date = TODAY, reason: str = "New year"
) -> StandardCostLine:
    change_id = new_id()
    lines = tuple(NewStandard(company.product(code), D(cost)) for code, cost in standards)
    company.perform(SetStandardCost(change_id, on, reason, lines))
    with company.session() as session:
        return session.scalars(
            select(StandardCostLine).where(StandardCostLine.change_id == change_id, StandardCostLine.line_no == 1)
        ).one()


def balance(company: SmallCompany, purpose: str) -> Decimal:
    """Debits less credits of the account that a purpose goes to."""
    with company.session() as session:
        statement = (
            select(func.sum(LedgerBalance.debit), func.sum(LedgerBalance.credit))
            .join(AccountPurpose, AccountPurpose.account_id == LedgerBalance.account_id)
            .where(AccountPurpose.purpose == purpose)
        )
        debit, credit = session.execute(statement).one()
        return (debit or D("0")) - (credit or D("0"))


def worth(company: SmallCompany, code: str) -> Decimal:
    with company.session() as session:
        return session.scalars(
            select(func.sum(CostPool.value)).where(CostPool.product_id == company.products[code])
        ).one()


def healthy(company: SmallCompany) -> bool:
    with company.session() as session:
        found = examine(session, company.company_id)
        assert found == ()
        return True


def sell(company: SmallCompany, code: str, qty: str, on: date = TODAY) -> None:
    order = company.sales_order((code, qty, "20"), on=on)
    company.allocate(order)
    company.ship(order, qty, on=on)


# --- revaluation


@pytest.mark.parametrize("method", ["fifo", "lifo", "moving_average"])
def test_a_new_unit_cost_is_spread_over_what_is_on_hand(company: SmallCompany, method: str) -> None:
    company.product("BX", method)
    company.stock("BX", "10", "12.00")
    company.stock("BX", "5", "15.00")
    line = revalue(company, RevaluedLine(company.products["BX"], unit_cost=D("14")), on=LATER)
    assert (line.qty, line.value_before, line.change) == (D("15"), D("195"), D("15"))
    assert worth(company, "BX") == D("210.00")
    assert balance(company, "inventory") == D("210.00")
    assert balance(company, "inventory_adjustment") == D("-15.00")
    assert healthy(company)


def test_an_amount_down_leaves_with_the_goods_and_the_last_piece_takes_what_is_left(company: SmallCompany) -> None:
    company.stock("BX", "3", "10.00")
    line = revalue(company, RevaluedLine(company.products["BX"], amount=D("-10.00")))
    assert line.change == D("-10.00")
    for expected in ("6.67", "13.34", "20.00"):
        sell(company, "BX", "1", on=LATER)
        assert balance(company, "cost_of_sales") == D(expected)
    assert worth(company, "BX") == D("0")
    assert healthy(company)


def test_a_revaluation_has_a_number_and_its_reason(company: SmallCompany) -> None:
    company.stock("BX", "3", "10.00")
    revalue(company, RevaluedLine(company.products["BX"], unit_cost=D("0")), reason="Nobody wants it")
    with company.session() as session:
        row = session.scalars(select(StockRevaluation)).one()
        assert (row.number, row.reason, row.status) == ("REV-2026-0001", "Nobody wants it", "posted")
    assert worth(company, "BX") == D("0")
    assert healthy(company)


def test_a_revaluation_dated_back_changes_the_cost_of_what_left_since(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    sell(company, "BX", "4", on=LATER)
    line = revalue(company, RevaluedLine(company.products["BX"], amount=D("-20.00")), on=TODAY)
    assert (line.qty, line.value_before, line.change) == (D("10"), D("120"), D("-20"))
    assert balance(company, "cost_of_sales") == D("40.00")
    assert worth(company, "BX") == D("60.00")
    assert healthy(company)


def test_an_issue_dated_before_a_revaluation_cannot_be_entered_after_it(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00", on=TODAY)
    revalue(company, RevaluedLine(company.products["BX"], amount=D("-20.00")), on=LATER)
    with pytest.raises(ActionRefused, match="revalu"):
        sell(company, "BX", "1", on=TODAY)
    assert worth(company, "BX") == D("100.00")
    sell(company, "BX", "1", on=LATER)
    assert balance(company, "cost_of_sales") == D("10.00")


def test_each_warehouse_is_revalued_by_itself_where_it_is_costed_apart(company: SmallCompany) -> None:
    apart = new_id()
    company.perform(SaveCategory(category_id=apart, code="APART", name="Apart", cost_pool="warehouse"))
    product = costed_apart(company, "BX", apart)
    company.stock("BX", "10", "12.00")
    second, its_bin = new_id(), new_id()
    company.perform(SaveWarehouse(second, "WEST", "West"), SaveBin(its_bin, second, "W1"))
    company.perform(MoveStock(new_id(), product, D("4"), company.bin, its_bin, TODAY))
    line = revalue(company, RevaluedLine(product, warehouse_id=second, unit_cost=D("10")))
    assert (line.qty, line.value_before, line.change) == (D("4"), D("48"), D("-8"))
    with pytest.raises(ActionRefused, match="BX is costed apart"):
        revalue(company, RevaluedLine(product, unit_cost=D("10")))
    assert healthy(company)


def costed_apart(company: SmallCompany, code: str, category: UUID) -> UUID:
    company.products[code] = new_id()
    company.perform(
        SaveProduct(
            product_id=company.products[code],
            code=code,
            name=code,
            category_id=category,
            unit_id=derived_id("unit", company.company_id, "PC"),
        )
    )
    return company.products[code]


Line = Callable[[UUID], RevaluedLine]
BAD: dict[str, tuple[Line, str]] = {
    "a unit cost below zero": (lambda id: RevaluedLine(id, unit_cost=D("-1")), "-1 may not be below zero"),
    "NaN as unit cost": (lambda id: RevaluedLine(id, unit_cost=D("NaN")), "NaN is not a number"),
    "NaN as amount": (lambda id: RevaluedLine(id, amount=D("NaN")), "NaN is not a number"),
    "thirty-eight digits": (lambda id: RevaluedLine(id, unit_cost=D("9" * 38)), "is not a number that can be kept"),
    "thirty-eight digits of money": (lambda id: RevaluedLine(id, amount=D("9" * 38)), "is not a number that can be"),
    "seven places": (lambda id: RevaluedLine(id, unit_cost=D("1.1234567")), "with 6 decimal places"),
    "less than a cent": (lambda id: RevaluedLine(id, amount=D("0.005")), "more decimal places than CNY"),
    "more off than it is worth": (lambda id: RevaluedLine(id, amount=D("-120.01")), "BX on hand is worth 120"),
    "neither cost nor amount": (RevaluedLine, "either a new unit cost or an amount"),
    "cost and amount": (lambda id: RevaluedLine(id, unit_cost=D("1"), amount=D("1")), "either a new unit cost or an"),
    "a product that is not there": (lambda _: RevaluedLine(new_id(), unit_cost=D("1")), "product that this names"),
    "a warehouse that is not there": (
        lambda id: RevaluedLine(id, warehouse_id=new_id(), unit_cost=D("1")),
        "warehouse that this names",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_revaluation_is_refused_and_changes_nothing(company: SmallCompany, what: str) -> None:
    make, expected = BAD[what]
    company.stock("BX", "10", "12.00")
    with pytest.raises(ActionRefused) as refused:
        revalue(company, make(company.products["BX"]))
    assert expected in str(refused.value)
    assert worth(company, "BX") == D("120.00")
    with company.session() as session:
        assert session.scalars(select(StockRevaluation)).all() == []


def test_what_is_costed_together_is_not_revalued_by_warehouse(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    with pytest.raises(ActionRefused, match="BX is costed for the whole company together"):
        revalue(company, RevaluedLine(company.products["BX"], warehouse_id=company.warehouse, unit_cost=D("1")))


def test_stock_at_standard_is_worth_its_standard_and_nothing_else(company: SmallCompany) -> None:
    company.product("BX", "standard")
    company.stock("BX", "10", "12.00")
    with pytest.raises(ActionRefused, match="BX is costed at standard"):
        revalue(company, RevaluedLine(company.products["BX"], amount=D("1")))


def test_nothing_on_hand_cannot_be_revalued(company: SmallCompany) -> None:
    company.product("BX")
    with pytest.raises(ActionRefused, match="Nothing of BX was on hand on 2026-03-16"):
        revalue(company, RevaluedLine(company.products["BX"], unit_cost=D("1")))
    company.stock("BX", "10", "12.00", on=LATER)
    with pytest.raises(ActionRefused, match="Nothing of BX was on hand on 2026-03-16"):
        revalue(company, RevaluedLine(company.products["BX"], unit_cost=D("1")))


def test_the_same_stock_twice_and_no_reason_are_refused(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    line = RevaluedLine(company.products["BX"], unit_cost=D("1"))
    with pytest.raises(ActionRefused, match="One line is named twice"):
        revalue(company, line, line)
    with pytest.raises(ActionRefused, match="Reason is missing"):
        revalue(company, line, reason=" ")
    with pytest.raises(ActionRefused, match="There is no line yet"):
        revalue(company)


def test_a_closed_period_and_a_day_to_come_take_no_revaluation(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00", on=date(2026, 1, 5))
    with company.session() as session:
        january = session.scalars(select(Period.id).where(Period.starts_on == date(2026, 1, 1))).one()
    company.perform(ClosePeriod(january))
    line = RevaluedLine(company.products["BX"], unit_cost=D("1"))
    with pytest.raises(ActionRefused, match="2026-01-31 is in a closed period"):
        revalue(company, line, on=date(2026, 1, 31))
    evening = datetime(2026, 3, 19, 15, 30, tzinfo=UTC)  # half an hour to midnight in Shanghai
    ahead = RevalueStock(new_id(), date(2026, 3, 20), "Damp", (line,))
    (result,) = company.centre.perform_local(company.company_id, company.owner_id, [ahead], issued_at=evening)
    assert result.problem is not None
    assert result.problem["code"] == "dated_ahead"
    assert worth(company, "BX") == D("120.00")


# --- standard costs


def test_a_new_standard_revalues_what_is_on_hand(company: SmallCompany) -> None:
    company.product("BX", "standard")
    company.stock("BX", "10", "12.00")
    line = set_standard(company, ("BX", "12.50"), on=LATER)
    assert (line.unit_cost_before, line.qty, line.change) == (D("12"), D("10"), D("5"))
    assert worth(company, "BX") == D("125.00")
    assert balance(company, "inventory") == D("125.00")
    assert balance(company, "standard_cost_change") == D("-5.00")
    assert balance(company, "purchase_price_variance") == D("0")
    sell(company, "BX", "2", on=LATER)
    assert balance(company, "cost_of_sales") == D("25.00")
    assert healthy(company)


def test_receipts_after_a_new_standard_come_in_at_it(company: SmallCompany) -> None:
    company.product("BX", "standard")
    set_standard(company, ("BX", "10"))
    company.stock("BX", "10", "12.00", on=LATER)
    assert worth(company, "BX") == D("100.00")
    assert balance(company, "purchase_price_variance") == D("20.00")
    assert healthy(company)


def test_a_standard_of_a_product_costed_otherwise_changes_no_value(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    line = set_standard(company, ("BX", "99"))
    assert line.change == D("0")
    assert worth(company, "BX") == D("120.00")
    assert healthy(company)


def test_a_standard_dated_back_changes_the_cost_of_what_left_since(company: SmallCompany) -> None:
    company.product("BX", "standard")
    company.stock("BX", "10", "12.00")
    sell(company, "BX", "4", on=LATER)
    line = set_standard(company, ("BX", "13"), on=TODAY + timedelta(days=2))
    assert line.change == D("10.00")
    assert balance(company, "cost_of_sales") == D("52.00")
    assert worth(company, "BX") == D("78.00")
    assert healthy(company)


def test_a_second_standard_for_the_same_day_takes_the_place_of_the_first(company: SmallCompany) -> None:
    company.product("BX", "standard")
    company.stock("BX", "10", "12.00")
    set_standard(company, ("BX", "13"), on=LATER)
    line = set_standard(company, ("BX", "11"), on=LATER, reason="Mistyped")
    assert line.unit_cost_before == D("13")
    assert worth(company, "BX") == D("110.00")
    with company.session() as session:
        kept = session.execute(select(StandardCost.effective_on, StandardCost.unit_cost, StandardCost.reason)).all()
        assert kept == [(LATER, D("11"), "Mistyped")]
        assert len(session.scalars(select(StandardCostLine)).all()) == 2
    assert healthy(company)


def test_the_moving_average_of_a_product_at_standard_is_what_it_was_bought_for(company: SmallCompany) -> None:
    company.product("BX", "standard")
    company.stock("BX", "10", "12.00")
    sell(company, "BX", "5")
    company.stock("BX", "15", "14.00", on=LATER)
    company.product("CY")
    ids = frozenset(company.products.values())
    with company.session() as session:
        bought = MovingAverages(TODAY, ids).run(session, company.company_id)
        later = MovingAverages(LATER, ids).run(session, company.company_id)
    assert worth(company, "BX") == D("240.00")  # at its standard of 12
    assert bought == {company.products["BX"]: D("12")}
    assert later == {company.products["BX"]: D("13.5")}


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ("0", "The standard cost 0 of BX must be above zero"),
        ("-1", "The standard cost -1 of BX must be above zero"),
        ("NaN", "NaN is not a number"),
        ("9" * 38, "is not a number that can be kept"),
        ("0.0000001", "with 6 decimal places"),
    ],
)
def test_a_bad_standard_is_refused_and_changes_nothing(company: SmallCompany, cost: str, expected: str) -> None:
    company.product("BX", "standard")
    company.stock("BX", "10", "12.00")
    with pytest.raises(ActionRefused) as refused:
        set_standard(company, ("BX", cost))
    assert expected in str(refused.value)
    assert worth(company, "BX") == D("120.00")


def test_a_product_twice_and_no_reason_are_refused_for_standards(company: SmallCompany) -> None:
    company.product("BX")
    with pytest.raises(ActionRefused, match="One line is named twice"):
        set_standard(company, ("BX", "1"), ("BX", "2"))
    with pytest.raises(ActionRefused, match="Reason is missing"):
        set_standard(company, ("BX", "1"), reason="")
