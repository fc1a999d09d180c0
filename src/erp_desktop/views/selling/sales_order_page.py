"""The page of a sales order: entered, confirmed, allocated, shipped."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QComboBox

from erp_desktop.actions.drafts import changing
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.selling import SalesLine, SaveSalesOrder
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.models.sales import SalesOrderStatus
from erp_desktop.numbers import ZERO
from erp_desktop.queries.order_entry import FirstChoices, FreeToPromise, OrderDefaults, PriceWanted, SalePrices
from erp_desktop.queries.selling_details import SalesOrderDetail, SalesOrderRecord
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.documents.kinds import document_text, number_text
from erp_desktop.views.documents.order_lines import (
    PriceProposals,
    amount_of,
    hide_stock_units,
    in_stock_units,
    is_unit_anew,
    qty_not_exact,
    stock_qty_of,
    unit_columns,
    unit_id_of,
    unit_of,
    usual_unit,
)
from erp_desktop.views.selling.sales_order_actions import SalesOrderActions
from erp_desktop.views.selling.words import PATH, PRIORITIES, priority_text
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, cell_value, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupItem

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

Status = SalesOrderStatus

FIELDS = (
    "customer",
    "distributor",
    "channel",
    "warehouse",
    "ordered_on",
    "due_on",
    "external_number",
    "priority",
    "freight",
    "ship_to",
    "note",
)
FIELD_OF_REFUSAL = {
    "not_a_customer": "customer",
    "due_before_ordered": "due_on",
    "bad_priority": "priority",
    "code_taken": "external_number",
}
USUAL_PRIORITY = 3
COLUMN_OF_REFUSAL = {"amount_negative": "unit_price", "bad_discount": "discount", "not_a_unit_of_product": "unit"}


class SalesOrderPage(FormPage):
    """Opened with `is_new` it enters an order under the id given."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, is_new: bool = False) -> None:
        super().__init__(
            desk,
            shell,
            "sales_order",
            id,
            SalesOrderDetail,
            "sales_order_form",
            FIELDS,
            ("channel", "warehouse", "ordered_on", "due_on"),
            is_new=is_new,
        )
        self.money = FirstChoices("", 2, "shipment", None, None)
        self._shown: tuple[Any, ...] | None = ()
        self._seen: SaveSalesOrder | None = None  # the order as the person last saw it
        self._free: dict[UUID, Decimal] = {}
        self._free_asked: tuple[UUID | None, frozenset[UUID]] = (None, frozenset())
        for name, spec in (
            ("customer", lookups.customers()),
            ("distributor", lookups.distributors()),
            ("channel", lookups.channels()),
            ("warehouse", lookups.warehouses()),
        ):
            if self.binder.widget(name) is not None:
                self.lookup(name).use(desk, spec)
        priority = self.binder.widget("priority")
        if isinstance(priority, QComboBox):
            for number in PRIORITIES:
                priority.addItem(priority_text(number), number)
            self.binder.show({"priority": USUAL_PRIORITY})
        self.use_lines(self._line_spec())
        self._prices = PriceProposals(desk, self.grid, self._sale_prices, self)
        self.binder.edited.connect(self._follow_field)
        self.actions_of_order = SalesOrderActions(self)
        self.show_state(Status.DRAFT)
        self.set_title(self.new_title())
        self.header.name(self.new_title(), number_text(None) if is_new else "")
        self.lines_changed()
        when_done(desk.ask(OrderDefaults(self.last_warehouse())), self, self._take_defaults)
        self.offer_actions()
        self.refresh()
        self.start_at("customer" if is_new else "lines")

    # --- what is shown

    def _line_spec(self) -> LineSpec:
        return LineSpec(
            (
                LineColumn(
                    "product",
                    translate("SalesOrderPage", "Product"),
                    is_required=True,
                    lookup=lookups.products(),
                    stretches=True,
                ),
                LineColumn("qty", translate("SalesOrderPage", "Quantity"), CellKind.QTY, 92, is_required=True),
                *unit_columns(72),
                LineColumn(
                    "unit_price", translate("SalesOrderPage", "Price"), CellKind.UNIT_COST, 96, is_required=True
                ),
                LineColumn("discount", translate("SalesOrderPage", "Disc. %"), CellKind.QTY, 76),
                LineColumn("amount", translate("SalesOrderPage", "Amount"), CellKind.MONEY, 104, is_computed=True),
                LineColumn("free", translate("SalesOrderPage", "Free"), CellKind.QTY, 92, is_computed=True),
                LineColumn("allocated", translate("SalesOrderPage", "Allocated"), CellKind.QTY, 88, is_computed=True),
                LineColumn("shipped", translate("SalesOrderPage", "Shipped"), CellKind.QTY, 80, is_computed=True),
            ),
            compute=self._computed,
            fill=usual_unit,
            check=qty_not_exact,
            beside=lambda: (self.money.currency_places, self._free),
        )

    def _computed(self, line: Any) -> dict[str, Any]:
        product = line["product"]
        free = self._free.get(product.id) if isinstance(product, LookupItem) else None
        return {
            "in_stock_units": in_stock_units(line, stock_qty_of(line)),
            "amount": amount_of(line, self.money.currency_places),
            "free": in_stock_units(line, free),
            "allocated": in_stock_units(line, line["allocated_qty"]),
            "shipped": in_stock_units(line, line["shipped_qty"]),
        }

    def show_record(self, record: SalesOrderRecord) -> None:
        party = str(cell_value(record, "customer_name") or "")
        self.header.name(document_text(self.kind, record.number), party)
        self.show_state(record.status)
        if self.is_typing:
            if self._shown is None:  # as this page has saved it
                self._shown = _typed_part(record)
            elif _typed_part(record) != self._shown:
                self.say_changed_elsewhere()
            return
        self._shown = _typed_part(record)
        self._seen = _as_entered(record)
        self._prices.forget()
        self._free = {line.product_id: line.free for line in record.lines}
        self._free_asked = (record.warehouse_id, frozenset(self._free))
        self.show_lines([_line_values(line) for line in record.lines])
        self.binder.show(_field_values(record))
        self.lines_changed()

    def show_state(self, status: str) -> None:
        """The path, and what can still be typed in this state."""
        is_locked = status != Status.DRAFT or bool(self.may("sales.write"))
        self.header.path.show_path(PATH, status)
        self.header.path.show()
        self.binder.show_state(Status.CONFIRMED if is_locked else status)
        self._choose_columns(status)
        if self.grid.model_of_lines.is_read_only != is_locked:
            self.grid.set_read_only(is_locked)

    def _choose_columns(self, status: str) -> None:
        """What matters in this state: what is free before stock is promised, what is promised and sent after."""
        before = (Status.DRAFT, Status.CONFIRMED)
        self.grid.show_column("free", status in before)
        self.grid.show_column("allocated", status not in (*before, Status.SHIPPED, Status.CANCELLED))
        self.grid.show_column("shipped", status not in (*before, Status.CANCELLED))

    def lines_changed(self) -> None:
        self._prices.look()
        hide_stock_units(self.grid)
        self._ask_what_is_free()
        self._show_totals()

    def _show_totals(self) -> None:
        model = self.grid.model_of_lines
        goods = model.total("amount")
        freight = self.typed("freight") or ZERO
        places = self.money.currency_places
        count = translate("SalesOrderPage", "Lines: {count}").format(count=model.count())
        self.show_text("line_count", count)
        goods_text = translate("SalesOrderPage", "Goods {amount}").format(amount=shown(goods, CellKind.MONEY, places))
        self.show_text("goods_total", goods_text)
        total = shown(goods + freight, CellKind.MONEY, places)
        text = translate("SalesOrderPage", "Total {currency} {amount}")
        self.show_text("total", text.format(currency=self.money.currency, amount=total))

    def _follow_field(self, name: str) -> None:
        if name == "freight":
            self._show_totals()
        elif name == "customer":
            self._prices.ask_again()
        elif name == "warehouse":
            self._ask_what_is_free()

    def _take_defaults(self, choices: FirstChoices) -> None:
        self.money = choices
        if self.is_new:
            today = company_today()
            self.binder.fill_in({"ordered_on": today, "due_on": today})
            for name, choice in (("warehouse", choices.warehouse), ("channel", choices.channel)):
                if choice is not None:
                    self.binder.fill_in({name: lookups.item(choice.id, choice.code, choice.name, choice.name_zh)})
        self.lines_changed()
        self.offer_actions()

    # --- what the lines are helped with

    def _sale_prices(self, wanted: tuple[PriceWanted, ...]) -> SalePrices:
        customer, ordered_on = self.typed("customer"), self.typed("ordered_on")
        return SalePrices(wanted, ordered_on or company_today(), party_id=customer.id if customer is not None else None)

    def _ask_what_is_free(self) -> None:
        warehouse = self.typed("warehouse")
        lines = self.grid.model_of_lines.values()
        products = frozenset(line["product"].id for line in lines if isinstance(line.get("product"), LookupItem))
        wanted = (warehouse.id if warehouse is not None else None, products)
        if warehouse is None or not products or wanted == self._free_asked:
            return
        self._free_asked = wanted
        query = FreeToPromise(warehouse.id, tuple(sorted(products)))
        when_done(self.desk.ask(query), self, partial(self._show_free, wanted))

    def _show_free(self, wanted: object, free: Mapping[UUID, Decimal]) -> None:
        if wanted == self._free_asked:
            self._free = dict(free)
            self.grid.viewport().update()

    # --- what can be done

    def offer_actions(self) -> None:
        if hasattr(self, "actions_of_order"):
            self.actions_of_order.offer()

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Saves the draft and calls `then` once it is safe."""
        self.when_settled(partial(self._save, then))

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_form()
        if values is None:
            return
        customer, distributor = values.get("customer"), values.get("distributor")
        action = SaveSalesOrder(
            order_id=self.document_id,
            channel_id=values["channel"].id,
            warehouse_id=values["warehouse"].id,
            ordered_on=values["ordered_on"],
            due_on=values["due_on"],
            lines=tuple(
                SalesLine(
                    line.get("id") or new_id(),
                    line["product"].id,
                    line["qty"],
                    line["unit_price"],
                    (line.get("discount") or ZERO) / 100,
                    unit_id_of(line),
                    is_unit_anew(line),
                )
                for line in self.grid.lines()
            ),
            customer_id=customer.id if customer else None,
            distributor_id=distributor.id if distributor else None,
            external_number=values.get("external_number") or None,
            priority=values.get("priority") or USUAL_PRIORITY,
            ship_to=values.get("ship_to", ""),
            note=values.get("note", ""),
            freight=values.get("freight") or ZERO,
        )

        accept = self.binder.acceptance()

        def saved() -> None:
            self._seen, self._shown = action, None
            accept()
            self.remember_warehouse(action.warehouse_id)
            self.tell(translate("SalesOrderPage", "Sales order saved"))
            if then is not None and not self.is_dirty:
                then()

        self.perform(action if self._seen is None else changing(action, self._seen), saved, self.say_refusal)

    def note_seen(self) -> None:
        if self.record is not None:
            self._shown, self._seen = _typed_part(self.record), _as_entered(self.record)

    def say_refusal(self, refused: Refused) -> None:
        """A refusal at its line or field."""
        self.show_line_refusal(refused, COLUMN_OF_REFUSAL.get(refused.code, "qty"), FIELD_OF_REFUSAL)


def _line_values(line: Any) -> dict[str, Any]:
    return {
        "id": line.id,
        "product": LookupItem(line.product_id, line.product_code, str(cell_value(line, "product_name")), line),
        "qty": line.qty if line.entered_qty is None else line.entered_qty,
        "unit": unit_of(line),
        "unit_price": line.unit_price,
        "discount": (line.discount * 100).normalize() + ZERO if line.discount else None,
        "allocated_qty": line.allocated_qty,
        "shipped_qty": line.shipped_qty,
    }


def _field_values(record: SalesOrderRecord) -> dict[str, Any]:
    customer = lookups.item(record.customer_id, record.customer_code, record.customer_name, record.customer_name_zh)
    return {
        "customer": customer,
        "distributor": lookups.item(
            record.distributor_id, record.distributor_code, record.distributor_name, record.distributor_name_zh
        ),
        "channel": lookups.item(record.channel_id, record.channel_code, record.channel_name, record.channel_name_zh),
        "warehouse": lookups.item(
            record.warehouse_id, record.warehouse_code, record.warehouse_name, record.warehouse_name_zh
        ),
        "ordered_on": record.ordered_on,
        "due_on": record.due_on,
        "external_number": record.external_number or "",
        "priority": record.priority,
        "freight": record.freight or None,
        "ship_to": record.ship_to,
        "note": record.note,
    }


def _as_entered(record: SalesOrderRecord) -> SaveSalesOrder:
    """The action that writes the order as it is shown."""
    return SaveSalesOrder(
        record.id,
        record.channel_id,
        record.warehouse_id,
        record.ordered_on,
        record.due_on,
        tuple(
            SalesLine(
                line.id, line.product_id, line.entered_qty or line.qty, line.unit_price, line.discount, line.unit_id
            )
            for line in record.lines
        ),
        customer_id=record.customer_id,
        distributor_id=record.distributor_id,
        external_number=record.external_number,
        priority=record.priority,
        ship_to=record.ship_to,
        note=record.note,
        freight=record.freight,
    )


def _typed_part(record: SalesOrderRecord) -> tuple[Any, ...]:
    """What people type of an order: when it differs from what is shown, somebody else changed it."""
    names: tuple[str, ...] = (
        "customer_id",
        "distributor_id",
        "channel_id",
        "warehouse_id",
        "ordered_on",
        "due_on",
        "external_number",
    )
    names += ("priority", "freight", "ship_to", "note")
    lines = tuple(
        (line.id, line.product_id, line.qty, line.unit_id, line.unit_price, line.discount) for line in record.lines
    )
    return (*(getattr(record, name) for name in names), lines)
