"""Sending goods of a receipt back to their supplier: how much of each line, from which bin, and what is credited for it."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.i18n import translate
from erp_desktop.models.purchasing import SupplierReturnLine
from erp_desktop.numbers import round_money
from erp_desktop.queries.supplier_returns import ReturnableReceipt, ReturnableRecord
from erp_desktop.views.documents import exchange_rate, lookups
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.warehouse.counting_page import Counting, CountingPage, to_count
from erp_desktop.views.warehouse.scanning import ScanRouter
from erp_desktop.views.widgets.cells import CellKind, cell_value, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import Line, LineColumn, LineSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class SupplierReturnForm(CountingPage):
    """Opened for one goods receipt; shows what of it can still go back."""

    typed_columns = ("counted", "bin", "unit_price")

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        super().__init__(
            desk,
            shell,
            "supplier_return",
            id,
            ReturnableReceipt,
            "supplier_return_form",
            ("returned_on", "reason", "reference", "is_invoiced", "rate"),
            ("returned_on",),
            Counting(
                makes="supplier_return",
                day="returned_on",
                rows_of=_lines_here,
                action_of=_return_of,
                done=translate("SupplierReturnForm", "Goods returned to the supplier"),
                field_of_refusal={
                    "return_before_receipt": "returned_on",
                    "period_closed": "returned_on",
                    "no_period": "returned_on",
                    **exchange_rate.REFUSALS,
                },
            ),
            has_related=False,  # its columns need the whole width
        )
        self.rate = exchange_rate.RateField(self, "returned_on")
        self._warehouse_id: UUID | None = None
        self._currency, self._places = "", 2
        self._sees_prices = self.sees(SupplierReturnLine, "unit_price")
        self._use_columns()
        self.binder.show({"returned_on": company_today(), "reason": "", "reference": "", "is_invoiced": False})
        add = self.add_page_action
        self.do_return = add(
            "return_to_supplier.post", translate("SupplierReturnForm", "Return to supplier"), self.save, "", "return"
        )
        self.do_all = add(
            "return_to_supplier.all",
            translate("SupplierReturnForm", "All goes back"),
            self.count_all,
            "Alt+A",
            "check",
        )
        self.router = ScanRouter(self)
        self.router.scanned.connect(self.take_scan)
        self.set_title(self.verb())
        self.header.name(self.verb())
        self.header.hint.setText(
            translate(
                "SupplierReturnForm", "The goods leave at their cost; the rest to the credit is a price variance."
            )
            if self._sees_prices
            else translate("SupplierReturnForm", "The supplier is asked to credit what the goods have cost.")
        )
        self.lines_changed()
        self.offer_actions()
        self.refresh()
        self.setFocusProxy(self.grid)

    def verb(self) -> str:
        return translate("SupplierReturnForm", "Return of")

    def _use_columns(self) -> None:
        prices = (
            LineColumn(
                "unit_price", translate("SupplierReturnForm", "Credit price"), CellKind.UNIT_COST, 104, is_required=True
            ),
            LineColumn("price_unit", translate("SupplierReturnForm", "Price per"), width=84, is_computed=True),
            LineColumn(
                "amount",
                translate("SupplierReturnForm", "Credit"),
                CellKind.MONEY,
                104,
                is_computed=True,
                places=self._places,
            ),
        )
        columns = (
            LineColumn("product_code", translate("SupplierReturnForm", "Code"), width=110, is_computed=True),
            LineColumn("product_name", translate("SupplierReturnForm", "Product"), is_computed=True, stretches=True),
            LineColumn("open", translate("SupplierReturnForm", "Not returned"), CellKind.QTY, 120, is_computed=True),
            LineColumn("free", translate("SupplierReturnForm", "Free"), CellKind.QTY, 84, is_computed=True),
            LineColumn("counted", translate("SupplierReturnForm", "Goes back"), CellKind.QTY, 96),
            LineColumn("unit", translate("SupplierReturnForm", "Unit"), width=56, is_computed=True),
            LineColumn(
                "bin", translate("SupplierReturnForm", "Bin"), width=110, lookup=lookups.bins(self._warehouse_id)
            ),
            *(prices if self._sees_prices else ()),
        )
        self.use_lines(LineSpec(columns, compute=self._credit, keep=("id", "product_id"), is_fixed=True))

    def _credit(self, line: Line) -> dict[str, Any]:
        qty, price = line["counted"], line["unit_price"]
        if not isinstance(qty, Decimal) or not isinstance(price, Decimal):
            return {"amount": None}
        return {"amount": round_money(line["factor"].value(qty, price), self._places)}

    def show_record(self, record: ReturnableRecord) -> None:
        title = translate("SupplierReturnForm", "Return of {receipt}").format(receipt=number_text(record.number))
        self.header.name(title, str(cell_value(record, "supplier_name")))
        self._currency = record.currency
        self.rate.use(record.currency, record.company_currency)
        if (record.warehouse_id, record.currency_places) != (self._warehouse_id, self._places):
            self._warehouse_id, self._places = record.warehouse_id, record.currency_places
            self._use_columns()
        super().show_record(record)

    def lines_changed(self) -> None:
        super().lines_changed()
        total = self.grid.model_of_lines.total("amount")
        text = translate("SupplierReturnForm", "Credit {currency} {amount}")
        money = shown(total, CellKind.MONEY, self._places)
        self.show_text("total", text.format(currency=self._currency, amount=money) if total else "")

    def expected_of(self, line: dict[str, Any]) -> Decimal | None:
        expected: Decimal = min(line["open"], line["free"])
        return expected

    def offer_actions(self) -> None:
        if not hasattr(self, "do_all"):
            return
        record: ReturnableRecord | None = self.record
        reason = self.may("purchasing.return")
        if not reason and (record is None or not any(line.open_qty > 0 for line in record.returnable)):
            reason = translate("SupplierReturnForm", "Nothing of this receipt can go back any more.")
        self.allow(self.do_return, reason)
        self.allow(self.do_all, reason)
        self.offer(self.do_return, (self.do_all,))


def _lines_here(record: ReturnableRecord) -> list[dict[str, Any]]:
    return [
        to_count(
            line,
            line.open_qty,
            free=line.free,
            unit_price=line.unit_price,
            price_unit=cell_value(line, "price_unit"),
            factor=line.factor,
        )
        for line in record.returnable
        if line.open_qty > 0
    ]


def _return_of(
    made_id: UUID, document_id: UUID, values: dict[str, Any], counted: list[dict[str, Any]]
) -> ReturnToSupplier:
    return ReturnToSupplier(
        return_id=made_id,
        receipt_id=document_id,
        returned_on=values["returned_on"],
        lines=tuple(
            SentBackLine(
                line["id"], line["counted"], line.get("unit_price"), line["bin"].id if line.get("bin") else None
            )
            for line in counted
        ),
        rate=values.get("rate"),
        reason=values.get("reason") or "",
        reference=values.get("reference") or "",
        is_invoiced=bool(values.get("is_invoiced")),
    )
