"""What the sample company buys abroad: pumps in dollars and tea ware in yen, with air freight, duty and the invoice that comes
after the goods."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from erp_desktop.actions.base import Action
from erp_desktop.actions.exchanging import SaveExchangeRate
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.price_corrections import CorrectedPrice, CorrectReceiptPrices
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.demo.accountant import LinesOf
from erp_desktop.demo.catalogue import ABROAD, RATES, SupplierAbroad
from erp_desktop.demo.trading import Trader
from erp_desktop.ids import derived_id

CENT = Decimal("0.01")
SHANGHAI = 0  # where goods from abroad come in, by its place in the catalogue
PRODUCTS_PER_ORDER = 3
ON_THE_WAY = timedelta(days=11)
STILL_ON_THE_WAY = timedelta(days=6)


@dataclass
class _Bought:
    """An order abroad: its lines as line, product, qty and unit price in the supplier's currency."""

    supplier: SupplierAbroad
    order_id: UUID
    ordered_on: date
    lines: list[tuple[UUID, int, int, Decimal]]
    receipt_id: UUID

    @property
    def total(self) -> Decimal:
        return sum((price * qty for _, _, qty, price in self.lines), Decimal(0))


def rate_on(currency: str, day: date) -> Decimal:
    """What one unit of `currency` is worth in company currency on a day."""
    return Decimal(RATES[currency][day.month - 1])


@dataclass
class Importer:
    """Buys what `trader` sells abroad too. What is bought follows from the day alone."""

    trader: Trader
    lines_of: LinesOf
    company_id: UUID
    forwarder_id: UUID
    _bought: list[_Bought] = field(default_factory=list)

    def first_day(self, day: date) -> Iterator[Action]:
        """The rates of the month in which the books are opened."""
        yield from self._rates(day.replace(day=1))

    def day(self, day: date) -> Iterator[Action]:
        """Rates on the first of a month; an order on the third and what follows from it until the end of the month."""
        if day.day == 1 and day > self.trader.first_day:
            yield from self._rates(day)
        if day.day == 3:
            for supplier in ABROAD:
                if supplier.currency == "USD" or day.month % 2:
                    yield from self._order(supplier, day)
        for bought in [one for one in self._bought if one.ordered_on.month == day.month]:
            age = day - bought.ordered_on
            if age == ON_THE_WAY:
                yield from self._arrival(bought, day)
            if age == ON_THE_WAY + timedelta(days=1):
                yield from self._freight_and_duty(bought, day)
            if age == ON_THE_WAY + timedelta(days=2):
                yield self._invoice(bought, day)
            if age == ON_THE_WAY + timedelta(days=5) and day.month % 2:
                yield self._goods_back(bought, day)

    def still_open(self, today: date) -> Iterator[Action]:
        """Something is on its way from abroad on the first day of use."""
        yield from self._order(ABROAD[0], today - STILL_ON_THE_WAY)

    def _rates(self, day: date) -> Iterator[Action]:
        for currency in RATES:
            rate_id = derived_id("exchange_rate", self.company_id, f"{currency} {day}")
            yield SaveExchangeRate(rate_id, currency, day, rate_on(currency, day))

    def _order(self, supplier: SupplierAbroad, day: date) -> Iterator[Action]:
        traded = self.trader.traded
        of_family = [place for place, product in enumerate(traded.products) if product.family.code == supplier.family]
        lines = []
        for step in range(PRODUCTS_PER_ORDER):
            product = of_family[(day.month * PRODUCTS_PER_ORDER + step) % len(of_family)]
            price = traded.products[product].cost * Decimal("0.9") / rate_on(supplier.currency, day)
            price = price.quantize(Decimal(1).scaleb(-supplier.places))
            lines.append((self.trader.id_of("import line", day), product, 60 * (step + 2), price))
        bought = _Bought(
            supplier, self.trader.id_of("import", day), day, lines, self.trader.id_of("import receipt", day)
        )
        self._bought.append(bought)
        yield SavePurchaseOrder(
            bought.order_id,
            derived_id("party", self.company_id, supplier.code),
            traded.warehouse_ids[SHANGHAI],
            day,
            day + ON_THE_WAY,
            tuple(
                PurchaseLine(line_id, traded.product_ids[product], Decimal(qty), price)
                for line_id, product, qty, price in lines
            ),
            note="By air to Pudong 空运至浦东",
        )
        self.trader.purchase_orders += 1
        yield ConfirmPurchaseOrder(bought.order_id)

    def _arrival(self, bought: _Bought, day: date) -> Iterator[Action]:
        rate = rate_on(bought.supplier.currency, day)
        yield ReceiveGoods(
            bought.receipt_id,
            bought.order_id,
            day,
            tuple(
                ReceivedLine(line_id, Decimal(qty), self.trader.traded.bin_of(SHANGHAI, product))
                for line_id, product, qty, _ in bought.lines
            ),
            delivery_note=f"AWB 784-{day:%y%m%d}",
        )
        for _, product, qty, price in bought.lines:
            self.trader.came(SHANGHAI, product, qty, (price * qty * rate).quantize(CENT))

    def _freight_and_duty(self, bought: _Bought, day: date) -> Iterator[Action]:
        """The forwarder's bill is in dollars, the customs' in company currency."""
        rate = rate_on(bought.supplier.currency, day)
        value = bought.total * rate
        yield EnterLandedCost(
            self.trader.id_of("air freight", day),
            "freight",
            day,
            (value * Decimal("0.06") / rate_on("USD", day)).quantize(CENT),
            "weight",
            (bought.receipt_id,),
            self.forwarder_id,
            reference=f"PAC-{day:%y%m%d}",
            currency="USD",
        )
        yield EnterLandedCost(
            self.trader.id_of("duty", day),
            "duty",
            day,
            (value * Decimal("0.08")).quantize(CENT),
            "value",
            (bought.receipt_id,),
            reference=f"Pudong customs 浦东海关 {day:%y%m%d}",
        )

    def _invoice(self, bought: _Bought, day: date) -> Action:
        """It names a higher price for one product, and the bank sells the currency dearer than the month's rate."""
        price = bought.lines[0][3] * Decimal("1.03")
        line_id = self.lines_of(bought.receipt_id)[0]
        return CorrectReceiptPrices(
            self.trader.id_of("invoice from abroad", day),
            bought.receipt_id,
            day,
            (CorrectedPrice(line_id, price.quantize(Decimal(1).scaleb(-bought.supplier.places))),),
            f"{bought.supplier.currency}-{day:%y%m}",
            day,
            rate=(rate_on(bought.supplier.currency, day) * Decimal("1.004")).quantize(Decimal("0.00001")),
        )

    def _goods_back(self, bought: _Bought, day: date) -> Action:
        _, product, _, price = bought.lines[1]
        qty = min(12, self.trader.on_hand(SHANGHAI, product))
        self.trader.left(SHANGHAI, product, qty)
        return ReturnToSupplier(
            self.trader.id_of("goods back abroad", day),
            bought.receipt_id,
            day,
            (SentBackLine(self.lines_of(bought.receipt_id)[1], Decimal(qty), price),),
            reason="Springs rusted 弹簧生锈" if bought.supplier.family == "PMP" else "Glaze cracked 釉面开裂",
            reference=f"RMA-{bought.supplier.currency}-{day:%y%m}",
        )
