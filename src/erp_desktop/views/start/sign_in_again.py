"""Signing in again at the window: the centre wants to know once more who this is. Work goes on behind it."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.sync.signing_in import PasswordToChange
from erp_desktop.views.start.choose_password import ChoosePassword
from erp_desktop.views.widgets.asking import Failure, when_done
from erp_desktop.views.widgets.theme import current_theme


class SignInAgain(QDialog):
    """Asks the password of `name` until `sign_in(password)` succeeds or the person thinks better of it."""

    def __init__(
        self,
        name: str,
        company: str,
        sign_in: Callable[[str], "Future[Any]"],
        choose: Callable[[str, str], "Future[Any]"],
        parent: QWidget,
    ) -> None:
        """`choose(old, new)` replaces a password that was given for one time."""
        super().__init__(parent)
        self._sign_in = sign_in
        self._choose = choose
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("SignInAgain", "Sign in again"))
        self.setMinimumWidth(420)
        who = QLabel(translate("SignInAgain", "Password of {name} at {company}").format(name=name, company=company))
        who.setWordWrap(True)
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        who.setBuddy(self.password)
        self.password.setAccessibleName(who.text())
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.setStyleSheet(f"color: {current_theme().color('late').name()}")
        self.trouble.hide()
        buttons = QDialogButtonBox()
        self.sign_in_button = buttons.addButton(
            translate("SignInAgain", "Sign in"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        buttons.addButton(translate("SignInAgain", "Not now"), QDialogButtonBox.ButtonRole.RejectRole)
        self.sign_in_button.setDefault(True)
        buttons.accepted.connect(self._ask)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(10)
        for widget in (who, self.password, self.trouble, buttons):
            layout.addWidget(widget)
        self.password.setFocus()

    def _ask(self) -> None:
        if not self.password.text():
            self._say(translate("SignInAgain", "Type your password."))
            return
        self._say("")
        self.sign_in_button.setEnabled(False)
        self.password.setReadOnly(True)
        when_done(self._sign_in(self.password.text()), self, lambda _done: self.accept(), self._refused, self._failed)

    def _refused(self, refused: Refused) -> None:
        self._say(refused.problem.sentence)
        if refused.code == PasswordToChange.code:
            dialog = ChoosePassword(refused.problem.sentence, self.password.text(), self._choose, self)
            dialog.accepted.connect(lambda: self._sign_in_with(dialog.new.text()))
            dialog.open()

    def _sign_in_with(self, password: str) -> None:
        self.password.setText(password)
        self._ask()

    def _failed(self, failure: Failure) -> None:
        text = translate("SignInAgain", "This did not work; nothing was changed. For support: {reference}.")
        self._say(text.format(reference=failure.reference))

    def _say(self, sentence: str) -> None:
        self.sign_in_button.setEnabled(True)
        self.password.setReadOnly(False)
        self.password.setFocus()
        self.password.selectAll()
        self.trouble.setText(sentence)
        self.trouble.setVisible(bool(sentence))
        self.adjustSize()
