"""The program alone on a computer: real windows offscreen, the embedded centre as a real child process."""

import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from company_fixtures import opening_of
from erp_desktop import embedded
from erp_desktop.app import know_screens
from erp_desktop.app.door import bring_forward
from erp_desktop.app.logbook import catch_what_nobody_caught, keep_log
from erp_desktop.app.places import Place, wanted_place
from erp_desktop.app.program import Program
from erp_desktop.sync.signing_in import CentreOutOfReach
from erp_desktop.sync.transport import NoAnswer, Transport
from erp_desktop.views.shell.main_window import MainWindow
from erp_desktop.views.start.start_window import StartWindow
from erp_desktop.views.widgets.asking import announcements
from erp_desktop.wire import Hello

SECONDS_FOR_A_LOADED_MACHINE = 240


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "SECONDS_TO_START", 240.0)
    monkeypatch.setattr(embedded, "SECONDS_TO_STOP", 240.0)


@pytest.fixture
def company_here(tmp_path: Path) -> embedded.CompanyHere:
    return embedded.open_company(opening_of(), tmp_path)


@pytest.fixture
def quiet_hooks() -> Iterator[None]:
    """Whatever hooks and handlers the program sets are taken back."""
    import logging
    import threading

    before = sys.excepthook, threading.excepthook, list(logging.getLogger().handlers), logging.getLogger().level
    yield
    sys.excepthook, threading.excepthook = before[:2]
    for handler in set(logging.getLogger().handlers) - set(before[2]):
        logging.getLogger().removeHandler(handler)
        handler.close()
    logging.getLogger().setLevel(before[3])


def hello(centre: embedded.EmbeddedCentre) -> Hello:
    transport = Transport(centre.address)
    try:
        return transport.get("/v1/sync/hello", Hello)
    finally:
        transport.close()


def test_a_company_here_is_known_with_its_owner(company_here: embedded.CompanyHere, tmp_path: Path) -> None:
    assert embedded.companies_here(tmp_path) == [embedded.CompanyHere("ACME", "Acme Trading", "owner")]
    assert embedded.kept_password("ACME", "owner", tmp_path)
    assert embedded.companies_here(tmp_path / "elsewhere") == []


def test_the_embedded_centre_answers_on_the_loopback_address_and_comes_back_after_a_crash(
    company_here: embedded.CompanyHere, tmp_path: Path
) -> None:
    centre = embedded.EmbeddedCentre(tmp_path)
    try:
        assert [company["code"] for company in hello(centre).companies] == ["ACME"]
        assert centre.address().startswith("http://127.0.0.1:")
        assert centre._process is not None
        time.sleep(embedded.SECONDS_BETWEEN_STARTS)
        centre._process.kill()
        centre._process.wait()
        assert [company["code"] for company in hello(centre).companies] == ["ACME"]
        ended = centre._process
    finally:
        centre.close()
    assert ended.returncode == 0
    with pytest.raises(NoAnswer):
        centre.address()


def test_a_centre_that_cannot_start_is_no_answer_and_its_log_says_why(tmp_path: Path) -> None:
    embedded.database_path(tmp_path).parent.mkdir()
    embedded.database_path(tmp_path).write_bytes(b"this is not a database" * 100)
    centre = embedded.EmbeddedCentre(tmp_path)
    try:
        with pytest.raises(NoAnswer):
            centre.address()
    finally:
        centre.close()
    assert (tmp_path / "logs" / "centre.log").stat().st_size


@pytest.mark.usefixtures("quiet_hooks")
def test_the_first_window_opens_a_company_and_the_next_start_goes_straight_to_it(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    know_screens()
    program = Program(qapp, tmp_path, wanted_place(Namespace(), tmp_path))
    try:
        program._begin()
        start = program._start
        assert start is not None
        start._show(start._new_company)
        start.new_company.name.setText("Yangtze Trading")
        start.new_company.name.editingFinished.emit()
        assert start.new_company.code.text() == "YANGTZET"
        start.new_company.owner_name.setText("Li Wei")
        start.new_company_button.click()
        qtbot.waitUntil(lambda: program._window is not None, timeout=SECONDS_FOR_A_LOADED_MACHINE * 1000)
        assert isinstance(program._window, MainWindow)
        assert "Yangtze Trading" in program._window.windowTitle()
        program._window.close()
    finally:
        program.close()

    again = Program(qapp, tmp_path, wanted_place(Namespace(), tmp_path))
    try:
        again._begin()
        assert again._window is not None  # at once, from the cache, while the centre still starts
        assert "Yangtze Trading" in again._window.windowTitle()
        again._window.close()
    finally:
        again.close()


def test_what_is_missing_in_the_first_window_is_said_and_keeps_what_was_typed(qtbot: QtBot, tmp_path: Path) -> None:
    charts = {"ifrs-trading": "IFRS"}
    start = StartWindow(lambda _wish: pytest.fail("nothing was asked"), lambda: charts, date(2026, 3, 1))
    qtbot.addWidget(start)
    start._show(start._new_company)
    start.new_company.name.setText("Acme")
    start.new_company_button.click()
    assert start.trouble.text() == "Please fill in every field."
    assert start.new_company.name.text() == "Acme"


def test_enter_starts_the_company_and_escape_goes_back_to_the_choice(qtbot: QtBot, tmp_path: Path) -> None:
    asked: list[object] = []

    def wish(wanted: object) -> "Future[object]":
        asked.append(wanted)
        return Future()

    start = StartWindow(wish, lambda: {"ifrs-trading": "IFRS"}, date(2026, 3, 1))
    qtbot.addWidget(start)
    start.show()
    start._show(start._sign_in)
    qtbot.keyClick(start.centre, Qt.Key.Key_Escape)
    assert start.pages.currentWidget() is start._choice
    start._show(start._new_company)
    start.new_company.name.setText("Acme")
    start.new_company.code.setText("ACME")
    start.new_company.owner_name.setText("Li Wei")
    qtbot.keyClick(start.new_company.owner_name, Qt.Key.Key_Return)
    assert [type(wanted).__name__ for wanted in asked] == ["NewCompany"]


@pytest.mark.usefixtures("quiet_hooks")
def test_whoever_leaves_a_company_of_this_computer_can_open_it_again(
    qtbot: QtBot, qapp: QApplication, company_here: embedded.CompanyHere, tmp_path: Path
) -> None:
    know_screens()
    program = Program(qapp, tmp_path, wanted_place(Namespace(), tmp_path))
    try:
        program._begin()
        qtbot.waitUntil(lambda: program._window is not None, timeout=SECONDS_FOR_A_LOADED_MACHINE * 1000)
        assert program._window is not None
        program._window.sign_out()
        qtbot.waitUntil(lambda: program._start is not None, timeout=SECONDS_FOR_A_LOADED_MACHINE * 1000)
        start = program._start
        assert start is not None

        def offered() -> dict[str, QPushButton]:
            return {one.text(): one for one in start._choice.findChildren(QPushButton)}

        assert "Look at a sample company" in offered()  # there before the companies of this computer were looked up
        qtbot.waitUntil(lambda: "Open Acme Trading (ACME)" in offered())
        assert offered()["Open Acme Trading (ACME)"].isDefault()  # Enter opens it
        start._choose_language("zh_CN")
        assert any("(ACME)" in text for text in offered())  # they stay in another language
        start._choose_language("en")
        offered()["Open Acme Trading (ACME)"].click()
        qtbot.waitUntil(lambda: program._window is not None, timeout=SECONDS_FOR_A_LOADED_MACHINE * 1000)
        program._window.close()
    finally:
        program.close()


@pytest.mark.usefixtures("quiet_hooks")
def test_an_error_that_nobody_caught_is_logged_under_the_reference_that_the_window_tells(
    qtbot: QtBot, tmp_path: Path
) -> None:
    log_file = keep_log(tmp_path)
    catch_what_nobody_caught()
    told = []
    announcements().failed.connect(told.append)
    try:
        raise LookupError("nobody expected this")
    except LookupError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert told[0].reference in log_file.read_text("utf-8")
    assert "nobody expected this" in log_file.read_text("utf-8")


def test_a_second_start_brings_the_first_forward_and_ends(company_here: embedded.CompanyHere, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "erp_desktop.cli", "--data-dir", str(tmp_path)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        place = Place("ACME", "owner")
        deadline = time.monotonic() + SECONDS_FOR_A_LOADED_MACHINE
        while not bring_forward(place.cache(tmp_path)):
            assert first.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.2)
        second = subprocess.run(command, env=environment, timeout=SECONDS_FOR_A_LOADED_MACHINE, check=False)
        assert second.returncode == 0
        assert first.poll() is None
    finally:
        first.send_signal(signal.SIGTERM)
        first.wait(SECONDS_FOR_A_LOADED_MACHINE)


def test_the_first_window_tells_how_many_rows_of_the_company_are_here(qtbot: QtBot) -> None:
    start = StartWindow(lambda _wish: pytest.fail("nothing was asked"), dict, date(2026, 3, 1))
    qtbot.addWidget(start)
    start.show()
    opening: Future[object] = Future()
    start.wait_for(opening)
    assert start.progress_bar.maximum() == 0  # nobody knows yet how long it takes
    start.show_progress(12_000, 70_000)
    assert start.progress.text() == "The company's data are fetched: 12,000 of 70,000 rows …"
    assert (start.progress_bar.value(), start.progress_bar.maximum()) == (12_000, 70_000)
    opening.set_exception(CentreOutOfReach())
    qtbot.waitUntil(start.trouble.isVisible)
    start.show_progress(13_000, 70_000)  # what was under way ends after the answer
    assert not start.progress.isVisible()
