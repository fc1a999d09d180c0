"""Raising, confirming and cancelling purchase orders."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.drafts import laid_onto
from erp_desktop.actions.exchanging import places_of_currency, refuse_unknown_currency
from erp_desktop.actions.finding import (
    AmountNegative,
    WrongState,
    active_products,
    company_of,
    find,
    refuse_empty_or_twice,
)
from erp_desktop.actions.leaving import leave_warehouse
from erp_desktop.actions.lines import replace_lines
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import rows_by_id, rows_of
from erp_desktop.actions.transit import refuse_transit
from erp_desktop.actions.units import count_in_stock_units
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.party import Party
from erp_desktop.models.purchasing import PurchaseOrder, PurchaseOrderLine, PurchaseOrderStatus
from erp_desktop.models.stock import Warehouse
from erp_desktop.numbers import ZERO, round_money


class NotASupplier(Refused):
    code = "not_a_supplier"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{party} is not an active supplier. Choose a supplier; nothing was changed."
    )


class DueBeforeOrdered(Refused):
    code = "due_before_ordered"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The due date {due_on} is before the order date. Use {ordered_on} or a later day; nothing was changed.",
    )


@dataclass(frozen=True)
class PurchaseLine:
    """One product to buy: `qty` in the unit `unit_id` of it (None: the stock unit), `unit_price` in the order's currency for
    one of that unit."""

    line_id: UUID
    product_id: UUID
    qty: Decimal
    unit_price: Decimal
    unit_id: UUID | None = None
    is_unit_anew: bool = False  # given again, to a line that has it: it counts as the product has it now


@action("purchasing.write")
@dataclass(frozen=True)
class SavePurchaseOrder(Action):
    """A purchase order is written down or written anew, while it is a draft. Promises nothing yet.

    Prices are in `currency`; none given: the supplier's, else the company's.
    """

    order_id: UUID
    supplier_id: UUID
    warehouse_id: UUID
    ordered_on: date
    due_on: date
    lines: tuple[PurchaseLine, ...]
    reference: str = ""
    note: str = ""
    currency: str = ""
    before: dict[str, Any] | None = field(default=None, hash=False)  # what was changed, as it was seen (drafts.py)

    def run(self, session: Session, ctx: Context) -> None:
        if self.before is not None:
            order = rows_by_id(session, ctx, PurchaseOrder, [self.order_id]).get(self.order_id)
            is_draft = order is not None and order.status == PurchaseOrderStatus.DRAFT
            stored = (
                _as_entered(order, lines_of(session, ctx, self.order_id)) if order is not None and is_draft else None
            )
            number = (order.number or "") if order is not None else ""
            laid_onto(session, ctx, self, stored, number).run(session, ctx)
            return
        refuse_empty_or_twice(self.lines, [line.line_id for line in self.lines])
        if self.due_on < self.ordered_on:
            raise DueBeforeOrdered(due_on=self.due_on, ordered_on=self.ordered_on)
        supplier = find(session, ctx, Party, self.supplier_id)
        if not (supplier.is_supplier and supplier.is_active):
            raise NotASupplier(party=supplier.name)
        refuse_transit(ctx, self.warehouse_id)
        find(session, ctx, Warehouse, self.warehouse_id)
        company = company_of(session, ctx)
        currency = self.currency or supplier.currency or company.currency
        refuse_unknown_currency(session, ctx, currency)
        lines = self._lines(session, ctx, places_of_currency(company, currency))

        order = rows_by_id(session, ctx, PurchaseOrder, [self.order_id]).get(self.order_id)
        if order is not None and order.status != PurchaseOrderStatus.DRAFT:
            raise WrongState(document=order.number or "", status=order.status)
        if order is not None and order.warehouse_id != self.warehouse_id:
            leave_warehouse(session, ctx, order)
        replace_lines(session, ctx, PurchaseOrderLine, self.order_id, lines, is_new=order is None)
        if order is None:
            order = PurchaseOrder(
                company_id=ctx.company_id,
                id=self.order_id,
                number=give_number(session, ctx, "purchase_order", self.ordered_on),
                status=PurchaseOrderStatus.DRAFT,
                raised_by=ctx.actor_id,
            )
            session.add(order)
        order.supplier_id = self.supplier_id
        order.warehouse_id = self.warehouse_id
        order.ordered_on = self.ordered_on
        order.due_on = self.due_on
        order.currency = currency
        order.reference = self.reference
        order.note = self.note
        order.total = sum((line.amount for line in lines), ZERO)

    def looks_for(self) -> tuple[type[PurchaseOrder], UUID]:
        return PurchaseOrder, self.order_id

    def _lines(self, session: Session, ctx: Context, currency_places: int) -> list[PurchaseOrderLine]:
        products = active_products(session, ctx, (line.product_id for line in self.lines))
        counted = count_in_stock_units(session, ctx, PurchaseOrderLine, self.lines, products)
        lines = []
        for line_no, line in enumerate(self.lines, start=1):
            if line.unit_price < 0:
                raise AmountNegative(amount=line.unit_price)
            lines.append(
                PurchaseOrderLine(
                    company_id=ctx.company_id,
                    id=line.line_id,
                    order_id=self.order_id,
                    line_no=line_no,
                    product_id=line.product_id,
                    **counted[line.line_id].columns,
                    unit_price=line.unit_price,
                    amount=round_money(line.qty * line.unit_price, currency_places),
                    received_qty=ZERO,
                )
            )
        return lines


def _as_entered(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> SavePurchaseOrder:
    """The action that writes the order as it is stored."""
    return SavePurchaseOrder(
        order.id,
        order.supplier_id,
        order.warehouse_id,
        order.ordered_on,
        order.due_on,
        tuple(
            PurchaseLine(
                line.id, line.product_id, line.factor.entered_qty(line.qty) or line.qty, line.unit_price, line.unit_id
            )
            for line in lines
        ),
        reference=order.reference,
        note=order.note,
        currency=order.currency,
    )


@action("purchasing.write")
@dataclass(frozen=True)
class ConfirmPurchaseOrder(Action):
    """The order goes to the supplier: from now on goods are expected and the lines stand."""

    order_id: UUID

    def run(self, session: Session, ctx: Context) -> None:
        order = find(session, ctx, PurchaseOrder, self.order_id)
        if order.status != PurchaseOrderStatus.DRAFT:
            raise WrongState(document=order.number or "", status=order.status)
        order.status = PurchaseOrderStatus.CONFIRMED


@action("purchasing.write")
@dataclass(frozen=True)
class CancelPurchaseOrder(Action):
    """Nothing more is expected of an order of which nothing has come yet."""

    order_id: UUID

    def run(self, session: Session, ctx: Context) -> None:
        order = find(session, ctx, PurchaseOrder, self.order_id)
        if order.status not in (PurchaseOrderStatus.DRAFT, PurchaseOrderStatus.CONFIRMED):
            raise WrongState(document=order.number or "", status=order.status)
        order.status = PurchaseOrderStatus.CANCELLED


def lines_of(session: Session, ctx: Context, order_id: UUID) -> list[PurchaseOrderLine]:
    """The order's lines by line number."""
    lines = rows_of(session, ctx, PurchaseOrderLine, [order_id])[order_id]
    return sorted(lines, key=lambda line: line.line_no)
