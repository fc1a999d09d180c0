"""The slow judge: a cost pool done by hand, with fractions and plain lists, nothing shared with the product.

It reads the rules of the design page "Inventory costing" one by one and takes its time.
"""

from fractions import Fraction
from math import floor


def cents(value: Fraction) -> int:
    """Half up, away from zero."""
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2))


class SlowPool:
    """Quantities are Fractions, values whole cents. `layers` are [name, qty, value], the oldest first."""

    def __init__(self, is_average: bool, minor_per_currency: int = 100) -> None:
        self.is_average = is_average
        self.minor = minor_per_currency
        self.layers: list[list] = []
        self.last = None  # cents for one unit, as a Fraction
        self.cost: dict = {}  # settled cost of what went out, value of what came in
        self.qty: dict = {}
        self.returned: dict = {}
        self.arrived: list = []  # (name, qty), in order
        self.expensed: dict = {}

    def on_hand(self) -> Fraction:
        return sum((layer[1] for layer in self.layers), Fraction(0))

    def value(self) -> int:
        return sum(layer[2] for layer in self.layers)

    def last_cost_of(self, qty: Fraction) -> int:
        if self.last is None:
            return 0
        per_unit = self.last / self.minor  # kept as a unit cost in currency, six places
        return cents(Fraction(cents(per_unit * 10**6), 10**6) * self.minor * qty)

    def receive(self, name, qty: Fraction, value: int) -> None:
        self.cost[name], self.qty[name] = value, qty
        self.arrived.append((name, qty))
        self.last = Fraction(value) / qty
        while qty > 0 and self.layers and self.layers[0][1] < 0:
            short = self.layers[0]
            covered = min(qty, -short[1])
            cost = cents(value * covered / qty)
            estimate = cents(-short[2] * covered / -short[1])
            self.cost[short[0]] += cost - estimate
            short[1] += covered
            short[2] += estimate
            qty -= covered
            value -= cost
            if short[1] == 0:
                self.layers.pop(0)
        if qty > 0:
            if self.is_average and self.layers:
                self.layers[0][1] += qty
                self.layers[0][2] += value
                self.last = Fraction(self.layers[0][2]) / self.layers[0][1]
            else:
                self.layers.append([name, qty, value])

    def current_cost(self, qty: Fraction) -> int:
        return cents(self.value() * qty / self.on_hand()) if self.on_hand() > 0 else self.last_cost_of(qty)

    def issue(self, name, qty: Fraction) -> None:
        self.qty[name] = self.qty.get(name, Fraction(0)) + qty
        self.cost.setdefault(name, 0)
        while qty > 0 and self.layers and self.layers[0][1] > 0:
            layer = self.layers[0]
            qty -= self.take(name, layer, min(qty, layer[1]))
        if qty > 0:
            estimate = self.last_cost_of(qty)
            self.layers.append([name, -qty, -estimate])
            self.cost[name] += estimate

    def take(self, name, layer: list, qty: Fraction) -> Fraction:
        self.last = Fraction(layer[2]) / layer[1]
        value = cents(layer[2] * qty / layer[1])
        layer[1] -= qty
        layer[2] -= value
        self.cost[name] += value
        if layer[1] == 0:
            assert layer[2] == 0
            self.layers.remove(layer)
        return qty

    def customer_return(self, name, issue, qty: Fraction) -> None:
        back_qty, back_value = self.returned.get(issue, (Fraction(0), 0))
        value = cents((self.cost[issue] - back_value) * qty / (self.qty[issue] - back_qty))
        self.returned[issue] = (back_qty + qty, back_value + value)
        self.receive(name, qty, value)

    def supplier_return(self, name, receipt, qty: Fraction) -> None:
        self.cost[name], self.qty[name] = 0, Fraction(0)
        if self.is_average:
            own = cents(self.cost[receipt] * qty / self.qty[receipt])
            if qty < self.on_hand() and qty <= self.qty[receipt] and own <= self.value():
                self.layers[0][1] -= qty
                self.layers[0][2] -= own
                self.cost[name], self.qty[name] = own, qty
                self.last = Fraction(self.layers[0][2]) / self.layers[0][1]
                return
        else:
            for layer in list(self.layers):
                if layer[0] == receipt and layer[1] > 0:
                    taken = self.take(name, layer, min(qty, layer[1]))
                    self.qty[name] += taken
                    qty -= taken
        if qty > 0:
            self.issue(name, qty)

    def landed_cost(self, name, receipt, amount: int) -> None:
        if self.is_average:
            later = sum(q for _, q in self.arrived[1 + [n for n, _ in self.arrived].index(receipt) :])
            left = max(Fraction(0), min(self.qty[receipt], self.on_hand() - later))
            layer = self.layers[0] if self.on_hand() > 0 else None
        else:
            layer = next((layer for layer in self.layers if layer[0] == receipt and layer[1] > 0), None)
            left = layer[1] if layer else Fraction(0)
        kept = cents(amount * left / self.qty[receipt]) if layer else 0
        if layer:
            kept = max(kept, -layer[2])
            layer[2] += kept
        self.cost[name], self.expensed[name] = kept, amount - kept

    def revalue(self, name, amount: int) -> None:
        total = self.on_hand()
        shares = [cents(amount * layer[1] / total) for layer in self.layers]
        largest = max(layer[1] for layer in self.layers)
        last_largest = max(i for i, layer in enumerate(self.layers) if layer[1] == largest)
        shares[last_largest] += amount - sum(shares)
        for layer, share in zip(self.layers, shares, strict=True):
            layer[2] += share
        self.cost[name] = amount
