"""What is true of the simulated company at every moment, and what is true of it when all has come to rest."""

from typing import Any
from unittest.mock import patch
from uuid import UUID

from simulated_centre import SimulatedCentre
from simulated_company import PEOPLE
from simulated_desk import SimulatedDesk, Standing, decoded
from sqlalchemy import Connection, Engine, Table, func, select
from sqlalchemy.orm import Session

from erp_desktop.central.action_log import verify_log
from erp_desktop.central.changes import Reader
from erp_desktop.central.people import rights_of
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.models import replicated_tables
from erp_desktop.models.attachment import Attachment
from erp_desktop.models.ledger import JournalLine
from erp_desktop.models.stock import StockBalance
from erp_desktop.models.sync import ActionLog, CompanyClock, NumberSeries, Tombstone
from erp_desktop.queries.attachments import FilesAt
from erp_desktop.queries.doctor import examine
from erp_desktop.sync import kept, rows
from erp_desktop.wire import SnapshotReply

ROUNDS_TO_DRAIN = 12  # of every desk, without a person; four are the most that were seen

Rows = dict[str, list[tuple[Any, ...]]]


class Truths:
    """Looked at after every step. What was compared already, and was not written to since, is not compared again."""

    def __init__(
        self, centre: SimulatedCentre, company_id: UUID, desks: dict[str, SimulatedDesk], confirmed: dict[UUID, str]
    ) -> None:
        self._centre = centre
        self._engine = centre.engine
        self._company_id = company_id
        self._desks = desks
        self._confirmed = confirmed
        self._ticks: dict[str, int] = {}
        self._standings: dict[str, tuple[object, Standing]] = {}
        self._centres_rows: tuple[object, Rows] = (None, {})
        self._compared: dict[str, object] = {}
        self._counted: object = None  # the centre's data whose books were looked at last

    def forget_timeline(self) -> None:
        """The centre was put back: its clock has begun again from there."""
        self._ticks.clear()

    def hold(self) -> None:
        log = self._log()
        with self._engine.connect() as connection:
            clock = connection.execute(select(CompanyClock.tick, CompanyClock.epoch)).one()
        for name, desk in self._desks.items():
            standing = self._standing(name, desk)
            self._nothing_vanished(name, standing, log)
            cursor = self._centre.service.changes.cursor(standing.cursor)
            if (
                cursor is None or cursor.epoch != clock.epoch
            ):  # the centre was put back, and the desk has not heard of it
                continue
            assert standing.tick >= self._ticks.get(name, 0), f"{name} went back in time"
            self._ticks[name] = standing.tick
            if standing.tick == clock.tick and PEOPLE[desk.login] == "administrator":
                self._shows_whole_actions(name, desk)
        self._books_are_right()

    def hold_at_rest(self) -> None:
        left = dict(self._desks)
        for number in range(ROUNDS_TO_DRAIN):
            is_late = number >= ROUNDS_TO_DRAIN // 2  # by then whoever lost something to a restore has offered it again
            with patch.object(kept, "SECONDS_FOR_OTHERS", 0.0 if is_late else kept.SECONDS_FOR_OTHERS):
                for desk in left.values():
                    desk.clock_is_wrong_by *= 0
                    desk.sync()
            left = {
                name: desk
                for name, desk in left.items()
                if desk.failure is not None or "pending" in desk.waiting().values()
            }
            if not left:
                break
        restless = {name: (desk.failure, desk.waiting()) for name, desk in left.items()}
        assert not restless, f"{restless} {self._log()}"
        for desk in self._desks.values():
            desk.sync()
            assert desk.failure is None
        log = self._log()
        for name, desk in self._desks.items():
            standing = self._standing(name, desk)
            self._nothing_vanished(name, standing, log, at_rest=True)
            applied = [item for item in standing.waiting if log.get(item) == "applied"]
            assert applied == [], f"applied, and still at {name}"
            if PEOPLE[desk.login] == "administrator":
                self._shows_whole_actions(name, desk)
            else:
                self._holds_what_a_new_desk_would(name, desk)
        self._files_can_be_opened(self._desks["mei"])
        self.hold()

    def agree_with_the_oracle(self, empty: Engine) -> None:
        assert verify_log(self._engine, self._company_id).broken_at is None
        replay(self._engine, self._company_id, empty)
        if not self._is_alike_to_the_byte(empty):  # names what differs; and PostgreSQL's bytes are others
            assert differing_tables(self._engine, empty, self._company_id) == {}
        with Session(self._engine) as session:
            assert [difference.sentence for difference in examine(session, self._company_id)] == []

    # --- each of them

    def _nothing_vanished(self, name: str, standing: Standing, log: dict[UUID, str], *, at_rest: bool = False) -> None:
        for action_id, at in self._confirmed.items():
            if at != name:
                continue
            if action_id not in standing.waiting:
                is_kept = not at_rest and action_id in standing.kept  # for a centre that was put back
                assert is_kept or log.get(action_id) == "applied", f"{action_id} of {name} vanished"
            elif log.get(action_id) == "applied":
                status = standing.waiting[action_id]
                assert status in ("pending", "held"), f"{action_id} is applied, not {status}"

    def _shows_whole_actions(self, name: str, desk: SimulatedDesk) -> None:
        """Without what waits, a desk at the centre's tick holds what the centre holds, to the byte."""
        version = self._centre.database.version()
        if self._compared.get(name) == (version, desk.version()):
            return
        held = desk.without_what_waits(self._everything)
        for table, theirs in self._everything_at_the_centre().items():
            assert held[table] == theirs, f"{table} differs at {name}"
        self._compared[name] = version, desk.version()

    def _is_alike_to_the_byte(self, other: Engine) -> bool:
        if self._engine.dialect.name != "sqlite":
            return False
        with self._engine.connect() as one, other.connect() as another:
            return _bytes_of(one, _KEPT_BY_THE_CENTRE) == _bytes_of(another, _KEPT_BY_THE_CENTRE)

    def _books_are_right(self) -> None:
        version = self._centre.database.version()
        if self._counted == version:
            return
        with self._engine.connect() as connection:
            balance = StockBalance.__table__.c
            wrong = (balance.on_hand < 0) | (balance.allocated < 0) | (balance.allocated > balance.on_hand)
            assert connection.execute(select(balance.id).where(wrong)).all() == []
            debit, credit = connection.execute(select(func.sum(JournalLine.debit), func.sum(JournalLine.credit))).one()
            assert debit == credit
            last, count = connection.execute(select(func.max(ActionLog.tick), func.count(ActionLog.tick))).one()
            assert last == count == connection.scalar(select(CompanyClock.tick)), "the clock has a gap"
        self._counted = version

    def _holds_what_a_new_desk_would(self, name: str, desk: SimulatedDesk) -> None:
        """Row for row what the centre would send to the same person's new desk."""
        who = desk.credentials.who
        assert who is not None
        with self._engine.connect() as connection:
            rights = rights_of(connection, self._company_id, who.user_id)
        assert rights is not None
        device_id, warehouses = desk.credentials.device_id, rights.warehouses
        reader = Reader(self._company_id, who.user_id, device_id, rights.permissions, warehouses=warehouses)
        changes = self._centre.service.changes
        readable = {table.name for table in changes.tables_for(rights.permissions, warehouses=warehouses)}
        centres = self._everything_at_the_centre()
        for table, model in replicated_tables().items():
            expected: list[tuple[Any, ...]] = []
            columns: list[str] = ["id"]
            after = None
            while table in readable and centres[table]:
                reply = decoded(changes.snapshot(reader, table, after), SnapshotReply)
                columns = reply.page.columns
                stored = model.__table__
                values = [rows._decoder(stored, c)(v) for c, v in zip(columns, reply.page.values, strict=True)]  # type: ignore[arg-type]
                expected += zip(*values, strict=True)
                if reply.complete:
                    break
                after = rows.last_id(reply.page)
            listed = ", ".join(f'"{column}"' for column in columns)
            held = desk.ask(
                lambda session, listed=listed, table=table: [
                    tuple(row)
                    for row in session.connection().exec_driver_sql(f'SELECT {listed} FROM "{table}" ORDER BY id')
                ]
            )
            assert held == expected, f"{table} at {name}"

    def _files_can_be_opened(self, desk: SimulatedDesk) -> None:
        """All that are attached, as far as whoever attached them may still read what they are attached to."""
        live = select(Attachment.id, Attachment.document_id, Attachment.added_by).where(Attachment.removed_at.is_(None))
        with self._engine.connect() as connection:
            found = connection.execute(live).all()
            rights = {user_id: rights_of(connection, self._company_id, user_id) for _, _, user_id in found}
        wanted = {row.id for row in found if (may := rights[row.added_by]) and "master.read" in may.permissions}
        for party_id in {row.document_id for row in found}:
            files = FilesAt("party", party_id)
            for attached in desk.ask(lambda session, files=files: files.run(session, self._company_id)):
                if attached.id in wanted:
                    desk.open_file(attached)

    # --- looking

    def _standing(self, name: str, desk: SimulatedDesk) -> Standing:
        known, standing = self._standings.get(name, (None, None))
        if standing is None or known != desk.version():
            standing = desk.standing()
            self._standings[name] = desk.version(), standing
        return standing

    def _everything_at_the_centre(self) -> Rows:
        version = self._centre.database.version()
        if self._centres_rows[0] != version:
            with self._engine.connect() as connection:
                self._centres_rows = version, self._everything(connection)
        return self._centres_rows[1]

    def _everything(self, connection: Connection) -> Rows:
        """Every replicated row: here, at a desk or at the centre."""
        is_sqlite = self._engine.dialect.name == "sqlite"
        return _bytes_of(connection, _REPLICATED) if is_sqlite else _values_of_everything(connection)

    def _log(self) -> dict[UUID, str]:
        with self._engine.connect() as connection:
            return {
                row.action_id: row.outcome for row in connection.execute(select(ActionLog.action_id, ActionLog.outcome))
            }


def _select(table: Table) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    return f'SELECT {columns} FROM "{table.name}" ORDER BY {", ".join(column.name for column in table.primary_key)}'


_TABLES: dict[str, Any] = {name: model.__table__ for name, model in replicated_tables().items()}
_REPLICATED = {name: _select(table) for name, table in _TABLES.items()}
_KEPT_BY_THE_CENTRE = _REPLICATED | {
    model.__tablename__: _select(model.__table__)  # type: ignore[arg-type]
    for model in (NumberSeries, Tombstone)
}


def _bytes_of(connection: Connection, statements: dict[str, str]) -> Rows:
    """Every byte of tables of an SQLite database."""
    cursor = connection.connection.cursor()
    return {table: cursor.execute(statement).fetchall() for table, statement in statements.items()}


def _values_of_everything(connection: Connection) -> Rows:
    """Every value of every replicated table, alike on SQLite and PostgreSQL."""
    return {
        name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
        for name, table in _TABLES.items()
    }
