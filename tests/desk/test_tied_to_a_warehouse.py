"""Somebody who works in one warehouse holds its documents and its stock, and master data; transfers cross the border."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from firm import Firm
from sqlalchemy import Connection

from company_fixtures import TODAY, ActionRefused
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.actions.tied import OtherWarehouse
from erp_desktop.actions.transferring import ArrivedLine, DispatchedLine, DispatchTransfer, ReceiveTransfer
from erp_desktop.actions.transit import transit_warehouse_id
from erp_desktop.central.changes import Changes, Reader
from erp_desktop.central.signing import identity_of
from erp_desktop.desk import Desk
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models import replicated_tables
from erp_desktop.models.stock import GoodsTransferLine
from erp_desktop.sync.checking import Checker
from erp_desktop.sync.transport import Timing, Transport

OF_WAREHOUSES = {
    name for name, model in replicated_tables().items() if model.warehouse_columns or model.part_of is not None
}


def far_of(firm: Firm) -> tuple[UUID, UUID]:
    """The far warehouse and its bin."""
    return derived_id("far", firm.company.company_id), derived_id("far bin", firm.company.company_id)


def tie(firm: Firm, login: str, *warehouses: UUID, roles: tuple[str, ...] = ("warehouse",)) -> None:
    user_id = firm.roles.setdefault(login, new_id())
    firm.company.perform(SaveUser(user_id, login, login.title(), roles, warehouse_ids=warehouses))


def rows(desk: Desk, table: str) -> list[dict[str, Any]]:
    def read(connection: Connection) -> list[dict[str, Any]]:
        return [dict(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"').mappings()]

    return desk._cache.write(read).result()


def held(desk: Desk) -> set[str]:
    """The tables of documents and stock that have rows here."""
    return {name for name in OF_WAREHOUSES if rows(desk, name)}


def on_hand(desk: Desk, warehouse_id: UUID) -> int:
    found = [row for row in rows(desk, "stock_balance") if row["warehouse_id"] == warehouse_id.bytes]
    return int(sum(row["on_hand"] for row in found)) // 10**6


def draft(firm: Firm, order_id: UUID, warehouse_id: UUID) -> SavePurchaseOrder:
    product = firm.company.products["BX-204"]
    line = PurchaseLine(derived_id("line", order_id, "0"), product, Decimal(3), Decimal(2))
    return SavePurchaseOrder(order_id, firm.company.supplier, warehouse_id, TODAY, TODAY, (line,))


def test_a_desk_holds_documents_and_stock_of_its_warehouse_and_all_master_data(firm: Firm) -> None:
    far, _ = far_of(firm)
    desk = firm.desk_of("warehouse")
    everything = held(desk)
    assert {"purchase_order", "goods_receipt_line", "stock_move", "sales_order_line", "stock_count"} <= everything
    tie(firm, "warehouse", far)
    assert desk.wait_until_synced()
    assert held(desk) == set(), "nothing has happened in the far warehouse yet"
    assert len(rows(desk, "warehouse")) > 1
    assert rows(desk, "product")
    firm.company.stock("BX-204", "1", "9")  # elsewhere
    order_id = new_id()
    firm.company.perform(draft(firm, order_id, far))
    assert desk.wait_until_synced()
    assert held(desk) == {"purchase_order", "purchase_order_line"}
    tie(firm, "warehouse", far, firm.company.warehouse)
    assert desk.wait_until_synced()
    assert held(desk) >= everything
    tie(firm, "warehouse")
    assert desk.wait_until_synced()
    assert held(desk) >= everything, "who is tied to none works in all"


def test_goods_come_from_a_warehouse_that_the_desk_does_not_see_and_go_back_to_it(firm: Firm) -> None:
    company, (far, far_bin) = firm.company, far_of(firm)
    product = company.products["BX-204"]
    tie(firm, "warehouse", far)
    desk = firm.desk_of("warehouse")
    transfer = new_id()
    company.perform(
        DispatchTransfer(transfer, company.warehouse, far, TODAY, (DispatchedLine(product, Decimal(5), company.bin),))
    )
    assert desk.wait_until_synced()
    assert on_hand(desk, transit_warehouse_id(company.company_id)) == 5
    assert on_hand(desk, company.warehouse) == 0, "it does not see what is left there"
    line = firm.first(GoodsTransferLine.id, transfer_id=transfer)
    desk.go_offline()
    desk.perform_and_wait(ReceiveTransfer(transfer, TODAY, (ArrivedLine(line, Decimal(5), far_bin),)))
    back = DispatchTransfer(new_id(), far, company.warehouse, TODAY, (DispatchedLine(product, Decimal(2), far_bin),))
    desk.perform_and_wait(back)
    assert on_hand(desk, far) == 3
    desk.go_online()
    assert desk.wait_until_synced()
    assert desk.attention().result() == ()
    assert desk.sync_state.waiting == 0
    assert (on_hand(desk, far), on_hand(desk, transit_warehouse_id(company.company_id))) == (3, 2)


def test_an_order_that_is_to_be_delivered_elsewhere_goes_from_one_desk_to_the_other_with_its_lines(firm: Firm) -> None:
    far, _ = far_of(firm)
    tie(firm, "warehouse", far)
    desk = firm.desk_of("warehouse")
    order_id = new_id()
    firm.company.perform(draft(firm, order_id, firm.company.warehouse))
    assert desk.wait_until_synced()
    assert held(desk) == set()
    firm.company.perform(draft(firm, order_id, far))  # the lines are as they were
    assert desk.wait_until_synced()
    assert [row["order_id"] for row in rows(desk, "purchase_order_line")] == [order_id.bytes]
    firm.company.perform(draft(firm, order_id, firm.company.warehouse))
    assert desk.wait_until_synced()
    assert held(desk) == set()


def test_what_a_tied_desk_never_held_is_not_named_to_it(firm: Firm) -> None:
    far, _ = far_of(firm)
    order_id, company = new_id(), firm.company
    changes = Changes(company.centre.engine, identity_of(company.centre.engine).signer)
    tied, untied = (
        Reader(company.company_id, company.owner_id, new_id(), ALL_PERMISSIONS, warehouses=warehouses)
        for warehouses in (frozenset({far}), frozenset())
    )

    def named_to(who: Reader, after: str) -> tuple[set[UUID], set[str]]:
        """Ids that the desk is told to forget, and those of orders that it is sent."""
        reply = changes.pull(who, after)
        sent = {
            row_id
            for page in reply.pages
            for row_id in (
                page.values[page.columns.index("id")] if page.table == "purchase_order" and page.values else ()
            )
        }
        return {one for page in reply.pages for one in page.gone}, sent

    before = {who: changes.sizes(who).cursor for who in (tied, untied)}
    company.perform(draft(firm, order_id, company.warehouse), draft(firm, order_id, company.warehouse))
    assert named_to(tied, before[tied]) == (set(), set())
    company.perform(draft(firm, order_id, far))
    assert named_to(tied, before[tied])[1] == {order_id.hex}
    assert named_to(untied, before[untied])[1] == {order_id.hex}, "whoever sees both warehouses goes on seeing it"
    there = changes.sizes(tied).cursor
    company.perform(draft(firm, order_id, company.warehouse))
    line_id = derived_id("line", order_id, "0")
    assert named_to(tied, there) == ({order_id, line_id}, set())
    assert named_to(untied, before[untied])[1] == {order_id.hex}


def test_a_check_of_the_data_meanwhile_gives_no_false_alarm_and_the_desks_agree_afterwards(firm: Firm) -> None:
    far, _ = far_of(firm)
    tie(firm, "warehouse", far)
    desk = firm.desk_of("warehouse")
    leaving, coming, staying = new_id(), new_id(), new_id()
    firm.company.perform(
        draft(firm, leaving, far), draft(firm, coming, firm.company.warehouse), draft(firm, staying, far)
    )
    assert desk.wait_until_synced()
    desk.go_offline()
    firm.company.perform(draft(firm, leaving, firm.company.warehouse), draft(firm, coming, far))
    transport = Transport(lambda: firm.url, Timing(connect=60, answer=60))
    checker = Checker(desk._cache, desk._credentials, transport, pull=lambda: pytest.fail("no pull was needed"))
    assert checker.check_all().mended == ()
    transport.close()
    desk.go_online()
    assert desk.wait_until_synced()
    assert {row["id"] for row in rows(desk, "purchase_order")} == {coming.bytes, staying.bytes}
    assert {row["order_id"] for row in rows(desk, "purchase_order_line")} == {coming.bytes, staying.bytes}
    assert desk.check_data().result().mended == ()


def test_what_is_of_another_warehouse_is_refused_at_the_desk_and_where_the_tie_came_later_at_the_centre(
    firm: Firm,
) -> None:
    far, _ = far_of(firm)
    counted = CountedLine(firm.company.products["BX-204"], firm.company.bin, Decimal(1))
    here = CountStock(new_id(), firm.company.warehouse, TODAY, (counted,))
    tie(firm, "warehouse", far)
    desk = firm.desk_of("warehouse")
    with pytest.raises(OtherWarehouse, match="Far away"):
        desk.perform_and_wait(here)
    assert desk.sync_state.waiting == 0
    tie(firm, "warehouse")
    assert desk.wait_until_synced()
    desk.go_offline()
    desk.perform_and_wait(here)
    tie(firm, "warehouse", far)
    desk.go_online()
    assert desk.wait_until_synced()
    (item,) = desk.attention().result()
    assert item.code == "other_warehouse"


def test_who_sees_the_books_sees_every_warehouse(firm: Firm) -> None:
    far, _ = far_of(firm)
    tie(firm, "accountant", far, roles=("accountant",))
    assert "purchase_order" in held(firm.desk_of("accountant"))


def test_a_user_cannot_be_tied_to_goods_in_transit_or_to_a_warehouse_that_is_not_there(firm: Firm) -> None:
    for warehouse_id in (transit_warehouse_id(firm.company.company_id), new_id()):
        with pytest.raises(ActionRefused):
            tie(firm, "warehouse", warehouse_id)
