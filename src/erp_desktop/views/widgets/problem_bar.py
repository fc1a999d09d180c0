"""All problems of a form in one bar, each a link to its field."""

from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.picture import Picture
from erp_desktop.views.widgets.theme import current_theme

_BESIDE, _LEAST = 4, 24  # of the words in a link: the room beside them, and the height of one line


class _Link(QPushButton):
    """A sentence to press. It goes on over several lines where the page is too narrow for it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width: int) -> int:
        room = QRect(0, 0, width - 2 * _BESIDE, 10_000)
        return max(self.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, self.text()).height() + 4, _LEAST)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2 * _BESIDE + 2, _LEAST)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, _LEAST)

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        font = self.font()
        font.setUnderline(self.hasFocus() or self.underMouse())
        painter.setFont(font)
        painter.setPen(QColor(current_theme().tokens["accent"]))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(self.rect().adjusted(_BESIDE, 0, -_BESIDE, 0), flags, self.text())


class ProblemBar(QWidget):
    """Hidden while nothing is wrong."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bannerBar")
        self.setProperty("tone", "late")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._picture, self.heading = Picture(20), QLabel()
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.heading)
        column.addLayout(self._lines)
        layout.addLayout(column, 1)
        self._picture.show_icon("triangle", "late")
        self.hide()

    def show_problems(self, problems: list[tuple[str, Callable[[], object] | None]]) -> None:
        """Each problem is its sentence and what takes the person there (None: it belongs to no field)."""
        while (item := self._lines.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.deleteLater()
        for sentence, go in problems:
            line: QWidget
            if go is None:
                line = QLabel(sentence)
                line.setWordWrap(True)
                line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            else:
                line = _Link(sentence)
                line.setAutoDefault(True)  # Enter presses it
                line.setProperty("link", True)
                line.setAccessibleName(sentence)
                line.clicked.connect(lambda _checked=False, go=go: go())
            self._lines.addWidget(line)
        linked = any(go is not None for _, go in problems)
        self.heading.setText(translate("ProblemBar", "Please put right (F8: next)") if linked else "")
        self.heading.setVisible(linked)
        self.setAccessibleName(" ".join(sentence for sentence, _ in problems))
        self.setVisible(bool(problems))

    def say_nothing_typed(self, start: Callable[[], object]) -> None:
        """A form that is saved before anything was typed; `start` takes the person to where typing begins."""
        text = translate("ProblemBar", "Nothing is typed here yet, so there is nothing to save.")
        self.show_problems([(text, start)])

    def links(self) -> list[QPushButton]:
        """The problems that lead to a field."""
        widgets = (self._lines.itemAt(number) for number in range(self._lines.count()))
        found = (item.widget() for item in widgets if item is not None)
        return [widget for widget in found if isinstance(widget, QPushButton)]
