"""Writing stock down to net realisable value, product by product, and back up again (IAS 2.28-34).

Stock stays in the cost books at cost; what it is carried below that is an allowance per product, in an account of its own. Each
run sets the allowance for what is on hand on its day. What left since the run before takes its part of the allowance along, the
oldest first, as a lower cost of sales; only the rest of a decrease is a reversal.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.accounting import TooPrecise
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import (
    AmountNegative,
    company_of,
    find_all,
    open_period,
    refuse_ahead,
    refuse_empty_or_twice,
)
from erp_desktop.actions.held import Held, NothingOnHand, held_on, left_between, posting_pools
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import rows_by_id
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.ledger.events import AllowanceChange, StockWrittenDown
from erp_desktop.ledger.posting import Dimensions
from erp_desktop.models.product import Product
from erp_desktop.models.valuation import StockAllowance, WriteDown, WriteDownLine
from erp_desktop.numbers import MONEY_PLACES, UNIT_COST_PLACES, ZERO, round_money, to_scaled


class UnitOrTotalValue(Refused):
    code = "unit_or_total_value"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} needs its net realisable value either per unit or in total, not both and not neither. "
        "Nothing was posted.",
    )


class LaterWriteDown(Refused):
    code = "later_write_down"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} was last written down or up on {day}; its allowance cannot be changed before that. "
        "Use {day} or a later day; nothing was posted.",
    )


@dataclass(frozen=True)
class RealisableLine:
    """What a product would bring: the estimated selling price less costs to complete and sell, in company currency, per stock
    unit or for everything that is on hand."""

    product_id: UUID
    unit_value: Decimal | None = None
    total_value: Decimal | None = None


@dataclass(frozen=True)
class Allowance:
    """What a run makes of a product's allowance: `after` = `before` - `released` + `written_down`, never below zero and so
    never above cost; `written_down` is negative for a reversal, which takes back no more than was written down."""

    before: Decimal
    released: Decimal
    written_down: Decimal

    @property
    def after(self) -> Decimal:
        return self.before - self.released + self.written_down


def allowance_for(
    held: Held, realisable: Decimal, before: Decimal, set_for: Decimal, left: Decimal, places: int
) -> Allowance:
    """The allowance that brings `held` down to `realisable` (both of everything on hand).

    `before` is the allowance so far, for `set_for` stock units, of which `left` have left the company since.
    """
    released = round_money(before * min(left, set_for) / set_for, places) if set_for else before
    wanted = max(held.cost - realisable, ZERO) if held.qty > 0 else ZERO
    return Allowance(before, released, wanted - (before - released))


@action("cost.write")
@dataclass(frozen=True)
class WriteDownStock(Action):
    """Some products are held at the lower of cost and net realisable value at the end of a day. The centre works out what is
    written down, reversed and released, item by item, and posts it. A product that is sold out loses its allowance."""

    write_down_id: UUID
    dated_on: date
    lines: tuple[RealisableLine, ...]
    reason: str = ""

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(self.lines, [line.product_id for line in self.lines])
        products = find_all(session, ctx, Product, (line.product_id for line in self.lines))
        self._refuse_bad_values(session, ctx, products)
        open_period(session, ctx, self.dated_on)
        refuse_ahead(session, ctx, self.dated_on)
        allowances = rows_by_id(session, ctx, StockAllowance, map(stock_allowance_id, products))
        of_product = {row.product_id: row for row in allowances.values()}
        for line in self.lines:
            row = of_product.get(line.product_id)
            if row is not None and row.set_on > self.dated_on:
                raise LaterWriteDown(product=products[line.product_id].code, day=row.set_on)
        found = self._worked_out(session, ctx, products, of_product) if ctx.at_centre else None
        write_down = WriteDown(
            company_id=ctx.company_id,
            id=self.write_down_id,
            number=give_number(session, ctx, "write_down", self.dated_on),
            dated_on=self.dated_on,
            reason=self.reason,
            status="posted",
        )
        rows = [
            WriteDownLine(
                company_id=ctx.company_id,
                id=ctx.new_id(),
                write_down_id=write_down.id,
                line_no=line_no,
                product_id=line.product_id,
                unit_value=line.unit_value,
                total_value=line.total_value,
            )
            for line_no, line in enumerate(self.lines, start=1)
        ]
        session.add(write_down)
        session.add_all(rows)
        if found is not None:
            self._post(session, ctx, write_down, list(zip(rows, found, strict=True)), of_product)

    def _refuse_bad_values(self, session: Session, ctx: Context, products: dict[UUID, Product]) -> None:
        company = company_of(session, ctx)
        for line in self.lines:
            if line.unit_value is not None:
                to_scaled(line.unit_value, UNIT_COST_PLACES)
            if line.total_value is not None:
                to_scaled(line.total_value, MONEY_PLACES)
            if (line.unit_value is None) == (line.total_value is None):
                raise UnitOrTotalValue(product=products[line.product_id].code)
            for value in (line.unit_value, line.total_value):
                if value is not None and value < 0:
                    raise AmountNegative(amount=value)
            if line.total_value is not None and line.total_value != round_money(
                line.total_value, company.currency_places
            ):
                raise TooPrecise(amount=line.total_value, currency=company.currency)

    def _worked_out(
        self, session: Session, ctx: Context, products: dict[UUID, Product], allowances: dict[UUID, StockAllowance]
    ) -> list[tuple[Held, Allowance]]:
        """What each line's product had on hand, and its allowance. Raises NothingOnHand where there is neither."""
        places = company_of(session, ctx).currency_places
        first_on = min((row.set_on for row in allowances.values() if row.amount), default=self.dated_on)
        pools = posting_pools(session, ctx, products, min(first_on, self.dated_on))
        held = held_on(session, ctx.company_id, (row for rows in pools.values() for row in rows), self.dated_on)
        found = []
        for line in self.lines:
            of_product = [row.id for row in pools[line.product_id]]
            on_hand = sum((held[pool_id] for pool_id in of_product), Held())
            row = allowances.get(line.product_id)
            before, set_for, left = ZERO, ZERO, ZERO
            if row is not None and row.amount:
                before, set_for = row.amount, row.qty
                left = left_between(session, ctx.company_id, of_product, row.set_on, self.dated_on)
            if on_hand.qty <= 0 and not before:
                raise NothingOnHand(product=products[line.product_id].code, day=self.dated_on)
            realisable = line.total_value
            if line.unit_value is not None:
                realisable = round_money(line.unit_value * on_hand.qty, places)
            assert realisable is not None
            found.append((on_hand, allowance_for(on_hand, realisable, before, set_for, left, places)))
        return found

    def _post(
        self,
        session: Session,
        ctx: Context,
        write_down: WriteDown,
        lines: list[tuple[WriteDownLine, tuple[Held, Allowance]]],
        allowances: dict[UUID, StockAllowance],
    ) -> None:
        changes = []
        for row, (on_hand, allowance) in lines:
            row.qty, row.cost = on_hand.qty, on_hand.cost
            row.allowance_before, row.released = allowance.before, allowance.released
            row.written_down, row.allowance = allowance.written_down, allowance.after
            self._keep(session, ctx, allowances, row.product_id, on_hand.qty, allowance.after)
            dimensions = Dimensions(product_id=row.product_id, line_id=row.id)
            changes.append(AllowanceChange(allowance.written_down, allowance.released, dimensions))
        document = ("write_down", write_down.id)
        post(session, ctx, StockWrittenDown(tuple(changes)), self.dated_on, document, text=write_down.number or "")

    def _keep(
        self,
        session: Session,
        ctx: Context,
        allowances: dict[UUID, StockAllowance],
        product_id: UUID,
        qty: Decimal,
        amount: Decimal,
    ) -> None:
        row = allowances.get(product_id)
        if row is None:
            row = StockAllowance(
                company_id=ctx.company_id,
                id=stock_allowance_id(product_id),
                product_id=product_id,
                set_on=self.dated_on,
            )
            session.add(row)
        row.amount, row.qty, row.set_on = amount, max(qty, ZERO), self.dated_on


def stock_allowance_id(product_id: UUID) -> UUID:
    """The id of a product's allowance."""
    return derived_id("stock_allowance", product_id)
