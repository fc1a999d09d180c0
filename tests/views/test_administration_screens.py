"""An administrator at the real window, with a real central service: computers, one-time passwords, one's own password."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtWidgets import QApplication, QFileDialog
from sqlalchemy import delete, func, select, update
from trading_house import PASSWORD, Trade, trade

from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.opening import SaveUser
from erp_desktop.central import backups
from erp_desktop.central.backing_up import check_backup
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.models.sync import ActionLog, CompanyClock
from erp_desktop.sync import auditing
from erp_desktop.sync.cache import cache_path
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.signing_in import PasswordToChange, SamePassword, WeakPassword, WrongPassword
from erp_desktop.sync.state import SyncKind
from erp_desktop.sync.transport import Timing
from erp_desktop.views.settings.audit_words import shown
from erp_desktop.views.start.sign_in_again import SignInAgain
from erp_desktop.views.start.start_window import StartWindow
from erp_desktop.views.start.wishes import SignIn
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.wire_audit import AuditRow

__all__ = ["trade"]

PATIENT = Timing(connect=60, answer=60)


@pytest.fixture
def ada(trade: Trade) -> Any:
    """A buyer whom the administrator has just added; nobody told her a password yet."""
    user = SaveUser(user_id=new_id(), login="ada", name="Ada Lovelace", role_codes=("purchasing",))
    trade.desk.perform_and_wait(user)
    return user


@pytest.fixture
def sit_down(trade: Trade, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Somebody signs in at another computer."""
    opened: list[Desk] = []

    def make(login: str, password: str | None, new_password: str | None = None) -> Desk:
        path = cache_path("the centre", "ACME", login, tmp_path / "dock")
        secrets = Secrets(path.parent, use_keyring=False)
        url = trade.desk._engine._centre()
        desk = Desk.open(path, url, "ACME", login, password, new_password=new_password, secrets=secrets, timing=PATIENT)
        opened.append(desk)
        return desk

    yield make
    for desk in opened:
        desk.close()


def given_password(trade: Trade, user_id: Any) -> str:
    """What the administrator is shown when they make a one-time password."""
    page = trade.open("user", id=user_id)
    trade.wait(lambda: page.record is not None)
    before = getattr(page, "told", None)
    trade.do(page.do_give)
    assert "is good no more" in page.question.words.text()
    page.question.do_button.click()
    trade.wait(lambda: getattr(page, "told", None) is not before)
    password = page.told.password.text()
    page.told.done_button.click()
    return str(password)


def test_a_new_user_is_told_a_password_for_one_time_and_chooses_their_own(
    trade: Trade, ada: SaveUser, sit_down: Callable[..., Desk]
) -> None:
    given = given_password(trade, ada.user_id)
    with pytest.raises(PasswordToChange):
        sit_down("ada", given)
    for new, refusal in (("short", WeakPassword), (given, SamePassword)):
        with pytest.raises(refusal):
            sit_down("ada", given, new)
    desk = sit_down("ada", given, "analytical engine")
    assert desk.user.name == "Ada Lovelace"
    assert "purchasing.write" in desk.permissions


def test_computers_are_seen_signed_out_taken_out_and_let_in_again(
    trade: Trade, ada: SaveUser, sit_down: Callable[..., Desk]
) -> None:
    desk = sit_down("ada", given_password(trade, ada.user_id), "analytical engine")
    screen = trade.open("computers")

    def row_of(login: str) -> Any:
        return next((row for row in screen.model.rows if f"({login})" in row.person), None)

    def order(action: Any, state: str) -> None:
        trade.wait(lambda: row_of("ada") is not None)
        screen.table.selectRow(screen.model.rows.index(row_of("ada")))
        trade.do(action)
        assert "Ada Lovelace" in screen.question.words.text()
        screen.question.do_button.click()
        trade.wait(lambda: row_of("ada") is not None and row_of("ada").state == state)

    trade.wait(lambda: row_of("owner") is not None)
    assert "this one" in row_of("owner").computer
    screen.table.selectRow(screen.model.rows.index(row_of("owner")))
    assert not screen.do_take_out.isEnabled(), "nobody locks themselves out"

    order(screen.do_sign_out, "signed_out")
    desk.sync_now()
    trade.wait(lambda: desk.sync_state.kind is SyncKind.SIGNED_OUT)
    desk.sign_in("analytical engine").result()
    assert desk.wait_until_synced()

    trade.do(screen.do_refresh)
    trade.wait(lambda: row_of("ada").state == "signed_in")
    order(screen.do_take_out, "taken_out")
    desk.sync_now()
    trade.wait(lambda: desk.sync_state.kind.value in ("signed_out", "locked"))
    order(screen.do_let_in, "signed_out")
    assert not screen.do_let_in.isEnabled()


def test_without_the_centre_computers_are_not_guessed(trade: Trade) -> None:
    trade.desk.administration._questions.transport._centre = lambda: "http://127.0.0.1:9"
    screen = trade.open("computers")
    trade.wait(lambda: screen.pages.currentWidget() is screen.state)
    assert "does not answer now" in screen.state.detail.text()
    assert not screen.do_sign_out.isEnabled()


def test_a_backup_is_written_to_the_folder_that_was_chosen(trade: Trade, tmp_path: Path) -> None:
    screen = trade.open("backups")
    folder = tmp_path / "kept safe"
    folder.mkdir()
    trade.do(screen.do_back_up)
    screen.folder.fileSelected.emit(str(folder))
    assert screen.cancel_button.isVisibleTo(screen)
    trade.wait(screen.do_back_up.isEnabled)
    (file,) = folder.iterdir()
    assert str(file) in screen.told.text()
    contents = check_backup(file)
    assert [company["code"] for company in contents.companies] == ["ACME"]

    screen.back_up(tmp_path / "not there")
    trade.wait(screen.do_back_up.isEnabled)
    assert "cannot be written" in screen.told.text()


def test_alone_on_a_computer_a_backup_is_restored_after_saying_what_happens(trade: Trade, tmp_path: Path) -> None:
    brought_back: list[Path] = []

    def bring_back(backup: Path) -> Path:
        check_backup(backup)
        brought_back.append(backup)
        return tmp_path / "centre-before.db"

    trade.desk.administration.bring_back = bring_back
    screen = trade.open("backups")
    screen.back_up(tmp_path)
    trade.wait(screen.do_restore.isEnabled)
    (file,) = tmp_path.glob("*.erpbackup")
    trade.do(screen.do_restore)
    screen.file.fileSelected.emit(str(file))
    assert file.name in screen.question.words.text()
    screen.question.do_button.click()
    trade.wait(lambda: "centre-before.db" in screen.told.text())
    assert brought_back == [file]

    damaged = tmp_path / "damaged.erpbackup"
    damaged.write_bytes(file.read_bytes()[:-1])
    screen.ask_to_restore(damaged)
    screen.question.do_button.click()
    trade.wait(lambda: "ends too early" in screen.told.text())


def test_at_an_office_a_backup_takes_the_place_of_the_books_after_the_password_was_said(
    trade: Trade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    screen = trade.open("backups")
    screen.back_up(tmp_path)
    trade.wait(screen.do_restore.isEnabled)
    (file,) = tmp_path.glob("*.erpbackup")
    trade.desk.perform_and_wait(SaveParty(party_id=new_id(), code="LATER", name="Later Ltd", is_supplier=True))
    assert trade.desk.wait_until_synced()
    lost = SaveParty(party_id=new_id(), code="NOBODYS", name="Done at no desk", is_supplier=True)
    trade.company.perform(lost)
    damaged = tmp_path / "damaged.erpbackup"
    damaged.write_bytes(file.read_bytes()[:-1])
    screen.ask_to_restore(damaged)
    trade.wait(lambda: "ends too early" in screen.told.text())

    trade.do(screen.do_restore)
    screen.file.fileSelected.emit(str(file))
    trade.wait(lambda: screen.question is not None)
    question = screen.question
    assert file.name in question.words.text()
    assert not question.do_button.isEnabled()
    question.password.setText("not it")
    question.do_button.click()
    trade.wait(lambda: "not your password" in question.trouble.text())
    question.password.setText(PASSWORD)
    question.do_button.click()
    trade.wait(lambda: "Restored" in screen.told.text())
    (kept,) = tmp_path.glob("*-before-restore.erpbackup")
    assert str(kept) in screen.told.text()
    assert check_backup(kept).companies[0]["code"] == "ACME"

    def codes() -> set[str]:
        assert trade.desk.wait_until_synced()
        with trade.company.centre.engine.connect() as connection:
            return set(connection.scalars(select(Party.code)))

    trade.wait(lambda: "LATER" in codes())  # this desk did it, and gave it back
    assert "NOBODYS" not in codes()


def test_a_backup_that_is_cancelled_leaves_nothing(
    trade: Trade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slowly(_engine: Any, _file: Any, progress: Callable[[int], None]) -> None:
        begun.set()
        assert may_end.wait(60)
        progress(1)

    monkeypatch.setattr(backups, "write_backup", slowly)
    screen = trade.open("backups")
    screen.back_up(tmp_path)
    trade.wait(begun.is_set)
    screen.cancel_button.click()
    may_end.set()
    trade.desk.administration.devices().result()  # asked after it
    later: list[bool] = []
    when_done(trade.desk.administration.devices(), screen, lambda _: later.append(True))
    trade.wait(lambda: bool(later))
    assert "nothing of it is left" in screen.told.text()
    assert list(tmp_path.glob("*.erpbackup*")) == []

    begun.clear()
    screen.back_up(tmp_path)
    trade.wait(lambda: "Backed up to" in screen.told.text())
    assert len(list(tmp_path.glob("*.erpbackup"))) == 1


def test_who_did_what_is_found_opened_and_exported(
    trade: Trade, ada: SaveUser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trade.desk.perform_and_wait(SaveParty(party_id=new_id(), code="=EVIL", name="Evil Ltd", is_supplier=True))
    assert trade.desk.wait_until_synced()
    given_password(trade, ada.user_id)
    screen = trade.open("audit")

    def told(column: str) -> list[str]:
        return [getattr(row, column) for row in screen.model.rows]

    trade.wait(lambda: bool(screen.model.rows))
    filters = screen.filters
    filters.search.setText("evil")
    filters.search.returnPressed.emit()
    trade.wait(lambda: told("what") == ["Save a party"])
    assert told("subject") == ["Customer or supplier =EVIL Evil Ltd"]
    assert told("outcome") == ["Done"]
    file = tmp_path / "who did what.xlsx"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(file), ""))
    trade.do(screen.do_export)
    trade.wait(lambda: screen.saved.path == file)
    sheet = openpyxl.load_workbook(file).worksheets[0]
    cells = {cell.value: cell.data_type for row in sheet.iter_rows() for cell in row}
    assert cells["Customer or supplier =EVIL Evil Ltd"] == "s"

    screen.open_row(0)
    trade.wait(lambda: trade.window.tabs.currentWidget().title == "=EVIL")

    filters.search.clear()
    filters.of.setCurrentIndex(1)
    trade.wait(lambda: "Saved as Excel" in told("what"))
    assert "Who did what" in told("subject")
    filters.of.setCurrentIndex(2)
    trade.wait(lambda: "Gave a one-time password" in told("what"))
    assert told("what")[-1] == "Signed in"
    filters.since.setText("2999-01-01")
    filters.since.returnPressed.emit()
    trade.wait(lambda: screen.state.title.text() == "Nothing of the kind was done.")
    filters.since.setText("the day before")
    filters.since.returnPressed.emit()
    trade.wait(lambda: "Type dates" in screen.state.title.text())


def test_the_list_is_narrowed_to_a_person_an_action_and_a_record_and_the_log_is_checked(
    trade: Trade, ada: SaveUser
) -> None:
    party = SaveParty(party_id=new_id(), code="HZ", name="Hangzhou Plastics", is_supplier=True)
    trade.desk.perform_and_wait(party)
    trade.desk.perform_and_wait(replace(party, city="Hangzhou"))
    assert trade.desk.wait_until_synced()
    screen = trade.open("audit", about=("party", party.party_id, "HZ"))
    filters = screen.filters

    def told() -> list[str]:
        return [row.what for row in screen.model.rows]

    trade.wait(lambda: told() == ["Save a party", "Save a party"])
    assert "HZ" in filters.record_label.text()
    filters.record_button.click()
    trade.wait(lambda: "Save a user" in told())
    trade.wait(lambda: filters.person.count() > 2 and filters.computer.count() > 1)
    filters.what.setCurrentIndex(filters.what.findData("SaveUser"))
    trade.wait(lambda: set(told()) == {"Save a user"})
    assert "Ada Lovelace" in screen.model.rows[0].subject
    filters.person.setCurrentIndex(filters.person.findData(str(ada.user_id)))
    trade.wait(lambda: screen.state.title.text() == "Nothing of the kind was done.")

    assert "not been checked" in screen.log_state.text()
    trade.do(screen.do_check)
    trade.wait(lambda: "are as they were written" in screen.log_state.text())
    trade.do(screen.do_refresh)
    trade.wait(lambda: "Checked on" in screen.log_state.text())
    with trade.company.session() as session:  # as if the last change had never been
        last = session.scalar(select(func.max(ActionLog.tick)))
        session.execute(delete(ActionLog).where(ActionLog.tick == last))
        session.execute(update(CompanyClock).values(tick=last - 1))
        session.commit()
    trade.do(screen.do_check)
    trade.wait(lambda: f"Entry {last} of the log is not as it was written" in screen.log_state.text())


def test_a_long_history_is_shown_page_by_page(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    original = auditing.AuditRequest
    monkeypatch.setattr(auditing, "AuditRequest", lambda **fields: original(limit=3, **fields))
    screen = trade.open("audit")
    trade.wait(lambda: len(screen.model.rows) == 3)
    while screen.older_button.isVisible():
        here = len(screen.model.rows)
        screen.older_button.click()
        trade.wait(lambda here=here: len(screen.model.rows) > here or not screen.older_button.isVisible())
    assert screen.model.rows[-1].what == "Open a company"


def test_whoever_loses_a_role_loses_its_screens_at_the_next_contact_and_gets_them_back(
    trade: Trade, ada: SaveUser
) -> None:
    owner = trade.desk.user
    trade.desk.perform_and_wait(replace(ada, role_codes=("administrator",)))
    trade.open("users")
    trade.open("sales_orders")

    def is_administrator(roles: tuple[str, ...]) -> None:
        changed = SaveUser(user_id=owner.id, login=owner.login, name=owner.name, role_codes=roles)
        (result,) = trade.company.centre.perform_local(trade.company.company_id, ada.user_id, [changed])
        assert result.outcome == "applied", result

    assert trade.desk.wait_until_synced()
    is_administrator(("sales",))
    trade.wait(lambda: not trade.window.has_screen("users"))
    assert {tab.screen.key for tab in trade.window.tabs.tabs()} == {"home", "sales_orders"}
    assert not trade.window.rail.buttons["ledger"].isVisible()
    is_administrator(("administrator",))
    trade.wait(lambda: trade.window.has_screen("users"))
    assert trade.window.rail.buttons["ledger"].isVisible()


def test_somebody_changes_their_own_password_at_the_window(trade: Trade, sit_down: Callable[..., Desk]) -> None:
    page = trade.open("company")

    def choose(old: str, new: str, again: str) -> Any:
        trade.do(page.do_choose)
        dialog = page.dialog
        dialog.old.setText(old)
        dialog.new.setText(new)
        dialog.again.setText(again)
        dialog.do_button.click()
        return dialog

    dialog = choose(PASSWORD, "seven77", "seven77")
    assert "8 characters" in dialog.trouble.text()
    dialog.reject()
    dialog = choose(PASSWORD, "eight888", "eight889")
    assert "not the same" in dialog.trouble.text()
    dialog.reject()
    dialog = choose("wrong one", "eight888", "eight888")
    trade.wait(lambda: "is not right" in dialog.trouble.text())
    dialog.old.setText(PASSWORD)
    done: list[bool] = []
    dialog.accepted.connect(lambda: done.append(True))
    dialog.do_button.click()
    trade.wait(lambda: bool(done))
    with pytest.raises(WrongPassword):
        sit_down("owner", PASSWORD)
    assert sit_down("owner", "eight888").user.login == "owner"
    assert trade.desk.wait_until_synced(), "this computer stays signed in"


def test_signing_in_again_with_a_one_time_password_asks_for_one_of_ones_own(
    trade: Trade, ada: SaveUser, sit_down: Callable[..., Desk]
) -> None:
    desk = sit_down("ada", given_password(trade, ada.user_id), "analytical engine")
    given = given_password(trade, ada.user_id)
    dialog = SignInAgain("Ada Lovelace", "Acme", desk.sign_in, desk.administration.change_password, trade.window)
    signed_in: list[bool] = []
    dialog.accepted.connect(lambda: signed_in.append(True))
    dialog.open()
    dialog.password.setText(given)
    dialog.do_button.click()
    trade.wait(lambda: choosing() is not None)
    asked = choosing()
    assert asked is not None
    asked.new.setText("difference engine")
    asked.again.setText("difference engine")
    asked.do_button.click()
    trade.wait(lambda: bool(signed_in))
    assert desk.wait_until_synced()


def test_the_first_window_asks_for_ones_own_password_and_goes_on(trade: Trade) -> None:
    from concurrent.futures import Future
    from datetime import date

    asked: list[SignIn] = []

    def fulfil(wish: Any) -> "Future[Any]":
        asked.append(wish)
        answer: Future[Any] = Future()
        if wish.new_password:
            answer.set_result("the desk")
        else:
            answer.set_exception(PasswordToChange())
        return answer

    window = StartWindow(fulfil, dict, date(2026, 3, 1), SignIn("https://erp", "ACME", "ada", ""))
    opened: list[object] = []
    window.opened.connect(opened.append)
    window.show()
    window.password.setText("one-time")
    window.sign_in_button.click()
    trade.wait(lambda: choosing() is not None)
    dialog = choosing()
    assert dialog is not None
    dialog.new.setText("my own one")
    dialog.again.setText("my own one")
    dialog.do_button.click()
    trade.wait(lambda: opened == ["the desk"])
    assert asked[-1] == SignIn("https://erp", "ACME", "ada", "one-time", "my own one")
    window.close()


def choosing() -> Any:
    from erp_desktop.views.start.choose_password import ChoosePassword

    found = [one for one in QApplication.topLevelWidgets() if isinstance(one, ChoosePassword) and one.isVisible()]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({}, ""),
        ({"times": 1, "addresses": ["203.0.113.7"]}, "From 203.0.113.7"),
        ({"times": 312, "addresses": ["203.0.113.7", "198.51.100.1"]}, "312 times, from 203.0.113.7, 198.51.100.1"),
        ({"times": 2, "addresses": []}, "2 times"),
    ],
)
def test_wrong_passwords_are_told_with_how_often_and_from_where(details: dict[str, Any], words: str) -> None:
    at = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    row = AuditRow(
        at=at, person="", what="sign_in_failed", subject="admin", details=details, outcome="done", computer=""
    )
    told = shown(row)
    assert (told.what, told.subject, told.outcome) == ("Wrong name or password", "admin", words)
