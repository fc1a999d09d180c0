"""erp-central as an administrator types it: real processes; every failure one sentence, never a traceback."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import text

from erp_desktop.database import open_engine
from erp_desktop.ids import new_id

CENTRAL = [sys.executable, "-m", "erp_desktop.central.cli"]


def central(*arguments: str, password: str | None = None, typed: str = "") -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "ERP_PASSWORD"}
    if password is not None:
        environment["ERP_PASSWORD"] = password
    return subprocess.run(
        [*CENTRAL, *arguments],
        input=typed,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def init(url: str, password: str | None = "correct horse", code: str = "ACME") -> "subprocess.CompletedProcess[str]":
    return central(
        "init", "--database", url, "--company", code, "--name", "Acme Trading", "--login", "lin", password=password
    )


def told(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def one_sentence(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'centre.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url.replace("+psycopg", "")


def test_from_nothing_to_a_signed_in_desk(empty_url: str) -> None:
    assert set(told(init(empty_url))) == {"company_id", "owner_id"}
    added = central(
        *("user", "add", "--database", empty_url, "--company", "ACME", "--login", "bo", "--role", "sales"),
        "--password-stdin",
        typed="a long password\n",
    )
    assert set(told(added)) == {"user_id"}

    serving = subprocess.Popen(
        [*CENTRAL, "serve", "--database", empty_url, "--stop-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert serving.stdin is not None
    assert serving.stdout is not None
    try:
        url = json.loads(serving.stdout.readline())["listening"]
        for login, password in (("lin", "correct horse"), ("bo", "a long password")):
            wanted = {
                "company": "ACME",
                "login": login,
                "password": password,
                "device_id": str(new_id()),
                "device_name": "Dock 1",
            }
            assert requests.post(f"{url}/v1/auth/login", json=wanted, timeout=30).status_code == 200
    finally:
        serving.stdin.close()  # as when the desktop that started it ends
        assert serving.wait(timeout=30) == 0
        serving.stdout.close()

    assert told(central("status", "--database", empty_url))["companies"] == [
        {"code": "ACME", "name": "Acme Trading", "tick": 2}
    ]
    found = told(central("verify-log", "--database", empty_url))
    assert (found["company"], found["sound_rows"], len(found["chain_hash"])) == ("ACME", 2, 64)


def test_an_edited_log_makes_verify_log_fail_and_say_where(empty_url: str) -> None:
    init(empty_url)
    engine = open_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE action_log SET name = 'Innocent'"))
    engine.dispose()
    done = central("verify-log", "--database", empty_url)
    assert done.returncode == 1
    assert json.loads(done.stdout)["broken_at"] == 1


def test_a_log_is_compared_with_what_was_printed_of_it_before(empty_url: str, tmp_path: Path) -> None:
    init(empty_url)
    kept = tmp_path / "checked.json"
    kept.write_text(central("verify-log", "--database", empty_url).stdout)
    assert central("verify-log", "--database", empty_url, "--since", str(kept)).returncode == 0
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"chain_hash": "ab" * 32}))
    done = central("verify-log", "--database", empty_url, "--since", str(kept))
    assert (done.returncode, "others than those" in json.loads(done.stdout)["reason"]) == (1, True)
    kept.write_text(kept.read_text().replace("ACME", "APEX"))
    done = central("verify-log", "--database", empty_url, "--since", str(kept))
    assert (done.returncode, [json.loads(line)["company"] for line in done.stdout.splitlines()]) == (
        1,
        ["APEX", "ACME"],
    )
    kept.write_text("the log was fine")
    assert "is not what verify-log printed" in one_sentence(
        central("verify-log", "--database", empty_url, "--since", str(kept))
    )


def test_a_second_company_needs_another_code(empty_url: str) -> None:
    init(empty_url)
    assert one_sentence(init(empty_url)) == "This database already has a company ACME."
    assert init(empty_url, code="OTHER").returncode == 0


def test_what_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'centre.db'}"
    assert "8 to 200 characters" in one_sentence(init(url, password="short"))
    assert "ERP_PASSWORD" in one_sentence(init(url, password=None))
    assert not (tmp_path / "centre.db").exists(), "nothing was set up"
    assert "There is no database" in one_sentence(central("status", "--database", url))
    assert "does not answer" in one_sentence(central("serve", "--database", "postgresql://x@127.0.0.1:1/none"))
    assert "not mysql" in one_sentence(central("status", "--database", "mysql://x/y"))
    assert "Not the address" in one_sentence(central("status", "--database", "nonsense"))

    init(url)
    missing = ("user", "add", "--database", url, "--company", "NONE", "--login", "bo", "--role", "sales")
    assert "no company NONE" in one_sentence(central(*missing, password="a long password"))
    taken = ("user", "add", "--database", url, "--company", "ACME", "--login", "lin", "--role", "sales")
    assert "lin is taken" in one_sentence(central(*taken, password="a long password"))


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "centre.db").write_bytes(b"once upon a time " * 1000)
    assert "not a database" in one_sentence(central("serve", "--database", f"sqlite:///{tmp_path / 'centre.db'}"))


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = central("serve", "--database", f"sqlite:///{tmp_path / 'centre.db'}", "--port", port)
        assert port in one_sentence(done)


def test_the_central_service_needs_no_window_and_nothing_of_the_desktops() -> None:
    look = """
import importlib, pkgutil, sys
import erp_desktop.central
for module in pkgutil.walk_packages(erp_desktop.central.__path__, "erp_desktop.central."):
    importlib.import_module(module.name)
desktop = ("PySide6", "requests", "keyring", "openpyxl", "xlsxwriter", "reportlab", "erp_desktop.views", "erp_desktop.sync")
print([name for name in sys.modules if name.startswith(desktop)])
"""
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"
