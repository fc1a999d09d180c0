"""A table on paper: widths, repeated headings, and amounts carried forward from page to page.

A total never stands alone on a page: it takes the row before it along.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reportlab.pdfgen.canvas import Canvas

from erp_desktop.reports.numbers_format import digits_wide, without_blanks
from erp_desktop.reports.paper import BOLD, HAIRLINE_GREY, LEADING, MARGIN, REGULAR, Pages, text_width, wrapped

GAP = 9.0  # points between columns
INDENT = 10.0  # points per level
NARROWEST_TEXT = 48.0
LARGEST_SIZE = 8.5
SMALLEST_SIZE = 5.0
NEARLY_LONGEST_MEASURED = 400
LONGEST_CELL = 24  # lines; a cell never fills a page


@dataclass(frozen=True)
class PaperColumn:
    heading: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One line of a table: its cells as text."""

    texts: tuple[str, ...]
    is_bold: bool = False
    level: int = 0
    rule_above: bool = False
    rule_below: bool = False
    stays_with_next: bool = False  # a group's name
    stays_with_previous: bool = False  # a total
    bookmark: str = ""


@dataclass(frozen=True)
class Layout:
    """Font size and column widths, in points, that fit the paper."""

    size: float
    widths: tuple[float, ...]


def natural_widths(columns: Sequence[PaperColumn], lines: Sequence[PaperLine], size: float) -> list[float]:
    """How wide each column would like to be; the last one needs no gap after it.

    Totals, which are few, are all measured; of the other lines those that are longest by count, and some nearly as long,
    because letters are not as wide as each other.
    """
    widths = [_heading_width(column, size) for column in columns]
    longest = [0] * len(columns)
    tries = [NEARLY_LONGEST_MEASURED] * len(columns)
    for line in lines:
        for index, text in enumerate(line.texts):
            if _reach(columns, line, index) > index + 1:
                continue  # it may be written over the empty cells beside it
            count = digits_wide(text)
            if not line.is_bold and not line.level:
                if count > longest[index]:
                    longest[index] = count
                elif count < 0.7 * longest[index] or not tries[index]:
                    continue
                tries[index] -= tries[index] > 0
            indent = INDENT * line.level if index == 0 else 0
            widths[index] = max(widths[index], text_width(text, size, bold=line.is_bold) + indent)
    return [width + (GAP if index < len(columns) - 1 else 0) for index, width in enumerate(widths)]


def _reach(columns: Sequence[PaperColumn], line: PaperLine, index: int) -> int:
    """Where the room of a cell ends: the name of a group or a total also has that of the empty cells beside it."""
    beside = index + 1
    if line.is_bold and line.texts[index] and not columns[index].is_right:
        return next((place for place in range(beside, len(columns)) if line.texts[place]), len(columns))
    return beside


def _heading_width(column: PaperColumn, size: float) -> float:
    """A heading over figures may stand on two lines, broken where that is narrowest; over words it stands on one."""
    parts = column.heading.split()
    splits = range(1, len(parts)) if column.is_right else ()
    halves = [(" ".join(parts[:place]), " ".join(parts[place:])) for place in splits] or [(column.heading, "")]
    return min(max(text_width(half, size, bold=True) for half in pair) for pair in halves)


def fit(columns: Sequence[PaperColumn], natural: Sequence[float], width: float) -> Layout:
    """Widths that add up to `width`. Too wide: text columns give way and wrap, then the font gets smaller."""
    total = sum(natural)
    if total <= width:
        texts = [index for index, column in enumerate(columns) if not column.is_right]
        grows = max(texts[1:] or texts or [0], key=lambda index: natural[index])  # codes come first, names after them
        return Layout(LARGEST_SIZE, tuple(w + (width - total if i == grows else 0) for i, w in enumerate(natural)))
    size = LARGEST_SIZE
    while True:
        scaled = [w * size / LARGEST_SIZE for w in natural]
        fixed = sum(w for w, c in zip(scaled, columns, strict=True) if c.is_right)
        texts = [i for i, c in enumerate(columns) if not c.is_right]
        floor = sum(min(scaled[i], NARROWEST_TEXT) for i in texts)
        if fixed + floor <= width or size <= SMALLEST_SIZE:
            break
        size -= 0.5
    _narrow(scaled, texts, width - fixed)
    over = sum(scaled) / width
    return Layout(size, tuple(w / over if over > 1 else w for w in scaled))


def _narrow(widths: list[float], texts: Sequence[int], room: float) -> None:
    """Takes from the widest text columns until all of them fit in `room`."""
    cap = max((widths[i] for i in texts), default=0.0)
    while cap > NARROWEST_TEXT and sum(min(widths[i], cap) for i in texts) > room:
        cap -= 2
    for i in texts:
        widths[i] = min(widths[i], cap)


class PaperTable:
    """Places lines on `pages`. `carried()` gives the line of amounts so far, or None for a table without totals."""

    def __init__(
        self,
        pages: Pages,
        columns: Sequence[PaperColumn],
        layout: Layout,
        forward: tuple[Callable[[], PaperLine], Callable[[], PaperLine]] | None = None,
    ) -> None:
        self.pages = pages
        self.columns = columns
        self.layout = layout
        self.forward = forward
        self.row = layout.size * LEADING + 2
        self._lefts: list[float] = []
        left = MARGIN
        for width in layout.widths:
            self._lefts.append(left)
            left += width
        self._right = left
        self._rooms = [width - GAP for width in layout.widths[:-1]] + [layout.widths[-1]]
        self._cells = [
            wrapped(c.heading, room, layout.size, bold=True) for c, room in zip(columns, self._rooms, strict=True)
        ]
        self._heading_height = max(len(lines) for lines in self._cells) * layout.size * LEADING + 4

    def start(self) -> None:
        """The headings; on a new page when fewer than three rows would follow them."""
        if self.pages.room < self._heading_height + 4 * self.row:
            self.pages.new_page()
        self._place_headings()

    def add(self, block: Sequence[PaperLine]) -> None:
        """Lines that stand on one page together."""
        prepared = [(line, self._wrap(line)) for line in block]
        height = sum(self._height(cells) for _, cells in prepared)
        if height + (self.row if self.forward else 0) > self.pages.room:
            self._break()
        for line, cells in prepared:
            if self._height(cells) > self.pages.room:
                self._break()
            self._place(line, cells)

    def _break(self) -> None:
        if self.forward:
            line = self.forward[0]()
            self._place(line, self._wrap(line))
        self.pages.new_page()
        self._place_headings()
        if self.forward:
            line = self.forward[1]()
            self._place(line, self._wrap(line))

    def _wrap(self, line: PaperLine) -> tuple[tuple[str, ...], ...]:
        size = self.layout.size
        cells = []
        for index, text in enumerate(line.texts):
            room = self._rooms[index] - (INDENT * line.level if index == 0 else 0)
            room += sum(self.layout.widths[index + 1 : _reach(self.columns, line, index)])
            # measured only when it may be too long: no character is wider than the font's size
            rows = (text,) if len(text) * size <= room else wrapped(text, max(room, size), size, bold=line.is_bold)
            cells.append(rows if len(rows) <= LONGEST_CELL else (*rows[: LONGEST_CELL - 1], "…"))
        return tuple(cells)

    def _height(self, cells: tuple[tuple[str, ...], ...]) -> float:
        most = max(len(rows) for rows in cells)
        return self.row + (most - 1) * self.layout.size * LEADING

    def _place_headings(self) -> None:
        def draw(canvas: Canvas, top: float) -> None:
            size = self.layout.size
            canvas.setFont(BOLD, size)
            for index, rows in enumerate(self._cells):
                first = top - self._heading_height + 4 + (len(rows) - 1) * size * LEADING
                for number, text in enumerate(rows):
                    self._draw_text(canvas, index, first - number * size * LEADING, text, 0, True)
            canvas.setLineWidth(0.8)
            canvas.setStrokeGray(0)
            canvas.line(MARGIN, top - self._heading_height, self._right, top - self._heading_height)

        self.pages.place(self._heading_height, draw)

    def _place(self, line: PaperLine, cells: tuple[tuple[str, ...], ...]) -> None:
        height = self._height(cells)

        def draw(canvas: Canvas, top: float) -> None:
            size = self.layout.size
            canvas.setFont(BOLD if line.is_bold else REGULAR, size)
            for index, rows in enumerate(cells):
                for number, text in enumerate(rows):
                    if text:
                        self._draw_text(
                            canvas, index, top - size - 2 - number * size * LEADING, text, line.level, line.is_bold
                        )
            canvas.setLineWidth(0.25)
            canvas.setStrokeGray(0 if line.rule_below else HAIRLINE_GREY)
            canvas.line(MARGIN, top - height, self._right, top - height)
            if line.rule_above:
                canvas.setLineWidth(0.6)
                canvas.setStrokeGray(0)
                canvas.line(MARGIN, top, self._right, top)
            if line.bookmark:
                key = f"{line.bookmark}-{canvas.getPageNumber()}-{top:.0f}"
                canvas.bookmarkHorizontal(key, 0, top)
                canvas.addOutlineEntry(line.bookmark, key, 1, True)

        self.pages.place(height, draw)

    def _draw_text(self, canvas: Canvas, index: int, base: float, text: str, level: int, bold: bool) -> None:
        if self.columns[index].is_right:
            right = self._lefts[index] + self._rooms[index]
            figure = without_blanks(text)
            if figure != text:
                right -= text_width(text, self.layout.size, bold=bold) - text_width(figure, self.layout.size, bold=bold)
            canvas.drawRightString(right, base, figure)
        else:
            canvas.drawString(self._lefts[index] + (INDENT * level if index == 0 else 0), base, text)
