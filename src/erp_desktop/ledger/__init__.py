"""The double-entry ledger's arithmetic: which accounts an event touches, charts of accounts, statements.

Here: pure rules on Decimals in company currency. Not here: SQL, Qt, the clock, numbering of vouchers.

posting.py - event -> balanced lines

    post(event) -> tuple[PostingLine, ...]
    PostingLine(purpose | account_id, debit, credit, dimensions: Dimensions)
    balanced(lines) -> lines                          # raises UnbalancedEntry(debit, credit)
    Purpose                                           # what an account is for: inventory, payable, ...

events.py - what can be posted, one dataclass for each: GoodsReceived, GoodsShipped, CostAdjusted, ManualEntry, ...

    event.name, event.postings()                      # before they are added together
    Amount, LateCost, ReturnedAmount, CostCorrection, AllowanceChange, ManualLine    # the lines of events

charts.py - chart templates (charts/*.toml)

    chart_names() -> ("cn-small-enterprise", "ifrs-trading")
    load_chart(key) -> Chart(key, name, name_zh, accounts: tuple[ChartAccount(code, name, name_zh, type)], purposes)

statements.py - income statement and balance sheet from balances and a layout (layouts/*.toml, named like the charts)

    load_layout(key) -> Layout(.., profit_key, must_equal: two balance sheet rows)
    income_statement(balances, layout) -> tuple[StatementRow, ...]
    balance_sheet(balances, layout) -> tuple[StatementRow, ...]
    amount_of(rows, key) -> Decimal
    AccountBalance(code, type, debit, credit)         # type: asset | liability | equity | income | expense
    StatementRow(key, label, label_zh, level, is_total, amount: Decimal | None, accounts: tuple[str, ...])
    UnmappedAccount(code, statement)                  # an account with postings that no row shows is an error
    trial_balance(balances) -> tuple[TrialBalanceRow(code, debit, credit), ...]
"""
