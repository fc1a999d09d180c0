"""The window of a desk whose data are closed: what it showed is gone, one sentence says why, and signing in opens it again."""

import shutil
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from company_fixtures import SmallCompany, open_small_company
from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.opening import SaveUser
from erp_desktop.app import know_screens
from erp_desktop.app.places import Place, wanted_place
from erp_desktop.app.program import Program
from erp_desktop.central.accounts import set_password
from erp_desktop.central.serving import Server, served
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.sync.state import SyncKind
from erp_desktop.views.purchasing.purchase_order_page import PurchaseOrderPage
from erp_desktop.views.shell.main_window import MainWindow
from erp_desktop.views.start.sign_in_again import SignInAgain
from erp_desktop.views.start.start_window import StartWindow

PATIENCE = 90_000  # milliseconds
PASSWORD = "correct horse"
MEI = new_id()


@pytest.fixture
def company(sqlite_url: str) -> Iterator[SmallCompany]:
    """An office in which Mei buys."""
    engine = open_engine(sqlite_url)
    opened = open_small_company(engine)
    employ(opened)
    set_password(engine, opened.company_id, MEI, PASSWORD)
    yield opened
    engine.dispose()


@pytest.fixture
def server(company: SmallCompany) -> Iterator[Server]:
    with served(company.centre.engine) as running:
        yield running


@pytest.fixture
def program(qapp: QApplication, server: Server, tmp_path: Path) -> Iterator[Program]:
    """Mei's, signed in."""
    know_screens()
    started = Program(qapp, tmp_path / "mei", Place("ACME", "mei", server.url))
    yield started
    if started._window is not None:
        started._window.close()
    started.close()


def employ(company: SmallCompany, *, is_active: bool = True) -> None:
    company.perform(SaveUser(MEI, "mei", "Mei Lin", ("purchasing",), is_active=is_active))


def first_window(program: Program) -> StartWindow:
    assert program._start is not None
    return program._start


def window_of(program: Program) -> MainWindow:
    assert program._window is not None
    return program._window


def sign_in(qtbot: QtBot, program: Program) -> None:
    start = first_window(program)
    start.password.setText(PASSWORD)
    start.sign_in_button.click()
    qtbot.waitUntil(lambda: program._window is not None, timeout=PATIENCE)


def is_closed_saying(qtbot: QtBot, program: Program, sentence: str) -> None:
    qtbot.waitUntil(lambda: program._start is not None, timeout=PATIENCE)
    assert program._window is None
    assert program._desk is None
    assert sentence in first_window(program).note.sentence.text()


def someone(code: str) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=f"Party {code}", is_supplier=True)


def parties(company: SmallCompany) -> set[str]:
    with company.session() as session:
        return {party.code for party in session.query(Party)}


def test_whoever_is_switched_off_sees_nothing_more_and_finds_all_as_it_was_when_they_may_again(
    qtbot: QtBot, program: Program, company: SmallCompany
) -> None:
    program._begin()
    sign_in(qtbot, program)
    desk = program._desk
    assert desk is not None
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.SYNCED, timeout=PATIENCE)
    desk.go_offline()
    desk.perform_and_wait(someone("S-1"))
    employ(company, is_active=False)
    desk.go_online()
    is_closed_saying(qtbot, program, "They are kept, with what waits to be sent")
    start = first_window(program)
    assert (start.company.text(), start.login.text()) == ("ACME", "mei")
    start.password.setText(PASSWORD)
    start.sign_in_button.click()
    qtbot.waitUntil(lambda: "not right" in start.trouble.text(), timeout=PATIENCE)
    employ(company)
    sign_in(qtbot, program)
    qtbot.waitUntil(lambda: "S-1" in parties(company), timeout=PATIENCE)


def test_a_computer_that_is_taken_out_shows_nothing_more_and_says_how_much_was_not_sent(
    qtbot: QtBot, program: Program, company: SmallCompany, server: Server
) -> None:
    program._begin()
    sign_in(qtbot, program)
    desk = program._desk
    assert desk is not None
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.SYNCED, timeout=PATIENCE)
    desk.go_offline()
    desk.perform_and_wait(someone("S-1"))
    form = window_of(program).open_screen("purchase_order", id=new_id(), is_new=True)
    assert isinstance(form, PurchaseOrderPage)
    form.focus_field("reference")
    qtbot.waitUntil(lambda: form.isAncestorOf(QApplication.focusWidget()), timeout=PATIENCE)
    server.service.accounts.revoke_device(company.company_id, desk.administration.device_id)
    desk.go_online()
    is_closed_saying(qtbot, program, "Changes that had not been sent: 1")


def test_a_desk_whose_lease_is_over_starts_with_the_question_for_the_password(
    qtbot: QtBot, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program._begin()
    sign_in(qtbot, program)
    window_of(program).close()
    program._let_go()
    later = datetime.now(UTC) + timedelta(days=31)
    monkeypatch.setattr("erp_desktop.sync.lease._now", lambda: later)
    again = Program(QApplication.instance(), tmp_path / "mei", wanted_place(Namespace(), tmp_path / "mei"))
    try:
        again._begin()
        is_closed_saying(qtbot, again, "for more than 30 days")
        assert first_window(again).login.text() == "mei"
        sign_in(qtbot, again)
        window_of(again).close()
    finally:
        again.close()


def test_a_copy_says_so_at_its_window_and_goes_on_after_the_password(
    qtbot: QtBot, program: Program, company: SmallCompany, server: Server, tmp_path: Path
) -> None:
    program._begin()
    sign_in(qtbot, program)
    window_of(program).close()
    program._let_go()
    shutil.copytree(tmp_path / "mei", tmp_path / "copy")
    first, copy = (
        Program(QApplication.instance(), tmp_path / at, wanted_place(Namespace(), tmp_path / at))
        for at in ("mei", "copy")
    )
    try:
        for started, code in ((first, "S-1"), (copy, "S-2")):
            started._begin()
            assert started._desk is not None
            started._desk.perform_and_wait(someone(code))
            started._desk.start()
            if started is first:
                qtbot.waitUntil(lambda: "S-1" in parties(company), timeout=PATIENCE)
        window = window_of(copy)
        qtbot.waitUntil(lambda: window.top.pill.text().startswith("Sign in again"), timeout=PATIENCE)
        qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)
        assert "on another computer too" in window.banner.sentence.text()
        window.top.pill.click()
        (dialog,) = window.findChildren(SignInAgain)
        dialog.password.setText(PASSWORD)
        dialog.do_button.click()
        qtbot.waitUntil(lambda: {"S-1", "S-2"} <= parties(company), timeout=PATIENCE)
        qtbot.waitUntil(lambda: not window.banner.isVisible(), timeout=PATIENCE)
    finally:
        for started in (first, copy):
            if started._window is not None:
                started._window.close()
            started.close()
