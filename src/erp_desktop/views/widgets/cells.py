"""What a table cell holds, and its three faces: as shown, as copied, and where it stands in the column."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from erp_desktop.i18n import translate
from erp_desktop.views.language import current_language
from erp_desktop.views.widgets.statuses import status_text


class CellKind(StrEnum):
    """What a column holds. The first seven have the same values as a report's ColumnKind."""

    TEXT = "text"
    MONEY = "money"
    QTY = "qty"
    UNIT_COST = "unit_cost"  # also unit prices
    PERCENT = "percent"  # 0.05 shows as 5.0%
    DATE = "date"
    INTEGER = "integer"
    INSTANT = "instant"  # UTC, shown in the machine's time zone
    STATUS = "status"
    YES_NO = "yes_no"

    @property
    def stands_right(self) -> bool:
        return self in _RIGHT

    @property
    def default_width(self) -> int:
        return _WIDTHS.get(self, 180)


_RIGHT = frozenset(
    {
        CellKind.MONEY,
        CellKind.QTY,
        CellKind.UNIT_COST,
        CellKind.PERCENT,
        CellKind.INTEGER,
        CellKind.DATE,
        CellKind.INSTANT,
    }
)
_WIDTHS = {
    CellKind.MONEY: 118,
    CellKind.QTY: 96,
    CellKind.UNIT_COST: 104,
    CellKind.PERCENT: 84,
    CellKind.DATE: 104,
    CellKind.INTEGER: 72,
    CellKind.INSTANT: 138,
    CellKind.STATUS: 150,
    CellKind.YES_NO: 72,
}


@dataclass(frozen=True)
class TableColumn:
    """One column of a shared table.

    `name` is the row's attribute and what the list query sorts by; `heading` is the text as shown (translated by the
    screen); `width` in pixels, 0 for the kind's own.
    """

    name: str
    heading: str
    kind: CellKind = CellKind.TEXT
    width: int = 0
    is_sortable: bool = True
    places: int = 2  # of MONEY: the currency's decimals
    stretches: bool = False  # takes what room is left; at most one column of a table
    made: Callable[[Any], Any] | None = None  # of the row, for a value that it does not have; nothing sorts by it

    def value(self, record: Any) -> Any:
        """What `record` has in this column, raw."""
        return cell_value(record, self.name) if self.made is None else self.made(record)


def shown(value: Any, kind: CellKind, places: int = 2) -> str:
    """`value` as a table shows it; blank for none. Numbers are grouped by thousands and never rounded but MONEY. A quantity
    that names its unit is a text already."""
    if value is None:
        return ""
    match kind:
        case CellKind.MONEY:
            return f"{value:,.{places}f}"
        case CellKind.QTY | CellKind.UNIT_COST:
            if isinstance(value, str):
                return value
            return shown_number(value, least=2 if kind is CellKind.UNIT_COST else 0)
        case CellKind.PERCENT:
            return f"{value * 100:,.1f}%"
        case CellKind.INTEGER:
            return f"{value:,}"
        case CellKind.DATE:
            return value.isoformat() if isinstance(value, date) else str(value)
        case CellKind.INSTANT:
            return value.astimezone().strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else str(value)
        case CellKind.STATUS:
            return status_text(str(value))
        case CellKind.YES_NO:
            return translate("Table", "Yes") if value else translate("Table", "No")
    return str(value)


def shown_number(value: Decimal | int, least: int = 0) -> str:
    """An exact number with thousands grouped, trailing zeros off down to `least` decimals: 1,200 or 12.318."""
    text = f"{Decimal(value):,f}"
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    return f"{whole}.{fraction}" if fraction else whole


def copied(value: Any, kind: CellKind) -> str:
    """`value` as it goes to a spreadsheet: raw numbers, ISO dates, no grouping; tabs and line breaks become blanks."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if kind in (CellKind.STATUS, CellKind.YES_NO):
        return shown(value, kind)
    return " ".join(str(value).split()) if any(mark in str(value) for mark in "\t\r\n") else str(value)


def cell_value(record: Any, name: str) -> Any:
    """The record's value called `name`; a name that the record also has in Chinese is taken in the language shown now."""
    value = getattr(record, name)
    if isinstance(value, str) and current_language() == "zh_CN":
        return getattr(record, f"{name}_zh", None) or value
    return value
