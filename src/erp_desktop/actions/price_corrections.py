"""Prices of received goods that turn out different: the supplier's late invoice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.correcting import LateValue, add_late_value
from erp_desktop.actions.finding import (
    AmountNegative,
    WrongState,
    company_of,
    find,
    find_all,
    open_period,
    refuse_empty_or_twice,
)
from erp_desktop.actions.landed_costs import BeforeReceipt, NothingStocked, late_cost
from erp_desktop.actions.landed_shares import stocked_lines
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import NotFound
from erp_desktop.costing.landed_cost import Split
from erp_desktop.ledger.posting import ReceiptPriceCorrected
from erp_desktop.models.costing import AdjustmentKind
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    PriceCorrection,
    PriceCorrectionLine,
    PurchaseOrderLine,
)
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import UNIT_PRICE_PLACES, ZERO, round_money


@dataclass(frozen=True)
class CorrectedPrice:
    """A receipt line and what one stock unit of it really costs, in company currency."""

    receipt_line_id: UUID
    unit_price: Decimal


@action("cost.write")
@dataclass(frozen=True)
class CorrectReceiptPrices(Action):
    """Lines of one receipt turn out to have cost other unit prices, as the supplier's invoice says. Nothing posted is
    rewritten: each difference goes to what is still on hand and, for what has left, to cost of sales, linked to those
    issues (costing.md, rules 3 and 7)."""

    correction_id: UUID
    receipt_id: UUID
    dated_on: date
    lines: tuple[CorrectedPrice, ...]
    invoice_number: str = ""
    invoiced_on: date | None = None

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(self.lines, [line.receipt_line_id for line in self.lines])
        receipt = find(session, ctx, GoodsReceipt, self.receipt_id)
        if receipt.status != "posted":
            raise WrongState(document=receipt.number or "", status=receipt.status)
        if self.dated_on < receipt.received_on:
            raise BeforeReceipt(receipt=receipt.number or "", received_on=receipt.received_on)
        open_period(session, ctx, self.dated_on)
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
        before = _values_so_far(session, ctx, received) if ctx.at_centre else {}

        correction = PriceCorrection(
            company_id=ctx.company_id,
            id=self.correction_id,
            number=give_number(session, ctx, "price_correction", self.dated_on),
            receipt_id=receipt.id,
            supplier_id=receipt.supplier_id,
            dated_on=self.dated_on,
            invoice_number=self.invoice_number,
            invoiced_on=self.invoiced_on,
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
                "difference": None,
                "to_inventory": None,
                "to_cost_of_sales": None,
            }
            for line_no, line in enumerate(self.lines, start=1)
        ]
        if ctx.at_centre:
            self._post(session, ctx, correction, received, stocked, before, rows)
        append_rows(session, ctx, PriceCorrectionLine, rows)

    def _post(
        self,
        session: Session,
        ctx: Context,
        correction: PriceCorrection,
        received: dict[UUID, GoodsReceiptLine],
        moves: dict[UUID, StockMove],
        before: dict[UUID, Decimal],
        rows: list[dict[str, Any]],
    ) -> None:
        """Adds the differences to what the goods cost, and writes into `rows` how they fell."""
        places = company_of(session, ctx).currency_places
        differences = {
            line.receipt_line_id: round_money(line.unit_price * received[line.receipt_line_id].qty, places)
            - before[line.receipt_line_id]
            for line in self.lines
        }
        late = [LateValue(moves[line_id], difference) for line_id, difference in differences.items() if difference]
        document = ("price_correction", correction.id)
        splits = add_late_value(session, ctx, late, AdjustmentKind.RECEIPT_PRICE, self.dated_on, document)
        for row in rows:
            receipt_line_id = row["receipt_line_id"]
            split = splits.get(moves[receipt_line_id].id, Split(ZERO, ZERO))
            row["price_before"] = round_money(
                before[receipt_line_id] / received[receipt_line_id].qty, UNIT_PRICE_PLACES
            )
            row["difference"] = differences[receipt_line_id]
            row["to_inventory"] = split.to_inventory
            row["to_cost_of_sales"] = split.not_to_inventory
        event = ReceiptPriceCorrected(
            tuple(late_cost(value.move, splits[value.move.id], correction.supplier_id) for value in late)
        )
        post(session, ctx, event, self.dated_on, document, text=self.invoice_number or correction.number or "")


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


def corrections_of(session: Session, company_id: UUID, line_ids: Iterable[UUID]) -> dict[UUID, Decimal]:
    """What earlier corrections added to the value of receipt lines, by the line's id; company currency."""
    corrected = (
        select(PriceCorrectionLine.receipt_line_id, func.sum(PriceCorrectionLine.difference))
        .where(
            PriceCorrectionLine.company_id == company_id,
            PriceCorrectionLine.receipt_line_id.in_(set(line_ids)),
            PriceCorrectionLine.difference.is_not(None),
        )
        .group_by(PriceCorrectionLine.receipt_line_id)
    )
    return {line_id: difference or ZERO for line_id, difference in session.execute(corrected)}


def _values_so_far(session: Session, ctx: Context, lines: Mapping[UUID, GoodsReceiptLine]) -> dict[UUID, Decimal]:
    """What the lines were taken in at, with every correction of their price since (not their landed cost)."""
    places = company_of(session, ctx).currency_places
    ordered = find_all(session, ctx, PurchaseOrderLine, {line.order_line_id for line in lines.values()})
    corrected = corrections_of(session, ctx.company_id, lines)
    return {
        line_id: round_money(ordered[line.order_line_id].unit_price * line.qty, places) + corrected.get(line_id, ZERO)
        for line_id, line in lines.items()
    }
