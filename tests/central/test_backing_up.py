"""Backups of a centre: whole, checked, and restored onto either kind of database."""

from collections.abc import Callable
from pathlib import Path

import pytest
from central_desk import OpenedCompany, RemoteDesk, save_unit
from sqlalchemy import Engine, select, text

from erp_desktop.actions.backup_refusals import (
    BackupCutShort,
    BackupDamaged,
    DatabaseNotEmpty,
    NewerBackup,
    NotABackup,
)
from erp_desktop.central import backing_up
from erp_desktop.central.action_log import verify_log
from erp_desktop.central.backing_up import check_backup, restore_backup, write_backup
from erp_desktop.central.performing import Centre
from erp_desktop.central.replaying import differing_tables
from erp_desktop.central.serving import Server, served
from erp_desktop.database import open_engine
from erp_desktop.models import Base
from erp_desktop.models.sync import CompanyClock


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, sqlite_url: str) -> "Engine":
    made = open_engine(sqlite_url if request.param == "sqlite" else request.getfixturevalue("postgres_url"))
    yield made
    made.dispose()


@pytest.fixture
def backup(acme: OpenedCompany, tmp_path: Path) -> Path:
    acme.perform(save_unit("DOZ"), save_unit("ÜNIT"))
    acme.add_user("buyer", "purchasing")
    path = tmp_path / "acme.erpbackup"
    with path.open("wb") as file:
        write_backup(acme.engine, file)
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    url = f"sqlite:///{tmp_path / 'new.db'}" if request.param == "sqlite" else None
    made = open_engine(url or request.getfixturevalue("empty_postgres_url"))
    yield made
    made.dispose()


def test_a_backup_brings_every_row_back_onto_either_kind_of_database(
    acme: OpenedCompany, backup: Path, empty: Engine
) -> None:
    restored = restore_backup(backup, empty)
    assert differing_tables(acme.engine, empty, acme.id) == {}
    assert [check.broken_at for check in restored.logs.values()] == [None]
    assert verify_log(empty, acme.id).sound_rows == verify_log(acme.engine, acme.id).sound_rows
    with acme.engine.connect() as one, empty.connect() as other:
        for table in Base.metadata.sorted_tables:
            if table.name in ("company_clock", "centre_setting"):
                continue
            assert set(map(repr, one.execute(select(table)))) == set(map(repr, other.execute(select(table)))), table
        before, after = (connection.scalars(select(CompanyClock.epoch)).one() for connection in (one, other))
    assert before != after, "desks must notice"
    (result,) = Centre(empty).perform_local(acme.id, acme.owner_id, [save_unit("NEW")])
    assert result.outcome == "applied"


def test_a_backup_is_of_one_moment_while_others_go_on(
    acme: OpenedCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backing_up, "ROWS_AT_A_TIME", 20)
    acme.perform(*(save_unit(f"U{number}") for number in range(30)))
    path, before = tmp_path / "moving.erpbackup", acme.unit_codes()
    tick = verify_log(acme.engine, acme.id).sound_rows

    def meanwhile(rows: int) -> None:
        acme.perform(save_unit(f"L{rows}"))

    with path.open("wb") as file:
        write_backup(acme.engine, file, meanwhile)
    new = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    restored = restore_backup(path, new)
    assert restored.logs["ACME"].sound_rows == tick
    assert OpenedCompany(Centre(new), acme.id, acme.owner_id, "ACME").unit_codes() == before
    new.dispose()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_one_byte_that_is_not_as_it_was_written_is_found_wherever_it_is(backup: Path, tmp_path: Path) -> None:
    whole = backup.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        backup.write_bytes(damaged)
        with pytest.raises((BackupDamaged, BackupCutShort, NotABackup, NewerBackup)):
            restore_backup(backup, open_engine(f"sqlite:///{tmp_path / 'never.db'}"))
    assert not (tmp_path / "never.db").exists()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_backup_that_ends_too_early_is_told_so(backup: Path) -> None:
    whole = backup.read_bytes()
    for length in (25, len(whole) // 2, len(whole) - 1):
        backup.write_bytes(whole[:length])
        with pytest.raises(BackupCutShort):
            check_backup(backup)
    for other in (b"", b"PK\x03\x04 something else"):
        backup.write_bytes(other)
        with pytest.raises(NotABackup):
            check_backup(backup)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_backup_of_a_newer_program_is_not_restored(
    acme: OpenedCompany, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(backing_up, "newest_revision", lambda: "0999")
        with backup.open("wb") as file:
            write_backup(acme.engine, file)
    with pytest.raises(NewerBackup):
        check_backup(backup)
    backup.write_bytes(backup.read_bytes().replace(b"BACKUP 1\n", b"BACKUP 2\n"))
    with pytest.raises(NewerBackup):
        check_backup(backup)


def test_a_database_with_a_company_in_it_is_left_alone(acme: OpenedCompany, backup: Path) -> None:
    acme.perform(save_unit("LATER"))
    with pytest.raises(DatabaseNotEmpty):
        restore_backup(backup, acme.engine)
    assert "LATER" in acme.unit_codes()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_breaking_off_leaves_an_empty_database_that_can_be_tried_again(
    acme: OpenedCompany, backup: Path, empty: Engine
) -> None:
    class Enough(Exception):
        pass

    def stop(_rows: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        restore_backup(backup, empty, stop)
    assert restore_backup(backup, empty).rows > 100
    assert differing_tables(acme.engine, empty, acme.id) == {}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_who_was_signed_in_stays_so_although_the_restored_centre_never_saw_their_last_token(
    server: Server, new_desk: Callable[[], RemoteDesk], backup: Path, empty: Engine
) -> None:
    desk, unknown = new_desk(), new_desk()
    desk.log_in("lin")
    with backup.open("wb") as file:
        write_backup(server.service.engine, file)

    def refresh(which: RemoteDesk) -> int:
        session = which.session
        wanted = {"company_id": session.company_id, "device_id": which.device_id}
        answer = which.post("/v1/auth/refresh", {**wanted, "refresh_token": session.refresh_token}, token=False)
        if answer.status_code == 200:
            which.session = type(session)(**{**answer.json(), "company_id": session.company_id})
        return answer.status_code

    assert refresh(desk) == 200
    unknown.log_in("lin")
    restore_backup(backup, empty)
    with served(empty) as restored:
        desk.url = unknown.url = restored.url
        assert refresh(desk) == 200
        assert refresh(desk) == 200
        assert unknown.pull().json()["code"] == "token_expired", "it signed in only after the backup: not taken out"
        assert refresh(unknown) == 401
        forged = desk.session.refresh_token[:-2] + "xx"
        desk.session = type(desk.session)(**{**_fields(desk.session), "refresh_token": forged})
        assert refresh(desk) == 401


def _fields(session: object) -> dict[str, object]:
    return {name: getattr(session, name) for name in session.__struct_fields__}  # type: ignore[attr-defined]


def test_text_is_kept_to_the_letter(acme: OpenedCompany, backup: Path, empty: Engine) -> None:
    restore_backup(backup, empty)
    question = text("SELECT CAST(permissions AS TEXT) FROM role ORDER BY code")
    with acme.engine.connect() as one, empty.connect() as other:
        assert one.execute(question).all() == other.execute(question).all()
