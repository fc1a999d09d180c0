"""The pools of one product in one cost book: which one an event belongs to, and what they hold as the rows have it.

Here: pools, and events as the engine counts them. Not here: counting (cost_streams.py).
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_corrections import Corrections
from erp_desktop.actions.cost_events import EVENTS_PER_ACTION, KIND_OF, OF_ITS_DAY, NewEvent, Place, place_of
from erp_desktop.actions.emptied_pools import emptied_after
from erp_desktop.actions.finding import company_of, find_all, is_at_delivery
from erp_desktop.actions.remembering import MEMORY_ASKS, rows_by_id, rows_of
from erp_desktop.actions.standing import layer_id
from erp_desktop.costing.events import METHODS, Event, Kind, LayerKey
from erp_desktop.costing.stream import Stream
from erp_desktop.ids import derived_id
from erp_desktop.models.base import current_tick
from erp_desktop.models.costing import (
    CostAdjustment,
    CostBook,
    CostEvent,
    CostLayer,
    CostPool,
    MoveCost,
    StandardCost,
)
from erp_desktop.models.product import Category, Product
from erp_desktop.models.stock import Warehouse
from erp_desktop.numbers import QTY_PLACES, UNIT_COST_PLACES, ZERO, from_scaled, to_scaled

_POOLS_AT_ONCE = 500


class BookStreams:
    """The cost streams of some products in one book, and the sequence of what is counted in them by this action.

    Of goods transfers that have arrived the pools are left out until something leads to them; with `is_whole` they are there.
    """

    def __init__(
        self, session: Session, ctx: Context, book: CostBook, product_ids: Iterable[UUID], *, is_whole: bool = False
    ) -> None:
        self.session, self.ctx, self.book = session, ctx, book
        self.places = company_of(session, ctx).currency_places
        self.at_delivery = is_at_delivery(session, ctx)
        self.products = find_all(session, ctx, Product, product_ids)
        self.categories = find_all(session, ctx, Category, {one.category_id for one in self.products.values()})
        self._seq = current_tick(session.connection()) * EVENTS_PER_ACTION + self._counted_before()
        pools = rows_of(session, ctx, CostPool, self.products)
        self._pools = {
            product_id: sorted((row for row in rows if row.book_id == book.id), key=lambda row: row.id)
            for product_id, rows in pools.items()
        }
        for row in emptied_after(session, ctx, book.id, self.products, date.min) if is_whole else ():
            self._pools[row.product_id].append(row)
        pool_ids = [row.id for rows in self._pools.values() for row in rows]
        self._layers = rows_of(session, ctx, CostLayer, pool_ids)

    def _counted_before(self) -> int:
        """An action may value more than once: its events go on where they stopped."""
        counted: dict[Any, int] = self.session.info.setdefault("events counted", {})
        return counted.get((self.ctx.action_id, self.book.id), 0)

    def next_seq(self, kind: str) -> int:
        self._seq += 1
        counted: dict[Any, int] = self.session.info["events counted"]
        if len(counted) > 100:
            counted.clear()
        counted[self.ctx.action_id, self.book.id] = self._seq % EVENTS_PER_ACTION
        return self._seq + OF_ITS_DAY.get(kind, 0)

    def kept_of(self, product_id: UUID) -> tuple[list[CostPool], dict[UUID, list[CostLayer]]]:
        """The pools of a product, and the layers of each."""
        rows = self._pools[product_id]
        return rows, {row.id: self._layers[row.id] for row in rows}

    @cached_property
    def negative_warehouses(self) -> frozenset[UUID]:
        """The warehouses that may give out more than they have."""
        known: frozenset[UUID] | None = self.session.info.get(("negative warehouses", self.ctx.company_id))
        if known is None:
            ids = select(Warehouse.id).where(Warehouse.company_id == self.ctx.company_id, Warehouse.allows_negative)
            known = frozenset(self.session.scalars(ids))
            self.session.info["negative warehouses", self.ctx.company_id] = known
        return known


class StreamPools:
    """The pools of one product in one book, and what they are kept in."""

    def __init__(self, streams: BookStreams, product_id: UUID) -> None:
        self.streams = streams
        self.product = streams.products[product_id]
        self.session, self.ctx, self.book = streams.session, streams.ctx, streams.book
        self.places = streams.places
        self.rows, self.layers = streams.kept_of(product_id)
        self.fresh: set[bytes] = set()  # moves that are counted for the first time
        self.corrections = Corrections(at_delivery=streams.at_delivery)
        self._number = {place_of(row): number for number, row in enumerate(self.rows)}
        self._is_new = not self.rows  # then nothing was left out: no goods transfer has arrived that never left a pool

    # -- pools

    def take_in(self, rows: Iterable[CostPool]) -> None:
        """Further pools of the stream, that were left out as long as nothing led to them."""
        new = [row for row in rows if place_of(row) not in self._number]
        for row in new:
            self._number[place_of(row)] = len(self.rows)
            self.rows.append(row)
        self.layers.update(rows_of(self.session, self.ctx, CostLayer, [row.id for row in new]) if new else {})

    def take_in_moved(self, after: date) -> None:
        """All pools in which something happened after a day."""
        self.take_in(emptied_after(self.session, self.ctx, self.book.id, [self.product.id], after))

    def pool_ids_in_parts(self) -> Iterator[list[UUID]]:
        """Not too many for one IN (...)."""
        for start in range(0, len(self.rows), _POOLS_AT_ONCE):
            yield [row.id for row in self.rows[start : start + _POOLS_AT_ONCE]]

    def numbers_of(self, pool_ids: Iterable[UUID]) -> dict[UUID, int]:
        """The numbers of those of the pools that are of this stream, by id."""
        numbers = {row.id: number for number, row in enumerate(self.rows)}
        missing = {pool_id for pool_id in pool_ids if pool_id not in numbers}
        if missing:
            found = rows_by_id(self.session, self.ctx, CostPool, missing)
            self.take_in(row for _, row in sorted(found.items()) if row.book_id == self.book.id)
            numbers = {row.id: number for number, row in enumerate(self.rows)}
        return numbers

    def in_use_from(self, day: date) -> list[CostPool]:
        """The pools that may have held something on a day or later."""
        self.take_in_moved(day - timedelta(days=1))
        in_use = [row for row in self.rows if row.is_in_use or (row.last_moved_on or date.min) >= day]
        return sorted(in_use, key=lambda row: row.id)

    @property
    def last_on(self) -> date | None:
        """The date of the last event: one that is dated before it re-costs."""
        return max((row.last_moved_on for row in self.rows if row.last_moved_on is not None), default=None)

    def pool_of(self, place: Place, method: str | None = None) -> int:
        """The number of the pool that a place is costed in; begun empty if it is the first time."""
        category = self.streams.categories[self.product.category_id]
        own = category.cost_method if self.book.posts_to_ledger else None
        begins_with = method or own or self.book.method
        # a pool that was emptied before the method changed has kept the former one
        method = next((row.method for row in self.rows if row.transfer_id is None), begins_with)
        scope = "lot" if method == "specific" else category.cost_pool
        key = Place(
            place.warehouse_id if scope == "warehouse" else None,
            place.lot_id if scope == "lot" else None,
            place.transfer_id if scope == "warehouse" else None,
        )
        if key in self._number:
            return self._number[key]
        named = (key.warehouse_id, key.lot_id, *((key.transfer_id,) if key.transfer_id else ()))
        pool_id = derived_id("cost_pool", self.book.id, self.product.id, *named)
        if key.transfer_id is not None and not self._is_new:
            self.take_in(rows_by_id(self.session, self.ctx, CostPool, [pool_id]).values())
        if key not in self._number:
            row = CostPool(
                company_id=self.ctx.company_id,
                id=pool_id,
                book_id=self.book.id,
                product_id=self.product.id,
                warehouse_id=key.warehouse_id,
                lot_id=key.lot_id,
                transfer_id=key.transfer_id,
                method=method,
                first_method=method,
                on_hand=ZERO,
                value=ZERO,
                last_unit_cost=None,
                standard_cost=None,
                last_moved_on=None,
            )
            self.session.add(row)
            self._number[key] = len(self.rows)
            self.rows.append(row)
            self.layers[row.id] = []
        return self._number[key]

    def standards_before(self, number: int) -> list[NewEvent]:
        """For a pool that has just begun: the standards that the product was given before, each from its day on."""
        row = self.rows[number]
        standards = rows_of(self.session, self.ctx, StandardCost, [self.product.id])[self.product.id]
        return [
            NewEvent(
                self.ctx.new_centre_id(),
                CostEvent.STANDARD_COST,
                self.product.id,
                place_of(row),
                standard.effective_on,
                unit_cost=standard.unit_cost,
            )
            for standard in sorted(standards, key=lambda standard: standard.effective_on)
        ]

    def allows_negative(self, row: CostPool) -> bool:
        allowing = self.streams.negative_warehouses
        return bool(allowing) and (row.warehouse_id is None or row.warehouse_id in allowing)

    def stream(self) -> Stream:
        """An engine without pools yet."""
        return Stream(
            self.places, unit_cost_places=self.book.unit_cost_places, shares_variance=self.book.shares_variance
        )

    def open_as_it_stands(self, engine: Stream, number: int) -> None:
        """The pool as the rows have it."""
        row = self.rows[number]
        engine.open_pool(
            number,
            row.method,
            allow_negative=self.allows_negative(row),
            qty=self.qty(row.on_hand),
            value=self.money(row.value),
            last_unit_cost=None if row.last_unit_cost is None else to_scaled(row.last_unit_cost, UNIT_COST_PLACES),
            standard=None if row.standard_cost is None else to_scaled(row.standard_cost, UNIT_COST_PLACES),
            layers=[
                ((layer.move_id.bytes, layer.part), self.qty(layer.qty_left), self.money(layer.value_left))
                for layer in sorted(self.layers[row.id], key=lambda layer: (layer.dated_on, layer.seq, layer.part))
                if layer.qty_left
            ],
        )

    def layer_id(self, number: int, key: LayerKey) -> UUID:
        return layer_id(self.rows[number].id, UUID(bytes=key[0]), key[1])

    # -- numbers

    def money(self, amount: Decimal) -> int:
        return to_scaled(amount, self.places)

    def amount(self, scaled: int) -> Decimal:
        return from_scaled(scaled, self.places)

    @staticmethod
    def qty(qty: Decimal) -> int:
        return to_scaled(qty, QTY_PLACES)

    def event(self, new: NewEvent) -> Event:
        """The event as costing counts it."""
        kind = KIND_OF[new.kind]
        if kind is Kind.STANDARD_COST:
            assert new.unit_cost is not None
            value: int | None = to_scaled(new.unit_cost, UNIT_COST_PLACES)
        elif kind is Kind.METHOD:
            assert new.method is not None
            value = METHODS.index(new.method)
        else:
            value = None if new.stated is None else self.money(new.stated)
        return Event(
            new.move_id.bytes,
            kind,
            self.pool_of(new.place),
            self.qty(new.qty),
            value,
            None if new.of_id is None else new.of_id.bytes,
            -1 if new.to_place is None else self.pool_of(new.to_place),
        )

    def held_on(self, place: Place, day: date) -> tuple[Decimal, Decimal]:
        """Quantity and value of a pool at the end of a day, as it is known now."""
        row = self.rows[self.pool_of(place)]
        later = (MoveCost.company_id == self.ctx.company_id, MoveCost.pool_id == row.id, MoveCost.dated_on > day)
        qty, value = self.session.execute(
            select(func.sum(MoveCost.qty), func.sum(MoveCost.cost)).where(*later), execution_options=MEMORY_ASKS
        ).one()
        adjusted = self.session.scalar(
            select(func.sum(CostAdjustment.to_inventory)).where(
                CostAdjustment.company_id == self.ctx.company_id,
                CostAdjustment.pool_id == row.id,
                CostAdjustment.dated_on > day,
            ),
            execution_options=MEMORY_ASKS,
        )
        return row.on_hand - (qty or ZERO), row.value - (value or ZERO) - (adjusted or ZERO)

    def had_cost_by(self, number: int, day: date) -> bool:
        """Whether goods had come into a pool by the end of a day, or a standard had begun."""
        earlier = select(MoveCost.id).where(
            MoveCost.company_id == self.ctx.company_id,
            MoveCost.pool_id == self.rows[number].id,
            MoveCost.dated_on <= day,
            (MoveCost.qty > 0) | (MoveCost.kind == CostEvent.STANDARD_COST),
        )
        return self.session.scalar(earlier.limit(1), execution_options=MEMORY_ASKS) is not None

    # -- counting at the end
