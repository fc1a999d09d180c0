"""A desk and its centre are upgraded on different days: nobody stops working, and nothing that waits is lost."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from acme_office import Office, OpenDesk
from network import Network
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select

from erp_desktop import wire
from erp_desktop.actions import base
from erp_desktop.actions.masters import SaveParty, SaveProduct, SaveUnit
from erp_desktop.central import rows, service
from erp_desktop.desk import Desk
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product, Unit
from erp_desktop.models.stock import Bin
from erp_desktop.sync import outbox
from erp_desktop.sync.state import SyncKind

PENDING = 500


def supplier(code: str) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=f"Supplier {code}", is_supplier=True)


def at_centre(office: Office, model: type) -> set[str]:
    with office.engine.connect() as connection:
        return set(connection.scalars(select(model.code)))


def count_here(desk: Desk, model: type) -> int:
    return desk._cache.read(lambda session: session.scalar(select(func.count()).select_from(model)) or 0).result()


@pytest.fixture
def older_centre(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The centre's program is of the release before this desk's, in which there were no bins and nobody saved a unit."""
    with monkeypatch.context() as patches:
        everything = base.action_names()
        patches.setattr(base, "action_names", lambda: {n: v for n, v in everything.items() if n != "SaveUnit"})
        patches.setattr(Bin, "since", 2)
        patches.setattr(wire, "SCHEMA_REVISION", 2)
        rows.readable_tables.cache_clear()
        yield patches
    rows.readable_tables.cache_clear()


def upgrade_centre(patches: pytest.MonkeyPatch) -> None:
    patches.setattr(service, "SCHEMA_REVISION", 2)
    names = {name: [version] for name, version in base._actions}
    patches.setattr(base, "action_names", lambda: names)


def test_what_an_older_centre_does_not_understand_waits_and_the_rest_goes_on(
    open_desk: OpenDesk, office: Office, older_centre: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    desk = open_desk()
    crate = SaveUnit(unit_id=new_id(), code="CRATE", name="crate")
    beer = SaveProduct(
        product_id=new_id(),
        code="BEER",
        name="Beer",
        category_id=derived_id("category", office.company_id, "GENERAL"),
        unit_id=crate.unit_id,
    )
    desk.perform_and_wait(crate)
    desk.perform_and_wait(beer)
    desk.perform_and_wait(supplier("S-1"))
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.CENTRE_OLDER and desk.sync_state.waiting == 2)
    assert "sent once the central service is upgraded" in desk.sync_state.detail
    assert "(2)" in desk.sync_state.detail
    assert desk.sync_state.attention == 0
    assert at_centre(office, Party) == {"S-1"}
    assert "CRATE" not in at_centre(office, Unit)

    desk.perform_and_wait(supplier("S-2"))
    assert desk.wait_until_synced()
    assert at_centre(office, Party) == {"S-1", "S-2"}

    upgrade_centre(older_centre)
    assert desk.wait_until_synced()
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.SYNCED and desk.sync_state.waiting == 0)
    assert "CRATE" in at_centre(office, Unit)
    assert at_centre(office, Product) == {"BEER"}


def test_what_held_back_waits_also_over_a_restart(
    open_desk: OpenDesk, office: Office, older_centre: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    desk = open_desk()
    desk.perform_and_wait(SaveUnit(unit_id=new_id(), code="CRATE", name="crate"))
    desk.close()
    again = open_desk(password=None)
    qtbot.waitUntil(lambda: again.sync_state.kind is SyncKind.CENTRE_OLDER and again.sync_state.waiting == 1)
    upgrade_centre(older_centre)
    assert again.wait_until_synced()
    assert "CRATE" in at_centre(office, Unit)


def test_a_table_that_an_older_centre_does_not_have_comes_once_it_is_upgraded(
    open_desk: OpenDesk, office: Office, older_centre: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    desk = open_desk()
    assert desk.wait_until_synced()
    assert count_here(desk, Unit) > 0
    assert count_here(desk, Bin) == 0
    desk.perform_and_wait(supplier("S-1"))
    assert desk.wait_until_synced()

    upgrade_centre(older_centre)
    assert desk.wait_until_synced()
    qtbot.waitUntil(lambda: count_here(desk, Bin) > 0)
    assert count_here(desk, Party) == 1


def test_five_hundred_changes_outlast_a_program_that_is_too_old(
    open_desk: OpenDesk, office: Office, network: Network, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    desk = open_desk()
    assert desk.wait_until_synced()
    desk.go_offline()
    who = desk._who()
    actions = [supplier(f"S-{n:03}") for n in range(PENDING)]
    ids: list[UUID] = []

    def perform_all(connection: object) -> None:
        for action in actions:
            ids.append(new_id())
            outbox.perform(connection, who, action, action_id=ids[-1])  # type: ignore[arg-type]

    desk._cache.write(perform_all).result()
    monkeypatch.setattr(service, "OLDEST_SCHEMA_REVISION", 2)
    desk.go_online()
    desk.sync_now()
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.UPGRADE_NEEDED)
    assert "upgrade it to send" in desk.sync_state.detail
    desk.perform_and_wait(supplier("S-late"))  # work goes on
    assert desk.sync_state.waiting == PENDING + 1
    assert desk.sync_state.attention == 0
    assert at_centre(office, Party) == set()
    desk.close()

    monkeypatch.setattr(service, "SCHEMA_REVISION", 2)
    monkeypatch.setattr(wire, "SCHEMA_REVISION", 2)  # the new version is installed
    upgraded = open_desk(password=None)
    assert upgraded.wait_until_synced(60)
    qtbot.waitUntil(lambda: upgraded.sync_state.kind is SyncKind.SYNCED and upgraded.sync_state.waiting == 0)
    assert at_centre(office, Party) == {action.code for action in actions} | {"S-late"}
    assert upgraded.sync_state.attention == 0
