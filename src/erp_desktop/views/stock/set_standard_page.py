"""Setting standard costs: the standard now, what the product really costs on average, and the new standard."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from erp_desktop.actions.base import Action
from erp_desktop.actions.revaluing import NewStandard, SetStandardCost
from erp_desktop.i18n import translate
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.moving_averages import MovingAverages
from erp_desktop.queries.standard_costs import StandardCostRow, StandardCosts
from erp_desktop.queries.valuation import StandardCostChangeDetail
from erp_desktop.views.documents.entries import RefusedEntry
from erp_desktop.views.stock.valuation_form import ValuationForm
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, shown
from erp_desktop.views.widgets.line_model import Line, LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

MOST_PROPOSED = 2_000


class SetStandardPage(ValuationForm):
    """Opened with `products` (ids) it starts with these."""

    day = "effective_on"
    typed_column = "unit_cost"
    figures = StandardCosts.tables
    fields_of_refusals: ClassVar[dict[str, str]] = {
        "period_closed": "effective_on",
        "no_period": "effective_on",
        "dated_ahead": "effective_on",
        "required": "reason",
    }

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, products: tuple[UUID, ...] = ()) -> None:
        self._averages: dict[UUID, Decimal | None] = {}  # None: asked for, or not known
        self._averages_on: date | None = None
        super().__init__(
            desk,
            shell,
            "standard_cost_change",
            id,
            StandardCostChangeDetail,
            "standard_cost_form",
            ("effective_on", "reason"),
            ("effective_on", "reason"),
        )
        self.use_columns()
        self.add_post("standard_cost.post", translate("SetStandardPage", "Set standard costs"), "costing")
        self.do_propose = self.add_page_action(
            "standard_cost.propose",
            translate("SetStandardPage", "Propose the moving average"),
            self.propose,
            "",
            "refresh",
        )
        self.begin(
            translate("SetStandardPage", "Set standard costs"),
            translate("SetStandardPage", "Stock in books at standard is revalued to them on that day."),
        )
        self.binder.edited.connect(lambda _name: self._ask_averages())
        self.setFocusProxy(self.grid)
        for product_id in products:
            request = ListRequest(filters=(("id", product_id),), limit=1, rows_only=True)
            when_done(self.desk.ask(StandardCosts(request)), self, self._add)

    def use_columns(self) -> None:
        self._product = LookupSpec(StandardCosts, fact=_fact)

        def cost(name: str, heading: str, width: int) -> LineColumn:
            return LineColumn(name, heading, CellKind.UNIT_COST, width, is_computed=True)

        self.use_lines(
            LineSpec(
                (
                    LineColumn(
                        "product",
                        translate("SetStandardPage", "Product"),
                        lookup=self._product,
                        is_required=True,
                        stretches=True,
                    ),
                    cost("standard", translate("SetStandardPage", "Standard now"), 124),
                    LineColumn("since", translate("SetStandardPage", "Since"), CellKind.DATE, 108, is_computed=True),
                    LineColumn("on_hand", translate("SetStandardPage", "On hand"), CellKind.QTY, 96, is_computed=True),
                    cost("average", translate("SetStandardPage", "Moving average"), 136),
                    LineColumn(
                        "unit_cost",
                        translate("SetStandardPage", "New standard"),
                        CellKind.UNIT_COST,
                        128,
                        is_required=True,
                    ),
                    cost("difference", translate("SetStandardPage", "Difference"), 116),
                ),
                compute=self._compared,
            )
        )

    def helping_actions(self) -> tuple[Any, ...]:
        if hasattr(self, "do_propose"):
            self.allow(self.do_propose)
            return (self.do_propose,)
        return ()

    def read_figures(self) -> None:
        self.read_items("product", StandardCosts)

    def read_for_entry(self, entry: RefusedEntry, then: Callable[[], object]) -> None:
        self.read_rows_of_entry(StandardCosts, "id", (line.product_id for line in entry.lines), then)

    def show_entry_lines(self, entry: RefusedEntry) -> int:
        found = {row.id: self._product.item(row) for row in self.entry_rows}
        lines = [line for line in entry.lines if line.product_id in found]
        self.show_lines([{"product": found[line.product_id], "unit_cost": line.unit_cost} for line in lines])
        return len(entry.lines) - len(lines)

    def _compared(self, line: Line) -> dict[str, Any]:
        item = line["product"]
        row = item.row if isinstance(item, LookupItem) else None
        if not isinstance(row, StandardCostRow):
            return {}
        new = line["unit_cost"]
        known = isinstance(new, Decimal) and row.standard is not None
        return {
            "standard": row.standard,
            "since": row.effective_on,
            "on_hand": row.on_hand,
            "average": self._averages.get(row.id),
            "difference": new - row.standard if known and row.standard is not None else None,
        }

    # --- what products really cost

    def _ask_averages(self) -> None:
        """For the products that are new here, and for all of them once the day is another."""
        day = self._day()
        if day is None:
            return
        wanted = frozenset(
            line["product"].id for line in self.grid.lines() if isinstance(line.get("product"), LookupItem)
        )
        if day != self._averages_on:
            self._averages_on, self._averages = day, {}
        missing = wanted - self._averages.keys()
        if missing:
            self._averages.update(dict.fromkeys(missing))
            when_done(self.desk.ask(MovingAverages(day, missing)), self, partial(self._take_averages, day))

    def _take_averages(self, day: date, found: dict[UUID, Decimal]) -> None:
        if day == self._averages_on:
            self._averages.update(found)
            self.grid.viewport().update()

    def _day(self) -> date | None:
        day: date | None = self.typed("effective_on")
        return day

    # --- proposing

    def propose(self) -> None:
        """The moving average as the new standard: of the lines without one, or, where there is no line yet, of every product with a
        standard that is another."""
        model = self.grid.model_of_lines
        if not self.grid.lines():
            request = ListRequest(limit=MOST_PROPOSED, rows_only=True)
            when_done(self.desk.ask(StandardCosts(request, with_standard_only=True)), self, self._ask_for_all)
            return
        names = [column.name for column in model.spec.columns]
        cells = {
            (row, names.index("unit_cost")): model.line(row)["average"]
            for row in range(model.rowCount())
            if model.line(row).get("average") and model.line(row).get("unit_cost") is None
        }
        model.change(cells, self.do_propose.text())

    def _ask_for_all(self, page: ListPage[StandardCostRow]) -> None:
        day = self._day()
        if day is not None:
            averages = MovingAverages(day, frozenset(row.id for row in page.rows))
            when_done(self.desk.ask(averages), self, partial(self._propose_all, page.rows))

    def _propose_all(self, rows: tuple[StandardCostRow, ...], averages: dict[UUID, Decimal]) -> None:
        proposed = {row: averages[row.id] for row in rows if averages.get(row.id) not in (None, row.standard)}
        self._fill_in(proposed)
        self.tell(translate("SetStandardPage", "Standards proposed: {count}").format(count=len(proposed)))

    def _add(self, page: ListPage[StandardCostRow]) -> None:
        self._fill_in(dict.fromkeys(page.rows))

    def _fill_in(self, standards: Mapping[StandardCostRow, Decimal | None]) -> None:
        model = self.grid.model_of_lines
        names = [column.name for column in model.spec.columns]
        cells: dict[tuple[int, int], Any] = {}
        for place, (row, standard) in enumerate(standards.items(), start=len(self.grid.lines())):
            cells[place, names.index("product")] = self._product.item(row)
            if standard is not None:
                cells[place, names.index("unit_cost")] = standard
        model.change(cells, self.do_propose.text())

    # --- what is stated

    def lines_changed(self) -> None:
        text = translate("SetStandardPage", "Lines: {count}")
        self.show_text("line_count", text.format(count=len(self.stated_lines())))
        self._ask_averages()

    def stated_lines(self) -> list[dict[str, Any]]:
        return [
            line
            for line in self.grid.lines()
            if isinstance(line.get("product"), LookupItem) and line.get("unit_cost") is not None
        ]

    def product_ids(self) -> Iterable[UUID]:
        return {line["product"].id for line in self.stated_lines()}

    def action_of(self, values: dict[str, Any], lines: list[dict[str, Any]]) -> Action:
        standards = tuple(NewStandard(line["product"].id, line["unit_cost"]) for line in lines)
        return SetStandardCost(self.document_id, values["effective_on"], values["reason"], standards)

    def nothing_stated(self) -> str:
        return translate("SetStandardPage", "Type the new standard of at least one product.")

    def consequence(self, lines: list[dict[str, Any]]) -> str:
        text = translate(
            "SetStandardPage",
            "{count} products have another standard cost from {day} on. In books at standard their stock is revalued to it; "
            "what is posted stays.",
        )
        day = self.binder.value("effective_on")
        return text.format(count=len(lines), day=day.isoformat())


def _fact(row: StandardCostRow) -> str:
    return shown(row.standard, CellKind.UNIT_COST) if row.standard is not None else ""
