"""The main window: tabs, commands, sync pill, palette, memory."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QTableView

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.sync.checking import Checked
from erp_desktop.sync.state import SyncKind
from erp_desktop.sync.verifying import Mended
from erp_desktop.sync.what_waits import WaitingChange
from erp_desktop.views.shell import main_window
from erp_desktop.views.shell.asking_to_close import Answer
from erp_desktop.views.shell.commands import AlreadyTaken, Command
from erp_desktop.views.shell.main_window import MainWindow
from erp_desktop.views.shell.screens import _screens, register_screen
from erp_desktop.views.widgets import fields
from erp_desktop.views.widgets.screen_view import ScreenView


class NoteView(ScreenView):
    """A screen with nothing but a record's name."""

    def __init__(self, record_id: str) -> None:
        super().__init__()
        self.saved = 0
        self.set_title(f"Note {record_id}" if record_id else "")

    def save(self, then=None):
        self.saved += 1
        self.set_dirty(False)
        super().save(then)


@pytest.fixture(autouse=True)
def note_screen():
    register_screen(
        "note", QT_TRANSLATE_NOOP("Screen", "Note"), "edit", "sell", lambda desk, shell, note_id="": NoteView(note_id)
    )
    register_screen("secret", "Secret", "edit", "budget", lambda desk, shell: NoteView(""), "no.such.permission")
    yield
    del _screens["note"], _screens["secret"]


def titles(shell: MainWindow) -> list[str]:
    return [shell.tabs.tabText(number) for number in range(shell.tabs.count())]


def test_the_same_record_never_opens_twice(shell):
    first = shell.open_screen("note", note_id="1")
    shell.open_screen("note", note_id="2")
    assert shell.open_screen("note", note_id="1") is first
    assert titles(shell) == ["Home", "Note 1", "Note 2"]
    assert shell.tabs.currentWidget() is first


def test_unsaved_changes_mark_the_tab_and_closing_asks(shell, monkeypatch):
    view = shell.open_screen("note", note_id="1")
    view.set_dirty(True)
    assert titles(shell)[1] == "Note 1 *"
    answers = iter([Answer.KEEP_EDITING, Answer.SAVE])
    monkeypatch.setattr(main_window, "ask_about_changes", lambda *_: next(answers))
    shell.close_current()
    assert titles(shell) == ["Home", "Note 1 *"]
    shell.close_current()
    assert titles(shell) == ["Home"]


def test_closing_the_window_with_unsaved_changes_asks_once_for_all(shell, monkeypatch):
    for number in ("1", "2"):
        shell.open_screen("note", note_id=number).set_dirty(True)
    asked = []

    def keep_editing(_parent, about):
        asked.append(about)
        return Answer.KEEP_EDITING

    monkeypatch.setattr(main_window, "ask_about_changes", keep_editing)
    assert not shell.close()
    assert asked == [["Note 1", "Note 2"]]
    monkeypatch.setattr(main_window, "ask_about_changes", lambda *_: Answer.DISCARD)


def test_a_closed_tab_comes_back_and_middle_click_closes(qtbot, shell):
    shell.open_screen("note", note_id="1")
    bar = shell.tabs.tabBar()
    qtbot.mouseClick(bar, Qt.MouseButton.MiddleButton, pos=bar.tabRect(1).center())
    assert titles(shell) == ["Home"]
    shell.commands.action("reopen_tab").trigger()
    assert titles(shell) == ["Home", "Note 1"]


def test_home_cannot_be_closed(shell):
    shell.close_current()
    assert titles(shell) == ["Home"]


def test_ctrl_tab_goes_round_and_alt_left_goes_back(qtbot, shell):
    shell.open_screen("note", note_id="1")
    shell.open_screen("note", note_id="2")
    shell.commands.action("next_tab").trigger()
    assert shell.tabs.currentIndex() == 0
    shell.commands.action("back").trigger()
    assert shell.tabs.currentWidget().title == "Note 2"
    shell.commands.action("back").trigger()
    assert shell.tabs.currentWidget().title == "Note 1"
    shell.commands.action("forward").trigger()
    assert shell.tabs.currentWidget().title == "Note 2"


def test_a_screen_that_the_role_may_not_use_is_neither_offered_nor_opened(shell):
    assert "budget" not in shell.rail.buttons
    assert shell.open_screen("secret") is None
    assert shell.status.message.text() == "Your role may not open this. Ask an administrator."
    with pytest.raises(KeyError):
        shell.open_screen("no such screen")


@pytest.mark.parametrize(
    ("changes", "text", "tone"),
    [
        ({}, "Synced ", "done"),
        ({"kind": SyncKind.OFFLINE, "waiting": 12}, "Offline, 12 changes waiting", "warning"),
        ({"kind": SyncKind.OFFLINE}, "Offline", "warning"),
        ({"attention": 17}, "17 need attention", "late"),
        ({"kind": SyncKind.OFFLINE, "waiting": 2, "attention": 1}, "Offline · 1 needs attention, 2 waiting", "late"),
        ({"kind": SyncKind.SYNCING, "waiting": 2, "attention": 1}, "1 needs attention, 2 waiting", "late"),
        ({"kind": SyncKind.SIGNED_OUT, "waiting": 3}, "Sign in again, 3 waiting", "warning"),
        ({"kind": SyncKind.UPGRADE_NEEDED}, "Upgrade needed", "late"),
        ({"kind": SyncKind.CENTRE_OLDER, "waiting": 2}, "Central service too old, 2 waiting", "late"),
    ],
)
def test_the_sync_pill_says_how_it_stands_in_words(shell, desk, changes, text, tone):
    desk.show_state(**changes)
    assert shell.top.pill.text().startswith(text)
    assert shell.top.pill.property("tone") == tone
    assert not shell.top.pill.icon().isNull()


def test_the_sync_pill_counts_what_is_sent_of_all_that_waited(shell, desk):
    desk.show_state(kind=SyncKind.SYNCING, waiting=9)
    desk.show_state(waiting=6)
    assert shell.top.pill.text() == "Syncing 3 of 9"
    desk.show_state(kind=SyncKind.SYNCED, waiting=0)
    desk.show_state(kind=SyncKind.SYNCING, waiting=1)
    assert shell.top.pill.text() == "Syncing 0 of 1"


def test_a_tab_that_is_closed_gives_the_keyboard_to_the_screen_that_comes_forward(qtbot, shell):
    shell.open_screen("attention")
    shell.open_screen("note", note_id="1")
    shell.close_current()
    keyboard = QApplication.focusWidget()
    assert shell.tabs.currentWidget().isAncestorOf(keyboard) or keyboard is shell.tabs.currentWidget()


def test_the_pill_opens_needs_attention(qtbot, shell, desk):
    desk.show_state(attention=1)
    qtbot.mouseClick(shell.top.pill, Qt.MouseButton.LeftButton)
    assert titles(shell) == ["Home", "Needs attention"]


def test_the_pill_shows_what_waits_from_the_keyboard(qtbot, shell, desk):
    desk.changes = (WaitingChange(uuid4(), "ConfirmSalesOrder", datetime(2026, 3, 1, tzinfo=UTC), None, 0),)
    desk.show_state(kind=SyncKind.OFFLINE, waiting=1)
    assert shell.top.pill.text() == "Offline, 1 change waiting"
    shell.top.pill.setFocus()
    qtbot.keyClick(shell.top.pill, Qt.Key.Key_Space)
    view = shell.tabs.currentWidget()
    assert titles(shell) == ["Home", "Waiting changes"]
    qtbot.waitUntil(lambda: view.model.rowCount() == 1)
    assert [view.model.index(0, place).data() for place in (0, 2)] == ["Confirm a sales order", "Not sent yet"]
    assert view.standing.text() == "Offline, 1 change waiting"
    assert "last in step with the central service" in view.contact.text()
    desk.changes = ()
    desk.show_state(waiting=0)
    qtbot.waitUntil(view.nothing.isVisible)
    view.sync_action.trigger()  # who asks for news wants to be online
    assert desk.sync_state.kind is SyncKind.SYNCED


def test_today_is_the_companys_day_wherever_the_machine_is(desk, settings_file, qtbot, monkeypatch):
    class EveningInLondon(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 12, 31, 18, 0, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(fields, "datetime", EveningInLondon)
    fields.use_company_time_zone("UTC")
    assert fields.company_today() == date(2026, 12, 31)
    window = MainWindow(desk, settings_file)
    qtbot.addWidget(window)
    assert fields.company_today() == date(2027, 1, 1)  # at Acme in Shanghai
    window.close()


def test_no_two_commands_share_a_shortcut(shell):
    shortcuts = [sequence.toString() for sequence in shell.commands.shortcuts().values()]
    assert len(shortcuts) == len(set(shortcuts)) > 15
    with pytest.raises(AlreadyTaken):
        shell.commands.register(Command("other", "Other", lambda: None, "Ctrl+K"))
    with pytest.raises(AlreadyTaken):
        shell.commands.register(Command("palette", "Other", lambda: None))


def test_the_palette_finds_screens_and_commands_and_does_them(qtbot, shell):
    shell.commands.action("palette").trigger()
    palette = shell.palette_window
    qtbot.keyClicks(palette.field, "needs")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert shell.tabs.currentWidget() is not shell.tabs.widget(0)
    assert not palette.isVisible()
    shell.open_palette()
    qtbot.keyClicks(palette.field, "qqqq")
    qtbot.waitUntil(lambda: palette.results.count() == 1)
    assert palette.results.item(0).text() == "Nothing is called so"
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_a_small_window_shows_icons_and_a_larger_one_the_names_again(qtbot, desk, settings_file):
    window = MainWindow(desk, settings_file)
    qtbot.addWidget(window)
    window.resize(1024, 640)
    window.show()
    assert not window.rail.is_wide
    window.toggle_rail()  # somebody wants them all the same
    assert window.rail.is_wide
    window.resize(1280, 720)
    assert window.rail.is_wide
    window.resize(1024, 640)
    assert not window.rail.is_wide
    window.close()
    again = MainWindow(desk, settings_file)
    qtbot.addWidget(again)
    again.resize(1280, 720)
    again.show()
    assert again.rail.is_wide
    again.close()


def test_the_window_comes_back_as_it_was_left(qtbot, desk, settings_file, shell):
    shell.open_screen("note", note_id="1")
    shell.open_screen("attention")
    shell.toggle_rail()
    shell.choose_theme("dark")
    shell.close()
    again = MainWindow(desk, settings_file)
    qtbot.addWidget(again)
    assert titles(again) == ["Home", "Note 1", "Needs attention"]
    assert again.tabs.currentIndex() == 2
    assert not again.rail.is_wide
    again.choose_theme("light")
    again.close()


@pytest.mark.parametrize(
    "damage", [b"\xff\xfe\x00garbage\x80", b"[General]\ntabs=not json\nfront=77\ngeometry=nonsense\n"]
)
def test_damaged_settings_do_not_keep_the_window_from_opening(qtbot, desk, settings_file, damage):
    settings_file.write_bytes(damage)
    window = MainWindow(desk, settings_file)
    qtbot.addWidget(window)
    assert window.tabs.count() == 1
    window.close()


def test_the_language_changes_at_once_and_dirty_screens_keep_what_was_typed(shell):
    kept = shell.open_screen("note", note_id="1")
    kept.set_dirty(True)
    shell.choose_language("zh_CN")
    assert shell.rail.buttons["home"].text().strip() == "首页"
    assert shell.top.company.text() == "顶峰贸易"
    assert "顶峰贸易" in shell.windowTitle()
    assert shell.tabs.widget(1) is kept
    kept.set_dirty(False)
    shell.choose_language("en")
    assert shell.rail.buttons["home"].text().strip() == "Home"
    assert shell.top.company.text() == "Acme Trading"


def test_every_control_of_the_window_has_a_name_for_those_who_cannot_see_it(shell):
    shell.open_screen("attention")
    nameless = [
        control
        for kind in (QAbstractButton, QLineEdit, QComboBox, QTableView)
        for control in shell.findChildren(kind)
        if not (control.accessibleName() or getattr(control, "text", lambda: "")())
        and not control.objectName().startswith(("qt_", "ScrollLeftButton", "ScrollRightButton"))
    ]
    assert nameless == []


def test_a_job_shows_its_progress_and_can_be_cancelled(qtbot, shell):
    import threading

    go_on, results = threading.Event(), []

    def count(job):
        job.report(1, 4)
        go_on.wait(60)
        job.report(2, 4)
        return "done"

    shell.jobs.run("Counting", count, results.append)
    qtbot.waitUntil(lambda: shell.jobs.bar.value() == 1)
    assert shell.jobs.isVisible()
    assert shell.jobs.label.text() == "Counting"
    go_on.set()
    qtbot.waitUntil(lambda: results == ["done"])
    assert not shell.jobs.isVisible()

    go_on.clear()
    shell.jobs.run("Counting", count, results.append)
    qtbot.waitUntil(shell.jobs.isVisible)
    shell.jobs.cancel_button.click()
    go_on.set()
    qtbot.waitUntil(lambda: shell.status.message.text() == "Cancelled: Counting")
    assert results == ["done"]


def test_a_screens_own_commands_stand_in_the_palette(qtbot, shell):
    view = shell.open_screen("note", note_id="1")
    done = []
    action = view.add_command("note.sing", "Sing the note", lambda: done.append(1), "Ctrl+J")
    assert isinstance(action, QAction)
    shell.open_palette()
    qtbot.keyClicks(shell.palette_window.field, "sing")
    qtbot.keyClick(shell.palette_window.field, Qt.Key.Key_Return)
    assert done == [1]


def test_checking_the_data_says_that_they_agree_or_what_was_put_right(shell, desk, qtbot):
    shell.commands.action("check_data").trigger()
    qtbot.waitUntil(lambda: "agree with the central service" in shell.status.message.text())
    assert shell.banner.isHidden()
    desk.data_mended.emit(Checked((Mended("product", missing=["one", "two"]),)))  # by itself, while nobody worked
    assert shell.banner.sentence.text().startswith("2 rows on this computer differed")
    assert not shell.banner.isHidden()
