"""Taking in goods of which nobody knows with which shipment they had left: at current cost, credited at a typed price."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.lots import LOT_REFUSALS
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.returning import ReturnedProduct, TakeInReturnWithoutShipment
from erp_desktop.i18n import translate
from erp_desktop.numbers import ZERO
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.order_entry import OrderDefaults, PriceWanted, SalePrices
from erp_desktop.queries.selling_details import CustomerReturnDetail, CustomerReturnRecord
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.entries import RefusedEntry, put_together
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.documents.order_lines import PriceProposals
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import Line, LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec
from erp_desktop.views.widgets.reading import read_date

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

FIELD_OF_REFUSAL = {
    "period_closed": "returned_on",
    "no_period": "returned_on",
    "nobody_returned_it": "customer",
    "not_a_customer": "customer",
    "no_receiving_bin": "warehouse",
}


class ReturnWithoutShipmentPage(FormPage):
    """Of each line some or all may be scrapped; the price that is credited is proposed from the price list.

    With the id of an announced return, `announced`, the form begins with what it says, and fulfils it.
    """

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, announced: UUID | None = None) -> None:
        super().__init__(
            desk,
            shell,
            "customer_return",
            id,
            CustomerReturnDetail,
            "return_without_shipment_form",
            ("customer", "channel", "returned_on", "warehouse", "reason"),
            ("returned_on", "warehouse"),
            is_new=True,
            has_related=False,
        )
        for name, spec in (
            ("customer", lookups.customers()),
            ("channel", lookups.channels()),
            ("warehouse", lookups.warehouses()),
        ):
            self.lookup(name).use(desk, spec)
        self.use_lines(self._line_spec())
        self._prices = PriceProposals(desk, self.grid, self._sale_prices, self)
        self.effect = self.add_effect(self._action_now, "returned_on", self._products)
        self.binder.show({"returned_on": company_today(), "reason": ""})
        self.do_take = self.add_page_action(
            "return_without_shipment.take",
            translate("ReturnWithoutShipmentPage", "Take in return"),
            self.save,
            "",
            "return",
        )
        self.binder.edited.connect(self._follow_field)
        self.set_title(translate("ReturnWithoutShipmentPage", "Return without a shipment"))
        self.header.name(self.title, translate("ReturnWithoutShipmentPage", "The goods come in at their current cost."))
        self.lines_changed()
        self.offer_actions()
        self._announced_id = announced
        if announced is None:
            when_done(desk.ask(OrderDefaults(self.last_warehouse())), self, self._take_defaults)
        else:
            when_done(desk.ask(CustomerReturnDetail(announced)), self, self._take_announced)
        self.setFocusProxy(self.lookup("customer"))

    def _line_spec(self) -> LineSpec:
        bins = LookupSpec(self._bins_here, fact=lambda row: row.fact)
        return LineSpec(
            (
                LineColumn(
                    "product",
                    translate("ReturnWithoutShipmentPage", "Product"),
                    lookup=lookups.products(),
                    is_required=True,
                    stretches=True,
                ),
                LineColumn("lot", translate("ReturnWithoutShipmentPage", "Lot"), width=100),
                LineColumn(
                    "expires",
                    translate("ReturnWithoutShipmentPage", "Expires"),
                    CellKind.DATE,
                    100,
                    read=lambda typed: read_date(typed, company_today()),
                ),
                LineColumn(
                    "qty", translate("ReturnWithoutShipmentPage", "Came back"), CellKind.QTY, 112, is_required=True
                ),
                LineColumn("scrap", translate("ReturnWithoutShipmentPage", "Of it scrap"), CellKind.QTY, 90),
                LineColumn("bin", translate("ReturnWithoutShipmentPage", "Bin"), width=110, lookup=bins),
                LineColumn(
                    "unit_price",
                    translate("ReturnWithoutShipmentPage", "Credited each"),
                    CellKind.UNIT_COST,
                    130,
                    is_required=True,
                ),
                LineColumn(
                    "amount", translate("ReturnWithoutShipmentPage", "Credited"), CellKind.MONEY, 100, is_computed=True
                ),
            ),
            compute=_credited,
            beside=lambda: None,
        )

    def _bins_here(self, request: ListRequest) -> Any:
        warehouse = self.typed("warehouse")
        return lookups.bins(warehouse.id if warehouse is not None else None).query(request)

    def _take_defaults(self, choices: Any) -> None:
        if choices.warehouse is not None and self.typed("warehouse") is None:
            choice = choices.warehouse
            self.binder.fill_in({"warehouse": lookups.item(choice.id, choice.code, choice.name, choice.name_zh)})

    def _take_announced(self, record: CustomerReturnRecord) -> None:
        """Begins with what was announced; the person counts and corrects it."""
        values: dict[str, Any] = {
            name: lookups.item(
                getattr(record, f"{name}_id"),
                getattr(record, f"{name}_code", ""),
                getattr(record, f"{name}_name"),
                getattr(record, f"{name}_name_zh"),
            )
            for name in ("customer", "channel", "warehouse")
        }
        values["reason"] = record.reason
        self.binder.fill_in(values)
        self.show_lines(
            [
                {
                    "product": lookups.item(
                        line.product_id, line.product_code, line.product_name, line.product_name_zh
                    ),
                    "lot": line.lot_code or "",
                    "qty": line.qty,
                    "unit_price": line.unit_price,
                }
                for line in record.lines
            ]
        )
        text = translate("ReturnWithoutShipmentPage", "Announced as {number}: count the goods and correct the lines.")
        self.header.hint.setText(text.format(number=number_text(record.number)))
        self.lines_changed()

    def _sale_prices(self, wanted: tuple[PriceWanted, ...]) -> SalePrices:
        customer = self.typed("customer")
        party_id = customer.id if customer is not None else None
        return SalePrices(wanted, self.typed("returned_on") or company_today(), party_id=party_id)

    def _follow_field(self, name: str) -> None:
        if name == "customer":
            self._prices.ask_again()
        self.offer_actions()

    def lines_changed(self) -> None:
        lines = self.grid.lines()
        text = translate("ReturnWithoutShipmentPage", "Lines: {count}")
        self.show_text("line_count", text.format(count=len(lines)))
        total = sum((line["amount"] for line in lines if isinstance(line.get("amount"), Decimal)), ZERO)
        text = translate("ReturnWithoutShipmentPage", "Credited: {amount}")
        self.show_text("total", text.format(amount=shown(total, CellKind.MONEY)))
        if hasattr(self, "_prices"):
            self._prices.look()

    def show_entry(self, entry: RefusedEntry) -> int:
        self._announced_id = getattr(entry.action, "announced_id", None)
        return super().show_entry(entry)

    def show_entry_lines(self, entry: RefusedEntry) -> int:
        spec = self.grid.model_of_lines.spec
        self.show_lines(put_together([entry.cells(line, spec) for line in entry.lines], "qty"))
        return 0

    # --- taking in

    def offer_actions(self) -> None:
        if hasattr(self, "do_take"):
            self.allow(self.do_take, self.may("sales.return"))
            self.offer(self.do_take, ())

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Takes the goods in; afterwards the return's page opens in the place of this form."""
        self.when_settled(partial(self._save, then))

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_with_lines()
        if values is None:
            return
        too_much = self._line_with_too_much_scrap()
        if too_much is not None:
            text = translate("ReturnWithoutShipmentPage", "More is scrapped than came back. Correct one of the two.")
            names = [column.name for column in self.grid.model_of_lines.spec.columns]
            show = partial(self.grid.go_to, too_much, names.index("scrap"))
            self.binder.bar.show_problems([(text, show)])
            show()
            return

        done = partial(
            self.leave_for,
            "customer_return",
            self.document_id,
            translate("ReturnWithoutShipmentPage", "Return taken in"),
            then,
        )
        self.perform(self._action_of(values), done, self.say_refusal)

    def _line_with_too_much_scrap(self) -> int | None:
        model = self.grid.model_of_lines
        for row in range(model.rowCount()):
            scrap, came_back = model.line(row).get("scrap"), model.line(row).get("qty")
            if isinstance(scrap, Decimal) and scrap > (came_back if isinstance(came_back, Decimal) else ZERO):
                return row
        return None

    def _products(self) -> set[UUID]:
        return {line["product"].id for line in self.grid.lines() if isinstance(line.get("product"), LookupItem)}

    def _action_now(self) -> TakeInReturnWithoutShipment | None:
        """What would be performed now; None while there is nothing or something must be put right."""
        values = self.peek_form()
        if values is None or not self.grid.lines() or self._line_with_too_much_scrap() is not None:
            return None
        return self._action_of(values)

    def _action_of(self, values: dict[str, Any]) -> TakeInReturnWithoutShipment:
        lines = tuple(
            ReturnedProduct(
                line["product"].id,
                qty,
                line["unit_price"],
                line["bin"].id if line.get("bin") else None,
                line.get("lot") or "",
                line.get("expires"),
                is_scrapped,
            )
            for line in self.grid.lines()
            for qty, is_scrapped in parts_of(line["qty"], line.get("scrap"))
        )
        customer, channel = values.get("customer"), values.get("channel")
        return TakeInReturnWithoutShipment(
            return_id=self.document_id,
            warehouse_id=values["warehouse"].id,
            returned_on=values["returned_on"],
            lines=lines,
            customer_id=customer.id if customer is not None else None,
            channel_id=channel.id if channel is not None else None,
            reason=values.get("reason") or "",
            announced_id=self._announced_id,
        )

    def say_refusal(self, refused: Refused) -> None:
        column = "lot" if refused.problem.code in LOT_REFUSALS else "qty"
        self.show_line_refusal(refused, column, FIELD_OF_REFUSAL)


def parts_of(qty: Decimal, scrap: Decimal | None) -> list[tuple[Decimal, bool]]:
    """What came back of a line as (quantity, whether it is scrapped), without parts of nothing."""
    scrapped = scrap or ZERO
    return [part for part in ((qty - scrapped, False), (scrapped, True)) if part[0]]


def _credited(line: Line) -> dict[str, Any]:
    qty, price = line.get("qty"), line.get("unit_price")
    return {"amount": qty * price if isinstance(qty, Decimal) and isinstance(price, Decimal) else None}
