"""What happens to goods and money, and the journal lines that each event makes.

Amounts are Decimals in company currency, already rounded to its minor unit. Not here: how lines are added together and that they
balance (posting.py), what anything costs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from erp_desktop.ledger.posting import (
    NO_DIMENSIONS,
    Dimensions,
    InCurrency,
    PostingLine,
    Purpose,
    both_sides,
    credit_line,
    debit_line,
)
from erp_desktop.numbers import ZERO


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of one document line; `variance` is what goods that come in at standard cost more than that;
    `in_currency` what is owed for both in the document's currency, where that is a foreign one."""

    amount: Decimal
    dimensions: Dimensions = NO_DIMENSIONS
    variance: Decimal = ZERO
    in_currency: InCurrency | None = None


@dataclass(frozen=True, slots=True)
class LateCost:
    """A later change of a receipt's cost: what the stock still holds of it, and what is gone (costing rule 7).

    `exchange_loss` is owed as well, but for another rate than the receipt's: never a part of the cost (rule 10).
    """

    to_inventory: Decimal
    to_cost_of_sales: Decimal
    dimensions: Dimensions = NO_DIMENSIONS
    to_variance: Decimal = ZERO  # of goods at standard, or back at the supplier's
    to_scrap_loss: Decimal = ZERO
    exchange_loss: Decimal = ZERO
    in_currency: InCurrency | None = None  # the change of price
    to_goods_dispatched: Decimal = ZERO  # of goods that are still on their way to customers

    @property
    def total(self) -> Decimal:
        return sum((amount for _, amount in self.parts), ZERO)

    @property
    def parts(self) -> tuple[tuple[Purpose, Decimal], ...]:
        """What falls where."""
        return (
            (Purpose.INVENTORY, self.to_inventory),
            (Purpose.GOODS_DISPATCHED, self.to_goods_dispatched),
            (Purpose.COST_OF_SALES, self.to_cost_of_sales),
            (Purpose.PURCHASE_PRICE_VARIANCE, self.to_variance),
            (Purpose.SCRAP_LOSS, self.to_scrap_loss),
        )

    def debits(self) -> Iterator[PostingLine]:
        for purpose, amount in self.parts:
            yield debit_line(purpose, amount, self.dimensions)


def _taken_in(line: Amount, owed: Purpose) -> Iterator[PostingLine]:
    """Goods into stock against `owed`, at what they cost: what that differs from their standard is a price variance."""
    yield debit_line(Purpose.INVENTORY, line.amount, line.dimensions)
    yield debit_line(Purpose.PURCHASE_PRICE_VARIANCE, line.variance, line.dimensions)
    yield credit_line(owed, line.amount + line.variance, line.dimensions, line.in_currency)


@dataclass(frozen=True, slots=True)
class GoodsReceived:
    """Goods came in; the supplier's invoice is still to come. Amounts: receipt cost."""

    name: ClassVar[str] = "goods_receipt"
    lines: tuple[Amount, ...]

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            yield from _taken_in(line, Purpose.GOODS_RECEIVED_NOT_INVOICED)


@dataclass(frozen=True, slots=True)
class LandedCostEntered:
    """Freight, duty or insurance of goods received; owed to whoever billed it, else waiting for the bill."""

    name: ClassVar[str] = "landed_cost"
    lines: tuple[LateCost, ...]
    billed_by: UUID | None = None
    in_currency: InCurrency | None = None  # as it is billed

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            yield from line.debits()
        total = sum((line.total for line in self.lines), ZERO)
        owed = Purpose.LANDED_COST_CLEARING if self.billed_by is None else Purpose.PAYABLE
        yield credit_line(owed, total, Dimensions(party_id=self.billed_by), self.in_currency)


@dataclass(frozen=True, slots=True)
class ReceiptPriceCorrected:
    """The price of goods received turned out to be another."""

    name: ClassVar[str] = "receipt_price"
    lines: tuple[LateCost, ...]

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            yield from line.debits()
            yield debit_line(Purpose.EXCHANGE_DIFFERENCE, line.exchange_loss, line.dimensions)
            owed = line.total + line.exchange_loss
            yield credit_line(Purpose.GOODS_RECEIVED_NOT_INVOICED, owed, line.dimensions, line.in_currency)


@dataclass(frozen=True, slots=True)
class CostCorrection:
    """An issue cost `amount` more than was posted (negative: less); `against` is where its cost had gone, `taken_from` what
    bears it: the stock, the variance that a period's end shares among its issues, or the goods that were under way then and
    are delivered now."""

    amount: Decimal
    dimensions: Dimensions = NO_DIMENSIONS
    against: Purpose = Purpose.COST_OF_SALES
    taken_from: Purpose = Purpose.INVENTORY


@dataclass(frozen=True, slots=True)
class CostAdjusted:
    """Issues changed their cost after they were posted: a back-dated move, or a receipt that covered oversold stock."""

    name: ClassVar[str] = "cost_adjustment"
    lines: tuple[CostCorrection, ...]

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            yield from both_sides(line.amount, line.dimensions, debit=line.against, credit=line.taken_from)


@dataclass(frozen=True, slots=True)
class GoodsShipped:
    """Goods left for a customer. Amounts: their cost from the cost book. `is_under_way`: they stay the company's until they
    are delivered, and are no cost of sales before."""

    name: ClassVar[str] = "shipment"
    lines: tuple[Amount, ...]
    is_under_way: bool = False

    def postings(self) -> Iterator[PostingLine]:
        cost = Purpose.GOODS_DISPATCHED if self.is_under_way else Purpose.COST_OF_SALES
        for line in self.lines:
            yield from both_sides(line.amount, line.dimensions, debit=cost, credit=Purpose.INVENTORY)


@dataclass(frozen=True, slots=True)
class GoodsDelivered:
    """Goods that were under way reached the customer. Amounts: what they cost by now, less what had come back."""

    name: ClassVar[str] = "delivery"
    lines: tuple[Amount, ...]

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            yield from both_sides(
                line.amount, line.dimensions, debit=Purpose.COST_OF_SALES, credit=Purpose.GOODS_DISPATCHED
            )


@dataclass(frozen=True, slots=True)
class RevenueEarned:
    """A sale became revenue with its shipment or its delivery. Amounts: net of tax, after discounts; `receivable` carries the customer."""

    name: ClassVar[str] = "revenue"
    lines: tuple[Amount, ...]
    freight: Decimal = ZERO
    output_vat: Decimal = ZERO
    receivable: Dimensions = NO_DIMENSIONS

    def postings(self) -> Iterator[PostingLine]:
        net = sum((line.amount for line in self.lines), ZERO)
        yield debit_line(Purpose.RECEIVABLE, net + self.freight + self.output_vat, self.receivable)
        for line in self.lines:
            yield credit_line(Purpose.REVENUE, line.amount, line.dimensions)
        yield credit_line(Purpose.FREIGHT_REVENUE, self.freight, self.receivable)
        yield credit_line(Purpose.OUTPUT_VAT, self.output_vat, self.receivable)


@dataclass(frozen=True, slots=True)
class SalesInvoiced(RevenueEarned):
    """A sale became revenue with its invoice, in a company that recognises revenue then."""

    name: ClassVar[str] = "sales_invoice"


@dataclass(frozen=True, slots=True)
class ReturnedAmount:
    """Goods of one shipment line came back: the cost at which they had left, and the credit the customer gets for them.

    `scrapped`: what of that cost left stock again at once, with goods that were of no use any more.
    """

    cost: Decimal
    credit: Decimal
    dimensions: Dimensions = NO_DIMENSIONS
    scrapped: Decimal = ZERO
    exchange_gain: Decimal = ZERO
    in_currency: InCurrency | None = None


@dataclass(frozen=True, slots=True)
class CustomerReturned:
    """A customer's goods are back, in stock or scrapped, and the customer has a credit (less any restocking fee).

    `is_under_way`: they were not delivered, so that they were no cost of sales yet.
    """

    name: ClassVar[str] = "customer_return"
    lines: tuple[ReturnedAmount, ...]
    output_vat: Decimal = ZERO
    receivable: Dimensions = NO_DIMENSIONS
    is_under_way: bool = False

    def postings(self) -> Iterator[PostingLine]:
        cost = Purpose.GOODS_DISPATCHED if self.is_under_way else Purpose.COST_OF_SALES
        for line in self.lines:
            yield debit_line(Purpose.INVENTORY, line.cost - line.scrapped, line.dimensions)
            yield debit_line(Purpose.SCRAP_LOSS, line.scrapped, line.dimensions)
            yield credit_line(cost, line.cost, line.dimensions)
            yield debit_line(Purpose.SALES_RETURNS, line.credit, line.dimensions)
        credit = sum((line.credit for line in self.lines), ZERO)
        yield debit_line(Purpose.OUTPUT_VAT, self.output_vat, self.receivable)
        yield credit_line(Purpose.RECEIVABLE, credit + self.output_vat, self.receivable)


@dataclass(frozen=True, slots=True)
class SupplierReturned:
    """Goods went back. Line `cost`: what they take out of stock; `credit`: what the supplier owes for them, at the rate that
    the receipt had; `exchange_gain`: what is owed besides because the rate of the credit is another."""

    name: ClassVar[str] = "supplier_return"
    lines: tuple[ReturnedAmount, ...]
    is_invoiced: bool = False  # the supplier's invoice was posted: the credit lowers what is payable

    def postings(self) -> Iterator[PostingLine]:
        owed = Purpose.PAYABLE if self.is_invoiced else Purpose.GOODS_RECEIVED_NOT_INVOICED
        for line in self.lines:
            yield debit_line(owed, line.credit + line.exchange_gain, line.dimensions, line.in_currency)
            yield debit_line(Purpose.PURCHASE_PRICE_VARIANCE, line.cost - line.credit, line.dimensions)
            yield credit_line(Purpose.EXCHANGE_DIFFERENCE, line.exchange_gain, line.dimensions)
            yield credit_line(Purpose.INVENTORY, line.cost, line.dimensions)


@dataclass(frozen=True, slots=True)
class StockCounted:
    """A count found more (positive amounts) or less (negative) than the books. Amounts: from the cost book."""

    name: ClassVar[str] = "stock_count"
    lines: tuple[Amount, ...]

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            yield from _taken_in(line, Purpose.INVENTORY_ADJUSTMENT)


@dataclass(frozen=True, slots=True)
class LostInTransit:
    """Goods that were sent to another warehouse never arrived. Amounts: their cost from the cost book."""

    name: ClassVar[str] = "transfer_loss"
    lines: tuple[Amount, ...]

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            yield from both_sides(
                line.amount, line.dimensions, debit=Purpose.INVENTORY_ADJUSTMENT, credit=Purpose.INVENTORY
            )


@dataclass(frozen=True, slots=True)
class StockScrapped:
    """Goods in stock were thrown away. Amounts: their cost from the cost book."""

    name: ClassVar[str] = "stock_scrap"
    lines: tuple[Amount, ...]

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            yield from both_sides(line.amount, line.dimensions, debit=Purpose.SCRAP_LOSS, credit=Purpose.INVENTORY)


@dataclass(frozen=True, slots=True)
class StockRevalued:
    """Stock on hand is worth more (positive amounts) or less than its cost was. Amounts: change of value on hand."""

    name: ClassVar[str] = "stock_revaluation"
    lines: tuple[Amount, ...]

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            yield from both_sides(
                line.amount, line.dimensions, debit=Purpose.INVENTORY, credit=Purpose.INVENTORY_ADJUSTMENT
            )


@dataclass(frozen=True, slots=True)
class StandardCostChanged:
    """A new standard revalues what is on hand. Kept apart from purchase price variance, which judges how well was bought."""

    name: ClassVar[str] = "standard_cost"
    lines: tuple[Amount, ...]

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            yield from both_sides(
                line.amount, line.dimensions, debit=Purpose.INVENTORY, credit=Purpose.STANDARD_COST_CHANGE
            )


@dataclass(frozen=True, slots=True)
class AllowanceChange:
    """How one product's allowance changes: `written_down` is a loss (negative: a reversal of one, IAS 2.33), `released` the
    part of the allowance that goods took along when they left."""

    written_down: Decimal
    released: Decimal = ZERO
    dimensions: Dimensions = NO_DIMENSIONS


@dataclass(frozen=True, slots=True)
class StockWrittenDown:
    """Stock is held at net realisable value where that is below cost (IAS 2.28-34). Its cost stays in the inventory account;
    the allowance stands against it."""

    name: ClassVar[str] = "write_down"
    lines: tuple[AllowanceChange, ...]

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            allowance = Purpose.INVENTORY_ALLOWANCE
            yield from both_sides(line.released, line.dimensions, debit=allowance, credit=Purpose.COST_OF_SALES)
            yield from both_sides(line.written_down, line.dimensions, debit=Purpose.WRITE_DOWN_LOSS, credit=allowance)


@dataclass(frozen=True, slots=True)
class OpeningStock:
    """The stock with which the company starts its books here."""

    name: ClassVar[str] = "opening_stock"
    lines: tuple[Amount, ...]

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            yield from _taken_in(line, Purpose.OPENING_EQUITY)


@dataclass(frozen=True, slots=True)
class ManualLine:
    """A line typed by an accountant, on an account of the chart; one side, not negative."""

    account_id: UUID
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    dimensions: Dimensions = NO_DIMENSIONS


@dataclass(frozen=True, slots=True)
class ManualEntry:
    """An entry typed by an accountant. Raises ValueError for a line with both sides or a negative one."""

    name: ClassVar[str] = "manual"
    lines: tuple[ManualLine, ...]

    def postings(self) -> Iterator[PostingLine]:
        for line in self.lines:
            if line.debit < 0 or line.credit < 0 or (line.debit and line.credit):
                raise ValueError(f"a journal line has one side: debit {line.debit}, credit {line.credit}")
            yield PostingLine(None, line.debit, line.credit, line.dimensions, line.account_id)
