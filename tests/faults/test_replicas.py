"""A replica of the central database that lags behind: it is never read from, and where it takes over nothing goes wrong twice."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from headless_desk import PASSWORD, HeadlessDesk
from replicas import Servers, two_servers
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import OperationalError

from company_fixtures import SmallCompany, open_small_company
from erp_desktop import database
from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.opening import SaveUser
from erp_desktop.central.accounts import set_password
from erp_desktop.central.action_log import verify_log
from erp_desktop.central.performing import Centre
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.central.serving import served
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.migrations import upgrade
from erp_desktop.models.party import Party
from erp_desktop.models.sync import ActionLog


@pytest.fixture
def servers(postgres_folder: Path) -> Iterator[Servers]:
    with two_servers(postgres_folder) as running:
        running.make("first")
        running.start("first")
        yield running


@pytest.fixture
def open_url(servers: Servers) -> Iterator[Callable[[str], Engine]]:
    opened: list[Engine] = []

    def make(url: str) -> Engine:
        opened.append(open_engine(url))
        return opened[-1]

    yield make
    for engine in opened:
        engine.dispose()


def supplier(code: str) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=code, is_supplier=True)


def codes(desk: HeadlessDesk) -> set[str]:
    return desk.cache.read_here(lambda session: set(session.scalars(select(Party.code).where(Party.is_supplier))))


def log_length(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(ActionLog)) or 0


def test_a_replica_that_takes_over_without_the_last_changes_is_a_restored_backup_to_everybody(
    servers: Servers,
    open_url: Callable[[str], Engine],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two workers and two desks live through it. What the first server alone knew is gone, unless a desk still has it;
    meanwhile the clock comes to the same ticks again, with other changes.
    """
    monkeypatch.setattr(database, "IDLE_SECONDS_TRUSTED", 0.0)  # as if all connections had been idle meanwhile
    engine, beside = open_url(servers.url), open_url(servers.url)
    upgrade(engine)
    office = open_small_company(engine)
    give_desks(office, "mei", "wang")

    def perform(worker: Centre, code: str) -> None:
        (result,) = worker.perform_local(office.company_id, office.owner_id, [supplier(code)])
        assert result.outcome == "applied", result

    with served(engine) as one, served(beside) as other:
        wang, mei = (HeadlessDesk(tmp_path / login, one.url, login) for login in ("wang", "mei"))
        wang.sync()
        mei.sync()
        servers.copy("first", "second")
        servers.start("second")
        with pytest.raises(OperationalError, match="read-only"):
            open_url(servers.url_of("second")).connect()
        servers.stop("second")  # it hears of nothing any more
        before = log_length(engine)

        perform(one.service.centre, "LOST")
        mei.save_party("KEPT BY MEI")
        mei.sync()
        assert codes(mei) >= {"LOST", "KEPT BY MEI"}
        servers.stop("first", how="immediate")
        servers.start("second")
        servers.promote("second")
        assert log_length(beside) == before
        perform(other.service.centre, "NEW 1")
        perform(other.service.centre, "NEW 2")
        assert log_length(beside) == before + 2  # the tick that the first worker has seen already
        perform(one.service.centre, "NEW 3")
        for desk in (wang, mei, wang):
            desk.sync()
        for desk in (wang, mei):
            held = codes(desk)
            assert {"NEW 1", "NEW 2", "NEW 3", "KEPT BY MEI"} <= held
            assert "LOST" not in held
            desk.close()
    assert verify_log(beside, office.company_id).broken_at is None
    with beside.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE oracle"))
    empty = open_url(servers.url.replace("/postgres?", "/oracle?"))
    upgrade(empty)
    replay(beside, office.company_id, empty)
    assert differing_tables(beside, empty, office.company_id) == {}


def give_desks(office: SmallCompany, *logins: str) -> None:
    for login in logins:
        user_id = new_id()
        office.perform(SaveUser(user_id=user_id, login=login, name=login.title(), role_codes=("administrator",)))
        set_password(office.centre.engine, office.company_id, user_id, PASSWORD)
