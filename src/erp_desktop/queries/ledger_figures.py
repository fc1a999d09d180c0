"""The ledger's figures: the trial balance, and an account's ledger with its running balance.

Both read balances that every posting keeps, so that they take as long however many lines there are.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, literal, select, tuple_
from sqlalchemy.orm import Session

from erp_desktop.models.ledger import Account, JournalEntry, JournalLine, LedgerBalance, Period
from erp_desktop.numbers import ZERO
from erp_desktop.queries.list_shape import table_of

_account = table_of(Account)
_balance = table_of(LedgerBalance)
_entry = table_of(JournalEntry)
_line = table_of(JournalLine)
_period = table_of(Period)


@dataclass(frozen=True)
class TrialBalanceLine:
    """An account over some periods, in company currency; `opening` and `closing` are positive on the debit side."""

    account_id: UUID
    code: str
    name: str
    name_zh: str
    type: str
    opening: Decimal
    debit: Decimal
    credit: Decimal

    @property
    def closing(self) -> Decimal:
        return self.opening + self.debit - self.credit


def trial_balance(
    session: Session, company_id: UUID, from_on: date | None = None, to_on: date | None = None
) -> tuple[TrialBalanceLine, ...]:
    """Every account that was ever posted to, by code. Whole periods: from the one that holds `from_on` (None: the first,
    so that nothing opens) to the one that holds `to_on` (None: the last)."""
    before = literal(False) if from_on is None else _period.c.ends_on < from_on
    debit, credit = _balance.c.debit, _balance.c.credit

    def summed(condition: Any, column: Any) -> Any:
        return func.sum(case((condition, column), else_=0), type_=column.type)

    sums: Select[Any] = select(
        _balance.c.account_id,
        summed(before, debit).label("debit_before"),
        summed(before, credit).label("credit_before"),
        summed(~before, debit).label("debit"),
        summed(~before, credit).label("credit"),
    )
    in_period = (_period.c.company_id == company_id) & (_period.c.id == _balance.c.period_id)
    sums = sums.select_from(_balance.join(_period, in_period)).where(_balance.c.company_id == company_id)
    if to_on is not None:
        sums = sums.where(_period.c.starts_on <= to_on)
    figures = sums.group_by(_balance.c.account_id).subquery("figures")
    statement: Select[Any] = select(
        *(_account.c[name] for name in ("id", "code", "name", "name_zh", "type")), *list(figures.c)[1:]
    )
    named = (_account.c.company_id == company_id) & (_account.c.id == figures.c.account_id)
    statement = statement.select_from(figures.join(_account, named)).order_by(_account.c.code)
    return tuple(
        TrialBalanceLine(*(*account, debit_before - credit_before, debit_now, credit_now))
        for *account, debit_before, credit_before, debit_now, credit_now in session.execute(statement)
    )


@dataclass(frozen=True)
class AccountLedgerLine:
    """A journal line of an account; `balance` is what the account stands at after it, positive on the debit side."""

    id: UUID
    dated_on: date
    entry_id: UUID
    entry_number: int
    text: str
    document_kind: str
    document_id: UUID
    debit: Decimal
    credit: Decimal
    balance: Decimal


@dataclass(frozen=True)
class AccountLedger:
    """Some lines of an account, oldest first, and what it stood at before them."""

    opening: Decimal
    lines: tuple[AccountLedgerLine, ...]


def account_ledger(
    session: Session,
    company_id: UUID,
    account_id: UUID,
    from_on: date | None = None,
    to_on: date | None = None,
    *,
    limit: int = 200,
    after: AccountLedgerLine | None = None,
) -> AccountLedger:
    """The account's first `limit` lines from `from_on` on (None: its first line ever), or those that follow `after`."""
    if after is not None:
        opening = after.balance
    else:
        opening = ZERO if from_on is None else _balance_before(session, company_id, account_id, from_on)
    page = select(_line.c.id, _line.c.dated_on, _line.c.entry_id, _line.c.debit, _line.c.credit)
    page = page.where(_line.c.company_id == company_id, _line.c.account_id == account_id)
    if after is not None:
        here = tuple_(literal(after.dated_on), literal(after.id, _line.c.id.type))
        page = page.where(tuple_(_line.c.dated_on, _line.c.id) > here)
    elif from_on is not None:
        page = page.where(_line.c.dated_on >= from_on)
    if to_on is not None:
        page = page.where(_line.c.dated_on <= to_on)
    first = page.order_by(_line.c.dated_on, _line.c.id).limit(limit).subquery("first")
    statement: Select[Any] = select(
        first.c.id,
        first.c.dated_on,
        first.c.entry_id,
        _entry.c.number,
        _entry.c.text,
        _entry.c.document_kind,
        _entry.c.document_id,
        first.c.debit,
        first.c.credit,
    )
    of_entry = (_entry.c.company_id == company_id) & (_entry.c.id == first.c.entry_id)
    statement = statement.select_from(first.join(_entry, of_entry)).order_by(first.c.dated_on, first.c.id)
    balance, lines = opening, []
    for row in session.execute(statement):
        balance += row.debit - row.credit
        lines.append(AccountLedgerLine(*(*row, balance)))
    return AccountLedger(opening, tuple(lines))


def _balance_before(session: Session, company_id: UUID, account_id: UUID, day: date) -> Decimal:
    """Kept balances of the periods that ended before `day`, and the lines of its own period before it."""
    in_period = (_period.c.company_id == company_id) & (_period.c.id == _balance.c.period_id)
    periods = select(func.sum(_balance.c.debit), func.sum(_balance.c.credit), func.max(_period.c.ends_on))
    periods = periods.select_from(_balance.join(_period, in_period)).where(
        _balance.c.company_id == company_id, _balance.c.account_id == account_id, _period.c.ends_on < day
    )
    debit, credit, ended_on = session.execute(periods).one()
    lines = select(func.sum(_line.c.debit), func.sum(_line.c.credit)).where(
        _line.c.company_id == company_id, _line.c.account_id == account_id, _line.c.dated_on < day
    )
    if ended_on is not None:
        lines = lines.where(_line.c.dated_on > ended_on)
    late_debit, late_credit = session.execute(lines).one()
    return (debit or ZERO) - (credit or ZERO) + (late_debit or ZERO) - (late_credit or ZERO)
