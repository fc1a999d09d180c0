"""What stands where rows would be, when there are none: loading, nothing yet, nothing found, or what went wrong."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from erp_desktop.views.widgets.picture import Picture
from erp_desktop.views.widgets.theme import SECTION_PX, sized_font


class StatePage(QWidget):
    """An icon, one sentence, perhaps a second one, and the buttons that help."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture, self.title, self.detail = Picture(40), QLabel(), QLabel()
        for label in (self._picture, self.title, self.detail):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title.setFont(sized_font(self.font(), SECTION_PX, bold=True))
        self.detail.setWordWrap(True)
        self.detail.setProperty("tone", "secondary")
        self._buttons = QHBoxLayout()
        self._buttons.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addStretch(2)
        for item in (self._picture, self.title, self.detail):
            layout.addWidget(item)
        layout.addSpacing(8)
        layout.addLayout(self._buttons)
        layout.addStretch(3)

    def show_state(
        self, icon_name: str, title: str, detail: str = "", buttons: tuple[tuple[str, Callable[[], object]], ...] = ()
    ) -> None:
        """Shows a state; `buttons` are (text, what it does), the first one is the one to take."""
        self._picture.show_icon(icon_name)
        self.title.setText(title)
        self.detail.setText(detail)
        self.detail.setVisible(bool(detail))
        while (item := self._buttons.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.deleteLater()
        for text, action in buttons:
            button = QPushButton(text)
            button.setAutoDefault(True)  # Enter presses it
            button.clicked.connect(lambda _checked=False, action=action: action())
            self._buttons.addWidget(button)
        self.setAccessibleName(title)

    def button(self, number: int = 0) -> QPushButton:
        """The button `number` of the state that is shown."""
        item = self._buttons.itemAt(number)
        found = item.widget() if item is not None else None
        assert isinstance(found, QPushButton)
        return found
