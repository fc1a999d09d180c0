"""Moving stock: the moves are written, the balances follow, and nothing goes below what is there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Context
from erp_desktop.actions.finding import find, find_all
from erp_desktop.actions.lots import LotMissing, begin_balance, is_tracked, stock_balance_id
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import rows_by_id, rows_of
from erp_desktop.actions.transit import refuse_transit
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.product import Product
from erp_desktop.models.stock import Bin, MoveKind, StockBalance, StockMove, Warehouse
from erp_desktop.numbers import ZERO

BalanceKey = tuple[UUID, UUID, UUID | None]  # product, bin, lot


class NotEnoughOnHand(Refused):
    code = "not_enough_on_hand"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Only {on_hand} of {product} are in {bin}, {asked} were asked for. Count again or choose another bin; nothing was changed.",
    )


class NotEnoughFree(Refused):
    code = "not_enough_free"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Only {free} of {asked} {product} are free in {warehouse}. Order fewer, or wait for the next receipt; nothing was changed.",
    )


class NoReceivingBin(Refused):
    code = "no_receiving_bin"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Warehouse {warehouse} has no bin for goods that arrive. Name a bin, or give the warehouse one; nothing was changed.",
    )


@dataclass(frozen=True)
class Place:
    """A bin and the warehouse that it stands in."""

    warehouse_id: UUID
    bin_id: UUID


@dataclass(frozen=True)
class Move:
    """A stock move to be written: the columns of StockMove."""

    id: UUID
    product_id: UUID
    kind: MoveKind
    moved_on: date
    qty: Decimal
    from_warehouse_id: UUID | None
    from_bin_id: UUID | None
    to_warehouse_id: UUID | None
    to_bin_id: UUID | None
    document_kind: str
    document_id: UUID
    line_id: UUID
    line_no: int
    returns_move_id: UUID | None
    lot_id: UUID | None = None


def balances_at(
    session: Session, ctx: Context, places: Iterable[tuple[UUID, Place, UUID | None]]
) -> dict[BalanceKey, StockBalance]:
    """The balance of each (product, place, lot) by (product, bin, lot); a missing one is begun at zero."""
    wanted = {(product_id, place.bin_id, lot_id): place for product_id, place, lot_id in places}
    found: dict[BalanceKey, StockBalance] = {}
    untracked = [product_id for product_id, _, lot_id in wanted if lot_id is None]
    if untracked:
        of_products = rows_of(session, ctx, StockBalance, untracked)
        found.update(((row.product_id, row.bin_id, row.lot_id), row) for rows in of_products.values() for row in rows)
    if len(untracked) < len(wanted):  # of what is kept by lots there may be very many: only those that are named
        ids = [stock_balance_id(*key) for key in wanted if key[2] is not None]
        of_lots = rows_by_id(session, ctx, StockBalance, ids)
        found.update(((row.product_id, row.bin_id, row.lot_id), row) for row in of_lots.values())
    for key, place in wanted.items():
        if key not in found:
            found[key] = begin_balance(session, ctx, key[0], place.warehouse_id, place.bin_id, key[2])
    return found


def move_stock(session: Session, ctx: Context, moves: Sequence[Move]) -> dict[BalanceKey, StockBalance]:
    """Write `moves` and keep the balances. Raises NotEnoughOnHand if a bin would go below zero, LotMissing.

    In a warehouse that allows it, a shipment may leave before its goods are booked in, never one of a lot; and so may what a
    customer brought back and is scrapped, as long as others are still missing.
    """
    _refuse_missing_lots(session, ctx, moves)
    places = []
    for move in moves:
        for place in (_from(move), _to(move)):
            if place is not None:
                places.append((move.product_id, place, move.lot_id))
    balances = balances_at(session, ctx, places)
    for move in moves:
        source, target = _from(move), _to(move)
        if source is not None:
            balance = balances[move.product_id, source.bin_id, move.lot_id]
            came_just_now = move.kind == MoveKind.SCRAP and move.returns_move_id is not None
            if balance.on_hand < move.qty and not (
                (move.kind == MoveKind.SHIPMENT or came_just_now)
                and move.lot_id is None
                and find(session, ctx, Warehouse, source.warehouse_id).allows_negative
            ):
                raise NotEnoughOnHand(
                    on_hand=max(balance.on_hand, ZERO),
                    product=find(session, ctx, Product, move.product_id).code,
                    bin=find(session, ctx, Bin, source.bin_id).code,
                    asked=move.qty,
                )
            balance.on_hand -= move.qty
        if target is not None:
            balances[move.product_id, target.bin_id, move.lot_id].on_hand += move.qty
    append_rows(session, ctx, StockMove, [vars(move) for move in moves])
    return balances


def _refuse_missing_lots(session: Session, ctx: Context, moves: Sequence[Move]) -> None:
    """The last guard; a move that takes another back has that one's lot."""
    product_ids = {move.product_id for move in moves if move.lot_id is None and move.returns_move_id is None}
    for product in find_all(session, ctx, Product, product_ids).values():
        if is_tracked(product):
            raise LotMissing(product=product.code)


def _from(move: Move) -> Place | None:
    if move.from_bin_id is None or move.from_warehouse_id is None:
        return None
    return Place(move.from_warehouse_id, move.from_bin_id)


def _to(move: Move) -> Place | None:
    if move.to_bin_id is None or move.to_warehouse_id is None:
        return None
    return Place(move.to_warehouse_id, move.to_bin_id)


def new_move(
    ctx: Context,
    kind: MoveKind,
    product_id: UUID,
    qty: Decimal,
    moved_on: date,
    document: tuple[str, UUID],
    line: tuple[UUID, int],
    source: Place | None = None,
    target: Place | None = None,
    returns_move_id: UUID | None = None,
    move_id: UUID | None = None,
    lot_id: UUID | None = None,
) -> Move:
    """A move of `qty` stock units for a document (table name, id) and its line (id, number)."""
    return Move(
        id=move_id or ctx.new_id(),
        product_id=product_id,
        kind=kind,
        moved_on=moved_on,
        qty=qty,
        from_warehouse_id=source.warehouse_id if source else None,
        from_bin_id=source.bin_id if source else None,
        to_warehouse_id=target.warehouse_id if target else None,
        to_bin_id=target.bin_id if target else None,
        document_kind=document[0],
        document_id=document[1],
        line_id=line[0],
        line_no=line[1],
        returns_move_id=returns_move_id,
        lot_id=lot_id,
    )


def receiving_bin(session: Session, ctx: Context, warehouse_id: UUID) -> UUID:
    """Where goods go in `warehouse_id` when nobody names a bin. Raises NoReceivingBin."""
    warehouse = find(session, ctx, Warehouse, warehouse_id)
    if warehouse.receiving_bin_id is None:
        raise NoReceivingBin(warehouse=warehouse.name)
    return warehouse.receiving_bin_id


def bins_of(session: Session, ctx: Context, warehouse_id: UUID, named: Sequence[UUID | None]) -> list[Place]:
    """A place in `warehouse_id` for each of `named`; None means the receiving bin.

    Raises BinElsewhere, NotFound, OnlyInTransit.
    """
    refuse_transit(ctx, warehouse_id)
    default = receiving_bin(session, ctx, warehouse_id) if None in named else None
    bins = find_all(session, ctx, Bin, {bin_id for bin_id in named if bin_id is not None})
    for stock_bin in bins.values():
        if stock_bin.warehouse_id != warehouse_id:
            raise BinElsewhere(bin=stock_bin.code)
    places = [bin_id or default for bin_id in named]
    return [Place(warehouse_id, bin_id) for bin_id in places if bin_id is not None]


class BinElsewhere(Refused):
    code = "bin_elsewhere"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "Bin {bin} is in another warehouse. Choose a bin of this one; nothing was changed."
    )
