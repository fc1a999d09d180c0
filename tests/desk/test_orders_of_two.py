"""Two people at two desks write one draft order: what only one of them changed is kept of both, nothing is undone in silence."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from acme_office import Office, OpenDesk
from sqlalchemy import select
from test_last_unit import TODAY, rows_of, stock_one
from test_settling import best_way

from erp_desktop.actions.both_versions import keeping
from erp_desktop.actions.drafts import LINE, changing
from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.selling import ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.purchasing import PurchaseOrder, PurchaseOrderLine
from erp_desktop.models.sales import SalesOrder, SalesOrderLine
from erp_desktop.sync.settling import Decision


def sale(office: Office) -> SaveSalesOrder:
    product, customer, warehouse, channel = stock_one(office)
    lines = tuple(SalesLine(new_id(), product, Decimal(qty), Decimal(9)) for qty in (1, 2))
    return SaveSalesOrder(new_id(), channel, warehouse, TODAY, TODAY, lines, customer_id=customer, note="")


def purchase(office: Office) -> SavePurchaseOrder:
    product, _, warehouse, _ = stock_one(office)
    supplier = SaveParty(new_id(), "S-1", "Supplier", is_supplier=True)
    (result,) = office.perform(supplier)
    assert result.outcome == "applied", result
    lines = tuple(PurchaseLine(new_id(), product, Decimal(qty), Decimal(4)) for qty in (1, 2))
    return SavePurchaseOrder(new_id(), supplier.party_id, warehouse, TODAY, TODAY, lines, currency="CNY")


Draft = Callable[[Office], Any]
BOTH = pytest.mark.parametrize("draft", [sale, purchase])
TABLES = {SaveSalesOrder: (SalesOrder, SalesOrderLine), SavePurchaseOrder: (PurchaseOrder, PurchaseOrderLine)}


def two_desks(office: Office, open_desk: OpenDesk, order: Any) -> tuple[Desk, Desk]:
    """Both offline, each with the draft that one of them had saved."""
    (result,) = office.perform(order)
    assert result.outcome == "applied", result
    office.add_user("mei", "administrator")
    lin, mei = open_desk("lin"), open_desk("mei")
    for desk in (lin, mei):
        assert desk.wait_until_synced()
        desk.go_offline()
    return lin, mei


def reconnect(*desks: Desk) -> None:
    for desk in desks:
        desk.go_online()
        assert desk.wait_until_synced()


def with_line(order: Any, place: int, **values: Any) -> Any:
    lines = [replace(line, **values) if number == place else line for number, line in enumerate(order.lines)]
    return replace(order, lines=tuple(lines))


def stored(office: Office, order: Any) -> tuple[str, dict[UUID, Decimal]]:
    """The order's note at the centre, and the quantities of its lines."""
    head, line = TABLES[type(order)]
    with office.engine.connect() as connection:
        note = connection.scalars(select(head.note).where(head.id == order.order_id)).one()
        rows = connection.execute(select(line.id, line.qty).where(line.order_id == order.order_id))
        return note, {row.id: row.qty for row in rows}


def agree(office: Office, *desks: Desk) -> None:
    """Every desk holds what the centre holds."""
    with office.engine.connect() as connection:
        centre = rows_of(connection)
    for desk in desks:
        assert desk.wait_until_synced()
        assert desk._cache.write(rows_of).result() == centre


@BOTH
def test_fields_and_lines_that_only_one_of_them_changed_are_kept_of_both(
    office: Office, open_desk: OpenDesk, draft: Draft
) -> None:
    order = draft(office)
    first, second = (line.line_id for line in order.lines)
    lin, mei = two_desks(office, open_desk, order)
    added = replace(order.lines[0], line_id=new_id(), qty=Decimal(7))
    lin.perform_and_wait(changing(replace(with_line(order, 0, qty=Decimal(5)), note="urgent"), order))
    mei.perform_and_wait(changing(replace(order, lines=(order.lines[0], added)), order))
    reconnect(lin, mei)

    assert mei.sync_state.attention == 0
    assert stored(office, order) == ("urgent", {first: Decimal(5), added.line_id: Decimal(7)})
    assert second not in stored(office, order)[1]  # mei took it out, and lin had left it alone
    agree(office, lin, mei)


@BOTH
def test_a_line_that_both_changed_is_shown_in_both_versions_and_what_waited_behind_it_follows_the_choice(
    office: Office, open_desk: OpenDesk, draft: Draft
) -> None:
    order = draft(office)
    first, second = (line.line_id for line in order.lines)
    confirm = ConfirmSalesOrder if isinstance(order, SaveSalesOrder) else ConfirmPurchaseOrder
    lin, mei = two_desks(office, open_desk, order)
    lin.perform_and_wait(changing(with_line(order, 0, qty=Decimal(5)), order))
    mine = with_line(replace(order, note="by mei"), 0, qty=Decimal(6))
    mei.perform_and_wait(changing(with_line(mine, 1, qty=Decimal(8)), order))
    mei.perform_and_wait(confirm(order.order_id))
    reconnect(lin, mei)

    clash, behind = mei.attention().result()
    assert (clash.code, behind.status) == ("changed_meanwhile", "held")
    assert stored(office, order) == ("", {first: Decimal(5), second: Decimal(2)})  # nothing of it was written
    assert clash.action is not None
    theirs = keeping(clash.action, clash.fields, frozenset())  # of the line; the note and the other line stay mine
    assert mei.settle([Decision(clash.id, theirs)]).result() == ()
    assert mei.wait_until_synced()
    assert mei.attention().result() == ()
    assert stored(office, order) == ("by mei", {first: Decimal(5), second: Decimal(8)})
    with office.engine.connect() as connection:
        assert connection.scalars(select(TABLES[type(order)][0].status)).one() == "confirmed"
    agree(office, lin, mei)


def test_keeping_mine_writes_my_line_over_theirs_and_leaves_them_the_rest(office: Office, open_desk: OpenDesk) -> None:
    order = sale(office)
    first, second = (line.line_id for line in order.lines)
    lin, mei = two_desks(office, open_desk, order)
    lin.perform_and_wait(changing(with_line(replace(order, note="by lin"), 0, qty=Decimal(5)), order))
    mei.perform_and_wait(changing(with_line(order, 0, qty=Decimal(6)), order))
    reconnect(lin, mei)
    (clash,) = mei.attention().result()
    assert set(clash.fields["theirs"].split('"')) & {f"{LINE}{first}"}
    assert mei.settle([best_way(clash)]).result() == ()
    assert mei.settle([best_way(clash)]).result() == ()  # settled twice: once is done
    assert mei.wait_until_synced()
    assert stored(office, order) == ("by lin", {first: Decimal(6), second: Decimal(2)})
    agree(office, lin, mei)
