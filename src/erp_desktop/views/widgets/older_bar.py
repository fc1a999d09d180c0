"""The line under a list of documents: older ones are at the centre, and can be looked for there."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.window import WHOLE_COMPANY
from erp_desktop.i18n import translate
from erp_desktop.queries.window import HeldSince, is_fetched_by_number, is_windowed
from erp_desktop.reports.numbers_format import format_date
from erp_desktop.views.widgets.asking import say, when_done
from erp_desktop.views.widgets.icons import set_icon
from erp_desktop.views.widgets.list_model import ListSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.sync.older import FoundOlder
    from erp_desktop.views.widgets.list_screen import ListScreen


class OlderBar(QWidget):
    """Hidden where this desk holds everything. `searched` tells what is in the list's search field."""

    def __init__(self, desk: "Desk", table: str, searched: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._table = table
        self._searched = searched
        self.sentence = QLabel()
        self.sentence.setProperty("tone", "secondary")
        self.button = QPushButton(translate("OlderDocuments", "Look for older documents"))
        self.button.setAutoDefault(True)
        self.button.setToolTip(
            translate("OlderDocuments", "The latest ones whose number or party has what is in the search field in it")
        )
        self.button.setVisible(is_fetched_by_number(table))
        self.button.clicked.connect(self.look)
        set_icon(self.button, "search")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.sentence)
        layout.addWidget(self.button)
        layout.addStretch(1)
        self.hide()
        desk.changed.connect(self._notice)
        self._ask()

    def look(self) -> None:
        """Fetch what the search field leaves of the older documents; the list shows them among the others."""
        self.button.setEnabled(False)
        when_done(self._desk.older.fetch(self._table, self._searched()), self, self._tell, self._refuse)

    def _tell(self, found: "FoundOlder") -> None:
        self.button.setEnabled(True)
        self._ask()
        if not found.count:
            say(translate("OlderDocuments", "There is no older document that matches and is not here already."))
        elif found.more:
            text = translate("OlderDocuments", "{count} older documents are here now. There are more: look again.")
            say(text.format(count=found.count))
        else:
            say(translate("OlderDocuments", "{count} older documents are here now.").format(count=found.count))

    def _refuse(self, refused: Refused) -> None:
        self.button.setEnabled(True)
        self.sentence.setText(refused.problem.sentence)  # where the person looks; the next answer takes its place

    def _notice(self, tables: frozenset[str]) -> None:
        if tables & HeldSince.tables:
            self._ask()

    def _ask(self) -> None:
        when_done(self._desk.ask(HeldSince(self._desk.permissions)), self, self._show)

    def _show(self, since: date | None) -> None:
        self.setVisible(since is not None)
        if since is not None:
            text = translate(
                "OlderDocuments", "Closed documents on which nothing was done since {day} are at the central service."
            )
            self.sentence.setText(text.format(day=format_date(since)))


def add_older_bar(screen: "ListScreen", desk: "Desk", spec: ListSpec) -> OlderBar | None:
    """Under the list, and among the commands; None where this person holds every row of it."""
    shape = spec.shape or getattr(getattr(spec.query, "func", spec.query), "shape", None)
    table = str(shape.base.name) if shape is not None else ""
    if desk.permissions & WHOLE_COMPANY or not is_windowed(table):
        return None
    bar = OlderBar(desk, table, screen.table.filters.search.text, screen)
    if is_fetched_by_number(table):
        screen.add_command(f"{table}.older", bar.button.text(), bar.look, "", "search")
    layout = screen.layout()
    assert layout is not None
    layout.addWidget(bar)
    return bar
