"""Income statement, balance sheet and trial balance from account balances; the rows are a layout file's (layouts/*.toml).

Here: the arithmetic, and which accounts are behind each row. Amounts are Decimals in company currency. Not here: SQL,
periods (the caller asks for the balances it wants), formatting, languages (both labels travel along).
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Any

from erp_desktop.numbers import ZERO

INCOME_STATEMENT_TYPES = ("income", "expense")
BALANCE_SHEET_TYPES = ("asset", "liability", "equity")


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """Debits and credits of an account: of the period for an income statement, since the beginning for a balance sheet.

    `type`: asset, liability, equity, income or expense.
    """

    code: str
    type: str
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class LayoutRow:
    """A row as the layout file has it: accounts (code ranges), a total of other rows, or a heading."""

    key: str
    label: str
    label_zh: str
    level: int
    is_heading: bool
    ranges: tuple[tuple[str, str], ...]
    is_credit: bool  # a credit balance counts as positive
    total: tuple[tuple[int, str], ...]  # sign and key of other rows
    takes_profit: bool  # the profit not yet closed to equity belongs here
    detail_of: str | None  # an "of which" row: not added to anything

    def covers(self, code: str) -> bool:
        """Whether `code`, or the account that it is a sub-account of, lies in the row's ranges."""
        return any(first <= code[: len(first)] and code[: len(last)] <= last for first, last in self.ranges)


@dataclass(frozen=True, slots=True)
class Layout:
    """The rows of both statements; `profit_key` the income statement's profit, `must_equal` two rows of the balance sheet."""

    key: str
    income_statement: tuple[LayoutRow, ...]
    balance_sheet: tuple[LayoutRow, ...]
    profit_key: str
    must_equal: tuple[str, str]


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A row to be shown. `amount` is None for a heading and for a detail that the books do not tell.

    `accounts` are the codes behind the row, also of a total's parts: what a figure drills down to.
    """

    key: str
    label: str
    label_zh: str
    level: int
    is_total: bool
    amount: Decimal | None
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialBalanceRow:
    code: str
    debit: Decimal
    credit: Decimal


class UnmappedAccount(Exception):
    """An account with postings that no row of the statement shows; leaving it out would be a wrong statement."""

    def __init__(self, code: str, statement: str) -> None:
        super().__init__(f"no row of the {statement} shows account {code}")
        self.code = code
        self.statement = statement


class LayoutFault(ValueError):
    """A layout file shows an account twice, or totals a row that does not come before."""


def layout_names() -> tuple[str, ...]:
    """The layouts there are; named like the chart they belong to."""
    return tuple(sorted(file.name.removesuffix(".toml") for file in files(__package__).joinpath("layouts").iterdir()))


def load_layout(key: str) -> Layout:
    """The layout of that name. Raises KeyError for an unknown name, LayoutFault for a faulty file."""
    if key not in layout_names():
        raise KeyError(key)
    return read_layout(key, files(__package__).joinpath("layouts", f"{key}.toml").read_text("utf-8"))


def read_layout(key: str, text: str) -> Layout:
    """A layout from the text of its file. Raises LayoutFault."""
    source = tomllib.loads(text)
    income, balance = (tuple(map(_layout_row, source[name])) for name in ("income_statement", "balance_sheet"))
    for rows in (income, balance):
        _check(key, rows)
    first, second = source["must_equal"]
    return Layout(key, income, balance, source["profit"], (first, second))


def income_statement(balances: Iterable[AccountBalance], layout: Layout) -> tuple[StatementRow, ...]:
    """The rows of the income statement from the period's debits and credits. Raises UnmappedAccount."""
    return _statement(balances, layout.income_statement, INCOME_STATEMENT_TYPES, "income statement")


def balance_sheet(balances: Iterable[AccountBalance], layout: Layout) -> tuple[StatementRow, ...]:
    """The rows of the balance sheet from all debits and credits up to its day. Raises UnmappedAccount.

    Income and expense accounts not yet closed to equity make up the profit, which goes to the row that the layout names.
    """
    return _statement(balances, layout.balance_sheet, BALANCE_SHEET_TYPES, "balance sheet")


def amount_of(rows: Iterable[StatementRow], key: str) -> Decimal:
    """The amount of one row; zero for a heading. Raises KeyError."""
    for row in rows:
        if row.key == key:
            return row.amount or ZERO
    raise KeyError(key)


def trial_balance(balances: Iterable[AccountBalance]) -> tuple[TrialBalanceRow, ...]:
    """Each account's balance on its side, in code order; accounts at zero are left out."""
    nets = sorted((balance.code, balance.debit - balance.credit) for balance in balances)
    return tuple(TrialBalanceRow(code, max(net, ZERO), max(-net, ZERO)) for code, net in nets if net)


def _statement(
    balances: Iterable[AccountBalance], rows: Sequence[LayoutRow], types: Sequence[str], name: str
) -> tuple[StatementRow, ...]:
    shown = []
    profit, profit_accounts = ZERO, []
    for balance in balances:
        if balance.type in types:
            shown.append(balance)
        elif balance.type in INCOME_STATEMENT_TYPES:
            profit += balance.credit - balance.debit
            profit_accounts.append(balance.code)
    for balance in shown:
        covering = [row.key for row in rows if row.covers(balance.code) and row.detail_of is None]
        if not covering and (balance.debit or balance.credit):
            raise UnmappedAccount(balance.code, name)
        if len(covering) > 1:
            raise LayoutFault(f"account {balance.code} is in the rows {', '.join(covering)} of the {name}")

    amounts: dict[str, Decimal] = {}
    behind: dict[str, tuple[str, ...]] = {}
    for row in rows:
        covered = [balance for balance in shown if row.covers(balance.code)]
        net = sum((balance.debit - balance.credit for balance in covered), ZERO)
        codes = {balance.code for balance in covered}
        amount = -net if row.is_credit else net
        if row.takes_profit:
            amount += profit
            codes.update(profit_accounts)
        for sign, key in row.total:
            amount += sign * amounts[key]
            codes.update(behind[key])
        amounts[row.key], behind[row.key] = amount, tuple(sorted(codes))
    return tuple(
        StatementRow(
            row.key,
            row.label,
            row.label_zh,
            row.level,
            bool(row.total),
            None if _is_silent(row) else amounts[row.key],
            behind[row.key],
        )
        for row in rows
    )


def _is_silent(row: LayoutRow) -> bool:
    """Headings say no amount; nor does a detail without accounts of its own, where zero would be a claim."""
    return row.is_heading or (row.detail_of is not None and not row.ranges and not row.total)


def _layout_row(source: dict[str, Any]) -> LayoutRow:
    return LayoutRow(
        key=source["key"],
        label=source["label"],
        label_zh=source["label_zh"],
        level=source.get("level", 0),
        is_heading=source.get("heading", False),
        ranges=tuple(_range(part) for part in source.get("accounts", "").split(",") if part.strip()),
        is_credit=source.get("side", "debit") == "credit",
        total=_formula(source.get("total", "")),
        takes_profit=source.get("profit", False),
        detail_of=source.get("of"),
    )


def _range(part: str) -> tuple[str, str]:
    first, _, last = (piece.strip() for piece in part.partition("-"))
    return first, last or first


def _formula(text: str) -> tuple[tuple[int, str], ...]:
    terms, sign = [], 1
    for word in text.split():
        if word in ("+", "-"):
            sign = 1 if word == "+" else -1
        else:
            terms.append((sign, word))
    return tuple(terms)


def _check(layout: str, rows: Sequence[LayoutRow]) -> None:
    seen: set[str] = set()
    for row in rows:
        if missing := [key for _, key in row.total if key not in seen]:
            raise LayoutFault(f"{layout}: row {row.key} totals {', '.join(missing)}, which does not come before it")
        if row.key in seen:
            raise LayoutFault(f"{layout}: row {row.key} is there twice")
        seen.add(row.key)
