"""Random histories of one company's stock, entered in any order, and what must hold after each of them.

Here: the steps that are drawn, the trade that performs them, and what is remembered of the books to compare. Not here: the tests.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from sqlalchemy import func, select

from company_fixtures import SmallCompany
from erp_desktop.actions.base import Action
from erp_desktop.actions.cost_books import ChangeCostMethod, OpenCostBook
from erp_desktop.actions.cost_events import LATE_VALUES
from erp_desktop.actions.delivering import ConfirmDelivery
from erp_desktop.actions.exchanging import SaveExchangeRate
from erp_desktop.actions.landed_costs import EnterLandedCost, ManualShare
from erp_desktop.actions.masters import (
    SaveBin,
    SaveCategory,
    SaveProduct,
    SaveProductUnit,
    SaveUnit,
    SaveWarehouse,
)
from erp_desktop.actions.periods import ClosePeriod, ReopenPeriod
from erp_desktop.actions.price_corrections import CorrectReceiptPrice
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.returning import ReturnedLine, ReturnedProduct, TakeInReturn, TakeInReturnWithoutShipment
from erp_desktop.actions.revaluing import NewStandard, RevaluedLine, RevalueStock, SetStandardCost
from erp_desktop.actions.scrapping import ScrappedLine, ScrapStock
from erp_desktop.actions.selling import ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder, ShippedLine, shipment_line_id
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.actions.transferring import (
    ArrivedLine,
    CloseTransferShort,
    DispatchedLine,
    DispatchTransfer,
    ReceiveTransfer,
    transfer_line_id,
)
from erp_desktop.costing.events import METHODS
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.costing import CostAdjustment, CostBook, CostEdge, CostEvent, CostPool, MoveCost
from erp_desktop.models.ledger import JournalEntry, JournalLine, Period
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.stock import Lot, MoveKind, StockBalance
from erp_desktop.numbers import ZERO, UnitFactor

OUR_FAULTS = {"fault", "malformed", "against_the_rules", "blocked"}  # refusals that no person can have caused
FIRST_DAY = date(2026, 1, 2)
MONTHS = tuple(date(2026, month, 1) for month in (1, 2, 3, 4))
LOTS = ("L1", "L2")
# Of four orders that follow each other the second is in cases of 8/3 pieces, the third in dollars, the last in cases and yen.
BOUGHT_IN = (("", ""), ("CASE", ""), ("", "USD"), ("CASE", "JPY"))
CASE = UnitFactor(8, 3)
RATES = (
    ("USD", FIRST_DAY, "7.1234567891"),
    ("USD", date(2026, 2, 10), "6.9"),
    ("JPY", FIRST_DAY, "0.0487"),
    ("JPY", date(2026, 1, 31), "0.05"),
)
NEVER_REWRITTEN = (MoveCost, CostAdjustment, CostEdge, JournalLine)
# Days apart enough that much happens on the same one, and that standards begin on some of them.
DAYS = tuple(FIRST_DAY + timedelta(days=one) for one in (1, 8, 15, 26, 29, 31, 40, 50, 57, 60, 75, 86))
STANDARDS_BEGIN = (date(2026, 1, 6), DAYS[1], date(2026, 2, 4), DAYS[6], date(2026, 3, 11))

products = st.sampled_from(["A", "A", "A", "W", "W", "L"])  # costed for the company, by warehouse, by lot
quantities = st.one_of(st.integers(1, 9).map(str), st.decimals("0.3", "7", places=1).map(str))
prices = st.one_of(st.integers(1, 9).map(str), st.decimals("0.01", "30", places=2).map(str))
days = st.sampled_from(DAYS)
which = st.integers(0, 3)  # the how-manieth document so far, counted from the last
warehouses = st.integers(0, 2)
lots = st.integers(0, 1)
BASES = ("value", "qty", "weight", "volume", "equal", "manual")

Steps = tuple[st.SearchStrategy[Any], ...]


def _moves(days: st.SearchStrategy[date], products: st.SearchStrategy[str]) -> Steps:
    return (
        st.tuples(
            st.just("receive"),
            days,
            warehouses,
            st.lists(st.tuples(products, quantities, prices, lots), min_size=1, max_size=2),
        ),
        st.tuples(st.just("ship"), days, warehouses, st.lists(st.tuples(products, quantities), min_size=1, max_size=2)),
        st.tuples(st.just("transfer"), days, warehouses, products, quantities, lots),
        st.tuples(st.just("dispatch"), days, warehouses, products, quantities, lots),
        st.tuples(st.just("arrive"), st.integers(0, 40), st.integers(0, 1), quantities),
        st.tuples(st.just("close short"), st.integers(0, 40), st.integers(0, 1)),
        st.tuples(st.just("take back"), days, which, quantities, st.booleans()),
        st.tuples(st.just("take in"), days, warehouses, products, quantities, lots, st.booleans()),
        st.tuples(st.just("scrap"), days, warehouses, products, quantities, lots),
        st.tuples(st.just("send back"), days, which, quantities, prices),
        st.tuples(st.just("count"), days, warehouses, products, st.integers(-5, 5), st.none() | prices, lots),
    )


def _values(days: st.SearchStrategy[date]) -> Steps:
    return (
        st.tuples(
            st.just("landed cost"),
            days,
            st.lists(which, min_size=1, max_size=2, unique=True),
            prices,
            st.sampled_from(BASES),
        ),
        st.tuples(st.just("credit"), days, which, prices),
        st.tuples(st.just("price"), days, which, prices),
    )


_revaluation = st.tuples(st.just("revalue"), days, warehouses, products, st.integers(-9, 9).filter(bool), lots)
_standard = st.tuples(st.just("standard"), st.sampled_from(STANDARDS_BEGIN), products, prices)
_books = (
    st.tuples(st.just("close"), st.just(0)),
    st.tuples(st.just("reopen"), st.just(0)),
    st.tuples(st.just("method"), st.sampled_from(MONTHS), st.booleans(), st.sampled_from(METHODS)),
    st.tuples(st.just("open book"), st.sampled_from(METHODS)),
)
_all_moves = _moves(days, products)
steps = st.one_of(*_all_moves, *_all_moves, *_values(days), _revaluation, _standard, *_books)
histories = st.lists(st.tuples(steps, st.booleans()), min_size=6, max_size=24)


def crowded_history(seed: int) -> list[tuple[Any, ...]]:
    """One product and few days, so that what is entered late meets the same layers again and again, and is followed by what is
    not late."""
    random = Random(seed)
    product = random.choice("AAW")

    def day() -> date:
        return FIRST_DAY + timedelta(days=random.randint(0, 15) * random.choice((1, 1, 1, 3)))

    def qty(most: int = 6) -> str:
        return str(Decimal(random.randint(1, most * 2)) / 2)

    def price() -> str:
        return str(Decimal(random.randint(1, 999)) / 100)

    kinds: dict[str, Callable[[], tuple[Any, ...]]] = {
        "receive": lambda: (day(), 0, [(product, qty(10), price(), 0)]),
        "ship": lambda: (day(), 0, [(product, qty())]),
        "transfer": lambda: (day(), int(random.random() > 0.7), product, qty(3), 0),
        "take back": lambda: (DAYS[6], random.randint(0, 3), qty(2), random.random() < 0.3),
        "take in": lambda: (day(), 0, product, qty(2), 0, random.random() < 0.3),
        "scrap": lambda: (day(), 0, product, qty(2), 0),
        "send back": lambda: (DAYS[6], random.randint(0, 3), qty(2), price()),
        "count": lambda: (day(), 0, product, random.randint(-5, 5), None, 0),
        "landed cost": lambda: (random.choice((DAYS[6], day())), [random.randint(0, 3)], price(), "qty"),
        "price": lambda: (DAYS[6], random.randint(0, 3), price()),
        "revalue": lambda: (DAYS[6], 0, product, random.choice((-3, -1, 2, 4)), 0),
    }
    drawn = random.choices([*kinds, "receive", "ship", "ship", "ship"], k=random.randint(10, 30))
    return [("receive", FIRST_DAY, 0, [(product, "10", "3.33", 0)]), *((kind, *kinds[kind]()) for kind in drawn)]


def wandering_history(seed: int) -> list[tuple[Any, ...]]:
    """Goods that are costed by warehouse go from one to the next and round again, over months, often before they are there;
    what they cost is known later and goes after them."""
    random = Random(seed)

    on_days = sorted({FIRST_DAY + timedelta(days=one) for one in range(101)} - {*STANDARDS_BEGIN})

    def day() -> date:
        return random.choice(on_days)

    def place() -> int:
        return random.choice((0, 0, 1, 1, 2))

    def qty(most: int = 6) -> str:
        return str(Decimal(random.randint(1, most * 2)) / 2)

    def price() -> str:
        return str(Decimal(random.randint(1, 999)) / 100)

    kinds: dict[str, Callable[[], tuple[Any, ...]]] = {
        "receive": lambda: (day(), place(), [("W", qty(10), price(), 0)]),
        "ship": lambda: (day(), place(), [("W", qty())]),
        "transfer": lambda: (day(), place(), "W", qty(4), 0),
        "dispatch": lambda: (day(), place(), "W", qty(4)),
        "arrive": lambda: (random.randint(0, 40), random.randint(0, 2), qty(3)),
        "close short": lambda: (random.randint(0, 40), random.randint(0, 2)),
        "take back": lambda: (day(), random.randint(0, 3), qty(2), random.random() < 0.3),
        "take in": lambda: (day(), place(), "W", qty(2), 0, random.random() < 0.3),
        "scrap": lambda: (day(), place(), "W", qty(2), 0),
        "send back": lambda: (day(), random.randint(0, 3), qty(2), price()),
        "count": lambda: (day(), place(), "W", random.randint(-4, 6), random.choice((None, price())), 0),
        "landed cost": lambda: (day(), [random.randint(0, 3)], price(), "qty"),
        "credit": lambda: (day(), 0, price()),
        "price": lambda: (day(), random.randint(0, 3), price()),
        "standard": lambda: (random.choice(STANDARDS_BEGIN), "W", price()),
        "close": lambda: (0,),
    }
    often = [
        "receive",
        "transfer",
        "transfer",
        "dispatch",
        "dispatch",
        "arrive",
        "arrive",
        "arrive",
        "count",
        "landed cost",
        "price",
        "ship",
    ]
    drawn = random.choices([*kinds, *often, *often], k=random.randint(10, 30))
    return [("receive", FIRST_DAY, place, [("W", "20", "3.33", 0)]) for place in (0, 1)] + [
        (kind, *kinds[kind]()) for kind in drawn
    ]


def with_deliveries(history: list[tuple[Any, ...]], seed: int) -> list[tuple[Any, ...]]:
    """The same with more shipments, of some of which it is said in between when the customers had them, and with more returns."""
    random = Random(seed)
    code = history[0][3][0][0]
    steps = []
    for step in history:
        steps.append(step)
        on = step[1] if isinstance(step[1], date) else DAYS[6]
        if random.random() < 0.3:
            steps.append(("ship", on, random.choice((0, 0, 1)), [(code, random.choice("123"))]))
        if random.random() < 0.2:
            steps.append(("take back", on, random.randint(0, 3), random.choice(("1", "0.5")), random.random() < 0.3))
        for _ in range(random.choice((0, 0, 0, 1, 1, 2))):
            steps.append(("deliver", random.choice((0, 0, 1, 3, 9, 25, 40)), random.randint(0, 5)))
    return steps


@dataclass(frozen=True)
class Keeping:
    """A further book: its method, and whether its variances are shared."""

    method: str
    shares_variance: bool = False

    @property
    def code(self) -> str:
        return f"{self.method}{' shared' if self.shares_variance else ''}"


ALL_BOOKS = (*(Keeping(method) for method in METHODS), Keeping("standard", shares_variance=True))


class StockTrade:
    """Performs drawn steps in a company. What they name may not be there, or not allow it: then they are refused.

    Three products are costed for the company, by warehouse and by lot; the second and the third warehouse may give out more
    than they have.
    """

    def __init__(self, company: SmallCompany, method: str) -> None:
        self.company = company
        self.method = method
        self.receipts: list[UUID] = []
        self.shipments: list[tuple[UUID, date]] = []
        self.landed_costs: list[UUID] = []
        self.under_way: list[tuple[UUID, date]] = []  # goods transfers, and when they left
        self.waiting: list[Action] = []
        self.kept: dict[str, UUID] = {}
        self.posting_book = derived_id("cost_book", company.company_id, "MAIN")
        self.warehouses = (company.warehouse, new_id(), new_id())
        self.bins = (company.bin, new_id(), new_id())
        self.products = {code: new_id() for code in "AWL"}
        self.case = new_id()
        self._open()
        self.seen = self.rows()

    def _open(self) -> None:
        company, unit = self.company, derived_id("unit", self.company.company_id, "PC")
        company.perform(
            SaveUnit(self.case, "CASE", "Case"),
            *(SaveExchangeRate(new_id(), currency, on, Decimal(rate)) for currency, on, rate in RATES),
        )
        for place, name in ((1, "Second"), (2, "Third")):
            warehouse, stock_bin, code = self.warehouses[place], self.bins[place], name.upper()
            company.perform(
                SaveWarehouse(warehouse, code, name, allows_negative=True),
                SaveBin(stock_bin, warehouse, f"B{place + 1}"),
                SaveWarehouse(warehouse, code, name, receiving_bin_id=stock_bin, allows_negative=True),
            )
        for code, pool in (("A", "company"), ("W", "warehouse"), ("L", "lot")):
            method = None if self.method == "specific" and pool != "lot" else self.method
            category = derived_id("category", company.company_id, code)
            company.perform(
                SaveCategory(category, code, code, cost_method=method, cost_pool=pool),
                SaveProduct(
                    product_id=self.products[code],
                    code=code,
                    name=code,
                    category_id=category,
                    unit_id=unit,
                    weight_kg=Decimal("1.5") if code == "A" else None,
                    volume_m3=Decimal("0.02") if code == "W" else None,
                    tracking="lot" if code == "L" else "none",
                ),
                SaveProductUnit(new_id(), self.products[code], self.case, CASE.numerator, CASE.denominator),
            )

    # -- performing

    def perform(self, step: tuple[Any, ...], *, waits: bool) -> None:
        getattr(self, "_" + step[0].replace(" ", "_"))(*step[1:])
        if not waits:
            self.push()

    def push(self) -> None:
        """All that waits, in one push."""
        pushed, self.waiting = self.waiting, []
        for action, result in zip(
            pushed,
            self.company.centre.perform_local(self.company.company_id, self.company.owner_id, pushed),
            strict=True,
        ):
            assert result.problem is None or result.problem["code"] not in OUR_FAULTS, (action, result.problem)

    def open_book(self, keeping: Keeping, code: str) -> UUID:
        """A further book that must be accepted."""
        book = new_id()
        self.push()
        self.company.perform(OpenCostBook(book, code, code, keeping.method, shares_variance=keeping.shares_variance))
        return book

    def _do(self, *actions: Action) -> None:
        self.waiting += actions

    # -- steps

    def _receive(self, on: date, place: int, lines: list[tuple[str, str, str, int]]) -> None:
        order = new_id()
        unit, currency = BOUGHT_IN[len(self.receipts) % len(BOUGHT_IN)]
        named = [(derived_id("line", order, str(number)), *line) for number, line in enumerate(lines)]
        wanted = tuple(
            PurchaseLine(
                line,
                self.products[code],
                _cases_for(Decimal(qty)) if unit else Decimal(qty),
                Decimal(price),
                self.case if unit else None,
            )
            for line, code, qty, price, _ in named
        )
        came = tuple(
            ReceivedLine(line, Decimal(qty), lot_code=LOTS[lot] if code == "L" else "")
            for line, code, qty, _, lot in named
        )
        self.receipts.append(new_id())
        self._do(
            SavePurchaseOrder(order, self.company.supplier, self.warehouses[place], on, on, wanted, currency=currency),
            ConfirmPurchaseOrder(order),
            ReceiveGoods(self.receipts[-1], order, on, came),
        )

    def _ship(self, on: date, place: int, lines: list[tuple[str, str]]) -> None:
        order, shipment = new_id(), new_id()
        named = [(derived_id("line", order, str(number)), *line) for number, line in enumerate(lines)]
        sold = tuple(SalesLine(line, self.products[code], Decimal(qty), Decimal("50")) for line, code, qty in named)
        self._do(
            SaveSalesOrder(
                order, self.company.channel, self.warehouses[place], on, on, sold, customer_id=self.company.customer
            ),
            ConfirmSalesOrder(order),
            ShipOrder(shipment, order, on, lines=tuple(ShippedLine(line, Decimal(qty)) for line, _, qty in named)),
        )
        self.shipments.append((shipment, on))

    def _transfer(self, on: date, place: int, code: str, qty: str, lot: int) -> None:
        lot_id = self._lot(code, lot)
        source, target = self.bins[place], self.bins[(place + 1) % len(self.bins)]
        self._do(MoveStock(new_id(), self.products[code], Decimal(qty), source, target, on, lot_id))

    def _dispatch(self, on: date, place: int, code: str, qty: str, lot: int = 0) -> None:
        transfer, following = new_id(), (place + 1) % len(self.bins)
        line = DispatchedLine(self.products[code], Decimal(qty), self.bins[place], self._lot(code, lot))
        self._do(DispatchTransfer(transfer, self.warehouses[place], self.warehouses[following], on, (line,)))
        self.under_way.append((transfer, on))

    def _arrive(self, days: int, which: int, qty: str) -> None:
        if which < len(self.under_way):
            transfer, left_on = self.under_way[-1 - which]
            line = ArrivedLine(transfer_line_id(transfer, 1), Decimal(qty))
            self._do(ReceiveTransfer(transfer, left_on + timedelta(days), (line,)))

    def _close_short(self, days: int, which: int) -> None:
        if which < len(self.under_way):
            transfer, left_on = self.under_way[-1 - which]
            self._do(CloseTransferShort(transfer, left_on + timedelta(days), "never came"))

    def _deliver(self, days: int, which: int) -> None:
        if which < len(self.shipments):
            shipment, shipped_on = self.shipments[-1 - which]
            self._do(ConfirmDelivery((shipment,), shipped_on + timedelta(days)))

    def _take_back(self, on: date, place: int, qty: str, is_scrapped: bool) -> None:
        if place >= len(self.shipments):
            return
        shipment, shipped_on = self.shipments[-1 - place]
        line = shipment_line_id(shipment, 1)
        back = ReturnedLine(line, Decimal(qty), is_scrapped=is_scrapped)
        self._do(TakeInReturn(new_id(), shipment, max(on, shipped_on), (back,)))

    def _take_in(self, on: date, place: int, code: str, qty: str, lot: int, is_scrapped: bool) -> None:
        """Of nobody knows which shipment."""
        back = ReturnedProduct(
            self.products[code],
            Decimal(qty),
            Decimal("45"),
            lot_code=LOTS[lot] if code == "L" else "",
            is_scrapped=is_scrapped,
        )
        customer = self.company.customer
        self._do(TakeInReturnWithoutShipment(new_id(), self.warehouses[place], on, (back,), customer_id=customer))

    def _scrap(self, on: date, place: int, code: str, qty: str, lot: int) -> None:
        thrown = ScrappedLine(self.products[code], self.bins[place], Decimal(qty), self._lot(code, lot))
        self._do(ScrapStock(new_id(), self.warehouses[place], on, (thrown,)))

    def _send_back(self, on: date, place: int, qty: str, credit: str) -> None:
        if place < len(self.receipts):
            receipt = self.receipts[-1 - place]
            for line in self._lines(receipt)[:1]:
                sent = (SentBackLine(line, Decimal(qty), Decimal(credit)),)
                self._do(ReturnToSupplier(new_id(), receipt, on, sent))

    def _count(self, on: date, place: int, code: str, more: int, unit_cost: str | None, lot: int) -> None:
        self.push()
        lot_id = self._lot(code, lot)
        with self.company.session() as session:
            held = session.scalar(
                select(StockBalance.on_hand).where(
                    StockBalance.product_id == self.products[code],
                    StockBalance.bin_id == self.bins[place],
                    StockBalance.lot_id == lot_id if lot_id else StockBalance.lot_id.is_(None),
                )
            )
        counted = max(ZERO, (held or ZERO) + more)
        line = CountedLine(
            self.products[code],
            self.bins[place],
            counted,
            None if unit_cost is None else Decimal(unit_cost),
            LOTS[lot] if code == "L" else "",
        )
        self._do(CountStock(new_id(), self.warehouses[place], on, (line,)))

    def _landed_cost(self, on: date, places: list[int], amount: str, basis: str) -> None:
        receipts = tuple(self.receipts[-1 - place] for place in places if place < len(self.receipts))
        lines = self._lines(*receipts)
        shares: tuple[ManualShare, ...] = ()
        if basis == "manual" and lines:
            shares = (ManualShare(lines[0], Decimal(amount)),)
        self.landed_costs.append(new_id())
        self._do(EnterLandedCost(self.landed_costs[-1], "freight", on, Decimal(amount), basis, receipts, shares=shares))

    def _credit(self, on: date, place: int, amount: str) -> None:
        if place < len(self.landed_costs):
            cost = self.landed_costs[-1 - place]
            self._do(EnterLandedCost(new_id(), "freight", on, -Decimal(amount), "qty", (), credits_id=cost))

    def _price(self, on: date, place: int, unit_price: str) -> None:
        if place < len(self.receipts):
            for line in self._lines(self.receipts[-1 - place])[-1:]:
                self._do(CorrectReceiptPrice(new_id(), line, Decimal(unit_price), on))

    def _revalue(self, on: date, place: int, code: str, amount: int, lot: int) -> None:
        line = RevaluedLine(
            self.products[code],
            self.warehouses[place] if code == "W" else None,
            self._lot(code, lot),
            amount=Decimal(amount),
        )
        self._do(RevalueStock(new_id(), on, "prices moved", (line,)))

    def _standard(self, on: date, code: str, unit_cost: str) -> None:
        self._do(SetStandardCost(new_id(), on, "plan", (NewStandard(self.products[code], Decimal(unit_cost)),)))

    def _close(self, _: int) -> None:
        self.push()
        if (period := self.period(is_closed=False)) is not None:
            self._do(ClosePeriod(period))

    def _reopen(self, _: int) -> None:
        self.push()
        if (period := self.period(is_closed=True)) is not None:
            self._do(ReopenPeriod(period, "something was forgotten"))

    def _method(self, from_on: date, is_posting: bool, method: str) -> None:
        """Of product A in the book that posts, or of a book that is kept for it."""
        self.push()
        if is_posting:
            book, category = self.books()["MAIN"], derived_id("category", self.company.company_id, "A")
            self._do(ChangeCostMethod(book, method, from_on, category, is_lifo_confirmed=True))
        elif "changing" in (books := self.books()):
            self._do(ChangeCostMethod(books["changing"], method, from_on))

    def _open_book(self, method: str) -> None:
        self._do(OpenCostBook(new_id(), f"later {len(self.books())}", "Later", method))

    # -- looking things up

    def _lot(self, code: str, lot: int) -> UUID | None:
        if code != "L":
            return None
        with self.company.session() as session:
            found = session.scalars(select(Lot.id).where(Lot.product_id == self.products[code], Lot.code == LOTS[lot]))
            return found.first()

    def _lines(self, *receipts: UUID) -> list[UUID]:
        self.push()
        with self.company.session() as session:
            found = select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id.in_(receipts))
            return list(session.scalars(found.order_by(GoodsReceiptLine.receipt_id, GoodsReceiptLine.line_no)))

    def books(self) -> dict[str, UUID]:
        with self.company.session() as session:
            found = select(CostBook.code, CostBook.id).where(CostBook.company_id == self.company.company_id)
            return dict(session.execute(found).all())  # type: ignore[arg-type]

    def period(self, *, is_closed: bool) -> UUID | None:
        """The first open, or the last closed period of the year's first quarter."""
        with self.company.session() as session:
            found = session.execute(
                select(Period.id, Period.starts_on).where(
                    Period.company_id == self.company.company_id, Period.is_closed.is_(is_closed)
                )
            ).all()
        found = sorted((row for row in found if row.starts_on < MONTHS[-1]), key=lambda row: row.starts_on)
        return found[-1 if is_closed else 0].id if found else None

    # -- what must hold

    def rows(self) -> dict[str, dict[UUID, tuple[Any, ...]]]:
        """All rows that are never rewritten, by table and id."""
        with self.company.session() as session:
            return {
                table.__tablename__: {
                    row.id: tuple(row)
                    for row in session.execute(
                        select(*table.__table__.columns).where(table.company_id == self.company.company_id)
                    )
                }
                for table in NEVER_REWRITTEN
            }

    def nothing_posted_was_rewritten(self) -> None:
        now = self.rows()
        for table, before in self.seen.items():
            assert all(now[table].get(row_id) == row for row_id, row in before.items()), table
        self.seen = now

    def costs_per_event(self, book: UUID) -> dict[Any, Any]:
        """What each move costs in a book with all corrections, by the move and its pool's place; what each pool holds, what
        its standards and late values changed where it is at standard cost: its value, its variance."""
        company_id = self.company.company_id
        with self.company.session() as session:
            pools = {
                row.id: (row.product_id, row.warehouse_id, row.lot_id, row.transfer_id, row.method)
                for row in session.scalars(select(CostPool).where(CostPool.book_id == book))
            }
            said: dict[Any, Any] = {
                pools[row.id]: (row.on_hand, row.value, row.standard_cost if row.is_in_use else None)
                for row in session.scalars(select(CostPool).where(CostPool.book_id == book))
            }
            moves = session.execute(
                select(MoveCost.pool_id, MoveCost.move_id, MoveCost.kind, MoveCost.qty, MoveCost.cost).where(
                    MoveCost.company_id == company_id, MoveCost.pool_id.in_(pools), MoveCost.qty != 0
                )
            ).all()
            corrected = session.execute(
                select(
                    CostAdjustment.pool_id,
                    CostAdjustment.move_id,
                    func.sum(CostAdjustment.to_inventory, type_=CostAdjustment.to_inventory.type),
                    func.sum(CostAdjustment.to_cost_of_sales, type_=CostAdjustment.to_cost_of_sales.type),
                )
                .where(
                    CostAdjustment.company_id == company_id,
                    CostAdjustment.pool_id.in_(pools),
                    CostAdjustment.move_id.is_not(None),
                )
                .group_by(CostAdjustment.pool_id, CostAdjustment.move_id)
            ).all()
            more = {(pool, move): (inventory, sales) for pool, move, inventory, sales in corrected}
            by_kind = session.execute(
                select(
                    CostAdjustment.pool_id, MoveCost.kind, CostAdjustment.to_inventory, CostAdjustment.to_cost_of_sales
                )
                .join(
                    MoveCost,
                    (MoveCost.move_id == CostAdjustment.event_id) & (MoveCost.pool_id == CostAdjustment.pool_id),
                )
                .where(MoveCost.kind.in_((CostEvent.STANDARD_COST, *LATE_VALUES)))
                .where(CostAdjustment.pool_id.in_([row for row, place in pools.items() if place[-1] == "standard"]))
            )
            changed: defaultdict[Any, Decimal] = defaultdict(Decimal)
            for pool, kind, inventory, sales in by_kind:
                changed[pools[pool], kind] += inventory if kind == CostEvent.STANDARD_COST else inventory + sales
            said.update((about, amount) for about, amount in changed.items() if amount)
        for pool, move, kind, qty, cost in moves:
            inventory, sales = more.get((pool, move), (ZERO, ZERO))
            settled = None if kind == MoveKind.TRANSFER else sales - cost
            said[pools[pool], move] = (kind, qty, cost + inventory, settled)
        return said

    def balances_are_even(self) -> None:
        with self.company.session() as session:
            debit, credit = session.execute(
                select(
                    func.sum(JournalLine.debit, type_=JournalLine.debit.type),
                    func.sum(JournalLine.credit, type_=JournalLine.credit.type),
                )
                .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
                .where(JournalLine.company_id == self.company.company_id)
            ).one()
        assert debit == credit

    def changed_methods(self) -> set[UUID]:
        """The books of which a method was changed."""
        with self.company.session() as session:
            found = select(CostPool.book_id).join(MoveCost, MoveCost.pool_id == CostPool.id)
            return set(
                session.scalars(
                    found.where(MoveCost.company_id == self.company.company_id, MoveCost.kind == CostEvent.METHOD)
                )
            )


def _cases_for(qty: Decimal) -> Decimal:
    """Cases that hold `qty` pieces or some more and are a whole number of pieces."""
    return Decimal(CASE.denominator) * (qty // CASE.numerator + 1)
