"""An administrator restores a backup through the service: sent in pieces, checked, put in place; whoever may not is refused."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from central_desk import OpenedCompany, RemoteDesk, opening, save_unit
from sqlalchemy import Engine, select

from erp_desktop import failpoints
from erp_desktop.central import restores, service
from erp_desktop.central.action_log import verify_log
from erp_desktop.central.backing_up import write_backup
from erp_desktop.central.serving import Server, served
from erp_desktop.models.sync import AuditEvent

WORKER = Path(__file__).parent.parent / "faults" / "mortal_worker.py"
KILLED = -signal.SIGKILL
PATIENCE = 120.0
PIECE = 7_000


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.fixture
def backup(acme: OpenedCompany) -> bytes:
    acme.perform(save_unit("DOZ"))
    return backed_up(acme)


def backed_up(acme: OpenedCompany) -> bytes:
    file = io.BytesIO()
    write_backup(acme.engine, file)
    return file.getvalue()


def ask(desk: RemoteDesk, what: str, **more: Any) -> Any:
    return desk.post(f"/v1/admin/restore/{what}", {"device_id": desk.device_id, "schema_revision": 1, **more})


def begin(desk: RemoteDesk, size: int, password: str = "correct horse") -> Any:
    return ask(desk, "begin", size=size, password=password)


def send(desk: RemoteDesk, file: bytes) -> str:
    """Answers the number of the restore."""
    answer = begin(desk, len(file))
    assert answer.status_code == 200, answer.text
    restore_id: str = answer.json()["id"]
    for offset in range(0, len(file), PIECE):
        piece = file[offset : offset + PIECE]
        answer = ask(desk, "piece", id=restore_id, offset=offset, data=b64encode(piece).decode())
        assert answer.json()["received"] == offset + len(piece), answer.text
    return restore_id


def go(desk: RemoteDesk, restore_id: str, file: bytes) -> Any:
    return ask(desk, "go", id=restore_id, sha256=hashlib.sha256(file).hexdigest())


def outcome(desk: RemoteDesk, restore_id: str) -> dict[str, Any]:
    """Once it has one."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        state: dict[str, Any] = ask(desk, "look", id=restore_id).json()
        if state["state"] != "restoring":
            return state
        time.sleep(0.02)
    raise AssertionError("it takes too long")


def files(tmp_path: Path) -> list[str]:
    return sorted(file.name for folder in tmp_path.glob("erp-central-*-restore") for file in folder.iterdir())


def test_an_administrator_restores_a_backup_onto_the_centre_that_runs(
    acme: OpenedCompany, desk: RemoteDesk, backup: bytes, tmp_path: Path
) -> None:
    cursor = desk.pull_all().cursor
    acme.perform(save_unit("LATER"))
    restore_id = send(desk, backup)
    assert ask(desk, "look", id=restore_id).json()["state"] == "waiting"
    assert "LATER" in acme.unit_codes(), "nothing happens before it is said"
    assert go(desk, restore_id, backup).status_code == 200
    assert outcome(desk, restore_id)["state"] == "done"
    assert go(desk, restore_id, backup).status_code == 200, "said twice, done once"
    assert acme.unit_codes() & {"DOZ", "LATER"} == {"DOZ"}
    assert verify_log(acme.engine, acme.id).broken_at is None
    assert files(tmp_path) == []
    gone = desk.pull(cursor)
    assert (gone.status_code, gone.json()["code"]) == (410, "cursor_gone")
    with acme.engine.connect() as connection:
        (event,) = connection.execute(select(AuditEvent).where(AuditEvent.kind == "restored"))
    assert (event.user_id, event.device_id) == (acme.owner_id, desk.device_id)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_an_administrator_who_says_their_password_restores(
    acme: OpenedCompany, desk: RemoteDesk, new_desk: Callable[[], RemoteDesk], backup: bytes
) -> None:
    acme.add_user("buyer", "purchasing")
    buyer = new_desk()
    buyer.log_in("buyer")
    assert begin(buyer, len(backup)).json()["code"] == "not_allowed"
    wrong = begin(desk, len(backup), "wrong")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
    restore_id = send(desk, backup)
    for what, more in (("piece", {"data": ""}), ("go", {"sha256": "0" * 64}), ("look", {})):
        assert ask(buyer, what, id=restore_id, **more).status_code == 403
    codes = (begin(desk, len(backup), "wrong").json()["code"] for _ in range(12))
    assert "too_many_attempts" in codes


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_administrator_of_one_company_does_not_restore_over_anothers_books(
    acme: OpenedCompany, desk: RemoteDesk, backup: bytes
) -> None:
    acme.centre.open_company(opening("OTHER"), "correct horse")
    assert begin(desk, len(backup)).json()["code"] == "restore_of_several"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_is_no_whole_backup_of_these_tables_changes_nothing(
    acme: OpenedCompany, desk: RemoteDesk, backup: bytes, tmp_path: Path
) -> None:
    acme.perform(save_unit("LATER"))
    middle = len(backup) // 2
    for file, code in (
        (backup[:middle], "backup_cut_short"),
        (backup[:middle] + b"\0" + backup[middle + 1 :], "backup_damaged"),
        (b"PK\x03\x04 something else", "not_a_backup"),
        (backup.replace(b"BACKUP 1\n", b"BACKUP 2\n"), "newer_backup"),
    ):
        restore_id = send(desk, file)
        go(desk, restore_id, file)
        found = outcome(desk, restore_id)
        assert (found["state"], found["problem"]["code"]) == ("refused", code)
    restore_id = send(desk, backup)
    ask(desk, "go", id=restore_id, sha256="0" * 64)
    assert outcome(desk, restore_id)["problem"]["code"] == "backup_damaged"
    assert "LATER" in acme.unit_codes()
    assert not [name for name in files(tmp_path) if name.endswith(".upload")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_piece_that_comes_twice_or_too_early_does_no_harm(
    acme: OpenedCompany, desk: RemoteDesk, backup: bytes, tmp_path: Path
) -> None:
    restore_id = begin(desk, len(backup)).json()["id"]
    half = b64encode(backup[:PIECE]).decode()
    early = ask(desk, "piece", id=restore_id, offset=PIECE, data=half)
    assert early.json()["received"] == 0
    for _ in range(2):
        assert ask(desk, "piece", id=restore_id, offset=0, data=half).json()["received"] == PIECE
    rest = b64encode(backup[PIECE:]).decode()
    assert ask(desk, "piece", id=restore_id, offset=PIECE, data=rest).json()["received"] == len(backup)
    ask(desk, "piece", id=restore_id, forget=True)
    assert files(tmp_path) == [], "it is not wanted any more"
    assert ask(desk, "piece", id=restore_id, offset=0, data=half).json()["code"] == "unknown_restore"
    assert go(desk, restore_id, backup).status_code in (200, 404)
    assert outcome(desk, restore_id)["state"] == "refused"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_disk_without_room_is_told_before_and_while_the_file_comes(
    acme: OpenedCompany, desk: RemoteDesk, backup: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore_id = begin(desk, len(backup)).json()["id"]
    (file,) = tmp_path.glob("erp-central-*-restore/*.upload")
    file.unlink()
    file.symlink_to("/dev/full")
    full = ask(desk, "piece", id=restore_id, data=b64encode(backup).decode())
    assert full.json()["code"] == "no_room_for_backup"
    assert files(tmp_path) == []
    monkeypatch.setattr(restores.shutil, "disk_usage", lambda _: SimpleNamespace(free=len(backup)))
    assert begin(desk, len(backup)).json()["code"] == "no_room_for_backup"


@pytest.fixture
def mortal(acme: OpenedCompany) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker that is killed when everything is in place and nothing is committed."""
    url = acme.engine.url.render_as_string(hide_password=False)
    program = subprocess.Popen(
        [sys.executable, str(WORKER), url, failpoints.RESTORE, "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    yield program
    program.communicate(timeout=PATIENCE)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_worker_that_is_killed_while_it_restores_leaves_everything_as_it_was(
    acme: OpenedCompany, mortal: "subprocess.Popen[bytes]", backup: bytes, tmp_path: Path
) -> None:
    acme.perform(save_unit("LATER"))
    before = acme.unit_codes()
    assert mortal.stdout is not None
    desk = RemoteDesk(mortal.stdout.readline().decode().strip())
    assert desk.log_in("lin").status_code == 200
    restore_id = send(desk, backup)
    go(desk, restore_id, backup)
    assert mortal.wait(PATIENCE) == KILLED
    assert [name.rpartition(".")[2] for name in files(tmp_path)] == ["lock", "upload"]
    with served(acme.engine) as another:
        assert files(tmp_path) == [], "the next start tidies up"
        desk.url = another.url
        found = outcome(desk, restore_id)
        assert (found["state"], found["problem"]["code"]) == ("refused", "restore_broken_off")
        assert acme.unit_codes() == before
        again = send(desk, backup)
        go(desk, again, backup)
        assert outcome(desk, again)["state"] == "done"
    desk.http.close()
    assert verify_log(acme.engine, acme.id).broken_at is None


def test_who_waits_for_news_at_any_worker_is_told_at_once(
    engine: Engine, server: Server, desk: RemoteDesk, backup: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LONGEST_WAIT_SECONDS", 1000)  # who is not told waits until the request is given up
    cursor = desk.pull_all().cursor
    waiting = RemoteDesk(server.url)
    if engine.dialect.name == "postgresql":
        with served(engine) as beside:
            assert beside.service.other_workers is not None
            assert beside.service.other_workers.is_listening.wait(PATIENCE)
            waiting.url = beside.url
            told_at_once(waiting, desk, backup, beside)
    else:
        told_at_once(waiting, desk, backup, server)
    assert desk.pull(cursor).status_code == 410


def told_at_once(waiting: RemoteDesk, desk: RemoteDesk, backup: bytes, at: Server) -> None:
    assert waiting.log_in("lin").status_code == 200
    cursor = waiting.pull_all().cursor
    with ThreadPoolExecutor(1) as thread:
        pull = thread.submit(waiting.pull, cursor, wait=1000)
        deadline = time.monotonic() + PATIENCE
        while at.service.wakeups.waiting == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        restore_id = send(desk, backup)
        go(desk, restore_id, backup)
        assert outcome(desk, restore_id)["state"] == "done"
        assert pull.result().status_code == 410
    waiting.http.close()
