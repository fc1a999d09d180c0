"""Giving stock on hand another value: revaluations, and new standard costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.accounting import TooPrecise
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.cost_counting import books_of
from erp_desktop.actions.finding import (
    AmountNegative,
    company_of,
    find_all,
    open_period,
    refuse_ahead,
    refuse_empty_or_twice,
)
from erp_desktop.actions.held import Held, NothingOnHand, held_on, posting_pools
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import Refused, Required
from erp_desktop.actions.remembering import rows_by_id
from erp_desktop.actions.transit import refuse_transit
from erp_desktop.actions.value_changes import revalue, set_standard_cost
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.ledger.events import Amount, StandardCostChanged, StockRevalued
from erp_desktop.ledger.posting import Dimensions
from erp_desktop.models.costing import StandardCost
from erp_desktop.models.product import Category, Product
from erp_desktop.models.stock import Lot, Warehouse
from erp_desktop.models.valuation import (
    StandardCostChange,
    StandardCostLine,
    StockRevaluation,
    StockRevaluationLine,
)
from erp_desktop.numbers import MONEY_PLACES, UNIT_COST_PLACES, round_money, to_scaled


class ValueBelowZero(Refused):
    code = "value_below_zero"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} on hand is worth {value}; taking {amount} off would leave less than nothing. "
        "Correct the amount; nothing was posted.",
    )


class UnitCostOrAmount(Refused):
    code = "unit_cost_or_amount"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} needs either a new unit cost or an amount up or down, not both and not neither. Nothing was posted.",
    )


class UnitCostNotPositive(Refused):
    code = "unit_cost_not_positive"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The standard cost {unit_cost} of {product} must be above zero. Correct it; nothing was changed."
    )


class CostedAtStandard(Refused):
    code = "costed_at_standard"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} is costed at standard, so its stock is worth what its standard says. Set a new standard cost instead; "
        "nothing was posted.",
    )


class CostedTogether(Refused):
    code = "costed_together"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The stock of {product} is costed for the whole company together. Leave warehouse and lot empty; "
        "nothing was posted.",
    )


class CostedApart(Refused):
    code = "costed_apart"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The stock of {product} is costed apart. Name the {field}, and nothing else, for each part; nothing was posted.",
    )


@dataclass(frozen=True)
class RevaluedLine:
    """The stock of a product, or of one warehouse or lot where its cost is kept apart: what a unit is worth from now on, or
    by how much the whole changes (negative: down), in company currency."""

    product_id: UUID
    warehouse_id: UUID | None = None
    lot_id: UUID | None = None
    unit_cost: Decimal | None = None
    amount: Decimal | None = None


@action("cost.write")
@dataclass(frozen=True)
class RevalueStock(Action):
    """Stock on hand at the end of a day gets another value, in every cost book; the ledger keeps the change against the
    inventory adjustment. Valued by the centre. An issue dated before it is refused from then on (costing.md, rule 9)."""

    revaluation_id: UUID
    dated_on: date
    reason: str
    lines: tuple[RevaluedLine, ...]

    def run(self, session: Session, ctx: Context) -> None:
        keys = [(line.product_id, line.warehouse_id, line.lot_id) for line in self.lines]
        refuse_empty_or_twice(self.lines, keys)
        refuse_without_reason(self.reason)
        products = find_all(session, ctx, Product, (line.product_id for line in self.lines))
        refuse_transit(ctx, *(line.warehouse_id for line in self.lines))
        find_all(session, ctx, Warehouse, {line.warehouse_id for line in self.lines if line.warehouse_id})
        find_all(session, ctx, Lot, {line.lot_id for line in self.lines if line.lot_id})
        self._refuse_bad_values(session, ctx, products)
        open_period(session, ctx, self.dated_on)
        refuse_ahead(session, ctx, self.dated_on)
        refuse_wrong_place(session, ctx, self.lines, products)
        before = self._on_hand(session, ctx, products) if ctx.at_centre else None
        revaluation = StockRevaluation(
            company_id=ctx.company_id,
            id=self.revaluation_id,
            number=give_number(session, ctx, "stock_revaluation", self.dated_on),
            dated_on=self.dated_on,
            reason=self.reason,
            status="posted",
        )
        rows = [
            StockRevaluationLine(
                company_id=ctx.company_id,
                id=ctx.new_id(),
                revaluation_id=revaluation.id,
                line_no=line_no,
                product_id=line.product_id,
                warehouse_id=line.warehouse_id,
                lot_id=line.lot_id,
                unit_cost=line.unit_cost,
                amount=line.amount,
            )
            for line_no, line in enumerate(self.lines, start=1)
        ]
        session.add(revaluation)
        session.add_all(rows)
        if before is not None:
            self._post(session, ctx, revaluation, rows, before)

    def _refuse_bad_values(self, session: Session, ctx: Context, products: dict[UUID, Product]) -> None:
        company = company_of(session, ctx)
        for line in self.lines:
            if line.unit_cost is not None:
                to_scaled(line.unit_cost, UNIT_COST_PLACES)
            if line.amount is not None:
                to_scaled(line.amount, MONEY_PLACES)
            if (line.unit_cost is None) == (line.amount is None):
                raise UnitCostOrAmount(product=products[line.product_id].code)
            if line.unit_cost is not None and line.unit_cost < 0:
                raise AmountNegative(amount=line.unit_cost)
            if line.amount is not None and line.amount != round_money(line.amount, company.currency_places):
                raise TooPrecise(amount=line.amount, currency=company.currency)

    def _on_hand(self, session: Session, ctx: Context, products: dict[UUID, Product]) -> list[Held]:
        """What each line's stock was worth at the end of the day. Raises NothingOnHand, ValueBelowZero."""
        pools = posting_pools(session, ctx, products)
        held = held_on(session, ctx.company_id, (row for rows in pools.values() for row in rows), self.dated_on)
        found = []
        for line in self.lines:
            of_line = [
                held[row.id]
                for row in pools[line.product_id]
                if (row.warehouse_id, row.lot_id) == (line.warehouse_id, line.lot_id)
            ]
            before = of_line[0] if of_line else Held()
            code = products[line.product_id].code
            if before.qty <= 0:
                raise NothingOnHand(product=code, day=self.dated_on)
            if line.amount is not None and before.cost + line.amount < 0:
                raise ValueBelowZero(product=code, value=before.cost, amount=-line.amount)
            found.append(before)
        return found

    def _post(
        self,
        session: Session,
        ctx: Context,
        revaluation: StockRevaluation,
        rows: list[StockRevaluationLine],
        before: list[Held],
    ) -> None:
        document = ("stock_revaluation", revaluation.id)
        changes = []
        for row, held in zip(rows, before, strict=True):
            row.qty, row.value_before = held.qty, held.cost
            row.change = revalue(
                session,
                ctx,
                row.product_id,
                row.warehouse_id,
                row.lot_id,
                self.dated_on,
                document,
                row.id,
                amount=row.amount,
                unit_cost=row.unit_cost,
            )
            dimensions = Dimensions(product_id=row.product_id, warehouse_id=row.warehouse_id, line_id=row.id)
            changes.append(Amount(row.change, dimensions))
        post(session, ctx, StockRevalued(tuple(changes)), self.dated_on, document, text=revaluation.number or "")


@dataclass(frozen=True)
class NewStandard:
    """What one stock unit of a product costs by plan, in company currency."""

    product_id: UUID
    unit_cost: Decimal


@action("cost.write")
@dataclass(frozen=True)
class SetStandardCost(Action):
    """Products have another standard cost from a day on. In every book at standard, what is on hand then is revalued to it;
    the book that posts keeps the difference apart from purchase price variance. Valued by the centre."""

    change_id: UUID
    effective_on: date
    reason: str
    lines: tuple[NewStandard, ...]

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(self.lines, [line.product_id for line in self.lines])
        refuse_without_reason(self.reason)
        products = find_all(session, ctx, Product, (line.product_id for line in self.lines))
        for line in self.lines:
            to_scaled(line.unit_cost, UNIT_COST_PLACES)
            if line.unit_cost <= 0:
                raise UnitCostNotPositive(unit_cost=line.unit_cost, product=products[line.product_id].code)
        open_period(session, ctx, self.effective_on)
        refuse_ahead(session, ctx, self.effective_on)
        before = self._standards_before(session, ctx) if ctx.at_centre else {}
        held = self._held(session, ctx) if ctx.at_centre else {}
        change = StandardCostChange(
            company_id=ctx.company_id,
            id=self.change_id,
            number=give_number(session, ctx, "standard_cost_change", self.effective_on),
            effective_on=self.effective_on,
            reason=self.reason,
            status="posted",
        )
        rows = [
            StandardCostLine(
                company_id=ctx.company_id,
                id=ctx.new_id(),
                change_id=change.id,
                line_no=line_no,
                product_id=line.product_id,
                unit_cost=line.unit_cost,
                unit_cost_before=before.get(line.product_id),
                qty=held.get(line.product_id, Held()).qty if ctx.at_centre else None,
            )
            for line_no, line in enumerate(self.lines, start=1)
        ]
        session.add(change)
        session.add_all(rows)
        self._keep_standards(session, ctx)
        if ctx.at_centre:
            self._post(session, ctx, change, rows)

    def _standards_before(self, session: Session, ctx: Context) -> dict[UUID, Decimal]:
        """The standard that held until now, by product: the last one set, else what the first receipt made it."""
        known = {
            product_id: pool.standard_cost
            for product_id, pools in posting_pools(session, ctx, (line.product_id for line in self.lines)).items()
            for pool in pools
            if pool.standard_cost is not None
        }
        stated = session.execute(
            select(StandardCost.product_id, StandardCost.unit_cost)
            .where(
                StandardCost.company_id == ctx.company_id,
                StandardCost.product_id.in_([line.product_id for line in self.lines]),
                StandardCost.effective_on <= self.effective_on,
            )
            .order_by(StandardCost.effective_on)
        )
        known.update((product_id, unit_cost) for product_id, unit_cost in stated)
        return known

    def _held(self, session: Session, ctx: Context) -> dict[UUID, Held]:
        pools = posting_pools(session, ctx, (line.product_id for line in self.lines), self.effective_on)
        held = held_on(session, ctx.company_id, (row for rows in pools.values() for row in rows), self.effective_on)
        return {product_id: sum((held[row.id] for row in rows), Held()) for product_id, rows in pools.items()}

    def _keep_standards(self, session: Session, ctx: Context) -> None:
        """A second change for the same day takes the place of the first."""
        ids = {derived_id("standard_cost", line.product_id, self.effective_on.isoformat()): line for line in self.lines}
        stored = rows_by_id(session, ctx, StandardCost, ids)
        for standard_id, line in ids.items():
            standard = stored.get(standard_id)
            if standard is not None:
                standard.unit_cost, standard.reason = line.unit_cost, self.reason
                continue
            session.add(
                StandardCost(
                    company_id=ctx.company_id,
                    id=standard_id,
                    product_id=line.product_id,
                    effective_on=self.effective_on,
                    unit_cost=line.unit_cost,
                    reason=self.reason,
                )
            )

    def _post(self, session: Session, ctx: Context, change: StandardCostChange, rows: list[StandardCostLine]) -> None:
        document = ("standard_cost_change", change.id)
        changes = []
        for row in rows:
            row.change = set_standard_cost(
                session, ctx, row.product_id, row.unit_cost, self.effective_on, document, row.id
            )
            changes.append(Amount(row.change, Dimensions(product_id=row.product_id, line_id=row.id)))
        post(session, ctx, StandardCostChanged(tuple(changes)), self.effective_on, document, text=change.number or "")


def refuse_without_reason(reason: str) -> None:
    """Raises Required: what changes values without a move must say why."""
    if not reason.strip():
        raise Required(field="reason")


def refuse_wrong_place(
    session: Session, ctx: Context, lines: Sequence[RevaluedLine], products: dict[UUID, Product]
) -> None:
    """Each line must name the stock of one pool of the book that posts. Raises CostedAtStandard, CostedTogether, CostedApart."""
    categories = find_all(session, ctx, Category, {product.category_id for product in products.values()})
    pools = posting_pools(session, ctx, products)
    book_method = next((book.method for book in books_of(session, ctx) if book.posts_to_ledger), "")
    for line in lines:
        product = products[line.product_id]
        category = categories[product.category_id]
        begun = pools[product.id]
        method = begun[0].method if begun else category.cost_method or book_method
        scope = "lot" if method == "specific" else category.cost_pool
        named = (line.warehouse_id is not None, line.lot_id is not None)
        if method == "standard":
            raise CostedAtStandard(product=product.code)
        if scope == "warehouse" and named != (True, False):
            raise CostedApart(product=product.code, field="warehouse")
        if scope == "lot" and named != (False, product.tracking != "none"):
            raise CostedApart(product=product.code, field="lot")
        if scope == "company" and any(named):
            raise CostedTogether(product=product.code)
