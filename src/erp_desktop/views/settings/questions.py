"""Questions before something that other people feel: what it is, what happens, and a button that says it."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.asking import say

LEAST_WIDTH = 440


class Question(QDialog):
    """Calls `do_it` if the person means it. Escape goes back."""

    def __init__(self, title: str, what_happens: str, verb: str, do_it: Callable[[], object], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(LEAST_WIDTH)
        self.words = QLabel(what_happens)
        self.words.setWordWrap(True)
        buttons = QDialogButtonBox(self)
        self.do_button = buttons.addButton(verb, QDialogButtonBox.ButtonRole.AcceptRole)
        self.back_button = buttons.addButton(translate("Question", "Go back"), QDialogButtonBox.ButtonRole.RejectRole)
        self.back_button.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.accepted.connect(do_it)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(self.words)
        layout.addWidget(buttons)


class ToldOnce(QDialog):
    """A password that was made up: shown once, to be told to the person whose it is."""

    def __init__(self, who: str, password: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("ToldOnce", "One-time password"))
        self.setMinimumWidth(LEAST_WIDTH)
        words = QLabel(
            translate(
                "ToldOnce",
                "Tell {name} this password. It is good for one thing: signing in and choosing one of their own. It is shown "
                "only now and kept nowhere.",
            ).format(name=who)
        )
        words.setWordWrap(True)
        self.password = QLineEdit(password)
        self.password.setReadOnly(True)
        words.setBuddy(self.password)
        self.password.setAccessibleName(translate("ToldOnce", "One-time password"))
        copy = QPushButton(translate("ToldOnce", "Copy"))
        copy.setAutoDefault(False)
        copy.clicked.connect(self._copy)
        row = QHBoxLayout()
        row.addWidget(self.password, 1)
        row.addWidget(copy)
        buttons = QDialogButtonBox(self)
        self.done_button = buttons.addButton(
            translate("ToldOnce", "I have told them"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        buttons.accepted.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(words)
        layout.addLayout(row)
        layout.addWidget(buttons)
        self.password.selectAll()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.password.text())
        say(translate("ToldOnce", "The password is on the clipboard."))
