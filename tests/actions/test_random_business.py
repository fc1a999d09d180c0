"""Whatever is bought, sold, shipped, returned, counted and corrected, in any order: the books stay right."""

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from company_fixtures import TODAY, SmallCompany, open_small_company
from erp_desktop.actions.base import Action
from erp_desktop.actions.delivering import ConfirmDelivery
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.opening import REVENUE_AT
from erp_desktop.actions.price_corrections import CorrectReceiptPrice
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.selling import CancelSalesOrder, ReleaseAllocation, SalesLine, SaveSalesOrder
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.central.performing import Centre
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.database import open_engine
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.sales import ShipmentLine
from erp_desktop.queries.doctor import examine
from erp_desktop.queries.ledger_figures import trial_balance

OUR_FAULTS = {"fault", "malformed", "against_the_rules", "blocked"}  # refusals that no person can have caused
PRODUCTS = {"FIFO": "fifo", "AVG": "moving_average"}

products = st.sampled_from(list(PRODUCTS))
quantities = st.decimals("0.5", "12", places=1).map(str)
prices = st.decimals("0.01", "99.99", places=2).map(str)
which = st.integers(0, 1)  # the how-manieth document so far, counted from the last

steps = st.one_of(
    st.tuples(st.just("buy"), st.lists(st.tuples(products, quantities, prices), min_size=1, max_size=3)),
    st.tuples(st.just("receive"), which, quantities),
    st.tuples(st.just("sell"), st.lists(st.tuples(products, quantities, prices), min_size=1, max_size=2)),
    st.tuples(
        st.just("write down"), st.none() | which, st.lists(st.tuples(products, quantities), min_size=1, max_size=3)
    ),
    st.tuples(st.sampled_from(["allocate", "release", "cancel", "ship all"]), which),
    st.tuples(st.just("ship"), which, quantities),
    st.tuples(st.just("deliver"), which),
    st.tuples(st.just("take back"), which, quantities),
    st.tuples(st.just("count"), products, quantities, st.none() | prices),
    st.tuples(st.just("landed cost"), which, prices),
    st.tuples(st.just("correct price"), which, prices),
    st.tuples(st.just("send back"), which, quantities, prices),
    st.tuples(st.just("credit"), which, prices),
)


class Trade:
    """Performs drawn steps in a company, some waiting for others so that they are pushed together. What they name may not
    be there, or not allow it: then they are refused."""

    def __init__(self, company: SmallCompany) -> None:
        self.company = company
        self.purchases: list[UUID] = []
        self.receipts: list[UUID] = []
        self.sales: list[UUID] = []
        self.shipments: list[UUID] = []
        self.landed_costs: list[UUID] = []
        for code, method in PRODUCTS.items():
            company.product(code, method)
            self.receipts.append(company.stock(code, "9", "3.33"))
        self.drafts: list[UUID] = []
        self.waiting: list[Action] = []
        company.perform = self._do  # type: ignore[method-assign]

    def perform(self, step: tuple[Any, ...], *, waits: bool) -> None:
        getattr(self, "_" + step[0].replace(" ", "_"))(*step[1:])
        if not waits:
            self.push()

    def push(self) -> None:
        """All that waits, in one push."""
        pushed, self.waiting = self.waiting, []
        for result in self.company.centre.perform_local(self.company.company_id, self.company.owner_id, pushed):
            assert result.problem is None or result.problem["code"] not in OUR_FAULTS, result.problem

    def _buy(self, lines: list[tuple[str, str, str]]) -> None:
        self.purchases.append(self.company.purchase_order(*lines))

    def _receive(self, place: int, qty: str) -> None:
        self.receipts.append(self.company.receive(_latest(self.purchases, place), qty))

    def _sell(self, lines: list[tuple[str, str, str]]) -> None:
        self.sales.append(self.company.sales_order(*lines))

    def _write_down(self, place: int | None, lines: list[tuple[str, str]]) -> None:
        """A draft, or an earlier one written anew with other lines."""
        order = new_id() if place is None else _latest(self.drafts, place)
        written = tuple(
            SalesLine(derived_id("line", order, code), self.company.product(code), Decimal(qty), Decimal("9.99"))
            for code, qty in dict(lines).items()
        )
        company = self.company
        self._do(SaveSalesOrder(order, company.channel, company.warehouse, TODAY, TODAY, written))
        self.drafts.append(order)

    def _allocate(self, place: int) -> None:
        self.company.allocate(_latest(self.sales, place))

    def _release(self, place: int) -> None:
        self._do(ReleaseAllocation(_latest(self.sales, place)))

    def _cancel(self, place: int) -> None:
        self._do(CancelSalesOrder(_latest(self.sales, place)))

    def _ship_all(self, place: int) -> None:
        self.shipments.append(self.company.ship(_latest(self.sales, place)))

    def _ship(self, place: int, qty: str) -> None:
        self.shipments.append(self.company.ship(_latest(self.sales, place), qty))

    def _deliver(self, place: int) -> None:
        self._do(ConfirmDelivery((_latest(self.shipments, place),), TODAY))

    def _take_back(self, place: int, qty: str) -> None:
        shipment = _latest(self.shipments, place)
        lines = (ReturnedLine(self._line(ShipmentLine, "shipment_id", shipment), Decimal(qty)),)
        self._do(TakeInReturn(new_id(), shipment, TODAY, lines))

    def _count(self, code: str, qty: str, unit_cost: str | None) -> None:
        cost = None if unit_cost is None else Decimal(unit_cost)
        line = CountedLine(self.company.product(code), self.company.bin, Decimal(qty), cost)
        self._do(CountStock(new_id(), self.company.warehouse, TODAY, (line,)))

    def _landed_cost(self, place: int, amount: str) -> None:
        receipts = (_latest(self.receipts, place),)
        self.landed_costs.append(new_id())
        self._do(EnterLandedCost(self.landed_costs[-1], "freight", TODAY, Decimal(amount), "qty", receipts))

    def _credit(self, place: int, amount: str) -> None:
        cost = _latest(self.landed_costs, place)
        self._do(EnterLandedCost(new_id(), "freight", TODAY, -Decimal(amount), "qty", (), credits_id=cost))

    def _send_back(self, place: int, qty: str, credit: str) -> None:
        receipt = _latest(self.receipts, place)
        lines = (SentBackLine(self._line(GoodsReceiptLine, "receipt_id", receipt), Decimal(qty), Decimal(credit)),)
        self._do(ReturnToSupplier(new_id(), receipt, TODAY, lines))

    def _correct_price(self, place: int, unit_price: str) -> None:
        line = self._line(GoodsReceiptLine, "receipt_id", _latest(self.receipts, place))
        self._do(CorrectReceiptPrice(new_id(), line, Decimal(unit_price), TODAY))

    def _do(self, *actions: Action) -> None:
        self.waiting += actions

    def _line(self, table: Any, column: str, document: UUID) -> UUID:
        self.push()
        with self.company.session() as session:
            found = session.scalars(select(table.id).where(getattr(table, column) == document)).first()
        return found or new_id()


def _latest(documents: list[UUID], place: int) -> UUID:
    return documents[-1 - place] if place < len(documents) else derived_id("nothing")


@pytest.mark.parametrize("revenue_at", REVENUE_AT)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=st.lists(st.tuples(steps, st.booleans(), st.booleans()), min_size=8, max_size=30))
def test_after_any_business_the_doctor_finds_nothing_and_replay_gives_the_same_books(
    tmp_path: Path, sqlite_template: Path, revenue_at: str, drawn: list[tuple[tuple[Any, ...], bool, bool]]
) -> None:
    """Two workers take turns as drawn, so that what one of them remembers is put to the test too; and what is pushed
    together and written once must be, tick for tick, what replay writes action by action."""
    paths = [tmp_path / f"{new_id()}.db" for _ in range(2)]
    for path in paths:
        shutil.copyfile(sqlite_template, path)
    engine, second, copy = (open_engine(f"sqlite:///{path}") for path in (paths[0], paths[0], paths[1]))
    try:
        company = open_small_company(engine, revenue_at=revenue_at)
        workers = (company.centre, Centre(second))
        trade = Trade(company)
        for step, by_second, waits in drawn:
            company.centre = workers[by_second]
            trade.perform(step, waits=waits)
        trade.push()

        with Session(engine) as session:
            assert examine(session, company.company_id) == ()
            balances = trial_balance(session, company.company_id)
        assert sum(line.debit for line in balances) == sum(line.credit for line in balances)
        replay(engine, company.company_id, copy)
        assert differing_tables(engine, copy, company.company_id) == {}
    finally:
        for opened in (engine, second, copy):
            opened.dispose()
        for path in paths:
            path.unlink()
