"""The moves of a published case, counted by a cost stream, and every figure that a case may expect of them.

Here: moves as the case files write them become events; pools by the case's scope. Not here: files, policies (cases.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from erp_desktop.costing.events import Event, Kind
from erp_desktop.costing.landed_cost import share_landed_cost, share_or_equal
from erp_desktop.costing.scaled import part, qty_of, scale, scale_qty
from erp_desktop.costing.standard import Standard
from erp_desktop.costing.stock import Pool
from erp_desktop.costing.stream import Stream
from erp_desktop.numbers import UNIT_COST_PLACES, ZERO, from_scaled, minor_unit, round_money

NARROWING = ("item", "warehouse", "lot")
INCOMING = ("receipt", "adjust_in", "supplier_return")  # count first in a periodic system


@dataclass
class _Place:
    """What a pool belongs to."""

    number: int
    item: str
    warehouse: str
    lot: str
    write_down: Decimal = ZERO


@dataclass
class _Entered:
    """What a move did: `cost` is signed as it changed its pool, true-ups included."""

    kind: str
    place: _Place
    qty: Decimal
    cost: Decimal
    move: dict[str, Any] = field(default_factory=dict)
    back_qty: Decimal = ZERO  # of a drop shipment: what its issues passed on
    back_value: Decimal = ZERO


class CaseBooks:
    """The pools of a case after some of its moves."""

    def __init__(self, case: dict[str, Any], moves: Iterable[dict[str, Any]]) -> None:
        policy = case.get("policy", {})
        self._method = case["method"]
        self._places_of_currency = int(case.get("currency_decimals", 2))
        self._scope = policy.get("cost_scope", "item") + ("_lot" if self._method == "specific" else "")
        self._first_cost = None if case.get("standard_cost") is None else Decimal(case["standard_cost"])
        self._period = policy.get("period", "month")
        self._stream = Stream(
            self._places_of_currency,
            unit_cost_places=policy.get("unit_cost_decimals"),
            shares_variance=policy.get("standard_variance") == "rate",
        )
        self._places: dict[tuple[str, str, str], _Place] = {}
        self._entered: dict[int, _Entered] = {}
        self._variances: defaultdict[int, int] = defaultdict(int)
        self._plan_cost_in = 0
        self._variance_in = 0
        self._expensed = ZERO
        self._allocated: dict[int, dict[str, Decimal]] = {}
        known = list(moves)
        if policy.get("system") == "periodic" and self._method != "periodic_average":
            known = list(_at_the_end_of_periods(known, self._period_of))
        self._stream.expect(_key(seq) for move in known for seq in _named_by(move))
        self._enter_all(known)

    # -- figures

    def figure(self, name: str, expected: Any, narrowed: dict[str, Any]) -> Any:
        """The figure `name`, rounded to the decimals of `expected`. Raises ValueError for a figure not known here."""
        places = [place for place in self._places.values() if _is_in(place, narrowed)]
        pools = [self._stream.pools[place.number] for place in places]
        qty = qty_of(sum(pool.qty for pool in pools))
        value = self._money(sum(pool.value for pool in pools))
        write_down = sum((place.write_down for place in places), ZERO)
        match name:
            case "on_hand_qty":
                return shown(qty, expected)
            case "inventory_value":
                return shown(value, expected)
            case "unit_cost":
                return shown(self._unit_cost(pools, qty, value), expected)
            case "issue_cost" | "in_value":
                sign = -1 if name == "issue_cost" else 1
                return {seq: shown(sign * self._entered[int(seq)].cost, amount) for seq, amount in expected.items()}
            case "cogs_total":
                sold = [move for move in self._entered.values() if move.kind in ("issue", "customer_return")]
                return shown(-sum((move.cost for move in sold if _is_in(move.place, narrowed)), ZERO), expected)
            case "layers":
                return shown_layers([layer for pool in pools for layer in self._layers(pool)], expected)
            case "variance":
                return shown(self._money(sum(self._variances[place.number] for place in places)), expected)
            case "variance_rate":
                return shown(Fraction(self._variance_in, self._plan_cost_in or 1), expected)
            case "actual_value":
                kept = sum(pool.variance for pool in pools if isinstance(pool, Standard))
                return shown(value + self._money(kept), expected)
            case "expensed":
                return shown(self._expensed, expected)
            case "write_down":
                return shown(write_down, expected)
            case "carrying_value":
                return shown(value - write_down, expected)
            case "allocated":
                return {
                    seq: {
                        receipt: shown(self._allocated[int(seq)][receipt], share) for receipt, share in shares.items()
                    }
                    for seq, shares in expected.items()
                }
            case "allocated_total":
                return {seq: shown(sum(self._allocated[int(seq)].values()), total) for seq, total in expected.items()}
        raise ValueError(f"no figure {name!r} here")

    def _unit_cost(self, pools: list[Pool], qty: Decimal, value: Decimal) -> Fraction | None:
        if qty and self._method != "periodic_average":
            return Fraction(value) / Fraction(qty)
        last = next((pool.last_unit_cost for pool in pools), None)
        return None if last is None else Fraction(last, 10**UNIT_COST_PLACES)

    def _layers(self, pool: Pool) -> list[tuple[Decimal, Decimal]]:
        layers = [(qty, value) for _, qty, value in pool.layers()]
        if not pool.has_layers and pool.qty > 0:
            layers = [(pool.qty, pool.value)]
        return [(qty_of(qty), self._money(value)) for qty, value in layers]

    # -- moves

    def _enter_all(self, moves: list[dict[str, Any]]) -> None:
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
        period = None
        for move in moves:
            if period is not None and period != self._period_of(move):
                self._end_period(move["seq"])
            period = self._period_of(move)
            kinds[move["kind"]](move)
        self._end_period(0)

    def _period_of(self, move: dict[str, Any]) -> str:
        return str(move["date"])[: {"month": 7, "day": 10, "all": 0}[self._period]]

    def _end_period(self, before: int) -> None:
        for place in list(self._places.values()):
            self._run(Event(_key(before, "end"), Kind.PERIOD_END, place.number), place)

    def _run(self, event: Event, place: _Place) -> Decimal:
        """Counts one event; gives its cost, signed as it changed the pool."""
        found = self._stream.run([event])
        for effect in found.effects:
            corrected = self._entered.get(int(effect.target.split(b"/")[0]))
            if effect.to_inventory and corrected is not None:
                corrected.cost += self._money(effect.to_inventory)
            elif not effect.to_inventory and event.kind != Kind.PERIOD_END:
                self._expensed += self._money(effect.to_cost_of_sales)
        self._variances[place.number] += sum(found.variances.values())
        if event.kind == Kind.RECEIPT:
            self._plan_cost_in += found.costs[0]
            self._variance_in += sum(found.variances.values())
        return self._money(found.costs[0])

    def _enter(self, move: dict[str, Any], kind: Kind, value: Decimal | None = None, of: int | None = None) -> None:
        place, qty = self._place_of(move), Decimal(move["qty"])
        scaled = None if value is None else scale(value, self._places_of_currency)
        named = None if of is None else _key(of)
        cost = self._run(Event(_key(move["seq"]), kind, place.number, scale_qty(qty), scaled, named), place)
        self._entered[move["seq"]] = _Entered(move["kind"], place, qty, cost, move)

    def _receipt(self, move: dict[str, Any]) -> None:
        if move.get("dropship"):
            qty = Decimal(move["qty"])
            cost = self._stated_cost(move) or ZERO
            self._entered[move["seq"]] = _Entered("dropship", self._place_of(move), qty, cost, move)
        else:
            self._enter(move, Kind.RECEIPT, self._stated_cost(move))

    def _issue(self, move: dict[str, Any]) -> None:
        if not move.get("dropship"):
            self._enter(move, Kind.ISSUE, of=move.get("of"))
            return
        bought, qty = self._entered[move["of"]], Decimal(move["qty"])
        worth, out = scale(bought.cost - bought.back_value, self._places_of_currency), bought.qty - bought.back_qty
        cost = self._money(part(worth, scale_qty(qty), scale_qty(out)))
        bought.back_qty, bought.back_value = bought.back_qty + qty, bought.back_value + cost
        self._entered[move["seq"]] = _Entered("issue", bought.place, qty, -cost, move)

    def _customer_return(self, move: dict[str, Any]) -> None:
        self._enter(move, Kind.CUSTOMER_RETURN, of=move.get("of"))

    def _supplier_return(self, move: dict[str, Any]) -> None:
        self._enter(move, Kind.SUPPLIER_RETURN, self._stated_cost(move), move.get("of", 0))

    def _transfer(self, move: dict[str, Any]) -> None:
        sender, receiver = self._place_of(move), self._place_of({**move, "warehouse": move["to_warehouse"]})
        qty = scale_qty(Decimal(move["qty"]))
        if sender is receiver:  # one pool over all warehouses: nothing changes
            cost = -self._money(self._stream.pools[sender.number].current_cost(qty))
        else:
            event = Event(_key(move["seq"]), Kind.TRANSFER, sender.number, qty, to_pool=receiver.number)
            cost = self._run(event, sender)
        self._entered[move["seq"]] = _Entered("transfer", sender, Decimal(move["qty"]), cost, move)

    def _landed_cost(self, move: dict[str, Any]) -> None:
        receipts = [self._entered[seq] for seq in move["of"]]
        amount, basis = Decimal(move["amount"]), move.get("basis", "value")
        smallest = minor_unit(self._places_of_currency)
        if basis == "manual":
            split = move["split"]
            weights = (
                [Decimal(split[str(seq)]) for seq in move["of"]] if isinstance(split, dict) else map(Decimal, split)
            )
            shares: Iterable[Decimal] = share_landed_cost(amount, list(weights), smallest)
        else:
            bases = [_basis(receipt, basis) for receipt in receipts]
            shares = share_or_equal(amount, bases, smallest).amounts
        self._allocated[move["seq"]] = {}
        for seq, receipt, share in zip(move["of"], receipts, shares, strict=True):
            self._allocated[move["seq"]][str(seq)] = share
            if receipt.kind == "dropship":
                self._expensed += share
            else:
                self._change_value(move["seq"], Kind.LATE_VALUE, receipt.place, share, seq)

    def _revaluation(self, move: dict[str, Any]) -> None:
        place = self._place_of(move)
        pool = self._stream.pools[place.number]
        qty, value = qty_of(pool.qty), self._money(pool.value)
        if "nrv_unit" in move or "nrv_total" in move:  # lower of cost and net realisable value: an allowance (rule 9)
            realisable = Decimal(move["nrv_total"]) if "nrv_total" in move else Decimal(move["nrv_unit"]) * qty
            place.write_down = max(ZERO, value - round_money(realisable, self._places_of_currency))
        elif self._method == "standard" and "new_unit_cost" in move:
            standard = scale(Decimal(move["new_unit_cost"]), UNIT_COST_PLACES)
            self._run(Event(_key(move["seq"]), Kind.STANDARD_COST, place.number, value=standard), place)
            if move.get("standard_only") and qty > 0:
                self._change_value(move["seq"], Kind.REVALUATION, place, value - self._money(pool.value))
        elif qty > 0:
            amount = (
                Decimal(move["new_unit_cost"]) * qty - value if "new_unit_cost" in move else Decimal(move["amount"])
            )
            self._change_value(move["seq"], Kind.REVALUATION, place, round_money(amount, self._places_of_currency))

    def _change_value(self, seq: int, kind: Kind, place: _Place, amount: Decimal, of: int | None = None) -> None:
        scaled = scale(amount, self._places_of_currency)
        self._run(Event(_key(seq), kind, place.number, 0, scaled, None if of is None else _key(of)), place)

    # -- pools

    def _place_of(self, move: dict[str, Any]) -> _Place:
        item, warehouse, lot = move.get("item", ""), move.get("warehouse", ""), move.get("lot", "")
        warehouse = warehouse if "warehouse" in self._scope else ""
        lot = lot if "lot" in self._scope else ""
        if (item, warehouse, lot) not in self._places:
            number = len(self._places)
            first = self._cost_of_item(item) if lot else self._first_cost
            standard = None if first is None else scale(first, UNIT_COST_PLACES)
            self._stream.open_pool(number, self._method, allow_negative=True, standard=standard)
            self._places[item, warehouse, lot] = _Place(number, item, warehouse, lot)
        return self._places[item, warehouse, lot]

    def _cost_of_item(self, item: str) -> Decimal | None:
        """What a lot never received leaves at: the item's average."""
        pools = [self._stream.pools[place.number] for place in self._places.values() if place.item == item]
        qty, value = qty_of(sum(pool.qty for pool in pools)), self._money(sum(pool.value for pool in pools))
        return round_money(value / qty, UNIT_COST_PLACES) if qty > 0 else self._first_cost

    def _stated_cost(self, move: dict[str, Any]) -> Decimal | None:
        if "total_cost" in move:
            return Decimal(move["total_cost"])
        if "unit_cost" not in move:
            return None
        return round_money(Decimal(move["unit_cost"]) * Decimal(move["qty"]), self._places_of_currency)

    def _money(self, scaled: int) -> Decimal:
        return from_scaled(scaled, self._places_of_currency)


def _at_the_end_of_periods(moves: list[dict[str, Any]], period_of: Any) -> Iterator[dict[str, Any]]:
    """Moves as a periodic system counts them: first what came in, then all issues at once, less what customers returned."""
    period = {move["seq"]: period_of(move) for move in moves}
    returned: defaultdict[int, Decimal] = defaultdict(Decimal)
    kept = []
    for move in moves:
        if move["kind"] == "customer_return" and period.get(move.get("of", 0)) == period[move["seq"]]:
            returned[move["of"]] += Decimal(move["qty"])
        else:
            kept.append(move)
    for move in sorted(kept, key=lambda move: (period[move["seq"]], move["kind"] not in INCOMING)):
        qty = Decimal(move.get("qty", 0)) - returned[move["seq"]]
        if qty or "qty" not in move:
            yield {**move, "qty": str(qty)} if "qty" in move else move


def _key(seq: int, suffix: str = "") -> bytes:
    return f"{seq}/{suffix}".encode()


def _named_by(move: dict[str, Any]) -> list[int]:
    of = move.get("of", [])
    return of if isinstance(of, list) else [of]


def _is_in(place: _Place, narrowed: dict[str, Any]) -> bool:
    return all(narrowed.get(name, getattr(place, name)) == getattr(place, name) for name in NARROWING)


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


def shown(number: Decimal | Fraction | int | None, expected: Any) -> str | None:
    """`number` as text with the decimals of `expected`, half up."""
    if number is None:
        return None
    exponent = Decimal(str(expected)).as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    exact = Fraction(number)
    wide = Decimal(exact.numerator) / Decimal(exact.denominator)
    return str(wide.quantize(minor_unit(places), ROUND_HALF_UP))


def shown_layers(costs: list[tuple[Decimal, Decimal]], expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Layers as a source prints them: neighbours of equal cost as one, if the source has them so."""
    if len(costs) != len(expected):
        costs = list(_merged(costs))
    like = expected[0] if expected else {"qty": "0", "unit_cost": "0.00"}
    return [
        {"qty": shown(qty, like["qty"]), "unit_cost": shown(Fraction(value) / Fraction(qty), like["unit_cost"])}
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
