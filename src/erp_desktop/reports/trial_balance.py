"""The trial balance: every account's balance at the end of a day, debit and credit apart."""

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.numbers import ZERO
from erp_desktop.reports.figures import DebitAndCredit, account_totals, accounts_of, as_of_tick, company_of, named
from erp_desktop.reports.report import (
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
    define,
)

COLUMNS = (
    Column("code", QT_TRANSLATE_NOOP("Report", "Account")),
    Column("name", QT_TRANSLATE_NOOP("Report", "Name")),
    Column("debits", QT_TRANSLATE_NOOP("Report", "Debits to date"), ColumnKind.MONEY, is_total=True),
    Column("credits", QT_TRANSLATE_NOOP("Report", "Credits to date"), ColumnKind.MONEY, is_total=True),
    Column("debit", QT_TRANSLATE_NOOP("Report", "Debit balance"), ColumnKind.MONEY, is_total=True),
    Column("credit", QT_TRANSLATE_NOOP("Report", "Credit balance"), ColumnKind.MONEY, is_total=True),
)
DEBITS_EQUAL_CREDITS = QT_TRANSLATE_NOOP("Report", "Debit balances equal credit balances")


def trial_balance(session: Session, company_id: UUID, as_of: date) -> Report:
    """Each account's debits, credits and balance at the end of `as_of`, in account-code order, company currency.

    Accounts that were never posted to are left out.
    """
    company = company_of(session, company_id)
    totals = account_totals(session, company_id, as_of)
    rows = []
    for account in accounts_of(session, company_id):
        total = totals.get(account.id, DebitAndCredit())
        if not (total.debit or total.credit):
            continue
        rows.append(
            Row(
                {
                    "code": account.code,
                    "name": named(account),
                    "debits": total.debit,
                    "credits": total.credit,
                    "debit": max(total.net, ZERO),
                    "credit": max(-total.net, ZERO),
                },
                link=Link("report", report="general_ledger", parameters={"account": account.code, "to": as_of}),
            )
        )
    section = Section(COLUMNS, tuple(rows), totals=("debits", "credits", "debit", "credit"))
    return Report(
        name="trial_balance",
        title=DEFINITION.title,
        company_name=company.name,
        company_name_zh=company.name_zh,
        company_address=company.address,
        currency=company.currency,
        currency_places=company.currency_places,
        as_of_tick=as_of_tick(session, company_id),
        parameters=((QT_TRANSLATE_NOOP("Report", "As of"), as_of.isoformat()),),
        sections=(section,),
        checks=(Check(DEBITS_EQUAL_CREDITS, expected=section.total("debit"), found=section.total("credit")),),
    )


DEFINITION = define(
    ReportDefinition(
        "trial_balance",
        QT_TRANSLATE_NOOP("Report", "Trial balance"),
        "ledger.read",
        (
            Parameter(
                "as_of",
                QT_TRANSLATE_NOOP("Report", "As of"),
                ParameterKind.DATE,
                default=lambda today: today,
                is_required=True,
            ),
        ),
        trial_balance,
    )
)
