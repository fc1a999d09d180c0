"""The sums that reports stand on: values of stock and balances of accounts at the end of any day, added up in SQL.

Amounts are added as the scaled integers that they are stored as, so sums are exact on both databases.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.models.base import replicated_tables
from erp_desktop.models.company import Company
from erp_desktop.models.costing import CostBook
from erp_desktop.models.ledger import Account, AccountPurpose, JournalEntry, JournalLine, LedgerBalance, Period
from erp_desktop.models.sync import CacheState, CompanyClock
from erp_desktop.models.types import MoneyType
from erp_desktop.numbers import ZERO
from erp_desktop.queries.pool_values import pool_values_on
from erp_desktop.reports.report import BadParameter, Bilingual, Term

NO_BOOK = QT_TRANSLATE_NOOP("Report", "There is no cost book here. Perhaps your role may not see costs.")
MOST_IDS = 500  # in one IN (...)


@dataclass(frozen=True)
class QtyAndValue:
    """Stock of a product in a cost book: stock units and company currency."""

    qty: Decimal
    value: Decimal


@dataclass(frozen=True)
class DebitAndCredit:
    """What an account was debited and credited with, in company currency."""

    debit: Decimal = ZERO
    credit: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """Debit less credit."""
        return self.debit - self.credit


def company_of(session: Session, company_id: UUID) -> Company:
    return session.get_one(Company, (company_id, company_id))


def as_of_tick(session: Session, company_id: UUID) -> int:
    """The last change that this database holds: the centre's clock, or how far this desk has pulled."""
    tick = session.scalar(select(CompanyClock.tick).where(CompanyClock.company_id == company_id))
    if tick is None:
        pulled = session.scalar(select(CacheState.value).where(CacheState.key == "tick"))
        tick = int(pulled) if pulled else 0
    return tick


def cost_book(session: Session, company_id: UUID, book_id: UUID | None) -> CostBook:
    """The book `book_id`, or the one that posts to the ledger. Raises BadParameter if it is not here."""
    book = select(CostBook).where(CostBook.company_id == company_id)
    book = book.where(CostBook.posts_to_ledger) if book_id is None else book.where(CostBook.id == book_id)
    found = session.scalars(book).first()
    if found is None:
        raise BadParameter(translate("Report", NO_BOOK))
    return found


def stock_values(session: Session, company_id: UUID, book_id: UUID, as_of: date) -> dict[UUID, QtyAndValue]:
    """Quantity and value of each product at the end of `as_of`, as it is known today: moves and later changes of value
    that are dated up to then. Products that never moved are left out.
    """
    held = pool_values_on(company_id, as_of, book_id)
    found = session.execute(
        select(held.c.product_id, func.sum(held.c.qty), func.sum(held.c.value)).group_by(held.c.product_id)
    )
    return {product_id: QtyAndValue(qty, value) for product_id, qty, value in found}


def account_totals(session: Session, company_id: UUID, as_of: date) -> dict[UUID, DebitAndCredit]:
    """Each account's debits and credits since the books began, up to the end of `as_of`.

    Whole periods come from the kept balances, the days of the period that `as_of` cuts from its journal lines.
    """
    whole = session.execute(
        select(Period.id, Period.ends_on).where(Period.company_id == company_id, Period.ends_on <= as_of)
    ).all()
    totals: defaultdict[UUID, DebitAndCredit] = defaultdict(DebitAndCredit)
    balances = (
        select(
            LedgerBalance.account_id,
            func.sum(LedgerBalance.debit, type_=MoneyType()),
            func.sum(LedgerBalance.credit, type_=MoneyType()),
        )
        .join(Period, (Period.company_id == LedgerBalance.company_id) & (Period.id == LedgerBalance.period_id))
        .where(LedgerBalance.company_id == company_id, Period.ends_on <= as_of)
        .group_by(LedgerBalance.account_id)
    )
    for account_id, debit, credit in session.execute(balances):
        totals[account_id] = DebitAndCredit(debit, credit)
    after = max((ends_on for _, ends_on in whole), default=None)
    lines = (
        select(
            JournalLine.account_id,
            func.sum(JournalLine.debit, type_=MoneyType()),
            func.sum(JournalLine.credit, type_=MoneyType()),
        )
        .where(JournalLine.company_id == company_id, JournalLine.dated_on <= as_of)
        .group_by(JournalLine.account_id)
    )
    if after is not None:
        lines = lines.where(JournalLine.dated_on > after)
    for account_id, debit, credit in session.execute(lines):
        sofar = totals[account_id]
        totals[account_id] = DebitAndCredit(sofar.debit + debit, sofar.credit + credit)
    return dict(totals)


def accounts_of(session: Session, company_id: UUID) -> list[Account]:
    """The chart of accounts in the order of the codes."""
    return list(session.scalars(select(Account).where(Account.company_id == company_id).order_by(Account.code)))


def accounts_named(session: Session, company_id: UUID, codes: UUID | str) -> list[Account]:
    """The accounts that `codes` names: an id, or codes joined with commas. Raises BadParameter for one that is not there."""
    accounts = accounts_of(session, company_id)
    if isinstance(codes, UUID):
        return [account for account in accounts if account.id == codes]
    wanted = [code.strip() for code in codes.split(",") if code.strip()]
    by_code = {account.code: account for account in accounts}
    for code in wanted:
        if code not in by_code:
            raise BadParameter(translate("Report", "There is no account {code}.").format(code=code))
    return [by_code[code] for code in wanted]


def inventory_account_ids(session: Session, company_id: UUID) -> set[UUID]:
    """The accounts that stand for stock, of all categories."""
    purposes = select(AccountPurpose.account_id).where(
        AccountPurpose.company_id == company_id, AccountPurpose.purpose == "inventory"
    )
    return set(session.scalars(purposes))


def holds_the_ledger(session: Session, company_id: UUID) -> bool:
    """Whether journal entries are in this database; a desk whose role may not see the ledger has none."""
    return session.scalar(select(JournalEntry.id).where(JournalEntry.company_id == company_id).limit(1)) is not None


def document_numbers(session: Session, company_id: UUID, documents: Iterable[tuple[str, UUID]]) -> dict[UUID, str]:
    """The numbers of documents named by table and id, of those that have one here."""
    ids: defaultdict[str, set[UUID]] = defaultdict(set)
    for kind, document_id in documents:
        ids[kind].add(document_id)
    tables = replicated_tables()
    numbers: dict[UUID, str] = {}
    for kind, wanted in ids.items():
        table: Any = tables.get(kind)
        if table is None or not hasattr(table, "number"):
            continue
        ordered = sorted(wanted)
        for start in range(0, len(ordered), MOST_IDS):
            part = ordered[start : start + MOST_IDS]
            found = session.execute(
                select(table.id, table.number).where(table.company_id == company_id, table.id.in_(part))
            )
            numbers.update({id: str(number) for id, number in found if number is not None})
    return numbers


def named(record: Any) -> Bilingual:
    """The name of a product, account, category ... in both languages."""
    return Bilingual(record.name, record.name_zh)


def dates_parameter(first: date | None, last: date | None) -> tuple[str, str | Term]:
    """The days that a report covers, as one of its parameters."""
    if first and last:
        return QT_TRANSLATE_NOOP("Report", "Dates"), f"{first.isoformat()} – {last.isoformat()}"
    if first:
        return QT_TRANSLATE_NOOP("Report", "From"), first.isoformat()
    if last:
        return QT_TRANSLATE_NOOP("Report", "Up to"), last.isoformat()
    return QT_TRANSLATE_NOOP("Report", "Dates"), Term(QT_TRANSLATE_NOOP("Report", "all"))
