"""The line under a report that says whether its figures agree with the books."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QWidget

from erp_desktop.reports.screen import ScreenCheck
from erp_desktop.views.widgets.picture import Picture
from erp_desktop.views.widgets.theme import current_theme, theme_keeper

MOST_LINES = 4  # what is longer is scrolled: the figures need the room


class ChecksLine(QScrollArea):
    """Icon and words: what agrees in one line, what does not with both figures; the report's notes after it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._checks: tuple[ScreenCheck, ...] = ()
        self.picture, self.text, self.notes = Picture(16), QLabel(), QLabel()
        for label in (self.text, self.notes):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.notes.setProperty("tone", "secondary")
        self._words = QWidget()
        self._words.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        self.setWidget(self._words)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._row = layout = QHBoxLayout(self._words)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.picture)
        layout.addWidget(self.text, 2)
        layout.addWidget(self.notes, 3)
        theme_keeper().changed.connect(self._draw)
        self.hide()

    def show_checks(self, checks: tuple[ScreenCheck, ...], notes: tuple[str, ...]) -> None:
        self._checks = checks
        wrong = [check.text for check in checks if not check.holds]
        if not checks:
            self.text.setText("")
        else:
            self.text.setText("\n".join(wrong or [check.text for check in checks]))
        self.text.setAccessibleName(self.text.text())
        self.notes.setText("\n".join(notes))
        self.setVisible(bool(checks or notes))
        self._draw()
        self._take_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._take_room()

    def _take_room(self) -> None:
        """As high as its words, up to a limit."""
        row = self._row
        wanted = row.totalHeightForWidth(self.width()) if row.hasHeightForWidth() else row.sizeHint().height()
        self.setFixedHeight(min(wanted, MOST_LINES * self.fontMetrics().lineSpacing()))

    @property
    def holds(self) -> bool:
        """Everything that was checked agrees."""
        return all(check.holds for check in self._checks)

    def _draw(self) -> None:
        tone, name = ("done", "check") if self.holds else ("late", "cross")
        color = current_theme().tokens[tone]
        self.picture.setVisible(bool(self._checks))
        self.picture.show_icon(name, tone)
        self.text.setStyleSheet(f"color: {color};")
