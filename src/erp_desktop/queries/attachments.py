"""The files at a document or record, with who added them; those that were removed say by whom and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from erp_desktop.models.attachment import Attachment
from erp_desktop.models.base import PENDING_TICK
from erp_desktop.models.company import User

TABLES = frozenset({"attachment", "app_user"})


@dataclass(frozen=True)
class AttachedFile:
    """`is_sent`: the centre has the row; its bytes may come later."""

    id: UUID
    name: str
    media_type: str
    size: int  # bytes
    sha256: str
    added_at: datetime
    added_by: str
    removed_at: datetime | None
    removed_by: str
    is_sent: bool


@dataclass(frozen=True)
class FilesAt:
    """What is attached to the row `document_id` of the table `kind`: the oldest first, removed ones last."""

    tables: ClassVar[frozenset[str]] = TABLES

    kind: str
    document_id: UUID

    def run(self, session: Session, company_id: UUID) -> tuple[AttachedFile, ...]:
        adder, remover = aliased(User), aliased(User)
        rows = session.execute(
            select(Attachment, adder.name, remover.name)
            .outerjoin(adder, and_(adder.company_id == company_id, adder.id == Attachment.added_by))
            .outerjoin(remover, and_(remover.company_id == company_id, remover.id == Attachment.removed_by))
            .where(
                Attachment.company_id == company_id,
                Attachment.document_id == self.document_id,
                Attachment.document_kind == self.kind,
            )
            .order_by(Attachment.removed_at.is_not(None), Attachment.added_at, Attachment.id)
        )
        return tuple(
            AttachedFile(
                id=row.id,
                name=row.name,
                media_type=row.media_type,
                size=row.size,
                sha256=row.sha256,
                added_at=row.added_at,
                added_by=added_by or "",
                removed_at=row.removed_at,
                removed_by=removed_by or "",
                is_sent=row.tick != PENDING_TICK,
            )
            for row, added_by, removed_by in rows
        )
