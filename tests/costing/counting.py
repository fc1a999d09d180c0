"""A cost stream to talk to in Decimals and in the trade's words, for tests with worked figures."""

from decimal import Decimal

from erp_desktop.costing.events import METHODS, Event, Kind, Result
from erp_desktop.costing.scaled import scale, scale_qty
from erp_desktop.costing.stream import Stream
from erp_desktop.numbers import from_scaled


class Counting:
    """One product. Pool 0 is open from the start; every method gives the cost of its move, positive."""

    def __init__(
        self, method: str, places: int = 2, *, may_go_negative: bool = False, standard: str | None = None, **book
    ):
        self.places = places
        self.stream = Stream(places, **book)
        self.open_pool(0, method, may_go_negative=may_go_negative, standard=standard)
        self.last = Result()

    def open_pool(
        self, number: int, method: str, *, may_go_negative: bool = False, standard: str | None = None
    ) -> None:
        unit_cost = None if standard is None else scale(Decimal(standard), 6)
        self.stream.open_pool(number, method, allow_negative=may_go_negative, standard=unit_cost)

    def _count(self, kind: Kind, name: str, qty: str = "0", value: str | None = None, **more) -> Decimal:
        scaled = None if value is None else scale(Decimal(value), 6 if kind == Kind.STANDARD_COST else self.places)
        of = more.pop("of", None)
        event = Event(
            name.encode(), kind, more.pop("pool", 0), scale_qty(Decimal(qty)), scaled, of and of.encode(), **more
        )
        self.stream.expect([event.key])
        self.last = self.stream.run([event])
        return abs(self.money(self.last.costs[0]))

    def receive(self, name: str, qty: str, value: str | None = None, **more) -> Decimal:
        return self._count(Kind.RECEIPT, name, qty, value, **more)

    def issue(self, name: str, qty: str, **more) -> Decimal:
        return self._count(Kind.ISSUE, name, qty, **more)

    def take_back(self, name: str, qty: str, value: str | None = None, **more) -> Decimal:
        return self._count(Kind.CUSTOMER_RETURN, name, qty, value, **more)

    def send_back(self, name: str, qty: str, **more) -> Decimal:
        return self._count(Kind.SUPPLIER_RETURN, name, qty, **more)

    def transfer(self, name: str, qty: str, to_pool: int, **more) -> Decimal:
        return self._count(Kind.TRANSFER, name, qty, to_pool=to_pool, **more)

    def add_freight(self, amount: str, of: str, **more) -> None:
        self._count(Kind.LATE_VALUE, f"freight {amount}", value=amount, of=of, **more)

    def revalue(self, amount: str, **more) -> None:
        self._count(Kind.REVALUATION, "revaluation", value=amount, **more)

    def set_standard(self, unit_cost: str, **more) -> None:
        self._count(Kind.STANDARD_COST, "standard", value=unit_cost, **more)

    def change_method(self, method: str) -> None:
        self.last = self.stream.run([Event(b"change", Kind.METHOD, 0, 0, METHODS.index(method))])

    def end_period(self) -> None:
        self._count(Kind.PERIOD_END, "period end")

    def money(self, minor: int) -> Decimal:
        return from_scaled(minor, self.places)

    def on_hand(self, pool: int = 0) -> tuple[Decimal, Decimal]:
        """Quantity and value."""
        held = self.stream.pools[pool]
        return from_scaled(held.qty, 6), self.money(held.value)

    def layers(self, pool: int = 0) -> list[tuple[str, Decimal, Decimal]]:
        """Name of the move that opened it, quantity, value."""
        held = self.stream.pools[pool].layers()
        return [(key.decode(), from_scaled(qty, 6), self.money(value)) for (key, _), qty, value in held]

    def effects(self) -> dict[str, Decimal]:
        """What the last event added to the cost of earlier moves."""
        return {effect.target.decode(): self.money(effect.to_cost_of_sales) for effect in self.last.effects}

    def variance(self) -> Decimal:
        """Of the last event."""
        return self.money(sum(self.last.variances.values()))
