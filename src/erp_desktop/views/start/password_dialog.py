"""A small window that asks a password and stays until the answer is yes: what both such windows look like and say."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.views.widgets.asking import Failure
from erp_desktop.views.widgets.theme import current_theme


class PasswordDialog(QDialog):
    """Words, fields, what went wrong, and two buttons. Subclasses fill `form`, and ask in `_go`."""

    def __init__(self, title: str, words: str, do_it: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(440)
        self.words = QLabel(words)
        self.words.setWordWrap(True)
        self.words.setVisible(bool(words))
        self.form = QVBoxLayout()
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.setStyleSheet(f"color: {current_theme().color('late').name()}")
        self.trouble.hide()
        buttons = QDialogButtonBox()
        self.do_button: QPushButton = buttons.addButton(do_it, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(translate("PasswordDialog", "Not now"), QDialogButtonBox.ButtonRole.RejectRole)
        self.do_button.setDefault(True)
        buttons.accepted.connect(self._go)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(self.words)
        layout.addLayout(self.form)
        layout.addWidget(self.trouble)
        layout.addWidget(buttons)

    def _go(self) -> None:
        raise NotImplementedError

    def _first_field(self) -> QLineEdit:
        """Where the keyboard goes when something unexpected happened."""
        raise NotImplementedError

    def _refused(self, refused: Refused) -> None:
        self._say(refused.problem.sentence, self._first_field())

    def _failed(self, failure: Failure) -> None:
        text = translate("PasswordDialog", "This did not work; nothing was changed. For support: {reference}.")
        self._say(text.format(reference=failure.reference), self._first_field())

    def _say(self, sentence: str, field: QLineEdit | None) -> None:
        self.do_button.setEnabled(True)
        self.trouble.setText(sentence)
        self.trouble.setVisible(bool(sentence))
        if field is not None:
            field.setFocus()
            field.selectAll()
        self.adjustSize()
