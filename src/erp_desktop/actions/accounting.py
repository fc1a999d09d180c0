"""What accountants do by hand: journal entries, accounts by purpose, budgets. Periods are closed in periods.py."""

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import AmountNegative, NoLines, company_of, find, find_all, open_period
from erp_desktop.actions.lines import bury
from erp_desktop.actions.posting import forget_accounts, post
from erp_desktop.actions.refusals import CodeTaken, NotFound, Refused, Required
from erp_desktop.actions.saving import OutOfRange
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.ledger.events import ManualEntry, ManualLine
from erp_desktop.ledger.posting import Dimensions, Purpose
from erp_desktop.models.costing import CostPool
from erp_desktop.models.ledger import (
    Account,
    AccountPurpose,
    BudgetLine,
    BudgetVersion,
    CostCentre,
    JournalLine,
    Period,
)
from erp_desktop.models.product import Category, Product
from erp_desktop.numbers import ZERO, round_money


class NotBalanced(Refused):
    code = "not_balanced"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "Debits of {debit} and credits of {credit} differ. Make them equal; nothing was posted."
    )


class OneSide(Refused):
    code = "one_side"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "Each line needs either a debit or a credit above zero. Correct line {line_no}; nothing was posted."
    )


class TooPrecise(Refused):
    code = "too_precise"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{amount} has more decimal places than {currency} has. Round it; nothing was posted."
    )


class PostedByStock(Refused):
    code = "posted_by_stock"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{account} is kept by stock documents, so that it always equals the value of stock. "
        "Use a count, a landed cost or a price correction instead; nothing was changed.",
    )


class HoldsStock(Refused):
    code = "holds_stock"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Stock is posted to {account} already, and what it is worth would stay behind there. Leave the account, or give "
        "another one to a new category; nothing was changed.",
    )


class UsedOtherwise(Refused):
    code = "used_otherwise"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{account} holds other postings, so it could not equal the value of stock. Choose an account that nothing is "
        "posted to; nothing was changed.",
    )


# The doctor proves that their accounts equal stock, so nothing but stock documents posts to them.
KEPT_BY_STOCK = (Purpose.INVENTORY, Purpose.GOODS_DISPATCHED, Purpose.INVENTORY_ALLOWANCE)


@dataclass(frozen=True)
class EntryLine:
    """One debit or credit in company currency."""

    account_id: UUID
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    cost_centre_id: UUID | None = None


@action("ledger.post")
@dataclass(frozen=True)
class PostJournalEntry(Action):
    """An accountant's own journal entry: wages, rent, a correction. The inventory account is kept by stock documents."""

    entry_id: UUID
    dated_on: date
    text: str
    lines: tuple[EntryLine, ...]

    def run(self, session: Session, ctx: Context) -> None:
        if not self.lines:
            raise NoLines()
        if not self.text.strip():
            raise Required(field="text")
        company = company_of(session, ctx)
        open_period(session, ctx, self.dated_on)
        accounts = find_all(session, ctx, Account, {line.account_id for line in self.lines})
        find_all(session, ctx, CostCentre, {line.cost_centre_id for line in self.lines if line.cost_centre_id})
        kept_by_stock = self._accounts_of_stock(session, ctx)
        for line_no, line in enumerate(self.lines, start=1):
            if min(line.debit, line.credit) != 0 or max(line.debit, line.credit) <= 0:
                raise OneSide(line_no=line_no)
            for amount in (line.debit, line.credit):
                if amount != round_money(amount, company.currency_places):
                    raise TooPrecise(amount=amount, currency=company.currency)
            if line.account_id in kept_by_stock:
                raise PostedByStock(account=accounts[line.account_id].name)
        debit = sum((line.debit for line in self.lines), ZERO)
        credit = sum((line.credit for line in self.lines), ZERO)
        if debit != credit:
            raise NotBalanced(debit=debit, credit=credit)
        if ctx.at_centre:
            event = ManualEntry(
                tuple(
                    ManualLine(line.account_id, line.debit, line.credit, Dimensions(cost_centre_id=line.cost_centre_id))
                    for line in self.lines
                )
            )
            post(session, ctx, event, self.dated_on, ("journal_entry", self.entry_id), text=self.text)

    def _accounts_of_stock(self, session: Session, ctx: Context) -> set[UUID]:
        return set(
            session.scalars(
                select(AccountPurpose.account_id).where(
                    AccountPurpose.company_id == ctx.company_id,
                    AccountPurpose.purpose.in_(KEPT_BY_STOCK),
                )
            )
        )


@action("ledger.post")
@dataclass(frozen=True)
class SetAccountPurpose(Action):
    """From now on `purpose` posts to `account_id`, for one category or (None) for all that have no account of their own.

    An account of stock holds nothing else, and stays once stock is posted to it: inventory account = cost layers (accounting.md).
    """

    purpose: str
    account_id: UUID
    category_id: UUID | None = None

    def run(self, session: Session, ctx: Context) -> None:
        if self.purpose not in set(Purpose):
            raise NotFound(kind="purpose")
        account = find(session, ctx, Account, self.account_id)
        if self.category_id is not None:
            find(session, ctx, Category, self.category_id)
        self._refuse_what_stock_would_not_equal(session, ctx, account)
        row_id = derived_id("account_purpose", ctx.company_id, self.purpose, self.category_id)
        row = session.scalars(
            select(AccountPurpose).where(
                AccountPurpose.company_id == ctx.company_id,
                AccountPurpose.purpose == self.purpose,
                AccountPurpose.category_id == self.category_id
                if self.category_id
                else AccountPurpose.category_id.is_(None),
            )
        ).first()
        if row is None:
            row = AccountPurpose(
                company_id=ctx.company_id, id=row_id, purpose=self.purpose, category_id=self.category_id
            )
            session.add(row)
        row.account_id = self.account_id
        forget_accounts(session, ctx)

    def _refuse_what_stock_would_not_equal(self, session: Session, ctx: Context, account: Account) -> None:
        rows = session.scalars(select(AccountPurpose).where(AccountPurpose.company_id == ctx.company_id)).all()
        purposes = {row.purpose for row in rows if row.account_id == account.id}
        if self.purpose not in KEPT_BY_STOCK:
            if purposes.intersection(KEPT_BY_STOCK):
                raise PostedByStock(account=account.name)
            return
        by_category = {row.category_id: row.account_id for row in rows if row.purpose == self.purpose}
        before = by_category.get(self.category_id, by_category.get(None))
        if before is None or before == account.id:
            return
        own = {category_id for category_id in by_category if category_id is not None}
        if _has_postings(session, ctx, before) and self._has_moved(session, ctx, own):
            raise HoldsStock(account=find(session, ctx, Account, before).name)
        if purposes - {self.purpose} or (not purposes and _has_postings(session, ctx, account.id)):
            raise UsedOtherwise(account=account.name)

    def _has_moved(self, session: Session, ctx: Context, with_own_account: set[UUID]) -> bool:
        """Whether any product is costed whose account this is."""
        concerned = Product.category_id == self.category_id
        if self.category_id is None:
            concerned = Product.category_id.not_in(with_own_account)
        costed = (
            select(CostPool.id)
            .join(Product, and_(Product.company_id == CostPool.company_id, Product.id == CostPool.product_id))
            .where(CostPool.company_id == ctx.company_id, concerned)
        )
        return session.scalar(costed.limit(1)) is not None


def _has_postings(session: Session, ctx: Context, account_id: UUID) -> bool:
    posted = select(JournalLine.id).where(
        JournalLine.company_id == ctx.company_id, JournalLine.account_id == account_id
    )
    return session.scalar(posted.limit(1)) is not None


@dataclass(frozen=True)
class PlannedAmount:
    """What is planned for an account and cost centre in a period, positive as the account grows."""

    account_id: UUID
    period_id: UUID
    amount: Decimal
    cost_centre_id: UUID | None = None


@action("budget.write")
@dataclass(frozen=True)
class SaveBudget(Action):
    """A budget version and all its lines, written anew."""

    version_id: UUID
    code: str
    name: str
    year: int
    lines: tuple[PlannedAmount, ...]
    is_approved: bool = False

    def run(self, session: Session, ctx: Context) -> None:
        if not self.code.strip():
            raise Required(field="code")
        if not MINYEAR <= self.year <= MAXYEAR:
            raise OutOfRange(field="year", value=self.year)
        taken = session.scalars(
            select(BudgetVersion.id).where(
                BudgetVersion.company_id == ctx.company_id,
                BudgetVersion.code == self.code,
                BudgetVersion.id != self.version_id,
            )
        ).first()
        if taken is not None:
            raise CodeTaken(code=self.code)
        find_all(session, ctx, Account, {line.account_id for line in self.lines})
        find_all(session, ctx, Period, {line.period_id for line in self.lines})
        find_all(session, ctx, CostCentre, {line.cost_centre_id for line in self.lines if line.cost_centre_id})
        for line in self.lines:
            if line.amount < 0:
                raise AmountNegative(amount=line.amount)
        version = session.get(BudgetVersion, (ctx.company_id, self.version_id))
        if version is None:
            version = BudgetVersion(company_id=ctx.company_id, id=self.version_id)
            session.add(version)
        version.code, version.name, version.year = self.code, self.name, self.year
        version.is_approved = self.is_approved
        self._write_lines(session, ctx)

    def _write_lines(self, session: Session, ctx: Context) -> None:
        lines = {
            derived_id("budget_line", self.version_id, line.account_id, line.period_id, line.cost_centre_id): line
            for line in self.lines
        }
        of_version = (BudgetLine.company_id == ctx.company_id, BudgetLine.version_id == self.version_id)
        known = {row.id: row for row in session.scalars(select(BudgetLine).where(*of_version))}
        gone = [row_id for row_id in known if row_id not in lines]
        if gone:
            session.execute(delete(BudgetLine).where(*of_version, BudgetLine.id.in_(gone)))
            if ctx.at_centre:
                bury(session, ctx, BudgetLine, gone)
        for row_id, line in lines.items():
            row = known.get(row_id)
            if row is None:
                row = BudgetLine(
                    company_id=ctx.company_id,
                    id=row_id,
                    version_id=self.version_id,
                    account_id=line.account_id,
                    cost_centre_id=line.cost_centre_id,
                    period_id=line.period_id,
                )
                session.add(row)
            row.amount = line.amount
