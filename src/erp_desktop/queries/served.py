"""Cost to serve as it was shared, per what it is asked by (costing.md, rule 13). For analysis: nothing of it is posted.

It is shared for whole periods, so only periods that lie within the days asked for count.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from erp_desktop.models.cost_to_serve import CostToServeShare, CostToServeTotal
from erp_desktop.models.ledger import Period
from erp_desktop.models.product import Product
from erp_desktop.models.sales import SalesOrder
from erp_desktop.models.types import MoneyType
from erp_desktop.numbers import ZERO
from erp_desktop.queries.cost_of_sales import ALL_SALES, By, Only
from erp_desktop.queries.list_shape import table_of

_share = table_of(CostToServeShare)
_total = table_of(CostToServeTotal)
_order = table_of(SalesOrder)
_product = table_of(Product)
_period = table_of(Period)


def cost_to_serve(
    session: Session, company_id: UUID, first: date, last: date, by: By, only: Only = ALL_SALES
) -> dict[UUID | None, Decimal]:
    """What was shared of the periods within `first` and `last` by record; what fell on no such record stands under None."""
    key = {
        By.PRODUCT: _share.c.product_id,
        By.CHANNEL: _share.c.channel_id,
        By.CUSTOMER: _share.c.customer_id,
        By.DISTRIBUTOR: _order.c.distributor_id,
        By.ORDER: _share.c.order_id,
    }[by]
    joined = _share.join(_period, _within(_share, first, last)).outerjoin(
        _order, and_(_order.c.company_id == _share.c.company_id, _order.c.id == _share.c.order_id)
    )
    statement = select(key, func.sum(_share.c.amount, type_=MoneyType())).select_from(joined)
    statement = statement.where(_share.c.company_id == company_id, *_chosen(company_id, only)).group_by(key)
    return {row[0]: row[1] for row in session.execute(statement)}


def cost_to_serve_by_kind(
    session: Session, company_id: UUID, first: date, last: date
) -> dict[UUID | None, dict[str, Decimal]]:
    """The same by product and kind (storage, handling, packaging ...)."""
    joined = _share.join(_period, _within(_share, first, last))
    statement = select(_share.c.product_id, _share.c.kind, func.sum(_share.c.amount, type_=MoneyType()))
    statement = statement.select_from(joined).where(_share.c.company_id == company_id)
    found: defaultdict[UUID | None, dict[str, Decimal]] = defaultdict(dict)
    for product_id, kind, amount in session.execute(statement.group_by(_share.c.product_id, _share.c.kind)):
        found[product_id][kind] = amount
    return dict(found)


def ledger_cost_to_serve(session: Session, company_id: UUID, first: date, last: date) -> Decimal:
    """What the ledger held of the costs that were shared, for the same periods."""
    joined = _total.join(_period, _within(_total, first, last))
    statement = select(func.sum(_total.c.amount, type_=MoneyType())).select_from(joined)
    total = session.scalar(statement.where(_total.c.company_id == company_id))
    return total if total is not None else ZERO


def _within(table: Any, first: date, last: date) -> ColumnElement[bool]:
    return and_(
        _period.c.company_id == table.c.company_id,
        _period.c.id == table.c.period_id,
        _period.c.starts_on >= first,
        _period.c.ends_on <= last,
    )


def _chosen(company_id: UUID, only: Only) -> Iterable[ColumnElement[bool]]:
    if only.product_id:
        yield _share.c.product_id == only.product_id
    if only.category_id:
        in_category = select(_product.c.id).where(
            _product.c.company_id == company_id, _product.c.category_id == only.category_id
        )
        yield _share.c.product_id.in_(in_category)
    if only.channel_id:
        yield _share.c.channel_id == only.channel_id
    if only.customer_id:
        yield _share.c.customer_id == only.customer_id
    if only.order_id:
        yield _share.c.order_id == only.order_id
