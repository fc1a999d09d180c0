"""Counting stock: a warehouse, and for each product and bin what was found. What differs from the books is shown at once."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.lots import LOT_REFUSALS
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.i18n import translate
from erp_desktop.models.stock import StockCountLine
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.details import StockCountDetail
from erp_desktop.queries.stock import StockOnHand
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, cell_value, shown_number
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import Line, LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec
from erp_desktop.views.widgets.reading import read_date

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

MOST_FILLED_IN = 2_000

Place = tuple[UUID, UUID, str]  # product, bin, lot ("" without one)

FIELD_OF_REFUSAL = {"period_closed": "counted_on", "no_period": "counted_on", "not_found": "warehouse"}


class CountStockPage(FormPage):
    """Lines without a counted quantity are left out, so that a list filled in from the books may be counted in part."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        self._expected: dict[Place, Decimal] = {}
        self._asked_for: set[Place] = set()
        super().__init__(
            desk,
            shell,
            "stock_count",
            id,
            StockCountDetail,
            "stock_count_form",
            ("warehouse", "counted_on", "reason"),
            ("warehouse", "counted_on"),
            is_new=True,
            has_related=False,
        )
        self.lookup("warehouse").use(desk, lookups.warehouses())
        self.use_lines(self._line_spec())
        self.effect = self.add_effect(self._action_now, "counted_on", self._products_counted)
        self.binder.show({"counted_on": company_today()})
        self.do_post = self.add_page_action(
            "stock_count.post", translate("CountStockPage", "Post the count"), self.save, "", "count"
        )
        self.do_fill = self.add_page_action(
            "stock_count.fill", translate("CountStockPage", "Fill in what the books say"), self.fill_in, "", "stock"
        )
        self.binder.edited.connect(lambda _name: self.offer_actions())
        self.set_title(translate("CountStockPage", "Count stock"))
        self.header.name(self.title)
        self.lines_changed()
        self.offer_actions()
        self.setFocusProxy(self.lookup("warehouse"))

    def _line_spec(self) -> LineSpec:
        bins = LookupSpec(self._bins_here, fact=lambda row: row.fact)
        unit_cost = (LineColumn("unit_cost", translate("CountStockPage", "Unit cost"), CellKind.UNIT_COST, 110),)
        return LineSpec(
            (
                LineColumn(
                    "product",
                    translate("CountStockPage", "Product"),
                    lookup=lookups.products(),
                    is_required=True,
                    stretches=True,
                ),
                LineColumn("bin", translate("CountStockPage", "Bin"), width=130, lookup=bins, is_required=True),
                LineColumn("lot", translate("CountStockPage", "Lot"), width=120),
                LineColumn(
                    "expires",
                    translate("CountStockPage", "Expires"),
                    CellKind.DATE,
                    104,
                    read=lambda typed: read_date(typed, company_today()),
                ),
                LineColumn(
                    "expected", translate("CountStockPage", "In the books"), CellKind.QTY, 120, is_computed=True
                ),
                LineColumn("counted", translate("CountStockPage", "Counted"), CellKind.QTY, 100),
                LineColumn(
                    "difference", translate("CountStockPage", "Difference"), CellKind.QTY, 110, is_computed=True
                ),
                *(unit_cost if self.sees(StockCountLine, "unit_cost") else ()),
            ),
            compute=self._compared,
        )

    def _bins_here(self, request: ListRequest) -> Any:
        return lookups.bins(self.chosen("warehouse")).query(request)

    def _compared(self, line: Line) -> dict[str, Any]:
        place = _place(line)
        expected = self._expected.get(place) if place is not None else None
        counted = line.get("counted")
        difference = counted - expected if isinstance(counted, Decimal) and expected is not None else None
        return {"expected": expected, "difference": difference}

    # --- what the books say

    def fill_in(self) -> None:
        """One line for every product, bin and lot of the warehouse that the books know; lines that are there stay."""
        warehouse_id = self.chosen("warehouse")
        if warehouse_id is None:
            self.binder.show_problem("warehouse", translate("CountStockPage", "Choose the warehouse first."))
            self.focus_field("warehouse")
            return
        request = ListRequest(filters=(("warehouse_id", warehouse_id),), limit=MOST_FILLED_IN, rows_only=True)
        when_done(self.desk.ask(StockOnHand(request)), self, self._fill_in)

    def _fill_in(self, page: ListPage[Any]) -> None:
        have = {_place(line) for line in self.grid.lines()}
        model = self.grid.model_of_lines
        names = [column.name for column in model.spec.columns]
        row, filled = len(self.grid.lines()), 0
        cells: dict[tuple[int, int], Any] = {}
        for found in page.rows:
            place = (found.product_id, found.bin_id, found.lot_code or "")
            self._expected[place] = found.on_hand
            if place in have or not found.on_hand:  # what is promised of any lot is no lot to count
                continue
            product = LookupItem(found.product_id, found.product_code, str(cell_value(found, "product_name")))
            cells[row, names.index("product")] = product
            cells[row, names.index("bin")] = LookupItem(found.bin_id, found.bin_code, "")
            if found.lot_code:
                cells[row, names.index("lot")] = found.lot_code
                cells[row, names.index("expires")] = found.expires_on
            row += 1
            filled += 1
        model.change(cells, translate("CountStockPage", "Fill in"))
        self.grid.go_to(0, names.index("counted"))
        self.tell(translate("CountStockPage", "Lines filled in: {count}").format(count=filled))

    def lines_changed(self) -> None:
        lines = self.grid.lines()
        counted = [line for line in lines if line.get("counted") is not None]
        differing = [line for line in counted if line.get("difference")]
        text = translate("CountStockPage", "Lines counted: {counted} of {lines}")
        self.show_text("line_count", text.format(counted=len(counted), lines=len(lines)))
        text = translate("CountStockPage", "Lines that differ: {count}")
        self.show_text("total", text.format(count=len(differing)))
        for line in lines:
            place = _place(line)
            if place is not None and place not in self._expected and place not in self._asked_for:
                self._asked_for.add(place)
                filters = (("product_id", place[0]), ("bin_id", place[1]), ("lot_code", place[2] or None))
                request = ListRequest(filters=filters, limit=1, rows_only=True)
                when_done(self.desk.ask(StockOnHand(request)), self, partial(self._learn, place))

    def _learn(self, place: Place, page: ListPage[Any]) -> None:
        self._expected[place] = page.rows[0].on_hand if page.rows else Decimal(0)
        self.grid.viewport().update()
        self.lines_changed()

    # --- posting

    def offer_actions(self) -> None:
        if not hasattr(self, "do_fill"):
            return
        self.allow(self.do_post, self.may("goods.count"))
        self.allow(self.do_fill)
        self.offer(self.do_post, (self.do_fill,))

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Posts the count; afterwards its page opens in the place of this form."""
        self.when_settled(partial(self._save, then))

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_form()
        if values is None:
            return
        counted = self._counted()
        if not counted:
            text = translate("CountStockPage", "Nothing is counted yet. Type what was found in at least one line.")
            self.binder.bar.show_problems([(text, self.grid.setFocus)])
            self.grid.setFocus()
            return
        action = self._action_of(values, counted)

        done = partial(
            self.leave_for, "stock_count", self.document_id, translate("CountStockPage", "Count posted"), then
        )

        def post() -> None:
            self.perform(action, done, self.say_refusal)

        differing = [line for line in counted if line.get("difference")]
        if differing:
            self.ask(self._consequence(differing), translate("CountStockPage", "Post the count"), post)
        else:
            post()

    def _counted(self) -> list[dict[str, Any]]:
        return [line for line in self.grid.lines() if line.get("counted") is not None]

    def _products_counted(self) -> set[UUID]:
        return {line["product"].id for line in self._counted() if isinstance(line.get("product"), LookupItem)}

    def _action_now(self) -> CountStock | None:
        """What would be performed now; None while there is nothing or something must be put right."""
        values, counted = self.peek_form(), self._counted()
        return None if values is None or not counted else self._action_of(values, counted)

    def _action_of(self, values: dict[str, Any], counted: list[dict[str, Any]]) -> CountStock:
        lines = tuple(
            CountedLine(
                line["product"].id,
                line["bin"].id,
                line["counted"],
                line.get("unit_cost"),
                line.get("lot") or "",
                line.get("expires"),
            )
            for line in counted
        )
        return CountStock(
            self.document_id, values["warehouse"].id, values["counted_on"], lines, values.get("reason") or ""
        )

    def _consequence(self, differing: list[dict[str, Any]]) -> str:
        shown = ", ".join(
            f"{line['product'].code} {'+' if line['difference'] > 0 else ''}{shown_number(line['difference'])}"
            for line in differing[:5]
        )
        if len(differing) > 5:
            more = translate("CountStockPage", "{shown} and {count} more")
            shown = more.format(shown=shown, count=len(differing) - 5)
        text = translate("CountStockPage", "The books will be changed to what was counted: {differences}.")
        return text.format(differences=shown)

    def say_refusal(self, refused: Refused) -> None:
        column = "lot" if refused.problem.code in LOT_REFUSALS else "counted"
        self.show_line_refusal(refused, column, FIELD_OF_REFUSAL)


def _place(line: Line) -> Place | None:
    product, bin = line.get("product"), line.get("bin")
    if isinstance(product, LookupItem) and isinstance(bin, LookupItem):
        return product.id, bin.id, str(line.get("lot") or "").strip()
    return None
