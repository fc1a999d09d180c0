"""How rows name units of measure: the stock unit of a product, and beside it the unit that the line of an order was entered in."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from erp_desktop.models.product import Product, ProductUnit, Unit
from erp_desktop.numbers import UnitFactor
from erp_desktop.queries.list_shape import Join, ListColumn, TableAlias, table_of
from erp_desktop.queries.texts import has_text, in_parts

_unit = table_of(Unit)
_line_unit = table_of(Unit, "line_unit")
_product = table_of(Product)
_pack = table_of(ProductUnit)


def named_unit(unit: TableAlias, prefix: str = "unit") -> list[ListColumn]:
    """A unit is called by its code, and where Chinese is shown by its Chinese name, if it has one."""
    return [ListColumn(f"{prefix}_code", unit.c.code), ListColumn(f"{prefix}_code_zh", unit.c.name_zh)]


class InLineUnit:
    """A row about a line of an order: its quantities are in stock units (`unit_code`), its price is of one `price_unit`."""

    unit_code: str | None
    unit_code_zh: str | None
    qty: Decimal
    unit_id: UUID | None  # None: the stock unit
    line_unit_code: str | None
    line_unit_code_zh: str | None
    unit_numerator: int | None  # None where a desk may not see the order
    unit_denominator: int | None

    @property
    def factor(self) -> UnitFactor:
        return UnitFactor(self.unit_numerator or 1, self.unit_denominator or 1)

    @property
    def price_unit(self) -> str:
        return self.line_unit_code or self.unit_code or ""

    @property
    def price_unit_zh(self) -> str:
        return (self.line_unit_code_zh if self.line_unit_code else self.unit_code_zh) or ""

    @property
    def entered_qty(self) -> Decimal | None:
        """`qty` in the line's unit; None where six places cannot hold that: no line is entered so, but a part of it may come so."""
        return self.factor.entered_qty(self.qty)


def unit_columns(order_line: TableAlias) -> list[ListColumn]:
    """The columns of InLineUnit, in its order; they need `unit_join`."""
    return [
        ListColumn("unit_id", order_line.c.unit_id),
        *named_unit(_line_unit, "line_unit"),
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
    code_zh: str
    stock_unit_code: str
    stock_unit_code_zh: str
    numerator: int = 1
    denominator: int = 1
    is_kept: bool = False  # the unit of a saved line, with the factor that it was entered with

    name = ""  # a line has room for the code

    @property
    def name_zh(self) -> str:
        return self.code_zh

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
        stock = select(_product.c.unit_id, _line_unit.c.code, _line_unit.c.name_zh)
        known = session.execute(stock.select_from(_product.join(_line_unit, stock_unit)).where(product)).first()
        if known is None:
            return ()
        names = or_(*(has_text(_unit.c[name], self.text) for name in ("code", "name", "name_zh")))
        packs = (
            select(_unit.c.id, _unit.c.code, _unit.c.name_zh, _pack.c.numerator, _pack.c.denominator)
            .select_from(_pack.join(_unit, unit & (_unit.c.id == _pack.c.unit_id)))
            .where(_pack.c.company_id == company_id, _pack.c.product_id == self.product_id, names)
            .where(_unit.c.id != known.unit_id)
            .order_by(_unit.c.code, _unit.c.id)
        )
        itself = session.execute(select(_unit.c.id).where(unit, _unit.c.id == known.unit_id, names))
        in_stock_unit = known.code, known.name_zh
        return (
            *(UnitChoice(row.id, *in_stock_unit, *in_stock_unit) for row in itself),
            *(
                UnitChoice(row.id, row.code, row.name_zh, *in_stock_unit, row.numerator, row.denominator)
                for row in session.execute(packs)
            ),
        )


@dataclass(frozen=True)
class UnitsMeant:
    """The units that texts mean by their code or Chinese name, each among the units of one product: by product and text."""

    tables: ClassVar[frozenset[str]] = UnitsOfProduct.tables

    wanted: tuple[tuple[UUID, str], ...]

    def run(self, session: Session, company_id: UUID) -> Mapping[tuple[UUID, str], UnitChoice]:
        stock_unit = (_line_unit.c.company_id == company_id) & (_line_unit.c.id == _product.c.unit_id)
        pack = (_pack.c.company_id == company_id) & (_pack.c.product_id == _product.c.id)
        unit = (_unit.c.company_id == company_id) & (_unit.c.id == _pack.c.unit_id)
        itself = (_line_unit.c.id, _line_unit.c.code, _line_unit.c.name_zh)
        packed = (_unit.c.id, _unit.c.code, _unit.c.name_zh, _pack.c.numerator, _pack.c.denominator)
        statement = select(_product.c.id, *itself, *packed)
        source = _product.join(_line_unit, stock_unit).outerjoin(_pack, pack).outerjoin(_unit, unit)
        by_code: dict[tuple[UUID, str], UnitChoice] = {}
        by_name: dict[tuple[UUID, str], set[UnitChoice]] = {}
        for part in in_parts({product_id for product_id, _ in self.wanted}):
            here = (_product.c.company_id == company_id, _product.c.id.in_(part))
            for product_id, unit_id, name, name_zh, pack_id, code, code_zh, numerator, denominator in session.execute(
                statement.select_from(source).where(*here)
            ):
                choices = [UnitChoice(unit_id, name, name_zh, name, name_zh)]
                if pack_id is not None and pack_id != unit_id:
                    choices.append(UnitChoice(pack_id, code, code_zh, name, name_zh, numerator, denominator))
                for choice in choices:
                    by_code[product_id, choice.code.casefold()] = choice
                    by_name.setdefault((product_id, choice.code_zh.casefold()), set()).add(choice)
        only = {key: next(iter(named)) for key, named in by_name.items() if len(named) == 1}
        meant = only | by_code
        found = {key: meant.get((key[0], key[1].strip().casefold())) for key in self.wanted}
        return {key: choice for key, choice in found.items() if choice is not None}
