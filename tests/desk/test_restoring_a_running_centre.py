"""An administrator restores a backup from their desk while everybody works, at several workers: all come together again."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack
from pathlib import Path

import pytest
from acme_office import PASSWORD, PATIENT, Office
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from test_last_unit import TODAY, rows_of, stock_one
from test_restored_centre import _line, is_settled, logged, office
from test_two_desks import someone

from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.central.action_log import verify_log
from erp_desktop.central.backing_up import check_backup
from erp_desktop.central.serving import served
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.models.sales import Shipment
from erp_desktop.models.sync import ActionLog
from erp_desktop.queries.doctor import examine
from erp_desktop.sync.administering import NotYourPassword
from erp_desktop.sync.cache import cache_path
from erp_desktop.sync.restoring import Restoring, Stage
from erp_desktop.sync.secrets import Secrets

assert office  # a fixture


@pytest.fixture
def desks(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Desk, Desk]]:
    """Lin's at the office and at the dock; on PostgreSQL each is answered by a worker of its own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opened: list[Desk] = []
    with ExitStack() as running:
        first = running.enter_context(served(office.engine))
        second = running.enter_context(served(office.engine)) if office.engine.dialect.name == "postgresql" else first
        for url, at in ((first.url, "office"), (second.url, "dock")):
            path = cache_path("the centre", "ACME", "lin", tmp_path / at)
            secrets = Secrets(path.parent, use_keyring=False)
            opened.append(Desk.open(path, url, "ACME", "lin", PASSWORD, secrets=secrets, timing=PATIENT))
        yield opened[0], opened[1]
        for desk in opened:
            desk.close()


@pytest.mark.parametrize("office", ["postgres"], indirect=True)  # on SQLite: tests/views/test_administration_screens.py
def test_what_was_done_after_the_backup_comes_back_by_itself_while_the_centre_runs(
    office: Office, desks: tuple[Desk, Desk], tmp_path: Path, qtbot: QtBot
) -> None:
    product, customer, warehouse, channel = stock_one(office)
    one, other = desks
    one.perform_and_wait(someone("BEFORE"))
    assert one.wait_until_synced()
    backup = tmp_path / "acme.erpbackup"
    one.administration.back_up(backup, lambda _: None, lambda: True).result()

    order = new_id()
    one.perform_and_wait(
        SaveSalesOrder(order, channel, warehouse, TODAY, TODAY, (_line(product),), customer_id=customer)
    )
    one.perform_and_wait(ConfirmSalesOrder(order))
    one.perform_and_wait(AllocateSalesOrder(order))
    assert one.wait_until_synced()
    assert other.wait_until_synced()
    other.perform_and_wait(ShipOrder(new_id(), order, TODAY))
    other.perform_and_wait(someone("AFTER"))
    assert other.wait_until_synced()
    before = logged(office.engine)
    other.go_offline()
    other.perform_and_wait(someone("WAITING"))

    restoring, stages, kept = Restoring(one.administration), list[Stage](), tmp_path / "before.erpbackup"
    assert restoring.look_into(backup, one.company.id).result().companies[0]["code"] == "ACME"
    with pytest.raises(NotYourPassword):
        restoring.begin(backup, "wrong").result()
    restore_id = restoring.begin(backup, PASSWORD).result()
    restoring.restore(restore_id, backup, kept, stages.append, lambda: True).result()
    assert list(dict.fromkeys(stage.kind for stage in stages)) == ["keeping", "sending", "restoring"]
    assert check_backup(kept).companies[0]["tick"] == len(before) + len(refused(office)), "the books of until then"

    other.go_online()
    qtbot.waitUntil(lambda: is_settled(one) and is_settled(other))
    assert sorted(logged(office.engine)) == sorted([*before, "SaveParty"]), "nothing is lost, nothing done twice"
    with Session(office.engine) as session:
        assert examine(session, office.company_id) == ()
        assert session.scalars(select(func.count()).select_from(Shipment)).one() == 1
        assert {"BEFORE", "AFTER", "WAITING"} <= set(session.scalars(select(Party.code)))
    assert verify_log(office.engine, office.company_id).broken_at is None
    for desk in desks:
        assert desk.wait_until_synced()
        assert desk.attention().result() == ()
        with office.engine.connect() as connection:
            assert desk._cache.read_here(lambda session: rows_of(session.connection())) == rows_of(connection)


def refused(office: Office) -> list[str]:
    with office.engine.connect() as connection:
        return list(connection.scalars(select(ActionLog.name).where(ActionLog.outcome != "applied")))


@pytest.mark.parametrize("office", ["sqlite"], indirect=True)
def test_a_restore_is_cancelled_until_the_centre_has_all_of_the_file(
    office: Office, desks: tuple[Desk, Desk], tmp_path: Path
) -> None:
    desk, _ = desks
    backup, kept = tmp_path / "acme.erpbackup", tmp_path / "before.erpbackup"
    desk.administration.back_up(backup, lambda _: None, lambda: True).result()
    desk.perform_and_wait(someone("LATER"))
    assert desk.wait_until_synced()
    restoring, not_wanted = Restoring(desk.administration), threading.Event()

    def told(stage: Stage) -> None:
        if stage.kind == "sending":
            not_wanted.set()

    restore_id = restoring.begin(backup, PASSWORD).result()
    with pytest.raises(CancelledError):
        restoring.restore(restore_id, backup, kept, told, lambda: not not_wanted.is_set()).result()
    assert "SaveParty" in logged(office.engine)
    assert not list(tmp_path.glob("erp-central-*-restore/*")), "the centre keeps nothing of it"
