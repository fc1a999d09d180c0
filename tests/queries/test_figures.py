"""Figures over everything at once: stock, value, ledger, and the work that waits."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from erp_desktop.models.costing import CostAdjustment, CostLayer
from erp_desktop.models.ledger import Period
from erp_desktop.queries.home import HomeFigures, WorkWaiting
from erp_desktop.queries.ledger_figures import account_ledger, trial_balance
from erp_desktop.queries.stock_figures import (
    quantity_by_location,
    quantity_by_product,
    stock_value,
    stock_value_on,
)

EARLY, LATE = date(2026, 1, 10), date(2026, 1, 20)


@pytest.fixture
def trade(books):
    """20 bottles for 50.00 early, 8 sold late; caps never bought."""
    books.bottle = books.product("BTL-500", "Bottle 500 ml", minimum_qty=Decimal(15))
    books.product("CAP-28", "Cap 28 mm")
    books.receive(books.purchase_order((books.bottle, 20, "2.50"), on=EARLY), on=EARLY)
    books.ship(books.sales_order((books.bottle, 8, "9.90"), on=LATE), on=LATE)
    books.session.flush()
    return books


def test_quantities_by_place_and_by_product(trade):
    here = (trade.session, trade.company_id)
    assert [
        (row.warehouse_code, row.bin_code, row.product_code, row.on_hand) for row in quantity_by_location(*here)
    ] == [("MAIN", "STOCK", "BTL-500", 12)]
    assert [(row.product_code, row.on_hand) for row in quantity_by_product(*here)] == [("BTL-500", 12), ("CAP-28", 0)]


def test_value_now_and_on_a_past_day(trade):
    here = (trade.session, trade.company_id)
    (now,) = stock_value(*here)
    assert (now.on_hand, now.value, now.unit_cost) == (12, 30, Decimal("2.5"))
    assert stock_value_on(*here, LATE) == (now,)
    (early,) = stock_value_on(*here, EARLY)
    assert (early.on_hand, early.value) == (20, 50)
    assert stock_value_on(*here, EARLY - timedelta(days=1)) == ()
    assert stock_value_on(*here, LATE, trade.company_id) == ()


def test_a_later_cost_counts_from_the_day_it_is_posted_on(trade):
    layer = trade.session.query(CostLayer).one()
    trade.add(
        CostAdjustment,
        pool_id=layer.pool_id,
        product_id=trade.bottle.id,
        kind="landed_cost",
        event_id=layer.id,
        dated_on=LATE,
        document_kind="landed_cost",
        document_id=layer.id,
        line_id=layer.id,
        layer_id=layer.id,
        to_inventory=Decimal(6),
        to_cost_of_sales=Decimal(4),
    )
    trade.pools[trade.bottle.id].value += Decimal(6)
    trade.session.flush()
    assert [row.value for row in stock_value_on(trade.session, trade.company_id, EARLY)] == [50]
    assert [row.value for row in stock_value_on(trade.session, trade.company_id, LATE)] == [36]


def test_the_trial_balance_opens_with_the_periods_before(trade):
    here = (trade.session, trade.company_id)
    everything = {line.code: line for line in trial_balance(*here)}
    stock = everything["1405"]
    assert (stock.opening, stock.debit, stock.credit, stock.closing) == (0, 50, 20, 30)
    assert sum(line.debit for line in everything.values()) == sum(line.credit for line in everything.values())

    trade.period = trade.add(Period, starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 28))
    trade.numbers["voucher"] = 0
    trade.session.flush()
    trade.receive(trade.purchase_order((trade.bottle, 4, "2.50"), on=date(2026, 2, 3)), on=date(2026, 2, 3))
    february = {line.code: line for line in trial_balance(*here, date(2026, 2, 1), date(2026, 2, 28))}
    assert (february["1405"].opening, february["1405"].debit, february["1405"].closing) == (30, 10, 40)
    assert february["5001"].opening == Decimal("-79.20")
    january = {line.code: line for line in trial_balance(*here, to_on=date(2026, 1, 31))}
    assert january["1405"] == stock


def test_an_accounts_ledger_runs_its_balance_from_page_to_page_and_from_any_day(trade):
    account = trade.accounts["inventory"].id
    whole = account_ledger(trade.session, trade.company_id, account)
    assert [(line.debit, line.credit, line.balance) for line in whole.lines] == [(50, 0, 50), (0, 20, 30)]
    assert whole.lines[0].document_kind == "goods_receipt"

    first = account_ledger(trade.session, trade.company_id, account, limit=1)
    second = account_ledger(trade.session, trade.company_id, account, limit=1, after=first.lines[0])
    assert first.lines + second.lines == whole.lines

    late = account_ledger(trade.session, trade.company_id, account, LATE)
    assert (late.opening, late.lines) == (50, whole.lines[1:])
    assert account_ledger(trade.session, trade.company_id, account, date(2026, 3, 1)).opening == 30
    assert account_ledger(trade.session, trade.company_id, account, to_on=EARLY).lines == whole.lines[:1]


def test_home_counts_the_work_that_waits(trade):
    trade.purchase_order((trade.bottle, 5, "2"), on=EARLY)
    trade.purchase_order((trade.bottle, 5, "2"), on=LATE, status="draft")
    trade.sales_order((trade.bottle, 5, "9"), on=EARLY)
    trade.allocate(trade.sales_order((trade.bottle, 5, "9"), on=LATE))
    assert trade.ask(HomeFigures(LATE)) == WorkWaiting(
        orders_to_receive=1,
        overdue_to_receive=1,
        orders_to_allocate=1,
        orders_to_ship=1,
        overdue_to_ship=1,
        low_stock=1,
        shipments_today=1,
    )
