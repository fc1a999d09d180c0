"""A desk is sent open documents and young ones, each whole: whatever is done to them, and whenever it is filled."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.delivering import ConfirmDelivery
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.permissions import ROLES
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.actions.window import SetWindow, first_day_of_window
from erp_desktop.central.changes import Changes, NotReadable, Reader
from erp_desktop.central.moment import CursorGone
from erp_desktop.central.older import older
from erp_desktop.central.signing import identity_of
from erp_desktop.central.verifying import verify
from erp_desktop.ids import new_id
from erp_desktop.models.base import Replicated
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.sales import SalesOrder, Shipment, ShipmentLine
from erp_desktop.models.stock import StockMove
from erp_desktop.wire import Bucket, OlderReply, OlderRequest, TablePage, VerifyRequest, rows_digest

OF_A_SALE = ("sales_order", "sales_order_line", "shipment", "shipment_line", "sales_invoice", "sales_invoice_line")
Rows = dict[str, dict[str, tuple[Any, ...]]]


@dataclass
class Business:
    """A small company whose months pass as the test says, and what was done in it."""

    company: SmallCompany
    changes: Changes
    days: int = 0
    sold: list[UUID] = field(default_factory=list)
    sent: list[UUID] = field(default_factory=list)
    received: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        begins = datetime.now(UTC)
        self.company.centre.clock = lambda: begins + timedelta(days=self.days)

    def months_pass(self, months: int = 2) -> None:
        """Until something is done on the first day after them."""
        self.days += 31 * months
        self.company.perform(SaveUser(self.company.owner_id, "owner", "Li Wei", ("administrator",)))

    def sell(self) -> UUID:
        self.sold.append(self.company.sales_order(("BX-204", "3", "20"), ("BX-205", "2", "5")))
        return self.sold[-1]

    def ship(self, order_id: UUID, *quantities: str) -> UUID:
        self.sent.append(self.company.ship(order_id, *(quantities or ("3", "2"))))
        return self.sent[-1]

    def buy(self) -> UUID:
        order = self.company.purchase_order(("BX-204", "50", "7"), ("BX-205", "50", "3"))
        self.received.append(self.company.receive(order, "50", "50"))
        return self.received[-1]

    def take_back(self, shipment_id: UUID) -> None:
        line = self.one(ShipmentLine, shipment_id=shipment_id, line_no=1)
        self.company.perform(TakeInReturn(new_id(), shipment_id, TODAY, (ReturnedLine(line, Decimal(1)),)))

    def send_back(self, receipt_id: UUID) -> None:
        line = self.one(GoodsReceiptLine, receipt_id=receipt_id, line_no=1)
        self.company.perform(ReturnToSupplier(new_id(), receipt_id, TODAY, (SentBackLine(line, Decimal(1), None),)))

    def deliver(self, shipment_id: UUID) -> None:
        self.company.perform(ConfirmDelivery((shipment_id,), TODAY))

    def one(self, model: type[Any], **which: Any) -> UUID:
        with self.company.session() as session:
            found: UUID = session.scalars(select(model.id).filter_by(**which)).one()
            return found

    def desk_of(self, role: str = "warehouse") -> "FilledDesk":
        permissions = ROLES[role][1]
        return FilledDesk(self, Reader(self.company.company_id, self.company.owner_id, new_id(), permissions)).fill()


@dataclass
class FilledDesk:
    """What a desk makes of the centre's answers, without a network and without a cache."""

    business: Business
    who: Reader
    rows: Rows = field(default_factory=dict)
    cursor: str = ""

    def fill(self) -> "FilledDesk":
        sizes = self.business.changes.sizes(self.who)
        self.rows, self.cursor = {}, sizes.cursor
        for name, count in sizes.rows.items():
            after: UUID | None = None
            is_complete = not count
            while not is_complete:
                reply = self.business.changes.snapshot(self.who, name, after, 40, sizes.cursor)
                self._take(reply.page)
                is_complete = reply.complete
                after = UUID(reply.page.values[reply.page.columns.index("id")][-1]) if reply.page.values[0] else None
            assert len(self.rows.get(name, {})) == count, f"the centre said how many rows {name} has"
        return self.pull()

    def pull(self) -> "FilledDesk":
        while True:
            reply = self.business.changes.pull(self.who, self.cursor, 20)
            for page in reply.pages:
                self._take(page)
            self.cursor = reply.cursor
            if reply.complete:
                return self

    def holds(self, table: str, row_id: UUID) -> bool:
        return row_id.hex in self.rows.get(table, {})

    def lines_of(self, table: str, column: str, row_id: UUID) -> int:
        """How many rows of `table` name `row_id`."""
        place = self.columns(table).index(column)
        return sum(row[place] == row_id.hex for row in self.rows.get(table, {}).values())

    def columns(self, table: str) -> list[str]:
        tables = self.business.changes.tables_for(self.who.permissions)
        return next(one.columns for one in tables if one.name == table)

    def should_hold(self) -> Rows:
        """The rows that the centre has, restricted to this desk's window."""
        with self.business.changes.at(self.who, self.cursor) as (connection, tables, _):
            found: Rows = {}
            for table in tables:
                page = table.page(connection, table.select.where(table.model.company_id == self.who.company_id))
                ids = page.values[page.columns.index("id")]
                found[table.name] = dict(zip(ids, map(_comparable, zip(*page.values, strict=True)), strict=True))
            return {name: rows for name, rows in found.items() if rows}

    def is_right(self) -> None:
        """It holds exactly that, and is told so when it asks."""
        mine = {name: rows for name, rows in self.rows.items() if rows}
        assert mine == self.should_hold()
        buckets = [Bucket(table=name) for name in mine]
        wanted = VerifyRequest(device_id=self.who.device_id, schema_revision=1, cursor=self.cursor, buckets=buckets)
        for name, content in zip(mine, verify(self.business.changes, self.who, wanted).buckets, strict=True):
            assert (content.count, content.moved) == (len(mine[name]), []), name
            assert content.digest != rows_digest([]), name

    def _take(self, page: TablePage) -> None:
        table = self.rows.setdefault(page.table, {})
        for gone in page.gone:
            table.pop(gone.hex, None)
        for row in zip(*page.values, strict=True):
            table[row[page.columns.index("id")]] = _comparable(row)


def _comparable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(str(bytes(value)) if hasattr(value, "__bytes__") else value for value in row)


@pytest.fixture
def business(company: SmallCompany) -> Business:
    """Documents are held for a month; goods are in stock."""
    made = Business(company, Changes(company.centre.engine, identity_of(company.centre.engine).signer))
    company.perform(SetWindow(1))
    made.buy()
    return made


def test_a_closed_order_on_which_nothing_is_done_is_not_sent_to_a_desk_and_an_open_one_is_with_all_of_it(
    business: Business,
) -> None:
    closed, part_shipped = business.sell(), business.sell()
    shipment, part = business.ship(closed), business.ship(part_shipped, "1")
    business.months_pass()
    young = business.sell()
    desk = business.desk_of()
    assert not desk.holds("sales_order", closed)
    assert not desk.holds("shipment", shipment)
    assert not desk.lines_of("stock_move", "document_id", shipment)
    assert desk.holds("sales_order", young)
    assert desk.holds("sales_order", part_shipped)
    assert desk.holds("shipment", part)
    assert desk.lines_of("sales_order_line", "order_id", part_shipped) == 2
    assert desk.lines_of("stock_move", "document_id", part) == 1
    desk.is_right()


def test_who_sees_costs_or_the_ledger_is_sent_every_year_and_so_is_everybody_where_the_company_says_so(
    business: Business,
) -> None:
    closed = business.sell()
    business.ship(closed)
    business.months_pass()
    assert business.desk_of("accountant").holds("sales_order", closed)
    assert not business.desk_of("sales").holds("sales_order", closed)
    business.company.perform(SetWindow(0))
    assert business.desk_of("sales").holds("sales_order", closed)


def again(business: Business, done: str) -> tuple[UUID, UUID, Callable[[], None]]:
    """A sale or a purchase that is closed, its shipment or receipt, and how something is done on it once more."""
    if done == "send back":
        receipt = business.buy()
        order = business.one(GoodsReceiptLine, receipt_id=receipt, line_no=1)
        return order, receipt, lambda: business.send_back(receipt)
    order = business.sell()
    shipment = business.ship(order)
    return order, shipment, lambda: (business.take_back if done == "take back" else business.deliver)(shipment)


@pytest.mark.parametrize("done", ["take back", "deliver", "send back"])
def test_what_is_done_on_an_old_document_brings_all_of_it_to_desks_that_held_nothing_of_it(
    business: Business, done: str
) -> None:
    _, document, act = again(business, done)
    business.months_pass()
    desk = business.desk_of()
    kind = "goods_receipt" if done == "send back" else "shipment"
    assert not desk.holds(kind, document)
    before = desk.cursor
    act()
    desk.pull()
    assert desk.holds(kind, document)
    assert desk.lines_of(f"{kind}_line", f"{'receipt' if done == 'send back' else 'shipment'}_id", document) == 2
    assert desk.lines_of("stock_move", "document_id", document) == 2
    desk.is_right()
    desk.cursor = before  # killed before it kept the answer
    business.sell()
    desk.pull().is_right()
    business.desk_of().is_right()


def test_older_documents_are_found_by_number_or_party_the_latest_first_and_none_twice(business: Business) -> None:
    orders = [business.sell() for _ in range(3)]
    for order in orders:
        business.ship(order)
    business.months_pass()
    desk = business.desk_of("sales")

    def look(text: str, limit: int, *held: UUID, table: str = "sales_order") -> OlderReply:
        wanted = OlderRequest(
            device_id=desk.who.device_id,
            schema_revision=1,
            cursor=desk.cursor,
            table=table,
            text=text,
            held=list(held),
            limit=limit,
        )
        return older(business.changes, desk.who, wanted)

    found = look(" zHANG ", 2)
    assert (found.found, found.more) == ([orders[2], orders[1]], True)
    assert {page.table for page in found.pages} == {*OF_A_SALE, "stock_move"}
    rest = look("张敏", 2, *found.found)
    assert (rest.found, rest.more) == ([orders[0]], False)
    with business.company.session() as session:
        number = session.scalars(select(Shipment.number).where(Shipment.order_id == orders[0])).one()
    assert look(str(number).lower(), 5, table="shipment").found == [business.sent[0]]
    assert not look("100%", 5).found
    assert not look("", 5, table="goods_transfer").found
    for table in ("purchase_order", "product", "app_user", "no_such_table"):
        with pytest.raises(NotReadable):
            look("", 5, table=table)
    business.take_back(business.sent[0])
    assert orders[0] not in look("", 50).found, "it is young again and comes with the pull"
    assert not older(business.changes, business.desk_of("accountant").who, _anything(business)).found


def _anything(business: Business) -> OlderRequest:
    cursor = business.desk_of("accountant").cursor
    return OlderRequest(device_id=new_id(), schema_revision=1, cursor=cursor, table="sales_order")


def test_a_document_that_grows_old_stays_on_its_desk_and_is_told_to_be_right(business: Business) -> None:
    order = business.sell()
    business.ship(order)
    desk = business.desk_of()
    business.months_pass()
    business.sell()
    desk.pull().is_right()
    assert desk.holds("sales_order", order)
    assert not business.desk_of().holds("sales_order", order)


def test_a_desk_that_holds_much_more_than_its_window_is_filled_anew_and_goes_on_from_where_it_was(
    business: Business,
) -> None:
    order = business.sell()
    business.ship(order)
    desk = business.desk_of()
    business.months_pass(9)
    with pytest.raises(CursorGone):
        desk.pull()
    sizes = business.changes.sizes(desk.who, desk.cursor)
    assert sizes.goes_on
    assert not desk.fill().holds("sales_order", order)
    desk.is_right()


def test_only_what_a_change_of_the_scope_concerns_has_another_scope(business: Business) -> None:
    business.ship(business.sell())
    business.months_pass()
    desk = business.desk_of()
    before = business.changes.sizes(desk.who, desk.cursor)
    assert before.goes_on
    business.company.perform(SetWindow(6))
    with pytest.raises(CursorGone):
        desk.pull()
    after = business.changes.sizes(desk.who, desk.cursor)
    changed = {name for name, scope in after.scopes.items() if before.scopes[name] != scope}
    assert {*OF_A_SALE, "stock_move", "goods_receipt"} <= changed
    assert not changed & {"product", "party", "stock_balance", "lot", "company"}


def test_the_first_day_of_a_window_is_the_first_of_a_month() -> None:
    day = TODAY.replace(year=2026, month=3, day=31)
    assert first_day_of_window(day, 1).isoformat() == "2026-02-01"
    assert first_day_of_window(day, 3).isoformat() == "2025-12-01"
    assert first_day_of_window(day, 18).isoformat() == "2024-09-01"


@pytest.mark.parametrize("months", [-1, 121])
def test_a_window_that_makes_no_sense_is_refused_in_words(business: Business, months: int) -> None:
    with pytest.raises(ActionRefused, match="nothing was changed"):
        business.company.perform(SetWindow(months))


STEPS = st.sampled_from(
    ["sell", "ship", "ship a part", "buy", "take back", "send back", "deliver", "month", "month", "pull", "fill"]
)


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(steps=st.lists(st.tuples(STEPS, st.integers(0, 1000)), min_size=8, max_size=14))
def test_whatever_is_done_a_desk_holds_the_centres_rows_within_its_window(
    business: Business, steps: list[tuple[str, int]]
) -> None:
    desks = [business.desk_of()]
    business.buy()
    for step, number in steps:
        do_one(business, desks, step, number)
    for desk in desks:
        try:
            desk.pull()
        except CursorGone:
            desk.fill()
        desk.is_right()


def do_one(business: Business, desks: list[FilledDesk], step: str, number: int) -> None:
    def any_of(ids: list[UUID]) -> UUID:
        return ids[number % len(ids)]

    try:
        if step == "sell" or (step.startswith("ship") and not business.sold):
            business.sell()
        elif step == "ship":
            business.ship(any_of(business.sold))
        elif step == "ship a part":
            business.ship(any_of(business.sold), "1")
        elif step == "buy":
            business.buy()
        elif step == "take back" and business.sent:
            business.take_back(any_of(business.sent))
        elif step == "deliver" and business.sent:
            business.deliver(any_of(business.sent))
        elif step == "send back":
            business.send_back(any_of(business.received))
        elif step == "month":
            business.months_pass(2)
            desks[0].fill()  # so that one of them holds nothing of what is old
        elif step == "fill" and len(desks) < 3:
            desks.append(business.desk_of(("warehouse", "sales")[number % 2]))
        elif step == "pull":
            desk = desks[number % len(desks)]
            desk.pull() if number % 3 else desk.fill()
    except (ActionRefused, CursorGone):
        pass  # shipped already, nothing left to come back; or the window went on without this desk


def test_no_part_of_a_document_is_younger_than_the_document(business: Business) -> None:
    """What `in_window` builds upon."""
    shipment = business.ship(business.sell())
    business.months_pass()
    business.take_back(shipment)
    business.deliver(shipment)
    with business.company.session() as session:
        order = session.scalars(select(SalesOrder).join(Shipment, Shipment.order_id == SalesOrder.id)).one()
        assert order.revived_tick is not None
        latest: type[Replicated]
        for latest in (ShipmentLine, StockMove, Shipment):
            assert order.tick >= (session.scalar(select(func.max(latest.tick))) or 0)
