"""Goods go back to the supplier they came from."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.exchanging import Exchange, exchange_at, exchange_of
from erp_desktop.actions.finding import (
    AmountNegative,
    QtyNotPositive,
    WrongState,
    company_of,
    find,
    find_all,
    open_period,
    refuse_empty_or_twice,
)
from erp_desktop.actions.moving import Place, bins_of, move_stock, new_move
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.price_corrections import corrections_of, price_now
from erp_desktop.actions.refusals import NotFound, Refused
from erp_desktop.actions.remembering import rows_by_id, rows_of
from erp_desktop.actions.valuing import Valued, value_supplier_returns
from erp_desktop.actions.window import keep_in_window
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.ledger.events import ReturnedAmount, SupplierReturned
from erp_desktop.models.product import Product
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    PurchaseOrder,
    PurchaseOrderLine,
    SupplierReturn,
    SupplierReturnLine,
)
from erp_desktop.models.stock import Bin, MoveKind, StockBalance, StockMove, Warehouse
from erp_desktop.numbers import STOCK_UNIT, ZERO


class OverSupplierReturn(Refused):
    code = "over_supplier_return"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{asked} of {product} are to go back, but only {open} of {receipt} have not gone back yet. Correct the quantity; "
        "nothing was changed.",
    )


class NotFreeToReturn(Refused):
    code = "not_free_to_return"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Only {free} of {product} are free in {place}, {asked} are to go back. Send back fewer, name another bin, or "
        "release what is allocated; nothing was changed.",
    )


class ReturnBeforeReceipt(Refused):
    code = "return_before_receipt"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{receipt} came on {received_on}; goods cannot go back before. Correct the date; nothing was changed.",
    )


class NotKeptInStock(Refused):
    code = "not_kept_in_stock"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{product} is not kept in stock, so nothing of it can go back. Leave its line empty; nothing was changed.",
    )


@dataclass(frozen=True)
class SentBackLine:
    """What goes back of one receipt line, in stock units, and what the supplier credits for one of the unit that it was
    ordered in. No price: what one of it has cost, as the centre knows it (who sends goods back may not see prices).

    No bin: from where it lies free in the receipt's warehouse, the bin that it was received into first.
    """

    receipt_line_id: UUID
    qty: Decimal
    unit_price: Decimal | None
    bin_id: UUID | None = None


class FreeStock:
    """What may leave a warehouse, by product, bin and lot: on hand and not allocated. What is taken is not free any more."""

    def __init__(self, balances: Iterable[StockBalance]) -> None:
        self._of_lot: defaultdict[tuple[UUID, UUID, UUID | None], Decimal] = defaultdict(lambda: ZERO)
        # allocated is any lot of a bin
        self._in_bin: defaultdict[tuple[UUID, UUID], Decimal] = defaultdict(lambda: ZERO)
        for row in balances:
            self._of_lot[row.product_id, row.bin_id, row.lot_id] += row.on_hand
            self._in_bin[row.product_id, row.bin_id] += row.on_hand - row.allocated

    def qty(self, product_id: UUID, bin_id: UUID, lot_id: UUID | None) -> Decimal:
        return max(ZERO, min(self._of_lot[product_id, bin_id, lot_id], self._in_bin[product_id, bin_id]))

    def by_bin(self, product_id: UUID, lot_id: UUID | None, first: UUID) -> list[tuple[UUID, Decimal]]:
        """The bins with something free: `first` first, then those with more of it, the first of equals by id."""
        bins = sorted({bin_id for product, bin_id, lot in self._of_lot if (product, lot) == (product_id, lot_id)})
        free = [(bin_id, self.qty(product_id, bin_id, lot_id)) for bin_id in bins]
        return sorted((one for one in free if one[1]), key=lambda one: (one[0] != first, -one[1]))

    def take(self, product_id: UUID, bin_id: UUID, lot_id: UUID | None, qty: Decimal) -> None:
        self._of_lot[product_id, bin_id, lot_id] -= qty
        self._in_bin[product_id, bin_id] -= qty


@dataclass(frozen=True)
class _Part:
    """What goes back of a receipt line from one bin. No price: this desk does not know it."""

    receipt_line: GoodsReceiptLine
    bin_id: UUID
    qty: Decimal
    unit_price: Decimal | None
    amount: Decimal | None


def _total(amounts: list[Decimal | None]) -> Decimal | None:
    """None if one of them is not known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if len(known) == len(amounts) else None


@action("purchasing.return")
@dataclass(frozen=True)
class ReturnToSupplier(Action):
    """Goods of a receipt go back: out of stock at what that very receipt cost while its layer lasts, against the
    supplier's credit (costing.md, rule 6). `is_invoiced`: the credit lowers what is payable to the supplier.

    The credit is in the receipt's currency, at `rate` (none given: that of the day). What it differs from the goods' cost at
    the receipt's rate is a price difference, the rest an exchange difference (rule 10).
    """

    return_id: UUID
    receipt_id: UUID
    returned_on: date
    lines: tuple[SentBackLine, ...]
    reason: str = ""
    reference: str = ""
    is_invoiced: bool = False
    rate: Decimal | None = None

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(self.lines, [derived_id("", line.receipt_line_id, line.bin_id) for line in self.lines])
        receipt = find(session, ctx, GoodsReceipt, self.receipt_id)
        if receipt.status != "posted":
            raise WrongState(document=receipt.number or "", status=receipt.status)
        if self.returned_on < receipt.received_on:
            raise ReturnBeforeReceipt(receipt=receipt.number or "", received_on=receipt.received_on)
        open_period(session, ctx, self.returned_on)
        credited_at = exchange_at(session, ctx, receipt.currency, self.returned_on, self.rate)
        taken_in = exchange_of(company_of(session, ctx), receipt.currency, receipt.rate)
        received = find_all(session, ctx, GoodsReceiptLine, {line.receipt_line_id for line in self.lines})
        products = find_all(session, ctx, Product, {line.product_id for line in received.values()})
        arrivals = {
            move.line_id: move.id
            for move in session.scalars(
                select(StockMove).where(StockMove.company_id == ctx.company_id, StockMove.document_id == receipt.id)
            )
        }
        self._refuse_bad_lines(receipt, received, products, arrivals)
        parts = self._parts(session, ctx, receipt, received, products, credited_at)

        if ctx.at_centre:  # a desk may not be shown the order
            keep_in_window(session, ctx, find(session, ctx, PurchaseOrder, receipt.order_id))
        document = ("supplier_return", self.return_id)
        moves = []
        rows: list[dict[str, Any]] = []
        for line_no, part in enumerate(parts, start=1):
            receipt_line = part.receipt_line
            line_id = ctx.new_id()
            value = None if part.amount is None else credited_at.in_company(part.amount)
            had_cost = None if part.amount is None else taken_in.in_company(part.amount)
            rows.append(
                {
                    "id": line_id,
                    "return_id": self.return_id,
                    "line_no": line_no,
                    "receipt_line_id": receipt_line.id,
                    "product_id": receipt_line.product_id,
                    "lot_id": receipt_line.lot_id,
                    "bin_id": part.bin_id,
                    "qty": part.qty,
                    "unit_price": part.unit_price,
                    "amount": part.amount,
                    "value": value,
                    "exchange_difference": None if value is None or had_cost is None else value - had_cost,
                }
            )
            moves.append(
                new_move(
                    ctx,
                    MoveKind.SUPPLIER_RETURN,
                    receipt_line.product_id,
                    part.qty,
                    self.returned_on,
                    document,
                    (line_id, line_no),
                    source=Place(receipt.warehouse_id, part.bin_id),
                    returns_move_id=arrivals[receipt_line.id],
                    lot_id=receipt_line.lot_id,
                )
            )
        returned = SupplierReturn(
            company_id=ctx.company_id,
            id=self.return_id,
            number=give_number(session, ctx, "supplier_return", self.returned_on),
            receipt_id=receipt.id,
            supplier_id=receipt.supplier_id,
            warehouse_id=receipt.warehouse_id,
            returned_on=self.returned_on,
            reason=self.reason,
            reference=self.reference,
            is_invoiced=self.is_invoiced,
            currency=receipt.currency,
            rate=credited_at.rate,
            total=_total([part.amount for part in parts]),
            status="posted",
        )
        session.add(returned)
        for line in self.lines:
            received[line.receipt_line_id].returned_qty += line.qty
        append_rows(session, ctx, SupplierReturnLine, rows)
        move_stock(session, ctx, moves)

        if ctx.at_centre:
            credits = {row["id"]: row for row in rows}
            self._post(session, ctx, returned, credited_at, credits, value_supplier_returns(session, ctx, moves))

    def _refuse_bad_lines(
        self,
        receipt: GoodsReceipt,
        received: dict[UUID, GoodsReceiptLine],
        products: dict[UUID, Product],
        arrivals: dict[UUID, UUID],
    ) -> None:
        going: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
        for line in self.lines:
            receipt_line = received[line.receipt_line_id]
            product = products[receipt_line.product_id].code
            if receipt_line.receipt_id != receipt.id:
                raise NotFound(kind="goods receipt line")
            if line.qty <= 0:
                raise QtyNotPositive(qty=line.qty, product=product)
            if line.unit_price is not None and line.unit_price < 0:
                raise AmountNegative(amount=line.unit_price)
            if receipt_line.id not in arrivals:
                raise NotKeptInStock(product=product)
            going[receipt_line.id] += line.qty
            still_here = receipt_line.qty - receipt_line.returned_qty
            if going[receipt_line.id] > still_here:
                raise OverSupplierReturn(
                    asked=going[receipt_line.id], product=product, open=still_here, receipt=receipt.number or ""
                )

    def _parts(
        self,
        session: Session,
        ctx: Context,
        receipt: GoodsReceipt,
        received: dict[UUID, GoodsReceiptLine],
        products: dict[UUID, Product],
        credited_at: Exchange,
    ) -> list[_Part]:
        """What is taken from which bin. Raises NotFreeToReturn where not enough is free, BinElsewhere."""
        bins_of(session, ctx, receipt.warehouse_id, [line.bin_id for line in self.lines if line.bin_id])
        balances = rows_of(session, ctx, StockBalance, products)
        stock = FreeStock(row for rows in balances.values() for row in rows if row.warehouse_id == receipt.warehouse_id)
        ordered = rows_by_id(session, ctx, PurchaseOrderLine, {line.order_line_id for line in received.values()})
        unpriced = [line.receipt_line_id for line in self.lines if line.unit_price is None]
        corrected = corrections_of(session, ctx.company_id, unpriced) if unpriced else {}
        parts: list[_Part] = []
        for line in self.lines:
            receipt_line = received[line.receipt_line_id]
            product_id, lot_id = receipt_line.product_id, receipt_line.lot_id
            free = (
                [(line.bin_id, stock.qty(product_id, line.bin_id, lot_id))]
                if line.bin_id
                else stock.by_bin(product_id, lot_id, receipt_line.bin_id)
            )
            if sum((qty for _, qty in free), ZERO) < line.qty:
                raise NotFreeToReturn(
                    free=sum((qty for _, qty in free), ZERO),
                    product=products[product_id].code,
                    place=find(session, ctx, Bin, line.bin_id).code
                    if line.bin_id
                    else find(session, ctx, Warehouse, receipt.warehouse_id).code,
                    asked=line.qty,
                )
            order_line = ordered.get(receipt_line.order_line_id)  # the centre's always; a desk may not be shown it
            factor = order_line.factor if order_line is not None else STOCK_UNIT
            price = line.unit_price
            if price is None and order_line is not None and order_line.unit_price is not None:
                price = price_now(order_line.unit_price, factor, receipt_line.qty, corrected.get(receipt_line.id))
            gone = credited = ZERO
            for bin_id, free_qty in free:
                qty = min(free_qty, line.qty - gone)
                if not qty:
                    break
                stock.take(product_id, bin_id, lot_id, qty)
                gone += qty
                amount = None
                if price is not None:  # up to here less what came before, so that the parts add up to the whole
                    amount = credited_at.amount(factor.value(gone, price)) - credited
                    credited += amount
                parts.append(_Part(receipt_line, bin_id, qty, price, amount))
        return parts

    def _post(
        self,
        session: Session,
        ctx: Context,
        returned: SupplierReturn,
        credited_at: Exchange,
        credits: dict[UUID, dict[str, Any]],
        valued: Sequence[Valued],
    ) -> None:
        lines = []
        for value in valued:
            credit = credits[value.move.line_id]
            gain = credit["exchange_difference"]
            lines.append(
                ReturnedAmount(
                    value.cost,
                    credit["value"] - gain,
                    value.dimensions(returned.warehouse_id, party_id=returned.supplier_id),
                    exchange_gain=gain,
                    in_currency=credited_at.beside(credit["amount"]),
                )
            )
        event = SupplierReturned(tuple(lines), is_invoiced=self.is_invoiced)
        document = ("supplier_return", returned.id)
        post(session, ctx, event, self.returned_on, document, text=returned.number or "")
