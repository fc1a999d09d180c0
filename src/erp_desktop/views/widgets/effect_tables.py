"""An effect as rows to look at: stock before and after, the journal entry, corrected documents, the other cost books."""

from collections.abc import Iterable
from decimal import Decimal

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.models.costing import AdjustmentKind
from erp_desktop.reports.lines import LineKind
from erp_desktop.reports.report import ColumnKind, Link
from erp_desktop.reports.screen import ScreenColumn, ScreenRow, ScreenSection
from erp_desktop.views.documents.kinds import document_text
from erp_desktop.views.ledger.words import event_text
from erp_desktop.views.widgets.cells import cell_value, shown_number
from erp_desktop.wire import CorrectionEffect, Effect

CORRECTION_KINDS = {
    AdjustmentKind.LANDED_COST: QT_TRANSLATE_NOOP("Correction kind", "Landed cost"),
    AdjustmentKind.RECEIPT_PRICE: QT_TRANSLATE_NOOP("Correction kind", "Price of the receipt"),
    AdjustmentKind.REVALUATION: QT_TRANSLATE_NOOP("Correction kind", "Revaluation"),
    AdjustmentKind.STANDARD_COST: QT_TRANSLATE_NOOP("Correction kind", "Standard cost"),
    AdjustmentKind.TRUE_UP: QT_TRANSLATE_NOOP("Correction kind", "Sold before it came"),
    AdjustmentKind.PERIOD_AVERAGE: QT_TRANSLATE_NOOP("Correction kind", "End of the period"),
    AdjustmentKind.BACK_DATED: QT_TRANSLATE_NOOP("Correction kind", "Entered late"),
}


def correction_kind_text(kind: str) -> str:
    """Why a posted cost changes."""
    return translate("Correction kind", CORRECTION_KINDS[AdjustmentKind(kind)]) if kind in CORRECTION_KINDS else kind


def money(amount: Decimal, places: int) -> str:
    return f"{amount:,.{places}f}"


def change(amount: Decimal, places: int) -> str:
    """An amount with its sign; 0.00 has none."""
    return f"{amount:+,.{places}f}" if amount else money(amount, places)


def stock_section(effect: Effect) -> ScreenSection:
    places = effect.currency_places
    rows = [
        ScreenRow(
            LineKind.DETAIL,
            (
                row.code,
                str(cell_value(row, "name")),
                shown_number(row.qty_before),
                shown_number(row.qty_after),
                str(cell_value(row, "unit")),
                money(row.value_before, places),
                money(row.value_after, places),
                change(row.value_after - row.value_before, places),
            ),
            link=Link("product", id=row.product_id),
        )
        for row in effect.stock
    ]
    if len(effect.stock) > 1 and len(effect.stock) == effect.stock_count:
        before = sum((row.value_before for row in effect.stock), Decimal(0))
        after = sum((row.value_after for row in effect.stock), Decimal(0))
        total = translate("EffectPanel", "Total")
        figures = (money(before, places), money(after, places), change(after - before, places))
        rows.append(ScreenRow(LineKind.TOTAL, (total, "", "", "", "", *figures)))
    columns = (
        _column("code", translate("EffectPanel", "Code")),
        _column("name", translate("EffectPanel", "Product")),
        _column("qty_before", translate("EffectPanel", "Stock before"), ColumnKind.QTY),
        _column("qty_after", translate("EffectPanel", "Stock after"), ColumnKind.QTY),
        _column("unit", translate("EffectPanel", "Unit")),
        _column("value_before", translate("EffectPanel", "Value before"), ColumnKind.MONEY),
        _column("value_after", translate("EffectPanel", "Value after"), ColumnKind.MONEY),
        _column("change", translate("EffectPanel", "Change"), ColumnKind.MONEY),
    )
    return _section(translate("EffectPanel", "Stock before and after"), columns, rows, effect.stock_count, label=1)


def journal_section(effect: Effect) -> ScreenSection:
    places, entries = effect.currency_places, effect.entries or []
    rows = [
        ScreenRow(
            LineKind.DETAIL,
            (
                row.dated_on.isoformat(),
                row.account,
                str(cell_value(row, "name")),
                event_text(row.event),
                money(row.debit, places) if row.debit else "",
                money(row.credit, places) if row.credit else "",
            ),
        )
        for row in entries
    ]
    columns = (
        _column("dated_on", translate("EffectPanel", "Date"), ColumnKind.DATE),
        _column("account", translate("EffectPanel", "Account")),
        _column("name", translate("EffectPanel", "Account name")),
        _column("event", translate("EffectPanel", "Event")),
        _column("debit", translate("EffectPanel", "Debit"), ColumnKind.MONEY),
        _column("credit", translate("EffectPanel", "Credit"), ColumnKind.MONEY),
    )
    return _section(translate("EffectPanel", "Journal entry"), columns, rows, effect.entry_count, label=2)


def corrections_section(effect: Effect) -> ScreenSection:
    rows = [_correction(row, effect.currency_places) for row in effect.corrections]
    columns = (
        _column("dated_on", translate("EffectPanel", "Date"), ColumnKind.DATE),
        _column("document", translate("EffectPanel", "Document")),
        _column("code", translate("EffectPanel", "Code")),
        _column("kind", translate("EffectPanel", "Why")),
        _column("to_inventory", translate("EffectPanel", "Stock value"), ColumnKind.MONEY),
        _column("to_cost_of_sales", translate("EffectPanel", "Cost of sales"), ColumnKind.MONEY),
    )
    title = translate("EffectPanel", "Corrected documents")
    return _section(title, columns, rows, effect.correction_count, label=1)


def books_section(effect: Effect) -> ScreenSection:
    places = effect.currency_places
    rows = [
        ScreenRow(
            LineKind.DETAIL,
            (
                book.code,
                str(cell_value(book, "name")),
                change(book.inventory, places),
                change(book.cost_of_sales, places),
            ),
        )
        for book in effect.books
    ]
    columns = (
        _column("code", translate("EffectPanel", "Code")),
        _column("name", translate("EffectPanel", "Cost book")),
        _column("inventory", translate("EffectPanel", "Stock value"), ColumnKind.MONEY),
        _column("cost_of_sales", translate("EffectPanel", "Cost of sales"), ColumnKind.MONEY),
    )
    return _section(translate("EffectPanel", "Cost books"), columns, rows, len(rows), label=1)


def _correction(row: CorrectionEffect, places: int) -> ScreenRow:
    texts = (
        row.dated_on.isoformat(),
        document_text(row.document_kind, row.number) if row.number else document_text(row.document_kind, None),
        row.code,
        correction_kind_text(row.kind),
        change(row.to_inventory, places) if row.to_inventory else "",
        change(row.to_cost_of_sales, places) if row.to_cost_of_sales else "",
    )
    return ScreenRow(LineKind.DETAIL, texts, link=Link(row.document_kind, id=row.document_id))


def _column(name: str, heading: str, kind: ColumnKind = ColumnKind.TEXT) -> ScreenColumn:
    return ScreenColumn(name, heading, kind, kind is not ColumnKind.TEXT)


def _section(
    title: str, columns: tuple[ScreenColumn, ...], rows: Iterable[ScreenRow], count: int, *, label: int
) -> ScreenSection:
    """With a last line that says how many there are besides those shown."""
    found = list(rows)
    details = sum(row.kind is LineKind.DETAIL for row in found)
    if count > details:
        more = translate("EffectPanel", "and {count} more").format(count=f"{count - details:,}")
        texts = tuple(more if number == label else "" for number in range(len(columns)))
        found.append(ScreenRow(LineKind.HEADING, texts))
    return ScreenSection(title, columns, tuple(found), label)
