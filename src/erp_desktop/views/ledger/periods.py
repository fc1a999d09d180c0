"""Accounting periods: which take postings, and closing and reopening them."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QPushButton, QVBoxLayout

from erp_desktop.actions.accounting import ClosePeriod, ReopenPeriod
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.queries.ledger import PeriodRow, Periods
from erp_desktop.views.documents.listed import Dressed
from erp_desktop.views.widgets.asking import say, when_done
from erp_desktop.views.widgets.banner import Banner
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class PeriodsScreen(ListScreen):
    """Periods, newest first. Closing says first what it means; only the latest closed one can be reopened."""

    def __init__(self, desk: "Desk", shell: "MainWindow") -> None:
        spec = ListSpec(
            (
                TableColumn("starts_on", translate("Periods", "From"), CellKind.DATE, 140),
                TableColumn("ends_on", translate("Periods", "To"), CellKind.DATE, 140),
                TableColumn("is_closed", translate("Periods", "State"), CellKind.STATUS, stretches=True),
            ),
            lambda request: Dressed(Periods(request), _worded),
            tables=Periods.tables,
            name=translate("Periods", "Periods"),
        )
        super().__init__(desk, spec.name, spec)
        self._desk = desk
        self.banner = Banner(self)
        layout = self.layout()
        if isinstance(layout, QVBoxLayout):
            layout.insertWidget(1, self.banner)
        self.do_reopen = self.add_command("period.reopen", translate("Periods", "Reopen"), self.reopen, "", "undo")
        self.do_close = self.add_command(
            "period.close", translate("Periods", "Close the period"), self.close_period, "Ctrl+Return", "check"
        )
        self.header.add_button(self.do_reopen, "undo")
        self.header.add_button(self.do_close, "check", primary=True)
        self.table.current_changed.connect(self._offer)
        self.table.model.loaded.connect(lambda: self._offer(self.table.current()))
        self._offer(None)

    def close_period(self) -> None:
        """Asks, then closes the period under the cursor."""
        period = self._current()
        if period is None:
            return

        def close() -> None:
            self._perform(ClosePeriod(period.id), translate("Periods", "Period closed"))

        text = translate("Periods", "After closing, nothing is posted between {first} and {last} any more.")
        verb = translate("Periods", "Close the period")
        self.banner.show_sentence(
            "warning",
            text.format(first=period.starts_on, last=period.ends_on),
            ((verb, close), (translate("Periods", "Go back"), self.banner.hide)),
        )
        for button in self.banner.findChildren(QPushButton):
            if button.text() == verb:
                button.setFocus()

    def reopen(self) -> None:
        """The period under the cursor takes postings again."""
        period = self._current()
        if period is not None:
            self._perform(ReopenPeriod(period.id), translate("Periods", "Period reopened"))

    def _current(self) -> PeriodRow | None:
        return self.table.current()

    def _perform(self, action: ClosePeriod | ReopenPeriod, told: str) -> None:
        def refused(refusal: Refused) -> None:
            self.banner.show_sentence("late", refusal.problem.sentence)

        self.banner.hide()
        when_done(self._desk.perform(action), self, lambda _nothing: say(told), refused)

    def _offer(self, period: Any) -> None:
        may = "period.close" in self._desk.permissions
        is_closed = period is not None and period.is_closed == "closed"
        self.do_close.setEnabled(may and period is not None and not is_closed)
        self.do_reopen.setEnabled(may and is_closed)
        if not may:
            for action in (self.do_close, self.do_reopen):
                action.setToolTip(translate("Periods", "Your role does not allow this."))


def _worded(row: PeriodRow) -> Any:
    return replace(row, is_closed="closed" if row.is_closed else "open")  # type: ignore[arg-type]  # shown as a status
