"""Prices of received goods that turn out different: the supplier's late invoice."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.exchanging import Exchange, exchange_at, exchange_of
from erp_desktop.actions.finding import (
    AmountNegative,
    WrongState,
    company_of,
    find,
    find_all,
    open_period,
    refuse_empty_or_twice,
)
from erp_desktop.actions.landed_costs import BeforeReceipt, NothingStocked
from erp_desktop.actions.landed_shares import stocked_lines
from erp_desktop.actions.late_value import LateValue, add_late_value, late_cost
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import NotFound
from erp_desktop.costing.landed_cost import Split
from erp_desktop.ledger.events import ReceiptPriceCorrected
from erp_desktop.models.costing import AdjustmentKind
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    PriceCorrection,
    PriceCorrectionLine,
    PurchaseOrderLine,
)
from erp_desktop.models.stock import StockMove
from erp_desktop.models.types import MoneyType
from erp_desktop.numbers import UNIT_PRICE_PLACES, ZERO, UnitFactor, round_money


@dataclass(frozen=True)
class CorrectedPrice:
    """A receipt line and what one of the unit that it was ordered in really costs, in the receipt's currency."""

    receipt_line_id: UUID
    unit_price: Decimal


@action("cost.write")
@dataclass(frozen=True)
class CorrectReceiptPrices(Action):
    """Lines of one receipt turn out to have cost other unit prices, as the supplier's invoice says. Nothing posted is
    rewritten: each difference goes to what is still on hand and, for what has left, to cost of sales, linked to those
    issues (costing.md, rules 3 and 7).

    Of a receipt in a foreign currency, `rate` is the invoice's (none given: that of its day). The difference of price counts
    at the receipt's rate; what the whole amount is worth more at the invoice's is an exchange difference (rule 10).
    """

    correction_id: UUID
    receipt_id: UUID
    dated_on: date
    lines: tuple[CorrectedPrice, ...]
    invoice_number: str = ""
    invoiced_on: date | None = None
    rate: Decimal | None = None

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(self.lines, [line.receipt_line_id for line in self.lines])
        receipt = find(session, ctx, GoodsReceipt, self.receipt_id)
        if receipt.status != "posted":
            raise WrongState(document=receipt.number or "", status=receipt.status)
        if self.dated_on < receipt.received_on:
            raise BeforeReceipt(receipt=receipt.number or "", received_on=receipt.received_on)
        open_period(session, ctx, self.dated_on)
        taken_in = exchange_of(company_of(session, ctx), receipt.currency, receipt.rate)
        invoiced = exchange_at(session, ctx, receipt.currency, self.invoiced_on or self.dated_on, self.rate)
        received = find_all(session, ctx, GoodsReceiptLine, [line.receipt_line_id for line in self.lines])
        stocked = {
            bearing.line.id: bearing.move for bearing in stocked_lines(session, ctx.company_id, [self.receipt_id])
        }
        for line in self.lines:
            if received[line.receipt_line_id].receipt_id != receipt.id:
                raise NotFound(kind="goods receipt line")
            if line.unit_price < 0:
                raise AmountNegative(amount=line.unit_price)
            if line.receipt_line_id not in stocked:
                raise NothingStocked()
        before, factors = _prices_so_far(session, ctx, received, taken_in) if ctx.at_centre else ({}, {})

        correction = PriceCorrection(
            company_id=ctx.company_id,
            id=self.correction_id,
            number=give_number(session, ctx, "price_correction", self.dated_on),
            receipt_id=receipt.id,
            supplier_id=receipt.supplier_id,
            dated_on=self.dated_on,
            invoice_number=self.invoice_number,
            invoiced_on=self.invoiced_on,
            currency=receipt.currency,
            rate=invoiced.rate,
            status="posted",
        )
        session.add(correction)
        rows = [
            {
                "id": ctx.new_id(),
                "correction_id": correction.id,
                "line_no": line_no,
                "receipt_line_id": line.receipt_line_id,
                "product_id": received[line.receipt_line_id].product_id,
                "price_before": None,
                "unit_price": line.unit_price,
                "amount_difference": None,
                "difference": None,
                **dict.fromkeys(one.name for one in fields(Split)),
                "exchange_difference": None,
            }
            for line_no, line in enumerate(self.lines, start=1)
        ]
        if ctx.at_centre:
            self._note_differences(received, factors, before, (taken_in, invoiced), rows)
            self._post(session, ctx, correction, stocked, taken_in, rows)
        append_rows(session, ctx, PriceCorrectionLine, rows)

    def _note_differences(
        self,
        received: dict[UUID, GoodsReceiptLine],
        factors: dict[UUID, UnitFactor],
        before: dict[UUID, "PriceSoFar"],
        rates: tuple[Exchange, Exchange],
        rows: list[dict[str, Any]],
    ) -> None:
        """Writes into `rows` what each line costs more than so far: for its price, and for the invoice's rate."""
        taken_in, invoiced = rates
        for row in rows:
            line_id = row["receipt_line_id"]
            qty, factor, so_far = received[line_id].qty, factors[line_id], before[line_id]
            amount = taken_in.amount(factor.value(qty, row["unit_price"]))
            at_receipt = taken_in.in_company(amount)
            row["price_before"] = factor.unit_price(so_far.amount, qty)
            row["amount_difference"] = amount - so_far.amount
            row["difference"] = at_receipt - so_far.value
            row["exchange_difference"] = invoiced.in_company(amount) - at_receipt - so_far.exchange

    def _post(
        self,
        session: Session,
        ctx: Context,
        correction: PriceCorrection,
        moves: dict[UUID, StockMove],
        taken_in: Exchange,
        rows: list[dict[str, Any]],
    ) -> None:
        """Adds the differences of price to what the goods cost, and writes into `rows` how they fell."""
        late = [LateValue(moves[row["receipt_line_id"]], row["difference"]) for row in rows if row["difference"]]
        document = ("price_correction", correction.id)
        splits = add_late_value(session, ctx, late, AdjustmentKind.RECEIPT_PRICE, self.dated_on, document)
        costs = []
        for row in rows:
            move = moves[row["receipt_line_id"]]
            split = splits.get(move.id, Split(ZERO, ZERO))
            row |= asdict(split)
            beside = taken_in.beside(row["amount_difference"])
            cost = late_cost(move, split, correction.supplier_id)
            costs.append(replace(cost, exchange_loss=row["exchange_difference"], in_currency=beside))
        text = self.invoice_number or correction.number or ""
        post(session, ctx, ReceiptPriceCorrected(tuple(costs)), self.dated_on, document, text=text)


@action("cost.write")
@dataclass(frozen=True)
class CorrectReceiptPrice(Action):
    """One line of a receipt turns out to have cost another unit price: `CorrectReceiptPrices` as it was sent before it
    took several lines."""

    correction_id: UUID
    receipt_line_id: UUID
    unit_price: Decimal
    dated_on: date
    reference: str = ""

    def run(self, session: Session, ctx: Context) -> None:
        line = find(session, ctx, GoodsReceiptLine, self.receipt_line_id)
        CorrectReceiptPrices(
            self.correction_id,
            line.receipt_id,
            self.dated_on,
            (CorrectedPrice(line.id, self.unit_price),),
            self.reference,
        ).run(session, ctx)


class PriceSoFar(NamedTuple):
    """What a receipt line costs with every correction of its price since (not its landed cost)."""

    amount: Decimal  # in the receipt's currency
    value: Decimal  # in company currency, at the receipt's rate
    exchange: Decimal  # what was posted as an exchange difference, company currency


def corrections_of(session: Session, company_id: UUID, line_ids: Iterable[UUID]) -> dict[UUID, PriceSoFar]:
    """What earlier corrections added to receipt lines, by the line's id."""
    line = PriceCorrectionLine
    corrected = (
        select(
            line.receipt_line_id,
            func.sum(line.amount_difference, type_=MoneyType()),
            func.sum(line.difference, type_=MoneyType()),
            func.sum(line.exchange_difference, type_=MoneyType()),
        )
        .where(line.company_id == company_id, line.receipt_line_id.in_(set(line_ids)), line.difference.is_not(None))
        .group_by(line.receipt_line_id)
    )
    return {
        line_id: PriceSoFar(amount or ZERO, difference or ZERO, exchange or ZERO)
        for line_id, amount, difference, exchange in session.execute(corrected)
    }


def price_now(unit_price: Decimal, factor: UnitFactor, qty: Decimal, corrected: PriceSoFar | None) -> Decimal:
    """What one of the unit that it was ordered in has cost of `qty` stock units: as ordered, and what was `corrected` since."""
    added = factor.unit_price(corrected.amount, qty) if corrected else ZERO
    return round_money(unit_price + added, UNIT_PRICE_PLACES)


def price_so_far(
    ordered: PurchaseOrderLine, qty: Decimal, taken_in: Exchange, corrected: PriceSoFar | None
) -> PriceSoFar:
    """Of `qty` stock units of an order line that were taken in at a rate, with what was `corrected` since."""
    amount = taken_in.amount(ordered.factor.value(qty, ordered.unit_price))
    added = corrected or PriceSoFar(ZERO, ZERO, ZERO)
    return PriceSoFar(amount + added.amount, taken_in.in_company(amount) + added.value, added.exchange)


def _prices_so_far(
    session: Session, ctx: Context, lines: Mapping[UUID, GoodsReceiptLine], taken_in: Exchange
) -> tuple[dict[UUID, PriceSoFar], dict[UUID, UnitFactor]]:
    """By the receipt line's id, with the unit that its prices are of."""
    ordered = find_all(session, ctx, PurchaseOrderLine, {line.order_line_id for line in lines.values()})
    corrected = corrections_of(session, ctx.company_id, lines)
    prices = {
        line_id: price_so_far(ordered[line.order_line_id], line.qty, taken_in, corrected.get(line_id))
        for line_id, line in lines.items()
    }
    return prices, {line_id: ordered[line.order_line_id].factor for line_id, line in lines.items()}
