"""The words of stock moves."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate

MOVE_KINDS = {
    "receipt": QT_TRANSLATE_NOOP("Move kind", "Receipt"),
    "shipment": QT_TRANSLATE_NOOP("Move kind", "Shipment"),
    "customer_return": QT_TRANSLATE_NOOP("Move kind", "Customer return"),
    "supplier_return": QT_TRANSLATE_NOOP("Move kind", "Supplier return"),
    "transfer": QT_TRANSLATE_NOOP("Move kind", "Transfer"),
    "count_gain": QT_TRANSLATE_NOOP("Move kind", "Count: more found"),
    "count_loss": QT_TRANSLATE_NOOP("Move kind", "Count: less found"),
    "scrap": QT_TRANSLATE_NOOP("Move kind", "Scrap"),
    "opening": QT_TRANSLATE_NOOP("Move kind", "Opening stock"),
}


def move_kind_text(kind: str) -> str:
    """What moves of `kind` are called; the bare kind where this program does not know it."""
    return translate("Move kind", MOVE_KINDS[kind]) if kind in MOVE_KINDS else kind
