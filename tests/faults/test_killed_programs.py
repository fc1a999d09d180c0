"""Real programs that are killed (SIGKILL) at every place on the way of an action: nothing is lost, nothing is done twice."""

import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from headless_desk import PASSWORD, HeadlessDesk
from sqlalchemy import Engine, select

from company_fixtures import PASSWORD as OWNERS_PASSWORD
from company_fixtures import SmallCompany, open_small_company
from erp_desktop import failpoints
from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.opening import SaveUser
from erp_desktop.central import changes
from erp_desktop.central.accounts import set_password
from erp_desktop.central.action_log import verify_log
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.central.serving import Server, served
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.models.sync import ActionLog, OutboxAction
from erp_desktop.sync.cache import set_state
from erp_desktop.sync.state import SyncState

KILLED = -9
HERE = Path(__file__).parent
CODES = ("S-10", "S-11", "S-12")
assert OWNERS_PASSWORD != PASSWORD  # the owner does not work at these desks


def with_mei(company: SmallCompany) -> SmallCompany:
    user_id = new_id()
    company.perform(SaveUser(user_id=user_id, login="mei", name="Mei", role_codes=("administrator",)))
    set_password(company.centre.engine, company.company_id, user_id, PASSWORD)
    return company


@pytest.fixture
def office(sqlite_url: str) -> Iterator[SmallCompany]:
    engine = open_engine(sqlite_url)
    yield with_mei(open_small_company(engine))
    engine.dispose()


@pytest.fixture
def server(office: SmallCompany) -> Iterator[Server]:
    with served(office.centre.engine) as running:
        yield running


def desk_program(folder: Path, centre: str, point: str, nth: int, *codes: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(HERE / "headless_desk.py"), str(folder), centre, "mei", point, str(nth), *codes],
        stdout=subprocess.PIPE,
        text=True,
    )


def _end(program: "subprocess.Popen[str]") -> None:
    program.kill()
    program.communicate()


def times_performed(engine: Engine, codes: tuple[str, ...]) -> Counter[str]:
    """How many accepted actions of the log saved each code."""
    with engine.connect() as connection:
        logged = connection.scalars(
            select(ActionLog.args).where(ActionLog.name == "SaveParty", ActionLog.outcome == "applied")
        ).all()
    return Counter(code for code in codes for args in logged if f'"{code}"' in args)


def party_codes(desk: HeadlessDesk) -> list[str]:
    return desk.cache.read_here(lambda session: list(session.scalars(select(Party.code).order_by(Party.code))))


def test_a_desk_that_is_killed_anywhere_loses_nothing_and_repeats_nothing(
    office: SmallCompany,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """At every place of the way once. One desk after another, each with codes of its own; all are killed at the same time."""
    monkeypatch.setattr(changes, "MAX_ROWS_PER_PULL", 3)  # so that a pull has pages to stage
    engine = office.centre.engine
    filled = HeadlessDesk(tmp_path / "filled", server.url, "mei")
    filled.sync()
    filled.cache.write(
        lambda connection: set_state(connection, device_id=None)
    ).result()  # each copy takes one of its own
    filled.close()
    for number in range(6):  # more news than one pull holds, whichever desk asks first
        office.perform(SaveParty(party_id=new_id(), code=f"N-{number}", name="New", is_supplier=True))
    # the fourth commit is the marking of a batch, or what comes after it
    kills = [
        (point, nth) for point in failpoints.OF_THE_DESK for nth in ((1, 4) if point == failpoints.COMMITTED else (1,))
    ]
    folders = {kill: tmp_path / f"{kill[0]} {kill[1]}" for kill in kills}
    running = {}
    for number, kill in enumerate(kills):
        shutil.copytree(tmp_path / "filled", folders[kill])
        codes = tuple(f"K-{number}-{place}" for place in range(3))
        program = desk_program(folders[kill], server.url, *kill, *codes)
        running[kill] = codes, program
        request.addfinalizer(partial(_end, program))

    for kill, (codes, program) in running.items():
        said, _ = program.communicate(timeout=300)
        assert program.returncode == KILLED, (kill, said)
        confirmed = [code for code in said.split() if code in codes]
        assert tuple(confirmed) == codes[: len(confirmed)], kill
        again = HeadlessDesk(folders[kill], server.url, "mei")
        again.sync()
        held = party_codes(again)
        assert again.cache.read_here(lambda session: session.scalars(select(OutboxAction.id)).all()) == [], kill
        again.close()
        performed = times_performed(engine, codes)
        assert set(performed.values()) <= {1}, f"{kill}: done twice: {performed}"
        assert set(confirmed) <= set(performed), f"{kill}: lost"
        assert set(performed) <= set(held), kill


def test_a_thread_of_syncing_that_breaks_off_begins_again(
    office: SmallCompany, server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever is told of a failure may fail too; what waits is sent all the same, without anybody doing anything."""
    desk = HeadlessDesk(tmp_path, server.url, "mei")
    desk.sync()
    desk.close()
    again = HeadlessDesk(tmp_path, "http://127.0.0.1:9", "mei")  # nobody is there
    told: list[SyncState] = []

    def fail_at_first(state: SyncState) -> None:
        if threading.current_thread().name == "sync-send" and not told:
            told.append(state)
            again.address = server.url
            raise RuntimeError("the window is gone")

    again.engine.standing._on_state = fail_at_first
    again.save_party("S-99")
    again.sync()
    assert "begins again" in caplog.text
    assert times_performed(office.centre.engine, ("S-99",)) == Counter(["S-99"])
    again.close()


@pytest.fixture
def start_worker() -> Iterator[Callable[[Engine, str, int], tuple[str, "subprocess.Popen[bytes]"]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(engine: Engine, point: str, nth: int) -> tuple[str, "subprocess.Popen[bytes]"]:
        url = engine.url.render_as_string(hide_password=False)
        program = subprocess.Popen(
            [sys.executable, str(HERE / "mortal_worker.py"), url, point, str(nth)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ,
        )
        started.append(program)
        assert program.stdout is not None
        return program.stdout.readline().decode().strip(), program

    yield start
    for program in started:
        program.communicate(timeout=120)


@pytest.mark.parametrize("point", failpoints.OF_THE_CENTRE)
def test_a_worker_that_is_killed_around_its_commit_is_followed_by_one_that_goes_on(
    engine: Engine,
    another_database: Callable[[], Engine],
    start_worker: Callable[[Engine, str, int], tuple[str, "subprocess.Popen[bytes]"]],
    tmp_path: Path,
    point: str,
) -> None:
    office = with_mei(open_small_company(engine))
    address, worker = start_worker(engine, point, 1)
    desk = HeadlessDesk(tmp_path, address, "mei")
    desk.sync()
    for code in CODES:
        desk.save_party(code)
    assert worker.wait(timeout=120) == KILLED
    desk.close()
    waits = desk_outbox(tmp_path, address)
    assert waits == len(CODES), "the answer was lost, so everything still waits"

    address, _ = start_worker(engine, "-", 1)
    desk = HeadlessDesk(tmp_path, address, "mei")
    desk.sync()
    assert set(CODES) <= set(party_codes(desk))
    desk.close()
    assert times_performed(engine, CODES) == Counter(CODES)
    assert verify_log(engine, office.company_id).broken_at is None
    empty = another_database()
    replay(engine, office.company_id, empty)
    assert differing_tables(engine, empty, office.company_id) == {}


def desk_outbox(folder: Path, address: str) -> int:
    desk = HeadlessDesk(folder, address, "mei")
    waits = desk.cache.read_here(lambda session: len(session.scalars(select(OutboxAction.id)).all()))
    desk.close()
    return waits
