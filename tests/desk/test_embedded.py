"""Alone on this computer: the central service is a child of the program, and comes back when it dies."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from company_fixtures import opening_of
from erp_desktop import embedded
from erp_desktop.actions.backup_refusals import BackupCutShort
from erp_desktop.actions.masters import SaveParty
from erp_desktop.central.backing_up import write_backup
from erp_desktop.database import open_engine
from erp_desktop.desk import Desk
from erp_desktop.embedded import EmbeddedCentre
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.sync.administering import BackupNotRestored
from erp_desktop.sync.cache import cache_path
from erp_desktop.sync.state import SyncKind
from erp_desktop.sync.transport import NoAnswer


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loaded machine may need long to start a program, and to end one."""
    monkeypatch.setattr(embedded, "SECONDS_TO_START", 240.0)
    monkeypatch.setattr(embedded, "SECONDS_TO_STOP", 240.0)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    embedded.open_company(opening_of("SOLO", "Solo Trading", owner_name="Wang Fang"), tmp_path)
    return tmp_path


@pytest.fixture
def centre(directory: Path) -> Iterator[EmbeddedCentre]:
    running = EmbeddedCentre(directory)
    yield running
    running.close()


def open_desk(directory: Path, centre: EmbeddedCentre) -> Desk:
    (here,) = embedded.companies_here(directory)
    password = embedded.kept_password(here.code, here.login, directory)
    path = cache_path(embedded.THIS_COMPUTER, here.code, here.login, directory)
    return Desk.open(path, centre.address, here.code, here.login, password)


def someone(code: str) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=code, is_supplier=True)


def test_nobody_is_asked_for_a_password_and_the_service_that_dies_is_started_again(
    directory: Path, centre: EmbeddedCentre
) -> None:
    desk = open_desk(directory, centre)
    try:
        assert desk.user.name == "Wang Fang"
        desk.perform_and_wait(someone("S-1"))
        assert desk.wait_until_synced()

        process = centre._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        desk.perform_and_wait(someone("S-2"))  # work goes on meanwhile
        assert desk.wait_until_synced(60)
        assert desk.sync_state.kind is SyncKind.SYNCED
        assert desk.sync_state.waiting == 0
    finally:
        desk.close()


def test_the_service_ends_with_the_program(directory: Path) -> None:
    running = EmbeddedCentre(directory)
    running.start()
    assert running.address().startswith("http://127.0.0.1:")
    process = running._process
    assert process is not None
    running.close()
    assert process.returncode == 0
    with pytest.raises(NoAnswer):
        running.address()


def test_the_password_of_this_computers_company_is_readable_by_its_owner_alone(directory: Path) -> None:
    assert embedded.kept_password("SOLO", "owner", directory)
    for file in directory.rglob("secrets.json"):
        assert file.stat().st_mode & 0o077 == 0


def test_a_folder_that_was_moved_opens_without_a_password(
    directory: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    password = embedded.kept_password("SOLO", "owner", directory)
    moved = directory.rename(tmp_path_factory.mktemp("elsewhere") / "data")
    assert [here.code for here in embedded.companies_here(moved)] == ["SOLO"]
    assert password
    assert embedded.kept_password("SOLO", "owner", moved) == password


def test_a_backup_is_restored_and_what_was_done_since_is_done_again(
    directory: Path, centre: EmbeddedCentre, tmp_path: Path
) -> None:
    desk = open_desk(directory, centre)
    try:
        desk.administration.bring_back = lambda backup: embedded.restore_here(backup, centre, directory)
        desk.perform_and_wait(someone("BEFORE"))
        assert desk.wait_until_synced()
        backup = tmp_path / "solo.erpbackup"
        desk.administration.back_up(backup, lambda _bytes: None, lambda: True).result()
        desk.perform_and_wait(someone("SINCE"))
        assert desk.wait_until_synced()

        before = desk.administration.restore(backup).result()
        assert parties(before) == {"BEFORE", "SINCE"}, "the books of before are kept"
        rounds = (desk.wait_until_synced(60) for _ in range(20))  # what is offered again goes in a round of its own
        assert any(done and desk.sync_state.waiting == 0 for done in rounds)
        assert parties(embedded.database_path(directory)) == {"BEFORE", "SINCE"}
        assert desk.attention().result() == ()

        damaged = tmp_path / "damaged.erpbackup"
        damaged.write_bytes(backup.read_bytes()[:-1])
        with pytest.raises(BackupCutShort):
            desk.administration.restore(damaged).result()
        with pytest.raises(BackupNotRestored):
            desk.administration.restore(tmp_path / "not there").result()
        assert desk.wait_until_synced(60), "nothing was changed, and the centre is there"
        assert not database_beside(directory, "restoring.db").exists()
    finally:
        desk.close()


def test_a_backup_of_another_computer_opens_without_a_password(directory: Path, tmp_path: Path) -> None:
    backup, elsewhere = tmp_path / "solo.erpbackup", tmp_path / "elsewhere"
    engine = embedded.open_books(directory)
    with backup.open("wb") as file:
        write_backup(engine, file)
    engine.dispose()
    embedded.open_books(elsewhere).dispose()
    centre = EmbeddedCentre(elsewhere)
    embedded.restore_here(backup, centre, elsewhere)
    try:
        desk = open_desk(elsewhere, centre)
        assert desk.company.code == "SOLO"
        desk.close()
    finally:
        centre.close()


def parties(database: Path) -> set[str]:
    engine = open_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        found = set(connection.scalars(select(Party.code)))
    engine.dispose()
    return found


def database_beside(directory: Path, name: str) -> Path:
    return embedded.database_path(directory).with_name(name)
