"""Rows that name the unit which their quantity and price are of: a box of 24, a third of a roll (costing.md, rule 10).

Here: which of its product's units a cell means, by code or name, and what is then exact in stock units. A row that names none
is in stock units. Not here: the arithmetic (numbers.py).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.integrations.fields import ImportTarget
from erp_desktop.integrations.judging import PlannedRow, heading_of
from erp_desktop.integrations.lookups import Ask, chunks
from erp_desktop.models.product import Product, ProductUnit, Unit
from erp_desktop.numbers import STOCK_UNIT, NumberNotExact, UnitFactor

UNIT = "unit_id"

NOT_A_UNIT = QT_TRANSLATE_NOOP("Import", "{field}: {product} is not counted by {unit}; its units are {units}")
QTY_NOT_EXACT = QT_TRANSLATE_NOOP(
    "Import", "{field}: {qty} {unit} are no exact quantity in {stock_unit}; what fits nearest is {fits}"
)
QTY_TOO_LARGE = QT_TRANSLATE_NOOP("Import", "{field}: {qty} {unit} are more {stock_unit} than can be kept")
PRICE_NOT_EXACT = QT_TRANSLATE_NOOP(
    "Import", "{field}: {price} for one {unit} is no exact price of one {stock_unit}; state that price instead"
)


@dataclass(frozen=True)
class NamedUnit:
    """A unit of a product; one is `factor` stock units."""

    id: UUID
    code: str
    name: str
    name_zh: str
    factor: UnitFactor = STOCK_UNIT

    def is_called(self, text: str) -> bool:
        return text.casefold() in (name.casefold() for name in (self.code, self.name, self.name_zh))


@dataclass(frozen=True)
class CountedProduct:
    """A product and its units, the stock unit first, then the others by code."""

    code: str
    units: tuple[NamedUnit, ...]


@dataclass(frozen=True)
class UnitsOfProducts:
    """The units of many products, by the product's id."""

    tables: ClassVar[frozenset[str]] = frozenset()

    product_ids: tuple[UUID, ...]

    def run(self, session: Session, company_id: UUID) -> dict[UUID, CountedProduct]:
        named = (Unit.id, Unit.code, Unit.name, Unit.name_zh)
        codes: dict[UUID, str] = {}
        units: defaultdict[UUID, list[NamedUnit]] = defaultdict(list)
        for chunk in chunks(self.product_ids):
            stock = (
                select(Product.id, Product.code, *named)
                .join(Unit, (Unit.company_id == Product.company_id) & (Unit.id == Product.unit_id))
                .where(Product.company_id == company_id, Product.id.in_(chunk))
            )
            for product_id, product_code, unit_id, code, name, name_zh in session.execute(stock):
                codes[product_id] = product_code
                units[product_id].append(NamedUnit(unit_id, code, name, name_zh))
            packs = (
                select(ProductUnit.product_id, *named, ProductUnit.numerator, ProductUnit.denominator)
                .join(Unit, (Unit.company_id == ProductUnit.company_id) & (Unit.id == ProductUnit.unit_id))
                .where(ProductUnit.company_id == company_id, ProductUnit.product_id.in_(chunk))
                .order_by(Unit.code)
            )
            for product_id, unit_id, code, name, name_zh, numerator, denominator in session.execute(packs):
                if unit_id != units[product_id][0].id:
                    factor = UnitFactor(numerator, denominator)
                    units[product_id].append(NamedUnit(unit_id, code, name, name_zh, factor))
        return {product_id: CountedProduct(code, tuple(units[product_id])) for product_id, code in codes.items()}


@dataclass(frozen=True)
class InUnit:
    """A row whose quantity and price are of `unit`, which is not the stock unit of its product."""

    target: ImportTarget
    row: PlannedRow
    unit: NamedUnit
    stock_unit: NamedUnit

    def stock_qty(self, name: str) -> Decimal | None:
        """The quantity in the row's field `name` in stock units; None, and the row is refused, where that is not exact."""
        qty: Decimal = self.row.values[name]
        try:
            return self.unit.factor.to_stock_qty(qty)
        except NumberNotExact as problem:
            fits = " / ".join(f"{one.normalize():f}" for one in self.unit.factor.fitting(qty))
            sentence = QTY_TOO_LARGE if problem.reason == "size" else QTY_NOT_EXACT
            self._refuse(name, sentence, qty=f"{qty.normalize():f}", fits=fits)
        return None

    def stock_price(self, name: str) -> Decimal | None:
        """What one stock unit costs; None, and the row is refused, where no price says that exactly."""
        price: Decimal = self.row.values[name]
        of_one = STOCK_UNIT.price_from(self.unit.factor, price)
        if Fraction(of_one) * self.unit.factor.numerator == Fraction(price) * self.unit.factor.denominator:
            return of_one
        self._refuse(name, PRICE_NOT_EXACT, price=f"{price.normalize():f}")
        return None

    def _refuse(self, name: str, sentence: str, **fields: str) -> None:
        field = heading_of(self.target.field(name))
        self.row.refuse(sentence, field=field, unit=self.unit.code, stock_unit=self.stock_unit.code, **fields)


def rows_in_units(target: ImportTarget, ask: Ask, rows: Sequence[PlannedRow]) -> Iterator[InUnit]:
    """Those good rows of `rows` that name another unit than the stock unit; what is no unit of its product refuses its row.

    The unit is taken out of the values of each.
    """
    named = [(row, row.values.pop(UNIT)) for row in rows if UNIT in row.values]
    named = [(row, text) for row, text in named if not row.is_bad and "product_id" in row.values]
    products: dict[UUID, CountedProduct] = {}
    if named:
        products = ask(UnitsOfProducts(tuple({row.values["product_id"] for row, _ in named})))
    for row, text in named:
        product = products[row.values["product_id"]]
        unit = next((one for one in product.units if one.is_called(text)), None)
        if unit is None:
            units = ", ".join(one.code for one in product.units)
            row.refuse(NOT_A_UNIT, field=heading_of(target.field(UNIT)), product=product.code, unit=text, units=units)
        elif unit is not product.units[0] and not unit.factor.is_one:
            yield InUnit(target, row, unit, product.units[0])
