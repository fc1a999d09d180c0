"""Before a backup takes the place of an office's books: what it is, what happens to whom, and the person's password."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from uuid import UUID

from PySide6.QtWidgets import QLineEdit, QWidget

from erp_desktop.backup_file import Contents
from erp_desktop.i18n import translate
from erp_desktop.reports.numbers_format import format_instant
from erp_desktop.views.start.password_dialog import PasswordDialog
from erp_desktop.views.widgets.asking import when_done

WIDTH, MARGINS = 600, 40  # several paragraphs, and what is left free beside them


class RestoreQuestion(PasswordDialog):
    """Asks until `begin(password)` succeeds, which answers the number of the restore, or the person thinks better of it."""

    def __init__(
        self,
        backup: Path,
        contents: Contents,
        begin: Callable[[str], "Future[UUID]"],
        go_on: Callable[[UUID], object],
        parent: QWidget,
    ) -> None:
        words = translate(
            "RestoreQuestion",
            "{file} was made on {moment}, of {company}.\n\nEverything at the central service becomes as it was then, for "
            "everybody. Before that, the books of now are kept in a file beside this one. Every computer fetches the data "
            "anew and gives back what was done on it since; documents that are done again may get other numbers. Users and "
            "their roles become those of then; passwords, computers and who is signed in stay as they are.\n\nType your "
            "password to go on.",
        )
        (company,) = contents.companies
        shown = words.format(
            file=backup.name, moment=format_instant(contents.made_at.astimezone()), company=company.get("name", "")
        )
        title, verb = translate("Backups", "Restore this backup?"), translate("Backups", "Restore")
        super().__init__(title, shown, verb, parent)
        self.setMinimumWidth(WIDTH)
        self.words.ensurePolished()
        self.words.setMinimumHeight(self.words.heightForWidth(WIDTH - MARGINS))
        self._begin = begin
        self._go_on = go_on
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setAccessibleName(translate("RestoreQuestion", "Your password"))
        self.password.setPlaceholderText(translate("RestoreQuestion", "Your password"))
        self.form.addWidget(self.password)
        self.do_button.setEnabled(False)
        self.password.textChanged.connect(lambda typed: self.do_button.setEnabled(bool(typed)))
        self.password.setFocus()

    def _first_field(self) -> QLineEdit:
        return self.password

    def _go(self) -> None:
        self._say("", self.password)
        self.do_button.setEnabled(False)
        when_done(self._begin(self.password.text()), self, self._has_begun, self._refused, self._failed)

    def _has_begun(self, restore_id: UUID) -> None:
        self.accept()
        self._go_on(restore_id)
