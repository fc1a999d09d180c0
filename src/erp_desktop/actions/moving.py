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
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import rows_of
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.models.product import Product
from erp_desktop.models.stock import Bin, MoveKind, StockBalance, StockMove, Warehouse
from erp_desktop.numbers import ZERO


class NotEnoughOnHand(Refused):
    code = "not_enough_on_hand"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Only {on_hand} of {product} are in {bin}, {asked} were asked for. Count again or choose another bin.",
    )


class NotEnoughFree(Refused):
    code = "not_enough_free"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Only {free} of {asked} {product} are free in {warehouse}. Order fewer, or wait for the next receipt.",
    )


class NoReceivingBin(Refused):
    code = "no_receiving_bin"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "Warehouse {warehouse} has no bin for goods that arrive. Name a bin, or give the warehouse one."
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


def stock_balance_id(product_id: UUID, bin_id: UUID) -> UUID:
    """The id of the balance of a product in a bin, the same on every desk and at the centre."""
    return derived_id("stock_balance", product_id, bin_id)


def balances_at(
    session: Session, ctx: Context, places: Iterable[tuple[UUID, Place]]
) -> dict[tuple[UUID, UUID], StockBalance]:
    """The balance of each (product, place) by (product, bin); a missing one is begun at zero."""
    wanted = {stock_balance_id(product_id, place.bin_id): (product_id, place) for product_id, place in places}
    of_products = rows_of(session, ctx, StockBalance, (product_id for product_id, _ in wanted.values()))
    found = {(row.product_id, row.bin_id): row for rows in of_products.values() for row in rows}
    for balance_id, (product_id, place) in wanted.items():
        if (product_id, place.bin_id) not in found:
            balance = StockBalance(
                company_id=ctx.company_id,
                id=balance_id,
                product_id=product_id,
                warehouse_id=place.warehouse_id,
                bin_id=place.bin_id,
                on_hand=ZERO,
                allocated=ZERO,
            )
            session.add(balance)
            found[product_id, place.bin_id] = balance
    return found


def move_stock(session: Session, ctx: Context, moves: Sequence[Move]) -> dict[tuple[UUID, UUID], StockBalance]:
    """Write `moves` and keep the balances. Raises NotEnoughOnHand if a bin would go below zero."""
    places = []
    for move in moves:
        for place in (_from(move), _to(move)):
            if place is not None:
                places.append((move.product_id, place))
    balances = balances_at(session, ctx, places)
    for move in moves:
        source, target = _from(move), _to(move)
        if source is not None:
            balance = balances[move.product_id, source.bin_id]
            if balance.on_hand < move.qty:
                raise NotEnoughOnHand(
                    on_hand=balance.on_hand,
                    product=find(session, ctx, Product, move.product_id).code,
                    bin=find(session, ctx, Bin, source.bin_id).code,
                    asked=move.qty,
                )
            balance.on_hand -= move.qty
        if target is not None:
            balances[move.product_id, target.bin_id].on_hand += move.qty
    append_rows(session, ctx, StockMove, [vars(move) for move in moves])
    return balances


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
    """A place in `warehouse_id` for each of `named`; None means the receiving bin. Raises BinElsewhere, NotFound."""
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
