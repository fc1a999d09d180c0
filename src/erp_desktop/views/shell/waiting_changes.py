"""What waits for the central service: what it is, since when, and how it stands with the centre."""

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout

from erp_desktop.i18n import translate
from erp_desktop.sync.state import SyncKind, SyncState
from erp_desktop.views.shell.about_actions import about
from erp_desktop.views.shell.action_rows import ActionRows
from erp_desktop.views.shell.action_titles import action_title
from erp_desktop.views.shell.sync_pill import pill_look
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, TableColumn, shown
from erp_desktop.views.widgets.list_screen import PageHeader
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.state_page import StatePage
from erp_desktop.views.widgets.table_view import TableView

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.sync.what_waits import WaitingChange
    from erp_desktop.views.shell.main_window import MainWindow


class ChangesModel(ActionRows):
    """The changes that wait, oldest first."""

    def __init__(self, desk: "Desk", parent: QObject | None = None) -> None:
        columns = (
            TableColumn("what", translate("WaitingChanges", "Change"), width=240),
            TableColumn("about", translate("WaitingChanges", "What it is about"), stretches=True),
            TableColumn("tried", translate("WaitingChanges", "Standing"), width=170),
            TableColumn("since", translate("WaitingChanges", "Since"), CellKind.INSTANT),
        )
        super().__init__(desk, columns, parent)

    def value(self, row: "WaitingChange", name: str) -> Any:
        match name:
            case "what":
                return action_title(row.name)
            case "about":
                return " · ".join(filter(None, (self.document(row.action), about(row.action))))
            case "tried" if row.tries:
                return translate("WaitingChanges", "Sent, not answered yet")
            case "tried":
                return translate("WaitingChanges", "Not sent yet")
        return row.since


class WaitingChangesView(ScreenView):
    """Opened from the sync pill: how it stands with the centre, and the changes that go there by themselves."""

    def __init__(self, desk: "Desk", shell: "MainWindow") -> None:
        super().__init__()
        self._desk = desk
        self._shell = shell
        self._newest = 0
        sync_text = translate("WaitingChanges", "Sync now")
        self.sync_action = self.add_command("waiting.sync", sync_text, self._sync, "F5", "sync")
        offline_text = translate("WaitingChanges", "Work offline or go online")
        self.offline_action = self.add_command("waiting.offline", offline_text, shell.toggle_offline, "", "cloud_off")
        attention_text = translate("WaitingChanges", "Needs attention")
        self.attention_action = self.add_command(
            "waiting.attention", attention_text, lambda: shell.open_screen("attention"), "", "alerts"
        )
        header = PageHeader(translate("WaitingChanges", "Waiting changes"), self)
        for action, picture in (
            (self.sync_action, "sync"),
            (self.offline_action, "cloud_off"),
            (self.attention_action, "alerts"),
        ):
            header.add_button(action, picture, primary=action is self.sync_action)
        self.standing, self.contact = QLabel(), QLabel()
        for label in (self.standing, self.contact):
            label.setWordWrap(True)
        self.contact.setProperty("tone", "secondary")
        self.model = ChangesModel(desk, self)
        self.view = TableView(self)
        self.view.setModel(self.model)
        self.view.lay_out(self.model.columns)
        self.view.setAccessibleName(translate("WaitingChanges", "Waiting changes"))
        self.view.row_opened.connect(lambda _: self._open_document())
        self.nothing = StatePage(self)
        self.nothing.show_state(
            "check",
            translate("WaitingChanges", "Nothing waits"),
            translate("WaitingChanges", "Everything that was done here is at the central service."),
        )
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.nothing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        for widget in (header, self.standing, self.contact):
            layout.addWidget(widget)
        layout.addWidget(self._stack, 1)
        self.setFocusProxy(self.view)
        desk.sync_state_changed.connect(self._show_state)
        desk.sync_state_changed.connect(lambda _: self.refresh())
        desk.changed.connect(lambda _: self.refresh())
        self._show_state(desk.sync_state)
        self.refresh()

    def refresh(self) -> None:
        """Asks for the changes anew; only the newest answer counts."""
        self._newest += 1
        when_done(self._desk.waiting_changes(), self, partial(self._take, self._newest))

    def _show_state(self, state: SyncState) -> None:
        look = pill_look(state)
        self.standing.setText(look.text)
        if state.last_synced_at is None:
            contact = translate("WaitingChanges", "The central service was not reached yet since the program began.")
        else:
            at = shown(state.last_synced_at, CellKind.INSTANT)
            contact = translate("WaitingChanges", "Everything was last in step with the central service at {time}.")
            contact = contact.format(time=at)
        self.contact.setText("\n".join(filter(None, (state.detail, contact))))
        self.attention_action.setEnabled(bool(state.attention))

    def _take(self, asked: int, changes: "tuple[WaitingChange, ...]") -> None:
        if asked != self._newest:
            return
        if changes != self.model.rows:
            row = self.view.currentIndex().row()
            self.model.show_rows(changes)
            if changes:
                self.view.selectRow(min(max(row, 0), len(changes) - 1))
            self.model.ask_names(change.action for change in changes)
        self._stack.setCurrentIndex(0 if changes else 1)

    def _sync(self) -> None:
        if self._desk.sync_state.kind is SyncKind.OFFLINE:
            self._desk.go_online()  # also by choice: who asks for news wants to be online
        else:
            self._desk.sync_now()

    def _open_document(self) -> None:
        row = self.view.currentIndex().row()
        document = self.model.address(self.model.rows[row].action) if 0 <= row < len(self.model.rows) else None
        if document is not None and self._shell.has_screen(document[0]):
            self._shell.open_screen(document[0], id=document[1])
