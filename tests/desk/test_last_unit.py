"""Two desks sell the last unit while the network is down: one shipment happens, the other waits with its sentence."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from acme_office import Office, OpenDesk
from sqlalchemy import Connection, select

from erp_desktop.actions.masters import SaveParty, SaveProduct
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models import replicated_tables
from erp_desktop.models.product import Category, Unit
from erp_desktop.models.sales import Channel, Shipment
from erp_desktop.models.stock import Bin, StockBalance, Warehouse
from erp_desktop.sync import undo

TODAY = date(2026, 3, 2)


def stock_one(office: Office) -> tuple[UUID, UUID, UUID, UUID]:
    """One BX-204 in the main warehouse, and a customer. Gives product, customer, warehouse, channel."""
    with office.engine.connect() as connection:
        unit, category, warehouse, bin_id, channel = (
            connection.scalars(select(table.id).limit(1)).one() for table in (Unit, Category, Warehouse, Bin, Channel)
        )
    product, customer = new_id(), new_id()
    results = office.perform(
        SaveProduct(product_id=product, code="BX-204", name="Box", category_id=category, unit_id=unit),
        SaveParty(party_id=customer, code="C-1", name="Customer", is_consumer=True),
        CountStock(
            new_id(), warehouse, TODAY, (CountedLine(product, bin_id, Decimal(1), Decimal(5)),), is_opening=True
        ),
    )
    assert [result.outcome for result in results] == ["applied"] * 3, results
    return product, customer, warehouse, channel


def sell_one(desk: Desk, product: UUID, customer: UUID, warehouse: UUID, channel: UUID) -> None:
    order = new_id()
    line = SalesLine(new_id(), product, Decimal(1), Decimal(9))
    desk.perform_and_wait(SaveSalesOrder(order, channel, warehouse, TODAY, TODAY, (line,), customer_id=customer))
    desk.perform_and_wait(ConfirmSalesOrder(order))
    desk.perform_and_wait(AllocateSalesOrder(order))
    desk.perform_and_wait(ShipOrder(new_id(), order, TODAY))


def rows_of(connection: Connection) -> dict[str, list[str]]:
    """Each replicated table's rows in words, to compare a cache with its centre."""
    return {
        name: [repr(tuple(row)) for row in connection.execute(select(cls.__table__).order_by(cls.id))]
        for name, cls in replicated_tables().items()
    }


def test_two_desks_ship_the_last_unit(office: Office, open_desk: OpenDesk) -> None:
    goods = stock_one(office)
    office.add_user("mei", "administrator")
    lin, mei = open_desk("lin"), open_desk("mei")
    lin.go_offline()
    mei.go_offline()
    sell_one(lin, *goods)
    sell_one(mei, *goods)
    assert (lin.sync_state.waiting, mei.sync_state.waiting) == (4, 4)

    lin.go_online()
    assert lin.wait_until_synced()
    mei.go_online()
    assert mei.wait_until_synced()
    assert lin.sync_state.attention == 0

    items = mei.attention().result()
    assert [(item.name, item.status) for item in items] == [("AllocateSalesOrder", "refused"), ("ShipOrder", "held")]
    assert "BX-204" in items[0].sentence
    assert items[0].id in items[1].depends
    assert mei.sync_state.waiting == 0

    assert lin.wait_until_synced()
    with office.engine.connect() as connection:
        centre = rows_of(connection)
        assert connection.scalar(select(StockBalance.on_hand)) == 0
        assert len(connection.scalars(select(Shipment.number)).all()) == 1
    for desk in (lin, mei):
        assert desk._cache.write(undo.touched_tables).result() == frozenset()
        assert desk._cache.write(rows_of).result() == centre  # row for row, both desks and the centre
