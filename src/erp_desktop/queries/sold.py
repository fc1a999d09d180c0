"""What was sold: invoiced amounts and what customers were credited for returns, per what they are asked by.

Amounts in company currency, net of tax. Freight that was charged belongs to an order and to no product.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from erp_desktop.models.ledger import AccountPurpose
from erp_desktop.models.product import Product
from erp_desktop.models.sales import (
    CustomerReturn,
    CustomerReturnLine,
    ReturnStatus,
    SalesInvoice,
    SalesInvoiceLine,
    SalesOrder,
    Shipment,
)
from erp_desktop.models.types import MoneyType
from erp_desktop.numbers import ZERO
from erp_desktop.queries.cost_of_sales import ALL_SALES, By, Only, posted_to
from erp_desktop.queries.list_shape import table_of

_invoice = table_of(SalesInvoice)
_invoice_line = table_of(SalesInvoiceLine)
_return = table_of(CustomerReturn)
_return_line = table_of(CustomerReturnLine)
_shipment = table_of(Shipment)
_order = table_of(SalesOrder)
_product = table_of(Product)


@dataclass
class Sold:
    """`revenue` as invoiced, `returns` as credited to customers (positive)."""

    revenue: Decimal = ZERO
    returns: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        return self.revenue - self.returns


def sold(
    session: Session, company_id: UUID, first: date, last: date, by: By, only: Only = ALL_SALES
) -> dict[UUID | None, Sold]:
    """Revenue and returns dated from `first` to `last` by record; sales that name no such record stand under None."""
    found: defaultdict[UUID | None, Sold] = defaultdict(Sold)
    for id, amount in session.execute(_revenue(company_id, first, last, by, only)):
        found[id].revenue += amount
    for id, amount in session.execute(_returns(company_id, first, last, by, only)):
        found[id].returns += amount
    return dict(found)


def ledger_net_sales(session: Session, company_id: UUID, first: date, last: date) -> Decimal:
    """What documents posted to the accounts of revenue, freight revenue and sales returns: credits less debits."""
    accounts = select(AccountPurpose.account_id).where(
        AccountPurpose.company_id == company_id,
        AccountPurpose.purpose.in_(("revenue", "freight_revenue", "sales_returns")),
    )
    return -posted_to(session, company_id, accounts, first, last)


def _revenue(company_id: UUID, first: date, last: date, by: By, only: Only) -> Select[Any]:
    line, invoice = _invoice_line, _invoice
    key = {
        By.PRODUCT: line.c.product_id,
        By.CHANNEL: _order.c.channel_id,
        By.CUSTOMER: invoice.c.customer_id,
        By.DISTRIBUTOR: _order.c.distributor_id,
        By.ORDER: invoice.c.order_id,
    }[by]
    joined = line.join(
        invoice, and_(invoice.c.company_id == line.c.company_id, invoice.c.id == line.c.invoice_id)
    ).join(_order, and_(_order.c.company_id == invoice.c.company_id, _order.c.id == invoice.c.order_id))
    statement = select(key, func.sum(line.c.amount, type_=MoneyType())).select_from(joined)
    statement = statement.where(invoice.c.company_id == company_id, invoice.c.invoiced_on.between(first, last))
    return _chosen(statement, line, _order.c.channel_id, invoice.c.customer_id, company_id, only).group_by(key)


def _returns(company_id: UUID, first: date, last: date, by: By, only: Only) -> Select[Any]:
    line, returned = _return_line, _return
    key = {
        By.PRODUCT: line.c.product_id,
        By.CHANNEL: func.coalesce(_order.c.channel_id, returned.c.channel_id),
        By.CUSTOMER: returned.c.customer_id,
        By.DISTRIBUTOR: _order.c.distributor_id,
        By.ORDER: _shipment.c.order_id,
    }[by]
    joined: Any = line.join(
        returned, and_(returned.c.company_id == line.c.company_id, returned.c.id == line.c.return_id)
    ).outerjoin(
        _shipment, and_(_shipment.c.company_id == returned.c.company_id, _shipment.c.id == returned.c.shipment_id)
    )
    joined = joined.outerjoin(
        _order, and_(_order.c.company_id == _shipment.c.company_id, _order.c.id == _shipment.c.order_id)
    )
    statement = select(key, func.sum(line.c.amount, type_=MoneyType())).select_from(joined)
    statement = statement.where(
        returned.c.company_id == company_id,
        returned.c.status == ReturnStatus.POSTED,
        returned.c.returned_on.between(first, last),
    )
    channel_id = func.coalesce(_order.c.channel_id, returned.c.channel_id)
    return _chosen(statement, line, channel_id, returned.c.customer_id, company_id, only).group_by(key)


def _chosen(
    statement: Select[Any], line: Any, channel_id: Any, customer_id: Any, company_id: UUID, only: Only
) -> Select[Any]:
    if only.product_id:
        statement = statement.where(line.c.product_id == only.product_id)
    if only.category_id:
        in_category = select(_product.c.id).where(
            _product.c.company_id == company_id, _product.c.category_id == only.category_id
        )
        statement = statement.where(line.c.product_id.in_(in_category))
    if only.channel_id:
        statement = statement.where(channel_id == only.channel_id)
    if only.customer_id:
        statement = statement.where(customer_id == only.customer_id)
    if only.order_id:
        statement = statement.where(_order.c.id == only.order_id)
    return statement
