"""Printed documents as questions to ask: each writes its PDF into a folder, under the document's number, and gives the path."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.reports.documents.packing_slip import packing_slip_file_name, packing_slip_pdf
from erp_desktop.reports.documents.purchase_order import purchase_order_file_name, purchase_order_pdf
from erp_desktop.reports.documents.return_note import return_note_file_name, return_note_pdf
from erp_desktop.reports.documents.transfer_note import transfer_note_file_name, transfer_note_pdf


@dataclass(frozen=True)
class PrintedPurchaseOrder:
    """The order as it is sent to the supplier, in `language`; `printed_by` is a person's name. Raises DocumentNotFound, CannotWrite."""

    tables: ClassVar[frozenset[str]] = frozenset({"purchase_order", "purchase_order_line", "party"})

    order_id: UUID
    folder: Path
    language: str
    printed_by: str

    def run(self, session: Session, company_id: UUID) -> Path:
        path = self.folder / purchase_order_file_name(session, company_id, self.order_id)
        purchase_order_pdf(session, company_id, self.order_id, path, self.language, printed_by=self.printed_by)
        return path


@dataclass(frozen=True)
class PrintedReturnNote:
    """The note that goes with goods returned to their supplier, in `language`. Raises DocumentNotFound, CannotWrite."""

    tables: ClassVar[frozenset[str]] = frozenset({"supplier_return", "supplier_return_line", "party"})

    return_id: UUID
    folder: Path
    language: str
    printed_by: str

    def run(self, session: Session, company_id: UUID) -> Path:
        path = self.folder / return_note_file_name(session, company_id, self.return_id)
        return_note_pdf(session, company_id, self.return_id, path, self.language, printed_by=self.printed_by)
        return path


@dataclass(frozen=True)
class PrintedPackingSlip:
    """The slip that goes into a parcel, in `language`; `printed_by` is a person's name. Raises DocumentNotFound, CannotWrite."""

    tables: ClassVar[frozenset[str]] = frozenset({"shipment", "shipment_line", "party"})

    shipment_id: UUID
    folder: Path
    language: str
    printed_by: str

    def run(self, session: Session, company_id: UUID) -> Path:
        path = self.folder / packing_slip_file_name(session, company_id, self.shipment_id)
        packing_slip_pdf(session, company_id, self.shipment_id, path, self.language, printed_by=self.printed_by)
        return path


@dataclass(frozen=True)
class PrintedTransferNote:
    """The note that goes with goods to another warehouse, in `language`. Raises DocumentNotFound, CannotWrite."""

    tables: ClassVar[frozenset[str]] = frozenset({"goods_transfer", "goods_transfer_line", "warehouse"})

    transfer_id: UUID
    folder: Path
    language: str
    printed_by: str

    def run(self, session: Session, company_id: UUID) -> Path:
        path = self.folder / transfer_note_file_name(session, company_id, self.transfer_id)
        transfer_note_pdf(session, company_id, self.transfer_id, path, self.language, printed_by=self.printed_by)
        return path
