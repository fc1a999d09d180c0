"""Cost to serve: which costs are shared and by what, what storage costs at standard, and sharing a period (costing.md, rule 13).

Nothing is posted: storage, handling, packaging and fees stay the period's expense (IAS 2.16). The shares are for analysis.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import company_of, find
from erp_desktop.actions.landed_costs import UnknownChoice
from erp_desktop.actions.lines import bury
from erp_desktop.actions.posting import NoAccountForPurpose
from erp_desktop.actions.refusals import NumberRefused, Refused
from erp_desktop.actions.saving import AlreadyThere, Save, refuse_negative, save
from erp_desktop.actions.transit import refuse_transit
from erp_desktop.costing.cost_to_serve import Cost, Driver, Served, Share, share_costs
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.base import Replicated
from erp_desktop.models.cost_to_serve import (
    CostToServeKind,
    CostToServeRule,
    CostToServeRun,
    CostToServeShare,
    CostToServeTotal,
    StorageRate,
)
from erp_desktop.models.ledger import Account, CostCentre, Period
from erp_desktop.models.stock import Warehouse
from erp_desktop.numbers import QTY_PLACES, UNIT_COST_PLACES, ZERO, NumberNotExact, minor_unit, round_money, to_scaled
from erp_desktop.queries.cost_drivers import Drivers
from erp_desktop.queries.serving_rules import accounts_by_purpose, active_rules, costs_of_account

ROWS_PER_STATEMENT = 500

SHARED_PURPOSES = (
    Purpose.STORAGE_EXPENSE,
    Purpose.WAGES,
    Purpose.PACKAGING_EXPENSE,
    Purpose.CHANNEL_FEES,
    Purpose.GATEWAY_FEES,
    Purpose.DELIVERY_EXPENSE,
    Purpose.COMMISSION_EXPENSE,
)


class SharedTwice(Refused):
    code = "shared_twice"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Costs on {account} would be shared twice, by two rules. Give each rule a cost centre of its own "
        "or stop one of them; nothing was changed.",
    )


class NothingToShare(Refused):
    code = "nothing_to_share"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "No rule says yet which costs are shared and by what. Add one first; nothing was changed."
    )


class SharesAreFixed(Refused):
    code = "shares_are_fixed"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The period from {starts_on} is closed, so its costs to serve stay as they are. "
        "Choose an open period; nothing was changed.",
    )


class RateInClosedPeriod(Refused):
    code = "rate_in_closed_period"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{day} is in a closed period, whose storage is settled. Let the rate begin later; nothing was changed.",
    )


@action("cost.write")
@dataclass(frozen=True)
class SaveCostToServeRule(Save):
    """The costs of a purpose's accounts (of one cost centre, if named) are shared as `kind` by `driver`."""

    model = CostToServeRule
    key = ("purpose", "cost_centre_id")
    references = {"cost_centre_id": CostCentre}

    rule_id: UUID
    kind: str
    purpose: str
    driver: str
    cost_centre_id: UUID | None = None
    is_active: bool = True

    def refuse_nonsense(self, session: Session, ctx: Context, row: Any) -> None:
        for value, choices in (
            (self.kind, tuple(CostToServeKind)),
            (self.purpose, SHARED_PURPOSES),
            (self.driver, tuple(Driver)),
        ):
            if value not in choices:
                raise UnknownChoice(value=value, choices=", ".join(choices))
        if self.is_active:
            others = [rule for rule in active_rules(session, ctx.company_id) if rule.id != self.rule_id]
            refuse_sharing_twice(session, ctx, [*others, self])


@action("cost.write")
@dataclass(frozen=True)
class SetUpCostToServe(Action):
    """Several rules at once, all or none."""

    rules: tuple[SaveCostToServeRule, ...]

    def run(self, session: Session, ctx: Context) -> None:
        if not self.rules:
            raise NothingToShare()
        ids = {rule.rule_id for rule in self.rules}
        others = [rule for rule in active_rules(session, ctx.company_id) if rule.id not in ids]
        refuse_sharing_twice(session, ctx, [*others, *(rule for rule in self.rules if rule.is_active)])
        save(session, ctx, self.rules)


@action("cost.write")
@dataclass(frozen=True)
class SaveStorageRate(Save):
    """What storing a cubic metre for a day costs at standard in a warehouse, from a day on. Company currency."""

    model = StorageRate
    key = ("warehouse_id", "valid_from")
    references = {"warehouse_id": Warehouse}

    rate_id: UUID
    warehouse_id: UUID
    valid_from: date
    rate: Decimal

    def refuse_nonsense(self, session: Session, ctx: Context, row: Any) -> None:
        refuse_transit(ctx, self.warehouse_id)
        refuse_negative(rate=self.rate)
        to_scaled(self.rate, UNIT_COST_PLACES)  # on the desk too, before anything is written
        for day in {self.valid_from} | ({row.valid_from} if row is not None else set()):
            is_closed = select(Period.id).where(
                Period.company_id == ctx.company_id,
                Period.starts_on <= day,
                Period.ends_on >= day,
                Period.is_closed.is_(True),
            )
            if session.scalars(is_closed).first() is not None:
                raise RateInClosedPeriod(day=day)


@action("cost.write")
@dataclass(frozen=True)
class AllocateCostToServe(Action):
    """Shares what the ledger holds of a period's costs to serve over products and orders. Another run replaces this one
    until the period is closed. What no driver quantity is there for stays as not allocated, so that all of it adds up to
    the ledger. Shared by the centre."""

    period_id: UUID
    run_id: UUID

    def run(self, session: Session, ctx: Context) -> None:
        period = find(session, ctx, Period, self.period_id)
        if period.is_closed:
            raise SharesAreFixed(starts_on=period.starts_on)
        rules = active_rules(session, ctx.company_id)
        if not rules:
            raise NothingToShare()
        accounts = refuse_sharing_twice(session, ctx, rules)
        if not ctx.at_centre:
            return
        known = session.scalars(
            select(CostToServeRun.period_id).where(
                CostToServeRun.company_id == ctx.company_id, CostToServeRun.id == self.run_id
            )
        ).first()
        if known is not None and known != period.id:
            raise AlreadyThere(kind="cost to serve run")
        places = company_of(session, ctx).currency_places
        totals, shares = _shared(session, ctx, period, rules, accounts, places)
        run = {"id": self.run_id, "period_id": period.id, "run_at": ctx.issued_at, "run_by": ctx.actor_id}
        _replace(session, ctx, period, CostToServeRun, [run])
        _replace(session, ctx, period, CostToServeTotal, totals)
        _replace(session, ctx, period, CostToServeShare, shares)


def refuse_sharing_twice(
    session: Session, ctx: Context, rules: Sequence[CostToServeRule | SaveCostToServeRule]
) -> dict[str, list[UUID]]:
    """The accounts of each purpose. Raises SharedTwice where two rules claim the same costs, NoAccountForPurpose."""
    accounts = accounts_by_purpose(session, ctx.company_id)
    centres: defaultdict[UUID, list[UUID | None]] = defaultdict(list)
    for rule in rules:
        if rule.purpose not in accounts:
            raise NoAccountForPurpose(purpose=rule.purpose.replace("_", " "))
        for account_id in accounts[rule.purpose]:
            claimed = centres[account_id]
            if claimed and (None in claimed or rule.cost_centre_id is None or rule.cost_centre_id in claimed):
                raise SharedTwice(account=find(session, ctx, Account, account_id).code)
            claimed.append(rule.cost_centre_id)
    return accounts


def _shared(
    session: Session,
    ctx: Context,
    period: Period,
    rules: Sequence[CostToServeRule],
    accounts: dict[str, list[UUID]],
    places: int,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of totals and shares."""
    totals: list[dict[str, Any]] = []
    shares: list[dict[str, Any]] = []
    drivers = Drivers(session, ctx.company_id, period.starts_on, period.ends_on)
    standard_is_given = False
    for rule in rules:
        costs: list[Cost] = []
        for account_id in accounts[rule.purpose]:
            of_account = costs_of_account(session, period, account_id, rule.cost_centre_id)
            costs += of_account
            totals.append(
                {
                    "id": derived_id("cost_to_serve_total", period.id, rule.id, account_id),
                    "period_id": period.id,
                    "rule_id": rule.id,
                    "kind": rule.kind,
                    "driver": rule.driver,
                    "account_id": account_id,
                    "cost_centre_id": rule.cost_centre_id,
                    "amount": sum((cost.amount for cost in of_account), ZERO),
                }
            )
        standard: dict[Served, Decimal] = {}
        if rule.kind == CostToServeKind.STORAGE and rule.driver == Driver.VOLUME_DAYS and not standard_is_given:
            standard, standard_is_given = drivers.storage_at_standard(), True  # once, however many rules share storage
        shares += _share_rows(period, rule, costs, drivers, standard, places)
    return totals, shares


def _share_rows(
    period: Period,
    rule: CostToServeRule,
    costs: Sequence[Cost],
    drivers: Drivers,
    standard: dict[Served, Decimal],
    places: int,
) -> Iterator[dict[str, Any]]:
    uses = drivers.uses(rule.driver)
    shares = share_costs(costs, uses, minor_unit(places))
    if standard:  # what was not billed yet has its standard all the same
        billed = {share.served for share in shares}
        unbilled = [served for served, cost in standard.items() if cost and served not in billed]
        shares += [Share(served, ZERO, uses.get(served)) for served in unbilled]
    scope = derived_id("cost_to_serve_share", period.id, rule.id)
    for share in shares:
        served, is_allocated = share.served, share.is_allocated
        at_standard = standard.get(served) if is_allocated else None
        fell_on = (served.product_id, served.order_id, served.warehouse_id)
        of_no_order = None if served.order_id else served.channel_id  # an order has one channel
        yield {
            "id": derived_id("", scope, *fell_on, of_no_order, None if is_allocated else "not allocated"),
            "period_id": period.id,
            "rule_id": rule.id,
            "kind": rule.kind,
            "is_allocated": is_allocated,
            "product_id": served.product_id,
            "order_id": served.order_id,
            "channel_id": served.channel_id,
            "customer_id": served.customer_id,
            "warehouse_id": served.warehouse_id,
            "driver_qty": _storable_qty(share.used),
            "amount": share.amount,
            "standard": None if at_standard is None else _storable_money(at_standard, places),
        }


def _storable_qty(used: Fraction | None) -> Decimal | None:
    """Rounded to six places, for display; None beyond what can be stored (the shares were made of the exact figure)."""
    if used is None:
        return None
    rounded = round_money(Decimal(used.numerator) / used.denominator, QTY_PLACES)
    try:
        to_scaled(rounded, QTY_PLACES)
    except NumberNotExact:
        return None
    return rounded


def _storable_money(amount: Decimal, places: int) -> Decimal:
    rounded = round_money(amount, places)
    try:
        to_scaled(rounded, 4)
    except NumberNotExact as fault:
        raise NumberRefused(value=rounded, places=places) from fault
    return rounded


def _replace(
    session: Session, ctx: Context, period: Period, table: type[Replicated], rows: Sequence[dict[str, Any]]
) -> None:
    """`rows` become all of the period's rows of `table`. Those that stay as they were keep their tick, so that desks do not
    get them again; those that are gone are buried."""
    columns: Any = table.__table__.columns
    names = list(rows[0]) if rows else ["id"]
    stored = {
        row.id: row._asdict()
        for row in session.execute(
            select(*(columns[name] for name in names)).where(
                columns.company_id == ctx.company_id, columns.period_id == period.id
            )
        )
    }
    wanted = {row["id"]: row for row in rows}
    written = [row for row in rows if stored.get(row["id"]) != row]
    gone = [row_id for row_id in stored if row_id not in wanted]
    out = [*gone, *(row["id"] for row in written if row["id"] in stored)]
    for start in range(0, len(out), ROWS_PER_STATEMENT):
        ids = out[start : start + ROWS_PER_STATEMENT]
        session.execute(delete(table).where(table.company_id == ctx.company_id, table.id.in_(ids)))
    if gone:
        bury(session, ctx, table, sorted(gone))
    append_rows(session, ctx, table, written)
