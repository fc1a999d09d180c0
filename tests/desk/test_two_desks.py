"""Two desks and their centre: what one does, the other sees; what the centre refuses waits for a person."""

import time
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

import pytest
from acme_office import Office, OpenDesk
from network import Network
from pytestqt.qtbot import QtBot
from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.masters import SaveParty
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.sync.signing_in import CentreOutOfReach, WrongPassword
from erp_desktop.sync.state import SyncKind


@dataclass(frozen=True)
class PartyCodes:
    tables: ClassVar[frozenset[str]] = frozenset({"party"})

    def run(self, session: Session, company_id: UUID) -> tuple[tuple[str, bool], ...]:
        """Code, and whether the centre has confirmed it."""
        found = session.execute(
            select(Party.code, Party.tick).where(Party.company_id == company_id).order_by(Party.code)
        )
        return tuple((row.code, row.tick > 0) for row in found)


def someone(code: str, party_id: UUID | None = None) -> SaveParty:
    return SaveParty(party_id=party_id or new_id(), code=code, name=f"Party {code}", is_supplier=True)


def codes(desk: Desk) -> tuple[tuple[str, bool], ...]:
    return desk.ask(PartyCodes()).result()


def test_the_first_sign_in_brings_the_company(office: Office, open_desk: OpenDesk) -> None:
    desk = open_desk()
    assert desk.company.code == "ACME"
    assert desk.user.name == "Lin Wei"
    assert "admin" in desk.permissions
    assert desk.wait_until_synced()
    assert desk.sync_state.kind is SyncKind.SYNCED


def test_a_change_at_one_desk_is_seen_at_the_other(open_desk: OpenDesk, qtbot: QtBot) -> None:
    one, other = open_desk(at="office"), open_desk(at="dock")
    assert other.wait_until_synced()
    began = time.monotonic()
    one.perform(someone("S-1"))
    qtbot.waitUntil(lambda: codes(other) == (("S-1", True),))
    print(f"seen after {(time.monotonic() - began) * 1000:.0f} ms")
    assert one.wait_until_synced()
    assert codes(one) == (("S-1", True),)
    assert one.sync_state.waiting == 0


def test_a_refused_action_waits_for_a_person_with_its_sentence(open_desk: OpenDesk, network: Network) -> None:
    one, other = open_desk(at="office"), open_desk(at="dock")
    one.go_offline()
    other.perform_and_wait(someone("S-1"))
    assert other.wait_until_synced()
    mine = someone("S-1")
    one.perform_and_wait(mine)
    one.go_online()
    assert one.wait_until_synced()
    assert codes(one) == (("S-1", True),)
    (item,) = one.attention().result()
    assert (item.name, item.status, item.action) == ("SaveParty", "refused", mine)
    assert "taken already" in item.sentence
    assert one.sync_state.attention == 1

    one.amend(item.id, someone("S-2", mine.party_id)).result()
    assert one.wait_until_synced()
    assert codes(one) == (("S-1", True), ("S-2", True))
    assert one.attention().result() == ()


def test_a_wrong_password_is_told_apart_from_a_centre_that_is_away(
    open_desk: OpenDesk, network: Network, office: Office
) -> None:
    with pytest.raises(WrongPassword):
        open_desk(password="wrong horse")
    network.close()
    with pytest.raises(CentreOutOfReach):
        open_desk()


def test_signing_in_is_remembered(open_desk: OpenDesk) -> None:
    open_desk().close()
    desk = open_desk(password=None)
    assert desk.wait_until_synced()
    assert desk.sync_state.kind is SyncKind.SYNCED
