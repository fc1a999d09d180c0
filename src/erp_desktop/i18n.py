"""Text for people: marked where it is written, translated where it is shown.

The source text is English. `translate` looks a text up in the installed catalogue (Qt's, in the window and in
`erp-desktop report`); the central service installs none, because it answers with codes and fields that the desk
puts into words. Qt's lupdate finds `translate(...)` and `QT_TRANSLATE_NOOP(...)` by these very names.
"""

from collections.abc import Callable

Translator = Callable[[str, str], str]


def _source_text(_context: str, text: str) -> str:
    return text


_translator: Translator = _source_text


def install_translator(translator: Translator | None) -> None:
    """Use `translator(context, text)` from now on; None goes back to the source text."""
    global _translator  # noqa: PLW0603  one language at a time is shown by one program
    _translator = translator or _source_text


def translate(context: str, text: str) -> str:
    """`text` in the language of the program. Named places such as {product} stay for the caller's `.format`."""
    return _translator(context, text)


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # the name that lupdate looks for
    """Marks `text` for the catalogue where it is declared; `translate` it where it is shown."""
    return text
