"""Revaluing stock: what a unit is worth from now on, or by how much all of it goes up or down."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from erp_desktop.actions.base import Action
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.revaluing import RevaluedLine, RevalueStock
from erp_desktop.i18n import translate
from erp_desktop.numbers import ZERO, round_money
from erp_desktop.queries.standard_costs import PoolRow, PoolsOnHand
from erp_desktop.queries.valuation import StockRevaluationDetail
from erp_desktop.views.documents.entries import RefusedEntry
from erp_desktop.views.stock.valuation_form import ValuationForm
from erp_desktop.views.widgets.cells import CellKind, cell_value, shown_number
from erp_desktop.views.widgets.line_model import Line, LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class RevalueStockPage(ValuationForm):
    """A line is the stock of one cost pool. What is stated per unit and what it comes to are shown against the books of now;
    the effect below is worked out for the date."""

    figures = PoolsOnHand.tables
    fields_of_refusals: ClassVar[dict[str, str]] = {
        "period_closed": "dated_on",
        "no_period": "dated_on",
        "dated_ahead": "dated_on",
        "required": "reason",
    }

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        super().__init__(
            desk,
            shell,
            "stock_revaluation",
            id,
            StockRevaluationDetail,
            "stock_revaluation_form",
            ("dated_on", "reason"),
            ("dated_on", "reason"),
        )
        self.use_columns()
        self.add_post("stock_revaluation.post", translate("RevalueStockPage", "Revalue stock"), "costing")
        self.begin(
            translate("RevalueStockPage", "Revalue stock"),
            translate("RevalueStockPage", "Type a new unit cost, or an amount up or down."),
        )
        self.setFocusProxy(self.grid)

    def use_columns(self) -> None:
        def money(name: str, heading: str, *, is_computed: bool = True) -> LineColumn:
            return LineColumn(
                name, heading, CellKind.MONEY, 112 if is_computed else 124, is_computed=is_computed, places=self.places
            )

        none = translate("RevalueStockPage", "Nothing is on hand that could be revalued.")
        self._stock = LookupSpec(PoolsOnHand, code="label", name="product_name", fact=_fact, none_text=none)
        self.use_lines(
            LineSpec(
                (
                    LineColumn(
                        "stock",
                        translate("RevalueStockPage", "Stock"),
                        lookup=self._stock,
                        is_required=True,
                        stretches=True,
                    ),
                    LineColumn("on_hand", translate("RevalueStockPage", "On hand"), CellKind.QTY, 92, is_computed=True),
                    money("value", translate("RevalueStockPage", "Value now")),
                    LineColumn(
                        "unit_cost_now",
                        translate("RevalueStockPage", "Unit cost now"),
                        CellKind.UNIT_COST,
                        112,
                        is_computed=True,
                    ),
                    LineColumn("unit_cost", translate("RevalueStockPage", "New unit cost"), CellKind.UNIT_COST, 120),
                    money("amount", translate("RevalueStockPage", "or up, down by"), is_computed=False),
                    money("change", translate("RevalueStockPage", "Change")),
                    money("value_after", translate("RevalueStockPage", "Value after")),
                ),
                compute=self._worked_out,
            )
        )

    def read_figures(self) -> None:
        self.read_items("stock", PoolsOnHand)

    def read_for_entry(self, entry: RefusedEntry, then: Callable[[], object]) -> None:
        self.read_rows_of_entry(PoolsOnHand, "product_id", (line.product_id for line in entry.lines), then)

    def show_entry_lines(self, entry: RefusedEntry) -> int:
        pools = {(row.product_id, row.warehouse_id, row.lot_id): row for row in self.entry_rows}
        found = [(pools.get((line.product_id, line.warehouse_id, line.lot_id)), line) for line in entry.lines]
        self.show_lines(
            [
                {"stock": self._stock.item(row), "unit_cost": line.unit_cost, "amount": line.amount}
                for row, line in found
                if row is not None
            ]
        )
        return sum(row is None for row, _ in found)

    def _worked_out(self, line: Line) -> dict[str, Any]:
        item = line["stock"]
        row = item.row if isinstance(item, LookupItem) else None
        if not isinstance(row, PoolRow):
            return {}
        unit_cost, amount = line["unit_cost"], line["amount"]
        change = amount if isinstance(amount, Decimal) else None
        if isinstance(unit_cost, Decimal):
            change = round_money(unit_cost * row.on_hand, self.places) - row.value if change is None else None
        return {
            "product_code": row.product_code,
            "on_hand": row.on_hand,
            "value": row.value,
            "unit_cost_now": row.unit_cost,
            "change": change,
            "value_after": None if change is None else row.value + change,
        }

    def lines_changed(self) -> None:
        lines = self.stated_lines()
        self.show_text("line_count", translate("RevalueStockPage", "Lines: {count}").format(count=len(lines)))
        change = sum((line.get("change") or ZERO for line in lines), ZERO)
        text = translate("RevalueStockPage", "Change of value {change}").format(change=self.signed(change))
        self.show_text("total", text if lines else "")

    def stated_lines(self) -> list[dict[str, Any]]:
        return [line for line in self.grid.lines() if isinstance(line.get("stock"), LookupItem)]

    def product_ids(self) -> Iterable[UUID]:
        return {line["stock"].row.product_id for line in self.stated_lines()}

    def action_of(self, values: dict[str, Any], lines: list[dict[str, Any]]) -> Action:
        return RevalueStock(
            self.document_id,
            values["dated_on"],
            values["reason"],
            tuple(
                RevaluedLine(
                    line["stock"].row.product_id,
                    line["stock"].row.warehouse_id,
                    line["stock"].row.lot_id,
                    line.get("unit_cost"),
                    line.get("amount"),
                )
                for line in lines
            ),
        )

    def nothing_stated(self) -> str:
        return translate("RevalueStockPage", "Choose the stock that gets another value in at least one line.")

    def say_refusal(self, refused: Refused) -> None:
        row = self.row_of_product(refused.problem.fields.get("product", ""))
        is_amount = row is not None and self.grid.model_of_lines.line(row).get("amount") is not None
        self.show_line_refusal(refused, "amount" if is_amount else "unit_cost", self.fields_of_refusals)

    def consequence(self, lines: list[dict[str, Any]]) -> str:
        change = sum((line.get("change") or ZERO for line in lines), ZERO)
        text = translate(
            "RevalueStockPage",
            "The value of stock changes by {change}, against inventory adjustments. Issues dated before cannot be entered "
            "any more for these products.",
        )
        return text.format(change=self.signed(change))


def _fact(row: PoolRow) -> str:
    return f"{shown_number(row.on_hand)} {cell_value(row, 'unit_code')}"
