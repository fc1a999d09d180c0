"""A report is data until it is rendered: titled sections of typed columns and rows, with totals, notes and checks.

Here: what every report is made of, and the registry of definitions. Not here: a report's own SQL, Qt, Excel, PDF.
Titles, column headings and notes are source text (QT_TRANSLATE_NOOP("Report", ...)); renderers translate them. Cells that
are data (names, numbers of documents) are shown as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from importlib import import_module
from keyword import iskeyword
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.i18n import translate
from erp_desktop.models.company import Company
from erp_desktop.numbers import ZERO

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


class ColumnKind(StrEnum):
    """What a column holds, hence how each renderer aligns and formats it."""

    TEXT = "text"
    MONEY = "money"  # company currency, at the currency's places
    QTY = "qty"  # up to 6 places, trailing zeros off
    UNIT_COST = "unit_cost"  # up to 6 places
    PERCENT = "percent"  # 0.05 shows as 5.0%
    DATE = "date"
    INTEGER = "integer"


@dataclass(frozen=True)
class Bilingual:
    """A record's name as data: its Chinese form in a Chinese document where it has one, else the other."""

    name: str
    name_zh: str = ""

    def __str__(self) -> str:
        return self.name or self.name_zh


@dataclass(frozen=True)
class Term:
    """Words of ours in a cell ("Opening balance"): source text, context "Report", shown in the document's language."""

    source: str

    def __str__(self) -> str:
        return self.source


@dataclass(frozen=True)
class Column:
    """One column: the attribute name of the row's cell, its heading, and its kind."""

    name: str
    heading: str  # source text, context "Report"
    kind: ColumnKind = ColumnKind.TEXT
    is_total: bool = False  # summed in subtotals and totals


@dataclass(frozen=True)
class Link:
    """Where a figure drills down to: a document (`kind` = its table) or another report with parameters."""

    kind: str  # "goods_receipt", "journal_entry", ... or "report"
    id: UUID | None = None
    report: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """Cells by column name. `level` indents; `is_subtotal` rows are the sum of the rows they follow, up to `group`."""

    cells: dict[str, Any]  # str, Bilingual, Term, Decimal, int, date, None
    link: Link | None = None
    level: int = 0
    is_heading: bool = False
    sums: tuple[int, ...] = ()  # indexes of the section's rows that this row adds up; empty: a detail row
    signs: tuple[int, ...] = ()  # +1 or -1 per entry of `sums`; empty: all +1
    group: str | Bilingual = ""  # rows of one group stand together; the renderers write a subtotal after each


@dataclass(frozen=True)
class Section:
    """A table of the report. `totals` names the columns that a total row adds up over all detail rows."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str | Bilingual = ""  # source text, or the name of a record
    totals: tuple[str, ...] = ()
    group_heading: str = ""  # heading of what `Row.group` names, when rows are grouped
    zero_as_dash: bool = False  # statements show a zero as a dash, lists as 0.00

    def total(self, column: str) -> Decimal:
        """The sum of `column` over the detail rows."""
        cells = (row.cells.get(column) for row in self.rows if not row.sums and not row.is_heading)
        return sum((cell for cell in cells if cell is not None), ZERO)

    def subtotal(self, column: str, group: str | Bilingual) -> Decimal:
        """The sum of `column` over the detail rows of `group`."""
        rows = (row for row in self.rows if row.group == group and not row.sums and not row.is_heading)
        cells = (row.cells.get(column) for row in rows)
        return sum((cell for cell in cells if cell is not None), ZERO)


@dataclass(frozen=True)
class Check:
    """Something that must hold for the report to be trusted, with both figures."""

    text: str  # source text, context "Report"
    expected: Decimal
    found: Decimal

    @property
    def holds(self) -> bool:
        return self.expected == self.found


@dataclass(frozen=True)
class Report:
    """What a report found, ready for any renderer."""

    name: str  # of the definition
    title: str  # source text, context "Report"
    company_name: str
    currency: str
    currency_places: int
    as_of_tick: int  # figures include everything up to this tick
    parameters: tuple[tuple[str, str | Bilingual | Term], ...]  # heading (source text) and value as shown
    sections: tuple[Section, ...]
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()  # source text
    company_name_zh: str = ""
    company_address: str = ""


class ParameterKind(StrEnum):
    DATE = "date"
    CHOICE = "choice"  # one of `choices`
    TEXT = "text"
    YES_NO = "yes_no"
    WAREHOUSE = "warehouse"  # id of one, or None for all
    CATEGORY = "category"
    COST_BOOK = "cost_book"
    PRODUCT = "product"
    CHANNEL = "channel"
    PARTY = "party"  # a supplier or customer
    ACCOUNT = "account"  # codes, joined with commas where there are several


@dataclass(frozen=True)
class Parameter:
    """One thing that a report is asked with. `default` may be a function of the company's today."""

    name: str
    heading: str  # source text, context "Report"
    kind: ParameterKind
    default: Callable[[date], Any] | None = None
    is_required: bool = False
    choices: tuple[tuple[str, str], ...] = ()  # value and source text


class CannotReport(Exception):
    """A report cannot be made from these books as they are. `sentence` is for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadParameter(CannotReport):
    """A report was asked with something that it does not know or cannot read."""


BuildReport = Callable[..., Report]  # (session: Session, company_id: UUID, **parameters) -> Report


@dataclass(frozen=True)
class ReportDefinition:
    """A report as it is offered: its name on the command line, title, the permission it needs, and how it is made."""

    name: str
    title: str
    permission: str
    parameters: tuple[Parameter, ...]
    build: BuildReport
    area: str = "ledger"  # which group it stands in: costing, inventory, ledger, ...

    def run(self, session: Session, company_id: UUID, *, today: date | None = None, **given: Any) -> Report:
        """The report for `given` parameters (already typed: date, bool, UUID, str); the others take their defaults.

        Defaults are made from `today`, the company's present date unless it is given. A parameter that is a word of
        Python (`from`) reaches `build` with an underscore after it. Raises BadParameter.
        """
        known = {parameter.name for parameter in self.parameters}
        for name in given:
            if name not in known:
                text = translate("Report", "The report {report} knows no {parameter}.")
                raise BadParameter(text.format(report=self.name, parameter=name))
        for parameter in self.parameters:
            if given.get(parameter.name) is None:
                if parameter.default is not None:
                    today = today or _today(session, company_id)
                    given[parameter.name] = parameter.default(today)
                elif parameter.is_required:
                    text = translate("Report", "The report {report} needs {parameter}.")
                    raise BadParameter(text.format(report=self.name, parameter=parameter.name))
            day = given.get(parameter.name)
            if isinstance(day, date) and not FIRST_DAY <= day <= LAST_DAY:  # a year before, or a day after, is none
                text = translate("Report", "{day} is no day that a report can be of. Correct the date.")
                raise BadParameter(text.format(day=day))
        arguments = {f"{name}_" if iskeyword(name) else name: value for name, value in given.items()}
        return self.build(session, company_id, **arguments)


def _today(session: Session, company_id: UUID) -> date:
    zone = session.scalar(select(Company.time_zone).where(Company.company_id == company_id, Company.id == company_id))
    return datetime.now(ZoneInfo(zone or "UTC")).date()


_definitions: dict[str, ReportDefinition] = {}


def define(definition: ReportDefinition) -> ReportDefinition:
    """Adds a report to the registry, from where window and command line offer it."""
    _definitions[definition.name] = definition
    return definition


def report_definitions() -> Sequence[ReportDefinition]:
    """Every report, in the order of the names."""
    _know_all()
    return [_definitions[name] for name in sorted(_definitions)]


def report_definition(name: str) -> ReportDefinition:
    """The report called `name`. Raises KeyError."""
    _know_all()
    return _definitions[name]


def _know_all() -> None:
    import_module("erp_desktop.reports.definitions")  # each definition adds itself when its file is imported
