"""The lines of a document of the dock as its page shows them: the columns that goods receipt, shipment and return share."""

from collections.abc import Callable, Mapping
from typing import Any

from erp_desktop.i18n import translate
from erp_desktop.views.documents import lookups
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.list_model import ListSpec

Seldom = Mapping[str, Callable[[Any], bool]]


def dock_lines(query: Any, tables: frozenset[str], *columns: TableColumn) -> ListSpec:
    """The list of a document's lines: code and product, then `columns`; with all of a return's beside related documents."""
    return ListSpec(
        (
            TableColumn("product_code", translate("DockLines", "Code"), width=92),
            TableColumn("product_name", translate("DockLines", "Product"), stretches=True),
            *columns,
        ),
        query,
        tables=tables,
        name=translate("DockLines", "Lines"),
        search_hint=translate("DockLines", "Product, bin"),
        sort="line_no",
    )


def qty_column() -> TableColumn:
    return TableColumn("qty", translate("DockLines", "Quantity"), CellKind.QTY, 84)


def unit_column() -> TableColumn:
    return TableColumn("unit_code", translate("DockLines", "Unit"), width=56)


def pack_column() -> TableColumn:
    """What the quantity is in the unit of the order."""
    heading = translate("DockLines", "In order unit")
    return TableColumn("pack", heading, width=116, is_sortable=False, made=lookups.in_packs)


def _has_packs(record: Any) -> bool:
    return any(not line.factor.is_one for line in record.lines)


def _has_lots(record: Any) -> bool:
    return any(line.lot_id is not None for line in record.lines)


PACKS_SELDOM: Seldom = {"pack": _has_packs}  # shown where a line was ordered in another unit than the stock unit
LOTS_AND_PACKS_SELDOM: Seldom = {"lot_code": _has_lots, **PACKS_SELDOM}


def bin_column() -> TableColumn:
    return TableColumn("bin_code", translate("DockLines", "Bin"), width=84)


def lot_column() -> TableColumn:
    return TableColumn("lot_code", translate("DockLines", "Lot"), width=92)
