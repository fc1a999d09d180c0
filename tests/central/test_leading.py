"""Of several workers one performs a company's actions; who performs changes nothing but the speed."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from central_desk import OpenedCompany, opening, pushed, save_unit
from sqlalchemy import Engine, select

from erp_desktop.central import leading
from erp_desktop.central.leading import Leading
from erp_desktop.central.performing import Busy, Centre
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.models.product import Unit
from erp_desktop.wire import PushedAction, PushResult

PATIENCE = 60.0


@pytest.fixture
def engines(postgres_url: str) -> Iterator[list[Engine]]:
    """Each worker has its own."""
    opened = [open_engine(postgres_url) for _ in range(2)]
    yield opened
    for engine in opened:
        engine.dispose()


@pytest.fixture
def office(engines: list[Engine]) -> OpenedCompany:
    centre, action = Centre(engines[0]), opening()
    return OpenedCompany(centre, centre.open_company(action, "correct horse"), action.owner_id, "ACME")


class Worker:
    """Two of them meet in a folder; the one that leads `company_id`, and the other."""

    def __init__(self, engine: Engine, number: int, folder: Path) -> None:
        self.centre = Centre(engine)
        self.leading = Leading(self.centre, number, 2, folder)
        self.leading.start()


@pytest.fixture
def workers(engines: list[Engine], office: OpenedCompany, tmp_path: Path) -> Iterator[tuple[Worker, Worker]]:
    both = {number: Worker(engine, number, tmp_path) for number, engine in enumerate(engines, start=1)}
    leader = both.pop(both[1].leading.leader_of(office.id))
    (other,) = both.values()
    yield leader, other
    for worker in (other, leader):
        worker.leading.close()


def codes(engine: Engine, company_id: UUID) -> list[str]:
    with engine.connect() as connection:
        return list(
            connection.scalars(
                select(Unit.code).where(Unit.company_id == company_id, Unit.code.like("NEW%")).order_by(Unit.code)
            )
        )


def test_whichever_worker_takes_a_push_the_leader_performs_it(
    workers: tuple[Worker, Worker], office: OpenedCompany
) -> None:
    leader, other = workers
    device = new_id()
    results = [
        worker.leading.perform(office.id, device, [pushed(save_unit(f"NEW{number}"), office.owner_id)])[0]
        for number, worker in enumerate((leader, other, other, leader))
    ]
    assert [result.outcome for result in results] == ["applied"] * 4
    assert [result.tick for result in results] == sorted(result.tick or 0 for result in results)
    assert (leader.centre.transactions, other.centre.transactions) == (4, 0)
    refused = other.leading.perform(office.id, device, [pushed(save_unit(""), office.owner_id)])[0]
    assert (refused.outcome, (refused.problem or {})["code"]) == ("refused", "required"), "with its reason"


@pytest.mark.parametrize("strange", [10**38, -(10**400), 1e308, [[[[{}]]]], "\x00", None])
def test_arguments_of_no_shape_are_refused_by_the_leader_too(
    workers: tuple[Worker, Worker], office: OpenedCompany, strange: object
) -> None:
    leader, other = workers
    action = msgspec.structs.replace(pushed(save_unit("NEW1"), office.owner_id), args={"code": strange})
    (refused,) = other.leading.perform(office.id, new_id(), [action])
    assert (refused.outcome, (refused.problem or {})["code"]) == ("refused", "malformed")
    assert other.centre.transactions == 0
    assert other.leading.perform(office.id, new_id(), [action])[0] == refused
    assert leader.leading.perform(office.id, new_id(), [action])[0] == refused, "the same content, however it came"


def test_pushes_that_many_workers_hand_over_at_once_are_each_answered_with_their_own(
    workers: tuple[Worker, Worker], office: OpenedCompany
) -> None:
    _, other = workers
    answers: dict[UUID, PushResult] = {}

    def push(number: int) -> None:
        one = pushed(save_unit(f"NEW{number:02d}"), office.owner_id)
        (answers[one.id],) = other.leading.perform(office.id, new_id(), [one])

    threads = [threading.Thread(target=push, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(answers) == 20
    assert all(answer.id == action_id and answer.outcome == "applied" for action_id, answer in answers.items())
    assert codes(office.centre.engine, office.id) == [f"NEW{number:02d}" for number in range(20)]


def test_where_the_leader_is_gone_the_worker_performs_itself_and_hands_over_again_when_it_is_back(
    workers: tuple[Worker, Worker], office: OpenedCompany, engines: list[Engine], tmp_path: Path
) -> None:
    leader, other = workers
    one = pushed(save_unit("NEW1"), office.owner_id)
    assert other.leading.perform(office.id, new_id(), [one])[0].outcome == "applied"
    leader.leading.close()
    two = pushed(save_unit("NEW2"), office.owner_id)
    assert other.leading.perform(office.id, new_id(), [two])[0].outcome == "applied"
    assert other.centre.transactions == 1
    back = Worker(leader.centre.engine, leader.leading.leader_of(office.id), tmp_path)
    try:
        three = pushed(save_unit("NEW3"), office.owner_id)
        assert other.leading.perform(office.id, new_id(), [three])[0].outcome == "applied"
        assert (back.centre.transactions, other.centre.transactions) == (1, 1)
        assert codes(engines[0], office.id) == ["NEW1", "NEW2", "NEW3"]
    finally:
        back.leading.close()


@pytest.mark.parametrize("breaks", ["before it performs", "after it performed", "stays silent"])
def test_a_leader_that_breaks_off_in_the_middle_of_a_push_neither_loses_nor_doubles_it(
    workers: tuple[Worker, Worker], office: OpenedCompany, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    leader, other = workers
    perform: Callable[..., list[PushResult]] = leader.centre.perform
    silent = threading.Event()

    def broken(company_id: UUID, device_id: UUID | None, actions: list[PushedAction]) -> list[PushResult]:
        if breaks == "after it performed":
            perform(company_id, device_id, actions)
        if breaks == "stays silent":
            silent.wait(PATIENCE)
        raise RuntimeError("the leader breaks off")

    monkeypatch.setattr(leader.centre, "perform", broken)
    monkeypatch.setattr(leading, "SECONDS_FOR_AN_ANSWER", 0.2 if breaks == "stays silent" else PATIENCE)
    action = pushed(save_unit("NEW1"), office.owner_id)
    (result,) = other.leading.perform(office.id, new_id(), [action])
    silent.set()
    assert result.outcome == "applied"
    assert codes(office.centre.engine, office.id) == ["NEW1"]


def test_a_database_that_is_busy_at_the_leader_is_busy_for_who_asks(
    workers: tuple[Worker, Worker], office: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, other = workers

    def busy(*_: object) -> list[PushResult]:
        raise Busy("too many connections")

    monkeypatch.setattr(leader.centre, "perform", busy)
    with pytest.raises(Busy, match="too many connections"):
        other.leading.perform(office.id, new_id(), [pushed(save_unit("NEW1"), office.owner_id)])


def test_a_stranger_who_finds_the_line_is_not_answered(
    workers: tuple[Worker, Worker], office: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, other = workers
    monkeypatch.setattr(other.leading, "_key", b"a guess")
    action = pushed(save_unit("NEW1"), office.owner_id)
    assert other.leading.perform(office.id, new_id(), [action])[0].outcome == "applied"
    assert (leader.centre.transactions, other.centre.transactions) == (0, 1), "it had to perform itself"
