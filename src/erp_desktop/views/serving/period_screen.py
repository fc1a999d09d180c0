"""A period's costs to serve: what the ledger holds of each, what was shared of it, and sharing it (again)."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout

from erp_desktop.actions.base import Action
from erp_desktop.actions.cost_to_serve import AllocateCostToServe, SaveCostToServeRule, SetUpCostToServe
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.numbers import ZERO
from erp_desktop.queries.served_costs import CostToServeSetUp, ServedCost, ServedCosts, ServingPeriod, ServingSetUp
from erp_desktop.views.documents.listed import Dressed
from erp_desktop.views.serving.lists import worded
from erp_desktop.views.serving.words import USUAL
from erp_desktop.views.widgets.asking import say, when_done
from erp_desktop.views.widgets.banner import Banner
from erp_desktop.views.widgets.cells import CellKind, TableColumn, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

NOT_USUAL = ("handling",)  # wages are of everybody: only those of the warehouse's cost centre are handling


class CostToServeScreen(ListScreen):
    """One row for each rule. Above the rows stands whether what was shared is still all that the ledger holds.

    Opens at the period of today, or at `period_id`.
    """

    def __init__(self, desk: "Desk", shell: "MainWindow", period_id: UUID | None = None) -> None:
        self._asked_for = period_id
        self._period: ServingPeriod | None = None
        self._set_up = ServingSetUp((), 0, 0)
        super().__init__(
            desk,
            translate("CostToServe", "Cost to serve"),
            self._spec(),
            lambda row: shell.open_screen("cost_to_serve_rule", id=row.id),
            self._offers(desk, shell),
        )
        self._desk, self._shell = desk, shell
        self.periods = QComboBox(self)
        self.periods.setAccessibleName(translate("CostToServe", "Period"))
        self.periods.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.periods.activated.connect(self._choose)
        self.state, self.hint, self.banner = QLabel(self), QLabel(self), Banner(self)
        for label in (self.state, self.hint):
            label.setWordWrap(True)
            label.setProperty("tone", "secondary")
        layout = self.layout()
        if isinstance(layout, QVBoxLayout):
            for place, widget in enumerate((self.banner, self.state, self.hint), start=1):
                layout.insertWidget(place, widget)
        header = self.header.layout()
        if header is not None:
            header.addWidget(self.periods)
        self.do_ledger = self.add_command(
            "cost_to_serve.ledger", translate("CostToServe", "Open in the ledger"), self.open_ledger, "Ctrl+L", "ledger"
        )
        self.do_report = self.add_command(
            "cost_to_serve.report", translate("CostToServe", "Report"), self.open_report, "Ctrl+R", "reports"
        )
        self.do_share = self.add_command(
            "cost_to_serve.share", translate("CostToServe", "Share the period"), self.share, "Ctrl+Return", "check"
        )
        self.header.add_button(self.do_ledger, "ledger")
        self.header.add_button(self.do_report, "reports")
        self.header.add_button(self.do_share, "check", primary=True)
        self.table.current_changed.connect(lambda _row: self._offer())
        self.table.model.loaded.connect(self._say_state)
        desk.changed.connect(self._notice)
        self._offer()
        self._ask()

    def _spec(self) -> ListSpec:
        money = CellKind.MONEY
        return ListSpec(
            (
                TableColumn("kind", translate("CostToServe", "Kind of cost"), width=126),
                TableColumn("account_codes", translate("CostToServe", "Accounts"), width=150),
                TableColumn("driver", translate("CostToServe", "Shared by"), stretches=True),
                TableColumn("ledger", translate("CostToServe", "In the ledger"), money, 110),
                TableColumn("allocated", translate("CostToServe", "Allocated"), money, 110),
                TableColumn("not_allocated", translate("CostToServe", "Not allocated"), money, 110),
                TableColumn("difference", translate("CostToServe", "Not shared yet"), money, 114),
                TableColumn("standard", translate("CostToServe", "At standard"), money, 104),
                TableColumn("above_standard", translate("CostToServe", "Above standard"), money, 122),
            ),
            lambda request: Dressed(ServedCosts(request, self.period_id, company_today()), _dressed),
            tables=ServedCosts.tables,
            name=translate("CostToServe", "Cost to serve"),
            empty_text=translate("CostToServe", "No rule says yet which costs are shared"),
            empty_detail=translate(
                "CostToServe",
                "Storage, packaging, fees and delivery are usual. Handling labour needs the warehouse's cost centre.",
            ),
            search_hint=translate("CostToServe", "Account"),
        )

    def _offers(self, desk: "Desk", shell: "MainWindow") -> tuple[tuple[str, Callable[[], object]], ...]:
        if "cost.write" not in desk.permissions:
            return ()

        def new_rule() -> None:
            shell.open_screen("cost_to_serve_rule", id=new_id(), is_new=True)

        return (
            (translate("CostToServe", "Set up the usual rules"), self.set_up),
            (translate("CostToServe", "New rule"), new_rule),
        )

    @property
    def period_id(self) -> UUID | None:
        return self._period.period_id if self._period else self._asked_for

    # --- what people do

    def share(self) -> None:
        """Shares the period's costs; a run that was there before is replaced."""
        if self._period is not None and self.do_share.isEnabled():
            told = translate("CostToServe", "The period is being shared; the shares come from the centre")
            self._perform(AllocateCostToServe(self._period.period_id, new_id()), told)

    def set_up(self) -> None:
        """Rules as most companies want them."""
        rules = tuple(
            SaveCostToServeRule(new_id(), kind, *which) for kind, which in USUAL.items() if kind not in NOT_USUAL
        )
        told = translate("CostToServe", "Rules made; add handling labour with the warehouse's cost centre")
        self._perform(SetUpCostToServe(rules), told)

    def open_report(self) -> None:
        if self._period is not None:
            dates = {"from": self._period.starts_on, "to": self._period.ends_on}
            self._shell.open_screen("report_cost_to_serve", parameters=dates)

    def open_ledger(self) -> None:
        """The general ledger of the accounts under the cursor."""
        row = self.table.current()
        if row is not None and self._period is not None and row.account_codes:
            accounts = row.account_codes.partition(" · ")[0].replace(" ", "")
            dates = {"from": self._period.starts_on, "to": self._period.ends_on}
            self._shell.open_screen("report_general_ledger", parameters={"account": accounts, **dates})

    def _perform(self, action: Action, told: str) -> None:
        def refused(refusal: Refused) -> None:
            self.banner.show_sentence("late", refusal.problem.sentence)

        self.banner.hide()
        when_done(self._desk.perform(action), self, lambda _nothing: say(told), refused)

    # --- what is shown

    def _notice(self, tables: frozenset[str]) -> None:
        if tables & CostToServeSetUp.tables:
            self._ask()

    def _ask(self) -> None:
        when_done(self._desk.ask(CostToServeSetUp()), self, self._take)

    def _take(self, found: ServingSetUp) -> None:
        self._set_up = found
        chosen = self.period_id
        begun = [period for period in found.periods if period.starts_on <= company_today()] or list(found.periods)
        known = {period.period_id: period for period in found.periods}
        self._period = known.get(chosen) if chosen else begun[0] if begun else None
        texts = [_period_text(period) for period in found.periods]
        if texts != [self.periods.itemText(place) for place in range(self.periods.count())]:
            self.periods.clear()
            self.periods.addItems(texts)
        if self._period is not None:
            self.periods.setCurrentIndex(found.periods.index(self._period))
        if self.period_id != chosen:
            self.table.refresh()
        self._say_state()

    def _choose(self, place: int) -> None:
        self._period = self._set_up.periods[place]
        self.banner.hide()
        self.table.refresh()

    def _say_state(self) -> None:
        self._offer()
        period = self._period
        rows = [row for _, row in self.table.model.loaded_rows()]
        not_shared = sum((row.difference for row in rows if row.difference), ZERO)
        missed = sum((row.not_allocated for row in rows), ZERO)
        if period is None or not rows:
            text = ""
        elif period.run_at is None:
            text = translate("CostToServe", "This period was not shared yet.")
        elif any(row.difference for row in rows):
            text = translate("CostToServe", "The ledger has changed by {amount} since the period was shared.")
            text = text.format(amount=shown(not_shared, CellKind.MONEY))
        else:
            text = translate("CostToServe", "Shared at {time}; all that the ledger holds is shared.")
            if any(row.ledger is None for row in rows):
                text = translate("CostToServe", "Shared at {time}. Your role does not see the ledger.")
            text = text.format(time=shown(period.run_at, CellKind.INSTANT))
        if missed:
            more = translate("CostToServe", "Not allocated, for want of anything to share by: {amount}.")
            text = f"{text} {more.format(amount=shown(missed, CellKind.MONEY))}"
        self.state.setText(text)
        self.state.setVisible(bool(text))
        count = self._set_up.without_volume
        hint = translate("CostToServe", "Stocked products without a volume, which bear no storage: {count}.")
        self.hint.setText(hint.format(count=count))
        self.hint.setVisible(bool(count and rows))

    def _offer(self) -> None:
        period = self._period
        reason = ""
        if "cost.write" not in self._desk.permissions:
            reason = translate("CostToServe", "Your role does not allow this.")
        elif period is not None and period.is_closed:
            reason = translate("CostToServe", "The period is closed: its shares stay as they are.")
        elif not self._set_up.rules:
            reason = translate("CostToServe", "Add a rule first.")
        self.do_share.setEnabled(period is not None and not reason)
        self.do_share.setToolTip(reason or translate("CostToServe", "Share the period (Ctrl+Enter)"))
        self.do_report.setEnabled(period is not None)
        may_read = "ledger.read" in self._desk.permissions
        self.do_ledger.setEnabled(may_read and self.table.current() is not None)


def _dressed(row: ServedCost) -> ServedCost:
    """In words, the cost centre beside the accounts."""
    dressed: ServedCost = worded(row)
    centre = row.cost_centre_code
    return replace(dressed, account_codes=f"{row.account_codes} · {centre}") if centre else dressed


def _period_text(period: ServingPeriod) -> str:
    text = f"{period.starts_on:%Y-%m}"
    return translate("CostToServe", "{period} (closed)").format(period=text) if period.is_closed else text
