"""`erp-desktop report`: parameters from text, and a report as lines on a terminal.

Here: what is typed and printed. Not here: what a report says, the files it is written to (reports/).
"""

import getpass
import sys
import unicodedata
from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from erp_desktop.actions.refusals import NotPermitted
from erp_desktop.books import Books, open_books
from erp_desktop.cli import CommandFailed
from erp_desktop.i18n import translate
from erp_desktop.models.base import Replicated
from erp_desktop.models.costing import CostBook
from erp_desktop.models.party import Party
from erp_desktop.models.product import Category, Product
from erp_desktop.models.sales import Channel
from erp_desktop.models.stock import Warehouse
from erp_desktop.reports.lines import LineKind
from erp_desktop.reports.report import (
    Parameter,
    ParameterKind,
    Report,
    ReportDefinition,
    report_definition,
    report_definitions,
)
from erp_desktop.reports.screen import ScreenModel, ScreenSection


def run_report(options: Namespace) -> int:
    """`erp-desktop report`: 0 when it was made, 1 when one of its own checks does not hold."""
    if options.name is None:
        for definition in report_definitions():
            names = "  ".join(f"--{parameter.name.replace('_', '-')}" for parameter in definition.parameters)
            print(f"{_padded(definition.name, 28)} {_padded(translate('Report', definition.title), 32)} {names}")
        return 0
    definition = _definition(options.name)
    with open_books(options) as books:
        if books.permissions is not None and definition.permission not in books.permissions:
            raise NotPermitted(permission=definition.permission)
        report = definition.run(books.session, books.company.id, **parameters_of(definition, options.surplus, books))
        printed_at = datetime.now(ZoneInfo(books.company.time_zone))
    _write(report, options, printed_at)
    return 0 if all(check.holds for check in report.checks) else 1


def _definition(name: str) -> ReportDefinition:
    for spelled in (name, name.replace("-", "_"), name.replace("_", "-")):
        try:
            return report_definition(spelled)
        except KeyError:
            continue
    text = translate("Command line", "There is no report {name}. There are: {names}.")
    names = ", ".join(definition.name for definition in report_definitions())
    raise CommandFailed(text.format(name=name, names=names), status=2)


def parameters_of(definition: ReportDefinition, given: Sequence[str], books: Books) -> dict[str, Any]:
    """What the report is asked with: `--as-of 2024-03-31`, each read by its kind. Raises CommandFailed."""
    parameters = {parameter.name: parameter for parameter in definition.parameters}
    found: dict[str, Any] = {}
    for name, text in _pairs(given).items():
        if name not in parameters:
            sentence = translate("Command line", "The report {name} knows no --{parameter}. It knows: {parameters}.")
            known = ", ".join(f"--{_typed(parameter)}" for parameter in parameters) or "–"
            raise CommandFailed(
                sentence.format(name=definition.name, parameter=_typed(name), parameters=known), status=2
            )
        found[name] = _read(parameters[name], text, books)
    return found


def _typed(name: str) -> str:
    return name.replace("_", "-")


def _pairs(given: Sequence[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    rest = iter(given)
    for argument in rest:
        name, is_joined, value = argument.partition("=")
        if not name.startswith("--"):
            text = translate("Command line", "{argument} is not understood. Parameters are written --NAME VALUE.")
            raise CommandFailed(text.format(argument=argument), status=2)
        if not is_joined:
            try:
                value = next(rest)
            except StopIteration:
                text = translate("Command line", "{argument} needs a value after it.")
                raise CommandFailed(text.format(argument=argument), status=2) from None
        texts[name[2:].replace("-", "_")] = value
    return texts


_KEYED: dict[ParameterKind, type[Replicated]] = {
    ParameterKind.WAREHOUSE: Warehouse,
    ParameterKind.CATEGORY: Category,
    ParameterKind.COST_BOOK: CostBook,
    ParameterKind.PRODUCT: Product,
    ParameterKind.CHANNEL: Channel,
    ParameterKind.PARTY: Party,
}
_YES = {"yes", "true", "1", "是"}
_NO = {"no", "false", "0", "否"}


def _read(parameter: Parameter, text: str, books: Books) -> Any:
    """`text` as the parameter's kind. Raises CommandFailed, saying what is expected."""
    expected = ""
    if parameter.kind is ParameterKind.DATE:
        try:
            return date.fromisoformat(text)
        except ValueError:
            expected = translate("Command line", "a date such as 2024-03-31")
    elif parameter.kind is ParameterKind.YES_NO:
        if text.casefold() in _YES | _NO:
            return text.casefold() in _YES
        expected = translate("Command line", "yes or no")
    elif parameter.kind is ParameterKind.CHOICE:
        values = [value for value, _ in parameter.choices]
        if text in values:
            return text
        expected = ", ".join(values)
    elif parameter.kind in _KEYED:
        found = _id_of(_KEYED[parameter.kind], text, books)
        if found is not None:
            return found
        expected = translate("Command line", "a code that exists")
    else:
        return text
    sentence = translate("Command line", "--{parameter} is {text}, and should be {expected}.")
    raise CommandFailed(sentence.format(parameter=_typed(parameter.name), text=text, expected=expected), status=2)


def _id_of(table: type[Any], code: str, books: Books) -> UUID | None:
    found: UUID | None = books.session.scalar(
        select(table.id).where(table.company_id == books.company.id, table.code == code)
    )
    return found


def _write(report: Report, options: Namespace, printed_at: datetime) -> None:
    language: str = options.shown_in
    printed_by: str = getattr(options, "user", None) or getpass.getuser()
    written: list[Path] = []
    if options.xlsx:
        from erp_desktop.reports.excel import write_excel

        write_excel(report, options.xlsx, language=language)
        written.append(options.xlsx)
    if options.pdf:
        from erp_desktop.reports.pdf import write_pdf

        write_pdf(report, options.pdf, language=language, printed_by=printed_by, printed_at=printed_at)
        written.append(options.pdf)
    if options.json == "-":
        from erp_desktop.reports.json_output import report_as_json

        print(report_as_json(report))
    elif options.json:
        from erp_desktop.reports.json_output import report_as_json
        from erp_desktop.reports.output import complete_file

        with complete_file(Path(options.json)) as part:
            part.write_text(report_as_json(report) + "\n", "utf-8")
        written.append(Path(options.json))
    if not written and not options.json:
        for line in report_as_text(report, language):
            print(line)
    for path in written:
        print(translate("Command line", "Written: {path}").format(path=path), file=sys.stderr)


# --- a report as text -----------------------------------------------------------------------------------------------


def report_as_text(report: Report, language: str) -> Iterator[str]:
    """`report` as lines for a terminal, its columns aligned; a Chinese character takes two places."""
    shown = ScreenModel(report, language)
    yield f"{shown.company}  {shown.title}"
    yield shown.subtitle
    for section in shown.sections:
        yield ""
        yield from _section_as_text(section)
    yield ""
    for check in shown.checks:
        yield check.text
    yield from shown.notes
    yield shown.as_of


def _section_as_text(section: ScreenSection) -> Iterator[str]:
    if section.title:
        yield section.title
    cells = [
        ["  " * row.level + text if place == section.label_column else text for place, text in enumerate(row.texts)]
        for row in section.rows
    ]
    widths = [
        max([_width(column.heading), *(_width(row[place]) for row in cells)])
        for place, column in enumerate(section.columns)
    ]

    def line(texts: Sequence[str]) -> str:
        columns = zip(texts, widths, section.columns, strict=True)
        return "  ".join(_padded(text, width, column.is_right) for text, width, column in columns).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    yield line([column.heading for column in section.columns])
    yield rule
    for row, texts in zip(section.rows, cells, strict=True):
        if row.kind is LineKind.TOTAL:
            yield rule
        yield line(texts)


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text)


def _padded(text: str, width: int, is_right: bool = False) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if is_right else text + blanks
