"""Lists of the ledger: accounts with balances, journal entries and lines, periods."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement

from erp_desktop.models.ledger import Account, CostCentre, JournalEntry, JournalLine, LedgerBalance, Period
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.purchasing import LandedCost, PriceCorrection
from erp_desktop.models.sales import SalesInvoice
from erp_desktop.models.valuation import StandardCostChange, StockRevaluation, WriteDown
from erp_desktop.queries.list_shape import (
    Join,
    ListColumn,
    ListShape,
    difference,
    named,
    plain,
    searched,
    sum_of,
    table_of,
)
from erp_desktop.queries.listing import ListQuery
from erp_desktop.queries.stock import MOVE_STOCK, document_number

_account = table_of(Account)
_balance = table_of(LedgerBalance)
_entry = table_of(JournalEntry)
_line = table_of(JournalLine)
_period = table_of(Period)
_cost_centre = table_of(CostCentre)
_party = table_of(Party)
_product = table_of(Product)
_POSTED = (*MOVE_STOCK, SalesInvoice, LandedCost, PriceCorrection, StockRevaluation, WriteDown, StandardCostChange)

_debit = sum_of(_balance.c.debit, _account, _balance.c.account_id)
_credit = sum_of(_balance.c.credit, _account, _balance.c.account_id)


@dataclass(frozen=True)
class AccountRow:
    """`debit` and `credit` are all postings ever, `balance` their difference: positive on the debit side."""

    id: UUID
    code: str
    name: str
    name_zh: str
    type: str
    debit: Decimal
    credit: Decimal
    balance: Decimal
    is_active: bool


@dataclass(frozen=True)
class Accounts(ListQuery[AccountRow]):
    """The chart of accounts by code, with balances in company currency."""

    shape = ListShape(
        AccountRow,
        _account,
        [
            *plain(_account, "id"),
            *searched(_account, "code", "name", "name_zh"),
            *plain(_account, "type"),
            ListColumn("debit", _debit, is_total=True),
            ListColumn("credit", _credit, is_total=True),
            ListColumn("balance", difference(_debit, _credit), is_total=True),
            *plain(_account, "is_active"),
        ],
    )


@dataclass(frozen=True)
class JournalEntryRow:
    """`number` is the voucher number within the period that starts on `period`; `amount` the sum of the debits."""

    id: UUID
    number: int
    period_id: UUID
    period: date
    dated_on: date
    posted_at: datetime
    event: str
    document_kind: str
    document_id: UUID
    document_number: str | None
    text: str
    amount: Decimal


@dataclass(frozen=True)
class JournalEntries(ListQuery[JournalEntryRow]):
    """Journal entries, newest first. Searches their text and their document's number."""

    shape = ListShape(
        JournalEntryRow,
        _entry,
        [
            *plain(_entry, "id", "number", "period_id"),
            ListColumn("period", _period.c.starts_on),
            *plain(_entry, "dated_on", "posted_at", "event", "document_kind", "document_id"),
            ListColumn("document_number", document_number(_entry, _POSTED), is_searched=True),
            *searched(_entry, "text"),
            ListColumn("amount", sum_of(_line.c.debit, _entry, _line.c.entry_id)),
        ],
        [Join(_period, _entry.c.period_id)],
        [("dated_on", True)],
    )


@dataclass(frozen=True)
class JournalLineRow:
    """One debit or credit, in company currency, with what it can be analysed by; where its document is in another currency, that
    and the amount in it."""

    id: UUID
    entry_id: UUID
    line_no: int
    entry_number: int
    dated_on: date
    event: str
    text: str
    document_kind: str
    document_id: UUID
    account_id: UUID
    account_code: str
    account_name: str
    account_name_zh: str
    debit: Decimal
    credit: Decimal
    cost_centre_code: str | None
    party_id: UUID | None
    party_code: str | None
    party_name: str | None
    party_name_zh: str | None
    product_id: UUID | None
    product_code: str | None
    product_name: str | None
    product_name_zh: str | None
    currency: str | None
    amount_in_currency: Decimal | None


@dataclass(frozen=True)
class JournalLines(ListQuery[JournalLineRow]):
    """Journal lines by date, oldest first; all or those of one account. Searches text, party and product."""

    shape = ListShape(
        JournalLineRow,
        _line,
        [
            *plain(_line, "id", "entry_id", "line_no"),
            ListColumn("entry_number", _entry.c.number),
            *plain(_line, "dated_on"),
            ListColumn("event", _entry.c.event),
            ListColumn("text", _entry.c.text, is_searched=True),
            ListColumn("document_kind", _entry.c.document_kind),
            ListColumn("document_id", _entry.c.document_id),
            *plain(_line, "account_id"),
            ListColumn("account_code", _account.c.code),
            ListColumn("account_name", _account.c.name),
            ListColumn("account_name_zh", _account.c.name_zh),
            ListColumn("debit", _line.c.debit, is_total=True),
            ListColumn("credit", _line.c.credit, is_total=True),
            ListColumn("cost_centre_code", _cost_centre.c.code),
            *plain(_line, "party_id"),
            *named(_party, "code", "name", "name_zh"),
            *plain(_line, "product_id"),
            *named(_product, "code", "name", "name_zh"),
            *plain(_line, "currency", "amount_in_currency"),
        ],
        [
            Join(_entry, _line.c.entry_id),
            Join(_account, _line.c.account_id),
            Join(_cost_centre, _line.c.cost_centre_id),
            Join(_party, _line.c.party_id),
            Join(_product, _line.c.product_id),
        ],
        [("dated_on", False)],
    )

    account_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_line.c.account_id == self.account_id,) if self.account_id else ()


@dataclass(frozen=True)
class PeriodRow:
    id: UUID
    starts_on: date
    ends_on: date
    is_closed: bool


@dataclass(frozen=True)
class Periods(ListQuery[PeriodRow]):
    """Accounting periods, newest first."""

    shape = ListShape(
        PeriodRow, _period, [*plain(_period, "id", "starts_on", "ends_on", "is_closed")], order=[("starts_on", True)]
    )
