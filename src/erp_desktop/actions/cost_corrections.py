"""What changes of earlier moves' costs come to in the ledger: by day and by the two accounts that each goes between."""

from collections import defaultdict
from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.remembering import MEMORY_ASKS
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.costing import CostEvent
from erp_desktop.models.purchasing import SupplierReturnLine
from erp_desktop.models.stock import MoveKind, StockMove
from erp_desktop.numbers import ZERO

# Where the cost of an event had gone, and so what a correction of it changes.
_AGAINST: dict[str, Purpose] = {
    MoveKind.COUNT_GAIN: Purpose.INVENTORY_ADJUSTMENT,
    MoveKind.COUNT_LOSS: Purpose.INVENTORY_ADJUSTMENT,
    MoveKind.OPENING: Purpose.OPENING_EQUITY,
    MoveKind.RECEIPT: Purpose.PURCHASE_PRICE_VARIANCE,  # its value can only change where it is a standard
    MoveKind.SUPPLIER_RETURN: Purpose.PURCHASE_PRICE_VARIANCE,
    MoveKind.TRANSFER: Purpose.PURCHASE_PRICE_VARIANCE,  # where the goods arrived at another standard
    CostEvent.STANDARD_COST: Purpose.STANDARD_COST_CHANGE,
}

_PRODUCTS_AT_ONCE = 500  # in one IN (...)


def sent_back(session: Session, company_id: UUID, product_ids: Collection[UUID]) -> set[UUID]:
    """The moves by which goods of these products went back to suppliers: what they cost more or less afterwards is a price
    variance, as the difference to the supplier's credit was (costing.md, rule 6)."""
    line, ids, found = SupplierReturnLine, sorted(product_ids), set[UUID]()
    of_line = (line.company_id == StockMove.company_id) & (line.return_id == StockMove.document_id)
    moves = select(StockMove.id).join(line, of_line & (line.id == StockMove.line_id))
    for start in range(0, len(ids), _PRODUCTS_AT_ONCE):
        part = ids[start : start + _PRODUCTS_AT_ONCE]
        wanted = moves.where(line.company_id == company_id, line.product_id.in_(part))
        found.update(session.scalars(wanted, execution_options=MEMORY_ASKS))
    return found


class Sides(NamedTuple):
    """A day, and the accounts of which one takes what the other gives."""

    dated_on: date
    against: Purpose
    taken_from: Purpose


class Corrections:
    """The corrections of one product's stream, to be posted. `sent_back` gives the moves to suppliers, once they matter."""

    def __init__(self, sent_back: Callable[[], AbstractSet[bytes]]) -> None:
        self._sent_back = sent_back
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
            against = Purpose.COST_OF_SALES  # a share of late value, a true-up
            if (target.bytes if isinstance(target, UUID) else target) in self._sent_back():
                against = Purpose.PURCHASE_PRICE_VARIANCE
        elif target is None and layer is None:  # of goods at standard: late value, or what a true-up passed on to them
            against = Purpose.PURCHASE_PRICE_VARIANCE
        shares_variance = kind in (CostEvent.PERIOD_END, CostEvent.METHOD) and not to_inventory
        taken_from = Purpose.PURCHASE_PRICE_VARIANCE if shares_variance else Purpose.INVENTORY
        self.amounts[Sides(dated_on, against, taken_from)] += to_cost_of_sales
