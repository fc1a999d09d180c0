"""A cache that was copied (to another computer, with a disk, with a virtual machine): each copy goes on as a computer of its own.

Nothing that waited in it is lost or done twice, and whoever holds a copy without the password gets nowhere.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from acme_office import PASSWORD, Office, OpenDesk
from network import Network, unavailable
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select

from erp_desktop.actions.masters import SaveParty
from erp_desktop.central import devices, service
from erp_desktop.central.serving import Server
from erp_desktop.desk import AttentionItem, Desk
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.models.sync import ActionLog
from erp_desktop.sync.state import SyncKind

Copied = Callable[..., None]


def someone(code: str) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=f"Party {code}", is_supplier=True)


def parties_here(desk: Desk) -> list[str]:
    return desk._reading(lambda session: list(session.scalars(select(Party.code).order_by(Party.code)))).result()


def performed(office: Office) -> int:
    with office.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(ActionLog).where(ActionLog.name == "SaveParty")) or 0


def is_asked_for_the_password(qtbot: QtBot, desk: Desk) -> None:
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.SIGNED_OUT, timeout=60_000)


def sign_in(desk: Desk) -> None:
    desk.sign_in(PASSWORD).result()
    assert desk.wait_until_synced(60)


def work_side_by_side(*desks: Desk) -> None:
    """Each does something, and afterwards all hold the same and nothing waits."""
    for number, desk in enumerate(desks):
        desk.perform_and_wait(someone(f"T-{number}"))
        assert desk.wait_until_synced(60)
    for desk in desks:
        assert desk.wait_until_synced(60)
    assert [parties_here(desk) for desk in desks] == [parties_here(desks[0])] * len(desks)
    assert [desk.sync_state.waiting for desk in desks] == [0] * len(desks)
    assert [desk.attention().result() for desk in desks] == [()] * len(desks)


@pytest.fixture
def copied(tmp_path: Path) -> Copied:
    """Copies the data folder of a computer; there is no keyring here, so its key lies in it."""

    def copy(source: str, target: str) -> None:
        shutil.rmtree(tmp_path / target, ignore_errors=True)
        shutil.copytree(tmp_path / source, tmp_path / target)

    return copy


@pytest.fixture
def waiting(open_desk: OpenDesk, copied: Copied) -> None:
    """A laptop on which S-1 waits, and a copy of its data."""
    first = open_desk(at="laptop")
    first.go_offline()
    first.perform_and_wait(someone("S-1"))
    first.close()
    copied("laptop", "copy")


@pytest.mark.usefixtures("waiting")
def test_copies_that_both_go_on_are_told_apart_by_their_numbers_and_nothing_is_lost_or_done_twice(
    open_desk: OpenDesk, office: Office, server: Server, qtbot: QtBot
) -> None:
    laptop = open_desk(at="laptop", password=None)
    laptop.perform_and_wait(someone("S-2"))
    assert laptop.wait_until_synced()
    copy = open_desk(at="copy", password=None)
    copy.perform_and_wait(someone("S-3"))  # with the number in the outbox that S-2 has on the laptop
    is_asked_for_the_password(qtbot, copy)
    assert "on another computer too" in copy.sync_state.detail
    assert "kept" in copy.sync_state.detail
    assert "S-3" in parties_here(copy), "work goes on meanwhile"
    sign_in(copy)
    is_asked_for_the_password(qtbot, laptop)
    assert "on another computer" not in laptop.sync_state.detail, "it keeps its place at the centre"
    sign_in(laptop)

    assert parties_here(copy) == parties_here(laptop) == ["S-1", "S-2", "S-3"]
    work_side_by_side(laptop, copy)
    assert performed(office) == 5
    known = {row.id: row for row in server.service.administration.devices(office.company_id)}
    assert len(known) == 2
    assert known[laptop.administration.device_id].copy_of == ""
    assert known[copy.administration.device_id].copy_of == known[laptop.administration.device_id].name


@pytest.mark.usefixtures("waiting")
def test_a_copy_is_told_apart_by_its_token_also_where_it_only_looks(
    open_desk: OpenDesk, office: Office, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LONGEST_WAIT_SECONDS", 2)  # then the laptop, which only listens, asks again
    laptop = open_desk(at="laptop", password=None)
    assert laptop.wait_until_synced()
    monkeypatch.setattr(devices, "SECONDS_TO_USE_A_REFRESH_TOKEN_AGAIN", -1)  # a minute later
    copy = open_desk(at="copy", password=None)
    is_asked_for_the_password(qtbot, copy)
    assert "on another computer too" in copy.sync_state.detail
    copy.close()
    again = open_desk(at="copy", password=None)
    is_asked_for_the_password(qtbot, again)
    assert "on another computer too" in again.sync_state.detail, "the next start says so as well"
    sign_in(again)
    is_asked_for_the_password(qtbot, laptop)
    sign_in(laptop)
    work_side_by_side(laptop, again)
    assert performed(office) == 3


@pytest.mark.usefixtures("waiting")
def test_what_a_copy_has_sent_first_leaves_the_outbox_of_the_other_as_well(
    open_desk: OpenDesk, office: Office, network: Network
) -> None:
    network.break_with(unavailable)
    copy = open_desk(at="copy", password=None)
    credentials = copy._credentials
    credentials.go_on_as_another(credentials.device_id)
    network.mend()
    sign_in(copy)
    assert copy.sync_state.waiting == 0
    laptop = open_desk(at="laptop")
    assert laptop.wait_until_synced()
    assert laptop.sync_state.waiting == 0
    work_side_by_side(laptop, copy)
    assert performed(office) == 3


def test_a_computer_whose_data_were_put_back_from_an_older_copy_goes_on_with_everything(
    open_desk: OpenDesk, office: Office, copied: Copied, qtbot: QtBot
) -> None:
    first = open_desk(at="laptop")
    first.close()
    copied("laptop", "backup")
    before = open_desk(at="laptop")
    before.perform_and_wait(someone("S-1"))
    assert before.wait_until_synced()
    before.close()
    copied("backup", "laptop")
    after = open_desk(at="laptop")
    after.perform_and_wait(someone("S-2"))
    is_asked_for_the_password(qtbot, after)
    sign_in(after)
    assert parties_here(after) == ["S-1", "S-2"]
    work_side_by_side(after)
    assert performed(office) == 3


def test_a_copy_of_a_copy_goes_on_by_itself_too(
    open_desk: OpenDesk, office: Office, server: Server, copied: Copied, qtbot: QtBot
) -> None:
    first = open_desk(at="laptop")
    first.close()
    copied("laptop", "second")
    laptop = open_desk(at="laptop")
    laptop.perform_and_wait(someone("S-1"))
    assert laptop.wait_until_synced()
    second = open_desk(at="second")
    second.perform_and_wait(someone("S-2"))
    is_asked_for_the_password(qtbot, second)
    sign_in(second)
    second.close()
    copied("second", "third")
    again = open_desk(at="second")
    again.perform_and_wait(someone("S-3"))
    assert again.wait_until_synced()
    third = open_desk(at="third")
    third.perform_and_wait(someone("S-4"))
    is_asked_for_the_password(qtbot, third)
    sign_in(third)
    is_asked_for_the_password(qtbot, again)
    sign_in(again)
    is_asked_for_the_password(qtbot, laptop)
    sign_in(laptop)
    work_side_by_side(laptop, again, third)
    assert performed(office) == 7
    copies = [row.copy_of for row in server.service.administration.devices(office.company_id)]
    assert sorted(bool(name) for name in copies) == [False, True, True]


MINE = someone("S-1")
PHONED = replace(MINE, phone="139 0000 0000").changing(MINE)  # builds on it


@pytest.fixture
def refused(open_desk: OpenDesk, office: Office, copied: Copied, qtbot: QtBot) -> None:
    """A laptop on which a supplier was refused because of its code, and what builds on it is held; and a copy of its data."""
    laptop = open_desk(at="laptop")
    laptop.go_offline()
    laptop.perform_and_wait(MINE)
    laptop.perform_and_wait(PHONED)
    office.perform(someone("S-1"))
    laptop.go_online()
    qtbot.waitUntil(lambda: laptop.sync_state.attention == 1, timeout=60_000)
    laptop.close()
    copied("laptop", "copy")


def cause(desk: Desk) -> AttentionItem:
    """What is to be settled, of which the rest follows."""
    item, *held = desk.attention().result()
    assert [one.status for one in held] in ([], ["held"])
    return item


def phones(office: Office) -> dict[str, str]:
    with office.engine.connect() as connection:
        return {row.code: row.phone for row in connection.execute(select(Party.code, Party.phone))}


@pytest.mark.usefixtures("refused")
def test_what_needs_attention_on_two_copies_leaves_both_when_it_is_put_right_on_one(
    open_desk: OpenDesk, office: Office, qtbot: QtBot
) -> None:
    laptop = open_desk(at="laptop")
    laptop.go_offline()
    laptop.amend(cause(laptop).id, replace(MINE, code="S-9")).result()
    office.perform(someone("S-9"))
    laptop.go_online()
    qtbot.waitUntil(lambda: laptop.sync_state.attention == 1, timeout=60_000)  # refused once more
    laptop.amend(cause(laptop).id, replace(MINE, code="S-2")).result()
    assert laptop.wait_until_synced(60)
    copy = open_desk(at="copy")
    assert copy.wait_until_synced(60)
    assert copy.attention().result() == ()
    assert phones(office) == {"S-1": "", "S-2": "139 0000 0000", "S-9": ""}


@pytest.mark.usefixtures("refused")
def test_what_was_put_right_on_two_copies_is_carried_out_once_and_the_second_is_told(
    open_desk: OpenDesk, office: Office, network: Network, qtbot: QtBot
) -> None:
    laptop = open_desk(at="laptop")
    laptop.amend(cause(laptop).id, replace(MINE, code="S-2")).result()
    assert laptop.wait_until_synced(60)
    laptop.close()
    network.break_with(unavailable)
    copy = open_desk(at="copy", password=None)
    copy.amend(cause(copy).id, replace(MINE, code="S-3")).result()
    assert "S-3" in parties_here(copy)
    network.break_with(unavailable, "/v1/sync/pull")  # it sends before it hears
    copy.sign_in(PASSWORD).result()
    qtbot.waitUntil(lambda: copy.sync_state.attention == 1, timeout=60_000)
    network.mend()
    assert copy.wait_until_synced(60)
    item = cause(copy)
    assert item.code == "id_reused"
    assert "a copy of this computer's data" in item.sentence
    assert "kept" in item.sentence
    assert phones(office) == {"S-1": "", "S-2": "139 0000 0000"}
    assert performed(office) == 4
    copy.drop(item.id, "the other is right").result()
    assert copy.wait_until_synced(60)
    assert copy.attention().result() == ()
    assert parties_here(copy) == ["S-1", "S-2"]
