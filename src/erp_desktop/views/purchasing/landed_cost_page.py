"""The page of a landed cost: what each receipt line bears, and where that was posted."""

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.queries.purchasing_details import LandedCostDetail, LandedCostRecord, LandedCostShares
from erp_desktop.views.documents.exchange_rate import rate_text
from erp_desktop.views.documents.posted_page import Facts, PostedPage
from erp_desktop.views.purchasing.late_value import late_value_columns, seldom_used
from erp_desktop.views.purchasing.words import basis_text, kind_of_cost_text
from erp_desktop.views.widgets.cells import CellKind, TableColumn, cell_value, shown
from erp_desktop.views.widgets.list_model import ListSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


def _rate_facts(record: LandedCostRecord) -> Facts:
    """Of a bill in a foreign currency: its rate, and what is shared in company currency."""
    own = record.company_currency
    if record.currency == own:
        return ()
    return (
        (translate("LandedCostPage", "Exchange rate"), rate_text(record.currency, record.rate, own)),
        (translate("LandedCostPage", "In company currency"), f"{own} {shown(record.amount, CellKind.MONEY)}"),
    )


def landed_cost_page(desk: "Desk", shell: "MainWindow", id: UUID) -> PostedPage:
    """The shares come from the centre; until then the list says so."""

    def facts(record: LandedCostRecord) -> Facts:
        return (
            (translate("LandedCostPage", "Kind"), kind_of_cost_text(record.kind)),
            (
                translate("LandedCostPage", "Amount"),
                f"{record.currency} {shown(record.amount_in_currency, CellKind.MONEY)}",
            ),
            *_rate_facts(record),
            (translate("LandedCostPage", "Date"), record.dated_on.isoformat()),
            (translate("LandedCostPage", "Shared by"), basis_text(record.basis)),
            (translate("LandedCostPage", "Reference"), record.reference),
            (translate("LandedCostPage", "Credit for"), record.credits_number or ""),
            (
                translate("LandedCostPage", "Not credited"),
                f"{record.currency} {shown(record.to_credit, CellKind.MONEY)}"
                if record.credits_id is None and record.to_credit != record.amount_in_currency
                else "",
            ),
        )

    spec = ListSpec(
        (
            TableColumn("receipt_number", translate("LandedCostPage", "Receipt"), width=112),
            TableColumn("product_code", translate("LandedCostPage", "Code"), width=92),
            TableColumn("product_name", translate("LandedCostPage", "Product"), stretches=True),
            TableColumn("qty", translate("LandedCostPage", "Quantity"), CellKind.QTY, 80),
            TableColumn("amount", translate("LandedCostPage", "Share"), CellKind.MONEY, 92),
            *late_value_columns(),
        ),
        partial(LandedCostShares, landed_cost_id=id),
        tables=LandedCostShares.tables,
        name=translate("LandedCostPage", "Shares"),
        empty_text=translate("LandedCostPage", "The shares follow as soon as the centre has worked them out"),
        sort="line_no",
    )
    page = PostedPage(
        desk,
        shell,
        "landed_cost",
        id,
        LandedCostDetail,
        spec,
        facts,
        lambda record: str(cell_value(record, "supplier_name") or ""),
        seldom_used(lambda record: record.shares),
    )
    if "cost.write" in desk.permissions:

        def credit() -> None:
            credited = page.record.credits_id or id if page.record is not None else id
            shell.open_screen("enter_landed_cost", id=new_id(), credits=credited)

        text = translate("LandedCostPage", "Enter credit note")
        page.offer(page.add_page_action("landed_cost.credit", text, credit, "", "landed_cost"))
    return page
