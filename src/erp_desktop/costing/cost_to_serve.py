"""Sharing what is no inventory value (storage, handling, packaging, fees) over products and orders (IAS 2.16; costing.md, rule 13).

Here: what costs are shared by, storage in m3-days, and shares that add up exactly; Decimals at the doors, and all that it
needs as arguments. Not here: SQL, Qt, the clock, postings (nothing of it is posted).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import lcm
from uuid import UUID

from erp_desktop.numbers import ZERO


class Driver(StrEnum):
    """What a cost is shared by."""

    VOLUME_DAYS = "volume_days"  # m3 on hand at the end of each day, added up over the days
    PICKS = "picks"  # lines shipped
    PARCELS = "parcels"  # shipments, each parted equally over its lines
    REVENUE = "revenue"  # invoiced, net of tax
    QTY = "qty"  # stock units shipped
    WEIGHT = "weight"  # kg shipped


@dataclass(frozen=True, slots=True)
class Served:
    """What a cost can fall on. None: it falls on no one of these (storage falls on no order)."""

    product_id: UUID | None = None
    order_id: UUID | None = None
    channel_id: UUID | None = None
    customer_id: UUID | None = None
    warehouse_id: UUID | None = None

    def __hash__(self) -> int:  # two of the five tell most of them apart: a month has hundreds of thousands
        return hash((self.order_id, self.product_id))


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount of the ledger. What it names narrows whom it is shared over: a channel's fees stay in that channel."""

    amount: Decimal
    product_id: UUID | None = None
    channel_id: UUID | None = None
    warehouse_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What fell on `served`, by how much of the driver. Not allocated: no driver quantity was there to share by."""

    served: Served
    amount: Decimal
    used: Fraction | None = None
    is_allocated: bool = True


def share_exactly(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in proportion to `weights` (none negative, not all zero), in their order, adding up to it exactly.

    Each share is less than one unit from its exact part: the units that rounding down leaves go to the largest remainders,
    of equal ones to the larger weight, then the first. (With thousands of small shares, giving all of the rest to one of
    them, as a landed cost's few lines do, would charge it with what is not its own.)
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("there is nothing to share by")
    sign = -1 if amount < 0 else 1
    parts = [divmod(abs(amount) * weight, total) for weight in weights]
    shares = [whole for whole, _ in parts]
    left = abs(amount) - sum(shares)
    if left:
        order = sorted(range(len(parts)), key=lambda place: (-parts[place][1], -weights[place], place))
        for place in order[:left]:
            shares[place] += 1
    return [sign * share for share in shares]


def share_costs(costs: Iterable[Cost], uses: Mapping[Served, Fraction], minor_unit: Decimal) -> list[Share]:
    """Shares of `costs` (whole minor units, debits positive) by driver quantity (`uses`, none negative); they add up to them.

    A cost that names a product, channel or warehouse is shared over the uses that have the same; a use that has no channel
    (storage) takes the cost's. A cost of a product that was not used falls on that product; any other without a use
    is not allocated.
    """
    users = [served for served, qty in uses.items() if qty]
    whole = _whole([uses[served] for served in users])
    finder = _Finder(users)
    by_place = [0] * len(users)
    others: dict[tuple[Served, bool], int] = {}
    for cost in costs:
        minors = _minors(cost.amount, minor_unit)
        found = finder.places(cost)
        if not found:
            named = Served(product_id=cost.product_id, channel_id=cost.channel_id, warehouse_id=cost.warehouse_id)
            key = (named, cost.product_id is not None)
            others[key] = others.get(key, 0) + minors
            continue
        for place, part in zip(found, share_exactly(minors, [whole[place] for place in found]), strict=True):
            if cost.channel_id is None or finder.has_channels:
                by_place[place] += part
            else:
                key = (replace(users[place], channel_id=cost.channel_id), True)
                others[key] = others.get(key, 0) + part
    shares = [Share(users[place], part * minor_unit, uses[users[place]]) for place, part in enumerate(by_place) if part]
    shares += [
        Share(served, amount * minor_unit, None, is_allocated)
        for (served, is_allocated), amount in others.items()
        if amount
    ]
    return shares


class _Finder:
    """The places of the users that a cost is shared over, looked up by what costs name."""

    def __init__(self, users: Sequence[Served]) -> None:
        self._users = users
        self.has_channels = any(served.channel_id is not None for served in users)
        self._by_names: dict[tuple[bool, bool, bool], dict[tuple[UUID | None, ...], list[int]]] = {}

    def places(self, cost: Cost) -> list[int]:
        channel_id = cost.channel_id if self.has_channels else None
        wanted = (cost.product_id, channel_id, cost.warehouse_id)
        mask = (cost.product_id is not None, channel_id is not None, cost.warehouse_id is not None)
        if mask not in self._by_names:
            known: dict[tuple[UUID | None, ...], list[int]] = {}
            for place, served in enumerate(self._users):
                names = (served.product_id, served.channel_id, served.warehouse_id)
                key = tuple(name if is_named else None for name, is_named in zip(names, mask, strict=True))
                known.setdefault(key, []).append(place)
            self._by_names[mask] = known
        return self._by_names[mask].get(wanted, [])


def _whole(quantities: Sequence[Fraction]) -> list[int]:
    """The quantities as integers in the same proportions, exactly."""
    if any(qty < 0 for qty in quantities):
        raise ValueError("a driver quantity cannot be negative")
    common = lcm(*(qty.denominator for qty in quantities))
    return [qty.numerator * (common // qty.denominator) for qty in quantities]


def _minors(amount: Decimal, minor_unit: Decimal) -> int:
    minors = amount / minor_unit
    if minors != int(minors):
        raise ValueError(f"{amount} is not a whole number of {minor_unit}")
    return int(minors)


# --- storage


@dataclass(frozen=True, slots=True)
class Stay:
    """Days on end at whose end the same quantity was on hand (stock units; below zero where stock was oversold)."""

    from_on: date
    days: int
    qty: Decimal


def stays(opening: Decimal, changes: Mapping[date, Decimal], first: date, last: date) -> Iterator[Stay]:
    """The stays from `first` to `last`, both included: one for each day on which the quantity changed, not for each day.

    `opening` was on hand at the end of the day before `first`; `changes` is what came less what left, by day. What moves on
    a day counts at its end: goods that come and leave on one day are not stored.
    """
    day, qty = first, opening
    for changed_on in sorted(changes):
        if not first <= changed_on <= last:
            continue
        if changed_on > day:
            yield Stay(day, (changed_on - day).days, qty)
            day = changed_on
        qty += changes[changed_on]
    yield Stay(day, (last - day).days + 1, qty)


def volume_days(stored: Iterable[Stay], volume_m3: Decimal) -> Decimal:
    """m3-days of a product whose stock unit takes `volume_m3`. Oversold stock takes no room."""
    return sum((max(stay.qty, ZERO) * stay.days for stay in stored), ZERO) * volume_m3


def storage_at_standard(stored: Iterable[Stay], volume_m3: Decimal, rates: Mapping[date, Decimal]) -> Decimal:
    """What the stays cost at the rate per m3-day in force on each day (`rates` by their first day); not rounded.

    Days before the first rate cost nothing.
    """
    begins = sorted(rates)
    cost = ZERO
    for stay in stored:
        end = stay.from_on + timedelta(days=stay.days)
        for place, begin in enumerate(begins):
            until = min(end, begins[place + 1]) if place + 1 < len(begins) else end
            days = (until - max(stay.from_on, begin)).days
            if days > 0:
                cost += max(stay.qty, ZERO) * days * rates[begin]
    return cost * volume_m3


__all__ = [
    "Cost",
    "Driver",
    "Served",
    "Share",
    "Stay",
    "share_costs",
    "share_exactly",
    "stays",
    "storage_at_standard",
    "volume_days",
]
