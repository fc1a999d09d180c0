"""erp-central user, device, backup and restore, as an administrator types them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from central_desk import OpenedCompany, RemoteDesk, save_unit
from sqlalchemy import Engine

from erp_desktop.central import backing_up
from erp_desktop.central.cli import main
from erp_desktop.central.replaying import differing_tables
from erp_desktop.database import open_engine

Typed = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    made = open_engine(sqlite_url)
    yield made
    made.dispose()


@pytest.fixture
def typed(acme: OpenedCompany, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """What `erp-central ...` says, a line each; `sentence` where it is to fail with one."""
    url = acme.engine.url.render_as_string(hide_password=False)

    def run(*arguments: str, password: str = "", fails: bool = False, database: str = url) -> list[Any]:
        monkeypatch.setenv("ERP_PASSWORD", password)
        of = [] if arguments[0] in ("backup", "restore") else ["--company", "ACME"]
        code = main([*arguments, "--database", database, *of])
        out, err = capsys.readouterr()
        assert (code != 0) == fails, err
        if fails:
            assert err.count("\n") == 1, err
            return [err.strip()]
        return [json.loads(line) for line in out.splitlines()]

    return run


def test_users_are_added_given_roles_disabled_and_let_in_again(
    typed: Typed, new_desk: Callable[[], RemoteDesk]
) -> None:
    typed("user", "add", "--login", "bo", "--role", "sales", password="a long password")
    typed("user", "roles", "--login", "bo", "--role", "purchasing", "--role", "warehouse")
    assert typed("user", "list") == [
        {"login": "bo", "name": "bo", "active": True, "roles": ["purchasing", "warehouse"]},
        {"login": "lin", "name": "Lin Wei", "active": True, "roles": ["administrator"]},
    ]
    desk = new_desk()
    assert desk.log_in("bo", "a long password").status_code == 200
    typed("user", "disable", "--login", "bo")
    assert desk.pull().json()["code"] == "user_disabled"
    typed("user", "enable", "--login", "bo")
    assert desk.log_in("bo", "a long password").status_code == 200


def test_a_password_is_set_or_made_up_for_one_time(typed: Typed, new_desk: Callable[[], RemoteDesk]) -> None:
    (weak,) = typed("user", "set-password", "--login", "lin", password="seven77", fails=True)
    assert "8 to 200 characters" in weak
    typed("user", "set-password", "--login", "lin", password="another long one")
    assert new_desk().log_in("lin", "another long one").status_code == 200
    ((made,),) = [one.values() for one in typed("user", "set-password", "--login", "lin", "--one-time")]
    assert new_desk().log_in("lin", made).json()["code"] == "password_to_change"


def test_the_last_administrator_keeps_the_role_and_may_sign_in(typed: Typed) -> None:
    for change in (["disable", "--login", "lin"], ["roles", "--login", "lin", "--role", "sales"]):
        (sentence,) = typed("user", *change, fails=True)
        assert "the last administrator" in sentence
    assert typed("user", "disable", "--login", "nobody", fails=True) == ["Nobody signs in as nobody."]


def test_computers_are_listed_signed_out_taken_out_and_let_in(typed: Typed, desk: RemoteDesk) -> None:
    (told,) = typed("device", "list")
    assert (told["login"], told["name"], told["state"]) == ("lin", "Dock 1", "signed_in")
    for order, state, code in (
        ("sign-out", "signed_out", "token_expired"),
        ("revoke", "taken_out", "device_revoked"),
        ("let-in", "signed_out", "token_expired"),
    ):
        typed("device", order, told["id"])
        assert typed("device", "list")[0]["state"] == state
        assert desk.pull().json()["code"] == code
    (sentence,) = typed("device", "sign-out", "0" * 32, fails=True)
    assert "erp-central device list" in sentence


def test_a_backup_is_written_and_restored(typed: Typed, acme: OpenedCompany, tmp_path: Path) -> None:
    acme.perform(save_unit("DOZ"))
    file = str(tmp_path / "acme.erpbackup")
    (told,) = typed("backup", "--to", file)
    assert told["companies"] == [{"id": str(acme.id), "code": "ACME", "name": "Acme Trading", "tick": 2}]
    new = f"sqlite:///{tmp_path / 'new.db'}"
    (restored,) = typed("restore", file, database=new)
    assert restored["logs"] == {"ACME": "sound"}
    engine = open_engine(new)
    assert differing_tables(acme.engine, engine, acme.id) == {}
    engine.dispose()
    assert list(tmp_path.glob("*.part")) == []


def test_a_backup_takes_the_place_of_the_books_of_a_database_that_is_named(
    typed: Typed, acme: OpenedCompany, tmp_path: Path
) -> None:
    file = tmp_path / "acme.erpbackup"
    typed("backup", "--to", str(file))
    acme.perform(save_unit("LATER"))
    (sentence,) = typed("restore", str(file), "--replace", "OTHER", fails=True)
    assert "this database keeps ACME" in sentence
    damaged = tmp_path / "damaged.erpbackup"
    damaged.write_bytes(file.read_bytes()[:-1])
    (sentence,) = typed("restore", str(damaged), "--replace", "ACME", fails=True)
    assert "ends too early" in sentence
    assert "LATER" in acme.unit_codes()
    (told,) = typed("restore", str(file), "--replace", "ACME")
    assert told["changed"] > 0
    assert "LATER" not in acme.unit_codes()
    typed("restore", told["before"], "--replace", "ACME")  # the books of before, kept beside it
    assert "LATER" in acme.unit_codes()


def test_what_cannot_be_backed_up_or_restored_is_told_in_one_sentence(
    typed: Typed, acme: OpenedCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, new = tmp_path / "acme.erpbackup", f"sqlite:///{tmp_path / 'new.db'}"
    typed("backup", "--to", str(file))
    whole = file.read_bytes()

    def told(*arguments: str, database: str = new) -> str:
        (sentence,) = typed(*arguments, database=database, fails=True)
        return str(sentence)

    assert "is there already" in typed("backup", "--to", str(file), fails=True)[0]
    assert "cannot be written" in typed("backup", "--to", str(tmp_path / "no" / "x"), fails=True)[0]
    assert "in this database already" in typed("restore", str(file), fails=True)[0]
    assert "cannot be read" in told("restore", str(tmp_path / "nothing"))
    file.write_bytes(whole[:-10])
    assert "ends too early" in told("restore", str(file))
    file.write_bytes(whole[:500] + bytes([whole[500] ^ 1]) + whole[501:])
    assert "is damaged" in told("restore", str(file))
    file.write_bytes(b"something else altogether")
    assert "is not a backup" in told("restore", str(file))
    file.write_bytes(whole)
    monkeypatch.setattr(backing_up, "newest_revision", lambda: "0000")
    assert "another version" in told("restore", str(file))
