"""The whole history of a cost pool in one pass, and what a late move changed in it (costing.md, rules 2 and 3).

Here: moves as plain values, in any order; they count by date, then by `seq`. Linear in the moves after `start`.
Not here: SQL, closed periods, postings - who replays before and after a back-dated move posts the differences.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from erp_desktop.costing.layers import LayeredPool, ScaledLayer, ScaledTake, layered_pool
from erp_desktop.costing.pool import Layer
from erp_desktop.costing.scaled import part, qty_of, scale, scale_qty
from erp_desktop.numbers import UNIT_COST_PLACES, from_scaled


class MoveKind(StrEnum):
    """How a move is costed; a transfer is an issue in one pool and receipts in the other."""

    RECEIPT = "receipt"  # at `value`; without one (a count gain) at the current cost
    ISSUE = "issue"
    CUSTOMER_RETURN = "customer_return"  # at the settled cost of the issue `of`, or at `value` if the issue is not here
    SUPPLIER_RETURN = "supplier_return"  # from the receipt `of`
    LANDED_COST = "landed_cost"  # `value` for the receipt `of`: on hand and issued parts
    REVALUATION = "revaluation"  # `value` for the receipt `of`, or for all that is on hand


@dataclass(frozen=True, slots=True)
class Move:
    """One move of the pool. `qty` is in stock units, positive; zero for landed cost and revaluation."""

    key: UUID
    kind: MoveKind
    date: date
    seq: int
    qty: Decimal = Decimal(0)
    value: Decimal | None = None
    of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A consumption edge: what an issue took from a layer. A true-up takes back the estimate and adds the cost."""

    issue_key: UUID
    layer_key: UUID
    qty: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """A move whose settled cost, signed as it changes the pool, is no longer what it was."""

    key: UUID
    before: Decimal
    after: Decimal

    @property
    def amount(self) -> Decimal:
        return self.after - self.before


class MoveNotReplayable(ValueError):
    """A move names a receipt or an issue that the replay did not see, or returns more than went out."""


class Replay:
    """What a replay found. Costs are signed as they changed the pool: receipts positive, issues negative."""

    def __init__(self, pool: LayeredPool, currency_places: int, allow_negative: bool) -> None:
        self._pool = pool
        self._places = currency_places
        self._allow_negative = allow_negative
        self._costs: dict[UUID, int] = {}
        self._true_ups: dict[UUID, int] = {}
        self._edges: list[tuple[UUID, UUID, int, int]] = []
        self._expensed: dict[UUID, int] = {}
        self._issued: dict[UUID, int] = {}
        self._returned: dict[UUID, tuple[int, int]] = {}
        self._received: dict[UUID, tuple[int, int, int]] = {}  # qty, value, all that had come in by then
        self._came_in = 0

    def cost(self, key: UUID) -> Decimal:
        """The cost of a move when it was made; of a landed cost the part that reached the stock."""
        return self._money(self._costs[key])

    def settled(self, key: UUID) -> Decimal:
        """The cost of a move with the true-ups of later receipts (rule 4)."""
        return self._money(self._settled(key))

    def costs(self) -> dict[UUID, Decimal]:
        """`settled` of every move, in the order in which they count."""
        return {key: self._money(self._settled(key)) for key in self._costs}

    def edges(self) -> tuple[Edge, ...]:
        """Consumption edges in order; those of one issue add up to its settled cost."""
        return tuple(Edge(issue, layer, qty_of(qty), self._money(value)) for issue, layer, qty, value in self._edges)

    @property
    def expensed(self) -> dict[UUID, Decimal]:
        """The part of each landed cost that went to cost of sales, the goods being gone."""
        return {key: self._money(amount) for key, amount in self._expensed.items()}

    @property
    def layers(self) -> tuple[Layer, ...]:
        return tuple(
            Layer(layer.key, layer.seq, qty_of(layer.qty), self._money(layer.value)) for layer in self._pool.queue
        )

    @property
    def on_hand(self) -> Decimal:
        return qty_of(self._pool.qty)

    @property
    def value(self) -> Decimal:
        return self._money(self._pool.value)

    @property
    def last_unit_cost(self) -> Decimal | None:
        scaled = self._pool.last_unit_cost
        return None if scaled is None else from_scaled(scaled, UNIT_COST_PLACES)

    def _settled(self, key: UUID) -> int:
        return self._costs[key] - self._true_ups.get(key, 0)

    def _money(self, scaled: int) -> Decimal:
        return from_scaled(scaled, self._places)

    # -- one move after the other

    def _count(self, move: Move) -> None:
        kind = move.kind
        if kind is MoveKind.LANDED_COST or kind is MoveKind.REVALUATION:
            if move.value is None:
                raise MoveNotReplayable(f"{move.key} adds a value that it does not state")
            self._change_value(move, scale(move.value, self._places))
            return
        qty = scale_qty(move.qty)
        if qty <= 0:
            raise MoveNotReplayable(f"{move.key} moves {move.qty}")
        if kind is MoveKind.RECEIPT:
            self._receive(move, qty, self._stated_or_current(move, qty))
        elif kind is MoveKind.ISSUE:
            self._give_out(move, qty, self._pool.issue(qty, move.key, move.seq, self._allow_negative))
        elif kind is MoveKind.CUSTOMER_RETURN:
            self._take_back(move, qty)
        else:
            self._return_to_supplier(move, qty)

    def _stated_or_current(self, move: Move, qty: int) -> int:
        return self._pool.current_cost(qty) if move.value is None else scale(move.value, self._places)

    def _receive(self, move: Move, qty: int, value: int) -> None:
        _, _, true_ups = self._pool.receive(move.key, move.seq, qty, value)
        self._costs[move.key] = value
        self._came_in += qty
        self._received[move.key] = (qty, value, self._came_in)
        for up in true_ups:
            self._true_ups[up.issue_key] = self._true_ups.get(up.issue_key, 0) + up.cost - up.estimated
            self._edges.append((up.issue_key, up.issue_key, -up.qty, -up.estimated))
            self._edges.append((up.issue_key, move.key, up.qty, up.cost))

    def _give_out(self, move: Move, qty: int, takes: list[ScaledTake]) -> None:
        key = move.key
        cost = 0
        for layer_key, taken, value in takes:
            cost += value
            self._edges.append((key, layer_key, taken, value))
        self._costs[key] = -cost
        self._issued[key] = qty

    def _take_back(self, move: Move, qty: int) -> None:
        issue = move.of
        if move.value is not None or issue is None:
            self._receive(move, qty, self._stated_or_current(move, qty))
            return
        if issue not in self._issued:
            raise MoveNotReplayable(f"{move.key} returns {issue}, which is not among the moves")
        back_qty, back_value = self._returned.get(issue, (0, 0))
        out = self._issued[issue] - back_qty
        if qty > out:
            raise MoveNotReplayable(f"{move.key} returns more than is still out of {issue}")
        value = part(-self._settled(issue) - back_value, qty, out)
        self._returned[issue] = (back_qty + qty, back_value + value)
        self._receive(move, qty, value)

    def _return_to_supplier(self, move: Move, qty: int) -> None:
        receipt = self._received.get(move.of) if move.of is not None else None
        own = None if receipt is None else (receipt[0], receipt[1])
        named = move.of if move.of is not None else move.key
        takes = self._pool.return_to_supplier(named, qty, own, move.key, move.seq, self._allow_negative)
        self._give_out(move, qty, takes)

    def _change_value(self, move: Move, amount: int) -> None:
        if move.kind is MoveKind.LANDED_COST:
            amount = self._kept_of_landed_cost(move, amount)
        elif move.of is not None:
            self._pool.revalue(move.of, amount)
        else:
            self._pool.revalue_all(amount)
        self._costs[move.key] = amount

    def _kept_of_landed_cost(self, move: Move, amount: int) -> int:
        receipt = move.of
        if receipt is None or receipt not in self._received:
            raise MoveNotReplayable(f"{move.key} is for {receipt}, which is not among the moves")
        qty_in, _, came_in = self._received[receipt]
        layer = self._pool.layer_of(receipt)
        kept = 0
        if layer is not None:
            left = self._pool.left_of(receipt, qty_in, self._came_in - came_in)
            kept = max(part(amount, left, qty_in), -layer.value)
            self._pool.revalue(receipt, kept)
        self._expensed[move.key] = amount - kept
        return kept


def replay(
    moves: Iterable[Move],
    method: str,
    currency_places: int,
    start: Sequence[Layer] = (),
    last_unit_cost: Decimal | None = None,
    allow_negative: bool = False,
) -> Replay:
    """Cost `moves` in the order in which they count, from the layers `start` on (a checkpoint) or from nothing.

    Raises NotEnoughStock where an issue takes more than there was at its date, unless `allow_negative`; MoveNotReplayable
    for a reference to a move that is not there (a return of an issue before the checkpoint brings its own `value`).
    """
    last = None if last_unit_cost is None else scale(last_unit_cost, UNIT_COST_PLACES)
    pool = layered_pool(method, currency_places, last)
    pool.load(
        ScaledLayer(layer.key, layer.seq, scale_qty(layer.qty), scale(layer.value, currency_places)) for layer in start
    )
    found = Replay(pool, currency_places, allow_negative)
    for move in sorted(moves, key=lambda move: (move.date, move.seq)):
        found._count(move)
    return found


def differences(before: Replay, after: Replay) -> tuple[Difference, ...]:
    """The moves that both know and whose settled cost changed, in the order in which they now count.

    What to post: the amount of an issue or supplier return changes cost of sales (or the price difference) by its opposite
    and the stock by itself; likewise returns and gains. Moves that only one of them knows are not differences.
    """
    old, new = before._costs, after._costs
    return tuple(
        Difference(key, before.settled(key), after.settled(key))
        for key in new
        if key in old and before._settled(key) != after._settled(key)
    )
