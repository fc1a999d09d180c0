"""Choosing one's own password: twice the same, and not shorter than the centre takes."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.views.start.password_dialog import PasswordDialog
from erp_desktop.views.widgets.asking import when_done

SHORTEST = 8  # what the centre takes


class ChoosePassword(PasswordDialog):
    """Calls `choose(old, new)` until it succeeds or the person thinks better of it; the dialog is accepted then.

    With `old` None the old one is asked for too.
    """

    def __init__(
        self, why: str, old: str | None, choose: Callable[[str, str], "Future[Any]"], parent: QWidget | None
    ) -> None:
        super().__init__(
            translate("ChoosePassword", "Choose a password"),
            why,
            translate("ChoosePassword", "Use this password"),
            parent,
        )
        self._old = old
        self._choose = choose
        self.old, self.new, self.again = QLineEdit(), QLineEdit(), QLineEdit()
        form = QFormLayout()
        rows = [
            (translate("ChoosePassword", "New password"), self.new),
            (translate("ChoosePassword", "The same again"), self.again),
        ]
        if old is None:
            rows.insert(0, (translate("ChoosePassword", "Password until now"), self.old))
        for text, field in rows:
            field.setEchoMode(QLineEdit.EchoMode.Password)
            field.setAccessibleName(text)
            form.addRow(text, field)
        self.form.addLayout(form)
        self._first_field().setFocus()

    def _first_field(self) -> QLineEdit:
        return self.old if self._old is None else self.new

    def _go(self) -> None:
        new = self.new.text()
        if len(new) < SHORTEST:
            self._say(translate("ChoosePassword", "A password has 8 characters or more."), self.new)
        elif new != self.again.text():
            self._say(translate("ChoosePassword", "The two are not the same. Type the new one twice."), self.again)
        else:
            self._say("", None)
            self.do_button.setEnabled(False)
            old = self.old.text() if self._old is None else self._old
            when_done(self._choose(old, new), self, lambda _done: self.accept(), self._refused, self._failed)

    def _refused(self, refused: Refused) -> None:
        is_about_the_old = self._old is None and refused.code == "wrong_password"
        self._say(refused.problem.sentence, self.old if is_about_the_old else self.new)
