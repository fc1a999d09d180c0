"""Counting what is there, and moving stock between bins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import (
    AmountNegative,
    QtyNotPositive,
    active_products,
    find,
    find_all,
    open_period,
    refuse_empty_or_twice,
)
from erp_desktop.actions.lots import (
    NamedLot,
    NotOnePiece,
    is_one_piece,
    is_tracked,
    known_lots,
    lot_id_of,
    lots_in_bins,
    lots_that_came,
    refuse_serial_twice,
    refuse_wrong_lots,
)
from erp_desktop.actions.moving import Move, NotEnoughOnHand, Place, balances_at, bins_of, move_stock, new_move
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.transit import refuse_transit
from erp_desktop.actions.valuing import Incoming, Valued, transfer_cost, value_issues, value_receipts
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ledger.events import Amount, OpeningStock, StockCounted
from erp_desktop.models.product import Product
from erp_desktop.models.stock import Bin, MoveKind, StockCount, StockCountLine
from erp_desktop.numbers import ZERO


class CountedBelowAllocated(Refused):
    code = "counted_below_allocated"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{counted} of {product} counted, but {allocated} there are promised to orders. Release them first, then count again; nothing was changed.",
    )


class SameBin(Refused):
    code = "same_bin"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The goods are in this bin already. Choose another bin; nothing was changed."
    )


@dataclass(frozen=True)
class CountedLine:
    """What was found of a product in a bin, in stock units; `unit_cost` values a gain, None takes the current cost.

    Of a product that is kept by lots, what was found of one lot or serial number.
    """

    product_id: UUID
    bin_id: UUID
    counted_qty: Decimal
    unit_cost: Decimal | None = None
    lot_code: str = ""
    expires_on: date | None = None


@action("goods.count")
@dataclass(frozen=True)
class CountStock(Action):
    """A count is posted: what differs from the books is moved in or out. Opening stock is a count of a new company."""

    count_id: UUID
    warehouse_id: UUID
    counted_on: date
    lines: tuple[CountedLine, ...]
    reason: str = ""
    is_opening: bool = False

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(
            self.lines, [(line.product_id, line.bin_id, line.lot_code.strip()) for line in self.lines]
        )
        open_period(session, ctx, self.counted_on)
        products = find_all(session, ctx, Product, (line.product_id for line in self.lines))
        places = bins_of(session, ctx, self.warehouse_id, [line.bin_id for line in self.lines])
        for line in self.lines:
            if line.counted_qty < 0:
                raise QtyNotPositive(qty=line.counted_qty, product=products[line.product_id].code)
            if line.unit_cost is not None and line.unit_cost < 0:
                raise AmountNegative(amount=line.unit_cost)
        named = [
            NamedLot(products[line.product_id], line.lot_code, line.counted_qty, line.expires_on) for line in self.lines
        ]
        lots = known_lots(session, ctx, named)
        self._refuse_impossible_lots(session, ctx, named)
        lot_ids = lots_that_came(session, ctx, named, lots, self.counted_on)
        balances = balances_at(
            session,
            ctx,
            [(line.product_id, place, lot_id) for line, place, lot_id in zip(self.lines, places, lot_ids, strict=True)],
        )
        count = StockCount(
            company_id=ctx.company_id,
            id=self.count_id,
            number=give_number(session, ctx, "stock_count", self.counted_on),
            warehouse_id=self.warehouse_id,
            counted_on=self.counted_on,
            reason=self.reason,
            is_opening=self.is_opening,
            status="posted",
        )
        session.add(count)
        gains: list[Incoming] = []
        losses: list[Move] = []
        for line_no, (line, place, lot_id) in enumerate(zip(self.lines, places, lot_ids, strict=True), start=1):
            product = products[line.product_id]
            balance = balances[line.product_id, line.bin_id, lot_id]
            if line.counted_qty < min(balance.allocated, balance.on_hand):
                raise CountedBelowAllocated(counted=line.counted_qty, product=product.code, allocated=balance.allocated)
            count_line = StockCountLine(
                company_id=ctx.company_id,
                id=ctx.new_id(),
                count_id=count.id,
                line_no=line_no,
                product_id=line.product_id,
                bin_id=line.bin_id,
                lot_id=lot_id,
                expected_qty=balance.on_hand,
                counted_qty=line.counted_qty,
                unit_cost=line.unit_cost,
            )
            session.add(count_line)
            difference = line.counted_qty - balance.on_hand
            if difference > 0:
                kind = MoveKind.OPENING if self.is_opening else MoveKind.COUNT_GAIN
                move = self._move(ctx, kind, difference, count_line, target=place)
                gains.append(Incoming(move, None if line.unit_cost is None else line.unit_cost * difference))
            elif difference < 0:
                losses.append(self._move(ctx, MoveKind.COUNT_LOSS, -difference, count_line, source=place))
        move_stock(session, ctx, [*(gain.move for gain in gains), *losses])
        if ctx.at_centre:
            self._post(session, ctx, count, value_receipts(session, ctx, gains), value_issues(session, ctx, losses))

    def _refuse_impossible_lots(self, session: Session, ctx: Context, named: Sequence[NamedLot]) -> None:
        """A serial number that would be there twice, or a bin with fewer of all its lots than are promised from it."""
        tracked = {one.product.id for one in named if is_tracked(one.product)}
        if not tracked:
            return
        bins = {
            (found.product_id, found.bin_id): found
            for of_product in lots_in_bins(session, ctx, self.warehouse_id, tracked).values()
            for found in of_product
        }
        changes = []
        after = {place: found.on_hand for place, found in bins.items()}
        for line, one in zip(self.lines, named, strict=True):
            if is_tracked(one.product):
                place = (line.product_id, line.bin_id)
                lot_id = lot_id_of(line.product_id, one.code.strip())
                expected = bins[place].left.get(lot_id, ZERO) if place in bins else ZERO
                changes.append(replace(one, qty=line.counted_qty - expected))
                after[place] = after.get(place, ZERO) + line.counted_qty - expected
        refuse_serial_twice(session, ctx, changes)
        products = {one.product.id: one.product for one in named}
        for place, found in bins.items():
            if after[place] < min(found.allocated, found.on_hand):
                raise CountedBelowAllocated(
                    counted=after[place], product=products[place[0]].code, allocated=found.allocated
                )

    def _move(
        self,
        ctx: Context,
        kind: MoveKind,
        qty: Decimal,
        line: StockCountLine,
        source: Place | None = None,
        target: Place | None = None,
    ) -> Move:
        return new_move(
            ctx,
            kind,
            line.product_id,
            qty,
            self.counted_on,
            ("stock_count", self.count_id),
            (line.id, line.line_no),
            source=source,
            target=target,
            lot_id=line.lot_id,
        )

    def _post(
        self, session: Session, ctx: Context, count: StockCount, gains: list[Valued], losses: list[Valued]
    ) -> None:
        differences = tuple(
            Amount(value, valued.dimensions(self.warehouse_id), valued.variance)
            for valued, value in [*((gain, gain.cost) for gain in gains), *((loss, -loss.cost) for loss in losses)]
        )
        if differences:
            event = OpeningStock(differences) if self.is_opening else StockCounted(differences)
            post(session, ctx, event, self.counted_on, ("stock_count", count.id), text=count.number or "")


@action("goods.transfer")
@dataclass(frozen=True)
class MoveStock(Action):
    """Free stock, of one lot where it is kept by lots, goes from one bin to another, at once.

    Between warehouses that are costed apart its cost goes along.
    """

    move_id: UUID
    product_id: UUID
    qty: Decimal
    from_bin_id: UUID
    to_bin_id: UUID
    moved_on: date
    lot_id: UUID | None = None

    def run(self, session: Session, ctx: Context) -> None:
        product = active_products(session, ctx, [self.product_id])[self.product_id]
        if self.qty <= 0:
            raise QtyNotPositive(qty=self.qty, product=product.code)
        if self.from_bin_id == self.to_bin_id:
            raise SameBin()
        open_period(session, ctx, self.moved_on)
        source, target = (
            Place(stock_bin.warehouse_id, stock_bin.id)
            for stock_bin in (find(session, ctx, Bin, self.from_bin_id), find(session, ctx, Bin, self.to_bin_id))
        )
        refuse_transit(ctx, source.warehouse_id, target.warehouse_id)
        free = self._free(session, ctx, product, source)
        if free < self.qty:
            raise NotEnoughOnHand(
                on_hand=max(free, ZERO),
                product=product.code,
                bin=find(session, ctx, Bin, self.from_bin_id).code,
                asked=self.qty,
            )
        move = new_move(
            ctx,
            MoveKind.TRANSFER,
            self.product_id,
            self.qty,
            self.moved_on,
            ("stock_move", self.move_id),
            (self.move_id, 1),
            source=source,
            target=target,
            move_id=self.move_id,
            lot_id=self.lot_id,
        )
        move_stock(session, ctx, [move])
        if ctx.at_centre:
            transfer_cost(session, ctx, [move])

    def _free(self, session: Session, ctx: Context, product: Product, source: Place) -> Decimal:
        lots = refuse_wrong_lots(session, ctx, [(product, self.lot_id)])
        if self.lot_id is None:
            balance = balances_at(session, ctx, [(self.product_id, source, None)])[self.product_id, source.bin_id, None]
            return balance.on_hand - balance.allocated
        if not is_one_piece(product, self.qty):
            raise NotOnePiece(qty=self.qty, product=product.code, lot=lots[self.lot_id].code)
        for found in lots_in_bins(session, ctx, source.warehouse_id, [self.product_id])[self.product_id]:
            if found.bin_id == source.bin_id:
                return min(found.on_hand - found.allocated, found.pickable(self.lot_id))
        return ZERO
