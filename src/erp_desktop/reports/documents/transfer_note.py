"""A transfer note: what goes from one warehouse to another, for the driver and for whoever takes it in. No costs."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.models.party import Party
from erp_desktop.models.product import Product, Unit
from erp_desktop.models.stock import Bin, GoodsTransfer, GoodsTransferLine, Lot, Warehouse
from erp_desktop.reports.documents.document import Block, DocumentNotFound, DocumentPaper, file_name
from erp_desktop.reports.documents.purchase_order import both_names
from erp_desktop.reports.figures import company_of
from erp_desktop.reports.numbers_format import format_date, format_qty, plain_text
from erp_desktop.reports.paper_table import PaperColumn, PaperLine
from erp_desktop.reports.words import Words, words


def transfer_note_file_name(session: Session, company_id: UUID, transfer_id: UUID) -> str:
    """TRF-2026-0042.pdf; transfer-note.pdf while the transfer has no number."""
    transfer = session.get(GoodsTransfer, (company_id, transfer_id))
    return file_name("transfer-note", transfer.number if transfer else None)


def transfer_note_pdf(
    session: Session,
    company_id: UUID,
    transfer_id: UUID,
    path: Path,
    language: str,
    printed_at: datetime | None = None,
    *,
    printed_by: str,
) -> None:
    """Writes the note of a goods transfer to `path` in `language`: all that was dispatched. Raises DocumentNotFound, CannotWrite."""
    transfer = session.get(GoodsTransfer, (company_id, transfer_id))
    if transfer is None:
        raise DocumentNotFound(f"goods transfer {transfer_id}")
    vocabulary = words(language)
    carrier = session.get(Party, (company_id, transfer.carrier_id)) if transfer.carrier_id else None
    paper = DocumentPaper(
        company_of(session, company_id),
        vocabulary.translate("Document", "Transfer note"),
        transfer.number or vocabulary.translate("Document", "not numbered yet"),
        vocabulary,
        printed_by,
        printed_at or datetime.now().astimezone(),
    )
    paper.blocks(
        _place(session, company_id, transfer.to_warehouse_id, vocabulary.translate("Document", "Sent to"), vocabulary),
        _place(
            session,
            company_id,
            transfer.from_warehouse_id,
            vocabulary.translate("Document", "Shipped from"),
            vocabulary,
        ),
    )
    paper.facts(
        [
            (vocabulary.translate("Document", "Dispatched on"), format_date(transfer.dispatched_on)),
            (
                vocabulary.translate("Document", "Expected on"),
                format_date(transfer.expected_on) if transfer.expected_on else "",
            ),
            (
                vocabulary.translate("Document", "Carrier"),
                vocabulary.name(carrier.name, carrier.name_zh) if carrier else "",
            ),
            (vocabulary.translate("Document", "Tracking number"), transfer.tracking_number),
        ]
    )
    paper.table(_columns(vocabulary), _lines(session, transfer, vocabulary))
    paper.signatures(
        vocabulary.translate("Document", "Dispatched by, date"), vocabulary.translate("Document", "Received by, date")
    )
    paper.save(path)


def _place(session: Session, company_id: UUID, warehouse_id: UUID, title: str, vocabulary: Words) -> Block:
    warehouse = session.get_one(Warehouse, (company_id, warehouse_id))
    lines = (vocabulary.name(warehouse.name, warehouse.name_zh), *warehouse.address.splitlines())
    return Block(title, tuple(line for line in lines if line))


def _columns(vocabulary: Words) -> list[PaperColumn]:
    return [
        PaperColumn(vocabulary.translate("Document", "No."), is_right=False),
        PaperColumn(vocabulary.translate("Document", "Code"), is_right=False),
        PaperColumn(vocabulary.translate("Document", "Product"), is_right=False),
        PaperColumn(vocabulary.translate("Document", "Lot"), is_right=False),
        PaperColumn(vocabulary.translate("Document", "From bin"), is_right=False),
        PaperColumn(vocabulary.translate("Document", "Quantity"), is_right=True),
        PaperColumn(vocabulary.translate("Document", "Unit"), is_right=False),
    ]


def _lines(session: Session, transfer: GoodsTransfer, vocabulary: Words) -> list[PaperLine]:
    line = GoodsTransferLine
    found = session.execute(
        select(line, Product, Unit, Bin.code, Lot.code)
        .join(Product, (Product.company_id == line.company_id) & (Product.id == line.product_id))
        .join(Unit, (Unit.company_id == Product.company_id) & (Unit.id == Product.unit_id))
        .join(Bin, (Bin.company_id == line.company_id) & (Bin.id == line.from_bin_id))
        .outerjoin(Lot, (Lot.company_id == line.company_id) & (Lot.id == line.lot_id))
        .where(line.company_id == transfer.company_id, line.transfer_id == transfer.id)
        .order_by(line.line_no)
    )
    return [
        PaperLine(
            (
                str(row.line_no),
                plain_text(product.code),
                both_names(product, vocabulary),
                plain_text(lot or ""),
                plain_text(bin_code),
                format_qty(row.qty, vocabulary.language),
                plain_text(vocabulary.name(unit.code, unit.name_zh)),
            )
        )
        for row, product, unit, bin_code, lot in found
    ]
