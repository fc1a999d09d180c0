"""Parcels leave the house."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import (
    QtyNotPositive,
    TwiceTheSameLine,
    WrongState,
    company_of,
    find,
    find_all,
    is_at_delivery,
    open_period,
)
from erp_desktop.actions.invoicing import InvoicedLine, invoice_lines
from erp_desktop.actions.lots import LotsInBin, NotOnePiece, is_one_piece, is_tracked, refuse_wrong_lots
from erp_desktop.actions.moving import Move, NotEnoughFree, Place, bins_of, move_stock, new_move
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import NotFound, Refused
from erp_desktop.actions.selling import InBin, allocations_of, balances_by_product, lines_of
from erp_desktop.actions.valuing import value_issues
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.ledger.events import Amount, GoodsShipped
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.sales import (
    Allocation,
    SalesOrder,
    SalesOrderLine,
    SalesOrderStatus,
    Shipment,
    ShipmentLine,
)
from erp_desktop.models.stock import Lot, MoveKind, Warehouse
from erp_desktop.numbers import ZERO


class NotACarrier(Refused):
    code = "not_a_carrier"
    sentence = QT_TRANSLATE_NOOP("Refusal", "{party} is not an active carrier. Choose a carrier; nothing was changed.")


class NothingToShip(Refused):
    code = "nothing_to_ship"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "Nothing is allocated to {order}. Allocate it first, or name the lines to ship."
    )


class OverShipment(Refused):
    code = "over_shipment"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{asked} of {product} to ship, {open} open on {order}. Ship no more than was ordered; nothing was changed.",
    )


class OnlyExpiredLeft(Refused):
    code = "only_expired_left"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Only {free} of {asked} {product} have not expired; what else is there has. "
        "Name the lot to ship it all the same; nothing was changed.",
    )


@dataclass(frozen=True)
class ShippedLine:
    """What goes into the parcel of one order line, in stock units. No bin: where it is promised from, then any other.

    Of a product that is kept by lots: one line for each lot that somebody chose, or none for the earliest expiry first.
    """

    order_line_id: UUID
    qty: Decimal
    bin_id: UUID | None = None
    lot_id: UUID | None = None


@dataclass(frozen=True)
class _Taken:
    """A quantity (of one lot) that leaves one bin for one order line."""

    order_line: SalesOrderLine
    place: Place
    qty: Decimal
    lot_id: UUID | None


@action("goods.ship")
@dataclass(frozen=True)
class ShipOrder(Action):
    """A parcel of an order leaves with a carrier. No lines: all that is promised to the order."""

    shipment_id: UUID
    order_id: UUID
    shipped_on: date
    carrier_id: UUID | None = None
    tracking_number: str = ""
    lines: tuple[ShippedLine, ...] = ()

    def run(self, session: Session, ctx: Context) -> None:
        if len({(line.order_line_id, line.lot_id) for line in self.lines}) < len(self.lines):
            raise TwiceTheSameLine()
        order = find(session, ctx, SalesOrder, self.order_id)
        if order.status not in (
            SalesOrderStatus.CONFIRMED,
            SalesOrderStatus.ALLOCATED,
            SalesOrderStatus.PART_SHIPPED,
        ):
            raise WrongState(document=order.number or "", status=order.status)
        if self.carrier_id is not None:
            carrier = find(session, ctx, Party, self.carrier_id)
            if not (carrier.is_carrier and carrier.is_active):
                raise NotACarrier(party=carrier.name)
        open_period(session, ctx, self.shipped_on)

        order_lines = {line.id: line for line in lines_of(session, ctx, order.id)}
        products = find_all(session, ctx, Product, {line.product_id for line in order_lines.values()})
        asked = self._asked(order, order_lines, products)
        taken = self._take(session, ctx, order, order_lines, products, asked)

        shipment = Shipment(
            company_id=ctx.company_id,
            id=self.shipment_id,
            number=give_number(session, ctx, "shipment", self.shipped_on),
            order_id=order.id,
            customer_id=order.customer_id,
            warehouse_id=order.warehouse_id,
            carrier_id=self.carrier_id,
            tracking_number=self.tracking_number,
            shipped_on=self.shipped_on,
            delivered_on=None,
            under_way_until=None,
            status="posted",
        )
        session.add(shipment)
        moves = self._write_lines(session, ctx, shipment, products, taken)
        move_stock(session, ctx, moves)
        for line_id, qty in asked.items():
            order_lines[line_id].shipped_qty += qty
        all_shipped = all(line.shipped_qty == line.qty for line in order_lines.values())
        order.status = SalesOrderStatus.SHIPPED if all_shipped else SalesOrderStatus.PART_SHIPPED

        if ctx.at_centre:
            event = GoodsShipped(
                tuple(
                    Amount(
                        valued.cost,
                        valued.dimensions(order.warehouse_id, party_id=order.customer_id, channel_id=order.channel_id),
                    )
                    for valued in value_issues(session, ctx, moves)
                ),
                is_under_way=is_at_delivery(session, ctx),
            )
            post(session, ctx, event, self.shipped_on, ("shipment", shipment.id), text=shipment.number or "")
        if company_of(session, ctx).revenue_at == "shipment":
            invoice_lines(
                session,
                ctx,
                order,
                [InvoicedLine(order_lines[line_id], qty) for line_id, qty in asked.items()],
                ctx.new_id(),
                self.shipped_on,
            )

    def _asked(
        self, order: SalesOrder, order_lines: dict[UUID, SalesOrderLine], products: dict[UUID, Product]
    ) -> dict[UUID, Decimal]:
        """Quantity per order line, within what is open."""
        if not self.lines:
            asked = {
                line.id: line.allocated_qty if products[line.product_id].is_stocked else line.qty - line.shipped_qty
                for line in order_lines.values()
            }
            asked = {line_id: qty for line_id, qty in asked.items() if qty}
            if not any(products[order_lines[line_id].product_id].is_stocked for line_id in asked):
                stocked_open = any(
                    products[line.product_id].is_stocked and line.shipped_qty < line.qty
                    for line in order_lines.values()
                )
                if stocked_open or not asked:
                    raise NothingToShip(order=order.number or "")
            return asked
        asked = {}
        for shipped in self.lines:
            line = order_lines.get(shipped.order_line_id)
            if line is None:
                raise NotFound(kind="sales order line")
            product = products[line.product_id]
            if shipped.qty <= 0:
                raise QtyNotPositive(qty=shipped.qty, product=product.code)
            still_open = line.qty - line.shipped_qty
            qty = asked.get(line.id, ZERO) + shipped.qty
            if qty > still_open:
                raise OverShipment(asked=qty, product=product.code, open=still_open, order=order.number or "")
            asked[line.id] = qty
        return asked

    def _take(
        self,
        session: Session,
        ctx: Context,
        order: SalesOrder,
        order_lines: dict[UUID, SalesOrderLine],
        products: dict[UUID, Product],
        asked: dict[UUID, Decimal],
    ) -> list[_Taken]:
        """From which bins: first what is promised to the line, then what is free. Uses up the promises it takes."""
        parts = self.lines or tuple(ShippedLine(line_id, qty) for line_id, qty in asked.items())
        shipped = {order_lines[line_id].product_id: products[order_lines[line_id].product_id] for line_id in asked}
        refuse_wrong_lots(
            session,
            ctx,
            [(products[order_lines[part.order_line_id].product_id], part.lot_id) for part in parts],
            is_lot_needed=False,
        )
        balances = balances_by_product(session, ctx, order.warehouse_id, shipped, self.shipped_on)
        promised = allocations_of(session, ctx, order.id)
        taken: list[_Taken] = []
        for line_id, qty in asked.items():
            line = order_lines[line_id]
            product = products[line.product_id]
            if not product.is_stocked:
                continue
            for part in (part for part in parts if part.order_line_id == line_id):
                candidates = [balance for balance in balances[product.id] if part.bin_id in (None, balance.bin_id)]
                missing = _take_promised(line, part.qty, part.lot_id, candidates, promised, taken)
                missing = _take_free(line, missing, part.lot_id, candidates, taken)
                if missing:
                    place = self._place_of_missing(session, ctx, order, product, part, missing, candidates)
                    taken.append(_Taken(line, place, missing, None))
            surplus = line.allocated_qty - (line.qty - line.shipped_qty - qty)
            if surplus > 0:  # shipped from elsewhere: the promise is kept, so it must not hold stock any longer
                _give_back(line, surplus, balances[line.product_id], promised)
        for took in taken:
            if took.lot_id is not None:  # 1.5 pieces asked for: half a piece cannot leave
                product = products[took.order_line.product_id]
                if not is_one_piece(product, took.qty):
                    lot = find(session, ctx, Lot, took.lot_id)
                    raise NotOnePiece(qty=took.qty, product=product.code, lot=lot.code)
        return taken

    def _place_of_missing(
        self,
        session: Session,
        ctx: Context,
        order: SalesOrder,
        product: Product,
        part: ShippedLine,
        missing: Decimal,
        candidates: Sequence[InBin],
    ) -> Place:
        """The bin that goes below zero until the goods are booked in, in a warehouse that allows it and never of a lot.
        Raises NotEnoughFree, OnlyExpiredLeft."""
        warehouse = find(session, ctx, Warehouse, order.warehouse_id)
        if warehouse.allows_negative and not is_tracked(product):
            return bins_of(session, ctx, warehouse.id, [part.bin_id])[0]
        free = part.qty - missing
        if part.lot_id is None and any(isinstance(found, LotsInBin) and found.expired for found in candidates):
            raise OnlyExpiredLeft(free=free, asked=part.qty, product=product.code)
        raise NotEnoughFree(free=free, asked=part.qty, product=product.code, warehouse=warehouse.name)

    def _write_lines(
        self, session: Session, ctx: Context, shipment: Shipment, products: dict[UUID, Product], taken: list[_Taken]
    ) -> list[Move]:
        lines = []
        moves = []
        for line_no, part in enumerate(taken, start=1):
            line_id = shipment_line_id(shipment.id, line_no)
            lines.append(
                {
                    "id": line_id,
                    "shipment_id": shipment.id,
                    "line_no": line_no,
                    "order_line_id": part.order_line.id,
                    "product_id": part.order_line.product_id,
                    "lot_id": part.lot_id,
                    "bin_id": part.place.bin_id,
                    "qty": part.qty,
                    "returned_qty": ZERO,
                }
            )
            moves.append(
                new_move(
                    ctx,
                    MoveKind.SHIPMENT,
                    part.order_line.product_id,
                    part.qty,
                    self.shipped_on,
                    ("shipment", shipment.id),
                    (line_id, line_no),
                    source=part.place,
                    lot_id=part.lot_id,
                )
            )
        append_rows(session, ctx, ShipmentLine, lines)
        return moves


def shipment_line_id(shipment_id: UUID, line_no: int) -> UUID:
    """The id of a shipment's line: known to whoever knows the shipment, so that a return can be entered before it syncs."""
    return derived_id("shipment_line", shipment_id, str(line_no))


def _take_promised(
    line: SalesOrderLine,
    missing: Decimal,
    lot_id: UUID | None,
    balances: Sequence[InBin],
    promised: dict[UUID, Allocation],
    taken: list[_Taken],
) -> Decimal:
    by_bin = {balance.bin_id: balance for balance in balances}
    for allocation in sorted(promised.values(), key=lambda row: row.bin_id):
        if allocation.order_line_id != line.id or not allocation.qty or not missing or allocation.bin_id not in by_bin:
            continue
        balance = by_bin[allocation.bin_id]
        part = min(allocation.qty, missing)
        if isinstance(balance, LotsInBin):
            part = min(part, balance.pickable(lot_id))
        allocation.qty -= part
        balance.allocated -= part
        line.allocated_qty -= part
        _take_from(balance, line, part, lot_id, taken)
        missing -= part
    return missing


def _take_free(
    line: SalesOrderLine, missing: Decimal, lot_id: UUID | None, balances: Sequence[InBin], taken: list[_Taken]
) -> Decimal:
    for balance in balances:
        already = sum(
            (
                part.qty
                for part in taken
                if part.order_line.product_id == line.product_id and part.place.bin_id == balance.bin_id
            ),
            ZERO,
        )
        part_qty = min(balance.on_hand - balance.allocated - already, missing)
        if isinstance(balance, LotsInBin):
            part_qty = min(part_qty, balance.pickable(lot_id))
        if part_qty > 0:
            _take_from(balance, line, part_qty, lot_id, taken)
            missing -= part_qty
    return missing


def _take_from(balance: InBin, line: SalesOrderLine, qty: Decimal, lot_id: UUID | None, taken: list[_Taken]) -> None:
    place = Place(balance.warehouse_id, balance.bin_id)
    picked = balance.pick(qty, lot_id) if isinstance(balance, LotsInBin) else [(None, qty)]
    taken.extend(_Taken(line, place, part, lot) for lot, part in picked)


def _give_back(
    line: SalesOrderLine, surplus: Decimal, balances: Sequence[InBin], promised: dict[UUID, Allocation]
) -> None:
    by_bin = {balance.bin_id: balance for balance in balances}
    for allocation in promised.values():
        part = min(allocation.qty, surplus) if allocation.order_line_id == line.id else ZERO
        if part:
            allocation.qty -= part
            by_bin[allocation.bin_id].allocated -= part
            line.allocated_qty -= part
            surplus -= part
