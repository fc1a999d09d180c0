"""Whom and what a story names: moves by their documents, documents by their numbers, and who posted what, when.

What this database does not hold (a role without the ledger, or without purchasing) stays unnamed.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.models.base import replicated_tables
from erp_desktop.models.company import User
from erp_desktop.models.ledger import JournalEntry, Period
from erp_desktop.models.party import Party
from erp_desktop.models.purchasing import GoodsReceipt, PurchaseOrder
from erp_desktop.models.stock import StockMove


@dataclass(frozen=True)
class Cause:
    """A document as a story tells of it: its table, id and number, and who did it when, where that is known here."""

    kind: str
    id: UUID
    number: str
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Origin:
    """A move of stock as a story tells of it. For goods received: their purchase order and supplier."""

    move_id: UUID
    kind: str  # models MoveKind
    dated_on: date
    qty: Decimal
    document: Cause
    line_no: int
    order_number: str = ""
    party: str = ""
    party_zh: str = ""


class Storyteller:
    """Finds the names, each once."""

    def __init__(self, session: Session, company_id: UUID) -> None:
        self._session, self._company_id = session, company_id
        self._numbers: dict[UUID, str] = {}
        self._posted: dict[UUID, dict[int, tuple[str, datetime]]] = {}
        self._orders: dict[UUID, tuple[str, str, str]] = {}

    def origin(self, move: StockMove) -> Origin:
        """`move` with its document, and who posted it."""
        order = self._order(move.document_id) if move.document_kind == "goods_receipt" else ("", "", "")
        document = self.cause(move.document_kind, move.document_id, move.tick)
        return Origin(move.id, move.kind, move.moved_on, move.qty, document, move.line_no, *order)

    def cause(self, kind: str, document_id: UUID, tick: int) -> Cause:
        """A document, and who posted for it in the action that carries `tick`."""
        by, at = self._posters(document_id).get(tick, ("", None))
        return Cause(kind, document_id, self._number(kind, document_id), by, at)

    def _number(self, kind: str, document_id: UUID) -> str:
        """Its number, the code of a record without one; a period is called by its month."""
        if document_id not in self._numbers:
            table: Any = replicated_tables().get(kind)
            record = self._session.get(table, (self._company_id, document_id)) if table is not None else None
            if isinstance(record, Period):
                number = f"{record.starts_on:%Y-%m}"
            else:
                number = getattr(record, "number", None) or getattr(record, "code", None) or ""
            self._numbers[document_id] = str(number)
        return self._numbers[document_id]

    def _posters(self, document_id: UUID) -> dict[int, tuple[str, datetime]]:
        """Who posted for a document, and when, by tick: the entries that an action makes carry its tick."""
        if document_id not in self._posted:
            entries = self._session.execute(
                select(JournalEntry.tick, User.name, JournalEntry.posted_at)
                .outerjoin(User, (User.company_id == JournalEntry.company_id) & (User.id == JournalEntry.posted_by))
                .where(JournalEntry.company_id == self._company_id, JournalEntry.document_id == document_id)
            )
            self._posted[document_id] = {tick: (name or "", at) for tick, name, at in entries}
        return self._posted[document_id]

    def _order(self, receipt_id: UUID) -> tuple[str, str, str]:
        if receipt_id not in self._orders:
            found = self._session.execute(
                select(PurchaseOrder.number, Party.name, Party.name_zh)
                .select_from(GoodsReceipt)
                .outerjoin(
                    PurchaseOrder,
                    (PurchaseOrder.company_id == GoodsReceipt.company_id) & (PurchaseOrder.id == GoodsReceipt.order_id),
                )
                .outerjoin(
                    Party, (Party.company_id == GoodsReceipt.company_id) & (Party.id == GoodsReceipt.supplier_id)
                )
                .where(GoodsReceipt.company_id == self._company_id, GoodsReceipt.id == receipt_id)
            ).first()
            number, name, name_zh = found if found is not None else (None, None, None)
            self._orders[receipt_id] = (number or "", name or "", name_zh or "")
        return self._orders[receipt_id]
