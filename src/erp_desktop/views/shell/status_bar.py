"""The line at the bottom: the last message, running jobs, the language."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.shell.jobs import JobTray
from erp_desktop.views.translation import LANGUAGES, current_language
from erp_desktop.views.widgets.icons import set_icon

HEIGHT = 28
_MESSAGE_MS = 15_000


class StatusBar(QWidget):
    """A message stays for 15 seconds, then "Ready" comes back."""

    def __init__(self, jobs: JobTray, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self.message, self.language_button = QLabel(), QToolButton()
        self.message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.language_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.language_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_icon(self.language_button, "language")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 8, 0)
        layout.setSpacing(16)
        layout.addWidget(self.message, 1)
        layout.addWidget(jobs)
        layout.addWidget(self.language_button)
        self._fading = QTimer(self, singleShot=True, interval=_MESSAGE_MS)
        self._fading.timeout.connect(self._ready)
        self.retranslate()

    def say(self, sentence: str) -> None:
        self.message.setText(sentence)
        self._fading.start()

    def _ready(self) -> None:
        self.message.setText(translate("StatusBar", "Ready"))

    def retranslate(self) -> None:
        self._ready()
        self.language_button.setText(LANGUAGES[current_language()])
        self.language_button.setAccessibleName(translate("StatusBar", "Language"))
        self.language_button.setToolTip(translate("StatusBar", "Language"))
