"""Published costing cases: moves and expected figures in a JSON file, run through this package.

Here: reading a case, running its moves over the pools of its scope, and the figure computed for every expectation. The
format and the policy switches are described beside the cases. Not here: printing (__main__.py).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

from erp_desktop.costing.landed_cost import left_of_receipt, share_landed_cost, share_or_equal, split_by_on_hand
from erp_desktop.costing.layers import METHODS
from erp_desktop.costing.pool import CostPool, Issued, Received, cost_of_return, open_pool
from erp_desktop.numbers import ZERO, minor_unit, round_money

OFFERED_POLICIES: dict[str, set[str | None]] = {
    "system": {"perpetual"},
    "backdated": {"recost"},
    "negative_stock": {"settle"},
    "negative_difference": {"cogs"},
    "supplier_return_cost": {"original"},
    "customer_return_cost": {"original"},
    "returned_layer": {"end"},
    "landed_cost_issued": {"expense"},
    "rounding_residue": {"carry"},
    "unit_cost_decimals": {None},
    "zero_basis": {"equal"},
    "lot_fallback": {"item_unit"},
    "revaluation_when_negative": {"ignore"},
    "cost_scope": {"item", "item_warehouse", "item_lot", "item_lot_warehouse"},
}
ALWAYS_AS_IN_POLICY = ("system", "cost_scope")
NARROWING = ("item", "warehouse", "lot")
WHEN = ("after_seq", "after_posted")


@dataclass(frozen=True)
class Difference:
    """An expected figure that the engine does not give. `at` says where, e.g. "after_seq 4, item A"."""

    at: str
    figure: str
    expected: Any
    computed: Any


@dataclass(frozen=True)
class Outcome:
    """What running a case gave. `other_policy` names what the product does not offer; then nothing was computed.

    `computed` has one entry for every expectation: where it is, and the figures asked for there.
    """

    case_id: str
    other_policy: str | None
    computed: tuple[dict[str, Any], ...] = ()
    differences: tuple[Difference, ...] = ()


def read_case(path: Path) -> dict[str, Any]:
    """The case in a file, its numbers still text. Raises ValueError for a file that is none."""
    case = json.loads(path.read_text("utf-8"))
    if not isinstance(case, dict) or not {"id", "method", "moves", "expect"} <= case.keys():
        raise ValueError("not a costing case: id, method, moves and expect are needed")
    return case


def run_case(case: dict[str, Any]) -> Outcome:
    """Every expectation of the case, computed and compared to as many decimals as it gives."""
    if (other := other_policy(case)) is not None:
        return Outcome(case["id"], other)
    computed, differences = [], []
    for expectation in case["expect"]:
        state = _State(case, _moves_known(case, expectation))
        where = {key: expectation[key] for key in (*WHEN, *NARROWING) if key in expectation}
        at = ", ".join(f"{key} {value}" for key, value in where.items())
        figures: dict[str, Any] = {}
        for figure, expected in expectation.items():
            if figure not in where:
                figures[figure] = state.figure(figure, expected, expectation)
                if not _agrees(figures[figure], expected):
                    differences.append(Difference(at, figure, expected, figures[figure]))
        computed.append({**where, **figures})
    return Outcome(case["id"], None, tuple(computed), tuple(differences))


def other_policy(case: dict[str, Any]) -> str | None:
    """The method or the first switch of the case that is not offered.

    A case that agrees with the defaults holds without its switches, but for scope and system.
    """
    if case["method"] not in METHODS:
        return f"method {case['method']}"
    for switch, value in case.get("policy", {}).items():
        if case.get("agrees_with_defaults", False) and switch not in ALWAYS_AS_IN_POLICY:
            continue
        if switch in OFFERED_POLICIES and value not in OFFERED_POLICIES[switch]:
            return f"{switch} {value}"
    return None


def _moves_known(case: dict[str, Any], expectation: dict[str, Any]) -> list[dict[str, Any]]:
    """The moves that count at an expectation, in the order in which they count: by date, then by entry."""
    entered = [{"posted_at": move["seq"], **move} for move in case["moves"]]
    if "after_posted" in expectation:
        entered = [move for move in entered if move["posted_at"] <= expectation["after_posted"]]
    else:
        entered = [move for move in entered if move["seq"] <= expectation["after_seq"]]
    return sorted(entered, key=lambda move: (move["date"], move["posted_at"]))


@dataclass
class _Pool:
    """A pool and what it belongs to; in an average what came in, to know what is left of a receipt."""

    pool: CostPool
    item: str
    warehouse: str
    lot: str
    came_in: Decimal = ZERO
    write_down: Decimal = ZERO


@dataclass
class _Entered:
    """What a move did: signed into the stock."""

    kind: str
    pool: _Pool
    qty: Decimal
    cost: Decimal
    came_in: Decimal = ZERO  # all that its pool had taken in by then
    back_qty: Decimal = ZERO
    back_value: Decimal = ZERO
    move: dict[str, Any] = field(default_factory=dict)


class _State:
    """The pools of a case after some of its moves."""

    def __init__(self, case: dict[str, Any], moves: Iterable[dict[str, Any]]) -> None:
        self._method = case["method"]
        self._places = int(case.get("currency_decimals", 2))
        self._minor = minor_unit(self._places)
        self._scope = case.get("policy", {}).get("cost_scope", "item")
        self._first_cost = None if case.get("standard_cost") is None else Decimal(case["standard_cost"])
        self._pools: dict[tuple[str, str, str], _Pool] = {}
        self._entered: dict[int, _Entered] = {}
        self._expensed = ZERO
        self._allocated: dict[int, dict[str, Decimal]] = {}
        kinds = {
            "receipt": self._receipt,
            "adjust_in": self._receipt,
            "issue": self._issue,
            "adjust_out": self._issue,
            "customer_return": self._customer_return,
            "supplier_return": self._supplier_return,
            "transfer": self._transfer,
            "landed_cost": self._landed_cost,
            "revaluation": self._revaluation,
        }
        for move in moves:
            kinds[move["kind"]](move)

    # -- figures

    def figure(self, name: str, expected: Any, narrowed: dict[str, Any]) -> Any:
        """The figure `name`, rounded to the decimals of `expected`. Raises ValueError for a figure not known here."""
        pools = [pool for pool in self._pools.values() if _is_in(pool, narrowed)]
        qty = sum((pool.pool.on_hand for pool in pools), ZERO)
        value = sum((pool.pool.value for pool in pools), ZERO)
        write_down = sum((pool.write_down for pool in pools), ZERO)
        match name:
            case "on_hand_qty":
                return _shown(qty, expected)
            case "inventory_value":
                return _shown(value, expected)
            case "unit_cost":
                return _shown(Fraction(value) / Fraction(qty) if qty else _last_cost(pools), expected)
            case "issue_cost" | "in_value":
                sign = -1 if name == "issue_cost" else 1
                return {seq: _shown(sign * self._entered[int(seq)].cost, amount) for seq, amount in expected.items()}
            case "cogs_total":
                sold = [move for move in self._entered.values() if move.kind in ("issue", "customer_return")]
                return _shown(-sum((move.cost for move in sold if _is_in(move.pool, narrowed)), ZERO), expected)
            case "layers":
                return _shown_layers(pools, expected)
            case "expensed":
                return _shown(self._expensed, expected)
            case "write_down":
                return _shown(write_down, expected)
            case "carrying_value":
                return _shown(value - write_down, expected)
            case "allocated":
                return {
                    seq: {
                        receipt: _shown(self._allocated[int(seq)][receipt], share) for receipt, share in shares.items()
                    }
                    for seq, shares in expected.items()
                }
            case "allocated_total":
                return {seq: _shown(sum(self._allocated[int(seq)].values()), total) for seq, total in expected.items()}
        raise ValueError(f"no figure {name!r} here")

    # -- moves

    def _receipt(self, move: dict[str, Any]) -> None:
        pool, qty = self._pool_of(move), Decimal(move["qty"])
        cost = self._stated_cost(move, qty)
        if move.get("dropship"):
            self._entered[move["seq"]] = _Entered("dropship", pool, qty, cost or ZERO, move=move)
        else:
            self._take_in(move, pool, qty, pool.pool.current_cost(qty) if cost is None else cost)

    def _issue(self, move: dict[str, Any]) -> None:
        pool, qty, key = self._pool_of(move), Decimal(move["qty"]), _key(move["seq"])
        if move.get("dropship"):
            bought = self._entered[move["of"]]
            cost = cost_of_return(bought.cost, bought.qty, bought.back_qty, bought.back_value, qty, self._places)
            bought.back_qty, bought.back_value = bought.back_qty + qty, bought.back_value + cost
            self._entered[move["seq"]] = _Entered("issue", pool, qty, -cost, move=move)
        elif "of" in move:
            issued = pool.pool.return_to_supplier(_key(move["of"]), qty, key=key, seq=move["seq"], allow_negative=True)
            self._give_out(move, pool, qty, issued)
        else:
            self._give_out(move, pool, qty, pool.pool.issue(qty, key=key, seq=move["seq"], allow_negative=True))

    def _customer_return(self, move: dict[str, Any]) -> None:
        pool, qty = self._pool_of(move), Decimal(move["qty"])
        if "of" not in move:
            self._take_in(move, pool, qty, pool.pool.current_cost(qty))
            return
        issue = self._entered[move["of"]]
        cost = cost_of_return(-issue.cost, issue.qty, issue.back_qty, issue.back_value, qty, self._places)
        issue.back_qty, issue.back_value = issue.back_qty + qty, issue.back_value + cost
        self._take_in(move, pool, qty, cost)

    def _supplier_return(self, move: dict[str, Any]) -> None:
        pool, qty = self._pool_of(move), Decimal(move["qty"])
        receipt = self._entered.get(move.get("of", 0))
        stated = self._stated_cost(move, qty)
        own_qty, own_value = (qty, stated) if stated is not None else (None, None)
        if receipt is not None and own_qty is None:
            own_qty, own_value = receipt.qty, receipt.cost
        issued = pool.pool.return_to_supplier(
            _key(move.get("of", 0)),
            qty,
            receipt_qty=own_qty,
            receipt_value=own_value,
            key=_key(move["seq"]),
            seq=move["seq"],
            allow_negative=True,
        )
        self._give_out(move, pool, qty, issued)

    def _transfer(self, move: dict[str, Any]) -> None:
        sender, receiver = self._pool_of(move), self._pool_of({**move, "warehouse": move["to_warehouse"]})
        qty = Decimal(move["qty"])
        if sender is receiver:  # one pool over all warehouses: nothing changes
            self._entered[move["seq"]] = _Entered("transfer", sender, qty, -sender.pool.current_cost(qty), move=move)
            return
        issued = sender.pool.issue(qty, key=_key(move["seq"]), seq=move["seq"], allow_negative=True)
        self._give_out(move, sender, qty, issued)
        for number, take in enumerate(issued.takes, start=1):  # the sender's layers, at the sender's cost (rule 8)
            self._came_in(
                receiver, take.qty, receiver.pool.receive(_key(move["seq"], number), move["seq"], take.qty, take.value)
            )

    def _landed_cost(self, move: dict[str, Any]) -> None:
        receipts = [self._entered[seq] for seq in move["of"]]
        amount, basis = Decimal(move["amount"]), move.get("basis", "value")
        if basis == "manual":
            split = move["split"]
            weights = (
                [Decimal(split[str(seq)]) for seq in move["of"]] if isinstance(split, dict) else map(Decimal, split)
            )
            shares: Iterable[Decimal] = share_landed_cost(amount, list(weights), self._minor)
        else:
            bases = [_basis(receipt, basis) for receipt in receipts]
            shares = share_or_equal(amount, bases, self._minor).amounts
        self._allocated[move["seq"]] = {}
        for seq, receipt, share in zip(move["of"], receipts, shares, strict=True):
            self._allocated[move["seq"]][str(seq)] = share
            self._add_to_receipt(seq, receipt, share)

    def _add_to_receipt(self, seq: int, receipt: _Entered, share: Decimal) -> None:
        pool = receipt.pool
        layers = {layer.key: layer for layer in pool.pool.layers if layer.qty > 0}
        if self._method == "moving_average":
            layer = next(iter(layers.values()), None)
            left = left_of_receipt(receipt.qty, pool.came_in - receipt.came_in, max(pool.pool.on_hand, ZERO))
        else:
            layer = layers.get(_key(seq))
            left = layer.qty if layer else ZERO
        split = split_by_on_hand(share, receipt.qty, left, self._minor, layer.value if layer else ZERO)
        if layer is not None and split.to_inventory:
            pool.pool.revalue(layer.key, split.to_inventory)
        self._expensed += split.to_cost_of_sales

    def _revaluation(self, move: dict[str, Any]) -> None:
        pool = self._pool_of(move)
        qty, value = pool.pool.on_hand, pool.pool.value
        if "nrv_unit" in move or "nrv_total" in move:  # lower of cost and net realisable value: an allowance (rule 9)
            realisable = Decimal(move["nrv_total"]) if "nrv_total" in move else Decimal(move["nrv_unit"]) * qty
            pool.write_down = max(ZERO, value - round_money(realisable, self._places))
        elif qty > 0 and not move.get("standard_only"):
            target = (
                round_money(Decimal(move["new_unit_cost"]) * qty, self._places) if "new_unit_cost" in move else None
            )
            pool.pool.revalue_all(Decimal(move["amount"]) if target is None else target - value)

    # -- bookkeeping

    def _pool_of(self, move: dict[str, Any]) -> _Pool:
        item, warehouse, lot = move.get("item", ""), move.get("warehouse", ""), move.get("lot", "")
        warehouse = warehouse if "warehouse" in self._scope else ""
        lot = lot if "lot" in self._scope else ""
        if (item, warehouse, lot) not in self._pools:
            pool = open_pool(self._method, self._places, (), self._cost_of_item(item) if lot else self._first_cost)
            self._pools[item, warehouse, lot] = _Pool(pool, item, warehouse, lot)
        return self._pools[item, warehouse, lot]

    def _cost_of_item(self, item: str) -> Decimal | None:
        """What a lot never received leaves at: the item's average."""
        pools = [pool.pool for pool in self._pools.values() if pool.item == item]
        qty, value = sum((pool.on_hand for pool in pools), ZERO), sum((pool.value for pool in pools), ZERO)
        return round_money(value / qty, 6) if qty > 0 else self._first_cost

    def _stated_cost(self, move: dict[str, Any], qty: Decimal) -> Decimal | None:
        if "total_cost" in move:
            return Decimal(move["total_cost"])
        return round_money(Decimal(move["unit_cost"]) * qty, self._places) if "unit_cost" in move else None

    def _take_in(self, move: dict[str, Any], pool: _Pool, qty: Decimal, cost: Decimal) -> None:
        self._came_in(pool, qty, pool.pool.receive(_key(move["seq"]), move["seq"], qty, cost))
        self._entered[move["seq"]] = _Entered(move["kind"], pool, qty, cost, pool.came_in, move=move)

    def _came_in(self, pool: _Pool, qty: Decimal, received: Received) -> None:
        pool.came_in += qty
        for true_up in received.true_ups:
            self._entered[true_up.issue_key.int >> 32].cost -= true_up.amount

    def _give_out(self, move: dict[str, Any], pool: _Pool, qty: Decimal, issued: Issued) -> None:
        self._entered[move["seq"]] = _Entered(move["kind"], pool, qty, -issued.value, move=move)


def _key(seq: int, number: int = 0) -> UUID:
    return UUID(int=(seq << 32) + number)


def _is_in(pool: _Pool, narrowed: dict[str, Any]) -> bool:
    return all(narrowed.get(name, getattr(pool, name)) == getattr(pool, name) for name in NARROWING)


def _last_cost(pools: list[_Pool]) -> Decimal | None:
    return next((pool.pool.last_unit_cost for pool in pools), None)


def _basis(receipt: _Entered, basis: str) -> Decimal:
    match basis:
        case "value":
            return receipt.cost
        case "qty":
            return receipt.qty
        case "equal":
            return Decimal(1)
        case "weight" | "volume":
            return receipt.qty * Decimal(receipt.move.get(basis, "0"))
    raise ValueError(f"no basis {basis!r} to share a landed cost by")


def _shown(number: Decimal | Fraction | int | None, expected: Any) -> str | None:
    """`number` as text with the decimals of `expected`, half up."""
    if number is None:
        return None
    exponent = Decimal(str(expected)).as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    exact = Fraction(number)
    wide = Decimal(exact.numerator) / Decimal(exact.denominator)
    return str(wide.quantize(minor_unit(places), ROUND_HALF_UP))


def _shown_layers(pools: list[_Pool], expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Layers as a source prints them: neighbours of equal cost as one, if the source has them so."""
    costs = [(layer.qty, layer.value) for pool in pools for layer in pool.pool.layers]
    if len(costs) != len(expected):
        costs = list(_merged(costs))
    like = expected[0] if expected else {"qty": "0", "unit_cost": "0.00"}
    return [
        {"qty": _shown(qty, like["qty"]), "unit_cost": _shown(Fraction(value) / Fraction(qty), like["unit_cost"])}
        for qty, value in costs
    ]


def _merged(layers: Iterable[tuple[Decimal, Decimal]]) -> Iterator[tuple[Decimal, Decimal]]:
    held: tuple[Decimal, Decimal] | None = None
    for qty, value in layers:
        if held is not None and held[1] * qty == value * held[0]:
            held = (held[0] + qty, held[1] + value)
            continue
        if held is not None:
            yield held
        held = (qty, value)
    if held is not None:
        yield held


def _agrees(computed: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return isinstance(computed, dict) and all(_agrees(computed.get(key), expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(computed) == len(expected) and all(map(_agrees, computed, expected))
    if expected is None or computed is None:
        return computed is expected
    return Decimal(str(computed)) == Decimal(str(expected))
