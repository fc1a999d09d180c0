"""The stock ledger beside the general ledger: what each says of inventory, by period, by account and by document."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, literal, select, union_all
from sqlalchemy.orm import Session

from erp_desktop.models.costing import CostAdjustment, CostLayer, CostPool, MoveCost
from erp_desktop.models.ledger import AccountPurpose, JournalEntry, JournalLine, LedgerBalance, Period
from erp_desktop.models.product import Product
from erp_desktop.models.stock import StockMove
from erp_desktop.models.types import MoneyType
from erp_desktop.numbers import ZERO

ADJUSTED = "adjusted"  # stands for every change of value without quantity


class DebitCredit(NamedTuple):
    debit: Decimal = ZERO
    credit: Decimal = ZERO


@dataclass(frozen=True)
class DocumentDifference:
    """What a document did to inventory: in the stock ledger, and in the general ledger."""

    document_kind: str
    document_id: UUID
    stock: Decimal
    ledger: Decimal


def inventory_accounts(session: Session, company_id: UUID) -> dict[UUID | None, UUID]:
    """The inventory account of each category that has its own, and under None that of all others."""
    purposes = select(AccountPurpose.category_id, AccountPurpose.account_id).where(
        AccountPurpose.company_id == company_id, AccountPurpose.purpose == "inventory"
    )
    return {row[0]: row[1] for row in session.execute(purposes)}


def account_of_products(session: Session, company_id: UUID) -> dict[UUID, UUID | None]:
    """The inventory account that each product posts to now."""
    accounts = inventory_accounts(session, company_id)
    products = session.execute(select(Product.id, Product.category_id).where(Product.company_id == company_id))
    return {row[0]: accounts.get(row[1], accounts.get(None)) for row in products}


def periods_within(session: Session, company_id: UUID, first: date, last: date) -> list[Period]:
    """The periods that any day from `first` to `last` lies in, in their order."""
    found = select(Period).where(Period.company_id == company_id, Period.starts_on <= last, Period.ends_on >= first)
    return list(session.scalars(found.order_by(Period.starts_on)))


def stock_by_period(
    session: Session, company_id: UUID, book_id: UUID, periods: Sequence[Period]
) -> dict[tuple[UUID, UUID], dict[str, Decimal]]:
    """Changes of value by period and product, of each kind of move, and under ADJUSTED those without quantity."""
    pool_ids = select(CostPool.id).where(CostPool.company_id == company_id, CostPool.book_id == book_id)
    found: defaultdict[tuple[UUID, UUID], dict[str, Decimal]] = defaultdict(dict)
    for period in periods:
        moved: Any = (
            select(MoveCost.product_id, MoveCost.kind, func.sum(MoveCost.cost, type_=MoneyType()))
            .where(
                MoveCost.company_id == company_id,
                MoveCost.pool_id.in_(pool_ids),
                MoveCost.dated_on.between(period.starts_on, period.ends_on),
            )
            .group_by(MoveCost.product_id, MoveCost.kind)
        )
        adjusted: Any = (
            select(
                CostAdjustment.product_id, literal(ADJUSTED), func.sum(CostAdjustment.to_inventory, type_=MoneyType())
            )
            .where(
                CostAdjustment.company_id == company_id,
                CostAdjustment.pool_id.in_(pool_ids),
                CostAdjustment.dated_on.between(period.starts_on, period.ends_on),
            )
            .group_by(CostAdjustment.product_id)
        )
        for statement in (moved, adjusted):
            for product_id, kind, value in session.execute(statement):
                found[period.id, product_id][kind] = value
    return dict(found)


def ledger_by_period(
    session: Session, company_id: UUID, account_ids: set[UUID], last: date
) -> dict[tuple[UUID, UUID], DebitCredit]:
    """Debits and credits of accounts by period and account, of all periods that begin up to `last`."""
    balances = (
        select(
            LedgerBalance.period_id,
            LedgerBalance.account_id,
            func.sum(LedgerBalance.debit, type_=MoneyType()),
            func.sum(LedgerBalance.credit, type_=MoneyType()),
        )
        .join(Period, and_(Period.company_id == LedgerBalance.company_id, Period.id == LedgerBalance.period_id))
        .where(
            LedgerBalance.company_id == company_id,
            LedgerBalance.account_id.in_(account_ids),
            Period.starts_on <= last,
        )
        .group_by(LedgerBalance.period_id, LedgerBalance.account_id)
    )
    return {(row[0], row[1]): DebitCredit(row[2], row[3]) for row in session.execute(balances)}


def layers_and_pools(session: Session, company_id: UUID, book_id: UUID) -> dict[UUID, tuple[Decimal, Decimal]]:
    """By product, now: the value of its layers (of its pools, where a method keeps no layers), and of its pools."""
    layers = (
        select(CostLayer.pool_id, func.sum(CostLayer.value_left, type_=MoneyType()))
        .where(CostLayer.company_id == company_id, CostLayer.qty_left != 0)
        .group_by(CostLayer.pool_id)
    )
    in_layers: Mapping[UUID, Decimal] = {row[0]: row[1] for row in session.execute(layers)}
    pools = select(CostPool.id, CostPool.product_id, CostPool.value).where(
        CostPool.company_id == company_id, CostPool.book_id == book_id
    )
    found: dict[UUID, tuple[Decimal, Decimal]] = {}
    for pool_id, product_id, value in session.execute(pools):
        in_layer, in_pool = found.get(product_id, (ZERO, ZERO))
        found[product_id] = (in_layer + in_layers.get(pool_id, value), in_pool + value)
    return found


def document_differences(
    session: Session, company_id: UUID, book_id: UUID, account_ids: set[UUID], first: date, last: date
) -> list[DocumentDifference]:
    """The documents whose changes of stock dated from `first` to `last` are not what they posted to inventory."""
    pool_ids = select(CostPool.id).where(CostPool.company_id == company_id, CostPool.book_id == book_id)
    of_move = and_(StockMove.company_id == MoveCost.company_id, StockMove.id == MoveCost.move_id)
    of_entry = and_(JournalEntry.company_id == JournalLine.company_id, JournalEntry.id == JournalLine.entry_id)
    nothing: Any = literal(0, MoneyType())
    parts = union_all(
        select(
            StockMove.document_kind,
            StockMove.document_id,
            MoveCost.cost.label("stock"),
            nothing.label("ledger"),
        )
        .join(StockMove, of_move)
        .where(
            MoveCost.company_id == company_id,
            MoveCost.pool_id.in_(pool_ids),
            MoveCost.dated_on.between(first, last),
        ),
        select(CostAdjustment.document_kind, CostAdjustment.document_id, CostAdjustment.to_inventory, nothing).where(
            CostAdjustment.company_id == company_id,
            CostAdjustment.pool_id.in_(pool_ids),
            CostAdjustment.dated_on.between(first, last),
        ),
        select(
            JournalEntry.document_kind,
            JournalEntry.document_id,
            nothing,
            (JournalLine.debit - JournalLine.credit),
        )
        .join(JournalEntry, of_entry)
        .where(
            JournalLine.company_id == company_id,
            JournalLine.account_id.in_(account_ids),
            JournalLine.dated_on.between(first, last),
        ),
    ).subquery()
    stock = func.sum(parts.c.stock, type_=MoneyType())
    ledger = func.sum(parts.c.ledger, type_=MoneyType())
    statement = select(func.min(parts.c.document_kind), parts.c.document_id, stock, ledger)
    differing = statement.group_by(parts.c.document_id).having(stock != ledger).order_by(parts.c.document_id)
    return [DocumentDifference(*row) for row in session.execute(differing)]
