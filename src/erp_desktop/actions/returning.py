"""Goods come back from customers."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import QtyNotPositive, company_of, find, find_all, open_period, refuse_empty_or_twice
from erp_desktop.actions.lots import NamedLot, refuse_serial_twice
from erp_desktop.actions.moving import bins_of, move_stock, new_move
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import NotFound, Refused
from erp_desktop.actions.valuing import value_returns
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ledger.posting import CustomerReturned, Dimensions, ReturnedAmount
from erp_desktop.models.product import Product
from erp_desktop.models.sales import (
    CustomerReturn,
    CustomerReturnLine,
    ReturnStatus,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
)
from erp_desktop.models.stock import Lot, MoveKind, StockMove
from erp_desktop.numbers import ZERO, round_money


class OverReturn(Refused):
    code = "over_return"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{asked} of {product} came back, but only {open} of {shipment} are still with the customer. Count again.",
    )


class ReturnBeforeShipment(Refused):
    code = "return_before_shipment"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{shipment} left on {shipped_on}; goods cannot be back before. Correct the date."
    )


@dataclass(frozen=True)
class ReturnedLine:
    """What came back of one shipment line, in stock units. No bin: the warehouse's receiving bin."""

    shipment_line_id: UUID
    qty: Decimal
    bin_id: UUID | None = None


@action("sales.return")
@dataclass(frozen=True)
class TakeInReturn(Action):
    """Goods of a shipment came back fit for sale: into stock at the cost at which they left, credited at their price."""

    return_id: UUID
    shipment_id: UUID
    returned_on: date
    lines: tuple[ReturnedLine, ...]
    reason: str = ""

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(self.lines, [line.shipment_line_id for line in self.lines])
        shipment = find(session, ctx, Shipment, self.shipment_id)
        if self.returned_on < shipment.shipped_on:
            raise ReturnBeforeShipment(shipment=shipment.number or "", shipped_on=shipment.shipped_on)
        open_period(session, ctx, self.returned_on)
        order = find(session, ctx, SalesOrder, shipment.order_id)
        shipped = self._shipped_lines(session, ctx, shipment)
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

        returned = CustomerReturn(
            company_id=ctx.company_id,
            id=self.return_id,
            number=give_number(session, ctx, "customer_return", self.returned_on),
            channel_id=order.channel_id,
            external_number=None,
            shipment_id=shipment.id,
            customer_id=shipment.customer_id,
            warehouse_id=shipment.warehouse_id,
            returned_on=self.returned_on,
            reason=self.reason,
            total=ZERO,
            status=ReturnStatus.POSTED,
        )
        session.add(returned)
        moves = []
        credits = {}
        for line_no, (line, place) in enumerate(zip(self.lines, places, strict=True), start=1):
            shipped_line = shipped[line.shipment_line_id]
            order_line = order_lines[shipped_line.order_line_id]
            shipped_line.returned_qty += line.qty
            return_line = CustomerReturnLine(
                company_id=ctx.company_id,
                id=ctx.new_id(),
                return_id=returned.id,
                line_no=line_no,
                shipment_line_id=shipped_line.id,
                product_id=shipped_line.product_id,
                lot_id=shipped_line.lot_id,
                bin_id=place.bin_id,
                qty=line.qty,
                unit_price=order_line.unit_price,
                amount=round_money(order_line.amount * line.qty / order_line.qty, currency_places),
            )
            session.add(return_line)
            returned.total += return_line.amount
            credits[return_line.id] = return_line.amount
            moves.append(
                new_move(
                    ctx,
                    MoveKind.CUSTOMER_RETURN,
                    shipped_line.product_id,
                    line.qty,
                    self.returned_on,
                    ("customer_return", returned.id),
                    (return_line.id, line_no),
                    target=place,
                    returns_move_id=shipment_moves[shipped_line.id].id,
                    lot_id=shipment_moves[shipped_line.id].lot_id,
                )
            )
        move_stock(session, ctx, moves)

        if ctx.at_centre:
            event = CustomerReturned(
                tuple(
                    ReturnedAmount(
                        valued.cost,
                        credits[valued.move.line_id],
                        Dimensions(
                            product_id=valued.move.product_id,
                            party_id=shipment.customer_id,
                            warehouse_id=shipment.warehouse_id,
                            channel_id=order.channel_id,
                            line_id=valued.move.line_id,
                        ),
                    )
                    for valued in value_returns(session, ctx, moves)
                ),
                receivable=Dimensions(party_id=shipment.customer_id, channel_id=order.channel_id),
            )
            post(session, ctx, event, self.returned_on, ("customer_return", returned.id), text=returned.number or "")

    def _refuse_serial_twice(self, session: Session, ctx: Context, shipped: dict[UUID, ShipmentLine]) -> None:
        """Somebody may have taken the piece in by another way meanwhile."""
        back = {
            lot_id: line.qty for line in self.lines if (lot_id := shipped[line.shipment_line_id].lot_id) is not None
        }
        if back:
            lots = find_all(session, ctx, Lot, back)
            products = find_all(session, ctx, Product, {lot.product_id for lot in lots.values()})
            named = [
                NamedLot(products[lots[lot_id].product_id], lots[lot_id].code, qty) for lot_id, qty in back.items()
            ]
            refuse_serial_twice(session, ctx, named)

    def _shipped_lines(self, session: Session, ctx: Context, shipment: Shipment) -> dict[UUID, ShipmentLine]:
        shipped = find_all(session, ctx, ShipmentLine, (line.shipment_line_id for line in self.lines))
        for line in self.lines:
            shipped_line = shipped[line.shipment_line_id]
            if shipped_line.shipment_id != shipment.id:
                raise NotFound(kind="shipment line")
            still_out = shipped_line.qty - shipped_line.returned_qty
            if line.qty <= 0 or line.qty > still_out:
                product = find(session, ctx, Product, shipped_line.product_id).code
                if line.qty <= 0:
                    raise QtyNotPositive(qty=line.qty, product=product)
                raise OverReturn(asked=line.qty, product=product, open=still_out, shipment=shipment.number or "")
        return shipped
