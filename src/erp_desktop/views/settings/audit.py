"""Who did and who saw what: every change that was performed or refused, what was looked at, and signing in and the like."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QStackedWidget, QVBoxLayout
from shiboken6 import isValid

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.masters import Users
from erp_desktop.reports.audit_list import audit_report
from erp_desktop.reports.report import Bilingual
from erp_desktop.views.documents.kinds import record_text
from erp_desktop.views.reports.exporting import SavedFile, save_report
from erp_desktop.views.settings.audit_filters import AuditFilters
from erp_desktop.views.settings.audit_words import ShownRow, shown
from erp_desktop.views.widgets.asking import announcements, when_done
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.fixed_rows import FixedRows
from erp_desktop.views.widgets.list_screen import PageHeader
from erp_desktop.views.widgets.reading import NotReadable
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.state_page import StatePage
from erp_desktop.views.widgets.table_view import TableView
from erp_desktop.wire_audit import AuditRows, LastCheck, LogChecked

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

MOST_PEOPLE = 1_000
_TITLE = QT_TRANSLATE_NOOP("Report", "Who did what")


class AuditScreen(ScreenView):
    """Asked of the centre, newest first; *Older* goes on. Exported is all that was found, not only what is shown.

    Opened with `about=(table, id, number)`, it tells of that record alone.
    """

    _checked_some = Signal(object)  # LogChecked, from another thread

    def __init__(self, desk: "Desk", shell: "MainWindow", about: tuple[str, UUID, str | None] | None = None) -> None:
        super().__init__()
        self._desk, self._shell = desk, shell
        self._asked = 0  # answers to older questions are not shown
        self._before = ""
        columns = (
            TableColumn("at", translate("Audit", "When"), CellKind.INSTANT, 150),
            TableColumn("person", translate("Audit", "Who"), width=170),
            TableColumn("what", translate("Audit", "What"), width=200),
            TableColumn("subject", translate("Audit", "To what"), width=270),
            TableColumn("outcome", translate("Audit", "Outcome"), stretches=True),
            TableColumn("computer", translate("Audit", "Computer"), width=130),
        )
        self.header = PageHeader(translate("Audit", "Who did what"), self)
        self.log_state = QLabel()
        self.log_state.setProperty("tone", "secondary")
        self.log_state.setWordWrap(True)
        self.filters = AuditFilters(self)
        self.model = FixedRows(columns, self)
        self.table = TableView(self)
        self.table.setModel(self.model)
        self.table.lay_out(columns)
        self.table.setAccessibleName(translate("Audit", "Who did what"))
        self.table.row_opened.connect(self.open_row)
        self.state = StatePage(self)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.table)
        self.pages.addWidget(self.state)
        self.older_button = QPushButton(translate("Audit", "Older"))
        self.older_button.setAutoDefault(True)
        self.older_button.clicked.connect(self.older)
        self.saved = SavedFile(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        for part in (self.header, self.log_state, self.filters):
            layout.addWidget(part)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.older_button)
        layout.addWidget(self.saved)
        self.do_check = self.add_command(
            "audit.check", translate("Audit", "Check the log"), self.check_log, "", "check"
        )
        self.do_export = self.add_command("audit.export", translate("Audit", "Excel"), self.export, "Ctrl+E", "excel")
        self.do_refresh = self.add_command(
            "audit.refresh", translate("Audit", "Ask again"), self.refresh, "F5", "refresh"
        )
        for action, icon in ((self.do_check, "check"), (self.do_export, "excel"), (self.do_refresh, "refresh")):
            self.header.add_button(action, icon)
        self.filters.changed.connect(self.refresh)
        self._checked_some.connect(self._show_progress)
        self.setFocusProxy(self.filters)
        when_done(desk.ask(Users(ListRequest(limit=MOST_PEOPLE))), self, self._offer_people)
        if about is None:
            self.refresh()
        else:
            self.show_args(about=about)

    def show_args(self, **args: object) -> None:
        about = args.get("about")
        if isinstance(about, tuple):
            kind, record_id, number = about
            self.filters.only_record(record_id, record_text(kind, number))

    def refresh(self) -> None:
        """The newest of what is asked for."""
        self.model.show_rows(())
        self._before = ""
        self._ask("", self._show)

    def older(self) -> None:
        """What came before the last row shown."""
        self.older_button.setEnabled(False)
        self._ask(self._before, self._show)

    def open_row(self, row: int) -> None:
        """Opens the record that a row is about."""
        record = self.model.rows[row].record
        if record is None or not self._shell.has_screen(record[0]):
            self._shell.say(translate("Audit", "This has no page of its own, or none that your role may open."))
        else:
            self._shell.open_screen(record[0], id=record[1])

    def export(self) -> None:
        """Everything that is found into a workbook, where the person says."""
        found: list[ShownRow] = []

        def take(answer: AuditRows) -> None:
            found.extend(map(shown, answer.rows))
            if answer.before:
                self._ask(answer.before, take)
            else:
                self._save(found)

        self._ask("", take)

    def check_log(self) -> None:
        """Whether every entry is as it was written: each one's hash covers the one before it."""
        self.do_check.setEnabled(False)
        self.log_state.setText(translate("Audit", "The log is being checked ..."))
        checked = self._desk.administration.audits.check_log(self._tell_progress)
        when_done(checked, self, self._show_check, self._check_refused)

    def _tell_progress(self, checked: LogChecked) -> None:
        if isValid(self):
            self._checked_some.emit(checked)

    def _show_progress(self, checked: LogChecked) -> None:
        text = translate("Audit", "The log is being checked: {done} of {all} entries.")
        self.log_state.setText(text.format(done=f"{checked.sound:,}", all=f"{checked.entries:,}"))

    def _show_check(self, checked: LogChecked) -> None:
        self.do_check.setEnabled(True)
        if checked.broken_at is None:
            text = translate("Audit", "Checked just now: all {count} entries of the log are as they were written.")
            self.log_state.setText(text.format(count=f"{checked.entries:,}"))
        else:
            self.log_state.setText(_broken(checked.broken_at, is_rewritten=checked.is_rewritten))

    def _check_refused(self, refused: Refused) -> None:
        self.do_check.setEnabled(True)
        self.log_state.setText(refused.problem.sentence)

    def _save(self, rows: list[ShownRow]) -> None:
        company = self._desk.company
        texts = (
            (
                row.at.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
                row.person,
                row.what,
                row.subject,
                row.outcome,
                row.computer,
            )
            for row in rows
        )
        asked = self.filters.in_words()
        report = audit_report(_TITLE, Bilingual(company.name, company.name_zh), asked, texts)
        save_report(self, self._shell, report, "xlsx", self.saved.show_file, announcements().refused.emit)

    def _ask(self, before: str, take: Callable[[AuditRows], object]) -> None:
        try:
            asked_for = self.filters.asked()
        except NotReadable:
            self._say(translate("Audit", "Type dates like 2024-03-15."))
            return
        self._asked += 1
        asked = self._asked
        answer = self._desk.administration.audits.page(**asked_for, before=before)
        when_done(answer, self, lambda rows: take(rows) if asked == self._asked else None, self._refused)

    def _show(self, answer: AuditRows) -> None:
        if not self.model.rows:
            self.filters.offer_computers((str(one.id), one.name) for one in answer.computers)
            self.log_state.setText(_last_check(answer.checked))
        self._before = answer.before
        self.model.show_rows((*self.model.rows, *map(shown, answer.rows)))
        self.older_button.setEnabled(bool(answer.before))
        self.older_button.setVisible(bool(answer.before))
        if self.model.rows:
            self.pages.setCurrentWidget(self.table)
        else:
            self._say(translate("Audit", "Nothing of the kind was done."))

    def _offer_people(self, page: "ListPage[Any]") -> None:
        self.filters.offer_people((str(row.id), f"{row.name} ({row.login})") for row in page.rows)

    def _refused(self, refused: Refused) -> None:
        self._say(refused.problem.sentence)

    def _say(self, sentence: str) -> None:
        self.older_button.hide()
        self.state.show_state("info", sentence)
        self.pages.setCurrentWidget(self.state)


def _last_check(checked: LastCheck | None) -> str:
    if checked is None:
        return translate("Audit", "Whether the log is as it was written has not been checked yet.")
    if checked.broken_at is not None:
        return _broken(checked.broken_at, is_rewritten=checked.is_rewritten)
    text = translate(
        "Audit", "Checked on {when} by {person}: all {count} entries of the log were as they were written."
    )
    when = checked.at.astimezone().strftime("%Y-%m-%d %H:%M")
    return text.format(when=when, person=checked.person, count=f"{checked.entries:,}")


def _broken(at: int, *, is_rewritten: bool) -> str:
    if is_rewritten:
        text = translate(
            "Audit",
            "The log up to entry {number} is not the one that was checked before: somebody wrote it anew in the database. Keep the "
            "database as it is, and compare it with a backup.",
        )
        return text.format(number=f"{at:,}")
    text = translate(
        "Audit",
        "Entry {number} of the log is not as it was written: somebody changed it in the database. The entries before it are "
        "sound. Keep the database as it is, and compare it with a backup.",
    )
    return text.format(number=f"{at:,}")
