"""The words and icon of each kind of document."""

from dataclasses import dataclass

from erp_desktop.actions.refusal_words import worded
from erp_desktop.i18n import QT_TRANSLATE_NOOP, side_by_side, translate
from erp_desktop.views.language import current_language


@dataclass(frozen=True)
class Kind:
    """`title` is source text, context "Document kind"."""

    title: str
    icon: str


KINDS: dict[str, Kind] = {
    "purchase_order": Kind(QT_TRANSLATE_NOOP("Document kind", "Purchase order"), "purchase_order"),
    "goods_receipt": Kind(QT_TRANSLATE_NOOP("Document kind", "Goods receipt"), "goods_receipt"),
    "supplier_return": Kind(QT_TRANSLATE_NOOP("Document kind", "Purchase return"), "return"),
    "price_correction": Kind(QT_TRANSLATE_NOOP("Document kind", "Price correction"), "costing"),
    "landed_cost": Kind(QT_TRANSLATE_NOOP("Document kind", "Landed cost"), "landed_cost"),
    "sales_order": Kind(QT_TRANSLATE_NOOP("Document kind", "Sales order"), "sales_order"),
    "shipment": Kind(QT_TRANSLATE_NOOP("Document kind", "Shipment"), "shipment"),
    "sales_invoice": Kind(QT_TRANSLATE_NOOP("Document kind", "Sales invoice"), "invoice"),
    "customer_return": Kind(QT_TRANSLATE_NOOP("Document kind", "Customer return"), "return"),
    "goods_transfer": Kind(QT_TRANSLATE_NOOP("Document kind", "Goods transfer"), "transfer"),
    "stock_scrap": Kind(QT_TRANSLATE_NOOP("Document kind", "Scrapped goods"), "stock"),
    "stock_count": Kind(QT_TRANSLATE_NOOP("Document kind", "Stock count"), "count"),
    "stock_revaluation": Kind(QT_TRANSLATE_NOOP("Document kind", "Stock revaluation"), "costing"),
    "write_down": Kind(QT_TRANSLATE_NOOP("Document kind", "Write-down"), "costing"),
    "standard_cost_change": Kind(QT_TRANSLATE_NOOP("Document kind", "Standard cost change"), "costing"),
    "journal_entry": Kind(QT_TRANSLATE_NOOP("Document kind", "Journal entry"), "journal_entry"),
    "period": Kind(QT_TRANSLATE_NOOP("Document kind", "Period"), "clock"),
    "cost_book": Kind(QT_TRANSLATE_NOOP("Document kind", "Cost book"), "costing"),
}


def kind_text(kind: str) -> str:
    """What documents of the table `kind` are called in the program's language."""
    known = KINDS.get(kind)
    return translate("Document kind", known.title) if known else kind


def document_text(kind: str, number: str | None, name: str = "") -> str:
    """A document by its kind and number: Purchase order PO-2026-0042."""
    return side_by_side(kind_text(kind), number_text(number), name)


def record_text(kind: str, number: str | None, name: str = "", name_zh: str = "") -> str:
    """A record of any table by what people call it: Purchase order PO-2026-0042, Product BX-204 Box."""
    named = name_zh if name_zh and current_language() == "zh_CN" else name
    if kind in KINDS:
        return document_text(kind, number, named)
    word = worded("kind", kind)
    return side_by_side(word[:1].upper() + word[1:], number or "", named)


def kind_icon(kind: str) -> str:
    return KINDS[kind].icon if kind in KINDS else "open"


def listed_number(number: str | None) -> str:
    """The number as a list shows it, where there is no room for a sentence."""
    return number or translate("Document kind", "New")


def number_text(number: str | None) -> str:
    """The document's number, or that the centre has not given it one yet."""
    return number or translate("Document kind", "New (number follows)")
