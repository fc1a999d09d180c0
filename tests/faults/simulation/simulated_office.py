"""A whole company in one process: its centre and its desks, what people do there, and what happens to them."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import simulated_trade as trade
from simulated_centre import SimulatedCentre, Time
from simulated_company import GUESTS, PEOPLE, found_company
from simulated_database import Database
from simulated_desk import SimulatedDesk
from simulated_truths import Truths
from sqlalchemy import Engine

from erp_desktop.actions.remedies import Refusal, Remedy, ways_out
from erp_desktop.sync.settling import Decision
from erp_desktop.sync.what_waits import AttentionItem, attention_items


class SimulatedOffice:
    """Opened on a database that holds ACME. `directory` holds what the computers keep; caches are filled where they are new."""

    def __init__(self, database: Database, company_id: UUID, directory: Path, time: Time) -> None:
        self.engine = database.engine
        self.company_id = company_id
        self.time = time
        self.centre = SimulatedCentre(database, time)
        self.desks: dict[str, SimulatedDesk] = {}
        self.confirmed: dict[UUID, str] = {}  # what somebody was told is safe: its id, and at which desk
        self._directory = directory
        self._backup = directory / "backup"
        self._backed_up_at: datetime | None = None
        self.truths = Truths(self.centre, company_id, self.desks, self.confirmed)
        for login in PEOPLE:
            self.at(login)

    def close(self) -> None:
        for desk in self.desks.values():
            desk.close()
        self.centre.close()

    def abandon(self) -> None:
        """At the end of a test or schedule."""
        for desk in self.desks.values():
            desk.abandon()
        self.centre.close()

    # --- what people do

    def at(self, name: str) -> SimulatedDesk:
        """Whoever works there sits down: "mei", or "mei at lin" for Mei at Lin's computer. They sign in where they have to."""
        if name not in self.desks:
            computer = self._directory / name.rpartition(" at ")[2]
            self.desks[name] = SimulatedDesk(name, computer, self.centre, self.time)
        desk = self.desks[name]
        if desk.credentials.who is None or desk.credentials.has_signed_out:
            desk.sign_in()
        return desk

    def do(self, name: str, what: trade.Doing, pick: int) -> None:
        """One thing at a desk, as far as its rules let it."""
        desk = self.at(name)
        for one in what(desk, pick):
            action_id = desk.perform(one)
            if action_id is None:
                break
            self.confirmed[action_id] = name

    def change_places(self, login: str) -> SimulatedDesk:
        """Whoever works at this computer signs out, and somebody else signs in and is sent what they missed."""
        self.at(login).sign_out()
        guest = self.at(f"{GUESTS[login]} at {login}")
        guest.sync()
        return guest

    def settle(self, name: str, pick: int) -> None:
        """A person looks at what needs attention, and presses one of the buttons for it."""
        desk = self.at(name)
        items = desk.ask(attention_items)
        item = trade.one_of(items, pick)
        if item is None:
            return
        before = desk.waiting()
        desk.settle(self._decision(desk, item, pick // len(items)))
        after = desk.waiting()
        assert before.keys() - after.keys() <= {item.id}, "more than one thing was settled"
        if item.id not in after:
            self.confirmed.pop(item.id, None)  # it is another one now
            assert len(after.keys() - before.keys()) == 1
        self.confirmed |= {action_id: name for action_id in after if action_id not in self.confirmed}

    def _decision(self, desk: SimulatedDesk, item: AttentionItem, pick: int) -> Decision:
        ways = [Decision(item.id), Decision(item.id, reason="not wanted any more")]
        if item.action is not None and item.status != "held":
            for way in ways_out(Refusal(item.action, item.code, item.fields, self.time.now.date())):
                if isinstance(way, Remedy):
                    ways.append(
                        Decision(item.id, way.action, way.reason if way.action is None else None, way.with_held)
                    )
                elif (answer := trade.answer(desk, way, pick)) is not None:
                    ways.append(Decision(item.id, way.answered(item.action, answer)))
        return ways[pick % len(ways)]

    # --- what happens to the centre

    def back_up(self) -> None:
        self.centre.back_up(self._backup)
        self._backed_up_at = datetime.now(UTC)  # tokens tell the machine's time

    def put_back(self) -> None:
        """The centre is as it was when the last backup was made, if there is one, on another machine."""
        if self._backed_up_at is not None:
            self.centre.put_back(self._backed_up_at)
            self.truths.forget_timeline()

    def restore(self, *, is_killed: bool = False) -> None:
        """The books are as they were when the last backup was made, if there is one, and the centre runs on."""
        if self._backed_up_at is not None and self.centre.restore(self._backup, self.company_id, is_killed=is_killed):
            self.truths.forget_timeline()

    # --- what is always true, and the end

    def is_sound(self) -> None:
        self.truths.hold()

    def comes_to_rest(self) -> None:
        """The faults stop. Everything drains by itself, and everybody holds the same."""
        for name in list(self.desks):
            self.at(name)
        self.truths.hold_at_rest()

    def agrees_with_the_oracle(self, empty: Engine) -> None:
        self.truths.agree_with_the_oracle(empty)


def prepare(database: Database, directory: Path) -> UUID:
    """What every schedule begins with: the centre's data in an empty `database`, and a filled cache of everybody at their own
    computer, and of those who sign in at another's now and then. Gives the company's id."""
    time = Time(0)
    with time.rules():
        company_id = found_company(database.engine)
        office = SimulatedOffice(database, company_id, directory, time)
        for login in PEOPLE:
            office.desks[login].sync()
        for login in GUESTS:
            office.change_places(login).sign_out()
            office.at(login)
        assert all(desk.failure is None for desk in office.desks.values())
        office.close()
    return company_id


@dataclass(frozen=True)
class Prepared:
    """A company that was made once, of which each test and each schedule has a copy."""

    company_id: UUID
    caches: Path  # what is on everybody's computer
    database: Callable[[Path], Database]  # a copy of the centre's; the folder is for one that is a file

    def opened(self, folder: Path, time: Time) -> SimulatedOffice:
        shutil.copytree(self.caches, folder, dirs_exist_ok=True)
        return SimulatedOffice(self.database(folder), self.company_id, folder, time)
