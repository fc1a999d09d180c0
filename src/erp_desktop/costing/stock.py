"""What one pool holds, whatever its method: quantity, value, the last known cost, and stock sold before it came.

Here: the slow way of every method, one move at a time (rules 1, 4). The fast loops over plain receipts and issues are
with each method. Not here: who took from which receipt further on (stream.py), Decimals.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from erp_desktop.costing.errors import NotEnoughStock
from erp_desktop.costing.events import Event, LayerKey, Result
from erp_desktop.costing.packing import pack_state
from erp_desktop.costing.scaled import part, unit_cost_factor

# One open layer, as fast loops like it: quantity, value, key, part, the receipt if somebody names it.
# A layer of stock sold before it came holds the missing quantity and its estimate, both positive, and the issue's key.
QTY, VALUE, KEY, PART, WATCHED = range(5)
ScaledLayer = list[Any]


@dataclass(slots=True)
class Watched:
    """A receipt that some event names: who took from it so far, and where what is left of it lies.

    What a transfer brings is one receipt, also where it comes as several layers. `end`: in pools without layers units leave
    in the order they came; its last unit is the `end`-th to leave.
    """

    pool: int
    qty_in: int  # 0: not told
    value_in: int
    takers: list[tuple[bytes, int]] = field(default_factory=list)  # issue, quantity
    layers: list[ScaledLayer] = field(default_factory=list)
    end: int = 0


class Gone(NamedTuple):
    """What went out of one layer (None: no layers here), and of which watched receipts."""

    layer: LayerKey | None
    qty: int
    value: int
    sources: list[tuple[Watched, int]]
    is_short: bool = False


class Covered(NamedTuple):
    """Part of an issue sold before it came, covered by a receipt: what it was estimated at, what it costs after all."""

    issue: bytes
    qty: int
    estimated: int
    cost: int


class Settled(NamedTuple):
    """How a period's end changed the cost of an issue."""

    issue: bytes
    to_inventory: int
    to_cost_of_sales: int


class Settings(NamedTuple):
    currency_places: int
    unit_cost_places: int | None
    shares_variance: bool


class Pool(ABC):
    """The stock of one product that is costed together. `qty` and `value` are negative where it was oversold."""

    method: ClassVar[str]
    has_layers = False
    is_provisional = False  # what an issue costs may change at the period's end

    def __init__(self, number: int, settings: Settings, *, allow_negative: bool, standard: int | None) -> None:
        self.number = number
        self.settings = settings
        self.factor = unit_cost_factor(settings.currency_places)
        self.allow_negative = allow_negative
        self.standard = standard
        self.qty = 0
        self.value = 0
        self.shorts: deque[ScaledLayer] = deque()
        self.last: tuple[int, int] | None = None  # last known cost: value, quantity

    # -- what it costs

    @property
    def last_unit_cost(self) -> int | None:
        """The last known cost of a unit in 10**-6; None as long as nothing was ever costed."""
        last = self._last_known()
        return None if last is None else part(last[0], self.factor, last[1])

    def _last_known(self) -> tuple[int, int] | None:
        return self.last

    def estimate(self, qty: int) -> int:
        """`qty` at the last known cost, or at standard where nothing was ever costed; nothing known is zero (rule 4)."""
        unit_cost = self.last_unit_cost
        return part((self.standard if unit_cost is None else unit_cost) or 0, qty, self.factor)

    def current_cost(self, qty: int) -> int:
        """What `qty` without a stated cost is worth (rule 9)."""
        return part(self.value, qty, self.qty) if self.qty > 0 else self.estimate(qty)

    def layers(self) -> list[tuple[LayerKey, int, int]]:
        """Layers with key, quantity and value, the oldest first; negative ones for stock sold before it came."""
        return [((row[KEY], row[PART]), -row[QTY], -row[VALUE]) for row in self.shorts]

    def valued_in(self, qty: int, value: int | None) -> tuple[int, int]:
        """What goods coming in at `value` (None: at current cost) are taken in at, and the variance from that."""
        return self.current_cost(qty) if value is None else value, 0

    # -- in and out

    def enter(
        self, key: bytes, number: int, qty: int, value: int, watched: Watched | None, returned: bytes | None = None
    ) -> list[Covered]:
        """Goods come in, back from the issue `returned` perhaps; what they cover of earlier shortages is told."""
        covered: list[Covered] = []
        left, worth = qty, value
        while left and self.shorts:
            short = self.shorts[0]
            missing, estimate = short[QTY], short[VALUE]
            filled = min(left, missing)
            cost = worth if filled == left else part(worth, filled, left)
            estimated = estimate if filled == missing else part(estimate, filled, missing)
            if filled == missing:
                self.shorts.popleft()
            else:
                short[QTY], short[VALUE] = missing - filled, estimate - estimated
            left, worth = left - filled, worth - cost
            self.qty += filled
            self.value += estimated
            covered.append(Covered(short[KEY], filled, estimated, cost))
            if watched is not None:
                watched.takers.append((short[KEY], filled))
        self.qty += left
        self.value += worth
        self.put_away(key, number, left, worth, watched)
        self.last = (value, qty)
        return covered

    @abstractmethod
    def put_away(self, key: bytes, number: int, qty: int, value: int, watched: Watched | None) -> None:
        """What came in and is left after shortages lies here from now on; `qty` and `value` of the pool have it already."""

    def refuse_shortage(self, key: bytes, qty: int) -> None:
        if qty > self.qty and not self.allow_negative:
            raise NotEnoughStock(self.number, key, self.qty, qty)

    def leave(self, key: bytes, qty: int) -> list[Gone]:
        """Goods go out as the method says; what is missing leaves at the last known cost (rule 4)."""
        self.refuse_shortage(key, qty)
        there = min(qty, max(self.qty, 0))
        gone = self._give(key, there) if there else []
        if missing := qty - there:
            value = self.estimate(missing)
            self.shorts.append([missing, value, key, 0, None])
            self.qty -= missing
            self.value -= value
            gone.append(Gone((key, 0), missing, value, [], is_short=True))
        return gone

    @abstractmethod
    def _give(self, key: bytes, qty: int) -> list[Gone]:
        """`qty` of what is on hand, which is enough."""

    @abstractmethod
    def leave_from(self, key: bytes, qty: int, receipt: Watched | None, value: int | None) -> list[Gone]:
        """Goods go back to the supplier of `receipt`, from there while it lasts (rule 6)."""

    # -- value without quantity

    @abstractmethod
    def left_of(self, receipt: Watched) -> int:
        """How much of a receipt is still on hand."""

    @abstractmethod
    def add_to(self, receipt: Watched, amount: int) -> list[tuple[LayerKey | None, int]]:
        """`amount` for what is left of `receipt`: the layers and how much of it each took on.

        A credit takes no more value off than is there.
        """

    @abstractmethod
    def revalue(self, key: bytes, amount: int) -> Iterator[tuple[LayerKey | None, int]]:
        """Spread `amount` over all that is on hand, by quantity: every layer's share."""

    def charge(self, issue: bytes, share: int) -> None:  # noqa: B027  most methods have no more to do
        """An issue of this pool was charged with `share` of late value."""

    def set_standard(self, unit_cost: int) -> int:
        """A standard begins: by how much that changes the value on hand. Other methods only keep it in mind."""
        self.standard = unit_cost
        return 0

    def end_period(self, key: bytes) -> list[Settled]:
        """What the end of a period (the event `key`) changes in the cost of its issues. Here nothing is provisional."""
        return []

    def continue_from(self, former: "Pool") -> None:
        """Take over what another method's pool holds, the value to the cent (rule 12), but for layers and order."""
        self.qty, self.value, self.shorts = former.qty, former.value, former.shorts
        self.last = former._last_known()

    # -- many at once

    def run_plain(self, events: Iterator[Event], named: set[bytes], found: Result, with_takes: bool) -> Event | None:
        """Count plain receipts and issues of this pool; the first event that is anything else is handed back."""
        return next(events, None)

    # -- keeping

    def state(self) -> bytes:
        """All that this pool holds, for `Stream.open_pool`. Not in it: who took from which receipt."""
        header, tables = self._kept()
        return pack_state(header, [self.shorts, *tables])

    def _kept(self) -> tuple[dict[str, Any], list[Iterable[ScaledLayer]]]:
        """Plain figures by name, and lists of layers."""
        return {
            "method": self.method,
            "qty": self.qty,
            "value": self.value,
            "last": self.last,
            "standard": self.standard,
        }, []

    def stand(self, qty: int, value: int, last_unit_cost: int | None, layers: Iterable[ScaledLayer]) -> None:
        """Begin with these figures; layers in the order of the queue, negative ones for stock sold before it came."""
        self.qty, self.value = qty, value
        self.last = None if last_unit_cost is None else (last_unit_cost, self.factor)
        self.shorts.extend([-row[QTY], -row[VALUE], *row[KEY:]] for row in layers if row[QTY] < 0)

    def load(self, header: dict[str, Any], tables: list[list[ScaledLayer]]) -> None:
        """The opposite of `state`."""
        self.qty, self.value = header["qty"], header["value"]
        self.last = None if header["last"] is None else tuple(header["last"])
        self.standard = self.standard if header["standard"] is None else header["standard"]
        self.shorts.extend(tables[0])
