"""Accounting periods: which take postings, and the way to closing and reopening them."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from erp_desktop.i18n import translate
from erp_desktop.queries.ledger import PeriodRow, Periods
from erp_desktop.views.documents.listed import Dressed, opens
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class PeriodsScreen(ListScreen):
    """Periods, newest first. Enter opens one: its page closes it after a checklist, or reopens it."""

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
        super().__init__(desk, spec.name, spec, opens(shell, "period"))
        self._shell = shell
        text = translate("Periods", "Open the period")
        self.do_open = self.add_command("period.open", text, self.open_current, "Ctrl+Return", "open")
        self.do_open.setToolTip(translate("Periods", "Checklist, closing and reopening of this period (Ctrl+Enter)"))
        self.header.add_button(self.do_open, "open", primary=True)
        self.table.current_changed.connect(self._offer)
        self.table.model.loaded.connect(lambda: self._offer(self.table.current()))
        self._offer(None)

    def open_current(self) -> None:
        """The page of the period under the cursor."""
        period = self.table.current()
        if period is not None:
            self._shell.open_screen("period", id=period.id)

    def _offer(self, period: Any) -> None:
        self.do_open.setEnabled(period is not None)


def _worded(row: PeriodRow) -> Any:
    return replace(row, is_closed="closed" if row.is_closed else "open")  # type: ignore[arg-type]  # shown as a status
