"""One line across a page that something needs attention: icon, sentence, and the buttons that help."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget
from shiboken6 import isValid

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.icons import set_icon
from erp_desktop.views.widgets.picture import Picture

_ICONS = {"late": "cross", "warning": "triangle"}


class Banner(QWidget):
    """Hidden until `show_sentence`; the cross at its end hides it again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bannerBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._had_keyboard: QWidget | None = None
        self._picture, self.sentence = Picture(20), QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = QHBoxLayout()
        self.close_button = QToolButton()
        set_icon(self.close_button, "close")
        self.close_button.clicked.connect(self.hide)
        self._name_close()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 4, 8, 4)
        layout.addWidget(self._picture)
        layout.addWidget(self.sentence, 1)
        layout.addLayout(self._buttons)
        layout.addWidget(self.close_button)
        self.hide()

    def show_sentence(
        self, tone: str, sentence: str, buttons: tuple[tuple[str, Callable[[], object]], ...] = ()
    ) -> None:
        """Shows `sentence` in the tone "late" (something failed) or "warning"."""
        self._name_close()
        self.setProperty("tone", tone)
        for widget in (self, self.sentence):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self.sentence.setText(sentence)
        self.setAccessibleName(sentence)
        while (item := self._buttons.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for text, action in buttons:
            button = QPushButton(text)
            button.setAutoDefault(True)  # Enter presses it
            button.clicked.connect(lambda _checked=False, action=action: action())
            self._buttons.addWidget(button)
        self._picture.show_icon(_ICONS.get(tone, "info"), tone)
        self.show()

    def take_keyboard(self) -> None:
        """The first button has the keyboard until the banner goes; then it is back where it was."""
        item = self._buttons.itemAt(0)
        button = item.widget() if item is not None else None
        if button is not None:
            self._had_keyboard = QApplication.focusWidget()
            button.setFocus()

    def setVisible(self, visible: bool) -> None:
        """Going, it gives the keyboard back to what had it."""
        focus = QApplication.focusWidget()
        if not visible and focus is not None and self.isAncestorOf(focus):
            before = self._had_keyboard
            back = before if before is not None and isValid(before) and before.isVisible() else self.parentWidget()
            if back is not None:
                back.setFocus()
        super().setVisible(visible)

    def _name_close(self) -> None:
        self.close_button.setAccessibleName(translate("Banner", "Close this message"))
        self.close_button.setToolTip(translate("Banner", "Close this message"))
