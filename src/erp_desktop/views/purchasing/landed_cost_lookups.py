"""What the form of a landed cost looks through: goods receipts that bear it, and landed costs that a credit note is for."""

from typing import Any

from erp_desktop.i18n import translate
from erp_desktop.queries.base import IsEmpty
from erp_desktop.queries.purchasing import GoodsReceiptRow, GoodsReceipts, LandedCostRow, LandedCosts
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.purchasing.words import kind_of_cost_text
from erp_desktop.views.widgets.cells import CellKind, shown
from erp_desktop.views.widgets.line_model import LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec


def receipts_lookup() -> LookupSpec:
    """Goods receipts by number, order, supplier or delivery note, newest first; the fact is their day and order."""
    return LookupSpec(GoodsReceipts, code="number", name="supplier_name", fact=_fact_of_receipt)


def _fact_of_receipt(row: GoodsReceiptRow) -> str:
    return f"{row.received_on.isoformat()}  {number_text(row.order_number)}"


def landed_costs_lookup() -> LookupSpec:
    """Landed costs by number, reference or supplier, no credit notes; the fact is kind, day and amount."""
    return LookupSpec(
        LandedCosts, code="number", name="reference", fact=_fact_of_cost, filters=(("credits_id", IsEmpty()),)
    )


def _fact_of_cost(row: LandedCostRow) -> str:
    return f"{kind_of_cost_text(row.kind)}  {row.dated_on.isoformat()}  {shown(row.amount_in_currency, CellKind.MONEY)} {row.currency}"


def receipt_lines() -> LineSpec:
    """The receipts that bear a cost, one a line."""
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
            LineColumn("order", translate("LandedCostForm", "Purchase order"), width=140, is_computed=True),
            LineColumn("qty", translate("LandedCostForm", "Quantity"), CellKind.QTY, 100, is_computed=True),
        ),
        compute=_of_receipt,
    )


def _of_receipt(line: Any) -> dict[str, Any]:
    item = line["receipt"]
    row = item.row if isinstance(item, LookupItem) else None
    if row is None:
        return {}
    return {
        "received_on": row.received_on,
        "order": number_text(row.order_number),
        "qty": row.qty,
    }
