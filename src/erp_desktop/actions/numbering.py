"""Document and voucher numbers: consecutive, without gaps, given by the centre only."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.models.sync import NumberSeries

PREFIXES = {
    "purchase_order": "PO",
    "goods_receipt": "GR",
    "landed_cost": "LC",
    "sales_order": "SO",
    "shipment": "SH",
    "sales_invoice": "INV",
    "customer_return": "RET",
    "stock_count": "CNT",
}


def next_in_series(session: Session, company_id: UUID, kind: str, scope: str, count: int = 1) -> int:
    """Takes `count` consecutive numbers and gives the first. The company's clock is held, so nobody is in between."""
    taken = session.scalar(
        update(NumberSeries)
        .where(NumberSeries.company_id == company_id, NumberSeries.kind == kind, NumberSeries.scope == scope)
        .values(last=NumberSeries.last + count)
        .returning(NumberSeries.last),
        execution_options={"synchronize_session": False},
    )
    if taken is None:
        session.execute(insert(NumberSeries).values(company_id=company_id, kind=kind, scope=scope, last=count))
        taken = count
    return taken - count + 1


def give_numbers(session: Session, ctx: Context, kind: str, year: int, count: int) -> Sequence[str | None]:
    """`count` document numbers such as PO-2024-0042, in order; on a desk as many Nones, for the centre to fill."""
    if not ctx.at_centre:
        return [None] * count
    first = next_in_series(session, ctx.company_id, kind, str(year), count)
    return [f"{PREFIXES[kind]}-{year}-{first + place:04d}" for place in range(count)]


def give_number(session: Session, ctx: Context, kind: str, dated_on: date) -> str | None:
    """The next number of `kind` in the year of `dated_on`; None on a desk."""
    return give_numbers(session, ctx, kind, dated_on.year, 1)[0]
