"""A unit's story: what a move of stock cost, and everything behind that figure (costing.md, "Consumption edges").

An issue: what was posted, each later correction with its cause, the layers that it took and what made those, what came back.
Goods that came in: their price, the value that reached them later, where their units went, what is left of them. Pools of an
average keep no layers: there the pool's history before the move says where its cost comes from. A change of method opens the
first layer after an average, and ends the layers before one.
Amounts in company currency, as known today; they add up to the cent by either way (`settled`, `explained`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from erp_desktop.models.costing import (
    AdjustmentKind,
    CostAdjustment,
    CostBook,
    CostEdge,
    CostEvent,
    CostLayer,
    CostPool,
    MoveCost,
)
from erp_desktop.models.product import Product
from erp_desktop.models.sales import Shipment
from erp_desktop.models.stock import MoveKind, StockMove
from erp_desktop.numbers import ZERO
from erp_desktop.queries.base import NotHere
from erp_desktop.queries.cost_of_sales import posts_at_delivery
from erp_desktop.queries.pool_history import pool_history
from erp_desktop.queries.story import CameBack, Correction, LateValue, Story, Taken, Use
from erp_desktop.queries.story_words import Origin, Storyteller

LATE_VALUE = (AdjustmentKind.LANDED_COST.value, AdjustmentKind.RECEIPT_PRICE.value)
MOST_HOPS = 12  # transfers and returns that are followed back from one layer


@dataclass(frozen=True)
class UnitStories:
    """The stories of a document's moves: of all its lines, or of one; by line number. Or of the one move `document_id` itself.

    In the book that posts, or `book_id`. Raises NotHere where no such move is here.
    """

    tables: ClassVar[frozenset[str]] = frozenset(
        {"stock_move", "move_cost", "cost_edge", "cost_layer", "cost_pool", "cost_adjustment", "cost_book", "shipment"}
    )

    document_id: UUID
    line_id: UUID | None = None
    line_no: int | None = None
    book_id: UUID | None = None
    most: int = 50

    def run(self, session: Session, company_id: UUID) -> tuple[Story, ...]:
        moves = select(StockMove).where(
            StockMove.company_id == company_id,
            or_(StockMove.document_id == self.document_id, StockMove.id == self.document_id),
        )
        if self.line_id is not None:
            moves = moves.where(StockMove.line_id == self.line_id)
        if self.line_no is not None:
            moves = moves.where(StockMove.line_no == self.line_no)
        found = session.scalars(moves.order_by(StockMove.line_no, StockMove.id).limit(self.most)).all()
        if not found:
            raise NotHere("stock_move", self.document_id)
        teller = _Teller(session, company_id, _book(session, company_id, self.book_id))
        return tuple(teller.tell(move) for move in found)


def _book(session: Session, company_id: UUID, book_id: UUID | None) -> CostBook:
    books = select(CostBook).where(CostBook.company_id == company_id)
    books = books.where(CostBook.id == book_id) if book_id is not None else books.where(CostBook.posts_to_ledger)
    book = session.scalars(books).first()
    if book is None:
        raise NotHere("cost_book", book_id or company_id)
    return book


class _Teller:
    """Reads the rows of one book around a move."""

    def __init__(self, session: Session, company_id: UUID, book: CostBook) -> None:
        self._session, self._company_id, self._book = session, company_id, book
        self._names = Storyteller(session, company_id)
        self._in_book = select(CostPool.id).where(CostPool.company_id == company_id, CostPool.book_id == book.id)

    def tell(self, move: StockMove) -> Story:
        product = self._session.get_one(Product, (self._company_id, move.product_id))
        costs = self._costs([move.id])
        cost = next((one for one in costs if one.qty < 0), costs[0] if costs else None)
        is_incoming = cost is not None and cost.qty > 0
        layers = self._layers_of(move.id) if is_incoming else []
        pool = self._session.get(CostPool, (self._company_id, cost.pool_id)) if cost is not None else None
        taken = self._taken(move.id, MOST_HOPS) if cost is not None and not is_incoming else ()
        before = cost if cost is not None and not (taken or layers) else self._began_with(taken)
        late = self._late(move) if is_incoming else ()
        corrections = self._corrections(move, cost, layers) if cost is not None else ()
        uses = self._uses(move, layers) if is_incoming else ()
        shipment = self._shipment(move)
        told = Story(
            origin=self._names.origin(move),
            product_id=product.id,
            product_code=product.code,
            product_name=product.name,
            product_name_zh=product.name_zh,
            method=pool.method if pool is not None else "",
            is_incoming=is_incoming,
            qty=move.qty,
            posted=abs(cost.cost) if cost is not None else ZERO,
            corrections=corrections,
            late=late,
            taken=taken,
            came_back=self._came_back(move),
            uses=uses,
            left_qty=sum((layer.qty_left for layer in layers), ZERO),
            left_value=sum((layer.value_left for layer in layers), ZERO),
            history=pool_history(self._session, self._names, before) if before is not None else None,
            is_dissolved=False,
            delivered_on=shipment.delivered_on if shipment is not None else None,
            is_under_way=shipment is not None
            and shipment.under_way_until is None
            and posts_at_delivery(self._session, self._company_id),
        )
        rest = self._dissolved(told, cost, layers) if cost is not None and layers else None
        return told if rest is None else replace(told, uses=(*uses, rest), is_dissolved=True)

    def _shipment(self, move: StockMove) -> Shipment | None:
        if move.kind != MoveKind.SHIPMENT:
            return None
        return self._session.get(Shipment, (self._company_id, move.document_id))

    def _costs(self, move_ids: Iterable[UUID]) -> Sequence[MoveCost]:
        """What moves cost in this book; a transfer between pools has two, the sender's first."""
        return self._session.scalars(
            select(MoveCost)
            .where(
                MoveCost.company_id == self._company_id,
                MoveCost.move_id.in_(list(move_ids)),
                MoveCost.pool_id.in_(self._in_book),
            )
            .order_by(MoveCost.qty, MoveCost.seq)
        ).all()

    def _layers_of(self, move_id: UUID) -> Sequence[CostLayer]:
        """The layers that a move opened, in the order in which they count."""
        return self._session.scalars(
            select(CostLayer)
            .where(
                CostLayer.company_id == self._company_id,
                CostLayer.move_id == move_id,
                CostLayer.pool_id.in_(self._in_book),
            )
            .order_by(CostLayer.seq, CostLayer.part)
        ).all()

    # --- changes of method

    def _began_with(self, taken: Sequence[Taken]) -> MoveCost | None:
        """The change of method that opened the first of these layers, if one did."""
        return self._change(next((one.origin.move_id for one in taken if one.origin.kind == CostEvent.METHOD), None))

    def _change(self, event_id: UUID | None) -> MoveCost | None:
        if event_id is None:
            return None
        return next(iter(self._costs([event_id])), None)

    def _changed_by(self, change: MoveCost) -> Origin:
        """A change of method in the place of a move."""
        document = self._names.cause("cost_book", self._book.id, change.tick)
        return Origin(change.move_id, change.kind, change.dated_on, ZERO, document, 0)

    def _dissolved(self, told: Story, cost: MoveCost, layers: Sequence[CostLayer]) -> Use | None:
        """What a change of method took over of layers that `told` brought; None where nothing is missing from them."""
        rest = sum((layer.qty_in - layer.qty_left for layer in layers), ZERO) - sum(
            (use.qty for use in told.uses), ZERO
        )
        if rest <= 0:
            return None
        change = self._session.scalars(
            select(MoveCost)
            .where(
                MoveCost.company_id == self._company_id,
                MoveCost.pool_id == layers[0].pool_id,
                MoveCost.kind == CostEvent.METHOD,
                MoveCost.dated_on >= cost.dated_on,
            )
            .order_by(MoveCost.dated_on, MoveCost.seq)
        ).first()
        if change is None:
            return None
        return Use(self._changed_by(change), rest, told.settled - told.gone_and_left, ZERO)

    # --- what a move took

    def _taken(self, move_id: UUID, hops: int) -> tuple[Taken, ...]:
        """The consumption edges of an issue, added up by layer, in the order of the queue."""
        edges = self._session.execute(
            select(CostEdge.layer_id, CostEdge.qty, CostEdge.value).where(
                CostEdge.company_id == self._company_id,
                CostEdge.issue_move_id == move_id,
                CostEdge.pool_id.in_(self._in_book),
            )
        )
        sums: defaultdict[UUID, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
        for layer_id, qty, value in edges:
            sums[layer_id][0] += qty
            sums[layer_id][1] += value
        layers = self._session.scalars(
            select(CostLayer).where(CostLayer.company_id == self._company_id, CostLayer.id.in_(list(sums)))
        ).all()
        openers = self._moves({layer.move_id for layer in layers})
        brought = {cost.move_id: cost.cost for cost in self._costs(openers) if cost.qty > 0}
        revalued = self._revalued(move_id, list(sums))
        taken = []
        for layer in sorted(layers, key=lambda one: (one.dated_on, one.seq, one.part)):
            qty, value = sums[layer.id]
            if not qty and not value:
                continue
            opener = openers.get(layer.move_id)
            if opener is None:
                change = self._change(layer.move_id)
                if change is not None:
                    taken.append(Taken(qty, value, self._changed_by(change), layer.value_in, (), False, ()))
                continue
            is_estimate = layer.move_id == move_id  # its own short layer
            taken.append(
                Taken(
                    qty,
                    value,
                    self._names.origin(opener),
                    brought.get(opener.id, ZERO),
                    () if is_estimate else (*self._late(opener), *revalued[layer.id]),
                    is_estimate,
                    () if is_estimate or not hops else self._behind(opener, hops - 1),
                )
            )
        return tuple(taken)

    def _revalued(self, issue_id: UUID, layer_ids: Sequence[UUID]) -> defaultdict[UUID, list[LateValue]]:
        """What revaluations had changed of layers when an issue took of them, by layer."""
        found: defaultdict[UUID, list[LateValue]] = defaultdict(list)
        issue = next(iter(self._costs([issue_id])), None)
        if issue is None:
            return found
        rows = self._session.execute(
            select(CostAdjustment, MoveCost.dated_on)
            .join(
                MoveCost,
                (MoveCost.company_id == CostAdjustment.company_id)
                & (MoveCost.move_id == CostAdjustment.event_id)
                & (MoveCost.pool_id == CostAdjustment.pool_id),
            )
            .where(
                CostAdjustment.company_id == self._company_id,
                CostAdjustment.layer_id.in_(layer_ids),
                MoveCost.kind == CostEvent.REVALUATION,
                tuple_(MoveCost.dated_on, MoveCost.seq) < (issue.dated_on, issue.seq),
            )
            .order_by(MoveCost.dated_on, CostAdjustment.tick, CostAdjustment.id)
        )
        for row, dated_on in rows:
            if row.layer_id is not None and row.to_inventory:
                cause = self._names.cause(row.document_kind, row.document_id, row.tick)
                found[row.layer_id].append(LateValue(row.kind, dated_on, cause, row.to_inventory, ZERO))
        return found

    def _behind(self, opener: StockMove, hops: int) -> tuple[Taken, ...]:
        """What a layer was made of before a transfer or a customer return brought it to where it was taken."""
        if opener.kind == MoveKind.TRANSFER:
            return self._taken(opener.id, hops)
        if opener.returns_move_id is not None:
            return self._taken(opener.returns_move_id, hops)
        return ()

    def _openers(self, layer_ids: Iterable[UUID | None]) -> dict[UUID, UUID]:
        """The moves that opened layers, by layer."""
        rows = self._session.execute(
            select(CostLayer.id, CostLayer.move_id).where(
                CostLayer.company_id == self._company_id, CostLayer.id.in_(list(layer_ids))
            )
        )
        return {row.id: row.move_id for row in rows}

    def _moves(self, ids: Iterable[UUID]) -> dict[UUID, StockMove]:
        moves = self._session.scalars(
            select(StockMove).where(StockMove.company_id == self._company_id, StockMove.id.in_(list(ids)))
        )
        return {move.id: move for move in moves}

    # --- what changed later

    def _late(self, move: StockMove) -> tuple[LateValue, ...]:
        """Landed costs and price corrections of what `move` brought, where they stand today, in the order of their days."""
        found: dict[UUID, list[CostAdjustment]] = {}
        for row in self._late_rows(move):
            found.setdefault(row.event_id, []).append(row)
        late = []
        for rows in found.values():
            first = rows[0]
            cause = self._names.cause(first.document_kind, first.document_id, first.tick)
            to_inventory = sum((row.to_inventory for row in rows), ZERO)
            to_cost_of_sales = sum((row.to_cost_of_sales for row in rows), ZERO)
            late.append(LateValue(first.kind, first.dated_on, cause, to_inventory, to_cost_of_sales))
        return tuple(late)

    def _late_rows(self, move: StockMove) -> Sequence[CostAdjustment]:
        """What late value of `move` changed, and what entries dated before it changed of that since."""
        events = select(MoveCost.move_id).where(
            MoveCost.company_id == self._company_id,
            MoveCost.of_id == move.id,
            MoveCost.kind.in_(LATE_VALUE),
            MoveCost.pool_id.in_(self._in_book),
        )
        ids = self._session.scalars(events).all()
        if not ids:
            return ()
        of_product = self._in_book.where(CostPool.product_id == move.product_id)
        return self._session.scalars(
            select(CostAdjustment)
            .where(
                CostAdjustment.company_id == self._company_id,
                CostAdjustment.pool_id.in_(of_product),
                CostAdjustment.event_id.in_(ids),
            )
            .order_by(CostAdjustment.tick, CostAdjustment.id)
        ).all()

    def _corrections(self, move: StockMove, cost: MoveCost, layers: Sequence[CostLayer]) -> tuple[Correction, ...]:
        """What was changed of the cost of `move` itself, in order; late value of goods that came in stands apart."""
        concerns = CostAdjustment.move_id == move.id
        if layers:
            concerns = concerns | CostAdjustment.layer_id.in_([layer.id for layer in layers])
        rows = self._session.scalars(
            select(CostAdjustment)
            .where(
                CostAdjustment.company_id == self._company_id,
                concerns,
                CostAdjustment.pool_id.in_(self._in_book),
            )
            .order_by(CostAdjustment.dated_on, CostAdjustment.tick, CostAdjustment.id)
        ).all()
        is_incoming = cost.qty > 0
        stands_apart = {row.id for row in self._late_rows(move)} if is_incoming else set()
        corrections = []
        for row in rows:
            if is_incoming:
                amount = row.to_inventory
            elif (
                move.kind == MoveKind.TRANSFER
            ):  # what the sender's pool gave more arrived in the other: seen from there
                amount = -row.to_inventory if row.pool_id == cost.pool_id else ZERO
            else:
                amount = row.to_cost_of_sales
            if amount and row.id not in stands_apart:
                cause = self._names.cause(row.document_kind, row.document_id, row.tick)
                from_outside = not is_incoming and not row.to_inventory
                corrections.append(Correction(row.kind, row.dated_on, cause, amount, from_outside))
        return tuple(corrections)

    # --- what came of it

    def _came_back(self, move: StockMove) -> tuple[CameBack, ...]:
        returns = self._session.scalars(
            select(StockMove)
            .where(
                StockMove.company_id == self._company_id,
                StockMove.returns_move_id == move.id,
                StockMove.kind != MoveKind.SCRAP,  # it left again: told by where the goods went
            )
            .order_by(StockMove.moved_on, StockMove.tick, StockMove.id)
        ).all()
        costs = {cost.move_id: abs(cost.cost) for cost in self._costs(one.id for one in returns)} if returns else {}
        corrected = self._corrected(costs)
        return tuple(
            CameBack(self._names.origin(one), one.qty, costs.get(one.id, ZERO) + corrected.get(one.id, ZERO))
            for one in returns
        )

    def _corrected(self, move_ids: Iterable[UUID]) -> dict[UUID, Decimal]:
        """By how much returns were corrected: in stock what came from customers, in cost what went to suppliers."""
        sums: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
        rows = self._session.execute(
            select(CostAdjustment.move_id, CostAdjustment.to_inventory, StockMove.to_warehouse_id)
            .join(
                StockMove,
                (StockMove.company_id == CostAdjustment.company_id) & (StockMove.id == CostAdjustment.move_id),
            )
            .where(
                CostAdjustment.company_id == self._company_id,
                CostAdjustment.move_id.in_(list(move_ids)),
                CostAdjustment.pool_id.in_(self._in_book),
            )
        )
        for move_id, to_inventory, to_warehouse_id in rows:
            if move_id is not None:
                sums[move_id] += to_inventory if to_warehouse_id is not None else -to_inventory
        return sums

    def _uses(self, move: StockMove, layers: Sequence[CostLayer]) -> tuple[Use, ...]:
        """Every move that took of the layers of `move`, oldest first, with what late value of it they bear."""
        sums: defaultdict[UUID, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
        if layers:
            edges = self._session.execute(
                select(CostEdge.issue_move_id, CostEdge.qty, CostEdge.value).where(
                    CostEdge.company_id == self._company_id, CostEdge.layer_id.in_([layer.id for layer in layers])
                )
            )
            for issue_id, qty, value in edges:
                sums[issue_id][0] += qty
                sums[issue_id][1] += value
        late_rows = self._late_rows(move)
        brought_on = self._openers({row.layer_id for row in late_rows} - {layer.id for layer in layers} - {None})
        for late in late_rows:
            if late.move_id is not None:
                sums[late.move_id][2] += late.to_cost_of_sales
            elif late.layer_id in brought_on:  # it followed the goods to where a transfer had brought them
                sums[brought_on[late.layer_id]][2] += late.to_inventory
        moves = self._moves(sums)
        uses = [
            Use(self._names.origin(moves[issue_id]), *figures)
            for issue_id, figures in sums.items()
            if any(figures) and issue_id in moves
        ]
        return tuple(sorted(uses, key=lambda use: (use.origin.dated_on, use.origin.move_id)))
