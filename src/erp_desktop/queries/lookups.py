"""What a form offers while a person types: at most 50 records, the likeliest first, each with one telling fact.

A scanned barcode or a full code comes first, then codes that begin with the text, then names that begin with it, then whatever
contains it. Records that are not active any more are not offered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, false, func, literal, or_, select
from sqlalchemy.orm import Session

from erp_desktop.models.ledger import Account
from erp_desktop.models.party import Party
from erp_desktop.models.product import Barcode, Category, Price, Product, ProductUnit, Unit
from erp_desktop.models.sales import Channel
from erp_desktop.models.stock import Bin, StockBalance, Warehouse
from erp_desktop.numbers import STOCK_UNIT, UnitFactor
from erp_desktop.queries.line_units import UnitChoice
from erp_desktop.queries.list_shape import TableAlias, difference, sum_of, table_of
from erp_desktop.queries.masters import PartyRole, is_in_transit
from erp_desktop.queries.texts import can_be_found, has_text, plain

AT_MOST = 50

_product = table_of(Product)
_unit = table_of(Unit)
_barcode = table_of(Barcode)
_pack = table_of(ProductUnit)
_pack_unit = table_of(Unit, "pack_unit")
_balance = table_of(StockBalance)
_price = table_of(Price)
_party = table_of(Party)
_warehouse = table_of(Warehouse)
_bin = table_of(Bin)
_category = table_of(Category)
_channel = table_of(Channel)
_account = table_of(Account)

_on_hand = sum_of(_balance.c.on_hand, _product, _balance.c.product_id, ~is_in_transit(_balance))
_free = difference(_on_hand, sum_of(_balance.c.allocated, _product, _balance.c.product_id))


@dataclass(frozen=True)
class ProductChoice:
    """A product to choose. `on_hand` and `free` are over all warehouses without what is in transit, in stock units.
    `pack` is the one whose barcode was scanned."""

    id: UUID
    code: str
    name: str
    name_zh: str
    unit_code: str
    unit_code_zh: str
    on_hand: Decimal
    free: Decimal
    list_price: Decimal | None
    unit_id: UUID
    pack: UnitChoice | None = None


@dataclass(frozen=True)
class Choice:
    """A record to choose, and what tells it from others like it (a city, a zone, a kind of account)."""

    id: UUID
    code: str
    name: str
    name_zh: str
    fact: str


def _names(table: TableAlias) -> list[ColumnElement[Any]]:
    return [table.c[name] for name in ("name", "name_zh") if name in table.c]


def _likeliest(
    table: TableAlias, company_id: UUID, text: str, at_most: int, *criteria: ColumnElement[bool]
) -> Select[Any]:
    """The ids of the records that `text` may mean, with their rank; a barcode counts as the product itself."""
    text = text.strip()
    if not can_be_found(text):
        text, criteria = "", (false(),)
    code, names = plain(table.c.code), [plain(name) for name in _names(table)]
    found = or_(*(has_text(column, text) for column in [code, *names])) if text else literal(True)
    ranks: list[tuple[ColumnElement[bool], int]] = [
        (func.lower(code) == text.lower(), 0),
        (code.istartswith(text, autoescape=True), 1),
        (or_(*(name.istartswith(text, autoescape=True) for name in names)), 2) if names else (code == text, 2),
    ]
    if table is _product and text:
        scanned = select(_barcode.c.product_id).where(
            _barcode.c.company_id == company_id, plain(_barcode.c.code) == text
        )
        found = or_(found, table.c.id.in_(scanned))
        ranks.insert(0, (table.c.id.in_(scanned), 0))
    rank = case(*ranks, else_=3).label("rank")
    statement = select(table.c.id, rank).where(table.c.company_id == company_id, found, *criteria)
    if "is_active" in table.c:
        statement = statement.where(table.c.is_active)
    return statement.order_by(rank, code, table.c.id).limit(at_most)


_SCANNED_PACK = (_pack_unit.c.id, _pack_unit.c.code, _pack_unit.c.name_zh, _pack.c.numerator, _pack.c.denominator)


def _with_scanned_pack(products: FromClause, company_id: UUID, barcode: str) -> FromClause:
    """`products` with the pack that `barcode` stands on, where it is the barcode of one."""
    scanned = and_(
        _barcode.c.company_id == company_id, _barcode.c.product_id == _product.c.id, plain(_barcode.c.code) == barcode
    )
    of_product = and_(_pack.c.company_id == company_id, _pack.c.product_id == _barcode.c.product_id)
    of_pack = and_(_pack_unit.c.company_id == company_id, _pack_unit.c.id == _pack.c.unit_id)
    return (
        products.outerjoin(_barcode, scanned)
        .outerjoin(_pack, and_(of_product, _pack.c.unit_id == _barcode.c.unit_id))
        .outerjoin(_pack_unit, of_pack)
    )


def _product_choice(*row: Any) -> ProductChoice:
    *of_product, pack_id, pack_code, pack_code_zh, numerator, denominator = row
    product = ProductChoice(*of_product)
    if numerator == denominator:  # none, or one that holds a single stock unit
        return product
    stock_unit = product.unit_code, product.unit_code_zh
    pack = UnitChoice(pack_id, pack_code, pack_code_zh, *stock_unit, numerator, denominator)
    return replace(product, pack=pack)


@dataclass(frozen=True)
class ProductLookup:
    """Products by code, name, Chinese name or scanned barcode."""

    tables: ClassVar[frozenset[str]] = frozenset({"product", "product_unit", "unit", "barcode", "stock_balance"})

    text: str
    at_most: int = AT_MOST

    def run(self, session: Session, company_id: UUID) -> tuple[ProductChoice, ...]:
        likeliest = _likeliest(_product, company_id, self.text, self.at_most).subquery("likeliest")
        statement: Select[Any] = select(
            *(_product.c[name] for name in ("id", "code", "name", "name_zh")),
            func.coalesce(_unit.c.code, ""),
            func.coalesce(_unit.c.name_zh, ""),
            _on_hand,
            _free,
            _product.c.list_price,
            _product.c.unit_id,
            *_SCANNED_PACK,
        )
        in_unit = and_(_unit.c.company_id == company_id, _unit.c.id == _product.c.unit_id)
        chosen = and_(_product.c.company_id == company_id, _product.c.id == likeliest.c.id)
        products = likeliest.join(_product, chosen).outerjoin(_unit, in_unit)
        statement = statement.select_from(
            _with_scanned_pack(products, company_id, self.text.strip() if can_be_found(self.text) else "")
        )
        statement = statement.order_by(likeliest.c.rank, _product.c.code, _product.c.id)
        return tuple(_product_choice(*row) for row in session.execute(statement))


def _choices(
    session: Session,
    company_id: UUID,
    table: TableAlias,
    text: str,
    fact: ColumnElement[Any] | None,
    criteria: Sequence[ColumnElement[bool]] = (),
) -> tuple[Choice, ...]:
    likeliest = _likeliest(table, company_id, text, AT_MOST, *criteria).subquery("likeliest")
    names = [*_names(table), *[literal("")] * (2 - len(_names(table)))]
    statement: Select[Any] = select(
        table.c.id, table.c.code, *names, func.coalesce(literal("") if fact is None else fact, "")
    )
    chosen = and_(table.c.company_id == company_id, table.c.id == likeliest.c.id)
    statement = statement.select_from(likeliest.join(table, chosen)).order_by(
        likeliest.c.rank, table.c.code, table.c.id
    )
    return tuple(Choice(*row) for row in session.execute(statement))


@dataclass(frozen=True)
class PartyLookup:
    """Parties by code or name, all or those who play `role`; the fact is their city."""

    tables: ClassVar[frozenset[str]] = frozenset({"party"})

    text: str
    role: PartyRole = ""

    def run(self, session: Session, company_id: UUID) -> tuple[Choice, ...]:
        plays = [_party.c[f"is_{self.role}"]] if self.role else []
        return _choices(session, company_id, _party, self.text, _party.c.city, plays)


@dataclass(frozen=True)
class CustomerLookup:
    """Those who may order: consumers and distributors; the fact is their city."""

    tables: ClassVar[frozenset[str]] = frozenset({"party"})

    text: str

    def run(self, session: Session, company_id: UUID) -> tuple[Choice, ...]:
        buys = or_(_party.c.is_consumer, _party.c.is_distributor)
        return _choices(session, company_id, _party, self.text, _party.c.city, [buys])


@dataclass(frozen=True)
class CarrierLookup:
    """Carriers by code or name; the fact is their telephone number."""

    tables: ClassVar[frozenset[str]] = frozenset({"party"})

    text: str

    def run(self, session: Session, company_id: UUID) -> tuple[Choice, ...]:
        return _choices(session, company_id, _party, self.text, _party.c.phone, [_party.c.is_carrier])


@dataclass(frozen=True)
class WarehouseLookup:
    tables: ClassVar[frozenset[str]] = frozenset({"warehouse"})

    text: str

    def run(self, session: Session, company_id: UUID) -> tuple[Choice, ...]:
        return _choices(session, company_id, _warehouse, self.text, _warehouse.c.address, [~_warehouse.c.is_transit])


@dataclass(frozen=True)
class BinLookup:
    """Bins by code, of one warehouse or of all; the fact is their zone."""

    tables: ClassVar[frozenset[str]] = frozenset({"bin"})

    text: str
    warehouse_id: UUID | None = None

    def run(self, session: Session, company_id: UUID) -> tuple[Choice, ...]:
        there = [_bin.c.warehouse_id == self.warehouse_id] if self.warehouse_id else [~is_in_transit(_bin)]
        return _choices(session, company_id, _bin, self.text, _bin.c.zone, there)


@dataclass(frozen=True)
class CategoryLookup:
    tables: ClassVar[frozenset[str]] = frozenset({"category"})

    text: str

    def run(self, session: Session, company_id: UUID) -> tuple[Choice, ...]:
        return _choices(session, company_id, _category, self.text, None)


@dataclass(frozen=True)
class UnitLookup:
    tables: ClassVar[frozenset[str]] = frozenset({"unit"})

    text: str

    def run(self, session: Session, company_id: UUID) -> tuple[Choice, ...]:
        return _choices(session, company_id, _unit, self.text, None)


@dataclass(frozen=True)
class ChannelLookup:
    tables: ClassVar[frozenset[str]] = frozenset({"channel"})

    text: str

    def run(self, session: Session, company_id: UUID) -> tuple[Choice, ...]:
        return _choices(session, company_id, _channel, self.text, None)


@dataclass(frozen=True)
class AccountLookup:
    """Accounts by code or name; the fact is their type (asset, liability, ...)."""

    tables: ClassVar[frozenset[str]] = frozenset({"account"})

    text: str

    def run(self, session: Session, company_id: UUID) -> tuple[Choice, ...]:
        return _choices(session, company_id, _account, self.text, _account.c.type)


def price_for(
    session: Session,
    company_id: UUID,
    product_id: UUID,
    qty: Decimal,
    on: date,
    *,
    price_level_id: UUID | None = None,
    party_id: UUID | None = None,
) -> Decimal | None:
    """The unit price of a product for a price level, or for the level of a party, at `qty` on a day; None without any.

    The largest quantity step that `qty` reaches counts, and of its prices the latest that holds; without one, the list price.
    """
    if price_level_id is None and party_id is not None:
        level = select(_party.c.price_level_id).where(_party.c.company_id == company_id, _party.c.id == party_id)
        price_level_id = session.execute(level).scalar_one_or_none()
    if price_level_id is not None:
        of_level = select(_price.c.unit_price).where(
            _price.c.company_id == company_id,
            _price.c.product_id == product_id,
            _price.c.price_level_id == price_level_id,
            _price.c.from_qty <= qty,
            _price.c.from_date <= on,
        )
        latest = of_level.order_by(_price.c.from_qty.desc(), _price.c.from_date.desc()).limit(1)
        price: Decimal | None = session.execute(latest).scalar_one_or_none()
        if price is not None:
            return price
    list_price = select(_product.c.list_price).where(_product.c.company_id == company_id, _product.c.id == product_id)
    return session.execute(list_price).scalar_one_or_none()


@dataclass(frozen=True)
class SalePrice:
    """The price of one `factor` of stock units that a sales order line of `qty` stock units starts from; see `price_for`."""

    tables: ClassVar[frozenset[str]] = frozenset({"product", "price", "party"})

    product_id: UUID
    qty: Decimal
    on: date
    price_level_id: UUID | None = None
    party_id: UUID | None = None
    factor: UnitFactor = STOCK_UNIT

    def run(self, session: Session, company_id: UUID) -> Decimal | None:
        price = price_for(
            session,
            company_id,
            self.product_id,
            self.qty,
            self.on,
            price_level_id=self.price_level_id,
            party_id=self.party_id,
        )
        return self.factor.price_from(STOCK_UNIT, price) if price is not None else None
