"""Several worker processes of one centre: real processes on PostgreSQL, killed in the middle of their work."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import requests
from central_desk import OpenedCompany, RemoteDesk, opening, pushed, save_unit
from sqlalchemy import select

from erp_desktop.central.action_log import verify_log
from erp_desktop.central.cli import main
from erp_desktop.central.performing import Centre
from erp_desktop.central.workers import MOST_DATABASE_CONNECTIONS, MOST_WORKERS, performers_for, pool_size_of
from erp_desktop.database import open_engine
from erp_desktop.models.sync import ActionLog
from erp_desktop.wire import PushReply

SERVE = [sys.executable, "-m", "erp_desktop.central.cli", "serve"]
PATIENCE = 90.0


class Office:
    """`erp-central serve --workers 2` as an administrator starts it, and what it prints."""

    def __init__(self, url: str, *options: str, **started: Any) -> None:
        self.process = subprocess.Popen(
            [*SERVE, "--database", url, "--workers", "2", *options], stdout=subprocess.PIPE, text=True, **started
        )
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.url: str = self.said()["listening"]
        self.workers = dict(self.worker_said() for _ in range(2))
        self.performer: int = self.said()["process"]

    def said(self) -> dict[str, Any]:
        line = self._lines.get(timeout=PATIENCE)
        assert line is not None, "the service ended"
        return line

    def worker_said(self) -> tuple[int, int]:
        line = self.said()
        return line["worker"], line["process"]

    def end(self) -> int:
        """Once every process that could still print has gone."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert not self._reader.is_alive()
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as told:
            for line in told:
                self._lines.put(json.loads(line))
        self._lines.put(None)


@pytest.fixture
def acme(postgres_url: str) -> Iterator[OpenedCompany]:
    engine = open_engine(postgres_url)
    centre, action = Centre(engine), opening()
    yield OpenedCompany(centre, centre.open_company(action, "correct horse"), action.owner_id, "ACME")
    engine.dispose()


@pytest.fixture
def office(acme: OpenedCompany, postgres_url: str) -> Iterator[Office]:
    started = Office(postgres_url)
    yield started
    started.process.terminate()
    started.end()


@pytest.mark.parametrize("who", ["worker", "performer"])
def test_a_worker_killed_in_the_middle_of_pushes_loses_nothing_doubles_nothing_and_comes_back(
    office: Office, acme: OpenedCompany, who: str
) -> None:
    desk = RemoteDesk(office.url)
    assert desk.log_in("lin").status_code == 200
    actions = [[pushed(save_unit(f"D{desk}-{n}"), acme.owner_id) for n in range(30)] for desk in range(4)]
    under_way = threading.Semaphore(0)
    answered: list[tuple[str, str]] = []

    def push_all(mine: int) -> None:
        assert desk.session is not None
        for action in actions[mine]:
            while True:  # as a desk does: the same action again until it has an answer
                here = RemoteDesk(office.url, desk.device_id, desk.session)
                try:
                    answer = here.push(action)
                except requests.ConnectionError:
                    continue
                finally:
                    here.http.close()
                assert answer.status_code == 200, answer.text
                (result,) = msgspec.json.decode(answer.content, type=PushReply).results
                answered.append((result.id.hex, result.outcome))
                break
            under_way.release()

    desks = [threading.Thread(target=push_all, args=(number,)) for number in range(4)]
    for one in desks:
        one.start()
    for _ in range(20):
        assert under_way.acquire(timeout=PATIENCE)
    number, killed = (1, office.workers[1]) if who == "worker" else (3, office.performer)
    os.kill(killed, signal.SIGKILL)
    assert requests.get(f"{office.url}/v1/sync/hello", timeout=PATIENCE).status_code == 200  # the other one answers
    again = office.said()
    assert again[who] == number
    assert again["process"] != killed
    for one in desks:
        one.join()

    wanted = {action.id.hex for each in actions for action in each}
    assert {name for name, outcome in answered if outcome == "applied"} == wanted
    with acme.engine.connect() as connection:
        logged = [name.hex for name in connection.scalars(select(ActionLog.action_id).where(ActionLog.version == 1))]
    assert len(logged) == len(set(logged))
    assert wanted <= set(logged)
    assert {f"D{desk}-{n}" for desk in range(4) for n in range(30)} <= acme.unit_codes()
    assert verify_log(acme.engine, acme.id).broken_at is None

    office.process.terminate()
    assert office.end() == 0
    with pytest.raises(requests.ConnectionError):
        desk.pull()
    desk.http.close()


def test_workers_whose_parent_was_killed_end_by_themselves(acme: OpenedCompany, postgres_url: str) -> None:
    office = Office(postgres_url, "--stop-with-parent", stdin=subprocess.PIPE)
    assert office.process.stdin is not None
    office.process.kill()
    assert office.end() == -signal.SIGKILL  # nobody holds the output any more
    office.process.stdin.close()


def test_workers_end_with_the_program_that_started_them(acme: OpenedCompany, postgres_url: str) -> None:
    office = Office(postgres_url, "--stop-with-parent", stdin=subprocess.PIPE)
    assert office.process.stdin is not None
    office.process.stdin.close()
    assert office.end() == 0


def test_an_sqlite_file_has_one_worker(sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--database", sqlite_url, "--workers", "2"]) == 1
    sentence = "An SQLite database has one worker. Use PostgreSQL for more, or leave --workers out.\n"
    assert capsys.readouterr().err == sentence


def test_however_many_workers_there_are_postgresql_has_room_for_all_of_them() -> None:
    for workers in range(1, MOST_WORKERS + 1):
        kept = pool_size_of(workers)
        assert kept >= 1
        assert (workers + performers_for(workers)) * (3 * kept + 1) <= MOST_DATABASE_CONNECTIONS
