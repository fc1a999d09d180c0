"""Goods transfers through the real window: dispatched, taken in, closed short."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from trading_house import Trade, trade

from erp_desktop.actions.masters import SaveBin, SaveWarehouse
from erp_desktop.actions.transferring import DispatchedLine, DispatchTransfer
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.masters import Products, Warehouses
from erp_desktop.queries.stock import StockOnHand
from erp_desktop.views.widgets.lookup import LookupItem

__all__ = ["trade"]

DAY = date(2026, 3, 20)


@pytest.fixture
def stocked(trade: Trade) -> Trade:
    """Ten BX-204 in the main warehouse, and an empty one in Ningbo."""
    trade.company.stock("BX-204", "10", "12.50")
    trade.ningbo, trade.dock = new_id(), new_id()
    trade.company.perform(
        SaveWarehouse(trade.ningbo, "NB", "Ningbo"),
        SaveBin(trade.dock, trade.ningbo, "DOCK"),
        SaveWarehouse(trade.ningbo, "NB", "Ningbo", receiving_bin_id=trade.dock),
    )
    trade.hear_news()
    return trade


@pytest.fixture
def under_way(stocked: Trade) -> UUID:
    """Six of them on their way to Ningbo."""
    transfer = new_id()
    line = DispatchedLine(stocked.company.products["BX-204"], Decimal(6), stocked.company.bin)
    stocked.company.perform(DispatchTransfer(transfer, stocked.company.warehouse, stocked.ningbo, DAY, (line,)))
    stocked.hear_news()
    return transfer


def item(trade: Trade, warehouse: UUID) -> LookupItem:
    row = next(one for one in trade.ask(Warehouses(ListRequest())).rows if one.id == warehouse)
    return LookupItem(row.id, row.code, row.name, row)


def on_hand(trade: Trade) -> dict[str, Decimal]:
    return {row.bin_code: row.on_hand for row in trade.ask(StockOnHand(ListRequest())).rows}


def test_goods_are_dispatched_and_their_transfer_is_shown(stocked: Trade) -> None:
    trade = stocked
    page = trade.open("dispatch_transfer", id=new_id())
    page.binder.set_value("from_warehouse", item(trade, trade.company.warehouse))
    page.binder.set_value("to_warehouse", item(trade, trade.ningbo))
    page.binder.set_value("dispatched_on", DAY)
    model = page.grid.model_of_lines
    names = [column.name for column in model.spec.columns]
    product = LookupItem(trade.company.products["BX-204"], "BX-204", "Box")
    model.change(
        {(0, names.index("product")): product, (0, names.index("bin")): LookupItem(trade.company.bin, "STOCK", "")}
    )
    trade.wait(lambda: trade.value(page, 0, "free") == Decimal(10))
    trade.cell(page, 0, "qty", "6")
    page.save()
    trade.wait(lambda: trade.page is not page and getattr(trade.page, "record", None) is not None)
    assert trade.page.record.open_qty == Decimal(6)
    assert on_hand(trade) == {"STOCK": Decimal(4), "TRANSIT": Decimal(6)}
    (row,) = (one for one in trade.ask(Products(ListRequest())).rows if one.code == "BX-204")
    assert (row.on_hand, row.free, row.in_transit) == (Decimal(4), Decimal(4), Decimal(6))


def test_more_than_is_free_is_said_at_the_quantity(stocked: Trade) -> None:
    trade = stocked
    page = trade.open("dispatch_transfer", id=new_id())
    page.binder.set_value("from_warehouse", item(trade, trade.company.warehouse))
    page.binder.set_value("to_warehouse", item(trade, trade.ningbo))
    page.binder.set_value("dispatched_on", DAY)
    model = page.grid.model_of_lines
    names = [column.name for column in model.spec.columns]
    product = LookupItem(trade.company.products["BX-204"], "BX-204", "Box")
    model.change(
        {(0, names.index("product")): product, (0, names.index("bin")): LookupItem(trade.company.bin, "STOCK", "")}
    )
    trade.cell(page, 0, "qty", "60")
    page.save()
    trade.wait(page.binder.bar.isVisible)
    assert page.grid.currentIndex().column() == names.index("qty")
    assert on_hand(trade) == {"STOCK": Decimal(10)}


def test_what_arrived_is_taken_in_and_the_transfer_says_what_is_in_transit_still(
    stocked: Trade, under_way: UUID
) -> None:
    trade = stocked
    page = trade.open("receive_transfer", id=under_way)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    page.binder.set_value("received_on", DAY)
    trade.cell(page, 0, "counted", "4")
    page.save()
    trade.wait(lambda: trade.page is not page and getattr(trade.page, "record", None) is not None)
    shown = trade.page
    trade.wait(lambda: shown.record.open_qty == Decimal(2))
    assert shown.record.status == "part_received"
    assert on_hand(trade) == {"STOCK": Decimal(4), "TRANSIT": Decimal(2), "DOCK": Decimal(4)}
    trade.wait(lambda: shown.moves.model.is_loaded)
    assert len(list(shown.moves.model.loaded_rows())) == 2


def test_what_never_came_is_written_off_with_a_reason(stocked: Trade, under_way: UUID) -> None:
    trade = stocked
    page = trade.open("close_transfer", id=under_way)
    trade.wait(lambda: page.record is not None)
    page.binder.set_value("closed_on", DAY)
    page.save()
    trade.wait(lambda: bool(page.binder.problem_of("reason")))
    page.binder.set_value("reason", "fell off the lorry")
    page.save()
    trade.wait(lambda: trade.page is not page and getattr(trade.page, "record", None) is not None)
    shown = trade.page
    trade.wait(lambda: shown.record.status == "closed_short")
    assert shown.record.close_reason == "fell off the lorry"
    assert not shown.take_in.isEnabled()
    assert on_hand(trade) == {"STOCK": Decimal(4)}


def test_the_list_shows_what_is_under_way_and_opens_it(stocked: Trade, under_way: UUID) -> None:
    trade = stocked
    listed = trade.open("goods_transfers")
    trade.wait(lambda: listed.table.model.is_loaded)
    ((_, row),) = listed.table.model.loaded_rows()
    assert (row.from_warehouse_name, row.to_warehouse_name, row.open_qty) == ("Main warehouse", "Ningbo", Decimal(6))
    listed.table.select_row(0)
    listed.table.opened.emit(listed.table.current())
    trade.wait(lambda: getattr(trade.page, "kind", "") == "goods_transfer")
