"""A desk closes its data when the centre has not been spoken to for too long, or does not let it in any more.

What waits is kept; only a computer that was taken out erases the key of its data, and says how much was not sent.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from acme_office import PASSWORD, Office, OpenDesk
from network import Network
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.refusals import Refused
from erp_desktop.central.accounts import Accounts
from erp_desktop.central.leases import set_lease
from erp_desktop.central.signing import identity_of
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.company import User
from erp_desktop.models.party import Party
from erp_desktop.models.sync import ActionLog, Device, RefreshToken
from erp_desktop.sync import cache_key, lease
from erp_desktop.sync.cache import facts_in
from erp_desktop.sync.signing_in import ComputerErased, LeaseEnded, UserDisabled
from erp_desktop.sync.state import SyncKind

MOMENT = datetime(2026, 3, 1, 8, tzinfo=UTC)


class Clock:
    """A computer's clock, set as the test likes."""

    def __init__(self) -> None:
        self.now = MOMENT

    def __call__(self) -> datetime:
        return self.now

    def goes_on(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(lease, "_now", made)
    return made


@pytest.fixture
def buyer(office: Office) -> UUID:
    """Mei buys; her id."""
    office.add_user("mei", "purchasing")
    with office.engine.connect() as connection:
        return connection.scalars(select(User.id).where(User.login == "mei")).one()


def someone(code: str) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=f"Party {code}", is_supplier=True)


def parties(office: Office) -> list[str]:
    with office.engine.connect() as connection:
        return list(connection.scalars(select(Party.code).order_by(Party.code)))


def parties_here(desk: Desk) -> list[str]:
    return desk._reading(lambda session: list(session.scalars(select(Party.code)))).result()


def shows_nothing(desk: Desk, why: type[Refused]) -> bool:
    """Neither the data nor what waits can be looked at, and nothing can be done."""
    jobs: list[Callable[[], object]] = [
        lambda: parties_here(desk),
        lambda: desk.perform_and_wait(someone("S-9")),
        lambda: desk.attention().result(),
        lambda: desk.waiting_changes().result(),
    ]
    for job in jobs:
        with pytest.raises(why):
            job()
    return desk.sync_state.kind is SyncKind.LOCKED


def employ(office: Office, user_id: UUID, *roles: str, is_active: bool = True) -> None:
    (done,) = office.perform(SaveUser(user_id=user_id, login="mei", name="Mei", role_codes=roles, is_active=is_active))
    assert done.outcome == "applied", done


# --- the lease


def test_past_its_lease_a_desk_shows_nothing_and_keeps_what_waits(
    open_desk: OpenDesk, office: Office, network: Network, clock: Clock
) -> None:
    desk = open_desk()
    desk.go_offline()
    desk.perform_and_wait(someone("S-1"))
    clock.goes_on(days=30)
    assert parties_here(desk) == ["S-1"]
    clock.goes_on(minutes=1)
    assert shows_nothing(desk, LeaseEnded)
    assert "30 days" in desk.sync_state.detail
    desk.close()
    with pytest.raises(LeaseEnded):
        open_desk(password=None)
    again = open_desk(password=PASSWORD)
    assert again.wait_until_synced()
    assert parties(office) == parties_here(again) == ["S-1"]


def test_the_centre_says_how_long_the_lease_is(open_desk: OpenDesk, office: Office, clock: Clock) -> None:
    set_lease(office.engine, 7)
    desk = open_desk()
    desk.go_offline()
    clock.goes_on(days=7, minutes=1)
    assert shows_nothing(desk, LeaseEnded)
    desk.close()
    set_lease(office.engine, 0)
    for_ever = open_desk()
    for_ever.go_offline()
    clock.goes_on(days=3650)
    assert parties_here(for_ever) == []


def test_a_clock_that_was_years_ahead_is_put_right_by_the_next_word_of_the_centre(
    open_desk: OpenDesk, clock: Clock
) -> None:
    desk = open_desk()
    desk.go_offline()
    clock.goes_on(days=4000)
    assert shows_nothing(desk, LeaseEnded)
    desk.close()
    clock.now = MOMENT + timedelta(days=1)
    again = open_desk()
    again.go_offline()
    clock.goes_on(days=29)
    assert parties_here(again) == []


# --- a computer that was taken out


def take_out(office: Office, device_id: UUID) -> None:
    Accounts(office.engine, identity_of(office.engine).signer).revoke_device(office.company_id, device_id)


def test_a_computer_that_is_taken_out_erases_the_key_of_its_data_and_says_how_much_was_not_sent(
    open_desk: OpenDesk, office: Office, qtbot: QtBot
) -> None:
    desk = open_desk()
    desk.go_offline()
    desk.perform_and_wait(someone("S-1"))
    desk.perform_and_wait(someone("S-2"))
    take_out(office, desk._credentials.device_id)
    desk.go_online()
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.LOCKED)
    assert "had not been sent: 2" in desk.sync_state.detail
    assert shows_nothing(desk, ComputerErased)
    path, secrets = desk._cache.path, desk._credentials._secrets
    desk.close()
    with pytest.raises(cache_key.KeyLost):
        cache_key.key_of(path, secrets)
    assert facts_in(path, secrets) == frozenset()
    assert parties(office) == []

    new = (
        open_desk()
    )  # the same person, with the right password: another computer to the centre, without what was there
    assert "cannot be sent from this computer" in new.damage
    assert new.wait_until_synced()
    assert parties(office) == parties_here(new) == []


def test_a_stolen_computer_that_was_signed_out_is_erased_when_somebody_signs_in(
    open_desk: OpenDesk, office: Office
) -> None:
    desk = open_desk()
    desk.sign_out()
    path, secrets = desk._cache.path, desk._credentials._secrets
    take_out(office, desk._credentials.device_id)
    desk.close()
    with pytest.raises(ComputerErased):
        open_desk()
    with pytest.raises(cache_key.KeyLost):
        cache_key.key_of(path, secrets)


def test_a_computer_that_a_restored_centre_does_not_know_signs_in_again_and_loses_nothing(
    open_desk: OpenDesk, office: Office, qtbot: QtBot
) -> None:
    desk = open_desk()
    desk.go_offline()
    desk.perform_and_wait(someone("S-1"))
    with office.engine.begin() as connection:
        connection.execute(RefreshToken.__table__.delete())
        connection.execute(Device.__table__.delete())
    desk.go_online()
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.SIGNED_OUT)
    desk.sign_in(PASSWORD).result()
    assert desk.wait_until_synced()
    assert parties(office) == ["S-1"]


# --- a person who may not, or not as much


def test_a_person_who_may_not_sign_in_any_more_sees_nothing_until_they_may_again(
    open_desk: OpenDesk, office: Office, buyer: UUID, qtbot: QtBot
) -> None:
    desk = open_desk("mei")
    desk.go_offline()
    desk.perform_and_wait(someone("S-1"))
    employ(office, buyer, "purchasing", is_active=False)
    desk.go_online()
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.LOCKED)
    assert shows_nothing(desk, UserDisabled)
    desk.close()
    with pytest.raises(UserDisabled):  # also without the network
        open_desk("mei", password=None)
    employ(office, buyer, "purchasing")
    again = open_desk("mei")
    assert again.wait_until_synced()
    assert parties(office) == parties_here(again) == ["S-1"]


def test_what_a_person_did_offline_and_may_not_do_any_more_waits_for_them(
    open_desk: OpenDesk, office: Office, buyer: UUID
) -> None:
    desk = open_desk("mei")
    desk.go_offline()
    desk.perform_and_wait(someone("S-1"))
    employ(office, buyer, "warehouse")
    desk.go_online()
    assert desk.wait_until_synced()
    assert parties(office) == []
    assert [item.name for item in desk.attention().result()] == ["SaveParty"]
    assert "party.write" not in desk.permissions


def test_what_waits_of_one_person_is_never_sent_as_another_on_the_same_computer(
    open_desk: OpenDesk, office: Office, buyer: UUID
) -> None:
    hers = open_desk("mei", at="counter")
    hers.go_offline()
    hers.perform_and_wait(someone("S-1"))
    hers.sign_out()
    hers.close()
    his = open_desk("lin", at="counter")
    his.perform_and_wait(someone("S-2"))
    assert his.wait_until_synced()
    assert parties(office) == ["S-2"]
    his.close()
    back = open_desk("mei", at="counter")
    assert back.wait_until_synced()
    with office.engine.connect() as connection:
        sent_by = select(ActionLog.actor_id).where(ActionLog.name == "SaveParty").order_by(ActionLog.tick)
        assert connection.scalars(sent_by).all() == [office.owner_id, buyer]
