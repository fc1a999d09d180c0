"""Scrapping goods in stock: a warehouse, and for each product and bin what is thrown away. Its cost is shown beforehand."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.lots import LOT_REFUSALS
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.scrapping import ScrappedLine, ScrapStock
from erp_desktop.i18n import translate
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.scrapping import StockScrapDetail
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.widgets.cells import CellKind
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

FIELD_OF_REFUSAL = {"period_closed": "scrapped_on", "no_period": "scrapped_on", "not_found": "warehouse"}


class ScrapStockPage(FormPage):
    """Each line names the bin, and the lot where the product is kept by lots."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        super().__init__(
            desk,
            shell,
            "stock_scrap",
            id,
            StockScrapDetail,
            "stock_scrap_form",
            ("warehouse", "scrapped_on", "reason"),
            ("warehouse", "scrapped_on"),
            is_new=True,
            has_related=False,
        )
        self.lookup("warehouse").use(desk, lookups.warehouses())
        self.use_lines(self._line_spec())
        self.effect = self.add_effect(self._action_now, "scrapped_on", self._products)
        self.binder.show({"scrapped_on": company_today()})
        self.do_post = self.add_page_action(
            "stock_scrap.post", translate("ScrapStockPage", "Scrap the goods"), self.save, "", "stock"
        )
        self.binder.edited.connect(lambda _name: self.offer_actions())
        self.set_title(translate("ScrapStockPage", "Scrap goods"))
        self.header.name(self.title)
        self.lines_changed()
        self.offer_actions()
        self.setFocusProxy(self.lookup("warehouse"))

    def _line_spec(self) -> LineSpec:
        bins = LookupSpec(self._bins_here, fact=lambda row: row.fact)
        return LineSpec(
            (
                LineColumn(
                    "product",
                    translate("ScrapStockPage", "Product"),
                    lookup=lookups.products(),
                    is_required=True,
                    stretches=True,
                ),
                LineColumn("bin", translate("ScrapStockPage", "Bin"), width=130, lookup=bins, is_required=True),
                LineColumn(
                    "lot", translate("ScrapStockPage", "Lot"), width=140, lookup=lookups.lots(self._where_lots_are)
                ),
                LineColumn("qty", translate("ScrapStockPage", "Quantity"), CellKind.QTY, 100, is_required=True),
                LineColumn("reason", translate("ScrapStockPage", "Reason"), width=220),
            )
        )

    def _bins_here(self, request: ListRequest) -> Any:
        return lookups.bins(self.chosen("warehouse")).query(request)

    def _where_lots_are(self) -> dict[str, Any]:
        product = self.grid.line_here().get("product")
        ids = (product.id,) if isinstance(product, LookupItem) else ()
        return {"product_ids": ids, "warehouse_id": self.chosen("warehouse")}

    def lines_changed(self) -> None:
        text = translate("ScrapStockPage", "Lines: {count}")
        self.show_text("line_count", text.format(count=len(self.grid.lines())))

    # --- posting

    def offer_actions(self) -> None:
        if hasattr(self, "do_post"):
            self.allow(self.do_post, self.may("goods.scrap"))
            self.offer(self.do_post, ())

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Scraps the goods, once that is confirmed; afterwards the document's page opens in the place of this form."""
        self.when_settled(partial(self._save, then))

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_with_lines()
        if values is None:
            return
        action = self._action_of(values)

        done = partial(
            self.leave_for, "stock_scrap", self.document_id, translate("ScrapStockPage", "Goods scrapped"), then
        )
        text = translate("ScrapStockPage", "The goods leave the stock for good, and what they cost is a loss.")
        self.ask(
            text,
            translate("ScrapStockPage", "Scrap the goods"),
            lambda: self.perform(action, done, self.say_refusal),
        )

    def _products(self) -> set[UUID]:
        return {line["product"].id for line in self.grid.lines() if isinstance(line.get("product"), LookupItem)}

    def _action_now(self) -> ScrapStock | None:
        """What would be performed now; None while there is nothing or something must be put right."""
        values = self.peek_form()
        return None if values is None or not self.grid.lines() else self._action_of(values)

    def _action_of(self, values: dict[str, Any]) -> ScrapStock:
        lines = tuple(
            ScrappedLine(
                line["product"].id,
                line["bin"].id,
                line["qty"],
                line["lot"].id if line.get("lot") else None,
                line.get("reason") or "",
            )
            for line in self.grid.lines()
        )
        return ScrapStock(
            self.document_id, values["warehouse"].id, values["scrapped_on"], lines, values.get("reason") or ""
        )

    def say_refusal(self, refused: Refused) -> None:
        column = "lot" if refused.problem.code in LOT_REFUSALS else "qty"
        self.show_line_refusal(refused, column, FIELD_OF_REFUSAL)
