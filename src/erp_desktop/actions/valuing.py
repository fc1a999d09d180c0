"""What moves cost, at the centre, in every cost book; each function gives their cost in the book that posts to the ledger.

The document's own entry is posted by its action; what a move changes of earlier ones is posted where it is counted
(cost_counting.py). Not here: value without a move (value_changes.py) and late value (late_value.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.cost_counting import count
from erp_desktop.actions.cost_events import Counted, Document, NewEvent, Place, place_from, place_to
from erp_desktop.actions.finding import company_of
from erp_desktop.actions.moving import Move
from erp_desktop.ledger.posting import Dimensions
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import ZERO, round_money


@dataclass(frozen=True)
class Incoming:
    """A move into stock and what it is worth, not rounded yet; None: at the pool's current cost."""

    move: Move
    value: Decimal | None


@dataclass(frozen=True)
class Valued:
    """A move and its cost in the book that posts to the ledger, positive in either direction.

    `variance`: what goods at standard cost more than that, to be posted apart.
    """

    move: Move
    cost: Decimal
    variance: Decimal = ZERO

    def dimensions(
        self, warehouse_id: UUID | None, *, party_id: UUID | None = None, channel_id: UUID | None = None
    ) -> Dimensions:
        """What the journal line of the move can be analysed by: its product, its document's line, and where and with whom."""
        return Dimensions(
            product_id=self.move.product_id,
            party_id=party_id,
            warehouse_id=warehouse_id,
            channel_id=channel_id,
            line_id=self.move.line_id,
        )


def value_receipts(session: Session, ctx: Context, incoming: Sequence[Incoming]) -> list[Valued]:
    """Goods come in, in every book. Gives their value in the book that posts."""
    places = company_of(session, ctx).currency_places
    events = []
    for arrived in incoming:
        stated = None if arrived.value is None else round_money(arrived.value, places)
        events.append(_moved(arrived.move, place_to(arrived.move, ctx.company_id), stated=stated))
    return _valued([arrived.move for arrived in incoming], count(session, ctx, events))


def value_issues(session: Session, ctx: Context, moves: Sequence[Move]) -> list[Valued]:
    """Goods leave, in every book. Gives their cost in the book that posts."""
    return _valued(moves, count(session, ctx, [_moved(move, place_from(move, ctx.company_id)) for move in moves]))


def value_returns(session: Session, ctx: Context, moves: Sequence[Move]) -> list[Valued]:
    """Customers bring goods back, each at the settled cost of the very issue that `returns_move_id` names, else at current cost
    (costing.md, rule 5); piece by piece the returns of an issue give back exactly its cost.

    A move of kind SCRAP is what leaves again at once, at what the return that `returns_move_id` names came in at.
    Raises NoCostKnown.
    """
    return _valued(moves, count(session, ctx, [_returned(move, ctx.company_id) for move in moves]))


def value_supplier_returns(session: Session, ctx: Context, moves: Sequence[Move]) -> list[Valued]:
    """Goods go back to the supplier, from the layer of the receipt that `returns_move_id` names while it lasts (rule 6)."""
    company_id = ctx.company_id
    events = [_moved(move, place_from(move, company_id), of_id=move.returns_move_id) for move in moves]
    return _valued(moves, count(session, ctx, events))


def transfer_cost(session: Session, ctx: Context, moves: Sequence[Move]) -> None:
    """A transfer moves cost unchanged (costing.md, rule 8): out of one pool into the other, where they are two."""
    company_id = ctx.company_id
    events = [
        replace(_moved(move, place_from(move, company_id)), to_place=place_to(move, company_id)) for move in moves
    ]
    count(session, ctx, events)


def _returned(move: Move, company_id: UUID) -> NewEvent:
    place = place_from(move, company_id) if move.kind == MoveKind.SCRAP else place_to(move, company_id)
    return _moved(move, place, of_id=move.returns_move_id)


def _moved(move: Move, place: Place, stated: Decimal | None = None, of_id: UUID | None = None) -> NewEvent:
    return NewEvent(
        move.id,
        move.kind,
        move.product_id,
        place,
        move.moved_on,
        move.qty,
        stated,
        of_id,
        line_id=move.line_id,
        document=Document(move.document_kind, move.document_id),
    )


def _valued(moves: Sequence[Move], counted: dict[UUID, Counted]) -> list[Valued]:
    return [Valued(move, abs(counted[move.id].to_inventory), counted[move.id].variance) for move in moves]
