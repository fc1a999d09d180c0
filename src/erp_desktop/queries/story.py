"""What a unit's story tells: a move's cost, what it took and what came of it. Read by unit_story.py; amounts in company currency."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from erp_desktop.numbers import ZERO
from erp_desktop.queries.pool_history import PoolHistory
from erp_desktop.queries.story_words import Cause, Origin


@dataclass(frozen=True)
class Correction:
    """A later change of what a move cost; positive makes it dearer. `kind` is an AdjustmentKind.

    `is_late_value`: it came from outside, to what the move had taken; otherwise the move takes other value of stock.
    """

    kind: str
    dated_on: date
    cause: Cause
    amount: Decimal
    is_late_value: bool


@dataclass(frozen=True)
class LateValue:
    """Value that reached a receipt after it was costed, whole: what stayed in stock, what went to cost of sales."""

    kind: str
    dated_on: date
    cause: Cause
    to_inventory: Decimal
    to_cost_of_sales: Decimal


@dataclass(frozen=True)
class Taken:
    """What a move took of one layer. `is_estimate`: sold before it came, and not covered by a receipt yet.

    `late` holds the late value of its origin, and what the layer had been revalued by before the move. `behind` is what the layer
    itself was made of, where a transfer or a customer return brought it.
    """

    qty: Decimal
    value: Decimal
    origin: Origin
    posted: Decimal  # what all that the origin brought was posted at: its price
    late: tuple[LateValue, ...]
    is_estimate: bool
    behind: "tuple[Taken, ...]"


@dataclass(frozen=True)
class CameBack:
    """A return that took back some of an issue (or of a receipt, to the supplier), at its own cost as known today."""

    origin: Origin
    qty: Decimal
    value: Decimal


@dataclass(frozen=True)
class Use:
    """A move that took units of a receipt: at the value of its layer, and what late value of the receipt reached it."""

    origin: Origin
    qty: Decimal
    value: Decimal
    late: Decimal


@dataclass(frozen=True)
class Story:
    """What one move cost in one book. `qty`, `posted` and `settled` are positive either way; `is_incoming` tells them apart."""

    origin: Origin
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    method: str  # of its pool; empty where the move is not costed (within one pool, or not valued yet)
    is_incoming: bool
    qty: Decimal
    posted: Decimal
    corrections: tuple[Correction, ...]
    late: tuple[LateValue, ...]  # of goods that came in
    taken: tuple[Taken, ...]
    came_back: tuple[CameBack, ...]
    uses: tuple[Use, ...]
    left_qty: Decimal
    left_value: Decimal
    history: PoolHistory | None  # of an average; for layers that begin with a change of method, of what was before it
    is_dissolved: bool  # what was left of goods that came in went into an average (the last of `uses`)
    delivered_on: date | None = None  # when the customer had what was shipped
    is_under_way: bool = False  # shipped, and no cost of sales before its delivery is confirmed

    @property
    def settled(self) -> Decimal:
        """What the move cost, with all that was corrected since."""
        late = sum((value.to_inventory + value.to_cost_of_sales for value in self.late), ZERO)
        return self.posted + sum((correction.amount for correction in self.corrections), ZERO) + late

    @property
    def from_layers(self) -> Decimal:
        """The value of all that an issue took."""
        return sum((taken.value for taken in self.taken), ZERO)

    @property
    def expensed_late(self) -> Decimal:
        """Value that reached an issue because it came late to what the issue had taken."""
        return sum((one.amount for one in self.corrections if one.is_late_value), ZERO)

    @property
    def gone_and_left(self) -> Decimal:
        """Goods that came in: what their units took along, and what is left of them."""
        return sum((use.value + use.late for use in self.uses), ZERO) + self.left_value

    @property
    def explained(self) -> Decimal | None:
        """The settled cost by its other way, through the layers; None where no layers are kept any more."""
        if self.is_incoming:
            return self.gone_and_left if self.history is None and not self.is_dissolved else None
        return self.from_layers + self.expensed_late if self.taken else None
