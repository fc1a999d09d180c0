"""The report of costs to serve: by rule against the ledger, then on whom they fell."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.cost_to_serve import (
    AllocateCostToServe,
    SaveCostToServeRule,
    SaveStorageRate,
    SetUpCostToServe,
)
from erp_desktop.actions.masters import SaveProduct
from erp_desktop.ids import new_id
from erp_desktop.models.ledger import AccountPurpose, Period
from erp_desktop.models.sales import SalesOrder
from erp_desktop.reports.report import Term, report_definition

FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
FEBRUARY, MARCH = date(2026, 2, 10), date(2026, 3, 10)


def run(trade, **parameters):
    given = {"from": FIRST, "to": LAST, **parameters}
    return report_definition("cost_to_serve").run(trade.session, trade.company_id, **given)


def cells(section, column):
    return [row.cells.get(column) for row in section.rows]


def bill(trade, purpose: str, amount: str, on: date) -> None:
    def account(named: str):
        return trade.one(select(AccountPurpose.account_id).where(AccountPurpose.purpose == named))

    lines = (
        EntryLine(account(purpose), debit=Decimal(amount)),
        EntryLine(account("bank"), credit=Decimal(amount)),
    )
    trade.perform(PostJournalEntry(new_id(), on, "Bill", lines))


@pytest.fixture
def shared(trade):
    """February and March shared, January not; bottles have a volume, caps and tea have none."""
    trade.perform(
        SaveProduct(
            trade.bottle_id, "BTL-500-C", "Bottle", trade.packaging_id, trade.unit_id, "瓶", volume_m3=Decimal("0.001")
        )
    )
    trade.perform(
        SetUpCostToServe(
            (
                SaveCostToServeRule(new_id(), "storage", "storage_expense", "volume_days"),
                SaveCostToServeRule(new_id(), "payment_fees", "gateway_fees", "revenue"),
                SaveCostToServeRule(new_id(), "delivery", "delivery_expense", "weight"),
            )
        )
    )
    trade.perform(SaveStorageRate(new_id(), trade.warehouse_id, FIRST, Decimal(2)))
    bill(trade, "gateway_fees", "5.00", date(2026, 1, 20))
    for day in (FEBRUARY, MARCH):
        bill(trade, "storage_expense", "40.00", day)
        bill(trade, "gateway_fees", "10.00", day)
        bill(trade, "delivery_expense", "7.00", day)
        period = trade.one(select(Period.id).where(Period.starts_on <= day, Period.ends_on >= day))
        trade.perform(AllocateCostToServe(period, new_id()))
    return trade


def test_each_rule_stands_against_the_ledger_with_what_is_not_shared_yet(shared):
    report = run(shared)
    rules = report.sections[0]
    assert [str(kind) for kind in cells(rules, "kind")] == ["Storage", "Payment fees", "Delivery"]
    assert cells(rules, "ledger") == [80, 25, 14]
    assert cells(rules, "allocated") == [80, 20, 0]
    assert cells(rules, "not_allocated") == [0, 0, 14]  # nothing has a weight
    assert cells(rules, "difference") == [0, 5, 0]
    # 600 bottles for 9 days, 500 to 28 February; ... 800 then; 550 from 10 March on, at 2.00 for 0.001 m3
    assert rules.rows[0].cells["above_standard"] == 80 - rules.rows[0].cells["standard"]
    assert [check.holds for check in report.checks] == [True]
    assert report.sections[1].total("total") == 114
    assert ("Not shared yet", "2026-01") in report.parameters


def test_what_fell_on_products_orders_and_customers(shared):
    products = run(shared).sections[1]
    names = [cell.source if isinstance(cell, Term) else cell.name for cell in cells(products, "name")]
    assert names == ["BTL-500-C Bottle", "CAP-28-W Cap 28 mm white", "TEA-1 =Green tea", "Of no product"]
    assert cells(products, "storage") == [80, None, None, None]
    assert products.rows[-1].cells["delivery"] == 14
    orders = run(shared, by="order").sections[1]
    assert sum(cells(orders, "payment_fees")[:-1]) == 20
    customers = run(shared, by="customer").sections[1]
    assert customers.rows[0].cells["payment_fees"] == 20
    assert customers.rows[-1].cells["name"] == Term("Of no customer")


def test_a_product_leads_to_its_orders_and_an_order_opens(shared):
    bottle = run(shared).sections[1].rows[0]
    behind = run(shared, **bottle.link.parameters)
    (section,) = behind.sections
    assert section.total("total") == bottle.cells["total"]
    numbers = {row.cells["name"].name for row in section.rows[:-1]}
    assert numbers == set(shared.session.scalars(select(SalesOrder.number)))
    assert {row.link.kind for row in section.rows[:-1]} == {"sales_order"}
    assert behind.checks == ()


def test_a_bill_that_comes_after_the_period_was_shared_shows_as_a_difference(shared):
    bill(shared, "storage_expense", "1.00", MARCH)
    report = run(shared)
    assert report.sections[0].rows[0].cells["difference"] == 1
    assert [check.holds for check in report.checks] == [False]
