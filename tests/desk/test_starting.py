"""What a start does before its window is there, and what it leaves for later."""

import subprocess
import sys
from pathlib import Path

from acme_office import PASSWORD, OpenDesk
from network import Network
from pytestqt.qtbot import QtBot
from test_two_desks import codes, someone

from erp_desktop.desk import Desk
from erp_desktop.sync.cache import cache_path
from erp_desktop.sync.secrets import Secrets

NOT_NEEDED_FOR_A_WINDOW = (  # each costs a start milliseconds that the person waits
    "alembic",
    "argon2",
    "babel",
    "fastapi",
    "keyring",
    "openpyxl",
    "psycopg",
    "python_calamine",
    "reportlab",
    "requests",
    "urllib3",
    "uvicorn",
    "xlsxwriter",
    "PySide6.QtPdf",
    "erp_desktop.central",
    "erp_desktop.demo",
    "erp_desktop.integrations",
)


def close_when_all_is_quiet(desk: Desk, network: Network, qtbot: QtBot) -> None:
    """Nothing of it is still on its way when it is closed, and what it asked for is forgotten."""
    assert desk.wait_until_synced()
    qtbot.waitUntil(lambda: network.waiting == 1)
    desk.close()
    network.requests.clear()


def test_the_window_is_loaded_without_what_only_the_centre_the_network_or_a_file_needs() -> None:
    script = "import sys, erp_desktop.app as app; app.know_screens(); print(*sys.modules, sep='\\n')"
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    loaded = set(told.split())
    assert "erp_desktop.views.shell.home" in loaded
    assert sorted(loaded.intersection(NOT_NEEDED_FOR_A_WINDOW)) == []


def test_a_desk_that_has_the_company_answers_before_it_talks_to_the_centre(
    open_desk: OpenDesk, network: Network, tmp_path: Path, qtbot: QtBot
) -> None:
    before = open_desk()
    before.perform_and_wait(someone("S-1"))
    close_when_all_is_quiet(before, network, qtbot)

    path = cache_path("the centre", "ACME", "lin", tmp_path / "office")
    secrets = Secrets(path.parent, use_keyring=False)
    desk = Desk.open(path, network.url, "ACME", "lin", secrets=secrets, sync_later=True)
    try:
        assert codes(desk) == (("S-1", True),)
        desk.perform_and_wait(someone("S-2"))
        assert network.requests == []
        desk.start()
        desk.start()  # once is enough, twice does no harm
        assert desk.wait_until_synced()
        assert codes(desk) == (("S-1", True), ("S-2", True))
    finally:
        desk.close()


def test_a_desk_without_its_company_fetches_it_at_once(network: Network, tmp_path: Path) -> None:
    path = cache_path("the centre", "ACME", "lin", tmp_path / "new")
    secrets = Secrets(path.parent, use_keyring=False)
    desk = Desk.open(path, network.url, "ACME", "lin", PASSWORD, secrets=secrets, sync_later=True)
    try:
        assert desk.company.code == "ACME"
    finally:
        desk.close()


def test_a_desk_closed_before_it_began_to_sync_stays_closed(
    open_desk: OpenDesk, network: Network, tmp_path: Path, qtbot: QtBot
) -> None:
    close_when_all_is_quiet(open_desk(), network, qtbot)
    path = cache_path("the centre", "ACME", "lin", tmp_path / "office")
    secrets = Secrets(path.parent, use_keyring=False)
    desk = Desk.open(path, network.url, "ACME", "lin", secrets=secrets, sync_later=True)
    desk.close()
    desk.start()  # the window's timer may still come
    assert network.requests == []
