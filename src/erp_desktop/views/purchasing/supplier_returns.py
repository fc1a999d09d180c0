"""What went back to suppliers: the list, and the page of one purchase return."""

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.numbers import ZERO
from erp_desktop.queries.supplier_returns import (
    SupplierReturnDetail,
    SupplierReturnLines,
    SupplierReturnRecord,
    SupplierReturns,
)
from erp_desktop.reports.documents.printed import PrintedReturnNote
from erp_desktop.views.documents.exchange_rate import exchange_fact, rate_text
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.documents.listed import date_filter, document_list, opens
from erp_desktop.views.documents.lookups import named
from erp_desktop.views.documents.posted_page import Facts, PostedPage
from erp_desktop.views.documents.printing import print_document
from erp_desktop.views.language import current_language
from erp_desktop.views.reports.story import offer_story_of_lines
from erp_desktop.views.widgets.cells import CellKind, TableColumn, cell_value, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


def supplier_returns_screen(desk: "Desk", shell: "MainWindow", filters: tuple[tuple[str, Any], ...] = ()) -> ListScreen:
    """All purchase returns, newest first."""
    spec = document_list(
        SupplierReturns,
        (
            TableColumn("number", translate("SupplierReturns", "Number"), width=116),
            TableColumn("receipt_number", translate("SupplierReturns", "Goods receipt"), width=116),
            TableColumn("supplier_name", translate("SupplierReturns", "Supplier"), stretches=True),
            TableColumn("reason", translate("SupplierReturns", "Reason"), width=106),
            TableColumn("reference", translate("SupplierReturns", "Credit note"), width=120),
            TableColumn("returned_on", translate("SupplierReturns", "Returned"), CellKind.DATE, 100),
            TableColumn("status", translate("SupplierReturns", "Status"), CellKind.STATUS, 96),
            TableColumn("qty", translate("SupplierReturns", "Quantity"), CellKind.QTY, 84),
            TableColumn("currency", translate("SupplierReturns", "Currency"), width=80),
            TableColumn("total", translate("SupplierReturns", "Credit"), CellKind.MONEY),
        ),
        name=translate("SupplierReturns", "Purchase returns"),
        empty_text=translate("SupplierReturns", "No purchase returns yet"),
        empty_detail=translate("SupplierReturns", "Goods are returned from the page of their goods receipt."),
        search_hint=translate("SupplierReturns", "Number, receipt, supplier, reason, credit note"),
        filters=(date_filter("returned_on", translate("SupplierReturns", "Returned"), company_today()),),
        first_filters=filters,
    )
    return ListScreen(desk, spec.name, spec, opens(shell, "supplier_return"))


class SupplierReturnPage(PostedPage):
    """What went back, from where, and what the supplier credits for it."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        spec = ListSpec(
            (
                TableColumn("line_no", translate("SupplierReturnPage", "No."), CellKind.INTEGER, 52),
                TableColumn("product_code", translate("SupplierReturnPage", "Code"), width=92),
                TableColumn("product_name", translate("SupplierReturnPage", "Product"), stretches=True),
                TableColumn("bin_code", translate("SupplierReturnPage", "Bin"), width=72),
                TableColumn("qty", translate("SupplierReturnPage", "Quantity"), CellKind.QTY, 84),
                TableColumn("unit_code", translate("SupplierReturnPage", "Unit"), width=56),
                TableColumn("unit_price", translate("SupplierReturnPage", "Credit price"), CellKind.UNIT_COST, 108),
                TableColumn("price_unit", translate("SupplierReturnPage", "Price per"), width=84, is_sortable=False),
                TableColumn("amount", translate("SupplierReturnPage", "Credit"), CellKind.MONEY, 104),
            ),
            partial(SupplierReturnLines, return_id=id),
            tables=SupplierReturnLines.tables,
            name=translate("SupplierReturnPage", "Lines"),
            sort="line_no",
        )
        super().__init__(
            desk,
            shell,
            "supplier_return",
            id,
            SupplierReturnDetail,
            spec,
            _facts,
            lambda record: str(cell_value(record, "supplier_name")),
        )
        text = translate("SupplierReturnPage", "Print return note")
        self.do_print = self.add_page_action("supplier_return.print", text, self._print, "Ctrl+P", "print")
        offer_story_of_lines(self)
        self.offer_actions()

    def offer_actions(self) -> None:
        if not hasattr(self, "do_print"):
            return
        self.allow(self.do_print, "" if self.record else translate("SupplierReturnPage", "The return is being read."))
        self.offer(self.do_print)

    def _print(self) -> None:
        title = translate("SupplierReturnPage", "Printing the return note")
        language = current_language()
        print_document(
            self,
            title,
            lambda folder: PrintedReturnNote(self.document_id, folder, language, self.desk.user.name),
        )


def _facts(record: SupplierReturnRecord) -> Facts:
    if record.is_invoiced:
        lowers = translate("SupplierReturnPage", "What is payable to the supplier")
    else:
        lowers = translate("SupplierReturnPage", "Goods received and not invoiced")
    return (
        (translate("SupplierReturnPage", "Goods receipt"), number_text(record.receipt_number)),
        (translate("SupplierReturnPage", "Returned"), record.returned_on.isoformat()),
        (translate("SupplierReturnPage", "Warehouse"), named(record, "warehouse")),
        (translate("SupplierReturnPage", "Reason"), record.reason),
        (translate("SupplierReturnPage", "Credit note"), record.reference),
        *_credit_facts(record),
        (translate("SupplierReturnPage", "The credit lowers"), lowers),
        *_cost_facts(record),
    )


def _credit_facts(record: SupplierReturnRecord) -> Facts:
    """For who may see what goods cost: the credit, in a foreign currency also its rate, the credit in company currency, and
    what of it the rate has made."""
    if record.total is None:
        return ()
    credit = (translate("SupplierReturnPage", "Credit"), f"{record.currency} {shown(record.total, CellKind.MONEY)}")
    if record.currency == record.company_currency:
        return (credit,)
    own = record.company_currency
    value = sum((line.value or ZERO for line in record.lines), ZERO)
    gained = sum((line.exchange_difference or ZERO for line in record.lines), ZERO)
    return (
        credit,
        (
            translate("SupplierReturnPage", "Exchange rate"),
            rate_text(record.currency, record.rate, own),
        ),
        (translate("SupplierReturnPage", "Credit in company currency"), f"{own} {shown(value, CellKind.MONEY)}"),
        exchange_fact(own, gained),
    )


def _cost_facts(record: SupplierReturnRecord) -> Facts:
    """What the goods had cost, and the rest to the credit; for who may see it."""
    if record.cost is None:
        return ()
    credited = sum(((line.value or ZERO) - (line.exchange_difference or ZERO) for line in record.lines), ZERO)
    cost, variance = (
        f"{record.company_currency} {shown(amount, CellKind.MONEY)}" for amount in (record.cost, record.cost - credited)
    )
    return (
        (translate("SupplierReturnPage", "Cost of the goods"), cost),
        (translate("SupplierReturnPage", "Price variance"), variance),
    )


def supplier_return_page(desk: "Desk", shell: "MainWindow", id: UUID) -> SupplierReturnPage:
    return SupplierReturnPage(desk, shell, id)
