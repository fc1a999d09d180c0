"""What a form offers while a person types: at most 50 records, the likeliest first, each with one telling fact.

A scanned barcode or a full code comes first, then codes that begin with the text, then names that begin with it, then whatever
contains it. Records that are not active any more are not offered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, false, func, literal, or_, select
from sqlalchemy.orm import Session

from erp_desktop.models.ledger import Account
from erp_desktop.models.party import Party
from erp_desktop.models.product import Barcode, Category, Product, ProductUnit, Unit
from erp_desktop.models.sales import Channel
from erp_desktop.models.stock import Bin, StockBalance, Warehouse
from erp_desktop.queries.line_units import UnitChoice
from erp_desktop.queries.list_shape import TableAlias, difference, sum_of, table_of
from erp_desktop.queries.masters import PartyRole, is_in_transit
from erp_desktop.queries.texts import can_be_found, has_text, in_parts, plain

AT_MOST = 50

_product = table_of(Product)
_unit = table_of(Unit)
_barcode = table_of(Barcode)
_pack = table_of(ProductUnit)
_pack_unit = table_of(Unit, "pack_unit")
_balance = table_of(StockBalance)
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


_CHOICE = (
    *(_product.c[name] for name in ("id", "code", "name", "name_zh")),
    func.coalesce(_unit.c.code, ""),
    func.coalesce(_unit.c.name_zh, ""),
    _on_hand,
    _free,
    _product.c.list_price,
    _product.c.unit_id,
)
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
    return _with_pack(ProductChoice(*of_product), pack_id, pack_code, pack_code_zh, numerator, denominator)


def _with_pack(
    product: ProductChoice, id: Any, code: str, code_zh: str, numerator: Any, denominator: Any
) -> ProductChoice:
    if numerator == denominator:  # none, or one that holds a single stock unit
        return product
    stock_unit = product.unit_code, product.unit_code_zh
    return replace(product, pack=UnitChoice(id, code, code_zh, *stock_unit, numerator, denominator))


@dataclass(frozen=True)
class ProductLookup:
    """Products by code, name, Chinese name or scanned barcode."""

    tables: ClassVar[frozenset[str]] = frozenset({"product", "product_unit", "unit", "barcode", "stock_balance"})

    text: str
    at_most: int = AT_MOST

    def run(self, session: Session, company_id: UUID) -> tuple[ProductChoice, ...]:
        likeliest = _likeliest(_product, company_id, self.text, self.at_most).subquery("likeliest")
        statement: Select[Any] = select(*_CHOICE, *_SCANNED_PACK)
        in_unit = and_(_unit.c.company_id == company_id, _unit.c.id == _product.c.unit_id)
        chosen = and_(_product.c.company_id == company_id, _product.c.id == likeliest.c.id)
        products = likeliest.join(_product, chosen).outerjoin(_unit, in_unit)
        statement = statement.select_from(
            _with_scanned_pack(products, company_id, self.text.strip() if can_be_found(self.text) else "")
        )
        statement = statement.order_by(likeliest.c.rank, _product.c.code, _product.c.id)
        return tuple(_product_choice(*row) for row in session.execute(statement))


@dataclass(frozen=True)
class ProductsMeant:
    """The products that texts mean beyond doubt, by text: by code or barcode, else by a name, in either language, that no
    other product has. What is left of a long pasted column is for ProductLookup."""

    tables: ClassVar[frozenset[str]] = ProductLookup.tables

    texts: tuple[str, ...]

    def run(self, session: Session, company_id: UUID) -> Mapping[str, ProductChoice]:
        texts = {text: text.strip() for text in self.texts if can_be_found(text) and text.strip()}
        offered = (_product.c.company_id == company_id, _product.c.is_active)
        code = func.lower(plain(_product.c.code))
        by_code: dict[str, UUID] = {}
        for part in in_parts({text.lower() for text in texts.values()}):
            statement = select(code, _product.c.id).where(*offered, code.in_(part))
            last_first = statement.order_by(_product.c.code.desc(), _product.c.id.desc())
            by_code |= dict(session.execute(last_first).all())
        by_barcode = self._by_barcode(session, company_id, set(texts.values()))
        left = {text.lower() for text in texts.values() if text.lower() not in by_code and text not in by_barcode}
        by_name: dict[str, set[UUID]] = {}
        for column in _names(_product):
            name = func.lower(plain(column))
            for part in in_parts(left):
                for text, product_id in session.execute(select(name, _product.c.id).where(*offered, name.in_(part))):
                    by_name.setdefault(text, set()).add(product_id)
        only = {text: next(iter(named)) for text, named in by_name.items() if len(named) == 1}

        barcodes = {text: found[0] for text, found in by_barcode.items()}
        ids = {text: by_code.get(of.lower()) or barcodes.get(of) or only.get(of.lower()) for text, of in texts.items()}
        in_unit = and_(_unit.c.company_id == company_id, _unit.c.id == _product.c.unit_id)
        choices: dict[UUID, ProductChoice] = {}
        for wanted in in_parts({product_id for product_id in ids.values() if product_id is not None}):
            chosen = select(*_CHOICE).select_from(_product.outerjoin(_unit, in_unit))
            for row in session.execute(chosen.where(*offered, _product.c.id.in_(wanted))):
                choices[row[0]] = ProductChoice(*row)
        meant = {text: choices[found] for text, found in ids.items() if found is not None and found in choices}
        for text, choice in meant.items():
            scanned = by_barcode.get(texts[text])
            if scanned is not None and scanned[0] == choice.id:
                meant[text] = _with_pack(choice, *scanned[1:])
        return meant

    def _by_barcode(self, session: Session, company_id: UUID, texts: set[str]) -> dict[str, Any]:
        """What the barcodes among them stand on: the product, and the pack as `_SCANNED_PACK`."""
        code = plain(_barcode.c.code)
        product = and_(_product.c.company_id == company_id, _product.c.id == _barcode.c.product_id)
        of_product = and_(_pack.c.company_id == company_id, _pack.c.product_id == _barcode.c.product_id)
        of_pack = and_(_pack_unit.c.company_id == company_id, _pack_unit.c.id == _pack.c.unit_id)
        source = (
            _barcode.join(_product, product)
            .outerjoin(_pack, and_(of_product, _pack.c.unit_id == _barcode.c.unit_id))
            .outerjoin(_pack_unit, of_pack)
        )
        statement = select(code, _product.c.id, *_SCANNED_PACK).select_from(source)
        statement = statement.where(_barcode.c.company_id == company_id, _product.c.is_active)
        return {
            row[0]: tuple(row[1:])
            for part in in_parts(texts)
            for row in session.execute(statement.where(code.in_(part)))
        }


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
