"""What the company was opened with, how far back computers hold its documents, and which program this is."""

import platform
from typing import TYPE_CHECKING

import PySide6
from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout

from erp_desktop import __version__
from erp_desktop.actions.window import SetWindow
from erp_desktop.i18n import translate
from erp_desktop.ledger.charts import chart_names, load_chart
from erp_desktop.queries.company import CompanyDetail, CompanyFacts
from erp_desktop.views.documents.posted_page import Facts, FactsGrid
from erp_desktop.views.settings.window_question import WindowQuestion, months_in_words
from erp_desktop.views.start.choose_password import ChoosePassword
from erp_desktop.views.widgets.asking import say, when_done
from erp_desktop.views.widgets.cells import cell_value
from erp_desktop.views.widgets.list_screen import PageHeader
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.theme import SECTION_PX, sized_font

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class CompanyPage(ScreenView):
    """Facts of the company, of this desk, and of the program."""

    def __init__(self, desk: "Desk", shell: "MainWindow") -> None:
        super().__init__()
        self._desk = desk
        self.header = PageHeader(translate("CompanyPage", "Company"), self)
        self.company, self.desk_facts, self.program = FactsGrid(self), FactsGrid(self), FactsGrid(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(14)
        layout.addWidget(self.header)
        for heading, grid in (
            ("", self.company),
            (translate("CompanyPage", "This desk"), self.desk_facts),
            (translate("CompanyPage", "The program"), self.program),
        ):
            if heading:
                label = QLabel(heading)
                label.setFont(sized_font(label.font(), SECTION_PX, bold=True))
                layout.addWidget(label)
            layout.addWidget(grid)
        layout.addStretch(1)
        about = self.add_command(
            "company.about",
            translate("CompanyPage", "About ERP Desktop"),
            lambda: shell.commands.action("about").trigger(),
            "",
            "info",
        )
        self.header.add_button(about, "info")
        self.do_choose = self.add_command(
            "company.password", translate("CompanyPage", "Change my password"), self.choose_password, "", "edit"
        )
        self.header.add_button(self.do_choose, "edit")
        self._months = 0
        if "admin" in desk.permissions:
            self.do_set_window = self.add_command(
                "company.window", translate("CompanyPage", "Documents on computers"), self.set_window, "", "clock"
            )
            self.header.add_button(self.do_set_window, "clock")
        self.desk_facts.show_facts(
            ((translate("CompanyPage", "Signed in as"), f"{desk.user.name} ({desk.user.login})"),)
        )
        self.program.show_facts(
            (
                (translate("CompanyPage", "Version"), __version__),
                (translate("CompanyPage", "Runs on"), f"Python {platform.python_version()}, Qt {PySide6.__version__}"),
                (translate("CompanyPage", "Computer"), f"{platform.system()} {platform.release()}"),
                (translate("CompanyPage", "Licence"), "Apache-2.0"),
            )
        )
        desk.changed.connect(self._notice)
        self._ask()

    def choose_password(self) -> None:
        """The person who works here chooses another password of their own."""
        why = translate("CompanyPage", "Other computers where you are signed in will ask for the new password.")
        self.dialog: QDialog = ChoosePassword(why, None, self._desk.administration.change_password, self)
        self.dialog.accepted.connect(lambda: say(translate("CompanyPage", "Your password was changed.")))
        self.dialog.open()

    def set_window(self) -> None:
        """How many months back computers hold documents."""

        def set_months(months: int) -> None:
            said = translate("CompanyPage", "Computers hold documents: {what}.").format(what=months_in_words(months))
            when_done(self._desk.perform(SetWindow(months)), self, lambda _: say(said))

        self.dialog = WindowQuestion(self._months, set_months, self)
        self.dialog.open()

    def _notice(self, tables: frozenset[str]) -> None:
        if tables & CompanyDetail.tables:
            self._ask()

    def _ask(self) -> None:
        when_done(self._desk.ask(CompanyDetail()), self, self._show)

    def _show(self, facts: CompanyFacts) -> None:
        self.header.title.setText(str(cell_value(facts, "name")))
        self.company.show_facts(_facts(facts))
        self._months = facts.window_months


def _name_of_chart(key: str) -> str:
    """What the template is called; its key where this program does not have it."""
    return str(cell_value(load_chart(key), "name")) if key in chart_names() else key


def _facts(facts: CompanyFacts) -> Facts:
    revenue_at = {
        "shipment": translate("CompanyPage", "when goods are shipped"),
        "delivery": translate("CompanyPage", "when their delivery is confirmed"),
        "invoice": translate("CompanyPage", "when the invoice is posted"),
    }[facts.revenue_at]
    return (
        (translate("CompanyPage", "Code"), facts.code),
        (translate("CompanyPage", "Name"), facts.name),
        (translate("CompanyPage", "Chinese name"), facts.name_zh),
        (
            translate("CompanyPage", "Currency"),
            translate("CompanyPage", "{currency}, {places} decimals").format(
                currency=facts.currency, places=facts.currency_places
            ),
        ),
        (translate("CompanyPage", "Time zone of business dates"), facts.time_zone),
        (translate("CompanyPage", "Chart of accounts"), _name_of_chart(facts.chart)),
        (translate("CompanyPage", "Revenue is posted"), revenue_at),
        (translate("CompanyPage", "Documents on computers"), months_in_words(facts.window_months)),
        (translate("CompanyPage", "Address"), facts.address),
        (translate("CompanyPage", "Tax number"), facts.tax_number),
    )
