"""The words of a document in its own language, which may differ from the language of the screen.

A supplier's order is printed in Chinese from an English window and the other way round, so renderers do not ask the
program's translator but the catalogue (`resources/i18n/*.ts`) of the document's language. A text that the catalogue
lacks is shown in English.
"""

from functools import cache
from typing import Any
from xml.etree import ElementTree

from erp_desktop.i18n import fitted
from erp_desktop.reports.report import Bilingual, Term
from erp_desktop.resources import resource_path

ENGLISH = "en"
CHINESE = "zh_CN"


class Words:
    """The texts of one language."""

    def __init__(self, language: str, texts: dict[tuple[str, str], str]) -> None:
        self.language = language
        self._texts = texts

    def translate(self, context: str, text: str) -> str:
        """`text` in this language. Named places such as {product} stay for the caller's `.format`."""
        return fitted(self._texts.get((context, text)) or text)

    def shown(self, value: Any) -> Any:
        """A cell or parameter as it is shown in this language: names and terms in it, everything else as it is."""
        if isinstance(value, Bilingual):
            return self.name(value.name, value.name_zh)
        return self.translate("Report", value.source) if isinstance(value, Term) else value

    def fact(self, heading: str, value: Any) -> str:
        """A parameter with its heading (source text): "As of: 2026-03-31"."""
        pair = self.translate("Report", "{heading}: {value}")
        return pair.format(heading=self.translate("Report", heading), value=self.shown(value))

    def heading(self, title: str | Bilingual) -> str:
        """A title that is source text or a record's name."""
        return self.name(title.name, title.name_zh) if isinstance(title, Bilingual) else self.translate("Report", title)

    def name(self, name: str, name_zh: str) -> str:
        """A record's name: the Chinese one in a Chinese document, where it has one."""
        return name_zh or name if self.language == CHINESE else name or name_zh


@cache
def words(language: str) -> Words:
    """The words of `language` ("en", "zh_CN"; every other is English)."""
    if not language.startswith("zh"):
        return Words(ENGLISH, {})
    texts: dict[tuple[str, str], str] = {}
    for catalogue in sorted(resource_path("i18n").glob(f"*{CHINESE}.ts")):
        for context in ElementTree.parse(catalogue).getroot().iter("context"):
            name = context.findtext("name", "")
            for message in context.iter("message"):
                texts[name, message.findtext("source", "")] = message.findtext("translation") or ""
    return Words(CHINESE, texts)
