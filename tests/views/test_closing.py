"""The window closes at once when nothing waits for the centre, and says how much does before it closes when something waits."""

import pytest
from fake_desk import FakeDesk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from erp_desktop.sync.state import SyncKind
from erp_desktop.views.shell import asking_to_close
from erp_desktop.views.shell.main_window import MainWindow
from erp_desktop.views.widgets.asking import announcements

PATIENCE = 60_000


@pytest.fixture(autouse=True)
def no_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking_to_close, "SENDING_MS", 0)


def told(qtbot: QtBot, shell: MainWindow) -> QMessageBox:
    """What the window says before it closes."""
    qtbot.waitUntil(lambda: any(box.isVisible() for box in shell.findChildren(QMessageBox)), timeout=PATIENCE)
    return next(box for box in shell.findChildren(QMessageBox) if box.isVisible())


def press(qtbot: QtBot, box: QMessageBox, text: str) -> None:
    button = next(button for button in box.findChildren(QPushButton) if button.text() == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_window_with_nothing_that_waits_closes_without_a_word(shell):
    assert shell.close()
    assert not shell.isVisible()
    assert not shell.findChildren(QMessageBox)


def test_closing_says_how_many_changes_wait_and_that_they_are_kept(qtbot, desk, shell):
    desk.show_state(kind=SyncKind.OFFLINE, waiting=3)
    assert not shell.close()
    box = told(qtbot, shell)
    assert box.text() == "Changes that wait for the central service: 3"
    assert box.informativeText() == "They are kept on this computer and sent when the program is opened again."
    press(qtbot, box, "Close the window")
    qtbot.waitUntil(lambda: not shell.isVisible(), timeout=PATIENCE)


def test_whoever_keeps_the_window_open_is_told_again_the_next_time(qtbot, desk, shell):
    desk.show_state(kind=SyncKind.OFFLINE, waiting=3)
    shell.close()
    press(qtbot, told(qtbot, shell), "Keep it open")
    assert shell.isVisible()
    desk.show_state(waiting=4)
    shell.close()
    box = told(qtbot, shell)
    assert box.text().endswith(": 4")
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not box.isVisible(), timeout=PATIENCE)
    assert shell.isVisible()
    desk.show_state(waiting=0)  # somebody works on: the window stays
    assert shell.isVisible()


def test_what_is_sent_meanwhile_lets_the_window_close_by_itself(qtbot, desk, shell):
    desk.show_state(kind=SyncKind.SYNCING, waiting=2)
    assert not shell.close()
    box = told(qtbot, shell)
    desk.show_state(waiting=1)
    assert box.text().endswith(": 1")
    desk.show_state(kind=SyncKind.SYNCED, waiting=0)
    assert not shell.isVisible()


def test_what_is_just_being_sent_gets_a_moment_and_then_nothing_is_said(monkeypatch, desk, shell):
    monkeypatch.setattr(asking_to_close, "SENDING_MS", PATIENCE)
    desk.show_state(kind=SyncKind.SYNCING, waiting=1)
    assert not shell.close()
    desk.show_state(kind=SyncKind.SYNCED, waiting=0)
    assert not shell.isVisible()
    assert not shell.findChildren(QMessageBox)


def test_whoever_signs_out_is_told_where_the_next_one_signs_in(qtbot: QtBot, desk: FakeDesk, shell: MainWindow) -> None:
    desk.show_state(kind=SyncKind.OFFLINE, waiting=3)
    with qtbot.waitSignal(shell.signed_out, timeout=PATIENCE):
        shell.sign_out()
    assert not shell.isVisible()


def test_a_refusal_reaches_the_window_that_is_there_and_nothing_of_one_that_is_gone(qtbot, desk, settings_file, shell):
    gone = MainWindow(desk, settings_file)
    gone.close()
    with qtbot.waitSignal(gone.destroyed, timeout=PATIENCE):
        gone.deleteLater()
    announcements().refused.emit("Nothing was done.")
    assert shell.banner.sentence.text() == "Nothing was done."
