"""What a landed cost would do to each line of the receipts that bear it, before anybody enters it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.landed_shares import (
    BearingLine,
    amounts_of,
    bases_of,
    lines_with_ids,
    still_borne,
    stocked_lines,
)
from erp_desktop.models.company import Company
from erp_desktop.models.product import Product, Unit
from erp_desktop.models.purchasing import GoodsReceipt, LandedCost
from erp_desktop.numbers import ZERO, minor_unit
from erp_desktop.queries.base import ListRequest, NotHere, OneOf
from erp_desktop.queries.listing import ListQuery
from erp_desktop.queries.purchasing import GoodsReceiptRow, GoodsReceipts, LandedCostRow, LandedCosts
from erp_desktop.queries.receipt_standing import STANDING_TABLES, InStock, in_stock, parts_of

MEASURES = ("value", "qty", "weight", "volume")


@dataclass(frozen=True)
class LineToBear:
    """A receipt line that can bear a cost. `measures`: its value, quantity, weight (kg) and volume (m3), by basis;
    `borne` is what it still bears of the landed cost that is credited; `goods` is None until the centre has costed it."""

    id: UUID
    receipt_id: UUID
    receipt_number: str | None
    received_on: date
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    qty: Decimal
    measures: Mapping[str, Decimal]
    borne: Decimal
    goods: InStock | None


@dataclass(frozen=True)
class ForeseenShare:
    """What a line would bear, and where it would fall; the parts are None where only the centre can tell."""

    amount: Decimal
    to_inventory: Decimal | None
    to_goods_dispatched: Decimal | None
    to_cost_of_sales: Decimal | None


@dataclass(frozen=True)
class Foreseen:
    """The shares in the order of the lines. `fell_back_to_equal`: the basis adds up to nothing; `unmeasured`: codes of the
    products without a weight or volume, which bear nothing (or, without any basis, an equal part)."""

    shares: tuple[ForeseenShare, ...]
    fell_back_to_equal: bool
    unmeasured: tuple[str, ...]


@dataclass(frozen=True)
class LinesToBear:
    """All lines that would bear a cost, in the order in which it is shared; amounts in company currency."""

    currency: str
    currency_places: int
    lines: tuple[LineToBear, ...]

    def foresee(
        self, amount: Decimal | None, basis: str, dated_on: date | None, typed: Mapping[UUID, Decimal] | None = None
    ) -> Foreseen:
        """What EnterLandedCost would do with `amount` as stock stands now. With the basis "manual" as `typed`, by line."""
        if amount is None or not self.lines:
            return Foreseen((), False, ())
        if basis == "manual":
            shares = tuple((typed or {}).get(line.id, ZERO) for line in self.lines)
            return Foreseen(self._split(shares, dated_on), False, ())
        borne = {line.id: line.borne for line in self.lines if line.borne}
        minor = minor_unit(self.currency_places)
        if amount % minor or (amount < 0 and -amount > sum(borne.values(), ZERO)):
            return Foreseen((), False, ())  # the action refuses it in words
        bases = [line.measures.get(basis, Decimal(1)) for line in self.lines]
        credited = {line.id: line.borne for line in self.lines} if amount < 0 else {}
        ids = [line.id for line in self.lines]
        found = amounts_of(amount, ids, minor, bases, {}, credited)
        unmeasured: list[str] = []
        if basis in ("weight", "volume") and not credited:
            unmeasured = [line.product_code for line, measure in zip(self.lines, bases, strict=True) if not measure]
        return Foreseen(
            self._split(found.amounts, dated_on), found.fell_back_to_equal, tuple(dict.fromkeys(unmeasured))
        )

    def _split(self, amounts: Sequence[Decimal], dated_on: date | None) -> tuple[ForeseenShare, ...]:
        shares = []
        for line, amount in zip(self.lines, amounts, strict=True):
            split = line.goods.split(amount, dated_on, self.currency_places) if line.goods else None
            shares.append(ForeseenShare(amount, *parts_of(split)))
        return tuple(shares)


@dataclass(frozen=True)
class LandedCostBearers:
    """The lines that would bear a landed cost of `receipt_ids`, or a credit note for the landed cost `credits_id`."""

    tables: ClassVar[frozenset[str]] = STANDING_TABLES | {
        "goods_receipt",
        "goods_receipt_line",
        "stock_move",
        "product",
        "landed_cost",
        "landed_cost_share",
    }

    receipt_ids: tuple[UUID, ...] = ()
    credits_id: UUID | None = None

    def run(self, session: Session, company_id: UUID) -> LinesToBear:
        company = session.get_one(Company, (company_id, company_id))
        borne: dict[UUID, Decimal] = {}
        if self.credits_id is None:
            bearing = stocked_lines(session, company_id, self.receipt_ids)
        else:
            if session.get(LandedCost, (company_id, self.credits_id)) is None:
                raise NotHere("landed_cost", self.credits_id)
            borne = still_borne(session, company_id, self.credits_id)
            bearing = lines_with_ids(session, company_id, list(borne))
        measures = {basis: bases_of(session, company_id, basis, bearing) for basis in MEASURES} if bearing else {}
        goods = in_stock(session, company_id, [one.move.id for one in bearing])
        return LinesToBear(
            company.currency,
            company.currency_places,
            tuple(
                self._line(
                    session,
                    company_id,
                    one,
                    {basis: figures[place] for basis, figures in measures.items()},
                    borne.get(one.line.id, ZERO),
                    goods.get(one.move.id),
                )
                for place, one in enumerate(bearing)
            ),
        )

    def _line(
        self,
        session: Session,
        company_id: UUID,
        bearing: BearingLine,
        measures: Mapping[str, Decimal],
        borne: Decimal,
        goods: InStock | None,
    ) -> LineToBear:
        line = bearing.line
        receipt = session.get_one(GoodsReceipt, (company_id, line.receipt_id))
        product = session.get_one(Product, (company_id, line.product_id))
        return LineToBear(
            line.id,
            receipt.id,
            receipt.number,
            receipt.received_on,
            product.id,
            product.code,
            product.name,
            product.name_zh,
            session.get_one(Unit, (company_id, product.unit_id)).code,
            line.qty,
            measures,
            borne,
            goods,
        )


@dataclass(frozen=True)
class EnteredBefore:
    """What a landed cost names that was entered before and is to be put right, of what is here of it; `bearers` is None where
    the landed cost is not here that it credits."""

    receipts: tuple[GoodsReceiptRow, ...]
    credited: LandedCostRow | None
    bearers: LinesToBear | None


@dataclass(frozen=True)
class LandedCostToCorrect:
    """What stands in the form of a landed cost of `receipt_ids`, or of a credit note for `credits_id`."""

    tables: ClassVar[frozenset[str]] = frozenset()

    receipt_ids: tuple[UUID, ...] = ()
    credits_id: UUID | None = None

    def run(self, session: Session, company_id: UUID) -> EnteredBefore:
        def rows(query: Callable[[ListRequest], ListQuery[Any]], ids: tuple[UUID, ...]) -> tuple[Any, ...]:
            request = ListRequest(filters=(("id", OneOf(ids)),), limit=len(ids) or 1, rows_only=True)
            return query(request).run(session, company_id).rows

        found = {row.id: row for row in rows(GoodsReceipts, self.receipt_ids)}
        credited = rows(LandedCosts, (self.credits_id,) if self.credits_id else ())
        is_here = self.credits_id is None or bool(credited)
        bearers = LandedCostBearers(self.receipt_ids, self.credits_id)
        return EnteredBefore(
            tuple(found[receipt_id] for receipt_id in self.receipt_ids if receipt_id in found),
            next(iter(credited), None),
            bearers.run(session, company_id) if is_here else None,
        )
