"""Where several workers serve, another process performs a company's actions; who performs changes nothing but the speed."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Client, Listener
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from central_desk import OpenedCompany, opening, pushed, save_unit
from sqlalchemy import Engine, select

from erp_desktop.central import performers
from erp_desktop.central.performers import Performer, Performers
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


class Performing:
    """The process that performs, and a worker that hands over to it. What the worker heard of that."""

    def __init__(self, engines: list[Engine], folder: Path) -> None:
        self.folder = folder
        self.centre, self.of_worker = (Centre(engine) for engine in engines)
        self.heard: list[int] = []
        self.worker = Performers(self.of_worker, 1, folder, lambda _company, tick: self.heard.append(tick))
        self.begin()

    def begin(self) -> None:
        self.performer: Performer | None = Performer(self.centre, 1, self.folder)

    def end(self) -> None:
        if self.performer is not None:
            self.performer.close()
        self.performer = None


@pytest.fixture
def performing(engines: list[Engine], office: OpenedCompany, tmp_path: Path) -> Iterator[Performing]:
    both = Performing(engines, tmp_path)
    yield both
    both.worker.close()
    both.end()


def codes(engine: Engine, company_id: UUID) -> list[str]:
    with engine.connect() as connection:
        return list(
            connection.scalars(
                select(Unit.code).where(Unit.company_id == company_id, Unit.code.like("NEW%")).order_by(Unit.code)
            )
        )


def test_what_a_worker_takes_the_performer_performs_and_the_worker_hears_of_it(
    performing: Performing, office: OpenedCompany
) -> None:
    device = new_id()
    results = [
        performing.worker.perform(office.id, device, [pushed(save_unit(f"NEW{number}"), office.owner_id)])[0]
        for number in range(3)
    ]
    assert [result.outcome for result in results] == ["applied"] * 3
    assert performing.heard == [result.tick for result in results] == sorted(performing.heard)
    assert (performing.centre.transactions, performing.of_worker.transactions) == (3, 0)
    refused = performing.worker.perform(office.id, device, [pushed(save_unit(""), office.owner_id)])[0]
    assert (refused.outcome, (refused.problem or {})["code"]) == ("refused", "required"), "with its reason"


def test_pushes_that_are_handed_over_at_once_are_each_answered_with_their_own(
    performing: Performing, office: OpenedCompany
) -> None:
    answers: dict[UUID, PushResult] = {}

    def push(number: int) -> None:
        one = pushed(save_unit(f"NEW{number:02d}"), office.owner_id)
        (answers[one.id],) = performing.worker.perform(office.id, new_id(), [one])

    threads = [threading.Thread(target=push, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(answers) == 20
    assert all(answer.id == action_id and answer.outcome == "applied" for action_id, answer in answers.items())
    assert codes(office.centre.engine, office.id) == [f"NEW{number:02d}" for number in range(20)]


def test_where_the_performer_is_gone_the_worker_performs_itself_and_hands_over_again_when_it_is_back(
    performing: Performing, office: OpenedCompany
) -> None:
    def push(code: str) -> None:
        (result,) = performing.worker.perform(office.id, new_id(), [pushed(save_unit(code), office.owner_id)])
        assert result.outcome == "applied"

    push("NEW1")
    performing.end()
    push("NEW2")
    assert (performing.centre.transactions, performing.of_worker.transactions) == (1, 1)
    performing.begin()
    push("NEW3")
    assert (performing.centre.transactions, performing.of_worker.transactions) == (2, 1)
    assert codes(office.centre.engine, office.id) == ["NEW1", "NEW2", "NEW3"]


def test_a_performer_that_takes_no_line_is_not_waited_for(
    performing: Performing, office: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process stands still: whoever comes stands in line and is told nothing."""
    performing.end()
    monkeypatch.setattr(performers, "SECONDS_FOR_AN_ANSWER", 0.2)
    with Listener(performers._address(performing.folder, 1)):
        (result,) = performing.worker.perform(office.id, new_id(), [pushed(save_unit("NEW1"), office.owner_id)])
    assert (result.outcome, performing.of_worker.transactions) == ("applied", 1)


def test_who_does_not_know_the_key_is_not_performed_for(performing: Performing, office: OpenedCompany) -> None:
    push = performers._Asked(office.id, new_id(), [pushed(save_unit("NEW1"), office.owner_id)], None)
    with Client(performers._address(performing.folder, 1)) as line:
        line.recv_bytes()  # what it wants to have signed
        line.send_bytes(b"nothing that is signed")
        assert line.recv_bytes() == b"#FAILURE#"
        with contextlib.suppress(OSError):  # it may have gone already
            line.send_bytes(msgspec.json.encode(push))
        with pytest.raises((EOFError, OSError)):
            line.recv_bytes()
    assert performing.centre.transactions == 0


def test_a_performer_ends_though_somebody_came_at_the_last_moment(performing: Performing) -> None:
    performer = performing.performer
    assert performer is not None
    performer._is_closing = True
    Client(performers._address(performing.folder, 1)).close()  # takes the place of the one who ends its waiting
    performer._accepting.join(PATIENCE)
    performing.end()


@pytest.mark.parametrize("breaks", ["before it performs", "after it performed", "stays silent"])
def test_a_performer_that_breaks_off_in_the_middle_of_a_push_neither_loses_nor_doubles_it(
    performing: Performing, office: OpenedCompany, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    perform: Callable[..., list[PushResult]] = performing.centre.perform
    silent = threading.Event()

    def broken(company_id: UUID, device_id: UUID | None, actions: list[PushedAction], seen: None) -> list[PushResult]:
        if breaks == "after it performed":
            perform(company_id, device_id, actions, seen)
        if breaks == "stays silent":
            silent.wait(PATIENCE)
        raise RuntimeError("the performer breaks off")

    monkeypatch.setattr(performing.centre, "perform", broken)
    monkeypatch.setattr(performers, "SECONDS_FOR_AN_ANSWER", 0.2 if breaks == "stays silent" else PATIENCE)
    action = pushed(save_unit("NEW1"), office.owner_id)
    (result,) = performing.worker.perform(office.id, new_id(), [action])
    silent.set()
    assert result.outcome == "applied"
    assert codes(office.centre.engine, office.id) == ["NEW1"]


def test_a_database_that_is_busy_at_the_performer_is_busy_for_who_asks(
    performing: Performing, office: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> list[PushResult]:
        raise Busy("too many connections")

    monkeypatch.setattr(performing.centre, "perform", busy)
    with pytest.raises(Busy, match="too many connections"):
        performing.worker.perform(office.id, new_id(), [pushed(save_unit("NEW1"), office.owner_id)])


def test_a_stranger_who_finds_the_line_is_not_answered(
    performing: Performing, office: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performing.worker, "_key", b"a guess")
    action = pushed(save_unit("NEW1"), office.owner_id)
    assert performing.worker.perform(office.id, new_id(), [action])[0].outcome == "applied"
    assert (performing.centre.transactions, performing.of_worker.transactions) == (0, 1), "it had to perform itself"
