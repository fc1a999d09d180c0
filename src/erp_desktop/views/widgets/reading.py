"""What a person types into a field, read as the value that it means: exact numbers, sums, dates in short."""

import ast
import re
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal, localcontext

from erp_desktop.i18n import translate
from erp_desktop.numbers import NumberNotExact, parse_decimal, to_scaled

_HALF_WIDTH = {
    ord(full): half for full, half in zip("０１２３４５６７８９．，－＋＊×／÷（）", "0123456789.,-+**//()", strict=True)
}
_LONGEST = 60  # letters of a sum
_QUOTED = 40  # letters of what was typed, in a sentence about it
_SUM_SIGNS = set("*/()+-")


class NotReadable(ValueError):
    """What was typed is no such value. `sentence` says what to type instead, in the person's language."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def quoted(text: str) -> str:
    """What was typed, as a sentence says it: of a long text its beginning."""
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"


def read_number(text: str, places: int) -> Decimal:
    """The exact number, or the exact result of a sum such as `12*3.5`, with at most `places` decimals.

    Raises NotReadable where that would need more decimals, or is no number.
    """
    typed = text.translate(_HALF_WIDTH).strip()
    try:
        if any(letter.isalpha() for letter in typed):
            raise NumberNotExact(text, places, "not_a_number")
        if _SUM_SIGNS.isdisjoint(typed.lstrip("+-")):
            return parse_decimal(typed, places)
        result = _sum(typed)
        to_scaled(result, places)
    except NumberNotExact as error:
        raise NotReadable(_number_sentence(text, places, error.reason)) from None
    return result


def _number_sentence(text: str, places: int, reason: str) -> str:
    if reason == "places":
        return translate("Field", "{text} has more than {places} decimals. Type fewer.").format(
            text=quoted(text), places=places
        )
    if reason == "size":
        return translate("Field", "{text} is too large to be kept. Type a smaller number.").format(text=quoted(text))
    return translate("Field", "{text} is not a number. Type digits, such as 1,234.50, or a sum such as 12*3.5.").format(
        text=quoted(text)
    )


def _sum(typed: str) -> Decimal:
    """An arithmetic expression of numbers, + - * / and brackets. Raises NumberNotExact for anything else."""
    wrong = NumberNotExact(typed, 0, "not_a_number")
    if len(typed) > _LONGEST or not re.fullmatch(r"[0-9.,+\-*/() ]+", typed) or "//" in typed or "**" in typed:
        raise wrong
    try:
        tree = ast.parse(typed.replace(",", "").strip(), mode="eval")
    except (SyntaxError, ValueError):
        raise wrong from None
    source = typed.replace(",", "").strip()

    def value(node: ast.expr) -> Decimal:
        if isinstance(node, ast.Constant):
            return Decimal(ast.get_source_segment(source, node) or "")
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            inner = value(node.operand)
            return -inner if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            match node.op:
                case ast.Add():
                    return left + right
                case ast.Sub():
                    return left - right
                case ast.Mult():
                    return left * right
                case ast.Div() if right:
                    return left / right
        raise wrong

    with localcontext() as context:
        context.prec = 60
        result = value(tree.body)
        return result.normalize() + 0


def read_date(text: str, today: date) -> date:
    """A date as people type it: `t` today, `+7` and `-2` days from today, `15` of this month, `0315`, `2024-03-15`.

    Raises NotReadable.
    """
    typed = text.translate(_HALF_WIDTH).strip().lower().replace("/", "-").replace(".", "-")
    try:
        if typed in ("t", "today", "今天"):
            return today
        if re.fullmatch(r"[+-]\d{1,4}", typed):
            return today + timedelta(days=int(typed))
        if re.fullmatch(r"\d{1,2}", typed):
            return today.replace(day=int(typed))
        if re.fullmatch(r"\d{4}", typed):
            return today.replace(month=int(typed[:2]), day=int(typed[2:]))
        if re.fullmatch(r"\d{1,2}-\d{1,2}", typed):
            month, day = typed.split("-")
            return date(today.year, int(month), int(day))
        if re.fullmatch(r"\d{8}", typed):
            return date(int(typed[:4]), int(typed[4:6]), int(typed[6:]))
        if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", typed):
            year, month, day = typed.split("-")
            return date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        days = monthrange(today.year, today.month)[1]
        sentence = translate("Field", "There is no day {text}. This month has {days} days.")
        raise NotReadable(sentence.format(text=quoted(text), days=days)) from None
    raise NotReadable(
        translate("Field", "{text} is not a date. Type 2024-03-15, 0315, 15, +7 or t for today.").format(
            text=quoted(text)
        )
    )
