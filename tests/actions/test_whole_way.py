"""Buy, receive, sell, ship: stock, cost and ledger after each step, on SQLite and on PostgreSQL."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.price_corrections import CorrectReceiptPrice
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.ids import new_id
from erp_desktop.models.costing import CostPool, MoveCost
from erp_desktop.models.ledger import Account, JournalEntry, JournalLine, LedgerBalance
from erp_desktop.models.purchasing import GoodsReceiptLine, LandedCostShare, PurchaseOrder
from erp_desktop.models.sales import SalesInvoice, SalesOrder, ShipmentLine
from erp_desktop.models.stock import StockBalance


def on_hand(company: SmallCompany, code: str) -> Decimal:
    with company.session() as session:
        return session.scalar(
            select(func.coalesce(func.sum(StockBalance.on_hand), 0)).where(
                StockBalance.product_id == company.product(code)
            )
        ) or Decimal(0)


def stock_value(company: SmallCompany, code: str) -> Decimal:
    with company.session() as session:
        return session.scalars(select(CostPool.value).where(CostPool.product_id == company.product(code))).one()


def balance(company: SmallCompany, account_code: str) -> Decimal:
    """Debit less credit of an account over all periods."""
    with company.session() as session:
        debit, credit = session.execute(
            select(func.sum(LedgerBalance.debit), func.sum(LedgerBalance.credit))
            .join(Account, Account.id == LedgerBalance.account_id)
            .where(Account.code == account_code)
        ).one()
        return (debit or Decimal(0)) - (credit or Decimal(0))


INVENTORY, COST_OF_SALES, RECEIVABLE, REVENUE = "1405", "5401", "1122", "5001"


@pytest.mark.parametrize("method", ["fifo", "moving_average"])
def test_an_order_goes_from_the_supplier_to_the_ledger(company: SmallCompany, method: str) -> None:
    company.product("BTL", method)
    company.stock("BTL", "100", "10.00")
    company.stock("BTL", "100", "12.00")
    order = company.sales_order(("BTL", "120", "20.00"))
    company.allocate(order)
    company.ship(order)

    cost = Decimal("1240.00") if method == "fifo" else Decimal("1320.00")
    assert on_hand(company, "BTL") == 80
    assert stock_value(company, "BTL") == 2200 - cost
    assert balance(company, INVENTORY) == 2200 - cost
    assert balance(company, COST_OF_SALES) == cost
    assert balance(company, RECEIVABLE) == 2400
    assert balance(company, REVENUE) == -2400
    with company.session() as session:
        assert session.scalars(select(SalesOrder.status)).one() == "shipped"
        assert session.scalars(select(SalesInvoice.number)).one() == "INV-2026-0001"
        assert list(session.scalars(select(PurchaseOrder.number).order_by(PurchaseOrder.number))) == [
            "PO-2026-0001",
            "PO-2026-0002",
        ]
        assert list(session.scalars(select(JournalEntry.number).order_by(JournalEntry.number))) == [1, 2, 3, 4]


def test_counting_more_than_was_ordered_is_refused_with_the_open_quantity(company: SmallCompany) -> None:
    order = company.purchase_order(("BX-204", "10", "3.50"))
    company.receive(order, "6")
    with pytest.raises(ActionRefused, match="5 of BX-204 counted, 4 open on PO-2026-0001"):
        company.receive(order, "5")
    assert on_hand(company, "BX-204") == 6


def test_the_last_unit_is_promised_once(company: SmallCompany) -> None:
    company.stock("BTL", "10", "1.00")
    first, second = company.sales_order(("BTL", "8", "2")), company.sales_order(("BTL", "4", "2"))
    company.allocate(first)
    with pytest.raises(ActionRefused, match="Only 2 of 4 BTL are free in Main warehouse"):
        company.allocate(second)


def test_stock_promised_to_one_order_does_not_leave_with_another(company: SmallCompany) -> None:
    company.stock("BTL", "10", "1.00")
    first, second = company.sales_order(("BTL", "8", "2")), company.sales_order(("BTL", "4", "2"))
    company.allocate(first)
    with pytest.raises(ActionRefused, match="Only 2 of 4 BTL are free"):
        company.ship(second, "4")


@pytest.mark.parametrize("method", ["fifo", "moving_average"])
def test_a_return_comes_in_at_the_cost_at_which_it_left(company: SmallCompany, method: str) -> None:
    company.product("BTL", method)
    company.stock("BTL", "3", "3.34")
    order = company.sales_order(("BTL", "3", "9.99"))
    shipment = company.ship(order, "3")
    company.stock("BTL", "5", "100.00")
    with company.session() as session:
        line = session.scalars(select(ShipmentLine.id)).one()
    for _ in range(3):
        company.perform(
            TakeInReturn(new_id(), shipment, TODAY, (ReturnedLine(line, Decimal(1)),), reason="changed their mind")
        )
    assert stock_value(company, "BTL") == Decimal("510.02")
    assert balance(company, COST_OF_SALES) == 0
    assert balance(company, RECEIVABLE) == 0
    with pytest.raises(ActionRefused, match="only 0 of SH-2026-0001 are still with the customer"):
        company.perform(TakeInReturn(new_id(), shipment, TODAY, (ReturnedLine(line, Decimal(1)),)))


@pytest.mark.parametrize("method", ["fifo", "moving_average"])
def test_landed_cost_goes_to_what_is_there_and_expenses_what_has_left(company: SmallCompany, method: str) -> None:
    company.product("BTL", method)
    receipt = company.stock("BTL", "10", "10.00")
    company.ship(company.sales_order(("BTL", "4", "20")), "4")
    company.perform(
        EnterLandedCost(new_id(), "freight", TODAY, Decimal("30.00"), "value", (receipt,), supplier_id=company.supplier)
    )
    assert stock_value(company, "BTL") == Decimal("78.00")
    assert balance(company, INVENTORY) == Decimal("78.00")
    assert balance(company, COST_OF_SALES) == Decimal("52.00")
    with company.session() as session:
        share = session.scalars(select(LandedCostShare)).one()
        assert (share.to_inventory, share.to_cost_of_sales) == (18, 12)


@pytest.mark.parametrize("method", ["fifo", "moving_average"])
def test_a_price_that_turns_out_different_reaches_stock_and_cost_of_sales(company: SmallCompany, method: str) -> None:
    company.product("BTL", method)
    receipt = company.stock("BTL", "10", "10.00")
    company.ship(company.sales_order(("BTL", "4", "20")), "4")
    with company.session() as session:
        line = session.scalars(select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == receipt)).one()
    for unit_price in ("9.00", "11.00"):
        company.perform(CorrectReceiptPrice(new_id(), line, Decimal(unit_price), TODAY))
    assert stock_value(company, "BTL") == 66
    assert balance(company, COST_OF_SALES) == 44
    assert balance(company, INVENTORY) == 66


def test_a_count_moves_the_difference(company: SmallCompany) -> None:
    company.stock("BTL", "10", "10.00")
    product = company.product("BTL")
    company.perform(CountStock(new_id(), company.warehouse, TODAY, (CountedLine(product, company.bin, Decimal(7)),)))
    assert (on_hand(company, "BTL"), stock_value(company, "BTL")) == (7, 70)
    company.perform(
        CountStock(
            new_id(), company.warehouse, TODAY, (CountedLine(product, company.bin, Decimal(8), Decimal("12.50")),)
        )
    )
    assert (on_hand(company, "BTL"), stock_value(company, "BTL")) == (8, Decimal("82.50"))
    assert balance(company, INVENTORY) == Decimal("82.50")


def test_every_journal_entry_balances_and_empty_stock_has_no_value(company: SmallCompany) -> None:
    company.stock("BTL", "3", "3.333333")
    company.ship(company.sales_order(("BTL", "1", "20")), "1")
    company.ship(company.sales_order(("BTL", "2", "20")), "2")
    assert stock_value(company, "BTL") == 0
    with company.session() as session:
        entries = session.execute(
            select(func.sum(JournalLine.debit), func.sum(JournalLine.credit)).group_by(JournalLine.entry_id)
        ).all()
        assert entries
        assert all(debit == credit for debit, credit in entries)
        assert session.scalar(select(func.sum(MoveCost.cost))) == 0
