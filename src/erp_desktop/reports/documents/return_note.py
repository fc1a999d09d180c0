"""A return note: what goes back to a supplier and the credit that is asked for it; it travels with the goods."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from erp_desktop.actions.exchanging import places_of_currency
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product, Unit
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    PurchaseOrder,
    PurchaseOrderLine,
    SupplierReturn,
    SupplierReturnLine,
)
from erp_desktop.models.stock import Lot, Warehouse
from erp_desktop.reports.documents.document import Block, DocumentNotFound, DocumentPaper, address_lines, file_name
from erp_desktop.reports.documents.purchase_order import beside, both_names, unit_name, what_it_holds
from erp_desktop.reports.figures import company_of
from erp_desktop.reports.numbers_format import format_date, format_money, format_qty, format_unit_cost, plain_text
from erp_desktop.reports.paper_table import PaperColumn, PaperLine
from erp_desktop.reports.words import Words, words


def return_note_file_name(session: Session, company_id: UUID, return_id: UUID) -> str:
    """SR-2026-00042.pdf; return-note.pdf while the return has no number."""
    returned = session.get(SupplierReturn, (company_id, return_id))
    return file_name("return-note", returned.number if returned else None)


def return_note_pdf(
    session: Session,
    company_id: UUID,
    return_id: UUID,
    path: Path,
    language: str,
    printed_at: datetime | None = None,
    *,
    printed_by: str,
) -> None:
    """Writes the note of a purchase return to `path` in `language`. Raises DocumentNotFound, CannotWrite."""
    returned = session.get(SupplierReturn, (company_id, return_id))
    if returned is None:
        raise DocumentNotFound(f"purchase return {return_id}")
    vocabulary = words(language)
    company = company_of(session, company_id)
    supplier = session.get_one(Party, (company_id, returned.supplier_id))
    warehouse = session.get_one(Warehouse, (company_id, returned.warehouse_id))
    receipt = session.get_one(GoodsReceipt, (company_id, returned.receipt_id))
    order = session.get_one(PurchaseOrder, (company_id, receipt.order_id))
    paper = DocumentPaper(
        company,
        vocabulary.translate("Document", "Return note"),
        returned.number or vocabulary.translate("Document", "not numbered yet"),
        vocabulary,
        printed_by,
        printed_at or datetime.now().astimezone(),
    )
    sender = (vocabulary.name(warehouse.name, warehouse.name_zh), warehouse.address or company.address)
    paper.blocks(
        Block(vocabulary.translate("Document", "Supplier"), address_lines(supplier, vocabulary)),
        Block(vocabulary.translate("Document", "Returned from"), tuple(line for line in sender if line)),
    )
    paper.facts(
        [
            (vocabulary.translate("Document", "Returned on"), format_date(returned.returned_on)),
            (vocabulary.translate("Document", "Goods receipt"), receipt.number or ""),
            (vocabulary.translate("Document", "Our order"), order.number or ""),
            (vocabulary.translate("Document", "Your delivery note"), receipt.delivery_note),
            (vocabulary.translate("Document", "Your credit note"), returned.reference),
            (vocabulary.translate("Document", "Reason"), returned.reason),
            (vocabulary.translate("Document", "Currency"), returned.currency),
        ]
    )
    places = places_of_currency(company, returned.currency)
    paper.table(
        _columns(vocabulary, has_prices=returned.total is not None), _lines(session, returned, places, vocabulary)
    )
    asked = vocabulary.translate(
        "Document", "Please credit us the goods above and state our return number on the note."
    )
    paper.paragraph(vocabulary.translate("Document", "Credit"), asked, is_last=True)
    paper.signatures(
        vocabulary.translate("Document", "Handed over by, date"), vocabulary.translate("Document", "Received by, date")
    )
    paper.save(path)


def _columns(vocabulary: Words, has_prices: bool) -> list[PaperColumn]:
    """Without prices, for who may not see what goods cost."""
    columns = [
        PaperColumn(vocabulary.translate("Document", "No."), is_right=False),
        PaperColumn(vocabulary.translate("Document", "Code"), is_right=False),
        PaperColumn(vocabulary.translate("Document", "Product"), is_right=False),
        PaperColumn(vocabulary.translate("Document", "Quantity"), is_right=True),
        PaperColumn(vocabulary.translate("Document", "Unit"), is_right=False),
    ]
    prices = [
        PaperColumn(vocabulary.translate("Document", "Unit price"), is_right=True),
        PaperColumn(vocabulary.translate("Document", "Amount"), is_right=True),
    ]
    return [*columns, *prices] if has_prices else columns


def _lines(session: Session, returned: SupplierReturn, places: int, vocabulary: Words) -> list[PaperLine]:
    line, received, ordered, pack = SupplierReturnLine, GoodsReceiptLine, PurchaseOrderLine, aliased(Unit)
    found = session.execute(
        select(line, Product, Unit, Lot.code, ordered, pack)
        .join(Product, (Product.company_id == line.company_id) & (Product.id == line.product_id))
        .join(Unit, (Unit.company_id == Product.company_id) & (Unit.id == Product.unit_id))
        .join(received, (received.company_id == line.company_id) & (received.id == line.receipt_line_id))
        .join(ordered, (ordered.company_id == line.company_id) & (ordered.id == received.order_line_id))
        .outerjoin(pack, (pack.company_id == line.company_id) & (pack.id == ordered.unit_id))
        .outerjoin(Lot, (Lot.company_id == line.company_id) & (Lot.id == line.lot_id))
        .where(line.company_id == returned.company_id, line.return_id == returned.id)
        .order_by(line.line_no)
    ).all()
    language = vocabulary.language
    has_prices = returned.total is not None

    def prices(row: SupplierReturnLine, in_unit: Unit | None) -> tuple[str, ...]:
        if not has_prices:
            return ()
        per_unit = f" / {unit_name(in_unit, vocabulary)}" if in_unit is not None else ""
        return (
            format_unit_cost(row.unit_price, places, language) + per_unit,
            format_money(row.amount, places, language),
        )

    lines = [
        PaperLine(
            (
                str(row.line_no),
                plain_text(product.code),
                beside(
                    "  ".join(part for part in (both_names(product, vocabulary), plain_text(lot or "")) if part),
                    what_it_holds(order_line, in_unit, unit, vocabulary),
                ),
                format_qty(row.qty, language),
                unit_name(unit, vocabulary),
                *prices(row, in_unit),
            )
        )
        for row, product, unit, lot, order_line, in_unit in found
    ]
    if not has_prices:
        return lines
    total = vocabulary.translate("Document", "Total {currency}").format(currency=returned.currency)
    lines.append(
        PaperLine(
            ("", total, "", "", "", "", format_money(returned.total, places, language)),
            is_bold=True,
            rule_above=True,
            rule_below=True,
            stays_with_previous=True,
        )
    )
    return lines
