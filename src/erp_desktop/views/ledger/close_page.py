"""Closing a period: what to look at first, what closing computes and posts, what it posted once it is done, and who closed
or reopened it before."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from erp_desktop.actions.periods import ClosePeriod, ReopenPeriod
from erp_desktop.i18n import translate
from erp_desktop.queries.period_checklist import ChecklistItem, DoctorFindings, PeriodDetail, PeriodRecord
from erp_desktop.views.documents.page import DocumentPage
from erp_desktop.views.documents.posted_page import Facts, FactsGrid
from erp_desktop.views.ledger.checklist import ChecklistRow, checklist_spec, list_behind, posted_spec
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, shown
from erp_desktop.views.widgets.effect_panel import EffectPanel
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.record_table import RecordTable

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class ReasonDialog(QDialog):
    """Asks for the reason of something that is kept with it; without one the button that does it stays off."""

    def __init__(self, title: str, question: str, verb: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(440)
        label = QLabel(question)
        label.setWordWrap(True)
        self.field = QLineEdit(self)
        self.field.setMaxLength(300)
        self.field.setAccessibleName(translate("ReasonDialog", "Reason"))
        label.setBuddy(self.field)
        buttons = QDialogButtonBox(self)
        self.do_it = buttons.addButton(verb, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(translate("ReasonDialog", "Go back"), QDialogButtonBox.ButtonRole.RejectRole)
        self.do_it.setEnabled(False)
        self.field.textChanged.connect(lambda text: self.do_it.setEnabled(bool(text.strip())))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (label, self.field, buttons):
            layout.addWidget(widget)

    @property
    def reason(self) -> str:
        return self.field.text().strip()


class ClosePeriodPage(DocumentPage):
    """One period. Ctrl+Enter closes it after saying what that means; Enter on an item opens the list behind it."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        super().__init__(desk, shell, "period", id, PeriodDetail, has_related=False)
        self._doctor: ChecklistItem | None = None
        self._asks_doctor = False
        self.facts = FactsGrid(self)
        self.table = RecordTable(desk, checklist_spec(id), self)
        self.table.filters.hide()
        self.table.opened.connect(self._open_item)
        self.table.model.loaded.connect(self.offer_actions)
        self.posted = RecordTable(desk, posted_spec(id), self)
        self.posted.filters.hide()
        self.posted_heading = QLabel(translate("ClosePeriodPage", "What closing posted"))
        self.posted_heading.setProperty("tone", "secondary")
        self.posted.opened.connect(lambda line: shell.open_screen("journal_entry", id=line.entry_id))
        self.effect = EffectPanel(desk, shell, self)
        self.content.addWidget(self.facts)
        self.content.addWidget(self.table, 1)
        self.content.addWidget(self.posted_heading)
        self.content.addWidget(self.posted, 1)
        self.content.addWidget(self.effect)
        self._show_posted(False)
        self.setFocusProxy(self.table)
        text = translate("ClosePeriodPage", "Close the period")
        self.do_close = self.add_page_action("period.close", text, self.close_period, "", "check")
        text = translate("ClosePeriodPage", "Reopen")
        self.do_reopen = self.add_page_action("period.reopen", text, self.reopen, "", "undo")
        self.set_title(translate("ClosePeriodPage", "Period"))
        desk.sync_state_changed.connect(self._count_waiting)
        self.offer_actions()
        self.refresh()

    # --- showing

    def show_record(self, record: PeriodRecord) -> None:
        title = translate("ClosePeriodPage", "Period {period}")
        dates = translate("ClosePeriodPage", "{first} to {last}").format(
            first=shown(record.starts_on, CellKind.DATE), last=shown(record.ends_on, CellKind.DATE)
        )
        self.header.name(title.format(period=record.number), dates)
        self.header.path.show_path(("open", "closed"), "closed" if record.is_closed else "open")
        self.header.path.show()
        self.facts.show_facts(_facts(record))
        self.table.setVisible(not record.is_closed)
        self._show_posted(record.is_closed and "ledger.read" in self.desk.permissions)
        if record.is_closed:
            self.effect.set_action(lambda: None)
            self.effect.hide()
            return
        if not self._asks_doctor:
            self._asks_doctor = True
            when_done(self.desk.ask(DoctorFindings(self.desk.permissions)), self, self._take_doctor)
        action = ClosePeriod(record.id)
        if "cost.read" in self.desk.permissions:
            self.effect.show()
            self.effect.set_action(lambda: action)
            self.effect.set_open(True)

    def _show_posted(self, is_shown: bool) -> None:
        self.posted_heading.setVisible(is_shown)
        self.posted.setVisible(is_shown)

    def title_of(self, record: PeriodRecord) -> str:
        return translate("ClosePeriodPage", "Period {period}").format(period=record.number)

    def offer_actions(self) -> None:
        if not hasattr(self, "do_reopen"):
            return
        record: PeriodRecord | None = self.record
        may_not = self.may("period.close")
        if record is None:
            for action in (self.do_close, self.do_reopen):
                self.allow(action, translate("ClosePeriodPage", "The period is being read."))
            return
        if record.is_closed:
            last = translate("ClosePeriodPage", "Only the latest closed period can be reopened.")
            self.allow(self.do_reopen, may_not or ("" if record.is_last_closed else last))
            self.offer(self.do_reopen)
            return
        blocking = self._blocking()
        reason = may_not
        if not reason and blocking:
            text = translate("ClosePeriodPage", "This keeps the period open: {what}.")
            reason = text.format(what=blocking[0].what)
        self.allow(self.do_close, reason)
        self.offer(self.do_close)

    def _rows(self) -> list[ChecklistRow]:
        return [row for _, row in self.table.model.loaded_rows()]

    def _blocking(self) -> list[ChecklistRow]:
        return [row for row in self._rows() if row.state == "blocks"]

    def _take_doctor(self, item: ChecklistItem) -> None:
        self._doctor = item
        self.table.set_spec(checklist_spec(self.document_id, item))

    def _count_waiting(self, _state: object) -> None:
        """What waits at this desk is another now."""
        self.table.refresh()

    # --- doing

    def close_period(self) -> None:
        """Asks with what is still to be looked at, then closes."""
        record: PeriodRecord | None = self.record
        if record is None:
            return
        warnings = [row for row in self._rows() if row.state == "warns"]
        text = translate("ClosePeriodPage", "After closing, nothing is posted between {first} and {last} any more.")
        sentence = text.format(first=record.starts_on, last=record.ends_on)
        if warnings:
            text = translate("ClosePeriodPage", "Still to be looked at: {count}.")
            sentence = f"{text.format(count=len(warnings))} {sentence}"
        if company_today() <= record.ends_on:
            text = translate("ClosePeriodPage", "The period is not over before {last} ends.")
            sentence = f"{text.format(last=record.ends_on)} {sentence}"

        def close() -> None:
            self.perform(ClosePeriod(record.id), lambda: self.tell(translate("ClosePeriodPage", "Period closed")))

        self.ask(sentence, translate("ClosePeriodPage", "Close the period"), close)

    def reopen(self) -> None:
        """Asks why, then the period takes postings again."""
        record: PeriodRecord | None = self.record
        if record is None:
            return
        question = translate(
            "ClosePeriodPage", "{period} will take postings again, and its figures may change. Why is it reopened?"
        )
        dialog = ReasonDialog(
            translate("ClosePeriodPage", "Reopen a period"),
            question.format(period=record.number),
            translate("ClosePeriodPage", "Reopen"),
            self,
        )
        dialog.accepted.connect(lambda: self._reopen(record.id, dialog.reason))
        self._dialog = dialog
        dialog.open()

    def _reopen(self, period_id: UUID, reason: str) -> None:
        told: Callable[[], Any] = lambda: self.tell(translate("ClosePeriodPage", "Period reopened"))  # noqa: E731
        self.perform(ReopenPeriod(period_id, reason), told)

    def _open_item(self, row: ChecklistRow) -> None:
        if row.key == "doctor":
            if self._doctor is not None and self._doctor.examples:
                self.show_problem("\n".join(self._doctor.examples))
            return
        opener = list_behind(self.shell, self.record, row.key) if self.record is not None else None
        if opener is not None:
            opener()
        else:
            self.tell(translate("ClosePeriodPage", "Your role has no list for this."))


def _facts(record: PeriodRecord) -> Facts:
    facts = []
    for change in record.changes[:4]:
        label = translate("ClosePeriodPage", "Closed") if change.is_closed else translate("ClosePeriodPage", "Reopened")
        words = f"{shown(change.changed_at, CellKind.INSTANT)} {change.changed_by}"
        facts.append((label, f"{words}: {change.reason}" if change.reason else words))
    return tuple(facts)
