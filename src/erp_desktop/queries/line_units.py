"""The unit that the line of an order was entered in, beside the stock unit of its product."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from erp_desktop.models.product import Barcode, Product, ProductUnit, Unit
from erp_desktop.numbers import UnitFactor
from erp_desktop.queries.listing import Join, ListColumn, TableAlias, table_of

_unit = table_of(Unit)
_line_unit = table_of(Unit, "line_unit")
_product = table_of(Product)
_pack = table_of(ProductUnit)
_barcode = table_of(Barcode)


class InLineUnit:
    """A row about a line of an order: its quantities are in stock units (`unit_code`), its price is of one `price_unit`."""

    unit_code: str
    qty: Decimal
    unit_id: UUID | None  # None: the stock unit
    line_unit_code: str | None
    unit_numerator: int | None  # None where a desk may not see the order
    unit_denominator: int | None

    @property
    def factor(self) -> UnitFactor:
        return UnitFactor(self.unit_numerator or 1, self.unit_denominator or 1)

    @property
    def price_unit(self) -> str:
        return self.line_unit_code or self.unit_code

    @property
    def entered_qty(self) -> Decimal | None:
        """`qty` in the line's unit; None where six places cannot hold that, which no line was entered with."""
        return self.factor.entered_qty(self.qty)


def unit_columns(order_line: TableAlias) -> list[ListColumn]:
    """The columns of InLineUnit, in its order; they need `unit_join`."""
    return [
        ListColumn("unit_id", order_line.c.unit_id),
        ListColumn("line_unit_code", _line_unit.c.code),
        ListColumn("unit_numerator", order_line.c.unit_numerator),
        ListColumn("unit_denominator", order_line.c.unit_denominator),
    ]


def unit_join(order_line: TableAlias) -> Join:
    return Join(_line_unit, order_line.c.unit_id)


@dataclass(frozen=True)
class UnitChoice:
    """A unit that a product can be ordered in: `denominator` of it are `numerator` of its stock unit."""

    id: UUID
    code: str
    stock_unit_code: str
    numerator: int
    denominator: int
    name: str = ""  # a line has room for the code

    @property
    def factor(self) -> UnitFactor:
        return UnitFactor(self.numerator, self.denominator)


@dataclass(frozen=True)
class UnitsOfProduct:
    """The units of one product whose code or name holds `text`: the stock unit, then the others by code."""

    tables: ClassVar[frozenset[str]] = frozenset({"product", "product_unit", "unit"})

    text: str
    product_id: UUID

    def run(self, session: Session, company_id: UUID) -> tuple[UnitChoice, ...]:
        stock_unit = (_line_unit.c.company_id == company_id) & (_line_unit.c.id == _product.c.unit_id)
        product = (_product.c.company_id == company_id) & (_product.c.id == self.product_id)
        unit = _unit.c.company_id == company_id
        stock = select(_product.c.unit_id, _line_unit.c.code).select_from(_product.join(_line_unit, stock_unit))
        known = session.execute(stock.where(product)).first()
        if known is None:
            return ()
        names = or_(*(_unit.c[name].icontains(self.text, autoescape=True) for name in ("code", "name", "name_zh")))
        packs = (
            select(_unit.c.id, _unit.c.code, _pack.c.numerator, _pack.c.denominator)
            .select_from(_pack.join(_unit, unit & (_unit.c.id == _pack.c.unit_id)))
            .where(_pack.c.company_id == company_id, _pack.c.product_id == self.product_id, names)
            .where(_unit.c.id != known.unit_id)
            .order_by(_unit.c.code, _unit.c.id)
        )
        itself = session.execute(select(_unit.c.id, _unit.c.code).where(unit, _unit.c.id == known.unit_id, names))
        return (
            *(UnitChoice(row.id, row.code, known.code, 1, 1) for row in itself),
            *(
                UnitChoice(row.id, row.code, known.code, row.numerator, row.denominator)
                for row in session.execute(packs)
            ),
        )


def scanned_pack(session: Session, company_id: UUID, barcode: str) -> tuple[UUID, UnitChoice] | None:
    """The product and the pack that `barcode` stands on; None for one of a single stock unit, and for no barcode."""
    of_product = (_product.c.company_id == company_id) & (_product.c.id == _barcode.c.product_id)
    of_pack = (
        (_pack.c.company_id == company_id)
        & (_pack.c.product_id == _barcode.c.product_id)
        & (_pack.c.unit_id == _barcode.c.unit_id)
    )
    of_unit = (_unit.c.company_id == company_id) & (_unit.c.id == _barcode.c.unit_id)
    stock_unit = (_line_unit.c.company_id == company_id) & (_line_unit.c.id == _product.c.unit_id)
    found = session.execute(
        select(
            _product.c.id.label("product_id"),
            _unit.c.id,
            _unit.c.code,
            _line_unit.c.code.label("stock"),
            _pack.c.numerator,
            _pack.c.denominator,
        )
        .select_from(
            _barcode.join(_product, of_product).join(_pack, of_pack).join(_unit, of_unit).join(_line_unit, stock_unit)
        )
        .where(_barcode.c.company_id == company_id, _barcode.c.code == barcode)
    ).first()
    if found is None or found.numerator == found.denominator:
        return None
    return found.product_id, UnitChoice(found.id, found.code, found.stock, found.numerator, found.denominator)
