"""What an action would change, asked for at a desk: the centre answers, and where it cannot nobody waits for it."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from acme_office import HASTY, Office, OpenDesk
from network import Answer, Network, Passing

from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.masters import SaveParty, SaveUnit
from erp_desktop.actions.refusals import NotPermitted, Refused
from erp_desktop.central import previewing
from erp_desktop.desk import Desk
from erp_desktop.ids import derived_id, new_id
from erp_desktop.sync.previewing import EffectNotOffered, EffectOutOfReach
from erp_desktop.sync.state import SyncKind

PREVIEW = "/v1/sync/preview"


def capital(office: Office, amount: str = "1000") -> PostJournalEntry:
    bank, equity = (derived_id("account", office.company_id, code) for code in ("1002", "3001"))
    lines = (EntryLine(bank, debit=Decimal(amount)), EntryLine(equity, credit=Decimal(amount)))
    return PostJournalEntry(new_id(), date(2026, 3, 2), "Capital", lines)


def test_the_centre_tells_what_an_entry_would_post(office: Office, open_desk: OpenDesk) -> None:
    desk = open_desk()
    effect = desk.preview(capital(office)).result(60)
    assert effect.entries is not None
    assert [(line.account, line.debit, line.credit) for line in effect.entries] == [
        ("1002", 1000, 0),
        ("3001", 0, 1000),
    ]
    assert desk.sync_state.waiting == 0


def test_a_refusal_is_raised_as_performing_it_would(office: Office, open_desk: OpenDesk) -> None:
    office.add_user("dock", "warehouse")
    with pytest.raises(NotPermitted, match=r"cost\.read"):
        open_desk("dock").preview(capital(office)).result(60)
    with pytest.raises(Refused) as refused:
        open_desk().preview(capital(office, "-1")).result(60)
    assert refused.value.problem.sentence


def test_what_was_done_here_before_reaches_the_centre_first(office: Office, open_desk: OpenDesk) -> None:
    desk = open_desk()
    unit_id = new_id()
    desk.go_offline()
    desk.perform_and_wait(SaveUnit(unit_id=unit_id, code="DOZ", name="dozen"))
    desk.go_online()
    assert desk.wait_until_synced()
    desk.perform_and_wait(SaveParty(party_id=new_id(), code="S-1", name="Supplier", is_supplier=True))
    assert desk.preview(capital(office)).result(60).problem is None


def test_offline_one_sentence_says_so_at_once(office: Office, open_desk: OpenDesk, network: Network) -> None:
    desk = open_desk()
    desk.go_offline()
    before = network.requests.count(PREVIEW)
    with pytest.raises(EffectOutOfReach, match="can be shown when the centre can be reached; you can post without it"):
        desk.preview(capital(office)).result(60)
    assert network.requests.count(PREVIEW) == before
    desk.go_online()
    assert desk.wait_until_synced()
    assert desk.preview(capital(office)).result(60).problem is None


def cut_off(passing: Passing, _answer: Answer | None) -> None:
    passing.close_connection = True


def test_a_line_that_breaks_meanwhile_is_no_fault(office: Office, open_desk: OpenDesk, network: Network) -> None:
    desk = open_desk()
    network.break_with(cut_off, only=PREVIEW)
    with pytest.raises(EffectOutOfReach):
        desk.preview(capital(office)).result(60)
    network.mend()
    assert desk.preview(capital(office)).result(60).problem is None
    assert desk.sync_state.kind is not SyncKind.OFFLINE


def test_a_centre_that_does_not_know_effects_yet_is_told_apart(
    office: Office, open_desk: OpenDesk, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("erp_desktop.sync.previewing.PATH", "/v1/sync/unheard_of")
    with pytest.raises(EffectNotOffered, match="older than this program"):
        open_desk().preview(capital(office)).result(60)


@pytest.fixture
def slow_centre(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    begun, go_on = threading.Event(), threading.Event()
    perform = previewing.perform_action

    def slowly(*args: Any) -> None:
        begun.set()
        assert go_on.wait(60)
        perform(*args)

    monkeypatch.setattr(previewing, "perform_action", slowly)
    monkeypatch.setattr(previewing, "SECONDS_TO_WORK_OUT", 60.0)
    yield begun, go_on
    go_on.set()


def test_a_question_that_nobody_waits_for_any_more_is_not_asked(
    slow_centre: tuple[threading.Event, threading.Event], office: Office, open_desk: OpenDesk, network: Network
) -> None:
    begun, go_on = slow_centre
    desk = open_desk()
    first = desk.preview(capital(office))
    assert begun.wait(60)
    second, third = desk.preview(capital(office, "2")), desk.preview(capital(office, "3"))
    assert second.cancel()
    go_on.set()
    assert third.result(60).entries is not None
    with pytest.raises(CancelledError):
        second.result(60)
    first.exception(60)
    assert network.requests.count(PREVIEW) == 2


def test_closing_breaks_off_what_is_under_way(
    slow_centre: tuple[threading.Event, threading.Event], office: Office, open_desk: OpenDesk
) -> None:
    begun, go_on = slow_centre
    desk: Desk = open_desk(timing=HASTY)
    under_way, waiting = desk.preview(capital(office)), desk.preview(capital(office))
    assert begun.wait(60)
    desk.close()  # while the centre is still held up
    assert isinstance(under_way.exception(60), EffectOutOfReach)
    assert waiting.cancelled()
    go_on.set()
    assert desk.preview(capital(office)).cancelled()
