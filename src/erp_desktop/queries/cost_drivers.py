"""What a period's costs are shared by, counted from its documents: stock moves, shipments, invoices (costing.md, rule 13).

Here: driver quantities by what they were used for, and storage at standard. Not here: the sharing (costing/cost_to_serve.py).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from erp_desktop.actions.transit import transit_warehouse_id
from erp_desktop.costing.cost_to_serve import Driver, Served, Stay, stays, storage_at_standard, volume_days
from erp_desktop.models.cost_to_serve import StorageRate
from erp_desktop.models.product import Product
from erp_desktop.models.sales import SalesInvoice, SalesInvoiceLine, SalesOrder, Shipment, ShipmentLine
from erp_desktop.models.stock import StockBalance, StockMove
from erp_desktop.models.types import MoneyType, QtyType
from erp_desktop.numbers import ZERO

Uses = dict[Served, Fraction]


class _ShippedLine(NamedTuple):
    shipment_id: UUID
    place: int  # in `_Shipped.served`
    qty: Decimal


class _Shipped(NamedTuple):
    served: list[Served]
    lines: list[_ShippedLine]


class Drivers:
    """Driver quantities from `first` to `last`, both included; documents are read once for all drivers."""

    def __init__(self, session: Session, company_id: UUID, first: date, last: date) -> None:
        self._session, self._company_id, self._first, self._last = session, company_id, first, last

    def uses(self, driver: str) -> Uses:
        """How much of `driver` was used for what, in a fixed order; nothing below or at zero."""
        counted = {
            Driver.VOLUME_DAYS: self._volume_days,
            Driver.PICKS: self._picks,
            Driver.PARCELS: self._parcels,
            Driver.REVENUE: self._revenue,
            Driver.QTY: self._quantities,
            Driver.WEIGHT: self._weights,
        }[Driver(driver)]()
        return {served: qty for served, qty in sorted(counted.items(), key=_place) if qty > 0}

    def storage_at_standard(self) -> dict[Served, Decimal]:
        """What storage costs at the warehouses' rates, by product and warehouse, not rounded; only where there is a rate."""
        rates: defaultdict[UUID | None, dict[date, Decimal]] = defaultdict(dict)
        for warehouse_id, valid_from, rate in self._session.execute(
            select(StorageRate.warehouse_id, StorageRate.valid_from, StorageRate.rate).where(
                StorageRate.company_id == self._company_id, StorageRate.valid_from <= self._last
            )
        ):
            rates[warehouse_id][valid_from] = rate
        return {
            served: storage_at_standard(stored, volume, rates[served.warehouse_id])
            for served, stored, volume in self._stored()
            if served.warehouse_id in rates
        }

    def _volume_days(self) -> Uses:
        return {served: Fraction(volume_days(stored, volume)) for served, stored, volume in self._stored()}

    def _picks(self) -> Uses:
        lines = Counter(line.place for line in self._shipped.lines)
        return self._of_shipped(
            {place: Fraction(count) for place, count in lines.items() if self._shipped.served[place].product_id}
        )

    def _parcels(self) -> Uses:
        in_parcel = Counter(line.shipment_id for line in self._shipped.lines)
        parts: defaultdict[int, Fraction] = defaultdict(Fraction)
        for line in self._shipped.lines:
            parts[line.place] += Fraction(1, in_parcel[line.shipment_id])
        return self._of_shipped(parts)

    def _quantities(self) -> Uses:
        return self._of_shipped({place: Fraction(qty) for place, qty in self._shipped_qty.items()})

    def _weights(self) -> Uses:
        weights = self._per_unit(Product.weight_kg)
        served = self._shipped.served
        return self._of_shipped(
            {
                place: Fraction(qty * weights[served[place].product_id])
                for place, qty in self._shipped_qty.items()
                if served[place].product_id in weights
            }
        )

    def _of_shipped(self, uses: Mapping[int, Fraction]) -> Uses:
        return {self._shipped.served[place]: qty for place, qty in uses.items()}

    def _revenue(self) -> Uses:
        """What was invoiced, freight too, which is of an order and no product."""
        line, invoice, order = SalesInvoiceLine, SalesInvoice, SalesOrder
        group = (line.product_id, invoice.order_id, order.channel_id, order.customer_id, order.warehouse_id)
        found = self._session.execute(
            select(*group, func.sum(line.amount, type_=MoneyType()))
            .join(invoice, (invoice.company_id == line.company_id) & (invoice.id == line.invoice_id))
            .join(order, (order.company_id == invoice.company_id) & (order.id == invoice.order_id))
            .where(line.company_id == self._company_id, invoice.invoiced_on.between(self._first, self._last))
            .group_by(*group)
        )
        return {Served(*names): Fraction(amount) for *names, amount in found}

    @cached_property
    def _shipped(self) -> _Shipped:
        """Shipment lines; a shipment of services alone stands once, without a product."""
        shipment, line, order = Shipment, ShipmentLine, SalesOrder
        found = self._session.execute(
            select(
                shipment.id,
                line.qty,
                line.product_id,
                shipment.order_id,
                order.channel_id,
                order.customer_id,
                shipment.warehouse_id,
            )
            .join(order, (order.company_id == shipment.company_id) & (order.id == shipment.order_id))
            .outerjoin(line, (line.company_id == shipment.company_id) & (line.shipment_id == shipment.id))
            .where(shipment.company_id == self._company_id, shipment.shipped_on.between(self._first, self._last))
        )
        places: dict[Served, int] = {}
        lines = [
            _ShippedLine(shipment_id, places.setdefault(Served(*names), len(places)), qty or ZERO)
            for shipment_id, qty, *names in found
        ]
        return _Shipped(list(places), lines)

    @cached_property
    def _shipped_qty(self) -> dict[int, Decimal]:
        quantities: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
        for line in self._shipped.lines:
            quantities[line.place] += line.qty
        return dict(quantities)

    def _stored(self) -> Iterator[tuple[Served, list[Stay], Decimal]]:
        """Each product with a volume in each warehouse: how long how much of it lay there, and the volume of one."""
        volumes = self._per_unit(Product.volume_m3)
        in_transit = transit_warehouse_id(self._company_id)
        changes, moved_since = self._moves()
        on_hand = {
            (product_id, warehouse_id): qty
            for product_id, warehouse_id, qty in self._session.execute(
                select(
                    StockBalance.product_id, StockBalance.warehouse_id, func.sum(StockBalance.on_hand, type_=QtyType())
                )
                .where(StockBalance.company_id == self._company_id)
                .group_by(StockBalance.product_id, StockBalance.warehouse_id)
            )
        }
        for place in sorted(on_hand.keys() | changes.keys()):
            product_id, warehouse_id = place
            if product_id in volumes and warehouse_id != in_transit:  # what is under way is stored nowhere
                opening = on_hand.get(place, ZERO) - moved_since[place]
                stored = list(stays(opening, changes.get(place, {}), self._first, self._last))
                yield Served(product_id=product_id, warehouse_id=warehouse_id), stored, volumes[product_id]

    def _moves(self) -> tuple[dict[tuple[UUID, UUID], dict[date, Decimal]], defaultdict[tuple[UUID, UUID], Decimal]]:
        """What came less what left since `first`, by product and warehouse: by day up to `last`, and in all up to today.

        From today's balance back to `first`: so a late period does not read all of the history.
        """
        move = StockMove
        since = (move.company_id == self._company_id, move.moved_on >= self._first)
        came = select(move.product_id, move.to_warehouse_id.label("warehouse_id"), move.moved_on, move.qty.label("qty"))
        left = select(move.product_id, move.from_warehouse_id, move.moved_on, (-move.qty).label("qty"))
        both = union_all(
            came.where(*since, move.to_warehouse_id.is_not(None)),
            left.where(*since, move.from_warehouse_id.is_not(None)),
        ).subquery("both")
        days = (both.c.product_id, both.c.warehouse_id, both.c.moved_on)
        changes: defaultdict[tuple[UUID, UUID], dict[date, Decimal]] = defaultdict(dict)
        since_first: defaultdict[tuple[UUID, UUID], Decimal] = defaultdict(lambda: ZERO)
        found = self._session.execute(select(*days, func.sum(both.c.qty, type_=QtyType())).group_by(*days))
        for product_id, warehouse_id, moved_on, qty in found:
            since_first[product_id, warehouse_id] += qty
            if moved_on <= self._last:
                changes[product_id, warehouse_id][moved_on] = qty
        return dict(changes), since_first

    def _per_unit(self, column: Any) -> dict[UUID | None, Decimal]:
        """Weight or volume of a stock unit, of the products that have it."""
        found = self._session.execute(
            select(Product.id, column).where(Product.company_id == self._company_id, column > ZERO)
        )
        return dict(found.all())


def _place(use: tuple[Served, Fraction]) -> tuple[int, ...]:
    served = use[0]
    names = (served.product_id, served.order_id, served.warehouse_id, served.channel_id, served.customer_id)
    return tuple(0 if name is None else name.int for name in names)
