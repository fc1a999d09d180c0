"""What stock is carried below its cost: the allowance per product on any day, and what a write-down would make of it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.held import Held, held_on, left_between
from erp_desktop.actions.writing_down import Allowance, allowance_for
from erp_desktop.models.company import Company
from erp_desktop.models.costing import CostBook, CostPool
from erp_desktop.models.product import Product, Unit
from erp_desktop.models.types import MoneyType
from erp_desktop.models.valuation import StockAllowance, WriteDown, WriteDownLine
from erp_desktop.numbers import UNIT_COST_PLACES, ZERO, minor_unit, round_money


def allowances_on(session: Session, company_id: UUID, day: date, known_tick: int | None = None) -> dict[UUID, Decimal]:
    """Each product's allowance at the end of `day`, in company currency; products without one are left out.

    With `known_tick`: only what had been performed up to it.

    What stock is carried at is its cost in the book that posts less this. Goods that left since the last write-down have not
    released their part yet: the next run does.
    """
    changes = (
        select(
            WriteDownLine.product_id,
            func.sum(WriteDownLine.written_down - WriteDownLine.released, type_=MoneyType()),
        )
        .join(
            WriteDown,
            (WriteDown.company_id == WriteDownLine.company_id) & (WriteDown.id == WriteDownLine.write_down_id),
        )
        .where(WriteDownLine.company_id == company_id, WriteDown.dated_on <= day)
        .group_by(WriteDownLine.product_id)
    )
    if known_tick is not None:
        changes = changes.where(WriteDown.tick <= known_tick)
    return {product_id: amount for product_id, amount in session.execute(changes) if amount}


@dataclass(frozen=True)
class RealisableStock:
    """A product on hand (or with an allowance left), in stock units and company currency; `unit_cost` is for display.

    `set_on` is the day of its last write-down, None without one; `left` what has left the company since.
    """

    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    list_price: Decimal | None
    held: Held
    allowance: Decimal
    set_for: Decimal
    set_on: date | None
    left: Decimal
    currency_places: int

    @property
    def unit_cost(self) -> Decimal | None:
        if self.held.qty <= 0:
            return None
        return (self.held.cost / self.held.qty).quantize(minor_unit(UNIT_COST_PLACES), ROUND_HALF_UP)

    def allowance_at(self, unit_value: Decimal) -> Allowance:
        """What WriteDownStock would make of the allowance at this net realisable value of a unit, as the books stand now."""
        realisable = round_money(unit_value * self.held.qty, self.currency_places)
        return allowance_for(self.held, realisable, self.allowance, self.set_for, self.left, self.currency_places)


@dataclass(frozen=True)
class StockToWriteDown:
    """Every product with stock at the end of `day`, or with an allowance, by code: what net realisable value is held against."""

    tables: ClassVar[frozenset[str]] = frozenset(
        {"cost_pool", "cost_book", "move_cost", "cost_adjustment", "stock_allowance", "product", "unit", "company"}
    )

    day: date

    def run(self, session: Session, company_id: UUID) -> tuple[RealisableStock, ...]:
        company = session.get_one(Company, (company_id, company_id))
        posting = (CostBook.company_id == CostPool.company_id) & (CostBook.id == CostPool.book_id)
        pools = session.scalars(
            select(CostPool)
            .join(CostBook, posting)
            .where(CostPool.company_id == company_id, CostBook.posts_to_ledger)
            .order_by(CostPool.id)
        ).all()
        of_pool = held_on(session, company_id, pools, self.day)
        held: defaultdict[UUID, Held] = defaultdict(Held)
        pool_ids: defaultdict[UUID, list[UUID]] = defaultdict(list)
        for pool in pools:
            held[pool.product_id] += of_pool[pool.id]
            pool_ids[pool.product_id].append(pool.id)
        kept = session.scalars(select(StockAllowance).where(StockAllowance.company_id == company_id))
        allowances = {row.product_id: row for row in kept}
        products = session.execute(
            select(Product, Unit.code)
            .outerjoin(Unit, (Unit.company_id == Product.company_id) & (Unit.id == Product.unit_id))
            .where(Product.company_id == company_id)
            .order_by(Product.code)
        )
        found = []
        for product, unit_code in products:
            row = allowances.get(product.id)
            allowance = row.amount if row is not None else ZERO
            if held[product.id].qty <= 0 and not allowance:
                continue
            left = ZERO
            if row is not None and allowance:
                left = left_between(session, company_id, pool_ids[product.id], row.set_on, self.day)
            found.append(
                RealisableStock(
                    product.id,
                    product.code,
                    product.name,
                    product.name_zh,
                    unit_code or "",
                    product.list_price,
                    held[product.id],
                    allowance,
                    row.qty if row is not None else ZERO,
                    row.set_on if row is not None else None,
                    left,
                    company.currency_places,
                )
            )
        return tuple(found)
