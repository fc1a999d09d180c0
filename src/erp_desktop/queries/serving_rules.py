"""The rules by which costs to serve are shared, storage rates, and the ledger's costs that a rule shares."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.costing.cost_to_serve import Cost
from erp_desktop.models.cost_to_serve import CostToServeRule, StorageRate
from erp_desktop.models.ledger import AccountPurpose, CostCentre, JournalLine, Period
from erp_desktop.models.stock import Warehouse
from erp_desktop.models.types import MoneyType
from erp_desktop.queries.list_shape import Join, ListColumn, ListShape, named, plain, table_of
from erp_desktop.queries.listing import ListQuery

_rule = table_of(CostToServeRule)
_rate = table_of(StorageRate)
_cost_centre = table_of(CostCentre)
_warehouse = table_of(Warehouse)


def active_rules(session: Session, company_id: UUID) -> list[CostToServeRule]:
    """The rules by which costs are shared now, in a fixed order."""
    rules = session.scalars(
        select(CostToServeRule).where(CostToServeRule.company_id == company_id, CostToServeRule.is_active.is_(True))
    )
    return sorted(rules, key=lambda rule: (rule.kind, rule.purpose, rule.id))


def accounts_by_purpose(session: Session, company_id: UUID) -> dict[str, list[UUID]]:
    """The accounts of each purpose, of all categories, in a fixed order."""
    accounts: defaultdict[str, set[UUID]] = defaultdict(set)
    for purpose, account_id in session.execute(
        select(AccountPurpose.purpose, AccountPurpose.account_id).where(AccountPurpose.company_id == company_id)
    ):
        accounts[purpose].add(account_id)
    return {purpose: sorted(ids) for purpose, ids in accounts.items()}


def costs_of_account(session: Session, period: Period, account_id: UUID, cost_centre_id: UUID | None) -> list[Cost]:
    """Debits less credits of an account in a period, by what the lines name; of one cost centre, or of all (None)."""
    line = JournalLine
    names = (line.product_id, line.channel_id, line.warehouse_id)
    found = session.execute(
        select(func.sum(line.debit, type_=MoneyType()), func.sum(line.credit, type_=MoneyType()), *names)
        .where(
            line.company_id == period.company_id,
            line.account_id == account_id,
            line.dated_on.between(period.starts_on, period.ends_on),
            *(() if cost_centre_id is None else (line.cost_centre_id == cost_centre_id,)),
        )
        .group_by(*names)
    )
    costs = [Cost(debit - credit, *named) for debit, credit, *named in found]
    return sorted(costs, key=lambda cost: [0 if one is None else one.int for one in _named(cost)])


def _named(cost: Cost) -> tuple[UUID | None, ...]:
    return cost.product_id, cost.channel_id, cost.warehouse_id


@dataclass(frozen=True)
class CostToServeRuleRow:
    id: UUID
    kind: str
    purpose: str
    cost_centre_id: UUID | None
    cost_centre_code: str | None
    cost_centre_name: str | None
    cost_centre_name_zh: str | None
    driver: str
    is_active: bool


@dataclass(frozen=True)
class CostToServeRules(ListQuery[CostToServeRuleRow]):
    """The rules by kind."""

    shape = ListShape(
        CostToServeRuleRow,
        _rule,
        [
            *plain(_rule, "id"),
            ListColumn("kind", _rule.c.kind, is_searched=True),
            ListColumn("purpose", _rule.c.purpose, is_searched=True),
            *plain(_rule, "cost_centre_id"),
            *named(_cost_centre, "code", "name", "name_zh"),
            *plain(_rule, "driver", "is_active"),
        ],
        [Join(_cost_centre, _rule.c.cost_centre_id)],
        [("kind", False), ("purpose", False)],
    )


@dataclass(frozen=True)
class StorageRateRow:
    """`rate` is per m3 and day, in company currency."""

    id: UUID
    warehouse_id: UUID
    warehouse_code: str
    warehouse_name: str
    warehouse_name_zh: str
    valid_from: date
    rate: Decimal


@dataclass(frozen=True)
class StorageRates(ListQuery[StorageRateRow]):
    """Storage rates by warehouse, the latest first."""

    shape = ListShape(
        StorageRateRow,
        _rate,
        [
            *plain(_rate, "id", "warehouse_id"),
            *named(_warehouse, "code", "name", "name_zh"),
            *plain(_rate, "valid_from", "rate"),
        ],
        [Join(_warehouse, _rate.c.warehouse_id)],
        [("warehouse_code", False), ("valid_from", True)],
    )
