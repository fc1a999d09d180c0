"""Entering a landed cost: freight, duty, insurance or handling, and the receipts that bear it."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QComboBox, QLabel

from erp_desktop.actions.landed_costs import BASES, LANDED_COST_KINDS, EnterLandedCost
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.queries.company import CompanyDetail, CompanyFacts
from erp_desktop.queries.purchasing import GoodsReceiptRow, GoodsReceipts
from erp_desktop.queries.purchasing_details import GoodsReceiptDetail, GoodsReceiptRecord, LandedCostDetail
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.purchasing.words import basis_text, kind_of_cost_text
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

FIELD_OF_REFUSAL = {
    "amount_not_positive": "amount",
    "not_a_supplier": "supplier",
    "before_receipt": "dated_on",
    "period_closed": "dated_on",
    "no_period": "dated_on",
}


class LandedCostForm(FormPage):
    """Opened with `receipts` (ids) it starts with these."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, receipts: tuple[UUID, ...] = ()) -> None:
        super().__init__(
            desk,
            shell,
            "landed_cost",
            id,
            LandedCostDetail,
            "landed_cost_form",
            ("kind", "amount", "basis", "dated_on", "supplier", "reference"),
            ("kind", "amount", "basis", "dated_on"),
            is_new=True,
            has_related=False,
        )
        self._fill_choices("kind", [(kind, kind_of_cost_text(kind)) for kind in LANDED_COST_KINDS])
        self._fill_choices("basis", [(basis, basis_text(basis)) for basis in BASES])
        self.lookup("supplier").use(desk, lookups.parties())
        self.use_lines(_line_spec())
        self.binder.show({"kind": LANDED_COST_KINDS[0], "basis": BASES[0], "dated_on": company_today()})
        self.do_enter = self.add_page_action(
            "landed_cost.enter", translate("LandedCostForm", "Enter landed cost"), self.save, "", "landed_cost"
        )
        self.set_title(translate("LandedCostForm", "Enter landed cost"))
        self.header.name(self.title)
        self.header.hint.setText(
            translate("LandedCostForm", "What is still in stock becomes dearer; what is sold goes to cost of sales.")
        )
        self.lines_changed()
        self.offer_actions()
        when_done(desk.ask(CompanyDetail()), self, self._say_currency)
        for receipt_id in receipts:
            when_done(desk.ask(GoodsReceiptDetail(receipt_id)), self, self._add)
        self.start_at("kind")

    def _say_currency(self, company: CompanyFacts) -> None:
        """The amount is in the company's currency: its label says which."""
        label = self.binder.widget("amount_label")
        if isinstance(label, QLabel):
            text = translate("LandedCostForm", "{label} in {currency}")
            label.setText(text.format(label=label.text().rstrip(" *"), currency=company.currency) + " *")

    def _fill_choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        box = self.binder.widget(name)
        if isinstance(box, QComboBox):
            for value, text in choices:
                box.addItem(text, value)

    def _add(self, receipt: GoodsReceiptRecord) -> None:
        item = receipts_lookup().item(receipt)
        row = len(self.grid.lines())
        self.grid.model_of_lines.change({(row, 0): item})

    def lines_changed(self) -> None:
        text = translate("LandedCostForm", "Receipts: {count}")
        self.show_text("line_count", text.format(count=len(self.grid.lines())))

    def offer_actions(self) -> None:
        if hasattr(self, "do_enter"):
            self.allow(self.do_enter, self.may("cost.write"))
            self.offer(self.do_enter)

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Enters the cost; afterwards its page opens in the place of this form."""
        self.when_settled(partial(self._save, then))

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_form()
        if values is None:
            return
        receipts = tuple(line["receipt"].id for line in self.grid.lines())
        if not receipts:
            text = translate("LandedCostForm", "Choose at least one receipt that bears the cost.")
            self.binder.bar.show_problems([(text, self.grid.setFocus)])
            self.grid.setFocus()
            return
        supplier = values.get("supplier")
        action = EnterLandedCost(
            landed_cost_id=self.document_id,
            kind=values["kind"],
            dated_on=values["dated_on"],
            amount=values["amount"],
            basis=values["basis"],
            receipt_ids=receipts,
            supplier_id=supplier.id if supplier else None,
            reference=values.get("reference", ""),
        )

        def done() -> None:
            self.set_dirty(False)
            self.tell(translate("LandedCostForm", "Landed cost entered"))
            if then is not None:
                then()
                return
            self.shell.open_screen("landed_cost", id=self.document_id)
            self.close_asked.emit()

        self.perform(action, done, self._refused)

    def _refused(self, refused: Refused) -> None:
        self.show_line_refusal(refused, "receipt", FIELD_OF_REFUSAL)


def receipts_lookup() -> LookupSpec:
    """Goods receipts by number, order, supplier or delivery note, newest first; the fact is their day and order."""
    return LookupSpec(GoodsReceipts, code="number", name="supplier_name", fact=_fact)


def _fact(row: GoodsReceiptRow) -> str:
    return f"{row.received_on.isoformat()}  {number_text(row.order_number)}"


def _line_spec() -> LineSpec:
    return LineSpec(
        (
            LineColumn(
                "receipt",
                translate("LandedCostForm", "Goods receipt"),
                is_required=True,
                lookup=receipts_lookup(),
                stretches=True,
            ),
            LineColumn("received_on", translate("LandedCostForm", "Received"), CellKind.DATE, 110, is_computed=True),
            LineColumn("order", translate("LandedCostForm", "Purchase order"), width=150, is_computed=True),
            LineColumn("qty", translate("LandedCostForm", "Quantity"), CellKind.QTY, 100, is_computed=True),
        ),
        compute=_of_receipt,
    )


def _of_receipt(line: Any) -> dict[str, Any]:
    item = line["receipt"]
    row = item.row if isinstance(item, LookupItem) else None
    if row is None:
        return {}
    qty = row.qty
    return {"received_on": row.received_on, "order": number_text(row.order_number), "qty": qty}
