"""Journal lines by purpose, and that they balance (design page "Ledger, budgets and statements").

Amounts are Decimals in company currency, already rounded to its minor unit. Not here: the events that are posted (events.py),
which account a purpose is in this company, voucher numbers, periods, SQL.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Protocol
from uuid import UUID

from erp_desktop.numbers import ZERO


class Purpose(StrEnum):
    """What an account is for; a company's chart says which account that is."""

    INVENTORY = "inventory"
    GOODS_DISPATCHED = "goods_dispatched"
    GOODS_RECEIVED_NOT_INVOICED = "goods_received_not_invoiced"
    LANDED_COST_CLEARING = "landed_cost_clearing"
    INVENTORY_ADJUSTMENT = "inventory_adjustment"
    INVENTORY_ALLOWANCE = "inventory_allowance"
    WRITE_DOWN_LOSS = "write_down_loss"
    SCRAP_LOSS = "scrap_loss"
    PURCHASE_PRICE_VARIANCE = "purchase_price_variance"
    STANDARD_COST_CHANGE = "standard_cost_change"
    COST_OF_SALES = "cost_of_sales"
    REVENUE = "revenue"
    FREIGHT_REVENUE = "freight_revenue"
    SALES_RETURNS = "sales_returns"
    RECEIVABLE = "receivable"
    CUSTOMER_DEPOSITS = "customer_deposits"
    PAYABLE = "payable"
    SUPPLIER_PREPAYMENTS = "supplier_prepayments"
    CASH = "cash"
    BANK = "bank"
    GATEWAY_CLEARING = "gateway_clearing"
    INPUT_VAT = "input_vat"
    OUTPUT_VAT = "output_vat"
    SHARE_CAPITAL = "share_capital"
    OPENING_EQUITY = "opening_equity"
    RETAINED_EARNINGS = "retained_earnings"
    WAGES = "wages"
    WAGES_PAYABLE = "wages_payable"
    STORAGE_EXPENSE = "storage_expense"
    PACKAGING_EXPENSE = "packaging_expense"
    DELIVERY_EXPENSE = "delivery_expense"
    CHANNEL_FEES = "channel_fees"
    GATEWAY_FEES = "gateway_fees"
    COMMISSION_EXPENSE = "commission_expense"
    COMMISSION_PAYABLE = "commission_payable"
    EXCHANGE_DIFFERENCE = "exchange_difference"
    ROUNDING = "rounding"


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What a journal line can be analysed by, and the document line that caused it."""

    product_id: UUID | None = None
    party_id: UUID | None = None
    warehouse_id: UUID | None = None
    channel_id: UUID | None = None
    cost_centre_id: UUID | None = None
    line_id: UUID | None = None


NO_DIMENSIONS = Dimensions()


@dataclass(frozen=True, slots=True)
class InCurrency:
    """An amount in a document's own currency, where that is not the company's; kept beside what is posted."""

    currency: str  # ISO 4217
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PostingLine:
    """One debit or credit, not negative; on the account of a purpose, or (typed by hand) on a named account.

    `in_currency` stands on the line's side: negative where it is the other way round than the amount.
    """

    purpose: Purpose | None
    debit: Decimal
    credit: Decimal
    dimensions: Dimensions = NO_DIMENSIONS
    account_id: UUID | None = None
    in_currency: InCurrency | None = None


class UnbalancedEntry(Exception):
    """The debits of an entry are not its credits."""

    def __init__(self, debit: Decimal, credit: Decimal) -> None:
        super().__init__(f"debits of {debit} against credits of {credit}")
        self.debit = debit
        self.credit = credit


class Event(Protocol):
    """Something that happened and has to be posted. `name` is what the journal entry keeps as its event."""

    name: ClassVar[str]

    def postings(self) -> Iterable[PostingLine]: ...


def post(event: Event) -> tuple[PostingLine, ...]:
    """The event's journal lines: balanced, without zero lines, equal purpose, side, dimensions and currency added together.

    An event of nothing but zeros has no lines. Raises UnbalancedEntry for a manual entry that does not balance.
    """
    return balanced(_merged(event.postings()))


def balanced(lines: Iterable[PostingLine]) -> tuple[PostingLine, ...]:
    """The same lines. Raises UnbalancedEntry, naming both sums, if they do not balance to the last place."""
    kept = tuple(lines)
    debit = sum((line.debit for line in kept), ZERO)
    credit = sum((line.credit for line in kept), ZERO)
    if debit != credit:
        raise UnbalancedEntry(debit, credit)
    return kept


def _merged(lines: Iterable[PostingLine]) -> Iterator[PostingLine]:
    sums: dict[tuple[object, ...], PostingLine] = {}
    for line in lines:
        beside = line.in_currency
        if not line.debit and not line.credit:
            continue
        key = (line.purpose, line.account_id, bool(line.debit), line.dimensions, beside.currency if beside else "")
        if key in sums:
            other = sums[key]
            debit, credit = line.debit + other.debit, line.credit + other.credit
            if beside and other.in_currency:
                beside = InCurrency(beside.currency, beside.amount + other.in_currency.amount)
            line = PostingLine(line.purpose, debit, credit, line.dimensions, line.account_id, beside)
        sums[key] = line
    yield from sums.values()


def debit_line(
    purpose: Purpose, amount: Decimal, dimensions: Dimensions, beside: InCurrency | None = None
) -> PostingLine:
    """A debit, or a credit where the amount is negative; `beside` is signed as the amount is."""
    if beside is not None and amount < 0:
        beside = InCurrency(beside.currency, -beside.amount)
    return PostingLine(purpose, max(amount, ZERO), max(-amount, ZERO), dimensions, in_currency=beside)


def credit_line(
    purpose: Purpose, amount: Decimal, dimensions: Dimensions, beside: InCurrency | None = None
) -> PostingLine:
    return debit_line(purpose, -amount, dimensions, InCurrency(beside.currency, -beside.amount) if beside else None)


def both_sides(amount: Decimal, dimensions: Dimensions, *, debit: Purpose, credit: Purpose) -> Iterator[PostingLine]:
    """The amount on two purposes, each on its side; the other way round where it is negative."""
    yield debit_line(debit, amount, dimensions)
    yield credit_line(credit, amount, dimensions)
