"""Stock at the lower of cost and net realisable value (IAS 2.28-34), through the books."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select

from company_fixtures import TODAY, ActionRefused, SmallCompany, open_small_company
from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.delivering import ConfirmDelivery
from erp_desktop.actions.held import Held
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.writing_down import RealisableLine, WriteDownStock, allowance_for
from erp_desktop.ids import new_id
from erp_desktop.models.costing import CostPool
from erp_desktop.models.ledger import AccountPurpose, LedgerBalance, Period
from erp_desktop.models.valuation import StockAllowance, WriteDown, WriteDownLine
from erp_desktop.queries.allowances import StockToWriteDown, allowances_on
from erp_desktop.queries.doctor import examine

LATER = TODAY + timedelta(days=10)


def D(text: str) -> Decimal:
    return Decimal(text)


def write_down(
    company: SmallCompany,
    *lines: tuple[str, str],
    on: date = TODAY,
    total: bool = False,
) -> WriteDownLine:
    """Runs it with (product code, net realisable value of a unit, or of all). Gives the first line as it was worked out."""
    write_down_id = new_id()
    values = ((company.product(code), D(value)) for code, value in lines)
    company.perform(
        WriteDownStock(
            write_down_id,
            on,
            tuple(
                RealisableLine(product, total_value=value) if total else RealisableLine(product, value)
                for product, value in values
            ),
        )
    )
    with company.session() as session:
        return session.scalars(
            select(WriteDownLine).where(WriteDownLine.write_down_id == write_down_id, WriteDownLine.line_no == 1)
        ).one()


def allowance(company: SmallCompany, code: str) -> Decimal:
    with company.session() as session:
        row = session.scalars(select(StockAllowance).where(StockAllowance.product_id == company.products[code])).first()
        return row.amount if row is not None else D("0")


def balance(company: SmallCompany, purpose: str) -> Decimal:
    """Debits less credits of the account that a purpose goes to."""
    with company.session() as session:
        statement = (
            select(func.sum(LedgerBalance.debit), func.sum(LedgerBalance.credit))
            .join(AccountPurpose, AccountPurpose.account_id == LedgerBalance.account_id)
            .where(AccountPurpose.purpose == purpose, AccountPurpose.company_id == company.company_id)
        )
        debit, credit = session.execute(statement).one()
        return (debit or D("0")) - (credit or D("0"))


def healthy(company: SmallCompany) -> bool:
    with company.session() as session:
        return examine(session, company.company_id) == ()


def sell(company: SmallCompany, code: str, qty: str, on: date = TODAY) -> UUID:
    order = company.sales_order((code, qty, "20"), on=on)
    company.allocate(order)
    return company.ship(order, qty, on=on)


def test_stock_that_would_bring_less_than_its_cost_is_written_down_and_its_cost_stays(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    line = write_down(company, ("BX", "9.50"))
    assert (line.qty, line.cost, line.written_down, line.allowance) == (D("10"), D("120"), D("25"), D("25"))
    assert balance(company, "inventory") == D("120.00")
    assert balance(company, "inventory_allowance") == D("-25.00")
    assert balance(company, "write_down_loss") == D("25.00")
    with company.session() as session:
        assert session.scalars(select(CostPool.value)).one() == D("120.00")
        assert session.scalars(select(WriteDown.number)).one() == "NRV-2026-0001"
    assert healthy(company)


def test_stock_worth_more_than_its_cost_is_left_at_cost(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    line = write_down(company, ("BX", "15.00"))
    assert (line.written_down, line.allowance) == (D("0"), D("0"))
    assert balance(company, "inventory_allowance") == D("0")
    assert healthy(company)


def test_a_write_down_is_reversed_when_prices_rise_but_never_above_cost(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    write_down(company, ("BX", "9.00"))
    line = write_down(company, ("BX", "10.00"), on=LATER)
    assert (line.allowance_before, line.written_down, line.allowance) == (D("30"), D("-10"), D("20"))
    line = write_down(company, ("BX", "99.00"), on=LATER)
    assert (line.written_down, line.allowance) == (D("-20"), D("0"))
    assert balance(company, "write_down_loss") == D("0")
    assert healthy(company)


def test_each_product_stands_for_itself(company: SmallCompany) -> None:
    """A gain of one product does not make up for the loss of another (IAS 2.29)."""
    company.stock("BX", "10", "12.00")
    company.stock("CY", "10", "5.00")
    write_down(company, ("BX", "11.00"), ("CY", "50.00"))
    assert allowance(company, "BX") == D("10")
    assert allowance(company, "CY") == D("0")


def test_a_value_in_total_is_taken_for_all_that_is_on_hand(company: SmallCompany) -> None:
    company.stock("BX", "3", "3.34")
    line = write_down(company, ("BX", "10.00"), total=True)
    assert (line.cost, line.allowance) == (D("10.02"), D("0.02"))


def test_goods_that_left_take_their_part_of_the_allowance_to_cost_of_sales(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    write_down(company, ("BX", "9.00"))
    sell(company, "BX", "4", on=TODAY + timedelta(days=3))
    line = write_down(company, ("BX", "9.00"), on=LATER)
    assert (line.released, line.written_down, line.allowance) == (D("12"), D("0"), D("18"))
    assert balance(company, "cost_of_sales") == D("36.00")  # 48 of cost less the 12 that were lost before
    assert balance(company, "write_down_loss") == D("30.00")
    assert healthy(company)


def test_goods_under_way_release_their_allowance_and_cost_no_less_in_the_end(engine: Engine) -> None:
    """A company that posts revenue at delivery, beside one that does at shipment."""
    found = []
    for revenue_at in ("delivery", "shipment"):
        company = open_small_company(engine, code=revenue_at[:4].upper(), revenue_at=revenue_at)
        company.stock("BX", "10", "12.00")
        write_down(company, ("BX", "9.00"))
        shipment = sell(company, "BX", "4", on=TODAY + timedelta(days=3))
        line = write_down(company, ("BX", "9.00"), on=LATER)
        assert (line.released, line.written_down, line.allowance) == (D("12"), D("0"), D("18"))
        if revenue_at == "delivery":
            assert (balance(company, "goods_dispatched"), balance(company, "cost_of_sales")) == (D("48"), D("-12"))
            assert healthy(company)
        company.perform(ConfirmDelivery((shipment,), LATER))
        accounts = ("inventory", "goods_dispatched", "inventory_allowance", "cost_of_sales", "write_down_loss")
        found.append([balance(company, purpose) for purpose in accounts])
        assert healthy(company)
    assert found == [[D("72"), D("0"), D("-18"), D("36"), D("30")]] * 2


def test_a_product_that_is_sold_out_loses_its_allowance(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    write_down(company, ("BX", "9.00"))
    sell(company, "BX", "10", on=TODAY + timedelta(days=3))
    line = write_down(company, ("BX", "9.00"), on=LATER)
    assert (line.qty, line.released, line.written_down, line.allowance) == (D("0"), D("30"), D("0"), D("0"))
    assert balance(company, "inventory_allowance") == D("0")
    assert healthy(company)


def test_a_run_dated_back_counts_what_was_on_hand_then(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    sell(company, "BX", "4", on=LATER)
    line = write_down(company, ("BX", "9.00"), on=TODAY)
    assert (line.qty, line.cost, line.allowance) == (D("10"), D("120"), D("30"))


def test_a_run_before_the_last_one_is_refused(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    write_down(company, ("BX", "9.00"), on=LATER)
    with pytest.raises(ActionRefused, match="BX was last written down or up on 2026-03-26"):
        write_down(company, ("BX", "8.00"), on=TODAY)
    assert allowance(company, "BX") == D("30")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("-0.01", "-0.01 may not be below zero"),
        ("NaN", "NaN is not a number that can be kept"),
        ("9" * 38, "is not a number that can be kept with 6 decimal places"),
        ("1.1234567", "6 decimal places"),
    ],
)
def test_a_bad_net_realisable_value_is_refused(company: SmallCompany, value: str, expected: str) -> None:
    company.stock("BX", "10", "12.00")
    with pytest.raises(ActionRefused) as refused:
        write_down(company, ("BX", value))
    assert expected in str(refused.value)
    assert allowance(company, "BX") == D("0")


def test_a_product_without_stock_and_allowance_cannot_be_written_down(company: SmallCompany) -> None:
    with pytest.raises(ActionRefused, match="Nothing of BX was on hand on 2026-03-16"):
        write_down(company, ("BX", "1"))


def test_a_product_named_twice_is_refused(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    with pytest.raises(ActionRefused, match="One line is named twice"):
        write_down(company, ("BX", "9"), ("BX", "8"))


def test_both_values_or_none_are_refused(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    for line in (RealisableLine(company.products["BX"]), RealisableLine(company.products["BX"], D("1"), D("1"))):
        with pytest.raises(ActionRefused, match="either per unit or in total"):
            company.perform(WriteDownStock(new_id(), TODAY, (line,)))


def test_a_total_below_the_smallest_coin_is_refused(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    with pytest.raises(ActionRefused, match="more decimal places than CNY"):
        write_down(company, ("BX", "9.005"), total=True)


def test_a_closed_period_takes_no_write_down(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00", on=date(2026, 1, 5))
    with company.session() as session:
        january = session.scalars(select(Period.id).where(Period.starts_on == date(2026, 1, 1))).one()
    company.perform(ClosePeriod(january))
    with pytest.raises(ActionRefused, match="2026-01-31 is in a closed period"):
        write_down(company, ("BX", "9"), on=date(2026, 1, 31))


def test_a_day_that_is_still_to_come_is_refused(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    day = date(2026, 3, 20)
    action = WriteDownStock(new_id(), day, (RealisableLine(company.products["BX"], D("9")),))
    before = datetime(2026, 3, 19, 15, 30, tzinfo=UTC)  # half an hour to midnight in Shanghai
    (result,) = company.centre.perform_local(company.company_id, company.owner_id, [action], issued_at=before)
    assert result.problem is not None
    assert result.problem["code"] == "dated_ahead"


def test_the_allowance_account_is_kept_by_write_downs_alone(company: SmallCompany) -> None:
    def account(purpose: str) -> UUID:
        with company.session() as session:
            return session.scalars(select(AccountPurpose.account_id).where(AccountPurpose.purpose == purpose)).one()

    lines = (
        EntryLine(account("write_down_loss"), debit=D("5")),
        EntryLine(account("inventory_allowance"), credit=D("5")),
    )
    with pytest.raises(ActionRefused, match="Allowance for inventories is kept by stock documents"):
        company.perform(PostJournalEntry(new_id(), TODAY, "By hand", lines))


def test_the_allowance_is_released_in_proportion_and_keeps_the_cents() -> None:
    third = allowance_for(Held(D("2"), D("10.00")), D("0"), D("10.00"), D("3"), D("1"), 2)
    assert (third.released, third.after) == (D("3.33"), D("10.00"))
    all_gone = allowance_for(Held(D("5"), D("50.00")), D("50.00"), D("10.00"), D("3"), D("40"), 2)
    assert (all_gone.released, all_gone.written_down, all_gone.after) == (D("10.00"), D("0.00"), D("0"))


def test_the_doctor_finds_an_allowance_that_its_write_downs_do_not_make(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    write_down(company, ("BX", "9.00"))
    with company.session() as session, session.begin():
        session.scalars(select(StockAllowance)).one().amount = D("31")
    with company.session() as session:
        found = [(one.what, one.where, one.expected, one.found) for one in examine(session, company.company_id)]
    assert found == [
        ("Allowance of a product against its write-downs", "BX", "30", "31"),
        ("Balance of the allowance accounts against the allowances of products", "1471", "31", "30"),
    ]


def test_what_a_page_says_before_is_what_the_centre_works_out(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    company.stock("CY", "7", "3.333333")
    with company.session() as session:
        before = {row.product_code: row for row in StockToWriteDown(TODAY).run(session, company.company_id)}
    assert before["BX"].unit_cost == D("12")
    assert before["CY"].allowance_at(D("3")).written_down == D("2.33")
    line = write_down(company, ("CY", "3"))
    assert line.written_down == D("2.33")
    with company.session() as session:
        assert allowances_on(session, company.company_id, TODAY) == {company.products["CY"]: D("2.33")}
        assert allowances_on(session, company.company_id, TODAY - timedelta(days=1)) == {}
