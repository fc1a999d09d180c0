"""Keeping the master data: parties, products and what they are counted, stored, priced and sold by.

Every Save... makes or changes the one row that its id names; the field names are the columns'. `SaveMasters` saves many at
once, for imports. Here: which values are sensible and what may not change any more. Not here: documents, stock, costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.exchanging import SaveExchangeRate, refuse_unknown_currency
from erp_desktop.actions.lots import TRACKINGS
from erp_desktop.actions.refusals import NotFound, Refused
from erp_desktop.actions.saving import (
    AlreadyThere,
    FixedOnceMoved,
    OutOfRange,
    Save,
    refuse_change_once_moved,
    refuse_negative,
    save,
)
from erp_desktop.actions.transit import refuse_transit
from erp_desktop.costing.events import METHODS
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.ledger import CostCentre
from erp_desktop.models.party import Employee, Party
from erp_desktop.models.product import Barcode, Category, Price, PriceLevel, Product, ProductUnit, Unit
from erp_desktop.models.sales import Channel
from erp_desktop.models.stock import Bin, Warehouse

LONGEST_PAYMENT_DAYS = 3650
LARGEST_FACTOR = 2**31 - 1
COST_METHODS = METHODS
COST_POOLS = ("company", "warehouse", "lot")


class SpecificCostNeedsLots(Refused):
    code = "specific_cost_needs_lots"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{name} is costed lot by lot (specific cost), so costs are kept per lot and its products by lot or serial number. "
        "Choose that, or another costing method; nothing was changed.",
    )


@action("master.write")
@dataclass(frozen=True)
class SaveParty(Save):
    """A supplier, distributor, consumer or carrier; one party may be several of them."""

    model = Party
    references = {"price_level_id": PriceLevel}

    party_id: UUID
    code: str
    name: str
    name_zh: str = ""
    is_supplier: bool = False
    is_distributor: bool = False
    is_consumer: bool = False
    is_carrier: bool = False
    contact: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""
    tax_number: str = ""
    payment_days: int = 30
    price_level_id: UUID | None = None
    commission_rate: Decimal | None = None
    is_active: bool = True
    currency: str = ""

    def refuse_nonsense(self, session: Session, ctx: Context, row: Any) -> None:
        if not 0 <= self.payment_days <= LONGEST_PAYMENT_DAYS:
            raise OutOfRange(field="payment_days", value=self.payment_days)
        refuse_negative(commission_rate=self.commission_rate)
        if self.commission_rate is not None and self.commission_rate > 1:
            raise OutOfRange(field="commission_rate", value=self.commission_rate)
        if self.currency:
            refuse_unknown_currency(session, ctx, self.currency)


@action("master.write")
@dataclass(frozen=True)
class SaveCategory(Save):
    """A group of products. How it is costed is fixed once stock of it has moved. Specific cost is kept per lot."""

    model = Category
    references = {"parent_id": Category}

    category_id: UUID
    code: str
    name: str
    name_zh: str = ""
    parent_id: UUID | None = None
    cost_method: str | None = None
    cost_pool: str = "company"

    def refuse_nonsense(self, session: Session, ctx: Context, row: Any) -> None:
        if self.cost_method not in (None, *COST_METHODS):
            raise OutOfRange(field="cost_method", value=self.cost_method)
        if self.cost_pool not in COST_POOLS:
            raise OutOfRange(field="cost_pool", value=self.cost_pool)
        if self.cost_method == "specific" and (self.cost_pool != "lot" or self._has_untracked(session, ctx)):
            raise SpecificCostNeedsLots(name=self.code)
        above, seen = self.parent_id, {self.category_id}
        while above is not None:
            if above in seen:
                raise OutOfRange(field="parent_id", value=self.code)
            seen.add(above)
            parent = session.get(Category, (ctx.company_id, above))
            above = parent.parent_id if parent is not None else None
        refuse_change_once_moved(
            session,
            ctx,
            row,
            Product.category_id == self.category_id,
            cost_method=self.cost_method,
            cost_pool=self.cost_pool,
        )

    def _has_untracked(self, session: Session, ctx: Context) -> bool:
        untracked = select(Product.id).where(
            Product.company_id == ctx.company_id,
            Product.category_id == self.category_id,
            Product.is_stocked,
            Product.tracking == "none",
        )
        return session.scalars(untracked.limit(1)).first() is not None


@action("master.write")
@dataclass(frozen=True)
class SaveUnit(Save):
    model = Unit

    unit_id: UUID
    code: str
    name: str
    name_zh: str = ""


@action("master.write")
@dataclass(frozen=True)
class SaveProduct(Save):
    """A product. Its stock unit, its category and whether it is kept by lots are fixed once stock of it has moved."""

    model = Product
    references = {"category_id": Category, "unit_id": Unit, "supplier_id": Party}

    product_id: UUID
    code: str
    name: str
    category_id: UUID
    unit_id: UUID
    name_zh: str = ""
    supplier_id: UUID | None = None
    list_price: Decimal | None = None
    weight_kg: Decimal | None = None
    volume_m3: Decimal | None = None
    minimum_qty: Decimal | None = None
    maximum_qty: Decimal | None = None
    tracking: str = "none"
    is_stocked: bool = True
    is_active: bool = True

    def refuse_nonsense(self, session: Session, ctx: Context, row: Any) -> None:
        refuse_negative(
            list_price=self.list_price,
            weight_kg=self.weight_kg,
            volume_m3=self.volume_m3,
            minimum_qty=self.minimum_qty,
            maximum_qty=self.maximum_qty,
        )
        if self.minimum_qty is not None and self.maximum_qty is not None and self.maximum_qty < self.minimum_qty:
            raise OutOfRange(field="maximum_qty", value=self.maximum_qty)
        if self.tracking not in TRACKINGS or (self.tracking != "none" and not self.is_stocked):
            raise OutOfRange(field="tracking", value=self.tracking)
        refuse_change_once_moved(
            session,
            ctx,
            row,
            Product.id == self.product_id,
            unit_id=self.unit_id,
            category_id=self.category_id,
            tracking=self.tracking,
            is_stocked=self.is_stocked,
        )

    @classmethod
    def refuse_together(cls, session: Session, ctx: Context, rows: Sequence["SaveProduct"]) -> None:
        untracked = {row.category_id: row.code for row in rows if row.is_stocked and row.tracking == "none"}
        specific = select(Category.id).where(
            Category.company_id == ctx.company_id, Category.cost_method == "specific", Category.id.in_(list(untracked))
        )
        found = session.scalars(specific.limit(1)).first() if untracked else None
        if found is not None:
            raise SpecificCostNeedsLots(name=untracked[found])


@action("master.write")
@dataclass(frozen=True)
class SaveProductUnit(Save):
    """A further unit of a product: one of it is numerator/denominator stock units."""

    model = ProductUnit
    key = ("product_id", "unit_id")
    references = {"product_id": Product, "unit_id": Unit}

    product_unit_id: UUID
    product_id: UUID
    unit_id: UUID
    numerator: int
    denominator: int = 1

    def refuse_nonsense(self, session: Session, ctx: Context, row: Any) -> None:
        for field, part in (("numerator", self.numerator), ("denominator", self.denominator)):
            if not 0 < part <= LARGEST_FACTOR:
                raise OutOfRange(field=field, value=part)
        if row is not None and row.product_id != self.product_id:  # another product's unit is another unit
            raise AlreadyThere(kind="product unit")
        product = session.get_one(Product, (ctx.company_id, self.product_id))
        if product.unit_id == self.unit_id and self.numerator != self.denominator:
            raise OutOfRange(field="numerator", value=self.numerator)


@action("master.write")
@dataclass(frozen=True)
class SaveBarcode(Save):
    model = Barcode
    references = {"product_id": Product, "unit_id": Unit}

    barcode_id: UUID
    code: str
    product_id: UUID
    unit_id: UUID | None = None


@action("master.write")
@dataclass(frozen=True)
class SavePriceLevel(Save):
    model = PriceLevel

    price_level_id: UUID
    code: str
    name: str
    name_zh: str = ""


@action("master.write")
@dataclass(frozen=True)
class SavePrice(Save):
    """What a product costs on a price level, from a quantity (stock units) and a day on."""

    model = Price
    key = ("product_id", "price_level_id", "from_qty", "from_date")
    references = {"price_level_id": PriceLevel, "product_id": Product}

    price_id: UUID
    price_level_id: UUID
    product_id: UUID
    from_qty: Decimal
    from_date: date
    unit_price: Decimal

    def refuse_nonsense(self, session: Session, ctx: Context, row: Any) -> None:
        refuse_negative(from_qty=self.from_qty, unit_price=self.unit_price)


@action("master.write")
@dataclass(frozen=True)
class SaveWarehouse(Save):
    model = Warehouse
    references = {"receiving_bin_id": Bin}

    warehouse_id: UUID
    code: str
    name: str
    name_zh: str = ""
    address: str = ""
    receiving_bin_id: UUID | None = None
    allows_negative: bool = False
    is_active: bool = True

    def refuse_nonsense(self, session: Session, ctx: Context, row: Any) -> None:
        refuse_transit(ctx, self.warehouse_id)
        if self.receiving_bin_id is not None:
            receiving = session.get_one(Bin, (ctx.company_id, self.receiving_bin_id))
            if receiving.warehouse_id != self.warehouse_id:
                raise NotFound(kind="bin")


@action("master.write")
@dataclass(frozen=True)
class SaveBin(Save):
    """A place in a warehouse. It stays in that warehouse."""

    model = Bin
    key = ("code", "warehouse_id")
    references = {"warehouse_id": Warehouse}

    bin_id: UUID
    warehouse_id: UUID
    code: str
    zone: str = ""
    is_active: bool = True

    def refuse_nonsense(self, session: Session, ctx: Context, row: Any) -> None:
        refuse_transit(ctx, self.warehouse_id)
        if row is not None and row.warehouse_id != self.warehouse_id:
            raise FixedOnceMoved(field="warehouse", name=row.code)


@action("master.write")
@dataclass(frozen=True)
class SaveChannel(Save):
    model = Channel

    channel_id: UUID
    code: str
    name: str
    name_zh: str = ""
    is_active: bool = True


@action("master.write")
@dataclass(frozen=True)
class SaveCostCentre(Save):
    model = CostCentre

    cost_centre_id: UUID
    code: str
    name: str
    name_zh: str = ""


@action("people.write")
@dataclass(frozen=True)
class SaveEmployee(Save):
    model = Employee
    references = {"manager_id": Employee}

    employee_id: UUID
    code: str
    name: str
    title: str = ""
    manager_id: UUID | None = None
    email: str = ""
    phone: str = ""
    hired_on: date | None = None
    is_active: bool = True

    def refuse_nonsense(self, session: Session, ctx: Context, row: Any) -> None:
        if self.manager_id == self.employee_id:
            raise OutOfRange(field="manager_id", value=self.code)


@action("master.write")
@dataclass(frozen=True)
class SaveMasters(Action):
    """Many rows of master data at once, all or none: an import's batch. Later kinds may name rows of earlier ones."""

    units: tuple[SaveUnit, ...] = ()
    categories: tuple[SaveCategory, ...] = ()
    price_levels: tuple[SavePriceLevel, ...] = ()
    channels: tuple[SaveChannel, ...] = ()
    warehouses: tuple[SaveWarehouse, ...] = ()
    bins: tuple[SaveBin, ...] = ()
    parties: tuple[SaveParty, ...] = ()
    products: tuple[SaveProduct, ...] = ()
    product_units: tuple[SaveProductUnit, ...] = ()
    barcodes: tuple[SaveBarcode, ...] = ()
    prices: tuple[SavePrice, ...] = ()
    cost_centres: tuple[SaveCostCentre, ...] = ()
    exchange_rates: tuple[SaveExchangeRate, ...] = ()

    def run(self, session: Session, ctx: Context) -> None:
        for kind in fields(self):
            save(session, ctx, getattr(self, kind.name))
