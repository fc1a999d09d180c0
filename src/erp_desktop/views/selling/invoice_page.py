"""The page of a sales invoice."""

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.queries.selling_details import SalesInvoiceDetail, SalesInvoiceLines, SalesInvoiceRecord
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.documents.posted_page import Facts, PostedPage
from erp_desktop.views.warehouse.dock_lines import PACKS_SELDOM, pack_column
from erp_desktop.views.widgets.cells import CellKind, TableColumn, cell_value, shown
from erp_desktop.views.widgets.list_model import ListSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


def sales_invoice_page(desk: "Desk", shell: "MainWindow", id: UUID) -> PostedPage:
    """What was charged; a line without a product is freight."""

    def facts(record: SalesInvoiceRecord) -> Facts:
        return (
            (translate("SalesInvoicePage", "Sales order"), number_text(record.order_number)),
            (translate("SalesInvoicePage", "Invoiced"), record.invoiced_on.isoformat()),
            (translate("SalesInvoicePage", "Due"), record.due_on.isoformat()),
            (translate("SalesInvoicePage", "Total"), f"{record.currency} {shown(record.total, CellKind.MONEY)}"),
        )

    spec = ListSpec(
        (
            TableColumn("line_no", translate("SalesInvoicePage", "No."), CellKind.INTEGER, 64),
            TableColumn("product_code", translate("SalesInvoicePage", "Code"), width=130),
            TableColumn("product_name", translate("SalesInvoicePage", "Product"), stretches=True),
            TableColumn("qty", translate("SalesInvoicePage", "Quantity"), CellKind.QTY),
            TableColumn("unit_code", translate("SalesInvoicePage", "Unit"), width=70),
            pack_column(),
            TableColumn("amount", translate("SalesInvoicePage", "Amount"), CellKind.MONEY),
        ),
        partial(SalesInvoiceLines, invoice_id=id),
        tables=SalesInvoiceLines.tables,
        name=translate("SalesInvoicePage", "Lines"),
        sort="line_no",
    )
    return PostedPage(
        desk,
        shell,
        "sales_invoice",
        id,
        SalesInvoiceDetail,
        spec,
        facts,
        lambda record: str(cell_value(record, "customer_name") or ""),
        seldom=PACKS_SELDOM,
    )
