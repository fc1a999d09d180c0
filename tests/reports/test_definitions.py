"""Report definitions: the figures of a small company's books, on SQLite and PostgreSQL alike."""

from datetime import date
from decimal import Decimal

import pytest

from erp_desktop.reports.report import BadParameter, CannotReport, report_definition, report_definitions

JANUARY_ENDS, FEBRUARY_ENDS, MARCH_ENDS = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)


def run(trade, name, **parameters):
    return report_definition(name).run(trade.session, trade.company_id, **parameters)


def cells(report, column, section=0):
    return [row.cells.get(column) for row in report.sections[section].rows]


def test_every_report_is_offered_with_a_permission_and_parameters_that_it_knows():
    names = [definition.name for definition in report_definitions()]
    assert names == [
        "balance_sheet",
        "cost_composition",
        "cost_layers",
        "cost_of_sales",
        "cost_to_serve",
        "general_ledger",
        "income_statement",
        "inventory_reconciliation",
        "inventory_valuation",
        "landed_cost_allocation",
        "margin",
        "method_comparison",
        "purchase_price_variance",
        "stock_ledger",
        "trial_balance",
        "unit_story",
    ]
    assert all(definition.permission for definition in report_definitions())


def test_stock_is_valued_at_the_end_of_any_past_day(trade):
    january = run(trade, "inventory_valuation", as_of=JANUARY_ENDS)
    assert cells(january, "code") == ["TEA-1", "BTL-500-C", "CAP-28-W"]
    assert cells(january, "qty") == [Decimal("33.333333"), Decimal(600), Decimal(1200)]
    assert cells(january, "value") == [Decimal("111.00"), Decimal("7440.00"), Decimal("8701.20")]
    assert january.sections[0].total("value") == Decimal("16252.20")

    march = run(trade, "inventory_valuation", as_of=MARCH_ENDS)
    assert cells(march, "qty") == [Decimal("22.833333"), Decimal(550), Decimal(1193)]
    for report in (january, march):
        assert [check.holds for check in report.checks] == [True]
        assert report.checks[0].found == report.sections[0].total("value")


def test_before_the_first_receipt_there_is_nothing_to_value(trade):
    report = run(trade, "inventory_valuation", as_of=date(2025, 12, 31))
    assert report.sections[0].rows == ()
    assert report.checks[0].holds


def test_a_product_of_the_valuation_leads_to_its_moves_and_these_to_their_documents(trade):
    valuation = run(trade, "inventory_valuation", as_of=MARCH_ENDS)
    bottles = next(row for row in valuation.sections[0].rows if row.cells["code"] == "BTL-500-C")
    assert bottles.link.report == "stock_ledger"

    ledger = run(trade, bottles.link.report, **bottles.link.parameters)
    assert cells(ledger, "qty")[:2] == [Decimal(600), Decimal(-100)]
    assert ledger.sections[0].rows[-1].cells["value_after"] == bottles.cells["value"]
    assert {row.link.kind for row in ledger.sections[0].rows} == {"goods_receipt", "shipment", "landed_cost"}
    assert all(row.link.id for row in ledger.sections[0].rows)
    assert cells(ledger, "document")[0].startswith("GR")
    assert ledger.checks[0].holds


def test_a_stock_ledger_that_begins_later_opens_with_what_was_there(trade):
    whole = run(trade, "stock_ledger", product="BTL-500-C", to=MARCH_ENDS)
    later = run(trade, "stock_ledger", product="BTL-500-C", **{"from": date(2026, 2, 1)}, to=MARCH_ENDS)
    opening = later.sections[0].rows[0].cells
    assert (opening["qty_after"], opening["value_after"]) == (Decimal(600), Decimal("7440.00"))
    assert later.sections[0].rows[-1].cells["value_after"] == whole.sections[0].rows[-1].cells["value_after"]


def test_the_trial_balance_balances_and_leads_to_the_general_ledger(trade):
    report = run(trade, "trial_balance", as_of=MARCH_ENDS)
    assert report.sections[0].total("debit") == report.sections[0].total("credit") != 0
    assert report.checks[0].holds
    for row in report.sections[0].rows:
        ledger = run(trade, row.link.report, **row.link.parameters)
        balance = ledger.sections[0].rows[-1].cells["balance"]
        assert balance == row.cells["debit"] - row.cells["credit"]
        assert ledger.checks[0].holds


def test_a_balance_inside_a_period_counts_its_days_up_to_then(trade):
    report = run(trade, "trial_balance", as_of=date(2026, 2, 9))
    february = run(trade, "trial_balance", as_of=FEBRUARY_ENDS)
    january = run(trade, "trial_balance", as_of=JANUARY_ENDS)
    assert report.sections[0].total("debit") == january.sections[0].total("debit")
    assert february.sections[0].total("debit") > january.sections[0].total("debit")


@pytest.mark.parametrize("chart", ["ifrs-trading", "cn-small-enterprise"])
def test_the_income_statement_is_the_ledgers_profit_in_each_chart(open_trade, chart):
    trade = open_trade(chart)
    trade.a_quarter()
    report = run(trade, "income_statement", **{"from": date(2026, 1, 1)}, to=MARCH_ENDS)
    assert report.checks[0].holds
    profit = report.checks[0].found
    revenue = Decimal("1990.00") + Decimal("104.90") + Decimal("5250.00") + Decimal("106.05")
    assert cells(report, "amount")[0] == revenue
    assert 0 < profit < revenue

    sheet = run(trade, "balance_sheet", as_of=MARCH_ENDS)
    assert sheet.checks[0].holds
    assert sheet.checks[0].found > 0


def test_a_quarters_income_is_the_sum_of_its_months(trade):
    months = [("2026-01-01", "2026-01-31"), ("2026-02-01", "2026-02-28"), ("2026-03-01", "2026-03-31")]
    spans = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in months]
    profits = [run(trade, "income_statement", **{"from": first}, to=last).checks[0].found for first, last in spans]
    quarter = run(trade, "income_statement", **{"from": spans[0][0]}, to=spans[-1][1])
    assert sum(profits) == quarter.checks[0].found


def test_a_figure_of_a_statement_leads_to_the_lines_behind_it(trade):
    report = run(trade, "income_statement", **{"from": date(2026, 3, 1)}, to=MARCH_ENDS)
    revenue = report.sections[0].rows[0]
    ledger = run(trade, revenue.link.report, **revenue.link.parameters)
    credits = sum(section.total("credit") - section.total("debit") for section in ledger.sections)
    assert credits == revenue.cells["amount"] == Decimal("5356.05")


def test_rows_that_add_up_others_equal_them(trade):
    for name, parameters in (
        ("income_statement", {"from": date(2026, 1, 1), "to": MARCH_ENDS}),
        ("balance_sheet", {"as_of": MARCH_ENDS}),
    ):
        rows = run(trade, name, **parameters).sections[0].rows
        for row in rows:
            if row.sums:
                parts = [sign * rows[index].cells["amount"] for index, sign in zip(row.sums, row.signs, strict=True)]
                assert row.cells["amount"] == sum(parts)


def test_last_year_stands_beside_this_year(trade):
    report = run(trade, "income_statement", **{"from": date(2027, 1, 1)}, to=date(2027, 3, 31), compare=True)
    assert cells(report, "amount")[0] == 0
    assert cells(report, "last_year")[0] == Decimal("7450.95")


def test_an_account_that_no_row_shows_stops_the_statement(trade):
    from erp_desktop.models.ledger import Account, JournalLine

    line = trade.session.query(JournalLine).filter(JournalLine.credit > 0).first()
    line_account = trade.session.get(Account, (trade.company_id, line.account_id))
    line_account.code = "0001"
    trade.session.flush()
    with pytest.raises(CannotReport, match="0001 has postings"):
        run(trade, "balance_sheet", as_of=MARCH_ENDS)


def test_what_a_report_does_not_know_is_refused_in_a_sentence(trade):
    with pytest.raises(BadParameter, match="knows no warehouse"):
        run(trade, "trial_balance", warehouse="MAIN")
    with pytest.raises(BadParameter, match="There is no account 9999"):
        run(trade, "general_ledger", account="9999")
    with pytest.raises(BadParameter, match="There is no product NOPE"):
        run(trade, "stock_ledger", product="NOPE")
    with pytest.raises(BadParameter, match="needs product"):
        run(trade, "stock_ledger")
    with pytest.raises(BadParameter, match="9999-12-31 is no day that a report can be of"):
        run(trade, "inventory_valuation", as_of=MARCH_ENDS, known_on=date.max)


def test_without_the_ledger_the_valuation_says_that_it_was_not_compared(trade):
    from erp_desktop.models.ledger import JournalEntry, JournalLine, LedgerBalance

    for table in (JournalLine, JournalEntry, LedgerBalance):
        trade.session.query(table).delete()
    report = run(trade, "inventory_valuation", as_of=MARCH_ENDS)
    assert report.checks == ()
    assert any("not compared" in note for note in report.notes)


def test_a_figure_that_differs_from_the_ledger_fails_the_check(trade):
    from erp_desktop.models.costing import CostPool

    pool = trade.session.query(CostPool).filter(CostPool.on_hand != 0).first()
    pool.value += Decimal("0.01")
    trade.session.flush()
    check = run(trade, "inventory_valuation", as_of=MARCH_ENDS).checks[0]
    assert not check.holds
    assert check.found - check.expected == Decimal("0.01")
