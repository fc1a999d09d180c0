"""Document and voucher numbers: consecutive, without gaps, given by the centre only."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.models.sync import NumberSeries

PREFIXES = {
    "purchase_order": "PO",
    "goods_receipt": "GR",
    "supplier_return": "SR",
    "landed_cost": "LC",
    "price_correction": "PC",
    "sales_order": "SO",
    "shipment": "SH",
    "sales_invoice": "INV",
    "customer_return": "RET",
    "stock_count": "CNT",
    "goods_transfer": "TRF",
    "stock_scrap": "SCR",
    "stock_revaluation": "REV",
    "write_down": "NRV",
    "standard_cost_change": "STD",
}


def next_in_series(session: Session, company_id: UUID, kind: str, scope: str, count: int = 1) -> int:
    """Takes `count` consecutive numbers and gives the first. The company's clock is held, so nobody is in between."""
    key = (company_id, kind, scope)
    all_series: dict[tuple[UUID, str, str], NumberSeries] = session.info.setdefault("number_series", {})
    series = all_series.get(key) or session.get(NumberSeries, key)
    if series is None:
        series = NumberSeries(company_id=company_id, kind=kind, scope=scope, last=0)
        session.add(series)
    all_series[key] = series
    series.last += count
    return series.last - count + 1


def give_numbers(session: Session, ctx: Context, kind: str, year: int, count: int) -> Sequence[str | None]:
    """`count` document numbers such as PO-2024-0042, in order; on a desk as many Nones, for the centre to fill."""
    if not ctx.at_centre:
        return [None] * count
    first = next_in_series(session, ctx.company_id, kind, str(year), count)
    return [f"{PREFIXES[kind]}-{year}-{first + place:04d}" for place in range(count)]


def give_number(session: Session, ctx: Context, kind: str, dated_on: date) -> str | None:
    """The next number of `kind` in the year of `dated_on`; None on a desk."""
    return give_numbers(session, ctx, kind, dated_on.year, 1)[0]
