"""The words of costing methods."""

from erp_desktop.costing.stream import METHODS
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate

_METHODS = {
    "fifo": QT_TRANSLATE_NOOP("Costing method", "First in, first out"),
    "lifo": QT_TRANSLATE_NOOP("Costing method", "Last in, first out"),
    "moving_average": QT_TRANSLATE_NOOP("Costing method", "Moving average"),
    "periodic_average": QT_TRANSLATE_NOOP("Costing method", "Month-end average"),
    "standard": QT_TRANSLATE_NOOP("Costing method", "Standard cost"),
    "specific": QT_TRANSLATE_NOOP("Costing method", "Specific cost, by lot or serial number"),
}


def method_text(method: str) -> str:
    """What a costing method is called in the program's language."""
    return translate("Costing method", _METHODS[method]) if method in _METHODS else method


def method_choices() -> tuple[tuple[str | None, str], ...]:
    """Every method with its words, in the order in which they are offered."""
    return tuple((method, method_text(method)) for method in METHODS)


def lifo_warning() -> str:
    """What is said where last in first out is chosen for the book that posts."""
    return translate(
        "Costing method",
        "Last in, first out is not allowed in statutory books: IAS 2.25 and the Chinese accounting standards rule it out. "
        "Use it for comparison in a further book, or confirm that it is meant.",
    )
