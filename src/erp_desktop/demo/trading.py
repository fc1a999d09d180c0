"""A year of trade as actions, day by day. Keeps its own picture of the stock, so that it asks for nothing impossible."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from uuid import UUID

from erp_desktop.actions.base import Action
from erp_desktop.actions.channel_orders import ChannelLine, ChannelReturn, TakeInChannelOrders, channel_return_id
from erp_desktop.actions.delivering import ConfirmDelivery
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder, shipment_line_id
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.demo.catalogue import SampleProduct
from erp_desktop.ids import child_id, derived_id

CENT = Decimal("0.01")
PRODUCTS_PER_SUPPLIER = 12
LOW_STOCK = 50
REFILL_TO = 340
OPENING_QTY = 160
WEEKS_REMEMBERED = timedelta(days=42)
DAYS_UNDER_WAY = timedelta(days=2)
DAMAGED = "Damaged box"
ANNOUNCES = ("TMALL", "JD")  # platforms whose files say what comes back before it is here
DAYS_STILL_TO_COME = timedelta(days=2)
SHARE_OF_WAREHOUSE = (0.6, 0.25, 0.15)


@dataclass(frozen=True)
class Traded:
    """The ids of what and who takes part, in the order of the catalogue."""

    products: list[SampleProduct]
    product_ids: list[UUID]
    supplier_ids: list[UUID]
    distributor_ids: list[UUID]
    consumer_ids: list[UUID]
    carrier_ids: list[UUID]
    channel_ids: dict[str, UUID]
    warehouse_ids: list[UUID]
    bin_ids: list[list[UUID]]

    def supplier_of(self, product: int) -> int:
        """The usual supplier of a product, both by their place in the catalogue."""
        return product // PRODUCTS_PER_SUPPLIER % len(self.supplier_ids)

    def bin_of(self, warehouse: int, product: int) -> UUID:
        """Where a product lies in a warehouse; the first bin is for goods that arrive."""
        bins = self.bin_ids[warehouse]
        return bins[1 + product % (len(bins) - 1)]


@dataclass
class _Expected:
    """A purchase order on its way: what comes when."""

    order_id: UUID
    supplier: int
    warehouse: int
    due_on: date
    lines: list[tuple[UUID, int, int, Decimal]]  # line, product, qty, unit price


@dataclass(frozen=True)
class Received:
    """A goods receipt of the last weeks: from whom, and what came as product, qty and unit price, in the order of its lines."""

    receipt_id: UUID
    supplier: int
    warehouse: int
    received_on: date
    lines: list[tuple[int, int, Decimal]]


@dataclass
class _Shipped:
    """A parcel that may come back: its lines as product and qty."""

    shipment_id: UUID
    warehouse: int
    shipped_on: date
    lines: list[tuple[int, int]]  # product, qty; in the order of the shipment's lines
    channel: str
    customer: UUID


@dataclass
class Trader:
    """The sample company's trade. Same ids and `random` seed: same trade."""

    traded: Traded
    random: Random
    first_day: date
    today: date
    purchase_orders: int = 0
    sales_orders: int = 0
    sold_in_all: Decimal = Decimal(0)
    received: list[Received] = field(default_factory=list)  # of the last weeks, in their order
    _stock: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))  # (warehouse, product)
    _coming: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    _expected: list[_Expected] = field(default_factory=list)
    _sold: Decimal = Decimal(0)
    _bought: Decimal = Decimal(0)
    _shipped: list[_Shipped] = field(default_factory=list)
    _under_way: list[tuple[UUID, date]] = field(default_factory=list)  # shipments, and when they left
    _day: date | None = None
    _counter: int = 0

    def _id(self, kind: str) -> UUID:
        """Ids in the order of the days, as people's own are: lists that were not sorted show the newest first."""
        self._counter += 1
        made_at = int(datetime.combine(self._day or self.first_day, time(), UTC).timestamp() * 1000) + self._counter
        named = derived_id(f"sample {kind}", self.traded.channel_ids["WEB"], str(self._counter))
        return child_id(UUID(int=(made_at << 80) | (named.int & ((1 << 80) - 1))), self._counter)

    def id_of(self, kind: str, day: date) -> UUID:
        """An id for something that others than the trade do on `day`."""
        self._day = day
        return self._id(kind)

    def on_hand(self, warehouse: int, product: int) -> int:
        """What lies in a warehouse, by the places of both in what is traded."""
        return self._stock[warehouse, product]

    def left(self, warehouse: int, product: int, qty: int) -> None:
        """`qty` of a product left otherwise than by a sale."""
        self._stock[warehouse, product] -= qty

    def came(self, warehouse: int, product: int, qty: int, bought_for: Decimal = Decimal(0)) -> None:
        """`qty` of a product came in otherwise than by the company's usual suppliers; `bought_for` in company currency."""
        self._stock[warehouse, product] += qty
        self._bought += bought_for

    def best_stocked(self, warehouse: int, count: int, *families: str) -> list[int]:
        """The products not kept by lots of which most lies there, the first of equals first; of all families if none is named."""
        places = [
            place
            for place, product in enumerate(self.traded.products)
            if product.family.keeps_days is None and (not families or product.family.code in families)
        ]
        return sorted(places, key=lambda place: -self._stock[warehouse, place])[:count]

    def opening(self) -> Iterator[Action]:
        """What lay in the bins when the books were opened."""
        for warehouse, share in enumerate(SHARE_OF_WAREHOUSE):
            qty = int(OPENING_QTY * share * 1.5)
            lines = []
            for product, sample in enumerate(self.traded.products):
                self._stock[warehouse, product] = qty
                lines.append(
                    CountedLine(
                        self.traded.product_ids[product],
                        self.traded.bin_of(warehouse, product),
                        Decimal(qty),
                        sample.cost,
                        *self._lot(product, self.first_day),
                    )
                )
            yield CountStock(
                self._id("opening"), self.traded.warehouse_ids[warehouse], self.first_day, tuple(lines), "Opening stock", is_opening=True
            )  # fmt: skip

    def day(self, day: date) -> Iterator[Action]:
        """All that happens on a day, in order: goods in, orders out, things back, new orders to suppliers."""
        self._day = day
        yield from self._arrivals(day)
        for _ in range(self._orders_of(day)):
            yield from self._sale(day)
        yield from self._returns(day)
        yield from self._deliveries(day)
        if day.weekday() in (0, 3):
            yield from self._reorder(day)
        if day.day == 20 and day.month % 2:
            yield from self._count(day)

    def take_month(self) -> tuple[Decimal, Decimal]:
        """What was sold and bought since the last call, in company currency."""
        sold, bought = self._sold, self._bought
        self._sold = self._bought = Decimal(0)
        return sold, bought

    def still_open(self, today: date) -> Iterator[Action]:
        """What waits for people on the first day of use: drafts, orders to allocate and to ship, goods on their way."""
        self._day = today
        yield from self._purchase(today, 0, [3, 4, 5], confirm=False)
        yield from self._purchase(today - timedelta(days=20), 1, [40, 41, 42, 43])
        for step in range(14):
            yield from self._sale(today, ship=False, allocate=step % 2 == 0)

    def _orders_of(self, day: date) -> int:
        orders = 5 + (day.weekday() in (0, 4)) - 2 * (day.weekday() == 6) + self.random.randint(-1, 1)
        return orders + (8 if (day.month, day.day) in ((11, 11), (6, 18)) else 0)

    def _arrivals(self, day: date) -> Iterator[Action]:
        self.received = [one for one in self.received if one.received_on >= day - WEEKS_REMEMBERED]
        due = [order for order in self._expected if order.due_on <= day]
        self._expected = [order for order in self._expected if order.due_on > day]
        for order in due:
            parts = [order.lines]
            if len(order.lines) > 3 and self.random.random() < 0.12:  # the lorry was too small
                parts = [order.lines[:2], order.lines[2:]]
            receipts = []
            for part in parts:
                receipts.append(self._id("receipt"))
                yield ReceiveGoods(
                    receipts[-1],
                    order.order_id,
                    day,
                    tuple(
                        ReceivedLine(
                            line, Decimal(qty), self.traded.bin_of(order.warehouse, product), *self._lot(product, day)
                        )
                        for line, product, qty, _ in part
                    ),
                    delivery_note=f"DN{self.random.randrange(10**6):06d}",
                )
                self.received.append(
                    Received(receipts[-1], order.supplier, order.warehouse, day, [line[1:] for line in part])
                )
            for _, product, qty, price in order.lines:
                self._stock[order.warehouse, product] += qty
                self._coming[order.warehouse, product] -= qty
                self._bought += (price * qty).quantize(CENT, ROUND_HALF_UP)
            if self.random.random() < 0.25:
                value = sum((price * qty for _, _, qty, price in order.lines), Decimal(0))
                amount = (value * self.random.randrange(20, 70) / 1000 + 12).quantize(
                    CENT
                )  # a few hundredths, and a fee
                kind = self.random.choice(("freight", "freight", "duty", "insurance"))
                basis = "weight" if kind == "freight" else "value"
                yield EnterLandedCost(self._id("landed"), kind, day, amount, basis, tuple(receipts))

    def _lot(self, product: int, day: date) -> tuple[str, date | None]:
        """The lot that arrives on `day`, and when it expires; none of what is not kept by lots."""
        keeps_days = self.traded.products[product].family.keeps_days
        return ("", None) if keeps_days is None else (f"L{day:%y%m%d}", day + timedelta(days=keeps_days))

    def _reorder(self, day: date) -> Iterator[Action]:
        for warehouse, share in enumerate(SHARE_OF_WAREHOUSE):
            low: dict[int, list[int]] = defaultdict(list)
            for product in range(len(self.traded.products)):
                if self._stock[warehouse, product] + self._coming[warehouse, product] < LOW_STOCK * share * 1.5:
                    low[self.traded.supplier_of(product)].append(product)
            for products in low.values():
                yield from self._purchase(day, warehouse, products[:8])

    def _purchase(self, day: date, warehouse: int, products: list[int], *, confirm: bool = True) -> Iterator[Action]:
        order_id = self._id("purchase order")
        supplier = self.traded.supplier_of(products[0])
        due_on = day + timedelta(days=self.random.randint(4, 14))
        lines = []
        for product in products:
            drift = Decimal(100 + self.random.randint(-4, 6)) / 100
            price = (self.traded.products[product].cost * drift).quantize(Decimal("0.001"))
            qty = 10 * self.random.randint(int(REFILL_TO * SHARE_OF_WAREHOUSE[warehouse] / 10), 36)
            lines.append((self._id("purchase line"), product, qty, price))
            self._coming[warehouse, product] += qty
        yield SavePurchaseOrder(
            order_id,
            self.traded.supplier_ids[supplier],
            self.traded.warehouse_ids[warehouse],
            day,
            due_on,
            tuple(PurchaseLine(line, self.traded.product_ids[product], Decimal(qty), price) for line, product, qty, price in lines),
        )  # fmt: skip
        self.purchase_orders += 1
        if confirm:
            yield ConfirmPurchaseOrder(order_id)
            if (due_on <= self.today and day < self.today - timedelta(days=18)) or day < self.today - timedelta(
                days=20
            ):
                self._expected.append(_Expected(order_id, supplier, warehouse, due_on, lines))

    def _sale(self, day: date, *, ship: bool = True, allocate: bool = True) -> Iterator[Action]:
        random = self.random
        channel = random.choices(("WEB", "TMALL", "JD", "DIST"), (3, 4, 3, 4))[0]
        warehouse = random.choices(range(3), SHARE_OF_WAREHOUSE)[0]
        is_distributor = channel == "DIST"
        wanted = random.sample(range(len(self.traded.products)), random.randint(1, 6 if is_distributor else 3))
        lines = []
        for product in wanted:
            qty = random.randint(6, 30) if is_distributor else random.randint(1, 4)
            qty = min(qty, self._stock[warehouse, product])
            if qty:
                share = Decimal("0.86") if is_distributor else Decimal(1)
                price = (self.traded.products[product].list_price * share).quantize(CENT)
                discount = Decimal("0.05") if random.random() < 0.1 else Decimal(0)
                lines.append((self._id("sales line"), product, qty, price, discount))
        if not lines:
            return
        order_id = self._id("sales order")
        customer = random.choice(self.traded.distributor_ids if is_distributor else self.traded.consumer_ids)
        freight = Decimal(0) if is_distributor else Decimal(random.choice((0, 0, 8, 12)))
        yield SaveSalesOrder(
            order_id=order_id,
            channel_id=self.traded.channel_ids[channel],
            warehouse_id=self.traded.warehouse_ids[warehouse],
            ordered_on=day,
            due_on=day + timedelta(days=3),
            lines=tuple(
                SalesLine(line, self.traded.product_ids[product], Decimal(qty), price, discount)
                for line, product, qty, price, discount in lines
            ),
            customer_id=customer,
            distributor_id=customer if is_distributor else None,
            external_number=None if is_distributor else f"{channel}{day:%y%m%d}{self._counter:06d}",
            priority=random.choice((2, 3, 3, 3, 4)),
            freight=freight,
        )
        self.sales_orders += 1
        yield ConfirmSalesOrder(order_id)
        if not allocate:
            return
        yield AllocateSalesOrder(order_id)
        for _, product, qty, price, discount in lines:
            self._stock[warehouse, product] -= qty
            amount = (price * qty * (1 - discount)).quantize(CENT, ROUND_HALF_UP)
            self._sold += amount
            self.sold_in_all += amount
        if ship:
            parcel = [(product, qty) for _, product, qty, _, _ in lines]
            shipped = _Shipped(self._id("shipment"), warehouse, day, parcel, channel, customer)
            yield self._shipment(order_id, shipped)

    def _shipment(self, order_id: UUID, shipped: _Shipped) -> Action:
        shipment_id, day = shipped.shipment_id, shipped.shipped_on
        self._shipped.append(shipped)
        self._under_way.append((shipment_id, day))
        return ShipOrder(
            shipment_id,
            order_id,
            day,
            carrier_id=self.random.choice(self.traded.carrier_ids),
            tracking_number=f"SF{self.random.randrange(10**12):012d}",
        )

    def _deliveries(self, day: date) -> Iterator[Action]:
        """The carriers' list of the day: what left long enough ago has arrived."""
        arrived = tuple(
            shipment_id for shipment_id, shipped_on in self._under_way if shipped_on <= day - DAYS_UNDER_WAY
        )
        if arrived:
            self._under_way = [parcel for parcel in self._under_way if parcel[0] not in arrived]
            yield ConfirmDelivery(arrived, day)

    def _returns(self, day: date) -> Iterator[Action]:
        """Now and then something comes back within a fortnight."""
        self._shipped = [parcel for parcel in self._shipped if parcel.shipped_on >= day - timedelta(days=14)]
        if timedelta(0) < self.today - day <= DAYS_STILL_TO_COME:
            yield from self._announced_only(day)
        if not self._shipped or self.random.random() > 0.22:
            return
        parcel = self._shipped.pop(self.random.randrange(len(self._shipped)))
        place, (product, qty) = self.random.choice(list(enumerate(parcel.lines, start=1)))
        back = self.random.randint(1, qty)
        reason = self.random.choice(("Changed their mind", "Wrong size", DAMAGED, "Late delivery"))
        broken = (back + 1) // 2 if reason == DAMAGED else 0
        if any(self.traded.products[one].family.keeps_days for one, _ in parcel.lines[:place]):
            return  # which lots left decides which lines the shipment has from there on
        self._stock[parcel.warehouse, product] += back - broken
        line_id, bin_id = shipment_line_id(parcel.shipment_id, place), self.traded.bin_of(parcel.warehouse, product)
        parts = ((back - broken, False), (broken, True))
        announced_id = None
        if parcel.channel in ANNOUNCES:
            announcement = self._announcement(
                parcel, product, back, max(parcel.shipped_on, day - DAYS_UNDER_WAY), reason
            )
            announced_id = channel_return_id(announcement.channel_id, announcement.returns[0].external_number)
            yield announcement
        yield TakeInReturn(
            self._id("return"),
            parcel.shipment_id,
            day,
            tuple(ReturnedLine(line_id, Decimal(part), bin_id, is_scrapped) for part, is_scrapped in parts if part),
            reason=reason,
            announced_id=announced_id,
        )

    def _announced_only(self, day: date) -> Iterator[Action]:
        """A platform says that something comes back, and it is not here yet."""
        for parcel in self._shipped:
            product, qty = parcel.lines[0]
            if parcel.channel in ANNOUNCES and self.traded.products[product].family.keeps_days is None:
                self._shipped.remove(parcel)
                yield self._announcement(parcel, product, qty, day, "Wrong size")
                return

    def _announcement(self, parcel: _Shipped, product: int, qty: int, day: date, reason: str) -> TakeInChannelOrders:
        """What the platform's file of a day says."""
        number = f"R-{parcel.channel}{day:%y%m%d}{self._counter:06d}"
        line = ChannelLine(self.traded.product_ids[product], Decimal(qty), self.traded.products[product].list_price)
        return TakeInChannelOrders(
            self.traded.channel_ids[parcel.channel],
            self.traded.warehouse_ids[parcel.warehouse],
            returns=(ChannelReturn(number, day, (line,), parcel.customer, reason),),
        )

    def _count(self, day: date) -> Iterator[Action]:
        """A few bins are counted; now and then a piece is missing or found."""
        warehouse = self.random.randrange(3)
        lines = []
        for product in self.random.sample(range(len(self.traded.products)), 20):
            expected = self._stock[warehouse, product]
            found = max(0, expected + self.random.choice((-2, -1, 0, 0, 0, 0, 1)))
            if self.traded.products[product].family.keeps_days:
                continue  # counted lot by lot, another time
            self._stock[warehouse, product] = found
            lines.append(
                CountedLine(self.traded.product_ids[product], self.traded.bin_of(warehouse, product), Decimal(found))
            )
        yield CountStock(self._id("count"), self.traded.warehouse_ids[warehouse], day, tuple(lines), "Cycle count")
