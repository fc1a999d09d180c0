"""Goods that go from one warehouse to another over days: dispatched, in transit, taken in, and what never arrives.

Each step is a move of its own; cost goes along unchanged (costing.md, rule 8). Moving at once from bin to bin is stock.py's.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import (
    QtyNotPositive,
    WrongState,
    active_products,
    find,
    find_all,
    open_period,
    refuse_empty_or_twice,
)
from erp_desktop.actions.lots import LotsInBin, NotOnePiece, is_one_piece, lots_in_bins, refuse_wrong_lots
from erp_desktop.actions.moving import Move, NotEnoughOnHand, Place, balances_at, bins_of, move_stock, new_move
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import NotFound, Refused, TextRefused
from erp_desktop.actions.transit import open_transit, refuse_transit, transit_bin_id, transit_warehouse_id
from erp_desktop.actions.valuing import transfer_cost, value_issues
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.ledger.events import Amount, LostInTransit
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.stock import Bin, GoodsTransfer, GoodsTransferLine, MoveKind, TransferStatus, Warehouse
from erp_desktop.numbers import ZERO

_UNDER_WAY = (TransferStatus.DISPATCHED, TransferStatus.PART_RECEIVED)
LONGEST_REASON = 200
LONGEST_TRACKING_NUMBER = 80


class SameWarehouse(Refused):
    code = "same_warehouse"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The goods are in this warehouse already. Choose another one to send them to, or move them from bin to bin; "
        "nothing was changed.",
    )


class OverArrival(Refused):
    code = "over_arrival"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{asked} of {product} arrived, but only {open} of {transfer} are in transit. Count again; nothing was changed.",
    )


class BeforeDispatch(Refused):
    code = "before_dispatch"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{transfer} left on {dispatched_on}, so this cannot have been before. Correct the date; nothing was changed.",
    )


class ExpectedBeforeDispatch(Refused):
    code = "expected_before_dispatch"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The goods leave on {dispatched_on}, so they cannot be expected before. Correct the date; nothing was changed.",
    )


class NoReasonForLoss(Refused):
    code = "no_reason_for_loss"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Say why the goods did not arrive; whoever reads the books asks. Enter a reason; nothing was changed.",
    )


@dataclass(frozen=True)
class DispatchedLine:
    """What leaves a bin, in stock units; of a product that is kept by lots, which lot."""

    product_id: UUID
    qty: Decimal
    from_bin_id: UUID
    lot_id: UUID | None = None


@dataclass(frozen=True)
class ArrivedLine:
    """What arrived of a transfer's line, in stock units. No bin: the warehouse's receiving bin."""

    transfer_line_id: UUID
    qty: Decimal
    bin_id: UUID | None = None


def transfer_line_id(transfer_id: UUID, line_no: int) -> UUID:
    """The id of a transfer's line, counted from 1: whoever dispatches knows it at once."""
    return derived_id("goods_transfer_line", transfer_id, str(line_no))


@action("goods.transfer")
@dataclass(frozen=True)
class DispatchTransfer(Action):
    """Free stock leaves its bins for another warehouse and is in transit until it is taken in there."""

    transfer_id: UUID
    from_warehouse_id: UUID
    to_warehouse_id: UUID
    dispatched_on: date
    lines: tuple[DispatchedLine, ...]
    expected_on: date | None = None
    carrier_id: UUID | None = None
    tracking_number: str = ""

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(self.lines, [(line.product_id, line.from_bin_id, line.lot_id) for line in self.lines])
        products = active_products(session, ctx, (line.product_id for line in self.lines))
        self._refuse_header(session, ctx)
        open_period(session, ctx, self.dispatched_on)
        places = bins_of(session, ctx, self.from_warehouse_id, [line.from_bin_id for line in self.lines])
        self._refuse_not_free(session, ctx, products, places)

        open_transit(session, ctx)
        transfer = GoodsTransfer(
            company_id=ctx.company_id,
            id=self.transfer_id,
            number=give_number(session, ctx, "goods_transfer", self.dispatched_on),
            from_warehouse_id=self.from_warehouse_id,
            to_warehouse_id=self.to_warehouse_id,
            dispatched_on=self.dispatched_on,
            expected_on=self.expected_on,
            carrier_id=self.carrier_id,
            tracking_number=self.tracking_number.strip(),
            closed_on=None,
            status=TransferStatus.DISPATCHED,
        )
        rows = [
            GoodsTransferLine(
                company_id=ctx.company_id,
                id=transfer_line_id(self.transfer_id, line_no),
                transfer_id=self.transfer_id,
                line_no=line_no,
                product_id=line.product_id,
                lot_id=line.lot_id,
                from_bin_id=line.from_bin_id,
                qty=line.qty,
                received_qty=ZERO,
                lost_qty=ZERO,
            )
            for line_no, line in enumerate(self.lines, start=1)
        ]
        session.add(transfer)
        session.add_all(rows)
        on_the_way = _transit(ctx)
        moves = [
            _move(ctx, MoveKind.TRANSFER, row, row.qty, self.dispatched_on, place, on_the_way)
            for row, place in zip(rows, places, strict=True)
        ]
        move_stock(session, ctx, moves)
        if ctx.at_centre:
            transfer_cost(session, ctx, moves)

    def _refuse_header(self, session: Session, ctx: Context) -> None:
        refuse_transit(ctx, self.from_warehouse_id, self.to_warehouse_id)
        if self.from_warehouse_id == self.to_warehouse_id:
            raise SameWarehouse()
        find_all(session, ctx, Warehouse, {self.from_warehouse_id, self.to_warehouse_id})
        if self.carrier_id is not None:
            find(session, ctx, Party, self.carrier_id)
        if len(self.tracking_number.strip()) > LONGEST_TRACKING_NUMBER:
            raise TextRefused(limit=LONGEST_TRACKING_NUMBER)
        if self.expected_on is not None and self.expected_on < self.dispatched_on:
            raise ExpectedBeforeDispatch(dispatched_on=self.dispatched_on)

    def _refuse_not_free(
        self, session: Session, ctx: Context, products: dict[UUID, Product], places: Sequence[Place]
    ) -> None:
        """What is promised to orders stays, and of a lot no more leaves than is there."""
        chosen = [(products[line.product_id], line.lot_id) for line in self.lines]
        lots = refuse_wrong_lots(session, ctx, chosen)
        plain = [
            (line.product_id, place, None)
            for line, place in zip(self.lines, places, strict=True)
            if line.lot_id is None
        ]
        balances = balances_at(session, ctx, plain) if plain else {}
        tracked = {line.product_id for line in self.lines if line.lot_id is not None}
        in_bins: dict[tuple[UUID, UUID], LotsInBin] = {}
        if tracked:
            found = lots_in_bins(session, ctx, self.from_warehouse_id, tracked)
            in_bins = {(one.product_id, one.bin_id): one for of_product in found.values() for one in of_product}
        for line in self.lines:
            product = products[line.product_id]
            if line.qty <= 0:
                raise QtyNotPositive(qty=line.qty, product=product.code)
            if line.lot_id is None:
                balance = balances[line.product_id, line.from_bin_id, None]
                free = balance.on_hand - balance.allocated
            else:
                if not is_one_piece(product, line.qty):
                    raise NotOnePiece(qty=line.qty, product=product.code, lot=lots[line.lot_id].code)
                in_bin = in_bins.get((line.product_id, line.from_bin_id))
                free = ZERO
                if in_bin is not None:
                    free = min(in_bin.on_hand - in_bin.allocated, in_bin.pickable(line.lot_id))
                    in_bin.on_hand -= line.qty
            if free < line.qty:
                stock_bin = find(session, ctx, Bin, line.from_bin_id)
                raise NotEnoughOnHand(on_hand=max(free, ZERO), product=product.code, bin=stock_bin.code, asked=line.qty)


@action("goods.transfer")
@dataclass(frozen=True)
class ReceiveTransfer(Action):
    """Goods of a transfer arrived and lie in bins of the warehouse that they were sent to; the rest stays in transit."""

    transfer_id: UUID
    received_on: date
    lines: tuple[ArrivedLine, ...]

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(self.lines, [(line.transfer_line_id, line.bin_id) for line in self.lines])
        transfer = _under_way(session, ctx, self.transfer_id, self.received_on)
        rows = {row.id: row for row in lines_of(session, ctx, transfer.id)}
        products = find_all(session, ctx, Product, {row.product_id for row in rows.values()})
        places = bins_of(session, ctx, transfer.to_warehouse_id, [line.bin_id for line in self.lines])
        self._refuse_too_much(transfer, rows, products)

        moves = []
        for line, place in zip(self.lines, places, strict=True):
            row = rows[line.transfer_line_id]
            row.received_qty += line.qty
            moves.append(_move(ctx, MoveKind.TRANSFER, row, line.qty, self.received_on, _transit(ctx), place))
        is_complete = all(row.received_qty == row.qty for row in rows.values())
        transfer.status = TransferStatus.RECEIVED if is_complete else TransferStatus.PART_RECEIVED
        move_stock(session, ctx, moves)
        if ctx.at_centre:
            transfer_cost(session, ctx, moves)

    def _refuse_too_much(
        self, transfer: GoodsTransfer, rows: dict[UUID, GoodsTransferLine], products: dict[UUID, Product]
    ) -> None:
        arrived: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
        for line in self.lines:
            row = rows.get(line.transfer_line_id)
            if row is None:
                raise NotFound(kind="goods transfer line")
            product = products[row.product_id]
            if line.qty <= 0:
                raise QtyNotPositive(qty=line.qty, product=product.code)
            arrived[row.id] += line.qty
            if arrived[row.id] > in_transit(row):
                raise OverArrival(
                    asked=arrived[row.id], product=product.code, open=in_transit(row), transfer=transfer.number or ""
                )


@action("goods.count")
@dataclass(frozen=True)
class CloseTransferShort(Action):
    """What is still in transit of a transfer will not arrive: it is lost, and its cost goes where a count's losses go."""

    transfer_id: UUID
    closed_on: date
    reason: str

    def run(self, session: Session, ctx: Context) -> None:
        reason = self.reason.strip()
        if not reason:
            raise NoReasonForLoss()
        if len(reason) > LONGEST_REASON:
            raise TextRefused(limit=LONGEST_REASON)
        transfer = _under_way(session, ctx, self.transfer_id, self.closed_on)
        moves = []
        for row in lines_of(session, ctx, transfer.id):
            if missing := in_transit(row):
                row.lost_qty += missing
                moves.append(_move(ctx, MoveKind.COUNT_LOSS, row, missing, self.closed_on, _transit(ctx), None))
        transfer.status = TransferStatus.CLOSED_SHORT
        transfer.closed_on, transfer.close_reason = self.closed_on, reason
        move_stock(session, ctx, moves)
        if ctx.at_centre:
            lost = tuple(
                Amount(valued.cost, valued.dimensions(valued.move.from_warehouse_id))
                for valued in value_issues(session, ctx, moves)
            )
            document = ("goods_transfer", transfer.id)
            post(session, ctx, LostInTransit(lost), self.closed_on, document, text=transfer.number or "")


def in_transit(line: GoodsTransferLine) -> Decimal:
    """What neither arrived nor was written off."""
    return line.qty - line.received_qty - line.lost_qty


def lines_of(session: Session, ctx: Context, transfer_id: UUID) -> list[GoodsTransferLine]:
    """The lines of a transfer, in order."""
    line = GoodsTransferLine
    statement = select(line).where(line.company_id == ctx.company_id, line.transfer_id == transfer_id)
    return sorted(session.scalars(statement), key=lambda row: row.line_no)


def _under_way(session: Session, ctx: Context, transfer_id: UUID, day: date) -> GoodsTransfer:
    """The transfer, if something of it may happen on a day. Raises WrongState, BeforeDispatch, PeriodClosed."""
    transfer = find(session, ctx, GoodsTransfer, transfer_id)
    if transfer.status not in _UNDER_WAY:
        raise WrongState(document=transfer.number or "", status=transfer.status)
    if day < transfer.dispatched_on:
        raise BeforeDispatch(transfer=transfer.number or "", dispatched_on=transfer.dispatched_on)
    open_period(session, ctx, day)
    return transfer


def _transit(ctx: Context) -> Place:
    return Place(transit_warehouse_id(ctx.company_id), transit_bin_id(ctx.company_id))


def _move(
    ctx: Context,
    kind: MoveKind,
    row: GoodsTransferLine,
    qty: Decimal,
    moved_on: date,
    source: Place,
    target: Place | None,
) -> Move:
    return new_move(
        ctx,
        kind,
        row.product_id,
        qty,
        moved_on,
        ("goods_transfer", row.transfer_id),
        (row.id, row.line_no),
        source=source,
        target=target,
        lot_id=row.lot_id,
    )
