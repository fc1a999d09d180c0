"""Moving stock from one bin to another."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.stock import MoveStock
from erp_desktop.i18n import translate
from erp_desktop.numbers import ZERO
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.lookups import Choice
from erp_desktop.queries.masters import Bins
from erp_desktop.queries.stock import StockMoves, StockOnHand
from erp_desktop.views.documents import lookups
from erp_desktop.views.masters.record_page import OneOfList, RecordKind, RecordPage
from erp_desktop.views.widgets.cells import cell_value, shown_number
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.lookup import LookupField, LookupSpec
from erp_desktop.views.widgets.reading import NotReadable

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

_MOST_PLACES = 500  # of one product that are looked through

FIELD_OF_REFUSAL = {
    "qty_not_positive": "qty",
    "not_enough_on_hand": "qty",
    "same_bin": "to_bin",
    "lot_missing": "lot",
    "lot_not_kept": "lot",
    "lot_of_another_product": "lot",
    "not_one_piece": "qty",
    "period_closed": "moved_on",
    "no_period": "moved_on",
}


@dataclass(frozen=True)
class _BinsWithStock:
    """The bins where a product lies, each with what is free there."""

    tables: ClassVar[frozenset[str]] = StockOnHand.tables

    request: ListRequest
    product_id: UUID | None

    def run(self, session: Any, company_id: UUID) -> ListPage[Any]:
        if self.product_id is None:
            return ListPage((), None, {})
        request = replace(self.request, filters=(("product_id", self.product_id),), search="", limit=_MOST_PLACES)
        rows = StockOnHand(request, with_transit=False).run(session, company_id).rows
        typed = self.request.search.casefold()
        bins: dict[UUID, list[Any]] = {}  # of what is kept by lots, a row for each lot
        for row in rows:
            if typed in row.bin_code.casefold():
                bins.setdefault(row.bin_id, []).append(row)
        return ListPage(tuple(_choice(rows) for rows in bins.values())[: self.request.limit], None, {})


def _choice(rows: list[Any]) -> Choice:
    row, free = rows[0], sum((one.free for one in rows), ZERO)
    fact = translate("MoveStockPage", "{qty} {unit} free").format(
        qty=shown_number(free), unit=cell_value(row, "unit_code")
    )
    return Choice(row.bin_id, row.bin_code, row.warehouse_name, row.warehouse_name_zh, fact)


class MoveStockPage(RecordPage):
    """What, how much, from where, to where. The bins offered to take from are those where the product lies."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        kind = RecordKind(
            "move_stock_form",
            translate("MoveStockPage", "Move stock"),
            MoveStock,
            lambda move_id: OneOfList(StockMoves(), move_id),
            lookups={
                "product": lookups.products(),
                "from_bin": LookupSpec(self._bins_with_stock, fact=lambda row: row.fact),
                "lot": lookups.lots(self._where_lots_are),
                "to_bin": LookupSpec(Bins, name="warehouse_name", fact=lambda row: str(cell_value(row, "zone"))),
            },
            first={"moved_on": company_today()},
            permission="goods.transfer",
        )
        super().__init__(desk, shell, kind, id, is_new=True)
        self.do_save.setText(translate("MoveStockPage", "Move"))

    def _bins_with_stock(self, request: ListRequest) -> Any:
        return _BinsWithStock(request, self._chosen("product"))

    def _where_lots_are(self) -> dict[str, Any]:
        product_id = self._chosen("product")
        return {"product_ids": (product_id,) if product_id else (), "bin_id": self._chosen("from_bin")}

    def _chosen(self, name: str) -> UUID | None:
        field = self.binder.widget(name)
        try:
            item = field.value() if isinstance(field, LookupField) else None
        except NotReadable:
            item = None
        return item.id if item is not None else None

    def add_more(self) -> None:
        self.content.setStretchFactor(self.form, 0)
        self.content.addStretch(1)

    def new_title(self) -> str:
        return self.record_kind.title

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Moves; afterwards the tab closes."""

        def leave() -> None:
            self.tell(translate("MoveStockPage", "Stock moved"))
            if then is not None:
                then()
            else:
                self.close_asked.emit()

        super().save(leave)

    def say_refusal(self, refused: Refused) -> None:
        name = FIELD_OF_REFUSAL.get(refused.problem.code)
        if name is None:
            super().say_refusal(refused)
            return
        self.binder.show_problem(name, refused.problem.sentence)
        widget = self.binder.widget(name)
        self.binder.bar.show_problems([(refused.problem.sentence, widget.setFocus if widget else None)])
        if widget is not None:
            widget.setFocus()
