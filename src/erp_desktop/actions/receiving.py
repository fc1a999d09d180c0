"""Goods arrive against a purchase order."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.exchanging import exchange_at
from erp_desktop.actions.finding import (
    QtyNotPositive,
    WrongState,
    find,
    find_all,
    open_period,
    refuse_empty_or_twice,
)
from erp_desktop.actions.lots import NamedLot, known_lots, lots_that_came, refuse_serial_twice
from erp_desktop.actions.moving import bins_of, move_stock, new_move
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.purchasing import lines_of
from erp_desktop.actions.refusals import NotFound, Refused
from erp_desktop.actions.valuing import Incoming, value_receipts
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ledger.events import Amount, GoodsReceived
from erp_desktop.models.product import Product
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderStatus,
)
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import ZERO


class OverReceipt(Refused):
    code = "over_receipt"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{counted} of {product} counted, {open} open on {order}. Count again, or raise the order first; nothing was changed.",
    )


@dataclass(frozen=True)
class ReceivedLine:
    """What was counted for one order line, in stock units. No bin: the warehouse's receiving bin.

    Of a product that is kept by lots, a line for each lot or serial number; `expires_on` is the lot's.
    """

    order_line_id: UUID
    qty: Decimal
    bin_id: UUID | None = None
    lot_code: str = ""
    expires_on: date | None = None


@action("goods.receive")
@dataclass(frozen=True)
class ReceiveGoods(Action):
    """Goods of a purchase order were counted at the dock. Adds to stock; value and postings are the centre's.

    `rate` is what one unit of the order's currency is worth in company currency; none given: that of the day. Stock is
    valued at it, once and for all (costing.md, rule 10).
    """

    receipt_id: UUID
    purchase_order_id: UUID
    received_on: date
    lines: tuple[ReceivedLine, ...]
    delivery_note: str = ""
    rate: Decimal | None = None

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(self.lines, [(line.order_line_id, line.lot_code.strip()) for line in self.lines])
        order = find(session, ctx, PurchaseOrder, self.purchase_order_id)
        if order.status not in (PurchaseOrderStatus.CONFIRMED, PurchaseOrderStatus.PART_RECEIVED):
            raise WrongState(document=order.number or "", status=order.status)
        open_period(session, ctx, self.received_on)
        exchange = exchange_at(session, ctx, order.currency, self.received_on, self.rate)
        order_lines = {line.id: line for line in lines_of(session, ctx, order.id)}
        products = find_all(session, ctx, Product, {line.product_id for line in order_lines.values()})
        self._refuse_over_receipt(order, order_lines, products)
        named = [
            NamedLot(products[order_lines[line.order_line_id].product_id], line.lot_code, line.qty, line.expires_on)
            for line in self.lines
        ]
        lots = known_lots(session, ctx, named)
        refuse_serial_twice(session, ctx, named)
        places = bins_of(session, ctx, order.warehouse_id, [line.bin_id for line in self.lines])

        receipt = GoodsReceipt(
            company_id=ctx.company_id,
            id=self.receipt_id,
            number=give_number(session, ctx, "goods_receipt", self.received_on),
            order_id=order.id,
            supplier_id=order.supplier_id,
            warehouse_id=order.warehouse_id,
            received_on=self.received_on,
            delivery_note=self.delivery_note,
            currency=order.currency,
            rate=exchange.rate,
            status="posted",
        )
        session.add(receipt)
        lot_ids = lots_that_came(session, ctx, named, lots, self.received_on)
        receipt_lines = []
        moves = []
        owed: dict[UUID, Decimal] = {}  # by receipt line, in the order's currency; a desk may not know the price
        for line_no, (line, place, lot_id) in enumerate(zip(self.lines, places, lot_ids, strict=True), start=1):
            order_line = order_lines[line.order_line_id]
            order_line.received_qty += line.qty
            receipt_line_id = ctx.new_id()
            receipt_lines.append(
                {
                    "id": receipt_line_id,
                    "receipt_id": receipt.id,
                    "line_no": line_no,
                    "order_line_id": order_line.id,
                    "product_id": order_line.product_id,
                    "lot_id": lot_id,
                    "bin_id": place.bin_id,
                    "qty": line.qty,
                }
            )
            if products[order_line.product_id].is_stocked:
                moves.append(
                    new_move(
                        ctx,
                        MoveKind.RECEIPT,
                        order_line.product_id,
                        line.qty,
                        self.received_on,
                        ("goods_receipt", receipt.id),
                        (receipt_line_id, line_no),
                        target=place,
                        lot_id=lot_id,
                    )
                )
                if ctx.at_centre:
                    owed[receipt_line_id] = exchange.amount(order_line.factor.value(line.qty, order_line.unit_price))
        append_rows(session, ctx, GoodsReceiptLine, receipt_lines)
        move_stock(session, ctx, moves)
        all_received = all(line.received_qty == line.qty for line in order_lines.values())
        order.status = PurchaseOrderStatus.RECEIVED if all_received else PurchaseOrderStatus.PART_RECEIVED

        if ctx.at_centre:
            incoming = [Incoming(move, exchange.in_company(owed[move.line_id])) for move in moves]
            values = value_receipts(session, ctx, incoming)
            event = GoodsReceived(
                tuple(
                    Amount(
                        value.cost,
                        value.dimensions(order.warehouse_id, party_id=order.supplier_id),
                        value.variance,
                        exchange.beside(owed[value.move.line_id]),
                    )
                    for value in values
                )
            )
            post(session, ctx, event, self.received_on, ("goods_receipt", receipt.id), text=receipt.number or "")

    def _refuse_over_receipt(
        self, order: PurchaseOrder, order_lines: dict[UUID, PurchaseOrderLine], products: dict[UUID, Product]
    ) -> None:
        counted: dict[UUID, Decimal] = defaultdict(lambda: ZERO)
        for line in self.lines:
            order_line = order_lines.get(line.order_line_id)
            if order_line is None:
                raise NotFound(kind="purchase order line")
            product = products[order_line.product_id]
            if line.qty <= 0:
                raise QtyNotPositive(qty=line.qty, product=product.code)
            counted[order_line.id] += line.qty
            still_open = order_line.qty - order_line.received_qty
            if counted[order_line.id] > still_open:
                raise OverReceipt(
                    counted=counted[order_line.id], product=product.code, open=still_open, order=order.number or ""
                )
