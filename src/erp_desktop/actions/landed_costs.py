"""Value that reaches receipts later: freight, duty and insurance, and prices that turn out different."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.correcting import LateValue, add_late_value
from erp_desktop.actions.finding import (
    AmountNegative,
    TwiceTheSameLine,
    company_of,
    find,
    find_all,
    open_period,
)
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.purchasing import NotASupplier
from erp_desktop.actions.refusals import Refused, Required
from erp_desktop.actions.standing import price_corrections_of
from erp_desktop.actions.valuing import books_of
from erp_desktop.costing.landed_cost import Split, share_or_equal
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ledger.posting import Dimensions, LandedCostEntered, LateCost, ReceiptPriceCorrected
from erp_desktop.models.costing import AdjustmentKind, CostPool, MoveCost
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    LandedCost,
    LandedCostShare,
    PurchaseOrderLine,
)
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import ONE, ZERO, minor_unit, round_money

LANDED_COST_KINDS = ("freight", "duty", "insurance", "handling")
BASES = ("value", "qty", "weight", "volume", "equal")


class AmountNotPositive(Refused):
    code = "amount_not_positive"
    sentence = QT_TRANSLATE_NOOP("Refusal", "The amount {amount} must be above zero. Correct it; nothing was changed.")


class UnknownChoice(Refused):
    code = "unknown_choice"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{value} is not one of: {choices}. Choose one of these; nothing was changed."
    )


class NothingStocked(Refused):
    code = "nothing_stocked"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "These receipts brought no stock that could bear the cost. Choose other receipts."
    )


class BeforeReceipt(Refused):
    code = "before_receipt"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{receipt} came on {received_on}; its cost cannot be dated before. Correct the date."
    )


@action("cost.write")
@dataclass(frozen=True)
class EnterLandedCost(Action):
    """Freight, duty, insurance or handling of some receipts: into the value of what is still there, expensed for what
    has left (IAS 2.11; costing.md, rule 7). `amount` in company currency. Shared and valued by the centre."""

    landed_cost_id: UUID
    kind: str
    dated_on: date
    amount: Decimal
    basis: str
    receipt_ids: tuple[UUID, ...]
    supplier_id: UUID | None = None
    reference: str = ""

    def run(self, session: Session, ctx: Context) -> None:
        self._refuse_bad_input(session, ctx)
        receipts = find_all(session, ctx, GoodsReceipt, self.receipt_ids)
        for receipt in receipts.values():
            if self.dated_on < receipt.received_on:
                raise BeforeReceipt(receipt=receipt.number or "", received_on=receipt.received_on)
        open_period(session, ctx, self.dated_on)
        places = company_of(session, ctx).currency_places
        amount = round_money(self.amount, places)
        if amount != self.amount:
            raise AmountNotPositive(amount=self.amount)
        landed_cost = LandedCost(
            company_id=ctx.company_id,
            id=self.landed_cost_id,
            number=give_number(session, ctx, "landed_cost", self.dated_on),
            kind=self.kind,
            supplier_id=self.supplier_id,
            dated_on=self.dated_on,
            amount=amount,
            basis=self.basis,
            reference=self.reference,
            status="posted",
        )
        session.add(landed_cost)
        if ctx.at_centre:
            self._share_and_post(session, ctx, landed_cost, minor_unit(places))

    def _refuse_bad_input(self, session: Session, ctx: Context) -> None:
        if self.kind not in LANDED_COST_KINDS:
            raise UnknownChoice(value=self.kind, choices=", ".join(LANDED_COST_KINDS))
        if self.basis not in BASES:
            raise UnknownChoice(value=self.basis, choices=", ".join(BASES))
        if self.amount <= 0:
            raise AmountNotPositive(amount=self.amount)
        if not self.receipt_ids:
            raise Required(field="receipts")
        if len(set(self.receipt_ids)) < len(self.receipt_ids):
            raise TwiceTheSameLine()
        if self.supplier_id is not None:
            supplier = find(session, ctx, Party, self.supplier_id)
            if not supplier.is_supplier and not supplier.is_carrier:
                raise NotASupplier(party=supplier.name)

    def _share_and_post(self, session: Session, ctx: Context, landed_cost: LandedCost, minor: Decimal) -> None:
        lines = _receipt_lines(session, ctx, self.receipt_ids)
        if not lines:
            raise NothingStocked()
        bases = _bases(session, ctx, self.basis, lines)
        shares = share_or_equal(landed_cost.amount, bases, minor).amounts
        late = [LateValue(move, share) for (_, move), share in zip(lines, shares, strict=True) if share]
        splits = add_late_value(
            session, ctx, late, AdjustmentKind.LANDED_COST, self.dated_on, ("landed_cost", landed_cost.id)
        )
        for line_no, ((line, move), share) in enumerate(zip(lines, shares, strict=True), start=1):
            split = splits.get(move.id)
            session.add(
                LandedCostShare(
                    company_id=ctx.company_id,
                    id=ctx.new_centre_id(),
                    landed_cost_id=landed_cost.id,
                    line_no=line_no,
                    receipt_line_id=line.id,
                    amount=share,
                    to_inventory=split.to_inventory if split else ZERO,
                    to_cost_of_sales=split.to_cost_of_sales if split else ZERO,
                )
            )
        event = LandedCostEntered(
            tuple(_late_cost(value.move, splits[value.move.id], self.supplier_id) for value in late),
            billed_by=self.supplier_id,
        )
        post(session, ctx, event, self.dated_on, ("landed_cost", landed_cost.id), text=landed_cost.number or "")


@action("cost.write")
@dataclass(frozen=True)
class CorrectReceiptPrice(Action):
    """A receipt line turns out to have cost another unit price. Nothing posted is rewritten: the difference goes to what
    is still on hand and, for what has left, to cost of sales, linked to those issues (costing.md, rules 3 and 7)."""

    correction_id: UUID
    receipt_line_id: UUID
    unit_price: Decimal
    dated_on: date
    reference: str = ""

    def run(self, session: Session, ctx: Context) -> None:
        line = find(session, ctx, GoodsReceiptLine, self.receipt_line_id)
        receipt = find(session, ctx, GoodsReceipt, line.receipt_id)
        if self.unit_price < 0:
            raise AmountNegative(amount=self.unit_price)
        if self.dated_on < receipt.received_on:
            raise BeforeReceipt(receipt=receipt.number or "", received_on=receipt.received_on)
        open_period(session, ctx, self.dated_on)
        if not ctx.at_centre:
            return
        lines = [found for found in _receipt_lines(session, ctx, [receipt.id]) if found[0].id == line.id]
        if not lines:
            raise NothingStocked()
        move = lines[0][1]
        places = company_of(session, ctx).currency_places
        difference = round_money(self.unit_price * line.qty, places) - self._value_so_far(session, ctx, line, places)
        if not difference:
            return
        document = ("goods_receipt", receipt.id)
        splits = add_late_value(
            session,
            ctx,
            [LateValue(move, difference)],
            AdjustmentKind.RECEIPT_PRICE,
            self.dated_on,
            document,
        )
        event = ReceiptPriceCorrected((_late_cost(move, splits[move.id], receipt.supplier_id),))
        post(session, ctx, event, self.dated_on, document, text=self.reference or receipt.number or "")

    def _value_so_far(self, session: Session, ctx: Context, line: GoodsReceiptLine, places: int) -> Decimal:
        """What the line was taken in at, with every correction of its price since (not its landed cost)."""
        order_line = find(session, ctx, PurchaseOrderLine, line.order_line_id)
        taken_in_at = round_money(order_line.unit_price * line.qty, places)
        return taken_in_at + price_corrections_of(session, books_of(session, ctx)[0], line.id)


def _late_cost(move: StockMove, split: Split, party_id: UUID | None) -> LateCost:
    dimensions = Dimensions(
        product_id=move.product_id, party_id=party_id, warehouse_id=move.to_warehouse_id, line_id=move.line_id
    )
    return LateCost(split.to_inventory, split.to_cost_of_sales, dimensions)


def _receipt_lines(
    session: Session, ctx: Context, receipt_ids: Sequence[UUID]
) -> list[tuple[GoodsReceiptLine, StockMove]]:
    """The receipts' lines that brought stock, each with its move, in a fixed order."""
    rows = session.execute(
        select(GoodsReceiptLine, StockMove)
        .join(
            StockMove,
            (StockMove.company_id == GoodsReceiptLine.company_id)
            & (StockMove.document_id == GoodsReceiptLine.receipt_id)
            & (StockMove.line_id == GoodsReceiptLine.id),
        )
        .where(GoodsReceiptLine.company_id == ctx.company_id, GoodsReceiptLine.receipt_id.in_(receipt_ids))
        .order_by(GoodsReceiptLine.receipt_id, GoodsReceiptLine.line_no)
    )
    return [(line, move) for line, move in rows]


def _bases(
    session: Session, ctx: Context, basis: str, lines: Sequence[tuple[GoodsReceiptLine, StockMove]]
) -> list[Decimal]:
    if basis == "equal":
        return [ONE] * len(lines)
    if basis == "qty":
        return [line.qty for line, _ in lines]
    if basis == "value":
        values = {
            row.move_id: row.cost
            for row in session.execute(
                select(MoveCost.move_id, MoveCost.cost)
                .join(CostPool, (CostPool.company_id == MoveCost.company_id) & (CostPool.id == MoveCost.pool_id))
                .where(
                    MoveCost.company_id == ctx.company_id,
                    CostPool.book_id == books_of(session, ctx)[0].id,
                    MoveCost.move_id.in_([move.id for _, move in lines]),
                )
            )
        }
        return [values[move.id] for _, move in lines]
    products = find_all(session, ctx, Product, (line.product_id for line, _ in lines))
    per_unit = {
        product.id: (product.weight_kg if basis == "weight" else product.volume_m3) or ZERO
        for product in products.values()
    }
    return [per_unit[line.product_id] * line.qty for line, _ in lines]
