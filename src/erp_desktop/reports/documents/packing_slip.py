"""A packing slip: what is in a parcel, for whoever opens it. No prices."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from erp_desktop.models.party import Party
from erp_desktop.models.product import Product, Unit
from erp_desktop.models.sales import SalesOrder, SalesOrderLine, Shipment, ShipmentLine
from erp_desktop.models.stock import Warehouse
from erp_desktop.numbers import ZERO
from erp_desktop.reports.documents.document import Block, DocumentNotFound, DocumentPaper, address_lines, file_name
from erp_desktop.reports.documents.purchase_order import beside, both_names, unit_name
from erp_desktop.reports.figures import company_of
from erp_desktop.reports.numbers_format import format_date, format_qty, plain_text
from erp_desktop.reports.paper_table import PaperColumn, PaperLine
from erp_desktop.reports.words import Words, words


def packing_slip_file_name(session: Session, company_id: UUID, shipment_id: UUID) -> str:
    """SH-2026-00042.pdf; packing-slip.pdf while the shipment has no number."""
    shipment = session.get(Shipment, (company_id, shipment_id))
    return file_name("packing-slip", shipment.number if shipment else None)


def packing_slip_pdf(
    session: Session,
    company_id: UUID,
    shipment_id: UUID,
    path: Path,
    language: str,
    printed_at: datetime | None = None,
    *,
    printed_by: str,
) -> None:
    """Writes the slip of a shipment to `path` in `language`: what is in it, and what of the order is still to come.

    Raises DocumentNotFound, CannotWrite.
    """
    shipment = session.get(Shipment, (company_id, shipment_id))
    if shipment is None:
        raise DocumentNotFound(f"shipment {shipment_id}")
    vocabulary = words(language)
    company = company_of(session, company_id)
    order = session.get(SalesOrder, (company_id, shipment.order_id))
    customer = session.get(Party, (company_id, shipment.customer_id)) if shipment.customer_id else None
    carrier = session.get(Party, (company_id, shipment.carrier_id)) if shipment.carrier_id else None
    warehouse = session.get_one(Warehouse, (company_id, shipment.warehouse_id))

    paper = DocumentPaper(
        company,
        vocabulary.translate("Document", "Packing slip"),
        shipment.number or vocabulary.translate("Document", "not numbered yet"),
        vocabulary,
        printed_by,
        printed_at or datetime.now().astimezone(),
    )
    ship_to: tuple[str, ...] = tuple(order.ship_to.splitlines()) if order and order.ship_to else ()
    sender = (vocabulary.name(warehouse.name, warehouse.name_zh), warehouse.address or company.address)
    paper.blocks(
        Block(
            vocabulary.translate("Document", "Ship to"),
            ship_to or (address_lines(customer, vocabulary) if customer else ()),
        ),
        Block(vocabulary.translate("Document", "Shipped from"), tuple(line for line in sender if line)),
    )
    paper.facts(
        [
            (vocabulary.translate("Document", "Shipped on"), format_date(shipment.shipped_on)),
            (vocabulary.translate("Document", "Order"), (order.number or "") if order else ""),
            (vocabulary.translate("Document", "Your order"), (order.external_number or "") if order else ""),
            (
                vocabulary.translate("Document", "Carrier"),
                vocabulary.name(carrier.name, carrier.name_zh) if carrier else "",
            ),
            (vocabulary.translate("Document", "Tracking number"), shipment.tracking_number),
        ]
    )
    paper.table(_columns(vocabulary), _lines(session, shipment, vocabulary))
    paper.paragraph(vocabulary.translate("Document", "Note"), order.note if order else "", is_last=True)
    paper.signatures(
        vocabulary.translate("Document", "Packed by, date"), vocabulary.translate("Document", "Received by, date")
    )
    paper.save(path)


def _columns(vocabulary: Words) -> list[PaperColumn]:
    return [
        PaperColumn(vocabulary.translate("Document", "No."), is_right=False),
        PaperColumn(vocabulary.translate("Document", "Code"), is_right=False),
        PaperColumn(vocabulary.translate("Document", "Product"), is_right=False),
        PaperColumn(vocabulary.translate("Document", "Ordered"), is_right=True),
        PaperColumn(vocabulary.translate("Document", "In this parcel"), is_right=True),
        PaperColumn(vocabulary.translate("Document", "To follow"), is_right=True),
        PaperColumn(vocabulary.translate("Document", "Unit"), is_right=False),
    ]


def _lines(session: Session, shipment: Shipment, vocabulary: Words) -> list[PaperLine]:
    """One line per order line: an order line picked from two bins stands once."""
    pack = aliased(Unit)
    found = session.execute(
        select(ShipmentLine, Product, Unit, SalesOrderLine, pack)
        .join(Product, (Product.company_id == ShipmentLine.company_id) & (Product.id == ShipmentLine.product_id))
        .join(Unit, (Unit.company_id == Product.company_id) & (Unit.id == Product.unit_id))
        .outerjoin(
            SalesOrderLine,
            (SalesOrderLine.company_id == ShipmentLine.company_id) & (SalesOrderLine.id == ShipmentLine.order_line_id),
        )
        .outerjoin(pack, (pack.company_id == ShipmentLine.company_id) & (pack.id == SalesOrderLine.unit_id))
        .where(ShipmentLine.company_id == shipment.company_id, ShipmentLine.shipment_id == shipment.id)
        .order_by(ShipmentLine.line_no)
    ).all()
    in_parcel: dict[UUID, Decimal] = {}
    for line, *_ in found:
        in_parcel[line.order_line_id] = in_parcel.get(line.order_line_id, ZERO) + line.qty
    language = vocabulary.language
    lines: list[PaperLine] = []
    shown: set[UUID] = set()
    for line, product, unit, order_line, in_unit in found:
        if line.order_line_id in shown:
            continue
        shown.add(line.order_line_id)
        packed = order_line.factor.entered_qty(in_parcel[line.order_line_id]) if in_unit is not None else None
        packs = f"{format_qty(packed, language)} {unit_name(in_unit, vocabulary)}" if packed is not None else ""
        open_qty = order_line.qty - order_line.shipped_qty if order_line else None
        lines.append(
            PaperLine(
                (
                    str(len(lines) + 1),
                    plain_text(product.code),
                    beside(both_names(product, vocabulary), packs),
                    format_qty(order_line.qty, language) if order_line else "",
                    format_qty(in_parcel[line.order_line_id], language),
                    format_qty(open_qty, language) if open_qty else "",
                    unit_name(unit, vocabulary),
                )
            )
        )
    return lines
