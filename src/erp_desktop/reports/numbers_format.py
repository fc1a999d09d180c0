"""How numbers, dates and texts are shown, in one place for the window, PDF and Excel (ux.md, section 9).

Figures are exact: an amount that has more places than its currency shows them all, so what is shown adds up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from babel import Locale

from erp_desktop.reports.report import ColumnKind, Section

DASH = "–"  # a zero in a statement
REPLACEMENT = "□"  # in every font, as U+FFFD is not


@dataclass(frozen=True)
class _Separators:
    group: str
    point: str


@cache
def _separators(language: str) -> _Separators:
    symbols = Locale.parse(language, sep="_").number_symbols["latn"]
    return _Separators(symbols["group"], symbols["decimal"])


def places_of(value: Decimal | int) -> int:
    """How many decimal places `value` needs: 0 for 12, 1 for 12.50."""
    if isinstance(value, int):
        return 0
    _, digits, exponent = value.as_tuple()
    places = -exponent if isinstance(exponent, int) else 0
    last = len(digits) - 1
    while places > 0 and last >= 0 and digits[last] == 0:
        places -= 1
        last -= 1
    return max(places, 0) if last >= 0 else 0


def has_more_digits(value: Decimal | int, most: int) -> bool:
    """Whether `value` has more than `most` digits from its first to its last that is not zero: 1,230 and 0.0123 have 3."""
    digits = Decimal(value).as_tuple().digits
    return len(digits) > most and len("".join(map(str, digits)).strip("0")) > most


def format_number(value: Decimal | int, places: int, language: str) -> str:
    """`value` with at least `places` decimals and the language's separators: 1,234.50, -1,234.50."""
    separators = _separators(language)
    text = f"{value:,.{max(places, places_of(value))}f}"
    if value == 0:
        text = text.lstrip("-")
    if separators == _Separators(",", "."):
        return text
    return text.translate({ord(","): separators.group, ord("."): separators.point})


def format_money(amount: Decimal, places: int, language: str) -> str:
    """`amount` at the currency's `places` (2 for CNY, 0 for JPY): 1,234.50."""
    return format_number(amount, places, language)


def format_qty(qty: Decimal, language: str) -> str:
    """A quantity without trailing zeros: 1,200 or 0.25."""
    return format_number(qty, 0, language)


def format_unit_cost(unit_cost: Decimal, places: int, language: str) -> str:
    """A price or cost of one unit: at least the currency's `places`, up to the six that it may have."""
    return format_number(unit_cost, places, language)


def format_percent(fraction: Decimal, language: str) -> str:
    """0.05 as 5.0%. Rounded half up to a tenth of a percent."""
    percent = (fraction * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return format_number(percent, 1, language) + "%"


def format_date(day: date) -> str:
    """2024-03-15, in both languages."""
    return day.isoformat()


def format_instant(moment: datetime) -> str:
    """2024-03-15 18:00, in the zone that `moment` carries."""
    return moment.strftime("%Y-%m-%d %H:%M")


def _is_shown(character: str) -> bool:
    code = ord(character)
    if code < 0x20 or 0x7F <= code <= 0x9F:
        return False
    return not (0xD800 <= code <= 0xDFFF or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE)


def plain_text(text: str) -> str:
    """`text` on one line: line ends and tabs become spaces, characters that no file may hold become a box."""
    if text.isprintable():
        return text
    spaced = " ".join(text.split()) if any(mark in text for mark in "\r\n\t\x0b\x0c") else text
    return "".join(character if _is_shown(character) else REPLACEMENT for character in spaced)


def digits_wide(text: str) -> int:
    """About how wide `text` is, counted in digits: a Chinese character is two wide."""
    return len(text) if text.isascii() else sum(2 if ord(character) >= 0x2E80 else 1 for character in text)


FIGURE_SPACE = "\u2007"  # as wide as a digit
POINT_SPACE = "\u2008"  # as wide as a decimal point
_SPACES = FIGURE_SPACE + POINT_SPACE


def aligned(text: str, places: int, most: int) -> str:
    """`text`, which shows `places` decimals, with blanks so that its point stands under that of a number with `most`."""
    if places >= most:
        return text
    return text + (POINT_SPACE if places == 0 else "") + FIGURE_SPACE * (most - places)


def without_blanks(text: str) -> str:
    """`text` without the blanks that `aligned` put at its end."""
    return text.rstrip(_SPACES)


@dataclass(frozen=True)
class SectionFormat:
    """How the figures of one section are shown: `least` and `most` decimal places of each column, and a zero.

    Amounts show the same places all down a column. Quantities and unit costs leave trailing zeros off and keep the point
    in line with blanks.
    """

    least: dict[str, int]
    most: dict[str, int]
    language: str
    zero_as_dash: bool = False

    def places(self, name: str, value: Decimal | int) -> int:
        """How many decimals `value` shows in the column `name`."""
        return max(self.least[name], places_of(value))

    def text(self, kind: ColumnKind, name: str, value: Any) -> str:
        """What stands in the cell: blank for no value. Ends in blanks where that keeps points in line."""
        if value is None:
            return ""
        if kind is ColumnKind.TEXT:
            return plain_text(str(value))
        if kind is ColumnKind.DATE:
            return format_date(value)
        if self.zero_as_dash and value == 0:
            return DASH
        if kind is ColumnKind.PERCENT:
            return format_percent(value, self.language)
        if kind is ColumnKind.INTEGER:
            return str(value)
        places = self.places(name, value)
        return aligned(format_number(value, places, self.language), places, self.most[name])


_COUNTED = {ColumnKind.MONEY, ColumnKind.QTY, ColumnKind.UNIT_COST}


def section_format(section: Section, currency_places: int, language: str) -> SectionFormat:
    """How `section` is shown. Amounts and unit costs have at least the currency's places, and as many as they need."""
    least: dict[str, int] = {}
    most: dict[str, int] = {}
    for column in section.columns:
        if column.kind in _COUNTED:
            name = column.name
            least[name] = 0 if column.kind is ColumnKind.QTY else currency_places
            most[name] = max(least[name], _most_places(row.cells.get(name) for row in section.rows))
            if column.kind is ColumnKind.MONEY:
                least[name] = most[name]
    return SectionFormat(least, most, language, section.zero_as_dash)


def _most_places(values: Iterable[Decimal | int | None]) -> int:
    return max((places_of(value) for value in values if value is not None), default=0)
