"""What business documents have in common: the company block, whom they go to, facts, lines, and where to sign.

A document's language is its reader's, not the screen's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from erp_desktop.models.company import Company
from erp_desktop.models.party import Party
from erp_desktop.reports.numbers_format import plain_text
from erp_desktop.reports.output import complete_file
from erp_desktop.reports.paper import BOLD, LEADING, MARGIN, REGULAR, Pages, wrapped
from erp_desktop.reports.paper_table import LARGEST_SIZE, PaperColumn, PaperLine, PaperTable, fit, natural_widths
from erp_desktop.reports.words import Words

SIZE = 9.0
FACT_LABEL_WIDTH = 92.0
SIGNATURES_HEIGHT = 56.0


class DocumentNotFound(LookupError):
    """There is no such document in this database."""


@dataclass(frozen=True)
class Block:
    """A heading and the lines under it: an address, delivery place."""

    heading: str
    lines: tuple[str, ...]


def address_lines(party: Party, vocabulary: Words) -> tuple[str, ...]:
    """A party as it stands on an envelope, then how to reach it; empty parts left out."""
    name = vocabulary.name(party.name, party.name_zh)
    other = party.name if name == party.name_zh else party.name_zh
    city = " ".join(part for part in (party.postal_code, party.city) if part)
    reach = "  ".join(part for part in (party.contact, party.phone, party.email) if part)
    return tuple(line for line in (name, other, party.address, city, party.country, reach) if line)


def file_name(kind: str, number: str | None, extension: str = "pdf") -> str:
    """A name for the file of a document: its number where it has one, only characters that every system takes."""
    kept = "".join(mark if mark.isalnum() or mark in "-_." else "-" for mark in number or kind)
    return f"{kept.strip('.-') or kind}.{extension}"


class DocumentPaper:
    """One business document being laid out."""

    def __init__(
        self,
        company: Company,
        title: str,
        number: str,
        vocabulary: Words,
        printed_by: str,
        printed_at: datetime | None,
    ) -> None:
        self.words = vocabulary
        self.company = plain_text(vocabulary.name(company.name, company.name_zh))
        self.title = title
        self.number = plain_text(number)
        self.pages = Pages(
            vocabulary,
            printed_by=printed_by,
            printed_at=printed_at,
            footer="",
            running_title=f"{self.company}  {title}  {self.number}",
        )
        self.pages.text(self.company, 12, bold=True)
        tax = vocabulary.translate("Document", "Tax number {number}").format(number=company.tax_number)
        for line in (company.address, tax if company.tax_number else ""):
            if line:
                self.pages.text(line, 8)
        self.pages.skip(12)
        self.pages.text(f"{title}  {self.number}", 18, bold=True)
        self.pages.skip(8)

    def blocks(self, left: Block, right: Block) -> None:
        """Two blocks side by side."""
        width = (self.pages.inner_width - 24) / 2
        parts = [self._broken(block, width) for block in (left, right)]
        height = max(len(lines) for lines in parts) * SIZE * LEADING + 6

        def draw(canvas: Canvas, top: float) -> None:
            for column, lines in enumerate(parts):
                x = MARGIN + column * (width + 24)
                for place, (text, bold) in enumerate(lines):
                    canvas.setFont(BOLD if bold else REGULAR, 8 if bold else SIZE)
                    canvas.drawString(x, top - SIZE - place * SIZE * LEADING, text)

        self.pages.place(height, draw)
        self.pages.skip(4)

    @staticmethod
    def _broken(block: Block, width: float) -> list[tuple[str, bool]]:
        lines = [(block.heading, True)]
        for line in block.lines:
            lines += [(part, False) for part in wrapped(plain_text(line), width, SIZE)]
        return lines

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Pairs of heading and value, in two columns; those without a value are left out."""
        told = [(heading, plain_text(value)) for heading, value in facts if value]
        half = (self.pages.inner_width - 24) / 2
        for start in range(0, len(told), 2):
            row = told[start : start + 2]
            values = [wrapped(value, half - FACT_LABEL_WIDTH, SIZE) for _, value in row]
            height = max(len(lines) for lines in values) * SIZE * LEADING + 2

            def draw(
                canvas: Canvas,
                top: float,
                row: Sequence[tuple[str, str]] = row,
                values: Sequence[tuple[str, ...]] = values,
            ) -> None:
                for column, (heading, _) in enumerate(row):
                    x = MARGIN + column * (half + 24)
                    canvas.setFont(BOLD, 8)
                    canvas.drawString(x, top - SIZE, heading)
                    canvas.setFont(REGULAR, SIZE)
                    for place, text in enumerate(values[column]):
                        canvas.drawString(x + FACT_LABEL_WIDTH, top - SIZE - place * SIZE * LEADING, text)

            self.pages.place(height, draw)
        self.pages.skip(10)

    def table(self, columns: Sequence[PaperColumn], lines: Sequence[PaperLine]) -> None:
        """The document's lines; a line marked `stays_with_previous` (a total) never stands alone on a page."""
        layout = fit(columns, natural_widths(columns, lines, LARGEST_SIZE), self.pages.inner_width)
        table = PaperTable(self.pages, columns, layout)
        table.start()
        block: list[PaperLine] = []
        for line in lines:
            if block and not line.stays_with_previous:
                table.add(block)
                block = []
            block.append(line)
        if block:
            table.add(block)
        self.pages.skip(12)

    def paragraph(self, heading: str, text: str, *, is_last: bool = False) -> None:
        """A heading and running text; nothing without text. The last one stays on a page with the signatures."""
        lines = [part for line in text.splitlines() for part in wrapped(plain_text(line), self.pages.inner_width, SIZE)]
        if not text.strip():
            return
        height = 8 * LEADING + len(lines) * SIZE * LEADING + 8
        if is_last and height + SIGNATURES_HEIGHT > self.pages.room:
            self.pages.new_page()
        self.pages.text(heading, 8, bold=True)
        for line in lines:
            self.pages.text(line, SIZE)
        self.pages.skip(8)

    def signatures(self, *headings: str) -> None:
        """A line to sign on for each heading, side by side."""
        width = (self.pages.inner_width - 24 * (len(headings) - 1)) / len(headings)

        def draw(canvas: Canvas, top: float) -> None:
            canvas.setFont(REGULAR, 8)
            canvas.setLineWidth(0.5)
            canvas.setStrokeGray(0)
            for place, heading in enumerate(headings):
                x = MARGIN + place * (width + 24)
                canvas.line(x, top - 34, x + width, top - 34)
                canvas.drawString(x, top - 46, heading)

        self.pages.place(SIGNATURES_HEIGHT, draw)

    def save(self, path: Path) -> None:
        """Raises CannotWrite."""
        with complete_file(path) as part:
            self.pages.save(part, title=f"{self.title} {self.number}", company=self.company)
