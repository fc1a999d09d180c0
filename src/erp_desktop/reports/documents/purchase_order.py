"""A purchase order as it is sent to the supplier."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from erp_desktop.actions.exchanging import places_of_currency
from erp_desktop.models.company import User
from erp_desktop.models.party import Party
from erp_desktop.models.product import InUnit, Product, Unit
from erp_desktop.models.purchasing import PurchaseOrder, PurchaseOrderLine, PurchaseOrderStatus
from erp_desktop.models.stock import Warehouse
from erp_desktop.reports.documents.document import Block, DocumentNotFound, DocumentPaper, address_lines, file_name
from erp_desktop.reports.figures import company_of
from erp_desktop.reports.numbers_format import (
    aligned,
    format_date,
    format_money,
    format_qty,
    format_unit_cost,
    places_of,
    plain_text,
)
from erp_desktop.reports.paper_table import PaperColumn, PaperLine
from erp_desktop.reports.words import Words, words


def purchase_order_file_name(session: Session, company_id: UUID, order_id: UUID) -> str:
    """PO-2026-00042.pdf; purchase-order.pdf while the order has no number."""
    order = session.get(PurchaseOrder, (company_id, order_id))
    return file_name("purchase-order", order.number if order else None)


def purchase_order_pdf(
    session: Session,
    company_id: UUID,
    order_id: UUID,
    path: Path,
    language: str,
    printed_at: datetime | None = None,
    *,
    printed_by: str,
) -> None:
    """Writes the order to `path` in `language`, product names in both. A draft and a cancelled order say so.

    Raises DocumentNotFound, CannotWrite.
    """
    order = session.get(PurchaseOrder, (company_id, order_id))
    if order is None:
        raise DocumentNotFound(f"purchase order {order_id}")
    vocabulary = words(language)
    company = company_of(session, company_id)
    supplier = session.get_one(Party, (company_id, order.supplier_id))
    warehouse = session.get_one(Warehouse, (company_id, order.warehouse_id))
    buyer = session.get(User, (company_id, order.raised_by)) if order.raised_by else None

    paper = DocumentPaper(
        company,
        vocabulary.translate("Document", "Purchase order"),
        order.number or vocabulary.translate("Document", "not numbered yet"),
        vocabulary,
        printed_by,
        printed_at or datetime.now().astimezone(),
    )
    if order.status == PurchaseOrderStatus.DRAFT:
        paper.pages.text(vocabulary.translate("Document", "Draft: not yet an order."), 11, bold=True)
    elif order.status == PurchaseOrderStatus.CANCELLED:
        paper.pages.text(vocabulary.translate("Document", "Cancelled: do not deliver."), 11, bold=True)
    delivery = (vocabulary.name(warehouse.name, warehouse.name_zh), warehouse.address or company.address)
    paper.blocks(
        Block(vocabulary.translate("Document", "Supplier"), address_lines(supplier, vocabulary)),
        Block(vocabulary.translate("Document", "Deliver to"), tuple(line for line in delivery if line)),
    )
    terms = vocabulary.translate("Document", "{days} days after the invoice").format(days=supplier.payment_days)
    paper.facts(
        [
            (vocabulary.translate("Document", "Order date"), format_date(order.ordered_on)),
            (vocabulary.translate("Document", "Deliver by"), format_date(order.due_on)),
            (vocabulary.translate("Document", "Your reference"), order.reference),
            (vocabulary.translate("Document", "Payment"), terms),
            (vocabulary.translate("Document", "Buyer"), buyer.name if buyer else ""),
            (vocabulary.translate("Document", "Currency"), order.currency),
        ]
    )
    paper.table(
        _columns(vocabulary, has_prices=order.total is not None),
        _lines(session, order, places_of_currency(company, order.currency), vocabulary),
    )
    paper.paragraph(vocabulary.translate("Document", "Note"), order.note)
    terms_text = vocabulary.translate(
        "Document",
        "Please state our order number on the delivery note and the invoice, and tell us at once if a date, a quantity "
        "or a price cannot be kept.",
    )
    paper.paragraph(vocabulary.translate("Document", "Terms"), terms_text, is_last=True)
    paper.signatures(
        vocabulary.translate("Document", "Ordered by, date"),
        vocabulary.translate("Document", "Confirmed by supplier, date"),
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


def both_names(product: Product, vocabulary: Words) -> str:
    """The product's name in the document's language, then the other one, for whoever reads only that."""
    first = vocabulary.name(product.name, product.name_zh)
    second = product.name if first == product.name_zh else product.name_zh
    return plain_text(f"{first}  {second}".strip() if second != first else first)


def beside(text: str, remark: str) -> str:
    return f"{text}  ({remark})" if remark else text


def unit_name(unit: Unit, vocabulary: Words) -> str:
    return plain_text(vocabulary.name(unit.code, unit.name_zh))


def what_it_holds(line: InUnit, pack: Unit | None, unit: Unit, vocabulary: Words) -> str:
    """1 BOX = 24 PC, for a line in another unit than the stock unit."""
    if pack is None:
        return ""
    factor = line.factor
    return f"{factor.denominator} {unit_name(pack, vocabulary)} = {factor.numerator} {unit_name(unit, vocabulary)}"


def _entered(line: PurchaseOrderLine) -> Decimal:
    qty = line.factor.entered_qty(line.qty)
    return line.qty if qty is None else qty


def _lines(session: Session, order: PurchaseOrder, places: int, vocabulary: Words) -> list[PaperLine]:
    pack = aliased(Unit)
    found = session.execute(
        select(PurchaseOrderLine, Product, Unit, pack)
        .join(
            Product, (Product.company_id == PurchaseOrderLine.company_id) & (Product.id == PurchaseOrderLine.product_id)
        )
        .join(Unit, (Unit.company_id == Product.company_id) & (Unit.id == Product.unit_id))
        .outerjoin(pack, (pack.company_id == PurchaseOrderLine.company_id) & (pack.id == PurchaseOrderLine.unit_id))
        .where(PurchaseOrderLine.company_id == order.company_id, PurchaseOrderLine.order_id == order.id)
        .order_by(PurchaseOrderLine.line_no)
    ).all()
    language = vocabulary.language
    qty_places = max((places_of(_entered(line)) for line, *_ in found), default=0)
    has_prices = order.total is not None
    price_places = max((places_of(line.unit_price) for line, *_ in found), default=0) if has_prices else 0

    def prices(line: PurchaseOrderLine) -> tuple[str, ...]:
        if not has_prices:
            return ()
        shown = format_unit_cost(line.unit_price, places, language)
        return (
            aligned(shown, max(places, places_of(line.unit_price)), price_places),
            format_money(line.amount, places, language),
        )

    lines = [
        PaperLine(
            (
                str(line.line_no),
                plain_text(product.code),
                beside(both_names(product, vocabulary), what_it_holds(line, in_unit, unit, vocabulary)),
                aligned(format_qty(_entered(line), language), places_of(_entered(line)), qty_places),
                unit_name(in_unit or unit, vocabulary),
                *prices(line),
            )
        )
        for line, product, unit, in_unit in found
    ]
    if not has_prices:
        return lines
    total = vocabulary.translate("Document", "Total {currency}").format(currency=order.currency)
    lines.append(
        PaperLine(
            ("", total, "", "", "", "", format_money(order.total, places, language)),
            is_bold=True,
            rule_above=True,
            rule_below=True,
            stays_with_previous=True,
        )
    )
    return lines
