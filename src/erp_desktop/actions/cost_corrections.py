"""What changes of earlier moves' costs come to in the ledger: by day and by the two accounts that each goes between."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.remembering import MEMORY_ASKS
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.costing import CostEvent
from erp_desktop.models.purchasing import SupplierReturnLine
from erp_desktop.models.sales import CustomerReturnLine
from erp_desktop.models.stock import MoveKind, StockMove, StockScrapLine
from erp_desktop.numbers import ZERO

# Where the cost of an event had gone, and so what a correction of it changes.
_AGAINST: dict[str, Purpose] = {
    MoveKind.COUNT_GAIN: Purpose.INVENTORY_ADJUSTMENT,
    MoveKind.COUNT_LOSS: Purpose.INVENTORY_ADJUSTMENT,
    MoveKind.SCRAP: Purpose.SCRAP_LOSS,
    MoveKind.OPENING: Purpose.OPENING_EQUITY,
    MoveKind.RECEIPT: Purpose.PURCHASE_PRICE_VARIANCE,  # its value can only change where it is a standard
    MoveKind.SUPPLIER_RETURN: Purpose.PURCHASE_PRICE_VARIANCE,
    MoveKind.TRANSFER: Purpose.PURCHASE_PRICE_VARIANCE,  # where the goods arrived at another standard
    CostEvent.STANDARD_COST: Purpose.STANDARD_COST_CHANGE,
}

# The lines of documents by which goods leave without being sold, the document that they are of, and where the cost goes.
_LEFT_BY: tuple[tuple[Any, Any, Purpose], ...] = (
    (SupplierReturnLine, SupplierReturnLine.return_id, Purpose.PURCHASE_PRICE_VARIANCE),
    (StockScrapLine, StockScrapLine.scrap_id, Purpose.SCRAP_LOSS),
    (CustomerReturnLine, CustomerReturnLine.return_id, Purpose.SCRAP_LOSS),
)

_PRODUCTS_AT_ONCE = 500  # in one IN (...)


def gone_otherwise(session: Session, company_id: UUID, product_ids: Collection[UUID]) -> dict[UUID, Purpose]:
    """The moves by which goods of these products left without being sold, and where what they cost more or less afterwards goes:
    back at the supplier's it is a price variance, as the difference to the supplier's credit was (costing.md, rule 6); scrapped,
    it is scrap loss."""
    ids, found = sorted(product_ids), dict[UUID, Purpose]()
    for line, document_id, purpose in _LEFT_BY:
        of_line = (line.company_id == StockMove.company_id) & (document_id == StockMove.document_id)
        moves = select(StockMove.id).join(line, of_line & (line.id == StockMove.line_id))
        if line is CustomerReturnLine:
            moves = moves.where(line.is_scrapped, StockMove.kind == MoveKind.SCRAP)
        for start in range(0, len(ids), _PRODUCTS_AT_ONCE):
            part = ids[start : start + _PRODUCTS_AT_ONCE]
            wanted = moves.where(line.company_id == company_id, line.product_id.in_(part))
            found.update((one, purpose) for one in session.scalars(wanted, execution_options=MEMORY_ASKS))
    return found


class Sides(NamedTuple):
    """A day, and the accounts of which one takes what the other gives."""

    dated_on: date
    against: Purpose
    taken_from: Purpose


class Corrections:
    """The corrections of one product's stream, to be posted. `gone_otherwise` gives the moves of goods that were not sold, and where
    their cost went, once they matter."""

    def __init__(self, gone_otherwise: Callable[[], Mapping[bytes, Purpose]]) -> None:
        self._gone_otherwise = gone_otherwise
        self.amounts: defaultdict[Sides, Decimal] = defaultdict(lambda: ZERO)

    def add(
        self,
        kind: str,
        dated_on: date,
        event: UUID | bytes,
        target: UUID | bytes | None,
        layer: UUID | bytes | None,
        to_inventory: Decimal | int,
        to_cost_of_sales: Decimal,
    ) -> None:
        """A CostAdjustment of an event of that kind: `target` is the move that it changes, its own or an earlier one."""
        if not to_cost_of_sales:
            return
        against = _AGAINST.get(kind, Purpose.COST_OF_SALES)
        if target is not None and target != event:
            # a share of late value, a true-up
            move = target.bytes if isinstance(target, UUID) else target
            against = self._gone_otherwise().get(move, Purpose.COST_OF_SALES)
        elif target is None and layer is None:  # of goods at standard: late value, or what a true-up passed on to them
            against = Purpose.PURCHASE_PRICE_VARIANCE
        shares_variance = kind in (CostEvent.PERIOD_END, CostEvent.METHOD) and not to_inventory
        taken_from = Purpose.PURCHASE_PRICE_VARIANCE if shares_variance else Purpose.INVENTORY
        self.amounts[Sides(dated_on, against, taken_from)] += to_cost_of_sales
