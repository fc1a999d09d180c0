"""What can be done with a sales order in each of its states, from its page."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from erp_desktop.actions.base import Action
from erp_desktop.actions.invoicing import PostSalesInvoice
from erp_desktop.actions.selling import AllocateSalesOrder, CancelSalesOrder, ConfirmSalesOrder, ReleaseAllocation
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.models.sales import SalesOrderStatus as Status
from erp_desktop.queries.selling_details import SalesOrderRecord
from erp_desktop.views.widgets.asking import say
from erp_desktop.views.widgets.cells import CellKind, shown
from erp_desktop.views.widgets.fields import company_today

if TYPE_CHECKING:
    from erp_desktop.views.selling.sales_order_page import SalesOrderPage

SHIPPED_IN_PART_OR_WHOLE = (Status.PART_SHIPPED, Status.SHIPPED)


class SalesOrderActions(QObject):
    """The page's buttons: one primary action per state, impossible ones with their reason."""

    def __init__(self, page: "SalesOrderPage") -> None:
        super().__init__(page)
        self._page = page
        add = page.add_page_action
        self.save = add("sales_order.save", translate("SalesOrderPage", "Save draft"), page.save, "", "save")
        self.save.setProperty("usualTip", translate("SalesOrderPage", "Save draft (Ctrl+S)"))
        self.confirm = add(
            "sales_order.confirm", translate("SalesOrderPage", "Confirm"), self._ask_to_confirm, "", "check"
        )
        self.allocate = add(
            "sales_order.allocate", translate("SalesOrderPage", "Allocate"), self._allocate, "", "stock"
        )
        self.release = add(
            "sales_order.release", translate("SalesOrderPage", "Release the allocation"), self._release, "", "undo"
        )
        self.ship = add("sales_order.ship", translate("SalesOrderPage", "Ship"), self._ship, "", "shipment")
        self.invoice = add("sales_order.invoice", translate("SalesOrderPage", "Invoice"), self._invoice, "", "invoice")
        self.cancel = add(
            "sales_order.cancel", translate("SalesOrderPage", "Cancel the order"), self._ask_to_cancel, "", "close"
        )

    def offer(self) -> None:
        """Shows the buttons of the order's present state."""
        page = self._page
        record: SalesOrderRecord | None = page.record
        status = record.status if record else Status.DRAFT
        may_write = page.may("sales.write")
        page.allow(self.save, may_write)
        page.allow(self.confirm, may_write)
        page.allow(self.allocate, may_write or self._why_not_allocated(record))
        page.allow(self.release, may_write or self._why_not_released(record))
        page.allow(self.ship, page.may("goods.ship"))
        page.allow(self.invoice, may_write or self._why_not_invoiced(record))
        unsaved = "" if record else translate("SalesOrderPage", "Save the order first.")
        page.allow(self.cancel, unsaved or may_write or self._why_not_cancelled(status))
        primary: QAction | None = None
        others: tuple[QAction, ...] = ()
        if status == Status.DRAFT:
            primary, others = self.confirm, (self.save,)
        elif status == Status.CONFIRMED:
            primary, others = self.allocate, (self.ship,)
        elif status in (Status.ALLOCATED, Status.PART_SHIPPED):
            primary, others = self.ship, ((self.allocate,) if not self._why_not_allocated(record) else ())
        more: tuple[QAction, ...] = (self.release, self.cancel)
        if page.money.revenue_at == "invoice":
            if status in SHIPPED_IN_PART_OR_WHOLE and primary is None:
                primary = self.invoice
            else:
                more = (self.invoice, *more)
        page.offer(primary, others, more)

    # --- why not

    def _why_not_allocated(self, record: SalesOrderRecord | None) -> str:
        if record is None or record.status not in (Status.CONFIRMED, Status.PART_SHIPPED):
            return translate("SalesOrderPage", "Only a confirmed order can be promised stock.")
        if not any(line.unallocated_qty > 0 for line in record.lines):
            return translate("SalesOrderPage", "All that is open is allocated.")
        return ""

    def _why_not_released(self, record: SalesOrderRecord | None) -> str:
        if record is None or not any(line.allocated_qty > 0 for line in record.lines):
            return translate("SalesOrderPage", "Nothing is allocated to this order.")
        return ""

    def _why_not_invoiced(self, record: SalesOrderRecord | None) -> str:
        if record is None or not any(line.shipped_qty > line.invoiced_qty for line in record.lines):
            return translate("SalesOrderPage", "All that was shipped is invoiced.")
        return ""

    def _why_not_cancelled(self, status: str) -> str:
        if status == Status.CANCELLED:
            return translate("SalesOrderPage", "The order is cancelled already.")
        if status in SHIPPED_IN_PART_OR_WHOLE:
            return translate("SalesOrderPage", "Goods of this order have left already.")
        return ""

    # --- doing it

    def _perform(self, action: Action, told: str) -> None:
        self._page.perform(action, lambda: say(told), self._page.say_refusal)

    def _ask_to_confirm(self) -> None:
        self._page.when_settled(self._say_what_confirming_does)

    def _say_what_confirming_does(self) -> None:
        page = self._page
        values = page.read_with_lines()
        if values is None:
            return
        lines = page.grid.lines()
        total = page.grid.model_of_lines.total("amount") + (values.get("freight") or 0)
        sentence = translate(
            "SalesOrderPage",
            "Confirming takes on an order for {currency} {amount} (lines: {count}), due on {due_on}. Stock can then be "
            "promised to it, and its lines cannot be changed.",
        ).format(
            count=len(lines),
            currency=page.money.currency,
            amount=shown(total, CellKind.MONEY, page.money.currency_places),
            due_on=values["due_on"].isoformat(),
        )
        page.ask(sentence, translate("SalesOrderPage", "Confirm the order"), self._confirm)

    def _confirm(self) -> None:
        if self._page.is_dirty or self._page.record is None:
            self._page.save(self._perform_confirm)
        else:
            self._perform_confirm()

    def _perform_confirm(self) -> None:
        self._perform(ConfirmSalesOrder(self._page.document_id), translate("SalesOrderPage", "Sales order confirmed"))

    def _allocate(self) -> None:
        self._perform(AllocateSalesOrder(self._page.document_id), translate("SalesOrderPage", "Stock allocated"))

    def _release(self) -> None:
        self._perform(ReleaseAllocation(self._page.document_id), translate("SalesOrderPage", "Allocation released"))

    def _ship(self) -> None:
        self._page.shell.open_screen("ship_order", id=self._page.document_id)

    def _invoice(self) -> None:
        action = PostSalesInvoice(new_id(), self._page.document_id, company_today())
        self._perform(action, translate("SalesOrderPage", "Invoice posted"))

    def _ask_to_cancel(self) -> None:
        sentence = translate(
            "SalesOrderPage",
            "Cancelling takes the order back; what was promised to it is free again. It stays in the list.",
        )
        action = CancelSalesOrder(self._page.document_id)
        told = translate("SalesOrderPage", "Sales order cancelled")
        self._page.ask(sentence, translate("SalesOrderPage", "Cancel the order"), lambda: self._perform(action, told))
