"""What costing takes with its database: changes dated back into long histories (W4), and the value of all stock at a day (W5)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import median
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks import workload_data
from benchmarks.business import METHODS, Business
from benchmarks.databases import Database, postgres, sqlite
from benchmarks.figures import best_of, tell, timed
from benchmarks.workload import history_of
from erp_desktop.actions.base import Action, Context
from erp_desktop.actions.cost_counting import count
from erp_desktop.actions.cost_events import NewEvent, Place
from erp_desktop.actions.price_corrections import CorrectReceiptPrice
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.central.performing import Centre
from erp_desktop.ids import new_id
from erp_desktop.models.base import set_tick
from erp_desktop.models.costing import CostAdjustment, CostEdge, MoveCost
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.stock import MoveKind, StockBalance
from erp_desktop.queries.stock_figures import stock_value_on

W5_PRODUCTS = 10_000
W5_MOVES_EACH = 100
PRODUCTS_AT_ONCE = 100
DAYS = workload_data.W4_DAYS
YOUNG_DAYS = 60
ROUNDS = 15


def books(is_short: bool = False) -> None:
    for open_database in (sqlite, postgres):
        with open_database() as database:
            business = Business(Centre(database.engine), products=10)
            for method in METHODS:
                sizes = workload_data.W4_SIZES[: 1 if is_short else None]
                for size in sizes:
                    product = business.add_product(f"late {method} {size}", method)
                    receipt = history_of(business, product, size)
                    if size == sizes[-1]:
                        old_and_young(database, business, method, product, size)
                    late_changes(database, business, method, product, receipt, size)
        with open_database() as database:
            values_on_a_day(database, products=500 if is_short else W5_PRODUCTS)


def late_changes(database: Database, business: Business, method: str, product: UUID, receipt: UUID, size: int) -> None:
    """W4: one product with `size` moves over two years; a change dated at various days, each posted and written."""
    place, cents = workload_data.history_change(size)
    received_on = workload_data.history(size, today=business.today)[place][1]
    with Session(database.engine) as session:
        line_id = session.scalars(select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == receipt)).one()
    price = Decimal(cents) / 100
    last_week = business.today - timedelta(days=7)
    changes: list[tuple[str, Action]] = [
        (
            "price of a receipt of two years ago, dated today",
            CorrectReceiptPrice(new_id(), line_id, price, business.today),
        ),
        ("the same, dated two years ago", CorrectReceiptPrice(new_id(), line_id, price + 1, received_on)),
        ("goods found two years ago", _found(database, business, product, received_on)),
        ("goods found last week", _found(database, business, product, last_week, more=2)),
    ]
    for label, change in changes:
        before = _written(database, product)
        with timed(database.server_cpu) as timing:
            business.perform(change)
        adjustments, edges = (now - then for now, then in zip(_written(database, product), before, strict=True))
        tell(
            f"{database.kind} W4 {method}, {size:,} moves: {label}",
            timing.wall * 1000,
            "ms",
            250.0,
            cpu_ms=round(timing.cpu * 1000, 1),
            adjustments=adjustments,
            edges=edges,
            other=round(timing.other, 2),
        )


def old_and_young(database: Database, business: Business, method: str, old: UUID, size: int) -> None:
    """A change of last week on that product, and on one that has moved as often a day, but for two months only. In turns, after
    the database has looked at its tables: so neither pays for what happens to both."""
    young = business.add_product(f"young {method} {size}", method)
    moves = size * YOUNG_DAYS // DAYS
    history_of(business, young, moves, YOUNG_DAYS)
    last_week = business.today - timedelta(days=7)
    database.analyse()
    taken: dict[UUID, list[float]] = {old: [], young: []}
    for more in range(3, 3 + ROUNDS):
        for product in (old, young) if more % 2 else (young, old):
            change = _found(database, business, product, last_week, more)
            with timed(database.server_cpu) as timing:
                business.perform(change)
            taken[product].append(timing.cpu * 1000)
    old_ms, young_ms = median(taken[old]), median(taken[young])
    tell(
        f"{database.kind} W4 {method}, goods found last week: {size:,} moves over {moves:,} as close together",
        old_ms / young_ms,
        "times",
        1.25,
        old_ms=round(old_ms, 1),
        young_ms=round(young_ms, 1),
        old_best_ms=round(min(taken[old]), 1),
        young_best_ms=round(min(taken[young]), 1),
    )


def _found(database: Database, business: Business, product: UUID, day: date, more: int = 1) -> Action:
    """A count, entered late, that found a little more than the books have."""
    with Session(database.engine) as session:
        on_hand = session.scalar(select(func.sum(StockBalance.on_hand)).where(StockBalance.product_id == product))
    line = CountedLine(product, business.bin, (on_hand or Decimal(0)) + more, unit_cost=Decimal("12.34"))
    return CountStock(new_id(), business.warehouse, day, (line,))


def _written(database: Database, product: UUID) -> tuple[int, int]:
    with Session(database.engine) as session:
        adjustments = select(func.count()).select_from(CostAdjustment).where(CostAdjustment.product_id == product)
        pools = select(MoveCost.pool_id).where(MoveCost.product_id == product).distinct()
        edges = select(func.count()).select_from(CostEdge).where(CostEdge.pool_id.in_(pools))
        return session.scalar(adjustments) or 0, session.scalar(edges) or 0


def values_on_a_day(database: Database, products: int) -> None:
    """W5: what all products were worth, today and on past days, after a hundred moves of each over two years."""
    business = Business(Centre(database.engine), products=products)
    _fill(database, business, products)
    database.analyse()
    days = {
        "today": business.today,
        "yesterday": business.today - timedelta(days=1),
        "at the end of a month a year ago": (business.today - timedelta(days=365)).replace(day=1) - timedelta(days=1),
        "in the middle of a month a year ago": (business.today - timedelta(days=365)).replace(day=15),
        "nearly two years ago": business.today - timedelta(days=DAYS - 40),
    }
    for label, day in days.items():

        def ask(day: date = day) -> None:
            with Session(database.engine) as session:
                assert stock_value_on(session, business.company_id, day)

        _, median, _ = best_of(5, ask)
        moves = products * W5_MOVES_EACH
        tell(f"{database.kind} W5 value of {products:,} products, {moves:,} moves, {label}", median, "ms", 100.0)


def _fill(database: Database, business: Business, products: int) -> None:
    """Costed moves straight through valuing; the documents and the ledger around them take no part in a value."""
    for first in range(0, products, PRODUCTS_AT_ONCE):
        with Session(database.engine) as session, session.begin():
            set_tick(session.connection(), 1_000)
            for number in range(first, min(first + PRODUCTS_AT_ONCE, products)):
                product = business.id("product", number)
                ctx = Context(business.company_id, new_id(), business.owner_id, datetime.now(UTC), at_centre=True)
                count(session, ctx, list(_moves(business, product, number)))
        if first == 0:
            database.analyse()  # or PostgreSQL reads all moves of all products for those of one, as it knows of no rows yet


def _moves(business: Business, product: UUID, number: int) -> Iterator[NewEvent]:
    first = business.today - timedelta(days=DAYS)
    place = Place(business.warehouse, None)
    for move in range(W5_MOVES_EACH):
        day = first + timedelta(days=move * (DAYS - 1) // W5_MOVES_EACH + number % 7)
        if move % 2 == 0:
            qty = Decimal(10 + number % 5)
            value = qty * (100 + (number + move) % 90) / 10
            yield NewEvent(new_id(), MoveKind.RECEIPT, product, place, day, qty, stated=value)
        else:
            yield NewEvent(new_id(), MoveKind.SHIPMENT, product, place, day, Decimal(9))
