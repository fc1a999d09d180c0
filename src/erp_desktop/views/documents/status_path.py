"""The whole way that a document goes, from left to right: steps done, the present one filled, later ones outlined."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.icons import icon_pixmap
from erp_desktop.views.widgets.statuses import status_look, status_text
from erp_desktop.views.widgets.theme import CAPTION_PX, current_theme, sized_font

_HEIGHT, _GAP, _MARGIN, _ICON, _RADIUS = 26, 18, 10, 14, 4


class StatusPath(QWidget):
    """Draws the steps; a screen reader hears the present one and how many there are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[str, ...] = ()
        self._present = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)

    @property
    def present(self) -> str:
        """The state that stands out."""
        return self._present

    def show_path(self, steps: tuple[str, ...], present: str) -> None:
        """`steps` is the usual way; a state beside it (cancelled) is shown alone."""
        self._steps = steps if present in steps else (present,)
        self._present = present
        number = self._steps.index(present) + 1
        text = translate("StatusPath", "Status: {status}, step {number} of {count}")
        self.setAccessibleName(text.format(status=status_text(present), number=number, count=len(self._steps)))
        self.setToolTip(self.accessibleName())
        self.setFixedWidth(self.sizeHint().width())
        self.update()

    def sizeHint(self) -> QSize:
        widths = [self._width(step) for step in self._steps]
        return QSize(sum(widths) + _GAP * max(len(widths) - 1, 0) + 2, _HEIGHT)

    def _font(self, step: str) -> QFont:
        return sized_font(self.font(), CAPTION_PX, bold=step == self._present)

    def _width(self, step: str) -> int:
        words = QFontMetrics(self._font(step)).horizontalAdvance(status_text(step))
        return words + 2 * _MARGIN + (_ICON + 5 if self._is_past(step) or step == self._present else 0)

    def _is_past(self, step: str) -> bool:
        return self._steps.index(step) < self._steps.index(self._present)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = current_theme()
        x = 1.0
        for number, step in enumerate(self._steps):
            width = self._width(step)
            box = QRectF(x, 1, width - 2, _HEIGHT - 2)
            look = status_look(step)
            if step == self._present:
                painter.setPen(QPen(theme.color(look.tone), 1))
                painter.setBrush(theme.color(f"{look.tone}_tint"))
                color = theme.tokens[look.tone]
            else:
                painter.setPen(QPen(theme.color("hairline"), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                color = theme.tokens["secondary"]
            painter.drawRoundedRect(box, _RADIUS, _RADIUS)
            left = x + _MARGIN
            if step == self._present or self._is_past(step):
                name = look.icon if step == self._present else "check"
                picture = icon_pixmap(name, color, _ICON, self.devicePixelRatioF())
                painter.drawPixmap(QPointF(left, (_HEIGHT - _ICON) / 2), picture)
                left += _ICON + 5
            painter.setFont(self._font(step))
            painter.setPen(color)
            painter.drawText(
                QRectF(left, 0, width, _HEIGHT),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                status_text(step),
            )
            x += width
            if number < len(self._steps) - 1:
                arrow = icon_pixmap("chevron_right", theme.tokens["secondary"], _ICON, self.devicePixelRatioF())
                painter.drawPixmap(QPointF(x + (_GAP - _ICON) / 2 - 1, (_HEIGHT - _ICON) / 2), arrow)
            x += _GAP

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.update()
