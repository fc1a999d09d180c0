"""Columns that say where value went that came after its goods: accounts that seldom get any of it stand only where they do."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.cells import CellKind, TableColumn

_SELDOM = ("to_goods_dispatched", "to_variance", "to_scrap_loss")


def late_value_columns() -> tuple[TableColumn, ...]:
    """Of posted lines, in company currency."""
    return (
        TableColumn("to_inventory", translate("LateValue", "In stock"), CellKind.MONEY, 80),
        TableColumn("to_goods_dispatched", translate("LateValue", "Dispatched"), CellKind.MONEY, 96),
        TableColumn("to_cost_of_sales", translate("LateValue", "Cost of sales"), CellKind.MONEY, 100),
        TableColumn("to_variance", translate("LateValue", "Price variance"), CellKind.MONEY, 108),
        TableColumn("to_scrap_loss", translate("LateValue", "Scrap loss"), CellKind.MONEY, 92),
    )


def seldom_used(lines: Callable[[Any], Iterable[object]]) -> Mapping[str, Callable[[Any], bool]]:
    """For a PostedPage: by the column, whether any of the record's `lines` has something in it."""

    def is_used(name: str, record: Any) -> bool:
        return any(getattr(line, name) for line in lines(record))

    return {name: partial(is_used, name) for name in _SELDOM}
