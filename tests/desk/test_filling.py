"""The first fill, and filling anew: resumed where it stopped, with everything that waits kept."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from acme_office import PASSWORD, PATIENT, Office
from network import Answer, Network, Passing, reply_lost
from sqlalchemy import update

from erp_desktop.actions.base import Action
from erp_desktop.actions.masters import SaveParty, SaveUnit
from erp_desktop.central import changes
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.models import replicated_tables
from erp_desktop.models.sync import CompanyClock
from erp_desktop.sync import applying, outbox
from erp_desktop.sync.cache import Cache
from erp_desktop.sync.checking import Checker
from erp_desktop.sync.engine import Engine
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.signing_in import Credentials
from erp_desktop.sync.state import SyncKind, SyncState
from erp_desktop.sync.transport import NoAnswer, Transport
from erp_desktop.views.shell.sync_pill import pill_look
from erp_desktop.wire import WireProblem, encode

PARTIES = 60


@pytest.fixture
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """With sixty suppliers. On both databases for a test that names `database_url`."""
    kind = "database_url" if "database_url" in request.fixturenames else "sqlite_url"
    engine = open_engine(request.getfixturevalue(kind))
    opened = Office(engine)
    opened.perform(*(someone(f"S-{number:02}") for number in range(PARTIES)))
    yield opened
    engine.dispose()


def someone(code: str) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=f"Party {code}", is_supplier=True)


class LoneDesk:
    """Cache and engine without threads: each `round` sends and fetches once. Closed and opened again at will."""

    def __init__(self, folder: Path, network: Network) -> None:
        secrets = Secrets(folder, use_keyring=False)
        self.cache = Cache(folder / "cache.db", secrets)
        self.credentials = Credentials(self.cache, secrets)
        self.transport = Transport(lambda: network.url, PATIENT)
        if self.credentials.who is None:
            self.credentials.sign_in(self.transport, "ACME", "lin", PASSWORD)
        self.shown: list[SyncState] = []
        self._engine = Engine(self.cache, self.credentials, lambda: network.url, lambda _: None, self.shown.append)

    def round(self) -> None:
        self._engine.round(self.transport)

    def check(self) -> int:
        checker = Checker(self.cache, self.credentials, self.transport, pull=lambda: pytest.fail("nothing is new"))
        return checker.check_all().count

    def perform(self, action: Action) -> None:
        who = self.credentials.who
        assert who is not None
        self.cache.write(lambda connection: outbox.perform(connection, who, action)).result()

    def select(self, query: str) -> list[Any]:
        return self.cache.write(lambda connection: list(connection.exec_driver_sql(query).scalars())).result()

    def codes(self) -> list[str]:
        return self.select("SELECT code FROM party ORDER BY code")

    def indexes(self) -> list[str]:
        return self.select("SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name")

    def close(self) -> None:
        self.transport.close()
        self.cache.close()


@pytest.fixture
def lone_desk(network: Network, tmp_path: Path) -> Iterator[Callable[[str], LoneDesk]]:
    opened: list[LoneDesk] = []

    def make(computer: str) -> LoneDesk:
        opened.append(LoneDesk(tmp_path / computer, network))
        return opened[-1]

    yield make
    for desk in opened:
        desk.close()


def pages_of(network: Network) -> int:
    return sum(path.endswith("/snapshot") for path in network.requests)


class LostAfter:
    """The line breaks after so many answers."""

    def __init__(self, answers: int) -> None:
        self.left = answers

    def __call__(self, passing: Passing, answer: Answer | None) -> None:
        assert answer is not None
        self.left -= 1
        if self.left < 0:
            reply_lost(passing, answer)
        else:
            passing.give(answer)


def no_such_call(passing: Passing, _answer: Answer | None) -> None:
    problem = WireProblem(title="Not Found", status=404, code="no_such_call")
    passing.give(Answer(404, [("Content-Type", "application/problem+json")], encode(problem)))


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """And every table is large enough for its indexes to be made last."""
    monkeypatch.setattr(changes, "MAX_ROWS_PER_PULL", 10)
    monkeypatch.setattr(applying, "ROWS_WORTH_INDEXING_LAST", 0)


def test_a_fill_that_is_broken_off_again_and_again_goes_on_where_it_stopped(
    database_url: str, small_pages: None, lone_desk: Callable[[str], LoneDesk], network: Network
) -> None:
    at_once = lone_desk("office")
    indexes = at_once.indexes()
    at_once.round()
    pages = pages_of(network)
    desk = lone_desk("dock")
    network.requests.clear()
    lost = 0
    while True:
        network.break_with(LostAfter(pages // 5), "/snapshot")
        try:
            desk.round()
        except NoAnswer:
            lost += 1
            desk.close()
            desk = lone_desk("dock")
        else:
            break
    network.mend()
    assert lost >= 3
    assert pages_of(network) == pages + lost  # of no page but those whose answer was lost
    assert desk.codes() == at_once.codes()
    assert len(desk.codes()) == PARTIES
    assert desk.indexes() == indexes
    assert desk.check() == 0


def test_what_happens_at_the_centre_during_a_fill_comes_with_it(
    small_pages: None, lone_desk: Callable[[str], LoneDesk], network: Network, office: Office
) -> None:
    desk = lone_desk("office")
    network.break_with(LostAfter(6), "/snapshot")
    with pytest.raises(NoAnswer):
        desk.round()
    network.mend()
    office.perform(someone("NEW"), SaveUnit(unit_id=new_id(), code="PALLET", name="Pallet"))
    desk.round()
    assert "NEW" in desk.codes()
    assert desk.select("SELECT code FROM unit WHERE code = 'PALLET'") == ["PALLET"]
    assert desk.check() == 0


def test_filled_anew_after_a_restore_the_desk_keeps_what_waits_and_who_it_is(
    small_pages: None, lone_desk: Callable[[str], LoneDesk], network: Network, office: Office
) -> None:
    desk = lone_desk("office")
    desk.round()
    indexes, device = desk.indexes(), desk.credentials.device_id
    with office.engine.begin() as connection:
        connection.execute(update(CompanyClock).values(epoch=new_id()))
    desk.perform(someone("MINE"))
    network.break_with(reply_lost, "/push", before=True)
    with pytest.raises(NoAnswer):
        desk.round()
    network.break_with(LostAfter(6), "/snapshot")  # the push is answered, the rows are fetched anew
    with pytest.raises(NoAnswer):
        desk.round()
    assert len(desk.codes()) == PARTIES + 1  # what was here stays in sight
    desk.close()
    desk = lone_desk("office")
    network.mend()
    desk.round()
    assert desk.credentials.device_id == device
    assert "MINE" in desk.codes()
    assert len(desk.codes()) == PARTIES + 1
    assert desk.select("SELECT id FROM outbox") == []
    assert desk.indexes() == indexes
    assert desk.check() == 0


def test_tables_without_rows_are_not_fetched_and_progress_is_told_in_rows(
    lone_desk: Callable[[str], LoneDesk], network: Network
) -> None:
    desk = lone_desk("office")
    desk.round()
    assert 5 < pages_of(network) < len(replicated_tables()) // 2
    shown = [(state.fetched, state.to_fetch) for state in desk.shown if state.to_fetch]
    assert [fetched for fetched, _ in shown] == sorted(fetched for fetched, _ in shown)
    assert shown[-1][0] == shown[-1][1] > PARTIES
    assert (desk.shown[-1].fetched, desk.shown[-1].to_fetch) == (0, 0)
    assert (
        pill_look(SyncState(SyncKind.SYNCING, fetched=12_000, to_fetch=70_000)).text == "Fetching row 12,000 of 70,000"
    )


def test_a_centre_that_cannot_tell_how_many_rows_there_are_is_asked_for_every_table(
    lone_desk: Callable[[str], LoneDesk], network: Network
) -> None:
    network.break_with(no_such_call, "/sizes")
    desk = lone_desk("office")
    desk.round()
    assert pages_of(network) == len(replicated_tables())
    assert len(desk.codes()) == PARTIES
