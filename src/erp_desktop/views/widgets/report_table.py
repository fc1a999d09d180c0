"""A section of a report as a table: the figures as every renderer shows them, Enter opening what is behind a row."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QHeaderView, QStyle, QStyleOptionViewItem, QWidget

from erp_desktop.reports.lines import LineKind
from erp_desktop.reports.numbers_format import FIGURE_SPACE, POINT_SPACE, without_blanks
from erp_desktop.reports.report import Link
from erp_desktop.reports.screen import ScreenSection
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.icons import icon
from erp_desktop.views.widgets.list_model import BOLD_ROLE, KIND_ROLE, LEVEL_ROLE, VALUE_ROLE, alignment
from erp_desktop.views.widgets.table_view import CellDelegate, TableView
from erp_desktop.views.widgets.theme import current_theme

Index = QModelIndex | QPersistentModelIndex

_AS_WIDE = str.maketrans({FIGURE_SPACE: "0", POINT_SPACE: "."})  # what the blanks after a figure are drawn as
_NAMES_OF_OTHERS = frozenset({LineKind.GROUP, LineKind.HEADING, LineKind.SUBTOTAL, LineKind.TOTAL})
_MOST_SPREAD = 5_000
_ROWS_MEASURED = 20_000  # the last ones: totals are there
_ROOM, _LEAST_ROOM = 36, 24  # pixels beside a text, and where there is little room
_HEADING_HEIGHT, _SECOND_LINE = 34, 17
_INDENT = 16  # for a level
_NARROWEST, _WIDEST = 132, 290  # of a text, in pixels
_NARROWEST_LABEL = 200  # of the text that names the row


class ReportModel(QAbstractTableModel):
    """The rows of one section; they are all there, nothing is asked for."""

    def __init__(self, section: ScreenSection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.section = section
        self.in_two_lines: tuple[str, ...] = ()  # the headings, where the table has no room for them in one
        self.columns = tuple(
            TableColumn(
                column.name, column.heading, CellKind(column.kind.value), stretches=number == section.label_column
            )
            for number, column in enumerate(section.columns)
        )

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.section.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.section.rows[index.row()], self.columns[index.column()]
        is_label = index.column() == self.section.label_column
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return row.texts[index.column()]
            case Qt.ItemDataRole.TextAlignmentRole:
                return alignment(column.kind)
            case Qt.ItemDataRole.DecorationRole:
                return icon("drill") if is_label and row.link is not None and row.is_bold else None
        values = {
            KIND_ROLE: CellKind.TEXT if column.kind is CellKind.STATUS else column.kind,
            VALUE_ROLE: self.raw(index.row(), index.column()),
            BOLD_ROLE: row.is_bold,
            LEVEL_ROLE: row.level if is_label else 0,
        }
        return values.get(role)

    def raw(self, row: int, column: int) -> str:
        """A cell as a spreadsheet wants it: digits without grouping."""
        text = without_blanks(self.section.rows[row].texts[column])
        return text.replace(",", "") if self.columns[column].kind.stands_right else text

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way == Qt.Orientation.Vertical or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return column.heading
        if role == Qt.ItemDataRole.DisplayRole:
            return self.in_two_lines[section] if self.in_two_lines else column.heading
        return alignment(column.kind) if role == Qt.ItemDataRole.TextAlignmentRole else None


class FigureDelegate(CellDelegate):
    """Keeps decimal points in line: the blanks after a figure count as digits, which the font's own blanks are not."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        if without_blanks(option.text) != option.text:
            option.text = ""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        text = str(index.data() or "")
        figure = without_blanks(text)
        if figure == text:
            return
        drawn = QStyleOptionViewItem(option)
        super().initStyleOption(drawn, index)
        style, widths = drawn.widget.style(), QFontMetricsF(drawn.font)
        blanks = text[len(figure) :]
        beside = sum(widths.horizontalAdvance("." if blank == POINT_SPACE else "0") for blank in blanks)
        margin = style.pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, drawn, drawn.widget) + 1
        room = QRectF(style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, drawn, drawn.widget))
        painter.save()
        painter.setFont(drawn.font)
        painter.setPen(current_theme().color("text"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room.adjusted(0, 0, -margin - beside, 0), right, figure)
        painter.restore()


class ReportTable(TableView):
    """One section. `drilled` carries the Link of the row that was opened."""

    drilled = Signal(object)

    def __init__(self, section: ScreenSection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._needed: list[int] = []
        self._needed_in_two: list[int] = []
        self._in_two_lines: list[str] = []
        self.setItemDelegate(FigureDelegate(self))
        self.row_opened.connect(self._drill)
        self.show_section(section)
        self.setAlternatingRowColors(False)
        self.horizontalHeader().setSectionsMovable(False)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideNone)  # it takes two lines for one

    def show_section(self, section: ScreenSection) -> None:
        """Shows another section in the same table."""
        old = self.model()
        self.report_model = ReportModel(section, self)
        self.setModel(self.report_model)
        if old is not None:
            old.deleteLater()
        self._measure(section, self._spread(section))
        self.lay_out(self.report_model.columns)
        self.setAccessibleName(section.title)

    def _spread(self, section: ScreenSection) -> frozenset[int]:
        """Lets the names of groups and totals use the empty cells beside them; gives the rows where they do."""
        self.clearSpans()
        label, spread = section.label_column, set()
        named = [number for number, row in enumerate(section.rows) if row.kind in _NAMES_OF_OTHERS]
        for number in named[:_MOST_SPREAD]:
            texts = section.rows[number].texts
            reach = next((place for place in range(label + 1, len(texts)) if texts[place]), len(texts)) - label
            if reach > 1:
                self.setSpan(number, label, 1, reach)
                spread.add(number)
        return frozenset(spread)

    def _measure(self, section: ScreenSection, spread: frozenset[int]) -> None:
        """The pixels of each column's longest text, its heading in one line and in two. UTF-8 is about as long as what it says is wide, in either language."""
        self.ensurePolished()
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)  # as totals are
        measure, rows = QFontMetricsF(font), section.rows[-_ROWS_MEASURED:]
        whole = [row for number, row in enumerate(section.rows) if number not in spread][-_ROWS_MEASURED:]
        deepest = max((row.level for row in rows), default=0)
        self._needed, self._needed_in_two, self._in_two_lines = [], [], []
        for place, column in enumerate(section.columns):
            measured = whole if place == section.label_column else rows
            texts = (row.texts[place].translate(_AS_WIDE) for row in measured)
            longest = max(texts, key=lambda text: len(text.encode()), default="")
            indent = _INDENT * deepest if place == section.label_column else 0
            text = measure.horizontalAdvance(longest) + indent
            heading = measure.horizontalAdvance(column.heading)
            halves = column.heading
            if heading > text and self.report_model.columns[place].kind.stands_right:
                halves = min(_halves(column.heading), key=lambda lines: _widest_line(measure, lines))
            self._in_two_lines.append(halves)
            self._needed.append(round(max(text, heading)))
            self._needed_in_two.append(round(max(text, _widest_line(measure, halves))))

    def arrange(self) -> None:
        """Every column gets the room that its longest text needs; what is left goes to the widest words. Where it is not enough,
        first the blanks give way, then headings of figures take two lines, then the words give way; figures are whole. Where that is not enough either, the table is scrolled and
        what names the rows is whole again."""
        room, label = self.viewport().width(), self.report_model.section.label_column
        words = [place for place, column in enumerate(self.report_model.columns) if not column.kind.stands_right]
        widths = self._widths(self._needed, _ROOM, words)
        if sum(widths) > room:
            widths = self._widths(self._needed, _LEAST_ROOM, words)
        is_narrow = sum(widths) > room
        if is_narrow:
            widths = self._widths(self._needed_in_two, _LEAST_ROOM, words)
        self.report_model.in_two_lines = tuple(self._in_two_lines) if is_narrow else ()
        has_two = any("\n" in heading for heading in self.report_model.in_two_lines)
        self.horizontalHeader().setFixedHeight(_HEADING_HEIGHT + _SECOND_LINE * has_two)
        full = widths[label]
        for place in sorted(words, key=lambda place: widths[place], reverse=True):
            narrowest = _NARROWEST_LABEL if place == label else _NARROWEST
            widths[place] = max(widths[place] - max(sum(widths) - room, 0), min(widths[place], narrowest))
        if sum(widths) > room:
            widths[label] = full
        widest = max(words, key=lambda place: widths[place]) if words else -1
        mode, heads = QHeaderView.ResizeMode, self.horizontalHeader()
        for place, width in enumerate(widths):
            has_rest = place == widest and sum(widths) <= room
            heads.setSectionResizeMode(place, mode.Stretch if has_rest else mode.Interactive)
            self.setColumnWidth(place, width)

    @staticmethod
    def _widths(needed: list[int], beside: int, words: list[int]) -> list[int]:
        return [min(text + beside, _WIDEST) if place in words else text + beside for place, text in enumerate(needed)]

    def link_at(self, row: int) -> Link | None:
        """What stands behind a row."""
        return self.report_model.section.rows[row].link

    def _drill(self, row: int) -> None:
        link = self.link_at(row)
        if link is not None:
            self.drilled.emit(link)


def _halves(heading: str) -> list[str]:
    """`heading` as it is, and broken in two at each of its blanks."""
    words = heading.split(" ")
    return [heading, *(f"{' '.join(words[:place])}\n{' '.join(words[place:])}" for place in range(1, len(words)))]


def _widest_line(measure: QFontMetricsF, text: str) -> float:
    return max(measure.horizontalAdvance(line) for line in text.split("\n"))
