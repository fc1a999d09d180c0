"""Writing stock down to net realisable value: every product on hand with its cost, what it would bring, and what comes of it."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from erp_desktop.actions.base import Action
from erp_desktop.actions.writing_down import RealisableLine, WriteDownStock
from erp_desktop.i18n import translate
from erp_desktop.numbers import ONE, UNIT_COST_PLACES, ZERO, round_money
from erp_desktop.queries.allowances import RealisableStock, StockToWriteDown
from erp_desktop.queries.valuation import WriteDownDetail
from erp_desktop.views.documents.entries import RefusedEntry
from erp_desktop.views.stock.valuation_form import ValuationForm
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, cell_value
from erp_desktop.views.widgets.line_model import Line, LineColumn, LineSpec
from erp_desktop.views.widgets.reading import NotReadable

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

_PERCENT = Decimal(100)


class WriteDownPage(ValuationForm):
    """The lines are what was on hand on the date. Those with a net realisable value are posted, the others left as they are."""

    typed_column = "unit_value"
    figures = StockToWriteDown.tables
    fields_of_refusals: ClassVar[dict[str, str]] = {
        "period_closed": "dated_on",
        "no_period": "dated_on",
        "dated_ahead": "dated_on",
        "later_write_down": "dated_on",
    }

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        self._day: date | None = None
        self._stock: tuple[RealisableStock, ...] | None = None  # as it is shown
        self._typed: dict[UUID, Decimal | None] = {}  # also of what was not on hand on the date that is shown now
        super().__init__(
            desk,
            shell,
            "write_down",
            id,
            WriteDownDetail,
            "write_down_form",
            ("dated_on", "costs_to_sell", "reason"),
            ("dated_on",),
        )
        self.use_columns()
        self.add_post("write_down.post", translate("WriteDownPage", "Write down"), "costing")
        self.do_work_out = self.add_page_action(
            "write_down.work_out",
            translate("WriteDownPage", "Work out from list prices"),
            self.work_out,
            "",
            "refresh",
        )
        self.begin(
            translate("WriteDownPage", "Write stock down"),
            translate("WriteDownPage", "Lower of cost and net realisable value, product by product."),
        )
        self.binder.edited.connect(lambda name: self._list() if name == "dated_on" else None)
        self._list()
        self.setFocusProxy(self.grid)

    def use_columns(self) -> None:
        def money(name: str, heading: str) -> LineColumn:
            return LineColumn(name, heading, CellKind.MONEY, 100, is_computed=True, places=self.places)

        def cost(name: str, heading: str, *, is_computed: bool = True) -> LineColumn:
            return LineColumn(name, heading, CellKind.UNIT_COST, 96, is_computed=is_computed)

        self.use_lines(
            LineSpec(
                (
                    LineColumn("product_code", translate("WriteDownPage", "Code"), width=96, is_computed=True),
                    LineColumn("product_name", translate("WriteDownPage", "Product"), is_computed=True, stretches=True),
                    LineColumn("qty", translate("WriteDownPage", "On hand"), CellKind.QTY, 80, is_computed=True),
                    cost("unit_cost", translate("WriteDownPage", "Unit cost")),
                    cost("list_price", translate("WriteDownPage", "List price")),
                    cost("unit_value", translate("WriteDownPage", "Net value"), is_computed=False),
                    money("cost", translate("WriteDownPage", "Cost")),
                    money("before", translate("WriteDownPage", "Allowance")),
                    money("written_down", translate("WriteDownPage", "Write-down")),
                    money("carrying", translate("WriteDownPage", "Carried at")),
                ),
                compute=_worked_out,
                keep=("stock",),
                is_fixed=True,
            )
        )

    def helping_actions(self) -> tuple[Any, ...]:
        if hasattr(self, "do_work_out"):
            self.allow(self.do_work_out)
            return (self.do_work_out,)
        return ()

    # --- what was on hand

    def _list(self) -> None:
        try:
            day = self.binder.value("dated_on")
        except NotReadable:
            return
        if day is not None and day != self._day:
            self._day = day
            when_done(self.desk.ask(StockToWriteDown(day)), self, partial(self._take_stock, day))

    def read_figures(self) -> None:
        if self._day is not None:
            when_done(self.desk.ask(StockToWriteDown(self._day)), self, partial(self._take_stock, self._day))

    def _take_stock(self, day: date, stock: tuple[RealisableStock, ...]) -> None:
        if day != self._day or stock == self._stock:
            return
        if self.is_editing:
            self.news.start()
            return
        model = self.grid.model_of_lines
        shown = [model.line(row) for row in range(model.rowCount())]
        self._typed.update((line["stock"].product_id, line.get("unit_value")) for line in shown)
        self._show_stock(stock)

    def _show_stock(self, stock: tuple[RealisableStock, ...]) -> None:
        self._stock = stock
        self.withdraw_question()
        model = self.grid.model_of_lines
        self.show_lines(
            [
                {
                    "stock": one,
                    "product_code": one.product_code,
                    "product_name": cell_value(one, "product_name"),
                    "qty": one.held.qty,
                    "unit_cost": one.unit_cost,
                    "list_price": one.list_price,
                    "unit_value": self._typed.get(one.product_id),
                    "cost": one.held.cost,
                    "before": one.allowance,
                }
                for one in stock
            ]
        )
        if stock and not self.grid.currentIndex().isValid():
            names = [column.name for column in model.spec.columns]
            self.grid.setCurrentIndex(model.index(0, names.index("unit_value")))
        self.lines_changed()
        self.effect.note_change()

    def read_for_entry(self, entry: RefusedEntry, then: Callable[[], object]) -> None:
        day: date = entry.action.dated_on  # type: ignore[attr-defined]  # a WriteDownStock

        def take(stock: tuple[RealisableStock, ...]) -> None:
            self._day = day
            self._typed = {line.product_id: line.unit_value for line in entry.lines}
            self._show_stock(stock)
            then()

        when_done(self.desk.ask(StockToWriteDown(day)), self, take)

    def show_entry_lines(self, entry: RefusedEntry) -> int:
        here = {one.product_id for one in self._stock or ()}
        return sum(line.product_id not in here for line in entry.lines)

    def work_out(self) -> None:
        """The net realisable value of every product with a list price: that price less the costs to sell. What is sold out and
        still has an allowance is worth nothing."""
        try:
            percent = self.binder.value("costs_to_sell") or ZERO
        except NotReadable:
            self.focus_field("costs_to_sell")
            return
        if not ZERO <= percent <= _PERCENT:
            self.binder.show_problem("costs_to_sell", translate("WriteDownPage", "Between 0 and 100 percent."))
            self.focus_field("costs_to_sell")
            return
        model = self.grid.model_of_lines
        column = [one.name for one in model.spec.columns].index("unit_value")
        cells: dict[tuple[int, int], Any] = {}
        for row in range(model.rowCount()):
            stock: RealisableStock = model.line(row)["stock"]
            if stock.held.qty <= 0:
                cells[row, column] = ZERO
            elif stock.list_price is not None:
                cells[row, column] = round_money(stock.list_price * (ONE - percent / _PERCENT), UNIT_COST_PLACES)
        model.change(cells, self.do_work_out.text())
        missing = model.rowCount() - len(cells)
        if missing:
            text = translate("WriteDownPage", "Products without a list price, for you to fill in: {count}")
            self.tell(text.format(count=missing))

    # --- what is stated

    def lines_changed(self) -> None:
        lines = self.stated_lines()
        text = translate("WriteDownPage", "Products valued: {count} of {all}")
        self.show_text("line_count", text.format(count=len(lines), all=self.grid.model_of_lines.rowCount()))
        text = translate("WriteDownPage", "Written down {down}, reversed {up}, released {released}")
        down, up, released = _sums(lines)
        figures = (self.money(down), self.money(up), self.money(released))
        self.show_text("total", text.format(down=figures[0], up=figures[1], released=figures[2]) if lines else "")

    def stated_lines(self) -> list[dict[str, Any]]:
        return [line for line in self.grid.lines() if line.get("unit_value") is not None]

    def product_ids(self) -> Iterable[UUID]:
        return {line["stock"].product_id for line in self.stated_lines()}

    def action_of(self, values: dict[str, Any], lines: list[dict[str, Any]]) -> Action:
        stated = tuple(RealisableLine(line["stock"].product_id, line["unit_value"]) for line in lines)
        return WriteDownStock(self.document_id, values["dated_on"], stated, values.get("reason") or "")

    def nothing_stated(self) -> str:
        return translate(
            "WriteDownPage", "Type what a unit would bring after costs to sell in at least one line, or work it out."
        )

    def consequence(self, lines: list[dict[str, Any]]) -> str:
        down, up, released = _sums(lines)
        text = translate(
            "WriteDownPage",
            "{down} is written down and {up} reversed; {released} goes to cost of sales with what has left. The cost of stock "
            "stays, an allowance stands against it.",
        )
        return text.format(down=self.money(down), up=self.money(up), released=self.money(released))


def _worked_out(line: Line) -> dict[str, Any]:
    stock, value = line["stock"], line["unit_value"]
    if not isinstance(stock, RealisableStock):
        return {}
    if not isinstance(value, Decimal) or value < 0:
        return {"written_down": None, "carrying": stock.held.cost - stock.allowance}
    allowance = stock.allowance_at(value)
    return {
        "written_down": allowance.written_down,
        "released": allowance.released,
        "carrying": stock.held.cost - allowance.after,
    }


def _sums(lines: list[dict[str, Any]]) -> tuple[Decimal, Decimal, Decimal]:
    """Written down, reversed (both above zero), released."""
    changes = [line.get("written_down") or ZERO for line in lines]
    down = sum((change for change in changes if change > 0), ZERO)
    up = -sum((change for change in changes if change < 0), ZERO)
    return down, up, sum((line.get("released") or ZERO for line in lines), ZERO)
