"""What customers owe for what was shipped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import company_of, find, is_at_delivery, open_period
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.selling import lines_of
from erp_desktop.actions.window import keep_in_window
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ledger.events import Amount, RevenueEarned, SalesInvoiced
from erp_desktop.ledger.posting import Dimensions
from erp_desktop.models.party import Party
from erp_desktop.models.sales import SalesInvoice, SalesInvoiceLine, SalesOrder, SalesOrderLine
from erp_desktop.numbers import ONE, ZERO, round_money

PAYMENT_DAYS_OF_UNNAMED_CONSUMERS = 0


class NothingToInvoice(Refused):
    code = "nothing_to_invoice"
    sentence = QT_TRANSLATE_NOOP("Refusal", "All that was shipped of {order} is invoiced already. Nothing was changed.")


class InvoicedAtDelivery(Refused):
    code = "invoiced_at_delivery"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This company invoices goods when they are delivered. Confirm the delivery of the shipments of {order}; nothing was "
        "changed.",
    )


@dataclass(frozen=True)
class InvoicedLine:
    """A quantity of an order line, in stock units."""

    order_line: SalesOrderLine
    qty: Decimal


@action("sales.write")
@dataclass(frozen=True)
class PostSalesInvoice(Action):
    """Invoices all that was shipped of an order and not invoiced yet; revenue and receivable are posted."""

    invoice_id: UUID
    order_id: UUID
    invoiced_on: date

    def run(self, session: Session, ctx: Context) -> None:
        order = find(session, ctx, SalesOrder, self.order_id)
        if is_at_delivery(session, ctx):
            raise InvoicedAtDelivery(order=order.number or "")
        open_period(session, ctx, self.invoiced_on)
        lines = [
            InvoicedLine(line, line.shipped_qty - line.invoiced_qty)
            for line in lines_of(session, ctx, order.id)
            if line.shipped_qty > line.invoiced_qty
        ]
        if not lines:
            raise NothingToInvoice(order=order.number or "")
        keep_in_window(session, ctx, order)
        invoice_lines(session, ctx, order, lines, self.invoice_id, self.invoiced_on)


def invoice_lines(
    session: Session,
    ctx: Context,
    order: SalesOrder,
    lines: Sequence[InvoicedLine],
    invoice_id: UUID,
    invoiced_on: date,
) -> None:
    """Writes the invoice for `lines`, with the order's freight on its first one, and posts the revenue at the centre.

    The last part of an order line takes what is left of its amount, so that the parts add up to the line.
    """
    places = company_of(session, ctx).currency_places
    customer = find(session, ctx, Party, order.customer_id) if order.customer_id else None
    payment_days = customer.payment_days if customer else PAYMENT_DAYS_OF_UNNAMED_CONSUMERS
    is_first = not any(line.invoiced_qty for line in lines_of(session, ctx, order.id))
    invoice = SalesInvoice(
        company_id=ctx.company_id,
        id=invoice_id,
        number=give_number(session, ctx, "sales_invoice", invoiced_on),
        order_id=order.id,
        customer_id=order.customer_id,
        invoiced_on=invoiced_on,
        due_on=invoiced_on + timedelta(days=payment_days),
        status="posted",
    )
    earned = []
    rows: list[tuple[UUID | None, UUID | None, Decimal, Decimal]] = []
    for line in lines:
        amount = _amount_of_part(line, places)
        line.order_line.invoiced_qty += line.qty
        rows.append((line.order_line.id, line.order_line.product_id, line.qty, amount))
        dimensions = Dimensions(
            product_id=line.order_line.product_id,
            party_id=order.customer_id,
            warehouse_id=order.warehouse_id,
            channel_id=order.channel_id,
            line_id=line.order_line.id,
        )
        earned.append(Amount(amount, dimensions))
    freight = order.freight if is_first else ZERO
    if freight:
        rows.append((None, None, ONE, freight))
    invoice.total = sum((amount for _, _, _, amount in rows), ZERO)
    session.add(invoice)
    append_rows(
        session,
        ctx,
        SalesInvoiceLine,
        [
            {
                "id": ctx.new_id(),
                "invoice_id": invoice.id,
                "line_no": line_no,
                "order_line_id": order_line_id,
                "product_id": product_id,
                "qty": qty,
                "amount": amount,
            }
            for line_no, (order_line_id, product_id, qty, amount) in enumerate(rows, start=1)
        ],
    )
    if ctx.at_centre:
        by_hand = company_of(session, ctx).revenue_at == "invoice"
        event = (SalesInvoiced if by_hand else RevenueEarned)(
            tuple(earned),
            freight=freight,
            receivable=Dimensions(party_id=order.customer_id, channel_id=order.channel_id),
        )
        post(session, ctx, event, invoiced_on, ("sales_invoice", invoice.id), text=invoice.number or "")


def _amount_of_part(line: InvoicedLine, currency_places: int) -> Decimal:
    """The share of the order line's amount that `qty` has: up to here less what came before, so that cents add up."""
    order_line = line.order_line
    before = round_money(order_line.amount * order_line.invoiced_qty / order_line.qty, currency_places)
    after = round_money(order_line.amount * (order_line.invoiced_qty + line.qty) / order_line.qty, currency_places)
    return after - before
