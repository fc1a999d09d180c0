"""Lists of what documents are made of: products, parties, places, prices, people."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select

from erp_desktop.models.company import Role, User, UserRole
from erp_desktop.models.ledger import CostCentre
from erp_desktop.models.party import Employee, Party
from erp_desktop.models.product import Category, Price, PriceLevel, Product, Unit
from erp_desktop.models.sales import Channel
from erp_desktop.models.stock import Bin, StockBalance, Warehouse
from erp_desktop.queries.list_shape import (
    Join,
    ListColumn,
    ListShape,
    TableAlias,
    difference,
    named,
    plain,
    searched,
    sum_of,
    table_of,
)
from erp_desktop.queries.listing import ListQuery

PartyRole = Literal["", "supplier", "distributor", "consumer", "carrier"]

_product = table_of(Product)
_category = table_of(Category)
_parent = table_of(Category, "parent")
_unit = table_of(Unit)
_supplier = table_of(Party, "supplier")
_balance = table_of(StockBalance)
_party = table_of(Party)
_price_level = table_of(PriceLevel)
_price = table_of(Price)
_warehouse = table_of(Warehouse)
_transit = table_of(Warehouse, "transit")
_bin = table_of(Bin)
_channel = table_of(Channel)
_cost_centre = table_of(CostCentre)
_employee = table_of(Employee)
_manager = table_of(Employee, "manager")
_user = table_of(User, "person")
_user_role = table_of(UserRole)
_role = table_of(Role)


def is_in_transit(place: TableAlias) -> ColumnElement[bool]:
    """Whether `place.warehouse_id` is the place for goods in transit."""
    return (
        select(_transit.c.id)
        .where(
            _transit.c.company_id == place.c.company_id, _transit.c.id == place.c.warehouse_id, _transit.c.is_transit
        )
        .correlate(place)
        .exists()
    )


_on_hand = sum_of(_balance.c.on_hand, _product, _balance.c.product_id, ~is_in_transit(_balance))
_in_transit = sum_of(_balance.c.on_hand, _product, _balance.c.product_id, is_in_transit(_balance))
_allocated = sum_of(_balance.c.allocated, _product, _balance.c.product_id)


@dataclass(frozen=True)
class ProductRow:
    """`on_hand`, `allocated` and `free` (to promise) are sums over all warehouses, `in_transit` is on its way between them; in
    stock units."""

    id: UUID
    code: str
    name: str
    name_zh: str
    category_id: UUID
    category_code: str
    category_name: str
    category_name_zh: str
    unit_id: UUID
    unit_code: str
    unit_name: str
    unit_name_zh: str
    supplier_id: UUID | None
    supplier_code: str | None
    supplier_name: str | None
    supplier_name_zh: str | None
    list_price: Decimal | None
    minimum_qty: Decimal | None
    maximum_qty: Decimal | None
    on_hand: Decimal
    allocated: Decimal
    free: Decimal
    in_transit: Decimal
    is_low: bool  # less on hand than the minimum
    tracking: str  # none, lot, serial
    is_stocked: bool
    is_active: bool

    @property
    def unit_code_zh(self) -> str:
        return self.unit_name_zh


@dataclass(frozen=True)
class Products(ListQuery[ProductRow]):
    """Products by code, with their stock. Searches code, both names, category and usual supplier."""

    shape = ListShape(
        ProductRow,
        _product,
        [
            *plain(_product, "id"),
            *searched(_product, "code", "name", "name_zh"),
            *plain(_product, "category_id"),
            *named(_category, "code", "name", "name_zh"),
            *plain(_product, "unit_id"),
            ListColumn("unit_code", _unit.c.code),
            ListColumn("unit_name", _unit.c.name),
            ListColumn("unit_name_zh", _unit.c.name_zh),
            *plain(_product, "supplier_id"),
            *named(_supplier, "code", "name", "name_zh"),
            *plain(_product, "list_price", "minimum_qty", "maximum_qty"),
            ListColumn("on_hand", _on_hand),
            ListColumn("allocated", _allocated),
            ListColumn("free", difference(_on_hand, _allocated)),
            ListColumn("in_transit", _in_transit),
            ListColumn("is_low", case((_on_hand < _product.c.minimum_qty, True), else_=False)),
            *plain(_product, "tracking", "is_stocked", "is_active"),
        ],
        [
            Join(_category, _product.c.category_id),
            Join(_unit, _product.c.unit_id),
            Join(_supplier, _product.c.supplier_id),
        ],
    )


@dataclass(frozen=True)
class PartyRow:
    id: UUID
    code: str
    name: str
    name_zh: str
    is_supplier: bool
    is_distributor: bool
    is_consumer: bool
    is_carrier: bool
    contact: str
    email: str
    phone: str
    city: str
    country: str
    payment_days: int
    price_level_id: UUID | None
    price_level_code: str | None
    price_level_name: str | None
    price_level_name_zh: str | None
    is_active: bool


@dataclass(frozen=True)
class Parties(ListQuery[PartyRow]):
    """Parties by code, all or those who play `role`. Searches code, names, contact, e-mail, telephone and city."""

    shape = ListShape(
        PartyRow,
        _party,
        [
            *plain(_party, "id"),
            *searched(_party, "code", "name", "name_zh"),
            *plain(_party, "is_supplier", "is_distributor", "is_consumer", "is_carrier"),
            *searched(_party, "contact", "email", "phone", "city"),
            *plain(_party, "country", "payment_days", "price_level_id"),
            ListColumn("price_level_code", _price_level.c.code),
            ListColumn("price_level_name", _price_level.c.name),
            ListColumn("price_level_name_zh", _price_level.c.name_zh),
            *plain(_party, "is_active"),
        ],
        [Join(_price_level, _party.c.price_level_id)],
    )

    role: PartyRole = ""

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_party.c[f"is_{self.role}"],) if self.role else ()


@dataclass(frozen=True)
class WarehouseRow:
    id: UUID
    code: str
    name: str
    name_zh: str
    address: str
    receiving_bin_id: UUID | None
    receiving_bin_code: str | None
    allows_negative: bool
    is_active: bool


@dataclass(frozen=True)
class Warehouses(ListQuery[WarehouseRow]):
    """Warehouses by code; the place for goods in transit only if it is asked for."""

    shape = ListShape(
        WarehouseRow,
        _warehouse,
        [
            *plain(_warehouse, "id"),
            *searched(_warehouse, "code", "name", "name_zh", "address"),
            *plain(_warehouse, "receiving_bin_id"),
            ListColumn("receiving_bin_code", _bin.c.code),
            *plain(_warehouse, "allows_negative", "is_active"),
        ],
        [Join(_bin, _warehouse.c.receiving_bin_id)],
    )

    with_transit: bool = False

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return () if self.with_transit else (~_warehouse.c.is_transit,)


@dataclass(frozen=True)
class BinRow:
    id: UUID
    warehouse_id: UUID
    warehouse_code: str
    warehouse_name: str
    warehouse_name_zh: str
    code: str
    zone: str
    is_active: bool


@dataclass(frozen=True)
class Bins(ListQuery[BinRow]):
    """Bins by warehouse, then code; all or those of one warehouse."""

    shape = ListShape(
        BinRow,
        _bin,
        [
            *plain(_bin, "id", "warehouse_id"),
            *named(_warehouse, "code", "name", "name_zh"),
            *searched(_bin, "code", "zone"),
            *plain(_bin, "is_active"),
        ],
        [Join(_warehouse, _bin.c.warehouse_id)],
        [("warehouse_code", False), ("code", False)],
    )

    warehouse_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_bin.c.warehouse_id == self.warehouse_id,) if self.warehouse_id else (~is_in_transit(_bin),)


@dataclass(frozen=True)
class CategoryRow:
    id: UUID
    code: str
    name: str
    name_zh: str
    parent_id: UUID | None
    parent_code: str | None
    parent_name: str | None
    parent_name_zh: str | None
    cost_method: str | None
    cost_pool: str


@dataclass(frozen=True)
class Categories(ListQuery[CategoryRow]):
    shape = ListShape(
        CategoryRow,
        _category,
        [
            *plain(_category, "id"),
            *searched(_category, "code", "name", "name_zh"),
            *plain(_category, "parent_id"),
            *named(_parent, "code", "name", "name_zh"),
            *plain(_category, "cost_method", "cost_pool"),
        ],
        [Join(_parent, _category.c.parent_id)],
    )


@dataclass(frozen=True)
class CodeAndNameRow:
    """Something that has a code and a name in two languages, and nothing more to list."""

    id: UUID
    code: str
    name: str
    name_zh: str


@dataclass(frozen=True)
class Units(ListQuery[CodeAndNameRow]):
    shape = ListShape(CodeAndNameRow, _unit, [*plain(_unit, "id"), *searched(_unit, "code", "name", "name_zh")])


@dataclass(frozen=True)
class PriceLevels(ListQuery[CodeAndNameRow]):
    shape = ListShape(
        CodeAndNameRow, _price_level, [*plain(_price_level, "id"), *searched(_price_level, "code", "name", "name_zh")]
    )


@dataclass(frozen=True)
class CostCentres(ListQuery[CodeAndNameRow]):
    shape = ListShape(
        CodeAndNameRow, _cost_centre, [*plain(_cost_centre, "id"), *searched(_cost_centre, "code", "name", "name_zh")]
    )


@dataclass(frozen=True)
class ChannelRow:
    id: UUID
    code: str
    name: str
    name_zh: str
    is_active: bool


@dataclass(frozen=True)
class Channels(ListQuery[ChannelRow]):
    shape = ListShape(
        ChannelRow,
        _channel,
        [*plain(_channel, "id"), *searched(_channel, "code", "name", "name_zh"), *plain(_channel, "is_active")],
    )


@dataclass(frozen=True)
class PriceRow:
    """`unit_price` of one stock unit, for `from_qty` and more, from `from_date` on."""

    id: UUID
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    price_level_id: UUID
    price_level_code: str
    price_level_name: str
    price_level_name_zh: str
    from_qty: Decimal
    from_date: date
    unit_price: Decimal


@dataclass(frozen=True)
class Prices(ListQuery[PriceRow]):
    """Prices by product, level, quantity and day. Searches product and price level."""

    shape = ListShape(
        PriceRow,
        _price,
        [
            *plain(_price, "id", "product_id"),
            *named(_product, "code", "name", "name_zh"),
            *plain(_price, "price_level_id"),
            *named(_price_level, "code", "name", "name_zh"),
            *plain(_price, "from_qty", "from_date", "unit_price"),
        ],
        [Join(_product, _price.c.product_id), Join(_price_level, _price.c.price_level_id)],
        [("product_code", False), ("price_level_code", False), ("from_qty", False), ("from_date", False)],
    )


@dataclass(frozen=True)
class EmployeeRow:
    id: UUID
    code: str
    name: str
    title: str
    manager_id: UUID | None
    manager_code: str | None
    manager_name: str | None
    email: str
    phone: str
    hired_on: date | None
    is_active: bool


@dataclass(frozen=True)
class Employees(ListQuery[EmployeeRow]):
    shape = ListShape(
        EmployeeRow,
        _employee,
        [
            *plain(_employee, "id"),
            *searched(_employee, "code", "name", "title"),
            *plain(_employee, "manager_id"),
            *named(_manager, "code", "name"),
            *searched(_employee, "email", "phone"),
            *plain(_employee, "hired_on", "is_active"),
        ],
        [Join(_manager, _employee.c.manager_id)],
    )


@dataclass(frozen=True)
class UserRow:
    """`roles` are the codes of the roles that the user plays, joined by a comma and a space."""

    id: UUID
    login: str
    name: str
    language: str
    roles: str | None
    is_active: bool


_roles = (
    select(func.aggregate_strings(_role.c.code, ", "))
    .select_from(
        _user_role.join(_role, (_role.c.company_id == _user_role.c.company_id) & (_role.c.id == _user_role.c.role_id))
    )
    .where(_user_role.c.company_id == _user.c.company_id, _user_role.c.user_id == _user.c.id)
    .correlate(_user)
    .scalar_subquery()
)


@dataclass(frozen=True)
class Users(ListQuery[UserRow]):
    """People who sign in, by login, with their roles."""

    shape = ListShape(
        UserRow,
        _user,
        [
            *plain(_user, "id"),
            *searched(_user, "login", "name"),
            *plain(_user, "language"),
            ListColumn("roles", _roles, is_searched=True),
            *plain(_user, "is_active"),
        ],
        order=[("login", False)],
    )
