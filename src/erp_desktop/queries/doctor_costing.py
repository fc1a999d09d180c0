"""What the doctor checks of costing as a whole: every stream counted again from its first event, by the engine itself.

The other checks (doctor_money.py) compare sums; this one proves, on every book, that each move costs what its method says and
that the pools, layers and edges stand where the last event left them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_events import month_end, month_ends
from erp_desktop.actions.cost_line import (
    Part,
    Placed,
    changes_of_pools,
    differences,
    edges_in_the_books,
    edges_of,
    parts_in_the_books,
    stored_events,
)
from erp_desktop.actions.cost_pools import BookStreams, StreamPools
from erp_desktop.costing.errors import CostingFault
from erp_desktop.costing.events import Result
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.costing import CostAdjustment, CostBalance, CostBook, CostEdge, CostLayer, CostPool, MoveCost
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import QTY_PLACES, ZERO, from_scaled
from erp_desktop.queries.examining import Check, Difference, Examined, check, listed

PRODUCTS_AT_ONCE = 200

COSTS = QT_TRANSLATE_NOOP("Doctor", "Cost of an event: what is missing in the books, counted again from the beginning")
POOLS = QT_TRANSLATE_NOOP("Doctor", "Value of a cost pool counted again from the beginning")
LAYERS = QT_TRANSLATE_NOOP("Doctor", "Cost layer counted again from the beginning")
MONTHS = QT_TRANSLATE_NOOP("Doctor", "What a cost pool held when a month ended, counted again from the beginning")
EDGES = QT_TRANSLATE_NOOP("Doctor", "What an issue took of a layer, counted again from the beginning")
CANNOT = QT_TRANSLATE_NOOP("Doctor", "A stream of events that cannot be counted again")


@check(MoveCost, CostAdjustment, CostPool, CostLayer, CostEdge, CostBook, CostBalance)
def costs_are_what_their_methods_say(examined: Examined) -> list[Difference]:
    session, company_id = examined.session, examined.company_id
    found: list[tuple[str, str, Any, Any]] = []
    books = select(CostBook).where(CostBook.company_id == company_id, CostBook.is_closed.is_(False))
    nobody = UUID(int=0)
    ctx = Context(company_id, nobody, nobody, datetime.now(UTC), at_centre=True)
    for book in session.scalars(books.order_by(CostBook.code)).all():
        pools = select(CostPool.product_id).where(CostPool.company_id == company_id, CostPool.book_id == book.id)
        products = sorted(set(session.scalars(pools)))
        for start in range(0, len(products), PRODUCTS_AT_ONCE):
            some = products[start : start + PRODUCTS_AT_ONCE]
            streams = BookStreams(session, ctx, book, some, is_whole=True)
            for product_id in some:
                found += _recounted(examined, StreamPools(streams, product_id))
    by_what: defaultdict[str, list[tuple[str, Any, Any]]] = defaultdict(list)
    for what, where, expected, kept in found:
        by_what[what].append((where, expected, kept))
    return [difference for what, rows in by_what.items() for difference in listed(what, rows)]


def _recounted(examined: Examined, stream: StreamPools) -> Iterator[tuple[str, str, Any, Any]]:
    """What, where, what it should be, what is kept."""
    name = f"{stream.product.code} [{stream.book.code}]"
    line = stored_events(stream, date.min)
    engine = stream.stream()
    for number, row in enumerate(stream.rows):
        engine.open_pool(number, row.first_method, allow_negative=True)
    try:
        result = engine.run([row.event for row in line])
    except CostingFault as fault:
        yield CANNOT, name, "", str(fault)
        return
    for differing in differences(stream, line, result, parts_in_the_books(stream, date.min, date.max)):
        where = f"{name} {_moved(examined, differing.part)}"
        yield COSTS, where, _pair(stream.amount(differing.inventory), stream.amount(differing.sales)), _pair(ZERO, ZERO)
    for number, row in enumerate(stream.rows):
        pool = engine.pools[number]
        kept = (row.on_hand, row.value)
        again = (from_scaled(pool.qty, QTY_PLACES), stream.amount(pool.value))
        if kept != again:
            yield POOLS, name, _pair(*again), _pair(*kept)
        layers = {stream.layer_id(number, key): (qty, value) for key, qty, value in pool.layers()}
        rows = {layer.id: layer for layer in stream.layers[row.id]}
        for layer_id in {**layers, **rows}:
            now, stored = layers.get(layer_id, (0, 0)), rows.get(layer_id)
            was = (0, 0) if stored is None else (stream.qty(stored.qty_left), stream.money(stored.value_left))
            if now != was:
                yield LAYERS, f"{name} {layer_id}", _scaled_pair(stream, now), _scaled_pair(stream, was)
    yield from _month_ends(stream, line, result)
    edges, kept_edges = edges_of(stream, line, result), edges_in_the_books(stream, date.min, date.max)
    for key in {**edges, **kept_edges}:
        again_took, took = edges.get(key, [0, 0]), kept_edges.get(key, [0, 0])
        if again_took != took:
            yield EDGES, name, _scaled_pair(stream, again_took), _scaled_pair(stream, took)


def _month_ends(stream: StreamPools, line: Sequence[Placed], result: Result) -> Iterator[tuple[str, str, Any, Any]]:
    """Of months that ended before a pool last moved: afterwards its row says what it holds."""
    balances = select(CostBalance).where(CostBalance.company_id == stream.ctx.company_id)
    kept = {
        (row.pool_id, row.ends_on): (row.qty, row.value)
        for pool_ids in stream.pool_ids_in_parts()
        for row in stream.session.scalars(balances.where(CostBalance.pool_id.in_(pool_ids)))
    }
    came: defaultdict[tuple[int, date], list[int]] = defaultdict(lambda: [0, 0])
    for pool, place, qty, value in changes_of_pools(line, result):
        both = came[pool, month_end(line[place].dated_on)]
        both[0] += qty
        both[1] += value
    for number, row in enumerate(stream.rows):
        months = sorted(month for pool, month in came if pool == number)
        if not months or row.last_moved_on is None:
            continue
        qty = value = 0
        for month in month_ends(months[0], row.last_moved_on):
            more_qty, more_value = came.get((number, month), (0, 0))
            qty, value = qty + more_qty, value + more_value
            again = (from_scaled(qty, QTY_PLACES), stream.amount(value))
            held = kept.get((row.id, month), (ZERO, ZERO))
            if again != held:
                name = f"{stream.product.code} [{stream.book.code}] {month.isoformat()}"
                yield MONTHS, name, _pair(*again), _pair(*held)


def _moved(examined: Examined, part: Part) -> str:
    move = examined.session.get(StockMove, (examined.company_id, UUID(bytes=part.target or part.event)))
    return "" if move is None else f"{move.kind} {move.moved_on.isoformat()}"


def _scaled_pair(stream: StreamPools, pair: Sequence[int]) -> str:
    return _pair(from_scaled(pair[0], QTY_PLACES), stream.amount(pair[1]))


def _pair(first: Decimal, second: Decimal) -> str:
    return f"{first.normalize():f} / {second.normalize():f}"


COSTING_CHECKS: tuple[Check, ...] = (costs_are_what_their_methods_say,)
