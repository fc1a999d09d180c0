"""What it costs to serve products and orders beyond the goods: shared for analysis, never posted (IAS 2.16; costing.md, rule 13).

full cost = cost of sales + cost to serve, and what is shared equals the ledger, to the cent, in every period.
"""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import Replicated, belongs_to
from erp_desktop.models.types import Instant, Money, Qty, String, UnitCost


class CostToServeKind(StrEnum):
    STORAGE = "storage"
    HANDLING = "handling"  # labour in the warehouse
    PACKAGING = "packaging"
    CHANNEL_FEES = "channel_fees"
    PAYMENT_FEES = "payment_fees"
    DELIVERY = "delivery"


class CostToServeRule(Replicated):
    """Which costs of the ledger are shared, as which kind, and by what (`driver`, see costing/cost_to_serve.py)."""

    __tablename__ = "cost_to_serve_rule"
    read_permission = "cost.read"

    kind: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(40))  # of the posting rules: its accounts are shared
    cost_centre_id: Mapped[UUID | None]  # only what is posted to it; None: all of the accounts
    driver: Mapped[str] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (belongs_to("cost_centre_id", "cost_centre"),)


class StorageRate(Replicated):
    """What storing one cubic metre for a day costs at standard in a warehouse, from a day on. Company currency."""

    __tablename__ = "storage_rate"
    read_permission = "cost.read"

    warehouse_id: Mapped[UUID]
    valid_from: Mapped[date]
    rate: Mapped[UnitCost]  # per m3 and day

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("warehouse_id", "warehouse"),
            CheckConstraint("rate >= 0", name="rate_not_negative"),
            UniqueConstraint("company_id", "warehouse_id", "valid_from"),
        )


class CostToServeRun(Replicated):
    """That a period's costs were shared, and when. Another run of the period replaces it, until the period is closed."""

    __tablename__ = "cost_to_serve_run"
    read_permission = "cost.read"

    period_id: Mapped[UUID]
    run_at: Mapped[Instant]
    run_by: Mapped[UUID]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (belongs_to("period_id", "period"), UniqueConstraint("company_id", "period_id"))


class CostToServeTotal(Replicated):
    """What the ledger held of a rule's account when the period was shared, with the rule as it was then.

    id derives from period, rule and account.
    """

    __tablename__ = "cost_to_serve_total"
    read_permission = "cost.read"

    period_id: Mapped[UUID]
    rule_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    driver: Mapped[str] = mapped_column(String(20))
    account_id: Mapped[UUID]
    cost_centre_id: Mapped[UUID | None]  # None: every cost centre
    amount: Mapped[Money]  # debits less credits

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("period_id", "period"),
            belongs_to("rule_id", "cost_to_serve_rule"),
            belongs_to("account_id", "account"),
            Index(None, "company_id", "period_id"),
        )


class CostToServeShare(Replicated):
    """What of a rule's costs of a period fell on a product, an order, both or neither. The shares add up to the totals.

    id derives from period, rule and what it fell on.
    """

    __tablename__ = "cost_to_serve_share"
    read_permission = "cost.read"

    period_id: Mapped[UUID]
    rule_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    is_allocated: Mapped[bool]  # False: no driver quantity to share it by
    product_id: Mapped[UUID | None]
    order_id: Mapped[UUID | None]
    channel_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    warehouse_id: Mapped[UUID | None]
    driver_qty: Mapped[Qty | None]  # m3-days, lines, parcels, company currency, stock units or kg, as the driver says
    amount: Mapped[Money]
    standard: Mapped[Money | None]  # storage at the warehouse's rate; None where there is none

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("period_id", "period"),
            belongs_to("rule_id", "cost_to_serve_rule"),
            belongs_to("product_id", "product"),
            belongs_to("order_id", "sales_order"),
            Index(None, "company_id", "period_id"),
            Index(None, "company_id", "order_id"),
            Index(None, "company_id", "product_id"),
        )
