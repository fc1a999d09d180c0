"""A desk without the network confirms deliveries; the centre numbers, values and posts them when it hears of them."""

from decimal import Decimal

from acme_office import Office, OpenDesk
from sqlalchemy import select
from test_last_unit import TODAY, rows_of, stock_one

from erp_desktop.actions.delivering import ConfirmDelivery
from erp_desktop.actions.selling import ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder, ShippedLine
from erp_desktop.ids import new_id
from erp_desktop.models.ledger import JournalEntry
from erp_desktop.models.sales import SalesInvoice, Shipment

COMPANY_SETTINGS = {"revenue_at": "delivery"}


def test_what_a_desk_ships_and_delivers_offline_is_posted_when_it_is_back(office: Office, open_desk: OpenDesk) -> None:
    product, customer, warehouse, channel = stock_one(office)
    office.add_user("mei", "administrator")
    lin, mei = open_desk("lin"), open_desk("mei")
    assert lin.wait_until_synced()
    assert mei.wait_until_synced()
    order, line, shipment = new_id(), new_id(), new_id()
    sold = (SalesLine(line, product, Decimal(1), Decimal(9)),)
    lin.perform_and_wait(SaveSalesOrder(order, channel, warehouse, TODAY, TODAY, sold, customer_id=customer))
    lin.perform_and_wait(ConfirmSalesOrder(order))
    lin.perform_and_wait(ShipOrder(shipment, order, TODAY, lines=(ShippedLine(line, Decimal(1)),)))
    assert lin.wait_until_synced()
    assert mei.wait_until_synced()

    lin.go_offline()
    mei.go_offline()
    lin.perform_and_wait(ConfirmDelivery((shipment,), TODAY))
    mei.perform_and_wait(ConfirmDelivery((shipment,), TODAY))
    invoiced = lin._cache.write(lambda connection: connection.execute(select(SalesInvoice.total)).all()).result()
    assert [tuple(row) for row in invoiced] == [(Decimal(9),)]

    lin.go_online()
    assert lin.wait_until_synced()
    mei.go_online()
    assert mei.wait_until_synced()
    (refused,) = mei.attention().result()
    assert (refused.name, refused.status) == ("ConfirmDelivery", "refused")
    assert f"SH-2026-0001 was delivered on {TODAY} already" in refused.sentence
    with office.engine.connect() as connection:
        centre = rows_of(connection)
        assert connection.scalars(select(Shipment.delivered_on)).all() == [TODAY]
        events = connection.scalars(select(JournalEntry.event).order_by(JournalEntry.number)).all()
    assert events == ["opening_stock", "shipment", "delivery", "revenue"]
    for desk in (lin, mei):
        assert desk.wait_until_synced()
        assert desk._cache.write(rows_of).result() == centre
