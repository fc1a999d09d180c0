"""Wrong passwords cost time, whichever worker, login or computer they come through."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from central_desk import OpenedCompany, RemoteDesk
from sqlalchemy import Engine, func, select

from erp_desktop.central import accounts
from erp_desktop.central import tries as counting
from erp_desktop.central.service import THREADS_FOR_PASSWORDS
from erp_desktop.central.serving import Server
from erp_desktop.central.tries import FREE_TRIES, Tries, triers
from erp_desktop.ids import new_id
from erp_desktop.models.sync import SignInTries

PATIENCE = 60.0
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_each_further_wrong_password_costs_twice_the_wait_up_to_five_minutes(engine: Engine, clock: Clock) -> None:
    tries = Tries(engine, clock)
    lin, bo = triers("ACME", "lin", new_id()), triers("ACME", "bo", new_id())
    waits = []
    for _ in range(16):
        tries.failed(lin)
        waits.append(tries.seconds_to_wait(lin))
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert tries.seconds_to_wait(bo) == 0
    clock.pass_by(seconds=299.5)
    assert tries.seconds_to_wait(lin) == 1
    clock.pass_by(seconds=1)
    assert tries.seconds_to_wait(lin) == 0
    tries.succeeded(lin)
    tries.failed(lin)
    assert tries.seconds_to_wait(lin) == 0


def test_every_worker_counts_the_same_tries(engine: Engine, clock: Clock) -> None:
    workers = [Tries(engine, clock), Tries(engine, clock)]
    lin = triers("ACME", "lin", new_id())
    guessing = [threading.Thread(target=workers[n % 2].failed, args=(lin,)) for n in range(FREE_TRIES)]
    for one in guessing:
        one.start()
    for one in guessing:
        one.join()
    assert [worker.seconds_to_wait(lin) for worker in workers] == [1, 1]


@pytest.mark.parametrize("by", ["device", "address"])
def test_one_guesser_with_many_logins_is_slowed_down_too(
    engine: Engine, clock: Clock, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "FREE_TRIES_OF_A_DEVICE", 6)  # as many as a test needs
    monkeypatch.setattr(counting, "FREE_TRIES_OF_AN_ADDRESS", 8)
    tries, device = Tries(engine, clock), new_id()
    free = 6 if by == "device" else 8
    for number in range(free):
        who = triers("ACME", f"user{number}", device if by == "device" else new_id(), "203.0.113.7")
        assert tries.seconds_to_wait(who) == 0
        tries.failed(who)
    next_one = triers("ACME", "lin", device if by == "device" else new_id(), "203.0.113.7")
    assert tries.seconds_to_wait(next_one) == 1
    assert tries.seconds_to_wait(triers("ACME", "lin", new_id(), "198.51.100.1")) == 0
    clock.pass_by(minutes=16)
    tries.failed(next_one)
    assert tries.seconds_to_wait(next_one) == 0  # forgotten


def test_a_proxy_beside_the_service_is_nobodys_address() -> None:
    device = new_id()
    assert (
        triers("ACME", "lin", device, "127.0.0.1")
        == triers("ACME", "lin", device)
        == triers("ACME", "lin", device, "::1")
    )


def test_what_is_counted_is_forgotten_after_a_day(engine: Engine, clock: Clock) -> None:
    tries = Tries(engine, clock)
    for number in range(3):
        tries.failed(triers("ACME", f"made up {number}", new_id()))
    clock.pass_by(days=2)
    tries.failed(triers("ACME", "lin", new_id()))
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(SignInTries)) == 2  # a login and a device


def test_made_up_names_and_computers_do_not_fill_the_database(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was counted longest ago is forgotten first, so that whoever was guessed at just now is still slowed down."""
    monkeypatch.setattr(counting, "MOST_COUNTED", 20)
    tries, lin = Tries(engine, clock), triers("ACME", "lin", new_id())
    for number in range(30):
        clock.pass_by(seconds=1)
        tries.failed(triers("ACME", f"made up {number}", new_id()))
    for _ in range(FREE_TRIES + 4):
        clock.pass_by(seconds=1)
        tries.failed(lin)
    for number in range(5):
        clock.pass_by(seconds=1)
        tries.failed(triers("ACME", f"made up too {number}", new_id()))
    assert tries.seconds_to_wait(lin) > 0
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(SignInTries)) == 20


def test_many_wrong_passwords_cost_time_even_for_the_right_one(
    new_desk: Callable[[], RemoteDesk], server: Server, acme: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.service.accounts, "_tries", Tries(acme.engine, lambda: MORNING))  # all at once
    desk = new_desk()
    for _ in range(FREE_TRIES):
        answer = desk.log_in("lin", "wrong")
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong_password")
    answer = desk.log_in("lin")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert int(answer.headers["Retry-After"]) >= 1


def test_guesses_that_come_all_at_once_are_looked_at_a_few_at_a_time_and_hold_nobody_else_up(
    new_desk: Callable[[], RemoteDesk], server: Server, acme: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes 64 MiB; and as long as none is found wrong, none is counted."""
    monkeypatch.setattr(server.service.accounts, "_tries", Tries(acme.engine, lambda: MORNING))
    guard, may_end = threading.Lock(), threading.Event()
    under_way, most = 0, 0
    are_enough = threading.Event()

    def is_wrong(_stored: str, _password: str) -> bool:
        nonlocal under_way, most
        with guard:
            under_way += 1
            most = max(most, under_way)
            if under_way == THREADS_FOR_PASSWORDS:
                are_enough.set()
        may_end.wait(PATIENCE)
        with guard:
            under_way -= 1
        return False

    monkeypatch.setattr(accounts, "_is_password", is_wrong)
    codes: list[str] = []

    def guess(desk: RemoteDesk) -> None:
        codes.append(desk.log_in("lin", "wrong").json()["code"])

    guessing = [threading.Thread(target=guess, args=(new_desk(),)) for _ in range(4 * FREE_TRIES)]
    for one in guessing:
        one.start()
    try:
        assert are_enough.wait(PATIENCE)
        other = new_desk()
        assert other.http.get(f"{server.url}/v1/sync/hello", timeout=PATIENCE).status_code == 200
    finally:
        may_end.set()
        for one in guessing:
            one.join()
    assert most == THREADS_FOR_PASSWORDS
    assert codes.count("wrong_password") < FREE_TRIES + THREADS_FOR_PASSWORDS
    assert codes.count("too_many_attempts") == len(codes) - codes.count("wrong_password")
