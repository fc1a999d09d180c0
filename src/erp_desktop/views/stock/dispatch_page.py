"""Dispatching goods to another warehouse: which products, out of which bins. What is free there is shown at once."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.lots import LOT_REFUSALS
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.transferring import DispatchedLine, DispatchTransfer
from erp_desktop.i18n import translate
from erp_desktop.numbers import ZERO
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.stock import StockOnHand
from erp_desktop.queries.transfers import GoodsTransferDetail
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, shown_number
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import Line, LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

Place = tuple[UUID, UUID, UUID | None]  # product, bin, lot

FIELD_OF_REFUSAL = {
    "same_warehouse": "to_warehouse",
    "expected_before_dispatch": "expected_on",
    "period_closed": "dispatched_on",
    "no_period": "dispatched_on",
}


class DispatchTransferPage(FormPage):
    """After the goods are dispatched, the transfer's page opens in the place of this form."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        self._free: dict[Place, Decimal] = {}
        self._asked_for: set[Place] = set()
        super().__init__(
            desk,
            shell,
            "goods_transfer",
            id,
            GoodsTransferDetail,
            "dispatch_transfer_form",
            ("from_warehouse", "to_warehouse", "dispatched_on", "expected_on", "carrier", "tracking_number"),
            ("from_warehouse", "to_warehouse", "dispatched_on"),
            is_new=True,
            has_related=False,
        )
        for name in ("from_warehouse", "to_warehouse"):
            self.lookup(name).use(desk, lookups.warehouses())
        self.lookup("carrier").use(desk, lookups.carriers())
        self.use_lines(self._line_spec())
        self.effect = self.add_effect(self._action_now, "dispatched_on", self._products)
        self.binder.show({"dispatched_on": company_today()})
        self.do_dispatch = self.add_page_action(
            "dispatch_transfer.dispatch", translate("DispatchTransferPage", "Dispatch"), self.save, "", "transfer"
        )
        self.set_title(translate("DispatchTransferPage", "Dispatch goods"))
        self.header.name(self.title)
        self.lines_changed()
        self.offer_actions()
        self.setFocusProxy(self.lookup("from_warehouse"))

    def _line_spec(self) -> LineSpec:
        bins = LookupSpec(self._bins_there, fact=lambda row: row.fact)
        return LineSpec(
            (
                LineColumn(
                    "product",
                    translate("DispatchTransferPage", "Product"),
                    lookup=lookups.products(),
                    is_required=True,
                    stretches=True,
                ),
                LineColumn(
                    "bin", translate("DispatchTransferPage", "From bin"), width=150, lookup=bins, is_required=True
                ),
                LineColumn(
                    "lot",
                    translate("DispatchTransferPage", "Lot"),
                    width=150,
                    lookup=lookups.lots(self._where_lots_are),
                ),
                LineColumn("free", translate("DispatchTransferPage", "Free"), CellKind.QTY, 110, is_computed=True),
                LineColumn("qty", translate("DispatchTransferPage", "Quantity"), CellKind.QTY, 110, is_required=True),
            ),
            compute=lambda line: {"free": self._free.get(place) if (place := _place(line)) is not None else None},
        )

    def _bins_there(self, request: ListRequest) -> Any:
        return lookups.bins(self.chosen("from_warehouse")).query(request)

    def _where_lots_are(self) -> dict[str, Any]:
        """Of the product and in the bin under the cursor."""
        line = self.grid.line_here()
        product, bin = line.get("product"), line.get("bin")
        return {
            "product_ids": (product.id,) if isinstance(product, LookupItem) else (),
            "warehouse_id": self.chosen("from_warehouse"),
            "bin_id": bin.id if isinstance(bin, LookupItem) else None,
        }

    def lines_changed(self) -> None:
        lines = self._whole_lines()
        text = translate("DispatchTransferPage", "Lines: {count}")
        self.show_text("line_count", text.format(count=len(lines)))
        total = sum((line["qty"] for line in lines), ZERO)
        text = translate("DispatchTransferPage", "Units: {qty}")
        self.show_text("total", text.format(qty=shown_number(total)))
        for line in self.grid.lines():
            place = _place(line)
            if place is not None and place not in self._asked_for:
                self._asked_for.add(place)
                filters = (("product_id", place[0]), ("bin_id", place[1]), ("lot_id", place[2]))
                request = ListRequest(filters=filters, limit=1, rows_only=True)
                when_done(self.desk.ask(StockOnHand(request)), self, partial(self._learn, place))

    def _learn(self, place: Place, page: ListPage[Any]) -> None:
        self._free[place] = page.rows[0].free if page.rows else ZERO
        self.grid.viewport().update()

    # --- dispatching

    def offer_actions(self) -> None:
        if hasattr(self, "do_dispatch"):
            self.allow(self.do_dispatch, self.may("goods.transfer"))
            self.offer(self.do_dispatch)

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Dispatches the goods; afterwards the transfer's page opens in the place of this form."""
        self.when_settled(partial(self._save, then))

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_with_lines()
        if values is None:
            return

        done = partial(
            self.leave_for,
            "goods_transfer",
            self.document_id,
            translate("DispatchTransferPage", "Goods dispatched: they are in transit now"),
            then,
        )
        self.perform(self._action_of(values), done, self.say_refusal)

    def _whole_lines(self) -> list[dict[str, Any]]:
        return [line for line in self.grid.lines() if _place(line) is not None and isinstance(line.get("qty"), Decimal)]

    def _products(self) -> set[UUID]:
        return {line["product"].id for line in self._whole_lines()}

    def _action_now(self) -> DispatchTransfer | None:
        """What would be performed now; None while there is nothing or something must be put right."""
        values = self.peek_form()
        return None if values is None or not self._whole_lines() else self._action_of(values)

    def _action_of(self, values: dict[str, Any]) -> DispatchTransfer:
        lines = tuple(
            DispatchedLine(line["product"].id, line["qty"], line["bin"].id, line["lot"].id if line.get("lot") else None)
            for line in self._whole_lines()
        )
        carrier = values.get("carrier")
        return DispatchTransfer(
            self.document_id,
            values["from_warehouse"].id,
            values["to_warehouse"].id,
            values["dispatched_on"],
            lines,
            values.get("expected_on"),
            carrier.id if carrier else None,
            values.get("tracking_number") or "",
        )

    def say_refusal(self, refused: Refused) -> None:
        if refused.problem.code == "bin_elsewhere":
            column = "bin"
        else:
            column = "lot" if refused.problem.code in LOT_REFUSALS else "qty"
        self.show_line_refusal(refused, column, FIELD_OF_REFUSAL)


def _place(line: Line) -> Place | None:
    product, bin, lot = line.get("product"), line.get("bin"), line.get("lot")
    if isinstance(product, LookupItem) and isinstance(bin, LookupItem):
        return product.id, bin.id, lot.id if isinstance(lot, LookupItem) else None
    return None
