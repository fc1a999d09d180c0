"""The computers that sign in to the company: how far each is, and ending what is signed in there."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.views.settings.questions import Question
from erp_desktop.views.widgets.asking import Failure, announcements, say, when_done
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.fixed_rows import FixedRows
from erp_desktop.views.widgets.list_screen import PageHeader
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.state_page import StatePage
from erp_desktop.views.widgets.table_view import TableView
from erp_desktop.wire import DeviceRow

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


@dataclass(frozen=True)
class ComputerRow:
    """A computer as the table shows it."""

    id: UUID
    computer: str
    person: str
    program: str
    seen_at: datetime
    behind: int
    state: str


class ComputersScreen(ScreenView):
    """Asks the centre anew whenever it is shown or told to; it can only be used while the centre answers."""

    def __init__(self, desk: "Desk", shell: "MainWindow") -> None:
        super().__init__()
        self._desk = desk
        self.question: Question | None = None
        columns = (
            TableColumn("computer", translate("Computers", "Computer"), width=220),
            TableColumn("person", translate("Computers", "Person"), stretches=True),
            TableColumn("state", translate("Computers", "State"), CellKind.STATUS, 150),
            TableColumn("seen_at", translate("Computers", "Last seen"), CellKind.INSTANT, 150),
            TableColumn("behind", translate("Computers", "Changes behind"), CellKind.INTEGER, 130),
            TableColumn("program", translate("Computers", "Program"), width=110),
        )
        self.header = PageHeader(translate("Computers", "Computers"), self)
        self.model = FixedRows(columns, self)
        self.table = TableView(self)
        self.table.setModel(self.model)
        self.table.lay_out(columns)
        self.table.setAccessibleName(translate("Computers", "Computers"))
        self.state = StatePage(self)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.table)
        self.pages.addWidget(self.state)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        layout.addWidget(self.header)
        layout.addWidget(self.pages, 1)
        self.do_sign_out = self.add_command(
            "computer.sign_out", translate("Computers", "Sign out"), self.sign_out, "", "sign_out"
        )
        self.do_take_out = self.add_command(
            "computer.take_out", translate("Computers", "Take out"), self.take_out, "", "cross"
        )
        self.do_let_in = self.add_command(
            "computer.let_in", translate("Computers", "Let in again"), self.let_in, "", "check"
        )
        self.do_refresh = self.add_command(
            "computer.refresh", translate("Computers", "Ask again"), self.refresh, "F5", "refresh"
        )
        for action, icon in (
            (self.do_sign_out, "sign_out"),
            (self.do_take_out, "cross"),
            (self.do_let_in, "check"),
            (self.do_refresh, "refresh"),
        ):
            self.header.add_button(action, icon)
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._offer())
        self.setFocusProxy(self.table)
        self._offer()
        self.refresh()

    def refresh(self) -> None:
        """What the centre says now."""
        when_done(self._desk.administration.devices(), self, self._show, self._refused, self._failed)

    def current(self) -> ComputerRow | None:
        row = self.table.currentIndex().row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    def sign_out(self) -> None:
        self._ask(
            translate("Computers", "Sign out {computer}?"),
            translate(
                "Computers",
                "{person} is asked for the password there before anything is sent or fetched again. What waits on that "
                "computer is kept and sent afterwards.",
            ),
            translate("Computers", "Sign out"),
            "sign_out",
        )

    def take_out(self) -> None:
        self._ask(
            translate("Computers", "Take out {computer}?"),
            translate(
                "Computers",
                "Nobody can sign in on it any more, and at its next contact the data on it are erased, with changes of "
                "{person} that it has not sent yet. For a computer that was lost or stolen, give {person} a new password too.",
            ),
            translate("Computers", "Take out"),
            "take_out",
        )

    def let_in(self) -> None:
        self._ask(
            translate("Computers", "Let {computer} in again?"),
            translate("Computers", "{person} may sign in on it with the password, as on a new computer."),
            translate("Computers", "Let in again"),
            "let_in",
        )

    def _ask(self, title: str, what_happens: str, verb: str, order: str) -> None:
        row = self.current()
        if row is None:
            return
        named = {"computer": row.computer, "person": row.person}
        self.question = Question(
            title.format(**named), what_happens.format(**named), verb, lambda: self._do(order, row), self
        )
        self.question.open()

    def _do(self, order: str, row: ComputerRow) -> None:
        administration = self._desk.administration
        orders = {
            "sign_out": (administration.sign_device_out, translate("Computers", "{computer} is signed out.")),
            "take_out": (administration.take_device_out, translate("Computers", "{computer} is taken out.")),
            "let_in": (administration.let_device_in, translate("Computers", "{computer} may sign in again.")),
        }
        ask, done = orders[order]

        def tell(_done: object) -> None:
            say(done.format(computer=row.computer))
            self.refresh()

        when_done(ask(row.id), self, tell)

    def _show(self, devices: list[DeviceRow]) -> None:
        chosen = self.current()
        rows = [
            ComputerRow(
                device.id,
                self._name_of(device),
                f"{device.user_name} ({device.login})",
                device.program,
                device.seen_at,
                device.ticks_behind,
                device.state,
            )
            for device in devices
        ]
        self.model.show_rows(rows)
        self.pages.setCurrentWidget(self.table)
        place = next((number for number, row in enumerate(rows) if chosen and row.id == chosen.id), 0)
        if rows:
            self.table.selectRow(place)
        self._offer()

    def _name_of(self, device: DeviceRow) -> str:
        name = device.name
        if device.copy_of:
            name = translate("Computers", "{computer} (copy of {other})").format(computer=name, other=device.copy_of)
        if device.id == self._desk.administration.device_id:
            name = translate("Computers", "{computer} (this one)").format(computer=name)
        return name

    def _refused(self, refused: Refused) -> None:
        again = (translate("Computers", "Ask again"), self.refresh)
        self.state.show_state("cloud_off", translate("Computers", "Computers"), refused.problem.sentence, (again,))
        self.model.show_rows(())
        self.pages.setCurrentWidget(self.state)
        self._offer()

    def _failed(self, failure: Failure) -> None:
        announcements().failed.emit(failure)

    def _offer(self) -> None:
        row = self.current()
        state = row.state if row is not None else ""
        is_here = row is not None and row.id == self._desk.administration.device_id
        self.do_sign_out.setEnabled(state == "signed_in")
        self.do_take_out.setEnabled(state in ("signed_in", "signed_out") and not is_here)
        self.do_let_in.setEnabled(state == "taken_out")
