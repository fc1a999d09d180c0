"""Valuing stock moves at the centre: every cost book, its pools, layers and consumption edges.

Here: loading the pools that moves touch, asking `costing` what they cost, and writing that down. Not here: the rules of
costing (they are in `costing/`) and postings. Moves are valued in order of entry; correcting.py re-costs what a late one changes.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Context
from erp_desktop.actions.finding import company_of, find_all
from erp_desktop.actions.moving import Move
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import rows_of
from erp_desktop.costing.pool import CostPool as Pool
from erp_desktop.costing.pool import Layer, Take, cost_of_return, open_pool
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.models.base import current_tick
from erp_desktop.models.costing import CostAdjustment, CostBook, CostEdge, CostLayer, CostPool, MoveCost
from erp_desktop.models.product import Category, Product
from erp_desktop.models.stock import MoveKind, StockMove
from erp_desktop.numbers import UNIT_COST_PLACES, ZERO, round_money

MOVES_PER_ACTION = 100_000  # room for the moves of one action between two ticks in `seq`


class NoCostKnown(Refused):
    code = "no_cost_known"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} has no cost yet, so stock of it cannot be found. State its unit cost; nothing was changed.",
    )


@dataclass(frozen=True)
class Incoming:
    """A move into stock and what it is worth, not rounded yet; None: at the pool's current cost."""

    move: Move
    value: Decimal | None


@dataclass(frozen=True)
class Valued:
    """A move and its cost in the book that posts to the ledger, positive in either direction."""

    move: Move
    cost: Decimal


class Pools:
    """The pools of one book that some products' moves belong to, open for costing, and the rows they are kept in."""

    def __init__(self, session: Session, ctx: Context, book: CostBook, keys: set[tuple[UUID, UUID | None]]) -> None:
        self._session = session
        self._ctx = ctx
        self._book = book
        self._places = company_of(session, ctx).currency_places
        self._products = find_all(session, ctx, Product, {product_id for product_id, _ in keys})
        category_ids = {product.category_id for product in self._products.values()}
        self._categories = find_all(session, ctx, Category, category_ids)
        self._tick = current_tick(session.connection())
        self._moved = 0
        self._pool_ids: dict[tuple[UUID, UUID | None], UUID] = {}
        self._costs: list[dict[str, Any]] = []
        self._edges: list[dict[str, Any]] = []
        ids = {self._pool_id(product_id, warehouse_id) for product_id, warehouse_id in keys}
        of_products = rows_of(session, ctx, CostPool, self._products)
        self.rows: dict[UUID, CostPool] = {
            row.id: row for rows in of_products.values() for row in rows if row.id in ids
        }
        self.layer_rows: dict[UUID, CostLayer] = {}
        layers: defaultdict[UUID, list[Layer]] = defaultdict(list)
        for pool_id, of_pool in rows_of(session, ctx, CostLayer, self.rows).items():
            for layer in sorted(of_pool, key=lambda row: (row.dated_on, row.seq)):  # costing.md, rule 2
                self.layer_rows[layer.id] = layer
                layers[pool_id].append(Layer(layer.id, layer.seq, layer.qty_left, layer.value_left))
        self._open: dict[UUID, Pool] = {
            pool_id: open_pool(row.method, self._places, layers[pool_id], row.last_unit_cost)
            for pool_id, row in self.rows.items()
        }

    def _scope(self, product_id: UUID, warehouse_id: UUID | None) -> UUID | None:
        category = self._categories[self._products[product_id].category_id]
        return warehouse_id if category.cost_pool == "warehouse" else None

    def _pool_id(self, product_id: UUID, warehouse_id: UUID | None) -> UUID:
        key = (product_id, self._scope(product_id, warehouse_id))
        if key not in self._pool_ids:
            self._pool_ids[key] = derived_id("cost_pool", self._book.id, *key)
        return self._pool_ids[key]

    def of(self, product_id: UUID, warehouse_id: UUID | None) -> tuple[CostPool, Pool]:
        """The pool that a product in a warehouse is costed in; begun empty if it is the first time."""
        pool_id = self._pool_id(product_id, warehouse_id)
        if pool_id not in self.rows:
            product = self._products[product_id]
            method = self._categories[product.category_id].cost_method or self._book.method
            self.rows[pool_id] = CostPool(
                company_id=self._ctx.company_id,
                id=pool_id,
                book_id=self._book.id,
                product_id=product_id,
                warehouse_id=self._scope(product_id, warehouse_id),
                method=method,
                on_hand=ZERO,
                value=ZERO,
                last_unit_cost=None,
                last_moved_on=None,
            )
            self._session.add(self.rows[pool_id])
            self._open[pool_id] = open_pool(method, self._places, (), None)
        return self.rows[pool_id], self._open[pool_id]

    def receive(self, move: Move, value: Decimal | None, warehouse_id: UUID | None) -> Decimal:
        """`move` comes in at `value` (rounded here), or at current cost where None. Gives the value it came in at."""
        _, pool = self.of(move.product_id, warehouse_id)
        if value is None:
            if not pool.on_hand and pool.last_unit_cost is None:
                raise NoCostKnown(product=self._products[move.product_id].code)
            value = pool.current_cost(move.qty)
        value = round_money(value, self._places)
        self._take_in(move, move.qty, value, warehouse_id)
        return value

    def _take_in(self, move: Move, qty: Decimal, value: Decimal, warehouse_id: UUID | None) -> None:
        row, pool = self.of(move.product_id, warehouse_id)
        seq = self._next_seq()
        received = pool.receive(self._ctx.new_centre_id(), seq, qty, value)
        if received.opened:
            layer = CostLayer(
                company_id=self._ctx.company_id,
                id=received.layer.key,
                pool_id=row.id,
                dated_on=move.moved_on,
                seq=seq,
                move_id=move.id,
                qty_in=qty,
                value_in=value,
                qty_left=received.layer.qty,
                value_left=received.layer.value,
            )
            self.layer_rows[layer.id] = layer
            self._session.add(layer)
        else:
            joined = self.layer_rows[received.layer.key]
            joined.qty_in += qty
            joined.value_in += value
        self._write_cost(row, move, seq, qty, value)

    def issue(self, move: Move, warehouse_id: UUID | None) -> Decimal:
        """`move` leaves at what its method says. Gives its cost."""
        row, pool = self.of(move.product_id, warehouse_id)
        issued = pool.issue(move.qty)
        self._write_edges(row, move, issued.takes)
        self._write_cost(row, move, self._next_seq(), -move.qty, -issued.value)
        return issued.value

    def transfer(self, move: Move) -> None:
        """`move` goes from one pool to another with its cost: each part that it took arrives as a layer of its own."""
        row, pool = self.of(move.product_id, move.from_warehouse_id)
        issued = pool.issue(move.qty)
        self._write_edges(row, move, issued.takes)
        self._write_cost(row, move, self._next_seq(), -move.qty, -issued.value)
        for take in issued.takes:
            self._take_in(move, take.qty, take.value, move.to_warehouse_id)

    def write(self) -> None:
        """Bring the stored pools and layers to where costing left them, and write down what each move cost and took."""
        append_rows(self._session, self._ctx, MoveCost, self._costs)
        append_rows(self._session, self._ctx, CostEdge, self._edges)
        self._costs, self._edges = [], []
        for pool_id, pool in self._open.items():
            row = self.rows[pool_id]
            row.on_hand = pool.on_hand
            row.value = pool.value
            if pool.last_unit_cost is not None:
                row.last_unit_cost = round_money(pool.last_unit_cost, UNIT_COST_PLACES)
            for layer in pool.changed_layers():
                stored = self.layer_rows[layer.key]
                stored.qty_left = layer.qty
                stored.value_left = layer.value

    def _next_seq(self) -> int:
        self._moved += 1
        return self._tick * MOVES_PER_ACTION + self._moved

    def _write_cost(self, row: CostPool, move: Move, seq: int, qty: Decimal, cost: Decimal) -> None:
        row.last_moved_on = max(row.last_moved_on or move.moved_on, move.moved_on)
        self._costs.append(
            {
                "id": self._ctx.new_centre_id(),
                "pool_id": row.id,
                "product_id": move.product_id,
                "move_id": move.id,
                "kind": move.kind,
                "dated_on": move.moved_on,
                "seq": seq,
                "qty": qty,
                "cost": cost,
            }
        )

    def _write_edges(self, row: CostPool, move: Move, takes: Sequence[Take]) -> None:
        self._edges.extend(
            {
                "id": self._ctx.new_centre_id(),
                "pool_id": row.id,
                "issue_move_id": move.id,
                "layer_id": take.layer_key,
                "qty": take.qty,
                "value": take.value,
            }
            for take in takes
        )


def books_of(session: Session, ctx: Context) -> list[CostBook]:
    """Every cost book of the company; the one that posts to the ledger first."""
    books: list[CostBook] | None = session.info.get(("cost_books", ctx.company_id))
    if books is None:
        books = list(
            session.scalars(
                select(CostBook)
                .where(CostBook.company_id == ctx.company_id)
                .order_by(CostBook.posts_to_ledger.desc(), CostBook.code)
            )
        )
        session.info["cost_books", ctx.company_id] = books
    return books


def value_receipts(session: Session, ctx: Context, incoming: Sequence[Incoming]) -> list[Valued]:
    """Goods come in, in every book. Gives their value in the book that posts."""
    keys = {(arrived.move.product_id, arrived.move.to_warehouse_id) for arrived in incoming}
    posted: list[Valued] = []
    for book in books_of(session, ctx):
        pools = Pools(session, ctx, book, keys)
        valued = [
            Valued(arrived.move, pools.receive(arrived.move, arrived.value, arrived.move.to_warehouse_id))
            for arrived in incoming
        ]
        pools.write()
        posted = valued if book.posts_to_ledger else posted
    return posted


def value_issues(session: Session, ctx: Context, moves: Sequence[Move]) -> list[Valued]:
    """Goods leave, in every book. Gives their cost in the book that posts."""
    keys = {(move.product_id, move.from_warehouse_id) for move in moves}
    posted: list[Valued] = []
    for book in books_of(session, ctx):
        pools = Pools(session, ctx, book, keys)
        valued = [Valued(move, pools.issue(move, move.from_warehouse_id)) for move in moves]
        pools.write()
        posted = valued if book.posts_to_ledger else posted
    return posted


def transfer_cost(session: Session, ctx: Context, move: Move) -> None:
    """A transfer moves cost unchanged (costing.md, rule 8): out of one pool into the other, where they are two."""
    keys = {(move.product_id, move.from_warehouse_id), (move.product_id, move.to_warehouse_id)}
    for book in books_of(session, ctx):
        pools = Pools(session, ctx, book, keys)
        if pools.of(move.product_id, move.from_warehouse_id) != pools.of(move.product_id, move.to_warehouse_id):
            pools.transfer(move)
        pools.write()


def value_returns(session: Session, ctx: Context, moves: Sequence[Move]) -> list[Valued]:
    """Customers bring goods back, each at the settled cost of the very issue that `returns_move_id` names
    (costing.md, rule 5); piece by piece the returns of an issue give back exactly its cost."""
    keys = {(move.product_id, move.to_warehouse_id) for move in moves}
    posted: list[Valued] = []
    for book in books_of(session, ctx):
        pools = Pools(session, ctx, book, keys)
        valued = []
        for move in moves:
            value = _settled_cost_of_return(session, ctx, book, move)
            valued.append(Valued(move, pools.receive(move, value, move.to_warehouse_id)))
            pools.write()  # the next return of the same issue must see this one
            session.flush()
        posted = valued if book.posts_to_ledger else posted
    return posted


def _settled_cost_of_return(session: Session, ctx: Context, book: CostBook, move: Move) -> Decimal:
    issue = session.scalars(
        select(MoveCost)
        .join(CostPool, (CostPool.company_id == MoveCost.company_id) & (CostPool.id == MoveCost.pool_id))
        .where(
            MoveCost.company_id == ctx.company_id,
            MoveCost.move_id == move.returns_move_id,
            CostPool.book_id == book.id,
        )
    ).one()
    corrected = session.scalars(
        select(CostAdjustment.to_cost_of_sales).where(
            CostAdjustment.company_id == ctx.company_id,
            CostAdjustment.move_id == move.returns_move_id,
            CostAdjustment.pool_id == issue.pool_id,
        )
    )
    settled = -issue.cost + sum(corrected, ZERO)
    earlier = session.execute(
        select(MoveCost.qty, MoveCost.cost)
        .join(StockMove, (StockMove.company_id == MoveCost.company_id) & (StockMove.id == MoveCost.move_id))
        .join(CostPool, (CostPool.company_id == MoveCost.company_id) & (CostPool.id == MoveCost.pool_id))
        .where(
            MoveCost.company_id == ctx.company_id,
            CostPool.book_id == book.id,
            StockMove.kind == MoveKind.CUSTOMER_RETURN,
            StockMove.returns_move_id == move.returns_move_id,
            StockMove.id != move.id,
        )
    ).all()
    returned_qty = sum((qty for qty, _ in earlier), ZERO)
    returned_value = sum((cost for _, cost in earlier), ZERO)
    places = company_of(session, ctx).currency_places
    return cost_of_return(settled, -issue.qty, returned_qty, returned_value, move.qty, places)
