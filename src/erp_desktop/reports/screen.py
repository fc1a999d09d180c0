"""A report as the window shows it: the text, alignment and link of every cell. Pure: no Qt.

The lines are the very ones of the PDF and of Excel.
"""

from dataclasses import dataclass

from erp_desktop.reports.lines import Line, LineKind, label_column, lines_of
from erp_desktop.reports.numbers_format import format_money, plain_text, section_format
from erp_desktop.reports.report import ColumnKind, Link, Report, Section
from erp_desktop.reports.words import Words, words


@dataclass(frozen=True, slots=True)
class ScreenRow:
    """One line: its cells as shown. `link` is what Enter opens, `is_bold` and `level` how it looks."""

    kind: LineKind
    texts: tuple[str, ...]
    level: int = 0
    link: Link | None = None

    @property
    def is_bold(self) -> bool:
        return self.kind is not LineKind.DETAIL


@dataclass(frozen=True)
class ScreenColumn:
    name: str
    heading: str
    kind: ColumnKind
    is_right: bool  # aligned right: numbers and dates


@dataclass(frozen=True)
class ScreenSection:
    title: str
    columns: tuple[ScreenColumn, ...]
    rows: tuple[ScreenRow, ...]
    label_column: int  # the column that `level` indents


@dataclass(frozen=True)
class ScreenCheck:
    """A check as one sentence."""

    text: str
    holds: bool


@dataclass(frozen=True)
class ScreenReport:
    """Everything that the viewer shows of a report."""

    title: str
    company: str
    subtitle: str  # currency and parameters
    as_of: str
    sections: tuple[ScreenSection, ...]
    checks: tuple[ScreenCheck, ...]
    notes: tuple[str, ...]


def ScreenModel(report: Report, language: str) -> ScreenReport:
    """What the window shows of `report` in `language`."""
    vocabulary = words(language)
    parameters = "  ".join(vocabulary.fact(heading, value) for heading, value in report.parameters)
    return ScreenReport(
        title=vocabulary.translate("Report", report.title),
        company=plain_text(vocabulary.name(report.company_name, report.company_name_zh)),
        subtitle=plain_text(f"{report.currency}  {parameters}".strip()),
        as_of=as_of_text(report, vocabulary),
        sections=tuple(_section(section, report, vocabulary) for section in report.sections),
        checks=tuple(check_lines(report, vocabulary)),
        notes=tuple(vocabulary.translate("Report", note) for note in report.notes),
    )


def as_of_text(report: Report, vocabulary: Words) -> str:
    """The sentence that says which changes the figures hold."""
    text = vocabulary.translate("Report", "Figures include everything up to change {tick}.")
    return text.format(tick=report.as_of_tick)


def check_lines(report: Report, vocabulary: Words) -> list[ScreenCheck]:
    """Each check as a sentence, those that fail with both figures."""
    lines = []
    for check in report.checks:
        name = vocabulary.translate("Report", check.text)
        if check.holds:
            text = vocabulary.translate("Report", "Agrees: {check}").format(check=name)
        else:
            text = vocabulary.translate(
                "Report", "Does not agree: {check}. Expected {expected}, found {found}."
            ).format(
                check=name,
                expected=format_money(check.expected, report.currency_places, vocabulary.language),
                found=format_money(check.found, report.currency_places, vocabulary.language),
            )
        lines.append(ScreenCheck(text, check.holds))
    return lines


def _section(section: Section, report: Report, vocabulary: Words) -> ScreenSection:
    shown = section_format(section, report.currency_places, vocabulary.language)

    def row(line: Line) -> ScreenRow:
        texts = tuple(_text(column.kind, line, column.name) for column in section.columns)
        return ScreenRow(line.kind, texts, line.level, line.link)

    def _text(kind: ColumnKind, line: Line, name: str) -> str:
        value = line.cells.get(name)
        return shown.text(ColumnKind.TEXT if isinstance(value, str) else kind, name, value)

    columns = tuple(
        ScreenColumn(
            column.name,
            vocabulary.translate("Report", column.heading),
            column.kind,
            column.kind is not ColumnKind.TEXT,
        )
        for column in section.columns
    )
    return ScreenSection(
        plain_text(vocabulary.heading(section.title)) if section.title else "",
        columns,
        tuple(row(line) for line in lines_of(section, vocabulary)),
        section.columns.index(label_column(section)),
    )
