"""The grid that every table of the program is drawn in: fixed row height, statuses as icon and words, copy as a spreadsheet wants it."""

import atexit
from collections.abc import Callable, Sequence
from functools import cache

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QHelpEvent, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QWidget,
)

from erp_desktop.views.widgets.asking import announcements
from erp_desktop.views.widgets.cells import CellKind, TableColumn, copied
from erp_desktop.views.widgets.icons import icon_pixmap
from erp_desktop.views.widgets.list_model import BOLD_ROLE, KIND_ROLE, LEVEL_ROLE, LOADING_ROLE, VALUE_ROLE
from erp_desktop.views.widgets.selected_rows import MOST_COPIED, Parcel, merged, packed, too_many_to_copy
from erp_desktop.views.widgets.statuses import status_look, status_text
from erp_desktop.views.widgets.theme import ROW_HEIGHT, current_theme

Index = QModelIndex | QPersistentModelIndex

_CELL_MARGIN = 10
_INDENT = 16
LEAST_WORDS = 128  # of a column that stretches; where there is less, the table is scrolled


def stretch_or_scroll(view: QTableView, stretches: Sequence[bool]) -> None:
    """The columns that stretch take the room that the others leave, but never less than words need."""
    heads, shown = view.horizontalHeader(), [place for place in range(len(stretches)) if not view.isColumnHidden(place)]
    stretching = [place for place in shown if stretches[place]]
    others = sum(heads.sectionSize(place) for place in shown if not stretches[place])
    has_room = view.viewport().width() - others >= LEAST_WORDS * len(stretching)
    mode = QHeaderView.ResizeMode.Stretch if has_room else QHeaderView.ResizeMode.Interactive
    for place in stretching:
        heads.setSectionResizeMode(place, mode)
        if not has_room:
            view.setColumnWidth(place, LEAST_WORDS)


class CellDelegate(QStyledItemDelegate):
    """Draws what the style cannot: a status as icon and word on its tint, a bar where a row is still on its way."""

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        """The whole text as a tooltip, where the cell shows only the start of it."""
        text = str(index.data() or "")
        room: QRect = option.rect
        if text and view.fontMetrics().horizontalAdvance(text) > room.width() - 2 * _CELL_MARGIN:
            QToolTip.showText(event.globalPos(), text, view)
            return True
        QToolTip.hideText()
        return False

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        if index.data(BOLD_ROLE):
            option.font.setWeight(QFont.Weight.DemiBold)
        level = index.data(LEVEL_ROLE)
        if level and index.column() == 0:
            option.rect.adjust(level * _INDENT, 0, 0, 0)
        if index.data(KIND_ROLE) == CellKind.STATUS:
            option.text = ""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        if index.data(LOADING_ROLE):
            self._paint_bar(painter, option, index)
        elif index.data(KIND_ROLE) == CellKind.STATUS:
            status = index.data(VALUE_ROLE)
            if status:
                paint_status(painter, option.rect, str(status), option.font)

    def _paint_bar(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        room = option.rect.adjusted(_CELL_MARGIN, 0, -_CELL_MARGIN, 0)
        share = 0.45 + 0.1 * ((index.row() * 7 + index.column() * 3) % 5)
        bar = QRectF(room.x(), room.center().y() - 4, room.width() * share, 8)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current_theme().color("placeholder"))
        painter.drawRoundedRect(bar, 4, 4)
        painter.restore()


def paint_status(painter: QPainter, room: QRect, status: str, font: QFont) -> None:
    """A status in `room`: icon and word in the status's colour on its tint."""
    look, theme = status_look(status), current_theme()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(font)
    word = status_text(status)
    widest = max(room.width() - 2 * _CELL_MARGIN, 0)
    width = min(painter.fontMetrics().horizontalAdvance(word) + 34, widest)
    height = min(24, room.height() - 6)
    chip = QRect(room.x() + _CELL_MARGIN - 2, room.center().y() - height // 2 + 1, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(f"{look.tone}_tint"))
    painter.drawRoundedRect(chip, 4, 4)
    ratio = painter.device().devicePixelRatioF()
    drawing = icon_pixmap(look.icon, theme.tokens[look.tone], 14, ratio)
    painter.drawPixmap(chip.x() + 7, chip.center().y() - 6, drawing)
    painter.setPen(theme.color(look.tone))
    text_room = chip.adjusted(26, 0, -6, 0)
    shown = painter.fontMetrics().elidedText(word, Qt.TextElideMode.ElideRight, text_room.width())
    painter.drawText(text_room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    painter.restore()


class TableView(QTableView):
    """The shared grid. Enter or a double click opens a row; Ctrl+C copies raw values, Ctrl+Shift+C with the headings."""

    row_opened = Signal(int)
    copied_rows = Signal(int)  # how many rows went to the clipboard

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[TableColumn, ...] = ()
        self.copies_unread: Callable[[bool], bool] | None = (
            None  # copies with or without headings what must be read first
        )
        self.setItemDelegate(CellDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setCornerButtonEnabled(False)
        rows = self.verticalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(20)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        heads = self.horizontalHeader()
        heads.setHighlightSections(False)
        heads.setSectionsMovable(True)
        heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        heads.setMinimumSectionSize(40)
        heads.setFixedHeight(34)
        heads.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.doubleClicked.connect(lambda index: self.row_opened.emit(index.row()))

    def setModel(self, model: QAbstractItemModel | None) -> None:
        """The heading looks at no selection: with a million rows selected it would ask for each of them at every paint."""
        super().setModel(model)
        if model is not None:
            self.horizontalHeader().setSelectionModel(QItemSelectionModel(model, self.horizontalHeader()))

    def lay_out(self, columns: tuple[TableColumn, ...]) -> None:
        """Gives the columns their widths: by kind, never by measuring cells."""
        self._columns = columns
        for number, column in enumerate(columns):
            if not column.stretches:
                self.horizontalHeader().setSectionResizeMode(number, QHeaderView.ResizeMode.Interactive)
                self.setColumnWidth(number, column.width or column.kind.default_width)
        self.arrange()

    def arrange(self) -> None:
        """Shares the room among the columns."""
        stretch_or_scroll(self, [column.stretches for column in self._columns])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        control = Qt.KeyboardModifier.ControlModifier
        shift = Qt.KeyboardModifier.ShiftModifier
        with_keys = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() in (keys.Key_Return, keys.Key_Enter) and not with_keys and self.currentIndex().isValid():
            self.row_opened.emit(self.currentIndex().row())
        elif event.key() == keys.Key_C and with_keys in (control, control | shift):
            self.copy_rows(with_headings=bool(with_keys & shift))
        else:
            super().keyPressEvent(event)

    def selected_ranges(self) -> list[tuple[int, int]]:
        """First and last row of each selected range, from top to bottom."""
        selection = self.selectionModel()
        chosen = list(selection.selection().toList()) if selection else []
        return list(merged((part.top(), part.bottom()) for part in chosen))

    def selected_count(self) -> int:
        """How many rows are selected, those too that are not read yet."""
        return sum(last - first + 1 for first, last in self.selected_ranges())

    def columns_shown(self) -> list[int]:
        """The columns from left to right."""
        heads = self.horizontalHeader()
        columns = [heads.logicalIndex(place) for place in range(heads.count())]
        return [column for column in columns if not self.isColumnHidden(column)]

    def selected_rows(self, most: int = MOST_COPIED) -> list[int]:
        """The selected rows from top to bottom, at most so many."""
        rows: dict[int, None] = {}
        for first, last in self.selected_ranges():
            rows.update(dict.fromkeys(range(first, min(last, first + most - len(rows) - 1) + 1)))
        return sorted(rows)

    def copy_rows(self, *, with_headings: bool) -> None:
        """Puts the selected rows on the clipboard as tab-separated text and as an HTML table, columns as they stand."""
        count = self.selected_count()
        if count > MOST_COPIED:
            announcements().refused.emit(too_many_to_copy(count))
            return
        if not count or (self.copies_unread is not None and self.copies_unread(with_headings)):
            return
        model, columns = self.model(), self.columns_shown()
        headings = (str(model.headerData(column, Qt.Orientation.Horizontal) or "") for column in columns)
        lines = []
        for row in self.selected_rows():
            cells = (model.index(row, column) for column in columns)
            lines.append([copied(cell.data(VALUE_ROLE), cell.data(KIND_ROLE) or CellKind.TEXT) for cell in cells])
        self.put_on_clipboard(packed(list(headings) if with_headings else [], lines))

    def put_on_clipboard(self, rows: Parcel) -> None:
        """Rows for a spreadsheet or a letter."""
        parcel = QMimeData()
        parcel.setText(rows.text)
        parcel.setHtml(rows.html)
        QApplication.clipboard().setMimeData(parcel)
        _leave_plain_text_at_the_end()
        self.copied_rows.emit(rows.count)


@cache
def _leave_plain_text_at_the_end() -> None:
    """At the end of the program plain text takes the place of our parcel, which would outlive its interpreter."""

    def leave_text() -> None:
        if QApplication.instance() is not None:
            clipboard = QApplication.clipboard()
            clipboard.setText(clipboard.text())

    atexit.register(leave_text)


class TotalsRow(QWidget):
    """One line under a table with its totals, each under its column."""

    def __init__(self, table: TableView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._texts: dict[int, str] = {}
        self._title = ""
        self.setFixedHeight(ROW_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        table.horizontalHeader().sectionResized.connect(lambda *_: self.update())
        table.horizontalHeader().sectionMoved.connect(lambda *_: self.update())
        table.horizontalScrollBar().valueChanged.connect(lambda _: self.update())

    def show_totals(self, title: str, texts: dict[int, str]) -> None:
        """`title` at the left, `texts` by column number."""
        self._title, self._texts = title, texts
        heads = self._table.model()
        spoken = [f"{heads.headerData(column, Qt.Orientation.Horizontal)} {text}" for column, text in texts.items()]
        self.setAccessibleName(f"{title}: {', '.join(spoken)}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme, heads = current_theme(), self._table.horizontalHeader()
        painter.fillRect(self.rect(), theme.color("window"))
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        left_of_totals = self.width()
        middle = Qt.AlignmentFlag.AlignVCenter
        for column, text in self._texts.items():
            if self._table.isColumnHidden(column):
                continue
            x, width = heads.sectionViewportPosition(column), heads.sectionSize(column)
            needed = painter.fontMetrics().horizontalAdvance(text) + 2 * _CELL_MARGIN
            room = QRect(min(x, x + width - needed), 0, max(width, needed), self.height())
            left_of_totals = min(left_of_totals, room.x())
            painter.drawText(
                room.adjusted(_CELL_MARGIN, 0, -_CELL_MARGIN, 0), middle | Qt.AlignmentFlag.AlignRight, text
            )
        title_room = QRect(_CELL_MARGIN, 0, max(left_of_totals - 2 * _CELL_MARGIN, 0), self.height())
        painter.drawText(title_room, middle | Qt.AlignmentFlag.AlignLeft, self._title)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()


__all__ = ["CellDelegate", "TableView", "TotalsRow", "paint_status"]
