"""What a person who enters an order or counts goods is helped with: last prices, what is free, what a barcode means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.ids import derived_id
from erp_desktop.models.company import Company
from erp_desktop.models.party import Party
from erp_desktop.models.product import Barcode, Price, Product, ProductUnit
from erp_desktop.models.purchasing import PurchaseOrder, PurchaseOrderLine, PurchaseOrderStatus
from erp_desktop.models.stock import StockBalance, Warehouse
from erp_desktop.numbers import ONE, STOCK_UNIT, ZERO, NumberNotExact, UnitFactor
from erp_desktop.queries.list_shape import table_of
from erp_desktop.queries.lookups import ChannelLookup, Choice
from erp_desktop.queries.texts import can_be_found, in_parts, plain

_order = table_of(PurchaseOrder)
_order_line = table_of(PurchaseOrderLine)
_balance = table_of(StockBalance)
_barcode = table_of(Barcode)
_product = table_of(Product)
_pack = table_of(ProductUnit)
_price = table_of(Price)
_party = table_of(Party)
_company = table_of(Company)
_warehouse = table_of(Warehouse)

USUAL_CHANNEL = "DIRECT"  # every company opens with it
FIRST_WAREHOUSE = "MAIN"  # as well; its id stays that of the main warehouse, whatever its code is now


class PriceWanted(NamedTuple):
    """What a line of an order wants a price for: `qty` stock units, priced by the `factor`."""

    product_id: UUID
    qty: Decimal = ONE
    factor: UnitFactor = STOCK_UNIT


@dataclass(frozen=True)
class LastPurchasePrices:
    """Of each that is `wanted`, the price of one `factor` of stock units, from the newest confirmed order of the product in
    `currency` (none given: in any), from this supplier if there is one; None without any."""

    tables: ClassVar[frozenset[str]] = frozenset({"purchase_order", "purchase_order_line"})

    wanted: tuple[PriceWanted, ...]
    supplier_id: UUID | None = None
    currency: str = ""

    def run(self, session: Session, company_id: UUID) -> tuple[Decimal | None, ...]:
        same = (_order.c.company_id == _order_line.c.company_id) & (_order.c.id == _order_line.c.order_id)
        newest_first = (
            (_order.c.supplier_id == self.supplier_id).desc(),
            _order.c.ordered_on.desc(),
            _order.c.id.desc(),
            _order_line.c.line_no,
        )
        place = func.row_number().over(partition_by=_order_line.c.product_id, order_by=newest_first).label("place")
        names = ("product_id", "unit_price", "unit_numerator", "unit_denominator")
        lines = (
            select(*(_order_line.c[name] for name in names), place)
            .select_from(_order_line.join(_order, same))
            .where(
                _order_line.c.company_id == company_id,
                _order.c.status.not_in([PurchaseOrderStatus.DRAFT, PurchaseOrderStatus.CANCELLED]),
            )
        )
        if self.currency:
            lines = lines.where(_order.c.currency == self.currency)
        newest: dict[UUID, tuple[Decimal, UnitFactor]] = {}
        for part in in_parts({one.product_id for one in self.wanted}):
            placed = lines.where(_order_line.c.product_id.in_(part)).subquery("placed")
            for product_id, price, *factor in session.execute(
                select(*(placed.c[name] for name in names)).where(placed.c.place == 1)
            ):
                newest[product_id] = price, UnitFactor(*factor)
        found = [(one.factor, newest.get(one.product_id)) for one in self.wanted]
        return tuple(factor.price_from(last[1], last[0]) if last is not None else None for factor, last in found)


@dataclass(frozen=True)
class SalePrices:
    """Of each that is `wanted`, the price of one `factor` of stock units that a sales order line of `qty` of them starts from;
    None without any.

    For a price level, or for the level of a party, on a day: the largest quantity step that `qty` reaches counts, and of its
    prices the latest that holds; without one, the list price.
    """

    tables: ClassVar[frozenset[str]] = frozenset({"product", "price", "party"})

    wanted: tuple[PriceWanted, ...]
    on: date
    price_level_id: UUID | None = None
    party_id: UUID | None = None

    def run(self, session: Session, company_id: UUID) -> tuple[Decimal | None, ...]:
        level = self.price_level_id
        if level is None and self.party_id is not None:
            of_party = select(_party.c.price_level_id)
            of_party = of_party.where(_party.c.company_id == company_id, _party.c.id == self.party_id)
            level = session.execute(of_party).scalar_one_or_none()
        list_prices: dict[UUID, Decimal | None] = {}
        steps: dict[UUID, list[tuple[Decimal, Decimal]]] = {}  # from quantity, price: the one that counts first
        for part in in_parts({one.product_id for one in self.wanted}):
            listed = select(_product.c.id, _product.c.list_price)
            listed = listed.where(_product.c.company_id == company_id, _product.c.id.in_(part))
            list_prices |= dict(session.execute(listed).all())
            if level is not None:
                of_level = select(_price.c.product_id, _price.c.from_qty, _price.c.unit_price).where(
                    _price.c.company_id == company_id,
                    _price.c.product_id.in_(part),
                    _price.c.price_level_id == level,
                    _price.c.from_date <= self.on,
                )
                latest = of_level.order_by(_price.c.from_qty.desc(), _price.c.from_date.desc())
                for product_id, from_qty, price in session.execute(latest):
                    steps.setdefault(product_id, []).append((from_qty, price))

        def price_of(one: PriceWanted) -> Decimal | None:
            of_product = steps.get(one.product_id, ())
            price = next((price for from_qty, price in of_product if from_qty <= one.qty), None)
            price = list_prices.get(one.product_id) if price is None else price
            return one.factor.price_from(STOCK_UNIT, price) if price is not None else None

        return tuple(map(price_of, self.wanted))


@dataclass(frozen=True)
class FreeToPromise:
    """On hand less allocated of each product in a warehouse, in stock units; 0 for a product that is not there."""

    tables: ClassVar[frozenset[str]] = frozenset({"stock_balance"})

    warehouse_id: UUID
    product_ids: tuple[UUID, ...]

    def run(self, session: Session, company_id: UUID) -> Mapping[UUID, Decimal]:
        statement = (
            select(_balance.c.product_id, func.sum(_balance.c.on_hand), func.sum(_balance.c.allocated))
            .where(
                _balance.c.company_id == company_id,
                _balance.c.warehouse_id == self.warehouse_id,
                _balance.c.product_id.in_(self.product_ids),
            )
            .group_by(_balance.c.product_id)
        )
        found = {product_id: on_hand - allocated for product_id, on_hand, allocated in session.execute(statement)}
        return {product_id: found.get(product_id, ZERO) for product_id in self.product_ids}


@dataclass(frozen=True)
class Scanned:
    """What was scanned: a product, and how many stock units the pack with this barcode holds; None where that is no exact
    quantity (a third of a roll)."""

    product_id: UUID
    product_code: str
    qty: Decimal | None


def _exactly(pack: UnitFactor) -> Decimal | None:
    try:
        return pack.to_stock_qty(ONE)
    except NumberNotExact:
        return None


@dataclass(frozen=True)
class ScannedProduct:
    """The product that a barcode, or else a product code, stands on; None if nobody knows it."""

    tables: ClassVar[frozenset[str]] = frozenset({"product", "barcode", "product_unit"})

    text: str

    def run(self, session: Session, company_id: UUID) -> Scanned | None:
        text = self.text.strip()
        if not can_be_found(text):
            return None
        product = (_product.c.company_id == _barcode.c.company_id) & (_product.c.id == _barcode.c.product_id)
        pack = (
            (_pack.c.company_id == _barcode.c.company_id)
            & (_pack.c.product_id == _barcode.c.product_id)
            & (_pack.c.unit_id == _barcode.c.unit_id)
        )
        statement = select(_product.c.id, _product.c.code, _pack.c.numerator, _pack.c.denominator)
        statement = statement.select_from(_barcode.join(_product, product).outerjoin(_pack, pack))
        row = session.execute(
            statement.where(_barcode.c.company_id == company_id, plain(_barcode.c.code) == text)
        ).first()
        if row is not None:
            return Scanned(row.id, row.code, _exactly(UnitFactor(row.numerator or 1, row.denominator or 1)))
        by_code = select(_product.c.id, _product.c.code)
        by_code = by_code.where(_product.c.company_id == company_id, func.lower(plain(_product.c.code)) == text.lower())
        found = session.execute(by_code.order_by(_product.c.id)).first()
        return Scanned(found.id, found.code, ONE) if found is not None else None


@dataclass(frozen=True)
class FirstChoices:
    """What a new order starts with: the company's money, when it posts revenue, a warehouse and the usual channel."""

    currency: str
    currency_places: int
    revenue_at: str  # "shipment", "delivery" or "invoice"
    warehouse: Choice | None
    channel: Choice | None


@dataclass(frozen=True)
class OrderDefaults:
    """What a new order starts with: in the warehouse named, else in the company's main one.

    That is the one the company opened with; where other warehouses have had stock and it never had, the first of those by code.
    """

    tables: ClassVar[frozenset[str]] = frozenset({"company", "warehouse", "channel"})

    warehouse_id: UUID | None = None  # the one that the person worked with last

    def run(self, session: Session, company_id: UUID) -> FirstChoices:
        money = select(_company.c.currency, _company.c.currency_places, _company.c.revenue_at)
        currency, places, revenue_at = session.execute(
            money.where(_company.c.company_id == company_id, _company.c.id == company_id)
        ).one()
        channels = ChannelLookup(USUAL_CHANNEL).run(session, company_id) or ChannelLookup("").run(session, company_id)
        warehouse = self._warehouse(session, company_id)
        return FirstChoices(currency, places, revenue_at, warehouse, next(iter(channels), None))

    def _warehouse(self, session: Session, company_id: UUID) -> Choice | None:
        there = (_balance.c.company_id == company_id, _balance.c.warehouse_id == _warehouse.c.id)
        had_stock = select(_balance.c.id).where(*there).exists()
        is_main = _warehouse.c.id == derived_id("warehouse", company_id, FIRST_WAREHOUSE)
        columns = (_warehouse.c.id, _warehouse.c.code, _warehouse.c.name, _warehouse.c.name_zh, _warehouse.c.address)
        statement = select(*columns).where(_warehouse.c.company_id == company_id, _warehouse.c.is_active)
        if self.warehouse_id is not None:
            statement = statement.order_by((_warehouse.c.id == self.warehouse_id).desc())
        likeliest = statement.order_by(had_stock.desc(), is_main.desc(), _warehouse.c.code, _warehouse.c.id)
        row = session.execute(likeliest.limit(1)).first()
        return Choice(*row) if row is not None else None
