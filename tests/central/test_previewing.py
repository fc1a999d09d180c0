"""What an action would change, told before it is performed: the same that performing it does, and nothing of it is kept."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import Engine, select, text

from company_fixtures import TODAY, SmallCompany
from erp_desktop.actions.base import Action, action_args
from erp_desktop.actions.cost_books import OpenCostBook
from erp_desktop.actions.masters import SaveUnit
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.refusals import Problem
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.actions.writing_down import RealisableLine, WriteDownStock
from erp_desktop.central import previewing
from erp_desktop.central.effects import Written
from erp_desktop.central.performing import Centre
from erp_desktop.central.previewing import Previews, Wanted
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.central.turn import UnknownCompany
from erp_desktop.database import open_engine, writer
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.base import Base
from erp_desktop.models.costing import CostBook
from erp_desktop.models.sales import ShipmentLine
from erp_desktop.models.sync import CompanyClock
from erp_desktop.wire import Effect, PushResult


def wanted(company: SmallCompany, action: Action, actor_id: UUID | None = None) -> Wanted:
    args = msgspec.json.decode(action_args(action))
    return Wanted(company.company_id, actor_id or company.owner_id, type(action).__name__, action.version, args)


def preview(company: SmallCompany, action: Action, actor_id: UUID | None = None) -> Effect:
    return Previews(company.centre).effect(wanted(company, action, actor_id))


def receipt(order_id: UUID, *quantities: str, on: date = TODAY) -> ReceiveGoods:
    lines = tuple(
        ReceivedLine(derived_id("line", order_id, str(place)), Decimal(qty)) for place, qty in enumerate(quantities)
    )
    return ReceiveGoods(receipt_id=new_id(), purchase_order_id=order_id, received_on=on, lines=lines)


def everything(engine: Engine) -> dict[str, list[Any]]:
    """Every row of every table."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)))) for table in Base.metadata.sorted_tables
        }


def tick_of(company: SmallCompany) -> int:
    with company.session() as session:
        return session.scalars(select(CompanyClock.tick)).one()


def sides(effect: Effect) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Debit and credit by event and account."""
    assert effect.entries is not None
    return {(line.event, line.account): (line.debit, line.credit) for line in effect.entries}


def total(effect: Effect, side: str) -> Decimal:
    return sum((getattr(line, side) for line in effect.entries or ()), Decimal(0))


def test_a_receipt_tells_stock_before_and_after_and_the_entry(company: SmallCompany) -> None:
    company.stock("BX-204", "10", "4.00")
    order = company.purchase_order(("BX-204", "5", "6.00"))
    effect = preview(company, receipt(order, "5"))
    assert effect.problem is None
    (line,) = effect.stock
    assert (line.code, line.unit) == ("BX-204", "PC")
    assert (line.qty_before, line.qty_after) == (10, 15)
    assert (line.value_before, line.value_after) == (40, 70)
    assert sides(effect) == {("goods_receipt", "1405"): (30, 0), ("goods_receipt", "220201"): (0, 30)}
    assert (effect.currency, effect.currency_places) == ("CNY", 2)
    assert [(book.inventory, book.cost_of_sales) for book in effect.books] == [(30, 0)]
    assert effect.corrections == []


def test_what_costs_more_than_its_standard_tells_the_price_variance(company: SmallCompany) -> None:
    company.product("LBL", "standard")
    company.receive(company.purchase_order(("LBL", "10", "4.00")), "10")  # the first receipt makes the standard
    order = company.purchase_order(("LBL", "5", "4.50"))
    effect = preview(company, receipt(order, "5"))
    assert effect.price_variance == Decimal("2.50")
    assert [(book.inventory, book.cost_of_sales) for book in effect.books] == [(20, 0)]
    assert [bool(line.debit) for line in effect.entries or ()] == [
        True,
        True,
        False,
    ]  # debits first, as people write them


def test_nothing_at_all_is_written(company: SmallCompany) -> None:
    company.stock("BX-204", "10", "4.00")
    order = company.purchase_order(("BX-204", "5", "6.00"))
    before = everything(company.centre.engine)
    for _ in range(3):
        assert preview(company, receipt(order, "5")).problem is None
        assert preview(company, receipt(order, "50")).problem is not None
    assert everything(company.centre.engine) == before


def test_what_was_told_is_what_happens(company: SmallCompany) -> None:
    company.stock("BX-204", "10", "4.00")
    order = company.purchase_order(("BX-204", "5", "6.00"))
    action = receipt(order, "5")
    told = preview(company, action)
    company.perform(action)
    with company.session() as session:
        written = Written(session, company.company_id, tick_of(company))
        assert written.entries() == (told.entries, told.entry_count)
        after = written.holdings(written.product_ids())
    assert [(line.qty_after, line.value_after) for line in told.stock] == list(after.values())


@pytest.fixture(autouse=True)
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no test of the limits is not held to them: the machine may be busy with others."""
    if "too_long" not in request.node.name and "never_ends" not in request.node.name:
        monkeypatch.setattr(previewing, "SECONDS_TO_BEGIN", 60.0)
        monkeypatch.setattr(previewing, "SECONDS_TO_WORK_OUT", 60.0)


def test_pushes_go_on_as_if_nobody_had_asked(company: SmallCompany, another_database: Callable[[], Engine]) -> None:
    order = company.purchase_order(("BX-204", "5", "6.00"), ("BX-205", "5", "2.00"))
    before = tick_of(company)
    for qty in ("1", "2"):
        assert preview(company, receipt(order, qty, qty)).problem is None
        company.perform(receipt(order, qty, qty))
    assert tick_of(company) == before + 2
    empty = another_database()
    replay(company.centre.engine, company.company_id, empty)
    assert differing_tables(company.centre.engine, empty, company.company_id) == {}


def test_a_refusal_is_the_one_that_performing_it_gives(company: SmallCompany) -> None:
    order = company.purchase_order(("BX-204", "5", "6.00"))
    effect = preview(company, receipt(order, "6"))
    assert effect.problem is not None
    assert Problem.from_dict(effect.problem).sentence.startswith("6 of BX-204 counted, 5 open")
    assert (effect.stock, effect.entries, effect.books) == ([], None, [])


def test_a_day_outside_the_open_periods_is_refused(company: SmallCompany) -> None:
    order = company.purchase_order(("BX-204", "5", "6.00"))
    effect = preview(company, receipt(order, "5", on=date(2019, 5, 1)))
    assert effect.problem is not None
    assert effect.problem["code"] in ("no_period", "period_closed")


def test_an_action_that_touches_no_value_changes_nothing(company: SmallCompany) -> None:
    effect = preview(company, SaveUnit(unit_id=new_id(), code="DOZ", name="dozen"))
    assert effect.problem is None
    assert (effect.stock, effect.entries, effect.corrections) == ([], [], [])
    assert [(book.inventory, book.cost_of_sales) for book in effect.books] == [(0, 0)]


def test_costs_and_the_ledger_are_shown_to_whom_may_see_them(company: SmallCompany) -> None:
    order = company.purchase_order(("BX-204", "5", "6.00"))
    people = {role: new_id() for role in ("warehouse", "purchasing", "accountant")}
    for role, user_id in people.items():
        company.perform(SaveUser(user_id=user_id, login=role, name=role, role_codes=(role,)))
    without_costs = preview(company, receipt(order, "5"), people["warehouse"])
    assert without_costs.problem == {"code": "not_permitted", "fields": {"permission": "cost.read"}}
    without_the_action = preview(company, receipt(order, "5"), people["accountant"])
    assert without_the_action.problem == {"code": "not_permitted", "fields": {"permission": "goods.receive"}}
    both = new_id()
    company.perform(SaveUser(user_id=both, login="both", name="B", role_codes=("warehouse", "purchasing")))
    without_ledger = preview(company, receipt(order, "5"), both)
    assert without_ledger.problem is None
    assert without_ledger.entries is None
    assert len(without_ledger.stock) == 1


def test_somebody_who_was_locked_out_is_told_nothing(company: SmallCompany) -> None:
    order = company.purchase_order(("BX-204", "5", "6.00"))
    user_id = new_id()
    save = SaveUser(user_id=user_id, login="li", name="Li", role_codes=("administrator",))
    company.perform(save, replace(save, is_active=False))
    assert preview(company, receipt(order, "5"), user_id).problem == {
        "code": "not_permitted",
        "fields": {"permission": "cost.read"},
    }


def test_a_company_that_is_not_kept_here_is_no_refusal(company: SmallCompany) -> None:
    with pytest.raises(UnknownCompany):
        Previews(company.centre).effect(replace(wanted(company, SaveUnit(new_id(), "X", "x")), company_id=new_id()))


def test_a_fault_of_ours_is_told_and_logged_and_nothing_is_kept(
    company: SmallCompany, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    before = everything(company.centre.engine)
    monkeypatch.setattr(SaveUnit, "run", fails)
    effect = preview(company, SaveUnit(unit_id=new_id(), code="DOZ", name="dozen"))
    assert effect.problem == {"code": "fault", "fields": {"action": "SaveUnit"}}
    assert "SaveUnit@1 failed in a preview" in caplog.text
    assert everything(company.centre.engine) == before


# --- at the same time


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """A preview stops once its action is performed: `performed` is set then, and it goes on when `go_on` is."""
    performed, go_on = threading.Event(), threading.Event()
    perform = previewing.perform_action

    def slowly(*args: Any) -> None:
        perform(*args)
        performed.set()
        assert go_on.wait(60)

    monkeypatch.setattr(previewing, "perform_action", slowly)
    yield performed, go_on
    go_on.set()


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.parametrize("pushed_at", ["the same worker", "another worker"])
def test_a_push_waits_for_the_preview_and_comes_out_as_if_there_had_been_none(
    company: SmallCompany,
    held_up: tuple[threading.Event, threading.Event],
    another_database: Callable[[], Engine],
    pushed_at: str,
) -> None:
    performed, go_on = held_up
    order = company.purchase_order(("BX-204", "5", "6.00"))
    before = tick_of(company)
    patient = Previews(company.centre, seconds_to_work_out=60)
    effects: list[Effect] = []
    asked, pushed = wanted(company, receipt(order, "5")), receipt(order, "2")
    other = open_engine(company.centre.engine.url)
    worker = company.centre if pushed_at == "the same worker" else Centre(other)
    results: list[PushResult] = []
    with beside(lambda: effects.append(patient.effect(asked))):
        assert performed.wait(60)
        push = lambda: results.extend(worker.perform_local(company.company_id, company.owner_id, [pushed]))  # noqa: E731
        with beside(push) as pushing:
            time.sleep(0.2)
            assert pushing.is_alive()
            go_on.set()
    other.dispose()
    assert effects[0].problem is None
    assert effects[0].stock[0].qty_after == 5
    assert [(result.outcome, result.tick) for result in results] == [("applied", before + 1)]
    (after,) = preview(company, receipt(order, "3")).stock
    assert (after.qty_before, after.qty_after) == (2, 5)
    empty = another_database()
    replay(company.centre.engine, company.company_id, empty)
    assert differing_tables(company.centre.engine, empty, company.company_id) == {}


def test_it_gives_up_where_it_takes_too_long_and_the_next_push_goes_through(company: SmallCompany) -> None:
    order = company.purchase_order(("BX-204", "5", "6.00"))
    effect = Previews(company.centre, seconds_to_work_out=0.0).effect(wanted(company, receipt(order, "5")))
    assert effect.problem == {"code": "effect_takes_too_long", "fields": {}}
    company.perform(receipt(order, "5"))


def test_one_statement_that_never_ends_is_broken_off(company: SmallCompany, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = {
        "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "postgresql": "SELECT pg_sleep(600)",
    }[company.centre.engine.dialect.name]
    monkeypatch.setattr(SaveUnit, "run", lambda _self, session, _ctx: session.execute(text(endless)).all())
    previews = Previews(company.centre, seconds_to_begin=0.5, seconds_to_work_out=0.5)
    started = time.monotonic()
    effect = previews.effect(wanted(company, SaveUnit(unit_id=new_id(), code="DOZ", name="dozen")))
    assert effect.problem == {"code": "effect_takes_too_long", "fields": {}}
    assert time.monotonic() - started < 30
    monkeypatch.undo()
    company.perform(SaveUnit(unit_id=new_id(), code="DOZ", name="dozen"))


def test_it_gives_up_where_another_process_holds_the_clock(company: SmallCompany) -> None:
    other = open_engine(company.centre.engine.url)
    hold = text("SELECT tick FROM company_clock" + (" FOR UPDATE" if other.dialect.name == "postgresql" else ""))
    impatient = Previews(company.centre, seconds_to_begin=0.3)
    action = SaveUnit(unit_id=new_id(), code="DOZ", name="dozen")
    with writer(other).connect() as connection:
        connection.execute(hold).all()
        assert impatient.effect(wanted(company, action)).problem == {"code": "effect_takes_too_long", "fields": {}}
        connection.rollback()
    other.dispose()
    assert impatient.effect(wanted(company, action)).problem is None


def test_it_gives_up_where_this_process_is_busy_with_the_company(company: SmallCompany) -> None:
    impatient = Previews(company.centre, seconds_to_begin=0.2)
    action = SaveUnit(unit_id=new_id(), code="DOZ", name="dozen")
    with company.centre.nobody_else_performs(company.company_id, 1) as is_ours:
        assert is_ours
        assert impatient.effect(wanted(company, action)).problem == {"code": "effect_takes_too_long", "fields": {}}
    assert impatient.effect(wanted(company, action)).problem is None


# --- what is entered late


def shipped(company: SmallCompany, qty: str, on: date) -> UUID:
    order = company.sales_order(("BX-204", qty, "20.00"), on=on)
    company.allocate(order)
    return company.ship(order, on=on)


def test_a_back_dated_receipt_names_the_shipments_that_it_corrects(company: SmallCompany) -> None:
    company.product("BX-204", method="fifo")
    first, later, last = TODAY - timedelta(days=10), TODAY - timedelta(days=8), TODAY - timedelta(days=4)
    company.stock("BX-204", "10", "4.00", on=later)
    shipment = shipped(company, "6", last)
    order = company.purchase_order(("BX-204", "5", "1.00"), on=first)
    action = receipt(order, "5", on=first)
    before = everything(company.centre.engine)
    effect = preview(company, action)
    assert everything(company.centre.engine) == before
    assert effect.problem is None, effect.problem
    (line,) = effect.stock
    assert (line.qty_before, line.qty_after) == (4, 9)
    assert (line.value_before, line.value_after) == (16, 36)  # 6 left at 5 x 1.00 + 1 x 4.00, not at 24.00
    (correction,) = effect.corrections
    assert (correction.document_kind, correction.document_id) == ("shipment", shipment)
    assert correction.number.startswith("SH-2026-")
    assert (correction.kind, correction.code, correction.dated_on) == ("back_dated", "BX-204", last)
    assert correction.to_cost_of_sales == -15
    (book,) = effect.books
    assert (book.inventory, book.cost_of_sales) == (20, -15)
    assert total(effect, "debit") == total(effect, "credit") == 20
    company.perform(action)
    with company.session() as session:
        written = Written(session, company.company_id, tick_of(company))
        assert written.corrections() == (effect.corrections, 1)
        assert written.entries()[0] == effect.entries


def test_a_shipment_tells_what_it_takes_out_of_stock_and_puts_into_cost_of_sales(company: SmallCompany) -> None:
    company.stock("BX-204", "10", "4.00")
    order = company.sales_order(("BX-204", "3", "20.00"))
    company.allocate(order)
    ship = ShipOrder(
        shipment_id=new_id(), order_id=order, shipped_on=TODAY, carrier_id=company.carrier, tracking_number="", lines=()
    )
    effect = preview(company, ship)
    assert effect.problem is None, effect.problem
    (book,) = effect.books
    assert (book.inventory, book.cost_of_sales) == (-12, 12)
    assert effect.stock[0].qty_after == 7


def test_a_write_down_tells_the_allowance_and_the_loss_though_stock_stays_at_cost(company: SmallCompany) -> None:
    company.stock("BX-204", "10", "4.00")
    box = company.products["BX-204"]
    action = WriteDownStock(new_id(), TODAY, (RealisableLine(box, Decimal("3.50")),))
    effect = preview(company, action)
    assert effect.problem is None, effect.problem
    assert [(book.inventory, book.cost_of_sales) for book in effect.books] == [(0, 0)]
    assert (effect.written_down, effect.allowance) == (5, 5)
    company.perform(action)
    shipped(company, "4", TODAY + timedelta(days=1))
    up = WriteDownStock(new_id(), TODAY + timedelta(days=2), (RealisableLine(box, Decimal("3.90")),))
    effect = preview(company, up)
    assert effect.problem is None, effect.problem
    # 2.00 of the 5.00 went with the goods that were sold; for the 6 left 0.60 are needed, so 2.40 are reversed
    assert [(book.inventory, book.cost_of_sales) for book in effect.books] == [(0, -2)]
    assert (effect.written_down, effect.allowance) == (Decimal("-2.40"), Decimal("-4.40"))


def test_a_second_book_of_the_same_method_changes_as_the_first_does(company: SmallCompany) -> None:
    company.stock("BX-204", "10", "4.00")
    with company.session() as session:
        (main,) = session.scalars(select(CostBook))
        method = main.method
    company.perform(OpenCostBook(book_id=new_id(), code="TAX", name="Tax book", method=method))
    earlier = TODAY - timedelta(days=3)
    taken = shipped(company, "6", TODAY)
    with company.session() as session:
        line = session.scalars(select(ShipmentLine.id).where(ShipmentLine.shipment_id == taken)).one()
    order = company.purchase_order(("BX-204", "5", "1.00"), on=earlier)
    came_back = TakeInReturn(new_id(), taken, TODAY, (ReturnedLine(line, Decimal(2)),))
    found = CountStock(
        new_id(), company.warehouse, TODAY, (CountedLine(company.products["BX-204"], company.bin, Decimal(1)),)
    )
    for action in (receipt(order, "5", on=earlier), came_back, found):
        effect = preview(company, action)
        assert effect.problem is None, effect.problem
        first, second = effect.books
        assert (first.posts_to_ledger, second.posts_to_ledger) == (True, False)
        assert first.inventory != 0
        assert (second.inventory, second.cost_of_sales) == (first.inventory, first.cost_of_sales)
        company.perform(action)
