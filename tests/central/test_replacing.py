"""A backup takes the place of the books of a centre that goes on: wholly, for everybody at once, or not at all."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import zstandard
from central_desk import PASSWORD, OpenedCompany, opening, save_unit
from sqlalchemy import Engine, delete, func, insert, select, text

from erp_desktop import failpoints
from erp_desktop.actions.backup_refusals import (
    BackupDamaged,
    BackupLogBroken,
    BackupOfOthers,
    NoAdministratorThen,
    RestoreUnderWay,
)
from erp_desktop.actions.opening import SaveUser
from erp_desktop.backup_file import FIRST_LINE, LAST_LINE, Digesting, frames, write_frame
from erp_desktop.central.accounts import Accounts, set_password
from erp_desktop.central.action_log import verify_log
from erp_desktop.central.backing_up import restore_backup, write_backup
from erp_desktop.central.changes import Reader
from erp_desktop.central.performing import Centre
from erp_desktop.central.replacing import replace_books
from erp_desktop.central.replaying import differing_tables
from erp_desktop.central.signing import identity_of
from erp_desktop.database import open_engine, reader
from erp_desktop.ids import new_id
from erp_desktop.models.attachment import Blob, BlobPiece
from erp_desktop.models.product import Unit
from erp_desktop.models.sync import AuditEvent, CompanyClock
from erp_desktop.wire import LoginRequest, RefreshRequest


@pytest.fixture
def backup(acme: OpenedCompany, tmp_path: Path) -> Path:
    acme.perform(save_unit("DOZ"), save_unit("ÜNIT"))
    return backed_up(acme.engine, tmp_path / "acme.erpbackup")


@pytest.fixture
def at_the_commit() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Something happens when everything is in place and nothing is committed."""

    def listen(what: Callable[[], None]) -> None:
        failpoints.listener = lambda name: what() if name == failpoints.RESTORE else None

    yield listen
    failpoints.listener = None


def backed_up(engine: Engine, path: Path) -> Path:
    with path.open("wb") as file:
        write_backup(engine, file)
    return path


def epoch_of(acme: OpenedCompany) -> UUID:
    with acme.engine.connect() as connection:
        return connection.scalars(select(CompanyClock.epoch)).one()


def events(acme: OpenedCompany, kind: str) -> int:
    with acme.engine.connect() as connection:
        return connection.scalar(select(func.count()).where(AuditEvent.kind == kind)) or 0


def test_the_books_become_those_of_the_backup_and_the_centre_goes_on_with_them(
    acme: OpenedCompany, backup: Path, tmp_path: Path
) -> None:
    unit = save_unit("CHANGED")
    acme.perform(unit)
    backed_up(acme.engine, backup)
    acme.perform(save_unit("RENAMED", unit.unit_id), save_unit("LATER"))
    before = epoch_of(acme)
    replaced = replace_books(backup, acme.engine)
    assert acme.unit_codes() >= {"DOZ", "ÜNIT", "CHANGED"}
    assert not acme.unit_codes() & {"RENAMED", "LATER"}
    assert epoch_of(acme) != before, "desks must notice"
    assert 0 < replaced.changed < replaced.rows / 4, "what was the same was not written"
    (result,) = acme.perform(save_unit("NEW"))  # by the worker that remembers the other books
    assert result.outcome == "applied"
    assert verify_log(acme.engine, acme.id).broken_at is None

    replace_books(backup, acme.engine)
    new = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    restore_backup(backup, new)
    assert differing_tables(acme.engine, new, acme.id) == {}
    new.dispose()


def test_who_is_signed_in_stays_so_and_no_password_computer_or_audit_goes_back(
    acme: OpenedCompany, backup: Path
) -> None:
    accounts = Accounts(acme.engine, identity_of(acme.engine).signer)
    known, taken_out = new_id(), new_id()

    def sign_in(device: UUID) -> Any:
        return accounts.log_in(
            LoginRequest(company="ACME", login="lin", password="another horse", device_id=device, device_name="Dock")
        )

    set_password(acme.engine, acme.id, acme.owner_id, "another horse")
    session = sign_in(known)
    sign_in(taken_out)
    accounts.revoke_device(acme.id, taken_out)
    replace_books(backup, acme.engine, Reader(acme.id, acme.owner_id, known, frozenset({"admin"})))
    assert accounts.identify(session.access_token).user_id == acme.owner_id
    assert accounts.refresh(RefreshRequest(company_id=acme.id, device_id=known, refresh_token=session.refresh_token))
    assert sign_in(new_id())
    with pytest.raises(Exception, match="device_revoked"):
        sign_in(taken_out)
    assert events(acme, "signed_in") == 3
    assert events(acme, "restored") == 1


def test_who_reads_meanwhile_sees_the_old_books_whole_and_then_the_new_ones_whole(
    acme: OpenedCompany, backup: Path, at_the_commit: Callable[[Callable[[], None]], None]
) -> None:
    acme.perform(*(save_unit(f"L{number}") for number in range(5)))
    before, seen = acme.unit_codes(), []
    at_the_commit(lambda: seen.append(acme.unit_codes()))
    with reader(acme.engine).begin() as early:
        assert set(early.scalars(select(Unit.code))) == before
        replace_books(backup, acme.engine)
        assert set(early.scalars(select(Unit.code))) == before, "a snapshot stays what it was"
    assert seen == [before]
    assert not acme.unit_codes() & {"L0", "L4"}


def test_what_is_pushed_meanwhile_waits_and_is_done_on_the_restored_books(
    acme: OpenedCompany, backup: Path, at_the_commit: Callable[[Callable[[], None]], None]
) -> None:
    acme.perform(save_unit("LATER"))
    results: list[Any] = []
    beside = Centre(acme.engine)
    pushing = threading.Thread(
        target=lambda: results.extend(beside.perform_local(acme.id, acme.owner_id, [save_unit("MEANWHILE")]))
    )
    at_the_commit(pushing.start)
    replace_books(backup, acme.engine)
    pushing.join()
    assert [result.outcome for result in results] == ["applied"]
    assert "MEANWHILE" in acme.unit_codes()
    assert "LATER" not in acme.unit_codes()
    assert verify_log(acme.engine, acme.id).broken_at is None


def test_whatever_goes_wrong_takes_all_of_it_back(
    acme: OpenedCompany, backup: Path, at_the_commit: Callable[[Callable[[], None]], None]
) -> None:
    class PowerCut(Exception):
        pass

    def cut() -> None:
        raise PowerCut

    acme.perform(save_unit("LATER"))
    before, epoch = acme.unit_codes(), epoch_of(acme)
    at_the_commit(cut)
    with pytest.raises(PowerCut):
        replace_books(backup, acme.engine)
    assert (acme.unit_codes(), epoch_of(acme)) == (before, epoch)
    failpoints.listener = None
    assert replace_books(backup, acme.engine).changed > 0, "and nothing stands in the way of trying again"


def test_only_one_backup_is_restored_at_a_time(
    acme: OpenedCompany, backup: Path, at_the_commit: Callable[[Callable[[], None]], None]
) -> None:
    refused: list[str] = []
    beside = open_engine(acme.engine.url)

    def another() -> None:
        with pytest.raises(RestoreUnderWay) as under_way:
            replace_books(backup, beside)
        refused.append(under_way.value.problem.sentence)

    at_the_commit(another)
    replace_books(backup, acme.engine)
    beside.dispose()
    assert len(refused) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_companys_books_never_take_the_place_of_these(
    acme: OpenedCompany, tmp_path: Path, another_database: Callable[[], Engine]
) -> None:
    other = another_database()
    Centre(other).open_company(opening("ACME"), PASSWORD)  # of the same code
    file, before = backed_up(other, tmp_path / "other.erpbackup"), acme.unit_codes()
    with pytest.raises(BackupOfOthers):
        replace_books(file, acme.engine)
    acme.perform(save_unit("STILL"))
    assert acme.unit_codes() == before | {"STILL"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_whose_log_was_altered_is_not_restored(acme: OpenedCompany, backup: Path) -> None:
    with acme.engine.begin() as connection:
        connection.execute(text("UPDATE action_log SET name = 'SaveParty' WHERE tick = 2"))
    backed_up(acme.engine, backup)
    acme.perform(save_unit("LATER"))
    with pytest.raises(BackupLogBroken):
        replace_books(backup, acme.engine)
    assert "LATER" in acme.unit_codes()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_administrator_does_not_restore_themselves_out_of_the_company(acme: OpenedCompany, backup: Path) -> None:
    later = acme.add_user("wang", "administrator")
    with pytest.raises(NoAdministratorThen):
        replace_books(backup, acme.engine, Reader(acme.id, later, new_id(), frozenset({"admin"})))
    with acme.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM app_user WHERE login = 'wang'")) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_somebody_made_up_is_refused_although_its_digest_is_right(
    acme: OpenedCompany, backup: Path
) -> None:
    contents, *rest = frames(backup)
    for bad in (
        [{"table": "no_such_table", "columns": ["id"]}, [[1]], {"rows": 1}],
        [{"table": "company", "columns": ["id"]}, [["not an id"]], {"rows": 1}],
        [*rest[:-1], {"rows": 7}],
        [{"rows": 0}],
    ):
        made_up(backup, contents, bad)
        with pytest.raises((BackupDamaged, BackupOfOthers)):
            replace_books(backup, acme.engine)
    assert "DOZ" in acme.unit_codes()


def made_up(path: Path, contents: Any, told: list[Any]) -> None:
    with path.open("wb") as file:
        out = Digesting(file)
        out.write(FIRST_LINE)
        packer: Any = zstandard.ZstdCompressor().stream_writer(out, closefd=False)  # type: ignore[arg-type]
        for frame in (contents, *told):
            write_frame(packer, frame)
        packer.close()
        file.write(LAST_LINE + out.digest)


def test_the_bytes_of_attachments_stay_and_those_that_were_lost_come_back(acme: OpenedCompany, backup: Path) -> None:
    kept, lost, later = "a" * 64, "b" * 64, "c" * 64
    store(acme, kept), store(acme, lost)
    backed_up(acme.engine, backup)
    store(acme, later)
    with acme.engine.begin() as connection:
        connection.execute(delete(BlobPiece))
        connection.execute(delete(Blob).where(Blob.sha256 != later))
    store(acme, kept)  # sent again meanwhile, so that it goes by another id
    replace_books(backup, acme.engine)
    with acme.engine.connect() as connection:
        pieces = select(Blob.sha256, BlobPiece.data).join(BlobPiece, BlobPiece.blob_id == Blob.id).order_by(Blob.sha256)
        found = connection.execute(pieces).all()
        assert connection.scalar(select(func.count()).select_from(Blob)) == 3
    assert [(sha, bytes(data)) for sha, data in found] == [(kept, b"bytes of a"), (lost, b"bytes of b")]


def store(acme: OpenedCompany, sha256: str) -> None:
    blob_id, data = new_id(), f"bytes of {sha256[0]}".encode()
    with acme.engine.begin() as connection:
        row = {"company_id": acme.id, "id": blob_id, "sha256": sha256, "size": len(data), "received": len(data)}
        connection.execute(insert(Blob).values(**row, touched_at=func.now(), whole_sha256=sha256))
        connection.execute(insert(BlobPiece).values(company_id=acme.id, blob_id=blob_id, offset=0, data=data))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_users_of_the_backup_play_the_roles_that_they_played_then(acme: OpenedCompany, backup: Path) -> None:
    user_id = acme.add_user("buyer", "purchasing")
    backed_up(acme.engine, backup)
    acme.perform(SaveUser(user_id=user_id, login="buyer", name="Buyer", role_codes=("administrator",)))
    replace_books(backup, acme.engine)
    with acme.engine.connect() as connection:
        codes = text(
            "SELECT r.code FROM role r JOIN user_role u ON u.role_id = r.id JOIN app_user p ON p.id = u.user_id "
        )
        assert connection.execute(text(codes.text + "WHERE p.login = 'buyer'")).scalars().all() == ["purchasing"]
