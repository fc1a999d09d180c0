"""What happened to products in a cost book, in the order in which it counts, so that it can be costed another way.

Quantities are integers of 10**-6 stock units, values integers of the currency's minor unit, as `costing.stream` takes them.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, and_, func, select, type_coerce
from sqlalchemy.orm import Session

from erp_desktop.actions.transit import transit_warehouse_id
from erp_desktop.models.costing import CostBook, CostPool, MoveCost, StandardCost
from erp_desktop.models.product import Category, Product
from erp_desktop.models.sales import CustomerReturn, Shipment
from erp_desktop.models.stock import MoveKind, StockMove
from erp_desktop.numbers import MONEY_PLACES, UNIT_COST_PLACES, to_scaled
from erp_desktop.queries.cost_of_sales import posts_at_delivery

ROWS_AT_A_TIME = 10_000
MOST_NAMED = 500  # products in one IN (...); the moves of more are all read


class BookEvent(NamedTuple):
    """A move of goods, or a change of value without quantity (`qty` 0). `to_warehouse_id`: of a transfer.

    What a goods transfer has under way lies in a warehouse of its own, which the transfer's id names.
    """

    move: bytes
    kind: str
    dated_on: date
    qty: int
    of: bytes | None
    stated: int | None
    warehouse_id: UUID | None
    lot_id: UUID | None
    to_warehouse_id: UUID | None


@dataclass
class ProductEvents:
    """The events of one product; `scope` is what its category costs together: company, warehouse or lot."""

    product_id: UUID
    scope: str
    method: str  # that the book costs it by now
    events: list[BookEvent] = field(default_factory=list)
    changed_method: bool = False
    # Where revenue is posted at delivery: when moves of sold goods count as sold, the last of days while they are under way.
    sold_on: dict[bytes, date] = field(default_factory=dict)
    standards: list[tuple[date, int]] = field(default_factory=list)  # from which day, in 10**-6


def book_events(
    session: Session,
    company_id: UUID,
    book: CostBook,
    currency_places: int,
    last: date,
    product_ids: Collection[UUID] | None = None,
) -> Iterator[ProductEvents]:
    """Product by product, what happened up to the end of `last`. `product_ids`: only of these; None: of all."""
    finer = 10 ** (MONEY_PLACES - currency_places)
    scopes = _scopes(session, company_id)
    standards = _standards(session, company_id)
    methods: dict[UUID, str] = {}
    for product_id, method in session.execute(
        select(CostPool.product_id, CostPool.method).where(
            CostPool.company_id == company_id, CostPool.book_id == book.id
        )
    ):
        methods[product_id] = method
    current: ProductEvents | None = None
    transit = transit_warehouse_id(company_id)
    at_delivery = posts_at_delivery(session, company_id)
    statement = _statement(company_id, book.id, last, at_delivery=at_delivery)
    if product_ids is not None and len(product_ids) <= MOST_NAMED:
        statement = statement.where(CostPool.product_id.in_(product_ids))
    for row in session.execute(statement, execution_options={"yield_per": ROWS_AT_A_TIME}):
        if product_ids is not None and row.product_id not in product_ids:
            continue
        if current is None or current.product_id != row.product_id:
            if current is not None:
                yield current
            current = ProductEvents(
                row.product_id,
                scopes[row.product_id],
                methods[row.product_id],
                standards=standards.get(row.product_id, []),
            )
        if row.kind == "method":
            current.changed_method = True
        elif not (row.kind == MoveKind.TRANSFER and row.qty > 0):  # the sender's row says where it goes
            current.events.append(_event(row, finer, transit))
            if at_delivery and (row.kind == MoveKind.SHIPMENT or row.was_under_way):
                current.sold_on[row.move_id.bytes] = row.under_way_until or date.max
    if current is not None:
        yield current


def _event(row: Any, finer: int, transit: UUID) -> BookEvent:
    def place(warehouse_id: UUID | None) -> UUID | None:
        return row.document_id if warehouse_id == transit else warehouse_id

    is_in = row.qty > 0
    if row.document_move is None:  # value without quantity lies where its pool is
        warehouse_id, lot_id = row.pool_transfer or row.pool_warehouse, row.pool_lot
    else:
        warehouse_id, lot_id = place(row.to_warehouse_id if is_in else row.from_warehouse_id), row.lot_id
    return BookEvent(
        row.move_id.bytes,
        row.kind,
        row.dated_on,
        abs(row.qty),
        None if row.of_id is None else row.of_id.bytes,
        None if row.stated is None else row.stated // finer,
        warehouse_id,
        lot_id,
        place(row.to_warehouse_id) if row.kind == MoveKind.TRANSFER else None,
    )


def _statement(company_id: UUID, book_id: UUID, last: date, *, at_delivery: bool) -> Any:
    whole = BigInteger()
    statement = (
        select(
            MoveCost.product_id,
            MoveCost.move_id,
            MoveCost.kind,
            MoveCost.dated_on,
            type_coerce(MoveCost.qty, whole).label("qty"),
            MoveCost.of_id,
            type_coerce(MoveCost.stated, whole).label("stated"),
            CostPool.warehouse_id.label("pool_warehouse"),
            CostPool.lot_id.label("pool_lot"),
            CostPool.transfer_id.label("pool_transfer"),
            StockMove.id.label("document_move"),
            StockMove.document_id,
            StockMove.lot_id,
            StockMove.from_warehouse_id,
            StockMove.to_warehouse_id,
        )
        .join(CostPool, and_(CostPool.company_id == MoveCost.company_id, CostPool.id == MoveCost.pool_id))
        .outerjoin(StockMove, and_(StockMove.company_id == MoveCost.company_id, StockMove.id == MoveCost.move_id))
        .where(MoveCost.company_id == company_id, CostPool.book_id == book_id, MoveCost.dated_on <= last)
        .order_by(MoveCost.product_id, MoveCost.dated_on, MoveCost.seq, MoveCost.qty)
    )
    if not at_delivery:
        return statement
    shipment_id = func.coalesce(CustomerReturn.shipment_id, StockMove.document_id)
    return (
        statement.add_columns(Shipment.under_way_until, CustomerReturn.was_under_way)
        .outerjoin(
            CustomerReturn, and_(CustomerReturn.company_id == company_id, CustomerReturn.id == StockMove.document_id)
        )
        .outerjoin(Shipment, and_(Shipment.company_id == company_id, Shipment.id == shipment_id))
    )


def _scopes(session: Session, company_id: UUID) -> dict[UUID, str]:
    found = session.execute(
        select(Product.id, Category.cost_pool)
        .join(Category, and_(Category.company_id == Product.company_id, Category.id == Product.category_id))
        .where(Product.company_id == company_id)
    )
    return {row[0]: row[1] for row in found}


def _standards(session: Session, company_id: UUID) -> dict[UUID, list[tuple[date, int]]]:
    statement = select(StandardCost.product_id, StandardCost.effective_on, StandardCost.unit_cost).where(
        StandardCost.company_id == company_id
    )
    found: dict[UUID, list[tuple[date, int]]] = {}
    for product_id, effective_on, unit_cost in session.execute(statement.order_by(StandardCost.effective_on)):
        found.setdefault(product_id, []).append((effective_on, to_scaled(unit_cost, UNIT_COST_PLACES)))
    return found
