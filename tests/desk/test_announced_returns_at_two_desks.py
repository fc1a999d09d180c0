"""Two desks settle the same announced return while the network is down: the first one to arrive has settled it."""

from decimal import Decimal

from acme_office import Office, OpenDesk
from sqlalchemy import Connection, select
from test_last_unit import TODAY, rows_of, stock_one

from erp_desktop.actions.channel_orders import ChannelLine, ChannelReturn, TakeInChannelOrders, channel_return_id
from erp_desktop.actions.returning import CloseAnnouncedReturn, ReturnedLine, TakeInReturn
from erp_desktop.actions.selling import ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder, ShippedLine, shipment_line_id
from erp_desktop.ids import new_id
from erp_desktop.models.sales import CustomerReturn
from erp_desktop.models.stock import StockBalance


def statuses(connection: Connection) -> list[str]:
    return list(connection.scalars(select(CustomerReturn.status).order_by(CustomerReturn.status)))


def test_one_desk_takes_the_goods_in_while_the_other_gives_them_up(office: Office, open_desk: OpenDesk) -> None:
    product, customer, warehouse, channel = stock_one(office)
    order, line, shipment = new_id(), new_id(), new_id()
    coming = ChannelReturn("C1", TODAY, (ChannelLine(product, Decimal(1), Decimal(9)),), customer)
    results = office.perform(
        SaveSalesOrder(
            order,
            channel,
            warehouse,
            TODAY,
            TODAY,
            (SalesLine(line, product, Decimal(1), Decimal(9)),),
            customer_id=customer,
        ),
        ConfirmSalesOrder(order),
        ShipOrder(shipment, order, TODAY, lines=(ShippedLine(line, Decimal(1)),)),
        TakeInChannelOrders(channel, warehouse, returns=(coming,)),
    )
    assert [result.outcome for result in results] == ["applied"] * 4, results
    announced = channel_return_id(channel, "C1")
    office.add_user("mei", "administrator")
    lin, mei = open_desk("lin"), open_desk("mei")
    assert lin.wait_until_synced()
    assert mei.wait_until_synced()

    lin.go_offline()
    mei.go_offline()
    back = (ReturnedLine(shipment_line_id(shipment, 1), Decimal(1)),)
    lin.perform_and_wait(TakeInReturn(new_id(), shipment, TODAY, back, announced_id=announced))
    mei.perform_and_wait(CloseAnnouncedReturn(announced, TODAY))
    assert lin._cache.write(statuses).result() == ["posted", "received"]
    assert mei._cache.write(statuses).result() == ["closed"]

    lin.go_online()
    assert lin.wait_until_synced()
    mei.go_online()
    assert mei.wait_until_synced()
    assert lin.sync_state.attention == 0
    (refused,) = mei.attention().result()
    assert (refused.name, refused.status) == ("CloseAnnouncedReturn", "refused")
    assert "RET-2026-0001 is received" in refused.sentence

    with office.engine.connect() as connection:
        centre = rows_of(connection)
        assert statuses(connection) == ["posted", "received"]
        assert connection.scalar(select(StockBalance.on_hand)) == 1
    for desk in (lin, mei):
        assert desk.wait_until_synced()
        assert desk._cache.write(rows_of).result() == centre
