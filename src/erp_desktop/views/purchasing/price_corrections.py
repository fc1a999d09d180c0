"""Prices of receipts that were corrected: the list, and the page of one correction."""

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.queries.price_corrections import (
    PriceCorrectionDetail,
    PriceCorrectionLines,
    PriceCorrectionRecord,
    PriceCorrections,
)
from erp_desktop.views.documents.exchange_rate import exchange_fact, rate_text
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.documents.listed import date_filter, document_list, opens
from erp_desktop.views.documents.posted_page import Facts, PostedPage
from erp_desktop.views.purchasing.late_value import late_value_columns, seldom_used
from erp_desktop.views.warehouse.dock_lines import PACKS_SELDOM
from erp_desktop.views.widgets.cells import CellKind, TableColumn, cell_value, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


def price_corrections_screen(
    desk: "Desk", shell: "MainWindow", filters: tuple[tuple[str, Any], ...] = ()
) -> ListScreen:
    """All price corrections, newest first."""
    spec = document_list(
        PriceCorrections,
        (
            TableColumn("number", translate("PriceCorrections", "Number"), width=160),
            TableColumn("receipt_number", translate("PriceCorrections", "Goods receipt"), width=125),
            TableColumn("supplier_name", translate("PriceCorrections", "Supplier"), stretches=True),
            TableColumn("invoice_number", translate("PriceCorrections", "Invoice"), width=140),
            TableColumn("invoiced_on", translate("PriceCorrections", "Invoice date"), CellKind.DATE),
            TableColumn("dated_on", translate("PriceCorrections", "Posted on"), CellKind.DATE),
            TableColumn("status", translate("PriceCorrections", "Status"), CellKind.STATUS, 110),
            TableColumn("difference", translate("PriceCorrections", "Difference"), CellKind.MONEY),
        ),
        name=translate("PriceCorrections", "Price corrections"),
        empty_text=translate("PriceCorrections", "No price corrections yet"),
        empty_detail=translate("PriceCorrections", "A price is corrected from the page of its goods receipt or order."),
        search_hint=translate("PriceCorrections", "Number, receipt, supplier, invoice"),
        filters=(date_filter("dated_on", translate("PriceCorrections", "Posted on"), company_today()),),
        first_filters=filters,
    )
    return ListScreen(desk, spec.name, spec, opens(shell, "price_correction"))


def _rate_facts(record: PriceCorrectionRecord) -> Facts:
    """In a foreign currency: the invoice's rate, and what it has cost more than at the receipt's."""
    own = record.company_currency
    if record.currency == own:
        return ()
    return (
        (translate("PriceCorrectionPage", "Prices in"), record.currency),
        (translate("PriceCorrectionPage", "Exchange rate"), rate_text(record.currency, record.rate, own)),
        exchange_fact(own, None if record.exchange_difference is None else -record.exchange_difference),
    )


def price_correction_page(desk: "Desk", shell: "MainWindow", id: UUID) -> PostedPage:
    """The differences come from the centre; until then they are empty."""

    def facts(record: PriceCorrectionRecord) -> Facts:
        return (
            (translate("PriceCorrectionPage", "Goods receipt"), number_text(record.receipt_number)),
            (translate("PriceCorrectionPage", "Posted on"), record.dated_on.isoformat()),
            (translate("PriceCorrectionPage", "Supplier's invoice"), record.invoice_number),
            (
                translate("PriceCorrectionPage", "Invoice date"),
                record.invoiced_on.isoformat() if record.invoiced_on else "",
            ),
            (
                translate("PriceCorrectionPage", "Difference"),
                f"{record.company_currency} {shown(record.difference, CellKind.MONEY)}" if record.number else "",
            ),
            *_rate_facts(record),
        )

    spec = ListSpec(
        (
            TableColumn("product_code", translate("PriceCorrectionPage", "Code"), width=88),
            TableColumn("product_name", translate("PriceCorrectionPage", "Product"), stretches=True),
            TableColumn("qty", translate("PriceCorrectionPage", "Received"), CellKind.QTY, 78),
            TableColumn("price_before", translate("PriceCorrectionPage", "Price before"), CellKind.UNIT_COST, 96),
            TableColumn("unit_price", translate("PriceCorrectionPage", "New price"), CellKind.UNIT_COST, 92),
            TableColumn("price_unit", translate("PriceCorrectionPage", "Price per"), width=78, is_sortable=False),
            TableColumn("difference", translate("PriceCorrectionPage", "Difference"), CellKind.MONEY, 88),
            *late_value_columns(),
        ),
        partial(PriceCorrectionLines, correction_id=id),
        tables=PriceCorrectionLines.tables,
        name=translate("PriceCorrectionPage", "Lines"),
        sort="line_no",
    )
    return PostedPage(
        desk,
        shell,
        "price_correction",
        id,
        PriceCorrectionDetail,
        spec,
        facts,
        lambda record: str(cell_value(record, "supplier_name")),
        {**seldom_used(lambda record: record.lines), "price_unit": PACKS_SELDOM["pack"]},
    )
