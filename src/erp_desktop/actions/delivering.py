"""Goods reach the customer: until then a company that posts revenue at delivery keeps them as goods dispatched.

What a shipment cost goes to cost of sales with its delivery, settled as it is known by then: a part of it that is dated after the
delivery, on its own day. What changes it later follows the same way (cost_corrections.py).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import find_all, is_at_delivery, open_period, refuse_ahead
from erp_desktop.actions.invoicing import InvoicedLine, invoice_lines
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import Refused, Required
from erp_desktop.actions.remembering import MEMORY_ASKS
from erp_desktop.actions.selling import lines_of
from erp_desktop.actions.window import keep_in_window
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ledger.events import Amount, GoodsDelivered
from erp_desktop.ledger.posting import Dimensions
from erp_desktop.models.costing import CostAdjustment, CostBook, CostPool, MoveCost
from erp_desktop.models.product import Product
from erp_desktop.models.sales import SalesOrder, Shipment, ShipmentLine
from erp_desktop.models.stock import MoveKind, StockMove
from erp_desktop.numbers import ZERO


class DeliveredAlready(Refused):
    code = "delivered_already"
    sentence = QT_TRANSLATE_NOOP("Refusal", "{shipment} was delivered on {day} already. Nothing was changed.")


class DeliveredBeforeShipped(Refused):
    code = "delivered_before_shipped"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{shipment} left on {shipped_on}; it cannot have arrived before. Correct the date; nothing was changed.",
    )


class CameBackUndelivered(Refused):
    code = "came_back_undelivered"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "All of {shipment} came back before it was delivered, so nothing of it can be. Nothing was changed."
    )


@action("goods.ship")
@dataclass(frozen=True)
class ConfirmDelivery(Action):
    """Customers have the goods of these shipments. Where the company posts revenue at delivery, what each of them cost becomes
    cost of sales, and what did not come back of it is invoiced."""

    shipment_ids: tuple[UUID, ...]
    delivered_on: date

    def run(self, session: Session, ctx: Context) -> None:
        if not self.shipment_ids:
            raise Required(field="shipment")
        shipments = find_all(session, ctx, Shipment, self.shipment_ids)
        confirmed = [shipments[shipment_id] for shipment_id in dict.fromkeys(self.shipment_ids)]
        for shipment in confirmed:
            self._refuse_wrong_day(shipment)
        refuse_ahead(session, ctx, self.delivered_on)
        open_period(session, ctx, self.delivered_on)
        orders = find_all(session, ctx, SalesOrder, {shipment.order_id for shipment in confirmed})
        if not is_at_delivery(session, ctx):
            for shipment in confirmed:
                shipment.delivered_on = shipment.under_way_until = self.delivered_on
                keep_in_window(session, ctx, orders[shipment.order_id])
            return
        lines = _lines_by_shipment(session, ctx, confirmed)
        for shipment in confirmed:
            of_shipment = lines[shipment.id]
            if of_shipment and all(line.qty == line.returned_qty for line in of_shipment):
                raise CameBackUndelivered(shipment=shipment.number or "")
        for shipment in confirmed:
            order = orders[shipment.order_id]
            shipment.delivered_on = shipment.under_way_until = self.delivered_on
            keep_in_window(session, ctx, order)
            if ctx.at_centre:
                post_cost_of_delivered(session, ctx, shipment, order, self.delivered_on)
            invoiced = _to_invoice(session, ctx, order, lines[shipment.id])
            if invoiced:
                invoice_lines(session, ctx, order, invoiced, ctx.new_id(), self.delivered_on)

    def _refuse_wrong_day(self, shipment: Shipment) -> None:
        if shipment.delivered_on is not None:
            raise DeliveredAlready(shipment=shipment.number or "", day=shipment.delivered_on)
        if self.delivered_on < shipment.shipped_on:
            raise DeliveredBeforeShipped(shipment=shipment.number or "", shipped_on=shipment.shipped_on)


def _lines_by_shipment(
    session: Session, ctx: Context, shipments: list[Shipment]
) -> defaultdict[UUID, list[ShipmentLine]]:
    found: defaultdict[UUID, list[ShipmentLine]] = defaultdict(list)
    wanted = select(ShipmentLine).where(
        ShipmentLine.company_id == ctx.company_id, ShipmentLine.shipment_id.in_([one.id for one in shipments])
    )
    for line in session.scalars(wanted.order_by(ShipmentLine.shipment_id, ShipmentLine.line_no)):
        found[line.shipment_id].append(line)
    return found


def _to_invoice(session: Session, ctx: Context, order: SalesOrder, lines: list[ShipmentLine]) -> list[InvoicedLine]:
    """What the customer has of a shipment, by order line. Services go with the first delivery after they were shipped."""
    order_lines = lines_of(session, ctx, order.id)
    products = find_all(session, ctx, Product, {line.product_id for line in order_lines})
    invoiced = []
    for order_line in order_lines:
        if products[order_line.product_id].is_stocked:
            kept = [line.qty - line.returned_qty for line in lines if line.order_line_id == order_line.id]
            qty = sum(kept, ZERO)
        else:
            qty = order_line.shipped_qty - order_line.invoiced_qty
        if qty:
            invoiced.append(InvoicedLine(order_line, qty))
    return invoiced


def post_cost_of_delivered(
    session: Session, ctx: Context, shipment: Shipment, order: SalesOrder, delivered_on: date
) -> None:
    """What the goods of a shipment cost by now, less what came back of them, from goods dispatched to cost of sales."""
    left = session.execute(
        select(StockMove.id, StockMove.line_id, StockMove.product_id)
        .where(
            StockMove.company_id == ctx.company_id,
            StockMove.document_id == shipment.id,
            StockMove.kind == MoveKind.SHIPMENT,
        )
        .order_by(StockMove.line_no),
        execution_options=MEMORY_ASKS,
    ).all()
    about = {
        row.id: Dimensions(
            product_id=row.product_id,
            party_id=order.customer_id,
            warehouse_id=shipment.warehouse_id,
            channel_id=order.channel_id,
            line_id=row.line_id,
        )
        for row in left
    }
    came_back = select(StockMove.id, StockMove.returns_move_id).where(
        StockMove.company_id == ctx.company_id,
        StockMove.returns_move_id.in_(list(about)),
        StockMove.kind == MoveKind.CUSTOMER_RETURN,
    )
    for move_id, left_by in session.execute(
        came_back.order_by(StockMove.moved_on, StockMove.id), execution_options=MEMORY_ASKS
    ):
        if left_by is not None:
            about[move_id] = about[left_by]
    amounts: defaultdict[date, defaultdict[Dimensions, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    posted = _of_posting_book(ctx, MoveCost, about, MoveCost.move_id, MoveCost.cost)
    for move_id, cost in session.execute(posted.order_by(MoveCost.seq), execution_options=MEMORY_ASKS):
        amounts[delivered_on][about[move_id]] -= cost
    change = CostAdjustment
    changed = _of_posting_book(ctx, change, about, change.move_id, change.dated_on, change.to_cost_of_sales)
    for move_id, dated_on, cost in session.execute(changed.order_by(change.id), execution_options=MEMORY_ASKS):
        amounts[max(dated_on, delivered_on)][about[move_id]] += cost
    for day, by_line in sorted(amounts.items(), key=itemgetter(0)):
        event = GoodsDelivered(tuple(Amount(amount, dimensions) for dimensions, amount in by_line.items()))
        post(session, ctx, event, day, ("shipment", shipment.id), text=shipment.number or "")


def _of_posting_book(
    ctx: Context, table: type[MoveCost | CostAdjustment], move_ids: Iterable[UUID], *columns: Any
) -> Select[Any]:
    """What stands of moves in the book that posts."""
    return (
        select(*columns)
        .join(CostPool, (CostPool.company_id == table.company_id) & (CostPool.id == table.pool_id))
        .join(CostBook, (CostBook.company_id == CostPool.company_id) & (CostBook.id == CostPool.book_id))
        .where(table.company_id == ctx.company_id, table.move_id.in_(list(move_ids)), CostBook.posts_to_ledger)
    )
