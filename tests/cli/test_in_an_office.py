"""Signing in to an office: the first window, a real central service over HTTP, a real desk."""

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from company_fixtures import open_small_company
from erp_desktop import app
from erp_desktop.central.accounts import set_password
from erp_desktop.central.serving import served
from erp_desktop.database import open_engine
from erp_desktop.views.start.start_window import StartWindow

PATIENCE = 90_000  # milliseconds
PASSWORD = "correct horse"


@pytest.fixture
def centre(sqlite_url: str) -> Iterator[str]:
    """The address of an office's central service with the small company in it."""
    engine = open_engine(sqlite_url)
    company = open_small_company(engine)
    set_password(engine, company.company_id, company.owner_id, PASSWORD)
    with served(engine) as server:
        yield server.url
    engine.dispose()


@pytest.fixture
def program(qapp: QApplication, centre: str, tmp_path: Path) -> Iterator[app.Program]:
    """The program as `erp-desktop --centre URL --company ACME --user owner` starts it."""
    app.know_screens()
    options = Namespace(centre=centre, company="ACME", user="owner")
    started = app.Program(qapp, tmp_path, app.wanted_place(options, tmp_path))
    yield started
    if started._window is not None:
        started._window.close()
    started.close()


def first_window(program: app.Program) -> StartWindow:
    assert program._start is not None
    return program._start


def test_a_person_signs_in_and_the_next_start_asks_no_password(
    qtbot: QtBot, program: app.Program, centre: str, tmp_path: Path
) -> None:
    program._begin()
    start = first_window(program)
    assert (start.centre.text(), start.company.text(), start.login.text()) == (centre, "ACME", "owner")
    start.password.setText(PASSWORD)
    start.sign_in_button.click()
    qtbot.waitUntil(lambda: program._window is not None, timeout=PATIENCE)
    assert program._window is not None
    assert "Acme Trading" in program._window.windowTitle()
    assert json.loads((tmp_path / "place.json").read_text("utf-8"))["centre"] == centre
    program._window.close()
    program._let_go()

    again = app.Program(QApplication.instance(), tmp_path, app.wanted_place(Namespace(), tmp_path))
    try:
        again._begin()
        assert again._window is not None
        again._window.close()
    finally:
        again.close()


def test_a_wrong_password_is_one_sentence_and_may_be_typed_again(qtbot: QtBot, program: app.Program) -> None:
    program._begin()
    start = first_window(program)
    start.password.setText("something else")
    start.sign_in_button.click()
    qtbot.waitUntil(lambda: start.trouble.text() != "", timeout=PATIENCE)
    assert start.trouble.text().startswith("The company, the name or the password is not right.")
    assert start.login.text() == "owner"
    start.password.setText(PASSWORD)
    start.sign_in_button.click()
    qtbot.waitUntil(lambda: program._window is not None, timeout=PATIENCE)


def test_a_centre_that_is_down_is_one_sentence(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    options = Namespace(centre="http://127.0.0.1:9", company="ACME", user="owner")
    started = app.Program(qapp, tmp_path, app.wanted_place(options, tmp_path))
    try:
        started._begin()
        start = first_window(started)
        start.password.setText(PASSWORD)
        start.sign_in_button.click()
        qtbot.waitUntil(lambda: start.trouble.text() != "", timeout=PATIENCE)
        assert start.trouble.text().startswith("The central service does not answer.")
    finally:
        started.close()
