"""The double-entry ledger and the budget. Entries are posted by the centre only."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import EVERYBODY, Replicated, belongs_to
from erp_desktop.models.types import Instant, Money, Rate, String


class AccountType(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


class Account(Replicated):
    """A ledger account of the company's chart."""

    __tablename__ = "account"
    read_permission = "master.read"

    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(200), default="")
    type: Mapped[str] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"),)


class AccountPurpose(Replicated):
    """Which account a purpose of the posting rules (inventory, payable, ...) goes to, per category where it differs."""

    __tablename__ = "account_purpose"
    read_permission = "master.read"

    purpose: Mapped[str] = mapped_column(String(40))
    category_id: Mapped[UUID | None]  # None: for all products
    account_id: Mapped[UUID]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (belongs_to("account_id", "account"), UniqueConstraint("company_id", "purpose", "category_id"))


class CostCentre(Replicated):
    __tablename__ = "cost_centre"
    read_permission = "master.read"

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(200), default="")

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"),)


class ExchangeRate(Replicated):
    """What one unit of a foreign currency is worth from a day on, until the next rate; in company currency."""

    __tablename__ = "exchange_rate"
    read_permission = "master.read"

    currency: Mapped[str] = mapped_column(String(3))  # ISO 4217
    valid_on: Mapped[date]
    rate: Mapped[Rate]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            UniqueConstraint("company_id", "currency", "valid_on"),
            CheckConstraint("rate > 0", name="rate_positive"),
        )


class Period(Replicated):
    """An accounting period, one month. A closed one refuses every posting."""

    __tablename__ = "period"
    read_permission = EVERYBODY

    starts_on: Mapped[date]
    ends_on: Mapped[date]
    is_closed: Mapped[bool] = mapped_column(default=False)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            UniqueConstraint("company_id", "starts_on"),
            CheckConstraint("starts_on <= ends_on", name="starts_before_it_ends"),
        )


class PeriodChange(Replicated):
    """A period was closed or reopened: when, by whom, and why. Never rewritten."""

    __tablename__ = "period_change"
    read_permission = "ledger.read"

    period_id: Mapped[UUID]
    is_closed: Mapped[bool]  # False: reopened
    changed_at: Mapped[Instant]
    changed_by: Mapped[UUID]  # the user
    reason: Mapped[str] = mapped_column(String(300), default="")  # of a reopening

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (belongs_to("period_id", "period"), Index(None, "company_id", "period_id"))


class JournalEntry(Replicated):
    """Balanced debits and credits with their cause. Never changed once posted: reversed by another entry."""

    __tablename__ = "journal_entry"
    read_permission = "ledger.read"

    number: Mapped[int]  # voucher number, consecutive within the period
    period_id: Mapped[UUID]
    dated_on: Mapped[date]
    posted_at: Mapped[Instant]
    posted_by: Mapped[UUID]  # the user whose action it was
    event: Mapped[str] = mapped_column(String(40))  # goods_receipt, shipment, ...
    document_kind: Mapped[str] = mapped_column(String(40))
    document_id: Mapped[UUID]
    action_id: Mapped[UUID]
    text: Mapped[str] = mapped_column(String(300), default="")

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("period_id", "period"),
            UniqueConstraint("company_id", "period_id", "number"),
            Index(None, "company_id", "document_id"),
            Index(None, "company_id", "dated_on", "id"),
        )


class JournalLine(Replicated):
    """One debit or credit, in company currency, with what it can be analysed by."""

    __tablename__ = "journal_line"
    read_permission = "ledger.read"

    entry_id: Mapped[UUID]
    line_no: Mapped[int]
    account_id: Mapped[UUID]
    dated_on: Mapped[date]  # the entry's, so that an account's ledger reads one index
    debit: Mapped[Money]
    credit: Mapped[Money]
    cost_centre_id: Mapped[UUID | None]
    party_id: Mapped[UUID | None]
    product_id: Mapped[UUID | None]
    warehouse_id: Mapped[UUID | None]
    channel_id: Mapped[UUID | None]
    line_id: Mapped[UUID | None]  # the document's line
    currency: Mapped[str | None] = mapped_column(String(3))  # the document's, where it is not the company's
    amount_in_currency: Mapped[Money | None]  # in that currency, on the line's side; negative: on the other one

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("entry_id", "journal_entry"),
            belongs_to("account_id", "account"),
            CheckConstraint("debit >= 0 AND credit >= 0 AND (debit = 0 OR credit = 0)", name="one_side"),
            Index(None, "company_id", "entry_id", "line_no"),
            Index(None, "company_id", "account_id", "dated_on", "id"),
        )


class LedgerBalance(Replicated):
    """Debits and credits of an account in a period and cost centre, kept by every posting. id derives from those."""

    __tablename__ = "ledger_balance"
    read_permission = "ledger.read"

    account_id: Mapped[UUID]
    period_id: Mapped[UUID]
    cost_centre_id: Mapped[UUID | None]
    debit: Mapped[Money]
    credit: Mapped[Money]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (belongs_to("account_id", "account"), belongs_to("period_id", "period"))


class BudgetVersion(Replicated):
    __tablename__ = "budget_version"
    read_permission = "budget.read"

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    year: Mapped[int]
    is_approved: Mapped[bool] = mapped_column(default=False)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"),)


class BudgetLine(Replicated):
    """Planned amount of an account in a cost centre and a period, in company currency, positive as the account grows."""

    __tablename__ = "budget_line"
    read_permission = "budget.read"

    version_id: Mapped[UUID]
    account_id: Mapped[UUID]
    cost_centre_id: Mapped[UUID | None]
    period_id: Mapped[UUID]
    amount: Mapped[Money]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("version_id", "budget_version"),
            belongs_to("account_id", "account"),
            belongs_to("period_id", "period"),
            UniqueConstraint("company_id", "version_id", "account_id", "cost_centre_id", "period_id"),
        )
