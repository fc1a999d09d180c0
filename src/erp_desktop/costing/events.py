"""The events of a cost stream and what comes of them, as plain integers.

Quantities are integers of 10**-6 stock units, values integers of the currency's minor unit, unit costs integers of 10**-6.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

METHODS = ("fifo", "lifo", "moving_average", "periodic_average", "standard", "specific")
LAYERED = ("fifo", "lifo", "specific")  # the others keep one value for all that is on hand

LayerKey = tuple[bytes, int]  # key of the event that opened it, part: > 0 for the further layers of one transfer


class Kind(IntEnum):
    """How an event counts. The first five move goods, the others change value without quantity."""

    RECEIPT = 1  # at `value`; None: at current cost. Under standard at standard, the rest is variance
    ISSUE = 2  # `of` names the receipt that goods were picked from, where layers tell them apart
    CUSTOMER_RETURN = 3  # of the issue `of` at its settled cost; without `of` at `value`, else at current cost
    # of the receipt `of`, from its layer while it lasts; an average takes its own cost (or `value`)
    SUPPLIER_RETURN = 4
    TRANSFER = 5  # from `pool` to `to_pool`, cost unchanged
    LATE_VALUE = 6  # `value` (+-) for the receipt `of`: landed cost, another price
    REVALUATION = 7  # `value` (+-) for all that is on hand in `pool`, spread by quantity
    STANDARD_COST = 8  # `value` is the unit cost that begins
    METHOD = 9  # `value` is the index in METHODS of the method that begins
    PERIOD_END = 10  # settles provisional averages; shares variances


class Event(NamedTuple):
    """One event, in the order in which it counts. `key` is the caller's name for it, `pool` the caller's number."""

    key: bytes
    kind: int
    pool: int
    qty: int = 0
    value: int | None = None
    of: bytes | None = None
    to_pool: int = -1


class Take(NamedTuple):
    """A consumption edge of `issue`. A true-up takes the estimate back from the short layer and takes from the receipt's."""

    event: int  # index in the run: the issue's, or that of the receipt that covered it
    layer: LayerKey
    qty: int
    value: int
    issue: bytes
    pool: int


class Arrival(NamedTuple):
    """A layer that a transfer opened in the pool it went to, or a change of method in its own, with all that came in."""

    event: int
    pool: int
    layer: LayerKey
    qty: int
    value: int


class Effect(NamedTuple):
    """A change of the settled cost of the earlier move `target`: a true-up, a share of late value, a period's average.

    Late value that nobody can be charged with (a credit beyond what the layer holds) has the receipt as target; a
    variance left over with nothing on hand, the period's end. A trued-up transfer changes its sender's value only:
    what it takes along follows as layer changes and effects of its own.
    """

    event: int
    target: bytes
    to_inventory: int
    to_cost_of_sales: int


class LayerChange(NamedTuple):
    """Value without quantity; `layer` is None in pools that keep no layers."""

    event: int
    pool: int
    layer: LayerKey | None
    amount: int


@dataclass
class Result:
    """What a run gave. `costs`: per event, as it changed `event.pool`; 0 for value without quantity.

    Per pool: costs (and minus a transfer's in the receiving pool, less its variance there) + layer changes + effects to
    inventory = change of value. `passed_on`: what of `variances` is not of the event's own goods, because what it trued up
    went with a transfer into a pool at standard. `variances` by event index, positive where the goods were dearer than standard; a
    period's end takes out (negative) what it shared among the issues.
    """

    costs: list[int] = field(default_factory=list)
    takes: list[Take] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    layer_changes: list[LayerChange] = field(default_factory=list)
    variances: dict[int, int] = field(default_factory=dict)
    passed_on: dict[int, int] = field(default_factory=dict)
