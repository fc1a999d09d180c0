"""Whether a date comes before what the books already hold of some products: then entering it corrects what followed."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.models.stock import StockMove

_IDS_AT_A_TIME = 500


@dataclass(frozen=True)
class LastMovedOn:
    """The day of the last move of any of these products; None if none of them has ever moved."""

    tables: ClassVar[frozenset[str]] = frozenset({"stock_move"})

    product_ids: frozenset[UUID]

    def run(self, session: Session, company_id: UUID) -> date | None:
        ids = sorted(self.product_ids)
        days = [
            session.scalar(
                select(func.max(StockMove.moved_on)).where(
                    StockMove.company_id == company_id,
                    StockMove.product_id.in_(ids[start : start + _IDS_AT_A_TIME]),
                )
            )
            for start in range(0, len(ids), _IDS_AT_A_TIME)
        ]
        return max((day for day in days if day is not None), default=None)
