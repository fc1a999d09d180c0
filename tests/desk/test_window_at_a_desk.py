"""What a real desk holds of a company with years behind it, and what it fetches again when something of that changes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from firm import Firm
from test_tied_to_a_warehouse import rows, tie

from company_fixtures import TODAY
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.window import SetWindow
from erp_desktop.central.changes import Changes
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.sales import Shipment, ShipmentLine
from erp_desktop.queries.doctor import examine
from erp_desktop.sync.older import OlderOutOfReach


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The tables that desks were given by key since this was last cleared."""
    names: set[str] = set()
    snapshot = Changes.snapshot

    def noted(changes: Changes, who: Any, table_name: str, *more: Any) -> Any:
        names.add(table_name)
        return snapshot(changes, who, table_name, *more)

    monkeypatch.setattr(Changes, "snapshot", noted)
    return names


def months_pass(firm: Firm, months: int = 2) -> None:
    later = datetime.now(UTC) + timedelta(days=31 * months)
    firm.company.centre.clock = lambda: later
    firm.company.perform(SaveUser(firm.company.owner_id, "owner", "Li Wei", ("administrator",)))


def sold(firm: Firm) -> tuple[UUID, UUID]:
    """An order that is shipped, invoiced and closed, and its shipment."""
    order = firm.company.sales_order(("BX-204", "3", "20"))
    return order, firm.company.ship(order, "3")


def holds(desk: Desk, table: str, row_id: UUID) -> bool:
    return any(row["id"] == row_id.bytes for row in rows(desk, table))


def test_a_change_of_the_window_fetches_documents_again_and_leaves_what_has_no_date(
    firm: Firm, fetched: set[str]
) -> None:
    order, _ = sold(firm)
    months_pass(firm, 9)
    desk = firm.desk_of("warehouse")
    assert holds(desk, "sales_order", order)
    waiting = new_id()
    _, shipment = sold(firm)
    assert desk.wait_until_synced()
    fetched.clear()
    line = firm.first(ShipmentLine.id, shipment_id=shipment)
    desk.go_offline()
    desk.perform_and_wait(TakeInReturn(waiting, shipment, TODAY, (ReturnedLine(line, Decimal(1)),)))
    firm.company.perform(SetWindow(1))
    desk.go_online()
    assert desk.wait_until_synced()
    assert not holds(desk, "sales_order", order)
    assert holds(desk, "customer_return", waiting)
    assert "sales_order" in fetched
    assert "stock_move" in fetched
    assert not fetched & {"product", "party", "stock_balance", "company", "app_user"}
    assert desk.check_data().result().count == 0
    assert desk.attention().result() == ()


def test_who_is_tied_to_a_warehouse_fetches_its_documents_and_keeps_master_data(firm: Firm, fetched: set[str]) -> None:
    desk = firm.desk_of("warehouse")
    fetched.clear()
    tie(firm, "warehouse", firm.company.warehouse)
    assert desk.wait_until_synced()
    assert {"sales_order", "stock_move", "stock_balance"} <= fetched
    assert not fetched & {"product", "party", "company", "price", "user_role"}
    assert rows(desk, "user_warehouse"), "what was written meanwhile came with the pull"
    assert desk.check_data().result().count == 0


def test_who_gets_another_role_fetches_what_it_opens_and_forgets_what_it_closes(firm: Firm, fetched: set[str]) -> None:
    desk = firm.desk_of("warehouse")
    assert rows(desk, "sales_order")
    fetched.clear()
    firm.play("warehouse", "hr")
    assert desk.wait_until_synced()
    assert rows(desk, "employee")
    assert not rows(desk, "sales_order")
    assert not rows(desk, "product")
    assert fetched <= {"employee"}
    assert desk.check_data().result().count == 0


def test_an_older_document_is_fetched_whole_can_be_worked_with_and_is_told_to_be_right(firm: Firm) -> None:
    order, shipment = sold(firm)
    other, _ = sold(firm)
    firm.company.perform(SetWindow(1))
    months_pass(firm)
    desk = firm.desk_of("warehouse")
    assert not holds(desk, "sales_order", order)
    number = firm.first(Shipment.number, id=shipment)
    found = desk.older.fetch("shipment", number.lower()).result()
    assert (found.count, found.more) == (1, False)
    assert holds(desk, "sales_order", order)
    assert holds(desk, "shipment", shipment)
    assert not holds(desk, "sales_order", other)
    assert [row["document_id"] for row in rows(desk, "stock_move")] == [shipment.bytes]
    assert desk.check_data().result().count == 0
    assert desk.older.fetch("shipment", number).result().count == 0, "it is here"
    line = firm.first(ShipmentLine.id, shipment_id=shipment)
    desk.perform_and_wait(TakeInReturn(new_id(), shipment, TODAY, (ReturnedLine(line, Decimal(1)),)))
    assert desk.wait_until_synced()
    assert desk.attention().result() == ()
    assert not rows(desk, "fetched_row"), "something was done on it, so that it is young again"
    assert desk.check_data().result().count == 0


def test_the_doctor_finds_nothing_wrong_with_data_that_lack_only_what_is_old(firm: Firm) -> None:
    sold(firm)
    firm.company.perform(SetWindow(1))
    months_pass(firm)
    sold(firm)
    desk = firm.desk_of("warehouse")
    company_id, permissions = firm.company.company_id, desk.permissions
    found = desk._cache.read(lambda session: examine(session, company_id, permissions)).result()
    assert found == ()
    with firm.company.session() as session:
        assert examine(session, company_id) == ()


def test_older_documents_come_the_latest_first_and_go_when_the_data_are_fetched_anew(firm: Firm) -> None:
    orders = [sold(firm)[0] for _ in range(3)]
    firm.company.perform(SetWindow(1))
    months_pass(firm)
    desk = firm.desk_of("sales")
    assert desk.older.fetch("sales_order", "Zhang").result().count == 4
    assert all(holds(desk, "sales_order", order) for order in orders)
    assert desk.older.fetch("purchase_order", "").exception() is not None, "who sells does not see what is bought"
    tie(firm, "sales", firm.company.warehouse, roles=("sales",))
    assert desk.wait_until_synced()
    assert not any(holds(desk, "sales_order", order) for order in orders)
    assert desk.check_data().result().count == 0


def test_looking_for_older_documents_needs_the_centre_and_says_so(firm: Firm) -> None:
    desk = firm.desk_of("warehouse")
    desk.go_offline()
    with pytest.raises(OlderOutOfReach, match="nothing was changed"):
        desk.older.fetch("sales_order", "").result()
