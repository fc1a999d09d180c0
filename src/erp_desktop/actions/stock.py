"""Counting what is there, and moving stock between bins."""

from dataclasses import dataclass
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
from erp_desktop.actions.moving import Move, NotEnoughOnHand, Place, balances_at, bins_of, move_stock, new_move
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.valuing import Incoming, Valued, transfer_cost, value_issues, value_receipts
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.ledger.posting import Amount, Dimensions, OpeningStock, StockCounted
from erp_desktop.models.product import Product
from erp_desktop.models.stock import Bin, MoveKind, StockCount, StockCountLine


class CountedBelowAllocated(Refused):
    code = "counted_below_allocated"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{counted} of {product} counted, but {allocated} there are promised to orders. Release them first, then count again.",
    )


class SameBin(Refused):
    code = "same_bin"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The goods are in this bin already. Choose another bin; nothing was changed."
    )


@dataclass(frozen=True)
class CountedLine:
    """What was found of a product in a bin, in stock units; `unit_cost` values a gain, None takes the current cost."""

    product_id: UUID
    bin_id: UUID
    counted_qty: Decimal
    unit_cost: Decimal | None = None


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
        refuse_empty_or_twice(self.lines, [derived_id("", line.product_id, line.bin_id) for line in self.lines])
        open_period(session, ctx, self.counted_on)
        products = find_all(session, ctx, Product, (line.product_id for line in self.lines))
        places = bins_of(session, ctx, self.warehouse_id, [line.bin_id for line in self.lines])
        balances = balances_at(
            session, ctx, ((line.product_id, place) for line, place in zip(self.lines, places, strict=True))
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
        for line_no, (line, place) in enumerate(zip(self.lines, places, strict=True), start=1):
            product = products[line.product_id]
            balance = balances[line.product_id, line.bin_id]
            if line.counted_qty < 0:
                raise QtyNotPositive(qty=line.counted_qty, product=product.code)
            if line.unit_cost is not None and line.unit_cost < 0:
                raise AmountNegative(amount=line.unit_cost)
            if line.counted_qty < balance.allocated:
                raise CountedBelowAllocated(counted=line.counted_qty, product=product.code, allocated=balance.allocated)
            count_line = StockCountLine(
                company_id=ctx.company_id,
                id=ctx.new_id(),
                count_id=count.id,
                line_no=line_no,
                product_id=line.product_id,
                bin_id=line.bin_id,
                expected_qty=balance.on_hand,
                counted_qty=line.counted_qty,
                unit_cost=line.unit_cost,
            )
            session.add(count_line)
            difference = line.counted_qty - balance.on_hand
            if difference > 0:
                kind = MoveKind.OPENING if self.is_opening else MoveKind.COUNT_GAIN
                move = self._move(ctx, kind, line.product_id, difference, count_line, target=place)
                gains.append(Incoming(move, None if line.unit_cost is None else line.unit_cost * difference))
            elif difference < 0:
                losses.append(
                    self._move(ctx, MoveKind.COUNT_LOSS, line.product_id, -difference, count_line, source=place)
                )
        move_stock(session, ctx, [*(gain.move for gain in gains), *losses])
        if ctx.at_centre:
            self._post(session, ctx, count, value_receipts(session, ctx, gains), value_issues(session, ctx, losses))

    def _move(
        self,
        ctx: Context,
        kind: MoveKind,
        product_id: UUID,
        qty: Decimal,
        line: StockCountLine,
        source: Place | None = None,
        target: Place | None = None,
    ) -> Move:
        return new_move(
            ctx,
            kind,
            product_id,
            qty,
            self.counted_on,
            ("stock_count", self.count_id),
            (line.id, line.line_no),
            source=source,
            target=target,
        )

    def _post(
        self, session: Session, ctx: Context, count: StockCount, gains: list[Valued], losses: list[Valued]
    ) -> None:
        differences = tuple(
            Amount(
                value,
                Dimensions(
                    product_id=valued.move.product_id, warehouse_id=self.warehouse_id, line_id=valued.move.line_id
                ),
            )
            for valued, value in [*((gain, gain.cost) for gain in gains), *((loss, -loss.cost) for loss in losses)]
        )
        if differences:
            event = OpeningStock(differences) if self.is_opening else StockCounted(differences)
            post(session, ctx, event, self.counted_on, ("stock_count", count.id), text=count.number or "")


@action("goods.transfer")
@dataclass(frozen=True)
class MoveStock(Action):
    """Free stock goes from one bin to another, at once. Between warehouses that are costed apart its cost goes along."""

    move_id: UUID
    product_id: UUID
    qty: Decimal
    from_bin_id: UUID
    to_bin_id: UUID
    moved_on: date

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
        balances = balances_at(session, ctx, [(self.product_id, source)])
        balance = balances[self.product_id, source.bin_id]
        if balance.on_hand - balance.allocated < self.qty:
            raise NotEnoughOnHand(
                on_hand=balance.on_hand - balance.allocated,
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
        )
        move_stock(session, ctx, [move])
        if ctx.at_centre:
            transfer_cost(session, ctx, move)
