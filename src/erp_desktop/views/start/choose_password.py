"""Choosing one's own password: twice the same, and not shorter than the centre takes."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.views.widgets.asking import Failure, when_done
from erp_desktop.views.widgets.theme import current_theme

SHORTEST = 8  # what the centre takes


class ChoosePassword(QDialog):
    """Calls `choose(old, new)` until it succeeds or the person thinks better of it; the dialog is accepted then.

    With `old` None the old one is asked for too.
    """

    def __init__(
        self, why: str, old: str | None, choose: Callable[[str, str], "Future[Any]"], parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self._old = old
        self._choose = choose
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("ChoosePassword", "Choose a password"))
        self.setMinimumWidth(440)
        words = QLabel(why)
        words.setWordWrap(True)
        words.setVisible(bool(why))
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
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.setStyleSheet(f"color: {current_theme().color('late').name()}")
        self.trouble.hide()
        buttons = QDialogButtonBox()
        self.do_button = buttons.addButton(
            translate("ChoosePassword", "Use this password"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        buttons.addButton(translate("ChoosePassword", "Not now"), QDialogButtonBox.ButtonRole.RejectRole)
        self.do_button.setDefault(True)
        buttons.accepted.connect(self._go)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(words)
        layout.addLayout(form)
        layout.addWidget(self.trouble)
        layout.addWidget(buttons)
        (self.old if old is None else self.new).setFocus()

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

    def _failed(self, failure: Failure) -> None:
        text = translate("ChoosePassword", "This did not work; nothing was changed. For support: {reference}.")
        self._say(text.format(reference=failure.reference), self.new)

    def _say(self, sentence: str, field: QLineEdit | None) -> None:
        self.do_button.setEnabled(True)
        self.trouble.setText(sentence)
        self.trouble.setVisible(bool(sentence))
        if field is not None:
            field.setFocus()
            field.selectAll()
        self.adjustSize()
