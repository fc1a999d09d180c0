"""A report as a PDF on A4: real text with embedded fonts, headings on every page, totals carried forward."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from erp_desktop.numbers import ZERO
from erp_desktop.reports.lines import Line, LineKind, label_column, lines_of, total_columns
from erp_desktop.reports.numbers_format import plain_text, section_format
from erp_desktop.reports.output import Cancelled, Progress, complete_file, go_on
from erp_desktop.reports.paper import LEADING, Pages, load_fonts
from erp_desktop.reports.paper_table import (
    LARGEST_SIZE,
    PaperColumn,
    PaperLine,
    PaperTable,
    fit,
    natural_widths,
)
from erp_desktop.reports.report import ColumnKind, Report, Section
from erp_desktop.reports.screen import as_of_text, check_lines
from erp_desktop.reports.words import Words, words

PORTRAIT_WIDTH = 515.0  # points between the margins of upright A4
PROGRESS_EVERY = 500


def write_pdf(
    report: Report,
    path: Path,
    *,
    language: str,
    printed_by: str = "",
    printed_at: datetime | None = None,
    progress: Progress = go_on,
) -> None:
    """Writes `report` to `path` (.pdf). `printed_at` carries the zone it is shown in; None is now, here.

    Landscape when the widest section does not fit upright. Raises CannotWrite, or Cancelled when `progress` says so.
    """
    load_fonts()
    printer = _Printer(report, words(language), progress)
    pages = printer.lay_out(printed_by, printed_at or datetime.now().astimezone())
    with complete_file(path) as part:
        title = f"{printer.title} – {printer.company}"
        pages.save(part, title=title, company=printer.company, on_page=printer.page_drawn)


class _Table:
    """A section ready to be placed: its columns and lines as text."""

    def __init__(self, section: Section, report: Report, vocabulary: Words) -> None:
        self.section = section
        self.shown = section_format(section, report.currency_places, vocabulary.language)
        self.columns = [
            PaperColumn(vocabulary.translate("Report", column.heading), column.kind is not ColumnKind.TEXT)
            for column in section.columns
        ]
        self.lines = [(line, self._paper_line(line)) for line in lines_of(section, vocabulary)]
        self.carried, self.brought = self._forward(vocabulary)
        printed = [paper for _, paper in self.lines]
        self.natural = natural_widths(self.columns, [*printed, *self._widest_forward()], LARGEST_SIZE)

    def _forward(self, vocabulary: Words) -> tuple[str, str]:
        return vocabulary.translate("Report", "Carried forward"), vocabulary.translate("Report", "Brought forward")

    def _widest_forward(self) -> list[PaperLine]:
        return [self.forward_line(text, {}) for text in (self.carried, self.brought) if total_columns(self.section)]

    def forward_line(self, text: str, sums: dict[str, Decimal], *, rule_above: bool = False) -> PaperLine:
        """What was added up so far, at the foot of a page and again at the head of the next."""
        cells = {label_column(self.section).name: text, **sums}
        return PaperLine(self.texts(cells), is_bold=True, rule_above=rule_above)

    def _paper_line(self, line: Line) -> PaperLine:
        is_total = line.kind in (LineKind.SUBTOTAL, LineKind.TOTAL)
        return PaperLine(
            self.texts(line.cells),
            is_bold=line.kind is not LineKind.DETAIL,
            level=line.level,
            rule_above=is_total or (line.kind is LineKind.SUM and line.level == 0),
            rule_below=line.kind is LineKind.TOTAL,
            stays_with_next=line.kind in (LineKind.GROUP, LineKind.HEADING),
            stays_with_previous=is_total or line.kind is LineKind.SUM,
            bookmark=plain_text(line.group) if line.kind is LineKind.GROUP else "",
        )

    def texts(self, cells: dict[str, Any]) -> tuple[str, ...]:
        return tuple(
            self.shown.text(
                ColumnKind.TEXT if isinstance(cells.get(column.name), str) else column.kind,
                column.name,
                cells.get(column.name),
            )
            for column in self.section.columns
        )


class _Printer:
    def __init__(self, report: Report, vocabulary: Words, progress: Progress) -> None:
        self.report = report
        self.words = vocabulary
        self.progress = progress
        self.title = vocabulary.translate("Report", report.title)
        self.company = plain_text(vocabulary.name(report.company_name, report.company_name_zh))
        self.all = 2 * sum(len(section.rows) for section in report.sections)  # laid out, then drawn
        self.done = 0
        self.sums: dict[str, Decimal] = {}

    def lay_out(self, printed_by: str, printed_at: datetime) -> Pages:
        tables = [_Table(section, self.report, self.words) for section in self.report.sections]
        _share_widths(tables)
        pages = Pages(
            self.words,
            is_landscape=any(sum(table.natural) > PORTRAIT_WIDTH for table in tables),
            printed_by=printed_by,
            printed_at=printed_at,
            footer=as_of_text(self.report, self.words),
            running_title=f"{self.company}  {self.title}  {self._subtitle()}",
        )
        self._top(pages)
        for table in tables:
            self._section(pages, table)
        if self.report.notes:
            pages.skip(8)
        for note in self.report.notes:
            pages.text(self.words.translate("Report", note), 8)
        return pages

    def page_drawn(self, number: int, pages: int) -> None:
        half = self.all // 2
        if number % 10 == 0 and not self.progress(half + half * number // pages, self.all):
            raise Cancelled

    def _subtitle(self) -> str:
        parameters = [self.words.fact(heading, value) for heading, value in self.report.parameters]
        return plain_text("   ".join([*parameters, self.report.currency]))

    def _top(self, pages: Pages) -> None:
        pages.text(self.company, 10, bold=True)
        if self.report.company_address:
            pages.text(self.report.company_address, 8)
        pages.skip(6)
        pages.text(self.title, 16, bold=True)
        pages.text(self._subtitle(), 9)
        for check in check_lines(self.report, self.words):
            pages.text(check.text, 8.5, bold=not check.holds)
        pages.skip(8)

    def _section(self, pages: Pages, table: _Table) -> None:
        section_title = plain_text(self.words.heading(table.section.title)) if table.section.title else ""
        if pages.room < 120:
            pages.new_page()
        bookmark = section_title or self.title

        def mark(canvas: Canvas, top: float) -> None:
            key = f"section-{canvas.getPageNumber()}-{top:.0f}"
            canvas.bookmarkHorizontal(key, 0, top)
            canvas.addOutlineEntry(bookmark, key, 0, False)

        pages.place(0, mark)
        if section_title:
            pages.text(section_title, 11, bold=True)
        layout = fit(table.columns, table.natural, pages.inner_width)
        columns = total_columns(table.section)
        self.sums = dict.fromkeys(columns, ZERO)
        forward = None
        if columns:
            forward = (
                lambda: table.forward_line(table.carried, self.sums, rule_above=True),
                lambda: table.forward_line(table.brought, self.sums),
            )
        placed = PaperTable(pages, table.columns, layout, forward)
        placed.start()
        for block in _blocks(table.lines):
            placed.add([paper for _, paper in block])
            self._count(block, columns)
        if not table.lines:
            pages.text(self.words.translate("Report", "Nothing to show."), 9)
        pages.skip(layout.size * LEADING)

    def _count(self, block: list[tuple[Line, PaperLine]], columns: tuple[str, ...]) -> None:
        for line, _ in block:
            if line.kind is LineKind.DETAIL:
                for name in columns:
                    self.sums[name] += line.cells.get(name) or ZERO
            self.done += line.row is not None
            if self.done % PROGRESS_EVERY == 0 and not self.progress(self.done, self.all):
                raise Cancelled


def _share_widths(tables: list[_Table]) -> None:
    """Sections of the same columns stand under each other, so they share their widths."""
    widest: dict[tuple[PaperColumn, ...], list[float]] = {}
    for table in tables:
        known = widest.setdefault(tuple(table.columns), table.natural)
        known[:] = [max(pair) for pair in zip(known, table.natural, strict=True)]
        table.natural = known


def _blocks(lines: list[tuple[Line, PaperLine]]) -> Iterator[list[tuple[Line, PaperLine]]]:
    """Lines that must not be parted by a page: a group's name and its first row, a total and the row before it."""
    block: list[tuple[Line, PaperLine]] = []
    for line, paper in lines:
        if block and not paper.stays_with_previous and not block[-1][1].stays_with_next:
            yield block
            block = []
        block.append((line, paper))
    if block:
        yield block
