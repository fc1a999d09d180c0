"""Taking in what a channel sold: many confirmed orders and announced returns at once, each of them once only.

A shop or marketplace sends its orders again and again; an order is known by its channel and the channel's own number, its
id derives from both, and one that is here already is left as it is. Rows are written in bulk, because a channel brings
hundreds of thousands of lines. Not here: stock (allocating does that), money (shipping does that), where files come from.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Date, column, insert, select, table
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import AmountNegative, NoLines, QtyNotPositive, company_of, find, find_all
from erp_desktop.actions.numbering import give_numbers
from erp_desktop.actions.refusals import CodeTaken, NotFound, NumberRefused, Required, TextRefused
from erp_desktop.actions.saving import NAMES_PER_STATEMENT
from erp_desktop.actions.selling import BadDiscount, NotACustomer
from erp_desktop.actions.transit import refuse_transit
from erp_desktop.actions.units import Counted, count_in_stock_units
from erp_desktop.ids import child_id, derived_id
from erp_desktop.models.base import PENDING_TICK, TICK_IN_CONNECTION_INFO
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.sales import (
    Channel,
    CustomerReturn,
    CustomerReturnLine,
    ReturnStatus,
    SalesOrder,
    SalesOrderLine,
    SalesOrderStatus,
)
from erp_desktop.models.stock import Warehouse
from erp_desktop.models.types import IdType, TextNotStorable
from erp_desktop.numbers import (
    MONEY_PLACES,
    ONE,
    QTY_PLACES,
    RATE_PLACES,
    STOCK_UNIT,
    UNIT_PRICE_PLACES,
    ZERO,
    round_money,
    to_scaled,
)

USUAL_PRIORITY = 3


class ChannelLine(NamedTuple):
    """One product of an order or return: `qty` in the unit `unit_id` of it (None: the stock unit), `unit_price` for one of that
    unit. A list on the wire: half the bytes of named fields."""

    product_id: UUID
    qty: Decimal
    unit_price: Decimal
    discount: Decimal = ZERO
    unit_id: UUID | None = None


@dataclass(frozen=True)
class _InUnit:
    """A line that names its unit, as actions/units.py counts it."""

    line_id: UUID
    product_id: UUID
    qty: Decimal
    unit_id: UUID | None
    is_unit_anew: bool = True


@dataclass(frozen=True)
class ChannelOrder:
    """An order as the channel confirmed it; `external_number` is the channel's own."""

    external_number: str
    ordered_on: date
    lines: tuple[ChannelLine, ...]
    customer_id: UUID | None = None
    ship_to: str = ""
    freight: Decimal = ZERO


@dataclass(frozen=True)
class ChannelReturn:
    """Goods that the channel says come back; nothing moves until they are here."""

    external_number: str
    returned_on: date
    lines: tuple[ChannelLine, ...]
    customer_id: UUID | None = None
    reason: str = ""


def channel_order_id(channel_id: UUID, external_number: str) -> UUID:
    """The id that an order of the channel has, before and after it is taken in."""
    return derived_id("channel_order", channel_id, external_number)


def channel_return_id(channel_id: UUID, external_number: str) -> UUID:
    return derived_id("channel_return", channel_id, external_number)


@action("sales.write")
@dataclass(frozen=True)
class TakeInChannelOrders(Action):
    """Orders and returns of one channel, all new ones or none. A batch of some hundred orders is one action."""

    channel_id: UUID
    warehouse_id: UUID
    orders: tuple[ChannelOrder, ...] = ()
    returns: tuple[ChannelReturn, ...] = ()

    def run(self, session: Session, ctx: Context) -> None:
        find(session, ctx, Channel, self.channel_id)
        refuse_transit(ctx, self.warehouse_id)
        find(session, ctx, Warehouse, self.warehouse_id)
        orders = self._unknown(session, ctx, SalesOrder, self.orders)
        returns = self._unknown(session, ctx, CustomerReturn, self.returns)
        self._refuse_wrong_lines(session, ctx, [*orders, *returns])
        self._refuse_wrong_customers(session, ctx, [*orders, *returns])

        company = company_of(session, ctx)
        bulk = _Bulk(session, ctx, company.currency_places)
        bulk.counted = self._count(session, ctx, [*orders, *returns])
        bulk.write_orders(self, orders, company.currency)
        bulk.write_returns(self, returns)

    def _unknown(self, session: Session, ctx: Context, stored: Any, documents: Sequence[Any]) -> list[Any]:
        """Those of `documents` that are not here yet. One that comes twice in a batch is refused: which one is right?"""
        numbers = [document.external_number for document in documents]
        for number in numbers:
            if not number.strip():
                raise Required(field="external_number")
        if len(set(numbers)) < len(numbers):
            raise CodeTaken(code=next(number for number in numbers if numbers.count(number) > 1))
        known: set[str | None] = set()
        for chunk in _chunks(numbers):
            known.update(
                session.scalars(
                    select(stored.external_number).where(
                        stored.company_id == ctx.company_id,
                        stored.channel_id == self.channel_id,
                        stored.external_number.in_(chunk),
                    )
                )
            )
        return [document for document in documents if document.external_number not in known]

    def _refuse_wrong_lines(
        self, session: Session, ctx: Context, documents: list[ChannelOrder | ChannelReturn]
    ) -> None:
        codes: dict[UUID, str] = {}
        named = {line.product_id for document in documents for line in document.lines}
        for chunk in _chunks(list(named)):
            found = session.execute(
                select(Product.id, Product.code).where(Product.company_id == ctx.company_id, Product.id.in_(chunk))
            )
            codes.update((row[0], row[1]) for row in found)
        if len(codes) < len(named):
            raise NotFound(kind="product")
        for document in documents:
            if not document.lines:
                raise NoLines()
            for product_id, qty, unit_price, discount, _ in document.lines:
                if not qty > 0:
                    raise QtyNotPositive(qty=qty, product=codes[product_id])
                if not unit_price >= 0:
                    raise AmountNegative(amount=unit_price)
                if not 0 <= discount <= 1:
                    raise BadDiscount(discount=discount)
            if isinstance(document, ChannelOrder) and not document.freight >= 0:
                raise AmountNegative(amount=document.freight)

    def _count(
        self, session: Session, ctx: Context, documents: list[ChannelOrder | ChannelReturn]
    ) -> dict[UUID, Counted]:
        """What the lines that name a unit are in stock units, by their ids."""
        lines = [
            _InUnit(child_id(self._id_of(document), line_no), line.product_id, line.qty, line.unit_id)
            for document in documents
            for line_no, line in enumerate(document.lines, start=1)
            if line.unit_id is not None
        ]
        products = find_all(session, ctx, Product, {line.product_id for line in lines}) if lines else {}
        return count_in_stock_units(session, ctx, None, lines, products)

    def _id_of(self, document: ChannelOrder | ChannelReturn) -> UUID:
        id_of = channel_order_id if isinstance(document, ChannelOrder) else channel_return_id
        return id_of(self.channel_id, document.external_number)

    def _refuse_wrong_customers(
        self, session: Session, ctx: Context, documents: list[ChannelOrder | ChannelReturn]
    ) -> None:
        named = {document.customer_id for document in documents if document.customer_id is not None}
        found = 0
        for chunk in _chunks(list(named)):
            for party in session.scalars(select(Party).where(Party.company_id == ctx.company_id, Party.id.in_(chunk))):
                if not (party.is_consumer or party.is_distributor):
                    raise NotACustomer(party=party.name)
                found += 1
        if found < len(named):
            raise NotFound(kind="party")


def _chunks(items: list[Any]) -> Iterable[list[Any]]:
    return (items[start : start + NAMES_PER_STATEMENT] for start in range(0, len(items), NAMES_PER_STATEMENT))


def _as_stored(model: Any) -> Any:
    """The model's table in the values that the driver takes as they are: no conversion for each of millions of cells."""
    columns = model.__table__.columns
    return table(
        model.__tablename__,
        *(column(stored.name, stored.type if isinstance(stored.type, Date) else NullType()) for stored in columns),
    )


class _Bulk:
    """Builds the rows of a batch and writes each table with one statement."""

    orders_table = _as_stored(SalesOrder)
    order_lines_table = _as_stored(SalesOrderLine)
    returns_table = _as_stored(CustomerReturn)
    return_lines_table = _as_stored(CustomerReturnLine)

    def __init__(self, session: Session, ctx: Context, currency_places: int) -> None:
        self.session = session
        self.ctx = ctx
        self.currency_places = currency_places
        self.counted: dict[UUID, Counted] = {}  # lines that name a unit
        connection = session.connection()
        self.tick = connection.info.get(TICK_IN_CONNECTION_INFO, PENDING_TICK)
        self._bind: Callable[[UUID], Any] = IdType().dialect_impl(connection.dialect).bind_processor(
            connection.dialect
        ) or (lambda row_id: row_id)
        self._bound: dict[UUID, Any] = {}  # products and customers come again and again
        self.company_id = self._bind(ctx.company_id)

    def _known(self, row_id: UUID | None) -> Any:
        bound = self._bound.get(row_id) if row_id is not None else None
        if bound is None and row_id is not None:
            bound = self._bound[row_id] = self._bind(row_id)
        return bound

    def write_orders(self, batch: TakeInChannelOrders, orders: list[ChannelOrder], currency: str) -> None:
        numbers = self._numbers("sales_order", [order.ordered_on for order in orders])
        heads, lines = [], []
        for order, number in zip(orders, numbers, strict=True):
            order_id = channel_order_id(batch.channel_id, order.external_number)
            bound_id = self._bind(order_id)
            freight = round_money(order.freight, self.currency_places)
            total = to_scaled(freight, MONEY_PLACES)
            for line_no, line in enumerate(order.lines, start=1):
                amount = self._amount(line)
                total += amount
                line_id = child_id(order_id, line_no)
                counted = self.counted.get(line_id) or Counted(None, STOCK_UNIT, line.qty)
                lines.append(
                    {
                        "company_id": self.company_id,
                        "id": self._bind(line_id),
                        "tick": self.tick,
                        "order_id": bound_id,
                        "line_no": line_no,
                        "product_id": self._known(line.product_id),
                        "qty": to_scaled(counted.qty, QTY_PLACES),
                        "unit_id": self._known(counted.unit_id),
                        "unit_numerator": counted.factor.numerator,
                        "unit_denominator": counted.factor.denominator,
                        "unit_price": to_scaled(line.unit_price, UNIT_PRICE_PLACES),
                        "discount": to_scaled(line.discount, RATE_PLACES),
                        "amount": amount,
                        "allocated_qty": 0,
                        "shipped_qty": 0,
                        "invoiced_qty": 0,
                    }
                )
            heads.append(
                {
                    "company_id": self.company_id,
                    "id": bound_id,
                    "tick": self.tick,
                    "number": number,
                    "channel_id": self._known(batch.channel_id),
                    "external_number": _storable(order.external_number, SalesOrder, "external_number"),
                    "customer_id": self._known(order.customer_id),
                    "distributor_id": None,
                    "warehouse_id": self._known(batch.warehouse_id),
                    "ordered_on": order.ordered_on,
                    "due_on": order.ordered_on,
                    "priority": USUAL_PRIORITY,
                    "currency": currency,
                    "ship_to": _storable(order.ship_to, SalesOrder, "ship_to"),
                    "note": "",
                    "freight": to_scaled(freight, MONEY_PLACES),
                    "status": SalesOrderStatus.CONFIRMED.value,
                    "total": _storable_amount(total),
                    "entered_by": self._known(self.ctx.actor_id),
                }
            )
        self._write(self.orders_table, heads)
        self._write(self.order_lines_table, lines)

    def write_returns(self, batch: TakeInChannelOrders, returns: list[ChannelReturn]) -> None:
        numbers = self._numbers("customer_return", [announced.returned_on for announced in returns])
        heads, lines = [], []
        for announced, number in zip(returns, numbers, strict=True):
            return_id = channel_return_id(batch.channel_id, announced.external_number)
            bound_id = self._bind(return_id)
            total = 0
            for line_no, line in enumerate(announced.lines, start=1):
                amount = self._amount(line)
                total += amount
                line_id = child_id(return_id, line_no)
                counted = self.counted.get(line_id) or Counted(None, STOCK_UNIT, line.qty)
                price = STOCK_UNIT.price_from(counted.factor, line.unit_price)
                lines.append(
                    {
                        "company_id": self.company_id,
                        "id": self._bind(line_id),
                        "tick": self.tick,
                        "return_id": bound_id,
                        "line_no": line_no,
                        "shipment_line_id": None,
                        "product_id": self._known(line.product_id),
                        "bin_id": None,
                        "qty": to_scaled(counted.qty, QTY_PLACES),
                        "unit_price": to_scaled(price, UNIT_PRICE_PLACES),
                        "amount": amount,
                        "is_scrapped": False,
                    }
                )
            heads.append(
                {
                    "company_id": self.company_id,
                    "id": bound_id,
                    "tick": self.tick,
                    "number": number,
                    "channel_id": self._known(batch.channel_id),
                    "external_number": _storable(announced.external_number, CustomerReturn, "external_number"),
                    "shipment_id": None,
                    "customer_id": self._known(announced.customer_id),
                    "warehouse_id": self._known(batch.warehouse_id),
                    "returned_on": announced.returned_on,
                    "reason": _storable(announced.reason, CustomerReturn, "reason"),
                    "total": _storable_amount(total),
                    "was_under_way": False,
                    "status": ReturnStatus.ANNOUNCED.value,
                }
            )
        self._write(self.returns_table, heads)
        self._write(self.return_lines_table, lines)

    def _numbers(self, kind: str, days: list[date]) -> list[str | None]:
        places: defaultdict[int, list[int]] = defaultdict(list)
        for place, day in enumerate(days):
            places[day.year].append(place)
        numbers: list[str | None] = [None] * len(days)
        for year, of_year in sorted(places.items()):
            given = give_numbers(self.session, self.ctx, kind, year, len(of_year))
            for place, number in zip(of_year, given, strict=True):
                numbers[place] = number
        return numbers

    def _amount(self, line: ChannelLine) -> int:
        amount = line.qty * line.unit_price
        if line.discount:
            amount *= ONE - line.discount
        return to_scaled(round_money(amount, self.currency_places), MONEY_PLACES)

    def _write(self, target: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.session.execute(insert(target), rows)


def _storable(text: str, model: Any, name: str) -> str:
    """The checks that the column's own type makes, which a bulk write goes past."""
    try:
        model.__table__.columns[name].type.process_bind_param(text, None)
    except TextNotStorable as error:
        raise TextRefused(limit=error.limit) from error
    return text


def _storable_amount(scaled: int) -> int:
    if scaled >= 2**63:
        raise NumberRefused(value=scaled, places=MONEY_PLACES)
    return scaled
