"""Lots and serial numbers in stock: which there are of a product, and which are to leave first."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from erp_desktop.models.product import Product, Unit
from erp_desktop.models.sales import Allocation
from erp_desktop.models.stock import Lot, StockBalance
from erp_desktop.numbers import ZERO
from erp_desktop.queries.list_shape import table_of
from erp_desktop.queries.texts import has_text

_lot = table_of(Lot)
_balance = table_of(StockBalance)
_allocation = table_of(Allocation)
_product = table_of(Product)
_unit = table_of(Unit)

MOST_LOTS = 50  # offered at once
_LOT_TABLES = frozenset({"lot", "stock_balance", "product", "unit"})


@dataclass(frozen=True)
class LotChoice:
    """A lot to choose. `on_hand` is what there is of it where it was looked for, in stock units."""

    id: UUID
    code: str
    product_code: str
    unit_code: str
    expires_on: date | None
    on_hand: Decimal
    unit_code_zh: str = ""
    name: str = ""  # a lot has no other name than its code


@dataclass(frozen=True)
class LotLookup:
    """Lots in stock by code, of some products, in one warehouse or bin or in all: the earliest expiry first, then the oldest."""

    tables: ClassVar[frozenset[str]] = _LOT_TABLES

    text: str
    product_ids: tuple[UUID, ...]
    warehouse_id: UUID | None = None
    bin_id: UUID | None = None

    def run(self, session: Session, company_id: UUID) -> tuple[LotChoice, ...]:
        if not self.product_ids:
            return ()
        of_lot = (_balance.c.company_id == _lot.c.company_id) & (_balance.c.lot_id == _lot.c.id)
        of_product = (_product.c.company_id == _lot.c.company_id) & (_product.c.id == _lot.c.product_id)
        of_unit = (_unit.c.company_id == _product.c.company_id) & (_unit.c.id == _product.c.unit_id)
        on_hand = func.sum(_balance.c.on_hand)
        shown = (_lot.c.id, _lot.c.code, _product.c.code, _unit.c.code, _lot.c.expires_on)
        statement: Select[Any] = select(*shown, on_hand, _unit.c.name_zh)
        statement = statement.select_from(
            _balance.join(_lot, of_lot).join(_product, of_product).join(_unit, of_unit)
        ).where(
            _balance.c.company_id == company_id,
            _balance.c.product_id.in_(self.product_ids),
            _balance.c.on_hand != 0,
        )
        if self.warehouse_id is not None:
            statement = statement.where(_balance.c.warehouse_id == self.warehouse_id)
        if self.bin_id is not None:
            statement = statement.where(_balance.c.bin_id == self.bin_id)
        for word in self.text.split():
            statement = statement.where(has_text(_lot.c.code, word))
        statement = statement.group_by(*shown, _unit.c.name_zh, _lot.c.arrived_on).order_by(
            _lot.c.expires_on.is_(None), _lot.c.expires_on, _lot.c.arrived_on, _lot.c.code
        )
        return tuple(LotChoice(*row) for row in session.execute(statement.limit(MOST_LOTS)))


@dataclass(frozen=True)
class LotToShip:
    """A part of what is allocated to an order line, and the lot that is to leave for it; in stock units."""

    order_line_id: UUID
    lot_id: UUID
    lot_code: str
    expires_on: date | None
    qty: Decimal


@dataclass(frozen=True)
class LotsToShip:
    """The lots that leave by themselves for what is allocated to an order: what has expired before `on` does not.

    In the bins where the order's stock is promised, the earliest expiry first, then the oldest.
    """

    tables: ClassVar[frozenset[str]] = _LOT_TABLES | {"allocation"}

    order_id: UUID
    on: date

    def run(self, session: Session, company_id: UUID) -> tuple[LotToShip, ...]:
        in_bin = (
            (_balance.c.company_id == _allocation.c.company_id)
            & (_balance.c.product_id == _allocation.c.product_id)
            & (_balance.c.bin_id == _allocation.c.bin_id)
        )
        of_lot = (_lot.c.company_id == _balance.c.company_id) & (_lot.c.id == _balance.c.lot_id)
        statement: Select[Any] = select(
            _allocation.c.order_line_id,
            _allocation.c.bin_id,
            _allocation.c.qty,
            _lot.c.id,
            _lot.c.code,
            _lot.c.expires_on,
            _balance.c.on_hand,
        )
        statement = statement.select_from(_allocation.join(_balance, in_bin).join(_lot, of_lot)).where(
            _allocation.c.company_id == company_id,
            _allocation.c.order_id == self.order_id,
            _allocation.c.qty != 0,
            _balance.c.on_hand != 0,
            func.coalesce(_lot.c.expires_on, self.on) >= self.on,
        )
        statement = statement.order_by(
            _allocation.c.bin_id,
            _allocation.c.order_line_id,
            _lot.c.expires_on.is_(None),
            _lot.c.expires_on,
            _lot.c.arrived_on,
            _lot.c.code,
        )
        used: dict[tuple[UUID, UUID], Decimal] = defaultdict(lambda: ZERO)  # of a lot in a bin
        promised: dict[tuple[UUID, UUID], Decimal] = {}  # to a line in a bin, still without a lot
        found: dict[tuple[UUID, UUID], LotToShip] = {}
        for line_id, bin_id, qty, lot_id, code, expires_on, on_hand in session.execute(statement):
            missing = promised.setdefault((line_id, bin_id), qty)
            part = min(missing, on_hand - used[bin_id, lot_id])
            if part > 0:
                used[bin_id, lot_id] += part
                promised[line_id, bin_id] -= part
                before = found.get((line_id, lot_id))
                total = part + (before.qty if before is not None else ZERO)
                found[line_id, lot_id] = LotToShip(line_id, lot_id, code, expires_on, total)
        return tuple(found.values())
