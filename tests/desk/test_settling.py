"""What needs attention is settled by a decision: many at once, what they held follows, the books are right in the end."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from acme_office import Office, OpenDesk
from sqlalchemy import Connection, func, select, update
from test_last_unit import TODAY, rows_of, sell_one, stock_one

from erp_desktop.actions.masters import SaveParty, SaveProduct
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.remedies import Refusal, Remedy, ways_out
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.ledger import Period
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.sales import SalesOrder, Shipment
from erp_desktop.models.stock import Bin, StockBalance
from erp_desktop.models.sync import OutboxAction
from erp_desktop.sync.settling import Decision
from erp_desktop.sync.what_waits import AttentionItem


def best_way(item: AttentionItem) -> Decision:
    """What the first button of `item` does."""
    assert item.action is not None
    way = ways_out(Refusal(item.action, item.code, item.fields, TODAY))[0]
    assert isinstance(way, Remedy)
    return Decision(item.id, way.action, None if way.action is not None else way.reason, way.with_held)


def sell(desk: Desk, qty: int, day: date, *goods: UUID) -> None:
    product, customer, warehouse, channel = goods
    order = new_id()
    line = SalesLine(new_id(), product, Decimal(qty), Decimal(9))
    desk.perform_and_wait(SaveSalesOrder(order, channel, warehouse, day, day, (line,), customer_id=customer))
    desk.perform_and_wait(ConfirmSalesOrder(order))
    desk.perform_and_wait(AllocateSalesOrder(order))
    desk.perform_and_wait(ShipOrder(new_id(), order, day))


def count(office: Office, qty: int, goods: tuple[UUID, ...]) -> None:
    product, _, warehouse, _ = goods
    with office.engine.connect() as connection:
        bin_id = connection.scalars(select(Bin.id).limit(1)).one()
    line = CountedLine(product, bin_id, Decimal(qty), Decimal(5))
    (result,) = office.perform(CountStock(new_id(), warehouse, date(2026, 1, 5), (line,)))
    assert result.outcome == "applied", result


def test_what_is_there_is_shipped_and_the_rest_is_back_ordered(office: Office, open_desk: OpenDesk) -> None:
    goods = stock_one(office)
    count(office, 10, goods)
    office.add_user("mei", "administrator")
    lin, mei = open_desk("lin"), open_desk("mei")
    lin.go_offline()
    mei.go_offline()
    sell(lin, 6, TODAY, *goods)
    sell(mei, 10, TODAY, *goods)
    lin.go_online()
    assert lin.wait_until_synced()
    mei.go_online()
    assert mei.wait_until_synced()

    cause, behind = mei.attention().result()
    assert (cause.code, behind.status) == ("not_enough_free", "held")
    assert mei.settle([best_way(cause)]).result() == ()
    assert mei.wait_until_synced()
    assert mei.attention().result() == ()
    assert lin.wait_until_synced()
    with office.engine.connect() as connection:
        assert connection.scalar(select(StockBalance.on_hand)) == 0
        statuses = connection.scalars(select(SalesOrder.status).order_by(SalesOrder.number)).all()
        assert sorted(statuses) == ["part_shipped", "shipped"]
        centre = rows_of(connection)
    for desk in (lin, mei):
        assert desk._cache.write(rows_of).result() == centre


def test_shipments_of_a_month_that_was_closed_meanwhile_are_posted_together_in_the_next(
    office: Office, open_desk: OpenDesk
) -> None:
    goods = stock_one(office)
    count(office, 10, goods)
    lin = open_desk("lin")
    lin.go_offline()
    for _ in range(3):
        sell(lin, 2, date(2026, 1, 20), *goods)
    with office.engine.connect() as connection:
        january = connection.scalars(select(Period.id).where(Period.starts_on == date(2026, 1, 1))).one()
    (result,) = office.perform(ClosePeriod(january))
    assert result.outcome == "applied", result
    lin.go_online()
    assert lin.wait_until_synced()

    items = lin.attention().result()
    assert [(item.name, item.code) for item in items] == [("ShipOrder", "period_closed")] * 3
    assert lin.settle([best_way(item) for item in items]).result() == ()
    assert lin.wait_until_synced()
    assert lin.sync_state.attention == 0
    with office.engine.connect() as connection:
        assert connection.scalars(select(Shipment.shipped_on)).all() == [date(2026, 2, 1)] * 3


def test_what_cannot_be_settled_stays_and_the_others_are_done(office: Office, open_desk: OpenDesk) -> None:
    goods = stock_one(office)
    office.add_user("mei", "administrator")
    lin, mei = open_desk("lin"), open_desk("mei")
    mei.go_offline()
    sell_one(mei, *goods)
    sell_one(lin, *goods)
    assert lin.wait_until_synced()
    mei.go_online()
    assert mei.wait_until_synced()
    cause, _ = mei.attention().result()

    (left,) = mei.settle([Decision(cause.id)]).result()
    assert left.problem.code == "not_enough_free"
    assert mei.attention().result()[0] == cause  # as it was

    assert mei.settle([Decision(cause.id, reason="Back-ordered", with_held=True)]).result() == ()
    assert mei.attention().result() == ()
    assert mei.sync_state.waiting == 0


def test_what_waits_for_the_centre_is_listed_oldest_first(office: Office, open_desk: OpenDesk) -> None:
    goods = stock_one(office)
    lin = open_desk("lin")
    lin.go_offline()
    sell_one(lin, *goods)
    changes = lin.waiting_changes().result()
    assert [change.name for change in changes] == [
        "SaveSalesOrder",
        "ConfirmSalesOrder",
        "AllocateSalesOrder",
        "ShipOrder",
    ]
    assert changes[0].since <= changes[-1].since
    lin.go_online()
    assert lin.wait_until_synced()
    assert lin.waiting_changes().result() == ()


def test_an_address_that_two_desks_changed_is_never_overwritten_in_silence(office: Office, open_desk: OpenDesk) -> None:
    film = SaveParty(new_id(), "S9", "Ningbo Film", is_supplier=True, address="1 Port Road", phone="1")
    (result,) = office.perform(film)
    assert result.outcome == "applied", result
    office.add_user("mei", "administrator")
    lin, mei = open_desk("lin"), open_desk("mei")
    lin.go_offline()
    mei.go_offline()
    lin.perform_and_wait(replace(film, address="2 Harbour Street").changing(film))
    first = replace(film, address="3 Mill Lane", phone="2")
    mei.perform_and_wait(first.changing(film))
    mei.perform_and_wait(replace(first, city="Ningbo").changing(first))
    for desk in (lin, mei):
        desk.go_online()
        assert desk.wait_until_synced()

    clash, behind = mei.attention().result()
    assert (clash.code, behind.status) == ("changed_meanwhile", "held")
    assert mei.settle([best_way(clash)]).result() == ()  # mine is kept
    assert mei.wait_until_synced()
    assert mei.attention().result() == ()
    assert lin.wait_until_synced()
    with office.engine.connect() as connection:
        saved = connection.execute(select(Party.address, Party.phone, Party.city).where(Party.code == "S9")).one()
        assert tuple(saved) == ("3 Mill Lane", "2", "Ningbo")
        centre = rows_of(connection)
    for desk in (lin, mei):
        assert desk._cache.write(rows_of).result() == centre


def test_two_causes_hold_one_change_until_both_are_settled_also_offline(office: Office, open_desk: OpenDesk) -> None:
    """A customer and a product that the centre refused, and the order that builds on both."""
    product, _, warehouse, channel = stock_one(office)
    with office.engine.connect() as connection:
        box = connection.execute(select(Product.category_id, Product.unit_id)).one()
    lin = open_desk("lin")
    lin.go_offline()
    customer, film, order = new_id(), new_id(), new_id()
    lin.perform_and_wait(SaveParty(customer, "C-9", "Zhang Min", is_consumer=True))
    lin.perform_and_wait(SaveProduct(film, "CP-9", "Film", box.category_id, box.unit_id))
    lines = tuple(SalesLine(new_id(), one, Decimal(1), Decimal(9)) for one in (film, product))
    lin.perform_and_wait(SaveSalesOrder(order, channel, warehouse, TODAY, TODAY, lines, customer_id=customer))
    lin.perform_and_wait(ConfirmSalesOrder(order))
    results = office.perform(
        SaveParty(new_id(), "C-9", "Somebody else", is_consumer=True),
        SaveProduct(new_id(), "CP-9", "Something else", box.category_id, box.unit_id),
    )
    assert [result.outcome for result in results] == ["applied"] * 2
    lin.go_online()
    assert lin.wait_until_synced()

    items = lin.attention().result()
    assert [(item.name, item.status) for item in items] == [
        ("SaveParty", "refused"),
        ("SaveProduct", "refused"),
        ("SaveSalesOrder", "held"),
        ("ConfirmSalesOrder", "held"),
    ]
    assert lin.sync_state.attention == 2
    lin.go_offline()
    assert lin.settle([best_way(items[0])]).result() == ()
    assert [item.status for item in lin.attention().result()] == [
        "refused",
        "held",
        "held",
    ]  # the product is missing still
    assert lin.settle([best_way(items[1])]).result() == ()
    assert lin.attention().result() == ()
    assert lin.sync_state.waiting == 4
    lin.go_online()
    assert lin.wait_until_synced()
    assert lin.sync_state.waiting == 0
    with office.engine.connect() as connection:
        assert connection.scalars(select(SalesOrder.status)).one() == "confirmed"
        assert set(connection.scalars(select(Party.code).where(Party.code.like("C-9%")))) == {"C-9", "C-9-2"}
        centre = rows_of(connection)
    assert lin._cache.write(rows_of).result() == centre


def test_what_this_program_does_not_know_any_more_stays_with_its_sentence_and_the_others_are_settled(
    office: Office, open_desk: OpenDesk
) -> None:
    lin = open_desk("lin")
    lin.go_offline()
    for code in ("S-8", "S-9"):
        lin.perform_and_wait(SaveParty(new_id(), code, code, is_supplier=True))
    rows = OutboxAction.__table__

    def refuse(connection: Connection) -> None:
        connection.execute(update(rows).values(status="refused", problem={"code": "refused", "fields": {}}))
        first = select(func.min(rows.c.seq)).scalar_subquery()
        connection.execute(update(rows).where(rows.c.seq == first).values(name="SaveSomething"))

    lin._cache.write(refuse).result()
    unknown, known = lin.attention().result()
    (left,) = lin.settle([Decision(unknown.id), Decision(known.id)]).result()
    assert (left.item_id, left.problem.code) == (unknown.id, "unknown_here")
    assert [item.id for item in lin.attention().result()] == [unknown.id]
