"""The page of a purchase order: raised, confirmed, received in one or more receipts."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtGui import QAction

from erp_desktop.actions.drafts import changing
from erp_desktop.actions.purchasing import CancelPurchaseOrder, ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.models.purchasing import PurchaseOrderLine, PurchaseOrderStatus
from erp_desktop.numbers import ZERO
from erp_desktop.queries.currencies import SupplierCurrency
from erp_desktop.queries.order_entry import FirstChoices, LastPurchasePrices, OrderDefaults, PriceWanted
from erp_desktop.queries.purchasing_details import PurchaseOrderDetail, PurchaseOrderRecord
from erp_desktop.reports.documents.printed import PrintedPurchaseOrder
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.exchange_rate import CurrencyField
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.documents.kinds import document_text, number_text
from erp_desktop.views.documents.order_lines import (
    PriceProposals,
    amount_of,
    hide_stock_units,
    in_stock_units,
    is_unit_anew,
    look_units_up,
    qty_not_exact,
    stock_qty_of,
    unit_columns,
    unit_id_of,
    unit_of,
    usual_unit,
)
from erp_desktop.views.documents.printing import print_document
from erp_desktop.views.language import current_language
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, cell_value, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import LineColumn, LineSpec
from erp_desktop.views.widgets.list_screen import ListScreen
from erp_desktop.views.widgets.lookup import LookupItem

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

Status = PurchaseOrderStatus

PATH = (str(Status.DRAFT), str(Status.CONFIRMED), str(Status.PART_RECEIVED), str(Status.RECEIVED))
FIELDS = ("supplier", "warehouse", "ordered_on", "due_on", "reference", "note", "currency")
FIELD_OF_REFUSAL = {"not_a_supplier": "supplier", "due_before_ordered": "due_on", "no_such_currency": "currency"}
TO_RECEIVE = (Status.CONFIRMED, Status.PART_RECEIVED)


class PurchaseOrderPage(FormPage):
    """Opened with `is_new` it raises an order under the id given."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, is_new: bool = False) -> None:
        super().__init__(
            desk,
            shell,
            "purchase_order",
            id,
            PurchaseOrderDetail,
            "purchase_order_form",
            FIELDS,
            ("supplier", "warehouse", "ordered_on", "due_on"),
            is_new=is_new,
        )
        self._sees_prices = self.sees(PurchaseOrderLine, "unit_price")
        self.money = CurrencyField(self, self._currency_changed)
        self.lookup("supplier").use(desk, lookups.suppliers())
        self.lookup("warehouse").use(desk, lookups.warehouses())
        self.use_lines(self._line_spec())
        self._prices = PriceProposals(desk, self.grid, self._last_prices, self) if self._sees_prices else None
        self._make_actions()
        self.show_state(Status.DRAFT)
        self.set_title(self.new_title())
        self.header.name(self.new_title(), number_text(None) if is_new else "")
        self.lines_changed()
        when_done(desk.ask(OrderDefaults(self.last_warehouse())), self, self._take_defaults)
        self.lookup("supplier").chosen.connect(self._note_supplier)
        self.offer_actions()
        self.refresh()
        self.start_at("supplier" if is_new else "lines")

    # --- what is shown

    def _line_spec(self) -> LineSpec:
        prices = (
            LineColumn(
                "unit_price", translate("PurchaseOrderPage", "Price"), CellKind.UNIT_COST, 110, is_required=True
            ),
            LineColumn("amount", translate("PurchaseOrderPage", "Amount"), CellKind.MONEY, 120, is_computed=True),
        )
        return LineSpec(
            (
                LineColumn(
                    "product",
                    translate("PurchaseOrderPage", "Product"),
                    is_required=True,
                    lookup=lookups.products(),
                    stretches=True,
                ),
                LineColumn("qty", translate("PurchaseOrderPage", "Quantity"), CellKind.QTY, 100, is_required=True),
                *unit_columns(84),
                *(prices if self._sees_prices else ()),
                LineColumn("received", translate("PurchaseOrderPage", "Received"), CellKind.QTY, 90, is_computed=True),
            ),
            compute=self._computed,
            fill=usual_unit,
            check=qty_not_exact,
            beside=lambda: self.money.places,
        )

    def _computed(self, line: Any) -> dict[str, Any]:
        return {
            "in_stock_units": in_stock_units(line, stock_qty_of(line)),
            "amount": amount_of(line, self.money.places),
            "received": in_stock_units(line, line["received_qty"]),
        }

    def show_record(self, record: PurchaseOrderRecord) -> None:
        party = str(cell_value(record, "supplier_name"))
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
        self.money.keep(record.currency)
        if self._prices is not None:
            self._prices.forget()
        self.show_lines(
            [
                {
                    "id": line.id,
                    "product": LookupItem(
                        line.product_id, line.product_code, str(cell_value(line, "product_name")), line
                    ),
                    "qty": line.qty if line.entered_qty is None else line.entered_qty,
                    "unit": unit_of(line),
                    "unit_price": line.unit_price,
                    "received_qty": line.received_qty,
                }
                for line in record.lines
            ]
        )
        self.binder.show(
            {
                "supplier": lookups.item(
                    record.supplier_id, record.supplier_code, record.supplier_name, record.supplier_name_zh
                ),
                "warehouse": lookups.item(
                    record.warehouse_id, record.warehouse_code, record.warehouse_name, record.warehouse_name_zh
                ),
                "ordered_on": record.ordered_on,
                "due_on": record.due_on,
                "reference": record.reference,
                "note": record.note,
                "currency": record.currency,
            }
        )
        self.lines_changed()

    _shown: tuple[Any, ...] | None = ()
    _seen: SavePurchaseOrder | None = None  # the order as the person last saw it

    def note_seen(self) -> None:
        if self.record is not None:
            self._shown, self._seen = _typed_part(self.record), _as_entered(self.record)

    def show_state(self, status: str) -> None:
        """The path, and what can still be typed in this state."""
        is_locked = status != Status.DRAFT or bool(self.may("purchasing.write"))
        self.header.path.show_path(PATH, status)
        self.header.path.show()
        self.binder.show_state(Status.CONFIRMED if is_locked else status)
        self.grid.show_column("received", status != Status.DRAFT)
        if self.grid.model_of_lines.is_read_only != is_locked:
            self.grid.set_read_only(is_locked)

    def lines_changed(self) -> None:
        if self._prices is not None:
            self._prices.look()
        hide_stock_units(self.grid)
        total = self.grid.model_of_lines.total("amount")
        count = translate("PurchaseOrderPage", "Lines: {count}").format(count=self.grid.model_of_lines.count())
        self.show_text("line_count", count)
        if not self._sees_prices:
            self.show_text("total", "")
            return
        money = shown(total, CellKind.MONEY, self.money.places)
        text = translate("PurchaseOrderPage", "Total {currency} {amount}")
        self.show_text("total", text.format(currency=self.money.currency, amount=money))

    def _note_supplier(self, supplier: LookupItem | None) -> None:
        """The supplier's currency is proposed."""
        if supplier is not None and not self.grid.model_of_lines.is_read_only:
            when_done(self.desk.ask(SupplierCurrency(supplier.id)), self, self.money.propose)

    def _currency_changed(self) -> None:
        self.grid.viewport().update()
        self.lines_changed()

    def _take_defaults(self, choices: FirstChoices) -> None:
        if self.is_new:
            today = company_today()
            warehouse = choices.warehouse
            self.binder.fill_in({"ordered_on": today, "due_on": today})
            if warehouse is not None:
                chosen = lookups.item(warehouse.id, warehouse.code, warehouse.name, warehouse.name_zh)
                self.binder.fill_in({"warehouse": chosen})
        self.lines_changed()
        self.offer_actions()

    def _last_prices(self, wanted: tuple[PriceWanted, ...]) -> LastPurchasePrices:
        try:
            supplier = self.binder.value("supplier")
        except ValueError:
            supplier = None
        return LastPurchasePrices(wanted, supplier.id if supplier else None, self.money.currency)

    # --- what can be done

    def _make_actions(self) -> None:
        add = self.add_page_action
        self.do_save = add("purchase_order.save", translate("PurchaseOrderPage", "Save draft"), self.save, "", "save")
        self.do_save.setProperty("usualTip", translate("PurchaseOrderPage", "Save draft (Ctrl+S)"))
        self.do_confirm = add(
            "purchase_order.confirm", translate("PurchaseOrderPage", "Confirm"), self._ask_to_confirm, "", "check"
        )
        self.do_receive = add(
            "purchase_order.receive",
            translate("PurchaseOrderPage", "Receive goods"),
            self._receive,
            "",
            "goods_receipt",
        )
        self.do_print = add(
            "purchase_order.print", translate("PurchaseOrderPage", "Print PDF"), self._print, "Ctrl+P", "print"
        )
        self.do_duplicate = add(
            "purchase_order.duplicate",
            translate("PurchaseOrderPage", "Duplicate"),
            self._duplicate,
            "Ctrl+Shift+D",
            "copy",
        )
        self.do_cancel = add(
            "purchase_order.cancel",
            translate("PurchaseOrderPage", "Cancel the order"),
            self._ask_to_cancel,
            "",
            "close",
        )

        self.do_correct = add(
            "purchase_order.price",
            translate("PurchaseOrderPage", "Correct received prices"),
            self._correct_prices,
            "",
            "costing",
        )

    def offer_actions(self) -> None:
        record: PurchaseOrderRecord | None = self.record
        status = record.status if record else Status.DRAFT
        unsaved = "" if record else translate("PurchaseOrderPage", "Save the order first.")
        may_write = self.may("purchasing.write")
        self.allow(self.do_save, may_write)
        self.allow(self.do_confirm, may_write)
        self.allow(self.do_receive, self.may("goods.receive"))
        self.allow(self.do_print, unsaved)
        self.allow(self.do_duplicate, unsaved or may_write)
        self.allow(self.do_cancel, unsaved or may_write or self._why_not_cancelled(status))
        no_goods = "" if self._receipts() else translate("PurchaseOrderPage", "No goods of this order have come yet.")
        self.allow(self.do_correct, self.may("cost.write") or no_goods)
        primary: QAction | None
        others: tuple[QAction, ...]
        if status == Status.DRAFT:
            primary, others = self.do_confirm, (self.do_save, self.do_print)
        elif status in TO_RECEIVE:
            primary, others = self.do_receive, (self.do_print,)
        else:
            primary, others = self.do_print, ()
        self.offer(primary, others, (self.do_correct, self.do_duplicate, self.do_cancel))

    def _why_not_cancelled(self, status: str) -> str:
        if status == Status.CANCELLED:
            return translate("PurchaseOrderPage", "The order is cancelled already.")
        if status not in (Status.DRAFT, Status.CONFIRMED):
            return translate("PurchaseOrderPage", "Goods of this order have come already.")
        return ""

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Saves the draft and calls `then` once it is safe."""
        self.when_settled(partial(self._save, then))

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_form()
        if values is None:
            return
        action = SavePurchaseOrder(
            order_id=self.document_id,
            supplier_id=values["supplier"].id,
            warehouse_id=values["warehouse"].id,
            ordered_on=values["ordered_on"],
            due_on=values["due_on"],
            lines=tuple(
                PurchaseLine(
                    line.get("id") or new_id(),
                    line["product"].id,
                    line["qty"],
                    line["unit_price"],
                    unit_id_of(line),
                    is_unit_anew(line),
                )
                for line in self.grid.lines()
            ),
            reference=values.get("reference", ""),
            note=values.get("note", ""),
            currency=values.get("currency") or "",
        )

        accept = self.binder.acceptance()

        def saved() -> None:
            self._seen, self._shown = action, None
            accept()
            self.remember_warehouse(action.warehouse_id)
            self.tell(translate("PurchaseOrderPage", "Purchase order saved"))
            if then is not None and not self.is_dirty:
                then()

        self.perform(action if self._seen is None else changing(action, self._seen), saved, self.say_refusal)

    def say_refusal(self, refused: Refused) -> None:
        column = {"amount_negative": "unit_price", "not_a_unit_of_product": "unit"}.get(refused.code, "qty")
        self.show_line_refusal(refused, column, FIELD_OF_REFUSAL)

    def _ask_to_confirm(self) -> None:
        self.when_settled(self._say_what_confirming_does)

    def _say_what_confirming_does(self) -> None:
        values = self.read_with_lines()
        if values is None:
            return
        lines = self.grid.lines()
        sentence = translate(
            "PurchaseOrderPage",
            "Confirming sends an order for {currency} {amount} (lines: {count}) to {supplier}. From then on goods are "
            "expected on {due_on} and the lines cannot be changed.",
        ).format(
            count=len(lines),
            currency=self.money.currency,
            amount=shown(self.grid.model_of_lines.total("amount"), CellKind.MONEY, self.money.places),
            supplier=values["supplier"].name,
            due_on=values["due_on"].isoformat(),
        )
        self.ask(sentence, translate("PurchaseOrderPage", "Confirm the order"), self._confirm)

    def _confirm(self) -> None:
        if self.is_dirty or self.record is None:
            self.save(self._perform_confirm)
        else:
            self._perform_confirm()

    def _perform_confirm(self) -> None:
        told = translate("PurchaseOrderPage", "Purchase order confirmed")
        self.perform(ConfirmPurchaseOrder(self.document_id), lambda: self.tell(told))

    def _ask_to_cancel(self) -> None:
        sentence = translate(
            "PurchaseOrderPage",
            "Cancelling takes the order back: nothing more is expected of it. It stays in the list.",
        )
        told = translate("PurchaseOrderPage", "Purchase order cancelled")
        action = CancelPurchaseOrder(self.document_id)
        self.ask(
            sentence,
            translate("PurchaseOrderPage", "Cancel the order"),
            lambda: self.perform(action, lambda: self.tell(told)),
        )

    def _receive(self) -> None:
        self.shell.open_screen("receive_goods", id=self.document_id)

    def _receipts(self) -> list[UUID]:
        record: PurchaseOrderRecord | None = self.record
        return [one.id for one in record.related if one.kind == "goods_receipt"] if record else []

    def _correct_prices(self) -> None:
        """A late invoice is for one receipt: it opens, or the order's receipts to choose from."""
        receipts = self._receipts()
        if len(receipts) == 1:
            self.shell.open_screen("correct_price", id=receipts[0])
            return
        screen = self.shell.open_screen("goods_receipts")
        if isinstance(screen, ListScreen) and self.record is not None:
            screen.table.filters.search.setText(self.record.number or "")

    def _duplicate(self) -> None:
        page = self.shell.open_screen("purchase_order", id=new_id(), is_new=True)
        if isinstance(page, PurchaseOrderPage):
            page.start_from(self)

    def start_from(self, other: "PurchaseOrderPage") -> None:
        """A new order with what another one holds, dated today."""
        today = company_today()
        self.binder.show({"ordered_on": today, "due_on": today})
        for name in ("supplier", "warehouse"):
            self.binder.set_value(name, other.binder.value(name))
        self.money.propose(other.money.currency)
        kept = ("product", "qty", "unit", "unit_price")
        lines = [{name: line.get(name) for name in kept} for line in other.grid.lines()]
        self.show_lines([{**line, "received_qty": ZERO} for line in lines])
        look_units_up(self.grid)
        self._note_lines()

    def _print(self) -> None:
        title = translate("PurchaseOrderPage", "Printing the purchase order")
        language = current_language()
        print_document(
            self,
            title,
            lambda folder: PrintedPurchaseOrder(self.document_id, folder, language, self.desk.user.name),
        )


def _as_entered(record: PurchaseOrderRecord) -> SavePurchaseOrder:
    """The action that writes the order as it is shown."""
    return SavePurchaseOrder(
        record.id,
        record.supplier_id,
        record.warehouse_id,
        record.ordered_on,
        record.due_on,
        tuple(
            PurchaseLine(line.id, line.product_id, line.entered_qty or line.qty, line.unit_price or ZERO, line.unit_id)
            for line in record.lines
        ),
        reference=record.reference,
        note=record.note,
        currency=record.currency,
    )


def _typed_part(record: PurchaseOrderRecord) -> tuple[Any, ...]:
    """What people type of an order: when it differs from what is shown, somebody else changed it."""
    header = tuple(getattr(record, name) for name in ("supplier_id", "warehouse_id", "ordered_on", "due_on"))
    lines = tuple((line.id, line.product_id, line.qty, line.unit_id, line.unit_price) for line in record.lines)
    return (*header, record.currency, record.reference, record.note, lines)
