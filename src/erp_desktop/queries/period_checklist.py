"""What should be looked at before a period is closed: each item says how many, and whether it keeps the period open.

Here: the counts. Not here: words and the lists that they open (views/ledger). What this desk may not see is not counted.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.periods import earlier_open_period, pools_below_zero
from erp_desktop.ids import derived_id
from erp_desktop.models.base import Replicated
from erp_desktop.models.company import User
from erp_desktop.models.costing import CostBook, CostEvent, CostPool, MoveCost
from erp_desktop.models.ledger import Period, PeriodChange
from erp_desktop.models.purchasing import GoodsReceipt, PriceCorrection, PurchaseOrder
from erp_desktop.models.sales import CustomerReturn, SalesOrder, Shipment
from erp_desktop.models.stock import StockBalance, Warehouse
from erp_desktop.models.sync import OutboxAction
from erp_desktop.models.valuation import StockAllowance, WriteDown
from erp_desktop.queries.base import ListPage, ListRequest, NotHere
from erp_desktop.queries.cost_of_sales import posts_at_delivery
from erp_desktop.queries.doctor import examine
from erp_desktop.queries.listing import FIRST_PAGE
from erp_desktop.queries.served_costs import served_period

BLOCKS, WARNS, FINE = "blocks", "warns", "fine"
MOST_EXAMPLES = 5


@dataclass(frozen=True)
class ChecklistItem:
    """`key` names what was counted. `state`: it blocks the close, is a warning, or there is none of it. `examples` name some."""

    id: UUID
    key: str
    count: int
    state: str
    examples: tuple[str, ...] = ()
    since: date | None = None  # the first day that it is about


@dataclass(frozen=True)
class PeriodRecord:
    """A period as its page shows it, with all that was ever done to it, newest first."""

    id: UUID
    number: str  # its month
    starts_on: date
    ends_on: date
    is_closed: bool
    is_last_closed: bool  # so it can be reopened
    changes: "tuple[PeriodChangeRow, ...]"


@dataclass(frozen=True)
class PeriodChangeRow:
    """A closing or reopening, and who did it."""

    is_closed: bool
    changed_at: Any
    changed_by: str
    reason: str


@dataclass(frozen=True)
class PeriodDetail:
    """One period. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = frozenset({"period", "period_change", "app_user"})

    period_id: UUID

    def run(self, session: Session, company_id: UUID) -> PeriodRecord:
        period = _period(session, company_id, self.period_id)
        last = session.scalar(
            select(func.max(Period.starts_on)).where(Period.company_id == company_id, Period.is_closed.is_(True))
        )
        changes = session.execute(
            select(PeriodChange.is_closed, PeriodChange.changed_at, User.name, PeriodChange.reason)
            .outerjoin(User, (User.company_id == PeriodChange.company_id) & (User.id == PeriodChange.changed_by))
            .where(PeriodChange.company_id == company_id, PeriodChange.period_id == period.id)
            .order_by(PeriodChange.changed_at.desc(), PeriodChange.id.desc())
        )
        return PeriodRecord(
            period.id,
            f"{period.starts_on:%Y-%m}",
            period.starts_on,
            period.ends_on,
            period.is_closed,
            period.is_closed and period.starts_on == last,
            tuple(PeriodChangeRow(closed, at, name or "", reason) for closed, at, name, reason in changes),
        )


@dataclass(frozen=True)
class PeriodChecklist:
    """The checklist of a period, what blocks first. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = frozenset(
        {
            *("period", "purchase_order", "sales_order", "customer_return", "goods_receipt", "price_correction"),
            *("stock_balance", "cost_pool", "move_cost", "cost_book", "write_down", "stock_allowance"),
            *("cost_to_serve_run", "cost_to_serve_rule", "shipment", "shipment_line"),
        }
    )

    request: ListRequest = FIRST_PAGE
    period_id: UUID | None = None
    permissions: frozenset[str] = field(default=frozenset(), repr=False)

    def run(self, session: Session, company_id: UUID) -> ListPage[ChecklistItem]:
        if self.period_id is None:
            return ListPage((), 0, {})
        counter = _Counter(session, company_id, _period(session, company_id, self.period_id))
        items = [
            counter.earlier_open(),
            counter.short_averages(),
            counter.drafts("draft_purchase_orders", PurchaseOrder, PurchaseOrder.ordered_on, "draft"),
            counter.drafts("draft_sales_orders", SalesOrder, SalesOrder.ordered_on, "draft"),
            counter.drafts("announced_returns", CustomerReturn, CustomerReturn.returned_on, "announced"),
            counter.not_invoiced(),
            counter.under_way(),
            counter.negative_stock(),
            counter.provisional_averages(),
            counter.waiting("waiting_changes", ("pending",)),
            counter.waiting("attention", ("refused", "failed", "held")),
            counter.allowances(),
            counter.cost_to_serve(),
        ]
        order = (BLOCKS, WARNS, FINE)
        items.sort(key=lambda item: order.index(item.state))  # stable: in the order above otherwise
        return ListPage(tuple(items), len(items), {})


@dataclass(frozen=True)
class DoctorFindings:
    """The doctor's differences on this desk, as one item of the checklist. Takes longer than the rest."""

    tables: ClassVar[frozenset[str]] = frozenset()

    permissions: frozenset[str]

    def run(self, session: Session, company_id: UUID) -> ChecklistItem:
        found = examine(session, company_id, self.permissions)
        return _item("doctor", len(found), [difference.sentence for difference in found])


def _period(session: Session, company_id: UUID, period_id: UUID) -> Period:
    period = session.get(Period, (company_id, period_id))
    if period is None:
        raise NotHere("period", period_id)
    return period


def _item(key: str, count: int, examples: list[str], bad: str = WARNS, since: date | None = None) -> ChecklistItem:
    return ChecklistItem(
        derived_id("checklist", key), key, count, bad if count else FINE, tuple(examples[:MOST_EXAMPLES]), since
    )


class _Counter:
    """Counts for one period."""

    def __init__(self, session: Session, company_id: UUID, period: Period) -> None:
        self._session, self._company_id, self._period = session, company_id, period

    def earlier_open(self) -> ChecklistItem:
        since = earlier_open_period(self._session, self._company_id, self._period)
        count = self._session.scalar(
            select(func.count()).where(
                Period.company_id == self._company_id,
                Period.starts_on < self._period.starts_on,
                Period.is_closed.is_(False),
            )
        )
        return _item("earlier_open", count or 0, [f"{since:%Y-%m}"] if since else [], BLOCKS, since)

    def short_averages(self) -> ChecklistItem:
        """Month-end averages cannot be computed over stock that is not there."""
        short = pools_below_zero(self._session, self._company_id, self._period.ends_on, "periodic_average")
        return _item("short_averages", len(short), [pool.product_code for pool in short], BLOCKS)

    def negative_stock(self) -> ChecklistItem:
        below = self._session.scalar(
            select(func.count()).where(StockBalance.company_id == self._company_id, StockBalance.on_hand < 0)
        )
        short = (
            pools_below_zero(self._session, self._company_id, self._period.ends_on) if self._may_be_negative() else []
        )
        products = {pool.product_id: pool.product_code for pool in short}
        return _item("negative_stock", max(below or 0, len(products)), list(products.values()))

    def _may_be_negative(self) -> bool:
        """Stock goes below zero only where a warehouse allows it, or has allowed it and is short still."""
        allowing = select(Warehouse.id).where(Warehouse.company_id == self._company_id, Warehouse.allows_negative)
        short = select(CostPool.id).where(CostPool.company_id == self._company_id, CostPool.on_hand < 0)
        return any(self._session.scalar(one.limit(1)) is not None for one in (allowing, short))

    def drafts(self, key: str, table: type[Replicated], dated_on: Any, status: str) -> ChecklistItem:
        of_table: Any = table
        found = self._session.scalars(
            select(of_table.number)
            .where(
                of_table.company_id == self._company_id,
                of_table.status == status,
                dated_on.between(self._period.starts_on, self._period.ends_on),
            )
            .order_by(dated_on, of_table.id)
        ).all()
        return _item(key, len(found), [number for number in found if number])

    def not_invoiced(self) -> ChecklistItem:
        """Receipts of the period for which no supplier invoice confirmed the price yet."""
        confirmed = select(PriceCorrection.receipt_id).where(PriceCorrection.company_id == self._company_id)
        found = self._session.scalars(
            select(GoodsReceipt.number)
            .where(
                GoodsReceipt.company_id == self._company_id,
                GoodsReceipt.received_on.between(self._period.starts_on, self._period.ends_on),
                GoodsReceipt.id.not_in(confirmed),
            )
            .order_by(GoodsReceipt.received_on, GoodsReceipt.id)
        ).all()
        return _item("not_invoiced", len(found), [number for number in found if number])

    def under_way(self) -> ChecklistItem:
        """Shipments that no customer has yet, where they are revenue only then: they stay goods dispatched."""
        found: Sequence[str | None] = ()
        if posts_at_delivery(self._session, self._company_id):
            found = self._session.scalars(
                select(Shipment.number)
                .where(
                    Shipment.company_id == self._company_id,
                    Shipment.shipped_on <= self._period.ends_on,
                    Shipment.under_way_until.is_(None),
                )
                .order_by(Shipment.shipped_on, Shipment.id)
            ).all()
        return _item("under_way", len(found), [number for number in found if number])

    def provisional_averages(self) -> ChecklistItem:
        """Pools whose issues of the period still carry the last average: closing computes it and posts the true-up."""
        moved = (
            select(MoveCost.pool_id)
            .where(
                MoveCost.company_id == self._company_id,
                MoveCost.dated_on.between(self._period.starts_on, self._period.ends_on),
                MoveCost.kind != CostEvent.PERIOD_END,
            )
            .distinct()
        )
        ended = select(MoveCost.pool_id).where(
            MoveCost.company_id == self._company_id,
            MoveCost.dated_on == self._period.ends_on,
            MoveCost.kind == CostEvent.PERIOD_END,
        )
        count = self._session.scalar(
            select(func.count())
            .select_from(CostPool)
            .join(CostBook, (CostBook.company_id == CostPool.company_id) & (CostBook.id == CostPool.book_id))
            .where(
                CostPool.company_id == self._company_id,
                CostPool.method == "periodic_average",
                CostBook.is_closed.is_(False),
                CostPool.id.in_(moved),
                CostPool.id.not_in(ended),
            )
        )
        return _item("provisional_averages", count or 0, [])

    def waiting(self, key: str, states: tuple[str, ...]) -> ChecklistItem:
        """What was done at this desk with a day of the period and is not in the books: sent later, or waiting for a person."""
        found = self._session.execute(
            select(OutboxAction.name, OutboxAction.args)
            .where(OutboxAction.company_id == self._company_id, OutboxAction.status.in_(states))
            .order_by(OutboxAction.seq)
        )
        names = [name for name, args in found if _has_day(json.loads(args), self._period)]
        return _item(key, len(names), names)

    def allowances(self) -> ChecklistItem:
        """Products that are carried below cost, where no write-down was run for the period."""
        run = self._session.scalar(
            select(func.count()).where(
                WriteDown.company_id == self._company_id,
                WriteDown.dated_on.between(self._period.starts_on, self._period.ends_on),
            )
        )
        carried = self._session.scalar(
            select(func.count()).where(StockAllowance.company_id == self._company_id, StockAllowance.amount > 0)
        )
        return _item("allowances", 0 if run else carried or 0, [])

    def cost_to_serve(self) -> ChecklistItem:
        """Rules whose costs of this period are not shared, or changed in the ledger since they were."""
        served = served_period(self._session, self._period)
        behind = [cost for cost in served.costs if served.run_at is None or cost.difference]
        return _item("cost_to_serve", len(behind), sorted(cost.account_codes for cost in behind))


def _has_day(value: Any, period: Period) -> bool:
    """Whether a day of the period stands anywhere in an action's arguments."""
    if isinstance(value, dict):
        return any(_has_day(one, period) for one in value.values())
    if isinstance(value, list):
        return any(_has_day(one, period) for one in value)
    if not isinstance(value, str) or len(value) != len("2026-01-31"):
        return False
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return False
    return period.starts_on <= day <= period.ends_on
