"""All problems of a form in one bar, each a link to its field."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.icons import icon_pixmap
from erp_desktop.views.widgets.theme import current_theme, theme_keeper


class ProblemBar(QWidget):
    """Hidden while nothing is wrong."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bannerBar")
        self.setProperty("tone", "late")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._picture, self.heading = QLabel(), QLabel()
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
        theme_keeper().changed.connect(self._draw)
        self._draw()
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
                line = QPushButton(sentence)
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

    def _draw(self) -> None:
        self._picture.setPixmap(icon_pixmap("triangle", current_theme().tokens["late"], 20))
