"""Cost to serve as it is looked at: a period's costs against the ledger, and what fell on whom (costing.md, rule 13).

Here: reading. Not here: the sharing (actions/cost_to_serve.py).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from erp_desktop.models.cost_to_serve import (
    CostToServeKind,
    CostToServeRule,
    CostToServeRun,
    CostToServeShare,
    CostToServeTotal,
)
from erp_desktop.models.ledger import Account, CostCentre, JournalEntry, Period
from erp_desktop.models.product import Product
from erp_desktop.models.stock import StockBalance
from erp_desktop.models.types import MoneyType
from erp_desktop.numbers import ZERO
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.serving_rules import accounts_by_purpose, active_rules, costs_of_account

KINDS = [str(kind) for kind in CostToServeKind]  # in the order in which they are listed
Dimension = Literal["kind", "product", "order", "channel", "customer", "warehouse"]


# --- a period against the ledger


@dataclass(frozen=True)
class ServedCost:
    """What a rule's costs are in the ledger and how they were shared. Company currency.

    `ledger` is None where the ledger is not held here; `difference` is what the ledger holds and no run has shared (yet).
    `standard` is storage at the warehouses' rates, None where no rate is set.
    """

    id: UUID  # of the rule
    kind: str
    purpose: str
    account_codes: str
    cost_centre_code: str | None
    driver: str
    ledger: Decimal | None
    allocated: Decimal
    not_allocated: Decimal
    difference: Decimal | None
    standard: Decimal | None
    above_standard: Decimal | None  # shared less standard


@dataclass(frozen=True)
class ServedPeriod:
    """A period's costs to serve. `run_at` is None where it was not shared yet."""

    period_id: UUID
    starts_on: date
    ends_on: date
    is_closed: bool
    run_at: datetime | None
    costs: tuple[ServedCost, ...]

    @property
    def has_difference(self) -> bool:
        return any(cost.difference for cost in self.costs)


@dataclass(frozen=True)
class _Claim:
    """What of the ledger a rule shares, as it was shared, or as it would be."""

    rule_id: UUID
    kind: str
    driver: str
    account_id: UUID
    cost_centre_id: UUID | None
    amount: Decimal | None  # as it was shared


def served_periods(session: Session, company_id: UUID, from_: date, to: date) -> list[ServedPeriod]:
    """The whole periods that lie within the days from `from_` to `to`, oldest first."""
    periods = session.scalars(
        select(Period)
        .where(Period.company_id == company_id, Period.starts_on >= from_, Period.ends_on <= to)
        .order_by(Period.starts_on)
    )
    return [served_period(session, period) for period in periods]


def served_period(session: Session, period: Period) -> ServedPeriod:
    """The rules' costs in `period`, by kind; of a closed period as its run found the rules."""
    company_id = period.company_id
    run_at = session.scalars(
        select(CostToServeRun.run_at).where(
            CostToServeRun.company_id == company_id, CostToServeRun.period_id == period.id
        )
    ).first()
    claims = _claims(session, period, run_at is not None)
    shared = {
        rule_id: (amount, not_allocated, standard)
        for rule_id, amount, not_allocated, standard in session.execute(
            select(
                CostToServeShare.rule_id,
                func.sum(CostToServeShare.amount, type_=MoneyType()),
                func.sum(
                    case((CostToServeShare.is_allocated.is_(False), CostToServeShare.amount), else_=0),
                    type_=MoneyType(),
                ),
                func.sum(CostToServeShare.standard, type_=MoneyType()),
            )
            .where(CostToServeShare.company_id == company_id, CostToServeShare.period_id == period.id)
            .group_by(CostToServeShare.rule_id)
        )
    }
    has_ledger = session.scalar(select(JournalEntry.id).where(JournalEntry.company_id == company_id).limit(1))
    purposes = dict(
        session.execute(
            select(CostToServeRule.id, CostToServeRule.purpose).where(CostToServeRule.company_id == company_id)
        ).all()
    )
    codes = _codes(session, company_id, Account, {claim.account_id for claim in claims})
    centres = _codes(session, company_id, CostCentre, {claim.cost_centre_id for claim in claims})
    by_rule: defaultdict[UUID, list[_Claim]] = defaultdict(list)
    for claim in claims:
        by_rule[claim.rule_id].append(claim)
    costs = []
    for rule_id, of_rule in sorted(by_rule.items(), key=lambda item: (KINDS.index(item[1][0].kind), item[0])):
        amount, not_allocated, standard = shared.get(rule_id, (ZERO, ZERO, None))
        ledger = sum((_in_ledger(session, period, claim) for claim in of_rule), ZERO) if has_ledger else None
        first = of_rule[0]
        costs.append(
            ServedCost(
                id=rule_id,
                kind=first.kind,
                purpose=purposes.get(rule_id, ""),
                account_codes=", ".join(sorted(codes.get(claim.account_id, "") for claim in of_rule)),
                cost_centre_code=centres.get(first.cost_centre_id),
                driver=first.driver,
                ledger=ledger,
                allocated=amount - not_allocated,
                not_allocated=not_allocated,
                difference=None if ledger is None else ledger - amount,
                standard=standard,
                above_standard=None if standard is None else amount - standard,
            )
        )
    return ServedPeriod(period.id, period.starts_on, period.ends_on, period.is_closed, run_at, tuple(costs))


def _claims(session: Session, period: Period, is_shared: bool) -> list[_Claim]:
    total = CostToServeTotal
    claims = [
        _Claim(*row)
        for row in session.execute(
            select(total.rule_id, total.kind, total.driver, total.account_id, total.cost_centre_id, total.amount).where(
                total.company_id == period.company_id, total.period_id == period.id
            )
        )
    ]
    if not (period.is_closed and is_shared):  # rules that are new since count as not shared yet
        shared = {claim.rule_id for claim in claims}
        accounts = accounts_by_purpose(session, period.company_id)
        claims += [
            _Claim(rule.id, rule.kind, rule.driver, account_id, rule.cost_centre_id, None)
            for rule in active_rules(session, period.company_id)
            if rule.id not in shared
            for account_id in accounts.get(rule.purpose, ())
        ]
    return sorted(claims, key=lambda claim: (claim.rule_id, claim.account_id))


def _in_ledger(session: Session, period: Period, claim: _Claim) -> Decimal:
    return sum(
        (cost.amount for cost in costs_of_account(session, period, claim.account_id, claim.cost_centre_id)), ZERO
    )


def _codes(session: Session, company_id: UUID, table: Any, ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    found = session.execute(
        select(table.id, table.code).where(table.company_id == company_id, table.id.in_(set(ids) - {None}))
    )
    return dict(found.all())


@dataclass(frozen=True)
class ServedCosts:
    """A period's costs to serve as a list, one row a rule. Without a period: of the one that holds `on`."""

    tables: ClassVar[frozenset[str]] = frozenset(
        {"cost_to_serve_rule", "cost_to_serve_run", "cost_to_serve_share", "cost_to_serve_total"}
        | {"journal_line", "period", "account_purpose"}
    )

    request: ListRequest
    period_id: UUID | None
    on: date

    def run(self, session: Session, company_id: UUID) -> ListPage[ServedCost]:
        which = Period.id == self.period_id if self.period_id else Period.starts_on <= self.on
        of_company = select(Period).where(Period.company_id == company_id, which)
        period = session.scalars(of_company.order_by(Period.starts_on.desc()).limit(1)).first()
        rows = list(served_period(session, period).costs) if period is not None else []
        if self.request.sort:
            rows.sort(key=lambda row: _sortable(getattr(row, self.request.sort)), reverse=self.request.descending)
        words = self.request.search.casefold().split()
        rows = [row for row in rows if all(word in f"{row.kind} {row.purpose} {row.account_codes}" for word in words)]
        sums = ("ledger", "allocated", "not_allocated", "difference", "standard", "above_standard")
        totals = {
            name: sum((value for row in rows if (value := getattr(row, name)) is not None), ZERO)
            for name in sums
            if any(getattr(row, name) is not None for row in rows)
        }
        asked = rows[self.request.offset : self.request.offset + self.request.limit]
        return ListPage(tuple(asked), None if self.request.rows_only else len(rows), totals)


def _sortable(value: Any) -> tuple[bool, Any]:
    return value is None, value if value is not None else 0


@dataclass(frozen=True)
class ServingPeriod:
    """A period that can be chosen, and what is to be known of its run."""

    period_id: UUID
    starts_on: date
    ends_on: date
    is_closed: bool
    run_at: datetime | None


@dataclass(frozen=True)
class ServingSetUp:
    """What the page stands on: `without_volume` counts stocked products that take no room for want of a volume."""

    periods: tuple[ServingPeriod, ...]  # the newest first
    rules: int
    without_volume: int


@dataclass(frozen=True)
class CostToServeSetUp:
    tables: ClassVar[frozenset[str]] = frozenset(
        {"cost_to_serve_rule", "cost_to_serve_run", "period", "product", "stock_balance"}
    )

    def run(self, session: Session, company_id: UUID) -> ServingSetUp:
        same = (CostToServeRun.company_id == Period.company_id) & (CostToServeRun.period_id == Period.id)
        periods = session.execute(
            select(Period.id, Period.starts_on, Period.ends_on, Period.is_closed, CostToServeRun.run_at)
            .outerjoin(CostToServeRun, same)
            .where(Period.company_id == company_id)
            .order_by(Period.starts_on.desc())
        )
        balance = (StockBalance.company_id == Product.company_id) & (StockBalance.product_id == Product.id)
        without = (
            select(func.count(func.distinct(Product.id)))
            .join(StockBalance, balance)
            .where(Product.company_id == company_id, StockBalance.on_hand > ZERO)
            .where(Product.volume_m3.is_(None) | (Product.volume_m3 == ZERO))
        )
        return ServingSetUp(
            tuple(ServingPeriod(*row) for row in periods),
            len(active_rules(session, company_id)),
            session.scalar(without) or 0,
        )


# --- what fell on whom


@dataclass(frozen=True)
class Narrowed:
    """What shares are narrowed down to."""

    product_id: UUID | None = None
    channel_id: UUID | None = None
    customer_id: UUID | None = None
    warehouse_id: UUID | None = None

    @property
    def is_all(self) -> bool:
        return self == ALL_SHARES


ALL_SHARES = Narrowed()


def cost_to_serve_by(
    session: Session, company_id: UUID, from_: date, to: date, dimension: Dimension
) -> dict[Any, Decimal]:
    """Cost to serve by product, order, channel, customer or warehouse (ids), or by kind (its name), in company currency.

    Costs are shared for whole periods: those that lie within the days from `from_` to `to` count. What fell on no one of
    the dimension (storage on no order, what was not allocated) stands under None, so that the values always add up to all
    that was shared.
    """
    column = _column_of(dimension)
    statement: Select[Any] = select(column, func.sum(CostToServeShare.amount, type_=MoneyType()))
    return dict(session.execute(_within(statement, company_id, from_, to).group_by(column)).all())


def cost_to_serve_by_kind_and(
    session: Session, company_id: UUID, from_: date, to: date, dimension: Dimension, only: Narrowed = ALL_SHARES
) -> dict[Any, dict[str, Decimal]]:
    """As `cost_to_serve_by`, parted by kind."""
    column, kind = _column_of(dimension), CostToServeShare.kind
    statement: Select[Any] = select(column, kind, func.sum(CostToServeShare.amount, type_=MoneyType()))
    for name, wanted in vars(only).items():
        if wanted is not None:
            statement = statement.where(getattr(CostToServeShare, name) == wanted)
    found: defaultdict[Any, dict[str, Decimal]] = defaultdict(dict)
    for one, kind_of_cost, amount in session.execute(_within(statement, company_id, from_, to).group_by(column, kind)):
        found[one][kind_of_cost] = amount
    return dict(found)


def _column_of(dimension: Dimension) -> Any:
    return getattr(CostToServeShare, dimension if dimension == "kind" else f"{dimension}_id")


def _within(statement: Select[Any], company_id: UUID, from_: date, to: date) -> Select[Any]:
    period = (Period.company_id == CostToServeShare.company_id) & (Period.id == CostToServeShare.period_id)
    return statement.join(Period, period).where(
        CostToServeShare.company_id == company_id, Period.starts_on >= from_, Period.ends_on <= to
    )
