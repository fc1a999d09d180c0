"""A whole company in one process: its centre, its desks, what must always be true of them, and how it all ends."""

import shutil
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import simulated_trade as trade
from simulated_centre import SimulatedCentre, Time
from simulated_desk import PASSWORD, SimulatedDesk, decoded
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from company_fixtures import opening_of
from erp_desktop.actions.masters import SaveParty, SaveProduct
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.central.accounts import set_password
from erp_desktop.central.action_log import verify_log
from erp_desktop.central.changes import Reader
from erp_desktop.central.people import permissions_of
from erp_desktop.central.performing import Centre
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.database import open_engine
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models import replicated_tables
from erp_desktop.models.ledger import JournalLine
from erp_desktop.models.stock import StockBalance
from erp_desktop.models.sync import ActionLog, CompanyClock
from erp_desktop.queries.doctor import examine
from erp_desktop.sync import rows
from erp_desktop.sync.cache import get_state
from erp_desktop.wire import SnapshotReply

PEOPLE = {"lin": "administrator", "mei": "administrator", "wang": "warehouse", "sun": "sales"}
ROUNDS_TO_DRAIN = 12  # of every desk, without a person; four are the most that were seen
GIVEN_UP, AGAIN = "dropped", "pending"


def found_company(engine: Engine) -> UUID:
    """ACME with its people, three products of which little is there, and some parties. Gives its id."""
    centre = Centre(engine)
    lin = derived_id("simulated user", "lin")
    company_id = centre.open_company(opening_of(owner_id=lin, owner_login="lin", owner_name="Lin Wei"), PASSWORD)
    products = [derived_id("simulated product", code) for code in "ABC"]
    warehouse, place = derived_id("warehouse", company_id, "MAIN"), derived_id("bin", company_id, "STOCK")
    actions: list[Any] = [
        SaveUser(user_id=derived_id("simulated user", login), login=login, name=login.title(), role_codes=(role,))
        for login, role in PEOPLE.items()
        if login != "lin"
    ]
    actions += [
        SaveParty(party_id=new_id(), code=f"S-{number}", name=f"Supplier {number}", is_supplier=True)
        for number in range(2)
    ]
    actions += [
        SaveParty(party_id=new_id(), code=f"C-{number}", name=f"Customer {number}", is_consumer=True)
        for number in range(2)
    ]
    actions += [
        SaveProduct(
            product_id=product,
            code=code,
            name=f"Product {code}",
            category_id=derived_id("category", company_id, "GENERAL"),
            unit_id=derived_id("unit", company_id, "PC"),
        )
        for product, code in zip(products, "ABC", strict=True)
    ]
    counted = tuple(CountedLine(product, place, Decimal(2), Decimal("4.25")) for product in products)
    actions.append(CountStock(new_id(), warehouse, date(2026, 1, 1), counted, is_opening=True))
    for result in centre.perform_local(company_id, lin, actions):
        assert result.outcome == "applied", result
    for login in PEOPLE:
        if login != "lin":
            set_password(engine, company_id, derived_id("simulated user", login), PASSWORD)
    return company_id


class SimulatedOffice:
    """Opened on an engine that holds ACME. `directory` holds the desks' caches; they are filled where they are new."""

    def __init__(self, engine: Engine, company_id: UUID, directory: Path, time: Time, logins: Iterable[str]) -> None:
        self.engine = engine
        self.company_id = company_id
        self.time = time
        self.centre = SimulatedCentre(engine, time)
        self.desks = {login: SimulatedDesk(login, directory / login, self.centre, time) for login in logins}
        self.confirmed: dict[UUID, str] = {}  # what somebody was told is safe: its id, and at whose desk
        self._ticks: dict[str, int] = {}
        self._backup = directory / "backup.db"
        self._backed_up_at: datetime | None = None
        for desk in self.desks.values():
            if desk.credentials.who is None:
                desk.sign_in()
                desk.sync()
                assert desk.failure is None

    def close(self) -> None:
        for desk in self.desks.values():
            desk.close()
        self.centre.close()

    # --- what people do

    def do(self, login: str, what: trade.Doing, pick: int) -> None:
        """One thing at a desk, as far as its rules let it."""
        desk = self.desks[login]
        for action in what(desk, pick):
            action_id = desk.perform(action)
            if action_id is None:
                break
            self.confirmed[action_id] = login

    def settle(self, login: str, pick: int) -> None:
        """A person looks at what needs attention, and sends one thing again or drops it."""
        desk = self.desks[login]
        items = sorted(item for item, status in desk.waiting().items() if status in ("refused", "failed", "held"))
        item = trade.one_of(items, pick)
        if item is None:
            return
        if pick % 2:
            desk.drop(item)
        elif desk.send_again(item):
            del self.confirmed[item]
            self.confirmed |= {action_id: login for action_id in desk.waiting() if action_id not in self.confirmed}

    # --- what happens to the centre

    def back_up(self) -> None:
        self.centre.back_up(self._backup)
        self._backed_up_at = datetime.now(UTC)  # tokens tell the machine's time

    def put_back(self) -> None:
        """The centre is as it was when the last backup was made, if there is one."""
        if self._backed_up_at is not None:
            self.centre.put_back(self._backup, self._backed_up_at)
            self._ticks.clear()  # another timeline

    # --- what is always true

    def is_sound(self) -> None:
        log = self.log()
        for login, desk in self.desks.items():
            self.nothing_vanished(login, desk, log)
            if not self._is_of_this_timeline(desk):  # the centre was put back, and the desk has not heard of it
                continue
            tick = desk.tick()
            assert tick >= self._ticks.get(login, 0), f"{login} went back in time"
            self._ticks[login] = tick
            if tick == self.centres_tick() and PEOPLE[login] == "administrator":
                self.shows_whole_actions(desk)
        self.books_are_right()

    def _is_of_this_timeline(self, desk: SimulatedDesk) -> bool:
        """Whether the centre still knows what the desk has read to."""
        cursor = self.centre.service.changes.cursor(desk.ask(lambda session: get_state(session.connection(), "cursor")))
        with self.engine.connect() as connection:
            return cursor is not None and cursor.epoch == connection.scalars(select(CompanyClock.epoch)).one()

    def nothing_vanished(self, login: str, desk: SimulatedDesk, log: dict[UUID, str], *, at_rest: bool = False) -> None:
        waiting = desk.waiting()
        for action_id, at in self.confirmed.items():
            if at != login:
                continue
            if action_id not in waiting:
                is_kept = not at_rest and action_id in desk.kept()  # for a centre that was put back
                assert is_kept or log.get(action_id) == "applied", f"{action_id} of {login} vanished"
            elif log.get(action_id) == "applied":
                assert waiting[action_id] in ("pending", "held"), f"{action_id} is applied, not {waiting[action_id]}"

    def shows_whole_actions(self, desk: SimulatedDesk) -> None:
        """Without what waits, a desk at the centre's tick holds what the centre holds, to the byte."""
        if self.engine.dialect.name != "sqlite":
            return
        with self.engine.connect() as connection:
            centres = everything(connection)
        desks = desk.without_what_waits(everything)
        for name, theirs in centres.items():
            assert desks[name] == theirs, f"{name} differs at {desk.login}"

    def books_are_right(self) -> None:
        with self.engine.connect() as connection:
            short = select(StockBalance.id).where((StockBalance.on_hand < 0) | (StockBalance.allocated < 0))
            assert connection.execute(short).all() == []
            assert (
                connection.execute(select(StockBalance.id).where(StockBalance.allocated > StockBalance.on_hand)).all()
                == []
            )
            debit, credit = connection.execute(select(func.sum(JournalLine.debit), func.sum(JournalLine.credit))).one()
            assert debit == credit
            last, count = connection.execute(select(func.max(ActionLog.tick), func.count(ActionLog.tick))).one()
            assert last == count == self.centres_tick(), "the clock has a gap"

    # --- the end

    def comes_to_rest(self) -> None:
        """The faults stop. Everything drains by itself, and everybody holds the same."""
        for login, desk in self.desks.items():
            desk.clock_is_wrong_by *= 0
            for _ in range(ROUNDS_TO_DRAIN):
                desk.sync()
                if desk.failure is None and "pending" not in desk.waiting().values():
                    break
            else:
                raise AssertionError(f"{login} does not come to rest: {desk.failure} {desk.waiting()} {self.log()}")
        for desk in self.desks.values():
            desk.sync()
            assert desk.failure is None
        log = self.log()
        for login, desk in self.desks.items():
            self.nothing_vanished(login, desk, log, at_rest=True)
            applied = [item for item in desk.waiting() if log.get(item) == "applied"]
            assert applied == [], f"applied, and still at {login}"
            if PEOPLE[login] == "administrator":
                self.shows_whole_actions(desk)
            else:
                self.holds_what_a_new_desk_would(desk)
        self.is_sound()

    def agrees_with_the_oracle(self, empty: Engine) -> None:
        assert verify_log(self.engine, self.company_id).broken_at is None
        replay(self.engine, self.company_id, empty)
        assert differing_tables(self.engine, empty, self.company_id) == {}
        with Session(self.engine) as session:
            assert [difference.sentence for difference in examine(session, self.company_id)] == []

    def holds_what_a_new_desk_would(self, desk: SimulatedDesk) -> None:
        """Row for row what the centre would send to the same person's new desk."""
        who = desk.credentials.who
        assert who is not None
        with self.engine.connect() as connection:
            permissions = permissions_of(connection, self.company_id, who.user_id)
        assert permissions is not None
        reader = Reader(self.company_id, who.user_id, desk.credentials.device_id, permissions)
        changes = self.centre.service.changes
        readable = {table.name for table in changes.tables_for(permissions)}
        for name in replicated_tables():
            expected: list[tuple[Any, ...]] = []
            columns: list[str] = ["id"]
            after = None
            while name in readable:
                reply = decoded(changes.snapshot(reader, name, after), SnapshotReply)
                columns = reply.page.columns
                table = rows.replicated_tables_by_name()[name]
                values = [rows._decoder(table, c)(v) for c, v in zip(columns, reply.page.values, strict=True)]
                expected += zip(*values, strict=True)
                if reply.complete:
                    break
                after = rows.last_id(reply.page)
            listed = ", ".join(f'"{column}"' for column in columns)
            held = desk.ask(
                lambda session, listed=listed, name=name: [
                    tuple(row)
                    for row in session.connection().exec_driver_sql(f'SELECT {listed} FROM "{name}" ORDER BY id')
                ]
            )
            assert held == expected, f"{name} at {desk.login}"

    def log(self) -> dict[UUID, str]:
        with self.engine.connect() as connection:
            return {
                row.action_id: row.outcome for row in connection.execute(select(ActionLog.action_id, ActionLog.outcome))
            }

    def centres_tick(self) -> int:
        with self.engine.connect() as connection:
            tick: int = connection.scalars(select(CompanyClock.tick)).one()
            return tick


def everything(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every byte of every replicated table of an SQLite database."""
    return {
        name: [
            tuple(row)
            for row in connection.exec_driver_sql(
                "SELECT {} FROM {} ORDER BY id".format(", ".join(f'"{c.name}"' for c in cls.__table__.columns), name)
            )
        ]
        for name, cls in replicated_tables().items()
    }


def prepare(template: Path, empty: Path) -> UUID:
    """Makes in `template` what every schedule begins with: the centre's database and a filled cache of each person."""
    template.mkdir(parents=True)
    shutil.copyfile(empty, template / "centre.db")
    engine = open_engine(f"sqlite:///{template / 'centre.db'}")
    time = Time(0)
    with time.rules():
        company_id = found_company(engine)
        SimulatedOffice(engine, company_id, template, time, PEOPLE).close()
    return company_id
