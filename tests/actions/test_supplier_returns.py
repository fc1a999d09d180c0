"""Goods go back to their supplier: from stock, from the named receipt's layer, against what the supplier credits."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.masters import SaveBin, SaveWarehouse
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.price_corrections import CorrectedPrice, CorrectReceiptPrices
from erp_desktop.actions.stock import MoveStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.ids import new_id
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.costing import CostLayer, CostPool
from erp_desktop.models.ledger import AccountPurpose, JournalEntry, JournalLine, Period
from erp_desktop.models.purchasing import GoodsReceiptLine, SupplierReturn, SupplierReturnLine
from erp_desktop.models.stock import StockBalance, StockMove
from erp_desktop.numbers import ZERO
from erp_desktop.queries.doctor import examine
from erp_desktop.queries.supplier_returns import SupplierReturnDetail
from erp_desktop.reports import definitions
from erp_desktop.reports.report import report_definition

assert definitions


def lines_of(company: SmallCompany, receipt: UUID) -> list[UUID]:
    with company.session() as session:
        lines = select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == receipt)
        return list(session.scalars(lines.order_by(GoodsReceiptLine.line_no)))


def send_back(
    company: SmallCompany, receipt: UUID, qty: str, credit: str, bin_id: UUID | None = None, on: date = TODAY
) -> UUID:
    """Sends `qty` of the receipt's first line back for `credit` each. Gives the return."""
    (line, *_) = lines_of(company, receipt)
    return_id = new_id()
    sent = SentBackLine(line, Decimal(qty), Decimal(credit), bin_id)
    company.perform(ReturnToSupplier(return_id, receipt, on, (sent,), reason="broken", reference="CN-7"))
    return return_id


def posted(company: SmallCompany, event: str) -> dict[str, Decimal]:
    """What entries of `event` put on each purpose's account: debit less credit."""
    with company.session() as session:
        rows = session.execute(
            select(AccountPurpose.purpose, JournalLine.debit, JournalLine.credit)
            .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
            .join(AccountPurpose, AccountPurpose.account_id == JournalLine.account_id)
            .where(JournalEntry.event == event)
        )
        sums: dict[str, Decimal] = {}
        for purpose, debit, credit in rows:
            sums[purpose] = sums.get(purpose, ZERO) + debit - credit
        return {purpose: amount for purpose, amount in sums.items() if amount}


def on_hand(company: SmallCompany, code: str) -> dict[UUID, Decimal]:
    with company.session() as session:
        rows = session.execute(
            select(StockBalance.bin_id, StockBalance.on_hand).where(
                StockBalance.product_id == company.products[code], StockBalance.on_hand != 0
            )
        )
        return dict(rows.all())


def differences(company: SmallCompany) -> tuple[object, ...]:
    with company.session() as session:
        return examine(session, company.company_id)


def test_goods_leave_at_what_their_receipt_cost_and_the_difference_is_a_price_variance(company: SmallCompany) -> None:
    company.product("BTL", "fifo")
    company.stock("BTL", "10", "10.00")
    second = company.stock("BTL", "10", "12.00", on=TODAY + timedelta(days=1))
    return_id = send_back(company, second, "4", "11.50", on=TODAY + timedelta(days=2))

    assert on_hand(company, "BTL") == {company.bin: 16}
    entries = posted(company, "supplier_return")
    assert entries[Purpose.INVENTORY] == -48
    assert entries[Purpose.GOODS_RECEIVED_NOT_INVOICED] == 46
    assert entries[Purpose.PURCHASE_PRICE_VARIANCE] == 2
    with company.session() as session:
        assert sorted(session.scalars(select(CostLayer.qty_left))) == [6, 10]
        assert session.scalars(select(CostPool.value)).one() == 172
        made = session.get_one(SupplierReturn, (company.company_id, return_id))
        assert (made.number, made.total, made.reference) == ("SR-2026-0001", Decimal("46.00"), "CN-7")
        move = session.scalars(select(StockMove).where(StockMove.document_id == return_id)).one()
        arrived = session.scalars(select(StockMove.id).where(StockMove.document_id == second)).one()
        assert (move.kind, move.returns_move_id) == ("supplier_return", arrived)
    assert differences(company) == ()


def test_once_the_layer_is_sold_the_goods_leave_as_the_method_says(company: SmallCompany) -> None:
    company.product("BTL", "fifo")
    first = company.stock("BTL", "5", "10.00")
    company.stock("BTL", "5", "12.00", on=TODAY + timedelta(days=1))
    company.ship(
        company.sales_order(("BTL", "5", "20"), on=TODAY + timedelta(days=1)), "5", on=TODAY + timedelta(days=1)
    )
    send_back(company, first, "2", "10.00", on=TODAY + timedelta(days=2))
    entries = posted(company, "supplier_return")
    assert entries[Purpose.INVENTORY] == -24
    assert entries[Purpose.PURCHASE_PRICE_VARIANCE] == 4
    assert differences(company) == ()


def test_freight_that_the_supplier_does_not_credit_is_a_price_variance(company: SmallCompany) -> None:
    company.product("BTL", "fifo")
    receipt = company.stock("BTL", "10", "10.00")
    company.perform(EnterLandedCost(new_id(), "freight", TODAY, Decimal("20.00"), "value", (receipt,)))
    send_back(company, receipt, "5", "10.00")
    entries = posted(company, "supplier_return")
    assert entries[Purpose.INVENTORY] == -60
    assert entries[Purpose.GOODS_RECEIVED_NOT_INVOICED] == 50
    assert entries[Purpose.PURCHASE_PRICE_VARIANCE] == 10
    assert differences(company) == ()


@pytest.mark.parametrize("method", ["fifo", "lifo", "moving_average"])
def test_what_comes_late_for_goods_that_went_back_is_a_price_variance_too(company: SmallCompany, method: str) -> None:
    company.product("BTL", method)
    receipt = company.stock("BTL", "10", "10.00")
    company.ship(company.sales_order(("BTL", "3", "20")), "3")
    return_id = send_back(company, receipt, "5", "10.00")
    company.perform(EnterLandedCost(new_id(), "freight", TODAY, Decimal("20.00"), "value", (receipt,)))
    (line,) = lines_of(company, receipt)
    prices = (CorrectedPrice(line, Decimal("9.00")),)
    company.perform(CorrectReceiptPrices(new_id(), receipt, TODAY, prices))
    freight, price = posted(company, "landed_cost"), posted(company, "receipt_price")
    assert (freight[Purpose.INVENTORY], freight[Purpose.COST_OF_SALES]) == (4, 6)
    assert freight[Purpose.PURCHASE_PRICE_VARIANCE] == 10
    assert (price[Purpose.INVENTORY], price[Purpose.COST_OF_SALES]) == (-2, -3)
    assert price[Purpose.PURCHASE_PRICE_VARIANCE] == -5
    with company.session() as session:
        told = SupplierReturnDetail(return_id).run(session, company.company_id)
        assert (told.total, told.cost) == (50, 55)
    assert differences(company) == ()
    reports_hold(company)


def test_a_late_value_that_is_counted_again_stays_a_price_variance_for_what_went_back(company: SmallCompany) -> None:
    """The receipt before the return is entered late: the return takes the same goods, the freight falls elsewhere."""
    company.product("BTL", "moving_average")
    receipt = company.stock("BTL", "10", "10.00", on=TODAY + timedelta(days=1))
    send_back(company, receipt, "5", "10.00", on=TODAY + timedelta(days=2))
    on = TODAY + timedelta(days=3)
    company.perform(EnterLandedCost(new_id(), "freight", on, Decimal("20.00"), "value", (receipt,)))
    company.stock("BTL", "10", "12.00")
    assert Purpose.COST_OF_SALES not in posted(company, "landed_cost")
    assert posted(company, "cost_adjustment").keys() == {Purpose.INVENTORY, Purpose.PURCHASE_PRICE_VARIANCE}
    assert differences(company) == ()
    reports_hold(company)


def reports_hold(company: SmallCompany) -> None:
    """Cost of sales, price variance, landed costs and stock are what the ledger says."""
    for name in (
        "cost_of_sales",
        "purchase_price_variance",
        "landed_cost_allocation",
        "inventory_reconciliation",
        "margin",
        "method_comparison",
    ):
        with company.session() as session:
            asked = {"from": TODAY.replace(day=1), "to": TODAY + timedelta(days=10)}
            report = report_definition(name).run(session, company.company_id, today=TODAY, **asked)
        assert report.checks
        assert [check for check in report.checks if not check.holds] == [], name


def test_goods_at_standard_leave_at_standard(company: SmallCompany) -> None:
    company.product("BTL", "standard")
    company.stock("BTL", "10", "10.00")
    dearer = company.stock("BTL", "10", "12.00")
    send_back(company, dearer, "2", "12.00")
    entries = posted(company, "supplier_return")
    assert entries[Purpose.INVENTORY] == -20
    assert entries[Purpose.GOODS_RECEIVED_NOT_INVOICED] == 24
    assert entries[Purpose.PURCHASE_PRICE_VARIANCE] == -4


def test_a_credit_of_what_the_supplier_has_invoiced_lowers_what_is_payable(company: SmallCompany) -> None:
    receipt = company.stock("BTL", "10", "10.00")
    (line,) = lines_of(company, receipt)
    company.perform(
        ReturnToSupplier(new_id(), receipt, TODAY, (SentBackLine(line, Decimal(1), Decimal(10)),), is_invoiced=True)
    )
    entries = posted(company, "supplier_return")
    assert entries == {Purpose.INVENTORY: Decimal(-10), Purpose.PAYABLE: Decimal(10)}


def test_what_went_back_is_kept_on_the_receipt_and_no_more_than_came_goes_back(company: SmallCompany) -> None:
    company.stock("BTL", "50", "9.00")
    receipt = company.stock("BTL", "10", "10.00")
    send_back(company, receipt, "4", "10")
    send_back(company, receipt, "3", "10")
    with company.session() as session:
        line = session.scalars(select(GoodsReceiptLine).where(GoodsReceiptLine.receipt_id == receipt)).one()
        assert (line.qty, line.returned_qty) == (10, 7)
    with pytest.raises(ActionRefused, match="4 of BTL are to go back, but only 3 of GR-2026-0002 have not gone back"):
        send_back(company, receipt, "4", "10")
    send_back(company, receipt, "3", "10")
    assert on_hand(company, "BTL") == {company.bin: 50}
    assert differences(company) == ()


def test_what_is_promised_to_an_order_does_not_go_back(company: SmallCompany) -> None:
    receipt = company.stock("BTL", "10", "10.00")
    company.allocate(company.sales_order(("BTL", "8", "20")))
    with pytest.raises(ActionRefused, match="Only 2 of BTL are free in MAIN, 3 are to go back"):
        send_back(company, receipt, "3", "10")
    with pytest.raises(ActionRefused, match="Only 2 of BTL are free in STOCK, 3 are to go back"):
        send_back(company, receipt, "3", "10", company.bin)
    send_back(company, receipt, "2", "10")


def test_goods_are_taken_from_where_they_lie_the_bin_of_the_receipt_first(company: SmallCompany) -> None:
    shelf = new_id()
    company.perform(SaveBin(shelf, company.warehouse, "A-01"))
    receipt = company.stock("BTL", "10", "3.335")
    company.perform(
        MoveStock(new_id(), company.products["BTL"], Decimal(7), company.bin, shelf, TODAY),
    )
    return_id = send_back(company, receipt, "5", "3.335")
    assert on_hand(company, "BTL") == {shelf: 5}
    with company.session() as session:
        lines = session.scalars(
            select(SupplierReturnLine)
            .where(SupplierReturnLine.return_id == return_id)
            .order_by(SupplierReturnLine.line_no)
        ).all()
        assert [(line.bin_id, line.qty, line.amount) for line in lines] == [
            (company.bin, 3, Decimal("10.01")),
            (shelf, 2, Decimal("6.67")),
        ]
        assert session.get_one(SupplierReturn, (company.company_id, return_id)).total == Decimal("16.68")
    assert differences(company) == ()


BAD = {
    "nothing": (lambda line: (), "There is no line yet"),
    "the same line twice": (
        lambda line: (SentBackLine(line, Decimal(1), Decimal(1)), SentBackLine(line, Decimal(1), Decimal(1))),
        "One line is named twice",
    ),
    "zero": (lambda line: (SentBackLine(line, ZERO, Decimal(1)),), "The quantity 0 of BTL must be above zero"),
    "less than nothing": (
        lambda line: (SentBackLine(line, Decimal(-1), Decimal(1)),),
        "quantity -1 of BTL must be above",
    ),
    "a negative credit": (lambda line: (SentBackLine(line, Decimal(1), Decimal(-1)),), "-1 may not be below zero here"),
    "a line of nowhere": (
        lambda line: (SentBackLine(new_id(), Decimal(1), Decimal(1)),),
        "line of the goods receipt that",
    ),
    "seven places": (lambda line: (SentBackLine(line, Decimal("0.0000001"), Decimal(1)),), "6 decimal places"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_return_is_refused_and_changes_nothing(company: SmallCompany, what: str) -> None:
    lines: Callable[[UUID], tuple[SentBackLine, ...]]
    lines, sentence = BAD[what]
    receipt = company.stock("BTL", "10", "10.00")
    (line,) = lines_of(company, receipt)
    with pytest.raises(ActionRefused, match=sentence):
        company.perform(ReturnToSupplier(new_id(), receipt, TODAY, lines(line)))
    assert on_hand(company, "BTL") == {company.bin: 10}
    with company.session() as session:
        assert session.scalars(select(SupplierReturn)).all() == []
    assert differences(company) == ()


def test_a_return_before_the_receipt_or_in_a_closed_month_is_refused(company: SmallCompany) -> None:
    receipt = company.stock("BTL", "10", "10.00", on=date(2026, 1, 20))
    with pytest.raises(ActionRefused, match="GR-2026-0001 came on 2026-01-20; goods cannot go back before"):
        send_back(company, receipt, "1", "10", on=date(2026, 1, 19))
    with company.session() as session:
        january = session.scalars(select(Period.id).where(Period.starts_on == date(2026, 1, 1))).one()
    company.perform(ClosePeriod(january))
    with pytest.raises(ActionRefused, match="2026-01-25 is in a closed period"):
        send_back(company, receipt, "1", "10", on=date(2026, 1, 25))
    send_back(company, receipt, "1", "10", on=date(2026, 2, 1))


def test_the_line_of_another_receipt_and_a_bin_of_another_warehouse_are_refused(company: SmallCompany) -> None:
    receipt, other = company.stock("BTL", "10", "10.00"), company.stock("BTL", "10", "10.00")
    (line,) = lines_of(company, other)
    with pytest.raises(ActionRefused, match="line of the goods receipt that this names is not here"):
        company.perform(ReturnToSupplier(new_id(), receipt, TODAY, (SentBackLine(line, Decimal(1), Decimal(1)),)))
    annex, shelf = new_id(), new_id()
    company.perform(SaveWarehouse(annex, "ANNEX", "Annex"), SaveBin(shelf, annex, "X-01"))
    with pytest.raises(ActionRefused, match="Bin X-01 is in another warehouse"):
        send_back(company, receipt, "1", "10", shelf)


def test_a_service_is_not_sent_back(company: SmallCompany) -> None:
    company.product("SVC", is_stocked=False)
    receipt = company.stock("SVC", "1", "10.00")
    with pytest.raises(ActionRefused, match="SVC is not kept in stock, so nothing of it can go back"):
        send_back(company, receipt, "1", "10")


def test_many_returns_pushed_together_are_what_they_are_one_by_one(company: SmallCompany) -> None:
    receipts = [company.stock("BTL", "10", "10.00"), company.stock("CAP", "10", "2.00")]
    actions = []
    for receipt in receipts:
        (line,) = lines_of(company, receipt)
        actions += [
            ReturnToSupplier(new_id(), receipt, TODAY, (SentBackLine(line, Decimal(2), Decimal(1)),)) for _ in range(3)
        ]
    company.perform(*actions)
    assert on_hand(company, "BTL") == on_hand(company, "CAP") == {company.bin: 4}
    with company.session() as session:
        assert set(session.scalars(select(GoodsReceiptLine.returned_qty))) == {6}
        assert sorted(session.scalars(select(SupplierReturn.number))) == [f"SR-2026-000{n}" for n in range(1, 7)]
    assert differences(company) == ()


def test_the_doctor_names_a_returned_quantity_that_no_document_explains(company: SmallCompany) -> None:
    receipt = company.stock("BTL", "10", "10.00")
    send_back(company, receipt, "2", "10")
    with company.session() as session:
        line = session.scalars(select(GoodsReceiptLine)).one()
        line.returned_qty = Decimal(5)
        session.commit()
    assert [found.sentence for found in differences(company)] == [  # type: ignore[attr-defined]
        "Quantity of a goods receipt line sent back against purchase returns, GR-2026-0001 #1: 2 expected, 5 found"
    ]
