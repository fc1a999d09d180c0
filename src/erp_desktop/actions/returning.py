"""Goods come back from customers: of a shipment that is known, at its cost, or of nobody knows which, at current cost.

Here: the actions, and what is refused. How a return is written, moved, valued and posted is in taking_back.py.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.delivering import post_cost_of_delivered
from erp_desktop.actions.finding import (
    AmountNegative,
    QtyNotPositive,
    company_of,
    find,
    find_all,
    is_at_delivery,
    open_period,
    refuse_empty_or_twice,
)
from erp_desktop.actions.lots import NamedLot, known_lots, lots_that_came, refuse_serial_twice
from erp_desktop.actions.moving import bins_of
from erp_desktop.actions.refusals import NotFound, Refused
from erp_desktop.actions.selling import NotACustomer
from erp_desktop.actions.taking_back import Back, still_announced, take_in
from erp_desktop.actions.window import keep_in_window
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.sales import (
    Channel,
    CustomerReturn,
    ReturnStatus,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
)
from erp_desktop.models.stock import Lot, StockMove, Warehouse
from erp_desktop.models.types import QtyType
from erp_desktop.numbers import STOCK_UNIT, ZERO, round_money


class OverReturn(Refused):
    code = "over_return"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{asked} of {product} came back, but only {open} of {shipment} are still with the customer. Count again; nothing was changed.",
    )


class NobodyReturnedIt(Refused):
    code = "nobody_returned_it"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "It is not said who sent the goods back. Choose the customer, or the channel if nobody knows who; nothing was changed.",
    )


class ReturnBeforeShipment(Refused):
    code = "return_before_shipment"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{shipment} left on {shipped_on}; goods cannot be back before. Correct the date; nothing was changed.",
    )


class ReturnBeforeDelivery(Refused):
    code = "return_before_delivery"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{shipment} was delivered on {delivered_on}; what the customer had cannot be back before. Correct the date; nothing was "
        "changed.",
    )


@dataclass(frozen=True)
class ReturnedLine:
    """What came back of one shipment line, in stock units. No bin: the warehouse's receiving bin.

    `is_scrapped`: it is of no use any more. Of a line that came back partly fit for sale there are two of these.
    """

    shipment_line_id: UUID
    qty: Decimal
    bin_id: UUID | None = None
    is_scrapped: bool = False


@dataclass(frozen=True)
class ReturnedProduct:
    """What came back of a product, nobody knows of which shipment, in stock units; credited at `unit_price` each (may be 0).

    Of a product that is kept by lots, what came back of one. No bin: the warehouse's receiving bin.
    """

    product_id: UUID
    qty: Decimal
    unit_price: Decimal
    bin_id: UUID | None = None
    lot_code: str = ""
    expires_on: date | None = None
    is_scrapped: bool = False


@action("sales.return")
@dataclass(frozen=True)
class TakeInReturn(Action):
    """Goods of a shipment came back: into stock at the cost at which they left, or scrapped, credited at their price.

    Of goods that had not been delivered, in a company that posts revenue then, nothing was invoiced, and nothing is credited.
    `announced_id`: the announced return that they came for; whatever else was announced with it is not waited for any more.
    """

    return_id: UUID
    shipment_id: UUID
    returned_on: date
    lines: tuple[ReturnedLine, ...]
    reason: str = ""
    announced_id: UUID | None = None

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(self.lines, [(line.shipment_line_id, line.is_scrapped) for line in self.lines])
        shipment = find(session, ctx, Shipment, self.shipment_id)
        if self.returned_on < shipment.shipped_on:
            raise ReturnBeforeShipment(shipment=shipment.number or "", shipped_on=shipment.shipped_on)
        at_delivery = is_at_delivery(session, ctx)
        was_under_way = at_delivery and shipment.delivered_on is None
        if at_delivery and shipment.delivered_on is not None and self.returned_on < shipment.delivered_on:
            raise ReturnBeforeDelivery(shipment=shipment.number or "", delivered_on=shipment.delivered_on)
        open_period(session, ctx, self.returned_on)
        order = find(session, ctx, SalesOrder, shipment.order_id)
        keep_in_window(session, ctx, order)
        shipped = self._shipped_lines(session, ctx, shipment)
        under_way_until = self._under_way_until(session, ctx, shipment)
        order_lines = find_all(session, ctx, SalesOrderLine, {line.order_line_id for line in shipped.values()})
        places = bins_of(session, ctx, shipment.warehouse_id, [line.bin_id for line in self.lines])
        shipment_moves = {
            move.line_id: move
            for move in session.scalars(
                select(StockMove).where(StockMove.company_id == ctx.company_id, StockMove.document_id == shipment.id)
            )
        }
        self._refuse_serial_twice(session, ctx, shipped)
        currency_places = company_of(session, ctx).currency_places
        came_back = []
        for line, place in zip(self.lines, places, strict=True):
            shipped_line = shipped[line.shipment_line_id]
            order_line = order_lines[shipped_line.order_line_id]
            shipped_line.returned_qty += line.qty
            came_back.append(
                Back(
                    shipped_line.product_id,
                    shipped_line.lot_id,
                    place,
                    line.qty,
                    STOCK_UNIT.price_from(order_line.factor, order_line.unit_price),  # of one stock unit
                    ZERO
                    if was_under_way
                    else round_money(order_line.amount * line.qty / order_line.qty, currency_places),
                    line.is_scrapped,
                    shipped_line.id,
                    shipment_moves[shipped_line.id].id,
                )
            )
        returned = CustomerReturn(
            company_id=ctx.company_id,
            id=self.return_id,
            channel_id=order.channel_id,
            shipment_id=shipment.id,
            customer_id=shipment.customer_id,
            warehouse_id=shipment.warehouse_id,
            returned_on=self.returned_on,
            reason=self.reason,
            was_under_way=was_under_way,
            announced_id=self.announced_id,
        )
        take_in(session, ctx, returned, came_back)
        if under_way_until is not None:
            shipment.under_way_until = under_way_until
            if was_under_way and ctx.at_centre:  # what is dated later than that went to goods dispatched before
                post_cost_of_delivered(session, ctx, shipment, order, under_way_until)

    def _under_way_until(self, session: Session, ctx: Context, shipment: Shipment) -> date | None:
        """The day from which nothing of the shipment is under way, if all that is still out comes back with this return."""
        if shipment.under_way_until is not None:
            return None
        line, earlier = ShipmentLine, CustomerReturn
        still_out = session.scalar(
            select(func.sum(line.qty - line.returned_qty, type_=QtyType())).where(
                line.company_id == ctx.company_id, line.shipment_id == shipment.id
            )
        )
        if sum((line.qty for line in self.lines), ZERO) != still_out:
            return None
        last = session.scalar(
            select(func.max(earlier.returned_on)).where(
                earlier.company_id == ctx.company_id, earlier.shipment_id == shipment.id
            )
        )
        return max(self.returned_on, last or self.returned_on)

    def _refuse_serial_twice(self, session: Session, ctx: Context, shipped: dict[UUID, ShipmentLine]) -> None:
        """Somebody may have taken the piece in by another way meanwhile."""
        back: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
        for line in self.lines:
            if (lot_id := shipped[line.shipment_line_id].lot_id) is not None:
                back[lot_id] += line.qty
        if back:
            lots = find_all(session, ctx, Lot, back)
            products = find_all(session, ctx, Product, {lot.product_id for lot in lots.values()})
            named = [
                NamedLot(products[lots[lot_id].product_id], lots[lot_id].code, qty) for lot_id, qty in back.items()
            ]
            refuse_serial_twice(session, ctx, named)

    def _shipped_lines(self, session: Session, ctx: Context, shipment: Shipment) -> dict[UUID, ShipmentLine]:
        shipped = find_all(session, ctx, ShipmentLine, (line.shipment_line_id for line in self.lines))
        asked: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
        for line in self.lines:
            shipped_line = shipped[line.shipment_line_id]
            if shipped_line.shipment_id != shipment.id:
                raise NotFound(kind="shipment line")
            asked[shipped_line.id] += line.qty
            still_out = shipped_line.qty - shipped_line.returned_qty
            if line.qty <= 0 or asked[shipped_line.id] > still_out:
                product = find(session, ctx, Product, shipped_line.product_id).code
                if line.qty <= 0:
                    raise QtyNotPositive(qty=line.qty, product=product)
                raise OverReturn(
                    asked=asked[shipped_line.id], product=product, open=still_out, shipment=shipment.number or ""
                )
        return shipped


@action("sales.return")
@dataclass(frozen=True)
class TakeInReturnWithoutShipment(Action):
    """Goods came back and nobody knows of which shipment: into stock at current cost (costing.md, rule 5), or scrapped, credited as
    stated. They are the customer's, or at least known to be of a channel. `announced_id` as in TakeInReturn.

    Raises NoCostKnown for goods that never had a cost.
    """

    return_id: UUID
    warehouse_id: UUID
    returned_on: date
    lines: tuple[ReturnedProduct, ...]
    customer_id: UUID | None = None
    channel_id: UUID | None = None
    reason: str = ""
    announced_id: UUID | None = None

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(
            self.lines,
            [(line.product_id, line.bin_id, line.lot_code.strip(), line.is_scrapped) for line in self.lines],
        )
        if self.customer_id is None and self.channel_id is None:
            raise NobodyReturnedIt()
        if self.customer_id is not None:
            party = find(session, ctx, Party, self.customer_id)
            if not (party.is_consumer or party.is_distributor):
                raise NotACustomer(party=party.name)
        if self.channel_id is not None:
            find(session, ctx, Channel, self.channel_id)
        find(session, ctx, Warehouse, self.warehouse_id)
        open_period(session, ctx, self.returned_on)
        products = find_all(session, ctx, Product, (line.product_id for line in self.lines))
        places = bins_of(session, ctx, self.warehouse_id, [line.bin_id for line in self.lines])
        for line in self.lines:
            if line.qty <= 0:
                raise QtyNotPositive(qty=line.qty, product=products[line.product_id].code)
            if line.unit_price < 0:
                raise AmountNegative(amount=line.unit_price)
        named = [NamedLot(products[line.product_id], line.lot_code, line.qty, line.expires_on) for line in self.lines]
        known = known_lots(session, ctx, named)
        refuse_serial_twice(session, ctx, named)
        lot_ids = lots_that_came(session, ctx, named, known, self.returned_on)
        currency_places = company_of(session, ctx).currency_places
        came_back = [
            Back(
                line.product_id,
                lot_id,
                place,
                line.qty,
                line.unit_price,
                round_money(line.unit_price * line.qty, currency_places),
                line.is_scrapped,
            )
            for line, place, lot_id in zip(self.lines, places, lot_ids, strict=True)
        ]
        returned = CustomerReturn(
            company_id=ctx.company_id,
            id=self.return_id,
            channel_id=self.channel_id,
            shipment_id=None,
            customer_id=self.customer_id,
            warehouse_id=self.warehouse_id,
            returned_on=self.returned_on,
            reason=self.reason,
            was_under_way=False,
            announced_id=self.announced_id,
        )
        take_in(session, ctx, returned, came_back)


@action("sales.return")
@dataclass(frozen=True)
class CloseAnnouncedReturn(Action):
    """The goods of an announced return will not come: nothing moves, and it is not waited for any more."""

    return_id: UUID
    closed_on: date

    def run(self, session: Session, ctx: Context) -> None:
        announced = still_announced(session, ctx, self.return_id)
        announced.status, announced.closed_on = ReturnStatus.CLOSED, self.closed_on
