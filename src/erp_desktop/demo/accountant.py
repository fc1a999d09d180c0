"""What the sample company's accountant and buyers put right as the year goes: late invoices, freight of several deliveries,
goods that go back, values that fall, standards, another method, and month after month closed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from erp_desktop.actions.base import Action
from erp_desktop.actions.cost_books import ChangeCostMethod, OpenCostBook
from erp_desktop.actions.cost_to_serve import AllocateCostToServe
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.price_corrections import CorrectedPrice, CorrectReceiptPrices
from erp_desktop.actions.revaluing import NewStandard, RevaluedLine, RevalueStock, SetStandardCost
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.actions.writing_down import RealisableLine, WriteDownStock
from erp_desktop.demo.trading import Received, Trader
from erp_desktop.ids import derived_id

CENT = Decimal("0.01")
AT_STANDARD = "LBL"
CHANGES_METHOD, NEW_METHOD = "PMP", "fifo"
QUARTERS = (3, 6, 9, 12)
SLOW_SELLERS = (("TEA-020", "0.82", "0.90"), ("KIT-017", "0.75", "0.75"), ("CBL-019", "0.60", "0.95"))
WET_CARTONS = (("CTN-013", "-0.30"), ("CTN-014", "-0.25"))

LinesOf = Callable[[UUID], list[UUID]]  # the ids of a goods receipt's lines, in their order


@dataclass
class Accountant:
    """Puts right what `trader` leaves. Amounts follow from the trade and the day alone."""

    trader: Trader
    lines_of: LinesOf
    company_id: UUID
    today: date
    _places: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._places = {product.code: place for place, product in enumerate(self.trader.traded.products)}

    def first_day(self, day: date) -> Iterator[Action]:
        """The months before the books were opened are closed, so that nothing is dated there by mistake."""
        for month in range(1, day.month):
            yield ClosePeriod(self._period(day.replace(month=month, day=1)))

    def day(self, day: date) -> Iterator[Action]:
        """What is put right at the end of a day, after its trade."""
        if day.day == 1 and day > self.trader.first_day:
            yield from self._first_of_month(day)
        if day.day == 5:
            yield from self._late_invoice(day)
        if day.day == 9:
            yield from self._goods_back(day)
        if day.day == 10:
            yield from self._close_last_month(day)
        if day.day == 12:
            yield from self._freight_of_many(day)
        if day.day == 18 and day.month % 6 == 4:
            yield from self._wet_cartons(day)
        if day.month in QUARTERS and (day + timedelta(days=1)).day == 1:
            yield from self._slow_sellers(day)

    def last_day(self, today: date) -> Iterator[Action]:
        """A book for the tax return, over all that has moved, and what it took to serve the month that is still open."""
        yield OpenCostBook(
            derived_id("cost_book", self.company_id, "TAX"), "TAX", "Tax book", "periodic_average", "税务账簿"
        )
        last_month = today.replace(day=1) - timedelta(days=1)
        if last_month >= self.trader.first_day:
            yield self._costs_to_serve(last_month)

    # --- from a day on

    def _first_of_month(self, day: date) -> Iterator[Action]:
        if day.month == 1:
            lines = tuple(
                NewStandard(product_id, (product.cost * Decimal("1.03")).quantize(CENT))
                for product, product_id in zip(self.trader.traded.products, self.trader.traded.product_ids, strict=True)
                if product.family.code == AT_STANDARD
            )
            yield SetStandardCost(self._id("standards", day), day, f"Standards of {day.year}", lines)
        if day.month == 7:
            category = derived_id("category", self.company_id, CHANGES_METHOD)
            book_id = derived_id("cost_book", self.company_id, "MAIN")
            yield ChangeCostMethod(book_id, NEW_METHOD, day, category)

    # --- what comes late

    def _late_invoice(self, day: date) -> Iterator[Action]:
        """An invoice of last month names other prices than the order did."""
        last_month = day.replace(day=1) - timedelta(days=1)
        came = [one for one in self.trader.received if one.received_on.month == last_month.month]
        for receipt in came[:2]:
            lines = []
            for line_id, (_, _, price) in list(zip(self.lines_of(receipt.receipt_id), receipt.lines, strict=True))[:2]:
                lines.append(CorrectedPrice(line_id, (price * Decimal("1.035")).quantize(Decimal("0.001"))))
            yield CorrectReceiptPrices(
                self._id(f"late invoice {receipt.receipt_id}", day),
                receipt.receipt_id,
                day,
                tuple(lines),
                f"INV-{day:%y%m}-{receipt.supplier + 1:03d}",
                last_month,
            )

    def _goods_back(self, day: date) -> Iterator[Action]:
        """A tenth of something that came lately was bad."""
        for receipt in reversed(self.trader.received):
            for line_id, (product, qty, price) in zip(self.lines_of(receipt.receipt_id), receipt.lines, strict=True):
                back = min(qty // 10, self.trader.on_hand(receipt.warehouse, product) // 3)
                if back and not self.trader.traded.products[product].family.keeps_days:
                    self.trader.left(receipt.warehouse, product, back)
                    yield ReturnToSupplier(
                        self._id("goods back", day),
                        receipt.receipt_id,
                        day,
                        (SentBackLine(line_id, Decimal(back), price),),
                        reason="Damaged on the way",
                        reference=f"RMA-{day:%y%m}",
                    )
                    return

    def _freight_of_many(self, day: date) -> Iterator[Action]:
        """One carrier's bill for everything that came to one warehouse lately, shared by volume."""
        lately: list[Received] = [
            one for one in self.trader.received if one.warehouse == 0 and one.received_on >= day - timedelta(days=12)
        ]
        if len(lately) > 1:
            value = sum((price * qty for one in lately for _, qty, price in one.lines), Decimal(0))
            amount = (value * Decimal("0.035")).quantize(CENT)
            receipts = tuple(one.receipt_id for one in lately)
            carrier = self.trader.traded.carrier_ids[-1]
            bill = f"DP-{day:%y%m%d}"
            yield EnterLandedCost(
                self._id("freight", day), "freight", day, amount, "volume", receipts, carrier, reference=bill
            )

    # --- what it is worth

    def _wet_cartons(self, day: date) -> Iterator[Action]:
        lines = tuple(
            RevaluedLine(product_id, amount=-(cost * qty * -Decimal(share)).quantize(CENT))
            for product_id, cost, qty, share in self._stock_of(WET_CARTONS)
        )
        if lines:
            yield RevalueStock(self._id("wet cartons", day), day, "Cartons that got wet, sold as seconds", lines)

    def _slow_sellers(self, day: date) -> Iterator[Action]:
        """Down at the middle of the year and at its end; the quarters between see some of it recover."""
        recovers = day.month in (3, 9)
        shares = [(code, after if recovers else before) for code, before, after in SLOW_SELLERS]
        lines = tuple(
            RealisableLine(product_id, unit_value=(cost * Decimal(share)).quantize(CENT))
            for product_id, cost, _, share in self._stock_of(shares)
        )
        if lines:
            yield WriteDownStock(self._id("slow sellers", day), day, lines, "Slow sellers at the quarter's end")

    def _stock_of(self, named: Sequence[tuple[str, str]]) -> Iterator[tuple[UUID, Decimal, int, str]]:
        """Product, its usual cost, on hand in all warehouses, and what was named with it; only what is there."""
        traded = self.trader.traded
        for code, share in named:
            place = self._places[code]
            qty = sum(self.trader.on_hand(warehouse, place) for warehouse in range(len(traded.warehouse_ids)))
            if qty > 0:
                yield traded.product_ids[place], traded.products[place].cost, qty, share

    # --- the months

    def _close_last_month(self, day: date) -> Iterator[Action]:
        """The last whole month stays open: closing it is left to the person who opens the sample."""
        last_month = day.replace(day=1) - timedelta(days=1)
        if last_month >= self.trader.first_day and (day.year, day.month) != (self.today.year, self.today.month):
            yield self._costs_to_serve(last_month)
            yield ClosePeriod(self._period(last_month))

    def _costs_to_serve(self, month: date) -> Action:
        period = self._period(month)
        return AllocateCostToServe(period, derived_id("cost_to_serve_run", self.company_id, period.hex))

    def _period(self, month: date) -> UUID:
        return derived_id("period", self.company_id, month.replace(day=1).isoformat())

    def _id(self, kind: str, day: date) -> UUID:
        return self.trader.id_of(kind, day)
