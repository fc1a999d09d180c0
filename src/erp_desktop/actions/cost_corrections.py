"""What changes of earlier moves' costs come to in the ledger: by day and by the two accounts that each goes between."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from erp_desktop.actions.cost_events import LATE_VALUES
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.costing import CostEvent
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import ZERO

# Where the cost of an event had gone, and so what a correction of it changes.
_AGAINST: dict[str, Purpose] = {
    MoveKind.COUNT_GAIN: Purpose.INVENTORY_ADJUSTMENT,
    MoveKind.COUNT_LOSS: Purpose.INVENTORY_ADJUSTMENT,
    MoveKind.OPENING: Purpose.OPENING_EQUITY,
    MoveKind.RECEIPT: Purpose.PURCHASE_PRICE_VARIANCE,  # its value can only change where it is a standard
    MoveKind.SUPPLIER_RETURN: Purpose.PURCHASE_PRICE_VARIANCE,
    CostEvent.STANDARD_COST: Purpose.STANDARD_COST_CHANGE,
}


class Sides(NamedTuple):
    """A day, and the accounts of which one takes what the other gives."""

    dated_on: date
    against: Purpose
    taken_from: Purpose


class Corrections:
    """The corrections of one product's stream, to be posted."""

    def __init__(self) -> None:
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
        elif target is None and layer is None and kind in LATE_VALUES:
            against = Purpose.PURCHASE_PRICE_VARIANCE  # late value of goods at standard
        shares_variance = kind in (CostEvent.PERIOD_END, CostEvent.METHOD) and not to_inventory
        taken_from = Purpose.PURCHASE_PRICE_VARIANCE if shares_variance else Purpose.INVENTORY
        self.amounts[Sides(dated_on, against, taken_from)] += to_cost_of_sales
