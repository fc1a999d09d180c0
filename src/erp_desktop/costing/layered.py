"""Pools of layers: first in first out, last in first out, specific cost (IAS 2.23-25; costing.md, rules 1, 6, 7)."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from erp_desktop.costing.errors import NothingToRevalue, ValueBelowZero
from erp_desktop.costing.events import Event, Kind, LayerKey, Result, Take
from erp_desktop.costing.scaled import part, shares_of
from erp_desktop.costing.stock import KEY, PART, QTY, VALUE, WATCHED, Gone, Pool, ScaledLayer, Watched

_RECEIPT, _ISSUE = int(Kind.RECEIPT), int(Kind.ISSUE)


class Fifo(Pool):
    """Every receipt is a layer, the oldest taken first."""

    method = "fifo"
    has_layers = True
    end = 0  # where in the queue the next layer to be taken stands

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.queue: deque[ScaledLayer] = deque()  # may hold layers emptied out of turn
        self._emptied = 0

    def layers(self) -> list[tuple[LayerKey, int, int]]:
        return [*(((row[KEY], row[PART]), row[QTY], row[VALUE]) for row in self.queue if row[QTY]), *super().layers()]

    def put_away(self, key: bytes, number: int, qty: int, value: int, watched: Watched | None) -> None:
        if qty:
            layer = [qty, value, key, number, watched]
            self.queue.append(layer)
            if watched is not None:
                watched.layers.append(layer)

    def _give(self, key: bytes, qty: int) -> list[Gone]:
        gone = []
        while qty:
            layer = self.queue[self.end]
            taken = min(qty, layer[QTY])
            gone.append(self._take(layer, taken)) if taken else self._drop_next()
            qty -= taken
        return gone

    def _take(self, layer: ScaledLayer, qty: int) -> Gone:
        held, worth = layer[QTY], layer[VALUE]
        self.last = (worth, held)
        value = worth if qty == held else part(worth, qty, held)
        layer[QTY], layer[VALUE] = held - qty, worth - value
        self.qty -= qty
        self.value -= value
        if qty == held:
            if self.queue[self.end] is layer:
                self._drop_next()
            else:
                self._forget_emptied()
        watched = layer[WATCHED]
        return Gone((layer[KEY], layer[PART]), qty, value, [] if watched is None else [(watched, qty)])

    def _drop_next(self) -> None:
        if self.end:
            self.queue.pop()
        else:
            self.queue.popleft()

    def _forget_emptied(self) -> None:
        """Layers emptied out of turn stay where they are until they are as many as the others."""
        self._emptied += 1
        if 2 * self._emptied > len(self.queue):
            self.queue = deque(layer for layer in self.queue if layer[QTY])
            self._emptied = 0

    def leave_from(self, key: bytes, qty: int, receipt: Watched | None, value: int | None) -> list[Gone]:
        self.refuse_shortage(key, qty)
        gone = []
        for layer in receipt.layers if receipt is not None else ():
            if taken := min(qty, layer[QTY]):
                gone.append(self._take(layer, taken))
                qty -= taken
        return gone + self.leave(key, qty) if qty else gone

    # -- value without quantity

    def left_of(self, receipt: Watched) -> int:
        return sum(layer[QTY] for layer in receipt.layers)

    def add_to(self, receipt: Watched, amount: int) -> list[tuple[LayerKey | None, int]]:
        layers = [layer for layer in receipt.layers if layer[QTY]]
        shares = shares_of(amount, [layer[QTY] for layer in layers])
        took_on: list[tuple[LayerKey | None, int]] = []
        for layer, share in zip(layers, shares, strict=True):
            kept = max(share, -layer[VALUE])
            layer[VALUE] += kept
            self.value += kept
            took_on.append(((layer[KEY], layer[PART]), kept))
        return took_on

    def revalue(self, key: bytes, amount: int) -> Iterator[tuple[LayerKey | None, int]]:
        if self.qty <= 0:
            raise NothingToRevalue("nothing is on hand", self.number, key)
        layers = [layer for layer in self.queue if layer[QTY]]
        shares = shares_of(amount, [layer[QTY] for layer in layers])
        for layer, share in zip(layers, shares, strict=True):
            if layer[VALUE] + share < 0:
                raise ValueBelowZero("a layer holds less value than is to be taken off it", self.number, key)
            layer[VALUE] += share
            self.value += share
            yield (layer[KEY], layer[PART]), share

    # -- many at once

    def run_plain(self, events: Iterator[Event], named: set[bytes], found: Result, with_takes: bool) -> Event | None:
        mine, queue, end = self.number, self.queue, self.end
        join, drop, cost_is = queue.append, queue.pop if end else queue.popleft, found.costs.append
        takes, costs, new = found.takes if with_takes else None, found.costs, tuple.__new__
        on_hand, worth = self.qty, self.value
        last_value, last_qty = self.last or (0, 0)
        odd = None
        for event in events:
            key, kind, pool, qty, value, of, _ = event
            if pool != mine or of is not None or qty <= 0 or key in named:
                odd = event
                break
            if kind == _ISSUE and qty <= on_hand:
                layer = queue[end]
                held = layer[0]
                if qty < held:
                    last_value, last_qty = layer[1], held
                    cost = (2 * last_value * qty + held) // (2 * held)
                    layer[0] = held - qty
                    layer[1] = last_value - cost
                    if layer[4] is not None:
                        layer[4].takers.append((key, qty))
                    if takes is not None:
                        takes.append(new(Take, (len(costs), (layer[2], layer[3]), qty, cost, key, mine)))
                else:
                    cost, left = 0, qty
                    while left:
                        layer = queue[end]
                        held, part_cost = layer[0], layer[1]
                        if held <= left:
                            drop()
                            if not held:
                                continue
                            last_value, last_qty = part_cost, held
                            layer[0] = layer[1] = 0
                        else:
                            last_value, last_qty = part_cost, held
                            part_cost = (2 * last_value * left + held) // (2 * held)
                            layer[0], layer[1] = held - left, last_value - part_cost
                            held = left
                        left -= held
                        cost += part_cost
                        if layer[4] is not None:
                            layer[4].takers.append((key, held))
                        if takes is not None:
                            takes.append(new(Take, (len(costs), (layer[2], layer[3]), held, part_cost, key, mine)))
                on_hand -= qty
                worth -= cost
                cost_is(-cost)
            elif kind == _RECEIPT and value is not None and value >= 0 and on_hand >= 0:
                join([qty, value, key, 0, None])
                on_hand += qty
                worth += value
                last_value, last_qty = value, qty
                cost_is(value)
            else:
                odd = event
                break
        self.qty, self.value = on_hand, worth
        self.last = (last_value, last_qty) if last_qty else None
        return odd

    # -- keeping

    def continue_from(self, former: Pool) -> None:
        super().continue_from(former)
        if isinstance(former, Fifo):
            self.queue = former.queue

    def _kept(self) -> tuple[dict[str, Any], list[Iterable[ScaledLayer]]]:
        header, tables = super()._kept()
        return header, [*tables, [layer for layer in self.queue if layer[QTY]]]

    def stand(self, qty: int, value: int, last_unit_cost: int | None, layers: Iterable[ScaledLayer]) -> None:
        rows = list(layers)
        super().stand(qty, value, last_unit_cost, rows)
        self.queue.extend(row for row in rows if row[QTY] > 0)

    def load(self, header: dict[str, Any], tables: list[list[ScaledLayer]]) -> None:
        super().load(header, tables)
        self.queue.extend(tables[1])


class Lifo(Fifo):
    """The newest layer is taken first. IAS 2.25 and the Chinese standards do not allow it in statutory books."""

    method = "lifo"
    end = -1


class Specific(Fifo):
    """Individually costed goods: the caller gives every lot or serial number a pool; inside one the oldest go first."""

    method = "specific"
