"""Orders of a channel: taken in once, all of a batch or nothing, with numbers and ids that do not depend on the batch."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context, action_args, read_action
from erp_desktop.actions.channel_orders import (
    ChannelLine,
    ChannelOrder,
    ChannelReturn,
    TakeInChannelOrders,
    channel_order_id,
)
from erp_desktop.actions.finding import AmountNegative, QtyNotPositive
from erp_desktop.actions.masters import (
    SaveCategory,
    SaveChannel,
    SaveMasters,
    SaveParty,
    SaveProduct,
    SaveUnit,
    SaveWarehouse,
)
from erp_desktop.actions.performing import perform_action
from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.actions.refusals import CodeTaken, NotFound, NumberRefused, TextRefused
from erp_desktop.ids import new_id
from erp_desktop.models.base import set_tick
from erp_desktop.models.company import Company
from erp_desktop.models.sales import CustomerReturn, SalesOrder, SalesOrderLine

COMPANY, SHOP, WAREHOUSE, CUP, LI = (new_id() for _ in range(5))
DAY = date(2026, 3, 1)


def order(number: str, qty: object = 2, price: str = "4.505", **more: object) -> ChannelOrder:
    return ChannelOrder(number, DAY, (ChannelLine(CUP, Decimal(str(qty)), Decimal(price)),), **more)  # type: ignore[arg-type]


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        session.add(
            Company(company_id=COMPANY, id=COMPANY, code="C", name="C", currency="CNY", time_zone="UTC", chart="x")
        )
        yield session


@pytest.fixture
def perform(session):
    def perform(action: object, at_centre: bool = True) -> None:
        ctx = Context(COMPANY, new_id(), new_id(), datetime.now(UTC), at_centre=at_centre, permissions=ALL_PERMISSIONS)
        set_tick(session.connection(), 7)
        with session.begin_nested():
            perform_action(session, ctx, action)  # type: ignore[arg-type]

    unit, category = new_id(), new_id()
    perform(
        SaveMasters(
            units=(SaveUnit(unit, "PC", "Piece"),),
            categories=(SaveCategory(category, "GENERAL", "General"),),
            channels=(SaveChannel(SHOP, "SHOP", "Shop"),),
            warehouses=(SaveWarehouse(WAREHOUSE, "MAIN", "Main"),),
            parties=(SaveParty(LI, "LI", "Li Wei", is_consumer=True),),
            products=(SaveProduct(CUP, "CUP", "Cup", category, unit),),
        )
    )
    return perform


def take_in(*orders: ChannelOrder, returns: tuple[ChannelReturn, ...] = ()) -> TakeInChannelOrders:
    return TakeInChannelOrders(SHOP, WAREHOUSE, orders, returns)


def test_a_batch_becomes_confirmed_orders_with_rounded_lines_and_one_run_of_numbers(session, perform):
    perform(take_in(order("A1", customer_id=LI, freight=Decimal("3.00")), order("A2", qty="1.5")))
    first, second = session.scalars(select(SalesOrder).order_by(SalesOrder.number))
    assert (first.number, second.number) == ("SO-2026-0001", "SO-2026-0002")
    assert (first.status, first.customer_id, first.currency, first.tick) == ("confirmed", LI, "CNY", 7)
    assert (first.total, second.total) == (Decimal("12.01"), Decimal("6.76"))  # 4.505 x 1.5 = 6.7575
    line = session.scalars(select(SalesOrderLine).where(SalesOrderLine.order_id == first.id)).one()
    assert (line.qty, line.unit_price, line.amount, line.tick) == (Decimal(2), Decimal("4.505"), Decimal("9.01"), 7)


def test_taking_in_the_same_orders_again_changes_nothing(session, perform):
    perform(take_in(order("A1")))
    perform(take_in(order("A1"), order("A2")))
    perform(take_in(order("A1", qty=9)))
    assert session.scalar(select(func.count()).select_from(SalesOrder)) == 2
    assert session.get_one(SalesOrder, (COMPANY, channel_order_id(SHOP, "A1"))).total == Decimal("9.01")


def test_a_return_is_announced_and_moves_nothing(session, perform):
    announced = ChannelReturn("C1", DAY, (ChannelLine(CUP, Decimal(1), Decimal("4.50")),), reason="too small")
    perform(take_in(returns=(announced,)))
    perform(take_in(returns=(announced,)))
    stored = session.scalars(select(CustomerReturn)).one()
    assert (stored.status, stored.total, stored.reason, stored.number) == (
        "announced",
        Decimal("4.50"),
        "too small",
        "RET-2026-0001",
    )


def test_desk_gives_no_numbers_but_the_same_ids(session, perform):
    perform(take_in(order("A1")), at_centre=False)
    stored = session.scalars(select(SalesOrder)).one()
    assert stored.number is None
    assert stored.id == channel_order_id(SHOP, "A1")


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (order("A1", qty=0), QtyNotPositive),
        (order("A1", price="-1"), AmountNegative),
        (order("A1", qty="0.0000001"), NumberRefused),
        (order("A1", qty=10**12, price="999999.99"), NumberRefused),
        (order("A" * 61), TextRefused),
        (order("A1", ship_to="nul \x00"), TextRefused),
        (order("A1", customer_id=new_id()), NotFound),
        (ChannelOrder("A1", DAY, (ChannelLine(new_id(), Decimal(1), Decimal(1)),)), NotFound),
        (order("GOOD"), CodeTaken),
    ],
)
def test_one_wrong_order_refuses_the_whole_batch(session, perform, wrong, refusal):
    with pytest.raises(refusal):
        perform(take_in(order("GOOD"), wrong))
    assert session.scalars(select(SalesOrder)).all() == []


def test_a_batch_of_two_hundred_orders_is_small_enough_to_be_pushed():
    lines = tuple(ChannelLine(new_id(), Decimal(12), Decimal("2.55")) for _ in range(18))
    batch = take_in(*(ChannelOrder(f"{number}", DAY, lines) for number in range(200)))
    sent = action_args(batch)
    assert len(sent) < 512 * 1024 / 2
    assert read_action("TakeInChannelOrders", 1, sent) == batch
