"""Whatever the network does: nothing is lost, nothing is done twice, and the queue drains when it stops doing it."""

from datetime import date
from decimal import Decimal

import pytest
from acme_office import HASTY, Office, OpenDesk
from network import ALL_FAULTS, CUTS, SAYS_NO, Fault, Network, answers, packed_on_the_way, reply_lost, unavailable
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select, update

from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.masters import SaveMasters, SaveParty
from erp_desktop.actions.opening import SaveUser
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.company import User
from erp_desktop.models.ledger import Account, JournalLine
from erp_desktop.models.party import Party
from erp_desktop.models.sync import ActionLog, CompanyClock, RefreshToken
from erp_desktop.sync.state import SyncKind, SyncState


def someone(code: str) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=f"Party {code}", is_supplier=True)


def centres_codes(office: Office) -> list[str]:
    with office.engine.connect() as connection:
        return list(connection.scalars(select(Party.code).order_by(Party.code)))


def times_performed(office: Office, name: str) -> int:
    with office.engine.connect() as connection:
        return connection.scalar(select(func.count()).where(ActionLog.name == name)) or 0


def journal_lines(desk: Desk) -> int:
    return desk._cache.read(lambda session: session.scalar(select(func.count()).select_from(JournalLine)) or 0).result()


def goes_offline(qtbot: QtBot, desk: Desk) -> SyncState:
    """What the desk then says, as one value: a moment later its next try may be under way."""
    seen: list[SyncState] = []

    def is_offline() -> bool:
        seen.append(desk.sync_state)
        return seen[-1].kind is SyncKind.OFFLINE

    qtbot.waitUntil(is_offline)
    return seen[-1]


@pytest.mark.parametrize("fault", ALL_FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("path", ["", "pull"], ids=["all", "pull"])
def test_a_broken_answer_is_offline_and_everything_arrives_once_afterwards(
    fault: Fault, path: str, open_desk: OpenDesk, office: Office, network: Network, qtbot: QtBot
) -> None:
    open_desk().close()  # signed in and filled with all the patience that it takes
    desk = open_desk(password=None, timing=HASTY)
    assert desk.wait_until_synced()
    network.break_with(fault, only=path)
    desk.perform_and_wait(someone("S-1"))
    desk.perform_and_wait(someone("S-2"))
    state = goes_offline(qtbot, desk)
    assert state.waiting == 2
    assert "cannot be reached" in state.detail
    desk.perform_and_wait(someone("S-3"))  # work goes on

    network.mend()
    assert desk.wait_until_synced()
    assert desk.sync_state.kind is SyncKind.SYNCED
    assert desk.sync_state.waiting == 0
    assert centres_codes(office) == ["S-1", "S-2", "S-3"]
    assert times_performed(office, "SaveParty") == 3


def test_an_answer_that_is_cut_in_whatever_way_is_asked_for_again(
    open_desk: OpenDesk, office: Office, network: Network, qtbot: QtBot
) -> None:
    """In a chunk, between two, at the end of the connection, before the end of what was packed; of pushes and of pulls."""
    desk = open_desk()
    assert desk.wait_until_synced()
    wanted: list[str] = []
    for fault in CUTS:
        for path in (
            "",
            "pull",
        ):  # of the pushes alone it may be over before anybody sees it: a pull brings their answers
            network.break_with(fault, only=path)
            wanted.append(f"S-{len(wanted):02}")
            desk.perform_and_wait(someone(wanted[-1]))
            assert "cannot be reached" in goes_offline(qtbot, desk).detail, fault
            network.mend()
            assert desk.wait_until_synced()
            assert desk.sync_state.waiting == 0
    assert centres_codes(office) == wanted
    assert times_performed(office, "SaveParty") == len(wanted)


def test_whatever_says_no_for_the_centre_the_queue_drains_by_itself_afterwards(
    open_desk: OpenDesk, office: Office, network: Network, qtbot: QtBot
) -> None:
    """429 and 5xx, of the centre and of what stands before it, with and without a word on when to come again."""
    desk = open_desk()
    assert desk.wait_until_synced()
    for place, (said, fault) in enumerate(SAYS_NO.items()):
        network.break_with(fault, only="push", before=True)
        desk.perform_and_wait(someone(f"S-{place}"))
        assert goes_offline(qtbot, desk).waiting == 1, said
        network.mend()
        qtbot.waitUntil(lambda: desk.sync_state.waiting == 0)
        assert desk.sync_state.kind is SyncKind.SYNCED, said
    assert centres_codes(office) == [f"S-{place}" for place in range(len(SAYS_NO))]
    assert times_performed(office, "SaveParty") == len(SAYS_NO)


def test_a_centre_that_asked_for_time_gets_it_however_much_is_entered_meanwhile(
    open_desk: OpenDesk, office: Office, network: Network, qtbot: QtBot
) -> None:
    """Until the person wants to sync now."""
    desk = open_desk()
    assert desk.wait_until_synced()
    qtbot.waitUntil(lambda: network.waiting == 1)
    network.break_with(answers(429, "text/plain", b"", Retry_After="600"), only="push", before=True)
    desk.perform_and_wait(someone("S-0"))
    goes_offline(qtbot, desk)
    for place in range(1, 8):
        desk.perform_and_wait(someone(f"S-{place}"))
    assert network.requests.count("/v1/sync/push") == 1
    network.mend()
    assert desk.wait_until_synced()
    assert len(centres_codes(office)) == 8


def test_a_proxy_that_packs_small_answers_is_no_fault(open_desk: OpenDesk, network: Network, office: Office) -> None:
    network.break_with(packed_on_the_way)
    desk = open_desk()
    desk.perform_and_wait(someone("S-1"))
    assert desk.wait_until_synced()
    assert centres_codes(office) == ["S-1"]


def test_the_queue_drains_by_itself_when_the_network_is_back(
    open_desk: OpenDesk, office: Office, network: Network, qtbot: QtBot
) -> None:
    desk = open_desk()
    assert desk.wait_until_synced()
    network.break_with(unavailable)
    desk.perform_and_wait(someone("S-1"))
    goes_offline(qtbot, desk)
    network.mend()
    qtbot.waitUntil(lambda: desk.sync_state.waiting == 0)
    assert centres_codes(office) == ["S-1"]


def test_a_person_may_choose_to_work_offline(
    open_desk: OpenDesk, network: Network, office: Office, qtbot: QtBot
) -> None:
    desk = open_desk()
    assert desk.wait_until_synced()
    qtbot.waitUntil(lambda: network.waiting == 1)  # so that nothing is on its way there any more
    desk.go_offline()
    asked = len(network.requests)
    desk.perform_and_wait(someone("S-1"))
    assert not desk.wait_until_synced(0.5)
    assert len(network.requests) == asked
    assert "You chose" in desk.sync_state.detail
    desk.go_online()
    assert desk.wait_until_synced()
    assert centres_codes(office) == ["S-1"]


def test_a_reply_that_was_lost_after_the_commit_is_not_done_twice_after_a_restart(
    open_desk: OpenDesk, network: Network, office: Office, qtbot: QtBot
) -> None:
    desk = open_desk()
    assert desk.wait_until_synced()
    network.break_with(reply_lost)  # also of the news that the centre then has, which would tell that it was done
    desk.perform_and_wait(someone("S-1"))
    goes_offline(qtbot, desk)
    desk.close()
    network.mend()
    again = open_desk(password=None)
    assert again.wait_until_synced()
    assert again.sync_state.waiting == 0
    assert times_performed(office, "SaveParty") == 1


def test_an_access_token_that_ran_out_is_renewed_without_asking(
    open_desk: OpenDesk, office: Office, network: Network
) -> None:
    desk = open_desk()
    assert desk.wait_until_synced()
    with desk._credentials._guard:  # the desk may be renewing it by itself just now
        access = desk._credentials._access
        assert access is not None
        access.token = access.token[:-4] + "AAAA"  # what the centre answers to a token that it does not take (any more)
        renewed_before = network.requests.count("/v1/auth/refresh")
    desk.perform_and_wait(someone("S-1"))
    assert desk.wait_until_synced()
    assert centres_codes(office) == ["S-1"]
    assert network.requests.count("/v1/auth/refresh") > renewed_before


def test_a_sign_in_that_was_taken_away_asks_for_the_password_and_keeps_what_waits(
    open_desk: OpenDesk, office: Office, qtbot: QtBot
) -> None:
    desk = open_desk()
    desk.go_offline()
    desk.perform_and_wait(someone("S-1"))
    with desk._credentials._guard:  # not in the middle of renewing it
        with office.engine.begin() as connection:
            connection.execute(RefreshToken.__table__.delete())
        desk._credentials._access = None
    desk.go_online()
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.SIGNED_OUT)
    assert desk.sync_state.waiting == 1
    desk.sign_in("correct horse").result()
    assert desk.wait_until_synced()
    assert centres_codes(office) == ["S-1"]


def test_after_the_centre_was_restored_from_a_backup_the_cache_is_filled_anew_and_the_outbox_kept(
    open_desk: OpenDesk, office: Office, network: Network
) -> None:
    desk = open_desk()
    desk.go_offline()
    desk.perform_and_wait(someone("S-1"))
    with office.engine.begin() as connection:
        connection.execute(update(CompanyClock).values(epoch=new_id()))
    desk.go_online()
    assert desk.wait_until_synced()
    assert "/v1/sync/snapshot" in network.requests
    assert centres_codes(office) == ["S-1"]
    assert desk.sync_state.waiting == 0


def test_a_permission_that_is_taken_away_takes_its_rows_off_the_desk(open_desk: OpenDesk, office: Office) -> None:
    office.add_user("mei", "accountant")
    desk = open_desk("mei")
    assert "ledger.read" in desk.permissions
    with office.engine.connect() as connection:
        cash, capital = connection.scalars(select(Account.id).order_by(Account.code).limit(2))
        user_id = connection.scalars(select(User.id).where(User.login == "mei")).one()
    lines = (EntryLine(cash, Decimal(100), Decimal(0)), EntryLine(capital, Decimal(0), Decimal(100)))
    (posted,) = office.perform(PostJournalEntry(new_id(), date(2026, 1, 5), "Paid in", lines))
    assert posted.outcome == "applied", posted
    assert desk.wait_until_synced()
    assert journal_lines(desk) == 2

    (result,) = office.perform(SaveUser(user_id=user_id, login="mei", name="Mei", role_codes=("warehouse",)))
    assert result.outcome == "applied"
    assert desk.wait_until_synced()
    assert "ledger.read" not in desk.permissions
    assert journal_lines(desk) == 0


def test_one_action_that_is_too_large_waits_for_a_person_and_the_rest_goes_on(
    open_desk: OpenDesk, office: Office
) -> None:
    desk = open_desk()
    large = SaveMasters(parties=tuple(someone(f"L-{n}") for n in range(4000)))
    desk.go_offline()
    desk.perform_and_wait(someone("S-1"))
    desk.perform_and_wait(large)
    desk.perform_and_wait(someone("S-2"))
    desk.go_online()
    assert desk.wait_until_synced()
    assert centres_codes(office) == ["S-1", "S-2"]
    (item,) = desk.attention().result()
    assert (item.name, item.status) == ("SaveMasters", "refused")
    assert desk.sync_state.attention == 1
