"""Lots and serial numbers: which lot a quantity belongs to, and what lies of each lot in a bin.

A product kept by lot or serial number moves with its lot, any other without; one serial number is one piece. Here: naming,
making and choosing lots, and their promises. Not here: writing moves (moving.py) and what a lot cost (valuing.py).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.finding import find_all
from erp_desktop.actions.refusals import Refused, TextRefused
from erp_desktop.actions.remembering import rows_by_id
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.models.product import Product
from erp_desktop.models.stock import Lot, StockBalance
from erp_desktop.numbers import ONE, ZERO

TRACKINGS = ("none", "lot", "serial")
LONGEST_LOT_CODE = 80


class LotMissing(Refused):
    code = "lot_missing"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} is kept by lot or serial number, and none was named. Type or scan it; nothing was changed.",
    )


class LotNotKept(Refused):
    code = "lot_not_kept"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{product} is not kept by lot or serial number. Leave the lot empty; nothing was changed."
    )


class LotOfAnotherProduct(Refused):
    code = "lot_of_another_product"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{lot} is a lot of another product, not of {product}. Choose a lot of {product}; nothing was changed.",
    )


class LotExpiresOtherwise(Refused):
    code = "lot_expires_otherwise"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Lot {lot} of {product} expires on {expires_on} in the books. Correct the date or the lot; nothing was changed.",
    )


class LotExpiresTwice(Refused):
    code = "lot_expires_twice"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Lot {lot} of {product} is named with two expiry dates, {first} and {second}. Correct one; nothing was changed.",
    )


class NotOnePiece(Refused):
    code = "not_one_piece"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{qty} of {product} under serial number {lot}, but a serial number is one piece. "
        "Give each piece its own; nothing was changed.",
    )


class SerialInStock(Refused):
    code = "serial_in_stock"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Serial number {lot} of {product} is in stock already. Read the number again; nothing was changed.",
    )


LOT_REFUSALS = frozenset(
    refusal.code
    for refusal in (
        LotMissing,
        LotNotKept,
        LotOfAnotherProduct,
        LotExpiresOtherwise,
        LotExpiresTwice,
        NotOnePiece,
        SerialInStock,
    )
)


@dataclass(frozen=True)
class NamedLot:
    """A lot as somebody typed or scanned it for `qty` of a product that comes in. An empty `code` is none."""

    product: Product
    code: str
    qty: Decimal
    expires_on: date | None = None


def is_tracked(product: Product) -> bool:
    """Whether its stock is kept by lot or serial number."""
    return product.tracking != "none"


def lot_id_of(product_id: UUID, code: str) -> UUID:
    """The id of a product's lot, the same on every desk and at the centre."""
    return derived_id("lot", product_id, code)


def stock_balance_id(product_id: UUID, bin_id: UUID, lot_id: UUID | None = None) -> UUID:
    """The id of the balance of a product (of one lot) in a bin, the same on every desk and at the centre."""
    if lot_id is None:
        return derived_id("stock_balance", product_id, bin_id)
    return derived_id("stock_balance", product_id, bin_id, lot_id)


def known_lots(session: Session, ctx: Context, named: Sequence[NamedLot]) -> dict[UUID, Lot]:
    """Those of the `named` lots that have been here before, by id, in one question; none where nothing is kept by lot.

    Raises LotMissing, LotNotKept, NotOnePiece, LotExpiresOtherwise, LotExpiresTwice, TextRefused.
    """
    wanted = set()
    for one in named:
        code = one.code.strip()
        if not is_tracked(one.product):
            if code or one.expires_on is not None:
                raise LotNotKept(product=one.product.code)
            continue
        if not code:
            raise LotMissing(product=one.product.code)
        if len(code) > LONGEST_LOT_CODE:
            raise TextRefused(limit=LONGEST_LOT_CODE)
        if not is_one_piece(one.product, one.qty):
            raise NotOnePiece(qty=one.qty, product=one.product.code, lot=code)
        wanted.add(lot_id_of(one.product.id, code))
    if not wanted:
        return {}
    known = rows_by_id(session, ctx, Lot, wanted)
    expiry: dict[UUID, date] = {}
    for one in named:
        if one.expires_on is None:
            continue
        lot_id = lot_id_of(one.product.id, one.code.strip())
        first = expiry.setdefault(lot_id, one.expires_on)
        if first != one.expires_on:
            raise LotExpiresTwice(lot=one.code.strip(), product=one.product.code, first=first, second=one.expires_on)
        lot = known.get(lot_id)
        if lot is not None and lot.expires_on not in (None, one.expires_on):
            raise LotExpiresOtherwise(lot=lot.code, product=one.product.code, expires_on=lot.expires_on)
    return known


def lots_that_came(
    session: Session, ctx: Context, named: Sequence[NamedLot], known: dict[UUID, Lot], arrived_on: date
) -> list[UUID | None]:
    """The lot of each of `named`, made if it is not among the `known` ones; None for what is not kept by lots.

    A known lot whose expiry nobody had written down takes the date that is named now.
    """
    ids: list[UUID | None] = []
    for one in named:
        if not is_tracked(one.product):
            ids.append(None)
            continue
        code = one.code.strip()
        lot_id = lot_id_of(one.product.id, code)
        ids.append(lot_id)
        lot = known.get(lot_id)
        if lot is None:
            lot = known[lot_id] = Lot(
                company_id=ctx.company_id,
                id=lot_id,
                product_id=one.product.id,
                code=code,
                arrived_on=arrived_on,
                expires_on=one.expires_on,
            )
            session.add(lot)
        elif lot.expires_on is None and one.expires_on is not None:
            lot.expires_on = one.expires_on
    return ids


def is_one_piece(product: Product, qty: Decimal) -> bool:
    """Whether `qty` of one lot can be: of a serial number there is one piece or none."""
    return product.tracking != "serial" or qty in (ZERO, ONE)


def refuse_serial_twice(session: Session, ctx: Context, changes: Iterable[NamedLot]) -> None:
    """Raises SerialInStock if `changes` (`qty` is what comes in, or goes out) leave two pieces of one serial number.

    Ask before anything is changed.
    """
    coming: dict[UUID, Decimal] = defaultdict(lambda: ZERO)
    names: dict[UUID, tuple[Product, str]] = {}
    for one in changes:
        if one.product.tracking == "serial":
            lot_id = lot_id_of(one.product.id, one.code.strip())
            coming[lot_id] += one.qty
            names[lot_id] = one.product, one.code.strip()
    arriving = [lot_id for lot_id, change in coming.items() if change > 0]
    if not arriving:
        return
    product_ids = {names[lot_id][0].id for lot_id in arriving}
    in_stock = session.scalars(
        select(StockBalance).where(
            StockBalance.company_id == ctx.company_id,
            StockBalance.product_id.in_(product_ids),
            StockBalance.lot_id.in_(arriving),
            StockBalance.on_hand != 0,
        )
    ).all()
    for balance in in_stock:
        assert balance.lot_id is not None
        coming[balance.lot_id] += balance.on_hand
    for lot_id in arriving:
        if coming[lot_id] > 1:
            product, code = names[lot_id]
            raise SerialInStock(lot=code, product=product.code)


def refuse_wrong_lots(
    session: Session, ctx: Context, chosen: Sequence[tuple[Product, UUID | None]], *, is_lot_needed: bool = True
) -> dict[UUID, Lot]:
    """The lots that were chosen, by id. Raises LotMissing (if one is needed), LotNotKept, LotOfAnotherProduct, NotFound."""
    for product, lot_id in chosen:
        if lot_id is not None and not is_tracked(product):
            raise LotNotKept(product=product.code)
        if lot_id is None and is_tracked(product) and is_lot_needed:
            raise LotMissing(product=product.code)
    ids = {lot_id for _, lot_id in chosen if lot_id is not None}
    lots = find_all(session, ctx, Lot, ids) if ids else {}
    for product, lot_id in chosen:
        if lot_id is not None and lots[lot_id].product_id != product.id:
            raise LotOfAnotherProduct(lot=lots[lot_id].code, product=product.code)
    return lots


class LotsInBin:
    """What lies of one tracked product in one bin. Read and allocated like the balance of any other product.

    `left` is what may still be picked of each lot, in the order in which they are to leave: the earliest expiry first, then
    the oldest. `expired` are those of them that may only leave if somebody names them.
    """

    def __init__(self, session: Session, ctx: Context, product_id: UUID, warehouse_id: UUID, bin_id: UUID) -> None:
        self._session, self._ctx = session, ctx
        self.product_id = product_id
        self.warehouse_id = warehouse_id
        self.bin_id = bin_id
        self.on_hand = ZERO
        self.left: dict[UUID, Decimal] = {}
        self.expired: set[UUID] = set()
        self.promises: StockBalance | None = None  # the row that carries what is allocated of any lot here

    @property
    def allocated(self) -> Decimal:
        return self.promises.allocated if self.promises is not None else ZERO

    @allocated.setter
    def allocated(self, qty: Decimal) -> None:
        if self.promises is None:
            self.promises = begin_balance(self._session, self._ctx, self.product_id, self.warehouse_id, self.bin_id)
        self.promises.allocated = qty

    def pickable(self, lot_id: UUID | None) -> Decimal:
        """How much of the lot, or of all that have not expired, may still be picked here."""
        if lot_id is not None:
            return self.left.get(lot_id, ZERO)
        return sum((qty for lot, qty in self.left.items() if lot not in self.expired), ZERO)

    def pick(self, qty: Decimal, lot_id: UUID | None) -> list[tuple[UUID | None, Decimal]]:
        """Takes `qty`, no more than is pickable, from the lot that is named, else from lot after lot."""
        picked: list[tuple[UUID | None, Decimal]] = []
        for lot in [lot_id] if lot_id is not None else [lot for lot in self.left if lot not in self.expired]:
            part = min(self.left[lot], qty)
            if part > 0:
                self.left[lot] -= part
                qty -= part
                picked.append((lot, part))
        return picked


def begin_balance(
    session: Session, ctx: Context, product_id: UUID, warehouse_id: UUID, bin_id: UUID, lot_id: UUID | None = None
) -> StockBalance:
    """A balance of nothing, for a product (a lot) that has not been in this bin before."""
    balance = StockBalance(
        company_id=ctx.company_id,
        id=stock_balance_id(product_id, bin_id, lot_id),
        product_id=product_id,
        warehouse_id=warehouse_id,
        bin_id=bin_id,
        lot_id=lot_id,
        on_hand=ZERO,
        allocated=ZERO,
    )
    session.add(balance)
    return balance


def lots_in_bins(
    session: Session, ctx: Context, warehouse_id: UUID, product_ids: Collection[UUID], on: date | None = None
) -> dict[UUID, list[LotsInBin]]:
    """What lies of tracked products in the warehouse, by product, in the order of the bins' ids; ask before changing stock.

    A lot has expired if its date is before `on` (None: no matter).
    """
    rows = session.execute(
        select(
            StockBalance.product_id,
            StockBalance.bin_id,
            Lot.id,
            StockBalance.on_hand,
            Lot.expires_on,
            Lot.arrived_on,
            Lot.code,
        )
        .join(Lot, (Lot.company_id == StockBalance.company_id) & (Lot.id == StockBalance.lot_id))
        .where(
            StockBalance.company_id == ctx.company_id,
            StockBalance.warehouse_id == warehouse_id,
            StockBalance.product_id.in_(product_ids),
            StockBalance.on_hand != 0,
        )
    ).all()
    bins: dict[tuple[UUID, UUID], LotsInBin] = {}
    for product_id, bin_id, lot_id, on_hand, expires_on, _, _ in sorted(rows, key=_leaves_first):
        if (product_id, bin_id) not in bins:
            bins[product_id, bin_id] = LotsInBin(session, ctx, product_id, warehouse_id, bin_id)
        in_bin = bins[product_id, bin_id]
        in_bin.left[lot_id] = on_hand
        in_bin.on_hand += on_hand
        if on is not None and expires_on is not None and expires_on < on:
            in_bin.expired.add(lot_id)
    promises = rows_by_id(session, ctx, StockBalance, [stock_balance_id(*place) for place in bins])
    found: dict[UUID, list[LotsInBin]] = {product_id: [] for product_id in product_ids}
    for place in sorted(bins):
        bins[place].promises = promises.get(stock_balance_id(*place))
        found[place[0]].append(bins[place])
    return found


def _leaves_first(row: Any) -> tuple[date, date, str]:
    return row.expires_on or date.max, row.arrived_on, row.code
