"""One line across a page that something needs attention: icon, sentence, and the buttons that help."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.icons import icon_pixmap, set_icon
from erp_desktop.views.widgets.theme import current_theme, theme_keeper

_ICONS = {"late": "cross", "warning": "triangle"}


class Banner(QWidget):
    """Hidden until `show_sentence`; the cross at its end hides it again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bannerBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._tone = "warning"
        self._picture, self.sentence = QLabel(), QLabel()
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
        theme_keeper().changed.connect(self._draw)
        self.hide()

    def show_sentence(
        self, tone: str, sentence: str, buttons: tuple[tuple[str, Callable[[], object]], ...] = ()
    ) -> None:
        """Shows `sentence` in the tone "late" (something failed) or "warning"."""
        self._tone = tone
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
                old.deleteLater()
        for text, action in buttons:
            button = QPushButton(text)
            button.clicked.connect(lambda _checked=False, action=action: action())
            self._buttons.addWidget(button)
        self._draw()
        self.show()

    def _name_close(self) -> None:
        self.close_button.setAccessibleName(translate("Banner", "Close this message"))
        self.close_button.setToolTip(translate("Banner", "Close this message"))

    def _draw(self) -> None:
        color = current_theme().tokens[self._tone]
        self._picture.setPixmap(icon_pixmap(_ICONS.get(self._tone, "info"), color, 20))
