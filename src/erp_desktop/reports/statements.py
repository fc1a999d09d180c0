"""Income statement and balance sheet, in the layout of the company's chart of accounts.

Here: balances out of the ledger, rows into a Report. Not here: which account goes to which row (layout files and
arithmetic are in `ledger/statements.py`).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.ledger import statements
from erp_desktop.ledger.statements import AccountBalance, Layout, LayoutRow, StatementRow, UnmappedAccount
from erp_desktop.models.company import Company
from erp_desktop.models.ledger import Account
from erp_desktop.numbers import ZERO
from erp_desktop.reports.figures import (
    DebitAndCredit,
    account_totals,
    accounts_of,
    as_of_tick,
    company_of,
    dates_parameter,
)
from erp_desktop.reports.report import (
    Bilingual,
    CannotReport,
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

LINE = QT_TRANSLATE_NOOP("Report", "Line")
AMOUNT = QT_TRANSLATE_NOOP("Report", "Amount")
LAST_YEAR = QT_TRANSLATE_NOOP("Report", "Last year")
PROFIT_AGREES = QT_TRANSLATE_NOOP("Report", "Profit equals all income less all expenses of the ledger")
SHEET_BALANCES = QT_TRANSLATE_NOOP("Report", "Assets equal liabilities and equity")
UNMAPPED = QT_TRANSLATE_NOOP(
    "Report",
    "Account {code} has postings, but the layout {layout} has no row for it. Add it to a row of the {statement}.",
)


def income_statement(session: Session, company_id: UUID, from_: date, to: date, compare: bool = False) -> Report:
    """Income and expenses dated from `from_` to `to`; with `compare`, those of the same days a year before beside them.

    Raises CannotReport for an account with postings that no row shows.
    """
    company = company_of(session, company_id)
    layout = _layout(company)
    accounts = accounts_of(session, company_id)
    spans = [(from_, to), *([(_year_before(from_), _year_before(to))] if compare else [])]
    shown, check = [], None
    for first, last in spans:
        balances = _movements(session, company_id, accounts, first, last)
        rows = _stated(statements.income_statement, balances, layout, INCOME_STATEMENT)
        shown.append(rows)
        if check is None:
            ledger = sum((b.credit - b.debit for b in balances if b.type in statements.INCOME_STATEMENT_TYPES), ZERO)
            check = Check(PROFIT_AGREES, expected=ledger, found=statements.amount_of(rows, layout.profit_key))
    section = _section(layout.income_statement, shown, {"from": from_, "to": to})
    return _report(
        session,
        company,
        INCOME_STATEMENT,
        (dates_parameter(from_, to),),
        section,
        check,
    )


def balance_sheet(session: Session, company_id: UUID, as_of: date, compare: bool = False) -> Report:
    """What the company has and owes at the end of `as_of`; with `compare`, a year before beside it.

    Raises CannotReport for an account with postings that no row shows.
    """
    company = company_of(session, company_id)
    layout = _layout(company)
    accounts = accounts_of(session, company_id)
    shown = []
    for day in [as_of, *([_year_before(as_of)] if compare else [])]:
        totals = account_totals(session, company_id, day)
        shown.append(_stated(statements.balance_sheet, _balances(accounts, totals), layout, BALANCE_SHEET))
    first, second = (statements.amount_of(shown[0], key) for key in layout.must_equal)
    return _report(
        session,
        company,
        BALANCE_SHEET,
        ((QT_TRANSLATE_NOOP("Report", "As of"), as_of.isoformat()),),
        _section(layout.balance_sheet, shown, {"to": as_of}),
        Check(SHEET_BALANCES, expected=first, found=second),
    )


def _layout(company: Company) -> Layout:
    try:
        return statements.load_layout(company.chart)
    except KeyError:
        text = translate("Report", "There is no statement layout for the chart {chart}.")
        raise CannotReport(text.format(chart=company.chart)) from None


def _stated(
    make: Any, balances: Sequence[AccountBalance], layout: Layout, definition: ReportDefinition
) -> Sequence[StatementRow]:
    try:
        rows: Sequence[StatementRow] = make(balances, layout)
    except UnmappedAccount as problem:
        text = translate("Report", UNMAPPED)
        raise CannotReport(
            text.format(code=problem.code, layout=layout.key, statement=translate("Report", definition.title))
        ) from problem
    return rows


def _balances(accounts: Sequence[Account], totals: dict[UUID, DebitAndCredit]) -> list[AccountBalance]:
    none = DebitAndCredit()
    return [
        AccountBalance(account.code, account.type, total.debit, total.credit)
        for account in accounts
        for total in [totals.get(account.id, none)]
    ]


def _movements(
    session: Session, company_id: UUID, accounts: Sequence[Account], first: date, last: date
) -> list[AccountBalance]:
    before = account_totals(session, company_id, first - timedelta(days=1))
    after = account_totals(session, company_id, last)
    none = DebitAndCredit()
    moved = {
        account_id: DebitAndCredit(
            total.debit - before.get(account_id, none).debit, total.credit - before.get(account_id, none).credit
        )
        for account_id, total in after.items()
    }
    return _balances(accounts, moved)


def _section(
    layout_rows: Sequence[LayoutRow], shown: Sequence[Sequence[StatementRow]], dates: dict[str, date]
) -> Section:
    columns = [Column("line", LINE), Column("amount", AMOUNT, ColumnKind.MONEY)]
    if len(shown) > 1:
        columns.append(Column("last_year", LAST_YEAR, ColumnKind.MONEY))
    place = {row.key: index for index, row in enumerate(layout_rows)}
    rows = []
    for index, layout_row in enumerate(layout_rows):
        amounts: dict[str, Decimal | None] = {
            column.name: rows_of_column[index].amount for column, rows_of_column in zip(columns[1:], shown, strict=True)
        }
        stated = shown[0][index]
        adds_up = bool(layout_row.total) and not layout_row.ranges and not layout_row.takes_profit
        link = None
        if stated.accounts:
            parameters = {"account": ",".join(stated.accounts), **dates}
            link = Link("report", report="general_ledger", parameters=parameters)
        rows.append(
            Row(
                {"line": Bilingual(stated.label, stated.label_zh), **amounts},
                link=link,
                level=stated.level,
                is_heading=layout_row.is_heading,
                sums=tuple(place[key] for _, key in layout_row.total) if adds_up else (),
                signs=tuple(sign for sign, _ in layout_row.total) if adds_up else (),
            )
        )
    return Section(tuple(columns), tuple(rows), zero_as_dash=True)


def _report(
    session: Session,
    company: Company,
    definition: ReportDefinition,
    parameters: tuple[tuple[str, str | Term], ...],
    section: Section,
    check: Check | None,
) -> Report:
    return Report(
        name=definition.name,
        title=definition.title,
        company_name=company.name,
        company_name_zh=company.name_zh,
        company_address=company.address,
        currency=company.currency,
        currency_places=company.currency_places,
        as_of_tick=as_of_tick(session, company.id),
        parameters=parameters,
        sections=(section,),
        checks=(check,) if check else (),
    )


def _year_before(day: date) -> date:
    """The same day a year earlier; the end of a February stays its end, so that whole months meet whole months."""
    next_day = day + timedelta(days=1)
    if day.month == 2 and next_day.month == 3:
        return next_day.replace(year=day.year - 1) - timedelta(days=1)
    return day.replace(year=day.year - 1)


_COMPARE = Parameter(
    "compare",
    QT_TRANSLATE_NOOP("Report", "Compare with last year"),
    ParameterKind.YES_NO,
    default=lambda _today: False,
)

INCOME_STATEMENT = define(
    ReportDefinition(
        "income_statement",
        QT_TRANSLATE_NOOP("Report", "Income statement"),
        "ledger.read",
        (
            Parameter(
                "from",
                QT_TRANSLATE_NOOP("Report", "From"),
                ParameterKind.DATE,
                default=lambda today: today.replace(month=1, day=1),
                is_required=True,
            ),
            Parameter(
                "to",
                QT_TRANSLATE_NOOP("Report", "To"),
                ParameterKind.DATE,
                default=lambda today: today,
                is_required=True,
            ),
            _COMPARE,
        ),
        income_statement,
    )
)

BALANCE_SHEET = define(
    ReportDefinition(
        "balance_sheet",
        QT_TRANSLATE_NOOP("Report", "Balance sheet"),
        "ledger.read",
        (
            Parameter(
                "as_of",
                QT_TRANSLATE_NOOP("Report", "As of"),
                ParameterKind.DATE,
                default=lambda today: today,
                is_required=True,
            ),
            _COMPARE,
        ),
        balance_sheet,
    )
)
