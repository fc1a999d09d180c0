"""The list of causes in Needs attention: for each what was to be done, what it is about, and what happened."""

from datetime import UTC, datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyleOptionViewItem, QToolTip, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.shell.action_titles import action_title
from erp_desktop.views.shell.attention_cases import Case, CasesModel, why
from erp_desktop.views.widgets.cells import CellKind, shown
from erp_desktop.views.widgets.icons import icon_pixmap
from erp_desktop.views.widgets.statuses import status_look
from erp_desktop.views.widgets.table_view import CellDelegate, TableView
from erp_desktop.views.widgets.theme import current_theme

Index = QModelIndex | QPersistentModelIndex

_ROW = 74  # three lines
_LINE = 21
_MARGIN = 10
_ICON = 14


class CaseList(TableView):
    """Enter asks for what helps best, Delete for giving up, a double click for the entry itself."""

    remedy_asked = Signal()

    def __init__(self, model: CasesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.lay_out(model.columns)
        for column in range(1, len(model.columns)):
            self.hideColumn(column)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setItemDelegate(_CaseDelegate(self))
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.setAccessibleName(translate("NeedsAttention", "Needs attention"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.remedy_asked.emit()
        else:
            super().keyPressEvent(event)


class _CaseDelegate(CellDelegate):
    """Three lines: what was to be done and when, what it is known by, what happened."""

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        QToolTip.showText(event.globalPos(), "\n".join(filter(None, self._lines(index)[1:])), view)
        return True

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.text = ""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        case, theme = self._case(index), current_theme()
        since, title, known_by, happened = self._lines(index)
        painter.save()
        look = status_look(case.status)
        left = option.rect.x() + _MARGIN + _ICON + _MARGIN
        first = QRect(left, option.rect.y() + 6, option.rect.right() - left - _MARGIN, _LINE)
        picture = icon_pixmap(look.icon, theme.tokens[look.tone], _ICON, painter.device().devicePixelRatioF())
        painter.drawPixmap(option.rect.x() + _MARGIN, first.center().y() - _ICON // 2 + 1, picture)
        painter.setPen(theme.color("secondary"))
        painter.drawText(first, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, since)
        third = first.translated(0, 2 * _LINE)
        self._write(painter, third, happened)
        painter.setPen(theme.color("text"))
        self._write(painter, first.translated(0, _LINE), known_by)
        font = painter.font()
        font.setWeight(font.Weight.DemiBold)
        taken = painter.fontMetrics().horizontalAdvance(since) + _MARGIN
        painter.setFont(font)
        self._write(painter, first.adjusted(0, 0, -taken, 0), title)
        painter.restore()

    def _write(self, painter: QPainter, room: QRect, text: str) -> None:
        fitting = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, fitting)

    def _lines(self, index: Index) -> tuple[str, str, str, str]:
        """When, and the three lines."""
        case, model = self._case(index), self._model(index)
        title = model.title(case)
        if case.held:
            behind = translate("NeedsAttention", "{what} · waits behind it: {count}")
            title = behind.format(what=title, count=len(case.held))
        known_by = model.members(case) or action_title(case.first.name)
        return _when(case.since), title, known_by, why(case.first)

    def _case(self, index: Index) -> Case:
        return self._model(index).cases[index.row()]

    def _model(self, index: Index) -> CasesModel:
        model = index.model()
        assert isinstance(model, CasesModel)
        return model


def _when(instant: datetime) -> str:
    """The time of today, else the day."""
    here = instant.astimezone()
    is_today = here.date() == datetime.now(UTC).astimezone().date()
    return f"{here:%H:%M}" if is_today else shown(here.date(), CellKind.DATE)
