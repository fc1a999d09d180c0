"""Workers of one centre on one database of PostgreSQL tell each other at once that there is news."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import psycopg
import pytest
from central_desk import OpenedCompany, RemoteDesk, opening, save_unit
from sqlalchemy import Engine, make_url

from erp_desktop.central import notifying, waking
from erp_desktop.central.notifying import CHANNEL, OtherWorkers
from erp_desktop.central.performing import Centre
from erp_desktop.central.serving import Server, served
from erp_desktop.central.waking import Wakeups
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.wire import LONGEST_WAIT_SECONDS

PATIENCE = 60.0


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Engine]:
    opened = open_engine(postgres_url)
    yield opened
    opened.dispose()


@pytest.fixture
def office(postgres: Engine) -> OpenedCompany:
    centre, action = Centre(postgres), opening()
    return OpenedCompany(centre, centre.open_company(action, "correct horse"), action.owner_id, "ACME")


class Ear:
    """Remembers of which companies a worker heard."""

    def __init__(self) -> None:
        self.heard: list[UUID] = []
        self._changed = threading.Condition()

    def __call__(self, company_id: UUID) -> None:
        with self._changed:
            self.heard.append(company_id)
            self._changed.notify_all()

    def hears(self, company_id: UUID) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: company_id in self.heard, PATIENCE)


@pytest.fixture
def line(postgres: Engine) -> Iterator[Callable[[Ear], OtherWorkers]]:
    made: list[OtherWorkers] = []

    def begin(ear: Ear) -> OtherWorkers:
        made.append(OtherWorkers(postgres, ear))
        made[-1].start()
        assert made[-1].is_listening.wait(PATIENCE)
        return made[-1]

    yield begin
    for one in made:
        one.close()


def send(postgres: Engine, payload: str) -> None:
    url = make_url(str(postgres.url))
    with psycopg.connect(
        host=url.host, port=url.port, user=url.username, dbname=url.database, autocommit=True
    ) as somebody:
        somebody.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))


def test_a_worker_hears_what_another_committed_and_not_what_it_did_itself(
    line: Callable[[Ear], OtherWorkers],
) -> None:
    own, other = Ear(), Ear()
    teller, listener = line(own), line(other)
    company = new_id()
    teller.committed(company, 7)
    assert other.hears(company)
    answer = new_id()
    listener.committed(answer, 8)
    assert own.hears(answer)
    assert own.heard == [answer]
    assert other.heard == [company]


def test_a_thousand_commits_are_told_in_few_messages(line: Callable[[Ear], OtherWorkers]) -> None:
    ear = Ear()
    teller, _ = line(Ear()), line(ear)
    companies = [new_id() for _ in range(5)]
    began = time.monotonic()
    for tick in range(1000):
        teller.committed(companies[tick % 5], tick)
    last = new_id()
    teller.committed(last, 1)
    assert ear.hears(last)
    seconds = time.monotonic() - began
    assert set(companies) <= set(ear.heard)
    assert teller.told <= seconds / notifying.SECONDS_BETWEEN_MESSAGES + 2


def test_a_message_that_nobody_understands_disturbs_nothing(
    postgres: Engine, line: Callable[[Ear], OtherWorkers]
) -> None:
    ear = Ear()
    listener = line(ear)
    for payload in ("", "x", "somebody not-a-company", f"somebody {'9' * 400}", "\U0001f600 " * 50, "a b c d"):
        send(postgres, payload)
    company = new_id()
    send(postgres, f"somebody {company.hex}")
    assert ear.hears(company)
    assert ear.heard == [company]
    assert listener.not_understood == 4  # two name no company at all


def test_a_line_that_was_cut_comes_back_by_itself(
    postgres: Engine, line: Callable[[Ear], OtherWorkers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifying, "SHORTEST_PAUSE", 0.05)
    ear = Ear()
    teller, _ = line(Ear()), line(ear)
    with postgres.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    deadline = time.monotonic() + PATIENCE
    company = new_id()
    while company not in ear.heard and time.monotonic() < deadline:
        teller.committed(company, 1)  # what is told while the other one is away is lost, and harms nobody
        time.sleep(0.02)
    assert company in ear.heard


def test_a_desk_that_waits_at_one_worker_is_woken_by_a_commit_at_another_before_the_next_look(
    office: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waking, "SECONDS_BETWEEN_LOOKS", 3600.0)
    with served(office.engine) as one, served(office.engine) as another:
        assert one.service.other_workers is not None
        assert another.service.other_workers is not None
        assert one.service.other_workers.is_listening.wait(PATIENCE)
        assert another.service.other_workers.is_listening.wait(PATIENCE)
        desk = RemoteDesk(one.url)
        desk.log_in("lin")
        cursor = desk.pull_all().cursor
        waits = _somebody_waits(one)
        acting = threading.Thread(target=lambda: waits() and _push_unit(another, office))
        acting.start()
        began = time.monotonic()
        answer = desk.pull(cursor, wait=LONGEST_WAIT_SECONDS).json()
        acting.join()
        desk.http.close()
        assert [page["table"] for page in answer["pages"]] == ["unit"]
        assert time.monotonic() - began < LONGEST_WAIT_SECONDS - 5


def _somebody_waits(server: Server) -> Callable[[], bool]:
    def wait() -> bool:
        deadline = time.monotonic() + PATIENCE
        while server.service.wakeups.waiting == 0 and time.monotonic() < deadline:
            time.sleep(0.005)
        return True

    return wait


def _push_unit(server: Server, office: OpenedCompany) -> None:
    server.service.centre.perform_local(office.id, office.owner_id, [save_unit("DOZEN")])


def test_a_made_up_message_wakes_nobody_and_a_storm_of_them_asks_the_clock_now_and_then() -> None:
    company, looks = new_id(), 0

    async def read_tick(_company: UUID) -> int:
        nonlocal looks
        looks += 1
        return 5

    async def scene() -> tuple[float, int]:
        wakeups = Wakeups(read_tick)
        wakeups.start()
        waiting = asyncio.create_task(wakeups.news(company, 5, 0.5))
        began = time.monotonic()
        while not waiting.done():
            for _ in range(100):
                wakeups.heard(company)
                wakeups.heard(new_id())  # of a company that nobody has ever waited for
            await asyncio.sleep(0.001)
        seconds = time.monotonic() - began
        await wakeups.close()
        return seconds, wakeups.woken

    seconds, woken = asyncio.run(scene())
    assert woken == 0
    assert seconds >= 0.5
    assert 1 <= looks <= seconds / waking.SECONDS_BETWEEN_LOOKS_WHEN_TOLD + 2


def test_a_message_that_comes_between_reading_and_waiting_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "SECONDS_BETWEEN_LOOKS", 3600.0)
    company, tick = new_id(), 5

    async def read_tick(_company: UUID) -> int:
        return tick

    async def scene() -> None:
        nonlocal tick
        wakeups = Wakeups(read_tick)
        wakeups.start()
        await wakeups.news(company, 4, 0.01)  # somebody has waited for this company before
        tick = 6  # another worker commits, and tells; whoever has just pulled up to 5 begins to wait only now
        wakeups.heard(company)
        await asyncio.wait_for(wakeups.news(company, 5, PATIENCE), PATIENCE / 2)
        await wakeups.close()

    asyncio.run(scene())


def test_many_desks_of_a_busy_company_are_woken_together_and_leave_time_for_those_who_act(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waking, "SECONDS_A_WOKEN_DESK", 0.02)
    monkeypatch.setattr(waking, "SECONDS_A_WOKEN_DESK_AGAIN", 0.02)
    company, tick = new_id(), 1

    async def read_tick(_company: UUID) -> int:
        return tick

    async def scene() -> tuple[int, float]:
        nonlocal tick
        wakeups = Wakeups(read_tick)
        wakeups.start()
        has = [1] * 10

        async def desk(number: int) -> None:
            while has[number] < 40:
                await wakeups.news(company, has[number], PATIENCE)
                has[number] = max(has[number], wakeups.known_tick(company))

        desks = [asyncio.create_task(desk(number)) for number in range(10)]
        began = time.monotonic()
        for tick in range(2, 41):
            wakeups.committed(company, tick)
            await asyncio.sleep(0.005)
        await asyncio.wait_for(asyncio.gather(*desks), PATIENCE)
        seconds = time.monotonic() - began
        await wakeups.close()
        return wakeups.woken, seconds

    woken, seconds = asyncio.run(scene())
    assert (
        10 <= woken <= 10 * (seconds / (10 * 0.02) + 2)
    )  # each of the ten once in every 10 x 0.02 s, and none forgotten


def test_a_desk_that_was_told_a_moment_ago_waits_for_the_next_wake_and_one_that_was_away_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waking, "SECONDS_A_WOKEN_DESK", 0.5)
    company = new_id()

    async def read_tick(_company: UUID) -> int:
        return 8

    async def scene() -> None:
        wakeups = Wakeups(read_tick)
        wakeups.start()
        waiting = asyncio.create_task(wakeups.news(company, 4, PATIENCE))
        await asyncio.sleep(0)
        wakeups.committed(company, 5)
        await asyncio.wait_for(waiting, PATIENCE)  # told of tick 5
        assert wakeups.has_news_soon_enough(company, 5), "there is nothing newer"
        wakeups.committed(company, 8)
        await asyncio.sleep(0)
        while wakeups.known_tick(company) < 8:
            await asyncio.sleep(0.001)
        told, away, ahead = (wakeups.has_news_soon_enough(company, tick) for tick in (5, 3, 9))
        assert (told, away, ahead) == (True, False, False), "9 is of another timeline: the database is asked"
        await asyncio.wait_for(wakeups.news(company, 5, PATIENCE), PATIENCE / 2)
        await wakeups.close()

    asyncio.run(scene())
