"""A desk whose centre does not answer: everything works, and what is done waits."""

from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
from furnished_cache import ADA, furnish
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.refusals import CodeTaken
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.sync import outbox
from erp_desktop.sync.cache import Cache, CacheInUse
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.state import SyncKind

NOBODY_THERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class PartyNames:
    tables: ClassVar[frozenset[str]] = frozenset({"party"})

    def run(self, session: Session, company_id: UUID) -> tuple[str, ...]:
        return tuple(session.scalars(select(Party.name).where(Party.company_id == company_id).order_by(Party.name)))


@dataclass(frozen=True)
class Vandal:
    tables: ClassVar[frozenset[str]] = frozenset()

    def run(self, session: Session, company_id: UUID) -> None:
        session.execute(text("DELETE FROM party"))


def open_desk(path: Path) -> Desk:
    if not path.exists():
        cache = Cache(path)
        cache.write(furnish).result()
        cache.close()
    return Desk.open(path, NOBODY_THERE, "ACME", "ada", secrets=Secrets(path.parent, use_keyring=False))


def someone(code: str) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=f"Party {code}", is_supplier=True)


def test_what_is_performed_is_seen_at_once_and_told_in_the_desks_own_thread(qtbot: QtBot, path: Path) -> None:
    desk = open_desk(path)
    told = []
    desk.changed.connect(lambda tables: told.append((tables, QThread.currentThread())))
    with qtbot.waitSignal(desk.changed):
        desk.perform(someone("S-1"))
    assert told == [(frozenset({"party"}), desk.thread())]
    assert desk.ask(PartyNames()).result() == ("Party S-1",)
    assert desk.sync_state.waiting == 1
    assert (desk.user.name, desk.company.code) == (ADA.user_name, "ACME")
    desk.close()


def test_a_count_that_was_made_before_a_change_is_not_shown_after_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk(path)
    waiting = outbox.waiting
    done: list[Future[None]] = []

    def count_and_dawdle(session: Session) -> outbox.Waiting:
        counted = waiting(session)
        if not done:  # the change falls between counting and showing
            done.append(desk.perform(someone("S-1")))
            wait(done, timeout=1)
        return counted

    monkeypatch.setattr(outbox, "waiting", count_and_dawdle)
    desk._engine.count()
    done[0].result()
    assert desk.sync_state.waiting == 1
    desk.close()


def test_a_refusal_comes_back_and_changes_nothing(path: Path) -> None:
    desk = open_desk(path)
    desk.perform_and_wait(someone("S-1"))
    with pytest.raises(CodeTaken):
        desk.perform_and_wait(someone("S-1"))
    assert desk.ask(PartyNames()).result() == ("Party S-1",)
    desk.close()


def test_a_query_cannot_write(path: Path) -> None:
    desk = open_desk(path)
    with pytest.raises(OperationalError, match="readonly"):
        desk.ask(Vandal()).result()
    desk.close()


def test_what_waits_is_there_when_the_program_starts_again(path: Path) -> None:
    desk = open_desk(path)
    desk.perform_and_wait(someone("S-1"))
    desk.close()
    again = open_desk(path)
    assert again.sync_state.waiting == 1
    assert again.ask(PartyNames()).result() == ("Party S-1",)
    again.close()


def test_a_second_window_of_the_program_is_told_that_the_cache_is_in_use(path: Path) -> None:
    desk = open_desk(path)
    with pytest.raises(CacheInUse, match="already open"):
        open_desk(path)
    desk.close()
    open_desk(path).close()


def test_without_a_kept_sign_in_the_desk_asks_for_the_password(qtbot: QtBot, path: Path) -> None:
    desk = open_desk(path)
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.SIGNED_OUT)
    assert "Sign in again" in desk.sync_state.detail
    desk.close()


def test_a_centre_that_does_not_answer_is_offline_and_not_signed_out(qtbot: QtBot, path: Path) -> None:
    open_desk(path).close()
    cache = Cache(path)
    from erp_desktop.sync.signing_in import Credentials

    secrets = Secrets(path.parent, use_keyring=False)
    secrets.put(f"refresh {Credentials(cache, secrets).device_id}", "a token")
    cache.close()
    desk = open_desk(path)
    qtbot.waitUntil(lambda: "cannot be reached" in desk.sync_state.detail)
    assert desk.sync_state.kind is SyncKind.OFFLINE
    desk.close()


def test_what_a_window_still_asks_while_the_desk_closes_is_cancelled_not_an_error(path: Path) -> None:
    desk = open_desk(path)
    desk.close()
    assert desk.ask(PartyNames()).cancelled()
    assert desk.report("trial_balance").cancelled()
