"""Entering, confirming, allocating and cancelling sales orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.drafts import laid_onto
from erp_desktop.actions.finding import (
    AmountNegative,
    WrongState,
    active_products,
    company_of,
    find,
    find_all,
    refuse_empty_or_twice,
)
from erp_desktop.actions.leaving import leave_warehouse
from erp_desktop.actions.lines import replace_lines
from erp_desktop.actions.lots import LotsInBin, is_tracked, lots_in_bins, stock_balance_id
from erp_desktop.actions.moving import NotEnoughFree
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.purchasing import DueBeforeOrdered
from erp_desktop.actions.refusals import CodeTaken, Refused
from erp_desktop.actions.remembering import rows_by_id, rows_of
from erp_desktop.actions.transit import refuse_transit
from erp_desktop.actions.units import count_in_stock_units
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.sales import Allocation, Channel, SalesOrder, SalesOrderLine, SalesOrderStatus
from erp_desktop.models.stock import StockBalance, Warehouse
from erp_desktop.numbers import ONE, ZERO, round_money

InBin = StockBalance | LotsInBin  # what lies of a product in a bin


class NotACustomer(Refused):
    code = "not_a_customer"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{party} is not an active customer. Choose a customer; nothing was changed."
    )


class BadDiscount(Refused):
    code = "bad_discount"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "A discount of {discount} is not between 0 % and 100 %. Correct it; nothing was changed."
    )


class BadPriority(Refused):
    code = "bad_priority"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "Priority {priority} is not between 1 (first) and 5 (last). Correct it; nothing was changed."
    )


@dataclass(frozen=True)
class SalesLine:
    """One product to sell: `qty` in the unit `unit_id` of it (None: the stock unit), `unit_price` for one of that unit,
    `discount` as a fraction (0.05 = 5 %)."""

    line_id: UUID
    product_id: UUID
    qty: Decimal
    unit_price: Decimal
    discount: Decimal = ZERO
    unit_id: UUID | None = None
    is_unit_anew: bool = False  # given again, to a line that has it: it counts as the product has it now


@action("sales.write")
@dataclass(frozen=True)
class SaveSalesOrder(Action):
    """A sales order is written down or written anew, while it is a draft. Promises nothing yet."""

    order_id: UUID
    channel_id: UUID
    warehouse_id: UUID
    ordered_on: date
    due_on: date
    lines: tuple[SalesLine, ...]
    customer_id: UUID | None = None
    distributor_id: UUID | None = None
    external_number: str | None = None
    priority: int = 3
    ship_to: str = ""
    note: str = ""
    freight: Decimal = ZERO
    before: dict[str, Any] | None = field(default=None, hash=False)  # what was changed, as it was seen (drafts.py)

    def run(self, session: Session, ctx: Context) -> None:
        if self.before is not None:
            order = rows_by_id(session, ctx, SalesOrder, [self.order_id]).get(self.order_id)
            is_draft = order is not None and order.status == SalesOrderStatus.DRAFT
            stored = (
                _as_entered(order, lines_of(session, ctx, self.order_id)) if order is not None and is_draft else None
            )
            number = (order.number or "") if order is not None else ""
            laid_onto(session, ctx, self, stored, number).run(session, ctx)
            return
        refuse_empty_or_twice(self.lines, [line.line_id for line in self.lines])
        if self.due_on < self.ordered_on:
            raise DueBeforeOrdered(due_on=self.due_on, ordered_on=self.ordered_on)
        if not 1 <= self.priority <= 5:
            raise BadPriority(priority=self.priority)
        if self.freight < 0:
            raise AmountNegative(amount=self.freight)
        for party_id in filter(None, (self.customer_id, self.distributor_id)):
            party = find(session, ctx, Party, party_id)
            if not party.is_active or not (party.is_consumer or party.is_distributor):
                raise NotACustomer(party=party.name)
        find(session, ctx, Channel, self.channel_id)
        refuse_transit(ctx, self.warehouse_id)
        find(session, ctx, Warehouse, self.warehouse_id)
        company = company_of(session, ctx)
        if self.external_number:
            self._refuse_known_external_number(session, ctx)
        lines = self._lines(session, ctx, company.currency_places)

        order = rows_by_id(session, ctx, SalesOrder, [self.order_id]).get(self.order_id)
        if order is not None and order.status != SalesOrderStatus.DRAFT:
            raise WrongState(document=order.number or "", status=order.status)
        if order is not None and order.warehouse_id != self.warehouse_id:
            leave_warehouse(session, ctx, order)
        replace_lines(session, ctx, SalesOrderLine, self.order_id, lines, is_new=order is None)
        if order is None:
            order = SalesOrder(
                company_id=ctx.company_id,
                id=self.order_id,
                number=give_number(session, ctx, "sales_order", self.ordered_on),
                status=SalesOrderStatus.DRAFT,
                currency=company.currency,
                entered_by=ctx.actor_id,
            )
            session.add(order)
        order.channel_id = self.channel_id
        order.external_number = self.external_number or None
        order.customer_id = self.customer_id
        order.distributor_id = self.distributor_id
        order.warehouse_id = self.warehouse_id
        order.ordered_on = self.ordered_on
        order.due_on = self.due_on
        order.priority = self.priority
        order.ship_to = self.ship_to
        order.note = self.note
        order.freight = round_money(self.freight, company.currency_places)
        order.total = sum((line.amount for line in lines), order.freight)

    def _refuse_known_external_number(self, session: Session, ctx: Context) -> None:
        known = session.scalars(
            select(SalesOrder.id).where(
                SalesOrder.company_id == ctx.company_id,
                SalesOrder.channel_id == self.channel_id,
                SalesOrder.external_number == self.external_number,
                SalesOrder.id != self.order_id,
            )
        ).first()
        if known is not None:
            raise CodeTaken(code=self.external_number)

    def looks_for(self) -> tuple[type[SalesOrder], UUID]:
        return SalesOrder, self.order_id

    def _lines(self, session: Session, ctx: Context, currency_places: int) -> list[SalesOrderLine]:
        products = active_products(session, ctx, (line.product_id for line in self.lines))
        counted = count_in_stock_units(session, ctx, SalesOrderLine, self.lines, products)
        lines = []
        for line_no, line in enumerate(self.lines, start=1):
            if line.unit_price < 0:
                raise AmountNegative(amount=line.unit_price)
            if not 0 <= line.discount <= 1:
                raise BadDiscount(discount=line.discount)
            lines.append(
                SalesOrderLine(
                    company_id=ctx.company_id,
                    id=line.line_id,
                    order_id=self.order_id,
                    line_no=line_no,
                    product_id=line.product_id,
                    **counted[line.line_id].columns,
                    unit_price=line.unit_price,
                    discount=line.discount,
                    amount=round_money(line.qty * line.unit_price * (ONE - line.discount), currency_places),
                    allocated_qty=ZERO,
                    shipped_qty=ZERO,
                    invoiced_qty=ZERO,
                )
            )
        return lines


def _as_entered(order: SalesOrder, lines: Sequence[SalesOrderLine]) -> SaveSalesOrder:
    """The action that writes the order as it is stored."""
    return SaveSalesOrder(
        order.id,
        order.channel_id,
        order.warehouse_id,
        order.ordered_on,
        order.due_on,
        tuple(
            SalesLine(
                line.id,
                line.product_id,
                line.factor.entered_qty(line.qty) or line.qty,
                line.unit_price,
                line.discount,
                line.unit_id,
            )
            for line in lines
        ),
        customer_id=order.customer_id,
        distributor_id=order.distributor_id,
        external_number=order.external_number,
        priority=order.priority,
        ship_to=order.ship_to,
        note=order.note,
        freight=order.freight,
    )


@action("sales.write")
@dataclass(frozen=True)
class ConfirmSalesOrder(Action):
    """The customer's order stands; stock may be promised to it."""

    order_id: UUID

    def run(self, session: Session, ctx: Context) -> None:
        order = find(session, ctx, SalesOrder, self.order_id)
        if order.status != SalesOrderStatus.DRAFT:
            raise WrongState(document=order.number or "", status=order.status)
        order.status = SalesOrderStatus.CONFIRMED


@action("sales.write")
@dataclass(frozen=True)
class AllocateSalesOrder(Action):
    """Promises free stock of the order's warehouse to every open unit of it: all of it, or nothing and why.

    `is_partial`: what is free, and the rest stays open as a back-order; refused where nothing is.
    """

    order_id: UUID
    is_partial: bool = False

    def run(self, session: Session, ctx: Context) -> None:
        order = find(session, ctx, SalesOrder, self.order_id)
        if order.status not in (SalesOrderStatus.CONFIRMED, SalesOrderStatus.PART_SHIPPED):
            raise WrongState(document=order.number or "", status=order.status)
        lines = lines_of(session, ctx, order.id)
        products = find_all(session, ctx, Product, {line.product_id for line in lines})
        balances = balances_by_product(session, ctx, order.warehouse_id, products)
        known = allocations_of(session, ctx, order.id)
        short: NotEnoughFree | None = None
        has_promised = False
        for line in lines:
            missing = line.qty - line.shipped_qty - line.allocated_qty
            if missing <= 0 or not products[line.product_id].is_stocked:
                continue
            free = sum((balance.on_hand - balance.allocated for balance in balances[line.product_id]), ZERO)
            if free < missing:
                warehouse = find(session, ctx, Warehouse, order.warehouse_id)
                short = short or NotEnoughFree(
                    free=max(free, ZERO),
                    asked=missing,
                    product=products[line.product_id].code,
                    warehouse=warehouse.name,
                )
                if not self.is_partial:
                    raise short
                missing = free
            if missing > 0:
                self._promise(session, ctx, order, line, missing, balances[line.product_id], known)
                has_promised = True
        if short is not None and not has_promised:
            raise short
        order.status = (
            SalesOrderStatus.ALLOCATED if order.status == SalesOrderStatus.CONFIRMED else SalesOrderStatus.PART_SHIPPED
        )

    def _promise(
        self,
        session: Session,
        ctx: Context,
        order: SalesOrder,
        line: SalesOrderLine,
        missing: Decimal,
        balances: Sequence[InBin],
        known: dict[UUID, Allocation],
    ) -> None:
        line.allocated_qty += missing
        for balance in balances:
            taken = min(balance.on_hand - balance.allocated, missing)
            if taken <= 0:
                continue
            balance.allocated += taken
            allocation_id = derived_id("allocation", line.id, balance.bin_id)
            allocation = known.get(allocation_id)
            if allocation is None:
                known[allocation_id] = allocation = Allocation(
                    company_id=ctx.company_id,
                    id=allocation_id,
                    order_id=order.id,
                    order_line_id=line.id,
                    product_id=line.product_id,
                    warehouse_id=balance.warehouse_id,
                    bin_id=balance.bin_id,
                    qty=ZERO,
                )
                session.add(allocation)
            allocation.qty += taken
            missing -= taken
            if not missing:
                return


@action("sales.write")
@dataclass(frozen=True)
class ReleaseAllocation(Action):
    """Takes back what was promised to an order; its stock is free again."""

    order_id: UUID

    def run(self, session: Session, ctx: Context) -> None:
        order = find(session, ctx, SalesOrder, self.order_id)
        if order.status not in (SalesOrderStatus.ALLOCATED, SalesOrderStatus.PART_SHIPPED):
            raise WrongState(document=order.number or "", status=order.status)
        release(session, ctx, order)
        if order.status == SalesOrderStatus.ALLOCATED:
            order.status = SalesOrderStatus.CONFIRMED


@action("sales.write")
@dataclass(frozen=True)
class CancelSalesOrder(Action):
    """Nothing more is sent of an order of which nothing has left yet; what was promised to it is free again."""

    order_id: UUID

    def run(self, session: Session, ctx: Context) -> None:
        order = find(session, ctx, SalesOrder, self.order_id)
        if order.status not in (SalesOrderStatus.DRAFT, SalesOrderStatus.CONFIRMED, SalesOrderStatus.ALLOCATED):
            raise WrongState(document=order.number or "", status=order.status)
        release(session, ctx, order)
        order.status = SalesOrderStatus.CANCELLED


def release(session: Session, ctx: Context, order: SalesOrder) -> None:
    """Gives back all that is still promised to `order`."""
    allocations = [allocation for allocation in allocations_of(session, ctx, order.id).values() if allocation.qty]
    if not allocations:
        return
    places = {allocation.id: stock_balance_id(allocation.product_id, allocation.bin_id) for allocation in allocations}
    balances = find_all(session, ctx, StockBalance, places.values())
    lines = {line.id: line for line in lines_of(session, ctx, order.id)}
    for allocation in allocations:
        balances[places[allocation.id]].allocated -= allocation.qty
        lines[allocation.order_line_id].allocated_qty -= allocation.qty
        allocation.qty = ZERO


def lines_of(session: Session, ctx: Context, order_id: UUID) -> list[SalesOrderLine]:
    """The order's lines by line number."""
    lines = rows_of(session, ctx, SalesOrderLine, [order_id])[order_id]
    return sorted(lines, key=lambda line: line.line_no)


def allocations_of(session: Session, ctx: Context, order_id: UUID) -> dict[UUID, Allocation]:
    return {row.id: row for row in rows_of(session, ctx, Allocation, [order_id])[order_id]}


def balances_by_product(
    session: Session, ctx: Context, warehouse_id: UUID, products: Mapping[UUID, Product], on: date | None = None
) -> dict[UUID, Sequence[InBin]]:
    """What lies in the warehouse by product, in the order of the bins' ids, so that desk and centre take the same bins.

    Of a product that is kept by lots, those that expired before `on` are told apart.
    """
    tracked = {product_id for product_id, product in products.items() if is_tracked(product)}
    found: dict[UUID, Sequence[InBin]] = {
        product_id: sorted(
            (balance for balance in balances if balance.warehouse_id == warehouse_id), key=lambda row: row.bin_id
        )
        for product_id, balances in rows_of(session, ctx, StockBalance, products.keys() - tracked).items()
    }
    if tracked:
        found.update(lots_in_bins(session, ctx, warehouse_id, tracked, on))
    return found
