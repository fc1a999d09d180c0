"""What the goods that were sold cost: issues, returns, and what changed their cost afterwards, in one cost book.

Where the company posts revenue at delivery, a shipment counts on the day of its delivery, with what came back of it before; what
changes its cost later, on its own day, but not before that one.
Here: sums over stock moves and cost adjustments, per what they are asked by. Not here: revenue (sold.py), names.
Amounts in company currency, positive where they cost; quantities in stock units, positive where they left.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from erp_desktop.models.company import Company
from erp_desktop.models.costing import AdjustmentKind, CostAdjustment, CostPool, MoveCost
from erp_desktop.models.ledger import AccountPurpose, JournalEntry, JournalLine, Period
from erp_desktop.models.product import Product
from erp_desktop.models.sales import CustomerReturn, SalesOrder, Shipment
from erp_desktop.models.stock import MoveKind, StockMove
from erp_desktop.models.types import MoneyType, QtyType
from erp_desktop.numbers import ZERO
from erp_desktop.queries.list_shape import table_of

_cost = table_of(MoveCost)
_adjustment = table_of(CostAdjustment)
_pool = table_of(CostPool)
_move = table_of(StockMove)
_shipment = table_of(Shipment)
_return = table_of(CustomerReturn)
_order = table_of(SalesOrder)
_product = table_of(Product)

SALES_MOVES = (MoveKind.SHIPMENT.value, MoveKind.CUSTOMER_RETURN.value)
# What such goods cost more or less later is no cost of sales either.
NEVER_SOLD = (MoveKind.SUPPLIER_RETURN.value, MoveKind.SCRAP.value)
# Of the journal, what is no consequence of moving goods that were sold.
NOT_FROM_STOCK = ("manual", "write_down")


class By(StrEnum):
    """What figures of sales are asked by."""

    PRODUCT = "product"
    CHANNEL = "channel"
    CUSTOMER = "customer"
    DISTRIBUTOR = "distributor"
    ORDER = "order"


@dataclass(frozen=True)
class Only:
    """Which sales are asked for; None: all."""

    product_id: UUID | None = None
    category_id: UUID | None = None
    channel_id: UUID | None = None
    customer_id: UUID | None = None
    order_id: UUID | None = None

    @property
    def is_all(self) -> bool:
        return not any(vars(self).values())

    @property
    def needs_order(self) -> bool:
        return bool(self.channel_id or self.customer_id or self.order_id)


ALL_SALES = Only()


@dataclass
class SoldCost:
    """What some sales cost: as it was posted, and what came of it later, apart."""

    qty: Decimal = ZERO  # shipped less returned
    issued: Decimal = ZERO
    returned: Decimal = ZERO  # negative
    true_ups: Decimal = ZERO  # oversold stock was covered, or a month's average was settled
    corrections: Decimal = ZERO  # landed costs, prices and back-dated moves that came later

    @property
    def total(self) -> Decimal:
        return self.issued + self.returned + self.true_ups + self.corrections

    def add(self, kind: str, qty: Decimal, amount: Decimal) -> None:
        self.qty += qty
        if kind == MoveKind.SHIPMENT:
            self.issued += amount
        elif kind == MoveKind.CUSTOMER_RETURN:
            self.returned += amount
        elif kind in (AdjustmentKind.TRUE_UP, AdjustmentKind.PERIOD_AVERAGE):
            self.true_ups += amount
        else:
            self.corrections += amount


@dataclass(frozen=True)
class SoldCostLine:
    """What one document did to cost of sales on one day; `kind` is that of the move or of the adjustment."""

    dated_on: date
    document_kind: str
    document_id: UUID
    product_id: UUID
    kind: str
    qty: Decimal
    amount: Decimal
    tick: int = field(compare=False, default=0)


def cost_of_sales(
    session: Session,
    company_id: UUID,
    book_id: UUID,
    first: date,
    last: date,
    by: By,
    only: Only = ALL_SALES,
    *,
    monthly: bool = False,
) -> dict[tuple[date | None, UUID | None], SoldCost]:
    """Cost of sales dated from `first` to `last`, by the first day of the period (None unless `monthly`) and by record.

    Sales that name no such record (a consumer whom the channel did not name) stand under None.
    """
    found: defaultdict[tuple[date | None, UUID | None], SoldCost] = defaultdict(SoldCost)
    sales = _Sales(company_id, book_id, only, at_delivery=posts_at_delivery(session, company_id))
    for begun, starts_on, ends_on in spans(session, company_id, first, last, monthly=monthly):
        lines = sales.lines(starts_on, ends_on, with_order=by is not By.PRODUCT or only.needs_order)
        keys = (lines.c[f"{by.value}_id"], lines.c.kind)
        for record_id, kind, qty, amount in session.execute(select(*keys, *_sums(lines)).group_by(*keys)):
            found[begun, record_id].add(kind, qty, amount)
    return dict(found)


def spans(
    session: Session, company_id: UUID, first: date, last: date, *, monthly: bool
) -> list[tuple[date | None, date, date]]:
    """What is asked for from `first` to `last`: all at once (under None), or period by period (under its first day).

    A statement for each period reads an index from day to day; one that joins every move to its period does not.
    """
    if not monthly:
        return [(None, first, last)]
    periods = session.execute(
        select(Period.starts_on, Period.ends_on)
        .where(Period.company_id == company_id, Period.starts_on <= last, Period.ends_on >= first)
        .order_by(Period.starts_on)
    )
    return [(starts_on, max(first, starts_on), min(last, ends_on)) for starts_on, ends_on in periods]


def cost_of_sales_lines(
    session: Session, company_id: UUID, book_id: UUID, first: date, last: date, only: Only = ALL_SALES
) -> list[SoldCostLine]:
    """The same, document by document, in the order of days and entry. A correction stands under what caused it."""
    sales = _Sales(company_id, book_id, only, at_delivery=posts_at_delivery(session, company_id))
    lines = sales.lines(first, last, with_order=only.needs_order)
    c = lines.c
    keys = (c.dated_on, c.document_kind, c.document_id, c.product_id, c.kind)
    statement: Any = select(*keys, *_sums(lines), func.min(c.tick).label("tick")).group_by(*keys)
    found = [SoldCostLine(*row) for row in session.execute(statement)]
    return sorted(found, key=lambda line: (line.dated_on, line.tick, line.document_id, line.product_id, line.kind))


def posts_at_delivery(session: Session, company_id: UUID) -> bool:
    """Whether the company posts revenue at delivery: what is under way to customers is no cost of sales then."""
    return session.scalar(select(Company.revenue_at).where(Company.company_id == company_id)) == "delivery"


def moves_of_shipments(company_id: UUID, shipment_ids: Select[Any]) -> Any:
    """The ids of the moves by which the goods of these shipments left, and of those by which some of them came back."""
    of_company = StockMove.company_id == company_id
    left = select(StockMove.id).where(
        of_company, StockMove.document_id.in_(shipment_ids), StockMove.kind == MoveKind.SHIPMENT
    )
    back = select(StockMove.id).where(
        of_company, StockMove.returns_move_id.in_(left), StockMove.kind == MoveKind.CUSTOMER_RETURN
    )
    return left.union_all(back)


def ledger_cost_of_sales(session: Session, company_id: UUID, first: date, last: date) -> Decimal:
    """What moving goods posted to the accounts of cost of sales in the ledger, debits less credits."""
    accounts = select(AccountPurpose.account_id).where(
        AccountPurpose.company_id == company_id, AccountPurpose.purpose == "cost_of_sales"
    )
    return posted_to(session, company_id, accounts, first, last)


def posted_to(session: Session, company_id: UUID, accounts: Any, first: date, last: date) -> Decimal:
    """Debits less credits that documents posted to `accounts` (a select of ids); entries made by hand do not count."""
    net = session.scalar(
        select(func.sum(JournalLine.debit - JournalLine.credit, type_=MoneyType()))
        .join(
            JournalEntry,
            and_(JournalEntry.company_id == JournalLine.company_id, JournalEntry.id == JournalLine.entry_id),
        )
        .where(
            JournalLine.company_id == company_id,
            JournalLine.account_id.in_(accounts),
            JournalLine.dated_on.between(first, last),
            JournalEntry.event.not_in(NOT_FROM_STOCK),
        )
    )
    return net if net is not None else ZERO


def _sums(lines: Any) -> tuple[ColumnElement[Any], ...]:
    return func.sum(lines.c.qty, type_=QtyType()), func.sum(lines.c.amount, type_=MoneyType())


@dataclass(frozen=True)
class _Sales:
    """Every move of goods sold and every later change of its cost, in one book."""

    company_id: UUID
    book_id: UUID
    only: Only
    at_delivery: bool

    def lines(self, first: date, last: date, *, with_order: bool) -> Any:
        """Those that count from `first` to `last`, as a subquery."""
        return union_all(
            self._moved(first, last, with_order=with_order), self._adjusted(first, last, with_order=with_order)
        ).subquery()

    def _moved(self, first: date, last: date, *, with_order: bool) -> Select[Any]:
        company_id = self.company_id
        pool_ids = select(_pool.c.id).where(_pool.c.company_id == company_id, _pool.c.book_id == self.book_id)
        # Nothing of a shipment counts before it is delivered, not even what came back of it under way.
        under_way = or_(_cost.c.kind == MoveKind.SHIPMENT.value, _return.c.was_under_way)
        counts_on = case((under_way, _shipment.c.under_way_until), else_=_cost.c.dated_on)
        day = counts_on if self.at_delivery else _cost.c.dated_on
        moved = select(
            day.label("dated_on"),
            _cost.c.tick,
            _cost.c.product_id,
            _cost.c.kind,
            (-_cost.c.qty).label("qty"),
            (-_cost.c.cost).label("amount"),
            _move.c.document_kind,
            _move.c.document_id,
            *_order_columns(with_order),
        ).where(
            _cost.c.company_id == company_id,
            _cost.c.pool_id.in_(pool_ids),
            _cost.c.kind.in_(SALES_MOVES),
            day.between(first, last),
        )
        moves: Any = _cost.join(_move, and_(_move.c.company_id == _cost.c.company_id, _move.c.id == _cost.c.move_id))
        moved = moved.select_from(self._with_documents(moves, with_order))
        return _chosen(moved, _cost, company_id, self.only)

    def _adjusted(self, first: date, last: date, *, with_order: bool) -> Select[Any]:
        company_id = self.company_id
        # A share of late value and a true-up are cost of sales whoever took the goods, but for the supplier and for what was
        # scrapped; a move that was costed anew follows its own kind. What names no move is the variance of goods at standard.
        to_sales = and_(
            _adjustment.c.move_id.is_not(None),
            func.coalesce(_move.c.kind, "").not_in(NEVER_SOLD),
            or_(_move.c.kind.in_(SALES_MOVES), _move.c.id.is_(None), _adjustment.c.move_id != _adjustment.c.event_id),
        )
        own, under_way_until = _adjustment.c.dated_on, _shipment.c.under_way_until
        counts_on = case((_shipment.c.id.is_(None), own), (under_way_until < own, own), else_=under_way_until)
        day = counts_on if self.at_delivery else own
        adjusted = select(
            day.label("dated_on"),
            _adjustment.c.tick,
            _adjustment.c.product_id,
            _adjustment.c.kind,
            literal(0, QtyType()).label("qty"),
            _adjustment.c.to_cost_of_sales.label("amount"),
            _adjustment.c.document_kind,
            _adjustment.c.document_id,
            *_order_columns(with_order),
        ).where(
            _adjustment.c.company_id == company_id,
            _pool.c.book_id == self.book_id,
            day.between(first, last),
            _adjustment.c.to_cost_of_sales != 0,
            to_sales,
        )
        corrected: Any = _adjustment.join(_pool, _is(_pool, company_id, _adjustment.c.pool_id)).outerjoin(
            _move, and_(_move.c.company_id == _adjustment.c.company_id, _move.c.id == _adjustment.c.move_id)
        )
        adjusted = adjusted.select_from(self._with_documents(corrected, with_order))
        return _chosen(adjusted, _adjustment, company_id, self.only)

    def _with_documents(self, moves: Any, with_order: bool) -> Any:
        if with_order:
            return _with_order(moves, self.company_id)
        return _with_shipment(moves, self.company_id) if self.at_delivery else moves


def _is(table: Any, company_id: UUID, id: Any) -> ColumnElement[bool]:
    return and_(table.c.company_id == company_id, table.c.id == id)


def _order_columns(with_order: bool) -> list[Any]:
    if not with_order:
        return []
    return [
        func.coalesce(_order.c.channel_id, _return.c.channel_id).label("channel_id"),
        func.coalesce(_shipment.c.customer_id, _return.c.customer_id).label("customer_id"),
        _order.c.distributor_id,
        _order.c.id.label("order_id"),
    ]


def _with_order(moves: Any, company_id: UUID) -> Any:
    """The order behind each move."""
    return _with_shipment(moves, company_id).outerjoin(_order, _is(_order, company_id, _shipment.c.order_id))


def _with_shipment(moves: Any, company_id: UUID) -> Any:
    """The shipment of each move, or that whose goods it brought back."""
    shipment_id = func.coalesce(_return.c.shipment_id, _move.c.document_id)
    return moves.outerjoin(_return, _is(_return, company_id, _move.c.document_id)).outerjoin(
        _shipment, _is(_shipment, company_id, shipment_id)
    )


def _chosen(statement: Select[Any], costed: Any, company_id: UUID, only: Only) -> Select[Any]:
    if only.product_id:
        statement = statement.where(costed.c.product_id == only.product_id)
    if only.category_id:
        in_category = select(_product.c.id).where(
            _product.c.company_id == company_id, _product.c.category_id == only.category_id
        )
        statement = statement.where(costed.c.product_id.in_(in_category))
    if only.channel_id:
        statement = statement.where(func.coalesce(_order.c.channel_id, _return.c.channel_id) == only.channel_id)
    if only.customer_id:
        statement = statement.where(func.coalesce(_shipment.c.customer_id, _return.c.customer_id) == only.customer_id)
    if only.order_id:
        statement = statement.where(_order.c.id == only.order_id)
    return statement
