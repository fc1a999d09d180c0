"""Products, how they are counted, and what they sell for."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import Replicated, belongs_to
from erp_desktop.models.types import Qty, String, UnitPrice
from erp_desktop.numbers import UnitFactor


class Category(Replicated):
    """A group of products. It decides how they are costed where the company's book leaves it open."""

    __tablename__ = "category"
    read_permission = "master.read"

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(200), default="")
    parent_id: Mapped[UUID | None]
    cost_method: Mapped[str | None] = mapped_column(String(20))  # None: the cost book's own method
    cost_pool: Mapped[str] = mapped_column(String(20), default="company")  # or "warehouse", "lot"

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"),)


class Unit(Replicated):
    """A unit of measure: piece, box, kilogram."""

    __tablename__ = "unit"
    read_permission = "master.read"

    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    name_zh: Mapped[str] = mapped_column(String(100), default="")

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"),)


class Product(Replicated):
    """Something the company buys and sells. Quantities and costs are per `unit_id`, its stock unit."""

    __tablename__ = "product"
    read_permission = "master.read"

    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(200), default="")
    category_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    supplier_id: Mapped[UUID | None]  # the usual supplier
    list_price: Mapped[UnitPrice | None]
    weight_kg: Mapped[Qty | None]  # of one stock unit
    volume_m3: Mapped[Qty | None]
    minimum_qty: Mapped[Qty | None]
    maximum_qty: Mapped[Qty | None]
    tracking: Mapped[str] = mapped_column(String(10), default="none")  # or "lot", "serial"
    is_stocked: Mapped[bool] = mapped_column(default=True)  # False: carriage, discount, a service
    is_active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("category_id", "category"),
            belongs_to("unit_id", "unit"),
            UniqueConstraint("company_id", "code"),
            Index(None, "company_id", "name"),
        )


class ProductUnit(Replicated):
    """A further unit of a product: one of it is numerator/denominator stock units, exactly."""

    __tablename__ = "product_unit"
    read_permission = "master.read"

    product_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    numerator: Mapped[int]
    denominator: Mapped[int] = mapped_column(default=1)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("product_id", "product"),
            belongs_to("unit_id", "unit"),
            UniqueConstraint("company_id", "product_id", "unit_id"),
            CheckConstraint("numerator > 0 AND denominator > 0", name="factor_positive"),
        )


class InUnit:
    """Columns of a document's line that may be entered in another unit of its product than the stock unit.

    The line's quantities stay in stock units, its price is of one `unit_id`. The factor is kept as it was when the line was
    entered, so that whoever changes the product's unit later changes no document.
    """

    unit_id: Mapped[UUID | None]  # None: the stock unit
    unit_numerator: Mapped[int] = mapped_column(default=1)  # one of the unit is numerator/denominator stock units
    unit_denominator: Mapped[int] = mapped_column(default=1)

    @property
    def factor(self) -> UnitFactor:
        return UnitFactor(self.unit_numerator, self.unit_denominator)

    @classmethod
    def unit_rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("unit_id", "unit"),
            CheckConstraint("unit_numerator > 0 AND unit_denominator > 0", name="factor_positive"),
        )


class Barcode(Replicated):
    """What a scanner reads from a product or from one of its packs."""

    __tablename__ = "barcode"
    read_permission = "master.read"

    code: Mapped[str] = mapped_column(String(60))
    product_id: Mapped[UUID]
    unit_id: Mapped[UUID | None]  # the pack it stands on; None: one stock unit

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("product_id", "product"),
            UniqueConstraint("company_id", "code"),
            Index(None, "company_id", "product_id"),
        )


class PriceLevel(Replicated):
    """What a kind of customer pays: retail, silver distributor, gold distributor."""

    __tablename__ = "price_level"
    read_permission = "master.read"

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(100))
    name_zh: Mapped[str] = mapped_column(String(100), default="")

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"),)


class Price(Replicated):
    """The unit price of a product on a price level from a quantity and a day on."""

    __tablename__ = "price"
    read_permission = "master.read"

    price_level_id: Mapped[UUID]
    product_id: Mapped[UUID]
    from_qty: Mapped[Qty]
    from_date: Mapped[date]
    unit_price: Mapped[UnitPrice]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("price_level_id", "price_level"),
            belongs_to("product_id", "product"),
            UniqueConstraint("company_id", "product_id", "price_level_id", "from_qty", "from_date"),
            CheckConstraint("unit_price >= 0", name="price_not_negative"),
        )
