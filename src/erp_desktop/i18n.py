"""Text for people: marked where it is written, translated where it is shown.

The source text is English. `translate` looks a text up in the installed catalogue (Qt's, in the window and in
`erp-desktop report`); the central service installs none, because it answers with codes and fields that the desk
puts into words. Qt's lupdate finds `translate(...)` and `QT_TRANSLATE_NOOP(...)` by these very names.
"""

import re
from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any

Translator = Callable[[str, str], str]

_CHINESE = "[\u2018-\u201d\u2026\u2e80-\ua4cf\uf900-\ufaff\ufe30-\uff60]"  # characters, and the marks among them
_BESIDE_A_PLACE = re.compile(rf"{_CHINESE} \{{|\}} {_CHINESE}")
_BEGINS_CHINESE, _ENDS_CHINESE = re.compile(_CHINESE), re.compile(rf"{_CHINESE}\Z")


def _source_text(_context: str, text: str) -> str:
    return text


_translator: Translator = _source_text


def install_translator(translator: Translator | None) -> None:
    """Use `translator(context, text)` from now on; None goes back to the source text."""
    global _translator  # noqa: PLW0603  one language at a time is shown by one program
    _translator = translator or _source_text


def translate(context: str, text: str) -> str:
    """`text` in the language of the program. Named places such as {product} stay for the caller's `.format`."""
    return fitted(_translator(context, text))


def fitted(text: str) -> str:
    """`text`, whose places are filled without a space between Chinese and Chinese.

    Chinese keeps a space beside Latin letters and digits, so a text says "收到 {number} 的货"; filled with Chinese it has none.
    """
    return _Fitted(text) if _BESIDE_A_PLACE.search(text) else text


class _Fitted(str):
    __slots__ = ()

    def format(self, *args: Any, **places: Any) -> str:
        return super().format(*args, **places) if args else self.format_map(places)

    def format_map(self, places: Mapping[str, Any], /) -> str:  # type: ignore[override]  # its own protocol is private
        filled, formatter = "", Formatter()
        for literal, name, form, conversion in formatter.parse(self):
            filled = _joined(filled, literal)
            if name is not None:
                value = formatter.convert_field(formatter.get_field(name, (), places)[0], conversion)
                filled = _joined(filled, formatter.format_field(value, form or ""))
        return filled


def side_by_side(*parts: str) -> str:
    """The parts that say something, with a space between them, none between Chinese and Chinese."""
    told = ""
    for part in filter(None, parts):
        told = _joined(f"{told} " if told else "", part)
    return told


def _joined(left: str, right: str) -> str:
    """Both parts, without a space that would stand where they meet between Chinese and Chinese."""
    if left.endswith(" ") and _ENDS_CHINESE.search(left[:-1]) and _BEGINS_CHINESE.match(right):
        return left[:-1] + right
    if right.startswith(" ") and _ENDS_CHINESE.search(left) and _BEGINS_CHINESE.match(right, 1):
        return left + right[1:]
    return left + right


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # the name that lupdate looks for
    """Marks `text` for the catalogue where it is declared; `translate` it where it is shown."""
    return text
