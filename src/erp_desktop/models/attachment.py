"""Files that belong to a document or a record: what everybody who may read it sees of them. The bytes travel apart (0106)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import EVERYBODY, Base, Replicated
from erp_desktop.models.types import Instant, String

LARGEST_ATTACHMENT = 25 * 1024 * 1024  # bytes: a scanned contract, a series of photographs
LONGEST_NAME, LONGEST_MEDIA_TYPE, HASH_DIGITS = 200, 100, 64

ATTACHABLE = (
    "customer_return",
    "goods_receipt",
    "goods_transfer",
    "journal_entry",
    "landed_cost",
    "party",
    "price_correction",
    "product",
    "purchase_order",
    "sales_invoice",
    "sales_order",
    "shipment",
    "standard_cost_change",
    "stock_count",
    "stock_revaluation",
    "stock_scrap",
    "supplier_return",
    "warehouse",
    "write_down",
)


class Attachment(Replicated):
    """A file at a document. Removing it leaves the row, with who and when; its bytes are not handed out any more."""

    __tablename__ = "attachment"
    read_permission = EVERYBODY
    of_document = ("document_kind", "document_id")
    documents = ATTACHABLE

    document_kind: Mapped[str] = mapped_column(String(40))  # a table of ATTACHABLE
    document_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    media_type: Mapped[str] = mapped_column(
        String(LONGEST_MEDIA_TYPE), default=""
    )  # as the desk guessed it by the name
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    sha256: Mapped[str] = mapped_column(String(HASH_DIGITS))
    added_at: Mapped[Instant]
    added_by: Mapped[UUID]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[UUID | None]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            CheckConstraint(f"size > 0 AND size <= {LARGEST_ATTACHMENT}", name="size_in_range"),
            Index(None, "company_id", "document_id"),
            Index(None, "company_id", "sha256"),
        )


class Blob(Base):
    """Centre: the bytes of a file, in pieces: whole, or as far as one desk has sent them. Never read as anything but bytes.

    Each desk sends its own copy, so that nobody can spoil what another one is sending; the first that is whole is kept.
    """

    __tablename__ = "blob"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(HASH_DIGITS))
    size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    device_id: Mapped[UUID | None]  # that sends it; None: it is whole
    touched_at: Mapped[Instant]
    whole_sha256: Mapped[str | None] = mapped_column(String(HASH_DIGITS))  # once it is: so only one of a content can be

    __table_args__ = (
        UniqueConstraint("company_id", "whole_sha256"),
        UniqueConstraint("company_id", "sha256", "device_id"),
    )


class BlobPiece(Base):
    """Centre: bytes of a blob from `offset` on."""

    __tablename__ = "blob_piece"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    blob_id: Mapped[UUID] = mapped_column(primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
