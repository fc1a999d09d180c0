"""Signing in to an office: the first window, a real central service over HTTP, a real desk."""

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from company_fixtures import open_small_company
from erp_desktop.app import know_screens
from erp_desktop.app.places import Place, wanted_place
from erp_desktop.app.program import Program
from erp_desktop.central.accounts import set_password
from erp_desktop.central.serving import served
from erp_desktop.database import open_engine
from erp_desktop.sync.state import SyncKind
from erp_desktop.views.start.sign_in_again import SignInAgain
from erp_desktop.views.start.start_window import StartWindow
from erp_desktop.views.translation import current_language, show_language

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
def program(qapp: QApplication, centre: str, tmp_path: Path) -> Iterator[Program]:
    """The program as `erp-desktop --centre URL --company ACME --user owner` starts it."""
    know_screens()
    options = Namespace(centre=centre, company="ACME", user="owner")
    started = Program(qapp, tmp_path, wanted_place(options, tmp_path))
    yield started
    if started._window is not None:
        started._window.close()
    started.close()


def first_window(program: Program) -> StartWindow:
    assert program._start is not None
    return program._start


def test_a_person_signs_in_and_the_next_start_asks_no_password(
    qtbot: QtBot, program: Program, centre: str, tmp_path: Path
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

    again = Program(QApplication.instance(), tmp_path, wanted_place(Namespace(), tmp_path))
    try:
        again._begin()
        assert again._window is not None
        again._window.close()
    finally:
        again.close()


def test_a_wrong_password_is_one_sentence_and_may_be_typed_again(qtbot: QtBot, program: Program) -> None:
    program._begin()
    start = first_window(program)
    start.password.setText("something else")
    start.sign_in_button.click()
    qtbot.waitUntil(lambda: start.trouble.text() != "", timeout=PATIENCE)
    assert start.trouble.text().startswith("The company, the user name or the password is not right.")
    assert start.login.text() == "owner"
    start.password.setText(PASSWORD)
    start.sign_in_button.click()
    qtbot.waitUntil(lambda: program._window is not None, timeout=PATIENCE)


def test_a_centre_that_is_down_is_one_sentence(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    options = Namespace(centre="http://127.0.0.1:9", company="ACME", user="owner")
    started = Program(qapp, tmp_path, wanted_place(options, tmp_path))
    try:
        started._begin()
        start = first_window(started)
        start.password.setText(PASSWORD)
        start.sign_in_button.click()
        qtbot.waitUntil(lambda: start.trouble.text() != "", timeout=PATIENCE)
        assert start.trouble.text().startswith("The central service does not answer.")
    finally:
        started.close()


def test_enter_signs_in_from_the_password_field(qtbot: QtBot, program: Program) -> None:
    program._begin()
    start = first_window(program)
    assert start.focusWidget() is start.password
    qtbot.keyClicks(start.password, PASSWORD)
    qtbot.keyClick(start.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: program._window is not None, timeout=PATIENCE)


def test_a_mistyped_address_is_told_and_the_keyboard_stands_in_it(qtbot: QtBot, program: Program) -> None:
    program._begin()
    start = first_window(program)
    start.centre.setText("our erp server")
    start.password.setText(PASSWORD)
    qtbot.keyClick(start.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: start.trouble.text() != "", timeout=PATIENCE)
    assert start.trouble.text().startswith("our erp server is not the address of a central service.")
    assert start.focusWidget() is start.centre


def test_the_first_window_speaks_another_language_at_once_and_keeps_what_was_typed(
    qtbot: QtBot, program: Program
) -> None:
    program._begin()
    start = first_window(program)
    start.password.setText(PASSWORD)
    start.language.setCurrentIndex(start.language.findData("zh_CN"))
    start.language.activated.emit(start.language.currentIndex())
    try:
        assert start.sign_in_button.text() == "登录"
        assert (start.login.text(), start.password.text()) == ("owner", PASSWORD)
        start.sign_in_button.click()
        qtbot.waitUntil(lambda: program._window is not None, timeout=PATIENCE)
        assert current_language() == "zh_CN"
    finally:
        show_language("en")


def signed_in(qtbot: QtBot, program: Program) -> None:
    program._begin()
    start = first_window(program)
    start.password.setText(PASSWORD)
    start.sign_in_button.click()
    qtbot.waitUntil(lambda: program._window is not None, timeout=PATIENCE)


def test_whoever_signs_out_is_asked_for_the_password_also_after_a_new_start(
    qtbot: QtBot, program: Program, tmp_path: Path
) -> None:
    signed_in(qtbot, program)
    assert program._window is not None
    program._window.sign_out()
    qtbot.waitUntil(lambda: program._start is not None, timeout=PATIENCE)
    assert first_window(program).login.text() == "owner"

    again = Program(QApplication.instance(), tmp_path, wanted_place(Namespace(), tmp_path))
    try:
        again._begin()
        assert again._window is None
        assert first_window(again).password.text() == ""
    finally:
        again.close()


def test_a_sign_in_that_was_taken_away_is_asked_for_until_the_password_is_right(qtbot: QtBot, program: Program) -> None:
    signed_in(qtbot, program)
    window, desk = program._window, program._desk
    assert window is not None
    assert desk is not None
    desk.sign_out()  # the tokens are gone, as after 60 days away
    desk.sync_now()
    qtbot.waitUntil(lambda: window.top.pill.text() == "Sign in again", timeout=PATIENCE)
    qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)
    window.top.pill.click()
    (dialog,) = window.findChildren(SignInAgain)
    qtbot.keyClicks(dialog.password, "something else")
    qtbot.keyClick(dialog.password, Qt.Key.Key_Return)
    qtbot.waitUntil(dialog.trouble.isVisible, timeout=PATIENCE)
    assert "the password is not right" in dialog.trouble.text()
    qtbot.keyClicks(dialog.password, PASSWORD)  # the wrong one is selected, so typing replaces it
    qtbot.keyClick(dialog.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.SYNCED, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.banner.isVisible(), timeout=PATIENCE)


def test_an_office_is_the_same_however_its_address_is_typed_on_the_command_line(
    qtbot: QtBot, program: Program, centre: str, tmp_path: Path
) -> None:
    signed_in(qtbot, program)
    place = wanted_place(Namespace(centre=centre.removeprefix("http://") + "/"), tmp_path)
    assert place == Place("ACME", "owner", centre)
