"""Posting at the centre: what `ledger.posting` says of an event becomes a journal entry on the company's own accounts."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Context
from erp_desktop.actions.finding import company_of, open_period
from erp_desktop.actions.numbering import next_in_series
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import rows_by_id
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.ledger.charts import chart_names, load_chart
from erp_desktop.ledger.posting import Event, PostingLine, Purpose
from erp_desktop.ledger.posting import post as lines_of_event
from erp_desktop.models.ledger import Account, AccountPurpose, JournalEntry, JournalLine, LedgerBalance
from erp_desktop.models.product import Product
from erp_desktop.numbers import ZERO


class NoAccountForPurpose(Refused):
    code = "no_account_for_purpose"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The company's chart of accounts has no account for {purpose}, so nothing was posted. Ask whoever looks after the "
        "program to add one.",
    )


@dataclass(frozen=True)
class Accounts:
    """Which account a purpose goes to, by purpose and category (None: every other category)."""

    ids: dict[tuple[str, UUID | None], UUID]
    by_category: frozenset[str]  # the purposes that differ by category


def post(
    session: Session, ctx: Context, event: Event, dated_on: date, document: tuple[str, UUID], text: str = ""
) -> UUID | None:
    """Writes the journal entry of `event` for `document` (table name, id) and keeps the ledger balances.

    An event without value leaves no entry (None). Centre only. Raises PeriodClosed, NoAccountForPurpose.
    """
    lines = lines_of_event(event)
    if not lines:
        return None
    period = open_period(session, ctx, dated_on)
    entry_id = ctx.new_centre_id()
    entry = {
        "id": entry_id,
        "number": next_in_series(session, ctx.company_id, "voucher", period.id.hex),
        "period_id": period.id,
        "dated_on": dated_on,
        "posted_at": ctx.issued_at,
        "posted_by": ctx.actor_id,
        "event": event.name,
        "document_kind": document[0],
        "document_id": document[1],
        "action_id": ctx.action_id,
        "text": text,
    }
    append_rows(session, ctx, JournalEntry, [entry])
    accounts = _accounts(session, ctx)
    sums: defaultdict[tuple[UUID, UUID | None], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    rows = []
    for line_no, line in enumerate(lines, start=1):
        account_id = line.account_id or _account_for(session, ctx, accounts, line)
        dimensions = line.dimensions
        rows.append(
            {
                "id": ctx.new_centre_id(),
                "entry_id": entry_id,
                "line_no": line_no,
                "account_id": account_id,
                "dated_on": dated_on,
                "debit": line.debit,
                "credit": line.credit,
                "cost_centre_id": dimensions.cost_centre_id,
                "party_id": dimensions.party_id,
                "product_id": dimensions.product_id,
                "warehouse_id": dimensions.warehouse_id,
                "channel_id": dimensions.channel_id,
                "line_id": dimensions.line_id,
                "currency": line.in_currency.currency if line.in_currency else None,
                "amount_in_currency": line.in_currency.amount if line.in_currency else None,
            }
        )
        both = sums[account_id, dimensions.cost_centre_id]
        both[0] += line.debit
        both[1] += line.credit
    append_rows(session, ctx, JournalLine, rows)
    _keep_balances(session, ctx, period.id, sums)
    return entry_id


def ledger_balance_id(account_id: UUID, period_id: UUID, cost_centre_id: UUID | None) -> UUID:
    """The id of an account's balance in a period and cost centre."""
    return derived_id("ledger_balance", account_id, period_id, cost_centre_id)


def forget_accounts(session: Session, ctx: Context) -> None:
    """After a purpose was given another account."""
    session.info.pop(("accounts", ctx.company_id), None)


def _accounts(session: Session, ctx: Context) -> Accounts:
    known: Accounts | None = session.info.get(("accounts", ctx.company_id))
    if known is None:
        rows = session.execute(
            select(AccountPurpose.purpose, AccountPurpose.category_id, AccountPurpose.account_id).where(
                AccountPurpose.company_id == ctx.company_id
            )
        )
        ids = {(purpose, category_id): account_id for purpose, category_id, account_id in rows}
        known = Accounts(ids, frozenset(purpose for purpose, category_id in ids if category_id is not None))
        session.info["accounts", ctx.company_id] = known
    return known


def _account_for(session: Session, ctx: Context, accounts: Accounts, line: PostingLine) -> UUID:
    purpose = line.purpose
    if purpose is None:
        raise ValueError("a posting line names a purpose or an account")
    category_id = None
    if line.dimensions.product_id is not None and purpose in accounts.by_category:
        category_id = session.get_one(Product, (ctx.company_id, line.dimensions.product_id)).category_id
    account_id = accounts.ids.get((purpose, category_id)) or accounts.ids.get((purpose, None))
    if account_id is None:
        account_id = accounts.ids[purpose, None] = _account_of_chart(session, ctx, Purpose(purpose))
    return account_id


def _account_of_chart(session: Session, ctx: Context, purpose: Purpose) -> UUID:
    """The account that the chart template has for a purpose, added with it: the company was opened before there was either.

    The ids are those that opening a company gives. Raises NoAccountForPurpose.
    """
    template = company_of(session, ctx).chart
    if template not in chart_names():
        raise NoAccountForPurpose(purpose=purpose.value.replace("_", " "))
    chart = load_chart(template)
    of_chart = next(account for account in chart.accounts if account.code == chart.purposes[purpose])
    account_id = derived_id("account", ctx.company_id, of_chart.code)
    if account_id not in rows_by_id(session, ctx, Account, [account_id]):
        session.add(
            Account(
                company_id=ctx.company_id,
                id=account_id,
                code=of_chart.code,
                name=of_chart.name,
                name_zh=of_chart.name_zh,
                type=of_chart.type,
            )
        )
    session.add(
        AccountPurpose(
            company_id=ctx.company_id,
            id=derived_id("account_purpose", ctx.company_id, purpose.value),
            purpose=purpose.value,
            category_id=None,
            account_id=account_id,
        )
    )
    return account_id


def _keep_balances(
    session: Session, ctx: Context, period_id: UUID, sums: dict[tuple[UUID, UUID | None], list[Decimal]]
) -> None:
    ids = {
        ledger_balance_id(account_id, period_id, centre_id): (account_id, centre_id) for account_id, centre_id in sums
    }
    rows = rows_by_id(session, ctx, LedgerBalance, ids)
    for balance_id, key in ids.items():
        balance = rows.get(balance_id)
        if balance is None:
            balance = LedgerBalance(
                company_id=ctx.company_id,
                id=balance_id,
                account_id=key[0],
                period_id=period_id,
                cost_centre_id=key[1],
                debit=ZERO,
                credit=ZERO,
            )
            session.add(balance)
        balance.debit += sums[key][0]
        balance.credit += sums[key][1]
        flag_modified(balance, "debit")  # both columns of every row, so that one statement writes them all
        flag_modified(balance, "credit")
