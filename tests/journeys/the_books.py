"""What the centre's books say after people have worked at the windows."""

from collections import Counter
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from erp_desktop.models.company import Company
from erp_desktop.models.ledger import Account, JournalEntry, JournalLine
from erp_desktop.queries.doctor import examine


def nothing_differs(books: Engine) -> bool:
    """The doctor, at the centre."""
    with Session(books) as session:
        company_id = session.scalars(select(Company.id)).one()
        return not examine(session, company_id)


def posted(session: Session, document: UUID) -> dict[str, Decimal]:
    """What a document put on each account, by its code: debit less credit."""
    lines = session.execute(
        select(Account.code, JournalLine.debit, JournalLine.credit)
        .join(JournalLine, JournalLine.account_id == Account.id)
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .where(JournalEntry.document_id == document)
    )
    balances: Counter[str] = Counter()
    for code, debit, credit in lines:
        balances[code] += debit - credit
    return dict(balances)
