"""Lines that are entered in another unit of their product: a box of 24, a third of a roll (costing.md, rule 10).

Here: which factor a line counts by, and its quantity in stock units, exactly or not at all. Not here: the arithmetic (numbers.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.finding import QtyNotPositive, find
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import rows_by_id, rows_of
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.product import Product, ProductUnit, Unit
from erp_desktop.models.purchasing import PurchaseOrderLine
from erp_desktop.models.sales import SalesOrderLine
from erp_desktop.numbers import QTY_PLACES, STOCK_UNIT, NumberNotExact, UnitFactor, to_scaled


class NotAUnitOfProduct(Refused):
    code = "not_a_unit_of_product"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} is not counted by {unit}. Choose one of its units, or add this one on the product's page; nothing was changed.",
    )


class QtyNotExact(Refused):
    """`fits` are the quantities next to it, in the same unit."""

    code = "qty_not_exact"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{qty} {unit} of {product} are no exact quantity in {stock_unit}. What fits nearest: {fits}; nothing was changed.",
    )


class Entered(Protocol):
    """A line as a person entered it: `qty` in the unit `unit_id` (None: the stock unit). `is_unit_anew` where a saved line was
    given its unit again: it counts as the product has it now."""

    @property
    def line_id(self) -> UUID: ...
    @property
    def product_id(self) -> UUID: ...
    @property
    def qty(self) -> Decimal: ...
    @property
    def unit_id(self) -> UUID | None: ...
    @property
    def is_unit_anew(self) -> bool: ...


@dataclass(frozen=True)
class Counted:
    """A line's unit as it is kept, and its quantity in stock units."""

    unit_id: UUID | None
    factor: UnitFactor
    qty: Decimal

    @property
    def columns(self) -> dict[str, object]:
        """What the line keeps of it."""
        return {
            "unit_id": self.unit_id,
            "unit_numerator": self.factor.numerator,
            "unit_denominator": self.factor.denominator,
            "qty": self.qty,
        }


def count_in_stock_units(
    session: Session,
    ctx: Context,
    table: type[PurchaseOrderLine] | type[SalesOrderLine] | None,
    lines: Iterable[Entered],
    products: Mapping[UUID, Product],
) -> dict[UUID, Counted]:
    """Each line's unit and quantity, by the line's id. A line that stands already in this unit keeps the factor that it was
    entered with, whatever became of the product's unit since; none does without a `table`.

    Raises QtyNotPositive, NotAUnitOfProduct, QtyNotExact.
    """
    lines = list(lines)
    for line in lines:
        if line.qty <= 0:
            raise QtyNotPositive(qty=line.qty, product=products[line.product_id].code)
    in_units = [line for line in lines if line.unit_id not in (None, products[line.product_id].unit_id)]
    factors = _factors(session, ctx, table, in_units, products) if in_units else {}
    counted = {}
    for line in lines:
        factor = factors.get(line.line_id)
        if factor is None:
            counted[line.line_id] = Counted(None, STOCK_UNIT, line.qty)
            continue
        try:
            counted[line.line_id] = Counted(line.unit_id, factor, factor.to_stock_qty(line.qty))
        except NumberNotExact:
            to_scaled(line.qty, QTY_PLACES)  # else it is no quantity in any unit
            product = products[line.product_id]
            raise QtyNotExact(
                qty=line.qty,
                unit=_code(session, ctx, line.unit_id),
                product=product.code,
                stock_unit=_code(session, ctx, product.unit_id),
                fits=" / ".join(f"{one.normalize():f}" for one in factor.fitting(line.qty)),
            ) from None
    return counted


def _factors(
    session: Session,
    ctx: Context,
    table: type[PurchaseOrderLine] | type[SalesOrderLine] | None,
    lines: list[Entered],
    products: Mapping[UUID, Product],
) -> dict[UUID, UnitFactor]:
    """By the line's id."""
    kept = [line.line_id for line in lines if not line.is_unit_anew]
    stored = rows_by_id(session, ctx, table, kept) if table is not None and kept else {}
    known = rows_of(session, ctx, ProductUnit, {line.product_id for line in lines})
    now: dict[tuple[UUID, UUID | None], UnitFactor] = {
        (row.product_id, row.unit_id): UnitFactor(row.numerator, row.denominator)
        for rows in known.values()
        for row in rows
    }
    factors = {}
    for line in lines:
        row = stored.get(line.line_id)
        is_same = row is not None and (row.product_id, row.unit_id) == (line.product_id, line.unit_id)
        factor = row.factor if row is not None and is_same else now.get((line.product_id, line.unit_id))
        if factor is None:
            raise NotAUnitOfProduct(product=products[line.product_id].code, unit=_code(session, ctx, line.unit_id))
        factors[line.line_id] = factor
    return factors


def _code(session: Session, ctx: Context, unit_id: UUID | None) -> str:
    return find(session, ctx, Unit, unit_id).code if unit_id else ""
