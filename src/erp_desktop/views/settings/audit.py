"""Who did what: every change that was performed or refused, and beside it signing in, ending sessions, passwords, backups."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
)

from erp_desktop.actions.refusals import Problem, Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.views.shell.action_titles import action_title
from erp_desktop.views.widgets.asking import announcements, say, when_done
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.fields import DateField
from erp_desktop.views.widgets.fixed_rows import FixedRows
from erp_desktop.views.widgets.list_screen import PageHeader
from erp_desktop.views.widgets.reading import NotReadable
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.state_page import StatePage
from erp_desktop.views.widgets.table_view import TableView
from erp_desktop.wire import AuditRow, AuditRows

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

EVENTS = {
    "signed_in": QT_TRANSLATE_NOOP("Audit event", "Signed in"),
    "sign_in_failed": QT_TRANSLATE_NOOP("Audit event", "Wrong name or password"),
    "password_changed": QT_TRANSLATE_NOOP("Audit event", "Changed their password"),
    "one_time_password": QT_TRANSLATE_NOOP("Audit event", "Gave a one-time password"),
    "user_sign_out": QT_TRANSLATE_NOOP("Audit event", "Signed a user out everywhere"),
    "device_sign_out": QT_TRANSLATE_NOOP("Audit event", "Signed a computer out"),
    "device_take_out": QT_TRANSLATE_NOOP("Audit event", "Took a computer out"),
    "device_let_in": QT_TRANSLATE_NOOP("Audit event", "Let a computer in again"),
    "backup": QT_TRANSLATE_NOOP("Audit event", "Backed everything up"),
    "refused": QT_TRANSLATE_NOOP("Audit event", "Asked for what only others may"),
}


@dataclass(frozen=True)
class ShownRow:
    """A row as the table shows it."""

    at: datetime
    person: str
    what: str
    subject: str
    outcome: str
    computer: str


class AuditScreen(ScreenView):
    """Asked of the centre, newest first; *Older* goes on. Exported is all that was found, not only what is shown."""

    def __init__(self, desk: "Desk", shell: "MainWindow") -> None:
        super().__init__()
        self._desk = desk
        self._asked = 0  # answers to older questions are not shown
        self._before = ""
        self.file: QFileDialog | None = None
        columns = (
            TableColumn("at", translate("Audit", "When"), CellKind.INSTANT, 150),
            TableColumn("person", translate("Audit", "Who"), width=180),
            TableColumn("what", translate("Audit", "What"), width=220),
            TableColumn("subject", translate("Audit", "To what"), width=160),
            TableColumn("outcome", translate("Audit", "Outcome"), stretches=True),
            TableColumn("computer", translate("Audit", "Computer"), width=150),
        )
        self.header = PageHeader(translate("Audit", "Who did what"), self)
        self.of = QComboBox()
        self.of.addItem(translate("Audit", "Changes"), "changes")
        self.of.addItem(translate("Audit", "Sign-ins, computers, passwords, backups"), "events")
        self.of.setAccessibleName(translate("Audit", "Of what"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(translate("Audit", "Person, code, number"))
        self.search.setAccessibleName(translate("Audit", "Person, code, number"))
        self.search.setClearButtonEnabled(True)
        self.since, self.until = DateField(self), DateField(self)
        narrowing = QHBoxLayout()
        narrowing.addWidget(self.of)
        narrowing.addWidget(self.search, 1)
        for text, field in ((translate("Audit", "From"), self.since), (translate("Audit", "To"), self.until)):
            label = QLabel(text)
            label.setBuddy(field)
            field.setAccessibleName(text)
            narrowing.addWidget(label)
            narrowing.addWidget(field)
        self.model = FixedRows(columns, self)
        self.table = TableView(self)
        self.table.setModel(self.model)
        self.table.lay_out(columns)
        self.table.setAccessibleName(translate("Audit", "Who did what"))
        self.state = StatePage(self)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.table)
        self.pages.addWidget(self.state)
        self.older_button = QPushButton(translate("Audit", "Older"))
        self.older_button.setAutoDefault(True)
        self.older_button.clicked.connect(self.older)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        layout.addWidget(self.header)
        layout.addLayout(narrowing)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.older_button)
        self.do_export = self.add_command("audit.export", translate("Audit", "Export"), self.choose_file, "", "export")
        self.do_refresh = self.add_command(
            "audit.refresh", translate("Audit", "Ask again"), self.refresh, "F5", "refresh"
        )
        self.header.add_button(self.do_export, "export")
        self.header.add_button(self.do_refresh, "refresh")
        self.of.currentIndexChanged.connect(lambda _row: self.refresh())
        for typed_into in (self.search, self.since, self.until):
            typed_into.returnPressed.connect(self.refresh)
        self.setFocusProxy(self.search)
        self.refresh()

    def refresh(self) -> None:
        """The newest of what is asked for."""
        self.model.show_rows(())
        self._ask("", self._show)

    def older(self) -> None:
        """What came before the last row shown."""
        self.older_button.setEnabled(False)
        self._ask(self._before, self._show)

    def choose_file(self) -> None:
        self.file = QFileDialog(self, translate("Audit", "Export who did what"))
        self.file.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.file.setDefaultSuffix("csv")
        self.file.setNameFilter("*.csv")
        self.file.fileSelected.connect(lambda chosen: self.export(Path(chosen)))
        self.file.open()

    def export(self, path: Path) -> None:
        """Write everything that is found into `path`, page after page."""
        found: list[ShownRow] = []

        def take(answer: AuditRows) -> None:
            found.extend(map(_shown, answer.rows))
            if answer.before:
                self._ask(answer.before, take)
            else:
                self._write(path, found)

        self._ask("", take)

    def _write(self, path: Path, rows: list[ShownRow]) -> None:
        headings = [
            self.model.headerData(number, Qt.Orientation.Horizontal) for number in range(self.model.columnCount())
        ]
        try:
            with path.open("w", encoding="utf-8-sig", newline="") as file:  # with its mark, so that Excel reads Chinese
                writer = csv.writer(file)
                writer.writerow(headings)
                for row in rows:
                    texts = (row.person, row.what, row.subject, row.outcome, row.computer)
                    writer.writerow([row.at.isoformat(timespec="seconds"), *map(_not_a_formula, texts)])
        except OSError as error:
            text = translate("Audit", "{file} cannot be written ({detail}). Choose another place.")
            announcements().refused.emit(text.format(file=path, detail=error.strerror or error))
            return
        say(translate("Audit", "Exported to {file}: {count} rows.").format(file=path, count=f"{len(rows):,}"))

    def _ask(self, before: str, take: Callable[[AuditRows], object]) -> None:
        try:
            since, until = self.since.value(), self.until.value()
        except NotReadable:
            self._say(translate("Audit", "Type dates like 2024-03-15."))
            return
        self._asked += 1
        asked = self._asked
        of: Literal["changes", "events"] = "events" if self.of.currentData() == "events" else "changes"
        answer = self._desk.administration.audit(
            of,
            text=self.search.text(),
            since=_start_of(since),
            until=_start_of(until + timedelta(days=1) if until is not None else None),
            before=before,
        )
        when_done(answer, self, lambda rows: take(rows) if asked == self._asked else None, self._refused)

    def _show(self, answer: AuditRows) -> None:
        self._before = answer.before
        self.model.show_rows((*self.model.rows, *map(_shown, answer.rows)))
        self.older_button.setEnabled(bool(answer.before))
        self.older_button.setVisible(bool(answer.before))
        if self.model.rows:
            self.pages.setCurrentWidget(self.table)
        else:
            self._say(translate("Audit", "Nothing of the kind was done."))

    def _refused(self, refused: Refused) -> None:
        self._say(refused.problem.sentence)

    def _say(self, sentence: str) -> None:
        self.older_button.hide()
        self.state.show_state("info", sentence)
        self.pages.setCurrentWidget(self.state)


def _shown(row: AuditRow) -> ShownRow:
    if row.outcome == "done":
        what = translate("Audit event", EVENTS[row.what]) if row.what in EVENTS else row.what
        outcome = ""
    else:
        what = action_title(row.what)
        outcome = translate("Audit", "Done")
        if row.outcome == "refused":
            outcome = translate("Audit", "Refused: {reason}").format(
                reason=Problem.from_dict(row.problem or {}).sentence
            )
    return ShownRow(row.at, row.person, what, row.subject, outcome, row.computer)


def _start_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time()).astimezone()


def _not_a_formula(text: str) -> str:
    """A text that a spreadsheet would take for a formula stays a text: it begins with a mark."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
