"""The stock ledger against the general ledger: account by account, period by period, down to the documents that differ."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.models.costing import CostBook
from erp_desktop.models.ledger import Account, Period
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import ZERO
from erp_desktop.queries.stock_and_ledger import (
    DebitCredit,
    account_of_products,
    document_differences,
    inventory_accounts,
    layers_and_pools,
    ledger_by_period,
    periods_within,
    stock_by_period,
)
from erp_desktop.reports.figures import (
    account_totals,
    accounts_of,
    cost_book,
    document_numbers,
    holds_the_ledger,
    named,
    stock_values,
)
from erp_desktop.reports.making import COST_BOOK, FROM, TO, Shown, coded, dates, report_for, sum_of
from erp_desktop.reports.report import (
    CannotReport,
    Check,
    Column,
    ColumnKind,
    Link,
    Report,
    ReportDefinition,
    Row,
    Section,
    define,
)

PERIOD_COLUMNS = (
    Column("period", QT_TRANSLATE_NOOP("Report", "Period")),
    Column("opening", QT_TRANSLATE_NOOP("Report", "Stock: opening"), ColumnKind.MONEY),
    Column("receipts", QT_TRANSLATE_NOOP("Report", "Receipts"), ColumnKind.MONEY, is_total=True),
    Column("issues", QT_TRANSLATE_NOOP("Report", "Issues"), ColumnKind.MONEY, is_total=True),
    Column("adjustments", QT_TRANSLATE_NOOP("Report", "Adjustments"), ColumnKind.MONEY, is_total=True),
    Column("closing", QT_TRANSLATE_NOOP("Report", "Stock: closing"), ColumnKind.MONEY),
    Column("ledger_opening", QT_TRANSLATE_NOOP("Report", "Ledger: opening"), ColumnKind.MONEY),
    Column("debits", QT_TRANSLATE_NOOP("Report", "Debits"), ColumnKind.MONEY, is_total=True),
    Column("credits", QT_TRANSLATE_NOOP("Report", "Credits"), ColumnKind.MONEY, is_total=True),
    Column("ledger_closing", QT_TRANSLATE_NOOP("Report", "Ledger: closing"), ColumnKind.MONEY),
    Column("difference", QT_TRANSLATE_NOOP("Report", "Difference"), ColumnKind.MONEY),
)
NOW_COLUMNS = (
    Column("account", QT_TRANSLATE_NOOP("Report", "Account")),
    Column("layers", QT_TRANSLATE_NOOP("Report", "Cost layers"), ColumnKind.MONEY, is_total=True),
    Column("pools", QT_TRANSLATE_NOOP("Report", "Cost pools"), ColumnKind.MONEY, is_total=True),
    Column("moves", QT_TRANSLATE_NOOP("Report", "Moves at cost"), ColumnKind.MONEY, is_total=True),
    Column("ledger", QT_TRANSLATE_NOOP("Report", "General ledger"), ColumnKind.MONEY, is_total=True),
    Column("difference", QT_TRANSLATE_NOOP("Report", "Difference"), ColumnKind.MONEY, is_total=True),
)
DOCUMENT_COLUMNS = (
    Column("document", QT_TRANSLATE_NOOP("Report", "Document")),
    Column("stock", QT_TRANSLATE_NOOP("Report", "Stock ledger"), ColumnKind.MONEY, is_total=True),
    Column("ledger", QT_TRANSLATE_NOOP("Report", "General ledger"), ColumnKind.MONEY, is_total=True),
    Column("difference", QT_TRANSLATE_NOOP("Report", "Difference"), ColumnKind.MONEY, is_total=True),
)
BY_PERIOD = QT_TRANSLATE_NOOP("Report", "Period by period")
NOW = QT_TRANSLATE_NOOP("Report", "As it stands now")
DOCUMENTS = QT_TRANSLATE_NOOP("Report", "Documents that differ")
NO_DIFFERENCE = QT_TRANSLATE_NOOP("Report", "Stock ledger and general ledger agree at the end of every period")
LAYERS_AGREE = QT_TRANSLATE_NOOP("Report", "Cost layers equal the inventory accounts of the ledger")
MOVES_AGREE = QT_TRANSLATE_NOOP("Report", "Moves at cost equal the cost pools")
NOT_POSTING = QT_TRANSLATE_NOOP(
    "Report", "The cost book {book} does not post to the ledger. Choose the one that does, or leave the field empty."
)
NO_LEDGER = QT_TRANSLATE_NOOP("Report", "The ledger is not held here. Perhaps your role may not see it.")
WHOLE_PERIODS = QT_TRANSLATE_NOOP("Report", "Every period that the dates touch is shown whole.")
ADJUSTMENTS_ARE = QT_TRANSLATE_NOOP(
    "Report",
    "Adjustments are counts, landed costs, prices, revaluations and corrections. Debits and credits also hold goods that came "
    "and went back within the period.",
)

_RECEIPTS = (MoveKind.RECEIPT.value, MoveKind.OPENING.value, MoveKind.CUSTOMER_RETURN.value)
_ISSUES = (MoveKind.SHIPMENT.value, MoveKind.SUPPLIER_RETURN.value)


@dataclass
class _Stock:
    """What the stock ledger says of an account in a period."""

    receipts: Decimal = ZERO
    issues: Decimal = ZERO
    adjustments: Decimal = ZERO

    @property
    def change(self) -> Decimal:
        return self.receipts + self.issues + self.adjustments

    def add(self, kind: str, value: Decimal) -> None:
        if kind in _RECEIPTS:
            self.receipts += value
        elif kind in _ISSUES:
            self.issues += value
        else:
            self.adjustments += value


def inventory_reconciliation(
    session: Session, company_id: UUID, first: date, last: date, book_id: UUID | None = None
) -> Report:
    """Each inventory account in every period that `first` to `last` touches; its layers now; the documents that differ.

    For the book that posts. Raises CannotReport for another, and where the ledger is not held here.
    """
    book = cost_book(session, company_id, book_id)
    if not book.posts_to_ledger:
        raise CannotReport(translate("Report", NOT_POSTING).format(book=book.code))
    stock = stock_values(session, company_id, book.id, date.max).values()
    if not holds_the_ledger(session, company_id) and any(held.value for held in stock):
        raise CannotReport(translate("Report", NO_LEDGER))
    account_ids = set(inventory_accounts(session, company_id).values())
    accounts = [account for account in accounts_of(session, company_id) if account.id in account_ids]
    periods = periods_within(session, company_id, first, last)
    begins, ends = (periods[0].starts_on, periods[-1].ends_on) if periods else (first, last)
    by_period, is_zero = _by_period(session, company_id, book, accounts, periods, begins, ends)
    now = _now(session, company_id, book, accounts)
    differing = _documents(session, company_id, book, account_ids, begins, ends)
    sections = [by_period, now, *([differing] if differing.rows else [])]
    pools = now.total("pools")
    checks = [
        Check(NO_DIFFERENCE, ZERO, is_zero),
        Check(LAYERS_AGREE, now.total("ledger"), now.total("layers")),
        Check(MOVES_AGREE, pools, now.total("moves")),
    ]
    parameters: list[Shown] = [dates(begins, ends), (COST_BOOK.heading, named(book))]
    notes = [WHOLE_PERIODS, ADJUSTMENTS_ARE]
    return report_for(session, company_id, DEFINITION, parameters, sections, checks, notes)


def _by_period(
    session: Session,
    company_id: UUID,
    book: CostBook,
    accounts: list[Account],
    periods: list[Period],
    begins: date,
    ends: date,
) -> tuple[Section, Decimal]:
    """The table, and the sum of the differences of the periods' ends without their signs, account by account."""
    account_of = account_of_products(session, company_id)
    stock: defaultdict[tuple[UUID, UUID | None], _Stock] = defaultdict(_Stock)
    for (period_id, product_id), kinds in stock_by_period(session, company_id, book.id, periods).items():
        for kind, value in kinds.items():
            stock[period_id, account_of.get(product_id)].add(kind, value)
    opening: defaultdict[UUID | None, Decimal] = defaultdict(lambda: ZERO)
    for product_id, held in stock_values(session, company_id, book.id, begins - timedelta(days=1)).items():
        opening[account_of.get(product_id)] += held.value
    ledger = ledger_by_period(session, company_id, {account.id for account in accounts}, ends)
    before = account_totals(session, company_id, begins - timedelta(days=1))

    rows = []
    in_all = [ZERO] * len(periods)
    for account in accounts:
        value = opening[account.id]
        balance = before[account.id].net if account.id in before else ZERO
        for place, period in enumerate(periods):
            of_stock = stock[period.id, account.id]
            of_ledger = ledger.get((period.id, account.id), DebitCredit())
            cells = {"period": f"{period.starts_on:%Y-%m}", "opening": value, "ledger_opening": balance}
            value += of_stock.change
            balance += of_ledger.debit - of_ledger.credit
            in_all[place] += value - balance
            cells |= {
                "receipts": of_stock.receipts,
                "issues": of_stock.issues,
                "adjustments": of_stock.adjustments,
                "closing": value,
                "debits": of_ledger.debit,
                "credits": of_ledger.credit,
                "ledger_closing": balance,
                "difference": value - balance,
            }
            dated = {"from": period.starts_on, "to": period.ends_on}
            behind = Link("report", report="general_ledger", parameters={"account": account.code, **dated})
            rows.append(Row(cells, link=behind, group=coded(account)))
    differences = sum_of(abs(difference) for difference in in_all)
    totals = tuple(column.name for column in PERIOD_COLUMNS if column.is_total)
    heading = QT_TRANSLATE_NOOP("Report", "Account")
    return Section(PERIOD_COLUMNS, tuple(rows), title=BY_PERIOD, totals=totals, group_heading=heading), differences


def _now(session: Session, company_id: UUID, book: CostBook, accounts: list[Account]) -> Section:
    account_of = account_of_products(session, company_id)
    sums: defaultdict[UUID | None, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    for product_id, (layers, pools) in layers_and_pools(session, company_id, book.id).items():
        into = sums[account_of.get(product_id)]
        into[0] += layers
        into[1] += pools
    for product_id, held in stock_values(session, company_id, book.id, date.max).items():
        sums[account_of.get(product_id)][2] += held.value
    totals = account_totals(session, company_id, date.max)
    rows = []
    for account in accounts:
        layers, pools, moves = sums[account.id]
        ledger = totals[account.id].net if account.id in totals else ZERO
        figures = {"layers": layers, "pools": pools, "moves": moves, "ledger": ledger, "difference": layers - ledger}
        behind = Link("report", report="general_ledger", parameters={"account": account.code})
        rows.append(Row({"account": coded(account), **figures}, link=behind))
    return Section(NOW_COLUMNS, tuple(rows), title=NOW, totals=tuple(column.name for column in NOW_COLUMNS[1:]))


def _documents(
    session: Session, company_id: UUID, book: CostBook, account_ids: set[UUID], begins: date, ends: date
) -> Section:
    found = document_differences(session, company_id, book.id, account_ids, begins, ends)
    numbers = document_numbers(session, company_id, {(each.document_kind, each.document_id) for each in found})
    rows = tuple(
        Row(
            {
                "document": numbers.get(each.document_id, each.document_kind),
                "stock": each.stock,
                "ledger": each.ledger,
                "difference": each.stock - each.ledger,
            },
            link=Link(each.document_kind, id=each.document_id),
        )
        for each in found
    )
    names = tuple(column.name for column in DOCUMENT_COLUMNS[1:])
    return Section(DOCUMENT_COLUMNS, rows, title=DOCUMENTS, totals=names)


def _build(session: Session, company_id: UUID, from_: date, to: date, cost_book: UUID | None = None) -> Report:
    return inventory_reconciliation(session, company_id, from_, to, cost_book)


DEFINITION = define(
    ReportDefinition(
        "inventory_reconciliation",
        QT_TRANSLATE_NOOP("Report", "Inventory reconciliation"),
        "ledger.read",
        (FROM, TO, COST_BOOK),
        _build,
        area="costing",
    )
)
