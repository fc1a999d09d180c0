"""Signing in again at the window: the centre wants to know once more who this is. Work goes on behind it."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.sync.signing_in import PasswordToChange
from erp_desktop.views.start.choose_password import ChoosePassword
from erp_desktop.views.start.password_dialog import PasswordDialog
from erp_desktop.views.widgets.asking import when_done


class SignInAgain(PasswordDialog):
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
        who = translate("SignInAgain", "Password of {name} at {company}").format(name=name, company=company)
        super().__init__(translate("SignInAgain", "Sign in again"), who, translate("SignInAgain", "Sign in"), parent)
        self._sign_in = sign_in
        self._choose = choose
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.words.setBuddy(self.password)
        self.password.setAccessibleName(who)
        self.form.addWidget(self.password)
        self.password.setFocus()

    def _first_field(self) -> QLineEdit:
        return self.password

    def _go(self) -> None:
        if not self.password.text():
            self._say(translate("SignInAgain", "Type your password."), self.password)
            return
        self._say("", self.password)
        self.do_button.setEnabled(False)
        self.password.setReadOnly(True)
        when_done(self._sign_in(self.password.text()), self, lambda _done: self.accept(), self._refused, self._failed)

    def _refused(self, refused: Refused) -> None:
        super()._refused(refused)
        if refused.code == PasswordToChange.code:
            dialog = ChoosePassword(refused.problem.sentence, self.password.text(), self._choose, self)
            dialog.accepted.connect(lambda: self._sign_in_with(dialog.new.text()))
            dialog.open()

    def _sign_in_with(self, password: str) -> None:
        self.password.setText(password)
        self._go()

    def _say(self, sentence: str, field: QLineEdit | None) -> None:
        self.password.setReadOnly(False)
        super()._say(sentence, field)
