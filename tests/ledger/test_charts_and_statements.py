from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.ledger.charts import chart_names, load_chart
from erp_desktop.ledger.posting import Purpose
from erp_desktop.ledger.statements import (
    AccountBalance,
    LayoutFault,
    UnmappedAccount,
    amount_of,
    balance_sheet,
    income_statement,
    layout_names,
    load_layout,
    read_layout,
    trial_balance,
)

CHARTS = ["cn-small-enterprise", "ifrs-trading"]
ZERO = Decimal(0)


def balance(code: str, kind: str, debit: str = "0", credit: str = "0") -> AccountBalance:
    return AccountBalance(code, kind, Decimal(debit), Decimal(credit))


def test_two_charts_ship_each_with_its_statement_layout():
    assert list(chart_names()) == list(layout_names()) == CHARTS


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_has_an_account_for_every_purpose_named_in_both_languages(name):
    chart = load_chart(name)
    codes = [account.code for account in chart.accounts]
    assert codes == sorted(set(codes))
    assert set(chart.purposes) == set(Purpose)
    assert set(chart.purposes.values()) <= set(codes)
    assert all(account.name and account.name_zh for account in chart.accounts)


@pytest.mark.parametrize("name", CHARTS)
def test_purposes_are_on_accounts_of_their_side_of_the_statements(name):
    chart = load_chart(name)
    types = {account.code: account.type for account in chart.accounts}
    assert types[chart.purposes[Purpose.INVENTORY]] == types[chart.purposes[Purpose.RECEIVABLE]] == "asset"
    assert (
        types[chart.purposes[Purpose.PAYABLE]]
        == types[chart.purposes[Purpose.GOODS_RECEIVED_NOT_INVOICED]]
        == "liability"
    )
    assert types[chart.purposes[Purpose.OPENING_EQUITY]] == "equity"
    assert types[chart.purposes[Purpose.REVENUE]] == types[chart.purposes[Purpose.SALES_RETURNS]] == "income"
    assert types[chart.purposes[Purpose.COST_OF_SALES]] == types[chart.purposes[Purpose.STORAGE_EXPENSE]] == "expense"


@pytest.mark.parametrize("name", CHARTS)
def test_posting_from_documents_uses_one_account_for_one_purpose(name):
    assert max(Counter(load_chart(name).purposes.values()).values()) == 1


def test_a_small_chinese_company_posts_to_the_official_codes():
    purposes = load_chart("cn-small-enterprise").purposes
    official = {
        Purpose.CASH: "1001",
        Purpose.BANK: "1002",
        Purpose.RECEIVABLE: "1122",
        Purpose.INVENTORY: "1405",
        Purpose.PAYABLE: "2202",
        Purpose.REVENUE: "5001",
        Purpose.COST_OF_SALES: "5401",
    }
    assert {purpose: purposes[purpose] for purpose in official} == official


def test_an_unknown_chart_or_layout_is_a_key_error():
    for load in (load_chart, load_layout):
        with pytest.raises(KeyError):
            load("us-gaap")


def test_the_income_statement_of_a_trader_shows_gross_profit_and_what_is_behind_it():
    rows = income_statement(
        [
            balance("4000", "income", credit="1000.00"),
            balance("4900", "income", debit="50.00"),
            balance("5000", "expense", debit="600.00"),
            balance("6200", "expense", debit="30.00"),
            balance("6100", "expense", debit="100.00"),
            balance("7200", "income", credit="5.00"),
            balance("1010", "asset", debit="225.00"),
        ],
        load_layout("ifrs-trading"),
    )
    amounts = {row.key: row.amount for row in rows}
    assert amounts["revenue"] == Decimal("950.00")
    assert amounts["gross_profit"] == Decimal("350.00")
    assert amounts["operating_profit"] == Decimal("220.00")
    assert amounts["profit"] == Decimal("225.00")
    gross = next(row for row in rows if row.key == "gross_profit")
    assert gross.is_total
    assert gross.accounts == ("4000", "4900", "5000")
    assert (gross.label, gross.label_zh) == ("Gross profit", "毛利")


def test_the_small_enterprise_forms_fill_in_the_official_rows():
    layout = load_layout("cn-small-enterprise")
    books = [
        balance("5001", "income", credit="900.00"),
        balance("505101", "income", credit="10.00"),
        balance("5401", "expense", debit="500.00"),
        balance("560101", "expense", debit="40.00"),
        balance("571101", "expense", debit="3.00"),
        balance("1002", "asset", debit="467.00"),
        balance("1405", "asset", debit="100.00"),
        balance("1602", "asset", credit="20.00"),
        balance("1601", "asset", debit="60.00"),
        balance("220201", "liability", credit="140.00"),
        balance("310401", "equity", credit="100.00"),
    ]
    profit_rows, sheet = income_statement(books, layout), balance_sheet(books, layout)
    assert amount_of(profit_rows, "row_1") == Decimal("910.00")
    assert amount_of(profit_rows, "row_21") == Decimal("370.00")
    assert amount_of(profit_rows, layout.profit_key) == Decimal("367.00")
    assert amount_of(sheet, "row_9") == amount_of(sheet, "row_12") == Decimal("100.00")
    assert amount_of(sheet, "row_19") == Decimal("20.00")
    assert amount_of(sheet, "row_20") == Decimal("40.00")
    assert amount_of(sheet, "row_33") == Decimal("140.00")
    assert amount_of(sheet, "row_51") == Decimal("467.00")
    assert [amount_of(sheet, key) for key in layout.must_equal] == [Decimal("607.00")] * 2


def test_headings_and_details_that_the_books_do_not_tell_show_no_amount():
    rows = {row.key: row for row in income_statement([], load_layout("cn-small-enterprise"))}
    assert rows["row_4"].amount is None
    assert rows["row_3"].amount == 0
    headings = [row for row in balance_sheet([], load_layout("ifrs-trading")) if row.key == "assets"]
    assert headings[0].amount is None
    assert amount_of(headings, "assets") == 0
    with pytest.raises(KeyError):
        amount_of(headings, "no such row")


@pytest.mark.parametrize("name", CHARTS)
@given(data=st.data())
def test_balanced_books_give_a_balance_sheet_that_balances_with_every_account_of_the_chart(name, data):
    accounts = load_chart(name).accounts
    cents = st.integers(-(10**9), 10**9)
    nets = [data.draw(cents) for _ in accounts[1:]]
    books = [
        AccountBalance(account.code, account.type, max(ZERO, Decimal(net)) / 100, max(ZERO, Decimal(-net)) / 100)
        for account, net in zip(accounts, [-sum(nets), *nets], strict=True)
    ]
    layout = load_layout(name)
    sheet = balance_sheet(books, layout)
    first, second = (amount_of(sheet, key) for key in layout.must_equal)
    assert first == second
    profit = sum(b.credit - b.debit for b in books if b.type in ("income", "expense"))
    assert amount_of(income_statement(books, layout), layout.profit_key) == profit


@pytest.mark.parametrize(
    ("statement", "kind"), [(income_statement, "income"), (income_statement, "expense"), (balance_sheet, "equity")]
)
def test_an_account_that_no_row_shows_is_an_error_not_an_omission(statement, kind):
    with pytest.raises(UnmappedAccount, match="9999") as refused:
        statement([balance("9999", kind, debit="1.00", credit="1.00")], load_layout("ifrs-trading"))
    assert refused.value.code == "9999"
    statement([balance("9999", kind)], load_layout("ifrs-trading"))  # nothing posted, nothing left out


LAYOUT = """
profit = "a"
must_equal = ["a", "a"]
income_statement = [{rows}]
balance_sheet = []
"""


def test_a_layout_that_shows_an_account_twice_is_refused():
    rows = '{key="a", label="", label_zh="", accounts="4000-4999"}, {key="b", label="", label_zh="", accounts="41"}'
    layout = read_layout("own", LAYOUT.replace("{rows}", rows))
    with pytest.raises(LayoutFault, match="4100 is in the rows a, b"):
        income_statement([balance("4100", "income", credit="1.00")], layout)


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ('{key="a", label="", label_zh="", total="b"}, {key="b", label="", label_zh=""}', "does not come before"),
        ('{key="a", label="", label_zh=""}, {key="a", label="", label_zh=""}', "is there twice"),
    ],
)
def test_a_layout_with_a_total_of_later_rows_or_a_row_twice_is_refused(rows, fault):
    with pytest.raises(LayoutFault, match=fault):
        read_layout("own", LAYOUT.replace("{rows}", rows))


def test_the_trial_balance_shows_each_account_on_its_side_in_code_order():
    rows = trial_balance(
        [
            balance("4000", "income", credit="9.00"),
            balance("1000", "asset", debit="12.00", credit="3.00"),
            balance("2100", "liability", debit="4.00", credit="4.00"),
        ]
    )
    assert [(row.code, row.debit, row.credit) for row in rows] == [("1000", 9, 0), ("4000", 0, 9)]
