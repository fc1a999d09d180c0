"""A4 paper: the bundled fonts, text that fits, and pages that know how many they are.

Here: what every PDF shares, reports and business documents alike. Not here: what is printed.
Everything is real text in embedded subset fonts, black on white.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from erp_desktop.reports.numbers_format import FIGURE_SPACE, POINT_SPACE, format_instant, plain_text
from erp_desktop.reports.words import CHINESE, Words
from erp_desktop.resources import resource_path

REGULAR = "NotoSansSC-Regular"
BOLD = "NotoSansSC-SemiBold"
MARGIN = 40.0  # points
LEADING = 1.42  # line height over font size
HAIRLINE_GREY = 0.8
NO_LINE_START = "，。、；：！？）》」』】％,.;:!?)]}%"  # punctuation that stays with the character before it

_loading = Lock()


@cache
def _fonts_loaded() -> bool:
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(resource_path(f"fonts/{name}.ttf"))))
    return True


def load_fonts() -> None:
    """Registers the bundled fonts; once is enough, from any thread."""
    with _loading:
        _fonts_loaded()


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of `text` in points; blanks that keep points in line count as the digits and points that they stand for."""
    if text.endswith(FIGURE_SPACE):
        text = text.replace(FIGURE_SPACE, "0").replace(POINT_SPACE, ".")
    width: float = pdfmetrics.stringWidth(text, BOLD if bold else REGULAR, size)
    return width


def wrapped(text: str, width: float, size: float, *, bold: bool = False) -> tuple[str, ...]:
    """`text` broken into lines of at most `width` points: at spaces and between Chinese characters, else anywhere."""
    width += 0.01  # a column may be exactly as wide as its longest text
    if text_width(text, size, bold=bold) <= width:
        return (text,)
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if text_width((line + piece).rstrip(), size, bold=bold) <= width:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = piece.lstrip()
        while len(line) > 1 and text_width(line.rstrip(), size, bold=bold) > width:
            fits = _longest_start(line, width, size, bold)
            lines.append(line[:fits])
            line = line[fits:]
    return (*lines, line.rstrip()) if line.strip() else tuple(lines)


def _longest_start(text: str, width: float, size: float, bold: bool) -> int:
    fits = 1
    while fits < len(text) and text_width(text[: fits + 1], size, bold=bold) <= width:
        fits += 1
    return fits


def _pieces(text: str) -> list[str]:
    """Parts that stay on one line: Latin words with the space after them, single Chinese characters."""
    pieces: list[str] = []
    for character in text:
        joins = pieces and (
            character in NO_LINE_START
            or (ord(character) < 0x2E80 and ord(pieces[-1][-1]) < 0x2E80 and pieces[-1][-1] != " ")
        )
        if joins or (pieces and character == " "):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


Draw = Callable[[Canvas, float], None]  # draws with its top at this height


@dataclass
class Pages:
    """Pages being filled from the top, then drawn in one go once their number is known."""

    words: Words
    is_landscape: bool = False
    printed_by: str = ""
    printed_at: datetime | None = None
    footer: str = ""
    running_title: str = ""  # at the top of every page but the first
    top_of_page: Callable[[], None] | None = None  # repeats what must stand on each page of a table
    pages: list[list[tuple[float, Draw]]] = field(default_factory=lambda: [[]])
    y: float = 0.0

    def __post_init__(self) -> None:
        load_fonts()
        self.width, self.height = landscape(A4) if self.is_landscape else A4
        self.y = self.height - MARGIN

    @property
    def bottom(self) -> float:
        return MARGIN + 22

    @property
    def room(self) -> float:
        """Points left on this page."""
        return self.y - self.bottom

    @property
    def inner_width(self) -> float:
        return self.width - 2 * MARGIN

    def place(self, height: float, draw: Draw) -> None:
        """Puts something `height` points high under what is there; on a new page if there is no room."""
        if height > self.room and self.pages[-1]:
            self.new_page()
        self.pages[-1].append((self.y, draw))
        self.y -= height

    def skip(self, height: float) -> None:
        self.y -= min(height, max(self.room, 0))

    def new_page(self) -> None:
        self.pages.append([])
        self.y = self.height - MARGIN - 16

    def text(self, text: str, size: float, *, bold: bool = False) -> None:
        """A paragraph over the whole width."""
        for line in wrapped(plain_text(text), self.inner_width, size, bold=bold):

            def draw(canvas: Canvas, top: float, line: str = line) -> None:
                canvas.setFont(BOLD if bold else REGULAR, size)
                canvas.drawString(MARGIN, top - size, line)

            self.place(size * LEADING, draw)

    def save(self, path: Path, *, title: str, company: str, on_page: Callable[[int, int], None] | None = None) -> None:
        """Draws all pages into the file `path`. `on_page(done, all)` is told after each."""
        canvas = Canvas(
            str(path),
            pagesize=(self.width, self.height),
            pageCompression=1,
            lang=self._language(),
            initialFontName=REGULAR,  # type: ignore[arg-type]  # the stubs take it for a size
        )
        canvas.setTitle(plain_text(title))
        canvas.setAuthor(plain_text(self.printed_by or company))
        canvas.setSubject(plain_text(company))
        canvas.setCreator("ERP Desktop")
        for number, items in enumerate(self.pages, start=1):
            for top, draw in items:
                draw(canvas, top)
            self._furniture(canvas, number)
            canvas.showPage()
            if on_page:
                on_page(number, len(self.pages))
        canvas.save()

    def _language(self) -> str:
        return "zh-CN" if self.words.language == CHINESE else "en"

    def _furniture(self, canvas: Canvas, number: int) -> None:
        size = 7.5
        canvas.setFont(REGULAR, size)
        if number > 1 and self.running_title:
            canvas.drawString(MARGIN, self.height - MARGIN - size, _cut(self.running_title, self.inner_width, size))
        page = self.words.translate("Report", "Page {page} of {pages}").format(page=number, pages=len(self.pages))
        canvas.drawRightString(self.width - MARGIN, MARGIN - 6, page)
        room = self.inner_width - text_width(page, size) - 20
        if self.printed_at:
            printed = self.words.translate("Report", "Printed by {person} on {time}.")
            text = printed.format(person=plain_text(self.printed_by), time=format_instant(self.printed_at))
            canvas.drawString(MARGIN, MARGIN - 6, _cut(f"{text}  {self.footer}".strip(), room, size))
        canvas.setLineWidth(0.4)
        canvas.setStrokeGray(HAIRLINE_GREY)
        canvas.line(MARGIN, MARGIN + 8, self.width - MARGIN, MARGIN + 8)


def _cut(text: str, width: float, size: float) -> str:
    """The start of `text` that fits, with an ellipsis if something is left out."""
    if text_width(text, size) <= width:
        return text
    return text[: _longest_start(text, width - text_width("…", size), size, False)] + "…"
