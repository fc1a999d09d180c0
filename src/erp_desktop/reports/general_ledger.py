"""The general ledger of accounts: what was posted between two days, line by line, with the balance after each."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.ledger import Account, JournalEntry, JournalLine
from erp_desktop.numbers import ZERO
from erp_desktop.reports.figures import (
    DebitAndCredit,
    account_totals,
    accounts_named,
    accounts_of,
    as_of_tick,
    company_of,
    dates_parameter,
    document_numbers,
)
from erp_desktop.reports.report import (
    Bilingual,
    Check,
    Column,
    ColumnKind,
    Link,
    Parameter,
    ParameterKind,
    Report,
    ReportDefinition,
    Row,
    Section,
    Term,
    define,
)

COLUMNS = (
    Column("date", QT_TRANSLATE_NOOP("Report", "Date"), ColumnKind.DATE),
    Column("voucher", QT_TRANSLATE_NOOP("Report", "Voucher"), ColumnKind.INTEGER),
    Column("text", QT_TRANSLATE_NOOP("Report", "Text")),
    Column("document", QT_TRANSLATE_NOOP("Report", "Document")),
    Column("debit", QT_TRANSLATE_NOOP("Report", "Debit"), ColumnKind.MONEY, is_total=True),
    Column("credit", QT_TRANSLATE_NOOP("Report", "Credit"), ColumnKind.MONEY, is_total=True),
    Column("balance", QT_TRANSLATE_NOOP("Report", "Balance"), ColumnKind.MONEY),
)
# What posts: `JournalEntry.event`.
EVENTS = {
    "goods_receipt": QT_TRANSLATE_NOOP("Report", "Goods receipt"),
    "landed_cost": QT_TRANSLATE_NOOP("Report", "Landed cost"),
    "receipt_price": QT_TRANSLATE_NOOP("Report", "Price correction"),
    "shipment": QT_TRANSLATE_NOOP("Report", "Shipment"),
    "delivery": QT_TRANSLATE_NOOP("Report", "Delivery"),
    "sales_invoice": QT_TRANSLATE_NOOP("Report", "Sales invoice"),
    "customer_return": QT_TRANSLATE_NOOP("Report", "Customer return"),
    "supplier_return": QT_TRANSLATE_NOOP("Report", "Return to supplier"),
    "transfer_loss": QT_TRANSLATE_NOOP("Report", "Loss in transit"),
    "stock_scrap": QT_TRANSLATE_NOOP("Report", "Scrapped goods"),
    "stock_count": QT_TRANSLATE_NOOP("Report", "Stock count"),
    "stock_revaluation": QT_TRANSLATE_NOOP("Report", "Stock revaluation"),
    "standard_cost": QT_TRANSLATE_NOOP("Report", "Standard cost change"),
    "write_down": QT_TRANSLATE_NOOP("Report", "Write-down of stock"),
    "opening_stock": QT_TRANSLATE_NOOP("Report", "Opening stock"),
    "manual": QT_TRANSLATE_NOOP("Report", "Journal entry"),
    "cost_adjustment": QT_TRANSLATE_NOOP("Report", "Cost adjustment"),
    "revenue": QT_TRANSLATE_NOOP("Report", "Revenue"),
}
OPENING_BALANCE = QT_TRANSLATE_NOOP("Report", "Opening balance")
BALANCES_AGREE = QT_TRANSLATE_NOOP("Report", "Balance after the last line equals the kept balances of the ledger")
DEBIT_IS_POSITIVE = QT_TRANSLATE_NOOP("Report", "A balance on the credit side is negative.")


def general_ledger(
    session: Session, company_id: UUID, account: UUID | str = "", from_: date | None = None, to: date | None = None
) -> Report:
    """The lines of `account` (an id, codes joined with commas, or empty for every account that was posted to).

    One section per account, in the order asked. Balances are debit less credit, company currency.
    Raises BadParameter for a code that is not there.
    """
    company = company_of(session, company_id)
    last = to or date.max
    at_end = account_totals(session, company_id, last)
    at_start = account_totals(session, company_id, from_ - timedelta(days=1)) if from_ else {}
    if account:
        accounts = accounts_named(session, company_id, account)
    else:
        accounts = [each for each in accounts_of(session, company_id) if each.id in at_end]

    sections = []
    found = expected = ZERO
    for each in accounts:
        opening = at_start.get(each.id, DebitAndCredit()).net
        rows = _rows(session, company_id, each, opening, from_, last)
        expected += at_end.get(each.id, DebitAndCredit()).net
        found += rows[-1].cells["balance"] if rows else opening
        sections.append(Section(COLUMNS, tuple(rows), title=_title(each), totals=("debit", "credit")))
    shown = ", ".join(each.code for each in accounts)
    return Report(
        name="general_ledger",
        title=DEFINITION.title,
        company_name=company.name,
        company_name_zh=company.name_zh,
        company_address=company.address,
        currency=company.currency,
        currency_places=company.currency_places,
        as_of_tick=as_of_tick(session, company_id),
        parameters=(
            (QT_TRANSLATE_NOOP("Report", "Account"), shown if account else Term(ALL_ACCOUNTS)),
            dates_parameter(from_, to),
        ),
        sections=tuple(sections) or (Section(COLUMNS, (), totals=("debit", "credit")),),
        checks=(Check(BALANCES_AGREE, expected=expected, found=found),),
        notes=(DEBIT_IS_POSITIVE,),
    )


ALL_ACCOUNTS = QT_TRANSLATE_NOOP("Report", "All accounts")


def _title(account: Account) -> Bilingual:
    return Bilingual(f"{account.code} {account.name}", f"{account.code} {account.name_zh or account.name}")


def _rows(
    session: Session, company_id: UUID, account: Account, opening: Decimal, from_: date | None, last: date
) -> list[Row]:
    lines = (
        select(JournalLine, JournalEntry)
        .join(
            JournalEntry,
            (JournalEntry.company_id == JournalLine.company_id) & (JournalEntry.id == JournalLine.entry_id),
        )
        .where(
            JournalLine.company_id == company_id,
            JournalLine.account_id == account.id,
            JournalLine.dated_on <= last,
        )
        .order_by(JournalLine.dated_on, JournalEntry.number, JournalLine.line_no, JournalLine.id)
    )
    if from_:
        lines = lines.where(JournalLine.dated_on >= from_)
    found = session.execute(lines).all()
    numbers = document_numbers(session, company_id, {(entry.document_kind, entry.document_id) for _, entry in found})
    rows: list[Row] = []
    balance = opening
    if from_:
        rows.append(Row({"date": from_, "text": Term(OPENING_BALANCE), "balance": opening}))
    for line, entry in found:
        number = numbers.get(entry.document_id, "")
        says_more = entry.text and entry.text != number
        balance += line.debit - line.credit
        rows.append(
            Row(
                {
                    "date": line.dated_on,
                    "voucher": entry.number,
                    "text": entry.text if says_more else Term(EVENTS.get(entry.event, entry.event)),
                    "document": number,
                    "debit": line.debit or None,
                    "credit": line.credit or None,
                    "balance": balance,
                },
                link=Link(entry.document_kind, id=entry.document_id),
            )
        )
    return rows


DEFINITION = define(
    ReportDefinition(
        "general_ledger",
        QT_TRANSLATE_NOOP("Report", "General ledger"),
        "ledger.read",
        (
            Parameter("account", QT_TRANSLATE_NOOP("Report", "Account"), ParameterKind.ACCOUNT),
            Parameter("from", QT_TRANSLATE_NOOP("Report", "From"), ParameterKind.DATE),
            Parameter("to", QT_TRANSLATE_NOOP("Report", "To"), ParameterKind.DATE, default=lambda today: today),
        ),
        general_ledger,
    )
)
