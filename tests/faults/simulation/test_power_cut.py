"""The power fails: the end of a database's log is missing, wherever the disk stopped. What is left is whole actions."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from uuid import UUID

import simulated_trade as trade
from simulated_desk import SimulatedDesk
from simulated_office import SimulatedOffice
from sqlalchemy import Engine, select

from erp_desktop.actions.masters import SaveParty
from erp_desktop.central.action_log import verify_log
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.models.sync import ActionLog

CUTS = 8


def log_of(database: Path) -> Path:
    return database.with_name(database.name + "-wal")


def copy_cut_at(database: Path, folder: Path, size: int) -> Path:
    """The database as it is found after its log was cut to `size` bytes."""
    folder.mkdir(parents=True)
    copied = folder / database.name
    shutil.copyfile(database, copied)
    log_of(copied).write_bytes(log_of(database).read_bytes()[:size])
    return copied


def test_a_desk_has_every_action_whose_commit_reached_the_disk_and_no_half_of_another(
    office: SimulatedOffice, tmp_path: Path
) -> None:
    lin = office.desks["lin"]
    lin.restart()  # the log is empty now
    database = lin.cache.path
    begun = log_of(database).stat().st_size if log_of(database).exists() else 0
    safe: list[tuple[int, UUID]] = []  # how long the log was when an action was confirmed
    for place in range(8):
        action_id = lin.perform(SaveParty(party_id=new_id(), code=f"P-{place}", name="x" * 150, is_supplier=True))
        assert action_id is not None
        office.confirmed[action_id] = "lin"
        safe.append((log_of(database).stat().st_size, action_id))

    random = Random(1)
    for number in range(CUTS):
        size = random.randint(begun, safe[-1][0])
        folder = tmp_path / f"cut {number}"
        shutil.copytree(lin.directory, folder, ignore=shutil.ignore_patterns("*-wal", "*-shm", "cache.db"))
        copied = folder / database.relative_to(lin.directory)
        shutil.copyfile(database, copied)
        log_of(copied).write_bytes(log_of(database).read_bytes()[:size])
        found = SimulatedDesk("lin", folder, office.centre, office.time)
        waiting = list(found.waiting())
        performed = [action_id for _, action_id in safe]
        assert waiting == performed[: len(waiting)]
        assert len(waiting) >= sum(length <= size for length, _ in safe)
        codes = select(Party.code).where(Party.code.startswith("P-")).order_by(Party.code)
        assert found.ask(lambda session, codes=codes: len(session.scalars(codes).all())) == len(waiting)
        found.sync()
        assert (found.failure, found.waiting()) == (None, {})
        found.close()
        office.is_sound()


def test_a_centre_has_whole_actions_and_an_unbroken_log(
    office: SimulatedOffice, tmp_path: Path, new_engine: Callable[[Path], Engine]
) -> None:
    database = Path(office.engine.url.database or "")
    for pick in range(5):
        office.do("lin", trade.order, pick)
        office.do("lin", trade.ship, pick)
        office.desks["lin"].sync()
    whole = log_of(database).stat().st_size
    ticks = set()
    for number, part in enumerate((0.35, 0.6, 0.85)):
        folder = tmp_path / f"centre {number}"
        engine = open_engine(f"sqlite:///{copy_cut_at(database, folder, int(whole * part))}")
        with engine.connect() as connection:
            ticks.add(connection.scalars(select(ActionLog.tick).order_by(ActionLog.tick.desc())).first())
        assert verify_log(engine, office.company_id).broken_at is None
        empty = new_engine(folder)
        replay(engine, office.company_id, empty)
        assert differing_tables(engine, empty, office.company_id) == {}
        engine.dispose()
    assert len(ticks) > 1  # the cuts were not all at the same action
