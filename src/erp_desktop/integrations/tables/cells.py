"""What a cell may hold, and how it becomes a text, a code, a number, a day or a yes or no of the trade.

Here: exact values, from text or from a spreadsheet's own types. Not here: files, columns, what a value means.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.numbers import NumberNotExact, parse_decimal, to_scaled

SIGNIFICANT_DIGITS = 15  # what a spreadsheet shows and keeps of a number; beyond is binary noise (0.30000000000000004)
OLDEST, NEWEST = date(1900, 1, 1), date(2999, 12, 31)

NOT_A_NUMBER = QT_TRANSLATE_NOOP("Import", "{value} is not a number with at most {places} decimal places")
NOT_A_RATE = QT_TRANSLATE_NOOP("Import", "{value} is not a share between 0 and 1 (or 0 % and 100 %)")
NOT_A_DAY = QT_TRANSLATE_NOOP("Import", "{value} is not a day; write it as 2024-03-15")
TWO_DAYS = QT_TRANSLATE_NOOP("Import", "{value} may be two different days; write it as 2024-03-15")
NOT_YES_OR_NO = QT_TRANSLATE_NOOP("Import", "{value} is neither yes nor no")
NOT_WHOLE = QT_TRANSLATE_NOOP("Import", "{value} is not a whole number")
NOT_A_TEXT = QT_TRANSLATE_NOOP("Import", "{value} is not a text")
SHORTENED = QT_TRANSLATE_NOOP(
    "Import", "{value} is a code that a spreadsheet has shortened; format the column as text and enter it again"
)
TOO_LONG = QT_TRANSLATE_NOOP("Import", "The text is longer than {limit} characters")
NOT_STORABLE = QT_TRANSLATE_NOOP("Import", "The text holds a character that cannot be stored")


@dataclass(frozen=True)
class UnusableCell:
    """A cell without a value to use: a formula that was never computed, or one that came out as an error."""

    sentence: str  # translated

    def __str__(self) -> str:
        return ""


Cell = str | bool | int | Decimal | date | time | UnusableCell | None  # a datetime is a date


class BadCell(ValueError):
    """What a cell holds is not what its column needs; the sentence says why, translated."""

    def __init__(self, sentence: str, value: Cell = None, **fields: object) -> None:
        super().__init__(translate("Import", sentence).format(value=_shortened(as_text(value)), **fields))


def exact(number: float | int | Decimal) -> int | Decimal:
    """A spreadsheet's binary number as the decimal that the spreadsheet shows."""
    if isinstance(number, float):
        if number.is_integer() and abs(number) < 10**SIGNIFICANT_DIGITS:
            return int(number)
        return Decimal(f"{number:.{SIGNIFICANT_DIGITS}g}")
    return number


def is_blank(cell: Cell) -> bool:
    """Nothing in it that a person could see."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def as_text(cell: Cell) -> str:
    """A cell as a person would read it; whole numbers without a point, days as 2024-03-15."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return str(cell)


def parse_text(cell: Cell, limit: int) -> str:
    """A name, address or note exactly as it was written, at most `limit` characters."""
    _refuse_unusable(cell)
    text = as_text(cell)
    if len(text) > limit:
        raise BadCell(TOO_LONG, limit=limit)
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadCell(NOT_STORABLE)
    return text


_SHORTENED_CODE = re.compile(r"\d(\.\d+)?E\+\d\d", re.IGNORECASE)


def parse_code(cell: Cell, limit: int) -> str:
    """A code or number that names something, without blanks around it."""
    text = parse_text(cell, limit + 20).strip()
    if _SHORTENED_CODE.fullmatch(text):
        raise BadCell(SHORTENED, text)
    if len(text) > limit:
        raise BadCell(TOO_LONG, limit=limit)
    return text


_CURRENCY_SIGNS = re.compile(
    r"^\s*(?:[¥￥$€£]|CNY|RMB|USD|EUR|GBP)\s*|\s*(?:元|CNY|RMB|USD|EUR|GBP)\s*$", re.IGNORECASE
)


def parse_number(cell: Cell, places: int) -> Decimal:
    """An exact number of at most `places` decimals; thousands may be grouped, a currency sign may stand beside it."""
    _refuse_unusable(cell)
    try:
        if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
            to_scaled(cell, places)
            return Decimal(cell)
        if isinstance(cell, str) and "_" not in cell:  # Python alone reads 1_000
            return parse_decimal(_CURRENCY_SIGNS.sub("", cell), places)
    except NumberNotExact:
        pass
    raise BadCell(NOT_A_NUMBER, cell, places=places)


def parse_whole(cell: Cell) -> int:
    """A whole number that fits a 32-bit column, or BadCell."""
    try:
        number = parse_number(cell, 0)
    except BadCell:
        raise BadCell(NOT_WHOLE, cell) from None
    if abs(number) >= 2**31:
        raise BadCell(NOT_WHOLE, cell)
    return int(number)


def parse_rate(cell: Cell, places: int) -> Decimal:
    """A share: 0.05 or 5 %."""
    text = cell.strip() if isinstance(cell, str) else ""
    rate = parse_number(text[:-1], places - 2).scaleb(-2) if text[-1:] in ("%", "％") else parse_number(cell, places)
    if not 0 <= rate <= 1:
        raise BadCell(NOT_A_RATE, cell)
    return rate


_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})(\d\d)(\d\d)|(\d{4})年(\d{1,2})月(\d{1,2})日?")
_DAY_OR_MONTH_FIRST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_TIME_AFTER = re.compile(r"[T ]\s*\d{1,2}:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$")


def parse_day(cell: Cell, order: str = "") -> date:
    """A day as 2024-03-15, 2024/3/15, 20240315, 2024年3月15日 or a spreadsheet's own; a time after it is left out.

    03/04/2024 is two days at once: it is refused unless `order` ("dmy" or "mdy") says which.
    """
    _refuse_unusable(cell)
    if isinstance(cell, datetime):
        return _plausible(cell.date(), cell)
    if isinstance(cell, date):
        return _plausible(cell, cell)
    text = as_text(cell).strip()
    text = _TIME_AFTER.sub("", text)
    try:
        if found := _YEAR_FIRST.fullmatch(text):
            year, month, day = (int(part) for part in found.groups() if part and part not in "-/.")
            return _plausible(date(year, month, day), cell)
        if found := _DAY_OR_MONTH_FIRST.fullmatch(text):
            first, second, year = int(found[1]), int(found[3]), int(found[4])
            if not order:
                order = "dmy" if found[2] == "." or first > 12 else "mdy" if second > 12 else ""
            if not order and first != second:
                raise BadCell(TWO_DAYS, cell)
            day, month = (second, first) if order == "mdy" else (first, second)
            return _plausible(date(year, month, day), cell)
    except BadCell:
        raise
    except ValueError:
        pass
    raise BadCell(NOT_A_DAY, cell)


_YES = {"yes", "y", "true", "t", "1", "x", "是", "真", "√", "✓", "对"}
_NO = {"no", "n", "false", "f", "0", "", "否", "假", "×", "非"}


def parse_yes_no(cell: Cell) -> bool:
    """Yes or no in either language, or a spreadsheet's own TRUE and FALSE."""
    _refuse_unusable(cell)
    word = as_text(cell).strip().casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise BadCell(NOT_YES_OR_NO, cell)


Parser = Callable[[Cell], object]


def _plausible(day: date, cell: Cell) -> date:
    if not OLDEST <= day <= NEWEST:
        raise BadCell(NOT_A_DAY, cell)
    return day


def _refuse_unusable(cell: Cell) -> None:
    if isinstance(cell, UnusableCell):
        raise BadCell(cell.sentence.replace("{", "{{").replace("}", "}}"))
    if isinstance(cell, time):
        raise BadCell(NOT_A_TEXT, str(cell))


def storable(text: str) -> str:
    """`text` with a question mark for half a character (_xD800_ in a workbook), which no file and no screen can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _shortened(text: str) -> str:
    text = storable(text)
    return text if len(text) <= 40 else text[:39] + "…"
