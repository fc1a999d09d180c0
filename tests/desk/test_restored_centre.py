"""A centre is restored from a backup that is older than its desks: all come together again by themselves."""

from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from acme_office import Office, OpenDesk
from network import Network
from pytestqt.qtbot import QtBot
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from test_last_unit import TODAY, rows_of, sell_one, stock_one
from test_two_desks import someone

from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.central.action_log import verify_log
from erp_desktop.central.backing_up import restore_backup, write_backup
from erp_desktop.central.serving import Server, served
from erp_desktop.database import open_engine
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.models.sales import Shipment
from erp_desktop.models.sync import ActionLog, KeptAction, OutboxAction
from erp_desktop.queries.doctor import examine
from erp_desktop.sync import applying, kept
from erp_desktop.sync.state import SyncKind


@pytest.fixture(params=["sqlite", "postgres"])
def office(request: pytest.FixtureRequest, sqlite_url: str) -> Iterator[Office]:
    engine = open_engine(sqlite_url if request.param == "sqlite" else request.getfixturevalue("postgres_url"))
    yield Office(engine)
    engine.dispose()


@pytest.fixture
def empty(request: pytest.FixtureRequest, office: Office, tmp_path: Path) -> Iterator[Engine]:
    """A new database of the same kind, to restore onto."""
    if office.engine.dialect.name == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'restored.db'}")
    else:
        engine = open_engine(request.getfixturevalue("empty_postgres_url"))
    yield engine
    engine.dispose()


class Disaster:
    """The centre is gone; in its place one comes that was restored from the backup."""

    def __init__(self, office: Office, empty: Engine, network: Network, file: Path) -> None:
        self.office, self.empty, self.network, self.file = office, empty, network, file
        self._running = ExitStack()

    def back_up(self) -> None:
        with self.file.open("wb") as file:
            write_backup(self.office.engine, file)

    def happens(self) -> Server:
        restore_backup(self.file, self.empty)
        restored = self._running.enter_context(served(self.empty))
        self.network.centre = restored.url
        self.network.cut()
        return restored

    def is_over(self) -> None:
        self._running.close()


@pytest.fixture
def disaster(office: Office, empty: Engine, network: Network, tmp_path: Path) -> Iterator[Disaster]:
    made = Disaster(office, empty, network, tmp_path / "acme.erpbackup")
    yield made
    made.is_over()


def _line(product: UUID) -> SalesLine:
    return SalesLine(new_id(), product, Decimal(1), Decimal(9))


def logged(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(ActionLog.name).where(ActionLog.outcome == "applied")))


def waiting(desk: Desk) -> int:
    return desk._cache.read_here(lambda session: session.scalar(select(func.count()).select_from(OutboxAction)) or 0)


def is_settled(desk: Desk) -> bool:
    desk.sync_now()
    return desk.sync_state.kind is SyncKind.SYNCED and waiting(desk) == 0


def test_two_desks_and_an_older_backup_come_together_with_nothing_lost_and_nothing_double(
    office: Office, open_desk: OpenDesk, disaster: Disaster, qtbot: QtBot
) -> None:
    product, customer, warehouse, channel = stock_one(office)
    one, other = open_desk(at="office"), open_desk(at="dock")
    one.perform_and_wait(someone("BEFORE"))
    assert one.wait_until_synced()
    disaster.back_up()

    order = new_id()
    line = _line(product)
    one.perform_and_wait(SaveSalesOrder(order, channel, warehouse, TODAY, TODAY, (line,), customer_id=customer))
    one.perform_and_wait(ConfirmSalesOrder(order))
    one.perform_and_wait(AllocateSalesOrder(order))
    assert one.wait_until_synced()
    assert other.wait_until_synced()
    other.perform_and_wait(ShipOrder(new_id(), order, TODAY))  # what one desk did after the backup, the other builds on
    other.perform_and_wait(someone("AFTER"))
    assert other.wait_until_synced()
    one.go_offline()
    one.perform_and_wait(someone("WAITING"))

    disaster.happens()
    other.sync_now()
    qtbot.waitUntil(lambda: waiting(other) == 1)  # the shipment waits for its order
    assert other.attention().result() == ()
    one.go_online()
    qtbot.waitUntil(lambda: is_settled(one) and is_settled(other))

    engine = disaster.empty
    done = logged(engine)
    assert sorted(done) == sorted([*logged(office.engine), "SaveParty"]), "all of the old log, and what still waited"
    with Session(engine) as session:
        assert examine(session, office.company_id) == ()
        assert session.scalars(select(func.count()).select_from(Shipment)).one() == 1
        assert {"BEFORE", "AFTER", "WAITING"} <= set(session.scalars(select(Party.code)))
    assert verify_log(engine, office.company_id).broken_at is None
    for desk in (one, other):
        assert desk.wait_until_synced()
        assert desk.attention().result() == ()
        with engine.connect() as connection:
            assert desk._cache.read_here(lambda session: rows_of(session.connection())) == rows_of(connection)


@pytest.mark.parametrize("office", ["sqlite"], indirect=True)
def test_what_cannot_be_done_again_waits_for_a_person_in_the_end(
    office: Office, open_desk: OpenDesk, disaster: Disaster, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    product, customer, warehouse, channel = stock_one(office)
    desk = open_desk()
    disaster.back_up()
    party = new_id()
    lost = SaveParty(party_id=party, code="LOST", name="Lost", is_consumer=True)
    office.perform(lost)  # no desk did this, so none can offer it again
    assert desk.wait_until_synced()
    line = _line(product)
    order = SaveSalesOrder(new_id(), channel, warehouse, TODAY, TODAY, (line,), customer_id=party)
    desk.perform_and_wait(order)
    assert desk.wait_until_synced()
    monkeypatch.setattr(kept, "SECONDS_FOR_OTHERS", 0.0)
    disaster.happens()
    desk.sync_now()
    qtbot.waitUntil(lambda: len(desk.attention().result()) == 1)
    (item,) = desk.attention().result()
    assert (item.status, item.action) == ("refused", order)
    sell_one(desk, product, customer, warehouse, channel)
    assert desk.wait_until_synced()
    assert waiting(desk) == 1, "the queue goes on behind it"


@pytest.mark.parametrize("office", ["sqlite"], indirect=True)
def test_filling_anew_for_another_reason_offers_nothing_again(office: Office, open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.perform_and_wait(someone("S-1"))
    assert desk.wait_until_synced()
    before = logged(office.engine)
    desk._cache.write(applying.start_refill).result()
    assert desk.wait_until_synced()
    assert logged(office.engine) == before
    assert desk._cache.read_here(lambda session: session.scalar(select(func.count()).select_from(KeptAction))) == 1
    assert waiting(desk) == 0
