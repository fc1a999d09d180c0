"""What the desk says of the centre stays true while two threads talk to it, and one of them hears something late."""

import threading

import pytest
from acme_office import Office, OpenDesk
from network import Answer, Network, Passing
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select

from erp_desktop.actions.masters import SaveParty
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.sync import applying
from erp_desktop.sync.state import SyncKind
from erp_desktop.wire import LONGEST_WAIT_SECONDS


def someone(code: str) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=f"Party {code}", is_supplier=True)


def parties(desk: Desk) -> int:
    return desk._cache.read(lambda session: session.scalar(select(func.count()).select_from(Party)) or 0).result()


def test_news_that_get_lost_after_everything_was_fetched_do_not_take_the_centre_away(
    open_desk: OpenDesk, network: Network, qtbot: QtBot
) -> None:
    desk = open_desk()
    assert desk.wait_until_synced()
    is_lost = threading.Event()

    def news_lost(passing: Passing, answer: Answer | None) -> None:
        assert answer is not None
        if passing.waits:
            is_lost.wait(60)
            passing.close_connection = True
        else:
            passing.give(answer)

    qtbot.waitUntil(lambda: network.waiting == 1)
    network.break_with(news_lost, only="pull")
    desk.perform_and_wait(someone("S-1"))
    assert desk.wait_until_synced()
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.SYNCED)
    said: list[SyncKind] = []
    desk.sync_state_changed.connect(lambda state: said.append(state.kind))
    asked = network.requests.count("/v1/sync/pull")
    is_lost.set()
    qtbot.waitUntil(lambda: network.requests.count("/v1/sync/pull") >= asked + 2)  # it has asked for news again
    assert SyncKind.OFFLINE not in said


def test_a_line_that_was_cut_and_is_sound_again_is_found_sound_before_there_are_news(
    open_desk: OpenDesk, network: Network, qtbot: QtBot
) -> None:
    desk = open_desk()
    assert desk.wait_until_synced()
    qtbot.waitUntil(lambda: network.waiting == 1)
    before = desk.sync_state.last_synced_at
    network.cut()

    def is_found_sound() -> bool:
        state = desk.sync_state
        return state.kind is SyncKind.SYNCED and state.last_synced_at != before

    qtbot.waitUntil(is_found_sound, timeout=(LONGEST_WAIT_SECONDS - 5) * 1000)


def test_a_pull_that_ends_after_somebody_went_offline_does_not_take_that_back(
    open_desk: OpenDesk, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    assert desk.wait_until_synced()
    is_applying, may_apply = threading.Event(), threading.Event()
    apply_staged = applying.apply_staged

    def apply_late(*given: object) -> applying.Applied:
        is_applying.set()
        may_apply.wait(60)
        return apply_staged(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(applying, "apply_staged", apply_late)
    before = parties(desk)
    office.perform(someone("S-1"))
    assert is_applying.wait(60)
    desk.go_offline()
    may_apply.set()
    desk._cache.write(lambda connection: None).result()  # one job after another: it is applied
    assert parties(desk) == before + 1
    desk._engine.close()  # and both threads have said what they had to say
    assert desk.sync_state.kind is SyncKind.OFFLINE
    assert "You chose" in desk.sync_state.detail
